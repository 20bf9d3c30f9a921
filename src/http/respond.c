/*
 * Answers: head lines, the direct way to the socket, the way over another thread, refusals.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "http/http_impl.h"

#define IOV_BATCH  64          /* pieces of one sendmsg; more cost stack, fewer cost calls */
#define MAPPED_MIN (16 * 1024) /* bytes of a piece; less is copied sooner than sent from a file */

struct head_writer {
    char *at;
    char *end;
    bool failed;
};

static void put(struct head_writer *w, const void *bytes, size_t len)
{
    if (w->failed || (size_t)(w->end - w->at) < len) {
        w->failed = true;
        return;
    }
    memcpy(w->at, bytes, len);
    w->at += len;
}

static void put_slice(struct head_writer *w, struct oc_slice s)
{
    put(w, s.ptr, s.len);
}

static void put_size(struct head_writer *w, size_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(w, digits + at, sizeof(digits) - at);
}

/* The reason phrase; clients ignore it, people with a packet dump do not. */
static struct oc_slice status_text(unsigned status)
{
    static const struct {
        unsigned status;
        struct oc_slice text;
    } known[] = {
        {200, {"200 OK", 6}},
        {201, {"201 Created", 11}},
        {202, {"202 Accepted", 12}},
        {204, {"204 No Content", 14}},
        {206, {"206 Partial Content", 19}},
        {304, {"304 Not Modified", 16}},
        {400, {"400 Bad Request", 15}},
        {403, {"403 Forbidden", 13}},
        {404, {"404 Not Found", 13}},
        {405, {"405 Method Not Allowed", 22}},
        {408, {"408 Request Timeout", 19}},
        {409, {"409 Conflict", 12}},
        {411, {"411 Length Required", 19}},
        {413, {"413 Content Too Large", 21}},
        {414, {"414 URI Too Long", 16}},
        {416, {"416 Range Not Satisfiable", 25}},
        {417, {"417 Expectation Failed", 22}},
        {429, {"429 Too Many Requests", 21}},
        {431, {"431 Request Header Fields Too Large", 35}},
        {500, {"500 Internal Server Error", 25}},
        {503, {"503 Service Unavailable", 23}},
        {505, {"505 HTTP Version Not Supported", 30}},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].status == status)
            return known[i].text;
    return (struct oc_slice){0};
}

static struct oc_slice date_text(struct oc_http_date *date)
{
    time_t now = (time_t)(oc_clock_now_ms() / 1000);

    if (date->second != now || date->text[0] == '\0') {
        char text[32];
        struct tm tm;

        gmtime_r(&now, &tm);
        /* The C locale is never changed, so the names are English. */
        if (strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) == sizeof(date->text)) {
            memcpy(date->text, text, sizeof(date->text));
            date->second = now;
        }
    }
    return (struct oc_slice){date->text, sizeof(date->text)};
}

static bool has_valid_headers(const struct oc_http_response *response)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (!oc_http_is_token(response->headers[i].name) ||
            !oc_http_is_field_text(response->headers[i].value))
            return false;
    return oc_http_is_field_text(response->content_type);
}

static bool has_body(unsigned status)
{
    return status != 204 && status != 304;
}

