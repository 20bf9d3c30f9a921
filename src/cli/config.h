/*
 * The server's settings: defaults, then the configuration file, then the command line.
 *
 *   [server]
 *   listen = 127.0.0.1:7430          address and port; port 0 takes any free one
 *   data = /var/lib/outcrop
 *   tls-certificate = FILE           PEM; with tls-key the server speaks HTTPS
 *   tls-key = FILE                   PEM, without a passphrase
 *   regions = us-east-1 us-west-2    served by this process
 *   default-region = us-east-1       for bearer keys when the host name says nothing
 *   account = 000000000000           the administrators' account
 *   validation = strict              or lenient: accept ARNs outside AWS's patterns
 *   log = text                       or json
 *   log-level = info                 error, warn, info, debug
 *
 *   [http]
 *   workers = 2                      threads; default: one a core
 *   max-connections = 4096
 *   head-timeout = 10                seconds for a whole request head
 *   body-timeout = 10                seconds in which a body must move on
 *   idle-timeout = 60                seconds between two requests of a connection
 *   upload-memory = 34M              for the bodies of uploads, all together
 *
 *   [throttle]
 *   rate = 100000                    calls a second per account and operation; 0: no limit
 *   burst = 0                        calls at once; 0: twice the rate
 *
 *   [scrub]
 *   rate = 20M                       bytes a second that are read again; 0: none
 *   interval = 30d                   from the start of one pass to that of the next, at least
 *
 *   [events]
 *   keep = 7d                        how long events can be read; 0: none are made without a
 * webhook
 *
 *   [webhook NAME]                   up to 16
 *   url = https://…                  that every event is sent to
 *   secret-file = FILE               one secret a line: whsec_ and base64
 *   accounts = 111122223333 …        whose events; default: all
 *   regions = us-east-1 …            default: all
 *   ca-bundle = FILE                 certificates to trust; default: the system's
 *
 *   [store]
 *   batch = 1024                     most changes in one commit
 *
 *   [copy]
 *   workers = 4                      parts in flight
 *   jobs = 16                        copies and imports at one time
 *   account-jobs = 0                 of these, of one account, at most; 0: half of them
 *   streams = 8                      ranges of a part that are fetched at once, at most
 *   bandwidth = 0                    bytes a second of all copies together, e.g. 200M; 0: any
 *   upload-keep = 14d                how long an upload may take from its start; 0: for ever
 *   hours = 0-24                     local hours in which copies run, e.g. 22-06
 *   peer-patience = 600              seconds that a copy waits for a Region that does not answer
 *   peer-stall = 15                  seconds without a byte after which a request to it is ended
 *
 *   [blob]                           where content is kept; [blob REGION]: for one Region
 *   type = fs                        files below `data`; s3: a bucket (the default with `endpoint`)
 *   endpoint = https://HOST:PORT     of an S3-compatible store
 *   bucket = NAME
 *   prefix = outcrop                 before all keys; default: none
 *   region = us-east-1               that requests are signed for
 *   style = path                     or host: bucket.host instead of host/bucket
 *   credentials = FILE               with the keys, in AWS's form
 *   profile = default                in that file
 *   ca-bundle = FILE                 certificates to trust; default: the system's
 *
 *   [bucket NAME]
 *   accounts = 111122223333 …        that may import from it; default: all
 *   path = /srv/models               where s3://NAME/… leads: a folder, or a bucket:
 *   endpoint = https://HOST:PORT     this and what follows: as under [blob]
 *   bucket = NAME                    default: the section's NAME
 *   prefix = models
 *   region = us-east-1
 *   style = path
 *   credentials = FILE
 *   profile = default
 *   ca-bundle = FILE
 *
 *   [peer REGION]                    a Region on another machine, to copy from
 *   url = https://HOST:7430          its server; http:// for loopback addresses only
 *   ca-bundle = FILE                 PEM, certificates to trust; default: the system's
 *   access-key = AKIA…               the peer key that was made there (`outcrop key add --peer`)
 *   secret-key-file = FILE           holds its secret and nothing else
 *
 * A section or key that is not in this list is an error: a mistyped setting must not be ignored.
 */
#ifndef OC_CLI_CONFIG_H
#define OC_CLI_CONFIG_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/config_place.h"
#include "events/events.h"

