/*
 * The process dies: just before each change and each commit, at random moments, and during a
 * rebuild. Opened again, the store has all that was acknowledged, nothing half, and is sound.
 */
#include "store_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PER    40
#define WRITES 30

/* -- the child
 * ------------------------------------------------------------------------------------- */

static void tell(int fd, uint32_t value)
{
    if (write(fd, &value, sizeof value) != (ssize_t)sizeof value)
        _exit(3);
}

/* Creates and ends jobs, telling through `fd` how many of each are acknowledged. */
static void run_child(struct fixture *f, int fd, enum oc_fault_site site, unsigned nth,
                      bool rebuild)
{
    struct oc_err err = {0};

    if (fixture_open(f, &err) < 0)
        _exit(3);
    if (nth)
        oc_fault_arm(site, nth, OC_FAULT_DIE);
    for (uint32_t i = 0; i < WRITES && !rebuild; i++) {
        if (create_many(f->store, i * PER, PER, &err) < 0)
            _exit(3);
        tell(fd, 2 * i);
        if (end_many(f->store, i * PER, PER, OC_JOB_COMPLETED, &err) < 0)
            _exit(3);
        tell(fd, 2 * i + 1);
    }
    if ((rebuild && oc_store_rebuild(f->store, &err) < 0) || oc_store_settle(f->store, &err) < 0)
        _exit(3);
    _exit(0);
}

/* @return whether the child died before its end; *ret_last is the last acknowledgement or -1 */
static bool crash(struct fixture *f, enum oc_fault_site site, unsigned nth, unsigned kill_us,
                  bool rebuild, int *ret_last)
{
    int fds[2], status;
    uint32_t value;

    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(fds[0]);
        run_child(f, fds[1], site, nth, rebuild);
    }
    (void)close(fds[1]);
    if (kill_us) {
        (void)usleep(kill_us);
        (void)kill(child, SIGKILL);
    }
    *ret_last = -1;
    while (read(fds[0], &value, sizeof value) == (ssize_t)sizeof value)
        *ret_last = (int)value;
    (void)close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
        fail_msg("the child failed by itself");
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

/* -- what must hold afterwards
 * --------------------------------------------------------------------- */

static uint32_t count_with(struct oc_store *store, bool completed)
{
    struct oc_job_query q = {.partition = test_partition,
                             .limit = 1000,
                             .has_status = completed,
                             .status = OC_JOB_COMPLETED};
    struct oc_job_page page = {.more = true};
    struct oc_err err = {0};
    struct oc_buf text;
    uint32_t count = 0;

    oc_buf_init(&text, 16 << 20);
    while (page.more) {
        assert_int_equal(list_jobs(store, &q, &text, &page, &err), OC_OK);
        count += page.count;
        q.has_position = true;
        q.position = page.position;
    }
    oc_buf_clear(&text);
    return count;
}

static void verify(struct fixture *f, int last)
{
    uint32_t created = (uint32_t)(last + 2) / 2 * PER, ended = (uint32_t)(last + 1) / 2 * PER;
    struct oc_err err = {0};

    fixture_open_ok(f);
    uint32_t have_created = count_with(f->store, false), have_ended = count_with(f->store, true);
    /* The write under way may have committed without being acknowledged: whole, or not at all. */
    assert_true(have_created == created || (last % 2 != 0 && have_created == created + PER));
    assert_true(have_ended == ended || (last % 2 == 0 && have_ended == ended + PER));
    assert_int_equal(count_findings(f->store), 0);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    assert_int_equal(count_findings(f->store), 0);
    assert_int_equal(create_many(f->store, 100000, 10, &err), OC_OK);
    fixture_close(f);
}

static void die_at(enum oc_fault_site site, unsigned stride)
{
    unsigned nth = 1, runs = 0;
    bool died = true;
    int last;

    for (; died; nth += 1 + nth / stride, runs++) {
        struct fixture f;
        fixture_begin(&f);
        died = crash(&f, site, nth, 0, false, &last);
        verify(&f, last);
        fixture_end(&f);
    }
    printf("site %d: died %u times, up to the %uth call\n", site, runs - 1, nth);
    assert_true(runs > 20);
}

static void dying_before_any_commit_loses_nothing(void **state)
{
    (void)state;
    die_at(OC_FAULT_LMDB_COMMIT, 1000);
}

static void dying_before_any_change_loses_nothing(void **state)
{
    (void)state;
    die_at(OC_FAULT_LMDB_PUT, 20);
}

static void being_killed_at_any_moment_loses_nothing(void **state)
{
    struct rng rng = {4711};
    int last;

    (void)state;
    for (int round = 0; round < 60; round++) {
        struct fixture f;
        fixture_begin(&f);
        (void)crash(&f, OC_FAULT_SEND, 0, 1 + rng_below(&rng, 40000), false, &last);
        verify(&f, last);
        fixture_end(&f);
    }
}

static void a_rebuild_cut_short_is_done_again_at_opening(void **state)
{
    struct oc_err err = {0};
    bool died = true;
    int last;

    (void)state;
    for (unsigned nth = 1; died; nth += 1 + nth / 4) {
        struct fixture f;
        fixture_begin(&f);
        fixture_open_ok(&f);
        assert_int_equal(create_many(f.store, 0, 3000, &err), OC_OK);
        assert_int_equal(end_many(f.store, 0, 2900, OC_JOB_COMPLETED, &err), OC_OK);
        fixture_close(&f);
        died = crash(&f, OC_FAULT_LMDB_PUT, nth, 0, true, &last);
        fixture_open_ok(&f);
        assert_int_equal(count_with(f.store, false), 3000);
        assert_int_equal(count_with(f.store, true), 2900);
        assert_int_equal(count_findings(f.store), 0);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dying_before_any_commit_loses_nothing),
        cmocka_unit_test(dying_before_any_change_loses_nothing),
        cmocka_unit_test(being_killed_at_any_moment_loses_nothing),
        cmocka_unit_test(a_rebuild_cut_short_is_done_again_at_opening),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
