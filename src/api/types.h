/*
 * The C types that a typed operation input is made of, beside struct oc_slice (text; ptr NULL when
 * the caller gave none) and struct oc_tag_list.
 */
#ifndef OC_API_TYPES_H
#define OC_API_TYPES_H

#include "base/bytes.h"

/** An integer, or a timestamp in microseconds since 1970-01-01T00:00:00Z, that may be absent. */
struct oc_opt_int64 {
    bool set;
    int64_t value;
};

/** A boolean that may be absent. */
struct oc_opt_bool {
    bool set;
    bool value;
};

/** A list of texts; `set` is false when the caller gave no list at all. */
struct oc_slice_list {
    const struct oc_slice *items;
    size_t count;
    bool set;
};

#endif
