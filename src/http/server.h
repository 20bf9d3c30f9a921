/*
 * The HTTP/1.1 server: bytes of a socket in, requests to a handler, answers out.
 *
 * A fixed number of worker threads, each with an epoll of its own. A connection lives and dies on
 * one worker and carries one request at a time: the next one is parsed after the answer has left.
 * Framing is RFC 9112 without its leniences (see parse.h). Whatever breaks a rule or a limit is
 * answered by the server itself, with a JSON message and a request id, and the connection ends.
 *
 * Not for: routing, identity, access logs (the handler's business); HTTP/2.
 * With a certificate it speaks HTTPS and nothing else (see tls.h).
 *
 * A handler answers with oc_http_respond, either before it returns, or later and from any thread
 * after it has returned OC_PENDING. Every request is answered exactly once. The request and all
 * memory of it stay valid until it is answered, also when its client has gone away meanwhile; the
 * answer is then dropped.
 */
#ifndef OC_HTTP_SERVER_H
#define OC_HTTP_SERVER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"

struct oc_http_server;

/** One header line. */
struct oc_http_header {
    struct oc_slice name;  /* as sent; compare without regard to case */
    struct oc_slice value; /* without the spaces and tabs around it; bytes above 0x7f possible */
};

/** One request. All slices are borrowed from it and live until it is answered. */
struct oc_http_request {
    struct oc_slice id;     /* a fresh UUID, 36 characters; the answer carries it */
    struct oc_slice method; /* as sent, a token: "GET" */
    struct oc_slice target; /* the request target as sent */
    struct oc_slice path;   /* raw, not decoded, begins with `/` (or is `*` for OPTIONS) */
    struct oc_slice query;  /* raw, without the `?`; absent when there is no `?` */
    struct oc_slice host;   /* the Host header; absent only in HTTP/1.0 */
    const struct oc_http_header *headers; /* all of them, in the order sent */
    size_t header_count;
    struct oc_slice body;   /* whole; empty when there is none */
    uint8_t *body_room;     /* where it lies, if its handler may write there: OC_BLOB_ROOM(body.len)
                               bytes at a multiple of OC_BLOB_ALIGN; else NULL */
    struct oc_slice peer;   /* the client's IP address as text */
    uint16_t peer_port;     /* and its port */
    int64_t received_us;    /* oc_clock_mono_us when its last byte had been read */
    struct oc_arena *arena; /* memory of this request, at most OC_REQUEST_ARENA_MAX; reset after */
    void *user;             /* for the handler; NULL at first */
};

/**
 * The body of a long-lived answer, asked for piece by piece.
 *
 * `next` is called on the worker's thread, at once and then every OC_HTTP_STREAM_PERIOD_MS as long
 * as the client takes what it is sent; it must not block. It appends to `out`, which is empty, at
 * most OC_HTTP_STREAM_PIECE_MAX bytes.
 * @return OC_PENDING to go on, OC_OK when that was the last piece, negative to cut the answer off.
 * `ctx` must live as long as the request; memory of its arena does.
 */
struct oc_http_stream {
    int (*next)(void *ctx, struct oc_buf *out);
    void *ctx;
};
#define OC_HTTP_STREAM_PERIOD_MS 500
#define OC_HTTP_STREAM_PIECE_MAX (64 * 1024)

/** An answer. Everything in it is borrowed for the duration of the call that takes it. */
struct oc_http_response {
    unsigned status;              /* 200 to 599 */
    struct oc_slice content_type; /* absent: application/json */
    /* Further headers. Not allowed here: Date, Content-Length, Content-Type, Connection,
     * x-amzn-RequestId: the server writes those. A name or value that would break the framing
     * (control bytes, empty name) turns the whole answer into a 500. */
    const struct oc_http_header *headers;
    size_t header_count;
    const struct oc_slice *body; /* pieces, sent one after another */
    size_t body_count;
    struct oc_mapping mapping; /* large pieces in it are sent from its file; all zero: none */
    bool close;                /* end the connection after this answer */
    /* The body, in place of `body`; NULL: none. It ends at the latest when the server stops. When
     * too many are open the client gets 503 and `next` is never called. */
    const struct oc_http_stream *stream;
};

