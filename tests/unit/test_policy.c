/* Policies: what is understood, what is refused, and how statements add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "model/policy.h"

#define MODEL "arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/abcdefghij12"
#define ALICE "arn:aws:iam::444455556666:user/alice"

static struct oc_policy *compile(enum oc_policy_kind kind, const char *text)
{
    struct oc_policy *policy = NULL;
    struct oc_err err = {0};

    if (oc_policy_parse(kind, oc_slice_of(text), &policy, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return policy;
}

static struct oc_policy_request make_request(void)
{
    return (struct oc_policy_request){.action = OC_STR("bedrock:CreateModelCopyJob"),
                                      .resource = OC_STR(MODEL),
                                      .principal_account = OC_STR("444455556666"),
                                      .principal_arn = OC_STR(ALICE),
                                      .requested_region = OC_STR("eu-west-1")};
}

static enum oc_policy_effect ask(enum oc_policy_kind kind, const char *text,
                                 const struct oc_policy_request *request)
{
    struct oc_policy *policy = compile(kind, text);
    enum oc_policy_effect effect = oc_policy_evaluate(policy, request);

    oc_policy_free(policy);
    return effect;
}

static void assert_identity(const char *statements, enum oc_policy_effect want)
{
    struct oc_policy_request request = make_request();
    char text[2048];

    (void)snprintf(text, sizeof(text), "{\"Version\":\"2012-10-17\",\"Statement\":%s}", statements);
    if (ask(OC_POLICY_IDENTITY, text, &request) != want)
        fail_msg("%s", statements);
}

static void an_administrator_may_do_everything(void **state)
{
    struct oc_policy_request request = make_request();

    (void)state;
    assert_int_equal(ask(OC_POLICY_IDENTITY, OC_POLICY_ADMINISTRATOR, &request), OC_POLICY_ALLOW);
    request.resource = OC_STR("*");
    assert_int_equal(ask(OC_POLICY_IDENTITY, OC_POLICY_ADMINISTRATOR, &request), OC_POLICY_ALLOW);
}

static void statements_add_up_and_a_deny_wins(void **state)
{
    static const char allow[] = "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}";
    static const char deny[] =
        "{\"Effect\":\"Deny\",\"Action\":\"bedrock:CreateModelCopyJob\",\"Resource\":\"*\"}";
    static const char other[] =
        "{\"Effect\":\"Deny\",\"Action\":\"bedrock:Get*\",\"Resource\":\"*\"}";
    char both[512];

    (void)state;
    assert_identity(allow, OC_POLICY_ALLOW);
    assert_identity(deny, OC_POLICY_DENY);
    assert_identity(other, OC_POLICY_SILENT);
    (void)snprintf(both, sizeof(both), "[%s,%s]", allow, deny);
    assert_identity(both, OC_POLICY_DENY);
    (void)snprintf(both, sizeof(both), "[%s,%s]", deny, allow);
    assert_identity(both, OC_POLICY_DENY);
    (void)snprintf(both, sizeof(both), "[%s,%s]", other, allow);
    assert_identity(both, OC_POLICY_ALLOW);
}

/* What a request could do: its Region and tags are open, those of the resource are not. */
static void request_to_come_meets_conditions_of_an_allow_and_none_of_a_deny(void **state)
{
    static const struct {
        const char *effect, *key;
        enum oc_policy_effect want;
    } cases[] = {
        {"Allow", "aws:RequestedRegion", OC_POLICY_ALLOW},
        {"Allow", "aws:RequestTag/use", OC_POLICY_ALLOW},
        {"Allow", "aws:ResourceTag/use", OC_POLICY_SILENT},
        {"Allow", "aws:PrincipalAccount", OC_POLICY_SILENT},
        {"Deny", "aws:RequestedRegion", OC_POLICY_SILENT},
        {"Deny", "aws:RequestTag/use", OC_POLICY_SILENT},
    };
    struct oc_policy_request request = make_request();
    char text[512];

    (void)state;
    request.is_to_come = true;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "{\"Statement\":{\"Effect\":\"%s\",\"Principal\":\"*\",\"Action\":\"*\","
                       "\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"%s\":\"x\"}}}}",
                       cases[i].effect, cases[i].key);
        if (ask(OC_POLICY_RESOURCE, text, &request) != cases[i].want)
            fail_msg("%s", text);
    }
    request.requested_region = OC_STR("x");
    assert_int_equal(ask(OC_POLICY_RESOURCE,
                         "{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
                         "\"Resource\":\"*\"}}",
                         &request),
                     OC_POLICY_DENY);
}

