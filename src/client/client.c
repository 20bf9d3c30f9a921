/* The client: where, who, sign, send, understand the answer, try again. */
#include "client/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "client/answer.h"
#include "client/endpoint.h"
#include "client/retry.h"
#include "net/transport.h"

#define ATTEMPTS_DEFAULT           3
#define ATTEMPTS_MAX               1000
#define RENEW_AGAIN_MS             (30 * 1000)
#define RENEW_BEFORE_MS            (5 * 60 * 1000) /* credentials are renewed so long before */
#define CONNECT_TIMEOUT_DEFAULT_MS 5000
#define STALL_TIMEOUT_DEFAULT_MS   60000
#define CALL_MEMORY_MAX            (256UL * 1024) /* for the URL and the headers of one attempt */
#define HEADERS_MAX                7 /* host, content-type, and what the signature adds */

struct oc_client {
    struct oc_profile profile;
    struct oc_credentials credentials;
    struct oc_endpoint endpoint; /* `base` empty: follows from the Region */
    char region[OC_REGION_MAX + 1];
    char user_agent[128];
    unsigned max_attempts;
    bool anonymous;
    struct oc_transport *transport;
    struct oc_sigv4_key_cache *key_cache;
    pthread_mutex_t lock; /* with `changed`: for pauses */
    pthread_cond_t changed;
    _Atomic unsigned cancels;
    _Atomic int64_t clock_offset_ms; /* what the server's clock is ahead of ours */
    struct oc_retry_quota quota;
    bool use_fips, use_dualstack;
    bool profile_is_named;
    pthread_rwlock_t credentials_lock; /* guards `credentials`, which are renewed, and this: */
    int64_t renew_not_before_ms;
};

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

/* -- one attempt ---------------------------------------------------------------------------------
 */

/* The request as it goes out: URL and headers, in the arena of the attempt. */
struct prepared {
    struct oc_sigv4_header headers[HEADERS_MAX];
    size_t header_count;
    const char *url;
};

static void add_header(struct prepared *p, struct oc_slice name, struct oc_slice value)
{
    p->headers[p->header_count++] = (struct oc_sigv4_header){name, value};
}

/* A large body is announced with its digest: a server can then judge the request by its head. */
static int announce_body(const struct oc_request *request, struct oc_arena *arena,
                         struct prepared *p, struct oc_err *err)
{
    struct oc_slice hex = oc_slice_of(request->body_sha256);
    uint8_t digest[OC_SHA256_LEN];
    char *text;
    int rc;

    if (request->body.len <= OC_HTTP_BODY_MAX)
        return OC_OK;
    if (!hex.ptr) {
        text = oc_arena_alloc(arena, OC_SHA256_HEX_LEN);
        rc = text ? oc_sha256(request->body, digest, err) : oc_fail_nomem(err);
        if (rc < 0)
            return rc;
        oc_hex_encode(digest, sizeof(digest), text);
        hex = (struct oc_slice){text, OC_SHA256_HEX_LEN};
    }
    add_header(p, OC_STR("x-amz-content-sha256"), hex);
    return OC_OK;
}

static int sign(const struct oc_client *client, const struct oc_request *request,
                struct oc_slice full_path, struct oc_arena *arena, struct prepared *p,
                struct oc_err *err)
{
    const struct oc_credentials *c = &client->credentials;
    struct oc_sigv4_signer signer = {
        .access_key_id = oc_buf_slice(&c->access_key_id),
        .secret = {(const char *)c->secret.bytes, c->secret.len},
        .region = request->region.ptr ? request->region : oc_slice_of(client->region),
        .service = OC_STR("bedrock"),
        .now_ms = oc_clock_now_ms() + atomic_load(&client->clock_offset_ms),
        .path = OC_SIGV4_PATH_NORMALIZED,
        .cache = client->key_cache,
    };
    struct oc_sigv4_request raw = {
        .method = oc_slice_of(request->method),
        .path = full_path,
        .query = request->query,
        .headers = p->headers,
        .header_count = p->header_count,
        .body = request->body,
        .body_sha256 = oc_slice_of(request->body_sha256),
    };
    struct oc_sigv4_signed result;
    int rc;

    if (c->session_token.len > 0)
        signer.session_token = oc_buf_slice(&c->session_token);
    rc = oc_sigv4_sign(&signer, &raw, arena, &result, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < result.header_count; i++)
        add_header(p, result.headers[i].name, result.headers[i].value);
    return OC_OK;
}

static int prepare(const struct oc_client *client, const struct oc_request *request,
                   struct oc_arena *arena, struct prepared *ret, struct oc_err *err)
{
    struct oc_endpoint aws;
    const struct oc_endpoint *endpoint = &client->endpoint;
    struct prepared p = {0};
    struct oc_slice path, url, bearer;
    bool has_query = request->query.len > 0;

