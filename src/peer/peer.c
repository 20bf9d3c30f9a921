/* Another Region: signed questions to its server, and what comes back. See peer.h. */
#include "peer/peer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "peer/peer_impl.h"

#define CONNECT_TIMEOUT_MS 5000
#define STALL_TIMEOUT_MS   15000
#define PEER_MEMORY_MAX    (64UL * 1024)
#define CALL_MEMORY_MAX    (256UL * 1024) /* for URL, headers and body of one request */
#define MODEL_ANSWER_MAX   (256UL * 1024)
#define ERROR_MAX          (64UL * 1024)
#define HEADERS_MAX        5 /* host, content-type, and what the signature adds */
#define WRONG_BYTES_TRIES  3
#define RESUMES_MAX        16 /* of one part, each of which brought something */
#define AWAY_FIRST_US      1000000LL
#define AWAY_MAX_US        5000000LL
#define TRUST_HINT                                                                                 \
    "name a file of certificates to trust as `ca-bundle` of this peer (`ca_bundle` in a file of "  \
    "credentials)"

struct oc_peer {
    struct oc_arena arena; /* holds the texts */
    struct oc_peer_name name;
    struct oc_slice base, host, access_key_id;
    struct oc_secret secret;
    struct oc_transport *transport;
    struct oc_sigv4_key_cache *keys;
    struct oc_streams *streams;
    pthread_mutex_t lock; /* guards what follows */
    int64_t away_until_us, away_pause_us;
    int64_t asked_until_us; /* somebody finds out whether it is back, for so long at most */
    struct oc_err away;     /* why it did not answer; OC_OK: it did */
};

/* -- life ---------------------------------------------------------------------------------------
 */

static int copy_texts(struct oc_peer *peer, const struct oc_peer_options *o, const char **ret_ca,
                      struct oc_err *err)
{
    struct oc_slice ca = oc_arena_copy(&peer->arena, o->ca_bundle);

    peer->name.region = oc_arena_copy(&peer->arena, o->region);
    peer->name.url = oc_arena_copy(&peer->arena, o->url);
    peer->access_key_id = oc_arena_copy(&peer->arena, o->access_key_id);
    if (!peer->name.region.ptr || !peer->name.url.ptr || !peer->access_key_id.ptr ||
        (o->ca_bundle.ptr && !ca.ptr))
        return oc_fail_nomem(err);
    *ret_ca = ca.ptr;
    memcpy(peer->secret.bytes, o->secret.ptr, o->secret.len);
    peer->secret.len = o->secret.len;
    return OC_OK;
}

static int init_peer(struct oc_peer *peer, const struct oc_peer_options *o, struct oc_err *err)
{
    struct oc_transport_options transport = {
        .user_agent = "outcrop-peer",
        .trust_hint = TRUST_HINT,
        .connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS,
        .stall_timeout_ms = o->stall_timeout_ms ? o->stall_timeout_ms : STALL_TIMEOUT_MS,
        .no_proxy = true, /* it is configured where the peer is, not where a proxy is */
    };
    int rc;

    if (o->access_key_id.len == 0 || o->secret.len == 0 ||
        o->secret.len > sizeof(peer->secret.bytes))
        return oc_fail(err, OC_EINVAL,
                       "the peer key for Region %.*s is missing: make one there with `outcrop key "
                       "add --peer`, its secret has 1 to %zu bytes",
                       OC_FMT(o->region), sizeof(peer->secret.bytes));
    rc = copy_texts(peer, o, &transport.ca_bundle, err);
    if (rc >= 0)
        rc = oc_peer_parse_url(peer->name.url, &peer->base, &peer->host, err);
    if (rc >= 0)
        rc = oc_sigv4_key_cache_new(&peer->keys, err);
    if (rc >= 0)
        rc = oc_streams_new(o->streams, &peer->streams, err);
    return rc < 0 ? rc : oc_transport_new(&transport, &peer->transport, err);
}

