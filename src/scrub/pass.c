/*
 * One pass over all Regions.
 *
 * For each Region, in the order of their names: first what models need and what is not there (a
 * removed file leaves nothing that could be read), then every blob that is there, in the order of
 * its digest. So "how far" is a Region and a digest; that is written to the store now and then.
 * Blobs are listed in as many rounds as it takes to keep the list small.
 */
#include "scrub/scrub_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "model/manifest.h"

#define META_KEY    "scrub"
#define VERSION     1
#define ROUND_BLOBS 100000
#define KEEP_US     30000000LL /* how often the place is written down */
#define RETRY_US    60000000LL /* after a failure of the store */
#define AGAIN_MS    600000LL
#define NICE        19 /* behind all others; see setpriority(2) */

/* Where a pass is. */
struct place {
    int64_t start_ms; /* of the pass */
    bool is_running;  /* else it has ended: the next one begins after the interval */
    char region[32];  /* "": at the first */
    bool has_digest;  /* blobs up to `digest` are done; else what is missing is next */
    uint8_t digest[OC_SHA256_LEN];
};

struct blob {
    uint8_t sha256[OC_SHA256_LEN];
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
};

struct pass {
    struct oc_scrubber *scrubber;
    struct place place;
    struct oc_scrub_buffer buffer;
    struct oc_scrub_batch batch;
    int64_t due_us;  /* when the next byte may be read */
    int64_t kept_us; /* when the place was written down */
    /* The blobs of one round. */
    struct blob *blobs;
    size_t count, cap;
    uint64_t in_all;
    uint32_t round, rounds;
};

/* -- the place ------------------------------------------------------------------------------ */

struct keep {
    struct oc_write write;
    struct oc_slice record;
};

static int apply_keep(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    const struct keep *keep = (const struct keep *)(void *)write;

    return oc_tx_put(tx, OC_RECORD_META, OC_STR(META_KEY), keep->record, err);
}

/* Failing to do so costs no more than reading some blobs twice. */
static void keep_place(struct pass *pass)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct keep keep = {.write.apply = apply_keep};
    char hex[OC_SHA256_HEX_LEN];
    struct oc_err err = {0};
    struct oc_jw w;

    oc_buf_init(&record, 1024);
    oc_hex_encode(pass->place.digest, OC_SHA256_LEN, hex);
    oc_jw_init(&w, &record);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", VERSION);
    oc_jw_member_int(&w, "start", pass->place.start_ms);
    oc_jw_member_int(&w, "end", pass->scrubber->counts.pass_end_ms);
    oc_jw_member_bool(&w, "running", pass->place.is_running);
    oc_jw_member(&w, "region", oc_slice_of(pass->place.region));
    if (pass->place.has_digest)
        oc_jw_member(&w, "digest", (struct oc_slice){hex, sizeof(hex)});
    oc_jw_object_end(&w);
    keep.record = oc_buf_slice(&record);
    pass->kept_us = oc_clock_mono_us();
    if (record.failed || oc_store_write(pass->scrubber->options.store, &keep.write, &err) < 0)
        oc_log(OC_LOG_WARN, "scrub.place_not_kept", "reason", err.text, (char *)NULL);
}

static void load_place(struct pass *pass)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct place *place = &pass->place;
    struct oc_err ignored = {0};
    struct oc_slice record;

    if (oc_store_read(pass->scrubber->options.store, &read, &ignored) < 0 ||
        oc_read_get(read, OC_RECORD_META, OC_STR(META_KEY), &record, &ignored) < 0 ||
        oc_json_parse(record, &root, &ignored) < 0 ||
        oc_json_int64(oc_json_get(root, "version"), 0) != VERSION)
        return; /* from the beginning, then */
    place->start_ms = oc_json_int64(oc_json_get(root, "start"), 0);
    place->is_running = oc_json_bool(oc_json_get(root, "running"), false);
    (void)snprintf(place->region, sizeof(place->region), "%.*s",
                   OC_FMT(oc_json_string(oc_json_get(root, "region"))));
    place->has_digest =
        oc_hex_decode(oc_json_string(oc_json_get(root, "digest")), place->digest, OC_SHA256_LEN);
    pass->scrubber->counts.pass_end_ms = oc_json_int64(oc_json_get(root, "end"), 0);
}

