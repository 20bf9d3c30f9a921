/*
 * A model of 1 TiB, as far as a test can have one: all of its parts are the same, so the store has
 * it once, but everything that counts parts and bytes counts them all.
 */
#include "cloud_fixture.h"

#include <string.h>
#include <unistd.h>

#define SIZE  (1ULL << 40)
#define PARTS (SIZE / OC_PART_SIZE)

static struct oc_err err;

/* -- a model that is larger than it was ----------------------------------------------------------
 */

struct growth {
    struct oc_write write;
    struct cloud *cloud;
    struct oc_model model;
};

static int apply_growth(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    struct growth *growth = (struct growth *)(void *)write;
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};

    oc_buf_init(&record, 1 << 20);
    oc_model_encode(&record, &growth->model);
    return oc_tx_put(tx, OC_RECORD_MODEL,
                     oc_key_model(&growth->cloud->arena, growth->model.partition, growth->model.id),
                     oc_buf_slice(&record), e);
}

/* Put a manifest in us-east-1; its digest in the arena. */
static struct oc_slice put_manifest(struct cloud *c, const struct oc_manifest *manifest)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_blob_name name = {.key_id = OC_STR(OC_KEYS_SERVICE)};
    char hex[OC_SHA256_HEX_LEN];

    oc_buf_init(&text, OC_MANIFEST_MAX);
    oc_manifest_encode(&text, manifest);
    assert_false(text.failed);
    ok(oc_sha256(oc_buf_slice(&text), name.sha256, &err));
    ok(oc_blob_put(c->regions[EAST].blobs, &name, oc_buf_slice(&text), true, &err));
    oc_hex_encode(name.sha256, sizeof name.sha256, hex);
    return oc_arena_copy(&c->arena, (struct oc_slice){hex, sizeof hex});
}

/* A model in us-east-1 whose every part is the one of `models/a`. */
static struct oc_slice make_huge_model(struct cloud *c)
{
    struct oc_slice id = cloud_imported(c, ALICE, EAST, "s3://models/a");
    struct growth growth = {
        .write.apply = apply_growth, .cloud = c, .model = cloud_model(c, ALICE, EAST, id)};
    struct oc_manifest small, huge;

    oc_manifest_init(&small);
    oc_manifest_init(&huge);
    ok(oc_copy_manifest_load(c->regions[EAST].blobs, growth.model.kms_key_id, growth.model.manifest,
                             &small, &err));
    assert_int_equal(small.part_count, 1);
    ok(oc_manifest_add(&huge, OC_STR("model.safetensors"), SIZE, false, &err));
    assert_int_equal(huge.part_count, PARTS);
    for (size_t i = 0; i < huge.part_count; i++)
        memcpy(huge.parts[i].sha256, small.parts[0].sha256, OC_SHA256_LEN);
    growth.model.manifest = put_manifest(c, &huge);
    growth.model.size_bytes = (int64_t)SIZE;
    ok(oc_store_write(c->store, &growth.write, &err));
    oc_manifest_clear(&small);
    oc_manifest_clear(&huge);
    return id;
}

/* -- the test ------------------------------------------------------------------------------------
 */

static void a_terabyte_is_counted_to_the_last_byte(void **state)
{
    struct cloud *c = *state;
    struct oc_copy_progress progress = {0};
    struct oc_copy_stats stats;
    struct oc_slice source, id;
    struct oc_model model;
    uint64_t before = 0, seen = 0;

    folder_write(c->folder, "models/a/weights", OC_PART_SIZE, 1);
    cloud_start(c);
    source = make_huge_model(c);
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    oc_copy_engine_wake(c->engine);
    while (!oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), id, &progress))
        ;
    while (oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), id, &progress)) {
        assert_true(progress.bytes_done >= before && progress.bytes_done <= SIZE);
        if (progress.parts_total) {
            assert_int_equal(progress.parts_total, PARTS);
            assert_true(progress.bytes_total == SIZE);
            assert_true(progress.bytes_done == progress.parts_done * OC_PART_SIZE);
            seen++;
        }
        before = progress.bytes_done;
        (void)usleep(1000);
    }
    assert_true(seen > 0);
    model = cloud_wait(c, ALICE, WEST, id);
    cloud_assert_active(&model);
    assert_true(model.size_bytes == (int64_t)SIZE);
    oc_copy_engine_stats(c->engine, &stats);
    assert_int_equal(stats.bytes_moved[OC_TASK_COPY] + stats.bytes_reused[OC_TASK_COPY], SIZE);
    assert_true(stats.bytes_reused[OC_TASK_COPY] >= SIZE - 16 * OC_PART_SIZE);
    assert_int_equal(cloud_blobs(c, WEST), 2); /* the part, the manifest */
    cloud_delete(c, ALICE, WEST, id);
    oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
    cloud_wait_blobs(c, WEST, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cloud_setup, cloud_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_terabyte_is_counted_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
