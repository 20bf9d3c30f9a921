/*
 * Header and ciphertext of a blob's file. The ciphertext is the format of Google's Tink,
 * "AES256_GCM_HKDF" with HKDF-SHA-256: a published format with implementations by others, one of
 * which reads our files in tests/conformance/test_blob_format.py.
 *
 * The stream: 40 bytes of its own header, then segments. The data key, the salt and the associated
 * data give the segments' key; segment i has the nonce prefix(7) i(4) last(1). The number and the
 * last-mark in the nonce are what detects moved, missing and cut segments. The first segment is
 * shorter by the stream's header, so that all segments end at multiples of the segment size.
 */
#include "blob/fs/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"

#define MAGIC      "outcropb"
#define SALT_LEN   OC_AES_KEY_LEN
#define PREFIX_LEN 7
#define AAD_LEN    (OC_SHA256_LEN + OC_BLOB_HEADER_LEN)

_Static_assert(OC_BLOB_STREAM_HEADER_LEN == 1 + SALT_LEN + PREFIX_LEN, "the stream's header");

void oc_blob_header_encode(const struct oc_blob_header *header, uint8_t to[OC_BLOB_HEADER_LEN])
{
    memset(to, 0, OC_BLOB_HEADER_LEN);
    memcpy(to, MAGIC, 8);
    oc_put_be32(to + 8, OC_BLOB_VERSION);
    oc_put_be32(to + 12, header->segment_len);
    oc_put_be64(to + 16, header->plain_len);
    memcpy(to + 24, header->key_id, strlen(header->key_id));
    memcpy(to + 60, header->wrapped, sizeof(header->wrapped));
    oc_put_be32(to + 124, oc_crc32c(0, to, 124));
}

int oc_blob_header_decode(const uint8_t from[OC_BLOB_HEADER_LEN], struct oc_blob_header *ret,
                          struct oc_err *err)
{
    struct oc_blob_header header = {0};
    uint8_t again[OC_BLOB_HEADER_LEN];

    if (memcmp(from, MAGIC, 8) != 0)
        return oc_fail(err, OC_ECORRUPT, "it is not a blob");
    if (oc_crc32c(0, from, 124) != oc_get_be32(from + 124))
        return oc_fail(err, OC_ECORRUPT, "the checksum of its header is wrong");
    if (oc_get_be32(from + 8) != OC_BLOB_VERSION)
        return oc_fail(err, OC_EINVAL, "it has version %u, this program knows %d: use a newer one",
                       oc_get_be32(from + 8), OC_BLOB_VERSION);
    header.segment_len = oc_get_be32(from + 12);
    header.plain_len = oc_get_be64(from + 16);
    memcpy(header.key_id, from + 24, OC_BLOB_KEY_ID_MAX);
    memcpy(header.wrapped, from + 60, sizeof(header.wrapped));
    if (header.segment_len <= OC_BLOB_STREAM_HEADER_LEN + OC_GCM_TAG_LEN ||
        header.segment_len > OC_BLOB_SEGMENT_LEN_MAX || header.plain_len > OC_BLOB_MAX)
        return oc_fail(err, OC_ECORRUPT, "the sizes in its header are out of range");
    /* The stream is bound to the header as we would write it, so it must be that, to the bit. */
    oc_blob_header_encode(&header, again);
    if (memcmp(again, from, sizeof(again)) != 0)
        return oc_fail(err, OC_ECORRUPT, "there is something in the unused bytes of its header");
    *ret = header;
    return OC_OK;
}

/* -- the stream ----------------------------------------------------------------------------- */

/* Plaintext bytes of segment `index`. */
static size_t segment_plain_len(const struct oc_blob_header *header, uint32_t index)
{
    size_t len = header->segment_len - OC_GCM_TAG_LEN;

    return index == 0 ? len - OC_BLOB_STREAM_HEADER_LEN : len;
}

/* An empty plaintext is one empty segment. */
static uint32_t segment_count(const struct oc_blob_header *header)
{
    size_t first = segment_plain_len(header, 0), other = segment_plain_len(header, 1);

    if (header->plain_len <= first)
        return 1;
    return (uint32_t)(1 + (header->plain_len - first + other - 1) / other);
}

uint64_t oc_blob_file_len(const struct oc_blob_header *header)
{
    return OC_BLOB_HEADER_LEN + OC_BLOB_STREAM_HEADER_LEN + header->plain_len +
           (uint64_t)segment_count(header) * OC_GCM_TAG_LEN;
}

/* One pass over the segments, in either direction. */
struct stream {
    uint8_t key[OC_AES_KEY_LEN];
    uint8_t nonce[OC_GCM_NONCE_LEN]; /* prefix, number, last */
    uint32_t index, count;
    uint64_t done; /* plaintext bytes passed */
    uint8_t *buffer;
};

static void stream_clear(struct stream *stream)
{
    oc_wipe(stream->key, sizeof(stream->key));
    free(stream->buffer);
}

