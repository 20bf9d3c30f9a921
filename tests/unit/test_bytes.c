/* Slices, buffers and the text forms of bytes: base/bytes. */
#include <string.h>

#include "fault_loop.h"

#include "base/bytes.h"

#define ABSENT ((struct oc_slice){NULL, 0})

static void assert_slice(struct oc_slice got, const char *want)
{
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

static void slices_are_compared_by_length_and_bytes(void **state)
{
    (void)state;
    assert_true(oc_slice_eq(OC_STR("abc"), OC_STR("abc")));
    assert_false(oc_slice_eq(OC_STR("abc"), OC_STR("abd")));
    assert_false(oc_slice_eq(OC_STR("abc"), OC_STR("ab")));
    assert_true(oc_slice_eq(OC_STR(""), ABSENT));
    assert_true(oc_slice_eq_str(OC_STR("abc"), "abc"));
    assert_false(oc_slice_eq_str(OC_STR("abc"), "abcd"));
    assert_true(oc_slice_eq_nocase(OC_STR("X-Amz-Date"), OC_STR("x-amz-DATE")));
    assert_false(oc_slice_eq_nocase(OC_STR("a["), OC_STR("A{")));
    assert_false(oc_slice_eq_nocase(OC_STR("a"), OC_STR("ab")));
    assert_true(oc_slice_cmp(OC_STR("a"), OC_STR("b")) < 0);
    assert_true(oc_slice_cmp(OC_STR("ab"), OC_STR("a")) > 0);
    assert_true(oc_slice_cmp(OC_STR("a"), OC_STR("\x80")) < 0);
    assert_int_equal(oc_slice_cmp(ABSENT, OC_STR("")), 0);
}

static void parts_of_slices_are_clipped(void **state)
{
    (void)state;
    assert_slice(oc_slice_sub(OC_STR("hello"), 1, 3), "ell");
    assert_slice(oc_slice_sub(OC_STR("hello"), 3, SIZE_MAX), "lo");
    assert_slice(oc_slice_sub(OC_STR("hello"), 9, 1), "");
    assert_null(oc_slice_sub(ABSENT, 1, 1).ptr);
    assert_null(oc_slice_of(NULL).ptr);
    assert_slice(oc_slice_of(""), "");
    assert_true(oc_slice_has_prefix(OC_STR("arn:aws"), OC_STR("arn:")));
    assert_true(oc_slice_has_prefix(OC_STR("arn:aws"), ABSENT));
    assert_false(oc_slice_has_prefix(OC_STR("ar"), OC_STR("arn:")));
    assert_true(oc_slice_has_suffix(OC_STR("a.json"), OC_STR(".json")));
    assert_false(oc_slice_has_suffix(OC_STR("json"), OC_STR(".json")));
    assert_slice(oc_slice_trim(OC_STR(" \t a b\r\n")), "a b");
    assert_slice(oc_slice_trim(OC_STR(" \n ")), "");
    assert_null(oc_slice_trim(ABSENT).ptr);
}

static void bytes_and_texts_are_found(void **state)
{
    (void)state;
    assert_int_equal(oc_slice_find(OC_STR("a=b=c"), '='), 1);
    assert_int_equal(oc_slice_find(OC_STR("abc"), '='), -1);
    assert_int_equal(oc_slice_find(ABSENT, '='), -1);
    assert_int_equal(oc_slice_find_slice(OC_STR("abcabd"), OC_STR("abd")), 3);
    assert_int_equal(oc_slice_find_slice(OC_STR("abc"), OC_STR("")), 0);
    assert_int_equal(oc_slice_find_slice(ABSENT, ABSENT), 0);
    assert_int_equal(oc_slice_find_slice(OC_STR("ab"), OC_STR("abc")), -1);
}

static void cut_walks_a_list_to_its_end(void **state)
{
    struct oc_slice rest = OC_STR("a,,b");

    (void)state;
    assert_slice(oc_slice_cut(&rest, ','), "a");
    assert_slice(oc_slice_cut(&rest, ','), "");
    assert_slice(oc_slice_cut(&rest, ','), "b");
    assert_null(rest.ptr);
    assert_null(oc_slice_cut(&rest, ',').ptr);
    rest = OC_STR("a,");
    assert_slice(oc_slice_cut(&rest, ','), "a");
    assert_slice(rest, "");
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1a",
                                        "--1",
                                        "0x1",
                                        "/",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999"};
    int64_t v = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(oc_slice_to_int64(oc_slice_of(wrong[i]), &v));
    assert_false(oc_slice_to_int64(ABSENT, &v));
    assert_int_equal(v, 7);
    assert_true(oc_slice_to_int64(OC_STR("9223372036854775807"), &v));
    assert_true(v == INT64_MAX);
    assert_true(oc_slice_to_int64(OC_STR("-9223372036854775808"), &v));
    assert_true(v == INT64_MIN);
    assert_true(oc_slice_to_int64(OC_STR("007"), &v));
    assert_int_equal(v, 7);
}

static void buffer_takes_its_maximum_and_not_a_byte_more(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 100);
    assert_slice(oc_buf_slice(&buf), "");
    assert_string_equal(oc_buf_cstr(&buf), "");
    for (int i = 0; i < 100; i++)
        oc_buf_put_char(&buf, 'x');
    assert_false(buf.failed);
    assert_int_equal(strlen(oc_buf_cstr(&buf)), 100);
    oc_buf_put(&buf, NULL, 0);
    assert_false(buf.failed);
    oc_buf_put_char(&buf, 'y');
    assert_true(buf.failed);
    assert_int_equal(buf.len, 100);
    assert_null(oc_buf_cstr(&buf));
    oc_buf_reset(&buf);
    assert_non_null(oc_buf_extend(&buf, 100));
    assert_null(oc_buf_extend(&buf, SIZE_MAX));
    oc_buf_clear(&buf);
    assert_false(buf.failed);
    assert_int_equal(buf.max, 100);
    assert_null(buf.ptr);
}

