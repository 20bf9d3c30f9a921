/* The public headers as C++11. */
#include <outcrop/outcrop.h>
#include <cstring>

int main()
{
    oc_list_model_copy_jobs_input input{};
    oc_client_config config{};
    oc_client *client = nullptr;
    oc_error error;

    input.status_equals = OC_MODEL_COPY_JOB_STATUS_FAILED;
    input.max_results = oc_int(10);
    config.region = "NO REGION";
    if (oc_client_open(&config, &client, &error) != OC_ERROR_INVALID)
        return 1;
    return std::strcmp(error.name, "InvalidRegionError") == 0 ? 0 : 1;
}
