/*
 * The HTTP server over real sockets: requests, answers and the order of things.
 * Limits, time-outs, stopping and faults: test_http_limits.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "http_fixture.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static struct http_fixture fixture;
static struct http_answer answer;

static int start(void **state)
{
    (void)state;
    http_fixture_start(&fixture, &(struct oc_http_options){.workers = 2});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_fixture_stop(&fixture);
    http_answer_clear(&answer);
    return 0;
}

static void kept_connection_carries_many_requests(void **state)
{
    int fd = http_connect(&fixture);
    char id[64] = "", last[64] = "";

    (void)state;
    for (int i = 0; i < 3; i++) {
        http_ask(fd, GET("/echo/a%20b"), &answer, 200);
        assert_string_equal(answer.body, "GET /echo/a%20b ");
        assert_non_null(strstr(answer.head, "\r\nDate: "));
        assert_non_null(strstr(answer.head, " GMT\r\n"));
        assert_non_null(strstr(answer.head, "\r\nContent-Type: text/plain\r\n"));
        assert_non_null(strstr(answer.head, "\r\nX-Test: yes\r\n"));
        assert_null(strstr(answer.head, "Connection:"));
        const char *at = strstr(answer.head, "\r\nx-amzn-RequestId: ");

        assert_non_null(at);
        assert_int_equal(sscanf(at + 20, "%63[0-9a-f-]", id), 1);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(id[14], '4');
        assert_string_not_equal(id, last);
        strcpy(last, id);
    }
    close(fd);
}

static void close_is_honoured_from_either_side(void **state)
{
    static const char *const requests[] = {
        "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET /echo HTTP/1.0\r\n\r\n",
    };
    int fd;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fd = http_connect(&fixture);
        http_ask(fd, requests[i], &answer, 200);
        assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
        assert_true(http_is_ended(fd));
        close(fd);
    }
    fd = http_connect(&fixture);
    http_ask(fd, GET("/close") GET("/echo"), &answer, 299);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    assert_true(http_is_ended(fd));
    close(fd);
}

static void head_and_204_have_no_body(void **state)
{
    int fd = http_connect(&fixture);

    (void)state;
    http_send_text(fd, "HEAD /size?5000 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(http_read(fd, &answer, false));
    assert_int_equal(answer.length, 5000);
    http_ask(fd, GET("/204"), &answer, 204);
    assert_int_equal(answer.length, (size_t)-1);
    http_send_text(fd, "HEAD /later-buf?70 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(http_read(fd, &answer, false));
    assert_int_equal(answer.length, 70);
    http_ask(fd, GET("/echo"), &answer, 200); /* in step: nothing was left over */
    assert_string_equal(answer.body, "GET /echo ");
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    enum { COUNT = 500 };
    int fd = http_connect(&fixture);
    char *text = malloc(COUNT * 80), *to = text, want[32];

    (void)state;
    for (int i = 0; i < COUNT; i++) /* some by another thread, some with a body */
        to += i % 7 == 3 ? sprintf(to, "GET /later/%d HTTP/1.1\r\nHost: h\r\n\r\n", i)
              : i % 7 == 5
                  ? sprintf(to, "PUT /x/%d HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", i)
                  : sprintf(to, "GET /x/%d HTTP/1.1\r\nHost: h\r\n\r\n", i);
    http_send(fd, text, (size_t)(to - text));
    for (int i = 0; i < COUNT; i++) {
        assert_true(http_read(fd, &answer, true));
        sprintf(want,
                i % 7 == 3   ? "GET /later/%d "
                : i % 7 == 5 ? "PUT /x/%d abc"
                             : "GET /x/%d ",
                i);
        assert_string_equal(answer.body, want);
    }
    free(text);
    close(fd);
}

static void request_may_come_byte_by_byte(void **state)
{
    static const char text[] =
        "\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: 5\r\n\r\nhello";
    int fd = http_connect(&fixture);

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        http_send(fd, text + i, 1);
        http_sleep_ms(1);
    }
    assert_true(http_read(fd, &answer, true));
    assert_string_equal(answer.body, "POST /echo hello");
    close(fd);
}

