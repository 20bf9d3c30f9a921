/* Calls: sign, send, understand the answer, try again. */
#include "client/call.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client/answer.h"

#define CALL_MEMORY_MAX (256UL * 1024) /* for the URL and the headers of one attempt */
#define RENEW_AGAIN_MS  (30 * 1000)
#define RENEW_BEFORE_MS (5 * 60 * 1000) /* credentials are renewed so long before */

/* -- signing ----------------------------------------------------------------------------------- */

static void add_header(struct oc_attempt *a, struct oc_slice name, struct oc_slice value)
{
    a->headers[a->wire.header_count++] = (struct oc_sigv4_header){name, value};
}

/* A large body is announced with its digest: a server can then judge the request by its head. */
static int announce_body(const struct oc_request *request, struct oc_attempt *a, struct oc_err *err)
{
    struct oc_slice hex = oc_slice_of(request->body_sha256);
    uint8_t digest[OC_SHA256_LEN];
    char *text;
    int rc;

    if (request->body.len <= OC_HTTP_BODY_MAX)
        return OC_OK;
    if (!hex.ptr) {
        text = oc_arena_alloc(&a->arena, OC_SHA256_HEX_LEN);
        rc = text ? oc_sha256(request->body, digest, err) : oc_fail_nomem(err);
        if (rc < 0)
            return rc;
        oc_hex_encode(digest, sizeof(digest), text);
        hex = (struct oc_slice){text, OC_SHA256_HEX_LEN};
    }
    add_header(a, OC_STR("x-amz-content-sha256"), hex);
    return OC_OK;
}

static int sign(const struct oc_client *client, const struct oc_request *request,
                struct oc_slice full_path, struct oc_attempt *a, struct oc_err *err)
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
        .headers = a->headers,
        .header_count = a->wire.header_count,
        .body = request->body,
        .body_sha256 = oc_slice_of(request->body_sha256),
    };
    struct oc_sigv4_signed result;
    int rc;

    if (c->session_token.len > 0)
        signer.session_token = oc_buf_slice(&c->session_token);
    rc = oc_sigv4_sign(&signer, &raw, &a->arena, &result, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < result.header_count; i++)
        add_header(a, result.headers[i].name, result.headers[i].value);
    return OC_OK;
}

static int prepare(const struct oc_client *client, const struct oc_request *request,
                   struct oc_attempt *a, struct oc_err *err)
{
    struct oc_endpoint aws;
    const struct oc_endpoint *endpoint = &client->endpoint;
    struct oc_slice path, url, bearer;
    bool has_query = request->query.len > 0;
    int rc;

    if (!endpoint->base[0]) {
        oc_endpoint_of_region(request->region.ptr ? request->region : oc_slice_of(client->region),
                              client->use_fips, client->use_dualstack, &aws);
        endpoint = &aws;
    }
    path = oc_arena_printf(&a->arena, "%s%.*s", endpoint->path, OC_FMT(request->path));
    url = oc_arena_printf(&a->arena, "%s%.*s%s%.*s", endpoint->base, OC_FMT(path),
                          has_query ? "?" : "", OC_FMT(request->query));
    add_header(a, OC_STR("Host"), oc_arena_copy(&a->arena, oc_slice_of(endpoint->host)));
    if (!path.ptr || !url.ptr || !a->headers[0].value.ptr)
        return oc_fail_nomem(err);
    a->wire.url = url.ptr;
    if (request->body.ptr)
        add_header(a, OC_STR("Content-Type"),
                   oc_slice_of(request->content_type ? request->content_type : "application/json"));
    if (client->credentials.bearer.len > 0) {
        bearer = oc_arena_printf(&a->arena, "Bearer %.*s", OC_FMT(client->credentials.bearer));
        if (!bearer.ptr)
            return oc_fail_nomem(err);
        add_header(a, OC_STR("Authorization"), bearer);
        return OC_OK;
    }
    if (client->anonymous)
        return OC_OK;
    rc = announce_body(request, a, err);
    return rc < 0 ? rc : sign(client, request, path, a, err);
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

int oc_attempt_begin(struct oc_client *client, const struct oc_request *request,
                     struct oc_response *response, struct oc_attempt *ret, struct oc_err *err)
{
    int rc;

