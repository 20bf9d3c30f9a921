/* What the operations share: see call.h. */
#include "api/call.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/id.h"
#include "model/timestamp.h"

struct oc_partition oc_call_partition(const struct oc_call *call)
{
    return (struct oc_partition){call->caller.account, call->caller.region};
}

int oc_call_read(struct oc_call *call, struct oc_err *err)
{
    return call->read ? OC_OK : oc_store_read(call->api->store, &call->read, err);
}

void oc_call_read_done(struct oc_call *call)
{
    oc_read_closep(&call->read);
}

int oc_call_get_copy(struct oc_call *call, struct oc_read *read, enum oc_record_kind kind,
                     struct oc_slice key, struct oc_slice *ret, struct oc_err *err)
{
    struct oc_slice value;

    *ret = (struct oc_slice){0};
    int rc = oc_read_get(read, kind, key, &value, err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0)
        return rc;
    *ret = oc_arena_copy(call->arena, value);
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}

bool oc_call_unchanged(struct oc_read *read, enum oc_record_kind kind, struct oc_slice key,
                       struct oc_slice was)
{
    struct oc_err err = {0};
    struct oc_slice now = {0};

    int rc = oc_read_get(read, kind, key, &now, &err);
    if (rc == OC_ENOTFOUND)
        return !was.ptr;
    return rc >= 0 && was.ptr && oc_slice_eq(now, was);
}

int oc_call_allow(struct oc_call *call, const struct oc_call_resource *resource, struct oc_err *err)
{
    struct oc_access_request request = {
        .action = oc_slice_of(call->op->action),
        .resource = resource->arn,
        .resource_account = resource->account.ptr ? resource->account : call->caller.account,
        .requested_region = call->caller.region,
        .request_tags = call->request_tags,
        .resource_tags = resource->resource_tags,
    };
    struct oc_policy *policy = NULL;
    int rc = OC_OK;

    if (resource->policy.ptr)
        rc = oc_policy_parse(OC_POLICY_RESOURCE, resource->policy, &policy, err);
    if (rc < 0)
        return rc;
    request.resource_policy = policy;
    rc = oc_access_decide(&call->caller, &request, err);
    oc_policy_free(policy);
    return rc;
}

#define FAIL_NAMED(err, rc, name, fmt)                                                             \
    do {                                                                                           \
        char text[OC_ERR_TEXT_MAX];                                                                \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        (void)vsnprintf(text, sizeof(text), fmt, args);                                            \
        va_end(args);                                                                              \
        return oc_fail_as(err, rc, name, "%s", text);                                              \
    } while (0)

int oc_fail_invalid(struct oc_err *err, const char *fmt, ...)
{
    FAIL_NAMED(err, OC_EINVAL, "ValidationException", fmt);
}

int oc_fail_not_found(struct oc_err *err, const char *fmt, ...)
{
    FAIL_NAMED(err, OC_ENOTFOUND, "ResourceNotFoundException", fmt);
}

int oc_fail_conflict(struct oc_err *err, const char *fmt, ...)
{
    FAIL_NAMED(err, OC_ECONFLICT, "ConflictException", fmt);
}

int oc_call_new_id(struct oc_call *call, struct oc_slice *ret_id, struct oc_err *err)
{
    char *id = oc_arena_alloc(call->arena, OC_ID_LEN);

    if (!id)
        return oc_fail_nomem(err);
    int rc = oc_id_make(oc_clock_now_ms(), id, err);
    if (rc >= 0)
        *ret_id = (struct oc_slice){id, OC_ID_LEN};
    return rc;
}

struct oc_slice oc_api_region(const struct oc_api *api, struct oc_slice name)
{
    for (size_t i = 0; i < api->region_count; i++)
        if (oc_slice_eq(api->regions[i], name))
            return api->regions[i];
    return (struct oc_slice){0};
}

void oc_call_put_time(struct oc_jw *w, const char *key, int64_t ms)
{
    char text[24];

    oc_timestamp_format(ms, text);
    oc_jw_member(w, key, (struct oc_slice){text, sizeof(text)});
}

/* -- idempotency --------------------------------------------------------------------------------
 */

/*
 * A record is the digest of the parameters and then what the first call made. Its key is a digest:
 * a token is as good as random, so each record changes a page of its own, and the shorter the
 * records are the fewer pages there are above them. Records of older stores have the parts for
 * a key, and the whole digest of the parameters; they are asked for where there are any.
 */
#define TOKEN_DIGEST OC_TOKEN_DIGEST_LEN

int oc_idempotency_init(struct oc_call *call, struct oc_slice token, struct oc_slice parameters,
                        struct oc_idempotency *ret, struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];
    char hex[2 * TOKEN_DIGEST];

    *ret = (struct oc_idempotency){.token = token};
    if (!token.ptr)
        return OC_OK;
    struct oc_slice old_key =
        oc_key_join(call->arena,
                    (struct oc_slice[]){call->caller.account, call->caller.region,
                                        oc_slice_of(call->op->name), token},
                    4);
    if (!old_key.ptr)
        return oc_fail_nomem(err);
    int rc = oc_sha256(old_key, digest, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(digest, TOKEN_DIGEST, hex);
    ret->hex = oc_arena_copy(call->arena, (struct oc_slice){hex, sizeof(hex)});
    ret->key = oc_key_token(call->arena, ret->hex);
    if (!ret->key.ptr)
        return oc_fail_nomem(err);
    if (call->api->has_old_tokens)
        ret->old_key = old_key;
    return oc_sha256(parameters, ret->parameters, err);
}

