/* The sections [bucket NAME], [blob] and [blob REGION] of the settings. See config.h. */
#include "cli/config_impl.h"
#include "model/arn.h"

static bool is_taken(const struct oc_config_place *places, size_t count, struct oc_slice name)
{
    for (size_t i = 0; i < count; i++)
        if (oc_slice_eq(places[i].name, name))
            return true;
    return false;
}

static int add_bucket(struct oc_config *config, struct oc_config_place *bucket, struct oc_err *err)
{
    if (!bucket->place.path.ptr && !bucket->place.s3.endpoint.ptr)
        return oc_fail(err, OC_EINVAL, "path is missing, or endpoint");
    if (config->bucket_count == OC_CONFIG_BUCKETS_MAX)
        return oc_fail(err, OC_EINVAL, "more than %d buckets", OC_CONFIG_BUCKETS_MAX);
    if (is_taken(config->buckets, config->bucket_count, bucket->name))
        return oc_fail(err, OC_EINVAL, "this bucket is named twice");
    if (!bucket->place.s3.bucket.ptr)
        bucket->place.s3.bucket = bucket->name;
    int rc = oc_place_finish(&bucket->place, err);
    if (rc < 0)
        return rc;
    config->buckets[config->bucket_count++] = *bucket;
    return OC_OK;
}

/* What is said of a place is judged when all is known: see oc_config_check_blobs. */
static int add_blob(struct oc_config *config, const struct oc_config_place *blob,
                    struct oc_err *err)
{
    if (blob->name.len == 0) {
        config->blob = blob->place;
        return OC_OK;
    }
    if (config->blob_count == OC_CONFIG_REGIONS_MAX)
        return oc_fail(err, OC_EINVAL, "more than %d Regions", OC_CONFIG_REGIONS_MAX);
    if (is_taken(config->blobs, config->blob_count, blob->name))
        return oc_fail(err, OC_EINVAL, "this Region is named twice");
    config->blobs[config->blob_count++] = *blob;
    return OC_OK;
}

struct oc_place oc_config_blob(const struct oc_config *config, struct oc_slice region)
{
    struct oc_err ignored = {0}; /* oc_config_finish has seen to it */
    struct oc_place place = {0};

    for (size_t i = 0; i < config->blob_count; i++)
        if (oc_slice_eq(config->blobs[i].name, region))
            place = config->blobs[i].place;
    oc_place_inherit(&place, &config->blob);
    if (!place.type.ptr)
        place.type = place.s3.endpoint.ptr ? OC_STR("s3") : OC_STR("fs");
    (void)oc_place_finish(&place, &ignored);
    return place;
}

int oc_config_check_blobs(const struct oc_config *config, struct oc_err *err)
{
    for (size_t i = 0; i < config->blob_count; i++)
        if (!oc_config_is_served(config, config->blobs[i].name))
            return oc_fail(err, OC_EINVAL, "[blob %.*s]: that Region is not served here",
                           OC_FMT(config->blobs[i].name));
    for (size_t i = 0; i < config->region_count; i++) {
        struct oc_place place = oc_config_blob(config, config->regions[i]);
        struct oc_err cause = {0};

        if (oc_place_finish(&place, &cause) < 0)
            return oc_fail(err, OC_EINVAL, "[blob], for Region %.*s: %s",
                           OC_FMT(config->regions[i]), cause.text);
    }
    return OC_OK;
}

static int set_accounts(struct oc_config_place *bucket, struct oc_slice value,
                        struct oc_arena *arena, struct oc_err *err)
{
    int rc = oc_config_set_names(value, arena, &bucket->accounts, &bucket->account_count, err);

    if (rc >= 0 && bucket->account_count == 0)
        return oc_fail(err, OC_EINVAL, "want accounts; without the setting all may import");
    for (size_t i = 0; rc >= 0 && i < bucket->account_count; i++)
        if (!oc_account_is_valid(bucket->accounts[i]))
            return oc_fail(err, OC_EINVAL, "want accounts of 12 digits, not '%.*s'",
                           OC_FMT(bucket->accounts[i]));
    return rc;
}

static int set_key(struct oc_config_place *place, enum oc_place_use use,
                   const struct oc_ini_entry *entry, struct oc_arena *arena, struct oc_err *err)
{
    if (entry->subs)
        return oc_fail(err, OC_EINVAL, "no setting has others below it");
    if (use == OC_PLACE_SOURCE && oc_slice_eq_str(entry->key, "accounts"))
        return set_accounts(place, entry->value, arena, err);
    return oc_place_set(&place->place, use, entry->key, entry->value, arena, err);
}

/* A section with one place in it. */
int oc_config_load_place(struct oc_config *config, const struct oc_ini_section *section,
                         struct oc_arena *arena, struct oc_err *err)
{
    struct oc_slice bucket = oc_config_name_after(section->name, OC_STR("bucket"));
    struct oc_config_place place = {
        .name = bucket.ptr ? bucket : oc_config_name_after(section->name, OC_STR("blob"))};
    enum oc_place_use use = bucket.ptr ? OC_PLACE_SOURCE : OC_PLACE_CONTENT;
    struct oc_err cause = {0};
    int rc;

    for (const struct oc_ini_entry *entry = section->entries; entry; entry = entry->next) {
        rc = set_key(&place, use, entry, arena, &cause);
        if (rc < 0)
            return oc_fail(err, rc, "line %u: [%.*s] %.*s: %s", entry->line, OC_FMT(section->name),
                           OC_FMT(entry->key), cause.text);
    }
    rc = bucket.ptr ? add_bucket(config, &place, &cause) : add_blob(config, &place, &cause);
    return rc < 0 ? oc_fail(err, rc, "line %u: [%.*s]: %s", section->line, OC_FMT(section->name),
                            cause.text)
                  : OC_OK;
}
