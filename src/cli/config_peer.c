/* The sections [peer REGION] of the settings, and `--peer`. See config.h. */
#include "cli/config_impl.h"

/* The settings of a peer, made when there are none. */
static int find_peer(struct oc_config *config, struct oc_slice region, struct oc_peer_config **ret,
                     struct oc_err *err)
{
    int rc = oc_config_check_region(region, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < config->peer_count; i++)
        if (oc_slice_eq(config->peers[i].region, region)) {
            *ret = &config->peers[i];
            return OC_OK;
        }
    if (config->peer_count == OC_CONFIG_PEERS_MAX)
        return oc_fail(err, OC_ELIMIT, "peer: at most %d", OC_CONFIG_PEERS_MAX);
    *ret = &config->peers[config->peer_count++];
    **ret = (struct oc_peer_config){.region = region};
    return OC_OK;
}

int oc_config_set_peer(struct oc_config *config, struct oc_slice text, struct oc_err *err)
{
    struct oc_slice url = text, region = oc_slice_cut(&url, '=');
    struct oc_peer_config *peer;

    if (!url.ptr || url.len == 0)
        return oc_fail(err, OC_EINVAL, "peer: want REGION=https://HOST:PORT, not '%.*s'",
                       OC_FMT(text));
    int rc = find_peer(config, region, &peer, err);
    if (rc >= 0)
        peer->url = url;
    return rc;
}

int oc_config_set_peer_key(struct oc_config *config, struct oc_slice region, struct oc_slice key,
                           struct oc_slice value, struct oc_err *err)
{
    struct oc_peer_config *peer = NULL;
    int rc = find_peer(config, region, &peer, err);

    if (rc < 0)
        return rc;
    const struct {
        const char *key;
        struct oc_slice *to;
    } table[] = {
        {"url", &peer->url},
        {"ca-bundle", &peer->ca_bundle},
        {"access-key", &peer->access_key},
        {"secret-key-file", &peer->secret_key_file},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (oc_slice_eq_str(key, table[i].key)) {
            *table[i].to = value;
            return value.len > 0 ? OC_OK : oc_fail(err, OC_EINVAL, "want a value");
        }
    return oc_fail(err, OC_EINVAL, "there is no such setting");
}

int oc_config_check_peers(const struct oc_config *config, struct oc_err *err)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct oc_peer_config *peer = &config->peers[i];

        if (!peer->url.ptr)
            return oc_fail(err, OC_EINVAL, "peer %.*s: url is missing", OC_FMT(peer->region));
        if (oc_config_is_served(config, peer->region))
            return oc_fail(err, OC_EINVAL,
                           "peer %.*s: this server serves that Region itself; name the Regions "
                           "it serves with --region or `regions`",
                           OC_FMT(peer->region));
    }
    return OC_OK;
}
