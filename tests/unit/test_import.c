/* Import: which files are taken, what is sent again, what ends it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "client/import.h"
#include "client/listing.h"
#include "fake_server.h"
#include "folder_fixture.h"

/* -- listing ----------------------------------------------------------------------------------- */

static void assert_refused(const char *path, int want_rc, const char *text)
{
    struct oc_listing listing;
    struct oc_err err = {0};

    assert_int_equal(oc_listing_read(path, &listing, &err), want_rc);
    assert_non_null(strstr(err.text, text));
}

static void files_are_listed_in_byte_order(void **state)
{
    static const char *const want[] = {".hidden", "a-b", "a/z", "a0", "linked", "run.sh"};
    struct oc_listing listing;
    struct oc_err err = {0};

    for (int i = 0; i < 4; i++)
        folder_write_text(*state, (const char *[]){"m/a0", "m/a/z", "m/a-b", "m/.hidden"}[i], "12");
    folder_write_text(*state, "m/run.sh", "1");
    assert_int_equal(chmod(folder_path(*state, "m/run.sh"), 0755), 0);
    folder_write_text(*state, "elsewhere", "123");
    assert_int_equal(symlink("../elsewhere", folder_path(*state, "m/linked")), 0);
    assert_int_equal(mkdir(folder_path(*state, "m/empty"), 0755), 0);
    ok(oc_listing_read(folder_path(*state, "m/"), &listing, &err));
    assert_int_equal(listing.count, 6);
    assert_int_equal(listing.size, 4 * 2 + 3 + 1);
    for (size_t i = 0; i < listing.count; i++) {
        assert_string_equal(listing.files[i].path.ptr, want[i]);
        assert_int_equal(listing.files[i].executable, i == 5);
    }
    oc_listing_clear(&listing);
}

static void what_is_no_file_is_named(void **state)
{
    char folder[300];

    strcpy(folder, folder_path(*state, "m"));
    assert_refused(folder, OC_ENOTFOUND, folder);
    folder_write_text(*state, "file", "x");
    assert_refused(folder_path(*state, "file"), OC_EINVAL, "is a file");
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_refused(folder, OC_EINVAL, "no file");
    folder_write_text(*state, "m/x", "x");
    assert_int_equal(symlink("nowhere", folder_path(*state, "m/broken")), 0);
    assert_refused(folder, OC_EINVAL, "m/broken");
    assert_int_equal(unlink(folder_path(*state, "m/broken")), 0);
    assert_int_equal(symlink(".", folder_path(*state, "m/loop")), 0);
    assert_refused(folder, OC_EINVAL, "m/loop");
    assert_int_equal(unlink(folder_path(*state, "m/loop")), 0);
    assert_int_equal(mkfifo(folder_path(*state, "m/pipe"), 0644), 0);
    assert_refused(folder, OC_EINVAL, "m/pipe");
}

/* -- import ------------------------------------------------------------------------------------ */

#define ARN     "arn:aws:bedrock:us-west-2:000000000000:custom-model/imported/abcdefghij12"
#define CREATED "{\"uploadId\":\"u1\",\"partSizeBytes\":8388608}"

/* SHA-256 of the 3 bytes "abc". */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

enum { CREATE, LIST, PUT, COMPLETE, LOOK, RULES };

/* A server that takes everything; tests change what they are about. */
static void make_rules(struct fake_rule rules[RULES + 1])
{
    memset(rules, 0, (RULES + 1) * sizeof(rules[0]));
    rules[CREATE] =
        (struct fake_rule){.match = "POST /-/uploads ", .status = 201, .body = OC_STR(CREATED)};
    rules[LIST] = (struct fake_rule){
        .match = "GET /-/uploads/u1/parts", .status = 200, .body = OC_STR("{\"parts\":[]}")};
    rules[PUT] = (struct fake_rule){
        .match = "PUT /-/uploads/u1/parts/", .status = 200, .body = OC_STR("{}")};
    rules[COMPLETE] = (struct fake_rule){.match = "POST /-/uploads/u1/complete",
                                         .status = 202,
                                         .body = OC_STR("{\"modelArn\":\"" ARN "\"}")};
    rules[LOOK] = (struct fake_rule){.match = "GET /custom-models/arn%3Aaws",
                                     .status = 200,
                                     .body = OC_STR("{\"modelStatus\":\"Active\"}")};
}

static int import(const struct fake_rule *rules, const char *dir, oc_progress_fn fn, void *ctx,
                  struct fake_server *server, struct oc_err *err)
{
    struct oc_client_options options = {.anonymous = true};
    struct oc_import_options import_options = {
        .dir = dir, .name = OC_STR("name"), .threads = 2, .on_progress = fn, .ctx = ctx};
    struct oc_import_result result;
    struct oc_client *client = NULL;
    int rc;

    fake_server_start(server, rules);
    options.endpoint = server->endpoint;
    assert_int_equal(oc_client_new(&options, &client, err), OC_OK);
    rc = oc_client_import(client, &import_options, &result, err);
    oc_client_free(client);
    fake_server_stop(server);
    if (rc == OC_OK) {
        assert_true(oc_slice_eq_str(oc_buf_slice(&result.model_arn), ARN));
        oc_buf_clear(&result.model_arn);
    }
    return rc;
}

