#include "cloud_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"

static struct oc_err err;

static const char *const region_names[2] = {"us-east-1", "us-west-2"};

static int allowed(struct oc_read *read, const struct oc_task *task, void *ctx, struct oc_err *e)
{
    const struct cloud *c = ctx;

    (void)read, (void)task;
    return c->revoked ? oc_fail(e, OC_EDENIED, "the policy does not allow it") : OC_OK;
}

void cloud_open(struct cloud *c)
{
    struct oc_store_options options = {.path = folder_path(c->folder, "store"),
                                       .map_bytes = 1UL << 30};
    struct oc_secret master = test_master();

    ok(oc_file_mkdirs(options.path, 0700, &err));
    ok(oc_store_open(&options, &c->store, &err));
    ok(oc_keys_open(folder_path(c->folder, "keyring.json"), &master, &c->keys, &err));
    for (int i = 0; i < 2; i++) {
        c->regions[i].name = oc_slice_of(region_names[i]);
        ok(oc_blob_fs_open(folder_path(c->folder, "blobs"), c->regions[i].name, c->keys,
                           &c->regions[i].blobs, &err));
        ok(oc_blob_clean(c->regions[i].blobs, &err));
    }
}

void cloud_close(struct cloud *c)
{
    for (int i = 0; i < 2; i++)
        oc_blob_close(c->regions[i].blobs);
    oc_keys_close(c->keys);
    oc_store_close(c->store);
}

int cloud_setup(void **state)
{
    struct cloud *c = calloc(1, sizeof *c);
    void *folder;

    oc_log_setup(OC_LOG_ERROR, false);
    if (folder_setup(&folder) != 0)
        return -1;
    c->folder = folder;
    oc_arena_init(&c->arena, 1UL << 26);
    cloud_open(c);
    *state = c;
    return 0;
}

int cloud_teardown(void **state)
{
    struct cloud *c = *state;
    void *folder = c->folder;

    cloud_stop(c);
    cloud_close(c);
    oc_arena_clear(&c->arena);
    free(c);
    return folder_teardown(&folder);
}

void cloud_start(struct cloud *c)
{
    const char *models = folder_path(c->folder, "models");

    ok(oc_file_mkdirs(models, 0700, &err));
    c->bucket = (struct oc_bucket){.name = OC_STR("models"),
                                   .folder = oc_arena_copy(&c->arena, oc_slice_of(models)).ptr};
    c->options.store = c->store;
    c->options.keys = c->keys;
    c->options.regions = c->regions;
    c->options.region_count = 2;
    c->options.buckets = &c->bucket;
    c->options.bucket_count = 1;
    c->options.still_allowed = allowed;
    c->options.allowed_ctx = c;
    ok(oc_copy_engine_new(&c->options, &c->engine, &err));
}

void cloud_stop(struct cloud *c)
{
    oc_copy_engine_free(c->engine);
    c->engine = NULL;
}

/* -- records ------------------------------------------------------------------------------------
 */

struct oc_slice cloud_id(struct cloud *c)
{
    char id[OC_ID_LEN];

    ok(oc_random_id(id, sizeof id, &err));
    c->ids++;
    return oc_arena_copy(&c->arena, (struct oc_slice){id, sizeof id});
}

struct oc_partition cloud_partition(const struct cloud *c, const char *account, int region)
{
    return (struct oc_partition){oc_slice_of(account), c->regions[region].name};
}

struct creation {
    struct oc_write write;
    struct cloud *cloud;
    struct oc_model model;
    struct oc_task task;
    struct oc_slice source_arn;
};

static int put(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
               struct oc_buf *record, struct oc_err *e)
{
    return oc_tx_put(tx, kind, key, oc_buf_slice(record), e);
}

static int create_job(struct oc_tx *tx, const struct creation *creation, struct oc_buf *arn,
                      struct oc_err *e)
{
    struct oc_job job = {
        .partition = creation->model.partition,
        .id = creation->model.job_id,
        .creation_ms = creation->model.creation_ms,
        .source_account = creation->task.source.account,
        .source_model_arn = creation->source_arn,
        .target_model_name = creation->model.name,
    };

