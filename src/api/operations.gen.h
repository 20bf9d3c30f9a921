/* Generated from api/ by tools/gen_api.py. Do not edit: change api/ and run it again. */

#ifndef OC_API_OPERATIONS_GEN_H
#define OC_API_OPERATIONS_GEN_H

#include "api/types.h"
#include "model/tags.h"

enum oc_op_id {
    OC_OP_CREATE_CUSTOM_MODEL,
    OC_OP_CREATE_MODEL_COPY_JOB,
    OC_OP_DELETE_CUSTOM_MODEL,
    OC_OP_DELETE_RESOURCE_POLICY,
    OC_OP_GET_CUSTOM_MODEL,
    OC_OP_GET_MODEL_COPY_JOB,
    OC_OP_GET_RESOURCE_POLICY,
    OC_OP_LIST_CUSTOM_MODELS,
    OC_OP_LIST_MODEL_COPY_JOBS,
    OC_OP_LIST_TAGS_FOR_RESOURCE,
    OC_OP_PUT_RESOURCE_POLICY,
    OC_OP_TAG_RESOURCE,
    OC_OP_UNTAG_RESOURCE,
    OC_OP_ABORT_MODEL_UPLOAD,
    OC_OP_COMPLETE_MODEL_UPLOAD,
    OC_OP_CREATE_ACCESS_KEY,
    OC_OP_CREATE_ACCOUNT,
    OC_OP_CREATE_KMS_ALIAS,
    OC_OP_CREATE_KMS_KEY,
    OC_OP_CREATE_MODEL_UPLOAD,
    OC_OP_DISABLE_ACCESS_KEY,
    OC_OP_DISABLE_KMS_KEY,
    OC_OP_ENABLE_KMS_KEY,
    OC_OP_GET_CALLER_IDENTITY,
    OC_OP_GET_METRICS,
    OC_OP_GET_MODEL_COPY_JOB_PROGRESS,
    OC_OP_GET_MODEL_MANIFEST,
    OC_OP_GET_MODEL_PART,
    OC_OP_GET_MODEL_VERIFICATION,
    OC_OP_GET_PEER_MANIFEST,
    OC_OP_GET_PEER_MODEL,
    OC_OP_GET_PEER_PART,
    OC_OP_LIST_ACCESS_KEYS,
    OC_OP_LIST_ACCOUNTS,
    OC_OP_LIST_EVENTS,
    OC_OP_LIST_KMS_KEYS,
    OC_OP_LIST_UPLOAD_PARTS,
    OC_OP_PUT_PEER_COPY,
    OC_OP_PUT_UPLOAD_PART,
    OC_OP_START_MODEL_VERIFICATION,
    OC_OP_COUNT
};

struct oc_s3_data_source {
    bool set;
    struct oc_slice s3_uri;
};

struct oc_model_data_source {
    bool set;
    struct oc_s3_data_source s3_data_source;
};

struct oc_model_package_arn_data_source {
    bool set;
    struct oc_slice model_package_arn;
};

struct oc_custom_model_data_source {
    bool set;
    struct oc_model_package_arn_data_source model_package_arn_data_source;
};

/** Register a custom model from files that the server can read. */
struct oc_create_custom_model_in {
    struct oc_slice model_name;
    struct oc_model_data_source model_source_config;
    struct oc_custom_model_data_source custom_model_data_source;
    struct oc_slice model_kms_key_arn;
    struct oc_slice role_arn;
    struct oc_tag_list model_tags;
    struct oc_slice client_request_token;
};

/** Start copying a custom model into the Region that the request is sent to. */
struct oc_create_model_copy_job_in {
    struct oc_slice source_model_arn;
    struct oc_slice target_model_name;
    struct oc_slice model_kms_key_id;
    struct oc_tag_list target_model_tags;
    struct oc_slice client_request_token;
};

