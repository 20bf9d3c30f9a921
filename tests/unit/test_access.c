/* The access decision: identity and resource policies together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "auth/access.h"

#define MINE   "444455556666"
#define THEIRS "111122223333"
#define ALICE  "arn:aws:iam::444455556666:user/alice"
#define MODEL  "arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/abcdefghij12"
#define REFUSED                                                                                    \
    "User: " ALICE " is not authorized to perform: bedrock:CreateModelCopyJob on resource: " MODEL \
    " "
#define STATEMENT(effect, more)                                                                    \
    "{\"Statement\":{\"Effect\":\"" effect "\",\"Action\":\"bedrock:*\",\"Resource\":\"*\"" more   \
    "}}"

static const char *const identities[] = {NULL, STATEMENT("Allow", ""), STATEMENT("Deny", "")};
static const char *const resources[] = {
    NULL,
    STATEMENT("Allow", ",\"Principal\":{\"AWS\":\"" MINE "\"}"),
    STATEMENT("Allow", ",\"Principal\":{\"AWS\":\"" ALICE "\"}"),
    STATEMENT("Allow", ",\"Principal\":\"*\""),
    STATEMENT("Deny", ",\"Principal\":\"*\""),
    STATEMENT("Allow", ",\"Principal\":{\"AWS\":\"999999999999\"}"),
};

enum { ALLOW, NO_IDENTITY, NO_RESOURCE, DENY_IDENTITY, DENY_RESOURCE };

static const char *const texts[] = {
    [NO_IDENTITY] =
        REFUSED "because no identity-based policy allows the bedrock:CreateModelCopyJob action",
    [NO_RESOURCE] =
        REFUSED "because no resource-based policy allows the bedrock:CreateModelCopyJob action",
    [DENY_IDENTITY] = REFUSED "with an explicit deny in an identity-based policy",
    [DENY_RESOURCE] = REFUSED "with an explicit deny in a resource-based policy",
};

/* What must come out, by identity policy (none, allow, deny) and resource policy (as above). */
static const int same_account[3][6] = {
    {NO_IDENTITY, NO_IDENTITY, ALLOW, ALLOW, DENY_RESOURCE, NO_IDENTITY},
    {ALLOW, ALLOW, ALLOW, ALLOW, DENY_RESOURCE, ALLOW},
    {DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY},
};
static const int other_account[3][6] = {
    {NO_IDENTITY, NO_IDENTITY, NO_IDENTITY, NO_IDENTITY, NO_IDENTITY, NO_IDENTITY},
    {NO_RESOURCE, ALLOW, ALLOW, ALLOW, NO_RESOURCE, NO_RESOURCE},
    {DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY, DENY_IDENTITY},
};

static struct oc_policy *compile(enum oc_policy_kind kind, const char *text)
{
    struct oc_policy *policy = NULL;
    struct oc_err err = {0};

    if (text)
        assert_int_equal(oc_policy_parse(kind, oc_slice_of(text), &policy, &err), OC_OK);
    return policy;
}

static void assert_decision(const char *identity, const char *resource, struct oc_slice owner,
                            int want)
{
    struct oc_policy *own = compile(OC_POLICY_IDENTITY, identity);
    struct oc_policy *other = compile(OC_POLICY_RESOURCE, resource);
    const struct oc_caller caller = {.account = OC_STR(MINE),
                                     .user_arn = OC_STR(ALICE),
                                     .region = OC_STR("eu-west-1"),
                                     .policy = own};
    const struct oc_access_request request = {.action = OC_STR("bedrock:CreateModelCopyJob"),
                                              .resource = OC_STR(MODEL),
                                              .resource_account = owner,
                                              .resource_policy = other};
    struct oc_err err = {0};
    int rc = oc_access_decide(&caller, &request, &err);

    if (want == ALLOW) {
        assert_int_equal(rc, OC_OK);
    } else {
        assert_int_equal(rc, OC_EDENIED);
        assert_string_equal(err.name, "AccessDeniedException");
        assert_string_equal(err.text, texts[want]);
    }
    oc_policy_free(own);
    oc_policy_free(other);
}

static void every_pair_of_policies_is_decided_as_aws_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 6; k++) {
            assert_decision(identities[i], resources[k], OC_STR(MINE), same_account[i][k]);
            assert_decision(identities[i], resources[k], (struct oc_slice){0}, same_account[i][k]);
            assert_decision(identities[i], resources[k], OC_STR(THEIRS), other_account[i][k]);
        }
    }
}

static void the_requested_region_is_the_callers_unless_another_is_named(void **state)
{
    struct oc_policy *policy = compile(
        OC_POLICY_IDENTITY,
        STATEMENT("Allow",
                  ",\"Condition\":{\"StringEquals\":{\"aws:RequestedRegion\":\"eu-west-1\"}}"));
    struct oc_caller caller = {.account = OC_STR(MINE),
                               .user_arn = OC_STR(ALICE),
                               .region = OC_STR("eu-west-1"),
                               .policy = policy};
    struct oc_access_request request = {.action = OC_STR("bedrock:GetCustomModel"),
                                        .resource = OC_STR(MODEL)};
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_access_decide(&caller, &request, &err), OC_OK);
    request.requested_region = OC_STR("us-east-1");
    assert_int_equal(oc_access_decide(&caller, &request, &err), OC_EDENIED);
    oc_policy_free(policy);
}

static void tags_of_another_accounts_resource_count_only_when_it_lets_the_caller_in(void **state)
{
    static const char secret[] = STATEMENT(
        "Deny", ",\"Condition\":{\"StringEquals\":{\"aws:ResourceTag/kind\":\"secret\"}}");
    const struct oc_tag tag = {OC_STR("kind"), OC_STR("secret")};
    const struct oc_tag_list tags = {&tag, 1, true};
    struct oc_policy *own = compile(OC_POLICY_IDENTITY, secret);
    struct oc_policy *open = compile(OC_POLICY_RESOURCE, resources[2]);
    struct oc_policy *closed = compile(OC_POLICY_RESOURCE, resources[4]);
    const struct oc_caller caller = {
        .account = OC_STR(MINE), .user_arn = OC_STR(ALICE), .policy = own};
    const struct oc_policy *const policies[] = {NULL, closed, open};
    static const int want[] = {NO_IDENTITY, NO_IDENTITY, DENY_IDENTITY};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct oc_err err = {0};
        assert_int_equal(oc_access_decide(&caller,
                                          &(struct oc_access_request){
                                              .action = OC_STR("bedrock:CreateModelCopyJob"),
                                              .resource = OC_STR(MODEL),
                                              .resource_account = OC_STR(THEIRS),
                                              .resource_tags = &tags,
                                              .resource_policy = policies[i]},
                                          &err),
                         OC_EDENIED);
        assert_string_equal(err.text, texts[want[i]]);
    }
    oc_policy_free(own);
    oc_policy_free(open);
    oc_policy_free(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_of_another_accounts_resource_count_only_when_it_lets_the_caller_in),
        cmocka_unit_test(every_pair_of_policies_is_decided_as_aws_does),
        cmocka_unit_test(the_requested_region_is_the_callers_unless_another_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
