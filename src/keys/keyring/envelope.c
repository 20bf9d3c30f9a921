/*
 * What the keyring's keys are used for: data keys, sealed secrets, derived keys.
 *
 * Everything encrypted is a "box": 12 random bytes of nonce, AES-256-GCM ciphertext, 16 bytes of
 * tag. Random nonces are safe here: one key makes far fewer than 2^32 boxes.
 */
#include "keys/keyring/keyring_impl.h"

#include <stdio.h>
#include <string.h>

#define BOX_OVERHEAD (OC_GCM_NONCE_LEN + OC_GCM_TAG_LEN)

_Static_assert(OC_KEYS_WRAPPED_LEN == OC_AES_KEY_LEN + BOX_OVERHEAD, "a wrapped key is a box");

/* -- boxes ---------------------------------------------------------------------------------- */

int oc_keyring_box(const uint8_t key[OC_AES_KEY_LEN], struct oc_slice aad, struct oc_slice plain,
                   uint8_t *out, struct oc_err *err)
{
    int rc = oc_random(out, OC_GCM_NONCE_LEN, err);

    if (rc < 0)
        return rc;
    return oc_gcm_seal(key, out, aad, plain, out + OC_GCM_NONCE_LEN, err);
}

int oc_keyring_unbox(const uint8_t key[OC_AES_KEY_LEN], struct oc_slice aad, struct oc_slice sealed,
                     uint8_t *out, struct oc_err *err)
{
    if (sealed.len < BOX_OVERHEAD)
        return oc_fail(err, OC_ECORRUPT, "sealed value is too short");
    return oc_gcm_open(
        key, (const uint8_t *)sealed.ptr, aad,
        (struct oc_slice){sealed.ptr + OC_GCM_NONCE_LEN, sealed.len - OC_GCM_NONCE_LEN}, out, err);
}

/* What a wrapped key is bound to. Members have no NUL, so the text is unambiguous. */
static struct oc_slice key_aad(const struct oc_keyring_key *key, char *to, size_t cap)
{
    int len = snprintf(to, cap, "outcrop key%c%d%c%s%c%s%c%s", 0, OC_KEYRING_VERSION, 0, key->id, 0,
                       key->account, 0, key->region);

    return (struct oc_slice){to, (size_t)len};
}

int oc_keyring_wrap(const struct oc_keys *keys, struct oc_keyring_key *key, struct oc_err *err)
{
    char aad[128];

    return oc_keyring_box(keys->wrap_key, key_aad(key, aad, sizeof(aad)),
                          (struct oc_slice){(const char *)key->material, sizeof(key->material)},
                          key->wrapped, err);
}

int oc_keyring_unwrap(const struct oc_keys *keys, struct oc_keyring_key *key, struct oc_err *err)
{
    char aad[128];
    int rc = oc_keyring_unbox(keys->wrap_key, key_aad(key, aad, sizeof(aad)),
                              (struct oc_slice){(const char *)key->wrapped, sizeof(key->wrapped)},
                              key->material, err);

    if (rc == OC_ECORRUPT)
        return oc_fail(err, OC_ECORRUPT,
                       "keyring '%s': key %s does not open; restore the file "
                       "from a backup",
                       keys->path, key->id);
    return rc;
}

int oc_keyring_derive(const struct oc_keys *keys, const char *purpose, uint8_t ret[OC_SHA256_LEN],
                      struct oc_err *err)
{
    return oc_hkdf_sha256((struct oc_slice){(const char *)keys->master, sizeof(keys->master)},
                          OC_STR("outcrop master key"), oc_slice_of(purpose), ret, OC_SHA256_LEN,
                          err);
}

/* -- envelope encryption -------------------------------------------------------------------- */

static bool is_service(struct oc_slice key_id)
{
    return oc_slice_eq_str(key_id, OC_KEYS_SERVICE);
}

static bool is_region(struct oc_slice region)
{
    return region.len > 0 && region.len <= OC_KEYRING_REGION_MAX;
}

/* The material of the key that wraps for `region`. Lock held. */
static int use_key(const struct oc_keys *keys, struct oc_slice region, struct oc_slice key_id,
                   uint8_t ret[OC_AES_KEY_LEN], struct oc_err *err)
{
    struct oc_keyring_key *key;
    char id[OC_KEYRING_ID_MAX + 1];

    if (is_service(key_id)) {
        int len = snprintf(id, sizeof(id), "service:%.*s", OC_FMT(region));

        key_id = (struct oc_slice){id, (size_t)len};
    }
    key = oc_keyring_find(keys, key_id);
    if (!key || !oc_slice_eq_str(region, key->region))
        return oc_fail(err, OC_ENOTFOUND, "key '%.*s' does not exist in Region %.*s",
                       OC_FMT(key_id), OC_FMT(region));
    if (!key->enabled)
        return oc_keyring_disabled(key, err);
    memcpy(ret, key->material, OC_AES_KEY_LEN);
    return OC_OK;
}

