/*
 * Time. All code takes it from here, so that tests can set it.
 * Threads: any.
 */
#ifndef OC_BASE_CLOCK_H
#define OC_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** Milliseconds since 1970-01-01T00:00:00Z. May jump when the system's clock is set. */
int64_t oc_clock_now_ms(void);

/** Microseconds of a clock that never goes back. For durations and time-outs. */
int64_t oc_clock_mono_us(void);

/** What is known of the wall clock by whoever asks oc_clock_steady_ms. Zero-initialise. */
struct oc_clock_steady {
    int64_t offset_ms; /* of the wall clock from the one that never goes back */
    int64_t ahead_since_ms;
    bool known;
};

/**
 * The wall clock for what cannot be undone, such as removing what is old: when it jumps ahead that
 * counts only once it has stood there for an hour, so that a clock that is set wrong, and right
 * again, makes nothing old. Ask at least twice before the hour is over.
 * Threads: one at a time for each `steady`.
 */
int64_t oc_clock_steady_ms(struct oc_clock_steady *steady);

/** A condition whose timed waits take oc_clock_mono_us: a wait must not depend on the wall clock.
 */
void oc_clock_init_cond(pthread_cond_t *cond);

/** For tests: oc_clock_now_ms returns `now_ms` from now on; -1 gives the real clock back. */
void oc_clock_set(int64_t now_ms);

#endif
