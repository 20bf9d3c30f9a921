/* The copy engine when all goes well: copies, imports, uploads, restarts, sweeping, fairness. */
#include "cloud_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

#define MIB     (1024 * 1024)
#define SERVICE OC_STR(OC_KEYS_SERVICE)

static struct oc_err err;

/* A model of some shape: 6 parts. */
static void write_model(const struct cloud *c)
{
    folder_write_text(c->folder, "models/bert/config.json", "{\"model_type\":\"BERT\"}");
    folder_write(c->folder, "models/bert/model.safetensors", 20 * MIB + 17, 1);
    folder_write(c->folder, "models/bert/empty", 0, 0);
    folder_write(c->folder, "models/bert/z/empty-too", 0, 0);
    folder_write(c->folder, "models/bert/vocab/words.txt", 30000, 2);
    folder_write(c->folder, "models/bert/vocab/more.txt", 8 * MIB, 3);
    assert_int_equal(chmod(folder_path(c->folder, "models/bert/vocab/words.txt"), 0755), 0);
}

static void an_import_and_its_copy_are_the_files_they_were(void **state)
{
    struct cloud *c = *state;
    struct oc_model model, copy;
    struct oc_slice id;

    write_model(c);
    cloud_start(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/bert/");
    model = cloud_model(c, ALICE, EAST, id);
    assert_int_equal(model.file_count, 6);
    assert_int_equal(model.size_bytes, 28 * MIB + 17 + 30000 + 21);
    assert_true(oc_slice_eq_str(model.base_model_arn,
                                "arn:aws:bedrock:us-east-1::foundation-model/imported.bert"));
    cloud_assert_content(c, EAST, &model, "models/bert");
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, id);
    copy = cloud_wait(c, ALICE, WEST, id);
    cloud_assert_active(&copy);
    cloud_assert_content(c, WEST, &copy, "models/bert");
    assert_true(oc_slice_eq(copy.manifest, model.manifest));
    assert_int_equal(copy.size_bytes, model.size_bytes);
    assert_int_equal(copy.file_count, model.file_count);
    assert_int_equal(cloud_check(c), 0);
    cloud_stop(c);
    assert_int_equal(cloud_check(c), 0);
}

static void a_copy_goes_to_another_account_and_key_in_the_same_region(void **state)
{
    struct cloud *c = *state;
    struct oc_key_info key;
    struct oc_slice id;
    struct oc_model copy;

    write_model(c);
    cloud_start(c);
    ok(oc_keys_create(c->keys, OC_STR(BOB), c->regions[EAST].name, OC_STR(""), &c->arena, &key,
                      &err));
    id = cloud_imported(c, ALICE, EAST, "s3://models/bert");
    id = cloud_copy_as(c, BOB, EAST, ALICE, EAST, id, key.id);
    copy = cloud_wait(c, BOB, EAST, id);
    cloud_assert_active(&copy);
    cloud_assert_content(c, EAST, &copy, "models/bert");
    assert_int_equal(cloud_blobs(c, EAST), 14); /* 6 parts and a manifest, under two keys */
    assert_int_equal(cloud_check(c), 0);
}

static void parts_that_are_there_are_not_moved_again(void **state)
{
    struct cloud *c = *state;
    struct oc_slice first, second;
    struct oc_model copy;
    unsigned before;

    folder_write(c->folder, "models/a/big", 17 * MIB, 1);
    folder_write(c->folder, "models/a/small", 10, 1);
    folder_write(c->folder, "models/b/big", 17 * MIB, 1); /* the same */
    folder_write(c->folder, "models/b/small", 10, 2);
    cloud_start(c);
    first = cloud_imported(c, ALICE, EAST, "s3://models/a");
    assert_int_equal(cloud_blobs(c, EAST), 5);
    second = cloud_imported(c, ALICE, EAST, "s3://models/b");
    assert_int_equal(cloud_blobs(c, EAST), 7); /* one part and a manifest more */
    copy = cloud_wait(c, ALICE, WEST, cloud_copy(c, ALICE, WEST, ALICE, EAST, first));
    cloud_assert_active(&copy);
    before = cloud_blobs(c, WEST);
    copy = cloud_wait(c, ALICE, WEST, cloud_copy(c, ALICE, WEST, ALICE, EAST, second));
    cloud_assert_active(&copy);
    assert_int_equal(cloud_blobs(c, WEST), before + 2);
    assert_int_equal(cloud_check(c), 0);
}

