#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/decode.h"
#include "base/fault.h"
#include "base/limits.h"

#define JOB_ARN   "arn:aws:bedrock:us-west-2:123456789012:model-copy-job/abcdefghij12"
#define MODEL_ARN "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12"
#define MODEL_PATTERN                                                                              \
    "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/((imported)|"               \
    "([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}))(([:][a-z0-9-]{1,63}){0,2})?/[a-z0-9]{12})|"           \
    "(:foundation-model/[a-z0-9-]{1,63}[.]{1}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}"             \
    "([:][a-z0-9-]{1,63}){0,2}))"

/* One request and what came of it. */
struct fixture {
    struct oc_decoder *strict, *lenient;
    struct oc_arena arena;
    struct oc_err err;
    union { /* zeroed at the start of each case */
        struct oc_list_model_copy_jobs_in list;
        struct oc_list_custom_models_in models;
        struct oc_get_model_copy_job_in get;
        struct oc_create_model_copy_job_in create;
        struct oc_create_custom_model_in import;
        struct oc_tag_resource_in tag;
        struct oc_untag_resource_in untag;
        struct oc_create_access_key_in key;
        struct oc_put_upload_part_in part;
        struct oc_put_resource_policy_in policy;
        struct oc_get_custom_model_in model;
    } in;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct oc_err err = {0};

    if (!f || oc_decoder_new(false, &f->strict, &err) < 0 ||
        oc_decoder_new(true, &f->lenient, &err) < 0)
        return -1;
    oc_arena_init(&f->arena, 16UL << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    oc_arena_clear(&f->arena);
    oc_decoder_free(f->strict);
    oc_decoder_free(f->lenient);
    free(f);
    return 0;
}

static int decode_with(struct fixture *f, const struct oc_decoder *decoder, enum oc_op_id id,
                       const char *label, const char *query, struct oc_slice body)
{
    const struct oc_op_labels labels = {.raw = {oc_slice_of(label), OC_STR("x")},
                                        .count = label ? 2 : 0};
    const struct oc_decode_from from = {
        .op = &oc_ops[id], .labels = &labels, .raw_query = oc_slice_of(query), .body = body};

    oc_arena_clear(&f->arena);
    memset(&f->err, 0, sizeof(f->err));
    assert_true(oc_ops[id].input_size <= sizeof(f->in));
    return oc_decode_input(decoder, &from, &f->arena, &f->in, &f->err);
}

static int decode(struct fixture *f, enum oc_op_id id, const char *label, const char *query,
                  const char *body)
{
    return decode_with(f, f->strict, id, label, query, oc_slice_of(body));
}

static void assert_text(struct oc_slice got, const char *want)
{
    if (!oc_slice_eq_str(got, want))
        fail_msg("'%.*s' is not '%s'", OC_FMT(got), want);
}

/* The input is refused with that name and text, and nothing of it is left behind. */
static void refused_as(struct fixture *f, int rc, const char *name, const char *text)
{
    assert_int_equal(rc, OC_EINVAL);
    assert_non_null(f->err.name);
    assert_string_equal(f->err.name, name);
    if (text)
        assert_string_equal(f->err.text, text);
    for (size_t i = 0; i < sizeof(f->in.get); i++)
        assert_int_equal(((const char *)&f->in)[i], 0);
}

static void invalid(struct fixture *f, int rc, const char *text)
{
    refused_as(f, rc, "ValidationException", text);
}

static void unreadable(struct fixture *f, int rc)
{
    refused_as(f, rc, "SerializationException", NULL);
}

static void list_with_all_parameters_is_typed(void **state)
{
    struct fixture *f = *state;
    const struct oc_list_model_copy_jobs_in *in = &f->in.list;
    int rc = decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL,
                    "creationTimeAfter=2024-08-01T12%3A00%3A00.123456Z&creationTimeBefore="
                    "2024-08-02T12:00:00Z&statusEquals=InProgress&sourceAccountEquals=123456789012"
                    "&sourceModelArnEquals=arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
                    "custom-model%2Fimported%2Fabcdefghij12&outputModelNameContains=abc&maxResults="
                    "1000&nextToken=a%2Bb%3D+&sortBy=CreationTime&sortOrder=Ascending",
                    NULL);

