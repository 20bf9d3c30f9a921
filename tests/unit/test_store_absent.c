/* What is remembered of empty sets: nothing but what was told, whatever shares its place. */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/lmdb/query_impl.h"

#define PIDS   5
#define GROUPS 40
#define CODES  500

/* Many more keys than places: each answer is a part of what was told of just that key. */
static void keys_are_not_confused(void **state)
{
    static uint16_t told[PIDS][OC_LEVELS][GROUPS][CODES][2];
    struct rng rng = {7};
    uint64_t known = 0;

    (void)state;
    for (int i = 0; i < 400000; i++) {
        uint32_t pid = rng_below(&rng, PIDS), level = rng_below(&rng, OC_LEVELS);
        uint64_t segment = rng_below(&rng, GROUPS * OC_ABSENT_SEGMENTS);
        uint64_t group = segment / OC_ABSENT_SEGMENTS;
        struct oc_absent_set set = {rng_below(&rng, CODES), rng_below(&rng, 2)};
        uint32_t bit = 1U << segment % OC_ABSENT_SEGMENTS;
        oc_absent_add(snapshot, pid, level, segment, set);
        told[pid][level][group][set.code][set.is_gram] |= (uint16_t)bit;
        assert_true(oc_absent_get(snapshot, pid, level, group, set) & bit);
    }
    for (uint32_t pid = 0; pid < PIDS; pid++)
        for (uint32_t level = 0; level < OC_LEVELS; level++)
            for (uint32_t group = 0; group < GROUPS; group++)
                for (uint32_t x = 0; x < 2 * CODES; x++) {
                    struct oc_absent_set set = {x / 2, x % 2};
                    uint32_t mask = oc_absent_get(snapshot, pid, level, group, set);
                    assert_int_equal(mask & ~told[pid][level][group][x / 2][x % 2], 0);
                    known += mask != 0;
                }
    assert_true(known > OC_ABSENT_ENTRIES / 2 && known <= OC_ABSENT_ENTRIES);
}

/* The largest that fit, and the next. */
static void what_does_not_fit_is_not_remembered(void **state)
{
    const struct oc_absent_set largest = {(1U << 24) - 1, false}, larger = {1U << 24, false};
    const uint64_t group = (1ULL << 25) - 1;
    struct oc_read writing = *snapshot;

    (void)state;
    oc_absent_add(snapshot, 4095, 2, group * OC_ABSENT_SEGMENTS + 15, largest);
    assert_int_equal(oc_absent_get(snapshot, 4095, 2, group, largest), 1U << 15);
    oc_absent_add(snapshot, 4096, 2, 0, largest);
    assert_int_equal(oc_absent_get(snapshot, 4096, 2, 0, largest), 0);
    oc_absent_add(snapshot, 1, 2, (group + 1) * OC_ABSENT_SEGMENTS, largest);
    assert_int_equal(oc_absent_get(snapshot, 1, 2, group + 1, largest), 0);
    oc_absent_add(snapshot, 1, 2, 0, larger);
    assert_int_equal(oc_absent_get(snapshot, 1, 2, 0, larger), 0);

    /* What a transaction sees may never be committed. */
    writing.tx = (struct oc_tx *)&writing;
    oc_absent_add(&writing, 2, 0, 3, largest);
    assert_int_equal(oc_absent_get(snapshot, 2, 0, 0, largest), 0);
    assert_int_equal(oc_absent_get(&writing, 4095, 2, group, largest), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_not_confused, snapshot_set_up, snapshot_tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_not_remembered, snapshot_set_up,
                                        snapshot_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
