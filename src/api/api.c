/*
 * A request's way: route → authentication → throttle → input → operation → answer.
 *
 * A request with a large body goes that way on one of the copy engine's workers, because even
 * hashing it for the signature would hold up the other requests of its thread.
 */
#include "api/call.h"
#include "api/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"

#define LARGE_BODY (256 * 1024)

/* -- life ---------------------------------------------------------------------------------------
 */

int oc_api_new(const struct oc_api_options *options, struct oc_api **ret, struct oc_err *err)
{
    struct oc_api *api = oc_alloc(sizeof(*api));

    if (!api)
        return oc_fail_nomem(err);
    *api = (struct oc_api){
        .store = options->store,
        .keys = options->keys,
        .engine = options->engine,
        .scrubber = options->scrubber,
        .peers = options->peers,
        .events = options->events,
        .admin_account = options->admin_account,
        .regions = options->regions,
        .region_count = options->region_count,
        .default_region = options->default_region,
        .metrics = options->metrics,
    };
    int rc = oc_keys_derive(api->keys, "page token", api->token_key, err);
    if (rc >= 0)
        rc = oc_decoder_new(options->lenient, &api->decoder, err);
    if (rc >= 0)
        rc = oc_throttle_new(options->throttle_rate, options->throttle_burst, &api->throttle, err);
    if (rc >= 0)
        rc = oc_api_authenticator_new(api, err);
    if (rc >= 0)
        rc = oc_idempotency_find_old(api->store, &api->has_old_tokens, err);
    if (rc >= 0)
        rc = oc_api_counts_new(&api->counts, err);
    if (rc < 0) {
        oc_api_free(api);
        return rc;
    }
    oc_api_add_metrics(api);
    *ret = api;
    return OC_OK;
}

void oc_api_free(struct oc_api *api)
{
    if (!api)
        return;
    oc_authenticator_free(api->authenticator);
    oc_api_counts_free(api->counts);
    oc_throttle_free(api->throttle);
    oc_decoder_free(api->decoder);
    oc_wipe(api->token_key, sizeof(api->token_key));
    free(api);
}

/* -- answers ------------------------------------------------------------------------------------
 */

static void respond(struct oc_call *call, const struct oc_api_response *response)
{
    struct oc_api_request *request = call->request;
    struct oc_read *read = call->read;
    struct oc_buf out = call->out;
    struct oc_caller caller = call->caller;
    struct oc_api_response sent = *response;

    if (out.len > LARGE_BODY && !call->pieces)
        sent.large = &out; /* a part of a model: not to be copied */
    oc_api_counts_add(call->api->counts, call->op, response->status,
                      oc_clock_mono_us() - request->received_us);
    /* The call lives in the request's arena, which may be gone when `respond` returns. */
    request->respond(request, &sent);
    oc_read_close(read);
    oc_buf_clear(&out);
    oc_caller_clear(&caller);
}

static void answer_success(struct oc_call *call)
{
    struct oc_slice out = oc_buf_slice(&call->out);
    struct oc_api_response response = {
        .status = call->status ? call->status : call->op->status,
        .content_type = call->content_type.ptr ? call->content_type
                        : call->op->raw_output ? OC_STR("application/octet-stream")
                                               : OC_STR("application/json"),
        .content_range = call->content_range,
        .pieces = call->pieces ? call->pieces : &out,
        .piece_count = call->pieces ? call->piece_count : 1,
        .mapping = call->mapping,
        .next = call->next,
        .next_ctx = call->next_ctx,
        .operation = call->op->name,
        .user_arn = call->caller.user_arn,
    };

    respond(call, &response);
}

/* What the log says of a failure: all. */
static const char *detail_of(struct oc_call *call)
{
    const struct oc_err *err = &call->err;
    struct oc_slice both = err->hidden[0]
                               ? oc_arena_printf(call->arena, "%s (%s)", err->text, err->hidden)
                               : (struct oc_slice){0};

    return both.ptr ? both.ptr : err->text;
}

