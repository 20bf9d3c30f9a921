/*
 * Inside of SigV4: the canonical request and the string to sign. For src/auth/sigv4*.c and tests.
 */
#ifndef OC_AUTH_SIGV4_IMPL_H
#define OC_AUTH_SIGV4_IMPL_H

#include "auth/sigv4.h"

#define OC_SIGV4_ALGORITHM "AWS4-HMAC-SHA256"

/** A writer into memory whose size was computed beforehand: writing past it is a bug. */
struct oc_sigv4_out {
    char *ptr;
    size_t len;
    size_t cap;
};

void oc_sigv4_put(struct oc_sigv4_out *out, struct oc_slice s);
void oc_sigv4_put_char(struct oc_sigv4_out *out, char c);
/** Percent-encode all but A-Za-z0-9-_.~, and `/` when it is to be kept. */
void oc_sigv4_put_encoded(struct oc_sigv4_out *out, struct oc_slice s, bool keep_slash);
struct oc_slice oc_sigv4_out_slice(const struct oc_sigv4_out *out);
/** Memory for `cap` bytes. Errors: OC_ENOMEM. */
int oc_sigv4_out_init(struct oc_sigv4_out *out, size_t cap, struct oc_arena *arena,
                      struct oc_err *err);

/** All that goes into a signature. Borrowed. */
struct oc_sigv4_input {
    const struct oc_sigv4_request *request;
    struct oc_slice signed_headers; /* lower-case, sorted, `;` between; each is in the request */
    struct oc_slice payload_hash;
    enum oc_sigv4_path path;
    bool presigned;            /* leave X-Amz-Signature out of the query */
    struct oc_slice timestamp; /* OC_SIGV4_TIMESTAMP_LEN characters */
    struct oc_slice date;      /* 8 digits */
    struct oc_slice region;
    struct oc_slice service;
};

/** The canonical request, in the arena. Errors: OC_ENOMEM. */
int oc_sigv4_canonical(const struct oc_sigv4_input *in, struct oc_arena *arena,
                       struct oc_slice *ret, struct oc_err *err);

/** The string to sign for a canonical request, in the arena. Errors: OC_ENOMEM. */
int oc_sigv4_string_to_sign(const struct oc_sigv4_input *in, struct oc_slice canonical,
                            struct oc_arena *arena, struct oc_slice *ret, struct oc_err *err);

/** The signature: 64 lower-case digits, no NUL. Errors: OC_ENOMEM. */
int oc_sigv4_signature(const struct oc_sigv4_input *in, const uint8_t signing_key[OC_SHA256_LEN],
                       struct oc_arena *arena, char ret_hex[OC_SHA256_HEX_LEN], struct oc_err *err);

/** SHA-256 of the request's body in hexadecimal, as given or computed. Errors: OC_ENOMEM. */
int oc_sigv4_body_hash(const struct oc_sigv4_request *request, char ret_hex[OC_SHA256_HEX_LEN],
                       struct oc_err *err);

/**
 * The trimmed value of a header that may come once at most; absent when it does not come.
 * Errors: OC_EINVAL, IncompleteSignatureException — it comes twice.
 */
int oc_sigv4_find_header(const struct oc_sigv4_request *request, struct oc_slice name,
                         struct oc_slice *ret, struct oc_err *err);

/** Whether `name` (in any case) is in a `;`-separated list. */
bool oc_sigv4_is_listed(struct oc_slice list, struct oc_slice name);

/** The text of `ms` as YYYYMMDDThhmmssZ, no NUL. Years 0 to 9999. */
void oc_sigv4_timestamp(int64_t ms, char ret[OC_SIGV4_TIMESTAMP_LEN]);

/** The seven query parameters of the presigned form. */
enum oc_sigv4_param {
    OC_SIGV4_PARAM_ALGORITHM,
    OC_SIGV4_PARAM_CREDENTIAL,
    OC_SIGV4_PARAM_DATE,
    OC_SIGV4_PARAM_EXPIRES,
    OC_SIGV4_PARAM_SIGNED_HEADERS,
    OC_SIGV4_PARAM_SECURITY_TOKEN,
    OC_SIGV4_PARAM_SIGNATURE,
    OC_SIGV4_PARAMS
};
extern const struct oc_slice oc_sigv4_param_names[OC_SIGV4_PARAMS];

/** Raw values of the parameters that the query has; others absent. Errors as oc_credentials_find.
 */
int oc_sigv4_params(struct oc_slice query, struct oc_slice ret_values[OC_SIGV4_PARAMS],
                    struct oc_err *err);

#endif
