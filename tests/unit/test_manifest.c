/* Manifests: model/manifest. */
#include "folder_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "fault_loop.h"
#include "model/manifest.h"

#define MIB (1024 * 1024)

static struct oc_err err;

static void add(struct oc_manifest *m, const char *path, uint64_t size)
{
    ok(oc_manifest_add(m, oc_slice_of(path), size, false, &err));
}

static int try_add(struct oc_manifest *m, const char *path, uint64_t size)
{
    return oc_manifest_add(m, oc_slice_of(path), size, false, &err);
}

static void assert_place(const struct oc_manifest *m, size_t file, uint32_t part, uint32_t offset)
{
    assert_int_equal(m->files[file].first_part, part);
    assert_int_equal(m->files[file].offset, offset);
}

static void small_files_share_parts_and_large_ones_begin_their_own(void **state)
{
    struct oc_manifest m;

    (void)state;
    oc_manifest_init(&m);
    add(&m, "a", 5 * MIB);
    add(&m, "b", 3 * MIB);  /* fills the part exactly */
    add(&m, "c", 1);        /* no room: a new part */
    add(&m, "d", 0);        /* lies nowhere */
    add(&m, "e", 20 * MIB); /* large: its own three parts, the last one closed */
    add(&m, "f", 1);
    add(&m, "g", 8 * MIB); /* exactly one part */
    add(&m, "h", 8 * MIB - 1);
    add(&m, "i", 2); /* one byte too many for what is left */
    assert_place(&m, 0, 0, 0);
    assert_place(&m, 1, 0, 5 * MIB);
    assert_place(&m, 2, 1, 0);
    assert_place(&m, 3, 0, 0);
    assert_place(&m, 4, 2, 0);
    assert_place(&m, 5, 5, 0);
    assert_place(&m, 6, 6, 0);
    assert_place(&m, 7, 7, 0);
    assert_place(&m, 8, 8, 0);
    assert_int_equal(m.part_count, 9);
    assert_int_equal(m.parts[0].size, 8 * MIB);
    assert_int_equal(m.parts[1].size, 1);
    assert_int_equal(m.parts[4].size, 4 * MIB);
    assert_int_equal(m.parts[7].size, 8 * MIB - 1);
    assert_int_equal(m.size, 44 * (uint64_t)MIB + 3);
    assert_int_equal(oc_manifest_file_parts(&m.files[3]), 0);
    assert_int_equal(oc_manifest_file_parts(&m.files[4]), 3);
    assert_int_equal(oc_manifest_file_parts(&m.files[6]), 1);
    oc_manifest_clear(&m);
}

static void a_large_file_keeps_its_parts_whatever_stands_beside_it(void **state)
{
    struct oc_manifest one, other;

    (void)state;
    oc_manifest_init(&one);
    oc_manifest_init(&other);
    add(&one, "weights", 17 * MIB);
    add(&other, "config", 100);
    add(&other, "weights", 17 * MIB);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(one.parts[one.files[0].first_part + i].size,
                         other.parts[other.files[1].first_part + i].size);
    assert_int_equal(other.files[1].offset, 0);
    oc_manifest_clear(&one);
    oc_manifest_clear(&other);
}

static void unsafe_paths_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "/",
        "/etc/passwd",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/..",
        "a/../b",
        "./a",
        "a/./b",
        "a\nb",
        "a\x1b[2J",
        "a\x7f",
        "\xc2\x9b"
        "1m",
        "a\\b",
        "..\\a",
        "\xff",
        "a\xc0\xaf"
        "b",
        "\xed\xa0\x80",
    };
    static const char *const good[] = {
        "a", "...", "..a", "a..", ".git/x", "a b", "\xc3\xa9/\xf0\x9f\x98\x80", "a\"b", "-rf"};
    struct oc_manifest m;
    char longest[OC_MODEL_PATH_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        oc_manifest_init(&m);
        if (oc_manifest_path_is_safe(oc_slice_of(bad[i])))
            fail_msg("'%s' passed", bad[i]);
        assert_int_equal(try_add(&m, bad[i], 1), OC_EINVAL);
        assert_int_equal(m.file_count, 0);
        oc_manifest_clear(&m);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!oc_manifest_path_is_safe(oc_slice_of(good[i])))
            fail_msg("'%s' was refused", good[i]);
    assert_false(oc_manifest_path_is_safe((struct oc_slice){"a\0b", 3}));
    memset(longest, 'x', sizeof longest);
    assert_true(oc_manifest_path_is_safe((struct oc_slice){longest, OC_MODEL_PATH_MAX}));
    assert_false(oc_manifest_path_is_safe((struct oc_slice){longest, OC_MODEL_PATH_MAX + 1}));
}

