/*
 * Accounts and access keys: CreateAccount, ListAccounts, CreateAccessKey, ListAccessKeys,
 * DisableAccessKey, GetCallerIdentity; and the first account, made at the first start.
 *
 * A key of the administrators' account may manage every account; any other key its own account's
 * keys only. Both need the permission in their policy too.
 */
#include "api/models.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

/* -- who may ------------------------------------------------------------------------------------
 */

/* Whether `account` is the caller's to manage at all: its own, or any one for administrators. */
static bool manages(const struct oc_call *call, struct oc_slice account)
{
    return oc_slice_eq(account, call->caller.account) ||
           oc_slice_eq(call->caller.account, call->api->admin_account);
}

/* May the caller manage `account`? Administrators are treated as its owners. */
static int allow_account(struct oc_call *call, struct oc_slice account, struct oc_err *err)
{
    struct oc_slice arn = oc_arena_printf(call->arena, "arn:aws:iam::%.*s:root", OC_FMT(account));

    if (!arn.ptr)
        return oc_fail_nomem(err);
    if (!manages(call, account))
        return oc_fail_as(
            err, OC_EDENIED, "AccessDeniedException",
            "User: %.*s is not authorized to perform: %s on resource: %.*s because only keys of "
            "the administrators' account may manage other accounts.",
            OC_FMT(call->caller.user_arn), call->op->action, OC_FMT(arn));
    return oc_call_allow(call, &(struct oc_call_resource){.arn = arn}, err);
}

int oc_call_allow_server(struct oc_call *call, struct oc_err *err)
{
    return allow_account(call, call->api->admin_account, err);
}

/* -- accounts -----------------------------------------------------------------------------------
 */

static int put_account(struct oc_tx *tx, struct oc_slice account, struct oc_slice name,
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
    return rc == OC_ENOTFOUND ? put_account(tx, in->account_id, in->name, err) : rc;
}

int oc_call_create_account(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_account_in *in = call->in;

    int rc = allow_account(call, in->account_id, err);
    return rc < 0 ? rc : oc_call_write(call, apply_create_account);
}

/* A page of records under short text keys: accounts by number, keys by id. */
struct listing {
    struct oc_call *call;
    struct oc_slice account; /* list the keys of this account only; absent: all */
    struct oc_jw w;
    uint32_t limit, count;
    bool more;
    struct oc_slice position;
    struct oc_arena scratch; /* one key at a time: most may be of other accounts */
};

/* Count one more. @return 1 when the page is full already */
static int take_place(struct listing *list, struct oc_slice key)
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
    struct listing *list = ctx;

    int rc = oc_json_parse(value, &record, err);
    if (rc < 0)
        return oc_fail(err, OC_ECORRUPT, "record of account %.*s cannot be read", OC_FMT(key));
    if (take_place(list, key))
        return 1;
    oc_jw_object(&list->w);
    oc_jw_member(&list->w, "accountId", key);
    oc_jw_member(&list->w, "name", oc_json_string(oc_json_get(record, "name")));
    oc_call_put_time(&list->w, "creationTime", oc_json_int64(oc_json_get(record, "creation"), 0));
    oc_jw_object_end(&list->w);
    return 0;
}

/* Walk `kind` from the token on and write one page as member `member`. */
static int list_page(struct listing *list, enum oc_record_kind kind, const char *member,
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
    struct listing list = {.call = call, .limit = oc_call_page_size(in->max_results)};

    int rc = oc_call_allow_server(call, err);
    return rc < 0 ? rc
                  : list_page(&list, OC_RECORD_ACCOUNT, "accounts", in->next_token, visit_account,
                              err);
}

/* -- access keys --------------------------------------------------------------------------------
 */

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

