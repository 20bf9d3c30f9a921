/* Typed calls, pagers and waits against a server that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <outcrop/outcrop.h>

#include "base/clock.h"
#include "fake_server.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MODEL  "arn:aws:bedrock:us-west-2:000000000000:custom-model/imported/abcdefghij12"
#define BODY(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static struct oc_client *open_client(const char *endpoint)
{
    const struct oc_client_config config = {.region = "us-west-2",
                                            .endpoint = endpoint,
                                            .access_key_id = "AKIDEXAMPLE",
                                            .secret_access_key = "secret"};
    struct oc_client *client = NULL;
    struct oc_error error;

    assert_int_equal(oc_client_open(&config, &client, &error), 0);
    assert_string_equal(oc_client_region_name(client), "us-west-2");
    return client;
}

static void call_gives_output_and_result(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /model-copy-jobs?statusEquals=Failed",
         .status = 200,
         .headers = "x-amzn-RequestId: id-7\r\n",
         .body = BODY("{\"modelCopyJobSummaries\":[{\"jobArn\":\"a\"}]}")},
        {0}};
    const struct oc_list_model_copy_jobs_input input = {.status_equals = "Failed"};
    struct oc_list_model_copy_jobs_output output;
    struct fake_server server;
    struct oc_client *client;
    struct oc_error error;

    (void)state;
    fake_server_start(&server, rules);
    client = open_client(server.endpoint);
    assert_int_equal(oc_list_model_copy_jobs(client, &input, &output, &error), 0);
    assert_string_equal(output.model_copy_job_summaries.items[0].job_arn, "a");
    assert_string_equal(oc_result_request_id(output.result), "id-7");
    assert_int_equal(oc_result_status(output.result), 200);
    assert_int_equal(oc_result_attempts(output.result), 1);
    oc_result_free(output.result);
    /* Output and error may be left out. */
    assert_int_equal(oc_list_model_copy_jobs(client, &input, NULL, NULL), 0);
    assert_int_equal(oc_get_model_copy_job(client, NULL, NULL, NULL), OC_ERROR_INVALID);
    oc_client_close(client);
    fake_server_stop(&server);
}

static void error_has_name_status_id_and_message(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "a1",
         .status = 404,
         .headers = "X-Amzn-Errortype: ResourceNotFoundException\r\nx-amzn-RequestId: id-1\r\n",
         .body = BODY("{\"message\":\"no such job\"}")},
        {.match = "a2", .status = 400, .headers = "X-Amzn-Errortype: BrandNewException\r\n"},
        {.match = "a3", .status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"},
        {.match = "a4", .status = 503},
        {.match = "a5", .status = 200, .body = BODY("<html>hello</html>")},
        {.match = "a6", .status = 200, .body = BODY("{\"status\":7}")},
        {0}};
    static const struct {
        const char *arn, *name;
        int code, status;
        bool retryable;
    } cases[] = {
        {"a1", "ResourceNotFoundException", OC_ERROR_NOT_FOUND, 404, false},
        {"a2", "BrandNewException", OC_ERROR_INVALID, 400, false},
        {"a3", "302", OC_ERROR_RESPONSE, 302, false},
        {"a4", "503", OC_ERROR_BUSY, 503, true},
        {"a5", "ResponseParserError", OC_ERROR_RESPONSE, 200, false},
        {"a6", "ResponseParserError", OC_ERROR_RESPONSE, 200, false},
    };
    struct fake_server server;
    struct oc_client *client;

    (void)state;
    fake_server_start(&server, rules);
    client = open_client(server.endpoint);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct oc_get_model_copy_job_input input = {.job_arn = cases[i].arn};
        struct oc_get_model_copy_job_output output = {.status = "untouched"};
        struct oc_error error;

        assert_int_equal(oc_get_model_copy_job(client, &input, &output, &error), cases[i].code);
        assert_string_equal(output.status, "untouched");
        assert_int_equal(error.code, cases[i].code);
        assert_string_equal(error.name, cases[i].name);
        assert_int_equal(error.status, cases[i].status);
        assert_int_equal(error.retryable, cases[i].retryable);
        assert_string_not_equal(error.message, "");
        assert_string_equal(error.request_id, i == 0 ? "id-1" : "");
    }
    oc_client_close(client);
    fake_server_stop(&server);
}

