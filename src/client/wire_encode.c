/* Typed inputs: checked, and written as path, query and JSON body. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "client/wire.h"
#include "model/timestamp.h"

#define UUID_LEN 36

/* The C form of every list; the element type differs. */
struct list {
    const char *items;
    size_t count;
};

static const char *text_of(const void *value)
{
    return *(const char *const *)value;
}

static const void *pointer_of(const void *value)
{
    return *(const void *const *)value;
}

static bool is_present(const struct oc_wire_type *type, const void *value)
{
    switch (type->kind) {
    case OC_WIRE_STRING:
    case OC_WIRE_STRUCTURE:
    case OC_WIRE_UNION:
        return pointer_of(value) != NULL;
    case OC_WIRE_INTEGER:
        return ((const struct oc_optional_int *)value)->set;
    case OC_WIRE_REAL:
        return ((const struct oc_optional_real *)value)->set;
    case OC_WIRE_BOOLEAN:
        return ((const struct oc_optional_bool *)value)->set;
    case OC_WIRE_TIMESTAMP:
        return ((const struct oc_optional_time *)value)->set;
    case OC_WIRE_LIST:
    case OC_WIRE_MAP:
        return ((const struct list *)value)->items != NULL;
    }
    return false;
}

/* Element `index` of a list, in the form in which a member of that type would stand. */
static const void *element(const struct oc_wire_type *type, const struct list *list, size_t index,
                           const void **slot)
{
    if (type->item->kind == OC_WIRE_STRING)
        return list->items + index * sizeof(char *);
    *slot = list->items + index * type->item->size;
    return slot;
}

static const void *member_value(const struct oc_wire_member *member, const void *object)
{
    return (const char *)object + member->offset;
}

/* -- checking ---------------------------------------------------------------------------------- */

/* Faults found so far. Texts that do not fit are left out; one is enough to be right. */
struct faults {
    char text[OC_ERR_TEXT_MAX];
    size_t len;
    bool any;
};

__attribute__((format(printf, 2, 3))) static void add_fault(struct faults *faults, const char *fmt,
                                                            ...)
{
    size_t room = sizeof(faults->text) - faults->len;
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(faults->text + faults->len, room, fmt, args);
    va_end(args);
    if (len > 0 && (size_t)len < room)
        faults->len += (size_t)len;
    faults->any = true;
}

static void check_structure(const struct oc_wire_type *type, const void *object, const char *where,
                            struct faults *faults);

static void check_text(const struct oc_wire_type *type, const char *text, struct oc_slice name,
                       struct faults *faults)
{
    size_t count;

    if (!oc_utf8_count(oc_slice_of(text), &count))
        add_fault(faults, "\nInvalid value for parameter %.*s, not UTF-8", OC_FMT(name));
    else if (type->has_min && (int64_t)count < type->min)
        add_fault(faults, "\nInvalid length for parameter %.*s, value: %zu, valid min length: %lld",
                  OC_FMT(name), count, (long long)type->min);
}

static void check_list(const struct oc_wire_type *type, const struct list *list,
                       struct oc_slice name, struct faults *faults)
{
    char where[256];

    if (type->has_min && (int64_t)list->count < type->min)
        add_fault(faults, "\nInvalid length for parameter %.*s, value: %zu, valid min length: %lld",
                  OC_FMT(name), list->count, (long long)type->min);
    for (size_t i = 0; i < list->count; i++) {
        const void *slot;
        const void *value = element(type, list, i, &slot);

        (void)snprintf(where, sizeof(where), "%.*s[%zu]", OC_FMT(name), i);
        if (!pointer_of(value))
            add_fault(faults, "\nInvalid type for parameter %s, value: NULL", where);
        else if (type->item->kind == OC_WIRE_STRING)
            check_text(type->item, text_of(value), oc_slice_of(where), faults);
        else
            check_structure(type->item, slot, where, faults);
    }
}

static void check_map(const struct oc_map *map, struct oc_slice name, struct faults *faults)
{
    size_t count;

    for (size_t i = 0; i < map->count; i++)
        if (!map->items[i].key || !map->items[i].value ||
            !oc_utf8_count(oc_slice_of(map->items[i].key), &count) ||
            !oc_utf8_count(oc_slice_of(map->items[i].value), &count))
            add_fault(faults, "\nInvalid value for parameter %.*s, entry %zu", OC_FMT(name), i);
}

static void check_value(const struct oc_wire_type *type, const void *value, struct oc_slice name,
                        struct faults *faults)
{
    char where[256];

