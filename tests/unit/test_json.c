/* The strict reader and the streaming writer: base/json. */
#include <string.h>

#include "fault_loop.h"

#include "base/json.h"
#include "base/limits.h"

static int parse(struct oc_slice text, struct oc_json **ret)
{
    struct oc_err err = {0};
    const int rc = oc_json_parse(text, ret, &err);

    if (rc < 0)
        assert_true(strlen(err.text) > 0);
    return rc;
}

static void values_are_read_by_type(void **state)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    const struct oc_json *list;

    (void)state;
    assert_int_equal(parse(OC_STR("{\"s\":\"a\\u00e9\",\"i\":-9223372036854775808,\"t\":true,"
                                  "\"f\":false,\"n\":null,\"r\":1.5,\"l\":[1,\"x\"],\"o\":{}}"),
                           &root),
                     OC_OK);
    assert_int_equal(oc_json_type(root), OC_JSON_OBJECT);
    assert_int_equal(oc_json_size(root), 8);
    assert_true(oc_slice_eq_str(oc_json_string(oc_json_get(root, "s")), "a\xc3\xa9"));
    assert_true(oc_json_int64(oc_json_get(root, "i"), 1) == INT64_MIN);
    assert_true(oc_json_bool(oc_json_get(root, "t"), false));
    assert_false(oc_json_bool(oc_json_get(root, "f"), true));
    assert_int_equal(oc_json_type(oc_json_get(root, "t")), OC_JSON_TRUE);
    assert_int_equal(oc_json_type(oc_json_get(root, "f")), OC_JSON_FALSE);
    assert_int_equal(oc_json_type(oc_json_get(root, "n")), OC_JSON_NULL);
    assert_int_equal(oc_json_type(oc_json_get(root, "r")), OC_JSON_REAL);
    assert_int_equal(oc_json_type(oc_json_get(root, "i")), OC_JSON_INTEGER);
    assert_int_equal(oc_json_type(oc_json_get(root, "s")), OC_JSON_STRING);
    list = oc_json_get(root, "l");
    assert_int_equal(oc_json_type(list), OC_JSON_ARRAY);
    assert_int_equal(oc_json_size(list), 2);
    assert_int_equal(oc_json_int64(oc_json_at(list, 0), 0), 1);
    assert_null(oc_json_at(list, 2));
}

static void wrong_types_and_absence_give_the_fallback(void **state)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;

    (void)state;
    assert_int_equal(parse(OC_STR("[\"text\", 1.0]"), &root), OC_OK);
    assert_null(oc_json_get(root, "key"));
    assert_null(oc_json_get(NULL, "key"));
    assert_null(oc_json_at(NULL, 0));
    assert_null(oc_json_string(NULL).ptr);
    assert_null(oc_json_string(root).ptr);
    assert_int_equal(oc_json_int64(NULL, 5), 5);
    assert_int_equal(oc_json_int64(oc_json_at(root, 0), 5), 5);
    assert_int_equal(oc_json_int64(oc_json_at(root, 1), 5), 5);
    assert_true(oc_json_bool(NULL, true));
    assert_false(oc_json_bool(oc_json_at(root, 0), false));
    assert_int_equal(oc_json_size(NULL), 0);
    assert_int_equal(oc_json_size(oc_json_at(root, 0)), 0);
    assert_null(oc_json_iter(NULL, NULL));
    assert_null(oc_json_iter(root, NULL));
}

static void members_are_walked_in_order(void **state)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    char keys[8] = "";
    int64_t sum = 0;

    (void)state;
    assert_int_equal(parse(OC_STR("{\"b\":1,\"a\":2,\"c\":4}"), &root), OC_OK);
    for (void *i = oc_json_iter(root, NULL); i; i = oc_json_iter(root, i)) {
        assert_int_equal(oc_json_iter_key(i).len, 1);
        strncat(keys, oc_json_iter_key(i).ptr, 1);
        sum += oc_json_int64(oc_json_iter_value(i), 0);
    }
    assert_string_equal(keys, "bac");
    assert_int_equal(sum, 7);
}