/* Wait until `bytes` more may have been read. @return false: the scrubber stops */
static bool pace(struct pass *pass, uint64_t bytes)
{
    int64_t now = oc_clock_mono_us();

    if (now - pass->kept_us > KEEP_US)
        keep_place(pass);
    if (pass->due_us < now)
        pass->due_us = now;
    pass->due_us += (int64_t)((double)bytes * 1e6 / (double)pass->scrubber->options.rate);
    return oc_scrub_sleep(pass->scrubber, pass->due_us - now);
}

/* -- what is missing ------------------------------------------------------------------------ */

struct model_key {
    char bytes[OC_SCRUB_KEY_MAX];
    size_t len;
};

struct models {
    struct oc_slice region;
    struct model_key *keys;
    size_t count, cap;
};

static int note_model(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct models *models = ctx;
    struct oc_slice rest = key;
    struct model_key *grown;

    (void)record;
    (void)oc_slice_cut(&rest, '\0');
    if (!oc_slice_eq(oc_slice_cut(&rest, '\0'), models->region) || key.len > OC_SCRUB_KEY_MAX)
        return OC_OK;
    grown = oc_grow(models->keys, &models->cap, models->count + 1, sizeof(*grown));
    if (!grown)
        return oc_fail_nomem(err);
    models->keys = grown;
    memcpy(grown[models->count].bytes, key.ptr, key.len);
    grown[models->count++].len = key.len;
    return OC_OK;
}

/* A model of the list, if it still is Active. @return 1: it is not */
static int read_model(const struct pass *pass, const struct model_key *key, struct oc_arena *arena,
                      struct oc_model *ret, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice record;
    int rc = oc_store_read(pass->scrubber->options.store, &read, err);

    if (rc == OC_OK)
        rc = oc_read_get(read, OC_RECORD_MODEL, (struct oc_slice){key->bytes, key->len}, &record,
                         err);
    if (rc == OC_OK)
        rc = oc_model_decode(record, arena, ret, err);
    if (rc == OC_ENOTFOUND || (rc == OC_OK && ret->status != OC_MODEL_ACTIVE))
        return 1;
    return rc;
}

/* Look for each blob of a model; one that is not there is judged. */
static int look_for(struct pass *pass, const struct oc_region *region, const struct oc_model *model)
{
    struct oc_blob_name name = {.key_id = model->kms_key_id};
    struct oc_err problem = {0};
    struct oc_manifest manifest;
    bool there = true;

    if (!oc_hex_decode(model->manifest, name.sha256, OC_SHA256_LEN))
        return OC_OK;
    oc_manifest_init(&manifest);
    if (oc_copy_manifest_load(region->blobs, model->kms_key_id, model->manifest, &manifest,
                              &problem) < 0) {
        (void)oc_scrub_look(pass->scrubber, region, &name, &pass->batch, &pass->buffer, &problem);
        (void)oc_copy_manifest_load(
            region->blobs, model->kms_key_id, model->manifest, &manifest,
            &problem); /* when it still fails there is nothing to look for */
    }
    oc_scrub_batch_begin(&pass->batch, manifest.parts, sizeof(*manifest.parts),
                         manifest.part_count);
    for (size_t i = 0; i < manifest.part_count && !oc_scrub_is_stopping(pass->scrubber); i++) {
        memcpy(name.sha256, manifest.parts[i].sha256, OC_SHA256_LEN);
        if (oc_blob_has(region->blobs, &name, &there, &problem) == OC_OK && !there)
            (void)oc_scrub_look(pass->scrubber, region, &name, &pass->batch, &pass->buffer,
                                &problem);
    }
    oc_scrub_batch_end(&pass->batch);
    oc_manifest_clear(&manifest);
    return OC_OK;
}

