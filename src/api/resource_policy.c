/*
 * PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: what lets another account copy a
 * model.
 *
 * Beside the document stands one share record for each account that its Allow statements name, so
 * that an account finds what is shared with it without reading every policy.
 */
#include "api/models.h"

#include "base/json.h"

/* The policy of a model is its owner's alone: sharing on is not possible. */
static int find_own(struct oc_call *call, struct oc_read *read, struct oc_slice arn,
                    struct oc_found_model *ret, struct oc_err *err)
{
    struct oc_arn parsed;

    if (!oc_arn_parse(arn, &parsed) || !oc_arn_is(&parsed, "bedrock", "custom-model"))
        return oc_fail_invalid(
            err, "The resource %.*s cannot have a policy here: give the ARN of a custom model.",
            OC_FMT(arn));
    return oc_models_find_own(call, read, arn, ret, err);
}

static struct oc_slice share_key(struct oc_call *call, struct oc_slice account,
                                 struct oc_slice resource_arn)
{
    struct oc_arn arn = {0};

    (void)oc_arn_parse(resource_arn, &arn); /* it is the ARN of a model that was found */
    return oc_key_join(call->arena, (struct oc_slice[]){account, arn.region, resource_arn}, 3);
}

/* Put or delete the share records of a document. */
static int change_shares(struct oc_call *call, struct oc_tx *tx, struct oc_slice resource_arn,
                         const struct oc_policy *policy, bool put, struct oc_err *err)
{
    struct oc_slice account;
    int rc = OC_OK;

    for (size_t i = 0; rc >= 0 && oc_policy_allowed_account(policy, i, &account); i++) {
        struct oc_slice key = share_key(call, account, resource_arn);
        if (!key.ptr)
            return oc_fail_nomem(err);
        rc = put ? oc_tx_put(tx, OC_RECORD_SHARE, key, resource_arn, err)
                 : oc_tx_delete(tx, OC_RECORD_SHARE, key, err);
    }
    return rc;
}

int oc_policy_records_delete(struct oc_call *call, struct oc_tx *tx, struct oc_slice resource_arn,
                             struct oc_err *err)
{
    OC_AUTO(oc_policy_freep) struct oc_policy *policy = NULL;
    struct oc_slice key = oc_models_policy_key(call, resource_arn), document;

    int rc = key.ptr ? oc_read_get(oc_tx_read(tx), OC_RECORD_POLICY, key, &document, err)
                     : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc >= 0)
        rc = oc_policy_parse(OC_POLICY_RESOURCE, document, &policy, err);
    if (rc >= 0)
        rc = change_shares(call, tx, resource_arn, policy, false, err);
    return rc < 0 ? rc : oc_tx_delete(tx, OC_RECORD_POLICY, key, err);
}

/* -- Put ----------------------------------------------------------------------------------------
 */

static int apply_put(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_put_resource_policy_in *in = call->in;
    OC_AUTO(oc_policy_freep) struct oc_policy *policy = NULL;
    struct oc_slice key = oc_models_policy_key(call, in->resource_arn);
    struct oc_found_model found;
    struct oc_jw w;

    oc_buf_reset(&call->out);
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "resourceArn", in->resource_arn);
    oc_jw_object_end(&w);
    int rc = find_own(call, oc_tx_read(tx), in->resource_arn, &found, err);
    if (rc >= 0)
        rc = oc_policy_parse(OC_POLICY_RESOURCE, in->resource_policy, &policy, err);
    if (rc >= 0)
        rc = key.ptr ? oc_policy_records_delete(call, tx, in->resource_arn, err)
                     : oc_fail_nomem(err);
    if (rc >= 0)
        rc = change_shares(call, tx, in->resource_arn, policy, true, err);
    return rc < 0 ? rc : oc_tx_put(tx, OC_RECORD_POLICY, key, in->resource_policy, err);
}

int oc_call_put_resource_policy(struct oc_call *call, struct oc_err *err)
{
    (void)err;
    return oc_call_write(call, apply_put);
}

/* -- Get ----------------------------------------------------------------------------------------
 */

int oc_call_get_resource_policy(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_resource_policy_in *in = call->in;
    struct oc_found_model found;
    struct oc_jw w;

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = find_own(call, call->read, in->resource_arn, &found, err);
    if (rc < 0)
        return rc;
    if (!found.policy.ptr)
        return oc_fail_not_found(err, "The model %.*s has no resource policy.",
                                 OC_FMT(in->resource_arn));
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "resourcePolicy", found.policy);
    oc_jw_object_end(&w);
    return OC_OK;
}

/* -- Delete -------------------------------------------------------------------------------------
 */

static int apply_delete(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_delete_resource_policy_in *in = call->in;
    struct oc_found_model found;

    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    int rc = find_own(call, oc_tx_read(tx), in->resource_arn, &found, err);
    if (rc < 0)
        return rc;
    if (!found.policy.ptr)
        return oc_fail_not_found(err, "The model %.*s has no resource policy.",
                                 OC_FMT(in->resource_arn));
    return oc_policy_records_delete(call, tx, in->resource_arn, err);
}

int oc_call_delete_resource_policy(struct oc_call *call, struct oc_err *err)
{
    (void)err;
    return oc_call_write(call, apply_delete);
}
