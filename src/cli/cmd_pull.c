/* `outcrop pull`: a model's files are written into a folder. */
#include "cli/format.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "client/pull.h"

static const struct oc_operand operands[] = {
    {"MODEL", "name or ARN of the model"},
    {"DEST", "folder to write into; made when missing"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "force", .help = "replace files in DEST that differ"},
    {0},
};

static void show(const struct oc_transfer_progress *progress, void *ctx)
{
    oc_progress_show_transfer(ctx, progress, "downloading");
}

static int check_active(const struct oc_json *model, struct oc_slice name, struct oc_err *err)
{
    struct oc_slice status = oc_json_string(oc_json_get(model, "modelStatus"));

    if (oc_slice_eq_str(status, "Creating"))
        return oc_fail(err, OC_EBUSY,
                       "model '%.*s' is still being made; try again when it is Active",
                       OC_FMT(name));
    if (oc_slice_eq_str(status, "Failed"))
        return oc_fail(err, OC_EIO, "model '%.*s' is Failed: it has no files", OC_FMT(name));
    return OC_OK;
}

static int print_result(struct oc_session *session, const struct oc_pull_result *result,
                        const struct oc_progress *progress, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0}, sum = {0};

    oc_buf_init(&out, 64 * 1024);
    oc_buf_init(&sum, 64 * 1024);
    if (session->output.form == OC_FORM_TABLE) {
        oc_buf_printf(&sum, "%s: %zu files, ", session->args->operands[1], result->file_count);
        oc_progress_put_sum(&sum, progress, result->bytes_total, result->bytes_skipped);
        oc_buf_put_str(&sum, ", every digest verified");
        oc_format_wrapped(&out, oc_buf_slice(&sum), 0, 2, session->output.width);
    } else {
        struct oc_jw w;

        oc_jw_init(&w, &out);
        oc_jw_object(&w);
        oc_jw_member(&w, "dest", oc_slice_of(session->args->operands[1]));
        oc_jw_member_int(&w, "files", (int64_t)result->file_count);
        oc_jw_member_int(&w, "bytes", (int64_t)result->bytes_total);
        oc_jw_member_int(&w, "bytesSkipped", (int64_t)result->bytes_skipped);
        oc_jw_object_end(&w);
    }
    oc_buf_put_char(&out, '\n');
    return oc_output_write(&out, err);
}

static int pull(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    struct oc_slice name = oc_slice_of(session->args->operands[0]);
    struct oc_pull_result result;
    struct oc_progress progress;
    int rc;

    rc = oc_session_get_model(session, name, &model, err);
    if (rc < 0)
        return rc;
    rc = check_active(model, name, err);
    if (rc < 0)
        return rc;
    struct oc_pull_options options_of_it = {
        .model_arn = oc_json_string(oc_json_get(model, "modelArn")),
        .region = oc_session_region_of(session, name),
        .dest = session->args->operands[1],
        .force = oc_args_has(session->args, "force"),
        .on_progress = show,
        .ctx = &progress,
    };
    oc_progress_begin(&progress);
    rc = oc_client_pull(session->client, &options_of_it, &result, err);
    oc_progress_end(&progress);
    return rc < 0 ? rc : print_result(session, &result, &progress, err);
}

static int run_pull(const struct oc_args *args)
{
    return oc_session_run(args, pull);
}

const struct oc_command oc_command_pull = {
    .name = "pull",
    .summary = "write a model's files into a folder",
    .details =
        "Everything is written below DEST/.outcrop-partial first; files get their names only "
        "when every part and every file has the digest of the model's manifest. A pull that "
        "was cut off is taken up by giving the same command. Nothing is written outside of "
        "DEST, and no symbolic link in it is followed. Without --force a file in DEST that "
        "differs ends the command before anything is written.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .run = run_pull,
};
