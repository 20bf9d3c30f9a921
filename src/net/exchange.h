/*
 * One request and its answer, as libcurl is told and as it tells: what transport.h, which blocks,
 * and loop.h, which does not, have in common. It moves no bytes itself.
 *
 * Threads: an exchange belongs to one at a time.
 */
#ifndef OC_NET_EXCHANGE_H
#define OC_NET_EXCHANGE_H

#include "net/curl.h"
#include "net/transport.h"

struct oc_exchange;

/** Exchanges for the ranges of one request. Zero-initialise. */
struct oc_exchange_group {
    const struct oc_exchange *whole;   /* it brings all: the others end */
    const struct oc_exchange *refused; /* whose text is kept: the first that was */
};

struct oc_exchange {
    CURL *curl;
    struct oc_transport_request request;
    struct curl_slist *headers;
    const char *trust_hint; /* of the transport's options */
    struct oc_transport_head head;
    struct oc_buf *body;
    struct oc_exchange_group *group; /* NULL: the request has no ranges */
    unsigned index;                  /* of the range */
    bool has_range;                  /* it was asked for as such */
    char content_range[OC_TRANSPORT_HEADER_MAX + 1];
    bool landing;                 /* the body goes to the request's `to` */
    uint8_t *to;                  /* there: where it begins */
    size_t to_cap, to_len;        /* room, and how much of it is used */
    bool too_large;               /* the answer would pass the maximum */
    bool wrong_range;             /* it has other bytes than were asked for */
    char detail[CURL_ERROR_SIZE]; /* libcurl's words for a failure */
};

/**
 * Tell a handle all about a request; if it has ranges, about range `index`. The exchange must not
 * move afterwards, and outlive its use by libcurl, as must what the request points to but the URL
 * and the headers.
 * @param x      clear with oc_exchange_clear, on failure too
 * @param group  NULL without ranges
 * Errors: OC_ENOMEM.
 */
int oc_exchange_begin(struct oc_exchange *x, CURL *curl, const struct oc_transport_options *options,
                      const struct oc_transport_request *request, struct oc_buf *body,
                      struct oc_exchange_group *group, unsigned index, struct oc_err *err);

/** libcurl is done with `code`. Results and errors: as oc_transport_send. */
int oc_exchange_end(struct oc_exchange *x, CURLcode code, struct oc_transport_head *ret_head,
                    bool *ret_sent, struct oc_err *err);

/** Whether an answer of this status is not what was asked for; one that says that nothing lies
 * where a later range begins is. */
bool oc_exchange_is_refusal(const struct oc_exchange *x, long status);

/** Free what the exchange owns; the handle is the caller's. */
void oc_exchange_clear(struct oc_exchange *x);

/** scheme://host:port of a URL, for messages. Borrowed. */
struct oc_slice oc_exchange_base(const char *url);

/** The failure of an exchange that was ended on request. */
int oc_exchange_fail_canceled(struct oc_err *err);

#endif
