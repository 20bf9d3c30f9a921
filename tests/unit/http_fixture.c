#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_fixture.h"

#define PIECES 200

char http_pattern(size_t at)
{
    return (char)('!' + (at * 31 + at / 4093) % 90);
}

void http_sleep_ms(unsigned ms)
{
    struct timespec span = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&span, NULL);
}

static size_t size_asked(const struct oc_http_request *req)
{
    char text[24];

    snprintf(text, sizeof(text), "%.*s", OC_FMT(req->query));
    return strtoul(text, NULL, 10);
}

static void fill(char *to, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = http_pattern(from + i);
}

static void answer_echo(struct oc_http_request *req)
{
    struct oc_slice body[] = {req->method, OC_STR(" "), req->path, OC_STR(" "), req->body};
    struct oc_http_header headers[] = {{OC_STR("X-Test"), OC_STR("yes")}};
    struct oc_http_response response = {.status = 200,
                                        .content_type = OC_STR("text/plain"),
                                        .headers = headers,
                                        .header_count = 1,
                                        .body = body,
                                        .body_count = 5};

    oc_http_respond(req, &response);
}

/* Many pieces, some of them empty; a part of the memory comes from the request's arena. */
static void answer_size(struct oc_http_request *req)
{
    size_t size = size_asked(req), piece = size / (PIECES - 1);
    char *bytes = malloc(size + 1);
    struct oc_slice *body = oc_arena_alloc(req->arena, PIECES * sizeof(*body));
    struct oc_http_response response = {.status = 200, .body = body, .body_count = PIECES};

    if (bytes == NULL || body == NULL) {
        oc_http_respond(req, &(struct oc_http_response){.status = 503});
        free(bytes);
        return;
    }
    fill(bytes, 0, size);
    for (size_t i = 0; i < PIECES; i++)
        body[i] =
            oc_slice_sub((struct oc_slice){bytes, size}, i * piece, i == PIECES - 1 ? size : piece);
    oc_http_respond(req, &response);
    memset(bytes, 'X', size); /* must have left, or have been copied */
    free(bytes);
}

