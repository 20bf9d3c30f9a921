/* Which model a copy was made from: see origin.h. */
#include "copy/origin.h"

#include "base/json.h"

int oc_copy_origin(struct oc_read *read, const struct oc_model *model, struct oc_arena *arena,
                   struct oc_slice *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_slice json, text;
    int rc;

    *ret = (struct oc_slice){0};
    if (!model->job_id.ptr)
        return OC_OK;
    rc = oc_read_job_json(read, model->partition, model->job_id, &json, err);
    if (rc == OC_OK)
        rc = oc_json_parse(json, &job, err);
    text = oc_json_string(oc_json_get(job, "sourceModelArn"));
    if (rc == OC_ENOTFOUND || rc == OC_EINVAL || (rc == OC_OK && !text.ptr))
        return oc_fail(err, OC_ECORRUPT, "the job %.*s does not tell what it copied",
                       OC_FMT(model->job_id));
    if (rc < 0)
        return rc;
    *ret = oc_arena_copy(arena, text);
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}
