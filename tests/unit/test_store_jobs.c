/*
 * Jobs: creating, ending, listing at the borders, properties of walks, damage, rebuild.
 * test_list_model.c compares random histories with a reference; here are the cases by name.
 */
#include "base/json.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct fixture *f = malloc(sizeof *f);

    assert_non_null(f);
    fixture_begin(f);
    fixture_open_ok(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

static struct oc_job_query all(bool ascending, uint32_t limit)
{
    return (struct oc_job_query){
        .partition = test_partition, .ascending = ascending, .limit = limit};
}

static uint32_t count_jobs(struct oc_store *store, struct oc_job_query query)
{
    struct oc_err err = {0};
    struct oc_job_page page = {.more = true};
    struct oc_buf text;
    uint32_t count = 0;

    oc_buf_init(&text, 64UL << 20);
    query.limit = 1000;
    while (page.more) {
        if (list_jobs(store, &query, &text, &page, &err) < 0)
            fail_msg("list: %s", err.text);
        count += page.count;
        query.has_position = true;
        query.position = page.position;
    }
    oc_buf_clear(&text);
    return count;
}

static void a_job_reads_back_as_it_was_written(void **state)
{
    struct fixture *f = *state;
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err err = {0};
    struct oc_tag tags[] = {{OC_STR("team"), OC_STR("search \"1\"")}};
    struct oc_job job = make_job("abcdefghij12", "my-model", 1700000000123);
    struct oc_slice json;

    job.tags = (struct oc_tag_list){tags, 1, true};
    job.source_model_name = OC_STR("origin");
    job.kms_key_arn = OC_STR("arn:aws:kms:us-east-1:123456789012:key/1");
    assert_int_equal(create_job(f->store, &job, &err), OC_OK);
    assert_int_equal(
        end_job(f->store, test_partition, "abcdefghij12", OC_JOB_FAILED, "no \"space\"", &err),
        OC_OK);
    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    assert_int_equal(oc_read_job_json(read, test_partition, OC_STR("abcdefghij12"), &json, &err),
                     OC_OK);
    const char *want =
        "{\"jobArn\":\"arn:aws:bedrock:us-east-1:123456789012:model-copy-job/abcdefghij12\","
        "\"status\":\"Failed\",\"creationTime\":\"2023-11-14T22:13:20.123Z\",\"targetModelArn\":"
        "\"arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/zbcdefghij12\","
        "\"targetModelName\":\"my-model\",\"sourceAccountId\":\"210987654321\",\"sourceModelArn\":"
        "\"arn:aws:bedrock:eu-west-1:210987654321:custom-model/imported/abcdefghij12\","
        "\"targetModelKmsKeyArn\":\"arn:aws:kms:us-east-1:123456789012:key/1\","
        "\"targetModelTags\":[{\"key\":\"team\",\"value\":\"search \\\"1\\\"\"}],"
        "\"failureMessage\":\"no \\\"space\\\"\",\"sourceModelName\":\"origin\"}";
    assert_true(oc_slice_eq_str(json, want));
}

static void creating_refuses_what_breaks_a_rule(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job good = make_job("abcdefghij12", "m", 1), job = good;

    job.id = OC_STR("ABCDEFGHIJ12");
    assert_int_equal(create_job(f->store, &job, &err), OC_EINVAL);
    job = good, job.target_model_name = OC_STR("a.b");
    assert_int_equal(create_job(f->store, &job, &err), OC_EINVAL);
    job = good, job.target_model_name = OC_STR("");
    assert_int_equal(create_job(f->store, &job, &err), OC_EINVAL);
    job = good, job.status = OC_JOB_COMPLETED;
    assert_int_equal(create_job(f->store, &job, &err), OC_EINVAL);
    job = good, job.partition.region = OC_STR("");
    assert_int_equal(create_job(f->store, &job, &err), OC_EINVAL);
    assert_int_equal(create_job(f->store, &good, &err), OC_OK);
    assert_int_equal(create_job(f->store, &good, &err), OC_ECONFLICT);
    good.partition.region = OC_STR("us-west-2"); /* another partition: another series of ids */
    assert_int_equal(create_job(f->store, &good, &err), OC_OK);
    assert_int_equal(count_jobs(f->store, all(false, 1)), 1);
}

static void a_job_ends_once(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job job = make_job("abcdefghij12", "m", 1);

    assert_int_equal(
        end_job(f->store, test_partition, "abcdefghij12", OC_JOB_COMPLETED, NULL, &err),
        OC_ENOTFOUND);
    assert_int_equal(create_job(f->store, &job, &err), OC_OK);
    assert_int_equal(
        end_job(f->store, test_partition, "abcdefghij13", OC_JOB_COMPLETED, NULL, &err),
        OC_ENOTFOUND);
    assert_int_equal(end_job(f->store, test_partition, "abcdefghij12", OC_JOB_FAILED, NULL, &err),
                     OC_EINVAL);
    assert_int_equal(
        end_job(f->store, test_partition, "abcdefghij12", OC_JOB_COMPLETED, NULL, &err), OC_OK);
    assert_int_equal(end_job(f->store, test_partition, "abcdefghij12", OC_JOB_FAILED, "x", &err),
                     OC_ECONFLICT);
}

static void a_job_ends_once_in_a_text_segment_too(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    char id[OC_ID_LEN];

    assert_int_equal(create_many(f->store, 0, 1024, &err), OC_OK);
    assert_int_equal(end_many(f->store, 0, 509, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    make_id(100, id);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_COMPLETED, NULL, &err),
                     OC_ECONFLICT);
    make_id(510, id); /* left behind as a row */
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_FAILED, "late", &err), OC_OK);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_COMPLETED, NULL, &err),
                     OC_ECONFLICT);
    struct oc_job job = make_job(id, "again", 1);
    assert_int_equal(create_job(f->store, &job, &err), OC_ECONFLICT); /* ids of segments count */
    assert_int_equal(count_findings(f->store), 0);
}

