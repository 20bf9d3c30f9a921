/* From a request to its caller. */
#include "auth/identity.h"

#include <stdlib.h>
#include <string.h>

#include "auth/identity_cache.h"
#include "auth/sigv4_impl.h"
#include "base/fault.h"
#include "base/limits.h"

struct oc_authenticator {
    struct oc_identity_cache *identities;
    struct oc_sigv4_key_cache *keys;
};

void oc_caller_clear(struct oc_caller *caller)
{
    oc_identity_unref(caller->identity);
    *caller = (struct oc_caller){0};
}

int oc_authenticator_new(const struct oc_authenticator_options *options,
                         struct oc_authenticator **ret, struct oc_err *err)
{
    struct oc_authenticator *made = oc_alloc(sizeof(*made));

    if (!made)
        return oc_fail_nomem(err);
    *made = (struct oc_authenticator){0};
    int rc = oc_identity_cache_new(options, &made->identities, err);
    if (rc >= 0)
        rc = oc_sigv4_key_cache_new(&made->keys, err);
    if (rc < 0) {
        oc_authenticator_free(made);
        return rc;
    }
    *ret = made;
    return OC_OK;
}

void oc_authenticator_free(struct oc_authenticator *authenticator)
{
    if (!authenticator)
        return;
    oc_identity_cache_free(authenticator->identities);
    oc_sigv4_key_cache_free(authenticator->keys);
    free(authenticator);
}

void oc_authenticator_forget(struct oc_authenticator *authenticator, struct oc_slice access_key_id)
{
    oc_identity_cache_forget(authenticator->identities);
    oc_sigv4_key_cache_forget(authenticator->keys, access_key_id);
}

/* One answer for an unknown key, a disabled key and a wrong token: it tells nobody which. */
static int refuse_token(struct oc_err *err)
{
    return oc_fail_as(err, OC_EDENIED, "UnrecognizedClientException",
                      "The security token included in the request is invalid.");
}

/* Whether the session token is the one that belongs to the key: none for a permanent key. */
static int check_session_token(const struct oc_access_key *key, struct oc_slice token,
                               struct oc_err *err)
{
    char hex[OC_SHA256_HEX_LEN];

    if (!token.ptr || !key->token_sha256.ptr)
        return token.ptr || key->token_sha256.ptr ? refuse_token(err) : OC_OK;
    int rc = oc_token_digest(token, hex, err);
    if (rc < 0)
        return rc;
    if (!oc_crypto_equal(hex, key->token_sha256.ptr, sizeof(hex)))
        return refuse_token(err);
    return OC_OK;
}

static int check_state(const struct oc_access_key *key, int64_t now_ms, struct oc_err *err)
{
    if (key->disabled)
        return refuse_token(err);
    if (key->expiration_ms != 0 && now_ms >= key->expiration_ms)
        return oc_fail_as(err, OC_EDENIED, "ExpiredTokenException",
                          "The security token included in the request is expired");
    return OC_OK;
}

/* The served Region of this name, borrowed from the options; else absent. */
static struct oc_slice find_region(const struct oc_auth_options *options, struct oc_slice name)
{
    for (size_t i = 0; i < options->region_count; i++) {
        if (oc_slice_eq_nocase(options->regions[i], name))
            return options->regions[i];
    }
    return (struct oc_slice){0};
}

/* One request on its way to a caller. */
struct attempt {
    struct oc_authenticator *authenticator;
    const struct oc_sigv4_request *request;
    const struct oc_auth_options *options;
    int64_t now_ms;
    struct oc_arena *arena;
    struct oc_caller caller;
};

static int find_identity(struct attempt *attempt, enum oc_identity_by by, struct oc_slice key,
                         struct oc_err *err)
{
    int rc = oc_identity_cache_get(attempt->authenticator->identities, by, key, attempt->now_ms,
                                   &attempt->caller.identity, err);

    return rc == OC_ENOTFOUND ? refuse_token(err) : rc;
}

/* -- signatures ------------------------------------------------------------------------------- */

static int check_signature(const struct attempt *attempt, const struct oc_sigv4_request *request,
                           const struct oc_sigv4_claim *claim, const struct oc_access_key *key,
                           struct oc_err *err)
{
    const struct oc_sigv4_scope scope = {.access_key_id = key->id,
                                         .secret = key->secret,
                                         .date = claim->date,
                                         .region = claim->region,
                                         .service = claim->service};
    uint8_t signing_key[OC_SHA256_LEN];

    int rc = oc_sigv4_key_cache_get(attempt->authenticator->keys, &scope, signing_key, err);
    if (rc >= 0)
        rc = oc_sigv4_verify(claim, request, signing_key, attempt->arena, err);
    oc_wipe(signing_key, sizeof(signing_key));
    return rc;
}

/* The body is not there yet: the digest that the request announces is taken for its own. */
static int take_announced_digest(struct oc_sigv4_request *request, struct oc_err *err)
{
    int rc =
        oc_sigv4_find_header(request, OC_STR("x-amz-content-sha256"), &request->body_sha256, err);

    if (rc >= 0 && request->body_sha256.len != OC_SHA256_HEX_LEN)
        return oc_fail_as(err, OC_EINVAL, "IncompleteSignatureException",
                          "A body of more than %d bytes must be announced: sign the header "
                          "'x-amz-content-sha256' with the body's SHA-256 in hexadecimal.",
                          OC_HTTP_BODY_MAX);
    return rc;
}

