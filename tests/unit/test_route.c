#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/operation.h"

static const struct oc_op *match(const char *method, const char *path, struct oc_op_labels *labels)
{
    bool known = false;

    return oc_op_match(oc_slice_of(method), oc_slice_of(path), labels, &known);
}

/* `want` NULL: no such route. `label`: the first label, raw. */
static void expect(const char *method, const char *path, const char *want, const char *label)
{
    struct oc_op_labels labels = {0};
    const struct oc_op *op = match(method, path, &labels);

    if (!want) {
        if (op)
            fail_msg("%s %s matched %s", method, path, op->name);
        return;
    }
    if (!op)
        fail_msg("%s %s matched nothing", method, path);
    assert_string_equal(op->name, want);
    if (label)
        assert_true(oc_slice_eq_str(labels.raw[0], label));
    else
        assert_int_equal(labels.count, 0);
}

static void fixed_routes_match_by_method(void **state)
{
    (void)state;
    expect("GET", "/model-copy-jobs", "ListModelCopyJobs", NULL);
    expect("POST", "/model-copy-jobs", "CreateModelCopyJob", NULL);
    expect("POST", "/custom-models/create-custom-model", "CreateCustomModel", NULL);
    expect("POST", "/tagResource", "TagResource", NULL);
    expect("GET", "/-/whoami", "GetCallerIdentity", NULL);
    expect("get", "/model-copy-jobs", NULL, NULL);
    expect("POST", "/tagresource", NULL, NULL);
}

static void an_encoded_arn_is_one_label(void **state)
{
    (void)state;
    expect("GET", "/model-copy-jobs/arn%3Aaws%3Abedrock%3Aus-west-2%3A1%3Amodel-copy-job%2Fabc",
           "GetModelCopyJob", "arn%3Aaws%3Abedrock%3Aus-west-2%3A1%3Amodel-copy-job%2Fabc");
    expect("DELETE", "/custom-models/my-model", "DeleteCustomModel", "my-model");
}

static void a_bare_arn_takes_in_its_slashes(void **state)
{
    (void)state;
    expect("GET", "/model-copy-jobs/arn:aws:bedrock:us-west-2:1:model-copy-job/abc",
           "GetModelCopyJob", "arn:aws:bedrock:us-west-2:1:model-copy-job/abc");
    expect("GET", "/custom-models/arn:aws:bedrock:us-west-2:1:custom-model/imported/abc",
           "GetCustomModel", "arn:aws:bedrock:us-west-2:1:custom-model/imported/abc");
    expect("GET", "/custom-models/arn%3aaws:bedrock:us-west-2:1:custom-model/imported/abc",
           "GetCustomModel", "arn%3aaws:bedrock:us-west-2:1:custom-model/imported/abc");
    expect("GET", "/-/model-copy-jobs/arn:aws:bedrock:r:1:model-copy-job/abc/progress",
           "GetModelCopyJobProgress", "arn:aws:bedrock:r:1:model-copy-job/abc");
    expect("POST", "/-/kms/keys/arn:aws:kms:r:1:key/abc/disable", "DisableKmsKey",
           "arn:aws:kms:r:1:key/abc");
}

static void a_label_after_a_bare_arn_is_kept_apart(void **state)
{
    struct oc_op_labels labels = {0};
    const struct oc_op *op =
        match("GET", "/-/models/arn:aws:bedrock:r:1:custom-model/imported/abc/parts/ff00", &labels);

    (void)state;
    assert_non_null(op);
    assert_string_equal(op->name, "GetModelPart");
    assert_int_equal(labels.count, 2);
    assert_true(oc_slice_eq_str(labels.raw[0], "arn:aws:bedrock:r:1:custom-model/imported/abc"));
    assert_true(oc_slice_eq_str(labels.raw[1], "ff00"));
}

static void only_an_arn_takes_in_slashes(void **state)
{
    (void)state;
    expect("GET", "/model-copy-jobs/job/abc", NULL, NULL);
    expect("GET", "/model-copy-jobs/xarn:aws/abc", NULL, NULL);
    expect("GET", "/-/uploads/abc/def/parts", NULL, NULL);
    expect("GET", "/-/model-copy-jobs/arn:aws:bedrock:r:1:model-copy-job/abc/speed", NULL, NULL);
}

