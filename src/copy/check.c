/*
 * The checker: what the store says, against itself and against the content stores.
 *
 * First everything that the store alone can tell, on one snapshot, which is then closed; Active
 * models are noted down on the way and their bytes looked for afterwards. What is missing then may
 * have been deleted meanwhile, so the model's record is read again before it becomes a finding.
 */
#include "copy/check_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/copies.h"

#define PAGE_JOBS 1000

static void check_clear(struct oc_check *check)
{
    free(check->actives);
    free(check->places);
    oc_check_forget_bytes(check);
    free(check->buffer);
}

void oc_check_find(struct oc_check *check, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    check->findings++;
    check->options->fn(text, check->options->ctx);
}

const char *oc_check_model_arn(struct oc_arena *arena, const struct oc_model *model)
{
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};
    struct oc_slice copy;

    oc_buf_init(&arn, OC_ARN_MAX);
    oc_model_put_arn(&arn, model);
    copy = oc_arena_copy(arena, oc_buf_slice(&arn));
    return copy.ptr ? copy.ptr : "?";
}

static int make_room(void **items, size_t count, size_t *cap, size_t size, struct oc_err *err)
{
    void *grown = oc_grow(*items, cap, count + 1, size);

    if (!grown)
        return oc_fail_nomem(err);
    *items = grown;
    return OC_OK;
}

/* A record, or absent when there is none. */
static int get(const struct oc_check *check, enum oc_record_kind kind, struct oc_slice key,
               struct oc_slice *ret, struct oc_err *err)
{
    int rc;

    *ret = (struct oc_slice){0};
    if (!key.ptr)
        return oc_fail_nomem(err);
    rc = oc_read_get(check->read, kind, key, ret, err);
    return rc == OC_ENOTFOUND ? OC_OK : rc;
}

/* A model; `*ret_there` is false when there is none. */
static int get_model(const struct oc_check *check, struct oc_arena *arena,
                     struct oc_partition partition, struct oc_slice id, struct oc_model *ret,
                     bool *ret_there, struct oc_err *err)
{
    struct oc_slice record;
    int rc = get(check, OC_RECORD_MODEL, oc_key_model(arena, partition, id), &record, err);

    *ret_there = record.ptr != NULL;
    return rc < 0 || !record.ptr ? rc : oc_model_decode(record, arena, ret, err);
}

/* -- models --------------------------------------------------------------------------------- */

static int add_place(struct oc_check *check, struct oc_slice account, struct oc_slice region,
                     struct oc_err *err)
{
    struct oc_check_place *last =
        check->place_count ? &check->places[check->place_count - 1] : NULL;
    int rc;

    if (last && oc_slice_eq_str(account, last->account) && oc_slice_eq_str(region, last->region))
        return OC_OK;
    rc = make_room((void **)&check->places, check->place_count, &check->place_cap,
                   sizeof(*check->places), err);
    if (rc < 0)
        return rc;
    last = &check->places[check->place_count++];
    *last = (struct oc_check_place){0};
    (void)snprintf(last->account, sizeof(last->account), "%.*s", OC_FMT(account));
    (void)snprintf(last->region, sizeof(last->region), "%.*s", OC_FMT(region));
    return OC_OK;
}

static int note_active(struct oc_check *check, struct oc_slice key, struct oc_err *err)
{
    struct oc_check_active *active;
    int rc = make_room((void **)&check->actives, check->active_count, &check->active_cap,
                       sizeof(*check->actives), err);

    if (rc < 0)
        return rc;
    if (key.len > OC_COPY_KEY_MAX)
        return oc_fail(err, OC_ECORRUPT, "the key of a model is malformed");
    active = &check->actives[check->active_count++];
    memcpy(active->key, key.ptr, key.len);
    active->key_len = key.len;
    return OC_OK;
}

