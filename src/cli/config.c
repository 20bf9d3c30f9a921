/* The server's settings. See config.h. */
#include "cli/config.h"

#include "cli/config_impl.h"

#include <string.h>

#include "base/ini.h"
#include "model/arn.h"

void oc_config_init(struct oc_config *config)
{
    *config = (struct oc_config){
        .address = OC_STR("127.0.0.1"),
        .port = 7430,
        .account = OC_STR("000000000000"),
        .log_level = OC_LOG_INFO,
        .throttle_rate = OC_CONFIG_THROTTLE_RATE,
        .scrub_rate = OC_CONFIG_SCRUB_RATE,
        .scrub_interval_ms = OC_CONFIG_SCRUB_INTERVAL_MS,
        .events_keep_ms = OC_CONFIG_EVENTS_KEEP_MS,
        .copy_upload_keep_ms = OC_CONFIG_UPLOAD_KEEP_MS,
    };
}

int oc_config_set_listen(struct oc_config *config, struct oc_slice text, struct oc_err *err)
{
    struct oc_slice address = config->address, port = text;
    int64_t number;

    for (size_t i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] != ':')
            continue;
        address = oc_slice_sub(text, 0, i - 1);
        port = oc_slice_sub(text, i, SIZE_MAX);
        break;
    }
    if (address.len >= 2 && address.ptr[0] == '[' && address.ptr[address.len - 1] == ']')
        address = oc_slice_sub(address, 1, address.len - 2);
    else if (oc_slice_find(address, ':') >= 0)
        address.len = 0; /* IPv6 needs its brackets: which colon begins the port is a guess else */
    if (!oc_slice_to_int64(port, &number) || number < 0 || number > 65535 || address.len == 0)
        return oc_fail(err, OC_EINVAL,
                       "listen: want ADDRESS:PORT such as 127.0.0.1:7430, not '%.*s'",
                       OC_FMT(text));
    config->address = address;
    config->port = (uint16_t)number;
    return OC_OK;
}

