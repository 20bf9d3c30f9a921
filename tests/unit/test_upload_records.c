/* The records of uploads: counted, ended with their tokens, and what a crash has left of them. */
#include "folder_fixture.h"

#include <string.h>

#include "base/limits.h"
#include "copy/upload_records.h"

#define REGION  "us-west-2"
#define ACCOUNT "123456789012"
#define DIGEST  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct oc_err err;

struct put {
    struct oc_write write;
    enum oc_record_kind kind;
    struct oc_slice key, value;
};

static int apply_put(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    struct put *put = (struct put *)(void *)write;

    return oc_tx_put(tx, put->kind, put->key, put->value, e);
}

static void put(struct oc_store *store, enum oc_record_kind kind, struct oc_slice key,
                struct oc_slice value)
{
    struct put put = {.write.apply = apply_put, .kind = kind, .key = key, .value = value};

    ok(oc_store_write(store, &put.write, &err));
}

static int count_one(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *e)
{
    (void)key, (void)value, (void)e;
    ++*(unsigned *)ctx;
    return 0;
}

static unsigned count(struct oc_store *store, enum oc_record_kind kind)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_scan scan = {.kind = kind, .prefix = OC_STR("")};
    unsigned n = 0;

    ok(oc_store_read(store, &read, &err));
    ok(oc_read_scan(read, &scan, count_one, &n, &err));
    return n;
}

static struct oc_slice upload_key(struct oc_arena *arena, const char *id)
{
    return oc_key_join(arena, (struct oc_slice[]){OC_STR(ACCOUNT), OC_STR(REGION), oc_slice_of(id)},
                       3);
}

static void put_parts(struct oc_store *store, struct oc_arena *arena, const char *id,
                      unsigned parts)
{
    for (unsigned i = 0; i < parts; i++) {
        struct oc_slice digest = oc_arena_printf(arena, "%08x%s", i, DIGEST + 8);

        put(store, OC_RECORD_UPLOAD_PART,
            oc_key_join(
                arena,
                (struct oc_slice[]){OC_STR(ACCOUNT), OC_STR(REGION), oc_slice_of(id), digest}, 4),
            OC_STR("1"));
    }
}

static void put_upload(struct oc_store *store, struct oc_arena *arena, const char *id,
                       struct oc_slice token)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_model model = {.partition = {OC_STR(ACCOUNT), OC_STR(REGION)},
                             .id = oc_slice_of(id),
                             .name = OC_STR("m"),
                             .base = OC_STR("imported"),
                             .kms_key_id = OC_STR("service"),
                             .creation_ms = 1000,
                             .token = token};

    oc_buf_init(&record, 65536);
    oc_model_encode(&record, &model);
    put(store, OC_RECORD_UPLOAD, upload_key(arena, id), oc_buf_slice(&record));
}

static struct oc_store *open_store(const struct folder *folder)
{
    struct oc_store_options options = {.path = folder->path};
    struct oc_store *store = NULL;

    ok(oc_store_open(&options, &store, &err));
    return store;
}

static void parts_are_counted_up_to_a_quota(void **state)
{
    struct oc_model upload = {.file_count = OC_UPLOAD_PARTS_MAX - 1};

    (void)state;
    ok(oc_upload_count_part(&upload, 7, &err));
    assert_int_equal(upload.size_bytes, 7);
    assert_int_equal(oc_upload_count_part(&upload, 1, &err), OC_ELIMIT);
    assert_string_equal(err.name, "ServiceQuotaExceededException");
    upload = (struct oc_model){.size_bytes = (int64_t)OC_MODEL_SIZE_MAX - 5};
    assert_int_equal(oc_upload_count_part(&upload, 6, &err), OC_ELIMIT);
    ok(oc_upload_count_part(&upload, 5, &err));
    assert_int_equal(upload.file_count, 1);
}

static void rests_of_uploads_that_are_gone_are_deleted(void **state)
{
    struct oc_store *store = open_store(*state);
    struct oc_arena arena;
    uint64_t rests;

    oc_arena_init(&arena, 1 << 20);
    put_parts(store, &arena, "aaaaaaaaaaaa", 600); /* more than one change deletes */
    put_parts(store, &arena, "bbbbbbbbbbbb", 3);
    put_upload(store, &arena, "bbbbbbbbbbbb", (struct oc_slice){0});
    put_parts(store, &arena, "cccccccccccc", 1);
    ok(oc_uploads_delete_rests(store, &rests, &err));
    assert_int_equal(rests, 2);
    assert_int_equal(count(store, OC_RECORD_UPLOAD_PART), 3);
    assert_int_equal(count(store, OC_RECORD_UPLOAD), 1);
    ok(oc_uploads_delete_rests(store, &rests, &err));
    assert_int_equal(rests, 0);
    oc_arena_clear(&arena);
    oc_store_close(store);
}

static void an_abandoned_upload_takes_its_token_along(void **state)
{
    const struct oc_slice hex = OC_STR("00112233445566778899aabbccddeeff");
    struct oc_store *store = open_store(*state);
    struct oc_arena arena;
    uint64_t ended;

    oc_arena_init(&arena, 1 << 20);
    put(store, OC_RECORD_IDEMPOTENCY, oc_key_token(&arena, hex), OC_STR("x"));
    put_upload(store, &arena, "aaaaaaaaaaaa", hex);
    put_parts(store, &arena, "aaaaaaaaaaaa", 300);
    ok(oc_uploads_delete_old(store, OC_STR(REGION), 1000, &ended, &err));
    assert_int_equal(ended, 0);
    ok(oc_uploads_delete_old(store, OC_STR(REGION), 1001, &ended, &err));
    assert_int_equal(ended, 1);
    assert_int_equal(count(store, OC_RECORD_UPLOAD), 0);
    assert_int_equal(count(store, OC_RECORD_UPLOAD_PART), 0);
    assert_int_equal(count(store, OC_RECORD_IDEMPOTENCY), 0);
    oc_arena_clear(&arena);
    oc_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_counted_up_to_a_quota),
        cmocka_unit_test_setup_teardown(rests_of_uploads_that_are_gone_are_deleted, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(an_abandoned_upload_takes_its_token_along, folder_setup,
                                        folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
