/*
 * UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF.
 * Threads: any.
 */
#ifndef OC_BASE_UTF8_H
#define OC_BASE_UTF8_H

#include "base/bytes.h"

/**
 * Read the first code point of `s`.
 * @param[out] ret_code  the code point; set only on success
 * @return its length in bytes, 1 to 4, or 0 when `s` is empty or malformed there.
 */
size_t oc_utf8_next(struct oc_slice s, uint32_t *ret_code);

/**
 * Count the code points of `s`.
 * @param[out] ret_count  set only on success
 * @return false when `s` is not UTF-8.
 */
bool oc_utf8_count(struct oc_slice s, size_t *ret_count);

#endif
