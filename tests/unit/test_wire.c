/* Typed inputs and outputs on the wire: what is written, what is read, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/fault.h"
#include "client/wire.h"

static const struct oc_wire_op *find_op(const char *name)
{
    for (size_t i = 0; oc_wire_ops[i]; i++)
        if (strcmp(oc_wire_ops[i]->name, name) == 0)
            return oc_wire_ops[i];
    fail_msg("no operation %s", name);
    return NULL;
}

static void check_text(const struct oc_buf *buf, const char *want)
{
    assert_int_equal(buf->len, strlen(want));
    assert_memory_equal(oc_buf_slice(buf).ptr, want, strlen(want));
}

/* -- writing ----------------------------------------------------------------------------------- */

static void unset_and_empty_values_differ(void **state)
{
    const struct oc_wire_op *op = find_op("ListModelCopyJobs");
    struct oc_list_model_copy_jobs_input input = {.source_account_equals = "",
                                                  .target_model_name_contains = "a b/\xc3\xa9",
                                                  .max_results = oc_int(10),
                                                  .creation_time_after = oc_time(1722513600),
                                                  .creation_time_before = {true, 1722513600000001}};
    OC_AUTO(oc_wire_request_clear) struct oc_wire_request request = {.has_body = false};
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_wire_check(op, &input, &err), OC_OK);
    assert_int_equal(oc_wire_encode(op, &input, &request, &err), OC_OK);
    check_text(&request.path, "/model-copy-jobs");
    check_text(&request.query,
               "creationTimeAfter=2024-08-01T12%3A00%3A00Z"
               "&creationTimeBefore=2024-08-01T12%3A00%3A00.000001Z&sourceAccountEquals="
               "&outputModelNameContains=a%20b%2F%C3%A9&maxResults=10");
    assert_false(request.has_body);
}

static void body_is_what_python_writes(void **state)
{
    const struct oc_tag tags[] = {{"k\"\\\n\x7f", "\xc3\xa9\xf0\x9f\xa6\x80"}, {"b", ""}};
    const struct oc_wire_op *op = find_op("CreateModelCopyJob");
    struct oc_create_model_copy_job_input input = {.source_model_arn = "arn",
                                                   .target_model_name = "name",
                                                   .target_model_tags = {tags, 2},
                                                   .client_request_token = "token"};
    OC_AUTO(oc_wire_request_clear) struct oc_wire_request request = {.has_body = false};
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_wire_encode(op, &input, &request, &err), OC_OK);
    check_text(&request.body, "{\"sourceModelArn\": \"arn\", \"targetModelName\": \"name\", "
                              "\"targetModelTags\": [{\"key\": \"k\\\"\\\\\\n\\u007f\", \"value\": "
                              "\"\\u00e9\\ud83e\\udd80\"}, {\"key\": \"b\", \"value\": \"\"}], "
                              "\"clientRequestToken\": \"token\"}");
}

static void absent_token_is_filled_in_with_a_uuid(void **state)
{
    const struct oc_wire_op *op = find_op("CreateModelCopyJob");
    const struct oc_create_model_copy_job_input input = {.source_model_arn = "a",
                                                         .target_model_name = "b"};
    OC_AUTO(oc_wire_request_clear) struct oc_wire_request request = {.has_body = false};
    struct oc_err err = {0};
    const char *token;

    (void)state;
    assert_int_equal(oc_wire_encode(op, &input, &request, &err), OC_OK);
    token = strstr(oc_buf_cstr(&request.body), "\"clientRequestToken\": \"");
    assert_non_null(token);
    assert_int_equal(strlen(token), strlen("\"clientRequestToken\": \"") + 36 + 2);
    assert_null(input.client_request_token);
}

