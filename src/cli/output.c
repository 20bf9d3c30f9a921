/* What a command prints. */
#include "cli/output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/format.h"
#include "cli/terminal.h"
#include "client/client.h"

/* In the order of enum oc_form. The parser knows them too: no other word gets here. */
static const char *const form_names[] = {"table", "json", "jsonl", "csv", "tsv", NULL};

int oc_output_init(const struct oc_args *args, struct oc_output *ret, struct oc_err *err)
{
    const char *form = oc_args_get(args, "output");
    const char *no_colour = getenv("NO_COLOR");
    struct oc_output output = {0};

    for (const char *const *f = form_names; form && *f; f++)
        if (strcmp(form, *f) == 0)
            output.form = (enum oc_form)(f - form_names);
    if (!args->command->is_list && output.form >= OC_FORM_CSV)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--output': %s is for lists; want table, json or jsonl", form);
    if (isatty(STDOUT_FILENO)) {
        output.colour = !(no_colour && *no_colour);
        output.width = oc_terminal_size(STDOUT_FILENO).columns;
    }
    *ret = output;
    return OC_OK;
}

/* SIGPIPE is ignored for the sake of connections; `outcrop jobs | head` must end quietly still. */
static int fail_write(struct oc_err *err)
{
    if (errno == EPIPE) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)raise(SIGPIPE);
    }
    return oc_fail_errno(err, "cannot write the output");
}

int oc_output_write(const struct oc_buf *buf, struct oc_err *err)
{
    if (buf->failed)
        return oc_fail_nomem(err);
    if (fwrite(buf->ptr ? buf->ptr : "", 1, buf->len, stdout) < buf->len)
        return fail_write(err);
    return oc_output_flush(err);
}

int oc_output_flush(struct oc_err *err)
{
    return fflush(stdout) == 0 ? OC_OK : fail_write(err);
}

/* -- JSON -------------------------------------------------------------------------------------- */

static void put_break(struct oc_buf *buf, int indent, int depth)
{
    if (indent)
        oc_buf_printf(buf, "\n%*s", indent * depth, "");
}

static void put_scalar(struct oc_buf *buf, const struct oc_json *value)
{
    switch (oc_json_type(value)) {
    case OC_JSON_STRING:
        oc_json_put_string(buf, oc_json_string(value));
        break;
    case OC_JSON_INTEGER:
        oc_buf_put_int64(buf, oc_json_int64(value, 0));
        break;
    case OC_JSON_REAL:
        oc_buf_printf(buf, "%.17g", oc_json_real(value, 0));
        break;
    case OC_JSON_TRUE:
        oc_buf_put_str(buf, "true");
        break;
    case OC_JSON_FALSE:
        oc_buf_put_str(buf, "false");
        break;
    default:
        oc_buf_put_str(buf, "null");
        break;
    }
}

/* Recursive; the parser has bounded the depth to OC_JSON_DEPTH_MAX. */
void oc_output_put_json_at(struct oc_buf *buf, const struct oc_json *value, int indent, int depth)
{
    bool is_array = oc_json_type(value) == OC_JSON_ARRAY;
    size_t size = oc_json_size(value);
    void *member = NULL;

    if (!is_array && oc_json_type(value) != OC_JSON_OBJECT) {
        put_scalar(buf, value);
        return;
    }
    oc_buf_put_char(buf, is_array ? '[' : '{');
    for (size_t i = 0; i < size; i++) {
        oc_buf_put_str(buf, i ? "," : "");
        put_break(buf, indent, depth + 1);
        if (is_array) {
            oc_output_put_json_at(buf, oc_json_at(value, i), indent, depth + 1);
            continue;
        }
        member = oc_json_iter(value, member);
        oc_json_put_string(buf, oc_json_iter_key(member));
        oc_buf_put_str(buf, indent ? ": " : ":");
        oc_output_put_json_at(buf, oc_json_iter_value(member), indent, depth + 1);
    }
    if (size > 0)
        put_break(buf, indent, depth);
    oc_buf_put_char(buf, is_array ? ']' : '}');
}

void oc_output_put_json(struct oc_buf *buf, const struct oc_json *value, int indent)
{
    oc_output_put_json_at(buf, value, indent, 0);
}

int oc_output_json(const struct oc_output *output, const struct oc_json *value, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    oc_output_put_json(&buf, value, output->form == OC_FORM_JSON ? 2 : 0);
    oc_buf_put_char(&buf, '\n');
    return oc_output_write(&buf, err);
}

/* -- for people -------------------------------------------------------------------------------- */

