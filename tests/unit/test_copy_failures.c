/* The copy engine when something fails: what is told, what is left, what goes on. */
#include "cloud_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"

#define MIB (1024 * 1024)

static struct oc_err err;

/* -- imports ------------------------------------------------------------------------------------
 */

static void assert_import_fails(struct cloud *c, const char *uri, const char *text)
{
    struct oc_model model = cloud_wait(c, ALICE, EAST, cloud_import(c, ALICE, EAST, uri));

    cloud_assert_failed(c, &model, text);
    cloud_wait_blobs(c, EAST, 0);
    assert_int_equal(cloud_check(c), 0);
}

static void an_import_that_cannot_be_says_why(void **state)
{
    struct cloud *c = *state;

    cloud_start(c);
    assert_int_equal(mkdir(folder_path(c->folder, "models/empty"), 0700), 0);
    folder_write(c->folder, "models/file", 10, 1);
    assert_import_fails(c, "s3://models/empty", "the folder has no files");
    assert_import_fails(c, "s3://models/missing/deep", "No such file or directory");
    assert_import_fails(c, "s3://other/x", "bucket 'other' is not known");
    assert_import_fails(c, "s3://models/../models", "is not a plain path");
    assert_import_fails(c, "s3://models/file", "'file' is a symbolic link or lies below one");
    assert_import_fails(c, "https://models/x", "is not an s3:// URI");
}

static void links_and_special_files_are_refused_by_name(void **state)
{
    struct cloud *c = *state;

    cloud_start(c);
    folder_write(c->folder, "models/a/weights", 10, 1);
    folder_write(c->folder, "secret", 10, 1);
    assert_int_equal(symlink("../../secret", folder_path(c->folder, "models/a/link")), 0);
    assert_import_fails(c, "s3://models/a", "'link' is a symbolic link");
    assert_int_equal(unlink(folder_path(c->folder, "models/a/link")), 0);
    assert_int_equal(symlink("..", folder_path(c->folder, "models/a/up")), 0);
    assert_import_fails(c, "s3://models/a", "'up' is a symbolic link");
    assert_int_equal(unlink(folder_path(c->folder, "models/a/up")), 0);
    assert_int_equal(mkfifo(folder_path(c->folder, "models/a/pipe"), 0600), 0);
    assert_import_fails(c, "s3://models/a", "'pipe' is a special file");
    assert_int_equal(unlink(folder_path(c->folder, "models/a/pipe")), 0);
    assert_int_equal(symlink("a", folder_path(c->folder, "models/b")), 0);
    assert_import_fails(c, "s3://models/b", "symbolic link");
    folder_write(c->folder, "models/a/bad\nname", 10, 1);
    assert_import_fails(c, "s3://models/a", "is not a relative path");
}

static void *append_slowly(void *arg)
{
    FILE *file = fopen(arg, "ab");

    for (int i = 0; i < 400; i++) {
        (void)fputc('x', file);
        (void)fflush(file);
        (void)usleep(500);
    }
    (void)fclose(file);
    return NULL;
}

static void a_bucket_is_there_for_its_accounts_only(void **state)
{
    static const struct oc_slice accounts[] = {OC_STR(BOB), OC_STR(ALICE)};
    struct cloud *c = *state;

    folder_write_text(c->folder, "models/a/w", "bytes");
    cloud_start(c);
    c->bucket.accounts = accounts;
    c->bucket.account_count = 1;
    assert_import_fails(c, "s3://models/a", "bucket 'models' is not known");
    c->bucket.account_count = 2;
    (void)cloud_imported(c, ALICE, EAST, "s3://models/a");
}

static void a_file_that_changes_while_it_is_read_fails_the_import(void **state)
{
    struct cloud *c = *state;
    char path[256];
    pthread_t writer;

    cloud_start(c);
    folder_write(c->folder, "models/a/weights", 40 * MIB, 1);
    (void)snprintf(path, sizeof path, "%s", folder_path(c->folder, "models/a/weights"));
    assert_int_equal(pthread_create(&writer, NULL, append_slowly, path), 0);
    (void)usleep(5000);
    assert_import_fails(c, "s3://models/a", "file 'weights' changed while it was read");
    assert_int_equal(pthread_join(writer, NULL), 0);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct cloud *c = *state;

    cloud_start(c);
    folder_write(c->folder, "models/a/weights", 9 * MIB, 1);
    oc_fault_arm(OC_FAULT_READ, 1, OC_FAULT_ALWAYS);
    {
        struct oc_model model =
            cloud_wait(c, ALICE, EAST, cloud_import(c, ALICE, EAST, "s3://models/a"));

        oc_fault_arm(OC_FAULT_READ, 0, OC_FAULT_ONCE);
        cloud_assert_failed(c, &model, "file 'weights' could not be read");
        assert_true(oc_slice_find_slice(model.failure_message, OC_STR("Check that disk")) > 0);
    }
    assert_int_equal(cloud_check(c), 0);
}

