/* `outcrop serve`: the server, from its settings to its end. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/peers.h"
#include "cli/server_metrics.h"
#include "cli/site.h"
#include "cli/version.h"
#include "copy/engine.h"
#include "http/server.h"
#include "http/service.h"

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const log_forms[] = {"text", "json", NULL};

static const struct oc_option options[] = {
    {.name = "data",
     .letter = 'd',
     .arg = "DIR",
     .help = "folder of the server's data; made when missing"},
    {.name = "listen",
     .letter = 'l',
     .arg = "ADDR:PORT",
     .help = "where to listen (127.0.0.1:7430; port 0: any free one)"},
    {.name = "region",
     .arg = "REGION",
     .help = "a Region to serve (us-east-1, us-west-2, eu-west-1)",
     .repeat = true},
    {.name = "peer",
     .arg = "REGION=URL",
     .help = "a Region on another machine, to copy from: us-east-1=https://host:7430",
     .repeat = true},
    {.name = "peer-credentials",
     .arg = "FILE",
     .help = "keys for the peers, a profile for each Region in the form of AWS's file"},
    {.name = "account", .arg = "ID", .help = "the administrators' account (000000000000)"},
    {.name = "tls-certificate", .arg = "FILE", .help = "speak HTTPS with this certificate (PEM)"},
    {.name = "tls-key", .arg = "FILE", .help = "the certificate's private key (PEM)"},
    {.name = "config",
     .letter = 'c',
     .arg = "FILE",
     .help = "configuration file; options here go before it"},
    {.name = "log-level",
     .arg = "LEVEL",
     .help = "error, warn, info or debug (info)",
     .values = levels},
    {.name = "output",
     .letter = 'o',
     .arg = "FORM",
     .help = "form of the log: text or json (text)",
     .values = log_forms},
    {0},
};

/* Everything that lives as long as the server. */
struct server {
    struct oc_arena arena;
    struct oc_config config;
    const char *peer_credentials; /* NULL: none */
    struct oc_site site;
    struct oc_cli_peers peers;
    struct oc_copy_engine *engine;
    struct oc_scrubber *scrubber;
    struct oc_events *events;
    struct oc_api *api;
    struct oc_http_service service;
    struct oc_http_server *http;
    struct oc_metrics metrics;
    bool first_start;
};

/* -- settings ---------------------------------------------------------------------------------- */

/* The words are those of the option table: the parser has checked them. */
static void set_log(struct oc_config *config, const char *form, const char *level)
{
    for (int i = 0; level && levels[i]; i++)
        if (strcmp(level, levels[i]) == 0)
            config->log_level = (enum oc_log_level)i;
    if (form)
        config->log_json = strcmp(form, "json") == 0;
}

static int set_regions(const struct oc_args *args, struct oc_config *config, struct oc_err *err)
{
    const char *region, *peer;
    int rc = OC_OK;

    if (oc_args_nth(args, "region", 0))
        config->region_count = 0;
    for (size_t i = 0; rc >= 0 && (region = oc_args_nth(args, "region", i)); i++)
        rc = oc_config_add_region(config, oc_slice_of(region), err);
    for (size_t i = 0; rc >= 0 && (peer = oc_args_nth(args, "peer", i)); i++)
        rc = oc_config_set_peer(config, oc_slice_of(peer), err);
    return rc;
}

static int read_settings(const struct oc_args *args, struct server *server, struct oc_err *err)
{
    struct oc_config *config = &server->config;
    const char *file = oc_args_get(args, "config"), *listen = oc_args_get(args, "listen");
    const char *account = oc_args_get(args, "account");

    oc_config_init(config);
    int rc = file ? oc_config_load(config, file, &server->arena, err) : OC_OK;
    if (rc >= 0 && listen)
        rc = oc_config_set_listen(config, oc_slice_of(listen), err);
    if (rc >= 0 && account)
        rc = oc_config_set_account(config, oc_slice_of(account), err);
    if (oc_args_get(args, "data"))
        config->data = oc_slice_of(oc_args_get(args, "data"));
    if (oc_args_get(args, "tls-certificate"))
        config->tls_certificate = oc_slice_of(oc_args_get(args, "tls-certificate"));
    if (oc_args_get(args, "tls-key"))
        config->tls_key = oc_slice_of(oc_args_get(args, "tls-key"));
    if (rc >= 0)
        rc = set_regions(args, config, err);
    server->peer_credentials = oc_args_get(args, "peer-credentials");
    set_log(config, oc_args_get(args, "output"), oc_args_get(args, "log-level"));
    if (rc >= 0)
        rc = oc_config_finish(config, err);
    if (rc >= 0 && !oc_fault_from_env())
        rc = oc_fail(err, OC_EINVAL, "OUTCROP_FAULT: want SITE:NTH:MODE");
    return rc;
}

