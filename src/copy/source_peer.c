/*
 * The source of a copy is a Region on another machine: its server is asked, at each step, whether
 * the copy is still allowed, and sends manifest and parts.
 *
 * The manifest is kept here before the first part is: the task then names it, so that a sweep knows
 * which parts belong to a copy that waits, or that a restart has interrupted.
 *
 * When the other server cannot be asked (OC_EBUSY) the run ends and the copy is put off; job.c
 * says for how long. So a copy that waits holds neither a thread nor a buffer. A server that takes
 * a question and then is silent counts as such as soon as others need what is held for it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "copy/copy_impl.h"
#include "model/arn.h"
#include "peer/peer.h"

#define RECORD_MAX       (1024 * 1024)
#define AT_ONCE_US       1000000
#define FIND_PATIENCE_MS 30000

struct remote {
    const struct oc_copy_job *job;
    struct oc_peer *peer;
    struct oc_peer_question question;
    struct oc_slice copy_arn; /* of the model that is made */
    struct oc_peer_model model;
};

static bool is_stopping(void *ctx)
{
    return oc_pool_is_stopping(((const struct remote *)ctx)->job->engine->pool);
}

static bool is_in_the_way(void *ctx)
{
    const struct remote *remote = ctx;

    return oc_copy_away_is_in_the_way(remote->job->engine, remote->peer);
}

/* The ARN of source or copy: a copy has the base of what it is made from. */
static struct oc_slice make_arn(struct oc_copy_job *job, struct oc_partition partition,
                                struct oc_slice base, struct oc_slice id)
{
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};

    oc_buf_init(&arn, OC_ARN_MAX);
    oc_arn_put_custom_model(&arn, partition.region, partition.account, base, id);
    return arn.failed ? (struct oc_slice){0} : oc_arena_copy(&job->arena, oc_buf_slice(&arn));
}

/* What is asked about, from the records of task and target. */
static int make_question(struct oc_copy_job *job, struct remote *remote, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    const struct oc_task *task = &job->task;
    struct oc_tag_list *tags = oc_arena_alloc(&job->arena, sizeof(*tags));
    struct oc_model target;
    int rc = tags ? oc_store_read(job->engine->options.store, &read, err) : oc_fail_nomem(err);

    if (rc == OC_OK)
        rc = oc_copy_read_model(read, &job->arena, task->target, task->model_id, &target, err);
    job->store_failed = rc < 0;
    if (rc < 0)
        return rc;
    *tags = target.tags;
    remote->job = job;
    remote->peer = oc_peers_find(&job->engine->options.peers, task->source.region);
    remote->question = (struct oc_peer_question){
        .model_arn = make_arn(job, task->source, target.base, task->source_model_id),
        .account = task->target.account,
        .principal = task->principal,
        .region = task->target.region,
        .tags = tags,
        .is_canceled = is_stopping,
        .is_in_the_way = is_in_the_way,
        .ctx = remote,
    };
    remote->copy_arn = make_arn(job, task->target, target.base, task->model_id);
    return remote->question.model_arn.ptr && remote->copy_arn.ptr ? OC_OK : oc_fail_nomem(err);
}

/* The other server's refusals in the words of a copy that is under way; one that has not begun is
 * refused in the other server's own words. */
static int explain(const struct oc_copy_job *job, int rc, struct oc_err *err)
{
    struct oc_err cause = *err;

    if ((rc == OC_ENOTFOUND || rc == OC_EDENIED) && !job->task.manifest.ptr)
        return oc_fail(err, OC_ECONFLICT, "%s", cause.text);
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECONFLICT, "the source model was deleted during the copy");
    if (rc == OC_EDENIED)
        return oc_fail(err, OC_ECONFLICT, "account %.*s no longer shares the source model: %s",
                       OC_FMT(job->task.source.account), cause.text);
    return rc;
}

static int find(struct oc_copy_job *job, struct oc_err *err)
{
    struct remote *remote = job->work;
    int rc = OC_OK;

    if (!remote) {
        remote = oc_arena_alloc(&job->arena, sizeof(*remote));
        rc = remote ? make_question(job, remote, err) : oc_fail_nomem(err);
        if (rc < 0)
            return rc;
        job->work = remote;
    }
    struct oc_peer_question question = remote->question;
    question.patience_ms = FIND_PATIENCE_MS;
    rc = oc_peer_get_model(remote->peer, &question, &job->arena, &remote->model, err);
    if (rc < 0)
        return explain(job, rc, err);
    if (!oc_slice_eq_str(remote->model.status, "Active"))
        return oc_fail(err, OC_ECONFLICT,
                       "the source model is %.*s, and only an Active one can be "
                       "copied",
                       OC_FMT(remote->model.status));
    job->source_base_model_arn = remote->model.base_model_arn;
    return OC_OK;
}

/* -- the manifest -------------------------------------------------------------------------------
 */

