/*
 * The operations: one function, one input and one output struct each.
 *
 * Generated from api/ by tools/gen_client.py. Do not edit: change api/ and run it again.
 *
 * Include outcrop/outcrop.h, which says how absent values, memory, errors and threads work. What
 * holds for every operation oc_X(client, input, output, error):
 *
 * @param input   borrowed for the call; NULL: no values
 * @param output  set on success only; free `output->result` with oc_result_free; NULL: not wanted
 * @param error   may be NULL
 * @return 0, or a negative enum oc_error_code
 * Errors: those named at the operation, as the service sends them; ParamValidationError — a
 *         required member is missing or too short, nothing was sent; EndpointConnectionError,
 *         ConnectTimeoutError, ReadTimeoutError, SSLError; ResponseParserError — the answer is none
 *         of this service; Canceled; the names of oc_client_open, when credentials must be renewed;
 *         OC_ERROR_NO_MEMORY. The service may send names that are not listed.
 * Threads: any.   Cost: one round trip, more when attempts are repeated; memory for one answer.
 *
 * And for oc_X_start(client, input, output, done, ret_call, error), which does not wait:
 *
 * @param input          borrowed for the call, but a raw `body`, which must live to the call's end
 * @param output         must live to the call's end; set before `done` is told of success
 * @param done           told of the end; not when this function fails
 * @param[out] ret_call  for oc_call_cancel; may be NULL
 * @return 0 when the call is on its way, or a negative enum oc_error_code
 * Errors: ParamValidationError; OC_ERROR_NO_MEMORY; OC_ERROR_IO, as of oc_client_fd; the names of
 *         oc_client_open, when credentials must be renewed. All others come with `done`.
 * Threads: see outcrop.h.   Cost: signs the request and begins to connect.
 *
 * And for every walk, oc_list_X_begin and oc_list_X_next:
 *
 * @param[out] ret_walk  free with oc_pager_free; the input is not needed after the begin
 * @param[out] ret_item  the next element, which lives until the next call; set when 1 is returned
 * @return begin: 0 or < 0; next: 1 when there is an element, 0 at the end, < 0 for a failure, after
 *         which the same call may be tried again
 * Cost: next sends a request once a page.
 */
#ifndef OUTCROP_OPERATIONS_H
#define OUTCROP_OPERATIONS_H

#include "outcrop/outcrop.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that may be absent: `ptr` is NULL. */
struct oc_bytes {
    const void *ptr;
    size_t len;
};

/** A list of texts. Absent: `items` is NULL. */
struct oc_text_list {
    const char *const *items;
    size_t count;
};

#define OC_CUSTOMIZATION_TYPE_FINE_TUNING "FINE_TUNING"
#define OC_CUSTOMIZATION_TYPE_CONTINUED_PRE_TRAINING "CONTINUED_PRE_TRAINING"
#define OC_CUSTOMIZATION_TYPE_DISTILLATION "DISTILLATION"
#define OC_CUSTOMIZATION_TYPE_REINFORCEMENT_FINE_TUNING "REINFORCEMENT_FINE_TUNING"
#define OC_CUSTOMIZATION_TYPE_IMPORTED "IMPORTED"
#define OC_REASONING_EFFORT_LOW "low"
#define OC_REASONING_EFFORT_MEDIUM "medium"
#define OC_REASONING_EFFORT_HIGH "high"
#define OC_MODEL_STATUS_ACTIVE "Active"
#define OC_MODEL_STATUS_CREATING "Creating"
#define OC_MODEL_STATUS_FAILED "Failed"
#define OC_MODEL_COPY_JOB_STATUS_IN_PROGRESS "InProgress"
#define OC_MODEL_COPY_JOB_STATUS_COMPLETED "Completed"
#define OC_MODEL_COPY_JOB_STATUS_FAILED "Failed"
#define OC_SORT_MODELS_BY_CREATION_TIME "CreationTime"
#define OC_SORT_ORDER_ASCENDING "Ascending"
#define OC_SORT_ORDER_DESCENDING "Descending"
#define OC_SORT_JOBS_BY_CREATION_TIME "CreationTime"
#define OC_COPY_PHASE_QUEUED "queued"
#define OC_COPY_PHASE_WAITING "waiting"
#define OC_COPY_PHASE_COPYING "copying"
#define OC_COPY_PHASE_SEALING "sealing"
#define OC_COPY_PHASE_DONE "done"
#define OC_MODEL_VERIFICATION_STATUS_IN_PROGRESS "InProgress"
#define OC_MODEL_VERIFICATION_STATUS_SOUND "Sound"
#define OC_MODEL_VERIFICATION_STATUS_REPAIRED "Repaired"
#define OC_MODEL_VERIFICATION_STATUS_DAMAGED "Damaged"
#define OC_MODEL_VERIFICATION_STATUS_FAILED "Failed"
#define OC_ACCESS_KEY_STATUS_ACTIVE "Active"
#define OC_ACCESS_KEY_STATUS_DISABLED "Disabled"
#define OC_ACCESS_KEY_KIND_PERMANENT "Permanent"
#define OC_ACCESS_KEY_KIND_SESSION "Session"
#define OC_ACCESS_KEY_KIND_BEARER "Bearer"
#define OC_KMS_KEY_STATUS_ENABLED "Enabled"
#define OC_KMS_KEY_STATUS_DISABLED "Disabled"

struct oc_s3_data_source;
struct oc_model_data_source;
struct oc_model_package_arn_data_source;
struct oc_custom_model_data_source;
struct oc_tag;
struct oc_invocation_log_source;
struct oc_request_metadata_base_filters;
struct oc_request_metadata_filters;
struct oc_invocation_logs_config;
struct oc_training_data_config;
struct oc_validator;
struct oc_validation_data_config;
struct oc_output_data_config;
struct oc_training_metrics;
struct oc_validator_metric;
struct oc_teacher_model_config;
struct oc_distillation_config;
struct oc_lambda_grader_config;
struct oc_grader_config;
struct oc_rft_hyper_parameters;
struct oc_rft_config;
struct oc_customization_config;
struct oc_custom_model_summary;
struct oc_model_copy_job_summary;
struct oc_model_verification_finding;
struct oc_access_key_summary;
struct oc_account_summary;
struct oc_kms_key_summary;
struct oc_upload_part;