    assert_int_equal(rc, OC_OK);
    assert_true(in->creation_time_after.set);
    assert_int_equal(in->creation_time_after.value, 1722513600123456);
    assert_int_equal(in->creation_time_before.value, 1722600000000000);
    assert_text(in->status_equals, "InProgress");
    assert_text(in->source_account_equals, "123456789012");
    assert_text(in->source_model_arn_equals, MODEL_ARN);
    assert_text(in->target_model_name_contains, "abc");
    assert_true(in->max_results.set);
    assert_int_equal(in->max_results.value, 1000);
    assert_text(in->next_token, "a+b=+");
    assert_text(in->sort_by, "CreationTime");
    assert_text(in->sort_order, "Ascending");
}

static void list_without_parameters_leaves_all_unset(void **state)
{
    static const char *const queries[] = {NULL,
                                          "",
                                          "&",
                                          "&&",
                                          "=",
                                          "unknown",
                                          "unknown=1&unknown=2",
                                          "MaxResults=5&maxresults=6",
                                          "targetModelNameContains=%21"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        memset(&f->in, 0xff, sizeof(f->in));
        assert_int_equal(decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL, queries[i], NULL), OC_OK);
        for (size_t b = 0; b < sizeof(f->in.list); b++)
            assert_int_equal(((const char *)&f->in.list)[b], 0);
    }
}

static void booleans_in_a_query_are_true_or_false(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(decode(f, OC_OP_LIST_CUSTOM_MODELS, NULL, "isOwned=false", NULL), OC_OK);
    assert_true(f->in.models.is_owned.set);
    assert_false(f->in.models.is_owned.value);
    assert_int_equal(decode(f, OC_OP_LIST_CUSTOM_MODELS, NULL, "isOwned=true", NULL), OC_OK);
    assert_true(f->in.models.is_owned.value);
    unreadable(f, decode(f, OC_OP_LIST_CUSTOM_MODELS, NULL, "isOwned=True", NULL));
    unreadable(f, decode(f, OC_OP_LIST_CUSTOM_MODELS, NULL, "isOwned", NULL));
}

static void a_parameter_given_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    const enum oc_op_id op = OC_OP_LIST_MODEL_COPY_JOBS;

    invalid(f, decode(f, op, NULL, "maxResults=5&maxResults=5", NULL),
            "Parameter 'maxResults' is given more than once");
    invalid(f, decode(f, op, NULL, "maxResults=5&x=y&max%52esults=6", NULL), NULL);
    invalid(f, decode(f, op, NULL, "nextToken=&nextToken=", NULL), NULL);
    invalid(f, decode(f, OC_OP_LIST_CUSTOM_MODELS, NULL, "isOwned=false&isOwned=true", NULL), NULL);
}

static void text_that_is_no_value_of_its_type_is_unreadable(void **state)
{
    static const char *const queries[] = {
        "maxResults=abc",
        "maxResults=",
        "maxResults=5.0",
        "maxResults=%205",
        "maxResults=99999999999999999999",
        "creationTimeAfter=2024-08-01",
        "creationTimeAfter=2024-02-30T00:00:00Z",
        "nextToken=%",
        "nextToken=%4",
        "nextToken=%zz",
        "nextToken=%ff",
        "nextToken=a%00b",
        "maxResult%=5",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        unreadable(f, decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL, queries[i], NULL));
}

static void a_value_out_of_bounds_is_named(void **state)
{
    struct fixture *f = *state;
    const enum oc_op_id op = OC_OP_LIST_MODEL_COPY_JOBS;

    invalid(f, decode(f, op, NULL, "maxResults=5000", NULL),
            "1 validation error detected: Value '5000' at 'maxResults' failed to satisfy "
            "constraint: Member must have value less than or equal to 1000");
    invalid(f, decode(f, op, NULL, "maxResults=0", NULL),
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1");
    invalid(f, decode(f, op, NULL, "nextToken=", NULL),
            "1 validation error detected: Value '' at 'nextToken' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1");
    invalid(f, decode(f, op, NULL, "statusEquals=Foo", NULL),
            "1 validation error detected: Value 'Foo' at 'statusEquals' failed to satisfy "
            "constraint: Member must satisfy enum value set: [InProgress, Completed, Failed]");
    invalid(f, decode(f, op, NULL, "outputModelNameContains=a%20b", NULL),
            "1 validation error detected: Value 'a b' at 'targetModelNameContains' failed to "
            "satisfy constraint: Member must satisfy regular expression pattern: "
            "([0-9a-zA-Z][_-]?){1,63}");
}

static void every_failed_member_is_named(void **state)
{
    struct fixture *f = *state;

    invalid(f,
            decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL,
                   "sortOrder=Up&maxResults=-1&sourceModelArnEquals=" JOB_ARN, NULL),
            "3 validation errors detected: Value '" JOB_ARN "' at 'sourceModelArnEquals' failed to "
            "satisfy constraint: Member must satisfy regular expression pattern: " MODEL_PATTERN
            "; Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1; Value 'Up' at 'sortOrder' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Ascending, Descending]");
}