static void work_that_was_waiting_at_the_start_is_done(void **state)
{
    struct cloud *c = *state;
    struct oc_slice ids[10];

    write_model(c);
    for (int i = 0; i < 10; i++)
        ids[i] = cloud_import(c, i % 2 ? ALICE : BOB, i % 3 ? EAST : WEST, "s3://models/bert");
    cloud_start(c);
    for (int i = 0; i < 10; i++) {
        struct oc_model model = cloud_wait(c, i % 2 ? ALICE : BOB, i % 3 ? EAST : WEST, ids[i]);

        cloud_assert_active(&model);
    }
    assert_int_equal(cloud_check(c), 0);
}

/* Stop the engine again and again in the middle of the work: it goes on, and nothing is half there.
 */
static void stopped_work_goes_on_at_the_next_start(void **state)
{
    struct cloud *c = *state;
    struct oc_slice id;
    struct oc_model model;

    folder_write(c->folder, "models/big/weights", 120 * MIB, 1);
    cloud_start(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/big");
    cloud_stop(c);
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, id);
    for (int i = 0; i < 6; i++) {
        cloud_start(c);
        (void)usleep(15000);
        cloud_stop(c);
        assert_int_equal(cloud_check(c), 0);
    }
    cloud_start(c);
    model = cloud_wait(c, ALICE, WEST, id);
    cloud_assert_active(&model);
    cloud_assert_content(c, WEST, &model, "models/big");
    assert_int_equal(cloud_check(c), 0);
}

/* -- uploads ------------------------------------------------------------------------------------
 */

/* Store the parts of one file of 10 MiB as a client would; the manifest's digest. */
static struct oc_slice upload(struct cloud *c, bool wrong_file, bool without_a_part)
{
    struct oc_blob_name name = {.key_id = SERVICE};
    struct oc_manifest m;
    struct oc_buf text;
    uint8_t *bytes = malloc(10 * MIB);
    char hex[64];

    fill_bytes(bytes, 10 * MIB, 5);
    oc_manifest_init(&m);
    ok(oc_manifest_add(&m, OC_STR("weights"), 10 * MIB, false, &err));
    ok(oc_manifest_add(&m, OC_STR("x-empty"), 0, false, &err));
    ok(oc_sha256((struct oc_slice){(char *)bytes, 10 * MIB}, m.files[0].sha256, &err));
    ok(oc_sha256(OC_STR(""), m.files[1].sha256, &err));
    m.files[0].sha256[0] ^= wrong_file;
    for (uint32_t i = 0; i < 2; i++) {
        struct oc_slice part = {(char *)bytes + i * OC_PART_SIZE, m.parts[i].size};

        ok(oc_sha256(part, m.parts[i].sha256, &err));
        memcpy(name.sha256, m.parts[i].sha256, 32);
        if (i == 0 || !without_a_part)
            ok(oc_blob_put(c->regions[EAST].blobs, &name, part, false, &err));
    }
    ok(oc_manifest_set_type(&m, OC_STR("llama"), &err));
    oc_buf_init(&text, MIB);
    oc_manifest_encode(&text, &m);
    ok(oc_sha256(oc_buf_slice(&text), name.sha256, &err));
    ok(oc_blob_put(c->regions[EAST].blobs, &name, oc_buf_slice(&text), false, &err));
    oc_hex_encode(name.sha256, 32, hex);
    oc_buf_clear(&text);
    oc_manifest_clear(&m);
    free(bytes);
    return oc_arena_copy(&c->arena, (struct oc_slice){hex, 64});
}

static void an_upload_becomes_active_after_it_was_verified(void **state)
{
    struct cloud *c = *state;
    struct oc_model model;

    cloud_start(c);
    model = cloud_wait(c, ALICE, EAST, cloud_upload(c, ALICE, EAST, upload(c, false, false)));
    cloud_assert_active(&model);
    assert_int_equal(model.size_bytes, 10 * MIB);
    assert_true(
        oc_slice_has_suffix(model.base_model_arn, OC_STR("foundation-model/imported.llama")));
    assert_int_equal(cloud_check(c), 0);
}

