/*
 * Removing blobs that nothing refers to.
 *
 * Why it is safe beside running copies and uploads is told in pins.h. What counts as referred to:
 *  - manifest and parts of every Active model, under the model's key;
 *  - those of an upload that is being verified, and the parts of uploads that are not complete;
 *  - those of the source of every copy that is still to be made, under the copy's key: what such
 *    a copy has brought over before a restart is not to be moved again. The manifest of a source
 *    on another machine is kept here, and the task names it.
 * When a manifest cannot be read, nothing under its key is removed.
 *
 * Memory: blobs are looked at in as many rounds as it takes to keep the list of them small.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "copy/copy_impl.h"

#define ROUND_BLOBS 500000
#define KEY_ID_MAX  36

/* A blob that may be garbage. */
struct candidate {
    uint8_t sha256[OC_SHA256_LEN];
    uint16_t key; /* index into `keys` */
    bool needed;
};

struct key {
    char id[KEY_ID_MAX + 1];
    bool unsure; /* a manifest under it could not be read */
};

/* A manifest, and the key under which this Region has, or will have, it and its parts. */
struct reference {
    struct oc_blob_store *blobs; /* where the manifest can be read */
    char manifest[OC_SHA256_HEX_LEN];
    char read_key[KEY_ID_MAX + 1];
    char key[KEY_ID_MAX + 1];
    bool may_be_missing;
};

struct sweep {
    struct oc_copy_engine *engine;
    struct oc_copy_region *region;
    struct oc_read *read; /* while references are collected */
    struct reference *references;
    size_t reference_count, reference_cap;
    uint8_t (*loose)[OC_SHA256_LEN]; /* parts of incomplete uploads: kept under any key */
    size_t loose_count, loose_cap;
    struct key *keys;
    size_t key_count, key_cap;
    struct candidate *candidates;
    size_t count, cap;
    uint64_t blobs;
    uint32_t round, rounds;
    uint64_t removed, kept;
};

static void sweep_clear(struct sweep *sweep)
{
    free(sweep->references);
    free(sweep->loose);
    free(sweep->keys);
    free(sweep->candidates);
}

/* Room for one more item of `size` bytes. */
static int make_room(void **items, size_t count, size_t *cap, size_t size, struct oc_err *err)
{
    void *grown = oc_grow(*items, cap, count + 1, size);

    if (!grown)
        return oc_fail_nomem(err);
    *items = grown;
    return OC_OK;
}

static int check_stop(const struct sweep *sweep, struct oc_err *err)
{
    if (oc_pool_is_stopping(sweep->engine->pool))
        return oc_fail(err, OC_ECANCELED, "the copy engine is stopping");
    return OC_OK;
}

/* -- what is referred to -------------------------------------------------------------------- */

static int add_reference(struct sweep *sweep, const struct reference *reference, struct oc_err *err)
{
    int rc = make_room((void **)&sweep->references, sweep->reference_count, &sweep->reference_cap,
                       sizeof(*sweep->references), err);

    if (rc < 0)
        return rc;
    sweep->references[sweep->reference_count++] = *reference;
    return OC_OK;
}

static bool set_reference(struct reference *reference, struct oc_slice manifest,
                          struct oc_slice read_key, struct oc_slice key)
{
    if (manifest.len != OC_SHA256_HEX_LEN || read_key.len > KEY_ID_MAX || key.len > KEY_ID_MAX)
        return false;
    memcpy(reference->manifest, manifest.ptr, manifest.len);
    (void)snprintf(reference->read_key, sizeof(reference->read_key), "%.*s", OC_FMT(read_key));
    (void)snprintf(reference->key, sizeof(reference->key), "%.*s", OC_FMT(key));
    return true;
}

static int meet_model(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct sweep *sweep = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct reference reference = {.blobs = sweep->region->region.blobs};
    struct oc_model model;
    int rc;

    (void)key;
    oc_arena_init(&arena, 1024 * 1024);
    rc = oc_model_decode(record, &arena, &model, err);
    if (rc < 0)
        return rc;
    if (model.status != OC_MODEL_ACTIVE ||
        !oc_slice_eq(model.partition.region, sweep->region->region.name))
        return OC_OK;
    if (!set_reference(&reference, model.manifest, model.kms_key_id, model.kms_key_id))
        return oc_fail(err, OC_ECORRUPT, "model %.*s has no manifest", OC_FMT(model.id));
    return add_reference(sweep, &reference, err);
}

/* The source of a copy that is still to be made. When it is gone the copy will fail. */
static int add_source(struct sweep *sweep, const struct oc_task *task, struct oc_arena *arena,
                      struct oc_err *err)
{
    struct oc_copy_region *region = oc_copy_find_region(sweep->engine, task->source.region);
    struct oc_slice key = oc_key_model(arena, task->source, task->source_model_id), record;
    struct reference reference = {.may_be_missing = true};
    struct oc_model source;
    int rc;

