/*
 * CreateModelUpload, PutUploadPart, ListUploadParts, CompleteModelUpload, AbortModelUpload: how a
 * client brings a model whose files the server cannot read itself.
 *
 * An upload is a model to be: its record is that of the model, under the id the model will have.
 * Parts come in any order, each under the digest of its bytes, and are durable when the answer
 * leaves; a part that is there already costs nothing. The manifest completes the upload; the copy
 * engine then re-reads every byte before the model becomes Active.
 */
#include "api/models.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "copy/upload_records.h"
#include "model/manifest.h"

/* -- records ------------------------------------------------------------------------------------
 */

static struct oc_slice upload_key(struct oc_call *call, struct oc_slice id)
{
    return oc_key_join(call->arena,
                       (struct oc_slice[]){call->caller.account, call->caller.region, id}, 3);
}

/* With an empty digest: the prefix of all parts of the upload. */
static struct oc_slice part_key_in(struct oc_arena *arena, const struct oc_call *call,
                                   struct oc_slice id, struct oc_slice digest)
{
    return oc_key_join(
        arena, (struct oc_slice[]){call->caller.account, call->caller.region, id, digest}, 4);
}

static struct oc_slice part_key(struct oc_call *call, struct oc_slice id, struct oc_slice digest)
{
    return part_key_in(call->arena, call, id, digest);
}

static int fail_no_upload(struct oc_err *err, struct oc_slice id)
{
    return oc_fail_not_found(err, "The upload %.*s does not exist in this account and Region.",
                             OC_FMT(id));
}

/* The upload as the model it will be. Also decides whether the caller may go on with it. */
static int find_upload(struct oc_call *call, struct oc_read *read, struct oc_slice id,
                       struct oc_model *ret, struct oc_err *err)
{
    struct oc_slice key = upload_key(call, id), record;

    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc < 0)
        return rc;
    rc = key.ptr ? oc_read_get(read, OC_RECORD_UPLOAD, key, &record, err) : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return fail_no_upload(err, id);
    return rc < 0 ? rc : oc_model_decode(record, call->arena, ret, err);
}

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

static int apply_create(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_create_model_upload_in *in = call->in;
    struct create *create = call->state;
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice earlier, key = upload_key(call, create->id);

    int rc = oc_idempotency_find(&create->idem, oc_tx_read(tx), &earlier, err);
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
    };
    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    oc_model_encode(&record, &model);
    rc = record.failed || !key.ptr ? oc_fail_nomem(err)
                                   : oc_models_check_name(call, oc_tx_read(tx), model.name, err);
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

/* A key that was disabled since the upload began is for its owner to mend. */
static int name_key_failure(int rc, struct oc_err *err)
{
    if (rc == OC_EDENIED)
        err->name = "ValidationException";
    return rc;
}

/* Store the request's body, which is gone after that: where it lies, if there is room. */
static int put_body(struct oc_call *call, const struct oc_region *region,
                    const struct oc_blob_name *name, bool verified, struct oc_err *err)
{
    struct oc_slice body = call->request->body;

    if (!call->request->body_room)
        return oc_blob_put(region->blobs, name, body, verified, err);
    return oc_blob_put_in_place(region->blobs, name, call->request->body_room, body.len, verified,
                                err);
}

/* -- PutUploadPart ------------------------------------------------------------------------------
 */

static int apply_part(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_put_upload_part_in *in = call->in;
    struct oc_slice key = part_key(call, in->upload_id, in->sha256);
    struct oc_slice size = oc_arena_printf(call->arena, "%zu", call->request->body.len);
    struct oc_model model;

    /* The upload may have ended while the bytes were written. */
    int rc = find_upload(call, oc_tx_read(tx), in->upload_id, &model, err);
    if (rc < 0)
        return rc;
    if (!key.ptr || !size.ptr)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_UPLOAD_PART, key, size, err);
}

/* Whether the signature was verified with this digest of the body: then it has it. */
static bool is_hashed(const struct oc_call *call, struct oc_slice sha256)
{
    const struct oc_caller *caller = &call->caller;

    return caller->has_body_sha256 &&
           oc_slice_eq(sha256, (struct oc_slice){caller->body_sha256, OC_SHA256_HEX_LEN});
}

static int run_put_part(struct oc_call *call, struct oc_err *err)
{
    const struct oc_put_upload_part_in *in = call->in;
    const struct oc_region *region = oc_copy_engine_region(call->api->engine, call->caller.region);
    struct oc_slice body = call->request->body;
    struct oc_blob_name name;
    struct oc_model model;

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = find_upload(call, call->read, in->upload_id, &model, err);
    oc_call_read_done(call);
    if (rc < 0)
        return rc;
    if (body.len == 0 || body.len > OC_PART_SIZE)
        return oc_fail_invalid(err, "A part has 1 to %lu bytes.", OC_PART_SIZE);
    if (!oc_hex_decode(in->sha256, name.sha256, OC_SHA256_LEN))
        return oc_fail_invalid(err, "The digest of a part is 64 hexadecimal digits.");
    name.key_id = model.kms_key_id;
    rc = oc_copy_engine_pin(call->api->engine, region->name, name.sha256, err);
    if (rc < 0)
        return rc;
    rc = put_body(call, region, &name, is_hashed(call, in->sha256), err);
    if (rc == OC_EINVAL)
        rc = oc_fail_invalid(err, "The body does not have the digest %.*s: send the part again.",
                             OC_FMT(in->sha256));
    rc = name_key_failure(rc, err);
    if (rc >= 0)
        rc = oc_call_write_now(call, apply_part, err);
    oc_copy_engine_unpin(call->api->engine, region->name, name.sha256);
    if (rc == OC_ENOTFOUND) /* the upload ended meanwhile: nothing refers to the part */
        oc_copy_engine_sweep(call->api->engine, region->name);
    oc_buf_put_str(&call->out, "{}");
    return rc;
}

