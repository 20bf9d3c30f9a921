/* What is remembered of a model's copies on other machines: who gives way to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "model/copies.h"

static struct oc_err err;

/* The ARN of copy `number` of account `account` in `region`; kept for the whole test. */
static struct oc_slice arn(const char *region, unsigned account, unsigned number)
{
    static char texts[1000][128];
    static unsigned count;
    char *text = texts[count++ % 1000];

    (void)snprintf(text, sizeof(texts[0]),
                   "arn:aws:bedrock:%s:%012u:custom-model/imported/aaaaaaaa%04u", region, account,
                   number);
    return oc_slice_of(text);
}

static bool has(const struct oc_copies *copies, struct oc_slice model_arn)
{
    for (size_t i = 0; i < copies->count; i++)
        if (oc_slice_eq(copies->items[i].model_arn, model_arn))
            return true;
    return false;
}

static void the_newest_comes_first_and_only_once(void **state)
{
    struct oc_copies copies = {0};

    (void)state;
    oc_copies_add(&copies, arn("us-west-2", 1, 1), 10);
    oc_copies_add(&copies, arn("us-west-2", 1, 2), 20);
    oc_copies_add(&copies, arn("us-west-2", 1, 1), 30);
    assert_int_equal(copies.count, 2);
    assert_true(oc_slice_eq(copies.items[0].model_arn, arn("us-west-2", 1, 1)));
    assert_int_equal(copies.items[0].time_ms, 30);
    assert_int_equal(copies.items[1].time_ms, 20);
}

static void an_account_takes_no_places_of_others(void **state)
{
    struct oc_copies copies = {0};

    (void)state;
    oc_copies_add(&copies, arn("us-west-2", 1, 0), 0);
    oc_copies_add(&copies, arn("eu-west-1", 2, 0), 0);
    for (unsigned i = 0; i < 100; i++)
        oc_copies_add(&copies, arn("us-west-2", 2, i), i);
    assert_int_equal(copies.count, 2 + OC_COPIES_OF_ACCOUNT_MAX);
    assert_true(has(&copies, arn("us-west-2", 1, 0)));
    assert_true(has(&copies, arn("eu-west-1", 2, 0)));
    assert_true(has(&copies, arn("us-west-2", 2, 96)));
    assert_false(has(&copies, arn("us-west-2", 2, 95)));
}

/* A site that speaks for any number of accounts pushes out its own. */
static void a_region_takes_no_places_of_others(void **state)
{
    struct oc_copies copies = {0};

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        oc_copies_add(&copies, arn("us-west-2", i, 0), i);
    for (unsigned i = 0; i < 200; i++)
        oc_copies_add(&copies, arn("eu-west-1", i, 0), i);
    assert_int_equal(copies.count, OC_COPIES_MAX);
    for (unsigned i = 0; i < 3; i++)
        assert_true(has(&copies, arn("us-west-2", i, 0)));
    assert_true(has(&copies, arn("eu-west-1", 171, 0)));
    assert_false(has(&copies, arn("eu-west-1", 170, 0)));
    /* And one Region more still finds a place. */
    oc_copies_add(&copies, arn("ap-south-1", 1, 0), 300);
    assert_int_equal(copies.count, OC_COPIES_MAX);
    assert_true(has(&copies, arn("ap-south-1", 1, 0)));
    assert_false(has(&copies, arn("eu-west-1", 171, 0)));
}

static void a_record_comes_back_whole_or_not_at_all(void **state)
{
    struct oc_copies copies = {0}, back;
    unsigned fired = 1;

    (void)state;
    for (unsigned i = 0; i < OC_COPIES_MAX; i++)
        oc_copies_add(&copies, arn("us-west-2", i, i), i);
    for (unsigned nth = 1; fired > 0; nth++) {
        struct oc_arena arena;
        struct oc_buf record;
        int rc;

        oc_arena_init(&arena, 1UL << 20);
        oc_buf_init(&record, 1UL << 20);
        oc_copies_encode(&record, &copies);
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_copies_decode(oc_buf_slice(&record), &arena, &back, &err);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_int_equal(rc, fired ? OC_ENOMEM : OC_OK);
        if (rc == OC_OK) {
            assert_int_equal(back.count, OC_COPIES_MAX);
            for (size_t i = 0; i < back.count; i++) {
                assert_true(oc_slice_eq(back.items[i].model_arn, copies.items[i].model_arn));
                assert_int_equal(back.items[i].time_ms, copies.items[i].time_ms);
            }
        }
        oc_buf_clear(&record);
        oc_arena_clear(&arena);
    }
}

static void bad_records_are_corrupt(void **state)
{
    static const char *const records[] = {
        "",
        "[]",
        "{\"version\":2,\"copies\":[]}",
        "{\"version\":1,\"copies\":[{}]}",
        "{\"version\":1,\"copies\":[{\"model\":\"arn:aws:s3:::x\",\"time\":1}]}",
    };
    OC_AUTO(oc_buf_clear) struct oc_buf many = {0};
    struct oc_copies copies;
    struct oc_arena arena;

    (void)state;
    oc_arena_init(&arena, 1UL << 20);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        assert_int_equal(oc_copies_decode(oc_slice_of(records[i]), &arena, &copies, &err),
                         OC_ECORRUPT);
    oc_buf_init(&many, 1UL << 20);
    oc_buf_put_str(&many, "{\"version\":1,\"copies\":[0");
    for (int i = 0; i < OC_COPIES_MAX; i++)
        oc_buf_put_str(&many, ",0");
    oc_buf_put_str(&many, "]}");
    assert_int_equal(oc_copies_decode(oc_buf_slice(&many), &arena, &copies, &err), OC_ECORRUPT);
    oc_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_comes_first_and_only_once),
        cmocka_unit_test(an_account_takes_no_places_of_others),
        cmocka_unit_test(a_region_takes_no_places_of_others),
        cmocka_unit_test(a_record_comes_back_whole_or_not_at_all),
        cmocka_unit_test(bad_records_are_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