/* A key and the record its bearer token is found by. */
static int put_key(struct oc_tx *tx, const struct oc_access_key *key, struct oc_keys *keys,
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

struct create_key {
    struct oc_new_key made;
    struct oc_access_key key;
};

static void fill_key(struct oc_access_key *key, enum oc_access_key_kind kind,
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

static int apply_create_key(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    struct create_key *create = call->state;
    struct oc_slice record;

    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_ACCOUNT, create->key.account, &record, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail_not_found(err, "The account %.*s does not exist: create it first.",
                                 OC_FMT(create->key.account));
    if (rc >= 0)
        rc = put_key(tx, &create->key, call->api->keys, err);
    if (rc == OC_EINVAL)
        err->name = "ValidationException";
    answer_key(call, create);
    return rc;
}

/* The default policy of a key: everything its account may do. */
static struct oc_slice policy_or_default(struct oc_slice policy)
{
    return policy.ptr ? policy : OC_STR(OC_POLICY_ADMINISTRATOR);
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
    int rc = allow_account(call, in->account_id, err);
    if (rc < 0)
        return rc;
    enum oc_access_key_kind kind = bearer    ? OC_ACCESS_KEY_BEARER
                                   : session ? OC_ACCESS_KEY_SESSION
                                             : OC_ACCESS_KEY_PERMANENT;
    rc = oc_new_key_make(kind, &create->made, err);
    if (rc < 0)
        return rc;
    create->key = (struct oc_access_key){
        .account = in->account_id,
        .user = in->user_name,
        .policy = policy_or_default(in->policy),
    };
    fill_key(&create->key, kind, &create->made);
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
    struct listing *list = ctx;
    struct oc_access_key key;

    oc_arena_reset(&list->scratch);
    int rc = oc_access_key_decode(value, NULL, &list->scratch, &key, err);
    if (rc < 0)
        return rc;
    if (list->account.ptr && !oc_slice_eq(key.account, list->account))
        return 0;
    if (take_place(list, id))
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
    struct listing list = {
        .call = call,
        .account = in->account_id.ptr ? in->account_id : call->caller.account,
        .limit = oc_call_page_size(in->max_results),
    };

    int rc = allow_account(call, list.account, err);
    return rc < 0 ? rc
                  : list_page(&list, OC_RECORD_ACCESS_KEY, "accessKeys", in->next_token, visit_key,
                              err);
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
    bool known = rc >= 0 && manages(call, key.account);
    rc = allow_account(call, known ? key.account : call->caller.account, err);
    if (rc < 0)
        return rc;
    if (!known)
        return oc_fail_not_found(err, "The access key %.*s does not exist.",
                                 OC_FMT(in->access_key_id));
    key.disabled = true;
    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    return put_key(tx, &key, call->api->keys, err);
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

/* -- the first start ----------------------------------------------------------------------------
 */

struct bootstrap {
    struct oc_write write;
    struct oc_keys *keys;
    struct oc_slice account;
    struct oc_access_key admin, bearer;
};

static int stop_at_first(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    (void)key;
    (void)value;
    (void)err;
    *(bool *)ctx = true;
    return 1;
}

static int apply_bootstrap(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct bootstrap *boot =
        (struct bootstrap *)((char *)write - offsetof(struct bootstrap, write));

    int rc = put_account(tx, boot->account, OC_STR("administrators"), err);
    if (rc >= 0)
        rc = put_key(tx, &boot->admin, boot->keys, err);
    return rc < 0 ? rc : put_key(tx, &boot->bearer, boot->keys, err);
}

static int write_credentials(const char *folder, const struct oc_new_key *admin,
                             const struct oc_new_key *bearer, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path, text;

    oc_buf_init(&path, 4096);
    oc_buf_init(&text, 4096);
    oc_buf_printf(&path, "%s/credentials", folder);
    oc_buf_printf(&text, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
                  admin->id, admin->secret);
    const char *file = oc_buf_cstr(&path);
    int rc = file ? oc_file_replace(file, oc_buf_slice(&text), 0600, err) : oc_fail_nomem(err);
    oc_wipe(text.ptr, text.len);
    if (rc < 0)
        return rc;
    oc_buf_reset(&path);
    oc_buf_reset(&text);
    oc_buf_printf(&path, "%s/bearer-token", folder);
    oc_buf_printf(&text, "%s\n", bearer->token);
    file = oc_buf_cstr(&path);
    rc = file ? oc_file_replace(file, oc_buf_slice(&text), 0600, err) : oc_fail_nomem(err);
    oc_wipe(text.ptr, text.len);
    return rc;
}

static int has_account(struct oc_store *store, bool *ret, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_scan scan = {.kind = OC_RECORD_ACCOUNT, .prefix = OC_STR("")};

    *ret = false;
    int rc = oc_store_read(store, &read, err);
    return rc < 0 ? rc : oc_read_scan(read, &scan, stop_at_first, ret, err);
}

int oc_api_bootstrap(struct oc_store *store, struct oc_keys *keys, struct oc_slice account,
                     const char *folder, bool *ret_made, struct oc_err *err)
{
    struct bootstrap boot = {.write.apply = apply_bootstrap, .keys = keys, .account = account};
    struct oc_new_key admin, bearer;
    bool there;

    int rc = has_account(store, &there, err);
    if (rc < 0 || there) {
        *ret_made = false;
        return rc < 0 ? rc : OC_OK;
    }
    rc = oc_new_key_make(OC_ACCESS_KEY_PERMANENT, &admin, err);
    if (rc >= 0)
        rc = oc_new_key_make(OC_ACCESS_KEY_BEARER, &bearer, err);
    if (rc < 0)
        return rc;
    boot.admin = boot.bearer = (struct oc_access_key){
        .account = account, .user = OC_STR("admin"), .policy = OC_STR(OC_POLICY_ADMINISTRATOR)};
    fill_key(&boot.admin, OC_ACCESS_KEY_PERMANENT, &admin);
    fill_key(&boot.bearer, OC_ACCESS_KEY_BEARER, &bearer);
    rc = write_credentials(folder, &admin, &bearer, err);
    if (rc >= 0)
        rc = oc_store_write(store, &boot.write, err);
    *ret_made = rc >= 0;
    oc_new_key_clear(&admin);
    oc_new_key_clear(&bearer);
    return rc;
}
