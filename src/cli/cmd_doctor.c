/*
 * `outcrop doctor`: can the commands work from here, and if not, why, and what mends it.
 *
 * Looks in the order in which a call needs things: settings, endpoint, TLS, clock, Region,
 * credentials, permissions. Changes nothing. What cannot be looked at since something before it
 * failed is left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/advice.h"
#include "cli/rows.h"
#include "cli/session.h"

#define CHECK_COLUMN    9  /* where the name of the check begins */
#define DETAIL_COLUMN   22 /* where what was found begins */
#define CLOCK_WARNING_S 60
#define CLOCK_FAILED_S  300 /* a signature older than that is refused */

enum result { RESULT_OK, RESULT_WARNING, RESULT_FAILED };

struct doctor {
    const struct oc_args *args;
    struct oc_output output;
    struct oc_rows rows;
    struct oc_client *nobody; /* signs nothing */
    struct oc_client *client;
    struct oc_buf endpoint;
    struct oc_json *health; /* what the server says of itself; or NULL */
    bool is_outcrop;
    unsigned failed;
    int exit; /* that of the first failure */
};

/* -- findings ---------------------------------------------------------------------------------- */

/* `failed   clock        it is 400 s ahead`, and below it how to mend it */
static void put_for_people(const struct doctor *d, struct oc_buf *out,
                           const struct oc_json *finding)
{
    const struct oc_slice result = oc_json_string(oc_json_get(finding, "result"));
    const struct oc_slice check = oc_json_string(oc_json_get(finding, "check"));
    const struct oc_slice mend = oc_json_string(oc_json_get(finding, "mend"));
    const size_t width = d->output.width;
    const bool narrow = width > 0 && width < 2 * DETAIL_COLUMN;
    const size_t indent = narrow ? CHECK_COLUMN : DETAIL_COLUMN;

    oc_format_state(out, result, d->output.colour);
    oc_buf_printf(out, "%*s%.*s", (int)(CHECK_COLUMN - result.len), "", OC_FMT(check));
    oc_buf_printf(out, "%*s", (int)(DETAIL_COLUMN - CHECK_COLUMN - check.len), "");
    oc_format_wrapped(out, oc_json_string(oc_json_get(finding, "detail")), DETAIL_COLUMN, indent,
                      width);
    if (mend.ptr) {
        oc_buf_printf(out, "\n%*s", (int)indent, "");
        oc_format_wrapped(out, mend, indent, indent, width);
    }
    oc_buf_put_char(out, '\n');
}

static int print(struct doctor *d, const struct oc_json *finding, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};

    if (d->output.form != OC_FORM_TABLE)
        return oc_rows_add(&d->rows, finding, err);
    oc_buf_init(&out, OC_RESPONSE_MAX);
    put_for_people(d, &out, finding);
    return oc_output_write(&out, err);
}

/* @param mend  what to do; NULL: the detail says it, or nothing is wrong */
static int find(struct doctor *d, const char *check, enum result result, int exit,
                const struct oc_buf *detail, const char *mend, struct oc_err *err)
{
    static const char *const words[] = {"ok", "warning", "failed"};
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    OC_AUTO(oc_json_freep) struct oc_json *finding = NULL;
    struct oc_jw w;
    int rc;

    if (result == RESULT_FAILED && d->failed++ == 0)
        d->exit = exit;
    oc_buf_init(&text, OC_RESPONSE_MAX);
    oc_jw_init(&w, &text);
    oc_jw_object(&w);
    oc_jw_member(&w, "check", oc_slice_of(check));
    oc_jw_member(&w, "result", oc_slice_of(words[result]));
    oc_jw_member(&w, "detail", oc_buf_slice(detail));
    oc_jw_member(&w, "mend", oc_slice_of(mend));
    oc_jw_object_end(&w);
    if (text.failed || detail->failed)
        return oc_fail_nomem(err);
    rc = oc_json_parse(oc_buf_slice(&text), &finding, err);
    return rc < 0 ? rc : print(d, finding, err);
}

static int find_error(struct doctor *d, const char *check, const struct oc_err *cause,
                      const char *mend, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_put_str(&text, cause->text);
    return find(d, check, RESULT_FAILED, (int)oc_session_exit_of(cause), &text, mend, err);
}

/* -- the endpoint, TLS, the clock -------------------------------------------------------------- */