static void actions_match_in_any_case_and_resources_exactly(void **state)
{
    static const struct {
        const char *action, *resource;
        enum oc_policy_effect want;
    } cases[] = {
        {"bedrock:CreateModelCopyJob", MODEL, OC_POLICY_ALLOW},
        {"BEDROCK:createmodelcopyjob", MODEL, OC_POLICY_ALLOW},
        {"bedrock:Create*", "arn:aws:bedrock:*:111122223333:custom-model/*", OC_POLICY_ALLOW},
        {"bedrock:CreateModelCopyJo?", "arn:*", OC_POLICY_ALLOW},
        {"*:*", "*", OC_POLICY_ALLOW},
        {"bedrock:CreateModelCopyJob?", "*", OC_POLICY_SILENT},
        {"s3:*", "*", OC_POLICY_SILENT},
        {"bedrock:*", "arn:aws:bedrock:us-east-1:111122223333:CUSTOM-MODEL/*", OC_POLICY_SILENT},
        {"bedrock:*", "arn:aws:bedrock:us-east-1:999922223333:*", OC_POLICY_SILENT},
        {"bedrock:*", MODEL "x", OC_POLICY_SILENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text),
                       "{\"Effect\":\"Allow\",\"Action\":[\"a:b\",\"%s\"],\"Resource\":[\"%s\"]}",
                       cases[i].action, cases[i].resource);
        assert_identity(text, cases[i].want);
    }
}

static void a_resource_pattern_does_not_cover_operations_without_resource(void **state)
{
    struct oc_policy_request request = make_request();

    (void)state;
    request.resource = OC_STR("*");
    assert_int_equal(
        ask(OC_POLICY_IDENTITY,
            "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:*\"}}",
            &request),
        OC_POLICY_SILENT);
}

/* -- conditions ------------------------------------------------------------------------------- */

static enum oc_policy_effect ask_if(const char *effect, const char *condition,
                                    const struct oc_policy_request *request)
{
    char text[1024];

    (void)snprintf(
        text, sizeof(text),
        "{\"Statement\":{\"Effect\":\"%s\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":%s}}",
        effect, condition);
    return ask(OC_POLICY_IDENTITY, text, request);
}

