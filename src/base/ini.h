/*
 * Settings files: INI with AWS's profile grammar. The credentials, config and server configuration
 * files are all read here.
 *
 *   # a comment line; so is one that begins with `;`, indented or not
 *   [profile dev]
 *   region = eu-west-1
 *   note = first line          an indented line continues the value above it,
 *     second line              joined by a line feed
 *   services =
 *     endpoint_url = http://…  indented `key = value` lines under an empty value are
 *                              its sub-properties
 *
 * A `#` inside a value is part of the value. Keys and values are trimmed; keys are compared without
 * case, section names with. A section or a key that comes twice is an error, because two readers
 * could choose different ones. A UTF-8 byte order mark and CR LF line ends are accepted.
 *
 * Everything returned lives in the caller's arena. Threads: a parsed file is read-only.
 */
#ifndef OC_BASE_INI_H
#define OC_BASE_INI_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define OC_INI_MAX (1024 * 1024) /* bytes of one settings file */

struct oc_ini_entry {
    struct oc_slice key;
    struct oc_slice value;     /* empty when the entry has sub-properties */
    unsigned line;             /* where the key stands, from 1 */
    struct oc_ini_entry *subs; /* first sub-property, or NULL */
    struct oc_ini_entry *next; /* in the order of the file, NULL at the end */
};

struct oc_ini_section {
    struct oc_slice name; /* text between the brackets, trimmed */
    unsigned line;
    struct oc_ini_entry *entries; /* first entry, or NULL */
    struct oc_ini_section *next;
};

struct oc_ini {
    struct oc_ini_section *sections; /* first section, or NULL */
};

/**
 * Parse a settings file.
 *
 * @param text      the file's content; copied into `arena`
 * @param[out] ret  the parsed file; set on OC_OK only
 * Errors: OC_EINVAL — breaks the grammar (text: `line 7: …`); OC_ENOMEM — no memory, or the
 *         arena's limit.
 */
int oc_ini_parse(struct oc_slice text, struct oc_arena *arena, struct oc_ini *ret,
                 struct oc_err *err);

/**
 * Read and parse the file at `path`; error texts begin with the path.
 * Errors: as oc_ini_parse, and OC_ENOTFOUND, OC_EDENIED, OC_ELIMIT (over OC_INI_MAX), OC_EIO.
 */
int oc_ini_load(const char *path, struct oc_arena *arena, struct oc_ini *ret, struct oc_err *err);

/** The section with this exact name, or NULL. */
const struct oc_ini_section *oc_ini_section(const struct oc_ini *ini, struct oc_slice name);

/** The entry of a list (a section's `entries`, an entry's `subs`) with this key, or NULL. */
const struct oc_ini_entry *oc_ini_find(const struct oc_ini_entry *first, const char *key);

/** The value of `key` in `section`; absent when the section is NULL or has no such key. */
struct oc_slice oc_ini_value(const struct oc_ini_section *section, const char *key);

#endif
