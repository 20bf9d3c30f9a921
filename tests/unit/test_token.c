/* Page tokens: what was sealed opens again, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model/token.h"

static const uint8_t key[OC_SHA256_LEN] = {1, 2, 3};

static void seal(struct oc_buf *buf, const char *context, const char *position)
{
    struct oc_err err = {0};

    oc_buf_init(buf, OC_TOKEN_MAX);
    assert_int_equal(oc_token_seal(key, oc_slice_of(context), oc_slice_of(position), buf, &err),
                     OC_OK);
}

static int open_token(const char *context, struct oc_slice token, uint8_t *position, size_t *len)
{
    struct oc_err err = {0};

    int rc = oc_token_open(key, oc_slice_of(context), token, position, len, &err);
    if (rc < 0)
        assert_string_equal(err.name, "ValidationException");
    return rc;
}

static void token_opens_to_the_position_that_was_sealed(void **state)
{
    uint8_t position[OC_TOKEN_POSITION_MAX];
    struct oc_buf token;
    size_t len;

    (void)state;
    seal(&token, "jobs", "12345678");
    assert_int_equal(open_token("jobs", oc_buf_slice(&token), position, &len), OC_OK);
    assert_int_equal(len, 8);
    assert_memory_equal(position, "12345678", 8);
    oc_buf_clear(&token);
}

static void token_with_any_changed_character_is_refused(void **state)
{
    uint8_t position[OC_TOKEN_POSITION_MAX];
    struct oc_buf token;
    size_t len;

    (void)state;
    seal(&token, "jobs", "12345678");
    for (size_t i = 0; i < token.len; i++) {
        char original = token.ptr[i];
        for (const char *c = "AZaz09-_=+/ "; *c; c++) {
            if (*c == original)
                continue;
            token.ptr[i] = *c;
            assert_int_equal(open_token("jobs", oc_buf_slice(&token), position, &len), OC_EINVAL);
        }
        token.ptr[i] = original;
    }
    oc_buf_clear(&token);
}

static void token_cut_or_lengthened_is_refused(void **state)
{
    uint8_t position[OC_TOKEN_POSITION_MAX];
    struct oc_buf token;
    size_t len;

    (void)state;
    seal(&token, "jobs", "12345678");
    for (size_t cut = 0; cut < token.len; cut++)
        assert_int_equal(
            open_token("jobs", oc_slice_sub(oc_buf_slice(&token), 0, cut), position, &len),
            OC_EINVAL);
    oc_buf_put_char(&token, 'A');
    assert_int_equal(open_token("jobs", oc_buf_slice(&token), position, &len), OC_EINVAL);
    oc_buf_clear(&token);
}

static void token_of_another_context_or_key_is_refused(void **state)
{
    static const uint8_t other[OC_SHA256_LEN] = {9};
    uint8_t position[OC_TOKEN_POSITION_MAX];
    struct oc_err err = {0};
    struct oc_buf token;
    size_t len;

    (void)state;
    seal(&token, "jobs", "12345678");
    assert_int_equal(open_token("job", oc_buf_slice(&token), position, &len), OC_EINVAL);
    assert_int_equal(open_token("jobs1", oc_buf_slice(&token), position, &len), OC_EINVAL);
    assert_int_equal(
        oc_token_open(other, OC_STR("jobs"), oc_buf_slice(&token), position, &len, &err),
        OC_EINVAL);
    oc_buf_clear(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_opens_to_the_position_that_was_sealed),
        cmocka_unit_test(token_with_any_changed_character_is_refused),
        cmocka_unit_test(token_cut_or_lengthened_is_refused),
        cmocka_unit_test(token_of_another_context_or_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
