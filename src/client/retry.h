/*
 * When a call is tried again: the rules of the SDKs' "standard" retry mode.
 *
 * A client has a quota of 500 that all its calls share. A retry costs 14 of it, 5 after throttling;
 * what a success has taken comes back, and a success at the first attempt gives back 1. An empty
 * quota means that retries do not help now: calls then fail at their first attempt, which keeps
 * clients from keeping a server down.
 *
 * Threads: any.
 */
#ifndef OC_CLIENT_RETRY_H
#define OC_CLIENT_RETRY_H

#include <stdatomic.h>

#include "net/transport.h"

#define OC_RETRY_QUOTA 500

struct oc_retry_quota {
    _Atomic int left;
};

/** A full quota: OC_RETRY_QUOTA. */
void oc_retry_quota_init(struct oc_retry_quota *quota);

/** Take the price of one retry. @return the price, or 0 when the quota does not hold it */
int oc_retry_quota_take(struct oc_retry_quota *quota, bool after_throttling);

/** A call has succeeded. @param taken  price of its last retry; 0: it had none */
void oc_retry_quota_give_back(struct oc_retry_quota *quota, int taken);

/**
 * How long to wait before an attempt, in milliseconds: 100 before the second, doubled for each
 * further one up to 20 s, half of it at random; at least what the server asked for, up to 20 s.
 *
 * @param attempt   from 2
 * @param asked_ms  0: the server did not ask
 */
int64_t oc_retry_pause_ms(unsigned attempt, int64_t asked_ms);

/** `ms` plus or minus at most `spread`, at random. */
int64_t oc_retry_jitter(int64_t ms, int64_t spread);

/**
 * Whether an error is that our clock is wrong, by more than 4 minutes from what we last took for
 * right.
 *
 * @param offset_ms        what is added to our clock now
 * @param[out] ret_offset  what should be; set when true
 */
bool oc_retry_is_clock_skew(const struct oc_transport_head *head, const char *error_name,
                            int64_t offset_ms, int64_t *ret_offset);

#endif
