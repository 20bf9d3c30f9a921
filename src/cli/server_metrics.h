/*
 * Figures of the server's process and disk, for GetMetrics.
 */
#ifndef OC_CLI_SERVER_METRICS_H
#define OC_CLI_SERVER_METRICS_H

#include "base/metrics.h"

/** oc_metrics_fn: process and disk; `ctx` is the struct oc_config of the server. */
void oc_server_metrics(struct oc_metrics_writer *w, void *ctx);

#endif