/** Delete a custom model and release its bytes. */
struct oc_delete_custom_model_in {
    struct oc_slice model_identifier;
};

/** Remove the policy attached to a resource. */
struct oc_delete_resource_policy_in {
    struct oc_slice resource_arn;
};

/** Show one custom model, found by its ARN or by its name. */
struct oc_get_custom_model_in {
    struct oc_slice model_identifier;
};

/** Show one copy job of this account and Region. */
struct oc_get_model_copy_job_in {
    struct oc_slice job_arn;
};

/** Read the policy attached to a resource. */
struct oc_get_resource_policy_in {
    struct oc_slice resource_arn;
};

/** List the custom models of this Region that the caller owns or that are shared with it. */
struct oc_list_custom_models_in {
    struct oc_opt_int64 creation_time_before;
    struct oc_opt_int64 creation_time_after;
    struct oc_slice name_contains;
    struct oc_slice base_model_arn_equals;
    struct oc_slice foundation_model_arn_equals;
    struct oc_opt_int64 max_results;
    struct oc_slice next_token;
    struct oc_slice sort_by;
    struct oc_slice sort_order;
    struct oc_opt_bool is_owned;
    struct oc_slice model_status;
};

/** List the caller's copy jobs into this Region, filtered, sorted by creation time and paged. */
struct oc_list_model_copy_jobs_in {
    struct oc_opt_int64 creation_time_after;
    struct oc_opt_int64 creation_time_before;
    struct oc_slice status_equals;
    struct oc_slice source_account_equals;
    struct oc_slice source_model_arn_equals;
    struct oc_slice target_model_name_contains;
    struct oc_opt_int64 max_results;
    struct oc_slice next_token;
    struct oc_slice sort_by;
    struct oc_slice sort_order;
};

/** List the tags of a resource. */
struct oc_list_tags_for_resource_in {
    struct oc_slice resource_arn;
};

/** Attach a policy to a custom model, replacing the one it has, to share it with other accounts. */
struct oc_put_resource_policy_in {
    struct oc_slice resource_arn;
    struct oc_slice resource_policy;
};

/** Add tags to a resource, replacing the values of keys it already has. */
struct oc_tag_resource_in {
    struct oc_slice resource_arn;
    struct oc_tag_list tags;
};

/** Remove tags from a resource by key. */
struct oc_untag_resource_in {
    struct oc_slice resource_arn;
    struct oc_slice_list tag_keys;
};

/** Give up an upload and release its parts. */
struct oc_abort_model_upload_in {
    struct oc_slice upload_id;
};

/** End an upload and make its model; the body is the model's manifest. */
struct oc_complete_model_upload_in {
    struct oc_slice upload_id;
};

/** Make a credential: an access key, a session of limited time, or a bearer key. */
struct oc_create_access_key_in {
    struct oc_slice account_id;
    struct oc_slice user_name;
    struct oc_slice policy;
    struct oc_opt_int64 session_duration_seconds;
    struct oc_opt_bool bearer;
};

/** Create an account. */
struct oc_create_account_in {
    struct oc_slice account_id;
    struct oc_slice name;
};

/** Point an alias at a key, moving it when it exists. */
struct oc_create_kms_alias_in {
    struct oc_slice alias_name;
    struct oc_slice key_id;
};

/** Make a key that can encrypt models. */
struct oc_create_kms_key_in {
    struct oc_slice description;
};

/** Begin to upload a model's files part by part. */
struct oc_create_model_upload_in {
    struct oc_slice model_name;
    struct oc_slice model_kms_key_id;
    struct oc_tag_list model_tags;
    struct oc_slice client_request_token;
};

/** Stop accepting a credential. */
struct oc_disable_access_key_in {
    struct oc_slice access_key_id;
};

/** Forbid the use of a key until it is enabled again. */
struct oc_disable_kms_key_in {
    struct oc_slice key_id;
};