static void an_upload_that_is_not_what_its_manifest_says_fails(void **state)
{
    struct cloud *c = *state;
    struct oc_model model;

    cloud_start(c);
    model = cloud_wait(c, ALICE, EAST, cloud_upload(c, ALICE, EAST, upload(c, true, false)));
    cloud_assert_failed(c, &model, "file 'weights' does not have the SHA-256");
    cloud_wait_blobs(c, EAST, 0);
    model = cloud_wait(c, ALICE, EAST, cloud_upload(c, ALICE, EAST, upload(c, false, true)));
    cloud_assert_failed(c, &model, "part 2 of 2 (file 'weights')");
    cloud_wait_blobs(c, EAST, 0);
    model = cloud_wait(c, ALICE, EAST, cloud_upload(c, ALICE, EAST, OC_STR("00")));
    cloud_assert_failed(c, &model, "manifest");
    assert_int_equal(cloud_check(c), 0);
}

/* -- sweeping -----------------------------------------------------------------------------------
 */

static void deleting_a_model_frees_what_no_other_needs(void **state)
{
    struct cloud *c = *state;
    struct oc_slice a, b;
    struct oc_model model;

    folder_write(c->folder, "models/a/big", 17 * MIB, 1);
    folder_write(c->folder, "models/a/own", 10, 1);
    folder_write(c->folder, "models/b/big", 17 * MIB, 1);
    cloud_start(c);
    a = cloud_imported(c, ALICE, EAST, "s3://models/a");
    b = cloud_imported(c, BOB, EAST, "s3://models/b");
    assert_int_equal(cloud_blobs(c, EAST), 3 + 1 + 2);
    cloud_delete(c, ALICE, EAST, a);
    oc_copy_engine_sweep(c->engine, c->regions[EAST].name);
    cloud_wait_blobs(c, EAST, 3 + 1);
    model = cloud_model(c, BOB, EAST, b);
    cloud_assert_content(c, EAST, &model, "models/b");
    cloud_delete(c, BOB, EAST, b);
    oc_copy_engine_sweep(c->engine, c->regions[EAST].name);
    cloud_wait_blobs(c, EAST, 0);
    oc_copy_engine_sweep(c->engine, OC_STR("nowhere-1"));
    assert_int_equal(cloud_check(c), 0);
}

struct record_write {
    struct oc_write write;
    enum oc_record_kind kind;
    struct oc_slice key, value;
};

static int apply_record(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    struct record_write *w = (struct record_write *)(void *)write;

    return w->value.ptr ? oc_tx_put(tx, w->kind, w->key, w->value, e)
                        : oc_tx_delete(tx, w->kind, w->key, e);
}

/* Set a record, or remove it when the value is absent. */
static void set_record(struct cloud *c, enum oc_record_kind kind, struct oc_slice key,
                       struct oc_slice value)
{
    struct record_write w = {.write.apply = apply_record, .kind = kind, .key = key, .value = value};

    ok(oc_store_write(c->store, &w.write, &err));
}

static void sweeping_keeps_what_is_pinned_or_uploaded_or_still_to_be_copied(void **state)
{
    struct cloud *c = *state;
    struct oc_blob_name name = {.key_id = SERVICE}, loose = {.key_id = SERVICE};
    struct oc_slice region = c->regions[EAST].name, upload_key, key, hex_slice;
    char hex[64];

    cloud_start(c);
    ok(oc_sha256(OC_STR("pinned"), name.sha256, &err));
    ok(oc_copy_engine_pin(c->engine, region, name.sha256, &err));
    ok(oc_copy_engine_pin(c->engine, region, name.sha256, &err));
    ok(oc_blob_put(c->regions[EAST].blobs, &name, OC_STR("pinned"), false, &err));
    ok(oc_sha256(OC_STR("uploaded"), loose.sha256, &err));
    ok(oc_blob_put(c->regions[EAST].blobs, &loose, OC_STR("uploaded"), false, &err));
    oc_hex_encode(loose.sha256, 32, hex);
    hex_slice = (struct oc_slice){hex, 64};
    key = oc_key_join(&c->arena,
                      (struct oc_slice[]){OC_STR(ALICE), region, OC_STR("upload123456"), hex_slice},
                      4);
    upload_key = oc_key_join(&c->arena,
                             (struct oc_slice[]){OC_STR(ALICE), region, OC_STR("upload123456")}, 3);
    set_record(c, OC_RECORD_UPLOAD, upload_key, OC_STR("{}"));
    set_record(c, OC_RECORD_UPLOAD_PART, key, OC_STR("8"));
    (void)upload(c, false, false); /* three more, and nothing speaks of them */
    assert_int_equal(cloud_blobs(c, EAST), 5);
    oc_copy_engine_sweep(c->engine, region);
    cloud_wait_blobs(c, EAST, 2);
    oc_copy_engine_unpin(c->engine, region, name.sha256);
    oc_copy_engine_sweep(c->engine, region);
    (void)usleep(50000);
    assert_int_equal(cloud_blobs(c, EAST), 2);
    oc_copy_engine_unpin(c->engine, region,
                         name.sha256); /* the sweep that met the pin comes again */
    cloud_wait_blobs(c, EAST, 1);
    set_record(c, OC_RECORD_UPLOAD, upload_key,
               (struct oc_slice){0}); /* then its part holds nothing */
    oc_copy_engine_sweep(c->engine, region);
    cloud_wait_blobs(c, EAST, 0);
    assert_int_equal(oc_copy_engine_pin(c->engine, OC_STR("nowhere-1"), name.sha256, &err),
                     OC_ENOTFOUND);
}