/** Absent: `items` is NULL. */
struct oc_tag_list {
    const struct oc_tag *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_request_metadata_filters_list {
    const struct oc_request_metadata_base_filters *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_validators {
    const struct oc_validator *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_validation_metrics {
    const struct oc_validator_metric *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_custom_model_summary_list {
    const struct oc_custom_model_summary *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_model_copy_job_summaries {
    const struct oc_model_copy_job_summary *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_model_verification_findings {
    const struct oc_model_verification_finding *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_access_key_summaries {
    const struct oc_access_key_summary *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_account_summaries {
    const struct oc_account_summary *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_kms_key_summaries {
    const struct oc_kms_key_summary *items;
    size_t count;
};

/** Absent: `items` is NULL. */
struct oc_upload_parts {
    const struct oc_upload_part *items;
    size_t count;
};

struct oc_s3_data_source {
    /** The bucket and prefix. */
    const char *s3_uri;
};

/** Exactly one member is given. */
struct oc_model_data_source {
    /** Files in a bucket. */
    const struct oc_s3_data_source *s3_data_source;
};

struct oc_model_package_arn_data_source {
    /** The model package. */
    const char *model_package_arn;
};

/** Exactly one member is given. */
struct oc_custom_model_data_source {
    /** A model package. */
    const struct oc_model_package_arn_data_source *model_package_arn_data_source;
};

struct oc_tag {
    /** The tag's key. */
    const char *key;
    /** The tag's value. */
    const char *value;
};

/** Exactly one member is given. */
struct oc_invocation_log_source {
    /** The bucket and prefix. */
    const char *s3_uri;
};

struct oc_request_metadata_base_filters {
    /** Entries whose metadata has this pair. */
    struct oc_map equals;
    /** Entries whose metadata does not have this pair. */
    struct oc_map not_equals;
};

/** Exactly one member is given. */
struct oc_request_metadata_filters {
    /** Entries whose metadata has this pair. */
    struct oc_map equals;
    /** Entries whose metadata does not have this pair. */
    struct oc_map not_equals;
    /** Entries that meet every one of these. */
    struct oc_request_metadata_filters_list and_all;
    /** Entries that meet one of these. */
    struct oc_request_metadata_filters_list or_all;
};

struct oc_invocation_logs_config {
    /** Whether the recorded answers are used as well as the prompts. */
    struct oc_optional_bool use_prompt_response;
    /** Where the logs are. */
    const struct oc_invocation_log_source *invocation_log_source;
    /** Which log entries are used. */
    const struct oc_request_metadata_filters *request_metadata_filters;
};

struct oc_training_data_config {
    /** The bucket and prefix. */
    const char *s3_uri;
    /** Invocation logs used as training data. */
    const struct oc_invocation_logs_config *invocation_logs_config;
};

struct oc_validator {
    /** The bucket and prefix. */
    const char *s3_uri;
};

struct oc_validation_data_config {
    /** The validation sets. */
    struct oc_validators validators;
};

struct oc_output_data_config {
    /** The bucket and prefix. */
    const char *s3_uri;
};

struct oc_training_metrics {
    /** Loss on the training set. */
    struct oc_optional_real training_loss;
};

struct oc_validator_metric {
    /** Loss on a validation set. */
    struct oc_optional_real validation_loss;
};

struct oc_teacher_model_config {
    /** The teacher model. */
    const char *teacher_model_identifier;
    /** Most tokens of one teacher answer. */
    struct oc_optional_int max_response_length_for_inference;
};

struct oc_distillation_config {
    /** The teacher. */
    const struct oc_teacher_model_config *teacher_model_config;
};

struct oc_lambda_grader_config {
    /** The function. */
    const char *lambda_arn;
};

/** Exactly one member is given. */
struct oc_grader_config {
    /** A function that grades. */
    const struct oc_lambda_grader_config *lambda_grader;
};

struct oc_rft_hyper_parameters {
    /** Passes over the training data. */
    struct oc_optional_int epoch_count;
    /** Samples in a batch. */
    struct oc_optional_int batch_size;
    /** Learning rate. */
    struct oc_optional_real learning_rate;
    /** Most tokens of a prompt. */
    struct oc_optional_int max_prompt_length;
    /** Answers sampled for each prompt. */
    struct oc_optional_int training_sample_per_prompt;
    /** Most tokens of an answer. */
    struct oc_optional_int inference_max_tokens;
    /** How much the model reasons. */
    const char *reasoning_effort;
    /** Steps between two evaluations. */
    struct oc_optional_int eval_interval;
};

struct oc_rft_config {
    /** What grades the answers. */
    const struct oc_grader_config *grader_config;
    /** Parameters of the training. */
    const struct oc_rft_hyper_parameters *hyper_parameters;
};

/** Exactly one member is given. */
struct oc_customization_config {
    /** Settings of a distillation. */
    const struct oc_distillation_config *distillation_config;
    /** Settings of reinforcement fine-tuning. */
    const struct oc_rft_config *rft_config;
};

struct oc_custom_model_summary {
    /** The model. */
    const char *model_arn;
    /** The model's name. */
    const char *model_name;
    /** When it was created. */
    struct oc_optional_time creation_time;
    /** The model it was made from. */
    const char *base_model_arn;
    /** The name of the model it was made from. */
    const char *base_model_name;
    /** How it was made. */
    const char *customization_type;
    /** The account that owns the model. */
    const char *owner_account_id;
    /** The model's state. */
    const char *model_status;
};

struct oc_model_copy_job_summary {
    /** The copy job. */
    const char *job_arn;
    /** The job's state. */
    const char *status;
    /** When it was created. */
    struct oc_optional_time creation_time;
    /** The copy, named from the start of the job on. */
    const char *target_model_arn;
    /** The name of the copy. */
    const char *target_model_name;
    /** The account that owns the source model. */
    const char *source_account_id;
    /** The model that is copied. */
    const char *source_model_arn;
    /** The KMS key that encrypts the copy; absent for the Region's service key. */
    const char *target_model_kms_key_arn;
    /** Tags of the copy. */
    struct oc_tag_list target_model_tags;
    /** Why it failed, when it did. */
    const char *failure_message;
    /** The name of the source model. */
    const char *source_model_name;
};

struct oc_model_verification_finding {
    /**
     * The file, or the first one with bytes in the part; `(manifest)` for the list of files itself.
     */
    const char *file;
    /** The part, from 1; absent when a whole file is meant. */
    struct oc_optional_int part;
    /** What is wrong, and where. */
    const char *problem;
    /** Whether it was mended from another copy. */
    struct oc_optional_bool repaired;
};

struct oc_access_key_summary {
    /** The key. */
    const char *access_key_id;
    /** The account it acts for. */
    const char *account_id;
    /** The user it acts as. */
    const char *user_name;
    /** Whether it is accepted. */
    const char *status;
    /** When it was created. */
    struct oc_optional_time creation_time;
    /** When it ends, for a session. */
    struct oc_optional_time expiration;
    /** What kind of credential it is. */
    const char *kind;
};

struct oc_account_summary {
    /** The account. */
    const char *account_id;
    /** What people call it. */
    const char *name;
    /** When it was created. */
    struct oc_optional_time creation_time;
};

struct oc_kms_key_summary {
    /** The key. */
    const char *key_arn;
    /** The key's id. */
    const char *key_id;
    /** Whether it can be used. */
    const char *status;
    /** When it was created. */
    struct oc_optional_time creation_time;
    /** What the key is for. */
    const char *description;
    /** Aliases that point at it. */
    struct oc_text_list aliases;
};

struct oc_upload_part {
    /** SHA-256 of the part's plaintext. */
    const char *sha256;
    /** The part's size. */
    struct oc_optional_int size_bytes;
};

/** What CreateCustomModel takes. */
struct oc_create_custom_model_input {
    /** The model's name. Required. */
    const char *model_name;
    /** Where the model's files are. */
    const struct oc_model_data_source *model_source_config;
    /** Where the model's files are, when another service holds them; this server refuses it. */
    const struct oc_custom_model_data_source *custom_model_data_source;
    /** The KMS key that encrypts the model; absent for the Region's service key. */
    const char *model_kms_key_arn;
    /** The role that would read the files at AWS; accepted and not used here. */
    const char *role_arn;
    /** Tags of the model. */
    struct oc_tag_list model_tags;
    /** Makes a repeat of the request harmless: the same token starts nothing twice. */
    const char *client_request_token;
};

/** What CreateCustomModel answers. */
struct oc_create_custom_model_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The new model. */
    const char *model_arn;
};

/**
 * Register a custom model from files that the server can read.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         InternalServerException, TooManyTagsException, ServiceQuotaExceededException,
 *         ThrottlingException; see the top.
 */
int oc_create_custom_model(struct oc_client *client, const struct oc_create_custom_model_input *input,
                           struct oc_create_custom_model_output *output, struct oc_error *error);

/** Begin CreateCustomModel without waiting for its end; see the top. */
int oc_create_custom_model_start(struct oc_client *client, const struct oc_create_custom_model_input *input,
                                 struct oc_create_custom_model_output *output, struct oc_completion done,
                                 struct oc_call **ret_call, struct oc_error *error);

/** What CreateModelCopyJob takes. */
struct oc_create_model_copy_job_input {
    /** The model that is copied. Required. */
    const char *source_model_arn;
    /** The name of the copy. Required. */
    const char *target_model_name;
    /**
     * The KMS key that encrypts the new model, as key id, alias, or ARN of either; the Region's
     * service key when absent.
     */
    const char *model_kms_key_id;
    /** Tags of the copy. */
    struct oc_tag_list target_model_tags;
    /** Makes a repeat of the request harmless: the same token starts nothing twice. */
    const char *client_request_token;
};

/** What CreateModelCopyJob answers. */
struct oc_create_model_copy_job_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The job that was started. */
    const char *job_arn;
};

/**
 * Start copying a custom model into the Region that the request is sent to.
 * Errors: ResourceNotFoundException, AccessDeniedException, InternalServerException,
 *         TooManyTagsException; see the top.
 */
int oc_create_model_copy_job(struct oc_client *client, const struct oc_create_model_copy_job_input *input,
                             struct oc_create_model_copy_job_output *output, struct oc_error *error);

/** Begin CreateModelCopyJob without waiting for its end; see the top. */
int oc_create_model_copy_job_start(struct oc_client *client, const struct oc_create_model_copy_job_input *input,
                                   struct oc_create_model_copy_job_output *output, struct oc_completion done,
                                   struct oc_call **ret_call, struct oc_error *error);

/** What DeleteCustomModel takes. */
struct oc_delete_custom_model_input {
    /** The model's ARN or name. Required. */
    const char *model_identifier;
};

/** What DeleteCustomModel answers. */
struct oc_delete_custom_model_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Delete a custom model and release its bytes.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_delete_custom_model(struct oc_client *client, const struct oc_delete_custom_model_input *input,
                           struct oc_delete_custom_model_output *output, struct oc_error *error);

/** Begin DeleteCustomModel without waiting for its end; see the top. */
int oc_delete_custom_model_start(struct oc_client *client, const struct oc_delete_custom_model_input *input,
                                 struct oc_delete_custom_model_output *output, struct oc_completion done,
                                 struct oc_call **ret_call, struct oc_error *error);

/** What DeleteResourcePolicy takes. */
struct oc_delete_resource_policy_input {
    /** The resource the policy belongs to. Required. */
    const char *resource_arn;
};

/** What DeleteResourcePolicy answers. */
struct oc_delete_resource_policy_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Remove the policy attached to a resource.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_delete_resource_policy(struct oc_client *client, const struct oc_delete_resource_policy_input *input,
                              struct oc_delete_resource_policy_output *output, struct oc_error *error);

/** Begin DeleteResourcePolicy without waiting for its end; see the top. */
int oc_delete_resource_policy_start(struct oc_client *client, const struct oc_delete_resource_policy_input *input,
                                    struct oc_delete_resource_policy_output *output, struct oc_completion done,
                                    struct oc_call **ret_call, struct oc_error *error);

/** What GetCustomModel takes. */
struct oc_get_custom_model_input {
    /** The model's ARN or name. Required. */
    const char *model_identifier;
};

/** What GetCustomModel answers. */
struct oc_get_custom_model_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The model. */
    const char *model_arn;
    /** The model's name. */
    const char *model_name;
    /** The job that made the model, by name. */
    const char *job_name;
    /** The job that made the model. */
    const char *job_arn;
    /** The model it was made from. */
    const char *base_model_arn;
    /** How it was made. */
    const char *customization_type;
    /** The KMS key that encrypts the model; absent for the Region's service key. */
    const char *model_kms_key_arn;
    /** Parameters of the training. */
    struct oc_map hyper_parameters;
    /** What it was trained on. */
    const struct oc_training_data_config *training_data_config;
    /** What it was validated on. */
    const struct oc_validation_data_config *validation_data_config;
    /** Where the training wrote its results. */
    const struct oc_output_data_config *output_data_config;
    /** Figures of the training. */
    const struct oc_training_metrics *training_metrics;
    /** Figures of the validation. */
    struct oc_validation_metrics validation_metrics;
    /** When it was created. */
    struct oc_optional_time creation_time;
    /** Settings of the customization. */
    const struct oc_customization_config *customization_config;
    /** The model's state. */
    const char *model_status;
    /** Why the model could not be made, when it failed. */
    const char *failure_message;
};

/**
 * Show one custom model, found by its ARN or by its name.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_custom_model(struct oc_client *client, const struct oc_get_custom_model_input *input,
                        struct oc_get_custom_model_output *output, struct oc_error *error);

/** Begin GetCustomModel without waiting for its end; see the top. */
int oc_get_custom_model_start(struct oc_client *client, const struct oc_get_custom_model_input *input,
                              struct oc_get_custom_model_output *output, struct oc_completion done,
                              struct oc_call **ret_call, struct oc_error *error);

/** What GetModelCopyJob takes. */
struct oc_get_model_copy_job_input {
    /** The copy job. Required. */
    const char *job_arn;
};

/** What GetModelCopyJob answers. */
struct oc_get_model_copy_job_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The copy job. */
    const char *job_arn;
    /** The job's state. */
    const char *status;
    /** When it was created. */
    struct oc_optional_time creation_time;
    /** The copy, named from the start of the job on. */
    const char *target_model_arn;
    /** The name of the copy. */
    const char *target_model_name;
    /** The account that owns the source model. */
    const char *source_account_id;
    /** The model that is copied. */
    const char *source_model_arn;
    /** The KMS key that encrypts the copy; absent for the Region's service key. */
    const char *target_model_kms_key_arn;
    /** Tags of the copy. */
    struct oc_tag_list target_model_tags;
    /** Why it failed, when it did. */
    const char *failure_message;
    /** The name of the source model. */
    const char *source_model_name;
};

/**
 * Show one copy job of this account and Region.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_model_copy_job(struct oc_client *client, const struct oc_get_model_copy_job_input *input,
                          struct oc_get_model_copy_job_output *output, struct oc_error *error);

/** Begin GetModelCopyJob without waiting for its end; see the top. */
int oc_get_model_copy_job_start(struct oc_client *client, const struct oc_get_model_copy_job_input *input,
                                struct oc_get_model_copy_job_output *output, struct oc_completion done,
                                struct oc_call **ret_call, struct oc_error *error);

/** What GetResourcePolicy takes. */
struct oc_get_resource_policy_input {
    /** The resource the policy belongs to. Required. */
    const char *resource_arn;
};

/** What GetResourcePolicy answers. */
struct oc_get_resource_policy_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The policy: one JSON document as text. */
    const char *resource_policy;
};

/**
 * Read the policy attached to a resource.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_resource_policy(struct oc_client *client, const struct oc_get_resource_policy_input *input,
                           struct oc_get_resource_policy_output *output, struct oc_error *error);

/** Begin GetResourcePolicy without waiting for its end; see the top. */
int oc_get_resource_policy_start(struct oc_client *client, const struct oc_get_resource_policy_input *input,
                                 struct oc_get_resource_policy_output *output, struct oc_completion done,
                                 struct oc_call **ret_call, struct oc_error *error);

/** What ListCustomModels takes. */
struct oc_list_custom_models_input {
    /** Only those created before this time. */
    struct oc_optional_time creation_time_before;
    /** Only those created after this time. */
    struct oc_optional_time creation_time_after;
    /** Only models with this text in their name. */
    const char *name_contains;
    /** Only models made from this base model. */
    const char *base_model_arn_equals;
    /** Only models whose foundation model is this one. */
    const char *foundation_model_arn_equals;
    /** Most entries in one answer; 100 when absent. */
    struct oc_optional_int max_results;
    /** Where the page before ended, as its answer said. */
    const char *next_token;
    /** What to sort by. */
    const char *sort_by;
    /** Oldest or newest first; `Descending` (newest first) when absent. */
    const char *sort_order;
    /** `true`: the caller's own models; `false`: those shared with it; absent: both. */
    struct oc_optional_bool is_owned;
    /** Only models in this state. */
    const char *model_status;
};

/** What ListCustomModels answers. */
struct oc_list_custom_models_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** Where the next page begins; absent on the last page. */
    const char *next_token;
    /** The models of this page. */
    struct oc_custom_model_summary_list model_summaries;
};

/**
 * List the custom models of this Region that the caller owns or that are shared with it.
 * Errors: AccessDeniedException, ValidationException, InternalServerException, ThrottlingException;
 *         see the top.
 */
int oc_list_custom_models(struct oc_client *client, const struct oc_list_custom_models_input *input,
                          struct oc_list_custom_models_output *output, struct oc_error *error);

/** Begin ListCustomModels without waiting for its end; see the top. */
int oc_list_custom_models_start(struct oc_client *client, const struct oc_list_custom_models_input *input,
                                struct oc_list_custom_models_output *output, struct oc_completion done,
                                struct oc_call **ret_call, struct oc_error *error);

/** What ListModelCopyJobs takes. */
struct oc_list_model_copy_jobs_input {
    /** Only those created after this time. */
    struct oc_optional_time creation_time_after;
    /** Only those created before this time. */
    struct oc_optional_time creation_time_before;
    /** Only jobs in this state. */
    const char *status_equals;
    /** Only copies of models that this account owns. */
    const char *source_account_equals;
    /** Only copies of exactly this model. */
    const char *source_model_arn_equals;
    /** Only jobs whose copy has this text in its name, upper and lower case told apart. */
    const char *target_model_name_contains;
    /** Most entries in one answer; 100 when absent. */
    struct oc_optional_int max_results;
    /** Where the page before ended, as its answer said. */
    const char *next_token;
    /** What to sort by. */
    const char *sort_by;
    /** Oldest or newest first; `Descending` (newest first) when absent. */
    const char *sort_order;
};

/** What ListModelCopyJobs answers. */
struct oc_list_model_copy_jobs_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** Where the next page begins; absent on the last page. */
    const char *next_token;
    /** The jobs of this page. */
    struct oc_model_copy_job_summaries model_copy_job_summaries;
};

/**
 * List the caller's copy jobs into this Region, filtered, sorted by creation time and paged.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_list_model_copy_jobs(struct oc_client *client, const struct oc_list_model_copy_jobs_input *input,
                            struct oc_list_model_copy_jobs_output *output, struct oc_error *error);

/** Begin ListModelCopyJobs without waiting for its end; see the top. */
int oc_list_model_copy_jobs_start(struct oc_client *client, const struct oc_list_model_copy_jobs_input *input,
                                  struct oc_list_model_copy_jobs_output *output, struct oc_completion done,
                                  struct oc_call **ret_call, struct oc_error *error);

/** What ListTagsForResource takes. */
struct oc_list_tags_for_resource_input {
    /** The resource. Required. */
    const char *resource_arn;
};

/** What ListTagsForResource answers. */
struct oc_list_tags_for_resource_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The tags. */
    struct oc_tag_list tags;
};

/**
 * List the tags of a resource.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_list_tags_for_resource(struct oc_client *client, const struct oc_list_tags_for_resource_input *input,
                              struct oc_list_tags_for_resource_output *output, struct oc_error *error);

/** Begin ListTagsForResource without waiting for its end; see the top. */
int oc_list_tags_for_resource_start(struct oc_client *client, const struct oc_list_tags_for_resource_input *input,
                                    struct oc_list_tags_for_resource_output *output, struct oc_completion done,
                                    struct oc_call **ret_call, struct oc_error *error);

/** What PutResourcePolicy takes. */
struct oc_put_resource_policy_input {
    /** The resource the policy belongs to. Required. */
    const char *resource_arn;
    /** The policy: one JSON document as text. Required. */
    const char *resource_policy;
};

/** What PutResourcePolicy answers. */
struct oc_put_resource_policy_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The resource the policy belongs to. */
    const char *resource_arn;
};

