/*
 * Inside of the copy engine. Not for other folders.
 *
 * engine.c    the runners, and what is asked from outside
 * queue.c     which task runs when
 * job.c       one run of one task, from its record to its end
 * commit.c    what a run reads from the store and writes to it
 * away.c      waiting for another machine that cannot be asked
 * flight.c    the parts of a run that are in the workers' hands
 * transfer.c  copy: from a source into a content store
 * source_local.c  the source is a Region of this process
 * source_peer.c   the source is a Region on another machine
 * import.c    import: from a tree of files (tree.c: tree_folder.c, tree_bucket.c)
 * together.c  doing many small things several at a time
 * upload.c    upload: verify what a client has stored
 * upload_records.c  the end of uploads that were not completed
 * verify.c    hashing files from parts
 * pace.c      how fast copies go, and when
 * sweep.c     removing what nothing refers to
 * check.c     the checker (check_bytes.c: its second half)
 *
 * Locks: engine->lock, then job->lock, then those of pool and pins; none is held over I/O.
 */
#ifndef OC_COPY_IMPL_H
#define OC_COPY_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "copy/engine.h"
#include "copy/pins.h"
#include "copy/pool.h"
#include "copy/verify.h"

/* region \0 account \0 model id */
#define OC_COPY_KEY_MAX 64
#define OC_COPY_SAMPLES 16

struct oc_copy_region {
    struct oc_region region;
    struct oc_pins pins;
    /* Guarded by engine->lock. */
    bool sweep_wanted;
    int64_t sweep_again_us; /* garbage was pinned: when to look again; 0: there was none */
    bool released;          /* something was unpinned since the last sweep began */
    int64_t uploads_due_us; /* when to look for uploads that were abandoned */
};

struct oc_copy_job;
struct oc_copy_way;

/** See struct oc_copy_stats. */
struct oc_copy_counts {
    _Atomic uint64_t started[OC_TASK_KINDS], completed[OC_TASK_KINDS], failed[OC_TASK_KINDS];
    _Atomic uint64_t bytes_moved[OC_TASK_KINDS], bytes_reused[OC_TASK_KINDS];
    _Atomic uint64_t parts_moved, parts_reused, retries, put_off;
    _Atomic uint64_t sweeps, sweep_failures, blobs_swept;
};

/**
 * Where a copy takes its model from. All that differs between sources is here; transfer.c does the
 * rest. Functions run on the job's thread, but for `read_parts`, which runs on the workers.
 */
/** What becomes of one part of a copy. */
struct oc_copy_move {
    struct oc_ticket *ticket;
    bool there; /* the target has it already */
    int rc;
    struct oc_err err; /* when rc is negative */
};

struct oc_copy_source {
    /**
     * Find the model, and see whether it is still shared. Called first, and again when parts are
     * missing. Errors: OC_ECONFLICT (it is gone or not shared; text is fit for the failure
     * message), others: it could not be seen.
     */
    int (*find)(struct oc_copy_job *job, struct oc_err *err);
    /** Read the manifest into job->manifest. Errors: those of the source. */
    int (*load_manifest)(struct oc_copy_job *job, struct oc_err *err);
    /**
     * Read the parts that the moves' tickets name, one or two, each with its own `rc` and `err`.
     * Their digests are verified. What then is in a ticket is the plaintext, or, when it says so by
     * its `sealed_len`, what the target is to store. Errors: as above.
     */
    void (*read_parts)(struct oc_copy_job *job, struct oc_copy_move *const moves[], size_t count);
    bool in_pairs; /* two at a time are faster than one after the other */
    /**
     * All parts are here: see a last time whether the model is still shared, where `check` cannot
     * tell; NULL: it can. Errors: as `find`.
     */
    int (*finish)(struct oc_copy_job *job, struct oc_err *err);
    /**
     * What a snapshot of our store tells of the same as `find`; NULL: nothing. Also called from
     * the store's writer. Errors: as `find`.
     */
    int (*check)(struct oc_copy_job *job, struct oc_read *read, struct oc_err *err);
    /** What tells the machine that parts come from; NULL: they are here. May be asked first. */
    const void *(*place)(const struct oc_copy_job *job);
    /** Another server of our kind: its failures come with what is to be done there. */
    bool is_peer;
};

