/* The API behind the HTTP server. See service.h. */
#include "http/service.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"

/* One request under way; lives in the request's arena. */
struct exchange {
    struct oc_api_request api;
    struct oc_http_request *http;
};

static void log_request(const struct oc_http_request *http, const struct oc_api_response *response)
{
    char status[16], micros[32], user[256];
    enum oc_log_level level = response->status >= 500 ? OC_LOG_ERROR : OC_LOG_INFO;

    if (!oc_log_is_on(level))
        return;
    (void)snprintf(status, sizeof(status), "%d", response->status);
    (void)snprintf(micros, sizeof(micros), "%lld",
                   (long long)(oc_clock_mono_us() - http->received_us));
    (void)snprintf(user, sizeof(user), "%.*s", OC_FMT(response->user_arn));
    char id[64], peer[64], path[256];
    (void)snprintf(id, sizeof(id), "%.*s", OC_FMT(http->id));
    (void)snprintf(peer, sizeof(peer), "%.*s", OC_FMT(http->peer));
    (void)snprintf(path, sizeof(path), "%.*s", OC_FMT(http->path));
    oc_log(level, "request", "id", id, "peer", peer, "user", response->user_arn.ptr ? user : NULL,
           "operation", response->operation, "path", response->operation ? NULL : path, "status",
           status, "us", micros, "error", response->error, "detail", response->detail, NULL);
}

static void respond(struct oc_api_request *request, const struct oc_api_response *response)
{
    struct exchange *exchange = (struct exchange *)request;
    struct oc_http_header headers[4];
    struct oc_http_stream stream = {response->next, response->next_ctx};
    struct oc_http_response http = {
        .status = (unsigned)response->status,
        .content_type = response->content_type,
        .headers = headers,
        .body = response->pieces,
        .body_count = response->piece_count,
        .mapping = response->mapping,
        .stream = response->next ? &stream : NULL,
    };

    if (response->next)
        headers[http.header_count++] =
            (struct oc_http_header){OC_STR("Cache-Control"), OC_STR("no-store")};
    if (response->content_range.ptr)
        headers[http.header_count++] =
            (struct oc_http_header){OC_STR("Content-Range"), response->content_range};
    if (response->error)
        headers[http.header_count++] =
            (struct oc_http_header){OC_STR("x-amzn-ErrorType"), oc_slice_of(response->error)};
    if (response->allow.ptr)
        headers[http.header_count++] = (struct oc_http_header){OC_STR("Allow"), response->allow};
    log_request(exchange->http, response);
    if (response->large)
        oc_http_respond_buf(exchange->http, &http, response->large);
    else
        oc_http_respond(exchange->http, &http);
}

/* Whether a Region's content is on a machine that is away; it was asked some seconds ago at most.
 */
static bool is_away(const struct oc_http_service *service, struct oc_slice name)
{
    const struct oc_region *region = oc_copy_engine_region(service->engine, name);
    struct oc_err why = {0}; /* not told: everybody may ask */

    return region && oc_blob_state(region->blobs, &why) < 0;
}

static int answer_health(const struct oc_http_service *service, struct oc_http_request *req)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};
    bool away = false;
    struct oc_jw w;

    for (size_t i = 0; i < service->region_count; i++)
        away = away || is_away(service, service->regions[i]);
    oc_buf_init(&out, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &out);
    oc_jw_object(&w);
    oc_jw_member(&w, "status", away ? OC_STR("degraded") : OC_STR("ok"));
    oc_jw_member(&w, "version", oc_slice_of(service->version));
    oc_jw_key(&w, "regions");
    oc_jw_array(&w);
    for (size_t i = 0; i < service->region_count; i++)
        oc_jw_string(&w, service->regions[i]);
    oc_jw_array_end(&w);
    oc_jw_key(&w, "contentAway");
    oc_jw_array(&w);
    for (size_t i = 0; i < service->region_count; i++)
        if (is_away(service, service->regions[i]))
            oc_jw_string(&w, service->regions[i]);
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
    struct oc_slice body = oc_buf_slice(&out);
    oc_http_respond(req, &(struct oc_http_response){
                             .status = out.failed ? 503 : 200, .body = &body, .body_count = 1});
    return OC_OK;
}

static int refuse_method(struct oc_http_request *req)
{
    static const char name[] = "MethodNotAllowedException";
    const struct oc_http_header headers[] = {
        {OC_STR("x-amzn-ErrorType"), oc_slice_of(name)},
        {OC_STR("Allow"), OC_STR("GET, HEAD")},
    };
    struct oc_slice body = OC_STR("{\"message\":\"Ask for the server's health with GET.\"}");

    oc_http_respond(req, &(struct oc_http_response){.status = 405,
                                                    .content_type = OC_STR("application/json"),
                                                    .headers = headers,
                                                    .header_count = 2,
                                                    .body = &body,
                                                    .body_count = 1});
    return OC_OK;
}

