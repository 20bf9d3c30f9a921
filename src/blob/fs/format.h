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
 * Threads: any.
 */
#ifndef OC_BLOB_FORMAT_H
#define OC_BLOB_FORMAT_H

#include "blob/blob.h"

#define OC_BLOB_VERSION           1
#define OC_BLOB_HEADER_LEN        128
#define OC_BLOB_KEY_ID_MAX        36
#define OC_BLOB_SEGMENT_LEN       (1UL << 18) /* what is written */
#define OC_BLOB_SEGMENT_LEN_MAX   (1UL << 20) /* what is read */
#define OC_BLOB_STREAM_HEADER_LEN 40          /* its length byte, salt (32), nonce prefix (7) */

/** A header, read or to be written. */
struct oc_blob_header {
    uint32_t segment_len;
    uint64_t plain_len;
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
    uint8_t wrapped[OC_KEYS_WRAPPED_LEN];
};

void oc_blob_header_encode(const struct oc_blob_header *header, uint8_t to[OC_BLOB_HEADER_LEN]);

/** Errors: OC_ECORRUPT (text says why), OC_EINVAL (newer version). */
int oc_blob_header_decode(const uint8_t from[OC_BLOB_HEADER_LEN], struct oc_blob_header *ret,
                          struct oc_err *err);

/** Size of the whole file. */
uint64_t oc_blob_file_len(const struct oc_blob_header *header);

/** Write header and encrypted `plain` at the descriptor's position. Errors: OC_EFULL, OC_EIO,
 * OC_ENOMEM. */
int oc_blob_write_stream(int fd, const struct oc_blob_header *header,
                         const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                         struct oc_slice plain, struct oc_err *err);

/**
 * Decrypt what follows the header into `to`, which has room for header->plain_len bytes. The file
 * is known to be oc_blob_file_len bytes long.
 * Errors: OC_ECORRUPT, OC_EIO, OC_ENOMEM.
 */
int oc_blob_read_stream(int fd, const struct oc_blob_header *header,
                        const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                        uint8_t *to, struct oc_err *err);

#endif
