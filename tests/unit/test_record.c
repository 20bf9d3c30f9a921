/* Records of models and tasks, and their keys: model/record. */
#include "folder_fixture.h"

#include <string.h>

#include "fault_loop.h"
#include "model/record.h"

static struct oc_err err;

static const struct oc_tag tags[] = {{{"team", 4}, {"ml \"x\"", 6}}, {{"stage", 5}, {"", 0}}};
static const struct oc_model full = {
    .partition = {OC_STR("123456789012"), OC_STR("us-west-2")},
    .id = OC_STR("abcdefghij12"),
    .name = OC_STR("my-model"),
    .base = OC_STR("imported"),
    .base_model_arn = OC_STR("arn:aws:bedrock:us-west-2::foundation-model/imported.bert"),
    .source_uri = OC_STR("s3://models/bert/"),
    .job_id = OC_STR("zyxwvutsrq98"),
    .status = OC_MODEL_FAILED,
    .failure_message = OC_STR("disk \xc3\xa9 full"),
    .creation_ms = 1722513600123,
    .kms_key_id = OC_STR("0c8b0bb6-0d3c-4a4b-9a51-1b0c5f8d2a11"),
    .kms_key_arn =
        OC_STR("arn:aws:kms:us-west-2:123456789012:key/0c8b0bb6-0d3c-4a4b-9a51-1b0c5f8d2a11"),
    .manifest = OC_STR("00ff"),
    .size_bytes = 1LL << 40,
    .file_count = 17,
    .tags = {tags, 2, true},
};

static void assert_slice(struct oc_slice have, struct oc_slice want)
{
    assert_int_equal(have.ptr == NULL, want.ptr == NULL);
    assert_true(oc_slice_eq(have, want));
}

static void assert_model(const struct oc_model *have, const struct oc_model *want)
{
    assert_slice(have->partition.account, want->partition.account);
    assert_slice(have->partition.region, want->partition.region);
    assert_slice(have->id, want->id);
    assert_slice(have->name, want->name);
    assert_slice(have->base, want->base);
    assert_slice(have->base_model_arn, want->base_model_arn);
    assert_slice(have->source_uri, want->source_uri);
    assert_slice(have->job_id, want->job_id);
    assert_int_equal(have->status, want->status);
    assert_slice(have->failure_message, want->failure_message);
    assert_int_equal(have->creation_ms, want->creation_ms);
    assert_slice(have->kms_key_id, want->kms_key_id);
    assert_slice(have->kms_key_arn, want->kms_key_arn);
    assert_slice(have->manifest, want->manifest);
    assert_int_equal(have->size_bytes, want->size_bytes);
    assert_int_equal(have->file_count, want->file_count);
    assert_int_equal(have->tags.count, want->tags.count);
    assert_int_equal(have->tags.set, want->tags.set);
    for (size_t i = 0; i < want->tags.count; i++) {
        assert_slice(have->tags.items[i].key, want->tags.items[i].key);
        assert_slice(have->tags.items[i].value, want->tags.items[i].value);
    }
}

static void round_trip(const struct oc_model *model)
{
    struct oc_arena arena;
    struct oc_model back;
    struct oc_buf record;

    oc_arena_init(&arena, 1 << 20);
    oc_buf_init(&record, 1 << 20);
    oc_model_encode(&record, model);
    assert_false(record.failed);
    ok(oc_model_decode(oc_buf_slice(&record), &arena, &back, &err));
    oc_buf_clear(&record); /* nothing is borrowed from it */
    assert_model(&back, model);
    oc_arena_clear(&arena);
}

static void a_model_reads_back_as_it_was_written(void **state)
{
    struct oc_model least = {.partition = full.partition,
                             .id = full.id,
                             .name = full.name,
                             .base = full.base,
                             .kms_key_id = OC_STR("service")};

    (void)state;
    round_trip(&full);
    round_trip(&least);
    least.tags.set = true; /* a list that is empty is not no list */
    round_trip(&least);
}

