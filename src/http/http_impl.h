/*
 * Inside of the HTTP server: its structures, and what its files call of each other.
 *
 *   server.c   options, listening socket, start, stop, counts
 *   worker.c   one thread: epoll loop, accepting, hand-over, time-outs
 *   conn.c     one connection: from bytes to a request and on to the next
 *   io.c       the bytes of a connection, plain or through TLS
 *   tls.c      certificate and key, encryption
 *   exchange.c the memory of a request while it is under way
 *   large.c    the memory of large bodies, which wait for it
 *   respond.c  from an answer to bytes
 *   stream.c   long-lived answers
 *
 * Threads: a connection, its exchange and all lists belong to its worker's thread, but for three
 * doors: `inbox` (any thread pushes), the atomics, and an exchange while its request is pending,
 * whose out_* members belong to whoever answers.
 */
#ifndef OC_HTTP_IMPL_H
#define OC_HTTP_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "http/parse.h"
#include "http/server.h"
#include "http/tls.h"

#define OC_HTTP_IN_SMALL 4096 /* covers a signed request; larger heads get OC_HTTP_HEAD_MAX */

enum oc_http_conn_state {
    OC_CONN_NEW,      /* accepted, on its way to its worker */
    OC_CONN_SHAKING,  /* TLS: in the handshake, which shares the time-out of the first head */
    OC_CONN_HEAD,     /* idle, or reading a head */
    OC_CONN_WAITING,  /* a large body has no memory yet: nothing is read */
    OC_CONN_BODY,     /* reading a body */
    OC_CONN_HANDLING, /* the handler, or somebody it told, has the request */
    OC_CONN_WRITING,  /* the socket has not taken the whole answer, or a piece of it */
    OC_CONN_STREAM,   /* a long-lived answer: the next piece is not due yet */
    OC_CONN_LINGER    /* our side is closed: discard input so that no reset overtakes the answer */
};

/* Every connection stands in the list of one of these. All waits of a kind are equally long, so
 * that appending keeps a list sorted by deadline. */
enum oc_http_timer {
    OC_TIMER_NONE, /* no deadline: the handler has it */
    OC_TIMER_HEAD,
    OC_TIMER_IDLE,
    OC_TIMER_ROOM,
    OC_TIMER_BODY,
    OC_TIMER_WRITE,
    OC_TIMER_STREAM,
    OC_TIMER_LINGER,
    OC_TIMERS
};

/* The counts of oc_http_stats that grow, each written by one worker only. */
enum oc_http_count {
    OC_COUNT_CONNECTIONS,
    OC_COUNT_CONNECTIONS_REFUSED,
    OC_COUNT_REQUESTS,
    OC_COUNT_ANSWERS,
    OC_COUNT_REFUSED_SYNTAX,
    OC_COUNT_REFUSED_SIZE,
    OC_COUNT_REFUSED_MEMORY,
    OC_COUNT_REFUSED_TLS,
    OC_COUNT_TIMEOUTS_HEAD,
    OC_COUNT_TIMEOUTS_IDLE,
    OC_COUNT_TIMEOUTS_BODY,
    OC_COUNT_TIMEOUTS_WRITE,
    OC_COUNT_ANSWERS_DROPPED,
    OC_COUNT_BYTES_IN,
    OC_COUNT_BYTES_OUT,
    OC_COUNTS
};

struct oc_http_conn;

/* The end of an answer that lies in a file. */
struct oc_http_file {
    struct oc_mapping mapping; /* its descriptor is the exchange's own */
    const char *from;
    size_t left; /* 0: there is none */
};

/* What a connection needs only while it carries a request. Idle connections have none. */
struct oc_http_exchange {
    struct oc_http_request req; /* what the handler sees; first, so that it leads back here */
    struct oc_http_conn *conn;
    struct oc_http_exchange *next_free;
    struct oc_http_parser parser;
    struct oc_arena arena;
    char *in; /* head, and body if it fits; `small` or memory of OC_HTTP_HEAD_MAX bytes */
    size_t in_len;
    size_t in_cap;
    char *body; /* a body that does not fit behind its head */
    size_t body_len;
    size_t body_cap;
    size_t reserved;              /* bytes counted in the server's body_memory */
    size_t large;                 /* and in its large_memory; 0: it is not such a body */
    struct oc_http_file out_file; /* what is still to be sent: first this, */
    struct oc_buf out_head;       /* then this, */
    struct oc_buf out_body;       /* then this, */
    size_t out_sent;              /* less so many bytes from the beginning of these two */
    struct oc_http_stream stream; /* next NULL: the answer is whole in out_head and out_body */
    bool is_stream;               /* counts as one of the server's streams */
    bool keep_alive;
    bool responded;       /* answered on the worker's thread */
    bool out_failed;      /* nothing (more) can be sent: close */
    atomic_bool answered; /* catches a second answer */
    char id[36];
    char small[OC_HTTP_IN_SMALL];
};

