/*
 * The store: everything Outcrop must not lose, but the models' bytes.
 *
 * Two shapes of data:
 *  - **Records**: small documents found by (kind, key), key order, never across kinds.
 *  - **Jobs**: numbered per partition, listed by any combination of filters (model/job.h).
 *
 * Reading: a `struct oc_read` is a consistent snapshot. It never waits for writers and writers
 * never wait for it. Keep it short: pages freed since it began cannot be reused while it lives.
 *
 * Writing: one writer commits. A caller submits a `struct oc_write`; its `apply` runs on the
 * writer's thread inside a transaction that it shares with other writes (group commit), and its
 * `done` runs after the outcome is durable. `apply` may be called more than once: when a commit of
 * many fails, each is tried again alone, so that one bad write cannot fail its neighbours. It must
 * therefore set its results from scratch on each call and touch nothing but its own write.
 *
 * A record or job whose checksum does not match is OC_ECORRUPT and never handed out.
 *
 * Threads: all functions may be called from any thread, except that one oc_read or oc_tx belongs
 * to one thread at a time.
 */
#ifndef OC_STORE_STORE_H
#define OC_STORE_STORE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"
#include "model/job.h"

/** Kinds of records. The numbers are stored: never reuse or renumber one. */
enum oc_record_kind {
    OC_RECORD_META = 1,         /* key: name of the fact */
    OC_RECORD_ACCOUNT = 2,      /* key: account */
    OC_RECORD_ACCESS_KEY = 3,   /* key: access key id */
    OC_RECORD_BEARER = 4,       /* key: SHA-256 of the bearer key, hexadecimal → access key id */
    OC_RECORD_MODEL = 5,        /* key: account \0 region \0 id */
    OC_RECORD_MODEL_NAME = 6,   /* key: account \0 region \0 name → id, for names that are held */
    OC_RECORD_MODEL_ORDER = 7,  /* key: account \0 region \0 creation_ms (8 bytes, big-endian) id */
    OC_RECORD_POLICY = 8,       /* key: resource ARN → policy document */
    OC_RECORD_SHARE = 9,        /* key: receiving account \0 region \0 resource ARN */
    OC_RECORD_IDEMPOTENCY = 10, /* key: \2 and 16 bytes of the SHA-256 of, or older stores' key:
                                   account \0 region \0 operation \0 token */
    OC_RECORD_UPLOAD = 11,      /* key: account \0 region \0 upload id */
    OC_RECORD_UPLOAD_PART = 12, /* key: account \0 region \0 upload id \0 digest */
    OC_RECORD_TASK = 13,        /* key: region \0 account \0 model id: unfinished work */
    OC_RECORD_FINDING = 14,     /* key: region \0 key id \0 digest: a blob that is damaged */
    OC_RECORD_VERIFICATION = 15, /* key: account \0 region \0 model id: the last verification */
    OC_RECORD_EVENT = 16,        /* key: sequence number (8 bytes, big-endian) */
    OC_RECORD_WEBHOOK = 17,      /* key: name → number of the last event it has got (8 bytes) */
    OC_RECORD_COPIES = 18 /* key: account \0 region \0 model id: its copies on other machines */
};

#define OC_RECORD_KEY_MAX   400 /* bytes of a key; longer parts are hashed */
#define OC_RECORD_VALUE_MAX (256UL * 1024 * 1024)

struct oc_store;
struct oc_read;
struct oc_tx;

struct oc_store_options {
    const char *path;   /* folder, must exist; copied */
    uint32_t readers;   /* most snapshots at one time; 0: 256 */
    uint64_t map_bytes; /* address space and largest size of the store; 0: 1 TiB */
    uint32_t batch;     /* most writes in one commit; 0: 1,024 */
    bool read_only;     /* for `outcrop check` beside a running server */
};

/**
 * Open or create the store in `options->path` and start its writer.
 * Errors: OC_EINVAL (made by a newer version: text says which), OC_ECORRUPT, OC_EIO, OC_EFULL,
 *         OC_EBUSY (another server has it open), OC_ENOTFOUND, OC_EDENIED (the folder), OC_ENOMEM.
 * Cost: independent of the number of records and jobs.
 */
