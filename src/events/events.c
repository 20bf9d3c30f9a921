/* The outbox: the order of events, how long they are kept, life and figures. See events.h. */
#include "events/events_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

#define STACK_BYTES  (512UL * 1024)
#define EVENT_MAX    (64 * 1024)
#define LOOK_US      60000000LL /* how often old events are looked for, at most */
#define LOOK_MIN_US  1000000LL
#define REMOVE_BATCH 1000 /* events removed in one change: it must not hold up others */
#define NICE         10

struct key {
    uint8_t bytes[8];
};

static struct oc_slice key_of(struct key *key, uint64_t number)
{
    oc_put_be64(key->bytes, number);
    return (struct oc_slice){(const char *)key->bytes, sizeof(key->bytes)};
}

/* -- order ---------------------------------------------------------------------------------- */

static int take_number(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    (void)record;
    if (key.len != 8)
        return oc_fail(err, OC_ECORRUPT, "the key of an event is malformed");
    *(uint64_t *)ctx = oc_get_be64((const uint8_t *)key.ptr);
    return 1;
}

static int edge(struct oc_read *read, bool last, uint64_t *ret, struct oc_err *err)
{
    struct oc_scan scan = {.kind = OC_RECORD_EVENT, .descending = last};

    *ret = 0;
    return oc_read_scan(read, &scan, take_number, ret, err);
}

int oc_events_range(struct oc_read *read, uint64_t *ret_first, uint64_t *ret_last,
                    struct oc_err *err)
{
    uint64_t first, last;
    int rc = edge(read, false, &first, err);

    if (rc == OC_OK)
        rc = edge(read, true, &last, err);
    if (rc < 0)
        return rc;
    *ret_first = first;
    *ret_last = last;
    return OC_OK;
}

int oc_events_put(struct oc_events *events, struct oc_tx *tx, const struct oc_event *event,
                  struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    uint64_t last = 0;
    struct key key;
    int rc;

    if (!events || !events->are_made)
        return OC_OK;
    rc = edge(oc_tx_read(tx), true, &last, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&record, EVENT_MAX);
    oc_event_encode(&record, event);
    if (record.failed)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_EVENT, key_of(&key, last + 1), oc_buf_slice(&record), err);
}

struct visit {
    oc_event_fn *fn;
    void *ctx;
};

static int visit_event(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    const struct visit *visit = ctx;
    struct oc_event event;
    int rc = oc_event_decode(key, record, &event, err);

    return rc < 0 ? rc : visit->fn(&event, visit->ctx, err);
}

int oc_events_each(struct oc_read *read, uint64_t after, oc_event_fn *fn, void *ctx,
                   struct oc_err *err)
{
    struct visit visit = {fn, ctx};
    struct key key;
    struct oc_scan scan = {.kind = OC_RECORD_EVENT, .from = key_of(&key, after)};

    return oc_read_scan(read, &scan, visit_event, &visit, err);
}

/* -- waiting -------------------------------------------------------------------------------- */

bool oc_events_is_stopping(struct oc_events *events)
{
    bool stopping;

    (void)pthread_mutex_lock(&events->lock);
    stopping = events->stopping;
    (void)pthread_mutex_unlock(&events->lock);
    return stopping;
}

bool oc_events_wait(struct oc_events *events, uint64_t *wakes, int64_t us)
{
    int64_t until_us = oc_clock_mono_us() + us;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    bool stopping;

    (void)pthread_mutex_lock(&events->lock);
    while (!events->stopping && (!wakes || events->wakes == *wakes) &&
           oc_clock_mono_us() < until_us)
        (void)pthread_cond_timedwait(&events->changed, &events->lock, &until);
    if (wakes)
        *wakes = events->wakes;
    stopping = events->stopping;
    (void)pthread_mutex_unlock(&events->lock);
    return !stopping;
}

void oc_events_wake(struct oc_events *events)
{
    if (!events || events->options.webhook_count == 0)
        return;
    (void)pthread_mutex_lock(&events->lock);
    events->wakes++;
    (void)pthread_cond_broadcast(&events->changed);
    (void)pthread_mutex_unlock(&events->lock);
}

