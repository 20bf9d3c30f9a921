/*
 * Tags: pairs of key and value that a caller attaches to a model or a copy job.
 *
 * A list borrows its items, and the items borrow their text, from wherever they were read (a
 * request's arena, a stored record).
 */
#ifndef OC_MODEL_TAGS_H
#define OC_MODEL_TAGS_H

#include "base/bytes.h"

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

#endif
