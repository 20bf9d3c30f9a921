/*
 * One HTTP request and its answer, by libcurl: for the client library, other Regions, S3 and
 * webhooks alike. It does not sign, retry or follow redirects, and reads at most as much as
 * allowed.
 *
 * Connections are kept open and used again. Threads: any; each call takes a handle of its own from
 * a pool.
 */
#ifndef OC_NET_TRANSPORT_H
#define OC_NET_TRANSPORT_H

#include "auth/sigv4.h"
#include "base/bytes.h"
#include "base/err.h"
#include "net/ranges.h"

struct oc_transport;

struct oc_transport_options {
    const char *user_agent; /* this and the next two: not copied, must outlive the transport */
    const char *ca_bundle;  /* file of certificates, NULL: the system's */
    const char *trust_hint; /* what SSLError advises; NULL: AWS_CA_BUNDLE */
    unsigned connect_timeout_ms;
    unsigned stall_timeout_ms;
    bool no_proxy; /* go past any proxy that the environment names */
};

/** Errors: OC_ENOMEM; OC_EIO — libcurl cannot be loaded (net/curl.h). */
int oc_transport_new(const struct oc_transport_options *options, struct oc_transport **ret,
                     struct oc_err *err);
void oc_transport_free(struct oc_transport *transport);

struct oc_transport_request {
    const char *method;
    const char *url;
    const struct oc_sigv4_header *headers; /* all that matter, `host` too */
    size_t header_count;
    struct oc_slice body; /* absent: none */
    size_t max_response;  /* bytes */
    uint8_t *to;          /* where the body of a 2xx answer goes; NULL: to `body` too */
    size_t to_cap;        /* room there: what is longer is OC_ELIMIT */
    /* The request is sent once for each range that is missing, all at the same time, with a header
     * `Range` that is not among `headers`; `to` is where the first byte goes. NULL: once, as it is.
     * Only for oc_transport_send. */
    struct oc_ranges *ranges;
    /* Called with each header line of the final answer; may be NULL. */
    void (*on_header)(struct oc_slice name, struct oc_slice value, void *ctx);
    /* Asked once a second and after oc_transport_wake: true ends the exchange. May be NULL. */
    bool (*is_canceled)(void *ctx);
    /* Asked when nothing has moved for OC_TRANSPORT_SILENCE_MS: true ends the exchange as
     * stall_timeout_ms would. May be NULL; only for oc_transport_send. */
    bool (*is_in_the_way)(void *ctx);
    void *ctx;
};

#define OC_TRANSPORT_SILENCE_MS 2000

#define OC_TRANSPORT_HEADER_MAX 127

/** What is kept of an answer's head; NUL-terminated, cut at the limit, "" when absent. */
struct oc_transport_head {
    int status;
    int64_t date_s; /* of the Date header, since 1970; 0: none */
    size_t to_len;  /* bytes that are at the request's `to` */
    char request_id[OC_TRANSPORT_HEADER_MAX + 1];
    char error_type[OC_TRANSPORT_HEADER_MAX + 1];
    char retry_after[OC_TRANSPORT_HEADER_MAX + 1];    /* Retry-After */
    char retry_after_ms[OC_TRANSPORT_HEADER_MAX + 1]; /* x-amz-retry-after */
};

/**
 * Send a request and read the answer.
 *
 * With ranges it is done when all streams have ended. OC_OK: all is there, or the answer is a
 * refusal, the first one, if there were several. After a failure some of it is there, and the
 * ranges say how much.
 *
 * @param[out] ret_head  set on OC_OK only
 * @param body           receives the answer's body; its content is replaced, its maximum set
 * @param[out] ret_sent  false: it is certain that the server did not see the request; set always
 * Errors: OC_EIO, named EndpointConnectionError (no connection, or it broke), ConnectTimeoutError,
 *         ReadTimeoutError; OC_EINVAL, named SSLError — the certificate is not trusted; OC_ELIMIT,
 *         named ResponseParserError — the answer is larger than allowed; OC_ECORRUPT, named so too
 * — it has another range than was asked for; OC_ECANCELED, named Canceled; OC_ENOMEM.
 */
int oc_transport_send(struct oc_transport *transport, const struct oc_transport_request *request,
                      struct oc_transport_head *ret_head, struct oc_buf *body, bool *ret_sent,
                      struct oc_err *err);

/** Let every exchange that is running ask at once whether it is canceled. Threads: any. */
void oc_transport_wake(struct oc_transport *transport);

#endif
