/* Whole reads and durable replacement: base/file. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault_loop.h"

#include "base/file.h"

struct fixture {
    char folder[64];
    char path[80]; /* a file in it */
};

static int set_up(void **state)
{
    static struct fixture f;

    strcpy(f.folder, "/tmp/oc-test-file-XXXXXX");
    if (!mkdtemp(f.folder))
        return -1;
    (void)snprintf(f.path, sizeof(f.path), "%s/file", f.folder);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    const struct fixture *f = *state;

    (void)unlink(f->path);
    return rmdir(f->folder);
}

static void assert_content(const char *path, const char *want)
{
    struct oc_err err = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    assert_int_equal(oc_file_read(path, 1 << 20, &buf, &err), OC_OK);
    assert_string_equal(oc_buf_cstr(&buf), want);
}

static int count_files(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void replaced_file_has_content_and_mode(void **state)
{
    const struct fixture *f = *state;
    struct oc_err err = {0};
    struct stat st;

    assert_int_equal(oc_file_replace(f->path, OC_STR("one"), 0600, &err), OC_OK);
    assert_content(f->path, "one");
    assert_int_equal(oc_file_replace(f->path, OC_STR(""), 0666, &err), OC_OK);
    assert_content(f->path, "");
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    assert_int_equal(count_files(f->folder), 1);
}

static void read_refuses_what_is_too_large_or_absent(void **state)
{
    const struct fixture *f = *state;
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    struct oc_err err = {0};

    assert_int_equal(oc_file_read(f->path, 10, &buf, &err), OC_ENOTFOUND);
    assert_int_equal(oc_file_replace(f->path, OC_STR("0123456789"), 0600, &err), OC_OK);
    assert_int_equal(oc_file_read(f->path, 10, &buf, &err), OC_OK);
    assert_int_equal(buf.len, 10);
    oc_buf_clear(&buf);
    assert_int_equal(oc_file_read(f->path, 9, &buf, &err), OC_ELIMIT);
    assert_null(buf.ptr);
    assert_int_equal(oc_file_read(f->folder, 9, &buf, &err), OC_EIO);
}

static void large_file_is_read_whole(void **state)
{
    const struct fixture *f = *state;
    OC_AUTO(oc_buf_clear) struct oc_buf want = {0}, got = {0};
    struct oc_err err = {0};

    oc_buf_init(&want, 1 << 20);
    for (int i = 0; i < 20000; i++)
        oc_buf_printf(&want, "%d,", i);
    assert_int_equal(oc_file_replace(f->path, oc_buf_slice(&want), 0600, &err), OC_OK);
    assert_int_equal(oc_file_read(f->path, want.len, &got, &err), OC_OK);
    assert_true(oc_slice_eq(oc_buf_slice(&want), oc_buf_slice(&got)));
}

static void positional_read_wants_every_byte(void **state)
{
    const struct fixture *f = *state;
    OC_AUTO(oc_autoclose) int fd = -1;
    struct oc_err err = {0};
    char to[4];

    assert_int_equal(oc_file_replace(f->path, OC_STR("0123456789"), 0600, &err), OC_OK);
    fd = open(f->path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(oc_file_pread(fd, to, 4, 6, &err), OC_OK);
    assert_memory_equal(to, "6789", 4);
    assert_int_equal(oc_file_pread(fd, to, 4, 7, &err), OC_EIO);
    assert_int_equal(oc_file_pread(-1, to, 4, 0, &err), OC_EIO);
    assert_int_equal(oc_file_pread(fd, to, 0, 100, &err), OC_OK);
}

static void write_to_a_full_device_is_said_so(void **state)
{
    OC_AUTO(oc_autoclose) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct oc_err err = {0};

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(oc_file_write(fd, "x", 1, &err), OC_EFULL);
    oc_autoclose(&fd);
    assert_int_equal(fd, -1);
    oc_autoclose(&fd);
}

static void folders_are_made_with_their_parents(void **state)
{
    const struct fixture *f = *state;
    struct oc_err err = {0};
    char path[128], file[160];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/a/b//c/", f->folder);
    assert_int_equal(oc_file_mkdirs(path, 0700, &err), OC_OK);
    assert_int_equal(oc_file_mkdirs(path, 0700, &err), OC_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    (void)snprintf(file, sizeof(file), "%s/a/b/c/file", f->folder);
    assert_int_equal(oc_file_replace(file, OC_STR("x"), 0600, &err), OC_OK);
    assert_int_equal(oc_file_mkdirs(file, 0700, &err), OC_ECONFLICT);
    assert_int_equal(oc_file_sync_dir(path, &err), OC_OK);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(oc_file_sync_dir(path, &err), OC_ENOTFOUND);
    (void)snprintf(path, sizeof(path), "%s/a/b", f->folder);
    assert_int_equal(rmdir(path), 0);
    (void)snprintf(path, sizeof(path), "%s/a", f->folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(oc_file_mkdirs("", 0700, &err), OC_EINVAL);
}

static void replacing_works_beside_the_working_folder(void **state)
{
    const struct fixture *f = *state;
    struct oc_err err = {0};
    char before[4096];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(f->folder), 0);
    assert_int_equal(oc_file_replace("file", OC_STR("here"), 0600, &err), OC_OK);
    assert_int_equal(chdir(before), 0);
    assert_content(f->path, "here");
}

static int replace_with_new(void *ctx)
{
    const struct fixture *f = ctx;
    struct oc_err err = {0};

    return oc_file_replace(f->path, OC_STR("new content"), 0600, &err);
}

/* Whichever step fails, the old or the new content is there whole, and nothing else. */
static void failed_replacement_leaves_one_whole_file(void **state)
{
    static const struct {
        enum oc_fault_site site;
        int want;
    } cases[] = {{OC_FAULT_WRITE, OC_EFULL}, {OC_FAULT_SYNC, OC_EIO}, {OC_FAULT_RENAME, OC_EIO}};
    const struct fixture *f = *state;
    struct oc_err err = {0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(oc_file_replace(f->path, OC_STR("old"), 0600, &err), OC_OK);
        oc_fault_arm(cases[i].site, 1, OC_FAULT_ONCE);
        assert_int_equal(replace_with_new(*state), cases[i].want);
        oc_fault_arm(cases[i].site, 0, OC_FAULT_ONCE);
        assert_content(f->path, "old");
        assert_int_equal(count_files(f->folder), 1);
        fail_each_call(cases[i].site, OC_FAULT_ONCE, replace_with_new, *state, cases[i].want);
        fail_each_call(cases[i].site, OC_FAULT_ALWAYS, replace_with_new, *state, cases[i].want);
        assert_content(f->path, "new content");
        assert_int_equal(count_files(f->folder), 1);
    }
}

/* A sync would fail here: none is made, and what is there stays whole whatever fails. */
static void published_file_is_whole_and_not_synced(void **state)
{
    const struct fixture *f = *state;
    struct oc_err err = {0};

    oc_fault_arm(OC_FAULT_SYNC, 1, OC_FAULT_ALWAYS);
    assert_int_equal(oc_file_publish(f->path, OC_STR("one"), 0644, &err), OC_OK);
    oc_fault_arm(OC_FAULT_SYNC, 0, OC_FAULT_ONCE);
    assert_content(f->path, "one");
    oc_fault_arm(OC_FAULT_RENAME, 1, OC_FAULT_ONCE);
    assert_int_equal(oc_file_publish(f->path, OC_STR("two"), 0644, &err), OC_EIO);
    oc_fault_arm(OC_FAULT_RENAME, 0, OC_FAULT_ONCE);
    assert_content(f->path, "one");
    assert_int_equal(count_files(f->folder), 1);
}

static int read_once(void *ctx)
{
    const struct fixture *f = ctx;
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    struct oc_err err = {0};

    return oc_file_read(f->path, 100, &buf, &err);
}

static void failed_read_returns_its_error(void **state)
{
    const struct fixture *f = *state;
    struct oc_err err = {0};

    assert_int_equal(oc_file_replace(f->path, OC_STR("text"), 0600, &err), OC_OK);
    fail_each_call(OC_FAULT_READ, OC_FAULT_ONCE, read_once, *state, OC_EIO);
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, read_once, *state, OC_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replaced_file_has_content_and_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_refuses_what_is_too_large_or_absent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(large_file_is_read_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(positional_read_wants_every_byte, set_up, tear_down),
        cmocka_unit_test(write_to_a_full_device_is_said_so),
        cmocka_unit_test_setup_teardown(folders_are_made_with_their_parents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replacing_works_beside_the_working_folder, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(failed_replacement_leaves_one_whole_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(published_file_is_whole_and_not_synced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_read_returns_its_error, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
