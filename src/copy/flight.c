/*
 * Parts in flight: the job's thread hands out work on parts, the workers land it.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "copy/copy_impl.h"

#define TRIES     3
#define SAMPLE_US 500000

void oc_flight_waits_for(struct oc_copy_job *job, const void *place)
{
    const struct oc_blob_store *target = job->target->region.blobs;

    oc_pool_user_waits_for(job->engine->pool, &job->user, place,
                           oc_blob_is_remote(target) ? target : NULL);
}

bool oc_flight_is_away(const struct oc_copy_job *job, int rc)
{
    return rc == OC_EBUSY && (job->user.places[0] || job->user.places[1]);
}

int oc_flight_begin(struct oc_copy_job *job, struct oc_err *err)
{
    size_t count = job->manifest.part_count;

    job->pinned = oc_arena_alloc(&job->arena, count + 1);
    if (!job->pinned)
        return oc_fail_nomem(err);
    (void)pthread_mutex_lock(&job->lock);
    job->progress = (struct oc_copy_progress){.phase = "copying",
                                              .bytes_total = job->manifest.size,
                                              .parts_total = count,
                                              .seconds_left = -1};
    (void)pthread_mutex_unlock(&job->lock);
    return OC_OK;
}

int oc_flight_failure(struct oc_copy_job *job, struct oc_err *err)
{
    int rc;

    (void)pthread_mutex_lock(&job->lock);
    rc = job->rc;
    if (rc < 0)
        *err = job->err;
    (void)pthread_mutex_unlock(&job->lock);
    return rc;
}

int oc_flight_ticket(struct oc_copy_job *job, uint32_t index, struct oc_ticket **ret,
                     struct oc_err *err)
{
    struct oc_ticket *ticket = NULL;
    int rc = oc_pool_ticket(job->engine->pool, &job->user, &ticket, err);

    if (rc < 0)
        return rc;
    rc = oc_flight_failure(job, err);
    if (rc < 0) {
        oc_pool_return(job->engine->pool, ticket);
        return rc;
    }
    ticket->owner = job;
    ticket->index = index;
    *ret = ticket;
    return OC_OK;
}

void oc_flight_submit(struct oc_copy_job *job, struct oc_ticket *ticket, oc_part_fn *fn)
{
    (void)pthread_mutex_lock(&job->lock);
    job->in_flight++;
    (void)pthread_mutex_unlock(&job->lock);
    oc_pool_submit(job->engine->pool, ticket, fn);
}

/* Remember where the job is twice a second, to tell its rate. Lock held. */
static void sample(struct oc_copy_job *job)
{
    int64_t now = oc_clock_mono_us();
    uint32_t last = (job->sample_count - 1) % OC_COPY_SAMPLES;

    if (job->sample_count && now - job->samples[last].at_us < SAMPLE_US)
        return;
    last = job->sample_count++ % OC_COPY_SAMPLES;
    job->samples[last].at_us = now;
    job->samples[last].bytes = job->bytes_moved;
}

static void count_part(struct oc_copy_job *job, uint32_t size, bool moved)
{
    struct oc_copy_counts *counts = &job->engine->counts;
    enum oc_task_kind kind = job->task.kind;

    oc_metrics_count(moved ? &counts->bytes_moved[kind] : &counts->bytes_reused[kind], size);
    oc_metrics_count(moved ? &counts->parts_moved : &counts->parts_reused, 1);
}

void oc_flight_land(struct oc_ticket *ticket, int rc, const struct oc_err *err, bool moved,
                    bool keep)
{
    struct oc_copy_job *job = ticket->owner;
    uint32_t size = job->manifest.parts[ticket->index].size;

    if (rc == OC_OK)
        count_part(job, size, moved);
    if (!keep)
        oc_pool_return(job->engine->pool, ticket);
    (void)pthread_mutex_lock(&job->lock);
    if (keep) {
        ticket->rc = rc;
        ticket->done = true;
    }
    if (rc < 0 && job->rc == OC_OK) {
        job->rc = rc;
        job->err = *err;
    }
    if (rc == OC_OK) {
        job->progress.bytes_done += size;
        job->progress.parts_done++;
        job->bytes_moved += moved ? size : 0;
        sample(job);
    }
    job->in_flight--;
    (void)pthread_cond_broadcast(&job->moved);
    (void)pthread_mutex_unlock(&job->lock);
}