static int find_missing(struct pass *pass, const struct oc_region *region, struct oc_err *err)
{
    struct models models = {.region = region->name};
    struct oc_read *read = NULL;
    int rc = oc_store_read(pass->scrubber->options.store, &read, err);

    if (rc == OC_OK)
        rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_MODEL}, note_model, &models,
                          err);
    oc_read_closep(&read);
    for (size_t i = 0; rc == OC_OK && i < models.count; i++) {
        OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
        struct oc_model model;

        oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
        if (oc_scrub_is_stopping(pass->scrubber))
            rc = oc_fail(err, OC_ECANCELED, "the scrubber is stopping");
        else
            rc = read_model(pass, &models.keys[i], &arena, &model, err);
        if (rc == OC_OK)
            rc = look_for(pass, region, &model);
        rc = rc == 1 ? OC_OK : rc;
    }
    free(models.keys);
    return rc;
}

/* -- what is there -------------------------------------------------------------------------- */

static int count_blob(const struct oc_blob_name *name, void *ctx, struct oc_err *err)
{
    struct pass *pass = ctx;

    (void)name;
    (void)err;
    pass->in_all++;
    return OC_OK;
}

static int list_blob(const struct oc_blob_name *name, void *ctx, struct oc_err *err)
{
    struct pass *pass = ctx;
    struct blob *grown;

    if ((uint64_t)oc_get_be32(name->sha256) * pass->rounds >> 32 != pass->round ||
        (pass->place.has_digest && memcmp(name->sha256, pass->place.digest, OC_SHA256_LEN) <= 0))
        return OC_OK;
    grown = oc_grow(pass->blobs, &pass->cap, pass->count + 1, sizeof(*grown));
    if (!grown)
        return oc_fail_nomem(err);
    pass->blobs = grown;
    memcpy(grown[pass->count].sha256, name->sha256, OC_SHA256_LEN);
    (void)snprintf(grown[pass->count++].key_id, sizeof(grown->key_id), "%.*s",
                   OC_FMT(name->key_id));
    return OC_OK;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, OC_SHA256_LEN);
}

static int read_round(struct pass *pass, const struct oc_region *region, struct oc_err *err)
{
    int rc;

    pass->count = 0;
    rc = oc_blob_each(region->blobs, list_blob, pass, err);
    if (rc == OC_OK && pass->count > 0)
        qsort(pass->blobs, pass->count, sizeof(*pass->blobs), by_digest);
    oc_scrub_batch_begin(&pass->batch, pass->blobs, sizeof(*pass->blobs), pass->count);
    for (size_t i = 0; rc == OC_OK && i < pass->count; i++) {
        struct oc_blob_name name = {.key_id = oc_slice_of(pass->blobs[i].key_id)};
        struct oc_err problem = {0};

        memcpy(name.sha256, pass->blobs[i].sha256, OC_SHA256_LEN);
        pass->buffer.len = 0;
        if (oc_scrub_look(pass->scrubber, region, &name, &pass->batch, &pass->buffer, &problem) ==
            OC_SCRUB_SKIPPED)
            oc_log(OC_LOG_INFO, "scrub.skipped", "reason", problem.text, "at",
                   problem.hidden[0] ? problem.hidden : NULL, (char *)NULL);
        /* Copies of one part under several keys share a digest: done when the last one is. */
        if (i + 1 == pass->count ||
            memcmp(pass->blobs[i + 1].sha256, name.sha256, OC_SHA256_LEN) != 0) {
            memcpy(pass->place.digest, name.sha256, OC_SHA256_LEN);
            pass->place.has_digest = true;
        }
        if (!pace(pass, pass->buffer.len))
            rc = oc_fail(err, OC_ECANCELED, "the scrubber is stopping");
    }
    oc_scrub_batch_end(&pass->batch);
    return rc;
}

static int scrub_region(struct pass *pass, const struct oc_region *region, struct oc_err *err)
{
    int rc = OC_OK;

    (void)snprintf(pass->place.region, sizeof(pass->place.region), "%.*s", OC_FMT(region->name));
    if (!pass->place.has_digest) /* also findings whose model or blob is gone */
        rc = oc_scrub_look_again(pass->scrubber, region, false, &pass->batch, &pass->buffer, err);
    if (rc == OC_OK && !pass->place.has_digest)
        rc = find_missing(pass, region, err);
    pass->in_all = 0;
    if (rc == OC_OK)
        rc = oc_blob_each(region->blobs, count_blob, pass, err);
    pass->rounds = (uint32_t)(pass->in_all / ROUND_BLOBS + 1);
    for (pass->round = 0; rc == OC_OK && pass->round < pass->rounds; pass->round++)
        rc = read_round(pass, region, err);
    return rc;
}