static void bytes_travel_unchanged(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "PUT /-/uploads/uploaduploadupload/parts/" DIGEST,
         .status = 200,
         .body = BODY("{}")},
        {.match = "/parts/" DIGEST, .status = 200, .body = BODY("\0{\xff")},
        {0}};
    const struct oc_put_upload_part_input put = {
        .upload_id = "uploaduploadupload", .sha256 = DIGEST, .body = {"a\0b", 3}};
    const struct oc_get_model_part_input get = {.model_arn = MODEL, .sha256 = DIGEST};
    struct oc_get_model_part_output output;
    struct fake_server server;
    struct oc_client *client;
    struct oc_error error;

    (void)state;
    fake_server_start(&server, rules);
    client = open_client(server.endpoint);
    assert_int_equal(oc_put_upload_part(client, &put, NULL, &error), 0);
    assert_non_null(strstr(server.last_head, "Content-Length: 3\r\n"));
    assert_int_equal(oc_get_model_part(client, &get, &output, NULL), 0);
    assert_int_equal(output.body.len, 3);
    assert_memory_equal(output.body.ptr, "\0{\xff", 3);
    oc_result_free(output.result);
    oc_client_close(client);
    fake_server_stop(&server);
}

/* -- pagers ------------------------------------------------------------------------------------ */

static void pager_walks_pages_that_may_be_empty(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "maxResults=2&nextToken=t%2F1",
         .status = 200,
         .body = BODY("{\"nextToken\":\"t2\",\"modelCopyJobSummaries\":[]}")},
        {.match = "maxResults=2&nextToken=t2",
         .times = 1,
         .status = 400,
         .headers = "X-Amzn-Errortype: ValidationException\r\n"},
        {.match = "maxResults=2&nextToken=t2",
         .status = 200,
         .body = BODY("{\"nextToken\":\"\",\"modelCopyJobSummaries\":[{\"jobArn\":\"c\"}]}")},
        {.match = "GET /model-copy-jobs?maxResults=2 ",
         .status = 200,
         .body = BODY("{\"nextToken\":\"t/1\",\"modelCopyJobSummaries\":[{\"jobArn\":\"a\"},"
                      "{\"jobArn\":\"b\"}]}")},
        {0}};
    const struct oc_list_model_copy_jobs_input input = {.max_results = oc_int(2)};
    const struct oc_model_copy_job_summary *job = NULL;
    struct oc_pager *pager = NULL;
    struct fake_server server;
    struct oc_client *client;
    struct oc_error error;

    (void)state;
    fake_server_start(&server, rules);
    client = open_client(server.endpoint);
    assert_int_equal(oc_list_model_copy_jobs_begin(client, &input, &pager, &error), 0);
    assert_int_equal(server.requests, 0);
    assert_int_equal(oc_list_model_copy_jobs_next(pager, &job, &error), 1);
    assert_string_equal(job->job_arn, "a");
    assert_int_equal(oc_list_model_copy_jobs_next(pager, &job, &error), 1);
    assert_string_equal(job->job_arn, "b");
    /* A page that failed can be asked for again. */
    assert_int_equal(oc_list_model_copy_jobs_next(pager, &job, &error), OC_ERROR_INVALID);
    assert_string_equal(error.name, "ValidationException");
    assert_int_equal(oc_list_model_copy_jobs_next(pager, &job, &error), 1);
    assert_string_equal(job->job_arn, "c");
    assert_int_equal(oc_list_model_copy_jobs_next(pager, &job, &error), 0);
    assert_int_equal(oc_list_model_copy_jobs_next(pager, &job, &error), 0);
    assert_int_equal(server.requests, 4);
    oc_pager_free(pager);
    oc_client_close(client);
    fake_server_stop(&server);
}

static void pager_refuses_the_same_token_twice(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET",
         .status = 200,
         .body = BODY("{\"nextToken\":\"t\",\"modelSummaries\":[]}")},
        {0}};
    const struct oc_custom_model_summary *model;
    struct oc_pager *pager = NULL;
    struct fake_server server;
    struct oc_client *client;
    struct oc_error error;

    (void)state;
    fake_server_start(&server, rules);
    client = open_client(server.endpoint);
    assert_int_equal(oc_list_custom_models_begin(client, NULL, &pager, &error), 0);
    assert_int_equal(oc_list_custom_models_next(pager, &model, &error), OC_ERROR_RESPONSE);
    assert_string_equal(error.name, "PaginationError");
    assert_int_equal(server.requests, 2);
    oc_pager_free(pager);
    oc_client_close(client);
    fake_server_stop(&server);
}

/* -- waiting ----------------------------------------------------------------------------------- */

