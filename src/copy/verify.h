/*
 * Are the files of a model what its manifest says? Hashes them from the model's parts, in order.
 *
 * Threads: a verification belongs to one thread at a time.
 */
#ifndef OC_COPY_VERIFY_H
#define OC_COPY_VERIFY_H

#include "base/bytes.h"
#include "base/err.h"
#include "model/manifest.h"

/** Goes over the parts in order. Zero-initialise, set `manifest`; clear. */
struct oc_copy_verify {
    const struct oc_manifest *manifest;
    size_t file; /* the next one to end */
    struct oc_sha256_stream *stream;
    bool open; /* some of `file` is in the stream */
};

/**
 * Hash part `index`. After OC_EINVAL it may be called again with the same part, for the files
 * behind the one that failed.
 * Errors: OC_EINVAL (a file has another digest; text names it, `file` is the one behind it),
 *         OC_ENOMEM.
 */
int oc_copy_verify_part(struct oc_copy_verify *verify, uint32_t index, struct oc_slice bytes,
                        struct oc_err *err);
/** The empty files at the end. Errors: as above. */
int oc_copy_verify_end(struct oc_copy_verify *verify, struct oc_err *err);
void oc_copy_verify_clear(struct oc_copy_verify *verify);

#endif
