/* Records, snapshots, group commit, opening. */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct put {
    struct oc_write write;
    enum oc_record_kind kind;
    struct oc_slice key, value; /* value absent: delete */
    int refuse;                 /* 1: before a change, 2: after one */
};

static int apply_put(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct put *put = (struct put *)write;
    int rc;

    if (put->refuse == 1)
        return oc_fail(err, OC_EDENIED, "refused before a change");
    rc = put->value.ptr ? oc_tx_put(tx, put->kind, put->key, put->value, err)
                        : oc_tx_delete(tx, put->kind, put->key, err);
    if (rc == OC_OK && put->refuse == 2)
        return oc_fail(err, OC_EDENIED, "refused after a change");
    return rc;
}

static int apply_add(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct put *put = (struct put *)write;

    return oc_tx_add(tx, put->kind, put->key, put->value, err);
}

static int put_record(struct oc_store *store, enum oc_record_kind kind, struct oc_slice key,
                      struct oc_slice value, struct oc_err *err)
{
    struct put put = {.write = {.apply = apply_put}, .kind = kind, .key = key, .value = value};

    return oc_store_write(store, &put.write, err);
}

static int get_record(struct oc_store *store, enum oc_record_kind kind, struct oc_slice key,
                      struct oc_buf *ret, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice value;

    oc_buf_reset(ret);
    int rc = oc_store_read(store, &read, err);
    if (rc == OC_OK)
        rc = oc_read_get(read, kind, key, &value, err);
    if (rc == OC_OK)
        oc_buf_put_slice(ret, value);
    return rc;
}

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

static void a_record_is_added_only_where_there_is_none(void **state)
{
    static char large[512 * 1024 + 1];
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf value;
    struct put put = {.write = {.apply = apply_add}, .kind = OC_RECORD_MODEL, .key = OC_STR("m")};

    oc_buf_init(&value, 1 << 20);
    put.value = OC_STR("one");
    assert_int_equal(oc_store_write(f->store, &put.write, &err), OC_OK);
    put.value = OC_STR("two");
    assert_int_equal(oc_store_write(f->store, &put.write, &err), OC_ECONFLICT);
    assert_int_equal(get_record(f->store, OC_RECORD_MODEL, OC_STR("m"), &value, &err), OC_OK);
    assert_true(oc_slice_eq_str(oc_buf_slice(&value), "one"));
    put.key = OC_STR("n"); /* the store goes on */
    put.value = (struct oc_slice){large, sizeof large};
    assert_int_equal(oc_store_write(f->store, &put.write, &err), OC_EINVAL);
    put.value.len--;
    assert_int_equal(oc_store_write(f->store, &put.write, &err), OC_OK);
    assert_int_equal(get_record(f->store, OC_RECORD_MODEL, OC_STR("n"), &value, &err), OC_OK);
    assert_int_equal(value.len, sizeof large - 1);
    oc_buf_clear(&value);
}

static void records_are_kept_replaced_and_removed(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf value;
    struct oc_slice key = OC_STR("0123\0us-east-1\0x");

    oc_buf_init(&value, 1 << 20);
    assert_int_equal(get_record(f->store, OC_RECORD_MODEL, key, &value, &err), OC_ENOTFOUND);
    assert_int_equal(put_record(f->store, OC_RECORD_MODEL, key, OC_STR("one"), &err), OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_POLICY, key, OC_STR("other"), &err), OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_MODEL, key, OC_STR(""), &err), OC_OK);
    fixture_close(f);
    fixture_open_ok(f);
    assert_int_equal(get_record(f->store, OC_RECORD_MODEL, key, &value, &err), OC_OK);
    assert_int_equal(value.len, 0);
    assert_int_equal(get_record(f->store, OC_RECORD_POLICY, key, &value, &err), OC_OK);
    assert_true(oc_slice_eq_str(oc_buf_slice(&value), "other"));
    struct oc_slice absent = {0};
    assert_int_equal(put_record(f->store, OC_RECORD_MODEL, key, absent, &err), OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_MODEL, key, absent, &err), OC_OK);
    assert_int_equal(get_record(f->store, OC_RECORD_MODEL, key, &value, &err), OC_ENOTFOUND);
    assert_int_equal(count_findings(f->store), 0);
    oc_buf_clear(&value);
}

