/* The sections [webhook NAME] of the settings. See config.h. */
#include "cli/config_impl.h"

#include <string.h>

static int set_text(struct oc_slice value, struct oc_arena *arena, const char **ret,
                    struct oc_err *err)
{
    struct oc_slice copy = oc_arena_copy(arena, value); /* ends with NUL */

    if (!copy.ptr)
        return oc_fail_nomem(err);
    *ret = copy.ptr;
    return OC_OK;
}

static int set_url(struct oc_slice value, struct oc_arena *arena, const char **ret,
                   struct oc_err *err)
{
    if (!oc_slice_has_prefix(value, OC_STR("https://")) &&
        !oc_slice_has_prefix(value, OC_STR("http://")))
        return oc_fail(err, OC_EINVAL,
                       "want a URL that begins with https:// or http://, not '%.*s'",
                       OC_FMT(value));
    return set_text(value, arena, ret, err);
}

static int set_key(struct oc_webhook *webhook, struct oc_slice key, struct oc_slice value,
                   struct oc_arena *arena, struct oc_err *err)
{
    const char *file = NULL;
    int rc;

    if (oc_slice_eq_str(key, "url"))
        return set_url(value, arena, &webhook->url, err);
    if (oc_slice_eq_str(key, "accounts"))
        return oc_config_set_names(value, arena, &webhook->accounts, &webhook->account_count, err);
    if (oc_slice_eq_str(key, "regions"))
        return oc_config_set_names(value, arena, &webhook->regions, &webhook->region_count, err);
    if (oc_slice_eq_str(key, "ca-bundle"))
        return set_text(value, arena, &webhook->ca_bundle, err);
    if (!oc_slice_eq_str(key, "secret-file"))
        return oc_fail(err, OC_EINVAL, "there is no such setting");
    rc = set_text(value, arena, &file, err);
    return rc < 0 ? rc : oc_webhook_read_secrets(file, webhook, err);
}

static int add_webhook(struct oc_config *config, const struct oc_webhook *webhook,
                       struct oc_err *err)
{
    if (!webhook->url || webhook->secret_count == 0)
        return oc_fail(err, OC_EINVAL, "%s is missing", webhook->url ? "secret-file" : "url");
    if (webhook->name.len == 0 || webhook->name.len > 63)
        return oc_fail(err, OC_EINVAL, "a webhook's name has 1 to 63 characters");
    for (size_t i = 0; i < config->webhook_count; i++)
        if (oc_slice_eq(config->webhooks[i].name, webhook->name))
            return oc_fail(err, OC_EINVAL, "this webhook is named twice");
    if (config->webhook_count == OC_WEBHOOKS_MAX)
        return oc_fail(err, OC_EINVAL, "more than %d webhooks", OC_WEBHOOKS_MAX);
    config->webhooks[config->webhook_count++] = *webhook;
    return OC_OK;
}

int oc_config_load_webhook(struct oc_config *config, const struct oc_ini_section *section,
                           struct oc_arena *arena, struct oc_err *err)
{
    struct oc_webhook webhook = {
        .name = oc_slice_trim(oc_slice_sub(section->name, strlen("webhook"), SIZE_MAX))};
    struct oc_err cause = {0};
    int rc = OC_OK;

    for (const struct oc_ini_entry *entry = section->entries; entry; entry = entry->next) {
        if (entry->subs)
            rc = oc_fail(&cause, OC_EINVAL, "no setting has others below it");
        else
            rc = set_key(&webhook, entry->key, entry->value, arena, &cause);
        if (rc < 0)
            return oc_fail(err, cause.rc, "line %u: [%.*s] %.*s: %s", entry->line,
                           OC_FMT(section->name), OC_FMT(entry->key), cause.text);
    }
    rc = add_webhook(config, &webhook, &cause);
    return rc < 0 ? oc_fail(err, cause.rc, "line %u: [%.*s]: %s", section->line,
                            OC_FMT(section->name), cause.text)
                  : OC_OK;
}
