/* Where bytes are: a folder or a bucket. See config_place.h. */
#include "cli/config_place.h"

#include <string.h>

#include "model/manifest.h"

static int want_one_of(struct oc_slice value, const char *a, const char *b, struct oc_err *err)
{
    if (oc_slice_eq_str(value, a) || oc_slice_eq_str(value, b))
        return OC_OK;
    return oc_fail(err, OC_EINVAL, "want %s or %s, not '%.*s'", a, b, OC_FMT(value));
}

static int want_absolute(struct oc_slice value, struct oc_err *err)
{
    if (value.len > 0 && value.ptr[0] == '/')
        return OC_OK;
    return oc_fail(err, OC_EINVAL, "want an absolute path, not '%.*s'", OC_FMT(value));
}

static int want_prefix(struct oc_slice *value, struct oc_err *err)
{
    while (value->len && value->ptr[value->len - 1] == '/')
        value->len--;
    if (value->len == 0 || oc_manifest_path_is_safe(*value))
        return OC_OK;
    return oc_fail(err, OC_EINVAL, "want a plain path such as outcrop/data, not '%.*s'",
                   OC_FMT(*value));
}

static int check_value(struct oc_slice key, struct oc_slice *value, struct oc_err *err)
{
    if (oc_slice_eq_str(key, "type"))
        return want_one_of(*value, "fs", "s3", err);
    if (oc_slice_eq_str(key, "style"))
        return want_one_of(*value, "path", "host", err);
    if (oc_slice_eq_str(key, "prefix"))
        return want_prefix(value, err);
    if (oc_slice_eq_str(key, "path") || oc_slice_eq_str(key, "credentials") ||
        oc_slice_eq_str(key, "ca-bundle"))
        return want_absolute(*value, err);
    return value->len ? OC_OK : oc_fail(err, OC_EINVAL, "its value is missing");
}

/* The settings of a place, in their section's table. */
static struct oc_slice *find_setting(struct oc_place *place, enum oc_place_use use,
                                     struct oc_slice key)
{
    const struct {
        const char *key;
        struct oc_slice *to;
    } table[] = {
        {"path", &place->path},
        {"type", &place->type},
        {"endpoint", &place->s3.endpoint},
        {"bucket", &place->s3.bucket},
        {"prefix", &place->prefix},
        {"region", &place->s3.region},
        {"style", &place->style},
        {"credentials", &place->s3.credentials},
        {"profile", &place->s3.profile},
        {"ca-bundle", &place->s3.ca_bundle},
    };
    const char *foreign = use == OC_PLACE_SOURCE ? "type" : "path";

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (oc_slice_eq_str(key, table[i].key) && strcmp(table[i].key, foreign) != 0)
            return table[i].to;
    return NULL;
}

int oc_place_set(struct oc_place *place, enum oc_place_use use, struct oc_slice key,
                 struct oc_slice value, struct oc_arena *arena, struct oc_err *err)
{
    struct oc_slice *to = find_setting(place, use, key);
    int rc;

    if (!to)
        return oc_fail(err, OC_EINVAL, "there is no such setting");
    rc = check_value(key, &value, err);
    if (rc < 0)
        return rc;
    *to = oc_arena_copy(arena, value);
    return to->ptr ? OC_OK : oc_fail_nomem(err);
}

static void inherit(struct oc_slice *to, struct oc_slice from)
{
    if (!to->ptr)
        *to = from;
}

void oc_place_inherit(struct oc_place *place, const struct oc_place *base)
{
    inherit(&place->type, base->type);
    inherit(&place->style, base->style);
    inherit(&place->prefix, base->prefix);
    inherit(&place->s3.endpoint, base->s3.endpoint);
    inherit(&place->s3.bucket, base->s3.bucket);
    inherit(&place->s3.region, base->s3.region);
    inherit(&place->s3.credentials, base->s3.credentials);
    inherit(&place->s3.profile, base->s3.profile);
    inherit(&place->s3.ca_bundle, base->s3.ca_bundle);
}

bool oc_place_is_s3(const struct oc_place *place)
{
    return oc_slice_eq_str(place->type, "s3") || (!place->type.ptr && place->s3.endpoint.ptr);
}

int oc_place_finish(struct oc_place *place, struct oc_err *err)
{
    const char *missing = NULL;

    if (!oc_place_is_s3(place))
        return OC_OK;
    if (place->path.ptr)
        return oc_fail(err, OC_EINVAL, "path and endpoint exclude each other");
    if (!place->s3.endpoint.ptr)
        missing = "endpoint";
    else if (!place->s3.bucket.ptr)
        missing = "bucket";
    else if (!place->s3.credentials.ptr)
        missing = "credentials";
    if (missing)
        return oc_fail(err, OC_EINVAL, "%s is missing", missing);
    place->s3.host_style = oc_slice_eq_str(place->style, "host");
    if (!place->prefix.ptr)
        place->prefix = OC_STR("");
    return OC_OK;
}