int oc_peer_new(const struct oc_peer_options *options, struct oc_peer **ret, struct oc_err *err)
{
    struct oc_peer *peer = oc_alloc(sizeof(*peer));
    int rc;

    if (!peer)
        return oc_fail_nomem(err);
    *peer = (struct oc_peer){0};
    oc_arena_init(&peer->arena, PEER_MEMORY_MAX);
    (void)pthread_mutex_init(&peer->lock, NULL); /* cannot fail with default attributes */
    rc = init_peer(peer, options, err);
    if (rc < 0) {
        oc_peer_free(peer);
        return rc;
    }
    *ret = peer;
    return OC_OK;
}

void oc_peer_free(struct oc_peer *peer)
{
    if (!peer)
        return;
    oc_transport_free(peer->transport);
    oc_sigv4_key_cache_free(peer->keys);
    oc_streams_free(peer->streams);
    oc_secret_clear(&peer->secret);
    oc_arena_clear(&peer->arena);
    (void)pthread_mutex_destroy(&peer->lock);
    free(peer);
}

struct oc_slice oc_peer_region(const struct oc_peer *peer)
{
    return peer->name.region;
}

struct oc_slice oc_peer_url(const struct oc_peer *peer)
{
    return peer->name.url;
}

struct oc_streams_state oc_peer_streams(const struct oc_peer *peer)
{
    return oc_streams_state(peer->streams);
}

struct oc_peer *oc_peers_find(const struct oc_peers *peers, struct oc_slice region)
{
    for (size_t i = 0; i < peers->count; i++)
        if (oc_slice_eq(oc_peer_region(peers->items[i]), region))
            return peers->items[i];
    return NULL;
}

/* -- a peer that is away ------------------------------------------------------------------------
 */

/* What is known without asking again: it did not answer a moment ago. When it is time to ask again,
 * one caller finds out; the others are not held up with it. */
static int recall(struct oc_peer *peer, int64_t patience_us, struct oc_err *err)
{
    int64_t now = oc_clock_mono_us();
    int rc;

    (void)pthread_mutex_lock(&peer->lock);
    rc = now < peer->away_until_us || now < peer->asked_until_us ? (int)peer->away.rc : OC_OK;
    if (rc < 0)
        *err = peer->away;
    else if (peer->away.rc < 0)
        peer->asked_until_us = now + patience_us;
    (void)pthread_mutex_unlock(&peer->lock);
    return rc;
}

/* What fails while the pause runs, such as the other parts of a copy, tells nothing new: only what
 * was asked after it makes the next one longer. Who answers that he failed is there. */
static void remember(struct oc_peer *peer, int rc, const struct oc_err *err)
{
    int64_t now = oc_clock_mono_us();
    bool away = rc == OC_EBUSY && !err->name;

    (void)pthread_mutex_lock(&peer->lock);
    if (away && now >= peer->away_until_us) {
        peer->away_pause_us = peer->away.rc == OC_OK                  ? AWAY_FIRST_US
                              : peer->away_pause_us < AWAY_MAX_US / 2 ? 2 * peer->away_pause_us
                                                                      : AWAY_MAX_US;
        peer->away = *err;
        peer->away_until_us = now + peer->away_pause_us;
    } else if (!away && rc != OC_ECANCELED && rc != OC_ENOMEM) {
        peer->away.rc = OC_OK;
        peer->away_until_us = 0;
    }
    peer->asked_until_us = 0;
    (void)pthread_mutex_unlock(&peer->lock);
}

/* -- one exchange -------------------------------------------------------------------------------
 */

/* What a question is about, beyond its model. */
struct subject {
    const char *what;         /* end of the path: "", "/copies", "/manifests/", "/parts/" */
    struct oc_slice digest;   /* after it; or absent */
    struct oc_slice copy_arn; /* of "/copies" */
    int64_t deadline_us;      /* of all tries; 0: none yet */
    size_t max_response;
    uint8_t *to; /* where the answer goes instead of a buffer, with room for max_response */
    struct oc_ranges ranges; /* of it, and what is there; then is `max_response` long */
};

