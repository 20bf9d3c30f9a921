/*
 * The engine: its Regions, the runners that work off the queue, and what is asked of it from
 * outside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "copy/copy_impl.h"
#include "copy/upload_records.h"

#define WORKERS_DEFAULT 4
#define WORKERS_MAX     64
#define JOBS_DEFAULT    16
#define JOBS_MAX        256
/* Buffers beyond one for each worker: filled while the workers work. With the default workers there
 * are 5 of 8 MiB; the rest of 64 MiB is for stacks, manifests and the libraries' own pages. */
#define SPARE_TICKETS    1
#define PUT_OFF_MAX_US   60000000LL
#define UPLOADS_EVERY_US 3600000000LL /* looks for abandoned uploads */
#define CACHE_SHARE      4            /* this part of memory may keep what a copy has read */
#define STACK_BYTES      (512UL * 1024)
#define NICE             10 /* of the threads that run copies; see setpriority(2) */

/* -- Regions -------------------------------------------------------------------------------- */

struct oc_copy_region *oc_copy_find_region(struct oc_copy_engine *engine, struct oc_slice name)
{
    for (size_t i = 0; i < engine->region_count; i++)
        if (oc_slice_eq(engine->regions[i].region.name, name))
            return &engine->regions[i];
    return NULL;
}

struct oc_copy_region *oc_copy_entry_region(struct oc_copy_engine *engine,
                                            const struct oc_copy_entry *entry)
{
    struct oc_slice rest = {entry->key, entry->key_len};

    return oc_copy_find_region(engine, oc_slice_cut(&rest, '\0'));
}

const struct oc_region *oc_copy_engine_region(struct oc_copy_engine *engine, struct oc_slice name)
{
    struct oc_copy_region *region = oc_copy_find_region(engine, name);

    return region ? &region->region : NULL;
}

/* Pins went away: garbage that a sweep had to leave may now be removed. */
static void release(struct oc_copy_engine *engine, struct oc_copy_region *region)
{
    (void)pthread_mutex_lock(&engine->lock);
    region->released = true;
    if (region->sweep_again_us)
        (void)pthread_cond_signal(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
}

int oc_copy_engine_pin(struct oc_copy_engine *engine, struct oc_slice region,
                       const uint8_t sha256[OC_SHA256_LEN], struct oc_err *err)
{
    struct oc_copy_region *found = oc_copy_find_region(engine, region);

    if (!found)
        return oc_fail(err, OC_ENOTFOUND, "Region %.*s is not served here", OC_FMT(region));
    return oc_pins_add(&found->pins, sha256, err);
}

void oc_copy_engine_unpin(struct oc_copy_engine *engine, struct oc_slice region,
                          const uint8_t sha256[OC_SHA256_LEN])
{
    struct oc_copy_region *found = oc_copy_find_region(engine, region);

    oc_pins_remove(&found->pins, sha256);
    release(engine, found);
}

/* -- runners -------------------------------------------------------------------------------- */

/* A runner that is about to be busy has perhaps taken the signal of oc_copy_engine_wake: somebody
 * else must look for tasks meanwhile. Lock held. */
static void pass_on(struct oc_copy_engine *engine)
{
    if (engine->woken)
        (void)pthread_cond_signal(&engine->changed);
}

/* Lock held on entry and exit. */
static void run_entry(struct oc_copy_engine *engine, struct oc_copy_entry *entry)
{
    enum oc_copy_end end;
    uint32_t at = 0;

    entry->running = true;
    engine->running[engine->running_count++] = entry;
    memcpy(engine->last_account, entry->account, OC_ACCOUNT_LEN);
    pass_on(engine);
    (void)pthread_mutex_unlock(&engine->lock);
    end = oc_copy_job_run(engine, entry);
    release(engine, oc_copy_entry_region(engine, entry));
    (void)pthread_mutex_lock(&engine->lock);
    while (engine->running[at] != entry)
        at++;
    engine->running[at] = engine->running[--engine->running_count];
    entry->running = entry->ended = false;
    if (end == OC_COPY_DONE) {
        oc_copy_queue_remove(engine, entry);
    } else if (end == OC_COPY_LATER) {
        int64_t pause = OC_COPY_PUT_OFF_US << (entry->tries < 6 ? entry->tries : 6);

        entry->tries++;
        entry->not_before_us =
            oc_clock_mono_us() + (pause < PUT_OFF_MAX_US ? pause : PUT_OFF_MAX_US);
    } else if (end == OC_COPY_AWAY) {
        entry->not_before_us = oc_clock_mono_us() + oc_copy_away_pause_us(engine, entry);
    }
    (void)pthread_cond_broadcast(&engine->changed); /* caps have room again */
}

/* Lock held on entry and exit. */
static void sweep_region(struct oc_copy_engine *engine, struct oc_copy_region *region)
{
    struct oc_err err = {0};
    int64_t start = oc_clock_mono_us(), now;
    uint64_t kept = 0;
    int rc;

    region->sweep_wanted = region->released = false;
    region->sweep_again_us = 0;
    engine->sweeping = true;
    pass_on(engine);
    (void)pthread_mutex_unlock(&engine->lock);
    rc = oc_copy_sweep_region(engine, region, &kept, &err);
    if (rc < 0 && rc != OC_ECANCELED)
        oc_log(OC_LOG_ERROR, "copy.sweep_failed", "reason", err.text, (char *)NULL);
    oc_metrics_count(&engine->counts.sweeps, 1);
    oc_metrics_count(&engine->counts.sweep_failures, rc < 0 && rc != OC_ECANCELED);
    (void)pthread_mutex_lock(&engine->lock);
    engine->sweeping = false;
    now = oc_clock_mono_us();
    if (rc < 0) {
        region->released = true; /* try again in any case */
        region->sweep_again_us = now + PUT_OFF_MAX_US;
    } else if (kept) {
        region->sweep_again_us = now + 10 * (now - start); /* a tenth of the time, at most */
    }
    (void)pthread_cond_broadcast(&engine->changed);
}

/* Once: forget what uploads that were being ended have left. Lock held on entry and exit. */
static void delete_rests(struct oc_copy_engine *engine)
{
    struct oc_err err = {0};
    uint64_t rests = 0;
    char count[24];

    engine->rests_seen = true;
    pass_on(engine);
    (void)pthread_mutex_unlock(&engine->lock);
    if (oc_uploads_delete_rests(engine->options.store, &rests, &err) < 0)
        oc_log(OC_LOG_ERROR, "copy.rests_not_deleted", "reason", err.text, (char *)NULL);
    (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)rests);
    if (rests)
        oc_log(OC_LOG_INFO, "copy.upload_rests", "count", count, (char *)NULL);
    (void)pthread_mutex_lock(&engine->lock);
}

