/*
 * AWS Signature Version 4: the one implementation, used to sign by clients and to verify by the
 * server.
 *
 * It knows no HTTP library: a request is its raw parts, as they are on the wire. Both forms are
 * here: the Authorization header and the presigned query. Bearer credentials are only recognised
 * here; who they belong to is auth/identity.
 *
 * Verifying fails closed. Beyond a right signature, a request must: sign `host` and every header
 * that begins `x-amz-`; carry credentials in one place only; give no header or parameter that
 * authentication reads twice, or in another spelling; and have the body that its hash names
 * (`UNSIGNED-PAYLOAD` and `STREAMING-…` are refused).
 *
 * Order of checks and texts are AWS's. Clock and scope are judged before the key is looked up:
 *   oc_sigv4_parse  →  the caller finds the secret  →  oc_sigv4_verify
 *
 * Public names of the errors (all are refusals of the request, but OC_ENOMEM):
 *   IncompleteSignatureException        OC_EINVAL   malformed, or ambiguous
 *   MissingAuthenticationTokenException OC_EDENIED  no credentials
 *   InvalidSignatureException           OC_EDENIED  clock, scope, unsigned header, body, signature
 *
 * Memory: results are borrowed from the request or allocated in the given arena.
 * Threads: any; the key cache may be shared by all.
 */
#ifndef OC_AUTH_SIGV4_H
#define OC_AUTH_SIGV4_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"

#define OC_SIGV4_TIMESTAMP_LEN 16 /* 20150830T123600Z */

/** One header line. The name may be in any case; the value may have white space around it. */
struct oc_sigv4_header {
    struct oc_slice name;
    struct oc_slice value;
};

/** A request as it is on the wire. Borrowed. */
struct oc_sigv4_request {
    struct oc_slice method;
    struct oc_slice path;  /* raw: not decoded, not normalised */
    struct oc_slice query; /* raw, without `?`; may be absent */
    const struct oc_sigv4_header *headers;
    size_t header_count;
    struct oc_slice body;        /* absent and empty are the same */
    struct oc_slice body_sha256; /* 64 lower-case digits; absent: computed when needed */
};

/* -- what kind of credentials ----------------------------------------------------------------- */

enum oc_credentials_kind {
    OC_CREDENTIALS_NONE,
    OC_CREDENTIALS_HEADER, /* Authorization: AWS4-HMAC-SHA256 … */
    OC_CREDENTIALS_QUERY,  /* X-Amz-Algorithm=…&X-Amz-Signature=… */
    OC_CREDENTIALS_BEARER  /* Authorization: Bearer … */
};

/**
 * Find the request's credentials, without judging them.
 *
 * @param[out] ret_kind   OC_CREDENTIALS_NONE is a success
 * @param[out] ret_value  HEADER: the text after the algorithm; BEARER: the token; else absent
 * Errors: OC_EINVAL, IncompleteSignatureException — two Authorization headers, an unknown scheme,
 *         an Authorization header beside `X-Amz-…` credentials in the query, an `X-Amz-…`
 *         parameter given twice or in another spelling.
 * Cost: O(headers + query), no allocation.
 */
int oc_credentials_find(const struct oc_sigv4_request *request, enum oc_credentials_kind *ret_kind,
                        struct oc_slice *ret_value, struct oc_err *err);

/* -- verifying -------------------------------------------------------------------------------- */

/** What a server accepts. */
struct oc_sigv4_expected {
    struct oc_slice service;        /* "bedrock" */
    const struct oc_slice *regions; /* those served; none: any is accepted */
    size_t region_count;
    int64_t now_ms;
};

/** The claims of a signed request; nothing in it is proved before oc_sigv4_verify. */
struct oc_sigv4_claim {
    enum oc_credentials_kind kind; /* HEADER or QUERY */
    struct oc_slice access_key_id;
    struct oc_slice date; /* 8 digits */
    struct oc_slice region;
    struct oc_slice service;
    struct oc_slice signed_headers; /* lower-case names with `;` between, sorted, each once */
    struct oc_slice signature;      /* as given */
    struct oc_slice session_token;  /* absent when there is none */
    struct oc_slice timestamp;      /* OC_SIGV4_TIMESTAMP_LEN characters */
    int64_t signed_at_ms;
};

/**
 * Read and judge all that needs no key: form, clock, scope, which headers are signed.
 * Errors: OC_EINVAL and OC_EDENIED under the names at the top; OC_ENOMEM.
 * Cost: no allocation for the header form in the usual case.
 */