static void answer_failure(struct oc_call *call)
{
    oc_buf_clear(&call->out);
    oc_buf_init(&call->out, OC_HTTP_BODY_MAX);
    oc_error_body(&call->out, &call->err);
    struct oc_slice body = oc_buf_slice(&call->out);
    struct oc_api_response response = {
        .status = oc_error_status(&call->err),
        .content_type = OC_STR("application/json"),
        .allow = call->allow,
        .content_range =
            oc_error_status(&call->err) == 416 ? call->content_range : (struct oc_slice){0},
        .error = oc_error_name(&call->err),
        .pieces = &body,
        .piece_count = 1,
        .operation = call->op ? call->op->name : NULL,
        .user_arn = call->authenticated ? call->caller.user_arn : (struct oc_slice){0},
        .detail = detail_of(call),
    };

    respond(call, &response);
}

static void finish(struct oc_call *call, int rc)
{
    if (rc == OC_PENDING)
        return;
    if (rc >= 0 && call->out.failed)
        rc = oc_fail_nomem(&call->err);
    if (rc < 0)
        answer_failure(call);
    else
        answer_success(call);
}

/* -- going on elsewhere -------------------------------------------------------------------------
 */

static struct oc_call *call_of_write(struct oc_write *write)
{
    return (struct oc_call *)((char *)write - offsetof(struct oc_call, write));
}

static int apply_write(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct oc_call *call = call_of_write(write);

    return call->apply(call, tx, err);
}

static void write_done(struct oc_write *write, int rc, const struct oc_err *err)
{
    struct oc_call *call = call_of_write(write);

    if (rc >= 0 && call->makes_events)
        oc_events_wake(call->api->events);
    if (rc < 0)
        call->err = *err;
    else if (call->wakes_scrubber)
        oc_scrubber_wake(call->api->scrubber);
    else if (call->frees_blobs)
        oc_copy_engine_sweep(call->api->engine, call->caller.region);
    else
        oc_copy_engine_wake(call->api->engine);
    finish(call, rc);
}

int oc_call_write(struct oc_call *call, oc_apply_fn *apply)
{
    call->apply = apply;
    call->write = (struct oc_write){.apply = apply_write, .done = write_done};
    oc_store_submit(call->api->store, &call->write);
    return OC_PENDING;
}

int oc_call_write_now(struct oc_call *call, oc_apply_fn *apply, struct oc_err *err)
{
    call->apply = apply;
    call->write = (struct oc_write){.apply = apply_write};
    int rc = oc_store_write(call->api->store, &call->write, err);
    if (rc >= 0)
        oc_copy_engine_wake(call->api->engine);
    return rc;
}

static void run_on_worker(void *ctx)
{
    struct oc_call *call = ctx;

    finish(call, call->run(call, &call->err));
}

static int run_later(struct oc_call *call, bool waits, oc_call_fn *run, struct oc_err *err)
{
    call->run = run;
    int rc = oc_copy_engine_run(call->api->engine, waits, run_on_worker, call, err);
    if (rc == OC_EBUSY)
        err->name = "ThrottlingException";
    return rc < 0 ? rc : OC_PENDING;
}

int oc_call_run(struct oc_call *call, oc_call_fn *run, struct oc_err *err)
{
    const struct oc_region *region = oc_copy_engine_region(call->api->engine, call->caller.region);

    return run_later(call, region && oc_blob_is_remote(region->blobs), run, err);
}

int oc_call_run_waiting(struct oc_call *call, oc_call_fn *run, struct oc_err *err)
{
    return run_later(call, true, run, err);
}

/* -- the way ------------------------------------------------------------------------------------
 */

static int authenticate(struct oc_call *call, bool body_is_to_come, struct oc_err *err)
{
    const struct oc_api_request *from = call->request;
    struct oc_sigv4_request request = {
        .method = from->method,
        .path = from->path,
        .query = from->query,
        .headers = from->headers,
        .header_count = from->header_count,
        .body = from->body,
    };

    struct oc_auth_options options = {
        .service = OC_STR("bedrock"),
        .regions = call->api->regions,
        .region_count = call->api->region_count,
        .default_region = call->api->default_region,
        .body_is_to_come = body_is_to_come,
    };

    int rc = oc_authenticate(call->api->authenticator, &request, &options, oc_clock_now_ms(),
                             call->arena, &call->caller, err);
    call->authenticated = rc >= 0;
    return rc;
}

static int decode(struct oc_call *call, struct oc_err *err)
{
    struct oc_decode_from from = {
        .op = call->op,
        .labels = &call->labels,
        .raw_query = call->request->query,
        .body = call->request->body,
    };
    void *in = oc_arena_alloc(call->arena, call->op->input_size);

    if (!in)
        return oc_fail_nomem(err);
    call->in = in;
    return oc_decode_input(call->api->decoder, &from, call->arena, in, err);
}

