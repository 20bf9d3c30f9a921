/*
 * Inside of the scrubber. Not for other folders.
 *
 * scrub.c         life, pace, figures
 * pass.c          one pass over all Regions
 * again.c         looking again at what was found
 * mend.c          what happens to a blob that is not what it should be
 * needs.c         who needs it, and where else its bytes may be
 * batch.c         the same for many blobs at once
 * far.c           its bytes from other machines
 * verify_model.c  the verifier: one model
 * finding.c, verification.c  records
 */
#ifndef OC_SCRUB_IMPL_H
#define OC_SCRUB_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "scrub/finding.h"
#include "scrub/scrub.h"
#include "scrub/verification.h"

#include "model/record.h"

#define OC_SCRUB_ARENA_MAX (16UL * 1024 * 1024)
#define OC_SCRUB_KEY_MAX   64 /* account \0 region \0 model id */

struct oc_scrub_counts {
    _Atomic uint64_t blobs, bytes;     /* read and found good, by both threads */
    _Atomic uint64_t damaged, missing; /* found, each time */
    _Atomic uint64_t mended;           /* of those */
    _Atomic uint64_t skipped;          /* could not be read: key disabled, no descriptor, … */
    _Atomic uint64_t passes;           /* ended since the start */
    _Atomic uint64_t verifications[OC_VERIFICATION_STATUSES]; /* ended since the start */
    _Atomic uint64_t findings;                                /* now */
    _Atomic int64_t pass_end_ms;                              /* of the last pass; 0: never */
};

struct oc_scrubber {
    struct oc_scrub_options options;
    struct oc_scrub_counts counts;
    pthread_t threads[2];
    unsigned thread_count;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* stopping, or woken */
    bool stopping, woken;
    char current[OC_SCRUB_KEY_MAX]; /* the model that is being verified */
    size_t current_len;
    struct oc_scrub_progress progress;
    int64_t began_us;
    int64_t *quiet_until_us; /* for each peer: it is not asked before, see far.c */
};

/** Memory for one blob at a time. Zero-initialise; clear. */
struct oc_scrub_buffer {
    uint8_t *bytes;
    size_t cap;
    size_t len; /* plaintext bytes of what was read last */
};
void oc_scrub_buffer_clear(struct oc_scrub_buffer *buffer);

struct oc_scrub_known;

/** What one thread knows of the blobs that it looks at next: see batch.c. Zero-initialise; clear.
 */
struct oc_scrub_batch {
    const uint8_t *list; /* of those that may still be taken in, see oc_scrub_batch_begin */
    size_t stride, left;
    const struct oc_region *region; /* of what is known */
    struct oc_scrub_known *known;   /* sorted by digest */
    size_t count;
    void *manifests; /* digests of those that were read, sorted */
    size_t manifest_count, manifest_cap;
};

/* -- scrub.c -------------------------------------------------------------------------------- */

bool oc_scrub_is_stopping(struct oc_scrubber *scrubber);

/** Sleep that long, or until the scrubber stops. @return false: it stops */
bool oc_scrub_sleep(struct oc_scrubber *scrubber, int64_t us);

/** The Region's store, or NULL. */
const struct oc_region *oc_scrub_region(const struct oc_scrubber *scrubber, struct oc_slice name);

/** Count what is found in the store: for the figures. */
void oc_scrub_count_findings(struct oc_scrubber *scrubber);

/* -- pass.c --------------------------------------------------------------------------------- */

/** The scrubber's thread. */
void *oc_scrub_pass_main(void *scrubber);

/* -- mend.c --------------------------------------------------------------------------------- */

/** Make the buffer fit for a blob of so many plaintext bytes. Errors: OC_ENOMEM. */
int oc_scrub_make_room(struct oc_scrub_buffer *buffer, uint64_t plain_len, struct oc_err *err);

/** Read a blob from the disk. Errors: as oc_blob_get. */
int oc_scrub_read(struct oc_blob_store *blobs, const struct oc_blob_name *name,
                  struct oc_scrub_buffer *buffer, struct oc_err *err);

/** What became of a blob that was looked at. */
enum oc_scrub_state {
    OC_SCRUB_GOOD,
    OC_SCRUB_MENDED,  /* `problem` says what was wrong; `buffer` has its bytes */
    OC_SCRUB_DAMAGED, /* and still is; `problem` says how */
    OC_SCRUB_SKIPPED, /* it could not be read for another reason, which `problem` says */
    OC_SCRUB_UNUSED   /* it is damaged or gone, and nothing needs it */
};

