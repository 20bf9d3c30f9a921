/*
 * A data folder, opened: keys, store and content stores of the Regions. What `serve` and `check`
 * share.
 *
 *   DATA/master.key      the master key, unless OUTCROP_MASTER_KEY is set
 *   DATA/keyring         KMS and service keys, wrapped by the master key
 *   DATA/store/          jobs, models, accounts
 *   DATA/regions/        content stores, one folder a Region; for a Region whose content is in a
 *                        bucket the folder has the file `bucket`, which says in which
 *   DATA/credentials, DATA/bearer-token   the first administrator's keys
 */
#ifndef OC_CLI_SITE_H
#define OC_CLI_SITE_H

#include "blob/blob.h"
#include "cli/config.h"
#include "copy/engine.h"
#include "keys/keys.h"
#include "store/store.h"

struct oc_site {
    struct oc_keys *keys;
    struct oc_store *store;
    struct oc_region regions[OC_CONFIG_REGIONS_MAX];
    size_t region_count;
    struct oc_bucket *buckets; /* sources; OC_SITE_SERVE only */
    size_t bucket_count;
    struct oc_arena arena;
};

/** How to open. */
enum oc_site_mode {
    OC_SITE_SERVE,    /* create what is missing, a bucket may be away; the only opening */
    OC_SITE_EXISTING, /* the only opening, of a folder that must exist */
    OC_SITE_LOOK      /* read only, beside a running server */
};

/**
 * Open the data folder that `config` names.
 * @param ret  zeroed; close with oc_site_close whatever happens
 * Errors: those of oc_keys_open, oc_store_open, oc_blob_fs_open, oc_blob_s3_open, oc_s3_open;
 *         OC_ENOTFOUND (no such folder); OC_EINVAL (a Region's content is elsewhere).
 */
int oc_site_open(const struct oc_config *config, enum oc_site_mode mode, struct oc_site *ret,
                 struct oc_err *err);

/** Have what waits for other machines end: before the copies are stopped. */
void oc_site_stop(struct oc_site *site);
void oc_site_close(struct oc_site *site);

#endif
