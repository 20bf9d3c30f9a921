/*
 * Keys: the Region's service key, KMS keys and aliases of accounts, and envelope encryption.
 *
 * Key material lives in one keyring file, each key wrapped by the master key; it is read once at
 * start and replaced whole on a change (durable before the call returns). Data keys are wrapped by
 * a KMS key or by the service key of the Region; a wrapped data key carries which.
 *
 * Threads: any.
 */
#ifndef OC_KEYS_KEYS_H
#define OC_KEYS_KEYS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"

/** The key id that stands for the Region's own service key. */
#define OC_KEYS_SERVICE     "service"
#define OC_KEYS_ID_LEN      36
#define OC_KEYS_WRAPPED_LEN (OC_GCM_NONCE_LEN + OC_AES_KEY_LEN + OC_GCM_TAG_LEN)

struct oc_keys;

/** A key as the outside may know it: no material. Borrowed from the arena of the call. */
struct oc_key_info {
    struct oc_slice id;  /* UUID */
    struct oc_slice arn; /* arn:aws:kms:REGION:ACCOUNT:key/ID */
    struct oc_slice account, region, description;
    const struct oc_slice *aliases; /* "alias/…" */
    size_t alias_count;
    bool enabled;
    int64_t creation_ms;
};

/**
 * The master key: 32 bytes, from the environment OUTCROP_MASTER_KEY (base64url), else from
 * `file`, which is made with mode 0600 when it does not exist.
 * Errors: OC_EINVAL (malformed; file readable by others), OC_EIO, OC_EDENIED, OC_ENOMEM.
 */
int oc_keys_master(const char *file, struct oc_secret *ret, struct oc_err *err);

/**
 * Open or create the keyring file.
 * Errors: OC_EDENIED (the master key does not open it), OC_ECORRUPT, OC_EIO, OC_EINVAL (newer
 * version), OC_ENOMEM.
 */
int oc_keys_open(const char *file, const struct oc_secret *master, struct oc_keys **ret,
                 struct oc_err *err);
void oc_keys_close(struct oc_keys *keys);

#define OC_KEYS_MAX             10000 /* keys of one keyring, service keys included */
#define OC_KEYS_ACCOUNT_MAX     1000  /* of these, of one account; and aliases */
#define OC_KEYS_ALIASES_MAX     20000 /* aliases of one keyring */
#define OC_KEYS_DESCRIPTION_MAX 8192  /* bytes (AWS) */
#define OC_KEYS_ALIAS_MAX       256   /* characters, "alias/" included (AWS) */

/** Make a KMS key. The info is in `arena`. Errors: OC_EFULL, OC_EIO, OC_ELIMIT, OC_ENOMEM. */
int oc_keys_create(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                   struct oc_slice description, struct oc_arena *arena, struct oc_key_info *ret,
                   struct oc_err *err);

/**
 * Point an alias at a key of the same account and Region (replacing where it pointed). `alias` is
 * "alias/" and then one or more of a-zA-Z0-9-_/.
 * Errors: OC_EINVAL (malformed alias), OC_ENOTFOUND (no such key there), OC_ELIMIT, OC_EFULL,
 *         OC_EIO, OC_ENOMEM.
 */
int oc_keys_alias(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                  struct oc_slice alias, struct oc_slice key_id, struct oc_err *err);

/** Enable or disable a KMS key. Errors: OC_ENOTFOUND, OC_EFULL, OC_EIO, OC_ENOMEM. */
int oc_keys_set_enabled(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                        struct oc_slice key_id, bool enabled, struct oc_err *err);

/** All KMS keys of an account in a Region, by creation time. Errors: OC_ENOMEM. */
int oc_keys_list(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                 struct oc_arena *arena, struct oc_key_info **ret, size_t *ret_count,
                 struct oc_err *err);

/**
 * Resolve what a caller names (key id, alias, key ARN, alias ARN) to an enabled key of that account
 * and Region.
 * Errors: OC_ENOTFOUND (unknown, or of another account or Region), OC_EDENIED (disabled); both
 * texts name the key.
 */
int oc_keys_resolve(struct oc_keys *keys, struct oc_slice account, struct oc_slice region,
                    struct oc_slice name, struct oc_arena *arena, struct oc_key_info *ret,
                    struct oc_err *err);

/**
 * A fresh data key and its wrapped form. `key_id`: OC_KEYS_SERVICE or a KMS key id; `region`: whose
 * service key (made on first use).
 * Errors: OC_ENOTFOUND, OC_EDENIED (disabled), OC_EIO, OC_ENOMEM.
 */
int oc_keys_data_key(struct oc_keys *keys, struct oc_slice region, struct oc_slice key_id,
                     uint8_t ret_key[OC_AES_KEY_LEN], uint8_t ret_wrapped[OC_KEYS_WRAPPED_LEN],
                     struct oc_err *err);

/** Unwrap. Errors: OC_ENOTFOUND, OC_EDENIED (disabled), OC_ECORRUPT, OC_ENOMEM. */
int oc_keys_unwrap(struct oc_keys *keys, struct oc_slice region, struct oc_slice key_id,
                   const uint8_t wrapped[OC_KEYS_WRAPPED_LEN], uint8_t ret_key[OC_AES_KEY_LEN],
                   struct oc_err *err);

/**
 * Seal and open small secrets (access keys' secrets) under the master key; `aad` binds the place.
 * The sealed form is a nonce, the ciphertext and a tag: 28 bytes more than `plain`, appended to
 * `ret`. Errors: OC_ENOMEM (also when `ret` is at its maximum); opening: OC_ECORRUPT (changed, or
 * another master key or place).
 */
int oc_keys_seal(struct oc_keys *keys, struct oc_slice aad, struct oc_slice plain,
                 struct oc_buf *ret, struct oc_err *err);
int oc_keys_open_sealed(struct oc_keys *keys, struct oc_slice aad, struct oc_slice sealed,
                        struct oc_buf *ret, struct oc_err *err);

/**
 * 32 bytes derived from the master key for a purpose ("page token"): stable for one installation.
 * Errors: OC_ENOMEM.
 */
int oc_keys_derive(struct oc_keys *keys, const char *purpose, uint8_t ret[OC_SHA256_LEN],
                   struct oc_err *err);

#endif
