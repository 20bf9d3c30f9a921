/*
 * Where copies of a model are, in Regions on other machines: what their servers said when they were
 * about to have one (OC_RECORD_COPIES, under the model's key). Where one says so and then does not
 * finish, or deletes its copy, it stays in the list: who is asked there gets a clear no.
 *
 * Threads: any. No I/O.
 */
#ifndef OC_MODEL_COPIES_H
#define OC_MODEL_COPIES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

struct oc_known_copy {
    struct oc_slice model_arn; /* of the copy: it names account and Region, too */
    int64_t time_ms;           /* when it was told */
};

/** Newest first. Text is borrowed from where it was decoded, or given. */
struct oc_copies {
    struct oc_known_copy items[OC_COPIES_MAX];
    size_t count;
};

/**
 * Put a copy first. Who gives way to it: the oldest of its account and Region when there are
 * OC_COPIES_OF_ACCOUNT_MAX of them; in a full list the oldest of the Region that has most. So
 * nobody who makes many copies takes the places of all others.
 * @param model_arn  ARN of a custom model
 */
void oc_copies_add(struct oc_copies *copies, struct oc_slice model_arn, int64_t time_ms);

/** Append the record. Check `buf->failed`. */
void oc_copies_encode(struct oc_buf *buf, const struct oc_copies *copies);

/** Read a record; text is copied to `arena`. Errors: OC_ECORRUPT, OC_ENOMEM. */
int oc_copies_decode(struct oc_slice record, struct oc_arena *arena, struct oc_copies *ret,
                     struct oc_err *err);

#endif
