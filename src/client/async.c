/*
 * Calls that do not block: begun by the caller, moved on by oc_client_dispatch, ended by a function
 * of the caller. The exchanges are net/loop.h's; here are attempts, pauses and ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "client/call.h"
#include "client/result.h"
#include "net/loop.h"

struct oc_call {
    struct oc_async *async;
    const struct oc_wire_op *op;
    struct oc_completion done;
    struct oc_wire_request wire; /* holds the request */
    struct oc_request request;
    struct oc_tries tries;
    struct oc_attempt attempt;
    struct oc_result *result;
    char *made;                    /* the output as it is read */
    void *output;                  /* the caller's; NULL: not wanted */
    struct oc_loop_call *exchange; /* NULL: none under way */
    int64_t due_us;                /* of the next attempt; 0: none is due */
    struct oc_error error;         /* of a call that has ended */
    struct oc_call *next;
};

struct oc_async {
    struct oc_client *client;
    struct oc_loop *loop;
    struct oc_call *running;
    struct oc_call *ended, **ended_end; /* their functions are not called yet, in this order */
    int count;                          /* of both */
};

/* -- life -------------------------------------------------------------------------------------- */

static int get_async(struct oc_client *client, struct oc_async **ret, struct oc_err *err)
{
    struct oc_async *async = atomic_load(&client->async);
    int rc;

    if (async) {
        *ret = async;
        return OC_OK;
    }
    async = oc_alloc(sizeof(*async));
    if (!async)
        return oc_fail_nomem(err);
    *async = (struct oc_async){.client = client};
    async->ended_end = &async->ended;
    rc = oc_loop_new(&client->transport_options, &async->loop, err);
    if (rc < 0) {
        free(async);
        return rc;
    }
    atomic_store(&client->async, async); /* oc_client_cancel on other threads sees it from now on */
    *ret = async;
    return OC_OK;
}

void oc_async_wake(struct oc_async *async)
{
    if (async)
        oc_loop_wake(async->loop);
}

static void free_call(struct oc_call *call)
{
    oc_wire_request_clear(&call->wire);
    oc_attempt_clear(&call->attempt);
    oc_result_free(call->result);
    free(call->made);
    free(call);
}

/* -- ends -------------------------------------------------------------------------------------- */

static void take_out(struct oc_call *call)
{
    struct oc_call **at = &call->async->running;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    call->next = NULL;
}

/* The call has ended with `rc`; the caller hears of it at the end of the dispatch. */
static void end(struct oc_call *call, int rc, const struct oc_err *err)
{
    struct oc_async *async = call->async;

    if (rc < 0)
        (void)oc_wire_error(err, &call->result->response, &call->error); /* gives back rc */
    take_out(call);
    *async->ended_end = call;
    async->ended_end = &call->next;
}

static void end_canceled(struct oc_call *call)
{
    struct oc_err err = {0};

    if (call->exchange)
        oc_loop_cancel(call->async->loop, call->exchange);
    call->exchange = NULL;
    call->result->response.status = 0;
    (void)oc_fail_as(&err, OC_ECANCELED, "Canceled", "the call was canceled");
    end(call, OC_ECANCELED, &err);
}

static void tell(struct oc_call *call)
{
    if (call->error.code == OC_ERROR_NONE && call->output) {
        memcpy(call->output, call->made, call->op->output.size);
        memcpy(call->output, &call->result, sizeof(call->result)); /* its first member */
        call->result = NULL;
    }
    call->done.fn(call->error.code, &call->error, call->done.ctx);
    free_call(call);
}

/* The functions may begin and cancel calls; what ends meanwhile is told of too. */
static void tell_all(struct oc_async *async)
{
    struct oc_call *call;

    while ((call = async->ended)) {
        async->ended = call->next;
        if (!async->ended)
            async->ended_end = &async->ended;
        async->count--;
        tell(call);
    }
}

void oc_async_free(struct oc_async *async)
{
    if (!async)
        return;
    while (async->running || async->ended) {
        while (async->running)
            end_canceled(async->running);
        tell_all(async);
    }
    oc_loop_free(async->loop);
    free(async);
}

/* -- attempts ---------------------------------------------------------------------------------- */

static void on_exchange_end(const struct oc_loop_outcome *outcome, void *ctx);

static int begin_attempt(struct oc_call *call, struct oc_err *err)
{
    struct oc_async *async = call->async;
    struct oc_response *response = &call->result->response;
    int rc;

    oc_attempt_clear(&call->attempt);
    call->due_us = 0;
    rc = oc_attempt_begin(async->client, &call->request, response, &call->attempt, err);
    if (rc < 0)
        return rc;
    return oc_loop_begin(async->loop, &call->attempt.wire, &response->body, on_exchange_end, call,
                         &call->exchange, err);
}

