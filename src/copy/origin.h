/* Which model a copy was made from, as its job says. */
#ifndef OC_COPY_ORIGIN_H
#define OC_COPY_ORIGIN_H

#include "model/record.h"
#include "store/store.h"

/**
 * The ARN of the model that `model` was copied from.
 * @param arena     receives the text
 * @param[out] ret  absent: it is no copy
 * Errors: OC_ECORRUPT (its job is missing or bad), OC_EIO, OC_ENOMEM.
 */
int oc_copy_origin(struct oc_read *read, const struct oc_model *model, struct oc_arena *arena,
                   struct oc_slice *ret, struct oc_err *err);

#endif