static void a_model_has_its_arn(void **state)
{
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 1000);
    oc_model_put_arn(&buf, &full);
    assert_string_equal(
        oc_buf_cstr(&buf),
        "arn:aws:bedrock:us-west-2:123456789012:custom-model/imported/abcdefghij12");
    oc_buf_clear(&buf);
}

static void statuses_have_the_names_of_the_api(void **state)
{
    static const char *const names[] = {"Creating", "Active", "Failed"};
    enum oc_model_status status;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_slice(oc_model_status_text((enum oc_model_status)i), oc_slice_of(names[i]));
        assert_true(oc_model_status_parse(oc_slice_of(names[i]), &status));
        assert_int_equal(status, i);
    }
    assert_false(oc_model_status_parse(OC_STR("active"), &status));
    assert_false(oc_model_status_parse(OC_STR(""), &status));
}

static void task_round_trip(const struct oc_task *task)
{
    struct oc_arena arena;
    struct oc_task back;
    struct oc_buf record;

    oc_arena_init(&arena, 1 << 20);
    oc_buf_init(&record, 1 << 20);
    oc_task_encode(&record, task);
    ok(oc_task_decode(oc_buf_slice(&record), &arena, &back, &err));
    oc_buf_clear(&record);
    assert_int_equal(back.kind, task->kind);
    assert_slice(back.target.account, task->target.account);
    assert_slice(back.target.region, task->target.region);
    assert_slice(back.model_id, task->model_id);
    assert_slice(back.job_id, task->job_id);
    assert_slice(back.key_id, task->key_id);
    assert_slice(back.source.account, task->source.account);
    assert_slice(back.source.region, task->source.region);
    assert_slice(back.source_model_id, task->source_model_id);
    assert_slice(back.source_uri, task->source_uri);
    assert_slice(back.manifest, task->manifest);
    oc_arena_clear(&arena);
}

static void tasks_read_back_as_they_were_written(void **state)
{
    struct oc_task task = {
        .target = full.partition, .model_id = full.id, .key_id = OC_STR("service")};

    (void)state;
    task.kind = OC_TASK_UPLOAD;
    task.manifest = OC_STR("abcd");
    task_round_trip(&task);
    task = (struct oc_task){.kind = OC_TASK_IMPORT,
                            .target = full.partition,
                            .model_id = full.id,
                            .key_id = full.kms_key_id,
                            .source_uri = full.source_uri};
    task_round_trip(&task);
    task = (struct oc_task){.kind = OC_TASK_COPY,
                            .target = full.partition,
                            .model_id = full.id,
                            .key_id = full.kms_key_id,
                            .job_id = full.job_id,
                            .source = {OC_STR("999999999999"), OC_STR("eu-west-1")},
                            .source_model_id = OC_STR("sourcesource")};
    task_round_trip(&task);
}

static void damaged_and_newer_records_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"v\":1}",
        "{\"v\":2,\"account\":\"1\"}",
        "{\"v\":1,\"account\":\"1\",\"region\":\"r\",\"id\":\"i\",\"name\":\"n\",\"base\":\"b\","
        "\"key\":\"k\"}",
        "{\"v\":1,\"account\":\"1\",\"region\":\"r\",\"id\":\"i\",\"name\":\"n\",\"base\":\"b\","
        "\"key\":\"k\",\"status\":\"Active\",\"tags\":7}",
    };
    static const char *const bad_tasks[] = {
        "{\"v\":1,\"kind\":\"move\",\"account\":\"1\",\"region\":\"r\",\"model\":\"m\",\"key\":"
        "\"k\"}",
        "{\"v\":1,\"kind\":\"copy\",\"account\":\"1\",\"region\":\"r\",\"model\":\"m\",\"key\":"
        "\"k\"}",
        "{\"v\":1,\"kind\":\"import\",\"account\":\"1\",\"region\":\"r\",\"model\":\"m\",\"key\":"
        "\"k\"}",
        "{\"v\":1,\"kind\":\"upload\",\"account\":\"1\",\"region\":\"r\",\"model\":\"m\",\"key\":"
        "\"k\"}",
    };
    struct oc_arena arena;
    struct oc_model model;
    struct oc_task task;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(oc_model_decode(oc_slice_of(bad[i]), &arena, &model, &err), OC_ECORRUPT);
        assert_int_equal(oc_task_decode(oc_slice_of(bad[i]), &arena, &task, &err), OC_ECORRUPT);
    }
    for (size_t i = 0; i < sizeof bad_tasks / sizeof *bad_tasks; i++)
        assert_int_equal(oc_task_decode(oc_slice_of(bad_tasks[i]), &arena, &task, &err),
                         OC_ECORRUPT);
    oc_arena_clear(&arena);
}

