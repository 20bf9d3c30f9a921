#include "api/decode_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "model/timestamp.h"

#define SERIALIZATION "SerializationException"

/* One call of oc_decode_input. */
struct decode {
    const struct oc_decode_from *from;
    struct oc_arena *arena;
    struct oc_buf scratch; /* percent-decoded text */
    char *in;
    struct oc_err *err;
};

int oc_decoder_new(bool lenient, struct oc_decoder **ret, struct oc_err *err)
{
    struct oc_decoder *decoder =
        oc_alloc(sizeof(*decoder) + oc_pattern_count * sizeof(decoder->patterns[0]));

    if (!decoder)
        return oc_fail_nomem(err);
    *decoder = (struct oc_decoder){.lenient = lenient};
    for (size_t i = 0; i < oc_pattern_count; i++) {
        int rc = oc_regex_new(oc_patterns[i], &decoder->patterns[i], err);
        if (rc < 0) {
            oc_decoder_free(decoder);
            return rc;
        }
        decoder->pattern_count++;
    }
    *ret = decoder;
    return OC_OK;
}

void oc_decoder_free(struct oc_decoder *decoder)
{
    if (!decoder)
        return;
    for (size_t i = 0; i < decoder->pattern_count; i++)
        oc_regex_free(decoder->patterns[i]);
    free(decoder);
}

static void *target(const struct oc_member *member, void *in)
{
    return (char *)in + member->offset;
}

/* A copy of `text` that lives as long as the input. */
static int keep(struct decode *d, struct oc_slice text, struct oc_slice *ret)
{
    *ret = oc_arena_copy(d->arena, text);
    return ret->ptr ? OC_OK : oc_fail_nomem(d->err);
}

static int wrong_type(struct decode *d, const struct oc_member *member, const char *want)
{
    return oc_fail_as(d->err, OC_EINVAL, SERIALIZATION, "'%s' is not %s", member->wire, want);
}

/* Percent-decode a piece of the path or query; without an escape it stays where it is. */
static int unescape(struct decode *d, struct oc_slice raw, const char *what, struct oc_slice *ret)
{
    size_t count = 0;

    *ret = raw;
    if (oc_slice_find(raw, '%') >= 0) {
        oc_buf_reset(&d->scratch);
        if (!oc_percent_decode(&d->scratch, raw))
            return oc_fail_as(d->err, OC_EINVAL, SERIALIZATION, "bad escape in %s", what);
        if (d->scratch.failed)
            return oc_fail_nomem(d->err);
        *ret = oc_buf_slice(&d->scratch);
    }
    if (!oc_utf8_count(*ret, &count) || oc_slice_find(*ret, '\0') >= 0)
        return oc_fail_as(d->err, OC_EINVAL, SERIALIZATION, "%s is not UTF-8 text", what);
    return OC_OK;
}

/* A value that came as text, in the path or the query. */
static int decode_text(struct decode *d, const struct oc_member *member, struct oc_slice raw)
{
    struct oc_opt_int64 *number = target(member, d->in);
    struct oc_opt_bool *flag = target(member, d->in);
    struct oc_slice text;
    int rc = unescape(d, raw, member->wire, &text);

    if (rc < 0)
        return rc;
    switch (member->shape->type) {
    case OC_SHAPE_INTEGER:
        number->set = oc_slice_to_int64(text, &number->value);
        return number->set ? OC_OK : wrong_type(d, member, "an integer");
    case OC_SHAPE_TIMESTAMP:
        number->set = oc_timestamp_parse(text, &number->value);
        return number->set ? OC_OK : wrong_type(d, member, "an ISO-8601 time with a zone");
    case OC_SHAPE_BOOLEAN:
        flag->value = oc_slice_eq_str(text, "true");
        flag->set = flag->value || oc_slice_eq_str(text, "false");
        return flag->set ? OC_OK : wrong_type(d, member, "true or false");
    case OC_SHAPE_STRING:
        return keep(d, text, target(member, d->in));
    case OC_SHAPE_LIST:
    case OC_SHAPE_STRUCTURE:
    case OC_SHAPE_UNION:
        break; /* the generator lets these travel in a body only */
    }
    return wrong_type(d, member, "a value that can travel here");
}

