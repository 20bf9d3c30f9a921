/* The AWS CLI's shorthand, read along the shape that it stands for. */
#include "cli/shorthand.h"

#include <string.h>

#include "base/limits.h"
#include "cli/command.h"

struct reader {
    struct oc_slice text;
    size_t at;
};

static int put_value(struct oc_jw *w, const struct oc_shape *shape, struct reader *r,
                     struct oc_err *err);

static char peek(const struct reader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static void skip_spaces(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n')
        r->at++;
}

/* Step over `c` and the spaces after it. */
static bool take(struct reader *r, char c)
{
    skip_spaces(r);
    if (peek(r) != c)
        return false;
    r->at++;
    skip_spaces(r);
    return true;
}

static int fail_expected(const struct reader *r, const char *what, struct oc_err *err)
{
    return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "want %s at character %zu of '%.*s'", what,
                      r->at + 1, OC_FMT(r->text));
}

/* -- scalars ----------------------------------------------------------------------------------- */

static int put_scalar(struct oc_jw *w, const struct oc_shape *shape, struct oc_slice text,
                      struct oc_err *err)
{
    int64_t number;

    switch (shape->type) {
    case OC_SHAPE_INTEGER:
        if (!oc_slice_to_int64(text, &number))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "want a number, not '%.*s'",
                              OC_FMT(text));
        oc_jw_int(w, number);
        return OC_OK;
    case OC_SHAPE_BOOLEAN:
        if (!oc_slice_eq_nocase(text, OC_STR("true")) && !oc_slice_eq_nocase(text, OC_STR("false")))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "want true or false, not '%.*s'",
                              OC_FMT(text));
        oc_jw_bool(w, oc_slice_eq_nocase(text, OC_STR("true")));
        return OC_OK;
    default:
        oc_jw_string(w, text);
        return OC_OK;
    }
}

static int take_quoted(struct reader *r, struct oc_buf *ret, struct oc_err *err)
{
    char quote = r->text.ptr[r->at++];

    for (; peek(r) != quote; r->at++) {
        if (r->at == r->text.len)
            return fail_expected(r, "a closing quote", err);
        if (peek(r) == '\\' && r->at + 1 < r->text.len &&
            (r->text.ptr[r->at + 1] == quote || r->text.ptr[r->at + 1] == '\\'))
            r->at++;
        oc_buf_put_char(ret, peek(r));
    }
    r->at++;
    return OC_OK;
}

/* A bare word ends before `,`, `]`, `}` or a quote; spaces at its end are not part of it. */
static void take_word(struct reader *r, struct oc_buf *ret)
{
    while (r->at < r->text.len && !strchr(",]}\"'", peek(r))) {
        if (peek(r) == '\\' && r->at + 1 < r->text.len && r->text.ptr[r->at + 1] == ',')
            r->at++;
        oc_buf_put_char(ret, peek(r));
        r->at++;
    }
    while (ret->len > 0 && ret->ptr[ret->len - 1] == ' ')
        ret->len--;
}

static int put_text(struct oc_jw *w, const struct oc_shape *shape, struct reader *r,
                    struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    int rc = OC_OK;

    oc_buf_init(&text, OC_HTTP_BODY_MAX);
    if (peek(r) == '"' || peek(r) == '\'')
        rc = take_quoted(r, &text, err);
    else
        take_word(r, &text);
    if (rc == OC_OK && text.failed)
        rc = oc_fail_nomem(err);
    return rc < 0 ? rc : put_scalar(w, shape, oc_buf_slice(&text), err);
}

/* -- structures and lists ---------------------------------------------------------------------- */

static struct oc_slice take_key(struct reader *r)
{
    size_t start = r->at;

    while (r->at < r->text.len && !strchr("=, {}[]\"'", peek(r)))
        r->at++;
    return oc_slice_sub(r->text, start, r->at - start);
}

