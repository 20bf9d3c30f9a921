/* Region and endpoint. */
#include "client/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct oc_slice env_value(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? oc_slice_of(value) : (struct oc_slice){0};
}

/* The name becomes part of a host name: nothing else may slip in. */
static bool is_region(struct oc_slice region)
{
    if (region.len == 0 || region.len > OC_REGION_MAX)
        return false;
    for (size_t i = 0; i < region.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", region.ptr[i]) || !region.ptr[i])
            return false;
    return region.ptr[0] != '-' && region.ptr[region.len - 1] != '-';
}

int oc_endpoint_check_region(struct oc_slice region, struct oc_err *err)
{
    if (is_region(region))
        return OC_OK;
    return oc_fail_as(err, OC_EINVAL, "InvalidRegionError",
                      "'%.*s' is not a Region's name: want lower-case letters, digits and '-'",
                      OC_FMT(region));
}

int oc_endpoint_region(const char *given, const struct oc_profile *profile,
                       char ret[OC_REGION_MAX + 1], struct oc_err *err)
{
    struct oc_slice region = oc_slice_of(given);
    int rc;

    if (!region.ptr)
        region = env_value("AWS_REGION");
    if (!region.ptr)
        region = env_value("AWS_DEFAULT_REGION");
    if (!region.ptr)
        region = oc_profile_value(profile, "region");
    if (!region.ptr)
        return oc_fail_as(err, OC_EINVAL, "NoRegionError",
                          "no Region is given; use --region, or set AWS_REGION");
    rc = oc_endpoint_check_region(region, err);
    if (rc < 0)
        return rc;
    memcpy(ret, region.ptr, region.len);
    ret[region.len] = '\0';
    return OC_OK;
}

static bool is_default_port(struct oc_slice scheme, struct oc_slice port)
{
    return (oc_slice_eq_str(scheme, "http") && oc_slice_eq_str(port, "80")) ||
           (oc_slice_eq_str(scheme, "https") && oc_slice_eq_str(port, "443"));
}

/* `host:port` without the default port; `[::1]:80` has its colon after the bracket. */
static struct oc_slice host_header(struct oc_slice scheme, struct oc_slice authority)
{
    const char *colon = authority.len ? memrchr(authority.ptr, ':', authority.len) : NULL;
    struct oc_slice port;

    if (!colon || memchr(colon, ']', authority.len - (size_t)(colon - authority.ptr)))
        return authority;
    port = oc_slice_sub(authority, (size_t)(colon - authority.ptr) + 1, authority.len);
    if (!is_default_port(scheme, port))
        return authority;
    return oc_slice_sub(authority, 0, authority.len - port.len - 1);
}

static bool has_only_url_characters(struct oc_slice url)
{
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || strchr("\"<>\\^`{|}?#@", url.ptr[i]))
            return false;
    return true;
}

static int parse_endpoint(struct oc_slice url, struct oc_endpoint *ret, struct oc_err *err)
{
    ptrdiff_t mark = oc_slice_find_slice(url, OC_STR("://"));
    struct oc_slice scheme, authority, path, host;
    ptrdiff_t slash;

    scheme = mark < 0 ? (struct oc_slice){0} : oc_slice_sub(url, 0, (size_t)mark);
    authority = mark < 0 ? url : oc_slice_sub(url, (size_t)mark + 3, url.len);
    slash = oc_slice_find(authority, '/');
    path = slash < 0 ? OC_STR("") : oc_slice_sub(authority, (size_t)slash, authority.len);
    authority = slash < 0 ? authority : oc_slice_sub(authority, 0, (size_t)slash);
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    if ((!oc_slice_eq_str(scheme, "http") && !oc_slice_eq_str(scheme, "https")) ||
        authority.len == 0 || authority.ptr[0] == ':' || url.len > OC_ENDPOINT_MAX ||
        !has_only_url_characters(url))
        return oc_fail_as(err, OC_EINVAL, "InvalidEndpoint",
                          "endpoint '%.*s' is not a URL of the form http://host:port", OC_FMT(url));
    host = host_header(scheme, authority);
    (void)snprintf(ret->base, sizeof(ret->base), "%.*s://%.*s", OC_FMT(scheme), OC_FMT(authority));
    (void)snprintf(ret->host, sizeof(ret->host), "%.*s", OC_FMT(host));
    (void)snprintf(ret->path, sizeof(ret->path), "%.*s", OC_FMT(path));
    return OC_OK;
}