int oc_sigv4_parse(const struct oc_sigv4_request *request, const struct oc_sigv4_expected *expected,
                   struct oc_arena *arena, struct oc_sigv4_claim *ret, struct oc_err *err);

/**
 * Check the body's hash and the signature.
 *
 * @param claim        from oc_sigv4_parse of the same request
 * @param signing_key  from oc_sigv4_signing_key or the cache, for the claim's date, region, service
 * Errors: OC_EDENIED, InvalidSignatureException; OC_ENOMEM.
 * Cost: about 1 µs and one arena allocation for a request without a body.
 */
int oc_sigv4_verify(const struct oc_sigv4_claim *claim, const struct oc_sigv4_request *request,
                    const uint8_t signing_key[OC_SHA256_LEN], struct oc_arena *arena,
                    struct oc_err *err);

/* -- signing ---------------------------------------------------------------------------------- */

/** How the canonical path is made from the raw one. */
enum oc_sigv4_path {
    OC_SIGV4_PATH_NORMALIZED, /* `.`, `..`, `//` resolved, then encoded (again): all but S3 */
    OC_SIGV4_PATH_ENCODED,    /* encoded (again) only */
    OC_SIGV4_PATH_RAW         /* as sent: S3 */
};

struct oc_sigv4_signer {
    struct oc_slice access_key_id;
    struct oc_slice secret;
    struct oc_slice session_token; /* absent when there is none */
    struct oc_slice region;
    struct oc_slice service;
    int64_t now_ms;
    enum oc_sigv4_path path;
    int64_t expires_s;                /* oc_sigv4_presign: 1–604800 */
    struct oc_sigv4_key_cache *cache; /* may be NULL */
};

/** Headers to add to the request, in this order. */
struct oc_sigv4_signed {
    struct oc_sigv4_header headers[3]; /* X-Amz-Date, [X-Amz-Security-Token,] Authorization */
    size_t header_count;
};

/**
 * Sign with an Authorization header. Signs all of the request's headers but those that a hop may
 * change (user-agent, connection, …). The request must have `host` and must not have those to be
 * added. The body's hash is the value of x-amz-content-sha256 when the request has that header.
 * Errors: OC_EINVAL — no host, or a header that is to be added is there; OC_ENOMEM.
 */
int oc_sigv4_sign(const struct oc_sigv4_signer *signer, const struct oc_sigv4_request *request,
                  struct oc_arena *arena, struct oc_sigv4_signed *ret, struct oc_err *err);

/**
 * Sign with query parameters. The headers of `request` (at least `host`) must be sent as given.
 * @param[out] ret_query  the whole new raw query: the request's own, then X-Amz-…
 * Errors: OC_EINVAL — no host, `expires_s` out of range; OC_ENOMEM.
 */
int oc_sigv4_presign(const struct oc_sigv4_signer *signer, const struct oc_sigv4_request *request,
                     struct oc_arena *arena, struct oc_slice *ret_query, struct oc_err *err);

/* -- signing keys ----------------------------------------------------------------------------- */

/** What a signing key is derived from. Borrowed. */
struct oc_sigv4_scope {
    struct oc_slice access_key_id;
    struct oc_slice secret;
    struct oc_slice date; /* 8 digits */
    struct oc_slice region;
    struct oc_slice service;
};

/** Derive a signing key: four HMACs. Errors: OC_ENOMEM; OC_EINVAL — a secret over 128 bytes. */
int oc_sigv4_signing_key(const struct oc_sigv4_scope *scope, uint8_t ret_key[OC_SHA256_LEN],
                         struct oc_err *err);

/**
 * A bounded table of derived keys. An entry also holds the secret it came from and is used only
 * for that secret, so a changed secret can never meet an old key. Contents are wiped.
 */
struct oc_sigv4_key_cache;

/** Errors: OC_ENOMEM. Cost: about 75 KiB. */
int oc_sigv4_key_cache_new(struct oc_sigv4_key_cache **ret, struct oc_err *err);
void oc_sigv4_key_cache_free(struct oc_sigv4_key_cache *cache);

/** The key from the cache, or derived and remembered. `cache` may be NULL: always derived. */
int oc_sigv4_key_cache_get(struct oc_sigv4_key_cache *cache, const struct oc_sigv4_scope *scope,
                           uint8_t ret_key[OC_SHA256_LEN], struct oc_err *err);

/** Forget all keys of one access key: when it is disabled. */
void oc_sigv4_key_cache_forget(struct oc_sigv4_key_cache *cache, struct oc_slice access_key_id);

#endif
