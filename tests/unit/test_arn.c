/* ARNs: model/arn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "model/arn.h"

static void assert_part(struct oc_slice got, const char *want)
{
    if (!want) {
        assert_null(got.ptr);
        return;
    }
    if (!oc_slice_eq_str(got, want))
        fail_msg("got '%.*s', want '%s'", OC_FMT(got), want);
}

static void the_parts_of_every_kind_are_found(void **state)
{
    static const struct {
        const char *text, *service, *region, *account, *kind, *base, *id;
    } cases[] = {
        {"arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12", "bedrock",
         "us-east-1", "123456789012", "custom-model", "imported", "abcdefghij12"},
        {"arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/"
         "abcdefghij12",
         "bedrock", "us-east-1", "123456789012", "custom-model", "amazon.nova-lite-v1:0:300k",
         "abcdefghij12"},
        {"arn:aws:bedrock:eu-west-1:123456789012:model-copy-job/abcdefghij12", "bedrock",
         "eu-west-1", "123456789012", "model-copy-job", NULL, "abcdefghij12"},
        {"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "bedrock",
         "us-east-1", "", "foundation-model", NULL, "amazon.nova-lite-v1:0"},
        {"arn:aws:kms:us-east-1:123456789012:key/0f1e", "kms", "us-east-1", "123456789012", "key",
         NULL, "0f1e"},
        {"arn:aws:kms:us-east-1:123456789012:alias/a/b/c", "kms", "us-east-1", "123456789012",
         "alias", "a/b", "c"},
        {"arn:aws-cn:iam::123456789012:root", "iam", "", "123456789012", NULL, NULL, "root"},
        {"arn:aws:iam::123456789012:user/alice", "iam", "", "123456789012", "user", NULL, "alice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_arn arn;

        if (!oc_arn_parse(oc_slice_of(cases[i].text), &arn))
            fail_msg("%s", cases[i].text);
        assert_part(arn.service, cases[i].service);
        assert_part(arn.region, cases[i].region);
        assert_part(arn.account, cases[i].account);
        assert_part(arn.kind, cases[i].kind);
        assert_part(arn.base, cases[i].base);
        assert_part(arn.id, cases[i].id);
        assert_part(arn.resource, cases[i].text + strlen(cases[i].text) - arn.resource.len);
        struct oc_buf buf;
        oc_buf_init(&buf, OC_ARN_MAX);
        oc_arn_put(&buf, &arn);
        assert_part(oc_buf_slice(&buf), cases[i].text);
        oc_buf_clear(&buf);
    }
}

static void malformed_texts_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "arn",
        "arn:aws:bedrock:us-east-1:123456789012",
        "arn:aws:bedrock:us-east-1:123456789012:",
        "ARN:aws:bedrock:us-east-1:123456789012:custom-model/a/b",
        "arn::bedrock:us-east-1:123456789012:a/b",
        "arn:aws::us-east-1:123456789012:a/b",
        "arn:aws:bedrock:US:123456789012:a/b",
        "arn:aws:bedrock:us-east-1:12345678901:a/b",
        "arn:aws:bedrock:us-east-1:12345678901x:a/b",
        "arn:aws:bedrock:us-east-1:123456789012:/b",
        "arn:aws:bedrock:us-east-1:123456789012:a/",
        "arn:aws:bedrock:us-east-1:123456789012:a//b",
        "arn:aws:bedrock:us-east-1:123456789012:a b",
        "arn:aws:bedrock:us-east-1:123456789012:a/\xc3\xa9",
        "arn:aws:bedrock:us-east-1:123456789012:a\n",
        "arn:aws:bed_rock:us-east-1:123456789012:a/b",
        "arn:aws:bedrock:a-region-name-of-more-than-32-bytes:123456789012:a/b",
    };
    struct oc_arn arn;
    char text[OC_ARN_MAX + 2] = "arn:aws:bedrock:us-east-1:123456789012:a/";

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (oc_arn_parse(oc_slice_of(cases[i]), &arn))
            fail_msg("%s", cases[i]);
    }
    assert_false(oc_arn_parse((struct oc_slice){0}, &arn));
    memset(text + strlen(text), 'x', sizeof(text) - strlen(text));
    assert_true(oc_arn_parse((struct oc_slice){text, OC_ARN_MAX}, &arn));
    assert_false(oc_arn_parse((struct oc_slice){text, OC_ARN_MAX + 1}, &arn));
}

static void each_kind_is_written(void **state)
{
    const struct oc_slice region = OC_STR("us-east-1"), account = OC_STR("123456789012");
    struct oc_arn arn;
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 2000);
    oc_arn_put_custom_model(&buf, region, account, OC_STR("imported"), OC_STR("abcdefghij12"));
    assert_part(oc_buf_slice(&buf),
                "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12");
    assert_true(oc_arn_parse(oc_buf_slice(&buf), &arn));
    assert_true(oc_arn_is(&arn, "bedrock", "custom-model"));
    assert_false(oc_arn_is(&arn, "bedrock", "custom"));
    assert_false(oc_arn_is(&arn, "kms", "custom-model"));
    oc_buf_reset(&buf);
    oc_arn_put_copy_job(&buf, region, account, OC_STR("abcdefghij12"));
    assert_part(oc_buf_slice(&buf),
                "arn:aws:bedrock:us-east-1:123456789012:model-copy-job/abcdefghij12");
    oc_buf_reset(&buf);
    oc_arn_put_foundation_model(&buf, region, OC_STR("imported.bert"));
    assert_part(oc_buf_slice(&buf), "arn:aws:bedrock:us-east-1::foundation-model/imported.bert");
    oc_buf_reset(&buf);
    oc_arn_put_kms_key(&buf, region, account, OC_STR("0f1e"));
    assert_part(oc_buf_slice(&buf), "arn:aws:kms:us-east-1:123456789012:key/0f1e");
    oc_buf_reset(&buf);
    oc_arn_put_kms_alias(&buf, region, account, OC_STR("alias/a/b"));
    assert_part(oc_buf_slice(&buf), "arn:aws:kms:us-east-1:123456789012:alias/a/b");
    oc_buf_reset(&buf);
    oc_arn_put_user(&buf, account, OC_STR("alice"));
    assert_part(oc_buf_slice(&buf), "arn:aws:iam::123456789012:user/alice");
    oc_buf_clear(&buf);
}

static void accounts_ids_and_names_have_their_alphabets(void **state)
{
    char name[OC_USER_NAME_MAX + 1];

    (void)state;
    assert_true(oc_account_is_valid(OC_STR("000000000000")));
    assert_false(oc_account_is_valid(OC_STR("00000000000")));
    assert_false(oc_account_is_valid(OC_STR("00000000000a")));
    assert_true(oc_id_is_valid(OC_STR("abcdefghij12")));
    assert_false(oc_id_is_valid(OC_STR("abcdefghij1")));
    assert_false(oc_id_is_valid(OC_STR("abcdefghij-2")));
    assert_false(oc_id_is_valid(OC_STR("ABCDEFGHIJ12")));
    assert_true(oc_user_name_is_valid(OC_STR("a.B+c=d,e@f_g-1")));
    assert_false(oc_user_name_is_valid(OC_STR("")));
    assert_false(oc_user_name_is_valid(OC_STR("a/b")));
    assert_false(oc_user_name_is_valid(OC_STR("a\0b")));
    memset(name, 'x', sizeof(name));
    assert_true(oc_user_name_is_valid((struct oc_slice){name, OC_USER_NAME_MAX}));
    assert_false(oc_user_name_is_valid((struct oc_slice){name, OC_USER_NAME_MAX + 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_every_kind_are_found),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(each_kind_is_written),
        cmocka_unit_test(accounts_ids_and_names_have_their_alphabets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
