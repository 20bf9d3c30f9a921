/*
 * Whether the store of a bucket answers, asked in the background while nobody else does: so that
 * what is told of it is true of now, and not of the last call, which may be long ago.
 *
 * Threads: one of its own, which calls `tell`.
 */
#ifndef OC_BLOB_S3_WATCH_H
#define OC_BLOB_S3_WATCH_H

#include "s3/s3.h"

struct oc_blob_watch;

struct oc_blob_watch_options {
    const struct oc_s3_options *s3; /* not kept */
    struct oc_slice key;            /* of an object that is asked for, there or not; copied */
    /* When the store last answered, or was seen not to (oc_clock_mono_us). */
    int64_t (*asked_us)(void *ctx);
    /* It was asked: `rc` and `err` as oc_s3_head says. */
    void (*tell)(int rc, const struct oc_err *err, void *ctx);
    void *ctx;
};

/** Begin. Errors: as oc_s3_open; OC_ENOMEM. */
int oc_blob_watch_new(const struct oc_blob_watch_options *options, struct oc_blob_watch **ret,
                      struct oc_err *err);

/** End it, also in the middle of a question, and free all. NULL is fine. */
void oc_blob_watch_free(struct oc_blob_watch *watch);

#endif
