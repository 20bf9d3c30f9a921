/* Generated from api/ by tools/gen_api.py. Do not edit: change api/ and run it again. */

#include "api/operation.h"

#include <stddef.h>

const struct oc_error_kind oc_error_kinds[] = {
    {"AccessDeniedException", 403},
    {"ConflictException", 400},
    {"InternalServerException", 500},
    {"ResourceInUseException", 400},
    {"ResourceNotFoundException", 404},
    {"ServiceQuotaExceededException", 400},
    {"ServiceUnavailableException", 503},
    {"ThrottlingException", 429},
    {"TooManyTagsException", 400},
    {"ValidationException", 400},
    {"SerializationException", 400},
    {"UnknownOperationException", 404},
    {"MethodNotAllowedException", 405},
    {"UnrecognizedClientException", 403},
    {"InvalidSignatureException", 403},
    {"MissingAuthenticationTokenException", 403},
    {"IncompleteSignatureException", 400},
    {"ExpiredTokenException", 403},
    {"MalformedQueryString", 400},
    {"RequestExpired", 400},
    {"RequestEntityTooLargeException", 413},
    {"RequestTimeoutException", 408},
    {"RequestedRangeNotSatisfiableException", 416},
    {NULL, 0}
};

const char *const oc_patterns[] = {
    "([0-9a-zA-Z][_-]?){1,63}",
    "s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](?:/[-!_*'().a-z0-9A-Z]+(?:/[-!_*'().a-z0-9A-Z]+)*)?/?",
    "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]{1,2048}",
    "arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:key/[a-zA-Z0-9-]{36}",
    "arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+",
    "[a-zA-Z0-9\\s._:/=+@-]*",
    "[a-zA-Z0-9]([-a-zA-Z0-9]{0,254}[a-zA-Z0-9])?",
    "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/((imported)|([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}))(([:][a-z0-9-]{1,63}){0,2})?/[a-z0-9]{12})|(:foundation-model/[a-z0-9-]{1,63}[.]{1}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}))",
    "(arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:((key/[a-zA-Z0-9-]{36})|(alias/[a-zA-Z0-9-_/]+)))|([a-zA-Z0-9-]{36})|(alias/[a-zA-Z0-9-_/]+)",
    "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/((imported)|([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}))(([:][a-z0-9-]{1,63}){0,2})?/[a-z0-9]{12})|(:foundation-model/([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.]?[a-z0-9-]{1,63})([:][a-z0-9-]{1,63}){0,2})))|(([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.]?[a-z0-9-]{1,63})([:][a-z0-9-]{1,63}){0,2}))|(([0-9a-zA-Z][_-]?)+)",
    "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:model-copy-job/[a-z0-9]{12}",
    "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}::foundation-model/[a-z0-9-]{1,63}[.]{1}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}",
    "\\S*",
    "[0-9]{12}",
    ".*(^[a-zA-Z0-9][a-zA-Z0-9\\-]*$)|(^arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:custom-model/(imported)/[a-z0-9]{12}$)|(^arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:([0-9]{12}|)((:(fine-tuning-job|model-customization-job|custom-model)/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}(/[a-z0-9]{12})$)|(:guardrail/[a-z0-9]+$)|(:automated-reasoning-policy/[a-zA-Z0-9]+(:[a-zA-Z0-9]+)?$)|(:(inference-profile|application-inference-profile)/[a-zA-Z0-9-:.]+$)|(:(provisioned-model|model-invocation-job|model-evaluation-job|evaluation-job|model-import-job|imported-model|async-invoke|provisioned-model-v2|provisioned-model-reservation|prompt-router|custom-model-deployment)/[a-z0-9]{12}$))).*",
    "[\\t\\n\\r\\x20-\\xff]+",
    "[0-9A-Za-z-]+",
    "[0-9a-zA-Z+=,.@_-]+",
    "alias/[a-zA-Z0-9/_-]+",
    "(arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:key/[a-zA-Z0-9-]{36})|([a-zA-Z0-9-]{36})",
    "[0-9A-Za-z_-]+",
    "arn:aws(|-us-gov|-cn|-iso|-iso-b):bedrock:[a-z0-9-]{1,20}:[0-9]{12}:custom-model/(imported|[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2})/[a-z0-9]{12}",
    "[0-9a-f]{64}",
    "arn:aws:iam::[0-9]{12}:(root|user/[0-9a-zA-Z+=,.@_-]{1,64})",
    "[a-z0-9-]{1,20}",
};
const size_t oc_pattern_count = 25;

static const struct oc_shape shape_custom_model_name = {
    .name = "CustomModelName",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 63,
    .pattern = "([0-9a-zA-Z][_-]?){1,63}", .pattern_index = 0};

static const struct oc_shape shape_s3_uri = {
    .name = "S3Uri",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 1024,
    .pattern = "s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](?:/[-!_*'().a-z0-9A-Z]+(?:/[-!_*'().a-z0-9A-Z]+)*)?/?", .pattern_index = 1};

static const struct oc_member members_s3_data_source[] = {
    {.name = "s3Uri",
     .wire = "s3Uri",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_s3_uri,
     .offset = offsetof(struct oc_s3_data_source, s3_uri)},
};
static const struct oc_shape shape_s3_data_source = {
    .name = "S3DataSource",
    .type = OC_SHAPE_STRUCTURE,
    .has_set = true,
    .members = members_s3_data_source, .member_count = 1,
    .size = sizeof(struct oc_s3_data_source)};

static const struct oc_member members_model_data_source[] = {
    {.name = "s3DataSource",
     .wire = "s3DataSource",
     .place = OC_PLACE_BODY,
     .shape = &shape_s3_data_source,
     .offset = offsetof(struct oc_model_data_source, s3_data_source)},
};
static const struct oc_shape shape_model_data_source = {
    .name = "ModelDataSource",
    .type = OC_SHAPE_UNION,
    .has_set = true,
    .members = members_model_data_source, .member_count = 1,
    .size = sizeof(struct oc_model_data_source)};

static const char *const arns_model_package_arn[] = {"sagemaker:model-package", NULL};
static const struct oc_shape shape_model_package_arn = {
    .name = "ModelPackageArn",
    .type = OC_SHAPE_STRING,
    .pattern = "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]{9,16}:[0-9]{12}:model-package/[\\S]{1,2048}", .pattern_index = 2,
    .arns = arns_model_package_arn};

static const struct oc_member members_model_package_arn_data_source[] = {
    {.name = "modelPackageArn",
     .wire = "modelPackageArn",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_model_package_arn,
     .offset = offsetof(struct oc_model_package_arn_data_source, model_package_arn)},
};
static const struct oc_shape shape_model_package_arn_data_source = {
    .name = "ModelPackageArnDataSource",
    .type = OC_SHAPE_STRUCTURE,
    .has_set = true,
    .members = members_model_package_arn_data_source, .member_count = 1,
    .size = sizeof(struct oc_model_package_arn_data_source)};

static const struct oc_member members_custom_model_data_source[] = {
    {.name = "modelPackageArnDataSource",
     .wire = "modelPackageArnDataSource",
     .place = OC_PLACE_BODY,
     .shape = &shape_model_package_arn_data_source,
     .offset = offsetof(struct oc_custom_model_data_source, model_package_arn_data_source)},
};
static const struct oc_shape shape_custom_model_data_source = {
    .name = "CustomModelDataSource",
    .type = OC_SHAPE_UNION,
    .has_set = true,
    .members = members_custom_model_data_source, .member_count = 1,
    .size = sizeof(struct oc_custom_model_data_source)};

static const char *const arns_kms_key_arn[] = {"kms:key", NULL};
static const struct oc_shape shape_kms_key_arn = {
    .name = "KmsKeyArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 2048,
    .pattern = "arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:key/[a-zA-Z0-9-]{36}", .pattern_index = 3,
    .arns = arns_kms_key_arn};

static const char *const arns_role_arn[] = {"iam:role", NULL};
static const struct oc_shape shape_role_arn = {
    .name = "RoleArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 0,
    .has_max = true, .max = 2048,
    .pattern = "arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+", .pattern_index = 4,
    .arns = arns_role_arn};

static const struct oc_shape shape_tag_key = {
    .name = "TagKey",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 128,
    .pattern = "[a-zA-Z0-9\\s._:/=+@-]*", .pattern_index = 5};

static const struct oc_shape shape_tag_value = {
    .name = "TagValue",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 0,
    .has_max = true, .max = 256,
    .pattern = "[a-zA-Z0-9\\s._:/=+@-]*", .pattern_index = 5};