/* Give back what abandoned uploads hold. Lock held on entry and exit. */
static void end_uploads(struct oc_copy_engine *engine, struct oc_copy_region *region)
{
    int64_t before_ms = oc_clock_steady_ms(&engine->clock) - engine->options.upload_keep_ms;
    struct oc_err err = {0};
    uint64_t ended = 0;
    char count[24];

    engine->sweeping = true;
    pass_on(engine);
    (void)pthread_mutex_unlock(&engine->lock);
    if (oc_uploads_delete_old(engine->options.store, region->region.name, before_ms, &ended, &err) <
        0)
        oc_log(OC_LOG_ERROR, "copy.uploads_not_ended", "reason", err.text, (char *)NULL);
    (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)ended);
    if (ended)
        oc_log(OC_LOG_INFO, "copy.uploads_abandoned", "count", count, (char *)NULL);
    (void)pthread_mutex_lock(&engine->lock);
    engine->sweeping = false;
    region->sweep_wanted = region->sweep_wanted || ended;
    region->uploads_due_us = oc_clock_mono_us() + UPLOADS_EVERY_US;
    (void)pthread_cond_broadcast(&engine->changed);
}

/*
 * Do a sweep that is wanted or due, unless one is under way, or look for abandoned uploads; lowers
 * `*ret_next_us` to when the next one is due. Lock held on entry and exit.
 */
static bool sweep_one(struct oc_copy_engine *engine, int64_t now, int64_t *ret_next_us)
{
    if (!engine->rests_seen) {
        delete_rests(engine);
        return true;
    }
    for (size_t i = 0; !engine->sweeping && i < engine->region_count; i++) {
        struct oc_copy_region *region = &engine->regions[i];
        bool again = region->sweep_again_us && region->released;

        if (engine->options.upload_keep_ms && region->uploads_due_us <= now) {
            end_uploads(engine, region);
            return true;
        }
        if (engine->options.upload_keep_ms && region->uploads_due_us < *ret_next_us)
            *ret_next_us = region->uploads_due_us;
        if (region->sweep_wanted || (again && region->sweep_again_us <= now)) {
            sweep_region(engine, region);
            return true;
        }
        if (again && region->sweep_again_us < *ret_next_us)
            *ret_next_us = region->sweep_again_us;
    }
    return false;
}

/* Wait for a change, at most until `until_us`. Lock held. */
static void wait_until(struct oc_copy_engine *engine, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};

    if (until_us == INT64_MAX)
        (void)pthread_cond_wait(&engine->changed, &engine->lock);
    else
        (void)pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
}

