/*
 * The keyring's file (docs/formats.md, "Keyring"): one line of JSON and, below it, an
 * HMAC-SHA-256 of that line in hexadecimal. Small enough to be replaced whole on every change.
 *
 * Two proofs, for two different mistakes: `check` opens only under the right master key, so a
 * wrong key is told from a damaged file; the HMAC then covers all that is not encrypted.
 */
#include "keys/keyring/keyring_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/json.h"

#define CHECK_TEXT OC_STR("outcrop keyring")
#define CHECK_AAD  OC_STR("outcrop keyring check")

/* Written straight into the buffer: a ring has many of them. */
static void put_base64(struct oc_jw *w, const char *key, const uint8_t *bytes, size_t len)
{
    oc_jw_key(w, key);
    oc_jw_raw(w, OC_STR("\""));
    oc_base64url_put(w->buf, bytes, len);
    oc_buf_put_char(w->buf, '"');
}

static void put_key(struct oc_jw *w, const struct oc_keyring_key *key)
{
    oc_jw_object(w);
    oc_jw_member(w, "id", oc_slice_of(key->id));
    oc_jw_member(w, "account", oc_slice_of(key->account));
    oc_jw_member(w, "region", oc_slice_of(key->region));
    oc_jw_member(w, "description", oc_slice_of(key->description));
    oc_jw_member_int(w, "created", key->creation_ms);
    oc_jw_member_bool(w, "enabled", key->enabled);
    put_base64(w, "material", key->wrapped, sizeof(key->wrapped));
    oc_jw_object_end(w);
}

static int put_check(const struct oc_keys *keys, struct oc_jw *w, struct oc_err *err)
{
    uint8_t sealed[sizeof("outcrop keyring") - 1 + 28];
    int rc = oc_keyring_box(keys->wrap_key, CHECK_AAD, CHECK_TEXT, sealed, err);

    if (rc < 0)
        return rc;
    put_base64(w, "check", sealed, sizeof(sealed));
    return OC_OK;
}