static int find_member(const struct oc_shape *shape, struct oc_slice key, size_t *ret,
                       struct oc_err *err)
{
    for (size_t i = 0; i < shape->member_count; i++) {
        if (oc_slice_eq_str(key, shape->members[i].name)) {
            *ret = i;
            return OC_OK;
        }
    }
    return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "unknown key '%.*s', want '%s'%s",
                      OC_FMT(key), shape->members[0].name,
                      shape->member_count > 1 ? " and others" : "");
}

/* `key=value,…` up to `end`, which stays; '\0' is the end of the text. */
static int put_pairs(struct oc_jw *w, const struct oc_shape *shape, struct reader *r, char end,
                     struct oc_err *err)
{
    uint64_t seen = 0; /* members of a structure: the generator makes few */

    oc_jw_object(w);
    do {
        struct oc_slice key = take_key(r);
        size_t index = 0;
        int rc;

        if (key.len == 0 || !take(r, '='))
            return fail_expected(r, "key=value", err);
        rc = find_member(shape, key, &index, err);
        if (rc < 0)
            return rc;
        if (seen & (UINT64_C(1) << index))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                              "key '%.*s' is given twice in '%.*s'; separate two structures by a "
                              "space",
                              OC_FMT(key), OC_FMT(r->text));
        seen |= UINT64_C(1) << index;
        oc_jw_key(w, shape->members[index].name);
        rc = put_value(w, shape->members[index].shape, r, err);
        if (rc < 0)
            return rc;
    } while (take(r, ','));
    skip_spaces(r);
    if (peek(r) != end || (!end && r->at < r->text.len))
        return fail_expected(r, end ? "',' or '}'" : "','", err);
    oc_jw_object_end(w);
    return OC_OK;
}

static int put_items(struct oc_jw *w, const struct oc_shape *shape, struct reader *r,
                     struct oc_err *err)
{
    bool bracket = take(r, '[');
    int rc;

    oc_jw_array(w);
    if (!bracket || peek(r) != ']') {
        do {
            rc = put_value(w, shape->item, r, err);
            if (rc < 0)
                return rc;
        } while (bracket && take(r, ','));
    }
    if (bracket && !take(r, ']'))
        return fail_expected(r, "',' or ']'", err);
    oc_jw_array_end(w);
    return OC_OK;
}

/* Recursive; as deep as the shapes of the table. */
static int put_value(struct oc_jw *w, const struct oc_shape *shape, struct reader *r,
                     struct oc_err *err)
{
    int rc;

    if (shape->type == OC_SHAPE_LIST)
        return put_items(w, shape, r, err);
    if (shape->type != OC_SHAPE_STRUCTURE && shape->type != OC_SHAPE_UNION)
        return put_text(w, shape, r, err);
    if (!take(r, '{'))
        return fail_expected(r, "'{'", err);
    rc = put_pairs(w, shape, r, '}', err);
    if (rc == OC_OK)
        (void)take(r, '}'); /* put_pairs has seen it */
    return rc;
}

/* -- what stands behind an option -------------------------------------------------------------- */

static int put_json(struct oc_jw *w, struct oc_slice text, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err cause = {0};

    if (oc_json_parse(text, &json, &cause) < 0)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "not JSON: %s", cause.text);
    oc_jw_raw(w, text);
    return OC_OK;
}

int oc_shorthand_put(struct oc_jw *w, const struct oc_shape *shape, struct oc_slice text,
                     struct oc_err *err)
{
    struct reader r = {.text = oc_slice_trim(text)};
    bool is_structure = shape->type == OC_SHAPE_STRUCTURE || shape->type == OC_SHAPE_UNION;

    if (!is_structure && shape->type != OC_SHAPE_LIST)
        return put_scalar(w, shape, text, err);
    if (peek(&r) == '{' || peek(&r) == '[')
        return put_json(w, r.text, err);
    return is_structure ? put_pairs(w, shape, &r, '\0', err) : put_items(w, shape, &r, err);
}
