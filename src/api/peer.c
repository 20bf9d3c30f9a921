/*
 * GetPeerModel, GetPeerManifest, GetPeerPart: what the server of another Region asks, so that it
 * can copy a model of this one. Its side is peer/ and copy/source_peer.c. By PutPeerCopy it says
 * that it has a copy, which is remembered (model/copies.h): if the model rots here, its bytes can
 * be asked back from there, by the same GetPeerManifest and GetPeerPart with a `sourceModelArn`
 * (scrub/needs.c, mend.c).
 *
 * Who asks is proved by a peer key: a signed key of the administrators' account whose policy allows
 * outcrop:ReadAsPeer on `arn:aws:outcrop:REGION:ACCOUNT:caller`, which stands for "a caller of that
 * account in that Region". The other server is believed that such a caller asked it and that the
 * caller's own policy allows the copy; whether the model may be copied by that account is decided
 * here, at each request, exactly as for a copy inside this server. See docs/security.md.
 */
#include "api/models.h"

#include "base/clock.h"
#include "base/json.h"
#include "copy/origin.h"
#include "model/copies.h"

#define COPIES_RECORD_MAX (64 * 1024)

/* For whom the other server asks. */
struct on_behalf {
    struct oc_slice model_arn, account, principal, region;
    const struct oc_tag_list *tags;
    struct oc_slice copy_of; /* the asker's own model, which `model_arn` is a copy of; or absent */
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

static bool is_model_of(struct oc_slice text, struct oc_slice account, struct oc_slice region)
{
    struct oc_arn arn;

    return oc_arn_parse(text, &arn) && oc_slice_eq(arn.account, account) &&
           oc_slice_eq(arn.region, region);
}

/* The model, if the account may copy it. */
static int find(struct oc_call *call, struct oc_read *read, const struct on_behalf *who,
                struct oc_found_model *ret, bool *ret_policy_allows, struct oc_err *err)
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
    if (rc < 0)
        return rc;
    rc = oc_models_find_arn(&as, read, who->model_arn, &arn, ret, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail_not_found(err, "The source model %.*s does not exist.",
                                 OC_FMT(who->model_arn));
    return rc < 0 ? rc : ask_policy(&as, ret, ret_policy_allows, err);
}

/*
 * A copy that is asked back by the server of the Region that it came from, to mend the original.
 * No policy is asked: the bytes are those that this very server's site gave away. That it is a copy
 * of that model stands in our own record of its job.
 */
static int find_copy(struct oc_call *call, const struct on_behalf *who, struct oc_found_model *ret,
                     struct oc_err *err)
{
    struct oc_found_model found = {0};
    struct oc_slice origin = {0};
    struct oc_arn arn;

    int rc = allow_peer(call, who, err);
    if (rc < 0)
        return rc;
    if (!is_model_of(who->copy_of, who->account, who->region))
        return oc_fail_invalid(err, "sourceModelArn is not a model of the account %.*s in %.*s.",
                               OC_FMT(who->account), OC_FMT(who->region));
    if (oc_arn_parse(who->model_arn, &arn) && oc_slice_eq(arn.region, call->caller.region)) {
        found.key =
            oc_key_model(call->arena, (struct oc_partition){arn.account, arn.region}, arn.id);
        rc = found.key.ptr ? oc_models_load(call, call->read, who->model_arn, &found, err)
                           : oc_fail_nomem(err);
    }
    if (rc >= 0 && found.arn.ptr && found.model.status == OC_MODEL_ACTIVE)
        rc = oc_copy_origin(call->read, &found.model, call->arena, &origin, err);
    if (rc < 0)
        return rc;
    if (!origin.ptr || !oc_slice_eq(origin, who->copy_of))
        return oc_fail_not_found(err, "There is no copy %.*s of the model %.*s.",
                                 OC_FMT(who->model_arn), OC_FMT(who->copy_of));
    *ret = found;
    return OC_OK;
}

/* The model whose bytes are asked for; `call->read` is open. */
static int find_bytes(struct oc_call *call, const struct on_behalf *who, struct oc_found_model *ret,
                      struct oc_err *err)
{
    bool ignored;

