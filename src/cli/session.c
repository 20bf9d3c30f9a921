/* What every client command needs. */
#include "cli/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/operation.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/advice.h"
#include "cli/format.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "model/timestamp.h"

/* -- errors ------------------------------------------------------------------------------------ */

static bool is_usage(const struct oc_err *err)
{
    static const char *const names[] = {OC_USAGE_ERROR, "NoRegionError", "InvalidRegionError",
                                        "InvalidEndpoint"};

    for (size_t i = 0; err->name && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(err->name, names[i]) == 0)
            return true;
    return false;
}

enum oc_exit oc_session_exit_of(const struct oc_err *err)
{
    if (is_usage(err))
        return OC_EXIT_USAGE;
    if (oc_client_err_is_unreachable(err))
        return OC_EXIT_UNREACHABLE;
    return oc_client_err_is_denied(err) ? OC_EXIT_DENIED : OC_EXIT_FAILED;
}

/* `TEXT (NAME); ADVICE`, one sentence. */
static void report_api(const struct oc_command *command, const struct oc_err *err)
{
    const char *advice = oc_advice_of(err);
    size_t len = strlen(err->text);

    while (len > 0 && err->text[len - 1] == '.')
        len--;
    (void)fprintf(stderr, "outcrop %s: %.*s (%s)%s%s\n", command->name, (int)len, err->text,
                  err->name, advice ? "; " : "", advice ? advice : "");
}

int oc_session_report(const struct oc_command *command, const struct oc_err *err)
{
    const bool is_api =
        err->name && (strstr(err->name, "Exception") || strcmp(err->name, "RequestExpired") == 0);

    if (is_api && command->op) /* the sentence that scripts of the AWS CLI look for */
        (void)fprintf(stderr, "\nAn error occurred (%s) when calling the %s operation: %s\n",
                      err->name, command->op->name, err->text);
    else if (is_api)
        report_api(command, err);
    else
        (void)fprintf(stderr, "outcrop %s: %s\n", command->name, err->text);
    return oc_session_exit_of(err);
}

/* -- the session ------------------------------------------------------------------------------- */

struct oc_client_options oc_session_client_options(const struct oc_args *args)
{
    return (struct oc_client_options){
        .region = oc_args_get(args, "region"),
        .profile = oc_args_get(args, "profile"),
        .endpoint = oc_args_get(args, args->command->op ? "endpoint-url" : "endpoint"),
        .user_agent = "outcrop/" OC_VERSION,
    };
}

static int run(const struct oc_args *args, oc_session_fn fn, bool anonymous)
{
    struct oc_session session = {.args = args};
    struct oc_client_options options = oc_session_client_options(args);
    struct oc_err err = {0};
    int rc;

    options.anonymous = anonymous;
    rc = oc_output_init(args, &session.output, &err);
    if (rc == OC_OK)
        rc = oc_client_new(&options, &session.client, &err);
    if (rc == OC_OK)
        rc = fn(&session, &err);
    oc_client_free(session.client);
    return rc < 0 ? oc_session_report(args->command, &err) : OC_EXIT_OK;
}

int oc_session_run(const struct oc_args *args, oc_session_fn fn)
{
    return run(args, fn, false);
}

int oc_session_run_anonymous(const struct oc_args *args, oc_session_fn fn)
{
    return run(args, fn, true);
}

struct oc_slice oc_session_region_of(const struct oc_session *session, struct oc_slice name_or_arn)
{
    if (oc_args_has(session->args, "region"))
        return (struct oc_slice){0};
    return oc_arn_region(name_or_arn);
}

int oc_session_get_model(struct oc_session *session, struct oc_slice name_or_arn,
                         struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/custom-models/", name_or_arn);
    if (path.failed || name_or_arn.len == 0)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "want the name or the ARN of a model");
    struct oc_request request = {.method = "GET",
                                 .path = oc_buf_slice(&path),
                                 .region = oc_session_region_of(session, name_or_arn)};
    return oc_client_call_json(session->client, &request, ret, err);
}

static void put_request(struct oc_buf *buf, const struct oc_session *session,
                        const struct oc_request *request, const struct oc_json *body)
{
    const struct oc_slice region =
        request->region.ptr ? request->region : oc_client_region(session->client);
    const enum oc_form form = session->output.form;
    struct oc_jw w;

    if (form == OC_FORM_TABLE) {
        oc_buf_printf(buf, "Would send %s %.*s to %.*s%s", request->method, OC_FMT(request->path),
                      OC_FMT(region), body ? ":\n" : ".\n");
        if (body)
            oc_output_put_json(buf, body, 2);
    } else {
        oc_jw_init(&w, buf);
        oc_jw_object(&w);
        oc_jw_member_bool(&w, "dryRun", true);
        oc_jw_member(&w, "method", oc_slice_of(request->method));
        oc_jw_member(&w, "path", request->path);
        oc_jw_member(&w, "region", region);
        if (body) {
            oc_jw_key(&w, "body");
            oc_jw_raw(&w, request->body);
        }
        oc_jw_object_end(&w);
    }
    if (body || form != OC_FORM_TABLE)
        oc_buf_put_char(buf, '\n');
}

