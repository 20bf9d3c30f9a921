/* The settings-file grammar: base/ini. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"

struct fixture {
    struct oc_arena arena;
    struct oc_ini ini;
    struct oc_err err;
};

static int parse(struct fixture *f, const char *text)
{
    memset(f, 0, sizeof(*f));
    oc_arena_init(&f->arena, 1 << 20);
    return oc_ini_parse(oc_slice_of(text), &f->arena, &f->ini, &f->err);
}

static void assert_value(const struct fixture *f, const char *section, const char *key,
                         const char *want)
{
    struct oc_slice got = oc_ini_value(oc_ini_section(&f->ini, oc_slice_of(section)), key);

    if (!want) {
        assert_null(got.ptr);
        return;
    }
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

static void values_are_trimmed_and_comments_skipped(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(parse(&f, "\xef\xbb\xbf# top\r\n"
                               "[ default ] ; here\r\n"
                               "aws_access_key_id =  AKID \r\n"
                               "   # indented comment\r\n"
                               "Region=eu-west-1\r\n"
                               "empty =\r\n"
                               "odd = a # b ; c = d\r\n"
                               "\r\n"
                               "[profile x y]\n"
                               "k=v"),
                     OC_OK);
    assert_value(&f, "default", "aws_access_key_id", "AKID");
    assert_value(&f, "default", "REGION", "eu-west-1");
    assert_value(&f, "default", "empty", "");
    assert_value(&f, "default", "odd", "a # b ; c = d");
    assert_value(&f, "default", "none", NULL);
    assert_value(&f, "Default", "region", NULL);
    assert_value(&f, "profile x y", "k", "v");
    assert_null(f.ini.sections->next->next);
    oc_arena_clear(&f.arena);
}

static void indented_lines_continue_the_value(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(parse(&f, "[a]\n"
                               "k = one\n"
                               "\n"
                               "      two = 2\n"
                               "# between\n"
                               "\tthree\n"
                               "next = x\n"),
                     OC_OK);
    assert_value(&f, "a", "k", "one\ntwo = 2\nthree");
    assert_value(&f, "a", "next", "x");
    oc_arena_clear(&f.arena);
}

static void indented_lines_under_an_empty_value_are_sub_properties(void **state)
{
    struct fixture f;
    const struct oc_ini_entry *s3;

    (void)state;
    assert_int_equal(parse(&f, "[services dev]\n"
                               "bedrock =\n"
                               "  endpoint_url = http://127.0.0.1:7430\n"
                               "  other = 1\n"
                               "s3 =\n"
                               "  endpoint_url = http://s3\n"),
                     OC_OK);
    s3 = oc_ini_find(f.ini.sections->entries, "S3");
    assert_non_null(s3);
    assert_int_equal(s3->value.len, 0);
    assert_int_equal(s3->line, 5);
    assert_non_null(s3->subs);
    assert_null(s3->subs->next);
    assert_true(oc_slice_eq_str(s3->subs->value, "http://s3"));
    assert_true(oc_slice_eq_str(
        oc_ini_find(oc_ini_find(f.ini.sections->entries, "bedrock")->subs, "endpoint_url")->value,
        "http://127.0.0.1:7430"));
    oc_arena_clear(&f.arena);
}

static void errors_name_the_line_and_the_reason(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"k = v\n", "line 1: a key before the first [section]"},
        {"[a]\n\nword\n", "line 3: want `key = value`"},
        {"[a]\n = v\n", "line 2: an indented line needs a key above it"},
        {"[a]\n= v\n", "line 2: no key before '='"},
        {"[a\n", "line 1: '[' without ']'"},
        {"[  ]\n", "line 1: a section needs a name"},
        {"[a] b\n", "line 1: text after ']'"},
        {"[a]\nk=1\n[b]\n[a]\n", "line 4: section [a] stands at line 1 already"},
        {"[a]\nk=1\nK=2\n", "line 3: key 'K' stands at line 2 already"},
        {"[a]\nk=\n  x\n", "line 3: want `key = value`"},
        {"[a]\nk=\n  x=1\n  X=1\n", "line 4: key 'X' stands at line 3 already"},
        {"[a]\nk=1\n[b]\n  x=1\n", "line 4: an indented line needs a key above it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;

        assert_int_equal(parse(&f, cases[i].text), OC_EINVAL);
        assert_string_equal(f.err.text, cases[i].want);
        oc_arena_clear(&f.arena);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    struct oc_arena arena;
    struct oc_ini ini;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    assert_int_equal(oc_ini_parse(OC_STR("[a]\nk=\0v\n"), &arena, &ini, &err), OC_EINVAL);
    assert_string_equal(err.text, "line 2: a NUL byte");
    oc_arena_clear(&arena);
}

static void exhausted_memory_is_an_error(void **state)
{
    struct oc_arena arena;
    struct oc_ini ini;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 16);
    assert_int_equal(oc_ini_parse(OC_STR("[a]\nk=v\n"), &arena, &ini, &err), OC_ENOMEM);
    oc_arena_clear(&arena);
}

static void a_loaded_file_is_named_in_errors(void **state)
{
    char path[] = "/tmp/outcrop-ini-XXXXXX";
    int fd = mkstemp(path);
    struct oc_arena arena;
    struct oc_ini ini = {0};
    struct oc_err err = {0};
    char want[128];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "[a]\nbad\n", 8), 8);
    oc_arena_init(&arena, 1 << 20);
    assert_int_equal(oc_ini_load(path, &arena, &ini, &err), OC_EINVAL);
    (void)snprintf(want, sizeof(want), "%s: line 2: want `key = value`", path);
    assert_string_equal(err.text, want);
    assert_int_equal(ftruncate(fd, 4), 0);
    assert_int_equal(oc_ini_load(path, &arena, &ini, &err), OC_OK);
    assert_non_null(oc_ini_section(&ini, OC_STR("a")));
    (void)close(fd);
    (void)unlink(path);
    assert_int_equal(oc_ini_load(path, &arena, &ini, &err), OC_ENOTFOUND);
    oc_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_trimmed_and_comments_skipped),
        cmocka_unit_test(indented_lines_continue_the_value),
        cmocka_unit_test(indented_lines_under_an_empty_value_are_sub_properties),
        cmocka_unit_test(errors_name_the_line_and_the_reason),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(exhausted_memory_is_an_error),
        cmocka_unit_test(a_loaded_file_is_named_in_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