    return who->copy_of.ptr ? find_copy(call, who, ret, err)
                            : find(call, call->read, who, ret, &ignored, err);
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

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = find(call, call->read, &who, &found, &policy_allows, err);
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
    struct on_behalf who = {in->model_arn, in->account_id, in->principal_arn,
                            in->region,    &in->tags,      in->source_model_arn};

    int rc = find_bytes(call, &who, ret, err);
    if (rc >= 0 && ret->model.status == OC_MODEL_ACTIVE &&
        !oc_slice_eq(ret->model.manifest, in->sha256))
        return oc_fail_not_found(err, "The model %.*s has another manifest than %.*s.",
                                 OC_FMT(in->model_arn), OC_FMT(in->sha256));
    return rc;
}

static int find_for_part(struct oc_call *call, struct oc_found_model *ret, struct oc_err *err)
{
    const struct oc_get_peer_part_in *in = call->in;
    struct on_behalf who = {in->model_arn, in->account_id, in->principal_arn,
                            in->region,    &in->tags,      in->source_model_arn};

    return find_bytes(call, &who, ret, err);
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

/* -- copies ---------------------------------------------------------------------------------- */

static int find_copied(struct oc_call *call, struct oc_read *read, struct oc_found_model *ret,
                       struct oc_err *err)
{
    const struct oc_put_peer_copy_in *in = call->in;
    struct on_behalf who = {
        .model_arn = in->model_arn,
        .account = in->account_id,
        .principal = in->principal_arn,
        .region = in->region,
        .tags = &in->tags,
    };
    bool ignored;

    int rc = find(call, read, &who, ret, &ignored, err);
    if (rc >= 0 && ret->model.status != OC_MODEL_ACTIVE)
        return oc_fail_conflict(err, "The model %.*s is %.*s: only an Active model can be copied.",
                                OC_FMT(ret->arn), OC_FMT(oc_model_status_text(ret->model.status)));
    return rc;
}

/* What is known of the model's copies; a record that cannot be read is begun anew. */
static int load_copies(struct oc_call *call, struct oc_read *read, struct oc_slice key,
                       struct oc_copies *ret, struct oc_err *err)
{
    struct oc_slice record;
    struct oc_err bad = {0};

    int rc = oc_call_get_copy(call, read, OC_RECORD_COPIES, key, &record, err);
    if (rc < 0 && rc != OC_ECORRUPT)
        return rc;
    *ret = (struct oc_copies){0};
    if (rc < 0 || !record.ptr)
        return OC_OK;
    return oc_copies_decode(record, call->arena, ret, &bad) == OC_ENOMEM ? oc_fail_nomem(err)
                                                                         : OC_OK;
}

static int apply_put_copy(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_put_peer_copy_in *in = call->in;
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_found_model found;
    struct oc_copies copies;

    int rc = find_copied(call, oc_tx_read(tx), &found, err);
    if (rc >= 0)
        rc = load_copies(call, oc_tx_read(tx), found.key, &copies, err);
    if (rc < 0)
        return rc;
    oc_copies_add(&copies, in->copy_model_arn, oc_clock_now_ms());
    oc_buf_init(&record, COPIES_RECORD_MAX);
    oc_copies_encode(&record, &copies);
    if (record.failed)
        return oc_fail_nomem(err);
    oc_buf_reset(&call->out);
    oc_buf_put_str(&call->out, "{}");
    return oc_tx_put(tx, OC_RECORD_COPIES, found.key, oc_buf_slice(&record), err);
}

int oc_call_put_peer_copy(struct oc_call *call, struct oc_err *err)
{
    const struct oc_put_peer_copy_in *in = call->in;
    struct oc_found_model found;

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = find_copied(call, call->read, &found, err);
    oc_call_read_done(call);
    if (rc < 0)
        return rc;
    if (!is_model_of(in->copy_model_arn, in->account_id, in->region))
        return oc_fail_invalid(err, "copyModelArn is not a model of the account %.*s in %.*s.",
                               OC_FMT(in->account_id), OC_FMT(in->region));
    return oc_call_write(call, apply_put_copy);
}
