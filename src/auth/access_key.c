/* Records of access keys, and making new ones. */
#include "auth/access_key.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "model/arn.h"
#include "model/policy.h"

#define RECORD_VERSION 1
#define SEALED_MAX     512 /* bytes of a sealed secret */

static const struct oc_slice kind_texts[] = {
    [OC_ACCESS_KEY_PERMANENT] = {"permanent", 9},
    [OC_ACCESS_KEY_SESSION] = {"session", 7},
    [OC_ACCESS_KEY_BEARER] = {"bearer", 6},
};

struct oc_slice oc_access_key_kind_text(enum oc_access_key_kind kind)
{
    return kind_texts[kind];
}

bool oc_access_key_id_is_valid(struct oc_slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];

        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return id.len > 0 && id.len <= OC_ACCESS_KEY_ID_MAX;
}

/* -- making ----------------------------------------------------------------------------------- */

/* `len` random characters of an alphabet of `size`, a power of two up to 256, and a NUL. */
static int make_text(char *ret, size_t len, const char *alphabet, size_t size, struct oc_err *err)
{
    uint8_t bytes[64];

    int rc = oc_random(bytes, len, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < len; i++)
        ret[i] = alphabet[bytes[i] & (size - 1)];
    ret[len] = '\0';
    oc_wipe(bytes, sizeof(bytes));
    return OC_OK;
}

int oc_token_digest(struct oc_slice token, char ret_hex[OC_SHA256_HEX_LEN], struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];

    int rc = oc_sha256(token, digest, err);
    if (rc >= 0)
        oc_hex_encode(digest, sizeof(digest), ret_hex);
    return rc;
}

static int make_parts(enum oc_access_key_kind kind, struct oc_new_key *key, struct oc_err *err)
{
    static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char *const id_prefixes[] = {"AKIA", "ASIA", "ACCA"};
    static const char *const token_prefixes[] = {"", "OCST", "ABSK"};

    memcpy(key->id, id_prefixes[kind], 4);
    int rc = make_text(key->id + 4, OC_ACCESS_KEY_ID_LEN - 4, base32, 32, err);
    if (rc >= 0 && kind != OC_ACCESS_KEY_BEARER)
        rc = make_text(key->secret, OC_ACCESS_KEY_SECRET_LEN, base64, 64, err);
    if (rc < 0 || kind == OC_ACCESS_KEY_PERMANENT)
        return rc;
    memcpy(key->token, token_prefixes[kind], 4);
    rc = make_text(key->token + 4, OC_ACCESS_KEY_TOKEN_LEN - 4, base64url, 64, err);
    if (rc < 0)
        return rc;
    return oc_token_digest(oc_slice_of(key->token), key->token_sha256, err);
}

int oc_new_key_make(enum oc_access_key_kind kind, struct oc_new_key *ret, struct oc_err *err)
{
    struct oc_new_key key = {0};

    int rc = make_parts(kind, &key, err);
    if (rc >= 0)
        *ret = key;
    oc_new_key_clear(&key);
    return rc;
}

void oc_new_key_clear(struct oc_new_key *key)
{
    oc_wipe(key, sizeof(*key));
}

/* -- writing ---------------------------------------------------------------------------------- */

static bool is_digest(struct oc_slice hex)
{
    uint8_t bytes[OC_SHA256_LEN];

    return oc_hex_decode(hex, bytes, sizeof(bytes));
}

/* What is wrong with a key, or NULL. */
static const char *find_fault(const struct oc_access_key *key)
{
    bool has_secret = key->secret.ptr != NULL, has_token = key->token_sha256.ptr != NULL;

    if (!oc_access_key_id_is_valid(key->id))
        return "its id must be 1 to 128 letters and digits";
    if (!oc_account_is_valid(key->account))
        return "its account must be 12 digits";
    if (!oc_user_name_is_valid(key->user))
        return "its user name must be 1 to 64 letters, digits and +=,.@_-";
    if (has_secret != (key->kind != OC_ACCESS_KEY_BEARER))
        return "a bearer key has no secret, all others have one";
    if (has_secret && (key->secret.len == 0 || key->secret.len > OC_ACCESS_KEY_SECRET_MAX))
        return "its secret must be 1 to 128 bytes";
    if (has_token != (key->kind != OC_ACCESS_KEY_PERMANENT))
        return "a permanent key has no token, all others have one";
    if (has_token && !is_digest(key->token_sha256))
        return "the digest of its token must be 64 hexadecimal digits";
    return NULL;
}

static int check_key(const struct oc_access_key *key, struct oc_err *err)
{
    OC_AUTO(oc_policy_freep) struct oc_policy *policy = NULL;
    const char *fault = find_fault(key);

    if (fault)
        return oc_fail(err, OC_EINVAL, "access key '%.*s': %s", OC_FMT(key->id), fault);
    return key->policy.ptr ? oc_policy_parse(OC_POLICY_IDENTITY, key->policy, &policy, err) : OC_OK;
}

/* The member "secret": sealed, in base64url. */
static int put_secret(const struct oc_access_key *key, const struct oc_secret_box *box,
                      struct oc_jw *w, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf sealed = {0}, text = {0};
    int rc;

    oc_buf_init(&sealed, SEALED_MAX);
    oc_buf_init(&text, 2 * SEALED_MAX);
    rc = box->seal(box->ctx, key->id, key->secret, &sealed, err);
    if (rc < 0)
        return rc;
    oc_base64url_put(&text, (const uint8_t *)sealed.ptr, sealed.len);
    if (sealed.failed || text.failed)
        return oc_fail_nomem(err);
    oc_jw_member(w, "secret", oc_buf_slice(&text));
    return OC_OK;
}