/* Name, place in the list and task of a model. */
static int check_companions(struct oc_check *check, struct oc_arena *arena,
                            const struct oc_model *model, const char *arn, struct oc_err *err)
{
    struct oc_slice holder, order, task;
    bool holds;
    int rc = get(check, OC_RECORD_MODEL_NAME,
                 oc_key_model_name(arena, model->partition, model->name), &holder, err);

    if (rc == OC_OK)
        rc = get(check, OC_RECORD_MODEL_ORDER,
                 oc_key_model_order(arena, model->partition, model->creation_ms, model->id), &order,
                 err);
    if (rc == OC_OK)
        rc =
            get(check, OC_RECORD_TASK, oc_key_task(arena, model->partition, model->id), &task, err);
    if (rc < 0)
        return rc;
    holds = holder.ptr && oc_slice_eq(holder, model->id);
    if (holds != (model->status != OC_MODEL_FAILED))
        oc_check_find(check, "model %s is %.*s and %s its name '%.*s'", arn,
                      OC_FMT(oc_model_status_text(model->status)),
                      holds ? "holds" : "does not hold", OC_FMT(model->name));
    if (!order.ptr)
        oc_check_find(check, "model %s is missing in the list of models", arn);
    if ((task.ptr != NULL) != (model->status == OC_MODEL_CREATING))
        oc_check_find(check, "model %s is %.*s and has %s task", arn,
                      OC_FMT(oc_model_status_text(model->status)), task.ptr ? "a" : "no");
    return OC_OK;
}

static int meet_model(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct oc_check *check = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_model model;
    struct oc_slice expected;
    int rc;

    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    rc = oc_model_decode(record, &arena, &model, err);
    if (rc < 0)
        return rc;
    expected = oc_key_model(&arena, model.partition, model.id);
    if (!oc_slice_eq(expected, key))
        oc_check_find(check, "model %s stands under another key",
                      oc_check_model_arn(&arena, &model));
    rc = add_place(check, model.partition.account, model.partition.region, err);
    if (rc == OC_OK)
        rc = check_companions(check, &arena, &model, oc_check_model_arn(&arena, &model), err);
    if (rc == OC_OK && model.status == OC_MODEL_ACTIVE)
        rc = note_active(check, key, err);
    return rc;
}

/* account \0 region \0 name */
static int meet_name(struct oc_slice key, struct oc_slice id, void *ctx, struct oc_err *err)
{
    struct oc_check *check = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_partition partition;
    struct oc_slice name = key;
    struct oc_model model;
    bool there;
    int rc;

    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    partition.account = oc_slice_cut(&name, '\0');
    partition.region = oc_slice_cut(&name, '\0');
    rc = get_model(check, &arena, partition, id, &model, &there, err);
    if (rc == OC_OK && (!there || !oc_slice_eq(model.name, name)))
        oc_check_find(check, "name '%.*s' of account %.*s in %.*s is held by %.*s, which %s",
                      OC_FMT(name), OC_FMT(partition.account), OC_FMT(partition.region), OC_FMT(id),
                      there ? "has another name" : "does not exist");
    return rc;
}

/* account \0 region \0 time (8 bytes) id */
static int meet_order(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct oc_check *check = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_partition partition;
    struct oc_slice rest = key, record;
    int rc;

    (void)value;
    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    partition.account = oc_slice_cut(&rest, '\0');
    partition.region = oc_slice_cut(&rest, '\0');
    rest = oc_slice_sub(rest, 8, rest.len);
    rc = get(check, OC_RECORD_MODEL, oc_key_model(&arena, partition, rest), &record, err);
    if (rc == OC_OK && !record.ptr)
        oc_check_find(check,
                      "the list of models of account %.*s in %.*s names %.*s, which does not exist",
                      OC_FMT(partition.account), OC_FMT(partition.region), OC_FMT(rest));
    return rc;
}

