/*
 * The first start of a server: the administrators' account, and its keys in files of the data
 * folder.
 */
#include "api/accounts.h"

#include <stdio.h>

#include "base/file.h"

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

    int rc = oc_account_put(tx, boot->account, OC_STR("administrators"), err);
    if (rc >= 0)
        rc = oc_access_key_put(tx, &boot->admin, boot->keys, err);
    return rc < 0 ? rc : oc_access_key_put(tx, &boot->bearer, boot->keys, err);
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
    oc_access_key_fill(&boot.admin, OC_ACCESS_KEY_PERMANENT, &admin);
    oc_access_key_fill(&boot.bearer, OC_ACCESS_KEY_BEARER, &bearer);
    rc = write_credentials(folder, &admin, &bearer, err);
    if (rc >= 0)
        rc = oc_store_write(store, &boot.write, err);
    *ret_made = rc >= 0;
    oc_new_key_clear(&admin);
    oc_new_key_clear(&bearer);
    return rc;
}
