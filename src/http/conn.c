/*
 * One connection: from bytes to a request, to the handler, and on to the next request.
 *
 * A small machine of states; each step works until it would wait. Sockets are registered once, edge
 * triggered, and flags remember what epoll has told: a small request on a kept connection costs
 * epoll_wait, recv and sendmsg. EPOLLOUT is asked for when a send has met a full socket, not
 * before.
 *
 * Thread: the connection's worker.
 */
#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "blob/blob.h"
#include "http/http_impl.h"

#define STEPS_MAX        64           /* of one connection before the others get their turn */
#define BODY_FIRST       (64 * 1024)  /* first memory of a separate body; doubles from there */
#define LINGER_BYTES_MAX (64UL << 20) /* input discarded after a refusal */
#define LARGE_RATE       (64 * 1024)  /* bytes a second of a large body while others wait */

static const char too_many[] = "Too many connections.";
static const char too_large[] = "Too many large requests at once.";

enum step {
    STEP_GO,   /* the state may have changed: take the next step */
    STEP_WAIT, /* for an event, a time-out or an answer */
    STEP_CLOSE
};

static void conn_run(struct oc_http_conn *conn, enum step step);

static void conn_free(struct oc_http_conn *conn)
{
    if (conn->exchange != NULL)
        oc_http_exchange_reset(conn->exchange);
    oc_http_exchange_release(conn);
    atomic_fetch_sub(&conn->worker->load, 1);
    atomic_fetch_sub(&conn->worker->server->open, 1);
    free(conn);
}

static void drop_tls(struct oc_http_conn *conn)
{
    oc_http_tls_free(conn->tls);
    conn->tls = NULL;
}

void oc_http_conn_close(struct oc_http_conn *conn)
{
    oc_http_timer_remove(conn);
    if (conn->state == OC_CONN_WAITING)
        oc_http_large_end_wait(conn);
    if (conn->tls != NULL)
        oc_http_tls_end(conn->tls);
    drop_tls(conn);
    close(conn->fd);
    conn->fd = -1;
    conn->worker->open--;
    if (conn->state != OC_CONN_HANDLING)
        conn_free(conn); /* else oc_http_conn_answered does, once the request is answered */
}

/* Ask for an event, at once when the socket is ready: to hear of a socket that takes bytes again,
 * and to come back to a connection that has used up its turn. */
static void rearm(struct oc_http_conn *conn)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = conn};

    (void)epoll_ctl(conn->worker->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event); /* cannot fail */
    conn->wants_writable = true;
}

/* After an answer has been given: nothing more is due from the handler. */
static enum step begin_writing(struct oc_http_conn *conn)
{
    conn->state = OC_CONN_WRITING;
    return conn->exchange->out_failed ? STEP_CLOSE : STEP_GO;
}

static enum step refuse(struct oc_http_conn *conn, unsigned status, const char *reason)
{
    conn->writable = false; /* the socket is tried now; what it leaves waits for an event */
    conn->readable = true;  /* there may be input that nobody will read: linger */
    conn->moved = conn->moved_mark = 0;
    oc_http_refuse(conn->exchange, status, reason);
    return begin_writing(conn);
}

static enum step dispatch(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    struct oc_http_worker *worker = conn->worker;
    int rc;

    exchange->req.received_us = oc_clock_mono_us();
    conn->state = OC_CONN_HANDLING;
    conn->has_piece = false;
    conn->writable = false;
    conn->moved = conn->moved_mark = 0;
    atomic_store_explicit(&exchange->answered, false, memory_order_relaxed);
    oc_http_count(worker, OC_COUNT_REQUESTS, 1);
    worker->handling = exchange;
    rc = worker->server->handler(&exchange->req, worker->server->ctx);
    worker->handling = NULL;
    if (!exchange->responded && rc == OC_PENDING) {
        oc_http_timer_set(conn, OC_TIMER_NONE);
        return STEP_WAIT;
    }
    oc_http_count(worker, OC_COUNT_ANSWERS, 1);
    if (!exchange->responded)
        return refuse(conn, 500, "The request could not be handled.");
    return begin_writing(conn);
}

/* The head is whole: make the request of it. */
static void fill_request(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    const struct oc_http_head *head = &exchange->parser.head;

    oc_http_make_id(conn->worker, exchange->id);
    exchange->keep_alive = head->keep_alive && !conn->worker->is_stopping;
    exchange->req = (struct oc_http_request){
        .id = {exchange->id, sizeof(exchange->id)},
        .method = head->method,
        .target = head->target,
        .path = head->path,
        .query = head->query,
        .host = head->host,
        .headers = head->headers,
        .header_count = head->header_count,
        .body = {exchange->in + head->size, 0},
        .peer = oc_slice_of(conn->peer),
        .peer_port = conn->peer_port,
        .arena = &exchange->arena,
    };
}

