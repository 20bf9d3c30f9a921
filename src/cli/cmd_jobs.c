/* `outcrop jobs`, `outcrop job`. */
#include <string.h>

#include "base/limits.h"
#include "cli/copy_job.h"
#include "cli/list.h"
#include "cli/session.h"
#include "cli/watch.h"

/* -- jobs -------------------------------------------------------------------------------------- */

static const struct oc_option jobs_options[] = {
    {.name = "status",
     .arg = "STATUS",
     .help = "only InProgress, Completed or Failed ones",
     .values = oc_values_job_status},
    {.name = "since", .arg = "TIME", .help = "only those made after: 30m, 2h, 7d, or ISO-8601"},
    {.name = "until", .arg = "TIME", .help = "only those made before"},
    {.name = "source-account", .arg = "ID", .help = "only copies of that account's models"},
    {.name = "source-model", .arg = "MODEL", .help = "only copies of that model: name or ARN"},
    {.name = "name-contains", .arg = "TEXT", .help = "only copies whose name contains TEXT"},
    {.name = "sort",
     .arg = "ORDER",
     .help = "by time of creation: asc or desc (default: desc)",
     .values = oc_values_order},
    OC_LIST_OPTIONS,
    {.name = "watch", .help = "look again every second, until Ctrl-C"},
    {0},
};

static const struct oc_field jobs_fields[] = {
    {"STATUS", "status", OC_SHOW_STATUS},
    {"CREATED", "creationTime", OC_SHOW_TIME, .rank = 2},
    {"NAME", "targetModelName", OC_SHOW_NAME},
    {"SOURCE", "sourceModelName", OC_SHOW_NAME, .rank = 3},
    {"FROM", "sourceModelArn", OC_SHOW_REGION, .rank = 4},
    {"ACCOUNT", "sourceAccountId", OC_SHOW_TEXT, .rank = 5},
    {"JOB", "jobArn", OC_SHOW_TAIL},
};

/* The ARN of the model whose copies are asked for; a name is looked up. */
static int put_source(struct oc_session *session, struct oc_buf *query, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    struct oc_slice source = oc_slice_of(oc_args_get(session->args, "source-model"));
    int rc;

    if (source.ptr && !oc_slice_has_prefix(source, OC_STR("arn:"))) {
        rc = oc_session_get_model(session, source, &model, err);
        if (rc < 0)
            return rc;
        source = oc_json_string(oc_json_get(model, "modelArn"));
    }
    oc_query_put(query, "sourceModelArnEquals", source);
    return OC_OK;
}

static int check_watch(const struct oc_session *session, int64_t limit, struct oc_err *err)
{
    if (session->output.form == OC_FORM_JSON)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--watch' has no end, which a JSON array needs; use -o jsonl");
    if (limit == 0 || limit > OC_WATCH_JOBS_MAX)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--watch' shows at most %d jobs; use --limit", OC_WATCH_JOBS_MAX);
    return OC_OK;
}

static int jobs(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    const struct oc_args *args = session->args;
    const bool watch = oc_args_has(args, "watch");
    struct oc_cli_list list = {
        .path = OC_STR("/model-copy-jobs"),
        .items = "modelCopyJobSummaries",
        .none = "No copy jobs.",
        .fields = jobs_fields,
        .field_count = sizeof(jobs_fields) / sizeof(jobs_fields[0]),
    };
    int rc;

    oc_buf_init(&query, OC_HTTP_TARGET_MAX);
    rc = oc_cli_list_times(args, &query, err);
    if (rc == OC_OK)
        rc = oc_cli_list_limit(args, &query, &list.limit, err);
    if (rc == OC_OK && watch)
        rc = check_watch(session, list.limit, err);
    if (rc == OC_OK)
        rc = put_source(session, &query, err);
    if (rc < 0)
        return rc;
    oc_query_put(&query, "statusEquals", oc_slice_of(oc_args_get(args, "status")));
    oc_query_put(&query, "sourceAccountEquals", oc_slice_of(oc_args_get(args, "source-account")));
    oc_query_put(&query, "outputModelNameContains",
                 oc_slice_of(oc_args_get(args, "name-contains")));
    if (query.failed)
        return oc_fail_nomem(err);
    list.query = oc_buf_slice(&query);
    return (watch ? oc_watch : oc_cli_list)(session, &list, err);
}

static int run_jobs(const struct oc_args *args)
{
    return oc_session_run(args, jobs);
}

const struct oc_command oc_command_jobs = {
    .name = "jobs",
    .summary = "list copy jobs",
    .details =
        "Lists the jobs that copy to --region, newest first. With --watch the list redraws itself "
        "on a terminal; in a pipe each job that is new or has changed its status is one line.",
    .options = jobs_options,
    .is_client = true,
    .is_list = true,
    .run = run_jobs,
};

/* -- job --------------------------------------------------------------------------------------- */

static const struct oc_operand job_operands[] = {
    {"JOB", "ARN of the job, its last part as `outcrop jobs` shows it, or the model's name"},
    {0},
};

static const struct oc_option job_options[] = {
    {.name = "wait", .help = "show the progress and wait for the end"},
    {0},
};

static int job(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};
    bool wait = oc_args_has(session->args, "wait");
    int rc;

    oc_buf_init(&arn, OC_HTTP_TARGET_MAX);
    rc = oc_copy_job_arn(session, oc_slice_of(session->args->operands[0]), &arn, err);
    if (rc < 0)
        return rc;
    rc = (wait ? oc_copy_job_wait : oc_copy_job_get)(session, oc_buf_slice(&arn), &answer, err);
    if (rc < 0)
        return rc;
    rc = oc_copy_job_print(session, answer, err);
    return rc < 0 || !wait ? rc : oc_copy_job_result(answer, err);
}

static int run_job(const struct oc_args *args)
{
    return oc_session_run(args, job);
}

const struct oc_command oc_command_job = {
    .name = "job",
    .summary = "show one copy job",
    .details = "With --wait, the exit code is 1 when the job ends Failed.",
    .operands = job_operands,
    .options = job_options,
    .is_client = true,
    .run = run_job,
};
