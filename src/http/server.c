/*
 * The server as a whole: options, the listening socket, the threads, stop, counts.
 */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "blob/blob.h"
#include "http/http_impl.h"

#define WORKERS_MAX     256
#define CONNECTIONS_MAX 1000000
#define ROOM_WAIT_MS    10000 /* a large body waits for memory; shorter than clients do */
#define LINGER_MS       2000  /* a client has this long to read why it was refused */

static size_t default_body_limit(const struct oc_http_request *req, void *ctx)
{
    (void)req;
    (void)ctx;
    return OC_HTTP_BODY_MAX;
}

static unsigned count_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 1; /* more than CPU_SETSIZE processors: such a machine sets the option */
    return (unsigned)CPU_COUNT(&set);
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value != 0 ? value : fallback;
}

static int set_options(struct oc_http_server *server, const struct oc_http_options *given,
                       struct oc_err *err)
{
    struct oc_http_options *o = &server->options;

    if (given != NULL)
        *o = *given;
    if (o->workers > WORKERS_MAX)
        return oc_fail(err, OC_EINVAL, "http: at most %d workers", WORKERS_MAX);
    if (o->max_connections > CONNECTIONS_MAX)
        return oc_fail(err, OC_EINVAL, "http: at most %d connections", CONNECTIONS_MAX);
    o->workers = or_default(o->workers, count_processors());
    if (o->workers > WORKERS_MAX)
        o->workers = WORKERS_MAX;
    o->max_connections = or_default(o->max_connections, 4096);
    o->max_streams = or_default(o->max_streams, 256);
    o->max_body_memory = o->max_body_memory != 0 ? o->max_body_memory : (size_t)1 << 30;
    o->max_large_memory =
        o->max_large_memory != 0 ? o->max_large_memory : 4 * OC_BLOB_ROOM(OC_PART_SIZE);
    o->head_timeout_ms = or_default(o->head_timeout_ms, 10000);
    o->idle_timeout_ms = or_default(o->idle_timeout_ms, 60000);
    o->body_timeout_ms = or_default(o->body_timeout_ms, 10000);
    o->write_timeout_ms = or_default(o->write_timeout_ms, 10000);
    o->min_rate = or_default(o->min_rate, 1024);
    o->shutdown_grace_ms = or_default(o->shutdown_grace_ms, 10000);
    if (o->body_limit == NULL)
        o->body_limit = default_body_limit;
    server->period_us[OC_TIMER_HEAD] = o->head_timeout_ms * INT64_C(1000);
    server->period_us[OC_TIMER_IDLE] = o->idle_timeout_ms * INT64_C(1000);
    server->period_us[OC_TIMER_ROOM] = ROOM_WAIT_MS * INT64_C(1000);
    server->period_us[OC_TIMER_BODY] = o->body_timeout_ms * INT64_C(1000);
    server->period_us[OC_TIMER_WRITE] = o->write_timeout_ms * INT64_C(1000);
    server->period_us[OC_TIMER_STREAM] = OC_HTTP_STREAM_PERIOD_MS * INT64_C(1000);
    server->period_us[OC_TIMER_LINGER] = LINGER_MS * INT64_C(1000);
    return OC_OK;
}

static bool is_loopback(const struct sockaddr_storage *name)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)name;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)name;

    return name->ss_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)
                                       : ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int bind_socket(struct oc_http_server *server, const struct addrinfo *info,
                       const char *address, struct oc_err *err)
{
    OC_AUTO(oc_autoclose)
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    int on = 1;

    if (fd < 0)
        return oc_fail_errno(err, "http: socket");
    /* Accepted sockets inherit TCP_NODELAY on Linux: one system call less a connection. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) < 0)
        return oc_fail_errno(err, "http: cannot listen on %s port %u", address,
                             server->options.port);
    /* The port stands at the same place in both address families. */
    server->port = ntohs(((struct sockaddr_in *)&name)->sin_port);
    if (server->tls_keys == NULL && !is_loopback(&name))
        oc_log(OC_LOG_WARN, "http_not_encrypted", "address", address, "reason",
               "other machines reach this address: set a certificate and key", NULL);
    server->listen_fd = fd;
    fd = -1;
    return OC_OK;
}

static int open_listener(struct oc_http_server *server, struct oc_err *err)
{
    const char *address = server->options.address != NULL ? server->options.address : "127.0.0.1";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *info = NULL;
    char port[8];
    int rc;

    snprintf(port, sizeof(port), "%u", server->options.port);
    rc = getaddrinfo(address, port, &hints, &info);
    if (rc != 0)
        return oc_fail(err, OC_EINVAL, "http: address '%s': %s", address, gai_strerror(rc));
    rc = bind_socket(server, info, address, err);
    freeaddrinfo(info);
    return rc;
}

static int load_keys(struct oc_http_server *server, struct oc_err *err)
{
    const struct oc_http_options *o = &server->options;

    if (o->tls_certificate == NULL && o->tls_key == NULL)
        return OC_OK;
    if (o->tls_certificate == NULL || o->tls_key == NULL)
        return oc_fail(err, OC_EINVAL, "http: tls-certificate and tls-key go together");
    return oc_http_tls_keys_new(o->tls_certificate, o->tls_key, &server->tls_keys, err);
}

int oc_http_server_new(const struct oc_http_options *options, oc_http_handler_fn handler, void *ctx,
                       struct oc_http_server **ret, struct oc_err *err)
{
    struct oc_http_server *server = oc_alloc(sizeof(*server));
    int rc;

