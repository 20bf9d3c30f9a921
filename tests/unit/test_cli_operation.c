/* Commands made from the operation table: names, shorthand, times, tokens, words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/operation.h"
#include "cli/shorthand.h"

static void names_are_those_of_the_aws_cli(void **state)
{
    static const char *const cases[][2] = {
        {"ListModelCopyJobs", "list-model-copy-jobs"},
        {"resourceARN", "resource-arn"},
        {"modelKmsKeyId", "model-kms-key-id"},
        {"tags", "tags"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

        oc_buf_init(&buf, 256);
        oc_operation_put_name(&buf, cases[i][0]);
        assert_string_equal(oc_buf_cstr(&buf), cases[i][1]);
    }
    assert_non_null(oc_operation_find("list-model-copy-jobs"));
    assert_null(oc_operation_find("list-model-copy-job"));
    assert_null(oc_operation_find("create-account")); /* not Bedrock's */
}

static const struct oc_shape *shape_of(const char *operation, const char *member)
{
    const struct oc_op *op = oc_operation_find(operation);

    for (size_t i = 0; i < op->member_count; i++)
        if (strcmp(op->members[i].name, member) == 0)
            return op->members[i].shape;
    return NULL;
}

/* The JSON of a text, or NULL when it is refused. */
static const char *read(struct oc_buf *buf, const struct oc_shape *shape, const char *text)
{
    struct oc_err err = {0};
    struct oc_jw w;

    oc_buf_reset(buf);
    oc_jw_init(&w, buf);
    if (oc_shorthand_put(&w, shape, oc_slice_of(text), &err) == OC_OK)
        return oc_buf_cstr(buf);
    assert_string_equal(err.name, OC_USAGE_ERROR);
    return NULL;
}

static void shorthand_is_read_along_the_shape(void **state)
{
    static const char *const tags[][2] = {
        {"key=a,value=b", "{\"key\":\"a\",\"value\":\"b\"}"},
        {" key = a , value = b c ", "{\"key\":\"a\",\"value\":\"b c\"}"},
        {"key=a,value=", "{\"key\":\"a\",\"value\":\"\"}"},
        {"key=a,value='b, \\'c'", "{\"key\":\"a\",\"value\":\"b, 'c\"}"},
        {"key=a,value=\"b\"", "{\"key\":\"a\",\"value\":\"b\"}"},
        {"key=a,value=b\\,c=d", "{\"key\":\"a\",\"value\":\"b,c=d\"}"},
        {"{\"key\": 1}", "{\"key\": 1}"},
        {"", NULL},
        {"key", NULL},
        {"key=a,", NULL},
        {"key=a,key=b", NULL},
        {"colour=a", NULL},
        {"key='a", NULL},
        {"key=a}", NULL},
        {"{\"key\"", NULL},
    };
    const struct oc_shape *tag = shape_of("tag-resource", "tags")->item;
    const struct oc_shape *source = shape_of("create-custom-model", "modelSourceConfig");
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    (void)state;
    oc_buf_init(&buf, 4096);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        const char *json = read(&buf, tag, tags[i][0]);

        if (tags[i][1])
            assert_string_equal(json, tags[i][1]);
        else
            assert_null(json);
    }
    assert_string_equal(read(&buf, source, "s3DataSource={s3Uri=s3://m/t}"),
                        "{\"s3DataSource\":{\"s3Uri\":\"s3://m/t\"}}");
    assert_null(read(&buf, source, "s3DataSource=s3://m/t"));
    assert_null(read(&buf, source, "s3DataSource={s3Uri=s3://m/t"));
    assert_null(read(&buf, shape_of("list-model-copy-jobs", "maxResults"), "many"));
}

static void times_become_iso_in_utc(void **state)
{
    static const char *const cases[][2] = {
        {"2024-08-01", "2024-08-01T00:00:00Z"},
        {"1722513600", "2024-08-01T12:00:00Z"},
        {"1722513600.25", "2024-08-01T12:00:00.250000Z"},
        {"2024-08-01T12:00:00", "2024-08-01T12:00:00Z"},
        {"2024-08-01T14:00:00.123456+02:00", "2024-08-01T12:00:00.123456Z"},
        {"yesterday", NULL},
        {"-5", NULL},
        {"1.", NULL},
        {"99999999999999999", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

        oc_buf_init(&buf, 64);
        assert_int_equal(oc_operation_put_time(&buf, oc_slice_of(cases[i][0])),
                         cases[i][1] != NULL);
        if (cases[i][1])
            assert_string_equal(oc_buf_cstr(&buf), cases[i][1]);
    }
}

static void tokens_are_those_of_the_aws_cli(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_operation_token token = {0};
    struct oc_err err = {0};

    (void)state;
    oc_buf_init(&text, 1024);
    oc_operation_token_put(&text, OC_STR("abc?>"), 3);
    assert_string_equal(oc_buf_cstr(&text),
                        "eyJuZXh0VG9rZW4iOiAiYWJjPz4iLCAiYm90b190cnVuY2F0ZV9hbW91"
                        "bnQiOiAzfQ==");
    assert_int_equal(oc_operation_token_read(oc_buf_slice(&text), &token, &err), OC_OK);
    assert_true(oc_slice_eq_str(oc_buf_slice(&token.page), "abc?>"));
    assert_int_equal(token.skip, 3);
    oc_buf_clear(&token.page);
    assert_int_equal(oc_operation_token_read(OC_STR("%%"), &token, &err), OC_EINVAL);
    assert_int_equal(oc_operation_token_read(OC_STR("W10="), &token, &err), OC_EINVAL);
    oc_buf_clear(&token.page);
}

static void lists_take_words_up_to_the_next_option(void **state)
{
    static struct oc_operation_command made;
    static char *words[OC_OPERATION_WORDS_MAX + 1];
    char *line[] = {"outcrop", "--tag-keys", "a", "b", "--resource-arn", "arn", NULL};
    static const char *const want[] = {"outcrop", "--tag-keys",     "a",  "--tag-keys",
                                       "b",       "--resource-arn", "arn"};
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_operation_command(oc_operation_find("untag-resource"), false, &made, &err),
                     OC_OK);
    assert_int_equal(oc_operation_spread(&made.command, 6, line, words), 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(words[i], want[i]);
    oc_arena_clear(&made.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_aws_cli),
        cmocka_unit_test(shorthand_is_read_along_the_shape),
        cmocka_unit_test(times_become_iso_in_utc),
        cmocka_unit_test(tokens_are_those_of_the_aws_cli),
        cmocka_unit_test(lists_take_words_up_to_the_next_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
