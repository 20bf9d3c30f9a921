/* The table of handlers beside the table of operations: api/handlers.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api/models.h"

static void every_operation_has_a_handler(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_OP_COUNT; i++)
        if (!oc_call_handlers[i])
            fail_msg("%s has no handler", oc_ops[i].name);
}

/* A line of the table copied and half changed would make one operation do another's work. */
static void no_two_operations_share_a_handler(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_OP_COUNT; i++)
        for (size_t k = 0; k < i; k++)
            if (oc_call_handlers[i] == oc_call_handlers[k])
                fail_msg("%s and %s have one handler", oc_ops[i].name, oc_ops[k].name);
}

static void operations_stand_under_their_ids_and_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_OP_COUNT; i++) {
        assert_int_equal(oc_ops[i].id, i);
        assert_ptr_equal(oc_op_find(oc_slice_of(oc_ops[i].name)), &oc_ops[i]);
    }
}

/* Only the routes that carry bytes take more than 1 MiB, and nothing that is no route does. */
static void large_bodies_are_for_routes_that_carry_bytes(void **state)
{
    static const char part[] = "/-/uploads/abcdefghij12/parts/0000";

    (void)state;
    assert_int_equal(oc_api_body_limit(OC_STR("POST"), OC_STR("/model-copy-jobs")),
                     OC_HTTP_BODY_MAX);
    assert_int_equal(oc_api_body_limit(OC_STR("PUT"), oc_slice_of(part)), OC_HTTP_PART_BODY_MAX);
    assert_int_equal(oc_api_body_limit(OC_STR("POST"), OC_STR("/-/uploads/abcdefghij12/complete")),
                     OC_MANIFEST_MAX);
    assert_int_equal(oc_api_body_limit(OC_STR("POST"), oc_slice_of(part)), OC_HTTP_BODY_MAX);
    assert_int_equal(oc_api_body_limit(OC_STR("PUT"), OC_STR("/nothing")), OC_HTTP_BODY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_handler),
        cmocka_unit_test(no_two_operations_share_a_handler),
        cmocka_unit_test(operations_stand_under_their_ids_and_names),
        cmocka_unit_test(large_bodies_are_for_routes_that_carry_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
