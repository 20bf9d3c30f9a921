/*
 * The workers' loop, the two queues they serve, and the order in which buffers are given out.
 */
#include "copy/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"

#define RUN_QUEUE 256         /* other work that may wait */
#define HUGE_PAGE (2UL << 20) /* what buffers are laid out for, where the system has such */

struct run_item {
    void (*fn)(void *ctx);
    void *ctx;
};

struct oc_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;    /* for workers: something is queued, or closing */
    pthread_cond_t tickets; /* for users: a ticket came back, or stopping */
    bool stopping;          /* nobody waits any more */
    bool closing;           /* and nobody submits: workers end when all is done */

    struct oc_ticket *all;  /* the array */
    uint8_t *buffers;       /* of all tickets, one after another */
    struct oc_ticket *free; /* not given out */
    struct oc_pool_user *users;
    uint64_t turns;

    struct oc_ticket *parts_head, **parts_tail;
    struct run_item runs[RUN_QUEUE]; /* a ring */
    uint32_t run_at, run_count;
    bool part_next; /* parts and other work take turns */

    uint32_t ticket_count, worker_count;
    uint32_t idle; /* workers that wait for work */
    uint32_t processors;
    pthread_t *workers;
};

/* -- workers -------------------------------------------------------------------------------- */

/* Take the first queued part. Lock held. */
static struct oc_ticket *take_part(struct oc_pool *pool)
{
    struct oc_ticket *ticket = pool->parts_head;

    pool->parts_head = ticket->next;
    if (!pool->parts_head)
        pool->parts_tail = &pool->parts_head;
    return ticket;
}

/*
 * Whether a part is better taken along than left for another worker: there is none, or as many are
 * at work as there are processors, so that one more would only share theirs. Lock held.
 */
static bool is_surplus(const struct oc_pool *pool)
{
    return pool->idle == 0 || pool->worker_count - pool->idle >= pool->processors;
}

struct oc_ticket *oc_pool_take_fellow(struct oc_pool *pool, const struct oc_ticket *ticket)
{
    struct oc_ticket *next = NULL;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->parts_head && is_surplus(pool) && pool->parts_head->owner == ticket->owner &&
        pool->parts_head->fn == ticket->fn)
        next = take_part(pool);
    (void)pthread_mutex_unlock(&pool->lock);
    return next;
}

/* Take and do one thing. Lock held on entry and exit, not while it is done. */
static void do_next(struct oc_pool *pool)
{
    if (pool->parts_head && (pool->part_next || pool->run_count == 0)) {
        struct oc_ticket *ticket = take_part(pool);

        pool->part_next = false;
        (void)pthread_mutex_unlock(&pool->lock);
        ticket->fn(ticket);
    } else {
        struct run_item item = pool->runs[pool->run_at];

        pool->run_at = (pool->run_at + 1) % RUN_QUEUE;
        pool->run_count--;
        pool->part_next = true;
        (void)pthread_mutex_unlock(&pool->lock);
        item.fn(item.ctx);
    }
    (void)pthread_mutex_lock(&pool->lock);
}

static void wait_for_work(struct oc_pool *pool)
{
    pool->idle++;
    (void)pthread_cond_wait(&pool->work, &pool->lock);
    pool->idle--;
}

