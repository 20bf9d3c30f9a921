/*
 * The HTTP server when something is too large, too slow, too many, at its end, or broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "http_fixture.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static struct http_fixture fixture;
static struct http_answer answer;

static size_t part_limit(const struct oc_http_request *req, void *ctx)
{
    (void)ctx;
    return oc_slice_has_prefix(req->path, OC_STR("/part")) ? OC_HTTP_PART_BODY_MAX : 1000;
}

static int stop(void **state)
{
    (void)state;
    http_fixture_stop(&fixture);
    http_answer_clear(&answer);
    return 0;
}

static int start_small(void **state)
{
    (void)state;
    http_fixture_start(&fixture, &(struct oc_http_options){.workers = 2,
                                                           .max_connections = 3,
                                                           .max_body_memory = 8 << 20,
                                                           .body_limit = part_limit});
    return 0;
}

static int start_plain(void **state)
{
    (void)state;
    http_fixture_start(&fixture, NULL);
    return 0;
}

static bool admit_all(struct oc_http_request *req, void *ctx)
{
    (void)req;
    (void)ctx;
    return true;
}

/* Admitted bodies, of which one is in memory at a time. */
static void start_with_room_for_one(unsigned body_timeout_ms)
{
    http_fixture_start(&fixture, &(struct oc_http_options){.workers = 2,
                                                           .body_timeout_ms = body_timeout_ms,
                                                           .max_large_memory = 4 << 20,
                                                           .body_limit = part_limit,
                                                           .admit = admit_all});
}

static int start_narrow(void **state)
{
    (void)state;
    start_with_room_for_one(0);
    return 0;
}

static int start_narrow_and_hasty(void **state)
{
    (void)state;
    start_with_room_for_one(300);
    return 0;
}

static int start_hasty(void **state)
{
    (void)state;
    http_fixture_start(&fixture, &(struct oc_http_options){.workers = 1,
                                                           .head_timeout_ms = 300,
                                                           .idle_timeout_ms = 300,
                                                           .body_timeout_ms = 300,
                                                           .write_timeout_ms = 300,
                                                           .min_rate = 1000,
                                                           .shutdown_grace_ms = 400});
    return 0;
}

static void put_head(int fd, const char *path, size_t length)
{
    char text[128];

    snprintf(text, sizeof(text), "PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", path,
             length);
    http_send_text(fd, text);
}

static void body_limit_goes_by_request(void **state)
{
    char *body = calloc(1, OC_HTTP_PART_BODY_MAX);
    int fd = http_connect(&fixture);

    (void)state;
    put_head(fd, "/echo", 1000);
    http_send(fd, body, 1000);
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 200);
    put_head(fd, "/echo", 1001);
    http_send(fd, body, 1001);
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 413);
    assert_true(http_is_ended(fd));
    close(fd);
    /* Refused from the head alone; the sender of a large body must still read why. */
    fd = http_connect(&fixture);
    put_head(fd, "/part", (size_t)OC_HTTP_PART_BODY_MAX + 1);
    http_send(fd, body, OC_HTTP_PART_BODY_MAX);
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 413);
    close(fd);
    fd = http_connect(&fixture);
    http_send_text(fd, "PUT /part HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                       "Content-Length: 18446744073709551615\r\n\r\n");
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 413);
    assert_true(http_is_ended(fd));
    close(fd);
    free(body);
    assert_int_equal(http_fixture_stats(&fixture).refused_size, 3);
}

static void memory_of_bodies_is_capped_and_comes_back(void **state)
{
    size_t half = 5 << 20;
    char *body = calloc(1, half);
    int first = http_connect(&fixture), second = http_connect(&fixture);

    (void)state;
    /* A claim alone costs nothing: both may announce more than the cap holds. */
    put_head(first, "/part", half);
    put_head(second, "/part", half);
    http_send(first, body, half - 1);
    http_sleep_ms(200);
    http_send(second, body, half);
    assert_true(http_read(second, &answer, true));
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.head, "\r\nRetry-After: 1\r\n"));
    assert_true(http_is_ended(second));
    close(second);
    assert_int_equal(http_fixture_stats(&fixture).refused_memory, 1);
    close(first); /* its memory comes back without an answer */
    for (int i = 0; i < 10; i++) {
        second = http_connect(&fixture);
        http_sleep_ms(20);
        put_head(second, "/later", 3);
        http_ask(second, "abc", &answer, 200);
        close(second);
    }
    second = http_connect(&fixture);
    put_head(second, "/part", half);
    http_send(second, body, half);
    /* Body and copied answer do not fit together: the server may end the connection, but lives. */
    (void)http_read(second, &answer, true);
    close(second);
    free(body);
}