/** What the engine knows of a task in the store. Guarded by engine->lock. */
struct oc_copy_entry {
    char key[OC_COPY_KEY_MAX];
    size_t key_len;
    char account[OC_ACCOUNT_LEN];
    bool large;  /* more than 1 GiB, or not known */
    bool copy;   /* a copy, which keeps to the hours */
    bool refill; /* half of the tasks known of its account are past when it runs: look again */
    bool running;
    bool ended;     /* it runs no more, but the entry is not yet gone */
    uint64_t seen;  /* number of the last scan that met it */
    uint32_t tries; /* how often it was put off */
    int64_t not_before_us;
    struct oc_copy_job *job; /* while it runs */
    /* While the machine that it waits for is away. */
    int64_t away_since_us; /* nothing moved since; 0: it is not away */
    uint32_t away_tries;
    struct oc_copy_progress rest; /* how far it was */
};

struct oc_copy_engine {
    struct oc_copy_options options;
    struct oc_copy_region *regions; /* sorted by name */
    size_t region_count;
    struct oc_pool *pool;
    struct oc_copy_way *ways;       /* one a Region, then one a bucket */
    bool (*others_wait)(void *ctx); /* guarded by `lock`; NULL: nobody else does */
    void *others_ctx;
    struct oc_copy_counts counts;
    uint64_t cacheable; /* bytes of a model that the kernel may keep in memory as it is copied */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping, scanning, sweeping;
    bool rests_seen;   /* of uploads that were being ended when the server died */
    bool cut;          /* the last scan left tasks behind a window */
    bool scanned_open; /* and copies could run then */
    atomic_bool woken; /* there may be tasks that no scan has seen */
    int64_t next_scan_us;
    uint64_t scans;
    struct oc_copy_entry **entries; /* sorted by key; the head of each account's tasks */
    size_t entry_count, entry_cap;
    struct oc_copy_entry **running;
    uint32_t running_count;
    char last_account[OC_ACCOUNT_LEN];
    pthread_t *runners;
    uint32_t runner_count;
    struct oc_clock_steady clock; /* by which uploads grow old */
    int64_t paid_us;              /* until when what copies have moved takes at the capped rate */
};

/** How a run ended. */
enum oc_copy_end {
    OC_COPY_DONE,   /* Active, or Failed: the task is gone from the store */
    OC_COPY_LATER,  /* the store failed: run again after a while */
    OC_COPY_AWAY,   /* another machine cannot be asked: likewise */
    OC_COPY_STOPPED /* the engine stops, or the hours of copies are over */
};

/** One run of one task. */
struct oc_copy_job {
    struct oc_copy_engine *engine;
    struct oc_arena arena;
    struct oc_slice key; /* of the task's record */
    struct oc_task task;
    struct oc_copy_region *target;
    const struct oc_copy_source *source; /* OC_TASK_COPY; NULL: nowhere to take it from */
    struct oc_manifest manifest;         /* parts get digests as they become known */
    uint8_t manifest_sha256[OC_SHA256_LEN];
    bool manifest_pinned;
    bool *pinned; /* one a part */
    struct oc_pool_user user;
    int64_t checked_us;
    void *work;                            /* what the kind of task needs while it runs */
    struct oc_slice source_base_model_arn; /* as a source on another machine tells it; or absent */

    /* Why the run cannot go on, when it is not the work itself that failed. */
    bool store_failed; /* the store could not be read or written */
    bool gone;         /* the task was removed: its model was deleted */
    bool closed;       /* the hours in which copies run are over */
    bool leaves_garbage;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved; /* a part came back */
    uint32_t in_flight;
    int rc;
    struct oc_err err; /* of the first part that failed */
    struct oc_copy_progress progress;
    uint64_t bytes_moved; /* without those that were there already */
    struct {
        int64_t at_us;
        uint64_t bytes;
    } samples[OC_COPY_SAMPLES];
    uint32_t sample_count;
};

/* -- engine.c ------------------------------------------------------------------------------- */

/** The engine's state of a Region, or NULL. */
struct oc_copy_region *oc_copy_find_region(struct oc_copy_engine *engine, struct oc_slice name);

/** The Region in which the model of a task is made: always one that is served. */
struct oc_copy_region *oc_copy_entry_region(struct oc_copy_engine *engine,
                                            const struct oc_copy_entry *entry);

/* -- queue.c: engine->lock is held on entry and exit ------------------------------------------ */

#define OC_COPY_PUT_OFF_US 1000000LL /* the pause after a failure of the store */

/** The entry of a task, or NULL. */
struct oc_copy_entry *oc_copy_queue_find(const struct oc_copy_engine *engine, struct oc_slice key);

/** Forget an entry whose task is done; during a scan it stays, ended, until that is over. */
void oc_copy_queue_remove(struct oc_copy_engine *engine, struct oc_copy_entry *entry);