static int count_looks(const struct oc_get_model_copy_job_output *job, void *ctx)
{
    unsigned *looks = ctx;

    assert_non_null(job->status);
    return ++*looks == 3;
}

static int wait_for(const struct fake_rule *rules, const struct oc_wait_options *options,
                    struct oc_get_model_copy_job_output *job, struct oc_error *error)
{
    struct fake_server server;
    struct oc_client *client;
    int rc;

    fake_server_start(&server, rules);
    client = open_client(server.endpoint);
    rc = oc_wait_model_copy_job(client, "arn", options, job, error);
    oc_client_close(client);
    fake_server_stop(&server);
    return rc;
}

static void wait_ends_with_the_job(void **state)
{
    static const struct fake_rule completes[] = {
        {.match = "GET", .times = 1, .status = 200, .body = BODY("{\"status\":\"InProgress\"}")},
        {.match = "GET", .status = 200, .body = BODY("{\"status\":\"Completed\"}")},
        {0}};
    static const struct fake_rule fails[] = {
        {.match = "GET",
         .status = 200,
         .body = BODY("{\"status\":\"Failed\",\"failureMessage\":\"no disk\"}")},
        {0}};
    unsigned looks = 0;
    const struct oc_wait_options options = {
        .min_pause_ms = 1, .on_look = count_looks, .ctx = &looks};
    struct oc_get_model_copy_job_output job;
    struct oc_error error;

    (void)state;
    assert_int_equal(wait_for(completes, &options, &job, &error), 0);
    assert_string_equal(job.status, OC_MODEL_COPY_JOB_STATUS_COMPLETED);
    assert_int_equal(looks, 2);
    oc_result_free(job.result);
    assert_int_equal(wait_for(fails, NULL, &job, &error), OC_ERROR_FAILED);
    assert_string_equal(error.name, "ModelCopyJobFailed");
    assert_non_null(strstr(error.message, "no disk"));
}

static void wait_ends_at_its_limit_and_by_its_callback(void **state)
{
    static const struct fake_rule goes_on[] = {
        {.match = "GET", .status = 200, .body = BODY("{\"status\":\"InProgress\"}")}, {0}};
    unsigned looks = 0;
    struct oc_wait_options options = {.min_pause_ms = 5, .timeout_ms = 50};
    struct oc_error error;

    (void)state;
    assert_int_equal(wait_for(goes_on, &options, NULL, &error), OC_ERROR_BUSY);
    assert_string_equal(error.name, "WaitTimeout");
    options.on_look = count_looks;
    options.ctx = &looks;
    options.timeout_ms = 0;
    assert_int_equal(wait_for(goes_on, &options, NULL, &error), OC_ERROR_CANCELED);
    assert_int_equal(looks, 3);
}

static void *cancel_soon(void *client)
{
    (void)usleep(50000);
    oc_client_cancel(client);
    return NULL;
}

static void cancel_ends_a_wait_from_another_thread(void **state)
{
    static const struct fake_rule goes_on[] = {
        {.match = "GET", .status = 200, .body = BODY("{\"status\":\"InProgress\"}")}, {0}};
    const struct oc_wait_options options = {.min_pause_ms = 60000, .max_pause_ms = 60000};
    struct fake_server server;
    struct oc_client *client;
    struct oc_error error;
    pthread_t thread;
    int64_t begin_us;

    (void)state;
    fake_server_start(&server, goes_on);
    client = open_client(server.endpoint);
    begin_us = oc_clock_mono_us();
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, client), 0);
    assert_int_equal(oc_wait_model_copy_job(client, "arn", &options, NULL, &error),
                     OC_ERROR_CANCELED);
    assert_string_equal(error.name, "Canceled");
    assert_true(oc_clock_mono_us() - begin_us < 10000000);
    (void)pthread_join(thread, NULL);
    /* The client lives on. */
    assert_int_equal(oc_list_kms_keys(client, NULL, NULL, NULL), 0);
    oc_client_close(client);
    fake_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_gives_output_and_result),
        cmocka_unit_test(error_has_name_status_id_and_message),
        cmocka_unit_test(bytes_travel_unchanged),
        cmocka_unit_test(pager_walks_pages_that_may_be_empty),
        cmocka_unit_test(pager_refuses_the_same_token_twice),
        cmocka_unit_test(wait_ends_with_the_job),
        cmocka_unit_test(wait_ends_at_its_limit_and_by_its_callback),
        cmocka_unit_test(cancel_ends_a_wait_from_another_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