static void all_conditions_must_hold_and_any_value_suffices(void **state)
{
    static const struct {
        const char *condition;
        enum oc_policy_effect want;
    } cases[] = {
        {"{\"StringEquals\":{\"aws:RequestedRegion\":\"eu-west-1\"}}", OC_POLICY_ALLOW},
        {"{\"StringEquals\":{\"AWS:requestedregion\":[\"us-east-1\",\"eu-west-1\"]}}",
         OC_POLICY_ALLOW},
        {"{\"StringEquals\":{\"aws:RequestedRegion\":\"EU-WEST-1\"}}", OC_POLICY_SILENT},
        {"{\"StringEquals\":{\"aws:RequestedRegion\":\"eu-*\"}}", OC_POLICY_SILENT},
        {"{\"StringLike\":{\"aws:RequestedRegion\":\"eu-*\"}}", OC_POLICY_ALLOW},
        {"{\"StringLike\":{\"aws:RequestedRegion\":\"us-*\"}}", OC_POLICY_SILENT},
        {"{\"StringEquals\":{\"aws:PrincipalAccount\":\"444455556666\"}}", OC_POLICY_ALLOW},
        {"{\"StringEquals\":{\"aws:PrincipalAccount\":\"111122223333\"}}", OC_POLICY_SILENT},
        {"{\"StringLike\":{\"aws:RequestedRegion\":\"eu-*\",\"aws:PrincipalAccount\":\"1*\"}}",
         OC_POLICY_SILENT},
        {"{\"StringLike\":{\"aws:RequestedRegion\":\"eu-*\"},"
         "\"StringEquals\":{\"aws:RequestedRegion\":\"eu-west-2\"}}",
         OC_POLICY_SILENT},
        {"{\"StringEquals\":{\"aws:RequestTag/team\":\"ml\"}}", OC_POLICY_ALLOW},
        {"{\"StringEquals\":{\"aws:RequestTag/TEAM\":\"ml\"}}", OC_POLICY_ALLOW},
        {"{\"StringEquals\":{\"aws:RequestTag/team\":\"ML\"}}", OC_POLICY_SILENT},
        {"{\"StringEquals\":{\"aws:RequestTag/other\":\"ml\"}}", OC_POLICY_SILENT},
        {"{\"StringLike\":{\"aws:ResourceTag/stage\":\"*\"}}", OC_POLICY_ALLOW},
        {"{\"StringLike\":{\"aws:ResourceTag/team\":\"*\"}}", OC_POLICY_SILENT},
    };
    const struct oc_tag asked[] = {{OC_STR("team"), OC_STR("ml")}};
    const struct oc_tag held[] = {{OC_STR("stage"), OC_STR("")}};
    const struct oc_tag_list request_tags = {asked, 1, true}, resource_tags = {held, 1, true};
    struct oc_policy_request request = make_request();

    (void)state;
    request.request_tags = &request_tags;
    request.resource_tags = &resource_tags;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (ask_if("Allow", cases[i].condition, &request) != cases[i].want)
            fail_msg("%s", cases[i].condition);
    }
}

static void a_key_that_the_request_lacks_never_holds(void **state)
{
    struct oc_policy_request request = make_request();

    (void)state;
    request.requested_region = (struct oc_slice){0};
    assert_int_equal(ask_if("Allow", "{\"StringLike\":{\"aws:RequestedRegion\":\"*\"}}", &request),
                     OC_POLICY_SILENT);
    assert_int_equal(ask_if("Deny", "{\"StringLike\":{\"aws:RequestTag/a\":\"*\"}}", &request),
                     OC_POLICY_SILENT);
}

/* Two tags that a condition cannot tell apart: the doubt goes against the caller. */
static void tags_that_differ_in_case_only_are_judged_strictly(void **state)
{
    static const char condition[] = "{\"StringEquals\":{\"aws:ResourceTag/env\":\"dev\"}}";
    const struct oc_tag held[] = {{OC_STR("Env"), OC_STR("dev")}, {OC_STR("env"), OC_STR("prod")}};
    const struct oc_tag_list tags = {held, 2, true};
    struct oc_policy_request request = make_request();

    (void)state;
    request.resource_tags = &tags;
    assert_int_equal(ask_if("Allow", condition, &request), OC_POLICY_SILENT);
    assert_int_equal(ask_if("Deny", condition, &request), OC_POLICY_DENY);
}

/* -- principals ------------------------------------------------------------------------------- */