static int wrapping_key(struct oc_keys *keys, struct oc_slice region, struct oc_slice key_id,
                        uint8_t ret[OC_AES_KEY_LEN], struct oc_err *err)
{
    int rc;

    if (!is_region(region))
        return oc_fail(err, OC_ENOTFOUND, "key: '%.*s' is not a Region", OC_FMT(region));
    (void)pthread_rwlock_rdlock(&keys->lock); /* fails only on a bug */
    rc = use_key(keys, region, key_id, ret, err);
    (void)pthread_rwlock_unlock(&keys->lock);
    return rc;
}

/* What a wrapped data key is bound to. */
static struct oc_slice data_key_aad(struct oc_slice region, struct oc_slice key_id, char *to,
                                    size_t cap)
{
    int len = snprintf(to, cap, "outcrop data key%c%d%c%.*s%c%.*s", 0, OC_KEYRING_VERSION, 0,
                       OC_FMT(key_id), 0, OC_FMT(region));

    return (struct oc_slice){to, (size_t)len};
}

int oc_keys_data_key(struct oc_keys *keys, struct oc_slice region, struct oc_slice key_id,
                     uint8_t ret_key[OC_AES_KEY_LEN], uint8_t ret_wrapped[OC_KEYS_WRAPPED_LEN],
                     struct oc_err *err)
{
    uint8_t wrapping[OC_AES_KEY_LEN];
    struct oc_err missing = {0};
    char aad[128];
    int rc = wrapping_key(keys, region, key_id, wrapping, &missing);

    if (rc == OC_ENOTFOUND && is_service(key_id) && is_region(region)) {
        rc = oc_keyring_make_service(keys, region, err);
        if (rc < 0)
            return rc;
        rc = wrapping_key(keys, region, key_id, wrapping, &missing);
    }
    if (rc < 0) {
        *err = missing;
        return rc;
    }
    rc = oc_random(ret_key, OC_AES_KEY_LEN, err);
    if (rc == OC_OK)
        rc = oc_keyring_box(wrapping, data_key_aad(region, key_id, aad, sizeof(aad)),
                            (struct oc_slice){(const char *)ret_key, OC_AES_KEY_LEN}, ret_wrapped,
                            err);
    oc_wipe(wrapping, sizeof(wrapping));
    return rc;
}

int oc_keys_unwrap(struct oc_keys *keys, struct oc_slice region, struct oc_slice key_id,
                   const uint8_t wrapped[OC_KEYS_WRAPPED_LEN], uint8_t ret_key[OC_AES_KEY_LEN],
                   struct oc_err *err)
{
    uint8_t wrapping[OC_AES_KEY_LEN];
    char aad[128];
    int rc = wrapping_key(keys, region, key_id, wrapping, err);

    if (rc < 0)
        return rc;
    rc = oc_keyring_unbox(wrapping, data_key_aad(region, key_id, aad, sizeof(aad)),
                          (struct oc_slice){(const char *)wrapped, OC_KEYS_WRAPPED_LEN}, ret_key,
                          err);
    oc_wipe(wrapping, sizeof(wrapping));
    if (rc == OC_ECORRUPT)
        return oc_fail(err, OC_ECORRUPT, "a data key does not open under key '%.*s' of Region %.*s",
                       OC_FMT(key_id), OC_FMT(region));
    return rc;
}

int oc_keys_seal(struct oc_keys *keys, struct oc_slice aad, struct oc_slice plain,
                 struct oc_buf *ret, struct oc_err *err)
{
    size_t before = ret->len;
    uint8_t *to = oc_buf_extend(ret, plain.len + BOX_OVERHEAD);
    int rc;

    if (!to)
        return oc_fail_nomem(err);
    rc = oc_keyring_box(keys->seal_key, aad, plain, to, err);
    if (rc < 0)
        ret->len = before;
    return rc;
}

int oc_keys_open_sealed(struct oc_keys *keys, struct oc_slice aad, struct oc_slice sealed,
                        struct oc_buf *ret, struct oc_err *err)
{
    size_t before = ret->len;
    uint8_t *to;
    int rc;

    if (sealed.len < BOX_OVERHEAD)
        return oc_fail(err, OC_ECORRUPT, "sealed secret is too short");
    to = oc_buf_extend(ret, sealed.len - BOX_OVERHEAD);
    if (!to)
        return oc_fail_nomem(err);
    rc = oc_keyring_unbox(keys->seal_key, aad, sealed, to, err);
    if (rc < 0)
        ret->len = before;
    return rc;
}

int oc_keys_derive(struct oc_keys *keys, const char *purpose, uint8_t ret[OC_SHA256_LEN],
                   struct oc_err *err)
{
    char full[128];

    /* A name space of its own: no purpose can ask for the keyring's keys. */
    if (snprintf(full, sizeof(full), "for %s", purpose) >= (int)sizeof(full))
        return oc_fail(err, OC_EINVAL, "derive: the purpose is too long");
    return oc_keyring_derive(keys, full, ret, err);
}
