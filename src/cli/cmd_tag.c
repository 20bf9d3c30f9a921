/* `outcrop tag`: a model's tags are listed, set and removed. */
#include <string.h>

#include "base/limits.h"
#include "cli/rows.h"
#include "cli/session.h"

static const struct oc_operand operands[] = {
    {"MODEL", "name or ARN of the model"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "set", .arg = "KEY=VALUE", .help = "add or replace a tag", .repeat = true},
    {.name = "remove", .arg = "KEY", .help = "remove a tag", .repeat = true},
    {0},
};

static const struct oc_field fields[] = {
    {"KEY", "key", OC_SHOW_TEXT},
    {"VALUE", "value", OC_SHOW_TEXT},
};

static int post(struct oc_session *session, struct oc_slice region, struct oc_slice path,
                const struct oc_buf *body, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;

    return oc_session_post_to(session, region, path, body, &answer, err);
}

static int set_tags(struct oc_session *session, struct oc_slice region, struct oc_slice arn,
                    const struct oc_tag_list *tags, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct oc_jw w;

    if (!tags->set)
        return OC_OK;
    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "resourceARN", arn);
    oc_jw_key(&w, "tags");
    oc_tags_put_json(&w, tags);
    oc_jw_object_end(&w);
    return post(session, region, OC_STR("/tagResource"), &body, err);
}

static int remove_tags(struct oc_session *session, struct oc_slice region, struct oc_slice arn,
                       struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    const char *key;
    struct oc_jw w;

    if (!oc_args_has(session->args, "remove"))
        return OC_OK;
    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "resourceARN", arn);
    oc_jw_key(&w, "tagKeys");
    oc_jw_array(&w);
    for (size_t i = 0; (key = oc_args_nth(session->args, "remove", i)); i++)
        oc_jw_string(&w, oc_slice_of(key));
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
    return post(session, region, OC_STR("/untagResource"), &body, err);
}

/* One `key=value` a line. */
static int print_lines(const struct oc_json *tags, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};

    oc_buf_init(&out, OC_RESPONSE_MAX);
    for (size_t i = 0; i < oc_json_size(tags); i++) {
        oc_output_put_field(&out, oc_json_at(tags, i), &fields[0]);
        oc_buf_put_char(&out, '=');
        oc_output_put_field(&out, oc_json_at(tags, i), &fields[1]);
        oc_buf_put_char(&out, '\n');
    }
    return oc_output_write(&out, err);
}

static int print_tags(struct oc_session *session, struct oc_slice region, struct oc_slice arn,
                      struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct oc_rows rows;
    const struct oc_json *tags;
    struct oc_jw w;
    int rc;

    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "resourceARN", arn);
    oc_jw_object_end(&w);
    if (body.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {.method = "POST",
                                 .path = OC_STR("/listTagsForResource"),
                                 .region = region,
                                 .body = oc_buf_slice(&body)};
    rc = oc_client_call_json(session->client, &request, &answer, err);
    if (rc < 0)
        return rc;
    if (session->output.form == OC_FORM_JSON || session->output.form == OC_FORM_JSONL)
        return oc_output_json(&session->output, answer, err);
    tags = oc_json_get(answer, "tags");
    if (session->output.form == OC_FORM_TABLE)
        return print_lines(tags, err);
    oc_rows_init(&rows, &session->output, fields, sizeof(fields) / sizeof(fields[0]), "");
    for (size_t i = 0; i < oc_json_size(tags) && rc == OC_OK; i++)
        rc = oc_rows_add(&rows, oc_json_at(tags, i), err);
    if (rc == OC_OK)
        rc = oc_rows_end(&rows, err);
    oc_rows_clear(&rows);
    return rc;
}

static int tag(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    struct oc_slice name = oc_slice_of(session->args->operands[0]);
    struct oc_slice region = oc_session_region_of(session, name);
    struct oc_session_tags tags;
    struct oc_slice arn;
    int rc;

    rc = oc_session_tags(session->args, "set", &tags, err);
    if (rc == OC_OK)
        rc = oc_session_get_model(session, name, &model, err);
    if (rc < 0)
        return rc;
    arn = oc_json_string(oc_json_get(model, "modelArn"));
    rc = set_tags(session, region, arn, &tags.list, err);
    if (rc >= 0)
        rc = remove_tags(session, region, arn, err);
    if (rc < 0 || oc_args_has(session->args, "dry-run"))
        return rc;
    return print_tags(session, region, arn, err);
}

static int run_tag(const struct oc_args *args)
{
    return oc_session_run(args, tag);
}

const struct oc_command oc_command_tag = {
    .name = "tag",
    .summary = "show or change a model's tags",
    .details = "Prints the tags as they are afterwards, one key=value a line.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .is_list = true,
    .changes = true,
    .run = run_tag,
};
