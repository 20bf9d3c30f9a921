/*
 * A compiled policy, as policy_parse.c makes it and policy.c reads it. Not for others.
 */
#ifndef OC_MODEL_POLICY_IMPL_H
#define OC_MODEL_POLICY_IMPL_H

#include "base/arena.h"
#include "model/policy.h"

struct oc_policy_texts {
    struct oc_slice *items;
    size_t count;
};

enum oc_policy_key {
    OC_POLICY_KEY_REGION,  /* aws:RequestedRegion */
    OC_POLICY_KEY_ACCOUNT, /* aws:PrincipalAccount */
    OC_POLICY_KEY_REQUEST_TAG,
    OC_POLICY_KEY_RESOURCE_TAG
};

struct oc_policy_condition {
    bool like; /* StringLike, else StringEquals */
    enum oc_policy_key key;
    struct oc_slice tag_key; /* of the two tag keys */
    struct oc_policy_texts values;
};

struct oc_policy_principal {
    struct oc_slice account;  /* absent: anyone */
    struct oc_slice user_arn; /* absent: the whole account */
};

struct oc_policy_statement {
    bool deny;
    struct oc_policy_texts actions; /* lower case */
    struct oc_policy_texts resources;
    struct oc_policy_principal *principals; /* none in an identity policy */
    size_t principal_count;
    struct oc_policy_condition *conditions;
    size_t condition_count;
};

struct oc_policy {
    enum oc_policy_kind kind;
    struct oc_arena arena; /* holds all that follows */
    struct oc_policy_statement *statements;
    size_t statement_count;
};

#endif
