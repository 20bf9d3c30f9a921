/* Counts all copy jobs of a Region: `list_all [PAGE_SIZE]`. Memory stays that of one page. */
#include <stdio.h>
#include <stdlib.h>

#include <outcrop/outcrop.h>

int main(int argc, char **argv)
{
    struct oc_list_model_copy_jobs_input input = {.sort_order = OC_SORT_ORDER_ASCENDING};
    const struct oc_model_copy_job_summary *job;
    struct oc_client *client = NULL;
    struct oc_pager *pager = NULL;
    struct oc_error error = {0};
    long count = 0;
    int rc = oc_client_open(NULL, &client, &error);

    if (argc > 1)
        input.max_results = oc_int(atol(argv[1]));
    if (rc == 0)
        rc = oc_list_model_copy_jobs_begin(client, &input, &pager, &error);
    while (rc >= 0 && (rc = oc_list_model_copy_jobs_next(pager, &job, &error)) > 0)
        count++;
    if (rc < 0)
        fprintf(stderr, "list_all: %s (%s)\n", error.message, error.name);
    else
        printf("%ld\n", count);
    oc_pager_free(pager);
    oc_client_close(client);
    return rc < 0;
}