/** Allow the use of a key again. */
struct oc_enable_kms_key_in {
    struct oc_slice key_id;
};

/** Show who the server takes the caller for. */
struct oc_get_caller_identity_in {
    char none; /* no members */
};

/** Figures of the whole server for Prometheus, in its text format; for keys of the administrators' account. */
struct oc_get_metrics_in {
    char none; /* no members */
};

/** Show how far a copy job has come. With the header `Accept: text/event-stream`: as server-sent events, twice a second until the job ends. */
struct oc_get_model_copy_job_progress_in {
    struct oc_slice job_arn;
};

/** Read a model's manifest. */
struct oc_get_model_manifest_in {
    struct oc_slice model_arn;
};

/** Read the plaintext of one part of a model, or, with a header `Range: bytes=FIRST-LAST`, some of it (status 206). */
struct oc_get_model_part_in {
    struct oc_slice model_arn;
    struct oc_slice sha256;
};

/** Show the last verification of a model: how far it is, or what it found. */
struct oc_get_model_verification_in {
    struct oc_slice model_identifier;
};

/** For another Region's server: read the manifest of a model that one of its accounts copies, or of a copy that was made of its own. */
struct oc_get_peer_manifest_in {
    struct oc_slice model_arn;
    struct oc_slice sha256;
    struct oc_slice account_id;
    struct oc_slice principal_arn;
    struct oc_slice region;
    struct oc_tag_list tags;
    struct oc_slice source_model_arn;
};

/** For another Region's server: describe a model that one of its accounts wants to copy. */
struct oc_get_peer_model_in {
    struct oc_slice model_arn;
    struct oc_slice account_id;
    struct oc_slice principal_arn;
    struct oc_slice region;
    struct oc_tag_list tags;
};

/** For another Region's server: read the plaintext of a part of a model that one of its accounts copies, or of a copy that was made of its own; with a header `Range: bytes=FIRST-LAST` some of it (status 206). */
struct oc_get_peer_part_in {
    struct oc_slice model_arn;
    struct oc_slice sha256;
    struct oc_slice account_id;
    struct oc_slice principal_arn;
    struct oc_slice region;
    struct oc_tag_list tags;
    struct oc_slice source_model_arn;
};

/** List the credentials of an account, without their secrets. */
struct oc_list_access_keys_in {
    struct oc_slice account_id;
    struct oc_opt_int64 max_results;
    struct oc_slice next_token;
};

/** List the accounts of this server. */
struct oc_list_accounts_in {
    struct oc_opt_int64 max_results;
    struct oc_slice next_token;
};

/** The events of the caller's account in all Regions, in their order, from a cursor on: a JSON object with `events`, each in EventBridge's envelope, `cursor`, which the next call gives as `after`, and `gap`, true when events behind `after` are no longer kept. */
struct oc_list_events_in {
    struct oc_slice after;
    struct oc_opt_int64 max_results;
};

/** List the keys of this account and Region. */
struct oc_list_kms_keys_in {
    char none; /* no members */
};

/** List the parts that an upload already holds. */
struct oc_list_upload_parts_in {
    struct oc_slice upload_id;
    struct oc_opt_int64 max_results;
    struct oc_slice next_token;
};

/** For another Region's server: say that one of its accounts has all parts of the model and makes them a copy, which the model can be mended from. */
struct oc_put_peer_copy_in {
    struct oc_slice model_arn;
    struct oc_slice account_id;
    struct oc_slice principal_arn;
    struct oc_slice region;
    struct oc_tag_list tags;
    struct oc_slice copy_model_arn;
};

/** Store one part; the body is its plaintext. */
struct oc_put_upload_part_in {
    struct oc_slice upload_id;
    struct oc_slice sha256;
};

/** Have every stored part and file of a model read again and compared with its digest, in the background. One that is under way goes on. */
struct oc_start_model_verification_in {
    struct oc_slice model_identifier;
};

#endif
