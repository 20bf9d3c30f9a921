/*
 * Deliveries to one webhook: the next event behind its cursor, sent until it is taken.
 *
 * The cursor is written to the store once a second at most, and at the end: after a crash some
 * events may be sent a second time, under the same `webhook-id`, and none is left out.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "events/events_impl.h"

#define BODY_MAX     (1024 * 1024)
#define ANSWER_MAX   (64 * 1024)
#define KEEP_US      1000000LL
#define IDLE_US      5000000LL
#define RETRY_MIN_US 250000LL
#define RETRY_MAX_US 300000000LL
#define LOOK_MAX     10000 /* events passed over on one snapshot */
#define LOG_EVERY    20    /* failures of one event between two lines of the log */

/* -- the cursor ----------------------------------------------------------------------------- */

struct keep {
    struct oc_write write;
    const struct oc_hook *hook;
};

static int apply_keep(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    const struct oc_hook *hook = ((const struct keep *)(void *)write)->hook;
    uint8_t value[8];

    oc_put_be64(value, hook->cursor);
    return oc_tx_put(tx, OC_RECORD_WEBHOOK, hook->webhook->name,
                     (struct oc_slice){(const char *)value, sizeof(value)}, err);
}

static void keep_cursor(struct oc_hook *hook)
{
    struct keep keep = {.write.apply = apply_keep, .hook = hook};
    struct oc_err err = {0};

    if (hook->kept == hook->cursor)
        return;
    if (oc_store_write(hook->events->options.store, &keep.write, &err) == OC_OK)
        hook->kept = hook->cursor;
    else
        oc_log(OC_LOG_ERROR, "webhook.cursor_not_kept", "reason", err.text, (char *)NULL);
}

static void move_to(struct oc_hook *hook, uint64_t number)
{
    hook->cursor = number;
    atomic_store_explicit(&hook->position, number, memory_order_relaxed);
}

/* Where it was; a new one begins at the end. */
static int load_cursor(struct oc_hook *hook, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    uint64_t first, last = 0;
    struct oc_slice value;
    int rc = oc_store_read(hook->events->options.store, &read, err);

    if (rc < 0)
        return rc;
    rc = oc_read_get(read, OC_RECORD_WEBHOOK, hook->webhook->name, &value, err);
    if (rc == OC_OK && value.len == 8) {
        hook->kept = oc_get_be64((const uint8_t *)value.ptr);
        move_to(hook, hook->kept);
        return OC_OK;
    }
    if (rc != OC_ENOTFOUND)
        return rc < 0 ? rc : oc_fail(err, OC_ECORRUPT, "the cursor of a webhook is malformed");
    rc = oc_events_range(read, &first, &last, err);
    hook->kept = UINT64_MAX;
    move_to(hook, last);
    return rc;
}

/* -- the next event ------------------------------------------------------------------------- */

struct next {
    struct oc_hook *hook;
    struct oc_read *read;
    struct oc_buf *body;
    char id[OC_EVENT_UUID_LEN];
    uint64_t number; /* 0: none */
    unsigned looked;
};

static bool is_among(struct oc_slice name, const struct oc_slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (oc_slice_eq(name, names[i]))
            return true;
    return count == 0;
}

static int meet_event(const struct oc_event *event, void *ctx, struct oc_err *err)
{
    struct next *next = ctx;
    struct oc_hook *hook = next->hook;
    const struct oc_webhook *webhook = hook->webhook;
    int rc;

    if (event->number > hook->cursor + 1 && hook->cursor > 0)
        oc_metrics_count(&hook->lost, event->number - hook->cursor - 1);
    if (!is_among(event->partition.account, webhook->accounts, webhook->account_count) ||
        !is_among(event->partition.region, webhook->regions, webhook->region_count)) {
        move_to(hook, event->number);
        return ++next->looked == LOOK_MAX;
    }
    rc = oc_event_put_json(next->read, event, next->body, err);
    if (rc == OC_OK)
        rc = oc_event_id(event, next->id, err);
    if (rc < 0)
        return rc;
    next->number = event->number;
    return 1;
}

static int find_next(struct next *next, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    int rc = oc_store_read(next->hook->events->options.store, &read, err);

    next->read = read;
    next->number = 0;
    next->looked = 0;
    oc_buf_reset(next->body);
    return rc < 0 ? rc : oc_events_each(read, next->hook->cursor, meet_event, next, err);
}

/* -- sending -------------------------------------------------------------------------------- */

static bool is_canceled(void *ctx)
{
    return oc_events_is_stopping(ctx);
}

/* `host:port` of the URL. */
static struct oc_slice host_of(const char *url)
{
    struct oc_slice rest = oc_slice_of(url);
    ptrdiff_t at = oc_slice_find_slice(rest, OC_STR("://"));
    size_t len = 0;

