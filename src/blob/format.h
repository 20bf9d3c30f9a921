/*
 * The bytes of one blob's file (docs/formats.md, "Blobs"). Not for other folders.
 *
 *   128 bytes of header, then Tink's AES-GCM-HKDF streaming ciphertext of the plaintext:
 *
 *   offset size
 *        0    8  "outcropb"
 *        8    4  version, 1
 *       12    4  size of a ciphertext segment
 *       16    8  size of the plaintext
 *       24   36  id of the wrapping key, padded with zero bytes
 *       60   60  data key, wrapped (keys.h)
 *      120    4  zero
 *      124    4  CRC-32C of bytes 0–123
 *
 * Numbers are big-endian. The associated data of the stream is the blob's SHA-256 followed by the
 * header, so that a file under another name, or with another header, does not open.
 *
 * Sealing and opening work in the caller's buffer, so that a part needs no second one: the
 * plaintext begins where the file begins, and is moved to its place, a segment at a time, while the
 * segment is in the processor's cache.
 *
 * Threads: any.
 */
#ifndef OC_BLOB_FORMAT_H
#define OC_BLOB_FORMAT_H

#include "blob/blob.h"

#define OC_BLOB_VERSION           1
#define OC_BLOB_HEADER_LEN        128
#define OC_BLOB_STREAM_HEADER_LEN 40          /* its length byte, salt (32), nonce prefix (7) */
#define OC_BLOB_HEAD_LEN          168         /* both headers */
#define OC_BLOB_SEGMENT_LEN       (1UL << 18) /* what is written */

/** A header, read or to be written. */
struct oc_blob_header {
    uint32_t segment_len;
    uint64_t plain_len;
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
    uint8_t wrapped[OC_KEYS_WRAPPED_LEN];
};

/** The header's bytes. */
void oc_blob_header_encode(const struct oc_blob_header *header, uint8_t to[OC_BLOB_HEADER_LEN]);

/** Errors: OC_ECORRUPT (text says why), OC_EINVAL (newer version). */
int oc_blob_header_decode(const uint8_t from[OC_BLOB_HEADER_LEN], struct oc_blob_header *ret,
                          struct oc_err *err);

/** Size of the whole file. */
uint64_t oc_blob_sealed_len(const struct oc_blob_header *header);

/** Where a segment is. */
struct oc_blob_segment {
    uint64_t plain_at;  /* in the plaintext */
    uint64_t sealed_at; /* in the file */
    size_t len;         /* plaintext bytes; OC_GCM_TAG_LEN more in the file */
};
struct oc_blob_segment oc_blob_find_segment(const struct oc_blob_header *header, uint32_t index);

/** What seals or opens the segments of one blob, in any order. */
struct oc_blob_stream {
    uint8_t key[OC_AES_KEY_LEN];
    uint8_t nonce[OC_GCM_NONCE_LEN]; /* prefix, number, last */
    uint32_t count;                  /* of segments */
};
void oc_blob_stream_clear(struct oc_blob_stream *stream);

/**
 * Get ready to open the segments of a file.
 * @param key    the data key
 * @param bytes  of the file, OC_BLOB_HEAD_LEN at least, of which `header` was decoded
 * Errors: OC_ECORRUPT, OC_ENOMEM.
 */
int oc_blob_stream_open(struct oc_blob_stream *stream, const struct oc_blob_header *header,
                        const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                        const uint8_t *bytes, struct oc_err *err);

/**
 * Get ready to seal a new file.
 * @param head  receives what the file begins with
 * Errors: OC_ENOMEM, OC_EIO (no random bytes).
 */
int oc_blob_stream_begin(struct oc_blob_stream *stream, const struct oc_blob_header *header,
                         const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                         uint8_t head[OC_BLOB_HEAD_LEN], struct oc_err *err);

/**
 * Seal one segment: `to` receives plain.len and OC_GCM_TAG_LEN bytes, and may be where `plain` is.
 * Errors: OC_ENOMEM.
 */
int oc_blob_seal_segment(struct oc_blob_stream *stream, uint32_t index, struct oc_slice plain,
                         uint8_t *to, struct oc_err *err);

/**
 * Open one: there are `len` and OC_GCM_TAG_LEN bytes; `to` receives `len`, and may be where they
 * are. Errors: OC_ECORRUPT, OC_ENOMEM.
 */
int oc_blob_open_segment(struct oc_blob_stream *stream, uint32_t index, const uint8_t *sealed,
                         size_t len, uint8_t *to, struct oc_err *err);

/**
 * Turn the header->plain_len bytes at `bytes` into the file: oc_blob_sealed_len bytes, for which
 * there must be room (OC_BLOB_ROOM). After a failure what stands there is of no use.
 * Errors: OC_ENOMEM, OC_EIO (no random bytes).
 */
int oc_blob_seal_bytes(const struct oc_blob_header *header, const uint8_t sha256[OC_SHA256_LEN],
                       const uint8_t key[OC_AES_KEY_LEN], uint8_t *bytes, struct oc_err *err);

/**
 * Turn a file back into the plaintext. There are oc_blob_sealed_len bytes, of which the header has
 * been decoded into `header`. After a failure what stands there must not be used.
 * @param digest  the plaintext is added to it, while it is in the processor's cache; may be NULL
 * Errors: OC_ECORRUPT, OC_ENOMEM.
 */
int oc_blob_open_bytes(const struct oc_blob_header *header, const uint8_t sha256[OC_SHA256_LEN],
                       const uint8_t key[OC_AES_KEY_LEN], uint8_t *bytes,
                       struct oc_sha256_stream *digest, struct oc_err *err);

/** The segment that has byte `at` of the plaintext, which has more bytes than that. */
uint32_t oc_blob_segment_of(const struct oc_blob_header *header, uint64_t at);

#endif
