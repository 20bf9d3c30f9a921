/* `outcrop copy`: a model is copied to another Region. */
#include "base/limits.h"
#include "cli/copy_job.h"
#include "cli/session.h"
#include "client/endpoint.h"

static const struct oc_operand operands[] = {
    {"MODEL", "name or ARN of the model; a name is looked up in --region"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "to", .arg = "REGION", .help = "Region to copy to", .required = true},
    {.name = "name", .arg = "NAME", .help = "name of the copy", .required = true},
    {.name = "tag", .arg = "KEY=VALUE", .help = "tag of the copy", .repeat = true},
    {.name = "kms-key", .arg = "KEY", .help = "key that encrypts it there: id, alias or ARN"},
    {.name = "token", .arg = "TOKEN", .help = "request token: the same one starts nothing twice"},
    {.name = "wait", .help = "show the progress and wait for the end"},
    {0},
};

static int put_body(struct oc_buf *buf, const struct oc_args *args, struct oc_slice source_arn,
                    struct oc_err *err)
{
    struct oc_session_tags tags;
    struct oc_jw w;
    char token[36];
    int rc;

    rc = oc_session_tags(args, "tag", &tags, err);
    if (rc == OC_OK)
        rc = oc_random_uuid(token, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "sourceModelArn", source_arn);
    oc_jw_member(&w, "targetModelName", oc_slice_of(oc_args_get(args, "name")));
    oc_jw_member(&w, "modelKmsKeyId", oc_slice_of(oc_args_get(args, "kms-key")));
    if (tags.list.set) {
        oc_jw_key(&w, "targetModelTags");
        oc_jw_array(&w);
        for (size_t i = 0; i < tags.list.count; i++) {
            oc_jw_object(&w);
            oc_jw_member(&w, "key", tags.items[i].key);
            oc_jw_member(&w, "value", tags.items[i].value);
            oc_jw_object_end(&w);
        }
        oc_jw_array_end(&w);
    }
    oc_jw_member(&w, "clientRequestToken",
                 oc_args_has(args, "token") ? oc_slice_of(oc_args_get(args, "token"))
                                            : (struct oc_slice){token, sizeof(token)});
    oc_jw_object_end(&w);
    return OC_OK;
}

/* The source as an ARN. *ret_model is the answer that it is borrowed from, if one was needed. */
static int find_source(struct oc_session *session, struct oc_json **ret_model,
                       struct oc_slice *ret_arn, struct oc_err *err)
{
    struct oc_slice name = oc_slice_of(session->args->operands[0]);
    int rc;

    if (oc_slice_has_prefix(name, OC_STR("arn:"))) {
        *ret_arn = name;
        return OC_OK;
    }
    rc = oc_session_get_model(session, name, ret_model, err);
    if (rc < 0)
        return rc;
    *ret_arn = oc_json_string(oc_json_get(*ret_model, "modelArn"));
    return OC_OK;
}

static int start(struct oc_session *session, struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct oc_slice to = oc_slice_of(oc_args_get(session->args, "to"));
    struct oc_slice source;
    int rc;

    rc = oc_endpoint_check_region(to, err);
    if (rc == OC_OK)
        rc = find_source(session, &model, &source, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    rc = put_body(&body, session->args, source, err);
    if (rc < 0)
        return rc;
    return oc_session_post_to(session, to, OC_STR("/model-copy-jobs"), &body, ret, err);
}

static int copy(struct oc_session *session, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *created = NULL;
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_slice arn;
    int rc;

    rc = start(session, &created, err);
    if (rc != OC_OK)
        return rc;
    arn = oc_json_string(oc_json_get(created, "jobArn"));
    if (!oc_args_has(session->args, "wait"))
        return oc_session_done(session, created, err, "%.*s\n", OC_FMT(arn));
    rc = oc_copy_job_wait(session, arn, &job, err);
    if (rc < 0)
        return rc;
    rc = oc_copy_job_print(session, job, err);
    return rc < 0 ? rc : oc_copy_job_result(job, err);
}

static int run_copy(const struct oc_args *args)
{
    return oc_session_run(args, copy);
}

const struct oc_command oc_command_copy = {
    .name = "copy",
    .summary = "copy a model to another Region",
    .details = "Prints the ARN of the copy job; with --wait, the job as it ended.",
    .operands = operands,
    .options = options,
    .is_client = true,
    .changes = true,
    .run = run_copy,
};
