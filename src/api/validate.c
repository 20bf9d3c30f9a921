#include "api/decode_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define VALUE_SHOWN_MAX 512   /* bytes of a value in a message, as shown */
#define SENTENCE_MAX    16384 /* bytes of one failure; far above what can come up */
#define MESSAGE_MAX     (OC_ERR_TEXT_MAX - 96) /* leaves room for the count and the rest's count */

/* Where a value stands: printed only when it fails. */
struct where {
    const struct where *up;
    const char *name; /* NULL: an element of the list above */
    size_t index;
};

struct check {
    const struct oc_decoder *decoder;
    struct oc_buf text;     /* the sentences so far */
    struct oc_buf sentence; /* the one being written */
    unsigned failed;        /* members that failed */
    unsigned unnamed;       /* of these, left out of the text for want of room */
    struct oc_err *err;
};

const void *oc_member_value(const struct oc_member *member, const void *in)
{
    return (const char *)in + member->offset;
}

bool oc_value_is_set(const struct oc_shape *shape, const void *value)
{
    switch (shape->type) {
    case OC_SHAPE_STRING:
        return ((const struct oc_slice *)value)->ptr;
    case OC_SHAPE_INTEGER:
    case OC_SHAPE_TIMESTAMP:
        return ((const struct oc_opt_int64 *)value)->set;
    case OC_SHAPE_BOOLEAN:
        return ((const struct oc_opt_bool *)value)->set;
    case OC_SHAPE_LIST:
        return ((const struct oc_slice_list *)value)->set;
    case OC_SHAPE_STRUCTURE:
    case OC_SHAPE_UNION:
        return !shape->has_set || *(const bool *)value;
    }
    return false;
}

size_t oc_item_size(const struct oc_shape *item)
{
    return item->type == OC_SHAPE_STRING ? sizeof(struct oc_slice) : item->size;
}

void oc_put_visible(struct oc_buf *buf, struct oc_slice text)
{
    const size_t start = buf->len;

    for (size_t at = 0; at < text.len;) {
        uint32_t code = 0;
        const size_t len = oc_utf8_next(oc_slice_sub(text, at, 4), &code);

        if (buf->len - start >= VALUE_SHOWN_MAX) {
            oc_buf_put_str(buf, "...");
            return;
        }
        if (len == 0)
            oc_buf_printf(buf, "\\x%02x", (uint8_t)text.ptr[at]);
        else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
            oc_buf_printf(buf, "\\u%04x", code);
        else
            oc_buf_put(buf, text.ptr + at, len);
        at += len > 0 ? len : 1;
    }
}

static void put_where(struct oc_buf *buf, const struct where *where)
{
    if (where->up) {
        put_where(buf, where->up);
        oc_buf_put_char(buf, '.');
    }
    if (where->name)
        oc_buf_put_str(buf, where->name);
    else
        oc_buf_printf(buf, "%zu.member", where->index + 1);
}

static void put_value(struct oc_buf *buf, const struct oc_shape *shape, const void *value)
{
    if (!oc_value_is_set(shape, value)) {
        oc_buf_put_str(buf, "Value null");
        return;
    }
    oc_buf_put_str(buf, "Value");
    if (shape->sensitive)
        return;
    oc_buf_put_str(buf, " '");
    if (shape->type == OC_SHAPE_STRING)
        oc_put_visible(buf, *(const struct oc_slice *)value);
    else if (shape->type == OC_SHAPE_INTEGER)
        oc_buf_put_int64(buf, ((const struct oc_opt_int64 *)value)->value);
    else
        oc_buf_printf(buf, "[%zu entries]", ((const struct oc_slice_list *)value)->count);
    oc_buf_put_char(buf, '\'');
}

/* Begin the sentence on a value that fails; its constraint is put next, then end_failure. */
static struct oc_buf *begin_failure(struct check *check, const struct oc_shape *shape,
                                    const struct where *where, const void *value)
{
    struct oc_buf *sentence = &check->sentence;

    oc_buf_reset(sentence);
    if (check->failed > 0)
        oc_buf_put_str(sentence, "; ");
    put_value(sentence, shape, value);
    oc_buf_put_str(sentence, " at '");
    put_where(sentence, where);
    oc_buf_put_str(sentence, "' failed to satisfy constraint: Member must ");
    return sentence;
}

