/* The client: where and who; lists. Calls are call.c's. */
#include "client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "client/answer.h"
#include "client/call.h"
#include "client/endpoint.h"

#define ATTEMPTS_DEFAULT           3
#define ATTEMPTS_MAX               1000
#define CONNECT_TIMEOUT_DEFAULT_MS 5000
#define STALL_TIMEOUT_DEFAULT_MS   60000

/* -- life ----------------------------------------------------------------------------------------
 */

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value ? value : fallback;
}

static int find_settings(struct oc_client *client, const struct oc_client_options *o,
                         struct oc_err *err)
{
    struct oc_err no_region = {0};
    int rc;

    rc = oc_profile_load(o->profile, &client->profile, err);
    if (rc < 0)
        return rc;
    rc = oc_endpoint_configured(o->endpoint, &client->profile, &client->endpoint, err);
    if (rc < 0)
        return rc;
    rc = oc_endpoint_variant(o->use_fips, o->use_dualstack, &client->profile, &client->endpoint,
                             &client->use_fips, &client->use_dualstack, err);
    if (rc < 0)
        return rc;
    rc = oc_endpoint_region(o->region, &client->profile, client->region, &no_region);
    /* Asking an endpoint who it is needs no Region. */
    if (rc < 0 && !(o->anonymous && client->endpoint.base[0])) {
        *err = no_region;
        return rc;
    }
    if (o->anonymous)
        return OC_OK;
    client->profile_is_named = o->profile != NULL;
    return oc_credentials_load(&o->credentials, &client->profile, o->profile != NULL,
                               &client->credentials, err);
}

/* AWS_CA_BUNDLE, else the profile's `ca_bundle`; NULL: neither. Lives as long as the client. */
static int find_ca_bundle(struct oc_client *client, const char **ret, struct oc_err *err)
{
    struct oc_slice configured = oc_profile_value(&client->profile, "ca_bundle");
    const char *variable = getenv("AWS_CA_BUNDLE");

    *ret = NULL;
    if (variable && *variable)
        *ret = variable;
    else if (configured.len > 0 && !(*ret = oc_arena_copy(&client->profile.arena, configured).ptr))
        return oc_fail_nomem(err);
    return OC_OK;
}

/* AWS_MAX_ATTEMPTS, else the profile's `max_attempts`; what is no number of attempts is ignored. */
static unsigned configured_attempts(const struct oc_client *client)
{
    struct oc_slice text = oc_slice_of(getenv("AWS_MAX_ATTEMPTS"));
    int64_t number;

    if (!text.ptr || !text.len)
        text = oc_profile_value(&client->profile, "max_attempts");
    if (!oc_slice_to_int64(text, &number) || number < 1 || number > ATTEMPTS_MAX)
        return ATTEMPTS_DEFAULT;
    return (unsigned)number;
}

static int init_client(struct oc_client *client, const struct oc_client_options *o,
                       struct oc_err *err)
{
    struct oc_transport_options transport = {
        .user_agent = client->user_agent,
        .connect_timeout_ms = or_default(o->connect_timeout_ms, CONNECT_TIMEOUT_DEFAULT_MS),
        .stall_timeout_ms = or_default(o->stall_timeout_ms, STALL_TIMEOUT_DEFAULT_MS),
    };
    int rc;

    (void)snprintf(client->user_agent, sizeof(client->user_agent), "%s",
                   o->user_agent ? o->user_agent : "outcrop");
    client->anonymous = o->anonymous;
    rc = find_settings(client, o, err);
    client->max_attempts = o->max_attempts ? o->max_attempts : configured_attempts(client);
    if (rc >= 0)
        rc = find_ca_bundle(client, &transport.ca_bundle, err);
    if (rc < 0)
        return rc;
    rc = oc_sigv4_key_cache_new(&client->key_cache, err);
    if (rc < 0)
        return rc;
    client->transport_options = transport;
    return oc_transport_new(&transport, &client->transport, err);
}

/* Neither can fail with these attributes on Linux. */
static void init_pauses(struct oc_client *client)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&client->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&client->lock, NULL);
    (void)pthread_rwlock_init(&client->credentials_lock, NULL);
}

int oc_client_new(const struct oc_client_options *options, struct oc_client **ret,
                  struct oc_err *err)
{
    struct oc_client *client = oc_alloc(sizeof(*client));
    int rc;

    if (!client)
        return oc_fail_nomem(err);
    *client = (struct oc_client){0};
    init_pauses(client);
    oc_retry_quota_init(&client->quota);
    rc = init_client(client, options, err);
    if (rc < 0) {
        oc_client_free(client);
        return rc;
    }
    *ret = client;
    return OC_OK;
}

void oc_client_free(struct oc_client *client)
{
    if (!client)
        return;
    oc_async_free(client->async);
    oc_transport_free(client->transport);
    oc_sigv4_key_cache_free(client->key_cache);
    oc_credentials_clear(&client->credentials);
    oc_profile_clear(&client->profile);
    (void)pthread_cond_destroy(&client->changed);
    (void)pthread_mutex_destroy(&client->lock);
    (void)pthread_rwlock_destroy(&client->credentials_lock);
    free(client);
}

