/* `outcrop account add`, `outcrop account list`. */
#include "base/limits.h"
#include "cli/list.h"
#include "cli/session.h"

/* -- account add ------------------------------------------------------------------------------- */

static const struct oc_operand add_operands[] = {
    {"ID", "twelve digits"},
    {0},
};

static const struct oc_option add_options[] = {
    {.name = "name", .arg = "NAME", .help = "what people call it"},
    {0},
};

static int add(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    const char *id = session->args->operands[0];
    struct oc_jw w;
    int rc;

    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "accountId", oc_slice_of(id));
    oc_jw_member(&w, "name", oc_slice_of(oc_args_get(session->args, "name")));
    oc_jw_object_end(&w);
    rc = oc_session_post(session, OC_STR("/-/accounts"), &body, true, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_session_done(session, answer, err,
                           "Made account %s; `outcrop key add --account %s --user NAME` makes a "
                           "key for it.\n",
                           id, id);
}

static int run_add(const struct oc_args *args)
{
    return oc_session_run(args, add);
}

const struct oc_command oc_command_account_add = {
    .name = "account add",
    .summary = "create an account",
    .operands = add_operands,
    .options = add_options,
    .is_client = true,
    .changes = true,
    .run = run_add,
};

/* -- account list ------------------------------------------------------------------------------ */

static int list(struct oc_session *session, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"ACCOUNT", "accountId", OC_SHOW_TEXT},
        {"NAME", "name", OC_SHOW_NAME},
        {"CREATED", "creationTime", OC_SHOW_TIME, .rank = 1},
    };
    struct oc_cli_list accounts = {
        .path = OC_STR("/-/accounts"),
        .query = OC_STR("maxResults=1000"),
        .items = "accounts",
        .none = "No accounts.",
        .fields = fields,
        .field_count = sizeof(fields) / sizeof(fields[0]),
    };

    return oc_cli_list(session, &accounts, err);
}

static int run_list(const struct oc_args *args)
{
    return oc_session_run(args, list);
}

const struct oc_command oc_command_account_list = {
    .name = "account list",
    .summary = "list the accounts of the server",
    .is_client = true,
    .is_list = true,
    .run = run_list,
};
