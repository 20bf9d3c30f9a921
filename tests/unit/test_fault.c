/* Fault injection and the error object: base/fault, base/err. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault_loop.h"

/* How the first five calls of `site` go: a digit each, 1 for "fails". */
static void assert_calls(enum oc_fault_site site, const char *want)
{
    char got[6] = "";

    for (int i = 0; i < 5; i++)
        got[i] = oc_fault(site) ? '1' : '0';
    assert_string_equal(got, want);
}

static void armed_site_fails_at_the_nth_call(void **state)
{
    (void)state;
    assert_calls(OC_FAULT_SEND, "00000");
    oc_fault_arm(OC_FAULT_SEND, 3, OC_FAULT_ONCE);
    assert_calls(OC_FAULT_SEND, "00100");
    assert_int_equal(oc_fault_fired(OC_FAULT_SEND), 1);
    assert_calls(OC_FAULT_READ, "00000");
    oc_fault_arm(OC_FAULT_SEND, 3, OC_FAULT_ALWAYS);
    assert_int_equal(oc_fault_fired(OC_FAULT_SEND), 0);
    assert_calls(OC_FAULT_SEND, "00111");
    assert_int_equal(oc_fault_fired(OC_FAULT_SEND), 3);
    oc_fault_arm(OC_FAULT_SEND, 0, OC_FAULT_ALWAYS);
    assert_calls(OC_FAULT_SEND, "00000");
}

static void environment_arms_one_site(void **state)
{
    static const char *const wrong[] = {
        "",         "alloc",          "alloc:1",      "alloc:0:once",
        "x:1:once", "alloc:1:onceee", "alloc:x:once", "alloc:1:once:2"};

    (void)state;
    assert_int_equal(unsetenv("OUTCROP_FAULT"), 0);
    assert_true(oc_fault_from_env());
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(setenv("OUTCROP_FAULT", wrong[i], 1), 0);
        assert_false(oc_fault_from_env());
    }
    assert_int_equal(setenv("OUTCROP_FAULT", "lmdb_commit:2:always", 1), 0);
    assert_true(oc_fault_from_env());
    assert_calls(OC_FAULT_LMDB_COMMIT, "01111");
    oc_fault_arm(OC_FAULT_LMDB_COMMIT, 0, OC_FAULT_ONCE);
}

static void mode_die_ends_the_process(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        oc_fault_arm(OC_FAULT_SYNC, 2, OC_FAULT_DIE);
        (void)oc_fault(OC_FAULT_SYNC);
        (void)oc_fault(OC_FAULT_SYNC);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 137);
}

static void failed_allocation_leaves_the_old_memory(void **state)
{
    char *memory = oc_alloc(1), *grown;

    (void)state;
    assert_non_null(memory);
    *memory = 'x';
    oc_fault_arm(OC_FAULT_ALLOC, 1, OC_FAULT_ONCE);
    assert_null(oc_realloc(memory, 100));
    grown = oc_realloc(memory, 100);
    assert_non_null(grown);
    assert_int_equal(*grown, 'x');
    free(grown);
    oc_fault_arm(OC_FAULT_ALLOC, 1, OC_FAULT_ONCE);
    assert_null(oc_alloc(1));
    oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
}

static void error_holds_code_name_and_text(void **state)
{
    struct oc_err err = {.name = "Old", .resource = OC_STR("old")};

    (void)state;
    assert_int_equal(oc_fail(&err, OC_EBUSY, "try %s", "later"), OC_EBUSY);
    assert_int_equal(err.rc, OC_EBUSY);
    assert_null(err.name);
    assert_null(err.resource.ptr);
    assert_string_equal(err.text, "try later");
    assert_int_equal(oc_fail_as(&err, OC_EINVAL, "ValidationException", "again: %s", err.text),
                     OC_EINVAL);
    assert_string_equal(err.name, "ValidationException");
    assert_string_equal(err.text, "again: try later");
    assert_int_equal(oc_fail_nomem(&err), OC_ENOMEM);
    assert_string_equal(err.text, "out of memory");
}

