/*
 * Token buckets: how often an account may call an operation.
 *
 * Each (account, operation) has a bucket of `burst` calls that fills at `rate` calls a second. The
 * table is bounded: when it is full, the bucket that has been idle longest among a few gives way,
 * which can only err towards letting a call through.
 *
 * Threads: any.
 */
#ifndef OC_API_THROTTLE_H
#define OC_API_THROTTLE_H

#include "base/bytes.h"
#include "base/err.h"

struct oc_throttle;

/**
 * @param rate   calls a second, 1–1,000,000,000; 0 switches throttling off
 * @param burst  calls at once, at least 1; 0 means twice the rate
 * Errors: OC_ENOMEM.
 */
int oc_throttle_new(int64_t rate, int64_t burst, struct oc_throttle **ret, struct oc_err *err);
void oc_throttle_free(struct oc_throttle *throttle);

/**
 * Take one call out of the bucket.
 * @param now_us  monotonic microseconds (oc_clock_mono_us)
 * @return false when the bucket is empty: the call is to be refused.
 * Cost: one short lock of a shard.
 */
bool oc_throttle_take(struct oc_throttle *throttle, struct oc_slice account, unsigned operation,
                      int64_t now_us);

#endif
