/*
 * Which parts of a Region must not be swept away at the moment. Not for other folders.
 *
 * The rule that makes sweeping safe beside running work:
 *  - Work pins a part before it looks whether the part is there, or stores it, and unpins it after
 *    the record that refers to it is durable.
 *  - A sweep first begins (oc_pins_begin), then reads the records, then removes what no record
 *    refers to, one blob at a time and only what is not pinned (oc_pins_unless).
 *  - What is unpinned between begin and end stays pinned until the end, since its record may be
 *    younger than those the sweep has read. What was unpinned before the beginning has its record
 *    among them.
 *
 * Threads: any. One sweep at a time.
 */
#ifndef OC_COPY_PINS_H
#define OC_COPY_PINS_H

#include <pthread.h>

#include "base/crypto.h"

struct oc_pin;

struct oc_pins {
    pthread_mutex_t lock;
    struct oc_pin *slots; /* open addressing; the digests are their own hashes */
    size_t cap, used;
    bool sweeping;
};

/** No pins. Allocates nothing. */
void oc_pins_init(struct oc_pins *pins);
void oc_pins_clear(struct oc_pins *pins);

/** Pin once more. Errors: OC_ENOMEM. */
int oc_pins_add(struct oc_pins *pins, const uint8_t sha256[OC_SHA256_LEN], struct oc_err *err);

/** Take back one oc_pins_add. */
void oc_pins_remove(struct oc_pins *pins, const uint8_t sha256[OC_SHA256_LEN]);

/** A sweep begins: from now on what is unpinned stays known as pinned. One sweep at a time. */
void oc_pins_begin(struct oc_pins *pins);
/** The sweep has ended: forget what was unpinned meanwhile. */
void oc_pins_end(struct oc_pins *pins);

/**
 * Run `fn(ctx)` unless the part is pinned; nothing is pinned meanwhile.
 * @return what `fn` returned, or 1 when the part is pinned.
 */
int oc_pins_unless(struct oc_pins *pins, const uint8_t sha256[OC_SHA256_LEN],
                   int (*fn)(void *ctx, struct oc_err *err), void *ctx, struct oc_err *err);

#endif
