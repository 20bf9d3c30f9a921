/*
 * Credentials that are fetched, and end: from a program, STS, a container's endpoint or the
 * machine's metadata service. credentials.h says in which order they are asked.
 *
 * Errors of all: OC_EDENIED, named CredentialRetrievalError — the source is configured and gives no
 * credentials, the text says why; of SSO also SSOTokenLoadError and UnauthorizedSSOTokenError —
 * there is no login, or it has ended — and OC_EINVAL, ConfigParseError; OC_ENOMEM.
 *
 * Threads: any.
 */
#ifndef OC_CLIENT_PROVIDER_H
#define OC_CLIENT_PROVIDER_H

#include "client/credentials.h"

/** Run the profile's `credential_process` with the shell and read its JSON. */
int oc_provider_process(const struct oc_profile *profile, struct oc_credentials *ret,
                        struct oc_err *err);

/** Whether the environment names a container's credential endpoint. */
bool oc_provider_has_container(void);

/** Ask the container's endpoint: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. */
int oc_provider_container(struct oc_credentials *ret, struct oc_err *err);

/**
 * Ask the machine's metadata service, version 2.
 * @return OC_ENOTFOUND when there is no such service, it is disabled, or it has no role.
 */
int oc_provider_machine(struct oc_credentials *ret, struct oc_err *err);

/** Whether the profile says that its credentials come by IAM Identity Center (SSO). */
bool oc_provider_has_sso(const struct oc_profile *profile);

/**
 * Ask the SSO portal for the credentials of the profile's account and role, with the token that
 * `aws sso login` left in ~/.aws/sso/cache. The token is not renewed here.
 */
int oc_provider_sso(const struct oc_profile *profile, struct oc_credentials *ret,
                    struct oc_err *err);

/** A role to take on. */
struct oc_role {
    struct oc_slice arn;
    struct oc_slice session_name; /* empty: made up */
    struct oc_slice external_id;  /* absent: none */
    struct oc_slice duration_s;   /* absent: the role's default */
    struct oc_slice token_file;   /* a web identity token; absent: signed with `source` */
};

/**
 * Take on a role through STS.
 * @param source   who asks; NULL with a token file
 * @param profile  for Region, endpoint and certificates
 */
int oc_provider_role(const struct oc_role *role, const struct oc_credentials *source,
                     const struct oc_profile *profile, struct oc_credentials *ret,
                     struct oc_err *err);

#endif
