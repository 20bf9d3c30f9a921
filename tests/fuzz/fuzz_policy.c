/*
 * Policies: any bytes are refused with a named error, or compile to a policy that can be evaluated;
 * and a second compilation decides the same.
 */
#include <stdlib.h>

#include "model/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static enum oc_policy_effect evaluate(const struct oc_policy *policy)
{
    static const struct oc_tag tags[] = {{{"team", 4}, {"ml", 2}}, {{"Team", 4}, {"x", 1}}};
    const struct oc_tag_list list = {tags, 2, true};
    const struct oc_policy_request request = {
        .action = OC_STR("bedrock:CreateModelCopyJob"),
        .resource =
            OC_STR("arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/abcdefghij12"),
        .principal_account = OC_STR("444455556666"),
        .principal_arn = OC_STR("arn:aws:iam::444455556666:user/alice"),
        .requested_region = OC_STR("eu-west-1"),
        .request_tags = &list,
        .resource_tags = &list};

    return oc_policy_evaluate(policy, &request);
}

static void check(enum oc_policy_kind kind, struct oc_slice text)
{
    struct oc_policy *first = NULL, *second = NULL;
    struct oc_slice account;
    struct oc_err err = {0};

    if (oc_policy_parse(kind, text, &first, &err) < 0) {
        require(err.rc == OC_EINVAL && err.name && err.text[0]);
        return;
    }
    require(oc_policy_parse(kind, text, &second, &err) == OC_OK);
    require(evaluate(first) == evaluate(second));
    for (size_t i = 0; oc_policy_allowed_account(first, i, &account); i++)
        require(account.len == 12 || account.len == 1);
    oc_policy_free(first);
    oc_policy_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_slice text = {(const char *)data, size}, pattern;

    check(OC_POLICY_IDENTITY, text);
    check(OC_POLICY_RESOURCE, text);
    pattern = oc_slice_cut(&text, '\n');
    if (text.ptr)
        (void)oc_wildcard_match(pattern, text); /* for the sanitizers */
    return 0;
}