    response->status = 0;
    response->request_id[0] = '\0';
    response->error_name[0] = '\0';
    *ret = (struct oc_attempt){
        .wire = {.method = request->method,
                 .body = request->body,
                 .max_response = request->max_response ? request->max_response : OC_RESPONSE_MAX}};
    ret->wire.headers = ret->headers;
    oc_arena_init(&ret->arena, CALL_MEMORY_MAX);
    rc = lock_credentials(client, err);
    if (rc < 0)
        return rc;
    rc = prepare(client, request, ret, err);
    (void)pthread_rwlock_unlock(&client->credentials_lock);
    return rc;
}

void oc_attempt_clear(struct oc_attempt *attempt)
{
    oc_arena_clear(&attempt->arena); /* holds the signature */
}

/* -- the answer -------------------------------------------------------------------------------- */

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

int oc_attempt_end(struct oc_client *client, int rc, const struct oc_transport_head *head,
                   bool sent, struct oc_response *response, struct oc_outcome *ret,
                   struct oc_err *err)
{
    *ret = (struct oc_outcome){.ran = sent, .retryable = rc == OC_EIO};
    if (rc < 0)
        return rc;
    response->status = head->status;
    response->date_s = head->date_s;
    memcpy(response->request_id, head->request_id, OC_REQUEST_ID_MAX);
    if (head->status / 100 == 2)
        return OC_OK;
    ret->pause_ms = oc_answer_retry_after_ms(head);
    rc = oc_answer_error(head, oc_buf_slice(&response->body), response->error_name, err);
    ret->retryable = oc_answer_is_retryable(head, err);
    ret->throttled = oc_answer_is_throttled(head, err);
    ret->skewed = correct_clock(client, head, response->error_name);
    ret->ran = !ret->throttled && !ret->skewed;
    return rc;
}

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
    oc_transport_wake(client->transport);
    oc_async_wake(atomic_load(&client->async));
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

/* -- all attempts ------------------------------------------------------------------------------ */

int oc_tries_next(struct oc_client *client, struct oc_tries *tries, const struct oc_err *why,
                  int64_t *ret_ms)
{
    const struct oc_request *request = tries->request;
    const unsigned most = request->max_attempts ? request->max_attempts : client->max_attempts;

    *ret_ms = 0;
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
    *ret_ms = oc_retry_pause_ms(tries->count + 1, tries->last.pause_ms);
    return OC_OK;
}

void oc_tries_done(struct oc_client *client, const struct oc_tries *tries)
{
    oc_retry_quota_give_back(&client->quota, tries->taken);
}

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

static int attempt(struct oc_client *client, struct oc_tries *tries, struct oc_response *response,
                   struct oc_err *err)
{
    struct canceling canceling = {client, tries->mark};
    struct oc_transport_head head = {0};
    struct oc_attempt attempt;
    bool sent = false;
    int rc;

    rc = oc_attempt_begin(client, tries->request, response, &attempt, err);
    if (rc == OC_OK) {
        attempt.wire.is_canceled = is_canceled;
        attempt.wire.ctx = &canceling;
        rc =
            oc_transport_send(client->transport, &attempt.wire, &head, &response->body, &sent, err);
        rc = oc_attempt_end(client, rc, &head, sent, response, &tries->last, err);
    } else {
        tries->last = (struct oc_outcome){0};
    }
    oc_attempt_clear(&attempt);
    return rc;
}

int oc_client_call(struct oc_client *client, const struct oc_request *request,
                   struct oc_response *response, struct oc_err *err)
{
    struct oc_tries tries = {.request = request, .mark = oc_client_mark(client)};

    for (;;) {
        struct oc_err why = {0};
        int64_t pause_ms;
        int rc;

        rc = attempt(client, &tries, response, &why);
        response->attempts = ++tries.count;
        response->retryable = tries.last.retryable;
        if (rc == OC_OK) {
            oc_tries_done(client, &tries);
            return OC_OK;
        }
        if (oc_tries_next(client, &tries, &why, &pause_ms) < 0) {
            *err = why;
            return rc;
        }
        rc = oc_client_pause(client, pause_ms, tries.mark, err);
        if (rc < 0)
            return rc;
    }
}