static int copy_headers(const struct oc_http_request *req, struct oc_api_request *api)
{
    struct oc_sigv4_header *headers =
        oc_arena_alloc_unset(req->arena, (req->header_count + 1) * sizeof(*headers));

    if (!headers)
        return OC_ENOMEM;
    for (size_t i = 0; i < req->header_count; i++)
        headers[i] = (struct oc_sigv4_header){req->headers[i].name, req->headers[i].value};
    api->headers = headers;
    api->header_count = req->header_count;
    return OC_OK;
}

/* The request as the API sees it, in the request's arena. @return NULL: out of memory. */
static struct exchange *make_exchange(struct oc_http_request *req)
{
    struct exchange *exchange = oc_arena_alloc(req->arena, sizeof(*exchange));

    if (!exchange)
        return NULL;
    *exchange = (struct exchange){
        .api =
            {
                .id = req->id,
                .method = req->method,
                .path = req->path,
                .query = req->query,
                .body = req->body,
                .body_room = req->body_room,
                .received_us = req->received_us,
                .arena = req->arena,
                .respond = respond,
            },
        .http = req,
    };
    return copy_headers(req, &exchange->api) < 0 ? NULL : exchange;
}

int oc_http_service_handle(struct oc_http_request *req, void *ctx)
{
    struct oc_http_service *service = ctx;

    if (oc_slice_eq_str(req->path, "/-/health"))
        return oc_slice_eq_str(req->method, "GET") || oc_slice_eq_str(req->method, "HEAD")
                   ? answer_health(service, req)
                   : refuse_method(req);
    struct exchange *exchange = make_exchange(req);
    if (!exchange)
        return OC_ENOMEM; /* the server answers 500 */
    /* The answer may have left on another thread, and the request with it, before this returns. */
    oc_api_handle(service->api, &exchange->api);
    return OC_PENDING;
}

bool oc_http_service_admit(struct oc_http_request *req, void *ctx)
{
    struct oc_http_service *service = ctx;
    struct exchange *exchange = make_exchange(req);

    /* Without one the server answers 500. */
    return exchange && oc_api_admit(service->api, &exchange->api);
}

size_t oc_http_service_body_limit(const struct oc_http_request *req, void *ctx)
{
    (void)ctx;
    return oc_api_body_limit(req->method, req->path);
}

static void put_refused(struct oc_metrics_writer *w, const struct oc_http_stats *stats)
{
    const struct {
        const char *reason;
        uint64_t value;
    } refused[] = {{"connections", stats->connections_refused},
                   {"syntax", stats->refused_syntax},
                   {"size", stats->refused_size},
                   {"memory", stats->refused_memory},
                   {"tls", stats->refused_tls},
                   {"head_timeout", stats->timeouts_head},
                   {"body_timeout", stats->timeouts_body},
                   {"write_timeout", stats->timeouts_write}};

    oc_metrics_family(w, "outcrop_http_refused_total", OC_METRIC_COUNTER,
                      "Connections and requests that the HTTP server itself has refused or ended");
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        oc_metrics_put(w, &(struct oc_metric_label){"reason", oc_slice_of(refused[i].reason)}, 1,
                       refused[i].value);
}

void oc_http_service_metrics(struct oc_metrics_writer *w, void *ctx)
{
    struct oc_http_stats stats;

    oc_http_server_stats(ctx, &stats);
    oc_metrics_one(w, "outcrop_http_open_connections", OC_METRIC_GAUGE, "Open connections",
                   stats.connections_open);
    oc_metrics_one(w, "outcrop_http_open_streams", OC_METRIC_GAUGE, "Long-lived answers",
                   stats.streams_open);
    oc_metrics_one(w, "outcrop_http_requests_pending", OC_METRIC_GAUGE, "Requests not yet answered",
                   stats.requests_pending);
    oc_metrics_one(w, "outcrop_http_connections_total", OC_METRIC_COUNTER, "Connections accepted",
                   stats.connections);
    oc_metrics_one(w, "outcrop_http_requests_total", OC_METRIC_COUNTER,
                   "Requests that were whole and well-formed", stats.requests);
    put_refused(w, &stats);
    oc_metrics_one(w, "outcrop_http_answers_dropped_total", OC_METRIC_COUNTER,
                   "Answers whose client had gone", stats.answers_dropped);
    oc_metrics_one(w, "outcrop_http_received_bytes_total", OC_METRIC_COUNTER,
                   "Bytes that came from clients", stats.bytes_in);
    oc_metrics_one(w, "outcrop_http_sent_bytes_total", OC_METRIC_COUNTER,
                   "Bytes that went to clients", stats.bytes_out);
}
