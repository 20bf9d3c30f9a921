/*
 * PutUploadPart, ListUploadParts: the parts of uploads (uploads.c), and the records of both.
 */
#include "api/uploads.h"

#include "base/json.h"
#include "copy/upload_records.h"

/* -- records ------------------------------------------------------------------------------------
 */

struct oc_slice oc_upload_key(struct oc_call *call, struct oc_slice id)
{
    return oc_key_join(call->arena,
                       (struct oc_slice[]){call->caller.account, call->caller.region, id}, 3);
}

struct oc_slice oc_upload_part_key(struct oc_arena *arena, const struct oc_call *call,
                                   struct oc_slice id, struct oc_slice digest)
{
    return oc_key_join(
        arena, (struct oc_slice[]){call->caller.account, call->caller.region, id, digest}, 4);
}

int oc_upload_fail_unknown(struct oc_err *err, struct oc_slice id)
{
    return oc_fail_not_found(err, "The upload %.*s does not exist in this account and Region.",
                             OC_FMT(id));
}

int oc_upload_find(struct oc_call *call, struct oc_read *read, struct oc_slice id,
                   struct oc_model *ret, struct oc_err *err)
{
    struct oc_slice key = oc_upload_key(call, id), record;

    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc < 0)
        return rc;
    rc = key.ptr ? oc_read_get(read, OC_RECORD_UPLOAD, key, &record, err) : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return oc_upload_fail_unknown(err, id);
    return rc < 0 ? rc : oc_model_decode(record, call->arena, ret, err);
}

int oc_upload_name_key_failure(int rc, struct oc_err *err)
{
    if (rc == OC_EDENIED)
        err->name = "ValidationException";
    return rc;
}

int oc_upload_put_body(struct oc_call *call, const struct oc_region *region,
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

/* One part more: into the upload's record. */
static int count_part(struct oc_call *call, struct oc_tx *tx, struct oc_model *upload,
                      struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice key = oc_upload_key(call, upload->id);

    int rc = oc_upload_count_part(upload, call->request->body.len, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    oc_model_encode(&record, upload);
    if (record.failed || !key.ptr)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_UPLOAD, key, oc_buf_slice(&record), err);
}

static int apply_part(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_put_upload_part_in *in = call->in;
    struct oc_slice key = oc_upload_part_key(call->arena, call, in->upload_id, in->sha256);
    struct oc_slice size = oc_arena_printf(call->arena, "%zu", call->request->body.len), was;
    struct oc_model model;

    /* The upload may have ended while the bytes were written. */
    int rc = oc_upload_find(call, oc_tx_read(tx), in->upload_id, &model, err);
    if (rc < 0)
        return rc;
    if (!key.ptr || !size.ptr)
        return oc_fail_nomem(err);
    rc = oc_read_get(oc_tx_read(tx), OC_RECORD_UPLOAD_PART, key, &was, err);
    if (rc != OC_ENOTFOUND)
        return rc; /* it has come before */
    rc = count_part(call, tx, &model, err);
    return rc < 0 ? rc : oc_tx_put(tx, OC_RECORD_UPLOAD_PART, key, size, err);
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
        rc = oc_upload_find(call, call->read, in->upload_id, &model, err);
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
    rc = oc_upload_put_body(call, region, &name, is_hashed(call, in->sha256), err);
    if (rc == OC_EINVAL)
        rc = oc_fail_invalid(err, "The body does not have the digest %.*s: send the part again.",
                             OC_FMT(in->sha256));
    rc = oc_upload_name_key_failure(rc, err);
    if (rc >= 0)
        rc = oc_call_write_now(call, apply_part, err);
    oc_copy_engine_unpin(call->api->engine, region->name, name.sha256);
    /* The upload ended meanwhile, or may have no more parts: nothing refers to this one. */
    if (rc == OC_ENOTFOUND || rc == OC_ELIMIT)
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
    *ret_from =
        oc_upload_part_key(call->arena, call, in->upload_id, (struct oc_slice){hex, sizeof(hex)});
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
        rc = oc_upload_find(call, call->read, in->upload_id, &model, err);
    if (rc >= 0 && in->next_token.ptr)
        rc = open_position(call, oc_buf_slice(&context), &scan.from, err);
    if (rc < 0)
        return rc;
    scan.prefix = oc_upload_part_key(call->arena, call, in->upload_id, OC_STR(""));
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
