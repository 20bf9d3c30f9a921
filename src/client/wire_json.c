/* See wire_json.h. */
#include "client/wire_json.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

int oc_wire_fail_at(struct oc_wire_reader *r, const char *what)
{
    return oc_fail_as(r->err, OC_ECORRUPT, "ResponseParserError",
                      "the server's answer is not what this operation answers: %s at byte %zu",
                      what, (size_t)(r->at - r->start));
}

/* -- strings ----------------------------------------------------------------------------------- */

static bool read_hex4(const char *at, const char *end, uint32_t *ret)
{
    uint8_t bytes[2];

    if (end - at < 4 || !oc_hex_decode((struct oc_slice){at, 4}, bytes, 2))
        return false;
    *ret = oc_get_be16(bytes);
    return true;
}

/* The code point of a `\u` escape; `*at` is behind the `u`. Zero and lone surrogates are refused:
 * a C string can carry neither. */
static bool read_unicode(char **at, const char *end, uint32_t *ret)
{
    uint32_t high, low;

    if (!read_hex4(*at, end, &high) || high == 0 || (high >= 0xdc00 && high < 0xe000))
        return false;
    *at += 4;
    if (high < 0xd800 || high >= 0xe000) {
        *ret = high;
        return true;
    }
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' || !read_hex4(*at + 2, end, &low) ||
        low < 0xdc00 || low >= 0xe000)
        return false;
    *at += 6;
    *ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 63));
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

/* One escape; r->at is on the backslash. @return where the output goes on, or NULL */
static char *unescape(struct oc_wire_reader *r, char *to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char letter = r->at[1];
    const char *found = letter ? strchr(letters, letter) : NULL;
    uint32_t code;

    if (found) {
        r->at += 2;
        *to = meanings[found - letters];
        return to + 1;
    }
    if (letter != 'u')
        return NULL;
    r->at += 2;
    return read_unicode(&r->at, r->end, &code) ? put_utf8(to, code) : NULL;
}

/* Bytes that end the plain part of a string: quote, backslash, controls. */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c != '"' && c != '\\';
}

int oc_wire_read_text(struct oc_wire_reader *r, struct oc_slice *ret)
{
    char *const from = r->at;
    char *to;

    while (is_plain((unsigned char)*r->at))
        r->at++;
    to = r->at;
    while (*r->at != '"') {
        if (*r->at == '\\') {
            to = unescape(r, to);
            if (!to)
                return oc_wire_fail_at(r, "a bad escape");
        } else if (is_plain((unsigned char)*r->at)) {
            *to++ = *r->at++;
        } else {
            return oc_wire_fail_at(r, r->at < r->end ? "a control character" : "the text ends");
        }
    }
    *to = '\0';
    r->at++;
    *ret = (struct oc_slice){from, (size_t)(to - from)};
    return OC_OK;
}

/* -- numbers ----------------------------------------------------------------------------------- */

static size_t digits_at(const char *at)
{
    return strspn(at, "0123456789");
}

/* The length of the JSON number at r->at, 0 when there is none. */
static size_t number_length(const struct oc_wire_reader *r, bool *ret_is_integer)
{
    const char *at = r->at + (*r->at == '-');
    size_t digits = digits_at(at);

    if (digits == 0 || (*at == '0' && digits > 1))
        return 0;
    at += digits;
    *ret_is_integer = true;
    if (*at == '.') {
        digits = digits_at(at + 1);
        if (digits == 0)
            return 0;
        at += 1 + digits;
        *ret_is_integer = false;
    }
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        digits = digits_at(at);
        if (digits == 0)
            return 0;
        at += digits;
        *ret_is_integer = false;
    }
    return (size_t)(at - r->at);
}

int oc_wire_read_integer(struct oc_wire_reader *r, int64_t *ret)
{
    bool is_integer;
    size_t len = number_length(r, &is_integer);

    if (len == 0 || !is_integer || !oc_slice_to_int64((struct oc_slice){r->at, len}, ret))
        return oc_wire_fail_at(r, "no whole number");
    r->at += len;
    return OC_OK;
}

int oc_wire_read_real(struct oc_wire_reader *r, double *ret)
{
    bool is_integer;
    size_t len = number_length(r, &is_integer);
    locale_t c_locale;

    if (len == 0)
        return oc_wire_fail_at(r, "no number");
    /* The program's locale may have another decimal point. */
    c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c_locale)
        return oc_fail_nomem(r->err);
    *ret = strtod_l(r->at, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(*ret))
        return oc_wire_fail_at(r, "a number too large");
    r->at += len;
    return OC_OK;
}

bool oc_wire_pass_word(struct oc_wire_reader *r, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* -- what is not wanted ------------------------------------------------------------------------ */

static int skip_scalar(struct oc_wire_reader *r)
{
    struct oc_slice ignored;
    bool is_integer;
    size_t len;

    if (*r->at == '"') {
        r->at++;
        return oc_wire_read_text(r, &ignored);
    }
    if (oc_wire_pass_word(r, "true") || oc_wire_pass_word(r, "false") ||
        oc_wire_pass_word(r, "null"))
        return OC_OK;
    len = number_length(r, &is_integer);
    r->at += len;
    return len ? OC_OK : oc_wire_fail_at(r, "no value");
}

static int skip_key(struct oc_wire_reader *r)
{
    struct oc_slice ignored;
    int rc;

    if (!oc_wire_pass(r, '"'))
        return oc_wire_fail_at(r, "no member name");
    rc = oc_wire_read_text(r, &ignored);
    if (rc < 0)
        return rc;
    return oc_wire_pass(r, ':') ? OC_OK : oc_wire_fail_at(r, "no colon");
}

/* After a value: close what ends here, pass the comma. `*depth` 0: the skipped value has ended. */
static int skip_ends(struct oc_wire_reader *r, const char closers[], size_t *depth)
{
    while (*depth > 0 && oc_wire_pass(r, closers[*depth - 1]))
        --*depth;
    if (*depth == 0)
        return OC_OK;
    if (!oc_wire_pass(r, ','))
        return oc_wire_fail_at(r, "no comma");
    return closers[*depth - 1] == '}' ? skip_key(r) : OC_OK;
}

int oc_wire_skip_value(struct oc_wire_reader *r)
{
    char closers[OC_JSON_DEPTH_MAX];
    size_t depth = 0;
    int rc;

    do {
        oc_wire_skip_space(r);
        if (*r->at == '{' || *r->at == '[') {
            const char closer = *r->at == '{' ? '}' : ']';

            if (depth == OC_JSON_DEPTH_MAX)
                return oc_wire_fail_at(r, "too deep");
            r->at++;
            closers[depth++] = closer;
            oc_wire_skip_space(r);
            if (*r->at != closer) {
                rc = closer == '}' ? skip_key(r) : OC_OK;
                if (rc < 0)
                    return rc;
                continue;
            }
        } else {
            rc = skip_scalar(r);
            if (rc < 0)
                return rc;
        }
        rc = skip_ends(r, closers, &depth);
        if (rc < 0)
            return rc;
    } while (depth > 0);
    return OC_OK;
}