int oc_access_key_encode(const struct oc_access_key *key, const struct oc_secret_box *box,
                         struct oc_buf *buf, struct oc_err *err)
{
    struct oc_jw w;

    int rc = check_key(key, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", RECORD_VERSION);
    oc_jw_member(&w, "kind", kind_texts[key->kind]);
    oc_jw_member(&w, "id", key->id);
    oc_jw_member(&w, "account", key->account);
    oc_jw_member(&w, "user", key->user);
    if (key->secret.ptr)
        rc = put_secret(key, box, &w, err);
    oc_jw_member(&w, "token", key->token_sha256);
    oc_jw_member(&w, "policy", key->policy);
    oc_jw_member_int(&w, "creation", key->creation_ms);
    oc_jw_member_int(&w, "expiration", key->expiration_ms);
    oc_jw_member_bool(&w, "disabled", key->disabled);
    oc_jw_object_end(&w);
    if (rc < 0)
        return rc;
    return buf->failed ? oc_fail_nomem(err) : OC_OK;
}

/* -- reading ---------------------------------------------------------------------------------- */

static bool read_kind(struct oc_slice text, enum oc_access_key_kind *ret)
{
    for (size_t i = 0; i < sizeof(kind_texts) / sizeof(kind_texts[0]); i++) {
        if (!oc_slice_eq(text, kind_texts[i]))
            continue;
        *ret = (enum oc_access_key_kind)i;
        return true;
    }
    return false;
}

/* Open the secret into the arena. */
static int open_secret(const struct oc_json *json, const struct oc_secret_box *box,
                       struct oc_arena *arena, struct oc_access_key *key, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf plain = {0};
    struct oc_slice text = oc_json_string(json);
    uint8_t sealed[SEALED_MAX];
    size_t len;
    int rc;

    if (!oc_base64url_decode(text, sealed, sizeof(sealed), &len))
        return oc_fail(err, OC_ECORRUPT, "access key '%.*s': malformed secret", OC_FMT(key->id));
    oc_buf_init(&plain, SEALED_MAX);
    rc = box->open(box->ctx, key->id, (struct oc_slice){(const char *)sealed, len}, &plain, err);
    if (rc >= 0 && !plain.failed)
        key->secret = oc_arena_copy(arena, oc_buf_slice(&plain));
    if (plain.ptr)
        oc_wipe(plain.ptr, plain.len);
    if (rc < 0)
        return rc;
    return key->secret.ptr ? OC_OK : oc_fail_nomem(err);
}

/* Copy the texts. @return false when out of memory. */
static bool copy_texts(const struct oc_json *root, struct oc_arena *arena,
                       struct oc_access_key *key)
{
    const struct {
        const char *name;
        struct oc_slice *to;
    } members[] = {{"id", &key->id},
                   {"account", &key->account},
                   {"user", &key->user},
                   {"token", &key->token_sha256},
                   {"policy", &key->policy}};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct oc_slice text = oc_json_string(oc_json_get(root, members[i].name));

        if (!text.ptr)
            continue;
        *members[i].to = oc_arena_copy(arena, text);
        if (!members[i].to->ptr)
            return false;
    }
    return true;
}

static int read_record(const struct oc_json *root, const struct oc_secret_box *box,
                       struct oc_arena *arena, struct oc_access_key *key, struct oc_err *err)
{
    const struct oc_json *secret = oc_json_get(root, "secret");
    int64_t version = oc_json_int64(oc_json_get(root, "version"), 0);
    const char *fault;
    int rc = OC_OK;

    if (version > RECORD_VERSION)
        return oc_fail(err, OC_EINVAL,
                       "an access key has version %lld, this program knows up to %d: update it",
                       (long long)version, RECORD_VERSION);
    if (version < 1 || !read_kind(oc_json_string(oc_json_get(root, "kind")), &key->kind))
        return oc_fail(err, OC_ECORRUPT, "an access key's record is malformed");
    if (!copy_texts(root, arena, key))
        return oc_fail_nomem(err);
    key->creation_ms = oc_json_int64(oc_json_get(root, "creation"), 0);
    key->expiration_ms = oc_json_int64(oc_json_get(root, "expiration"), 0);
    key->disabled = oc_json_bool(oc_json_get(root, "disabled"), true);
    if (!box)
        return OC_OK;
    if (secret)
        rc = open_secret(secret, box, arena, key, err);
    if (rc < 0)
        return rc;
    fault = find_fault(key);
    if (fault)
        return oc_fail(err, OC_ECORRUPT, "access key '%.*s': %s", OC_FMT(key->id), fault);
    return OC_OK;
}

int oc_access_key_decode(struct oc_slice record, const struct oc_secret_box *box,
                         struct oc_arena *arena, struct oc_access_key *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct oc_access_key key = {0};

    int rc = oc_json_parse(record, &root, err);
    if (rc == OC_EINVAL)
        return oc_fail(err, OC_ECORRUPT, "an access key's record is not JSON");
    if (rc >= 0)
        rc = read_record(root, box, arena, &key, err);
    if (rc >= 0)
        *ret = key;
    return rc;
}