    if (!key.ptr)
        return oc_fail_nomem(err);
    rc = oc_read_get(sweep->read, OC_RECORD_MODEL, key, &record, err);
    if (rc == OC_OK)
        rc = oc_model_decode(record, arena, &source, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    if (!region || !set_reference(&reference, source.manifest, source.kms_key_id, task->key_id))
        return OC_OK;
    reference.blobs = region->region.blobs;
    return add_reference(sweep, &reference, err);
}

static int meet_task(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct sweep *sweep = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct reference reference = {.blobs = sweep->region->region.blobs};
    struct oc_task task;
    int rc;

    (void)key;
    oc_arena_init(&arena, 1024 * 1024);
    rc = oc_task_decode(record, &arena, &task, err);
    if (rc < 0)
        return rc;
    if (!oc_slice_eq(task.target.region, sweep->region->region.name))
        return OC_OK;
    if (task.kind == OC_TASK_COPY && !task.manifest.ptr)
        return add_source(sweep, &task, &arena, err);
    if (task.manifest.ptr && set_reference(&reference, task.manifest, task.key_id, task.key_id))
        return add_reference(sweep, &reference, err);
    return OC_OK;
}

/* account \0 region \0 upload \0 digest. Records that outlived their upload, because a crash came
 * while they were being removed, hold nothing. */
static int meet_upload_part(struct oc_slice key, struct oc_slice record, void *ctx,
                            struct oc_err *err)
{
    struct sweep *sweep = ctx;
    struct oc_slice rest = key, region, upload;
    int rc;
    (void)oc_slice_cut(&rest, '\0');
    region = oc_slice_cut(&rest, '\0');
    (void)oc_slice_cut(&rest, '\0');
    if (!oc_slice_eq(region, sweep->region->region.name))
        return OC_OK;
    upload = oc_slice_sub(key, 0, key.len - rest.len - (rest.ptr != NULL));
    rc = oc_read_get(sweep->read, OC_RECORD_UPLOAD, upload, &record, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    rc = make_room((void **)&sweep->loose, sweep->loose_count, &sweep->loose_cap,
                   sizeof(*sweep->loose), err);
    if (rc < 0)
        return rc;
    if (!oc_hex_decode(rest, sweep->loose[sweep->loose_count], OC_SHA256_LEN))
        return oc_fail(err, OC_ECORRUPT, "the key of an upload's part is malformed");
    sweep->loose_count++;
    return OC_OK;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, OC_SHA256_LEN);
}

static int collect_references(struct sweep *sweep, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    int rc = oc_store_read(sweep->engine->options.store, &read, err);

    sweep->read = read;
    if (rc == OC_OK)
        rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_MODEL}, meet_model, sweep, err);
    if (rc == OC_OK)
        rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_TASK}, meet_task, sweep, err);
    if (rc == OC_OK)
        rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_UPLOAD_PART}, meet_upload_part,
                          sweep, err);
    sweep->read = NULL;
    if (sweep->loose_count)
        qsort(sweep->loose, sweep->loose_count, sizeof(*sweep->loose), by_digest);
    return rc;
}

/* -- what is there -------------------------------------------------------------------------- */

static int count_blob(const struct oc_blob_name *name, void *ctx, struct oc_err *err)
{
    struct sweep *sweep = ctx;

    (void)name;
    (void)err;
    sweep->blobs++;
    return OC_OK;
}

/* Index of a key id, added when new. The walk goes key by key: the last one is the likeliest. */
static int find_key(struct sweep *sweep, struct oc_slice id, uint16_t *ret, struct oc_err *err)
{
    int rc;

    for (size_t i = sweep->key_count; i-- > 0;)
        if (oc_slice_eq_str(id, sweep->keys[i].id)) {
            *ret = (uint16_t)i;
            return OC_OK;
        }
    if (sweep->key_count == UINT16_MAX)
        return oc_fail(err, OC_ELIMIT, "a content store has too many keys");
    rc = make_room((void **)&sweep->keys, sweep->key_count, &sweep->key_cap, sizeof(*sweep->keys),
                   err);
    if (rc < 0)
        return rc;
    sweep->keys[sweep->key_count] = (struct key){0};
    (void)snprintf(sweep->keys[sweep->key_count].id, KEY_ID_MAX + 1, "%.*s", OC_FMT(id));
    *ret = (uint16_t)sweep->key_count++;
    return OC_OK;
}

static int list_blob(const struct oc_blob_name *name, void *ctx, struct oc_err *err)
{
    struct sweep *sweep = ctx;
    struct candidate candidate = {0};
    int rc;

    if ((uint64_t)oc_get_be32(name->sha256) * sweep->rounds >> 32 != sweep->round)
        return OC_OK;
    rc = find_key(sweep, name->key_id, &candidate.key, err);
    if (rc == OC_OK)
        rc = make_room((void **)&sweep->candidates, sweep->count, &sweep->cap,
                       sizeof(*sweep->candidates), err);
    if (rc < 0)
        return rc;
    memcpy(candidate.sha256, name->sha256, OC_SHA256_LEN);
    sweep->candidates[sweep->count++] = candidate;
    return OC_OK;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order = memcmp(x->sha256, y->sha256, OC_SHA256_LEN);

    return order ? order : (int)x->key - (int)y->key;
}

