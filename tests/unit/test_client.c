/* Calls of the client: errors, retries, signatures, against a server that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "fake_server.h"

static struct oc_client *new_client(const struct fake_server *server)
{
    struct oc_client_options options = {
        .region = "us-west-2",
        .endpoint = server->endpoint,
        .credentials = {.access_key_id = OC_STR("AKIDEXAMPLE"),
                        .secret_access_key = OC_STR("secret"),
                        .session_token = OC_STR("token")},
        .stall_timeout_ms = 1000,
    };
    struct oc_client *client = NULL;
    struct oc_err err = {0};

    assert_int_equal(oc_client_new(&options, &client, &err), OC_OK);
    return client;
}

/* Call once by these rules; checks the code and the number of requests that the server saw. */
static void call(const struct fake_rule *rules, bool once, int want_rc, unsigned want_requests,
                 struct oc_err *err)
{
    struct oc_request request = {.method = "GET", .path = OC_STR("/x"), .once = once};
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
    struct fake_server server;
    int rc;

    fake_server_start(&server, rules);
    client = new_client(&server);
    request.max_response = 1000;
    rc = oc_client_call(client, &request, &response, err);
    fake_server_stop(&server);
    assert_int_equal(rc, want_rc);
    assert_int_equal(server.requests, want_requests);
}

static void signed_request_carries_what_aws_expects(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "POST /a%3Ab/c?q=1", .status = 201, .body = {"{\"v\":7}", 7}}, {0}};
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
    struct oc_request request = {
        .method = "POST", .path = OC_STR("/a%3Ab/c"), .query = OC_STR("q=1"), .body = OC_STR("{}")};
    struct fake_server server;
    struct oc_err err = {0};

    (void)state;
    fake_server_start(&server, rules);
    client = new_client(&server);
    assert_int_equal(oc_client_call_json(client, &request, &json, &err), OC_OK);
    fake_server_stop(&server);
    assert_int_equal(oc_json_int64(oc_json_get(json, "v"), 0), 7);
    assert_non_null(strstr(server.last_head, "Credential=AKIDEXAMPLE/"));
    assert_non_null(strstr(server.last_head, "/us-west-2/bedrock/aws4_request"));
    assert_non_null(strstr(server.last_head,
                           "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
    assert_non_null(strstr(server.last_head, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(server.last_head, "Content-Length: 2\r\n"));
    assert_null(strstr(server.last_head, "Expect:"));
}

static void bearer_key_is_sent_without_a_signature(void **state)
{
    static const struct fake_rule rules[] = {{.match = "GET", .status = 200}, {0}};
    struct oc_request request = {.method = "GET", .path = OC_STR("/x")};
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
    struct oc_client_options options = {.region = "us-west-2",
                                        .credentials = {.bearer = OC_STR("abc-def")}};
    struct fake_server server;
    struct oc_err err = {0};

    (void)state;
    fake_server_start(&server, rules);
    options.endpoint = server.endpoint;
    assert_int_equal(oc_client_new(&options, &client, &err), OC_OK);
    assert_int_equal(oc_client_call(client, &request, &response, &err), OC_OK);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "Authorization: Bearer abc-def\r\n"));
    assert_null(strcasestr(server.last_head, "x-amz-date"));
}

static void api_errors_have_name_message_and_code(void **state)
{
    static const struct fake_rule by_header[] = {
        {.match = "GET",
         .status = 404,
         .headers = "X-Amzn-Errortype: ResourceNotFoundException:http://x/\r\n"
                    "x-amzn-RequestId: id-1\r\n",
         .body = {"{\"message\":\"no such model\"}", 27}},
        {0}};
    static const struct fake_rule by_body[] = {
        {.match = "GET",
         .status = 403,
         .body = {"{\"__type\":\"a.b#AccessDeniedException\",\"Message\":\"no\"}", 53}},
        {0}};
    static const struct fake_rule unknown[] = {
        {.match = "GET", .status = 400, .headers = "X-Amzn-Errortype: NewException\r\n"}, {0}};
    struct oc_err err = {0};

    (void)state;
    call(by_header, false, OC_ENOTFOUND, 1, &err);
    assert_string_equal(err.name, "ResourceNotFoundException");
    assert_string_equal(err.text, "no such model");
    call(by_body, false, OC_EDENIED, 1, &err);
    assert_string_equal(err.name, "AccessDeniedException");
    assert_string_equal(err.text, "no");
    assert_true(oc_client_err_is_denied(&err));
    call(unknown, false, OC_EINVAL, 1, &err);
    assert_null(err.name);
    assert_string_equal(err.text, "NewException: the server gives no reason");
}

static void throttling_and_server_errors_are_tried_again(void **state)
{
    static const struct fake_rule then_ok[] = {
        {.match = "GET", .times = 1, .status = 503},
        {.match = "GET",
         .times = 1,
         .status = 429,
         .headers = "X-Amzn-Errortype: ThrottlingException\r\n"},
        {.match = "GET", .status = 200},
        {0}};
    static const struct fake_rule always[] = {
        {.match = "GET",
         .status = 500,
         .headers = "X-Amzn-Errortype: InternalServerException\r\nx-amzn-RequestId: id-9\r\n",
         .body = {"{\"message\":\"oops\"}", 18}},
        {0}};
    static const struct fake_rule hang_up[] = {
        {.match = "GET", .times = 2, .hang_up = true}, {.match = "GET", .status = 200}, {0}};
    struct oc_err err = {0};

    (void)state;
    call(then_ok, false, OC_OK, 3, &err);
    call(hang_up, false, OC_OK, 3, &err);
    call(always, false, OC_EIO, 3, &err);
    assert_string_equal(err.name, "InternalServerException");
    assert_string_equal(err.text, "oops (request id id-9)");
}

