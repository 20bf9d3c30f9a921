/*
 * `outcrop share`, `outcrop unshare`: other accounts may copy a model, or no longer.
 *
 * A shared account has a statement of its own in the model's resource policy, known by its Sid.
 * Statements that other tools wrote stay as they are.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/session.h"
#include "model/arn.h"

#define SID_PREFIX "OutcropShare"

static const struct oc_operand operands[] = {
    {"MODEL", "name or ARN of the model"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "with", .arg = "ACCOUNT", .help = "account of 12 digits", .required = true},
    {0},
};

static int check_account(struct oc_slice account, struct oc_err *err)
{
    return oc_account_is_valid(account)
               ? OC_OK
               : oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                            "option '--with': want an account of 12 digits, not '%.*s'",
                            OC_FMT(account));
}

/* What both commands work on. */
struct share {
    struct oc_session *session;
    struct oc_slice region, arn, account;
    struct oc_json *model, *policy; /* `policy` NULL: none */
};

static void share_clear(struct share *s)
{
    oc_json_free(s->model);
    oc_json_free(s->policy);
}

static int put_policy_path(const struct share *s, struct oc_buf *path, struct oc_err *err)
{
    oc_buf_init(path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(path, "/resource-policy/", s->arn);
    return path->failed ? oc_fail_nomem(err) : OC_OK;
}

static int get_policy(const struct share *s, struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct oc_request request = {.method = "GET", .region = s->region};
    int rc = put_policy_path(s, &path, err);

    request.path = oc_buf_slice(&path);
    return rc < 0 ? rc : oc_client_call_json(s->session->client, &request, ret, err);
}

static int delete_policy(const struct share *s, struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct oc_request request = {.method = "DELETE", .region = s->region};
    int rc = put_policy_path(s, &path, err);

    request.path = oc_buf_slice(&path);
    return rc < 0 ? rc : oc_session_change(s->session, &request, ret, err);
}

static int read_policy(struct share *s, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    struct oc_err cause = {0};
    int rc;

    rc = get_policy(s, &answer, &cause);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc == OC_OK)
        rc = oc_json_parse(oc_json_string(oc_json_get(answer, "resourcePolicy")), &s->policy,
                           &cause);
    if (rc < 0)
        *err = cause;
    return rc;
}

static int share_open(struct share *s, struct oc_err *err)
{
    struct oc_slice name = oc_slice_of(s->session->args->operands[0]);
    struct oc_arn arn;
    int rc;

    s->account = oc_slice_of(oc_args_get(s->session->args, "with"));
    s->region = oc_session_region_of(s->session, name);
    rc = check_account(s->account, err);
    if (rc == OC_OK)
        rc = oc_session_get_model(s->session, name, &s->model, err);
    if (rc < 0)
        return rc;
    s->arn = oc_json_string(oc_json_get(s->model, "modelArn"));
    if (oc_arn_parse(s->arn, &arn) && oc_slice_eq(arn.account, s->account))
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "account %.*s owns the model: give the account that is to copy it",
                          OC_FMT(s->account));
    return read_policy(s, err);
}

static bool is_ours(const struct share *s, const struct oc_json *statement)
{
    struct oc_slice sid = oc_json_string(oc_json_get(statement, "Sid"));

    return oc_slice_has_prefix(sid, OC_STR(SID_PREFIX)) &&
           oc_slice_eq(oc_slice_sub(sid, strlen(SID_PREFIX), sid.len), s->account);
}

/* The statements of other accounts and tools. A policy may hold a single one without a list.
 * @return how many statements there are besides the account's own; *ret_found: it has one */
static size_t put_others(const struct share *s, struct oc_jw *w, bool *ret_found)
{
    const struct oc_json *list = oc_json_get(s->policy, "Statement");
    bool is_list = list && oc_json_type(list) == OC_JSON_ARRAY;
    size_t size = is_list ? oc_json_size(list) : list != NULL;
    size_t count = 0;

    *ret_found = false;
    for (size_t i = 0; i < size; i++) {
        const struct oc_json *statement = is_list ? oc_json_at(list, i) : list;
        OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

        if (is_ours(s, statement)) {
            *ret_found = true;
            continue;
        }
        oc_buf_init(&text, OC_HTTP_BODY_MAX);
        oc_output_put_json(&text, statement, 0);
        w->buf->failed = w->buf->failed || text.failed;
        oc_jw_raw(w, oc_buf_slice(&text));
        count++;
    }
    return count;
}