/**
 * Attach a policy to a custom model, replacing the one it has, to share it with other accounts.
 * Errors: AccessDeniedException, ValidationException, ConflictException, InternalServerException,
 *         ThrottlingException; see the top.
 */
int oc_put_resource_policy(struct oc_client *client, const struct oc_put_resource_policy_input *input,
                           struct oc_put_resource_policy_output *output, struct oc_error *error);

/** Begin PutResourcePolicy without waiting for its end; see the top. */
int oc_put_resource_policy_start(struct oc_client *client, const struct oc_put_resource_policy_input *input,
                                 struct oc_put_resource_policy_output *output, struct oc_completion done,
                                 struct oc_call **ret_call, struct oc_error *error);

/** What TagResource takes. */
struct oc_tag_resource_input {
    /** The resource. Required. */
    const char *resource_arn;
    /** The tags. Required. */
    struct oc_tag_list tags;
};

/** What TagResource answers. */
struct oc_tag_resource_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Add tags to a resource, replacing the values of keys it already has.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, TooManyTagsException, ThrottlingException; see the top.
 */
int oc_tag_resource(struct oc_client *client, const struct oc_tag_resource_input *input,
                    struct oc_tag_resource_output *output, struct oc_error *error);

/** Begin TagResource without waiting for its end; see the top. */
int oc_tag_resource_start(struct oc_client *client, const struct oc_tag_resource_input *input,
                          struct oc_tag_resource_output *output, struct oc_completion done,
                          struct oc_call **ret_call, struct oc_error *error);

