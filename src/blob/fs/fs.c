/*
 * Blobs as files: FOLDER/REGION/parts/KEY/XX/YYY…, where XXYYY… is the SHA-256 of the plaintext.
 *
 * Storing: write ".tmp-RANDOM" in the folder where the blob will stand, fdatasync, rename, fsync of
 * the folder. So a name is never seen with less than its bytes, and a crash leaves at most a
 * temporary file, which oc_blob_clean removes.
 *
 * Larger blobs are written past the page cache (O_DIRECT): nobody reads them soon, and what goes
 * through the cache costs a copy, the pages, and a flush that stalls others. Such writes want whole
 * blocks, so the last one is padded and the file then cut to its length. Reads go through the
 * cache, as a part is often wanted again, by the next copy or the next client; but for those of who
 * looks for rot, and of models that the cache could not hold.
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

#define STORE_VERSION "outcrop blobs 1\n"
#define DIRECT_MIN    (256UL * 1024) /* below, two more system calls cost more than they save */

/* -- opening -------------------------------------------------------------------------------- */

static int check_version(const char *region_path, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf content = {0};
    struct oc_err missing = {0};
    char file[4096];
    int rc;

    if (snprintf(file, sizeof(file), "%s/version", region_path) >= (int)sizeof(file))
        return oc_fail(err, OC_EINVAL, "content store: its path is too long");
    rc = oc_file_read(file, 256, &content, &missing);
    if (rc == OC_ENOTFOUND)
        return oc_file_replace(file, OC_STR(STORE_VERSION), 0600, err);
    if (rc < 0) {
        *err = missing;
        return rc;
    }
    if (!oc_slice_eq_str(oc_buf_slice(&content), STORE_VERSION))
        return oc_fail(err, OC_EINVAL,
                       "content store '%s' was made by another version of this program ('%.*s')",
                       region_path, OC_FMT(oc_slice_trim(oc_buf_slice(&content))));
    return OC_OK;
}

static int open_folder(struct oc_blob_fs *fs, const char *folder, struct oc_slice region,
                       struct oc_err *err)
{
    struct oc_buf path;
    const char *text;
    int rc;

    oc_buf_init(&path, 4000);
    oc_buf_printf(&path, "%s/%.*s/parts", folder, OC_FMT(region));
    text = oc_buf_cstr(&path);
    if (!text) {
        oc_buf_clear(&path);
        return oc_fail(err, OC_EINVAL, "content store: its path is too long");
    }
    fs->path = strdup(text);
    oc_buf_clear(&path);
    if (!fs->path)
        return oc_fail_nomem(err);
    rc = oc_file_mkdirs(fs->path, 0700, err);
    if (rc < 0)
        return rc;
    fs->path[strlen(fs->path) - strlen("/parts")] = '\0';
    rc = check_version(fs->path, err);
    fs->path[strlen(fs->path)] = '/';
    if (rc < 0)
        return rc;
    fs->parts_fd = open(fs->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fs->parts_fd < 0)
        return oc_fail_errno(err, "content store '%s'", fs->path);
    return OC_OK;
}

static void fs_close(void *backend)
{
    struct oc_blob_fs *fs = backend;

    while (fs->folders) {
        struct oc_blob_folder *folder = fs->folders;

        fs->folders = folder->next;
        free(folder);
    }
    oc_autoclose(&fs->parts_fd);
    (void)pthread_mutex_destroy(&fs->lock); /* nobody holds it any more */
    free(fs->path);
    free(fs);
}

static void fs_describe(void *backend, const struct oc_blob_name *name, char *to, size_t cap)
{
    const struct oc_blob_fs *fs = backend;
    struct oc_blob_place place;

    oc_blob_find_place(name, &place);
    (void)snprintf(to, cap, "%s/%s", fs->path, place.path);
}

/* -- storing -------------------------------------------------------------------------------- */

/* A new file; `direct` asks for writes past the page cache, and is cleared when that cannot be. */
static int create_file(int folder_fd, const char *name, bool *direct, int *ret_fd,
                       struct oc_err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = openat(folder_fd, name, flags | (*direct ? O_DIRECT : 0), 0600);

    if (fd < 0 && errno == EINVAL && *direct) {
        (void)unlinkat(folder_fd, name, 0); /* Linux makes the file before it refuses the flag */
        *direct = false;
        fd = openat(folder_fd, name, flags, 0600);
    }
    if (fd < 0)
        return oc_fail_errno(err, "create");
    *ret_fd = fd;
    return OC_OK;
}

