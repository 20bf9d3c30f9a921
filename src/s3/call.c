/* One call: signing, sending, trying again. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "s3/s3_impl.h"

#define MEMORY_MAX     (1024 * 1024) /* of one try: a key, encoded, in several places */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   5000
#define LOOK_EVERY_MS  1000                    /* whether others need what the caller holds */
#define HEADERS_MAX    (OC_S3_HEADERS_MAX + 5) /* with host, the body's hash and the signature */

void oc_s3_add_header(struct oc_s3_call *call, const char *name, struct oc_slice value)
{
    call->headers[call->header_count++] = (struct oc_sigv4_header){oc_slice_of(name), value};
}

void oc_s3_answer_clear(struct oc_s3_answer *answer)
{
    oc_buf_clear(&answer->body);
}

/* -- what comes back ------------------------------------------------------------------------ */

/* The context of one exchange. */
struct exchange {
    struct oc_s3 *s3;
    struct oc_s3_answer *answer;
    bool given_way; /* it was silent, and others needed what its caller holds */
};

static void keep(char *to, size_t max, struct oc_slice value)
{
    if (value.len > max)
        value.len = 0; /* a cut text would be a wrong one */
    if (value.len)
        memcpy(to, value.ptr, value.len);
    to[value.len] = '\0';
}

static void keep_etag(struct oc_s3_answer *answer, struct oc_slice value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = oc_slice_sub(value, 1, value.len - 2);
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~' || strchr("\"<>&", value.ptr[i]))
            return; /* nothing that we could send back as it is */
    answer->has_changed |= answer->etag[0] && !oc_slice_eq_str(value, answer->etag);
    keep(answer->etag, OC_S3_ETAG_MAX, value);
}

static void on_header(struct oc_slice name, struct oc_slice value, void *ctx)
{
    struct oc_s3_answer *answer = ((struct exchange *)ctx)->answer;
    int64_t number;

    if (oc_slice_eq_nocase(name, OC_STR("etag")))
        keep_etag(answer, value);
    else if (oc_slice_eq_nocase(name, OC_STR("content-length"))) {
        if (oc_slice_to_int64(value, &number) && number >= 0)
            answer->length = (uint64_t)number;
    } else if (oc_slice_eq_nocase(name, OC_STR("x-amz-request-id")))
        keep(answer->request_id, OC_S3_TEXT_MAX, value);
    else if (oc_slice_eq_nocase(name, OC_STR("retry-after")) && value.len < 4 &&
             oc_slice_to_int64(value, &number) && number >= 0)
        answer->retry_after_ms = number * 1000;
}

static bool is_stopping(struct oc_s3 *s3)
{
    bool stopping;

    (void)pthread_mutex_lock(&s3->lock);
    stopping = s3->stopping;
    (void)pthread_mutex_unlock(&s3->lock);
    return stopping;
}

static bool is_canceled(void *ctx)
{
    return is_stopping(((struct exchange *)ctx)->s3);
}

/* Whether others need what the caller of a call holds that gets nowhere. */
static bool must_give_way(struct oc_s3 *s3)
{
    bool must;

    (void)pthread_mutex_lock(&s3->lock);
    must = s3->is_in_the_way && s3->is_in_the_way(s3->way);
    (void)pthread_mutex_unlock(&s3->lock);
    return must;
}

static bool is_in_the_way(void *ctx)
{
    struct exchange *exchange = ctx;

    exchange->given_way = must_give_way(exchange->s3);
    return exchange->given_way;
}

/* -- one try -------------------------------------------------------------------------------- */

/* The path as it is sent and signed. */
static struct oc_slice make_path(const struct oc_s3 *s3, struct oc_slice key,
                                 struct oc_arena *arena)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, OC_HTTP_TARGET_MAX);
    oc_buf_put_slice(&buf, s3->path);
    if (key.ptr) {
        oc_buf_put_char(&buf, '/');
        oc_percent_encode(&buf, key, true);
    }
    if (buf.len == 0)
        oc_buf_put_char(&buf, '/');
    return buf.failed ? (struct oc_slice){0} : oc_arena_copy(arena, oc_buf_slice(&buf));
}

/* What is signed for the body: over TLS nothing but that there is one. */
static int hash_body(const struct oc_s3 *s3, struct oc_slice body, struct oc_arena *arena,
                     struct oc_slice *ret, struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];
    char hex[OC_SHA256_HEX_LEN];
    int rc;

    if (s3->tls && body.len > 0) {
        *ret = OC_STR("UNSIGNED-PAYLOAD");
        return OC_OK;
    }
    rc = oc_sha256(body, digest, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(digest, sizeof(digest), hex);
    *ret = oc_arena_copy(arena, (struct oc_slice){hex, sizeof(hex)});
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}

/* A call as it is sent: made once for each try, since the signature has the time in it. */
struct wire {
    struct oc_arena arena;
    struct oc_sigv4_header headers[HEADERS_MAX];
    size_t header_count;
    struct oc_slice url;
    uint64_t generation; /* of the keys that signed it */
};

