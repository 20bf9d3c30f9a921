/* The public side of a client's life. */
#include <string.h>

#include "client/wire.h"

static enum oc_choice choice_of(struct oc_optional_bool option)
{
    if (!option.set)
        return OC_CHOICE_CONFIGURED;
    return option.value ? OC_CHOICE_YES : OC_CHOICE_NO;
}

int oc_client_open(const struct oc_client_config *config, struct oc_client **ret_client,
                   struct oc_error *error)
{
    static const struct oc_client_config defaults;
    const struct oc_client_config *c = config ? config : &defaults;
    const struct oc_client_options options = {
        .region = c->region,
        .profile = c->profile,
        .endpoint = c->endpoint,
        .credentials = {.access_key_id = oc_slice_of(c->access_key_id),
                        .secret_access_key = oc_slice_of(c->secret_access_key),
                        .session_token = oc_slice_of(c->session_token),
                        .bearer = oc_slice_of(c->bearer_token)},
        .user_agent = c->user_agent,
        .use_fips = choice_of(c->use_fips),
        .use_dualstack = choice_of(c->use_dualstack),
        .max_attempts = c->max_attempts,
        .connect_timeout_ms = c->connect_timeout_ms,
        .stall_timeout_ms = c->read_timeout_ms,
    };
    struct oc_client *client;
    struct oc_err err = {0};
    int rc;

    rc = oc_client_new(&options, &client, &err);
    if (rc < 0)
        return oc_wire_error(&err, NULL, error);
    *ret_client = client;
    return OC_OK;
}

void oc_client_close(struct oc_client *client)
{
    oc_client_free(client);
}

const char *oc_client_region_name(const struct oc_client *client)
{
    return oc_client_region(client).ptr;
}
