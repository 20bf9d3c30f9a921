/* The loops over bits and names: both versions against the obvious, on random input. */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LINES 40
#define OPS   5

static void fill(struct rng *rng, uint64_t *words, uint32_t density)
{
    for (int i = 0; i < LINES * 8; i++) {
        words[i] = UINT64_MAX;
        for (uint32_t k = 0; k < density; k++)
            words[i] &= rng_next(rng);
    }
}

static bool all_have(const struct oc_bits_op *ops, unsigned count, uint32_t position)
{
    for (unsigned k = 0; k < count; k++) {
        if (!((ops[k].words[(int64_t)(position / 64) - ops[k].skew] ^ ops[k].invert) >>
                  (position % 64) &
              1))
            return false;
    }
    return true;
}

static void check_walk(struct rng *rng, bool up)
{
    static uint64_t words[OPS][LINES * 8];
    struct oc_bits_op ops[OPS];
    unsigned count = 1 + rng_below(rng, OPS);
    uint32_t first = rng_below(rng, LINES / 2), end = first + 1 + rng_below(rng, LINES / 2);
    uint64_t found[8];

    for (unsigned k = 0; k < count; k++) {
        uint32_t skew = rng_below(rng, first + 1) * 8;
        fill(rng, words[k], rng_below(rng, 9));
        ops[k] = (struct oc_bits_op){
            .words = words[k], .skew = skew, .invert = rng_below(rng, 4) ? 0 : UINT64_MAX};
    }
    uint32_t line = up ? first : end - 1, want = line;
    for (int i = 0; i < LINES; i++) {
        line = up ? oc_bits_up(ops, count, line, end, found)
                  : oc_bits_down(ops, count, line, first, found);
        for (; want != OC_NONE && want >= first && want < end; want += up ? 1 : UINT32_MAX) {
            uint64_t any = 0, right[8] = {0};
            for (uint32_t p = 0; p < 512; p++)
                right[p / 64] |= (uint64_t)all_have(ops, count, want * 512 + p) << (p % 64);
            for (int k = 0; k < 8; k++)
                any |= right[k];
            if (!any)
                continue;
            assert_int_equal(line, want);
            assert_memory_equal(right, found, sizeof right);
            break;
        }
        if (line == OC_NONE)
            break;
        line += up ? 1 : UINT32_MAX;
        want += up ? 1 : UINT32_MAX;
    }
    assert_true(line == OC_NONE || (up ? line >= end : line + 1 <= first + 1));
}

static void check_filter(struct rng *rng)
{
    static uint64_t words[LINES * 8];
    uint16_t positions[256], want[256];
    unsigned count = rng_below(rng, 256), left = 0;
    struct oc_bits_op op = {.words = words, .invert = rng_below(rng, 2) ? UINT64_MAX : 0};

    fill(rng, words, 1 + rng_below(rng, 4));
    for (unsigned i = 0; i < count; i++) {
        positions[i] = (uint16_t)rng_below(rng, LINES * 512);
        if (all_have(&op, 1, positions[i]))
            want[left++] = positions[i];
    }
    assert_int_equal(oc_bits_filter(&op, positions, count), left);
    assert_memory_equal(positions, want, left * sizeof *want);
}

static void check_equal(struct rng *rng)
{
    uint32_t numbers[64], value = rng_below(rng, 4);
    uint64_t want = 0;

    for (int i = 0; i < 64; i++) {
        numbers[i] = rng_below(rng, 4) * (rng_below(rng, 2) ? 1 : 0x40000000U);
        want |= (uint64_t)(numbers[i] == value) << i;
    }
    assert_true(oc_bits_equal64(numbers, value) == want);
}

static void random_text(struct rng *rng, char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = "aab-"[rng_below(rng, 4)];
    text[len] = 0;
}

static void check_names(struct rng *rng)
{
    char name[160], needle[64], text[600];
    size_t len = 1 + rng_below(rng, 63), most = rng_below(rng, 3) ? 6 : 63;

    random_text(rng, name, sizeof name - 1); /* what follows the name must not count */
    random_text(rng, name, len);
    random_text(rng, needle, 1 + rng_below(rng, (uint32_t)most));
    if (rng_below(rng, 2) == 0) {
        size_t from = rng_below(rng, (uint32_t)len);
        (void)strcpy(needle, name + from);
    }
    struct oc_slice want = oc_slice_of(needle);
    assert_int_equal(oc_bits_name_has(name, want), strstr(name, needle) != NULL);
    random_text(rng, text, rng_below(rng, sizeof text - 1));
    const char *at = strstr(text, needle);
    assert_int_equal(oc_bits_find(oc_slice_of(text), want), at ? at - text : -1);
}

static void run_all(struct rng *rng)
{
    for (int i = 0; i < 3000; i++) {
        check_walk(rng, i % 2);
        check_filter(rng);
        check_equal(rng);
        for (int k = 0; k < 20; k++)
            check_names(rng);
    }
}

static void the_fast_versions_are_right(void **state)
{
    struct rng rng = {1};

    (void)state;
    oc_bits_use_plain(false);
    run_all(&rng);
}

static void the_plain_versions_are_right(void **state)
{
    struct rng rng = {2};

    (void)state;
    oc_bits_use_plain(true);
    run_all(&rng);
    oc_bits_use_plain(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fast_versions_are_right),
        cmocka_unit_test(the_plain_versions_are_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