static void faults_of_an_input_are_all_named(void **state)
{
    const struct oc_tag tags[] = {{"k", NULL}, {"", "v"}};
    const struct oc_model_data_source no_source = {0};
    const struct oc_create_custom_model_input model = {
        .model_source_config = &no_source, .model_tags = {tags, 2}, .client_request_token = ""};
    const struct oc_list_model_copy_jobs_input list = {.max_results = oc_int(0),
                                                       .next_token = "",
                                                       .creation_time_after = oc_time(-1),
                                                       .status_equals = "\xff"};
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_wire_check(find_op("CreateCustomModel"), &model, &err), OC_EINVAL);
    assert_string_equal(err.name, "ParamValidationError");
    assert_non_null(strstr(err.text, "Missing required parameter in input: \"modelName\""));
    assert_non_null(strstr(err.text, "tagged union structure modelSourceConfig: 0"));
    assert_non_null(strstr(err.text, "Missing required parameter in modelTags[0]: \"value\""));
    assert_non_null(strstr(err.text, "Invalid length for parameter key, value: 0, valid min"));
    assert_non_null(strstr(err.text, "Invalid length for parameter clientRequestToken"));
    assert_int_equal(oc_wire_check(find_op("ListModelCopyJobs"), &list, &err), OC_EINVAL);
    assert_non_null(strstr(err.text, "Invalid range for parameter maxResults, value: 0"));
    assert_non_null(strstr(err.text, "Invalid length for parameter nextToken"));
    assert_non_null(strstr(err.text, "Invalid range for parameter creationTimeAfter"));
    assert_non_null(strstr(err.text, "statusEquals, not UTF-8"));
}

/* -- reading ----------------------------------------------------------------------------------- */

/* In memory of its own size, so that the sanitizer sees a look beyond it. */
static int decode(const char *name, const char *text, struct oc_arena *arena, char **copy,
                  void *output, struct oc_err *err)
{
    const struct oc_wire_op *op = find_op(name);

    *copy = test_malloc(strlen(text) + 1);
    memcpy(*copy, text, strlen(text) + 1);
    memset(output, 0, op->output.size);
    return oc_wire_decode(&op->output, *copy, strlen(text), arena, output, err);
}

static void answer_is_read_with_escapes_unknown_members_and_nulls(void **state)
{
    static const char text[] =
        " {\"nextToken\" : null, \"new\":{\"a\":[1,{},[],\"x\",true,-1.5e3]},\"modelCopyJob"
        "Summaries\": [ {\"failureMessage\":\"\\u00e9\\ud83e\\udd80\\/\\n\\\"\",\"jobArn\":\"a\","
        "\"creationTime\":\"2024-08-01T12:00:00.5Z\",\"targetModelTags\":[]},"
        "{\"creationTime\":1722513600.25,\"targetModelTags\":[{\"key\":\"k\",\"value\":\"\"}]}]}\n";
    struct oc_list_model_copy_jobs_output output;
    const struct oc_model_copy_job_summary *job;
    struct oc_arena arena;
    struct oc_err err = {0};
    char *copy;

    (void)state;
    oc_arena_init(&arena, 100000);
    assert_int_equal(decode("ListModelCopyJobs", text, &arena, &copy, &output, &err), OC_OK);
    assert_null(output.next_token);
    assert_int_equal(output.model_copy_job_summaries.count, 2);
    job = output.model_copy_job_summaries.items;
    assert_string_equal(job[0].failure_message, "\xc3\xa9\xf0\x9f\xa6\x80/\n\"");
    assert_string_equal(job[0].job_arn, "a");
    assert_null(job[0].status);
    assert_true(job[0].creation_time.us == 1722513600500000);
    assert_non_null(job[0].target_model_tags.items);
    assert_int_equal(job[0].target_model_tags.count, 0);
    assert_null(job[1].job_arn);
    assert_true(job[1].creation_time.us == 1722513600250000);
    assert_string_equal(job[1].target_model_tags.items[0].value, "");
    oc_arena_clear(&arena);
    test_free(copy);
}

static void every_kind_of_value_is_read_and_written_alike(void **state)
{
    static const char text[] =
        "{\"modelArn\": \"a\", \"hyperParameters\": {\"e\": \"1\", \"f\": \"\"}, "
        "\"trainingDataConfig\": {\"invocationLogsConfig\": {\"usePromptResponse\": false, "
        "\"invocationLogSource\": {\"s3Uri\": \"s3://b\"}, \"requestMetadataFilters\": "
        "{\"orAll\": [{\"equals\": {\"x\": \"y\"}}, {}]}}}, \"trainingMetrics\": "
        "{\"trainingLoss\": -0.125}, \"creationTime\": \"2024-08-01T12:00:00.000001Z\"}";
    const struct oc_wire_op *op = find_op("GetCustomModel");
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    struct oc_get_custom_model_output output;
    struct oc_arena arena;
    struct oc_err err = {0};
    char *copy;

    (void)state;
    oc_buf_init(&buf, 10000);
    oc_arena_init(&arena, 100000);
    assert_int_equal(decode(op->name, text, &arena, &copy, &output, &err), OC_OK);
    oc_wire_put_json(&buf, &op->output, &output);
    check_text(&buf, text);
    oc_arena_clear(&arena);
    test_free(copy);
}