static int stream_start(struct stream *stream, const struct oc_blob_header *header,
                        const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                        const uint8_t stream_header[OC_BLOB_STREAM_HEADER_LEN], struct oc_err *err)
{
    uint8_t aad[AAD_LEN];

    memcpy(aad, sha256, OC_SHA256_LEN);
    oc_blob_header_encode(header, aad + OC_SHA256_LEN);
    memcpy(stream->nonce, stream_header + 1 + SALT_LEN, PREFIX_LEN);
    stream->count = segment_count(header);
    return oc_hkdf_sha256((struct oc_slice){(const char *)key, OC_AES_KEY_LEN},
                          (struct oc_slice){(const char *)stream_header + 1, SALT_LEN},
                          (struct oc_slice){(const char *)aad, sizeof(aad)}, stream->key,
                          sizeof(stream->key), err);
}

/* Set the nonce for the next segment. @return its plaintext bytes. */
static size_t stream_next(struct stream *stream, const struct oc_blob_header *header)
{
    size_t len = segment_plain_len(header, stream->index);
    uint64_t left = header->plain_len - stream->done;

    oc_put_be32(stream->nonce + PREFIX_LEN, stream->index);
    stream->index++;
    stream->nonce[OC_GCM_NONCE_LEN - 1] = stream->index == stream->count;
    return left < len ? (size_t)left : len;
}

/* Both headers go out with the first segment: one write less. */
static int write_segments(int fd, struct stream *stream, const struct oc_blob_header *header,
                          struct oc_slice plain, struct oc_err *err)
{
    size_t at = OC_BLOB_HEADER_LEN + OC_BLOB_STREAM_HEADER_LEN;

    while (stream->index < stream->count) {
        size_t len = stream_next(stream, header);
        int rc = oc_gcm_seal(stream->key, stream->nonce, OC_STR(""),
                             oc_slice_sub(plain, stream->done, len), stream->buffer + at, err);

        if (rc < 0)
            return rc;
        rc = oc_file_write(fd, stream->buffer, at + len + OC_GCM_TAG_LEN, err);
        if (rc < 0)
            return rc;
        stream->done += len;
        at = 0;
    }
    return OC_OK;
}

int oc_blob_write_stream(int fd, const struct oc_blob_header *header,
                         const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                         struct oc_slice plain, struct oc_err *err)
{
    OC_AUTO(stream_clear) struct stream stream = {0};
    uint8_t *stream_header;
    int rc;

    stream.buffer = oc_alloc(OC_BLOB_HEADER_LEN + header->segment_len);
    if (!stream.buffer)
        return oc_fail_nomem(err);
    oc_blob_header_encode(header, stream.buffer);
    stream_header = stream.buffer + OC_BLOB_HEADER_LEN;
    stream_header[0] = OC_BLOB_STREAM_HEADER_LEN;
    rc = oc_random(stream_header + 1, SALT_LEN + PREFIX_LEN, err);
    if (rc < 0)
        return rc;
    rc = stream_start(&stream, header, sha256, key, stream_header, err);
    if (rc < 0)
        return rc;
    return write_segments(fd, &stream, header, plain, err);
}

static int read_segments(int fd, struct stream *stream, const struct oc_blob_header *header,
                         uint8_t *to, struct oc_err *err)
{
    int64_t offset = OC_BLOB_HEADER_LEN + OC_BLOB_STREAM_HEADER_LEN;

    while (stream->index < stream->count) {
        uint32_t index = stream->index;
        size_t len = stream_next(stream, header);
        int rc = oc_file_pread(fd, stream->buffer, len + OC_GCM_TAG_LEN, offset, err);

        if (rc < 0)
            return rc;
        rc = oc_gcm_open(stream->key, stream->nonce, OC_STR(""),
                         (struct oc_slice){(char *)stream->buffer, len + OC_GCM_TAG_LEN},
                         to + stream->done, err);
        if (rc == OC_ECORRUPT)
            return oc_fail(err, OC_ECORRUPT, "segment %u of %u does not open", index + 1,
                           stream->count);
        if (rc < 0)
            return rc;
        stream->done += len;
        offset += (int64_t)len + OC_GCM_TAG_LEN;
    }
    return OC_OK;
}

int oc_blob_read_stream(int fd, const struct oc_blob_header *header,
                        const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                        uint8_t *to, struct oc_err *err)
{
    OC_AUTO(stream_clear) struct stream stream = {0};
    uint8_t stream_header[OC_BLOB_STREAM_HEADER_LEN];
    int rc = oc_file_pread(fd, stream_header, sizeof(stream_header), OC_BLOB_HEADER_LEN, err);

    if (rc < 0)
        return rc;
    if (stream_header[0] != OC_BLOB_STREAM_HEADER_LEN)
        return oc_fail(err, OC_ECORRUPT, "the header of its stream is wrong");
    stream.buffer = oc_alloc(header->segment_len);
    if (!stream.buffer)
        return oc_fail_nomem(err);
    rc = stream_start(&stream, header, sha256, key, stream_header, err);
    if (rc < 0)
        return rc;
    return read_segments(fd, &stream, header, to, err);
}
