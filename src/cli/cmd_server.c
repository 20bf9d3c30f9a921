/* `outcrop whoami`, `outcrop health`: what the server says of the caller and of itself. */
#include "cli/session.h"

static int get(struct oc_session *session, struct oc_slice path, const struct oc_field *fields,
               size_t count, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    struct oc_request request = {.method = "GET", .path = path};
    int rc;

    rc = oc_client_call_json(session->client, &request, &answer, err);
    return rc < 0 ? rc : oc_output_object(&session->output, answer, fields, count, err);
}

static int whoami(struct oc_session *session, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"Account", "accountId", OC_SHOW_TEXT},
        {"Caller", "arn", OC_SHOW_TEXT},
        {"Key", "accessKeyId", OC_SHOW_TEXT},
        {"Region", "region", OC_SHOW_TEXT},
    };

    return get(session, OC_STR("/-/whoami"), fields, sizeof(fields) / sizeof(fields[0]), err);
}

static int health(struct oc_session *session, struct oc_err *err)
{
    static const struct oc_field fields[] = {
        {"Status", "status", OC_SHOW_TEXT},
        {"Version", "version", OC_SHOW_TEXT},
        {"Regions", "regions", OC_SHOW_LIST},
        {"Content away", "contentAway", OC_SHOW_LIST},
        {"Uptime (s)", "uptimeSeconds", OC_SHOW_TEXT},
    };

    return get(session, OC_STR("/-/health"), fields, sizeof(fields) / sizeof(fields[0]), err);
}

static int run_whoami(const struct oc_args *args)
{
    return oc_session_run(args, whoami);
}

static int run_health(const struct oc_args *args)
{
    return oc_session_run_anonymous(args, health);
}

const struct oc_command oc_command_whoami = {
    .name = "whoami",
    .summary = "show who the server takes the caller for",
    .is_client = true,
    .run = run_whoami,
};

const struct oc_command oc_command_health = {
    .name = "health",
    .summary = "ask whether the server is well",
    .details = "Needs no credentials.",
    .is_client = true,
    .run = run_health,
};
