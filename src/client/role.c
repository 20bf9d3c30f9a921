/* Roles: AssumeRole and AssumeRoleWithWebIdentity of STS, whose answers are XML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "client/endpoint.h"
#include "client/fetch.h"
#include "client/provider.h"

#define REGION_DEFAULT    "us-east-1"
#define BODY_MAX          (32UL * 1024)
#define WEB_TOKEN_MAX     20000 /* AWS */
#define REQUEST_ARENA_MAX (64UL * 1024)

static void put_field(struct oc_buf *body, const char *name, struct oc_slice value)
{
    if (!value.ptr)
        return;
    oc_buf_printf(body, "%s%s=", body->len ? "&" : "", name);
    oc_percent_encode(body, value, false);
}

static int write_body(const struct oc_role *role, struct oc_buf *body, struct oc_err *err)
{
    OC_AUTO(oc_fetch_wipe) struct oc_buf token = {0}, path = {0};
    char name[48];
    int rc;

    (void)snprintf(name, sizeof(name), "outcrop-%lld", (long long)oc_clock_now_ms());
    put_field(body, "Action",
              role->token_file.ptr ? OC_STR("AssumeRoleWithWebIdentity") : OC_STR("AssumeRole"));
    put_field(body, "Version", OC_STR("2011-06-15"));
    put_field(body, "RoleArn", role->arn);
    put_field(body, "RoleSessionName",
              role->session_name.len ? role->session_name : oc_slice_of(name));
    put_field(body, "ExternalId", role->external_id);
    put_field(body, "DurationSeconds", role->duration_s);
    if (role->token_file.ptr) {
        oc_buf_init(&path, OC_FETCH_URL_MAX);
        oc_buf_put_slice(&path, role->token_file);
        if (!oc_buf_cstr(&path))
            return oc_fail_nomem(err);
        rc = oc_file_read(oc_buf_cstr(&path), WEB_TOKEN_MAX, &token, err);
        if (rc < 0)
            return rc;
        put_field(body, "WebIdentityToken", oc_slice_trim(oc_buf_slice(&token)));
    }
    return body->failed ? oc_fail_nomem(err) : OC_OK;
}

/* The text of the first element of that name; absent when there is none. */
static struct oc_slice element(struct oc_slice xml, const char *open, const char *close)
{
    ptrdiff_t from = oc_slice_find_slice(xml, oc_slice_of(open));
    ptrdiff_t to;

    if (from < 0)
        return (struct oc_slice){0};
    xml = oc_slice_sub(xml, (size_t)from + strlen(open), xml.len);
    to = oc_slice_find_slice(xml, oc_slice_of(close));
    return to < 0 ? (struct oc_slice){0} : oc_slice_trim(oc_slice_sub(xml, 0, (size_t)to));
}

static int read_answer(struct oc_slice xml, struct oc_credentials *ret, struct oc_err *err)
{
    const struct oc_static_credentials parts = {
        .access_key_id = element(xml, "<AccessKeyId>", "</AccessKeyId>"),
        .secret_access_key = element(xml, "<SecretAccessKey>", "</SecretAccessKey>"),
        .session_token = element(xml, "<SessionToken>", "</SessionToken>"),
    };

    return oc_fetch_take(&parts, element(xml, "<Expiration>", "</Expiration>"), "STS", ret, err);
}

/* Where STS is: configured as for every service, else the Region's. */
static int find_sts(const struct oc_profile *profile, char region[OC_REGION_MAX + 1],
                    struct oc_endpoint *ret, struct oc_err *err)
{
    struct oc_err no_region = {0};
    int rc;

    if (oc_endpoint_region(NULL, profile, region, &no_region) < 0)
        (void)snprintf(region, OC_REGION_MAX + 1, "%s", REGION_DEFAULT);
    rc = oc_endpoint_configured_for("sts", "AWS_ENDPOINT_URL_STS", NULL, profile, ret, err);
    if (rc == OC_OK && !ret->base[0])
        oc_endpoint_of_service("sts", oc_slice_of(region), false, false, ret);
    return rc;
}

static int sign(const struct oc_credentials *source, const char *region, struct oc_slice body,
                const struct oc_endpoint *endpoint, struct oc_arena *arena,
                struct oc_sigv4_header headers[5], size_t *count, struct oc_err *err)
{
    const struct oc_sigv4_signer signer = {
        .access_key_id = oc_buf_slice(&source->access_key_id),
        .secret = {(const char *)source->secret.bytes, source->secret.len},
        .session_token =
            source->session_token.len ? oc_buf_slice(&source->session_token) : (struct oc_slice){0},
        .region = oc_slice_of(region),
        .service = OC_STR("sts"),
        .now_ms = oc_clock_now_ms(),
    };
    const struct oc_sigv4_request request = {
        .method = OC_STR("POST"),
        .path = endpoint->path[0] ? oc_slice_of(endpoint->path) : OC_STR("/"),
        .headers = headers,
        .header_count = *count,
        .body = body,
    };
    struct oc_sigv4_signed made;
    int rc;

    rc = oc_sigv4_sign(&signer, &request, arena, &made, err);
    if (rc < 0)
        return rc;
    memcpy(headers + *count, made.headers, made.header_count * sizeof(made.headers[0]));
    *count += made.header_count;
    return OC_OK;
}

static int ask_sts(const struct oc_role *role, const struct oc_credentials *source,
                   const struct oc_profile *profile, struct oc_arena *arena, struct oc_buf *answer,
                   struct oc_err *err)
{
    OC_AUTO(oc_fetch_wipe) struct oc_buf body = {0};
    char region[OC_REGION_MAX + 1];
    struct oc_sigv4_header headers[5];
    struct oc_endpoint endpoint;
    const char *ca_bundle = getenv("AWS_CA_BUNDLE");
    struct oc_fetch fetch = {
        .method = "POST", .headers = headers, .is_remote = true, .source = "STS"};
    int rc;

    rc = find_sts(profile, region, &endpoint, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&body, BODY_MAX);
    rc = write_body(role, &body, err);
    if (rc < 0)
        return rc;
    headers[0] = (struct oc_sigv4_header){OC_STR("Host"), oc_slice_of(endpoint.host)};
    headers[1] = (struct oc_sigv4_header){OC_STR("Content-Type"),
                                          OC_STR("application/x-www-form-urlencoded")};
    fetch.header_count = 2;
    fetch.body = oc_buf_slice(&body);
    if (source)
        rc = sign(source, region, fetch.body, &endpoint, arena, headers, &fetch.header_count, err);
    if (rc < 0)
        return rc;
    fetch.url = oc_arena_printf(arena, "%s%s/", endpoint.base, endpoint.path).ptr;
    fetch.ca_bundle = ca_bundle && *ca_bundle
                          ? ca_bundle
                          : oc_arena_copy(arena, oc_profile_value(profile, "ca_bundle")).ptr;
    return fetch.url ? oc_fetch(&fetch, answer, err) : oc_fail_nomem(err);
}

int oc_provider_role(const struct oc_role *role, const struct oc_credentials *source,
                     const struct oc_profile *profile, struct oc_credentials *ret,
                     struct oc_err *err)
{
    OC_AUTO(oc_fetch_wipe) struct oc_buf answer = {0};
    struct oc_arena arena;
    int rc;

    oc_arena_init(&arena, REQUEST_ARENA_MAX);
    rc = ask_sts(role, source, profile, &arena, &answer, err);
    oc_arena_clear(&arena);
    return rc < 0 ? rc : read_answer(oc_buf_slice(&answer), ret, err);
}