/* Sweeps without a pause beside copies that share their parts with models that come and go. */
/* An upload that began `age_ms` ago and has a blob and `parts` records of parts. */
static struct oc_slice begin_upload(struct cloud *c, const char *id, int64_t age_ms, unsigned parts)
{
    struct oc_slice region = c->regions[EAST].name;
    struct oc_slice key =
        oc_key_join(&c->arena, (struct oc_slice[]){OC_STR(ALICE), region, oc_slice_of(id)}, 3);
    struct oc_model model = {.partition = cloud_partition(c, ALICE, EAST),
                             .id = oc_slice_of(id),
                             .name = OC_STR("name"),
                             .base = OC_STR("imported"),
                             .base_model_arn = OC_STR("arn:aws:bedrock:us-east-1::x/y"),
                             .status = OC_MODEL_CREATING,
                             .creation_ms = oc_clock_now_ms() - age_ms,
                             .kms_key_id = SERVICE};
    struct oc_blob_name name = {.key_id = SERVICE};
    struct oc_buf record;
    char hex[64];

    oc_buf_init(&record, 4096);
    oc_model_encode(&record, &model);
    set_record(c, OC_RECORD_UPLOAD, key, oc_buf_slice(&record));
    oc_buf_clear(&record);
    for (unsigned i = 0; i < parts; i++) {
        oc_put_be32(name.sha256, i);
        if (i == 0) {
            ok(oc_sha256(oc_slice_of(id), name.sha256, &err));
            ok(oc_blob_put(c->regions[EAST].blobs, &name, oc_slice_of(id), false, &err));
        }
        oc_hex_encode(name.sha256, 32, hex);
        set_record(c, OC_RECORD_UPLOAD_PART,
                   oc_key_join(&c->arena, (struct oc_slice[]){key, {hex, 64}}, 2), OC_STR("8"));
    }
    return key;
}

static int count_record(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *e)
{
    (void)key, (void)value, (void)e;
    ++*(unsigned *)ctx;
    return 0;
}

static unsigned count_records(struct cloud *c, enum oc_record_kind kind)
{
    struct oc_read *read;
    unsigned count = 0;

    ok(oc_store_read(c->store, &read, &err));
    ok(oc_read_scan(read, &(struct oc_scan){.kind = kind}, count_record, &count, &err));
    oc_read_close(read);
    return count;
}

static void uploads_that_were_abandoned_give_back_what_they_hold(void **state)
{
    struct cloud *c = *state;

    (void)begin_upload(c, "aaaaaaaaaaa1", 3600000, 700); /* more parts than one change removes */
    (void)begin_upload(c, "aaaaaaaaaaa2", 0, 3);
    set_record(c, OC_RECORD_UPLOAD, OC_STR("unreadable"), OC_STR("{}"));
    cloud_start(c);
    (void)usleep(20000);
    assert_int_equal(count_records(c, OC_RECORD_UPLOAD), 3); /* kept for ever */
    cloud_stop(c);
    c->options.upload_keep_ms = 1800000;
    cloud_start(c);
    cloud_wait_blobs(c, EAST, 1);
    assert_int_equal(count_records(c, OC_RECORD_UPLOAD), 2);
    assert_int_equal(count_records(c, OC_RECORD_UPLOAD_PART), 3);
}

