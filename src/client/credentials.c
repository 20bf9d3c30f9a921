/* The credential chain. */
#include "client/credentials.h"

#include <stdlib.h>
#include <string.h>

static struct oc_slice env_value(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? oc_slice_of(value) : (struct oc_slice){0};
}

static void wipe_buf(struct oc_buf *buf)
{
    if (buf->ptr)
        oc_wipe(buf->ptr, buf->cap);
    oc_buf_clear(buf);
}

void oc_credentials_clear(struct oc_credentials *credentials)
{
    wipe_buf(&credentials->access_key_id);
    oc_secret_clear(&credentials->secret);
    wipe_buf(&credentials->session_token);
    wipe_buf(&credentials->bearer);
    credentials->source = NULL;
}

static int take_keys(struct oc_slice id, struct oc_slice secret, struct oc_slice session,
                     const char *source, struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_credentials found = {.source = source};

    if (id.len == 0 || secret.len == 0)
        return oc_fail_as(err, OC_EINVAL, "PartialCredentialsError",
                          "%s has an access key without its other half; set both "
                          "aws_access_key_id and aws_secret_access_key there, or neither",
                          source);
    if (id.len > OC_ACCESS_KEY_ID_MAX || secret.len > sizeof(found.secret.bytes) ||
        session.len > OC_SESSION_TOKEN_MAX)
        return oc_fail_as(err, OC_EINVAL, "PartialCredentialsError",
                          "%s has an access key, secret or session token that is too long", source);
    oc_buf_init(&found.access_key_id, OC_ACCESS_KEY_ID_MAX);
    oc_buf_init(&found.session_token, OC_SESSION_TOKEN_MAX);
    oc_buf_put_slice(&found.access_key_id, id);
    oc_buf_put_slice(&found.session_token, session);
    memcpy(found.secret.bytes, secret.ptr, secret.len);
    found.secret.len = secret.len;
    if (found.access_key_id.failed || found.session_token.failed) {
        oc_credentials_clear(&found);
        return oc_fail_nomem(err);
    }
    *ret = found;
    return OC_OK;
}

static int take_bearer(struct oc_slice bearer, const char *source, struct oc_credentials *ret,
                       struct oc_err *err)
{
    struct oc_credentials found = {.source = source};

    if (bearer.len > OC_SESSION_TOKEN_MAX)
        return oc_fail_as(err, OC_EINVAL, "PartialCredentialsError",
                          "%s has a bearer key that is too long", source);
    oc_buf_init(&found.bearer, OC_SESSION_TOKEN_MAX);
    oc_buf_put_slice(&found.bearer, bearer);
    if (found.bearer.failed)
        return oc_fail_nomem(err);
    *ret = found;
    return OC_OK;
}

static int take_section(const struct oc_ini_section *section, const char *source,
                        struct oc_credentials *ret, struct oc_err *err)
{
    return take_keys(oc_ini_value(section, "aws_access_key_id"),
                     oc_ini_value(section, "aws_secret_access_key"),
                     oc_ini_value(section, "aws_session_token"), source, ret, err);
}

static int fail_none(const struct oc_profile *profile, struct oc_err *err)
{
    static const char *const other_ways[] = {"role_arn", "credential_process", "sso_session",
                                             "sso_start_url", "web_identity_token_file"};

    for (size_t i = 0; i < sizeof(other_ways) / sizeof(other_ways[0]); i++)
        if (oc_profile_value(profile, other_ways[i]).ptr)
            return oc_fail_as(err, OC_EDENIED, "NoCredentialsError",
                              "profile '%.*s' gets its credentials by %s, which this version does "
                              "not know; put an access key into the profile or the environment",
                              OC_FMT(profile->name), other_ways[i]);
    return oc_fail_as(err, OC_EDENIED, "NoCredentialsError",
                      "no credentials found; set AWS_SHARED_CREDENTIALS_FILE to the file that the "
                      "server wrote at its first start, or set AWS_ACCESS_KEY_ID and "
                      "AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, or --profile");
}

int oc_credentials_load(const struct oc_static_credentials *given, const struct oc_profile *profile,
                        bool profile_is_named, struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_slice bearer = env_value("AWS_BEARER_TOKEN_BEDROCK");
    struct oc_slice id = env_value("AWS_ACCESS_KEY_ID");

    if (given && given->bearer.ptr)
        return take_bearer(given->bearer, "the explicit bearer key", ret, err);
    if (given && given->access_key_id.ptr)
        return take_keys(given->access_key_id, given->secret_access_key, given->session_token,
                         "the explicit credentials", ret, err);
    if (bearer.ptr)
        return take_bearer(bearer, "AWS_BEARER_TOKEN_BEDROCK", ret, err);
    if (id.ptr && !profile_is_named)
        return take_keys(id, env_value("AWS_SECRET_ACCESS_KEY"), env_value("AWS_SESSION_TOKEN"),
                         "the environment", ret, err);
    if (oc_ini_value(profile->credentials_section, "aws_access_key_id").ptr)
        return take_section(profile->credentials_section, "the shared credentials file", ret, err);
    if (oc_ini_value(profile->config_section, "aws_access_key_id").ptr)
        return take_section(profile->config_section, "the shared config file", ret, err);
    return fail_none(profile, err);
}
