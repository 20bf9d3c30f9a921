/*
 * CreateModelUpload, CompleteModelUpload, AbortModelUpload: how a client brings a model whose files
 * the server cannot read itself. Its parts are in upload_parts.c.
 *
 * An upload is a model to be: its record is that of the model, under the id the model will have.
 * Parts come in any order, each under the digest of its bytes, and are durable when the answer
 * leaves; a part that is there already costs nothing. The manifest completes the upload; the copy
 * engine then re-reads every byte before the model becomes Active.
 */
#include "api/uploads.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "copy/upload_records.h"
#include "model/manifest.h"

/* -- CreateModelUpload --------------------------------------------------------------------------
 */

struct create {
    struct oc_idempotency idem;
    struct oc_key_info kms_key;
    struct oc_slice id;
};

static void answer_upload(struct oc_call *call, struct oc_slice id)
{
    struct oc_jw w;

    oc_buf_reset(&call->out);
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "uploadId", id);
    oc_jw_member_int(&w, "partSizeBytes", OC_PART_SIZE);
    oc_jw_object_end(&w);
}

static int count_upload(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    (void)key, (void)value, (void)err;
    return ++*(unsigned *)ctx == OC_UPLOADS_MAX;
}

static int check_quota(struct oc_call *call, struct oc_read *read, struct oc_err *err)
{
    struct oc_scan scan = {.kind = OC_RECORD_UPLOAD, .prefix = oc_upload_key(call, OC_STR(""))};
    unsigned count = 0;

    int rc =
        scan.prefix.ptr ? oc_read_scan(read, &scan, count_upload, &count, err) : oc_fail_nomem(err);
    if (rc < 0 || count < OC_UPLOADS_MAX)
        return rc < 0 ? rc : OC_OK;
    return oc_fail_as(err, OC_ELIMIT, "ServiceQuotaExceededException",
                      "The account has %d uploads in this Region that are not completed, the most "
                      "it may have: complete or abort some of them.",
                      OC_UPLOADS_MAX);
}

static int apply_create(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_create_model_upload_in *in = call->in;
    struct create *create = call->state;
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice earlier, key = oc_upload_key(call, create->id);

    int rc = oc_idempotency_find(&create->idem, oc_tx_read(tx), &earlier, err);
    if (rc >= 0)
        rc = oc_models_drop_gone(call, oc_tx_read(tx), &earlier, err);
    if (rc < 0)
        return rc;
    answer_upload(call, earlier.ptr ? earlier : create->id);
    if (earlier.ptr)
        return OC_OK;
    struct oc_model model = {
        .partition = oc_call_partition(call),
        .id = create->id,
        .name = in->model_name,
        .base = OC_STR("imported"),
        .base_model_arn = oc_models_base_arn(call, OC_STR("foundation-model/imported.unknown")),
        .status = OC_MODEL_CREATING,
        .creation_ms = oc_clock_now_ms(),
        .kms_key_id = create->kms_key.id.ptr ? create->kms_key.id : OC_STR(OC_KEYS_SERVICE),
        .kms_key_arn = create->kms_key.arn,
        .tags = in->model_tags,
        .token = create->idem.hex,
    };
    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    oc_model_encode(&record, &model);
    rc = record.failed || !key.ptr ? oc_fail_nomem(err)
                                   : oc_models_check_name(call, oc_tx_read(tx), model.name, err);
    if (rc >= 0)
        rc = check_quota(call, oc_tx_read(tx), err);
    if (rc >= 0)
        rc = oc_tx_put(tx, OC_RECORD_UPLOAD, key, oc_buf_slice(&record), err);
    if (rc >= 0)
        rc = oc_idempotency_put(&create->idem, tx, create->id, err);
    return rc;
}

