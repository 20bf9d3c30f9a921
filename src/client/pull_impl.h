/* Inside of pull: what pull.c (manifest, parts, order) and pull_files.c (files) share. */
#ifndef OC_CLIENT_PULL_IMPL_H
#define OC_CLIENT_PULL_IMPL_H

#include <pthread.h>

#include "base/limits.h"
#include "client/pull.h"
#include "model/manifest.h"

#define OC_PULL_PARTIAL ".outcrop-partial"

struct oc_pull {
    struct oc_client *client;
    const struct oc_pull_options *options;
    struct oc_manifest manifest;
    int dest;               /* folder */
    int partial;            /* folder below it, locked */
    bool resumes;           /* `partial` was there before */
    bool *in_place;         /* per file: stands at its name with the right content */
    uint32_t *first_files;  /* per part: the first file that has bytes in it */
    struct oc_buf *buffers; /* per thread, for one part */

    pthread_mutex_t lock; /* guards progress */
    struct oc_transfer_progress progress;
};

/** Fail for `errno`, met when we tried to `what` in the destination. */
int oc_pull_fail_write(struct oc_err *err, const struct oc_pull *pull, const char *what);

/** Open the file of number `index` below the partial folder. @return descriptor, or an error */
int oc_pull_open_file(const struct oc_pull *pull, size_t index, int flags, struct oc_err *err);

/* For oc_transfer_each, with the pull as context and the number of a file. */

/** Whether the file stands at its name: sets `in_place`. Errors: OC_ECONFLICT (something else
 * does). */
int oc_pull_look_at_file(size_t index, unsigned worker, void *ctx, struct oc_err *err);

/** Make the file below the partial folder, in its length. */
int oc_pull_size_file(size_t index, unsigned worker, void *ctx, struct oc_err *err);

/** Prove the whole file and make it durable, still below the partial folder.
 * Errors: OC_ECORRUPT (it does not have its digest). */
int oc_pull_seal_file(size_t index, unsigned worker, void *ctx, struct oc_err *err);

/** Give all files their names. Errors: OC_ECONFLICT (something came in the way). */
int oc_pull_place_files(struct oc_pull *pull, struct oc_err *err);

/** Remove the partial folder, and what an earlier pull of another model may have left in it. A
 * folder that stays does no harm: the model is in place. */
void oc_pull_remove_partial(const struct oc_pull *pull);

#endif
