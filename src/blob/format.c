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
#include "blob/format.h"

#include <string.h>

#define MAGIC      "outcropb"
#define SALT_LEN   OC_AES_KEY_LEN
#define PREFIX_LEN 7
#define AAD_LEN    (OC_SHA256_LEN + OC_BLOB_HEADER_LEN)
#define FIRST_AT   OC_BLOB_HEAD_LEN

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
    if (header.segment_len < OC_BLOB_SEGMENT_LEN_MIN ||
        header.segment_len > OC_BLOB_SEGMENT_LEN_MAX || header.plain_len > OC_BLOB_MAX)
        return oc_fail(err, OC_ECORRUPT, "the sizes in its header are out of range");
    /* The stream is bound to the header as we would write it, so it must be that, to the bit. */
    oc_blob_header_encode(&header, again);
    if (memcmp(again, from, sizeof(again)) != 0)
        return oc_fail(err, OC_ECORRUPT, "there is something in the unused bytes of its header");
    *ret = header;
    return OC_OK;
}

/* -- segments ------------------------------------------------------------------------------- */

/* Plaintext bytes of a full segment that is not the first. */
static size_t full_len(const struct oc_blob_header *header)
{
    return header->segment_len - OC_GCM_TAG_LEN;
}

/* An empty plaintext is one empty segment. */
static uint32_t segment_count(const struct oc_blob_header *header)
{
    size_t full = full_len(header), first = full - OC_BLOB_STREAM_HEADER_LEN;

    if (header->plain_len <= first)
        return 1;
    return (uint32_t)(1 + (header->plain_len - first + full - 1) / full);
}

uint64_t oc_blob_sealed_len(const struct oc_blob_header *header)
{
    return FIRST_AT + header->plain_len + (uint64_t)segment_count(header) * OC_GCM_TAG_LEN;
}

struct oc_blob_segment oc_blob_find_segment(const struct oc_blob_header *header, uint32_t index)
{
    size_t full = full_len(header);
    struct oc_blob_segment segment = {.sealed_at = FIRST_AT,
                                      .len = full - OC_BLOB_STREAM_HEADER_LEN};

    if (index > 0)
        segment = (struct oc_blob_segment){
            .plain_at = (uint64_t)index * full - OC_BLOB_STREAM_HEADER_LEN,
            .sealed_at = OC_BLOB_HEADER_LEN + (uint64_t)index * header->segment_len,
            .len = full,
        };
    if (segment.len > header->plain_len - segment.plain_at)
        segment.len = (size_t)(header->plain_len - segment.plain_at);
    return segment;
}

uint32_t oc_blob_segment_of(const struct oc_blob_header *header, uint64_t at)
{
    return (uint32_t)((at + OC_BLOB_STREAM_HEADER_LEN) / full_len(header));
}

/* -- the stream ----------------------------------------------------------------------------- */

void oc_blob_stream_clear(struct oc_blob_stream *stream)
{
    oc_wipe(stream->key, sizeof(stream->key));
}

static int start(struct oc_blob_stream *stream, const struct oc_blob_header *header,
                 const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                 const uint8_t *stream_header, struct oc_err *err)
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

int oc_blob_stream_open(struct oc_blob_stream *stream, const struct oc_blob_header *header,
                        const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                        const uint8_t *bytes, struct oc_err *err)
{
    if (bytes[OC_BLOB_HEADER_LEN] != OC_BLOB_STREAM_HEADER_LEN)
        return oc_fail(err, OC_ECORRUPT, "the header of its stream is wrong");
    return start(stream, header, sha256, key, bytes + OC_BLOB_HEADER_LEN, err);
}