/* Whoever holds large bodies open, without credentials even, must not keep small requests out. */
static void small_requests_have_memory_when_large_bodies_have_filled_theirs(void **state)
{
    size_t large = 3 << 20, less = 3 << 19, small = 100 << 10; /* of 8 MiB in all */
    char *body = calloc(1, large);
    int first = http_connect(&fixture), second = http_connect(&fixture);
    int third = http_connect(&fixture);

    (void)state;
    put_head(first, "/part", large);
    http_send(first, body, large - 1);
    put_head(second, "/part", large);
    http_send(second, body, large - 1);
    http_sleep_ms(200);
    put_head(third, "/part", less);
    http_send(third, body, less);
    assert_true(http_read(third, &answer, true));
    assert_int_equal(answer.status, 503);
    assert_true(http_is_ended(third));
    close(third);
    http_sleep_ms(50);
    third = http_connect(&fixture);
    put_head(third, "/part", small);
    http_send(third, body, small);
    assert_true(http_read(third, &answer, true));
    assert_int_equal(answer.status, 200);
    close(first);
    close(second);
    close(third);
    free(body);
}

/* Send a large body, as much of it as the other side takes at once. */
static void begin_large(int fd, const char *body, size_t size)
{
    put_head(fd, "/part", size);
    (void)send(fd, body, size / 2, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void *send_large(void *ctx)
{
    static const char body[3 << 20];
    int fd = *(int *)ctx;

    put_head(fd, "/part", sizeof(body));
    http_send(fd, body, sizeof(body));
    return NULL;
}

static void large_bodies_wait_for_memory_one_after_another(void **state)
{
    size_t size = 3 << 20;
    char *body = calloc(1, size);
    int first = http_connect(&fixture), fds[8], small = http_connect(&fixture);
    pthread_t senders[8];
    uint64_t before;

    (void)state;
    put_head(first, "/part", size);
    http_send(first, body, size - 1);
    while ((before = http_fixture_stats(&fixture).bytes_in) < size)
        http_sleep_ms(1);
    for (size_t i = 0; i < 8; i++) {
        fds[i] = http_connect(&fixture);
        assert_int_equal(pthread_create(&senders[i], NULL, send_large, &fds[i]), 0);
    }
    http_ask(small, GET("/echo"), &answer, 200); /* they are in nobody's way */
    assert_true(http_fixture_stats(&fixture).bytes_in - before < size);
    http_send(first, body, 1);
    assert_true(http_read(first, &answer, true));
    assert_int_equal(answer.status, 200);
    for (size_t i = 0; i < 8; i++) {
        assert_true(http_read(fds[i], &answer, true));
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body_len, size + sizeof("PUT /part ") - 1);
        assert_int_equal(pthread_join(senders[i], NULL), 0);
        close(fds[i]);
    }
    close(first);
    close(small);
    free(body);
}

/* Who goes away while waiting is forgotten, and one alone may have more than there is. */
static void one_that_stops_waiting_makes_way_for_the_next(void **state)
{
    size_t size = 3 << 20, larger = 8 << 20;
    char *body = calloc(1, larger);
    int first = http_connect(&fixture), gone = http_connect(&fixture);
    int last = http_connect(&fixture);

    (void)state;
    put_head(first, "/part", size);
    http_send(first, body, size - 1);
    begin_large(gone, body, size);
    http_sleep_ms(50);
    put_head(last, "/part", larger);
    http_sleep_ms(50);
    close(gone);
    close(first);
    http_send(last, body, larger);
    assert_true(http_read(last, &answer, true));
    assert_int_equal(answer.status, 200);
    close(last);
    free(body);
}

/* 1 KiB a second is enough when nobody waits; not while somebody does. */
static void slow_large_body_is_cut_while_others_wait(void **state)
{
    size_t size = 3 << 20;
    char *body = calloc(1, size);
    int slow = http_connect(&fixture), next = http_connect(&fixture);

    (void)state;
    put_head(slow, "/part", size);
    for (int i = 0; i < 10; i++) { /* 10 KiB a second */
        http_send(slow, body, 1000);
        http_sleep_ms(100);
    }
    assert_int_equal(http_fixture_stats(&fixture).timeouts_body, 0);
    put_head(next, "/part", size);
    http_send(next, body, size);
    assert_true(http_read(next, &answer, true));
    assert_int_equal(answer.status, 200);
    assert_int_equal(http_fixture_stats(&fixture).timeouts_body, 1);
    assert_true(http_read(slow, &answer, true));
    assert_int_equal(answer.status, 408);
    close(slow);
    close(next);
    free(body);
}

static void connection_over_the_cap_is_told_so(void **state)
{
    int fds[3], fd;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fds[i] = http_connect(&fixture);
        http_ask(fds[i], GET("/echo"), &answer, 200);
    }
    fd = http_connect(&fixture);
    http_ask(fd, GET("/echo"), &answer, 503);
    assert_non_null(strstr(answer.head, "\r\nRetry-After: 1\r\n"));
    assert_true(http_is_ended(fd));
    close(fd);
    assert_int_equal(http_fixture_stats(&fixture).connections_refused, 1);
    close(fds[0]);
    for (int i = 0; i < 100 && http_fixture_stats(&fixture).connections_open > 2; i++)
        http_sleep_ms(10);
    fds[0] = http_connect(&fixture);
    for (size_t i = 0; i < 3; i++) {
        http_ask(fds[i], GET("/echo"), &answer, 200);
        close(fds[i]);
    }
}

