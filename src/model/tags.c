/* Tags: checks, merging, JSON. Lists are short (OC_TAGS_MAX), so looking through them is cheap. */
#include "model/tags.h"

#include <string.h>

#include "base/limits.h"

struct oc_slice oc_tags_get(const struct oc_tag_list *tags, struct oc_slice key)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (oc_slice_eq(tags->items[i].key, key))
            return tags->items[i].value;
    }
    return (struct oc_slice){0};
}

int oc_tags_validate(const struct oc_tag_list *tags, struct oc_err *err)
{
    if (tags->count > OC_TAGS_MAX)
        return oc_fail_as(err, OC_ELIMIT, "TooManyTagsException",
                          "A resource can have %d tags; %zu were given.", OC_TAGS_MAX, tags->count);
    for (size_t i = 0; i < tags->count; i++) {
        struct oc_slice key = tags->items[i].key;

        if (oc_slice_eq_nocase(oc_slice_sub(key, 0, 4), OC_STR("aws:")))
            return oc_fail_as(err, OC_EINVAL, "ValidationException",
                              "The tag key '%.*s' begins with 'aws:', which is reserved.",
                              OC_FMT(key));
        for (size_t k = 0; k < i; k++) {
            if (oc_slice_eq(key, tags->items[k].key))
                return oc_fail_as(err, OC_EINVAL, "ValidationException",
                                  "The tag key '%.*s' is given more than once.", OC_FMT(key));
        }
    }
    return OC_OK;
}

/* A list of `cap` tags to be filled; never NULL when there is memory. */
static struct oc_tag *alloc_items(struct oc_arena *arena, size_t cap)
{
    return oc_arena_alloc(arena, (cap ? cap : 1) * sizeof(struct oc_tag));
}

int oc_tags_merge(const struct oc_tag_list *have, const struct oc_tag_list *add,
                  struct oc_arena *arena, struct oc_tag_list *ret, struct oc_err *err)
{
    struct oc_tag *items = alloc_items(arena, have->count + add->count);
    size_t count = have->count;

    if (!items)
        return oc_fail_nomem(err);
    if (count > 0)
        memcpy(items, have->items, count * sizeof(*items));
    for (size_t i = 0; i < add->count; i++) {
        size_t at = 0;

        while (at < count && !oc_slice_eq(items[at].key, add->items[i].key))
            at++;
        items[at] = add->items[i];
        count += at == count;
    }
    *ret = (struct oc_tag_list){items, count, true};
    return OC_OK;
}

int oc_tags_remove(const struct oc_tag_list *have, const struct oc_slice *keys, size_t key_count,
                   struct oc_arena *arena, struct oc_tag_list *ret, struct oc_err *err)
{
    struct oc_tag *items = alloc_items(arena, have->count);
    size_t count = 0;

    if (!items)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < have->count; i++) {
        bool drop = false;

        for (size_t k = 0; k < key_count && !drop; k++)
            drop = oc_slice_eq(have->items[i].key, keys[k]);
        if (!drop)
            items[count++] = have->items[i];
    }
    *ret = (struct oc_tag_list){items, count, true};
    return OC_OK;
}

void oc_tags_put_json(struct oc_jw *w, const struct oc_tag_list *tags)
{
    oc_jw_array(w);
    for (size_t i = 0; i < tags->count; i++) {
        oc_jw_object(w);
        oc_jw_member(w, "key", tags->items[i].key);
        oc_jw_member(w, "value", tags->items[i].value);
        oc_jw_object_end(w);
    }
    oc_jw_array_end(w);
}

int oc_tags_from_json(const struct oc_json *json, struct oc_arena *arena, struct oc_tag_list *ret,
                      struct oc_err *err)
{
    size_t count = oc_json_size(json);
    struct oc_tag *items;

    if (!json) {
        *ret = (struct oc_tag_list){0};
        return OC_OK;
    }
    if (oc_json_type(json) != OC_JSON_ARRAY)
        return oc_fail(err, OC_EINVAL, "tags: want a list");
    items = alloc_items(arena, count);
    if (!items)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct oc_slice key = oc_json_string(oc_json_get(oc_json_at(json, i), "key"));
        struct oc_slice value = oc_json_string(oc_json_get(oc_json_at(json, i), "value"));

        if (!key.ptr || !value.ptr)
            return oc_fail(err, OC_EINVAL, "tags: want texts 'key' and 'value' in each");
        items[i] = (struct oc_tag){oc_arena_copy(arena, key), oc_arena_copy(arena, value)};
        if (!items[i].key.ptr || !items[i].value.ptr)
            return oc_fail_nomem(err);
    }
    *ret = (struct oc_tag_list){items, count, true};
    return OC_OK;
}
