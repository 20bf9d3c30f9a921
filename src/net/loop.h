/*
 * Many HTTP requests at once on one thread that blocks in none: the rules of transport.h, for
 * callers with an event loop of their own.
 *
 * A loop has one descriptor that becomes readable when there is something to do: a socket is ready,
 * a time has come, or it was woken.
 *
 * Threads: one at a time, but for oc_loop_wake.
 */
#ifndef OC_NET_LOOP_H
#define OC_NET_LOOP_H

#include "net/transport.h"

struct oc_loop;
struct oc_loop_call; /* an exchange on its way */

/** What became of an exchange; head and sent as of oc_transport_send. */
struct oc_loop_outcome {
    int rc;
    const struct oc_transport_head *head;
    bool sent;
    const struct oc_err *err;
};

/** Called by oc_loop_run when an exchange has ended. It may begin and cancel others. */
typedef void (*oc_loop_done_fn)(const struct oc_loop_outcome *outcome, void *ctx);

/**
 * @param options  copied, but not what it points to
 * Errors: OC_ENOMEM; OC_EIO — libcurl cannot be loaded (net/curl.h), or too many files are open.
 */
int oc_loop_new(const struct oc_transport_options *options, struct oc_loop **ret,
                struct oc_err *err);

/** Free a loop; exchanges on their way are dropped without a word. NULL is fine. */
void oc_loop_free(struct oc_loop *loop);

/** The descriptor to wait for, readable when oc_loop_run has something to do. */
int oc_loop_fd(const struct oc_loop *loop);

/**
 * Begin an exchange.
 * @param request  what it points to but URL and headers must live until the end; `is_canceled` is
 *                 not asked, `ranges` is not for it
 * @param body     as of oc_transport_send, until the end
 * @param done     called once, unless the exchange is canceled
 * Errors: OC_ENOMEM.
 */
int oc_loop_begin(struct oc_loop *loop, const struct oc_transport_request *request,
                  struct oc_buf *body, oc_loop_done_fn done, void *ctx, struct oc_loop_call **ret,
                  struct oc_err *err);

/** End an exchange now: its connection is closed, `done` is not called. */
void oc_loop_cancel(struct oc_loop *loop, struct oc_loop_call *call);

/** Make the descriptor readable at that time of oc_clock_mono_us; 0: at no time. */
void oc_loop_set_alarm(struct oc_loop *loop, int64_t at_us);

/** Make the descriptor readable now, until the next oc_loop_run. Threads: any. */
void oc_loop_wake(struct oc_loop *loop);

/** Do what there is to do, without waiting. Errors: OC_EIO. */
int oc_loop_run(struct oc_loop *loop, struct oc_err *err);

#endif
