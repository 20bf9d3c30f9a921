/*
 * One worker: the epoll loop, accepting, the hand-over of connections, time-outs.
 *
 * All workers wait on one listening socket (EPOLLEXCLUSIVE wakes one of them). Who accepts gives
 * the connection to the worker with the fewest: SDKs keep few connections for long, so an even
 * spread matters more than the hop. SO_REUSEPORT would spread by hash, strand connections in the
 * queue of a busy worker, and let a second server bind the same port unnoticed.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fault.h"
#include "base/log.h"
#include "http/http_impl.h"

#define EVENTS_MAX      128    /* of one epoll_wait */
#define ACCEPT_MAX      16     /* connections of one wake-up, so that others get their turn */
#define ACCEPT_PAUSE_US 100000 /* when the system has no descriptor or memory to accept */
#define SURPLUS_MAX     64     /* connections over the cap that are told so; more are cut */
#define WAIT_MAX_US     (60 * 1000000L) /* a wait without deadlines; any value would do */

void oc_http_count(struct oc_http_worker *worker, enum oc_http_count count, uint64_t add)
{
    _Atomic uint64_t *counter = &worker->counts[count];

    /* One writer: no locked add needed. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + add,
                          memory_order_relaxed);
}

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* xoshiro256++ 1.0 (Blackman, Vigna; public domain). */
static uint64_t next_random(uint64_t s[4])
{
    uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

void oc_http_make_id(struct oc_http_worker *worker, char ret_id[36])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t words[2] = {next_random(worker->random), next_random(worker->random)};
    uint8_t bytes[16];
    char *to = ret_id;

    memcpy(bytes, words, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
}

void oc_http_timer_remove(struct oc_http_conn *conn)
{
    struct oc_http_worker *worker = conn->worker;

    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        worker->timers[conn->timer].first = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    else
        worker->timers[conn->timer].last = conn->prev;
    conn->prev = conn->next = NULL;
}

static void timer_append(struct oc_http_conn *conn, enum oc_http_timer timer)
{
    struct oc_http_worker *worker = conn->worker;

    conn->timer = (uint8_t)timer;
    conn->deadline_us = worker->now_us + worker->server->period_us[timer];
    conn->prev = worker->timers[timer].last;
    conn->next = NULL;
    if (conn->prev != NULL)
        conn->prev->next = conn;
    else
        worker->timers[timer].first = conn;
    worker->timers[timer].last = conn;
}

void oc_http_timer_set(struct oc_http_conn *conn, enum oc_http_timer timer)
{
    oc_http_timer_remove(conn);
    timer_append(conn, timer);
}

void oc_http_worker_wake(struct oc_http_worker *worker)
{
    uint64_t one = 1;

    /* Fails only when the counter is full, and then an event is due anyway. */
    (void)!write(worker->wake_fd, &one, sizeof(one));
}

void oc_http_worker_push(struct oc_http_conn *conn)
{
    struct oc_http_worker *worker = conn->worker;
    struct oc_http_conn *first = atomic_load_explicit(&worker->inbox, memory_order_relaxed);

    (void)atomic_fetch_add_explicit(&worker->pushing, 1, memory_order_relaxed);
    /* After a successful exchange the connection is the worker's: do not touch it any more. */
    do
        conn->inbox_next = first;
    while (!atomic_compare_exchange_weak_explicit(&worker->inbox, &first, conn,
                                                  memory_order_release, memory_order_relaxed));
    if (first == NULL)
        oc_http_worker_wake(worker); /* else somebody did, and the worker has not looked yet */
    (void)atomic_fetch_sub_explicit(&worker->pushing, 1, memory_order_release);
}

static void adopt(struct oc_http_conn *conn)
{
    timer_append(conn, OC_TIMER_HEAD);
    conn->worker->open++;
    oc_http_conn_adopt(conn);
}

static void empty_inbox(struct oc_http_worker *worker)
{
    struct oc_http_conn *list = NULL, *conn;

    if (atomic_load_explicit(&worker->inbox, memory_order_relaxed) == NULL)
        return;
    conn = atomic_exchange_explicit(&worker->inbox, NULL, memory_order_acquire);
    while (conn != NULL) { /* oldest first */
        struct oc_http_conn *next = conn->inbox_next;

        conn->inbox_next = list;
        list = conn;
        conn = next;
    }
    while (list != NULL) {
        conn = list;
        list = conn->inbox_next;
        if (conn->state == OC_CONN_NEW)
            adopt(conn);
        else
            oc_http_conn_answered(conn);
    }
}

static struct oc_http_worker *least_loaded(struct oc_http_worker *self)
{
    struct oc_http_server *server = self->server;
    struct oc_http_worker *best = self;
    unsigned least = atomic_load_explicit(&self->load, memory_order_relaxed);

    for (unsigned i = 0; i < server->options.workers; i++) {
        unsigned load = atomic_load_explicit(&server->workers[i].load, memory_order_relaxed);

        if (load < least) {
            least = load;
            best = &server->workers[i];
        }
    }
    return best;
}

static void set_peer(struct oc_http_conn *conn, const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, conn->peer, sizeof(conn->peer));
        conn->peer_port = ntohs(v4->sin_port);
    } else if (address->ss_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], conn->peer, sizeof(conn->peer));
        else
            inet_ntop(AF_INET6, &v6->sin6_addr, conn->peer, sizeof(conn->peer));
        conn->peer_port = ntohs(v6->sin6_port);
    }
}

