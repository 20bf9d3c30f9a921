/*
 * Answers: JSON read straight into output structs, strings where they stand.
 *
 * One pass, no tree. A string is unescaped over itself, which never makes it longer, and its
 * closing quote becomes the NUL (wire_json.c). Depth of what is kept is that of the types, which
 * are not recursive; what is skipped may nest OC_JSON_DEPTH_MAX deep.
 */
#include <string.h>

#include "base/utf8.h"
#include "client/wire.h"
#include "client/wire_json.h"
#include "model/timestamp.h"

#define LIST_FIRST 8 /* elements; doubles */

/* -- values of a type -------------------------------------------------------------------------- */

static int read_value(struct oc_wire_reader *r, const struct oc_wire_type *type, void *to);

static int read_time(struct oc_wire_reader *r, struct oc_optional_time *ret)
{
    struct oc_slice text;
    double seconds;
    int rc;

    if (*r->at == '"') {
        r->at++;
        rc = oc_wire_read_text(r, &text);
        if (rc < 0)
            return rc;
        if (!oc_timestamp_parse(text, &ret->us))
            return oc_wire_fail_at(r, "no time");
        ret->set = true;
        return OC_OK;
    }
    rc = oc_wire_read_real(r, &seconds);
    if (rc < 0)
        return rc;
    if (!(seconds >= 0 && seconds < OC_TIMESTAMP_MAX_MS / 1e3)) /* as text can say it */
        return oc_wire_fail_at(r, "no time");
    *ret = (struct oc_optional_time){true, (int64_t)(seconds * 1e6 + 0.5)};
    return OC_OK;
}

/* A growing array in the arena. */
struct list {
    char *items;
    size_t count;
    size_t cap;
};

/* Room for one more element. @return NULL when out of memory */
static void *grow(struct oc_wire_reader *r, struct list *list, size_t size)
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

static int read_members(struct oc_wire_reader *r, const struct oc_wire_type *type, void *to);

static int read_element(struct oc_wire_reader *r, const struct oc_wire_type *item,
                        struct list *list)
{
    const bool is_text = item->kind == OC_WIRE_STRING;
    void *to = grow(r, list, is_text ? sizeof(char *) : item->size);

    if (!to)
        return oc_fail_nomem(r->err);
    return is_text ? read_value(r, item, to) : read_members(r, item, to);
}

static int read_list(struct oc_wire_reader *r, const struct oc_wire_type *type, void *to)
{
    static const char empty[1];
    struct list list = {0};
    const char *items;
    int rc;

    if (!oc_wire_pass(r, '['))
        return oc_wire_fail_at(r, "no list");
    if (!oc_wire_pass(r, ']')) {
        do {
            oc_wire_skip_space(r);
            rc = read_element(r, type->item, &list);
            if (rc < 0)
                return rc;
        } while (oc_wire_pass(r, ','));
        if (!oc_wire_pass(r, ']'))
            return oc_wire_fail_at(r, "no end of a list");
    }
    items = list.items ? list.items : empty; /* an empty list is not absent */
    memcpy(to, &items, sizeof(items));
    memcpy((char *)to + offsetof(struct oc_map, count), &list.count, sizeof(list.count));
    return OC_OK;
}

static int read_entry(struct oc_wire_reader *r, struct list *list)
{
    struct oc_map_entry *entry = grow(r, list, sizeof(*entry));
    struct oc_slice text;
    int rc;

    if (!entry)
        return oc_fail_nomem(r->err);
    if (!oc_wire_pass(r, '"'))
        return oc_wire_fail_at(r, "no member name");
    rc = oc_wire_read_text(r, &text);
    if (rc < 0)
        return rc;
    entry->key = text.ptr;
    if (!oc_wire_pass(r, ':') || !oc_wire_pass(r, '"'))
        return oc_wire_fail_at(r, "no text");
    rc = oc_wire_read_text(r, &text);
    entry->value = text.ptr;
    return rc;
}

