/*
 * The input of an operation: options become one JSON document in the form of --cli-input-json, the
 * document becomes a request.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/operation.h"
#include "cli/shorthand.h"
#include "model/timestamp.h"

#define US_PER_S INT64_C(1000000)

/* -- times ------------------------------------------------------------------------------------- */

/* Seconds since 1970, with up to six decimals. */
static bool parse_epoch(struct oc_slice text, int64_t *ret_us)
{
    struct oc_slice rest = text;
    struct oc_slice whole = oc_slice_cut(&rest, '.');
    int64_t seconds, fraction = 0;

    if (!oc_slice_to_int64(whole, &seconds) || seconds < 0)
        return false;
    if (rest.ptr && (rest.len > 6 || !oc_slice_to_int64(rest, &fraction) || fraction < 0))
        return false;
    for (size_t i = rest.len; rest.ptr && i < 6; i++)
        fraction *= 10;
    return !__builtin_mul_overflow(seconds, US_PER_S, &seconds) &&
           !__builtin_add_overflow(seconds, fraction, ret_us);
}

static bool parse_iso(struct oc_slice text, int64_t *ret_us)
{
    char full[64];
    bool has_time = oc_slice_find(text, 'T') >= 0;

    if (text.len > 40)
        return false;
    if (oc_timestamp_parse(text, ret_us))
        return true;
    (void)snprintf(full, sizeof(full), "%.*s%s", OC_FMT(text), has_time ? "Z" : "T00:00:00Z");
    return oc_timestamp_parse(oc_slice_of(full), ret_us);
}

bool oc_operation_put_time(struct oc_buf *buf, struct oc_slice text)
{
    char iso[OC_TIMESTAMP_LEN];
    int64_t us;

    if ((!parse_epoch(text, &us) && !parse_iso(text, &us)) || us < 0 ||
        us / 1000 > OC_TIMESTAMP_MAX_MS)
        return false;
    oc_timestamp_format(us / 1000, iso);
    oc_buf_put(buf, iso, strlen("YYYY-MM-DDThh:mm:ss"));
    if (us % US_PER_S)
        oc_buf_printf(buf, ".%06d", (int)(us % US_PER_S));
    oc_buf_put_char(buf, 'Z');
    return true;
}

/* -- options to JSON --------------------------------------------------------------------------- */

/* The text of an option; `file://PATH` stands for what the file holds. `buf` keeps it. */
static int read_text(const char *text, struct oc_buf *buf, struct oc_slice *ret, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc;

    *ret = oc_slice_of(text);
    if (!oc_slice_has_prefix(*ret, OC_STR("file://")))
        return OC_OK;
    oc_buf_clear(buf);
    rc = oc_file_read(text + strlen("file://"), OC_HTTP_BODY_MAX, buf, &cause);
    if (rc < 0)
        return oc_fail_as(err, rc, OC_USAGE_ERROR, "%s", cause.text);
    *ret = oc_buf_slice(buf);
    return OC_OK;
}

static int put_list(struct oc_jw *w, const struct oc_member *m, const struct oc_args *args,
                    const char *option, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf file = {0};
    struct oc_slice text;
    const char *word = oc_args_nth(args, option, 0);
    int rc;

    rc = read_text(word, &file, &text, err);
    if (rc < 0)
        return rc;
    if (oc_slice_has_prefix(oc_slice_trim(text), OC_STR("[")) && !oc_args_nth(args, option, 1))
        return oc_shorthand_put(w, m->shape, text, err);
    oc_jw_array(w);
    for (size_t i = 0; (word = oc_args_nth(args, option, i)); i++) {
        rc = read_text(word, &file, &text, err);
        if (rc == OC_OK)
            rc = oc_shorthand_put(w, m->shape->item, text, err);
        if (rc < 0)
            return rc;
    }
    oc_jw_array_end(w);
    return OC_OK;
}

