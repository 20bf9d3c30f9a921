/* Generated from api/ by tools/gen_client.py. Do not edit: change api/ and run it again. */
#include "client/wire.h"

static const struct oc_wire_type type_custom_model_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_s3_uri = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_member members_s3_data_source[] = {
    {{"s3Uri", 5}, "s3Uri", OC_WIRE_BODY, true, false, &type_s3_uri, offsetof(struct oc_s3_data_source, s3_uri)},
};
static const struct oc_wire_type type_s3_data_source = {.kind = OC_WIRE_STRUCTURE, .members = members_s3_data_source, .member_count = 1, .size = sizeof(struct oc_s3_data_source)};
static const struct oc_wire_member members_model_data_source[] = {
    {{"s3DataSource", 12}, "s3DataSource", OC_WIRE_BODY, false, false, &type_s3_data_source, offsetof(struct oc_model_data_source, s3_data_source)},
};
static const struct oc_wire_type type_model_data_source = {.kind = OC_WIRE_UNION, .members = members_model_data_source, .member_count = 1, .size = sizeof(struct oc_model_data_source)};
static const struct oc_wire_type type_model_package_arn = {.kind = OC_WIRE_STRING};
static const struct oc_wire_member members_model_package_arn_data_source[] = {
    {{"modelPackageArn", 15}, "modelPackageArn", OC_WIRE_BODY, true, false, &type_model_package_arn, offsetof(struct oc_model_package_arn_data_source, model_package_arn)},
};
static const struct oc_wire_type type_model_package_arn_data_source = {.kind = OC_WIRE_STRUCTURE, .members = members_model_package_arn_data_source, .member_count = 1, .size = sizeof(struct oc_model_package_arn_data_source)};
static const struct oc_wire_member members_custom_model_data_source[] = {
    {{"modelPackageArnDataSource", 25}, "modelPackageArnDataSource", OC_WIRE_BODY, false, false, &type_model_package_arn_data_source, offsetof(struct oc_custom_model_data_source, model_package_arn_data_source)},
};
static const struct oc_wire_type type_custom_model_data_source = {.kind = OC_WIRE_UNION, .members = members_custom_model_data_source, .member_count = 1, .size = sizeof(struct oc_custom_model_data_source)};
static const struct oc_wire_type type_kms_key_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_role_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 0};
static const struct oc_wire_type type_tag_key = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_tag_value = {.kind = OC_WIRE_STRING, .has_min = true, .min = 0};
static const struct oc_wire_member members_tag[] = {
    {{"key", 3}, "key", OC_WIRE_BODY, true, false, &type_tag_key, offsetof(struct oc_tag, key)},
    {{"value", 5}, "value", OC_WIRE_BODY, true, false, &type_tag_value, offsetof(struct oc_tag, value)},
};
static const struct oc_wire_type type_tag = {.kind = OC_WIRE_STRUCTURE, .members = members_tag, .member_count = 2, .size = sizeof(struct oc_tag)};
static const struct oc_wire_type type_tag_list = {.kind = OC_WIRE_LIST, .has_min = true, .min = 0, .item = &type_tag};
static const struct oc_wire_type type_idempotency_token = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_model_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 20};
static const struct oc_wire_type type_kms_key_id = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_model_copy_job_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 0};
static const struct oc_wire_type type_model_identifier = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_resource_policy_resource_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_job_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_model_customization_job_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 0};
static const struct oc_wire_type type_customization_type = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_model_customization_hyper_parameters = {.kind = OC_WIRE_MAP};
static const struct oc_wire_type type_use_prompt_response = {.kind = OC_WIRE_BOOLEAN};
static const struct oc_wire_member members_invocation_log_source[] = {
    {{"s3Uri", 5}, "s3Uri", OC_WIRE_BODY, false, false, &type_s3_uri, offsetof(struct oc_invocation_log_source, s3_uri)},
};
static const struct oc_wire_type type_invocation_log_source = {.kind = OC_WIRE_UNION, .members = members_invocation_log_source, .member_count = 1, .size = sizeof(struct oc_invocation_log_source)};
static const struct oc_wire_type type_request_metadata_map = {.kind = OC_WIRE_MAP, .has_min = true, .min = 1};
static const struct oc_wire_member members_request_metadata_base_filters[] = {
    {{"equals", 6}, "equals", OC_WIRE_BODY, false, false, &type_request_metadata_map, offsetof(struct oc_request_metadata_base_filters, equals)},
    {{"notEquals", 9}, "notEquals", OC_WIRE_BODY, false, false, &type_request_metadata_map, offsetof(struct oc_request_metadata_base_filters, not_equals)},
};
static const struct oc_wire_type type_request_metadata_base_filters = {.kind = OC_WIRE_STRUCTURE, .members = members_request_metadata_base_filters, .member_count = 2, .size = sizeof(struct oc_request_metadata_base_filters)};
static const struct oc_wire_type type_request_metadata_filters_list = {.kind = OC_WIRE_LIST, .has_min = true, .min = 1, .item = &type_request_metadata_base_filters};
static const struct oc_wire_member members_request_metadata_filters[] = {
    {{"equals", 6}, "equals", OC_WIRE_BODY, false, false, &type_request_metadata_map, offsetof(struct oc_request_metadata_filters, equals)},
    {{"notEquals", 9}, "notEquals", OC_WIRE_BODY, false, false, &type_request_metadata_map, offsetof(struct oc_request_metadata_filters, not_equals)},
    {{"andAll", 6}, "andAll", OC_WIRE_BODY, false, false, &type_request_metadata_filters_list, offsetof(struct oc_request_metadata_filters, and_all)},
    {{"orAll", 5}, "orAll", OC_WIRE_BODY, false, false, &type_request_metadata_filters_list, offsetof(struct oc_request_metadata_filters, or_all)},
};
static const struct oc_wire_type type_request_metadata_filters = {.kind = OC_WIRE_UNION, .members = members_request_metadata_filters, .member_count = 4, .size = sizeof(struct oc_request_metadata_filters)};
static const struct oc_wire_member members_invocation_logs_config[] = {
    {{"usePromptResponse", 17}, "usePromptResponse", OC_WIRE_BODY, false, false, &type_use_prompt_response, offsetof(struct oc_invocation_logs_config, use_prompt_response)},
    {{"invocationLogSource", 19}, "invocationLogSource", OC_WIRE_BODY, true, false, &type_invocation_log_source, offsetof(struct oc_invocation_logs_config, invocation_log_source)},
    {{"requestMetadataFilters", 22}, "requestMetadataFilters", OC_WIRE_BODY, false, false, &type_request_metadata_filters, offsetof(struct oc_invocation_logs_config, request_metadata_filters)},
};
static const struct oc_wire_type type_invocation_logs_config = {.kind = OC_WIRE_STRUCTURE, .members = members_invocation_logs_config, .member_count = 3, .size = sizeof(struct oc_invocation_logs_config)};
static const struct oc_wire_member members_training_data_config[] = {
    {{"s3Uri", 5}, "s3Uri", OC_WIRE_BODY, false, false, &type_s3_uri, offsetof(struct oc_training_data_config, s3_uri)},
    {{"invocationLogsConfig", 20}, "invocationLogsConfig", OC_WIRE_BODY, false, false, &type_invocation_logs_config, offsetof(struct oc_training_data_config, invocation_logs_config)},
};
static const struct oc_wire_type type_training_data_config = {.kind = OC_WIRE_STRUCTURE, .members = members_training_data_config, .member_count = 2, .size = sizeof(struct oc_training_data_config)};
static const struct oc_wire_member members_validator[] = {
    {{"s3Uri", 5}, "s3Uri", OC_WIRE_BODY, true, false, &type_s3_uri, offsetof(struct oc_validator, s3_uri)},
};
static const struct oc_wire_type type_validator = {.kind = OC_WIRE_STRUCTURE, .members = members_validator, .member_count = 1, .size = sizeof(struct oc_validator)};
static const struct oc_wire_type type_validators = {.kind = OC_WIRE_LIST, .has_min = true, .min = 0, .item = &type_validator};
static const struct oc_wire_member members_validation_data_config[] = {
    {{"validators", 10}, "validators", OC_WIRE_BODY, true, false, &type_validators, offsetof(struct oc_validation_data_config, validators)},
};
static const struct oc_wire_type type_validation_data_config = {.kind = OC_WIRE_STRUCTURE, .members = members_validation_data_config, .member_count = 1, .size = sizeof(struct oc_validation_data_config)};
static const struct oc_wire_member members_output_data_config[] = {
    {{"s3Uri", 5}, "s3Uri", OC_WIRE_BODY, true, false, &type_s3_uri, offsetof(struct oc_output_data_config, s3_uri)},
};
static const struct oc_wire_type type_output_data_config = {.kind = OC_WIRE_STRUCTURE, .members = members_output_data_config, .member_count = 1, .size = sizeof(struct oc_output_data_config)};
static const struct oc_wire_type type_metric_float = {.kind = OC_WIRE_REAL};
static const struct oc_wire_member members_training_metrics[] = {
    {{"trainingLoss", 12}, "trainingLoss", OC_WIRE_BODY, false, false, &type_metric_float, offsetof(struct oc_training_metrics, training_loss)},
};
static const struct oc_wire_type type_training_metrics = {.kind = OC_WIRE_STRUCTURE, .members = members_training_metrics, .member_count = 1, .size = sizeof(struct oc_training_metrics)};
static const struct oc_wire_member members_validator_metric[] = {
    {{"validationLoss", 14}, "validationLoss", OC_WIRE_BODY, false, false, &type_metric_float, offsetof(struct oc_validator_metric, validation_loss)},
};
static const struct oc_wire_type type_validator_metric = {.kind = OC_WIRE_STRUCTURE, .members = members_validator_metric, .member_count = 1, .size = sizeof(struct oc_validator_metric)};
static const struct oc_wire_type type_validation_metrics = {.kind = OC_WIRE_LIST, .item = &type_validator_metric};
static const struct oc_wire_type type_timestamp = {.kind = OC_WIRE_TIMESTAMP};
static const struct oc_wire_type type_teacher_model_identifier = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_integer = {.kind = OC_WIRE_INTEGER};
static const struct oc_wire_member members_teacher_model_config[] = {
    {{"teacherModelIdentifier", 22}, "teacherModelIdentifier", OC_WIRE_BODY, true, false, &type_teacher_model_identifier, offsetof(struct oc_teacher_model_config, teacher_model_identifier)},
    {{"maxResponseLengthForInference", 29}, "maxResponseLengthForInference", OC_WIRE_BODY, false, false, &type_integer, offsetof(struct oc_teacher_model_config, max_response_length_for_inference)},
};
static const struct oc_wire_type type_teacher_model_config = {.kind = OC_WIRE_STRUCTURE, .members = members_teacher_model_config, .member_count = 2, .size = sizeof(struct oc_teacher_model_config)};
static const struct oc_wire_member members_distillation_config[] = {
    {{"teacherModelConfig", 18}, "teacherModelConfig", OC_WIRE_BODY, true, false, &type_teacher_model_config, offsetof(struct oc_distillation_config, teacher_model_config)},
};
static const struct oc_wire_type type_distillation_config = {.kind = OC_WIRE_STRUCTURE, .members = members_distillation_config, .member_count = 1, .size = sizeof(struct oc_distillation_config)};
static const struct oc_wire_type type_lambda_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_member members_lambda_grader_config[] = {
    {{"lambdaArn", 9}, "lambdaArn", OC_WIRE_BODY, true, false, &type_lambda_arn, offsetof(struct oc_lambda_grader_config, lambda_arn)},
};
static const struct oc_wire_type type_lambda_grader_config = {.kind = OC_WIRE_STRUCTURE, .members = members_lambda_grader_config, .member_count = 1, .size = sizeof(struct oc_lambda_grader_config)};
static const struct oc_wire_member members_grader_config[] = {
    {{"lambdaGrader", 12}, "lambdaGrader", OC_WIRE_BODY, false, false, &type_lambda_grader_config, offsetof(struct oc_grader_config, lambda_grader)},
};
static const struct oc_wire_type type_grader_config = {.kind = OC_WIRE_UNION, .members = members_grader_config, .member_count = 1, .size = sizeof(struct oc_grader_config)};
static const struct oc_wire_type type_epoch_count = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 1};
static const struct oc_wire_type type_rft_batch_size = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 16};
static const struct oc_wire_type type_rft_learning_rate = {.kind = OC_WIRE_REAL};
static const struct oc_wire_type type_rft_max_prompt_length = {.kind = OC_WIRE_INTEGER};
static const struct oc_wire_type type_rft_training_sample_per_prompt = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 2};
static const struct oc_wire_type type_rft_inference_max_tokens = {.kind = OC_WIRE_INTEGER};
static const struct oc_wire_type type_reasoning_effort = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_rft_eval_interval = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 1};
static const struct oc_wire_member members_rft_hyper_parameters[] = {
    {{"epochCount", 10}, "epochCount", OC_WIRE_BODY, false, false, &type_epoch_count, offsetof(struct oc_rft_hyper_parameters, epoch_count)},
    {{"batchSize", 9}, "batchSize", OC_WIRE_BODY, false, false, &type_rft_batch_size, offsetof(struct oc_rft_hyper_parameters, batch_size)},
    {{"learningRate", 12}, "learningRate", OC_WIRE_BODY, false, false, &type_rft_learning_rate, offsetof(struct oc_rft_hyper_parameters, learning_rate)},
    {{"maxPromptLength", 15}, "maxPromptLength", OC_WIRE_BODY, false, false, &type_rft_max_prompt_length, offsetof(struct oc_rft_hyper_parameters, max_prompt_length)},
    {{"trainingSamplePerPrompt", 23}, "trainingSamplePerPrompt", OC_WIRE_BODY, false, false, &type_rft_training_sample_per_prompt, offsetof(struct oc_rft_hyper_parameters, training_sample_per_prompt)},
    {{"inferenceMaxTokens", 18}, "inferenceMaxTokens", OC_WIRE_BODY, false, false, &type_rft_inference_max_tokens, offsetof(struct oc_rft_hyper_parameters, inference_max_tokens)},
    {{"reasoningEffort", 15}, "reasoningEffort", OC_WIRE_BODY, false, false, &type_reasoning_effort, offsetof(struct oc_rft_hyper_parameters, reasoning_effort)},
    {{"evalInterval", 12}, "evalInterval", OC_WIRE_BODY, false, false, &type_rft_eval_interval, offsetof(struct oc_rft_hyper_parameters, eval_interval)},
};
static const struct oc_wire_type type_rft_hyper_parameters = {.kind = OC_WIRE_STRUCTURE, .members = members_rft_hyper_parameters, .member_count = 8, .size = sizeof(struct oc_rft_hyper_parameters)};
static const struct oc_wire_member members_rft_config[] = {
    {{"graderConfig", 12}, "graderConfig", OC_WIRE_BODY, false, false, &type_grader_config, offsetof(struct oc_rft_config, grader_config)},
    {{"hyperParameters", 15}, "hyperParameters", OC_WIRE_BODY, false, false, &type_rft_hyper_parameters, offsetof(struct oc_rft_config, hyper_parameters)},
};
static const struct oc_wire_type type_rft_config = {.kind = OC_WIRE_STRUCTURE, .members = members_rft_config, .member_count = 2, .size = sizeof(struct oc_rft_config)};
static const struct oc_wire_member members_customization_config[] = {
    {{"distillationConfig", 18}, "distillationConfig", OC_WIRE_BODY, false, false, &type_distillation_config, offsetof(struct oc_customization_config, distillation_config)},
    {{"rftConfig", 9}, "rftConfig", OC_WIRE_BODY, false, false, &type_rft_config, offsetof(struct oc_customization_config, rft_config)},
};
static const struct oc_wire_type type_customization_config = {.kind = OC_WIRE_UNION, .members = members_customization_config, .member_count = 2, .size = sizeof(struct oc_customization_config)};
static const struct oc_wire_type type_model_status = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_error_message = {.kind = OC_WIRE_STRING, .has_min = true, .min = 0};
static const struct oc_wire_type type_model_copy_job_status = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_custom_model_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 20};
static const struct oc_wire_type type_account_id = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_resource_policy_document = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_foundation_model_arn = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_max_results = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 1};
static const struct oc_wire_type type_pagination_token = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_sort_models_by = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_sort_order = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_boolean = {.kind = OC_WIRE_BOOLEAN};
static const struct oc_wire_type type_model_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_member members_custom_model_summary[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_custom_model_arn, offsetof(struct oc_custom_model_summary, model_arn)},
    {{"modelName", 9}, "modelName", OC_WIRE_BODY, true, false, &type_custom_model_name, offsetof(struct oc_custom_model_summary, model_name)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_custom_model_summary, creation_time)},
    {{"baseModelArn", 12}, "baseModelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_custom_model_summary, base_model_arn)},
    {{"baseModelName", 13}, "baseModelName", OC_WIRE_BODY, true, false, &type_model_name, offsetof(struct oc_custom_model_summary, base_model_name)},
    {{"customizationType", 17}, "customizationType", OC_WIRE_BODY, false, false, &type_customization_type, offsetof(struct oc_custom_model_summary, customization_type)},
    {{"ownerAccountId", 14}, "ownerAccountId", OC_WIRE_BODY, false, false, &type_account_id, offsetof(struct oc_custom_model_summary, owner_account_id)},
    {{"modelStatus", 11}, "modelStatus", OC_WIRE_BODY, false, false, &type_model_status, offsetof(struct oc_custom_model_summary, model_status)},
};
static const struct oc_wire_type type_custom_model_summary = {.kind = OC_WIRE_STRUCTURE, .members = members_custom_model_summary, .member_count = 8, .size = sizeof(struct oc_custom_model_summary)};
static const struct oc_wire_type type_custom_model_summary_list = {.kind = OC_WIRE_LIST, .item = &type_custom_model_summary};
static const struct oc_wire_type type_sort_jobs_by = {.kind = OC_WIRE_STRING};
static const struct oc_wire_member members_model_copy_job_summary[] = {
    {{"jobArn", 6}, "jobArn", OC_WIRE_BODY, true, false, &type_model_copy_job_arn, offsetof(struct oc_model_copy_job_summary, job_arn)},
    {{"status", 6}, "status", OC_WIRE_BODY, true, false, &type_model_copy_job_status, offsetof(struct oc_model_copy_job_summary, status)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_model_copy_job_summary, creation_time)},
    {{"targetModelArn", 14}, "targetModelArn", OC_WIRE_BODY, true, false, &type_custom_model_arn, offsetof(struct oc_model_copy_job_summary, target_model_arn)},
    {{"targetModelName", 15}, "targetModelName", OC_WIRE_BODY, false, false, &type_custom_model_name, offsetof(struct oc_model_copy_job_summary, target_model_name)},
    {{"sourceAccountId", 15}, "sourceAccountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_model_copy_job_summary, source_account_id)},
    {{"sourceModelArn", 14}, "sourceModelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_model_copy_job_summary, source_model_arn)},
    {{"targetModelKmsKeyArn", 20}, "targetModelKmsKeyArn", OC_WIRE_BODY, false, false, &type_kms_key_arn, offsetof(struct oc_model_copy_job_summary, target_model_kms_key_arn)},
    {{"targetModelTags", 15}, "targetModelTags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_model_copy_job_summary, target_model_tags)},
    {{"failureMessage", 14}, "failureMessage", OC_WIRE_BODY, false, false, &type_error_message, offsetof(struct oc_model_copy_job_summary, failure_message)},
    {{"sourceModelName", 15}, "sourceModelName", OC_WIRE_BODY, false, false, &type_custom_model_name, offsetof(struct oc_model_copy_job_summary, source_model_name)},
};
static const struct oc_wire_type type_model_copy_job_summary = {.kind = OC_WIRE_STRUCTURE, .members = members_model_copy_job_summary, .member_count = 11, .size = sizeof(struct oc_model_copy_job_summary)};
static const struct oc_wire_type type_model_copy_job_summaries = {.kind = OC_WIRE_LIST, .item = &type_model_copy_job_summary};
static const struct oc_wire_type type_taggable_resources_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 20};
static const struct oc_wire_type type_tag_key_list = {.kind = OC_WIRE_LIST, .has_min = true, .min = 0, .item = &type_tag_key};
static const struct oc_wire_type type_upload_id = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_user_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_identity_policy_document = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_session_duration = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 900};
static const struct oc_wire_type type_access_key_id = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_secret = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_account_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_kms_alias_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 7};
static const struct oc_wire_type type_kms_key_id_or_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_kms_description = {.kind = OC_WIRE_STRING, .has_min = true, .min = 0};
static const struct oc_wire_type type_kms_key_uuid = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_count = {.kind = OC_WIRE_INTEGER, .has_min = true, .min = 0};
static const struct oc_wire_type type_iam_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 20};
static const struct oc_wire_type type_region_name = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_type type_copy_phase = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_string = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_sha256 = {.kind = OC_WIRE_STRING, .has_min = true, .min = 64};
static const struct oc_wire_type type_model_verification_status = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_model_file_path = {.kind = OC_WIRE_STRING, .has_min = true, .min = 1};
static const struct oc_wire_member members_model_verification_finding[] = {
    {{"file", 4}, "file", OC_WIRE_BODY, true, false, &type_model_file_path, offsetof(struct oc_model_verification_finding, file)},
    {{"part", 4}, "part", OC_WIRE_BODY, false, false, &type_count, offsetof(struct oc_model_verification_finding, part)},
    {{"problem", 7}, "problem", OC_WIRE_BODY, true, false, &type_error_message, offsetof(struct oc_model_verification_finding, problem)},
    {{"repaired", 8}, "repaired", OC_WIRE_BODY, true, false, &type_boolean, offsetof(struct oc_model_verification_finding, repaired)},
};
static const struct oc_wire_type type_model_verification_finding = {.kind = OC_WIRE_STRUCTURE, .members = members_model_verification_finding, .member_count = 4, .size = sizeof(struct oc_model_verification_finding)};
static const struct oc_wire_type type_model_verification_findings = {.kind = OC_WIRE_LIST, .item = &type_model_verification_finding};
static const struct oc_wire_type type_principal_arn = {.kind = OC_WIRE_STRING, .has_min = true, .min = 20};
static const struct oc_wire_type type_access_key_status = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_access_key_kind = {.kind = OC_WIRE_STRING};
static const struct oc_wire_member members_access_key_summary[] = {
    {{"accessKeyId", 11}, "accessKeyId", OC_WIRE_BODY, true, false, &type_access_key_id, offsetof(struct oc_access_key_summary, access_key_id)},
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_access_key_summary, account_id)},
    {{"userName", 8}, "userName", OC_WIRE_BODY, true, false, &type_user_name, offsetof(struct oc_access_key_summary, user_name)},
    {{"status", 6}, "status", OC_WIRE_BODY, true, false, &type_access_key_status, offsetof(struct oc_access_key_summary, status)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_access_key_summary, creation_time)},
    {{"expiration", 10}, "expiration", OC_WIRE_BODY, false, false, &type_timestamp, offsetof(struct oc_access_key_summary, expiration)},
    {{"kind", 4}, "kind", OC_WIRE_BODY, true, false, &type_access_key_kind, offsetof(struct oc_access_key_summary, kind)},
};
static const struct oc_wire_type type_access_key_summary = {.kind = OC_WIRE_STRUCTURE, .members = members_access_key_summary, .member_count = 7, .size = sizeof(struct oc_access_key_summary)};
static const struct oc_wire_type type_access_key_summaries = {.kind = OC_WIRE_LIST, .item = &type_access_key_summary};
static const struct oc_wire_member members_account_summary[] = {
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_account_summary, account_id)},
    {{"name", 4}, "name", OC_WIRE_BODY, false, false, &type_account_name, offsetof(struct oc_account_summary, name)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_account_summary, creation_time)},
};
static const struct oc_wire_type type_account_summary = {.kind = OC_WIRE_STRUCTURE, .members = members_account_summary, .member_count = 3, .size = sizeof(struct oc_account_summary)};
static const struct oc_wire_type type_account_summaries = {.kind = OC_WIRE_LIST, .item = &type_account_summary};
static const struct oc_wire_type type_kms_key_status = {.kind = OC_WIRE_STRING};
static const struct oc_wire_type type_kms_alias_names = {.kind = OC_WIRE_LIST, .item = &type_kms_alias_name};
static const struct oc_wire_member members_kms_key_summary[] = {
    {{"keyArn", 6}, "keyArn", OC_WIRE_BODY, true, false, &type_kms_key_arn, offsetof(struct oc_kms_key_summary, key_arn)},
    {{"keyId", 5}, "keyId", OC_WIRE_BODY, true, false, &type_kms_key_uuid, offsetof(struct oc_kms_key_summary, key_id)},
    {{"status", 6}, "status", OC_WIRE_BODY, true, false, &type_kms_key_status, offsetof(struct oc_kms_key_summary, status)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_kms_key_summary, creation_time)},
    {{"description", 11}, "description", OC_WIRE_BODY, false, false, &type_kms_description, offsetof(struct oc_kms_key_summary, description)},
    {{"aliases", 7}, "aliases", OC_WIRE_BODY, true, false, &type_kms_alias_names, offsetof(struct oc_kms_key_summary, aliases)},
};
static const struct oc_wire_type type_kms_key_summary = {.kind = OC_WIRE_STRUCTURE, .members = members_kms_key_summary, .member_count = 6, .size = sizeof(struct oc_kms_key_summary)};
static const struct oc_wire_type type_kms_key_summaries = {.kind = OC_WIRE_LIST, .item = &type_kms_key_summary};
static const struct oc_wire_member members_upload_part[] = {
    {{"sha256", 6}, "sha256", OC_WIRE_BODY, true, false, &type_sha256, offsetof(struct oc_upload_part, sha256)},
    {{"sizeBytes", 9}, "sizeBytes", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_upload_part, size_bytes)},
};
static const struct oc_wire_type type_upload_part = {.kind = OC_WIRE_STRUCTURE, .members = members_upload_part, .member_count = 2, .size = sizeof(struct oc_upload_part)};
static const struct oc_wire_type type_upload_parts = {.kind = OC_WIRE_LIST, .item = &type_upload_part};

