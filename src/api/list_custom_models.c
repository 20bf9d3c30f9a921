/*
 * ListCustomModels: walks the order records (account, Region, creation time, id) and, for models
 * shared with the caller, the share records; both are merged by (creation time, id).
 */
#include "api/models.h"

#include <string.h>

#include "base/json.h"

#define SCRATCH_MAX (4 * 1024 * 1024) /* of one model's record, decoded */
#define POSITION_LEN                                                                               \
    (8 + OC_ID_LEN) /* creation time, big-endian, and id: as the order records' keys end */

struct shared_model {
    uint8_t position[POSITION_LEN]; /* ends with the id */
    char account[OC_ACCOUNT_LEN];
};

struct listing {
    struct oc_call *call;
    const struct oc_list_custom_models_in *in;
    struct oc_jw w;
    bool ascending;
    uint32_t limit, count;
    bool more;
    uint8_t position[POSITION_LEN]; /* of the last model listed */
    const uint8_t *after;           /* list what follows this one; NULL: from the first */
    struct shared_model *shared;    /* the first `limit` + 1 that match, in the asked order */
    size_t shared_count, shared_next;
    struct oc_arena scratch; /* one model at a time: most are looked at and passed over */
};

static int compare_positions(const struct listing *list, const uint8_t *a, const uint8_t *b)
{
    int order = memcmp(a, b, POSITION_LEN);

    return list->ascending ? order : -order;
}

static bool matches_time(const struct oc_list_custom_models_in *in, int64_t creation_ms)
{
    int64_t us = creation_ms * 1000;

    return (!in->creation_time_after.set || us > in->creation_time_after.value) &&
           (!in->creation_time_before.set || us < in->creation_time_before.value);
}

static bool matches_model(const struct oc_list_custom_models_in *in, const struct oc_model *model)
{
    if (in->name_contains.ptr && oc_slice_find_slice(model->name, in->name_contains) < 0)
        return false;
    if (in->base_model_arn_equals.ptr &&
        !oc_slice_eq(model->base_model_arn, in->base_model_arn_equals))
        return false;
    if (in->foundation_model_arn_equals.ptr &&
        !oc_slice_eq(model->base_model_arn, in->foundation_model_arn_equals))
        return false;
    return !in->model_status.ptr ||
           oc_slice_eq(oc_model_status_text(model->status), in->model_status);
}

static void put_summary(struct listing *list, const struct oc_model *model)
{
    struct oc_buf *out = list->w.buf;
    static const char marker[] = ":foundation-model/";
    ptrdiff_t at = oc_slice_find_slice(model->base_model_arn, OC_STR(":foundation-model/"));

    oc_jw_object(&list->w);
    oc_jw_key(&list->w, "modelArn");
    oc_buf_put_char(out, '"');
    oc_model_put_arn(out, model);
    oc_buf_put_char(out, '"');
    list->w.comma = true;
    oc_jw_member(&list->w, "modelName", model->name);
    oc_call_put_time(&list->w, "creationTime", model->creation_ms);
    oc_jw_member(&list->w, "baseModelArn", model->base_model_arn);
    oc_jw_member(&list->w, "baseModelName",
                 oc_slice_sub(model->base_model_arn, at < 0 ? 0 : (size_t)at + sizeof(marker) - 1,
                              SIZE_MAX));
    oc_jw_member(&list->w, "customizationType", OC_STR("IMPORTED"));
    oc_jw_member(&list->w, "ownerAccountId", model->partition.account);
    oc_jw_member(&list->w, "modelStatus", oc_model_status_text(model->status));
    oc_jw_object_end(&list->w);
}

/* A model, in the scratch memory. @return 1 when it is there and matches, 0 when not. */
static int read_model(struct listing *list, struct oc_partition partition, struct oc_slice id,
                      struct oc_model *ret, struct oc_err *err)
{
    struct oc_slice record;

    oc_arena_reset(&list->scratch);
    struct oc_slice key = oc_key_model(&list->scratch, partition, id);
    int rc = key.ptr ? oc_read_get(list->call->read, OC_RECORD_MODEL, key, &record, err)
                     : oc_fail_nomem(err);
    if (rc == OC_ENOTFOUND)
        return 0; /* a share of a model that was deleted since */
    if (rc >= 0)
        rc = oc_model_decode(record, &list->scratch, ret, err);
    if (rc < 0)
        return rc;
    return matches_time(list->in, ret->creation_ms) && matches_model(list->in, ret);
}