/* -- the thread ----------------------------------------------------------------------------- */

/* Begin with the Region where the place is. */
static int scrub_all(struct pass *pass, struct oc_err *err)
{
    const struct oc_scrub_options *options = &pass->scrubber->options;
    size_t first = 0;

    while (first < options->region_count &&
           !oc_slice_eq_str(options->regions[first].name, pass->place.region))
        first++;
    if (first == options->region_count) {
        first = 0;
        pass->place.has_digest = false;
    }
    for (size_t i = first; i < options->region_count; i++) {
        int rc = scrub_region(pass, &options->regions[i], err);

        if (rc < 0)
            return rc;
        pass->place.has_digest = false;
    }
    return OC_OK;
}

/* What another machine could have mended that was away, or was no peer then. */
static void try_again(struct pass *pass)
{
    const struct oc_scrub_options *options = &pass->scrubber->options;

    for (size_t i = 0; i < options->region_count; i++) {
        struct oc_err err = {0};

        if (oc_metrics_read(&pass->scrubber->counts.findings) > 0 &&
            oc_scrub_look_again(pass->scrubber, &options->regions[i], true, &pass->batch,
                                &pass->buffer, &err) < 0)
            oc_log(OC_LOG_WARN, "scrub.not_tried_again", "reason", err.text, (char *)NULL);
    }
}

/* Wait for the next pass to be due. @return false: the scrubber stops */
static bool await_pass(struct pass *pass)
{
    const struct oc_scrub_options *options = &pass->scrubber->options;
    int64_t again_ms = options->again_ms ? options->again_ms : AGAIN_MS;
    int64_t left = pass->place.start_ms + options->interval_ms - oc_clock_now_ms();

    if (pass->place.is_running)
        return !oc_scrub_is_stopping(pass->scrubber);
    /* A clock that was set back must not put it off for longer than the interval. */
    if (left > options->interval_ms)
        left = options->interval_ms;
    for (; left > again_ms; left -= again_ms) {
        if (!oc_scrub_sleep(pass->scrubber, again_ms * 1000))
            return false;
        try_again(pass);
    }
    if (!oc_scrub_sleep(pass->scrubber, left * 1000))
        return false;
    pass->place = (struct place){.start_ms = oc_clock_now_ms(), .is_running = true};
    keep_place(pass);
    return true;
}

static void end_pass(struct pass *pass)
{
    struct oc_scrub_counts *counts = &pass->scrubber->counts;
    char findings[24];

    oc_metrics_count(&counts->passes, 1);
    counts->pass_end_ms = oc_clock_now_ms();
    pass->place.is_running = false;
    keep_place(pass);
    (void)snprintf(findings, sizeof(findings), "%llu",
                   (unsigned long long)oc_metrics_read(&counts->findings));
    oc_log(OC_LOG_INFO, "scrub.passed", "findings", findings, (char *)NULL);
}

void *oc_scrub_pass_main(void *arg)
{
    struct pass pass = {.scrubber = arg};

    (void)pthread_setname_np(pthread_self(), "scrub");
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread only */
    load_place(&pass);
    try_again(&pass);
    while (await_pass(&pass)) {
        struct oc_err err = {0};
        int rc = scrub_all(&pass, &err);

        if (rc == OC_OK)
            end_pass(&pass);
        else if (rc != OC_ECANCELED)
            oc_log(OC_LOG_ERROR, "scrub.stopped", "reason", err.text, (char *)NULL);
        if (rc < 0 && !oc_scrub_sleep(pass.scrubber, RETRY_US))
            break;
    }
    if (pass.place.is_running)
        keep_place(&pass);
    free(pass.blobs);
    oc_scrub_batch_clear(&pass.batch);
    oc_scrub_buffer_clear(&pass.buffer);
    return NULL;
}
