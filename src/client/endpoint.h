/*
 * Where a client's requests go: Region and endpoint by the rules of the AWS SDKs.
 */
#ifndef OC_CLIENT_ENDPOINT_H
#define OC_CLIENT_ENDPOINT_H

#include "client/profile.h"

#define OC_ENDPOINT_MAX 1024
#define OC_REGION_MAX   64

/**
 * The Region: `given`, AWS_REGION, AWS_DEFAULT_REGION, the profile.
 * @param[out] ret  NUL-terminated
 * Errors: OC_EINVAL, named NoRegionError (none is given) or InvalidRegionError (not a Region name).
 */
int oc_endpoint_region(const char *given, const struct oc_profile *profile,
                       char ret[OC_REGION_MAX + 1], struct oc_err *err);

/** Whether `region` can be a Region's name. Errors: OC_EINVAL, named InvalidRegionError. */
int oc_endpoint_check_region(struct oc_slice region, struct oc_err *err);

/** Where to connect. */
struct oc_endpoint {
    char base[OC_ENDPOINT_MAX + 1]; /* scheme://host[:port] */
    char host[OC_ENDPOINT_MAX + 1]; /* what the Host header says: with the port if not default */
    char path[OC_ENDPOINT_MAX + 1]; /* in front of every request's path; "" or /… without end / */
};

/**
 * The configured endpoint: `given`, AWS_ENDPOINT_URL_BEDROCK, AWS_ENDPOINT_URL, the profile's
 * services section, its endpoint_url; the last four not when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS
 * is true.
 *
 * @param[out] ret  `base` is empty when none is configured: then it follows from the Region
 * Errors: OC_EINVAL, named InvalidEndpoint.
 */
int oc_endpoint_configured(const char *given, const struct oc_profile *profile,
                           struct oc_endpoint *ret, struct oc_err *err);

/** As oc_endpoint_configured, for another service and the variable that names its endpoint. */
int oc_endpoint_configured_for(const char *service, const char *variable, const char *given,
                               const struct oc_profile *profile, struct oc_endpoint *ret,
                               struct oc_err *err);

/** A switch that may be left to the environment and the profile. */
enum oc_choice { OC_CHOICE_CONFIGURED, OC_CHOICE_NO, OC_CHOICE_YES };

/**
 * Whether FIPS and dual-stack endpoints are wanted: `fips` and `dualstack`, AWS_USE_FIPS_ENDPOINT
 * and AWS_USE_DUALSTACK_ENDPOINT, the profile's use_fips_endpoint and use_dualstack_endpoint.
 *
 * @param configured  the configured endpoint; its `base` is empty when there is none
 * Errors: OC_EINVAL, named EndpointRuleError — either is wanted of a configured endpoint, which
 *         AWS's endpoint rules forbid.
 */
int oc_endpoint_variant(enum oc_choice fips, enum oc_choice dualstack,
                        const struct oc_profile *profile, const struct oc_endpoint *configured,
                        bool *ret_fips, bool *ret_dualstack, struct oc_err *err);

/** AWS's own endpoint for a Region: https://bedrock.REGION.amazonaws.com and its variants. */
void oc_endpoint_of_region(struct oc_slice region, bool fips, bool dualstack,
                           struct oc_endpoint *ret);

/** The same for another service. */
void oc_endpoint_of_service(const char *service, struct oc_slice region, bool fips, bool dualstack,
                            struct oc_endpoint *ret);

#endif
