/* One event: see event.h. */
#include "events/event.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/timestamp.h"

#define VERSION  1
#define HEAD_LEN (12 + OC_ACCOUNT_LEN)

void oc_event_encode(struct oc_buf *buf, const struct oc_event *event)
{
    uint8_t head[12] = {VERSION, (uint8_t)event->type, (uint8_t)event->status,
                        (uint8_t)event->partition.region.len};

    oc_put_be64(head + 4, (uint64_t)event->time_ms);
    oc_buf_put(buf, head, sizeof(head));
    oc_buf_put_slice(buf, event->partition.account);
    oc_buf_put_slice(buf, event->partition.region);
    oc_buf_put_slice(buf, event->subject);
}

static bool has_status(uint8_t type, uint8_t status)
{
    if (type == OC_EVENT_JOB)
        return status < OC_JOB_STATUSES;
    return type == OC_EVENT_INTEGRITY &&
           (status == OC_INTEGRITY_DAMAGED || status == OC_INTEGRITY_REPAIRED);
}

int oc_event_decode(struct oc_slice key, struct oc_slice record, struct oc_event *ret,
                    struct oc_err *err)
{
    const uint8_t *bytes = (const uint8_t *)record.ptr;

    if (key.len != 8 || record.len < (size_t)HEAD_LEN || bytes[0] != VERSION ||
        record.len < (size_t)HEAD_LEN + bytes[3] || !has_status(bytes[1], bytes[2]))
        return oc_fail(err, OC_ECORRUPT, "the record of an event is bad, or of a newer version");
    *ret = (struct oc_event){
        .number = oc_get_be64((const uint8_t *)key.ptr),
        .type = (enum oc_event_type)bytes[1],
        .status = bytes[2],
        .time_ms = (int64_t)oc_get_be64(bytes + 4),
        .partition = {oc_slice_sub(record, 12, OC_ACCOUNT_LEN),
                      oc_slice_sub(record, HEAD_LEN, bytes[3])},
        .subject = oc_slice_sub(record, HEAD_LEN + bytes[3], SIZE_MAX),
    };
    return OC_OK;
}

int oc_event_id(const struct oc_event *event, char ret_uuid[OC_EVENT_UUID_LEN], struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    uint8_t digest[OC_SHA256_LEN], number[8];
    char *to = ret_uuid;
    int rc;

    oc_buf_init(&text, 1024 * 1024);
    oc_put_be64(number, event->number);
    oc_buf_put_str(&text, "outcrop event");
    oc_buf_put(&text, number, sizeof(number));
    oc_event_encode(&text, event);
    if (text.failed)
        return oc_fail_nomem(err);
    rc = oc_sha256(oc_buf_slice(&text), digest, err);
    if (rc < 0)
        return rc;
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80); /* version 8 */
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        oc_hex_encode(digest + i, 1, to);
        to += 2;
    }
    return OC_OK;
}

/* -- the envelope --------------------------------------------------------------------------- */

/* To the second, as EventBridge writes it. */
static void put_time(struct oc_jw *w, int64_t ms)
{
    char text[OC_TIMESTAMP_LEN];

    oc_timestamp_format(ms, text);
    text[19] = 'Z';
    oc_jw_member(w, "time", (struct oc_slice){text, 20});
}

/* From `version` to `resources`; the array is open afterwards. */
static int begin(struct oc_jw *w, const struct oc_event *event, struct oc_err *err)
{
    bool is_job = event->type == OC_EVENT_JOB;
    char id[OC_EVENT_UUID_LEN];
    int rc = oc_event_id(event, id, err);

    if (rc < 0)
        return rc;
    oc_jw_object(w);
    oc_jw_member(w, "version", OC_STR("0"));
    oc_jw_member(w, "id", (struct oc_slice){id, sizeof(id)});
    oc_jw_member(w, "detail-type",
                 is_job ? OC_STR("Model Copy Job State Change")
                        : OC_STR("Model Integrity State Change"));
    oc_jw_member(w, "source", is_job ? OC_STR("aws.bedrock") : OC_STR("outcrop"));
    oc_jw_member(w, "account", event->partition.account);
    put_time(w, event->time_ms);
    oc_jw_member(w, "region", event->partition.region);
    oc_jw_key(w, "resources");
    oc_jw_array(w);
    return OC_OK;
}

/* Members of the job that the detail has too, but for the status: that is the event's. */
static void put_job_detail(struct oc_jw *w, const struct oc_event *event, const struct oc_json *job)
{
    static const char *const members[] = {"sourceAccountId", "sourceModelArn",  "sourceModelName",
                                          "targetModelArn",  "targetModelName", "creationTime"};

    oc_jw_member(w, "jobArn", oc_json_string(oc_json_get(job, "jobArn")));
    oc_jw_member(w, "status", oc_job_status_text((enum oc_job_status)event->status));
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        oc_jw_member(w, members[i], oc_json_string(oc_json_get(job, members[i])));
    if (event->status == OC_JOB_FAILED)
        oc_jw_member(w, "failureMessage", oc_json_string(oc_json_get(job, "failureMessage")));
}

static int put_job(struct oc_read *read, struct oc_jw *w, const struct oc_event *event,
                   struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_slice text;
    int rc = oc_read_job_json(read, event->partition, event->subject, &text, err);

    if (rc == OC_OK)
        rc = oc_json_parse(text, &job, err);
    if (rc == OC_OK)
        rc = begin(w, event, err);
    if (rc < 0)
        return rc;
    oc_jw_string(w, oc_json_string(oc_json_get(job, "jobArn")));
    oc_jw_string(w, oc_json_string(oc_json_get(job, "targetModelArn")));
    oc_jw_array_end(w);
    oc_jw_key(w, "detail");
    oc_jw_object(w);
    put_job_detail(w, event, job);
    oc_jw_object_end(w);
    oc_jw_object_end(w);
    return OC_OK;
}

static int put_integrity(struct oc_jw *w, const struct oc_event *event, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *detail = NULL;
    int rc = oc_json_parse(event->subject, &detail, err);

    if (rc == OC_EINVAL)
        rc = oc_fail(err, OC_ECORRUPT, "the subject of an event is bad");
    if (rc == OC_OK)
        rc = begin(w, event, err);
    if (rc < 0)
        return rc;
    oc_jw_string(w, oc_json_string(oc_json_get(detail, "modelArn")));
    oc_jw_array_end(w);
    oc_jw_key(w, "detail");
    oc_jw_object(w);
    oc_jw_member(w, "status",
                 event->status == OC_INTEGRITY_REPAIRED ? OC_STR("Repaired") : OC_STR("Damaged"));
    oc_jw_member(w, "modelArn", oc_json_string(oc_json_get(detail, "modelArn")));
    oc_jw_member(w, "sha256", oc_json_string(oc_json_get(detail, "sha256")));
    oc_jw_member(w, "problem", oc_json_string(oc_json_get(detail, "problem")));
    oc_jw_object_end(w);
    oc_jw_object_end(w);
    return OC_OK;
}

int oc_event_put_json(struct oc_read *read, const struct oc_event *event, struct oc_buf *buf,
                      struct oc_err *err)
{
    struct oc_jw w;
    size_t start = buf->len;
    int rc;

    oc_jw_init(&w, buf);
    rc =
        event->type == OC_EVENT_JOB ? put_job(read, &w, event, err) : put_integrity(&w, event, err);
    if (rc == OC_OK && buf->failed)
        rc = oc_fail_nomem(err);
    if (rc < 0)
        buf->len = start;
    return rc;
}