static void a_failed_buffer_ignores_later_writes(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    (void)state;
    oc_buf_put_str(&buf, "no room at all");
    assert_true(buf.failed);
    buf.max = 100;
    oc_buf_put_str(&buf, "a");
    oc_buf_printf(&buf, "%d", 1);
    oc_buf_put_int64(&buf, 1);
    assert_int_equal(buf.len, 0);
    assert_true(buf.failed);
}

static void formatted_text_grows_the_buffer_to_its_maximum(void **state)
{
    static const char digits[] = "0123456789012345678901234567890123456789012345678901234567890123";
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 64);
    for (int len = 60; len <= 64; len++) {
        oc_buf_clear(&buf);
        oc_buf_printf(&buf, "%.*s", len, digits);
        assert_false(buf.failed);
        assert_int_equal(buf.len, len);
        assert_memory_equal(oc_buf_cstr(&buf), digits, (size_t)len);
    }
    oc_buf_printf(&buf, "%d", 1);
    assert_true(buf.failed);
    assert_int_equal(buf.len, 64);
}

static void integers_are_written_to_both_extremes(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 100);
    oc_buf_put_int64(&buf, INT64_MIN);
    oc_buf_put_char(&buf, ' ');
    oc_buf_put_int64(&buf, 0);
    oc_buf_put_char(&buf, ' ');
    oc_buf_put_int64(&buf, INT64_MAX);
    assert_string_equal(oc_buf_cstr(&buf), "-9223372036854775808 0 9223372036854775807");
}

static int fill_buffer(void *ctx)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)ctx;
    oc_buf_init(&buf, 10000);
    for (int i = 0; i < 1000; i++)
        oc_buf_printf(&buf, "%04d;", i);
    if (buf.failed)
        return OC_ENOMEM;
    assert_int_equal(buf.len, 5000);
    return OC_OK;
}

static void buffer_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, fill_buffer, NULL, OC_ENOMEM);
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ALWAYS, fill_buffer, NULL, OC_ENOMEM);
}

static void hexadecimal_goes_both_ways(void **state)
{
    const uint8_t bytes[] = {0x00, 0x7f, 0xAB, 0xff};
    uint8_t back[4] = {1, 2, 3, 4};
    char hex[8];

    (void)state;
    oc_hex_encode(bytes, sizeof(bytes), hex);
    assert_memory_equal(hex, "007fabff", 8);
    assert_false(oc_hex_decode(OC_STR("007fabf"), back, 4));
    assert_false(oc_hex_decode(OC_STR("007fabff0"), back, 4));
    assert_false(oc_hex_decode(OC_STR("007fabfg"), back, 4));
    assert_false(oc_hex_decode(OC_STR("00 7abff"), back, 4));
    assert_int_equal(back[0], 1);
    assert_true(oc_hex_decode(OC_STR("007FaBfF"), back, 4));
    assert_memory_equal(back, bytes, 4);
    assert_true(oc_hex_decode(OC_STR(""), back, 0));
}

