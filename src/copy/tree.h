/*
 * The files that an import reads: those of a folder, or the objects below a prefix of a bucket. Not
 * for other folders.
 *
 * A tree is listed once. What is read later must still be what was listed: a file that was changed
 * meanwhile is refused with OC_ECONFLICT, so that a model is never half old and half new.
 *
 * Threads: one lists; any may read.
 */
#ifndef OC_COPY_TREE_H
#define OC_COPY_TREE_H

#include "base/bytes.h"
#include "base/err.h"
#include "s3/s3.h"

struct oc_tree_file {
    char *path; /* below the tree */
    uint64_t size;
    bool executable;
    /* By what a change is seen: the kind of tree chooses. */
    int64_t mtime_s, mtime_ns;
    uint64_t inode;
    char *etag;
};

struct oc_tree;

struct oc_tree_ops {
    /** As oc_tree_read; `len` may be 0: then it only sees whether the file is as it was listed. */
    int (*read)(const struct oc_tree *tree, const struct oc_tree_file *file, uint64_t offset,
                uint8_t *to, size_t len, struct oc_err *err);
};

/** Zero-initialise; clear. */
struct oc_tree {
    const struct oc_tree_ops *ops;
    struct oc_tree_file *files; /* in path order */
    size_t count, cap;
    int fd;                 /* the folder; guarded by `ops` */
    struct oc_s3 *s3;       /* the bucket */
    struct oc_slice prefix; /* of the objects' keys: empty, or with `/` at its end */
};

/**
 * List the regular files below `prefix` of `folder`. Symbolic links below `folder` are refused,
 * never followed: a link could lead to any file of the server.
 * Errors: OC_EINVAL (a link or special file; text names it), OC_ENOTFOUND, OC_EDENIED, OC_ELIMIT,
 *         OC_EIO, OC_ENOMEM. Clear whatever happens.
 */
int oc_tree_list_folder(const char *folder, struct oc_slice prefix, struct oc_tree *ret,
                        struct oc_err *err);

/**
 * List the objects below `prefix`, which is empty or ends with `/` and must outlive the tree. Empty
 * objects whose key ends with `/`, which stand for folders, are passed over.
 * Errors: OC_EINVAL (a key that is no path; text names it), OC_ELIMIT, as oc_s3_list. Clear
 *         whatever happens.
 */
int oc_tree_list_bucket(struct oc_s3 *s3, struct oc_slice prefix, struct oc_tree *ret,
                        struct oc_err *err);

/**
 * Read `len` bytes of a file from `offset` on, which it had when it was listed.
 * Errors: OC_ECONFLICT (it is not what was listed; text names it), OC_ENOTFOUND, OC_EDENIED,
 *         OC_EIO, OC_EBUSY, OC_ENOMEM.
 */
int oc_tree_read(const struct oc_tree *tree, size_t file, uint64_t offset, uint8_t *to, size_t len,
                 struct oc_err *err);

void oc_tree_clear(struct oc_tree *tree);

/* -- for the kinds of trees ------------------------------------------------------------------- */

/** Add a file; its path and ETag become the tree's on success. Errors: OC_ELIMIT, OC_ENOMEM. */
int oc_tree_add(struct oc_tree *tree, const struct oc_tree_file *file, struct oc_err *err);

/** Put the files in order. */
void oc_tree_sort(struct oc_tree *tree);

#endif
