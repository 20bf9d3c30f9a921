/*
 * The Regions on other machines that a server copies from: opened from its settings.
 *
 * The peer key of a Region comes from the settings (access-key, secret-key-file) or from a file of
 * credentials in AWS's grammar, one profile a Region:
 *
 *   [us-east-1]
 *   aws_access_key_id = AKIA…
 *   aws_secret_access_key = …
 *   ca_bundle = FILE            optional: certificates to trust
 */
#ifndef OC_CLI_PEERS_H
#define OC_CLI_PEERS_H

#include "cli/config.h"
#include "peer/peer.h"

struct oc_cli_peers {
    struct oc_peer *items[OC_CONFIG_PEERS_MAX];
    size_t count;
};

/**
 * Make the peers of `config`. Opens no connection.
 * @param credentials  path of a file of credentials; NULL: none
 * @param ret          zeroed; close with oc_cli_peers_close whatever happens
 * Errors: OC_EINVAL (names the peer), those of oc_ini_load and oc_file_read, OC_ENOMEM.
 */
int oc_cli_peers_open(const struct oc_config *config, const char *credentials,
                      struct oc_cli_peers *ret, struct oc_err *err);
void oc_cli_peers_close(struct oc_cli_peers *peers);

#endif