static const struct oc_member members_tag[] = {
    {.name = "key",
     .wire = "key",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_tag_key,
     .offset = offsetof(struct oc_tag, key)},
    {.name = "value",
     .wire = "value",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_tag_value,
     .offset = offsetof(struct oc_tag, value)},
};
static const struct oc_shape shape_tag = {
    .name = "Tag",
    .type = OC_SHAPE_STRUCTURE,
    .members = members_tag, .member_count = 2,
    .size = sizeof(struct oc_tag)};

static const struct oc_shape shape_tag_list = {
    .name = "TagList",
    .type = OC_SHAPE_LIST,
    .has_min = true, .min = 0,
    .has_max = true, .max = 200,
    .item = &shape_tag};

static const struct oc_shape shape_idempotency_token = {
    .name = "IdempotencyToken",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 256,
    .pattern = "[a-zA-Z0-9]([-a-zA-Z0-9]{0,254}[a-zA-Z0-9])?", .pattern_index = 6};

static const char *const arns_model_arn[] = {"bedrock:custom-model", "bedrock:foundation-model", NULL};
static const struct oc_shape shape_model_arn = {
    .name = "ModelArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 20,
    .has_max = true, .max = 1011,
    .pattern = "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/((imported)|([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}))(([:][a-z0-9-]{1,63}){0,2})?/[a-z0-9]{12})|(:foundation-model/[a-z0-9-]{1,63}[.]{1}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}))", .pattern_index = 7,
    .arns = arns_model_arn};

static const char *const arns_kms_key_id[] = {"kms:key", "kms:alias", NULL};
static const struct oc_shape shape_kms_key_id = {
    .name = "KmsKeyId",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 2048,
    .pattern = "(arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:((key/[a-zA-Z0-9-]{36})|(alias/[a-zA-Z0-9-_/]+)))|([a-zA-Z0-9-]{36})|(alias/[a-zA-Z0-9-_/]+)", .pattern_index = 8,
    .arns = arns_kms_key_id};

static const char *const arns_model_identifier[] = {"bedrock:custom-model", "bedrock:foundation-model", NULL};
static const struct oc_shape shape_model_identifier = {
    .name = "ModelIdentifier",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 2048,
    .pattern = "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/((imported)|([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}))(([:][a-z0-9-]{1,63}){0,2})?/[a-z0-9]{12})|(:foundation-model/([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.]?[a-z0-9-]{1,63})([:][a-z0-9-]{1,63}){0,2})))|(([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.]?[a-z0-9-]{1,63})([:][a-z0-9-]{1,63}){0,2}))|(([0-9a-zA-Z][_-]?)+)", .pattern_index = 9,
    .arns = arns_model_identifier};

