/*
 * Settings that say where bytes are: a folder, or a bucket of an S3-compatible store.
 *
 * Threads: any; values are read-only once loaded.
 */
#ifndef OC_CLI_CONFIG_PLACE_H
#define OC_CLI_CONFIG_PLACE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "s3/s3.h"

/** A place. Text is absent until set. */
struct oc_place {
    struct oc_slice type; /* "fs" or "s3"; of content stores */
    struct oc_slice path; /* a folder; of sources */
    struct oc_slice style;
    struct oc_slice
        prefix; /* of all keys, without a `/` at its ends; "" when it was given as none */
    struct oc_s3_options s3;
};

/** What the place is for: decides which settings there are. */
enum oc_place_use {
    OC_PLACE_SOURCE, /* [bucket NAME]: `path`, or a bucket */
    OC_PLACE_CONTENT /* [blob]: `type`, and a bucket for s3 */
};

/** Set one key. Errors: OC_EINVAL (unknown key, value out of form), OC_ENOMEM. */
int oc_place_set(struct oc_place *place, enum oc_place_use use, struct oc_slice key,
                 struct oc_slice value, struct oc_arena *arena, struct oc_err *err);

/** What `place` leaves open becomes as in `base`. */
void oc_place_inherit(struct oc_place *place, const struct oc_place *base);

/** Whether it is a bucket: by its type, or as a source by its endpoint. */
bool oc_place_is_s3(const struct oc_place *place);

/** See that what a bucket needs is there and set `host_style`. Errors: OC_EINVAL. */
int oc_place_finish(struct oc_place *place, struct oc_err *err);

#endif
