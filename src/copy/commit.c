/*
 * The store's side of a run: the task, the source model, and the one write that ends it.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "copy/copy_impl.h"
#include "model/arn.h"

#define ARENA_MAX  (1024 * 1024)
#define RECORD_MAX (1024 * 1024)
#define CHECK_US   1000000

/* -- reading -------------------------------------------------------------------------------- */

static int read_task(struct oc_copy_job *job, struct oc_read *read, struct oc_slice *ret,
                     struct oc_err *err)
{
    int rc = oc_read_get(read, OC_RECORD_TASK, job->key, ret, err);

    if (rc == OC_ENOTFOUND) {
        job->gone = true;
        return oc_fail(err, OC_ECANCELED, "the model was deleted while it was being made");
    }
    return rc;
}

int oc_copy_load_task(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice record;
    int rc = oc_store_read(job->engine->options.store, &read, err);

    if (rc == OC_OK)
        rc = read_task(job, read, &record, err);
    if (rc == OC_OK)
        rc = oc_task_decode(record, &job->arena, &job->task, err);
    if (rc < 0 && !job->gone)
        job->store_failed = true;
    return rc;
}

int oc_copy_read_model(struct oc_read *read, struct oc_arena *arena, struct oc_partition partition,
                       struct oc_slice id, struct oc_model *ret, struct oc_err *err)
{
    struct oc_slice key = oc_key_model(arena, partition, id), record;
    int rc;

    if (!key.ptr)
        return oc_fail_nomem(err);
    rc = oc_read_get(read, OC_RECORD_MODEL, key, &record, err);
    return rc < 0 ? rc : oc_model_decode(record, arena, ret, err);
}

/* What the store tells of the source of a copy. */
static int check_source(struct oc_copy_job *job, struct oc_read *read, struct oc_err *err)
{
    return job->source && job->source->check ? job->source->check(job, read, err) : OC_OK;
}

int oc_copy_still_wanted(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    int64_t now = oc_clock_mono_us();
    struct oc_err ignored = {0};
    struct oc_slice record;
    int rc;

    if (now - job->checked_us < CHECK_US)
        return OC_OK;
    job->checked_us = now;
    rc = oc_store_read(job->engine->options.store, &read, &ignored);
    if (rc < 0)
        return OC_OK; /* the commit at the end will see: here nothing depends on it */
    rc = read_task(job, read, &record, err);
    if (rc == OC_OK)
        rc = check_source(job, read, err);
    return rc == OC_ECANCELED || rc == OC_ECONFLICT ? rc : OC_OK;
}

/* -- the write that ends a run -------------------------------------------------------------- */

/* `failure` absent: the model becomes Active. */
struct ending {
    struct oc_write write;
    struct oc_copy_job *job;
    struct oc_slice failure;
    bool source_gone; /* set by apply: the copy may not end well any more */
};

static int put_model(struct oc_tx *tx, struct oc_arena *arena, const struct oc_model *model,
                     struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice key = oc_key_model(arena, model->partition, model->id);

    oc_buf_init(&record, RECORD_MAX);
    oc_model_encode(&record, model);
    if (record.failed || !key.ptr)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_MODEL, key, oc_buf_slice(&record), err);
}

/* A Failed model does not hold its name. */
static int release_name(struct oc_tx *tx, struct oc_arena *arena, const struct oc_model *model,
                        struct oc_err *err)
{
    struct oc_slice key = oc_key_model_name(arena, model->partition, model->name), holder;
    int rc;

    if (!key.ptr)
        return oc_fail_nomem(err);
    rc = oc_read_get(oc_tx_read(tx), OC_RECORD_MODEL_NAME, key, &holder, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    if (!oc_slice_eq(holder, model->id))
        return OC_OK;
    return oc_tx_delete(tx, OC_RECORD_MODEL_NAME, key, err);
}

static int end_job(struct oc_tx *tx, const struct ending *ending, struct oc_err *err)
{
    const struct oc_task *task = &ending->job->task;
    enum oc_job_status status = ending->failure.ptr ? OC_JOB_FAILED : OC_JOB_COMPLETED;
    struct oc_event event = {.type = OC_EVENT_JOB,
                             .status = (int)status,
                             .time_ms = oc_clock_now_ms(),
                             .partition = task->target,
                             .subject = task->job_id};
    int rc;

    if (task->kind != OC_TASK_COPY)
        return OC_OK;
    rc = oc_tx_job_end(tx, task->target, task->job_id, status, ending->failure, err);
    return rc < 0 ? rc : oc_events_put(ending->job->engine->options.events, tx, &event, err);
}

/* What becomes of the model's record. */
static int fill_model(const struct ending *ending, struct oc_arena *arena, struct oc_model *model,
                      struct oc_err *err)
{
    const struct oc_copy_job *job = ending->job;
    char hex[OC_SHA256_HEX_LEN];

