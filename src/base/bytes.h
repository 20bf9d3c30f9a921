/*
 * Text and bytes with a length: slices that borrow, buffers that own.
 *
 * A slice never owns and is never NUL-terminated. A buffer grows up to a maximum fixed when it
 * is initialised; a write that would pass the maximum, or that runs out of memory, marks the
 * buffer as failed and later writes do nothing, so that a writer checks once, at the end.
 *
 * Threads: a buffer belongs to one thread at a time; slices follow what they borrow from.
 */
#ifndef OC_BASE_BYTES_H
#define OC_BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Borrowed bytes. `ptr` NULL means "absent"; an empty text has a non-NULL `ptr` and `len` 0. */
struct oc_slice {
    const char *ptr;
    size_t len;
};

/** A slice over a string literal. */
#define OC_STR(lit) ((struct oc_slice){"" lit, sizeof(lit) - 1})

/** printf helpers: `"%.*s", OC_FMT(slice)`. */
#define OC_FMT(s) (int)(s).len, ((s).ptr ? (s).ptr : "")

/** Run `fn(&variable)` when the variable leaves its scope. */
#define OC_AUTO(fn) __attribute__((cleanup(fn)))

/** A slice over NUL-terminated text; NULL gives the absent slice. Borrowed. */
struct oc_slice oc_slice_of(const char *text);

/** The part of `s` from byte `from` on, at most `len` bytes; clipped to `s`. */
struct oc_slice oc_slice_sub(struct oc_slice s, size_t from, size_t len);

/** Same length and bytes. Not constant-time; secrets use oc_crypto_equal. */
bool oc_slice_eq(struct oc_slice a, struct oc_slice b);
bool oc_slice_eq_str(struct oc_slice a, const char *b);

/** ASCII case-insensitive equality. */
bool oc_slice_eq_nocase(struct oc_slice a, struct oc_slice b);

/** Whether `s` begins, or ends, with the other slice. */
bool oc_slice_has_prefix(struct oc_slice s, struct oc_slice prefix);
bool oc_slice_has_suffix(struct oc_slice s, struct oc_slice suffix);

/** memcmp order, shorter first on a tie: <0, 0, >0. */
int oc_slice_cmp(struct oc_slice a, struct oc_slice b);

/** Offset of the first `byte` in `s`, or -1. */
ptrdiff_t oc_slice_find(struct oc_slice s, char byte);

/** Offset of the first occurrence of `needle` in `s`, or -1. An empty needle is found at 0. */
ptrdiff_t oc_slice_find_slice(struct oc_slice s, struct oc_slice needle);

/**
 * Cut `*rest` at the first `byte`: the part before it is returned, `*rest` becomes the part
 * after it. Without that byte the whole is returned and `*rest` becomes absent (ptr NULL).
 */
struct oc_slice oc_slice_cut(struct oc_slice *rest, char byte);

/** `s` without leading and trailing space, tab, CR and LF. */
struct oc_slice oc_slice_trim(struct oc_slice s);

/**
 * Read a whole decimal number.
 *
 * @param s          digits with an optional leading `-`, nothing else
 * @param[out] ret   set only on success
 * @return true on success; false if empty, not a number or outside int64.
 */
bool oc_slice_to_int64(struct oc_slice s, int64_t *ret);

/** A growing byte buffer with a hard maximum. Zero-initialised means: empty, maximum 0. */
struct oc_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

/** Empty buffer that may grow to `max` bytes. Allocates nothing. */
void oc_buf_init(struct oc_buf *buf, size_t max);

/** Free the memory; the buffer is empty, not failed, and keeps its maximum. */
void oc_buf_clear(struct oc_buf *buf);

/** Forget the content, keep the memory. Also forgets `failed`. */
void oc_buf_reset(struct oc_buf *buf);

/** Append bytes, a slice (absent: nothing), NUL-terminated text, one byte, a decimal number. */
void oc_buf_put(struct oc_buf *buf, const void *bytes, size_t len);
void oc_buf_put_slice(struct oc_buf *buf, struct oc_slice s);
void oc_buf_put_str(struct oc_buf *buf, const char *text);
void oc_buf_put_char(struct oc_buf *buf, char c);
void oc_buf_put_int64(struct oc_buf *buf, int64_t value);
void oc_buf_printf(struct oc_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * Room for `len` more bytes at the end, uninitialised and already counted in `len`.
 * @return where to write them, or NULL (buffer marked as failed).
 */
void *oc_buf_extend(struct oc_buf *buf, size_t len);

/** The content, borrowed until the next change of the buffer. Never absent. */
struct oc_slice oc_buf_slice(const struct oc_buf *buf);

/**
 * The content as NUL-terminated text (the NUL is not counted), borrowed until the next change.
 * @return NULL when the buffer has failed.
 */
const char *oc_buf_cstr(struct oc_buf *buf);

/** Lower-case hexadecimal of `len` bytes; `ret_hex` holds 2 × len characters, no NUL. */
void oc_hex_encode(const uint8_t *bytes, size_t len, char *ret_hex);

/** @return false unless `hex` is exactly 2 × len hexadecimal digits of either case. */
bool oc_hex_decode(struct oc_slice hex, uint8_t *ret_bytes, size_t len);

/** Append base64url without padding (RFC 4648 section 5). */
void oc_base64url_put(struct oc_buf *buf, const uint8_t *bytes, size_t len);

/**
 * Decode base64url without padding, canonical form only (unused bits must be zero).
 * @param cap       room at `ret_bytes`
 * @param[out] ret_len  decoded length
 * @return false if malformed or longer than `cap`.
 */
bool oc_base64url_decode(struct oc_slice text, uint8_t *ret_bytes, size_t cap, size_t *ret_len);

/** Append base64 with padding (RFC 4648 section 4). */
void oc_base64_put(struct oc_buf *buf, const uint8_t *bytes, size_t len);

/** Decode base64 of at most 256 characters, padded or not; otherwise as oc_base64url_decode. */
bool oc_base64_decode(struct oc_slice text, uint8_t *ret_bytes, size_t cap, size_t *ret_len);

/** Append `s` percent-encoded: all but A-Z a-z 0-9 - _ . ~ become %XX; `/` too unless kept. */
void oc_percent_encode(struct oc_buf *buf, struct oc_slice s, bool keep_slash);

/**
 * Append `s` with each %XX decoded. `+` stays `+`.
 * @return false on a bad escape (nothing useful in `buf` then).
 */
bool oc_percent_decode(struct oc_buf *buf, struct oc_slice s);

/** Big-endian integers for keys and stored formats. */
void oc_put_be16(uint8_t *to, uint16_t v);
void oc_put_be32(uint8_t *to, uint32_t v);
void oc_put_be64(uint8_t *to, uint64_t v);
uint16_t oc_get_be16(const uint8_t *from);
uint32_t oc_get_be32(const uint8_t *from);
uint64_t oc_get_be64(const uint8_t *from);

#endif
