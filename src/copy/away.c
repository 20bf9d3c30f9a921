/*
 * Waiting for another machine that cannot be asked, a peer or an S3 store: how long, how often, and
 * what is told meanwhile; and when one that is silent counts as such.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fault.h"
#include "copy/copy_impl.h"

#define PATIENCE_DEFAULT_MS 600000
#define PAUSE_FIRST_US      500000LL
#define PAUSE_MAX_US        10000000LL
#define DOUBLINGS           5 /* from the first to the longest pause */

static int64_t patience_us(const struct oc_copy_engine *engine)
{
    int64_t ms = engine->options.peer_patience_ms;

    return (ms ? ms : PATIENCE_DEFAULT_MS) * 1000;
}

int64_t oc_copy_away_pause_us(const struct oc_copy_engine *engine,
                              const struct oc_copy_entry *entry)
{
    int64_t left = entry->away_since_us + patience_us(engine) - oc_clock_mono_us();
    int64_t pause = PAUSE_FIRST_US
                    << (entry->away_tries < DOUBLINGS ? entry->away_tries : DOUBLINGS);
    struct oc_err ignored = {0};
    uint32_t number = 0;

    if (pause > PAUSE_MAX_US)
        pause = PAUSE_MAX_US;
    (void)oc_random(&number, sizeof(number), &ignored); /* no jitter is no failure */
    pause = pause * 3 / 4 + (int64_t)(number % (uint64_t)(pause / 2));
    return pause < left ? pause : left > 0 ? left : 0;
}

bool oc_copy_away_is_over(struct oc_copy_job *job, struct oc_copy_entry *entry,
                          const struct oc_err *cause, struct oc_err *ret_reason)
{
    struct oc_copy_engine *engine = job->engine;
    int64_t now = oc_clock_mono_us();
    bool over;

    (void)pthread_mutex_lock(&engine->lock);
    entry->away_tries = entry->away_since_us && !job->bytes_moved ? entry->away_tries + 1 : 0;
    if (!entry->away_since_us || job->bytes_moved)
        entry->away_since_us = now;
    over = now - entry->away_since_us >= patience_us(engine);
    entry->rest = job->progress; /* nothing is in flight any more */
    entry->rest.phase = "waiting";
    entry->rest.bytes_per_second = 0;
    entry->rest.seconds_left = -1;
    (void)snprintf(entry->rest.waiting_for, sizeof(entry->rest.waiting_for), "%.*s",
                   OC_COPY_WAITING_MAX - 1, cause->text);
    (void)pthread_mutex_unlock(&engine->lock);
    if (over)
        (void)oc_fail_for(
            ret_reason, OC_EBUSY, cause,
            "%s. It was waited for %lld seconds: start again when it answers; parts that "
            "have arrived are not moved again",
            cause->text, (long long)(patience_us(engine) / 1000000));
    return over;
}

/* -- giving way ----------------------------------------------------------------------------- */

bool oc_copy_away_is_in_the_way(struct oc_copy_engine *engine, const void *place)
{
    bool full;

    (void)pthread_mutex_lock(&engine->lock);
    full = engine->others_wait && engine->others_wait(engine->others_ctx);
    for (uint32_t i = 0; !full && i < engine->running_count; i++) {
        const struct oc_copy_entry *entry = engine->running[i];

        full = entry->job && oc_pool_waits_for(engine->pool, &entry->job->user, place) &&
               oc_copy_queue_is_full(engine, entry->account);
    }
    (void)pthread_mutex_unlock(&engine->lock);
    return full || oc_pool_is_wanted(engine->pool, place);
}

void oc_copy_engine_ask_whether_others_wait(struct oc_copy_engine *engine, bool (*fn)(void *ctx),
                                            void *ctx)
{
    (void)pthread_mutex_lock(&engine->lock);
    engine->others_wait = fn;
    engine->others_ctx = ctx;
    (void)pthread_mutex_unlock(&engine->lock);
}

static bool is_in_the_way(void *ctx)
{
    const struct oc_copy_way *way = ctx;

    return oc_copy_away_is_in_the_way(way->engine, way->place);
}

int oc_copy_away_begin(struct oc_copy_engine *engine, struct oc_err *err)
{
    const struct oc_copy_options *options = &engine->options;
    struct oc_copy_way *way;

    engine->ways =
        oc_alloc((options->region_count + options->bucket_count + 1) * sizeof(*engine->ways));
    if (!engine->ways)
        return oc_fail_nomem(err);
    way = engine->ways;
    for (size_t i = 0; i < options->region_count; i++, way++) {
        *way = (struct oc_copy_way){engine, options->regions[i].blobs};
        oc_blob_give_way(options->regions[i].blobs, is_in_the_way, way);
    }
    for (size_t i = 0; i < options->bucket_count; i++, way++) {
        *way = (struct oc_copy_way){engine, options->buckets[i].s3};
        if (options->buckets[i].s3)
            oc_s3_give_way(options->buckets[i].s3, is_in_the_way, way);
    }
    return OC_OK;
}

void oc_copy_away_end(struct oc_copy_engine *engine)
{
    const struct oc_copy_options *options = &engine->options;

    for (size_t i = 0; engine->ways && i < options->region_count; i++)
        oc_blob_give_way(options->regions[i].blobs, NULL, NULL);
    for (size_t i = 0; engine->ways && i < options->bucket_count; i++)
        if (options->buckets[i].s3)
            oc_s3_give_way(options->buckets[i].s3, NULL, NULL);
    free(engine->ways);
    engine->ways = NULL;
}
