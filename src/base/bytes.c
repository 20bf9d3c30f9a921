#include "base/bytes.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#define FIRST_CAP 255 /* with the byte kept for a NUL: 256 */

struct oc_slice oc_slice_of(const char *text)
{
    return (struct oc_slice){text, text ? strlen(text) : 0};
}

struct oc_slice oc_slice_sub(struct oc_slice s, size_t from, size_t len)
{
    if (!s.ptr)
        return s;
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (struct oc_slice){s.ptr + from, len};
}

bool oc_slice_eq(struct oc_slice a, struct oc_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool oc_slice_eq_str(struct oc_slice a, const char *b)
{
    return oc_slice_eq(a, oc_slice_of(b));
}

/* Not tolower(): the locale must not matter. */
static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool oc_slice_eq_nocase(struct oc_slice a, struct oc_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool oc_slice_has_prefix(struct oc_slice s, struct oc_slice prefix)
{
    return prefix.len <= s.len && oc_slice_eq(oc_slice_sub(s, 0, prefix.len), prefix);
}

bool oc_slice_has_suffix(struct oc_slice s, struct oc_slice suffix)
{
    return suffix.len <= s.len &&
           oc_slice_eq(oc_slice_sub(s, s.len - suffix.len, suffix.len), suffix);
}

int oc_slice_cmp(struct oc_slice a, struct oc_slice b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t oc_slice_find(struct oc_slice s, char byte)
{
    const char *at = s.len ? memchr(s.ptr, byte, s.len) : NULL;

    return at ? at - s.ptr : -1;
}

ptrdiff_t oc_slice_find_slice(struct oc_slice s, struct oc_slice needle)
{
    const char *at;

    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return -1;
    at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at ? at - s.ptr : -1;
}

struct oc_slice oc_slice_cut(struct oc_slice *rest, char byte)
{
    const struct oc_slice whole = *rest;
    const ptrdiff_t at = oc_slice_find(whole, byte);

    if (at < 0) {
        *rest = (struct oc_slice){NULL, 0};
        return whole;
    }
    *rest = oc_slice_sub(whole, (size_t)at + 1, whole.len);
    return oc_slice_sub(whole, 0, (size_t)at);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct oc_slice oc_slice_trim(struct oc_slice s)
{
    size_t from = 0, end = s.len;

    while (from < end && is_space(s.ptr[from]))
        from++;
    while (end > from && is_space(s.ptr[end - 1]))
        end--;
    return oc_slice_sub(s, from, end - from);
}

bool oc_slice_to_int64(struct oc_slice s, int64_t *ret)
{
    const bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0;

    if (s.len == (size_t)negative)
        return false;
    for (size_t i = negative; i < s.len; i++) {
        const int digit = s.ptr[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

void oc_buf_init(struct oc_buf *buf, size_t max)
{
    *buf = (struct oc_buf){.max = max};
}

void oc_buf_clear(struct oc_buf *buf)
{
    free(buf->ptr);
    oc_buf_init(buf, buf->max);
}

void oc_buf_reset(struct oc_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

/*
 * Make `extra` more bytes fit. One byte more than `cap` is always allocated: a NUL for
 * oc_buf_cstr and vsnprintf then needs no growth of its own, even at the maximum.
 */
static bool make_room(struct oc_buf *buf, size_t extra)
{
    size_t want, cap;
    char *grown;

    if (buf->failed)
        return false;
    if (extra <= buf->cap - buf->len && buf->ptr)
        return true;
    if (__builtin_add_overflow(buf->len, extra, &want) || want > buf->max || want >= PTRDIFF_MAX) {
        buf->failed = true;
        return false;
    }
    cap = buf->cap ? buf->cap * 2 + 1 : FIRST_CAP;
    if (cap < want)
        cap = want;
    if (cap > buf->max)
        cap = buf->max;
    grown = oc_realloc(buf->ptr, cap + 1);
    if (!grown) {
        buf->failed = true;
        return false;
    }
    buf->ptr = grown;
    buf->cap = cap;
    return true;
}

void *oc_buf_extend(struct oc_buf *buf, size_t len)
{
    char *at;

    if (!make_room(buf, len))
        return NULL;
    at = buf->ptr + buf->len;
    buf->len += len;
    return at;
}

void oc_buf_put(struct oc_buf *buf, const void *bytes, size_t len)
{
    void *at = len ? oc_buf_extend(buf, len) : NULL;

    if (at)
        memcpy(at, bytes, len);
}

void oc_buf_put_slice(struct oc_buf *buf, struct oc_slice s)
{
    oc_buf_put(buf, s.ptr, s.len);
}

void oc_buf_put_str(struct oc_buf *buf, const char *text)
{
    oc_buf_put(buf, text, strlen(text));
}

void oc_buf_put_char(struct oc_buf *buf, char c)
{
    oc_buf_put(buf, &c, 1);
}

void oc_buf_put_int64(struct oc_buf *buf, int64_t value)
{
    char digits[20]; /* "-9223372036854775808" */
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0)
        digits[--at] = '-';
    oc_buf_put(buf, digits + at, sizeof(digits) - at);
}

void oc_buf_printf(struct oc_buf *buf, const char *fmt, ...)
{
    va_list args;
    int len;

    if (!make_room(buf, 0))
        return;
    va_start(args, fmt);
    len = vsnprintf(buf->ptr + buf->len, buf->cap - buf->len + 1, fmt, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)len > buf->cap - buf->len) {
        if (!make_room(buf, (size_t)len))
            return;
        va_start(args, fmt);
        (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, args); /* as long as before */
        va_end(args);
    }
    buf->len += (size_t)len;
}

struct oc_slice oc_buf_slice(const struct oc_buf *buf)
{
    return (struct oc_slice){buf->ptr ? buf->ptr : "", buf->len};
}

const char *oc_buf_cstr(struct oc_buf *buf)
{
    if (buf->failed)
        return NULL;
    if (!buf->ptr)
        return "";
    buf->ptr[buf->len] = '\0';
    return buf->ptr;
}

void oc_hex_encode(const uint8_t *bytes, size_t len, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hexadecimal digits stand for, or -1. */
static int hex_byte(const char *digits)
{
    const int high = hex_value(digits[0]), low = hex_value(digits[1]);

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool oc_hex_decode(struct oc_slice hex, uint8_t *ret_bytes, size_t len)
{
    if (hex.len % 2 != 0 || hex.len / 2 != len)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        if (hex_value(hex.ptr[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)hex_byte(hex.ptr + 2 * i);
    return true;
}

void oc_base64url_put(struct oc_buf *buf, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t tail = len % 3;
    char *to = oc_buf_extend(buf, len / 3 * 4 + (tail ? tail + 1 : 0));

    if (!to)
        return;
    for (; len >= 3; bytes += 3, len -= 3) {
        *to++ = digits[bytes[0] >> 2];
        *to++ = digits[(bytes[0] & 3) << 4 | bytes[1] >> 4];
        *to++ = digits[(bytes[1] & 15) << 2 | bytes[2] >> 6];
        *to++ = digits[bytes[2] & 63];
    }
    if (tail == 0)
        return;
    *to++ = digits[bytes[0] >> 2];
    if (tail == 1) {
        *to = digits[(bytes[0] & 3) << 4];
        return;
    }
    *to++ = digits[(bytes[0] & 3) << 4 | bytes[1] >> 4];
    *to = digits[(bytes[1] & 15) << 2];
}

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool oc_base64url_decode(struct oc_slice text, uint8_t *ret_bytes, size_t cap, size_t *ret_len)
{
    uint32_t bits = 0;
    unsigned held = 0; /* how many low bits of `bits` are not yet written */
    size_t len = 0;

    if (text.len % 4 == 1 || text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0) > cap)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const int value = base64url_value(text.ptr[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret_bytes[len++] = (uint8_t)(bits >> held);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0)
        return false;
    *ret_len = len;
    return true;
}

void oc_base64_put(struct oc_buf *buf, const uint8_t *bytes, size_t len)
{
    size_t start = buf->len;

    oc_base64url_put(buf, bytes, len);
    for (size_t i = start; i < buf->len; i++)
        buf->ptr[i] = buf->ptr[i] == '-' ? '+' : buf->ptr[i] == '_' ? '/' : buf->ptr[i];
    for (size_t i = len % 3; i != 0 && i < 3; i++)
        oc_buf_put_char(buf, '=');
}

bool oc_base64_decode(struct oc_slice text, uint8_t *ret_bytes, size_t cap, size_t *ret_len)
{
    char url[256];

    if (text.len % 4 == 0)
        for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++)
            text.len--;
    if (text.len > sizeof(url))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '-' || c == '_')
            return false;
        url[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return oc_base64url_decode((struct oc_slice){url, text.len}, ret_bytes, cap, ret_len);
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void oc_percent_encode(struct oc_buf *buf, struct oc_slice s, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t from = 0;

    /* Runs of bytes that stay are put at once: most texts need no escape at all. */
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.ptr[i];

        if (is_unreserved(s.ptr[i]) || (c == '/' && keep_slash))
            continue;
        oc_buf_put(buf, s.ptr + from, i - from);
        oc_buf_put(buf, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
        from = i + 1;
    }
    oc_buf_put_slice(buf, oc_slice_sub(s, from, s.len));
}

bool oc_percent_decode(struct oc_buf *buf, struct oc_slice s)
{
    struct oc_slice rest = s;

    while (rest.ptr) {
        int byte;

        oc_buf_put_slice(buf, oc_slice_cut(&rest, '%'));
        if (!rest.ptr)
            break;
        byte = rest.len >= 2 ? hex_byte(rest.ptr) : -1;
        if (byte < 0)
            return false;
        oc_buf_put_char(buf, (char)byte);
        rest = oc_slice_sub(rest, 2, rest.len);
    }
    return true;
}

void oc_put_be16(uint8_t *to, uint16_t v)
{
    v = htobe16(v);
    memcpy(to, &v, sizeof(v));
}

void oc_put_be32(uint8_t *to, uint32_t v)
{
    v = htobe32(v);
    memcpy(to, &v, sizeof(v));
}

void oc_put_be64(uint8_t *to, uint64_t v)
{
    v = htobe64(v);
    memcpy(to, &v, sizeof(v));
}

uint16_t oc_get_be16(const uint8_t *from)
{
    uint16_t v;

    memcpy(&v, from, sizeof(v));
    return be16toh(v);
}

uint32_t oc_get_be32(const uint8_t *from)
{
    uint32_t v;

    memcpy(&v, from, sizeof(v));
    return be32toh(v);
}

uint64_t oc_get_be64(const uint8_t *from)
{
    uint64_t v;

    memcpy(&v, from, sizeof(v));
    return be64toh(v);
}
