/*
 * jansson's lexer ignores a failed allocation in the middle of a token, so faults are injected
 * before the parser is entered (the call of oc_fault below) and never inside it.
 */
#include "base/json.h"

#include <string.h>

#include <jansson.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/utf8.h"

/* struct oc_json is jansson's json_t under a name of our own. */
static json_t *to_jansson(const struct oc_json *value)
{
    return (json_t *)value;
}

static const struct oc_json *from_jansson(const json_t *value)
{
    return (const struct oc_json *)value;
}

/*
 * Refuse what jansson would take: more levels than OC_JSON_DEPTH_MAX (its own limit is 2048, and
 * its parser recurses). Text that is not JSON may be misread here; jansson refuses it afterwards.
 */
static int check_depth(struct oc_slice text, struct oc_err *err)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > OC_JSON_DEPTH_MAX)
                return oc_fail(err, OC_EINVAL, "JSON: more than %d levels", OC_JSON_DEPTH_MAX);
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return OC_OK;
}

int oc_json_parse(struct oc_slice text, struct oc_json **ret, struct oc_err *err)
{
    json_error_t where;
    json_t *root;
    int rc;

    rc = check_depth(text, err);
    if (rc < 0)
        return rc;
    if (oc_fault(OC_FAULT_ALLOC))
        return oc_fail_nomem(err);
    root = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &where);
    if (!root && where.text[0] == '\0') /* jansson names every fault but this one */
        return oc_fail_nomem(err);
    if (!root)
        return oc_fail(err, OC_EINVAL, "JSON, line %d, column %d: %s", where.line, where.column,
                       where.text);
    *ret = (struct oc_json *)root;
    return OC_OK;
}

void oc_json_free(struct oc_json *root)
{
    json_decref(to_jansson(root));
}

void oc_json_freep(struct oc_json **root)
{
    oc_json_free(*root);
    *root = NULL;
}

enum oc_json_type oc_json_type(const struct oc_json *value)
{
    switch (json_typeof(to_jansson(value))) {
    case JSON_OBJECT:
        return OC_JSON_OBJECT;
    case JSON_ARRAY:
        return OC_JSON_ARRAY;
    case JSON_STRING:
        return OC_JSON_STRING;
    case JSON_INTEGER:
        return OC_JSON_INTEGER;
    case JSON_REAL:
        return OC_JSON_REAL;
    case JSON_TRUE:
        return OC_JSON_TRUE;
    case JSON_FALSE:
        return OC_JSON_FALSE;
    case JSON_NULL:
        break;
    }
    return OC_JSON_NULL;
}

const struct oc_json *oc_json_get(const struct oc_json *object, const char *key)
{
    return from_jansson(json_object_get(to_jansson(object), key));
}

struct oc_slice oc_json_string(const struct oc_json *value)
{
    const json_t *string = to_jansson(value);

    return (struct oc_slice){json_string_value(string), json_string_length(string)};
}

int64_t oc_json_int64(const struct oc_json *value, int64_t fallback)
{
    const json_t *integer = to_jansson(value);

    return json_is_integer(integer) ? json_integer_value(integer) : fallback;
}

double oc_json_real(const struct oc_json *value, double fallback)
{
    const json_t *number = to_jansson(value);

    return json_is_number(number) ? json_number_value(number) : fallback;
}

bool oc_json_bool(const struct oc_json *value, bool fallback)
{
    const json_t *flag = to_jansson(value);

    return json_is_boolean(flag) ? json_is_true(flag) : fallback;
}

size_t oc_json_size(const struct oc_json *value)
{
    const json_t *holder = to_jansson(value);

    return json_is_array(holder) ? json_array_size(holder) : json_object_size(holder);
}

const struct oc_json *oc_json_at(const struct oc_json *array, size_t index)
{
    return from_jansson(json_array_get(to_jansson(array), index));
}

void *oc_json_iter(const struct oc_json *object, void *previous)
{
    json_t *holder = to_jansson(object);

    return previous ? json_object_iter_next(holder, previous) : json_object_iter(holder);
}

