/*
 * TagResource, UntagResource, ListTagsForResource. Only models carry tags: a copy job keeps those
 * it was submitted with and cannot be tagged.
 */
#include "api/models.h"

#include "base/json.h"

/* The model a tag operation means. It must be the caller's own, and in the request's Region. */
static int find_resource(struct oc_call *call, struct oc_read *read, struct oc_slice arn,
                         struct oc_found_model *ret, struct oc_err *err)
{
    struct oc_arn parsed;

    if (!oc_arn_parse(arn, &parsed) || !oc_slice_eq_str(parsed.kind, "custom-model"))
        return oc_fail_invalid(
            err, "The resource %.*s cannot be tagged here: give the ARN of a custom model.",
            OC_FMT(arn));
    return oc_models_find_own(call, read, arn, ret, err);
}

static int put_tags(struct oc_call *call, struct oc_tx *tx, struct oc_found_model *found,
                    const struct oc_tag_list *tags, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};

    found->model.tags = *tags;
    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    oc_model_encode(&record, &found->model);
    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    if (record.failed)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_MODEL, found->key, oc_buf_slice(&record), err);
}

static int apply_tag(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_tag_resource_in *in = call->in;
    struct oc_found_model found;
    struct oc_tag_list merged;

    int rc = find_resource(call, oc_tx_read(tx), in->resource_arn, &found, err);
    if (rc >= 0)
        rc = oc_tags_merge(&found.model.tags, &in->tags, call->arena, &merged, err);
    if (rc >= 0 && merged.count > OC_TAGS_MAX)
        rc = oc_fail_too_many_tags(err, in->resource_arn, merged.count);
    return rc < 0 ? rc : put_tags(call, tx, &found, &merged, err);
}

int oc_call_tag_resource(struct oc_call *call, struct oc_err *err)
{
    const struct oc_tag_resource_in *in = call->in;

    call->request_tags = &in->tags;
    int rc = oc_models_check_tags(&in->tags, in->resource_arn, err);
    return rc < 0 ? rc : oc_call_write(call, apply_tag);
}

static int apply_untag(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_untag_resource_in *in = call->in;
    struct oc_found_model found;
    struct oc_tag_list left;

    int rc = find_resource(call, oc_tx_read(tx), in->resource_arn, &found, err);
    if (rc >= 0)
        rc = oc_tags_remove(&found.model.tags, in->tag_keys.items, in->tag_keys.count, call->arena,
                            &left, err);
    return rc < 0 ? rc : put_tags(call, tx, &found, &left, err);
}

int oc_call_untag_resource(struct oc_call *call, struct oc_err *err)
{
    (void)err;
    return oc_call_write(call, apply_untag);
}

int oc_call_list_tags_for_resource(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_tags_for_resource_in *in = call->in;
    struct oc_found_model found;
    struct oc_jw w;

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = find_resource(call, call->read, in->resource_arn, &found, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_key(&w, "tags");
    oc_tags_put_json(&w, &found.model.tags);
    oc_jw_object_end(&w);
    return OC_OK;
}
