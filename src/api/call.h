/*
 * One call of an operation, from its typed input to its answer: what the operations in this folder
 * share. Not for other folders.
 *
 * An operation is one function. It fills `call->out` (or `call->pieces`) and returns OC_OK; or
 * fails; or hands its change to oc_call_write or its bytes to oc_call_run and returns what they
 * return (OC_PENDING): then the answer leaves when the change is durable or the bytes are done.
 *
 * Memory: everything of a call is in its request's arena, but `out`, which is cleared when the
 * answer has left. Threads: one at a time; a pending call belongs to the thread that carries it on.
 */
#ifndef OC_API_CALL_H
#define OC_API_CALL_H

#include "api/api.h"
#include "api/counts.h"
#include "api/decode.h"
#include "api/errors.h"
#include "api/operation.h"
#include "auth/access.h"
#include "auth/identity.h"
#include "base/json.h"
#include "model/record.h"
#include "model/token.h"

struct oc_call;

/** The change of an operation, inside the store's transaction. May run more than once. */
typedef int oc_apply_fn(struct oc_call *call, struct oc_tx *tx, struct oc_err *err);

/** A piece of an operation. */
typedef int oc_call_fn(struct oc_call *call, struct oc_err *err);

struct oc_call {
    struct oc_api *api;
    struct oc_api_request *request;
    struct oc_arena *arena;
    const struct oc_op *op;
    struct oc_op_labels labels;
    struct oc_caller caller;
    bool authenticated;
    const void *in; /* the operation's input struct */
    const struct oc_tag_list
        *request_tags;             /* that the request brings, for conditions; NULL: none */
    struct oc_buf out;             /* the body of the answer */
    const struct oc_slice *pieces; /* the body instead of `out`, when set */
    size_t piece_count;
    struct oc_mapping mapping;                  /* that the pieces may lie in */
    int (*next)(void *ctx, struct oc_buf *out); /* a long-lived body; see struct oc_api_response */
    void *next_ctx;
    struct oc_slice content_type;  /* absent: by the operation, JSON or bytes */
    struct oc_slice content_range; /* of an answer that is a part of a body; see range.h */
    int status;                    /* 0: the operation's */
    struct oc_slice allow;         /* of a failure: methods that the resource takes */
    struct oc_read *read;          /* open until the answer has left, when set */
    bool frees_blobs;              /* the change leaves blobs that nothing refers to */
    bool makes_events;             /* the change does */
    bool wakes_scrubber;           /* the change has work for it, and none for the copy engine */
    void *state;                   /* the operation's own, in the arena */
    struct oc_err err;
    struct oc_write write;
    oc_apply_fn *apply;
    oc_call_fn *run;
};

/** What the operations need of the API. */
struct oc_api {
    struct oc_store *store;
    struct oc_keys *keys;
    struct oc_copy_engine *engine;
    struct oc_scrubber *scrubber;
    struct oc_peers peers;
    struct oc_events *events;
    struct oc_slice admin_account;
    const struct oc_slice *regions;
    size_t region_count;
    struct oc_slice default_region;
    struct oc_decoder *decoder;
    struct oc_throttle *throttle;
    struct oc_authenticator *authenticator;
    struct oc_api_counts *counts;
    struct oc_metrics *metrics;
    uint8_t token_key[OC_SHA256_LEN];
    bool has_old_tokens; /* see oc_idempotency_find_old */
};

/** Set `api->authenticator` up. Errors: OC_ENOMEM. */
int oc_api_authenticator_new(struct oc_api *api, struct oc_err *err);

/** Add what the API, its store and its engine count to `api->metrics`. */
void oc_api_add_metrics(struct oc_api *api);

/** The operations, by enum oc_op_id. */
extern oc_call_fn *const oc_call_handlers[OC_OP_COUNT];

/** The caller's account and the Region of the request. */
struct oc_partition oc_call_partition(const struct oc_call *call);

/** Open `call->read` unless it is open. Errors: as oc_store_read. */
int oc_call_read(struct oc_call *call, struct oc_err *err);

/** Close `call->read` before its time: when the answer borrows nothing from it. */
void oc_call_read_done(struct oc_call *call);

/** A copy of a record in the call's arena; absent when there is none. Errors: OC_ECORRUPT, OC_EIO,
 * OC_ENOMEM. */
int oc_call_get_copy(struct oc_call *call, struct oc_read *read, enum oc_record_kind kind,
                     struct oc_slice key, struct oc_slice *ret, struct oc_err *err);

/**
 * Whether a record still is as it was read before the transaction; absent `was`: still absent.
 * A record that cannot be read counts as changed.
 */
bool oc_call_unchanged(struct oc_read *read, enum oc_record_kind kind, struct oc_slice key,
                       struct oc_slice was);

/** Hand a change to the store. @return OC_PENDING */
int oc_call_write(struct oc_call *call, oc_apply_fn *apply);

/** Make a change at once and wait for it: only on a worker (oc_call_run). Errors: what `apply`
 * returned; the store's. */
