/* Copies a model into this Region and waits: `copy_model SOURCE_MODEL_ARN NAME`. */
#include <stdio.h>

#include <outcrop/outcrop.h>

static int show(const struct oc_get_model_copy_job_output *job, void *ctx)
{
    (void)ctx;
    printf("%s\n", job->status);
    return 0;
}

static int copy(struct oc_client *client, const char *source, const char *name,
                struct oc_error *error)
{
    const struct oc_tag tags[] = {{.key = "made-by", .value = "copy_model"}};
    const struct oc_create_model_copy_job_input input = {
        .source_model_arn = source,
        .target_model_name = name,
        .target_model_tags = {.items = tags, .count = 1}};
    const struct oc_wait_options options = {
        .timeout_ms = 3600000, .min_pause_ms = 50, .on_look = show};
    struct oc_create_model_copy_job_output made;
    struct oc_get_model_copy_job_output job;
    int rc = oc_create_model_copy_job(client, &input, &made, error);

    if (rc < 0)
        return rc;
    rc = oc_wait_model_copy_job(client, made.job_arn, &options, &job, error);
    if (rc == 0) {
        printf("%s\n", job.target_model_arn);
        oc_result_free(job.result);
    }
    oc_result_free(made.result);
    return rc;
}

int main(int argc, char **argv)
{
    struct oc_client *client = NULL;
    struct oc_error error = {0};
    int rc;

    if (argc != 3) {
        fprintf(stderr, "usage: copy_model SOURCE_MODEL_ARN NAME\n");
        return 2;
    }
    rc = oc_client_open(NULL, &client, &error);
    if (rc == 0)
        rc = copy(client, argv[1], argv[2], &error);
    if (rc < 0)
        fprintf(stderr, "copy_model: %s (%s, request %s)\n", error.message, error.name,
                error.request_id);
    oc_client_close(client);
    return rc < 0;
}