static void our_own_objects_are_split_into_members(void **state)
{
    static const char text[] =
        "{\"v\":1,\"name\":\"a,}\\\"\\\\\",\"list\":[{\"x\":\"]}\"},{}],\"e\":\"\",\"n\":-7}";
    static const char *const bad[] = {
        "",           "{",           "}",           "[]",
        "1",          "{\"a\"}",     "{\"a\":}",    "{\"a\":1",
        "{\"a\":1,}", "{\"a\":1}x",  "{\"a\":\"x}", "{\"a\":[1}",
        "{a:1}",      "{\"a\":1,2}", "{\"a\":\"\\", "{\"a\":1,\"b\":2,\"c\":3}",
    };
    struct oc_json_member members[5];
    struct oc_arena arena;
    struct oc_slice got;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 4096);
    assert_int_equal(oc_json_split(oc_slice_of(text), members, 5), 5);
    assert_true(oc_slice_eq_str(members[0].key, "v") && oc_slice_eq_str(members[0].value, "1"));
    assert_int_equal(oc_json_member_string(&members[1], &arena, &got, &err), OC_OK);
    assert_true(oc_slice_eq_str(got, "a,}\"\\"));
    assert_true(oc_slice_eq_str(members[2].value, "[{\"x\":\"]}\"},{}]"));
    assert_int_equal(oc_json_member_string(&members[3], &arena, &got, &err), OC_OK);
    assert_true(got.ptr && got.len == 0);
    assert_true(oc_slice_eq_str(members[4].key, "n") && oc_slice_eq_str(members[4].value, "-7"));
    assert_int_equal(oc_json_member_string(&members[4], &arena, &got, &err), OC_EINVAL);
    assert_int_equal(oc_json_split(OC_STR("{}"), members, 5), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(oc_json_split(oc_slice_of(bad[i]), members, 2), -1);
    oc_arena_clear(&arena);
}

/* Eight bytes are looked at together: each place and length must give the same as one by one. */
static void strings_are_escaped_wherever_they_need_it(void **state)
{
    static const char special[] = {'"', '\\', '\n', 0x1f, (char)0xff, (char)0x80, 0x7f, 0x20};

    (void)state;
    for (size_t s = 0; s < sizeof(special); s++) {
        for (size_t len = 1; len < 30; len++) {
            for (size_t at = 0; at < len; at++) {
                OC_AUTO(oc_buf_clear) struct oc_buf out = {0}, want = {0};
                char text[30];
                memset(text, 'x', sizeof(text));
                text[at] = special[s];
                oc_buf_init(&out, 1024);
                oc_buf_init(&want, 1024);
                oc_json_put_string(&out, (struct oc_slice){text, len});
                oc_buf_put_char(&want, '"');
                for (size_t i = 0; i < len; i++) {
                    OC_AUTO(oc_buf_clear) struct oc_buf one = {0};
                    oc_buf_init(&one, 64);
                    oc_json_put_string(&one, (struct oc_slice){text + i, 1});
                    oc_buf_put(&want, one.ptr + 1, one.len - 2);
                }
                oc_buf_put_char(&want, '"');
                assert_true(oc_slice_eq(oc_buf_slice(&out), oc_buf_slice(&want)));
            }
        }
    }
}

static void what_is_not_strict_json_is_refused(void **state)
{
    const struct oc_slice wrong[] = {
        OC_STR(""),
        OC_STR(" "),
        OC_STR("{"),
        OC_STR("{} x"),
        OC_STR("{}{}"),
        OC_STR("{}\0"),
        OC_STR("\0"),
        OC_STR("[1,]"),
        OC_STR("{\"a\":1,}"),
        OC_STR("{a:1}"),
        OC_STR("'a'"),
        OC_STR("// c\n1"),
        OC_STR("01"),
        OC_STR("+1"),
        OC_STR("1."),
        OC_STR("NaN"),
        OC_STR("{\"a\":1,\"a\":2}"),
        OC_STR("\"\\u0000\""),
        OC_STR("{\"\\u0000\":1}"),
        OC_STR("\"a\0b\""),
        OC_STR("\"\xff\""),
        OC_STR("\"\xc0\x80\""),
        OC_STR("\"\xed\xa0\x80\""),
        OC_STR("\"\\ud800\""),
        OC_STR("\"\\x\""),
        OC_STR("\"tab\there\""),
        OC_STR("9223372036854775808"),
        OC_STR("-9223372036854775809"),
        OC_STR("1e999"),
        OC_STR("\"open"),
        OC_STR("\"open\\"),
        OC_STR("\xef\xbb\xbf{}"),
    };
    struct oc_json *root = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse(wrong[i], &root), OC_EINVAL);
        assert_null(root);
    }
    assert_int_equal(parse((struct oc_slice){NULL, 0}, &root), OC_EINVAL);
}

/* `depth` opening brackets and as many closing ones. */
static int parse_nested(int depth, const char *open, const char *close)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    oc_buf_init(&buf, 1 << 20);
    for (int i = 0; i < depth; i++)
        oc_buf_put_str(&buf, open);
    oc_buf_put_str(&buf, "[]");
    for (int i = 0; i < depth; i++)
        oc_buf_put_str(&buf, close);
    assert_false(buf.failed);
    return parse(oc_buf_slice(&buf), &root);
}