static void an_empty_label_is_a_label(void **state)
{
    (void)state;
    expect("GET", "/model-copy-jobs/", "GetModelCopyJob", "");
    expect("GET", "/custom-models/", "GetCustomModel", "");
    expect("GET", "/-/uploads//parts", "ListUploadParts", "");
}

static void other_paths_match_nothing(void **state)
{
    static char deep[4096];

    (void)state;
    expect("GET", "", NULL, NULL);
    expect("GET", "/", NULL, NULL);
    expect("GET", "*", NULL, NULL);
    expect("GET", "model-copy-jobs", NULL, NULL);
    expect("GET", "//model-copy-jobs", NULL, NULL);
    expect("GET", "/model-copy-jobs//", NULL, NULL);
    expect("GET", "/model%2Dcopy%2Djobs", NULL, NULL);
    memset(deep, '/', sizeof(deep) - 1);
    expect("GET", deep, NULL, NULL);
}

static void a_path_of_another_method_is_known(void **state)
{
    struct oc_op_labels labels = {0};
    bool known = false;

    (void)state;
    assert_null(oc_op_match(OC_STR("PUT"), OC_STR("/model-copy-jobs"), &labels, &known));
    assert_true(known);
    assert_null(oc_op_match(OC_STR("GET"), OC_STR("/model-copy"), &labels, &known));
    assert_false(known);
}

static void expect_methods(const char *path, const char *want)
{
    OC_AUTO(oc_buf_clear) struct oc_buf methods = {0};

    oc_buf_init(&methods, 1024);
    oc_op_put_methods(oc_slice_of(path), &methods);
    assert_true(oc_slice_eq_str(oc_buf_slice(&methods), want));
}

static void methods_of_a_path_are_named_once(void **state)
{
    (void)state;
    expect_methods("/-/whoami", "GET");
    expect_methods("/-/uploads/x/parts", "GET");
    expect_methods("/-/kms/keys", "POST, GET");
    expect_methods("/-/nothing", "");
    expect_methods("nothing", "");
}

/* Every operation is reached by its own route, whatever stands in its labels. */
static void every_operation_is_reached_by_its_route(void **state)
{
    static const char *const values[] = {"x", "", "arn:a/b/c", "arn%3Aa%2Fb"};

    (void)state;
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            struct oc_op_labels labels = {0};
            struct oc_buf path;
            bool known = false;

            oc_buf_init(&path, 1024);
            for (size_t s = 0, label = 0; s < oc_ops[i].segment_count; s++) {
                const struct oc_slice text = oc_ops[i].segments[s].text;

                oc_buf_put_char(&path, '/');
                if (text.ptr)
                    oc_buf_put_slice(&path, text);
                else
                    oc_buf_put_str(&path, label++ == 0 ? values[v] : "y");
            }
            assert_ptr_equal(
                oc_op_match(oc_slice_of(oc_ops[i].method), oc_buf_slice(&path), &labels, &known),
                &oc_ops[i]);
            assert_true(known);
            if (labels.count > 0)
                assert_true(oc_slice_eq_str(labels.raw[0], values[v]));
            oc_buf_clear(&path);
        }
    }
}

static void operations_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        assert_int_equal(oc_ops[i].id, i);
        assert_ptr_equal(oc_op_find(oc_slice_of(oc_ops[i].name)), &oc_ops[i]);
    }
    assert_null(oc_op_find(OC_STR("listModelCopyJobs")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_routes_match_by_method),
        cmocka_unit_test(an_encoded_arn_is_one_label),
        cmocka_unit_test(a_bare_arn_takes_in_its_slashes),
        cmocka_unit_test(a_label_after_a_bare_arn_is_kept_apart),
        cmocka_unit_test(only_an_arn_takes_in_slashes),
        cmocka_unit_test(an_empty_label_is_a_label),
        cmocka_unit_test(other_paths_match_nothing),
        cmocka_unit_test(a_path_of_another_method_is_known),
        cmocka_unit_test(methods_of_a_path_are_named_once),
        cmocka_unit_test(every_operation_is_reached_by_its_route),
        cmocka_unit_test(operations_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