static void an_empty_label_fails_validation(void **state)
{
    struct fixture *f = *state;

    invalid(f, decode(f, OC_OP_GET_MODEL_COPY_JOB, "", NULL, NULL),
            "1 validation error detected: Value '' at 'jobArn' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: arn:aws(-[^:]+)?:bedrock:"
            "[a-z0-9-]{1,20}:[0-9]{12}:model-copy-job/[a-z0-9]{12}");
}

static void labels_are_decoded_once(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(decode(f, OC_OP_GET_MODEL_COPY_JOB,
                            "arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Amodel-copy-job%2F"
                            "abcdefghij12",
                            NULL, NULL),
                     OC_OK);
    assert_text(f->in.get.job_arn, JOB_ARN);
    assert_int_equal(decode(f, OC_OP_GET_MODEL_COPY_JOB, JOB_ARN, NULL, NULL), OC_OK);
    assert_text(f->in.get.job_arn, JOB_ARN);
    invalid(f, decode(f, OC_OP_GET_MODEL_COPY_JOB, "arn%253Aaws", NULL, NULL), NULL);
    unreadable(f, decode(f, OC_OP_GET_MODEL_COPY_JOB, "arn%3", NULL, NULL));
    unreadable(f, decode(f, OC_OP_GET_MODEL_COPY_JOB, "%c3%28", NULL, NULL));
}

static void a_body_is_typed(void **state)
{
    struct fixture *f = *state;
    const struct oc_create_model_copy_job_in *in = &f->in.create;
    int rc =
        decode(f, OC_OP_CREATE_MODEL_COPY_JOB, NULL, NULL,
               "{\"sourceModelArn\":\"" MODEL_ARN "\",\"targetModelName\":\"a-b\",\"extra\":[1],"
               "\"modelKmsKeyId\":null,\"targetModelTags\":[{\"key\":\"team\",\"value\":\"\"},"
               "{\"value\":\"2\",\"key\":\"n\",\"more\":{}}],\"clientRequestToken\":\"t-1\"}");

    assert_int_equal(rc, OC_OK);
    assert_text(in->source_model_arn, MODEL_ARN);
    assert_text(in->target_model_name, "a-b");
    assert_null(in->model_kms_key_id.ptr);
    assert_true(in->target_model_tags.set);
    assert_int_equal(in->target_model_tags.count, 2);
    assert_text(in->target_model_tags.items[0].key, "team");
    assert_text(in->target_model_tags.items[0].value, "");
    assert_non_null(in->target_model_tags.items[0].value.ptr);
    assert_text(in->target_model_tags.items[1].key, "n");
    assert_text(in->client_request_token, "t-1");
}