static const struct oc_wire_member in_create_custom_model[] = {
    {{"modelName", 9}, "modelName", OC_WIRE_BODY, true, false, &type_custom_model_name, offsetof(struct oc_create_custom_model_input, model_name)},
    {{"modelSourceConfig", 17}, "modelSourceConfig", OC_WIRE_BODY, false, false, &type_model_data_source, offsetof(struct oc_create_custom_model_input, model_source_config)},
    {{"customModelDataSource", 21}, "customModelDataSource", OC_WIRE_BODY, false, false, &type_custom_model_data_source, offsetof(struct oc_create_custom_model_input, custom_model_data_source)},
    {{"modelKmsKeyArn", 14}, "modelKmsKeyArn", OC_WIRE_BODY, false, false, &type_kms_key_arn, offsetof(struct oc_create_custom_model_input, model_kms_key_arn)},
    {{"roleArn", 7}, "roleArn", OC_WIRE_BODY, false, false, &type_role_arn, offsetof(struct oc_create_custom_model_input, role_arn)},
    {{"modelTags", 9}, "modelTags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_create_custom_model_input, model_tags)},
    {{"clientRequestToken", 18}, "clientRequestToken", OC_WIRE_BODY, false, true, &type_idempotency_token, offsetof(struct oc_create_custom_model_input, client_request_token)},
};
static const struct oc_wire_member out_create_custom_model[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_create_custom_model_output, model_arn)},
};
static const struct oc_wire_op op_create_custom_model = {
    .name = "CreateCustomModel", .method = "POST",
    .uri = "/custom-models/create-custom-model",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_custom_model, .member_count = 7, .size = sizeof(struct oc_create_custom_model_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_create_custom_model, .member_count = 1, .size = sizeof(struct oc_create_custom_model_output)}};

