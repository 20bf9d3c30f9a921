/*
 * Verifications: the last one of each model, from its start to its result (OC_RECORD_VERIFICATION,
 * under the model's key).
 */
#ifndef OC_SCRUB_VERIFICATION_H
#define OC_SCRUB_VERIFICATION_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define OC_VERIFICATION_FINDINGS_MAX 100 /* that one verification lists */

enum oc_verification_status {
    OC_VERIFICATION_IN_PROGRESS,
    OC_VERIFICATION_SOUND,    /* every part and file is what the manifest says */
    OC_VERIFICATION_REPAIRED, /* and what was not, was mended from another copy */
    OC_VERIFICATION_DAMAGED,
    OC_VERIFICATION_FAILED, /* it could not be carried out: see `message` */
    OC_VERIFICATION_STATUSES
};

/** "InProgress", "Sound", "Repaired", "Damaged", "Failed". */
struct oc_slice oc_verification_status_text(enum oc_verification_status status);

struct oc_verification_finding {
    struct oc_slice file;    /* the file, or the first one with bytes in the part */
    int64_t part;            /* from 1; 0: a file, or the manifest */
    struct oc_slice problem; /* with the place */
    bool repaired;
};

/** Text is borrowed from where it was decoded. */
struct oc_verification {
    enum oc_verification_status status;
    int64_t start_ms, end_ms; /* end: 0 while it is in progress */
    int64_t bytes, parts;     /* that were read; 0 while it is in progress */
    struct oc_slice message;  /* of Failed */
    const struct oc_verification_finding *findings;
    size_t finding_count;
    int64_t findings_in_all;
};

/** Append the record. Check `buf->failed`. */
void oc_verification_encode(struct oc_buf *buf, const struct oc_verification *verification);

/** Read a record; text is copied to `arena`. Errors: OC_ECORRUPT, OC_ENOMEM. */
int oc_verification_decode(struct oc_slice record, struct oc_arena *arena,
                           struct oc_verification *ret, struct oc_err *err);

#endif