/* -- copies -------------------------------------------------------------------------------------
 */

/* An Active model of 20 MiB in us-east-1; the engine runs. */
static struct oc_slice make_source(struct cloud *c)
{
    folder_write(c->folder, "models/a/weights", 20 * MIB, 1);
    cloud_start(c);
    return cloud_imported(c, ALICE, EAST, "s3://models/a");
}

static struct oc_model copy_and_wait(struct cloud *c, struct oc_slice source)
{
    return cloud_wait(c, ALICE, WEST, cloud_copy(c, ALICE, WEST, ALICE, EAST, source));
}

static void assert_nothing_is_left(struct cloud *c)
{
    cloud_wait_blobs(c, WEST, 0);
    assert_int_equal(cloud_check(c), 0);
}

/* The file of some part in a Region's store. */
static const char *part_file(struct cloud *c, int region, const struct oc_model *model,
                             uint32_t index)
{
    struct oc_manifest m;
    char hex[65] = {0}, path[256];

    oc_manifest_init(&m);
    ok(oc_copy_manifest_load(c->regions[region].blobs, model->kms_key_id, model->manifest, &m,
                             &err));
    oc_hex_encode(m.parts[index].sha256, 32, hex);
    (void)snprintf(path, sizeof path, "blobs/%.*s/parts/%.*s/%.2s/%s",
                   OC_FMT(c->regions[region].name), OC_FMT(model->kms_key_id), hex, hex + 2);
    oc_manifest_clear(&m);
    return folder_path(c->folder, path);
}

static void rot_in_the_source_is_noticed_and_named(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);
    struct oc_model model = cloud_model(c, ALICE, EAST, source);
    struct oc_buf bytes = {0};
    char file[512]; /* waiting asks for many paths, and only eight are kept */

    (void)snprintf(file, sizeof file, "%s", part_file(c, EAST, &model, 1));
    ok(oc_file_read(file, 10 * MIB, &bytes, &err));
    bytes.ptr[5 * MIB] ^= 1;
    ok(oc_file_replace(file, oc_buf_slice(&bytes), 0600, &err));
    model = copy_and_wait(c, source);
    cloud_assert_failed(c, &model, "part 2 of 3 (file 'weights') could not be copied");
    cloud_assert_failed(c, &model, "outcrop check --deep");
    cloud_wait_blobs(c, WEST, 0);
    assert_int_equal(cloud_check(c), 1); /* the checker sees the rot too */
    assert_int_equal(unlink(file), 0);
    model = copy_and_wait(c, source);
    cloud_assert_failed(c, &model, "No such file");
    bytes.ptr[5 * MIB] ^= 1;
    ok(oc_file_replace(file, oc_buf_slice(&bytes), 0600, &err));
    model = copy_and_wait(c, source);
    cloud_assert_active(&model);
    assert_int_equal(cloud_check(c), 0);
    oc_buf_clear(&bytes);
}

static void a_source_that_is_deleted_during_the_copy_ends_it(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c), id;
    struct oc_model model;

    cloud_stop(c);
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    cloud_delete(c, ALICE, EAST, source);
    cloud_start(c);
    model = cloud_wait(c, ALICE, WEST, id);
    cloud_assert_failed(c, &model, "the source model was deleted during the copy");
    oc_copy_engine_sweep(c->engine, c->regions[EAST].name);
    cloud_wait_blobs(c, EAST, 0);
    assert_nothing_is_left(c);
}

/* Deleted between the last part and the commit: the commit itself must see it. */
static void a_source_that_is_deleted_at_the_last_moment_ends_the_copy(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source, id;
    struct oc_copy_progress progress;
    struct oc_model model;

    c->options.workers = 1;
    folder_write(c->folder, "models/a/weights", 48 * MIB, 1);
    cloud_start(c);
    source = cloud_imported(c, ALICE, EAST, "s3://models/a");
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    oc_copy_engine_wake(c->engine);
    while (!oc_copy_engine_progress(c->engine, cloud_partition(c, ALICE, WEST), id, &progress) ||
           strcmp(progress.phase, "copying") != 0)
        ;
    cloud_delete(c, ALICE, EAST, source); /* the bytes stay: nobody sweeps */
    model = cloud_wait(c, ALICE, WEST, id);
    cloud_assert_failed(c, &model, "the source model was deleted during the copy");
    assert_nothing_is_left(c);
}