/* Write the head of an answer. @return its length, 0: it cannot be sent. */
static size_t format_head(const struct oc_http_exchange *exchange, struct oc_http_date *date,
                          const struct oc_http_response *response, size_t body_len,
                          char to[OC_HTTP_REPLY_HEAD_MAX])
{
    struct head_writer w = {.at = to, .end = to + OC_HTTP_REPLY_HEAD_MAX};
    struct oc_slice text = status_text(response->status);

    if (response->status < 200 || response->status > 599 || !has_valid_headers(response))
        return 0;
    put(&w, "HTTP/1.1 ", 9);
    if (text.ptr != NULL) {
        put_slice(&w, text);
    } else {
        put_size(&w, response->status);
        put(&w, " ", 1);
    }
    put(&w, "\r\nDate: ", 8);
    put_slice(&w, date_text(date));
    put(&w, "\r\nx-amzn-RequestId: ", 20);
    put(&w, exchange->id, sizeof(exchange->id));
    if (has_body(response->status)) {
        put(&w, "\r\nContent-Type: ", 16);
        put_slice(&w, response->content_type.ptr != NULL ? response->content_type
                                                         : OC_STR("application/json"));
        if (!response->stream) {
            put(&w, "\r\nContent-Length: ", 18);
            put_size(&w, body_len);
        } else if (exchange->parser.head.minor > 0) {
            put(&w, "\r\nTransfer-Encoding: chunked", 28);
        }
    }
    for (size_t i = 0; i < response->header_count; i++) {
        put(&w, "\r\n", 2);
        put_slice(&w, response->headers[i].name);
        put(&w, ": ", 2);
        put_slice(&w, response->headers[i].value);
    }
    if (!exchange->keep_alive)
        put(&w, "\r\nConnection: close", 19);
    put(&w, "\r\n\r\n", 4);
    return w.failed ? 0 : (size_t)(w.at - to);
}

/* An answer on its way into the socket. */
struct sender {
    struct oc_http_conn *conn;
    const struct oc_mapping *mapping; /* NULL: the connection cannot send from files */
    struct iovec iov[IOV_BATCH];      /* pieces that wait, */
    size_t filled, waiting;           /* so many, with so many bytes */
    size_t sent;                      /* bytes that have left */
    bool corked, failed;
};

/* @return true: all of it has left, and the socket may take more. */
static bool count_sent(struct sender *s, ssize_t sent, size_t wanted)
{
    s->failed = sent < 0 && errno != EAGAIN;
    s->sent += sent > 0 ? (size_t)sent : 0;
    return sent >= 0 && (size_t)sent == wanted;
}

static bool send_waiting(struct sender *s, bool more)
{
    size_t filled = s->filled, waiting = s->waiting;

    s->filled = s->waiting = 0;
    return waiting == 0 ||
           count_sent(s, oc_http_conn_write(s->conn, s->iov, filled, more), waiting);
}

static bool is_mapped(const struct sender *s, struct oc_slice piece)
{
    return s->mapping != NULL && piece.len >= MAPPED_MIN && piece.ptr >= s->mapping->base &&
           (size_t)(piece.ptr - s->mapping->base) + piece.len <= s->mapping->len;
}

static bool send_mapped(struct sender *s, struct oc_slice piece)
{
    if (!s->corked)
        oc_http_conn_cork(s->conn, true); /* else the file's last bytes leave before what follows */
    s->corked = true;
    return send_waiting(s, true) &&
           count_sent(s, oc_http_conn_write_mapped(s->conn, s->mapping, piece.ptr, piece.len),
                      piece.len);
}

static bool send_piece(struct sender *s, struct oc_slice piece)
{
    if (is_mapped(s, piece))
        return send_mapped(s, piece);
    if (s->filled == IOV_BATCH && !send_waiting(s, true))
        return false;
    if (piece.len > 0)
        s->iov[s->filled++] = (struct iovec){(void *)piece.ptr, piece.len};
    s->waiting += piece.len;
    return true;
}

/* Send head and pieces as far as the socket takes them. @return -1 when it has failed. */
static int send_answer(struct oc_http_conn *conn, struct oc_slice head,
                       const struct oc_http_response *response, size_t count, size_t *ret_sent)
{
    bool maps = response->mapping.base != NULL && oc_http_conn_maps(conn);
    struct sender s; /* its 1 KiB of pieces is not cleared in vain */
    bool goes_on = true;

    s.conn = conn;
    s.mapping = maps ? &response->mapping : NULL;
    s.iov[0] = (struct iovec){(void *)head.ptr, head.len};
    s.filled = 1;
    s.waiting = head.len;
    s.sent = 0;
    s.corked = s.failed = false;
    for (size_t i = 0; goes_on && i < count; i++)
        goes_on = send_piece(&s, response->body[i]);
    if (goes_on)
        (void)send_waiting(&s, false);
    if (s.corked)
        oc_http_conn_cork(conn, false);
    *ret_sent = s.sent;
    return s.failed ? -1 : 0;
}

