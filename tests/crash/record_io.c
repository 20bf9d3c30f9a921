/*
 * Records what a program does to the files below one folder, in the order in which it does it: for
 * the power-cut test (power_cut.py), which replays what a disk may have kept of it.
 *
 * Loaded by LD_PRELOAD. OUTCROP_IO_ROOT names the folder, OUTCROP_IO_LOG the file that the record
 * is appended to. A record is
 *
 *   u32 length of what follows · u8 operation · u64 inode · u64 offset · u32 n · n bytes
 *
 * in the machine's byte order. The bytes are what was written, or paths relative to the root (two,
 * with a NUL between, for a rename or a link). Calls run one at a time, so that the order of the
 * records is the order of the effects; a record is written after its call has succeeded.
 *
 * Not seen: writes through a shared mapping and io_uring. Outcrop uses neither for what must last.
 * A mapping that could be written through ends the program, so that the test cannot go blind.
 */
/* Both names of each call are defined here: the headers must not rename the one to the other. */
#undef _FILE_OFFSET_BITS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum operation {
    OP_CREATE = 1, /* a file: inode, path */
    OP_MKDIR,      /* path */
    OP_RENAME,     /* two paths */
    OP_UNLINK,     /* path */
    OP_WRITE,      /* inode, offset, bytes */
    OP_WRITE_SYNC, /* the same through O_SYNC or O_DSYNC: durable by itself */
    OP_TRUNCATE,   /* inode, offset: the new size */
    OP_SYNC,       /* a file: inode */
    OP_SYNC_DIR,   /* path */
    OP_LINK,       /* two paths */
};

static struct {
    pthread_mutex_t lock;
    int log;
    char root[PATH_MAX];
    size_t root_len;
} recorder = {.lock = PTHREAD_MUTEX_INITIALIZER, .log = -1};

static void die(const char *why)
{
    (void)!syscall(SYS_write, 2, "record_io: ", 11);
    (void)!syscall(SYS_write, 2, why, strlen(why));
    (void)!syscall(SYS_write, 2, "\n", 1);
    _exit(99);
}

__attribute__((constructor)) static void start(void)
{
    const char *root = getenv("OUTCROP_IO_ROOT"), *log = getenv("OUTCROP_IO_LOG");

    if (!root || !log)
        return;
    if (!realpath(root, recorder.root))
        die("OUTCROP_IO_ROOT is not a folder");
    recorder.root_len = strlen(recorder.root);
    recorder.log =
        (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (recorder.log < 0)
        die("OUTCROP_IO_LOG cannot be opened");
}

static void record(enum operation op, uint64_t inode, uint64_t offset, const void *bytes,
                   size_t len)
{
    struct __attribute__((packed)) {
        uint32_t length;
        uint8_t op;
        uint64_t inode, offset;
        uint32_t n;
    } head = {(uint32_t)(21 + len), (uint8_t)op, inode, offset, (uint32_t)len};
    struct iovec parts[2] = {{&head, sizeof(head)}, {(void *)(uintptr_t)bytes, len}};

    if (syscall(SYS_writev, recorder.log, parts, 2) != (ssize_t)(sizeof(head) + len))
        die("the log cannot be written");
}

/* -- which file -------------------------------------------------------------------------------- */

/* The path below the root, or NULL when it lies elsewhere. */
static const char *below_root(const char *absolute)
{
    if (recorder.log < 0 || strncmp(absolute, recorder.root, recorder.root_len) != 0)
        return NULL;
    absolute += recorder.root_len;
    return *absolute == '/' ? absolute + 1 : *absolute == '\0' ? absolute : NULL;
}

static const char *path_of_fd(int fd, char buffer[PATH_MAX])
{
    char link[64];
    ssize_t len;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, buffer, PATH_MAX - 1);
    if (len <= 0)
        return NULL;
    buffer[len] = '\0';
    return below_root(buffer);
}

/* Where a path that was given relative to a folder leads; its last step need not exist. */
static const char *path_at(int dir, const char *path, char buffer[PATH_MAX])
{
    char joined[PATH_MAX], folder[PATH_MAX];
    char *slash;

    if (recorder.log < 0)
        return NULL;
    if (path[0] == '/') {
        (void)snprintf(joined, sizeof(joined), "%s", path);
    } else if (dir == AT_FDCWD) {
        if (!getcwd(folder, sizeof(folder)) ||
            snprintf(joined, sizeof(joined), "%s/%s", folder, path) >= PATH_MAX)
            return NULL;
    } else {
        char link[64];

        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        ssize_t len = readlink(link, folder, sizeof(folder) - 1);
        if (len <= 0)
            return NULL;
        folder[len] = '\0';
        if (snprintf(joined, sizeof(joined), "%s/%s", folder, path) >= PATH_MAX)
            return NULL;
    }
    slash = strrchr(joined, '/');
    *slash = '\0';
    if (!realpath(*joined ? joined : "/", folder) ||
        snprintf(buffer, PATH_MAX, "%s/%s", folder, slash + 1) >= PATH_MAX)
        return NULL;
    return below_root(buffer);
}

