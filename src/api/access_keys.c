/*
 * Access keys: CreateAccessKey, ListAccessKeys, DisableAccessKey, GetCallerIdentity; and where the
 * authenticator finds them.
 */
#include "api/accounts.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

/* Secrets are sealed by the keyring's master key. */
static int seal_secret(void *ctx, struct oc_slice aad, struct oc_slice plain, struct oc_buf *ret,
                       struct oc_err *err)
{
    return oc_keys_seal(ctx, aad, plain, ret, err);
}

static int open_secret(void *ctx, struct oc_slice aad, struct oc_slice sealed, struct oc_buf *ret,
                       struct oc_err *err)
{
    return oc_keys_open_sealed(ctx, aad, sealed, ret, err);
}

static struct oc_secret_box secret_box(struct oc_keys *keys)
{
    return (struct oc_secret_box){.seal = seal_secret, .open = open_secret, .ctx = keys};
}

static int look_up(enum oc_identity_by by, struct oc_slice key, struct oc_buf *ret,
                   struct oc_err *err, void *ctx)
{
    struct oc_api *api = ctx;
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice value;

    if (key.len == 0 || key.len > OC_RECORD_KEY_MAX)
        return oc_fail(err, OC_ENOTFOUND, "no such key");
    int rc = oc_store_read(api->store, &read, err);
    if (rc >= 0 && by == OC_IDENTITY_BY_BEARER)
        rc = oc_read_get(read, OC_RECORD_BEARER, key, &key, err);
    if (rc >= 0)
        rc = oc_read_get(read, OC_RECORD_ACCESS_KEY, key, &value, err);
    if (rc < 0)
        return rc;
    oc_buf_put_slice(ret, value);
    return ret->failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_api_authenticator_new(struct oc_api *api, struct oc_err *err)
{
    struct oc_authenticator_options options = {
        .lookup = look_up,
        .lookup_ctx = api,
        .box = secret_box(api->keys),
    };

    return oc_authenticator_new(&options, &api->authenticator, err);
}

int oc_access_key_put(struct oc_tx *tx, const struct oc_access_key *key, struct oc_keys *keys,
                      struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_secret_box box = secret_box(keys);

    oc_buf_init(&record, OC_HTTP_BODY_MAX);
    int rc = oc_access_key_encode(key, &box, &record, err);
    if (rc >= 0)
        rc = oc_tx_put(tx, OC_RECORD_ACCESS_KEY, key->id, oc_buf_slice(&record), err);
    if (rc >= 0 && key->kind == OC_ACCESS_KEY_BEARER)
        rc = oc_tx_put(tx, OC_RECORD_BEARER, key->token_sha256, key->id, err);
    return rc;
}

#define USELESS_MAX 64 /* keys that make way for one new one */

/* The keys that an account has. */
struct key_count {
    struct oc_arena *arena; /* of the call */
    struct oc_arena scratch;
    struct oc_slice account;
    int64_t now_ms;
    uint32_t usable, all;
    struct oc_access_key useless[USELESS_MAX]; /* disabled or expired: some; ids and tokens only */
    uint32_t useless_count;
};

struct create_key {
    struct oc_new_key made;
    struct oc_access_key key;
    struct key_count count;
};

void oc_access_key_fill(struct oc_access_key *key, enum oc_access_key_kind kind,
                        const struct oc_new_key *made)
{
    key->kind = kind;
    key->id = oc_slice_of(made->id);
    if (kind != OC_ACCESS_KEY_BEARER)
        key->secret = oc_slice_of(made->secret);
    if (kind != OC_ACCESS_KEY_PERMANENT)
        key->token_sha256 = oc_slice_of(made->token_sha256);
    key->creation_ms = oc_clock_now_ms();
}

static void answer_key(struct oc_call *call, const struct create_key *create)
{
    const struct oc_access_key *key = &create->key;
    struct oc_jw w;

    oc_buf_reset(&call->out);
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "accessKeyId", key->id);
    if (key->kind == OC_ACCESS_KEY_BEARER) {
        oc_jw_member(&w, "bearerToken", oc_slice_of(create->made.token));
    } else {
        oc_jw_member(&w, "secretAccessKey", key->secret);
        if (key->kind == OC_ACCESS_KEY_SESSION)
            oc_jw_member(&w, "sessionToken", oc_slice_of(create->made.token));
    }
    if (key->expiration_ms > 0)
        oc_call_put_time(&w, "expiration", key->expiration_ms);
    oc_jw_object_end(&w);
}

/* -- quota --------------------------------------------------------------------------------------
 */