/** What UntagResource takes. */
struct oc_untag_resource_input {
    /** The resource. Required. */
    const char *resource_arn;
    /** Keys of the tags to remove. Required. */
    struct oc_text_list tag_keys;
};

/** What UntagResource answers. */
struct oc_untag_resource_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Remove tags from a resource by key.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_untag_resource(struct oc_client *client, const struct oc_untag_resource_input *input,
                      struct oc_untag_resource_output *output, struct oc_error *error);

/** Begin UntagResource without waiting for its end; see the top. */
int oc_untag_resource_start(struct oc_client *client, const struct oc_untag_resource_input *input,
                            struct oc_untag_resource_output *output, struct oc_completion done,
                            struct oc_call **ret_call, struct oc_error *error);

/** What AbortModelUpload takes. */
struct oc_abort_model_upload_input {
    /** The upload. Required. */
    const char *upload_id;
};

/** What AbortModelUpload answers. */
struct oc_abort_model_upload_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Give up an upload and release its parts. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_abort_model_upload(struct oc_client *client, const struct oc_abort_model_upload_input *input,
                          struct oc_abort_model_upload_output *output, struct oc_error *error);

/** Begin AbortModelUpload without waiting for its end; see the top. */
int oc_abort_model_upload_start(struct oc_client *client, const struct oc_abort_model_upload_input *input,
                                struct oc_abort_model_upload_output *output, struct oc_completion done,
                                struct oc_call **ret_call, struct oc_error *error);

/** What CompleteModelUpload takes. */
struct oc_complete_model_upload_input {
    /** The upload. Required. */
    const char *upload_id;
    /** The request's body. */
    struct oc_bytes body;
};

/** What CompleteModelUpload answers. */
struct oc_complete_model_upload_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The new model. */
    const char *model_arn;
};