static void wire_clear(struct wire *wire)
{
    oc_arena_clear(&wire->arena);
}

static void add(struct wire *wire, struct oc_sigv4_header header)
{
    wire->headers[wire->header_count++] = header;
}

static int sign(struct oc_s3 *s3, const struct oc_s3_call *call, struct oc_slice hash,
                struct wire *wire, struct oc_err *err)
{
    struct oc_sigv4_request request = {
        .method = oc_slice_of(call->method),
        .path = make_path(s3, call->key, &wire->arena),
        .query = call->query,
        .headers = wire->headers,
    };
    struct oc_sigv4_signed added;
    int rc;

    wire->url =
        oc_arena_printf(&wire->arena, "%.*s%.*s%s%.*s", OC_FMT(s3->base), OC_FMT(request.path),
                        call->query.len ? "?" : "", OC_FMT(call->query));
    if (!request.path.ptr || !wire->url.ptr)
        return oc_fail_nomem(err);
    add(wire, (struct oc_sigv4_header){OC_STR("Host"), s3->host});
    add(wire, (struct oc_sigv4_header){OC_STR("X-Amz-Content-Sha256"), hash});
    for (size_t i = 0; i < call->header_count; i++)
        add(wire, call->headers[i]);
    request.header_count = wire->header_count;
    rc = oc_s3_sign(s3, &request, &wire->arena, &added, &wire->generation, err);
    for (size_t i = 0; rc == OC_OK && i < added.header_count; i++)
        add(wire, added.headers[i]);
    return rc;
}

/* What is to be known of a try besides its answer. */
struct sent {
    uint64_t generation; /* of the keys that signed it */
    bool given_way;
};

static int send_once(struct oc_s3 *s3, const struct oc_s3_call *call, struct oc_slice hash,
                     struct oc_s3_answer *answer, struct sent *ret, struct oc_err *err)
{
    OC_AUTO(wire_clear) struct wire wire = {0};
    struct exchange exchange = {.s3 = s3, .answer = answer};
    struct oc_transport_head head = {0};
    struct oc_transport_request request = {
        .method = call->method,
        .body = call->body,
        .max_response = call->to ? OC_S3_ERROR_MAX : OC_S3_ANSWER_MAX,
        .to = call->to,
        .to_cap = call->to ? call->ranges->len : 0,
        .ranges = call->ranges,
        .on_header = on_header,
        .is_canceled = is_canceled,
        .is_in_the_way = is_in_the_way,
        .ctx = &exchange,
    };
    bool sent = false;
    int rc;

    oc_arena_init(&wire.arena, MEMORY_MAX);
    rc = sign(s3, call, hash, &wire, err);
    if (rc < 0)
        return rc;
    ret->generation = wire.generation;
    request.url = wire.url.ptr;
    request.headers = wire.headers;
    request.header_count = wire.header_count;
    if (!call->ranges) /* else those of all its bytes are one */
        answer->etag[0] = '\0';
    answer->request_id[0] = '\0';
    answer->length = 0;
    answer->retry_after_ms = 0;
    rc = oc_transport_send(s3->transport, &request, &head, &answer->body, &sent, err);
    answer->status = head.status;
    answer->date_s = head.date_s;
    ret->given_way = exchange.given_way;
    return rc;
}

/* -- trying again --------------------------------------------------------------------------- */

/* Between half of it and all. */
static int64_t jitter(int64_t ms)
{
    uint64_t number = 0;
    struct oc_err ignored = {0};

    (void)oc_random(&number, sizeof(number), &ignored); /* no jitter is no failure */
    return ms - (int64_t)(number % (uint64_t)(ms / 2 + 1));
}

/* @return false when the client was stopped. */
static bool pause_ms(struct oc_s3 *s3, int64_t ms)
{
    int64_t until_us = oc_clock_mono_us() + ms * 1000;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    bool stopping;

    (void)pthread_mutex_lock(&s3->lock);
    while (!s3->stopping && pthread_cond_timedwait(&s3->changed, &s3->lock, &until) == 0)
        ;
    stopping = s3->stopping;
    (void)pthread_mutex_unlock(&s3->lock);
    return !stopping;
}

/* State of the tries of one call. */
struct tries {
    unsigned count;
    int64_t failing_since_us; /* 0: no try has failed */
    int64_t pause_ms;
    bool renewed; /* other credentials were tried */
};

/* Wait before the next try. @return false: it is not to be */
static bool wait_for_next(struct oc_s3 *s3, const struct tries *tries, int64_t ms)
{
    bool goes_on = true;

    for (; goes_on && ms > 0; ms -= LOOK_EVERY_MS) {
        goes_on = pause_ms(s3, ms < LOOK_EVERY_MS ? ms : LOOK_EVERY_MS);
        if (oc_clock_mono_us() - tries->failing_since_us >= OC_TRANSPORT_SILENCE_MS * 1000LL)
            goes_on = goes_on && !must_give_way(s3);
    }
    return goes_on;
}