    oc_model_put_arn(arn, &creation->model);
    job.target_model_arn = oc_buf_slice(arn);
    return oc_tx_job_create(tx, &job, e);
}

static int apply_creation(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    struct creation *creation = (struct creation *)(void *)write;
    const struct oc_model *model = &creation->model;
    struct oc_arena *arena = &creation->cloud->arena;
    OC_AUTO(oc_buf_clear) struct oc_buf record, task, arn;
    int rc;

    oc_buf_init(&record, 1 << 20);
    oc_buf_init(&task, 1 << 20);
    oc_buf_init(&arn, 1 << 20);
    oc_model_encode(&record, model);
    oc_task_encode(&task, &creation->task);
    rc = put(tx, OC_RECORD_MODEL, oc_key_model(arena, model->partition, model->id), &record, e);
    if (rc == OC_OK)
        rc = oc_tx_put(tx, OC_RECORD_MODEL_NAME,
                       oc_key_model_name(arena, model->partition, model->name), model->id, e);
    if (rc == OC_OK)
        rc = oc_tx_put(tx, OC_RECORD_MODEL_ORDER,
                       oc_key_model_order(arena, model->partition, model->creation_ms, model->id),
                       model->name, e);
    if (rc == OC_OK)
        rc = put(tx, OC_RECORD_TASK, oc_key_task(arena, model->partition, model->id), &task, e);
    if (rc == OC_OK)
        rc = oc_tx_put(tx, OC_RECORD_ACCOUNT, model->partition.account, OC_STR("{}"), e);
    if (rc == OC_OK && creation->task.kind == OC_TASK_COPY)
        rc = create_job(tx, creation, &arn, e);
    return rc;
}

static struct oc_slice create(struct cloud *c, struct oc_partition partition, struct oc_task task,
                              struct oc_slice source_arn)
{
    struct creation creation = {
        .write.apply = apply_creation, .cloud = c, .source_arn = source_arn};
    struct oc_slice id = cloud_id(c);

    task.target = partition;
    task.model_id = id;
    if (task.kind == OC_TASK_COPY)
        task.job_id = cloud_id(c);
    creation.task = task;
    creation.model = (struct oc_model){
        .partition = partition,
        .id = id,
        .name = oc_arena_printf(&c->arena, "model-%u", c->ids),
        .base = OC_STR("imported"),
        .base_model_arn = OC_STR("arn:aws:bedrock:us-east-1::foundation-model/imported.unknown"),
        .source_uri = task.source_uri,
        .job_id = task.job_id,
        .creation_ms = oc_clock_now_ms(),
        .kms_key_id = task.key_id,
    };
    ok(oc_store_write(c->store, &creation.write, &err));
    return id;
}

struct oc_slice cloud_import_as(struct cloud *c, const char *account, int region, const char *uri,
                                struct oc_slice key_id)
{
    struct oc_task task = {
        .kind = OC_TASK_IMPORT, .source_uri = oc_slice_of(uri), .key_id = key_id};

    return create(c, cloud_partition(c, account, region), task, (struct oc_slice){0});
}

struct oc_slice cloud_import(struct cloud *c, const char *account, int region, const char *uri)
{
    return cloud_import_as(c, account, region, uri, OC_STR(OC_KEYS_SERVICE));
}

struct oc_slice cloud_copy_as(struct cloud *c, const char *account, int region,
                              const char *from_account, int from_region, struct oc_slice source,
                              struct oc_slice key_id)
{
    struct oc_task task = {.kind = OC_TASK_COPY,
                           .source = cloud_partition(c, from_account, from_region),
                           .source_model_id = source,
                           .key_id = key_id};

    return create(c, cloud_partition(c, account, region), task,
                  oc_arena_printf(&c->arena, "arn:aws:bedrock:%.*s:%s:custom-model/imported/%.*s",
                                  OC_FMT(task.source.region), from_account, OC_FMT(source)));
}