int oc_create_custom_model(struct oc_client *client, const struct oc_create_custom_model_input *input,
    struct oc_create_custom_model_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_custom_model, input, output, error);
}

int oc_create_custom_model_start(struct oc_client *client, const struct oc_create_custom_model_input *input,
    struct oc_create_custom_model_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_custom_model, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_create_model_copy_job[] = {
    {{"sourceModelArn", 14}, "sourceModelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_create_model_copy_job_input, source_model_arn)},
    {{"targetModelName", 15}, "targetModelName", OC_WIRE_BODY, true, false, &type_custom_model_name, offsetof(struct oc_create_model_copy_job_input, target_model_name)},
    {{"modelKmsKeyId", 13}, "modelKmsKeyId", OC_WIRE_BODY, false, false, &type_kms_key_id, offsetof(struct oc_create_model_copy_job_input, model_kms_key_id)},
    {{"targetModelTags", 15}, "targetModelTags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_create_model_copy_job_input, target_model_tags)},
    {{"clientRequestToken", 18}, "clientRequestToken", OC_WIRE_BODY, false, true, &type_idempotency_token, offsetof(struct oc_create_model_copy_job_input, client_request_token)},
};
static const struct oc_wire_member out_create_model_copy_job[] = {
    {{"jobArn", 6}, "jobArn", OC_WIRE_BODY, true, false, &type_model_copy_job_arn, offsetof(struct oc_create_model_copy_job_output, job_arn)},
};
static const struct oc_wire_op op_create_model_copy_job = {
    .name = "CreateModelCopyJob", .method = "POST",
    .uri = "/model-copy-jobs",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_model_copy_job, .member_count = 5, .size = sizeof(struct oc_create_model_copy_job_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_create_model_copy_job, .member_count = 1, .size = sizeof(struct oc_create_model_copy_job_output)}};

int oc_create_model_copy_job(struct oc_client *client, const struct oc_create_model_copy_job_input *input,
    struct oc_create_model_copy_job_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_model_copy_job, input, output, error);
}

int oc_create_model_copy_job_start(struct oc_client *client, const struct oc_create_model_copy_job_input *input,
    struct oc_create_model_copy_job_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_model_copy_job, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_delete_custom_model[] = {
    {{"modelIdentifier", 15}, "modelIdentifier", OC_WIRE_PATH, true, false, &type_model_identifier, offsetof(struct oc_delete_custom_model_input, model_identifier)},
};
static const struct oc_wire_op op_delete_custom_model = {
    .name = "DeleteCustomModel", .method = "DELETE",
    .uri = "/custom-models/{modelIdentifier}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_delete_custom_model, .member_count = 1, .size = sizeof(struct oc_delete_custom_model_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_delete_custom_model_output)}};

int oc_delete_custom_model(struct oc_client *client, const struct oc_delete_custom_model_input *input,
    struct oc_delete_custom_model_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_delete_custom_model, input, output, error);
}

int oc_delete_custom_model_start(struct oc_client *client, const struct oc_delete_custom_model_input *input,
    struct oc_delete_custom_model_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_delete_custom_model, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_delete_resource_policy[] = {
    {{"resourceArn", 11}, "resourceArn", OC_WIRE_PATH, true, false, &type_resource_policy_resource_arn, offsetof(struct oc_delete_resource_policy_input, resource_arn)},
};
static const struct oc_wire_op op_delete_resource_policy = {
    .name = "DeleteResourcePolicy", .method = "DELETE",
    .uri = "/resource-policy/{resourceArn}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_delete_resource_policy, .member_count = 1, .size = sizeof(struct oc_delete_resource_policy_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_delete_resource_policy_output)}};

int oc_delete_resource_policy(struct oc_client *client, const struct oc_delete_resource_policy_input *input,
    struct oc_delete_resource_policy_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_delete_resource_policy, input, output, error);
}

int oc_delete_resource_policy_start(struct oc_client *client, const struct oc_delete_resource_policy_input *input,
    struct oc_delete_resource_policy_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_delete_resource_policy, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_custom_model[] = {
    {{"modelIdentifier", 15}, "modelIdentifier", OC_WIRE_PATH, true, false, &type_model_identifier, offsetof(struct oc_get_custom_model_input, model_identifier)},
};
static const struct oc_wire_member out_get_custom_model[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_get_custom_model_output, model_arn)},
    {{"modelName", 9}, "modelName", OC_WIRE_BODY, true, false, &type_custom_model_name, offsetof(struct oc_get_custom_model_output, model_name)},
    {{"jobName", 7}, "jobName", OC_WIRE_BODY, false, false, &type_job_name, offsetof(struct oc_get_custom_model_output, job_name)},
    {{"jobArn", 6}, "jobArn", OC_WIRE_BODY, false, false, &type_model_customization_job_arn, offsetof(struct oc_get_custom_model_output, job_arn)},
    {{"baseModelArn", 12}, "baseModelArn", OC_WIRE_BODY, false, false, &type_model_arn, offsetof(struct oc_get_custom_model_output, base_model_arn)},
    {{"customizationType", 17}, "customizationType", OC_WIRE_BODY, false, false, &type_customization_type, offsetof(struct oc_get_custom_model_output, customization_type)},
    {{"modelKmsKeyArn", 14}, "modelKmsKeyArn", OC_WIRE_BODY, false, false, &type_kms_key_arn, offsetof(struct oc_get_custom_model_output, model_kms_key_arn)},
    {{"hyperParameters", 15}, "hyperParameters", OC_WIRE_BODY, false, false, &type_model_customization_hyper_parameters, offsetof(struct oc_get_custom_model_output, hyper_parameters)},
    {{"trainingDataConfig", 18}, "trainingDataConfig", OC_WIRE_BODY, false, false, &type_training_data_config, offsetof(struct oc_get_custom_model_output, training_data_config)},
    {{"validationDataConfig", 20}, "validationDataConfig", OC_WIRE_BODY, false, false, &type_validation_data_config, offsetof(struct oc_get_custom_model_output, validation_data_config)},
    {{"outputDataConfig", 16}, "outputDataConfig", OC_WIRE_BODY, false, false, &type_output_data_config, offsetof(struct oc_get_custom_model_output, output_data_config)},
    {{"trainingMetrics", 15}, "trainingMetrics", OC_WIRE_BODY, false, false, &type_training_metrics, offsetof(struct oc_get_custom_model_output, training_metrics)},
    {{"validationMetrics", 17}, "validationMetrics", OC_WIRE_BODY, false, false, &type_validation_metrics, offsetof(struct oc_get_custom_model_output, validation_metrics)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_get_custom_model_output, creation_time)},
    {{"customizationConfig", 19}, "customizationConfig", OC_WIRE_BODY, false, false, &type_customization_config, offsetof(struct oc_get_custom_model_output, customization_config)},
    {{"modelStatus", 11}, "modelStatus", OC_WIRE_BODY, false, false, &type_model_status, offsetof(struct oc_get_custom_model_output, model_status)},
    {{"failureMessage", 14}, "failureMessage", OC_WIRE_BODY, false, false, &type_error_message, offsetof(struct oc_get_custom_model_output, failure_message)},
};
static const struct oc_wire_op op_get_custom_model = {
    .name = "GetCustomModel", .method = "GET",
    .uri = "/custom-models/{modelIdentifier}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_custom_model, .member_count = 1, .size = sizeof(struct oc_get_custom_model_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_custom_model, .member_count = 17, .size = sizeof(struct oc_get_custom_model_output)}};

int oc_get_custom_model(struct oc_client *client, const struct oc_get_custom_model_input *input,
    struct oc_get_custom_model_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_custom_model, input, output, error);
}

int oc_get_custom_model_start(struct oc_client *client, const struct oc_get_custom_model_input *input,
    struct oc_get_custom_model_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_custom_model, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_model_copy_job[] = {
    {{"jobArn", 6}, "jobArn", OC_WIRE_PATH, true, false, &type_model_copy_job_arn, offsetof(struct oc_get_model_copy_job_input, job_arn)},
};
static const struct oc_wire_member out_get_model_copy_job[] = {
    {{"jobArn", 6}, "jobArn", OC_WIRE_BODY, true, false, &type_model_copy_job_arn, offsetof(struct oc_get_model_copy_job_output, job_arn)},
    {{"status", 6}, "status", OC_WIRE_BODY, true, false, &type_model_copy_job_status, offsetof(struct oc_get_model_copy_job_output, status)},
    {{"creationTime", 12}, "creationTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_get_model_copy_job_output, creation_time)},
    {{"targetModelArn", 14}, "targetModelArn", OC_WIRE_BODY, true, false, &type_custom_model_arn, offsetof(struct oc_get_model_copy_job_output, target_model_arn)},
    {{"targetModelName", 15}, "targetModelName", OC_WIRE_BODY, false, false, &type_custom_model_name, offsetof(struct oc_get_model_copy_job_output, target_model_name)},
    {{"sourceAccountId", 15}, "sourceAccountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_get_model_copy_job_output, source_account_id)},
    {{"sourceModelArn", 14}, "sourceModelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_get_model_copy_job_output, source_model_arn)},
    {{"targetModelKmsKeyArn", 20}, "targetModelKmsKeyArn", OC_WIRE_BODY, false, false, &type_kms_key_arn, offsetof(struct oc_get_model_copy_job_output, target_model_kms_key_arn)},
    {{"targetModelTags", 15}, "targetModelTags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_get_model_copy_job_output, target_model_tags)},
    {{"failureMessage", 14}, "failureMessage", OC_WIRE_BODY, false, false, &type_error_message, offsetof(struct oc_get_model_copy_job_output, failure_message)},
    {{"sourceModelName", 15}, "sourceModelName", OC_WIRE_BODY, false, false, &type_custom_model_name, offsetof(struct oc_get_model_copy_job_output, source_model_name)},
};
static const struct oc_wire_op op_get_model_copy_job = {
    .name = "GetModelCopyJob", .method = "GET",
    .uri = "/model-copy-jobs/{jobArn}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_model_copy_job, .member_count = 1, .size = sizeof(struct oc_get_model_copy_job_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_model_copy_job, .member_count = 11, .size = sizeof(struct oc_get_model_copy_job_output)}};

int oc_get_model_copy_job(struct oc_client *client, const struct oc_get_model_copy_job_input *input,
    struct oc_get_model_copy_job_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_model_copy_job, input, output, error);
}

int oc_get_model_copy_job_start(struct oc_client *client, const struct oc_get_model_copy_job_input *input,
    struct oc_get_model_copy_job_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_model_copy_job, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_resource_policy[] = {
    {{"resourceArn", 11}, "resourceArn", OC_WIRE_PATH, true, false, &type_resource_policy_resource_arn, offsetof(struct oc_get_resource_policy_input, resource_arn)},
};
static const struct oc_wire_member out_get_resource_policy[] = {
    {{"resourcePolicy", 14}, "resourcePolicy", OC_WIRE_BODY, false, false, &type_resource_policy_document, offsetof(struct oc_get_resource_policy_output, resource_policy)},
};
static const struct oc_wire_op op_get_resource_policy = {
    .name = "GetResourcePolicy", .method = "GET",
    .uri = "/resource-policy/{resourceArn}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_resource_policy, .member_count = 1, .size = sizeof(struct oc_get_resource_policy_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_resource_policy, .member_count = 1, .size = sizeof(struct oc_get_resource_policy_output)}};

int oc_get_resource_policy(struct oc_client *client, const struct oc_get_resource_policy_input *input,
    struct oc_get_resource_policy_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_resource_policy, input, output, error);
}

int oc_get_resource_policy_start(struct oc_client *client, const struct oc_get_resource_policy_input *input,
    struct oc_get_resource_policy_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_resource_policy, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_custom_models[] = {
    {{"creationTimeBefore", 18}, "creationTimeBefore", OC_WIRE_QUERY, false, false, &type_timestamp, offsetof(struct oc_list_custom_models_input, creation_time_before)},
    {{"creationTimeAfter", 17}, "creationTimeAfter", OC_WIRE_QUERY, false, false, &type_timestamp, offsetof(struct oc_list_custom_models_input, creation_time_after)},
    {{"nameContains", 12}, "nameContains", OC_WIRE_QUERY, false, false, &type_custom_model_name, offsetof(struct oc_list_custom_models_input, name_contains)},
    {{"baseModelArnEquals", 18}, "baseModelArnEquals", OC_WIRE_QUERY, false, false, &type_model_arn, offsetof(struct oc_list_custom_models_input, base_model_arn_equals)},
    {{"foundationModelArnEquals", 24}, "foundationModelArnEquals", OC_WIRE_QUERY, false, false, &type_foundation_model_arn, offsetof(struct oc_list_custom_models_input, foundation_model_arn_equals)},
    {{"maxResults", 10}, "maxResults", OC_WIRE_QUERY, false, false, &type_max_results, offsetof(struct oc_list_custom_models_input, max_results)},
    {{"nextToken", 9}, "nextToken", OC_WIRE_QUERY, false, false, &type_pagination_token, offsetof(struct oc_list_custom_models_input, next_token)},
    {{"sortBy", 6}, "sortBy", OC_WIRE_QUERY, false, false, &type_sort_models_by, offsetof(struct oc_list_custom_models_input, sort_by)},
    {{"sortOrder", 9}, "sortOrder", OC_WIRE_QUERY, false, false, &type_sort_order, offsetof(struct oc_list_custom_models_input, sort_order)},
    {{"isOwned", 7}, "isOwned", OC_WIRE_QUERY, false, false, &type_boolean, offsetof(struct oc_list_custom_models_input, is_owned)},
    {{"modelStatus", 11}, "modelStatus", OC_WIRE_QUERY, false, false, &type_model_status, offsetof(struct oc_list_custom_models_input, model_status)},
};
static const struct oc_wire_member out_list_custom_models[] = {
    {{"nextToken", 9}, "nextToken", OC_WIRE_BODY, false, false, &type_pagination_token, offsetof(struct oc_list_custom_models_output, next_token)},
    {{"modelSummaries", 14}, "modelSummaries", OC_WIRE_BODY, false, false, &type_custom_model_summary_list, offsetof(struct oc_list_custom_models_output, model_summaries)},
};
static const struct oc_wire_op op_list_custom_models = {
    .name = "ListCustomModels", .method = "GET",
    .uri = "/custom-models",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_custom_models, .member_count = 11, .size = sizeof(struct oc_list_custom_models_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_custom_models, .member_count = 2, .size = sizeof(struct oc_list_custom_models_output)}};

int oc_list_custom_models(struct oc_client *client, const struct oc_list_custom_models_input *input,
    struct oc_list_custom_models_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_custom_models, input, output, error);
}

int oc_list_custom_models_start(struct oc_client *client, const struct oc_list_custom_models_input *input,
    struct oc_list_custom_models_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_custom_models, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_model_copy_jobs[] = {
    {{"creationTimeAfter", 17}, "creationTimeAfter", OC_WIRE_QUERY, false, false, &type_timestamp, offsetof(struct oc_list_model_copy_jobs_input, creation_time_after)},
    {{"creationTimeBefore", 18}, "creationTimeBefore", OC_WIRE_QUERY, false, false, &type_timestamp, offsetof(struct oc_list_model_copy_jobs_input, creation_time_before)},
    {{"statusEquals", 12}, "statusEquals", OC_WIRE_QUERY, false, false, &type_model_copy_job_status, offsetof(struct oc_list_model_copy_jobs_input, status_equals)},
    {{"sourceAccountEquals", 19}, "sourceAccountEquals", OC_WIRE_QUERY, false, false, &type_account_id, offsetof(struct oc_list_model_copy_jobs_input, source_account_equals)},
    {{"sourceModelArnEquals", 20}, "sourceModelArnEquals", OC_WIRE_QUERY, false, false, &type_model_arn, offsetof(struct oc_list_model_copy_jobs_input, source_model_arn_equals)},
    {{"targetModelNameContains", 23}, "outputModelNameContains", OC_WIRE_QUERY, false, false, &type_custom_model_name, offsetof(struct oc_list_model_copy_jobs_input, target_model_name_contains)},
    {{"maxResults", 10}, "maxResults", OC_WIRE_QUERY, false, false, &type_max_results, offsetof(struct oc_list_model_copy_jobs_input, max_results)},
    {{"nextToken", 9}, "nextToken", OC_WIRE_QUERY, false, false, &type_pagination_token, offsetof(struct oc_list_model_copy_jobs_input, next_token)},
    {{"sortBy", 6}, "sortBy", OC_WIRE_QUERY, false, false, &type_sort_jobs_by, offsetof(struct oc_list_model_copy_jobs_input, sort_by)},
    {{"sortOrder", 9}, "sortOrder", OC_WIRE_QUERY, false, false, &type_sort_order, offsetof(struct oc_list_model_copy_jobs_input, sort_order)},
};
static const struct oc_wire_member out_list_model_copy_jobs[] = {
    {{"nextToken", 9}, "nextToken", OC_WIRE_BODY, false, false, &type_pagination_token, offsetof(struct oc_list_model_copy_jobs_output, next_token)},
    {{"modelCopyJobSummaries", 21}, "modelCopyJobSummaries", OC_WIRE_BODY, false, false, &type_model_copy_job_summaries, offsetof(struct oc_list_model_copy_jobs_output, model_copy_job_summaries)},
};
static const struct oc_wire_op op_list_model_copy_jobs = {
    .name = "ListModelCopyJobs", .method = "GET",
    .uri = "/model-copy-jobs",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_model_copy_jobs, .member_count = 10, .size = sizeof(struct oc_list_model_copy_jobs_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_model_copy_jobs, .member_count = 2, .size = sizeof(struct oc_list_model_copy_jobs_output)}};

int oc_list_model_copy_jobs(struct oc_client *client, const struct oc_list_model_copy_jobs_input *input,
    struct oc_list_model_copy_jobs_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_model_copy_jobs, input, output, error);
}

int oc_list_model_copy_jobs_start(struct oc_client *client, const struct oc_list_model_copy_jobs_input *input,
    struct oc_list_model_copy_jobs_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_model_copy_jobs, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_tags_for_resource[] = {
    {{"resourceARN", 11}, "resourceARN", OC_WIRE_BODY, true, false, &type_taggable_resources_arn, offsetof(struct oc_list_tags_for_resource_input, resource_arn)},
};
static const struct oc_wire_member out_list_tags_for_resource[] = {
    {{"tags", 4}, "tags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_list_tags_for_resource_output, tags)},
};
static const struct oc_wire_op op_list_tags_for_resource = {
    .name = "ListTagsForResource", .method = "POST",
    .uri = "/listTagsForResource",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_tags_for_resource, .member_count = 1, .size = sizeof(struct oc_list_tags_for_resource_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_tags_for_resource, .member_count = 1, .size = sizeof(struct oc_list_tags_for_resource_output)}};

int oc_list_tags_for_resource(struct oc_client *client, const struct oc_list_tags_for_resource_input *input,
    struct oc_list_tags_for_resource_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_tags_for_resource, input, output, error);
}

int oc_list_tags_for_resource_start(struct oc_client *client, const struct oc_list_tags_for_resource_input *input,
    struct oc_list_tags_for_resource_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_tags_for_resource, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_put_resource_policy[] = {
    {{"resourceArn", 11}, "resourceArn", OC_WIRE_BODY, true, false, &type_resource_policy_resource_arn, offsetof(struct oc_put_resource_policy_input, resource_arn)},
    {{"resourcePolicy", 14}, "resourcePolicy", OC_WIRE_BODY, true, false, &type_resource_policy_document, offsetof(struct oc_put_resource_policy_input, resource_policy)},
};
static const struct oc_wire_member out_put_resource_policy[] = {
    {{"resourceArn", 11}, "resourceArn", OC_WIRE_BODY, false, false, &type_resource_policy_resource_arn, offsetof(struct oc_put_resource_policy_output, resource_arn)},
};
static const struct oc_wire_op op_put_resource_policy = {
    .name = "PutResourcePolicy", .method = "POST",
    .uri = "/resource-policy",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_put_resource_policy, .member_count = 2, .size = sizeof(struct oc_put_resource_policy_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_put_resource_policy, .member_count = 1, .size = sizeof(struct oc_put_resource_policy_output)}};

int oc_put_resource_policy(struct oc_client *client, const struct oc_put_resource_policy_input *input,
    struct oc_put_resource_policy_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_put_resource_policy, input, output, error);
}

int oc_put_resource_policy_start(struct oc_client *client, const struct oc_put_resource_policy_input *input,
    struct oc_put_resource_policy_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_put_resource_policy, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_tag_resource[] = {
    {{"resourceARN", 11}, "resourceARN", OC_WIRE_BODY, true, false, &type_taggable_resources_arn, offsetof(struct oc_tag_resource_input, resource_arn)},
    {{"tags", 4}, "tags", OC_WIRE_BODY, true, false, &type_tag_list, offsetof(struct oc_tag_resource_input, tags)},
};
static const struct oc_wire_op op_tag_resource = {
    .name = "TagResource", .method = "POST",
    .uri = "/tagResource",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_tag_resource, .member_count = 2, .size = sizeof(struct oc_tag_resource_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_tag_resource_output)}};

int oc_tag_resource(struct oc_client *client, const struct oc_tag_resource_input *input,
    struct oc_tag_resource_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_tag_resource, input, output, error);
}

int oc_tag_resource_start(struct oc_client *client, const struct oc_tag_resource_input *input,
    struct oc_tag_resource_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_tag_resource, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_untag_resource[] = {
    {{"resourceARN", 11}, "resourceARN", OC_WIRE_BODY, true, false, &type_taggable_resources_arn, offsetof(struct oc_untag_resource_input, resource_arn)},
    {{"tagKeys", 7}, "tagKeys", OC_WIRE_BODY, true, false, &type_tag_key_list, offsetof(struct oc_untag_resource_input, tag_keys)},
};
static const struct oc_wire_op op_untag_resource = {
    .name = "UntagResource", .method = "POST",
    .uri = "/untagResource",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_untag_resource, .member_count = 2, .size = sizeof(struct oc_untag_resource_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_untag_resource_output)}};

int oc_untag_resource(struct oc_client *client, const struct oc_untag_resource_input *input,
    struct oc_untag_resource_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_untag_resource, input, output, error);
}

int oc_untag_resource_start(struct oc_client *client, const struct oc_untag_resource_input *input,
    struct oc_untag_resource_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_untag_resource, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_abort_model_upload[] = {
    {{"uploadId", 8}, "uploadId", OC_WIRE_PATH, true, false, &type_upload_id, offsetof(struct oc_abort_model_upload_input, upload_id)},
};
static const struct oc_wire_op op_abort_model_upload = {
    .name = "AbortModelUpload", .method = "DELETE",
    .uri = "/-/uploads/{uploadId}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_abort_model_upload, .member_count = 1, .size = sizeof(struct oc_abort_model_upload_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_abort_model_upload_output)}};

int oc_abort_model_upload(struct oc_client *client, const struct oc_abort_model_upload_input *input,
    struct oc_abort_model_upload_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_abort_model_upload, input, output, error);
}

int oc_abort_model_upload_start(struct oc_client *client, const struct oc_abort_model_upload_input *input,
    struct oc_abort_model_upload_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_abort_model_upload, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_complete_model_upload[] = {
    {{"uploadId", 8}, "uploadId", OC_WIRE_PATH, true, false, &type_upload_id, offsetof(struct oc_complete_model_upload_input, upload_id)},
};
static const struct oc_wire_member out_complete_model_upload[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_custom_model_arn, offsetof(struct oc_complete_model_upload_output, model_arn)},
};
static const struct oc_wire_op op_complete_model_upload = {
    .name = "CompleteModelUpload", .method = "POST",
    .uri = "/-/uploads/{uploadId}/complete",
    .once = true,
    .raw_input = true, .raw_offset = offsetof(struct oc_complete_model_upload_input, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_complete_model_upload, .member_count = 1, .size = sizeof(struct oc_complete_model_upload_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_complete_model_upload, .member_count = 1, .size = sizeof(struct oc_complete_model_upload_output)}};

int oc_complete_model_upload(struct oc_client *client, const struct oc_complete_model_upload_input *input,
    struct oc_complete_model_upload_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_complete_model_upload, input, output, error);
}

int oc_complete_model_upload_start(struct oc_client *client, const struct oc_complete_model_upload_input *input,
    struct oc_complete_model_upload_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_complete_model_upload, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_create_access_key[] = {
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_create_access_key_input, account_id)},
    {{"userName", 8}, "userName", OC_WIRE_BODY, true, false, &type_user_name, offsetof(struct oc_create_access_key_input, user_name)},
    {{"policy", 6}, "policy", OC_WIRE_BODY, false, false, &type_identity_policy_document, offsetof(struct oc_create_access_key_input, policy)},
    {{"sessionDurationSeconds", 22}, "sessionDurationSeconds", OC_WIRE_BODY, false, false, &type_session_duration, offsetof(struct oc_create_access_key_input, session_duration_seconds)},
    {{"bearer", 6}, "bearer", OC_WIRE_BODY, false, false, &type_boolean, offsetof(struct oc_create_access_key_input, bearer)},
};
static const struct oc_wire_member out_create_access_key[] = {
    {{"accessKeyId", 11}, "accessKeyId", OC_WIRE_BODY, true, false, &type_access_key_id, offsetof(struct oc_create_access_key_output, access_key_id)},
    {{"secretAccessKey", 15}, "secretAccessKey", OC_WIRE_BODY, false, false, &type_secret, offsetof(struct oc_create_access_key_output, secret_access_key)},
    {{"sessionToken", 12}, "sessionToken", OC_WIRE_BODY, false, false, &type_secret, offsetof(struct oc_create_access_key_output, session_token)},
    {{"bearerToken", 11}, "bearerToken", OC_WIRE_BODY, false, false, &type_secret, offsetof(struct oc_create_access_key_output, bearer_token)},
    {{"expiration", 10}, "expiration", OC_WIRE_BODY, false, false, &type_timestamp, offsetof(struct oc_create_access_key_output, expiration)},
};
static const struct oc_wire_op op_create_access_key = {
    .name = "CreateAccessKey", .method = "POST",
    .uri = "/-/access-keys",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_access_key, .member_count = 5, .size = sizeof(struct oc_create_access_key_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_create_access_key, .member_count = 5, .size = sizeof(struct oc_create_access_key_output)}};

int oc_create_access_key(struct oc_client *client, const struct oc_create_access_key_input *input,
    struct oc_create_access_key_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_access_key, input, output, error);
}

int oc_create_access_key_start(struct oc_client *client, const struct oc_create_access_key_input *input,
    struct oc_create_access_key_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_access_key, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_create_account[] = {
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_create_account_input, account_id)},
    {{"name", 4}, "name", OC_WIRE_BODY, false, false, &type_account_name, offsetof(struct oc_create_account_input, name)},
};
static const struct oc_wire_op op_create_account = {
    .name = "CreateAccount", .method = "POST",
    .uri = "/-/accounts",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_account, .member_count = 2, .size = sizeof(struct oc_create_account_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_create_account_output)}};

int oc_create_account(struct oc_client *client, const struct oc_create_account_input *input,
    struct oc_create_account_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_account, input, output, error);
}

int oc_create_account_start(struct oc_client *client, const struct oc_create_account_input *input,
    struct oc_create_account_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_account, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_create_kms_alias[] = {
    {{"aliasName", 9}, "aliasName", OC_WIRE_BODY, true, false, &type_kms_alias_name, offsetof(struct oc_create_kms_alias_input, alias_name)},
    {{"keyId", 5}, "keyId", OC_WIRE_BODY, true, false, &type_kms_key_id_or_arn, offsetof(struct oc_create_kms_alias_input, key_id)},
};
static const struct oc_wire_op op_create_kms_alias = {
    .name = "CreateKmsAlias", .method = "POST",
    .uri = "/-/kms/aliases",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_kms_alias, .member_count = 2, .size = sizeof(struct oc_create_kms_alias_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_create_kms_alias_output)}};

int oc_create_kms_alias(struct oc_client *client, const struct oc_create_kms_alias_input *input,
    struct oc_create_kms_alias_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_kms_alias, input, output, error);
}

int oc_create_kms_alias_start(struct oc_client *client, const struct oc_create_kms_alias_input *input,
    struct oc_create_kms_alias_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_kms_alias, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_create_kms_key[] = {
    {{"description", 11}, "description", OC_WIRE_BODY, false, false, &type_kms_description, offsetof(struct oc_create_kms_key_input, description)},
};
static const struct oc_wire_member out_create_kms_key[] = {
    {{"keyArn", 6}, "keyArn", OC_WIRE_BODY, true, false, &type_kms_key_arn, offsetof(struct oc_create_kms_key_output, key_arn)},
    {{"keyId", 5}, "keyId", OC_WIRE_BODY, true, false, &type_kms_key_uuid, offsetof(struct oc_create_kms_key_output, key_id)},
};
static const struct oc_wire_op op_create_kms_key = {
    .name = "CreateKmsKey", .method = "POST",
    .uri = "/-/kms/keys",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_kms_key, .member_count = 1, .size = sizeof(struct oc_create_kms_key_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_create_kms_key, .member_count = 2, .size = sizeof(struct oc_create_kms_key_output)}};

int oc_create_kms_key(struct oc_client *client, const struct oc_create_kms_key_input *input,
    struct oc_create_kms_key_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_kms_key, input, output, error);
}

int oc_create_kms_key_start(struct oc_client *client, const struct oc_create_kms_key_input *input,
    struct oc_create_kms_key_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_kms_key, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_create_model_upload[] = {
    {{"modelName", 9}, "modelName", OC_WIRE_BODY, true, false, &type_custom_model_name, offsetof(struct oc_create_model_upload_input, model_name)},
    {{"modelKmsKeyId", 13}, "modelKmsKeyId", OC_WIRE_BODY, false, false, &type_kms_key_id, offsetof(struct oc_create_model_upload_input, model_kms_key_id)},
    {{"modelTags", 9}, "modelTags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_create_model_upload_input, model_tags)},
    {{"clientRequestToken", 18}, "clientRequestToken", OC_WIRE_BODY, false, true, &type_idempotency_token, offsetof(struct oc_create_model_upload_input, client_request_token)},
};
static const struct oc_wire_member out_create_model_upload[] = {
    {{"uploadId", 8}, "uploadId", OC_WIRE_BODY, true, false, &type_upload_id, offsetof(struct oc_create_model_upload_output, upload_id)},
    {{"partSizeBytes", 13}, "partSizeBytes", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_create_model_upload_output, part_size_bytes)},
};
static const struct oc_wire_op op_create_model_upload = {
    .name = "CreateModelUpload", .method = "POST",
    .uri = "/-/uploads",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_create_model_upload, .member_count = 4, .size = sizeof(struct oc_create_model_upload_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_create_model_upload, .member_count = 2, .size = sizeof(struct oc_create_model_upload_output)}};

int oc_create_model_upload(struct oc_client *client, const struct oc_create_model_upload_input *input,
    struct oc_create_model_upload_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_create_model_upload, input, output, error);
}

int oc_create_model_upload_start(struct oc_client *client, const struct oc_create_model_upload_input *input,
    struct oc_create_model_upload_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_create_model_upload, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_disable_access_key[] = {
    {{"accessKeyId", 11}, "accessKeyId", OC_WIRE_PATH, true, false, &type_access_key_id, offsetof(struct oc_disable_access_key_input, access_key_id)},
};
static const struct oc_wire_op op_disable_access_key = {
    .name = "DisableAccessKey", .method = "POST",
    .uri = "/-/access-keys/{accessKeyId}/disable",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_disable_access_key, .member_count = 1, .size = sizeof(struct oc_disable_access_key_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_disable_access_key_output)}};

int oc_disable_access_key(struct oc_client *client, const struct oc_disable_access_key_input *input,
    struct oc_disable_access_key_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_disable_access_key, input, output, error);
}

int oc_disable_access_key_start(struct oc_client *client, const struct oc_disable_access_key_input *input,
    struct oc_disable_access_key_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_disable_access_key, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_disable_kms_key[] = {
    {{"keyId", 5}, "keyId", OC_WIRE_PATH, true, false, &type_kms_key_id_or_arn, offsetof(struct oc_disable_kms_key_input, key_id)},
};
static const struct oc_wire_op op_disable_kms_key = {
    .name = "DisableKmsKey", .method = "POST",
    .uri = "/-/kms/keys/{keyId}/disable",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_disable_kms_key, .member_count = 1, .size = sizeof(struct oc_disable_kms_key_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_disable_kms_key_output)}};

int oc_disable_kms_key(struct oc_client *client, const struct oc_disable_kms_key_input *input,
    struct oc_disable_kms_key_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_disable_kms_key, input, output, error);
}