int oc_store_open(const struct oc_store_options *options, struct oc_store **ret,
                  struct oc_err *err);

/** Finish queued writes, stop the writer, close. NULL is fine. All snapshots must be closed. */
void oc_store_close(struct oc_store *store);

/* -- reading -------------------------------------------------------------------------------- */

/** Begin a snapshot. Close with oc_read_close. Errors: OC_ELIMIT (too many), OC_EIO, OC_ENOMEM. */
int oc_store_read(struct oc_store *store, struct oc_read **ret, struct oc_err *err);
void oc_read_close(struct oc_read *read);
void oc_read_closep(struct oc_read **read); /* for OC_AUTO */

/**
 * One record. The value is borrowed until the snapshot closes (or, inside a write, until the next
 * change in it).
 * Errors: OC_ENOTFOUND, OC_ECORRUPT, OC_EIO.
 */
int oc_read_get(struct oc_read *read, enum oc_record_kind kind, struct oc_slice key,
                struct oc_slice *ret_value, struct oc_err *err);

/** Called for each record of a scan; return 0 to go on, 1 to stop, negative to fail with `err`. */
typedef int oc_record_fn(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err);

struct oc_scan {
    enum oc_record_kind kind;
    struct oc_slice prefix; /* only keys that begin with it; may be empty */
    struct oc_slice from;   /* absent: from the end where the scan begins; else strictly after
                               (descending: strictly before) this key */
    bool descending;
};

/** Visit records in key order. Errors: what `fn` returned; OC_ECORRUPT; OC_EIO. */
int oc_read_scan(struct oc_read *read, const struct oc_scan *scan, oc_record_fn *fn, void *ctx,
                 struct oc_err *err);

/** The answer to one List call: JSON texts, in order, ready to be sent with commas between. */
struct oc_job_page {
    const struct oc_slice *pieces; /* joined they read `{…},{…},…`: commas are in the pieces */
    size_t piece_count;
    struct oc_mapping mapping; /* pieces may lie in it: part of the snapshot like they themselves,
                                  but what has been sent from its file may leave later */
    uint32_t count;            /* jobs in it */
    bool more;                 /* at least one more job matches after the last */
    uint64_t position;         /* of the last job in the page; meaningful when `count` > 0 */
};

/**
 * One page of the jobs that match `query`, in the asked order.
 *
 * @param arena     holds the pieces that are not borrowed from the store itself
 * @param[out] ret  borrowed from the snapshot and the arena
 * Errors: OC_ECORRUPT, OC_EIO, OC_ENOMEM. A partition that was never written is an empty page.
 * Cost: proportional to the page and to the blocks of 65,536 jobs passed over by set
 * intersection; never to the number of jobs that do not match.
 */
int oc_read_jobs(struct oc_read *read, const struct oc_job_query *query, struct oc_arena *arena,
                 struct oc_job_page *ret, struct oc_err *err);

/** The JSON text of one job by its id. Errors: OC_ENOTFOUND, OC_ECORRUPT, OC_EIO. */
int oc_read_job_json(struct oc_read *read, struct oc_partition partition, struct oc_slice id,
                     struct oc_slice *ret_json, struct oc_err *err);

/* -- writing -------------------------------------------------------------------------------- */

struct oc_write {
    /**
     * Check and change, inside the transaction. A negative return means: this write changed
     * nothing and its `done` gets that code and `err`. All checks come before the first change.
     */
    int (*apply)(struct oc_tx *tx, struct oc_write *write, struct oc_err *err);
    /** Called once, on the writer's thread, after the commit (rc OC_OK) or the failure. Short. */
    void (*done)(struct oc_write *write, int rc, const struct oc_err *err);
    /* For the store's queue; set to anything before oc_store_submit. */
    struct oc_write *next;
    int rc;
    struct oc_err *failure;
    void *waiter;
};

