/* Verifying and signing: what is done with the canonical request. */
#include "auth/sigv4.h"

#include <stdlib.h>
#include <string.h>

#include "auth/sigv4_impl.h"
#include "base/limits.h"

#define INVALID "InvalidSignatureException"

/* -- verifying -------------------------------------------------------------------------------- */

/* A hash that the client claims must be that of the body. No mode that skips the check is known. */
static int check_body(const struct oc_sigv4_request *request,
                      const char body_hash[OC_SHA256_HEX_LEN], struct oc_err *err)
{
    struct oc_slice claimed;

    int rc = oc_sigv4_find_header(request, OC_STR("x-amz-content-sha256"), &claimed, err);
    if (rc < 0)
        return rc;
    if (!claimed.ptr || oc_slice_eq(claimed, (struct oc_slice){body_hash, OC_SHA256_HEX_LEN}))
        return OC_OK;
    return oc_fail_as(
        err, OC_EDENIED, INVALID,
        "The provided 'x-amz-content-sha256' header does not match what was computed: "
        "it must be the SHA-256 of the body.");
}

int oc_sigv4_verify(const struct oc_sigv4_claim *claim, const struct oc_sigv4_request *request,
                    const uint8_t signing_key[OC_SHA256_LEN], struct oc_arena *arena,
                    struct oc_err *err)
{
    char body_hash[OC_SHA256_HEX_LEN], signature[OC_SHA256_HEX_LEN];
    const struct oc_sigv4_input in = {
        .request = request,
        .signed_headers = claim->signed_headers,
        .payload_hash = {body_hash, sizeof(body_hash)},
        .presigned = claim->kind == OC_CREDENTIALS_QUERY,
        .timestamp = claim->timestamp,
        .date = claim->date,
        .region = claim->region,
        .service = claim->service,
    };

    int rc = oc_sigv4_body_hash(request, body_hash, err);
    if (rc >= 0)
        rc = check_body(request, body_hash, err);
    if (rc >= 0)
        rc = oc_sigv4_signature(&in, signing_key, arena, signature, err);
    if (rc < 0)
        return rc;
    if (claim->signature.len == sizeof(signature) &&
        oc_crypto_equal(claim->signature.ptr, signature, sizeof(signature)))
        return OC_OK;
    return oc_fail_as(err, OC_EDENIED, INVALID,
                      "The request signature we calculated does not match the signature you "
                      "provided. Check your AWS Secret Access Key and signing method. Consult the "
                      "service documentation for details.");
}

/* -- signing keys ----------------------------------------------------------------------------- */

int oc_sigv4_signing_key(const struct oc_sigv4_scope *scope, uint8_t ret_key[OC_SHA256_LEN],
                         struct oc_err *err)
{
    const struct oc_slice steps[] = {scope->date, scope->region, scope->service,
                                     OC_STR("aws4_request")};
    uint8_t key[OC_SHA256_LEN];
    char first[4 + 128] = "AWS4";
    struct oc_slice with = {first, 4 + scope->secret.len};
    int rc = OC_OK;

    if (scope->secret.len > sizeof(first) - 4)
        return oc_fail(err, OC_EINVAL, "the secret of access key '%.*s' is longer than %zu bytes",
                       OC_FMT(scope->access_key_id), sizeof(first) - 4);
    memcpy(first + 4, scope->secret.ptr, scope->secret.len);
    for (size_t i = 0; rc >= 0 && i < 4; i++) {
        rc = oc_hmac_sha256(with, steps[i], key, err);
        with = (struct oc_slice){(const char *)key, sizeof(key)};
    }
    if (rc >= 0)
        memcpy(ret_key, key, sizeof(key));
    oc_wipe(first, sizeof(first));
    oc_wipe(key, sizeof(key));
    return rc;
}

/* -- signing ---------------------------------------------------------------------------------- */

/* Headers that a hop on the way may add or change, or that are made after signing. */
static bool is_never_signed(struct oc_slice name)
{
    static const char *const names[] = {
        "authorization",
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (oc_slice_eq_nocase(name, oc_slice_of(names[i])))
            return true;
    }
    return false;
}

static int compare_names(const void *left, const void *right)
{
    const struct oc_slice *a = left, *b = right;

    return oc_slice_cmp(*a, *b);
}

static struct oc_slice lower_case(struct oc_arena *arena, struct oc_slice name)
{
    char *text = oc_arena_alloc(arena, name.len + 1);

