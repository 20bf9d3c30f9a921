/* Lists the copies of the last day that failed. Region, endpoint and credentials: as for AWS. */
#include <stdio.h>
#include <time.h>

#include <outcrop/outcrop.h>

int main(void)
{
    struct oc_list_model_copy_jobs_input input = {.status_equals = OC_MODEL_COPY_JOB_STATUS_FAILED,
                                                  .creation_time_after =
                                                      oc_time(time(NULL) - 86400)};
    const struct oc_model_copy_job_summary *job;
    struct oc_client *client = NULL;
    struct oc_pager *pager = NULL;
    struct oc_error error = {0};
    int rc = oc_client_open(NULL, &client, &error);

    if (rc == 0)
        rc = oc_list_model_copy_jobs_begin(client, &input, &pager, &error);
    while (rc >= 0 && (rc = oc_list_model_copy_jobs_next(pager, &job, &error)) > 0)
        printf("%s  %s\n", job->job_arn, job->failure_message ? job->failure_message : "");
    if (rc < 0)
        fprintf(stderr, "failed_copies: %s (%s)\n", error.message, error.name);
    oc_pager_free(pager);
    oc_client_close(client);
    return rc < 0;
}