static void end_failure(struct check *check)
{
    check->failed++;
    if (check->unnamed > 0 || check->text.len + check->sentence.len > MESSAGE_MAX)
        check->unnamed++;
    else
        oc_buf_put_slice(&check->text, oc_buf_slice(&check->sentence));
    check->text.failed = check->text.failed || check->sentence.failed;
}

static void fail_bound(struct check *check, const struct oc_shape *shape, const struct where *where,
                       const void *value, int64_t size)
{
    const bool low = shape->has_min && size < shape->min;
    struct oc_buf *text = begin_failure(check, shape, where, value);

    oc_buf_printf(text, "have %s %s than or equal to %lld",
                  shape->type == OC_SHAPE_INTEGER ? "value" : "length", low ? "greater" : "less",
                  (long long)(low ? shape->min : shape->max));
    end_failure(check);
}

static bool in_bounds(const struct oc_shape *shape, int64_t size)
{
    return (!shape->has_min || size >= shape->min) && (!shape->has_max || size <= shape->max);
}

static bool in_enum(const struct oc_shape *shape, struct oc_slice text)
{
    for (const char *const *value = shape->enum_values; *value; value++)
        if (oc_slice_eq_str(text, *value))
            return true;
    return false;
}

static void fail_enum(struct check *check, const struct oc_shape *shape, const struct where *where,
                      const void *value)
{
    struct oc_buf *text = begin_failure(check, shape, where, value);

    oc_buf_put_str(text, "satisfy enum value set: [");
    for (const char *const *item = shape->enum_values; *item; item++)
        oc_buf_printf(text, "%s%s", item == shape->enum_values ? "" : ", ", *item);
    oc_buf_put_char(text, ']');
    end_failure(check);
}

static bool all_of(struct oc_slice text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || !strchr(more, c)))
            return false;
    }
    return true;
}