/**
 * Handle one request, on the worker's thread; must not block.
 *
 * @param req  the request; keep the pointer only when returning OC_PENDING
 * @param ctx  the pointer given to oc_http_server_new
 * @return OC_OK when oc_http_respond was called; OC_PENDING when it is or will be called by another
 *         thread. Any other return, or OC_OK without an answer, makes the server answer 500.
 */
typedef int (*oc_http_handler_fn)(struct oc_http_request *req, void *ctx);

/**
 * How large a body this request may have, asked when its head is complete and it announces a body.
 * `body` is not set yet. On the worker's thread; must not block.
 * @return most bytes; a larger Content-Length is answered 413.
 */
typedef size_t (*oc_http_body_limit_fn)(const struct oc_http_request *req, void *ctx);

/**
 * Whether to read this request's body, which is larger than OC_HTTP_BODY_MAX and within the limit:
 * asked when the head is complete, before the body gets memory. `body` is not set yet. On the
 * worker's thread; must not block.
 * @return true to read it. False: oc_http_respond was called; the connection ends after the answer.
 */
typedef bool (*oc_http_admit_fn)(struct oc_http_request *req, void *ctx);

/** Zero or NULL in a field means the default in brackets. */
struct oc_http_options {
    const char *address; /* IP address or host name to listen on [127.0.0.1] */
    uint16_t port;       /* 0: any free one, see oc_http_server_port */
    unsigned workers;    /* threads [processors this process may use], at most 256 */
    /* Most open connections [4096]. One beyond gets 503 with Retry-After and is closed: SDKs
     * retry that, while a connection left in the backlog would look like a dead server. */
    unsigned max_connections;
    unsigned max_streams; /* most long-lived answers at one time [256] */
    /* Most bytes of request bodies and of answers copied for later sending, over all connections
     * [1 GiB]; those over OC_HTTP_BODY_MAX share three quarters of it. A body beyond gets 503
     * with Retry-After, an answer beyond ends its connection. */
    size_t max_body_memory;
    /* Most bytes of memory for bodies that were admitted (see admit) [four parts]; one alone may
     * have more. A body beyond is not read, for up to ten seconds: then it gets 503 with
     * Retry-After. While one waits, those that have memory must bring 64 KiB a second. */
    size_t max_large_memory;
    unsigned head_timeout_ms; /* from the first byte, or the connect, to the whole head [10 s] */
    unsigned idle_timeout_ms; /* between two requests [60 s] */
    /* A body that comes in, and an answer that goes out, must move on: in every such period at
     * least min_rate bytes a second on average [10 s each; 1024 bytes/s]. */
    unsigned body_timeout_ms;
    unsigned write_timeout_ms;
    unsigned min_rate;
    unsigned shutdown_grace_ms;       /* for running requests at oc_http_server_stop [10 s] */
    oc_http_body_limit_fn body_limit; /* [OC_HTTP_BODY_MAX for every request] */
    oc_http_admit_fn admit;           /* [every body within the limit is read] */
    /* PEM files of the certificate (and those between it and its authority) and its private key.
     * Both make it an HTTPS server, none a plain one [none]. */
    const char *tls_certificate;
    const char *tls_key;
};

