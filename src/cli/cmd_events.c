/* `outcrop events`: what happened in the account, and what happens. */
#include <stdio.h>

#include "base/limits.h"
#include "cli/session.h"

#define POLL_MS 1000

static const struct oc_option options[] = {
    {.name = "follow", .letter = 'f', .help = "go on with what happens, until interrupted"},
    {.name = "after", .arg = "CURSOR", .help = "only what came after; an earlier call shows it"},
    {0},
};

static int ask(struct oc_session *session, struct oc_slice after, struct oc_json **ret,
               struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct oc_request request = {
        .method = "GET", .path = OC_STR("/-/events"), .max_attempts = OC_REQUEST_PATIENT};

    oc_buf_init(&query, OC_HTTP_TARGET_MAX);
    oc_query_put(&query, "maxResults", OC_STR("1000"));
    oc_query_put(&query, "after", after.len ? after : (struct oc_slice){0});
    if (query.failed)
        return oc_fail_nomem(err);
    request.query = oc_buf_slice(&query);
    return oc_client_call_json(session->client, &request, ret, err);
}

/* A line for people: when, what, where, which. */
static void put_line(struct oc_buf *buf, const struct oc_json *event)
{
    const struct oc_json *detail = oc_json_get(event, "detail");
    struct oc_slice name = oc_json_string(oc_json_get(detail, "targetModelName"));
    struct oc_slice arn = oc_json_string(oc_json_at(oc_json_get(event, "resources"), 0));
    struct oc_slice why = oc_json_string(oc_json_get(detail, "failureMessage"));

    if (!why.len)
        why = oc_json_string(oc_json_get(detail, "problem"));
    oc_buf_printf(buf, "%.*s  %-10.*s  %-14.*s  %.*s%s%.*s",
                  OC_FMT(oc_json_string(oc_json_get(event, "time"))),
                  OC_FMT(oc_json_string(oc_json_get(detail, "status"))),
                  OC_FMT(oc_json_string(oc_json_get(event, "region"))), OC_FMT(name),
                  name.len ? "  " : "", OC_FMT(arn));
    if (why.len)
        oc_buf_printf(buf, "  %.*s", OC_FMT(why));
    oc_buf_put_char(buf, '\n');
}

static int print_events(struct oc_session *session, const struct oc_json *answer,
                        struct oc_err *err)
{
    const struct oc_json *events = oc_json_get(answer, "events");
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    for (size_t i = 0; i < oc_json_size(events); i++) {
        if (session->output.form == OC_FORM_TABLE) {
            put_line(&buf, oc_json_at(events, i));
        } else {
            oc_output_put_json(&buf, oc_json_at(events, i),
                               session->output.form == OC_FORM_JSON ? 2 : 0);
            oc_buf_put_char(&buf, '\n');
        }
    }
    if (oc_json_bool(oc_json_get(answer, "gap"), false))
        (void)fprintf(stderr, "outcrop events: some events after that cursor are no longer kept\n");
    return oc_output_write(&buf, err);
}

static int events(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf cursor = {0};
    bool follow = oc_args_has(session->args, "follow");
    unsigned mark = oc_client_mark(session->client);
    size_t count = 0;
    int rc = OC_OK;

    oc_buf_init(&cursor, OC_TOKEN_MAX);
    oc_buf_put_slice(&cursor, oc_slice_of(oc_args_get(session->args, "after")));
    do {
        OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
        struct oc_slice next;

        rc = ask(session, oc_buf_slice(&cursor), &answer, err);
        if (rc == OC_OK)
            rc = print_events(session, answer, err);
        if (rc == OC_OK)
            rc = oc_output_flush(err);
        if (rc < 0)
            return rc;
        count = oc_json_size(oc_json_get(answer, "events"));
        next = oc_json_string(oc_json_get(answer, "cursor"));
        /* Answers may be empty while events of others are passed over. */
        count += !oc_slice_eq(next, oc_buf_slice(&cursor));
        oc_buf_reset(&cursor);
        oc_buf_put_slice(&cursor, next);
        if (count == 0 && follow)
            rc = oc_client_pause(session->client, POLL_MS, mark, err);
    } while (rc == OC_OK && (count > 0 || follow));
    if (rc == OC_OK)
        (void)fprintf(stderr, "To go on from here: --after %.*s\n", OC_FMT(cursor));
    return rc;
}

static int run_events(const struct oc_args *args)
{
    return oc_session_run(args, events);
}

const struct oc_command oc_command_events = {
    .name = "events",
    .summary = "show what happened to copy jobs and stored models",
    .details =
        "Prints the events of the account in all Regions, oldest first, one a line; as JSON, "
        "each in the envelope of EventBridge. The cursor to go on from is printed to "
        "standard error.",
    .options = options,
    .is_client = true,
    .run = run_events,
};
