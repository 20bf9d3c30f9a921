/* `outcrop check`: verify a data folder, and rebuild the sets of its store. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/site.h"
#include "copy/check.h"
#include "scrub/finding.h"

static const struct oc_option options[] = {
    {.name = "data", .letter = 'd', .arg = "DIR", .help = "folder of the server's data"},
    {.name = "config", .letter = 'c', .arg = "FILE", .help = "the server's configuration file"},
    {.name = "region", .arg = "REGION", .help = "a Region that the folder holds", .repeat = true},
    {.name = "deep", .help = "also decrypt and re-hash every part of every model"},
    {.name = "rebuild", .help = "first make the list's sets anew from the records"},
    {0},
};

static void print_finding(const char *finding, void *ctx)
{
    (void)ctx;
    printf("%s\n", finding);
}

static int read_settings(const struct oc_args *args, struct oc_config *config,
                         struct oc_arena *arena, struct oc_err *err)
{
    const char *file = oc_args_get(args, "config"), *region;

    oc_config_init(config);
    int rc = file ? oc_config_load(config, file, arena, err) : OC_OK;
    if (oc_args_get(args, "data"))
        config->data = oc_slice_of(oc_args_get(args, "data"));
    if (oc_args_nth(args, "region", 0))
        config->region_count = 0;
    for (size_t i = 0; rc >= 0 && (region = oc_args_nth(args, "region", i)); i++)
        rc = oc_config_add_region(config, oc_slice_of(region), err);
    return rc < 0 ? rc : oc_config_finish(config, err);
}

/* Alone when no server runs, else beside it. */
static int open_site(const struct oc_config *config, bool rebuild, struct oc_site *site,
                     bool *ret_alone, struct oc_err *err)
{
    int rc = oc_site_open(config, OC_SITE_EXISTING, site, err);

    *ret_alone = rc >= 0;
    if (rc != OC_EBUSY || rebuild)
        return rc;
    oc_site_close(site);
    memset(site, 0, sizeof(*site));
    return oc_site_open(config, OC_SITE_LOOK, site, err);
}

/* What a crash left half-written is not damage: the next start removes it. */
static int note_leftovers(const struct oc_site *site, struct oc_err *err)
{
    for (size_t i = 0; i < site->region_count; i++) {
        uint64_t count;
        int rc = oc_blob_leftovers(site->regions[i].blobs, &count, err);
        if (rc < 0)
            return rc;
        if (count > 0)
            printf("note: %" PRIu64
                   " unfinished files in Region %.*s; the next start removes them\n",
                   count, OC_FMT(site->regions[i].name));
    }
    return OC_OK;
}

/* What the server has found by itself and could not repair. */
static int tell_findings(struct oc_site *site, uint64_t *ret_count, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    int rc = oc_store_read(site->store, &read, err);

    return rc < 0 ? rc : oc_findings_tell(read, print_finding, NULL, ret_count, err);
}

static int check_site(const struct oc_args *args, struct oc_site *site, bool alone,
                      uint64_t *ret_findings, struct oc_err *err)
{
    struct oc_copy_check_options check = {
        .store = site->store,
        .regions = site->regions,
        .region_count = site->region_count,
        .deep = oc_args_has(args, "deep"),
        .fn = print_finding,
    };
    uint64_t in_store = 0, in_models = 0, known = 0;

    int rc = oc_args_has(args, "rebuild") ? oc_store_rebuild(site->store, err) : OC_OK;
    if (rc >= 0)
        rc = oc_store_check(site->store, print_finding, NULL, &in_store, err);
    if (rc >= 0)
        rc = oc_copy_check(&check, &in_models, err);
    if (rc >= 0)
        rc = tell_findings(site, &known, err);
    if (rc >= 0 && alone)
        rc = note_leftovers(site, err);
    *ret_findings = in_store + in_models + known;
    return rc;
}

static int run_check(const struct oc_args *args)
{
    struct oc_config config;
    struct oc_site site = {0};
    struct oc_arena arena;
    struct oc_err err = {0};
    uint64_t findings = 0;
    bool alone = false;

    oc_arena_init(&arena, OC_REQUEST_ARENA_MAX);
    int rc = read_settings(args, &config, &arena, &err);
    if (rc >= 0)
        rc = open_site(&config, oc_args_has(args, "rebuild"), &site, &alone, &err);
    if (rc >= 0)
        rc = check_site(args, &site, alone, &findings, &err);
    oc_site_close(&site);
    if (rc < 0)
        (void)fprintf(stderr, "outcrop check: %s\n", err.text);
    else if (findings == 0)
        printf("%.*s is sound%s\n", OC_FMT(config.data),
               alone ? "" : " (checked beside a running server)");
    else
        printf("%" PRIu64 " findings\n", findings);
    oc_arena_clear(&arena);
    return rc == OC_EINVAL ? OC_EXIT_USAGE : rc < 0 || findings > 0 ? OC_EXIT_FAILED : OC_EXIT_OK;
}

const struct oc_command oc_command_check = {
    .name = "check",
    .summary = "verify a data folder",
    .details = "Compares the list's sets with the jobs they were made from, models with their "
               "bytes, and jobs with their models. Runs beside a server too. Exit code 1 when "
               "anything is found.",
    .options = options,
    .run = run_check,
};
