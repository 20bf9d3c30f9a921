/*
 * Is everything there that the store speaks of? The checker behind `outcrop check`.
 *
 * Looks at models, names, tasks, jobs and blobs together; the store's own structure is checked by
 * oc_store_check. Reads only, on one snapshot, and may run beside a server: what a running server
 * changes meanwhile is looked at once more before it becomes a finding.
 */
#ifndef OC_COPY_CHECK_H
#define OC_COPY_CHECK_H

#include "copy/engine.h"

struct oc_copy_check_options {
    struct oc_store *store;
    const struct oc_region *regions;
    size_t region_count;
    bool deep; /* decrypt and re-hash every part and file, not only look for them */
    oc_check_fn *fn;
    void *ctx;
};

/**
 * Check that
 *  - every Active model has its manifest, its manifest is well formed and says the size and count
 *    of files that the record says, and all of its parts are there (`deep`: and decrypt to their
 * digests, and the files have theirs);
 *  - every Creating model has a task and every task a Creating model; the task of a copy has a job
 *    that is InProgress, and every job that is InProgress has a task;
 *  - the model of a Completed job is Active or deleted, that of a Failed job Failed or deleted;
 *  - a name is held exactly by the Creating and Active models that bear it.
 * Models and jobs of Regions that are not in `regions` are checked without their blobs.
 *
 * @param[out] ret_findings  how many calls of `fn` were made; 0 means sound
 * Errors: OC_EIO, OC_ECORRUPT, OC_ENOMEM — the check itself could not go on.
 */
int oc_copy_check(const struct oc_copy_check_options *options, uint64_t *ret_findings,
                  struct oc_err *err);

#endif
