#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/errors.h"
#include "api/operation.h"

static void body_is(const struct oc_err *err, const char *want)
{
    struct oc_buf buf;

    oc_buf_init(&buf, 8192);
    oc_error_body(&buf, err);
    assert_string_equal(oc_buf_cstr(&buf), want);
    oc_buf_clear(&buf);
}

static void a_named_error_shows_its_own_text(void **state)
{
    struct oc_err err = {0};

    (void)state;
    (void)oc_fail_as(&err, OC_ENOTFOUND, "ResourceNotFoundException", "no \"%s\"", "x");
    assert_string_equal(oc_error_name(&err), "ResourceNotFoundException");
    assert_int_equal(oc_error_status(&err), 404);
    body_is(&err, "{\"message\":\"no \\\"x\\\"\"}");
}

static void an_unnamed_error_shows_nothing_of_itself(void **state)
{
    static const struct {
        enum oc_rc rc;
        const char *name;
        int status;
    } cases[] = {
        {OC_ENOMEM, "ServiceUnavailableException", 503},
        {OC_EBUSY, "ServiceUnavailableException", 503},
        {OC_EIO, "InternalServerException", 500},
        {OC_EFULL, "ServiceUnavailableException", 503},
        {OC_ECORRUPT, "InternalServerException", 500},
        {OC_EINVAL, "InternalServerException", 500},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_err err = {0};

        (void)oc_fail(&err, cases[i].rc, "open '/secret/path'");
        assert_string_equal(oc_error_name(&err), cases[i].name);
        assert_int_equal(oc_error_status(&err), cases[i].status);
        assert_true(oc_slice_find_slice(oc_error_text(&err), OC_STR("secret")) < 0);
        assert_true(oc_error_text(&err).len > 20);
        assert_true(cases[i].rc != OC_EFULL ||
                    oc_slice_find_slice(oc_error_text(&err), OC_STR("no space left")) > 0);
    }
}

static void a_name_outside_the_table_is_internal(void **state)
{
    struct oc_err err = {0};

    (void)state;
    (void)oc_fail_as(&err, OC_EINVAL, "NoSuchException", "inner words");
    assert_string_equal(oc_error_name(&err), "InternalServerException");
    assert_int_equal(oc_error_status(&err), 500);
    assert_true(oc_slice_find_slice(oc_error_text(&err), OC_STR("inner")) < 0);
}

static void too_many_tags_names_the_resource(void **state)
{
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_fail_too_many_tags(&err, OC_STR("arn:x"), 51), OC_ELIMIT);
    assert_int_equal(oc_error_status(&err), 400);
    body_is(&err, "{\"message\":\"A resource may have 50 tags; this request would make them 51\","
                  "\"resourceName\":\"arn:x\"}");
}

/* The statuses that the protocol fixes, as AWS's service model and the signing rules have them. */
static void statuses_are_those_of_the_contract(void **state)
{
    static const struct oc_error_kind want[] = {{"AccessDeniedException", 403},
                                                {"ConflictException", 400},
                                                {"InternalServerException", 500},
                                                {"ResourceInUseException", 400},
                                                {"ResourceNotFoundException", 404},
                                                {"ServiceQuotaExceededException", 400},
                                                {"ServiceUnavailableException", 503},
                                                {"ThrottlingException", 429},
                                                {"TooManyTagsException", 400},
                                                {"ValidationException", 400},
                                                {"SerializationException", 400},
                                                {"UnknownOperationException", 404},
                                                {"MethodNotAllowedException", 405},
                                                {"UnrecognizedClientException", 403},
                                                {"InvalidSignatureException", 403},
                                                {"ExpiredTokenException", 403},
                                                {"MissingAuthenticationTokenException", 403},
                                                {"IncompleteSignatureException", 400}};

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct oc_err err = {0};

        (void)oc_fail_as(&err, OC_EINVAL, want[i].name, "text");
        assert_string_equal(oc_error_name(&err), want[i].name);
        assert_int_equal(oc_error_status(&err), want[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_named_error_shows_its_own_text),
        cmocka_unit_test(an_unnamed_error_shows_nothing_of_itself),
        cmocka_unit_test(a_name_outside_the_table_is_internal),
        cmocka_unit_test(too_many_tags_names_the_resource),
        cmocka_unit_test(statuses_are_those_of_the_contract),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
