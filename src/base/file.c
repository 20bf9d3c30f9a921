#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/fault.h"

#define TEMP_ID_LEN 8

void oc_autoclose(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* whoever needs its result has synced before */
    *fd = -1;
}

/* True when the site's fault fires; then errno is set as by a failing call. */
static bool fails(enum oc_fault_site site, int number)
{
    if (!oc_fault(site))
        return false;
    errno = number;
    return true;
}

int oc_file_pread(int fd, void *to, size_t len, int64_t offset, struct oc_err *err)
{
    char *at = to;

    while (len > 0) {
        const ssize_t got = fails(OC_FAULT_READ, EIO) ? -1 : pread(fd, at, len, offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return oc_fail(err, OC_EIO, "read: %s", strerrordesc_np(errno));
        if (got == 0)
            return oc_fail(err, OC_EIO, "read: the file ends %zu bytes too early", len);
        at += got;
        offset += got;
        len -= (size_t)got;
    }
    return OC_OK;
}

int oc_file_write(int fd, const void *from, size_t len, struct oc_err *err)
{
    const char *at = from;

    while (len > 0) {
        const ssize_t put = fails(OC_FAULT_WRITE, ENOSPC) ? -1 : write(fd, at, len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return oc_fail_errno(err, "write");
        at += put;
        len -= (size_t)put;
    }
    return OC_OK;
}

/* Read to the end of `fd` into `buf`, whose maximum is the limit. */
static int read_to_end(int fd, const char *path, struct oc_buf *buf, struct oc_err *err)
{
    for (;;) {
        char piece[16 * 1024];
        const ssize_t got = fails(OC_FAULT_READ, EIO) ? -1 : read(fd, piece, sizeof(piece));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return oc_fail(err, OC_EIO, "read '%s': %s", path, strerrordesc_np(errno));
        if (got == 0)
            return OC_OK;
        if ((size_t)got > buf->max - buf->len)
            return oc_fail(err, OC_ELIMIT, "read '%s': larger than %zu bytes", path, buf->max);
        oc_buf_put(buf, piece, (size_t)got);
        if (buf->failed)
            return oc_fail_nomem(err);
    }
}

int oc_file_read(const char *path, size_t max, struct oc_buf *ret, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    oc_buf_init(ret, max);
    if (fd < 0)
        return oc_fail_errno(err, "open '%s'", path);
    rc = read_to_end(fd, path, ret, err);
    if (rc < 0)
        oc_buf_clear(ret);
    return rc;
}

/* The folder part of `path`: "." without a slash, "/" at the root. `ret` holds PATH_MAX bytes. */
static int folder_of(const char *path, char *ret, struct oc_err *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;

    if (len >= PATH_MAX)
        return oc_fail(err, OC_EINVAL, "path: longer than %d bytes", PATH_MAX - 1);
    if (slash == path)
        len = 1;
    memcpy(ret, slash ? path : ".", len);
    ret[len] = '\0';
    return OC_OK;
}

int oc_file_sync_dir(const char *path, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return oc_fail_errno(err, "open folder '%s'", path);
    if (fails(OC_FAULT_SYNC, EIO) || fsync(fd) < 0)
        return oc_fail_errno(err, "sync folder '%s'", path);
    return OC_OK;
}

static int write_new(const char *path, struct oc_slice content, int mode, bool durable,
                     struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    int rc;

    if (fd < 0)
        return oc_fail_errno(err, "create '%s'", path);
    /* The umask may have taken bits away from what open was asked for. */
    if (fchmod(fd, (mode_t)mode) < 0)
        return oc_fail_errno(err, "set the permissions of '%s'", path);
    rc = oc_file_write(fd, content.ptr, content.len, err);
    if (rc < 0)
        return rc;
    if (durable && (fails(OC_FAULT_SYNC, EIO) || fsync(fd) < 0))
        return oc_fail_errno(err, "sync '%s'", path);
    return OC_OK;
}

static int replace(const char *path, struct oc_slice content, int mode, bool durable,
                   struct oc_err *err)
{
    char folder[PATH_MAX], temp[PATH_MAX + 16], id[TEMP_ID_LEN];
    int rc;

    rc = folder_of(path, folder, err);
    if (rc < 0)
        return rc;
    rc = oc_random_id(id, sizeof(id), err);
    if (rc < 0)
        return rc;
    if (snprintf(temp, sizeof(temp), "%s.tmp-%.*s", path, TEMP_ID_LEN, id) >= (int)sizeof(temp))
        return oc_fail(err, OC_EINVAL, "path: longer than %d bytes", PATH_MAX - 1);
    rc = write_new(temp, content, mode, durable, err);
    /* Data must be durable before the name points to it, the name before we say it is done. */
    if (rc == OC_OK && (fails(OC_FAULT_RENAME, EIO) || rename(temp, path) < 0))
        rc = oc_fail_errno(err, "rename to '%s'", path);
    if (rc < 0) {
        (void)unlink(temp); /* the error to report is the first one */
        return rc;
    }
    return durable ? oc_file_sync_dir(folder, err) : OC_OK;
}

int oc_file_replace(const char *path, struct oc_slice content, int mode, struct oc_err *err)
{
    return replace(path, content, mode, true, err);
}

int oc_file_publish(const char *path, struct oc_slice content, int mode, struct oc_err *err)
{
    return replace(path, content, mode, false, err);
}

/* One folder, and its name durable; fine when it is there. */
static int make_folder(const char *path, int mode, struct oc_err *err)
{
    char parent[PATH_MAX];
    int rc;

    if (mkdir(path, (mode_t)mode) < 0)
        return errno == EEXIST ? OC_OK : oc_fail_errno(err, "create folder '%s'", path);
    rc = folder_of(path, parent, err);
    return rc < 0 ? rc : oc_file_sync_dir(parent, err);
}

int oc_file_mkdirs(const char *path, int mode, struct oc_err *err)
{
    char part[PATH_MAX];
    const size_t len = strlen(path);
    struct stat st;
    int rc;

    if (len == 0 || len >= sizeof(part))
        return oc_fail(err, OC_EINVAL, "path: want 1 to %d bytes", PATH_MAX - 1);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        rc = make_folder(part, mode, err);
        if (rc < 0)
            return rc;
        part[i] = path[i];
    }
    if (stat(path, &st) < 0)
        return oc_fail_errno(err, "create folder '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return oc_fail(err, OC_ECONFLICT, "create folder '%s': a file of that name exists", path);
    return OC_OK;
}