static void an_empty_body_counts_as_an_empty_object(void **state)
{
    static const char *const bodies[] = {NULL, "", " \r\n", "{}", "{\"targetModelName\":null}"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        invalid(f, decode(f, OC_OP_CREATE_MODEL_COPY_JOB, NULL, NULL, bodies[i]),
                "2 validation errors detected: Value null at 'sourceModelArn' failed to satisfy "
                "constraint: Member must not be null; Value null at 'targetModelName' failed to "
                "satisfy constraint: Member must not be null");
}

static void a_body_of_wrong_form_or_type_is_unreadable(void **state)
{
    static const char *const bodies[] = {
        "{",
        "[]",
        "null",
        "\"text\"",
        "{}{}",
        "{\"targetModelName\":5}",
        "{\"targetModelName\":true}",
        "{\"targetModelName\":[\"a\"]}",
        "{\"targetModelName\":\"a\",\"targetModelName\":\"b\"}",
        "{\"targetModelName\":\"a\\u0000\"}",
        "{\"targetModelName\":\"\xff\"}",
        "{\"targetModelTags\":{}}",
        "{\"targetModelTags\":\"x\"}",
        "{\"targetModelTags\":[5]}",
        "{\"targetModelTags\":[{\"key\":5}]}",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        unreadable(f, decode(f, OC_OP_CREATE_MODEL_COPY_JOB, NULL, NULL, bodies[i]));
}

static void integers_and_booleans_in_a_body_are_exact(void **state)
{
    static const char *const wrong[] = {"\"sessionDurationSeconds\":\"900\"",
                                        "\"sessionDurationSeconds\":900.0", "\"bearer\":1",
                                        "\"bearer\":\"true\""};
    struct fixture *f = *state;

    assert_int_equal(decode(f, OC_OP_CREATE_ACCESS_KEY, NULL, NULL,
                            "{\"accountId\":\"123456789012\",\"userName\":\"u\","
                            "\"sessionDurationSeconds\":900,\"bearer\":false}"),
                     OC_OK);
    assert_true(f->in.key.session_duration_seconds.set);
    assert_int_equal(f->in.key.session_duration_seconds.value, 900);
    assert_true(f->in.key.bearer.set);
    assert_false(f->in.key.bearer.value);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char body[256];

        (void)snprintf(body, sizeof(body), "{\"accountId\":\"123456789012\",\"userName\":\"u\",%s}",
                       wrong[i]);
        unreadable(f, decode(f, OC_OP_CREATE_ACCESS_KEY, NULL, NULL, body));
    }
}

static void nested_structures_say_whether_they_are_set(void **state)
{
    struct fixture *f = *state;
    const struct oc_create_custom_model_in *in = &f->in.import;

    assert_int_equal(decode(f, OC_OP_CREATE_CUSTOM_MODEL, NULL, NULL, "{\"modelName\":\"m\"}"),
                     OC_OK);
    assert_false(in->model_source_config.set);
    assert_int_equal(decode(f, OC_OP_CREATE_CUSTOM_MODEL, NULL, NULL,
                            "{\"modelName\":\"m\",\"modelSourceConfig\":{\"s3DataSource\":"
                            "{\"s3Uri\":\"s3://models/a\"}}}"),
                     OC_OK);
    assert_true(in->model_source_config.set);
    assert_true(in->model_source_config.s3_data_source.set);
    assert_text(in->model_source_config.s3_data_source.s3_uri, "s3://models/a");
    invalid(f,
            decode(f, OC_OP_CREATE_CUSTOM_MODEL, NULL, NULL,
                   "{\"modelName\":\"m\",\"modelSourceConfig\":{\"s3DataSource\":{}}}"),
            "1 validation error detected: Value null at 'modelSourceConfig.s3DataSource.s3Uri' "
            "failed to satisfy constraint: Member must not be null");
}

static void a_union_needs_exactly_one_member(void **state)
{
    struct fixture *f = *state;

    unreadable(f, decode(f, OC_OP_CREATE_CUSTOM_MODEL, NULL, NULL,
                         "{\"modelName\":\"m\",\"modelSourceConfig\":{}}"));
    unreadable(f, decode(f, OC_OP_CREATE_CUSTOM_MODEL, NULL, NULL,
                         "{\"modelName\":\"m\",\"modelSourceConfig\":{\"other\":1}}"));
}

static void failures_inside_lists_name_their_place(void **state)
{
    struct fixture *f = *state;

    invalid(f,
            decode(f, OC_OP_TAG_RESOURCE, NULL, NULL,
                   "{\"resourceARN\":\"" MODEL_ARN "\",\"tags\":[{\"key\":\"a\",\"value\":\"b\"},"
                   "{\"key\":\"\"},null]}"),
            "4 validation errors detected: Value '' at 'tags.2.member.key' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1; Value null at "
            "'tags.2.member.value' failed to satisfy constraint: Member must not be null; Value "
            "null at 'tags.3.member.key' failed to satisfy constraint: Member must not be null; "
            "Value null at 'tags.3.member.value' failed to satisfy constraint: Member must not be "
            "null");
    invalid(f,
            decode(f, OC_OP_UNTAG_RESOURCE, NULL, NULL,
                   "{\"resourceARN\":\"" MODEL_ARN "\",\"tagKeys\":[\"a\",\"b!\",null]}"),
            "2 validation errors detected: Value 'b!' at 'tagKeys.2.member' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: "
            "[a-zA-Z0-9\\s._:/=+@-]*; Value null at 'tagKeys.3.member' failed to satisfy "
            "constraint: Member must not be null");
}

static void an_empty_list_is_set(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(decode(f, OC_OP_UNTAG_RESOURCE, NULL, NULL,
                            "{\"resourceARN\":\"" MODEL_ARN "\",\"tagKeys\":[]}"),
                     OC_OK);
    assert_true(f->in.untag.tag_keys.set);
    assert_int_equal(f->in.untag.tag_keys.count, 0);
}

static void a_list_that_is_too_long_is_named_once(void **state)
{
    struct fixture *f = *state;
    struct oc_buf body;

    oc_buf_init(&body, 65536);
    oc_buf_put_str(&body, "{\"resourceARN\":\"" MODEL_ARN "\",\"tagKeys\":[\"\"");
    for (int i = 0; i < 200; i++)
        oc_buf_put_str(&body, ",\"\"");
    oc_buf_put_str(&body, "]}");
    invalid(f, decode_with(f, f->strict, OC_OP_UNTAG_RESOURCE, NULL, NULL, oc_buf_slice(&body)),
            "1 validation error detected: Value '[201 entries]' at 'tagKeys' failed to satisfy "
            "constraint: Member must have length less than or equal to 200");
    oc_buf_clear(&body);
}

static void lengths_count_code_points(void **state)
{
    struct fixture *f = *state;
    struct oc_buf body;

    /* 20480 two-byte characters are allowed, one more is not. */
    for (int extra = 0; extra < 2; extra++) {
        int rc;

        oc_buf_init(&body, 65536);
        oc_buf_put_str(&body, "{\"resourceArn\":\"a\",\"resourcePolicy\":\"");
        for (int i = 0; i < 20480 + extra; i++)
            oc_buf_put_str(&body, "\xc3\xbc");
        oc_buf_put_str(&body, "\"}");
        rc = decode_with(f, f->strict, OC_OP_PUT_RESOURCE_POLICY, NULL, NULL, oc_buf_slice(&body));
        oc_buf_clear(&body);
        if (extra == 0)
            assert_int_equal(rc, OC_OK);
        else
            invalid(f, rc, NULL);
    }
    assert_non_null(strstr(f->err.text, "less than or equal to 20480"));
}

static void values_in_messages_are_cut_and_made_visible(void **state)
{
    struct fixture *f = *state;
    char query[3100] = "nextToken=";

    invalid(
        f,
        decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL, "outputModelNameContains=a%0Ab%1B%C2%85", NULL),
        "1 validation error detected: Value 'a\\u000ab\\u001b\\u0085' at "
        "'targetModelNameContains' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: ([0-9a-zA-Z][_-]?){1,63}");
    memset(query + strlen(query), 'x', 3000);
    invalid(f, decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL, query, NULL), NULL);
    assert_true(strlen(f->err.text) < 700);
    assert_non_null(strstr(f->err.text, "xxx...' at 'nextToken' failed to satisfy constraint: "
                                        "Member must have length less than or equal to 2048"));
}

