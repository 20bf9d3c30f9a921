/*
 * The verifier: reads a model's manifest and parts from the disk and hashes its files.
 *
 * The oldest verification that is InProgress comes first. A part that is damaged is mended if that
 * can be done; else the files in it cannot be hashed, which goes without saying, and those behind
 * it are. A restart begins anew: the record stays InProgress until the result is durable.
 */
#include "scrub/scrub_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "copy/verify.h"
#include "model/manifest.h"

#define NICE       10
#define RETRY_US   5000000LL
#define RECORD_MAX (4UL * 1024 * 1024)

struct run {
    struct oc_scrubber *scrubber;
    struct oc_arena arena;
    struct oc_slice key;
    struct oc_model model;
    struct oc_blob_store *blobs;
    struct oc_manifest manifest;
    struct oc_copy_verify verify;
    struct oc_scrub_buffer buffer;
    struct oc_scrub_batch batch;
    uint8_t *zeros; /* in place of a part that is lost; NULL until one is */
    size_t lost_to; /* files up to this one have bytes in a lost part */
    struct oc_verification result;
    struct oc_verification_finding findings[OC_VERIFICATION_FINDINGS_MAX];
    bool all_repaired;
};

static void run_clear(struct run *run)
{
    oc_copy_verify_clear(&run->verify);
    oc_manifest_clear(&run->manifest);
    oc_scrub_buffer_clear(&run->buffer);
    oc_scrub_batch_clear(&run->batch);
    free(run->zeros);
    oc_arena_clear(&run->arena);
}

/* -- what is found -------------------------------------------------------------------------- */

static int add_finding(struct run *run, struct oc_slice file, int64_t part, const char *problem,
                       bool repaired, struct oc_err *err)
{
    struct oc_verification *result = &run->result;
    struct oc_verification_finding *finding = &run->findings[result->finding_count];

    result->findings_in_all++;
    run->all_repaired = run->all_repaired && repaired;
    if (result->finding_count == OC_VERIFICATION_FINDINGS_MAX)
        return OC_OK;
    *finding = (struct oc_verification_finding){
        .file = oc_arena_copy(&run->arena, file),
        .part = part,
        .problem = oc_arena_copy(&run->arena, oc_slice_of(problem)),
        .repaired = repaired,
    };
    if (!finding->file.ptr || !finding->problem.ptr)
        return oc_fail_nomem(err);
    result->finding_count++;
    return OC_OK;
}

/* -- reading -------------------------------------------------------------------------------- */

/* The manifest itself, from the disk. Errors: OC_ECORRUPT — it is lost; a finding says so. */
static int load_manifest(struct run *run, struct oc_err *err)
{
    const struct oc_region *region = oc_scrub_region(run->scrubber, run->model.partition.region);
    struct oc_blob_name name = {.key_id = run->model.kms_key_id};
    struct oc_err problem = {0};
    enum oc_scrub_state state;
    int rc = OC_OK;

    if (!oc_hex_decode(run->model.manifest, name.sha256, OC_SHA256_LEN))
        return oc_fail(err, OC_ECORRUPT, "the model's record names no manifest");
    state = oc_scrub_look(run->scrubber, region, &name, &run->batch, &run->buffer, &problem);
    if (state == OC_SCRUB_SKIPPED)
        return oc_fail(err, problem.rc < 0 ? problem.rc : OC_EIO, "%s", problem.text);
    if (state != OC_SCRUB_GOOD)
        rc = add_finding(run, OC_STR("(manifest)"), 0, problem.text, state == OC_SCRUB_MENDED, err);
    if (rc < 0 || state == OC_SCRUB_DAMAGED || state == OC_SCRUB_UNUSED)
        return rc < 0 ? rc : oc_fail(err, OC_ECORRUPT, "%s", problem.text);
    return oc_manifest_decode((struct oc_slice){(char *)run->buffer.bytes, run->buffer.len},
                              &run->manifest, err);
}

