/*
 * The CRC-32C's second implementation, for machines without the instruction and for the test
 * that compares the two. Everybody else calls oc_crc32c of base/crypto.h.
 */
#ifndef OC_BASE_CRC32C_H
#define OC_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/** The same result as oc_crc32c, by tables (8 KiB) instead of instructions. Threads: any. */
uint32_t oc_crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
