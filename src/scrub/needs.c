/* Who needs a blob, and where else its bytes may be: what the store says of it. */
#include "scrub/scrub_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "copy/origin.h"
#include "model/arn.h"
#include "model/copies.h"
#include "model/manifest.h"

static void add_place(struct oc_scrub_needs *needs, const struct oc_model *model)
{
    struct oc_scrub_place *place = &needs->places[needs->place_count];

    for (size_t i = 0; i < needs->place_count; i++)
        if (oc_slice_eq_str(model->partition.region, needs->places[i].region) &&
            oc_slice_eq_str(model->kms_key_id, needs->places[i].key_id))
            return;
    if (needs->place_count == OC_SCRUB_PLACES_MAX)
        return;
    (void)snprintf(place->region, sizeof(place->region), "%.*s", OC_FMT(model->partition.region));
    (void)snprintf(place->key_id, sizeof(place->key_id), "%.*s", OC_FMT(model->kms_key_id));
    needs->place_count++;
}

/* Whether the manifest of a model, or the model by it, needs the blob. One that cannot be read may
 * need everything. */
static bool is_needed_by(struct oc_scrub_needs *needs, const struct oc_model *model)
{
    const struct oc_region *region = oc_scrub_region(needs->scrubber, needs->region);
    struct oc_manifest manifest;
    struct oc_err ignored = {0};
    char hex[OC_SHA256_HEX_LEN];
    bool needed = true;

    oc_hex_encode(needs->name->sha256, OC_SHA256_LEN, hex);
    if (oc_slice_eq(model->manifest, (struct oc_slice){hex, sizeof(hex)}))
        return needs->is_manifest = true;
    if (oc_scrub_batch_tells(needs->batch, model->manifest, needs->name->sha256, &needed))
        return needed;
    oc_manifest_init(&manifest);
    if (oc_copy_manifest_load(region->blobs, model->kms_key_id, model->manifest, &manifest,
                              &ignored) == OC_OK) {
        needed = false;
        for (size_t i = 0; i < manifest.part_count && !needed; i++)
            needed = memcmp(manifest.parts[i].sha256, needs->name->sha256, OC_SHA256_LEN) == 0;
    }
    oc_manifest_clear(&manifest);
    return needed;
}

static int add_model(struct oc_scrub_needs *needs, const struct oc_model *model, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};
    struct oc_finding *finding = needs->finding;

    finding->models_in_all++;
    if (finding->model_count == OC_FINDING_MODELS_MAX)
        return OC_OK;
    oc_buf_init(&arn, OC_ARN_MAX);
    oc_model_put_arn(&arn, model);
    finding->models[finding->model_count] = oc_arena_copy(needs->arena, oc_buf_slice(&arn));
    if (arn.failed || !finding->models[finding->model_count].ptr)
        return oc_fail_nomem(err);
    finding->model_count++;
    return OC_OK;
}

/* A model on another machine, once: several models of ours may lead to it. */
static void add_far(struct oc_scrub_far *list, size_t max, size_t *count,
                    const struct oc_scrub_far *far)
{
    for (size_t i = 0; i < *count; i++)
        if (oc_slice_eq(list[i].model_arn, far->model_arn) &&
            oc_slice_eq(list[i].account, far->account) && oc_slice_eq(list[i].region, far->region))
            return;
    if (*count < max)
        list[(*count)++] = *far;
}

static bool is_peer(const struct oc_scrub_needs *needs, struct oc_slice model_arn,
                    struct oc_arn *ret)
{
    return oc_arn_parse(model_arn, ret) &&
           oc_peers_find(&needs->scrubber->options.peers, ret->region);
}

/* Where a copy of another machine's model came from. Without a trace there is nobody to ask. */
static void add_origin(struct oc_scrub_needs *needs, const struct oc_model *model)
{
    struct oc_scrub_far far = {
        .account = oc_arena_copy(needs->arena, model->partition.account),
        .region = oc_arena_copy(needs->arena, model->partition.region),
    };
    struct oc_err ignored = {0};
    struct oc_arn arn;

    if (oc_copy_origin(needs->read, model, needs->arena, &far.model_arn, &ignored) == OC_OK &&
        far.account.ptr && far.region.ptr && is_peer(needs, far.model_arn, &arn))
        add_far(needs->origins, OC_SCRUB_ORIGINS_MAX, &needs->origin_count, &far);
}

/* The copies of a model that other machines have told of. */
static void add_copies(struct oc_scrub_needs *needs, struct oc_slice key,
                       const struct oc_model *model)
{
    OC_AUTO(oc_buf_clear) struct oc_buf own = {0};
    struct oc_copies copies = {0};
    struct oc_err ignored = {0};
    struct oc_slice record;
    struct oc_arn arn;

    oc_buf_init(&own, OC_ARN_MAX);
    oc_model_put_arn(&own, model);
    struct oc_scrub_far far = {
        .account = oc_arena_copy(needs->arena, model->partition.account),
        .region = oc_arena_copy(needs->arena, model->partition.region),
        .copy_of = oc_arena_copy(needs->arena, oc_buf_slice(&own)),
    };
    if (!far.account.ptr || !far.region.ptr || !far.copy_of.ptr ||
        oc_read_get(needs->read, OC_RECORD_COPIES, key, &record, &ignored) < 0 ||
        oc_copies_decode(record, needs->arena, &copies, &ignored) < 0)
        return;
    for (size_t i = 0; i < copies.count; i++) {
        far.model_arn = copies.items[i].model_arn;
        if (is_peer(needs, far.model_arn, &arn))
            add_far(needs->copies, OC_SCRUB_COPIES_MAX, &needs->copy_count, &far);
        else if (!needs->stranger.ptr)
            needs->stranger = arn.region;
    }
}

static int meet_model(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_scrub_needs *needs = ctx;
    struct oc_model model;
    int rc;

    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    rc = oc_model_decode(record, &arena, &model, err);
    if (rc < 0 || model.status != OC_MODEL_ACTIVE)
        return rc;
    add_place(needs, &model);
    if (!oc_slice_eq(model.partition.region, needs->region) ||
        !oc_slice_eq(model.kms_key_id, needs->name->key_id) || !is_needed_by(needs, &model))
        return OC_OK;
    add_origin(needs, &model);
    add_copies(needs, key, &model);
    return add_model(needs, &model, err);
}

int oc_scrub_find_needs(struct oc_scrub_needs *needs, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err ignored = {0};
    int rc = oc_store_read(needs->scrubber->options.store, &read, err);

    if (rc < 0)
        return rc;
    needs->read = read;
    (void)oc_scrub_batch_fill(needs->batch, read, oc_scrub_region(needs->scrubber, needs->region),
                              needs->name->sha256, &ignored); /* then it takes longer */
    rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_MODEL}, meet_model, needs, err);
    needs->read = NULL;
    return rc;
}
