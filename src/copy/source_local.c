/*
 * The source of a copy is a Region of this process: its model is in our store, its bytes are in a
 * content store of ours.
 */
#include "copy/copy_impl.h"

#define ARENA_MAX (1024 * 1024)

struct local {
    struct oc_blob_store *blobs;
    struct oc_slice key_id, manifest; /* of the model; in the job's arena */
};

/* The model as `read` shows it, if it can still be copied; text in `arena`. */
static int check_model(struct oc_copy_job *job, struct oc_read *read, struct oc_arena *arena,
                       struct oc_model *ret, struct oc_err *err)
{
    const struct oc_copy_options *options = &job->engine->options;
    const struct oc_task *task = &job->task;
    struct oc_err cause = {0};
    int rc = oc_copy_read_model(read, arena, task->source, task->source_model_id, ret, &cause);

    if (rc == OC_ENOTFOUND || (rc == OC_OK && ret->status != OC_MODEL_ACTIVE))
        return oc_fail(err, OC_ECONFLICT, "the source model was deleted during the copy");
    if (rc == OC_OK && options->still_allowed &&
        !oc_slice_eq(task->source.account, task->target.account))
        rc = options->still_allowed(read, task, options->allowed_ctx, &cause);
    if (rc == OC_EDENIED || rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECONFLICT, "account %.*s no longer shares the source model: %s",
                       OC_FMT(task->source.account), cause.text);
    if (rc < 0)
        *err = cause;
    return rc;
}

static int check(struct oc_copy_job *job, struct oc_read *read, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_model model;

    oc_arena_init(&arena, ARENA_MAX);
    return check_model(job, read, &arena, &model, err);
}

static int find(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_copy_region *region = oc_copy_find_region(job->engine, job->task.source.region);
    struct local *local = oc_arena_alloc(&job->arena, sizeof(*local));
    struct oc_model model = {0};
    int rc = local ? oc_store_read(job->engine->options.store, &read, err) : oc_fail_nomem(err);

    if (rc == OC_OK)
        rc = check_model(job, read, &job->arena, &model, err);
    if (rc < 0) {
        job->store_failed = rc != OC_ECONFLICT;
        return rc;
    }
    *local = (struct local){region->region.blobs, model.kms_key_id, model.manifest};
    job->work = local;
    return OC_OK;
}

static int load_manifest(struct oc_copy_job *job, struct oc_err *err)
{
    const struct local *local = job->work;

    return oc_copy_manifest_load(local->blobs, local->key_id, local->manifest, &job->manifest, err);
}

/* From one content store into the form of the other: nobody needs the plaintext. */
static void read_parts(struct oc_copy_job *job, struct oc_copy_move *const moves[], size_t count)
{
    const struct local *local = job->work;
    struct oc_blob_move resealed[2];

    for (size_t i = 0; i < count; i++)
        resealed[i] = (struct oc_blob_move){
            .name = oc_flight_part_name(job, moves[i]->ticket->index, local->key_id),
            .key_id = job->task.key_id,
            .bytes = moves[i]->ticket->bytes,
            .cap = OC_COPY_ROOM,
            .is_rare = job->manifest.size > job->engine->cacheable,
        };
    oc_blob_reseal(local->blobs, job->target->region.blobs, resealed, count);
    for (size_t i = 0; i < count; i++) {
        moves[i]->ticket->len = resealed[i].len;
        moves[i]->ticket->sealed_len = resealed[i].sealed_len;
        moves[i]->rc = resealed[i].rc;
        moves[i]->err = resealed[i].err;
    }
}

static const void *place(const struct oc_copy_job *job)
{
    const struct oc_blob_store *blobs =
        oc_copy_find_region(job->engine, job->task.source.region)->region.blobs;

    return oc_blob_is_remote(blobs) ? blobs : NULL;
}

const struct oc_copy_source oc_copy_source_local = {
    .find = find,
    .load_manifest = load_manifest,
    .read_parts = read_parts,
    .in_pairs = true,
    .place = place,
    .check = check,
};
