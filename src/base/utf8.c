#include "base/utf8.h"

/* Append the six bits of each continuation byte to `code`. */
static bool read_tail(const uint8_t *p, size_t len, uint32_t *code)
{
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return false;
        *code = *code << 6 | (p[i] & 0x3F);
    }
    return true;
}

size_t oc_utf8_next(struct oc_slice s, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = (const uint8_t *)s.ptr;
    size_t len = 0;
    uint32_t code = 0;

    if (s.len == 0)
        return 0;
    if (p[0] < 0x80) {
        *ret_code = p[0];
        return 1;
    }
    if (p[0] >= 0xC0 && p[0] < 0xF8)
        len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (len == 0 || len > s.len)
        return 0;
    code = p[0] & (0x7FU >> len);
    if (!read_tail(p, len, &code) || code < least[len] || code > 0x10FFFF ||
        (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    *ret_code = code;
    return len;
}

bool oc_utf8_count(struct oc_slice s, size_t *ret_count)
{
    size_t count = 0;

    for (size_t at = 0; at < s.len; count++) {
        uint32_t code;
        const size_t len = oc_utf8_next(oc_slice_sub(s, at, 4), &code);

        if (len == 0)
            return false;
        at += len;
    }
    *ret_count = count;
    return true;
}