/* -- one round ------------------------------------------------------------------------------ */

static void need(struct sweep *sweep, const uint8_t sha256[OC_SHA256_LEN], uint16_t key)
{
    struct candidate wanted = {.key = key}, *found;

    memcpy(wanted.sha256, sha256, OC_SHA256_LEN);
    found = bsearch(&wanted, sweep->candidates, sweep->count, sizeof(wanted), compare_candidates);
    if (found)
        found->needed = true;
}

/* Mark what one manifest needs. */
static int follow(struct sweep *sweep, const struct reference *reference, struct oc_err *err)
{
    struct oc_manifest manifest;
    uint8_t sha256[OC_SHA256_LEN];
    uint16_t key;
    struct oc_err cause = {0};
    int rc = find_key(sweep, oc_slice_of(reference->key), &key, err);

    if (rc < 0)
        return rc;
    oc_manifest_init(&manifest);
    rc = oc_copy_manifest_load(reference->blobs, oc_slice_of(reference->read_key),
                               (struct oc_slice){reference->manifest, OC_SHA256_HEX_LEN}, &manifest,
                               &cause);
    if (rc == OC_OK) {
        for (size_t i = 0; i < manifest.part_count; i++)
            need(sweep, manifest.parts[i].sha256, key);
        (void)oc_hex_decode((struct oc_slice){reference->manifest, OC_SHA256_HEX_LEN}, sha256,
                            sizeof(sha256)); /* it was read by this name */
        need(sweep, sha256, key);
    } else if (rc != OC_ENOTFOUND || !reference->may_be_missing) {
        sweep->keys[key].unsure = true;
        oc_log(OC_LOG_WARN, "copy.sweep_unsure", "key", reference->key, "reason", cause.text, "at",
               cause.hidden[0] ? cause.hidden : NULL, (char *)NULL);
    }
    oc_manifest_clear(&manifest);
    return OC_OK;
}

struct removal {
    struct oc_blob_store *blobs;
    struct oc_blob_name name;
};

static int remove_blob(void *ctx, struct oc_err *err)
{
    struct removal *removal = ctx;

    return oc_blob_delete(removal->blobs, &removal->name, err);
}

static int remove_garbage(struct sweep *sweep, struct oc_err *err)
{
    for (size_t i = 0; i < sweep->count; i++) {
        const struct candidate *candidate = &sweep->candidates[i];
        struct removal removal = {.blobs = sweep->region->region.blobs};
        int rc = check_stop(sweep, err);

        if (rc < 0)
            return rc;
        if (candidate->needed || sweep->keys[candidate->key].unsure ||
            (sweep->loose_count && bsearch(candidate->sha256, sweep->loose, sweep->loose_count,
                                           sizeof(*sweep->loose), by_digest)))
            continue;
        memcpy(removal.name.sha256, candidate->sha256, OC_SHA256_LEN);
        removal.name.key_id = oc_slice_of(sweep->keys[candidate->key].id);
        rc = oc_pins_unless(&sweep->region->pins, candidate->sha256, remove_blob, &removal, err);
        if (rc < 0)
            return rc;
        sweep->removed += rc == OC_OK;
        sweep->kept += rc != OC_OK;
    }
    return OC_OK;
}

static int do_round(struct sweep *sweep, struct oc_err *err)
{
    int rc;

    sweep->count = 0;
    rc = oc_blob_each(sweep->region->region.blobs, list_blob, sweep, err);
    if (rc < 0 || sweep->count == 0)
        return rc;
    qsort(sweep->candidates, sweep->count, sizeof(*sweep->candidates), compare_candidates);
    for (size_t i = 0; i < sweep->reference_count; i++) {
        rc = check_stop(sweep, err);
        if (rc == OC_OK)
            rc = follow(sweep, &sweep->references[i], err);
        if (rc < 0)
            return rc;
    }
    return remove_garbage(sweep, err);
}

int oc_copy_sweep_region(struct oc_copy_engine *engine, struct oc_copy_region *region,
                         uint64_t *ret_kept, struct oc_err *err)
{
    OC_AUTO(sweep_clear) struct sweep sweep = {.engine = engine, .region = region};
    char removed[24], name[32];
    int rc;

    oc_pins_begin(&region->pins);
    rc = collect_references(&sweep, err);
    if (rc == OC_OK)
        rc = oc_blob_each(region->region.blobs, count_blob, &sweep, err);
    sweep.rounds = (uint32_t)(sweep.blobs / ROUND_BLOBS + 1);
    for (; rc == OC_OK && sweep.round < sweep.rounds; sweep.round++)
        rc = do_round(&sweep, err);
    oc_pins_end(&region->pins);
    oc_metrics_count(&engine->counts.blobs_swept, sweep.removed);
    (void)snprintf(removed, sizeof(removed), "%llu", (unsigned long long)sweep.removed);
    (void)snprintf(name, sizeof(name), "%.*s", OC_FMT(region->region.name));
    oc_log(OC_LOG_INFO, "copy.swept", "region", name, "removed", removed, (char *)NULL);
    if (rc == OC_OK)
        *ret_kept = sweep.kept;
    return rc;
}
