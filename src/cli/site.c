/* A data folder, opened. See site.h. */
#include "cli/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

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

static int open_regions(const struct oc_config *config, struct oc_buf *path, struct oc_site *site,
                        struct oc_err *err)
{
    const char *folder = join(path, config->data, "regions", err);

    int rc = folder ? oc_file_mkdirs(folder, 0700, err) : OC_ENOMEM;
    for (size_t i = 0; rc >= 0 && i < config->region_count; i++) {
        struct oc_region *region = &site->regions[i];
        region->name = config->regions[i];
        rc = oc_blob_fs_open(folder, region->name, site->keys, &region->blobs, err);
        site->region_count += rc >= 0;
    }
    return rc;
}

int oc_site_open(const struct oc_config *config, enum oc_site_mode mode, struct oc_site *ret,
                 struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct stat status;

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
    return rc < 0 ? rc : open_regions(config, &path, ret, err);
}

void oc_site_close(struct oc_site *site)
{
    for (size_t i = 0; i < site->region_count; i++)
        oc_blob_close(site->regions[i].blobs);
    oc_store_close(site->store);
    oc_keys_close(site->keys);
}
