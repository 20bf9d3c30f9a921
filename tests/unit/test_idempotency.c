/* Tokens of repeated calls: found again, refused with other parameters, and those of older stores.
 */
#include <string.h>

#include "api/call.h"
#include "folder_fixture.h"

#define REGION  "us-west-2"
#define ACCOUNT "123456789012"

static struct oc_err err;

struct test {
    struct folder *folder;
    struct oc_store *store;
    struct oc_api api;
    struct oc_arena arena;
    struct oc_call call;
};

static void begin(struct test *t)
{
    void *folder = NULL;

    memset(t, 0, sizeof *t);
    assert_int_equal(folder_setup(&folder), 0);
    t->folder = folder;
    struct oc_store_options options = {.path = t->folder->path};
    assert_int_equal(oc_store_open(&options, &t->store, &err), OC_OK);
    t->api.store = t->store;
    oc_arena_init(&t->arena, 1 << 20);
    t->call.api = &t->api;
    t->call.arena = &t->arena;
    t->call.op = &oc_ops[OC_OP_CREATE_MODEL_COPY_JOB];
    t->call.caller.account = OC_STR(ACCOUNT);
    t->call.caller.region = OC_STR(REGION);
}

/* What oc_api_new does. */
static bool has_old(struct test *t)
{
    assert_int_equal(oc_idempotency_find_old(t->store, &t->api.has_old_tokens, &err), OC_OK);
    return t->api.has_old_tokens;
}

static void end(struct test *t)
{
    oc_arena_clear(&t->arena);
    oc_store_close(t->store);
    void *folder = t->folder;
    assert_int_equal(folder_teardown(&folder), 0);
}

struct put {
    struct oc_write write;
    const struct oc_idempotency *idem; /* NULL: a record of an older store */
    struct oc_slice key, value;
};

static int apply_put(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    struct put *put = (struct put *)write;

    return put->idem ? oc_idempotency_put(put->idem, tx, put->value, e)
                     : oc_tx_put(tx, OC_RECORD_IDEMPOTENCY, put->key, put->value, e);
}

static void put_new(struct oc_store *store, const struct oc_idempotency *idem, const char *result)
{
    struct put put = {.write.apply = apply_put, .idem = idem, .value = oc_slice_of(result)};

    assert_int_equal(oc_store_write(store, &put.write, &err), OC_OK);
}

static void put_old(struct oc_store *store, const char *parameters, const char *result)
{
    uint8_t value[OC_SHA256_LEN + OC_ID_LEN];
    struct put put = {.write.apply = apply_put,
                      .key = OC_STR(ACCOUNT "\0" REGION "\0CreateModelCopyJob\0old-token"),
                      .value = {(char *)value, sizeof value}};

    assert_int_equal(oc_sha256(oc_slice_of(parameters), value, &err), OC_OK);
    memcpy(value + OC_SHA256_LEN, result, OC_ID_LEN);
    assert_int_equal(oc_store_write(store, &put.write, &err), OC_OK);
}

/* What a call with this token and these parameters finds. */
static int find(struct test *t, const char *token, const char *parameters,
                struct oc_idempotency *idem, char ret_result[OC_ID_LEN + 1])
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice result;

    assert_int_equal(
        oc_idempotency_init(&t->call, oc_slice_of(token), oc_slice_of(parameters), idem, &err),
        OC_OK);
    assert_int_equal(oc_store_read(t->store, &read, &err), OC_OK);
    int rc = oc_idempotency_find(idem, read, &result, &err);
    memset(ret_result, 0, OC_ID_LEN + 1);
    if (rc == OC_OK && result.ptr)
        memcpy(ret_result, result.ptr, result.len);
    return rc;
}

static void a_token_is_found_with_the_same_parameters_only(void **state)
{
    struct test t;
    struct oc_idempotency idem;
    char result[OC_ID_LEN + 1];

    (void)state;
    begin(&t);
    assert_false(has_old(&t));
    assert_int_equal(find(&t, "one", "a", &idem, result), OC_OK);
    assert_string_equal(result, "");
    put_new(t.store, &idem, "aaaaaaaaaaaa");
    assert_int_equal(find(&t, "one", "a", &idem, result), OC_OK);
    assert_string_equal(result, "aaaaaaaaaaaa");
    assert_int_equal(find(&t, "one", "b", &idem, result), OC_ECONFLICT);
    assert_int_equal(find(&t, "two", "a", &idem, result), OC_OK);
    assert_string_equal(result, "");
    t.call.caller.region = OC_STR("us-east-1"); /* a token counts in its Region, */
    assert_int_equal(find(&t, "one", "b", &idem, result), OC_OK);
    t.call.caller.region = OC_STR(REGION);
    t.call.op = &oc_ops[OC_OP_CREATE_CUSTOM_MODEL]; /* and for its operation */
    assert_int_equal(find(&t, "one", "b", &idem, result), OC_OK);
    assert_string_equal(result, "");
    assert_false(has_old(&t)); /* new records are none */
    end(&t);
}

static void tokens_of_older_stores_still_count(void **state)
{
    struct test t;
    struct oc_idempotency idem;
    char result[OC_ID_LEN + 1];

    (void)state;
    begin(&t);
    put_old(t.store, "a", "bbbbbbbbbbbb");
    assert_true(has_old(&t));
    assert_int_equal(find(&t, "old-token", "a", &idem, result), OC_OK);
    assert_string_equal(result, "bbbbbbbbbbbb");
    assert_int_equal(find(&t, "old-token", "b", &idem, result), OC_ECONFLICT);
    assert_int_equal(find(&t, "new-token", "b", &idem, result), OC_OK);
    assert_string_equal(result, "");
    put_new(t.store, &idem, "cccccccccccc");
    assert_int_equal(find(&t, "new-token", "b", &idem, result), OC_OK);
    assert_string_equal(result, "cccccccccccc");
    end(&t);
}

static void calls_without_a_token_are_never_repeats(void **state)
{
    struct test t;
    struct oc_idempotency idem;
    char result[OC_ID_LEN + 1];

    (void)state;
    begin(&t);
    assert_int_equal(find(&t, NULL, "a", &idem, result), OC_OK);
    put_new(t.store, &idem, "dddddddddddd");
    assert_int_equal(find(&t, NULL, "a", &idem, result), OC_OK);
    assert_string_equal(result, "");
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_found_with_the_same_parameters_only),
        cmocka_unit_test(tokens_of_older_stores_still_count),
        cmocka_unit_test(calls_without_a_token_are_never_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
