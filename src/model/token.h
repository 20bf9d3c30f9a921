/*
 * Page tokens: a position in a list, sealed.
 *
 * A token is base64url of: version (1 byte), position (1–40 bytes, the list's own form), MAC (the
 * first 16 bytes of HMAC-SHA-256). The MAC also covers the context: whose list, which Region,
 * which filters, which order. So a token that was altered, belongs to another account or Region,
 * or comes with other filters is refused, and nothing of the position has to be secret.
 *
 * The key is derived from the master key: tokens outlive restarts, upgrades and changes of store.
 * Threads: any.
 */
#ifndef OC_MODEL_TOKEN_H
#define OC_MODEL_TOKEN_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"

#define OC_TOKEN_POSITION_MAX 40

/**
 * Append a token for `position` to `buf`.
 *
 * @param key       32 bytes
 * @param context   what the token is bound to; its parts must be unambiguous (lengths in front)
 * @param position  1–OC_TOKEN_POSITION_MAX bytes
 * Errors: OC_ENOMEM.
 */
int oc_token_seal(const uint8_t key[OC_SHA256_LEN], struct oc_slice context,
                  struct oc_slice position, struct oc_buf *buf, struct oc_err *err);

/**
 * Read a token back.
 *
 * @param[out] ret_position  the position's bytes
 * @param[out] ret_len       how many
 * Errors: OC_EINVAL, named ValidationException — not a token made with this key for this context;
 *         OC_ENOMEM.
 */
int oc_token_open(const uint8_t key[OC_SHA256_LEN], struct oc_slice context, struct oc_slice token,
                  uint8_t ret_position[OC_TOKEN_POSITION_MAX], size_t *ret_len, struct oc_err *err);

#endif