static void succeed(struct oc_call *call)
{
    struct oc_err err = {0};

    oc_tries_done(call->async->client, &call->tries);
    end(call, oc_result_read(call->op, call->result, call->made, &err), &err);
}

static void on_exchange_end(const struct oc_loop_outcome *outcome, void *ctx)
{
    struct oc_call *call = ctx;
    struct oc_client *client = call->async->client;
    struct oc_response *response = &call->result->response;
    struct oc_err why = *outcome->err;
    int64_t pause_ms;
    int rc;

    call->exchange = NULL;
    rc = oc_attempt_end(client, outcome->rc, outcome->head, outcome->sent, response,
                        &call->tries.last, &why);
    response->attempts = ++call->tries.count;
    response->retryable = call->tries.last.retryable;
    if (rc == OC_OK)
        succeed(call);
    else if (oc_tries_next(client, &call->tries, &why, &pause_ms) < 0)
        end(call, rc, &why);
    else
        call->due_us = oc_clock_mono_us() + pause_ms * 1000;
}

/* End what is canceled, begin attempts that are due, say when the next one is. */
static void move_on(struct oc_async *async)
{
    const int64_t now_us = oc_clock_mono_us();
    const unsigned mark = oc_client_mark(async->client);
    int64_t next_us = 0;

    for (struct oc_call *call = async->running, *next; call; call = next) {
        struct oc_err err = {0};

        next = call->next;
        if (call->tries.mark != mark)
            end_canceled(call);
        else if (call->due_us && call->due_us <= now_us && begin_attempt(call, &err) < 0)
            end(call, err.rc, &err);
        else if (call->due_us && (!next_us || call->due_us < next_us))
            next_us = call->due_us;
    }
    oc_loop_set_alarm(async->loop, next_us);
}

/* -- the public side --------------------------------------------------------------------------- */

static int start(struct oc_call *call, const void *input, struct oc_err *err)
{
    const struct oc_wire_op *op = call->op;
    OC_AUTO(oc_arena_clear) struct oc_arena none = {0};
    int rc;

    oc_arena_init(&none, op->input.size);
    call->result = oc_result_new();
    call->made = oc_alloc(op->output.size);
    if (!input)
        input = oc_arena_alloc(&none, op->input.size);
    if (!call->result || !call->made || !input)
        return oc_fail_nomem(err);
    memset(call->made, 0, op->output.size);
    rc = oc_result_request(op, input, &call->wire, &call->request, err);
    return rc < 0 ? rc : begin_attempt(call, err);
}

int oc_wire_start(struct oc_client *client, const struct oc_wire_op *op, const void *input,
                  void *output, struct oc_completion done, struct oc_call **ret_call,
                  struct oc_error *error)
{
    struct oc_call *call = oc_alloc(sizeof(*call));
    struct oc_async *async;
    struct oc_err err = {0};
    int rc;

    if (!call)
        return oc_wire_error((oc_fail_nomem(&err), &err), NULL, error);
    *call = (struct oc_call){.op = op, .output = output, .done = done};
    call->tries = (struct oc_tries){.request = &call->request, .mark = oc_client_mark(client)};
    rc = get_async(client, &async, &err);
    if (rc == OC_OK) {
        call->async = async;
        rc = start(call, input, &err);
    }
    if (rc < 0) {
        free_call(call);
        return oc_wire_error(&err, NULL, error);
    }
    call->next = async->running;
    async->running = call;
    async->count++;
    if (ret_call)
        *ret_call = call;
    return OC_OK;
}

void oc_call_cancel(struct oc_call *call)
{
    struct oc_async *async = call->async;

    for (const struct oc_call *ended = async->ended; ended; ended = ended->next)
        if (ended == call)
            return; /* it has an end already, which was not told yet */
    end_canceled(call);
    oc_loop_wake(async->loop);
}

int oc_client_fd(struct oc_client *client, struct oc_error *error)
{
    struct oc_async *async;
    struct oc_err err = {0};

    if (get_async(client, &async, &err) < 0)
        return oc_wire_error(&err, NULL, error);
    return oc_loop_fd(async->loop);
}

int oc_client_dispatch(struct oc_client *client, struct oc_error *error)
{
    struct oc_async *async = atomic_load(&client->async);
    struct oc_err err = {0};

    if (!async)
        return 0;
    if (oc_loop_run(async->loop, &err) < 0)
        return oc_wire_error(&err, NULL, error);
    move_on(async);
    tell_all(async);
    return async->count;
}