/* -- life -------------------------------------------------------------------------------------- */

static int start_events(struct server *server, struct oc_err *err)
{
    struct oc_events_options events = {
        .store = server->site.store,
        .keep_ms = server->config.events_keep_ms,
        .webhooks = server->config.webhooks,
        .webhook_count = server->config.webhook_count,
        .user_agent = "outcrop/" OC_VERSION,
    };

    return oc_events_new(&events, &server->events, err);
}

static int start_engine(struct server *server, struct oc_err *err)
{
    struct oc_copy_options copy = {
        .store = server->site.store,
        .keys = server->site.keys,
        .events = server->events,
        .regions = server->site.regions,
        .region_count = server->site.region_count,
        .buckets = server->site.buckets,
        .bucket_count = server->site.bucket_count,
        .peers = {server->peers.items, server->peers.count},
        .peer_patience_ms = server->config.peer_patience_ms,
        .workers = (uint32_t)server->config.copy_workers,
        .jobs_at_once = (uint32_t)server->config.copy_jobs,
        .account_jobs = (uint32_t)server->config.copy_account_jobs,
        .bandwidth = server->config.copy_bandwidth,
        .upload_keep_ms = server->config.copy_upload_keep_ms,
        .from_hour = server->config.copy_from_hour,
        .to_hour = server->config.copy_to_hour,
        .still_allowed = oc_api_copy_allowed,
    };

    return oc_copy_engine_new(&copy, &server->engine, err);
}

static int start_scrubber(struct server *server, struct oc_err *err)
{
    struct oc_scrub_options scrub = {
        .store = server->site.store,
        .events = server->events,
        .engine = server->engine,
        .regions = server->site.regions,
        .region_count = server->site.region_count,
        .peers = {server->peers.items, server->peers.count},
        .rate = server->config.scrub_rate,
        .interval_ms = server->config.scrub_interval_ms,
    };

    return oc_scrubber_new(&scrub, &server->scrubber, err);
}

static int start_api(struct server *server, struct oc_err *err)
{
    const struct oc_config *config = &server->config;
    struct oc_api_options api = {
        .store = server->site.store,
        .keys = server->site.keys,
        .engine = server->engine,
        .scrubber = server->scrubber,
        .peers = {server->peers.items, server->peers.count},
        .events = server->events,
        .admin_account = config->account,
        .regions = config->regions,
        .region_count = config->region_count,
        .default_region = config->default_region,
        .lenient = config->lenient,
        .throttle_rate = config->throttle_rate,
        .throttle_burst = config->throttle_burst,
        .metrics = &server->metrics,
    };

    return oc_api_new(&api, &server->api, err);
}

static bool has_tls(const struct server *server)
{
    return server->config.tls_certificate.len > 0;
}

/* Uploads to a store that is silent hold memory that other uploads wait for. */
static bool is_crowded(void *ctx)
{
    return oc_http_server_is_crowded(ctx);
}