/* Whether `text` is a well-formed ARN of one of the "service:kind" pairs. */
static bool is_lenient_arn(const char *const *arns, struct oc_slice text)
{
    static const char upper_and_marks[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ.:/_+=,@-";
    struct oc_slice rest = text;
    const struct oc_slice scheme = oc_slice_cut(&rest, ':');
    const struct oc_slice partition = oc_slice_cut(&rest, ':');
    const struct oc_slice service = oc_slice_cut(&rest, ':');
    const struct oc_slice region = oc_slice_cut(&rest, ':');
    const struct oc_slice account = oc_slice_cut(&rest, ':');
    const struct oc_slice kind = oc_slice_cut(&rest, '/');

    if (!oc_slice_eq_str(scheme, "arn") || partition.len == 0 || !all_of(partition, "-") ||
        !all_of(region, "-") || (account.len != 0 && account.len != 12) || !rest.ptr ||
        rest.len == 0 || !all_of(rest, upper_and_marks))
        return false;
    for (size_t i = 0; i < account.len; i++)
        if (account.ptr[i] < '0' || account.ptr[i] > '9')
            return false;
    for (; *arns; arns++) {
        struct oc_slice want_kind = oc_slice_of(*arns);
        const struct oc_slice want_service = oc_slice_cut(&want_kind, ':');

        if (oc_slice_eq(service, want_service) &&
            (oc_slice_eq_str(want_kind, "*") ? kind.len > 0 && all_of(kind, "-")
                                             : oc_slice_eq(kind, want_kind)))
            return true;
    }
    return false;
}

/* A string: its length first, so that a pattern never sees an over-long text. */
static int check_string(struct check *check, const struct oc_shape *shape,
                        const struct where *where, const struct oc_slice *text)
{
    size_t length = 0;
    bool matches = true;

    /* Decoding has refused all that is not UTF-8. */
    (void)oc_utf8_count(*text, &length);
    if (!in_bounds(shape, (int64_t)length)) {
        fail_bound(check, shape, where, text, (int64_t)length);
        return OC_OK;
    }
    if (shape->enum_values && !in_enum(shape, *text)) {
        fail_enum(check, shape, where, text);
        return OC_OK;
    }
    if (!shape->pattern ||
        (check->decoder->lenient && shape->arns && is_lenient_arn(shape->arns, *text)))
        return OC_OK;
    if (oc_regex_match(check->decoder->patterns[shape->pattern_index], *text, &matches,
                       check->err) < 0)
        return OC_ENOMEM;
    if (!matches) {
        oc_buf_printf(begin_failure(check, shape, where, text),
                      "satisfy regular expression pattern: %s", shape->pattern);
        end_failure(check);
    }
    return OC_OK;
}

static int check_value(struct check *check, const struct oc_shape *shape, const struct where *where,
                       const void *value, bool required);

static int check_members(struct check *check, const struct oc_member *members, size_t count,
                         const struct where *up, const void *in)
{
    for (size_t i = 0; i < count; i++) {
        const struct where where = {.up = up, .name = members[i].name};
        int rc = check_value(check, members[i].shape, &where, oc_member_value(&members[i], in),
                             members[i].required);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int check_list(struct check *check, const struct oc_shape *shape, const struct where *up,
                      const void *value)
{
    const struct oc_slice_list *list = value; /* all lists begin alike: items, count, set */
    const size_t size = oc_item_size(shape->item);

    if (!in_bounds(shape, (int64_t)list->count)) {
        fail_bound(check, shape, up, value, (int64_t)list->count);
        return OC_OK;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct where where = {.up = up, .index = i};
        int rc =
            check_value(check, shape->item, &where, (const char *)list->items + i * size, true);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* Recursion follows the shape table, never the input: its depth is a constant of the program. */
static int check_value(struct check *check, const struct oc_shape *shape, const struct where *where,
                       const void *value, bool required)
{
    if (!oc_value_is_set(shape, value)) {
        if (required) {
            oc_buf_put_str(begin_failure(check, shape, where, value), "not be null");
            end_failure(check);
        }
        return OC_OK;
    }
    switch (shape->type) {
    case OC_SHAPE_STRING:
        return check_string(check, shape, where, value);
    case OC_SHAPE_INTEGER:
        if (!in_bounds(shape, ((const struct oc_opt_int64 *)value)->value))
            fail_bound(check, shape, where, value, ((const struct oc_opt_int64 *)value)->value);
        return OC_OK;
    case OC_SHAPE_LIST:
        return check_list(check, shape, where, value);
    case OC_SHAPE_STRUCTURE:
    case OC_SHAPE_UNION:
        return check_members(check, shape->members, shape->member_count, where, value);
    case OC_SHAPE_BOOLEAN:
    case OC_SHAPE_TIMESTAMP:
        return OC_OK;
    }
    return OC_OK;
}

int oc_validate_input(const struct oc_decoder *decoder, const struct oc_op *op, const void *in,
                      struct oc_err *err)
{
    struct check check = {.decoder = decoder, .err = err};
    char more[64] = "";
    int rc = OC_OK;

    oc_buf_init(&check.text, OC_ERR_TEXT_MAX);
    oc_buf_init(&check.sentence, SENTENCE_MAX);
    rc = check_members(&check, op->members, op->member_count, NULL, in);
    if (rc == OC_OK && check.text.failed)
        rc = oc_fail_nomem(err);
    if (rc == OC_OK && check.failed > 0) {
        if (check.unnamed > 0)
            (void)snprintf(more, sizeof(more), "; and %u more", check.unnamed);
        rc = oc_fail_as(err, OC_EINVAL, "ValidationException",
                        "%u validation error%s detected: %.*s%s", check.failed,
                        check.failed == 1 ? "" : "s", OC_FMT(oc_buf_slice(&check.text)), more);
    }
    oc_buf_clear(&check.sentence);
    oc_buf_clear(&check.text);
    return rc;
}
