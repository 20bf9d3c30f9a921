/*
 * Long-lived answers of the HTTP server: their frames, their limits, and clients that do not read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/server.h"

static struct oc_http_server *server;
static atomic_uint calls; /* of next */

/* `?N`: N pieces, of which every second is empty. */
struct state {
    unsigned left;
    bool is_large;
    bool fails;
};

static int next(void *ctx, struct oc_buf *out)
{
    struct state *state = ctx;

    atomic_fetch_add(&calls, 1);
    if (state->fails)
        return OC_EIO;
    if (state->is_large)
        (void)memset(oc_buf_extend(out, OC_HTTP_STREAM_PIECE_MAX), 'x', OC_HTTP_STREAM_PIECE_MAX);
    else if (state->left % 2)
        oc_buf_printf(out, "piece %u\n", state->left);
    return --state->left ? OC_PENDING : OC_OK;
}

static void answer(struct oc_http_request *req)
{
    struct state *state = oc_arena_alloc(req->arena, sizeof(*state));
    int64_t count = 0;

    assert_non_null(state);
    (void)oc_slice_to_int64(req->query, &count);
    *state = (struct state){.left = (unsigned)count,
                            .is_large = oc_slice_eq_str(req->path, "/large"),
                            .fails = oc_slice_eq_str(req->path, "/fails")};
    struct oc_http_stream stream = {next, state};
    oc_http_respond(req, &(struct oc_http_response){
                             .status = 200, .content_type = OC_STR("x/y"), .stream = &stream});
}

static void *answer_later(void *req)
{
    answer(req);
    return NULL;
}

static int handle(struct oc_http_request *req, void *ctx)
{
    pthread_t thread;

    (void)ctx;
    if (!oc_slice_eq_str(req->path, "/later")) {
        answer(req);
        return OC_OK;
    }
    assert_int_equal(pthread_create(&thread, NULL, answer_later, req), 0);
    assert_int_equal(pthread_detach(thread), 0);
    return OC_PENDING;
}

static void start(const struct oc_http_options *options)
{
    struct oc_err err = {0};

    calls = 0;
    assert_int_equal(oc_http_server_new(options, handle, NULL, &server, &err), OC_OK);
    assert_int_equal(oc_http_server_start(server, &err), OC_OK);
}

static int stop(void **state)
{
    (void)state;
    oc_http_server_free(server);
    server = NULL;
    return 0;
}

