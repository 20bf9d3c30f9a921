/* Calls that do not block: many at once, errors and retries, cancellation, their ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "fake_server.h"
#include "outcrop/outcrop.h"

#define BODY(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* One call, and what was told of its end. */
struct told {
    int times, code;
    struct oc_error error;
    struct oc_get_model_copy_job_output output;
    struct oc_client *client;
    struct told *next;            /* started by the end of this one */
    struct oc_call *call, *other; /* `other`: canceled by the end of this one */
};

static const struct oc_get_model_copy_job_input input = {.job_arn = "arn:aws:bedrock:r:1:j/1"};

static struct oc_client *open_client(const char *endpoint)
{
    struct oc_client_config config = {.region = "us-west-2",
                                      .endpoint = endpoint,
                                      .access_key_id = "AKIDEXAMPLE",
                                      .secret_access_key = "secret"};
    struct oc_client *client;
    struct oc_error error;

    assert_int_equal(oc_client_open(&config, &client, &error), 0);
    return client;
}

static void start(struct oc_client *client, struct told *told);

static void when_done(int code, const struct oc_error *error, void *ctx)
{
    struct told *told = ctx;

    told->times++;
    told->code = code;
    told->error = *error;
    if (told->other)
        oc_call_cancel(told->other);
    if (told->next)
        start(told->client, told->next);
}

static void start(struct oc_client *client, struct told *told)
{
    struct oc_error error;

    told->client = client;
    assert_int_equal(oc_get_model_copy_job_start(client, &input, &told->output,
                                                 (struct oc_completion){when_done, told},
                                                 &told->call, &error),
                     0);
}

/* Dispatch until no call is on its way; every wait must be ended by the descriptor. */
static void run(struct oc_client *client)
{
    struct pollfd fds = {oc_client_fd(client, NULL), POLLIN, 0};

    while (oc_client_dispatch(client, NULL) > 0)
        assert_int_equal(poll(&fds, 1, 20000), 1);
}

/* Accepts connections and never answers. @return its descriptor */
static int silent_server(char endpoint[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(endpoint, 64, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static const struct fake_rule job[] = {
    {.match = "GET", .status = 200, .body = BODY("{\"status\":\"Completed\"}")}, {0}};

static void many_calls_are_on_their_way_at_once(void **state)
{
    struct told told[40] = {0};
    struct fake_server server;
    struct oc_client *client;

    (void)state;
    fake_server_start(&server, job);
    client = open_client(server.endpoint);
    assert_int_equal(oc_client_dispatch(client, NULL), 0);
    for (size_t i = 0; i < 40; i++)
        start(client, &told[i]);
    assert_int_equal(told[0].times, 0);
    run(client);
    fake_server_stop(&server);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].code, 0);
        assert_string_equal(told[i].output.status, "Completed");
        oc_result_free(told[i].output.result);
    }
    oc_client_close(client);
}

static void errors_and_retries_are_those_of_blocking_calls(void **state)
{
    static const struct fake_rule then_ok[] = {
        {.match = "GET", .times = 1, .status = 503},
        {.match = "GET", .times = 1, .hang_up = true},
        {.match = "GET", .status = 200, .body = BODY("{\"status\":\"Completed\"}")},
        {0}};
    static const struct fake_rule missing[] = {
        {.match = "GET",
         .status = 404,
         .headers = "X-Amzn-Errortype: ResourceNotFoundException\r\nx-amzn-RequestId: id-1\r\n",
         .body = BODY("{\"message\":\"no such job\"}")},
        {0}};
    static const struct fake_rule nonsense[] = {{.match = "GET", .status = 200, .body = BODY("<")},
                                                {0}};
    static const struct {
        const struct fake_rule *rules;
        int code, status;
        const char *name;
        unsigned requests;
    } cases[] = {{then_ok, 0, 0, "", 3},
                 {missing, OC_ERROR_NOT_FOUND, 404, "ResourceNotFoundException", 1},
                 {nonsense, OC_ERROR_RESPONSE, 200, "ResponseParserError", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told told = {0};
        struct fake_server server;
        struct oc_client *client;

        fake_server_start(&server, cases[i].rules);
        client = open_client(server.endpoint);
        start(client, &told);
        run(client);
        fake_server_stop(&server);
        assert_int_equal(told.times, 1);
        assert_int_equal(told.code, cases[i].code);
        assert_int_equal(told.error.status, cases[i].status);
        assert_string_equal(told.error.name, cases[i].name);
        assert_int_equal(server.requests, cases[i].requests);
        if (told.code == 0)
            assert_int_equal(oc_result_attempts(told.output.result), 3);
        oc_result_free(told.output.result);
        oc_client_close(client);
    }
}

static void what_cannot_begin_is_told_at_once(void **state)
{
    struct oc_get_model_copy_job_input nothing = {0};
    struct told told = {0};
    struct oc_client *client = open_client("http://127.0.0.1:1");
    struct oc_error error;

    (void)state;
    assert_int_equal(oc_get_model_copy_job_start(client, &nothing, &told.output,
                                                 (struct oc_completion){when_done, &told}, NULL,
                                                 &error),
                     OC_ERROR_INVALID);
    assert_string_equal(error.name, "ParamValidationError");
    start(client, &told); /* nobody listens there */
    run(client);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.code, OC_ERROR_IO);
    assert_string_equal(told.error.name, "EndpointConnectionError");
    oc_client_close(client);
}

