/*
 * Inside of the settings: what config.c calls of its other files. Not for others.
 */
#ifndef OC_CLI_CONFIG_IMPL_H
#define OC_CLI_CONFIG_IMPL_H

#include "base/ini.h"
#include "cli/config.h"

/** Read a section [webhook NAME]. Errors: OC_EINVAL, OC_ENOMEM, those of its secret's file. */
int oc_config_load_webhook(struct oc_config *config, const struct oc_ini_section *section,
                           struct oc_arena *arena, struct oc_err *err);

#endif
