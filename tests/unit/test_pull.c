/* Pull against a server that misbehaves: what may go wrong never shows under a final name. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/pull.h"
#include "fake_server.h"
#include "folder_fixture.h"
#include "model/manifest.h"

#define BIG   (OC_PART_SIZE + 1000) /* two parts */
#define SMALL 500                   /* a part of its own, in front: "a-small" */

/* A model of two files and three parts: a-small, big (2). */
struct model {
    char small[SMALL];
    char *big;
    struct oc_buf manifest;
    char parts[3][OC_SHA256_HEX_LEN + 1];
};

static struct model model;

static void sha256_(struct oc_slice bytes, uint8_t ret[OC_SHA256_LEN])
{
    struct oc_err err = {0};

    ok(oc_sha256(bytes, ret, &err));
}

static int make_model(void **state)
{
    struct oc_manifest manifest;
    struct oc_err err = {0};

    (void)state;
    model.big = malloc(BIG);
    assert_non_null(model.big);
    fill_bytes((uint8_t *)model.small, SMALL, 1);
    fill_bytes((uint8_t *)model.big, BIG, 2);
    oc_manifest_init(&manifest);
    ok(oc_manifest_add(&manifest, OC_STR("a/small"), SMALL, true, &err));
    ok(oc_manifest_add(&manifest, OC_STR("big"), BIG, false, &err));
    ok(oc_manifest_add(&manifest, OC_STR("empty"), 0, false, &err));
    assert_int_equal(manifest.part_count, 3);
    sha256_((struct oc_slice){model.small, SMALL}, manifest.files[0].sha256);
    sha256_((struct oc_slice){model.big, BIG}, manifest.files[1].sha256);
    sha256_(OC_STR(""), manifest.files[2].sha256);
    sha256_((struct oc_slice){model.small, SMALL}, manifest.parts[0].sha256);
    sha256_((struct oc_slice){model.big, OC_PART_SIZE}, manifest.parts[1].sha256);
    sha256_((struct oc_slice){model.big + OC_PART_SIZE, 1000}, manifest.parts[2].sha256);
    for (int i = 0; i < 3; i++)
        oc_hex_encode(manifest.parts[i].sha256, OC_SHA256_LEN, model.parts[i]);
    oc_buf_init(&model.manifest, OC_MANIFEST_MAX);
    oc_manifest_encode(&model.manifest, &manifest);
    oc_manifest_clear(&manifest);
    return 0;
}

static int free_model(void **state)
{
    (void)state;
    free(model.big);
    oc_buf_clear(&model.manifest);
    return 0;
}

/* The rules of a server that serves the model, with `first` in front. */
static void make_rules(struct fake_rule rules[8], struct fake_rule first)
{
    memset(rules, 0, 8 * sizeof(rules[0]));
    rules[0] = first;
    rules[1] = (struct fake_rule){
        .match = "/manifest", .status = 200, .body = oc_buf_slice(&model.manifest)};
    rules[2] =
        (struct fake_rule){.match = model.parts[0], .status = 200, .body = {model.small, SMALL}};
    rules[3] = (struct fake_rule){
        .match = model.parts[1], .status = 200, .body = {model.big, OC_PART_SIZE}};
    rules[4] = (struct fake_rule){
        .match = model.parts[2], .status = 200, .body = {model.big + OC_PART_SIZE, 1000}};
}

static const struct fake_rule nothing_special = {.match = "\n"};

static int pull(const struct fake_rule *rules, const char *dest, bool force,
                struct fake_server *server, struct oc_err *err)
{
    struct oc_client_options options = {.anonymous = true};
    struct oc_client *client = NULL;
    struct oc_pull_result result;
    struct oc_pull_options pull_options = {
        .model_arn = OC_STR("arn:aws:bedrock:us-west-2:000000000000:custom-model/imported/x"),
        .dest = dest,
        .force = force,
        .threads = 2,
    };
    int rc;