static void *run(void *arg)
{
    struct oc_copy_engine *engine = arg;

    /* Of this thread only. Where processors are scarce, requests go before copies. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    (void)pthread_mutex_lock(&engine->lock);
    while (!engine->stopping) {
        int64_t now = oc_clock_mono_us(), next = INT64_MAX;
        struct oc_copy_entry *entry;

        if (sweep_one(engine, now, &next))
            continue;
        if (engine->woken && !engine->scanning && now >= engine->next_scan_us) {
            oc_copy_queue_scan(engine);
            continue;
        }
        entry = oc_copy_queue_choose(engine, now, &next);
        if (entry) {
            run_entry(engine, entry);
            continue;
        }
        if (engine->woken && !engine->scanning && engine->next_scan_us < next)
            next = engine->next_scan_us;
        wait_until(engine, next);
    }
    (void)pthread_mutex_unlock(&engine->lock);
    return NULL;
}

/* -- life ----------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct oc_copy_region *x = a, *y = b;

    return oc_slice_cmp(x->region.name, y->region.name);
}

static int start_runners(struct oc_copy_engine *engine, uint32_t jobs, struct oc_err *err)
{
    pthread_attr_t attr;
    int rc = OC_OK;

    (void)pthread_attr_init(&attr); /* cannot fail on Linux */
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    (void)pthread_mutex_lock(&engine->lock); /* caps depend on the number of runners */
    for (; rc == OC_OK && engine->runner_count < jobs; engine->runner_count++)
        if (pthread_create(&engine->runners[engine->runner_count], &attr, run, engine) != 0) {
            rc = oc_fail(err, OC_ENOMEM, "copy engine: a thread could not be started");
            break;
        }
    (void)pthread_mutex_unlock(&engine->lock);
    (void)pthread_attr_destroy(&attr);
    return rc;
}

static int start(struct oc_copy_engine *engine, const struct oc_copy_options *options,
                 struct oc_err *err)
{
    uint32_t workers = options->workers ? options->workers : WORKERS_DEFAULT;
    uint32_t jobs = options->jobs_at_once ? options->jobs_at_once : JOBS_DEFAULT;
    int rc;

    if (workers > WORKERS_MAX || jobs > JOBS_MAX)
        return oc_fail(err, OC_EINVAL, "copy engine: at most %d workers and %d jobs at once",
                       WORKERS_MAX, JOBS_MAX);
    engine->regions = oc_alloc((options->region_count + 1) * sizeof(*engine->regions));
    engine->running = oc_alloc(jobs * sizeof(*engine->running));
    engine->runners = oc_alloc(jobs * sizeof(*engine->runners));
    if (!engine->regions || !engine->running || !engine->runners)
        return oc_fail_nomem(err);
    for (; engine->region_count < options->region_count; engine->region_count++) {
        struct oc_copy_region *region = &engine->regions[engine->region_count];

        *region = (struct oc_copy_region){.region = options->regions[engine->region_count]};
        oc_pins_init(&region->pins);
    }
    qsort(engine->regions, engine->region_count, sizeof(*engine->regions), by_name);
    engine->cacheable =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / CACHE_SHARE;
    rc = oc_pool_new(workers, workers + SPARE_TICKETS, &engine->pool, err);
    if (rc == OC_OK)
        rc = oc_copy_away_begin(engine, err);
    return rc < 0 ? rc : start_runners(engine, jobs, err);
}

int oc_copy_engine_new(const struct oc_copy_options *options, struct oc_copy_engine **ret,
                       struct oc_err *err)
{
    struct oc_copy_engine *engine = oc_alloc(sizeof(*engine));
    int rc;

    if (!engine)
        return oc_fail_nomem(err);
    memset(engine, 0, sizeof(*engine));
    engine->options = *options;
    engine->woken = true;
    (void)pthread_mutex_init(&engine->lock, NULL); /* cannot fail with default attributes */
    oc_clock_init_cond(&engine->changed);
    rc = start(engine, options, err);
    if (rc < 0) {
        oc_copy_engine_free(engine);
        return rc;
    }
    *ret = engine;
    return OC_OK;
}

