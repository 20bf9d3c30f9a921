/*
 * How many streams are worth while to one place: a peer, a bucket. One TCP stream carries a window
 * in each round trip, or as much as its losses allow, whatever the link could do; several carry
 * several times that, until the link is full, or the disk, or the other side.
 *
 * It is found out by trying. One more round of streams is used while bytes arrive more than a
 * tenth faster than before, twice as many each time. What does not help is taken back. From time to
 * time it looks again, up and down, since links change. A stream that breaks, and a place that says
 * it has too much to do, halve the number at once.
 *
 * A fetch is what its user splits into streams: a part of a model. Several go on at the same time.
 * Rates are those of all together, so what a disk or a cap on bandwidth allows does not look like a
 * reason for more streams.
 *
 * No clock, no I/O: the user tells the time, which never goes back. Threads: any.
 */
#ifndef OC_NET_STREAMS_H
#define OC_NET_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define OC_STREAMS_MAX     8 /* of one fetch */
#define OC_STREAMS_DEFAULT OC_STREAMS_MAX

/* How it looks: after a change all fetches of before must have ended and this time have passed,
 * since new connections begin slowly; then bytes are counted for that time, and longer when it
 * looks again later. Between two looks there is a pause, short at first, since young connections
 * deceive; after a look down it is so many times what that took, so that looking costs next to
 * nothing. */
#define OC_STREAMS_SETTLE_US      1000000LL
#define OC_STREAMS_WINDOW_US      1000000LL
#define OC_STREAMS_LATER_US       3000000LL
#define OC_STREAMS_FIRST_PAUSE_US 5000000LL
#define OC_STREAMS_PAUSE_US       60000000LL /* from the fifth on, each being twice the last */
#define OC_STREAMS_PAUSE_FACTOR   10
/* A place that cannot send ranges is left alone for so long. */
#define OC_STREAMS_UNABLE_US 600000000LL

struct oc_streams;

/** What a fetch is told at its begin. */
struct oc_streams_fetch {
    unsigned count; /* streams it may use, at least 1 */
    uint32_t round; /* for oc_streams_end */
};

enum oc_streams_outcome {
    OC_STREAMS_FINE,    /* it came to its end, or its user gave up */
    OC_STREAMS_TROUBLE, /* a stream broke or stalled, or the place had too much to do */
    OC_STREAMS_UNABLE,  /* the place sends the whole where a range was asked for */
};

/** What an operator may want to see. */
struct oc_streams_state {
    unsigned count;    /* streams of the next fetch */
    uint64_t requests; /* ranges asked for so far, by fetches of more than one stream */
};

/**
 * @param max  streams of one fetch at most, 1 to OC_STREAMS_MAX; 0: OC_STREAMS_DEFAULT
 * Errors: OC_ENOMEM.
 */
int oc_streams_new(unsigned max, struct oc_streams **ret, struct oc_err *err);
/** NULL is fine. */
void oc_streams_free(struct oc_streams *streams);

/** A fetch begins; it must end. @param now_us  oc_clock_mono_us, here and below */
struct oc_streams_fetch oc_streams_begin(struct oc_streams *streams, int64_t now_us);

/** Bytes of any fetch have arrived. */
void oc_streams_moved(struct oc_streams *streams, int64_t now_us, uint64_t bytes);

/** A fetch has ended. @param used  streams that it really used */
void oc_streams_end(struct oc_streams *streams, const struct oc_streams_fetch *fetch, unsigned used,
                    enum oc_streams_outcome outcome, int64_t now_us);

/** How it is now. */
struct oc_streams_state oc_streams_state(struct oc_streams *streams);

#endif