static void a_principal_is_everyone_an_account_or_a_user(void **state)
{
    static const struct {
        const char *principal;
        enum oc_policy_effect want;
    } cases[] = {
        {"\"*\"", OC_POLICY_ALLOW},
        {"{\"AWS\":\"*\"}", OC_POLICY_ALLOW},
        {"{\"AWS\":\"444455556666\"}", OC_POLICY_ALLOW_ACCOUNT},
        {"{\"AWS\":\"arn:aws:iam::444455556666:root\"}", OC_POLICY_ALLOW_ACCOUNT},
        {"{\"AWS\":\"" ALICE "\"}", OC_POLICY_ALLOW},
        {"{\"AWS\":[\"444455556666\",\"" ALICE "\"]}", OC_POLICY_ALLOW},
        {"{\"AWS\":\"arn:aws:iam::444455556666:user/bob\"}", OC_POLICY_SILENT},
        {"{\"AWS\":\"arn:aws:iam::444455556666:user/alice2\"}", OC_POLICY_SILENT},
        {"{\"AWS\":\"777788889999\"}", OC_POLICY_SILENT},
    };
    struct oc_policy_request request = make_request();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text),
                       "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"bedrock:*\",\"Resource\":"
                       "\"*\",\"Principal\":%s}}",
                       cases[i].principal);
        if (ask(OC_POLICY_RESOURCE, text, &request) != cases[i].want)
            fail_msg("%s", cases[i].principal);
    }
}

static void a_denied_account_is_denied_whoever_else_is_allowed(void **state)
{
    struct oc_policy_request request = make_request();

    (void)state;
    assert_int_equal(ask(OC_POLICY_RESOURCE,
                         "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*"
                         "\",\"Principal\":\"*\"},"
                         "{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Principal\":{"
                         "\"AWS\":\"444455556666\"}}]}",
                         &request),
                     OC_POLICY_DENY);
}

static void the_accounts_of_allow_statements_can_be_listed(void **state)
{
    struct oc_policy *policy =
        compile(OC_POLICY_RESOURCE,
                "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
                "\"Principal\":{\"AWS\":[\"444455556666\",\"arn:aws:iam::111122223333:user/x\"]}},"
                "{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Principal\":{\"AWS\":"
                "\"777788889999\"}},"
                "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Principal\":\"*\"}]}");
    static const char *const want[] = {"444455556666", "111122223333", "*"};
    struct oc_slice got;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(oc_policy_allowed_account(policy, i, &got));
        assert_true(oc_slice_eq_str(got, want[i]));
    }
    assert_false(oc_policy_allowed_account(policy, 3, &got));
    oc_policy_free(policy);
}

/* -- refusals --------------------------------------------------------------------------------- */