struct oc_http_conn {
    struct oc_http_worker *worker;
    struct oc_http_exchange *exchange; /* NULL while idle */
    struct oc_http_tls *tls;           /* NULL: plain */
    struct oc_http_conn *inbox_next;
    struct oc_http_conn *prev, *next; /* in the list of its timer */
    int64_t deadline_us;
    uint64_t moved;      /* body bytes read, or answer bytes sent, in this state */
    uint64_t moved_mark; /* `moved` when the current time-out period began */
    int fd;              /* -1: closed while the request was pending */
    uint16_t peer_port;
    uint8_t state; /* enum oc_http_conn_state */
    uint8_t timer; /* enum oc_http_timer */
    bool readable; /* the socket may hold bytes or an end that were not read */
    bool writable; /* the socket may take bytes */
    bool has_end;  /* the client has closed its side, or all: go on reading until recv says so */
    bool wants_writable; /* registered for EPOLLOUT */
    bool has_piece;      /* of a long-lived answer: the first one was asked for */
    bool is_surplus;     /* over max_connections: to be refused */
    char peer[46];       /* INET6_ADDRSTRLEN */
};

struct oc_http_date {
    int64_t second;
    char text[29]; /* "Thu, 01 Jan 1970 00:00:00 GMT", no NUL */
};

struct oc_http_worker {
    struct oc_http_server *server;
    pthread_t self;
    int epoll_fd;
    int wake_fd;                          /* eventfd; edge-triggered, so it is never read */
    _Atomic(struct oc_http_conn *) inbox; /* new and answered connections, last one first */
    atomic_uint pushing;                  /* threads in oc_http_worker_push: it may not be freed */
    atomic_uint load;                     /* connections assigned to it */
    struct oc_http_exchange *handling;    /* its handler runs now */
    struct oc_http_exchange *pool;
    unsigned pool_size;
    unsigned open; /* connections with a socket */
    struct {
        struct oc_http_conn *first, *last;
    } timers[OC_TIMERS];
    int64_t now_us;
    int64_t accept_again_us; /* no accepting before; 0: accepting */
    bool is_stopping;
    struct oc_http_date date;
    uint64_t random[4]; /* xoshiro256++, for request ids: unique, not secret */
    _Atomic uint64_t counts[OC_COUNTS];
};

struct oc_http_server {
    struct oc_http_options options; /* no field is zero any more, but for port */
    oc_http_handler_fn handler;
    void *ctx;
    struct oc_http_tls_keys *tls_keys; /* NULL: plain */
    int listen_fd;
    uint16_t port;
    int64_t period_us[OC_TIMERS];
    atomic_uint open;            /* connections */
    atomic_uint streams;         /* long-lived answers */
    _Atomic size_t body_memory;  /* bytes reserved, see max_body_memory */
    _Atomic size_t large_memory; /* and see max_large_memory */
    atomic_uint large_waiting;   /* connections whose bodies wait for that */
    atomic_bool is_stopping;     /* set after: */
    _Atomic int64_t stop_at_us;  /* end of the grace */
    unsigned prepared;           /* workers initialised */
    unsigned started;            /* workers with a thread */
    pthread_t *threads;
    struct oc_http_worker *workers;
};

/* worker.c */
int oc_http_worker_init(struct oc_http_worker *worker, struct oc_http_server *server,
                        struct oc_err *err);