static void one_call_can_be_canceled(void **state)
{
    struct told told[3] = {0};
    char endpoint[64];
    int server = silent_server(endpoint);
    struct oc_client *client = open_client(endpoint);
    struct pollfd fds = {oc_client_fd(client, NULL), POLLIN, 0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        start(client, &told[i]);
    while (poll(&fds, 1, 200) > 0) /* until all have sent their requests */
        assert_int_equal(oc_client_dispatch(client, NULL), 3);
    oc_call_cancel(told[1].call);
    assert_int_equal(told[1].times, 0); /* only a dispatch tells */
    assert_int_equal(poll(&fds, 1, 20000), 1);
    assert_int_equal(oc_client_dispatch(client, NULL), 2);
    assert_int_equal(told[1].times, 1);
    assert_int_equal(told[1].code, OC_ERROR_CANCELED);
    assert_string_equal(told[1].error.name, "Canceled");
    /* The end of one cancels another, which then is told of as well. */
    told[0].other = told[2].call;
    oc_call_cancel(told[0].call);
    assert_int_equal(oc_client_dispatch(client, NULL), 0);
    assert_int_equal(told[2].code, OC_ERROR_CANCELED);
    assert_int_equal(told[0].times + told[2].times, 2);
    oc_client_close(client);
    (void)close(server);
}

static void an_end_may_start_the_next_call(void **state)
{
    struct told told[3] = {{.next = &told[1]}, {.next = &told[2]}};
    struct fake_server server;
    struct oc_client *client;

    (void)state;
    fake_server_start(&server, job);
    client = open_client(server.endpoint);
    start(client, &told[0]);
    run(client);
    fake_server_stop(&server);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(told[i].code, 0);
        assert_int_equal(told[i].times, 1);
        oc_result_free(told[i].output.result);
    }
    oc_client_close(client);
}

static void closing_ends_what_is_on_its_way(void **state)
{
    struct told told[2] = {0};
    char endpoint[64];
    int server = silent_server(endpoint);
    struct oc_client *client = open_client(endpoint);

    (void)state;
    start(client, &told[0]);
    start(client, &told[1]);
    (void)oc_client_dispatch(client, NULL);
    oc_client_close(client);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].code, OC_ERROR_CANCELED);
    }
    (void)close(server);
}

/* -- cancellation of everything, from another thread ------------------------------------------- */

static void *cancel_soon(void *client)
{
    (void)usleep(50000);
    oc_client_cancel(client);
    return NULL;
}

static void another_thread_ends_started_calls(void **state)
{
    struct told told[2] = {0};
    char endpoint[64];
    int server = silent_server(endpoint);
    struct oc_client *client = open_client(endpoint);
    pthread_t thread;

    (void)state;
    start(client, &told[0]);
    start(client, &told[1]);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, client), 0);
    run(client);
    (void)pthread_join(thread, NULL);
    assert_int_equal(told[0].code, OC_ERROR_CANCELED);
    assert_int_equal(told[1].code, OC_ERROR_CANCELED);
    oc_client_close(client);
    (void)close(server);
}

/* A blocking call that waits for an answer ends at once too: the best of some tries, since the
 * machine may be busy. Without a wake it would be the rest of a second. */
static void another_thread_ends_a_blocking_call_at_once(void **state)
{
    char endpoint[64];
    int server = silent_server(endpoint);
    struct oc_client *client = open_client(endpoint);
    int64_t best_us = INT64_MAX;

    (void)state;
    for (int i = 0; i < 5 && best_us > 300000; i++) {
        struct oc_get_model_copy_job_output output;
        struct oc_error error;
        const int64_t began_us = oc_clock_mono_us();
        int64_t took_us;
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, client), 0);
        assert_int_equal(oc_get_model_copy_job(client, &input, &output, &error), OC_ERROR_CANCELED);
        took_us = oc_clock_mono_us() - began_us;
        best_us = took_us < best_us ? took_us : best_us;
        (void)pthread_join(thread, NULL);
    }
    assert_true(best_us <= 300000);
    oc_client_close(client);
    (void)close(server);
}

static void no_memory_is_an_error_like_any_other(void **state)
{
    struct fake_server server;

    (void)state;
    fake_server_start(&server, job);
    for (unsigned nth = 1; nth < 40; nth++) {
        struct oc_client *client = open_client(server.endpoint);
        struct told told = {0};
        struct oc_error error;
        int rc;

        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_get_model_copy_job_start(client, &input, &told.output,
                                         (struct oc_completion){when_done, &told}, NULL, &error);
        run(client);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_true(rc == OC_ERROR_NO_MEMORY ? told.times == 0 : told.times == 1);
        oc_result_free(told.output.result);
        oc_client_close(client);
    }
    fake_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_calls_are_on_their_way_at_once),
        cmocka_unit_test(errors_and_retries_are_those_of_blocking_calls),
        cmocka_unit_test(what_cannot_begin_is_told_at_once),
        cmocka_unit_test(one_call_can_be_canceled),
        cmocka_unit_test(an_end_may_start_the_next_call),
        cmocka_unit_test(closing_ends_what_is_on_its_way),
        cmocka_unit_test(another_thread_ends_started_calls),
        cmocka_unit_test(another_thread_ends_a_blocking_call_at_once),
        cmocka_unit_test(no_memory_is_an_error_like_any_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