static int count_key(struct oc_slice id, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct key_count *count = ctx;
    struct oc_access_key key, *useless;

    if (oc_slice_find_slice(value, count->account) < 0) /* most are of other accounts */
        return 0;
    oc_arena_reset(&count->scratch);
    int rc = oc_access_key_decode(value, NULL, &count->scratch, &key, err);
    if (rc < 0 || !oc_slice_eq(key.account, count->account))
        return rc < 0 ? rc : 0;
    count->all++;
    if (!key.disabled && (key.expiration_ms == 0 || key.expiration_ms > count->now_ms)) {
        count->usable++;
        return 0;
    }
    if (count->useless_count == USELESS_MAX)
        return 0;
    useless = &count->useless[count->useless_count++];
    *useless = (struct oc_access_key){.kind = key.kind, .id = oc_arena_copy(count->arena, id)};
    if (key.kind == OC_ACCESS_KEY_BEARER)
        useless->token_sha256 = oc_arena_copy(count->arena, key.token_sha256);
    return useless->id.ptr ? 0 : oc_fail_nomem(err);
}

/* Keys that cannot be used any more make way; those that can have a quota. */
static int check_quota(struct oc_call *call, struct key_count *count, struct oc_err *err)
{
    struct oc_scan scan = {.kind = OC_RECORD_ACCESS_KEY, .prefix = OC_STR("")};

    count->arena = call->arena;
    count->now_ms = oc_clock_now_ms();
    oc_arena_init(&count->scratch, OC_HTTP_BODY_MAX);
    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = oc_read_scan(call->read, &scan, count_key, count, err);
    oc_call_read_done(call);
    oc_arena_clear(&count->scratch);
    if (rc < 0)
        return rc;
    if (count->usable >= OC_ACCESS_KEYS_MAX)
        return oc_fail_as(err, OC_ELIMIT, "ServiceQuotaExceededException",
                          "The account %.*s has %d access keys that can be used, the most it may "
                          "have: disable some of them.",
                          OC_FMT(count->account), OC_ACCESS_KEYS_MAX);
    if (count->all < OC_ACCESS_KEYS_MAX)
        count->useless_count = 0;
    return OC_OK;
}

static int delete_useless(struct oc_tx *tx, const struct key_count *count, struct oc_err *err)
{
    int rc = OC_OK;

    for (uint32_t i = 0; rc >= 0 && i < count->useless_count; i++) {
        const struct oc_access_key *key = &count->useless[i];

        rc = oc_tx_delete(tx, OC_RECORD_ACCESS_KEY, key->id, err);
        if (rc >= 0 && key->token_sha256.ptr)
            rc = oc_tx_delete(tx, OC_RECORD_BEARER, key->token_sha256, err);
    }
    return rc;
}

/* -- CreateAccessKey ----------------------------------------------------------------------------
 */

static int apply_create_key(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    struct create_key *create = call->state;
    struct oc_slice record;

    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_ACCOUNT, create->key.account, &record, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail_not_found(err, "The account %.*s does not exist: create it first.",
                                 OC_FMT(create->key.account));
    if (rc >= 0)
        rc = oc_access_key_put(tx, &create->key, call->api->keys, err);
    if (rc == OC_EINVAL)
        err->name = "ValidationException";
    if (rc >= 0)
        rc = delete_useless(tx, &create->count, err);
    answer_key(call, create);
    return rc;
}

/*
 * The policy of a new key. Who may do everything gives what they like, by default everything. A key
 * of anybody else is for its maker's account and has its maker's policy: that it never has more
 * rights than its maker could not be seen from another one, and in another account the same words
 * mean other things.
 */
static int choose_policy(struct oc_call *call, struct oc_slice account, struct oc_slice asked,
                         struct oc_slice *ret, struct oc_err *err)
{
    struct oc_access_key maker = {0};
    struct oc_slice record;

    if (call->caller.policy && oc_policy_is_unrestricted(call->caller.policy)) {
        *ret = asked.ptr ? asked : OC_STR(OC_POLICY_ADMINISTRATOR);
        return OC_OK;
    }
    if (!oc_slice_eq(account, call->caller.account))
        return oc_fail_as(err, OC_EDENIED, "AccessDeniedException",
                          "A key never has more rights than its maker, and %.*s may not do "
                          "everything: it can make keys for its own account alone.",
                          OC_FMT(call->caller.user_arn));
    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc =
            oc_read_get(call->read, OC_RECORD_ACCESS_KEY, call->caller.access_key_id, &record, err);
    if (rc >= 0)
        rc = oc_access_key_decode(record, NULL, call->arena, &maker, err);
    oc_call_read_done(call);
    if (rc < 0)
        return rc;
    if (!maker.policy.ptr || (asked.ptr && !oc_slice_eq(asked, maker.policy)))
        return oc_fail_as(err, OC_EDENIED, "AccessDeniedException",
                          "A key never has more rights than its maker, and %.*s may not do "
                          "everything: leave policy out, then the new key has the same one.",
                          OC_FMT(call->caller.user_arn));
    *ret = maker.policy;
    return OC_OK;
}

