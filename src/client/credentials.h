/*
 * Who the client is: the credential chain, in AWS's order.
 *
 *   1. what the caller gives explicitly
 *   2. AWS_BEARER_TOKEN_BEDROCK
 *   3. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN — unless a profile was named
 *      explicitly, which then comes first
 *   4. the profile's role: `role_arn` with `source_profile` or `credential_source`, or with
 *      `web_identity_token_file`; then AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE
 *   5. the profile's SSO (IAM Identity Center), with the login of `aws sso login`
 *   6. the profile in the shared credentials file
 *   7. the profile's `credential_process`
 *   8. the profile in the shared config file
 *   9. the container's endpoint, when the environment names one
 *  10. the machine's metadata service, version 2, unless AWS_EC2_METADATA_DISABLED is true
 *
 * Not known: `mfa_serial`. A profile that needs it ends the search with an error.
 *
 * A place that holds an access key without its secret ends the search with an error: the next
 * place would silently be someone else.
 *
 * Threads: read-only once loaded.
 */
#ifndef OC_CLIENT_CREDENTIALS_H
#define OC_CLIENT_CREDENTIALS_H

#include "base/crypto.h"
#include "client/profile.h"

#define OC_ACCESS_KEY_ID_MAX 128
#define OC_SESSION_TOKEN_MAX 16384 /* also of a bearer key */

struct oc_credentials {
    struct oc_buf access_key_id; /* empty when a bearer key is used */
    struct oc_secret secret;
    struct oc_buf session_token; /* empty: none */
    struct oc_buf bearer;        /* not empty: use this and no signature */
    int64_t expires_ms;          /* since 1970; 0: they do not end */
    const char *source;          /* where they were found, for people; static text */
};

/** Credentials given by hand. Absent slices: not given. */
struct oc_static_credentials {
    struct oc_slice access_key_id;
    struct oc_slice secret_access_key;
    struct oc_slice session_token;
    struct oc_slice bearer;
};

/**
 * Find the credentials.
 *
 * @param given             may be NULL
 * @param profile           as loaded
 * @param profile_is_named  the user named the profile explicitly (option, not environment)
 * @param[out] ret          clear with oc_credentials_clear; set on OC_OK only
 * Errors: OC_EDENIED, named NoCredentialsError — none found, the text says what to set;
 *         OC_EINVAL, named PartialCredentialsError — key without secret, or too long; OC_EDENIED,
 *         named CredentialRetrievalError — a configured source gives none; OC_EINVAL, named
 *         ConfigParseError — profiles that refer to each other in a circle; OC_ENOMEM.
 */
int oc_credentials_load(const struct oc_static_credentials *given, const struct oc_profile *profile,
                        bool profile_is_named, struct oc_credentials *ret, struct oc_err *err);

/**
 * Credentials from their parts.
 * @param source  where they are from, for people; static text, kept
 * Errors: OC_EINVAL, named PartialCredentialsError — a half is missing, or too long; OC_ENOMEM.
 */
int oc_credentials_take(const struct oc_static_credentials *parts, const char *source,
                        struct oc_credentials *ret, struct oc_err *err);

/** Wipe and free. Zeroed credentials are fine. */
void oc_credentials_clear(struct oc_credentials *credentials);

#endif