/* Look at one model in the merged order. @return 1 when the page is full, 0 to go on. */
static int visit_model(struct listing *list, struct oc_partition partition, struct oc_slice id,
                       const uint8_t *position, struct oc_err *err)
{
    struct oc_model model;

    int rc = read_model(list, partition, id, &model, err);
    if (rc <= 0)
        return rc;
    if (list->count == list->limit) {
        list->more = true;
        return 1;
    }
    list->count++;
    memcpy(list->position, position, POSITION_LEN);
    put_summary(list, &model);
    return 0;
}

/* Shared models that come before `position` (NULL: all that are left). */
static int visit_shared(struct listing *list, const uint8_t *position, struct oc_err *err)
{
    while (list->shared_next < list->shared_count) {
        struct shared_model *shared = &list->shared[list->shared_next];
        if (position && compare_positions(list, shared->position, position) > 0)
            return 0;
        list->shared_next++;
        struct oc_partition partition = {{shared->account, OC_ACCOUNT_LEN},
                                         list->call->caller.region};
        int rc =
            visit_model(list, partition, (struct oc_slice){(char *)shared->position + 8, OC_ID_LEN},
                        shared->position, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int visit_own(struct oc_slice key, struct oc_slice name, void *ctx, struct oc_err *err)
{
    struct listing *list = ctx;
    const uint8_t *position = (const uint8_t *)key.ptr + key.len - POSITION_LEN;

    int rc = visit_shared(list, position, err);
    if (rc != 0)
        return rc;
    if (list->in->name_contains.ptr && oc_slice_find_slice(name, list->in->name_contains) < 0)
        return 0; /* the order record carries the name, so that most need not be decoded */
    return visit_model(list, oc_call_partition(list->call),
                       oc_slice_sub(key, key.len - OC_ID_LEN, OC_ID_LEN), position, err);
}

/* Put a shared model in its place among the first `limit` + 1; behind them it is of no use. One
 * that is shared with the account and with everyone comes twice and is taken once. */
static void keep_shared(struct listing *list, const struct oc_model *model)
{
    struct shared_model shared, *at;
    size_t place = list->shared_count;

    oc_put_be64(shared.position, (uint64_t)model->creation_ms);
    memcpy(shared.position + 8, model->id.ptr, OC_ID_LEN);
    memcpy(shared.account, model->partition.account.ptr, OC_ACCOUNT_LEN);
    if (list->after && compare_positions(list, shared.position, list->after) <= 0)
        return;
    while (place > 0 &&
           compare_positions(list, list->shared[place - 1].position, shared.position) > 0)
        place--;
    at = &list->shared[place];
    if (place > list->limit ||
        (place > 0 && memcmp(at[-1].position, shared.position, POSITION_LEN) == 0 &&
         memcmp(at[-1].account, shared.account, OC_ACCOUNT_LEN) == 0))
        return;
    memmove(at + 1, at, (list->shared_count - place) * sizeof(*at));
    *at = shared;
    list->shared_count += list->shared_count <= list->limit;
}

/* Whether the model's policy lets the caller copy or see it; for a copy in some Region, with some
 * tags. @return 1 or 0; negative: failure */
static int is_open(struct listing *list, struct oc_slice model_arn, const struct oc_model *model,
                   struct oc_err *err)
{
    const struct oc_slice actions[] = {OC_STR("bedrock:CreateModelCopyJob"),
                                       OC_STR("bedrock:GetCustomModel")};
    const struct oc_caller *caller = &list->call->caller;
    OC_AUTO(oc_policy_freep) struct oc_policy *policy = NULL;
    struct oc_slice key = oc_key_join(&list->scratch, &model_arn, 1), document;
    bool open = false;

    int rc = key.ptr ? oc_read_get(list->call->read, OC_RECORD_POLICY, key, &document, err)
                     : oc_fail_nomem(err);
    if (rc >= 0)
        rc = oc_policy_parse(OC_POLICY_RESOURCE, document, &policy, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? 0 : rc;
    for (size_t i = 0; i < 2 && !open; i++) {
        enum oc_policy_effect effect = oc_policy_evaluate(
            policy, &(struct oc_policy_request){.action = actions[i],
                                                .resource = model_arn,
                                                .principal_account = caller->account,
                                                .principal_arn = caller->user_arn,
                                                .resource_tags = &model->tags,
                                                .is_to_come = true});
        open = effect == OC_POLICY_ALLOW || effect == OC_POLICY_ALLOW_ACCOUNT;
    }
    return open;
}

static int visit_share(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct listing *list = ctx;
    struct oc_model model;
    struct oc_arn arn;

    (void)key;
    if (!oc_arn_parse(value, &arn) || oc_slice_eq(arn.account, list->call->caller.account))
        return 0;
    int rc = read_model(list, (struct oc_partition){arn.account, arn.region}, arn.id, &model, err);
    if (rc > 0)
        rc = is_open(list, value, &model, err);
    if (rc > 0)
        keep_shared(list, &model);
    return rc < 0 ? rc : 0;
}

/* Models shared with the caller's account, or with everyone: as many as this page can show. */
static int collect_shared(struct listing *list, struct oc_err *err)
{
    const struct oc_slice receivers[] = {list->call->caller.account, OC_STR("*")};

    /* One place more than are kept, for the one that is moved out. */
    list->shared =
        oc_arena_alloc(list->call->arena, ((size_t)list->limit + 2) * sizeof(*list->shared));
    if (!list->shared)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < 2; i++) {
        struct oc_slice prefix = oc_key_join(
            list->call->arena,
            (struct oc_slice[]){receivers[i], list->call->caller.region, OC_STR("")}, 3);
        int rc = prefix.ptr
                     ? oc_read_scan(list->call->read,
                                    &(struct oc_scan){.kind = OC_RECORD_SHARE, .prefix = prefix},
                                    visit_share, list, err)
                     : oc_fail_nomem(err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* The caller's own models, merged with the shared ones. */
static int walk_own(struct listing *list, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf from = {0};
    struct oc_call *call = list->call;
    struct oc_slice prefix = oc_key_join(
        call->arena, (struct oc_slice[]){call->caller.account, call->caller.region, OC_STR("")}, 3);
    struct oc_scan scan = {
        .kind = OC_RECORD_MODEL_ORDER, .prefix = prefix, .descending = !list->ascending};

    oc_buf_init(&from, OC_RECORD_KEY_MAX);
    if (list->after) {
        oc_buf_put_slice(&from, prefix);
        oc_buf_put(&from, list->after, POSITION_LEN);
        scan.from = oc_buf_slice(&from);
    }
    if (!prefix.ptr || from.failed)
        return oc_fail_nomem(err);
    return oc_read_scan(call->read, &scan, visit_own, list, err);
}

static int walk_models(struct listing *list, struct oc_err *err)
{
    const struct oc_opt_bool owned = list->in->is_owned;
    int rc = OC_OK;

    if (!owned.set || !owned.value)
        rc = collect_shared(list, err);
    if (rc >= 0 && (!owned.set || owned.value))
        rc = walk_own(list, err);
    if (rc >= 0 && !list->more)
        rc = visit_shared(list, NULL, err);
    return rc < 0 ? rc : OC_OK;
}

static void bind_context(const struct oc_call *call, const struct oc_list_custom_models_in *in,
                         struct oc_buf *context)
{
    oc_context_init(call, context);
    oc_context_add_int64(context, in->creation_time_after);
    oc_context_add_int64(context, in->creation_time_before);
    oc_context_add(context, in->name_contains);
    oc_context_add(context, in->base_model_arn_equals);
    oc_context_add(context, in->foundation_model_arn_equals);
    oc_context_add(context, in->model_status);
    oc_context_add(context,
                   oc_slice_eq_str(in->sort_order, "Ascending") ? OC_STR("A") : OC_STR("D"));
    oc_context_add(context, !in->is_owned.set    ? OC_STR("")
                            : in->is_owned.value ? OC_STR("T")
                                                 : OC_STR("F"));
}

int oc_call_list_custom_models(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_custom_models_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf context = {0};
    uint8_t after[OC_TOKEN_POSITION_MAX];
    size_t after_len;
    struct listing list = {
        .call = call,
        .in = in,
        .ascending = oc_slice_eq_str(in->sort_order, "Ascending"),
        .limit = oc_call_page_size(in->max_results),
    };

    bind_context(call, in, &context);
    if (context.failed)
        return oc_fail_nomem(err);
    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc >= 0 && in->next_token.ptr)
        rc = oc_call_open_token(call, oc_buf_slice(&context), in->next_token, POSITION_LEN, after,
                                &after_len, err);
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&list.w, &call->out);
    oc_jw_object(&list.w);
    oc_jw_key(&list.w, "modelSummaries");
    oc_jw_array(&list.w);
    list.after = in->next_token.ptr ? after : NULL;
    oc_arena_init(&list.scratch, SCRATCH_MAX);
    rc = walk_models(&list, err);
    oc_arena_clear(&list.scratch);
    oc_jw_array_end(&list.w);
    if (rc >= 0 && list.more)
        rc = oc_call_put_token(call, oc_buf_slice(&context),
                               (struct oc_slice){(char *)list.position, POSITION_LEN}, &call->out,
                               err);
    oc_jw_object_end(&list.w);
    return rc;
}