/* The padding is of zeros: what the buffer held before is nobody's business. */
static int write_direct(int fd, uint8_t *sealed, size_t len, struct oc_err *err)
{
    const size_t whole = (len + OC_BLOB_ALIGN - 1) & ~(OC_BLOB_ALIGN - 1);
    int rc;

    memset(sealed + len, 0, whole - len);
    rc = oc_file_write(fd, sealed, whole, err);
    if (rc == OC_OK && ftruncate(fd, (off_t)len) < 0)
        rc = oc_fail_errno(err, "cut");
    return rc;
}

/* Begin the file anew through the cache: its system wants larger blocks than ours, or has none. */
static int write_again(int fd, const uint8_t *sealed, size_t len, struct oc_err *err)
{
    if (fcntl(fd, F_SETFL, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) < 0)
        return oc_fail_errno(err, "begin anew");
    return oc_file_write(fd, sealed, len, err);
}

static int write_file(int fd, bool direct, uint8_t *sealed, size_t len, struct oc_err *err)
{
    int rc = direct ? write_direct(fd, sealed, len, err) : oc_file_write(fd, sealed, len, err);

    if (rc == OC_EIO && direct) /* a disk that really fails does so again */
        rc = write_again(fd, sealed, len, err);
    if (rc < 0)
        return rc;
    if (oc_fault(OC_FAULT_SYNC))
        return oc_fail(err, OC_EIO, "sync: injected failure");
    if (fdatasync(fd) < 0)
        return oc_fail_errno(err, "sync");
    return OC_OK;
}

/* Give the file its name and count that, in one step. */
static int publish(struct oc_blob_fs *fs, const struct oc_blob_place *place, int folder_fd,
                   const char *temp, struct oc_err *err)
{
    struct oc_blob_folder *folder = NULL;
    int rc = oc_blob_lock_folder(fs, place->key_id, &folder, err);

    if (rc < 0)
        return rc;
    if (oc_fault(OC_FAULT_RENAME))
        rc = oc_fail(err, OC_EIO, "rename: injected failure");
    else if (renameat(folder_fd, temp, folder_fd, place->file) < 0)
        rc = oc_fail_errno(err, "rename");
    else
        folder->renamed[place->shard]++;
    (void)pthread_mutex_unlock(&fs->lock);
    return rc;
}

/* The folder of the blob's key exists. */
static int store_file(struct oc_blob_fs *fs, const struct oc_blob_place *place, uint8_t *sealed,
                      size_t len, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int folder_fd = -1;
    OC_AUTO(oc_autoclose) int fd = -1;
    char temp[sizeof(OC_BLOB_TEMP_PREFIX) + 16] = OC_BLOB_TEMP_PREFIX;
    bool direct = len >= DIRECT_MIN;
    int rc = oc_random_id(temp + strlen(OC_BLOB_TEMP_PREFIX), 16, err);

    if (rc < 0)
        return rc;
    rc = oc_blob_open_folder(fs, place->folder, &folder_fd, err);
    if (rc < 0)
        return rc;
    rc = create_file(folder_fd, temp, &direct, &fd, err);
    if (rc < 0)
        return rc;
    rc = write_file(fd, direct, sealed, len, err);
    if (rc == OC_OK)
        rc = publish(fs, place, folder_fd, temp, err);
    if (rc < 0) {
        (void)unlinkat(folder_fd, temp, 0); /* what stays is removed by oc_blob_clean */
        return rc;
    }
    return oc_blob_cover_renames(fs, place, folder_fd, err);
}

static int fs_put(void *backend, const struct oc_blob_name *name, uint8_t *sealed, size_t len,
                  struct oc_err *err)
{
    struct oc_blob_fs *fs = backend;
    struct oc_blob_folder *folder = NULL;
    struct oc_blob_place place;
    int rc;

