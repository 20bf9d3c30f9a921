/* Paths below a folder that never lead out of it. */
#include "client/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int step_name(struct oc_slice step, struct oc_slice path, char name[256], struct oc_err *err)
{
    if (step.len == 0 || step.len > 255 || oc_slice_eq_str(step, ".") ||
        oc_slice_eq_str(step, "..") || oc_slice_find(step, '\0') >= 0)
        return oc_fail(err, OC_EINVAL, "'%.*s' cannot be the path of a file here", OC_FMT(path));
    memcpy(name, step.ptr, step.len);
    name[step.len] = '\0';
    return OC_OK;
}

/* @return a descriptor of the folder `name` in `dir`, or an error */
static int open_step(int dir, const char *name, bool create, struct oc_slice path,
                     struct oc_err *err)
{
    int fd;

    if (create && mkdirat(dir, name, 0777) < 0 && errno != EEXIST)
        return oc_fail_errno(err, "cannot make folder '%s' for '%.*s'", name, OC_FMT(path));
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return oc_fail(err, OC_EINVAL, "'%s' on the way to '%.*s' is a link or no folder", name,
                       OC_FMT(path));
    if (fd < 0)
        return oc_fail_errno(err, "cannot open folder '%s' of '%.*s'", name, OC_FMT(path));
    return fd;
}

int oc_tree_open_parent(int root, struct oc_slice path, bool create, char name[256],
                        struct oc_err *err)
{
    struct oc_slice rest = path;
    int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
    int rc;

    if (dir < 0)
        return oc_fail_errno(err, "cannot open the folder of '%.*s'", OC_FMT(path));
    for (;;) {
        struct oc_slice step = oc_slice_cut(&rest, '/');
        int next;

        rc = step_name(step, path, name, err);
        if (rc < 0 || !rest.ptr)
            break;
        next = open_step(dir, name, create, path, err);
        (void)close(dir); /* a folder that was only opened */
        if (next < 0)
            return next;
        dir = next;
    }
    if (rc == OC_OK)
        return dir;
    (void)close(dir); /* a folder that was only opened */
    return rc;
}
