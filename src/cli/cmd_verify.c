/* `outcrop verify`: the server reads a model again and says whether it is what it was. */
#include <time.h>

#include "base/limits.h"
#include "cli/format.h"
#include "cli/progress.h"
#include "cli/session.h"

#define POLL_FIRST_MS 50
#define POLL_MAX_MS   1000 /* the bar should move */

static const struct oc_operand operands[] = {
    {"MODEL", "name or ARN of the model; not with --all", .optional = true},
    {0},
};

static const struct oc_option options[] = {
    {.name = "all", .help = "verify every model of the account in --region, one after another"},
    {.name = "no-wait", .help = "do not wait for the result"},
    {0},
};

/* One command. */
struct verify {
    struct oc_session *session;
    uint64_t models, damaged, failed;
};

static int ask(struct verify *verify, const char *method, struct oc_slice model,
               struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/models/", model);
    oc_buf_put_str(&path, "/verification");
    if (path.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {.method = method,
                                 .path = oc_buf_slice(&path),
                                 .region = oc_session_region_of(verify->session, model),
                                 .max_attempts = OC_REQUEST_PATIENT};
    return oc_client_call_json(verify->session->client, &request, ret, err);
}

static void show(struct oc_progress *progress, const struct oc_json *answer)
{
    struct oc_progress_state state = {
        .step = oc_json_int64(oc_json_get(answer, "bytesTotal"), 0) ? "verifying" : "queued",
        .bytes_done = (uint64_t)oc_json_int64(oc_json_get(answer, "bytesDone"), 0),
        .bytes_total = (uint64_t)oc_json_int64(oc_json_get(answer, "bytesTotal"), 0),
        .bytes_per_second = oc_json_int64(oc_json_get(answer, "bytesPerSecond"), 0),
        .seconds_left = oc_json_int64(oc_json_get(answer, "secondsLeft"), 0),
    };

    oc_progress_show(progress, &state);
}

static bool has_status(const struct oc_json *answer, const char *status)
{
    return oc_slice_eq_str(oc_json_string(oc_json_get(answer, "status")), status);
}

static int await(struct verify *verify, struct oc_slice arn, struct oc_json **ret,
                 struct oc_err *err)
{
    struct oc_progress progress;
    struct oc_json *answer = NULL;
    long pause_ms = POLL_FIRST_MS;
    int rc;

    oc_progress_begin(&progress);
    for (;;) {
        struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

        rc = ask(verify, "GET", arn, &answer, err);
        if (rc < 0 || !has_status(answer, "InProgress"))
            break;
        show(&progress, answer);
        oc_json_free(answer);
        (void)nanosleep(&pause, NULL); /* a signal shortens the pause, which does no harm */
        pause_ms = pause_ms * 2 < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
    }
    oc_progress_end(&progress);
    if (rc == OC_OK)
        *ret = answer;
    return rc;
}

static void put_finding(struct oc_buf *buf, const struct oc_json *finding)
{
    int64_t part = oc_json_int64(oc_json_get(finding, "part"), 0);

    oc_buf_printf(buf, "  file '%.*s'", OC_FMT(oc_json_string(oc_json_get(finding, "file"))));
    if (part > 0)
        oc_buf_printf(buf, ", part %lld", (long long)part);
    oc_buf_printf(buf, ": %.*s%s\n", OC_FMT(oc_json_string(oc_json_get(finding, "problem"))),
                  oc_json_bool(oc_json_get(finding, "repaired"), false) ? " (repaired)" : "");
}

/* The result as people read it. */
static void put_result(struct oc_buf *buf, struct oc_slice model, const struct oc_json *answer)
{
    const struct oc_json *findings = oc_json_get(answer, "findings");
    int64_t count = oc_json_int64(oc_json_get(answer, "findingCount"), 0);

    oc_buf_printf(buf, "%.*s: ", OC_FMT(model));
    if (has_status(answer, "Failed")) {
        oc_buf_printf(buf, "could not be verified: %.*s\n",
                      OC_FMT(oc_json_string(oc_json_get(answer, "failureMessage"))));
        return;
    }
    oc_buf_put_str(buf, has_status(answer, "Sound")      ? "sound, "
                        : has_status(answer, "Repaired") ? "was damaged and is repaired, "
                                                         : "DAMAGED, ");
    oc_format_size(buf, (uint64_t)oc_json_int64(oc_json_get(answer, "bytesDone"), 0));
    oc_buf_printf(buf, " in %lld parts\n",
                  (long long)oc_json_int64(oc_json_get(answer, "partsDone"), 0));
    for (size_t i = 0; i < oc_json_size(findings); i++)
        put_finding(buf, oc_json_at(findings, i));
    if (count > (int64_t)oc_json_size(findings))
        oc_buf_printf(buf, "  and %lld more\n",
                      (long long)(count - (int64_t)oc_json_size(findings)));
}

static int tell(struct verify *verify, struct oc_slice model, const struct oc_json *answer,
                struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    verify->models++;
    verify->damaged += has_status(answer, "Damaged");
    verify->failed += has_status(answer, "Failed");
    if (verify->session->output.form != OC_FORM_TABLE)
        return oc_output_json(&verify->session->output, answer, err);
    oc_buf_init(&buf, OC_RESPONSE_MAX);
    put_result(&buf, model, answer);
    return oc_output_write(&buf, err);
}

static int verify_one(struct verify *verify, struct oc_slice model, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *started = NULL;
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    struct oc_slice arn;
    int rc = ask(verify, "POST", model, &started, err);

    if (rc < 0)
        return rc;
    arn = oc_json_string(oc_json_get(started, "modelArn"));
    if (oc_args_has(verify->session->args, "no-wait"))
        return oc_session_done(verify->session, started, err, "%.*s is being verified.\n",
                               OC_FMT(arn));
    rc = await(verify, arn, &answer, err);
    return rc < 0 ? rc : tell(verify, model, answer, err);
}

static int take_model(const struct oc_json *item, void *ctx, struct oc_err *err)
{
    return verify_one(ctx, oc_json_string(oc_json_get(item, "modelArn")), err);
}

static int verify_all(struct verify *verify, struct oc_err *err)
{
    struct oc_walk walk = {.path = OC_STR("/custom-models"),
                           .query = OC_STR("modelStatus=Active&isOwned=true"),
                           .items = "modelSummaries",
                           .fn = take_model,
                           .ctx = verify};

    return oc_client_walk(verify->session->client, &walk, err);
}

static int verify(struct oc_session *session, struct oc_err *err)
{
    struct verify all = {.session = session};
    bool has_model = session->args->operand_count > 0;
    int rc;

    if (has_model == oc_args_has(session->args, "all") ||
        (has_model && !session->args->operands[0][0]))
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "want either the name or the ARN of a model, or --all");
    rc = has_model ? verify_one(&all, oc_slice_of(session->args->operands[0]), err)
                   : verify_all(&all, err);
    if (rc < 0 || all.damaged + all.failed == 0)
        return rc;
    return oc_fail(err, OC_ECORRUPT, "%llu of %llu models are damaged, %llu could not be verified",
                   (unsigned long long)all.damaged, (unsigned long long)all.models,
                   (unsigned long long)all.failed);
}

static int run_verify(const struct oc_args *args)
{
    return oc_session_run(args, verify);
}

const struct oc_command oc_command_verify = {
    .name = "verify",
    .summary = "read a model again and compare it with its digests",
    .details =
        "The server reads every part from its disk, decrypts and hashes it; what is damaged "
        "is repaired from another copy if there is one. Exit code 1 when a model is damaged.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .run = run_verify,
};