int oc_call_write_now(struct oc_call *call, oc_apply_fn *apply, struct oc_err *err);

/** Go on in `run` on one of the copy engine's threads, where it may block on content of the call's
 * Region. @return OC_PENDING, or OC_EBUSY */
int oc_call_run(struct oc_call *call, oc_call_fn *run, struct oc_err *err);
/** The same for what asks another machine. */
int oc_call_run_waiting(struct oc_call *call, oc_call_fn *run, struct oc_err *err);

/** What an authorisation decision looks at beside the caller and the operation. */
struct oc_call_resource {
    struct oc_slice arn;     /* "*" when the operation has none */
    struct oc_slice account; /* who owns it; absent: the caller's */
    const struct oc_tag_list *resource_tags;
    struct oc_slice policy; /* the resource's policy document; absent: none */
};

/** May the caller do `call->op` to `resource`? Errors: OC_EDENIED, AccessDeniedException. */
int oc_call_allow(struct oc_call *call, const struct oc_call_resource *resource,
                  struct oc_err *err);

/** May the caller do `call->op` to the server as a whole? Keys of the administrators' account may.
 * Errors: OC_EDENIED, AccessDeniedException. */
int oc_call_allow_server(struct oc_call *call, struct oc_err *err);

/** ValidationException with OC_EINVAL; ResourceNotFoundException with OC_ENOTFOUND; and so on. */
int oc_fail_invalid(struct oc_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int oc_fail_not_found(struct oc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int oc_fail_conflict(struct oc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** A fresh id for an ARN, in the arena. */
int oc_call_new_id(struct oc_call *call, struct oc_slice *ret_id, struct oc_err *err);

/** The Region's name when it is served here, else absent. */
struct oc_slice oc_api_region(const struct oc_api *api, struct oc_slice name);

/** A member with a time, in milliseconds since 1970, as the API writes it. */
void oc_call_put_time(struct oc_jw *w, const char *key, int64_t ms);

/* -- idempotency ------------------------------------------------------------------------------ */

/** What a repeated call is compared with. */
struct oc_idempotency {
    struct oc_slice key;     /* absent: the caller gave no token */
    struct oc_slice hex;     /* for the record of what is made: model->token */
    struct oc_slice old_key; /* of a record as older versions made it; absent: there are none */
    struct oc_slice token;
    uint8_t parameters[OC_SHA256_LEN]; /* digest of all other parameters */
};

/** Prepare from the token (may be absent) and the encoded parameters. Errors: OC_ENOMEM. */
int oc_idempotency_init(struct oc_call *call, struct oc_slice token, struct oc_slice parameters,
                        struct oc_idempotency *ret, struct oc_err *err);

/** Whether the store has records of tokens as older versions made them. Errors: the store's. */
int oc_idempotency_find_old(struct oc_store *store, bool *ret, struct oc_err *err);

/**
 * Look for an earlier call with this token.
 * @param[out] ret_result  what that call made; absent when there was none
 * Errors: OC_ECONFLICT, ConflictException — same token, other parameters.
 */
int oc_idempotency_find(const struct oc_idempotency *idem, struct oc_read *read,
                        struct oc_slice *ret_result, struct oc_err *err);

/** Remember what this call made. */
int oc_idempotency_put(const struct oc_idempotency *idem, struct oc_tx *tx, struct oc_slice result,
                       struct oc_err *err);

/** Forget the call that made a model or upload, which is being deleted. Errors: the store's. */
int oc_idempotency_delete(struct oc_call *call, struct oc_tx *tx, const struct oc_model *model,
                          struct oc_err *err);

/* -- page tokens ------------------------------------------------------------------------------ */

/** The jobs, models or keys of one page. */
uint32_t oc_call_page_size(struct oc_opt_int64 max_results);

/**
 * The position in a token that oc_call_put_token made.
 * @param len  bytes of every position of this list; 0: any number
 * Errors: OC_EINVAL, ValidationException — not a token of this list; OC_ENOMEM.
 */
int oc_call_open_token(struct oc_call *call, struct oc_slice context, struct oc_slice token,
                       size_t len, uint8_t ret_position[OC_TOKEN_POSITION_MAX], size_t *ret_len,
                       struct oc_err *err);

/** Append `,"nextToken":"…"` to `buf`. `context`: what the token is bound to, see model/token.h. */
int oc_call_put_token(struct oc_call *call, struct oc_slice context, struct oc_slice position,
                      struct oc_buf *buf, struct oc_err *err);

/** Start a token's context: operation, account and Region; add filters with oc_context_add. */
void oc_context_init(const struct oc_call *call, struct oc_buf *context);
/** Add one filter, absent or not, so that no two lists of filters look alike. */
void oc_context_add(struct oc_buf *context, struct oc_slice value);
void oc_context_add_tags(struct oc_buf *context, const struct oc_tag_list *tags);
void oc_context_add_int64(struct oc_buf *context, struct oc_opt_int64 value);

#endif