static void malformed_answers_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "<html>",
        "[]",
        "{",
        "{\"",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{}x",
        "{}{}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{\"a\":[1}",
        "{\"a\":[1,]}",
        "{\"a\":{\"b\"}}",
        "{\"a\":\"\n\"}",
        "{\"nextToken\":1}",
        "{\"nextToken\":\"\\x\"}",
        "{\"nextToken\":\"\\u12\"}",
        "{\"nextToken\":\"\\u0000\"}",
        "{\"nextToken\":\"\\ud800\"}",
        "{\"nextToken\":\"\\udc00\"}",
        "{\"nextToken\":\"\\ud800\\u0041\"}",
        "{\"nextToken\":\"\xff\"}",
        "{\"nextToken\":\"\\",
        "{\"modelCopyJobSummaries\":{}}",
        "{\"modelCopyJobSummaries\":[1]}",
        "{\"modelCopyJobSummaries\":[null]}",
        "{\"modelCopyJobSummaries\":[{}",
        "{\"modelCopyJobSummaries\":[{}}",
        "{\"modelCopyJobSummaries\":[{\"creationTime\":\"yesterday\"}]}",
        "{\"modelCopyJobSummaries\":[{\"creationTime\":true}]}",
        "{\"modelCopyJobSummaries\":[{\"creationTime\":1e300}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct oc_list_model_copy_jobs_output output;
        struct oc_arena arena;
        struct oc_err err = {0};
        char *copy;

        oc_arena_init(&arena, 100000);
        if (decode("ListModelCopyJobs", texts[i], &arena, &copy, &output, &err) != OC_ECORRUPT)
            fail_msg("accepted: %s", texts[i]);
        assert_string_equal(err.name, "ResponseParserError");
        oc_arena_clear(&arena);
        test_free(copy);
    }
}

static void depth_of_what_is_skipped_has_a_limit(void **state)
{
    char text[400] = "{\"a\":";
    struct oc_list_model_copy_jobs_output output;
    struct oc_arena arena;
    struct oc_err err = {0};
    char *copy;

    (void)state;
    oc_arena_init(&arena, 1000);
    memset(text + 5, '[', 64);
    memset(text + 69, ']', 64);
    strcpy(text + 133, "}");
    assert_int_equal(decode("ListModelCopyJobs", text, &arena, &copy, &output, &err), OC_OK);
    test_free(copy);
    memset(text + 5, '[', 65);
    memset(text + 70, ']', 65);
    strcpy(text + 135, "}");
    assert_int_equal(decode("ListModelCopyJobs", text, &arena, &copy, &output, &err), OC_ECORRUPT);
    assert_non_null(strstr(err.text, "too deep"));
    test_free(copy);
    oc_arena_clear(&arena);
}

static void list_that_does_not_fit_is_out_of_memory(void **state)
{
    struct oc_list_model_copy_jobs_output output;
    struct oc_arena arena;
    struct oc_err err = {0};
    char *copy;

    (void)state;
    oc_arena_init(&arena, 1500);
    assert_int_equal(decode("ListModelCopyJobs",
                            "{\"modelCopyJobSummaries\":[{},{},{},{},{},{},{},{},{}]}", &arena,
                            &copy, &output, &err),
                     OC_ENOMEM);
    oc_arena_clear(&arena);
    test_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unset_and_empty_values_differ),
        cmocka_unit_test(body_is_what_python_writes),
        cmocka_unit_test(absent_token_is_filled_in_with_a_uuid),
        cmocka_unit_test(faults_of_an_input_are_all_named),
        cmocka_unit_test(answer_is_read_with_escapes_unknown_members_and_nulls),
        cmocka_unit_test(every_kind_of_value_is_read_and_written_alike),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test(depth_of_what_is_skipped_has_a_limit),
        cmocka_unit_test(list_that_does_not_fit_is_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
