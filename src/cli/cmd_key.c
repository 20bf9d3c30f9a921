/* `outcrop key add`, `outcrop key list`, `outcrop key disable`. */
#include "base/file.h"
#include "base/limits.h"
#include "cli/list.h"
#include "cli/session.h"

/* -- key add ----------------------------------------------------------------------------------- */

static const struct oc_option add_options[] = {
    {.name = "account", .arg = "ID", .help = "account it acts for (default: the caller's)"},
    {.name = "user", .arg = "NAME", .help = "user it acts as"},
    {.name = "peer",
     .arg = "REGION",
     .help = "make it the key with which that Region's server copies from this one"},
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

/* What a peer key may do: speak for callers of one Region, of whatever account. */
static const char peer_policy[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
    "\"outcrop:ReadAsPeer\",\"Resource\":\"arn:aws:outcrop:%s:*:caller\"}]}";

/* The options that say what kind of key it is, and the name of its user. */
static int check_kind(const struct oc_args *args, struct oc_buf *ret_user, struct oc_err *err)
{
    const char *peer = oc_args_get(args, "peer"), *user = oc_args_get(args, "user");

    if (peer && (user || oc_args_has(args, "policy") || oc_args_has(args, "bearer") ||
                 oc_args_has(args, "session-seconds")))
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "--peer makes a key of its own kind: without --user, --policy, "
                          "--session-seconds and --bearer");
    if (!peer && !user)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "want --user NAME, or --peer REGION for another server's key");
    if (peer && oc_endpoint_check_region(oc_slice_of(peer), err) < 0)
        return err->rc;
    oc_buf_printf(ret_user, "%s%s", peer ? "peer." : "", peer ? peer : user);
    return ret_user->failed ? oc_fail_nomem(err) : OC_OK;
}

static int read_policy(const struct oc_args *args, struct oc_buf *ret, struct oc_err *err)
{
    const char *file = oc_args_get(args, "policy"), *peer = oc_args_get(args, "peer");

    if (file)
        return oc_file_read(file, OC_POLICY_MAX, ret, err);
    if (peer)
        oc_buf_printf(ret, peer_policy, peer);
    return ret->failed ? oc_fail_nomem(err) : OC_OK;
}

static int put_body(struct oc_session *session, struct oc_buf *body, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *me = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf policy = {0}, user = {0};
    const struct oc_args *args = session->args;
    struct oc_slice account = oc_slice_of(oc_args_get(args, "account"));
    int64_t seconds = 0;
    struct oc_jw w;
    int rc;

    oc_buf_init(&policy, OC_POLICY_MAX);
    oc_buf_init(&user, OC_HTTP_TARGET_MAX);
    rc = oc_args_int64(args, "session-seconds", (struct oc_range){900, 43200}, &seconds, err);
    if (rc == OC_OK)
        rc = check_kind(args, &user, err);
    if (rc == OC_OK)
        rc = read_policy(args, &policy, err);
    if (rc == OC_OK && !account.ptr)
        rc = own_account(session, &me, &account, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, body);
    oc_jw_object(&w);
    oc_jw_member(&w, "accountId", account);
    oc_jw_member(&w, "userName", oc_buf_slice(&user));
    if (policy.len > 0)
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

/* A key as lines for a shell, or as the profile that the other server reads it from. */
static void put_key(struct oc_session *session, const struct oc_json *answer, struct oc_buf *buf)
{
    if (oc_args_has(session->args, "peer")) {
        oc_buf_printf(buf, "[%.*s]\naws_access_key_id = %.*s\naws_secret_access_key = %.*s\n",
                      OC_FMT(oc_client_region(session->client)),
                      OC_FMT(oc_json_string(oc_json_get(answer, "accessKeyId"))),
                      OC_FMT(oc_json_string(oc_json_get(answer, "secretAccessKey"))));
    } else if (oc_json_get(answer, "bearerToken")) {
        put_export(buf, "AWS_BEARER_TOKEN_BEDROCK", answer, "bearerToken");
    } else {
        put_export(buf, "AWS_ACCESS_KEY_ID", answer, "accessKeyId");
        put_export(buf, "AWS_SECRET_ACCESS_KEY", answer, "secretAccessKey");
        put_export(buf, "AWS_SESSION_TOKEN", answer, "sessionToken");
    }
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
    put_key(session, answer, &buf);
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
    .details = "Prints lines for a shell: eval \"$(outcrop key add --user alice)\". With --peer it "
               "prints the profile for the file that the other server reads with "
               "--peer-credentials; the file of a Region is made by that Region's administrator.",
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
