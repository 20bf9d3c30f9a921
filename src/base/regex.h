/*
 * Regular expressions over whole texts, by PCRE2: base/regex.c is the only file that includes it.
 *
 * Patterns come from this program's own tables, never from a request; texts may be hostile. A
 * match stops after a fixed amount of work and then counts as no match.
 *
 * Threads: a compiled expression is constant and may be used by any number of threads at once.
 */
#ifndef OC_BASE_REGEX_H
#define OC_BASE_REGEX_H

#include "base/bytes.h"
#include "base/err.h"

struct oc_regex;

/**
 * Compile `pattern`, which then has to match a text from its first to its last byte. `\d`, `\s`
 * and `\w` are ASCII; `.` and classes count Unicode code points. Groups capture nothing.
 *
 * @param pattern   NUL-terminated; not retained
 * @param[out] ret  free with oc_regex_free
 * Errors:   OC_EINVAL — not a pattern (text says where); OC_ENOMEM.
 */
int oc_regex_new(const char *pattern, struct oc_regex **ret, struct oc_err *err);
void oc_regex_free(struct oc_regex *regex);

/**
 * Match the whole of `text`. Bytes that are not UTF-8 match nothing.
 *
 * @param[out] ret_matches  false also when the work limit is reached
 * Errors:   OC_ENOMEM.
 * Memory:   one small allocation, freed before return.
 */
int oc_regex_match(const struct oc_regex *regex, struct oc_slice text, bool *ret_matches,
                   struct oc_err *err);

#endif
