/* One request and its answer, as libcurl is told and as it tells. */
#include "net/exchange.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"

#define BIG (256UL * 1024) /* bodies larger than this are moved in pieces of this size */

/* -- reading the answer ------------------------------------------------------------------------ */

static void keep_header(char ret[OC_TRANSPORT_HEADER_MAX + 1], struct oc_slice value)
{
    size_t len = value.len < OC_TRANSPORT_HEADER_MAX ? value.len : OC_TRANSPORT_HEADER_MAX;

    memcpy(ret, value.ptr, len);
    ret[len] = '\0';
}

/* @return 0 when it is no date */
static int64_t parse_date(struct oc_slice value)
{
    char text[OC_TRANSPORT_HEADER_MAX + 1];
    time_t date;

    keep_header(text, value);
    date = oc_curl.getdate(text, NULL);
    return date > 0 ? (int64_t)date : 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    const struct oc_transport_request *request = &((struct oc_exchange *)ctx)->request;
    struct oc_transport_head *head = &((struct oc_exchange *)ctx)->head;
    struct oc_slice value = {bytes, size * count};
    struct oc_slice name;

    if (oc_slice_has_prefix(value, OC_STR("HTTP/"))) {
        *head = (struct oc_transport_head){0}; /* after an interim answer */
        ((struct oc_exchange *)ctx)->content_range[0] = '\0';
        return size * count;
    }
    name = oc_slice_cut(&value, ':');
    if (!value.ptr)
        return size * count;
    value = oc_slice_trim(value);
    if (request->on_header)
        request->on_header(name, value, request->ctx);
    if (oc_slice_eq_nocase(name, OC_STR("x-amzn-requestid")) ||
        (oc_slice_eq_nocase(name, OC_STR("x-amz-request-id")) && !head->request_id[0]))
        keep_header(head->request_id, value);
    else if (oc_slice_eq_nocase(name, OC_STR("x-amzn-errortype")))
        keep_header(head->error_type, value);
    else if (oc_slice_eq_nocase(name, OC_STR("retry-after")))
        keep_header(head->retry_after, value);
    else if (oc_slice_eq_nocase(name, OC_STR("x-amz-retry-after")))
        keep_header(head->retry_after_ms, value);
    else if (oc_slice_eq_nocase(name, OC_STR("content-range")))
        keep_header(((struct oc_exchange *)ctx)->content_range, value);
    else if (oc_slice_eq_nocase(name, OC_STR("date")))
        head->date_s = parse_date(value);
    return size * count;
}

/* Where the body of an answer that says yes goes. @return false: it is not to be used */
static bool find_place(struct oc_exchange *x, long status)
{
    const struct oc_transport_request *r = &x->request;
    struct oc_ranges *ranges = r->ranges;

    x->landing = true;
    x->to = r->to;
    x->to_cap = r->to_cap;
    if (!ranges)
        return true;
    if (status == 206) {
        x->wrong_range = !oc_ranges_accept(ranges, x->index, oc_slice_of(x->content_range));
    } else {
        x->wrong_range = !oc_ranges_accept_whole(ranges);
        x->group->whole = x;
        x->index = 0;
    }
    const struct oc_range *range = &ranges->items[x->index];

    x->to += range->at + range->got;
    x->to_cap = range->len - range->got;
    return !x->wrong_range;
}

static size_t land(struct oc_exchange *x, long status, const char *bytes, size_t len)
{
    if (!x->landing && !find_place(x, status))
        return 0;
    x->too_large = len > x->to_cap - x->to_len;
    if (x->too_large)
        return 0;
    memcpy(x->to + x->to_len, bytes, len);
    x->to_len += len;
    if (x->request.ranges)
        x->request.ranges->items[x->index].got += len;
    return len;
}

bool oc_exchange_is_refusal(const struct oc_exchange *x, long status)
{
    return status / 100 != 2 && !(status == 416 && x->group && x->index > 0);
}