/* The value that the command line gives to a member. */
static int put_option(struct oc_jw *w, const struct oc_member *m, const struct oc_args *args,
                      const char *option, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf file = {0};
    struct oc_err cause = {0};
    struct oc_slice text;
    int rc;

    if (m->shape->type == OC_SHAPE_LIST) {
        rc = put_list(w, m, args, option, &cause);
    } else {
        rc = read_text(oc_args_get(args, option), &file, &text, &cause);
        if (rc == OC_OK)
            rc = oc_shorthand_put(w, m->shape, text, &cause);
    }
    if (rc < 0)
        return oc_fail_as(err, rc, OC_USAGE_ERROR, "option '--%s': %s", option, cause.text);
    return OC_OK;
}

/* Write the member if the command line, the document or the table gives it a value. */
static int put_member(struct oc_jw *w, const struct oc_member *m, const struct oc_args *args,
                      const struct oc_json *document, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    const struct oc_json *given = oc_json_get(document, m->name);
    char token[36], option[96];
    int rc;

    oc_buf_init(&buf, OC_HTTP_BODY_MAX);
    oc_operation_put_name(&buf, m->name);
    (void)snprintf(option, sizeof(option), "no-%.*s", OC_FMT(oc_buf_slice(&buf)));
    if (m->shape->type == OC_SHAPE_BOOLEAN &&
        (oc_args_has(args, option) || oc_args_has(args, option + 3))) {
        oc_jw_member_bool(w, m->name, oc_args_has(args, option + 3));
        return OC_OK;
    }
    if (oc_args_has(args, option + 3)) {
        oc_jw_key(w, m->name);
        return put_option(w, m, args, option + 3, err);
    }
    if (given) {
        oc_buf_reset(&buf);
        oc_output_put_json(&buf, given, 0);
        oc_jw_key(w, m->name);
        oc_jw_raw(w, oc_buf_slice(&buf));
    } else if (m->idempotency_token) {
        rc = oc_random_uuid(token, err);
        if (rc < 0)
            return rc;
        oc_jw_member(w, m->name, (struct oc_slice){token, sizeof(token)});
    }
    return OC_OK;
}

static bool is_member(const struct oc_op *op, struct oc_slice name)
{
    for (size_t i = 0; i < op->member_count; i++)
        if (oc_slice_eq_str(name, op->members[i].name))
            return true;
    return false;
}

/* --cli-input-json. @param[out] ret  NULL when it is not given */
static int read_document(const struct oc_args *args, struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf file = {0};
    const char *option = oc_args_get(args, "cli-input-json");
    struct oc_err cause = {0};
    struct oc_slice text;
    int rc;

    if (!option)
        return OC_OK;
    rc = read_text(option, &file, &text, &cause);
    if (rc == OC_OK)
        rc = oc_json_parse(text, ret, &cause);
    if (rc < 0 || oc_json_type(*ret) != OC_JSON_OBJECT)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "option '--cli-input-json': %s",
                          rc < 0 ? cause.text : "want a JSON object");
    for (void *i = oc_json_iter(*ret, NULL); i; i = oc_json_iter(*ret, i))
        if (!is_member(args->command->op, oc_json_iter_key(i)))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                              "option '--cli-input-json': %s has no input '%.*s'",
                              args->command->op->name, OC_FMT(oc_json_iter_key(i)));
    return OC_OK;
}

static int read_input(const struct oc_args *args, struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *document = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    const struct oc_op *op = args->command->op;
    struct oc_jw w;
    int rc;

    rc = read_document(args, &document, err);
    oc_buf_init(&buf, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &buf);
    oc_jw_object(&w);
    for (size_t i = 0; rc == OC_OK && i < op->member_count; i++)
        rc = put_member(&w, &op->members[i], args, document, err);
    if (rc < 0)
        return rc;
    oc_jw_object_end(&w);
    return buf.failed ? oc_fail_nomem(err) : oc_json_parse(oc_buf_slice(&buf), ret, err);
}

/* -- JSON to a request ------------------------------------------------------------------------- */