int oc_call_create_model_upload(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_model_upload_in *in = call->in;
    struct create *create = oc_arena_alloc(call->arena, sizeof(*create));
    OC_AUTO(oc_buf_clear) struct oc_buf parameters = {0};

    oc_buf_init(&parameters, OC_HTTP_BODY_MAX);
    if (!create)
        return oc_fail_nomem(err);
    call->state = create;
    call->request_tags = &in->model_tags;
    oc_context_add(&parameters, in->model_name);
    oc_context_add(&parameters, in->model_kms_key_id);
    oc_context_add_tags(&parameters, &in->model_tags);
    if (parameters.failed)
        return oc_fail_nomem(err);
    int rc = oc_models_check_tags(&in->model_tags, in->model_name, err);
    if (rc >= 0)
        rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc >= 0 && in->model_kms_key_id.ptr)
        rc = oc_models_resolve_key(call, in->model_kms_key_id, &create->kms_key, err);
    if (rc >= 0)
        rc = oc_idempotency_init(call, in->client_request_token, oc_buf_slice(&parameters),
                                 &create->idem, err);
    if (rc >= 0)
        rc = oc_call_new_id(call, &create->id, err);
    return rc < 0 ? rc : oc_call_write(call, apply_create);
}

/* -- ending an upload ---------------------------------------------------------------------------
 */

/* An upload that is being ended. */
struct ending {
    struct oc_slice id, key;
    bool more; /* parts whose records are left */
};

static int apply_delete_rest(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    struct ending *ending = call->state;

    return oc_upload_delete_parts(tx, ending->key, &ending->more, err);
}

/* Records that are left when this fails hold nothing: their upload is gone. */
static void delete_rest(struct oc_call *call, struct ending *ending)
{
    struct oc_err ignored = {0};

    call->state = ending;
    while (ending->more)
        if (oc_call_write_now(call, apply_delete_rest, &ignored) < 0)
            return;
}

static int apply_abort(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    struct ending *ending = call->state;
    struct oc_model model;

    int rc = oc_upload_find(call, oc_tx_read(tx), ending->id, &model, err);
    if (rc >= 0)
        rc = oc_idempotency_delete(call, tx, &model, err);
    return rc < 0 ? rc : oc_upload_delete(tx, ending->key, &ending->more, err);
}

static int run_abort(struct oc_call *call, struct oc_err *err)
{
    const struct oc_abort_model_upload_in *in = call->in;
    struct ending ending = {.id = in->upload_id, .key = oc_upload_key(call, in->upload_id)};

    call->state = &ending;
    int rc = ending.key.ptr ? oc_call_write_now(call, apply_abort, err) : oc_fail_nomem(err);
    if (rc < 0)
        return rc;
    delete_rest(call, &ending);
    oc_copy_engine_sweep(call->api->engine, call->caller.region);
    oc_buf_put_str(&call->out, "{}");
    return OC_OK;
}

int oc_call_abort_model_upload(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_abort, err);
}

/* -- CompleteModelUpload ------------------------------------------------------------------------
 */

struct complete {
    struct ending ending;
    struct oc_model model;
    struct oc_manifest manifest;
    uint8_t digest[OC_SHA256_LEN];
    char digest_hex[OC_SHA256_HEX_LEN];
};

static int apply_complete(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_complete_model_upload_in *in = call->in;
    struct complete *complete = call->state;
    struct oc_model model;

    int rc = oc_upload_find(call, oc_tx_read(tx), in->upload_id, &model, err);
    if (rc >= 0)
        rc = oc_models_check_name(call, oc_tx_read(tx), model.name, err);
    if (rc < 0)
        return rc;
    struct oc_task task = {
        .kind = OC_TASK_UPLOAD,
        .target = model.partition,
        .model_id = model.id,
        .key_id = model.kms_key_id,
        .manifest = {complete->digest_hex, OC_SHA256_HEX_LEN},
    };
    struct oc_slice base = oc_arena_printf(call->arena, "foundation-model/imported.%.*s",
                                           OC_FMT(complete->manifest.model_type));
    model.creation_ms = oc_clock_now_ms();
    model.size_bytes = model.file_count = 0; /* what has come; of the model the engine sees it */
    model.base_model_arn = oc_models_base_arn(call, base);
    rc = oc_upload_delete(tx, complete->ending.key, &complete->ending.more, err);
    if (rc >= 0)
        rc = oc_models_put(call, tx, &model, &task, err);
    oc_models_answer(call, &model);
    return rc;
}

/* Every part that the manifest names must have been uploaded, to this upload: that the content
 * store has such a part, perhaps another account's, gives nobody the right to its bytes. Looks at
 * the snapshot in which the upload was found: another completion may have removed it since. */