static void what_is_not_understood_is_refused_by_name(void **state)
{
#define S(rest)                                                                                    \
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\"" rest "}}"
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "Invalid policy: "},
        {"{\"Statement\":[],\"Statement\":[]}", "Invalid policy: "},
        {"[]", "Invalid policy: it is not a JSON object"},
        {"{}", "Invalid policy: 'Statement' is missing"},
        {"{\"Statement\":[]}", "Invalid policy: 'Statement' is an empty list"},
        {"{\"Statement\":[1]}", "Invalid policy: statement 1: is not an object"},
        {"{\"Version\":\"2020-01-01\",\"Statement\":[]}",
         "Invalid policy: the Version '2020-01-01' is not supported"},
        {"{\"Version\":2012,\"Statement\":[]}", "Invalid policy: 'Version' must be a text"},
        {"{\"Extra\":1,\"Statement\":[]}",
         "Invalid policy: the element 'Extra' is not supported here"},
        {"{\"statement\":{}}", "Invalid policy: the element 'statement' is not supported here"},
        {S(",\"NotAction\":\"x\""),
         "Invalid policy: statement 1: the element 'NotAction' is not supported here"},
        {S(",\"NotResource\":\"x\""),
         "Invalid policy: statement 1: the element 'NotResource' is not supported here"},
        {S(",\"NotPrincipal\":\"x\""),
         "Invalid policy: statement 1: the element 'NotPrincipal' is not"},
        {S(",\"Sid\":5"), "Invalid policy: statement 1: 'Sid' must be a text"},
        {S(",\"Principal\":\"*\""),
         "Invalid policy: statement 1: 'Principal' has no place in an identity policy"},
        {"{\"Statement\":{\"Action\":\"a:b\",\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Effect' is missing"},
        {"{\"Statement\":{\"Effect\":\"allow\",\"Action\":\"a:b\",\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Effect' must be 'Allow' or 'Deny', not 'allow'"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Action' is missing"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\"}}",
         "Invalid policy: statement 1: 'Resource' is missing"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Action' is an empty list"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[1],\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Action' must be a text or a list of texts"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"\",\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Action' has an empty text"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"Get\",\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Action': 'Get' is neither '*' nor of the form"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b:c\",\"Resource\":\"*\"}}",
         "Invalid policy: statement 1: 'Action': 'a:b:c' is neither"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"model\"}}",
         "Invalid policy: statement 1: 'Resource': 'model' is neither '*' nor an ARN"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"arn:${aws:"
         "username}\"}}",
         "Invalid policy: statement 1: 'Resource': variables as in 'arn:${aws:username}' are not "
         "supported"},
        {S(",\"Condition\":{}"),
         "Invalid policy: statement 1: 'Condition' must be an object with at least one operator"},
        {S(",\"Condition\":[]"), "Invalid policy: statement 1: 'Condition' must be an object"},
        {S(",\"Condition\":{\"StringEquals\":{}}"),
         "Invalid policy: statement 1: 'Condition': each operator must be"},
        {S(",\"Condition\":{\"StringNotEquals\":{\"aws:RequestedRegion\":\"x\"}}"),
         "Invalid policy: statement 1: the condition operator 'StringNotEquals' is not supported"},
        {S(",\"Condition\":{\"StringEqualsIfExists\":{\"aws:RequestedRegion\":\"x\"}}"),
         "Invalid policy: statement 1: the condition operator 'StringEqualsIfExists' is not "
         "supported"},
        {S(",\"Condition\":{\"ForAllValues:StringEquals\":{\"aws:TagKeys\":\"x\"}}"),
         "Invalid policy: statement 1: the condition operator 'ForAllValues:StringEquals' is not "
         "supported"},
        {S(",\"Condition\":{\"StringEquals\":{\"aws:SourceIp\":\"x\"}}"),
         "Invalid policy: statement 1: the condition key 'aws:SourceIp' is not supported"},
        {S(",\"Condition\":{\"StringEquals\":{\"aws:TagKeys\":\"x\"}}"),
         "Invalid policy: statement 1: the condition key 'aws:TagKeys' is not supported"},
        {S(",\"Condition\":{\"StringEquals\":{\"aws:RequestTag/\":\"x\"}}"),
         "Invalid policy: statement 1: the condition key 'aws:RequestTag/' is not supported"},
        {S(",\"Condition\":{\"StringEquals\":{\"aws:RequestedRegionX\":\"x\"}}"),
         "Invalid policy: statement 1: the condition key 'aws:RequestedRegionX' is not supported"},
        {S(",\"Condition\":{\"StringEquals\":{\"aws:RequestedRegion\":[]}}"),
         "Invalid policy: statement 1: 'Condition' is an empty list"},
        {S(",\"Condition\":{\"StringEquals\":{\"aws:RequestedRegion\":true}}"),
         "Invalid policy: statement 1: 'Condition' must be a text or a list of texts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_policy *policy = NULL;
        struct oc_err err = {0};

        assert_int_equal(
            oc_policy_parse(OC_POLICY_IDENTITY, oc_slice_of(cases[i].text), &policy, &err),
            OC_EINVAL);
        assert_string_equal(err.name, "ValidationException");
        if (strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s: got: %s", cases[i].text, err.text);
        assert_null(policy);
    }
#undef S
}

