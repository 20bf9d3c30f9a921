/* The access decision. The rules are in access.h. */
#include "auth/access.h"

static int refuse(const struct oc_caller *caller, const struct oc_access_request *request,
                  const char *why, struct oc_err *err)
{
    return oc_fail_as(err, OC_EDENIED, "AccessDeniedException",
                      "User: %.*s is not authorized to perform: %.*s on resource: %.*s %s",
                      OC_FMT(caller->user_arn), OC_FMT(request->action), OC_FMT(request->resource),
                      why);
}

static int refuse_unallowed(const struct oc_caller *caller, const struct oc_access_request *request,
                            const char *policy, struct oc_err *err)
{
    return oc_fail_as(err, OC_EDENIED, "AccessDeniedException",
                      "User: %.*s is not authorized to perform: %.*s on resource: %.*s because no "
                      "%s policy allows the %.*s action",
                      OC_FMT(caller->user_arn), OC_FMT(request->action), OC_FMT(request->resource),
                      policy, OC_FMT(request->action));
}

int oc_access_decide(const struct oc_caller *caller, const struct oc_access_request *request,
                     struct oc_err *err)
{
    struct oc_policy_request asked = {
        .action = request->action,
        .resource = request->resource,
        .principal_account = caller->account,
        .principal_arn = caller->user_arn,
        .requested_region =
            request->requested_region.ptr ? request->requested_region : caller->region,
        .request_tags = request->request_tags,
        .resource_tags = request->resource_tags,
    };
    enum oc_policy_effect identity = OC_POLICY_SILENT, resource = OC_POLICY_SILENT;
    bool own =
        !request->resource_account.ptr || oc_slice_eq(request->resource_account, caller->account);

    if (request->resource_policy)
        resource = oc_policy_evaluate(request->resource_policy, &asked);
    if (!own && (resource == OC_POLICY_DENY || resource == OC_POLICY_SILENT)) {
        resource = OC_POLICY_SILENT;
        asked.resource_tags = NULL;
    }
    if (caller->policy)
        identity = oc_policy_evaluate(caller->policy, &asked);
    if (identity == OC_POLICY_DENY)
        return refuse(caller, request, "with an explicit deny in an identity-based policy", err);
    if (resource == OC_POLICY_DENY)
        return refuse(caller, request, "with an explicit deny in a resource-based policy", err);
    if (own && resource == OC_POLICY_ALLOW)
        return OC_OK;
    if (identity != OC_POLICY_ALLOW)
        return refuse_unallowed(caller, request, "identity-based", err);
    if (!own && resource == OC_POLICY_SILENT)
        return refuse_unallowed(caller, request, "resource-based", err);
    return OC_OK;
}