    oc_blob_find_place(name, &place);
    rc = oc_blob_lock_folder(fs, place.key_id, &folder, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_unlock(&fs->lock);
    return store_file(fs, &place, sealed, len, err);
}

/* -- reading -------------------------------------------------------------------------------- */

static int fs_has(void *backend, const struct oc_blob_name *name, bool *ret, struct oc_err *err)
{
    struct oc_blob_fs *fs = backend;
    struct oc_blob_place place;
    struct stat st;
    int rc;

    oc_blob_find_place(name, &place);
    if (fstatat(fs->parts_fd, place.path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            return oc_fail_errno(err, "look");
        *ret = false;
        return OC_OK;
    }
    rc = oc_blob_cover_renames(fs, &place, -1, err);
    if (rc < 0)
        return rc;
    *ret = true;
    return OC_OK;
}

static int fs_open(void *backend, const struct oc_blob_name *name, int *ret_fd, uint64_t *ret_whole,
                   struct oc_err *err)
{
    const struct oc_blob_fs *fs = backend;
    OC_AUTO(oc_autoclose) int fd = -1;
    struct oc_blob_place place;
    struct stat st;

    oc_blob_find_place(name, &place);
    fd = openat(fs->parts_fd, place.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return oc_fail_errno(err, "open");
    if (fstat(fd, &st) < 0)
        return oc_fail_errno(err, "stat");
    *ret_whole = (uint64_t)st.st_size;
    *ret_fd = fd;
    fd = -1;
    return OC_OK;
}

static int fs_get(void *backend, const struct oc_blob_name *name, uint64_t at, uint8_t *to,
                  size_t cap, size_t *ret_len, uint64_t *ret_whole, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    int rc = fs_open(backend, name, &fd, ret_whole, err);
    uint64_t left;

    if (rc < 0)
        return rc;
    left = *ret_whole > at ? *ret_whole - at : 0;
    *ret_len = left < cap ? (size_t)left : cap;
    return oc_file_pread(fd, to, *ret_len, (int64_t)at, err);
}

/*
 * Read a whole file past the page cache, in whole blocks. @return 1: done; 0: its file system, or
 * the buffer, does not allow that
 */
static int read_direct(int fd, uint8_t *to, size_t cap, size_t len, struct oc_err *err)
{
    const size_t blocks = (len + OC_BLOB_ALIGN - 1) & ~(OC_BLOB_ALIGN - 1);
    size_t done = 0;

    if (blocks > cap || (uintptr_t)to % OC_BLOB_ALIGN || fcntl(fd, F_SETFL, O_DIRECT) < 0)
        return 0;
    while (done < len) {
        ssize_t got = -1;

        if (oc_fault(OC_FAULT_READ))
            errno = EIO;
        else
            got = pread(fd, to + done, blocks - done, (off_t)done);
        if (got < 0 && errno == EINVAL)
            return fcntl(fd, F_SETFL, 0) < 0 ? oc_fail_errno(err, "read") : 0;
        if (got < 0 && errno != EINTR)
            return oc_fail_errno(err, "read");
        if (got == 0)
            return oc_fail(err, OC_EIO, "read: the file ends before byte %zu", len);
        done += got > 0 ? (size_t)got : 0;
    }
    return 1;
}

/* Where that is not possible, clean pages are dropped first; what was just written was synced. */
static int fs_get_direct(void *backend, const struct oc_blob_name *name, uint8_t *to, size_t cap,
                         size_t *ret_len, uint64_t *ret_whole, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    int rc = fs_open(backend, name, &fd, ret_whole, err);

    if (rc < 0)
        return rc;
    *ret_len = *ret_whole < cap ? (size_t)*ret_whole : cap;
    rc = read_direct(fd, to, cap, *ret_len, err);
    if (rc != 0)
        return rc < 0 ? rc : OC_OK;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* then the cache is read, at worst */
    return oc_file_pread(fd, to, *ret_len, 0, err);
}

static int fs_remove(void *backend, const struct oc_blob_name *name, struct oc_err *err)
{
    const struct oc_blob_fs *fs = backend;
    struct oc_blob_place place;

    oc_blob_find_place(name, &place);
    if (unlinkat(fs->parts_fd, place.path, 0) < 0 && errno != ENOENT)
        return oc_fail_errno(err, "remove");
    return OC_OK;
}

/* -- the backend ---------------------------------------------------------------------------- */

static const struct oc_blob_backend_ops fs_ops = {
    .close = fs_close,
    .describe = fs_describe,
    .put = fs_put,
    .get = fs_get,
    .open = fs_open,
    .get_direct = fs_get_direct,
    .has = fs_has,
    .remove = fs_remove,
    .each = oc_blob_fs_each,
    .clean = oc_blob_fs_clean,
    .leftovers = oc_blob_fs_leftovers,
};

int oc_blob_fs_open(const char *folder, struct oc_slice region, struct oc_keys *keys,
                    struct oc_blob_store **ret, struct oc_err *err)
{
    struct oc_blob_fs *fs;
    int rc;

    if (!oc_blob_is_plain_name(region, OC_BLOB_REGION_MAX))
        return oc_fail(err, OC_EINVAL, "content store: '%.*s' is not a Region", OC_FMT(region));
    fs = oc_alloc(sizeof(*fs));
    if (!fs)
        return oc_fail_nomem(err);
    *fs = (struct oc_blob_fs){.parts_fd = -1};
    (void)pthread_mutex_init(&fs->lock, NULL); /* cannot fail with default attributes */
    rc = open_folder(fs, folder, region, err);
    if (rc < 0) {
        fs_close(fs);
        return rc;
    }
    return oc_blob_store_new(&fs_ops, fs, region, keys, ret, err);
}
