/*
 * Stores kept from earlier versions open, are sound, answer as they did, and can be written to.
 * A new version of the format adds a folder here and takes none away.
 */
#include "kept_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"

static void setup_copy(struct fixture *f, const char *version)
{
    char command[512];

    fixture_begin(f);
    (void)snprintf(command, sizeof command, "gzip -dc '%s/%s/data.mdb.gz' >'%s/data.mdb'",
                   OC_TEST_DATA, version, f->path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own, fixed command */
    fixture_open_ok(f);
}

static void check_pages(struct fixture *f, const char *version)
{
    struct oc_buf want, have;
    struct oc_err err = {0};
    char path[512];

    oc_buf_init(&want, 4UL << 20);
    oc_buf_init(&have, 4UL << 20);
    (void)snprintf(path, sizeof path, "%s/%s/pages", OC_TEST_DATA, version);
    assert_int_equal(oc_file_read(path, 4UL << 20, &want, &err), OC_OK);
    if (kept_store_pages(f->store, &have, &err) < 0)
        fail_msg("list: %s", err.text);
    assert_true(want.len > 10000);
    assert_true(oc_slice_eq(oc_buf_slice(&have), oc_buf_slice(&want)));
    oc_buf_clear(&want);
    oc_buf_clear(&have);
}

static void check_records(struct fixture *f)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err err = {0};

    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    for (uint32_t n = 0; n < KEPT_RECORDS; n++) {
        char key[32], value[64];
        struct oc_slice have;
        kept_record(n, key, value);
        assert_int_equal(oc_read_get(read, OC_RECORD_META, oc_slice_of(key), &have, &err), OC_OK);
        assert_true(oc_slice_eq_str(have, value));
    }
}

/* One more job, and the end of one that was in progress. */
static void check_writing(struct fixture *f)
{
    struct oc_job job = make_job("keptkeptkept", "one-more", 1800000000000);
    struct oc_job_query newest = {.partition = test_partition, .limit = 1};
    struct oc_job_page page;
    struct oc_err err = {0};
    struct oc_buf text;
    char id[OC_ID_LEN];

    oc_buf_init(&text, 1UL << 20);
    assert_int_equal(create_job(f->store, &job, &err), OC_OK);
    make_id(650, id);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_FAILED, "late", &err), OC_OK);
    assert_int_equal(list_jobs(f->store, &newest, &text, &page, &err), OC_OK);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.position, KEPT_JOBS);
    assert_non_null(memmem(text.ptr, text.len, "\"one-more\"", 10));
    newest.has_status = true, newest.status = OC_JOB_FAILED;
    newest.has_position = true, newest.position = 651;
    assert_int_equal(list_jobs(f->store, &newest, &text, &page, &err), OC_OK);
    assert_int_equal(page.position, 650);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    assert_int_equal(count_findings(f->store), 0);
    oc_buf_clear(&text);
}

static void open_kept(const char *version)
{
    struct fixture f;
    struct oc_err err = {0};

    setup_copy(&f, version);
    assert_int_equal(count_findings(f.store), 0);
    check_records(&f);
    check_pages(&f, version);
    assert_int_equal(oc_store_rebuild(f.store, &err), OC_OK);
    check_pages(&f, version); /* positions in it, so a token survives as well */
    check_writing(&f);
    fixture_end(&f);
}

static void a_store_of_version_1_opens(void **state)
{
    (void)state;
    open_kept("store-v1");
}

static void a_store_of_version_2_opens(void **state)
{
    (void)state;
    open_kept("store-v2");
}

/* States of version 2, which know the greatest id. */
static void a_store_of_version_2_1_opens(void **state)
{
    (void)state;
    open_kept("store-v2-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_store_of_version_1_opens),
                                       cmocka_unit_test(a_store_of_version_2_opens),
                                       cmocka_unit_test(a_store_of_version_2_1_opens)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
