/*
 * Where blobs stand and when their names are durable.
 *
 * A blob that is seen is not yet durable: the writer may be between the rename and the fsync, or
 * may have died there. Each folder therefore counts its renames (`renamed`) and how many of them an
 * fsync has covered (`synced`); whoever answers "it is there" first sees to it that the count is
 * covered. Folders begin at one rename and none covered, because of what a process before this one
 * may have left. The rename and its count are one step under the lock, so that a covered count
 * never speaks of a rename still to come.
 */
#include "blob/fs/fs_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"

/* -- names ---------------------------------------------------------------------------------- */

void oc_blob_find_place(const struct oc_blob_name *name, struct oc_blob_place *ret)
{
    char hex[OC_SHA256_HEX_LEN];

    oc_hex_encode(name->sha256, OC_SHA256_LEN, hex);
    ret->name = name;
    ret->shard = name->sha256[0];
    snprintf(ret->key_id, sizeof(ret->key_id), "%.*s", OC_FMT(name->key_id));
    snprintf(ret->folder, sizeof(ret->folder), "%s/%.2s", ret->key_id, hex);
    snprintf(ret->file, sizeof(ret->file), "%.62s", hex + 2);
    snprintf(ret->path, sizeof(ret->path), "%s/%s", ret->folder, ret->file);
}

/* -- folders -------------------------------------------------------------------------------- */

static int sync_fd(int fd, const char *what, struct oc_err *err)
{
    if (oc_fault(OC_FAULT_SYNC)) {
        errno = EIO;
        return oc_fail_errno(err, "sync '%s'", what);
    }
    if (fsync(fd) < 0)
        return oc_fail_errno(err, "sync '%s'", what);
    return OC_OK;
}

int oc_blob_open_folder(const struct oc_blob_fs *fs, const char *path, int *ret, struct oc_err *err)
{
    int fd = openat(fs->parts_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return oc_fail_errno(err, "folder '%s'", path);
    *ret = fd;
    return OC_OK;
}

/* A key's folder is made with all of its subfolders at once: two syncs and never again. */
static int make_key_folder(const struct oc_blob_fs *fs, const char *id, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    int rc;

    if (mkdirat(fs->parts_fd, id, 0700) < 0 && errno != EEXIST)
        return oc_fail_errno(err, "folder '%s'", id);
    rc = oc_blob_open_folder(fs, id, &fd, err);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < OC_BLOB_SHARDS; i++) {
        char name[3];

        snprintf(name, sizeof(name), "%02x", i & 0xff);
        if (mkdirat(fd, name, 0700) < 0 && errno != EEXIST)
            return oc_fail_errno(err, "folder '%s/%s'", id, name);
    }
    rc = sync_fd(fd, id, err);
    if (rc < 0)
        return rc;
    return sync_fd(fs->parts_fd, fs->path, err);
}

/* Lock held. */
static int ensure_folder(struct oc_blob_fs *fs, const char *id, struct oc_blob_folder **ret,
                         struct oc_err *err)
{
    struct oc_blob_folder *folder = fs->folders;
    int rc;

    while (folder && strcmp(folder->id, id) != 0)
        folder = folder->next;
    if (!folder) {
        rc = make_key_folder(fs, id, err);
        if (rc < 0)
            return rc;
        folder = oc_alloc(sizeof(*folder));
        if (!folder)
            return oc_fail_nomem(err);
        memset(folder, 0, sizeof(*folder));
        snprintf(folder->id, sizeof(folder->id), "%s", id);
        for (unsigned i = 0; i < OC_BLOB_SHARDS; i++)
            folder->renamed[i] = 1;
        folder->next = fs->folders;
        fs->folders = folder;
    }
    *ret = folder;
    return OC_OK;
}

int oc_blob_lock_folder(struct oc_blob_fs *fs, const char *id, struct oc_blob_folder **ret,
                        struct oc_err *err)
{
    int rc;

    (void)pthread_mutex_lock(&fs->lock); /* fails only on a bug */
    rc = ensure_folder(fs, id, ret, err);
    if (rc < 0)
        (void)pthread_mutex_unlock(&fs->lock);
    return rc;
}

int oc_blob_cover_renames(struct oc_blob_fs *fs, const struct oc_blob_place *place, int folder_fd,
                          struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int opened = -1;
    struct oc_blob_folder *folder = NULL;
    uint64_t renamed;
    bool covered;
    int rc = oc_blob_lock_folder(fs, place->key_id, &folder, err);

    if (rc < 0)
        return rc;
    renamed = folder->renamed[place->shard];
    covered = folder->synced[place->shard] >= renamed;
    (void)pthread_mutex_unlock(&fs->lock);
    if (covered)
        return OC_OK;
    if (folder_fd < 0) {
        rc = oc_blob_open_folder(fs, place->folder, &opened, err);
        if (rc < 0)
            return rc;
        folder_fd = opened;
    }
    rc = sync_fd(folder_fd, place->folder, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&fs->lock);
    if (folder->synced[place->shard] < renamed)
        folder->synced[place->shard] = renamed;
    (void)pthread_mutex_unlock(&fs->lock);
    return OC_OK;
}
