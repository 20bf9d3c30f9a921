/*
 * Who the client is: the credential chain, in AWS's order.
 *
 *   1. what the caller gives explicitly
 *   2. AWS_BEARER_TOKEN_BEDROCK
 *   3. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN — unless a profile was named
 *      explicitly, which then comes first
 *   4. the profile in the shared credentials file
 *   5. the profile in the shared config file
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
 *         OC_EINVAL, named PartialCredentialsError — key without secret, or too long; OC_ENOMEM.
 */
int oc_credentials_load(const struct oc_static_credentials *given, const struct oc_profile *profile,
                        bool profile_is_named, struct oc_credentials *ret, struct oc_err *err);

/** Wipe and free. Zeroed credentials are fine. */
void oc_credentials_clear(struct oc_credentials *credentials);

#endif