/* A part that is lost counts as zeros: the files in it get digests that nobody looks at. */
static int lose_part(struct run *run, uint32_t index, struct oc_slice *ret, struct oc_err *err)
{
    const struct oc_manifest *manifest = &run->manifest;

    if (!run->zeros)
        run->zeros = oc_alloc(OC_PART_SIZE);
    if (!run->zeros)
        return oc_fail_nomem(err);
    memset(run->zeros, 0, OC_PART_SIZE);
    *ret = (struct oc_slice){(char *)run->zeros, manifest->parts[index].size};
    for (size_t i = run->verify.file;
         i < manifest->file_count &&
         (manifest->files[i].size == 0 || manifest->files[i].first_part <= index);
         i++)
        run->lost_to = i + 1;
    return OC_OK;
}

static int hash_part(struct run *run, uint32_t index, struct oc_slice bytes, struct oc_err *err)
{
    struct oc_err problem = {0};
    int rc;

    while ((rc = oc_copy_verify_part(&run->verify, index, bytes, &problem)) == OC_EINVAL) {
        size_t file = run->verify.file - 1;

        rc = file < run->lost_to
                 ? OC_OK
                 : add_finding(run, run->manifest.files[file].path, 0, problem.text, false, err);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        *err = problem;
    return rc;
}

static int verify_part(struct run *run, uint32_t index, struct oc_err *err)
{
    const struct oc_region *region = oc_scrub_region(run->scrubber, run->model.partition.region);
    const struct oc_manifest_file *file = oc_manifest_part_file(&run->manifest, index);
    struct oc_blob_name name = {.key_id = run->model.kms_key_id};
    struct oc_err problem = {0};
    struct oc_slice bytes;
    enum oc_scrub_state state;
    int rc = OC_OK;

    memcpy(name.sha256, run->manifest.parts[index].sha256, OC_SHA256_LEN);
    state = oc_scrub_look(run->scrubber, region, &name, &run->batch, &run->buffer, &problem);
    if (state == OC_SCRUB_SKIPPED)
        return oc_fail(err, problem.rc < 0 ? problem.rc : OC_EIO, "part %u of %zu: %s", index + 1,
                       run->manifest.part_count, problem.text);
    bytes = (struct oc_slice){(char *)run->buffer.bytes, run->buffer.len};
    if (state != OC_SCRUB_GOOD)
        rc = add_finding(run, file ? file->path : OC_STR("?"), (int64_t)index + 1, problem.text,
                         state == OC_SCRUB_MENDED, err);
    if (rc == OC_OK && (state == OC_SCRUB_DAMAGED || state == OC_SCRUB_UNUSED))
        rc = lose_part(run, index, &bytes, err);
    return rc < 0 ? rc : hash_part(run, index, bytes, err);
}

static void set_progress(struct run *run, uint32_t parts, uint64_t bytes)
{
    struct oc_scrubber *scrubber = run->scrubber;

    (void)pthread_mutex_lock(&scrubber->lock);
    scrubber->progress = (struct oc_scrub_progress){.bytes_total = run->manifest.size,
                                                    .parts_total = run->manifest.part_count,
                                                    .bytes_done = bytes,
                                                    .parts_done = parts};
    (void)pthread_mutex_unlock(&scrubber->lock);
}

static int verify_model(struct run *run, struct oc_err *err)
{
    uint64_t bytes = 0;
    int rc = load_manifest(run, err);

    if (rc == OC_OK && (run->manifest.size != (uint64_t)run->model.size_bytes ||
                        run->manifest.file_count != (size_t)run->model.file_count))
        rc = add_finding(run, OC_STR("(manifest)"), 0,
                         "the model's record speaks of other sizes than its manifest", false, err);
    run->verify.manifest = &run->manifest;
    oc_scrub_batch_begin(&run->batch, run->manifest.parts, sizeof(*run->manifest.parts),
                         run->manifest.part_count);
    for (uint32_t i = 0; rc == OC_OK && i < run->manifest.part_count; i++) {
        set_progress(run, i, bytes);
        if (oc_scrub_is_stopping(run->scrubber))
            return oc_fail(err, OC_ECANCELED, "the server is stopping");
        rc = verify_part(run, i, err);
        bytes += run->manifest.parts[i].size;
    }
    if (rc == OC_OK)
        rc = hash_part(run, (uint32_t)run->manifest.part_count, OC_STR(""), err);
    run->result.bytes = (int64_t)bytes;
    run->result.parts = (int64_t)run->manifest.part_count;
    return rc;
}

/* -- the record ----------------------------------------------------------------------------- */

/* The verification to do next: the oldest one. */
struct next {
    char key[OC_SCRUB_KEY_MAX];
    size_t key_len; /* 0: none */
    int64_t start_ms;
};

static int meet_verification(struct oc_slice key, struct oc_slice record, void *ctx,
                             struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_verification verification;
    struct next *next = ctx;
    int rc;

    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    rc = oc_verification_decode(record, &arena, &verification, err);
    if (rc == OC_ECORRUPT) { /* the next verification of that model replaces it */
        oc_log(OC_LOG_ERROR, "scrub.verification_lost", "reason", err->text, (char *)NULL);
        return OC_OK;
    }
    if (rc < 0 || verification.status != OC_VERIFICATION_IN_PROGRESS ||
        key.len > OC_SCRUB_KEY_MAX || (next->key_len && next->start_ms <= verification.start_ms))
        return rc;
    memcpy(next->key, key.ptr, key.len);
    next->key_len = key.len;
    next->start_ms = verification.start_ms;
    return OC_OK;
}

static int find_next(const struct oc_scrubber *scrubber, struct next *ret, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    int rc = oc_store_read(scrubber->options.store, &read, err);

    *ret = (struct next){0};
    return rc < 0 ? rc
                  : oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_VERIFICATION},
                                 meet_verification, ret, err);
}