    switch (type->kind) {
    case OC_WIRE_STRING:
        check_text(type, text_of(value), name, faults);
        break;
    case OC_WIRE_INTEGER: {
        const int64_t number = ((const struct oc_optional_int *)value)->value;

        if (type->has_min && number < type->min)
            add_fault(faults,
                      "\nInvalid range for parameter %.*s, value: %lld, valid min value: %lld",
                      OC_FMT(name), (long long)number, (long long)type->min);
        break;
    }
    case OC_WIRE_TIMESTAMP: {
        const int64_t us = ((const struct oc_optional_time *)value)->us;

        if (us < 0 || us / 1000 > OC_TIMESTAMP_MAX_MS)
            add_fault(faults, "\nInvalid range for parameter %.*s, want a time of 1970 to 9999",
                      OC_FMT(name));
        break;
    }
    case OC_WIRE_LIST:
        check_list(type, value, name, faults);
        break;
    case OC_WIRE_MAP:
        check_map(value, name, faults);
        break;
    case OC_WIRE_STRUCTURE:
    case OC_WIRE_UNION:
        (void)snprintf(where, sizeof(where), "%.*s", OC_FMT(name));
        check_structure(type, pointer_of(value), where, faults);
        break;
    case OC_WIRE_REAL:
    case OC_WIRE_BOOLEAN:
        break;
    }
}

static void check_structure(const struct oc_wire_type *type, const void *object, const char *where,
                            struct faults *faults)
{
    size_t given = 0;

    for (size_t i = 0; i < type->member_count; i++) {
        const struct oc_wire_member *member = &type->members[i];
        const void *value = member_value(member, object);

        if (is_present(member->type, value)) {
            given++;
            check_value(member->type, value, member->name, faults);
        } else if (member->required) {
            add_fault(faults, "\nMissing required parameter in %s: \"%.*s\"", where,
                      OC_FMT(member->name));
        }
    }
    if (type->kind == OC_WIRE_UNION && given != 1)
        add_fault(faults, "\nInvalid number of parameters set for tagged union structure %s: %zu",
                  where, given);
}

int oc_wire_check(const struct oc_wire_op *op, const void *input, struct oc_err *err)
{
    struct faults faults = {.text = ""};

    check_structure(&op->input, input, "input", &faults);
    if (!faults.any)
        return OC_OK;
    return oc_fail_as(err, OC_EINVAL, "ParamValidationError", "Parameter validation failed:%s",
                      faults.text);
}

/* -- JSON -------------------------------------------------------------------------------------- */

/* As Python's json.dumps writes it: all but printable ASCII is escaped. */
static void put_json_text(struct oc_buf *buf, struct oc_slice text)
{
    static const char plain[] = "\"\\\n\r\t\f\b";
    static const char escaped[] = "\"\\nrtfb";

    oc_buf_put_char(buf, '"');
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = oc_utf8_next(text, &code);
        const char *special = code ? strchr(plain, code < 0x80 ? (int)code : 0x7f) : NULL;

        if (special) {
            oc_buf_put_char(buf, '\\');
            oc_buf_put_char(buf, escaped[special - plain]);
        } else if (code >= ' ' && code <= '~') {
            oc_buf_put_char(buf, (char)code);
        } else if (code > 0xffff) {
            code -= 0x10000;
            oc_buf_printf(buf, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
        } else {
            oc_buf_printf(buf, "\\u%04x", code);
        }
        text = oc_slice_sub(text, len ? len : 1, text.len);
    }
    oc_buf_put_char(buf, '"');
}

static void put_time(struct oc_buf *buf, int64_t us)
{
    char text[OC_TIMESTAMP_LEN];

    oc_timestamp_format(us / 1000, text);
    oc_buf_put(buf, text, sizeof("YYYY-MM-DDThh:mm:ss") - 1);
    if (us % 1000000)
        oc_buf_printf(buf, ".%06d", (int)(us % 1000000));
    oc_buf_put_char(buf, 'Z');
}

static void put_map(struct oc_buf *buf, const struct oc_map *map)
{
    oc_buf_put_char(buf, '{');
    for (size_t i = 0; i < map->count; i++) {
        if (i > 0)
            oc_buf_put_str(buf, ", ");
        put_json_text(buf, oc_slice_of(map->items[i].key));
        oc_buf_put_str(buf, ": ");
        put_json_text(buf, oc_slice_of(map->items[i].value));
    }
    oc_buf_put_char(buf, '}');
}

static void put_value(struct oc_buf *buf, const struct oc_wire_type *type, const void *value)
{
    switch (type->kind) {
    case OC_WIRE_STRING:
        put_json_text(buf, oc_slice_of(text_of(value)));
        break;
    case OC_WIRE_INTEGER:
        oc_buf_put_int64(buf, ((const struct oc_optional_int *)value)->value);
        break;
    case OC_WIRE_REAL:
        oc_buf_printf(buf, "%.17g", ((const struct oc_optional_real *)value)->value);
        break;
    case OC_WIRE_BOOLEAN:
        oc_buf_put_str(buf, ((const struct oc_optional_bool *)value)->value ? "true" : "false");
        break;
    case OC_WIRE_TIMESTAMP:
        oc_buf_put_char(buf, '"');
        put_time(buf, ((const struct oc_optional_time *)value)->us);
        oc_buf_put_char(buf, '"');
        break;
    case OC_WIRE_LIST: {
        const struct list *list = value;

        oc_buf_put_char(buf, '[');
        for (size_t i = 0; i < list->count; i++) {
            const void *slot;

            if (i > 0)
                oc_buf_put_str(buf, ", ");
            put_value(buf, type->item, element(type, list, i, &slot));
        }
        oc_buf_put_char(buf, ']');
        break;
    }
    case OC_WIRE_MAP:
        put_map(buf, value);
        break;
    case OC_WIRE_STRUCTURE:
    case OC_WIRE_UNION:
        oc_wire_put_json(buf, type, pointer_of(value));
        break;
    }
}

