/*
 * Inside of a call: what blocking calls (call.c) and started ones (async.c) share. An attempt is
 * begun, sent by one of them, and judged; then it is known whether and when there is another.
 */
#ifndef OC_CLIENT_CALL_H
#define OC_CLIENT_CALL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/retry.h"
#include "net/transport.h"

struct oc_async;

struct oc_client {
    struct oc_profile profile;
    struct oc_credentials credentials;
    struct oc_endpoint endpoint; /* `base` empty: follows from the Region */
    char region[OC_REGION_MAX + 1];
    char user_agent[128];
    unsigned max_attempts;
    bool anonymous;
    struct oc_transport *transport;
    struct oc_transport_options transport_options;
    struct oc_async *_Atomic async; /* NULL: nothing was started yet */
    struct oc_sigv4_key_cache *key_cache;
    pthread_mutex_t lock; /* with `changed`: for pauses */
    pthread_cond_t changed;
    _Atomic unsigned cancels;
    _Atomic int64_t clock_offset_ms; /* what the server's clock is ahead of ours */
    struct oc_retry_quota quota;
    bool use_fips, use_dualstack;
    bool profile_is_named;
    pthread_rwlock_t credentials_lock; /* guards `credentials`, which are renewed, and this: */
    int64_t renew_not_before_ms;
};

/** Free what async.c has; its calls end as canceled. NULL is fine. */
void oc_async_free(struct oc_async *async);

/** Let started calls look whether they are canceled. NULL is fine. Threads: any. */
void oc_async_wake(struct oc_async *async);

#define OC_CALL_HEADERS_MAX 7 /* host, content-type, and what the signature adds */

/** What became of one attempt. */
struct oc_outcome {
    bool retryable;
    bool ran;         /* the server may have carried the request out */
    bool throttled;   /* the server refused to begin */
    bool skewed;      /* our clock was wrong and is right now */
    int64_t pause_ms; /* what the server asked for, or 0 */
};

/** A call through all its attempts. */
struct oc_tries {
    const struct oc_request *request;
    struct oc_outcome last;
    unsigned count;
    unsigned mark; /* oc_client_mark at the begin */
    int taken;     /* quota for the last retry */
};

/** An attempt as it goes out. What `wire` points to is in the arena and here: do not move it. */
struct oc_attempt {
    struct oc_arena arena;
    struct oc_sigv4_header headers[OC_CALL_HEADERS_MAX];
    struct oc_transport_request wire;
};

/**
 * Begin an attempt: sign it with credentials that have not ended.
 * @param ret  clear with oc_attempt_clear, on failure too
 * Errors: OC_ENOMEM, and those of credentials that must be renewed, which may take its time.
 */
int oc_attempt_begin(struct oc_client *client, const struct oc_request *request,
                     struct oc_response *response, struct oc_attempt *ret, struct oc_err *err);

void oc_attempt_clear(struct oc_attempt *attempt);

/**
 * Judge an attempt that the transport has ended with `rc`, whose error is in `err`.
 * @param head  the answer's; not looked at when rc < 0
 * @param sent  as of oc_transport_send
 * @return OC_OK for an answer 2xx, else the error, which is in `err`
 */
int oc_attempt_end(struct oc_client *client, int rc, const struct oc_transport_head *head,
                   bool sent, struct oc_response *response, struct oc_outcome *ret,
                   struct oc_err *err);

/**
 * Whether there is another attempt after one that failed.
 * @param why            its error
 * @param[out] ret_ms    how long to wait before
 * @return OC_OK: yes; < 0: no, `why` is what to report
 */
int oc_tries_next(struct oc_client *client, struct oc_tries *tries, const struct oc_err *why,
                  int64_t *ret_ms);

/** Note that the call has succeeded. */
void oc_tries_done(struct oc_client *client, const struct oc_tries *tries);

#endif
