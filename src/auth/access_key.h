/*
 * Access keys: what a caller proves to have. Their record in the store, and how they are made.
 *
 * Three kinds. A permanent key (AKIA…) has a secret. A session key (ASIA…) has a secret, a session
 * token and an end. A bearer key (ACCA…) has only a token. Of tokens the store holds no more than
 * the SHA-256; secrets, which verifying needs, are sealed by the caller's `struct oc_secret_box`.
 *
 * The record is JSON: version, kind, id, account, user, secret (sealed, base64url), token (SHA-256,
 * hexadecimal), policy, creation, expiration (ms), disabled. Threads: any.
 */
#ifndef OC_AUTH_ACCESS_KEY_H
#define OC_AUTH_ACCESS_KEY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"

#define OC_ACCESS_KEY_ID_LEN     20
#define OC_ACCESS_KEY_SECRET_LEN 40
#define OC_ACCESS_KEY_ID_MAX     128 /* ids made elsewhere may be longer than ours (AWS) */
#define OC_ACCESS_KEY_SECRET_MAX 128
#define OC_ACCESS_KEY_TOKEN_LEN  47 /* 4 letters and 43 of base64url: 258 random bits */

enum oc_access_key_kind { OC_ACCESS_KEY_PERMANENT, OC_ACCESS_KEY_SESSION, OC_ACCESS_KEY_BEARER };

/** "permanent", "session", "bearer". */
struct oc_slice oc_access_key_kind_text(enum oc_access_key_kind kind);

/** One key. Text borrowed from where it was decoded or made. */
struct oc_access_key {
    enum oc_access_key_kind kind;
    struct oc_slice id;
    struct oc_slice account;      /* 12 digits */
    struct oc_slice user;         /* the NAME of arn:aws:iam::ACCOUNT:user/NAME */
    struct oc_slice secret;       /* plain; absent for a bearer key */
    struct oc_slice token_sha256; /* 64 hexadecimal digits; absent for a permanent key */
    struct oc_slice policy;       /* identity policy document; absent: nothing is allowed */
    int64_t creation_ms;
    int64_t expiration_ms; /* 0: never */
    bool disabled;
};

/**
 * Seals and opens secrets, so that this layer need not know the keyring. `aad` binds a secret to
 * its key's id. `open` fails with OC_ECORRUPT when the bytes are not what `seal` made.
 */
struct oc_secret_box {
    int (*seal)(void *ctx, struct oc_slice aad, struct oc_slice plain, struct oc_buf *ret,
                struct oc_err *err);
    int (*open)(void *ctx, struct oc_slice aad, struct oc_slice sealed, struct oc_buf *ret,
                struct oc_err *err);
    void *ctx;
};

/** 1–OC_ACCESS_KEY_ID_MAX letters and digits. */
bool oc_access_key_id_is_valid(struct oc_slice id);

/** What a new key's owner is told, once. Wipe with oc_new_key_clear. */
struct oc_new_key {
    char id[OC_ACCESS_KEY_ID_LEN + 1];
    char secret[OC_ACCESS_KEY_SECRET_LEN + 1]; /* "" for a bearer key */
    char token[OC_ACCESS_KEY_TOKEN_LEN + 1];   /* "" for a permanent key */
    char token_sha256[OC_SHA256_HEX_LEN + 1];  /* "" for a permanent key */
};

/** Make id, secret and token from the random source. Errors: OC_EIO, OC_ENOMEM. */
int oc_new_key_make(enum oc_access_key_kind kind, struct oc_new_key *ret, struct oc_err *err);
void oc_new_key_clear(struct oc_new_key *key);

/**
 * Check a key and append its record.
 * Errors: OC_EINVAL — a member breaks its rule, the policy does not parse; OC_ENOMEM; what `seal`
 * returns.
 */
int oc_access_key_encode(const struct oc_access_key *key, const struct oc_secret_box *box,
                         struct oc_buf *buf, struct oc_err *err);

/**
 * Read a record; all text is in `arena`.
 * @param box  NULL: leave the secret out (to list keys)
 * Errors: OC_ECORRUPT — not such a record, or sealed under another key; OC_EINVAL — made by a newer
 *         version; OC_ENOMEM; what `open` returns.
 */
int oc_access_key_decode(struct oc_slice record, const struct oc_secret_box *box,
                         struct oc_arena *arena, struct oc_access_key *ret, struct oc_err *err);

/** SHA-256 of a token as the store has it: 64 lower-case digits, no NUL. */
int oc_token_digest(struct oc_slice token, char ret_hex[OC_SHA256_HEX_LEN], struct oc_err *err);

#endif
