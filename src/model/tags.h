/*
 * Tags: pairs of key and value that a caller attaches to a model or a copy job.
 *
 * A list borrows its items, and the items borrow their text, from wherever they were read (a
 * request's arena, a stored record).
 */
#ifndef OC_MODEL_TAGS_H
#define OC_MODEL_TAGS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"

/** One tag. The value may be empty; neither part is absent. */
struct oc_tag {
    struct oc_slice key;
    struct oc_slice value;
};

/** Tags in the order given. `set` is false when the caller gave no list at all. */
struct oc_tag_list {
    const struct oc_tag *items;
    size_t count;
    bool set;
};

/** The value of the tag `key` (exact case), or absent. */
struct oc_slice oc_tags_get(const struct oc_tag_list *tags, struct oc_slice key);

/**
 * Check the tags that a caller gives: the rules that go beyond one tag's alphabet and length,
 * which the shape of the operation's input checks.
 * Errors: OC_EINVAL, ValidationException — a key that begins `aws:` in any case, or comes twice;
 *         OC_ELIMIT, TooManyTagsException — more than OC_TAGS_MAX.
 */
int oc_tags_validate(const struct oc_tag_list *tags, struct oc_err *err);

/**
 * `have` with the tags of `add`: a key that is in both gets the new value in its old place.
 * @param arena     holds the list; the text stays borrowed from `have` and `add`
 * @param[out] ret  may have more than OC_TAGS_MAX tags: the caller, who knows the resource, judges
 * Errors: OC_ENOMEM.
 */
int oc_tags_merge(const struct oc_tag_list *have, const struct oc_tag_list *add,
                  struct oc_arena *arena, struct oc_tag_list *ret, struct oc_err *err);

/** `have` without the tags named by `keys`; unknown keys are fine. Memory and errors as
 * oc_tags_merge. */
int oc_tags_remove(const struct oc_tag_list *have, const struct oc_slice *keys, size_t key_count,
                   struct oc_arena *arena, struct oc_tag_list *ret, struct oc_err *err);

/** Write `[{"key":…,"value":…},…]`: the form of Bedrock's answers and of our records. */
void oc_tags_put_json(struct oc_jw *w, const struct oc_tag_list *tags);

/**
 * Read that form back.
 * @param json   the array; NULL gives an empty list with `set` false
 * @param arena  holds list and text
 * Errors: OC_EINVAL — not a list of objects with the texts `key` and `value`; OC_ENOMEM.
 */
int oc_tags_from_json(const struct oc_json *json, struct oc_arena *arena, struct oc_tag_list *ret,
                      struct oc_err *err);

#endif
