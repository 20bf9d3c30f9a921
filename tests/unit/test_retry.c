/* Retries: the quota that calls share, pauses, a wrong clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/client.h"
#include "client/retry.h"
#include "fake_server.h"

static void quota_pays_for_retries_and_comes_back(void **state)
{
    struct oc_retry_quota quota;
    int retries = 0;

    (void)state;
    oc_retry_quota_init(&quota);
    while (oc_retry_quota_take(&quota, false) > 0)
        retries++;
    assert_int_equal(retries, OC_RETRY_QUOTA / 14);
    assert_int_equal(oc_retry_quota_take(&quota, true), 5); /* cheaper, so still possible */
    assert_int_equal(oc_retry_quota_take(&quota, true), 5);
    assert_int_equal(oc_retry_quota_take(&quota, true), 0);
    oc_retry_quota_give_back(&quota, 14);
    assert_int_equal(oc_retry_quota_take(&quota, false), 14);
    for (int i = 0; i < 2 * OC_RETRY_QUOTA; i++)
        oc_retry_quota_give_back(&quota, 0);
    assert_int_equal(quota.left, OC_RETRY_QUOTA);
}

static void pauses_double_and_obey_the_server(void **state)
{
    static const int64_t longest[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000};

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        const unsigned attempt = 2 + i % 10;
        const int64_t ms = oc_retry_pause_ms(attempt, 0);

        assert_in_range(ms, longest[attempt - 2] / 2, longest[attempt - 2]);
    }
    assert_int_equal(oc_retry_pause_ms(2, 5000), 5000);
    assert_int_equal(oc_retry_pause_ms(2, 86400000), 20000);
}

static void clock_is_corrected_only_when_it_is_far_off(void **state)
{
    struct oc_transport_head head = {.status = 403};
    int64_t offset = -1;

    (void)state;
    oc_clock_set(1000000000);
    head.date_s = 1000000 + 241;
    assert_true(oc_retry_is_clock_skew(&head, "InvalidSignatureException", 0, &offset));
    assert_int_equal(offset, 241000);
    assert_false(oc_retry_is_clock_skew(&head, "InvalidSignatureException", offset, &offset));
    assert_false(oc_retry_is_clock_skew(&head, "ValidationException", 0, &offset));
    head.date_s = 1000000 - 240;
    assert_false(oc_retry_is_clock_skew(&head, "RequestExpired", 0, &offset));
    head.date_s = 0;
    assert_false(oc_retry_is_clock_skew(&head, "RequestExpired", 0, &offset));
    oc_clock_set(-1);
}

static void call_with_a_wrong_clock_succeeds_at_the_second_attempt(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST",
                                              .times = 1,
                                              .status = 403,
                                              .headers =
                                                  "X-Amzn-Errortype: InvalidSignatureException\r\n"
                                                  "Date: Tue, 24 Nov 2026 04:00:00 GMT\r\n"},
                                             {.match = "POST", .status = 200},
                                             {0}};
    struct oc_client_options options = {.region = "us-west-2",
                                        .credentials = {.access_key_id = OC_STR("AKIDEXAMPLE"),
                                                        .secret_access_key = OC_STR("secret")}};
    struct oc_request request = {.method = "POST", .path = OC_STR("/x"), .once = true};
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
    struct fake_server server;
    struct oc_err err = {0};

    (void)state;
    oc_clock_set(1000000000000); /* 2001 */
    fake_server_start(&server, rules);
    options.endpoint = server.endpoint;
    assert_int_equal(oc_client_new(&options, &client, &err), OC_OK);
    assert_int_equal(oc_client_call(client, &request, &response, &err), OC_OK);
    assert_int_equal(response.attempts, 2);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "X-Amz-Date: 20261124T040000Z"));
    oc_clock_set(-1);
}

static void number_of_attempts_comes_from_the_environment(void **state)
{
    static const struct fake_rule rules[] = {{.match = "GET", .status = 500}, {0}};
    struct oc_client_options options = {.region = "us-west-2",
                                        .credentials = {.bearer = OC_STR("b")}};
    struct oc_request request = {.method = "GET", .path = OC_STR("/x")};
    static const struct {
        const char *text;
        unsigned want;
    } cases[] = {{"1", 1}, {"2", 2}, {"0", 3}, {"many", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OC_AUTO(oc_response_clear) struct oc_response response = {0};
        OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
        struct fake_server server;
        struct oc_err err = {0};

        assert_int_equal(setenv("AWS_MAX_ATTEMPTS", cases[i].text, 1), 0);
        fake_server_start(&server, rules);
        options.endpoint = server.endpoint;
        assert_int_equal(oc_client_new(&options, &client, &err), OC_OK);
        assert_int_equal(oc_client_call(client, &request, &response, &err), OC_EIO);
        assert_int_equal(response.attempts, cases[i].want);
        fake_server_stop(&server);
    }
    assert_int_equal(unsetenv("AWS_MAX_ATTEMPTS"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_pays_for_retries_and_comes_back),
        cmocka_unit_test(pauses_double_and_obey_the_server),
        cmocka_unit_test(clock_is_corrected_only_when_it_is_far_off),
        cmocka_unit_test(call_with_a_wrong_clock_succeeds_at_the_second_attempt),
        cmocka_unit_test(number_of_attempts_comes_from_the_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