static void put_list(struct oc_buf *buf, const struct oc_json *list)
{
    for (size_t i = 0; i < oc_json_size(list); i++) {
        const struct oc_json *item = oc_json_at(list, i);

        oc_buf_put_str(buf, i ? ", " : "");
        if (oc_json_type(item) == OC_JSON_OBJECT) {
            oc_format_text(buf, oc_json_string(oc_json_get(item, "key")));
            oc_buf_put_char(buf, '=');
            oc_format_text(buf, oc_json_string(oc_json_get(item, "value")));
        } else {
            oc_format_text(buf, oc_json_string(item));
        }
    }
}

static struct oc_slice tail_of(struct oc_slice arn)
{
    const char *slash = arn.len ? memrchr(arn.ptr, '/', arn.len) : NULL;

    return slash ? oc_slice_sub(arn, (size_t)(slash - arn.ptr) + 1, arn.len) : arn;
}

static struct oc_slice shorten(struct oc_slice text, enum oc_show show)
{
    struct oc_slice region = oc_arn_region(text);

    if (show == OC_SHOW_TAIL)
        return tail_of(text);
    return show == OC_SHOW_REGION && region.ptr ? region : text;
}

void oc_output_put_field(struct oc_buf *buf, const struct oc_json *object,
                         const struct oc_field *field)
{
    const struct oc_json *value = oc_json_get(object, field->member);
    struct oc_slice text = oc_json_string(value);

    if (!value || (oc_json_type(value) == OC_JSON_ARRAY && oc_json_size(value) == 0))
        oc_buf_put_char(buf, '-');
    else if (field->show == OC_SHOW_LIST)
        put_list(buf, value);
    else if (!text.ptr)
        oc_output_put_json(buf, value, 0);
    else if (field->show == OC_SHOW_TIME)
        oc_format_time(buf, text);
    else
        oc_format_text(buf, shorten(text, field->show));
}

/* Quoted when it must be (RFC 4180). */
static void put_csv(struct oc_buf *buf, struct oc_slice text)
{
    bool quote = oc_slice_find(text, ',') >= 0 || oc_slice_find(text, '"') >= 0;

    oc_buf_put_str(buf, quote ? "\"" : "");
    for (size_t i = 0; i < text.len; i++) {
        oc_buf_put_str(buf, text.ptr[i] == '"' ? "\"" : "");
        oc_buf_put_char(buf, text.ptr[i]);
    }
    oc_buf_put_str(buf, quote ? "\"" : "");
}

void oc_output_put_row(struct oc_buf *buf, enum oc_form form, const struct oc_json *object,
                       const struct oc_field *fields, size_t count)
{
    OC_AUTO(oc_buf_clear) struct oc_buf cell = {0};

    oc_buf_init(&cell, OC_RESPONSE_MAX);
    for (size_t i = 0; i < count; i++) {
        struct oc_field whole = fields[i];

        whole.show = whole.show == OC_SHOW_LIST ? OC_SHOW_LIST : OC_SHOW_TEXT;
        oc_buf_reset(&cell);
        if (!object)
            oc_buf_put_str(&cell, whole.member);
        else if (oc_json_get(object, whole.member))
            oc_output_put_field(&cell, object, &whole);
        if (i > 0)
            oc_buf_put_char(buf, form == OC_FORM_CSV ? ',' : '\t');
        if (form == OC_FORM_CSV)
            put_csv(buf, oc_buf_slice(&cell));
        else
            oc_buf_put_slice(buf, oc_buf_slice(&cell)); /* tabs are `?` by now */
    }
    oc_buf_put_char(buf, '\n');
    buf->failed = buf->failed || cell.failed;
}

int oc_output_object(const struct oc_output *output, const struct oc_json *object,
                     const struct oc_field *fields, size_t count, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    size_t width = 0;

    if (output->form != OC_FORM_TABLE)
        return oc_output_json(output, object, err);
    oc_buf_init(&buf, OC_RESPONSE_MAX);
    for (size_t i = 0; i < count; i++)
        if (oc_json_get(object, fields[i].member) && strlen(fields[i].title) > width)
            width = strlen(fields[i].title);
    for (size_t i = 0; i < count; i++) {
        if (!oc_json_get(object, fields[i].member))
            continue;
        oc_buf_printf(&buf, "%s:%*s", fields[i].title, (int)(width - strlen(fields[i].title) + 2),
                      "");
        oc_output_put_field(&buf, object, &fields[i]);
        oc_buf_put_char(&buf, '\n');
    }
    return oc_output_write(&buf, err);
}