static int decode_path(struct decode *d)
{
    const struct oc_op *op = d->from->op;

    for (size_t i = 0; i < op->member_count; i++) {
        const struct oc_member *member = &op->members[i];

        if (member->place != OC_PLACE_PATH || member->label >= d->from->labels->count)
            continue;
        int rc = decode_text(d, member, d->from->labels->raw[member->label]);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static const struct oc_member *find_query_member(const struct oc_op *op, struct oc_slice wire)
{
    for (size_t i = 0; i < op->member_count; i++)
        if (op->members[i].place == OC_PLACE_QUERY && oc_slice_eq_str(wire, op->members[i].wire))
            return &op->members[i];
    return NULL;
}

static int decode_query(struct decode *d)
{
    struct oc_slice rest = d->from->raw_query;

    while (rest.ptr) {
        struct oc_slice value = oc_slice_cut(&rest, '&');
        const struct oc_slice raw_key = oc_slice_cut(&value, '=');
        const struct oc_member *member = NULL;
        struct oc_slice key;
        int rc = unescape(d, raw_key, "a parameter's name", &key);

        if (rc < 0)
            return rc;
        member = find_query_member(d->from->op, key);
        if (!member)
            continue;
        /* Two readers of a request must never see two different values. */
        if (oc_value_is_set(member->shape, target(member, d->in)))
            return oc_fail_as(d->err, OC_EINVAL, "ValidationException",
                              "Parameter '%s' is given more than once", member->wire);
        rc = decode_text(d, member, value.ptr ? value : OC_STR(""));
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int decode_json(struct decode *d, const struct oc_member *member, const struct oc_json *json,
                       void *to);

static int decode_object(struct decode *d, const struct oc_member *members, size_t count,
                         const struct oc_json *json, void *in)
{
    for (size_t i = 0; i < count; i++) {
        const struct oc_json *value = NULL;

        if (members[i].place != OC_PLACE_BODY)
            continue;
        value = oc_json_get(json, members[i].wire);
        if (!value || oc_json_type(value) == OC_JSON_NULL)
            continue;
        int rc = decode_json(d, &members[i], value, target(&members[i], in));
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int decode_structure(struct decode *d, const struct oc_member *member,
                            const struct oc_json *json, void *to)
{
    const struct oc_shape *shape = member->shape;
    size_t given = 0;
    int rc;

    if (oc_json_type(json) != OC_JSON_OBJECT)
        return wrong_type(d, member, "an object");
    if (shape->has_set)
        *(bool *)to = true;
    rc = decode_object(d, shape->members, shape->member_count, json, to);
    if (rc < 0 || shape->type != OC_SHAPE_UNION)
        return rc;
    for (size_t i = 0; i < shape->member_count; i++)
        given += oc_value_is_set(shape->members[i].shape, target(&shape->members[i], to));
    return given == 1 ? OC_OK : wrong_type(d, member, "an object with exactly one member");
}

static int decode_list(struct decode *d, const struct oc_member *member, const struct oc_json *json,
                       void *to)
{
    const struct oc_shape *item = member->shape->item;
    const struct oc_member element = {.name = member->name, .wire = member->wire, .shape = item};
    const size_t count = oc_json_size(json), size = oc_item_size(item);
    struct oc_slice_list *list = to; /* all lists begin alike: items, count, set */
    char *items = NULL;

    if (oc_json_type(json) != OC_JSON_ARRAY)
        return wrong_type(d, member, "a list");
    if (count > 0) {
        items = oc_arena_alloc(d->arena, count * size);
        if (!items)
            return oc_fail_nomem(d->err);
    }
    for (size_t i = 0; i < count; i++) {
        const struct oc_json *value = oc_json_at(json, i);
        int rc = OC_OK;

        /* A null stays an absent element, which validation then refuses by its place. */
        if (oc_json_type(value) != OC_JSON_NULL)
            rc = decode_json(d, &element, value, items + i * size);
        if (rc < 0)
            return rc;
    }
    *list = (struct oc_slice_list){(const struct oc_slice *)(const void *)items, count, true};
    return OC_OK;
}

static int decode_json_text(struct decode *d, const struct oc_member *member,
                            const struct oc_json *json, void *to)
{
    struct oc_opt_int64 *number = to;

    if (oc_json_type(json) != OC_JSON_STRING)
        return wrong_type(d, member, "a text");
    if (member->shape->type == OC_SHAPE_STRING)
        return keep(d, oc_json_string(json), to);
    number->set = oc_timestamp_parse(oc_json_string(json), &number->value);
    return number->set ? OC_OK : wrong_type(d, member, "an ISO-8601 time with a zone");
}

/* Recursion follows the shape table, never the input: its depth is a constant of the program. */
static int decode_json(struct decode *d, const struct oc_member *member, const struct oc_json *json,
                       void *to)
{
    const enum oc_json_type type = oc_json_type(json);

    switch (member->shape->type) {
    case OC_SHAPE_STRING:
    case OC_SHAPE_TIMESTAMP:
        return decode_json_text(d, member, json, to);
    case OC_SHAPE_INTEGER:
        if (type != OC_JSON_INTEGER)
            return wrong_type(d, member, "an integer");
        *(struct oc_opt_int64 *)to = (struct oc_opt_int64){true, oc_json_int64(json, 0)};
        return OC_OK;
    case OC_SHAPE_BOOLEAN:
        if (type != OC_JSON_TRUE && type != OC_JSON_FALSE)
            return wrong_type(d, member, "true or false");
        *(struct oc_opt_bool *)to = (struct oc_opt_bool){true, type == OC_JSON_TRUE};
        return OC_OK;
    case OC_SHAPE_LIST:
        return decode_list(d, member, json, to);
    case OC_SHAPE_STRUCTURE:
    case OC_SHAPE_UNION:
        return decode_structure(d, member, json, to);
    }
    return OC_OK;
}

static int decode_body(struct decode *d)
{
    const struct oc_op *op = d->from->op;
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    int rc;

    if (op->raw_input || oc_slice_trim(d->from->body).len == 0)
        return OC_OK;
    rc = oc_json_parse(d->from->body, &json, d->err);
    if (rc == OC_EINVAL)
        d->err->name = SERIALIZATION; /* the reader's own text says where it stopped */
    if (rc < 0)
        return rc;
    if (oc_json_type(json) != OC_JSON_OBJECT)
        return oc_fail_as(d->err, OC_EINVAL, SERIALIZATION, "the body is not a JSON object");
    return decode_object(d, op->members, op->member_count, json, d->in);
}

int oc_decode_input(const struct oc_decoder *decoder, const struct oc_decode_from *from,
                    struct oc_arena *arena, void *ret_in, struct oc_err *err)
{
    struct decode d = {.from = from, .arena = arena, .in = ret_in, .err = err};
    int rc;

    memset(ret_in, 0, from->op->input_size);
    oc_buf_init(&d.scratch, OC_HTTP_BODY_MAX);
    rc = decode_path(&d);
    if (rc == OC_OK)
        rc = decode_query(&d);
    if (rc == OC_OK)
        rc = decode_body(&d);
    if (rc == OC_OK)
        rc = oc_validate_input(decoder, from->op, ret_in, err);
    oc_buf_clear(&d.scratch);
    if (rc < 0)
        memset(ret_in, 0, from->op->input_size);
    return rc;
}