static int read_map(struct oc_wire_reader *r, struct oc_map *to)
{
    static const struct oc_map_entry none;
    struct list list = {0};

    if (!oc_wire_pass(r, '{'))
        return oc_wire_fail_at(r, "no object");
    if (!oc_wire_pass(r, '}')) {
        do {
            int rc = read_entry(r, &list);

            if (rc < 0)
                return rc;
        } while (oc_wire_pass(r, ','));
        if (!oc_wire_pass(r, '}'))
            return oc_wire_fail_at(r, "no end of an object");
    }
    to->items = list.items ? (const struct oc_map_entry *)list.items : &none;
    to->count = list.count;
    return OC_OK;
}

static int read_pointer(struct oc_wire_reader *r, const struct oc_wire_type *type, const void **to)
{
    void *object = oc_arena_alloc(r->arena, type->size);
    int rc;

    if (!object)
        return oc_fail_nomem(r->err);
    rc = read_members(r, type, object);
    *to = object;
    return rc;
}

static int read_boolean(struct oc_wire_reader *r, struct oc_optional_bool *to)
{
    to->value = oc_wire_pass_word(r, "true");
    if (!to->value && !oc_wire_pass_word(r, "false"))
        return oc_wire_fail_at(r, "no boolean");
    to->set = true;
    return OC_OK;
}

static int read_string(struct oc_wire_reader *r, const char **to)
{
    struct oc_slice text;
    int rc;

    if (*r->at != '"')
        return oc_wire_fail_at(r, "no text");
    r->at++;
    rc = oc_wire_read_text(r, &text);
    if (rc == OC_OK)
        *to = text.ptr;
    return rc;
}

/* A value that is not null. r->at is on its first character. */
static int read_value(struct oc_wire_reader *r, const struct oc_wire_type *type, void *to)
{
    switch (type->kind) {
    case OC_WIRE_STRING:
        return read_string(r, to);
    case OC_WIRE_INTEGER:
        ((struct oc_optional_int *)to)->set = true;
        return oc_wire_read_integer(r, &((struct oc_optional_int *)to)->value);
    case OC_WIRE_REAL:
        ((struct oc_optional_real *)to)->set = true;
        return oc_wire_read_real(r, &((struct oc_optional_real *)to)->value);
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

static int read_member(struct oc_wire_reader *r, const struct oc_wire_type *type, void *to,
                       size_t *next)
{
    const struct oc_wire_member *member;
    struct oc_slice name;
    int rc;

    if (!oc_wire_pass(r, '"'))
        return oc_wire_fail_at(r, "no member name");
    rc = oc_wire_read_text(r, &name);
    if (rc < 0)
        return rc;
    if (!oc_wire_pass(r, ':'))
        return oc_wire_fail_at(r, "no colon");
    oc_wire_skip_space(r);
    if (oc_wire_pass_word(r, "null"))
        return OC_OK;
    member = find_member(type, name, next);
    return member ? read_value(r, member->type, (char *)to + member->offset)
                  : oc_wire_skip_value(r);
}

static int read_members(struct oc_wire_reader *r, const struct oc_wire_type *type, void *to)
{
    size_t next = 0;

    if (!oc_wire_pass(r, '{'))
        return oc_wire_fail_at(r, "no object");
    if (oc_wire_pass(r, '}'))
        return OC_OK;
    do {
        int rc = read_member(r, type, to, &next);

        if (rc < 0)
            return rc;
    } while (oc_wire_pass(r, ','));
    return oc_wire_pass(r, '}') ? OC_OK : oc_wire_fail_at(r, "no end of an object");
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
    struct oc_wire_reader r = {
        .start = text, .at = text, .end = text + len, .arena = arena, .err = err};
    int rc;

    if (!is_utf8((struct oc_slice){text, len}))
        return oc_wire_fail_at(&r, "the text is not UTF-8");
    rc = read_members(&r, type, ret);
    if (rc < 0)
        return rc;
    oc_wire_skip_space(&r);
    return r.at == r.end ? OC_OK : oc_wire_fail_at(&r, "more text");
}
