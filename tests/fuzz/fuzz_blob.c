/*
 * Blobs as a damaged disk or a foreign store may hand them out: whatever is read is refused within
 * its buffer; what was sealed here opens to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "blob/format.h"

static const uint8_t digest[OC_SHA256_LEN] = "a digest of thirty-two bytes ...";
static const uint8_t key[OC_AES_KEY_LEN] = "a key of thirty-two bytes, fixed";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file that nobody sealed. */
static void open_foreign(const uint8_t *data, size_t size)
{
    struct oc_blob_header header;
    struct oc_err err = {0};
    uint8_t *bytes;

    if (size < OC_BLOB_HEADER_LEN || oc_blob_header_decode(data, &header, &err) < 0 ||
        oc_blob_sealed_len(&header) != size)
        return;
    if (size > OC_BLOB_ROOM(header.plain_len))
        abort();
    bytes = malloc(size); /* exactly: a step beyond is seen */
    memcpy(bytes, data, size);
    if (oc_blob_open_bytes(&header, digest, key, bytes, NULL, &err) >= 0)
        abort(); /* without the key no input can be a blob */
    free(bytes);
}

/* The first bytes choose the size of a segment, the rest is the plaintext. */
static void seal_and_open(const uint8_t *data, size_t size)
{
    struct oc_blob_header header = {.key_id = "service"}, read;
    struct oc_err err = {0};
    uint8_t *bytes;

    header.segment_len = OC_BLOB_SEGMENT_LEN_MIN + data[0];
    header.plain_len = size * (1 + data[1] * 64UL); /* so that there are several segments */
    bytes = malloc(OC_BLOB_ROOM(header.plain_len));
    for (size_t i = 0; i < header.plain_len; i++)
        bytes[i] = data[i % size];
    if (oc_blob_seal_bytes(&header, digest, key, bytes, &err) < 0 ||
        oc_blob_header_decode(bytes, &read, &err) < 0 || read.plain_len != header.plain_len ||
        oc_blob_open_bytes(&read, digest, key, bytes, NULL, &err) < 0)
        abort();
    for (size_t i = 0; i < header.plain_len; i++)
        if (bytes[i] != data[i % size])
            abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_foreign(data, size);
    if (size >= 2)
        seal_and_open(data, size);
    return 0;
}