int oc_disable_kms_key_start(struct oc_client *client, const struct oc_disable_kms_key_input *input,
    struct oc_disable_kms_key_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_disable_kms_key, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_enable_kms_key[] = {
    {{"keyId", 5}, "keyId", OC_WIRE_PATH, true, false, &type_kms_key_id_or_arn, offsetof(struct oc_enable_kms_key_input, key_id)},
};
static const struct oc_wire_op op_enable_kms_key = {
    .name = "EnableKmsKey", .method = "POST",
    .uri = "/-/kms/keys/{keyId}/enable",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_enable_kms_key, .member_count = 1, .size = sizeof(struct oc_enable_kms_key_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_enable_kms_key_output)}};

int oc_enable_kms_key(struct oc_client *client, const struct oc_enable_kms_key_input *input,
    struct oc_enable_kms_key_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_enable_kms_key, input, output, error);
}

int oc_enable_kms_key_start(struct oc_client *client, const struct oc_enable_kms_key_input *input,
    struct oc_enable_kms_key_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_enable_kms_key, input, output, done, ret_call, error);
}

static const struct oc_wire_member out_get_caller_identity[] = {
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_get_caller_identity_output, account_id)},
    {{"arn", 3}, "arn", OC_WIRE_BODY, true, false, &type_iam_arn, offsetof(struct oc_get_caller_identity_output, arn)},
    {{"accessKeyId", 11}, "accessKeyId", OC_WIRE_BODY, true, false, &type_access_key_id, offsetof(struct oc_get_caller_identity_output, access_key_id)},
    {{"region", 6}, "region", OC_WIRE_BODY, true, false, &type_region_name, offsetof(struct oc_get_caller_identity_output, region)},
};
static const struct oc_wire_op op_get_caller_identity = {
    .name = "GetCallerIdentity", .method = "GET",
    .uri = "/-/whoami",
    .input = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_caller_identity_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_caller_identity, .member_count = 4, .size = sizeof(struct oc_get_caller_identity_output)}};

