#include "model/job.h"

#include "base/json.h"
#include "model/timestamp.h"

static const char *const STATUS_TEXT[OC_JOB_STATUSES] = {
    [OC_JOB_IN_PROGRESS] = "InProgress",
    [OC_JOB_COMPLETED] = "Completed",
    [OC_JOB_FAILED] = "Failed",
};

struct oc_slice oc_job_status_text(enum oc_job_status status)
{
    return oc_slice_of(STATUS_TEXT[status]);
}

bool oc_job_status_parse(struct oc_slice text, enum oc_job_status *ret)
{
    for (int i = 0; i < OC_JOB_STATUSES; i++) {
        if (oc_slice_eq_str(text, STATUS_TEXT[i])) {
            *ret = (enum oc_job_status)i;
            return true;
        }
    }
    return false;
}

void oc_job_put_arn(struct oc_buf *buf, const struct oc_job *job)
{
    oc_buf_put_slice(buf, OC_STR("arn:aws:bedrock:"));
    oc_buf_put_slice(buf, job->partition.region);
    oc_buf_put_char(buf, ':');
    oc_buf_put_slice(buf, job->partition.account);
    oc_buf_put_slice(buf, OC_STR(":model-copy-job/"));
    oc_buf_put_slice(buf, job->id);
}

/* Keys are written with what stands around them in one piece: this runs for every create. */
static void put_member(struct oc_buf *buf, struct oc_slice key, struct oc_slice value)
{
    if (!value.ptr)
        return;
    oc_buf_put_slice(buf, key);
    oc_json_put_string(buf, value);
}

static void put_tags(struct oc_buf *buf, const struct oc_tag_list *tags)
{
    if (!tags->set)
        return;
    oc_buf_put_slice(buf, OC_STR(",\"targetModelTags\":["));
    for (size_t i = 0; i < tags->count; i++) {
        oc_buf_put_slice(buf, i ? OC_STR(",{\"key\":") : OC_STR("{\"key\":"));
        oc_json_put_string(buf, tags->items[i].key);
        put_member(buf, OC_STR(",\"value\":"), tags->items[i].value);
        oc_buf_put_char(buf, '}');
    }
    oc_buf_put_char(buf, ']');
}

void oc_job_put_json(struct oc_buf *buf, const struct oc_job *job)
{
    char time[24];

    oc_timestamp_format(job->creation_ms, time);
    oc_buf_put_slice(buf, OC_STR("{\"jobArn\":\""));
    oc_job_put_arn(buf, job);
    oc_buf_put_slice(buf, OC_STR("\",\"status\":\""));
    oc_buf_put_slice(buf, oc_job_status_text(job->status));
    oc_buf_put_slice(buf, OC_STR("\",\"creationTime\":\""));
    oc_buf_put(buf, time, sizeof time);
    oc_buf_put_char(buf, '"');
    put_member(buf, OC_STR(",\"targetModelArn\":"), job->target_model_arn);
    put_member(buf, OC_STR(",\"targetModelName\":"), job->target_model_name);
    put_member(buf, OC_STR(",\"sourceAccountId\":"), job->source_account);
    put_member(buf, OC_STR(",\"sourceModelArn\":"), job->source_model_arn);
    put_member(buf, OC_STR(",\"targetModelKmsKeyArn\":"), job->kms_key_arn);
    put_tags(buf, &job->tags);
    put_member(buf, OC_STR(",\"failureMessage\":"), job->failure_message);
    put_member(buf, OC_STR(",\"sourceModelName\":"), job->source_model_name);
    oc_buf_put_char(buf, '}');
}
