/*
 * Which manifests hold which of the blobs that are looked at next.
 *
 * Who needs a damaged blob stands in the manifests of all models of its Region. When a disk lost a
 * folder there are many such blobs, one behind the other; so at the first one all manifests are
 * read once, and for each of the next blobs it is noted which of them hold it. A manifest has
 * always the same parts, so nothing of this becomes wrong; one that came later, or could not be
 * read, is not known here, and is read for each blob.
 */
#include "scrub/scrub_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "model/manifest.h"

#define PARTS_MAX   4096
#define HOLDERS_MAX 8 /* manifests noted for one blob; with more of them it is not known here */

struct digest {
    uint8_t bytes[OC_SHA256_LEN];
};

struct oc_scrub_known {
    struct digest digest; /* first: they are sorted by it */
    struct digest holders[HOLDERS_MAX];
    uint32_t count; /* of holders; HOLDERS_MAX + 1: more */
};

void oc_scrub_batch_clear(struct oc_scrub_batch *batch)
{
    free(batch->known);
    free(batch->manifests);
    *batch = (struct oc_scrub_batch){0};
}

void oc_scrub_batch_begin(struct oc_scrub_batch *batch, const void *list, size_t stride,
                          size_t count)
{
    batch->list = list;
    batch->stride = stride;
    batch->left = count;
}

void oc_scrub_batch_end(struct oc_scrub_batch *batch)
{
    batch->left = 0;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, OC_SHA256_LEN);
}

static struct oc_scrub_known *find_known(const struct oc_scrub_batch *batch, const uint8_t *sha256)
{
    return batch->count
               ? bsearch(sha256, batch->known, batch->count, sizeof(*batch->known), by_digest)
               : NULL;
}

/* -- filling -------------------------------------------------------------------------------- */

struct filling {
    struct oc_scrub_batch *batch;
    const struct oc_region *region;
};

static void add_holder(struct oc_scrub_known *known, const struct digest *manifest)
{
    for (uint32_t i = 0; i < known->count && i < HOLDERS_MAX; i++)
        if (memcmp(&known->holders[i], manifest, sizeof(*manifest)) == 0)
            return;
    if (known->count < HOLDERS_MAX)
        known->holders[known->count] = *manifest;
    known->count += known->count <= HOLDERS_MAX;
}

static int add_manifest(struct oc_scrub_batch *batch, const struct digest *digest,
                        const struct oc_manifest *manifest, struct oc_err *err)
{
    struct digest *grown =
        oc_grow(batch->manifests, &batch->manifest_cap, batch->manifest_count + 1, sizeof(*grown));

    if (!grown)
        return oc_fail_nomem(err);
    batch->manifests = grown;
    grown[batch->manifest_count++] = *digest;
    for (size_t i = 0; i < manifest->part_count; i++) {
        struct oc_scrub_known *known = find_known(batch, manifest->parts[i].sha256);

        if (known)
            add_holder(known, digest);
    }
    return OC_OK;
}

static int meet_model(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    const struct filling *filling = ctx;
    struct oc_err ignored = {0};
    struct oc_manifest manifest;
    struct digest digest;
    struct oc_model model;
    int rc;

    (void)key;
    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    rc = oc_model_decode(record, &arena, &model, err);
    if (rc < 0 || model.status != OC_MODEL_ACTIVE ||
        !oc_slice_eq(model.partition.region, filling->region->name) ||
        !oc_hex_decode(model.manifest, digest.bytes, sizeof(digest.bytes)))
        return rc;
    oc_manifest_init(&manifest);
    if (oc_copy_manifest_load(filling->region->blobs, model.kms_key_id, model.manifest, &manifest,
                              &ignored) == OC_OK)
        rc = add_manifest(filling->batch, &digest, &manifest, err);
    oc_manifest_clear(&manifest);
    return rc;
}

/* Take the digests of the list from `sha256` on. @return false: it is not in the list */
static bool take_list(struct oc_scrub_batch *batch, const uint8_t *sha256)
{
    const uint8_t *at = batch->list;
    size_t left = batch->left;

    while (left > 0 && memcmp(at, sha256, OC_SHA256_LEN) != 0) {
        at += batch->stride;
        left--;
    }
    if (left == 0)
        return false; /* the place in the list is kept: others of it follow */
    batch->count = left < PARTS_MAX ? left : PARTS_MAX;
    memset(batch->known, 0, batch->count * sizeof(*batch->known));
    for (size_t i = 0; i < batch->count; i++, at += batch->stride)
        memcpy(&batch->known[i].digest, at, OC_SHA256_LEN);
    batch->list = at;
    batch->left = left - batch->count;
    qsort(batch->known, batch->count, sizeof(*batch->known), by_digest);
    return true;
}

int oc_scrub_batch_fill(struct oc_scrub_batch *batch, struct oc_read *read,
                        const struct oc_region *region, const uint8_t sha256[OC_SHA256_LEN],
                        struct oc_err *err)
{
    struct filling filling = {batch, region};
    int rc;

    if (batch->left == 0 || (batch->region == region && find_known(batch, sha256)))
        return OC_OK;
    if (!batch->known)
        batch->known = oc_alloc(PARTS_MAX * sizeof(*batch->known));
    if (!batch->known)
        return oc_fail_nomem(err);
    if (!take_list(batch, sha256))
        return OC_OK;
    batch->region = region;
    batch->manifest_count = 0;
    rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_MODEL}, meet_model, &filling, err);
    if (rc < 0)
        batch->count = 0;
    else if (batch->manifest_count > 0)
        qsort(batch->manifests, batch->manifest_count, sizeof(struct digest), by_digest);
    return rc;
}

bool oc_scrub_batch_tells(const struct oc_scrub_batch *batch, struct oc_slice manifest,
                          const uint8_t sha256[OC_SHA256_LEN], bool *ret_holds)
{
    const struct oc_scrub_known *known = find_known(batch, sha256);
    struct digest digest;

    if (!known || known->count > HOLDERS_MAX || batch->manifest_count == 0 ||
        !oc_hex_decode(manifest, digest.bytes, sizeof(digest.bytes)) ||
        !bsearch(&digest, batch->manifests, batch->manifest_count, sizeof(digest), by_digest))
        return false;
    *ret_holds = false;
    for (uint32_t i = 0; i < known->count; i++)
        *ret_holds |= memcmp(&known->holders[i], &digest, sizeof(digest)) == 0;
    return true;
}