static bool fits_behind_head(const struct oc_http_exchange *exchange)
{
    const struct oc_http_head *head = &exchange->parser.head;

    return head->content_length <= exchange->in_cap - head->size;
}

static bool grow_body(struct oc_http_exchange *exchange)
{
    size_t want = (size_t)exchange->parser.head.content_length;
    size_t cap = exchange->body_cap == 0 ? BODY_FIRST : exchange->body_cap * 2;

    cap = cap < want && exchange->large == 0 ? cap : want;
    if (!oc_http_reserve(exchange, cap - exchange->body_cap))
        return false;
    /* One that was admitted has its memory at once; the system gives it page by page. */
    char *body = exchange->large > 0 ? oc_alloc_aligned(OC_BLOB_ALIGN, exchange->large)
                                     : oc_realloc(exchange->body, cap);

    if (body == NULL)
        return false;
    exchange->body = body;
    exchange->body_cap = cap;
    return true;
}

/* Ask whether a large body may come. @return false: it was answered, and begin_writing is next. */
static bool admit(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    struct oc_http_worker *worker = conn->worker;
    bool keep_alive = exchange->keep_alive, readable = conn->readable, admitted;

    /* Who is turned away may go on sending the body: as in refuse. */
    exchange->keep_alive = conn->writable = false;
    conn->readable = true;
    conn->moved = conn->moved_mark = 0;
    atomic_store_explicit(&exchange->answered, false, memory_order_relaxed);
    worker->handling = exchange;
    admitted = worker->server->options.admit(&exchange->req, worker->server->ctx);
    worker->handling = NULL;
    if (admitted) {
        exchange->keep_alive = keep_alive;
        conn->readable = readable;
    } else if (!exchange->responded) {
        oc_http_refuse(exchange, 500, "The request could not be handled.");
    }
    return admitted;
}

static enum step begin_body(struct oc_http_conn *conn)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct oc_http_exchange *exchange = conn->exchange;
    const struct oc_http_head *head = &exchange->parser.head;
    size_t have = exchange->in_len - head->size; /* bytes of the body, or of what follows it */

    conn->state = OC_CONN_BODY;
    oc_http_timer_set(conn, OC_TIMER_BODY);
    if (!fits_behind_head(exchange)) {
        if (!grow_body(exchange))
            return refuse(conn, 503, too_large);
        memcpy(exchange->body, exchange->in + head->size, have);
        exchange->body_len = have;
        exchange->in_len = head->size;
    }
    if (have == 0 && head->expects_continue) {
        struct iovec iov = {(void *)go_on, sizeof(go_on) - 1};

        /* 25 bytes into a socket whose answers have all left: not taking them is a failure. */
        if (oc_http_conn_write(conn, &iov, 1, false) != (ssize_t)iov.iov_len)
            return STEP_CLOSE;
    }
    conn->moved = conn->moved_mark = 0;
    return STEP_GO;
}

/* The head is whole: judge what it announces, and go for the body or to the handler. */
static enum step begin_request(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    struct oc_http_server *server = conn->worker->server;
    const struct oc_http_head *head = &exchange->parser.head;

    fill_request(conn);
    if (head->content_length == 0)
        return dispatch(conn);
    if (head->content_length > server->options.body_limit(&exchange->req, server->ctx))
        return refuse(conn, 413, "The request's body is too large.");
    if (head->content_length > OC_HTTP_BODY_MAX && server->options.admit) {
        if (!admit(conn))
            return begin_writing(conn);
        if (!oc_http_large_begin(conn))
            return STEP_WAIT;
    }
    return begin_body(conn);
}

void oc_http_conn_resume(struct oc_http_conn *conn)
{
    conn_run(conn, begin_body(conn));
}

/* A whole head may be longer than the small input memory. */
static bool grow_input(struct oc_http_exchange *exchange)
{
    char *in = oc_alloc(OC_HTTP_HEAD_MAX);

    if (in == NULL)
        return false;
    memcpy(in, exchange->in, exchange->in_len);
    exchange->in = in;
    exchange->in_cap = OC_HTTP_HEAD_MAX;
    oc_http_parser_init(&exchange->parser); /* its slices point into the old place */
    return true;
}

