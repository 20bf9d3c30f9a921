/* An HTTP server that misbehaves as told. */
#include "fake_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Read the head and the body of one request. @return false when the client went away */
static bool read_request(struct fake_server *server, int fd)
{
    static char body[16384];
    size_t len = 0;
    const char *length;
    size_t left;

    memset(server->last_head, 0, sizeof(server->last_head));
    while (!strstr(server->last_head, "\r\n\r\n")) {
        ssize_t got = recv(fd, server->last_head + len, 1, 0);

        if (got <= 0 || ++len + 1 >= sizeof(server->last_head))
            return false;
    }
    length = strcasestr(server->last_head, "\r\nContent-Length:");
    left = length ? strtoul(length + 17, NULL, 10) : 0;
    while (left > 0) {
        ssize_t got = recv(fd, body, left < sizeof(body) ? left : sizeof(body), 0);

        if (got <= 0)
            return false;
        left -= (size_t)got;
    }
    return true;
}

static const struct fake_rule *find_rule(struct fake_server *server)
{
    static const struct fake_rule unknown = {.status = 404};
    size_t line = strcspn(server->last_head, "\r");

    for (size_t i = 0; server->rules[i].match; i++) {
        const struct fake_rule *rule = &server->rules[i];

        if (!memmem(server->last_head, line, rule->match, strlen(rule->match)))
            continue;
        if (rule->asks && !strstr(server->last_head, rule->asks))
            continue;
        if (rule->times > 0 && server->served[i] == rule->times)
            continue;
        server->served[i]++;
        return rule;
    }
    return &unknown;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);

        if (put <= 0)
            return;
        bytes += put;
        len -= (size_t)put;
    }
}

/* The rule for a request with a range. */
static struct fake_rule cut_out(const struct fake_rule *rule, const char *request,
                                char headers[128])
{
    const char *range = strcasestr(request, "\r\nRange: bytes=");
    struct fake_rule part = *rule;
    size_t from, to;

    if (!range || sscanf(range, "\r\nRange: bytes=%zu-%zu", &from, &to) != 2)
        return part;
    part.headers = headers;
    part.status = from < rule->body.len ? 206 : 416;
    if (to >= rule->body.len)
        to = rule->body.len - 1;
    if (part.status == 206)
        (void)snprintf(headers, 128, "Content-Range: bytes %zu-%zu/%zu\r\n", from, to,
                       rule->body.len);
    part.body = part.status == 206 ? oc_slice_sub(rule->body, from, to - from + 1) : OC_STR("no");
    return part;
}

static void answer(const struct fake_rule *rule, int fd)
{
    char head[1024];
    int len;

    if (rule->silent)
        (void)recv(fd, head, sizeof(head), 0);
    if (rule->hang_up || rule->silent)
        return;
    usleep(rule->delay_ms * 1000);
    len = snprintf(head, sizeof(head),
                   "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
                   rule->status, rule->body.len, rule->headers ? rule->headers : "");
    send_all(fd, head, (size_t)len);
    send_all(fd, rule->body.ptr, rule->body.len - rule->cut);
}

static void serve_request(struct fake_server *server, int fd)
{
    const struct fake_rule *rule = find_rule(server);
    char headers[128] = "";
    struct fake_rule part = rule->ranges ? cut_out(rule, server->last_head, headers) : *rule;

    answer(&part, fd);
}

static void *serve(void *ctx)
{
    struct fake_server *server = ctx;
    int fd;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        if (read_request(server, fd)) {
            (void)__atomic_add_fetch(&server->requests, 1, __ATOMIC_RELEASE);
            serve_request(server, fd);
        }
        (void)shutdown(fd, SHUT_RDWR);
        (void)close(fd);
    }
    return NULL;
}

void fake_server_start(struct fake_server *server, const struct fake_rule *rules)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int rc;

    memset(server, 0, sizeof(*server));
    server->rules = rules;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(server->listener >= 0);
    rc = bind(server->listener, (struct sockaddr *)&address, sizeof(address));
    assert(rc == 0);
    rc = listen(server->listener, 16);
    assert(rc == 0);
    rc = getsockname(server->listener, (struct sockaddr *)&address, &len);
    assert(rc == 0);
    (void)snprintf(server->endpoint, sizeof(server->endpoint), "http://127.0.0.1:%u",
                   ntohs(address.sin_port));
    rc = pthread_create(&server->thread, NULL, serve, server);
    assert(rc == 0);
    (void)rc;
}

void fake_server_stop(struct fake_server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR); /* wakes accept */
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
}