/** Counts since the start; each grows only, but for the two gauges. */
struct oc_http_stats {
    uint64_t connections_open;    /* gauge */
    uint64_t streams_open;        /* gauge: long-lived answers */
    uint64_t requests_pending;    /* gauge: handed to the handler and not yet answered */
    uint64_t connections;         /* accepted */
    uint64_t connections_refused; /* over max_connections */
    uint64_t requests;            /* handed to the handler */
    uint64_t refused_syntax;      /* 400, 411, 417, 505 */
    uint64_t refused_size;        /* 413, 414, 431 */
    uint64_t refused_memory;      /* 503: max_body_memory, or no memory */
    uint64_t refused_tls;         /* handshakes that failed */
    uint64_t timeouts_head;
    uint64_t timeouts_idle;
    uint64_t timeouts_body;
    uint64_t timeouts_write;
    uint64_t answers_dropped; /* the client had gone */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/**
 * Bind the address and listen; no connection is accepted before oc_http_server_start.
 *
 * @param options   copied; NULL for all defaults
 * @param handler   called for each request
 * @param ctx       passed to the callbacks; must outlive the server
 * @param[out] ret  the server; free with oc_http_server_free
 * Errors: OC_EINVAL — an option out of range, an address that cannot be resolved; OC_EIO,
 * OC_EDENIED — the system refuses (address in use, privileged port); OC_ENOMEM; and those of
 * oc_http_tls_keys_new. Threads: any.
 */
int oc_http_server_new(const struct oc_http_options *options, oc_http_handler_fn handler, void *ctx,
                       struct oc_http_server **ret, struct oc_err *err);

/**
 * Start the worker threads. Call once. They inherit the caller's signal mask: block the signals
 * that the main thread waits for first.
 * Errors: OC_ENOMEM, OC_EIO — no thread can be had; the server can then only be freed.
 */
int oc_http_server_start(struct oc_http_server *server, struct oc_err *err);

/**
 * Load certificate and key again, for new connections. After an error the old ones stay in use.
 * Errors: OC_EINVAL — also when this is no HTTPS server; else those of oc_http_tls_keys_new.
 * Threads: any.
 */
int oc_http_server_reload_certificate(struct oc_http_server *server, struct oc_err *err);

/** The port that is listened on. Threads: any. */
uint16_t oc_http_server_port(const struct oc_http_server *server);

/**
 * Stop: accept nothing more, close idle connections, let running requests finish within
 * shutdown_grace_ms, close the rest, end the threads. Blocks until then. Fine when not started,
 * already stopped or NULL. A request that is still pending stays valid and must still be answered;
 * the answer is dropped. Threads: the one that started the server, not a worker.
 */
void oc_http_server_stop(struct oc_http_server *server);

/**
 * Stop if need be and free. NULL is fine.
 * Every request must have been answered before this call: end what answers them between
 * oc_http_server_stop and this.
 */
void oc_http_server_free(struct oc_http_server *server);

/** Whether admitted bodies wait for memory. Threads: any. */
bool oc_http_server_is_crowded(const struct oc_http_server *server);

/** The counts now. Threads: any. Cost: one pass over the workers. */
void oc_http_server_stats(const struct oc_http_server *server, struct oc_http_stats *ret);

/**
 * Answer a request, exactly once.
 *
 * On the worker's thread, inside the handler, head and body go to the socket from the caller's
 * slices without a copy; only what the socket does not take is copied. `req` stays valid until the
 * handler returns. From any other thread the body is copied and the owning worker woken; `req` must
 * not be touched after the call. Few large pieces are faster than many small ones.
 *
 * It cannot fail for the caller: without memory the client gets 503 or a closed connection.
 * Threads: any.
 */
void oc_http_respond(struct oc_http_request *req, const struct oc_http_response *response);

/**
 * Like oc_http_respond, but the body is `body`, whose memory is taken over; `response->body` is
 * ignored. `body` is empty afterwards, whatever happens. A failed buffer is answered 503.
 * Threads: any.
 */
void oc_http_respond_buf(struct oc_http_request *req, const struct oc_http_response *response,
                         struct oc_buf *body);

/**
 * The value of the first header called `name` (any case); absent when there is none.
 * Threads: any that may read the request. Cost: one pass over the headers.
 */
struct oc_slice oc_http_header(const struct oc_http_request *req, const char *name);

#endif