static uint64_t inode_of(int fd, bool *ret_regular)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return 0;
    *ret_regular = S_ISREG(st.st_mode);
    return st.st_ino;
}

/* Whether writes to this descriptor are recorded. */
static bool is_watched(int fd, uint64_t *ret_inode)
{
    char buffer[PATH_MAX];
    bool regular = false;

    if (recorder.log < 0 || fd == recorder.log)
        return false;
    *ret_inode = inode_of(fd, &regular);
    return regular && path_of_fd(fd, buffer);
}

/* -- opening ----------------------------------------------------------------------------------- */

static int open_recorded(int dir, const char *path, int flags, mode_t mode)
{
    char buffer[PATH_MAX];
    const char *name = flags & (O_CREAT | O_TRUNC) ? path_at(dir, path, buffer) : NULL;
    bool existed, regular = false;
    int fd, saved;

    if (!name)
        return (int)syscall(SYS_openat, dir, path, flags, mode);
    (void)pthread_mutex_lock(&recorder.lock);
    existed = faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    saved = errno;
    if (fd >= 0 && !existed)
        record(OP_CREATE, inode_of(fd, &regular), 0, name, strlen(name));
    else if (fd >= 0 && (flags & O_TRUNC))
        record(OP_TRUNCATE, inode_of(fd, &regular), 0, "", 0);
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return fd;
}

static mode_t mode_argument(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(arguments, flags);                                                                \
        mode = mode_argument(flags, arguments);                                                    \
        va_end(arguments);                                                                         \
        return open_recorded(AT_FDCWD, path, flags, mode);                                         \
    }
#define OPENAT(name)                                                                               \
    int name(int dir, const char *path, int flags, ...)                                            \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(arguments, flags);                                                                \
        mode = mode_argument(flags, arguments);                                                    \
        va_end(arguments);                                                                         \
        return open_recorded(dir, path, flags, mode);                                              \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* -- writing ----------------------------------------------------------------------------------- */

static void record_write(int fd, uint64_t inode, uint64_t offset, const void *bytes, size_t len)
{
    bool sync = fcntl(fd, F_GETFL) & O_DSYNC; /* O_SYNC contains it */

    record(sync ? OP_WRITE_SYNC : OP_WRITE, inode, offset, bytes, len);
}

static ssize_t write_at(int fd, const void *bytes, size_t len, int64_t offset)
{
    return offset < 0 ? syscall(SYS_write, fd, bytes, len)
                      : syscall(SYS_pwrite64, fd, bytes, len, offset);
}