static void more_failures_than_fit_are_counted(void **state)
{
    struct fixture *f = *state;
    struct oc_buf body;

    oc_buf_init(&body, 65536);
    oc_buf_put_str(&body, "{\"resourceARN\":\"" MODEL_ARN "\",\"tagKeys\":[\"\"");
    for (int i = 1; i < 200; i++)
        oc_buf_put_str(&body, ",\"\"");
    oc_buf_put_str(&body, "]}");
    invalid(f, decode_with(f, f->strict, OC_OP_UNTAG_RESOURCE, NULL, NULL, oc_buf_slice(&body)),
            NULL);
    oc_buf_clear(&body);
    assert_memory_equal(f->err.text, "200 validation errors detected: Value '' at ", 44);
    assert_true(strlen(f->err.text) < OC_ERR_TEXT_MAX - 1);
    assert_string_equal(f->err.text + strlen(f->err.text) - 5, " more");
}

static void the_longest_message_is_whole(void **state)
{
    struct fixture *f = *state;
    static const char tail[] = "/[a-z0-9]{12}$))).*";
    char body[2000] = "{\"resourceARN\":\"";

    memset(body + strlen(body), '!', 1011);
    (void)strcat(body, "\"}");
    invalid(f, decode(f, OC_OP_LIST_TAGS_FOR_RESOURCE, NULL, NULL, body), NULL);
    assert_string_equal(f->err.text + strlen(f->err.text) - strlen(tail), tail);
}