static int check_parts(struct oc_call *call, const struct complete *complete, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena scratch = {0};
    char hex[OC_SHA256_HEX_LEN];
    const struct oc_slice digest = {hex, sizeof(hex)};

    oc_arena_init(&scratch, OC_HTTP_BODY_MAX);
    int rc = OC_OK;
    for (size_t i = 0; rc >= 0 && i < complete->manifest.part_count; i++) {
        struct oc_slice size;
        oc_arena_reset(&scratch);
        oc_hex_encode(complete->manifest.parts[i].sha256, OC_SHA256_LEN, hex);
        struct oc_slice key = oc_upload_part_key(&scratch, call, complete->ending.id, digest);
        rc = key.ptr ? oc_read_get(call->read, OC_RECORD_UPLOAD_PART, key, &size, err)
                     : oc_fail_nomem(err);
        if (rc == OC_ENOTFOUND)
            rc = oc_fail_invalid(err,
                                 "Part %.*s of the manifest has not been uploaded: upload it and "
                                 "complete again.",
                                 OC_FMT(digest));
    }
    oc_call_read_done(call);
    return rc;
}

/* A repeat of a completion whose answer was lost: the model is there under the upload's id. */
static int answer_repeat(struct oc_call *call, struct oc_slice id, struct oc_err *err)
{
    struct oc_slice key = oc_key_model(call->arena, oc_call_partition(call), id), record;
    struct oc_model model;

    int rc =
        key.ptr ? oc_read_get(call->read, OC_RECORD_MODEL, key, &record, err) : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return oc_upload_fail_unknown(err, id);
    if (rc >= 0)
        rc = oc_model_decode(record, call->arena, &model, err);
    if (rc >= 0)
        oc_models_answer(call, &model);
    return rc;
}

static int store_manifest(struct oc_call *call, struct complete *complete, struct oc_err *err)
{
    const struct oc_region *region = oc_copy_engine_region(call->api->engine, call->caller.region);
    struct oc_blob_name name = {.key_id = complete->model.kms_key_id};

    int rc = check_parts(call, complete, err);
    if (rc >= 0)
        rc = oc_sha256(call->request->body, complete->digest, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(complete->digest, OC_SHA256_LEN, complete->digest_hex);
    memcpy(name.sha256, complete->digest, OC_SHA256_LEN);
    rc = oc_copy_engine_pin(call->api->engine, region->name, name.sha256, err);
    if (rc < 0)
        return rc;
    rc = oc_upload_put_body(call, region, &name, true, err);
    rc = oc_upload_name_key_failure(rc, err);
    if (rc >= 0)
        rc = oc_call_write_now(call, apply_complete, err);
    oc_copy_engine_unpin(call->api->engine, region->name, name.sha256);
    if (rc < 0)
        oc_copy_engine_sweep(call->api->engine, region->name);
    else
        delete_rest(call, &complete->ending);
    return rc;
}

static int run_complete(struct oc_call *call, struct oc_err *err)
{
    const struct oc_complete_model_upload_in *in = call->in;
    struct complete *complete = oc_arena_alloc(call->arena, sizeof(*complete));

    if (!complete)
        return oc_fail_nomem(err);
    call->state = complete;
    complete->ending =
        (struct ending){.id = in->upload_id, .key = oc_upload_key(call, in->upload_id)};
    int rc = complete->ending.key.ptr ? oc_call_read(call, err) : oc_fail_nomem(err);
    if (rc >= 0)
        rc = oc_upload_find(call, call->read, in->upload_id, &complete->model, err);
    if (rc == OC_ENOTFOUND)
        return answer_repeat(call, in->upload_id, err);
    if (rc < 0)
        return rc;
    oc_manifest_init(&complete->manifest);
    rc = oc_manifest_decode(call->request->body, &complete->manifest, err);
    if (rc == OC_EINVAL)
        err->name = "ValidationException";
    if (rc >= 0)
        rc = store_manifest(call, complete, err);
    oc_manifest_clear(&complete->manifest);
    /* Another completion of the same upload was faster: this is a repeat. */
    if (rc != OC_ENOTFOUND)
        return rc;
    rc = oc_call_read(call, err);
    return rc < 0 ? rc : answer_repeat(call, in->upload_id, err);
}

int oc_call_complete_model_upload(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_complete, err);
}