static void *work(void *arg)
{
    struct oc_pool *pool = arg;

    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (pool->parts_head || pool->run_count)
            do_next(pool);
        else if (pool->closing)
            break;
        else
            wait_for_work(pool);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* -- life ----------------------------------------------------------------------------------- */

/*
 * The buffers are one piece of memory, so that huge pages have no rests to fill between them; the
 * system gives it page by page, at the first use.
 */
static int start(struct oc_pool *pool, uint32_t workers, struct oc_err *err)
{
    const size_t bytes = (pool->ticket_count * OC_COPY_ROOM + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);

    pool->all = oc_alloc(pool->ticket_count * sizeof(*pool->all));
    pool->workers = oc_alloc(workers * sizeof(*pool->workers));
    pool->buffers = oc_alloc_aligned(HUGE_PAGE, bytes);
    if (!pool->all || !pool->workers || !pool->buffers)
        return oc_fail_nomem(err);
    (void)madvise(pool->buffers, bytes, MADV_HUGEPAGE); /* only speed */
    memset(pool->all, 0, pool->ticket_count * sizeof(*pool->all));
    for (uint32_t i = 0; i < pool->ticket_count; i++) {
        pool->all[i].bytes = pool->buffers + i * OC_COPY_ROOM;
        pool->all[i].next = pool->free;
        pool->free = &pool->all[i];
    }
    for (; pool->worker_count < workers; pool->worker_count++)
        if (pthread_create(&pool->workers[pool->worker_count], NULL, work, pool) != 0)
            return oc_fail(err, OC_ENOMEM, "copy engine: a worker thread could not be started");
    return OC_OK;
}

int oc_pool_new(uint32_t workers, uint32_t tickets, struct oc_pool **ret, struct oc_err *err)
{
    struct oc_pool *pool = oc_alloc(sizeof(*pool));
    int rc;

    if (!pool)
        return oc_fail_nomem(err);
    memset(pool, 0, sizeof(*pool));
    (void)pthread_mutex_init(&pool->lock, NULL); /* cannot fail with default attributes */
    (void)pthread_cond_init(&pool->work, NULL);
    oc_clock_init_cond(&pool->tickets);
    pool->parts_tail = &pool->parts_head;
    pool->ticket_count = tickets;
    pool->processors = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    rc = start(pool, workers, err);
    if (rc < 0) {
        oc_pool_free(pool);
        return rc;
    }
    *ret = pool;
    return OC_OK;
}

void oc_pool_stop(struct oc_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->tickets);
    (void)pthread_mutex_unlock(&pool->lock);
}

bool oc_pool_is_stopping(struct oc_pool *pool)
{
    bool stopping;

    (void)pthread_mutex_lock(&pool->lock);
    stopping = pool->stopping;
    (void)pthread_mutex_unlock(&pool->lock);
    return stopping;
}

void oc_pool_free(struct oc_pool *pool)
{
    if (!pool)
        return;
    oc_pool_stop(pool);
    (void)pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->worker_count; i++)
        (void)pthread_join(pool->workers[i], NULL); /* fails only on a bug */
    free(pool->buffers);
    free(pool->all);
    free(pool->workers);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_cond_destroy(&pool->tickets);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* -- buffers -------------------------------------------------------------------------------- */

void oc_pool_join(struct oc_pool *pool, struct oc_pool_user *user)
{
    (void)pthread_mutex_lock(&pool->lock);
    user->held = 0;
    user->turn = 0;
    user->next = pool->users;
    pool->users = user;
    (void)pthread_mutex_unlock(&pool->lock);
}

void oc_pool_leave(struct oc_pool *pool, struct oc_pool_user *user)
{
    struct oc_pool_user **at = &pool->users;

    (void)pthread_mutex_lock(&pool->lock);
    while (*at != user)
        at = &(*at)->next;
    *at = user->next;
    (void)pthread_mutex_unlock(&pool->lock);
}

static uint32_t held_by_account(const struct oc_pool *pool, struct oc_slice account)
{
    uint32_t held = 0;

    for (const struct oc_pool_user *user = pool->users; user; user = user->next)
        if (oc_slice_eq(user->account, account))
            held += user->held;
    return held;
}

/* Whose turn it is among those who wait. Lock held; there are few users. */
static struct oc_pool_user *next_user(const struct oc_pool *pool)
{
    struct oc_pool_user *best = NULL;
    uint32_t best_held = 0;

