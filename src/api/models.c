/* What the operations on models share. See models.h. */
#include "api/models.h"

#include <string.h>

/* -- finding ------------------------------------------------------------------------------------
 */

static int fail_no_model(struct oc_err *err, struct oc_slice identifier)
{
    return oc_fail_not_found(err, "The model %.*s does not exist in this account and Region.",
                             OC_FMT(identifier));
}

/* The id that `name` stands for. */
static int find_name(struct oc_call *call, struct oc_read *read, struct oc_slice name,
                     struct oc_slice *ret_id, struct oc_err *err)
{
    struct oc_slice key = oc_key_model_name(call->arena, oc_call_partition(call), name);

    return key.ptr ? oc_read_get(read, OC_RECORD_MODEL_NAME, key, ret_id, err) : oc_fail_nomem(err);
}

/* Who may not ask for a model is not told that there is none: as for an ARN, the policy is asked
 * first, about the ARN that a model of this name might have. */
static int fail_no_name(struct oc_call *call, struct oc_slice name, struct oc_err *err)
{
    struct oc_slice arn =
        oc_arena_printf(call->arena, "arn:aws:bedrock:%.*s:%.*s:custom-model/imported/%.*s",
                        OC_FMT(call->caller.region), OC_FMT(call->caller.account), OC_FMT(name));
    int rc = arn.ptr ? oc_call_allow(call, &(struct oc_call_resource){.arn = arn}, err)
                     : oc_fail_nomem(err);

    return rc < 0 ? rc : fail_no_model(err, name);
}

/* From an ARN or a name to the partition and id; `ret->arn` is what a policy is asked about. */
static int locate(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                  struct oc_partition *ret_partition, struct oc_slice *ret_id, struct oc_err *err)
{
    struct oc_arn arn;

    *ret_partition = oc_call_partition(call);
    if (!oc_slice_has_prefix(identifier, OC_STR("arn:"))) {
        int rc = find_name(call, read, identifier, ret_id, err);
        return rc == OC_ENOTFOUND ? fail_no_name(call, identifier, err) : rc;
    }
    if (!oc_arn_parse(identifier, &arn) || !oc_slice_eq_str(arn.kind, "custom-model") ||
        !oc_slice_eq(arn.region, call->caller.region))
        return fail_no_model(err, identifier);
    ret_partition->account = arn.account;
    *ret_id = arn.id;
    return OC_OK;
}

/* The record and its ARN; an ARN with another base part than the record's names no model. */
int oc_models_load(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                   struct oc_found_model *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};

    int rc = oc_call_get_copy(call, read, OC_RECORD_MODEL, ret->key, &ret->record, err);
    if (rc < 0 || !ret->record.ptr)
        return rc;
    rc = oc_model_decode(ret->record, call->arena, &ret->model, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&arn, OC_ARN_MAX);
    oc_model_put_arn(&arn, &ret->model);
    if (oc_slice_has_prefix(identifier, OC_STR("arn:")) &&
        !oc_slice_eq(oc_buf_slice(&arn), identifier))
        return OC_OK;
    ret->arn = oc_arena_copy(call->arena, oc_buf_slice(&arn));
    return ret->arn.ptr ? OC_OK : oc_fail_nomem(err);
}

static int load_policy(struct oc_call *call, struct oc_read *read, struct oc_slice arn,
                       struct oc_slice *ret, struct oc_err *err)
{
    struct oc_slice key = oc_models_policy_key(call, arn);

    return key.ptr ? oc_call_get_copy(call, read, OC_RECORD_POLICY, key, ret, err)
                   : oc_fail_nomem(err);
}

/* Another account's model without a policy is not even looked up: neither text nor time nor its
 * tags may tell whether it exists. */
static int find_at(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                   struct oc_partition partition, struct oc_slice id, struct oc_found_model *ret,
                   struct oc_err *err)
{
    struct oc_found_model found = {.key = oc_key_model(call->arena, partition, id)};
    bool own = oc_slice_eq(partition.account, call->caller.account);

    int rc = found.key.ptr ? OC_OK : oc_fail_nomem(err);
    if (rc >= 0 && !own)
        rc = load_policy(call, read, identifier, &found.policy, err);
    if (rc >= 0 && (own || found.policy.ptr))
        rc = oc_models_load(call, read, identifier, &found, err);
    if (rc >= 0 && own && found.arn.ptr)
        rc = load_policy(call, read, found.arn, &found.policy, err);
    if (rc < 0)
        return rc;
    rc = oc_call_allow(call,
                       &(struct oc_call_resource){.arn = found.arn.ptr ? found.arn : identifier,
                                                  .account = partition.account,
                                                  .resource_tags = &found.model.tags,
                                                  .policy = found.policy},
                       err);
    if (rc < 0)
        return rc;
    if (!found.arn.ptr)
        return fail_no_model(err, identifier);
    *ret = found;
    return OC_OK;
}

int oc_models_find(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                   struct oc_found_model *ret, struct oc_err *err)
{
    struct oc_partition partition;
    struct oc_slice id;

    int rc = locate(call, read, identifier, &partition, &id, err);
    return rc < 0 ? rc : find_at(call, read, identifier, partition, id, ret, err);
}

int oc_models_find_own(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                       struct oc_found_model *ret, struct oc_err *err)
{
    int rc = oc_models_find(call, read, identifier, ret, err);

    if (rc >= 0 && !oc_slice_eq(ret->model.partition.account, call->caller.account))
        return oc_fail_as(
            err, OC_EDENIED, "AccessDeniedException",
            "User: %.*s is not authorized to perform: %s on resource: %.*s because it belongs to "
            "another account",
            OC_FMT(call->caller.user_arn), call->op->action, OC_FMT(identifier));
    return rc;
}

