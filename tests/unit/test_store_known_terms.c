/* Numbers of accounts and models that are remembered: the right one or none. */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXTS   20000U
#define THREADS 4

static struct oc_slice text_of(uint32_t n, char buffer[64])
{
    int len = snprintf(buffer, 64, "arn:aws:bedrock:us-east-1::model/%u", n);

    return (struct oc_slice){buffer, (size_t)len};
}

static void the_whole_name_counts(void **state)
{
    char text[160] = {0};
    uint32_t term = 0;

    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t len = 0; len <= 152; len++) {
        struct oc_slice slice = {text, len};
        assert_false(oc_known_term_get(snapshot, 7, OC_TERM_MODEL, slice, &term));
        oc_known_term_put(snapshot, 7, OC_TERM_MODEL, slice, (uint32_t)len);
        assert_true(oc_known_term_get(snapshot, 7, OC_TERM_MODEL, slice, &term));
        assert_int_equal(term, len);
        assert_false(oc_known_term_get(snapshot, 8, OC_TERM_MODEL, slice, &term));
        assert_false(oc_known_term_get(snapshot, 7, OC_TERM_ACCOUNT, slice, &term));
    }
    oc_known_term_put(snapshot, 7, OC_TERM_MODEL, (struct oc_slice){text, 153}, 1);
    assert_false(
        oc_known_term_get(snapshot, 7, OC_TERM_MODEL, (struct oc_slice){text, 153}, &term));

    /* A text that ends in what others are padded with. */
    oc_known_term_put(snapshot, 9, OC_TERM_MODEL, (struct oc_slice){"ab", 2}, 1);
    assert_false(
        oc_known_term_get(snapshot, 9, OC_TERM_MODEL, (struct oc_slice){"ab\0", 3}, &term));
}

/* What a transaction sees may never be committed. */
static void a_transaction_remembers_nothing(void **state)
{
    struct oc_read writing = *snapshot;
    uint32_t term;

    (void)state;
    writing.tx = (struct oc_tx *)&writing;
    oc_known_term_put(&writing, 1, OC_TERM_MODEL, OC_STR("a"), 5);
    assert_false(oc_known_term_get(snapshot, 1, OC_TERM_MODEL, OC_STR("a"), &term));
    oc_known_term_put(snapshot, 1, OC_TERM_MODEL, OC_STR("a"), 5);
    assert_false(oc_known_term_get(&writing, 1, OC_TERM_MODEL, OC_STR("a"), &term));
}

/* More terms than places, and several threads that take them from each other. */
static void *race(void *arg)
{
    struct rng rng = {(uintptr_t)arg};
    uint64_t hits = 0;
    char buffer[64];

    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t n = rng_below(&rng, 2) ? rng_below(&rng, TEXTS) : rng_below(&rng, 50), term;
        struct oc_slice text = text_of(n, buffer);
        if (!oc_known_term_get(snapshot, 3, OC_TERM_MODEL, text, &term))
            oc_known_term_put(snapshot, 3, OC_TERM_MODEL, text, n);
        else if (term != n)
            abort();
        else
            hits++;
    }
    return (void *)(uintptr_t)hits; /* NOLINT: a number */
}

static void a_name_never_gets_anothers_number(void **state)
{
    pthread_t threads[THREADS];
    void *hits;

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, (void *)(i + 1)), 0); /* NOLINT */
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &hits), 0);
        assert_true((uintptr_t)hits > 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_whole_name_counts, snapshot_set_up, snapshot_tear_down),
        cmocka_unit_test_setup_teardown(a_transaction_remembers_nothing, snapshot_set_up,
                                        snapshot_tear_down),
        cmocka_unit_test_setup_teardown(a_name_never_gets_anothers_number, snapshot_set_up,
                                        snapshot_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