/* Keep the end of a piece that lies in a file: by a descriptor of our own. @return false: copy it
 */
static bool keep_file(struct oc_http_exchange *exchange, const struct oc_mapping *mapping,
                      struct oc_slice piece)
{
    int fd = fcntl(mapping->fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return false;
    exchange->out_file = (struct oc_http_file){
        .mapping = {mapping->base, mapping->len, fd}, .from = piece.ptr, .left = piece.len};
    return true;
}

static bool keep_copy(struct oc_http_exchange *exchange, const struct oc_slice *pieces,
                      size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += pieces[i].len;
    if (!oc_http_reserve(exchange, size))
        return false;
    oc_buf_init(&exchange->out_head, size);
    for (size_t i = 0; i < count; i++)
        oc_buf_put_slice(&exchange->out_head, pieces[i]);
    return !exchange->out_head.failed;
}

/* Keep what the socket did not take of an answer: all but its first `sent` bytes. */
static bool keep_rest(struct oc_http_exchange *exchange, struct oc_slice head,
                      const struct oc_http_response *response, size_t count, size_t sent)
{
    struct sender s = {.mapping = response->mapping.base ? &response->mapping : NULL};
    struct oc_slice *rest = oc_arena_alloc_unset(&exchange->arena, (count + 1) * sizeof(*rest));
    size_t left = 0;

    if (rest == NULL)
        return false;
    for (size_t i = 0; i <= count; i++) {
        struct oc_slice piece = i == 0 ? head : response->body[i - 1];
        size_t skip = sent < piece.len ? sent : piece.len;

        sent -= skip;
        if (skip < piece.len)
            rest[left++] = oc_slice_sub(piece, skip, piece.len);
    }
    bool from_file = left > 0 && oc_http_conn_maps(exchange->conn) && is_mapped(&s, rest[0]) &&
                     keep_file(exchange, &response->mapping, rest[0]);
    return keep_copy(exchange, rest + from_file, left - from_file);
}

static void take_buf(struct oc_buf *to, struct oc_buf *from)
{
    *to = *from;
    oc_buf_init(from, from->max);
}

/* On the worker's thread, inside the handler or for a refusal. @return false: nothing was sent. */
static bool respond_now(struct oc_http_exchange *exchange, const struct oc_http_response *response,
                        size_t body_len, struct oc_buf *taken)
{
    char bytes[OC_HTTP_REPLY_HEAD_MAX];
    struct oc_http_conn *conn = exchange->conn;
    size_t head_len = format_head(exchange, &conn->worker->date, response, body_len, bytes);
    struct oc_slice head = {bytes, head_len};
    bool silent = !has_body(response->status) || oc_slice_eq(exchange->req.method, OC_STR("HEAD"));
    size_t count = silent ? 0 : response->body_count;
    size_t total = head_len + (silent ? 0 : body_len), sent;

    if (head_len == 0)
        return false;
    exchange->responded = true;
    if (send_answer(conn, head, response, count, &sent) < 0) {
        exchange->out_failed = true;
    } else if (sent < total && taken != NULL && sent >= head_len) {
        take_buf(&exchange->out_body, taken);
        exchange->out_sent = sent - head_len;
    } else if (sent < total) {
        exchange->out_failed = !keep_rest(exchange, head, response, count, sent);
    }
    return true;
}

/* On any other thread: bytes into memory of the exchange, which the worker then sends. */
static bool respond_later(struct oc_http_exchange *exchange,
                          const struct oc_http_response *response, size_t body_len,
                          struct oc_buf *taken)
{
    char bytes[OC_HTTP_REPLY_HEAD_MAX];
    struct oc_http_date date = {0};
    size_t head_len = format_head(exchange, &date, response, body_len, bytes);
    bool silent = !has_body(response->status) || oc_slice_eq(exchange->req.method, OC_STR("HEAD"));
    size_t kept = silent ? 0 : body_len, copied = taken != NULL ? 0 : kept;

