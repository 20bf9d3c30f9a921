#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static void each_length_is_read(void **state)
{
    static const struct {
        const char *text;
        uint32_t code;
        size_t len;
    } cases[] = {{"A", 'A', 1},
                 {"\x7f", 0x7f, 1},
                 {"\xc2\x80", 0x80, 2},
                 {"\xdf\xbf", 0x7ff, 2},
                 {"\xe0\xa0\x80", 0x800, 3},
                 {"\xed\x9f\xbf", 0xd7ff, 3},
                 {"\xee\x80\x80", 0xe000, 3},
                 {"\xf0\x90\x80\x80", 0x10000, 4},
                 {"\xf4\x8f\xbf\xbf", 0x10ffff, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t code = 0;

        assert_int_equal(oc_utf8_next(oc_slice_of(cases[i].text), &code), cases[i].len);
        assert_int_equal(code, cases[i].code);
    }
}

static void malformed_text_is_refused(void **state)
{
    static const char *const cases[] = {
        "\x80",             /* a continuation first */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf8\x88\x80\x80", /* no such length */
        "\xff",
        "\xc3",         /* cut short */
        "\xe2\x82",     /* cut short */
        "\xf0\x9f\x98", /* cut short */
        "\xc3(",        /* no continuation */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t code = 0;
        size_t count = 0;

        assert_int_equal(oc_utf8_next(oc_slice_of(cases[i]), &code), 0);
        assert_false(oc_utf8_count(oc_slice_of(cases[i]), &count));
    }
}

static void code_points_are_counted(void **state)
{
    size_t count = 99;

    (void)state;
    assert_true(oc_utf8_count(OC_STR(""), &count));
    assert_int_equal(count, 0);
    assert_true(oc_utf8_count(OC_STR("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), &count));
    assert_int_equal(count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_length_is_read),
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(code_points_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
