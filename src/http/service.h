/*
 * The API behind the HTTP server: maps requests and answers between the two, answers
 * `GET /-/health` by itself, and writes one log line a request.
 */
#ifndef OC_HTTP_SERVICE_H
#define OC_HTTP_SERVICE_H

#include "api/api.h"
#include "http/server.h"

/** What the callbacks of the server get as their context. Borrowed for the server's life. */
struct oc_http_service {
    struct oc_api *api;
    const char *version; /* this and the following are told by /-/health */
    struct oc_copy_engine *engine;
    const struct oc_slice *regions;
    size_t region_count;
};

/** oc_http_handler_fn; `ctx` is a struct oc_http_service. */
int oc_http_service_handle(struct oc_http_request *req, void *ctx);

/** oc_metrics_fn: the server's own counts; `ctx` is a struct oc_http_server. */
void oc_http_service_metrics(struct oc_metrics_writer *w, void *ctx);

/** oc_http_admit_fn: a large body is read only for a request that its head proves. */
bool oc_http_service_admit(struct oc_http_request *req, void *ctx);

/** oc_http_body_limit_fn. */
size_t oc_http_service_body_limit(const struct oc_http_request *req, void *ctx);

#endif
