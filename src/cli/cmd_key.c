/* `outcrop key add`, `outcrop key list`, `outcrop key disable`. */
#include "base/file.h"
#include "base/limits.h"
#include "cli/list.h"
#include "cli/session.h"

/* -- key add ----------------------------------------------------------------------------------- */

static const struct oc_option add_options[] = {
    {.name = "account", .arg = "ID", .help = "account it acts for (default: the caller's)"},
    {.name = "user", .arg = "NAME", .help = "user it acts as", .required = true},
    {.name = "policy", .arg = "FILE", .help = "identity policy: what it may do (default: all)"},
    {.name = "session-seconds", .arg = "N", .help = "make it a session that ends after N seconds"},
    {.name = "bearer", .help = "make it a bearer key"},
    {0},
};

/* The caller's own account. @param answer  what `ret` is borrowed from */
static int own_account(struct oc_session *session, struct oc_json **answer, struct oc_slice *ret,
                       struct oc_err *err)
{
    struct oc_request request = {.method = "GET", .path = OC_STR("/-/whoami")};
    int rc;

    rc = oc_client_call_json(session->client, &request, answer, err);
    if (rc == OC_OK)
        *ret = oc_json_string(oc_json_get(*answer, "accountId"));
    return rc;
}

static int put_body(struct oc_session *session, struct oc_buf *body, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *me = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf policy = {0};
    const struct oc_args *args = session->args;
    struct oc_slice account = oc_slice_of(oc_args_get(args, "account"));
    const char *policy_file = oc_args_get(args, "policy");
    int64_t seconds = 0;
    struct oc_jw w;
    int rc;

    rc = oc_args_int64(args, "session-seconds", (struct oc_range){900, 43200}, &seconds, err);
    if (rc == OC_OK && policy_file)
        rc = oc_file_read(policy_file, OC_POLICY_MAX, &policy, err);
    if (rc == OC_OK && !account.ptr)
        rc = own_account(session, &me, &account, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, body);
    oc_jw_object(&w);
    oc_jw_member(&w, "accountId", account);
    oc_jw_member(&w, "userName", oc_slice_of(oc_args_get(args, "user")));
    if (policy_file)
        oc_jw_member(&w, "policy", oc_buf_slice(&policy));
    if (seconds > 0)
        oc_jw_member_int(&w, "sessionDurationSeconds", seconds);
    if (oc_args_has(args, "bearer"))
        oc_jw_member_bool(&w, "bearer", true);
    oc_jw_object_end(&w);
    return OC_OK;
}

static void put_export(struct oc_buf *buf, const char *variable, const struct oc_json *answer,
                       const char *member)
{
    struct oc_slice value = oc_json_string(oc_json_get(answer, member));

    if (value.len > 0)
        oc_buf_printf(buf, "export %s=%.*s\n", variable, OC_FMT(value));
}

static int add(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    struct oc_slice expiration;
    int rc;

    oc_buf_init(&buf, OC_HTTP_BODY_MAX);
    rc = put_body(session, &buf, err);
    if (rc == OC_OK)
        rc = oc_session_post(session, OC_STR("/-/access-keys"), &buf, true, &answer, err);
    if (rc != OC_OK)
        return rc;
    if (session->output.form != OC_FORM_TABLE)
        return oc_output_json(&session->output, answer, err);
    oc_buf_reset(&buf);
    oc_buf_put_str(&buf, "# The secret is shown only here.\n");
    if (oc_json_get(answer, "bearerToken")) {
        put_export(&buf, "AWS_BEARER_TOKEN_BEDROCK", answer, "bearerToken");
    } else {
        put_export(&buf, "AWS_ACCESS_KEY_ID", answer, "accessKeyId");
        put_export(&buf, "AWS_SECRET_ACCESS_KEY", answer, "secretAccessKey");
        put_export(&buf, "AWS_SESSION_TOKEN", answer, "sessionToken");
    }
    expiration = oc_json_string(oc_json_get(answer, "expiration"));
    if (expiration.len > 0)
        oc_buf_printf(&buf, "# Valid until %.*s.\n", OC_FMT(expiration));
    rc = oc_output_write(&buf, err);
    if (buf.ptr)
        oc_wipe(buf.ptr, buf.cap);
    return rc;
}

static int run_add(const struct oc_args *args)
{
    return oc_session_run(args, add);
}

const struct oc_command oc_command_key_add = {
    .name = "key add",
    .summary = "make a credential",
    .details = "Prints lines for a shell: eval \"$(outcrop key add --user alice)\".",
    .options = add_options,
    .is_client = true,
    .changes = true,
    .run = run_add,
};

/* -- key list ---------------------------------------------------------------------------------- */

static const struct oc_option list_options[] = {
    {.name = "account", .arg = "ID", .help = "whose credentials (default: the caller's)"},
    {0},
};

static int list(struct oc_session *session, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"KEY", "accessKeyId", OC_SHOW_TEXT},
        {"STATUS", "status", OC_SHOW_STATUS},
        {"KIND", "kind", OC_SHOW_TEXT, .rank = 2},
        {"ACCOUNT", "accountId", OC_SHOW_TEXT, .rank = 3},
        {"USER", "userName", OC_SHOW_NAME},
        {"CREATED", "creationTime", OC_SHOW_TIME, .rank = 4},
        {"EXPIRES", "expiration", OC_SHOW_TIME, .rank = 1},
    };
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct oc_cli_list keys = {
        .path = OC_STR("/-/access-keys"),
        .items = "accessKeys",
        .none = "No keys.",
        .fields = fields,
        .field_count = sizeof(fields) / sizeof(fields[0]),
    };

    oc_buf_init(&query, OC_HTTP_TARGET_MAX);
    oc_query_put(&query, "accountId", oc_slice_of(oc_args_get(session->args, "account")));
    if (query.failed)
        return oc_fail_nomem(err);
    keys.query = oc_buf_slice(&query);
    return oc_cli_list(session, &keys, err);
}

static int run_list(const struct oc_args *args)
{
    return oc_session_run(args, list);
}

const struct oc_command oc_command_key_list = {
    .name = "key list",
    .summary = "list the credentials of an account",
    .options = list_options,
    .is_client = true,
    .is_list = true,
    .run = run_list,
};

/* -- key disable ------------------------------------------------------------------------------- */

static const struct oc_operand disable_operands[] = {
    {"KEY", "access key id, as `outcrop key list` shows it"},
    {0},
};

static int disable(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    const char *key = session->args->operands[0];
    int rc;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/access-keys/", oc_slice_of(key));
    oc_buf_put_str(&path, "/disable");
    if (path.failed)
        return oc_fail_nomem(err);
    rc = oc_session_confirm(session, err, "Disable key %s for good?", key);
    if (rc == OC_OK)
        rc = oc_session_post(session, oc_buf_slice(&path), NULL, false, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_session_done(session, answer, err, "Disabled %s.\n", key);
}

static int run_disable(const struct oc_args *args)
{
    return oc_session_run(args, disable);
}

const struct oc_command oc_command_key_disable = {
    .name = "key disable",
    .summary = "stop accepting a credential",
    .operands = disable_operands,
    .is_client = true,
    .changes = true,
    .asks = true,
    .run = run_disable,
};