/* Reading, too, may wait for a socket that takes bytes: TLS 1.3 answers a change of keys. */
static void await_tls(struct oc_http_conn *conn)
{
    if (conn->tls != NULL && oc_http_tls_wants_write(conn->tls) && !conn->wants_writable)
        rearm(conn);
}

static enum step read_input(struct oc_http_conn *conn, char *to, size_t len, size_t *length)
{
    ssize_t got = oc_http_conn_read(conn, to, len);

    if (got > 0) {
        *length += (size_t)got;
        conn->moved += (uint64_t)got;
        return STEP_GO;
    }
    if (got == 0 || errno != EAGAIN)
        return STEP_CLOSE;
    await_tls(conn);
    return STEP_WAIT;
}

/* Refuse a connection that has not sent a request. */
static enum step refuse_unasked(struct oc_http_conn *conn, unsigned status, const char *reason)
{
    return oc_http_exchange_take(conn) != NULL ? refuse(conn, status, reason) : STEP_CLOSE;
}

static enum step step_shaking(struct oc_http_conn *conn)
{
    const char *reason = NULL;
    int rc = oc_http_tls_handshake(conn->tls, &reason);

    if (rc == OC_PENDING) {
        await_tls(conn);
        return STEP_WAIT;
    }
    if (rc == OC_OK) {
        conn->state = OC_CONN_HEAD;
        conn->readable = true; /* the first request may have come with the client's last message */
        return conn->is_surplus ? refuse_unasked(conn, 503, too_many) : STEP_GO;
    }
    oc_http_count(conn->worker, OC_COUNT_REFUSED_TLS, 1);
    if (oc_http_tls_is_plain(conn->tls)) {
        drop_tls(conn);
        return refuse_unasked(conn, 400, "This port speaks HTTPS: the URL begins with https.");
    }
    if (reason != NULL) /* else a probe that only connects */
        oc_log(OC_LOG_INFO, "http_tls_failed", "peer", conn->peer, "reason", reason, NULL);
    return STEP_CLOSE;
}

static enum step step_head(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;

    if (exchange == NULL && !conn->readable)
        return STEP_WAIT;
    if (exchange == NULL && (exchange = oc_http_exchange_take(conn)) == NULL)
        return STEP_CLOSE;
    if (exchange->parser.searched < exchange->in_len) {
        int rc =
            oc_http_parse(&exchange->parser, (struct oc_slice){exchange->in, exchange->in_len});

        if (rc < 0)
            return refuse(conn, exchange->parser.status, exchange->parser.reason);
        if (rc == OC_OK)
            return begin_request(conn);
    }
    if (conn->readable) {
        /* The parser refuses a head that fills the large memory, so there is room after this. */
        if (exchange->in_len == exchange->in_cap && !grow_input(exchange))
            return STEP_CLOSE;
        enum step step = read_input(conn, exchange->in + exchange->in_len,
                                    exchange->in_cap - exchange->in_len, &exchange->in_len);

        if (step != STEP_WAIT)
            return step;
    }
    if (exchange->in_len == 0)
        oc_http_exchange_release(conn);
    else if (conn->timer != OC_TIMER_HEAD)
        oc_http_timer_set(conn, OC_TIMER_HEAD);
    return STEP_WAIT;
}

static enum step step_body(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    const struct oc_http_head *head = &exchange->parser.head;
    bool in_place = fits_behind_head(exchange);
    size_t have = in_place ? exchange->in_len - head->size : exchange->body_len;

    if (have >= head->content_length) {
        exchange->req.body.ptr = in_place ? exchange->in + head->size : exchange->body;
        exchange->req.body.len = (size_t)head->content_length;
        exchange->req.body_room = exchange->large > 0 ? (uint8_t *)exchange->body : NULL;
        return dispatch(conn);
    }
    if (!conn->readable)
        return STEP_WAIT;
    if (in_place)
        return read_input(conn, exchange->in + exchange->in_len,
                          exchange->in_cap - exchange->in_len, &exchange->in_len);
    if (exchange->body_len == exchange->body_cap && !grow_body(exchange))
        return refuse(conn, 503, too_large);
    return read_input(conn, exchange->body + exchange->body_len,
                      exchange->body_cap - exchange->body_len, &exchange->body_len);
}

