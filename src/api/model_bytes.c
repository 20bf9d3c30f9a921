/*
 * GetModelManifest, GetModelPart: the bytes of a model, for `outcrop pull`; those of peer.c too.
 *
 * A part is handed out only to who may read a model that it belongs to: its digest must be in that
 * model's manifest. The digests of the manifests in use are kept, so that reading a large model
 * part by part does not decode its manifest each time.
 */
#include "api/models.h"
#include "api/range.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "model/manifest.h"

/* -- which parts belong to a manifest ------------------------------------------------------------
 */

#define KEPT_MANIFESTS 8

struct digest {
    uint8_t bytes[OC_SHA256_LEN];
};

struct part_set {
    struct digest manifest;
    struct digest *parts; /* sorted; NULL: this place is free */
    size_t count;
    uint64_t used;
};

static struct {
    pthread_mutex_t lock;
    struct part_set sets[KEPT_MANIFESTS];
    uint64_t clock;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, OC_SHA256_LEN);
}

/* @return 1: belongs, 0: does not, -1: the manifest is not kept */
static int look_up_part(const struct digest *manifest, const struct digest *part)
{
    int found = -1;

    pthread_mutex_lock(&kept.lock);
    for (size_t i = 0; i < KEPT_MANIFESTS && found < 0; i++) {
        struct part_set *set = &kept.sets[i];
        if (!set->parts || memcmp(&set->manifest, manifest, sizeof(*manifest)) != 0)
            continue;
        set->used = ++kept.clock;
        found = bsearch(part, set->parts, set->count, sizeof(*part), compare_digests) ? 1 : 0;
    }
    pthread_mutex_unlock(&kept.lock);
    return found;
}

static int keep_manifest(const struct digest *digest, const struct oc_manifest *manifest,
                         struct oc_err *err)
{
    struct digest *parts = oc_alloc((manifest->part_count + 1) * sizeof(*parts));

    if (!parts)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < manifest->part_count; i++)
        memcpy(parts[i].bytes, manifest->parts[i].sha256, OC_SHA256_LEN);
    qsort(parts, manifest->part_count, sizeof(*parts), compare_digests);
    pthread_mutex_lock(&kept.lock);
    struct part_set *oldest = &kept.sets[0];
    for (size_t i = 1; i < KEPT_MANIFESTS; i++)
        if (kept.sets[i].used < oldest->used)
            oldest = &kept.sets[i];
    free(oldest->parts);
    *oldest = (struct part_set){*digest, parts, manifest->part_count, ++kept.clock};
    pthread_mutex_unlock(&kept.lock);
    return OC_OK;
}

/* -- the operations -----------------------------------------------------------------------------
 */

/* The bytes of a model: where they are, and the name of its manifest. */
struct bytes {
    struct oc_blob_store *blobs;
    struct oc_blob_name manifest;
    struct oc_slice arn;
};

static int find_bytes(struct oc_call *call, oc_find_model_fn *find, struct bytes *ret,
                      struct oc_err *err)
{
    struct oc_found_model found;

    int rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = find(call, &found, err);
    oc_call_read_done(call);
    if (rc < 0)
        return rc;
    if (found.model.status != OC_MODEL_ACTIVE ||
        !oc_hex_decode(found.model.manifest, ret->manifest.sha256, OC_SHA256_LEN))
        return oc_fail_conflict(err, "The model %.*s is %.*s: only an Active model can be read.",
                                OC_FMT(found.arn),
                                OC_FMT(oc_model_status_text(found.model.status)));
    ret->manifest.key_id = found.model.kms_key_id;
    ret->arn = found.arn;
    ret->blobs = oc_copy_engine_region(call->api->engine, call->caller.region)->blobs;
    return OC_OK;
}

/* What a client may know of why bytes could not be read. */
static int name_failure(struct oc_call *call, oc_find_model_fn *find, int rc, struct oc_err *err)
{
    struct oc_err now = {0};
    struct bytes bytes;

    if (rc == OC_EDENIED && !err->name) /* the model's key was disabled */
        err->name = "ValidationException";
    if (rc != OC_ENOTFOUND || err->name || find_bytes(call, find, &bytes, &now) >= 0)
        return rc;
    *err = now; /* deleted while it was read */
    return (int)now.rc;
}

/* Read a blob of `size` bytes whole into `out`, by oc_blob_get or oc_blob_get_unhashed. */
static int read_whole(struct oc_blob_store *blobs, const struct oc_blob_name *name, uint64_t size,
                      typeof(oc_blob_get) *get, struct oc_buf *out, struct oc_err *err)
{
    uint8_t *to = oc_buf_extend(out, OC_BLOB_ROOM(size));
    size_t len;

    if (!to)
        return oc_fail_nomem(err);
    int rc = get(blobs, name, to, OC_BLOB_ROOM(size), &len, err);
    if (rc >= 0)
        out->len = len;
    return rc;
}