/**
 * End an upload and make its model; the body is the model's manifest. Outcrop's own; AWS has no
 * such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_complete_model_upload(struct oc_client *client, const struct oc_complete_model_upload_input *input,
                             struct oc_complete_model_upload_output *output, struct oc_error *error);

/** Begin CompleteModelUpload without waiting for its end; see the top. */
int oc_complete_model_upload_start(struct oc_client *client, const struct oc_complete_model_upload_input *input,
                                   struct oc_complete_model_upload_output *output, struct oc_completion done,
                                   struct oc_call **ret_call, struct oc_error *error);

/** What CreateAccessKey takes. */
struct oc_create_access_key_input {
    /** The account it acts for. Required. */
    const char *account_id;
    /** The user it acts as. Required. */
    const char *user_name;
    /**
     * What it may do, as the JSON text of an identity policy; when absent, everything in its
     * account. A caller who may not do everything leaves it out: the key then has the caller's own.
     */
    const char *policy;
    /** Makes it a session that ends after so many seconds. */
    struct oc_optional_int session_duration_seconds;
    /** Makes it a bearer key. */
    struct oc_optional_bool bearer;
};

/** What CreateAccessKey answers. */
struct oc_create_access_key_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The key. */
    const char *access_key_id;
    /** The secret to sign with; shown only here; a bearer key has none. */
    const char *secret_access_key;
    /** The token that a session sends along. */
    const char *session_token;
    /** The text of a bearer key; shown only here. */
    const char *bearer_token;
    /** When it ends, for a session. */
    struct oc_optional_time expiration;
};

/**
 * Make a credential: an access key, a session of limited time, or a bearer key. Outcrop's own; AWS
 * has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         ServiceQuotaExceededException, InternalServerException, ThrottlingException; see the top.
 */
int oc_create_access_key(struct oc_client *client, const struct oc_create_access_key_input *input,
                         struct oc_create_access_key_output *output, struct oc_error *error);

/** Begin CreateAccessKey without waiting for its end; see the top. */
int oc_create_access_key_start(struct oc_client *client, const struct oc_create_access_key_input *input,
                               struct oc_create_access_key_output *output, struct oc_completion done,
                               struct oc_call **ret_call, struct oc_error *error);

/** What CreateAccount takes. */
struct oc_create_account_input {
    /** Its twelve digits. Required. */
    const char *account_id;
    /** What people call it. */
    const char *name;
};

/** What CreateAccount answers. */
struct oc_create_account_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Create an account. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, ValidationException, ConflictException, InternalServerException,
 *         ThrottlingException; see the top.
 */
int oc_create_account(struct oc_client *client, const struct oc_create_account_input *input,
                      struct oc_create_account_output *output, struct oc_error *error);

/** Begin CreateAccount without waiting for its end; see the top. */
int oc_create_account_start(struct oc_client *client, const struct oc_create_account_input *input,
                            struct oc_create_account_output *output, struct oc_completion done,
                            struct oc_call **ret_call, struct oc_error *error);

/** What CreateKmsAlias takes. */
struct oc_create_kms_alias_input {
    /** The alias, beginning `alias/`. Required. */
    const char *alias_name;
    /** The key, as id or ARN. Required. */
    const char *key_id;
};

/** What CreateKmsAlias answers. */
struct oc_create_kms_alias_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Point an alias at a key, moving it when it exists. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         ServiceQuotaExceededException, InternalServerException, ThrottlingException; see the top.
 */
int oc_create_kms_alias(struct oc_client *client, const struct oc_create_kms_alias_input *input,
                        struct oc_create_kms_alias_output *output, struct oc_error *error);

/** Begin CreateKmsAlias without waiting for its end; see the top. */
int oc_create_kms_alias_start(struct oc_client *client, const struct oc_create_kms_alias_input *input,
                              struct oc_create_kms_alias_output *output, struct oc_completion done,
                              struct oc_call **ret_call, struct oc_error *error);

/** What CreateKmsKey takes. */
struct oc_create_kms_key_input {
    /** What the key is for. */
    const char *description;
};

/** What CreateKmsKey answers. */
struct oc_create_kms_key_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The new key. */
    const char *key_arn;
    /** The new key's id. */
    const char *key_id;
};

/**
 * Make a key that can encrypt models. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, ValidationException, ServiceQuotaExceededException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_create_kms_key(struct oc_client *client, const struct oc_create_kms_key_input *input,
                      struct oc_create_kms_key_output *output, struct oc_error *error);

/** Begin CreateKmsKey without waiting for its end; see the top. */
int oc_create_kms_key_start(struct oc_client *client, const struct oc_create_kms_key_input *input,
                            struct oc_create_kms_key_output *output, struct oc_completion done,
                            struct oc_call **ret_call, struct oc_error *error);

/** What CreateModelUpload takes. */
struct oc_create_model_upload_input {
    /** The model's name. Required. */
    const char *model_name;
    /**
     * The KMS key that encrypts the new model, as key id, alias, or ARN of either; the Region's
     * service key when absent.
     */
    const char *model_kms_key_id;
    /** Tags of the model. */
    struct oc_tag_list model_tags;
    /** Makes a repeat of the request harmless: the same token starts nothing twice. */
    const char *client_request_token;
};

/** What CreateModelUpload answers. */
struct oc_create_model_upload_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The new upload. */
    const char *upload_id;
    /** The size of every part of a file but its last. */
    struct oc_optional_int part_size_bytes;
};

/**
 * Begin to upload a model's files part by part. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, ValidationException, ConflictException, TooManyTagsException,
 *         ServiceQuotaExceededException, InternalServerException, ThrottlingException; see the top.
 */
int oc_create_model_upload(struct oc_client *client, const struct oc_create_model_upload_input *input,
                           struct oc_create_model_upload_output *output, struct oc_error *error);

/** Begin CreateModelUpload without waiting for its end; see the top. */
int oc_create_model_upload_start(struct oc_client *client, const struct oc_create_model_upload_input *input,
                                 struct oc_create_model_upload_output *output, struct oc_completion done,
                                 struct oc_call **ret_call, struct oc_error *error);

/** What DisableAccessKey takes. */
struct oc_disable_access_key_input {
    /** The key. Required. */
    const char *access_key_id;
};

/** What DisableAccessKey answers. */
struct oc_disable_access_key_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Stop accepting a credential. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_disable_access_key(struct oc_client *client, const struct oc_disable_access_key_input *input,
                          struct oc_disable_access_key_output *output, struct oc_error *error);

/** Begin DisableAccessKey without waiting for its end; see the top. */
int oc_disable_access_key_start(struct oc_client *client, const struct oc_disable_access_key_input *input,
                                struct oc_disable_access_key_output *output, struct oc_completion done,
                                struct oc_call **ret_call, struct oc_error *error);

/** What DisableKmsKey takes. */
struct oc_disable_kms_key_input {
    /** The key, as id or ARN. Required. */
    const char *key_id;
};

/** What DisableKmsKey answers. */
struct oc_disable_kms_key_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Forbid the use of a key until it is enabled again. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_disable_kms_key(struct oc_client *client, const struct oc_disable_kms_key_input *input,
                       struct oc_disable_kms_key_output *output, struct oc_error *error);

/** Begin DisableKmsKey without waiting for its end; see the top. */
int oc_disable_kms_key_start(struct oc_client *client, const struct oc_disable_kms_key_input *input,
                             struct oc_disable_kms_key_output *output, struct oc_completion done,
                             struct oc_call **ret_call, struct oc_error *error);

/** What EnableKmsKey takes. */
struct oc_enable_kms_key_input {
    /** The key, as id or ARN. Required. */
    const char *key_id;
};

/** What EnableKmsKey answers. */
struct oc_enable_kms_key_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Allow the use of a key again. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_enable_kms_key(struct oc_client *client, const struct oc_enable_kms_key_input *input,
                      struct oc_enable_kms_key_output *output, struct oc_error *error);