static int check_tls(struct doctor *d, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_slice url = oc_buf_slice(&d->endpoint);

    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    if (oc_slice_has_prefix(url, OC_STR("https://"))) {
        oc_buf_put_str(&text, "the server's certificate is trusted");
        return find(d, "tls", RESULT_OK, 0, &text, NULL, err);
    }
    if (oc_slice_has_prefix(url, OC_STR("http://127.")) ||
        oc_slice_has_prefix(url, OC_STR("http://localhost")) ||
        oc_slice_has_prefix(url, OC_STR("http://[::1]"))) {
        oc_buf_put_str(&text, "none, and none is needed: nothing leaves this machine");
        return find(d, "tls", RESULT_OK, 0, &text, NULL, err);
    }
    oc_buf_put_str(&text, "none: whoever is on the way can read models and bearer keys");
    return find(d, "tls", RESULT_WARNING, 0, &text,
                "give the server --tls-certificate and --tls-key, and use https:// here", err);
}

static int check_clock(struct doctor *d, int64_t server_s, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    const int64_t ahead_s = oc_clock_now_ms() / 1000 - server_s;
    const long long apart_s = llabs(ahead_s);

    if (server_s == 0)
        return OC_OK; /* the server does not say its time */
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    if (apart_s <= CLOCK_WARNING_S) {
        oc_buf_put_str(&text, "agrees with the server's");
        return find(d, "clock", RESULT_OK, 0, &text, NULL, err);
    }
    oc_buf_printf(&text, "this machine's clock is %lld s %s the server's", apart_s,
                  ahead_s > 0 ? "ahead of" : "behind");
    return find(d, "clock", apart_s > CLOCK_FAILED_S ? RESULT_FAILED : RESULT_WARNING,
                OC_EXIT_FAILED, &text,
                "set the clock that is wrong, for instance with: timedatectl set-ntp true", err);
}

/* Without an endpoint the commands ask AWS, as its own tools do: hardly what is wanted here. */
static const char *advice_for_endpoint(const struct doctor *d)
{
    return oc_slice_find_slice(oc_buf_slice(&d->endpoint), OC_STR(".amazonaws.com")) >= 0
               ? "set AWS_ENDPOINT_URL_BEDROCK, the profile's endpoint_url or --endpoint to the "
                 "URL that `outcrop serve` prints: without them AWS itself is asked"
               : NULL;
}

static int check_endpoint(struct doctor *d, bool *ret_reached, struct oc_err *err)
{
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_request request = {.method = "GET", .path = OC_STR("/-/health"), .max_attempts = 1};
    struct oc_err why = {0}, no_json = {0};
    struct oc_slice version;
    int rc;

    rc = oc_client_call(d->nobody, &request, &response, &why);
    *ret_reached = response.status != 0;
    if (!*ret_reached)
        return find_error(d, why.name && strcmp(why.name, "SSLError") == 0 ? "tls" : "endpoint",
                          &why, advice_for_endpoint(d), err);
    if (rc == OC_OK)
        (void)oc_json_parse(oc_buf_slice(&response.body), &d->health, &no_json); /* NULL: no JSON */
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    version = oc_json_string(oc_json_get(d->health, "version"));
    d->is_outcrop = version.ptr != NULL;
    if (d->is_outcrop)
        oc_buf_printf(&text, "Outcrop %.*s answers at %.*s", OC_FMT(version), OC_FMT(d->endpoint));
    else
        oc_buf_printf(&text, "%.*s answers; it is no Outcrop server", OC_FMT(d->endpoint));
    rc = find(d, "endpoint", RESULT_OK, 0, &text, NULL, err);
    if (rc == OC_OK)
        rc = check_tls(d, err);
    return rc < 0 ? rc : check_clock(d, response.date_s, err);
}

/* -- the Region -------------------------------------------------------------------------------- */

static int check_region(struct doctor *d, bool *ret_found, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0}, list = {0};
    const struct oc_json *regions = oc_json_get(d->health, "regions");
    const struct oc_slice region = oc_client_region(d->nobody);
    bool found = !regions;

    *ret_found = false;
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_init(&list, OC_ERR_TEXT_MAX);
    if (region.len == 0) {
        oc_buf_put_str(&text, "no Region is given");
        return find(d, "region", RESULT_FAILED, OC_EXIT_USAGE, &text,
                    "set AWS_REGION, the profile's region, or --region", err);
    }
    for (size_t i = 0; i < oc_json_size(regions); i++) {
        struct oc_slice name = oc_json_string(oc_json_at(regions, i));

        oc_buf_printf(&list, "%s%.*s", i ? ", " : "it has ", OC_FMT(name));
        found = found || oc_slice_eq(name, region);
    }
    *ret_found = found;
    oc_buf_printf(&text, found ? "%.*s" : "the server has no Region '%.*s'", OC_FMT(region));
    return find(d, "region", found ? RESULT_OK : RESULT_FAILED, OC_EXIT_FAILED, &text,
                found ? NULL : oc_buf_cstr(&list), err);
}

