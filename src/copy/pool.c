/*
 * The loop of workers and carriers, the queues they serve, and the order in which buffers are given
 * out.
 */
#include "copy/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"

#define RUN_QUEUE 256         /* other work that may wait for each crew */
#define KEPT      2           /* buffers that carriers leave to others */
#define CALLERS   2           /* carriers beyond one for each buffer: for other work */
#define HUGE_PAGE (2UL << 20) /* what buffers are laid out for, where the system has such */

struct run_item {
    void (*fn)(void *ctx);
    void *ctx;
};

/* Threads and what is queued for them. */
struct crew {
    struct oc_pool *pool;
    pthread_cond_t work; /* something is queued, or closing */
    struct oc_ticket *parts_head, **parts_tail;
    struct run_item runs[RUN_QUEUE]; /* a ring */
    uint32_t run_at, run_count;
    bool part_next; /* parts and other work take turns */
    uint32_t idle;  /* threads that wait for work */
    uint32_t count;
    pthread_t *threads;
};

struct oc_pool {
    pthread_mutex_t lock;
    pthread_cond_t tickets; /* for users: a ticket came back, or stopping */
    bool stopping;          /* nobody waits any more */
    bool closing;           /* and nobody submits: threads end when all is done */

    struct oc_ticket *all;  /* the array */
    uint8_t *buffers;       /* of all tickets, one after another */
    struct oc_ticket *free; /* not given out */
    uint32_t ticket_count;
    uint32_t away_max, away_held; /* tickets of users that wait for another machine */
    struct oc_pool_user *users;
    uint64_t turns;

    uint32_t processors;
    struct crew workers, carriers;
};

/* -- crews ---------------------------------------------------------------------------------- */

/* Take the first queued part. Lock held. */
static struct oc_ticket *take_part(struct crew *crew)
{
    struct oc_ticket *ticket = crew->parts_head;

    crew->parts_head = ticket->next;
    if (!crew->parts_head)
        crew->parts_tail = &crew->parts_head;
    return ticket;
}

/*
 * Whether a part is better taken along than left for another worker: there is none, or as many are
 * at work as there are processors, so that one more would only share theirs. Lock held.
 */
static bool is_surplus(const struct oc_pool *pool)
{
    const struct crew *workers = &pool->workers;

    return workers->idle == 0 || workers->count - workers->idle >= pool->processors;
}

/* Whether a user waits for another machine. */
static bool is_away(const struct oc_pool_user *user)
{
    return user->places[0] || user->places[1];
}

struct oc_ticket *oc_pool_take_fellow(struct oc_pool *pool, const struct oc_ticket *ticket)
{
    struct oc_ticket *next = NULL;

    (void)pthread_mutex_lock(&pool->lock);
    if (!is_away(ticket->user) && is_surplus(pool)) {
        const struct oc_ticket *head = pool->workers.parts_head;

        if (head && head->owner == ticket->owner && head->fn == ticket->fn)
            next = take_part(&pool->workers);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return next;
}

/* Take and do one thing. Lock held on entry and exit, not while it is done. */
static void do_next(struct crew *crew)
{
    struct oc_pool *pool = crew->pool;

    if (crew->parts_head && (crew->part_next || crew->run_count == 0)) {
        struct oc_ticket *ticket = take_part(crew);

        crew->part_next = false;
        (void)pthread_mutex_unlock(&pool->lock);
        ticket->fn(ticket);
    } else {
        struct run_item item = crew->runs[crew->run_at];

        crew->run_at = (crew->run_at + 1) % RUN_QUEUE;
        crew->run_count--;
        crew->part_next = true;
        (void)pthread_mutex_unlock(&pool->lock);
        item.fn(item.ctx);
    }
    (void)pthread_mutex_lock(&pool->lock);
}

static void wait_for_work(struct crew *crew)
{
    crew->idle++;
    (void)pthread_cond_wait(&crew->work, &crew->pool->lock);
    crew->idle--;
}

static void *work(void *arg)
{
    struct crew *crew = arg;

    (void)pthread_mutex_lock(&crew->pool->lock);
    for (;;) {
        if (crew->parts_head || crew->run_count)
            do_next(crew);
        else if (crew->pool->closing)
            break;
        else
            wait_for_work(crew);
    }
    (void)pthread_mutex_unlock(&crew->pool->lock);
    return NULL;
}

static void init_crew(struct oc_pool *pool, struct crew *crew)
{
    crew->pool = pool;
    crew->parts_tail = &crew->parts_head;
    (void)pthread_cond_init(&crew->work, NULL); /* cannot fail with default attributes */
}

static int start_crew(struct crew *crew, uint32_t count, struct oc_err *err)
{
    crew->threads = oc_alloc(count * sizeof(*crew->threads));
    if (!crew->threads)
        return oc_fail_nomem(err);
    for (; crew->count < count; crew->count++)
        if (pthread_create(&crew->threads[crew->count], NULL, work, crew) != 0)
            return oc_fail(err, OC_ENOMEM, "copy engine: a worker thread could not be started");
    return OC_OK;
}

/* The pool is closing: wait until all that was queued is done. */
static void end_crew(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->count; i++)
        (void)pthread_join(crew->threads[i], NULL); /* fails only on a bug */
    free(crew->threads);
    (void)pthread_cond_destroy(&crew->work);
}

/* -- life ----------------------------------------------------------------------------------- */

/*
 * The buffers are one piece of memory, so that huge pages have no rests to fill between them; the
 * system gives it page by page, at the first use.
 */