/* A question on its way. */
struct asking {
    const struct oc_peer_question *question;
    int64_t deadline_us; /* 0: none */
};

static bool is_late(const struct asking *asking)
{
    return asking->deadline_us && oc_clock_mono_us() > asking->deadline_us;
}

static bool is_canceled(void *ctx)
{
    const struct asking *asking = ctx;
    const struct oc_peer_question *q = asking->question;

    return is_late(asking) || (q->is_canceled && q->is_canceled(q->ctx));
}

static bool is_in_the_way(void *ctx)
{
    const struct oc_peer_question *q = ((const struct asking *)ctx)->question;

    return q->is_in_the_way && q->is_in_the_way(q->ctx);
}

static void put_question(struct oc_buf *buf, const struct oc_peer_question *q,
                         const struct subject *subject)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "accountId", q->account);
    oc_jw_member(&w, "principalArn", q->principal);
    oc_jw_member(&w, "region", q->region);
    if (q->tags && q->tags->count) {
        oc_jw_key(&w, "tags");
        oc_tags_put_json(&w, q->tags);
    }
    oc_jw_member(&w, "sourceModelArn", q->copy_of);
    oc_jw_member(&w, "copyModelArn", subject->copy_arn);
    oc_jw_object_end(&w);
}

/* The request, in the arena. */
static int prepare(struct oc_peer *peer, const struct oc_peer_question *q, struct subject *subject,
                   struct oc_arena *arena, struct oc_transport_request *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0}, body = {0};
    struct oc_sigv4_header *headers = oc_arena_alloc(arena, HEADERS_MAX * sizeof(*headers));
    struct oc_sigv4_signer signer = {
        .access_key_id = peer->access_key_id,
        .secret = {(const char *)peer->secret.bytes, peer->secret.len},
        .region = peer->name.region,
        .service = OC_STR("bedrock"),
        .now_ms = oc_clock_now_ms(),
        .path = OC_SIGV4_PATH_NORMALIZED,
        .cache = peer->keys,
    };
    struct oc_sigv4_signed made;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    oc_buf_put_str(&path, "/-/peer/models/");
    oc_percent_encode(&path, q->model_arn, false);
    oc_buf_put_str(&path, subject->what);
    oc_buf_put_slice(&path, subject->digest);
    put_question(&body, q, subject);
    struct oc_sigv4_request request = {
        .method = OC_STR("POST"),
        .path = oc_arena_copy(arena, oc_buf_slice(&path)),
        .headers = headers,
        .header_count = 2,
        .body = oc_arena_copy(arena, oc_buf_slice(&body)),
    };
    struct oc_slice url = oc_arena_printf(arena, "%.*s%.*s", OC_FMT(peer->base), OC_FMT(path));
    if (!headers || !request.path.ptr || !request.body.ptr || !url.ptr || path.failed ||
        body.failed)
        return oc_fail_nomem(err);
    headers[0] = (struct oc_sigv4_header){OC_STR("Host"), peer->host};
    headers[1] = (struct oc_sigv4_header){OC_STR("Content-Type"), OC_STR("application/json")};
    int rc = oc_sigv4_sign(&signer, &request, arena, &made, err);
    if (rc < 0)
        return rc;
    memcpy(headers + 2, made.headers, made.header_count * sizeof(*headers));
    *ret = (struct oc_transport_request){
        .method = "POST",
        .url = url.ptr,
        .headers = headers,
        .header_count = 2 + made.header_count,
        .body = request.body,
        .max_response = subject->to ? ERROR_MAX : subject->max_response,
        .to = subject->to,
        .to_cap = subject->to ? subject->max_response : 0,
        .ranges = subject->to ? &subject->ranges : NULL,
        .is_canceled = is_canceled,
        .is_in_the_way = is_in_the_way,
    };
    return OC_OK;
}