    fake_server_start(server, rules);
    options.endpoint = server->endpoint;
    assert_int_equal(oc_client_new(&options, &client, err), OC_OK);
    rc = oc_client_pull(client, &pull_options, &result, err);
    oc_client_free(client);
    fake_server_stop(server);
    if (rc == OC_OK) {
        assert_int_equal(result.bytes_total, SMALL + BIG);
        assert_int_equal(result.file_count, 3);
    }
    return rc;
}

static void assert_file(const struct folder *folder, const char *path, const void *bytes,
                        size_t len)
{
    OC_AUTO(oc_buf_clear) struct oc_buf content = {0};
    struct oc_err err = {0};

    ok(oc_file_read(folder_path(folder, path), BIG, &content, &err));
    assert_int_equal(content.len, len);
    if (len > 0)
        assert_memory_equal(content.ptr, bytes, len);
}

static void assert_pulled(const struct folder *folder)
{
    struct stat st;

    assert_file(folder, "out/a/small", model.small, SMALL);
    assert_file(folder, "out/big", model.big, BIG);
    assert_file(folder, "out/empty", NULL, 0);
    assert_int_equal(folder_count(folder, "out"), 3);
    assert_int_not_equal(access(folder_path(folder, "out/.outcrop-partial"), F_OK), 0);
    assert_int_equal(stat(folder_path(folder, "out/a/small"), &st), 0);
    assert_int_equal(st.st_mode & 0100, 0100);
    assert_int_equal(stat(folder_path(folder, "out/big"), &st), 0);
    assert_int_equal(st.st_mode & 0111, 0);
}

static void assert_nothing_named(const struct folder *folder)
{
    assert_int_not_equal(access(folder_path(folder, "out/a"), F_OK), 0);
    assert_int_not_equal(access(folder_path(folder, "out/big"), F_OK), 0);
    assert_int_not_equal(access(folder_path(folder, "out/empty"), F_OK), 0);
}

static void all_is_well(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules, nothing_special);
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_pulled(*state);
    assert_int_equal(server.requests, 4);
    /* Once more: all is there, nothing but the manifest is asked for. */
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_pulled(*state);
    assert_int_equal(server.requests, 1);
}

static void part_that_is_cut_short_is_fetched_again(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules, (struct fake_rule){.match = model.parts[1],
                                         .times = 2,
                                         .status = 200,
                                         .body = {model.big, OC_PART_SIZE},
                                         .cut = 1000});
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_int_equal(server.served[0], 2);
    assert_pulled(*state);
}

static void busy_server_is_asked_again(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules, (struct fake_rule){.match = model.parts[2], .times = 2, .status = 503});
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_int_equal(server.served[0], 2);
    assert_pulled(*state);
}

static void wrong_bytes_fail_and_the_rest_is_kept_for_the_next_pull(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules, (struct fake_rule){
                          .match = model.parts[2], .status = 200, .body = {model.big, 1000}});
    assert_int_equal(pull(rules, folder_path(*state, "out"), false, &server, &err), OC_ECORRUPT);
    assert_non_null(strstr(err.text, model.parts[2]));
    assert_int_equal(server.served[0], 3);
    assert_nothing_named(*state);
    make_rules(rules, nothing_special);
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_pulled(*state);
    /* Only the manifest and the part that was wrong. */
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.served[4], 1);
}

static void damaged_leftovers_are_not_believed(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};
    int fd;

    make_rules(rules, (struct fake_rule){
                          .match = model.parts[2], .status = 200, .body = {model.big, 1000}});
    assert_int_equal(pull(rules, folder_path(*state, "out"), false, &server, &err), OC_ECORRUPT);
    fd = open(folder_path(*state, "out/.outcrop-partial/f0000001"), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "bad", 3, 5000), 3);
    (void)close(fd);
    make_rules(rules, nothing_special);
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_int_equal(server.served[3], 1);
    assert_pulled(*state);
}

static void full_disk_is_said_and_leaves_no_file(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};
    int rc;

    make_rules(rules, nothing_special);
    oc_fault_arm(OC_FAULT_WRITE, 2, OC_FAULT_ALWAYS);
    rc = pull(rules, folder_path(*state, "out"), false, &server, &err);
    oc_fault_arm(OC_FAULT_WRITE, 0, OC_FAULT_ONCE);
    assert_int_equal(rc, OC_EFULL);
    assert_non_null(strstr(err.text, "no space left"));
    assert_nothing_named(*state);
    ok(pull(rules, folder_path(*state, "out"), false, &server, &err));
    assert_pulled(*state);
}

