/*
 * Copy jobs as the commands see them: found by ARN, id or name, followed to their end, shown.
 */
#ifndef OC_CLI_COPY_JOB_H
#define OC_CLI_COPY_JOB_H

#include "cli/session.h"

/**
 * The ARN of the job that a person means: an ARN; the last 12 characters of one, which are
 * completed with the caller's account and Region; or the name of the model that it makes, of
 * several jobs the newest. What could be an id is taken for one.
 */
int oc_copy_job_arn(struct oc_session *session, struct oc_slice which, struct oc_buf *ret,
                    struct oc_err *err);

/** GetModelCopyJob. @param[out] ret  free with oc_json_free */
int oc_copy_job_get(struct oc_session *session, struct oc_slice arn, struct oc_json **ret,
                    struct oc_err *err);

/** How far a job has come, as an Outcrop server says. */
struct oc_copy_progress {
    const char *step;      /* "queued", "waiting", "copying", "sealing"; static text */
    char waiting_for[256]; /* "waiting": for which Region, and why; cut when too long; else "" */
    bool done;
    uint64_t bytes_done, bytes_total;
    int64_t bytes_per_second, seconds_left; /* 0: not known */
};

/** Errors: those of the client; OC_ENOTFOUND from servers that know no progress. */
int oc_copy_job_progress(struct oc_session *session, struct oc_slice arn,
                         struct oc_copy_progress *ret, struct oc_err *err);

/**
 * Show the job's progress until it has ended.
 * @param[out] ret  the job as GetModelCopyJob shows it at the end
 */
int oc_copy_job_wait(struct oc_session *session, struct oc_slice arn, struct oc_json **ret,
                     struct oc_err *err);

/** Print a job. */
int oc_copy_job_print(struct oc_session *session, const struct oc_json *job, struct oc_err *err);

/** OC_OK, or OC_EIO with the job's failure message when it is Failed. */
int oc_copy_job_result(const struct oc_json *job, struct oc_err *err);

#endif
