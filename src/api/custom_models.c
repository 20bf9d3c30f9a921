/* CreateCustomModel, GetCustomModel, DeleteCustomModel; the list is in list_custom_models.c. */
#include "api/models.h"

#include "base/clock.h"
#include "base/json.h"

/* -- Create -------------------------------------------------------------------------------------
 */

struct create {
    struct oc_idempotency idem;
    struct oc_key_info kms_key;
    struct oc_slice uri;
    struct oc_slice model_id;
};

static int choose_source(const struct oc_create_custom_model_in *in, struct oc_slice *ret_uri,
                         struct oc_err *err)
{
    if (in->custom_model_data_source.set)
        return oc_fail_invalid(err,
                               "customModelDataSource (a SageMaker model package) is not available "
                               "here: give modelSourceConfig.s3DataSource.s3Uri.");
    *ret_uri = in->model_source_config.s3_data_source.s3_uri;
    if (!in->model_source_config.set || !ret_uri->ptr)
        return oc_fail_invalid(err, "modelSourceConfig.s3DataSource.s3Uri is required.");
    return OC_OK;
}

static int prepare_idempotency(struct oc_call *call, struct create *create, struct oc_err *err)
{
    const struct oc_create_custom_model_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf parameters = {0};

    oc_buf_init(&parameters, OC_HTTP_BODY_MAX);
    oc_context_add(&parameters, in->model_name);
    oc_context_add(&parameters, create->uri);
    oc_context_add(&parameters, in->model_kms_key_arn);
    oc_context_add(&parameters, in->role_arn);
    oc_context_add_tags(&parameters, &in->model_tags);
    if (parameters.failed)
        return oc_fail_nomem(err);
    return oc_idempotency_init(call, in->client_request_token, oc_buf_slice(&parameters),
                               &create->idem, err);
}

static void answer_model(struct oc_call *call, struct oc_slice id)
{
    oc_models_answer(call, &(struct oc_model){.partition = oc_call_partition(call),
                                              .id = id,
                                              .base = OC_STR("imported")});
}

static int apply_create(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_create_custom_model_in *in = call->in;
    struct create *create = call->state;
    struct oc_slice earlier;

    int rc = oc_idempotency_find(&create->idem, oc_tx_read(tx), &earlier, err);
    if (rc >= 0)
        rc = oc_models_drop_gone(call, oc_tx_read(tx), &earlier, err);
    if (rc < 0)
        return rc;
    answer_model(call, earlier.ptr ? earlier : create->model_id);
    if (earlier.ptr)
        return OC_OK;
    struct oc_model model = {
        .partition = oc_call_partition(call),
        .id = create->model_id,
        .name = in->model_name,
        .base = OC_STR("imported"),
        .source_uri = create->uri,
        .status = OC_MODEL_CREATING,
        .creation_ms = oc_clock_now_ms(),
        .kms_key_id = create->kms_key.id.ptr ? create->kms_key.id : OC_STR(OC_KEYS_SERVICE),
        .kms_key_arn = create->kms_key.arn,
        .tags = in->model_tags,
        .token = create->idem.hex,
        .base_model_arn = oc_models_base_arn(call, OC_STR("foundation-model/imported.unknown")),
    };
    struct oc_task task = {
        .kind = OC_TASK_IMPORT,
        .target = model.partition,
        .model_id = model.id,
        .key_id = model.kms_key_id,
        .source_uri = create->uri,
    };
    rc = oc_models_check_name(call, oc_tx_read(tx), model.name, err);
    if (rc >= 0)
        rc = oc_models_put(call, tx, &model, &task, err);
    if (rc >= 0)
        rc = oc_idempotency_put(&create->idem, tx, create->model_id, err);
    return rc;
}

int oc_call_create_custom_model(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_custom_model_in *in = call->in;
    struct create *create = oc_arena_alloc(call->arena, sizeof(*create));

    if (!create)
        return oc_fail_nomem(err);
    call->state = create;
    call->request_tags = &in->model_tags;
    int rc = oc_models_check_tags(&in->model_tags, in->model_name, err);
    if (rc >= 0)
        rc = choose_source(in, &create->uri, err);
    if (rc >= 0)
        rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc >= 0 && in->model_kms_key_arn.ptr)
        rc = oc_models_resolve_key(call, in->model_kms_key_arn, &create->kms_key, err);
    if (rc >= 0)
        rc = prepare_idempotency(call, create, err);
    if (rc >= 0)
        rc = oc_call_new_id(call, &create->model_id, err);
    return rc < 0 ? rc : oc_call_write(call, apply_create);
}

/* -- Get ----------------------------------------------------------------------------------------
 */

int oc_call_get_custom_model(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_custom_model_in *in = call->in;
    struct oc_found_model found;
    struct oc_jw w;

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = oc_models_find(call, call->read, in->model_identifier, &found, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "modelArn", found.arn);
    oc_jw_member(&w, "modelName", found.model.name);
    oc_jw_member(&w, "baseModelArn", found.model.base_model_arn);
    oc_jw_member(&w, "customizationType", OC_STR("IMPORTED"));
    oc_jw_member(&w, "modelKmsKeyArn", found.model.kms_key_arn);
    oc_call_put_time(&w, "creationTime", found.model.creation_ms);
    oc_jw_member(&w, "modelStatus", oc_model_status_text(found.model.status));
    oc_jw_member(&w, "failureMessage", found.model.failure_message);
    oc_jw_object_end(&w);
    return OC_OK;
}

/* -- Delete -------------------------------------------------------------------------------------
 */

static int apply_delete(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_delete_custom_model_in *in = call->in;
    struct oc_found_model found;

    int rc = oc_models_find_own(call, oc_tx_read(tx), in->model_identifier, &found, err);
    if (rc < 0)
        return rc;
    if (found.model.status == OC_MODEL_CREATING)
        return oc_fail_conflict(err,
                                "The model %.*s is Creating: wait until it is Active or Failed.",
                                OC_FMT(found.arn));
    rc = oc_policy_records_delete(call, tx, found.arn, err);
    if (rc >= 0)
        rc = oc_models_delete(call, tx, &found, err);
    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    return rc;
}

int oc_call_delete_custom_model(struct oc_call *call, struct oc_err *err)
{
    (void)err; /* all that can fail is found out inside the transaction */
    call->frees_blobs = true;
    return oc_call_write(call, apply_delete);
}
