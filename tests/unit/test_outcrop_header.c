/* The public headers alone, as strict C99 and (test_outcrop_header.cpp) as C++, and in both orders.
 */
#include <outcrop/operations.h>
#include <outcrop/outcrop.h>

int main(void)
{
    const struct oc_tag tag = {"key", "value"};
    struct oc_create_model_copy_job_input input = {0};
    struct oc_list_model_copy_jobs_input filter = {0};
    struct oc_client_config config = {0};
    struct oc_client *client = NULL;
    struct oc_error error;

    input.target_model_tags.items = &tag;
    input.target_model_tags.count = 1;
    filter.max_results = oc_int(10);
    filter.creation_time_after = oc_time(1);
    /* A Region that cannot be is refused before anything is looked for. */
    config.region = "NO REGION";
    if (oc_client_open(&config, &client, &error) != OC_ERROR_INVALID || error.status != 0)
        return 1;
    oc_client_close(client);
    return input.target_model_tags.count == 1 && filter.max_results.value == 10 &&
                   filter.creation_time_after.us == 1000000
               ? 0
               : 1;
}