/** Look at the head of the store's tasks; the lock is released meanwhile. */
void oc_copy_queue_scan(struct oc_copy_engine *engine);

/** The entry to run now, or NULL; lowers `*ret_next_us` to when the next one that was put off is
 * due. Cost: the accounts that have tasks; not the tasks that wait. */
struct oc_copy_entry *oc_copy_queue_choose(struct oc_copy_engine *engine, int64_t now,
                                           int64_t *ret_next_us);

/** Whether no further task of `account` could run now. */
bool oc_copy_queue_is_full(const struct oc_copy_engine *engine, const char *account);

/* -- job.c ---------------------------------------------------------------------------------- */

/** Run the task of `entry` to its end. */
enum oc_copy_end oc_copy_job_run(struct oc_copy_engine *engine, struct oc_copy_entry *entry);

/** Store the manifest at the target and pin it until the job ends. Errors: as oc_blob_put. */
int oc_copy_store_manifest(struct oc_copy_job *job, struct oc_slice text, struct oc_err *err);

/* -- away.c --------------------------------------------------------------------------------- */

/**
 * The machine that `job` waits for cannot be asked, for `cause`. Notes in the entry since when
 * nothing has moved, and how far the job was: one that comes and goes is waited for as long as
 * something moves.
 * @param[out] ret_reason  why the copy fails, when it was waited for long enough
 */
bool oc_copy_away_is_over(struct oc_copy_job *job, struct oc_copy_entry *entry,
                          const struct oc_err *cause, struct oc_err *ret_reason);

/** How long to wait before it is asked again: 0.5 s, doubled up to 10 s, a quarter more or less,
 * and no longer than there is patience. engine->lock is held. */
int64_t oc_copy_away_pause_us(const struct oc_copy_engine *engine,
                              const struct oc_copy_entry *entry);

/**
 * Whether jobs that wait for `place`, which is silent, should give up the runners or the buffers
 * that they hold: others wait for such, or would have to. Takes locks.
 */
bool oc_copy_away_is_in_the_way(struct oc_copy_engine *engine, const void *place);

/** A store on another machine, which asks that while it is silent. */
struct oc_copy_way {
    struct oc_copy_engine *engine;
    const void *place;
};

/** Have all stores on other machines ask. Call when no job runs yet. Errors: OC_ENOMEM. */
int oc_copy_away_begin(struct oc_copy_engine *engine, struct oc_err *err);

/** Have them ask no more. Fine when they do not. */
void oc_copy_away_end(struct oc_copy_engine *engine);

/* -- commit.c ------------------------------------------------------------------------------- */

/** Read the task. Sets `gone` or `store_failed` on failure. */
int oc_copy_load_task(struct oc_copy_job *job, struct oc_err *err);

/** A model's record; text in `arena`. Errors: OC_ENOTFOUND, OC_ECORRUPT, OC_EIO, OC_ENOMEM. */
int oc_copy_read_model(struct oc_read *read, struct oc_arena *arena, struct oc_partition partition,
                       struct oc_slice id, struct oc_model *ret, struct oc_err *err);

/**
 * At most once a second: see whether task and source are still there.
 * Errors: OC_ECONFLICT as above; OC_ECANCELED (`gone`).
 */
int oc_copy_still_wanted(struct oc_copy_job *job, struct oc_err *err);

/** Model Active, job Completed, task removed. Errors: as above; else `store_failed` is set. */
int oc_copy_commit_active(struct oc_copy_job *job, struct oc_err *err);

/** Model and job Failed with `message`, task and name removed. Errors: `gone` or `store_failed` is
 * set. */
int oc_copy_commit_failed(struct oc_copy_job *job, struct oc_slice message, struct oc_err *err);

/* -- flight.c ------------------------------------------------------------------------------- */

/** Parts of this job wait for the machine that `place` tells, if it is not NULL, and for that of
 * the target, if it is on another one. Call before the first ticket. */
void oc_flight_waits_for(struct oc_copy_job *job, const void *place);

/** Whether `rc` says that the machine which the job waits for cannot be asked: see away.c. */
bool oc_flight_is_away(const struct oc_copy_job *job, int rc);

/** Announce the sizes of the manifest, and pin no part yet. Errors: OC_ENOMEM. */
int oc_flight_begin(struct oc_copy_job *job, struct oc_err *err);

/** A buffer for part `index`. Errors: as oc_pool_ticket; that of a part that has failed. */
int oc_flight_ticket(struct oc_copy_job *job, uint32_t index, struct oc_ticket **ret,
                     struct oc_err *err);