static void principals_that_are_not_understood_are_refused(void **state)
{
    static const char *const principals[] = {
        "\"444455556666\"",
        "{}",
        "{\"AWS\":[]}",
        "{\"Service\":\"bedrock.amazonaws.com\"}",
        "{\"AWS\":\"*\",\"Federated\":\"x\"}",
        "{\"AWS\":\"44445555666\"}",
        "{\"AWS\":\"arn:aws:iam::444455556666:role/x\"}",
        "{\"AWS\":\"arn:aws:iam::444455556666:user/*\"}",
        "{\"AWS\":\"arn:aws:sts::444455556666:user/x\"}",
        "{\"AWS\":\"arn:aws:iam:::root\"}",
        "{\"AWS\":\"arn:aws:iam::444455556666:user/a/b\"}",
        "[\"*\"]",
        "5",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(principals) / sizeof(principals[0]); i++) {
        struct oc_policy *policy = NULL;
        struct oc_err err = {0};
        char text[512];

        (void)snprintf(text, sizeof(text),
                       "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\","
                       "\"Principal\":%s}}",
                       principals[i]);
        if (oc_policy_parse(OC_POLICY_RESOURCE, oc_slice_of(text), &policy, &err) != OC_EINVAL)
            fail_msg("%s", principals[i]);
    }
    struct oc_policy *policy = NULL;
    struct oc_err err = {0};
    assert_int_equal(
        oc_policy_parse(OC_POLICY_RESOURCE, OC_STR(OC_POLICY_ADMINISTRATOR), &policy, &err),
        OC_EINVAL);
    assert_string_equal(err.text, "Invalid policy: statement 1: 'Principal' is missing");
}

static void a_policy_over_the_limit_is_refused(void **state)
{
    struct oc_policy *policy = NULL;
    struct oc_err err = {0};
    char *text = malloc(OC_POLICY_MAX + 1);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', OC_POLICY_MAX + 1);
    memcpy(text, OC_POLICY_ADMINISTRATOR, strlen(OC_POLICY_ADMINISTRATOR));
    assert_int_equal(
        oc_policy_parse(OC_POLICY_IDENTITY, (struct oc_slice){text, OC_POLICY_MAX}, &policy, &err),
        OC_OK);
    oc_policy_free(policy);
    assert_int_equal(oc_policy_parse(OC_POLICY_IDENTITY, (struct oc_slice){text, OC_POLICY_MAX + 1},
                                     &policy, &err),
                     OC_EINVAL);
    free(text);
}

/* -- wildcards -------------------------------------------------------------------------------- */

/* The definition, by trying everything: slow, but plainly right. */
static bool plain_match(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return plain_match(pattern + 1, text) || (*text && plain_match(pattern, text + 1));
    return *text && (*pattern == '?' || *pattern == *text) && plain_match(pattern + 1, text + 1);
}

static void wildcards_agree_with_their_definition(void **state)
{
    static const char pattern_bytes[] = "ab*?*", text_bytes[] = "ab";

    (void)state;
    srand(7);
    for (int i = 0; i < 200000; i++) {
        char pattern[9] = "", text[13] = "";
        size_t m = (size_t)(rand() % 9), n = (size_t)(rand() % 13);

        for (size_t k = 0; k < m && k < 8; k++)
            pattern[k] = pattern_bytes[rand() % 5];
        for (size_t k = 0; k < n && k < 12; k++)
            text[k] = text_bytes[rand() % 2];
        if (oc_wildcard_match(oc_slice_of(pattern), oc_slice_of(text)) !=
            plain_match(pattern, text))
            fail_msg("'%s' '%s'", pattern, text);
    }
}

/* Backtracking matchers take longer than the universe for this one. */
static void hostile_patterns_take_no_time(void **state)
{
    char pattern[4000], text[1000];

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(pattern); i += 4)
        memcpy(pattern + i, "*a?a", 4);
    pattern[sizeof(pattern) - 1] = 'b';
    for (int i = 0; i < 1000; i++)
        assert_false(oc_wildcard_match((struct oc_slice){pattern, sizeof(pattern)},
                                       (struct oc_slice){text, sizeof(text)}));
}