static void base64url_gives_the_vectors_of_rfc_4648(void **state)
{
    static const char *const want[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    OC_AUTO(oc_buf_clear) struct oc_buf buf;
    uint8_t back[6];
    size_t len;

    (void)state;
    oc_buf_init(&buf, 100);
    for (size_t i = 0; i <= 6; i++) {
        oc_buf_reset(&buf);
        oc_base64url_put(&buf, (const uint8_t *)"foobar", i);
        assert_string_equal(oc_buf_cstr(&buf), want[i]);
        assert_true(oc_base64url_decode(oc_buf_slice(&buf), back, i, &len));
        assert_int_equal(len, i);
        assert_memory_equal(back, "foobar", i);
        if (i > 0)
            assert_false(oc_base64url_decode(oc_buf_slice(&buf), back, i - 1, &len));
    }
    oc_buf_reset(&buf);
    oc_base64url_put(&buf, (const uint8_t *)"\xfb\xff\xfe", 3);
    assert_string_equal(oc_buf_cstr(&buf), "-__-");
    assert_true(oc_base64url_decode(OC_STR("-__-"), back, 3, &len));
    assert_memory_equal(back, "\xfb\xff\xfe", 3);
}

static void base64url_takes_the_canonical_form_only(void **state)
{
    static const char *const wrong[] = {"Z", "Zh", "Zm9", "Zg==", "Zm9vY", "Zm 9", "+/+/", "Zm\n9"};
    uint8_t back[8];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(oc_base64url_decode(oc_slice_of(wrong[i]), back, sizeof(back), &len));
}

static void percent_encoding_keeps_the_unreserved_characters(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 100);
    oc_percent_encode(&buf, OC_STR("AZaz09-_.~/ +%\xc3\xa9\x00"), true);
    assert_string_equal(oc_buf_cstr(&buf), "AZaz09-_.~/%20%2B%25%C3%A9%00");
    oc_buf_reset(&buf);
    oc_percent_encode(&buf, OC_STR("/a"), false);
    oc_percent_encode(&buf, ABSENT, false);
    assert_string_equal(oc_buf_cstr(&buf), "%2Fa");
}

static void percent_decoding_refuses_bad_escapes(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 100);
    assert_true(oc_percent_decode(&buf, OC_STR("a%20b+%c3%A9%")) == false);
    oc_buf_reset(&buf);
    assert_true(oc_percent_decode(&buf, OC_STR("%41a%20b+%c3%A9")));
    assert_string_equal(oc_buf_cstr(&buf), "Aa b+\xc3\xa9");
    assert_false(oc_percent_decode(&buf, OC_STR("%4")));
    assert_false(oc_percent_decode(&buf, OC_STR("%4g")));
    assert_false(oc_percent_decode(&buf, OC_STR("%-1")));
    assert_true(oc_percent_decode(&buf, ABSENT));
}

static void integers_are_stored_big_end_first(void **state)
{
    uint8_t b[8];

    (void)state;
    oc_put_be16(b, 0x0102);
    assert_memory_equal(b, "\x01\x02", 2);
    assert_int_equal(oc_get_be16(b), 0x0102);
    oc_put_be32(b, 0x01020304);
    assert_memory_equal(b, "\x01\x02\x03\x04", 4);
    assert_int_equal(oc_get_be32(b), 0x01020304);
    oc_put_be64(b, 0x0102030405060708);
    assert_memory_equal(b, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_true(oc_get_be64(b) == 0x0102030405060708);
}

/* RFC 4648, section 10, and the two digits that the two alphabets do not share. */
static void base64_is_that_of_the_rfc(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xfb\xff", "+/8="}};
    static const char *const bad[] = {"Z", "Zg=", "Zh==", "Zg===", "-_8=", "Zm9v\n", "Z g="};
    struct oc_buf buf;
    uint8_t bytes[16];
    size_t len = 0;

    (void)state;
    oc_buf_init(&buf, 64);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        oc_buf_reset(&buf);
        oc_base64_put(&buf, (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(oc_buf_cstr(&buf), pairs[i][1]);
        assert_true(oc_base64_decode(oc_slice_of(pairs[i][1]), bytes, sizeof(bytes), &len));
        assert_int_equal(len, strlen(pairs[i][0]));
        assert_memory_equal(bytes, pairs[i][0], len);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(oc_base64_decode(oc_slice_of(bad[i]), bytes, sizeof(bytes), &len));
    assert_false(oc_base64_decode(OC_STR("Zm9vYmFy"), bytes, 5, &len));
    oc_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(slices_are_compared_by_length_and_bytes),
        cmocka_unit_test(parts_of_slices_are_clipped),
        cmocka_unit_test(bytes_and_texts_are_found),
        cmocka_unit_test(cut_walks_a_list_to_its_end),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(buffer_takes_its_maximum_and_not_a_byte_more),
        cmocka_unit_test(a_failed_buffer_ignores_later_writes),
        cmocka_unit_test(formatted_text_grows_the_buffer_to_its_maximum),
        cmocka_unit_test(integers_are_written_to_both_extremes),
        cmocka_unit_test(buffer_survives_every_failed_allocation),
        cmocka_unit_test(hexadecimal_goes_both_ways),
        cmocka_unit_test(base64url_gives_the_vectors_of_rfc_4648),
        cmocka_unit_test(base64url_takes_the_canonical_form_only),
        cmocka_unit_test(percent_encoding_keeps_the_unreserved_characters),
        cmocka_unit_test(percent_decoding_refuses_bad_escapes),
        cmocka_unit_test(integers_are_stored_big_end_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