void oc_flight_hold(struct oc_ticket *ticket, int rc, const struct oc_err *err)
{
    struct oc_copy_job *job = ticket->owner;

    (void)pthread_mutex_lock(&job->lock);
    ticket->rc = rc;
    ticket->done = true;
    if (rc < 0 && job->rc == OC_OK) {
        job->rc = rc;
        job->err = *err;
    }
    job->in_flight--;
    (void)pthread_cond_broadcast(&job->moved);
    (void)pthread_mutex_unlock(&job->lock);
}

int oc_flight_take(struct oc_copy_job *job, struct oc_ticket *ticket, struct oc_err *err)
{
    int rc;

    (void)pthread_mutex_lock(&job->lock);
    while (!ticket->done)
        (void)pthread_cond_wait(&job->moved, &job->lock);
    rc = ticket->rc;
    if (rc < 0)
        *err = job->err;
    (void)pthread_mutex_unlock(&job->lock);
    return rc;
}

int oc_flight_wait(struct oc_copy_job *job, struct oc_err *err)
{
    (void)pthread_mutex_lock(&job->lock);
    while (job->in_flight)
        (void)pthread_cond_wait(&job->moved, &job->lock);
    (void)pthread_mutex_unlock(&job->lock);
    return oc_flight_failure(job, err);
}

int oc_flight_pin(struct oc_copy_job *job, uint32_t index, struct oc_err *err)
{
    int rc;

    if (job->pinned[index])
        return OC_OK;
    rc = oc_pins_add(&job->target->pins, job->manifest.parts[index].sha256, err);
    job->pinned[index] = rc == OC_OK;
    return rc;
}

struct oc_blob_name oc_flight_part_name(const struct oc_copy_job *job, uint32_t index,
                                        struct oc_slice key_id)
{
    struct oc_blob_name name = {.key_id = key_id};

    memcpy(name.sha256, job->manifest.parts[index].sha256, sizeof(name.sha256));
    return name;
}

int oc_flight_put(struct oc_copy_job *job, struct oc_ticket *ticket, struct oc_err *err)
{
    struct oc_blob_store *blobs = job->target->region.blobs;
    struct oc_blob_name name = oc_flight_part_name(job, ticket->index, job->task.key_id);

    if (!ticket->sealed_len) {
        int rc = oc_blob_seal(blobs, &name, ticket->bytes, ticket->len, &ticket->sealed_len, err);

        if (rc < 0)
            return rc;
    }
    return oc_blob_put_sealed(blobs, &name, ticket->bytes, ticket->sealed_len, err);
}

int oc_flight_store(struct oc_copy_job *job, struct oc_ticket *ticket, bool *ret_moved,
                    struct oc_err *err)
{
    struct oc_blob_name name = oc_flight_part_name(job, ticket->index, job->task.key_id);
    bool there = false;
    int rc = oc_flight_pin(job, ticket->index, err);

    if (rc < 0)
        return rc;
    rc = oc_blob_has(job->target->region.blobs, &name, &there, err);
    if (rc < 0)
        return rc;
    if (!there) {
        rc = oc_flight_put(job, ticket, err);
        if (rc < 0)
            return rc;
    }
    *ret_moved = !there;
    return OC_OK;
}

bool oc_flight_retry(struct oc_copy_job *job, int rc, unsigned *tries)
{
    static const int64_t pause_ms[TRIES] = {100, 400};

    if (oc_flight_is_away(job, rc)) /* it is not asked again while a buffer is held: see away.c */
        return false;
    if ((rc != OC_EIO && rc != OC_EBUSY && rc != OC_ENOMEM) || ++*tries >= TRIES)
        return false;
    oc_metrics_count(&job->engine->counts.retries, 1);
    return oc_pool_sleep(job->engine->pool, pause_ms[*tries - 1]);
}

void oc_flight_describe(const struct oc_copy_job *job, uint32_t index, char *to, size_t cap)
{
    const struct oc_manifest *manifest = &job->manifest;
    const struct oc_manifest_file *file = oc_manifest_part_file(manifest, index);
    struct oc_slice path = file ? oc_slice_sub(file->path, 0, 200) : OC_STR("?");

    (void)snprintf(to, cap, "part %u of %zu (file '%.*s')", index + 1, manifest->part_count,
                   OC_FMT(path));
}