    /* What is taken over waits in memory as what is copied does. */
    if (head_len == 0 || !oc_http_reserve(exchange, kept))
        return false;
    oc_buf_init(&exchange->out_head, head_len + copied);
    oc_buf_put(&exchange->out_head, bytes, head_len);
    for (size_t i = 0; copied > 0 && i < response->body_count; i++)
        oc_buf_put_slice(&exchange->out_head, response->body[i]);
    if (exchange->out_head.failed) {
        oc_buf_clear(&exchange->out_head);
        return false;
    }
    if (taken != NULL && !silent)
        take_buf(&exchange->out_body, taken);
    return true;
}

/* A small answer by the server itself. */
static void respond_plain(struct oc_http_exchange *exchange, unsigned status, const char *reason,
                          bool now)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "{\"message\":\"%s\"}", reason);
    struct oc_slice body = {text, (size_t)len};
    struct oc_http_header headers[] = {
        {OC_STR("x-amzn-ErrorType"), status == 503   ? OC_STR("ServiceUnavailableException")
                                     : status == 500 ? OC_STR("InternalServerException")
                                     : status == 408 ? OC_STR("RequestTimeoutException")
                                                     : OC_STR("ValidationException")},
        {OC_STR("Retry-After"), OC_STR("1")}, /* of 503 only */
    };
    struct oc_http_response response = {
        .status = status,
        .headers = headers,
        .header_count = status == 503 ? 2 : 1,
        .body = &body,
        .body_count = 1,
    };

    assert(len > 0 && (size_t)len < sizeof(text)); /* reasons are our own short sentences */
    exchange->keep_alive = false;
    if (now)
        (void)respond_now(exchange, &response, body.len, NULL); /* this head always fits */
    else if (!respond_later(exchange, &response, body.len, NULL))
        exchange->out_failed = true;
}

void oc_http_refuse(struct oc_http_exchange *exchange, unsigned status, const char *reason)
{
    struct oc_http_worker *worker = exchange->conn->worker;
    char id[37] = "", code[4];

    if (status == 413 || status == 414 || status == 431)
        oc_http_count(worker, OC_COUNT_REFUSED_SIZE, 1);
    else if (status == 503 && !exchange->conn->is_surplus)
        oc_http_count(worker, OC_COUNT_REFUSED_MEMORY, 1);
    else if (status != 408 && status != 500 && status != 503)
        oc_http_count(worker, OC_COUNT_REFUSED_SYNTAX, 1);
    oc_http_make_id(worker, exchange->id);
    memcpy(id, exchange->id, sizeof(exchange->id));
    snprintf(code, sizeof(code), "%u", status % 1000);
    oc_log(OC_LOG_WARN, "http_refused", "requestId", id, "peer", exchange->conn->peer, "status",
           code, "reason", reason, NULL);
    respond_plain(exchange, status, reason, true);
}

/* @return as oc_http_flush */
static int flush_file(struct oc_http_exchange *exchange)
{
    struct oc_http_file *file = &exchange->out_file;
    ssize_t sent =
        oc_http_conn_write_mapped(exchange->conn, &file->mapping, file->from, file->left);

    if (sent < 0)
        return errno == EAGAIN ? 0 : -1;
    file->from += sent;
    file->left -= (size_t)sent;
    if (file->left > 0)
        return 0;
    oc_http_file_drop(exchange);
    return 1;
}