/* Regions whose content is in a bucket that did not answer. */
static int check_content(struct doctor *d, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    const struct oc_json *away = oc_json_get(d->health, "contentAway");

    if (oc_json_size(away) == 0)
        return OC_OK;
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_put_str(&text, "the store with the content of ");
    for (size_t i = 0; i < oc_json_size(away); i++)
        oc_buf_printf(&text, "%s%.*s", i ? ", " : "", OC_FMT(oc_json_string(oc_json_at(away, i))));
    oc_buf_put_str(&text, " does not answer: copies wait for it");
    return find(d, "content", RESULT_WARNING, 0, &text,
                "start that store, or correct [blob]; the server's log says which and why", err);
}

/* -- credentials and permissions --------------------------------------------------------------- */

static int check_credentials(struct doctor *d, bool *ret_known, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *me = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_client_options options = oc_session_client_options(d->args);
    struct oc_request request = {.method = "GET", .path = OC_STR("/-/whoami")};
    struct oc_err why = {0};
    int rc;

    *ret_known = false;
    if (oc_client_new(&options, &d->client, &why) < 0)
        return find_error(d, "credentials", &why, NULL, err);
    if (d->is_outcrop) {
        rc = oc_client_call_json(d->client, &request, &me, &why);
        if (rc < 0)
            return find_error(d, "credentials", &why, oc_advice_of(&why), err);
    }
    *ret_known = true;
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_printf(&text, "from %s", oc_client_credentials_source(d->client));
    if (me)
        oc_buf_printf(&text, ": %.*s", OC_FMT(oc_json_string(oc_json_get(me, "arn"))));
    return find(d, "credentials", RESULT_OK, 0, &text, NULL, err);
}

static int check_permission(struct doctor *d, const char *action, struct oc_slice path,
                            struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_request request = {.method = "GET", .path = path, .query = OC_STR("maxResults=1")};
    struct oc_err why = {0};

    if (oc_client_call_json(d->client, &request, &answer, &why) < 0)
        return find_error(d, "permission", &why, oc_advice_of(&why), err);
    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    oc_buf_printf(&text, "%s is allowed", action);
    return find(d, "permission", RESULT_OK, 0, &text, NULL, err);
}

/* -- all of it --------------------------------------------------------------------------------- */

static int examine(struct doctor *d, struct oc_err *err)
{
    struct oc_client_options options = oc_session_client_options(d->args);
    struct oc_err why = {0};
    bool ok;
    int rc;

    options.anonymous = true;
    if (oc_client_new(&options, &d->nobody, &why) < 0)
        return find_error(d, "settings", &why, NULL, err);
    oc_client_put_endpoint(d->nobody, &d->endpoint);
    rc = check_endpoint(d, &ok, err);
    if (rc < 0 || !ok)
        return rc;
    rc = check_region(d, &ok, err);
    if (rc == OC_OK && ok)
        rc = check_content(d, err);
    if (rc < 0 || !ok)
        return rc;
    rc = check_credentials(d, &ok, err);
    if (rc < 0 || !ok)
        return rc;
    rc = check_permission(d, "bedrock:ListModelCopyJobs", OC_STR("/model-copy-jobs"), err);
    return rc < 0 ? rc
                  : check_permission(d, "bedrock:ListCustomModels", OC_STR("/custom-models"), err);
}

static int run(const struct oc_args *args)
{
    static const struct oc_field fields[] = {
        {"CHECK", "check", OC_SHOW_TEXT},
        {"RESULT", "result", OC_SHOW_STATUS},
        {"DETAIL", "detail", OC_SHOW_TEXT},
        {"MEND", "mend", OC_SHOW_TEXT},
    };
    struct doctor d = {.args = args};
    struct oc_err err = {0};
    int rc = oc_output_init(args, &d.output, &err);

    oc_buf_init(&d.endpoint, OC_HTTP_TARGET_MAX);
    oc_rows_init(&d.rows, &d.output, fields, sizeof(fields) / sizeof(fields[0]), "");
    if (rc == OC_OK)
        rc = examine(&d, &err);
    if (rc == OC_OK && d.output.form != OC_FORM_TABLE)
        rc = oc_rows_end(&d.rows, &err);
    if (rc == OC_OK && d.output.form == OC_FORM_TABLE)
        (void)printf("%s\n", d.failed ? "Something is wrong." : "All is well.");
    oc_rows_clear(&d.rows);
    oc_json_free(d.health);
    oc_client_free(d.client);
    oc_client_free(d.nobody);
    oc_buf_clear(&d.endpoint);
    return rc < 0 ? oc_session_report(args->command, &err) : d.exit;
}

const struct oc_command oc_command_doctor = {
    .name = "doctor",
    .summary = "check endpoint, TLS, clock, Region, credentials, permissions",
    .details =
        "Says what is wrong and how to mend it. The exit code is that of the first thing that "
        "is wrong.",
    .is_client = true,
    .is_list = true,
    .run = run,
};
