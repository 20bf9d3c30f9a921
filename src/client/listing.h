/*
 * The files below a folder, as an import takes them.
 *
 * Every regular file counts, hidden ones too; symbolic links are followed (model caches keep their
 * files behind them). Folders without files leave no trace. Anything else (sockets, devices,
 * broken links, loops) is an error, because leaving it out silently would make another model.
 */
#ifndef OC_CLIENT_LISTING_H
#define OC_CLIENT_LISTING_H

#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"

struct oc_listed_file {
    struct oc_slice path; /* relative to the folder, NUL-terminated */
    uint64_t size;
    bool executable;
    dev_t device; /* this and the following tell whether it was changed since */
    ino_t inode;
    struct timespec changed;
};

struct oc_listing {
    struct oc_arena text;
    struct oc_listed_file *files; /* in byte order of their paths */
    size_t count;
    uint64_t size;
};

/**
 * List the files below `dir`.
 *
 * @param[out] ret  clear with oc_listing_clear; set on OC_OK only
 * Errors: OC_EINVAL — no folder, no file in it, or something that is no file (text names it);
 *         OC_ELIMIT — more than OC_MODEL_FILES_MAX files; OC_ENOTFOUND, OC_EDENIED, OC_EIO,
 *         OC_ENOMEM.
 */
int oc_listing_read(const char *dir, struct oc_listing *ret, struct oc_err *err);
void oc_listing_clear(struct oc_listing *list);

/** Whether `st` shows the file as it was when it was listed. */
bool oc_listing_is_same(const struct oc_listed_file *file, const struct stat *st);

#endif
