/*
 * May this caller do that? AWS's rules for identity and resource policies together:
 *
 *   an explicit Deny in either policy         → denied
 *   same account    identity Allow, or a resource Allow that names the user or everyone
 *                   (one that names the account leaves it to identity policies)
 *   other account   identity Allow and a resource Allow of any of these forms
 *   else            → denied
 *
 * Another account's resource that does not let the caller in is refused alike, whether it has a
 * policy that denies, one that is silent, or does not exist, and its tags are not looked at: the
 * caller's own conditions must not tell what the resource is like.
 *
 * Threads: any. Nothing is allocated.
 */
#ifndef OC_AUTH_ACCESS_H
#define OC_AUTH_ACCESS_H

#include "auth/identity.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/policy.h"
#include "model/tags.h"

/** What the caller wants to do to what. Borrowed. */
struct oc_access_request {
    struct oc_slice action;           /* "bedrock:CreateModelCopyJob" */
    struct oc_slice resource;         /* ARN, or "*" for an operation that has none */
    struct oc_slice resource_account; /* who owns it; absent: the caller's account */
    struct oc_slice requested_region; /* aws:RequestedRegion; absent: the caller's Region */
    const struct oc_tag_list *request_tags;
    const struct oc_tag_list *resource_tags;
    const struct oc_policy *resource_policy; /* NULL: the resource has none */
};

/**
 * Decide.
 * @return OC_OK: allowed
 * Errors: OC_EDENIED, AccessDeniedException, with AWS's text.
 */
int oc_access_decide(const struct oc_caller *caller, const struct oc_access_request *request,
                     struct oc_err *err);

#endif