    if (!endpoint->base[0]) {
        oc_endpoint_of_region(request->region.ptr ? request->region : oc_slice_of(client->region),
                              client->use_fips, client->use_dualstack, &aws);
        endpoint = &aws;
    }
    path = oc_arena_printf(arena, "%s%.*s", endpoint->path, OC_FMT(request->path));
    url = oc_arena_printf(arena, "%s%.*s%s%.*s", endpoint->base, OC_FMT(path), has_query ? "?" : "",
                          OC_FMT(request->query));
    add_header(&p, OC_STR("Host"), oc_arena_copy(arena, oc_slice_of(endpoint->host)));
    if (!path.ptr || !url.ptr || !p.headers[0].value.ptr)
        return oc_fail_nomem(err);
    p.url = url.ptr;
    if (request->body.ptr)
        add_header(&p, OC_STR("Content-Type"),
                   oc_slice_of(request->content_type ? request->content_type : "application/json"));
    if (client->credentials.bearer.len > 0) {
        bearer = oc_arena_printf(arena, "Bearer %.*s", OC_FMT(client->credentials.bearer));
        if (!bearer.ptr)
            return oc_fail_nomem(err);
        add_header(&p, OC_STR("Authorization"), bearer);
    } else if (!client->anonymous) {
        int rc = announce_body(request, arena, &p, err);

        if (rc == OC_OK)
            rc = sign(client, request, path, arena, &p, err);
        if (rc < 0)
            return rc;
    }
    *ret = p;
    return OC_OK;
}

/* -- credentials that end ---------------------------------------------------------------------- */

static bool are_ending(const struct oc_client *client, int64_t margin_ms)
{
    const int64_t expires_ms = client->credentials.expires_ms;

    return expires_ms != 0 && oc_clock_now_ms() > expires_ms - margin_ms;
}

/* Holds the lock for writing. What cannot be renewed is used as long as it lasts. */
static int renew(struct oc_client *client, struct oc_err *err)
{
    struct oc_credentials fresh;
    struct oc_err why = {0};
    int rc;

    /* Another thread was faster, or the source has nothing that lasts longer. */
    if (!are_ending(client, RENEW_BEFORE_MS) ||
        (!are_ending(client, 0) && oc_clock_now_ms() < client->renew_not_before_ms))
        return OC_OK;
    client->renew_not_before_ms = oc_clock_now_ms() + RENEW_AGAIN_MS;
    rc = oc_credentials_load(NULL, &client->profile, client->profile_is_named, &fresh, &why);
    if (rc < 0) {
        if (!are_ending(client, 0))
            return OC_OK;
        *err = why;
        return rc;
    }
    oc_credentials_clear(&client->credentials);
    client->credentials = fresh;
    return OC_OK;
}

/* Take the lock for reading, with credentials that have not ended. */
static int lock_credentials(struct oc_client *client, struct oc_err *err)
{
    int rc = OC_OK;

    (void)pthread_rwlock_rdlock(&client->credentials_lock);
    if (!are_ending(client, RENEW_BEFORE_MS))
        return OC_OK;
    (void)pthread_rwlock_unlock(&client->credentials_lock);
    (void)pthread_rwlock_wrlock(&client->credentials_lock);
    rc = renew(client, err);
    (void)pthread_rwlock_unlock(&client->credentials_lock);
    if (rc == OC_OK)
        (void)pthread_rwlock_rdlock(&client->credentials_lock);
    return rc;
}

static int prepare_locked(struct oc_client *client, const struct oc_request *request,
                          struct oc_arena *arena, struct prepared *ret, struct oc_err *err)
{
    int rc = lock_credentials(client, err);

    if (rc < 0)
        return rc;
    rc = prepare(client, request, arena, ret, err);
    (void)pthread_rwlock_unlock(&client->credentials_lock);
    return rc;
}

/* -- the answer -------------------------------------------------------------------------------- */

/* What became of one attempt. */
struct outcome {
    bool retryable;
    bool ran;         /* the server may have carried the request out */
    bool throttled;   /* the server refused to begin */
    bool skewed;      /* our clock was wrong and is right now */
    int64_t pause_ms; /* what the server asked for, or 0 */
};

/* A call and the state of cancellation at its begin. */
struct canceling {
    const struct oc_client *client;
    unsigned mark;
};

static bool is_canceled(void *ctx)
{
    const struct canceling *c = ctx;

    return oc_client_mark(c->client) != c->mark;
}

/* @return whether the clock was corrected, so that another attempt makes sense */
static bool correct_clock(struct oc_client *client, const struct oc_transport_head *head,
                          const char *error_name)
{
    int64_t offset;

    if (!oc_retry_is_clock_skew(head, error_name, atomic_load(&client->clock_offset_ms), &offset))
        return false;
    atomic_store(&client->clock_offset_ms, offset);
    return true;
}