/* Computed here and not while verifying, since others need it too. */
static int take_digest(struct oc_caller *caller, struct oc_sigv4_request *request,
                       struct oc_err *err)
{
    int rc = oc_sigv4_body_hash(request, caller->body_sha256, err);

    caller->has_body_sha256 = rc == OC_OK;
    request->body_sha256 = (struct oc_slice){caller->body_sha256, sizeof(caller->body_sha256)};
    return rc;
}

static int authenticate_signed(struct attempt *attempt, struct oc_err *err)
{
    const struct oc_auth_options *options = attempt->options;
    const struct oc_sigv4_expected expected = {.service = options->service,
                                               .regions = options->regions,
                                               .region_count = options->region_count,
                                               .now_ms = attempt->now_ms};
    struct oc_sigv4_request request = *attempt->request;
    struct oc_sigv4_claim claim;

    int rc = oc_sigv4_parse(attempt->request, &expected, attempt->arena, &claim, err);
    if (rc < 0)
        return rc;
    if (!oc_access_key_id_is_valid(claim.access_key_id))
        return refuse_token(err);
    rc = find_identity(attempt, OC_IDENTITY_BY_ID, claim.access_key_id, err);
    if (rc < 0)
        return rc;
    const struct oc_access_key *key = &attempt->caller.identity->key;
    /* The look-up found the record by the id; the record must say so itself. */
    if (key->kind == OC_ACCESS_KEY_BEARER || !oc_slice_eq(key->id, claim.access_key_id))
        return refuse_token(err);
    rc = check_session_token(key, claim.session_token, err);
    if (rc >= 0)
        rc = check_state(key, attempt->now_ms, err);
    if (rc >= 0)
        rc = options->body_is_to_come ? take_announced_digest(&request, err)
                                      : take_digest(&attempt->caller, &request, err);
    if (rc >= 0)
        rc = check_signature(attempt, &request, &claim, key, err);
    attempt->caller.region = find_region(options, claim.region);
    return rc;
}

/* -- bearer ----------------------------------------------------------------------------------- */

/* Whether a label of a host name can only be meant as a Region: "us-east-1", "us-gov-west-1". */
static bool reads_like_region(struct oc_slice label)
{
    size_t dashes = 0;

    for (size_t i = 0; i < label.len; i++)
        dashes += label.ptr[i] == '-';
    return dashes >= 2 && label.ptr[label.len - 1] >= '0' && label.ptr[label.len - 1] <= '9';
}

/* `bedrock.REGION.…` names the Region; one that is not served must not be taken for another. */
static int read_host_region(const struct oc_sigv4_request *request,
                            const struct oc_auth_options *options, struct oc_slice *ret,
                            struct oc_err *err)
{
    struct oc_slice host, label;

    int rc = oc_sigv4_find_header(request, OC_STR("host"), &host, err);
    if (rc < 0)
        return rc;
    *ret = options->default_region;
    label = oc_slice_cut(&host, '.');
    if (!host.ptr || !oc_slice_eq_nocase(label, options->service))
        return OC_OK;
    label = oc_slice_cut(&host, '.');
    struct oc_slice region = find_region(options, label);
    if (!region.ptr && reads_like_region(label))
        return oc_fail_as(err, OC_EDENIED, "InvalidSignatureException",
                          "Credential should be scoped to a valid region, not '%.*s'.",
                          OC_FMT(oc_slice_sub(label, 0, 64)));
    if (region.ptr)
        *ret = region;
    return OC_OK;
}

static int authenticate_bearer(struct attempt *attempt, struct oc_slice token, struct oc_err *err)
{
    char hex[OC_SHA256_HEX_LEN];

    int rc = oc_token_digest(token, hex, err);
    if (rc >= 0)
        rc =
            find_identity(attempt, OC_IDENTITY_BY_BEARER, (struct oc_slice){hex, sizeof(hex)}, err);
    if (rc < 0)
        return rc;
    const struct oc_access_key *key = &attempt->caller.identity->key;
    if (key->kind != OC_ACCESS_KEY_BEARER ||
        !oc_crypto_equal(hex, key->token_sha256.ptr, sizeof(hex)))
        return refuse_token(err);
    rc = check_state(key, attempt->now_ms, err);
    if (rc < 0)
        return rc;
    return read_host_region(attempt->request, attempt->options, &attempt->caller.region, err);
}

/* -- the whole -------------------------------------------------------------------------------- */

int oc_authenticate(struct oc_authenticator *authenticator, const struct oc_sigv4_request *request,
                    const struct oc_auth_options *options, int64_t now_ms, struct oc_arena *arena,
                    struct oc_caller *ret, struct oc_err *err)
{
    struct attempt attempt = {.authenticator = authenticator,
                              .request = request,
                              .options = options,
                              .now_ms = now_ms,
                              .arena = arena};
    struct oc_caller *caller = &attempt.caller;
    enum oc_credentials_kind kind;
    struct oc_slice token;

    int rc = oc_credentials_find(request, &kind, &token, err);
    if (rc < 0)
        return rc;
    if (kind == OC_CREDENTIALS_BEARER)
        rc = authenticate_bearer(&attempt, token, err);
    else
        rc = authenticate_signed(&attempt, err);
    if (rc < 0) {
        oc_caller_clear(caller);
        return rc;
    }
    caller->account = caller->identity->key.account;
    caller->user_arn = caller->identity->user_arn;
    caller->access_key_id = caller->identity->key.id;
    caller->policy = caller->identity->policy;
    caller->kind = caller->identity->key.kind;
    *ret = *caller;
    return OC_OK;
}