struct oc_slice cloud_copy(struct cloud *c, const char *account, int region,
                           const char *from_account, int from_region, struct oc_slice source)
{
    return cloud_copy_as(c, account, region, from_account, from_region, source,
                         OC_STR(OC_KEYS_SERVICE));
}

struct oc_slice cloud_upload(struct cloud *c, const char *account, int region,
                             struct oc_slice manifest)
{
    struct oc_task task = {
        .kind = OC_TASK_UPLOAD, .manifest = manifest, .key_id = OC_STR(OC_KEYS_SERVICE)};

    return create(c, cloud_partition(c, account, region), task, (struct oc_slice){0});
}

struct deletion {
    struct oc_write write;
    struct cloud *cloud;
    struct oc_model model;
};

static int apply_deletion(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    struct deletion *deletion = (struct deletion *)(void *)write;
    const struct oc_model *m = &deletion->model;
    struct oc_arena *arena = &deletion->cloud->arena;
    int rc = oc_tx_delete(tx, OC_RECORD_MODEL, oc_key_model(arena, m->partition, m->id), e);

    if (rc == OC_OK)
        rc = oc_tx_delete(tx, OC_RECORD_MODEL_ORDER,
                          oc_key_model_order(arena, m->partition, m->creation_ms, m->id), e);
    if (rc == OC_OK && m->status != OC_MODEL_FAILED)
        rc = oc_tx_delete(tx, OC_RECORD_MODEL_NAME, oc_key_model_name(arena, m->partition, m->name),
                          e);
    if (rc == OC_OK)
        rc = oc_tx_delete(tx, OC_RECORD_TASK, oc_key_task(arena, m->partition, m->id), e);
    return rc;
}

void cloud_delete(struct cloud *c, const char *account, int region, struct oc_slice id)
{
    struct deletion deletion = {
        .write.apply = apply_deletion, .cloud = c, .model = cloud_model(c, account, region, id)};

    ok(oc_store_write(c->store, &deletion.write, &err));
}

/* -- looking ------------------------------------------------------------------------------------
 */

struct oc_model cloud_model(struct cloud *c, const char *account, int region, struct oc_slice id)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice key = oc_key_model(&c->arena, cloud_partition(c, account, region), id), record;
    struct oc_model model;

    ok(oc_store_read(c->store, &read, &err));
    ok(oc_read_get(read, OC_RECORD_MODEL, key, &record, &err));
    ok(oc_model_decode(record, &c->arena, &model, &err));
    return model;
}

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

struct oc_model cloud_wait(struct cloud *c, const char *account, int region, struct oc_slice id)
{
    oc_copy_engine_wake(c->engine);
    for (int i = 0; i < 12000; i++) {
        struct oc_model model = cloud_model(c, account, region, id);

        if (model.status != OC_MODEL_CREATING)
            return model;
        pause_ms(i < 20 ? 2 : 10);
    }
    fail_msg("a model is still Creating after two minutes");
    return (struct oc_model){0};
}

unsigned cloud_blobs(const struct cloud *c, int region)
{
    char path[64];

    (void)snprintf(path, sizeof path, "blobs/%s/parts", region_names[region]);
    return folder_count(c->folder, path);
}

void cloud_wait_blobs(struct cloud *c, int region, unsigned count)
{
    for (int i = 0; i < 2000 && cloud_blobs(c, region) != count; i++)
        pause_ms(5);
    assert_int_equal(cloud_blobs(c, region), count);
}

struct oc_slice cloud_imported(struct cloud *c, const char *account, int region, const char *uri)
{
    struct oc_slice id = cloud_import(c, account, region, uri);
    struct oc_model model = cloud_wait(c, account, region, id);

    cloud_assert_active(&model);
    return id;
}

void cloud_assert_active(const struct oc_model *model)
{
    if (model->status != OC_MODEL_ACTIVE)
        fail_msg("%.*s: %.*s", OC_FMT(oc_model_status_text(model->status)),
                 OC_FMT(model->failure_message));
}

