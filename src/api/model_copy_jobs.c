/*
 * ListModelCopyJobs, GetModelCopyJob, CreateModelCopyJob.
 *
 * Creation checks everything on the request's own thread, against a snapshot; the transaction then
 * only makes sure that nothing it looked at has changed, so that the one writer does little.
 */
#include "api/models.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/arn.h"

/* -- List ---------------------------------------------------------------------------------------
 */

/* creationTimeAfter/Before come in microseconds and are strict; jobs carry milliseconds. Rounding
 * down the one and up the other keeps both comparisons exact. */
static int64_t floor_ms(int64_t us)
{
    return us >= 0 ? us / 1000 : -((-us + 999) / 1000);
}

static int64_t ceil_ms(int64_t us)
{
    return -floor_ms(-us);
}

static void bind_context(const struct oc_call *call, const struct oc_list_model_copy_jobs_in *in,
                         struct oc_buf *context)
{
    oc_context_init(call, context);
    oc_context_add(context, in->status_equals);
    oc_context_add(context, in->source_account_equals);
    oc_context_add(context, in->source_model_arn_equals);
    oc_context_add(context, in->target_model_name_contains);
    oc_context_add_int64(context, in->creation_time_after);
    oc_context_add_int64(context, in->creation_time_before);
    oc_context_add(context,
                   oc_slice_eq_str(in->sort_order, "Ascending") ? OC_STR("A") : OC_STR("D"));
}

static int set_position(struct oc_call *call, struct oc_slice context, struct oc_slice token,
                        struct oc_job_query *query, struct oc_err *err)
{
    uint8_t position[OC_TOKEN_POSITION_MAX];
    size_t len;

    int rc = oc_call_open_token(call, context, token, sizeof(uint64_t), position, &len, err);
    if (rc < 0)
        return rc;
    query->has_position = true;
    query->position = oc_get_be64(position);
    return OC_OK;
}

static void fill_query(const struct oc_call *call, const struct oc_list_model_copy_jobs_in *in,
                       struct oc_job_query *query)
{
    *query = (struct oc_job_query){
        .partition = oc_call_partition(call),
        .source_account = in->source_account_equals,
        .source_model_arn = in->source_model_arn_equals,
        .name_contains = in->target_model_name_contains,
        .has_after = in->creation_time_after.set,
        .after_ms = floor_ms(in->creation_time_after.value),
        .has_before = in->creation_time_before.set,
        .before_ms = ceil_ms(in->creation_time_before.value),
        .ascending = oc_slice_eq_str(in->sort_order, "Ascending"),
        .limit = oc_call_page_size(in->max_results),
    };
    query->has_status = oc_job_status_parse(in->status_equals, &query->status);
}

/* The answer's body: head, the store's pieces as they are, tail with the token. */
static int fill_page(struct oc_call *call, const struct oc_job_page *page, struct oc_slice context,
                     struct oc_err *err)
{
    struct oc_slice *pieces =
        oc_arena_alloc_unset(call->arena, (page->piece_count + 2) * sizeof(*pieces));
    uint8_t position[8];

    if (!pieces)
        return oc_fail_nomem(err);
    oc_buf_put_char(&call->out, ']');
    if (page->more) {
        oc_put_be64(position, page->position);
        int rc = oc_call_put_token(
            call, context, (struct oc_slice){(char *)position, sizeof(position)}, &call->out, err);
        if (rc < 0)
            return rc;
    }
    oc_buf_put_char(&call->out, '}');
    pieces[0] = OC_STR("{\"modelCopyJobSummaries\":[");
    if (page->piece_count > 0)
        memcpy(pieces + 1, page->pieces, page->piece_count * sizeof(*pieces));
    pieces[page->piece_count + 1] = oc_buf_slice(&call->out);
    call->pieces = pieces;
    call->piece_count = page->piece_count + 2;
    call->mapping = page->mapping;
    return OC_OK;
}

