/* `outcrop models`, `outcrop model`, `outcrop rm`. */
#include "base/limits.h"
#include "cli/list.h"
#include "cli/session.h"

static const struct oc_operand model_operand[] = {
    {"MODEL", "name or ARN of the model"},
    {0},
};

/* -- models ------------------------------------------------------------------------------------ */

static const char *const model_status[] = {"Active", "Creating", "Failed", NULL};

static const struct oc_option models_options[] = {
    {.name = "status",
     .arg = "STATUS",
     .help = "only Active, Creating or Failed ones",
     .values = model_status},
    {.name = "name-contains", .arg = "TEXT", .help = "only those whose name contains TEXT"},
    {.name = "since", .arg = "TIME", .help = "only those made after: 30m, 2h, 7d, or ISO-8601"},
    {.name = "until", .arg = "TIME", .help = "only those made before"},
    {.name = "shared", .help = "only those of other accounts, shared with this one"},
    {.name = "sort",
     .arg = "ORDER",
     .help = "by time of creation: asc or desc (default: desc)",
     .values = oc_values_order},
    OC_LIST_OPTIONS,
    {0},
};

static const struct oc_field models_fields[] = {
    {"NAME", "modelName", OC_SHOW_NAME},
    {"STATUS", "modelStatus", OC_SHOW_STATUS},
    {"CREATED", "creationTime", OC_SHOW_TIME, .rank = 1},
    {"OWNER", "ownerAccountId", OC_SHOW_TEXT, .rank = 2},
    {"MODEL", "modelArn", OC_SHOW_TEXT, .rank = 3},
};

static int models(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    const struct oc_args *args = session->args;
    struct oc_cli_list list = {
        .path = OC_STR("/custom-models"),
        .items = "modelSummaries",
        .none = "No models.",
        .fields = models_fields,
        .field_count = sizeof(models_fields) / sizeof(models_fields[0]),
    };
    int rc;

    oc_buf_init(&query, OC_HTTP_TARGET_MAX);
    rc = oc_cli_list_times(args, &query, err);
    if (rc == OC_OK)
        rc = oc_cli_list_limit(args, &query, &list.limit, err);
    if (rc < 0)
        return rc;
    oc_query_put(&query, "modelStatus", oc_slice_of(oc_args_get(args, "status")));
    oc_query_put(&query, "nameContains", oc_slice_of(oc_args_get(args, "name-contains")));
    if (oc_args_has(args, "shared"))
        oc_query_put(&query, "isOwned", OC_STR("false"));
    if (query.failed)
        return oc_fail_nomem(err);
    list.query = oc_buf_slice(&query);
    return oc_cli_list(session, &list, err);
}

static int run_models(const struct oc_args *args)
{
    return oc_session_run(args, models);
}

const struct oc_command oc_command_models = {
    .name = "models",
    .summary = "list models",
    .options = models_options,
    .is_client = true,
    .is_list = true,
    .run = run_models,
};

/* -- model ------------------------------------------------------------------------------------- */

static const struct oc_field model_fields[] = {
    {"Name", "modelName", OC_SHOW_TEXT},          {"ARN", "modelArn", OC_SHOW_TEXT},
    {"Status", "modelStatus", OC_SHOW_TEXT},      {"Failure", "failureMessage", OC_SHOW_TEXT},
    {"Created", "creationTime", OC_SHOW_TIME},    {"Type", "customizationType", OC_SHOW_TEXT},
    {"Base model", "baseModelArn", OC_SHOW_TEXT}, {"Made by", "jobArn", OC_SHOW_TEXT},
    {"KMS key", "modelKmsKeyArn", OC_SHOW_TEXT},
};

static int model(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    int rc;

    rc = oc_session_get_model(session, oc_slice_of(session->args->operands[0]), &answer, err);
    if (rc < 0)
        return rc;
    return oc_output_object(&session->output, answer, model_fields,
                            sizeof(model_fields) / sizeof(model_fields[0]), err);
}

static int run_model(const struct oc_args *args)
{
    return oc_session_run(args, model);
}

const struct oc_command oc_command_model = {
    .name = "model",
    .summary = "show one model",
    .operands = model_operand,
    .is_client = true,
    .run = run_model,
};

/* -- rm ---------------------------------------------------------------------------------------- */

static int remove_model(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL, *found = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct oc_slice name = oc_slice_of(session->args->operands[0]);
    struct oc_slice arn;
    int rc;

    rc = oc_session_get_model(session, name, &found, err);
    if (rc < 0)
        return rc;
    arn = oc_json_string(oc_json_get(found, "modelArn"));
    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/custom-models/", arn);
    if (path.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {.method = "DELETE",
                                 .path = oc_buf_slice(&path),
                                 .region = oc_session_region_of(session, name)};
    rc = oc_session_confirm(session, err, "Delete model %.*s (%.*s)?",
                            OC_FMT(oc_json_string(oc_json_get(found, "modelName"))), OC_FMT(arn));
    if (rc == OC_OK)
        rc = oc_session_change(session, &request, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_session_done(session, answer, err, "Deleted %.*s.\n", OC_FMT(name));
}

static int run_rm(const struct oc_args *args)
{
    return oc_session_run(args, remove_model);
}

const struct oc_command oc_command_rm = {
    .name = "rm",
    .summary = "delete a model",
    .details = "Copies of the model in other Regions and accounts are not affected.",
    .operands = model_operand,
    .is_client = true,
    .changes = true,
    .asks = true,
    .run = run_rm,
};