static void a_share_that_is_revoked_ends_the_copy(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);
    struct oc_model model;

    c->revoked = true;
    model = cloud_wait(c, BOB, WEST, cloud_copy(c, BOB, WEST, ALICE, EAST, source));
    cloud_assert_failed(c, &model, "account 111111111111 no longer shares the source model");
    model = copy_and_wait(c, source); /* the owner needs no share */
    cloud_assert_active(&model);
    c->revoked = false;
    model = cloud_wait(c, BOB, WEST, cloud_copy(c, BOB, WEST, ALICE, EAST, source));
    cloud_assert_active(&model);
    assert_int_equal(cloud_check(c), 0);
}

static void a_disabled_key_ends_the_copy_and_is_named(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);
    struct oc_key_info key;
    struct oc_model model;

    ok(oc_keys_create(c->keys, OC_STR(ALICE), c->regions[WEST].name, OC_STR(""), &c->arena, &key,
                      &err));
    ok(oc_keys_set_enabled(c->keys, OC_STR(ALICE), c->regions[WEST].name, key.id, false, &err));
    model = cloud_wait(c, ALICE, WEST, cloud_copy_as(c, ALICE, WEST, ALICE, EAST, source, key.id));
    cloud_assert_failed(c, &model, "outcrop kms enable");
    cloud_assert_failed(c, &model, key.id.ptr);
    assert_nothing_is_left(c);
}

static void a_source_region_that_is_not_served_ends_the_copy(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);
    struct oc_region regions[2] = {c->regions[EAST], c->regions[WEST]};
    struct oc_model model;
    struct oc_slice id;

    cloud_stop(c);
    c->regions[EAST].name = OC_STR("eu-west-1"); /* this server has another Region instead */
    cloud_start(c);
    c->regions[EAST] = regions[EAST];
    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    model = cloud_wait(c, ALICE, WEST, id);
    cloud_assert_failed(c, &model, "the source Region us-east-1 is not served here");
    assert_nothing_is_left(c);
}

/* -- faults -------------------------------------------------------------------------------------
 */

static void what_passes_by_itself_is_tried_again(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_SYNC, OC_FAULT_RENAME, OC_FAULT_READ};
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        struct oc_slice id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
        struct oc_model model;

        oc_fault_arm(sites[i], 2, OC_FAULT_ONCE);
        model = cloud_wait(c, ALICE, WEST, id);
        assert_int_equal(oc_fault_fired(sites[i]), 1);
        oc_fault_arm(sites[i], 0, OC_FAULT_ONCE);
        cloud_assert_active(&model);
        cloud_delete(c, ALICE, WEST, id);
        oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
        cloud_wait_blobs(c, WEST, 0);
    }
    assert_int_equal(cloud_check(c), 0);
}

static void a_full_disk_ends_the_job_at_once(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c), id;
    struct oc_model model;

    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    oc_fault_arm(OC_FAULT_WRITE, 2, OC_FAULT_ONCE);
    model = cloud_wait(c, ALICE, WEST, id);
    oc_fault_arm(OC_FAULT_WRITE, 0, OC_FAULT_ONCE);
    cloud_assert_failed(c, &model, "No space left on device");
    cloud_assert_failed(c, &model, "Free space on that disk, then start again.");
    assert_nothing_is_left(c);
}

/* LMDB does its own writes: only the content store's calls can be armed here. */
static void what_does_not_pass_ends_the_job_and_leaves_nothing(void **state)
{
    static const struct {
        enum oc_fault_site site;
        const char *text;
    } faults[] = {{OC_FAULT_WRITE, "could not be copied"},
                  {OC_FAULT_SYNC, "could not be copied"},
                  {OC_FAULT_RENAME, "could not be copied"},
                  {OC_FAULT_READ, "manifest of the source"}};
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct oc_slice id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
        struct oc_model model;

        oc_fault_arm(faults[i].site, 1, OC_FAULT_ALWAYS);
        model = cloud_wait(c, ALICE, WEST, id);
        oc_fault_arm(faults[i].site, 0, OC_FAULT_ONCE);
        cloud_assert_failed(c, &model, faults[i].text);
        oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
        assert_nothing_is_left(c);
    }
    {
        struct oc_model model = copy_and_wait(c, source);

        cloud_assert_active(&model);
    }
    cloud_stop(c);
    assert_int_equal(cloud_check(c), 0);
}

static void a_store_that_fails_puts_the_work_off(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c), id;
    struct oc_model model;

    id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
    oc_fault_arm(OC_FAULT_LMDB_COMMIT, 1, OC_FAULT_ALWAYS);
    oc_copy_engine_wake(c->engine);
    for (int i = 0; i < 1000 && oc_fault_fired(OC_FAULT_LMDB_COMMIT) == 0; i++)
        (void)usleep(5000);
    assert_true(oc_fault_fired(OC_FAULT_LMDB_COMMIT) > 0);
    model = cloud_model(c, ALICE, WEST, id);
    assert_int_equal(model.status, OC_MODEL_CREATING);
    oc_fault_arm(OC_FAULT_LMDB_COMMIT, 0, OC_FAULT_ONCE);
    model = cloud_wait(c, ALICE, WEST, id); /* it is tried again by itself */
    cloud_assert_active(&model);
    assert_int_equal(cloud_check(c), 0);
}

