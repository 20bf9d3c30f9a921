#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "model/timestamp.h"

static void valid_texts_give_microseconds(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-08-01T12:00:00Z", 1722513600000000},
        {"2024-08-01T12:00:00.123Z", 1722513600123000},
        {"2024-08-01T12:00:00.123456Z", 1722513600123456},
        {"2024-08-01T12:00:00.123456789Z", 1722513600123456}, /* cut, not rounded */
        {"2024-08-01T12:00:00.000000999Z", 1722513600000000},
        {"2024-08-01T12:00:00.1Z", 1722513600100000},
        {"2024-08-01T14:00:00+02:00", 1722513600000000},
        {"2024-08-01T06:30:00.5-05:30", 1722513600500000},
        {"2024-02-29T00:00:00Z", 1709164800000000},
        {"2000-02-29T23:59:59Z", 951868799000000},
        {"1970-01-01T02:00:00+02:00", 0},
        {"1969-12-31T23:00:00-01:00", 0},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t us = -1;

        assert_true(oc_timestamp_parse(oc_slice_of(cases[i].text), &us));
        assert_int_equal(us, cases[i].us);
    }
}

static void invalid_texts_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2024-08-01",
        "2024-08-01T12:00:00",             /* no zone */
        "2024-08-01 12:00:00Z",            /* no T */
        "2024-08-01t12:00:00z",            /* lower case */
        "2024-8-01T12:00:00Z",             /* one digit */
        "2024-13-01T12:00:00Z",            /* month */
        "2024-00-01T12:00:00Z",            /* month */
        "2024-04-31T12:00:00Z",            /* day */
        "2024-04-00T12:00:00Z",            /* day */
        "2023-02-29T12:00:00Z",            /* no leap year */
        "2100-02-29T12:00:00Z",            /* no leap year */
        "2024-08-01T24:00:00Z",            /* hour */
        "2024-08-01T12:60:00Z",            /* minute */
        "2024-08-01T12:00:60Z",            /* second */
        "2024-08-01T12:00:00.Z",           /* empty fraction */
        "2024-08-01T12:00:00,5Z",          /* comma */
        "2024-08-01T12:00:00.1234567890Z", /* ten digits */
        "2024-08-01T12:00:00.12x4Z",
        "2024-08-01T12:00:00+0200", /* no colon */
        "2024-08-01T12:00:00+24:00",
        "2024-08-01T12:00:00+02:60",
        "2024-08-01T12:00:00+02",
        "2024-08-01T12:00:00ZZ",
        "2024-08-01T12:00:00Z ",
        " 2024-08-01T12:00:00Z",
        "+024-08-01T12:00:00Z",
        "1722513600",
        "1969-12-31T23:59:59Z",      /* before 1970 */
        "1970-01-01T00:00:00+00:01", /* before 1970 in UTC */
        "9999-12-31T23:59:59-00:01", /* after 9999 in UTC */
        "0000-01-01T00:00:00Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t us = -7;

        if (oc_timestamp_parse(oc_slice_of(cases[i]), &us))
            fail_msg("'%s' was accepted", cases[i]);
        assert_int_equal(us, -7);
    }
}

static void every_cut_of_a_valid_text_is_refused_or_valid_itself(void **state)
{
    static const char text[] = "2024-08-01T12:00:00.123456789+02:00";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *copy = malloc(len + 1); /* exact, so that a sanitizer sees a read too far */
        int64_t us = 0;

        assert_non_null(copy);
        memcpy(copy, text, len);
        assert_false(oc_timestamp_parse((struct oc_slice){copy, len}, &us));
        free(copy);
    }
}

static void format_agrees_with_the_c_library(void **state)
{
    (void)state;
    srandom(1);
    for (int i = 0; i < 100000; i++) {
        const int64_t ms = (((int64_t)random() << 31) ^ random()) % (OC_TIMESTAMP_MAX_MS + 1);
        const time_t seconds = (time_t)(ms / 1000);
        char want[64], got[OC_TIMESTAMP_LEN];
        struct tm tm;
        int64_t back = 0;

        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm), 19);
        (void)snprintf(want + 19, sizeof(want) - 19, ".%03dZ", (int)(ms % 1000));
        oc_timestamp_format(ms, got);
        assert_memory_equal(got, want, OC_TIMESTAMP_LEN);
        assert_true(oc_timestamp_parse((struct oc_slice){got, OC_TIMESTAMP_LEN}, &back));
        assert_int_equal(back, ms * 1000);
    }
}

static void format_writes_the_first_and_last_moment(void **state)
{
    char got[OC_TIMESTAMP_LEN];

    (void)state;
    oc_timestamp_format(0, got);
    assert_memory_equal(got, "1970-01-01T00:00:00.000Z", OC_TIMESTAMP_LEN);
    oc_timestamp_format(OC_TIMESTAMP_MAX_MS, got);
    assert_memory_equal(got, "9999-12-31T23:59:59.999Z", OC_TIMESTAMP_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_give_microseconds),
        cmocka_unit_test(invalid_texts_are_refused),
        cmocka_unit_test(every_cut_of_a_valid_text_is_refused_or_valid_itself),
        cmocka_unit_test(format_agrees_with_the_c_library),
        cmocka_unit_test(format_writes_the_first_and_last_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
