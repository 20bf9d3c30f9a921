/*
 * One run of one task: bring the bytes to the target, seal, commit; or say why not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "copy/copy_impl.h"

/* Tasks are small, and so is what a run keeps besides the manifest; a byte a part, at most. */
#define JOB_ARENA_MAX (16UL * 1024 * 1024)

static void job_init(struct oc_copy_job *job, struct oc_copy_engine *engine,
                     const struct oc_copy_entry *entry)
{
    *job = (struct oc_copy_job){.engine = engine};
    job->key = (struct oc_slice){entry->key, entry->key_len};
    job->user.account = (struct oc_slice){entry->account, sizeof(entry->account)};
    job->progress = (struct oc_copy_progress){.phase = "queued", .seconds_left = -1};
    if (entry->away_since_us) /* written by this thread: see away.c */
        job->progress = entry->rest;
    job->checked_us = oc_clock_mono_us();
    oc_arena_init(&job->arena, JOB_ARENA_MAX);
    oc_manifest_init(&job->manifest);
    (void)pthread_mutex_init(&job->lock, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&job->moved, NULL);
    oc_pool_join(engine->pool, &job->user);
}

static void job_clear(struct oc_copy_job *job)
{
    for (uint32_t i = 0; job->pinned && i < job->manifest.part_count; i++)
        if (job->pinned[i])
            oc_pins_remove(&job->target->pins, job->manifest.parts[i].sha256);
    if (job->manifest_pinned)
        oc_pins_remove(&job->target->pins, job->manifest_sha256);
    oc_pool_leave(job->engine->pool, &job->user);
    oc_manifest_clear(&job->manifest);
    oc_arena_clear(&job->arena);
    (void)pthread_cond_destroy(&job->moved); /* nothing is in flight any more */
    (void)pthread_mutex_destroy(&job->lock);
}

/* -- sealing -------------------------------------------------------------------------------- */

static void set_phase(struct oc_copy_job *job, const char *phase)
{
    (void)pthread_mutex_lock(&job->lock);
    job->progress.phase = phase;
    (void)pthread_mutex_unlock(&job->lock);
}

int oc_copy_store_manifest(struct oc_copy_job *job, struct oc_slice text, struct oc_err *err)
{
    struct oc_blob_name name = {.key_id = job->task.key_id};
    struct oc_err cause = {0};
    unsigned tries = 0;
    bool there = false;
    int rc = oc_sha256(text, job->manifest_sha256, err);

    if (rc == OC_OK && !job->manifest_pinned)
        rc = oc_pins_add(&job->target->pins, job->manifest_sha256, err);
    if (rc < 0)
        return rc;
    job->manifest_pinned = true;
    memcpy(name.sha256, job->manifest_sha256, sizeof(name.sha256));
    do {
        rc = oc_blob_has(job->target->region.blobs, &name, &there, &cause);
        if (rc == OC_OK && !there)
            rc = oc_blob_put(job->target->region.blobs, &name, text, true, &cause);
    } while (rc < 0 && oc_flight_retry(job, rc, &tries));
    if (rc < 0)
        return oc_fail_for(err, rc, &cause, "the manifest could not be stored: %s", cause.text);
    return OC_OK;
}

/* All parts are durable: the manifest is next, and last the record. */
static int seal(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    int rc;

    set_phase(job, "sealing");
    oc_buf_init(&text, OC_MANIFEST_MAX);
    oc_manifest_encode(&text, &job->manifest);
    if (text.failed)
        return oc_fail(err, OC_ENOMEM, "no memory for the manifest, or it has more than %lu bytes",
                       OC_MANIFEST_MAX);
    rc = oc_copy_store_manifest(job, oc_buf_slice(&text), err);
    if (rc < 0)
        return rc;
    rc = oc_copy_commit_active(job, err);
    if (rc == OC_OK)
        set_phase(job, "done");
    return rc;
}

/* -- endings -------------------------------------------------------------------------------- */

static const char *const kind_names[] = {"copy", "import", "upload"};

static void log_end(const struct oc_copy_job *job, enum oc_log_level level, const char *event,
                    const struct oc_err *reason)
{
    char model[32], region[32], account[16], bytes[24], moved[24];
    struct oc_slice id = job->key;

    if (!oc_log_is_on(level))
        return;
    /* From the key: the task itself may be what could not be read. */
    (void)oc_slice_cut(&id, '\0');
    (void)oc_slice_cut(&id, '\0');
    (void)snprintf(model, sizeof(model), "%.*s", OC_FMT(id));
    (void)snprintf(region, sizeof(region), "%.*s", OC_FMT(job->target->region.name));
    (void)snprintf(account, sizeof(account), "%.*s", OC_FMT(job->user.account));
    (void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)job->manifest.size);
    (void)snprintf(moved, sizeof(moved), "%llu", (unsigned long long)job->bytes_moved);
    oc_log(level, event, "kind", kind_names[job->task.kind], "account", account, "region", region,
           "model", model, "bytes", bytes, "moved", moved, "reason", reason ? reason->text : NULL,
           "at", reason && reason->hidden[0] ? reason->hidden : NULL, (char *)NULL);
}

/* What the operator can do, where the text of the failure does not say it already. */
static const char *remedy(int rc)
{
    switch (rc) {
    case OC_EFULL:
        return " Free space on that disk, then start again.";
    case OC_EIO:
        return " Check that disk or server and the system's log, then start again.";
    case OC_ECORRUPT:
        return " Stored bytes are damaged: run `outcrop check --deep` and bring the source model "
               "in "
               "again.";
    case OC_ENOMEM:
        return " The server was short of memory: start again later.";
    case OC_ENOTFOUND:
        return " Run `outcrop check` to see what is missing, bring it back, then start again.";
    default:
        return "";
    }
}