static void exhausted_memory_is_an_error(void **state)
{
    static const char text[] =
        "{\"Version\":\"2012-10-17\",\"Id\":\"x\",\"Statement\":[{\"Sid\":\"s\",\"Effect\":"
        "\"Allow\",\"Action\":[\"a:b\",\"c:d\"],"
        "\"Resource\":\"*\",\"Principal\":{\"AWS\":\"444455556666\"},"
        "\"Condition\":{\"StringLike\":{\"aws:RequestTag/k\":[\"v\",\"w\"]}}}]}";
    unsigned fired = 1;

    (void)state;
    for (unsigned nth = 1; fired > 0; nth++) {
        struct oc_policy *policy = NULL;
        struct oc_err err = {0};

        oc_fault_arm(OC_FAULT_ALLOC, nth, nth % 2 ? OC_FAULT_ONCE : OC_FAULT_ALWAYS);
        int rc = oc_policy_parse(OC_POLICY_RESOURCE, oc_slice_of(text), &policy, &err);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_int_equal(rc, fired ? OC_ENOMEM : OC_OK);
        assert_true(fired ? policy == NULL : policy != NULL);
        oc_policy_free(policy);
        assert_true(nth < 1000);
    }
}

static void only_everything_without_exception_is_unrestricted(void **state)
{
#define STATEMENT(rest) "{\"Version\":\"2012-10-17\",\"Statement\":[{" rest "}]}"
    static const struct {
        const char *text;
        bool all;
    } cases[] = {
        {OC_POLICY_ADMINISTRATOR, true},
        {STATEMENT("\"Effect\":\"Allow\",\"Action\":[\"bedrock:*\",\"*\"],\"Resource\":\"*\""),
         true},
        {STATEMENT("\"Effect\":\"Allow\",\"Action\":\"bedrock:*\",\"Resource\":\"*\""), false},
        {STATEMENT("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:*\""), false},
        {STATEMENT("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{"
                   "\"StringEquals\":{\"aws:RequestedRegion\":\"eu-west-1\"}}"),
         false},
        {STATEMENT("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},{\"Effect\":\"Deny\","
                   "\"Action\":\"bedrock:DeleteCustomModel\",\"Resource\":\"*\""),
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_policy *policy = compile(OC_POLICY_IDENTITY, cases[i].text);

        assert_int_equal(oc_policy_is_unrestricted(policy), cases[i].all);
        oc_policy_free(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_administrator_may_do_everything),
        cmocka_unit_test(only_everything_without_exception_is_unrestricted),
        cmocka_unit_test(statements_add_up_and_a_deny_wins),
        cmocka_unit_test(request_to_come_meets_conditions_of_an_allow_and_none_of_a_deny),
        cmocka_unit_test(actions_match_in_any_case_and_resources_exactly),
        cmocka_unit_test(a_resource_pattern_does_not_cover_operations_without_resource),
        cmocka_unit_test(all_conditions_must_hold_and_any_value_suffices),
        cmocka_unit_test(a_key_that_the_request_lacks_never_holds),
        cmocka_unit_test(tags_that_differ_in_case_only_are_judged_strictly),
        cmocka_unit_test(a_principal_is_everyone_an_account_or_a_user),
        cmocka_unit_test(a_denied_account_is_denied_whoever_else_is_allowed),
        cmocka_unit_test(the_accounts_of_allow_statements_can_be_listed),
        cmocka_unit_test(what_is_not_understood_is_refused_by_name),
        cmocka_unit_test(principals_that_are_not_understood_are_refused),
        cmocka_unit_test(a_policy_over_the_limit_is_refused),
        cmocka_unit_test(wildcards_agree_with_their_definition),
        cmocka_unit_test(hostile_patterns_take_no_time),
        cmocka_unit_test(exhausted_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