/* account \0 region \0 model id */
static int meet_copies(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct oc_check *check = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_partition partition;
    struct oc_copies copies;
    struct oc_err bad = {0};
    struct oc_slice id = key, model;
    int rc = get(check, OC_RECORD_MODEL, key, &model, err);

    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    partition.account = oc_slice_cut(&id, '\0');
    partition.region = oc_slice_cut(&id, '\0');
    if (rc == OC_OK && !model.ptr)
        oc_check_find(
            check, "copies are known of model %.*s of account %.*s in %.*s, which does not exist",
            OC_FMT(id), OC_FMT(partition.account), OC_FMT(partition.region));
    if (rc == OC_OK && oc_copies_decode(record, &arena, &copies, &bad) < 0)
        oc_check_find(check, "model %.*s of account %.*s in %.*s: %s", OC_FMT(id),
                      OC_FMT(partition.account), OC_FMT(partition.region), bad.text);
    return rc;
}

/* -- tasks and jobs ------------------------------------------------------------------------- */

static bool job_is(const struct oc_json *job, enum oc_job_status status)
{
    return oc_slice_eq(oc_json_string(oc_json_get(job, "status")), oc_job_status_text(status));
}

static int check_task_job(struct oc_check *check, const struct oc_task *task, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *job = NULL;
    struct oc_slice json = {0};
    int rc = oc_read_job_json(check->read, task->target, task->job_id, &json, err);

    if (rc == OC_OK)
        rc = oc_json_parse(json, &job, err);
    if (rc < 0 && rc != OC_ENOTFOUND)
        return rc;
    if (!job || !job_is(job, OC_JOB_IN_PROGRESS))
        oc_check_find(check, "the task for model %.*s belongs to job %.*s, which %s",
                      OC_FMT(task->model_id), OC_FMT(task->job_id),
                      job ? "has ended" : "does not exist");
    return OC_OK;
}

static int meet_task(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct oc_check *check = ctx;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_model model;
    struct oc_task task;
    bool there = false;
    int rc;

    (void)key;
    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    rc = oc_task_decode(record, &arena, &task, err);
    if (rc == OC_OK)
        rc = add_place(check, task.target.account, task.target.region, err);
    if (rc == OC_OK)
        rc = get_model(check, &arena, task.target, task.model_id, &model, &there, err);
    if (rc < 0)
        return rc;
    if (!there)
        oc_check_find(
            check, "there is a task for model %.*s of account %.*s in %.*s, which does not exist",
            OC_FMT(task.model_id), OC_FMT(task.target.account), OC_FMT(task.target.region));
    return task.kind == OC_TASK_COPY ? check_task_job(check, &task, err) : OC_OK;
}

/* The part of an ARN behind its last slash. */
static struct oc_slice arn_id(struct oc_slice arn)
{
    while (oc_slice_find(arn, '/') >= 0)
        (void)oc_slice_cut(&arn, '/');
    return arn;
}

static int check_job(struct oc_check *check, struct oc_partition partition,
                     const struct oc_json *job, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_slice arn = oc_json_string(oc_json_get(job, "jobArn"));
    struct oc_slice id = arn_id(oc_json_string(oc_json_get(job, "targetModelArn")));
    struct oc_model model = {0};
    struct oc_slice task;
    bool there;
    int rc;

    oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
    rc = get_model(check, &arena, partition, id, &model, &there, err);
    if (rc == OC_OK)
        rc = get(check, OC_RECORD_TASK, oc_key_task(&arena, partition, id), &task, err);
    if (rc < 0)
        return rc;
    if (job_is(job, OC_JOB_IN_PROGRESS) && !task.ptr)
        oc_check_find(check, "job %.*s is InProgress and has no task", OC_FMT(arn));
    if (job_is(job, OC_JOB_IN_PROGRESS) && (!there || model.status != OC_MODEL_CREATING))
        oc_check_find(check, "job %.*s is InProgress and its model is not Creating", OC_FMT(arn));
    if (job_is(job, OC_JOB_COMPLETED) && there && model.status != OC_MODEL_ACTIVE)
        oc_check_find(check, "job %.*s is Completed and its model is not Active", OC_FMT(arn));
    if (job_is(job, OC_JOB_FAILED) && there && model.status != OC_MODEL_FAILED)
        oc_check_find(check, "job %.*s is Failed and its model is not", OC_FMT(arn));
    return OC_OK;
}

