/*
 * Blobs as files: FOLDER/REGION/parts/KEY/XX/YYY…, where XXYYY… is the SHA-256 of the plaintext.
 *
 * Storing: write ".tmp-RANDOM" in the folder where the blob will stand, fdatasync, rename, fsync of
 * the folder. So a name is never seen with less than its bytes, and a crash leaves at most a
 * temporary file, which oc_blob_clean removes.
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

static int open_store(struct oc_blob_store *store, const char *folder, struct oc_err *err)
{
    struct oc_buf path;
    const char *text;
    int rc;

    oc_buf_init(&path, 4000);
    oc_buf_printf(&path, "%s/%s/parts", folder, store->region);
    text = oc_buf_cstr(&path);
    if (!text) {
        oc_buf_clear(&path);
        return oc_fail(err, OC_EINVAL, "content store: its path is too long");
    }
    store->path = strdup(text);
    oc_buf_clear(&path);
    if (!store->path)
        return oc_fail_nomem(err);
    rc = oc_file_mkdirs(store->path, 0700, err);
    if (rc < 0)
        return rc;
    store->path[strlen(store->path) - strlen("/parts")] = '\0';
    rc = check_version(store->path, err);
    store->path[strlen(store->path)] = '/';
    if (rc < 0)
        return rc;
    store->parts_fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->parts_fd < 0)
        return oc_fail_errno(err, "content store '%s'", store->path);
    return OC_OK;
}

int oc_blob_fs_open(const char *folder, struct oc_slice region, struct oc_keys *keys,
                    struct oc_blob_store **ret, struct oc_err *err)
{
    struct oc_blob_store *store;
    int rc;

    if (!oc_blob_is_plain_name(region, OC_BLOB_REGION_MAX))
        return oc_fail(err, OC_EINVAL, "content store: '%.*s' is not a Region", OC_FMT(region));
    store = oc_alloc(sizeof(*store));
    if (!store)
        return oc_fail_nomem(err);
    memset(store, 0, sizeof(*store));
    (void)pthread_mutex_init(&store->lock, NULL); /* cannot fail with default attributes */
    store->keys = keys;
    store->parts_fd = -1;
    memcpy(store->region, region.ptr, region.len);
    rc = open_store(store, folder, err);
    if (rc < 0) {
        oc_blob_close(store);
        return rc;
    }
    *ret = store;
    return OC_OK;
}

void oc_blob_close(struct oc_blob_store *store)
{
    if (!store)
        return;
    while (store->folders) {
        struct oc_blob_folder *folder = store->folders;

        store->folders = folder->next;
        free(folder);
    }
    oc_autoclose(&store->parts_fd);
    (void)pthread_mutex_destroy(&store->lock); /* nobody holds it any more */
    free(store->path);
    free(store);
}

/* -- storing -------------------------------------------------------------------------------- */

static int check_digest(const struct oc_blob_name *name, struct oc_slice plain, struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];
    char want[OC_SHA256_HEX_LEN], have[OC_SHA256_HEX_LEN];
    int rc = oc_sha256(plain, digest, err);

    if (rc < 0)
        return rc;
    if (memcmp(digest, name->sha256, sizeof(digest)) == 0)
        return OC_OK;
    oc_hex_encode(name->sha256, OC_SHA256_LEN, want);
    oc_hex_encode(digest, OC_SHA256_LEN, have);
    return oc_fail(err, OC_EINVAL, "the bytes have the SHA-256 %.64s, not %.64s", have, want);
}

static int write_file(int fd, const struct oc_blob_store *store, const struct oc_blob_name *name,
                      struct oc_slice plain, struct oc_err *err)
{
    struct oc_blob_header header = {.segment_len = OC_BLOB_SEGMENT_LEN, .plain_len = plain.len};
    uint8_t key[OC_AES_KEY_LEN];
    int rc = oc_keys_data_key(store->keys, oc_slice_of(store->region), name->key_id, key,
                              header.wrapped, err);

