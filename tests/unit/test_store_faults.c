/*
 * Every allocation, LMDB change and commit of one scenario fails, one at a time: once, and from
 * there on. What was acknowledged must be there, what was refused must not, reads go on when only
 * writes fail, the error is the right one, and afterwards the store is sound. Sanitizer builds see
 * what leaks.
 */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

#define BASE  480 /* jobs that are there before */
#define STEPS 12  /* writes of the scenario */
#define PER   10  /* jobs of one write: together they pass the end of the first segment */

static struct fixture base;

/* -- a store to begin with ------------------------------------------------------------------------
 */

static int make_base(void **state)
{
    struct oc_err err = {0};

    (void)state;
    fixture_begin(&base);
    base.map_bytes = 64UL << 20;
    fixture_open_ok(&base);
    assert_int_equal(create_many(base.store, 0, BASE, &err), OC_OK);
    assert_int_equal(end_many(base.store, 0, 400, OC_JOB_COMPLETED, &err), OC_OK);
    fixture_close(&base);
    return 0;
}

static int remove_base(void **state)
{
    (void)state;
    fixture_end(&base);
    return 0;
}

static void begin_copy(struct fixture *f)
{
    struct oc_err err = {0};
    struct oc_buf data;
    char name[128];

    fixture_begin(f);
    f->map_bytes = base.map_bytes;
    (void)snprintf(name, sizeof name, "%s/data.mdb", base.path);
    assert_int_equal(oc_file_read(name, 64UL << 20, &data, &err), OC_OK);
    (void)snprintf(name, sizeof name, "%s/data.mdb", f->path);
    assert_int_equal(oc_file_replace(name, oc_buf_slice(&data), 0600, &err), OC_OK);
    oc_buf_clear(&data);
}

/* -- the scenario
 * ------------------------------------------------------------------------------------ */

struct outcome {
    bool created[STEPS], ended[STEPS];
};

static bool is_expected(int rc, enum oc_fault_site site)
{
    if (site == OC_FAULT_ALLOC)
        return rc == OC_ENOMEM || rc == OC_EIO; /* LMDB's own words for it come as OC_EIO */
    return rc == OC_EIO;
}

static void expect(int rc, enum oc_fault_site site, const struct oc_err *err)
{
    if (rc != OC_OK && !is_expected(rc, site))
        fail_msg("site %d: code %d: %s", site, rc, err->text);
    assert_true(rc == OC_OK || err->text[0]);
}

static void run_writes(struct fixture *f, enum oc_fault_site site, struct outcome *out)
{
    for (int i = 0; i < STEPS; i++) {
        struct oc_err err = {0};
        uint64_t from = BASE + (uint64_t)i * PER;
        int rc = create_many(f->store, from, PER, &err);
        expect(rc, site, &err);
        out->created[i] = rc == OC_OK;
        if (rc != OC_OK)
            continue;
        rc = end_many(f->store, from, PER, OC_JOB_FAILED, &err);
        expect(rc, site, &err);
        out->ended[i] = rc == OC_OK;
    }
}

static void run_reads(struct fixture *f, enum oc_fault_site site)
{
    struct oc_job_query q = {.partition = test_partition,
                             .limit = 50,
                             .name_contains = OC_STR("el-4"),
                             .has_status = true,
                             .status = OC_JOB_COMPLETED};
    struct oc_job_page page;
    struct oc_err err = {0};
    struct oc_buf text;

    oc_buf_init(&text, 1 << 20);
    int rc = list_jobs(f->store, &q, &text, &page, &err);
    expect(rc, site, &err);
    if (site != OC_FAULT_ALLOC)
        assert_int_equal(rc, OC_OK);
    oc_buf_clear(&text);
}

static bool job_exists(struct oc_store *store, uint64_t n, bool *ret_failed)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err err = {0};
    struct oc_slice json;
    char id[OC_ID_LEN];

    make_id(n, id);
    assert_int_equal(oc_store_read(store, &read, &err), OC_OK);
    int rc = oc_read_job_json(read, test_partition, (struct oc_slice){id, OC_ID_LEN}, &json, &err);
    assert_true(rc == OC_OK || rc == OC_ENOTFOUND);
    *ret_failed = rc == OC_OK && oc_slice_find_slice(json, OC_STR("\"Failed\"")) > 0;
    return rc == OC_OK;
}