/* -- retention ------------------------------------------------------------------------------ */

/* Remove events of before `until_ms`, but never the last one. */
struct removal {
    struct oc_write write;
    int64_t until_ms;
    uint64_t last;
    uint64_t numbers[REMOVE_BATCH];
    size_t count;
};

static int note_old(const struct oc_event *event, void *ctx, struct oc_err *err)
{
    struct removal *removal = ctx;

    (void)err;
    if (removal->count == REMOVE_BATCH || event->number >= removal->last ||
        event->time_ms >= removal->until_ms)
        return 1;
    removal->numbers[removal->count++] = event->number;
    return 0;
}

static int apply_removal(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    const struct removal *removal = (const struct removal *)(void *)write;
    struct key key;
    int rc = OC_OK;

    for (size_t i = 0; rc == OC_OK && i < removal->count; i++)
        rc = oc_tx_delete(tx, OC_RECORD_EVENT, key_of(&key, removal->numbers[i]), err);
    return rc;
}

/* @return how many were removed, or the failure */
static int remove_some(struct oc_events *events, struct removal *removal, struct oc_err *err)
{
    struct oc_read *read = NULL;
    uint64_t first = 0;
    int rc = oc_store_read(events->options.store, &read, err);

    *removal =
        (struct removal){.write.apply = apply_removal,
                         .until_ms = oc_clock_steady_ms(&events->clock) - events->options.keep_ms};
    if (rc == OC_OK)
        rc = oc_events_range(read, &first, &removal->last, err);
    if (rc == OC_OK)
        rc = oc_events_each(read, 0, note_old, removal, err);
    oc_read_closep(&read);
    if (rc == OC_OK && removal->count > 0)
        rc = oc_store_write(events->options.store, &removal->write, err);
    if (rc < 0)
        return rc;
    return (int)removal->count;
}

static void *keeper_main(void *arg)
{
    struct oc_events *events = arg;
    int64_t every_us = events->options.keep_ms * 1000 / 100;
    struct removal *removal = oc_alloc(sizeof(*removal));
    int64_t pause_us = 0;

    (void)pthread_setname_np(pthread_self(), "events");
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread only */
    every_us = every_us < LOOK_MIN_US ? LOOK_MIN_US : every_us > LOOK_US ? LOOK_US : every_us;
    while (removal && oc_events_wait(events, NULL, pause_us)) {
        struct oc_err err = {0};
        int rc = remove_some(events, removal, &err);

        if (rc < 0)
            oc_log(OC_LOG_ERROR, "events.not_removed", "reason", err.text, (char *)NULL);
        pause_us = rc == REMOVE_BATCH ? 0 : every_us;
    }
    free(removal);
    return NULL;
}

/* -- life ----------------------------------------------------------------------------------- */

static int start_thread(pthread_t *thread, void *(*main)(void *), void *arg, struct oc_err *err)
{
    pthread_attr_t attr;
    int failed;

    (void)pthread_attr_init(&attr); /* cannot fail on Linux */
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    failed = pthread_create(thread, &attr, main, arg);
    (void)pthread_attr_destroy(&attr);
    return failed ? oc_fail(err, OC_ENOMEM, "events: a thread could not be started") : OC_OK;
}

static int start_hook(struct oc_events *events, size_t index, struct oc_err *err)
{
    struct oc_hook *hook = &events->hooks[index];
    struct oc_transport_options transport = {
        .user_agent = events->options.user_agent,
        .trust_hint = "name a file of certificates to trust as `ca-bundle` of that webhook",
        .ca_bundle = events->options.webhooks[index].ca_bundle,
        .connect_timeout_ms = 5000,
        .stall_timeout_ms = 20000,
    };
    int rc = oc_transport_new(&transport, &hook->transport, err);

    hook->events = events;
    hook->webhook = &events->options.webhooks[index];
    if (rc == OC_OK)
        rc = start_thread(&hook->thread, oc_hook_main, hook, err);
    hook->started = rc == OC_OK;
    return rc;
}

