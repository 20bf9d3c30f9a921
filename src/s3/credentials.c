/*
 * The keys that requests are signed with: a profile of a file in AWS's form.
 *
 * Keys are copied out under the lock for each signature, since another thread may replace them
 * when the file has changed.
 */
#include <string.h>

#include "base/clock.h"
#include "base/ini.h"
#include "s3/s3_impl.h"

#define MEMORY_MAX (8UL * OC_INI_MAX)

void oc_s3_credentials_clear(struct oc_s3_credentials *credentials)
{
    /* The copies; what the parser held of the file is freed with the arena, as everywhere. */
    if (credentials->session_token.ptr)
        oc_wipe((char *)credentials->session_token.ptr, credentials->session_token.len);
    oc_secret_clear(&credentials->secret);
    oc_arena_clear(&credentials->arena);
}

static int read_profile(const struct oc_ini_section *section, struct oc_s3_credentials *ret,
                        struct oc_err *err)
{
    struct oc_slice id = oc_ini_value(section, "aws_access_key_id");
    struct oc_slice secret = oc_ini_value(section, "aws_secret_access_key");
    struct oc_slice token = oc_ini_value(section, "aws_session_token");

    if (id.len == 0 || secret.len == 0)
        return oc_fail(err, OC_EINVAL, "%s is missing",
                       id.len ? "aws_secret_access_key" : "aws_access_key_id");
    if (secret.len > sizeof(ret->secret.bytes))
        return oc_fail(err, OC_EINVAL, "aws_secret_access_key has more than %zu characters",
                       sizeof(ret->secret.bytes));
    ret->access_key_id = oc_arena_copy(&ret->arena, id);
    if (token.len)
        ret->session_token = oc_arena_copy(&ret->arena, token);
    if (!ret->access_key_id.ptr || (token.len && !ret->session_token.ptr))
        return oc_fail_nomem(err);
    memcpy(ret->secret.bytes, secret.ptr, secret.len);
    ret->secret.len = secret.len;
    return OC_OK;
}

/* The parsed file holds the secret: wiped whatever comes of it. */
static void wipe_profile(const struct oc_ini_section *section)
{
    struct oc_slice secret = oc_ini_value(section, "aws_secret_access_key");

    if (secret.ptr)
        oc_wipe((char *)secret.ptr, secret.len);
}

int oc_s3_credentials_load(const char *file, const char *profile, struct oc_s3_credentials *ret,
                           struct oc_err *err)
{
    struct oc_s3_credentials credentials = {0};
    const struct oc_ini_section *section;
    struct oc_err cause = {0};
    struct oc_ini ini;
    int rc;

    oc_arena_init(&credentials.arena, MEMORY_MAX);
    rc = oc_ini_load(file, &credentials.arena, &ini, err);
    if (rc == OC_OK) {
        section = oc_ini_section(&ini, oc_slice_of(profile));
        rc = section ? read_profile(section, &credentials, &cause)
                     : oc_fail(&cause, OC_EINVAL, "there is no such profile");
        wipe_profile(section);
        if (rc < 0)
            (void)oc_fail(err, rc, "%s: [%s]: %s", file, profile, cause.text); /* rc is kept */
    }
    if (rc < 0) {
        oc_s3_credentials_clear(&credentials);
        return rc;
    }
    *ret = credentials;
    return OC_OK;
}

int oc_s3_sign(struct oc_s3 *s3, const struct oc_sigv4_request *request, struct oc_arena *arena,
               struct oc_sigv4_signed *ret, uint64_t *ret_generation, struct oc_err *err)
{
    struct oc_sigv4_signer signer = {
        .region = s3->region,
        .service = OC_STR("s3"),
        .now_ms = oc_clock_now_ms(),
        .path = OC_SIGV4_PATH_RAW,
    };
    struct oc_secret secret;
    int rc;

    (void)pthread_mutex_lock(&s3->lock);
    secret = s3->credentials.secret;
    signer.access_key_id = oc_arena_copy(arena, s3->credentials.access_key_id);
    signer.session_token = oc_arena_copy(arena, s3->credentials.session_token);
    *ret_generation = s3->generation;
    rc =
        signer.access_key_id.ptr && (signer.session_token.ptr || !s3->credentials.session_token.ptr)
            ? OC_OK
            : oc_fail_nomem(err);
    (void)pthread_mutex_unlock(&s3->lock);
    signer.secret = (struct oc_slice){(const char *)secret.bytes, secret.len};
    if (rc == OC_OK)
        rc = oc_sigv4_sign(&signer, request, arena, ret, err);
    oc_secret_clear(&secret);
    return rc;
}

static bool is_same(const struct oc_s3_credentials *a, const struct oc_s3_credentials *b)
{
    return oc_slice_eq(a->access_key_id, b->access_key_id) &&
           oc_slice_eq(a->session_token, b->session_token) && a->secret.len == b->secret.len &&
           oc_crypto_equal(a->secret.bytes, b->secret.bytes, a->secret.len);
}

bool oc_s3_credentials_renew(struct oc_s3 *s3, uint64_t generation)
{
    struct oc_s3_credentials fresh, old;
    struct oc_err ignored = {0}; /* the refusal is what is told */
    bool changed;

    if (oc_s3_credentials_load(s3->credentials_file, s3->profile, &fresh, &ignored) < 0)
        return false;
    (void)pthread_mutex_lock(&s3->lock);
    changed = !is_same(&fresh, &s3->credentials);
    old = s3->credentials;
    s3->credentials = fresh;
    s3->generation += changed;
    changed = s3->generation != generation;
    (void)pthread_mutex_unlock(&s3->lock);
    oc_s3_credentials_clear(&old);
    return changed;
}