    rest = oc_slice_sub(rest, at < 0 ? 0 : (size_t)at + 3, SIZE_MAX);
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?' && rest.ptr[len] != '#')
        len++;
    return oc_slice_sub(rest, 0, len);
}

/* One attempt. Errors: those of the transport; OC_EBUSY — the answer was no 2xx. */
static int send_once(struct oc_hook *hook, const struct next *next, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf signature = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf answer = {0};
    int64_t now_s = oc_clock_now_ms() / 1000;
    struct oc_slice id = {next->id, sizeof(next->id)};
    struct oc_transport_head head;
    char time_text[24];
    bool sent;
    int rc;

    oc_buf_init(&signature, 1024);
    (void)snprintf(time_text, sizeof(time_text), "%lld", (long long)now_s);
    rc = oc_webhook_sign(hook->webhook, id, now_s, oc_buf_slice(next->body), &signature, err);
    if (rc < 0)
        return rc;
    struct oc_sigv4_header headers[] = {
        {OC_STR("host"), host_of(hook->webhook->url)},
        {OC_STR("content-type"), OC_STR("application/json")},
        {OC_STR("webhook-id"), id},
        {OC_STR("webhook-timestamp"), oc_slice_of(time_text)},
        {OC_STR("webhook-signature"), oc_buf_slice(&signature)},
    };
    struct oc_transport_request request = {
        .method = "POST",
        .url = hook->webhook->url,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .body = oc_buf_slice(next->body),
        .max_response = ANSWER_MAX,
        .is_canceled = is_canceled,
        .ctx = hook->events,
    };
    rc = oc_transport_send(hook->transport, &request, &head, &answer, &sent, err);
    if (rc == OC_OK && head.status / 100 != 2)
        return oc_fail(err, OC_EBUSY, "it answered %d", head.status);
    return rc;
}

static void log_failure(const struct oc_hook *hook, const struct next *next, const char *reason)
{
    char name[64], id[OC_EVENT_UUID_LEN + 1] = "";

    (void)snprintf(name, sizeof(name), "%.*s", OC_FMT(hook->webhook->name));
    memcpy(id, next->id, sizeof(next->id));
    oc_log(OC_LOG_WARN, "webhook.failed", "webhook", name, "id", id, "reason", reason,
           (char *)NULL);
}

/* Send until it is taken. @return false: the server stops */
static bool deliver(struct oc_hook *hook, const struct next *next)
{
    int64_t pause_us = RETRY_MIN_US;

    for (unsigned failures = 0;; failures++) {
        struct oc_err err = {0};

        if (send_once(hook, next, &err) == OC_OK)
            break;
        if (oc_events_is_stopping(hook->events))
            return false;
        oc_metrics_count(&hook->failed, 1);
        if (failures % LOG_EVERY == 0)
            log_failure(hook, next, err.text);
        if (!oc_events_wait(hook->events, NULL, pause_us))
            return false;
        pause_us = pause_us * 2 < RETRY_MAX_US ? pause_us * 2 : RETRY_MAX_US;
    }
    oc_metrics_count(&hook->delivered, 1);
    move_to(hook, next->number);
    return true;
}

/* -- the thread ----------------------------------------------------------------------------- */

/* One step. @return how long to wait for something new; negative: stop */
static int64_t step(struct oc_hook *hook, struct next *next)
{
    uint64_t before = hook->cursor;
    struct oc_err err = {0};

    if (find_next(next, &err) < 0) {
        oc_log(OC_LOG_ERROR, "webhook.event_not_read", "reason", err.text, (char *)NULL);
        return IDLE_US;
    }
    if (next->number)
        return deliver(hook, next) ? 0 : -1;
    return hook->cursor != before ? 0 : IDLE_US;
}

void *oc_hook_main(void *arg)
{
    struct oc_hook *hook = arg;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct next next = {.hook = hook, .body = &body};
    int64_t kept_us = oc_clock_mono_us(), pause_us = 0;
    struct oc_err err = {0};
    uint64_t wakes = 0;

    (void)pthread_setname_np(pthread_self(), "webhook");
    oc_buf_init(&body, BODY_MAX);
    while (load_cursor(hook, &err) < 0) {
        oc_log(OC_LOG_ERROR, "webhook.cursor_not_read", "reason", err.text, (char *)NULL);
        if (!oc_events_wait(hook->events, NULL, IDLE_US))
            return NULL;
    }
    keep_cursor(hook);
    do {
        pause_us = step(hook, &next);
        if (pause_us > 0 || oc_clock_mono_us() - kept_us > KEEP_US) {
            keep_cursor(hook);
            kept_us = oc_clock_mono_us();
        }
    } while (pause_us >= 0 && oc_events_wait(hook->events, &wakes, pause_us));
    keep_cursor(hook);
    return NULL;
}
