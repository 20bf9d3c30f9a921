/*
 * The AWS CLI's shorthand for structures on a command line: `key=team,value=search`,
 * `s3DataSource={s3Uri=s3://models/tiny}`, `names=[a,b]`, quotes of both kinds, `\,` for a comma.
 *
 * Threads: any.
 */
#ifndef OC_CLI_SHORTHAND_H
#define OC_CLI_SHORTHAND_H

#include "api/operation.h"
#include "base/err.h"
#include "base/json.h"

/**
 * Write the JSON of a value of `shape`. A structure or list that begins with `{` or `[` is JSON
 * already; other text is shorthand for a structure, and itself for a scalar.
 *
 * Errors: OC_EINVAL, UsageError — text that is none of it, an unknown or repeated key; OC_ENOMEM.
 */
int oc_shorthand_put(struct oc_jw *w, const struct oc_shape *shape, struct oc_slice text,
                     struct oc_err *err);

#endif
