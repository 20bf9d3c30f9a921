/*
 * A load generator for one Outcrop server: signed requests over keep-alive connections, one request
 * under way on each, from one thread. Prints one JSON object.
 *
 *   http_load --port P --region R --key ID --secret S --mode list|create --source ARN
 *             --query QUERY --connections N --seconds S --rate R
 *
 * `list` signs one request and sends it again and again (a signature is good for 15 minutes), so
 * that the generator costs little. `create` signs each request, since names and bodies differ; it
 * signs them before the clock starts, as many as the run may need, because real clients sign on
 * machines of their own. `--rate` holds back to so many requests a second over all connections; 0
 * is as fast as possible.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/crypto.h"

#define CONNECTIONS_MAX 1024
#define SAMPLES_MAX     (8 * 1024 * 1024)
#define RATE_MAX                                                                                   \
    40000 /* creates a second that are signed ahead; beyond it they are signed as sent */
#define AHEAD_MAX ((size_t)1 << 30) /* bytes of them */

struct settings {
    int port, connections;
    double seconds, rate;
    bool create;
    const char *region, *key, *secret, *source, *query;
};

struct connection {
    int fd;
    bool busy;
    int64_t sent_us;
    size_t body_left; /* of the answer; known once its head is in */
    bool head_done;
    char head[16 * 1024];
    size_t head_len;
};