struct oc_slice oc_json_iter_key(void *iter)
{
    return (struct oc_slice){json_object_iter_key(iter), json_object_iter_key_len(iter)};
}

const struct oc_json *oc_json_iter_value(void *iter)
{
    return from_jansson(json_object_iter_value(iter));
}

/* -- our own records -------------------------------------------------------------------------- */

/* The length of the string that `rest` begins with, quotes included; 0: none. */
static size_t string_length(struct oc_slice rest)
{
    if (rest.len < 2 || rest.ptr[0] != '"')
        return 0;
    for (size_t at = 1; at < rest.len; at++) {
        if (rest.ptr[at] == '"')
            return at + 1;
        at += rest.ptr[at] == '\\';
    }
    return 0;
}

/* The length of the value that `rest` begins with, up to what ends it; 0: it has no end. */
static size_t value_length(struct oc_slice rest)
{
    int depth = 0;

    for (size_t at = 0; at < rest.len; at++) {
        const char c = rest.ptr[at];
        if (c == '"') {
            size_t len = string_length(oc_slice_sub(rest, at, rest.len));
            if (len == 0)
                return 0;
            at += len - 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == '}')) {
            return at;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return 0;
}

int oc_json_split(struct oc_slice text, struct oc_json_member *ret_members, int cap)
{
    struct oc_slice rest = oc_slice_sub(text, 1, text.len);
    int count = 0;

    if (text.len < 2 || text.ptr[0] != '{')
        return -1;
    if (rest.len == 1 && rest.ptr[0] == '}')
        return 0;
    for (;;) {
        size_t key = string_length(rest);
        if (key == 0 || key == rest.len || rest.ptr[key] != ':' || count == cap)
            return -1;
        ret_members[count].key = oc_slice_sub(rest, 1, key - 2);
        rest = oc_slice_sub(rest, key + 1, rest.len);
        size_t value = value_length(rest);
        if (value == 0)
            return -1;
        ret_members[count++].value = oc_slice_sub(rest, 0, value);
        if (rest.ptr[value] == '}')
            return value + 1 == rest.len ? count : -1;
        rest = oc_slice_sub(rest, value + 1, rest.len);
    }
}

int oc_json_member_string(const struct oc_json_member *member, struct oc_arena *arena,
                          struct oc_slice *ret, struct oc_err *err)
{
    struct oc_slice value = member->value;
    struct oc_json *json;

    if (string_length(value) != value.len || value.len == 0)
        return OC_EINVAL;
    if (oc_slice_find(value, '\\') < 0) {
        *ret = oc_slice_sub(value, 1, value.len - 2);
        return OC_OK;
    }
    int rc = oc_json_parse(value, &json, err); /* escapes are rare */
    if (rc < 0)
        return rc;
    *ret = oc_arena_copy(arena, oc_json_string(json));
    oc_json_free(json);
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}

/* -- writing ---------------------------------------------------------------------------------- */

void oc_jw_init(struct oc_jw *w, struct oc_buf *buf)
{
    *w = (struct oc_jw){.buf = buf};
}

/* Before a value or a key: the comma that is due. Afterwards one is due again. */
static void separate(struct oc_jw *w)
{
    if (w->comma)
        oc_buf_put_char(w->buf, ',');
    w->comma = true;
}

static void open_with(struct oc_jw *w, char bracket)
{
    separate(w);
    oc_buf_put_char(w->buf, bracket);
    w->comma = false;
}

static void close_with(struct oc_jw *w, char bracket)
{
    oc_buf_put_char(w->buf, bracket);
    w->comma = true;
}

void oc_jw_object(struct oc_jw *w)
{
    open_with(w, '{');
}

void oc_jw_object_end(struct oc_jw *w)
{
    close_with(w, '}');
}

void oc_jw_array(struct oc_jw *w)
{
    open_with(w, '[');
}

void oc_jw_array_end(struct oc_jw *w)
{
    close_with(w, ']');
}

void oc_jw_key(struct oc_jw *w, const char *key)
{
    size_t len = strlen(key);
    char *to = oc_buf_extend(w->buf, len + 3 + w->comma);

    if (to) {
        if (w->comma)
            *to++ = ',';
        *to++ = '"';
        memcpy(to, key, len);
        memcpy(to + len, "\":", 2);
    }
    w->comma = false;
}

void oc_jw_string(struct oc_jw *w, struct oc_slice s)
{
    separate(w);
    oc_json_put_string(w->buf, s);
}

void oc_jw_int(struct oc_jw *w, int64_t v)
{
    separate(w);
    oc_buf_put_int64(w->buf, v);
}

void oc_jw_bool(struct oc_jw *w, bool v)
{
    oc_jw_raw(w, v ? OC_STR("true") : OC_STR("false"));
}

void oc_jw_null(struct oc_jw *w)
{
    oc_jw_raw(w, OC_STR("null"));
}

void oc_jw_raw(struct oc_jw *w, struct oc_slice json)
{
    separate(w);
    oc_buf_put_slice(w->buf, json);
}

void oc_jw_member(struct oc_jw *w, const char *key, struct oc_slice s)
{
    if (!s.ptr)
        return;
    oc_jw_key(w, key);
    oc_jw_string(w, s);
}

void oc_jw_member_int(struct oc_jw *w, const char *key, int64_t v)
{
    oc_jw_key(w, key);
    oc_jw_int(w, v);
}

void oc_jw_member_bool(struct oc_jw *w, const char *key, bool v)
{
    oc_jw_key(w, key);
    oc_jw_bool(w, v);
}

/* Append the escape of one ASCII character that cannot stand in a JSON string as it is. */
static void put_escape(struct oc_buf *buf, char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = c ? strchr(plain, c) : NULL;

    if (at)
        oc_buf_put(buf, (char[]){'\\', letters[at - plain]}, 2);
    else
        oc_buf_printf(buf, "\\u%04X", (unsigned)c);
}

/* Whether eight bytes can stand in a JSON string as they are: ASCII, no control, no quote. */
static bool are_plain(const char *bytes)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    uint64_t word, quote, slash;

    memcpy(&word, bytes, sizeof(word));
    quote = word ^ (ones * '"');
    slash = word ^ (ones * '\\');
    /* Below 0x80, subtracting sets a byte's top bit if and only if it is smaller. */
    return ((word | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & tops) == 0;
}

/* How many bytes from the start can stand in a JSON string as they are, in steps of eight. */
static size_t plain_length(struct oc_slice s)
{
    size_t at = 0;

    while (s.len - at >= 8 && are_plain(s.ptr + at))
        at += 8;
    return at;
}

/* Nearly all strings are plain ASCII: found out and copied at once. */
static bool put_plain(struct oc_buf *buf, struct oc_slice s)
{
    size_t at = plain_length(s);
    char rest[8] = "        ", *to;

    memcpy(rest, s.ptr + at, s.len - at < 8 ? s.len - at : 0);
    if (s.len - at >= 8 || !are_plain(rest))
        return false;
    to = oc_buf_extend(buf, s.len + 2);
    if (!to)
        return true; /* and buf->failed */
    *to = '"';
    memcpy(to + 1, s.ptr, s.len);
    to[s.len + 1] = '"';
    return true;
}

void oc_json_put_string(struct oc_buf *buf, struct oc_slice s)
{
    size_t from = 0, at = 0;

    if (s.len && put_plain(buf, s))
        return;
    oc_buf_put_char(buf, '"');
    while (at < s.len) {
        const unsigned char c = (unsigned char)s.ptr[at];
        uint32_t code;
        size_t len = 1;

        if (c >= 0x80)
            len = oc_utf8_next(oc_slice_sub(s, at, 4), &code);
        if (len > 0 && c >= 0x20 && c != '"' && c != '\\') {
            at += len;
            continue;
        }
        oc_buf_put(buf, s.ptr + from, at - from);
        if (len == 0)
            oc_buf_put_str(buf, "\xEF\xBF\xBD"); /* U+FFFD */
        else
            put_escape(buf, (char)c);
        from = ++at;
    }
    oc_buf_put_slice(buf, oc_slice_sub(s, from, s.len));
    oc_buf_put_char(buf, '"');
}
