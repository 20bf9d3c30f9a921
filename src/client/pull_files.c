/*
 * The files of a pull: which are there already, what is written below the partial folder, and how
 * it gets its name.
 */
#include "client/pull_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "client/tree.h"

#define READ_SIZE (256 * 1024) /* of a file whose digest is checked */

int oc_pull_fail_write(struct oc_err *err, const struct oc_pull *pull, const char *what)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return oc_fail(err, OC_EFULL,
                       "no space left in '%s'; free some and pull again: what has arrived is kept",
                       pull->options->dest);
    return oc_fail_errno(err, "cannot %s in '%s'", what, pull->options->dest);
}

/* -- what is there already --------------------------------------------------------------------- */

/* Whether the open file has the size and digest of `file`. */
static int has_content(int fd, const struct oc_manifest_file *file, bool *ret, struct oc_err *err)
{
    struct oc_sha256_stream *stream;
    uint8_t digest[OC_SHA256_LEN];
    uint64_t done = 0;
    struct stat st;
    char *buffer;
    int rc = OC_OK;

    if (fstat(fd, &st) < 0)
        return oc_fail_errno(err, "cannot read '%.*s'", OC_FMT(file->path));
    *ret = false;
    if ((uint64_t)st.st_size != file->size)
        return OC_OK;
    stream = oc_sha256_stream_new(err);
    if (!stream)
        return OC_ENOMEM;
    buffer = oc_alloc(READ_SIZE);
    if (!buffer)
        rc = oc_fail_nomem(err);
    while (rc == OC_OK && done < file->size) {
        size_t len = file->size - done < READ_SIZE ? (size_t)(file->size - done) : READ_SIZE;

        rc = oc_file_pread(fd, buffer, len, (int64_t)done, err);
        if (rc == OC_OK)
            rc = oc_sha256_stream_add(stream, (struct oc_slice){buffer, len}, err);
        done += len;
    }
    if (rc == OC_OK)
        rc = oc_sha256_stream_end(stream, digest, err);
    if (rc == OC_OK)
        *ret = memcmp(digest, file->sha256, sizeof(digest)) == 0;
    free(buffer);
    oc_sha256_stream_free(stream);
    return rc;
}

static int fail_in_the_way(const struct oc_pull *pull, size_t index, struct oc_err *err)
{
    return oc_fail(err, OC_ECONFLICT,
                   "'%s/%.*s' is in the way and differs from the model's file; use --force to "
                   "replace it",
                   pull->options->dest, OC_FMT(pull->manifest.files[index].path));
}

int oc_pull_look_at_file(size_t index, unsigned worker, void *ctx, struct oc_err *err)
{
    struct oc_pull *pull = ctx;
    const struct oc_manifest_file *file = &pull->manifest.files[index];
    OC_AUTO(oc_autoclose) int parent = -1;
    OC_AUTO(oc_autoclose) int fd = -1;
    struct oc_err why = {0};
    struct stat st;
    char name[256];
    int rc;

    (void)worker;
    parent = oc_tree_open_parent(pull->dest, file->path, false, name, &why);
    if (parent < 0 && why.rc == OC_ENOTFOUND)
        return OC_OK;
    if (parent < 0) {
        *err = why;
        return why.rc;
    }
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? OC_OK
                               : oc_fail_errno(err, "cannot look at '%.*s'", OC_FMT(file->path));
    if (S_ISDIR(st.st_mode))
        return oc_fail(err, OC_ECONFLICT, "'%s/%.*s' is in the way: it is a folder",
                       pull->options->dest, OC_FMT(file->path));
    if (!S_ISREG(st.st_mode))
        return pull->options->force ? OC_OK : fail_in_the_way(pull, index, err);
    fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return oc_fail_errno(err, "cannot read '%.*s'", OC_FMT(file->path));
    rc = has_content(fd, file, &pull->in_place[index], err);
    if (rc < 0)
        return rc;
    return pull->in_place[index] || pull->options->force ? OC_OK
                                                         : fail_in_the_way(pull, index, err);
}

/* The name of a file below the partial folder: its number in the manifest. */
static void partial_name(size_t index, char ret[24])
{
    (void)snprintf(ret, 24, "f%07zu", index);
}