static void file_in_the_way_stays_without_force(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules, nothing_special);
    folder_write_text(*state, "out/big", "mine");
    assert_int_equal(pull(rules, folder_path(*state, "out"), false, &server, &err), OC_ECONFLICT);
    assert_non_null(strstr(err.text, "--force"));
    assert_file(*state, "out/big", "mine", 4);
    ok(pull(rules, folder_path(*state, "out"), true, &server, &err));
    assert_pulled(*state);
}

static void links_below_the_folder_are_not_followed(void **state)
{
    struct fake_rule rules[8];
    struct fake_server server;
    struct oc_err err = {0};

    make_rules(rules, nothing_special);
    folder_write_text(*state, "elsewhere/keep", "x");
    folder_write_text(*state, "out/keep", "x");
    assert_int_equal(symlink(folder_path(*state, "elsewhere"), folder_path(*state, "out/a")), 0);
    assert_int_equal(pull(rules, folder_path(*state, "out"), true, &server, &err), OC_EINVAL);
    assert_int_equal(folder_count(*state, "elsewhere"), 1);
    /* A link at the place of a file is replaced, not written through. */
    assert_int_equal(unlink(folder_path(*state, "out/a")), 0);
    assert_int_equal(symlink("keep", folder_path(*state, "out/big")), 0);
    ok(pull(rules, folder_path(*state, "out"), true, &server, &err));
    assert_file(*state, "out/keep", "x", 1);
    assert_file(*state, "out/big", model.big, BIG);
}

static void paths_that_lead_out_are_refused(void **state)
{
    static const char *const paths[] = {"../x", "/etc/x", "a/../../x", "a//x",
                                        ".outcrop-partial/x"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
        struct fake_rule rules[8];
        struct fake_server server;
        struct oc_err err = {0};
        ptrdiff_t at = oc_slice_find_slice(oc_buf_slice(&model.manifest), OC_STR("a/small"));

        assert_true(at > 0);
        oc_buf_init(&text, OC_MANIFEST_MAX);
        oc_buf_put(&text, model.manifest.ptr, (size_t)at);
        oc_buf_put_str(&text, paths[i]);
        oc_buf_put(&text, model.manifest.ptr + at + 7, model.manifest.len - (size_t)at - 7);
        make_rules(rules, nothing_special);
        rules[1].body = oc_buf_slice(&text);
        assert_int_equal(pull(rules, folder_path(*state, "out"), false, &server, &err), OC_EINVAL);
        assert_int_equal(server.requests, 1);
        assert_int_not_equal(access(folder_path(*state, "out"), F_OK), 0);
    }
}

static void unknown_model_makes_no_folder(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "/manifest",
         .status = 404,
         .headers = "X-Amzn-Errortype: ResourceNotFoundException\r\n",
         .body = {"{\"message\":\"none\"}", 18}},
        {0}};
    struct fake_server server;
    struct oc_err err = {0};

    assert_int_equal(pull(rules, folder_path(*state, "out"), false, &server, &err), OC_ENOTFOUND);
    assert_int_not_equal(access(folder_path(*state, "out"), F_OK), 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(all_is_well),
        in_folder(part_that_is_cut_short_is_fetched_again),
        in_folder(busy_server_is_asked_again),
        in_folder(wrong_bytes_fail_and_the_rest_is_kept_for_the_next_pull),
        in_folder(damaged_leftovers_are_not_believed),
        in_folder(full_disk_is_said_and_leaves_no_file),
        in_folder(file_in_the_way_stays_without_force),
        in_folder(links_below_the_folder_are_not_followed),
        in_folder(paths_that_lead_out_are_refused),
        in_folder(unknown_model_makes_no_folder),
    };

    (void)clearenv();
    return cmocka_run_group_tests(tests, make_model, free_model);
}
