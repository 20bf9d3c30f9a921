/*
 * The memory of requests: taken when a connection has something to say, given back when it falls
 * idle, and kept in a small pool per worker; the cap over all bodies.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/limits.h"
#include "http/http_impl.h"

#define POOL_MAX       64          /* exchanges a worker keeps for reuse */
#define ARENA_KEEP_MAX (64 * 1024) /* arena memory that a pooled exchange may keep */

bool oc_http_reserve(struct oc_http_exchange *exchange, size_t size)
{
    struct oc_http_server *server = exchange->conn->worker->server;
    size_t before = atomic_fetch_add(&server->body_memory, size), after;
    size_t most = server->options.max_body_memory;

    /* The last quarter is for small requests: slow senders of large bodies, who need no
     * credentials to send them, cannot keep all others out. */
    if (exchange->reserved > OC_HTTP_BODY_MAX || size > OC_HTTP_BODY_MAX - exchange->reserved)
        most -= most / 4;
    if (__builtin_add_overflow(before, size, &after) || after > most) {
        atomic_fetch_sub(&server->body_memory, size);
        return false;
    }
    exchange->reserved += size;
    return true;
}

struct oc_http_exchange *oc_http_exchange_take(struct oc_http_conn *conn)
{
    struct oc_http_worker *worker = conn->worker;
    struct oc_http_exchange *exchange = worker->pool;

    if (exchange != NULL) {
        worker->pool = exchange->next_free;
        worker->pool_size--;
    } else {
        exchange = oc_alloc(sizeof(*exchange));
        if (exchange == NULL)
            return NULL;
        memset(exchange, 0, offsetof(struct oc_http_exchange, small));
        oc_arena_init(&exchange->arena, OC_REQUEST_ARENA_MAX);
        exchange->in = exchange->small;
        exchange->in_cap = sizeof(exchange->small);
    }
    exchange->conn = conn;
    exchange->in_len = 0;
    exchange->req.method = (struct oc_slice){0};
    oc_http_parser_init(&exchange->parser);
    conn->exchange = exchange;
    return exchange;
}

void oc_http_file_drop(struct oc_http_exchange *exchange)
{
    if (exchange->out_file.mapping.base != NULL)
        close(exchange->out_file.mapping.fd);
    exchange->out_file = (struct oc_http_file){0};
}

void oc_http_exchange_reset(struct oc_http_exchange *exchange)
{
    if (exchange->reserved > 0)
        atomic_fetch_sub(&exchange->conn->worker->server->body_memory, exchange->reserved);
    exchange->reserved = 0;
    oc_http_stream_drop(exchange);
    free(exchange->body);
    exchange->body = NULL;
    oc_http_large_give(exchange);
    exchange->body_len = exchange->body_cap = 0;
    oc_http_file_drop(exchange);
    oc_buf_clear(&exchange->out_head);
    oc_buf_clear(&exchange->out_body);
    exchange->out_sent = 0;
    exchange->responded = false;
    exchange->out_failed = false;
    exchange->req.method = (struct oc_slice){0};
    if (exchange->arena.used > ARENA_KEEP_MAX)
        oc_arena_clear(&exchange->arena);
    else if (exchange->arena.used > 0)
        oc_arena_reset(&exchange->arena);
}

void oc_http_exchange_free(struct oc_http_exchange *exchange)
{
    oc_arena_clear(&exchange->arena);
    free(exchange);
}

void oc_http_exchange_release(struct oc_http_conn *conn)
{
    struct oc_http_exchange *exchange = conn->exchange;
    struct oc_http_worker *worker = conn->worker;

    if (exchange == NULL)
        return;
    conn->exchange = NULL;
    if (exchange->in != exchange->small) {
        free(exchange->in);
        exchange->in = exchange->small;
        exchange->in_cap = sizeof(exchange->small);
    }
    if (worker->pool_size >= POOL_MAX) {
        oc_http_exchange_free(exchange);
        return;
    }
    exchange->next_free = worker->pool;
    worker->pool = exchange;
    worker->pool_size++;
}
