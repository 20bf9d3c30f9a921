/*
 * Answers: JSON read straight into output structs, strings where they stand.
 *
 * One pass, no tree. A string is unescaped over itself, which never makes it longer, and its
 * closing quote becomes the NUL. Depth of what is kept is that of the types, which are not
 * recursive; what is skipped may nest OC_JSON_DEPTH_MAX deep.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "client/wire.h"
#include "model/timestamp.h"

#define LIST_FIRST 8 /* elements; doubles */

struct reader {
    char *start;
    char *at;
    char *end; /* `*end` is NUL: a look at one byte is always allowed */
    struct oc_arena *arena;
    struct oc_err *err;
};

static int fail_at(struct reader *r, const char *what)
{
    return oc_fail_as(r->err, OC_ECORRUPT, "ResponseParserError",
                      "the server's answer is not what this operation answers: %s at byte %zu",
                      what, (size_t)(r->at - r->start));
}

static void skip_space(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
        r->at++;
}

/* Whether the next character is `c`, which is then passed. */
static bool pass(struct reader *r, char c)
{
    skip_space(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
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
static char *unescape(struct reader *r, char *to)
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

/* Behind the opening quote. @param[out] ret  NUL-terminated */
static int read_text(struct reader *r, struct oc_slice *ret)
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
                return fail_at(r, "a bad escape");
        } else if (is_plain((unsigned char)*r->at)) {
            *to++ = *r->at++;
        } else {
            return fail_at(r, r->at < r->end ? "a control character" : "the text ends");
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
static size_t number_length(const struct reader *r, bool *ret_is_integer)
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

static int read_integer(struct reader *r, int64_t *ret)
{
    bool is_integer;
    size_t len = number_length(r, &is_integer);

    if (len == 0 || !is_integer || !oc_slice_to_int64((struct oc_slice){r->at, len}, ret))
        return fail_at(r, "no whole number");
    r->at += len;
    return OC_OK;
}

static int read_real(struct reader *r, double *ret)
{
    bool is_integer;
    size_t len = number_length(r, &is_integer);
    locale_t c_locale;

    if (len == 0)
        return fail_at(r, "no number");
    /* The program's locale may have another decimal point. */
    c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!c_locale)
        return oc_fail_nomem(r->err);
    *ret = strtod_l(r->at, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(*ret))
        return fail_at(r, "a number too large");
    r->at += len;
    return OC_OK;
}

static bool pass_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

static int read_time(struct reader *r, struct oc_optional_time *ret)
{
    struct oc_slice text;
    double seconds;
    int rc;

    if (*r->at == '"') {
        r->at++;
        rc = read_text(r, &text);
        if (rc < 0)
            return rc;
        if (!oc_timestamp_parse(text, &ret->us))
            return fail_at(r, "no time");
        ret->set = true;
        return OC_OK;
    }
    rc = read_real(r, &seconds);
    if (rc < 0)
        return rc;
    if (!(seconds >= 0 && seconds < OC_TIMESTAMP_MAX_MS / 1e3)) /* as text can say it */
        return fail_at(r, "no time");
    *ret = (struct oc_optional_time){true, (int64_t)(seconds * 1e6 + 0.5)};
    return OC_OK;
}

/* -- what is not wanted ------------------------------------------------------------------------ */

static int skip_scalar(struct reader *r)
{
    struct oc_slice ignored;
    bool is_integer;
    size_t len;

    if (*r->at == '"') {
        r->at++;
        return read_text(r, &ignored);
    }
    if (pass_word(r, "true") || pass_word(r, "false") || pass_word(r, "null"))
        return OC_OK;
    len = number_length(r, &is_integer);
    r->at += len;
    return len ? OC_OK : fail_at(r, "no value");
}

static int skip_key(struct reader *r)
{
    struct oc_slice ignored;
    int rc;

    if (!pass(r, '"'))
        return fail_at(r, "no member name");
    rc = read_text(r, &ignored);
    if (rc < 0)
        return rc;
    return pass(r, ':') ? OC_OK : fail_at(r, "no colon");
}

/* After a value: close what ends here, pass the comma. `*depth` 0: the skipped value has ended. */
static int skip_ends(struct reader *r, const char closers[], size_t *depth)
{
    while (*depth > 0 && pass(r, closers[*depth - 1]))
        --*depth;
    if (*depth == 0)
        return OC_OK;
    if (!pass(r, ','))
        return fail_at(r, "no comma");
    return closers[*depth - 1] == '}' ? skip_key(r) : OC_OK;
}

static int skip_value(struct reader *r)
{
    char closers[OC_JSON_DEPTH_MAX];
    size_t depth = 0;
    int rc;

    do {
        skip_space(r);
        if (*r->at == '{' || *r->at == '[') {
            const char closer = *r->at == '{' ? '}' : ']';

            if (depth == OC_JSON_DEPTH_MAX)
                return fail_at(r, "too deep");
            r->at++;
            closers[depth++] = closer;
            skip_space(r);
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

/* -- values of a type -------------------------------------------------------------------------- */

static int read_value(struct reader *r, const struct oc_wire_type *type, void *to);

/* A growing array in the arena. */
struct list {
    char *items;
    size_t count;
    size_t cap;
};

/* Room for one more element. @return NULL when out of memory */
static void *grow(struct reader *r, struct list *list, size_t size)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : LIST_FIRST;
        char *items = oc_arena_alloc(r->arena, cap * size);

        if (!items)
            return NULL;
        if (list->count > 0)
            memcpy(items, list->items, list->count * size);
        list->items = items;
        list->cap = cap;
    }
    return list->items + list->count++ * size;
}

static int read_members(struct reader *r, const struct oc_wire_type *type, void *to);

static int read_element(struct reader *r, const struct oc_wire_type *item, struct list *list)
{
    const bool is_text = item->kind == OC_WIRE_STRING;
    void *to = grow(r, list, is_text ? sizeof(char *) : item->size);

    if (!to)
        return oc_fail_nomem(r->err);
    return is_text ? read_value(r, item, to) : read_members(r, item, to);
}

static int read_list(struct reader *r, const struct oc_wire_type *type, void *to)
{
    static const char empty[1];
    struct list list = {0};
    const char *items;
    int rc;

    if (!pass(r, '['))
        return fail_at(r, "no list");
    if (!pass(r, ']')) {
        do {
            skip_space(r);
            rc = read_element(r, type->item, &list);
            if (rc < 0)
                return rc;
        } while (pass(r, ','));
        if (!pass(r, ']'))
            return fail_at(r, "no end of a list");
    }
    items = list.items ? list.items : empty; /* an empty list is not absent */
    memcpy(to, &items, sizeof(items));
    memcpy((char *)to + offsetof(struct oc_map, count), &list.count, sizeof(list.count));
    return OC_OK;
}

static int read_entry(struct reader *r, struct list *list)
{
    struct oc_map_entry *entry = grow(r, list, sizeof(*entry));
    struct oc_slice text;
    int rc;

    if (!entry)
        return oc_fail_nomem(r->err);
    if (!pass(r, '"'))
        return fail_at(r, "no member name");
    rc = read_text(r, &text);
    if (rc < 0)
        return rc;
    entry->key = text.ptr;
    if (!pass(r, ':') || !pass(r, '"'))
        return fail_at(r, "no text");
    rc = read_text(r, &text);
    entry->value = text.ptr;
    return rc;
}

static int read_map(struct reader *r, struct oc_map *to)
{
    static const struct oc_map_entry none;
    struct list list = {0};

    if (!pass(r, '{'))
        return fail_at(r, "no object");
    if (!pass(r, '}')) {
        do {
            int rc = read_entry(r, &list);

            if (rc < 0)
                return rc;
        } while (pass(r, ','));
        if (!pass(r, '}'))
            return fail_at(r, "no end of an object");
    }
    to->items = list.items ? (const struct oc_map_entry *)list.items : &none;
    to->count = list.count;
    return OC_OK;
}

static int read_pointer(struct reader *r, const struct oc_wire_type *type, const void **to)
{
    void *object = oc_arena_alloc(r->arena, type->size);
    int rc;

    if (!object)
        return oc_fail_nomem(r->err);
    rc = read_members(r, type, object);
    *to = object;
    return rc;
}

static int read_boolean(struct reader *r, struct oc_optional_bool *to)
{
    to->value = pass_word(r, "true");
    if (!to->value && !pass_word(r, "false"))
        return fail_at(r, "no boolean");
    to->set = true;
    return OC_OK;
}

static int read_string(struct reader *r, const char **to)
{
    struct oc_slice text;
    int rc;

    if (*r->at != '"')
        return fail_at(r, "no text");
    r->at++;
    rc = read_text(r, &text);
    if (rc == OC_OK)
        *to = text.ptr;
    return rc;
}

/* A value that is not null. r->at is on its first character. */
static int read_value(struct reader *r, const struct oc_wire_type *type, void *to)
{
    switch (type->kind) {
    case OC_WIRE_STRING:
        return read_string(r, to);
    case OC_WIRE_INTEGER:
        ((struct oc_optional_int *)to)->set = true;
        return read_integer(r, &((struct oc_optional_int *)to)->value);
    case OC_WIRE_REAL:
        ((struct oc_optional_real *)to)->set = true;
        return read_real(r, &((struct oc_optional_real *)to)->value);
    case OC_WIRE_BOOLEAN:
        return read_boolean(r, to);
    case OC_WIRE_TIMESTAMP:
        return read_time(r, to);
    case OC_WIRE_LIST:
        return read_list(r, type, to);
    case OC_WIRE_MAP:
        return read_map(r, to);
    case OC_WIRE_STRUCTURE:
    case OC_WIRE_UNION:
        return read_pointer(r, type, to);
    }
    return OC_ECORRUPT;
}

/* The member of that name. Answers keep the order of the type, mostly: look there first. */
static const struct oc_wire_member *find_member(const struct oc_wire_type *type,
                                                struct oc_slice name, size_t *next)
{
    for (size_t i = 0; i < type->member_count; i++) {
        const size_t index = (*next + i) % type->member_count;

        if (oc_slice_eq(type->members[index].name, name)) {
            *next = index + 1;
            return &type->members[index];
        }
    }
    return NULL;
}

static int read_member(struct reader *r, const struct oc_wire_type *type, void *to, size_t *next)
{
    const struct oc_wire_member *member;
    struct oc_slice name;
    int rc;

    if (!pass(r, '"'))
        return fail_at(r, "no member name");
    rc = read_text(r, &name);
    if (rc < 0)
        return rc;
    if (!pass(r, ':'))
        return fail_at(r, "no colon");
    skip_space(r);
    if (pass_word(r, "null"))
        return OC_OK;
    member = find_member(type, name, next);
    return member ? read_value(r, member->type, (char *)to + member->offset) : skip_value(r);
}

static int read_members(struct reader *r, const struct oc_wire_type *type, void *to)
{
    size_t next = 0;

    if (!pass(r, '{'))
        return fail_at(r, "no object");
    if (pass(r, '}'))
        return OC_OK;
    do {
        int rc = read_member(r, type, to, &next);

        if (rc < 0)
            return rc;
    } while (pass(r, ','));
    return pass(r, '}') ? OC_OK : fail_at(r, "no end of an object");
}

/* Whether the text is UTF-8. Eight bytes of ASCII are passed at a time. */
static bool is_utf8(struct oc_slice text)
{
    while (text.len > 0) {
        uint64_t eight;
        uint32_t code;
        size_t len = 8;

        if (text.len >= 8)
            memcpy(&eight, text.ptr, 8);
        if (text.len < 8 || eight & 0x8080808080808080ULL)
            len = oc_utf8_next(text, &code);
        if (len == 0)
            return false;
        text = (struct oc_slice){text.ptr + len, text.len - len};
    }
    return true;
}

int oc_wire_decode(const struct oc_wire_type *type, char *text, size_t len, struct oc_arena *arena,
                   void *ret, struct oc_err *err)
{
    struct reader r = {.start = text, .at = text, .end = text + len, .arena = arena, .err = err};
    int rc;

    if (!is_utf8((struct oc_slice){text, len}))
        return fail_at(&r, "the text is not UTF-8");
    rc = read_members(&r, type, ret);
    if (rc < 0)
        return rc;
    skip_space(&r);
    return r.at == r.end ? OC_OK : fail_at(&r, "more text");
}
