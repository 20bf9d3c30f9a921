/*
 * One profile of AWS's shared files: ~/.aws/credentials and ~/.aws/config, or the files that
 * AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name.
 *
 * A profile is `[NAME]` in the credentials file and `[profile NAME]` (for the default one also
 * `[default]`) in the config file; both together form it, the credentials file first. A file that
 * does not exist is the same as an empty one.
 *
 * Threads: read-only after loading.
 */
#ifndef OC_CLIENT_PROFILE_H
#define OC_CLIENT_PROFILE_H

#include "base/arena.h"
#include "base/ini.h"

struct oc_profile {
    struct oc_arena arena;
    struct oc_slice name;
    struct oc_ini config;
    const struct oc_ini_section *credentials_section; /* or NULL */
    const struct oc_ini_section *config_section;      /* or NULL */
};

/**
 * Load a profile.
 *
 * @param name      the profile asked for; NULL: AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default"
 * @param[out] ret  clear with oc_profile_clear; set on OC_OK only
 * Errors: OC_ENOTFOUND, named ProfileNotFound — the profile was asked for by name and stands in
 *         neither file; OC_EINVAL, named ConfigParseError — a file breaks the grammar; else a
 *         file cannot be read (OC_EDENIED, OC_EIO), OC_ENOMEM.
 */
int oc_profile_load(const char *name, struct oc_profile *ret, struct oc_err *err);

void oc_profile_clear(struct oc_profile *profile);

/** A setting of the profile, absent when it has none. Borrowed from the profile. */
struct oc_slice oc_profile_value(const struct oc_profile *profile, const char *key);

/**
 * A setting for one service: `key` below `service` in the `[services X]` section that the profile's
 * `services = X` names. Absent when there is none.
 */
struct oc_slice oc_profile_service_value(const struct oc_profile *profile, const char *service,
                                         const char *key);

/**
 * A setting of the profile's SSO session: in the `[sso-session X]` section that the profile's
 * `sso_session = X` names, else in the profile itself. Absent when there is none.
 */
struct oc_slice oc_profile_sso_value(const struct oc_profile *profile, const char *key);

#endif