int oc_get_caller_identity(struct oc_client *client, const struct oc_get_caller_identity_input *input,
    struct oc_get_caller_identity_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_caller_identity, input, output, error);
}

int oc_get_caller_identity_start(struct oc_client *client, const struct oc_get_caller_identity_input *input,
    struct oc_get_caller_identity_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_caller_identity, input, output, done, ret_call, error);
}

static const struct oc_wire_op op_get_metrics = {
    .name = "GetMetrics", .method = "GET",
    .uri = "/-/metrics",
    .raw_output = true, .raw_offset = offsetof(struct oc_get_metrics_output, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_metrics_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_metrics_output)}};

int oc_get_metrics(struct oc_client *client, const struct oc_get_metrics_input *input,
    struct oc_get_metrics_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_metrics, input, output, error);
}

int oc_get_metrics_start(struct oc_client *client, const struct oc_get_metrics_input *input,
    struct oc_get_metrics_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_metrics, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_model_copy_job_progress[] = {
    {{"jobArn", 6}, "jobArn", OC_WIRE_PATH, true, false, &type_model_copy_job_arn, offsetof(struct oc_get_model_copy_job_progress_input, job_arn)},
};
static const struct oc_wire_member out_get_model_copy_job_progress[] = {
    {{"jobArn", 6}, "jobArn", OC_WIRE_BODY, true, false, &type_model_copy_job_arn, offsetof(struct oc_get_model_copy_job_progress_output, job_arn)},
    {{"status", 6}, "status", OC_WIRE_BODY, true, false, &type_model_copy_job_status, offsetof(struct oc_get_model_copy_job_progress_output, status)},
    {{"phase", 5}, "phase", OC_WIRE_BODY, true, false, &type_copy_phase, offsetof(struct oc_get_model_copy_job_progress_output, phase)},
    {{"waitingFor", 10}, "waitingFor", OC_WIRE_BODY, false, false, &type_string, offsetof(struct oc_get_model_copy_job_progress_output, waiting_for)},
    {{"bytesDone", 9}, "bytesDone", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_copy_job_progress_output, bytes_done)},
    {{"bytesTotal", 10}, "bytesTotal", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_copy_job_progress_output, bytes_total)},
    {{"partsDone", 9}, "partsDone", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_copy_job_progress_output, parts_done)},
    {{"partsTotal", 10}, "partsTotal", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_copy_job_progress_output, parts_total)},
    {{"bytesPerSecond", 14}, "bytesPerSecond", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_copy_job_progress_output, bytes_per_second)},
    {{"secondsLeft", 11}, "secondsLeft", OC_WIRE_BODY, false, false, &type_count, offsetof(struct oc_get_model_copy_job_progress_output, seconds_left)},
};
static const struct oc_wire_op op_get_model_copy_job_progress = {
    .name = "GetModelCopyJobProgress", .method = "GET",
    .uri = "/-/model-copy-jobs/{jobArn}/progress",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_model_copy_job_progress, .member_count = 1, .size = sizeof(struct oc_get_model_copy_job_progress_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_model_copy_job_progress, .member_count = 10, .size = sizeof(struct oc_get_model_copy_job_progress_output)}};