/* Read of a part what the request asks for into its answer. */
static int answer_part(struct oc_call *call, struct oc_blob_store *blobs,
                       const struct oc_blob_name *name, typeof(oc_blob_get) *get,
                       struct oc_err *err)
{
    struct oc_byte_range range;
    uint64_t size;

    int rc = oc_blob_size(blobs, name, &size, err);
    if (rc >= 0)
        rc = oc_range_of(call, size, &range, err);
    if (rc < 0)
        return rc;
    if (!call->content_range.ptr)
        return read_whole(blobs, name, size, get, &call->out, err);
    uint8_t *to = oc_buf_extend(&call->out, OC_BLOB_RANGE_ROOM(range.len));
    if (!to)
        return oc_fail_nomem(err);
    rc = oc_blob_get_range(blobs, name, range.from, range.len, to, err);
    if (rc >= 0)
        call->out.len = range.len;
    return rc;
}

static int get_blob(struct oc_blob_store *blobs, const struct oc_blob_name *name,
                    struct oc_buf *out, struct oc_err *err)
{
    uint64_t size;
    int rc = oc_blob_size(blobs, name, &size, err);

    return rc < 0 ? rc : read_whole(blobs, name, size, oc_blob_get, out, err);
}

int oc_bytes_answer_manifest(struct oc_call *call, oc_find_model_fn *find, struct oc_err *err)
{
    struct bytes bytes;

    int rc = find_bytes(call, find, &bytes, err);
    if (rc < 0)
        return rc;
    return name_failure(call, find, get_blob(bytes.blobs, &bytes.manifest, &call->out, err), err);
}

/* Whether the part belongs to the manifest, from the manifest itself, which is kept for the next
 * time.
 * @return 1 or 0; negative: failure */
static int read_manifest(struct oc_blob_store *blobs, const struct oc_blob_name *name,
                         const struct digest *digest, const struct digest *part, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_manifest manifest;
    int found = 0;

    oc_buf_init(&text, OC_BLOB_ROOM(OC_MANIFEST_MAX));
    oc_manifest_init(&manifest);
    int rc = get_blob(blobs, name, &text, err);
    if (rc >= 0)
        rc = oc_manifest_decode(oc_buf_slice(&text), &manifest, err);
    for (size_t i = 0; rc >= 0 && i < manifest.part_count && !found; i++)
        found = memcmp(manifest.parts[i].sha256, part, sizeof(*part)) == 0;
    if (rc >= 0)
        rc = keep_manifest(digest, &manifest, err);
    oc_manifest_clear(&manifest);
    return rc < 0 ? rc : found;
}

int oc_bytes_answer_part(struct oc_call *call, oc_find_model_fn *find, struct oc_slice sha256,
                         bool will_be_hashed, struct oc_err *err)
{
    struct bytes bytes;
    struct oc_blob_name part;
    struct digest manifest_digest, part_digest;

    int rc = find_bytes(call, find, &bytes, err);
    if (rc < 0)
        return rc;
    if (!oc_hex_decode(sha256, part_digest.bytes, OC_SHA256_LEN))
        return oc_fail_invalid(err, "The digest of a part is 64 hexadecimal digits.");
    memcpy(manifest_digest.bytes, bytes.manifest.sha256, OC_SHA256_LEN);
    int belongs = look_up_part(&manifest_digest, &part_digest);
    if (belongs < 0)
        belongs = read_manifest(bytes.blobs, &bytes.manifest, &manifest_digest, &part_digest, err);
    if (belongs < 0)
        return name_failure(call, find, belongs, err);
    if (belongs == 0)
        return oc_fail_not_found(err, "The model %.*s has no part %.*s.", OC_FMT(bytes.arn),
                                 OC_FMT(sha256));
    part.key_id = bytes.manifest.key_id;
    memcpy(part.sha256, part_digest.bytes, OC_SHA256_LEN);
    rc = answer_part(call, bytes.blobs, &part, will_be_hashed ? oc_blob_get_unhashed : oc_blob_get,
                     err);
    return name_failure(call, find, rc, err);
}

static int find_for_manifest(struct oc_call *call, struct oc_found_model *ret, struct oc_err *err)
{
    const struct oc_get_model_manifest_in *in = call->in;

    return oc_models_find(call, call->read, in->model_arn, ret, err);
}

static int run_get_manifest(struct oc_call *call, struct oc_err *err)
{
    return oc_bytes_answer_manifest(call, find_for_manifest, err);
}

int oc_call_get_model_manifest(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_get_manifest, err);
}

static int find_for_part(struct oc_call *call, struct oc_found_model *ret, struct oc_err *err)
{
    const struct oc_get_model_part_in *in = call->in;

    return oc_models_find(call, call->read, in->model_arn, ret, err);
}

static int run_get_part(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_model_part_in *in = call->in;

    return oc_bytes_answer_part(call, find_for_part, in->sha256, false, err);
}

int oc_call_get_model_part(struct oc_call *call, struct oc_err *err)
{
    return oc_call_run(call, run_get_part, err);
}
