/* The files below a folder. */
#include "client/listing.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"

/* Paths of the largest model there may be. */
#define TEXT_MAX ((size_t)OC_MODEL_FILES_MAX * (OC_MODEL_PATH_MAX + 16))

void oc_listing_clear(struct oc_listing *list)
{
    free(list->files);
    oc_arena_clear(&list->text);
    *list = (struct oc_listing){0};
}

bool oc_listing_is_same(const struct oc_listed_file *file, const struct stat *st)
{
    return st->st_dev == file->device && st->st_ino == file->inode &&
           (uint64_t)st->st_size == file->size && st->st_mtim.tv_sec == file->changed.tv_sec &&
           st->st_mtim.tv_nsec == file->changed.tv_nsec;
}

static int add_file(struct oc_listing *list, size_t *cap, const char *path, const struct stat *st,
                    struct oc_err *err)
{
    struct oc_listed_file *file;

    if (list->count == OC_MODEL_FILES_MAX)
        return oc_fail(err, OC_ELIMIT, "more than %d files", OC_MODEL_FILES_MAX);
    if (list->count == *cap) {
        size_t longer = *cap ? *cap * 2 : 64;
        void *files = oc_realloc(list->files, longer * sizeof(*list->files));

        if (!files)
            return oc_fail_nomem(err);
        list->files = files;
        *cap = longer;
    }
    file = &list->files[list->count];
    *file = (struct oc_listed_file){
        .path = oc_arena_copy(&list->text, oc_slice_of(path)),
        .size = (uint64_t)st->st_size,
        .executable = (st->st_mode & S_IXUSR) != 0,
        .device = st->st_dev,
        .inode = st->st_ino,
        .changed = st->st_mtim,
    };
    if (!file->path.ptr)
        return oc_fail_nomem(err);
    if (__builtin_add_overflow(list->size, file->size, &list->size))
        return oc_fail(err, OC_ELIMIT, "the files are too large");
    list->count++;
    return OC_OK;
}

static int take_entry(struct oc_listing *list, size_t *cap, size_t skip, const FTSENT *entry,
                      struct oc_err *err)
{
    switch (entry->fts_info) {
    case FTS_D:
    case FTS_DP:
        return OC_OK;
    case FTS_F:
        if (entry->fts_level == 0)
            return oc_fail(err, OC_EINVAL, "'%s' is a file; give the folder that holds the model",
                           entry->fts_path);
        return add_file(list, cap, entry->fts_path + skip, entry->fts_statp, err);
    case FTS_DC:
        return oc_fail(err, OC_EINVAL, "'%s' leads back to a folder above it", entry->fts_path);
    case FTS_SLNONE:
        return oc_fail(err, OC_EINVAL, "'%s' is a link to nothing", entry->fts_path);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return oc_fail_errno(err, "cannot read '%s'", entry->fts_path);
    default:
        return oc_fail(err, OC_EINVAL, "'%s' is neither a file nor a folder", entry->fts_path);
    }
}

static int compare_paths(const void *a, const void *b)
{
    return oc_slice_cmp(((const struct oc_listed_file *)a)->path,
                        ((const struct oc_listed_file *)b)->path);
}

static void close_fts(FTS **fts)
{
    if (*fts)
        (void)fts_close(*fts); /* only read from */
}

static int list_into(char *root, struct oc_listing *list, struct oc_err *err)
{
    char *roots[] = {root, NULL};
    OC_AUTO(close_fts) FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    size_t cap = 0, skip = strlen(root);
    FTSENT *entry;

    if (!fts)
        return oc_fail_errno(err, "cannot read '%s'", root);
    skip += root[skip - 1] != '/'; /* the slash that fts puts between */
    while ((errno = 0, entry = fts_read(fts))) {
        int rc = take_entry(list, &cap, skip, entry, err);

        if (rc < 0)
            return rc;
    }
    if (errno != 0)
        return oc_fail_errno(err, "cannot read '%s'", root);
    if (list->count == 0)
        return oc_fail(err, OC_EINVAL, "there is no file in '%s'", root);
    qsort(list->files, list->count, sizeof(*list->files), compare_paths);
    return OC_OK;
}

int oc_listing_read(const char *dir, struct oc_listing *ret, struct oc_err *err)
{
    struct oc_listing list = {0};
    char *root = strdup(dir);
    size_t len = strlen(dir);
    int rc;

    if (!root)
        return oc_fail_nomem(err);
    /* fts keeps a final slash: `dir//file`. */
    while (len > 1 && root[len - 1] == '/')
        root[--len] = '\0';
    oc_arena_init(&list.text, TEXT_MAX);
    rc = list_into(root, &list, err);
    free(root);
    if (rc < 0) {
        oc_listing_clear(&list);
        return rc;
    }
    *ret = list;
    return OC_OK;
}
