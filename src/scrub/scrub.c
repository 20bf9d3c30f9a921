/* The scrubber's life, its clock and its figures: see scrub.h. */
#include "scrub/scrub_impl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"

#define RATE_AFTER_US 500000 /* before that a rate says nothing */
#define STACK_BYTES   (512UL * 1024)

bool oc_scrub_is_stopping(struct oc_scrubber *scrubber)
{
    bool stopping;

    (void)pthread_mutex_lock(&scrubber->lock);
    stopping = scrubber->stopping;
    (void)pthread_mutex_unlock(&scrubber->lock);
    return stopping;
}

bool oc_scrub_sleep(struct oc_scrubber *scrubber, int64_t us)
{
    int64_t until_us = oc_clock_mono_us() + us;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    bool stopping;

    (void)pthread_mutex_lock(&scrubber->lock);
    while (!scrubber->stopping && oc_clock_mono_us() < until_us)
        (void)pthread_cond_timedwait(&scrubber->changed, &scrubber->lock, &until);
    stopping = scrubber->stopping;
    (void)pthread_mutex_unlock(&scrubber->lock);
    return !stopping;
}

const struct oc_region *oc_scrub_region(const struct oc_scrubber *scrubber, struct oc_slice name)
{
    for (size_t i = 0; i < scrubber->options.region_count; i++)
        if (oc_slice_eq(scrubber->options.regions[i].name, name))
            return &scrubber->options.regions[i];
    return NULL;
}

/* -- life ----------------------------------------------------------------------------------- */

struct recall {
    struct oc_scrubber *scrubber;
    uint64_t count;
};

/* A finding of an earlier run: its blob is not trusted until it was looked at again. */
static int recall_finding(struct oc_slice key, struct oc_slice record, void *ctx,
                          struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct recall *recall = ctx;
    const struct oc_region *region;
    struct oc_finding finding;
    int rc;

    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    rc = oc_finding_decode(key, record, &arena, &finding, err);
    if (rc < 0)
        return rc;
    recall->count++;
    region = oc_scrub_region(recall->scrubber, finding.region);
    return region ? oc_blob_distrust(region->blobs, &finding.name, err) : OC_OK;
}

static int recall_findings(struct oc_scrubber *scrubber, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct recall recall = {.scrubber = scrubber};
    int rc = oc_store_read(scrubber->options.store, &read, err);

    if (rc == OC_OK)
        rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_FINDING}, recall_finding,
                          &recall, err);
    if (rc == OC_OK)
        scrubber->counts.findings = recall.count;
    return rc;
}

static int count_one(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    (void)key;
    (void)record;
    (void)err;
    ++*(uint64_t *)ctx;
    return OC_OK;
}

void oc_scrub_count_findings(struct oc_scrubber *scrubber)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err ignored = {0};
    uint64_t count = 0;

    if (oc_store_read(scrubber->options.store, &read, &ignored) == OC_OK &&
        oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_FINDING}, count_one, &count,
                     &ignored) == OC_OK)
        scrubber->counts.findings = count;
}

static int start_thread(struct oc_scrubber *scrubber, void *(*main)(void *), struct oc_err *err)
{
    pthread_attr_t attr;
    int failed;

    (void)pthread_attr_init(&attr); /* cannot fail on Linux */
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    failed = pthread_create(&scrubber->threads[scrubber->thread_count], &attr, main, scrubber);
    (void)pthread_attr_destroy(&attr);
    if (failed)
        return oc_fail(err, OC_ENOMEM, "scrubber: a thread could not be started");
    scrubber->thread_count++;
    return OC_OK;
}

static int make_quiet(struct oc_scrubber *scrubber, struct oc_err *err)
{
    size_t size = (scrubber->options.peers.count + 1) * sizeof(*scrubber->quiet_until_us);

    scrubber->quiet_until_us = oc_alloc(size);
    if (!scrubber->quiet_until_us)
        return oc_fail_nomem(err);
    memset(scrubber->quiet_until_us, 0, size);
    return OC_OK;
}

int oc_scrubber_new(const struct oc_scrub_options *options, struct oc_scrubber **ret,
                    struct oc_err *err)
{
    struct oc_scrubber *scrubber = oc_alloc(sizeof(*scrubber));
    int rc;

    if (!scrubber)
        return oc_fail_nomem(err);
    memset(scrubber, 0, sizeof(*scrubber));
    scrubber->options = *options;
    scrubber->woken = true;
    (void)pthread_mutex_init(&scrubber->lock, NULL); /* cannot fail with default attributes */
    oc_clock_init_cond(&scrubber->changed);
    rc = make_quiet(scrubber, err);
    if (rc == OC_OK)
        rc = recall_findings(scrubber, err);
    if (rc == OC_OK)
        rc = start_thread(scrubber, oc_scrub_verify_main, err);
    if (rc == OC_OK && options->rate > 0)
        rc = start_thread(scrubber, oc_scrub_pass_main, err);
    if (rc < 0) {
        oc_scrubber_free(scrubber);
        return rc;
    }
    *ret = scrubber;
    return OC_OK;
}

