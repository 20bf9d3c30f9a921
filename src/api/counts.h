/*
 * What the API counts of its requests, and GetMetrics' part of it. Not for other folders.
 *
 * Threads: any.
 */
#ifndef OC_API_COUNTS_H
#define OC_API_COUNTS_H

#include "api/operation.h"
#include "base/err.h"
#include "base/metrics.h"

struct oc_api_counts;

/** All zero. Errors: OC_ENOMEM. */
int oc_api_counts_new(struct oc_api_counts **ret, struct oc_err *err);
void oc_api_counts_free(struct oc_api_counts *counts);

/**
 * Count one answered request.
 * @param op      NULL: no route matched
 * @param us      from its last byte to its answer
 * Cost: about 20 ns.
 */
void oc_api_counts_add(struct oc_api_counts *counts, const struct oc_op *op, int status,
                       int64_t us);

/** Write the families of requests. */
void oc_api_counts_write(const struct oc_api_counts *counts, struct oc_metrics_writer *w);

#endif