#define OC_CONFIG_REGIONS_MAX       64
#define OC_CONFIG_BUCKETS_MAX       1024
#define OC_CONFIG_PEERS_MAX         64
#define OC_CONFIG_NAMES_MAX         64 /* in one list: accounts, Regions */
#define OC_CONFIG_SCRUB_RATE        (20LL << 20)
#define OC_CONFIG_SCRUB_INTERVAL_MS (30 * 86400000LL)
#define OC_CONFIG_EVENTS_KEEP_MS    (7 * 86400000LL)
#define OC_CONFIG_UPLOAD_KEEP_MS    (14 * 86400000LL)
#define OC_CONFIG_THROTTLE_RATE     100000 /* generous: beyond what one account's clients do */

/** Something and where it is: a source bucket, or a Region's content. */
struct oc_config_place {
    struct oc_slice name;
    struct oc_place place;
    const struct oc_slice *accounts; /* that may import from a bucket; */
    size_t account_count;            /* 0: all */
};

/** A Region on another machine. Absent: not said. */
struct oc_peer_config {
    struct oc_slice region, url, ca_bundle, access_key, secret_key_file;
};

/** All text lives in the arena it was loaded into. */
struct oc_config {
    struct oc_slice address;
    uint16_t port;
    struct oc_slice data;                     /* absent until set */
    struct oc_slice tls_certificate, tls_key; /* both or none */
    struct oc_slice regions[OC_CONFIG_REGIONS_MAX];
    size_t region_count;
    struct oc_slice default_region;
    struct oc_slice account;
    bool lenient;
    bool log_json;
    enum oc_log_level log_level;
    int64_t http_workers, http_max_connections, http_upload_memory;
    int64_t head_timeout_ms, body_timeout_ms, idle_timeout_ms; /* 0: the server's default */
    int64_t throttle_rate, throttle_burst;
    int64_t store_batch;                                /* 0: the store's default */
    int64_t copy_workers, copy_jobs, copy_account_jobs; /* 0: the engine's default */
    int64_t copy_streams;                               /* 0: the default */
    int64_t copy_bandwidth;                             /* 0: none */
    int64_t copy_upload_keep_ms;                        /* 0: for ever */
    uint32_t copy_from_hour, copy_to_hour;              /* 0–23; equal: always */
    int64_t peer_patience_ms, peer_stall_ms;            /* 0: the default */
    int64_t scrub_rate, scrub_interval_ms;
    struct oc_peer_config peers[OC_CONFIG_PEERS_MAX];
    size_t peer_count;
    int64_t events_keep_ms;
    struct oc_webhook webhooks[OC_WEBHOOKS_MAX];
    size_t webhook_count;
    struct oc_config_place *buckets;
    size_t bucket_count;
    struct oc_place blob;                                /* [blob] */
    struct oc_config_place blobs[OC_CONFIG_REGIONS_MAX]; /* [blob REGION] */
    size_t blob_count;
};

/** The defaults. Cannot fail. */
void oc_config_init(struct oc_config *config);

/** Add what a configuration file says. Errors: OC_EINVAL (names file, line or key), OC_ENOTFOUND,
 * OC_EIO, OC_ENOMEM. */
int oc_config_load(struct oc_config *config, const char *path, struct oc_arena *arena,
                   struct oc_err *err);

/** `ADDRESS:PORT`, `[IPv6]:PORT`, or `PORT` alone. Errors: OC_EINVAL. */
int oc_config_set_listen(struct oc_config *config, struct oc_slice text, struct oc_err *err);

/** Add a Region. Errors: OC_EINVAL (not a Region's name, twice), OC_ELIMIT. */
int oc_config_add_region(struct oc_config *config, struct oc_slice name, struct oc_err *err);

/**
 * Add a peer, or give one of that Region another URL. `text`: REGION=URL.
 * Errors: OC_EINVAL, OC_ELIMIT.
 */
int oc_config_set_peer(struct oc_config *config, struct oc_slice text, struct oc_err *err);

/** Set the administrators' account. Errors: OC_EINVAL (not 12 digits). */
int oc_config_set_account(struct oc_config *config, struct oc_slice account, struct oc_err *err);

/** Where the content of a Region is kept. Call after oc_config_finish. */
struct oc_place oc_config_blob(const struct oc_config *config, struct oc_slice region);

/** Put in what was left open and check what belongs together. Call last. Errors: OC_EINVAL. */
int oc_config_finish(struct oc_config *config, struct oc_err *err);

#endif
