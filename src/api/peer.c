/*
 * GetPeerModel, GetPeerManifest, GetPeerPart: what the server of another Region asks, so that it
 * can copy a model of this one. Its side is peer/ and copy/source_peer.c.
 *
 * Who asks is proved by a peer key: a signed key of the administrators' account whose policy allows
 * outcrop:ReadAsPeer on `arn:aws:outcrop:REGION:ACCOUNT:caller`, which stands for "a caller of that
 * account in that Region". The other server is believed that such a caller asked it and that the
 * caller's own policy allows the copy; whether the model may be copied by that account is decided
 * here, at each request, exactly as for a copy inside this server. See docs/security.md.
 */
#include "api/models.h"

#include "base/json.h"

/* For whom the other server asks. */
struct on_behalf {
    struct oc_slice model_arn, account, principal, region;
    const struct oc_tag_list *tags;
};

static int fail_key(const struct oc_call *call, const struct on_behalf *who, const char *why,
                    struct oc_err *err)
{
    return oc_fail_as(err, OC_EDENIED, "UnrecognizedClientException",
                      "The access key %.*s may not speak for account %.*s in Region %.*s: %s.",
                      OC_FMT(call->caller.access_key_id), OC_FMT(who->account), OC_FMT(who->region),
                      why);
}

/* Is this a peer key, and one for that Region and account? */
static int allow_peer(struct oc_call *call, const struct on_behalf *who, struct oc_err *err)
{
    struct oc_err cause = {0};
    struct oc_slice arn = oc_arena_printf(call->arena, "arn:aws:outcrop:%.*s:%.*s:caller",
                                          OC_FMT(who->region), OC_FMT(who->account));

    if (!arn.ptr)
        return oc_fail_nomem(err);
    if (!oc_slice_eq(call->caller.account, call->api->admin_account))
        return fail_key(call, who, "only keys of the administrators' account can be peer keys",
                        err);
    if (call->caller.kind != OC_ACCESS_KEY_PERMANENT)
        return fail_key(call, who, "a peer signs its requests with a permanent key", err);
    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = arn}, &cause);
    if (rc == OC_EDENIED)
        return fail_key(call, who, "its policy does not allow outcrop:ReadAsPeer there", err);
    if (rc < 0)
        *err = cause;
    return rc;
}

/* The call as the caller of the other Region would make it here: what its own policy says was seen
 * to there. The name and text of a refusal are then what a local caller gets. */
static int make_call(const struct oc_call *call, const struct on_behalf *who,
                     const struct oc_policy *policy, struct oc_call *ret, struct oc_err *err)
{
    *ret = (struct oc_call){
        .api = call->api,
        .request = call->request,
        .arena = call->arena,
        .op = &oc_ops[OC_OP_CREATE_MODEL_COPY_JOB],
        .request_tags = who->tags,
        .caller = {.account = who->account,
                   .user_arn = who->principal.ptr
                                   ? who->principal
                                   : oc_arena_printf(call->arena, "arn:aws:iam::%.*s:root",
                                                     OC_FMT(who->account)),
                   .region = who->region,
                   .policy = policy},
    };
    return ret->caller.user_arn.ptr ? OC_OK : oc_fail_nomem(err);
}

static int check_principal(const struct on_behalf *who, struct oc_err *err)
{
    struct oc_arn arn;

    if (who->principal.ptr &&
        (!oc_arn_parse(who->principal, &arn) || !oc_slice_eq(arn.account, who->account)))
        return oc_fail_invalid(err, "principalArn is not of the account %.*s.",
                               OC_FMT(who->account));
    return OC_OK;
}

/* Whether the model's own policy lets this very user in, or everyone: then it needs no permission
 * of the user's own, if the model is of the user's account. */
static int ask_policy(struct oc_call *as, const struct oc_found_model *found, bool *ret,
                      struct oc_err *err)
{
    struct oc_err cause = {0};
    struct oc_call_resource resource = {
        .arn = found->arn,
        .account = found->model.partition.account,
        .resource_tags = &found->model.tags,
        .policy = found->policy,
    };

    *ret = true;
    if (!oc_slice_eq(resource.account, as->caller.account))
        return OC_OK; /* it was found, so its policy allows it */
    as->caller.policy = NULL;
    int rc = oc_call_allow(as, &resource, &cause);
    *ret = rc >= 0;
    if (rc < 0 && rc != OC_EDENIED)
        *err = cause;
    return rc == OC_EDENIED ? OC_OK : rc;
}