struct ending {
    struct oc_write write;
    struct oc_slice key, record;
};

/* A model that was deleted meanwhile takes its verification along. */
static int apply_ending(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    const struct ending *ending = (const struct ending *)(void *)write;
    struct oc_slice value;
    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_MODEL, ending->key, &value, err);

    if (rc == OC_ENOTFOUND)
        return oc_tx_delete(tx, OC_RECORD_VERIFICATION, ending->key, err);
    return rc < 0 ? rc : oc_tx_put(tx, OC_RECORD_VERIFICATION, ending->key, ending->record, err);
}

static int record_result(struct run *run, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct ending ending = {.write.apply = apply_ending, .key = run->key};

    oc_buf_init(&record, RECORD_MAX);
    run->result.end_ms = oc_clock_now_ms();
    run->result.findings = run->findings;
    oc_verification_encode(&record, &run->result);
    if (record.failed)
        return oc_fail_nomem(err);
    ending.record = oc_buf_slice(&record);
    return oc_store_write(run->scrubber->options.store, &ending.write, err);
}

static int load_model(struct run *run, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice record;
    int rc = oc_store_read(run->scrubber->options.store, &read, err);

    if (rc == OC_OK)
        rc = oc_read_get(read, OC_RECORD_MODEL, run->key, &record, err);
    if (rc == OC_OK)
        rc = oc_model_decode(record, &run->arena, &run->model, err);
    if (rc == OC_ENOTFOUND || (rc == OC_OK && run->model.status != OC_MODEL_ACTIVE))
        return oc_fail(err, OC_ECONFLICT, "the model was deleted");
    if (rc == OC_OK && !oc_scrub_region(run->scrubber, run->model.partition.region))
        return oc_fail(err, OC_ECONFLICT, "Region %.*s is not served here",
                       OC_FMT(run->model.partition.region));
    return rc;
}

static void log_result(const struct run *run)
{
    char model[64], status[16], findings[24];

    (void)snprintf(model, sizeof(model), "%.*s", OC_FMT(run->model.id));
    (void)snprintf(status, sizeof(status), "%.*s",
                   OC_FMT(oc_verification_status_text(run->result.status)));
    (void)snprintf(findings, sizeof(findings), "%lld", (long long)run->result.findings_in_all);
    oc_log(run->result.findings_in_all ? OC_LOG_WARN : OC_LOG_INFO, "scrub.model_verified", "model",
           model, "status", status, "findings", findings, (char *)NULL);
}

