/* CreateKmsKey, ListKmsKeys, CreateKmsAlias, EnableKmsKey, DisableKmsKey: keys of the caller's
 * account and Region. */
#include "api/models.h"

#include "base/json.h"

/* A key is named by its id, or by its ARN in this account and Region; any other ARN stays as it is
 * and is not found. */
static struct oc_slice key_id_of(const struct oc_call *call, struct oc_slice name)
{
    struct oc_arn arn;

    if (oc_arn_parse(name, &arn) && oc_arn_is(&arn, "kms", "key") &&
        oc_slice_eq(arn.account, call->caller.account) &&
        oc_slice_eq(arn.region, call->caller.region))
        return arn.id;
    return name;
}

static int allow_key(struct oc_call *call, struct oc_slice key_id, struct oc_err *err)
{
    struct oc_slice arn =
        oc_arena_printf(call->arena, "arn:aws:kms:%.*s:%.*s:key/%.*s", OC_FMT(call->caller.region),
                        OC_FMT(call->caller.account), OC_FMT(key_id));

    return arn.ptr ? oc_call_allow(call, &(struct oc_call_resource){.arn = arn}, err)
                   : oc_fail_nomem(err);
}

/* The keyring's failures under the names a client knows. */
static int name_failure(int rc, struct oc_err *err)
{
    if (rc == OC_ENOTFOUND)
        err->name = "ResourceNotFoundException";
    else if (rc == OC_EINVAL)
        err->name = "ValidationException";
    else if (rc == OC_ELIMIT)
        err->name = "ServiceQuotaExceededException";
    return rc;
}

static void put_key(struct oc_jw *w, const struct oc_key_info *key)
{
    oc_jw_object(w);
    oc_jw_member(w, "keyArn", key->arn);
    oc_jw_member(w, "keyId", key->id);
    oc_jw_member(w, "status", key->enabled ? OC_STR("Enabled") : OC_STR("Disabled"));
    oc_call_put_time(w, "creationTime", key->creation_ms);
    if (key->description.len > 0)
        oc_jw_member(w, "description", key->description);
    oc_jw_key(w, "aliases");
    oc_jw_array(w);
    for (size_t i = 0; i < key->alias_count; i++)
        oc_jw_string(w, key->aliases[i]);
    oc_jw_array_end(w);
    oc_jw_object_end(w);
}

/* The keyring file is replaced and synced: not a thing for a thread that serves requests. */
static int run_create_key(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_kms_key_in *in = call->in;
    struct oc_key_info key;
    struct oc_jw w;

    int rc =
        oc_keys_create(call->api->keys, call->caller.account, call->caller.region,
                       in->description.ptr ? in->description : OC_STR(""), call->arena, &key, err);
    if (rc < 0)
        return name_failure(rc, err);
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "keyArn", key.arn);
    oc_jw_member(&w, "keyId", key.id);
    oc_jw_object_end(&w);
    return OC_OK;
}

int oc_call_create_kms_key(struct oc_call *call, struct oc_err *err)
{
    int rc = allow_key(call, OC_STR("*"), err);

    return rc < 0 ? rc : oc_call_run(call, run_create_key, err);
}

int oc_call_list_kms_keys(struct oc_call *call, struct oc_err *err)
{
    struct oc_key_info *keys;
    struct oc_jw w;
    size_t count;

    int rc = allow_key(call, OC_STR("*"), err);
    if (rc >= 0)
        rc = oc_keys_list(call->api->keys, call->caller.account, call->caller.region, call->arena,
                          &keys, &count, err);
    if (rc < 0)
        return rc;
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_key(&w, "keys");
    oc_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        put_key(&w, &keys[i]);
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
    return OC_OK;
}

static int run_create_alias(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_kms_alias_in *in = call->in;

    int rc = oc_keys_alias(call->api->keys, call->caller.account, call->caller.region,
                           in->alias_name, key_id_of(call, in->key_id), err);
    oc_buf_put_str(&call->out, "{}");
    return name_failure(rc, err);
}

int oc_call_create_kms_alias(struct oc_call *call, struct oc_err *err)
{
    const struct oc_create_kms_alias_in *in = call->in;

    int rc = allow_key(call, key_id_of(call, in->key_id), err);
    return rc < 0 ? rc : oc_call_run(call, run_create_alias, err);
}

static int set_enabled(struct oc_call *call, struct oc_slice key_id, bool enabled,
                       struct oc_err *err)
{
    int rc = oc_keys_set_enabled(call->api->keys, call->caller.account, call->caller.region,
                                 key_id_of(call, key_id), enabled, err);
    oc_buf_put_str(&call->out, "{}");
    return name_failure(rc, err);
}

static int run_enable(struct oc_call *call, struct oc_err *err)
{
    return set_enabled(call, ((const struct oc_enable_kms_key_in *)call->in)->key_id, true, err);
}

static int run_disable(struct oc_call *call, struct oc_err *err)
{
    return set_enabled(call, ((const struct oc_disable_kms_key_in *)call->in)->key_id, false, err);
}

int oc_call_enable_kms_key(struct oc_call *call, struct oc_err *err)
{
    int rc = allow_key(
        call, key_id_of(call, ((const struct oc_enable_kms_key_in *)call->in)->key_id), err);

    return rc < 0 ? rc : oc_call_run(call, run_enable, err);
}

int oc_call_disable_kms_key(struct oc_call *call, struct oc_err *err)
{
    int rc = allow_key(
        call, key_id_of(call, ((const struct oc_disable_kms_key_in *)call->in)->key_id), err);

    return rc < 0 ? rc : oc_call_run(call, run_disable, err);
}