static int start_http(struct server *server, struct oc_err *err)
{
    const struct oc_config *config = &server->config;
    struct oc_slice address = oc_arena_copy(&server->arena, config->address);
    struct oc_slice certificate = oc_arena_copy(&server->arena, config->tls_certificate);
    struct oc_slice key = oc_arena_copy(&server->arena, config->tls_key);
    struct oc_http_options http = {
        .address = address.ptr,
        .port = config->port,
        .workers = (unsigned)config->http_workers,
        .max_connections = (unsigned)config->http_max_connections,
        .max_large_memory = (size_t)config->http_upload_memory,
        .head_timeout_ms = (unsigned)config->head_timeout_ms,
        .body_timeout_ms = (unsigned)config->body_timeout_ms,
        .idle_timeout_ms = (unsigned)config->idle_timeout_ms,
        .body_limit = oc_http_service_body_limit,
        .admit = oc_http_service_admit,
        .tls_certificate = has_tls(server) ? certificate.ptr : NULL,
        .tls_key = has_tls(server) ? key.ptr : NULL,
    };

    if (!address.ptr || (has_tls(server) && (!certificate.ptr || !key.ptr)))
        return oc_fail_nomem(err);
    server->service = (struct oc_http_service){
        .api = server->api,
        .version = OC_VERSION,
        .engine = server->engine,
        .regions = config->regions,
        .region_count = config->region_count,
    };
    int rc =
        oc_http_server_new(&http, oc_http_service_handle, &server->service, &server->http, err);
    if (rc >= 0) {
        oc_metrics_add(&server->metrics, oc_http_service_metrics, server->http);
        oc_metrics_add(&server->metrics, oc_server_metrics, &server->config);
        oc_copy_engine_ask_whether_others_wait(server->engine, is_crowded, server->http);
    }
    return rc < 0 ? rc : oc_http_server_start(server->http, err);
}

/* Against the direction of start_*. The engine and the store answer what is still pending between
 * the server's stop and its end; what the store answers still tells the engine of new work. */
static void stop_server(struct server *server)
{
    oc_http_server_stop(server->http);
    oc_site_stop(&server->site);
    oc_scrubber_stop(server->scrubber);
    oc_copy_engine_stop(server->engine);
    oc_events_stop(server->events);
    struct oc_store *store = server->site.store;
    server->site.store = NULL;
    oc_store_close(store);
    oc_http_server_free(server->http);
    oc_scrubber_free(server->scrubber);
    oc_copy_engine_free(server->engine);
    oc_events_free(server->events);
    oc_api_free(server->api);
    oc_cli_peers_close(&server->peers);
    oc_site_close(&server->site);
    oc_arena_clear(&server->arena);
}

static int start_server(struct server *server, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf folder = {0};

    oc_buf_init(&folder, 64 * 1024);
    oc_buf_put_slice(&folder, server->config.data);
    const char *data = oc_buf_cstr(&folder);
    int rc = data
                 ? oc_cli_peers_open(&server->config, server->peer_credentials, &server->peers, err)
                 : oc_fail_nomem(err);
    if (rc >= 0)
        rc = oc_site_open(&server->config, OC_SITE_SERVE, &server->site, err);
    if (rc >= 0)
        rc = oc_api_bootstrap(server->site.store, server->site.keys, server->config.account, data,
                              &server->first_start, err);
    if (rc >= 0)
        rc = start_events(server, err);
    if (rc >= 0)
        rc = start_engine(server, err);
    if (rc >= 0)
        rc = start_scrubber(server, err);
    if (rc >= 0)
        rc = start_api(server, err);
    return rc < 0 ? rc : start_http(server, err);
}

/* -- what a person sees ------------------------------------------------------------------------ */

/* Beside what else is exported: what makes clients trust a certificate that they do not know. */
static void print_trust(const struct server *server)
{
    const char *file = server->config.tls_certificate.ptr; /* ends with NUL: start_http used it */
    char path[PATH_MAX];

    if (has_tls(server))
        printf("  export AWS_CA_BUNDLE=%s   # unless clients know its authority\n",
               realpath(file, path) ? path : file);
}