static void take_connection(struct oc_http_worker *worker, int fd,
                            const struct sockaddr_storage *address)
{
    struct oc_http_server *server = worker->server;
    unsigned open = atomic_fetch_add(&server->open, 1) + 1;
    bool is_surplus = open > server->options.max_connections;
    struct oc_http_conn *conn =
        open > server->options.max_connections + SURPLUS_MAX ? NULL : oc_alloc(sizeof(*conn));

    oc_http_count(worker, is_surplus ? OC_COUNT_CONNECTIONS_REFUSED : OC_COUNT_CONNECTIONS, 1);
    if (conn == NULL) {
        close(fd);
        atomic_fetch_sub(&server->open, 1);
        return;
    }
    memset(conn, 0, sizeof(*conn));
    conn->state = OC_CONN_NEW;
    conn->fd = fd;
    conn->is_surplus = is_surplus;
    set_peer(conn, address);
    conn->worker = least_loaded(worker);
    atomic_fetch_add(&conn->worker->load, 1);
    if (conn->worker == worker)
        adopt(conn);
    else
        oc_http_worker_push(conn);
}

static bool watch_listener(struct oc_http_worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                .data.ptr = &worker->server->listen_fd};

    return epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->server->listen_fd, &event) == 0;
}

static void ignore_listener(struct oc_http_worker *worker)
{
    (void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, worker->server->listen_fd, NULL);
}

static void accept_some(struct oc_http_worker *worker)
{
    for (unsigned i = 0; i < ACCEPT_MAX && worker->accept_again_us == 0; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof(address);
        int fd = accept4(worker->server->listen_fd, (struct sockaddr *)&address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            take_connection(worker, fd, &address);
            continue;
        }
        switch (errno) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            /* The listener stays readable: look away for a while instead of spinning. */
            oc_log(OC_LOG_ERROR, "http_accept_paused", "reason", strerror(errno), NULL);
            ignore_listener(worker);
            worker->accept_again_us = worker->now_us + ACCEPT_PAUSE_US;
            return;
        case EAGAIN:
        case EINVAL: /* shut down by oc_http_server_stop */
            return;
        default:
            continue; /* an error of that one connection (accept(2), "Error handling") */
        }
    }
}

static void begin_stop(struct oc_http_worker *worker)
{
    struct oc_http_conn *conn, *next;

    worker->is_stopping = true;
    worker->accept_again_us = 0;
    ignore_listener(worker);
    for (conn = worker->timers[OC_TIMER_IDLE].first; conn != NULL; conn = next) {
        next = conn->next;
        oc_http_conn_close(conn);
    }
    for (conn = worker->timers[OC_TIMER_STREAM].first; conn != NULL; conn = next) {
        next = conn->next;
        oc_http_conn_end_stream(conn);
    }
    for (conn = worker->timers[OC_TIMER_HEAD].first; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->exchange == NULL) /* has sent nothing yet */
            oc_http_conn_close(conn);
    }
}