/* The answer has left. */
static enum step end_request(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    const struct oc_http_head *head = &exchange->parser.head;
    size_t used = head->size;

    if (!exchange->keep_alive || conn->worker->is_stopping) {
        /* Closing a socket with unread input resets it, and the reset may overtake the answer. */
        if (!conn->readable && exchange->in_len <= head->size + exchange->req.body.len)
            return STEP_CLOSE;
        oc_http_conn_end_output(conn);
        oc_http_exchange_reset(exchange);
        oc_http_exchange_release(conn);
        conn->state = OC_CONN_LINGER;
        conn->moved = 0;
        oc_http_timer_set(conn, OC_TIMER_LINGER);
        return STEP_GO;
    }
    if (exchange->body == NULL)
        used += exchange->req.body.len;
    exchange->in_len -= used;
    memmove(exchange->in, exchange->in + used, exchange->in_len);
    oc_http_exchange_reset(exchange);
    oc_http_parser_init(&exchange->parser);
    conn->state = OC_CONN_HEAD;
    oc_http_timer_set(conn, OC_TIMER_IDLE);
    return STEP_GO;
}

/* Head or piece of a long-lived answer have left. The first piece follows its head at once. */
static enum step go_on(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;

    if (conn->worker->is_stopping) {
        oc_http_stream_finish(exchange);
        return STEP_GO;
    }
    if (!conn->has_piece) {
        conn->has_piece = true;
        conn->writable = true; /* the socket has taken the head, and no event says so */
        return oc_http_stream_fill(exchange) ? STEP_GO : STEP_CLOSE;
    }
    conn->state = OC_CONN_STREAM;
    oc_http_timer_set(conn, OC_TIMER_STREAM);
    return STEP_WAIT;
}

/* The next piece is due, or the end. */
static enum step next_piece(struct oc_http_conn *conn, bool is_end)
{
    conn->state = OC_CONN_WRITING;
    conn->writable = true;
    conn->moved = conn->moved_mark = 0;
    if (is_end)
        oc_http_stream_finish(conn->exchange);
    else if (!oc_http_stream_fill(conn->exchange))
        return STEP_CLOSE;
    return STEP_GO;
}

void oc_http_conn_end_stream(struct oc_http_conn *conn)
{
    conn_run(conn, next_piece(conn, true));
}

static enum step step_writing(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;

    if (!oc_http_is_flushed(exchange) && conn->writable) {
        int done = oc_http_flush(exchange);

        if (done < 0)
            return STEP_CLOSE;
        conn->writable = done > 0;
    }
    if (oc_http_is_flushed(exchange))
        return exchange->stream.next != NULL ? go_on(conn) : end_request(conn);
    if (!conn->wants_writable)
        rearm(conn);
    if (conn->timer != OC_TIMER_WRITE)
        oc_http_timer_set(conn, OC_TIMER_WRITE);
    return STEP_WAIT;
}

static enum step step_linger(struct oc_http_conn *conn)
{
    char discarded[16 * 1024];
    size_t length = 0;

    if (conn->moved > LINGER_BYTES_MAX)
        return STEP_CLOSE;
    return conn->readable ? read_input(conn, discarded, sizeof(discarded), &length) : STEP_WAIT;
}

static void conn_run(struct oc_http_conn *conn, enum step step)
{
    for (unsigned steps = 0; step == STEP_GO; steps++) {
        if (steps == STEPS_MAX) {
            rearm(conn);
            return;
        }
        switch ((enum oc_http_conn_state)conn->state) {
        case OC_CONN_SHAKING:
            step = step_shaking(conn);
            break;
        case OC_CONN_HEAD:
            step = step_head(conn);
            break;
        case OC_CONN_BODY:
            step = step_body(conn);
            break;
        case OC_CONN_WRITING:
            step = step_writing(conn);
            break;
        case OC_CONN_LINGER:
            step = step_linger(conn);
            break;
        case OC_CONN_NEW:
        case OC_CONN_WAITING:
        case OC_CONN_HANDLING:
        case OC_CONN_STREAM:
            return; /* events of a pending connection are kept in its flags */
        }
    }
    if (step == STEP_CLOSE)
        oc_http_conn_close(conn);
}

void oc_http_conn_adopt(struct oc_http_conn *conn)
{
    struct oc_http_tls_keys *keys = conn->worker->server->tls_keys;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = conn};

    if (conn->worker->is_stopping ||
        epoll_ctl(conn->worker->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) < 0) {
        oc_http_conn_close(conn);
        return;
    }
    if (keys != NULL) {
        conn->state = OC_CONN_SHAKING;
        conn->tls = oc_http_tls_new(keys, conn->fd);
        if (conn->tls == NULL)
            oc_http_conn_close(conn);
        return;
    }
    conn->state = OC_CONN_HEAD;
    if (conn->is_surplus)
        conn_run(conn, refuse_unasked(conn, 503, too_many));
}