int oc_get_model_copy_job_progress(struct oc_client *client, const struct oc_get_model_copy_job_progress_input *input,
    struct oc_get_model_copy_job_progress_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_model_copy_job_progress, input, output, error);
}

int oc_get_model_copy_job_progress_start(struct oc_client *client, const struct oc_get_model_copy_job_progress_input *input,
    struct oc_get_model_copy_job_progress_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_model_copy_job_progress, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_model_manifest[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_PATH, true, false, &type_custom_model_arn, offsetof(struct oc_get_model_manifest_input, model_arn)},
};
static const struct oc_wire_op op_get_model_manifest = {
    .name = "GetModelManifest", .method = "GET",
    .uri = "/-/models/{modelArn}/manifest",
    .raw_output = true, .raw_offset = offsetof(struct oc_get_model_manifest_output, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_model_manifest, .member_count = 1, .size = sizeof(struct oc_get_model_manifest_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_model_manifest_output)}};

int oc_get_model_manifest(struct oc_client *client, const struct oc_get_model_manifest_input *input,
    struct oc_get_model_manifest_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_model_manifest, input, output, error);
}

int oc_get_model_manifest_start(struct oc_client *client, const struct oc_get_model_manifest_input *input,
    struct oc_get_model_manifest_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_model_manifest, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_model_part[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_PATH, true, false, &type_custom_model_arn, offsetof(struct oc_get_model_part_input, model_arn)},
    {{"sha256", 6}, "sha256", OC_WIRE_PATH, true, false, &type_sha256, offsetof(struct oc_get_model_part_input, sha256)},
};
static const struct oc_wire_op op_get_model_part = {
    .name = "GetModelPart", .method = "GET",
    .uri = "/-/models/{modelArn}/parts/{sha256}",
    .raw_output = true, .raw_offset = offsetof(struct oc_get_model_part_output, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_model_part, .member_count = 2, .size = sizeof(struct oc_get_model_part_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_model_part_output)}};

int oc_get_model_part(struct oc_client *client, const struct oc_get_model_part_input *input,
    struct oc_get_model_part_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_model_part, input, output, error);
}

