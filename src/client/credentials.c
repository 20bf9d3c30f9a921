/* The credential chain. */
#include "client/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "client/provider.h"

#define PROFILES_MAX 5 /* in a chain of source profiles */

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

int oc_credentials_take(const struct oc_static_credentials *parts, const char *source,
                        struct oc_credentials *ret, struct oc_err *err)
{
    return take_keys(parts->access_key_id, parts->secret_access_key, parts->session_token, source,
                     ret, err);
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

static int take_environment(struct oc_credentials *ret, struct oc_err *err)
{
    return take_keys(env_value("AWS_ACCESS_KEY_ID"), env_value("AWS_SECRET_ACCESS_KEY"),
                     env_value("AWS_SESSION_TOKEN"), "the environment", ret, err);
}

static int fail_none(struct oc_err *err)
{
    return oc_fail_as(err, OC_EDENIED, "NoCredentialsError",
                      "no credentials found; set AWS_SHARED_CREDENTIALS_FILE to the file that the "
                      "server wrote at its first start, or set AWS_ACCESS_KEY_ID and "
                      "AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, or --profile");
}

/* -- profiles ---------------------------------------------------------------------------------- */

#define NOT_HERE 1 /* the profile has no credentials of that kind */

static int load_profile(const struct oc_profile *profile, unsigned depth,
                        struct oc_credentials *ret, struct oc_err *err);

static int load_static(const struct oc_profile *profile, struct oc_credentials *ret,
                       struct oc_err *err)
{
    if (oc_ini_value(profile->credentials_section, "aws_access_key_id").ptr)
        return take_section(profile->credentials_section, "the shared credentials file", ret, err);
    if (oc_profile_value(profile, "credential_process").ptr)
        return oc_provider_process(profile, ret, err);
    if (oc_ini_value(profile->config_section, "aws_access_key_id").ptr)
        return take_section(profile->config_section, "the shared config file", ret, err);
    return NOT_HERE;
}

/* Credentials of the profile that `source_profile` names. A profile that names itself means the
 * access key that stands beside the role. */
static int load_source_profile(const struct oc_profile *profile, unsigned depth,
                               struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_slice name = oc_profile_value(profile, "source_profile");
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_profile other;
    int rc;

    oc_buf_init(&text, OC_INI_MAX);
    oc_buf_put_slice(&text, name);
    if (!oc_buf_cstr(&text))
        return oc_fail_nomem(err);
    if (oc_slice_eq(name, profile->name)) {
        rc = load_static(profile, ret, err);
    } else {
        if (depth == PROFILES_MAX)
            return oc_fail_as(err, OC_EINVAL, "ConfigParseError",
                              "profile '%.*s': its source_profile leads in a circle",
                              OC_FMT(profile->name));
        rc = oc_profile_load(oc_buf_cstr(&text), &other, err);
        if (rc < 0)
            return rc;
        rc = load_profile(&other, depth + 1, ret, err);
        oc_profile_clear(&other);
    }
    if (rc == NOT_HERE)
        return oc_fail_as(err, OC_EDENIED, "NoCredentialsError",
                          "source_profile '%.*s' has no credentials", OC_FMT(name));
    return rc;
}

static int load_role_source(const struct oc_profile *profile, unsigned depth,
                            struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_slice source = oc_profile_value(profile, "credential_source");

    if (oc_profile_value(profile, "source_profile").ptr)
        return load_source_profile(profile, depth, ret, err);
    if (oc_slice_eq_str(source, "Environment"))
        return take_environment(ret, err);
    if (oc_slice_eq_str(source, "EcsContainer") && oc_provider_has_container())
        return oc_provider_container(ret, err);
    if (oc_slice_eq_str(source, "Ec2InstanceMetadata"))
        return oc_provider_machine(ret, err);
    return oc_fail_as(err, OC_EDENIED, "NoCredentialsError",
                      "profile '%.*s' has a role_arn and no source_profile, credential_source or "
                      "web_identity_token_file that can be used",
                      OC_FMT(profile->name));
}

static int load_role(const struct oc_profile *profile, unsigned depth, struct oc_credentials *ret,
                     struct oc_err *err)
{
    const struct oc_role role = {
        .arn = oc_profile_value(profile, "role_arn"),
        .session_name = oc_profile_value(profile, "role_session_name"),
        .external_id = oc_profile_value(profile, "external_id"),
        .duration_s = oc_profile_value(profile, "duration_seconds"),
        .token_file = oc_profile_value(profile, "web_identity_token_file"),
    };
    struct oc_credentials source = {0};
    int rc;

    if (oc_profile_value(profile, "mfa_serial").ptr)
        return oc_fail_as(
            err, OC_EDENIED, "NoCredentialsError",
            "profile '%.*s' wants the code of a device (mfa_serial), which is not asked for here; "
            "get "
            "a session with `aws sts assume-role --serial-number … --token-code …` and export its "
            "keys, or use a profile without mfa_serial",
            OC_FMT(profile->name));
    if (role.token_file.ptr)
        return oc_provider_role(&role, NULL, profile, ret, err);
    rc = load_role_source(profile, depth, &source, err);
    if (rc < 0)
        return rc;
    rc = oc_provider_role(&role, &source, profile, ret, err);
    oc_credentials_clear(&source);
    return rc;
}

static int load_profile(const struct oc_profile *profile, unsigned depth,
                        struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_role role = {.arn = env_value("AWS_ROLE_ARN"),
                           .session_name = env_value("AWS_ROLE_SESSION_NAME"),
                           .token_file = env_value("AWS_WEB_IDENTITY_TOKEN_FILE")};

    if (oc_profile_value(profile, "role_arn").ptr)
        return load_role(profile, depth, ret, err);
    if (depth == 0 && role.arn.ptr && role.token_file.ptr)
        return oc_provider_role(&role, NULL, profile, ret, err);
    if (oc_provider_has_sso(profile))
        return oc_provider_sso(profile, ret, err);
    return load_static(profile, ret, err);
}

/* What needs no profile: where the program runs. */
static int load_surroundings(struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_err why = {0};
    int rc;

    if (oc_provider_has_container())
        return oc_provider_container(ret, err);
    rc = oc_provider_machine(ret, &why);
    if (rc == OC_ENOTFOUND)
        return fail_none(err);
    if (rc < 0)
        *err = why;
    return rc;
}

int oc_credentials_load(const struct oc_static_credentials *given, const struct oc_profile *profile,
                        bool profile_is_named, struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_slice bearer = env_value("AWS_BEARER_TOKEN_BEDROCK");
    struct oc_slice id = env_value("AWS_ACCESS_KEY_ID");
    int rc;

    if (given && given->bearer.ptr)
        return take_bearer(given->bearer, "the explicit bearer key", ret, err);
    if (given && given->access_key_id.ptr)
        return take_keys(given->access_key_id, given->secret_access_key, given->session_token,
                         "the explicit credentials", ret, err);
    if (bearer.ptr)
        return take_bearer(bearer, "AWS_BEARER_TOKEN_BEDROCK", ret, err);
    if (id.ptr && !profile_is_named)
        return take_environment(ret, err);
    rc = load_profile(profile, 0, ret, err);
    return rc == NOT_HERE ? load_surroundings(ret, err) : rc;
}
