/*
 * Times as ISO-8601 text, the one form this API uses.
 * Threads: any.
 */
#ifndef OC_MODEL_TIMESTAMP_H
#define OC_MODEL_TIMESTAMP_H

#include "base/bytes.h"

#define OC_TIMESTAMP_LEN 24 /* YYYY-MM-DDThh:mm:ss.fffZ */

/** The last millisecond that can be written: 9999-12-31T23:59:59.999Z. */
#define OC_TIMESTAMP_MAX_MS 253402300799999L

/**
 * Read `YYYY-MM-DDThh:mm:ss`, then optionally a point and 1 to 9 digits, then `Z` or `+hh:mm` or
 * `-hh:mm`. The date must exist; the time in UTC must lie in 1970 to 9999. Digits beyond
 * microseconds are dropped. There is no leap second.
 *
 * @param[out] ret_us  microseconds since 1970; set only on success
 */
bool oc_timestamp_parse(struct oc_slice text, int64_t *ret_us);

/**
 * Write `YYYY-MM-DDThh:mm:ss.fffZ`.
 * @param ms        0 to OC_TIMESTAMP_MAX_MS
 * @param[out] ret  exactly OC_TIMESTAMP_LEN characters, no NUL
 */
void oc_timestamp_format(int64_t ms, char ret[OC_TIMESTAMP_LEN]);

#endif