int oc_pull_open_file(const struct oc_pull *pull, size_t index, int flags, struct oc_err *err)
{
    const struct oc_manifest_file *file = &pull->manifest.files[index];
    char name[24];
    int fd;

    partial_name(index, name);
    fd =
        openat(pull->partial, name, flags | O_NOFOLLOW | O_CLOEXEC, file->executable ? 0777 : 0666);
    return fd < 0 ? oc_pull_fail_write(err, pull, "open a file") : fd;
}

/* A file that an earlier pull of another model left has that file's permissions. */
static int set_executable(int fd, bool executable)
{
    struct stat st;
    mode_t mode;

    if (fstat(fd, &st) < 0)
        return -1;
    mode = st.st_mode & 0666;
    if (executable)
        mode |= (mode & 0444) >> 2; /* who may read may run */
    return mode == (st.st_mode & 0777) ? 0 : fchmod(fd, mode);
}

int oc_pull_size_file(size_t index, unsigned worker, void *ctx, struct oc_err *err)
{
    struct oc_pull *pull = ctx;
    OC_AUTO(oc_autoclose) int fd = -1;

    (void)worker;
    if (pull->in_place[index])
        return OC_OK;
    fd = oc_pull_open_file(pull, index, O_RDWR | O_CREAT, err);
    if (fd < 0)
        return fd;
    if (ftruncate(fd, (off_t)pull->manifest.files[index].size) < 0)
        return oc_pull_fail_write(err, pull, "make a file");
    return set_executable(fd, pull->manifest.files[index].executable) == 0
               ? OC_OK
               : oc_pull_fail_write(err, pull, "make a file");
}

/* -- their names
 * ------------------------------------------------------------------------------------- */

int oc_pull_seal_file(size_t index, unsigned worker, void *ctx, struct oc_err *err)
{
    struct oc_pull *pull = ctx;
    OC_AUTO(oc_autoclose) int fd = -1;
    bool good;
    int rc;

    (void)worker;
    if (pull->in_place[index])
        return OC_OK;
    fd = oc_pull_open_file(pull, index, O_RDWR, err);
    if (fd < 0)
        return fd;
    rc = has_content(fd, &pull->manifest.files[index], &good, err);
    if (rc < 0)
        return rc;
    if (!good)
        return oc_fail(err, OC_ECORRUPT,
                       "'%.*s' does not have its digest though all of its parts have theirs; "
                       "import the model again",
                       OC_FMT(pull->manifest.files[index].path));
    if (oc_fault(OC_FAULT_SYNC) || fsync(fd) < 0)
        return oc_pull_fail_write(err, pull, "finish a file");
    return OC_OK;
}

static int place_file(struct oc_pull *pull, size_t index, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int parent = -1;
    char from[24], name[256];

    parent = oc_tree_open_parent(pull->dest, pull->manifest.files[index].path, true, name, err);
    if (parent < 0)
        return parent;
    partial_name(index, from);
    /* Without --force nothing that came meanwhile is replaced either. */
    if (renameat2(pull->partial, from, parent, name, pull->options->force ? 0 : RENAME_NOREPLACE) ==
        0)
        return OC_OK;
    if (errno == EEXIST)
        return fail_in_the_way(pull, index, err);
    /* Some file systems know no RENAME_NOREPLACE; oc_pull_look_at_file has looked. */
    if (errno == EINVAL && renameat(pull->partial, from, parent, name) == 0)
        return OC_OK;
    return oc_pull_fail_write(err, pull, "name a file");
}

int oc_pull_place_files(struct oc_pull *pull, struct oc_err *err)
{
    for (size_t i = 0; i < pull->manifest.file_count; i++) {
        int rc;

        if (pull->in_place[i])
            continue;
        rc = place_file(pull, i, err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

void oc_pull_remove_partial(const struct oc_pull *pull)
{
    for (size_t i = 0; i < OC_MODEL_FILES_MAX; i++) {
        char name[24];

        if (unlinkat(pull->dest, OC_PULL_PARTIAL, AT_REMOVEDIR) == 0)
            return;
        partial_name(i, name);
        (void)unlinkat(pull->partial, name, 0); /* most are not there */
    }
}
