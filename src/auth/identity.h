/*
 * Who is calling: from a request to an account, a user and a policy.
 *
 * The authenticator keeps a bounded cache of identities and of signing keys. An identity is loaded
 * through a callback, so this layer does not know the store. A key that was disabled or changed
 * must be announced with oc_authenticator_forget after the change is durable: every later request
 * then loads anew. `max_age_ms` bounds how long a change that another process made can go unseen.
 *
 * Public names of the errors: those of auth/sigv4.h, and
 *   UnrecognizedClientException OC_EDENIED  unknown or disabled key; wrong or unwanted token
 *   ExpiredTokenException       OC_EDENIED  a session or bearer key past its end
 *
 * Threads: an authenticator may be used by any number of threads; it locks one of many shards for
 * the time of a table look-up.
 */
#ifndef OC_AUTH_IDENTITY_H
#define OC_AUTH_IDENTITY_H

#include "auth/access_key.h"
#include "auth/sigv4.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/policy.h"

struct oc_identity;

/**
 * Who a request comes from. Text is borrowed from `identity`, but `region` from the options' list:
 * give back with oc_caller_clear when the request is done.
 */
struct oc_caller {
    struct oc_slice account;
    struct oc_slice user_arn; /* arn:aws:iam::ACCOUNT:user/NAME */
    struct oc_slice access_key_id;
    struct oc_slice region;         /* which of the served Regions the request is for */
    const struct oc_policy *policy; /* the identity policy; NULL: nothing is allowed */
    enum oc_access_key_kind kind;
    struct oc_identity *identity; /* keeps the above alive */
    /* SHA-256 of the body in hexadecimal, computed from the body for the signature. */
    bool has_body_sha256;
    char body_sha256[OC_SHA256_HEX_LEN];
};

/** Release what the caller holds. A zeroed caller is fine. */
void oc_caller_clear(struct oc_caller *caller);

enum oc_identity_by {
    OC_IDENTITY_BY_ID, /* key: what the request gave as access key id: 1–128 letters and digits */
    OC_IDENTITY_BY_BEARER /* key: SHA-256 of the bearer token, 64 hexadecimal digits */
};

/**
 * Find a key's record and append it to `ret`.
 * @return OC_OK; OC_ENOTFOUND (the text is not used); or another failure, which fails the request.
 */
typedef int oc_identity_lookup_fn(enum oc_identity_by by, struct oc_slice key, struct oc_buf *ret,
                                  struct oc_err *err, void *ctx);

struct oc_authenticator_options {
    oc_identity_lookup_fn *lookup;
    void *lookup_ctx;
    struct oc_secret_box box;
    int64_t max_age_ms; /* 0: an identity stays until it is forgotten or pushed out */
};

struct oc_authenticator;

/** Options are copied; what they point to is borrowed. Errors: OC_ENOMEM. */
int oc_authenticator_new(const struct oc_authenticator_options *options,
                         struct oc_authenticator **ret, struct oc_err *err);

/** No request may be under way; callers that were handed out stay valid. NULL is fine. */
void oc_authenticator_free(struct oc_authenticator *authenticator);

/** Some key was changed: load all identities anew, forget all signing keys of `access_key_id`. */
void oc_authenticator_forget(struct oc_authenticator *authenticator, struct oc_slice access_key_id);

/** What the server accepts. Borrowed for the call. */
struct oc_auth_options {
    struct oc_slice service;        /* "bedrock" */
    const struct oc_slice *regions; /* served here; at least one */
    size_t region_count;
    struct oc_slice default_region; /* for bearer keys whose host name is not SERVICE.REGION.… */
    /* The request's body is not there yet. A signed request must then announce its digest in
     * x-amz-content-sha256, and is judged by that; whether the body has it, nobody has looked. */
    bool body_is_to_come;
};

/**
 * Authenticate a request: find the credentials, judge them, load the identity, verify.
 *
 * The Region is that of the credential scope; with a bearer key that of the host name
 * `bedrock.REGION.…` when it is one that is served, else the default.
 *
 * @param[out] ret  set on OC_OK only; release with oc_caller_clear
 * Errors: the names above; OC_ENOMEM; what the look-up returns.
 */
int oc_authenticate(struct oc_authenticator *authenticator, const struct oc_sigv4_request *request,
                    const struct oc_auth_options *options, int64_t now_ms, struct oc_arena *arena,
                    struct oc_caller *ret, struct oc_err *err);

#endif