static int start(struct oc_pool *pool, uint32_t workers, struct oc_err *err)
{
    const size_t bytes = (pool->ticket_count * OC_COPY_ROOM + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    int rc;

    pool->all = oc_alloc(pool->ticket_count * sizeof(*pool->all));
    pool->buffers = oc_alloc_aligned(HUGE_PAGE, bytes);
    if (!pool->all || !pool->buffers)
        return oc_fail_nomem(err);
    (void)madvise(pool->buffers, bytes, MADV_HUGEPAGE); /* only speed */
    memset(pool->all, 0, pool->ticket_count * sizeof(*pool->all));
    for (uint32_t i = 0; i < pool->ticket_count; i++) {
        pool->all[i].bytes = pool->buffers + i * OC_COPY_ROOM;
        pool->all[i].next = pool->free;
        pool->free = &pool->all[i];
    }
    rc = start_crew(&pool->workers, workers, err);
    return rc < 0 ? rc : start_crew(&pool->carriers, pool->away_max + CALLERS, err);
}

int oc_pool_new(uint32_t workers, uint32_t tickets, struct oc_pool **ret, struct oc_err *err)
{
    struct oc_pool *pool = oc_alloc(sizeof(*pool));
    int rc;

    if (!pool)
        return oc_fail_nomem(err);
    memset(pool, 0, sizeof(*pool));
    (void)pthread_mutex_init(&pool->lock, NULL); /* cannot fail with default attributes */
    oc_clock_init_cond(&pool->tickets);
    init_crew(pool, &pool->workers);
    init_crew(pool, &pool->carriers);
    pool->ticket_count = tickets;
    pool->away_max = tickets > KEPT ? tickets - KEPT : 1;
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
    (void)pthread_cond_broadcast(&pool->workers.work);
    (void)pthread_cond_broadcast(&pool->carriers.work);
    (void)pthread_mutex_unlock(&pool->lock);
    end_crew(&pool->workers);
    end_crew(&pool->carriers);
    free(pool->buffers);
    free(pool->all);
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

void oc_pool_user_waits_for(struct oc_pool *pool, struct oc_pool_user *user, const void *place,
                            const void *other)
{
    (void)pthread_mutex_lock(&pool->lock);
    user->places[0] = place;
    user->places[1] = other;
    (void)pthread_mutex_unlock(&pool->lock);
}

/* Lock held. */
static bool waits_for(const struct oc_pool_user *user, const void *place)
{
    return user->places[0] == place || user->places[1] == place;
}

bool oc_pool_waits_for(struct oc_pool *pool, const struct oc_pool_user *user, const void *place)
{
    bool waits;

    (void)pthread_mutex_lock(&pool->lock);
    waits = waits_for(user, place);
    (void)pthread_mutex_unlock(&pool->lock);
    return waits;
}

static uint32_t held_by_account(const struct oc_pool *pool, struct oc_slice account)
{
    uint32_t held = 0;

    for (const struct oc_pool_user *user = pool->users; user; user = user->next)
        if (oc_slice_eq(user->account, account))
            held += user->held;
    return held;
}

/* Whether a free buffer may be the user's. Lock held. */
static bool may_have(const struct oc_pool *pool, const struct oc_pool_user *user)
{
    return !is_away(user) || pool->away_held < pool->away_max;
}

/* Whose turn it is among those who wait and may have one. Lock held; there are few users. */
static struct oc_pool_user *next_user(const struct oc_pool *pool)
{
    struct oc_pool_user *best = NULL;
    uint32_t best_held = 0;

    for (struct oc_pool_user *user = pool->users; user; user = user->next) {
        uint32_t held;

        if (!user->turn || !may_have(pool, user))
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
    pool->away_held += is_away(user);
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
    pool->away_held -= is_away(ticket->user);
    ticket->user = NULL;
    ticket->next = pool->free;
    pool->free = ticket;
    (void)pthread_cond_broadcast(&pool->tickets);
    (void)pthread_mutex_unlock(&pool->lock);
}

bool oc_pool_is_wanted(struct oc_pool *pool, const void *place)
{
    bool wanted = false;

    (void)pthread_mutex_lock(&pool->lock);
    for (const struct oc_pool_user *user = pool->users; user && !wanted; user = user->next)
        wanted = user->turn && !waits_for(user, place) && !(pool->free && may_have(pool, user));
    (void)pthread_mutex_unlock(&pool->lock);
    return wanted;
}

/* -- queues --------------------------------------------------------------------------------- */

void oc_pool_submit(struct oc_pool *pool, struct oc_ticket *ticket, oc_part_fn *fn)
{
    struct crew *crew;

    (void)pthread_mutex_lock(&pool->lock);
    crew = is_away(ticket->user) ? &pool->carriers : &pool->workers;
    ticket->fn = fn;
    ticket->next = NULL;
    *crew->parts_tail = ticket;
    crew->parts_tail = &ticket->next;
    (void)pthread_cond_signal(&crew->work);
    (void)pthread_mutex_unlock(&pool->lock);
}

int oc_pool_run(struct oc_pool *pool, bool waits, void (*fn)(void *ctx), void *ctx,
                struct oc_err *err)
{
    struct crew *crew = waits ? &pool->carriers : &pool->workers;
    int rc = OC_OK;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->stopping || crew->run_count == RUN_QUEUE) {
        rc = oc_fail(err, OC_EBUSY, "too many transfers of parts are waiting; try again later");
    } else {
        crew->runs[(crew->run_at + crew->run_count) % RUN_QUEUE] = (struct run_item){fn, ctx};
        crew->run_count++;
        (void)pthread_cond_signal(&crew->work);
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