/* `http://ADDRESS:PORT` or https://, also written to DATA/endpoint for scripts. */
static int announce(struct server *server, struct oc_err *err)
{
    const struct oc_config *config = &server->config;
    bool ipv6 = oc_slice_find(config->address, ':') >= 0;
    OC_AUTO(oc_buf_clear) struct oc_buf url, path;

    oc_buf_init(&url, 1024);
    oc_buf_init(&path, 64 * 1024);
    oc_buf_printf(&url, "%s://%s%.*s%s:%u", has_tls(server) ? "https" : "http", ipv6 ? "[" : "",
                  OC_FMT(config->address), ipv6 ? "]" : "", oc_http_server_port(server->http));
    oc_buf_printf(&path, "%.*s/endpoint", OC_FMT(config->data));
    const char *file = oc_buf_cstr(&path), *text = oc_buf_cstr(&url);
    if (!file || !text)
        return oc_fail_nomem(err);
    int rc = oc_file_publish(file, oc_buf_slice(&url), 0644, err);
    if (rc < 0)
        return rc;
    printf("outcrop " OC_VERSION ": listening on %s\n", text);
    printf("Regions:");
    for (size_t i = 0; i < config->region_count; i++)
        printf(" %.*s", OC_FMT(config->regions[i]));
    printf("   account: %.*s   data: %.*s\n", OC_FMT(config->account), OC_FMT(config->data));
    if (server->first_start)
        printf(
            "First start: made an administrator's keys in %.*s/credentials and %.*s/bearer-token\n",
            OC_FMT(config->data), OC_FMT(config->data));
    printf("\nTo use it from another terminal:\n"
           "  export AWS_ENDPOINT_URL_BEDROCK=%s\n"
           "  export AWS_SHARED_CREDENTIALS_FILE=%.*s/credentials\n"
           "  export AWS_REGION=%.*s AWS_DEFAULT_REGION=%.*s\n",
           text, OC_FMT(config->data), OC_FMT(config->default_region),
           OC_FMT(config->default_region));
    print_trust(server);
    printf("  aws bedrock list-model-copy-jobs\n\n");
    (void)fflush(stdout);
    return OC_OK;
}

/* The data folder is printed for other terminals: make it absolute. */
static int make_absolute(struct server *server, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct oc_slice data = server->config.data;
    char folder[4096];

    if (data.ptr[0] == '/')
        return OC_OK;
    while (oc_slice_has_prefix(data, OC_STR("./")))
        data = oc_slice_sub(data, 2, data.len);
    oc_buf_init(&path, 64 * 1024);
    if (!getcwd(folder, sizeof(folder)))
        return oc_fail_errno(err, "current folder");
    oc_buf_printf(&path, "%s/%.*s", folder, OC_FMT(data));
    server->config.data = oc_arena_copy(&server->arena, oc_buf_slice(&path));
    return server->config.data.ptr ? OC_OK : oc_fail_nomem(err);
}

static int fail(const struct oc_err *err)
{
    (void)fprintf(stderr, "outcrop serve: %s\n", err->text);
    return err->rc == OC_EINVAL ? OC_EXIT_USAGE : OC_EXIT_FAILED;
}

/* Until it is told to end. SIGHUP loads the certificate again. */
static void wait_for_end(struct server *server, const sigset_t *signals)
{
    int got = 0;

    while (sigwait(signals, &got) == 0 && got == SIGHUP) {
        struct oc_err err = {0};

        if (oc_http_server_reload_certificate(server->http, &err) < 0)
            oc_log(OC_LOG_ERROR, "certificate_kept", "reason", err.text, NULL);
        else
            oc_log(OC_LOG_INFO, "certificate_reloaded", NULL);
    }
    oc_log(OC_LOG_INFO, "stopping", "signal", got == SIGINT ? "SIGINT" : "SIGTERM", NULL);
}

static int run_serve(const struct oc_args *args)
{
    struct server *server = oc_alloc(sizeof(*server));
    struct oc_err err = {0};
    sigset_t signals;

    if (!server)
        return OC_EXIT_FAILED;
    memset(server, 0, sizeof(*server));
    oc_arena_init(&server->arena, OC_REQUEST_ARENA_MAX);
    /* Blocked before any thread starts, so that only the wait below gets them. */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);

    int rc = read_settings(args, server, &err);
    if (has_tls(server)) {
        (void)sigaddset(&signals, SIGHUP);
        (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    }
    if (rc >= 0)
        rc = make_absolute(server, &err);
    if (rc >= 0) {
        oc_log_setup(server->config.log_level, server->config.log_json);
        rc = start_server(server, &err);
    }
    if (rc >= 0)
        rc = announce(server, &err);
    if (rc >= 0)
        wait_for_end(server, &signals);
    int code = rc < 0 ? fail(&err) : OC_EXIT_OK;
    stop_server(server);
    free(server);
    return code;
}

const struct oc_command oc_command_serve = {
    .name = "serve",
    .summary = "run the server",
    .details = "Serves one or more Regions from one data folder until SIGINT or SIGTERM. The first "
               "start makes an administrator's keys and prints how to use them.",
    .options = options,
    .run = run_serve,
};
