/* Copy jobs as the commands see them. */
#include "cli/copy_job.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "cli/progress.h"
#include "model/id.h"

#define POLL_FIRST_MS 100
#define POLL_MAX_MS   1000 /* the bar should move */

/* What is asked of a job, and how often when the server does not answer. */
struct question {
    const char *prefix, *suffix; /* of the path, around the ARN */
    unsigned max_attempts;
};

static const struct question once = {"/model-copy-jobs/", "", 0};
static const struct question patiently = {"/model-copy-jobs/", "", OC_REQUEST_PATIENT};
static const struct question progress_question = {"/-/model-copy-jobs/", "/progress", 1};

static int get(struct oc_session *session, struct oc_slice arn, const struct question *question,
               struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, question->prefix, arn);
    oc_buf_put_str(&path, question->suffix);
    if (path.failed)
        return oc_fail_nomem(err);
    /* A job lives in the Region of its ARN, which for `copy --to` is not that of --region. */
    struct oc_request request = {.method = "GET",
                                 .path = oc_buf_slice(&path),
                                 .region = oc_arn_region(arn),
                                 .max_attempts = question->max_attempts};
    return oc_client_call_json(session->client, &request, ret, err);
}

int oc_copy_job_get(struct oc_session *session, struct oc_slice arn, struct oc_json **ret,
                    struct oc_err *err)
{
    return get(session, arn, &once, ret, err);
}

/* The newest job that makes a model of that name. */
struct search {
    struct oc_slice name;
    struct oc_buf *arn;
};

#define FOUND 1 /* ends the walk */

static int meet_job(const struct oc_json *job, void *ctx, struct oc_err *err)
{
    const struct search *search = ctx;

    if (!oc_slice_eq(oc_json_string(oc_json_get(job, "targetModelName")), search->name))
        return OC_OK;
    oc_buf_put_slice(search->arn, oc_json_string(oc_json_get(job, "jobArn")));
    return search->arn->failed ? oc_fail_nomem(err) : FOUND;
}

/* @return FOUND, or OC_OK when there is none. */
static int find_by_name(struct oc_session *session, struct oc_slice name, struct oc_buf *ret,
                        struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct search search = {name, ret};

    oc_buf_init(&query, OC_HTTP_TARGET_MAX);
    oc_query_put(&query, "outputModelNameContains", name);
    if (query.failed)
        return oc_fail_nomem(err);
    return oc_client_walk(session->client,
                          &(struct oc_walk){.path = OC_STR("/model-copy-jobs"),
                                            .query = oc_buf_slice(&query),
                                            .items = "modelCopyJobSummaries",
                                            .fn = meet_job,
                                            .ctx = &search},
                          err);
}

static bool is_id(struct oc_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789", text.ptr[i]))
            return false;
    return text.len == OC_ID_LEN;
}

static int complete_id(struct oc_session *session, struct oc_slice id, struct oc_buf *ret,
                       struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *me = NULL;
    struct oc_request request = {.method = "GET", .path = OC_STR("/-/whoami")};
    int rc = oc_client_call_json(session->client, &request, &me, err);

    if (rc < 0)
        return rc;
    oc_buf_printf(ret, "arn:aws:bedrock:%.*s:%.*s:model-copy-job/%.*s",
                  OC_FMT(oc_client_region(session->client)),
                  OC_FMT(oc_json_string(oc_json_get(me, "accountId"))), OC_FMT(id));
    return ret->failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_copy_job_arn(struct oc_session *session, struct oc_slice which, struct oc_buf *ret,
                    struct oc_err *err)
{
    int rc;

    if (which.len == 0)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "want a copy job: its ARN, its id, or the name of the model it makes");
    if (oc_slice_find(which, ':') >= 0) {
        oc_buf_put_slice(ret, which);
        return ret->failed ? oc_fail_nomem(err) : OC_OK;
    }
    if (is_id(which))
        return complete_id(session, which, ret, err);
    rc = find_by_name(session, which, ret, err);
    if (rc == OC_OK)
        return oc_fail_as(err, OC_ENOTFOUND, "ResourceNotFoundException",
                          "no copy job in %.*s makes a model named '%.*s'; `outcrop jobs` lists "
                          "them, --region chooses another Region",
                          OC_FMT(oc_client_region(session->client)), OC_FMT(which));
    return rc < 0 ? rc : OC_OK;
}