int oc_endpoint_configured(const char *given, const struct oc_profile *profile,
                           struct oc_endpoint *ret, struct oc_err *err)
{
    return oc_endpoint_configured_for("bedrock", "AWS_ENDPOINT_URL_BEDROCK", given, profile, ret,
                                      err);
}

int oc_endpoint_configured_for(const char *service, const char *variable, const char *given,
                               const struct oc_profile *profile, struct oc_endpoint *ret,
                               struct oc_err *err)
{
    struct oc_slice url = oc_slice_of(given);

    if (!url.ptr &&
        oc_slice_eq_nocase(env_value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), OC_STR("true"))) {
        *ret = (struct oc_endpoint){0};
        return OC_OK;
    }
    if (!url.ptr)
        url = env_value(variable);
    if (!url.ptr)
        url = env_value("AWS_ENDPOINT_URL");
    if (!url.ptr)
        url = oc_profile_service_value(profile, service, "endpoint_url");
    if (!url.ptr)
        url = oc_profile_value(profile, "endpoint_url");
    if (!url.ptr) {
        *ret = (struct oc_endpoint){0};
        return OC_OK;
    }
    return parse_endpoint(url, ret, err);
}

/* -- AWS's own endpoints ----------------------------------------------------------------------- */

static bool choose(enum oc_choice choice, const char *variable, const struct oc_profile *profile,
                   const char *key)
{
    struct oc_slice text = env_value(variable);

    if (choice != OC_CHOICE_CONFIGURED)
        return choice == OC_CHOICE_YES;
    return oc_slice_eq_nocase(text.ptr ? text : oc_profile_value(profile, key), OC_STR("true"));
}

int oc_endpoint_variant(enum oc_choice fips, enum oc_choice dualstack,
                        const struct oc_profile *profile, const struct oc_endpoint *configured,
                        bool *ret_fips, bool *ret_dualstack, struct oc_err *err)
{
    const bool wants_fips = choose(fips, "AWS_USE_FIPS_ENDPOINT", profile, "use_fips_endpoint");
    const bool wants_dualstack =
        choose(dualstack, "AWS_USE_DUALSTACK_ENDPOINT", profile, "use_dualstack_endpoint");

    if (configured->base[0] && (wants_fips || wants_dualstack))
        return oc_fail_as(err, OC_EINVAL, "EndpointRuleError",
                          "Invalid Configuration: %s and custom endpoint are not supported",
                          wants_fips ? "FIPS" : "Dualstack");
    *ret_fips = wants_fips;
    *ret_dualstack = wants_dualstack;
    return OC_OK;
}

/* AWS's partitions: how their Regions begin, and their domains. The last one takes all others. */
static const struct partition {
    const char *prefix, *domain, *dualstack_domain;
} partitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "amazonaws.com", "api.aws"},
    {"eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "amazonaws.com", "api.aws"},
};

void oc_endpoint_of_service(const char *service, struct oc_slice region, bool fips, bool dualstack,
                            struct oc_endpoint *ret)
{
    const struct partition *p = partitions;

    while (!oc_slice_has_prefix(region, oc_slice_of(p->prefix)))
        p++;
    (void)snprintf(ret->host, sizeof(ret->host), "%s%s.%.*s.%s", service, fips ? "-fips" : "",
                   OC_FMT(region), dualstack ? p->dualstack_domain : p->domain);
    (void)snprintf(ret->base, sizeof(ret->base), "https://%s%s.%.*s.%s", service,
                   fips ? "-fips" : "", OC_FMT(region),
                   dualstack ? p->dualstack_domain : p->domain);
    ret->path[0] = '\0';
}

void oc_endpoint_of_region(struct oc_slice region, bool fips, bool dualstack,
                           struct oc_endpoint *ret)
{
    oc_endpoint_of_service("bedrock", region, fips, dualstack, ret);
}