static int check_page(struct oc_check *check, struct oc_partition partition,
                      const struct oc_job_page *page, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    OC_AUTO(oc_json_freep) struct oc_json *jobs = NULL;
    int rc;

    oc_buf_init(&text, OC_CHECK_ARENA_MAX);
    oc_buf_put_char(&text, '[');
    for (size_t i = 0; i < page->piece_count; i++)
        oc_buf_put_slice(&text, page->pieces[i]);
    oc_buf_put_char(&text, ']');
    if (text.failed)
        return oc_fail_nomem(err);
    rc = oc_json_parse(oc_buf_slice(&text), &jobs, err);
    for (size_t i = 0; rc == OC_OK && i < oc_json_size(jobs); i++)
        rc = check_job(check, partition, oc_json_at(jobs, i), err);
    return rc;
}

static int check_jobs(struct oc_check *check, const struct oc_check_place *place,
                      struct oc_err *err)
{
    struct oc_job_query query = {
        .partition = {oc_slice_of(place->account), oc_slice_of(place->region)},
        .ascending = true,
        .limit = PAGE_JOBS,
    };
    struct oc_job_page page = {.more = true};

    while (page.more) {
        OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
        int rc;

        oc_arena_init(&arena, OC_CHECK_ARENA_MAX);
        rc = oc_read_jobs(check->read, &query, &arena, &page, err);
        if (rc == OC_OK)
            rc = check_page(check, query.partition, &page, err);
        if (rc < 0)
            return rc;
        query.has_position = true;
        query.position = page.position;
    }
    return OC_OK;
}

/* Accounts may have jobs where they no longer have models. */
static int meet_account(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct oc_check *check = ctx;

    (void)value;
    for (size_t i = 0; i < check->options->region_count; i++) {
        int rc = add_place(check, key, check->options->regions[i].name, err);

        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int by_place(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct oc_check_place));
}

static int check_store(struct oc_check *check, struct oc_err *err)
{
    static const struct {
        enum oc_record_kind kind;
        oc_record_fn *fn;
    } scans[] = {{OC_RECORD_MODEL, meet_model},       {OC_RECORD_MODEL_NAME, meet_name},
                 {OC_RECORD_MODEL_ORDER, meet_order}, {OC_RECORD_COPIES, meet_copies},
                 {OC_RECORD_TASK, meet_task},         {OC_RECORD_ACCOUNT, meet_account}};
    int rc = OC_OK;

    for (size_t i = 0; rc == OC_OK && i < sizeof(scans) / sizeof(*scans); i++)
        rc = oc_read_scan(check->read, &(struct oc_scan){.kind = scans[i].kind}, scans[i].fn, check,
                          err);
    if (check->place_count)
        qsort(check->places, check->place_count, sizeof(*check->places), by_place);
    for (size_t i = 0; rc == OC_OK && i < check->place_count; i++)
        if (i == 0 || by_place(&check->places[i - 1], &check->places[i]) != 0)
            rc = check_jobs(check, &check->places[i], err);
    return rc;
}

int oc_copy_check(const struct oc_copy_check_options *options, uint64_t *ret_findings,
                  struct oc_err *err)
{
    OC_AUTO(check_clear) struct oc_check check = {.options = options};
    int rc;

    check.buffer = options->deep ? oc_alloc_aligned(OC_BLOB_ALIGN, OC_COPY_ROOM) : NULL;
    if (options->deep && !check.buffer)
        return oc_fail_nomem(err);
    rc = oc_store_read(options->store, &check.read, err);
    if (rc < 0)
        return rc;
    rc = check_store(&check, err);
    oc_read_close(check.read);
    check.read = NULL;
    for (size_t i = 0; rc == OC_OK && i < check.active_count; i++)
        rc = oc_check_bytes(&check, &check.actives[i], err);
    if (rc == OC_OK)
        *ret_findings = check.findings;
    return rc;
}