    if (rc < 0)
        return rc;
    memcpy(header.key_id, name->key_id.ptr, name->key_id.len);
    rc = oc_blob_write_stream(fd, &header, name->sha256, key, plain, err);
    oc_wipe(key, sizeof(key));
    if (rc < 0)
        return rc;
    if (oc_fault(OC_FAULT_SYNC))
        return oc_fail(err, OC_EIO, "sync: injected failure");
    if (fdatasync(fd) < 0)
        return oc_fail_errno(err, "sync");
    return OC_OK;
}

/* Give the file its name and count that, in one step. */
static int publish(struct oc_blob_store *store, const struct oc_blob_place *place, int folder_fd,
                   const char *temp, struct oc_err *err)
{
    struct oc_blob_folder *folder = NULL;
    int rc = oc_blob_lock_folder(store, place->key_id, &folder, err);

    if (rc < 0)
        return rc;
    if (oc_fault(OC_FAULT_RENAME))
        rc = oc_fail(err, OC_EIO, "rename: injected failure");
    else if (renameat(folder_fd, temp, folder_fd, place->file) < 0)
        rc = oc_fail_errno(err, "rename");
    else
        folder->renamed[place->shard]++;
    (void)pthread_mutex_unlock(&store->lock);
    return rc;
}

static int store_blob(struct oc_blob_store *store, const struct oc_blob_place *place,
                      struct oc_slice plain, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int folder_fd = -1;
    OC_AUTO(oc_autoclose) int fd = -1;
    char temp[sizeof(OC_BLOB_TEMP_PREFIX) + 16] = OC_BLOB_TEMP_PREFIX;
    int rc = oc_random_id(temp + strlen(OC_BLOB_TEMP_PREFIX), 16, err);

    if (rc < 0)
        return rc;
    rc = oc_blob_open_folder(store, place->folder, &folder_fd, err);
    if (rc < 0)
        return rc;
    fd = openat(folder_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return oc_fail_errno(err, "create");
    rc = write_file(fd, store, place->name, plain, err);
    if (rc == OC_OK)
        rc = publish(store, place, folder_fd, temp, err);
    if (rc < 0) {
        (void)unlinkat(folder_fd, temp, 0); /* what stays is removed by oc_blob_clean */
        return rc;
    }
    return oc_blob_cover_renames(store, place, folder_fd, err);
}

/* Say which file of which Region failed; keeps the code. */
static int name_failure(const struct oc_blob_store *store, const struct oc_blob_place *place,
                        int rc, const struct oc_err *cause, struct oc_err *err)
{
    return oc_fail(err, rc, "content store of Region %s, '%s/%s': %s", store->region, store->path,
                   place->path, cause->text);
}

int oc_blob_put(struct oc_blob_store *store, const struct oc_blob_name *name, struct oc_slice plain,
                bool verified, struct oc_err *err)
{
    struct oc_blob_folder *folder = NULL;
    struct oc_err cause = {0};
    struct oc_blob_place place;
    int rc = oc_blob_find_place(name, &place, err);

    if (rc < 0)
        return rc;
    if (plain.len > OC_BLOB_MAX)
        return oc_fail(err, OC_EINVAL, "a blob may have %lu bytes", OC_BLOB_MAX);
    rc = verified ? OC_OK : check_digest(name, plain, err);
    if (rc < 0)
        return rc;
    rc = oc_blob_lock_folder(store, place.key_id, &folder, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_unlock(&store->lock);
    rc = store_blob(store, &place, plain, &cause);
    return rc < 0 ? name_failure(store, &place, rc, &cause, err) : OC_OK;
}

/* -- reading -------------------------------------------------------------------------------- */

int oc_blob_has(struct oc_blob_store *store, const struct oc_blob_name *name, bool *ret,
                struct oc_err *err)
{
    struct stat st;
    struct oc_blob_place place;
    int rc = oc_blob_find_place(name, &place, err);

    if (rc < 0)
        return rc;
    if (fstatat(store->parts_fd, place.path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            return oc_fail_errno(err, "blob '%s/%s'", store->path, place.path);
        *ret = false;
        return OC_OK;
    }
    rc = oc_blob_cover_renames(store, &place, -1, err);
    if (rc < 0)
        return rc;
    *ret = true;
    return OC_OK;
}

/* Open a blob and read its header; the file's length is then known to fit the header. */
static int open_blob(const struct oc_blob_store *store, const struct oc_blob_place *place,
                     int *ret_fd, struct oc_blob_header *ret, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    uint8_t bytes[OC_BLOB_HEADER_LEN];
    struct stat st;
    int rc;

    fd = openat(store->parts_fd, place->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return oc_fail_errno(err, "open");
    if (fstat(fd, &st) < 0)
        return oc_fail_errno(err, "stat");
    if (st.st_size < (off_t)sizeof(bytes))
        return oc_fail(err, OC_ECORRUPT, "it is shorter than a header");
    rc = oc_file_pread(fd, bytes, sizeof(bytes), 0, err);
    if (rc < 0)
        return rc;
    rc = oc_blob_header_decode(bytes, ret, err);
    if (rc < 0)
        return rc;
    if ((uint64_t)st.st_size != oc_blob_file_len(ret))
        return oc_fail(err, OC_ECORRUPT, "it has %lld bytes, its header speaks of %llu",
                       (long long)st.st_size, (unsigned long long)oc_blob_file_len(ret));
    if (strcmp(ret->key_id, place->key_id) != 0)
        return oc_fail(err, OC_ECORRUPT, "its header names another key, '%s'", ret->key_id);
    *ret_fd = fd;
    fd = -1;
    return OC_OK;
}

static int read_blob(const struct oc_blob_store *store, const struct oc_blob_place *place,
                     uint8_t *to, size_t cap, size_t *ret_len, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    struct oc_blob_header header;
    uint8_t key[OC_AES_KEY_LEN];
    int rc = open_blob(store, place, &fd, &header, err);

    if (rc < 0)
        return rc;
    if (header.plain_len > cap)
        return oc_fail(err, OC_ELIMIT, "it has %llu bytes, there is room for %zu",
                       (unsigned long long)header.plain_len, cap);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED); /* only speed */
    rc = oc_keys_unwrap(store->keys, oc_slice_of(store->region), place->name->key_id,
                        header.wrapped, key, err);
    if (rc < 0)
        return rc;
    rc = oc_blob_read_stream(fd, &header, place->name->sha256, key, to, err);
    oc_wipe(key, sizeof(key));
    if (rc < 0)
        return rc;
    rc = check_digest(place->name, (struct oc_slice){(char *)to, header.plain_len}, err);
    if (rc < 0)
        return rc == OC_EINVAL ? (int)(err->rc = OC_ECORRUPT) : rc;
    *ret_len = header.plain_len;
    return OC_OK;
}

int oc_blob_get(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                size_t cap, size_t *ret_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    struct oc_blob_place place;
    int rc = oc_blob_find_place(name, &place, err);

    if (rc < 0)
        return rc;
    rc = read_blob(store, &place, to, cap, ret_len, &cause);
    return rc < 0 ? name_failure(store, &place, rc, &cause, err) : OC_OK;
}

int oc_blob_size(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t *ret,
                 struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    struct oc_blob_header header;
    struct oc_err cause = {0};
    struct oc_blob_place place;
    int rc = oc_blob_find_place(name, &place, err);

    if (rc < 0)
        return rc;
    rc = open_blob(store, &place, &fd, &header, &cause);
    if (rc < 0)
        return name_failure(store, &place, rc, &cause, err);
    *ret = header.plain_len;
    return OC_OK;
}

int oc_blob_delete(struct oc_blob_store *store, const struct oc_blob_name *name, struct oc_err *err)
{
    struct oc_blob_place place;
    int rc = oc_blob_find_place(name, &place, err);

    if (rc < 0)
        return rc;
    if (unlinkat(store->parts_fd, place.path, 0) < 0 && errno != ENOENT)
        return oc_fail_errno(err, "remove blob '%s/%s'", store->path, place.path);
    return OC_OK;
}
