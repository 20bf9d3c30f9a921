/*
 * A model copy job as a value, and the question ListModelCopyJobs asks.
 *
 * The pair (account, Region) is a partition: jobs of one partition are numbered, listed and paged
 * together, and nothing is ever read across partitions.
 */
#ifndef OC_MODEL_JOB_H
#define OC_MODEL_JOB_H

#include "base/bytes.h"
#include "model/id.h"
#include "model/tags.h"

#define OC_ACCOUNT_LEN 12

enum oc_job_status { OC_JOB_IN_PROGRESS = 0, OC_JOB_COMPLETED = 1, OC_JOB_FAILED = 2 };
#define OC_JOB_STATUSES 3

/** "InProgress", "Completed", "Failed". */
struct oc_slice oc_job_status_text(enum oc_job_status status);
/** @return false when `text` is none of the three (exact case). */
bool oc_job_status_parse(struct oc_slice text, enum oc_job_status *ret);

/** Whose jobs, where. `account` is 12 digits; `region` 1–20 of a-z0-9-. Borrowed. */
struct oc_partition {
    struct oc_slice account;
    struct oc_slice region;
};

/** All that is known of one job. Text is borrowed from wherever the job was read. */
struct oc_job {
    struct oc_partition partition; /* the caller's account, the destination Region */
    struct oc_slice id;            /* OC_ID_LEN characters; the tail of the job ARN */
    enum oc_job_status status;
    int64_t creation_ms;
    struct oc_slice source_account; /* 12 digits */
    struct oc_slice source_model_arn;
    struct oc_slice source_model_name; /* absent when unknown */
    struct oc_slice target_model_arn;
    struct oc_slice target_model_name;
    struct oc_slice kms_key_arn; /* absent: the Region's service key */
    struct oc_tag_list tags;
    struct oc_slice failure_message; /* absent unless Failed */
};

/** Append the job's ARN: `arn:aws:bedrock:REGION:ACCOUNT:model-copy-job/ID`. */
void oc_job_put_arn(struct oc_buf *buf, const struct oc_job *job);

/**
 * Append the summary as the JSON object that ListModelCopyJobs and GetModelCopyJob send, members
 * in the order of the API's table, absent members left out, no white space.
 */
void oc_job_put_json(struct oc_buf *buf, const struct oc_job *job);

/** The filters, order and position of one List call. Absent slices and `has_` false mean: any. */
struct oc_job_query {
    struct oc_partition partition;
    bool has_status;
    enum oc_job_status status;
    struct oc_slice source_account;
    struct oc_slice source_model_arn;
    struct oc_slice name_contains; /* 1–63 characters of the model-name alphabet */
    bool has_after, has_before;
    int64_t after_ms;  /* strict: creation_ms >  after_ms */
    int64_t before_ms; /* strict: creation_ms <  before_ms */
    bool ascending;
    uint32_t limit; /* 1–1000 */
    bool has_position;
    uint64_t position; /* sequence number of the last job already seen */
};

#endif
