/*
 * Accounts: CreateAccount, ListAccounts; and who may manage them and their keys.
 */
#include "api/accounts.h"

#include "base/clock.h"
#include "base/json.h"

/* -- who may ------------------------------------------------------------------------------------
 */

bool oc_account_is_managed(const struct oc_call *call, struct oc_slice account)
{
    return oc_slice_eq(account, call->caller.account) ||
           oc_slice_eq(call->caller.account, call->api->admin_account);
}

int oc_call_allow_account(struct oc_call *call, struct oc_slice account, struct oc_err *err)
{
    struct oc_slice arn = oc_arena_printf(call->arena, "arn:aws:iam::%.*s:root", OC_FMT(account));

    if (!arn.ptr)
        return oc_fail_nomem(err);
    if (!oc_account_is_managed(call, account))
        return oc_fail_as(
            err, OC_EDENIED, "AccessDeniedException",
            "User: %.*s is not authorized to perform: %s on resource: %.*s because only keys of "
            "the administrators' account may manage other accounts.",
            OC_FMT(call->caller.user_arn), call->op->action, OC_FMT(arn));
    return oc_call_allow(call, &(struct oc_call_resource){.arn = arn}, err);
}

int oc_call_allow_server(struct oc_call *call, struct oc_err *err)
{
    return oc_call_allow_account(call, call->api->admin_account, err);
}

/* -- accounts -----------------------------------------------------------------------------------
 */

int oc_account_put(struct oc_tx *tx, struct oc_slice account, struct oc_slice name,
                   struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_jw w;

    oc_buf_init(&record, 4096);
    oc_jw_init(&w, &record);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", 1);
    oc_jw_member(&w, "name", name);
    oc_jw_member_int(&w, "creation", oc_clock_now_ms());
    oc_jw_object_end(&w);
    return record.failed ? oc_fail_nomem(err)
                         : oc_tx_put(tx, OC_RECORD_ACCOUNT, account, oc_buf_slice(&record), err);
}

static int apply_create_account(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_create_account_in *in = call->in;
    struct oc_slice record;

    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_ACCOUNT, in->account_id, &record, err);
    if (rc >= 0)
        return oc_fail_conflict(err, "The account %.*s exists already.", OC_FMT(in->account_id));
    return rc == OC_ENOTFOUND ? oc_account_put(tx, in->account_id, in->name, err) : rc;
}

int oc_call_create_account(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_account_in *in = call->in;

    int rc = oc_call_allow_account(call, in->account_id, err);
    return rc < 0 ? rc : oc_call_write(call, apply_create_account);
}

int oc_page_take(struct oc_page *list, struct oc_slice key)
{
    if (list->count == list->limit) {
        list->more = true;
        return 1;
    }
    list->count++;
    list->position = key;
    return 0;
}

static int visit_account(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *record = NULL;
    struct oc_page *list = ctx;

    int rc = oc_json_parse(value, &record, err);
    if (rc < 0)
        return oc_fail(err, OC_ECORRUPT, "record of account %.*s cannot be read", OC_FMT(key));
    if (oc_page_take(list, key))
        return 1;
    oc_jw_object(&list->w);
    oc_jw_member(&list->w, "accountId", key);
    oc_jw_member(&list->w, "name", oc_json_string(oc_json_get(record, "name")));
    oc_call_put_time(&list->w, "creationTime", oc_json_int64(oc_json_get(record, "creation"), 0));
    oc_jw_object_end(&list->w);
    return 0;
}

int oc_page_walk(struct oc_page *list, enum oc_record_kind kind, const char *member,
                 struct oc_slice token, oc_record_fn *visit, struct oc_err *err)
{
    struct oc_call *call = list->call;
    struct oc_scan scan = {.kind = kind, .prefix = OC_STR("")};
    OC_AUTO(oc_buf_clear) struct oc_buf context = {0};
    uint8_t position[OC_TOKEN_POSITION_MAX];
    size_t len;
    int rc = OC_OK;

    oc_context_init(call, &context);
    oc_context_add(&context, list->account);
    if (context.failed)
        return oc_fail_nomem(err);
    if (token.ptr) {
        rc = oc_call_open_token(call, oc_buf_slice(&context), token, 0, position, &len, err);
        scan.from = (struct oc_slice){(char *)position, len};
    }
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&list->w, &call->out);
    oc_jw_object(&list->w);
    oc_jw_key(&list->w, member);
    oc_jw_array(&list->w);
    oc_arena_init(&list->scratch, OC_HTTP_BODY_MAX);
    rc = oc_read_scan(call->read, &scan, visit, list, err);
    oc_arena_clear(&list->scratch);
    oc_jw_array_end(&list->w);
    if (rc >= 0 && list->more)
        rc = oc_call_put_token(call, oc_buf_slice(&context), list->position, &call->out, err);
    oc_jw_object_end(&list->w);
    return rc < 0 ? rc : OC_OK;
}

int oc_call_list_accounts(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_accounts_in *in = call->in;
    struct oc_page list = {.call = call, .limit = oc_call_page_size(in->max_results)};

    int rc = oc_call_allow_server(call, err);
    return rc < 0 ? rc
                  : oc_page_walk(&list, OC_RECORD_ACCOUNT, "accounts", in->next_token,
                                 visit_account, err);
}
