/*
 * Figures for Prometheus: how they are counted and how they are written.
 *
 * Counting is a relaxed atomic add. What many threads count at once stands in OC_METRICS_STRIPES
 * copies, of which each thread has one for itself as long as there are no more threads than copies;
 * the reader adds them up. Writing is the text format 0.0.4: a family is announced once, its values
 * follow. Who counts adds a collector to the registry; it is called for every scrape.
 *
 * Threads: counting and oc_metrics_write from any; oc_metrics_add before the first write.
 */
#ifndef OC_BASE_METRICS_H
#define OC_BASE_METRICS_H

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/err.h"

#define OC_METRICS_STRIPES      16
#define OC_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** Which stripe the calling thread counts in: 0 to OC_METRICS_STRIPES - 1. Cost: a load. */
unsigned oc_metrics_stripe(void);

/** Add to a counter that is read at leisure. */
static inline void oc_metrics_count(_Atomic uint64_t *counter, uint64_t add)
{
    atomic_fetch_add_explicit(counter, add, memory_order_relaxed);
}

/** What has been counted so far. */
static inline uint64_t oc_metrics_read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/** How long things took: 50 µs to 10 s in steps of about two, and longer. Zero-initialise. */
#define OC_HISTOGRAM_BUCKETS 17
struct oc_histogram {
    _Atomic uint64_t buckets[OC_HISTOGRAM_BUCKETS + 1]; /* each its own range; the last: longer */
    _Atomic uint64_t sum_us;
};

/** Count one duration. Cost: a few comparisons and two atomic adds. */
void oc_histogram_add(struct oc_histogram *histogram, int64_t us);

/** Add what `from` has counted to `to`, which no other thread uses. */
void oc_histogram_merge(struct oc_histogram *to, const struct oc_histogram *from);

/* -- writing ---------------------------------------------------------------------------------- */

enum oc_metric_type { OC_METRIC_COUNTER, OC_METRIC_GAUGE, OC_METRIC_HISTOGRAM };

struct oc_metric_label {
    const char *name;
    struct oc_slice value; /* any text: it is escaped */
};

/** Writes one scrape; check buf->failed at the end. */
struct oc_metrics_writer {
    struct oc_buf *buf;
    const char *family;
};

/** Announce a family; `name` must live until the next one. Help ends without a full stop. */
void oc_metrics_family(struct oc_metrics_writer *w, const char *name, enum oc_metric_type type,
                       const char *help);

/** A value of the family, with up to a few labels (NULL and 0: none). */
void oc_metrics_put(struct oc_metrics_writer *w, const struct oc_metric_label *labels, size_t count,
                    uint64_t value);
void oc_metrics_put_real(struct oc_metrics_writer *w, const struct oc_metric_label *labels,
                         size_t count, double value);

/** The lines of one histogram of the family, in seconds. */
void oc_metrics_put_histogram(struct oc_metrics_writer *w, const struct oc_metric_label *labels,
                              size_t count, const struct oc_histogram *histogram);

/** A family with one value and no label. */
void oc_metrics_one(struct oc_metrics_writer *w, const char *name, enum oc_metric_type type,
                    const char *help, uint64_t value);

/* -- the registry ----------------------------------------------------------------------------- */

/** Write the families of one module. Must not fail, must not block. */
typedef void oc_metrics_fn(struct oc_metrics_writer *w, void *ctx);

#define OC_METRICS_COLLECTORS_MAX 16

/** All collectors of a process. Zero-initialise. */
struct oc_metrics {
    struct {
        oc_metrics_fn *fn;
        void *ctx;
    } collectors[OC_METRICS_COLLECTORS_MAX];
    size_t count;
};

/** Add a collector; `ctx` must outlive the registry's last write. There is room for all. */
void oc_metrics_add(struct oc_metrics *metrics, oc_metrics_fn *fn, void *ctx);

/** Append one scrape. */
void oc_metrics_write(const struct oc_metrics *metrics, struct oc_buf *buf);

#endif