static int encode(const struct oc_keys *keys, struct oc_buf *buf, struct oc_err *err)
{
    struct oc_jw w;
    int rc;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", OC_KEYRING_VERSION);
    rc = put_check(keys, &w, err);
    if (rc < 0)
        return rc;
    oc_jw_key(&w, "keys");
    oc_jw_array(&w);
    for (size_t i = 0; i < keys->key_count; i++)
        put_key(&w, keys->keys[i]);
    oc_jw_array_end(&w);
    oc_jw_key(&w, "aliases");
    oc_jw_array(&w);
    for (size_t i = 0; i < keys->alias_count; i++) {
        oc_jw_object(&w);
        oc_jw_member(&w, "name", oc_slice_of(keys->aliases[i].name));
        oc_jw_member(&w, "key", oc_slice_of(keys->aliases[i].key->id));
        oc_jw_object_end(&w);
    }
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
    return buf->failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_keyring_save(const struct oc_keys *keys, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    uint8_t mac[OC_SHA256_LEN];
    char hex[OC_SHA256_HEX_LEN];
    struct oc_err cause = {0};
    int rc;

    oc_buf_init(&buf, OC_KEYRING_FILE_MAX);
    rc = encode(keys, &buf, err);
    if (rc < 0)
        return rc;
    rc = oc_hmac_sha256((struct oc_slice){(const char *)keys->mac_key, sizeof(keys->mac_key)},
                        oc_buf_slice(&buf), mac, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(mac, sizeof(mac), hex);
    oc_buf_put_char(&buf, '\n');
    oc_buf_put(&buf, hex, sizeof(hex));
    oc_buf_put_char(&buf, '\n');
    if (buf.failed)
        return oc_fail_nomem(err);
    rc = oc_file_replace(keys->path, oc_buf_slice(&buf), 0600, &cause);
    if (rc < 0) {
        (void)oc_fail(err, rc, "the keyring could not be written");
        oc_err_hide(err, "%s", cause.text);
    }
    return rc;
}

/* -- reading -------------------------------------------------------------------------------- */

static int corrupt(const struct oc_keys *keys, struct oc_err *err, const char *what)
{
    return oc_fail(err, OC_ECORRUPT, "keyring '%s': %s; restore it from a backup", keys->path,
                   what);
}

static bool copy_text(char *to, size_t cap, struct oc_slice s)
{
    if (!s.ptr || s.len >= cap)
        return false;
    memcpy(to, s.ptr, s.len);
    to[s.len] = '\0';
    return true;
}

static int read_key(struct oc_keys *keys, const struct oc_json *value, struct oc_keyring_key *key,
                    struct oc_err *err)
{
    struct oc_slice description = oc_json_string(oc_json_get(value, "description"));
    size_t len = 0;

    if (!copy_text(key->id, sizeof(key->id), oc_json_string(oc_json_get(value, "id"))) ||
        !copy_text(key->account, sizeof(key->account),
                   oc_json_string(oc_json_get(value, "account"))) ||
        !copy_text(key->region, sizeof(key->region),
                   oc_json_string(oc_json_get(value, "region"))) ||
        !oc_base64url_decode(oc_json_string(oc_json_get(value, "material")), key->wrapped,
                             sizeof(key->wrapped), &len) ||
        len != sizeof(key->wrapped) || !description.ptr)
        return corrupt(keys, err, "a key is incomplete");
    key->creation_ms = oc_json_int64(oc_json_get(value, "created"), 0);
    key->enabled = oc_json_bool(oc_json_get(value, "enabled"), false);
    key->description = oc_alloc(description.len + 1);
    if (!key->description)
        return oc_fail_nomem(err);
    memcpy(key->description, description.ptr, description.len);
    key->description[description.len] = '\0';
    return oc_keyring_unwrap(keys, key, err);
}

static int load_keys(struct oc_keys *keys, const struct oc_json *array, struct oc_err *err)
{
    for (size_t i = 0; i < oc_json_size(array); i++) {
        struct oc_keyring_key *key = oc_alloc(sizeof(*key));
        int rc;

        if (!key)
            return oc_fail_nomem(err);
        memset(key, 0, sizeof(*key));
        rc = read_key(keys, oc_json_at(array, i), key, err);
        if (rc == OC_OK)
            rc = oc_keyring_insert(keys, key, err);
        if (rc < 0) {
            oc_keyring_key_free(key);
            return rc == OC_ECONFLICT ? corrupt(keys, err, "a key stands in it twice") : rc;
        }
    }
    return OC_OK;
}

static int load_aliases(struct oc_keys *keys, const struct oc_json *array, struct oc_err *err)
{
    for (size_t i = 0; i < oc_json_size(array); i++) {
        const struct oc_json *value = oc_json_at(array, i);
        struct oc_slice name = oc_json_string(oc_json_get(value, "name"));
        struct oc_keyring_key *key =
            oc_keyring_find(keys, oc_json_string(oc_json_get(value, "key")));
        int rc;

        if (!name.ptr || !key)
            return corrupt(keys, err, "an alias points nowhere");
        rc = oc_keyring_add_alias(keys, name, key, err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int check_master(const struct oc_keys *keys, const struct oc_json *root, struct oc_err *err)
{
    uint8_t sealed[64], plain[64];
    size_t len = 0;
    struct oc_err ignored = {0};

    if (!oc_base64url_decode(oc_json_string(oc_json_get(root, "check")), sealed, sizeof(sealed),
                             &len) ||
        len != CHECK_TEXT.len + 28)
        return corrupt(keys, err, "its check value is missing");
    if (oc_keyring_unbox(keys->wrap_key, CHECK_AAD, (struct oc_slice){(char *)sealed, len}, plain,
                         &ignored) < 0)
        return oc_fail(err, OC_EDENIED,
                       "keyring '%s': the master key does not open it; give the master key it was "
                       "made with",
                       keys->path);
    return OC_OK;
}

static int check_mac(const struct oc_keys *keys, struct oc_slice line, struct oc_slice hex,
                     struct oc_err *err)
{
    uint8_t stored[OC_SHA256_LEN], mac[OC_SHA256_LEN];
    int rc;

    rc = oc_hmac_sha256((struct oc_slice){(const char *)keys->mac_key, sizeof(keys->mac_key)}, line,
                        mac, err);
    if (rc < 0)
        return rc;
    if (!oc_hex_decode(hex, stored, sizeof(stored)) || !oc_crypto_equal(mac, stored, sizeof(mac)))
        return corrupt(keys, err, "its content is not what was written");
    return OC_OK;
}

static int load_document(struct oc_keys *keys, const struct oc_json *root, struct oc_slice line,
                         struct oc_slice hex, struct oc_err *err)
{
    int64_t version = oc_json_int64(oc_json_get(root, "version"), 0);
    int rc;

    if (version > OC_KEYRING_VERSION)
        return oc_fail(err, OC_EINVAL,
                       "keyring '%s' has version %lld, this program knows %d: use a newer one",
                       keys->path, (long long)version, OC_KEYRING_VERSION);
    if (version != OC_KEYRING_VERSION)
        return corrupt(keys, err, "it has no version");
    rc = check_master(keys, root, err);
    if (rc < 0)
        return rc;
    rc = check_mac(keys, line, hex, err);
    if (rc < 0)
        return rc;
    rc = load_keys(keys, oc_json_get(root, "keys"), err);
    if (rc < 0)
        return rc;
    return load_aliases(keys, oc_json_get(root, "aliases"), err);
}

int oc_keyring_load(struct oc_keys *keys, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf content = {0};
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct oc_err parse_err = {0};
    struct oc_slice rest, line;
    int rc = oc_file_read(keys->path, OC_KEYRING_FILE_MAX, &content, err);

    if (rc < 0)
        return rc;
    rest = oc_buf_slice(&content);
    line = oc_slice_cut(&rest, '\n');
    rc = oc_json_parse(line, &root, &parse_err);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0)
        return corrupt(keys, err, "it is not JSON");
    return load_document(keys, root, line, oc_slice_trim(rest), err);
}
