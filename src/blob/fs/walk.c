/*
 * Visiting all files of a content store: blobs, and what crashed writers left behind.
 */
#include "blob/fs/fs_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* Called with the open folder KEY/XX, the key and XX, and the name of a file in it. */
typedef int file_fn(int folder_fd, const struct oc_blob_place *place, const char *file, void *ctx,
                    struct oc_err *err);

struct walk {
    const struct oc_blob_fs *fs;
    file_fn *fn;
    void *ctx;
};

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir); /* read only: nothing to lose */
}

static int open_dir(const struct oc_blob_fs *fs, const char *path, DIR **ret, struct oc_err *err)
{
    int fd, rc;
    DIR *dir;

    rc = oc_blob_open_folder(fs, path, &fd, err);
    if (rc < 0)
        return rc;
    dir = fdopendir(fd);
    if (!dir) {
        rc = oc_fail_errno(err, "folder '%s/%s'", fs->path, path);
        oc_autoclose(&fd);
        return rc;
    }
    *ret = dir;
    return OC_OK;
}

/* The next entry, or NULL at the end (rc OC_OK) or after a failure. */
static struct dirent *next_entry(const struct walk *walk, DIR *dir, int *ret_rc, struct oc_err *err)
{
    struct dirent *entry;

    errno = 0;
    entry = readdir(dir);
    *ret_rc = entry || !errno ? OC_OK : oc_fail_errno(err, "read folder in '%s'", walk->fs->path);
    return entry;
}

static int walk_shard(const struct walk *walk, struct oc_blob_place *place, struct oc_err *err)
{
    OC_AUTO(close_dir) DIR *dir = NULL;
    struct dirent *entry;
    int rc;

    snprintf(place->folder, sizeof(place->folder), "%s/%02x", place->key_id, place->shard);
    rc = open_dir(walk->fs, place->folder, &dir, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    while ((entry = next_entry(walk, dir, &rc, err))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        rc = walk->fn(dirfd(dir), place, entry->d_name, walk->ctx, err);
        if (rc < 0)
            return rc;
    }
    return rc;
}

static int walk_files(const struct walk *walk, struct oc_err *err)
{
    OC_AUTO(close_dir) DIR *dir = NULL;
    struct dirent *entry;
    int rc = open_dir(walk->fs, ".", &dir, err);

    if (rc < 0)
        return rc;
    while ((entry = next_entry(walk, dir, &rc, err))) {
        struct oc_blob_place place = {0};

        if (!oc_blob_is_plain_name(oc_slice_of(entry->d_name), OC_BLOB_KEY_ID_MAX))
            continue;
        snprintf(place.key_id, sizeof(place.key_id), "%.36s", entry->d_name);
        for (unsigned shard = 0; shard < OC_BLOB_SHARDS; shard++) {
            place.shard = (uint8_t)shard;
            rc = walk_shard(walk, &place, err);
            if (rc < 0)
                return rc;
        }
    }
    return rc;
}

struct each {
    oc_blob_fn *fn;
    void *ctx;
};

static int visit_blob(int folder_fd, const struct oc_blob_place *place, const char *file, void *ctx,
                      struct oc_err *err)
{
    const struct each *each = ctx;
    struct oc_blob_name name = {.key_id = oc_slice_of(place->key_id)};

    (void)folder_fd;
    name.sha256[0] = place->shard;
    if (!oc_hex_decode(oc_slice_of(file), name.sha256 + 1, OC_SHA256_LEN - 1))
        return OC_OK;
    return each->fn(&name, each->ctx, err);
}

int oc_blob_fs_each(void *backend, oc_blob_fn *fn, void *ctx, struct oc_err *err)
{
    struct each each = {fn, ctx};
    struct walk walk = {backend, visit_blob, &each};

    return walk_files(&walk, err);
}

static bool is_temp(const char *file)
{
    return strncmp(file, OC_BLOB_TEMP_PREFIX, strlen(OC_BLOB_TEMP_PREFIX)) == 0;
}

static int remove_temp(int folder_fd, const struct oc_blob_place *place, const char *file,
                       void *ctx, struct oc_err *err)
{
    const struct oc_blob_fs *fs = ctx;

    if (is_temp(file) && unlinkat(folder_fd, file, 0) < 0 && errno != ENOENT)
        return oc_fail_errno(err, "remove '%s/%s/%s'", fs->path, place->folder, file);
    return OC_OK;
}

int oc_blob_fs_clean(void *backend, struct oc_err *err)
{
    struct walk walk = {backend, remove_temp, backend};

    return walk_files(&walk, err);
}

static int count_temp(int folder_fd, const struct oc_blob_place *place, const char *file, void *ctx,
                      struct oc_err *err)
{
    uint64_t *count = ctx;

    (void)folder_fd;
    (void)place;
    (void)err;
    *count += is_temp(file);
    return OC_OK;
}

int oc_blob_fs_leftovers(void *backend, uint64_t *ret, struct oc_err *err)
{
    uint64_t count = 0;
    struct walk walk = {backend, count_temp, &count};
    int rc = walk_files(&walk, err);

    if (rc < 0)
        return rc;
    *ret = count;
    return OC_OK;
}