void oc_http_conn_event(struct oc_http_conn *conn, uint32_t events)
{
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        conn->readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        conn->has_end = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        conn->writable = true;
    if (conn->tls != NULL) {
        oc_http_tls_event(conn->tls);
        conn->readable = conn->readable || oc_http_tls_wants_write(conn->tls);
    }
    /* Both directions are gone: nobody waits for a pending answer any more. A client that has
     * only ended its own side (EPOLLRDHUP alone) still gets it. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 &&
        (conn->state == OC_CONN_HANDLING || conn->state == OC_CONN_STREAM ||
         conn->state == OC_CONN_WAITING))
        oc_http_conn_close(conn);
    else
        conn_run(conn, STEP_GO);
}

void oc_http_conn_answered(struct oc_http_conn *conn)
{
    oc_http_count(conn->worker, OC_COUNT_ANSWERS, 1);
    if (conn->fd < 0) {
        oc_http_count(conn->worker, OC_COUNT_ANSWERS_DROPPED, 1);
        conn_free(conn);
        return;
    }
    conn->writable = true;
    conn_run(conn, begin_writing(conn));
}

/* Whether enough bytes have moved in the period that has just ended; the next one begins. */
static bool moves_on(struct oc_http_conn *conn, uint64_t moved, unsigned rate)
{
    const struct oc_http_server *server = conn->worker->server;
    int64_t period_ms = server->period_us[conn->timer] / 1000;
    uint64_t due = (uint64_t)rate * (uint64_t)period_ms / 1000;
    bool enough = moved >= conn->moved_mark && moved - conn->moved_mark >= due;

    conn->moved_mark = moved;
    if (enough)
        oc_http_timer_set(conn, (enum oc_http_timer)conn->timer);
    return enough;
}

static bool write_moves_on(struct oc_http_conn *conn)
{
    int queued = 0;

    /* What the client has taken, not what the kernel holds for it. */
    if (ioctl(conn->fd, SIOCOUTQ, &queued) < 0)
        queued = 0;
    return moves_on(conn,
                    conn->moved - ((uint64_t)queued < conn->moved ? (uint64_t)queued : conn->moved),
                    conn->worker->server->options.min_rate);
}

/* Who has the memory of a large body while others wait for it must make more of it. */
static bool body_moves_on(struct oc_http_conn *conn)
{
    const struct oc_http_server *server = conn->worker->server;
    unsigned rate = server->options.min_rate;

    if (conn->exchange->large > 0 && atomic_load(&server->large_waiting) > 0 && rate < LARGE_RATE)
        rate = LARGE_RATE;
    return moves_on(conn, conn->moved, rate);
}

static void count_timeout(struct oc_http_conn *conn, enum oc_http_count count, const char *what)
{
    oc_http_count(conn->worker, count, 1);
    oc_log(OC_LOG_INFO, "http_timeout", "peer", conn->peer, "waiting_for", what, NULL);
}

void oc_http_conn_timeout(struct oc_http_conn *conn)
{
    enum step step = STEP_CLOSE;

    switch ((enum oc_http_timer)conn->timer) {
    case OC_TIMER_HEAD:
        count_timeout(conn, OC_COUNT_TIMEOUTS_HEAD,
                      conn->state == OC_CONN_SHAKING ? "handshake" : "head");
        if (conn->exchange != NULL)
            step = refuse(conn, 408, "The request's head took too long.");
        break;
    case OC_TIMER_BODY:
        if (body_moves_on(conn))
            return;
        count_timeout(conn, OC_COUNT_TIMEOUTS_BODY, "body");
        step = refuse(conn, 408, "The request's body came too slowly.");
        break;
    case OC_TIMER_ROOM:
        oc_http_large_end_wait(conn);
        step = refuse(conn, 503, too_large);
        break;
    case OC_TIMER_WRITE:
        if (write_moves_on(conn))
            return;
        count_timeout(conn, OC_COUNT_TIMEOUTS_WRITE, "reader");
        break;
    case OC_TIMER_STREAM:
        step = next_piece(conn, false);
        break;
    case OC_TIMER_IDLE:
        oc_http_count(conn->worker, OC_COUNT_TIMEOUTS_IDLE, 1);
        break;
    case OC_TIMER_LINGER:
    case OC_TIMER_NONE:
    case OC_TIMERS:
        break;
    }
    conn_run(conn, step);
}
