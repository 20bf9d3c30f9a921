/*
 * A tree of the files of a folder: listed and opened without ever following a symbolic link below
 * it.
 *
 * The folder itself is the operator's word and may be a link. Below it, every step is taken with
 * O_NOFOLLOW from a descriptor of the step before, so that neither a link in the tree nor one that
 * is put there meanwhile can lead outside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"
#include "copy/tree.h"

/* -- steps ---------------------------------------------------------------------------------- */

static int refuse(struct oc_slice path, const char *what, struct oc_err *err)
{
    return oc_fail(err, OC_EINVAL, "'%.*s' is %s; only regular files and folders are imported",
                   OC_FMT(oc_slice_sub(path, 0, 400)), what);
}

/* Open one step below `fd`. A link fails with ELOOP, or ENOTDIR where a folder is wanted. */
static int open_step(int fd, struct oc_slice step, int flags, int *ret)
{
    char name[NAME_MAX + 1];
    int opened;

    if (step.len > NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, step.ptr, step.len);
    name[step.len] = '\0';
    opened = openat(fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0)
        return -1;
    *ret = opened;
    return 0;
}

/* Open `path`, which is safe and relative, below `base`. Empty: `base` again. */
static int open_below(int base, struct oc_slice path, int flags, int *ret, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int at = -1;
    struct oc_slice rest = path;

    if (open_step(base, OC_STR("."), O_RDONLY | O_DIRECTORY, &at) < 0)
        return oc_fail_errno(err, "open the folder");
    while (rest.ptr && path.len) {
        struct oc_slice step = oc_slice_cut(&rest, '/');
        int next = -1;

        if (open_step(at, step, rest.ptr ? O_RDONLY | O_DIRECTORY : flags, &next) < 0) {
            if (errno == ELOOP || errno == ENOTDIR)
                return refuse(path, "a symbolic link or lies below one", err);
            return oc_fail_errno(err, "open '%.*s'", OC_FMT(oc_slice_sub(path, 0, 400)));
        }
        oc_autoclose(&at);
        at = next;
    }
    *ret = at;
    at = -1;
    return OC_OK;
}

/* -- listing -------------------------------------------------------------------------------- */

/* Folders still to be read: a stack of paths. */
struct pending {
    char **paths;
    size_t count, cap;
};

static void pending_clear(struct pending *pending)
{
    for (size_t i = 0; i < pending->count; i++)
        free(pending->paths[i]);
    free(pending->paths);
}

static bool push(struct pending *pending, char *path)
{
    char **grown = oc_grow(pending->paths, &pending->cap, pending->count + 1, sizeof(char *));

    if (!grown)
        return false;
    pending->paths = grown;
    pending->paths[pending->count++] = path;
    return true;
}

static int add_file(struct oc_tree *tree, char *path, const struct stat *st, struct oc_err *err)
{
    struct oc_tree_file file = {
        .path = path,
        .size = (uint64_t)st->st_size,
        .executable = st->st_mode & S_IXUSR,
        .mtime_s = st->st_mtim.tv_sec,
        .mtime_ns = st->st_mtim.tv_nsec,
        .inode = st->st_ino,
    };

    return oc_tree_add(tree, &file, err);
}

/* One entry of a folder: a file is listed, a folder put aside. Takes `path` over on success. */
static int take_entry(struct oc_tree *tree, struct pending *pending, int dir_fd, const char *name,
                      char *path, struct oc_err *err)
{
    struct oc_slice shown = oc_slice_of(path);
    struct stat st;

    if (shown.len > OC_MODEL_PATH_MAX)
        return oc_fail(err, OC_ELIMIT, "a path in the folder is longer than %d bytes",
                       OC_MODEL_PATH_MAX);
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return oc_fail_errno(err, "look at '%s'", path);
    if (S_ISDIR(st.st_mode))
        return push(pending, path) ? OC_OK : oc_fail_nomem(err);
    if (S_ISLNK(st.st_mode))
        return refuse(shown, "a symbolic link, which is not followed", err);
    if (!S_ISREG(st.st_mode))
        return refuse(shown, "a special file", err);
    return add_file(tree, path, &st, err);
}