struct load {
    struct settings set;
    struct connection conns[CONNECTIONS_MAX];
    struct oc_arena arena;
    struct oc_sigv4_key_cache *cache;
    struct oc_buf request; /* the one to be sent next */
    struct oc_buf ahead;   /* signed creates, one after the other */
    uint32_t *ahead_len;   /* of each */
    size_t ahead_count, ahead_next, ahead_at;
    uint32_t *samples;
    size_t sample_count;
    uint64_t answers, failures, bytes, sequence;
    int epoll;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* -- requests -----------------------------------------------------------------------------------
 */

static void put_request(struct load *load, struct oc_slice method, struct oc_slice body)
{
    char host[64], length[32];
    struct oc_err err = {0};
    struct oc_sigv4_signed sig;

    (void)snprintf(host, sizeof(host), "127.0.0.1:%d", load->set.port);
    (void)snprintf(length, sizeof(length), "%zu", body.len);
    struct oc_sigv4_header headers[] = {
        {OC_STR("host"), oc_slice_of(host)},
        {OC_STR("content-type"), OC_STR("application/json")},
    };
    struct oc_sigv4_request request = {
        .method = method,
        .path = OC_STR("/model-copy-jobs"),
        .query = oc_slice_of(load->set.create ? NULL : load->set.query),
        .headers = headers,
        .header_count = body.len ? 2 : 1,
        .body = body,
    };
    struct oc_sigv4_signer signer = {
        .access_key_id = oc_slice_of(load->set.key),
        .secret = oc_slice_of(load->set.secret),
        .region = oc_slice_of(load->set.region),
        .service = OC_STR("bedrock"),
        .now_ms = oc_clock_now_ms(),
        .cache = load->cache,
    };
    oc_arena_reset(&load->arena);
    if (oc_sigv4_sign(&signer, &request, &load->arena, &sig, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    oc_buf_reset(&load->request);
    oc_buf_printf(&load->request, "%.*s /model-copy-jobs%s%.*s HTTP/1.1\r\nhost: %s\r\n",
                  OC_FMT(method), request.query.len ? "?" : "", OC_FMT(request.query), host);
    if (body.len)
        oc_buf_printf(&load->request, "content-type: application/json\r\ncontent-length: %s\r\n",
                      length);
    for (size_t i = 0; i < sig.header_count; i++)
        oc_buf_printf(&load->request, "%.*s: %.*s\r\n", OC_FMT(sig.headers[i].name),
                      OC_FMT(sig.headers[i].value));
    oc_buf_put_str(&load->request, "\r\n");
    oc_buf_put_slice(&load->request, body);
}

static void prepare_create(struct load *load)
{
    char body[1024], token[36];
    uint64_t n = load->sequence++;
    struct oc_err err = {0};

    /* A random token, as SDKs make it. */
    if (oc_random_uuid(token, &err) < 0)
        die("random");

    int len = snprintf(body, sizeof(body),
                       "{\"sourceModelArn\":\"%s\",\"targetModelName\":\"load-%d-%llx\","
                       "\"clientRequestToken\":\"%.36s\",\"targetModelTags\":[{\"key\":\"team\","
                       "\"value\":\"load\"}]}",
                       load->set.source, getpid(), (unsigned long long)n, token);
    put_request(load, OC_STR("POST"), (struct oc_slice){body, (size_t)len});
}

/* Sign all creates that the run may need. */
static void sign_ahead(struct load *load)
{
    double rate = load->set.rate > 0 ? load->set.rate : RATE_MAX;
    size_t count = (size_t)(load->set.seconds * rate) + 1;

    oc_buf_init(&load->ahead, AHEAD_MAX);
    load->ahead_len = malloc(count * sizeof(*load->ahead_len));
    if (!load->ahead_len)
        die("malloc");
    for (; load->ahead_count < count; load->ahead_count++) {
        prepare_create(load);
        oc_buf_put_slice(&load->ahead, oc_buf_slice(&load->request));
        load->ahead_len[load->ahead_count] = (uint32_t)load->request.len;
        if (load->ahead.failed)
            die("memory for the requests");
    }
}

static void next_create(struct load *load)
{
    if (load->ahead_next == load->ahead_count) {
        prepare_create(load);
        return;
    }
    oc_buf_reset(&load->request);
    oc_buf_put(&load->request, load->ahead.ptr + load->ahead_at, load->ahead_len[load->ahead_next]);
    load->ahead_at += load->ahead_len[load->ahead_next++];
}

static void send_request(struct load *load, struct connection *conn)
{
    if (load->set.create)
        next_create(load);
    conn->sent_us = oc_clock_mono_us();
    conn->busy = true;
    conn->head_done = false;
    conn->head_len = 0;
    /* A request is far smaller than a socket's buffer, and none is under way. */
    if (send(conn->fd, load->request.ptr, load->request.len, MSG_NOSIGNAL) !=
        (ssize_t)load->request.len)
        die("send");
}

/* -- answers ------------------------------------------------------------------------------------
 */

static void finish_answer(struct load *load, struct connection *conn)
{
    int64_t took = oc_clock_mono_us() - conn->sent_us;

    conn->busy = false;
    load->answers++;
    if (memcmp(conn->head, load->set.create ? "HTTP/1.1 201" : "HTTP/1.1 200", 12) != 0 &&
        load->failures++ == 0)
        (void)fprintf(stderr, "first failure: %.*s\n", (int)conn->head_len, conn->head);
    if (load->sample_count < SAMPLES_MAX)
        load->samples[load->sample_count++] = (uint32_t)took;
}

static size_t parse_length(const struct connection *conn)
{
    struct oc_slice rest = {conn->head, conn->head_len};

    while (rest.ptr) {
        struct oc_slice line = oc_slice_cut(&rest, '\n');
        struct oc_slice name = oc_slice_cut(&line, ':');
        int64_t length;
        if (oc_slice_eq_nocase(name, OC_STR("content-length")) &&
            oc_slice_to_int64(oc_slice_trim(line), &length))
            return (size_t)length;
    }
    (void)fprintf(stderr, "answer without Content-Length\n");
    exit(1);
}

/* Bytes of an answer: the head is kept, the body counted. @return bytes of the body among them */
static size_t take_head(struct connection *conn, const char *bytes, size_t len)
{
    if (conn->head_len + len > sizeof(conn->head))
        len = sizeof(conn->head) - conn->head_len;
    memcpy(conn->head + conn->head_len, bytes, len);
    conn->head_len += len;
    char *end = memmem(conn->head, conn->head_len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head_len = (size_t)(end + 4 - conn->head);
    conn->head_done = true;
    conn->body_left = parse_length(conn);
    return conn->head_len - head_len;
}

static void read_answer(struct load *load, struct connection *conn)
{
    static char bytes[1024 * 1024];

    ssize_t got = recv(conn->fd, bytes,
                       conn->head_done ? sizeof(bytes) : sizeof(conn->head) - conn->head_len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        die("recv");
    load->bytes += (uint64_t)got;
    size_t body = (size_t)got;
    if (!conn->head_done)
        body = take_head(conn, bytes, (size_t)got);
    if (!conn->head_done)
        return;
    conn->body_left -= body < conn->body_left ? body : conn->body_left;
    if (conn->body_left == 0)
        finish_answer(load, conn);
}

/* -- the loop -----------------------------------------------------------------------------------
 */

static void open_connections(struct load *load)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load->set.port)};
    int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < load->set.connections; i++) {
        struct connection *conn = &load->conns[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
        conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (conn->fd < 0 || connect(conn->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            die("connect");
        (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        (void)fcntl(conn->fd, F_SETFL, O_NONBLOCK);
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
            die("epoll_ctl");
    }
}

static void run(struct load *load)
{
    int64_t begin = oc_clock_mono_us(), end = begin + (int64_t)(load->set.seconds * 1e6);
    struct epoll_event events[256];
    uint64_t sent = 0;

    for (int64_t now = begin; now < end; now = oc_clock_mono_us()) {
        uint64_t due = load->set.rate > 0
                           ? (uint64_t)((double)(now - begin) * load->set.rate / 1e6) + 1
                           : UINT64_MAX;
        for (int i = 0; i < load->set.connections && sent < due; i++)
            if (!load->conns[i].busy) {
                send_request(load, &load->conns[i]);
                sent++;
            }
        int n = epoll_wait(load->epoll, events, 256, load->set.rate > 0 ? 1 : 100);
        for (int i = 0; i < n; i++)
            read_answer(load, events[i].data.ptr);
    }
}

static int compare_samples(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void report(struct load *load, double seconds)
{
    qsort(load->samples, load->sample_count, sizeof(uint32_t), compare_samples);
    size_t n = load->sample_count;
    uint32_t p50 = n ? load->samples[n / 2] : 0, p99 = n ? load->samples[n * 99 / 100] : 0;

    printf("{\"answers\":%llu,\"failures\":%llu,\"seconds\":%.3f,\"per_s\":%.1f,\"p50_us\":%u,"
           "\"p99_us\":%u,"
           "\"bytes\":%llu}\n",
           (unsigned long long)load->answers, (unsigned long long)load->failures, seconds,
           (double)load->answers / seconds, p50, p99, (unsigned long long)load->bytes);
}

static void parse_settings(int argc, char **argv, struct settings *set)
{
    static const struct option longs[] = {{"port", 1, 0, 'p'},
                                          {"region", 1, 0, 'r'},
                                          {"key", 1, 0, 'k'},
                                          {"secret", 1, 0, 's'},
                                          {"mode", 1, 0, 'm'},
                                          {"source", 1, 0, 'a'},
                                          {"query", 1, 0, 'q'},
                                          {"connections", 1, 0, 'c'},
                                          {"seconds", 1, 0, 't'},
                                          {"rate", 1, 0, 'R'},
                                          {0, 0, 0, 0}};
    int c;

    *set = (struct settings){.connections = 32, .seconds = 3, .query = ""};
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'p':
            set->port = atoi(optarg);
            break;
        case 'r':
            set->region = optarg;
            break;
        case 'k':
            set->key = optarg;
            break;
        case 's':
            set->secret = optarg;
            break;
        case 'm':
            set->create = strcmp(optarg, "create") == 0;
            break;
        case 'a':
            set->source = optarg;
            break;
        case 'q':
            set->query = optarg;
            break;
        case 'c':
            set->connections = atoi(optarg);
            break;
        case 't':
            set->seconds = atof(optarg);
            break;
        case 'R':
            set->rate = atof(optarg);
            break;
        default:
            exit(2);
        }
    }
    if (set->connections < 1 || set->connections > CONNECTIONS_MAX || !set->key || !set->secret ||
        !set->region || (set->create && !set->source)) {
        (void)fprintf(
            stderr,
            "http_load: --port --region --key --secret are required, --source for create\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    struct oc_err err = {0};

    parse_settings(argc, argv, &load.set);
    load.samples = malloc(SAMPLES_MAX * sizeof(uint32_t));
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load.samples || load.epoll < 0 || oc_sigv4_key_cache_new(&load.cache, &err) < 0)
        die("start");
    oc_arena_init(&load.arena, 1024 * 1024);
    oc_buf_init(&load.request, 64 * 1024);
    if (load.set.create)
        sign_ahead(&load);
    else
        put_request(&load, OC_STR("GET"), (struct oc_slice){0});
    open_connections(&load);
    int64_t begin = oc_clock_mono_us();
    run(&load);
    report(&load, (double)(oc_clock_mono_us() - begin) / 1e6);
    return load.failures > 0;
}