static void put_message(const struct oc_copy_job *job, int rc, const struct oc_err *cause,
                        struct oc_buf *buf)
{
    const struct oc_task *task = &job->task;

    switch (task->kind) {
    case OC_TASK_COPY:
        oc_buf_printf(buf, "The copy from %.*s to %.*s failed: ", OC_FMT(task->source.region),
                      OC_FMT(task->target.region));
        break;
    case OC_TASK_IMPORT:
        oc_buf_printf(
            buf, "The import from %.*s failed: ", OC_FMT(oc_slice_sub(task->source_uri, 0, 200)));
        break;
    case OC_TASK_UPLOAD:
        oc_buf_put_str(buf, "The upload could not be verified: ");
        break;
    }
    /* A remote source says what is to be done there; a disk that fails is ours. */
    bool is_ours = !job->source || !job->source->is_peer || rc == OC_EFULL || rc == OC_EIO;
    oc_buf_printf(buf, "%s.%s", cause->text, is_ours ? remedy(rc) : "");
}

static enum oc_copy_end fail_job(struct oc_copy_job *job, int rc, const struct oc_err *cause)
{
    OC_AUTO(oc_buf_clear) struct oc_buf message = {0};
    struct oc_err err = {0};

    oc_buf_init(&message, OC_FAILURE_MESSAGE_MAX);
    put_message(job, rc, cause, &message);
    if (message.failed || oc_copy_commit_failed(job, oc_buf_slice(&message), &err) < 0) {
        if (job->gone)
            return OC_COPY_DONE;
        if (message.failed)
            (void)oc_fail_nomem(&err);
        log_end(job, OC_LOG_ERROR, "copy.not_recorded", &err);
        return OC_COPY_LATER;
    }
    log_end(job, OC_LOG_WARN, "copy.failed", cause);
    oc_metrics_count(&job->engine->counts.failed[job->task.kind], 1);
    job->leaves_garbage = true;
    return OC_COPY_DONE;
}

static enum oc_copy_end end_run(struct oc_copy_job *job, struct oc_copy_entry *entry, int rc,
                                const struct oc_err *err)
{
    if (rc == OC_OK) {
        log_end(job, OC_LOG_INFO, "copy.done", NULL);
        oc_metrics_count(&job->engine->counts.completed[job->task.kind], 1);
        return OC_COPY_DONE;
    }
    if (job->gone) {
        log_end(job, OC_LOG_INFO, "copy.gone", err);
        job->leaves_garbage = true;
        return OC_COPY_DONE;
    }
    if (job->closed)
        log_end(job, OC_LOG_INFO, "copy.paused", err);
    if (rc == OC_ECANCELED || oc_pool_is_stopping(job->engine->pool))
        return OC_COPY_STOPPED;
    if (job->store_failed) {
        log_end(job, OC_LOG_ERROR, "copy.put_off", err);
        oc_metrics_count(&job->engine->counts.put_off, 1);
        return OC_COPY_LATER;
    }
    if (oc_flight_is_away(job, rc)) {
        struct oc_err reason = {0};

        if (oc_copy_away_is_over(job, entry, err, &reason))
            return fail_job(job, rc, &reason);
        log_end(job, OC_LOG_WARN, "copy.waiting", err);
        oc_metrics_count(&job->engine->counts.put_off, 1);
        return OC_COPY_AWAY;
    }
    return fail_job(job, rc, err);
}

/* -- the run -------------------------------------------------------------------------------- */

static const struct oc_copy_source *find_source(const struct oc_copy_job *job)
{
    const struct oc_task *task = &job->task;

    if (task->kind != OC_TASK_COPY)
        return NULL;
    if (oc_copy_find_region(job->engine, task->source.region))
        return &oc_copy_source_local;
    return oc_peers_find(&job->engine->options.peers, task->source.region) ? &oc_copy_source_peer
                                                                           : NULL;
}

static int do_task(struct oc_copy_job *job, struct oc_err *err)
{
    int rc;

    switch (job->task.kind) {
    case OC_TASK_COPY:
        rc = oc_copy_transfer(job, err);
        break;
    case OC_TASK_IMPORT:
        rc = oc_copy_import(job, err);
        break;
    default:
        rc = oc_copy_upload(job, err);
        break;
    }
    return rc < 0 ? rc : seal(job, err);
}

/* Progress is asked for through the entry: it must see whole jobs only. */
static void show_job(struct oc_copy_engine *engine, struct oc_copy_entry *entry,
                     struct oc_copy_job *job)
{
    (void)pthread_mutex_lock(&engine->lock);
    entry->job = job;
    entry->ended = !job;
    (void)pthread_mutex_unlock(&engine->lock);
}

enum oc_copy_end oc_copy_job_run(struct oc_copy_engine *engine, struct oc_copy_entry *entry)
{
    struct oc_copy_job job;
    struct oc_err err = {0};
    enum oc_copy_end end;
    int rc;

    job_init(&job, engine, entry);
    job.target = oc_copy_entry_region(engine, entry);
    rc = oc_copy_load_task(&job, &err);
    if (rc == OC_OK) {
        oc_metrics_count(&engine->counts.started[job.task.kind], 1);
        job.source = find_source(&job);
        show_job(engine, entry, &job);
        rc = do_task(&job, &err);
        show_job(engine, entry, NULL);
    }
    end = end_run(&job, entry, rc, &err);
    job_clear(&job);
    if (job.leaves_garbage) /* and no longer pins it */
        oc_copy_engine_sweep(engine, job.target->region.name);
    return end;
}