static char *join_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = oc_alloc(size);

    if (path)
        (void)snprintf(path, size, "%s%s%s", folder, folder[0] ? "/" : "", name);
    return path;
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir); /* read only: nothing to lose */
}

static int read_folder(struct oc_tree *tree, struct pending *pending, const char *folder,
                       struct oc_err *err)
{
    OC_AUTO(close_dir) DIR *dir = NULL;
    struct dirent *entry;
    int fd = -1;
    int rc = open_below(tree->fd, oc_slice_of(folder), O_RDONLY | O_DIRECTORY, &fd, err);

    if (rc < 0)
        return rc;
    dir = fdopendir(fd);
    if (!dir) {
        rc = oc_fail_errno(err, "read folder '%s'", folder);
        oc_autoclose(&fd);
        return rc;
    }
    while ((void)(errno = 0), (entry = readdir(dir))) {
        char *path;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        path = join_path(folder, entry->d_name);
        if (!path)
            return oc_fail_nomem(err);
        rc = take_entry(tree, pending, dirfd(dir), entry->d_name, path, err);
        if (rc < 0) {
            free(path);
            return rc;
        }
    }
    return errno ? oc_fail_errno(err, "read folder '%s'", folder) : OC_OK;
}

static int list(struct oc_tree *tree, struct oc_err *err)
{
    OC_AUTO(pending_clear) struct pending pending = {0};
    char *path = join_path("", "");
    int rc;

    if (!path || !push(&pending, path)) {
        free(path);
        return oc_fail_nomem(err);
    }
    while (pending.count) {
        path = pending.paths[--pending.count];
        rc = read_folder(tree, &pending, path, err);
        free(path);
        if (rc < 0)
            return rc;
    }
    oc_tree_sort(tree);
    return OC_OK;
}

/* -- reading -------------------------------------------------------------------------------- */

/* The file that is open must be what was listed. */
static int check_file(const struct oc_tree_file *listed, int fd, struct oc_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return oc_fail_errno(err, "look at '%s'", listed->path);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != listed->size ||
        st.st_ino != listed->inode || st.st_mtim.tv_sec != listed->mtime_s ||
        st.st_mtim.tv_nsec != listed->mtime_ns)
        return oc_fail(err, OC_ECONFLICT,
                       "file '%s' changed while it was read; leave the folder alone and try again",
                       listed->path);
    return OC_OK;
}

/* A read that fails because the file was cut short is the fault of whoever cut it. */
static int read_file(const struct oc_tree *tree, const struct oc_tree_file *file, uint64_t offset,
                     uint8_t *to, size_t len, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = -1;
    struct oc_err cause = {0};
    /* O_NONBLOCK: a pipe put in the file's place must not block us; files do not mind. */
    int rc = open_below(tree->fd, oc_slice_of(file->path), O_RDONLY | O_NONBLOCK, &fd, err);
    int read;

    if (rc == OC_OK)
        rc = check_file(file, fd, err);
    if (rc < 0)
        return rc;
    if (len < file->size)
        (void)posix_fadvise(fd, (off_t)offset, (off_t)len, POSIX_FADV_WILLNEED); /* only speed */
    read = len ? oc_file_pread(fd, to, len, (int64_t)offset, &cause) : OC_OK;
    rc = check_file(file, fd, err);
    if (rc == OC_OK && read < 0)
        return oc_fail(err, read, "file '%s' could not be read: %s", file->path, cause.text);
    return rc;
}

static const struct oc_tree_ops folder_ops = {.read = read_file};

int oc_tree_list_folder(const char *folder, struct oc_slice prefix, struct oc_tree *ret,
                        struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int base = -1;
    int rc;

    *ret = (struct oc_tree){.ops = &folder_ops, .fd = -1};
    base = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base < 0) {
        rc = oc_fail_errno(err, "the folder of that bucket cannot be opened");
        oc_err_hide(err, "%s", folder);
        return rc;
    }
    rc = open_below(base, prefix, O_RDONLY | O_DIRECTORY, &ret->fd, err);
    return rc < 0 ? rc : list(ret, err);
}
