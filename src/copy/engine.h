/*
 * The copy engine: takes up unfinished copies and imports, moves their bytes, and ends their jobs.
 *
 * Work is found in the store (OC_RECORD_TASK), so a restart needs nothing but the store: parts
 * that are already in the target's content store are not moved again. A model becomes Active, its
 * job Completed and its task removed in one commit, after every part and the manifest are durable.
 * When it cannot be made, model and job become Failed with the reason, the task is removed and the
 * name released, also in one commit; parts that nothing else needs are then swept away.
 *
 * Order: accounts take turns, one account runs at most `account_jobs` of `jobs_at_once`, and a
 * quarter of it is kept for models of at most 1 GiB, so that a small copy never waits behind a
 * terabyte. Running work shares a fixed set of part buffers, which go to the account that holds
 * fewest: that bounds the memory, and divides the disk, whatever the sizes of the models.
 *
 * Threads: any. The engine owns its workers and logs (it is one of the places that may).
 */
#ifndef OC_COPY_ENGINE_H
#define OC_COPY_ENGINE_H

#include "base/bytes.h"
#include "base/err.h"
#include "blob/blob.h"
#include "events/events.h"
#include "keys/keys.h"
#include "model/manifest.h"
#include "model/record.h"
#include "peer/peer.h"
#include "s3/s3.h"
#include "store/store.h"

/** One Region this process serves. Borrowed for the engine's life. */
struct oc_region {
    struct oc_slice name;
    struct oc_blob_store *blobs;
};

/** Where s3://NAME/… leads: a local folder, or a bucket. Borrowed for the engine's life. */
struct oc_bucket {
    struct oc_slice name;
    const char *folder; /* NULL: the following */
    struct oc_s3 *s3;
    struct oc_slice prefix; /* before all keys, without `/` at its end; empty: nothing is */
    const struct oc_slice *accounts; /* that may import from it; for others it is not there */
    size_t account_count;            /* 0: all */
};

/**
 * Whether a copy from another account may go on, as `read` shows it. Called from the engine's
 * threads and from the store's writer.
 * Errors: OC_EDENIED (the share was revoked: the copy fails), others: asked again later.
 */
typedef int oc_copy_allowed_fn(struct oc_read *read, const struct oc_task *task, void *ctx,
                               struct oc_err *err);

struct oc_copy_options {
    struct oc_store *store;
    struct oc_keys *keys;
    struct oc_events *events; /* told of every job that ends; NULL: nobody is */
    const struct oc_region *regions;
    size_t region_count;
    const struct oc_bucket *buckets;
    size_t bucket_count;
    struct oc_peers peers;             /* Regions on other machines, for copies from there */
    int64_t peer_patience_ms;          /* how long another machine is waited for; 0: 600,000 */
    uint32_t workers;                  /* threads that move parts here, 1–64; 0: 4 */
    uint32_t jobs_at_once;             /* copies and imports running at one time, 1–256; 0: 16 */
    uint32_t account_jobs;             /* of these, of one account, at most; 0: half */
    int64_t bandwidth;                 /* bytes a second that all copies move together; 0: any */
    int64_t upload_keep_ms;            /* how long an upload may take; 0: for ever */
    uint32_t from_hour, to_hour;       /* 0–23: copies run in these local hours; equal: always */
    oc_copy_allowed_fn *still_allowed; /* for copies across accounts; NULL: always */
    void *allowed_ctx;
};

struct oc_copy_engine;

/** Start the workers and take up what is unfinished. Errors: OC_ENOMEM, OC_EIO. */
int oc_copy_engine_new(const struct oc_copy_options *options, struct oc_copy_engine **ret,
                       struct oc_err *err);

/**
 * Stop after the parts in flight and what oc_copy_engine_run took, and end the threads; unfinished
 * work stays in the store. Until the engine is freed oc_copy_engine_wake, _sweep, _pin and _unpin
 * still may be called: by what the store finishes when it closes. NULL is fine, and twice.
 */
void oc_copy_engine_stop(struct oc_copy_engine *engine);

/** Stop if need be and free. NULL is fine. */
void oc_copy_engine_free(struct oc_copy_engine *engine);

/**
 * From now on `fn(ctx)` is asked, too, whether others wait for what calls to a silent machine hold:
 * requests hold memory. Until the engine is stopped; must not block.
 */