static void large_records_are_kept_and_limits_hold(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf large, value;
    char key[OC_RECORD_KEY_MAX + 1];

    memset(key, 'k', sizeof key);
    oc_buf_init(&large, 8 << 20);
    oc_buf_init(&value, 8 << 20);
    memset(oc_buf_extend(&large, 5 << 20), 'v', 5 << 20);
    struct oc_slice longest = {key, OC_RECORD_KEY_MAX}, too_long = {key, OC_RECORD_KEY_MAX + 1};
    assert_int_equal(put_record(f->store, OC_RECORD_META, longest, oc_buf_slice(&large), &err),
                     OC_OK);
    assert_int_equal(get_record(f->store, OC_RECORD_META, longest, &value, &err), OC_OK);
    assert_true(oc_slice_eq(oc_buf_slice(&large), oc_buf_slice(&value)));
    assert_int_equal(put_record(f->store, OC_RECORD_META, too_long, OC_STR("x"), &err), OC_EINVAL);
    assert_int_equal(get_record(f->store, OC_RECORD_META, too_long, &value, &err), OC_ENOTFOUND);
    struct oc_slice huge = {large.ptr, OC_RECORD_VALUE_MAX + 1};
    assert_int_equal(put_record(f->store, OC_RECORD_META, OC_STR("h"), huge, &err), OC_EINVAL);
    oc_buf_clear(&large);
    oc_buf_clear(&value);
}

/* -- scans ------------------------------------------------------------------------------------ */

struct seen {
    char text[256];
    int stop_after;
};

static int see(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct seen *seen = ctx;
    size_t len = strlen(seen->text);

    (void)snprintf(seen->text + len, sizeof seen->text - len, "%.*s=%.*s ", OC_FMT(key),
                   OC_FMT(value));
    if (seen->stop_after == -1)
        return oc_fail(err, OC_EDENIED, "enough");
    return seen->stop_after > 0 && --seen->stop_after == 0;
}

static void expect_scan(struct fixture *f, struct oc_scan scan, int stop_after, const char *want)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct seen seen = {.stop_after = stop_after};
    struct oc_err err = {0};

    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    assert_int_equal(oc_read_scan(read, &scan, see, &seen, &err),
                     stop_after == -1 ? OC_EDENIED : OC_OK);
    assert_string_equal(seen.text, want);
}

static void scans_visit_a_prefix_in_either_order_from_any_key(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    static const char *const keys[] = {"a", "ab", "ab1", "ab2", "ab\xff", "ac", "b"};
    const enum oc_record_kind k = OC_RECORD_SHARE;
    const struct oc_slice none = {0};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char digit[2] = {(char)('0' + i), 0};
        assert_int_equal(put_record(f->store, k, oc_slice_of(keys[i]), oc_slice_of(digit), &err),
                         OC_OK);
        assert_int_equal(put_record(f->store, k - 1, oc_slice_of(keys[i]), OC_STR("-"), &err),
                         OC_OK);
        assert_int_equal(put_record(f->store, k + 1, oc_slice_of(keys[i]), OC_STR("+"), &err),
                         OC_OK);
    }
    expect_scan(f, (struct oc_scan){.kind = k}, 0, "a=0 ab=1 ab1=2 ab2=3 ab\xff=4 ac=5 b=6 ");
    expect_scan(f, (struct oc_scan){.kind = k, .descending = true}, 0,
                "b=6 ac=5 ab\xff=4 ab2=3 ab1=2 ab=1 a=0 ");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("ab")}, 0,
                "ab=1 ab1=2 ab2=3 ab\xff=4 ");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("ab"), .descending = true}, 0,
                "ab\xff=4 ab2=3 ab1=2 ab=1 ");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("ab\xff"), .descending = true}, 0,
                "ab\xff=4 ");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("ab"), .from = OC_STR("ab1")}, 0,
                "ab2=3 ab\xff=4 ");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("ab"), .from = OC_STR("ab11")}, 0,
                "ab2=3 ab\xff=4 ");
    expect_scan(f,
                (struct oc_scan){
                    .kind = k, .prefix = OC_STR("ab"), .from = OC_STR("ab2"), .descending = true},
                0, "ab1=2 ab=1 ");
    expect_scan(f, (struct oc_scan){.kind = k, .from = OC_STR("b")}, 0, "");
    expect_scan(f, (struct oc_scan){.kind = k, .from = OC_STR("a"), .descending = true}, 0, "");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("zz")}, 0, "");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = OC_STR("zz"), .descending = true}, 0, "");
    expect_scan(f, (struct oc_scan){.kind = OC_RECORD_META, .descending = true}, 0, "");
    expect_scan(f, (struct oc_scan){.kind = k, .prefix = none}, 2, "a=0 ab=1 ");
    expect_scan(f, (struct oc_scan){.kind = k}, -1, "a=0 ");
}

/* -- group commit --------------------------------------------------------------------------------
 */

#define CROWD 200

struct crowd {
    struct put puts[CROWD];
    char keys[CROWD][16];
    int rcs[CROWD];
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int finished;
};
static struct crowd crowd;

