/* A wall clock that jumps, for those who remove what is old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#define NOW_MS  1795488016000
#define YEAR_MS 31536000000
#define SLACK   1000 /* the test itself takes time */

static void assert_near(int64_t got, int64_t wanted)
{
    assert_in_range(got, wanted, wanted + SLACK);
}

static void a_jump_ahead_counts_after_an_hour(void **state)
{
    struct oc_clock_steady steady = {0};

    (void)state;
    oc_clock_set(NOW_MS);
    assert_near(oc_clock_steady_ms(&steady), NOW_MS);
    oc_clock_set(NOW_MS + YEAR_MS);
    assert_near(oc_clock_steady_ms(&steady), NOW_MS);
    assert_near(oc_clock_steady_ms(&steady), NOW_MS);
    steady.ahead_since_ms -= 3599000;
    assert_near(oc_clock_steady_ms(&steady), NOW_MS);
    steady.ahead_since_ms -= 1000;
    assert_near(oc_clock_steady_ms(&steady), NOW_MS + YEAR_MS);
    oc_clock_set(-1);
}

static void what_was_right_again_does_not_count(void **state)
{
    struct oc_clock_steady steady = {0};

    (void)state;
    oc_clock_set(NOW_MS);
    assert_near(oc_clock_steady_ms(&steady), NOW_MS);
    oc_clock_set(NOW_MS + YEAR_MS);
    assert_near(oc_clock_steady_ms(&steady), NOW_MS);
    oc_clock_set(NOW_MS + 30000); /* drift, and time that has passed */
    assert_near(oc_clock_steady_ms(&steady), NOW_MS + 30000);
    assert_int_equal(steady.ahead_since_ms, 0);
    oc_clock_set(NOW_MS - YEAR_MS);
    assert_near(oc_clock_steady_ms(&steady), NOW_MS - YEAR_MS);
    oc_clock_set(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jump_ahead_counts_after_an_hour),
        cmocka_unit_test(what_was_right_again_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