struct naming {
    struct oc_write write;
    struct oc_slice id, name;
};

static int apply_name(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    const struct naming *naming = (struct naming *)(void *)write;

    return oc_tx_job_name_source(tx, test_partition, naming->id, naming->name, err);
}

static int name_source(struct fixture *f, const char *id, const char *name, struct oc_err *err)
{
    struct naming naming = {
        .write.apply = apply_name, .id = {id, OC_ID_LEN}, .name = oc_slice_of(name)};

    return oc_store_write(f->store, &naming.write, err);
}

static void assert_source_name(struct fixture *f, const char *id, const char *name)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_err err = {0};
    struct oc_slice json;

    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    assert_int_equal(
        oc_read_job_json(read, test_partition, (struct oc_slice){id, OC_ID_LEN}, &json, &err),
        OC_OK);
    assert_int_equal(oc_json_parse(json, &job, &err), OC_OK);
    struct oc_slice found = oc_json_string(oc_json_get(job, "sourceModelName"));
    assert_true(name ? oc_slice_eq_str(found, name) : !found.ptr);
}

static void the_name_of_a_source_can_come_later(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job job = make_job("abcdefghij12", "m", 1);
    struct oc_job late = make_job("abcdefghij13", "n", 1);

    job.source_model_name = late.source_model_name = (struct oc_slice){0};
    assert_int_equal(name_source(f, "abcdefghij12", "x", &err), OC_ENOTFOUND);
    assert_int_equal(create_job(f->store, &job, &err), OC_OK);
    assert_int_equal(create_job(f->store, &late, &err), OC_OK);
    assert_source_name(f, "abcdefghij12", NULL);
    assert_int_equal(name_source(f, "abcdefghij12", "a \"name\"", &err), OC_OK);
    assert_source_name(f, "abcdefghij12", "a \"name\"");
    assert_int_equal(name_source(f, "abcdefghij12", "another", &err), OC_OK);
    assert_source_name(f, "abcdefghij12", "a \"name\""); /* it has one */
    assert_int_equal(end_job(f->store, test_partition, "abcdefghij12", OC_JOB_FAILED, "x", &err),
                     OC_OK);
    assert_source_name(f, "abcdefghij12", "a \"name\"");
    assert_int_equal(
        end_job(f->store, test_partition, "abcdefghij13", OC_JOB_COMPLETED, NULL, &err), OC_OK);
    assert_int_equal(name_source(f, "abcdefghij13", "late", &err), OC_OK);
    assert_source_name(f, "abcdefghij13", NULL); /* it has ended */
    assert_int_equal(count_findings(f->store), 0);
}