/* @return OC_OK, OC_ECANCELED, or the failure of the store: then it is done again */
static int run_one(struct run *run, struct oc_err *err)
{
    struct oc_err problem = {0};
    int rc = load_model(run, &problem);

    if (rc == OC_OK)
        rc = verify_model(run, &problem);
    if (rc == OC_ECANCELED)
        return rc;
    if (run->result.findings_in_all > 0)
        run->result.status = run->all_repaired ? OC_VERIFICATION_REPAIRED : OC_VERIFICATION_DAMAGED;
    else
        run->result.status = rc < 0 ? OC_VERIFICATION_FAILED : OC_VERIFICATION_SOUND;
    if (rc < 0 && run->result.status != OC_VERIFICATION_DAMAGED) {
        run->result.status = OC_VERIFICATION_FAILED;
        run->result.message = oc_slice_of(problem.text);
    }
    rc = record_result(run, err);
    if (rc < 0)
        return rc;
    oc_metrics_count(&run->scrubber->counts.verifications[run->result.status], 1);
    log_result(run);
    return OC_OK;
}

/* -- the thread ----------------------------------------------------------------------------- */

static void show_current(struct oc_scrubber *scrubber, const struct next *next)
{
    (void)pthread_mutex_lock(&scrubber->lock);
    scrubber->current_len = next->key_len;
    memcpy(scrubber->current, next->key, next->key_len);
    scrubber->progress = (struct oc_scrub_progress){0};
    scrubber->began_us = oc_clock_mono_us();
    (void)pthread_mutex_unlock(&scrubber->lock);
}

static int do_next(struct oc_scrubber *scrubber, const struct next *next, struct oc_err *err)
{
    struct run *run = oc_alloc(sizeof(*run));
    int rc;

    if (!run)
        return oc_fail_nomem(err);
    memset(run, 0, sizeof(*run));
    run->scrubber = scrubber;
    run->key = (struct oc_slice){next->key, next->key_len};
    run->result.start_ms = next->start_ms;
    run->all_repaired = true;
    oc_arena_init(&run->arena, OC_SCRUB_ARENA_MAX);
    oc_manifest_init(&run->manifest);
    show_current(scrubber, next);
    rc = run_one(run, err);
    show_current(scrubber, &(struct next){0});
    run_clear(run);
    free(run);
    return rc;
}

/* @return false: the scrubber stops */
static bool await_work(struct oc_scrubber *scrubber)
{
    bool stopping;

    (void)pthread_mutex_lock(&scrubber->lock);
    while (!scrubber->stopping && !scrubber->woken)
        (void)pthread_cond_wait(&scrubber->changed, &scrubber->lock);
    scrubber->woken = false;
    stopping = scrubber->stopping;
    (void)pthread_mutex_unlock(&scrubber->lock);
    return !stopping;
}

void *oc_scrub_verify_main(void *arg)
{
    struct oc_scrubber *scrubber = arg;

    (void)pthread_setname_np(pthread_self(), "verify");
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread only */
    while (await_work(scrubber)) {
        struct next next = {.key_len = 1};
        struct oc_err err = {0};
        int rc = OC_OK;

        while (rc == OC_OK && next.key_len > 0 && !oc_scrub_is_stopping(scrubber)) {
            rc = find_next(scrubber, &next, &err);
            if (rc == OC_OK && next.key_len > 0)
                rc = do_next(scrubber, &next, &err);
        }
        if (rc < 0 && rc != OC_ECANCELED) {
            oc_log(OC_LOG_ERROR, "scrub.verify_put_off", "reason", err.text, (char *)NULL);
            if (oc_scrub_sleep(scrubber, RETRY_US))
                oc_scrubber_wake(scrubber);
        }
    }
    return NULL;
}
