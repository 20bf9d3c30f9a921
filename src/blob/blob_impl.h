/*
 * Inside of blob/, above the backends: blob.c, range.c and reseal.c.
 */
#ifndef OC_BLOB_BLOB_IMPL_H
#define OC_BLOB_BLOB_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "blob/backend.h"
#include "blob/format.h"

/** A blob that is known to be damaged. */
struct oc_blob_mark {
    uint8_t sha256[OC_SHA256_LEN];
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
};

struct oc_blob_store {
    const struct oc_blob_backend_ops *ops;
    void *backend;
    struct oc_keys *keys;
    char region[OC_BLOB_REGION_MAX + 1];
    pthread_mutex_t lock;       /* of the marks */
    struct oc_blob_mark *marks; /* few, if any */
    size_t mark_cap;
    _Atomic size_t mark_count; /* read without the lock when it is 0 */
};

/** Errors: OC_ENOTFOUND (the key's id is none). */
int oc_blob_check_name(const struct oc_blob_name *name, struct oc_err *err);

/** Say which blob of which Region failed, to everybody, and where it stands, to who runs the
 * server. @return `rc` */
int oc_blob_name_failure(const struct oc_blob_store *store, const struct oc_blob_name *name, int rc,
                         const struct oc_err *cause, struct oc_err *err);

/** Errors: OC_EINVAL (another digest). */
int oc_blob_compare_digest(const struct oc_blob_name *name, const uint8_t digest[OC_SHA256_LEN],
                           struct oc_err *err);

/** Bytes that were stored and have another digest now are damaged: OC_EINVAL becomes OC_ECORRUPT.
 */
static inline int oc_blob_call_corrupt(int rc, struct oc_err *err)
{
    return rc == OC_EINVAL ? (int)(err->rc = OC_ECORRUPT) : rc;
}

/**
 * The header of a blob of which `len` of `whole` bytes were read; it then fits the name and the
 * size. Errors: OC_ECORRUPT, OC_EINVAL (newer version).
 */
int oc_blob_read_header(const struct oc_blob_name *name, const uint8_t *bytes, size_t len,
                        uint64_t whole, struct oc_blob_header *ret, struct oc_err *err);

/**
 * A header for `len` plaintext bytes under a name, and the data key of it, to be wiped.
 * Errors: as oc_keys_data_key.
 */
int oc_blob_make_header(const struct oc_blob_store *store, const struct oc_blob_name *name,
                        size_t len, struct oc_blob_header *ret, uint8_t ret_key[OC_AES_KEY_LEN],
                        struct oc_err *err);

#endif