void oc_copy_engine_stop(struct oc_copy_engine *engine)
{
    if (!engine)
        return;
    (void)pthread_mutex_lock(&engine->lock);
    engine->stopping = true;
    (void)pthread_cond_broadcast(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
    if (engine->pool)
        oc_pool_stop(engine->pool);
    for (uint32_t i = 0; i < engine->runner_count; i++)
        (void)pthread_join(engine->runners[i], NULL); /* fails only on a bug */
    engine->runner_count = 0;
    oc_copy_away_end(engine);
    oc_pool_free(engine->pool);
    engine->pool = NULL;
}

void oc_copy_engine_free(struct oc_copy_engine *engine)
{
    if (!engine)
        return;
    oc_copy_engine_stop(engine);
    for (size_t i = 0; i < engine->region_count; i++)
        oc_pins_clear(&engine->regions[i].pins);
    for (size_t i = 0; i < engine->entry_count; i++)
        free(engine->entries[i]);
    free(engine->entries);
    free(engine->running);
    free(engine->runners);
    free(engine->regions);
    (void)pthread_cond_destroy(&engine->changed);
    (void)pthread_mutex_destroy(&engine->lock);
    free(engine);
}

/* -- from outside --------------------------------------------------------------------------- */

void oc_copy_engine_wake(struct oc_copy_engine *engine)
{
    if (atomic_exchange(&engine->woken, true))
        return; /* a runner knows, or was signalled by who set it */
    (void)pthread_mutex_lock(&engine->lock);
    (void)pthread_cond_signal(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
}

void oc_copy_engine_sweep(struct oc_copy_engine *engine, struct oc_slice region)
{
    struct oc_copy_region *found = oc_copy_find_region(engine, region);

    if (!found)
        return;
    (void)pthread_mutex_lock(&engine->lock);
    found->sweep_wanted = true;
    (void)pthread_cond_signal(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
}

int oc_copy_engine_run(struct oc_copy_engine *engine, bool waits, void (*fn)(void *ctx), void *ctx,
                       struct oc_err *err)
{
    return oc_pool_run(engine->pool, waits, fn, ctx, err);
}

void oc_copy_engine_stats(struct oc_copy_engine *engine, struct oc_copy_stats *ret)
{
    const struct oc_copy_counts *counts = &engine->counts;

    *ret = (struct oc_copy_stats){
        .put_off = oc_metrics_read(&counts->put_off),
        .parts_moved = oc_metrics_read(&counts->parts_moved),
        .parts_reused = oc_metrics_read(&counts->parts_reused),
        .retries = oc_metrics_read(&counts->retries),
        .sweeps = oc_metrics_read(&counts->sweeps),
        .sweep_failures = oc_metrics_read(&counts->sweep_failures),
        .blobs_swept = oc_metrics_read(&counts->blobs_swept),
    };
    for (size_t i = 0; i < OC_TASK_KINDS; i++) {
        ret->started[i] = oc_metrics_read(&counts->started[i]);
        ret->completed[i] = oc_metrics_read(&counts->completed[i]);
        ret->failed[i] = oc_metrics_read(&counts->failed[i]);
        ret->bytes_moved[i] = oc_metrics_read(&counts->bytes_moved[i]);
        ret->bytes_reused[i] = oc_metrics_read(&counts->bytes_reused[i]);
    }
    (void)pthread_mutex_lock(&engine->lock);
    ret->running = engine->running_count;
    ret->queued = engine->entry_count - engine->running_count;
    (void)pthread_mutex_unlock(&engine->lock);
}

static void tell_progress(struct oc_copy_job *job, struct oc_copy_progress *ret)
{
    (void)pthread_mutex_lock(&job->lock);
    *ret = job->progress;
    if (job->sample_count > 1) {
        uint32_t oldest = job->sample_count > OC_COPY_SAMPLES ? job->sample_count : 0;
        int64_t us = oc_clock_mono_us() - job->samples[oldest % OC_COPY_SAMPLES].at_us;
        uint64_t bytes = job->bytes_moved - job->samples[oldest % OC_COPY_SAMPLES].bytes;

        if (us > 0)
            ret->bytes_per_second = (uint64_t)((double)bytes * 1e6 / (double)us);
    }
    if (ret->bytes_per_second)
        ret->seconds_left = (int64_t)((ret->bytes_total - ret->bytes_done) / ret->bytes_per_second);
    (void)pthread_mutex_unlock(&job->lock);
}

bool oc_copy_engine_progress(struct oc_copy_engine *engine, struct oc_partition target,
                             struct oc_slice model_id, struct oc_copy_progress *ret)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_copy_entry *entry = NULL;
    struct oc_slice key;
    bool told;

    oc_arena_init(&arena, 4096);
    key = oc_key_task(&arena, target, model_id);
    (void)pthread_mutex_lock(&engine->lock);
    if (key.ptr)
        entry = oc_copy_queue_find(engine, key);
    if (entry && entry->job)
        tell_progress(entry->job, ret);
    else if (entry && entry->away_since_us)
        *ret = entry->rest;
    else if (entry && !entry->ended)
        *ret = (struct oc_copy_progress){.phase = "queued", .seconds_left = -1};
    if (entry && !entry->job && !entry->ended && entry->copy && !oc_copy_pace_is_open(engine))
        oc_copy_pace_tell(engine, ret);
    told = entry && !entry->ended;
    (void)pthread_mutex_unlock(&engine->lock);
    return told;
}