/* `offset` negative: at the descriptor's position. */
static ssize_t write_recorded(int fd, const void *bytes, size_t len, int64_t offset)
{
    uint64_t inode = 0;
    ssize_t done;
    int saved;

    if (!is_watched(fd, &inode))
        return write_at(fd, bytes, len, offset);
    (void)pthread_mutex_lock(&recorder.lock);
    int64_t at =
        offset < 0 ? lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR) : offset;
    done = write_at(fd, bytes, len, offset);
    saved = errno;
    if (done > 0)
        record_write(fd, inode, (uint64_t)at, bytes, (size_t)done);
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return write_recorded(fd, bytes, len, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return write_recorded(fd, bytes, len, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    return write_recorded(fd, bytes, len, offset);
}

/* A gathering write is recorded piece by piece: a disk may keep some of them. */
static ssize_t gather_recorded(int fd, const struct iovec *pieces, int count, int64_t offset)
{
    ssize_t sum = 0;

    for (int i = 0; i < count; i++) {
        ssize_t done = write_recorded(fd, pieces[i].iov_base, pieces[i].iov_len,
                                      offset < 0 ? -1 : offset + sum);

        if (done < 0)
            return sum ? sum : done;
        sum += done;
        if ((size_t)done < pieces[i].iov_len)
            break;
    }
    return sum;
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    uint64_t inode;

    if (!is_watched(fd, &inode))
        return syscall(SYS_writev, fd, pieces, count);
    return gather_recorded(fd, pieces, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    return gather_recorded(fd, pieces, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset)
{
    return gather_recorded(fd, pieces, count, offset);
}

/* Sizes only: what is reserved reads as zeros until it is written. */
static int resize_recorded(int fd, uint64_t size, int rc)
{
    uint64_t inode;
    int saved = errno;

    if (rc == 0 && is_watched(fd, &inode))
        record(OP_TRUNCATE, inode, size, "", 0);
    errno = saved;
    return rc;
}

int ftruncate(int fd, off_t size)
{
    (void)pthread_mutex_lock(&recorder.lock);
    int rc = resize_recorded(fd, (uint64_t)size, (int)syscall(SYS_ftruncate, fd, size));
    (void)pthread_mutex_unlock(&recorder.lock);
    return rc;
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    struct stat st = {0};

    (void)pthread_mutex_lock(&recorder.lock);
    int rc = (int)syscall(SYS_fallocate, fd, mode, offset, len), saved = errno;
    if (rc == 0 && fstat(fd, &st) == 0)
        (void)resize_recorded(fd, (uint64_t)st.st_size, 0);
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return rc;
}

int fallocate64(int fd, int mode, off64_t offset, off64_t len)
{
    return fallocate(fd, mode, offset, len);
}

/* -- syncing ----------------------------------------------------------------------------------- */

static int sync_recorded(int fd, long number)
{
    char buffer[PATH_MAX];
    const char *path = recorder.log < 0 ? NULL : path_of_fd(fd, buffer);
    bool regular = false;
    int rc, saved;

    (void)pthread_mutex_lock(&recorder.lock);
    rc = (int)syscall(number, fd);
    saved = errno;
    if (rc == 0 && path) {
        uint64_t inode = inode_of(fd, &regular);

        if (regular)
            record(OP_SYNC, inode, 0, "", 0);
        else
            record(OP_SYNC_DIR, inode, 0, path, strlen(path));
    }
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return rc;
}

int fsync(int fd)
{
    return sync_recorded(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_recorded(fd, SYS_fdatasync);
}

/* -- names ------------------------------------------------------------------------------------- */

/* The lock is held. */
static void record_pair(enum operation op, const char *from, const char *to)
{
    char both[2 * PATH_MAX];
    size_t from_len = strlen(from) + 1, to_len = strlen(to);

    memcpy(both, from, from_len);
    memcpy(both + from_len, to, to_len);
    record(op, 0, 0, both, from_len + to_len);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *a = path_at(from_dir, from, from_buffer), *b = path_at(to_dir, to, to_buffer);
    int rc, saved;

    (void)pthread_mutex_lock(&recorder.lock);
    rc = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
    saved = errno;
    if (rc == 0 && a && b)
        record_pair(OP_RENAME, a, b);
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return rc;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *a = path_at(from_dir, from, from_buffer), *b = path_at(to_dir, to, to_buffer);
    int rc, saved;

    (void)pthread_mutex_lock(&recorder.lock);
    rc = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    saved = errno;
    if (rc == 0 && a && b)
        record_pair(OP_LINK, a, b);
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return rc;
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int dir, const char *path, int flags)
{
    char buffer[PATH_MAX];
    const char *name = path_at(dir, path, buffer);
    int rc, saved;

    (void)pthread_mutex_lock(&recorder.lock);
    rc = (int)syscall(SYS_unlinkat, dir, path, flags);
    saved = errno;
    if (rc == 0 && name)
        record(OP_UNLINK, 0, 0, name, strlen(name));
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return rc;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    char buffer[PATH_MAX];
    const char *name = path_at(dir, path, buffer);
    int rc, saved;

    (void)pthread_mutex_lock(&recorder.lock);
    rc = (int)syscall(SYS_mkdirat, dir, path, mode);
    saved = errno;
    if (rc == 0 && name)
        record(OP_MKDIR, 0, 0, name, strlen(name));
    (void)pthread_mutex_unlock(&recorder.lock);
    errno = saved;
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* -- what cannot be recorded ------------------------------------------------------------------- */

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
    char buffer[PATH_MAX];

    /* LMDB's lock file is shared and written by design: it is made anew at each opening. */
    if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE)) {
        const char *path = path_of_fd(fd, buffer);

        if (path && !strstr(path, "lock.mdb"))
            die("a file is written through a mapping, which is not recorded");
    }
    return (void *)syscall(SYS_mmap, address, len, protection, flags, fd, offset);
}