/* Send and take the answer's body. Errors: the transport's; OC_EBUSY (late). */
static int send(struct oc_peer *peer, const struct oc_peer_question *q, struct subject *subject,
                struct oc_transport_head *ret_head, struct oc_buf *body, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct asking asking = {.question = q};
    struct oc_transport_request request;
    bool sent;

    oc_arena_init(&arena, CALL_MEMORY_MAX);
    int rc = prepare(peer, q, subject, &arena, &request, err);
    if (rc < 0)
        return rc;
    if (q->patience_ms && !subject->deadline_us)
        subject->deadline_us = oc_clock_mono_us() + q->patience_ms * 1000;
    asking.deadline_us = subject->deadline_us;
    request.ctx = &asking;
    rc = oc_transport_send(peer->transport, &request, ret_head, body, &sent, err);
    if (rc == OC_ECANCELED && is_late(&asking))
        rc = oc_fail(err, OC_EBUSY, "no answer within %lld seconds",
                     (long long)(q->patience_ms / 1000));
    return rc;
}

/* How far a part has come. */
struct progress {
    size_t bytes;
    unsigned done; /* ranges */
};

static struct progress progress_of(const struct oc_ranges *ranges)
{
    struct progress progress = {0};

    for (unsigned i = 0; i < ranges->count; i++) {
        progress.bytes += ranges->items[i].got;
        progress.done += ranges->items[i].got == ranges->items[i].len;
    }
    return progress;
}

/* Whether to ask at once for what is missing: a connection broke that had brought something, or one
 * stalled while others came to their ends. */
static bool may_go_on(const struct oc_ranges *ranges, struct progress before,
                      const struct oc_err *cause)
{
    struct progress now = progress_of(ranges);

    if (cause->rc != OC_EIO)
        return false;
    return strcmp(cause->name, "EndpointConnectionError") == 0 ? now.bytes > before.bytes
                                                               : now.done > before.done;
}

/* Ask and take the answer's body. Errors: as at the top of peer.h, and OC_ELIMIT: it is not what
 * was asked for. */
static int exchange(struct oc_peer *peer, const struct oc_peer_question *q, struct subject *subject,
                    struct oc_buf *body, struct oc_err *err)
{
    struct oc_transport_head head;
    struct oc_err cause;
    unsigned resumes = 0;
    bool goes_on;
    int rc;

    do {
        struct progress before = progress_of(&subject->ranges);

        cause = (struct oc_err){0};
        rc = send(peer, q, subject, &head, body, &cause);
        goes_on = rc < 0 && resumes++ < RESUMES_MAX && may_go_on(&subject->ranges, before, &cause);
    } while (goes_on);
    if (rc == OC_ELIMIT || rc == OC_ECORRUPT) /* more than the part or manifest has, or others */
        return oc_fail(err, OC_ELIMIT, "%s", cause.text);
    if (rc < 0)
        return oc_peer_fail_exchange(&peer->name, &cause, err);
    return head.status / 100 == 2
               ? OC_OK
               : oc_peer_fail_answer(&peer->name, &head, oc_buf_slice(body), err);
}

/* -- the questions ------------------------------------------------------------------------------
 */

int oc_peer_get_model(struct oc_peer *peer, const struct oc_peer_question *question,
                      struct oc_arena *arena, struct oc_peer_model *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct subject subject = {.what = "", .max_response = MODEL_ANSWER_MAX};
    int rc = question->patience_ms ? recall(peer, question->patience_ms * 1000, err) : OC_OK;

    if (rc < 0)
        return rc;
    oc_buf_init(&body, MODEL_ANSWER_MAX);
    rc = exchange(peer, question, &subject, &body, err);
    if (rc == OC_ELIMIT)
        rc = oc_fail(err, OC_EBUSY,
                     "Region %.*s (%.*s) gives an answer that is none: it is too long",
                     OC_FMT(peer->name.region), OC_FMT(peer->name.url));
    if (rc == OC_OK)
        rc = oc_peer_read_model(&peer->name, oc_buf_slice(&body), arena, ret, err);
    remember(peer, rc, err);
    return rc;
}

