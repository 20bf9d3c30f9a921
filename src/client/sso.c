/*
 * Credentials by IAM Identity Center (SSO): a token that `aws sso login` has left in a file is
 * shown to the portal, which gives the credentials of a role.
 *
 * The file is ~/.aws/sso/cache/SHA1.json, SHA1 that of the session's name (`sso_session`), else of
 * the start URL: {"accessToken", "expiresAt", …}. The portal: GET /federation/credentials.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "client/endpoint.h"
#include "client/fetch.h"
#include "client/provider.h"
#include "model/timestamp.h"

#define TOKEN_FILE_MAX    (64UL * 1024)
#define REQUEST_ARENA_MAX (64UL * 1024)
#define SENTENCE_MAX      512

/* What the profile says. */
struct sso {
    struct oc_slice session, start_url, region, account, role;
    char login[SENTENCE_MAX]; /* what to do when the token is no good */
};

bool oc_provider_has_sso(const struct oc_profile *profile)
{
    return oc_profile_value(profile, "sso_account_id").ptr ||
           oc_profile_value(profile, "sso_role_name").ptr ||
           oc_profile_value(profile, "sso_session").ptr ||
           oc_profile_value(profile, "sso_start_url").ptr;
}

static int read_settings(const struct oc_profile *profile, struct sso *ret, struct oc_err *err)
{
    *ret = (struct sso){
        .session = oc_profile_value(profile, "sso_session"),
        .start_url = oc_profile_sso_value(profile, "sso_start_url"),
        .region = oc_profile_sso_value(profile, "sso_region"),
        .account = oc_profile_value(profile, "sso_account_id"),
        .role = oc_profile_value(profile, "sso_role_name"),
    };
    const struct {
        const char *key;
        struct oc_slice value;
    } wanted[] = {{"sso_start_url", ret->start_url},
                  {"sso_region", ret->region},
                  {"sso_account_id", ret->account},
                  {"sso_role_name", ret->role}};

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (!wanted[i].value.len)
            return oc_fail_as(err, OC_EINVAL, "ConfigParseError",
                              "profile '%.*s' uses SSO and has no %s; `aws configure sso` sets it",
                              OC_FMT(profile->name), wanted[i].key);
    (void)snprintf(ret->login, sizeof(ret->login), "run: aws sso login --profile %.*s",
                   OC_FMT(profile->name));
    return oc_endpoint_check_region(ret->region, err);
}

/* -- the token --------------------------------------------------------------------------------- */

static int read_token_file(const struct sso *sso, struct oc_buf *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    uint8_t digest[OC_SHA1_LEN];
    char name[2 * OC_SHA1_LEN];
    const char *home = getenv("HOME");
    struct oc_err why = {0};
    int rc;

    rc = oc_sha1(sso->session.ptr ? sso->session : sso->start_url, digest, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(digest, sizeof(digest), name);
    oc_buf_init(&path, OC_FETCH_URL_MAX);
    oc_buf_printf(&path, "%s/.aws/sso/cache/%.*s.json", home ? home : "", (int)sizeof(name), name);
    if (!oc_buf_cstr(&path))
        return oc_fail_nomem(err);
    rc = oc_file_read(oc_buf_cstr(&path), TOKEN_FILE_MAX, ret, &why);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0)
        return oc_fail_as(err, OC_EDENIED, "SSOTokenLoadError", "there is no SSO login (%s); %s",
                          why.text, sso->login);
    return OC_OK;
}

/* The AWS CLI of old wrote `…UTC` for `…Z`. */
static bool parse_end(struct oc_slice text, int64_t *ret_us)
{
    char with_z[64];

    if (text.len > 3 && oc_slice_eq_str(oc_slice_sub(text, text.len - 3, text.len), "UTC")) {
        (void)snprintf(with_z, sizeof(with_z), "%.*sZ", (int)text.len - 3, text.ptr);
        text = oc_slice_of(with_z);
    }
    return oc_timestamp_parse(text, ret_us);
}

/* @param file     the text of the token's file
 * @param[out] ret borrowed from `*json` */