/**
 * Look at one blob, mend it if it is damaged and a model needs it, and keep the findings up to
 * date.
 * @param batch    of the thread: makes many damaged blobs, one behind the other, cheap
 * @param problem  set unless the blob is good
 * @return the state; a failure of the store or of memory is OC_SCRUB_SKIPPED
 */
enum oc_scrub_state oc_scrub_look(struct oc_scrubber *scrubber, const struct oc_region *region,
                                  const struct oc_blob_name *name, struct oc_scrub_batch *batch,
                                  struct oc_scrub_buffer *buffer, struct oc_err *problem);

/* -- again.c -------------------------------------------------------------------------------- */

/**
 * Look again at the findings of a Region.
 * @param advised_only  those whose finding says what can be done about it (struct oc_finding)
 * Errors: those of the store; OC_ENOMEM.
 */
int oc_scrub_look_again(struct oc_scrubber *scrubber, const struct oc_region *region,
                        bool advised_only, struct oc_scrub_batch *batch,
                        struct oc_scrub_buffer *buffer, struct oc_err *err);

/* -- verify_model.c ------------------------------------------------------------------------- */

/** The verifier's thread. */
void *oc_scrub_verify_main(void *scrubber);

/* -- needs.c -------------------------------------------------------------------------------- */

#define OC_SCRUB_PLACES_MAX  1024 /* pairs of Region and key that are searched */
#define OC_SCRUB_ORIGINS_MAX 4    /* models on other machines that ours were copied from, */
#define OC_SCRUB_COPIES_MAX  64   /* and that were copied from ours: how many are asked for */

/** Where copies of a blob may be. */
struct oc_scrub_place {
    char region[32];
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
};

/** A model on another machine that has the bytes of one of ours. Text in the arena of the needs. */
struct oc_scrub_far {
    struct oc_slice model_arn;
    struct oc_slice account, region; /* of ours */
    struct oc_slice copy_of;         /* ours, when it is the original of that one; else absent */
};

/** What the store says of one blob. */
struct oc_scrub_needs {
    struct oc_scrubber *scrubber;
    struct oc_slice region;
    const struct oc_blob_name *name;
    struct oc_arena *arena;
    struct oc_scrub_batch *batch;
    struct oc_read *read;       /* while models are met */
    struct oc_finding *finding; /* its models are filled in */
    bool is_manifest;           /* of one of them */
    struct oc_scrub_far origins[OC_SCRUB_ORIGINS_MAX], copies[OC_SCRUB_COPIES_MAX];
    size_t origin_count, copy_count;
    struct oc_slice stranger; /* a Region with a copy that is no peer of ours; or absent */
    struct oc_scrub_place places[OC_SCRUB_PLACES_MAX];
    size_t place_count;
};

/** Fill in what the store says; scrubber, region, name, arena, batch and finding are set.
 * Errors: those of the store; OC_ENOMEM. Cost: reads all models, and the manifests of those of this
 * Region and key that the batch does not know. */
int oc_scrub_find_needs(struct oc_scrub_needs *needs, struct oc_err *err);

/* -- batch.c -------------------------------------------------------------------------------- */

/**
 * Say what will be looked at.
 * @param list   `count` things of `stride` bytes, each of which begins with a digest, in the order
 *               in which they come; borrowed until oc_scrub_batch_end
 */
void oc_scrub_batch_begin(struct oc_scrub_batch *batch, const void *list, size_t stride,
                          size_t count);
/** The list is no more. What is known stays. */
void oc_scrub_batch_end(struct oc_scrub_batch *batch);
void oc_scrub_batch_clear(struct oc_scrub_batch *batch);

/**
 * Get to know the blob `sha256` and those that come next in the list, unless it is known, or not in
 * the list. Errors: those of the store; OC_ENOMEM. Cost: reads all manifests of the Region.
 */
int oc_scrub_batch_fill(struct oc_scrub_batch *batch, struct oc_read *read,
                        const struct oc_region *region, const uint8_t sha256[OC_SHA256_LEN],
                        struct oc_err *err);

/**
 * Whether a manifest holds a blob.
 * @param manifest  digest, hexadecimal
 * @return false: not known here
 */
bool oc_scrub_batch_tells(const struct oc_scrub_batch *batch, struct oc_slice manifest,
                          const uint8_t sha256[OC_SHA256_LEN], bool *ret_holds);

/* -- far.c ---------------------------------------------------------------------------------- */

/**
 * Ask the machines that the needs name for the blob's bytes, which are verified.
 * @return false: none has them, or can be asked; if something can be done about that, the finding's
 *         `advice` says what. Blocks for as long as a peer sends, or is silent; ends when the
 *         scrubber stops.
 */
bool oc_scrub_find_far(struct oc_scrub_needs *needs, struct oc_scrub_buffer *buffer);

#endif