static int attempt(struct oc_client *client, const struct oc_request *request, unsigned mark,
                   struct oc_response *response, struct outcome *ret, struct oc_err *err)
{
    struct canceling canceling = {client, mark};
    struct oc_arena arena;
    struct prepared p;
    struct oc_transport_head head = {0};
    int rc;

    *ret = (struct outcome){0};
    oc_arena_init(&arena, CALL_MEMORY_MAX);
    rc = prepare_locked(client, request, &arena, &p, err);
    if (rc == OC_OK) {
        struct oc_transport_request wire = {
            .method = request->method,
            .url = p.url,
            .headers = p.headers,
            .header_count = p.header_count,
            .body = request->body,
            .max_response = request->max_response ? request->max_response : OC_RESPONSE_MAX,
            .is_canceled = is_canceled,
            .ctx = &canceling,
        };

        rc = oc_transport_send(client->transport, &wire, &head, &response->body, &ret->ran, err);
        ret->retryable = rc == OC_EIO;
    }
    oc_arena_clear(&arena); /* holds the signature */
    if (rc < 0)
        return rc;
    response->status = head.status;
    response->date_s = head.date_s;
    memcpy(response->request_id, head.request_id, OC_REQUEST_ID_MAX);
    if (head.status / 100 == 2)
        return OC_OK;
    ret->pause_ms = oc_answer_retry_after_ms(&head);
    rc = oc_answer_error(&head, oc_buf_slice(&response->body), response->error_name, err);
    ret->retryable = oc_answer_is_retryable(&head, err);
    ret->throttled = oc_answer_is_throttled(&head, err);
    ret->skewed = correct_clock(client, &head, response->error_name);
    ret->ran = !ret->throttled && !ret->skewed;
    return rc;
}

/* -- all attempts ------------------------------------------------------------------------------ */

/* -- pauses and cancellation ------------------------------------------------------------------- */

unsigned oc_client_mark(const struct oc_client *client)
{
    return atomic_load(&client->cancels);
}

void oc_client_cancel(struct oc_client *client)
{
    (void)pthread_mutex_lock(&client->lock);
    atomic_fetch_add(&client->cancels, 1);
    (void)pthread_cond_broadcast(&client->changed);
    (void)pthread_mutex_unlock(&client->lock);
}

int oc_client_pause(struct oc_client *client, int64_t ms, unsigned mark, struct oc_err *err)
{
    struct timespec end;
    int rc = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(ms / 1000);
    end.tv_nsec += (long)(ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&client->lock);
    while (rc == 0 && oc_client_mark(client) == mark)
        rc = pthread_cond_timedwait(&client->changed, &client->lock, &end);
    (void)pthread_mutex_unlock(&client->lock);
    if (oc_client_mark(client) != mark)
        return oc_fail_as(err, OC_ECANCELED, "Canceled", "the call was canceled");
    return OC_OK;
}

/* A call through all its attempts. */
struct tries {
    const struct oc_request *request;
    struct outcome last;
    unsigned count;
    unsigned mark; /* oc_client_mark at the begin */
    int taken;     /* quota for the last retry */
};

/* Whether to try again; waits as long as is right before that. @return OC_OK: yes; < 0: `err` is
 * what to report */
static int before_retry(struct oc_client *client, struct tries *tries, const struct oc_err *why,
                        struct oc_err *err)
{
    const struct oc_request *request = tries->request;
    const unsigned most = or_default(request->max_attempts, client->max_attempts);

    *err = *why;
    if (tries->count >= most)
        return why->rc;
    if (tries->last.skewed)
        return OC_OK;
    if (!tries->last.retryable || (request->once && tries->last.ran))
        return why->rc;
    /* Long work that says how patient it is does not depend on how other calls fare. */
    if (request->max_attempts == 0) {
        tries->taken = oc_retry_quota_take(&client->quota, tries->last.throttled);
        if (tries->taken == 0)
            return why->rc;
    }
    return oc_client_pause(client, oc_retry_pause_ms(tries->count + 1, tries->last.pause_ms),
                           tries->mark, err);
}

int oc_client_call(struct oc_client *client, const struct oc_request *request,
                   struct oc_response *response, struct oc_err *err)
{
    struct tries tries = {.request = request, .mark = oc_client_mark(client)};

    for (;;) {
        struct oc_err why = {0};
        int rc;

        response->status = 0;
        response->request_id[0] = '\0';
        response->error_name[0] = '\0';
        rc = attempt(client, request, tries.mark, response, &tries.last, &why);
        response->attempts = ++tries.count;
        response->retryable = tries.last.retryable;
        if (rc == OC_OK) {
            oc_retry_quota_give_back(&client->quota, tries.taken);
            return OC_OK;
        }
        rc = before_retry(client, &tries, &why, err);
        if (rc < 0)
            return rc;
    }
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