static void sweeping_never_harms_running_work(void **state)
{
    struct cloud *c = *state;
    struct oc_slice kept, ids[12];

    folder_write(c->folder, "models/a/big", 33 * MIB, 1);
    for (int i = 0; i < 40; i++) {
        char path[64];

        (void)snprintf(path, sizeof path, "models/a/small-%02d", i);
        folder_write(c->folder, path, 1000, (uint64_t)i);
    }
    cloud_start(c);
    kept = cloud_imported(c, ALICE, EAST, "s3://models/a");
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 12; i++)
            ids[i] = i % 3 ? cloud_copy(c, BOB, WEST, ALICE, EAST, kept)
                           : cloud_import(c, BOB, WEST, "s3://models/a");
        for (int i = 0; i < 12; i++) {
            struct oc_model model;

            oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
            model = cloud_wait(c, BOB, WEST, ids[i]);
            cloud_assert_active(&model);
            if (i % 2)
                cloud_delete(c, BOB, WEST, ids[i]);
            oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
        }
        assert_int_equal(cloud_check(c), 0);
        for (int i = 0; i < 12; i += 2)
            cloud_delete(c, BOB, WEST, ids[i]);
    }
    oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
    cloud_wait_blobs(c, WEST, 0);
}

/* -- order and progress -------------------------------------------------------------------------
 */

static void a_small_copy_does_not_wait_behind_large_ones(void **state)
{
    struct cloud *c = *state;
    struct oc_slice large[6], small, source;
    struct oc_model model;
    unsigned unfinished = 0;

    c->options.jobs_at_once = 4;
    c->options.workers = 1;
    folder_write(c->folder, "models/large/weights", 160 * MIB, 1);
    folder_write(c->folder, "models/small/weights", 1000, 1);
    cloud_start(c);
    source = cloud_imported(c, BOB, EAST, "s3://models/small");
    for (int i = 0; i < 6; i++)
        large[i] = cloud_import(c, i % 2 ? ALICE : "333333333333", EAST, "s3://models/large");
    oc_copy_engine_wake(c->engine);
    (void)usleep(20000);
    small = cloud_copy(c, BOB, WEST, BOB, EAST, source);
    model = cloud_wait(c, BOB, WEST, small);
    cloud_assert_active(&model);
    for (int i = 0; i < 6; i++) {
        model = cloud_model(c, i % 2 ? ALICE : "333333333333", EAST, large[i]);
        unfinished += model.status == OC_MODEL_CREATING;
    }
    assert_true(unfinished >= 5);
    for (int i = 0; i < 6; i++) {
        model = cloud_wait(c, i % 2 ? ALICE : "333333333333", EAST, large[i]);
        cloud_assert_active(&model);
    }
}

/* More than two windows of the queue: the engine comes to the end of it, and others need not wait.
 */
static void a_long_queue_is_worked_off_and_holds_up_nobody(void **state)
{
    enum { MANY = 600, FEW = 5 };
    struct cloud *c = *state;
    struct oc_slice many[MANY], few[FEW], source;
    unsigned unfinished = 0;

    c->options.jobs_at_once = 4;
    folder_write(c->folder, "models/small/weights", 1000, 1);
    cloud_start(c);
    source = cloud_imported(c, ALICE, EAST, "s3://models/small");
    cloud_stop(c);
    for (int i = 0; i < MANY; i++)
        many[i] = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    for (int i = 0; i < FEW; i++)
        few[i] = cloud_copy(c, BOB, WEST, ALICE, EAST, source);
    cloud_start(c);
    for (int i = 0; i < FEW; i++) {
        struct oc_model model = cloud_wait(c, BOB, WEST, few[i]);
        cloud_assert_active(&model);
    }
    for (int i = 0; i < MANY; i++) {
        struct oc_model model = cloud_model(c, ALICE, WEST, many[i]);
        unfinished += model.status == OC_MODEL_CREATING;
    }
    assert_true(unfinished > MANY / 2);
    for (int i = 0; i < MANY; i++) {
        struct oc_model model = cloud_wait(c, ALICE, WEST, many[i]);
        cloud_assert_active(&model);
    }
}

/* Ten parts at a rate of eight a second: what is handed out before the first charge is at most
 * five. */