/* The model, if the account may copy it; `call->read` is open. */
static int find(struct oc_call *call, const struct on_behalf *who, struct oc_found_model *ret,
                bool *ret_policy_allows, struct oc_err *err)
{
    OC_AUTO(oc_policy_freep) struct oc_policy *any = NULL;
    struct oc_call as;
    struct oc_arn arn;

    int rc = allow_peer(call, who, err);
    if (rc >= 0)
        rc = check_principal(who, err);
    if (rc >= 0 &&
        (!oc_arn_parse(who->model_arn, &arn) || !oc_slice_eq(arn.region, call->caller.region)))
        rc =
            oc_fail_not_found(err, "The source model %.*s does not exist.", OC_FMT(who->model_arn));
    if (rc >= 0)
        rc = oc_policy_parse(OC_POLICY_IDENTITY, OC_STR(OC_POLICY_ADMINISTRATOR), &any, err);
    if (rc >= 0)
        rc = make_call(call, who, any, &as, err);
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc < 0)
        return rc;
    rc = oc_models_find_arn(&as, call->read, who->model_arn, &arn, ret, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail_not_found(err, "The source model %.*s does not exist.",
                                 OC_FMT(who->model_arn));
    return rc < 0 ? rc : ask_policy(&as, ret, ret_policy_allows, err);
}

/* -- the operations -----------------------------------------------------------------------------
 */

int oc_call_get_peer_model(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_peer_model_in *in = call->in;
    struct on_behalf who = {in->model_arn, in->account_id, in->principal_arn, in->region,
                            &in->tags};
    struct oc_found_model found;
    bool policy_allows;
    struct oc_jw w;

    int rc = find(call, &who, &found, &policy_allows, err);
    if (rc < 0)
        return rc;
    const struct oc_model *model = &found.model;
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "modelArn", found.arn);
    oc_jw_member(&w, "modelName", model->name);
    oc_jw_member(&w, "baseModelArn", model->base_model_arn);
    oc_jw_member(&w, "modelStatus", oc_model_status_text(model->status));
    if (model->status == OC_MODEL_ACTIVE)
        oc_jw_member(&w, "manifestSha256", model->manifest);
    oc_jw_member_int(&w, "sizeBytes", model->size_bytes);
    oc_jw_key(&w, "tags");
    oc_tags_put_json(&w, &model->tags);
    oc_jw_member_bool(&w, "policyAllows", policy_allows);
    oc_jw_object_end(&w);
    return OC_OK;
}

static int find_for_manifest(struct oc_call *call, struct oc_found_model *ret, struct oc_err *err)
{
    const struct oc_get_peer_manifest_in *in = call->in;
    struct on_behalf who = {in->model_arn, in->account_id, in->principal_arn, in->region,
                            &in->tags};
    bool policy_allows;

    int rc = find(call, &who, ret, &policy_allows, err);
    if (rc >= 0 && ret->model.status == OC_MODEL_ACTIVE &&
        !oc_slice_eq(ret->model.manifest, in->sha256))
        return oc_fail_not_found(err, "The model %.*s has another manifest than %.*s.",
                                 OC_FMT(in->model_arn), OC_FMT(in->sha256));
    return rc;
}

static int find_for_part(struct oc_call *call, struct oc_found_model *ret, struct oc_err *err)
{
    const struct oc_get_peer_part_in *in = call->in;
    struct on_behalf who = {in->model_arn, in->account_id, in->principal_arn, in->region,
                            &in->tags};
    bool policy_allows;

    return find(call, &who, ret, &policy_allows, err);
}

/* Damage is told by a name of its own: whoever asks again gets the same. */
static int name_damage(int rc, struct oc_err *err)
{
    if (rc == OC_ECORRUPT || (rc == OC_ENOTFOUND && !err->name))
        return oc_fail_conflict(err, "The model is damaged here: run `outcrop check --deep` on "
                                     "this server, and bring the model in again.");
    return rc;
}

static int run_get_peer_manifest(struct oc_call *call, struct oc_err *err)
{
    return name_damage(oc_bytes_answer_manifest(call, find_for_manifest, err), err);
}

int oc_call_get_peer_manifest(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_get_peer_manifest, err);
}

static int run_get_peer_part(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_peer_part_in *in = call->in;

    return name_damage(oc_bytes_answer_part(call, find_for_part, in->sha256, true, err), err);
}

int oc_call_get_peer_part(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_get_peer_part, err);
}
