/*
 * Inside of the events. Not for other folders.
 *
 * event.c    records and texts
 * events.c   the outbox: order, retention, life
 * webhook.c  deliveries
 * sign.c     secrets and signatures of webhooks
 */
#ifndef OC_EVENTS_IMPL_H
#define OC_EVENTS_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "events/events.h"
#include "net/transport.h"

/** A webhook at work. */
struct oc_hook {
    struct oc_events *events;
    const struct oc_webhook *webhook;
    struct oc_transport *transport;
    pthread_t thread;
    bool started;
    uint64_t cursor;                          /* the last event it has got, or passed over */
    uint64_t kept;                            /* as it stands in the store */
    _Atomic uint64_t delivered, failed, lost; /* lost: removed before they were delivered */
    _Atomic uint64_t position;                /* the cursor, for the figures */
};

struct oc_events {
    struct oc_events_options options;
    bool are_made;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* stopping, or new events */
    bool stopping;
    uint64_t wakes;
    pthread_t keeper;
    bool keeper_started;
    struct oc_clock_steady clock; /* the keeper's */
    struct oc_hook hooks[OC_WEBHOOKS_MAX];
};

/** Whether the threads are to end. */
bool oc_events_is_stopping(struct oc_events *events);

/** Wait until there may be new events since `*wakes`, or that long. @return false: it stops */
bool oc_events_wait(struct oc_events *events, uint64_t *wakes, int64_t us);

/** The thread of a webhook. */
void *oc_hook_main(void *hook);

/**
 * Append the value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA-256 over id, timestamp
 * and body joined by dots, for each secret, with a space between.
 */
int oc_webhook_sign(const struct oc_webhook *webhook, struct oc_slice id, int64_t time_s,
                    struct oc_slice body, struct oc_buf *ret, struct oc_err *err);

#endif