    if (!text)
        return (struct oc_slice){0};
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        text[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return (struct oc_slice){text, name.len};
}

/* The list of headers to sign: lower case, sorted, each once. */
static int list_headers(const struct oc_sigv4_request *request, struct oc_arena *arena,
                        struct oc_slice *ret, struct oc_err *err)
{
    struct oc_slice *names = oc_arena_alloc(arena, (request->header_count + 1) * sizeof(*names));
    struct oc_sigv4_out out;
    size_t count = 0, size = 1;

    if (!names)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_never_signed(request->headers[i].name))
            continue;
        names[count] = lower_case(arena, request->headers[i].name);
        if (!names[count].ptr)
            return oc_fail_nomem(err);
        size += names[count++].len + 1;
    }
    qsort(names, count, sizeof(*names), compare_names);
    int rc = oc_sigv4_out_init(&out, size, arena, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && oc_slice_eq(names[i], names[i - 1]))
            continue;
        if (i > 0)
            oc_sigv4_put_char(&out, ';');
        oc_sigv4_put(&out, names[i]);
    }
    *ret = oc_sigv4_out_slice(&out);
    if (!oc_sigv4_is_listed(*ret, OC_STR("host")))
        return oc_fail(err, OC_EINVAL, "a request must have the header 'host' to be signed");
    return OC_OK;
}

/* Copy time and scope into the arena: results borrow them. */
static int init_input(const struct oc_sigv4_signer *signer, const struct oc_sigv4_request *request,
                      struct oc_arena *arena, struct oc_sigv4_input *in, struct oc_err *err)
{
    char timestamp[OC_SIGV4_TIMESTAMP_LEN];

    oc_sigv4_timestamp(signer->now_ms, timestamp);
    *in = (struct oc_sigv4_input){
        .request = request,
        .path = signer->path,
        .timestamp = oc_arena_copy(arena, (struct oc_slice){timestamp, sizeof(timestamp)}),
        .region = signer->region,
        .service = signer->service,
    };
    if (!in->timestamp.ptr)
        return oc_fail_nomem(err);
    in->date = oc_slice_sub(in->timestamp, 0, 8);
    return OC_OK;
}

/* Derive the key and sign; the body's hash is what x-amz-content-sha256 says, if it is there. */
static int make_signature(const struct oc_sigv4_signer *signer, const struct oc_sigv4_input *from,
                          struct oc_arena *arena, char ret_hex[OC_SHA256_HEX_LEN],
                          struct oc_err *err)
{
    struct oc_sigv4_input in = *from; /* whose payload hash is here only */
    const struct oc_sigv4_scope scope = {.access_key_id = signer->access_key_id,
                                         .secret = signer->secret,
                                         .date = in.date,
                                         .region = in.region,
                                         .service = in.service};
    uint8_t key[OC_SHA256_LEN];
    char body_hash[OC_SHA256_HEX_LEN];

    int rc =
        oc_sigv4_find_header(in.request, OC_STR("x-amz-content-sha256"), &in.payload_hash, err);
    if (rc >= 0 && !in.payload_hash.ptr) {
        rc = oc_sigv4_body_hash(in.request, body_hash, err);
        in.payload_hash = (struct oc_slice){body_hash, sizeof(body_hash)};
    }
    if (rc >= 0)
        rc = oc_sigv4_key_cache_get(signer->cache, &scope, key, err);
    if (rc >= 0)
        rc = oc_sigv4_signature(&in, key, arena, ret_hex, err);
    oc_wipe(key, sizeof(key));
    return rc;
}

static int refuse_present(const struct oc_sigv4_request *request, struct oc_err *err)
{
    static const char *const names[] = {"authorization", "x-amz-date", "x-amz-security-token"};

    for (size_t i = 0; i < request->header_count; i++) {
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            if (oc_slice_eq_nocase(request->headers[i].name, oc_slice_of(names[k])))
                return oc_fail(err, OC_EINVAL, "the header '%s' is made by signing", names[k]);
        }
    }
    return OC_OK;
}

int oc_sigv4_sign(const struct oc_sigv4_signer *signer, const struct oc_sigv4_request *request,
                  struct oc_arena *arena, struct oc_sigv4_signed *ret, struct oc_err *err)
{
    struct oc_sigv4_request full = *request;
    struct oc_sigv4_signed made = {0};
    struct oc_sigv4_header *headers;
    struct oc_sigv4_input in;
    char signature[OC_SHA256_HEX_LEN];