static void paths_come_once_in_order_and_not_inside_a_file(void **state)
{
    struct oc_manifest m;

    (void)state;
    oc_manifest_init(&m);
    add(&m, "a", 1);
    assert_int_equal(try_add(&m, "a", 1), OC_EINVAL);
    assert_int_equal(try_add(&m, "Z", 1), OC_EINVAL);
    add(&m, "a-b", 1);
    assert_int_equal(try_add(&m, "a/b", 1), OC_EINVAL); /* `a` is a file */
    add(&m, "a-b.c", 1);
    assert_int_equal(try_add(&m, "a-b/c/d", 1), OC_EINVAL);
    add(&m, "b/c", 1);
    assert_int_equal(try_add(&m, "b/c/d/e", 1), OC_EINVAL);
    assert_int_equal(m.file_count, 4);
    oc_manifest_clear(&m);
}

static void sizes_are_limited(void **state)
{
    struct oc_manifest m;

    (void)state;
    oc_manifest_init(&m);
    assert_int_equal(try_add(&m, "a", OC_MODEL_SIZE_MAX + 1), OC_ELIMIT);
    assert_int_equal(try_add(&m, "a", UINT64_MAX), OC_ELIMIT);
    add(&m, "a", OC_MODEL_SIZE_MAX);
    assert_int_equal(m.part_count, OC_MODEL_SIZE_MAX / OC_PART_SIZE);
    assert_int_equal(try_add(&m, "b", 1), OC_ELIMIT);
    assert_int_equal(try_add(&m, "b", UINT64_MAX), OC_ELIMIT);
    add(&m, "b", 0);
    oc_manifest_clear(&m);
}

static void the_model_type_is_brought_to_the_pattern(void **state)
{
    static const char *const cases[][2] = {
        {"{\"model_type\":\"bert\"}", "bert"},
        {"{\"model_type\":\"GPT_NeoX\"}", "gpt-neox"},
        {"{\"model_type\":\"\"}", "unknown"},
        {"{\"model_type\":7}", "unknown"},
        {"{}", "unknown"},
        {"not json", "unknown"},
        {"{\"model_type\":\"a/..\\\"\"}", "a----"},
        {"[\"model_type\"]", "unknown"},
    };
    struct oc_manifest m;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc_manifest_init(&m);
        ok(oc_manifest_read_config(&m, oc_slice_of(cases[i][0]), &err));
        if (!oc_slice_eq_str(m.model_type, cases[i][1]))
            fail_msg("%s gave %.*s", cases[i][0], OC_FMT(m.model_type));
        oc_manifest_clear(&m);
    }
}

static void make_sample(struct oc_manifest *m)
{
    oc_manifest_init(m);
    ok(oc_manifest_set_type(m, OC_STR("bert"), &err));
    ok(oc_manifest_add(m, OC_STR("bin/run\"me"), 3, true, &err));
    add(m, "empty", 0);
    add(m, "w\xc3\xa9ights", 9 * MIB);
    for (size_t i = 0; i < m->file_count; i++)
        memset(m->files[i].sha256, (int)i + 1, OC_SHA256_LEN);
    for (size_t i = 0; i < m->part_count; i++)
        memset(m->parts[i].sha256, 0xa0 + (int)i, OC_SHA256_LEN);
}

#define D4(x)  x x x x
#define D32(x) D4(x) D4(x) D4(x) D4(x) D4(x) D4(x) D4(x) D4(x)
static const char sample_text[] =
    "{\"version\":1,\"partSize\":8388608,\"modelType\":\"bert\",\"size\":9437187,\"files\":["
    "{\"path\":\"bin/run\\\"me\",\"size\":3,\"sha256\":\"" D32(
        "01") "\",\"executable\":true},"
              "{\"path\":\"empty\",\"size\":0,\"sha256\":\"" D32(
                  "02") "\"},"
                        "{\"path\":\"w\xc3\xa9ights\",\"size\":9437184,\"sha256\":\"" D32(
                            "03") "\"}],"
                                  "\"parts\":[\"" D32("a0") "\",\"" D32("a1") "\",\"" D32(
                                      "a2") "\"]}";

static void a_manifest_has_one_text_which_reads_back(void **state)
{
    struct oc_manifest m, back;
    struct oc_buf text;

    (void)state;
    make_sample(&m);
    oc_buf_init(&text, MIB);
    oc_manifest_encode(&text, &m);
    assert_string_equal(oc_buf_cstr(&text), sample_text);
    oc_manifest_init(&back);
    ok(oc_manifest_decode(oc_buf_slice(&text), &back, &err));
    assert_int_equal(back.file_count, 3);
    assert_int_equal(back.part_count, 3);
    assert_int_equal(back.size, m.size);
    assert_true(back.files[0].executable);
    assert_false(back.files[2].executable);
    assert_true(oc_slice_eq(back.files[0].path, OC_STR("bin/run\"me")));
    assert_int_equal(back.files[2].first_part, 1);
    assert_memory_equal(back.parts[2].sha256, m.parts[2].sha256, OC_SHA256_LEN);
    assert_int_equal(back.parts[2].size, MIB);
    oc_buf_reset(&text);
    oc_manifest_encode(&text, &back);
    assert_string_equal(oc_buf_cstr(&text), sample_text);
    oc_buf_clear(&text);
    oc_manifest_clear(&m);
    oc_manifest_clear(&back);
}