/* Whether the text of this answer is of no interest: another's is told. */
static bool is_unheard(struct oc_exchange *x, long status)
{
    if (!x->group)
        return false;
    if (!x->group->refused && oc_exchange_is_refusal(x, status))
        x->group->refused = x;
    return x->group->refused != x;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct oc_exchange *x = ctx;
    long status = 0;

    if (x->group && x->group->whole && x->group->whole != x)
        return 0; /* ends it */
    (void)oc_curl.easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    if (x->request.to && status / 100 == 2)
        return land(x, status, bytes, size * count);
    if (is_unheard(x, status))
        return size * count;
    x->too_large = size * count > x->body->max - x->body->len;
    if (x->too_large)
        return 0;
    oc_buf_put(x->body, bytes, size * count);
    return x->body->failed ? 0 : size * count;
}

/* -- sending ------------------------------------------------------------------------------------
 */

static int add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = oc_curl.slist_append(*list, line);

    if (!longer)
        return OC_ENOMEM;
    *list = longer;
    return OC_OK;
}

/* The one header that differs between the exchanges of a request: it is not signed. */
static int add_range(struct curl_slist **list, struct oc_exchange *x)
{
    static const char name[] = "Range: ";
    char line[sizeof(name) + OC_RANGE_TEXT_MAX];

    if (!x->request.ranges)
        return OC_OK;
    memcpy(line, name, sizeof(name));
    x->has_range = oc_ranges_put_header(x->request.ranges, x->index, line + sizeof(name) - 1);
    return x->has_range ? add_line(list, line) : OC_OK;
}

/* @return NULL when out of memory. */
static struct curl_slist *build_headers(struct oc_exchange *x)
{
    const struct oc_transport_request *request = &x->request;
    struct curl_slist *list = NULL;
    bool has_type = false;
    struct oc_buf line;
    int rc = OC_OK;

    oc_buf_init(&line, OC_HTTP_HEAD_MAX);
    for (size_t i = 0; i < request->header_count && rc == OC_OK; i++) {
        const struct oc_sigv4_header *h = &request->headers[i];
        const char *text;

        oc_buf_reset(&line);
        oc_buf_put_slice(&line, h->name);
        oc_buf_put_str(&line, ": ");
        oc_buf_put_slice(&line, h->value);
        text = oc_buf_cstr(&line);
        rc = text ? add_line(&list, text) : OC_ENOMEM;
        has_type = has_type || oc_slice_eq_nocase(h->name, OC_STR("content-type"));
    }
    oc_buf_clear(&line);
    if (rc == OC_OK)
        rc = add_range(&list, x);
    /* What libcurl would add of its own accord and nobody signed. */
    if (rc == OC_OK)
        rc = add_line(&list, "Expect:");
    if (rc == OC_OK && !has_type)
        rc = add_line(&list, "Content-Type:");
    if (rc == OC_OK)
        return list;
    oc_curl.slist_free_all(list);
    return NULL;
}

/* Fewer, larger system calls; but the memory of many streams is to be that of one. */
static long buffer_size(const struct oc_exchange *x)
{
    size_t size = BIG / (x->request.ranges ? x->request.ranges->count : 1);

    return (long)(size < BIG / 4 ? BIG / 4 : size);
}

static void set_options(struct oc_exchange *x, const struct oc_transport_options *options)
{
    const struct oc_transport_request *r = &x->request;
    CURL *curl = x->curl;

    (void)oc_curl.easy_setopt(curl, CURLOPT_URL, r->url);
    (void)oc_curl.easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it is */
    (void)oc_curl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)oc_curl.easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)oc_curl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)oc_curl.easy_setopt(curl, CURLOPT_USERAGENT, options->user_agent);
    (void)oc_curl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    (void)oc_curl.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)oc_curl.easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                              (long)(options->stall_timeout_ms / 1000));
    (void)oc_curl.easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    if (r->to_cap > BIG)
        (void)oc_curl.easy_setopt(curl, CURLOPT_BUFFERSIZE, buffer_size(x));
    if (r->body.len > BIG)
        (void)oc_curl.easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)BIG);
    if (options->no_proxy)
        (void)oc_curl.easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (options->ca_bundle)
        (void)oc_curl.easy_setopt(curl, CURLOPT_CAINFO, options->ca_bundle);
    if (strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0) {
        (void)oc_curl.easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.ptr ? r->body.ptr : "");
        (void)oc_curl.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    }
    if (strcmp(r->method, "HEAD") == 0)
        (void)oc_curl.easy_setopt(curl, CURLOPT_NOBODY, 1L);
    (void)oc_curl.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
    (void)oc_curl.easy_setopt(curl, CURLOPT_ERRORBUFFER, x->detail);
    (void)oc_curl.easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)oc_curl.easy_setopt(curl, CURLOPT_HEADERDATA, x);
    (void)oc_curl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)oc_curl.easy_setopt(curl, CURLOPT_WRITEDATA, x);
    (void)oc_curl.easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
}

