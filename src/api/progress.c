/*
 * GetModelCopyJobProgress: once as JSON, or as server-sent events until the job ends.
 *
 * The stream needs the permission when it begins. It ends after STREAM_MAX_US, so that a permission
 * that was taken back does not last; a client then asks again, with a new signature.
 */
#include "api/models.h"
#include "base/clock.h"
#include "base/json.h"

#define STREAM_MAX_US 3600000000LL /* of one answer */
#define ARENA_MAX     (4UL * 1024 * 1024)

/* Whose progress; text lives as long as the request. */
struct watch {
    struct oc_api *api;
    struct oc_partition partition;
    struct oc_slice job_arn, id;
    struct oc_slice model_id; /* of what the job makes */
    int64_t until_us;
};

static void put_progress(struct oc_jw *w, const struct oc_copy_progress *progress)
{
    oc_jw_member(w, "phase", oc_slice_of(progress->phase));
    if (progress->waiting_for[0])
        oc_jw_member(w, "waitingFor", oc_slice_of(progress->waiting_for));
    oc_jw_member_int(w, "bytesDone", (int64_t)progress->bytes_done);
    oc_jw_member_int(w, "bytesTotal", (int64_t)progress->bytes_total);
    oc_jw_member_int(w, "partsDone", (int64_t)progress->parts_done);
    oc_jw_member_int(w, "partsTotal", (int64_t)progress->parts_total);
    oc_jw_member_int(w, "bytesPerSecond", (int64_t)progress->bytes_per_second);
    if (progress->seconds_left >= 0)
        oc_jw_member_int(w, "secondsLeft", progress->seconds_left);
}

/* What a copy that is not running has to show: all of it done, or none known. */
static int resting_progress(const struct watch *watch, struct oc_read *read, bool ended,
                            struct oc_copy_progress *ret, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_slice key, record;
    struct oc_model model;
    int rc;

    *ret = (struct oc_copy_progress){.phase = "queued", .seconds_left = -1};
    if (!ended)
        return OC_OK;
    ret->phase = "done";
    oc_arena_init(&arena, ARENA_MAX);
    key = oc_key_model(&arena, watch->partition, watch->model_id);
    rc = key.ptr ? oc_read_get(read, OC_RECORD_MODEL, key, &record, err) : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return OC_OK; /* the model was deleted since */
    if (rc >= 0)
        rc = oc_model_decode(record, &arena, &model, err);
    if (rc < 0)
        return rc;
    if (model.status == OC_MODEL_ACTIVE)
        ret->bytes_done = ret->bytes_total = (uint64_t)model.size_bytes;
    return OC_OK;
}

/*
 * Append the progress as a JSON object. The engine is asked before the store: a job that it has
 * just ended and forgotten is ended there.
 */
static int put_watch(const struct watch *watch, struct oc_buf *out, bool *ret_ended,
                     struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_copy_progress progress;
    struct oc_slice status, text;
    struct oc_jw w;
    bool running =
        oc_copy_engine_progress(watch->api->engine, watch->partition, watch->model_id, &progress);
    int rc = oc_store_read(watch->api->store, &read, err);

    if (rc == OC_OK)
        rc = oc_read_job_json(read, watch->partition, watch->id, &text, err);
    if (rc == OC_OK)
        rc = oc_json_parse(text, &job, err);
    if (rc < 0)
        return rc;
    status = oc_json_string(oc_json_get(job, "status"));
    *ret_ended = !oc_slice_eq_str(status, "InProgress");
    if (!running || *ret_ended)
        rc = resting_progress(watch, read, *ret_ended, &progress, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, out);
    oc_jw_object(&w);
    oc_jw_member(&w, "jobArn", watch->job_arn);
    oc_jw_member(&w, "status", status);
    put_progress(&w, &progress);
    oc_jw_object_end(&w);
    return OC_OK;
}

/* The next event, and the last one when the job has ended. */
static int next_event(void *ctx, struct oc_buf *out)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    const struct watch *watch = ctx;
    struct oc_err ignored = {0}; /* the stream is cut off: the client asks again and is told */
    bool ended = false;
    int rc;

    oc_buf_init(&text, OC_HTTP_BODY_MAX);
    rc = put_watch(watch, &text, &ended, &ignored);
    if (rc < 0)
        return rc;
    oc_buf_printf(out, "event: progress\ndata: %.*s\n\n", OC_FMT(text));
    if (ended)
        oc_buf_printf(out, "event: end\ndata: %.*s\n\n", OC_FMT(text));
    return ended || oc_clock_mono_us() > watch->until_us ? OC_OK : OC_PENDING;
}

/* Does the client ask for server-sent events? */
static bool wants_events(const struct oc_call *call)
{
    for (size_t i = 0; i < call->request->header_count; i++)
        if (oc_slice_eq_nocase(call->request->headers[i].name, OC_STR("accept")) &&
            oc_slice_find_slice(call->request->headers[i].value, OC_STR("text/event-stream")) >= 0)
            return true;
    return false;
}

/* Remember which model the job makes. `text`: the job as the store has it. */
static int find_model_id(struct oc_call *call, struct watch *watch, struct oc_slice text,
                         struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_arn target;
    int rc = oc_json_parse(text, &job, err);

    if (rc < 0)
        return rc;
    if (!oc_arn_parse(oc_json_string(oc_json_get(job, "targetModelArn")), &target))
        return oc_fail(err, OC_ECORRUPT, "job %.*s has no readable target ARN", OC_FMT(watch->id));
    watch->model_id = oc_arena_copy(call->arena, target.id);
    return watch->model_id.ptr ? OC_OK : oc_fail_nomem(err);
}

int oc_call_get_model_copy_job_progress(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_model_copy_job_progress_in *in = call->in;
    struct watch *watch = oc_arena_alloc(call->arena, sizeof(*watch));
    struct oc_slice text;
    bool ended;

    if (!watch)
        return oc_fail_nomem(err);
    *watch = (struct watch){
        .api = call->api,
        .partition = {oc_arena_copy(call->arena, call->caller.account),
                      oc_arena_copy(call->arena, call->caller.region)},
        .job_arn = in->job_arn,
        .until_us = oc_clock_mono_us() + STREAM_MAX_US,
    };
    if (!watch->partition.account.ptr || !watch->partition.region.ptr)
        return oc_fail_nomem(err);
    int rc = oc_call_own_job(call, in->job_arn, &watch->id, &text, err);
    if (rc == OC_OK)
        rc = find_model_id(call, watch, text, err);
    if (rc < 0)
        return rc;
    oc_call_read_done(call); /* each look takes a snapshot of its own */
    if (!wants_events(call))
        return put_watch(watch, &call->out, &ended, err);
    call->content_type = OC_STR("text/event-stream");
    call->next = next_event;
    call->next_ctx = watch;
    return OC_OK;
}
