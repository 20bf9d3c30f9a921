/*
 * What the operations on models share: how a model is found, named, tagged and recorded. And the
 * operations of this folder, for their table. Not for other folders.
 */
#ifndef OC_API_MODELS_H
#define OC_API_MODELS_H

#include "api/call.h"
#include "model/arn.h"
#include "model/tags.h"

/** A model as found for an operation: the record is copied into the arena. */
struct oc_found_model {
    struct oc_model model;
    struct oc_slice arn; /* absent when the model does not exist */
    struct oc_slice key; /* of the record */
    struct oc_slice record;
    struct oc_slice policy; /* document; absent when there is none */
};

/**
 * Find a model by ARN, or by the name it holds in the caller's account and Region, and decide
 * whether the caller may do the operation to it.
 *
 * Errors: OC_EDENIED, AccessDeniedException — not allowed; for a model of another account also
 * when it does not exist; OC_ENOTFOUND, ResourceNotFoundException — none of the caller's own, or
 * the ARN's Region is not the request's; OC_ECORRUPT, OC_EIO, OC_ENOMEM.
 */
int oc_models_find(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                   struct oc_found_model *ret, struct oc_err *err);

/** The same for a model that must be the caller's own, whatever its policy says. Errors: as
 * oc_models_find. */
int oc_models_find_own(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                       struct oc_found_model *ret, struct oc_err *err);

/** The same for an ARN that is parsed already, of any Region. Errors: as oc_models_find. */
int oc_models_find_arn(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                       const struct oc_arn *arn, struct oc_found_model *ret, struct oc_err *err);

/**
 * Read the model that `ret->key` is of, and ask no policy whether the caller may know of it.
 * @param identifier  an ARN must be the model's own, in every part; else it names none
 * @param[out] ret    `arn` absent: there is no such model
 * Errors: OC_ECORRUPT, OC_EIO, OC_ENOMEM.
 */
int oc_models_load(struct oc_call *call, struct oc_read *read, struct oc_slice identifier,
                   struct oc_found_model *ret, struct oc_err *err);

/**
 * The same, of a Region on another machine: its server is asked. Blocks for some seconds.
 * @param[out] ret  name, base, base_model_arn, status and size of the model; `arn` absent when the
 *                  other server could not be asked: then nothing else is known than base, and
 *                  whether it is allowed is still to be seen
 * Errors: as oc_models_find_arn.
 */
int oc_models_find_at_peer(struct oc_call *call, struct oc_peer *peer, struct oc_slice identifier,
                           const struct oc_arn *arn, struct oc_found_model *ret,
                           struct oc_err *err);

/** ConflictException when an Active or Creating model of the caller holds `name`. */
int oc_models_check_name(struct oc_call *call, struct oc_read *read, struct oc_slice name,
                         struct oc_err *err);

/** Answer with the model's ARN: `{"modelArn":"…"}`. */
void oc_models_answer(struct oc_call *call, const struct oc_model *model);

/**
 * Make `*id`, of a model or upload that an earlier call with the same token has made, absent when
 * that is there no more: older versions kept their tokens. Errors: those of the store; OC_ENOMEM.
 */
int oc_models_drop_gone(struct oc_call *call, struct oc_read *read, struct oc_slice *id,
                        struct oc_err *err);

/** Record a new model with its name, its place in the list, and its task (NULL: none). */
int oc_models_put(struct oc_call *call, struct oc_tx *tx, const struct oc_model *model,
                  const struct oc_task *task, struct oc_err *err);

/** Remove a model with its name and its place in the list. */
int oc_models_delete(struct oc_call *call, struct oc_tx *tx, const struct oc_found_model *found,
                     struct oc_err *err);

/** Remove the policy of a resource and the shares made from it; fine when there is none. */
int oc_policy_records_delete(struct oc_call *call, struct oc_tx *tx, struct oc_slice resource_arn,
                             struct oc_err *err);

/** Tags as a caller gives them: count, keys, duplicates. `resource` is named when there are too
 * many. */
int oc_models_check_tags(const struct oc_tag_list *tags, struct oc_slice resource,
                         struct oc_err *err);

/** The enabled KMS key of the caller's account and Region that `name` means; ValidationException if
 * none. */
int oc_models_resolve_key(struct oc_call *call, struct oc_slice name, struct oc_key_info *ret,
                          struct oc_err *err);

/** The key of a resource's policy. Absent when out of memory. */
struct oc_slice oc_models_policy_key(struct oc_call *call, struct oc_slice resource_arn);

/** `base_model_arn` with the caller's Region in it. Absent when out of memory. */
struct oc_slice oc_models_base_arn(struct oc_call *call, struct oc_slice base_model_arn);

/** Find the model that an operation reads the bytes of; `call->read` is open. */
typedef int oc_find_model_fn(struct oc_call *call, struct oc_found_model *ret, struct oc_err *err);

/**
 * Answer with the plaintext of a model's manifest, or of one of its parts. On a worker.
 * @param will_be_hashed  the receiver computes the part's digest, so that it need not be done here
 * Errors: those of `find`; OC_ECONFLICT, ConflictException — not Active; OC_ENOTFOUND,
 * ResourceNotFoundException — no such part, or the model was deleted meanwhile; OC_EINVAL; without
 * a name: as oc_blob_get.
 */
int oc_bytes_answer_manifest(struct oc_call *call, oc_find_model_fn *find, struct oc_err *err);
int oc_bytes_answer_part(struct oc_call *call, oc_find_model_fn *find, struct oc_slice sha256,
                         bool will_be_hashed, struct oc_err *err);

/** A job of the caller's own, by ARN: its id and JSON text (borrowed from call->read). */
int oc_call_own_job(struct oc_call *call, struct oc_slice job_arn, struct oc_slice *ret_id,
                    struct oc_slice *ret_json, struct oc_err *err);

oc_call_fn oc_call_abort_model_upload, oc_call_complete_model_upload, oc_call_create_access_key,
    oc_call_create_account, oc_call_create_custom_model, oc_call_create_kms_alias,
    oc_call_create_kms_key, oc_call_create_model_copy_job, oc_call_create_model_upload,
    oc_call_delete_custom_model, oc_call_delete_resource_policy, oc_call_disable_access_key,
    oc_call_disable_kms_key, oc_call_enable_kms_key, oc_call_get_caller_identity,
    oc_call_get_custom_model, oc_call_get_metrics, oc_call_get_model_copy_job,
    oc_call_get_model_copy_job_progress, oc_call_get_model_manifest, oc_call_get_model_part,
    oc_call_get_model_verification, oc_call_start_model_verification, oc_call_get_peer_manifest,
    oc_call_get_peer_model, oc_call_get_peer_part, oc_call_get_resource_policy,
    oc_call_list_access_keys, oc_call_list_accounts, oc_call_list_custom_models,
    oc_call_list_events, oc_call_list_kms_keys, oc_call_list_model_copy_jobs,
    oc_call_list_tags_for_resource, oc_call_list_upload_parts, oc_call_put_peer_copy,
    oc_call_put_resource_policy, oc_call_put_upload_part, oc_call_tag_resource,
    oc_call_untag_resource;

#endif