void *oc_http_worker_main(void *worker);
/* After its thread has ended: take what still came in. */
void oc_http_worker_drain(struct oc_http_worker *worker);
void oc_http_worker_clear(struct oc_http_worker *worker);
void oc_http_worker_wake(struct oc_http_worker *worker);
/* Hand a connection to its worker. Any thread. */
void oc_http_worker_push(struct oc_http_conn *conn);
/* (Re)start the time-out of a connection. */
void oc_http_timer_set(struct oc_http_conn *conn, enum oc_http_timer timer);
void oc_http_timer_remove(struct oc_http_conn *conn);
void oc_http_count(struct oc_http_worker *worker, enum oc_http_count count, uint64_t add);
void oc_http_make_id(struct oc_http_worker *worker, char ret_id[36]);

/* conn.c: each of these may free the connection. */
void oc_http_conn_adopt(struct oc_http_conn *conn);
void oc_http_conn_event(struct oc_http_conn *conn, uint32_t events);
void oc_http_conn_timeout(struct oc_http_conn *conn);
void oc_http_conn_end_stream(struct oc_http_conn *conn);
/* It has waited, and there is memory for its body now. */
void oc_http_conn_resume(struct oc_http_conn *conn);
void oc_http_conn_answered(struct oc_http_conn *conn);
void oc_http_conn_close(struct oc_http_conn *conn);

/* io.c: the only places that touch a connection's bytes. */
/* Like recv; keeps `readable` and the counts. */
ssize_t oc_http_conn_read(struct oc_http_conn *conn, void *to, size_t len);
/* Like sendmsg, for all of `iov`. */
ssize_t oc_http_conn_write(struct oc_http_conn *conn, struct iovec *iov, size_t count, bool more);
/* Like sendfile: the `len` bytes of a mapping at `from`. Only where oc_http_conn_maps says so. */
ssize_t oc_http_conn_write_mapped(struct oc_http_conn *conn, const struct oc_mapping *mapping,
                                  const char *from, size_t len);
/* Can this connection send from files? TLS has to see the bytes. */
bool oc_http_conn_maps(const struct oc_http_conn *conn);
/* Hold back what does not fill a packet, until it is false again. */
void oc_http_conn_cork(struct oc_http_conn *conn, bool is_corked);
/* Nothing more comes from our side. */
void oc_http_conn_end_output(struct oc_http_conn *conn);

/* exchange.c */
/* Give an idle connection its exchange. NULL: no memory. */
struct oc_http_exchange *oc_http_exchange_take(struct oc_http_conn *conn);
/* Drop the memory of one request and its answer; the input stays. */
void oc_http_exchange_reset(struct oc_http_exchange *exchange);
/* Back to the pool, after a reset; fine when there is none. */
void oc_http_exchange_release(struct oc_http_conn *conn);
/* Give up what was to be sent from a file; fine when there is none. */
void oc_http_file_drop(struct oc_http_exchange *exchange);
void oc_http_exchange_free(struct oc_http_exchange *exchange);
/* Count `size` more bytes of body or answer. false: the cap. Any thread. */
bool oc_http_reserve(struct oc_http_exchange *exchange, size_t size);

/* large.c */
/* Memory for the large body that a connection announces. @return false: it waits, and may go on
 * with oc_http_conn_resume. */
bool oc_http_large_begin(struct oc_http_conn *conn);
/* Of a connection that waits, and will not any more. */
void oc_http_large_end_wait(struct oc_http_conn *conn);
/* Let go on who waits and can have memory now. May free connections. */
void oc_http_large_resume(struct oc_http_worker *worker);
/* Give it back; fine when there is none. */
void oc_http_large_give(struct oc_http_exchange *exchange);

/* stream.c */
/* Take one of the server's streams for the answer. false: there is none left. Any thread. */
bool oc_http_stream_take(struct oc_http_exchange *exchange, const struct oc_http_stream *stream);
/* Put the next piece into out_head. @return false: it cannot be had, cut the answer off */
bool oc_http_stream_fill(struct oc_http_exchange *exchange);
/* Put the end there instead: the server stops. */
void oc_http_stream_finish(struct oc_http_exchange *exchange);
/* Give it back; fine when there is none. */
void oc_http_stream_drop(struct oc_http_exchange *exchange);

/* respond.c */
/* Answer a request by the server itself and mark its connection for closing. */
void oc_http_refuse(struct oc_http_exchange *exchange, unsigned status, const char *reason);
/* Has all of the answer left? */
bool oc_http_is_flushed(const struct oc_http_exchange *exchange);
/* Send what is left. @return 1 all sent, 0 the socket is full, -1 it has failed. */
int oc_http_flush(struct oc_http_exchange *exchange);

#endif
