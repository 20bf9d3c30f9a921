/* Blobs to be stored, and where a content store on files keeps them. */
#ifndef OC_TEST_BLOB_FIXTURE_H
#define OC_TEST_BLOB_FIXTURE_H

#include "blob/blob.h"
#include "folder_fixture.h"

/* Bytes and the name they belong under. */
struct sample {
    uint8_t *bytes; /* to be freed */
    size_t size;
    struct oc_blob_name name;
};

/** `size` bytes that follow from `seed`, under the service key. */
struct sample make_sample(size_t size, uint64_t seed);

/** The file of a blob whose store is in the folder's "blobs"; the buffer is folder_path's. */
const char *blob_file(const struct folder *folder, const char *region,
                      const struct oc_blob_name *name);

#endif