int oc_call_list_model_copy_jobs(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_model_copy_jobs_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf context = {0};
    struct oc_job_query query;
    struct oc_job_page page;

    bind_context(call, in, &context);
    if (context.failed)
        return oc_fail_nomem(err);
    fill_query(call, in, &query);
    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc >= 0 && in->next_token.ptr)
        rc = set_position(call, oc_buf_slice(&context), in->next_token, &query, err);
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = oc_read_jobs(call->read, &query, call->arena, &page, err);
    if (rc < 0)
        return rc;
    return fill_page(call, &page, oc_buf_slice(&context), err);
}

/* -- Get ----------------------------------------------------------------------------------------
 */

static int fail_no_job(struct oc_err *err, struct oc_slice arn)
{
    return oc_fail_not_found(
        err, "The model copy job %.*s does not exist in this account and Region.", OC_FMT(arn));
}

int oc_call_own_job(struct oc_call *call, struct oc_slice job_arn, struct oc_slice *ret_id,
                    struct oc_slice *ret_json, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf own = {0};
    struct oc_arn arn;

    if (!oc_arn_parse(job_arn, &arn) || !oc_slice_eq(arn.account, call->caller.account) ||
        !oc_slice_eq(arn.region, call->caller.region))
        return fail_no_job(err, job_arn);
    /* A policy is asked about the one ARN that the job has; no other spelling names it. */
    oc_buf_init(&own, OC_ARN_MAX);
    oc_arn_put_copy_job(&own, arn.region, arn.account, arn.id);
    if (own.failed)
        return oc_fail_nomem(err);
    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = oc_buf_slice(&own)}, err);
    if (rc >= 0 && !oc_slice_eq(oc_buf_slice(&own), job_arn))
        return fail_no_job(err, job_arn);
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = oc_read_job_json(call->read, oc_call_partition(call), arn.id, ret_json, err);
    if (rc == OC_ENOTFOUND)
        return fail_no_job(err, job_arn);
    *ret_id = arn.id;
    return rc;
}

int oc_call_get_model_copy_job(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_model_copy_job_in *in = call->in;
    struct oc_slice *json = oc_arena_alloc(call->arena, sizeof(*json)), id;

    if (!json)
        return oc_fail_nomem(err);
    int rc = oc_call_own_job(call, in->job_arn, &id, json, err);
    if (rc < 0)
        return rc;
    call->pieces = json;
    call->piece_count = 1;
    return OC_OK;
}

/* -- Create -------------------------------------------------------------------------------------
 */

/* What creation found out before its transaction. */
struct create {
    struct oc_idempotency idem;
    struct oc_arn source_arn;
    struct oc_peer *peer; /* where the source is; NULL: in a Region of this process */
    struct oc_found_model source;
    struct oc_slice policy_key;
    struct oc_key_info kms_key; /* id absent: the service key */
    struct oc_slice job_id, model_id;
};

static int check_status(const struct oc_create_model_copy_job_in *in, const struct oc_model *source,
                        struct oc_err *err)
{
    if (source->status == OC_MODEL_ACTIVE)
        return OC_OK;
    return oc_fail_invalid(
        err, "The source model %.*s is %.*s: only an Active model can be copied.",
        OC_FMT(in->source_model_arn), OC_FMT(oc_model_status_text(source->status)));
}