void oc_scrubber_stop(struct oc_scrubber *scrubber)
{
    if (!scrubber)
        return;
    (void)pthread_mutex_lock(&scrubber->lock);
    scrubber->stopping = true;
    (void)pthread_cond_broadcast(&scrubber->changed);
    (void)pthread_mutex_unlock(&scrubber->lock);
    for (unsigned i = 0; i < scrubber->thread_count; i++)
        (void)pthread_join(scrubber->threads[i], NULL); /* fails only on a bug */
    scrubber->thread_count = 0;
}

void oc_scrubber_free(struct oc_scrubber *scrubber)
{
    if (!scrubber)
        return;
    oc_scrubber_stop(scrubber);
    (void)pthread_cond_destroy(&scrubber->changed);
    (void)pthread_mutex_destroy(&scrubber->lock);
    free(scrubber->quiet_until_us);
    free(scrubber);
}

/* -- from outside --------------------------------------------------------------------------- */

void oc_scrubber_wake(struct oc_scrubber *scrubber)
{
    (void)pthread_mutex_lock(&scrubber->lock);
    scrubber->woken = true;
    (void)pthread_cond_broadcast(&scrubber->changed);
    (void)pthread_mutex_unlock(&scrubber->lock);
}

bool oc_scrubber_progress(struct oc_scrubber *scrubber, struct oc_slice model_key,
                          struct oc_scrub_progress *ret)
{
    bool current;

    (void)pthread_mutex_lock(&scrubber->lock);
    current = oc_slice_eq(model_key, (struct oc_slice){scrubber->current, scrubber->current_len});
    if (current) {
        int64_t us = oc_clock_mono_us() - scrubber->began_us;

        *ret = scrubber->progress;
        ret->seconds_left = -1;
        if (us >= RATE_AFTER_US)
            ret->bytes_per_second = (uint64_t)((double)ret->bytes_done * 1e6 / (double)us);
        if (ret->bytes_per_second > 0)
            ret->seconds_left =
                (int64_t)((ret->bytes_total - ret->bytes_done) / ret->bytes_per_second);
    }
    (void)pthread_mutex_unlock(&scrubber->lock);
    return current;
}

void oc_scrubber_metrics(struct oc_metrics_writer *w, void *ctx)
{
    const struct oc_scrub_counts *counts = &((struct oc_scrubber *)ctx)->counts;

    oc_metrics_one(w, "outcrop_verified_blobs_total", OC_METRIC_COUNTER,
                   "Stored blobs that were read again and are whole",
                   oc_metrics_read(&counts->blobs));
    oc_metrics_one(w, "outcrop_verified_bytes_total", OC_METRIC_COUNTER, "Bytes of those",
                   oc_metrics_read(&counts->bytes));
    oc_metrics_family(w, "outcrop_rot_total", OC_METRIC_COUNTER,
                      "Stored blobs that were damaged or missing, each time they were met");
    oc_metrics_put(w, &(struct oc_metric_label){"kind", OC_STR("damaged")}, 1,
                   oc_metrics_read(&counts->damaged));
    oc_metrics_put(w, &(struct oc_metric_label){"kind", OC_STR("missing")}, 1,
                   oc_metrics_read(&counts->missing));
    oc_metrics_one(w, "outcrop_rot_repaired_total", OC_METRIC_COUNTER,
                   "Of those, repaired from another copy", oc_metrics_read(&counts->mended));
    oc_metrics_one(w, "outcrop_findings", OC_METRIC_GAUGE,
                   "Blobs that are damaged or missing now and could not be repaired",
                   oc_metrics_read(&counts->findings));
    oc_metrics_one(w, "outcrop_verified_skipped_total", OC_METRIC_COUNTER,
                   "Stored blobs that could not be read, for a disabled key for example",
                   oc_metrics_read(&counts->skipped));
    oc_metrics_one(w, "outcrop_scrub_passes_total", OC_METRIC_COUNTER,
                   "Passes over all stored blobs", oc_metrics_read(&counts->passes));
    oc_metrics_family(w, "outcrop_scrub_last_pass_timestamp_seconds", OC_METRIC_GAUGE,
                      "When the last pass ended; 0: never");
    oc_metrics_put_real(w, NULL, 0, (double)counts->pass_end_ms / 1000);
    oc_metrics_family(w, "outcrop_model_verifications_total", OC_METRIC_COUNTER,
                      "Verifications of models that have ended");
    for (int i = OC_VERIFICATION_SOUND; i < OC_VERIFICATION_STATUSES; i++)
        oc_metrics_put(w,
                       &(struct oc_metric_label){
                           "status", oc_verification_status_text((enum oc_verification_status)i)},
                       1, oc_metrics_read(&counts->verifications[i]));
}