/* A member of path or query as text. */
static int put_plain(struct oc_buf *buf, const struct oc_member *m, const struct oc_json *value,
                     struct oc_err *err)
{
    struct oc_slice text = oc_json_string(value);

    oc_buf_reset(buf);
    if (text.ptr)
        oc_buf_put_slice(buf, text);
    else
        oc_output_put_json(buf, value, 0);
    if (m->shape->type != OC_SHAPE_TIMESTAMP)
        return OC_OK;
    text = oc_buf_slice(buf);

    OC_AUTO(oc_buf_clear) struct oc_buf given = *buf;

    oc_buf_init(buf, given.max);
    if (!oc_operation_put_time(buf, text))
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "%s: want a time such as 2024-08-01, 2024-08-01T12:00:00Z or 1722513600, "
                          "not '%.*s'",
                          m->name, OC_FMT(text));
    return OC_OK;
}

static int put_path(const struct oc_op *op, const struct oc_json *input, struct oc_buf *path,
                    struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    uint8_t label = 0;

    oc_buf_init(&text, OC_HTTP_TARGET_MAX);
    for (size_t i = 0; i < op->segment_count; i++) {
        if (op->segments[i].text.ptr) {
            oc_buf_put_char(path, '/');
            oc_buf_put_slice(path, op->segments[i].text);
            continue;
        }
        for (size_t k = 0; k < op->member_count; k++) {
            const struct oc_member *m = &op->members[k];
            const struct oc_json *value = oc_json_get(input, m->name);
            int rc;

            if (m->place != OC_PLACE_PATH || m->label != label)
                continue;
            if (!value)
                return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "input '%s' is missing", m->name);
            rc = put_plain(&text, m, value, err);
            if (rc < 0)
                return rc;
            oc_path_put_label(path, "/", oc_buf_slice(&text));
        }
        label++;
    }
    return OC_OK;
}

static int put_rest(const struct oc_op *op, const struct oc_json *input,
                    struct oc_operation_request *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_jw w;

    oc_buf_init(&text, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &ret->body);
    oc_jw_object(&w);
    for (size_t i = 0; i < op->member_count; i++) {
        const struct oc_member *m = &op->members[i];
        const struct oc_json *value = oc_json_get(input, m->name);
        int rc;

        ret->has_body = ret->has_body || m->place == OC_PLACE_BODY;
        if (!value || oc_json_type(value) == OC_JSON_NULL || m->place == OC_PLACE_PATH)
            continue;
        if (m->place == OC_PLACE_QUERY) {
            rc = put_plain(&text, m, value, err);
            if (rc < 0)
                return rc;
            oc_query_put(&ret->query, m->wire, oc_buf_slice(&text));
            continue;
        }
        oc_buf_reset(&text);
        oc_output_put_json(&text, value, 0);
        oc_jw_key(&w, m->wire);
        oc_jw_raw(&w, oc_buf_slice(&text));
    }
    oc_jw_object_end(&w);
    return OC_OK;
}

int oc_operation_request(const struct oc_args *args, struct oc_operation_request *ret,
                         struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *input = NULL;
    const struct oc_op *op = args->command->op;
    int rc;

    oc_buf_init(&ret->path, OC_HTTP_TARGET_MAX);
    oc_buf_init(&ret->query, OC_HTTP_TARGET_MAX);
    oc_buf_init(&ret->body, OC_HTTP_BODY_MAX);
    rc = read_input(args, &input, err);
    if (rc == OC_OK)
        rc = put_path(op, input, &ret->path, err);
    if (rc == OC_OK)
        rc = put_rest(op, input, ret, err);
    if (rc < 0)
        return rc;
    return ret->path.failed || ret->query.failed || ret->body.failed
               ? oc_fail_as(err, OC_ELIMIT, OC_USAGE_ERROR, "the input is too long")
               : OC_OK;
}

void oc_operation_request_clear(struct oc_operation_request *request)
{
    oc_buf_clear(&request->path);
    oc_buf_clear(&request->query);
    oc_buf_clear(&request->body);
}