int oc_call_create_access_key(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_access_key_in *in = call->in;
    struct create_key *create = oc_arena_alloc(call->arena, sizeof(*create));
    bool session = in->session_duration_seconds.set, bearer = in->bearer.set && in->bearer.value;

    if (!create)
        return oc_fail_nomem(err);
    if (!oc_user_name_is_valid(in->user_name))
        return oc_fail_invalid(err, "userName has 1 to %d characters of A-Z a-z 0-9 + = , . @ _ -",
                               OC_USER_NAME_MAX);
    int rc = oc_call_allow_account(call, in->account_id, err);
    if (rc < 0)
        return rc;
    enum oc_access_key_kind kind = bearer    ? OC_ACCESS_KEY_BEARER
                                   : session ? OC_ACCESS_KEY_SESSION
                                             : OC_ACCESS_KEY_PERMANENT;
    create->key = (struct oc_access_key){.account = in->account_id, .user = in->user_name};
    create->count.account = in->account_id;
    rc = choose_policy(call, in->account_id, in->policy, &create->key.policy, err);
    if (rc >= 0)
        rc = check_quota(call, &create->count, err);
    if (rc >= 0)
        rc = oc_new_key_make(kind, &create->made, err);
    if (rc < 0)
        return rc;
    oc_access_key_fill(&create->key, kind, &create->made);
    if (session)
        create->key.expiration_ms =
            create->key.creation_ms + in->session_duration_seconds.value * 1000;
    call->state = create;
    return oc_call_write(call, apply_create_key);
}

static struct oc_slice kind_title(enum oc_access_key_kind kind)
{
    switch (kind) {
    case OC_ACCESS_KEY_SESSION:
        return OC_STR("Session");
    case OC_ACCESS_KEY_BEARER:
        return OC_STR("Bearer");
    default:
        return OC_STR("Permanent");
    }
}

static int visit_key(struct oc_slice id, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct oc_page *list = ctx;
    struct oc_access_key key;

    oc_arena_reset(&list->scratch);
    int rc = oc_access_key_decode(value, NULL, &list->scratch, &key, err);
    if (rc < 0)
        return rc;
    if (list->account.ptr && !oc_slice_eq(key.account, list->account))
        return 0;
    if (oc_page_take(list, id))
        return 1;
    oc_jw_object(&list->w);
    oc_jw_member(&list->w, "accessKeyId", id);
    oc_jw_member(&list->w, "accountId", key.account);
    oc_jw_member(&list->w, "userName", key.user);
    oc_jw_member(&list->w, "status", key.disabled ? OC_STR("Disabled") : OC_STR("Active"));
    oc_call_put_time(&list->w, "creationTime", key.creation_ms);
    if (key.expiration_ms > 0)
        oc_call_put_time(&list->w, "expiration", key.expiration_ms);
    oc_jw_member(&list->w, "kind", kind_title(key.kind));
    oc_jw_object_end(&list->w);
    return 0;
}

int oc_call_list_access_keys(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_access_keys_in *in = call->in;
    struct oc_page list = {
        .call = call,
        .account = in->account_id.ptr ? in->account_id : call->caller.account,
        .limit = oc_call_page_size(in->max_results),
    };

    int rc = oc_call_allow_account(call, list.account, err);
    return rc < 0 ? rc
                  : oc_page_walk(&list, OC_RECORD_ACCESS_KEY, "accessKeys", in->next_token,
                                 visit_key, err);
}

static int apply_disable_key(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_disable_access_key_in *in = call->in;
    struct oc_secret_box box = secret_box(call->api->keys);
    struct oc_access_key key;
    struct oc_slice record;

    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_ACCESS_KEY, in->access_key_id, &record, err);
    if (rc >= 0)
        rc = oc_access_key_decode(record, &box, call->arena, &key, err);
    if (rc < 0 && rc != OC_ENOTFOUND)
        return rc;
    /* Who may not manage the key's account is not told that the key exists, nor whose it is. */
    bool known = rc >= 0 && oc_account_is_managed(call, key.account);
    rc = oc_call_allow_account(call, known ? key.account : call->caller.account, err);
    if (rc < 0)
        return rc;
    if (!known)
        return oc_fail_not_found(err, "The access key %.*s does not exist.",
                                 OC_FMT(in->access_key_id));
    key.disabled = true;
    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    return oc_access_key_put(tx, &key, call->api->keys, err);
}

/* The change is made on a worker, which then makes every thread forget the key before the answer.
 */
static int run_disable_key(struct oc_call *call, struct oc_err *err)
{
    const struct oc_disable_access_key_in *in = call->in;

    int rc = oc_call_write_now(call, apply_disable_key, err);
    if (rc >= 0)
        oc_authenticator_forget(call->api->authenticator, in->access_key_id);
    return rc;
}

int oc_call_disable_access_key(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_disable_key, err);
}

int oc_call_get_caller_identity(struct oc_call *call, struct oc_err *err)
{
    struct oc_jw w;

    (void)err; /* whoever is authenticated may know who they are */
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "accountId", call->caller.account);
    oc_jw_member(&w, "arn", call->caller.user_arn);
    oc_jw_member(&w, "accessKeyId", call->caller.access_key_id);
    oc_jw_member(&w, "region", call->caller.region);
    oc_jw_object_end(&w);
    return OC_OK;
}