static const struct oc_shape shape_resource_policy_resource_arn = {
    .name = "ResourcePolicyResourceArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 255};

static const char *const arns_model_copy_job_arn[] = {"bedrock:model-copy-job", NULL};
static const struct oc_shape shape_model_copy_job_arn = {
    .name = "ModelCopyJobArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 0,
    .has_max = true, .max = 1011,
    .pattern = "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:model-copy-job/[a-z0-9]{12}", .pattern_index = 10,
    .arns = arns_model_copy_job_arn};

static const struct oc_shape shape_timestamp = {
    .name = "Timestamp",
    .type = OC_SHAPE_TIMESTAMP};

static const char *const arns_foundation_model_arn[] = {"bedrock:foundation-model", NULL};
static const struct oc_shape shape_foundation_model_arn = {
    .name = "FoundationModelArn",
    .type = OC_SHAPE_STRING,
    .pattern = "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}::foundation-model/[a-z0-9-]{1,63}[.]{1}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}", .pattern_index = 11,
    .arns = arns_foundation_model_arn};

static const struct oc_shape shape_max_results = {
    .name = "MaxResults",
    .type = OC_SHAPE_INTEGER,
    .has_min = true, .min = 1,
    .has_max = true, .max = 1000};

static const struct oc_shape shape_pagination_token = {
    .name = "PaginationToken",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 2048,
    .pattern = "\\S*", .pattern_index = 12};

static const char *const enum_sort_models_by[] = {"CreationTime", NULL};
static const struct oc_shape shape_sort_models_by = {
    .name = "SortModelsBy",
    .type = OC_SHAPE_STRING,
    .enum_values = enum_sort_models_by};

static const char *const enum_sort_order[] = {"Ascending", "Descending", NULL};
static const struct oc_shape shape_sort_order = {
    .name = "SortOrder",
    .type = OC_SHAPE_STRING,
    .enum_values = enum_sort_order};

static const struct oc_shape shape_boolean = {
    .name = "Boolean",
    .type = OC_SHAPE_BOOLEAN};

static const char *const enum_model_status[] = {"Active", "Creating", "Failed", NULL};
static const struct oc_shape shape_model_status = {
    .name = "ModelStatus",
    .type = OC_SHAPE_STRING,
    .enum_values = enum_model_status};

static const char *const enum_model_copy_job_status[] = {"InProgress", "Completed", "Failed", NULL};
static const struct oc_shape shape_model_copy_job_status = {
    .name = "ModelCopyJobStatus",
    .type = OC_SHAPE_STRING,
    .enum_values = enum_model_copy_job_status};

static const struct oc_shape shape_account_id = {
    .name = "AccountId",
    .type = OC_SHAPE_STRING,
    .pattern = "[0-9]{12}", .pattern_index = 13};

static const char *const enum_sort_jobs_by[] = {"CreationTime", NULL};
static const struct oc_shape shape_sort_jobs_by = {
    .name = "SortJobsBy",
    .type = OC_SHAPE_STRING,
    .enum_values = enum_sort_jobs_by};

static const char *const arns_taggable_resources_arn[] = {"bedrock:*", NULL};
static const struct oc_shape shape_taggable_resources_arn = {
    .name = "TaggableResourcesArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 20,
    .has_max = true, .max = 1011,
    .pattern = ".*(^[a-zA-Z0-9][a-zA-Z0-9\\-]*$)|(^arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:custom-model/(imported)/[a-z0-9]{12}$)|(^arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:([0-9]{12}|)((:(fine-tuning-job|model-customization-job|custom-model)/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}(/[a-z0-9]{12})$)|(:guardrail/[a-z0-9]+$)|(:automated-reasoning-policy/[a-zA-Z0-9]+(:[a-zA-Z0-9]+)?$)|(:(inference-profile|application-inference-profile)/[a-zA-Z0-9-:.]+$)|(:(provisioned-model|model-invocation-job|model-evaluation-job|evaluation-job|model-import-job|imported-model|async-invoke|provisioned-model-v2|provisioned-model-reservation|prompt-router|custom-model-deployment)/[a-z0-9]{12}$))).*", .pattern_index = 14,
    .arns = arns_taggable_resources_arn};

static const struct oc_shape shape_resource_policy_document = {
    .name = "ResourcePolicyDocument",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 20480,
    .pattern = "[\\t\\n\\r\\x20-\\xff]+", .pattern_index = 15};

static const struct oc_shape shape_tag_key_list = {
    .name = "TagKeyList",
    .type = OC_SHAPE_LIST,
    .has_min = true, .min = 0,
    .has_max = true, .max = 200,
    .item = &shape_tag_key};

static const struct oc_shape shape_upload_id = {
    .name = "UploadId",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 64,
    .pattern = "[0-9A-Za-z-]+", .pattern_index = 16};

static const struct oc_shape shape_user_name = {
    .name = "UserName",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 64,
    .pattern = "[0-9a-zA-Z+=,.@_-]+", .pattern_index = 17};

static const struct oc_shape shape_identity_policy_document = {
    .name = "IdentityPolicyDocument",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 20480,
    .pattern = "[\\t\\n\\r\\x20-\\xff]+", .pattern_index = 15};

static const struct oc_shape shape_session_duration = {
    .name = "SessionDuration",
    .type = OC_SHAPE_INTEGER,
    .has_min = true, .min = 900,
    .has_max = true, .max = 43200};

static const struct oc_shape shape_account_name = {
    .name = "AccountName",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 63,
    .pattern = "([0-9a-zA-Z][_-]?){1,63}", .pattern_index = 0};

static const struct oc_shape shape_kms_alias_name = {
    .name = "KmsAliasName",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 7,
    .has_max = true, .max = 256,
    .pattern = "alias/[a-zA-Z0-9/_-]+", .pattern_index = 18};

static const char *const arns_kms_key_id_or_arn[] = {"kms:key", NULL};
static const struct oc_shape shape_kms_key_id_or_arn = {
    .name = "KmsKeyIdOrArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 2048,
    .pattern = "(arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:key/[a-zA-Z0-9-]{36})|([a-zA-Z0-9-]{36})", .pattern_index = 19,
    .arns = arns_kms_key_id_or_arn};

static const struct oc_shape shape_kms_description = {
    .name = "KmsDescription",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 0,
    .has_max = true, .max = 1024};

static const struct oc_shape shape_access_key_id = {
    .name = "AccessKeyId",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 128,
    .pattern = "[0-9A-Za-z_-]+", .pattern_index = 20};

static const char *const arns_custom_model_arn[] = {"bedrock:custom-model", NULL};
static const struct oc_shape shape_custom_model_arn = {
    .name = "CustomModelArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 20,
    .has_max = true, .max = 1011,
    .pattern = "arn:aws(|-us-gov|-cn|-iso|-iso-b):bedrock:[a-z0-9-]{1,20}:[0-9]{12}:custom-model/(imported|[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2})/[a-z0-9]{12}", .pattern_index = 21,
    .arns = arns_custom_model_arn};

static const struct oc_shape shape_sha256 = {
    .name = "Sha256",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 64,
    .has_max = true, .max = 64,
    .pattern = "[0-9a-f]{64}", .pattern_index = 22};

static const struct oc_shape shape_principal_arn = {
    .name = "PrincipalArn",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 20,
    .has_max = true, .max = 256,
    .pattern = "arn:aws:iam::[0-9]{12}:(root|user/[0-9a-zA-Z+=,.@_-]{1,64})", .pattern_index = 23};

static const struct oc_shape shape_region_name = {
    .name = "RegionName",
    .type = OC_SHAPE_STRING,
    .has_min = true, .min = 1,
    .has_max = true, .max = 20,
    .pattern = "[a-z0-9-]{1,20}", .pattern_index = 24};

static const struct oc_segment segments_create_custom_model[] = {{{"custom-models", 13}}, {{"create-custom-model", 19}}};
static const struct oc_error_kind *const errors_create_custom_model[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[2], &oc_error_kinds[8], &oc_error_kinds[5], &oc_error_kinds[7], NULL};
static const struct oc_member in_create_custom_model[] = {
    {.name = "modelName",
     .wire = "modelName",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_custom_model_name,
     .offset = offsetof(struct oc_create_custom_model_in, model_name)},
    {.name = "modelSourceConfig",
     .wire = "modelSourceConfig",
     .place = OC_PLACE_BODY,
     .shape = &shape_model_data_source,
     .offset = offsetof(struct oc_create_custom_model_in, model_source_config)},
    {.name = "customModelDataSource",
     .wire = "customModelDataSource",
     .place = OC_PLACE_BODY,
     .shape = &shape_custom_model_data_source,
     .offset = offsetof(struct oc_create_custom_model_in, custom_model_data_source)},
    {.name = "modelKmsKeyArn",
     .wire = "modelKmsKeyArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_kms_key_arn,
     .offset = offsetof(struct oc_create_custom_model_in, model_kms_key_arn)},
    {.name = "roleArn",
     .wire = "roleArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_role_arn,
     .offset = offsetof(struct oc_create_custom_model_in, role_arn)},
    {.name = "modelTags",
     .wire = "modelTags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_create_custom_model_in, model_tags)},
    {.name = "clientRequestToken",
     .wire = "clientRequestToken",
     .place = OC_PLACE_BODY,
     .idempotency_token = true,
     .shape = &shape_idempotency_token,
     .offset = offsetof(struct oc_create_custom_model_in, client_request_token)},
};

static const struct oc_segment segments_create_model_copy_job[] = {{{"model-copy-jobs", 15}}};
static const struct oc_error_kind *const errors_create_model_copy_job[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[2], &oc_error_kinds[8], NULL};
static const struct oc_member in_create_model_copy_job[] = {
    {.name = "sourceModelArn",
     .wire = "sourceModelArn",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_model_arn,
     .offset = offsetof(struct oc_create_model_copy_job_in, source_model_arn)},
    {.name = "targetModelName",
     .wire = "targetModelName",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_custom_model_name,
     .offset = offsetof(struct oc_create_model_copy_job_in, target_model_name)},
    {.name = "modelKmsKeyId",
     .wire = "modelKmsKeyId",
     .place = OC_PLACE_BODY,
     .shape = &shape_kms_key_id,
     .offset = offsetof(struct oc_create_model_copy_job_in, model_kms_key_id)},
    {.name = "targetModelTags",
     .wire = "targetModelTags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_create_model_copy_job_in, target_model_tags)},
    {.name = "clientRequestToken",
     .wire = "clientRequestToken",
     .place = OC_PLACE_BODY,
     .idempotency_token = true,
     .shape = &shape_idempotency_token,
     .offset = offsetof(struct oc_create_model_copy_job_in, client_request_token)},
};

static const struct oc_segment segments_delete_custom_model[] = {{{"custom-models", 13}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_delete_custom_model[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_delete_custom_model[] = {
    {.name = "modelIdentifier",
     .wire = "modelIdentifier",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_model_identifier,
     .offset = offsetof(struct oc_delete_custom_model_in, model_identifier)},
};

static const struct oc_segment segments_delete_resource_policy[] = {{{"resource-policy", 15}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_delete_resource_policy[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_delete_resource_policy[] = {
    {.name = "resourceArn",
     .wire = "resourceArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_resource_policy_resource_arn,
     .offset = offsetof(struct oc_delete_resource_policy_in, resource_arn)},
};

static const struct oc_segment segments_get_custom_model[] = {{{"custom-models", 13}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_custom_model[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_custom_model[] = {
    {.name = "modelIdentifier",
     .wire = "modelIdentifier",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_model_identifier,
     .offset = offsetof(struct oc_get_custom_model_in, model_identifier)},
};

static const struct oc_segment segments_get_model_copy_job[] = {{{"model-copy-jobs", 15}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_model_copy_job[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_model_copy_job[] = {
    {.name = "jobArn",
     .wire = "jobArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_model_copy_job_arn,
     .offset = offsetof(struct oc_get_model_copy_job_in, job_arn)},
};

static const struct oc_segment segments_get_resource_policy[] = {{{"resource-policy", 15}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_resource_policy[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_resource_policy[] = {
    {.name = "resourceArn",
     .wire = "resourceArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_resource_policy_resource_arn,
     .offset = offsetof(struct oc_get_resource_policy_in, resource_arn)},
};

static const struct oc_segment segments_list_custom_models[] = {{{"custom-models", 13}}};
static const struct oc_error_kind *const errors_list_custom_models[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_custom_models[] = {
    {.name = "creationTimeBefore",
     .wire = "creationTimeBefore",
     .place = OC_PLACE_QUERY,
     .shape = &shape_timestamp,
     .offset = offsetof(struct oc_list_custom_models_in, creation_time_before)},
    {.name = "creationTimeAfter",
     .wire = "creationTimeAfter",
     .place = OC_PLACE_QUERY,
     .shape = &shape_timestamp,
     .offset = offsetof(struct oc_list_custom_models_in, creation_time_after)},
    {.name = "nameContains",
     .wire = "nameContains",
     .place = OC_PLACE_QUERY,
     .shape = &shape_custom_model_name,
     .offset = offsetof(struct oc_list_custom_models_in, name_contains)},
    {.name = "baseModelArnEquals",
     .wire = "baseModelArnEquals",
     .place = OC_PLACE_QUERY,
     .shape = &shape_model_arn,
     .offset = offsetof(struct oc_list_custom_models_in, base_model_arn_equals)},
    {.name = "foundationModelArnEquals",
     .wire = "foundationModelArnEquals",
     .place = OC_PLACE_QUERY,
     .shape = &shape_foundation_model_arn,
     .offset = offsetof(struct oc_list_custom_models_in, foundation_model_arn_equals)},
    {.name = "maxResults",
     .wire = "maxResults",
     .place = OC_PLACE_QUERY,
     .shape = &shape_max_results,
     .offset = offsetof(struct oc_list_custom_models_in, max_results)},
    {.name = "nextToken",
     .wire = "nextToken",
     .place = OC_PLACE_QUERY,
     .shape = &shape_pagination_token,
     .offset = offsetof(struct oc_list_custom_models_in, next_token)},
    {.name = "sortBy",
     .wire = "sortBy",
     .place = OC_PLACE_QUERY,
     .shape = &shape_sort_models_by,
     .offset = offsetof(struct oc_list_custom_models_in, sort_by)},
    {.name = "sortOrder",
     .wire = "sortOrder",
     .place = OC_PLACE_QUERY,
     .shape = &shape_sort_order,
     .offset = offsetof(struct oc_list_custom_models_in, sort_order)},
    {.name = "isOwned",
     .wire = "isOwned",
     .place = OC_PLACE_QUERY,
     .shape = &shape_boolean,
     .offset = offsetof(struct oc_list_custom_models_in, is_owned)},
    {.name = "modelStatus",
     .wire = "modelStatus",
     .place = OC_PLACE_QUERY,
     .shape = &shape_model_status,
     .offset = offsetof(struct oc_list_custom_models_in, model_status)},
};

static const struct oc_segment segments_list_model_copy_jobs[] = {{{"model-copy-jobs", 15}}};
static const struct oc_error_kind *const errors_list_model_copy_jobs[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_model_copy_jobs[] = {
    {.name = "creationTimeAfter",
     .wire = "creationTimeAfter",
     .place = OC_PLACE_QUERY,
     .shape = &shape_timestamp,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, creation_time_after)},
    {.name = "creationTimeBefore",
     .wire = "creationTimeBefore",
     .place = OC_PLACE_QUERY,
     .shape = &shape_timestamp,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, creation_time_before)},
    {.name = "statusEquals",
     .wire = "statusEquals",
     .place = OC_PLACE_QUERY,
     .shape = &shape_model_copy_job_status,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, status_equals)},
    {.name = "sourceAccountEquals",
     .wire = "sourceAccountEquals",
     .place = OC_PLACE_QUERY,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, source_account_equals)},
    {.name = "sourceModelArnEquals",
     .wire = "sourceModelArnEquals",
     .place = OC_PLACE_QUERY,
     .shape = &shape_model_arn,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, source_model_arn_equals)},
    {.name = "targetModelNameContains",
     .wire = "outputModelNameContains",
     .place = OC_PLACE_QUERY,
     .shape = &shape_custom_model_name,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, target_model_name_contains)},
    {.name = "maxResults",
     .wire = "maxResults",
     .place = OC_PLACE_QUERY,
     .shape = &shape_max_results,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, max_results)},
    {.name = "nextToken",
     .wire = "nextToken",
     .place = OC_PLACE_QUERY,
     .shape = &shape_pagination_token,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, next_token)},
    {.name = "sortBy",
     .wire = "sortBy",
     .place = OC_PLACE_QUERY,
     .shape = &shape_sort_jobs_by,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, sort_by)},
    {.name = "sortOrder",
     .wire = "sortOrder",
     .place = OC_PLACE_QUERY,
     .shape = &shape_sort_order,
     .offset = offsetof(struct oc_list_model_copy_jobs_in, sort_order)},
};

static const struct oc_segment segments_list_tags_for_resource[] = {{{"listTagsForResource", 19}}};
static const struct oc_error_kind *const errors_list_tags_for_resource[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_tags_for_resource[] = {
    {.name = "resourceARN",
     .wire = "resourceARN",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_taggable_resources_arn,
     .offset = offsetof(struct oc_list_tags_for_resource_in, resource_arn)},
};

static const struct oc_segment segments_put_resource_policy[] = {{{"resource-policy", 15}}};
static const struct oc_error_kind *const errors_put_resource_policy[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_put_resource_policy[] = {
    {.name = "resourceArn",
     .wire = "resourceArn",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_resource_policy_resource_arn,
     .offset = offsetof(struct oc_put_resource_policy_in, resource_arn)},
    {.name = "resourcePolicy",
     .wire = "resourcePolicy",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_resource_policy_document,
     .offset = offsetof(struct oc_put_resource_policy_in, resource_policy)},
};

static const struct oc_segment segments_tag_resource[] = {{{"tagResource", 11}}};
static const struct oc_error_kind *const errors_tag_resource[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[8], &oc_error_kinds[7], NULL};
static const struct oc_member in_tag_resource[] = {
    {.name = "resourceARN",
     .wire = "resourceARN",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_taggable_resources_arn,
     .offset = offsetof(struct oc_tag_resource_in, resource_arn)},
    {.name = "tags",
     .wire = "tags",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_tag_resource_in, tags)},
};

static const struct oc_segment segments_untag_resource[] = {{{"untagResource", 13}}};
static const struct oc_error_kind *const errors_untag_resource[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_untag_resource[] = {
    {.name = "resourceARN",
     .wire = "resourceARN",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_taggable_resources_arn,
     .offset = offsetof(struct oc_untag_resource_in, resource_arn)},
    {.name = "tagKeys",
     .wire = "tagKeys",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_tag_key_list,
     .offset = offsetof(struct oc_untag_resource_in, tag_keys)},
};

static const struct oc_segment segments_abort_model_upload[] = {{{"-", 1}}, {{"uploads", 7}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_abort_model_upload[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_abort_model_upload[] = {
    {.name = "uploadId",
     .wire = "uploadId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_upload_id,
     .offset = offsetof(struct oc_abort_model_upload_in, upload_id)},
};

static const struct oc_segment segments_complete_model_upload[] = {{{"-", 1}}, {{"uploads", 7}}, {{NULL, 0}}, {{"complete", 8}}};
static const struct oc_error_kind *const errors_complete_model_upload[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_complete_model_upload[] = {
    {.name = "uploadId",
     .wire = "uploadId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_upload_id,
     .offset = offsetof(struct oc_complete_model_upload_in, upload_id)},
};

static const struct oc_segment segments_create_access_key[] = {{{"-", 1}}, {{"access-keys", 11}}};
static const struct oc_error_kind *const errors_create_access_key[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[5], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_create_access_key[] = {
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_create_access_key_in, account_id)},
    {.name = "userName",
     .wire = "userName",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_user_name,
     .offset = offsetof(struct oc_create_access_key_in, user_name)},
    {.name = "policy",
     .wire = "policy",
     .place = OC_PLACE_BODY,
     .shape = &shape_identity_policy_document,
     .offset = offsetof(struct oc_create_access_key_in, policy)},
    {.name = "sessionDurationSeconds",
     .wire = "sessionDurationSeconds",
     .place = OC_PLACE_BODY,
     .shape = &shape_session_duration,
     .offset = offsetof(struct oc_create_access_key_in, session_duration_seconds)},
    {.name = "bearer",
     .wire = "bearer",
     .place = OC_PLACE_BODY,
     .shape = &shape_boolean,
     .offset = offsetof(struct oc_create_access_key_in, bearer)},
};

static const struct oc_segment segments_create_account[] = {{{"-", 1}}, {{"accounts", 8}}};
static const struct oc_error_kind *const errors_create_account[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_create_account[] = {
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_create_account_in, account_id)},
    {.name = "name",
     .wire = "name",
     .place = OC_PLACE_BODY,
     .shape = &shape_account_name,
     .offset = offsetof(struct oc_create_account_in, name)},
};

static const struct oc_segment segments_create_kms_alias[] = {{{"-", 1}}, {{"kms", 3}}, {{"aliases", 7}}};
static const struct oc_error_kind *const errors_create_kms_alias[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[5], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_create_kms_alias[] = {
    {.name = "aliasName",
     .wire = "aliasName",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_kms_alias_name,
     .offset = offsetof(struct oc_create_kms_alias_in, alias_name)},
    {.name = "keyId",
     .wire = "keyId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_kms_key_id_or_arn,
     .offset = offsetof(struct oc_create_kms_alias_in, key_id)},
};

static const struct oc_segment segments_create_kms_key[] = {{{"-", 1}}, {{"kms", 3}}, {{"keys", 4}}};
static const struct oc_error_kind *const errors_create_kms_key[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[5], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_create_kms_key[] = {
    {.name = "description",
     .wire = "description",
     .place = OC_PLACE_BODY,
     .shape = &shape_kms_description,
     .offset = offsetof(struct oc_create_kms_key_in, description)},
};

static const struct oc_segment segments_create_model_upload[] = {{{"-", 1}}, {{"uploads", 7}}};
static const struct oc_error_kind *const errors_create_model_upload[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[8], &oc_error_kinds[5], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_create_model_upload[] = {
    {.name = "modelName",
     .wire = "modelName",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_custom_model_name,
     .offset = offsetof(struct oc_create_model_upload_in, model_name)},
    {.name = "modelKmsKeyId",
     .wire = "modelKmsKeyId",
     .place = OC_PLACE_BODY,
     .shape = &shape_kms_key_id,
     .offset = offsetof(struct oc_create_model_upload_in, model_kms_key_id)},
    {.name = "modelTags",
     .wire = "modelTags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_create_model_upload_in, model_tags)},
    {.name = "clientRequestToken",
     .wire = "clientRequestToken",
     .place = OC_PLACE_BODY,
     .idempotency_token = true,
     .shape = &shape_idempotency_token,
     .offset = offsetof(struct oc_create_model_upload_in, client_request_token)},
};

static const struct oc_segment segments_disable_access_key[] = {{{"-", 1}}, {{"access-keys", 11}}, {{NULL, 0}}, {{"disable", 7}}};
static const struct oc_error_kind *const errors_disable_access_key[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_disable_access_key[] = {
    {.name = "accessKeyId",
     .wire = "accessKeyId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_access_key_id,
     .offset = offsetof(struct oc_disable_access_key_in, access_key_id)},
};

static const struct oc_segment segments_disable_kms_key[] = {{{"-", 1}}, {{"kms", 3}}, {{"keys", 4}}, {{NULL, 0}}, {{"disable", 7}}};
static const struct oc_error_kind *const errors_disable_kms_key[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_disable_kms_key[] = {
    {.name = "keyId",
     .wire = "keyId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_kms_key_id_or_arn,
     .offset = offsetof(struct oc_disable_kms_key_in, key_id)},
};

static const struct oc_segment segments_enable_kms_key[] = {{{"-", 1}}, {{"kms", 3}}, {{"keys", 4}}, {{NULL, 0}}, {{"enable", 6}}};
static const struct oc_error_kind *const errors_enable_kms_key[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_enable_kms_key[] = {
    {.name = "keyId",
     .wire = "keyId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_kms_key_id_or_arn,
     .offset = offsetof(struct oc_enable_kms_key_in, key_id)},
};

static const struct oc_segment segments_get_caller_identity[] = {{{"-", 1}}, {{"whoami", 6}}};
static const struct oc_error_kind *const errors_get_caller_identity[] = {
    &oc_error_kinds[0], &oc_error_kinds[2], &oc_error_kinds[7], NULL};

static const struct oc_segment segments_get_metrics[] = {{{"-", 1}}, {{"metrics", 7}}};
static const struct oc_error_kind *const errors_get_metrics[] = {
    &oc_error_kinds[0], &oc_error_kinds[2], &oc_error_kinds[7], NULL};

static const struct oc_segment segments_get_model_copy_job_progress[] = {{{"-", 1}}, {{"model-copy-jobs", 15}}, {{NULL, 0}}, {{"progress", 8}}};
static const struct oc_error_kind *const errors_get_model_copy_job_progress[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_model_copy_job_progress[] = {
    {.name = "jobArn",
     .wire = "jobArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_model_copy_job_arn,
     .offset = offsetof(struct oc_get_model_copy_job_progress_in, job_arn)},
};

static const struct oc_segment segments_get_model_manifest[] = {{{"-", 1}}, {{"models", 6}}, {{NULL, 0}}, {{"manifest", 8}}};
static const struct oc_error_kind *const errors_get_model_manifest[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_model_manifest[] = {
    {.name = "modelArn",
     .wire = "modelArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_model_manifest_in, model_arn)},
};

static const struct oc_segment segments_get_model_part[] = {{{"-", 1}}, {{"models", 6}}, {{NULL, 0}}, {{"parts", 5}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_model_part[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[22], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_model_part[] = {
    {.name = "modelArn",
     .wire = "modelArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_model_part_in, model_arn)},
    {.name = "sha256",
     .wire = "sha256",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 1,
     .shape = &shape_sha256,
     .offset = offsetof(struct oc_get_model_part_in, sha256)},
};

static const struct oc_segment segments_get_model_verification[] = {{{"-", 1}}, {{"models", 6}}, {{NULL, 0}}, {{"verification", 12}}};
static const struct oc_error_kind *const errors_get_model_verification[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_model_verification[] = {
    {.name = "modelIdentifier",
     .wire = "modelIdentifier",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_model_identifier,
     .offset = offsetof(struct oc_get_model_verification_in, model_identifier)},
};

static const struct oc_segment segments_get_peer_manifest[] = {{{"-", 1}}, {{"peer", 4}}, {{"models", 6}}, {{NULL, 0}}, {{"manifests", 9}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_peer_manifest[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[13], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_peer_manifest[] = {
    {.name = "modelArn",
     .wire = "modelArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_peer_manifest_in, model_arn)},
    {.name = "sha256",
     .wire = "sha256",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 1,
     .shape = &shape_sha256,
     .offset = offsetof(struct oc_get_peer_manifest_in, sha256)},
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_get_peer_manifest_in, account_id)},
    {.name = "principalArn",
     .wire = "principalArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_principal_arn,
     .offset = offsetof(struct oc_get_peer_manifest_in, principal_arn)},
    {.name = "region",
     .wire = "region",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_region_name,
     .offset = offsetof(struct oc_get_peer_manifest_in, region)},
    {.name = "tags",
     .wire = "tags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_get_peer_manifest_in, tags)},
    {.name = "sourceModelArn",
     .wire = "sourceModelArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_peer_manifest_in, source_model_arn)},
};

static const struct oc_segment segments_get_peer_model[] = {{{"-", 1}}, {{"peer", 4}}, {{"models", 6}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_peer_model[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[13], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_peer_model[] = {
    {.name = "modelArn",
     .wire = "modelArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_peer_model_in, model_arn)},
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_get_peer_model_in, account_id)},
    {.name = "principalArn",
     .wire = "principalArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_principal_arn,
     .offset = offsetof(struct oc_get_peer_model_in, principal_arn)},
    {.name = "region",
     .wire = "region",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_region_name,
     .offset = offsetof(struct oc_get_peer_model_in, region)},
    {.name = "tags",
     .wire = "tags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_get_peer_model_in, tags)},
};

static const struct oc_segment segments_get_peer_part[] = {{{"-", 1}}, {{"peer", 4}}, {{"models", 6}}, {{NULL, 0}}, {{"parts", 5}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_get_peer_part[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[22], &oc_error_kinds[1], &oc_error_kinds[13], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_get_peer_part[] = {
    {.name = "modelArn",
     .wire = "modelArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_peer_part_in, model_arn)},
    {.name = "sha256",
     .wire = "sha256",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 1,
     .shape = &shape_sha256,
     .offset = offsetof(struct oc_get_peer_part_in, sha256)},
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_get_peer_part_in, account_id)},
    {.name = "principalArn",
     .wire = "principalArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_principal_arn,
     .offset = offsetof(struct oc_get_peer_part_in, principal_arn)},
    {.name = "region",
     .wire = "region",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_region_name,
     .offset = offsetof(struct oc_get_peer_part_in, region)},
    {.name = "tags",
     .wire = "tags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_get_peer_part_in, tags)},
    {.name = "sourceModelArn",
     .wire = "sourceModelArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_get_peer_part_in, source_model_arn)},
};

static const struct oc_segment segments_list_access_keys[] = {{{"-", 1}}, {{"access-keys", 11}}};
static const struct oc_error_kind *const errors_list_access_keys[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_access_keys[] = {
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_QUERY,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_list_access_keys_in, account_id)},
    {.name = "maxResults",
     .wire = "maxResults",
     .place = OC_PLACE_QUERY,
     .shape = &shape_max_results,
     .offset = offsetof(struct oc_list_access_keys_in, max_results)},
    {.name = "nextToken",
     .wire = "nextToken",
     .place = OC_PLACE_QUERY,
     .shape = &shape_pagination_token,
     .offset = offsetof(struct oc_list_access_keys_in, next_token)},
};

static const struct oc_segment segments_list_accounts[] = {{{"-", 1}}, {{"accounts", 8}}};
static const struct oc_error_kind *const errors_list_accounts[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_accounts[] = {
    {.name = "maxResults",
     .wire = "maxResults",
     .place = OC_PLACE_QUERY,
     .shape = &shape_max_results,
     .offset = offsetof(struct oc_list_accounts_in, max_results)},
    {.name = "nextToken",
     .wire = "nextToken",
     .place = OC_PLACE_QUERY,
     .shape = &shape_pagination_token,
     .offset = offsetof(struct oc_list_accounts_in, next_token)},
};

static const struct oc_segment segments_list_events[] = {{{"-", 1}}, {{"events", 6}}};
static const struct oc_error_kind *const errors_list_events[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_events[] = {
    {.name = "after",
     .wire = "after",
     .place = OC_PLACE_QUERY,
     .shape = &shape_pagination_token,
     .offset = offsetof(struct oc_list_events_in, after)},
    {.name = "maxResults",
     .wire = "maxResults",
     .place = OC_PLACE_QUERY,
     .shape = &shape_max_results,
     .offset = offsetof(struct oc_list_events_in, max_results)},
};

static const struct oc_segment segments_list_kms_keys[] = {{{"-", 1}}, {{"kms", 3}}, {{"keys", 4}}};
static const struct oc_error_kind *const errors_list_kms_keys[] = {
    &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};

static const struct oc_segment segments_list_upload_parts[] = {{{"-", 1}}, {{"uploads", 7}}, {{NULL, 0}}, {{"parts", 5}}};
static const struct oc_error_kind *const errors_list_upload_parts[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_list_upload_parts[] = {
    {.name = "uploadId",
     .wire = "uploadId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_upload_id,
     .offset = offsetof(struct oc_list_upload_parts_in, upload_id)},
    {.name = "maxResults",
     .wire = "maxResults",
     .place = OC_PLACE_QUERY,
     .shape = &shape_max_results,
     .offset = offsetof(struct oc_list_upload_parts_in, max_results)},
    {.name = "nextToken",
     .wire = "nextToken",
     .place = OC_PLACE_QUERY,
     .shape = &shape_pagination_token,
     .offset = offsetof(struct oc_list_upload_parts_in, next_token)},
};

static const struct oc_segment segments_put_peer_copy[] = {{{"-", 1}}, {{"peer", 4}}, {{"models", 6}}, {{NULL, 0}}, {{"copies", 6}}};
static const struct oc_error_kind *const errors_put_peer_copy[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[13], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_put_peer_copy[] = {
    {.name = "modelArn",
     .wire = "modelArn",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_put_peer_copy_in, model_arn)},
    {.name = "accountId",
     .wire = "accountId",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_account_id,
     .offset = offsetof(struct oc_put_peer_copy_in, account_id)},
    {.name = "principalArn",
     .wire = "principalArn",
     .place = OC_PLACE_BODY,
     .shape = &shape_principal_arn,
     .offset = offsetof(struct oc_put_peer_copy_in, principal_arn)},
    {.name = "region",
     .wire = "region",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_region_name,
     .offset = offsetof(struct oc_put_peer_copy_in, region)},
    {.name = "tags",
     .wire = "tags",
     .place = OC_PLACE_BODY,
     .shape = &shape_tag_list,
     .offset = offsetof(struct oc_put_peer_copy_in, tags)},
    {.name = "copyModelArn",
     .wire = "copyModelArn",
     .place = OC_PLACE_BODY,
     .required = true,
     .shape = &shape_custom_model_arn,
     .offset = offsetof(struct oc_put_peer_copy_in, copy_model_arn)},
};

static const struct oc_segment segments_put_upload_part[] = {{{"-", 1}}, {{"uploads", 7}}, {{NULL, 0}}, {{"parts", 5}}, {{NULL, 0}}};
static const struct oc_error_kind *const errors_put_upload_part[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[9], &oc_error_kinds[1], &oc_error_kinds[5], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_put_upload_part[] = {
    {.name = "uploadId",
     .wire = "uploadId",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_upload_id,
     .offset = offsetof(struct oc_put_upload_part_in, upload_id)},
    {.name = "sha256",
     .wire = "sha256",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 1,
     .shape = &shape_sha256,
     .offset = offsetof(struct oc_put_upload_part_in, sha256)},
};

static const struct oc_segment segments_start_model_verification[] = {{{"-", 1}}, {{"models", 6}}, {{NULL, 0}}, {{"verification", 12}}};
static const struct oc_error_kind *const errors_start_model_verification[] = {
    &oc_error_kinds[4], &oc_error_kinds[0], &oc_error_kinds[1], &oc_error_kinds[9], &oc_error_kinds[2], &oc_error_kinds[7], NULL};
static const struct oc_member in_start_model_verification[] = {
    {.name = "modelIdentifier",
     .wire = "modelIdentifier",
     .place = OC_PLACE_PATH,
     .required = true,
     .label = 0,
     .shape = &shape_model_identifier,
     .offset = offsetof(struct oc_start_model_verification_in, model_identifier)},
};

const struct oc_op oc_ops[OC_OP_COUNT] = {
    [OC_OP_CREATE_CUSTOM_MODEL] = {
        .id = OC_OP_CREATE_CUSTOM_MODEL,
        .name = "CreateCustomModel",
        .method = "POST",
        .uri = "/custom-models/create-custom-model",
        .segments = segments_create_custom_model,
        .segment_count = 2,
        .status = 202,
        .action = "bedrock:CreateCustomModel",
        .idempotent = true,
        .input_size = sizeof(struct oc_create_custom_model_in),
        .members = in_create_custom_model, .member_count = 7,
        .errors = errors_create_custom_model},
    [OC_OP_CREATE_MODEL_COPY_JOB] = {
        .id = OC_OP_CREATE_MODEL_COPY_JOB,
        .name = "CreateModelCopyJob",
        .method = "POST",
        .uri = "/model-copy-jobs",
        .segments = segments_create_model_copy_job,
        .segment_count = 1,
        .status = 201,
        .action = "bedrock:CreateModelCopyJob",
        .idempotent = true,
        .input_size = sizeof(struct oc_create_model_copy_job_in),
        .members = in_create_model_copy_job, .member_count = 5,
        .errors = errors_create_model_copy_job},
    [OC_OP_DELETE_CUSTOM_MODEL] = {
        .id = OC_OP_DELETE_CUSTOM_MODEL,
        .name = "DeleteCustomModel",
        .method = "DELETE",
        .uri = "/custom-models/{modelIdentifier}",
        .segments = segments_delete_custom_model,
        .segment_count = 2,
        .status = 200,
        .action = "bedrock:DeleteCustomModel",
        .idempotent = true,
        .input_size = sizeof(struct oc_delete_custom_model_in),
        .members = in_delete_custom_model, .member_count = 1,
        .errors = errors_delete_custom_model},
    [OC_OP_DELETE_RESOURCE_POLICY] = {
        .id = OC_OP_DELETE_RESOURCE_POLICY,
        .name = "DeleteResourcePolicy",
        .method = "DELETE",
        .uri = "/resource-policy/{resourceArn}",
        .segments = segments_delete_resource_policy,
        .segment_count = 2,
        .status = 200,
        .action = "bedrock:DeleteResourcePolicy",
        .idempotent = true,
        .input_size = sizeof(struct oc_delete_resource_policy_in),
        .members = in_delete_resource_policy, .member_count = 1,
        .errors = errors_delete_resource_policy},
    [OC_OP_GET_CUSTOM_MODEL] = {
        .id = OC_OP_GET_CUSTOM_MODEL,
        .name = "GetCustomModel",
        .method = "GET",
        .uri = "/custom-models/{modelIdentifier}",
        .segments = segments_get_custom_model,
        .segment_count = 2,
        .status = 200,
        .action = "bedrock:GetCustomModel",
        .readonly = true,
        .input_size = sizeof(struct oc_get_custom_model_in),
        .members = in_get_custom_model, .member_count = 1,
        .errors = errors_get_custom_model},
    [OC_OP_GET_MODEL_COPY_JOB] = {
        .id = OC_OP_GET_MODEL_COPY_JOB,
        .name = "GetModelCopyJob",
        .method = "GET",
        .uri = "/model-copy-jobs/{jobArn}",
        .segments = segments_get_model_copy_job,
        .segment_count = 2,
        .status = 200,
        .action = "bedrock:GetModelCopyJob",
        .readonly = true,
        .input_size = sizeof(struct oc_get_model_copy_job_in),
        .members = in_get_model_copy_job, .member_count = 1,
        .errors = errors_get_model_copy_job},
    [OC_OP_GET_RESOURCE_POLICY] = {
        .id = OC_OP_GET_RESOURCE_POLICY,
        .name = "GetResourcePolicy",
        .method = "GET",
        .uri = "/resource-policy/{resourceArn}",
        .segments = segments_get_resource_policy,
        .segment_count = 2,
        .status = 200,
        .action = "bedrock:GetResourcePolicy",
        .readonly = true,
        .input_size = sizeof(struct oc_get_resource_policy_in),
        .members = in_get_resource_policy, .member_count = 1,
        .errors = errors_get_resource_policy},
    [OC_OP_LIST_CUSTOM_MODELS] = {
        .id = OC_OP_LIST_CUSTOM_MODELS,
        .name = "ListCustomModels",
        .method = "GET",
        .uri = "/custom-models",
        .segments = segments_list_custom_models,
        .segment_count = 1,
        .status = 200,
        .action = "bedrock:ListCustomModels",
        .readonly = true,
        .input_size = sizeof(struct oc_list_custom_models_in),
        .members = in_list_custom_models, .member_count = 11,
        .errors = errors_list_custom_models},
    [OC_OP_LIST_MODEL_COPY_JOBS] = {
        .id = OC_OP_LIST_MODEL_COPY_JOBS,
        .name = "ListModelCopyJobs",
        .method = "GET",
        .uri = "/model-copy-jobs",
        .segments = segments_list_model_copy_jobs,
        .segment_count = 1,
        .status = 200,
        .action = "bedrock:ListModelCopyJobs",
        .readonly = true,
        .input_size = sizeof(struct oc_list_model_copy_jobs_in),
        .members = in_list_model_copy_jobs, .member_count = 10,
        .errors = errors_list_model_copy_jobs},
    [OC_OP_LIST_TAGS_FOR_RESOURCE] = {
        .id = OC_OP_LIST_TAGS_FOR_RESOURCE,
        .name = "ListTagsForResource",
        .method = "POST",
        .uri = "/listTagsForResource",
        .segments = segments_list_tags_for_resource,
        .segment_count = 1,
        .status = 200,
        .action = "bedrock:ListTagsForResource",
        .input_size = sizeof(struct oc_list_tags_for_resource_in),
        .members = in_list_tags_for_resource, .member_count = 1,
        .errors = errors_list_tags_for_resource},
    [OC_OP_PUT_RESOURCE_POLICY] = {
        .id = OC_OP_PUT_RESOURCE_POLICY,
        .name = "PutResourcePolicy",
        .method = "POST",
        .uri = "/resource-policy",
        .segments = segments_put_resource_policy,
        .segment_count = 1,
        .status = 201,
        .action = "bedrock:PutResourcePolicy",
        .idempotent = true,
        .input_size = sizeof(struct oc_put_resource_policy_in),
        .members = in_put_resource_policy, .member_count = 2,
        .errors = errors_put_resource_policy},
    [OC_OP_TAG_RESOURCE] = {
        .id = OC_OP_TAG_RESOURCE,
        .name = "TagResource",
        .method = "POST",
        .uri = "/tagResource",
        .segments = segments_tag_resource,
        .segment_count = 1,
        .status = 200,
        .action = "bedrock:TagResource",
        .input_size = sizeof(struct oc_tag_resource_in),
        .members = in_tag_resource, .member_count = 2,
        .errors = errors_tag_resource},
    [OC_OP_UNTAG_RESOURCE] = {
        .id = OC_OP_UNTAG_RESOURCE,
        .name = "UntagResource",
        .method = "POST",
        .uri = "/untagResource",
        .segments = segments_untag_resource,
        .segment_count = 1,
        .status = 200,
        .action = "bedrock:UntagResource",
        .input_size = sizeof(struct oc_untag_resource_in),
        .members = in_untag_resource, .member_count = 2,
        .errors = errors_untag_resource},
    [OC_OP_ABORT_MODEL_UPLOAD] = {
        .id = OC_OP_ABORT_MODEL_UPLOAD,
        .name = "AbortModelUpload",
        .method = "DELETE",
        .uri = "/-/uploads/{uploadId}",
        .segments = segments_abort_model_upload,
        .segment_count = 3,
        .status = 200,
        .action = "outcrop:AbortModelUpload",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_abort_model_upload_in),
        .members = in_abort_model_upload, .member_count = 1,
        .errors = errors_abort_model_upload},
    [OC_OP_COMPLETE_MODEL_UPLOAD] = {
        .id = OC_OP_COMPLETE_MODEL_UPLOAD,
        .name = "CompleteModelUpload",
        .method = "POST",
        .uri = "/-/uploads/{uploadId}/complete",
        .segments = segments_complete_model_upload,
        .segment_count = 4,
        .status = 202,
        .action = "outcrop:CompleteModelUpload",
        .extension = true,
        .raw_input = true,
        .input_size = sizeof(struct oc_complete_model_upload_in),
        .members = in_complete_model_upload, .member_count = 1,
        .errors = errors_complete_model_upload},
    [OC_OP_CREATE_ACCESS_KEY] = {
        .id = OC_OP_CREATE_ACCESS_KEY,
        .name = "CreateAccessKey",
        .method = "POST",
        .uri = "/-/access-keys",
        .segments = segments_create_access_key,
        .segment_count = 2,
        .status = 201,
        .action = "outcrop:CreateAccessKey",
        .extension = true,
        .input_size = sizeof(struct oc_create_access_key_in),
        .members = in_create_access_key, .member_count = 5,
        .errors = errors_create_access_key},
    [OC_OP_CREATE_ACCOUNT] = {
        .id = OC_OP_CREATE_ACCOUNT,
        .name = "CreateAccount",
        .method = "POST",
        .uri = "/-/accounts",
        .segments = segments_create_account,
        .segment_count = 2,
        .status = 201,
        .action = "outcrop:CreateAccount",
        .extension = true,
        .input_size = sizeof(struct oc_create_account_in),
        .members = in_create_account, .member_count = 2,
        .errors = errors_create_account},
    [OC_OP_CREATE_KMS_ALIAS] = {
        .id = OC_OP_CREATE_KMS_ALIAS,
        .name = "CreateKmsAlias",
        .method = "POST",
        .uri = "/-/kms/aliases",
        .segments = segments_create_kms_alias,
        .segment_count = 3,
        .status = 201,
        .action = "outcrop:CreateKmsAlias",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_create_kms_alias_in),
        .members = in_create_kms_alias, .member_count = 2,
        .errors = errors_create_kms_alias},
    [OC_OP_CREATE_KMS_KEY] = {
        .id = OC_OP_CREATE_KMS_KEY,
        .name = "CreateKmsKey",
        .method = "POST",
        .uri = "/-/kms/keys",
        .segments = segments_create_kms_key,
        .segment_count = 3,
        .status = 201,
        .action = "outcrop:CreateKmsKey",
        .extension = true,
        .input_size = sizeof(struct oc_create_kms_key_in),
        .members = in_create_kms_key, .member_count = 1,
        .errors = errors_create_kms_key},
    [OC_OP_CREATE_MODEL_UPLOAD] = {
        .id = OC_OP_CREATE_MODEL_UPLOAD,
        .name = "CreateModelUpload",
        .method = "POST",
        .uri = "/-/uploads",
        .segments = segments_create_model_upload,
        .segment_count = 2,
        .status = 201,
        .action = "outcrop:CreateModelUpload",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_create_model_upload_in),
        .members = in_create_model_upload, .member_count = 4,
        .errors = errors_create_model_upload},
    [OC_OP_DISABLE_ACCESS_KEY] = {
        .id = OC_OP_DISABLE_ACCESS_KEY,
        .name = "DisableAccessKey",
        .method = "POST",
        .uri = "/-/access-keys/{accessKeyId}/disable",
        .segments = segments_disable_access_key,
        .segment_count = 4,
        .status = 200,
        .action = "outcrop:DisableAccessKey",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_disable_access_key_in),
        .members = in_disable_access_key, .member_count = 1,
        .errors = errors_disable_access_key},
    [OC_OP_DISABLE_KMS_KEY] = {
        .id = OC_OP_DISABLE_KMS_KEY,
        .name = "DisableKmsKey",
        .method = "POST",
        .uri = "/-/kms/keys/{keyId}/disable",
        .segments = segments_disable_kms_key,
        .segment_count = 5,
        .status = 200,
        .action = "outcrop:DisableKmsKey",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_disable_kms_key_in),
        .members = in_disable_kms_key, .member_count = 1,
        .errors = errors_disable_kms_key},
    [OC_OP_ENABLE_KMS_KEY] = {
        .id = OC_OP_ENABLE_KMS_KEY,
        .name = "EnableKmsKey",
        .method = "POST",
        .uri = "/-/kms/keys/{keyId}/enable",
        .segments = segments_enable_kms_key,
        .segment_count = 5,
        .status = 200,
        .action = "outcrop:EnableKmsKey",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_enable_kms_key_in),
        .members = in_enable_kms_key, .member_count = 1,
        .errors = errors_enable_kms_key},
    [OC_OP_GET_CALLER_IDENTITY] = {
        .id = OC_OP_GET_CALLER_IDENTITY,
        .name = "GetCallerIdentity",
        .method = "GET",
        .uri = "/-/whoami",
        .segments = segments_get_caller_identity,
        .segment_count = 2,
        .status = 200,
        .action = "outcrop:GetCallerIdentity",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_get_caller_identity_in),
        .errors = errors_get_caller_identity},
    [OC_OP_GET_METRICS] = {
        .id = OC_OP_GET_METRICS,
        .name = "GetMetrics",
        .method = "GET",
        .uri = "/-/metrics",
        .segments = segments_get_metrics,
        .segment_count = 2,
        .status = 200,
        .action = "outcrop:GetMetrics",
        .extension = true,
        .readonly = true,
        .raw_output = true,
        .input_size = sizeof(struct oc_get_metrics_in),
        .errors = errors_get_metrics},
    [OC_OP_GET_MODEL_COPY_JOB_PROGRESS] = {
        .id = OC_OP_GET_MODEL_COPY_JOB_PROGRESS,
        .name = "GetModelCopyJobProgress",
        .method = "GET",
        .uri = "/-/model-copy-jobs/{jobArn}/progress",
        .segments = segments_get_model_copy_job_progress,
        .segment_count = 4,
        .status = 200,
        .action = "bedrock:GetModelCopyJob",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_get_model_copy_job_progress_in),
        .members = in_get_model_copy_job_progress, .member_count = 1,
        .errors = errors_get_model_copy_job_progress},
    [OC_OP_GET_MODEL_MANIFEST] = {
        .id = OC_OP_GET_MODEL_MANIFEST,
        .name = "GetModelManifest",
        .method = "GET",
        .uri = "/-/models/{modelArn}/manifest",
        .segments = segments_get_model_manifest,
        .segment_count = 4,
        .status = 200,
        .action = "outcrop:GetModelManifest",
        .extension = true,
        .readonly = true,
        .raw_output = true,
        .input_size = sizeof(struct oc_get_model_manifest_in),
        .members = in_get_model_manifest, .member_count = 1,
        .errors = errors_get_model_manifest},
    [OC_OP_GET_MODEL_PART] = {
        .id = OC_OP_GET_MODEL_PART,
        .name = "GetModelPart",
        .method = "GET",
        .uri = "/-/models/{modelArn}/parts/{sha256}",
        .segments = segments_get_model_part,
        .segment_count = 5,
        .status = 200,
        .action = "outcrop:GetModelPart",
        .extension = true,
        .readonly = true,
        .raw_output = true,
        .input_size = sizeof(struct oc_get_model_part_in),
        .members = in_get_model_part, .member_count = 2,
        .errors = errors_get_model_part},
    [OC_OP_GET_MODEL_VERIFICATION] = {
        .id = OC_OP_GET_MODEL_VERIFICATION,
        .name = "GetModelVerification",
        .method = "GET",
        .uri = "/-/models/{modelIdentifier}/verification",
        .segments = segments_get_model_verification,
        .segment_count = 4,
        .status = 200,
        .action = "outcrop:GetModelVerification",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_get_model_verification_in),
        .members = in_get_model_verification, .member_count = 1,
        .errors = errors_get_model_verification},
    [OC_OP_GET_PEER_MANIFEST] = {
        .id = OC_OP_GET_PEER_MANIFEST,
        .name = "GetPeerManifest",
        .method = "POST",
        .uri = "/-/peer/models/{modelArn}/manifests/{sha256}",
        .segments = segments_get_peer_manifest,
        .segment_count = 6,
        .status = 200,
        .action = "outcrop:ReadAsPeer",
        .extension = true,
        .readonly = true,
        .raw_output = true,
        .input_size = sizeof(struct oc_get_peer_manifest_in),
        .members = in_get_peer_manifest, .member_count = 7,
        .errors = errors_get_peer_manifest},
    [OC_OP_GET_PEER_MODEL] = {
        .id = OC_OP_GET_PEER_MODEL,
        .name = "GetPeerModel",
        .method = "POST",
        .uri = "/-/peer/models/{modelArn}",
        .segments = segments_get_peer_model,
        .segment_count = 4,
        .status = 200,
        .action = "outcrop:ReadAsPeer",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_get_peer_model_in),
        .members = in_get_peer_model, .member_count = 5,
        .errors = errors_get_peer_model},
    [OC_OP_GET_PEER_PART] = {
        .id = OC_OP_GET_PEER_PART,
        .name = "GetPeerPart",
        .method = "POST",
        .uri = "/-/peer/models/{modelArn}/parts/{sha256}",
        .segments = segments_get_peer_part,
        .segment_count = 6,
        .status = 200,
        .action = "outcrop:ReadAsPeer",
        .extension = true,
        .readonly = true,
        .raw_output = true,
        .input_size = sizeof(struct oc_get_peer_part_in),
        .members = in_get_peer_part, .member_count = 7,
        .errors = errors_get_peer_part},
    [OC_OP_LIST_ACCESS_KEYS] = {
        .id = OC_OP_LIST_ACCESS_KEYS,
        .name = "ListAccessKeys",
        .method = "GET",
        .uri = "/-/access-keys",
        .segments = segments_list_access_keys,
        .segment_count = 2,
        .status = 200,
        .action = "outcrop:ListAccessKeys",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_list_access_keys_in),
        .members = in_list_access_keys, .member_count = 3,
        .errors = errors_list_access_keys},
    [OC_OP_LIST_ACCOUNTS] = {
        .id = OC_OP_LIST_ACCOUNTS,
        .name = "ListAccounts",
        .method = "GET",
        .uri = "/-/accounts",
        .segments = segments_list_accounts,
        .segment_count = 2,
        .status = 200,
        .action = "outcrop:ListAccounts",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_list_accounts_in),
        .members = in_list_accounts, .member_count = 2,
        .errors = errors_list_accounts},
    [OC_OP_LIST_EVENTS] = {
        .id = OC_OP_LIST_EVENTS,
        .name = "ListEvents",
        .method = "GET",
        .uri = "/-/events",
        .segments = segments_list_events,
        .segment_count = 2,
        .status = 200,
        .action = "outcrop:ListEvents",
        .extension = true,
        .readonly = true,
        .raw_output = true,
        .input_size = sizeof(struct oc_list_events_in),
        .members = in_list_events, .member_count = 2,
        .errors = errors_list_events},
    [OC_OP_LIST_KMS_KEYS] = {
        .id = OC_OP_LIST_KMS_KEYS,
        .name = "ListKmsKeys",
        .method = "GET",
        .uri = "/-/kms/keys",
        .segments = segments_list_kms_keys,
        .segment_count = 3,
        .status = 200,
        .action = "outcrop:ListKmsKeys",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_list_kms_keys_in),
        .errors = errors_list_kms_keys},
    [OC_OP_LIST_UPLOAD_PARTS] = {
        .id = OC_OP_LIST_UPLOAD_PARTS,
        .name = "ListUploadParts",
        .method = "GET",
        .uri = "/-/uploads/{uploadId}/parts",
        .segments = segments_list_upload_parts,
        .segment_count = 4,
        .status = 200,
        .action = "outcrop:ListUploadParts",
        .extension = true,
        .readonly = true,
        .input_size = sizeof(struct oc_list_upload_parts_in),
        .members = in_list_upload_parts, .member_count = 3,
        .errors = errors_list_upload_parts},
    [OC_OP_PUT_PEER_COPY] = {
        .id = OC_OP_PUT_PEER_COPY,
        .name = "PutPeerCopy",
        .method = "POST",
        .uri = "/-/peer/models/{modelArn}/copies",
        .segments = segments_put_peer_copy,
        .segment_count = 5,
        .status = 200,
        .action = "outcrop:ReadAsPeer",
        .extension = true,
        .input_size = sizeof(struct oc_put_peer_copy_in),
        .members = in_put_peer_copy, .member_count = 6,
        .errors = errors_put_peer_copy},
    [OC_OP_PUT_UPLOAD_PART] = {
        .id = OC_OP_PUT_UPLOAD_PART,
        .name = "PutUploadPart",
        .method = "PUT",
        .uri = "/-/uploads/{uploadId}/parts/{sha256}",
        .segments = segments_put_upload_part,
        .segment_count = 5,
        .status = 200,
        .action = "outcrop:PutUploadPart",
        .extension = true,
        .idempotent = true,
        .raw_input = true,
        .input_size = sizeof(struct oc_put_upload_part_in),
        .members = in_put_upload_part, .member_count = 2,
        .errors = errors_put_upload_part},
    [OC_OP_START_MODEL_VERIFICATION] = {
        .id = OC_OP_START_MODEL_VERIFICATION,
        .name = "StartModelVerification",
        .method = "POST",
        .uri = "/-/models/{modelIdentifier}/verification",
        .segments = segments_start_model_verification,
        .segment_count = 4,
        .status = 202,
        .action = "outcrop:StartModelVerification",
        .extension = true,
        .idempotent = true,
        .input_size = sizeof(struct oc_start_model_verification_in),
        .members = in_start_model_verification, .member_count = 1,
        .errors = errors_start_model_verification},
};