static void bandwidth_holds_copies_back_and_imports_not(void **state)
{
    struct cloud *c = *state;
    struct oc_slice id, again;
    struct oc_model model;
    int64_t begin;

    c->options.bandwidth = 8 * OC_PART_SIZE;
    folder_write(c->folder, "models/large/weights", 10 * OC_PART_SIZE, 1);
    cloud_start(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/large");
    begin = oc_clock_mono_us();
    again = cloud_copy(c, ALICE, WEST, ALICE, EAST, id);
    model = cloud_wait(c, ALICE, WEST, again);
    cloud_assert_active(&model);
    assert_true(oc_clock_mono_us() - begin >= 4 * 1000000 / 8);
    begin = oc_clock_mono_us();
    again = cloud_copy(c, BOB, WEST, ALICE, EAST, id); /* all is there: nothing is charged */
    model = cloud_wait(c, BOB, WEST, again);
    cloud_assert_active(&model);
}

#define DAY_MS   (1790000000000 / 86400000 * 86400000) /* midnight of some day, UTC */
#define NOON_MS  (DAY_MS + 12 * 3600000)
#define NIGHT_MS (DAY_MS + 22 * 3600000)

/* A cloud whose copies run from 22 to 6 by the process's time zone, at noon. */
static void start_at_noon(struct cloud *c)
{
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    c->options.from_hour = 22;
    c->options.to_hour = 6;
    folder_write(c->folder, "models/m/weights", 1000, 1);
    oc_clock_set(NOON_MS);
    cloud_start(c);
}

static void copies_keep_to_their_hours(void **state)
{
    struct cloud *c = *state;
    struct oc_copy_progress now = {0};
    struct oc_slice id, copy;
    struct oc_model model;

    start_at_noon(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/m"); /* imports go on */
    copy = cloud_copy(c, ALICE, WEST, ALICE, EAST, id);
    oc_copy_engine_wake(c->engine);
    for (int i = 0;
         i < 5000 &&
         (!oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), copy, &now) ||
          strcmp(now.phase, "waiting") != 0);
         i++)
        (void)usleep(1000);
    assert_string_equal(now.phase, "waiting");
    assert_string_equal(now.waiting_for, "copies run from 22:00 to 06:00 o'clock");
    model = cloud_model(c, ALICE, WEST, copy);
    assert_int_equal(model.status, OC_MODEL_CREATING);
    oc_clock_set(NIGHT_MS);
    oc_copy_engine_wake(c->engine);
    model = cloud_wait(c, ALICE, WEST, copy);
    cloud_assert_active(&model);
    oc_clock_set(-1);
}

/* More copies than a window of the queue has do not hide what may run now. */
static void an_import_is_seen_behind_copies_that_wait_for_the_hour(void **state)
{
    enum { MANY = 600 };
    struct cloud *c = *state;
    struct oc_slice source, many[MANY];
    struct oc_model model;

    start_at_noon(c);
    source = cloud_imported(c, ALICE, EAST, "s3://models/m");
    cloud_stop(c);
    for (int i = 0; i < MANY; i++)
        many[i] = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    cloud_start(c);
    (void)cloud_imported(c, ALICE, WEST, "s3://models/m");
    oc_clock_set(NIGHT_MS);
    for (int i = 0; i < MANY; i++) {
        model = cloud_wait(c, ALICE, WEST, many[i]);
        cloud_assert_active(&model);
    }
    oc_clock_set(-1);
}

/* The hour ends in the middle of a copy: it stops between two parts, and goes on when it may. */
static void a_copy_pauses_when_its_hours_end(void **state)
{
    struct cloud *c = *state;
    struct oc_copy_progress now = {0};
    struct oc_slice id, copy;
    struct oc_model model;

    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    c->options.from_hour = 1;
    c->options.to_hour = 2;
    c->options.bandwidth = 4 * OC_PART_SIZE; /* so that it is not over too soon */
    folder_write(c->folder, "models/large/weights", 12 * OC_PART_SIZE, 1);
    oc_clock_set(DAY_MS + 3600000);
    cloud_start(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/large");
    copy = cloud_copy(c, ALICE, WEST, ALICE, EAST, id);
    oc_copy_engine_wake(c->engine);
    while (!oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), copy, &now) ||
           now.parts_done == 0)
        (void)usleep(1000);
    oc_clock_set(DAY_MS + 2 * 3600000);
    while (!oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), copy, &now) ||
           strcmp(now.phase, "waiting") != 0)
        (void)usleep(1000);
    model = cloud_model(c, ALICE, WEST, copy);
    assert_int_equal(model.status, OC_MODEL_CREATING);
    oc_clock_set(DAY_MS + 25 * 3600000);
    oc_copy_engine_wake(c->engine);
    model = cloud_wait(c, ALICE, WEST, copy);
    cloud_assert_active(&model);
    oc_clock_set(-1);
}