/* `sample_text` with the first `from` replaced by `to` must be refused with `rc`. */
static void refuse(const char *from, const char *to, int rc)
{
    char text[4096];
    const char *at = strstr(sample_text, from);
    struct oc_manifest m;
    int got;

    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sample_text), sample_text, to,
                   at + strlen(from));
    oc_manifest_init(&m);
    got = oc_manifest_decode(oc_slice_of(text), &m, &err);
    if (got != rc)
        fail_msg("'%s' for '%s' gave %d", to, from, got);
    oc_manifest_clear(&m);
}

static void every_other_text_is_refused(void **state)
{
    struct oc_manifest m;

    (void)state;
    refuse("{\"version\":1", "{ \"version\":1", OC_EINVAL);
    refuse("{\"version\":1", "{\"version\":2", OC_EINVAL);
    refuse("8388608", "8388609", OC_EINVAL);
    refuse("\"bert\"", "\"Bert\"", OC_EINVAL);
    refuse("\"bert\"", "\"\"", OC_EINVAL);
    refuse("9437187", "09437187", OC_EINVAL);
    refuse("9437187", "9437188", OC_EINVAL);
    refuse("\"size\":3", "\"size\":-3", OC_EINVAL);
    refuse("\"size\":3", "\"size\":4", OC_EINVAL);
    refuse("\"size\":9437184", "\"size\":99999999999999999999", OC_EINVAL);
    refuse("\"size\":9437184", "\"size\":8388608", OC_EINVAL);
    refuse("\"size\":9437184", "\"size\":9223372036854775807", OC_EINVAL);
    refuse("\"size\":9437184", "\"size\":17000000000000", OC_EINVAL); /* no digests for its parts */
    refuse("bin/run", "../run", OC_EINVAL);
    refuse("bin/run", "/run", OC_EINVAL);
    refuse("bin/run", "zzz", OC_EINVAL);
    refuse("bin/run", "b\\u0069n", OC_EINVAL);
    refuse("\"empty\"", "\"bin/run\\\"me\"", OC_EINVAL);
    refuse("\"empty\"", "\"bin/run\\\"me/x\"", OC_EINVAL);
    refuse("\"executable\":true", "\"executable\":false", OC_EINVAL);
    refuse(",\"executable\":true", ",\"executable\":true,\"x\":1", OC_EINVAL);
    refuse("a0a0", "A0a0", OC_EINVAL);
    refuse("a0a0", "g0a0", OC_EINVAL);
    refuse("\"]}", "\"]} ", OC_EINVAL);
    refuse("\"]}", "\",\"" D32("a3") "\"]}", OC_EINVAL);
    refuse(",\"" D32("a2") "\"]}", "]}", OC_EINVAL);
    oc_manifest_init(&m);
    for (size_t len = 0; len < sizeof sample_text - 1; len++)
        assert_int_equal(oc_manifest_decode((struct oc_slice){sample_text, len}, &m, &err),
                         OC_EINVAL);
    ok(oc_manifest_decode((struct oc_slice){sample_text, sizeof sample_text - 1}, &m, &err));
    oc_manifest_clear(&m);
}

static int build_and_read(void *ctx)
{
    struct oc_manifest m;
    int rc;

    (void)ctx;
    oc_manifest_init(&m);
    rc = oc_manifest_decode((struct oc_slice){sample_text, sizeof sample_text - 1}, &m, &err);
    if (rc == OC_OK)
        rc = oc_manifest_read_config(&m, OC_STR("{\"model_type\":\"x\"}"), &err);
    oc_manifest_clear(&m);
    return rc;
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, build_and_read, NULL, OC_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_files_share_parts_and_large_ones_begin_their_own),
        cmocka_unit_test(a_large_file_keeps_its_parts_whatever_stands_beside_it),
        cmocka_unit_test(unsafe_paths_are_refused),
        cmocka_unit_test(paths_come_once_in_order_and_not_inside_a_file),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(the_model_type_is_brought_to_the_pattern),
        cmocka_unit_test(a_manifest_has_one_text_which_reads_back),
        cmocka_unit_test(every_other_text_is_refused),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
