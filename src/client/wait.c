/* The waiter: looks at a copy job until it has ended. */
#include <string.h>

#include "base/clock.h"
#include "client/retry.h"
#include "client/wire.h"

#define MIN_PAUSE_MS 500
#define MAX_PAUSE_MS 30000
#define JITTER_PARTS 10 /* a pause varies by one part in so many */

/* A wait on its way. */
struct wait {
    struct oc_client *client;
    const struct oc_wait_options *options;
    int64_t ends_us; /* of the clock that never goes back; 0: never */
    unsigned mark;   /* oc_client_mark at its begin */
    int64_t pause_ms;
    int64_t max_pause_ms;
};

static int fail_job(const struct oc_get_model_copy_job_output *job, struct oc_err *err)
{
    return oc_fail_as(err, (enum oc_rc)OC_ERROR_FAILED, "ModelCopyJobFailed",
                      "the copy job ended Failed: %s",
                      job->failure_message ? job->failure_message : "the server gives no reason");
}

/* Judge a look at the job. @return 0: it is Completed; OC_PENDING: not yet; < 0 */
static int judge(const struct wait *wait, const struct oc_get_model_copy_job_output *job,
                 struct oc_err *err)
{
    const struct oc_wait_options *o = wait->options;

    if (o->on_look && o->on_look(job, o->ctx) != 0)
        return oc_fail_as(err, OC_ECANCELED, "Canceled", "the caller ended the wait");
    if (job->status && strcmp(job->status, OC_MODEL_COPY_JOB_STATUS_COMPLETED) == 0)
        return OC_OK;
    if (job->status && strcmp(job->status, OC_MODEL_COPY_JOB_STATUS_FAILED) == 0)
        return fail_job(job, err);
    return OC_PENDING;
}

static int pause_before_next(struct wait *wait, struct oc_err *err)
{
    int64_t ms = oc_retry_jitter(wait->pause_ms, wait->pause_ms / JITTER_PARTS);

    if (wait->ends_us != 0) {
        const int64_t left_ms = (wait->ends_us - oc_clock_mono_us()) / 1000;

        if (left_ms <= 0)
            return oc_fail_as(err, OC_EBUSY, "WaitTimeout",
                              "the copy job has not ended in %lld ms; it goes on",
                              (long long)wait->options->timeout_ms);
        ms = ms < left_ms ? ms : left_ms;
    }
    wait->pause_ms += wait->pause_ms / 2;
    if (wait->pause_ms > wait->max_pause_ms)
        wait->pause_ms = wait->max_pause_ms;
    return oc_client_pause(wait->client, ms, wait->mark, err);
}

/* One look. @return as judge; a negative one has filled in `error` */
static int look(struct wait *wait, const struct oc_get_model_copy_job_input *input,
                struct oc_get_model_copy_job_output *output, struct oc_error *error)
{
    struct oc_get_model_copy_job_output job;
    struct oc_err err = {0};
    int rc;

    rc = oc_get_model_copy_job(wait->client, input, &job, error);
    if (rc < 0)
        return rc;
    rc = judge(wait, &job, &err);
    if (rc == OC_PENDING) {
        const int paused = pause_before_next(wait, &err);

        rc = paused < 0 ? paused : rc;
    }
    if (rc == OC_OK && output)
        *output = job;
    else
        oc_result_free(job.result);
    return rc < 0 ? oc_wire_error(&err, NULL, error) : rc;
}

int oc_wait_model_copy_job(struct oc_client *client, const char *job_arn,
                           const struct oc_wait_options *options,
                           struct oc_get_model_copy_job_output *output, struct oc_error *error)
{
    static const struct oc_wait_options defaults;
    const struct oc_get_model_copy_job_input input = {.job_arn = job_arn};
    struct wait wait = {.client = client, .options = options ? options : &defaults};
    int rc;

    if (wait.options->timeout_ms > 0)
        wait.ends_us = oc_clock_mono_us() + wait.options->timeout_ms * 1000;
    wait.mark = oc_client_mark(client);
    wait.pause_ms = wait.options->min_pause_ms ? wait.options->min_pause_ms : MIN_PAUSE_MS;
    wait.max_pause_ms = wait.options->max_pause_ms ? wait.options->max_pause_ms : MAX_PAUSE_MS;
    do
        rc = look(&wait, &input, output, error);
    while (rc == OC_PENDING);
    return rc;
}