    int rc = refuse_present(request, err);
    if (rc >= 0)
        rc = init_input(signer, &full, arena, &in, err);
    if (rc < 0)
        return rc;
    made.headers[made.header_count++] =
        (struct oc_sigv4_header){OC_STR("X-Amz-Date"), in.timestamp};
    if (signer->session_token.ptr)
        made.headers[made.header_count++] =
            (struct oc_sigv4_header){OC_STR("X-Amz-Security-Token"), signer->session_token};
    headers = oc_arena_alloc(arena, (request->header_count + made.header_count) * sizeof(*headers));
    if (!headers)
        return oc_fail_nomem(err);
    if (request->header_count > 0)
        memcpy(headers, request->headers, request->header_count * sizeof(*headers));
    memcpy(headers + request->header_count, made.headers, made.header_count * sizeof(*headers));
    full.headers = headers;
    full.header_count += made.header_count;
    rc = list_headers(&full, arena, &in.signed_headers, err);
    if (rc >= 0)
        rc = make_signature(signer, &in, arena, signature, err);
    if (rc < 0)
        return rc;
    struct oc_slice value = oc_arena_printf(
        arena,
        OC_SIGV4_ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, SignedHeaders=%.*s, "
                           "Signature=%.*s",
        OC_FMT(signer->access_key_id), OC_FMT(in.date), OC_FMT(in.region), OC_FMT(in.service),
        OC_FMT(in.signed_headers), (int)sizeof(signature), signature);
    if (!value.ptr)
        return oc_fail_nomem(err);
    made.headers[made.header_count++] = (struct oc_sigv4_header){OC_STR("Authorization"), value};
    *ret = made;
    return OC_OK;
}

static void put_param(struct oc_sigv4_out *out, enum oc_sigv4_param which, struct oc_slice value)
{
    if (out->len > 0)
        oc_sigv4_put_char(out, '&');
    oc_sigv4_put(out, oc_sigv4_param_names[which]);
    oc_sigv4_put_char(out, '=');
    oc_sigv4_put_encoded(out, value, false);
}

/* The request's query and all parameters but the signature, with room for that. */
static int put_presigned(const struct oc_sigv4_signer *signer, const struct oc_sigv4_input *in,
                         struct oc_slice query, struct oc_arena *arena, struct oc_sigv4_out *out,
                         struct oc_err *err)
{
    struct oc_slice credential =
        oc_arena_printf(arena, "%.*s/%.*s/%.*s/%.*s/aws4_request", OC_FMT(signer->access_key_id),
                        OC_FMT(in->date), OC_FMT(in->region), OC_FMT(in->service));
    struct oc_slice expires = oc_arena_printf(arena, "%lld", (long long)signer->expires_s);

    if (!credential.ptr || !expires.ptr)
        return oc_fail_nomem(err);
    int rc = oc_sigv4_out_init(
        out,
        query.len + 3 * (credential.len + in->signed_headers.len + signer->session_token.len) + 512,
        arena, err);
    if (rc < 0)
        return rc;
    oc_sigv4_put(out, query);
    put_param(out, OC_SIGV4_PARAM_ALGORITHM, OC_STR(OC_SIGV4_ALGORITHM));
    put_param(out, OC_SIGV4_PARAM_CREDENTIAL, credential);
    put_param(out, OC_SIGV4_PARAM_DATE, in->timestamp);
    put_param(out, OC_SIGV4_PARAM_EXPIRES, expires);
    put_param(out, OC_SIGV4_PARAM_SIGNED_HEADERS, in->signed_headers);
    if (signer->session_token.ptr)
        put_param(out, OC_SIGV4_PARAM_SECURITY_TOKEN, signer->session_token);
    return OC_OK;
}

int oc_sigv4_presign(const struct oc_sigv4_signer *signer, const struct oc_sigv4_request *request,
                     struct oc_arena *arena, struct oc_slice *ret_query, struct oc_err *err)
{
    struct oc_sigv4_request full = *request;
    struct oc_sigv4_input in;
    struct oc_sigv4_out out;
    char signature[OC_SHA256_HEX_LEN];

    if (signer->expires_s < 1 || signer->expires_s > OC_SIGV4_EXPIRES_MAX_S)
        return oc_fail(err, OC_EINVAL, "a presigned request can be valid for 1 to %ld seconds",
                       OC_SIGV4_EXPIRES_MAX_S);
    int rc = init_input(signer, &full, arena, &in, err);
    if (rc >= 0)
        rc = list_headers(request, arena, &in.signed_headers, err);
    if (rc >= 0)
        rc = put_presigned(signer, &in, request->query, arena, &out, err);
    if (rc < 0)
        return rc;
    full.query = oc_sigv4_out_slice(&out);
    rc = make_signature(signer, &in, arena, signature, err);
    if (rc < 0)
        return rc;
    put_param(&out, OC_SIGV4_PARAM_SIGNATURE, (struct oc_slice){signature, sizeof(signature)});
    *ret_query = oc_sigv4_out_slice(&out);
    return OC_OK;
}
