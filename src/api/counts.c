/* Requests by operation and status, and how long they took: see counts.h. */
#include "api/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* Statuses that the API answers; what is not among them counts as the last. */
static const struct {
    int status;
    const char *text;
} statuses[] = {{200, "200"}, {201, "201"}, {202, "202"}, {204, "204"}, {400, "400"},
                {403, "403"}, {404, "404"}, {409, "409"}, {413, "413"}, {429, "429"},
                {500, "500"}, {503, "503"}, {0, "other"}};
#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

struct operation_counts {
    _Atomic uint64_t answers[STATUS_COUNT];
    struct oc_histogram latency;
};

struct oc_api_counts {
    struct operation_counts stripes[OC_METRICS_STRIPES][OC_OP_COUNT + 1]; /* the last: no route */
};

int oc_api_counts_new(struct oc_api_counts **ret, struct oc_err *err)
{
    struct oc_api_counts *counts = oc_alloc(sizeof(*counts));

    if (!counts)
        return oc_fail_nomem(err);
    memset(counts, 0, sizeof(*counts));
    *ret = counts;
    return OC_OK;
}

void oc_api_counts_free(struct oc_api_counts *counts)
{
    free(counts);
}

void oc_api_counts_add(struct oc_api_counts *counts, const struct oc_op *op, int status, int64_t us)
{
    struct operation_counts *mine =
        &counts->stripes[oc_metrics_stripe()][op ? (size_t)op->id : OC_OP_COUNT];
    size_t slot = 0;

    while (slot < STATUS_COUNT - 1 && statuses[slot].status != status)
        slot++;
    oc_metrics_count(&mine->answers[slot], 1);
    oc_histogram_add(&mine->latency, us);
}

static struct oc_slice operation_name(size_t op)
{
    return op < OC_OP_COUNT ? oc_slice_of(oc_ops[op].name) : OC_STR("none");
}

static void write_answers(const struct oc_api_counts *counts, struct oc_metrics_writer *w)
{
    oc_metrics_family(w, "outcrop_requests_total", OC_METRIC_COUNTER,
                      "Requests answered, by operation and HTTP status");
    for (size_t op = 0; op <= OC_OP_COUNT; op++)
        for (size_t slot = 0; slot < STATUS_COUNT; slot++) {
            struct oc_metric_label labels[] = {{"operation", operation_name(op)},
                                               {"status", oc_slice_of(statuses[slot].text)}};
            uint64_t sum = 0;

            for (size_t i = 0; i < OC_METRICS_STRIPES; i++)
                sum += oc_metrics_read(&counts->stripes[i][op].answers[slot]);
            if (sum > 0)
                oc_metrics_put(w, labels, 2, sum);
        }
}

static void write_latency(const struct oc_api_counts *counts, struct oc_metrics_writer *w)
{
    oc_metrics_family(w, "outcrop_request_duration_seconds", OC_METRIC_HISTOGRAM,
                      "Time from a request's last byte to its answer, by operation");
    for (size_t op = 0; op <= OC_OP_COUNT; op++) {
        struct oc_metric_label label = {"operation", operation_name(op)};
        struct oc_histogram all = {0};
        uint64_t sum = 0;

        for (size_t i = 0; i < OC_METRICS_STRIPES; i++)
            oc_histogram_merge(&all, &counts->stripes[i][op].latency);
        for (size_t i = 0; i <= OC_HISTOGRAM_BUCKETS; i++)
            sum += oc_metrics_read(&all.buckets[i]);
        if (sum > 0)
            oc_metrics_put_histogram(w, &label, 1, &all);
    }
}

void oc_api_counts_write(const struct oc_api_counts *counts, struct oc_metrics_writer *w)
{
    write_answers(counts, w);
    write_latency(counts, w);
}