static void verify(struct fixture *f, const struct outcome *out)
{
    struct oc_err err = {0};
    bool failed;

    if (oc_store_settle(f->store, &err) < 0)
        fail_msg("settle after the fault: %s", err.text);
    for (int i = 0; i < STEPS; i++) {
        for (uint64_t n = BASE + (uint64_t)i * PER; n < BASE + (uint64_t)(i + 1) * PER; n++) {
            assert_int_equal(job_exists(f->store, n, &failed), out->created[i]);
            assert_int_equal(failed, out->ended[i]);
        }
    }
    assert_int_equal(count_findings(f->store), 0);
}

/* @return whether the fault fired */
static bool run_with_fault(enum oc_fault_site site, unsigned nth, enum oc_fault_mode mode)
{
    struct outcome out = {0};
    struct oc_err err = {0};
    struct fixture f;

    begin_copy(&f);
    oc_fault_arm(site, nth, mode);
    int rc = fixture_open(&f, &err);
    expect(rc, site, &err);
    if (rc == OC_OK) {
        run_writes(&f, site, &out);
        run_reads(&f, site);
        rc = oc_store_settle(f.store, &err);
        expect(rc, site, &err);
    }
    bool fired = oc_fault_fired(site) > 0;
    oc_fault_arm(site, 0, OC_FAULT_ONCE);
    if (!f.store)
        fixture_open_ok(&f);
    verify(&f, &out);
    fixture_close(&f);
    fixture_open_ok(&f);
    verify(&f, &out);
    fixture_end(&f);
    return fired;
}

/* All early ones, then further and further apart. */
static void run_site(enum oc_fault_site site, enum oc_fault_mode mode, unsigned dense)
{
    unsigned nth = 1, runs = 0;

    while (run_with_fault(site, nth, mode)) {
        nth += nth < dense ? 1 : 1 + nth / 12;
        runs++;
    }
    printf("site %d, mode %d: %u faults up to the %uth call\n", site, mode, runs, nth);
    assert_true(runs > 10);
}

static void an_allocation_fails_once(void **state)
{
    (void)state;
    run_site(OC_FAULT_ALLOC, OC_FAULT_ONCE, 40);
}

static void allocations_fail_from_some_point_on(void **state)
{
    (void)state;
    run_site(OC_FAULT_ALLOC, OC_FAULT_ALWAYS, 40);
}

static void a_change_fails_once(void **state)
{
    (void)state;
    run_site(OC_FAULT_LMDB_PUT, OC_FAULT_ONCE, 20);
}

static void changes_fail_from_some_point_on(void **state)
{
    (void)state;
    run_site(OC_FAULT_LMDB_PUT, OC_FAULT_ALWAYS, 20);
}

static void a_commit_fails_once(void **state)
{
    (void)state;
    run_site(OC_FAULT_LMDB_COMMIT, OC_FAULT_ONCE, 40);
}

static void commits_fail_from_some_point_on(void **state)
{
    (void)state;
    run_site(OC_FAULT_LMDB_COMMIT, OC_FAULT_ALWAYS, 40);
}

static void a_new_store_survives_faults_at_its_making(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC, OC_FAULT_LMDB_PUT,
                                               OC_FAULT_LMDB_COMMIT};
    struct oc_err err = {0};
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        bool fired = true;
        for (unsigned nth = 1; fired; nth++) {
            fixture_begin(&f);
            oc_fault_arm(sites[i], nth, OC_FAULT_ONCE);
            expect(fixture_open(&f, &err), sites[i], &err);
            fired = oc_fault_fired(sites[i]) > 0;
            oc_fault_arm(sites[i], 0, OC_FAULT_ONCE);
            if (!f.store)
                fixture_open_ok(&f);
            assert_int_equal(create_many(f.store, 0, 3, &err), OC_OK);
            fixture_end(&f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_fails_once),
        cmocka_unit_test(allocations_fail_from_some_point_on),
        cmocka_unit_test(a_change_fails_once),
        cmocka_unit_test(changes_fail_from_some_point_on),
        cmocka_unit_test(a_commit_fails_once),
        cmocka_unit_test(commits_fail_from_some_point_on),
        cmocka_unit_test(a_new_store_survives_faults_at_its_making),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