static void progress_grows_to_the_whole(void **state)
{
    struct cloud *c = *state;
    struct oc_copy_progress now = {0}, last = {0};
    struct oc_slice id;
    struct oc_model model;
    bool seen = false;

    c->options.workers = 1;
    folder_write(c->folder, "models/large/weights", 100 * MIB, 1);
    cloud_start(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/large");
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, id);
    oc_copy_engine_wake(c->engine);
    do {
        model = cloud_model(c, ALICE, WEST, id);
        if (oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), id, &now)) {
            assert_true(now.bytes_done >= last.bytes_done && now.bytes_done <= 100 * MIB);
            assert_true(now.parts_done >= last.parts_done && now.parts_done <= 13);
            assert_true(strcmp(now.phase, "queued") == 0 || now.bytes_total == 100 * MIB);
            seen = seen || (strcmp(now.phase, "copying") == 0 && now.bytes_done > 0);
            last = now;
        }
    } while (model.status == OC_MODEL_CREATING);
    assert_true(seen);
    cloud_assert_active(&model);
    for (int i = 0;
         i < 1000 && oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), id, &now);
         i++)
        (void)usleep(1000);
    assert_false(oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), id, &now));
}

static atomic_uint runs;

static void count_run(void *ctx)
{
    (void)usleep(*(useconds_t *)ctx);
    runs++;
}

static void other_work_runs_on_the_workers_up_to_a_bound(void **state)
{
    struct cloud *c = *state;
    useconds_t none = 0, long_enough = 2000;
    unsigned queued = 0;

    c->options.workers = 2;
    cloud_start(c);
    runs = 0;
    for (int i = 0; i < 100; i++)
        ok(oc_copy_engine_run(c->engine, false, count_run, &none, &err));
    for (int i = 0; i < 1000 && runs < 100; i++)
        (void)usleep(1000);
    assert_int_equal(runs, 100);
    while (oc_copy_engine_run(c->engine, false, count_run, &long_enough, &err) == OC_OK)
        queued++;
    assert_int_equal(err.rc, OC_EBUSY);
    assert_true(queued >= 100);
    cloud_stop(c); /* what is queued is done first */
    assert_int_equal(runs, 100 + queued);
}

static void regions_are_found_by_name(void **state)
{
    struct cloud *c = *state;

    cloud_start(c);
    assert_ptr_equal(oc_copy_engine_region(c->engine, OC_STR("us-west-2"))->blobs,
                     c->regions[WEST].blobs);
    assert_ptr_equal(oc_copy_engine_region(c->engine, OC_STR("us-east-1"))->blobs,
                     c->regions[EAST].blobs);
    assert_null(oc_copy_engine_region(c->engine, OC_STR("eu-west-1")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cloud_setup, cloud_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_import_and_its_copy_are_the_files_they_were),
        TEST(a_copy_goes_to_another_account_and_key_in_the_same_region),
        TEST(parts_that_are_there_are_not_moved_again),
        TEST(work_that_was_waiting_at_the_start_is_done),
        TEST(stopped_work_goes_on_at_the_next_start),
        TEST(an_upload_becomes_active_after_it_was_verified),
        TEST(an_upload_that_is_not_what_its_manifest_says_fails),
        TEST(deleting_a_model_frees_what_no_other_needs),
        TEST(sweeping_keeps_what_is_pinned_or_uploaded_or_still_to_be_copied),
        TEST(uploads_that_were_abandoned_give_back_what_they_hold),
        TEST(sweeping_never_harms_running_work),
        TEST(a_small_copy_does_not_wait_behind_large_ones),
        TEST(a_long_queue_is_worked_off_and_holds_up_nobody),
        TEST(bandwidth_holds_copies_back_and_imports_not),
        TEST(copies_keep_to_their_hours),
        TEST(an_import_is_seen_behind_copies_that_wait_for_the_hour),
        TEST(a_copy_pauses_when_its_hours_end),
        TEST(progress_grows_to_the_whole),
        TEST(other_work_runs_on_the_workers_up_to_a_bound),
        TEST(regions_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
