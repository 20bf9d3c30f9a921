/*
 * Inside of the content store on local files. Not for other folders.
 */
#ifndef OC_BLOB_FS_IMPL_H
#define OC_BLOB_FS_IMPL_H

#include <pthread.h>

#include "blob/backend.h"

#define OC_BLOB_TEMP_PREFIX ".tmp-"
#define OC_BLOB_SHARDS      256

/** The folder of one key and the state of its 256 subfolders. Never freed before the store. */
struct oc_blob_folder {
    struct oc_blob_folder *next;
    char id[OC_BLOB_KEY_ID_MAX + 1];
    uint64_t renamed[OC_BLOB_SHARDS], synced[OC_BLOB_SHARDS];
};

/** One Region's files. */
struct oc_blob_fs {
    char *path; /* FOLDER/REGION/parts, for messages and walks */
    int parts_fd;
    pthread_mutex_t lock; /* folders and what is in them */
    struct oc_blob_folder *folders;
};

/** Where one blob stands, relative to parts_fd. Borrows its name. */
struct oc_blob_place {
    const struct oc_blob_name *name;
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
    char folder[OC_BLOB_KEY_ID_MAX + 4]; /* KEY/XX */
    char file[OC_SHA256_HEX_LEN - 1];    /* YYY… */
    char path[OC_BLOB_KEY_ID_MAX + 2 + OC_SHA256_HEX_LEN + 2];
    uint8_t shard;
};

/** Where a blob stands. */
void oc_blob_find_place(const struct oc_blob_name *name, struct oc_blob_place *ret);

/** Open a folder relative to parts_fd. Errors: as oc_fail_errno. */
int oc_blob_open_folder(const struct oc_blob_fs *fs, const char *path, int *ret,
                        struct oc_err *err);

/** The folder of a key, there and durable, and the store's lock held on success. */
int oc_blob_lock_folder(struct oc_blob_fs *fs, const char *id, struct oc_blob_folder **ret,
                        struct oc_err *err);

/**
 * Make every rename that has happened in the blob's folder durable.
 * @param folder_fd  that folder, or -1
 */
int oc_blob_cover_renames(struct oc_blob_fs *fs, const struct oc_blob_place *place, int folder_fd,
                          struct oc_err *err);

/* walk.c: as oc_blob_each, _clean and _leftovers. */
int oc_blob_fs_each(void *backend, oc_blob_fn *fn, void *ctx, struct oc_err *err);
int oc_blob_fs_clean(void *backend, struct oc_err *err);
int oc_blob_fs_leftovers(void *backend, uint64_t *ret, struct oc_err *err);

#endif
