/* Figures for Prometheus: see metrics.h. */
#include "base/metrics.h"

#include <assert.h>

/* Upper ends of the buckets, in microseconds. */
static const int64_t bounds_us[OC_HISTOGRAM_BUCKETS] = {
    50,    100,    250,    500,    1000,    2500,    5000,    10000,   25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};

unsigned oc_metrics_stripe(void)
{
    static atomic_uint threads; /* only spreads threads over the stripes */
    static _Thread_local unsigned mine;

    if (mine == 0)
        mine =
            1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % OC_METRICS_STRIPES;
    return mine - 1;
}

void oc_histogram_add(struct oc_histogram *histogram, int64_t us)
{
    size_t bucket = 0;

    while (bucket < OC_HISTOGRAM_BUCKETS && us > bounds_us[bucket])
        bucket++;
    oc_metrics_count(&histogram->buckets[bucket], 1);
    oc_metrics_count(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

void oc_histogram_merge(struct oc_histogram *to, const struct oc_histogram *from)
{
    for (size_t i = 0; i <= OC_HISTOGRAM_BUCKETS; i++)
        oc_metrics_count(&to->buckets[i], oc_metrics_read(&from->buckets[i]));
    oc_metrics_count(&to->sum_us, oc_metrics_read(&from->sum_us));
}

/* -- writing ---------------------------------------------------------------------------------- */

void oc_metrics_family(struct oc_metrics_writer *w, const char *name, enum oc_metric_type type,
                       const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    w->family = name;
    oc_buf_printf(w->buf, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void put_label(struct oc_buf *buf, const char *name, struct oc_slice value)
{
    oc_buf_printf(buf, "%s=\"", name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (c == '\\' || c == '"')
            oc_buf_put_char(buf, '\\');
        if (c == '\n')
            oc_buf_put_str(buf, "\\n");
        else
            oc_buf_put_char(buf, c);
    }
    oc_buf_put_char(buf, '"');
}

/* Name and labels of a line; `le` is the upper end of a bucket, NULL for other lines. */
static void put_series(struct oc_metrics_writer *w, const char *suffix,
                       const struct oc_metric_label *labels, size_t count, const char *le)
{
    oc_buf_printf(w->buf, "%s%s", w->family, suffix);
    if (count > 0 || le)
        oc_buf_put_char(w->buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            oc_buf_put_char(w->buf, ',');
        put_label(w->buf, labels[i].name, labels[i].value);
    }
    if (le && count > 0)
        oc_buf_put_char(w->buf, ',');
    if (le)
        put_label(w->buf, "le", oc_slice_of(le));
    oc_buf_put_str(w->buf, count > 0 || le ? "} " : " ");
}

void oc_metrics_put(struct oc_metrics_writer *w, const struct oc_metric_label *labels, size_t count,
                    uint64_t value)
{
    put_series(w, "", labels, count, NULL);
    oc_buf_printf(w->buf, "%llu\n", (unsigned long long)value);
}

void oc_metrics_put_real(struct oc_metrics_writer *w, const struct oc_metric_label *labels,
                         size_t count, double value)
{
    put_series(w, "", labels, count, NULL);
    oc_buf_printf(w->buf, "%.17g\n", value);
}

void oc_metrics_put_histogram(struct oc_metrics_writer *w, const struct oc_metric_label *labels,
                              size_t count, const struct oc_histogram *histogram)
{
    static const char *const bounds[] = {"5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025",
                                         "0.005", "0.01",   "0.025",   "0.05",   "0.1",   "0.25",
                                         "0.5",   "1",      "2.5",     "5",      "10",    "+Inf"};
    uint64_t sum = 0;

    for (size_t i = 0; i <= OC_HISTOGRAM_BUCKETS; i++) {
        sum += oc_metrics_read(&histogram->buckets[i]);
        put_series(w, "_bucket", labels, count, bounds[i]);
        oc_buf_printf(w->buf, "%llu\n", (unsigned long long)sum);
    }
    put_series(w, "_sum", labels, count, NULL);
    oc_buf_printf(w->buf, "%.17g\n", (double)oc_metrics_read(&histogram->sum_us) / 1e6);
    put_series(w, "_count", labels, count, NULL);
    oc_buf_printf(w->buf, "%llu\n", (unsigned long long)sum);
}

void oc_metrics_one(struct oc_metrics_writer *w, const char *name, enum oc_metric_type type,
                    const char *help, uint64_t value)
{
    oc_metrics_family(w, name, type, help);
    oc_metrics_put(w, NULL, 0, value);
}

/* -- the registry ----------------------------------------------------------------------------- */

void oc_metrics_add(struct oc_metrics *metrics, oc_metrics_fn *fn, void *ctx)
{
    assert(metrics->count < OC_METRICS_COLLECTORS_MAX);
    metrics->collectors[metrics->count].fn = fn;
    metrics->collectors[metrics->count++].ctx = ctx;
}

void oc_metrics_write(const struct oc_metrics *metrics, struct oc_buf *buf)
{
    struct oc_metrics_writer w = {.buf = buf};

    for (size_t i = 0; i < metrics->count; i++)
        metrics->collectors[i].fn(&w, metrics->collectors[i].ctx);
}