static void count_done(struct oc_write *write, int rc, const struct oc_err *err)
{
    struct put *put = (struct put *)write;

    pthread_mutex_lock(&crowd.lock);
    crowd.rcs[put - crowd.puts] = rc;
    if (rc < 0)
        assert_true(err->text[0] != 0);
    crowd.finished++;
    pthread_cond_signal(&crowd.cond);
    pthread_mutex_unlock(&crowd.lock);
}

static void run_crowd(struct oc_store *store)
{
    crowd.finished = 0;
    for (int i = 0; i < CROWD; i++) {
        crowd.puts[i].write.apply = apply_put;
        crowd.puts[i].write.done = count_done;
        oc_store_submit(store, &crowd.puts[i].write);
    }
    pthread_mutex_lock(&crowd.lock);
    while (crowd.finished < CROWD)
        pthread_cond_wait(&crowd.cond, &crowd.lock);
    pthread_mutex_unlock(&crowd.lock);
}

static void prepare_crowd(void)
{
    pthread_mutex_init(&crowd.lock, NULL);
    pthread_cond_init(&crowd.cond, NULL);
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(crowd.keys[i], sizeof crowd.keys[i], "k%d", i);
        crowd.puts[i] = (struct put){
            .kind = OC_RECORD_META, .key = oc_slice_of(crowd.keys[i]), .value = OC_STR("v")};
    }
}

static void many_writes_share_commits_and_refusals_disturb_nobody(void **state)
{
    struct fixture *f = *state;
    struct oc_store_stats before, after;
    struct oc_err err = {0};
    struct oc_buf value;

    prepare_crowd();
    for (int i = 0; i < CROWD; i += 10)
        crowd.puts[i].refuse = 1;
    oc_store_stats(f->store, &before);
    run_crowd(f->store);
    oc_store_stats(f->store, &after);
    assert_true(after.commits - before.commits < CROWD / 2);
    assert_int_equal(after.writes - before.writes, CROWD - CROWD / 10);
    assert_int_equal(after.queue_length, 0);
    oc_buf_init(&value, 64);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(crowd.rcs[i], i % 10 ? OC_OK : OC_EDENIED);
        assert_int_equal(get_record(f->store, OC_RECORD_META, crowd.puts[i].key, &value, &err),
                         i % 10 ? OC_OK : OC_ENOTFOUND);
    }
    oc_buf_clear(&value);
}

static void a_write_that_fails_half_way_changes_nothing_and_fails_alone(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf value;

    prepare_crowd();
    crowd.puts[77].refuse = 2;
    run_crowd(f->store);
    oc_buf_init(&value, 64);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(crowd.rcs[i], i == 77 ? OC_EDENIED : OC_OK);
        assert_int_equal(get_record(f->store, OC_RECORD_META, crowd.puts[i].key, &value, &err),
                         i == 77 ? OC_ENOTFOUND : OC_OK);
    }
    oc_buf_clear(&value);
}

/* -- snapshots and opening
 * -------------------------------------------------------------------------- */

static void a_snapshot_does_not_see_later_writes(void **state)
{
    struct fixture *f = *state;
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err err = {0};
    struct oc_slice value;

    assert_int_equal(put_record(f->store, OC_RECORD_META, OC_STR("k"), OC_STR("old"), &err), OC_OK);
    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_META, OC_STR("k"), OC_STR("new"), &err), OC_OK);
    assert_int_equal(oc_read_get(read, OC_RECORD_META, OC_STR("k"), &value, &err), OC_OK);
    assert_true(oc_slice_eq_str(value, "old"));
}

static void snapshots_are_limited_and_reused(void **state)
{
    struct fixture *f = *state;
    struct oc_read *reads[32];
    struct oc_err err = {0};
    int open = 0;

    for (int round = 0; round < 3; round++) {
        for (open = 0; open < 32 && oc_store_read(f->store, &reads[open], &err) == OC_OK; open++)
            ;
        assert_int_equal(err.rc, OC_ELIMIT);
        assert_in_range(open, 8, 16);
        while (open)
            oc_read_close(reads[--open]);
    }
    oc_read_close(NULL);
}

static void a_second_server_is_told_that_the_store_is_busy(void **state)
{
    struct fixture *f = *state;
    struct fixture other = {.map_bytes = f->map_bytes};
    struct oc_err err = {0};

    (void)memcpy(other.path, f->path, sizeof other.path);
    assert_int_equal(fixture_open(&other, &err), OC_EBUSY);
    assert_non_null(strstr(err.text, f->path));
}