int oc_get_model_part_start(struct oc_client *client, const struct oc_get_model_part_input *input,
    struct oc_get_model_part_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_model_part, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_model_verification[] = {
    {{"modelIdentifier", 15}, "modelIdentifier", OC_WIRE_PATH, true, false, &type_model_identifier, offsetof(struct oc_get_model_verification_input, model_identifier)},
};
static const struct oc_wire_member out_get_model_verification[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_get_model_verification_output, model_arn)},
    {{"status", 6}, "status", OC_WIRE_BODY, true, false, &type_model_verification_status, offsetof(struct oc_get_model_verification_output, status)},
    {{"startTime", 9}, "startTime", OC_WIRE_BODY, true, false, &type_timestamp, offsetof(struct oc_get_model_verification_output, start_time)},
    {{"endTime", 7}, "endTime", OC_WIRE_BODY, false, false, &type_timestamp, offsetof(struct oc_get_model_verification_output, end_time)},
    {{"bytesDone", 9}, "bytesDone", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_verification_output, bytes_done)},
    {{"bytesTotal", 10}, "bytesTotal", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_verification_output, bytes_total)},
    {{"partsDone", 9}, "partsDone", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_verification_output, parts_done)},
    {{"partsTotal", 10}, "partsTotal", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_verification_output, parts_total)},
    {{"bytesPerSecond", 14}, "bytesPerSecond", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_verification_output, bytes_per_second)},
    {{"secondsLeft", 11}, "secondsLeft", OC_WIRE_BODY, false, false, &type_count, offsetof(struct oc_get_model_verification_output, seconds_left)},
    {{"findings", 8}, "findings", OC_WIRE_BODY, true, false, &type_model_verification_findings, offsetof(struct oc_get_model_verification_output, findings)},
    {{"findingCount", 12}, "findingCount", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_model_verification_output, finding_count)},
    {{"failureMessage", 14}, "failureMessage", OC_WIRE_BODY, false, false, &type_error_message, offsetof(struct oc_get_model_verification_output, failure_message)},
};
static const struct oc_wire_op op_get_model_verification = {
    .name = "GetModelVerification", .method = "GET",
    .uri = "/-/models/{modelIdentifier}/verification",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_model_verification, .member_count = 1, .size = sizeof(struct oc_get_model_verification_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_model_verification, .member_count = 13, .size = sizeof(struct oc_get_model_verification_output)}};

int oc_get_model_verification(struct oc_client *client, const struct oc_get_model_verification_input *input,
    struct oc_get_model_verification_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_model_verification, input, output, error);
}

int oc_get_model_verification_start(struct oc_client *client, const struct oc_get_model_verification_input *input,
    struct oc_get_model_verification_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_model_verification, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_peer_manifest[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_PATH, true, false, &type_custom_model_arn, offsetof(struct oc_get_peer_manifest_input, model_arn)},
    {{"sha256", 6}, "sha256", OC_WIRE_PATH, true, false, &type_sha256, offsetof(struct oc_get_peer_manifest_input, sha256)},
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_get_peer_manifest_input, account_id)},
    {{"principalArn", 12}, "principalArn", OC_WIRE_BODY, false, false, &type_principal_arn, offsetof(struct oc_get_peer_manifest_input, principal_arn)},
    {{"region", 6}, "region", OC_WIRE_BODY, true, false, &type_region_name, offsetof(struct oc_get_peer_manifest_input, region)},
    {{"tags", 4}, "tags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_get_peer_manifest_input, tags)},
    {{"sourceModelArn", 14}, "sourceModelArn", OC_WIRE_BODY, false, false, &type_custom_model_arn, offsetof(struct oc_get_peer_manifest_input, source_model_arn)},
};
static const struct oc_wire_op op_get_peer_manifest = {
    .name = "GetPeerManifest", .method = "POST",
    .uri = "/-/peer/models/{modelArn}/manifests/{sha256}",
    .raw_output = true, .raw_offset = offsetof(struct oc_get_peer_manifest_output, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_peer_manifest, .member_count = 7, .size = sizeof(struct oc_get_peer_manifest_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_peer_manifest_output)}};

int oc_get_peer_manifest(struct oc_client *client, const struct oc_get_peer_manifest_input *input,
    struct oc_get_peer_manifest_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_peer_manifest, input, output, error);
}

int oc_get_peer_manifest_start(struct oc_client *client, const struct oc_get_peer_manifest_input *input,
    struct oc_get_peer_manifest_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_peer_manifest, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_peer_model[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_PATH, true, false, &type_custom_model_arn, offsetof(struct oc_get_peer_model_input, model_arn)},
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_get_peer_model_input, account_id)},
    {{"principalArn", 12}, "principalArn", OC_WIRE_BODY, false, false, &type_principal_arn, offsetof(struct oc_get_peer_model_input, principal_arn)},
    {{"region", 6}, "region", OC_WIRE_BODY, true, false, &type_region_name, offsetof(struct oc_get_peer_model_input, region)},
    {{"tags", 4}, "tags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_get_peer_model_input, tags)},
};
static const struct oc_wire_member out_get_peer_model[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_custom_model_arn, offsetof(struct oc_get_peer_model_output, model_arn)},
    {{"modelName", 9}, "modelName", OC_WIRE_BODY, true, false, &type_custom_model_name, offsetof(struct oc_get_peer_model_output, model_name)},
    {{"baseModelArn", 12}, "baseModelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_get_peer_model_output, base_model_arn)},
    {{"modelStatus", 11}, "modelStatus", OC_WIRE_BODY, true, false, &type_model_status, offsetof(struct oc_get_peer_model_output, model_status)},
    {{"manifestSha256", 14}, "manifestSha256", OC_WIRE_BODY, false, false, &type_sha256, offsetof(struct oc_get_peer_model_output, manifest_sha256)},
    {{"sizeBytes", 9}, "sizeBytes", OC_WIRE_BODY, true, false, &type_count, offsetof(struct oc_get_peer_model_output, size_bytes)},
    {{"tags", 4}, "tags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_get_peer_model_output, tags)},
    {{"policyAllows", 12}, "policyAllows", OC_WIRE_BODY, true, false, &type_boolean, offsetof(struct oc_get_peer_model_output, policy_allows)},
};
static const struct oc_wire_op op_get_peer_model = {
    .name = "GetPeerModel", .method = "POST",
    .uri = "/-/peer/models/{modelArn}",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_peer_model, .member_count = 5, .size = sizeof(struct oc_get_peer_model_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_get_peer_model, .member_count = 8, .size = sizeof(struct oc_get_peer_model_output)}};

int oc_get_peer_model(struct oc_client *client, const struct oc_get_peer_model_input *input,
    struct oc_get_peer_model_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_peer_model, input, output, error);
}

int oc_get_peer_model_start(struct oc_client *client, const struct oc_get_peer_model_input *input,
    struct oc_get_peer_model_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_peer_model, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_get_peer_part[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_PATH, true, false, &type_custom_model_arn, offsetof(struct oc_get_peer_part_input, model_arn)},
    {{"sha256", 6}, "sha256", OC_WIRE_PATH, true, false, &type_sha256, offsetof(struct oc_get_peer_part_input, sha256)},
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_get_peer_part_input, account_id)},
    {{"principalArn", 12}, "principalArn", OC_WIRE_BODY, false, false, &type_principal_arn, offsetof(struct oc_get_peer_part_input, principal_arn)},
    {{"region", 6}, "region", OC_WIRE_BODY, true, false, &type_region_name, offsetof(struct oc_get_peer_part_input, region)},
    {{"tags", 4}, "tags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_get_peer_part_input, tags)},
    {{"sourceModelArn", 14}, "sourceModelArn", OC_WIRE_BODY, false, false, &type_custom_model_arn, offsetof(struct oc_get_peer_part_input, source_model_arn)},
};
static const struct oc_wire_op op_get_peer_part = {
    .name = "GetPeerPart", .method = "POST",
    .uri = "/-/peer/models/{modelArn}/parts/{sha256}",
    .raw_output = true, .raw_offset = offsetof(struct oc_get_peer_part_output, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_get_peer_part, .member_count = 7, .size = sizeof(struct oc_get_peer_part_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_get_peer_part_output)}};

int oc_get_peer_part(struct oc_client *client, const struct oc_get_peer_part_input *input,
    struct oc_get_peer_part_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_get_peer_part, input, output, error);
}

int oc_get_peer_part_start(struct oc_client *client, const struct oc_get_peer_part_input *input,
    struct oc_get_peer_part_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_get_peer_part, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_access_keys[] = {
    {{"accountId", 9}, "accountId", OC_WIRE_QUERY, false, false, &type_account_id, offsetof(struct oc_list_access_keys_input, account_id)},
    {{"maxResults", 10}, "maxResults", OC_WIRE_QUERY, false, false, &type_max_results, offsetof(struct oc_list_access_keys_input, max_results)},
    {{"nextToken", 9}, "nextToken", OC_WIRE_QUERY, false, false, &type_pagination_token, offsetof(struct oc_list_access_keys_input, next_token)},
};
static const struct oc_wire_member out_list_access_keys[] = {
    {{"nextToken", 9}, "nextToken", OC_WIRE_BODY, false, false, &type_pagination_token, offsetof(struct oc_list_access_keys_output, next_token)},
    {{"accessKeys", 10}, "accessKeys", OC_WIRE_BODY, true, false, &type_access_key_summaries, offsetof(struct oc_list_access_keys_output, access_keys)},
};
static const struct oc_wire_op op_list_access_keys = {
    .name = "ListAccessKeys", .method = "GET",
    .uri = "/-/access-keys",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_access_keys, .member_count = 3, .size = sizeof(struct oc_list_access_keys_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_access_keys, .member_count = 2, .size = sizeof(struct oc_list_access_keys_output)}};

int oc_list_access_keys(struct oc_client *client, const struct oc_list_access_keys_input *input,
    struct oc_list_access_keys_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_access_keys, input, output, error);
}

int oc_list_access_keys_start(struct oc_client *client, const struct oc_list_access_keys_input *input,
    struct oc_list_access_keys_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_access_keys, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_accounts[] = {
    {{"maxResults", 10}, "maxResults", OC_WIRE_QUERY, false, false, &type_max_results, offsetof(struct oc_list_accounts_input, max_results)},
    {{"nextToken", 9}, "nextToken", OC_WIRE_QUERY, false, false, &type_pagination_token, offsetof(struct oc_list_accounts_input, next_token)},
};
static const struct oc_wire_member out_list_accounts[] = {
    {{"nextToken", 9}, "nextToken", OC_WIRE_BODY, false, false, &type_pagination_token, offsetof(struct oc_list_accounts_output, next_token)},
    {{"accounts", 8}, "accounts", OC_WIRE_BODY, true, false, &type_account_summaries, offsetof(struct oc_list_accounts_output, accounts)},
};
static const struct oc_wire_op op_list_accounts = {
    .name = "ListAccounts", .method = "GET",
    .uri = "/-/accounts",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_accounts, .member_count = 2, .size = sizeof(struct oc_list_accounts_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_accounts, .member_count = 2, .size = sizeof(struct oc_list_accounts_output)}};

int oc_list_accounts(struct oc_client *client, const struct oc_list_accounts_input *input,
    struct oc_list_accounts_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_accounts, input, output, error);
}

int oc_list_accounts_start(struct oc_client *client, const struct oc_list_accounts_input *input,
    struct oc_list_accounts_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_accounts, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_events[] = {
    {{"after", 5}, "after", OC_WIRE_QUERY, false, false, &type_pagination_token, offsetof(struct oc_list_events_input, after)},
    {{"maxResults", 10}, "maxResults", OC_WIRE_QUERY, false, false, &type_max_results, offsetof(struct oc_list_events_input, max_results)},
};
static const struct oc_wire_op op_list_events = {
    .name = "ListEvents", .method = "GET",
    .uri = "/-/events",
    .raw_output = true, .raw_offset = offsetof(struct oc_list_events_output, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_events, .member_count = 2, .size = sizeof(struct oc_list_events_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_list_events_output)}};

int oc_list_events(struct oc_client *client, const struct oc_list_events_input *input,
    struct oc_list_events_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_events, input, output, error);
}

int oc_list_events_start(struct oc_client *client, const struct oc_list_events_input *input,
    struct oc_list_events_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_events, input, output, done, ret_call, error);
}