static void lenient_takes_any_arn_of_the_right_kind(void **state)
{
    static const struct {
        enum oc_op_id op;
        const char *label;
        bool fits;
    } cases[] = {
        {OC_OP_GET_MODEL_COPY_JOB,
         "arn:aws:bedrock:us-east-1:123456789012:model-copy-job/amazon.titan-text-lite-v1:0:4k/"
         "abcdef123456",
         true},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:123456789012:model-copy-job/x", true},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:123456789012:custom-model/x", false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:s3:us-east-1:123456789012:model-copy-job/x", false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:123456789012:model-copy-job/", false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:123456789012:model-copy-job", false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:1234:model-copy-job/x", false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:12345678901x:model-copy-job/x",
         false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn::bedrock:us-east-1:123456789012:model-copy-job/x", false},
        {OC_OP_GET_MODEL_COPY_JOB, "arn:aws:bedrock:us-east-1:123456789012:model-copy-job/a%20b",
         false},
        {OC_OP_GET_MODEL_COPY_JOB, "x", false},
        {OC_OP_GET_CUSTOM_MODEL,
         "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.titan-text-lite-v1:0:4k/"
         "MyCustomModel",
         true},
        {OC_OP_GET_CUSTOM_MODEL, "my model", false}, /* names stay strict */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc =
            decode_with(f, f->lenient, cases[i].op, cases[i].label, NULL, (struct oc_slice){0});

        if ((rc == OC_OK) != cases[i].fits)
            fail_msg("'%s': %d %s", cases[i].label, rc, f->err.text);
        invalid(f, decode(f, cases[i].op, cases[i].label, NULL, NULL), NULL); /* strict: none */
    }
}

static void a_raw_body_is_left_alone(void **state)
{
    struct fixture *f = *state;

    invalid(f, decode(f, OC_OP_PUT_UPLOAD_PART, "upload1", NULL, "\x01\x02"), NULL); /* sha256 x */
    assert_non_null(strstr(f->err.text, "at 'sha256'"));
    assert_null(strstr(f->err.text, "body"));
}

/* A shape of this test alone: none of the API's inputs is sensitive today. */
static void sensitive_values_are_not_echoed(void **state)
{
    struct secret_in {
        struct oc_slice password;
    };
    static const struct oc_shape shape = {
        .name = "Password", .type = OC_SHAPE_STRING, .has_min = true, .min = 8, .sensitive = true};
    static const struct oc_member member = {.name = "password",
                                            .wire = "password",
                                            .place = OC_PLACE_BODY,
                                            .shape = &shape,
                                            .offset = offsetof(struct secret_in, password)};
    static const struct oc_op op = {
        .members = &member, .member_count = 1, .input_size = sizeof(struct secret_in)};
    const struct oc_op_labels labels = {.count = 0};
    const struct oc_decode_from from = {
        .op = &op, .labels = &labels, .body = OC_STR("{\"password\":\"hunter2\"}")};
    struct fixture *f = *state;
    struct secret_in in;

    memset(&f->err, 0, sizeof(f->err));
    assert_int_equal(oc_decode_input(f->strict, &from, &f->arena, &in, &f->err), OC_EINVAL);
    assert_string_equal(f->err.text,
                        "1 validation error detected: Value at 'password' failed to satisfy "
                        "constraint: Member must have length greater than or equal to 8");
    assert_null(in.password.ptr);
}