    if (ending->failure.ptr) {
        model->status = OC_MODEL_FAILED;
        model->failure_message = ending->failure;
        model->manifest = (struct oc_slice){0};
        return OC_OK;
    }
    oc_hex_encode(job->manifest_sha256, OC_SHA256_LEN, hex);
    model->status = OC_MODEL_ACTIVE;
    model->failure_message = (struct oc_slice){0};
    model->manifest = oc_arena_copy(arena, (struct oc_slice){hex, sizeof(hex)});
    model->size_bytes = (int64_t)job->manifest.size;
    model->file_count = (int64_t)job->manifest.file_count;
    if (job->source_base_model_arn.ptr)
        model->base_model_arn =
            oc_arn_in_region(arena, job->source_base_model_arn, model->partition.region);
    else if (job->task.kind != OC_TASK_COPY)
        model->base_model_arn =
            oc_arena_printf(arena, "arn:aws:bedrock:%.*s::foundation-model/imported.%.*s",
                            OC_FMT(model->partition.region), OC_FMT(job->manifest.model_type));
    return model->manifest.ptr && model->base_model_arn.ptr ? OC_OK : oc_fail_nomem(err);
}

/* All that must hold for the ending, before anything is changed. */
static int check_ending(struct ending *ending, struct oc_read *read, struct oc_arena *arena,
                        struct oc_model *ret_model, struct oc_err *err)
{
    struct oc_copy_job *job = ending->job;
    struct oc_slice record;
    int rc = read_task(job, read, &record, err);

    if (rc == OC_OK && !ending->failure.ptr) {
        rc = check_source(job, read, err);
        ending->source_gone = rc == OC_ECONFLICT;
    }
    if (rc < 0)
        return rc;
    return oc_copy_read_model(read, arena, job->task.target, job->task.model_id, ret_model, err);
}

static int apply(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct ending *ending = (struct ending *)(void *)write;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_model model;
    int rc;

    oc_arena_init(&arena, ARENA_MAX);
    ending->source_gone = false;
    ending->job->gone = false;
    rc = check_ending(ending, oc_tx_read(tx), &arena, &model, err);
    if (rc == OC_OK)
        rc = fill_model(ending, &arena, &model, err);
    if (rc == OC_OK)
        rc = end_job(tx, ending, err);
    if (rc == OC_OK)
        rc = put_model(tx, &arena, &model, err);
    if (rc == OC_OK && ending->failure.ptr)
        rc = release_name(tx, &arena, &model, err);
    if (rc == OC_OK)
        rc = oc_tx_delete(tx, OC_RECORD_TASK, ending->job->key, err);
    return rc;
}

static int commit(struct ending *ending, struct oc_err *err)
{
    struct oc_copy_job *job = ending->job;
    int rc;

    ending->write.apply = apply;
    rc = oc_store_write(job->engine->options.store, &ending->write, err);
    if (rc == OC_OK)
        oc_events_wake(job->engine->options.events);
    else if (!job->gone && !ending->source_gone)
        job->store_failed = true;
    return rc;
}

int oc_copy_commit_active(struct oc_copy_job *job, struct oc_err *err)
{
    struct ending ending = {.job = job};

    return commit(&ending, err);
}

int oc_copy_commit_failed(struct oc_copy_job *job, struct oc_slice message, struct oc_err *err)
{
    struct ending ending = {.job = job,
                            .failure = oc_slice_sub(message, 0, OC_FAILURE_MESSAGE_MAX)};

    return commit(&ending, err);
}

int oc_copy_manifest_load(struct oc_blob_store *blobs, struct oc_slice key_id, struct oc_slice hex,
                          struct oc_manifest *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_blob_name name = {.key_id = key_id};
    struct oc_err cause = {0};
    uint64_t size;
    size_t len;
    uint8_t *to;
    int rc;

    oc_buf_init(&text, OC_BLOB_ROOM(OC_MANIFEST_MAX));
    if (!oc_hex_decode(hex, name.sha256, sizeof(name.sha256)))
        return oc_fail(err, OC_ECORRUPT, "'%.*s' is not the digest of a manifest", OC_FMT(hex));
    rc = oc_blob_size(blobs, &name, &size, err);
    if (rc < 0)
        return rc;
    to = oc_buf_extend(&text, OC_BLOB_ROOM(size));
    if (!to)
        return oc_fail_nomem(err);
    rc = oc_blob_get(blobs, &name, to, OC_BLOB_ROOM(size), &len, err);
    if (rc < 0)
        return rc;
    rc = oc_manifest_decode((struct oc_slice){(char *)to, len}, ret, &cause);
    if (rc < 0 && rc != OC_ENOMEM)
        return oc_fail(err, OC_ECORRUPT, "%s", cause.text);
    return rc < 0 ? oc_fail_nomem(err) : OC_OK;
}