static int read_token(const struct sso *sso, struct oc_slice file, struct oc_json **json,
                      struct oc_slice *ret, struct oc_err *err)
{
    struct oc_err why = {0};
    int64_t ends_us = 0;
    int rc = oc_json_parse(file, json, &why);

    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    *ret = oc_json_string(oc_json_get(*json, "accessToken"));
    if (rc < 0 || !ret->len ||
        !parse_end(oc_json_string(oc_json_get(*json, "expiresAt")), &ends_us))
        return oc_fail_as(err, OC_EDENIED, "SSOTokenLoadError",
                          "the file of the SSO login cannot be read; %s", sso->login);
    if (ends_us / 1000 <= oc_clock_now_ms())
        return oc_fail_as(err, OC_EDENIED, "UnauthorizedSSOTokenError",
                          "the SSO login has expired; %s", sso->login);
    return OC_OK;
}

/* -- the portal -------------------------------------------------------------------------------- */

static int put_url(const struct sso *sso, const struct oc_endpoint *endpoint, struct oc_buf *url)
{
    oc_buf_printf(url, "%s%s/federation/credentials?role_name=", endpoint->base, endpoint->path);
    oc_percent_encode(url, sso->role, false);
    oc_buf_put_str(url, "&account_id=");
    oc_percent_encode(url, sso->account, false);
    return oc_buf_cstr(url) ? OC_OK : OC_ENOMEM;
}

static int ask_portal(const struct sso *sso, const struct oc_profile *profile,
                      struct oc_slice token, struct oc_buf *answer, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf url = {0};
    struct oc_arena arena;
    struct oc_endpoint endpoint;
    const char *ca_bundle = getenv("AWS_CA_BUNDLE");
    char refused[SENTENCE_MAX + 128];
    struct oc_fetch fetch = {
        .method = "GET", .is_remote = true, .source = "the SSO portal", .refused = refused};
    struct oc_sigv4_header headers[2];
    int rc;

    rc = oc_endpoint_configured_for("sso", "AWS_ENDPOINT_URL_SSO", NULL, profile, &endpoint, err);
    if (rc < 0)
        return rc;
    if (!endpoint.base[0])
        oc_endpoint_of_service("portal.sso", sso->region, false, false, &endpoint);
    oc_buf_init(&url, OC_FETCH_URL_MAX);
    if (put_url(sso, &endpoint, &url) < 0)
        return oc_fail_nomem(err);
    (void)snprintf(refused, sizeof(refused),
                   "the SSO portal does not accept the login for this account and role; %s",
                   sso->login);
    headers[0] = (struct oc_sigv4_header){OC_STR("Host"), oc_slice_of(endpoint.host)};
    headers[1] = (struct oc_sigv4_header){OC_STR("x-amz-sso_bearer_token"), token};
    fetch.headers = headers;
    fetch.header_count = 2;
    fetch.url = oc_buf_cstr(&url);
    oc_arena_init(&arena, REQUEST_ARENA_MAX);
    fetch.ca_bundle = ca_bundle && *ca_bundle
                          ? ca_bundle
                          : oc_arena_copy(&arena, oc_profile_value(profile, "ca_bundle")).ptr;
    rc = oc_fetch(&fetch, answer, err);
    oc_arena_clear(&arena);
    return rc;
}

static int read_answer(struct oc_slice text, struct oc_credentials *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    const struct oc_json *role;
    struct oc_static_credentials parts = {0};
    struct oc_err why = {0};
    int rc = oc_json_parse(text, &json, &why);

    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    role = oc_json_get(json, "roleCredentials");
    parts.access_key_id = oc_json_string(oc_json_get(role, "accessKeyId"));
    parts.secret_access_key = oc_json_string(oc_json_get(role, "secretAccessKey"));
    parts.session_token = oc_json_string(oc_json_get(role, "sessionToken"));
    rc = oc_fetch_take(&parts, (struct oc_slice){0}, "SSO", ret, err);
    if (rc == OC_OK)
        ret->expires_ms = oc_json_int64(oc_json_get(role, "expiration"), 0);
    return rc;
}

int oc_provider_sso(const struct oc_profile *profile, struct oc_credentials *ret,
                    struct oc_err *err)
{
    OC_AUTO(oc_fetch_wipe) struct oc_buf file = {0}, answer = {0};
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_slice token;
    struct sso sso;
    int rc;

    rc = read_settings(profile, &sso, err);
    if (rc == OC_OK)
        rc = read_token_file(&sso, &file, err);
    if (rc == OC_OK)
        rc = read_token(&sso, oc_buf_slice(&file), &json, &token, err);
    if (rc == OC_OK)
        rc = ask_portal(&sso, profile, token, &answer, err);
    return rc < 0 ? rc : read_answer(oc_buf_slice(&answer), ret, err);
}
