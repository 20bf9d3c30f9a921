/*
 * What import and pull share: progress, and work spread over a few threads.
 */
#ifndef OC_CLIENT_TRANSFER_H
#define OC_CLIENT_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum oc_transfer_phase {
    OC_TRANSFER_PREPARE, /* look at what is there already */
    OC_TRANSFER_MOVE,    /* bytes are moved */
    OC_TRANSFER_VERIFY,  /* all bytes have arrived and are checked */
    OC_TRANSFER_DONE
};

/** How far a transfer has come. Bytes and parts that need not be moved count as done at once. */
struct oc_transfer_progress {
    enum oc_transfer_phase phase;
    uint64_t bytes_done, bytes_total;
    uint64_t bytes_skipped; /* of bytes_done: were there already */
    size_t parts_done, parts_total;
};

/** Called after each step, never from two threads at once; must return soon. */
typedef void (*oc_progress_fn)(const struct oc_transfer_progress *progress, void *ctx);

#define OC_TRANSFER_THREADS_DEFAULT 4
#define OC_TRANSFER_THREADS_MAX     32

/** Work on item `index`, on thread number `worker` (from 0). */
typedef int (*oc_each_fn)(size_t index, unsigned worker, void *ctx, struct oc_err *err);

/**
 * Call `fn` for every index below `count`, on `workers` threads. After the first failure no new
 * item is begun; that failure is the result.
 * Errors: what `fn` returns; OC_ENOMEM — no thread could be started.
 */
int oc_transfer_each(size_t count, unsigned workers, oc_each_fn fn, void *ctx, struct oc_err *err);

#endif