    if (server == NULL)
        return oc_fail_nomem(err);
    memset(server, 0, sizeof(*server));
    server->handler = handler;
    server->ctx = ctx;
    server->listen_fd = -1;
    rc = set_options(server, options, err);
    if (rc < 0)
        goto out;
    rc = load_keys(server, err);
    if (rc < 0)
        goto out;
    rc = open_listener(server, err);
    if (rc < 0)
        goto out;
    server->threads = oc_alloc(server->options.workers * sizeof(*server->threads));
    server->workers = oc_alloc(server->options.workers * sizeof(*server->workers));
    if (server->threads == NULL || server->workers == NULL) {
        rc = oc_fail_nomem(err);
        goto out;
    }
    memset(server->workers, 0, server->options.workers * sizeof(*server->workers));
    for (; server->prepared < server->options.workers; server->prepared++) {
        rc = oc_http_worker_init(&server->workers[server->prepared], server, err);
        if (rc < 0) {
            oc_http_worker_clear(&server->workers[server->prepared]);
            goto out;
        }
    }
    *ret = server;
    server = NULL;
    rc = OC_OK;
out:
    oc_http_server_free(server);
    return rc;
}

int oc_http_server_start(struct oc_http_server *server, struct oc_err *err)
{
    for (; server->started < server->options.workers; server->started++) {
        int rc = pthread_create(&server->threads[server->started], NULL, oc_http_worker_main,
                                &server->workers[server->started]);
        if (rc != 0) {
            errno = rc;
            oc_http_server_stop(server);
            return oc_fail_errno(err, "http: thread");
        }
    }
    return OC_OK;
}

int oc_http_server_reload_certificate(struct oc_http_server *server, struct oc_err *err)
{
    if (server->tls_keys == NULL)
        return oc_fail(err, OC_EINVAL, "http: no certificate is set");
    return oc_http_tls_keys_reload(server->tls_keys, err);
}

uint16_t oc_http_server_port(const struct oc_http_server *server)
{
    return server->port;
}

void oc_http_server_stop(struct oc_http_server *server)
{
    if (server == NULL || atomic_load(&server->is_stopping))
        return;
    atomic_store(&server->stop_at_us,
                 oc_clock_mono_us() + server->options.shutdown_grace_ms * INT64_C(1000));
    atomic_store(&server->is_stopping, true);
    /* New connections are refused by the system from here on. */
    if (server->listen_fd >= 0)
        shutdown(server->listen_fd, SHUT_RDWR);
    for (unsigned i = 0; i < server->started; i++)
        oc_http_worker_wake(&server->workers[i]);
    for (unsigned i = 0; i < server->started; i++)
        pthread_join(server->threads[i], NULL);
    /* A worker may have handed over a connection to one that had already ended. */
    for (unsigned i = 0; i < server->prepared; i++)
        oc_http_worker_drain(&server->workers[i]);
    server->started = 0;
}

void oc_http_server_free(struct oc_http_server *server)
{
    struct oc_http_stats stats;

    if (server == NULL)
        return;
    oc_http_server_stop(server);
    for (unsigned i = 0; i < server->prepared; i++)
        oc_http_worker_drain(&server->workers[i]); /* answers since the stop */
    oc_http_server_stats(server, &stats);
    assert(stats.requests_pending == 0 && "requests are answered before the server is freed");
    for (unsigned i = 0; i < server->prepared; i++)
        oc_http_worker_clear(&server->workers[i]);
    oc_http_tls_keys_free(server->tls_keys);
    oc_autoclose(&server->listen_fd);
    free(server->workers);
    free(server->threads);
    free(server);
}

void oc_http_server_stats(const struct oc_http_server *server, struct oc_http_stats *ret)
{
    uint64_t sum[OC_COUNTS] = {0};

    for (unsigned i = 0; i < server->prepared; i++)
        for (unsigned c = 0; c < OC_COUNTS; c++)
            sum[c] += atomic_load_explicit(&server->workers[i].counts[c], memory_order_relaxed);
    *ret = (struct oc_http_stats){
        .connections_open = atomic_load(&server->open),
        .streams_open = atomic_load(&server->streams),
        /* Not one snapshot over the workers: a difference below zero is none. */
        .requests_pending = sum[OC_COUNT_REQUESTS] > sum[OC_COUNT_ANSWERS]
                                ? sum[OC_COUNT_REQUESTS] - sum[OC_COUNT_ANSWERS]
                                : 0,
        .connections = sum[OC_COUNT_CONNECTIONS],
        .connections_refused = sum[OC_COUNT_CONNECTIONS_REFUSED],
        .requests = sum[OC_COUNT_REQUESTS],
        .refused_syntax = sum[OC_COUNT_REFUSED_SYNTAX],
        .refused_size = sum[OC_COUNT_REFUSED_SIZE],
        .refused_memory = sum[OC_COUNT_REFUSED_MEMORY],
        .refused_tls = sum[OC_COUNT_REFUSED_TLS],
        .timeouts_head = sum[OC_COUNT_TIMEOUTS_HEAD],
        .timeouts_idle = sum[OC_COUNT_TIMEOUTS_IDLE],
        .timeouts_body = sum[OC_COUNT_TIMEOUTS_BODY],
        .timeouts_write = sum[OC_COUNT_TIMEOUTS_WRITE],
        .answers_dropped = sum[OC_COUNT_ANSWERS_DROPPED],
        .bytes_in = sum[OC_COUNT_BYTES_IN],
        .bytes_out = sum[OC_COUNT_BYTES_OUT],
    };
}