static void times_never_go_back_in_a_partition(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job a = make_job("aaaaaaaaaaaa", "a", 2000), b = make_job("bbbbbbbbbbbb", "b", 1000);

    assert_int_equal(create_job(f->store, &a, &err), OC_OK);
    assert_int_equal(create_job(f->store, &b, &err), OC_OK);
    assert_int_equal(b.creation_ms, 2000);
}

static void queries_that_can_match_nothing_are_empty_pages(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job_query q = all(false, 10);
    struct oc_buf text;
    struct oc_job_page page;
    char needle[80];

    oc_buf_init(&text, 1 << 20);
    q.partition.region = OC_STR("nowhere-1");
    assert_int_equal(list_jobs(f->store, &q, &text, &page, &err), OC_OK);
    assert_int_equal(page.count, 0);
    assert_false(page.more);
    assert_int_equal(create_many(f->store, 0, 600, &err), OC_OK);
    q = all(false, 10), q.source_account = OC_STR("999999999999");
    assert_int_equal(count_jobs(f->store, q), 0);
    q = all(false, 10), q.source_model_arn = OC_STR("arn:no");
    assert_int_equal(count_jobs(f->store, q), 0);
    q = all(false, 10), q.name_contains = OC_STR("a.b");
    assert_int_equal(count_jobs(f->store, q), 0);
    memset(needle, 'm', sizeof needle);
    q = all(false, 10), q.name_contains = (struct oc_slice){needle, 64};
    assert_int_equal(count_jobs(f->store, q), 0);
    q = all(false, 10), q.has_after = q.has_before = true;
    q.after_ms = q.before_ms = 1700000000010; /* after >= before is empty, not an error */
    assert_int_equal(count_jobs(f->store, q), 0);
    q = all(true, 10), q.has_position = true, q.position = UINT64_MAX;
    assert_int_equal(count_jobs(f->store, q), 0);
    q = all(false, 10), q.has_position = true, q.position = 0;
    assert_int_equal(count_jobs(f->store, q), 0);
    oc_buf_clear(&text);
}

static void time_bounds_are_strict(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job_query q = all(false, 10);
    const int64_t t = 1700000000000; /* job n was created at t + n */

    assert_int_equal(create_many(f->store, 0, 1300, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    for (int n = 505; n < 520; n++) { /* around the end of a segment */
        q.has_after = true, q.after_ms = t + n, q.has_before = false;
        assert_int_equal(count_jobs(f->store, q), 1300 - n - 1);
        q.has_after = false, q.has_before = true, q.before_ms = t + n;
        assert_int_equal(count_jobs(f->store, q), n);
        q.has_after = true, q.after_ms = t + n - 2;
        assert_int_equal(count_jobs(f->store, q), 1);
    }
}

/* -- late jobs ----------------------------------------------------------------------------------
 */

#define LATE 3
static const uint64_t late[LATE] = {5, 4096, 8191}; /* of the first super */

static uint32_t count_status(struct oc_store *store, enum oc_job_status status, bool ascending,
                             uint64_t *ret_sum)
{
    struct oc_job_query query = {.partition = test_partition,
                                 .has_status = true,
                                 .status = status,
                                 .ascending = ascending,
                                 .limit = 1};
    struct oc_job_page page = {.more = true};
    struct oc_err err = {0};
    struct oc_buf text;
    uint32_t count = 0;

    oc_buf_init(&text, 4UL << 20);
    *ret_sum = 0;
    while (page.more) {
        assert_int_equal(list_jobs(store, &query, &text, &page, &err), OC_OK);
        count += page.count;
        *ret_sum += page.count ? page.position : 0;
        query.has_position = true;
        query.position = page.position;
    }
    oc_buf_clear(&text);
    return count;
}

static bool has_index(struct oc_store *store, enum oc_index_kind kind, uint64_t number)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_key key = oc_key_index(kind, 1, number);
    struct oc_err err = {0};
    struct oc_slice value;

    assert_int_equal(oc_store_read(store, &read, &err), OC_OK);
    return oc_env_get(read, store->index, oc_key_slice(&key), &value, &err) == OC_OK;
}

static void check_late(struct fixture *f, uint32_t failed, uint64_t failed_sum, uint32_t open,
                       uint64_t open_sum)
{
    uint64_t sum;

    for (int up = 0; up < 2; up++) {
        assert_int_equal(count_status(f->store, OC_JOB_FAILED, up, &sum), failed);
        assert_int_equal(sum, failed_sum);
        assert_int_equal(count_status(f->store, OC_JOB_IN_PROGRESS, up, &sum), open);
        assert_int_equal(sum, open_sum);
    }
    assert_int_equal(count_findings(f->store), 0);
}

static void jobs_that_end_after_their_super_was_sealed_are_found_by_status(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    uint64_t at = 0;
    char id[OC_ID_LEN];

    assert_int_equal(create_many(f->store, 0, 8192 + 2048, &err), OC_OK);
    for (int i = 0; i < LATE; at = late[i++] + 1)
        assert_int_equal(end_many(f->store, at, (uint32_t)(late[i] - at), OC_JOB_COMPLETED, &err),
                         OC_OK);
    assert_int_equal(end_many(f->store, 8192, 2048, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    assert_true(has_index(f->store, OC_INDEX_FAILED, 0));
    assert_false(has_index(f->store, OC_INDEX_PLANES, 0));
    check_late(f, 0, 0, LATE, 5 + 4096 + 8191);
    make_id(4096, id);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_FAILED, "late", &err), OC_OK);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_FAILED, "late", &err),
                     OC_ECONFLICT);
    check_late(f, 1, 4096, 2, 5 + 8191);
    make_id(5, id);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_COMPLETED, NULL, &err), OC_OK);
    fixture_close(f);
    fixture_open_ok(f);
    check_late(f, 1, 4096, 1, 8191);
    assert_int_equal(oc_store_rebuild(f->store, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    check_late(f, 1, 4096, 1, 8191);
    make_id(8191, id);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_FAILED, "late", &err), OC_OK);
    check_late(f, 2, 4096 + 8191, 0, 0);
}