/** Begin EnableKmsKey without waiting for its end; see the top. */
int oc_enable_kms_key_start(struct oc_client *client, const struct oc_enable_kms_key_input *input,
                            struct oc_enable_kms_key_output *output, struct oc_completion done,
                            struct oc_call **ret_call, struct oc_error *error);

/** What GetCallerIdentity takes. */
struct oc_get_caller_identity_input {
    char none; /* no members */
};

/** What GetCallerIdentity answers. */
struct oc_get_caller_identity_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The caller's account. */
    const char *account_id;
    /** The caller. */
    const char *arn;
    /** The key that was used. */
    const char *access_key_id;
    /** The Region that was addressed. */
    const char *region;
};

/**
 * Show who the server takes the caller for. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, InternalServerException, ThrottlingException; see the top.
 */
int oc_get_caller_identity(struct oc_client *client, const struct oc_get_caller_identity_input *input,
                           struct oc_get_caller_identity_output *output, struct oc_error *error);

/** Begin GetCallerIdentity without waiting for its end; see the top. */
int oc_get_caller_identity_start(struct oc_client *client, const struct oc_get_caller_identity_input *input,
                                 struct oc_get_caller_identity_output *output, struct oc_completion done,
                                 struct oc_call **ret_call, struct oc_error *error);

/** What GetMetrics takes. */
struct oc_get_metrics_input {
    char none; /* no members */
};

/** What GetMetrics answers. */
struct oc_get_metrics_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The answer's body. */
    struct oc_bytes body;
};

/**
 * Figures of the whole server for Prometheus, in its text format; for keys of the administrators'
 * account. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, InternalServerException, ThrottlingException; see the top.
 */
int oc_get_metrics(struct oc_client *client, const struct oc_get_metrics_input *input,
                   struct oc_get_metrics_output *output, struct oc_error *error);

/** Begin GetMetrics without waiting for its end; see the top. */
int oc_get_metrics_start(struct oc_client *client, const struct oc_get_metrics_input *input,
                         struct oc_get_metrics_output *output, struct oc_completion done,
                         struct oc_call **ret_call, struct oc_error *error);

/** What GetModelCopyJobProgress takes. */
struct oc_get_model_copy_job_progress_input {
    /** The copy job. Required. */
    const char *job_arn;
};

/** What GetModelCopyJobProgress answers. */
struct oc_get_model_copy_job_progress_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The copy job. */
    const char *job_arn;
    /** The job's state. */
    const char *status;
    /** What it is doing. */
    const char *phase;
    /** While it waits for another Region: which one, and why. */
    const char *waiting_for;
    /** Bytes that are safe at the target. */
    struct oc_optional_int bytes_done;
    /** Bytes of the model. */
    struct oc_optional_int bytes_total;
    /** Parts that are safe at the target. */
    struct oc_optional_int parts_done;
    /** Parts of the model. */
    struct oc_optional_int parts_total;
    /** Rate of the last seconds. */
    struct oc_optional_int bytes_per_second;
    /** Estimated time to the end; absent while it is not known. */
    struct oc_optional_int seconds_left;
};

/**
 * Show how far a copy job has come. With the header `Accept: text/event-stream`: as server-sent
 * events, twice a second until the job ends. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_model_copy_job_progress(struct oc_client *client, const struct oc_get_model_copy_job_progress_input *input,
                                   struct oc_get_model_copy_job_progress_output *output, struct oc_error *error);

/** Begin GetModelCopyJobProgress without waiting for its end; see the top. */
int oc_get_model_copy_job_progress_start(struct oc_client *client, const struct oc_get_model_copy_job_progress_input *input,
                                         struct oc_get_model_copy_job_progress_output *output, struct oc_completion done,
                                         struct oc_call **ret_call, struct oc_error *error);

/** What GetModelManifest takes. */
struct oc_get_model_manifest_input {
    /** The model. Required. */
    const char *model_arn;
};

/** What GetModelManifest answers. */
struct oc_get_model_manifest_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The answer's body. */
    struct oc_bytes body;
};

/**
 * Read a model's manifest. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_model_manifest(struct oc_client *client, const struct oc_get_model_manifest_input *input,
                          struct oc_get_model_manifest_output *output, struct oc_error *error);

/** Begin GetModelManifest without waiting for its end; see the top. */
int oc_get_model_manifest_start(struct oc_client *client, const struct oc_get_model_manifest_input *input,
                                struct oc_get_model_manifest_output *output, struct oc_completion done,
                                struct oc_call **ret_call, struct oc_error *error);

/** What GetModelPart takes. */
struct oc_get_model_part_input {
    /** The model. Required. */
    const char *model_arn;
    /** SHA-256 of the part's plaintext. Required. */
    const char *sha256;
};

/** What GetModelPart answers. */
struct oc_get_model_part_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The answer's body. */
    struct oc_bytes body;
};

/**
 * Read the plaintext of one part of a model, or, with a header `Range: bytes=FIRST-LAST`, some of
 * it (status 206). Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         RequestedRangeNotSatisfiableException, InternalServerException, ThrottlingException; see
 *         the top.
 */
int oc_get_model_part(struct oc_client *client, const struct oc_get_model_part_input *input,
                      struct oc_get_model_part_output *output, struct oc_error *error);

/** Begin GetModelPart without waiting for its end; see the top. */
int oc_get_model_part_start(struct oc_client *client, const struct oc_get_model_part_input *input,
                            struct oc_get_model_part_output *output, struct oc_completion done,
                            struct oc_call **ret_call, struct oc_error *error);

/** What GetModelVerification takes. */
struct oc_get_model_verification_input {
    /** The model's ARN or name. Required. */
    const char *model_identifier;
};

/** What GetModelVerification answers. */
struct oc_get_model_verification_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The model. */
    const char *model_arn;
    /**
     * Repaired: something was damaged and has been mended from another copy. Failed: it could not
     * be carried out.
     */
    const char *status;
    /** When it was asked for. */
    struct oc_optional_time start_time;
    /** When it ended. */
    struct oc_optional_time end_time;
    /** Bytes that were read. */
    struct oc_optional_int bytes_done;
    /** Bytes of the model; 0 while it waits for its turn. */
    struct oc_optional_int bytes_total;
    /** Parts that were read. */
    struct oc_optional_int parts_done;
    /** Parts of the model. */
    struct oc_optional_int parts_total;
    /** Rate since it began. */
    struct oc_optional_int bytes_per_second;
    /** Estimated time to the end; absent while it is not known. */
    struct oc_optional_int seconds_left;
    /** What was found, at most 100. */
    struct oc_model_verification_findings findings;
    /** How many there are in all. */
    struct oc_optional_int finding_count;
    /** Why it could not be carried out. */
    const char *failure_message;
};

/**
 * Show the last verification of a model: how far it is, or what it found. Outcrop's own; AWS has no
 * such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_model_verification(struct oc_client *client, const struct oc_get_model_verification_input *input,
                              struct oc_get_model_verification_output *output, struct oc_error *error);

/** Begin GetModelVerification without waiting for its end; see the top. */
int oc_get_model_verification_start(struct oc_client *client, const struct oc_get_model_verification_input *input,
                                    struct oc_get_model_verification_output *output, struct oc_completion done,
                                    struct oc_call **ret_call, struct oc_error *error);

