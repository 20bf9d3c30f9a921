/*
 * JSON: a strict reader (by jansson, the only file that includes it is base/json.c) and a
 * streaming writer.
 *
 * The reader refuses duplicate keys, invalid UTF-8, NUL characters, text after the value, more
 * than OC_JSON_DEPTH_MAX levels, and numbers outside int64/double. Values are borrowed from their
 * document and live as long as it does.
 *
 * Threads: a document is read-only after parsing and may be read from any thread.
 */
#ifndef OC_BASE_JSON_H
#define OC_BASE_JSON_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct oc_json; /* one value; the root value owns the document */

enum oc_json_type {
    OC_JSON_NULL,
    OC_JSON_FALSE,
    OC_JSON_TRUE,
    OC_JSON_INTEGER,
    OC_JSON_REAL,
    OC_JSON_STRING,
    OC_JSON_ARRAY,
    OC_JSON_OBJECT
};

/**
 * Parse one JSON text.
 * @param[out] ret  the root value; free with oc_json_free
 * Errors: OC_EINVAL — not JSON as above (text says where); OC_ENOMEM.
 */
int oc_json_parse(struct oc_slice text, struct oc_json **ret, struct oc_err *err);

/** Free a root value; NULL is fine. */
void oc_json_free(struct oc_json *root);
void oc_json_freep(struct oc_json **root); /* for OC_AUTO */

/** The type of a value, which must not be NULL. */
enum oc_json_type oc_json_type(const struct oc_json *value);

/** Member of an object, or NULL (also when `object` is NULL or not an object). */
const struct oc_json *oc_json_get(const struct oc_json *object, const char *key);

/** The text of a string; absent slice when `value` is NULL or not a string. */
struct oc_slice oc_json_string(const struct oc_json *value);

/** The value of an integer; `fallback` when NULL or not an integer. */
int64_t oc_json_int64(const struct oc_json *value, int64_t fallback);

/** The value of a number with or without fraction; `fallback` when NULL or not a number. */
double oc_json_real(const struct oc_json *value, double fallback);

/** true for true; `fallback` when NULL or neither true nor false. */
bool oc_json_bool(const struct oc_json *value, bool fallback);

/** Elements of an array, members of an object; 0 otherwise or when NULL. */
size_t oc_json_size(const struct oc_json *value);

/** Element `index` of an array, or NULL. O(1). */
const struct oc_json *oc_json_at(const struct oc_json *array, size_t index);

/** Walk an object: pass NULL to begin, then the last iterator; NULL at the end. */
void *oc_json_iter(const struct oc_json *object, void *previous);
struct oc_slice oc_json_iter_key(void *iter);
const struct oc_json *oc_json_iter_value(void *iter);

/** A member of an object, not looked into: key without quotes, value as it stands in the text. */
struct oc_json_member {
    struct oc_slice key, value;
};

/**
 * Split an object that oc_jw wrote into its members: no white space, no escapes in keys. For our
 * own records that are read often; some ten times as fast as oc_json_parse.
 *
 * @param[out] ret_members  at most `cap`, in the order of the text and borrowed from it
 * @return their number, or -1: not such an object (values are not checked), or more than `cap`
 */
int oc_json_split(struct oc_slice text, struct oc_json_member *ret_members, int cap);

/**
 * The text of a member's value, borrowed from it or, if it has escapes, in `arena`.
 * Errors: OC_EINVAL (not a string; without a text), OC_ENOMEM.
 */
int oc_json_member_string(const struct oc_json_member *member, struct oc_arena *arena,
                          struct oc_slice *ret, struct oc_err *err);

/** A writer that puts commas where they belong. It writes to `buf`; check buf->failed at the end.
 */
struct oc_jw {
    struct oc_buf *buf;
    bool comma; /* a comma is due before the next value */
};

/** Start a text at the end of `buf`. */
void oc_jw_init(struct oc_jw *w, struct oc_buf *buf);
/** Open and close what holds other values. */
void oc_jw_object(struct oc_jw *w);
void oc_jw_object_end(struct oc_jw *w);
void oc_jw_array(struct oc_jw *w);
void oc_jw_array_end(struct oc_jw *w);
/** A member's name, of characters that need no escape; its value must follow. */
void oc_jw_key(struct oc_jw *w, const char *key);
/** One value. An absent slice is written as an empty string. */
void oc_jw_string(struct oc_jw *w, struct oc_slice s);
void oc_jw_int(struct oc_jw *w, int64_t v);
void oc_jw_bool(struct oc_jw *w, bool v);
void oc_jw_null(struct oc_jw *w);
/** A value that is JSON already. */
void oc_jw_raw(struct oc_jw *w, struct oc_slice json);
/** key and string in one; nothing at all when `s` is absent. */
void oc_jw_member(struct oc_jw *w, const char *key, struct oc_slice s);
void oc_jw_member_int(struct oc_jw *w, const char *key, int64_t v);
void oc_jw_member_bool(struct oc_jw *w, const char *key, bool v);

/** Append `s` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void oc_json_put_string(struct oc_buf *buf, struct oc_slice s);

#endif
