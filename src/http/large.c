/*
 * The memory of large bodies that were admitted: a fixed amount for all of them, however many come.
 * A connection whose body finds no room is not read, so that TCP makes its client wait, until
 * others have given back theirs; each worker has its own list of those, in the order in which they
 * came.
 *
 * Threads: a connection's worker; the amounts are atomics.
 */
#include "blob/blob.h"
#include "http/http_impl.h"

static size_t room_of(const struct oc_http_exchange *exchange)
{
    return OC_BLOB_ROOM((size_t)exchange->parser.head.content_length);
}

/* Take `size` bytes. One body alone may have more than there are. */
static bool take(struct oc_http_server *server, size_t size)
{
    size_t used = atomic_load(&server->large_memory);

    do
        if (used > 0 && size > server->options.max_large_memory - used)
            return false;
    while (!atomic_compare_exchange_weak(&server->large_memory, &used, used + size));
    return true;
}

bool oc_http_large_begin(struct oc_http_conn *conn)
{
    struct oc_http_server *server = conn->worker->server;

    if (atomic_load(&server->large_waiting) == 0 && take(server, room_of(conn->exchange))) {
        conn->exchange->large = room_of(conn->exchange);
        return true;
    }
    /* The worker tries again before it waits: what is given back from here on is seen. */
    atomic_fetch_add(&server->large_waiting, 1);
    conn->state = OC_CONN_WAITING;
    oc_http_timer_set(conn, OC_TIMER_ROOM);
    return false;
}

void oc_http_large_end_wait(struct oc_http_conn *conn)
{
    atomic_fetch_sub(&conn->worker->server->large_waiting, 1);
}

void oc_http_large_resume(struct oc_http_worker *worker)
{
    struct oc_http_conn *conn;

    while ((conn = worker->timers[OC_TIMER_ROOM].first) != NULL &&
           take(worker->server, room_of(conn->exchange))) {
        conn->exchange->large = room_of(conn->exchange);
        oc_http_large_end_wait(conn);
        oc_http_conn_resume(conn);
    }
}

void oc_http_large_give(struct oc_http_exchange *exchange)
{
    struct oc_http_server *server = exchange->conn->worker->server;

    if (exchange->large == 0)
        return;
    atomic_fetch_sub(&server->large_memory, exchange->large);
    exchange->large = 0;
    for (unsigned i = 0; atomic_load(&server->large_waiting) > 0 && i < server->options.workers;
         i++)
        oc_http_worker_wake(&server->workers[i]);
}

bool oc_http_server_is_crowded(const struct oc_http_server *server)
{
    return atomic_load(&server->large_waiting) > 0;
}