/* Whether to try again after a failure; waits before it says yes. */
static bool may_try_again(struct oc_s3 *s3, struct tries *tries, int64_t asked_ms)
{
    int64_t now = oc_clock_mono_us(), pause, left_ms;

    if (!tries->failing_since_us)
        tries->failing_since_us = now;
    left_ms = s3->patience_ms - (now - tries->failing_since_us) / 1000;
    if (left_ms <= 0)
        return false;
    tries->pause_ms = tries->pause_ms ? tries->pause_ms * 2 : PAUSE_FIRST_MS;
    if (tries->pause_ms > PAUSE_MAX_MS)
        tries->pause_ms = PAUSE_MAX_MS;
    pause = jitter(tries->pause_ms);
    if (asked_ms > pause)
        pause = asked_ms;
    return wait_for_next(s3, tries, pause < left_ms ? pause : left_ms);
}

static int fail_stopped(const struct oc_s3 *s3, struct oc_err *err)
{
    return oc_fail(err, OC_ECANCELED, "calls to %s were stopped", s3->name);
}

#define WHY_MAX (OC_S3_TEXT_MAX * 3 + 64)

/* The text of a failure: what the server said, how often it was asked. */
static int fail_call(const struct oc_s3 *s3, const struct oc_s3_call *call, const char *why,
                     unsigned tries, int rc, struct oc_err *err)
{
    char count[40] = "";

    if (tries > 1)
        (void)snprintf(count, sizeof(count), " (tried %u times)", tries);
    if (call->key.ptr)
        return oc_fail(err, rc, "%s%s", why, count);
    return oc_fail(err, rc, "%s: %s%s", s3->name, why, count);
}

/* How much is there of what is read. */
static size_t bytes_of(const struct oc_ranges *ranges)
{
    size_t bytes = 0;

    for (unsigned i = 0; ranges && i < ranges->count; i++)
        bytes += ranges->items[i].got;
    return bytes;
}

/* One try and what is to be said of it. `ret->rc` is OC_OK when it did what was asked. */
static void try_once(struct oc_s3 *s3, const struct oc_s3_call *call, struct oc_slice hash,
                     struct oc_s3_answer *answer, uint64_t *ret_generation,
                     struct oc_s3_failure *ret, char why[WHY_MAX])
{
    struct sent sent = {0};
    struct oc_err cause = {0};
    int rc = send_once(s3, call, hash, answer, &sent, &cause);

    *ret_generation = sent.generation;
    /* No answer at all is how a server that is away shows; another one is no better next time. */
    *ret = (struct oc_s3_failure){.rc = rc == OC_EIO        ? OC_EBUSY
                                        : rc == OC_ECORRUPT ? OC_EIO
                                                            : rc,
                                  .again = rc == OC_EIO && !sent.given_way};
    if (rc < 0) {
        (void)snprintf(why, WHY_MAX, "%.*s", WHY_MAX - 1, cause.text);
        return;
    }
    if (answer->status / 100 == 2 && !oc_s3_is_failure(answer))
        return;
    oc_s3_read_failure(answer, ret);
    (void)snprintf(why, WHY_MAX, "the server answers %d%s%s%s%s%s%s", answer->status,
                   ret->code[0] ? " " : "", ret->code, ret->message[0] ? ": " : "", ret->message,
                   answer->request_id[0] ? ", request id " : "", answer->request_id);
}

static int call_until_done(struct oc_s3 *s3, const struct oc_s3_call *call, struct oc_slice hash,
                           struct oc_s3_answer *answer, struct oc_err *err)
{
    struct tries tries = {0};

    for (;;) {
        struct oc_s3_failure failure;
        size_t had = bytes_of(call->ranges);
        uint64_t generation = 0;
        char why[WHY_MAX] = "";

        if (is_stopping(s3))
            return fail_stopped(s3, err);
        answer->tries = ++tries.count;
        try_once(s3, call, hash, answer, &generation, &failure, why);
        if (failure.rc == OC_OK)
            return OC_OK;
        if (bytes_of(call->ranges) > had) /* it is not away */
            tries.failing_since_us = tries.pause_ms = 0;
        if (failure.refused && !tries.renewed && oc_s3_credentials_renew(s3, generation))
            tries.renewed = true;
        else if (!failure.again || !may_try_again(s3, &tries, answer->retry_after_ms))
            return is_stopping(s3) ? fail_stopped(s3, err)
                                   : fail_call(s3, call, why, tries.count, failure.rc, err);
    }
}

int oc_s3_call(struct oc_s3 *s3, const struct oc_s3_call *call, struct oc_s3_answer *answer,
               struct oc_err *err)
{
    struct oc_slice hash = {0};
    struct oc_arena arena;
    int rc;

    oc_arena_init(&arena, MEMORY_MAX);
    rc = hash_body(s3, call->body, &arena, &hash, err);
    if (rc == OC_OK)
        rc = call_until_done(s3, call, hash, answer, err);
    oc_arena_clear(&arena);
    return rc;
}