int oc_call_put_upload_part(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_put_part, err);
}

/* -- ListUploadParts ----------------------------------------------------------------------------
 */

struct part_listing {
    struct oc_jw w;
    uint32_t limit, count;
    bool more;
    uint8_t position[OC_SHA256_LEN];
};

static int visit_part(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct part_listing *list = ctx;
    struct oc_slice digest = oc_slice_sub(key, key.len - OC_SHA256_HEX_LEN, OC_SHA256_HEX_LEN);
    int64_t size;

    if (list->count == list->limit) {
        list->more = true;
        return 1;
    }
    if (!oc_slice_to_int64(value, &size) || !oc_hex_decode(digest, list->position, OC_SHA256_LEN))
        return oc_fail(err, OC_ECORRUPT, "record of an uploaded part cannot be read");
    list->count++;
    oc_jw_object(&list->w);
    oc_jw_member(&list->w, "sha256", digest);
    oc_jw_member_int(&list->w, "sizeBytes", size);
    oc_jw_object_end(&list->w);
    return 0;
}

/* Where the scan goes on: after the digest in the token. */
static int open_position(struct oc_call *call, struct oc_slice context, struct oc_slice *ret_from,
                         struct oc_err *err)
{
    const struct oc_list_upload_parts_in *in = call->in;
    uint8_t position[OC_TOKEN_POSITION_MAX];
    char hex[OC_SHA256_HEX_LEN];
    size_t len;

    int rc = oc_call_open_token(call, context, in->next_token, OC_SHA256_LEN, position, &len, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(position, OC_SHA256_LEN, hex);
    *ret_from = part_key(call, in->upload_id, (struct oc_slice){hex, sizeof(hex)});
    return ret_from->ptr ? OC_OK : oc_fail_nomem(err);
}

int oc_call_list_upload_parts(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_upload_parts_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf context = {0};
    struct oc_scan scan = {.kind = OC_RECORD_UPLOAD_PART};
    struct part_listing list = {
        .limit = oc_call_page_size(in->max_results),
    };
    struct oc_model model;

    oc_context_init(call, &context);
    oc_context_add(&context, in->upload_id);
    int rc = context.failed ? oc_fail_nomem(err) : oc_call_read(call, err);
    if (rc >= 0)
        rc = find_upload(call, call->read, in->upload_id, &model, err);
    if (rc >= 0 && in->next_token.ptr)
        rc = open_position(call, oc_buf_slice(&context), &scan.from, err);
    if (rc < 0)
        return rc;
    scan.prefix = part_key(call, in->upload_id, OC_STR(""));
    oc_jw_init(&list.w, &call->out);
    oc_jw_object(&list.w);
    oc_jw_key(&list.w, "parts");
    oc_jw_array(&list.w);
    rc = scan.prefix.ptr ? oc_read_scan(call->read, &scan, visit_part, &list, err)
                         : oc_fail_nomem(err);
    oc_jw_array_end(&list.w);
    if (rc >= 0 && list.more)
        rc = oc_call_put_token(call, oc_buf_slice(&context),
                               (struct oc_slice){(char *)list.position, OC_SHA256_LEN}, &call->out,
                               err);
    oc_jw_object_end(&list.w);
    return rc < 0 ? rc : OC_OK;
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

    int rc = find_upload(call, oc_tx_read(tx), ending->id, &model, err);
    return rc < 0 ? rc : oc_upload_delete(tx, ending->key, &ending->more, err);
}

static int run_abort(struct oc_call *call, struct oc_err *err)
{
    const struct oc_abort_model_upload_in *in = call->in;
    struct ending ending = {.id = in->upload_id, .key = upload_key(call, in->upload_id)};

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

    int rc = find_upload(call, oc_tx_read(tx), in->upload_id, &model, err);
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
        struct oc_slice key = part_key_in(&scratch, call, complete->ending.id, digest);
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
        return fail_no_upload(err, id);
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
    rc = put_body(call, region, &name, true, err);
    rc = name_key_failure(rc, err);
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
    complete->ending = (struct ending){.id = in->upload_id, .key = upload_key(call, in->upload_id)};
    int rc = complete->ending.key.ptr ? oc_call_read(call, err) : oc_fail_nomem(err);
    if (rc >= 0)
        rc = find_upload(call, call->read, in->upload_id, &complete->model, err);
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