/** What GetPeerManifest takes. */
struct oc_get_peer_manifest_input {
    /** The model. Required. */
    const char *model_arn;
    /** SHA-256 of the manifest. Required. */
    const char *sha256;
    /** The account that copies the model, or owns sourceModelArn. Required. */
    const char *account_id;
    /** The user who asked for the copy. */
    const char *principal_arn;
    /** The Region where the copy is made, or where sourceModelArn is. Required. */
    const char *region;
    /** Tags of the copy, which conditions of the model's policy may look at. */
    struct oc_tag_list tags;
    /**
     * The account's own model in that Region, of which the model is a copy: its bytes are asked
     * back, to mend it.
     */
    const char *source_model_arn;
};

/** What GetPeerManifest answers. */
struct oc_get_peer_manifest_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The answer's body. */
    struct oc_bytes body;
};

/**
 * For another Region's server: read the manifest of a model that one of its accounts copies, or of
 * a copy that was made of its own. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         UnrecognizedClientException, InternalServerException, ThrottlingException; see the top.
 */
int oc_get_peer_manifest(struct oc_client *client, const struct oc_get_peer_manifest_input *input,
                         struct oc_get_peer_manifest_output *output, struct oc_error *error);

/** Begin GetPeerManifest without waiting for its end; see the top. */
int oc_get_peer_manifest_start(struct oc_client *client, const struct oc_get_peer_manifest_input *input,
                               struct oc_get_peer_manifest_output *output, struct oc_completion done,
                               struct oc_call **ret_call, struct oc_error *error);

/** What GetPeerModel takes. */
struct oc_get_peer_model_input {
    /** The model. Required. */
    const char *model_arn;
    /** The account that copies the model. Required. */
    const char *account_id;
    /** The user who asked for the copy. */
    const char *principal_arn;
    /** The Region where the copy is made. Required. */
    const char *region;
    /** Tags of the copy, which conditions of the model's policy may look at. */
    struct oc_tag_list tags;
};

/** What GetPeerModel answers. */
struct oc_get_peer_model_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The model. */
    const char *model_arn;
    /** Its name. */
    const char *model_name;
    /** The model it was made from. */
    const char *base_model_arn;
    /** Its state: only an Active model can be copied. */
    const char *model_status;
    /** Digest of its manifest, once it is Active. */
    const char *manifest_sha256;
    /** Its size, once it is Active. */
    struct oc_optional_int size_bytes;
    /** Its tags, which conditions of the caller's own policy may look at. */
    struct oc_tag_list tags;
    /** Whether its policy lets this very user in, or everyone. */
    struct oc_optional_bool policy_allows;
};

/**
 * For another Region's server: describe a model that one of its accounts wants to copy. Outcrop's
 * own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         UnrecognizedClientException, InternalServerException, ThrottlingException; see the top.
 */
int oc_get_peer_model(struct oc_client *client, const struct oc_get_peer_model_input *input,
                      struct oc_get_peer_model_output *output, struct oc_error *error);

/** Begin GetPeerModel without waiting for its end; see the top. */
int oc_get_peer_model_start(struct oc_client *client, const struct oc_get_peer_model_input *input,
                            struct oc_get_peer_model_output *output, struct oc_completion done,
                            struct oc_call **ret_call, struct oc_error *error);

/** What GetPeerPart takes. */
struct oc_get_peer_part_input {
    /** The model. Required. */
    const char *model_arn;
    /** SHA-256 of the part's plaintext. Required. */
    const char *sha256;
    /** The account that copies the model, or owns sourceModelArn. Required. */
    const char *account_id;
    /** The user who asked for the copy. */
    const char *principal_arn;
    /** The Region where the copy is made, or where sourceModelArn is. Required. */
    const char *region;
    /** Tags of the copy, which conditions of the model's policy may look at. */
    struct oc_tag_list tags;
    /**
     * The account's own model in that Region, of which the model is a copy: its bytes are asked
     * back, to mend it.
     */
    const char *source_model_arn;
};

/** What GetPeerPart answers. */
struct oc_get_peer_part_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The answer's body. */
    struct oc_bytes body;
};

/**
 * For another Region's server: read the plaintext of a part of a model that one of its accounts
 * copies, or of a copy that was made of its own; with a header `Range: bytes=FIRST-LAST` some of it
 * (status 206). Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         RequestedRangeNotSatisfiableException, ConflictException, UnrecognizedClientException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_get_peer_part(struct oc_client *client, const struct oc_get_peer_part_input *input,
                     struct oc_get_peer_part_output *output, struct oc_error *error);

/** Begin GetPeerPart without waiting for its end; see the top. */
int oc_get_peer_part_start(struct oc_client *client, const struct oc_get_peer_part_input *input,
                           struct oc_get_peer_part_output *output, struct oc_completion done,
                           struct oc_call **ret_call, struct oc_error *error);

/** What ListAccessKeys takes. */
struct oc_list_access_keys_input {
    /** Whose credentials; the caller's account when absent. */
    const char *account_id;
    /** Most entries in one answer; 100 when absent. */
    struct oc_optional_int max_results;
    /** Where the page before ended, as its answer said. */
    const char *next_token;
};

/** What ListAccessKeys answers. */
struct oc_list_access_keys_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** Where the next page begins; absent on the last page. */
    const char *next_token;
    /** The credentials. */
    struct oc_access_key_summaries access_keys;
};

/**
 * List the credentials of an account, without their secrets. Outcrop's own; AWS has no such
 * operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_list_access_keys(struct oc_client *client, const struct oc_list_access_keys_input *input,
                        struct oc_list_access_keys_output *output, struct oc_error *error);

/** Begin ListAccessKeys without waiting for its end; see the top. */
int oc_list_access_keys_start(struct oc_client *client, const struct oc_list_access_keys_input *input,
                              struct oc_list_access_keys_output *output, struct oc_completion done,
                              struct oc_call **ret_call, struct oc_error *error);

/** What ListAccounts takes. */
struct oc_list_accounts_input {
    /** Most entries in one answer; 100 when absent. */
    struct oc_optional_int max_results;
    /** Where the page before ended, as its answer said. */
    const char *next_token;
};

/** What ListAccounts answers. */
struct oc_list_accounts_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** Where the next page begins; absent on the last page. */
    const char *next_token;
    /** The accounts of this page. */
    struct oc_account_summaries accounts;
};

/**
 * List the accounts of this server. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, ValidationException, InternalServerException, ThrottlingException;
 *         see the top.
 */
int oc_list_accounts(struct oc_client *client, const struct oc_list_accounts_input *input,
                     struct oc_list_accounts_output *output, struct oc_error *error);

/** Begin ListAccounts without waiting for its end; see the top. */
int oc_list_accounts_start(struct oc_client *client, const struct oc_list_accounts_input *input,
                           struct oc_list_accounts_output *output, struct oc_completion done,
                           struct oc_call **ret_call, struct oc_error *error);

/** What ListEvents takes. */
struct oc_list_events_input {
    /** The cursor of an earlier answer; absent: from the oldest event that is kept. */
    const char *after;
    /** Most events in one answer; 100 when absent. */
    struct oc_optional_int max_results;
};

/** What ListEvents answers. */
struct oc_list_events_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The answer's body. */
    struct oc_bytes body;
};

/**
 * The events of the caller's account in all Regions, in their order, from a cursor on: a JSON
 * object with `events`, each in EventBridge's envelope, `cursor`, which the next call gives as
 * `after`, and `gap`, true when events behind `after` are no longer kept. Outcrop's own; AWS has no
 * such operation.
 * Errors: AccessDeniedException, ValidationException, InternalServerException, ThrottlingException;
 *         see the top.
 */
int oc_list_events(struct oc_client *client, const struct oc_list_events_input *input,
                   struct oc_list_events_output *output, struct oc_error *error);

/** Begin ListEvents without waiting for its end; see the top. */
int oc_list_events_start(struct oc_client *client, const struct oc_list_events_input *input,
                         struct oc_list_events_output *output, struct oc_completion done,
                         struct oc_call **ret_call, struct oc_error *error);