void oc_wire_put_json(struct oc_buf *buf, const struct oc_wire_type *type, const void *value)
{
    bool comma = false;

    oc_buf_put_char(buf, '{');
    for (size_t i = 0; i < type->member_count; i++) {
        const struct oc_wire_member *member = &type->members[i];
        const void *at = member_value(member, value);

        if (member->place != OC_WIRE_BODY || !is_present(member->type, at))
            continue;
        if (comma)
            oc_buf_put_str(buf, ", ");
        comma = true;
        put_json_text(buf, member->name);
        oc_buf_put_str(buf, ": ");
        put_value(buf, member->type, at);
    }
    oc_buf_put_char(buf, '}');
}

/* -- the request ------------------------------------------------------------------------------- */

/* A scalar outside a body. */
static void put_plain(struct oc_buf *buf, const struct oc_wire_type *type, const void *value)
{
    if (type->kind == OC_WIRE_STRING)
        oc_buf_put_str(buf, text_of(value));
    else if (type->kind == OC_WIRE_TIMESTAMP)
        put_time(buf, ((const struct oc_optional_time *)value)->us);
    else
        put_value(buf, type, value);
}

static void put_query(struct oc_wire_request *request, const struct oc_wire_type *input,
                      const void *object)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

    oc_buf_init(&text, OC_HTTP_BODY_MAX);
    for (size_t i = 0; i < input->member_count; i++) {
        const struct oc_wire_member *member = &input->members[i];
        const void *value = member_value(member, object);

        if (member->place != OC_WIRE_QUERY || !is_present(member->type, value))
            continue;
        oc_buf_reset(&text);
        put_plain(&text, member->type, value);
        oc_query_put(&request->query, member->wire, oc_buf_slice(&text));
    }
    request->query.failed |= text.failed;
}

static void put_label(struct oc_wire_request *request, const struct oc_wire_type *input,
                      const void *object, struct oc_slice label)
{
    for (size_t i = 0; i < input->member_count; i++) {
        const struct oc_wire_member *member = &input->members[i];

        if (member->place == OC_WIRE_PATH && oc_slice_eq_str(label, member->wire))
            oc_path_put_label(&request->path, "",
                              oc_slice_of(text_of(member_value(member, object))));
    }
}

static void put_path(struct oc_wire_request *request, const struct oc_wire_op *op,
                     const void *object)
{
    struct oc_slice rest = oc_slice_of(op->uri);

    while (rest.ptr) {
        oc_buf_put_slice(&request->path, oc_slice_cut(&rest, '{'));
        if (rest.ptr)
            put_label(request, &op->input, object, oc_slice_cut(&rest, '}'));
    }
}

/* The token's member goes into a copy of the input, so that the caller's stays as it is. */
static int fill_in_token(const struct oc_wire_op *op, void *object, char uuid[UUID_LEN + 1],
                         struct oc_err *err)
{
    for (size_t i = 0; i < op->input.member_count; i++) {
        const struct oc_wire_member *member = &op->input.members[i];
        const char *const text = uuid;
        char *at = (char *)object + member->offset;
        int rc;

        if (!member->idempotency_token || text_of(at))
            continue;
        rc = oc_random_uuid(uuid, err);
        if (rc < 0)
            return rc;
        uuid[UUID_LEN] = '\0';
        memcpy(at, &text, sizeof(text));
    }
    return OC_OK;
}

int oc_wire_encode(const struct oc_wire_op *op, const void *input, struct oc_wire_request *ret,
                   struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    char uuid[UUID_LEN + 1];
    void *object;
    int rc;

    oc_buf_init(&ret->path, OC_HTTP_BODY_MAX);
    oc_buf_init(&ret->query, OC_HTTP_BODY_MAX);
    oc_buf_init(&ret->body, OC_RESPONSE_MAX);
    ret->has_body = false;
    oc_arena_init(&arena, op->input.size);
    object = oc_arena_alloc(&arena, op->input.size);
    if (!object)
        return oc_fail_nomem(err);
    memcpy(object, input, op->input.size);
    rc = fill_in_token(op, object, uuid, err);
    if (rc < 0)
        return rc;
    put_path(ret, op, object);
    put_query(ret, &op->input, object);
    for (size_t i = 0; i < op->input.member_count; i++)
        ret->has_body = ret->has_body || op->input.members[i].place == OC_WIRE_BODY;
    if (ret->has_body)
        oc_wire_put_json(&ret->body, &op->input, object);
    if (ret->path.failed || ret->query.failed || ret->body.failed)
        return oc_fail_nomem(err);
    return OC_OK;
}

void oc_wire_request_clear(struct oc_wire_request *request)
{
    oc_buf_clear(&request->path);
    oc_buf_clear(&request->query);
    oc_buf_clear(&request->body);
}