static void long_error_text_is_cut(void **state)
{
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_fail(&err, OC_EIO, "%5000d", 1), OC_EIO);
    assert_int_equal(strlen(err.text), OC_ERR_TEXT_MAX - 1);
    errno = EIO;
    assert_int_equal(oc_fail_errno(&err, "%5000d", 1), OC_EIO);
    assert_int_equal(strlen(err.text), OC_ERR_TEXT_MAX - 1);
}

static void errno_becomes_code_and_words(void **state)
{
    static const struct {
        int number;
        int rc;
    } cases[] = {{ENOSPC, OC_EFULL},     {EDQUOT, OC_EFULL},   {ENOMEM, OC_ENOMEM},
                 {ENOENT, OC_ENOTFOUND}, {EACCES, OC_EDENIED}, {EPERM, OC_EDENIED},
                 {EIO, OC_EIO},          {EPIPE, OC_EIO}};
    struct oc_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        errno = cases[i].number;
        assert_int_equal(oc_fail_errno(&err, "open '%s'", "f"), cases[i].rc);
        assert_int_equal(err.rc, cases[i].rc);
        assert_memory_equal(err.text, "open 'f': ", 10);
        assert_string_equal(err.text + 10, strerror(cases[i].number));
    }
}

static void grown_array_doubles_and_keeps_its_content(void **state)
{
    unsigned long cap = 0;
    int *items = oc_grow(NULL, &cap, 0, sizeof(*items)), *grown;

    (void)state;
    assert_non_null(items); /* NULL means no memory and nothing else */
    assert_int_equal(cap, 16);
    items[15] = 7;
    grown = oc_grow(items, &cap, 16, sizeof(*items));
    assert_ptr_equal(grown, items);
    oc_fault_arm(OC_FAULT_ALLOC, 1, OC_FAULT_ONCE);
    assert_null(oc_grow(items, &cap, 17, sizeof(*items)));
    oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
    assert_int_equal(cap, 16);
    items = oc_grow(items, &cap, 33, sizeof(*items));
    assert_non_null(items);
    assert_int_equal(cap, 64);
    assert_int_equal(items[15], 7);
    assert_null(oc_grow(items, &cap, ~0UL, sizeof(*items)));
    assert_null(oc_grow(items, &cap, ~0UL / 4, 64));
    assert_int_equal(cap, 64);
    free(items);
}

static void hidden_text_goes_along_and_never_into_the_text(void **state)
{
    struct oc_err cause = {0}, err = {0};

    (void)state;
    (void)oc_fail(&cause, OC_EIO, "a part");
    oc_err_hide(&cause, "/srv/%s", "part");
    assert_string_equal(cause.text, "a part");
    assert_int_equal(oc_fail_for(&err, OC_EIO, &cause, "copy: %s", cause.text), OC_EIO);
    assert_string_equal(err.text, "copy: a part");
    assert_string_equal(err.hidden, "/srv/part");
    assert_int_equal(oc_fail_for(&err, OC_EBUSY, &err, "again: %s", err.text), OC_EBUSY);
    assert_string_equal(err.text, "again: copy: a part");
    assert_string_equal(err.hidden, "/srv/part");
    (void)oc_fail(&err, OC_EIO, "another failure");
    assert_string_equal(err.hidden, "");
    oc_err_hide(&err, "%300s", "x");
    assert_int_equal(strlen(err.hidden), OC_ERR_HIDDEN_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(armed_site_fails_at_the_nth_call),
        cmocka_unit_test(environment_arms_one_site),
        cmocka_unit_test(mode_die_ends_the_process),
        cmocka_unit_test(hidden_text_goes_along_and_never_into_the_text),
        cmocka_unit_test(failed_allocation_leaves_the_old_memory),
        cmocka_unit_test(grown_array_doubles_and_keeps_its_content),
        cmocka_unit_test(error_holds_code_name_and_text),
        cmocka_unit_test(long_error_text_is_cut),
        cmocka_unit_test(errno_becomes_code_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