/** What ListKmsKeys takes. */
struct oc_list_kms_keys_input {
    char none; /* no members */
};

/** What ListKmsKeys answers. */
struct oc_list_kms_keys_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The keys. */
    struct oc_kms_key_summaries keys;
};

/**
 * List the keys of this account and Region. Outcrop's own; AWS has no such operation.
 * Errors: AccessDeniedException, ValidationException, InternalServerException, ThrottlingException;
 *         see the top.
 */
int oc_list_kms_keys(struct oc_client *client, const struct oc_list_kms_keys_input *input,
                     struct oc_list_kms_keys_output *output, struct oc_error *error);

/** Begin ListKmsKeys without waiting for its end; see the top. */
int oc_list_kms_keys_start(struct oc_client *client, const struct oc_list_kms_keys_input *input,
                           struct oc_list_kms_keys_output *output, struct oc_completion done,
                           struct oc_call **ret_call, struct oc_error *error);

/** What ListUploadParts takes. */
struct oc_list_upload_parts_input {
    /** The upload. Required. */
    const char *upload_id;
    /** Most entries in one answer; 100 when absent. */
    struct oc_optional_int max_results;
    /** Where the page before ended, as its answer said. */
    const char *next_token;
};

/** What ListUploadParts answers. */
struct oc_list_upload_parts_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** Where the next page begins; absent on the last page. */
    const char *next_token;
    /** The parts of this page. */
    struct oc_upload_parts parts;
};

/**
 * List the parts that an upload already holds. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_list_upload_parts(struct oc_client *client, const struct oc_list_upload_parts_input *input,
                         struct oc_list_upload_parts_output *output, struct oc_error *error);

/** Begin ListUploadParts without waiting for its end; see the top. */
int oc_list_upload_parts_start(struct oc_client *client, const struct oc_list_upload_parts_input *input,
                               struct oc_list_upload_parts_output *output, struct oc_completion done,
                               struct oc_call **ret_call, struct oc_error *error);

/** What PutPeerCopy takes. */
struct oc_put_peer_copy_input {
    /** The model. Required. */
    const char *model_arn;
    /** The account that copies the model. Required. */
    const char *account_id;
    /** The user who asked for the copy. */
    const char *principal_arn;
    /** The Region where the copy is made. Required. */
    const char *region;
    /** Tags of the copy, which conditions of the model's policy may look at. */
    struct oc_tag_list tags;
    /** The copy: a model of that account in that Region. Required. */
    const char *copy_model_arn;
};

/** What PutPeerCopy answers. */
struct oc_put_peer_copy_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * For another Region's server: say that one of its accounts has all parts of the model and makes
 * them a copy, which the model can be mended from. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         UnrecognizedClientException, InternalServerException, ThrottlingException; see the top.
 */
int oc_put_peer_copy(struct oc_client *client, const struct oc_put_peer_copy_input *input,
                     struct oc_put_peer_copy_output *output, struct oc_error *error);

/** Begin PutPeerCopy without waiting for its end; see the top. */
int oc_put_peer_copy_start(struct oc_client *client, const struct oc_put_peer_copy_input *input,
                           struct oc_put_peer_copy_output *output, struct oc_completion done,
                           struct oc_call **ret_call, struct oc_error *error);

/** What PutUploadPart takes. */
struct oc_put_upload_part_input {
    /** The upload. Required. */
    const char *upload_id;
    /** SHA-256 of the body. Required. */
    const char *sha256;
    /** The request's body. */
    struct oc_bytes body;
};

/** What PutUploadPart answers. */
struct oc_put_upload_part_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
};

/**
 * Store one part; the body is its plaintext. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ValidationException, ConflictException,
 *         ServiceQuotaExceededException, InternalServerException, ThrottlingException; see the top.
 */
int oc_put_upload_part(struct oc_client *client, const struct oc_put_upload_part_input *input,
                       struct oc_put_upload_part_output *output, struct oc_error *error);

/** Begin PutUploadPart without waiting for its end; see the top. */
int oc_put_upload_part_start(struct oc_client *client, const struct oc_put_upload_part_input *input,
                             struct oc_put_upload_part_output *output, struct oc_completion done,
                             struct oc_call **ret_call, struct oc_error *error);

/** What StartModelVerification takes. */
struct oc_start_model_verification_input {
    /** The model's ARN or name; it must be Active. Required. */
    const char *model_identifier;
};

/** What StartModelVerification answers. */
struct oc_start_model_verification_output {
    /** Owns all below: oc_result_free. */
    struct oc_result *result;
    /** The model. */
    const char *model_arn;
};

/**
 * Have every stored part and file of a model read again and compared with its digest, in the
 * background. One that is under way goes on. Outcrop's own; AWS has no such operation.
 * Errors: ResourceNotFoundException, AccessDeniedException, ConflictException, ValidationException,
 *         InternalServerException, ThrottlingException; see the top.
 */
int oc_start_model_verification(struct oc_client *client, const struct oc_start_model_verification_input *input,
                                struct oc_start_model_verification_output *output, struct oc_error *error);

/** Begin StartModelVerification without waiting for its end; see the top. */
int oc_start_model_verification_start(struct oc_client *client, const struct oc_start_model_verification_input *input,
                                      struct oc_start_model_verification_output *output, struct oc_completion done,
                                      struct oc_call **ret_call, struct oc_error *error);

/** Begin to walk all pages of ListCustomModels; see the top. */
int oc_list_custom_models_begin(struct oc_client *client, const struct oc_list_custom_models_input *input,
                                struct oc_pager **ret_walk, struct oc_error *error);

/** The next element of a walk that oc_list_custom_models_begin began; see the top. */
int oc_list_custom_models_next(struct oc_pager *walk, const struct oc_custom_model_summary **ret_item,
                               struct oc_error *error);

/** Begin to walk all pages of ListModelCopyJobs; see the top. */
int oc_list_model_copy_jobs_begin(struct oc_client *client, const struct oc_list_model_copy_jobs_input *input,
                                  struct oc_pager **ret_walk, struct oc_error *error);

/** The next element of a walk that oc_list_model_copy_jobs_begin began; see the top. */
int oc_list_model_copy_jobs_next(struct oc_pager *walk, const struct oc_model_copy_job_summary **ret_item,
                                 struct oc_error *error);

/** Begin to walk all pages of ListAccessKeys; see the top. */
int oc_list_access_keys_begin(struct oc_client *client, const struct oc_list_access_keys_input *input,
                              struct oc_pager **ret_walk, struct oc_error *error);

/** The next element of a walk that oc_list_access_keys_begin began; see the top. */
int oc_list_access_keys_next(struct oc_pager *walk, const struct oc_access_key_summary **ret_item,
                             struct oc_error *error);

/** Begin to walk all pages of ListAccounts; see the top. */
int oc_list_accounts_begin(struct oc_client *client, const struct oc_list_accounts_input *input,
                           struct oc_pager **ret_walk, struct oc_error *error);

/** The next element of a walk that oc_list_accounts_begin began; see the top. */
int oc_list_accounts_next(struct oc_pager *walk, const struct oc_account_summary **ret_item,
                          struct oc_error *error);

/** Begin to walk all pages of ListUploadParts; see the top. */
int oc_list_upload_parts_begin(struct oc_client *client, const struct oc_list_upload_parts_input *input,
                               struct oc_pager **ret_walk, struct oc_error *error);

/** The next element of a walk that oc_list_upload_parts_begin began; see the top. */
int oc_list_upload_parts_next(struct oc_pager *walk, const struct oc_upload_part **ret_item,
                              struct oc_error *error);

#ifdef __cplusplus
}
#endif

#endif
