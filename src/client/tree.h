/*
 * Paths below a folder that never lead out of it: every step is opened by name from the one above
 * it and symbolic links are refused. For files whose names come from elsewhere.
 */
#ifndef OC_CLIENT_TREE_H
#define OC_CLIENT_TREE_H

#include "base/bytes.h"
#include "base/err.h"

/**
 * Open the folder that holds `path`, which is relative to `root`.
 *
 * @param create     make missing folders
 * @param[out] name  NUL-terminated last step of `path`, at most 255 bytes
 * @return a descriptor, or an error: OC_ENOTFOUND (only without `create`), OC_EINVAL — a step is a
 *         link or no folder, or too long; OC_EFULL, OC_EDENIED, OC_EIO.
 */
int oc_tree_open_parent(int root, struct oc_slice path, bool create, char name[256],
                        struct oc_err *err);

#endif