static int run_call(struct oc_call *call, struct oc_err *err)
{
    int rc = authenticate(call, false, err);
    if (rc < 0)
        return rc;
    if (!oc_throttle_take(call->api->throttle, call->caller.account, call->op->id,
                          oc_clock_mono_us()))
        return oc_fail_as(err, OC_EBUSY, "ThrottlingException",
                          "Too many %s requests for account %.*s: slow down and retry.",
                          call->op->name, OC_FMT(call->caller.account));
    rc = decode(call, err);
    return rc < 0 ? rc : oc_call_handlers[call->op->id](call, err);
}

/* A request for which not even a call could be made. */
static void answer_nomem(struct oc_api_request *request)
{
    struct oc_slice body =
        OC_STR("{\"message\":\"The server is out of memory: try again later.\"}");
    struct oc_api_response response = {
        .status = 503,
        .content_type = OC_STR("application/json"),
        .error = "ServiceUnavailableException",
        .pieces = &body,
        .piece_count = 1,
        .detail = "out of memory",
    };

    request->respond(request, &response);
}

/* AWS answers a wrong method as an unknown path; resources of our own say what they take. */
static int refuse_route(struct oc_call *call, bool path_known)
{
    const struct oc_api_request *request = call->request;
    OC_AUTO(oc_buf_clear) struct oc_buf methods = {0};

    if (path_known && oc_slice_has_prefix(request->path, OC_STR("/-/"))) {
        oc_buf_init(&methods, OC_HTTP_HEAD_MAX);
        oc_op_put_methods(request->path, &methods);
        call->allow = oc_arena_copy(call->arena, oc_buf_slice(&methods));
        if (methods.failed || !call->allow.ptr)
            return oc_fail_nomem(&call->err);
        return oc_fail_as(&call->err, OC_EINVAL, "MethodNotAllowedException",
                          "The resource does not take the method %.*s, but %.*s.",
                          OC_FMT(oc_slice_sub(request->method, 0, 32)), OC_FMT(call->allow));
    }
    return oc_fail_as(&call->err, OC_ENOTFOUND, "UnknownOperationException",
                      path_known ? "The resource does not take the method %.*s."
                                 : "There is no such operation: %.*s.",
                      OC_FMT(path_known ? request->method : request->path));
}

/* The call of a request, its route found. @return NULL: it was answered already. */
static struct oc_call *begin_call(struct oc_api *api, struct oc_api_request *request)
{
    struct oc_call *call = oc_arena_alloc(request->arena, sizeof(*call));
    bool path_known;

    if (!call) {
        answer_nomem(request);
        return NULL;
    }
    call->api = api;
    call->request = request;
    call->arena = request->arena;
    oc_buf_init(&call->out, OC_RESPONSE_MAX);
    call->op = oc_op_match(request->method, request->path, &call->labels, &path_known);
    if (call->op)
        return call;
    finish(call, refuse_route(call, path_known));
    return NULL;
}

void oc_api_handle(struct oc_api *api, struct oc_api_request *request)
{
    struct oc_call *call = begin_call(api, request);

    if (!call)
        return;
    if (request->body.len > LARGE_BODY)
        finish(call, oc_call_run(call, run_call, &call->err));
    else
        finish(call, run_call(call, &call->err));
}

bool oc_api_admit(struct oc_api *api, struct oc_api_request *request)
{
    struct oc_call *call = begin_call(api, request);

    if (!call)
        return false;
    int rc = authenticate(call, true, &call->err);
    if (rc < 0) {
        finish(call, rc);
        return false;
    }
    oc_caller_clear(&call->caller);
    return true;
}

size_t oc_api_body_limit(struct oc_slice method, struct oc_slice raw_path)
{
    struct oc_op_labels labels;
    bool path_known;
    const struct oc_op *op = oc_op_match(method, raw_path, &labels, &path_known);

    if (op && op->id == OC_OP_COMPLETE_MODEL_UPLOAD)
        return OC_MANIFEST_MAX;
    return op && op->raw_input ? OC_HTTP_PART_BODY_MAX : OC_HTTP_BODY_MAX;
}