/* Heads and bodies around the sizes where memory changes: 4096 bytes, 16 KiB, 64 KiB, 1 MiB. */
static void heads_and_bodies_of_all_sizes_arrive_whole(void **state)
{
    static const size_t heads[] = {10, 3900, 4096, 9000, 16000};
    static const size_t bodies[] = {1, 4000, 4096, 12000, 65536, 65537, 300000, 1048576};
    char *text = malloc(2 << 20), *body = malloc(2 << 20);
    int fd = http_connect(&fixture);

    (void)state;
    for (size_t i = 0; i < 1048576; i++)
        body[i] = http_pattern(i);
    for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++) {
        for (size_t b = 0; b < sizeof(bodies) / sizeof(bodies[0]); b++) {
            int len = sprintf(text, "PUT /echo HTTP/1.1\r\nHost: h\r\nX: ");

            memset(text + len, 'x', heads[h]);
            len += (int)heads[h];
            len += sprintf(text + len, "\r\nContent-Length: %zu\r\n\r\n", bodies[b]);
            memcpy(text + len, body, bodies[b]);
            http_send(fd, text, (size_t)len + bodies[b]);
            assert_true(http_read(fd, &answer, true));
            assert_int_equal(answer.status, 200);
            assert_int_equal(answer.body_len, bodies[b] + strlen("PUT /echo "));
            assert_memory_equal(answer.body + strlen("PUT /echo "), body, bodies[b]);
        }
    }
    free(text);
    free(body);
    close(fd);
}

static void expectation_is_answered_before_the_body(void **state)
{
    static const char head[] =
        "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    int fd = http_connect(&fixture);

    (void)state;
    http_send_text(fd, head);
    assert_true(http_read(fd, &answer, false));
    assert_int_equal(answer.status, 100);
    http_ask(fd, "hello", &answer, 200);
    assert_string_equal(answer.body, "PUT /echo hello");
    /* A client that does not wait gets no 100. */
    http_send_text(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                       "Expect: 100-continue\r\n\r\nhello");
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 200);
    close(fd);
    fd = http_connect(&fixture);
    http_ask(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: x\r\n\r\n", &answer,
             417);
    assert_true(http_is_ended(fd));
    close(fd);
}

static void other_threads_may_answer(void **state)
{
    int fds[40];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        fds[i] = http_connect(&fixture);
        http_send_text(fds[i], GET("/hold"));
    }
    http_fixture_wait_held(&fixture, 40);
    assert_int_equal(http_fixture_stats(&fixture).requests_pending, 40);
    http_fixture_release(&fixture);
    for (size_t i = 0; i < 40; i++) {
        assert_true(http_read(fds[i], &answer, true));
        assert_string_equal(answer.body, "GET /hold ");
        http_ask(fds[i], GET("/later"), &answer, 200);
        assert_string_equal(answer.body, "GET /later ");
        http_ask(fds[i], GET("/later-buf?100000"), &answer, 201);
        assert_int_equal(answer.body_len, 100000);
        assert_int_equal(answer.body[99999], http_pattern(99999));
        close(fds[i]);
    }
}

static void answer_is_dropped_when_the_client_has_gone(void **state)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    uint64_t before = http_fixture_stats(&fixture).answers_dropped;
    int fd = http_connect(&fixture);

    (void)state;
    http_send_text(fd, GET("/hold"));
    http_fixture_wait_held(&fixture, 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    http_sleep_ms(50);
    http_fixture_release(&fixture);
    for (int i = 0; i < 100 && http_fixture_stats(&fixture).answers_dropped == before; i++)
        http_sleep_ms(10);
    assert_int_equal(http_fixture_stats(&fixture).answers_dropped, before + 1);
    assert_int_equal(http_fixture_stats(&fixture).requests_pending, 0);
}

static void client_that_has_ended_its_side_still_gets_the_answer(void **state)
{
    static const char *const requests[] = {GET("/hold"), GET("/echo"), GET("/echo") GET("/hold")};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int fd = http_connect(&fixture);

        http_send_text(fd, requests[i]);
        shutdown(fd, SHUT_WR);
        if (i == 2)
            assert_true(http_read(fd, &answer, true));
        if (i != 1) {
            http_fixture_wait_held(&fixture, 1);
            http_sleep_ms(20);
            http_fixture_release(&fixture);
        }
        assert_true(http_read(fd, &answer, true));
        assert_int_equal(answer.status, 200);
        assert_true(http_is_ended(fd));
        close(fd);
    }
}

