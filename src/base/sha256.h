/*
 * SHA-256 by the processor's SHA instructions, where it has them. Inside of base/: everybody else
 * hashes by crypto.h, which has OpenSSL where there are none.
 *
 * Threads: any; a lane is one thread's at a time.
 */
#ifndef OC_BASE_SHA256_H
#define OC_BASE_SHA256_H

#include "base/crypto.h"

#define OC_SHA256_BLOCK_LEN 64

/** One message, as far as it has been hashed. */
struct oc_sha256_lane {
    uint32_t state[8]; /* words in the order that the instructions want: f e b a h g d c */
    uint64_t len;      /* bytes added */
    uint8_t rest[OC_SHA256_BLOCK_LEN]; /* the len % 64 bytes of a block that is not full */
};

/** Whether the processor has the instructions. If not, nothing else here may be called. */
bool oc_sha256_has_lanes(void);

/** Begin a message. */
void oc_sha256_lane_start(struct oc_sha256_lane *lane);

/** Add what comes next of it. */
void oc_sha256_lane_add(struct oc_sha256_lane *lane, struct oc_slice data);

/** Add data[i] to lanes[i], both at the same time. */
void oc_sha256_lanes_add(struct oc_sha256_lane *const lanes[2], const struct oc_slice data[2]);

/** The digest of all added. The lane has to be started before it is used again. */
void oc_sha256_lane_end(struct oc_sha256_lane *lane, uint8_t ret[OC_SHA256_LEN]);

#endif
