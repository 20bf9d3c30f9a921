/* Profiles of AWS's shared files. */
#include "client/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_MEMORY_MAX (16UL << 20) /* two files of OC_INI_MAX and their lists */

/* The path in the environment, else `fallback` in the home folder; a leading `~/` is the home
 * folder. Absent slice: no home folder, or no memory. */
static struct oc_slice file_path(struct oc_arena *arena, const char *variable, const char *fallback)
{
    const char *path = getenv(variable);
    const char *home = getenv("HOME");

    if (!path || !*path)
        path = fallback;
    if (strncmp(path, "~/", 2) != 0)
        return oc_arena_copy(arena, oc_slice_of(path));
    if (!home || !*home)
        return (struct oc_slice){0};
    return oc_arena_printf(arena, "%s/%s", home, path + 2);
}

static int load_file(const char *path, struct oc_arena *arena, struct oc_ini *ret,
                     struct oc_err *err)
{
    struct oc_err why = {0};
    int rc = path ? oc_ini_load(path, arena, ret, &why) : OC_ENOTFOUND;

    if (rc == OC_ENOTFOUND) {
        *ret = (struct oc_ini){0};
        return OC_OK;
    }
    if (rc == OC_EINVAL)
        return oc_fail_as(err, OC_EINVAL, "ConfigParseError", "%s", why.text);
    if (rc < 0)
        *err = why;
    return rc;
}

/* The profile that a config section's name stands for: `default`, `profile x`, `profile "x y"`.
 * Absent for other sections. */
static struct oc_slice config_profile_name(struct oc_slice section)
{
    struct oc_slice prefix = OC_STR("profile");
    struct oc_slice name;

    if (oc_slice_eq_str(section, "default"))
        return section;
    if (!oc_slice_has_prefix(section, prefix))
        return (struct oc_slice){0};
    name = oc_slice_sub(section, prefix.len, section.len);
    if (name.len == 0 || (name.ptr[0] != ' ' && name.ptr[0] != '\t'))
        return (struct oc_slice){0};
    name = oc_slice_trim(name);
    if (name.len >= 2 && (name.ptr[0] == '"' || name.ptr[0] == '\'') &&
        name.ptr[name.len - 1] == name.ptr[0])
        name = oc_slice_sub(name, 1, name.len - 2);
    return name;
}

static const struct oc_ini_section *find_config_section(const struct oc_ini *ini,
                                                        struct oc_slice name)
{
    const struct oc_ini_section *found = NULL;

    for (const struct oc_ini_section *s = ini->sections; s; s = s->next) {
        if (!oc_slice_eq(config_profile_name(s->name), name))
            continue;
        /* `[profile default]` outranks `[default]`. */
        if (!found || oc_slice_eq_str(found->name, "default"))
            found = s;
    }
    return found;
}

static int load_into(struct oc_profile *profile, const char *name, struct oc_err *err)
{
    struct oc_slice credentials_path, config_path;
    struct oc_ini credentials;
    int rc;

    credentials_path =
        file_path(&profile->arena, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    config_path = file_path(&profile->arena, "AWS_CONFIG_FILE", "~/.aws/config");
    profile->name = oc_arena_copy(&profile->arena, oc_slice_of(name ? name : "default"));
    if (!profile->name.ptr)
        return oc_fail_nomem(err);
    rc = load_file(credentials_path.ptr, &profile->arena, &credentials, err);
    if (rc < 0)
        return rc;
    rc = load_file(config_path.ptr, &profile->arena, &profile->config, err);
    if (rc < 0)
        return rc;
    profile->credentials_section = oc_ini_section(&credentials, profile->name);
    profile->config_section = find_config_section(&profile->config, profile->name);
    if (name && !profile->credentials_section && !profile->config_section)
        return oc_fail_as(err, OC_ENOTFOUND, "ProfileNotFound",
                          "profile '%s' is neither in %s nor in %s", name,
                          credentials_path.ptr ? credentials_path.ptr : "~/.aws/credentials",
                          config_path.ptr ? config_path.ptr : "~/.aws/config");
    return OC_OK;
}

int oc_profile_load(const char *name, struct oc_profile *ret, struct oc_err *err)
{
    struct oc_profile profile = {0};
    int rc;

    if (!name || !*name)
        name = getenv("AWS_PROFILE");
    if (!name || !*name)
        name = getenv("AWS_DEFAULT_PROFILE");
    if (name && !*name)
        name = NULL;
    oc_arena_init(&profile.arena, PROFILE_MEMORY_MAX);
    rc = load_into(&profile, name, err);
    if (rc < 0) {
        oc_arena_clear(&profile.arena);
        return rc;
    }
    *ret = profile;
    return OC_OK;
}

void oc_profile_clear(struct oc_profile *profile)
{
    oc_arena_clear(&profile->arena);
    *profile = (struct oc_profile){0};
}

struct oc_slice oc_profile_value(const struct oc_profile *profile, const char *key)
{
    struct oc_slice value = oc_ini_value(profile->credentials_section, key);

    return value.ptr ? value : oc_ini_value(profile->config_section, key);
}

struct oc_slice oc_profile_service_value(const struct oc_profile *profile, const char *service,
                                         const char *key)
{
    struct oc_slice services = oc_profile_value(profile, "services");
    const struct oc_ini_entry *entry;

    for (const struct oc_ini_section *s = profile->config.sections; s; s = s->next) {
        struct oc_slice rest = s->name;

        if (!oc_slice_eq_str(oc_slice_cut(&rest, ' '), "services") || !services.ptr ||
            !oc_slice_eq(oc_slice_trim(rest), services))
            continue;
        entry = oc_ini_find(s->entries, service);
        entry = entry ? oc_ini_find(entry->subs, key) : NULL;
        return entry ? entry->value : (struct oc_slice){0};
    }
    return (struct oc_slice){0};
}

struct oc_slice oc_profile_sso_value(const struct oc_profile *profile, const char *key)
{
    struct oc_slice session = oc_profile_value(profile, "sso_session");

    if (!session.ptr)
        return oc_profile_value(profile, key);
    for (const struct oc_ini_section *s = profile->config.sections; s; s = s->next) {
        struct oc_slice rest = s->name;

        if (oc_slice_eq_str(oc_slice_cut(&rest, ' '), "sso-session") &&
            oc_slice_eq(oc_slice_trim(rest), session))
            return oc_ini_value(s, key);
    }
    return (struct oc_slice){0};
}