static int ask(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(oc_http_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;

    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    return fd;
}

/* Read until `end` has come, or the connection ends. @return how much came; NUL-terminated */
static size_t read_to(int fd, const char *end, char *to, size_t cap)
{
    size_t len = 0;

    to[0] = '\0';
    while (len + 1 < cap && !(end && strstr(to, end))) {
        ssize_t got = recv(fd, to + len, cap - 1 - len, 0);

        if (got <= 0)
            break;
        len += (size_t)got;
        to[len] = '\0';
    }
    return len;
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"

static void wait_for_streams(uint64_t count)
{
    struct oc_http_stats stats;

    for (int i = 0; i < 2000; i++) {
        oc_http_server_stats(server, &stats);
        if (stats.streams_open == count)
            return;
        usleep(10000);
    }
    fail_msg("%llu streams are open", (unsigned long long)stats.streams_open);
}

/* Also when another thread answers; the connection goes on afterwards. */
static void pieces_become_chunks_and_empty_ones_none(void **state)
{
    static const char *const asks[] = {GET("/now?5"), GET("/later?5")};
    char text[4096];

    (void)state;
    start(&(struct oc_http_options){.workers = 1});
    for (int i = 0; i < 2; i++) {
        int64_t begun = oc_clock_mono_us();
        int fd = ask(asks[i]);

        (void)read_to(fd, "\r\n0\r\n\r\n", text, sizeof(text));
        assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
        assert_non_null(strstr(text, "\r\nContent-Type: x/y\r\nTransfer-Encoding: chunked\r\n"));
        assert_null(strstr(text, "Content-Length"));
        assert_non_null(strstr(text, "\r\n\r\n8\r\npiece 5\n\r\n8\r\npiece 3\n\r\n"
                                     "8\r\npiece 1\n\r\n0\r\n\r\n"));
        assert_true(oc_clock_mono_us() - begun >= 4 * 450000);
        assert_int_equal(send(fd, GET("/now?1"), strlen(GET("/now?1")), MSG_NOSIGNAL),
                         strlen(GET("/now?1")));
        (void)read_to(fd, "0\r\n\r\n", text, sizeof(text));
        assert_non_null(strstr(text, "\r\n\r\n8\r\npiece 1\n\r\n0\r\n\r\n"));
        close(fd);
    }
    wait_for_streams(0);
}

static void a_stream_that_fails_is_cut_off(void **state)
{
    char text[4096];
    int fd;

    (void)state;
    start(&(struct oc_http_options){.workers = 1});
    fd = ask(GET("/fails?1"));
    (void)read_to(fd, NULL, text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_null(strstr(text, "\r\n0\r\n"));
    close(fd);
    wait_for_streams(0);
}

/* The kernel would take megabytes for the client: let it take little, at the server's end too. */
static void shrink_send_buffers(void)
{
    int small = 4096;

    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in own, peer;
        socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

        if (getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
            getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
            own.sin_port == htons(oc_http_server_port(server)))
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    }
}

/* What is made for it stays bounded, and it is cut off in the end. */
static void a_client_that_does_not_read_is_cut_off(void **state)
{
    int64_t begun = oc_clock_mono_us();
    unsigned made;
    int fd;

    (void)state;
    start(&(struct oc_http_options){.workers = 1, .write_timeout_ms = 500});
    fd = ask(GET("/large?1000000"));
    wait_for_streams(1);
    shrink_send_buffers();
    wait_for_streams(0);
    made = atomic_load(&calls);
    assert_in_range(made, 1, 20); /* what the kernel's buffers hold, and a piece more */
    assert_true(oc_clock_mono_us() - begun >= 450000);
    usleep(700000);
    assert_int_equal(atomic_load(&calls), made);
    close(fd);
}

static void one_too_many_is_told_so(void **state)
{
    char text[4096];
    int first, second;

    (void)state;
    start(&(struct oc_http_options){.workers = 1, .max_streams = 1});
    first = ask(GET("/now?1000"));
    wait_for_streams(1);
    second = ask(GET("/now?1"));
    (void)read_to(second, NULL, text, sizeof(text));
    assert_non_null(strstr(text, "HTTP/1.1 503 "));
    assert_non_null(strstr(text, "\r\nRetry-After: 1\r\n"));
    close(second);
    close(first);
    wait_for_streams(0);
    second = ask(GET("/later?1"));
    (void)read_to(second, "0\r\n\r\n", text, sizeof(text));
    assert_non_null(strstr(text, "piece 1"));
    close(second);
}

static void a_stop_ends_them_all(void **state)
{
    int64_t begun;
    char text[4096];
    int fds[3];

    (void)state;
    start(&(struct oc_http_options){.workers = 2});
    for (int i = 0; i < 3; i++)
        fds[i] = ask(GET("/now?1000"));
    wait_for_streams(3);
    begun = oc_clock_mono_us();
    oc_http_server_stop(server);
    assert_true(oc_clock_mono_us() - begun < 5000000);
    for (int i = 0; i < 3; i++) {
        size_t len = read_to(fds[i], NULL, text, sizeof(text));

        assert_true(len > 5);
        assert_string_equal(text + len - 5, "0\r\n\r\n");
        close(fds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(pieces_become_chunks_and_empty_ones_none, stop),
        cmocka_unit_test_teardown(a_stream_that_fails_is_cut_off, stop),
        cmocka_unit_test_teardown(a_client_that_does_not_read_is_cut_off, stop),
        cmocka_unit_test_teardown(one_too_many_is_told_so, stop),
        cmocka_unit_test_teardown(a_stop_ends_them_all, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