int oc_models_find_arn(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                       const struct oc_arn *arn, struct oc_found_model *ret, struct oc_err *err)
{
    return find_at(call, read, identifier, (struct oc_partition){arn->account, arn->region},
                   arn->id, ret, err);
}

int oc_models_check_name(struct oc_call *call, struct oc_read *read, struct oc_slice name,
                         struct oc_err *err)
{
    struct oc_slice id;

    int rc = find_name(call, read, name, &id, err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0)
        return rc;
    return oc_fail_conflict(err,
                            "A model named %.*s exists already in this account and Region: choose "
                            "another name or delete it first.",
                            OC_FMT(name));
}

int oc_models_drop_gone(struct oc_call *call, struct oc_read *read, struct oc_slice *id,
                        struct oc_err *err)
{
    struct oc_slice key, record;

    if (!id->ptr)
        return OC_OK;
    key = oc_key_model(call->arena, oc_call_partition(call), *id);
    int rc = key.ptr ? oc_read_get(read, OC_RECORD_MODEL, key, &record, err) : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND) /* an upload stands under the same key */
        rc = oc_read_get(read, OC_RECORD_UPLOAD, key, &record, err);
    if (rc == OC_ENOTFOUND)
        *id = (struct oc_slice){0};
    return rc == OC_ENOTFOUND ? OC_OK : rc;
}

/* -- recording ----------------------------------------------------------------------------------
 */

static int put_task(struct oc_call *call, struct oc_tx *tx, const struct oc_task *task,
                    struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice key = oc_key_task(call->arena, task->target, task->model_id);

    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    oc_task_encode(&record, task);
    if (!key.ptr || record.failed)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_TASK, key, oc_buf_slice(&record), err);
}

int oc_models_put(struct oc_call *call, struct oc_tx *tx, const struct oc_model *model,
                  const struct oc_task *task, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice key = oc_key_model(call->arena, model->partition, model->id);
    struct oc_slice order =
        oc_key_model_order(call->arena, model->partition, model->creation_ms, model->id);
    struct oc_slice name = oc_key_model_name(call->arena, model->partition, model->name);

    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    oc_model_encode(&record, model);
    if (!key.ptr || !order.ptr || !name.ptr || record.failed)
        return oc_fail_nomem(err);
    int rc = oc_tx_add(tx, OC_RECORD_MODEL, key, oc_buf_slice(&record), err);
    if (rc == OC_ECONFLICT) /* see model/id.h: possible only after the clock was set back */
        return oc_fail_as(err, OC_EBUSY, "ThrottlingException",
                          "The new model's id was taken: send the request again.");
    if (rc >= 0)
        rc = oc_tx_put(tx, OC_RECORD_MODEL_NAME, name, model->id, err);
    if (rc >= 0)
        rc = oc_tx_put(tx, OC_RECORD_MODEL_ORDER, order, model->name, err);
    if (rc >= 0 && task)
        rc = put_task(call, tx, task, err);
    return rc;
}

int oc_models_delete(struct oc_call *call, struct oc_tx *tx, const struct oc_found_model *found,
                     struct oc_err *err)
{
    const struct oc_model *model = &found->model;
    struct oc_slice order =
        oc_key_model_order(call->arena, model->partition, model->creation_ms, model->id);
    struct oc_slice name = oc_key_model_name(call->arena, model->partition, model->name);

    if (!order.ptr || !name.ptr)
        return oc_fail_nomem(err);
    int rc = oc_idempotency_delete(call, tx, model, err);
    if (rc >= 0)
        rc = oc_tx_delete(tx, OC_RECORD_MODEL, found->key, err);
    if (rc >= 0)
        rc = oc_tx_delete(tx, OC_RECORD_MODEL_ORDER, order, err);
    if (rc >= 0)
        rc = oc_tx_delete(tx, OC_RECORD_VERIFICATION, found->key, err);
    if (rc >= 0)
        rc = oc_tx_delete(tx, OC_RECORD_COPIES, found->key, err);
    if (rc >= 0 && model->status == OC_MODEL_ACTIVE) /* a Failed model holds no name */
        rc = oc_tx_delete(tx, OC_RECORD_MODEL_NAME, name, err);
    return rc;
}

void oc_models_answer(struct oc_call *call, const struct oc_model *model)
{
    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{\"modelArn\":\"");
    oc_model_put_arn(&call->out, model);
    oc_buf_put_str(&call->out, "\"}");
}

/* -- input --------------------------------------------------------------------------------------
 */

int oc_models_check_tags(const struct oc_tag_list *tags, struct oc_slice resource,
                         struct oc_err *err)
{
    if (tags->count > OC_TAGS_MAX)
        return oc_fail_too_many_tags(err, resource, tags->count);
    return oc_tags_validate(tags, err);
}

int oc_models_resolve_key(struct oc_call *call, struct oc_slice name, struct oc_key_info *ret,
                          struct oc_err *err)
{
    struct oc_err cause = {0};

    int rc = oc_keys_resolve(call->api->keys, call->caller.account, call->caller.region, name,
                             call->arena, ret, &cause);
    if (rc == OC_ENOTFOUND || rc == OC_EDENIED)
        return oc_fail_invalid(err, "%s", cause.text);
    if (rc < 0)
        *err = cause;
    return rc;
}

struct oc_slice oc_models_policy_key(struct oc_call *call, struct oc_slice resource_arn)
{
    return oc_key_join(call->arena, &resource_arn, 1);
}

struct oc_slice oc_models_base_arn(struct oc_call *call, struct oc_slice base_model_arn)
{
    return oc_arn_in_region(call->arena, base_model_arn, call->caller.region);
}