/* The source must exist, be Active and be allowed to this caller. */
static int check_source(struct oc_call *call, struct oc_read *read, struct create *create,
                        struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;

    int rc = oc_models_find_arn(call, read, in->source_model_arn, &create->source_arn,
                                &create->source, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail_not_found(err, "The source model %.*s does not exist.",
                                 OC_FMT(in->source_model_arn));
    return rc < 0 ? rc : check_status(in, &create->source.model, err);
}

static int parse_source(struct oc_call *call, struct create *create, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;

    if (!oc_arn_parse(in->source_model_arn, &create->source_arn))
        return oc_fail_invalid(err, "sourceModelArn is not the ARN of a custom model.");
    const struct oc_arn *arn = &create->source_arn;
    if (oc_slice_eq_str(arn->kind, "foundation-model"))
        return oc_fail_invalid(
            err,
            "The source model %.*s is a base model: base models exist in their own "
            "Regions and cannot be copied.",
            OC_FMT(in->source_model_arn));
    if (oc_slice_eq(arn->account, call->caller.account) &&
        oc_slice_eq(arn->region, call->caller.region))
        return oc_fail_invalid(
            err,
            "The source model %.*s is already in Region %.*s: send the request to "
            "the Region it is to be copied to.",
            OC_FMT(in->source_model_arn), OC_FMT(call->caller.region));
    if (!oc_api_region(call->api, arn->region).ptr)
        create->peer = oc_peers_find(&call->api->peers, arn->region);
    if (!oc_api_region(call->api, arn->region).ptr && !create->peer)
        return oc_fail_not_found(
            err, "The source model %.*s does not exist: Region %.*s is not served here.",
            OC_FMT(in->source_model_arn), OC_FMT(arn->region));
    create->policy_key = oc_models_policy_key(call, in->source_model_arn);
    return create->policy_key.ptr ? OC_OK : oc_fail_nomem(err);
}

/* Everything that makes two requests the same but their token. */
static int prepare_idempotency(struct oc_call *call, struct create *create, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf parameters = {0};

    oc_buf_init(&parameters, OC_HTTP_BODY_MAX);
    oc_context_add(&parameters, in->source_model_arn);
    oc_context_add(&parameters, in->target_model_name);
    oc_context_add(&parameters, in->model_kms_key_id);
    oc_context_add_tags(&parameters, &in->target_model_tags);
    if (parameters.failed)
        return oc_fail_nomem(err);
    return oc_idempotency_init(call, in->client_request_token, oc_buf_slice(&parameters),
                               &create->idem, err);
}

static void answer_job(struct oc_call *call, struct oc_slice id)
{
    struct oc_job job = {.partition = oc_call_partition(call), .id = id};

    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{\"jobArn\":\"");
    oc_job_put_arn(&call->out, &job);
    oc_buf_put_str(&call->out, "\"}");
}

static void fill_model(struct oc_call *call, const struct create *create, struct oc_model *model)
{
    const struct oc_create_model_copy_job_in *in = call->in;

    *model = (struct oc_model){
        .partition = oc_call_partition(call),
        .id = create->model_id,
        .name = in->target_model_name,
        .base = create->source.model.base,
        .base_model_arn = oc_models_base_arn(call, create->source.model.base_model_arn),
        .job_id = create->job_id,
        .status = OC_MODEL_CREATING,
        .kms_key_id = create->kms_key.id.ptr ? create->kms_key.id : OC_STR(OC_KEYS_SERVICE),
        .kms_key_arn = create->kms_key.arn,
        .tags = in->target_model_tags,
    };
}

/* The job, the model it makes and the task that the engine takes up. */
static int put_job(struct oc_call *call, struct oc_tx *tx, const struct create *create,
                   struct oc_model *model, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf target_arn = {0};

    oc_buf_init(&target_arn, OC_ARN_MAX);
    oc_model_put_arn(&target_arn, model);
    if (target_arn.failed)
        return oc_fail_nomem(err);
    struct oc_job job = {
        .partition = model->partition,
        .id = create->job_id,
        .status = OC_JOB_IN_PROGRESS,
        .creation_ms = oc_clock_now_ms(),
        .source_account = create->source_arn.account,
        .source_model_arn = in->source_model_arn,
        .source_model_name = create->source.model.name,
        .target_model_arn = oc_buf_slice(&target_arn),
        .target_model_name = model->name,
        .kms_key_arn = model->kms_key_arn,
        .tags = model->tags,
    };
    struct oc_task task = {
        .kind = OC_TASK_COPY,
        .target = model->partition,
        .model_id = model->id,
        .job_id = create->job_id,
        .key_id = model->kms_key_id,
        .principal = call->caller.user_arn,
        .source = {create->source_arn.account, create->source_arn.region},
        .source_model_id = create->source_arn.id,
        .source_bytes = create->peer ? create->source.model.size_bytes : 0,
    };
    int rc = oc_tx_job_create(tx, &job, err);
    model->creation_ms = job.creation_ms;
    struct oc_event event = {.type = OC_EVENT_JOB,
                             .status = OC_JOB_IN_PROGRESS,
                             .time_ms = job.creation_ms,
                             .partition = job.partition,
                             .subject = job.id};
    if (rc >= 0)
        rc = oc_models_put(call, tx, model, &task, err);
    return rc < 0 ? rc : oc_events_put(call->api->events, tx, &event, err);
}

/* All checks come before the first change. */
static int apply_create(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;
    struct create *create = call->state;
    struct oc_read *read = oc_tx_read(tx);
    struct oc_slice earlier;
    struct oc_model model;

    int rc = oc_idempotency_find(&create->idem, read, &earlier, err);
    if (rc < 0)
        return rc;
    if (earlier.ptr) {
        answer_job(call, earlier);
        return OC_OK;
    }
    if (!create->peer &&
        (!oc_call_unchanged(read, OC_RECORD_MODEL, create->source.key, create->source.record) ||
         !oc_call_unchanged(read, OC_RECORD_POLICY, create->policy_key, create->source.policy)))
        rc = check_source(call, read, create, err);
    if (rc >= 0)
        rc = oc_models_check_name(call, read, in->target_model_name, err);
    if (rc >= 0) /* ids are made here, where writes are in order: see model/id.h */
        rc = oc_call_new_id(call, &create->job_id, err);
    if (rc >= 0)
        rc = oc_call_new_id(call, &create->model_id, err);
    if (rc < 0)
        return rc;
    answer_job(call, create->job_id);
    fill_model(call, create, &model);
    rc = put_job(call, tx, create, &model, err);
    if (rc >= 0)
        rc = oc_idempotency_put(&create->idem, tx, create->job_id, err);
    return rc;
}

/* The source has been seen to. */
static int begin_create(struct oc_call *call, struct create *create, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;
    int rc = OC_OK;

    if (in->model_kms_key_id.ptr)
        rc = oc_models_resolve_key(call, in->model_kms_key_id, &create->kms_key, err);
    oc_call_read_done(call);
    call->makes_events = true;
    return rc < 0 ? rc : oc_call_write(call, apply_create);
}

/* Not on an HTTP thread: the answer of another machine may be seconds away. One that does not come
 * lets the job begin: it waits for the other Region as it would later on. */
static int run_create_from_peer(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;
    struct create *create = call->state;

    int rc = oc_models_find_at_peer(call, create->peer, in->source_model_arn, &create->source_arn,
                                    &create->source, err);
    if (rc >= 0 && create->source.arn.ptr)
        rc = check_status(in, &create->source.model, err);
    return rc < 0 ? rc : begin_create(call, create, err);
}

int oc_call_create_model_copy_job(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_model_copy_job_in *in = call->in;
    struct create *create = oc_arena_alloc(call->arena, sizeof(*create));
    struct oc_slice earlier;

    if (!create)
        return oc_fail_nomem(err);
    call->state = create;
    call->request_tags = &in->target_model_tags;
    int rc = oc_models_check_tags(&in->target_model_tags, in->target_model_name, err);
    if (rc >= 0)
        rc = parse_source(call, create, err);
    if (rc >= 0)
        rc = prepare_idempotency(call, create, err);
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = oc_idempotency_find(&create->idem, call->read, &earlier, err);
    if (rc < 0)
        return rc;
    if (!earlier.ptr && create->peer) {
        oc_call_read_done(call);
        return oc_call_run_waiting(call, run_create_from_peer, err);
    }
    if (!earlier.ptr)
        rc = check_source(call, call->read, create, err);
    else /* a repeat answers as the first did, whatever became of the source; not without permission
          */
        rc = oc_call_allow(call, &(struct oc_call_resource){.arn = in->source_model_arn}, err);
    if (rc >= 0 && earlier.ptr) {
        answer_job(call, earlier);
        return OC_OK;
    }
    return rc < 0 ? rc : begin_create(call, create, err);
}
