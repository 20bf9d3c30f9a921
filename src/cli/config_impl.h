/*
 * Inside of the settings: what config.c calls of its other files. Not for others.
 */
#ifndef OC_CLI_CONFIG_IMPL_H
#define OC_CLI_CONFIG_IMPL_H

#include "base/ini.h"
#include "cli/config.h"

/** Whether it has the form of a Region's name. Errors: OC_EINVAL. */
int oc_config_check_region(struct oc_slice name, struct oc_err *err);

/** Whether this server has the Region. */
bool oc_config_is_served(const struct oc_config *config, struct oc_slice region);

/** Take the words of a list, which spaces separate; `*ret` borrows them. Errors: OC_EINVAL (more
 * than OC_CONFIG_NAMES_MAX), OC_ENOMEM. */
int oc_config_set_names(struct oc_slice value, struct oc_arena *arena, const struct oc_slice **ret,
                        size_t *ret_count, struct oc_err *err);

/** What follows the first word of a section's name; absent when that is another word. */
struct oc_slice oc_config_name_after(struct oc_slice section, struct oc_slice word);

/* -- config_bucket.c -------------------------------------------------------------------------- */

/** Read a section [bucket NAME], [blob] or [blob REGION]. Errors: OC_EINVAL, OC_ENOMEM. */
int oc_config_load_place(struct oc_config *config, const struct oc_ini_section *section,
                         struct oc_arena *arena, struct oc_err *err);

/** Judge all [blob …] together, once the Regions are known. Errors: OC_EINVAL. */
int oc_config_check_blobs(const struct oc_config *config, struct oc_err *err);

/* -- config_peer.c ---------------------------------------------------------------------------- */

/** Set one key of [peer REGION]. Errors: OC_EINVAL, OC_ELIMIT. */
int oc_config_set_peer_key(struct oc_config *config, struct oc_slice region, struct oc_slice key,
                           struct oc_slice value, struct oc_err *err);

/** Judge all peers, once the Regions are known. Errors: OC_EINVAL. */
int oc_config_check_peers(const struct oc_config *config, struct oc_err *err);

/* -- config_webhook.c ------------------------------------------------------------------------- */

/** Read a section [webhook NAME]. Errors: OC_EINVAL, OC_ENOMEM, those of its secret's file. */
int oc_config_load_webhook(struct oc_config *config, const struct oc_ini_section *section,
                           struct oc_arena *arena, struct oc_err *err);

#endif