int oc_copy_job_progress(struct oc_session *session, struct oc_slice arn,
                         struct oc_copy_progress *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    static const char *const steps[] = {"queued", "waiting", "copying", "sealing"};
    struct oc_slice phase, reason;
    int rc;

    rc = get(session, arn, &progress_question, &answer, err);
    if (rc < 0)
        return rc;
    phase = oc_json_string(oc_json_get(answer, "phase"));
    *ret = (struct oc_copy_progress){
        .step = "copying",
        .done = oc_slice_eq_str(phase, "done"),
        .bytes_done = (uint64_t)oc_json_int64(oc_json_get(answer, "bytesDone"), 0),
        .bytes_total = (uint64_t)oc_json_int64(oc_json_get(answer, "bytesTotal"), 0),
        .bytes_per_second = oc_json_int64(oc_json_get(answer, "bytesPerSecond"), 0),
        .seconds_left = oc_json_int64(oc_json_get(answer, "secondsLeft"), 0),
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (oc_slice_eq_str(phase, steps[i]))
            ret->step = steps[i];
    reason = oc_json_string(oc_json_get(answer, "waitingFor"));
    (void)snprintf(ret->waiting_for, sizeof(ret->waiting_for), "%.*s",
                   OC_FMT(oc_slice_sub(reason, 0, sizeof(ret->waiting_for) - 1)));
    return OC_OK;
}

/* Another implementation of the API has no progress; its jobs are followed by their status. */
static void show_progress(struct oc_session *session, struct oc_slice arn,
                          struct oc_progress *progress)
{
    struct oc_copy_progress p;
    struct oc_err ignored = {0};

    if (oc_copy_job_progress(session, arn, &p, &ignored) < 0 || p.done)
        return;
    oc_progress_show(progress, &(struct oc_progress_state){
                                   .step = p.step,
                                   .note = p.waiting_for[0] ? p.waiting_for : NULL,
                                   .bytes_done = p.bytes_done,
                                   .bytes_total = p.bytes_total,
                                   .bytes_per_second = p.bytes_per_second,
                                   .seconds_left = p.seconds_left,
                               });
}

static bool is_in_progress(const struct oc_json *job)
{
    return oc_slice_eq_str(oc_json_string(oc_json_get(job, "status")), "InProgress");
}

int oc_copy_job_wait(struct oc_session *session, struct oc_slice arn, struct oc_json **ret,
                     struct oc_err *err)
{
    struct oc_progress progress;
    long pause_ms = POLL_FIRST_MS;
    struct oc_json *job = NULL;
    int rc;

    oc_progress_begin(&progress);
    for (;;) {
        struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

        rc = get(session, arn, &patiently, &job, err);
        if (rc < 0 || !is_in_progress(job))
            break;
        oc_json_free(job);
        show_progress(session, arn, &progress);
        (void)nanosleep(&pause, NULL); /* a signal shortens the pause, which does no harm */
        pause_ms = pause_ms * 2 < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
    }
    oc_progress_end(&progress);
    if (rc == OC_OK)
        *ret = job;
    return rc;
}

int oc_copy_job_print(struct oc_session *session, const struct oc_json *job, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"Job", "jobArn", OC_SHOW_TEXT},
        {"Status", "status", OC_SHOW_TEXT},
        {"Failure", "failureMessage", OC_SHOW_TEXT},
        {"Created", "creationTime", OC_SHOW_TIME},
        {"Target name", "targetModelName", OC_SHOW_TEXT},
        {"Target model", "targetModelArn", OC_SHOW_TEXT},
        {"Target key", "targetModelKmsKeyArn", OC_SHOW_TEXT},
        {"Target tags", "targetModelTags", OC_SHOW_LIST},
        {"Source name", "sourceModelName", OC_SHOW_TEXT},
        {"Source model", "sourceModelArn", OC_SHOW_TEXT},
        {"Source account", "sourceAccountId", OC_SHOW_TEXT},
    };

    return oc_output_object(&session->output, job, fields, sizeof(fields) / sizeof(fields[0]), err);
}

int oc_copy_job_result(const struct oc_json *job, struct oc_err *err)
{
    struct oc_slice reason = oc_json_string(oc_json_get(job, "failureMessage"));

    if (!oc_slice_eq_str(oc_json_string(oc_json_get(job, "status")), "Failed"))
        return OC_OK;
    return oc_fail(err, OC_EIO, "the copy job ended Failed: %.*s",
                   OC_FMT(reason.len ? reason : OC_STR("the server gives no reason")));
}