void oc_copy_engine_ask_whether_others_wait(struct oc_copy_engine *engine, bool (*fn)(void *ctx),
                                            void *ctx);

/** Say that the store has new work. Cheap; never blocks. */
void oc_copy_engine_wake(struct oc_copy_engine *engine);

#define OC_COPY_WAITING_MAX 512

/** How far a running copy is. */
struct oc_copy_progress {
    const char *phase; /* static: "queued", "waiting", "copying", "sealing", "done" */
    char waiting_for[OC_COPY_WAITING_MAX]; /* "waiting": for which Region, or hours; else "" */
    uint64_t bytes_done, bytes_total;
    uint64_t parts_done, parts_total;
    uint64_t bytes_per_second; /* over the last seconds */
    int64_t seconds_left;      /* -1: not known yet */
};

/** @return false when the engine is not making that model at the moment. */
bool oc_copy_engine_progress(struct oc_copy_engine *engine, struct oc_partition target,
                             struct oc_slice model_id, struct oc_copy_progress *ret);

#define OC_TASK_KINDS 3 /* of enum oc_task_kind */

/** What the engine has done since it started, and holds now. By enum oc_task_kind where in arrays.
 */
struct oc_copy_stats {
    uint64_t started[OC_TASK_KINDS];      /* runs, also those after a restart or a pause */
    uint64_t completed[OC_TASK_KINDS];    /* made their model Active */
    uint64_t failed[OC_TASK_KINDS];       /* made it Failed */
    uint64_t put_off;                     /* runs that the store made wait */
    uint64_t bytes_moved[OC_TASK_KINDS];  /* verified, and stored where need be */
    uint64_t bytes_reused[OC_TASK_KINDS]; /* were there already */
    uint64_t parts_moved, parts_reused;
    uint64_t retries; /* of parts and manifests, after failures that may pass */
    uint64_t sweeps, sweep_failures;
    uint64_t blobs_swept;
    uint64_t queued, running; /* tasks, now */
};
/** Never fails; waits for no I/O. */
void oc_copy_engine_stats(struct oc_copy_engine *engine, struct oc_copy_stats *ret);

/** Write the families about the other machines that are copied from, if there are any. */
void oc_copy_places_metrics(struct oc_metrics_writer *w, const struct oc_copy_engine *engine);

/** The engine's view of a Region, or NULL when this process does not serve it. */
const struct oc_region *oc_copy_engine_region(struct oc_copy_engine *engine, struct oc_slice name);

/**
 * Run `fn(ctx)` on one of the engine's threads: for requests that move a part's bytes. Bounded
 * queue.
 * @param waits  it may wait for another machine: then it keeps none of those that move parts here
 * Errors: OC_EBUSY (queue full or stopping).
 */
int oc_copy_engine_run(struct oc_copy_engine *engine, bool waits, void (*fn)(void *ctx), void *ctx,
                       struct oc_err *err);

/**
 * Keep a part from being swept away. Pin before looking whether it is there or storing it; unpin
 * when the record that refers to it (OC_RECORD_UPLOAD_PART, a task, a model) is durable, or when
 * none will be. Pins count. `region` must be one that the engine serves.
 * Errors: OC_ENOMEM, OC_ENOTFOUND (Region not served).
 */
int oc_copy_engine_pin(struct oc_copy_engine *engine, struct oc_slice region,
                       const uint8_t sha256[OC_SHA256_LEN], struct oc_err *err);
void oc_copy_engine_unpin(struct oc_copy_engine *engine, struct oc_slice region,
                          const uint8_t sha256[OC_SHA256_LEN]);

/**
 * Ask for a sweep of `region` (after a model was deleted): blobs that no model, task or upload
 * refers to are removed in the background, those that are pinned some time after they no longer
 * are. Requests that come before it begins are one. Never blocks.
 */
void oc_copy_engine_sweep(struct oc_copy_engine *engine, struct oc_slice region);

/**
 * Read the manifest of a model from its Region's content store.
 * @param hex  SHA-256 of the encoded manifest, hexadecimal
 * @param ret  initialised; cleared by the caller whatever happens
 * Errors: as oc_blob_get; OC_ECORRUPT (not a manifest).
 */
int oc_copy_manifest_load(struct oc_blob_store *blobs, struct oc_slice key_id, struct oc_slice hex,
                          struct oc_manifest *ret, struct oc_err *err);

#endif