int oc_peer_put_copy(struct oc_peer *peer, const struct oc_peer_question *question,
                     struct oc_slice copy_arn, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct subject subject = {
        .what = "/copies", .copy_arn = copy_arn, .max_response = MODEL_ANSWER_MAX};

    oc_buf_init(&body, MODEL_ANSWER_MAX);
    return exchange(peer, question, &subject, &body, err);
}

/* Fetch bytes until they have the digest that the subject names, and is in `sha256`. */
static int fetch_now(struct oc_peer *peer, const struct oc_peer_question *question,
                     struct subject *subject, const uint8_t sha256[OC_SHA256_LEN],
                     struct oc_buf *body, struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];

    for (unsigned try = 0; try < WRONG_BYTES_TRIES; try++) {
        subject->ranges = (struct oc_ranges){
            .len = subject->max_response, .is_all = true, .streams = peer->streams};
        int rc = exchange(peer, question, subject, body, err);
        struct oc_slice bytes = oc_buf_slice(body);

        if (subject->to)
            bytes = (struct oc_slice){(char *)subject->to, oc_ranges_len(&subject->ranges)};
        if (rc == OC_OK)
            rc = oc_sha256(bytes, digest, err);
        if (rc < 0 && rc != OC_ELIMIT)
            return rc;
        if (rc == OC_OK && memcmp(digest, sha256, sizeof(digest)) == 0)
            return OC_OK;
    }
    return oc_fail(err, OC_ECORRUPT,
                   "Region %.*s (%.*s) sends bytes that do not have the digest %.*s, and did so %d "
                   "times; nothing of them was kept. Look at what is between the Regions, and run "
                   "`outcrop check --deep` there",
                   OC_FMT(peer->name.region), OC_FMT(peer->name.url), OC_FMT(subject->digest),
                   WRONG_BYTES_TRIES);
}

static int fetch(struct oc_peer *peer, const struct oc_peer_question *question,
                 struct subject *subject, const uint8_t sha256[OC_SHA256_LEN], struct oc_buf *body,
                 struct oc_err *err)
{
    int rc = question->patience_ms ? recall(peer, question->patience_ms * 1000, err) : OC_OK;

    if (rc < 0)
        return rc;
    rc = fetch_now(peer, question, subject, sha256, body, err);
    remember(peer, rc, err);
    return rc;
}

int oc_peer_get_manifest(struct oc_peer *peer, const struct oc_peer_question *question,
                         const uint8_t sha256[OC_SHA256_LEN], struct oc_buf *ret,
                         struct oc_err *err)
{
    char hex[OC_SHA256_HEX_LEN];
    struct subject subject = {
        .what = "/manifests/", .digest = {hex, sizeof(hex)}, .max_response = OC_MANIFEST_MAX};

    oc_hex_encode(sha256, OC_SHA256_LEN, hex);
    return fetch(peer, question, &subject, sha256, ret, err);
}

int oc_peer_get_part(struct oc_peer *peer, const struct oc_peer_question *question,
                     const uint8_t sha256[OC_SHA256_LEN], uint8_t *to, size_t cap, size_t *ret_len,
                     struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf refusal = {0};
    char hex[OC_SHA256_HEX_LEN];
    struct subject subject = {
        .what = "/parts/", .digest = {hex, sizeof(hex)}, .max_response = cap, .to = to};

    oc_hex_encode(sha256, OC_SHA256_LEN, hex);
    oc_buf_init(&refusal, ERROR_MAX);
    int rc = fetch(peer, question, &subject, sha256, &refusal, err);
    if (rc == OC_OK)
        *ret_len = oc_ranges_len(&subject.ranges);
    return rc;
}
