/*
 * Access policies in AWS's language, compiled once and then immutable.
 *
 * What is understood, and nothing else; anything more is refused when the policy is parsed, by a
 * text that names it, because a statement that is half understood grants or denies the wrong thing:
 *
 *   Version    "2012-10-17" or "2008-10-17"; absent counts as the latter
 *   Id, Sid    texts, without effect
 *   Statement  an object or a list of them
 *   Effect     "Allow" or "Deny"
 *   Action     "*" or "service:Name" with `*` and `?`, in any case; one or a list
 *   Resource   "*" or "arn:…" with `*` and `?`, exact case; one or a list
 *   Principal  resource policies only, and required there: "*", or {"AWS": one or a list of "*",
 *              an account id, arn:aws:iam::ACCOUNT:root, arn:aws:iam::ACCOUNT:user/NAME}
 *   Condition  StringEquals and StringLike on aws:RequestedRegion, aws:PrincipalAccount,
 *              aws:RequestTag/KEY, aws:ResourceTag/KEY; all must hold, any value of a list
 *              suffices; a key that the request does not have never holds
 *
 * Not understood and so refused: NotAction, NotResource, NotPrincipal, other operators, the
 * …IfExists forms, ForAllValues and ForAnyValue, aws:TagKeys (which needs those), variables `${…}`.
 *
 * Names of condition keys, and with them the tag keys in them, are compared without case, as AWS
 * does. When several tags fit, the condition of an Allow must hold for all of them and that of a
 * Deny for any.
 *
 * Matching takes no more than pattern × text steps, never exponential.
 * Threads: a compiled policy may be used by any number of threads.
 */
#ifndef OC_MODEL_POLICY_H
#define OC_MODEL_POLICY_H

#include "base/bytes.h"
#include "base/err.h"
#include "model/tags.h"

/** An identity policy that allows everything: an administrator's. */
#define OC_POLICY_ADMINISTRATOR                                                                    \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\","           \
    "\"Resource\":\"*\"}]}"

struct oc_policy;

enum oc_policy_kind {
    OC_POLICY_IDENTITY, /* belongs to a user: no Principal */
    OC_POLICY_RESOURCE  /* belongs to a resource: Principal required */
};

/**
 * Compile a policy document.
 *
 * @param text      JSON, at most OC_POLICY_MAX bytes; not retained
 * @param[out] ret  free with oc_policy_free
 * Errors: OC_EINVAL, ValidationException — not JSON, too long, or anything not understood, which
 * the text names; OC_ENOMEM.
 */
int oc_policy_parse(enum oc_policy_kind kind, struct oc_slice text, struct oc_policy **ret,
                    struct oc_err *err);

void oc_policy_free(struct oc_policy *policy);
void oc_policy_freep(struct oc_policy **policy); /* for OC_AUTO */

/** What is asked. Absent slices are keys that the request does not have. Borrowed. */
struct oc_policy_request {
    struct oc_slice action;            /* "bedrock:CreateModelCopyJob" */
    struct oc_slice resource;          /* ARN, or "*" for an operation that has none */
    struct oc_slice principal_account; /* the caller's, 12 digits */
    struct oc_slice principal_arn;     /* the caller's user ARN */
    struct oc_slice requested_region;
    const struct oc_tag_list *request_tags;  /* tags in the request; NULL: none */
    const struct oc_tag_list *resource_tags; /* tags of the resource; NULL: none */
    /* There is no request yet, the question is what one could do: conditions on its Region and tags
     * are taken as met by an Allow, and as not met by a Deny. */
    bool is_to_come;
};

/** The outcome, weakest first. */
enum oc_policy_effect {
    OC_POLICY_SILENT,        /* no statement applies */
    OC_POLICY_ALLOW_ACCOUNT, /* resource policies: allowed to the caller's account as a whole */
    OC_POLICY_ALLOW, /* identity policies: allowed; resource policies: to this user, or to all */
    OC_POLICY_DENY   /* some statement denies: wins over every Allow */
};

/** Evaluate all statements. Cost: no allocation. */
enum oc_policy_effect oc_policy_evaluate(const struct oc_policy *policy,
                                         const struct oc_policy_request *request);

/**
 * Accounts that the Allow statements of a resource policy name: to list what is shared with whom.
 * @param index     from 0
 * @param[out] ret  12 digits, or "*" for everyone; borrowed from the policy
 * @return false when there is no account number `index`. An account may come more than once.
 */
bool oc_policy_allowed_account(const struct oc_policy *policy, size_t index, struct oc_slice *ret);

/** Whether an identity policy allows everything, always, as that of administrators does. */
bool oc_policy_is_unrestricted(const struct oc_policy *policy);

/** Whether `text` matches `pattern`, where `*` is any text and `?` any one byte. Exact case. */
bool oc_wildcard_match(struct oc_slice pattern, struct oc_slice text);

#endif