static void what_must_not_run_twice_is_sent_again_only_if_it_did_not_run(void **state)
{
    static const struct fake_rule ran[] = {
        {.match = "GET", .times = 1, .status = 500}, {.match = "GET", .status = 200}, {0}};
    static const struct fake_rule lost[] = {
        {.match = "GET", .times = 1, .hang_up = true}, {.match = "GET", .status = 200}, {0}};
    static const struct fake_rule refused[] = {
        {.match = "GET", .times = 1, .status = 429}, {.match = "GET", .status = 200}, {0}};
    struct oc_err err = {0};

    (void)state;
    call(ran, true, OC_EIO, 1, &err);
    call(lost, true, OC_EIO, 1, &err);
    call(refused, true, OC_OK, 2, &err);
}

static void answers_of_something_else_are_told_apart(void **state)
{
    static const struct fake_rule html[] = {
        {.match = "GET", .status = 403, .body = {"<html>proxy</html>", 18}}, {0}};
    static const struct fake_rule redirect[] = {
        {.match = "GET", .status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"}, {0}};
    static const struct fake_rule unknown_operation[] = {
        {.match = "GET", .status = 404, .body = {"<UnknownOperationException/>\n", 29}}, {0}};
    static char large[1001];
    const struct fake_rule too_large[] = {
        {.match = "GET", .status = 200, .body = {large, sizeof(large)}}, {0}};
    struct oc_err err = {0};

    (void)state;
    call(html, false, OC_ECORRUPT, 1, &err);
    assert_string_equal(err.name, "ResponseParserError");
    call(redirect, false, OC_ECORRUPT, 1, &err);
    assert_string_equal(err.name, "ResponseParserError");
    call(unknown_operation, false, OC_ENOTFOUND, 1, &err);
    assert_string_equal(err.name, "UnknownOperationException");
    memset(large, 'x', sizeof(large));
    call(too_large, false, OC_ELIMIT, 1, &err);
    assert_non_null(strstr(err.text, "larger than 1000 bytes"));
}

static void unreachable_server_is_named(void **state)
{
    struct oc_client_options options = {
        .anonymous = true, .endpoint = "http://127.0.0.1:1", .max_attempts = 1};
    struct oc_request request = {.method = "GET", .path = OC_STR("/x")};
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_client_new(&options, &client, &err), OC_OK);
    assert_int_equal(oc_client_call(client, &request, &response, &err), OC_EIO);
    assert_true(oc_client_err_is_unreachable(&err));
    assert_non_null(strstr(err.text, "http://127.0.0.1:1"));
    assert_int_equal(response.status, 0);
}

static int count_item(const struct oc_json *item, void *ctx, struct oc_err *err)
{
    (void)err;
    *(int64_t *)ctx = *(int64_t *)ctx * 10 + oc_json_int64(item, 0);
    return OC_OK;
}

static void lists_are_walked_to_their_end(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "nextToken=a%2Fb", .status = 200, .body = {"{\"items\":[3]}", 13}},
        {.match = "GET /list?k=v",
         .status = 200,
         .body = {"{\"items\":[1,2],\"nextToken\":\"a/b\"}", 33}},
        {0}};
    static const struct fake_rule endless[] = {
        {.match = "GET", .status = 200, .body = {"{\"items\":[1],\"nextToken\":\"t\"}", 29}}, {0}};
    const struct fake_rule *const cases[] = {rules, endless};
    const int want[] = {OC_OK, OC_ECORRUPT};

    (void)state;
    for (int i = 0; i < 2; i++) {
        OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
        struct fake_server server;
        struct oc_err err = {0};
        int64_t seen = 0;
        struct oc_walk walk = {OC_STR("/list"), OC_STR("k=v"), "items", count_item, &seen};

        fake_server_start(&server, cases[i]);
        client = new_client(&server);
        assert_int_equal(oc_client_walk(client, &walk, &err), want[i]);
        fake_server_stop(&server);
        if (want[i] == OC_OK)
            assert_int_equal(seen, 123);
        assert_int_equal(server.requests, 2);
    }
}

static void regions_of_arns_are_found(void **state)
{
    (void)state;
    assert_true(oc_slice_eq_str(
        oc_arn_region(OC_STR("arn:aws:bedrock:eu-west-1:1:custom-model/imported/x")), "eu-west-1"));
    assert_null(oc_arn_region(OC_STR("my-model")).ptr);
    assert_null(oc_arn_region(OC_STR("arn:aws:iam::1:user/x")).ptr);
    assert_null(oc_arn_region(OC_STR("arn:aws:bedrock")).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_request_carries_what_aws_expects),
        cmocka_unit_test(bearer_key_is_sent_without_a_signature),
        cmocka_unit_test(api_errors_have_name_message_and_code),
        cmocka_unit_test(throttling_and_server_errors_are_tried_again),
        cmocka_unit_test(what_must_not_run_twice_is_sent_again_only_if_it_did_not_run),
        cmocka_unit_test(answers_of_something_else_are_told_apart),
        cmocka_unit_test(unreachable_server_is_named),
        cmocka_unit_test(lists_are_walked_to_their_end),
        cmocka_unit_test(regions_of_arns_are_found),
    };

    /* Nothing of the machine's own settings may reach the tests. */
    (void)clearenv();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
