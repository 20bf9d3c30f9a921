/* Token buckets: burst, refill, and one caller's calls not counting for another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "api/throttle.h"

#define SECOND 1000000

static struct oc_throttle *make(int64_t rate, int64_t burst)
{
    struct oc_throttle *throttle;
    struct oc_err err = {0};

    assert_int_equal(oc_throttle_new(rate, burst, &throttle, &err), OC_OK);
    return throttle;
}

static int take_many(struct oc_throttle *throttle, const char *account, unsigned operation,
                     int calls, int64_t now_us)
{
    int taken = 0;

    for (int i = 0; i < calls; i++)
        taken += oc_throttle_take(throttle, oc_slice_of(account), operation, now_us);
    return taken;
}

static void bucket_lets_the_burst_through_and_then_the_rate(void **state)
{
    struct oc_throttle *throttle = make(10, 25);

    (void)state;
    assert_int_equal(take_many(throttle, "111111111111", 1, 100, SECOND), 25);
    assert_int_equal(take_many(throttle, "111111111111", 1, 100, 2 * SECOND), 10);
    assert_int_equal(take_many(throttle, "111111111111", 1, 100, 2 * SECOND + SECOND / 10), 1);
    assert_int_equal(take_many(throttle, "111111111111", 1, 100, 100 * SECOND), 25);
    oc_throttle_free(throttle);
}

static void buckets_of_accounts_and_operations_are_apart(void **state)
{
    struct oc_throttle *throttle = make(1, 3);

    (void)state;
    assert_int_equal(take_many(throttle, "111111111111", 1, 10, SECOND), 3);
    assert_int_equal(take_many(throttle, "222222222222", 1, 10, SECOND), 3);
    assert_int_equal(take_many(throttle, "111111111111", 2, 10, SECOND), 3);
    assert_int_equal(take_many(throttle, "111111111111", 1, 10, SECOND), 0);
    oc_throttle_free(throttle);
}

static void rate_zero_lets_everything_through(void **state)
{
    struct oc_throttle *throttle = make(0, 0);

    (void)state;
    assert_int_equal(take_many(throttle, "111111111111", 1, 1000, SECOND), 1000);
    oc_throttle_free(throttle);
}

static void clock_that_stands_still_or_jumps_far_gives_no_more_than_the_burst(void **state)
{
    struct oc_throttle *throttle = make(1000000000, 5);

    (void)state;
    assert_int_equal(take_many(throttle, "111111111111", 1, 10, SECOND), 5);
    assert_int_equal(take_many(throttle, "111111111111", 1, 10, SECOND), 0);
    assert_int_equal(take_many(throttle, "111111111111", 1, 10, INT64_MAX), 5);
    assert_int_equal(take_many(throttle, "111111111111", 1, 10, 2 * SECOND), 0);
    oc_throttle_free(throttle);
}

static void many_accounts_never_stop_one_that_has_calls_left(void **state)
{
    struct oc_throttle *throttle = make(1, 2);
    char account[16];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(account, sizeof(account), "%012d", i);
        assert_true(oc_throttle_take(throttle, oc_slice_of(account), 1, SECOND + i));
    }
    oc_throttle_free(throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket_lets_the_burst_through_and_then_the_rate),
        cmocka_unit_test(buckets_of_accounts_and_operations_are_apart),
        cmocka_unit_test(rate_zero_lets_everything_through),
        cmocka_unit_test(clock_that_stands_still_or_jumps_far_gives_no_more_than_the_burst),
        cmocka_unit_test(many_accounts_never_stop_one_that_has_calls_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