static int is_there(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    (void)key, (void)value, (void)err;
    *(bool *)ctx = true;
    return 1;
}

int oc_idempotency_find_old(struct oc_store *store, bool *ret, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_scan scan = {.kind = OC_RECORD_IDEMPOTENCY, .from = OC_STR("\3")};

    *ret = false;
    int rc = oc_store_read(store, &read, err);
    return rc < 0 ? rc : oc_read_scan(read, &scan, is_there, ret, err);
}

int oc_idempotency_find(const struct oc_idempotency *idem, struct oc_read *read,
                        struct oc_slice *ret_result, struct oc_err *err)
{
    size_t digest_len = TOKEN_DIGEST;
    struct oc_slice record;

    *ret_result = (struct oc_slice){0};
    if (!idem->key.ptr)
        return OC_OK;
    int rc = oc_read_get(read, OC_RECORD_IDEMPOTENCY, idem->key, &record, err);
    if (rc == OC_ENOTFOUND && idem->old_key.ptr) {
        digest_len = OC_SHA256_LEN;
        rc = oc_read_get(read, OC_RECORD_IDEMPOTENCY, idem->old_key, &record, err);
    }
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0)
        return rc;
    if (record.len < digest_len)
        return oc_fail(err, OC_ECORRUPT, "idempotency record is too short");
    if (memcmp(record.ptr, idem->parameters, digest_len) != 0)
        return oc_fail_conflict(
            err,
            "The clientRequestToken %.*s was used before with other parameters: "
            "use a new token for a new request.",
            OC_FMT(idem->token));
    *ret_result = oc_slice_sub(record, digest_len, SIZE_MAX);
    return OC_OK;
}

int oc_idempotency_put(const struct oc_idempotency *idem, struct oc_tx *tx, struct oc_slice result,
                       struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};

    if (!idem->key.ptr)
        return OC_OK;
    oc_buf_init(&record, TOKEN_DIGEST + OC_ARN_MAX);
    oc_buf_put(&record, idem->parameters, TOKEN_DIGEST);
    oc_buf_put_slice(&record, result);
    if (record.failed)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_IDEMPOTENCY, idem->key, oc_buf_slice(&record), err);
}

int oc_idempotency_delete(struct oc_call *call, struct oc_tx *tx, const struct oc_model *model,
                          struct oc_err *err)
{
    struct oc_slice key = oc_key_token(call->arena, model->token);

    if (!model->token.ptr)
        return OC_OK;
    return key.ptr ? oc_tx_delete(tx, OC_RECORD_IDEMPOTENCY, key, err) : oc_fail_nomem(err);
}

/* -- page tokens --------------------------------------------------------------------------------
 */

#define CONTEXT_MAX (64 * 1024)

void oc_context_add(struct oc_buf *context, struct oc_slice value)
{
    uint8_t len[4];

    /* Absent and empty differ: the length of an absent value is one that no value has. */
    oc_put_be32(len, value.ptr ? (uint32_t)value.len : UINT32_MAX);
    oc_buf_put(context, len, sizeof(len));
    if (value.ptr)
        oc_buf_put_slice(context, value);
}

void oc_context_add_tags(struct oc_buf *context, const struct oc_tag_list *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        oc_context_add(context, tags->items[i].key);
        oc_context_add(context, tags->items[i].value);
    }
}

void oc_context_add_int64(struct oc_buf *context, struct oc_opt_int64 value)
{
    uint8_t bytes[8];

    oc_put_be64(bytes, (uint64_t)value.value);
    oc_context_add(context, value.set ? (struct oc_slice){(char *)bytes, sizeof(bytes)}
                                      : (struct oc_slice){0});
}

void oc_context_init(const struct oc_call *call, struct oc_buf *context)
{
    oc_buf_init(context, CONTEXT_MAX);
    oc_context_add(context, oc_slice_of(call->op->name));
    oc_context_add(context, call->caller.account);
    oc_context_add(context, call->caller.region);
}

uint32_t oc_call_page_size(struct oc_opt_int64 max_results)
{
    return max_results.set ? (uint32_t)max_results.value : OC_MAX_RESULTS_DEFAULT;
}

int oc_call_open_token(struct oc_call *call, struct oc_slice context, struct oc_slice token,
                       size_t len, uint8_t ret_position[OC_TOKEN_POSITION_MAX], size_t *ret_len,
                       struct oc_err *err)
{
    int rc = oc_token_open(call->api->token_key, context, token, ret_position, ret_len, err);

    if (rc >= 0 && len && *ret_len != len)
        return oc_fail_invalid(err, "The nextToken is not valid for this request.");
    return rc;
}

int oc_call_put_token(struct oc_call *call, struct oc_slice context, struct oc_slice position,
                      struct oc_buf *buf, struct oc_err *err)
{
    oc_buf_put_str(buf, ",\"nextToken\":\"");
    int rc = oc_token_seal(call->api->token_key, context, position, buf, err);
    oc_buf_put_char(buf, '"');
    return rc;
}