struct oc_slice oc_exchange_base(const char *url)
{
    size_t scheme = strcspn(url, ":") + 3;

    return (struct oc_slice){url, scheme + strcspn(url + scheme, "/")};
}

static bool has_connected(CURL *curl)
{
    curl_off_t connect_us = 0;

    (void)oc_curl.easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_us);
    return connect_us > 0;
}

static int fail_curl(const struct oc_exchange *x, CURLcode code, struct oc_err *err)
{
    struct oc_slice base = oc_exchange_base(x->request.url);
    const char *why = x->detail[0] ? x->detail : oc_curl.easy_strerror(code);
    long system_error = 0;

    (void)oc_curl.easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &system_error);
    if (code == CURLE_COULDNT_CONNECT && system_error != 0)
        why = strerrordesc_np((int)system_error); /* libcurl's own words hide the reason */
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return oc_fail_nomem(err);
    case CURLE_WRITE_ERROR:
        if (x->wrong_range)
            return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                              "%.*s sends other bytes than were asked for", OC_FMT(base));
        if (!x->too_large)
            return oc_fail_nomem(err);
        return oc_fail_as(err, OC_ELIMIT, "ResponseParserError",
                          "the answer of %.*s is larger than %zu bytes", OC_FMT(base),
                          x->landing ? x->to_cap : x->body->max);
    case CURLE_OPERATION_TIMEDOUT:
        if (has_connected(x->curl))
            return oc_fail_as(err, OC_EIO, "ReadTimeoutError", "%.*s stopped answering; try again",
                              OC_FMT(base));
        return oc_fail_as(err, OC_EIO, "ConnectTimeoutError",
                          "%.*s does not accept a connection in time; check the endpoint and that "
                          "the server runs",
                          OC_FMT(base));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
        return oc_fail_as(err, OC_EINVAL, "SSLError", "no trusted TLS connection to %.*s: %s; %s",
                          OC_FMT(base), why,
                          x->trust_hint ? x->trust_hint
                                        : "AWS_CA_BUNDLE can name a file of certificates to trust");
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return oc_fail_as(err, OC_EIO, "EndpointConnectionError",
                          "cannot reach %.*s: %s; check the endpoint and that the server runs",
                          OC_FMT(base), why);
    default:
        return oc_fail_as(err, OC_EIO, "EndpointConnectionError",
                          "the connection to %.*s broke: %s", OC_FMT(base), why);
    }
}

static bool was_sent(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return false;
    default:
        return true;
    }
}

int oc_exchange_begin(struct oc_exchange *x, CURL *curl, const struct oc_transport_options *options,
                      const struct oc_transport_request *request, struct oc_buf *body,
                      struct oc_exchange_group *group, unsigned index, struct oc_err *err)
{
    *x = (struct oc_exchange){.curl = curl,
                              .request = *request,
                              .body = body,
                              .group = group,
                              .index = index,
                              .trust_hint = options->trust_hint};
    x->headers = build_headers(x);
    if (!x->headers)
        return oc_fail_nomem(err);
    oc_buf_reset(body);
    body->max = request->max_response;
    set_options(x, options);
    return OC_OK;
}

int oc_exchange_end(struct oc_exchange *x, CURLcode code, struct oc_transport_head *ret_head,
                    bool *ret_sent, struct oc_err *err)
{
    long status = 0;

    *ret_sent = was_sent(code);
    if (code != CURLE_OK)
        return fail_curl(x, code, err);
    (void)oc_curl.easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    x->head.status = (int)status;
    x->head.to_len = x->to_len;
    *ret_head = x->head;
    return OC_OK;
}

void oc_exchange_clear(struct oc_exchange *x)
{
    oc_curl.slist_free_all(x->headers);
    x->headers = NULL;
}

int oc_exchange_fail_canceled(struct oc_err *err)
{
    return oc_fail_as(err, OC_ECANCELED, "Canceled", "the call was canceled");
}
