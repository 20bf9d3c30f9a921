#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/regex.h"

static bool matches(const char *pattern, struct oc_slice text)
{
    struct oc_err err = {0};
    struct oc_regex *regex = NULL;
    bool result = false;

    assert_int_equal(oc_regex_new(pattern, &regex, &err), OC_OK);
    assert_int_equal(oc_regex_match(regex, text, &result, &err), OC_OK);
    oc_regex_free(regex);
    return result;
}

static void a_match_is_of_the_whole_text(void **state)
{
    (void)state;
    assert_true(matches("[0-9]{12}", OC_STR("012345678901")));
    assert_false(matches("[0-9]{12}", OC_STR("0123456789012")));
    assert_false(matches("[0-9]{12}", OC_STR("x012345678901")));
    assert_false(matches("[0-9]{12}", OC_STR("012345678901\n")));
    assert_false(matches("(^[a-z]+$)", OC_STR("abc\n")));
    /* Each alternative is bound on both sides. */
    assert_false(matches("a|bc", OC_STR("ab")));
    assert_false(matches("a|bc", OC_STR("abc")));
    assert_true(matches("a|bc", OC_STR("bc")));
}

static void an_empty_text_can_match(void **state)
{
    (void)state;
    assert_true(matches("[a-z]*", OC_STR("")));
    assert_true(matches("[a-z]*", (struct oc_slice){0}));
    assert_false(matches("[a-z]+", OC_STR("")));
}

static void classes_are_ascii_and_points_are_code_points(void **state)
{
    (void)state;
    assert_false(matches("\\d", OC_STR("\xd9\xa3"))); /* ARABIC-INDIC DIGIT THREE */
    assert_true(matches(".", OC_STR("\xf0\x9f\x98\x80")));
    assert_true(matches("[\\x20-\\xff]", OC_STR("\xc3\xbf")));
    assert_false(matches("[\\x20-\\xff]", OC_STR("\xc4\x80")));
}

static void bytes_that_are_not_utf8_match_nothing(void **state)
{
    (void)state;
    assert_false(matches(".*", OC_STR("ab\xff")));
    assert_false(matches("[^a]+", OC_STR("\xc3")));
}

static void a_nul_is_a_character_like_others(void **state)
{
    (void)state;
    assert_false(matches("[a-z]+", ((struct oc_slice){"ab\0cd", 5})));
}

static void a_bad_pattern_is_refused(void **state)
{
    struct oc_err err = {0};
    struct oc_regex *regex = NULL;

    (void)state;
    assert_int_equal(oc_regex_new("(a", &regex, &err), OC_EINVAL);
    assert_null(regex);
    assert_non_null(strstr(err.text, "(a"));
}

static void a_hostile_text_costs_little_and_does_not_match(void **state)
{
    struct oc_err err = {0};
    struct oc_regex *regex = NULL;
    char text[2048];
    bool result = true;
    int64_t begin;

    (void)state;
    memset(text, '-', sizeof(text));
    text[0] = 'a';
    text[sizeof(text) - 1] = '!';
    /* Without a limit this takes longer than the age of the universe. */
    assert_int_equal(oc_regex_new("[a-z](-*[a-z-])*", &regex, &err), OC_OK);
    begin = oc_clock_mono_us();
    assert_int_equal(oc_regex_match(regex, (struct oc_slice){text, sizeof(text)}, &result, &err),
                     OC_OK);
    assert_false(result);
    assert_true(oc_clock_mono_us() - begin < 2000000);
    oc_regex_free(regex);
}

static void a_long_text_outgrows_the_jit_stack_and_still_matches(void **state)
{
    static char text[10000];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_true(matches("(([0-9a-zA-Z][_-]?)+)", (struct oc_slice){text, sizeof(text)}));
    text[sizeof(text) - 1] = '!';
    assert_false(matches("(([0-9a-zA-Z][_-]?)+)", (struct oc_slice){text, sizeof(text)}));
}

static void *match_many(void *ctx)
{
    const struct oc_regex *regex = ctx;
    uintptr_t wrong = 0;

    for (int i = 0; i < 2000; i++) {
        struct oc_err err = {0};
        bool yes = false, no = true;

        if (oc_regex_match(regex, OC_STR("abc-123"), &yes, &err) < 0 ||
            oc_regex_match(regex, OC_STR("abc_123"), &no, &err) < 0 || !yes || no)
            wrong++;
    }
    return (void *)wrong;
}

static void threads_share_one_expression(void **state)
{
    struct oc_err err = {0};
    struct oc_regex *regex = NULL;
    pthread_t threads[4];

    (void)state;
    assert_int_equal(oc_regex_new("([a-z]+)-([0-9]+)", &regex, &err), OC_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, match_many, regex), 0);
    for (size_t i = 0; i < 4; i++) {
        void *wrong = NULL;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    oc_regex_free(regex);
}

static void exhausted_memory_is_reported_and_leaks_nothing(void **state)
{
    int rc = OC_ENOMEM;

    (void)state;
    for (unsigned nth = 1; rc != OC_OK; nth++) {
        struct oc_err err = {0};
        struct oc_regex *regex = NULL;
        bool result = false;

        assert_in_range(nth, 1, 100);
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_regex_new("[a-z]+", &regex, &err);
        if (rc == OC_OK)
            rc = oc_regex_match(regex, OC_STR("abc"), &result, &err);
        assert_true(rc == OC_ENOMEM || (rc == OC_OK && result));
        /* A failed JIT is made up for by the interpreter, so a fault may leave no error. */
        if (rc == OC_OK && oc_fault_fired(OC_FAULT_ALLOC) > 0)
            rc = OC_ENOMEM;
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        oc_regex_free(regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_match_is_of_the_whole_text),
        cmocka_unit_test(an_empty_text_can_match),
        cmocka_unit_test(classes_are_ascii_and_points_are_code_points),
        cmocka_unit_test(bytes_that_are_not_utf8_match_nothing),
        cmocka_unit_test(a_nul_is_a_character_like_others),
        cmocka_unit_test(a_bad_pattern_is_refused),
        cmocka_unit_test(a_hostile_text_costs_little_and_does_not_match),
        cmocka_unit_test(a_long_text_outgrows_the_jit_stack_and_still_matches),
        cmocka_unit_test(threads_share_one_expression),
        cmocka_unit_test(exhausted_memory_is_reported_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