static void slow_head_is_cut_however_it_drips(void **state)
{
    static const char text[] = "GET /echo HTTP/1.1\r\nHost: h\r\nX: slow loris, slow loris\r\n\r\n";
    int64_t begin = oc_clock_mono_us();
    int fd = http_connect(&fixture);
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1 && poll(&pollfd, 1, 20) == 0; i++)
        http_send(fd, text + i, 1);
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 408);
    assert_in_range(oc_clock_mono_us() - begin, 290000, 900000);
    assert_true(http_is_ended(fd));
    close(fd);
    /* One that never says a word is closed without one. */
    fd = http_connect(&fixture);
    assert_true(http_is_ended(fd));
    close(fd);
    assert_int_equal(http_fixture_stats(&fixture).timeouts_head, 2);
}

static void idle_connection_is_closed_but_not_a_used_one(void **state)
{
    int fd = http_connect(&fixture);

    (void)state;
    for (int i = 0; i < 6; i++) {
        http_sleep_ms(100);
        http_ask(fd, GET("/echo"), &answer, 200);
    }
    assert_true(http_is_ended(fd));
    assert_int_equal(http_fixture_stats(&fixture).timeouts_idle, 1);
    close(fd);
}

static void pending_request_has_no_time_out(void **state)
{
    int fd = http_connect(&fixture);

    (void)state;
    http_send_text(fd, GET("/hold"));
    http_fixture_wait_held(&fixture, 1);
    http_sleep_ms(700);
    http_fixture_release(&fixture);
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 200);
    close(fd);
}

static void body_must_move_on(void **state)
{
    static const char bytes[100] = "";
    int fd = http_connect(&fixture);
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    (void)state;
    put_head(fd, "/echo", 2000); /* 100 bytes in 30 ms: fast enough, though longer than a period */
    for (int i = 0; i < 20; i++) {
        http_sleep_ms(30);
        http_send(fd, bytes, 100);
    }
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 200);
    put_head(fd, "/echo", 20000);
    for (int i = 0; i < 200 && poll(&pollfd, 1, 10) == 0; i++)
        http_send(fd, bytes, 1); /* 100 bytes/s */
    assert_true(http_read(fd, &answer, true));
    assert_int_equal(answer.status, 408);
    assert_true(http_is_ended(fd));
    assert_int_equal(http_fixture_stats(&fixture).timeouts_body, 1);
    close(fd);
}

