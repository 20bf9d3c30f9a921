/* What all trees of files have in common. */
#include "copy/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"

int oc_tree_add(struct oc_tree *tree, const struct oc_tree_file *file, struct oc_err *err)
{
    struct oc_tree_file *grown;

    if (tree->count >= OC_MODEL_FILES_MAX)
        return oc_fail(err, OC_ELIMIT, "there are more than %d files", OC_MODEL_FILES_MAX);
    grown = oc_grow(tree->files, &tree->cap, tree->count + 1, sizeof(*grown));
    if (!grown)
        return oc_fail_nomem(err);
    tree->files = grown;
    tree->files[tree->count++] = *file;
    return OC_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct oc_tree_file *x = a, *y = b;

    return strcmp(x->path, y->path);
}

void oc_tree_sort(struct oc_tree *tree)
{
    if (tree->count > 0)
        qsort(tree->files, tree->count, sizeof(*tree->files), by_path);
}

int oc_tree_read(const struct oc_tree *tree, size_t file, uint64_t offset, uint8_t *to, size_t len,
                 struct oc_err *err)
{
    return tree->ops->read(tree, &tree->files[file], offset, to, len, err);
}

void oc_tree_clear(struct oc_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->files[i].path);
        free(tree->files[i].etag);
    }
    free(tree->files);
    if (tree->ops && !tree->s3)
        oc_autoclose(&tree->fd);
    *tree = (struct oc_tree){0};
}