/** Give it to the workers; `fn` ends with oc_flight_land. */
void oc_flight_submit(struct oc_copy_job *job, struct oc_ticket *ticket, oc_part_fn *fn);

/** The part's work is done: `moved` says whether bytes were. The ticket goes back unless `keep`. */
void oc_flight_land(struct oc_ticket *ticket, int rc, const struct oc_err *err, bool moved,
                    bool keep);

/**
 * The first of two steps of a part's work is done: the ticket stays with the job's thread, which
 * waits for it (oc_flight_take) and submits it again.
 */
void oc_flight_hold(struct oc_ticket *ticket, int rc, const struct oc_err *err);

/** Wait for a ticket that was held or landed with `keep`. Errors: those of its part. */
int oc_flight_take(struct oc_copy_job *job, struct oc_ticket *ticket, struct oc_err *err);

/** Errors: that of the first part that failed, if one has. */
int oc_flight_failure(struct oc_copy_job *job, struct oc_err *err);

/** Wait until nothing is in flight. Errors: that of the first part that failed. */
int oc_flight_wait(struct oc_copy_job *job, struct oc_err *err);

/** Pin part `index`, whose digest is known, until the job ends. Errors: OC_ENOMEM. */
int oc_flight_pin(struct oc_copy_job *job, uint32_t index, struct oc_err *err);

/** The name of part `index` under `key_id`. */
struct oc_blob_name oc_flight_part_name(const struct oc_copy_job *job, uint32_t index,
                                        struct oc_slice key_id);

/**
 * Store the ticket's part, whose digest has been seen to; its plaintext is gone after that. Sealed
 * once, however often it is called. Errors: as oc_blob_seal, oc_blob_put_sealed.
 */
int oc_flight_put(struct oc_copy_job *job, struct oc_ticket *ticket, struct oc_err *err);

/**
 * Pin the ticket's part and store it as oc_flight_put does, unless it is there.
 * @param[out] ret_moved  whether it had to be stored
 */
int oc_flight_store(struct oc_copy_job *job, struct oc_ticket *ticket, bool *ret_moved,
                    struct oc_err *err);

/**
 * Whether to try again after `rc`: only what may pass by itself, three tries in all, with a growing
 * pause. Call in a loop: `for (try = 0; (rc = …) < 0 && oc_flight_retry(job, rc, &try);)`.
 */
bool oc_flight_retry(struct oc_copy_job *job, int rc, unsigned *tries);

/** "part 3 of 12 (file 'x')". */
void oc_flight_describe(const struct oc_copy_job *job, uint32_t index, char *to, size_t cap);

/* -- sources of a copy ---------------------------------------------------------------------- */

extern const struct oc_copy_source oc_copy_source_local, oc_copy_source_peer;

/* -- the three kinds: bring all parts of the model to the target ---------------------------- */

int oc_copy_transfer(struct oc_copy_job *job, struct oc_err *err);
int oc_copy_import(struct oc_copy_job *job, struct oc_err *err);
int oc_copy_upload(struct oc_copy_job *job, struct oc_err *err);

/* -- pace.c: for copies only ------------------------------------------------------------------ */

/** Whether this is one of the hours in which copies run. */
bool oc_copy_pace_is_open(const struct oc_copy_engine *engine);

/** When to ask that again, while it is not (oc_clock_mono_us). */
int64_t oc_copy_pace_look_again_us(void);

/** Say that a copy waits for the hour. */
void oc_copy_pace_tell(const struct oc_copy_engine *engine, struct oc_copy_progress *progress);

/** `bytes` are about to be moved. Takes engine->lock. */
void oc_copy_pace_charge(struct oc_copy_engine *engine, uint32_t bytes);

/**
 * Wait until one more part may be moved. Call without a ticket and without locks.
 * Errors: OC_ECANCELED (stopping; or `closed`); those of oc_copy_still_wanted and of a part that
 * has failed.
 */
int oc_copy_pace_wait(struct oc_copy_job *job, struct oc_err *err);

/* -- sweep.c -------------------------------------------------------------------------------- */

/**
 * Sweep a Region.
 * @param[out] ret_kept  blobs that nothing refers to and that are there only because they are
 * pinned Errors: OC_EIO, OC_ENOMEM, … — what was not proved garbage is still there.
 */
int oc_copy_sweep_region(struct oc_copy_engine *engine, struct oc_copy_region *region,
                         uint64_t *ret_kept, struct oc_err *err);

#endif