/* -- properties ----------------------------------------------------------------------------------
 */

static void read_walk(struct oc_store *store, struct oc_job_query query, uint32_t limit,
                      struct oc_buf *ret)
{
    struct oc_err err = {0};
    struct oc_job_page page = {.more = true};
    struct oc_buf text;

    oc_buf_init(&text, 64UL << 20);
    oc_buf_reset(ret);
    query.limit = limit;
    while (page.more) {
        assert_int_equal(list_jobs(store, &query, &text, &page, &err), OC_OK);
        if (ret->len && text.len)
            oc_buf_put_char(ret, ',');
        oc_buf_put_slice(ret, oc_buf_slice(&text));
        query.has_position = true;
        query.position = page.position;
    }
    oc_buf_clear(&text);
}

static void pages_joined_are_one_big_page(void **state)
{
    static const uint32_t limits[] = {1, 7, 64, 100, 333, 999};
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf big, walk;

    oc_buf_init(&big, 64UL << 20);
    oc_buf_init(&walk, 64UL << 20);
    assert_int_equal(create_many(f->store, 0, 950, &err), OC_OK);
    assert_int_equal(end_many(f->store, 100, 700, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    for (int order = 0; order < 2; order++) {
        struct oc_job_query q = all(order, 1000);
        q.name_contains = OC_STR("-"); /* every name */
        read_walk(f->store, q, 1000, &big);
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            read_walk(f->store, q, limits[i], &walk);
            assert_true(oc_slice_eq(oc_buf_slice(&big), oc_buf_slice(&walk)));
        }
    }
    oc_buf_clear(&big);
    oc_buf_clear(&walk);
}

static void ascending_is_the_reverse_of_descending(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf up, down, page;
    struct oc_job_page ret;
    struct oc_job_query q = all(true, 1);

    oc_buf_init(&up, 64UL << 20);
    oc_buf_init(&down, 64UL << 20);
    oc_buf_init(&page, 1 << 20);
    assert_int_equal(create_many(f->store, 0, 3000, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    q.name_contains = OC_STR("7");
    read_walk(f->store, q, 1000, &up);
    q.ascending = false;
    /* Job by job, each put in front of those before it. */
    for (ret.more = true; ret.more; q.has_position = true, q.position = ret.position) {
        assert_int_equal(list_jobs(f->store, &q, &page, &ret, &err), OC_OK);
        if (down.len)
            oc_buf_put_char(&page, ',');
        oc_buf_put_slice(&page, oc_buf_slice(&down));
        oc_buf_reset(&down);
        oc_buf_put_slice(&down, oc_buf_slice(&page));
        if (down.len > 200000)
            break; /* enough: each step copies all */
    }
    assert_true(oc_slice_has_suffix(oc_buf_slice(&up), oc_buf_slice(&down)));
    oc_buf_clear(&up);
    oc_buf_clear(&down);
    oc_buf_clear(&page);
}

static void each_added_filter_only_removes(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_job_query q = all(false, 1000);

    assert_int_equal(create_many(f->store, 0, 2600, &err), OC_OK);
    assert_int_equal(end_many(f->store, 0, 2000, OC_JOB_FAILED, &err), OC_OK);
    uint32_t before = count_jobs(f->store, q);
    assert_int_equal(before, 2600);
    for (int step = 0; step < 5; step++) {
        if (step == 0)
            q.has_status = true, q.status = OC_JOB_FAILED;
        else if (step == 1)
            q.name_contains = OC_STR("-1");
        else if (step == 2)
            q.source_account = OC_STR("210987654321");
        else if (step == 3)
            q.has_after = true, q.after_ms = 1700000000500;
        else
            q.has_before = true, q.before_ms = 1700000001500;
        uint32_t now = count_jobs(f->store, q);
        assert_true(now <= before && now > 0);
        before = now;
    }
}

/* A walk while others create and end jobs: every job that was there at its beginning, once. */
struct crowd {
    struct oc_store *store;
    _Atomic bool stop;
};

static void *keep_creating(void *arg)
{
    struct crowd *crowd = arg;
    struct oc_err err = {0};

    for (uint64_t n = 10000; !crowd->stop; n += 100) {
        if (create_many(crowd->store, n, 100, &err) < 0 ||
            end_many(crowd->store, n - 50, 50, OC_JOB_COMPLETED, &err) < -99)
            break;
        err = (struct oc_err){0};
    }
    return NULL;
}

static void a_walk_during_creates_meets_each_job_once(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct crowd crowd = {.store = f->store};
    pthread_t thread;

    assert_int_equal(create_many(f->store, 0, 5000, &err), OC_OK);
    assert_int_equal(end_many(f->store, 0, 5000, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(pthread_create(&thread, NULL, keep_creating, &crowd), 0);
    for (int round = 0; round < 20; round++) {
        struct oc_job_query q = all(round % 2, 37);
        q.has_before = true, q.before_ms = 1700000005000; /* the first 5,000 */
        q.has_status = true, q.status = OC_JOB_COMPLETED;
        q.name_contains = OC_STR("model-");
        assert_int_equal(count_jobs(f->store, q), 5000);
    }
    crowd.stop = true;
    (void)pthread_join(thread, NULL);
    assert_int_equal(count_findings(f->store), 0);
}

/* -- start, damage, rebuild
 * -------------------------------------------------------------------------- */

static void a_rebuild_changes_no_answer(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf before, after;
    struct oc_job_query q = all(false, 1000);

    oc_buf_init(&before, 64UL << 20);
    oc_buf_init(&after, 64UL << 20);
    assert_int_equal(create_many(f->store, 0, 20000, &err), OC_OK);
    assert_int_equal(end_many(f->store, 0, 19000, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    q.name_contains = OC_STR("99");
    read_walk(f->store, q, 100, &before);
    if (oc_store_rebuild(f->store, &err) < 0)
        fail_msg("rebuild: %s", err.text);
    read_walk(f->store, q, 100, &after);
    assert_true(before.len > 0 && oc_slice_eq(oc_buf_slice(&before), oc_buf_slice(&after)));
    assert_int_equal(count_findings(f->store), 0);
    assert_int_equal(create_many(f->store, 20000, 3000, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    assert_int_equal(count_findings(f->store), 0);
    oc_buf_clear(&before);
    oc_buf_clear(&after);
}

/* Flip one bit of each page of the file in turn, and read all. What is served must be right. */
static void flip(const char *path, uint64_t at)
{
    char name[128];
    uint8_t byte;

    (void)snprintf(name, sizeof name, "%s/data.mdb", path);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    (void)close(fd);
}

/* Where the values of a database lie in the file: only they are ours to protect. */
struct place {
    uint64_t at, len;
};

static uint32_t find_places(struct fixture *f, struct place *places, uint32_t cap)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err err = {0};
    MDB_dbi dbis[] = {f->store->rows, f->store->texts, f->store->index};
    uintptr_t base = 0;
    uint32_t count = 0;

    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    /* The map begins where the kernel says that the file is mapped. */
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (maps && fgets(line, sizeof line, maps)) {
        if (strstr(line, f->path) && strstr(line, "data.mdb") && !base)
            base = strtoul(line, NULL, 16);
    }
    assert_non_null(maps);
    (void)fclose(maps);
    assert_true(base != 0);
    for (int i = 0; i < 3; i++) {
        MDB_cursor *cursor;
        MDB_val k, v;
        assert_int_equal(mdb_cursor_open(read->txn, dbis[i], &cursor), 0);
        while (count < cap && mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0)
            places[count++] = (struct place){(uintptr_t)v.mv_data - base, v.mv_size};
        mdb_cursor_close(cursor);
    }
    return count;
}

#define PLACES 20000

static void ignore_finding(const char *finding, void *ctx)
{
    (void)finding, (void)ctx;
}

static void a_flipped_bit_is_reported_and_never_served(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct rng rng = {99};
    struct oc_buf want, have, page;
    struct place *places = calloc(PLACES, sizeof *places);
    struct oc_job_query q = all(false, 1000);
    int reported = 0;

    assert_non_null(places);
    oc_buf_init(&want, 64UL << 20);
    oc_buf_init(&have, 64UL << 20);
    oc_buf_init(&page, 64UL << 20);
    assert_int_equal(create_many(f->store, 0, 3000, &err), OC_OK);
    assert_int_equal(end_many(f->store, 0, 2700, OC_JOB_FAILED, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    q.name_contains = OC_STR("el-1");
    read_walk(f->store, q, 1000, &want);
    uint32_t count = find_places(f, places, PLACES);
    assert_true(count > 100);
    for (int round = 0; round < 150; round++) {
        struct place place = places[rng_below(&rng, count)];
        uint64_t at = place.at + rng_below(&rng, (uint32_t)place.len);
        struct oc_job_page ret = {.more = true};
        int rc = OC_OK;
        fixture_close(f);
        flip(f->path, at);
        fixture_open_ok(f);
        oc_buf_reset(&have);
        for (q.has_position = false; rc == OC_OK && ret.more; q.position = ret.position) {
            rc = list_jobs(f->store, &q, &page, &ret, &err);
            if (rc == OC_OK && have.len && page.len)
                oc_buf_put_char(&have, ',');
            oc_buf_put_slice(&have, oc_buf_slice(&page));
            q.has_position = true;
        }
        assert_true(rc == OC_OK || rc == OC_ECORRUPT);
        if (rc == OC_OK)
            assert_true(oc_slice_eq(oc_buf_slice(&want), oc_buf_slice(&have)));
        uint64_t findings = 0;
        struct oc_err ignored = {0};
        assert_int_equal(oc_store_check(f->store, ignore_finding, NULL, &findings, &ignored),
                         OC_OK);
        reported += findings > 0;
        fixture_close(f);
        flip(f->path, at);
        fixture_open_ok(f);
    }
    assert_int_equal(reported, 150);
    assert_int_equal(count_findings(f->store), 0);
    oc_buf_clear(&want);
    oc_buf_clear(&have);
    oc_buf_clear(&page);
    free(places);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_reads_back_as_it_was_written),
        TEST(creating_refuses_what_breaks_a_rule),
        TEST(a_job_ends_once),
        TEST(a_job_ends_once_in_a_text_segment_too),
        TEST(the_name_of_a_source_can_come_later),
        TEST(times_never_go_back_in_a_partition),
        TEST(queries_that_can_match_nothing_are_empty_pages),
        TEST(time_bounds_are_strict),
        TEST(pages_joined_are_one_big_page),
        TEST(ascending_is_the_reverse_of_descending),
        TEST(each_added_filter_only_removes),
        TEST(a_walk_during_creates_meets_each_job_once),
        TEST(jobs_that_end_after_their_super_was_sealed_are_found_by_status),
        TEST(a_rebuild_changes_no_answer),
        TEST(a_flipped_bit_is_reported_and_never_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
