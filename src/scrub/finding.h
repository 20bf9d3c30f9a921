/*
 * Findings: blobs that are damaged or missing and could not be repaired yet. One record each
 * (OC_RECORD_FINDING), kept until the blob is whole again or nothing refers to it any more.
 */
#ifndef OC_SCRUB_FINDING_H
#define OC_SCRUB_FINDING_H

#include "blob/blob.h"
#include "store/store.h"

#define OC_FINDING_MODELS_MAX 16 /* models that one finding names */

/** Text is borrowed from where it was decoded. */
struct oc_finding {
    struct oc_slice region;
    struct oc_blob_name name;
    struct oc_slice problem; /* what is wrong, with the place: one sentence without a full stop */
    struct oc_slice advice;  /* what can be done about it, for who runs the server; or absent */
    int64_t first_ms;        /* when it was found first, */
    int64_t last_ms;         /* and last */
    struct oc_slice models[OC_FINDING_MODELS_MAX]; /* ARNs of models that need the blob */
    size_t model_count;                            /* how many of them there are, */
    uint64_t models_in_all;                        /* and how many models need it */
};

/** Append the record. Check `buf->failed`. */
void oc_finding_encode(struct oc_buf *buf, const struct oc_finding *finding);

/** Read a record and its key; text is copied to `arena`. Errors: OC_ECORRUPT, OC_ENOMEM. */
int oc_finding_decode(struct oc_slice key, struct oc_slice record, struct oc_arena *arena,
                      struct oc_finding *ret, struct oc_err *err);

/** The record's key, in `arena`: region, key id, digest in hexadecimal. Absent: out of memory. */
struct oc_slice oc_finding_key(struct oc_arena *arena, struct oc_slice region,
                               const struct oc_blob_name *name);

/** Call `fn` with a sentence about each finding. For `outcrop check`. Errors: the store's. */
int oc_findings_tell(struct oc_read *read, oc_check_fn *fn, void *ctx, uint64_t *ret_count,
                     struct oc_err *err);

#endif
