/* `outcrop import`: a folder becomes a model. */
#include "cli/format.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "client/import.h"
#include "client/listing.h"

static const struct oc_operand operands[] = {
    {"DIR", "folder that holds the model's files"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "name", .arg = "NAME", .help = "name of the new model", .required = true},
    {.name = "tag", .arg = "KEY=VALUE", .help = "tag of the new model", .repeat = true},
    {.name = "kms-key", .arg = "KEY", .help = "key that encrypts it: id, alias or ARN"},
    {0},
};

static void show(const struct oc_transfer_progress *progress, void *ctx)
{
    oc_progress_show_transfer(ctx, progress, "uploading");
}

static void put_json(struct oc_buf *buf, const struct oc_import_result *result)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "modelArn", oc_buf_slice(&result->model_arn));
    oc_jw_member_int(&w, "files", (int64_t)result->file_count);
    oc_jw_member_int(&w, "bytes", (int64_t)result->bytes_total);
    oc_jw_member_int(&w, "bytesSkipped", (int64_t)result->bytes_skipped);
    oc_jw_object_end(&w);
    oc_buf_put_char(buf, '\n');
}

/* What an import would do: the folder can be read, and the name is free. */
static int show_plan(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_listing_clear) struct oc_listing listing = {0};
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};
    const char *name = oc_args_get(session->args, "name");
    struct oc_err why = {0};
    int rc;

    rc = oc_session_get_model(session, oc_slice_of(name), &model, &why);
    if (rc == OC_OK)
        return oc_fail(err, OC_ECONFLICT, "there is a model '%s' already; choose another --name",
                       name);
    if (rc != OC_ENOTFOUND) {
        *err = why;
        return rc;
    }
    rc = oc_listing_read(session->args->operands[0], &listing, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&out, 64 * 1024);
    if (session->output.form == OC_FORM_TABLE) {
        oc_buf_printf(&out, "Would make model %s of %zu files, ", name, listing.count);
        oc_format_size(&out, listing.size);
        oc_buf_put_str(&out, ".\n");
    } else {
        oc_buf_printf(&out, "{\"dryRun\":true,\"files\":%zu,\"bytes\":%llu}\n", listing.count,
                      (unsigned long long)listing.size);
    }
    return oc_output_write(&out, err);
}

static int import(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0}, sum = {0};
    struct oc_import_result result;
    struct oc_session_tags tags;
    struct oc_progress progress;
    int rc;

    rc = oc_session_tags(session->args, "tag", &tags, err);
    if (rc < 0)
        return rc;
    if (oc_args_has(session->args, "dry-run"))
        return show_plan(session, err);
    struct oc_import_options options_of_it = {
        .dir = session->args->operands[0],
        .name = oc_slice_of(oc_args_get(session->args, "name")),
        .kms_key = oc_slice_of(oc_args_get(session->args, "kms-key")),
        .tags = tags.list,
        .on_progress = show,
        .ctx = &progress,
    };
    oc_progress_begin(&progress);
    rc = oc_client_import(session->client, &options_of_it, &result, err);
    oc_progress_end(&progress);
    if (rc < 0)
        return rc;
    oc_buf_init(&out, 64 * 1024);
    oc_buf_init(&sum, 1024);
    if (session->output.form == OC_FORM_TABLE) {
        oc_buf_printf(&sum, "Active: %zu files, ", result.file_count);
        oc_progress_put_sum(&sum, &progress, result.bytes_total, result.bytes_skipped);
        oc_buf_put_slice(&out, oc_buf_slice(&result.model_arn));
        oc_buf_put_char(&out, '\n');
        oc_format_wrapped(&out, oc_buf_slice(&sum), 0, 2, session->output.width);
        oc_buf_put_char(&out, '\n');
    } else {
        put_json(&out, &result);
    }
    oc_buf_clear(&result.model_arn);
    return oc_output_write(&out, err);
}

static int run_import(const struct oc_args *args)
{
    return oc_session_run(args, import);
}

const struct oc_command oc_command_import = {
    .name = "import",
    .summary = "make a model of the files in a folder",
    .details = "Every file below DIR is taken, hidden ones too; symbolic links are followed. Each "
               "file is read once; a file that changes meanwhile ends the import. Parts that the "
               "server has already are not sent again: an import that was cut off is taken up by "
               "giving the same command. Ends when the model is Active.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .changes = true,
    .run = run_import,
};
