/* A data folder, opened. See site.h. */
#include "cli/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"

/* DATA/NAME as text that lives until the next call with the same buffer. */
static const char *join(struct oc_buf *buf, struct oc_slice data, const char *name,
                        struct oc_err *err)
{
    oc_buf_reset(buf);
    oc_buf_put_slice(buf, data);
    oc_buf_put_char(buf, '/');
    oc_buf_put_str(buf, name);
    const char *path = oc_buf_cstr(buf);
    if (!path)
        (void)oc_fail_nomem(err);
    return path;
}

/* A master key is made once, with the data. A new one would open nothing of what is there. */
static int expect_master(const struct oc_config *config, struct oc_buf *path, struct oc_err *err)
{
    const char *file = join(path, config->data, "keyring", err);

    if (!file)
        return OC_ENOMEM;
    if (getenv("OUTCROP_MASTER_KEY") || access(file, F_OK) < 0)
        return OC_OK;
    file = join(path, config->data, "master.key", err);
    if (!file)
        return OC_ENOMEM;
    if (access(file, F_OK) == 0)
        return OC_OK;
    return oc_fail_errno(
        err,
        "the keyring needs the master key it was made with: set OUTCROP_MASTER_KEY or "
        "put the file back: %s",
        file);
}

static int open_keys(const struct oc_config *config, struct oc_buf *path, struct oc_site *site,
                     struct oc_err *err)
{
    struct oc_secret master;

    int rc = expect_master(config, path, err);
    if (rc < 0)
        return rc;
    const char *file = join(path, config->data, "master.key", err);
    rc = file ? oc_keys_master(file, &master, err) : OC_ENOMEM;
    if (rc < 0)
        return rc;
    file = join(path, config->data, "keyring", err);
    rc = file ? oc_keys_open(file, &master, &site->keys, err) : OC_ENOMEM;
    oc_secret_clear(&master);
    return rc;
}

static int open_store(const struct oc_config *config, enum oc_site_mode mode, struct oc_buf *path,
                      struct oc_site *site, struct oc_err *err)
{
    const char *folder = join(path, config->data, "store", err);
    struct oc_store_options options = {
        .path = folder,
        .batch = (uint32_t)config->store_batch,
        .read_only = mode == OC_SITE_LOOK,
    };

    int rc = folder ? OC_OK : OC_ENOMEM;
    if (rc >= 0 && mode == OC_SITE_SERVE)
        rc = oc_file_mkdirs(folder, 0700, err);
    return rc < 0 ? rc : oc_store_open(&options, &site->store, err);
}

/* -- content ----------------------------------------------------------------------------------- */

static int fail_moved(struct oc_slice region, const char *where, const char *want,
                      struct oc_err *err)
{
    return oc_fail(err, OC_EINVAL,
                   "the content of Region %.*s is in %s, not in %s: a setting does not move it; "
                   "correct [blob], or serve a new Region there and copy the models to it",
                   OC_FMT(region), where, want);
}

/* What stands in the note of a place, with the line's end. */
static void describe_place(const struct oc_place *place, struct oc_buf *ret)
{
    if (oc_place_is_s3(place))
        oc_buf_printf(ret, "s3://%.*s%s%.*s\n", OC_FMT(place->s3.bucket),
                      place->prefix.len ? "/" : "", OC_FMT(place->prefix));
    else
        oc_buf_put_str(ret, "files\n");
}

/* A file in the Region's own folder. NULL: no memory. */
static const char *region_file(const char *folder, struct oc_slice region, const char *name,
                               struct oc_buf *path)
{
    oc_buf_reset(path);
    oc_buf_printf(path, "%s/%.*s/%s", folder, OC_FMT(region), name);
    return oc_buf_cstr(path);
}

/*
 * The place of a Region's content is written down once it has been opened there. A changed setting
 * would otherwise show a store without any of its bytes.
 * @param[out] ret_noted  the note is there, or files need none
 */
static int expect_place(const char *folder, struct oc_slice region, const struct oc_place *place,
                        struct oc_buf *path, bool *ret_noted, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf here = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf want = {0};
    struct oc_err cause = {0};

    oc_buf_init(&want, 8192);
    describe_place(place, &want);
    const char *version = region_file(folder, region, "version", path);
    if (want.failed || !version)
        return oc_fail_nomem(err);
    if (oc_place_is_s3(place) && access(version, F_OK) == 0)
        return fail_moved(region, "files", "a bucket", err);
    const char *note = region_file(folder, region, "bucket", path);
    if (!note)
        return oc_fail_nomem(err);
    int rc = oc_file_read(note, 8192, &here, &cause);
    *ret_noted = rc != OC_ENOTFOUND || !oc_place_is_s3(place);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0) {
        *err = cause;
        return rc;
    }
    if (oc_slice_eq(oc_buf_slice(&here), oc_buf_slice(&want)))
        return OC_OK;
    here.len -= here.len > 0;
    want.len--;
    return fail_moved(region, oc_buf_cstr(&here), oc_buf_cstr(&want), err);
}

