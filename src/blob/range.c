/*
 * Some of a blob's bytes: of the file the headers are read, and the segments that the bytes lie in.
 */
#include <string.h>

#include "blob/blob_impl.h"

/* Sealed bytes of the segments that hold the wanted plaintext. */
struct sealed {
    uint32_t first, last;
    uint64_t at; /* in the file */
    size_t len;
};

static struct sealed find_sealed(const struct oc_blob_header *header, uint64_t from, size_t len)
{
    struct sealed sealed = {oc_blob_segment_of(header, from),
                            oc_blob_segment_of(header, from + len - 1), 0, 0};
    struct oc_blob_segment last = oc_blob_find_segment(header, sealed.last);

    sealed.at = oc_blob_find_segment(header, sealed.first).sealed_at;
    sealed.len = (size_t)(last.sealed_at + last.len + OC_GCM_TAG_LEN - sealed.at);
    return sealed;
}

/* Open the segments at `bytes` where they lie, and move what is wanted of each to its place: that
 * is never behind where it came from, so nothing that is still sealed is overwritten. */
static int open_sealed(struct oc_blob_stream *stream, const struct oc_blob_header *header,
                       const struct sealed *sealed, uint64_t from, size_t len, uint8_t *bytes,
                       struct oc_err *err)
{
    for (uint32_t i = sealed->first; i <= sealed->last; i++) {
        struct oc_blob_segment segment = oc_blob_find_segment(header, i);
        uint8_t *at = bytes + (segment.sealed_at - sealed->at);
        uint64_t begin = segment.plain_at < from ? from : segment.plain_at;
        uint64_t end = segment.plain_at + segment.len;
        int rc = oc_blob_open_segment(stream, i, at, segment.len, at, err);

        if (rc < 0)
            return rc;
        if (end > from + len)
            end = from + len;
        memmove(bytes + (begin - from), at + (begin - segment.plain_at), end - begin);
    }
    return OC_OK;
}

/* The header, and what opens segments. */
static int read_head(struct oc_blob_store *store, const struct oc_blob_name *name,
                     struct oc_blob_header *header, struct oc_blob_stream *stream,
                     struct oc_err *err)
{
    uint8_t head[OC_BLOB_HEAD_LEN], key[OC_AES_KEY_LEN];
    uint64_t whole = 0;
    size_t len = 0;
    int rc = store->ops->get(store->backend, name, 0, head, sizeof(head), &len, &whole, err);

    if (rc == OC_OK)
        rc = oc_blob_read_header(name, head, len, whole, header, err);
    if (rc == OC_OK)
        rc = oc_keys_unwrap(store->keys, oc_slice_of(store->region), name->key_id, header->wrapped,
                            key, err);
    if (rc < 0)
        return rc;
    rc = oc_blob_stream_open(stream, header, name->sha256, key, head, err);
    oc_wipe(key, sizeof(key));
    return rc;
}

static int get_range(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t from,
                     size_t len, uint8_t *to, struct oc_err *err)
{
    OC_AUTO(oc_blob_stream_clear) struct oc_blob_stream stream = {0};
    struct oc_blob_header header;
    struct sealed sealed;
    uint64_t whole = 0;
    size_t got = 0;
    int rc = read_head(store, name, &header, &stream, err);

    if (rc < 0)
        return rc;
    if (len == 0 || len > header.plain_len || from > header.plain_len - len)
        return oc_fail(err, OC_EINVAL, "it has %llu bytes", (unsigned long long)header.plain_len);
    sealed = find_sealed(&header, from, len);
    rc = store->ops->get(store->backend, name, sealed.at, to, sealed.len, &got, &whole, err);
    if (rc == OC_OK && got < sealed.len)
        return oc_fail(err, OC_ECORRUPT, "it has become shorter");
    return rc < 0 ? rc : open_sealed(&stream, &header, &sealed, from, len, to, err);
}

int oc_blob_get_range(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t from,
                      size_t len, uint8_t *to, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = get_range(store, name, from, len, to, &cause);
    if (rc == OC_ECORRUPT) /* or stored again, with another data key, since its header was read */
        rc = get_range(store, name, from, len, to, &cause);
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
}