static int print_request(const struct oc_session *session, const struct oc_request *request,
                         struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    OC_AUTO(oc_json_freep) struct oc_json *body = NULL;
    int rc;

    if (request->body.len > 0 && (rc = oc_json_parse(request->body, &body, err)) < 0)
        return rc;
    oc_buf_init(&buf, OC_RESPONSE_MAX);
    put_request(&buf, session, request, body);
    rc = oc_output_write(&buf, err);
    return rc < 0 ? rc : OC_PENDING;
}

int oc_session_change(struct oc_session *session, const struct oc_request *request,
                      struct oc_json **ret, struct oc_err *err)
{
    if (oc_args_has(session->args, "dry-run"))
        return print_request(session, request, err);
    return oc_client_call_json(session->client, request, ret, err);
}

int oc_session_post(struct oc_session *session, struct oc_slice path, const struct oc_buf *body,
                    bool once, struct oc_json **ret, struct oc_err *err)
{
    struct oc_request request = {.method = "POST", .path = path, .once = once};

    if (body && body->failed)
        return oc_fail_nomem(err);
    if (body)
        request.body = oc_buf_slice(body);
    return oc_session_change(session, &request, ret, err);
}

int oc_session_post_to(struct oc_session *session, struct oc_slice region, struct oc_slice path,
                       const struct oc_buf *body, struct oc_json **ret, struct oc_err *err)
{
    struct oc_request request = {
        .method = "POST", .path = path, .region = region, .body = oc_buf_slice(body)};

    if (body->failed)
        return oc_fail_nomem(err);
    return oc_session_change(session, &request, ret, err);
}

int oc_session_confirm(struct oc_session *session, struct oc_err *err, const char *fmt, ...)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    char plain[OC_ERR_TEXT_MAX];
    va_list list;

    if (oc_args_has(session->args, "yes") || oc_args_has(session->args, "dry-run"))
        return OC_OK;
    va_start(list, fmt);
    (void)vsnprintf(plain, sizeof(plain), fmt, list); /* a question that long is cut */
    va_end(list);
    oc_buf_init(&text, sizeof(plain) * 4);
    oc_format_text(&text, oc_slice_of(plain));
    if (!oc_buf_cstr(&text))
        return oc_fail_nomem(err);
    if (oc_terminal_confirm(oc_buf_cstr(&text)))
        return OC_OK;
    return oc_fail_as(err, OC_ECANCELED, "Canceled", "nothing was changed");
}

int oc_session_done(struct oc_session *session, const struct oc_json *answer, struct oc_err *err,
                    const char *fmt, ...)
{
    va_list list;

    if (session->output.form != OC_FORM_TABLE)
        return oc_output_json(&session->output, answer, err);
    va_start(list, fmt);
    (void)vprintf(fmt, list); /* main looks whether the output could be written */
    va_end(list);
    return OC_OK;
}

/* -- values of options ------------------------------------------------------------------------- */

int oc_session_tags(const struct oc_args *args, const char *name, struct oc_session_tags *ret,
                    struct oc_err *err)
{
    const char *text;

    ret->list = (struct oc_tag_list){.items = ret->items};
    for (size_t i = 0; (text = oc_args_nth(args, name, i)); i++) {
        struct oc_slice value = oc_slice_of(text);
        struct oc_slice key = oc_slice_cut(&value, '=');

        if (!value.ptr || key.len == 0)
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                              "option '--%s': want key=value, not '%s'", name, text);
        if (i == OC_SESSION_TAGS_MAX)
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "more than %d tags",
                              OC_SESSION_TAGS_MAX);
        ret->items[i] = (struct oc_tag){key, value};
        ret->list.count = i + 1;
        ret->list.set = true;
    }
    return OC_OK;
}

/* `2h` as milliseconds, or -1. */
static int64_t parse_ago(struct oc_slice text)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    int64_t count, ms;

    if (text.len < 2 || text.ptr[0] == '-' ||
        !oc_slice_to_int64(oc_slice_sub(text, 0, text.len - 1), &count))
        return -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (text.ptr[text.len - 1] == units[i].unit)
            return __builtin_mul_overflow(count, units[i].ms, &ms) ? -1 : ms;
    return -1;
}

/* A date alone is its midnight in UTC; a time without zone is UTC. */
static bool parse_iso(const char *text, int64_t *ret_ms)
{
    char full[64];
    int64_t us;

    if (strlen(text) > 40)
        return false;
    (void)snprintf(full, sizeof(full), "%s%s", text, strchr(text, 'T') ? "" : "T00:00:00Z");
    if (!oc_timestamp_parse(oc_slice_of(full), &us)) {
        (void)snprintf(full, sizeof(full), "%sZ", text);
        if (!oc_timestamp_parse(oc_slice_of(full), &us))
            return false;
    }
    *ret_ms = us / 1000;
    return true;
}

int oc_session_time(const char *option, const char *text, char ret[32], struct oc_err *err)
{
    int64_t ago = parse_ago(oc_slice_of(text));
    int64_t ms = oc_clock_now_ms() - ago;

    if ((ago < 0 && !parse_iso(text, &ms)) || ms < 0 || ms > OC_TIMESTAMP_MAX_MS)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--%s': want a time such as 30m, 2h, 7d, 2024-08-01 or "
                          "2024-08-01T12:00:00Z, not '%s'",
                          option, text);
    oc_timestamp_format(ms, ret);
    ret[OC_TIMESTAMP_LEN] = '\0';
    return OC_OK;
}
