/* Peers from the settings. See peers.h. */
#include "cli/peers.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/ini.h"
#include "base/limits.h"
#include "base/log.h"

#define SECRET_FILE_MAX 4096
#define MEMORY_MAX      (4UL * 1024 * 1024)

static void warn_if_public(const char *path)
{
    struct stat status;

    if (stat(path, &status) == 0 && (status.st_mode & S_IROTH))
        oc_log(OC_LOG_WARN, "peer_key_is_public", "file", path, "reason",
               "every user can read the secret of a peer key: chmod o-r", (char *)NULL);
}

/* The secret that a file holds, without the line's end. */
static int read_secret(struct oc_slice file, struct oc_arena *arena, struct oc_slice *ret,
                       struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_slice path = oc_arena_copy(arena, file);

    if (!path.ptr)
        return oc_fail_nomem(err);
    oc_buf_init(&text, SECRET_FILE_MAX);
    int rc = oc_file_read(path.ptr, SECRET_FILE_MAX, &text, err);
    if (rc < 0)
        return rc;
    warn_if_public(path.ptr);
    *ret = oc_arena_copy(arena, oc_slice_trim(oc_buf_slice(&text)));
    oc_wipe(text.ptr, text.len);
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}

static struct oc_slice either(struct oc_slice first, struct oc_slice second)
{
    return first.ptr ? first : second;
}

static int open_peer(const struct oc_config *all, const struct oc_peer_config *config,
                     const struct oc_ini *credentials, struct oc_arena *arena, struct oc_peer **ret,
                     struct oc_err *err)
{
    const struct oc_ini_section *profile =
        credentials ? oc_ini_section(credentials, config->region) : NULL;
    struct oc_peer_options options = {
        .region = config->region,
        .url = config->url,
        .ca_bundle = either(config->ca_bundle, oc_ini_value(profile, "ca_bundle")),
        .access_key_id = either(config->access_key, oc_ini_value(profile, "aws_access_key_id")),
        .secret = oc_ini_value(profile, "aws_secret_access_key"),
        .stall_timeout_ms = (unsigned)all->peer_stall_ms,
        .streams = (unsigned)all->copy_streams,
    };
    int rc = config->secret_key_file.ptr
                 ? read_secret(config->secret_key_file, arena, &options.secret, err)
                 : OC_OK;

    return rc < 0 ? rc : oc_peer_new(&options, ret, err);
}

static int open_all(const struct oc_config *config, const struct oc_ini *credentials,
                    struct oc_arena *arena, struct oc_cli_peers *ret, struct oc_err *err)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        struct oc_err cause = {0};
        int rc = open_peer(config, &config->peers[i], credentials, arena, &ret->items[ret->count],
                           &cause);

        if (rc < 0)
            return oc_fail(err, rc, "peer %.*s: %s", OC_FMT(config->peers[i].region), cause.text);
        ret->count++;
    }
    return OC_OK;
}

int oc_cli_peers_open(const struct oc_config *config, const char *credentials,
                      struct oc_cli_peers *ret, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_ini ini = {0};
    int rc = OC_OK;

    oc_arena_init(&arena, MEMORY_MAX);
    if (credentials) {
        rc = oc_ini_load(credentials, &arena, &ini, err);
        warn_if_public(credentials);
    }
    return rc < 0 ? rc : open_all(config, credentials ? &ini : NULL, &arena, ret, err);
}

void oc_cli_peers_close(struct oc_cli_peers *peers)
{
    while (peers->count > 0)
        oc_peer_free(peers->items[--peers->count]);
}