struct keeping {
    struct oc_write write;
    struct oc_copy_job *job;
};

/* The task with the digest of its manifest; and the job with the name of its source, which was not
 * known if that was away when the job was made. */
static int apply_keep(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct oc_copy_job *job = ((struct keeping *)(void *)write)->job;
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_slice was;
    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_TASK, job->key, &was, err);

    job->gone = rc == OC_ENOTFOUND;
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECANCELED, "the model was deleted while it was being made");
    if (rc < 0)
        return rc;
    oc_buf_init(&record, RECORD_MAX);
    oc_task_encode(&record, &job->task);
    if (record.failed)
        return oc_fail_nomem(err);
    rc = oc_tx_put(tx, OC_RECORD_TASK, job->key, oc_buf_slice(&record), err);
    return rc < 0 ? rc
                  : oc_tx_job_name_source(tx, job->task.target, job->task.job_id,
                                          ((const struct remote *)job->work)->model.name, err);
}

/* Fetch the manifest, store it, and let the task name it. */
static int fetch_manifest(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    const struct remote *remote = job->work;
    struct keeping keeping = {.write.apply = apply_keep, .job = job};
    uint8_t digest[OC_SHA256_LEN];
    int rc;

    oc_buf_init(&text, OC_MANIFEST_MAX);
    (void)oc_hex_decode(remote->model.manifest, digest, sizeof(digest)); /* was one in peer/ */
    rc = oc_peer_get_manifest(remote->peer, &remote->question, digest, &text, err);
    if (rc < 0)
        return explain(job, rc, err);
    rc = oc_copy_store_manifest(job, oc_buf_slice(&text), err);
    if (rc < 0)
        return rc;
    job->task.manifest = remote->model.manifest;
    rc = oc_store_write(job->engine->options.store, &keeping.write, err);
    if (rc < 0 && !job->gone)
        job->store_failed = true;
    return rc;
}

static int load_manifest(struct oc_copy_job *job, struct oc_err *err)
{
    const struct remote *remote = job->work;
    struct oc_blob_store *blobs = job->target->region.blobs;
    struct oc_err ignored = {0};
    int rc;

    if (oc_slice_eq(job->task.manifest, remote->model.manifest) &&
        oc_copy_manifest_load(blobs, job->task.key_id, job->task.manifest, &job->manifest,
                              &ignored) == OC_OK)
        return OC_OK; /* from an earlier run */
    rc = fetch_manifest(job, err);
    if (rc < 0)
        return rc;
    oc_manifest_clear(&job->manifest);
    return oc_copy_manifest_load(blobs, job->task.key_id, job->task.manifest, &job->manifest, err);
}

/* -- parts --------------------------------------------------------------------------------------
 */

/* A connection that breaks at once is no sign that the other server is away. */
static int read_part(struct oc_copy_job *job, struct oc_ticket *ticket, struct oc_err *err)
{
    const struct remote *remote = job->work;
    const struct oc_manifest_part *part = &job->manifest.parts[ticket->index];
    int64_t begin = oc_clock_mono_us();
    int rc;

    rc = oc_peer_get_part(remote->peer, &remote->question, part->sha256, ticket->bytes, part->size,
                          &ticket->len, err);
    if (rc == OC_EBUSY && oc_clock_mono_us() - begin < AT_ONCE_US)
        rc = oc_peer_get_part(remote->peer, &remote->question, part->sha256, ticket->bytes,
                              part->size, &ticket->len, err);
    return rc < 0 ? explain(job, rc, err) : OC_OK;
}

static void read_parts(struct oc_copy_job *job, struct oc_copy_move *const moves[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        moves[i]->rc = read_part(job, moves[i]->ticket, &moves[i]->err);
}

/* The last look, and the word that there is a copy: before the commit, so that no copy is unknown
 * for a crash between the two. A server that cannot take it down does not keep the copy from being
 * one. */
static int finish(struct oc_copy_job *job, struct oc_err *err)
{
    struct remote *remote = job->work;
    struct oc_peer_question question = remote->question;
    struct oc_err cause = {0};
    int rc;

    question.patience_ms = FIND_PATIENCE_MS;
    rc = oc_peer_put_copy(remote->peer, &question, remote->copy_arn, &cause);
    if (rc == OC_OK)
        return rc;
    rc = find(job, err);
    if (rc == OC_OK)
        oc_log(OC_LOG_WARN, "copy.not_announced", "reason", cause.text, (char *)NULL);
    return rc;
}

static const void *place(const struct oc_copy_job *job)
{
    return oc_peers_find(&job->engine->options.peers, job->task.source.region);
}

const struct oc_copy_source oc_copy_source_peer = {
    .find = find,
    .load_manifest = load_manifest,
    .read_parts = read_parts,
    .finish = finish,
    .place = place,
    .is_peer = true,
};