static const struct oc_wire_member out_list_kms_keys[] = {
    {{"keys", 4}, "keys", OC_WIRE_BODY, true, false, &type_kms_key_summaries, offsetof(struct oc_list_kms_keys_output, keys)},
};
static const struct oc_wire_op op_list_kms_keys = {
    .name = "ListKmsKeys", .method = "GET",
    .uri = "/-/kms/keys",
    .input = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_list_kms_keys_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_kms_keys, .member_count = 1, .size = sizeof(struct oc_list_kms_keys_output)}};

int oc_list_kms_keys(struct oc_client *client, const struct oc_list_kms_keys_input *input,
    struct oc_list_kms_keys_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_kms_keys, input, output, error);
}

int oc_list_kms_keys_start(struct oc_client *client, const struct oc_list_kms_keys_input *input,
    struct oc_list_kms_keys_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_kms_keys, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_list_upload_parts[] = {
    {{"uploadId", 8}, "uploadId", OC_WIRE_PATH, true, false, &type_upload_id, offsetof(struct oc_list_upload_parts_input, upload_id)},
    {{"maxResults", 10}, "maxResults", OC_WIRE_QUERY, false, false, &type_max_results, offsetof(struct oc_list_upload_parts_input, max_results)},
    {{"nextToken", 9}, "nextToken", OC_WIRE_QUERY, false, false, &type_pagination_token, offsetof(struct oc_list_upload_parts_input, next_token)},
};
static const struct oc_wire_member out_list_upload_parts[] = {
    {{"nextToken", 9}, "nextToken", OC_WIRE_BODY, false, false, &type_pagination_token, offsetof(struct oc_list_upload_parts_output, next_token)},
    {{"parts", 5}, "parts", OC_WIRE_BODY, true, false, &type_upload_parts, offsetof(struct oc_list_upload_parts_output, parts)},
};
static const struct oc_wire_op op_list_upload_parts = {
    .name = "ListUploadParts", .method = "GET",
    .uri = "/-/uploads/{uploadId}/parts",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_list_upload_parts, .member_count = 3, .size = sizeof(struct oc_list_upload_parts_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_list_upload_parts, .member_count = 2, .size = sizeof(struct oc_list_upload_parts_output)}};

int oc_list_upload_parts(struct oc_client *client, const struct oc_list_upload_parts_input *input,
    struct oc_list_upload_parts_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_list_upload_parts, input, output, error);
}

int oc_list_upload_parts_start(struct oc_client *client, const struct oc_list_upload_parts_input *input,
    struct oc_list_upload_parts_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_list_upload_parts, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_put_peer_copy[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_PATH, true, false, &type_custom_model_arn, offsetof(struct oc_put_peer_copy_input, model_arn)},
    {{"accountId", 9}, "accountId", OC_WIRE_BODY, true, false, &type_account_id, offsetof(struct oc_put_peer_copy_input, account_id)},
    {{"principalArn", 12}, "principalArn", OC_WIRE_BODY, false, false, &type_principal_arn, offsetof(struct oc_put_peer_copy_input, principal_arn)},
    {{"region", 6}, "region", OC_WIRE_BODY, true, false, &type_region_name, offsetof(struct oc_put_peer_copy_input, region)},
    {{"tags", 4}, "tags", OC_WIRE_BODY, false, false, &type_tag_list, offsetof(struct oc_put_peer_copy_input, tags)},
    {{"copyModelArn", 12}, "copyModelArn", OC_WIRE_BODY, true, false, &type_custom_model_arn, offsetof(struct oc_put_peer_copy_input, copy_model_arn)},
};
static const struct oc_wire_op op_put_peer_copy = {
    .name = "PutPeerCopy", .method = "POST",
    .uri = "/-/peer/models/{modelArn}/copies",
    .once = true,
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_put_peer_copy, .member_count = 6, .size = sizeof(struct oc_put_peer_copy_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_put_peer_copy_output)}};

int oc_put_peer_copy(struct oc_client *client, const struct oc_put_peer_copy_input *input,
    struct oc_put_peer_copy_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_put_peer_copy, input, output, error);
}

int oc_put_peer_copy_start(struct oc_client *client, const struct oc_put_peer_copy_input *input,
    struct oc_put_peer_copy_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_put_peer_copy, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_put_upload_part[] = {
    {{"uploadId", 8}, "uploadId", OC_WIRE_PATH, true, false, &type_upload_id, offsetof(struct oc_put_upload_part_input, upload_id)},
    {{"sha256", 6}, "sha256", OC_WIRE_PATH, true, false, &type_sha256, offsetof(struct oc_put_upload_part_input, sha256)},
};
static const struct oc_wire_op op_put_upload_part = {
    .name = "PutUploadPart", .method = "PUT",
    .uri = "/-/uploads/{uploadId}/parts/{sha256}",
    .raw_input = true, .raw_offset = offsetof(struct oc_put_upload_part_input, body),
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_put_upload_part, .member_count = 2, .size = sizeof(struct oc_put_upload_part_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .size = sizeof(struct oc_put_upload_part_output)}};

int oc_put_upload_part(struct oc_client *client, const struct oc_put_upload_part_input *input,
    struct oc_put_upload_part_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_put_upload_part, input, output, error);
}

int oc_put_upload_part_start(struct oc_client *client, const struct oc_put_upload_part_input *input,
    struct oc_put_upload_part_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_put_upload_part, input, output, done, ret_call, error);
}

static const struct oc_wire_member in_start_model_verification[] = {
    {{"modelIdentifier", 15}, "modelIdentifier", OC_WIRE_PATH, true, false, &type_model_identifier, offsetof(struct oc_start_model_verification_input, model_identifier)},
};
static const struct oc_wire_member out_start_model_verification[] = {
    {{"modelArn", 8}, "modelArn", OC_WIRE_BODY, true, false, &type_model_arn, offsetof(struct oc_start_model_verification_output, model_arn)},
};
static const struct oc_wire_op op_start_model_verification = {
    .name = "StartModelVerification", .method = "POST",
    .uri = "/-/models/{modelIdentifier}/verification",
    .input = {.kind = OC_WIRE_STRUCTURE, .members = in_start_model_verification, .member_count = 1, .size = sizeof(struct oc_start_model_verification_input)},
    .output = {.kind = OC_WIRE_STRUCTURE, .members = out_start_model_verification, .member_count = 1, .size = sizeof(struct oc_start_model_verification_output)}};

int oc_start_model_verification(struct oc_client *client, const struct oc_start_model_verification_input *input,
    struct oc_start_model_verification_output *output, struct oc_error *error)
{
    return oc_wire_call(client, &op_start_model_verification, input, output, error);
}

int oc_start_model_verification_start(struct oc_client *client, const struct oc_start_model_verification_input *input,
    struct oc_start_model_verification_output *output, struct oc_completion done, struct oc_call **ret_call,
    struct oc_error *error)
{
    return oc_wire_start(client, &op_start_model_verification, input, output, done, ret_call, error);
}

static const struct oc_wire_walk walk_list_custom_models = {&op_list_custom_models, &out_list_custom_models[1]};

int oc_list_custom_models_begin(struct oc_client *client, const struct oc_list_custom_models_input *input,
    struct oc_pager **ret_walk, struct oc_error *error)
{
    return oc_wire_walk_begin(client, &walk_list_custom_models, input, ret_walk, error);
}

int oc_list_custom_models_next(struct oc_pager *walk, const struct oc_custom_model_summary **ret_item,
    struct oc_error *error)
{
    const void *item = NULL;
    const int rc = oc_wire_walk_next(walk, &item, error);

    if (rc > 0)
        *ret_item = item;
    return rc;
}

static const struct oc_wire_walk walk_list_model_copy_jobs = {&op_list_model_copy_jobs, &out_list_model_copy_jobs[1]};

int oc_list_model_copy_jobs_begin(struct oc_client *client, const struct oc_list_model_copy_jobs_input *input,
    struct oc_pager **ret_walk, struct oc_error *error)
{
    return oc_wire_walk_begin(client, &walk_list_model_copy_jobs, input, ret_walk, error);
}

int oc_list_model_copy_jobs_next(struct oc_pager *walk, const struct oc_model_copy_job_summary **ret_item,
    struct oc_error *error)
{
    const void *item = NULL;
    const int rc = oc_wire_walk_next(walk, &item, error);

    if (rc > 0)
        *ret_item = item;
    return rc;
}

static const struct oc_wire_walk walk_list_access_keys = {&op_list_access_keys, &out_list_access_keys[1]};

int oc_list_access_keys_begin(struct oc_client *client, const struct oc_list_access_keys_input *input,
    struct oc_pager **ret_walk, struct oc_error *error)
{
    return oc_wire_walk_begin(client, &walk_list_access_keys, input, ret_walk, error);
}

int oc_list_access_keys_next(struct oc_pager *walk, const struct oc_access_key_summary **ret_item,
    struct oc_error *error)
{
    const void *item = NULL;
    const int rc = oc_wire_walk_next(walk, &item, error);

    if (rc > 0)
        *ret_item = item;
    return rc;
}

static const struct oc_wire_walk walk_list_accounts = {&op_list_accounts, &out_list_accounts[1]};

int oc_list_accounts_begin(struct oc_client *client, const struct oc_list_accounts_input *input,
    struct oc_pager **ret_walk, struct oc_error *error)
{
    return oc_wire_walk_begin(client, &walk_list_accounts, input, ret_walk, error);
}

int oc_list_accounts_next(struct oc_pager *walk, const struct oc_account_summary **ret_item,
    struct oc_error *error)
{
    const void *item = NULL;
    const int rc = oc_wire_walk_next(walk, &item, error);

    if (rc > 0)
        *ret_item = item;
    return rc;
}

static const struct oc_wire_walk walk_list_upload_parts = {&op_list_upload_parts, &out_list_upload_parts[1]};

int oc_list_upload_parts_begin(struct oc_client *client, const struct oc_list_upload_parts_input *input,
    struct oc_pager **ret_walk, struct oc_error *error)
{
    return oc_wire_walk_begin(client, &walk_list_upload_parts, input, ret_walk, error);
}

int oc_list_upload_parts_next(struct oc_pager *walk, const struct oc_upload_part **ret_item,
    struct oc_error *error)
{
    const void *item = NULL;
    const int rc = oc_wire_walk_next(walk, &item, error);

    if (rc > 0)
        *ret_item = item;
    return rc;
}

const struct oc_wire_op *const oc_wire_ops[] = {
    &op_create_custom_model,
    &op_create_model_copy_job,
    &op_delete_custom_model,
    &op_delete_resource_policy,
    &op_get_custom_model,
    &op_get_model_copy_job,
    &op_get_resource_policy,
    &op_list_custom_models,
    &op_list_model_copy_jobs,
    &op_list_tags_for_resource,
    &op_put_resource_policy,
    &op_tag_resource,
    &op_untag_resource,
    &op_abort_model_upload,
    &op_complete_model_upload,
    &op_create_access_key,
    &op_create_account,
    &op_create_kms_alias,
    &op_create_kms_key,
    &op_create_model_upload,
    &op_disable_access_key,
    &op_disable_kms_key,
    &op_enable_kms_key,
    &op_get_caller_identity,
    &op_get_metrics,
    &op_get_model_copy_job_progress,
    &op_get_model_manifest,
    &op_get_model_part,
    &op_get_model_verification,
    &op_get_peer_manifest,
    &op_get_peer_model,
    &op_get_peer_part,
    &op_list_access_keys,
    &op_list_accounts,
    &op_list_events,
    &op_list_kms_keys,
    &op_list_upload_parts,
    &op_put_peer_copy,
    &op_put_upload_part,
    &op_start_model_verification,
    NULL};