static void slow_reader_gets_a_large_answer_whole(void **state)
{
    static const char *const requests[] = {GET("/size?50000000"), GET("/later-buf?50000000"),
                                           GET("/buf?50000000"), GET("/mapped?50000000")};
    enum { SIZE = 50000000 };

    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        int fd = http_connect(&fixture), small = 32 * 1024;

        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
        http_send_text(fd, requests[i]);
        http_send_text(fd, GET("/echo")); /* must wait for its turn */
        http_sleep_ms(100);
        assert_true(http_read(fd, &answer, true));
        assert_int_equal(answer.body_len, SIZE);
        for (size_t at = 0; at < SIZE; at++)
            if (answer.body[at] != http_pattern(at))
                fail_msg("request %zu: byte %zu is wrong", i, at);
        assert_true(http_read(fd, &answer, true));
        assert_string_equal(answer.body, "GET /echo ");
        close(fd);
    }
}

static void pieces_in_a_file_arrive_whole_at_any_size(void **state)
{
    static const size_t sizes[] = {1010, 1011, 17393, 17394, 17395, 65536, 300000};
    int fd = http_connect(&fixture);

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        char request[128];
        snprintf(request, sizeof(request), "GET /mapped?%zu HTTP/1.1\r\nHost: h\r\n\r\n", sizes[i]);
        http_ask(fd, request, &answer, 200);
        assert_int_equal(answer.body_len, sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(answer.body[at], http_pattern(at));
    }
    close(fd);
}

static void faulty_answers_become_500(void **state)
{
    static const char *const requests[] = {GET("/silent"), GET("/bad-header")};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd = http_connect(&fixture);

        http_ask(fd, requests[i], &answer, 500);
        assert_null(strstr(answer.head, "Set-Cookie"));
        assert_non_null(strstr(answer.head, "\r\nx-amzn-ErrorType: InternalServerException\r\n"));
        assert_non_null(strstr(answer.body, "{\"message\":\""));
        assert_true(http_is_ended(fd));
        close(fd);
    }
}

/* Each carries a second request that a laxer reader would find; it must never be handled. */
static void smuggling_shapes_are_refused_and_end_the_connection(void **state)
{
    static const struct {
        unsigned status;
        const char *text;
    } shapes[] = {
        {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
              "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {411, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nX: a\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 5\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nX: a\x01\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length\x0b: 5\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +0\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"},
        {400, "GET http://i/ HTTP/1.1\r\nHost: h\r\n\r\n"},
        {400, "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n"},
        {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    };
    uint64_t handled = http_fixture_stats(&fixture).requests;
    uint64_t refused = http_fixture_stats(&fixture).refused_syntax;
    size_t count = sizeof(shapes) / sizeof(shapes[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        int fd = http_connect(&fixture);

        http_send_text(fd, shapes[i].text);
        http_send_text(fd, GET("/smuggled"));
        assert_true(http_read(fd, &answer, true));
        if (answer.status != shapes[i].status)
            fail_msg("shape %zu: %u", i, answer.status);
        assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
        assert_non_null(strstr(answer.head, "\r\nx-amzn-RequestId: "));
        assert_non_null(strstr(answer.body, "{\"message\":\""));
        assert_true(http_is_ended(fd));
        close(fd);
    }
    assert_int_equal(http_fixture_stats(&fixture).requests, handled);
    assert_int_equal(http_fixture_stats(&fixture).refused_syntax, refused + count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_connection_carries_many_requests),
        cmocka_unit_test(close_is_honoured_from_either_side),
        cmocka_unit_test(head_and_204_have_no_body),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(request_may_come_byte_by_byte),
        cmocka_unit_test(heads_and_bodies_of_all_sizes_arrive_whole),
        cmocka_unit_test(expectation_is_answered_before_the_body),
        cmocka_unit_test(other_threads_may_answer),
        cmocka_unit_test(answer_is_dropped_when_the_client_has_gone),
        cmocka_unit_test(client_that_has_ended_its_side_still_gets_the_answer),
        cmocka_unit_test(slow_reader_gets_a_large_answer_whole),
        cmocka_unit_test(pieces_in_a_file_arrive_whole_at_any_size),
        cmocka_unit_test(faulty_answers_become_500),
        cmocka_unit_test(smuggling_shapes_are_refused_and_end_the_connection),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