    for (struct oc_pool_user *user = pool->users; user; user = user->next) {
        uint32_t held;

        if (!user->turn)
            continue;
        held = held_by_account(pool, user->account);
        if (!best || held < best_held || (held == best_held && user->held < best->held) ||
            (held == best_held && user->held == best->held && user->turn < best->turn)) {
            best = user;
            best_held = held;
        }
    }
    return best;
}

/* Give the first free ticket to `user`. Lock held. */
static struct oc_ticket *hand_out(struct oc_pool *pool, struct oc_pool_user *user)
{
    struct oc_ticket *ticket = pool->free;

    pool->free = ticket->next;
    *ticket = (struct oc_ticket){.bytes = ticket->bytes, .user = user};
    user->held++;
    return ticket;
}

int oc_pool_ticket(struct oc_pool *pool, struct oc_pool_user *user, struct oc_ticket **ret,
                   struct oc_err *err)
{
    int rc = OC_OK;

    (void)pthread_mutex_lock(&pool->lock);
    user->turn = ++pool->turns;
    while (!pool->stopping && !(pool->free && next_user(pool) == user))
        (void)pthread_cond_wait(&pool->tickets, &pool->lock);
    if (pool->stopping)
        rc = oc_fail(err, OC_ECANCELED, "the copy engine is stopping");
    else
        *ret = hand_out(pool, user);
    user->turn = 0;
    /* Another one may come next for what is still free. */
    (void)pthread_cond_broadcast(&pool->tickets);
    (void)pthread_mutex_unlock(&pool->lock);
    return rc;
}

int oc_pool_try_ticket(struct oc_pool *pool, struct oc_pool_user *user, struct oc_ticket **ret,
                       struct oc_err *err)
{
    int rc = OC_OK;

    *ret = NULL;
    (void)pthread_mutex_lock(&pool->lock);
    user->turn = ++pool->turns;
    if (pool->stopping)
        rc = oc_fail(err, OC_ECANCELED, "the copy engine is stopping");
    else if (pool->free && next_user(pool) == user)
        *ret = hand_out(pool, user);
    user->turn = 0;
    (void)pthread_mutex_unlock(&pool->lock);
    return rc;
}

void oc_pool_return(struct oc_pool *pool, struct oc_ticket *ticket)
{
    (void)pthread_mutex_lock(&pool->lock);
    ticket->user->held--;
    ticket->user = NULL;
    ticket->next = pool->free;
    pool->free = ticket;
    (void)pthread_cond_broadcast(&pool->tickets);
    (void)pthread_mutex_unlock(&pool->lock);
}

/* -- queues --------------------------------------------------------------------------------- */

void oc_pool_submit(struct oc_pool *pool, struct oc_ticket *ticket, oc_part_fn *fn)
{
    (void)pthread_mutex_lock(&pool->lock);
    ticket->fn = fn;
    ticket->next = NULL;
    *pool->parts_tail = ticket;
    pool->parts_tail = &ticket->next;
    (void)pthread_cond_signal(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
}

int oc_pool_run(struct oc_pool *pool, void (*fn)(void *ctx), void *ctx, struct oc_err *err)
{
    int rc = OC_OK;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->stopping || pool->run_count == RUN_QUEUE) {
        rc = oc_fail(err, OC_EBUSY, "too many transfers of parts are waiting; try again later");
    } else {
        pool->runs[(pool->run_at + pool->run_count) % RUN_QUEUE] = (struct run_item){fn, ctx};
        pool->run_count++;
        (void)pthread_cond_signal(&pool->work);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return rc;
}

bool oc_pool_sleep(struct oc_pool *pool, int64_t ms)
{
    struct timespec until;
    bool stopping;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&pool->lock);
    while (!pool->stopping && pthread_cond_timedwait(&pool->tickets, &pool->lock, &until) == 0)
        ;
    stopping = pool->stopping;
    (void)pthread_mutex_unlock(&pool->lock);
    return !stopping;
}
