/*
 * The checker's second half: are the bytes of Active models there, and are they right?
 *
 * Models with the same manifest under the same key are the same bytes: those are looked at once.
 */
#include "copy/check_impl.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* Which bytes, and what the record says of them: Region, key, manifest, sizes. */
struct bytes_id {
    uint8_t digest[OC_SHA256_LEN];
};

static const struct oc_region *served(const struct oc_check *check, struct oc_slice name)
{
    for (size_t i = 0; i < check->options->region_count; i++)
        if (oc_slice_eq(check->options->regions[i].name, name))
            return &check->options->regions[i];
    return NULL;
}

/* What is wrong with one part: into `err`, which is about the part and not about the check. */
static int look_at_part(struct oc_check *check, struct oc_blob_store *blobs,
                        struct oc_copy_verify *verify, const struct oc_blob_name *name,
                        uint32_t index, struct oc_err *err)
{
    const struct oc_manifest *manifest = verify->manifest;
    uint64_t size = 0;
    size_t len = 0;
    int rc;

    if (!check->options->deep) {
        rc = oc_blob_size(blobs, name, &size, err);
    } else {
        rc = oc_blob_get(blobs, name, check->buffer, OC_COPY_ROOM, &len, err);
        size = len;
    }
    if (rc == OC_OK && size != manifest->parts[index].size)
        rc = oc_fail(err, OC_ECORRUPT, "it has %llu bytes, the manifest says %u",
                     (unsigned long long)size, manifest->parts[index].size);
    if (rc == OC_OK && check->options->deep)
        rc = oc_copy_verify_part(verify, index, (struct oc_slice){(char *)check->buffer, len}, err);
    return rc;
}

static int look_at_parts(struct oc_check *check, const struct oc_model *model,
                         const struct oc_manifest *manifest, struct oc_err *err)
{
    struct oc_blob_store *blobs = served(check, model->partition.region)->blobs;
    struct oc_copy_verify verify = {.manifest = manifest};
    struct oc_err cause = {0};
    int rc = OC_OK;

    for (uint32_t i = 0; rc == OC_OK && i < manifest->part_count; i++) {
        struct oc_blob_name name = {.key_id = model->kms_key_id};

        memcpy(name.sha256, manifest->parts[i].sha256, OC_SHA256_LEN);
        rc = look_at_part(check, blobs, &verify, &name, i, &cause);
        if (rc < 0)
            (void)oc_fail_for(err, rc, &cause, "part %u of %zu: %s", i + 1, manifest->part_count,
                              cause.text);
    }
    if (rc == OC_OK && check->options->deep)
        rc = oc_copy_verify_end(&verify, err);
    oc_copy_verify_clear(&verify);
    return rc;
}

/* What is wrong with the bytes of a model: into `err`. */
static int look_at_model(struct oc_check *check, const struct oc_model *model, struct oc_err *err)
{
    struct oc_blob_store *blobs = served(check, model->partition.region)->blobs;
    struct oc_manifest manifest;
    int rc;

    oc_manifest_init(&manifest);
    rc = oc_copy_manifest_load(blobs, model->kms_key_id, model->manifest, &manifest, err);
    if (rc == OC_OK && (manifest.size != (uint64_t)model->size_bytes ||
                        manifest.file_count != (size_t)model->file_count))
        rc = oc_fail(err, OC_ECORRUPT, "its record speaks of other sizes than its manifest");
    if (rc == OC_OK)
        rc = look_at_parts(check, model, &manifest, err);
    oc_manifest_clear(&manifest);
    return rc;
}

static int compare_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct bytes_id));
}

static int identify_bytes(const struct oc_model *model, struct bytes_id *ret, struct oc_err *err)
{
    char text[512];
    int len =
        snprintf(text, sizeof(text), "%.*s %.*s %.*s %lld %lld", OC_FMT(model->partition.region),
                 OC_FMT(model->kms_key_id), OC_FMT(model->manifest), (long long)model->size_bytes,
                 (long long)model->file_count);

    return oc_sha256((struct oc_slice){text, (size_t)len}, ret->digest, err);
}

/* Look at bytes that were not looked at before; what is wrong with them: into `err`. */
static int look_once(struct oc_check *check, const struct oc_model *model, struct oc_err *err)
{
    struct bytes_id id, *kept;
    int rc = identify_bytes(model, &id, err);

    if (rc < 0 || tfind(&id, &check->sound, compare_bytes))
        return rc;
    rc = look_at_model(check, model, err);
    if (rc < 0)
        return rc;
    kept = oc_alloc(sizeof(*kept));
    if (!kept)
        return oc_fail_nomem(err);
    *kept = id;
    if (!tsearch(kept, &check->sound, compare_bytes)) {
        free(kept);
        return oc_fail_nomem(err);
    }
    return OC_OK;
}

/* The model as the store has it now; false when it is not Active any more. */
static int read_active(struct oc_check *check, const struct oc_check_active *active,
                       struct oc_arena *arena, struct oc_model *ret, bool *ret_active,
                       struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_slice record;
    int rc = oc_store_read(check->options->store, &read, err);

    if (rc < 0)
        return rc;
    rc = oc_read_get(read, OC_RECORD_MODEL, (struct oc_slice){active->key, active->key_len},
                     &record, err);
    *ret_active = false;
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    rc = oc_model_decode(record, arena, ret, err);
    *ret_active = rc == OC_OK && ret->status == OC_MODEL_ACTIVE;
    return rc;
}

int oc_check_bytes(struct oc_check *check, const struct oc_check_active *active, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_err wrong = {0};
    struct oc_model model;
    bool is_active;
    int rc;

    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    rc = read_active(check, active, &arena, &model, &is_active, err);
    if (rc < 0 || !is_active || !served(check, model.partition.region))
        return rc;
    rc = look_once(check, &model, &wrong);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc == OC_OK)
        return OC_OK;
    rc = read_active(check, active, &arena, &model, &is_active, err);
    if (rc == OC_OK && is_active)
        oc_check_find(check, "model %s: %s%s%s%s", oc_check_model_arn(&arena, &model), wrong.text,
                      wrong.hidden[0] ? " (" : "", wrong.hidden, wrong.hidden[0] ? ")" : "");
    return rc;
}

void oc_check_forget_bytes(struct oc_check *check)
{
    tdestroy(check->sound, free);
    check->sound = NULL;
}