static void hostile_text_is_refused_quickly(void **state)
{
    struct fixture *f = *state;
    char label[2049];

    for (int c = 0; c < 3; c++) {
        memset(label, "a-."[c], sizeof(label) - 1);
        label[sizeof(label) - 1] = '\0';
        if (c == 0)
            memcpy(label + 2040, "!", 1);
        invalid(f, decode(f, OC_OP_GET_CUSTOM_MODEL, label, NULL, NULL), NULL);
    }
}

static void the_arena_limit_is_no_memory(void **state)
{
    struct fixture *f = *state;
    const struct oc_op_labels labels = {.count = 0};
    const struct oc_decode_from from = {.op = &oc_ops[OC_OP_LIST_MODEL_COPY_JOBS],
                                        .labels = &labels,
                                        .raw_query = OC_STR("nextToken=abcdefghijklmnop")};
    struct oc_arena small;

    oc_arena_init(&small, 8);
    memset(&f->err, 0, sizeof(f->err));
    assert_int_equal(oc_decode_input(f->strict, &from, &small, &f->in, &f->err), OC_ENOMEM);
    oc_arena_clear(&small);
}

static void exhausted_memory_is_reported_and_leaks_nothing(void **state)
{
    struct fixture *f = *state;
    static const char body[] = "{\"sourceModelArn\":\"" MODEL_ARN "\",\"targetModelName\":\"a\","
                               "\"targetModelTags\":[{\"key\":\"k\",\"value\":\"v\"}]}";
    unsigned fired = 1;

    for (unsigned nth = 1; fired > 0; nth++) {
        int rc;

        assert_in_range(nth, 1, 1000);
        oc_arena_clear(&f->arena);
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = decode(f, OC_OP_CREATE_MODEL_COPY_JOB, NULL, NULL, body);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_int_equal(rc, fired > 0 ? OC_ENOMEM : OC_OK);
    }
}

static void a_message_without_memory_is_no_memory(void **state)
{
    struct fixture *f = *state;
    unsigned fired = 1;

    for (unsigned nth = 1; fired > 0; nth++) {
        int rc;

        assert_in_range(nth, 1, 1000);
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = decode(f, OC_OP_LIST_MODEL_COPY_JOBS, NULL, "maxResults=0&sortOrder=%58", NULL);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_int_equal(rc, fired > 0 ? OC_ENOMEM : OC_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_with_all_parameters_is_typed),
        cmocka_unit_test(list_without_parameters_leaves_all_unset),
        cmocka_unit_test(booleans_in_a_query_are_true_or_false),
        cmocka_unit_test(a_parameter_given_twice_is_refused),
        cmocka_unit_test(text_that_is_no_value_of_its_type_is_unreadable),
        cmocka_unit_test(a_value_out_of_bounds_is_named),
        cmocka_unit_test(every_failed_member_is_named),
        cmocka_unit_test(an_empty_label_fails_validation),
        cmocka_unit_test(labels_are_decoded_once),
        cmocka_unit_test(a_body_is_typed),
        cmocka_unit_test(an_empty_body_counts_as_an_empty_object),
        cmocka_unit_test(a_body_of_wrong_form_or_type_is_unreadable),
        cmocka_unit_test(integers_and_booleans_in_a_body_are_exact),
        cmocka_unit_test(nested_structures_say_whether_they_are_set),
        cmocka_unit_test(a_union_needs_exactly_one_member),
        cmocka_unit_test(failures_inside_lists_name_their_place),
        cmocka_unit_test(an_empty_list_is_set),
        cmocka_unit_test(a_list_that_is_too_long_is_named_once),
        cmocka_unit_test(lengths_count_code_points),
        cmocka_unit_test(values_in_messages_are_cut_and_made_visible),
        cmocka_unit_test(more_failures_than_fit_are_counted),
        cmocka_unit_test(the_longest_message_is_whole),
        cmocka_unit_test(lenient_takes_any_arn_of_the_right_kind),
        cmocka_unit_test(a_raw_body_is_left_alone),
        cmocka_unit_test(sensitive_values_are_not_echoed),
        cmocka_unit_test(hostile_text_is_refused_quickly),
        cmocka_unit_test(the_arena_limit_is_no_memory),
        cmocka_unit_test(exhausted_memory_is_reported_and_leaks_nothing),
        cmocka_unit_test(a_message_without_memory_is_no_memory),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