/* @return as oc_http_flush */
static int flush_memory(struct oc_http_exchange *exchange)
{
    struct oc_slice parts[2] = {oc_buf_slice(&exchange->out_head),
                                oc_buf_slice(&exchange->out_body)};
    size_t total = parts[0].len + parts[1].len, skip = exchange->out_sent, filled = 0;
    struct iovec iov[2];

    for (size_t i = 0; i < 2; i++) {
        struct oc_slice rest = oc_slice_sub(parts[i], skip, parts[i].len);

        skip -= skip < parts[i].len ? skip : parts[i].len;
        if (rest.len > 0)
            iov[filled++] = (struct iovec){(void *)rest.ptr, rest.len};
    }
    if (filled == 0)
        return 1;
    ssize_t sent = oc_http_conn_write(exchange->conn, iov, filled, false);

    if (sent < 0)
        return errno == EAGAIN ? 0 : -1;
    exchange->out_sent += (size_t)sent;
    return exchange->out_sent == total; /* a short write has filled the socket: epoll(7) */
}

int oc_http_flush(struct oc_http_exchange *exchange)
{
    int rc = exchange->out_file.left > 0 ? flush_file(exchange) : 1;

    return rc == 1 ? flush_memory(exchange) : rc;
}

bool oc_http_is_flushed(const struct oc_http_exchange *exchange)
{
    return exchange->out_file.left == 0 &&
           exchange->out_sent == exchange->out_head.len + exchange->out_body.len;
}

/* A question for the head alone gets that; without chunks only the connection's end can end it. */
static bool begin_stream(struct oc_http_exchange *exchange, const struct oc_http_stream *stream)
{
    if (oc_slice_eq(exchange->req.method, OC_STR("HEAD")))
        return true;
    if (exchange->parser.head.minor == 0)
        exchange->keep_alive = false;
    return oc_http_stream_take(exchange, stream);
}

static void respond(struct oc_http_request *req, const struct oc_http_response *response,
                    size_t body_len, struct oc_buf *taken)
{
    struct oc_http_exchange *exchange = (struct oc_http_exchange *)req;
    struct oc_http_worker *worker = exchange->conn->worker;
    bool now = pthread_equal(worker->self, pthread_self()) && worker->handling == exchange;
    bool twice = atomic_exchange(&exchange->answered, true);

    assert(!twice);
    (void)twice;
    if (response->close || atomic_load(&worker->server->is_stopping))
        exchange->keep_alive = false;
    if (response->stream && !begin_stream(exchange, response->stream)) {
        respond_plain(exchange, 503, "Too many long-lived answers at once.", now);
        if (!now)
            oc_http_worker_push(exchange->conn);
        return;
    }
    if (now) {
        if (!respond_now(exchange, response, body_len, taken)) {
            oc_http_stream_drop(exchange);
            respond_plain(exchange, 500, "The answer could not be made.", true);
        }
        return;
    }
    if (!respond_later(exchange, response, body_len, taken)) {
        oc_http_stream_drop(exchange);
        respond_plain(exchange, 503, "The answer found no memory.", false);
    }
    oc_http_worker_push(exchange->conn);
}

void oc_http_respond(struct oc_http_request *req, const struct oc_http_response *response)
{
    size_t body_len = 0;

    for (size_t i = 0; i < response->body_count; i++)
        body_len += response->body[i].len;
    respond(req, response, body_len, NULL);
}

void oc_http_respond_buf(struct oc_http_request *req, const struct oc_http_response *response,
                         struct oc_buf *body)
{
    static const struct oc_http_response no_memory = {.status = 503, .close = true};
    struct oc_slice piece = oc_buf_slice(body);
    struct oc_http_response whole = body->failed ? no_memory : *response;

    whole.body = &piece;
    whole.body_count = body->failed ? 0 : 1;
    respond(req, &whole, body->failed ? 0 : piece.len, body->failed ? NULL : body);
    oc_buf_clear(body); /* empty already when it was handed over */
}

struct oc_slice oc_http_header(const struct oc_http_request *req, const char *name)
{
    struct oc_slice wanted = oc_slice_of(name);

    for (size_t i = 0; i < req->header_count; i++)
        if (oc_slice_eq_nocase(req->headers[i].name, wanted))
            return req->headers[i].value;
    return (struct oc_slice){0};
}
