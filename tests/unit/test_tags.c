/* Tags: model/tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "model/tags.h"

static const struct oc_tag two[] = {{{"team", 4}, {"ml", 2}}, {{"stage", 5}, {"", 0}}};
static const struct oc_tag_list have = {two, 2, true};

static void assert_json(const struct oc_tag_list *tags, const char *want)
{
    struct oc_buf buf;
    struct oc_jw w;

    oc_buf_init(&buf, 10000);
    oc_jw_init(&w, &buf);
    oc_tags_put_json(&w, tags);
    assert_string_equal(oc_buf_cstr(&buf), want);
    oc_buf_clear(&buf);
}

static void reserved_double_and_too_many_keys_are_refused(void **state)
{
    const struct oc_tag reserved[] = {{OC_STR("AwS:x"), OC_STR("")}};
    const struct oc_tag twice[] = {
        {OC_STR("a"), OC_STR("1")}, {OC_STR("b"), OC_STR("1")}, {OC_STR("a"), OC_STR("1")}};
    const struct oc_tag near[] = {
        {OC_STR("aws"), OC_STR("")}, {OC_STR("a"), OC_STR("")}, {OC_STR("A"), OC_STR("")}};
    struct oc_tag many[OC_TAGS_MAX + 1];
    char keys[OC_TAGS_MAX + 1][2];
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_tags_validate(&have, &err), OC_OK);
    assert_int_equal(oc_tags_validate(&(struct oc_tag_list){near, 3, true}, &err), OC_OK);
    assert_int_equal(oc_tags_validate(&(struct oc_tag_list){reserved, 1, true}, &err), OC_EINVAL);
    assert_string_equal(err.name, "ValidationException");
    assert_string_equal(err.text, "The tag key 'AwS:x' begins with 'aws:', which is reserved.");
    assert_int_equal(oc_tags_validate(&(struct oc_tag_list){twice, 3, true}, &err), OC_EINVAL);
    assert_string_equal(err.text, "The tag key 'a' is given more than once.");
    for (size_t i = 0; i <= OC_TAGS_MAX; i++) {
        keys[i][0] = (char)('0' + i / 10);
        keys[i][1] = (char)('0' + i % 10);
        many[i] = (struct oc_tag){{keys[i], 2}, OC_STR("")};
    }
    assert_int_equal(oc_tags_validate(&(struct oc_tag_list){many, OC_TAGS_MAX, true}, &err), OC_OK);
    assert_int_equal(oc_tags_validate(&(struct oc_tag_list){many, OC_TAGS_MAX + 1, true}, &err),
                     OC_ELIMIT);
    assert_string_equal(err.name, "TooManyTagsException");
}

static void merging_keeps_places_and_takes_new_values(void **state)
{
    const struct oc_tag add[] = {{OC_STR("stage"), OC_STR("prod")}, {OC_STR("new"), OC_STR("1")}};
    const struct oc_tag_list more = {add, 2, true}, none = {0};
    struct oc_tag_list got;
    struct oc_arena arena;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 4096);
    assert_int_equal(oc_tags_merge(&have, &more, &arena, &got, &err), OC_OK);
    assert_json(&got, "[{\"key\":\"team\",\"value\":\"ml\"},{\"key\":\"stage\",\"value\":\"prod\"},"
                      "{\"key\":\"new\",\"value\":\"1\"}]");
    assert_true(oc_slice_eq_str(oc_tags_get(&got, OC_STR("stage")), "prod"));
    assert_null(oc_tags_get(&got, OC_STR("Stage")).ptr);
    assert_int_equal(oc_tags_merge(&none, &none, &arena, &got, &err), OC_OK);
    assert_json(&got, "[]");
    assert_true(got.set);
    oc_arena_clear(&arena);
}

static void removing_leaves_the_others(void **state)
{
    const struct oc_slice keys[] = {OC_STR("none"), OC_STR("team")};
    struct oc_tag_list got;
    struct oc_arena arena;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 4096);
    assert_int_equal(oc_tags_remove(&have, keys, 2, &arena, &got, &err), OC_OK);
    assert_json(&got, "[{\"key\":\"stage\",\"value\":\"\"}]");
    oc_arena_clear(&arena);
}

static void json_is_read_back(void **state)
{
    static const char *const bad[] = {"{}", "[1]", "[{\"key\":\"a\"}]",
                                      "[{\"key\":1,\"value\":\"\"}]"};
    struct oc_tag_list got;
    struct oc_json *json;
    struct oc_arena arena;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 4096);
    assert_int_equal(
        oc_json_parse(OC_STR("[{\"key\":\"k\",\"value\":\"v \\u00e9\"}]"), &json, &err), OC_OK);
    assert_int_equal(oc_tags_from_json(json, &arena, &got, &err), OC_OK);
    oc_json_free(json);
    assert_json(&got, "[{\"key\":\"k\",\"value\":\"v \xc3\xa9\"}]");
    assert_int_equal(oc_tags_from_json(NULL, &arena, &got, &err), OC_OK);
    assert_false(got.set);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(oc_json_parse(oc_slice_of(bad[i]), &json, &err), OC_OK);
        assert_int_equal(oc_tags_from_json(json, &arena, &got, &err), OC_EINVAL);
        oc_json_free(json);
    }
    oc_arena_clear(&arena);
}

static void exhausted_memory_is_an_error(void **state)
{
    const struct oc_slice keys[] = {OC_STR("none")};
    struct oc_tag_list got;
    struct oc_arena arena;
    struct oc_json *json;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 16);
    assert_int_equal(oc_tags_merge(&have, &have, &arena, &got, &err), OC_ENOMEM);
    assert_int_equal(oc_tags_remove(&have, keys, 1, &arena, &got, &err), OC_ENOMEM);
    assert_int_equal(oc_json_parse(OC_STR("[{\"key\":\"k\",\"value\":\"v\"}]"), &json, &err),
                     OC_OK);
    assert_int_equal(oc_tags_from_json(json, &arena, &got, &err), OC_ENOMEM);
    oc_json_free(json);
    oc_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserved_double_and_too_many_keys_are_refused),
        cmocka_unit_test(merging_keeps_places_and_takes_new_values),
        cmocka_unit_test(removing_leaves_the_others),
        cmocka_unit_test(json_is_read_back),
        cmocka_unit_test(exhausted_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