int oc_blob_stream_begin(struct oc_blob_stream *stream, const struct oc_blob_header *header,
                         const uint8_t sha256[OC_SHA256_LEN], const uint8_t key[OC_AES_KEY_LEN],
                         uint8_t head[OC_BLOB_HEAD_LEN], struct oc_err *err)
{
    uint8_t *stream_header = head + OC_BLOB_HEADER_LEN;
    int rc = oc_random(stream_header + 1, SALT_LEN + PREFIX_LEN, err);

    oc_blob_header_encode(header, head);
    stream_header[0] = OC_BLOB_STREAM_HEADER_LEN;
    return rc < 0 ? rc : start(stream, header, sha256, key, stream_header, err);
}

static void set_nonce(struct oc_blob_stream *stream, uint32_t index)
{
    oc_put_be32(stream->nonce + PREFIX_LEN, index);
    stream->nonce[OC_GCM_NONCE_LEN - 1] = index + 1 == stream->count;
}

int oc_blob_seal_segment(struct oc_blob_stream *stream, uint32_t index, struct oc_slice plain,
                         uint8_t *to, struct oc_err *err)
{
    set_nonce(stream, index);
    return oc_gcm_seal(stream->key, stream->nonce, OC_STR(""), plain, to, err);
}

int oc_blob_open_segment(struct oc_blob_stream *stream, uint32_t index, const uint8_t *sealed,
                         size_t len, uint8_t *to, struct oc_err *err)
{
    int rc;

    set_nonce(stream, index);
    rc = oc_gcm_open(stream->key, stream->nonce, OC_STR(""),
                     (struct oc_slice){(const char *)sealed, len + OC_GCM_TAG_LEN}, to, err);
    return rc == OC_ECORRUPT ? oc_fail(err, OC_ECORRUPT, "segment %u of %u does not open",
                                       index + 1, stream->count)
                             : rc;
}

/*
 * From the last segment to the first: a segment's place in the file begins behind its place in the
 * plaintext, so nothing that is still to be sealed is overwritten.
 */
int oc_blob_seal_bytes(const struct oc_blob_header *header, const uint8_t sha256[OC_SHA256_LEN],
                       const uint8_t key[OC_AES_KEY_LEN], uint8_t *bytes, struct oc_err *err)
{
    OC_AUTO(oc_blob_stream_clear) struct oc_blob_stream stream = {0};
    uint8_t head[OC_BLOB_HEAD_LEN];
    int rc = oc_blob_stream_begin(&stream, header, sha256, key, head, err);

    for (uint32_t i = stream.count; rc == OC_OK && i > 0; i--) {
        struct oc_blob_segment segment = oc_blob_find_segment(header, i - 1);
        uint8_t *at = bytes + segment.sealed_at;

        memmove(at, bytes + segment.plain_at, segment.len);
        rc = oc_blob_seal_segment(&stream, i - 1, (struct oc_slice){(char *)at, segment.len}, at,
                                  err);
    }
    if (rc == OC_OK)
        memcpy(bytes, head, sizeof(head));
    return rc;
}

/* From the first segment to the last, for the same reason. */
int oc_blob_open_bytes(const struct oc_blob_header *header, const uint8_t sha256[OC_SHA256_LEN],
                       const uint8_t key[OC_AES_KEY_LEN], uint8_t *bytes,
                       struct oc_sha256_stream *digest, struct oc_err *err)
{
    OC_AUTO(oc_blob_stream_clear) struct oc_blob_stream stream = {0};
    int rc = oc_blob_stream_open(&stream, header, sha256, key, bytes, err);

    for (uint32_t i = 0; rc == OC_OK && i < stream.count; i++) {
        struct oc_blob_segment segment = oc_blob_find_segment(header, i);
        uint8_t *at = bytes + segment.sealed_at;

        rc = oc_blob_open_segment(&stream, i, at, segment.len, at, err);
        if (rc == OC_OK && digest)
            rc = oc_sha256_stream_add(digest, (struct oc_slice){(char *)at, segment.len}, err);
        if (rc == OC_OK)
            memmove(bytes + segment.plain_at, at, segment.len);
    }
    return rc;
}