static void reader_must_move_on(void **state)
{
    int fd = http_connect(&fixture), small = 16 * 1024;

    (void)state;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    http_send_text(fd, GET("/size?50000000"));
    for (int i = 0; i < 2000 && http_fixture_stats(&fixture).timeouts_write == 0; i++)
        http_sleep_ms(10);
    assert_int_equal(http_fixture_stats(&fixture).timeouts_write, 1);
    assert_false(http_read(fd, &answer, true));
    close(fd);
}

static void *stop_server(void *server)
{
    oc_http_server_stop(server);
    return NULL;
}

static void stop_lets_running_requests_finish(void **state)
{
    int fds[3];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        fds[i] = http_connect(&fixture);
    http_ask(fds[0], GET("/echo"), &answer, 200);
    http_send_text(fds[1], GET("/hold"));
    http_fixture_wait_held(&fixture, 1);
    pthread_t stopper;

    assert_int_equal(pthread_create(&stopper, NULL, stop_server, fixture.server), 0);
    assert_true(http_is_ended(fds[0]));
    assert_true(http_is_ended(fds[2]));
    assert_int_equal(http_connect(&fixture), -1);
    http_fixture_release(&fixture);
    assert_true(http_read(fds[1], &answer, true));
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    assert_true(http_is_ended(fds[1]));
    pthread_join(stopper, NULL);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
}

static void stop_ends_after_its_grace_and_drops_late_answers(void **state)
{
    int fd = http_connect(&fixture);
    int64_t begin = oc_clock_mono_us();

    (void)state;
    http_send_text(fd, GET("/hold"));
    http_fixture_wait_held(&fixture, 1);
    oc_http_server_stop(fixture.server);
    assert_in_range(oc_clock_mono_us() - begin, 390000, 2000000);
    assert_true(http_is_ended(fd));
    close(fd);
    assert_int_equal(http_fixture_stats(&fixture).requests_pending, 1);
    http_fixture_release(&fixture); /* the request is still valid memory: the sanitizers watch */
}

static void accepting_pauses_without_descriptors_and_goes_on(void **state)
{
    struct rlimit old, low;
    int fds[16], fd, probe = dup(0);

    (void)state;
    close(probe);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)probe + 1; /* the client's socket takes the last one */
    fd = -1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    fd = http_connect(&fixture);
    http_send_text(fd, GET("/echo"));
    http_sleep_ms(250);
    assert_int_equal(http_fixture_stats(&fixture).connections, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    /* valgrind plays the limit by closing what the system has accepted */
    assert_true(http_read(fd, &answer, true) || RUNNING_ON_VALGRIND);
    assert_int_equal(answer.status, RUNNING_ON_VALGRIND ? answer.status : 200);
    close(fd);
    for (size_t i = 0; i < 16; i++) {
        fds[i] = http_connect(&fixture);
        http_ask(fds[i], GET("/echo"), &answer, 200);
    }
    for (size_t i = 0; i < 16; i++)
        close(fds[i]);
}

/* One exchange of each kind. Any of them may fail, but only by an error answer or a closed
 * connection; what arrives whole must be right. */
static void try_everything(void)
{
    static const char *const requests[] = {
        GET("/echo"),
        GET("/later"),
        GET("/later-buf?200000"),
        GET("/size?3000000"),
        GET("/mapped?3000000"),
        "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n",
    };
    static char body[70000];

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = http_connect(&fixture);

        http_send_text(fd, requests[i]);
        if (i == 5)
            http_send(fd, body, sizeof(body));
        if (http_read(fd, &answer, true))
            assert_true(answer.status == 200 || answer.status == 201 || answer.status == 503);
        close(fd);
    }
}