void cloud_assert_failed(struct cloud *c, const struct oc_model *model, const char *text)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice record;

    assert_int_equal(model->status, OC_MODEL_FAILED);
    if (oc_slice_find_slice(model->failure_message, oc_slice_of(text)) < 0)
        fail_msg("'%s' is not in: %.*s", text, OC_FMT(model->failure_message));
    assert_true(model->failure_message.len <= OC_FAILURE_MESSAGE_MAX);
    ok(oc_store_read(c->store, &read, &err));
    assert_int_equal(oc_read_get(read, OC_RECORD_MODEL_NAME,
                                 oc_key_model_name(&c->arena, model->partition, model->name),
                                 &record, &err),
                     OC_ENOTFOUND);
    assert_int_equal(oc_read_get(read, OC_RECORD_TASK,
                                 oc_key_task(&c->arena, model->partition, model->id), &record,
                                 &err),
                     OC_ENOTFOUND);
    if (model->job_id.ptr) {
        OC_AUTO(oc_json_freep) struct oc_json *job = NULL;

        ok(oc_read_job_json(read, model->partition, model->job_id, &record, &err));
        ok(oc_json_parse(record, &job, &err));
        assert_true(oc_slice_eq_str(oc_json_string(oc_json_get(job, "status")), "Failed"));
        assert_true(oc_slice_eq(oc_json_string(oc_json_get(job, "failureMessage")),
                                model->failure_message));
    }
}

static void show(const char *finding, void *ctx)
{
    (void)ctx;
    print_error("finding: %s\n", finding);
}

uint64_t cloud_check(struct cloud *c)
{
    struct oc_copy_check_options options = {
        .store = c->store, .regions = c->regions, .region_count = 2, .deep = true, .fn = show};
    uint64_t findings = 0, store_findings = 0, leftovers = 0;

    ok(oc_copy_check(&options, &findings, &err));
    ok(oc_store_check(c->store, show, NULL, &store_findings, &err));
    for (int i = 0; !c->engine && i < 2; i++) { /* nothing is being written */
        ok(oc_blob_leftovers(c->regions[i].blobs, &leftovers, &err));
        assert_int_equal(leftovers, 0);
    }
    return findings + store_findings;
}

void cloud_assert_content(struct cloud *c, int region, const struct oc_model *model,
                          const char *path)
{
    uint8_t *part = malloc(OC_BLOB_ROOM(OC_PART_SIZE));
    struct oc_manifest m;

    oc_manifest_init(&m);
    ok(oc_copy_manifest_load(c->regions[region].blobs, model->kms_key_id, model->manifest, &m,
                             &err));
    assert_int_equal(m.size, model->size_bytes);
    assert_int_equal(m.file_count, model->file_count);
    assert_int_equal(folder_count(c->folder, path), m.file_count);
    for (size_t i = 0; i < m.file_count; i++) {
        char file[600];
        struct oc_buf bytes = {0};
        size_t at = 0;

        (void)snprintf(file, sizeof file, "%s/%.*s", path, OC_FMT(m.files[i].path));
        ok(oc_file_read(folder_path(c->folder, file), 1UL << 30, &bytes, &err));
        assert_int_equal(bytes.len, m.files[i].size);
        for (uint32_t p = 0; p < oc_manifest_file_parts(&m.files[i]); p++) {
            struct oc_blob_name name = {.key_id = model->kms_key_id};
            size_t len, want;

            memcpy(name.sha256, m.parts[m.files[i].first_part + p].sha256, 32);
            ok(oc_blob_get(c->regions[region].blobs, &name, part, OC_BLOB_ROOM(OC_PART_SIZE), &len,
                           &err));
            want =
                bytes.len - at < len - m.files[i].offset ? bytes.len - at : len - m.files[i].offset;
            assert_memory_equal(part + m.files[i].offset, bytes.ptr + at, want);
            at += want;
        }
        assert_int_equal(at, bytes.len);
        oc_buf_clear(&bytes);
    }
    oc_manifest_clear(&m);
    free(part);
}