/* In a process of its own: LMDB wants one opening per process. */
static bool read_beside_a_server(const struct fixture *f)
{
    struct oc_store_options options = {
        .path = f->path, .read_only = true, .map_bytes = f->map_bytes};
    struct put put = {.write = {.apply = apply_put}};
    struct oc_store *store;
    struct oc_err err = {0};
    struct oc_buf value;

    oc_buf_init(&value, 64);
    return oc_store_open(&options, &store, &err) == OC_OK &&
           get_record(store, OC_RECORD_META, OC_STR("k"), &value, &err) == OC_OK &&
           oc_store_write(store, &put.write, &err) == OC_EINVAL &&
           oc_store_rebuild(store, &err) == OC_EINVAL && count_findings(store) == 0;
}

static void reading_works_beside_a_server(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    int status, ready[2];
    char byte = 0;

    /* The child is forked while no thread runs, which could hold a lock that it needs. */
    oc_store_close(f->store);
    f->store = NULL;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read(ready[0], &byte, 1) == 1 && read_beside_a_server(f) ? 0 : 1);
    assert_int_equal(fixture_open(f, &err), OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_META, OC_STR("k"), OC_STR("v"), &err), OC_OK);
    assert_int_equal(create_many(f->store, 0, 700, &err), OC_OK);
    assert_int_equal(write(ready[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void opening_says_what_is_wrong(void **state)
{
    struct fixture *f = *state;
    struct oc_store_options options = {.path = "/nonexistent/folder"};
    struct oc_store *store = NULL;
    struct oc_err err = {0};

    assert_int_equal(oc_store_open(&options, &store, &err), OC_ENOTFOUND);
    options.read_only = true;
    assert_int_equal(oc_store_open(&options, &store, &err), OC_EIO);
    assert_null(store);
    oc_store_close(NULL);
    (void)f;
}

/* Change the stored format number to one that this version does not know. */
static void make_newer(const char *path, uint64_t map_bytes)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi parts;
    MDB_val key = {1, (void *)(uintptr_t) "I"}, value;
    uint8_t info[64];

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, map_bytes), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "parts", 0, &parts), 0);
    assert_int_equal(mdb_get(txn, parts, &key, &value), 0);
    memcpy(info, value.mv_data, value.mv_size);
    info[4]++;
    value.mv_data = info;
    assert_int_equal(mdb_put(txn, parts, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_store_of_a_newer_version_is_refused_by_number(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};

    fixture_close(f);
    make_newer(f->path, f->map_bytes);
    assert_int_equal(fixture_open(f, &err), OC_EINVAL);
    assert_non_null(strstr(err.text, "format 3"));
}

static void a_full_store_refuses_writes_and_keeps_reading(void **state)
{
    struct fixture *f = *state;
    struct oc_err err = {0};
    struct oc_buf large, value;
    char key[16];
    int rc = OC_OK, count = 0;

    fixture_close(f);
    f->map_bytes = 4UL << 20;
    fixture_open_ok(f);
    oc_buf_init(&large, 1 << 20);
    oc_buf_init(&value, 1 << 20);
    memset(oc_buf_extend(&large, 100000), 'v', 100000);
    for (; rc == OC_OK; count++) {
        (void)snprintf(key, sizeof key, "%d", count);
        rc = put_record(f->store, OC_RECORD_META, oc_slice_of(key), oc_buf_slice(&large), &err);
    }
    assert_int_equal(rc, OC_EFULL);
    assert_true(count > 10);
    assert_int_equal(get_record(f->store, OC_RECORD_META, OC_STR("0"), &value, &err), OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_META, OC_STR("0"), (struct oc_slice){0}, &err),
                     OC_OK);
    assert_int_equal(put_record(f->store, OC_RECORD_META, OC_STR("small"), OC_STR("x"), &err),
                     OC_OK);
    assert_int_equal(count_findings(f->store), 0);
    oc_buf_clear(&large);
    oc_buf_clear(&value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_are_kept_replaced_and_removed),
        TEST(a_record_is_added_only_where_there_is_none),
        TEST(large_records_are_kept_and_limits_hold),
        TEST(scans_visit_a_prefix_in_either_order_from_any_key),
        TEST(many_writes_share_commits_and_refusals_disturb_nobody),
        TEST(a_write_that_fails_half_way_changes_nothing_and_fails_alone),
        TEST(a_snapshot_does_not_see_later_writes),
        TEST(snapshots_are_limited_and_reused),
        TEST(a_second_server_is_told_that_the_store_is_busy),
        TEST(reading_works_beside_a_server),
        TEST(opening_says_what_is_wrong),
        TEST(a_store_of_a_newer_version_is_refused_by_number),
        TEST(a_full_store_refuses_writes_and_keeps_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
