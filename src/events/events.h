/*
 * Events: what became of copy jobs and of stored models, kept in order, handed to webhooks and to
 * whoever asks.
 *
 * An event is written in the commit that it is about, so that neither exists without the other, and
 * gets the next number: one order for all. It is kept for `keep_ms` at least; older ones are
 * removed in the background, all but the last, which remembers the number.
 *
 * A webhook is a URL that is sent every event it is interested in, one at a time, in order, at
 * least once: the next one only after a 2xx. Each has a thread and a cursor of its own, so that a
 * slow or dead one holds up nobody else; how far it is, is written to the store now and then. It
 * begins at the end: what happened before it was configured is not sent. The bodies are signed as
 * the Standard Webhooks specification says (www.standardwebhooks.com).
 *
 * Threads: any. It owns its threads and logs.
 */
#ifndef OC_EVENTS_EVENTS_H
#define OC_EVENTS_EVENTS_H

#include "base/metrics.h"
#include "events/event.h"

struct oc_events;

#define OC_WEBHOOKS_MAX        16
#define OC_WEBHOOK_SECRETS_MAX 4  /* while they are changed, a webhook has two */
#define OC_WEBHOOK_SECRET_MAX  64 /* bytes */
#define OC_WEBHOOK_SECRET_MIN  24

/** One webhook. Text is borrowed for the life of the events. */
struct oc_webhook {
    struct oc_slice name;
    const char *url;       /* http:// or https:// */
    const char *ca_bundle; /* file of certificates, NULL: the system's */
    struct {
        uint8_t bytes[OC_WEBHOOK_SECRET_MAX];
        size_t len;
    } secrets[OC_WEBHOOK_SECRETS_MAX];
    size_t secret_count;
    const struct oc_slice *accounts; /* none: all */
    size_t account_count;
    const struct oc_slice *regions; /* none: all */
    size_t region_count;
};

/**
 * Read the secrets of a webhook: one a line, `whsec_` and then 24 to 64 bytes in base64.
 * Errors: OC_EINVAL (text says what is wrong, and nothing of the secret), and those of
 *         oc_file_read.
 */
int oc_webhook_read_secrets(const char *file, struct oc_webhook *webhook, struct oc_err *err);

struct oc_events_options {
    struct oc_store *store; /* must outlive this */
    int64_t keep_ms;        /* how long events are kept; 0 and no webhook: none are made */
    const struct oc_webhook *webhooks;
    size_t webhook_count;
    const char *user_agent;
};

/** Start the threads. Errors: OC_ENOMEM, and those of the store. */
int oc_events_new(const struct oc_events_options *options, struct oc_events **ret,
                  struct oc_err *err);

/** End the threads, deliveries that are under way too, and write down how far they are. NULL is
 * fine, and twice. oc_events_put and _wake still may be called. */
void oc_events_stop(struct oc_events *events);

/** Stop if need be and free. NULL is fine. */
void oc_events_free(struct oc_events *events);

/**
 * Add an event to the change that it is about; its number is set here. Nothing when `events` is
 * NULL or no events are made. Call oc_events_wake when the change is durable.
 * Errors: OC_EFULL, OC_EIO, OC_ENOMEM. Cost: one search and one small record.
 */
int oc_events_put(struct oc_events *events, struct oc_tx *tx, const struct oc_event *event,
                  struct oc_err *err);

/** Say that there may be new events. NULL is fine. Cheap; never blocks. */
void oc_events_wake(struct oc_events *events);

/** Called for each event; return 0 to go on, 1 to stop, negative to fail with `err`. */
typedef int oc_event_fn(const struct oc_event *event, void *ctx, struct oc_err *err);

/**
 * Visit the events behind number `after`, in order. Errors: what `fn` returned, OC_ECORRUPT,
 * OC_EIO.
 */
int oc_events_each(struct oc_read *read, uint64_t after, oc_event_fn *fn, void *ctx,
                   struct oc_err *err);

/** The numbers of the first and the last event that are kept; 0 and 0 when there is none. */
int oc_events_range(struct oc_read *read, uint64_t *ret_first, uint64_t *ret_last,
                    struct oc_err *err);

/** oc_metrics_fn; `ctx` is the events. */
void oc_events_metrics(struct oc_metrics_writer *w, void *ctx);

#endif
