/*
 * Cryptography, by OpenSSL and, for AES-GCM on amd64, by Intel's multi-buffer library: the only
 * files that include them are base/crypto.c, base/crypto_gcm.c and, for TLS, http/.
 *
 * Algorithms are fetched once per process and contexts kept per thread, because OpenSSL 3's
 * implicit fetch costs more than a short HMAC. Every function may be called from any thread.
 * A failure of OpenSSL itself (no memory, no algorithm) is OC_ENOMEM.
 */
#ifndef OC_BASE_CRYPTO_H
#define OC_BASE_CRYPTO_H

#include "base/bytes.h"
#include "base/err.h"

#define OC_SHA256_LEN     32
#define OC_SHA256_HEX_LEN 64
#define OC_AES_KEY_LEN    32
#define OC_GCM_NONCE_LEN  12
#define OC_GCM_TAG_LEN    16

/** A secret of up to 64 bytes, wiped by its clear, never logged. */
struct oc_secret {
    uint8_t bytes[64];
    size_t len;
};
void oc_secret_clear(struct oc_secret *secret);

#define OC_SHA1_LEN 20

/** SHA-1 of `data`: for names that others made with it, never for safety. */
int oc_sha1(struct oc_slice data, uint8_t ret_digest[OC_SHA1_LEN], struct oc_err *err);

/** SHA-256 of `data`. */
int oc_sha256(struct oc_slice data, uint8_t ret_digest[OC_SHA256_LEN], struct oc_err *err);

/**
 * SHA-256 of pieces one after another, by the processor's SHA instructions: for small messages.
 * @return false: it has none, and `ret` is as it was
 */
bool oc_sha256_pieces(const struct oc_slice *pieces, size_t count, uint8_t ret[OC_SHA256_LEN]);

/** SHA-256 in pieces. */
struct oc_sha256_stream;
struct oc_sha256_stream *oc_sha256_stream_new(struct oc_err *err);
int oc_sha256_stream_add(struct oc_sha256_stream *stream, struct oc_slice data, struct oc_err *err);
/**
 * Add data[i] to streams[i]: with SHA instructions both at the same time, in hardly more time than
 * the longer one alone takes; else one after the other.
 */
int oc_sha256_streams_add(struct oc_sha256_stream *const streams[2], const struct oc_slice data[2],
                          struct oc_err *err);
/** The digest of all added so far; the stream is then empty again and can be reused. */
int oc_sha256_stream_end(struct oc_sha256_stream *stream, uint8_t ret_digest[OC_SHA256_LEN],
                         struct oc_err *err);
void oc_sha256_stream_free(struct oc_sha256_stream *stream);

/** HMAC-SHA-256 of `data`. `key` of any length. */
int oc_hmac_sha256(struct oc_slice key, struct oc_slice data, uint8_t ret_mac[OC_SHA256_LEN],
                   struct oc_err *err);

/** The same of three pieces one after another; absent pieces add nothing. */
int oc_hmac_sha256_pieces(struct oc_slice key, const struct oc_slice pieces[3],
                          uint8_t ret_mac[OC_SHA256_LEN], struct oc_err *err);

/** HKDF-SHA-256 (RFC 5869), extract and expand; `len` at most 255 × 32. */
int oc_hkdf_sha256(struct oc_slice key, struct oc_slice salt, struct oc_slice info,
                   uint8_t *ret_out, size_t len, struct oc_err *err);

/**
 * AES-256-GCM. `out` receives plain.len bytes of ciphertext and then the 16-byte tag; it may be
 * the same memory as `plain.ptr`.
 */
int oc_gcm_seal(const uint8_t key[OC_AES_KEY_LEN], const uint8_t nonce[OC_GCM_NONCE_LEN],
                struct oc_slice aad, struct oc_slice plain, uint8_t *out, struct oc_err *err);

/**
 * Open what oc_gcm_seal made: `sealed` is ciphertext and tag; `out` receives sealed.len - 16 bytes
 * and may be the same memory as `sealed.ptr`.
 * Errors: OC_ECORRUPT — the tag does not match (changed bytes, wrong key or wrong aad); what
 * stands in `out` then must not be used.
 */
int oc_gcm_open(const uint8_t key[OC_AES_KEY_LEN], const uint8_t nonce[OC_GCM_NONCE_LEN],
                struct oc_slice aad, struct oc_slice sealed, uint8_t *out, struct oc_err *err);

/**
 * Leave AES-GCM and SHA-256 to OpenSSL alone, in the whole process: to compare and to measure.
 * Streams that have been made already stay as they are.
 */
void oc_crypto_openssl_only(bool only);
bool oc_crypto_is_openssl_only(void);

/** Bytes from the system's cryptographic random source. */
int oc_random(void *ret_bytes, size_t len, struct oc_err *err);

/** A random UUID, version 4, lower case: exactly 36 characters, no NUL. */
int oc_random_uuid(char ret_uuid[36], struct oc_err *err);

/** `len` random characters of a-z0-9 (each equally likely), no NUL. */
int oc_random_id(char *ret_id, size_t len, struct oc_err *err);

/** Constant-time equality; lengths are not secret. */
bool oc_crypto_equal(const void *a, const void *b, size_t len);

/** Overwrite memory in a way the compiler keeps. */
void oc_wipe(void *bytes, size_t len);

/** CRC-32C (Castagnoli) of `data`, continuing from `crc` (0 to begin). Detects accidents, not
 * attacks. */
uint32_t oc_crc32c(uint32_t crc, const void *data, size_t len);

#endif
