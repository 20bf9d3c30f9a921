/*
 * Inside of the keyring: its state, and the file it is kept in. Not for other folders.
 *
 * Locking: `lock` guards keys and aliases; secrets derived from the master key never change.
 */
#ifndef OC_KEYS_KEYRING_IMPL_H
#define OC_KEYS_KEYRING_IMPL_H

#include <pthread.h>

#include "keys/keys.h"

#define OC_KEYRING_VERSION     1
#define OC_KEYRING_FILE_MAX    (64UL * 1024 * 1024)
#define OC_KEYRING_REGION_MAX  20
#define OC_KEYRING_ACCOUNT_LEN 12
/* "service:" and a Region, or a UUID. */
#define OC_KEYRING_ID_MAX 36

/** One key. A Region's service key has no account and the id "service:REGION". */
struct oc_keyring_key {
    char id[OC_KEYRING_ID_MAX + 1];
    char account[OC_KEYRING_ACCOUNT_LEN + 1];
    char region[OC_KEYRING_REGION_MAX + 1];
    char *description;
    int64_t creation_ms;
    bool enabled;
    uint8_t material[OC_AES_KEY_LEN];
    uint8_t wrapped[OC_KEYS_WRAPPED_LEN];
};

struct oc_keyring_alias {
    char *name;
    struct oc_keyring_key *key;
};

struct oc_keys {
    pthread_rwlock_t lock;
    char *path;
    uint8_t master[OC_AES_KEY_LEN];
    uint8_t wrap_key[OC_AES_KEY_LEN]; /* wraps the keys of the ring */
    uint8_t seal_key[OC_AES_KEY_LEN]; /* oc_keys_seal */
    uint8_t mac_key[OC_AES_KEY_LEN];  /* over the file */
    struct oc_keyring_key **keys;     /* sorted by id */
    size_t key_count, key_cap;
    struct oc_keyring_alias *aliases; /* in order of making */
    size_t alias_count, alias_cap;
};

/** The key with that id, or NULL. Lock held. */
struct oc_keyring_key *oc_keyring_find(const struct oc_keys *keys, struct oc_slice id);

/** Put a key in its place. Takes ownership on success. Errors: OC_ECONFLICT, OC_ELIMIT, OC_ENOMEM.
 */
int oc_keyring_insert(struct oc_keys *keys, struct oc_keyring_key *key, struct oc_err *err);

/** Take a key out again and free it, as if it had never been there. */
void oc_keyring_remove(struct oc_keys *keys, struct oc_keyring_key *key);

/** Append an alias; the name is copied. Errors: OC_ELIMIT, OC_ENOMEM. */
int oc_keyring_add_alias(struct oc_keys *keys, struct oc_slice name, struct oc_keyring_key *key,
                         struct oc_err *err);

/** Wipe and free one key; NULL is fine. */
void oc_keyring_key_free(struct oc_keyring_key *key);

/** Wrap or unwrap the material of a key under the master key, bound to id, account and Region. */
int oc_keyring_wrap(const struct oc_keys *keys, struct oc_keyring_key *key, struct oc_err *err);
int oc_keyring_unwrap(const struct oc_keys *keys, struct oc_keyring_key *key, struct oc_err *err);

/** Make the service key of a Region (1–20 characters) unless it is there by now. Lock not held. */
int oc_keyring_make_service(struct oc_keys *keys, struct oc_slice region, struct oc_err *err);

/** The failure for a disabled key: names it and the remedy. */
int oc_keyring_disabled(const struct oc_keyring_key *key, struct oc_err *err);

/** 32 bytes derived from the master key. */
int oc_keyring_derive(const struct oc_keys *keys, const char *purpose, uint8_t ret[OC_SHA256_LEN],
                      struct oc_err *err);

/** Read the file into an empty ring. Errors: as oc_keys_open, and OC_ENOTFOUND. */
int oc_keyring_load(struct oc_keys *keys, struct oc_err *err);

/** Replace the file by the ring as it stands. Errors: OC_EFULL, OC_EIO, OC_ENOMEM. */
int oc_keyring_save(const struct oc_keys *keys, struct oc_err *err);

/**
 * AES-256-GCM with a random nonce in front: `out` takes plain.len + 28 bytes. Opening: `out` takes
 * sealed.len - 28. Errors: OC_ENOMEM; opening: OC_ECORRUPT.
 */
int oc_keyring_box(const uint8_t key[OC_AES_KEY_LEN], struct oc_slice aad, struct oc_slice plain,
                   uint8_t *out, struct oc_err *err);
int oc_keyring_unbox(const uint8_t key[OC_AES_KEY_LEN], struct oc_slice aad, struct oc_slice sealed,
                     uint8_t *out, struct oc_err *err);

#endif
