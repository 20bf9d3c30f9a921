/* `outcrop kms create-key`, `list`, `alias`, `disable`, `enable`. */
#include "base/limits.h"
#include "cli/list.h"
#include "cli/session.h"

static const struct oc_operand key_operand[] = {
    {"KEY", "id or ARN of the key"},
    {0},
};

/* -- kms create-key ---------------------------------------------------------------------------- */

static const struct oc_option create_options[] = {
    {.name = "description", .arg = "TEXT", .help = "what the key is for"},
    {0},
};

static int create(struct oc_session *session, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"Key", "keyId", OC_SHOW_TEXT},
        {"ARN", "keyArn", OC_SHOW_TEXT},
    };
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct oc_jw w;
    int rc;

    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "description", oc_slice_of(oc_args_get(session->args, "description")));
    oc_jw_object_end(&w);
    rc = oc_session_post(session, OC_STR("/-/kms/keys"), &body, true, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_output_object(&session->output, answer, fields, sizeof(fields) / sizeof(fields[0]),
                            err);
}

static int run_create(const struct oc_args *args)
{
    return oc_session_run(args, create);
}

const struct oc_command oc_command_kms_create_key = {
    .name = "kms create-key",
    .summary = "make a key that can encrypt models",
    .details = "A key belongs to one Region and the caller's account.",
    .options = create_options,
    .is_client = true,
    .changes = true,
    .run = run_create,
};

/* -- kms list ---------------------------------------------------------------------------------- */

static int list(struct oc_session *session, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"KEY", "keyId", OC_SHOW_TEXT},
        {"STATUS", "status", OC_SHOW_STATUS},
        {"CREATED", "creationTime", OC_SHOW_TIME, .rank = 2},
        {"ALIASES", "aliases", OC_SHOW_LIST},
        {"DESCRIPTION", "description", OC_SHOW_NAME, .rank = 1},
    };
    struct oc_cli_list keys = {
        .path = OC_STR("/-/kms/keys"),
        .items = "keys",
        .none = "No keys.",
        .fields = fields,
        .field_count = sizeof(fields) / sizeof(fields[0]),
    };

    return oc_cli_list(session, &keys, err);
}

static int run_list(const struct oc_args *args)
{
    return oc_session_run(args, list);
}

const struct oc_command oc_command_kms_list = {
    .name = "kms list",
    .summary = "list the keys of this account and Region",
    .is_client = true,
    .is_list = true,
    .run = run_list,
};

/* -- kms alias --------------------------------------------------------------------------------- */

static const struct oc_operand alias_operands[] = {
    {"ALIAS", "the alias, beginning alias/"},
    {"KEY", "id or ARN of the key"},
    {0},
};

static int alias(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    const char *const *operands = session->args->operands;
    struct oc_jw w;
    int rc;

    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "aliasName", oc_slice_of(operands[0]));
    oc_jw_member(&w, "keyId", oc_slice_of(operands[1]));
    oc_jw_object_end(&w);
    rc = oc_session_post(session, OC_STR("/-/kms/aliases"), &body, false, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_session_done(session, answer, err, "%s points at %s.\n", operands[0], operands[1]);
}

static int run_alias(const struct oc_args *args)
{
    return oc_session_run(args, alias);
}

const struct oc_command oc_command_kms_alias = {
    .name = "kms alias",
    .summary = "point an alias at a key",
    .details = "An alias that exists is moved.",
    .operands = alias_operands,
    .is_client = true,
    .changes = true,
    .run = run_alias,
};

/* -- kms disable, kms enable ------------------------------------------------------------------- */

static int change(struct oc_session *session, const char *action, const char *done,
                  struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    const char *key = session->args->operands[0];
    int rc;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/kms/keys/", oc_slice_of(key));
    oc_buf_put_str(&path, action);
    if (path.failed)
        return oc_fail_nomem(err);
    rc = oc_session_post(session, oc_buf_slice(&path), NULL, false, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_session_done(session, answer, err, "%s %s.\n", done, key);
}

static int disable(struct oc_session *session, struct oc_err *err)
{
    return change(session, "/disable", "Disabled", err);
}

static int enable(struct oc_session *session, struct oc_err *err)
{
    return change(session, "/enable", "Enabled", err);
}

static int run_disable(const struct oc_args *args)
{
    return oc_session_run(args, disable);
}

static int run_enable(const struct oc_args *args)
{
    return oc_session_run(args, enable);
}

const struct oc_command oc_command_kms_disable = {
    .name = "kms disable",
    .summary = "stop the use of a key",
    .details = "Models that it encrypts cannot be read or copied until it is enabled again.",
    .operands = key_operand,
    .is_client = true,
    .changes = true,
    .run = run_disable,
};

const struct oc_command oc_command_kms_enable = {
    .name = "kms enable",
    .summary = "allow the use of a key again",
    .operands = key_operand,
    .is_client = true,
    .changes = true,
    .run = run_enable,
};