static void faults_never_outlive_their_request(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC, OC_FAULT_SEND, OC_FAULT_READ};
    static const enum oc_fault_mode modes[] = {OC_FAULT_ONCE, OC_FAULT_ALWAYS};

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        for (size_t m = 0; m < 2; m++) {
            unsigned fired = 1;

            for (unsigned nth = 1; fired > 0; nth++) {
                oc_fault_arm(sites[s], nth, modes[m]);
                try_everything();
                fired = oc_fault_fired(sites[s]);
                oc_fault_arm(sites[s], 0, OC_FAULT_ONCE);
                int fd = http_connect(&fixture);

                http_ask(fd, GET("/echo"), &answer, 200);
                close(fd);
                assert_true(nth < 2000);
            }
        }
    }
    for (int i = 0; i < 200 && http_fixture_stats(&fixture).connections_open > 0; i++)
        http_sleep_ms(10);
    assert_int_equal(http_fixture_stats(&fixture).connections_open, 0);
    assert_int_equal(http_fixture_stats(&fixture).requests_pending, 0);
}

static void new_fails_cleanly(void **state)
{
    struct oc_http_server *server = NULL;
    struct oc_err err = {0};
    int rc;

    (void)state;
    assert_int_equal(
        oc_http_server_new(&(struct oc_http_options){.workers = 1000}, NULL, NULL, &server, &err),
        OC_EINVAL);
    assert_int_equal(oc_http_server_new(&(struct oc_http_options){.address = "no such host"}, NULL,
                                        NULL, &server, &err),
                     OC_EINVAL);
    /* A second server on the port is told so. */
    assert_true(oc_http_server_new(&(struct oc_http_options){.port = fixture.port}, NULL, NULL,
                                   &server, &err) < 0);
    for (unsigned nth = 1;; nth++) {
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_http_server_new(NULL, NULL, NULL, &server, &err);
        if (rc == OC_OK)
            break;
        assert_int_equal(rc, OC_ENOMEM);
        assert_null(server);
    }
    oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
    oc_http_server_free(server); /* never started */
    oc_http_server_stop(NULL);
    oc_http_server_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(body_limit_goes_by_request, start_small, stop),
        cmocka_unit_test_setup_teardown(
            small_requests_have_memory_when_large_bodies_have_filled_theirs, start_small, stop),
        cmocka_unit_test_setup_teardown(memory_of_bodies_is_capped_and_comes_back, start_small,
                                        stop),
        cmocka_unit_test_setup_teardown(large_bodies_wait_for_memory_one_after_another,
                                        start_narrow, stop),
        cmocka_unit_test_setup_teardown(one_that_stops_waiting_makes_way_for_the_next, start_narrow,
                                        stop),
        cmocka_unit_test_setup_teardown(slow_large_body_is_cut_while_others_wait,
                                        start_narrow_and_hasty, stop),
        cmocka_unit_test_setup_teardown(connection_over_the_cap_is_told_so, start_small, stop),
        cmocka_unit_test_setup_teardown(slow_head_is_cut_however_it_drips, start_hasty, stop),
        cmocka_unit_test_setup_teardown(idle_connection_is_closed_but_not_a_used_one, start_hasty,
                                        stop),
        cmocka_unit_test_setup_teardown(pending_request_has_no_time_out, start_hasty, stop),
        cmocka_unit_test_setup_teardown(body_must_move_on, start_hasty, stop),
        cmocka_unit_test_setup_teardown(reader_must_move_on, start_hasty, stop),
        cmocka_unit_test_setup_teardown(stop_lets_running_requests_finish, start_hasty, stop),
        cmocka_unit_test_setup_teardown(stop_ends_after_its_grace_and_drops_late_answers,
                                        start_hasty, stop),
        cmocka_unit_test_setup_teardown(accepting_pauses_without_descriptors_and_goes_on,
                                        start_hasty, stop),
        cmocka_unit_test_setup_teardown(new_fails_cleanly, start_hasty, stop),
        cmocka_unit_test_setup_teardown(faults_never_outlive_their_request, start_plain, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