static int note_place(const char *folder, struct oc_slice region, const struct oc_place *place,
                      struct oc_buf *path, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf want = {0};

    oc_buf_init(&want, 8192);
    describe_place(place, &want);
    const char *own = region_file(folder, region, "", path);
    int rc = own && !want.failed ? oc_file_mkdirs(own, 0700, err) : oc_fail_nomem(err);
    const char *note = rc < 0 ? NULL : region_file(folder, region, "bucket", path);
    if (rc == OC_OK)
        rc = note ? oc_file_replace(note, oc_buf_slice(&want), 0600, err) : oc_fail_nomem(err);
    return rc;
}

static int open_region(const struct oc_config *config, enum oc_site_mode mode, const char *folder,
                       struct oc_site *site, struct oc_region *region, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct oc_place place = oc_config_blob(config, region->name);
    bool noted;

    oc_buf_init(&path, 64 * 1024);
    int rc = expect_place(folder, region->name, &place, &path, &noted, err);
    if (rc < 0)
        return rc;
    if (!oc_place_is_s3(&place))
        return oc_blob_fs_open(folder, region->name, site->keys, &region->blobs, err);
    place.s3.streams = (unsigned)config->copy_streams;
    rc = oc_blob_s3_open(&place.s3, place.prefix, region->name, mode == OC_SITE_SERVE, site->keys,
                         &region->blobs, err);
    if (rc == OC_OK && !noted && mode == OC_SITE_SERVE)
        rc = note_place(folder, region->name, &place, &path, err);
    if (rc < 0) {
        oc_blob_close(region->blobs);
        region->blobs = NULL;
    }
    return rc;
}

static int open_regions(const struct oc_config *config, enum oc_site_mode mode, struct oc_buf *path,
                        struct oc_site *site, struct oc_err *err)
{
    const char *folder = join(path, config->data, "regions", err);

    int rc = folder ? oc_file_mkdirs(folder, 0700, err) : OC_ENOMEM;
    for (size_t i = 0; rc >= 0 && i < config->region_count; i++) {
        struct oc_region *region = &site->regions[i];
        struct oc_err why = {0};

        region->name = config->regions[i];
        rc = open_region(config, mode, folder, site, region, err);
        site->region_count += rc >= 0;
        if (rc >= 0 && oc_blob_state(region->blobs, &why) < 0)
            oc_log(OC_LOG_WARN, "blob.away", "reason", why.text, (char *)NULL);
        if (rc >= 0 && mode == OC_SITE_SERVE) /* nobody writes yet */
            rc = oc_blob_clean(region->blobs, err);
    }
    return rc;
}

/* -- sources ----------------------------------------------------------------------------------- */

static int open_buckets(const struct oc_config *config, struct oc_site *site, struct oc_err *err)
{
    site->buckets =
        oc_arena_alloc(&site->arena, (config->bucket_count + 1) * sizeof(*site->buckets));
    if (!site->buckets)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < config->bucket_count; i++) {
        const struct oc_config_place *from = &config->buckets[i];
        struct oc_s3_options options = from->place.s3;
        struct oc_bucket *bucket = &site->buckets[i];
        struct oc_err cause = {0};

        *bucket = (struct oc_bucket){.name = from->name,
                                     .folder = from->place.path.ptr,
                                     .accounts = from->accounts,
                                     .account_count = from->account_count};
        site->bucket_count++;
        if (bucket->folder)
            continue;
        bucket->prefix = from->place.prefix;
        options.streams = (unsigned)config->copy_streams;
        if (oc_s3_open(&options, &bucket->s3, &cause) < 0)
            return oc_fail(err, cause.rc, "[bucket %.*s]: %s", OC_FMT(from->name), cause.text);
    }
    return OC_OK;
}

/* -- all --------------------------------------------------------------------------------------- */

int oc_site_open(const struct oc_config *config, enum oc_site_mode mode, struct oc_site *ret,
                 struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct stat status;

    oc_arena_init(&ret->arena, OC_REQUEST_ARENA_MAX);
    oc_buf_init(&path, 64 * 1024);
    const char *folder = join(&path, config->data, ".", err);
    if (!folder)
        return OC_ENOMEM;
    int rc = OC_OK;
    if (mode == OC_SITE_SERVE)
        rc = oc_file_mkdirs(folder, 0700, err);
    else if (stat(folder, &status) < 0)
        rc = oc_fail_errno(err, "data folder %.*s", OC_FMT(config->data));
    if (rc >= 0)
        rc = open_store(config, mode, &path, ret, err);
    if (rc >= 0)
        rc = open_keys(config, &path, ret, err);
    if (rc >= 0)
        rc = open_regions(config, mode, &path, ret, err);
    return rc < 0 || mode != OC_SITE_SERVE ? rc : open_buckets(config, ret, err);
}

void oc_site_stop(struct oc_site *site)
{
    for (size_t i = 0; i < site->region_count; i++)
        oc_blob_stop(site->regions[i].blobs);
    for (size_t i = 0; i < site->bucket_count; i++)
        if (site->buckets[i].s3)
            oc_s3_stop(site->buckets[i].s3);
}

void oc_site_close(struct oc_site *site)
{
    for (size_t i = 0; i < site->region_count; i++)
        oc_blob_close(site->regions[i].blobs);
    for (size_t i = 0; i < site->bucket_count; i++)
        oc_s3_free(site->buckets[i].s3);
    oc_arena_clear(&site->arena);
    oc_store_close(site->store);
    oc_keys_close(site->keys);
}
