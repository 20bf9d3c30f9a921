/*
 * Shared by decode.c, which makes inputs, and validate.c, which judges them.
 */
#ifndef OC_API_DECODE_IMPL_H
#define OC_API_DECODE_IMPL_H

#include "api/decode.h"
#include "base/regex.h"

struct oc_decoder {
    bool lenient;
    size_t pattern_count;
    struct oc_regex *patterns[]; /* by oc_shape.pattern_index */
};

/** The C value of a member inside the struct it belongs to. */
const void *oc_member_value(const struct oc_member *member, const void *in);

/** Whether a value of that shape was given. */
bool oc_value_is_set(const struct oc_shape *shape, const void *value);

/** Bytes of one element of a list whose items have that shape. */
size_t oc_item_size(const struct oc_shape *item);

/**
 * Check every constraint of a decoded input.
 * Errors: OC_EINVAL as ValidationException, naming every member that fails; OC_ENOMEM.
 */
int oc_validate_input(const struct oc_decoder *decoder, const struct oc_op *op, const void *in,
                      struct oc_err *err);

/** Append `text` for an error message: cut when long, control characters made visible. */
void oc_put_visible(struct oc_buf *buf, struct oc_slice text);

#endif