/* The middle of the body lies in a file, before and behind it something else. */
static void answer_mapped(struct oc_http_request *req)
{
    enum { BEFORE = 1000, BEHIND = 10 };
    size_t size = size_asked(req), inner = size - BEFORE - BEHIND;
    char *bytes = malloc(size), *map = MAP_FAILED;
    int fd = memfd_create("mapped", MFD_CLOEXEC);

    assert_true(bytes != NULL && fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    fill(bytes, 0, size);
    memcpy(map + 5, bytes + BEFORE, inner); /* not at the start of a page */
    struct oc_slice body[] = {
        {bytes, BEFORE}, {map + 5, inner}, {NULL, 0}, {bytes + BEFORE + inner, BEHIND}};
    struct oc_http_response response = {
        .status = 200, .body = body, .body_count = 4, .mapping = {map, size, fd}};
    oc_http_respond(req, &response);
    memset(bytes, 'X', size);
    free(bytes);
    munmap(map, size); /* what has not left yet is held by the socket */
    close(fd);
}

static void answer_buf(struct oc_http_request *req)
{
    struct oc_http_response response = {.status = 201};
    struct oc_buf buf;
    size_t size = size_asked(req);

    oc_buf_init(&buf, size);
    char *to = oc_buf_extend(&buf, size);

    if (to != NULL)
        fill(to, 0, size);
    oc_http_respond_buf(req, &response, &buf);
}

static int hand_over(struct http_fixture *fixture, struct oc_http_request *req, bool hold)
{
    struct oc_http_request **list = hold ? &fixture->held : &fixture->waiting;

    pthread_mutex_lock(&fixture->lock);
    req->user = *list;
    *list = req;
    fixture->held_count += hold;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
    return OC_PENDING;
}

static int handle(struct oc_http_request *req, void *ctx)
{
    struct oc_http_header bad[] = {{OC_STR("X-Split"), OC_STR("a\r\nSet-Cookie: b")}};

    if (oc_slice_has_prefix(req->path, OC_STR("/later")))
        return hand_over(ctx, req, false);
    if (oc_slice_eq_str(req->path, "/hold"))
        return hand_over(ctx, req, true);
    if (oc_slice_eq_str(req->path, "/silent"))
        return OC_OK;
    if (oc_slice_eq_str(req->path, "/size"))
        answer_size(req);
    else if (oc_slice_eq_str(req->path, "/mapped"))
        answer_mapped(req);
    else if (oc_slice_eq_str(req->path, "/buf"))
        answer_buf(req);
    else if (oc_slice_eq_str(req->path, "/204"))
        oc_http_respond(req, &(struct oc_http_response){.status = 204});
    else if (oc_slice_eq_str(req->path, "/close"))
        oc_http_respond(req, &(struct oc_http_response){.status = 299, .close = true});
    else if (oc_slice_eq_str(req->path, "/bad-header"))
        oc_http_respond(
            req, &(struct oc_http_response){.status = 200, .headers = bad, .header_count = 1});
    else
        answer_echo(req);
    return OC_OK;
}

static void *answer_waiting(void *arg)
{
    struct http_fixture *fixture = arg;

    pthread_mutex_lock(&fixture->lock);
    while (!fixture->is_ending || fixture->waiting != NULL) {
        struct oc_http_request *req = fixture->waiting;

        if (req == NULL) {
            pthread_cond_wait(&fixture->changed, &fixture->lock);
            continue;
        }
        fixture->waiting = req->user;
        pthread_mutex_unlock(&fixture->lock);
        if (oc_slice_eq_str(req->path, "/later-buf"))
            answer_buf(req);
        else
            answer_echo(req);
        pthread_mutex_lock(&fixture->lock);
    }
    pthread_mutex_unlock(&fixture->lock);
    return NULL;
}

void http_fixture_start(struct http_fixture *fixture, const struct oc_http_options *options)
{
    struct oc_err err = {0};

    memset(fixture, 0, sizeof(*fixture));
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    if (oc_http_server_new(options, handle, fixture, &fixture->server, &err) < 0 ||
        oc_http_server_start(fixture->server, &err) < 0)
        fail_msg("start: %s", err.text);
    fixture->port = oc_http_server_port(fixture->server);
    assert_int_equal(pthread_create(&fixture->answerer, NULL, answer_waiting, fixture), 0);
}

void http_fixture_release(struct http_fixture *fixture)
{
    struct oc_http_request *req, *next;

    pthread_mutex_lock(&fixture->lock);
    req = fixture->held;
    fixture->held = NULL;
    fixture->held_count = 0;
    pthread_mutex_unlock(&fixture->lock);
    for (; req != NULL; req = next) {
        next = req->user;
        answer_echo(req);
    }
}

void http_fixture_wait_held(struct http_fixture *fixture, unsigned count)
{
    pthread_mutex_lock(&fixture->lock);
    while (fixture->held_count < count)
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    pthread_mutex_unlock(&fixture->lock);
}

void http_fixture_stop(struct http_fixture *fixture)
{
    oc_http_server_stop(fixture->server);
    pthread_mutex_lock(&fixture->lock);
    fixture->is_ending = true;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
    pthread_join(fixture->answerer, NULL);
    http_fixture_release(fixture);
    oc_http_server_free(fixture->server);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->lock);
}

struct oc_http_stats http_fixture_stats(struct http_fixture *fixture)
{
    struct oc_http_stats stats;

    oc_http_server_stats(fixture->server, &stats);
    return stats;
}

int http_connect(const struct http_fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 30};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void http_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return; /* the server may have ended the connection: the reader finds out */
        bytes += sent;
        len -= (size_t)sent;
    }
}

void http_send_text(int fd, const char *text)
{
    http_send(fd, text, strlen(text));
}

void http_answer_clear(struct http_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

bool http_read(int fd, struct http_answer *answer, bool has_body)
{
    size_t len = 0;
    const char *length;

    http_answer_clear(answer);
    do {
        /* By bytes: what comes after the head belongs to somebody else. */
        if (len == sizeof(answer->head) - 1 || recv(fd, answer->head + len, 1, 0) != 1)
            return false;
        answer->head[++len] = '\0';
    } while (len < 4 || memcmp(answer->head + len - 4, "\r\n\r\n", 4) != 0);
    if (sscanf(answer->head, "HTTP/1.1 %3u ", &answer->status) != 1)
        return false;
    length = strstr(answer->head, "\r\nContent-Length: ");
    answer->length = length != NULL ? strtoul(length + 18, NULL, 10) : (size_t)-1;
    answer->body_len = has_body && length != NULL ? answer->length : 0;
    answer->body = malloc(answer->body_len + 1);
    assert_non_null(answer->body);
    for (size_t at = 0; at < answer->body_len;) {
        ssize_t got = recv(fd, answer->body + at, answer->body_len - at, 0);

        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    answer->body[answer->body_len] = '\0';
    return true;
}

void http_ask(int fd, const char *text, struct http_answer *answer, unsigned status)
{
    http_send_text(fd, text);
    if (!http_read(fd, answer, true))
        fail_msg("no answer to: %.60s", text);
    if (answer->status != status)
        fail_msg("%u instead of %u for: %.60s", answer->status, status, text);
}

bool http_is_ended(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&pollfd, 1, 2000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}