int oc_config_check_region(struct oc_slice name, struct oc_err *err)
{
    bool valid = name.len >= 1 && name.len <= 20;

    for (size_t i = 0; valid && i < name.len; i++)
        valid = (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
                (name.ptr[i] >= '0' && name.ptr[i] <= '9') || name.ptr[i] == '-';
    if (!valid)
        return oc_fail(err, OC_EINVAL,
                       "region: want 1 to 20 characters of a-z, 0-9 and -, not '%.*s'",
                       OC_FMT(name));
    return OC_OK;
}

int oc_config_add_region(struct oc_config *config, struct oc_slice name, struct oc_err *err)
{
    int rc = oc_config_check_region(name, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < config->region_count; i++)
        if (oc_slice_eq(config->regions[i], name))
            return oc_fail(err, OC_EINVAL, "region: '%.*s' is named twice", OC_FMT(name));
    if (config->region_count == OC_CONFIG_REGIONS_MAX)
        return oc_fail(err, OC_ELIMIT, "region: at most %d Regions in one process",
                       OC_CONFIG_REGIONS_MAX);
    config->regions[config->region_count++] = name;
    return OC_OK;
}

int oc_config_set_account(struct oc_config *config, struct oc_slice account, struct oc_err *err)
{
    if (!oc_account_is_valid(account))
        return oc_fail(err, OC_EINVAL, "account: want 12 digits, not '%.*s'", OC_FMT(account));
    config->account = account;
    return OC_OK;
}

/* -- the file ---------------------------------------------------------------------------------- */

static int set_number(struct oc_slice value, int64_t min, int64_t max, int64_t scale, int64_t *ret,
                      struct oc_err *err)
{
    int64_t number;

    if (!oc_slice_to_int64(value, &number) || number < min || number > max)
        return oc_fail(err, OC_EINVAL, "want a whole number from %lld to %lld, not '%.*s'",
                       (long long)min, (long long)max, OC_FMT(value));
    *ret = number * scale;
    return OC_OK;
}

/* A whole number with a unit letter behind it, if any. `units`: letters and what they stand for. */
struct unit {
    char letter;
    int64_t factor;
};
static const struct unit size_units[] = {{'K', 1L << 10}, {'M', 1L << 20}, {'G', 1L << 30}, {0}};
static const struct unit time_units[] = {
    {'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {0}};

static int set_measure(struct oc_slice value, const struct unit *units, int64_t max, int64_t *ret,
                       struct oc_err *err)
{
    int64_t number, factor = units == time_units ? 1000 : 1;
    struct oc_slice digits = value;

    for (const struct unit *unit = units; unit->letter && value.len > 1; unit++)
        if (value.ptr[value.len - 1] == unit->letter) {
            digits.len = value.len - 1;
            factor = unit->factor;
        }
    if (!oc_slice_to_int64(digits, &number) || number < 0 || number > max / factor)
        return oc_fail(err, OC_EINVAL, "want a whole number%s, at most %lld%s, not '%.*s'",
                       units == time_units ? " with s, m, h or d behind it"
                                           : " of bytes, with K, M or G behind it if need be",
                       (long long)(units == time_units ? max / 86400000 : max >> 30),
                       units == time_units ? "d" : "G", OC_FMT(value));
    *ret = number * factor;
    return OC_OK;
}

static int set_choice(struct oc_slice value, const char *const *choices, int *ret,
                      struct oc_err *err)
{
    for (int i = 0; choices[i]; i++)
        if (oc_slice_eq_str(value, choices[i])) {
            *ret = i;
            return OC_OK;
        }
    OC_AUTO(oc_buf_clear) struct oc_buf list = {0};
    oc_buf_init(&list, 256);
    for (int i = 0; choices[i]; i++)
        oc_buf_printf(&list, "%s%s", i ? ", " : "", choices[i]);
    return oc_fail(err, OC_EINVAL, "'%.*s' is not one of %.*s", OC_FMT(value),
                   OC_FMT(oc_buf_slice(&list)));
}

static int add_regions(struct oc_config *config, struct oc_slice list, struct oc_err *err)
{
    struct oc_slice rest = list;
    int rc = OC_OK;

    config->region_count = 0;
    while (rc >= 0 && rest.ptr) {
        struct oc_slice name = oc_slice_cut(&rest, ' ');
        if (name.len > 0)
            rc = oc_config_add_region(config, name, err);
    }
    if (rc >= 0 && config->region_count == 0)
        rc = oc_fail(err, OC_EINVAL, "want at least one Region");
    return rc;
}

static int set_server(struct oc_config *config, struct oc_slice key, struct oc_slice value,
                      struct oc_err *err)
{
    static const char *const validations[] = {"strict", "lenient", NULL};
    static const char *const logs[] = {"text", "json", NULL};
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    int choice = 0, rc = OC_OK;

    if (oc_slice_eq_str(key, "listen"))
        return oc_config_set_listen(config, value, err);
    if (oc_slice_eq_str(key, "regions"))
        return add_regions(config, value, err);
    if (oc_slice_eq_str(key, "account"))
        return oc_config_set_account(config, value, err);
    if (oc_slice_eq_str(key, "data")) {
        if (value.len == 0)
            return oc_fail(err, OC_EINVAL, "want a folder");
        config->data = value;
    } else if (oc_slice_eq_str(key, "tls-certificate")) {
        config->tls_certificate = value;
    } else if (oc_slice_eq_str(key, "tls-key")) {
        config->tls_key = value;
    } else if (oc_slice_eq_str(key, "default-region")) {
        config->default_region = value;
    } else if (oc_slice_eq_str(key, "validation")) {
        rc = set_choice(value, validations, &choice, err);
        config->lenient = choice == 1;
    } else if (oc_slice_eq_str(key, "log")) {
        rc = set_choice(value, logs, &choice, err);
        config->log_json = choice == 1;
    } else if (oc_slice_eq_str(key, "log-level")) {
        rc = set_choice(value, levels, &choice, err);
        config->log_level = (enum oc_log_level)choice;
    } else {
        return oc_fail(err, OC_EINVAL, "there is no such setting");
    }
    return rc;
}

/* Settings that are numbers: section, key, where they go, their range and unit. */
/* "22-06": from the begin of one hour to that of another, through midnight if need be. */
static int set_hours(struct oc_config *config, struct oc_slice value, struct oc_err *err)
{
    struct oc_slice rest = value, first = oc_slice_cut(&rest, '-');
    int64_t from, to;

    if (!rest.ptr || first.len > 2 || rest.len > 2 || !oc_slice_to_int64(first, &from) ||
        !oc_slice_to_int64(rest, &to) || from < 0 || from > 23 || to < 0 || to > 24 || from == to)
        return oc_fail(err, OC_EINVAL, "want two hours, such as 22-06 (0-24: always), not '%.*s'",
                       OC_FMT(value));
    config->copy_from_hour = (uint32_t)from;
    config->copy_to_hour = (uint32_t)(to % 24);
    return OC_OK;
}

static int set_numeric(struct oc_config *config, struct oc_slice section, struct oc_slice key,
                       struct oc_slice value, struct oc_err *err)
{
    const struct {
        const char *section, *key;
        int64_t *to, min, max, scale;
    } table[] = {
        {"http", "workers", &config->http_workers, 0, 256, 1},
        {"http", "max-connections", &config->http_max_connections, 0, 1000000, 1},
        {"http", "head-timeout", &config->head_timeout_ms, 1, 3600, 1000},
        {"http", "body-timeout", &config->body_timeout_ms, 1, 3600, 1000},
        {"http", "idle-timeout", &config->idle_timeout_ms, 1, 3600, 1000},
        {"throttle", "rate", &config->throttle_rate, 0, 1000000000, 1},
        {"throttle", "burst", &config->throttle_burst, 0, 1000000000, 1},
        {"store", "batch", &config->store_batch, 0, 1000000, 1},
        {"copy", "workers", &config->copy_workers, 0, 64, 1},
        {"copy", "jobs", &config->copy_jobs, 0, 256, 1},
        {"copy", "account-jobs", &config->copy_account_jobs, 0, 256, 1},
        {"copy", "streams", &config->copy_streams, 1, OC_STREAMS_MAX, 1},
        {"copy", "peer-patience", &config->peer_patience_ms, 1, 604800, 1000},
        {"copy", "peer-stall", &config->peer_stall_ms, 1, 3600, 1000},
    };

    const struct {
        const char *section, *key;
        int64_t *to;
        const struct unit *units;
        int64_t max;
    } measures[] = {
        {"http", "upload-memory", &config->http_upload_memory, size_units, 1LL << 40},
        {"copy", "bandwidth", &config->copy_bandwidth, size_units, 1LL << 40},
        {"copy", "upload-keep", &config->copy_upload_keep_ms, time_units, 3650 * 86400000LL},
        {"scrub", "rate", &config->scrub_rate, size_units, 1LL << 40},
        {"scrub", "interval", &config->scrub_interval_ms, time_units, 3650 * 86400000LL},
        {"events", "keep", &config->events_keep_ms, time_units, 3650 * 86400000LL},
    };

    for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
        if (oc_slice_eq_str(section, measures[i].section) && oc_slice_eq_str(key, measures[i].key))
            return set_measure(value, measures[i].units, measures[i].max, measures[i].to, err);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (oc_slice_eq_str(section, table[i].section) && oc_slice_eq_str(key, table[i].key))
            return set_number(value, table[i].min, table[i].max, table[i].scale, table[i].to, err);
    return oc_fail(err, OC_EINVAL, "there is no such setting");
}

int oc_config_set_names(struct oc_slice value, struct oc_arena *arena, const struct oc_slice **ret,
                        size_t *ret_count, struct oc_err *err)
{
    struct oc_slice *names = oc_arena_alloc(arena, OC_CONFIG_NAMES_MAX * sizeof(*names));
    struct oc_slice rest = value;
    size_t count = 0;

    if (!names)
        return oc_fail_nomem(err);
    while (rest.ptr) {
        struct oc_slice name = oc_slice_cut(&rest, ' ');

        if (name.len == 0)
            continue;
        if (count == OC_CONFIG_NAMES_MAX)
            return oc_fail(err, OC_EINVAL, "more than %d names", OC_CONFIG_NAMES_MAX);
        names[count++] = name;
    }
    *ret = names;
    *ret_count = count;
    return OC_OK;
}

/* -- sections ---------------------------------------------------------------------------------- */

static bool is_section(struct oc_slice name)
{
    static const char *const names[] = {"server", "http",  "throttle", "store",
                                        "copy",   "scrub", "events",   NULL};
    size_t i = 0;

    while (names[i] && !oc_slice_eq_str(name, names[i]))
        i++;
    return names[i] != NULL;
}

bool oc_config_is_served(const struct oc_config *config, struct oc_slice region)
{
    for (size_t i = 0; i < config->region_count; i++)
        if (oc_slice_eq(config->regions[i], region))
            return true;
    return false;
}

/* What follows the first word of a section's name; absent when that is another word. */
struct oc_slice oc_config_name_after(struct oc_slice section, struct oc_slice word)
{
    struct oc_slice rest = section;

    return oc_slice_eq(oc_slice_cut(&rest, ' '), word)
               ? (rest.ptr ? oc_slice_trim(rest) : OC_STR(""))
               : (struct oc_slice){0};
}

static int load_section(struct oc_config *config, const struct oc_ini_section *section,
                        struct oc_arena *arena, struct oc_err *err)
{
    struct oc_slice peer = oc_config_name_after(section->name, OC_STR("peer"));
    struct oc_err cause = {0};
    int rc = OC_OK;

    if (oc_config_name_after(section->name, OC_STR("bucket")).len ||
        oc_config_name_after(section->name, OC_STR("blob")).ptr)
        return oc_config_load_place(config, section, arena, err);
    if (oc_config_name_after(section->name, OC_STR("webhook")).len)
        return oc_config_load_webhook(config, section, arena, err);
    if (!peer.len && !is_section(section->name))
        return oc_fail(err, OC_EINVAL, "line %u: [%.*s]: there is no such section", section->line,
                       OC_FMT(section->name));
    for (const struct oc_ini_entry *entry = section->entries; entry; entry = entry->next) {
        if (entry->subs)
            rc = oc_fail(&cause, OC_EINVAL, "no setting has others below it");
        else if (peer.len)
            rc = oc_config_set_peer_key(config, peer, entry->key, entry->value, &cause);
        else if (oc_slice_eq_str(section->name, "server"))
            rc = set_server(config, entry->key, entry->value, &cause);
        else if (oc_slice_eq_str(section->name, "copy") && oc_slice_eq_str(entry->key, "hours"))
            rc = set_hours(config, entry->value, &cause);
        else
            rc = set_numeric(config, section->name, entry->key, entry->value, &cause);
        if (rc < 0)
            return oc_fail(err, cause.rc, "line %u: [%.*s] %.*s: %s", entry->line,
                           OC_FMT(section->name), OC_FMT(entry->key), cause.text);
    }
    return OC_OK;
}

int oc_config_load(struct oc_config *config, const char *path, struct oc_arena *arena,
                   struct oc_err *err)
{
    struct oc_err cause = {0};
    struct oc_ini ini;

    config->buckets = oc_arena_alloc(arena, OC_CONFIG_BUCKETS_MAX * sizeof(*config->buckets));
    if (!config->buckets)
        return oc_fail_nomem(err);
    int rc = oc_ini_load(path, arena, &ini, err);
    if (rc < 0)
        return rc;
    for (const struct oc_ini_section *section = ini.sections; section; section = section->next) {
        rc = load_section(config, section, arena, &cause);
        if (rc < 0)
            return oc_fail(err, cause.rc, "%s: %s", path, cause.text);
    }
    return OC_OK;
}

int oc_config_finish(struct oc_config *config, struct oc_err *err)
{
    static const char *const default_regions[] = {"us-east-1", "us-west-2", "eu-west-1"};

    if (!config->data.ptr || config->data.len == 0)
        return oc_fail(err, OC_EINVAL, "no data folder: give --data DIR or `data` under [server]");
    if ((config->tls_certificate.len > 0) != (config->tls_key.len > 0))
        return oc_fail(err, OC_EINVAL, "tls-certificate and tls-key go together: %s is missing",
                       config->tls_key.len > 0 ? "tls-certificate" : "tls-key");
    for (size_t i = 0; config->region_count == 0 && i < 3; i++)
        config->regions[i] = oc_slice_of(default_regions[i]);
    if (config->region_count == 0)
        config->region_count = 3;
    if (!config->default_region.ptr)
        config->default_region = config->regions[0];
    if (!oc_config_is_served(config, config->default_region))
        return oc_fail(err, OC_EINVAL, "default-region '%.*s' is not among the Regions served",
                       OC_FMT(config->default_region));
    int rc = oc_config_check_peers(config, err);
    return rc < 0 ? rc : oc_config_check_blobs(config, err);
}