static void put_own(const struct share *s, struct oc_jw *w)
{
    char text[64];

    oc_jw_object(w);
    (void)snprintf(text, sizeof(text), SID_PREFIX "%.*s", OC_FMT(s->account));
    oc_jw_member(w, "Sid", oc_slice_of(text));
    oc_jw_member(w, "Effect", OC_STR("Allow"));
    oc_jw_key(w, "Principal");
    oc_jw_object(w);
    (void)snprintf(text, sizeof(text), "arn:aws:iam::%.*s:root", OC_FMT(s->account));
    oc_jw_member(w, "AWS", oc_slice_of(text));
    oc_jw_object_end(w);
    oc_jw_member(w, "Action", OC_STR("bedrock:CreateModelCopyJob"));
    oc_jw_member(w, "Resource", s->arn);
    oc_jw_object_end(w);
}

/* Write the policy with or without the account's statement.
 * @param[out] ret_found  the account had a statement
 * @param[out] ret_count  statements of the policy now */
static void put_policy(const struct share *s, bool with, struct oc_buf *buf, bool *ret_found,
                       size_t *ret_count)
{
    struct oc_slice version = oc_json_string(oc_json_get(s->policy, "Version"));
    struct oc_slice id = oc_json_string(oc_json_get(s->policy, "Id"));
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "Version", version.ptr ? version : OC_STR("2012-10-17"));
    oc_jw_member(&w, "Id", id);
    oc_jw_key(&w, "Statement");
    oc_jw_array(&w);
    *ret_count = put_others(s, &w, ret_found);
    if (with) {
        put_own(s, &w);
        ++*ret_count;
    }
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
}

static int change(struct share *s, bool with, struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf policy = {0}, body = {0};
    bool found;
    size_t count;
    struct oc_jw w;

    oc_buf_init(&policy, OC_HTTP_BODY_MAX);
    put_policy(s, with, &policy, &found, &count);
    if (policy.failed)
        return oc_fail_nomem(err);
    if (!with && !found)
        return oc_fail(err, OC_ENOTFOUND, "the model is not shared with account %.*s by `share`",
                       OC_FMT(s->account));
    if (count == 0)
        return delete_policy(s, ret, err);
    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_jw_init(&w, &body);
    oc_jw_object(&w);
    oc_jw_member(&w, "resourceArn", s->arn);
    oc_jw_member(&w, "resourcePolicy", oc_buf_slice(&policy));
    oc_jw_object_end(&w);
    return oc_session_post_to(s->session, s->region, OC_STR("/resource-policy"), &body, ret, err);
}

static int share_or_not(struct oc_session *session, bool with, const char *done, struct oc_err *err)
{
    OC_AUTO(share_clear) struct share s = {.session = session};
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    int rc;

    rc = share_open(&s, err);
    if (rc == OC_OK)
        rc = change(&s, with, &answer, err);
    if (rc != OC_OK)
        return rc;
    return oc_session_done(session, answer, err, "%s %.*s.\n", done, OC_FMT(s.account));
}

static int share(struct oc_session *session, struct oc_err *err)
{
    return share_or_not(session, true, "Shared with account", err);
}

static int unshare(struct oc_session *session, struct oc_err *err)
{
    return share_or_not(session, false, "No longer shared with account", err);
}

static int run_share(const struct oc_args *args)
{
    return oc_session_run(args, share);
}

static int run_unshare(const struct oc_args *args)
{
    return oc_session_run(args, unshare);
}

const struct oc_command oc_command_share = {
    .name = "share",
    .summary = "let another account copy a model",
    .details = "Adds a statement to the model's resource policy; others in it stay.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .changes = true,
    .run = run_share,
};

const struct oc_command oc_command_unshare = {
    .name = "unshare",
    .summary = "take the permission of `share` back",
    .operands = operands,
    .options = options,
    .is_client = true,
    .changes = true,
    .run = run_unshare,
};