void oc_client_freep(struct oc_client **client)
{
    oc_client_free(*client);
    *client = NULL;
}

struct oc_slice oc_client_region(const struct oc_client *client)
{
    return oc_slice_of(client->region);
}

void oc_client_put_endpoint(const struct oc_client *client, struct oc_buf *buf)
{
    struct oc_endpoint aws;
    const struct oc_endpoint *endpoint = &client->endpoint;

    if (!endpoint->base[0]) {
        oc_endpoint_of_region(oc_slice_of(client->region), client->use_fips, client->use_dualstack,
                              &aws);
        endpoint = &aws;
    }
    oc_buf_printf(buf, "%s%s", endpoint->base, endpoint->path);
}

const char *oc_client_credentials_source(const struct oc_client *client)
{
    return client->credentials.source;
}

void oc_response_clear(struct oc_response *response)
{
    oc_buf_clear(&response->body);
    *response = (struct oc_response){0};
}

int oc_client_call_json(struct oc_client *client, const struct oc_request *request,
                        struct oc_json **ret, struct oc_err *err)
{
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    struct oc_slice text;
    int rc;

    rc = oc_client_call(client, request, &response, err);
    if (rc < 0)
        return rc;
    text = oc_buf_slice(&response.body);
    return oc_answer_json(text.len ? text : OC_STR("{}"), ret, err);
}

/* -- lists ------------------------------------------------------------------------------------- */

/* `query`: of this page. *ret_token: of this page before, of the next one after. */
static int walk_page(struct oc_client *client, const struct oc_walk *walk, struct oc_slice query,
                     struct oc_buf *ret_token, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *page = NULL;
    struct oc_request request = {.method = "GET", .path = walk->path, .query = query};
    const struct oc_json *list;
    struct oc_slice token;
    int rc;

    rc = oc_client_call_json(client, &request, &page, err);
    if (rc < 0)
        return rc;
    list = oc_json_get(page, walk->items);
    for (size_t i = 0; i < oc_json_size(list); i++) {
        rc = walk->fn(oc_json_at(list, i), walk->ctx, err);
        if (rc != OC_OK)
            return rc;
    }
    token = oc_json_string(oc_json_get(page, "nextToken"));
    if (token.len > 0 && oc_slice_eq(token, oc_buf_slice(ret_token)))
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                          "the server sent the same page token twice");
    oc_buf_reset(ret_token);
    oc_buf_put_slice(ret_token, token);
    return ret_token->failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_client_walk(struct oc_client *client, const struct oc_walk *walk, struct oc_err *err)
{
    struct oc_buf token, full;
    int rc;

    oc_buf_init(&token, OC_RESPONSE_MAX);
    oc_buf_init(&full, OC_HTTP_HEAD_MAX);
    do {
        oc_buf_reset(&full);
        oc_buf_put_slice(&full, walk->query);
        if (token.len > 0)
            oc_query_put(&full, "nextToken", oc_buf_slice(&token));
        rc = full.failed ? oc_fail_nomem(err)
                         : walk_page(client, walk, oc_buf_slice(&full), &token, err);
    } while (rc == OC_OK && token.len > 0);
    oc_buf_clear(&token);
    oc_buf_clear(&full);
    return rc;
}

/* -- small helpers ----------------------------------------------------------------------------- */

void oc_path_put_label(struct oc_buf *buf, const char *prefix, struct oc_slice label)
{
    oc_buf_put_str(buf, prefix);
    oc_percent_encode(buf, label, false);
}

void oc_query_put(struct oc_buf *buf, const char *name, struct oc_slice value)
{
    if (!value.ptr)
        return;
    if (buf->len > 0)
        oc_buf_put_char(buf, '&');
    oc_buf_put_str(buf, name);
    oc_buf_put_char(buf, '=');
    oc_percent_encode(buf, value, false);
}

struct oc_slice oc_arn_region(struct oc_slice text)
{
    struct oc_slice region = {0};

    if (!oc_slice_has_prefix(text, OC_STR("arn:")))
        return (struct oc_slice){0};
    for (int i = 0; i < 4 && text.ptr; i++)
        region = oc_slice_cut(&text, ':');
    return text.ptr && region.len > 0 ? region : (struct oc_slice){0};
}

bool oc_client_err_is_unreachable(const struct oc_err *err)
{
    return err->name &&
           (strcmp(err->name, "EndpointConnectionError") == 0 ||
            strcmp(err->name, "ConnectTimeoutError") == 0 ||
            strcmp(err->name, "ReadTimeoutError") == 0 || strcmp(err->name, "SSLError") == 0);
}

bool oc_client_err_is_denied(const struct oc_err *err)
{
    /* A file that may not be read has no public name. */
    return err->name && (err->rc == OC_EDENIED || strcmp(err->name, "ProfileNotFound") == 0 ||
                         strcmp(err->name, "PartialCredentialsError") == 0);
}
