/*
 * Whether a copy between accounts may go on: the engine asks while it runs, and when it ends. The
 * caller's own policy was seen to by CreateModelCopyJob; here it is the share that may be gone.
 */
#include "api/models.h"

#include "base/limits.h"

/* The tags that the copy was asked for with, as its target has them now. */
static int read_target_tags(struct oc_read *read, const struct oc_task *task,
                            struct oc_arena *arena, struct oc_tag_list *ret, struct oc_err *err)
{
    struct oc_slice key = oc_key_model(arena, task->target, task->model_id), record;
    struct oc_model target;

    int rc = key.ptr ? oc_read_get(read, OC_RECORD_MODEL, key, &record, err) : oc_fail_nomem(err);
    if (rc >= 0)
        rc = oc_model_decode(record, arena, &target, err);
    if (rc >= 0)
        *ret = target.tags;
    return rc;
}

/* The source, its ARN and its policy; NULL when it has none. */
static int read_source(struct oc_read *read, const struct oc_task *task, struct oc_arena *arena,
                       struct oc_model *ret, struct oc_buf *ret_arn, struct oc_policy **ret_policy,
                       struct oc_err *err)
{
    struct oc_slice key = oc_key_model(arena, task->source, task->source_model_id), record,
                    document;

    int rc = key.ptr ? oc_read_get(read, OC_RECORD_MODEL, key, &record, err) : oc_fail_nomem(err);
    if (rc >= 0)
        rc = oc_model_decode(record, arena, ret, err);
    if (rc < 0)
        return rc;
    oc_model_put_arn(ret_arn, ret);
    struct oc_slice arn = oc_buf_slice(ret_arn);
    key = oc_key_join(arena, &arn, 1);
    rc = key.ptr && !ret_arn->failed ? oc_read_get(read, OC_RECORD_POLICY, key, &document, err)
                                     : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    return rc < 0 ? rc : oc_policy_parse(OC_POLICY_RESOURCE, document, ret_policy, err);
}

int oc_api_copy_allowed(struct oc_read *read, const struct oc_task *task, void *ctx,
                        struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    OC_AUTO(oc_policy_freep) struct oc_policy *policy = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};
    struct oc_tag_list tags = {0};
    struct oc_model source;

    (void)ctx;
    oc_arena_init(&arena, OC_REQUEST_ARENA_MAX);
    oc_buf_init(&arn, OC_ARN_MAX);
    int rc = read_source(read, task, &arena, &source, &arn, &policy, err);
    if (rc >= 0)
        rc = read_target_tags(read, task, &arena, &tags, err);
    if (rc < 0)
        return rc;
    struct oc_policy_request request = {
        .action = OC_STR("bedrock:CreateModelCopyJob"),
        .resource = oc_buf_slice(&arn),
        .principal_account = task->target.account,
        .principal_arn = task->principal,
        .requested_region = task->target.region,
        .request_tags = &tags,
        .resource_tags = &source.tags,
    };
    enum oc_policy_effect effect = policy ? oc_policy_evaluate(policy, &request) : OC_POLICY_SILENT;
    if (effect == OC_POLICY_ALLOW || effect == OC_POLICY_ALLOW_ACCOUNT)
        return OC_OK;
    return oc_fail(err, OC_EDENIED,
                   "The share of %.*s with account %.*s was revoked during the copy: ask its "
                   "owner to share it again, then copy again.",
                   OC_FMT(request.resource), OC_FMT(task->target.account));
}