/* Every allocation in turn: the engine may fail the job or put it off, but not break. */
static void memory_that_runs_out_breaks_nothing(void **state)
{
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);
    unsigned active = 0, failed = 0;

    for (unsigned nth = 1; nth < 300; nth += 11) {
        struct oc_slice id = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
        struct oc_model model = {0};

        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        oc_copy_engine_wake(c->engine);
        for (int i = 0; i < 400 && oc_fault_fired(OC_FAULT_ALLOC) == 0; i++)
            (void)usleep(500);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        model = cloud_wait(c, ALICE, WEST, id);
        active += model.status == OC_MODEL_ACTIVE;
        failed += model.status == OC_MODEL_FAILED;
        cloud_delete(c, ALICE, WEST, id);
        oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
        cloud_wait_blobs(c, WEST, 0);
    }
    assert_true(active > 0);
    print_message("%u copies ended well, %u failed\n", active, failed);
    assert_int_equal(cloud_check(c), 0);
}

/* -- death --------------------------------------------------------------------------------------
 */

/*
 * A process that dies at any write, sync, rename or commit of an import and a copy: the next one
 * finds a sound store and finishes both. Steps are sampled; every one is met over many runs.
 */
static void death_at_any_step_is_survived(void **state)
{
    static const struct {
        enum oc_fault_site site;
        unsigned step;
    } deaths[] = {{OC_FAULT_WRITE, 17},
                  {OC_FAULT_SYNC, 3},
                  {OC_FAULT_RENAME, 1},
                  {OC_FAULT_LMDB_PUT, 5},
                  {OC_FAULT_LMDB_COMMIT, 1}};
    struct cloud *c = *state;
    struct oc_slice source = make_source(c);

    folder_write(c->folder, "models/b/weights", 9 * MIB, 2);
    for (size_t d = 0; d < sizeof deaths / sizeof *deaths; d++)
        for (unsigned nth = 1;; nth += deaths[d].step) {
            struct oc_slice copy, import;
            struct oc_model model;
            int status;
            pid_t child;

            cloud_stop(c);
            copy = cloud_copy(c, ALICE, WEST, ALICE, EAST, source);
            import = cloud_import(c, ALICE, WEST, "s3://models/b");
            cloud_close(c);
            child = fork(); /* no other thread runs here */
            assert_true(child >= 0);
            if (child == 0) {
                cloud_open(c);
                oc_fault_arm(deaths[d].site, nth, OC_FAULT_DIE);
                cloud_start(c);
                (void)cloud_wait(c, ALICE, WEST, copy);
                (void)cloud_wait(c, ALICE, WEST, import);
                _exit(0);
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFEXITED(status));
            cloud_open(c);
            assert_int_equal(cloud_check(c), 0);
            cloud_start(c);
            model = cloud_wait(c, ALICE, WEST, copy);
            cloud_assert_active(&model);
            cloud_assert_content(c, WEST, &model, "models/a");
            model = cloud_wait(c, ALICE, WEST, import);
            cloud_assert_active(&model);
            cloud_delete(c, ALICE, WEST, copy);
            cloud_delete(c, ALICE, WEST, import);
            oc_copy_engine_sweep(c->engine, c->regions[WEST].name);
            assert_nothing_is_left(c);
            if (WEXITSTATUS(status) == 0)
                break;
            assert_int_equal(WEXITSTATUS(status), 137);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cloud_setup, cloud_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_import_that_cannot_be_says_why),
        TEST(links_and_special_files_are_refused_by_name),
        TEST(a_bucket_is_there_for_its_accounts_only),
        TEST(a_file_that_changes_while_it_is_read_fails_the_import),
        TEST(a_file_that_cannot_be_read_is_named),
        TEST(rot_in_the_source_is_noticed_and_named),
        TEST(a_source_that_is_deleted_during_the_copy_ends_it),
        TEST(a_source_that_is_deleted_at_the_last_moment_ends_the_copy),
        TEST(a_share_that_is_revoked_ends_the_copy),
        TEST(a_disabled_key_ends_the_copy_and_is_named),
        TEST(a_source_region_that_is_not_served_ends_the_copy),
        TEST(what_passes_by_itself_is_tried_again),
        TEST(a_full_disk_ends_the_job_at_once),
        TEST(what_does_not_pass_ends_the_job_and_leaves_nothing),
        TEST(a_store_that_fails_puts_the_work_off),
        TEST(memory_that_runs_out_breaks_nothing),
        TEST(death_at_any_step_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