static void levels_are_limited_and_brackets_in_strings_are_not_levels(void **state)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    char text[200];

    (void)state;
    assert_int_equal(parse_nested(OC_JSON_DEPTH_MAX - 1, "[", "]"), OC_OK);
    assert_int_equal(parse_nested(OC_JSON_DEPTH_MAX, "[", "]"), OC_EINVAL);
    assert_int_equal(parse_nested(OC_JSON_DEPTH_MAX - 1, "{\"k\":", "}"), OC_OK);
    assert_int_equal(parse_nested(OC_JSON_DEPTH_MAX, "{\"k\":", "}"), OC_EINVAL);
    assert_int_equal(parse_nested(100000, "[", "]"), OC_EINVAL);
    memset(text, '[', sizeof(text));
    memcpy(text, "\"\\\"", 3);
    text[sizeof(text) - 1] = '"';
    assert_int_equal(parse((struct oc_slice){text, sizeof(text)}, &root), OC_OK);
}

static void error_text_says_where(void **state)
{
    struct oc_json *root = NULL;
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_json_parse(OC_STR("{\n \"a\": nope}"), &root, &err), OC_EINVAL);
    assert_non_null(strstr(err.text, "line 2"));
    assert_int_equal(err.rc, OC_EINVAL);
}

static int parse_something(void *ctx)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;

    (void)ctx;
    return parse(OC_STR("{\"a\":[1,2,3]}"), &root);
}

static void reader_reports_exhausted_memory(void **state)
{
    (void)state;
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, parse_something, NULL, OC_ENOMEM);
}

static void writer_puts_commas_where_they_belong(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;
    struct oc_jw w;

    (void)state;
    oc_buf_init(&buf, 1000);
    oc_jw_init(&w, &buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "a", OC_STR("x"));
    oc_jw_member(&w, "absent", (struct oc_slice){NULL, 0});
    oc_jw_member(&w, "empty", OC_STR(""));
    oc_jw_key(&w, "list");
    oc_jw_array(&w);
    oc_jw_int(&w, 1);
    oc_jw_bool(&w, true);
    oc_jw_null(&w);
    oc_jw_array(&w);
    oc_jw_array_end(&w);
    oc_jw_object(&w);
    oc_jw_object_end(&w);
    oc_jw_string(&w, OC_STR("s"));
    oc_jw_raw(&w, OC_STR("{\"r\":1}"));
    oc_jw_array_end(&w);
    oc_jw_member_int(&w, "i", -5);
    oc_jw_member_bool(&w, "b", false);
    oc_jw_object_end(&w);
    assert_string_equal(oc_buf_cstr(&buf),
                        "{\"a\":\"x\",\"empty\":\"\",\"list\":[1,true,null,[],{},\"s\",{\"r\":1}],"
                        "\"i\":-5,\"b\":false}");
}

static void assert_written(struct oc_slice s, const char *want)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    oc_buf_init(&buf, 1000);
    oc_json_put_string(&buf, s);
    assert_string_equal(oc_buf_cstr(&buf), want);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    assert_written((struct oc_slice){NULL, 0}, "\"\"");
    assert_written(OC_STR("plain / text"), "\"plain / text\"");
    assert_written(OC_STR("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    assert_written(OC_STR("a\0b\x01\x1f"), "\"a\\u0000b\\u0001\\u001F\"");
    assert_written(OC_STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                   "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    assert_written(OC_STR("a\xff"
                          "b\xc3"),
                   "\"a\xef\xbf\xbd"
                   "b\xef\xbf\xbd\"");
}

/* Whatever bytes go in, the reader takes what the writer made, and valid text comes back. */
static void every_pair_of_bytes_is_written_as_json(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 1000);
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        const char bytes[2] = {(char)(pair >> 8), (char)pair};
        OC_AUTO(oc_json_freep) struct oc_json *root = NULL;

        if (bytes[0] == 0 || bytes[1] == 0)
            continue; /* written as \u0000, which the reader refuses */
        oc_buf_reset(&buf);
        oc_json_put_string(&buf, (struct oc_slice){bytes, 2});
        assert_int_equal(parse(oc_buf_slice(&buf), &root), OC_OK);
        if (bytes[0] > 0 && bytes[1] > 0)
            assert_true(oc_slice_eq(oc_json_string(root), (struct oc_slice){bytes, 2}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_type),
        cmocka_unit_test(wrong_types_and_absence_give_the_fallback),
        cmocka_unit_test(members_are_walked_in_order),
        cmocka_unit_test(our_own_objects_are_split_into_members),
        cmocka_unit_test(strings_are_escaped_wherever_they_need_it),
        cmocka_unit_test(what_is_not_strict_json_is_refused),
        cmocka_unit_test(levels_are_limited_and_brackets_in_strings_are_not_levels),
        cmocka_unit_test(error_text_says_where),
        cmocka_unit_test(reader_reports_exhausted_memory),
        cmocka_unit_test(writer_puts_commas_where_they_belong),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(every_pair_of_bytes_is_written_as_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