/** Queue a write. `write` belongs to the store until `done` is called. Never fails by itself. */
void oc_store_submit(struct oc_store *store, struct oc_write *write);

/** Queue a write, wait for its outcome and return it. `write->done` is ignored. */
int oc_store_write(struct oc_store *store, struct oc_write *write, struct oc_err *err);

/** The transaction seen as a snapshot that includes its own changes. Not to be closed. */
struct oc_read *oc_tx_read(struct oc_tx *tx);

/** Set a record, replacing what was there. Errors: OC_EFULL, OC_EIO, OC_ENOMEM, OC_EINVAL (key or
 * value too long). */
int oc_tx_put(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
              struct oc_slice value, struct oc_err *err);

/** Set a record of at most 512 KiB that must not be there yet. Errors: as oc_tx_put; OC_ECONFLICT.
 */
int oc_tx_add(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
              struct oc_slice value, struct oc_err *err);

/** Remove a record; fine when there is none. */
int oc_tx_delete(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
                 struct oc_err *err);

/**
 * Add a job. It gets the next sequence number of its partition. When `job->creation_ms` is less
 * than the latest in the partition, it is raised to that, so that creation order is time order.
 *
 * @param[in,out] job  `creation_ms` may be raised
 * Errors: OC_EINVAL (id, name, account or Region breaks the rule of model/job.h, or the job is not
 *         InProgress), OC_ECONFLICT (the id exists in the partition), OC_EFULL, OC_EIO, OC_ENOMEM.
 */
int oc_tx_job_create(struct oc_tx *tx, struct oc_job *job, struct oc_err *err);

/**
 * End a job that is InProgress.
 *
 * @param status   OC_JOB_COMPLETED or OC_JOB_FAILED
 * @param failure  text for Failed, at most OC_FAILURE_MESSAGE_MAX bytes; absent otherwise
 * Errors: OC_EINVAL (InProgress, or a message that does not fit the status); OC_ENOTFOUND;
 *         OC_ECONFLICT (has ended already); OC_EFULL; OC_EIO; OC_ENOMEM; OC_ECORRUPT.
 */
int oc_tx_job_end(struct oc_tx *tx, struct oc_partition partition, struct oc_slice id,
                  enum oc_job_status status, struct oc_slice failure, struct oc_err *err);

/**
 * Give a job the name of its source model, which was not known when it was made. Nothing changes
 * when it has one, or has ended.
 * Errors: OC_ENOTFOUND (no such job), OC_EINVAL (longer than a row can hold), OC_EFULL, OC_EIO,
 *         OC_ENOMEM, OC_ECORRUPT.
 */
int oc_tx_job_name_source(struct oc_tx *tx, struct oc_partition partition, struct oc_slice id,
                          struct oc_slice name, struct oc_err *err);

/* -- upkeep --------------------------------------------------------------------------------- */

/** One line for each thing found wrong. */
typedef void oc_check_fn(const char *finding, void *ctx);

/**
 * Compare every set and segment with the records they were made from, and every checksum.
 * @param[out] ret_findings  how many calls of `fn` were made; 0 means sound
 * Errors: OC_EIO, OC_ENOMEM. Cost: reads everything; runs beside writers on one snapshot.
 */
int oc_store_check(struct oc_store *store, oc_check_fn *fn, void *ctx, uint64_t *ret_findings,
                   struct oc_err *err);

/** Throw away all sets and segments and make them again from the records. Needs the only opening.
 */
int oc_store_rebuild(struct oc_store *store, struct oc_err *err);

/** Wait until background sealing of sets has caught up: for tests and benchmarks. */
int oc_store_settle(struct oc_store *store, struct oc_err *err);

struct oc_store_stats {
    uint64_t commits;      /* since opening */
    uint64_t writes;       /* acknowledged, since opening */
    uint64_t bytes_used;   /* of the store file */
    uint64_t queue_length; /* writes waiting now */
};
/** What the store has done and holds, for metrics. Never fails. */
void oc_store_stats(struct oc_store *store, struct oc_store_stats *ret);

#endif
