/*
 * The API: from an abstract request to an abstract answer. It knows no sockets.
 *
 * A request passes, in this order: route, authentication, throttle, decoding and validation,
 * authorisation, operation. Each failure is answered under the name and status AWS uses.
 *
 * Threads: oc_api_handle may be called from any thread; the answer may come on that thread before
 * it returns, or later on another.
 */
#ifndef OC_API_API_H
#define OC_API_API_H

#include "auth/sigv4.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/metrics.h"
#include "copy/engine.h"
#include "events/events.h"
#include "keys/keys.h"
#include "scrub/scrub.h"
#include "store/store.h"

struct oc_api;

/** All pointers are borrowed for the life of the API. */
struct oc_api_options {
    struct oc_store *store;
    struct oc_keys *keys;
    struct oc_copy_engine *engine;
    struct oc_scrubber *scrubber;
    struct oc_peers peers; /* Regions on other machines */
    struct oc_events *events;
    struct oc_slice admin_account;  /* 12 digits: whose keys may manage other accounts */
    const struct oc_slice *regions; /* served here; at least one */
    size_t region_count;
    struct oc_slice default_region; /* for bearer keys when the host name says nothing */
    bool lenient;                   /* accept ARNs outside AWS's patterns (see contract) */
    int64_t throttle_rate;          /* calls a second per account and operation; 0: no limit */
    int64_t throttle_burst;         /* 0: twice the rate */
    struct oc_metrics *metrics;     /* what GetMetrics answers; the API adds its own part */
};

/**
 * Whether a copy across accounts may go on: the source's policy must still allow it.
 * For oc_copy_options.still_allowed; `ctx` is not used.
 * Errors: OC_EDENIED (text for the job's failureMessage), OC_ENOTFOUND (source gone), OC_EIO,
 * OC_ENOMEM.
 */
int oc_api_copy_allowed(struct oc_read *read, const struct oc_task *task, void *ctx,
                        struct oc_err *err);

/** Errors: OC_ENOMEM, OC_EINVAL. */
int oc_api_new(const struct oc_api_options *options, struct oc_api **ret, struct oc_err *err);

/** No request may be under way. NULL is fine. */
void oc_api_free(struct oc_api *api);

/** One answer. Everything is borrowed until `respond` returns. */
struct oc_api_response {
    int status; /* HTTP status */
    struct oc_slice content_type;
    struct oc_slice allow;         /* for Allow; absent: that is not sent */
    struct oc_slice content_range; /* for Content-Range; absent: none */
    const char *error;             /* for X-Amzn-ErrorType; NULL on success */
    const struct oc_slice *pieces; /* the body, joined */
    size_t piece_count;
    struct oc_mapping mapping; /* the pieces may lie in it: see struct oc_http_response */
    struct oc_buf *large;      /* the body instead of `pieces`, when set: its memory may be taken */
    /* A body that is asked for piece by piece, in place of the pieces; NULL: none. As `next` of
     * struct oc_http_stream; the context lives as long as the request. */
    int (*next)(void *ctx, struct oc_buf *out);
    void *next_ctx;
    const char *operation;    /* for the log; NULL when no route matched */
    struct oc_slice user_arn; /* for the log; absent when not authenticated */
    const char *detail;       /* for the log: what really failed; NULL on success */
};

/** One request. The caller owns it and keeps it until `respond` has been called. */
struct oc_api_request {
    struct oc_slice id; /* a UUID: names the request in the log and in the answer */
    struct oc_slice method;
    struct oc_slice path;  /* raw, as on the wire */
    struct oc_slice query; /* raw, without `?`; absent when there is none */
    const struct oc_sigv4_header *headers;
    size_t header_count;
    struct oc_slice body;
    uint8_t *body_room;     /* see struct oc_http_request: the API may write there; may be NULL */
    int64_t received_us;    /* oc_clock_mono_us when it was complete */
    struct oc_arena *arena; /* lives as long as the request */
    /** Called exactly once. The request may be gone when it returns. */
    void (*respond)(struct oc_api_request *request, const struct oc_api_response *response);
};

/**
 * Answer a request: `request->respond` is called once, now or later, on this thread or another.
 * Never fails for the caller: what goes wrong is the answer.
 */
void oc_api_handle(struct oc_api *api, struct oc_api_request *request);

/**
 * Whether the body of a request, which is too large to be read for anybody, may be read: the caller
 * must be known and the signature right, taking the body's digest from the signed header
 * x-amz-content-sha256. (Whether the body has that digest is judged when it is there.)
 * @param request  complete but for `body`
 * @return true to read it; false: `request->respond` was called.
 */
bool oc_api_admit(struct oc_api *api, struct oc_api_request *request);

/** Most bytes of a request body that the route takes: OC_HTTP_BODY_MAX but for raw bodies. */
size_t oc_api_body_limit(struct oc_slice method, struct oc_slice raw_path);

/**
 * Make the first account and its administrator's keys when the store holds no account yet.
 *
 * @param folder  where `credentials` (AWS shared-credentials form) and `bearer-token` are written,
 *                mode 0600, before the keys become valid
 * @param[out] ret_made  whether this was the first start
 * Errors: OC_EIO, OC_EFULL, OC_EDENIED, OC_ENOMEM.
 */
int oc_api_bootstrap(struct oc_store *store, struct oc_keys *keys, struct oc_slice account,
                     const char *folder, bool *ret_made, struct oc_err *err);

#endif