static void keys_are_parts_divided_by_nul_and_long_parts_are_hashed(void **state)
{
    struct oc_arena arena;
    struct oc_slice key;
    char longest[OC_KEY_PART_MAX + 1];

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    memset(longest, 'x', sizeof longest);
    assert_slice(oc_key_model(&arena, full.partition, full.id),
                 (struct oc_slice){"123456789012\0us-west-2\0abcdefghij12", 35});
    assert_slice(oc_key_model(&arena, full.partition, OC_STR("")),
                 (struct oc_slice){"123456789012\0us-west-2\0", 23});
    assert_slice(oc_key_task(&arena, full.partition, full.id),
                 (struct oc_slice){"us-west-2\000123456789012\0abcdefghij12", 35});
    key = oc_key_model_order(&arena, full.partition, 0x0102030405060708, full.id);
    assert_slice(key, (struct oc_slice){"123456789012\0us-west-2\0\1\2\3\4\5\6\7\10"
                                        "abcdefghij12",
                                        43});
    key = oc_key_join(&arena, &(struct oc_slice){longest, OC_KEY_PART_MAX}, 1);
    assert_int_equal(key.len, OC_KEY_PART_MAX);
    key = oc_key_join(&arena, &(struct oc_slice){longest, OC_KEY_PART_MAX + 1}, 1);
    assert_int_equal(key.len, 65);
    assert_int_equal(key.ptr[0], 1);
    oc_arena_clear(&arena);
}

static void models_made_later_have_greater_order_keys(void **state)
{
    static const int64_t times[] = {0, 1, 255, 256, 1722513600123, 1722513600124};
    struct oc_arena arena;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    for (size_t i = 1; i < sizeof times / sizeof *times; i++)
        assert_true(
            oc_slice_cmp(
                oc_key_model_order(&arena, full.partition, times[i - 1], OC_STR("zzzzzzzzzzzz")),
                oc_key_model_order(&arena, full.partition, times[i], OC_STR("aaaaaaaaaaaa"))) < 0);
    oc_arena_clear(&arena);
}

static int decode_full(void *ctx)
{
    struct oc_arena arena;
    struct oc_model back;
    int rc;

    oc_arena_init(&arena, 1 << 20);
    rc = oc_model_decode(oc_buf_slice(ctx), &arena, &back, &err);
    oc_arena_clear(&arena);
    return rc;
}

static void memory_that_runs_out_is_told(void **state)
{
    struct oc_buf record;

    (void)state;
    oc_buf_init(&record, 1 << 20);
    oc_model_encode(&record, &full);
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, decode_full, &record, OC_ENOMEM);
    oc_buf_clear(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_reads_back_as_it_was_written),
        cmocka_unit_test(a_model_has_its_arn),
        cmocka_unit_test(statuses_have_the_names_of_the_api),
        cmocka_unit_test(tasks_read_back_as_they_were_written),
        cmocka_unit_test(damaged_and_newer_records_are_refused),
        cmocka_unit_test(keys_are_parts_divided_by_nul_and_long_parts_are_hashed),
        cmocka_unit_test(models_made_later_have_greater_order_keys),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
