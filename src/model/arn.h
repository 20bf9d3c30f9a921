/*
 * ARNs: `arn:partition:service:region:account:resource`, where resource is `kind/id`,
 * `kind/base/id`, or a bare name.
 *
 *   arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12
 *                                          kind         base     id
 *   arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0
 *                                               id
 *   arn:aws:iam::123456789012:user/alice         arn:aws:iam::123456789012:root
 *
 * Threads: any. Nothing here allocates but the writing buffer.
 */
#ifndef OC_MODEL_ARN_H
#define OC_MODEL_ARN_H

#include "base/arena.h"
#include "base/bytes.h"

#define OC_USER_NAME_MAX 64 /* AWS */

/** The parts of an ARN, borrowed from its text. */
struct oc_arn {
    struct oc_slice partition; /* "aws", "aws-cn", … */
    struct oc_slice service;
    struct oc_slice region;   /* may be empty */
    struct oc_slice account;  /* empty or 12 digits */
    struct oc_slice resource; /* all after the account; never empty */
    struct oc_slice kind;     /* up to the first `/`; absent when there is none */
    struct oc_slice base; /* between the first and the last `/`; absent when there are not two */
    struct oc_slice id;   /* after the last `/`; the whole resource when there is none */
};

/**
 * Split and check an ARN: form, alphabets and lengths of its parts, not whether it exists.
 * At most OC_ARN_MAX bytes; printable ASCII without spaces; no part of the resource may be empty.
 * @param[out] ret  set on success only
 */
bool oc_arn_parse(struct oc_slice text, struct oc_arn *ret);

/** Whether the ARN is of this service and kind: ("bedrock", "custom-model"). */
bool oc_arn_is(const struct oc_arn *arn, const char *service, const char *kind);

/** 12 digits. */
bool oc_account_is_valid(struct oc_slice account);

/** IAM's rule for user names: letters, digits and `+=,.@_-`, 1–OC_USER_NAME_MAX. */
bool oc_user_name_is_valid(struct oc_slice name);

/** 12 characters of a-z0-9: the id of a model or a job. */
bool oc_id_is_valid(struct oc_slice id);

/** Append an ARN. `partition` absent is "aws"; `kind` and `base` may be absent; `resource` is not
 * read. */
void oc_arn_put(struct oc_buf *buf, const struct oc_arn *arn);

/** Append `arn:aws:bedrock:REGION:ACCOUNT:custom-model/BASE/ID`. */
void oc_arn_put_custom_model(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                             struct oc_slice base, struct oc_slice id);

/** Append `arn:aws:bedrock:REGION:ACCOUNT:model-copy-job/ID`. */
void oc_arn_put_copy_job(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                         struct oc_slice id);

/** Append `arn:aws:bedrock:REGION::foundation-model/ID`. */
void oc_arn_put_foundation_model(struct oc_buf *buf, struct oc_slice region, struct oc_slice id);

/** The ARN of a foundation model with another Region in it; absent when out of memory. */
struct oc_slice oc_arn_in_region(struct oc_arena *arena, struct oc_slice foundation_model_arn,
                                 struct oc_slice region);

/** Append `arn:aws:kms:REGION:ACCOUNT:key/ID`. */
void oc_arn_put_kms_key(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                        struct oc_slice id);

/** Append `arn:aws:kms:REGION:ACCOUNT:ALIAS`; `alias` begins "alias/". */
void oc_arn_put_kms_alias(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                          struct oc_slice alias);

/** Append `arn:aws:iam::ACCOUNT:user/NAME`. */
void oc_arn_put_user(struct oc_buf *buf, struct oc_slice account, struct oc_slice name);

#endif