static void every_part_is_sent_once(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    folder_write(*state, "m/big", 2 * OC_PART_SIZE + 5, 1);
    folder_write(*state, "m/small", 5, 2);
    folder_write_text(*state, "m/zero", "");
    ok(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err));
    assert_int_equal(server.served[CREATE], 1);
    assert_int_equal(server.served[PUT], 4);
    assert_int_equal(server.served[COMPLETE], 1);
}

static void a_model_of_empty_files_has_no_parts(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    folder_write_text(*state, "m/zero", "");
    ok(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err));
    assert_int_equal(server.served[PUT], 0);
    assert_int_equal(server.served[COMPLETE], 1);
}

static void parts_that_the_server_holds_are_not_sent(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    rules[LIST].body = OC_STR("{\"parts\":[{\"sha256\":\"" ABC "\",\"sizeBytes\":3}]}");
    folder_write_text(*state, "m/a", "abc");
    folder_write(*state, "m/b", OC_PART_SIZE, 1);
    ok(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err));
    assert_int_equal(server.served[PUT], 1);
}

static void busy_server_gets_the_part_again(void **state)
{
    struct fake_rule rules[RULES + 2];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules + 1);
    rules[0] = (struct fake_rule){.match = "PUT /-/uploads/u1/parts/", .times = 2, .status = 503};
    folder_write_text(*state, "m/a", "abc");
    ok(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err));
    assert_int_equal(server.served[0], 2);
    assert_int_equal(server.served[1 + PUT], 1);
}

static void an_upload_that_has_ended_is_begun_anew(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    rules[LIST].status = 404;
    rules[LIST].headers = "X-Amzn-Errortype: ResourceNotFoundException\r\n";
    folder_write_text(*state, "m/a", "abc");
    ok(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err));
    assert_int_equal(server.served[CREATE], 2);
    assert_int_equal(server.served[PUT], 1);
}

static void another_part_size_is_refused(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    rules[CREATE].body = OC_STR("{\"uploadId\":\"u1\",\"partSizeBytes\":1048576}");
    folder_write_text(*state, "m/a", "abc");
    assert_int_equal(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err),
                     OC_ECORRUPT);
    assert_int_equal(server.requests, 1);
}

static void a_refused_part_ends_the_import(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    rules[PUT].status = 400;
    rules[PUT].headers = "X-Amzn-Errortype: ValidationException\r\n";
    rules[PUT].body = OC_STR("{\"message\":\"wrong digest\"}");
    folder_write(*state, "m/big", 20 * OC_PART_SIZE, 1);
    assert_int_equal(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err), OC_EINVAL);
    assert_string_equal(err.text, "wrong digest");
    assert_int_equal(server.served[COMPLETE], 0);
    assert_true(server.served[PUT] <= 4);
}

static void a_failed_model_fails_the_import(void **state)
{
    struct fake_rule rules[RULES + 1];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules);
    rules[LOOK].body = OC_STR("{\"modelStatus\":\"Failed\",\"failureMessage\":\"disk full\"}");
    folder_write_text(*state, "m/a", "abc");
    assert_int_equal(import(rules, folder_path(*state, "m"), NULL, NULL, &server, &err), OC_EIO);
    assert_string_equal(err.text, "the model ended Failed: disk full");
}

/* Cut the file short, or write to it, as soon as its first part has been sent. */
struct change {
    const char *path;
    off_t size;
};

static void change_file(const struct oc_transfer_progress *progress, void *ctx)
{
    const struct change *change = ctx;

    if (progress->phase == OC_TRANSFER_MOVE && progress->parts_done == 1)
        assert_int_equal(truncate(change->path, change->size), 0);
}

static void a_file_that_changes_ends_the_import(void **state)
{
    static const off_t sizes[] = {1000, 21 * OC_PART_SIZE};

    folder_write(*state, "m/big", 20 * OC_PART_SIZE, 1);
    for (int i = 0; i < 2; i++) {
        char path[300];
        struct change change = {path, sizes[i]};
        struct fake_rule rules[RULES + 1];
        struct fake_server server;
        struct oc_err err = {0};

        make_rules(rules);
        strcpy(path, folder_path(*state, "m/big"));
        assert_int_equal(truncate(change.path, 20 * OC_PART_SIZE), 0);
        assert_int_equal(
            import(rules, folder_path(*state, "m"), change_file, &change, &server, &err),
            OC_ECONFLICT);
        assert_non_null(strstr(err.text, "m/big' changed while it was read"));
        assert_int_equal(server.served[COMPLETE], 0);
    }
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(files_are_listed_in_byte_order),
        in_folder(what_is_no_file_is_named),
        in_folder(every_part_is_sent_once),
        in_folder(a_model_of_empty_files_has_no_parts),
        in_folder(parts_that_the_server_holds_are_not_sent),
        in_folder(busy_server_gets_the_part_again),
        in_folder(an_upload_that_has_ended_is_begun_anew),
        in_folder(another_part_size_is_refused),
        in_folder(a_refused_part_ends_the_import),
        in_folder(a_failed_model_fails_the_import),
        in_folder(a_file_that_changes_ends_the_import),
    };

    (void)clearenv();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