static void expire(struct oc_http_worker *worker)
{
    for (enum oc_http_timer timer = OC_TIMER_HEAD; timer < OC_TIMERS; timer++) {
        struct oc_http_conn *conn;

        while ((conn = worker->timers[timer].first) != NULL && conn->deadline_us <= worker->now_us)
            oc_http_conn_timeout(conn);
    }
    if (worker->accept_again_us != 0 && worker->accept_again_us <= worker->now_us &&
        !worker->is_stopping)
        worker->accept_again_us = watch_listener(worker) ? 0 : worker->now_us + ACCEPT_PAUSE_US;
}

/* Milliseconds to the next deadline, rounded up so that it has passed when the wait ends. */
static int wait_ms(const struct oc_http_worker *worker)
{
    int64_t until = worker->now_us + WAIT_MAX_US;

    for (enum oc_http_timer timer = OC_TIMER_HEAD; timer < OC_TIMERS; timer++)
        if (worker->timers[timer].first != NULL && worker->timers[timer].first->deadline_us < until)
            until = worker->timers[timer].first->deadline_us;
    if (worker->accept_again_us != 0 && worker->accept_again_us < until)
        until = worker->accept_again_us;
    if (worker->is_stopping && atomic_load(&worker->server->stop_at_us) < until)
        until = atomic_load(&worker->server->stop_at_us);
    return until <= worker->now_us ? 0 : (int)((until - worker->now_us + 999) / 1000);
}

static void close_all(struct oc_http_worker *worker)
{
    for (enum oc_http_timer timer = 0; timer < OC_TIMERS; timer++)
        while (worker->timers[timer].first != NULL)
            oc_http_conn_close(worker->timers[timer].first);
}

static void run_events(struct oc_http_worker *worker, struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        void *what = events[i].data.ptr;

        if (what == &worker->server->listen_fd)
            accept_some(worker);
        else if (what != worker) /* the worker itself stands for its eventfd */
            oc_http_conn_event(what, events[i].events);
    }
}

void *oc_http_worker_main(void *arg)
{
    struct oc_http_worker *worker = arg;
    struct epoll_event events[EVENTS_MAX];

    worker->self = pthread_self();
    pthread_setname_np(worker->self, "http");
    for (;;) {
        worker->now_us = oc_clock_mono_us();
        if (worker->is_stopping &&
            (worker->open == 0 || worker->now_us >= atomic_load(&worker->server->stop_at_us)))
            break;
        int count = epoll_wait(worker->epoll_fd, events, EVENTS_MAX, wait_ms(worker));

        worker->now_us = oc_clock_mono_us();
        /* Events first: each touches only its own connection, so none of the batch is stale.
         * What follows may free any connection. */
        run_events(worker, events, count);
        empty_inbox(worker);
        expire(worker);
        oc_http_large_resume(worker);
        if (!worker->is_stopping && atomic_load(&worker->server->is_stopping))
            begin_stop(worker);
    }
    close_all(worker);
    return NULL;
}

void oc_http_worker_drain(struct oc_http_worker *worker)
{
    empty_inbox(worker);
    close_all(worker);
}

int oc_http_worker_init(struct oc_http_worker *worker, struct oc_http_server *server,
                        struct oc_err *err)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = worker};

    worker->server = server;
    worker->wake_fd = -1;
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (worker->epoll_fd < 0)
        return oc_fail_errno(err, "http: epoll");
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->wake_fd < 0)
        return oc_fail_errno(err, "http: eventfd");
    if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->wake_fd, &event) < 0 ||
        !watch_listener(worker))
        return oc_fail_errno(err, "http: epoll");
    return oc_random(worker->random, sizeof(worker->random), err);
}

void oc_http_worker_clear(struct oc_http_worker *worker)
{
    /* The last answer may be out before the thread that gave it has come back from the push. */
    while (atomic_load_explicit(&worker->pushing, memory_order_acquire) > 0)
        (void)sched_yield();
    while (worker->pool != NULL) {
        struct oc_http_exchange *exchange = worker->pool;

        worker->pool = exchange->next_free;
        oc_http_exchange_free(exchange);
    }
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    if (worker->epoll_fd >= 0)
        close(worker->epoll_fd);
}
