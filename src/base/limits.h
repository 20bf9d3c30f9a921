/*
 * Every size that comes from outside, in one place. A limit that AWS publishes says so.
 */
#ifndef OC_BASE_LIMITS_H
#define OC_BASE_LIMITS_H

/* HTTP */
#define OC_HTTP_HEAD_MAX       (16 * 1024)       /* request line and headers, bytes */
#define OC_HTTP_HEADERS_MAX    64                /* header lines of one request */
#define OC_HTTP_TARGET_MAX     (8 * 1024)        /* request target, bytes */
#define OC_HTTP_REPLY_HEAD_MAX (8 * 1024)        /* status line and headers of an answer, bytes */
#define OC_HTTP_BODY_MAX       (1024 * 1024)     /* request body, bytes */
#define OC_HTTP_PART_BODY_MAX  (9 * 1024 * 1024) /* request body that carries one part, bytes */
#define OC_REQUEST_ARENA_MAX   (64UL * 1024 * 1024)  /* memory of one request, bytes */
#define OC_RESPONSE_MAX        (256UL * 1024 * 1024) /* one answer, bytes */

/* JSON */
#define OC_JSON_DEPTH_MAX 64

/* Bedrock's figures */
#define OC_NAME_MAX              63   /* CustomModelName (AWS) */
#define OC_ARN_MAX               1011 /* ModelArn (AWS) */
#define OC_MAX_RESULTS_MAX       1000 /* MaxResults (AWS) */
#define OC_MAX_RESULTS_DEFAULT   100
#define OC_TOKEN_MAX             2048  /* PaginationToken (AWS) */
#define OC_IDEMPOTENCY_TOKEN_MAX 256   /* AWS */
#define OC_TAGS_MAX              50    /* tags a resource may have (AWS) */
#define OC_TAG_KEY_MAX           128   /* AWS */
#define OC_TAG_VALUE_MAX         256   /* AWS */
#define OC_FAILURE_MESSAGE_MAX   2048  /* ErrorMessage (AWS) */
#define OC_POLICY_MAX            20480 /* ResourcePolicyDocument (AWS) */

/* SigV4 */
#define OC_SIGV4_WINDOW_MS     (15 * 60 * 1000L) /* clock window either way (AWS) */
#define OC_SIGV4_EXPIRES_MAX_S 604800L           /* X-Amz-Expires (AWS) */

/* Of one account: generous, so that what reaches them is a mistake. Others are in keys/keys.h. */
#define OC_UPLOADS_MAX      1000    /* uploads in a Region that are not completed */
#define OC_UPLOAD_PARTS_MAX 2500000 /* parts of one: more than the largest model has */
#define OC_ACCESS_KEYS_MAX  1000    /* access keys that can be used */

/* Models */
#define OC_PART_SIZE       (8UL * 1024 * 1024)   /* plaintext bytes of one part */
#define OC_MODEL_FILES_MAX 200000                /* files of one model */
#define OC_MODEL_PATH_MAX  1024                  /* bytes of one file's path inside its model */
#define OC_MODEL_SIZE_MAX  (16UL << 40)          /* bytes of one model */
#define OC_MANIFEST_MAX    (192UL * 1024 * 1024) /* bytes of one encoded manifest */

/* Copies of one model on other machines that are remembered; of one account in one Region */
#define OC_COPIES_MAX            32
#define OC_COPIES_OF_ACCOUNT_MAX 4

#endif