static int start(struct oc_events *events, struct oc_err *err)
{
    int rc = OC_OK;

    if (events->are_made) {
        rc = start_thread(&events->keeper, keeper_main, events, err);
        events->keeper_started = rc == OC_OK;
    }
    for (size_t i = 0; rc == OC_OK && i < events->options.webhook_count; i++)
        rc = start_hook(events, i, err);
    return rc;
}

int oc_events_new(const struct oc_events_options *options, struct oc_events **ret,
                  struct oc_err *err)
{
    struct oc_events *events = oc_alloc(sizeof(*events));
    int rc;

    if (!events)
        return oc_fail_nomem(err);
    memset(events, 0, sizeof(*events));
    events->options = *options;
    events->are_made = options->keep_ms > 0 || options->webhook_count > 0;
    (void)pthread_mutex_init(&events->lock, NULL); /* cannot fail with default attributes */
    oc_clock_init_cond(&events->changed);
    rc = start(events, err);
    if (rc < 0) {
        oc_events_free(events);
        return rc;
    }
    *ret = events;
    return OC_OK;
}

void oc_events_stop(struct oc_events *events)
{
    if (!events)
        return;
    (void)pthread_mutex_lock(&events->lock);
    events->stopping = true;
    (void)pthread_cond_broadcast(&events->changed);
    (void)pthread_mutex_unlock(&events->lock);
    for (size_t i = 0; i < events->options.webhook_count; i++) {
        if (events->hooks[i].started)
            (void)pthread_join(events->hooks[i].thread, NULL); /* fails only on a bug */
        events->hooks[i].started = false;
    }
    if (events->keeper_started)
        (void)pthread_join(events->keeper, NULL);
    events->keeper_started = false;
}

void oc_events_free(struct oc_events *events)
{
    if (!events)
        return;
    oc_events_stop(events);
    for (size_t i = 0; i < events->options.webhook_count; i++)
        oc_transport_free(events->hooks[i].transport);
    (void)pthread_cond_destroy(&events->changed);
    (void)pthread_mutex_destroy(&events->lock);
    free(events);
}

/* -- figures -------------------------------------------------------------------------------- */

static void put_deliveries(struct oc_metrics_writer *w, const struct oc_events *events)
{
    oc_metrics_family(w, "outcrop_webhook_deliveries_total", OC_METRIC_COUNTER,
                      "Events delivered to a webhook, attempts that failed, and events that were "
                      "removed before they were delivered");
    for (size_t i = 0; i < events->options.webhook_count; i++) {
        const struct oc_hook *hook = &events->hooks[i];
        const struct {
            const char *result;
            const _Atomic uint64_t *value;
        } results[] = {
            {"delivered", &hook->delivered}, {"failed", &hook->failed}, {"lost", &hook->lost}};

        for (size_t k = 0; k < sizeof(results) / sizeof(results[0]); k++) {
            struct oc_metric_label labels[] = {{"webhook", events->options.webhooks[i].name},
                                               {"result", oc_slice_of(results[k].result)}};

            oc_metrics_put(w, labels, 2, oc_metrics_read(results[k].value));
        }
    }
}

void oc_events_metrics(struct oc_metrics_writer *w, void *ctx)
{
    struct oc_events *events = ctx;
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    uint64_t first = 0, last = 0;
    struct oc_err ignored = {0};

    if (oc_store_read(events->options.store, &read, &ignored) == OC_OK)
        (void)oc_events_range(read, &first, &last, &ignored); /* then they are told as none */
    oc_metrics_one(w, "outcrop_events_total", OC_METRIC_COUNTER,
                   "Events that were ever made: the number of the last one", last);
    oc_metrics_one(w, "outcrop_events_kept", OC_METRIC_GAUGE, "Events that can be read",
                   last ? last - first + 1 : 0);
    if (events->options.webhook_count == 0)
        return;
    put_deliveries(w, events);
    oc_metrics_family(w, "outcrop_webhook_lag_events", OC_METRIC_GAUGE,
                      "Events that a webhook has still to look at");
    for (size_t i = 0; i < events->options.webhook_count; i++) {
        struct oc_metric_label label = {"webhook", events->options.webhooks[i].name};
        uint64_t at = oc_metrics_read(&events->hooks[i].position);

        oc_metrics_put(w, &label, 1, last > at ? last - at : 0);
    }
}
