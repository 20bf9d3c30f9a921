/*
 * Workers, and the part buffers they work on. Not for other folders.
 *
 * There are two crews. The workers do what needs only this machine; the carriers do what waits for
 * another one, whatever it is: a peer or an S3 store. So nobody's silence keeps a worker. Two
 * buffers are out of the carriers' reach, so that nobody's slowness keeps all of the memory; and
 * who is silent is asked to give way when others wait for it (oc_pool_is_wanted).
 *
 * Memory is bounded by the number of buffers: whoever wants to move a part first gets a buffer
 * (a ticket), then queues the part. Buffers go to the account that holds fewest, then to the user
 * that holds fewest, then to who has waited longest; so the queue itself can be plain.
 *
 * A user may hold several buffers, but must not wait for another while it holds one that only it
 * can return: then it uses oc_pool_try_ticket, and when that fails finishes what it holds.
 *
 * Threads: any.
 */
#ifndef OC_COPY_POOL_H
#define OC_COPY_POOL_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "blob/blob.h"

#define OC_COPY_ROOM OC_BLOB_ROOM(OC_PART_SIZE)

struct oc_pool;
struct oc_ticket;

/** Work on one part. Runs on a worker; must return the ticket or pass it on. */
typedef void oc_part_fn(struct oc_ticket *ticket);

/** A part buffer and the work it is queued for. All but `user`, `fn` and `next` are its holder's.
 */
struct oc_ticket {
    uint8_t *bytes;    /* OC_COPY_ROOM of them, at a multiple of OC_BLOB_ALIGN */
    size_t len;        /* plaintext */
    size_t sealed_len; /* 0: what is there is the plaintext */
    void *owner;       /* whose part it is */
    uint32_t index;    /* which part */
    int rc;
    bool done;

    struct oc_pool_user *user;
    oc_part_fn *fn;
    struct oc_ticket *next;
};

/**
 * Whoever takes buffers: one job. Zero-initialise but for `account` and `places`; private
 * otherwise.
 */
struct oc_pool_user {
    struct oc_slice account;
    const void *places[2]; /* what tells the other machines that it waits for; NULL: none */
    uint32_t held;
    uint64_t turn; /* since when it waits; 0: it does not */
    struct oc_pool_user *next;
};

/**
 * Start `workers` threads, and carriers for all but two of the buffers, at least for one.
 * @param tickets  buffers, at least 1; their memory is taken at their first use
 * Errors: OC_ENOMEM.
 */
int oc_pool_new(uint32_t workers, uint32_t tickets, struct oc_pool **ret, struct oc_err *err);

/**
 * Waiters get OC_ECANCELED and oc_pool_run refuses. Workers go on: who holds a ticket may still
 * submit it and wait for it to land.
 */
void oc_pool_stop(struct oc_pool *pool);
bool oc_pool_is_stopping(struct oc_pool *pool);

/** Do what is queued, end the workers and free all. No user may be left. NULL is fine. */
void oc_pool_free(struct oc_pool *pool);

/** Take part in the sharing of buffers. `user` stays the caller's, until oc_pool_leave. */
void oc_pool_join(struct oc_pool *pool, struct oc_pool_user *user);
/** The user must hold no ticket. */
void oc_pool_leave(struct oc_pool *pool, struct oc_pool_user *user);

/** Wait for a buffer. Errors: OC_ECANCELED (stopping). */
int oc_pool_ticket(struct oc_pool *pool, struct oc_pool_user *user, struct oc_ticket **ret,
                   struct oc_err *err);

/** A buffer if there is one and nobody else comes first; `*ret` is NULL otherwise. Errors: as
 * above. */
int oc_pool_try_ticket(struct oc_pool *pool, struct oc_pool_user *user, struct oc_ticket **ret,
                       struct oc_err *err);

/** Give a buffer back unused. */
void oc_pool_return(struct oc_pool *pool, struct oc_ticket *ticket);

/**
 * Say that a user that has joined, and holds no ticket, waits for other machines from now on, one
 * or two of them.
 */
void oc_pool_user_waits_for(struct oc_pool *pool, struct oc_pool_user *user, const void *place,
                            const void *other);

/** Whether `user` waits for `place`. */
bool oc_pool_waits_for(struct oc_pool *pool, const struct oc_pool_user *user, const void *place);

/** Whether somebody waits for a buffer who does not wait for `place`. */
bool oc_pool_is_wanted(struct oc_pool *pool, const void *place);

/** Queue a part: for the workers, or for the carriers when its user waits for another machine. */
void oc_pool_submit(struct oc_pool *pool, struct oc_ticket *ticket, oc_part_fn *fn);

/**
 * For a worker at `ticket`: the next queued part, if it is of the same owner and kind and no other
 * worker would have a processor for it; NULL otherwise. Then it is this worker's to do. Carriers
 * have no fellows: what waits for another machine is better asked for at the same time.
 */
struct oc_ticket *oc_pool_take_fellow(struct oc_pool *pool, const struct oc_ticket *ticket);

/**
 * Queue other work.
 * @param waits  it may wait for another machine, and is the carriers'
 * Errors: OC_EBUSY (too much of it is queued, or stopping), OC_ENOMEM.
 */
int oc_pool_run(struct oc_pool *pool, bool waits, void (*fn)(void *ctx), void *ctx,
                struct oc_err *err);

/** Sleep. @return false when the pool is stopping. */
bool oc_pool_sleep(struct oc_pool *pool, int64_t ms);

#endif
