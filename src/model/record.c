/*
 * Models and tasks as records: one JSON object each, with a version, and their keys.
 */
#include "model/record.h"

#include <string.h>

#include "base/crypto.h"
#include "base/json.h"

#define RECORD_VERSION 1

/* -- words ---------------------------------------------------------------------------------- */

static const char *const model_statuses[] = {"Creating", "Active", "Failed"};
static const char *const task_kinds[] = {"copy", "import", "upload"};

/* Position of `text` among `count` words, or -1. */
static int find_word(const char *const *words, int count, struct oc_slice text)
{
    for (int i = 0; i < count; i++)
        if (oc_slice_eq_str(text, words[i]))
            return i;
    return -1;
}

struct oc_slice oc_model_status_text(enum oc_model_status status)
{
    return oc_slice_of(model_statuses[status]);
}

bool oc_model_status_parse(struct oc_slice text, enum oc_model_status *ret)
{
    int at = find_word(model_statuses, 3, text);

    if (at < 0)
        return false;
    *ret = (enum oc_model_status)at;
    return true;
}

/* -- reading: shared ------------------------------------------------------------------------ */

#define MEMBERS_MAX 32

/* A record on its way from JSON to an arena; what went wrong is judged at the end. */
struct reader {
    struct oc_json_member members[MEMBERS_MAX];
    int count, next; /* next: where the one asked for now most likely is */
    struct oc_arena *arena;
    bool missing, no_memory;
};

/* Members are asked for in about the order they were written in. */
static const struct oc_json_member *find(struct reader *r, const char *key)
{
    for (int i = 0; i < r->count; i++) {
        int at = (r->next + i) % r->count;
        if (oc_slice_eq_str(r->members[at].key, key)) {
            r->next = at + 1;
            return &r->members[at];
        }
    }
    return NULL;
}

static struct oc_slice optional(struct reader *r, const char *key)
{
    const struct oc_json_member *member = find(r, key);
    struct oc_slice text = {0}, copy;
    struct oc_err err;

    if (!member)
        return text;
    int rc = oc_json_member_string(member, r->arena, &text, &err);
    copy = rc < 0 ? text : oc_arena_copy(r->arena, text);
    r->no_memory |= rc == OC_ENOMEM || (rc >= 0 && !copy.ptr);
    r->missing |= rc < 0;
    return copy;
}

static struct oc_slice required(struct reader *r, const char *key)
{
    struct oc_slice text = optional(r, key);

    if (!text.ptr)
        r->missing = true;
    return text;
}

/* 0 when there is none. */
static int64_t number(struct reader *r, const char *key)
{
    const struct oc_json_member *member = find(r, key);
    int64_t value = 0;

    if (member && !oc_slice_to_int64(member->value, &value))
        r->missing = true;
    return value;
}

static int reader_start(struct reader *r, struct oc_slice record, struct oc_arena *arena,
                        const char *what, struct oc_err *err)
{
    r->arena = arena;
    r->next = 0;
    r->missing = r->no_memory = false;
    r->count = oc_json_split(record, r->members, MEMBERS_MAX);
    if (r->count < 0)
        return oc_fail(err, OC_ECORRUPT, "record of a %s is not what was written", what);
    int64_t version = number(r, "v");
    if (version != RECORD_VERSION)
        return oc_fail(err, OC_ECORRUPT,
                       "record of a %s has version %lld, this program knows %d: use a newer one",
                       what, (long long)version, RECORD_VERSION);
    return OC_OK;
}

static int reader_end(const struct reader *r, const char *what, struct oc_err *err)
{
    if (r->no_memory)
        return oc_fail_nomem(err);
    if (r->missing)
        return oc_fail(err, OC_ECORRUPT, "record of a %s is incomplete", what);
    return OC_OK;
}

/* -- models --------------------------------------------------------------------------------- */

void oc_model_put_arn(struct oc_buf *buf, const struct oc_model *model)
{
    oc_buf_printf(buf, "arn:aws:bedrock:%.*s:%.*s:custom-model/%.*s/%.*s",
                  OC_FMT(model->partition.region), OC_FMT(model->partition.account),
                  OC_FMT(model->base), OC_FMT(model->id));
}

void oc_model_encode(struct oc_buf *buf, const struct oc_model *model)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "v", RECORD_VERSION);
    oc_jw_member(&w, "account", model->partition.account);
    oc_jw_member(&w, "region", model->partition.region);
    oc_jw_member(&w, "id", model->id);
    oc_jw_member(&w, "name", model->name);
    oc_jw_member(&w, "base", model->base);
    oc_jw_member(&w, "baseModelArn", model->base_model_arn);
    oc_jw_member(&w, "sourceUri", model->source_uri);
    oc_jw_member(&w, "job", model->job_id);
    oc_jw_member(&w, "status", oc_model_status_text(model->status));
    oc_jw_member(&w, "failure", model->failure_message);
    oc_jw_member_int(&w, "created", model->creation_ms);
    oc_jw_member(&w, "key", model->kms_key_id);
    oc_jw_member(&w, "keyArn", model->kms_key_arn);
    oc_jw_member(&w, "manifest", model->manifest);
    oc_jw_member_int(&w, "size", model->size_bytes);
    oc_jw_member_int(&w, "files", model->file_count);
    oc_jw_member(&w, "token", model->token);
    if (model->tags.set) {
        oc_jw_key(&w, "tags");
        oc_tags_put_json(&w, &model->tags);
    }
    oc_jw_object_end(&w);
}

static void read_model(struct reader *r, struct oc_model *ret)
{
    ret->partition.account = required(r, "account");
    ret->partition.region = required(r, "region");
    ret->id = required(r, "id");
    ret->name = required(r, "name");
    ret->base = required(r, "base");
    ret->base_model_arn = optional(r, "baseModelArn");
    ret->source_uri = optional(r, "sourceUri");
    ret->job_id = optional(r, "job");
    ret->failure_message = optional(r, "failure");
    ret->creation_ms = number(r, "created");
    ret->kms_key_id = required(r, "key");
    ret->kms_key_arn = optional(r, "keyArn");
    ret->manifest = optional(r, "manifest");
    ret->size_bytes = number(r, "size");
    ret->file_count = number(r, "files");
    ret->token = optional(r, "token");
    if (!oc_model_status_parse(required(r, "status"), &ret->status))
        r->missing = true;
}

static int read_tags(struct reader *r, struct oc_tag_list *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    const struct oc_json_member *member = find(r, "tags");

    if (!member)
        return OC_OK;
    int rc = oc_json_parse(member->value, &json, err);
    return rc < 0 ? rc : oc_tags_from_json(json, r->arena, ret, err);
}

int oc_model_decode(struct oc_slice record, struct oc_arena *arena, struct oc_model *ret,
                    struct oc_err *err)
{
    struct oc_model model = {0};
    struct oc_err tags_err = {0};
    struct reader r;
    int rc = reader_start(&r, record, arena, "model", err);

    if (rc < 0)
        return rc;
    read_model(&r, &model);
    rc = read_tags(&r, &model.tags, &tags_err);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    r.missing |= rc < 0;
    rc = reader_end(&r, "model", err);
    if (rc < 0)
        return rc;
    *ret = model;
    return OC_OK;
}

/* -- tasks ---------------------------------------------------------------------------------- */

void oc_task_encode(struct oc_buf *buf, const struct oc_task *task)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "v", RECORD_VERSION);
    oc_jw_member(&w, "kind", oc_slice_of(task_kinds[task->kind]));
    oc_jw_member(&w, "account", task->target.account);
    oc_jw_member(&w, "region", task->target.region);
    oc_jw_member(&w, "model", task->model_id);
    oc_jw_member(&w, "job", task->job_id);
    oc_jw_member(&w, "key", task->key_id);
    oc_jw_member(&w, "principal", task->principal);
    oc_jw_member(&w, "sourceAccount", task->source.account);
    oc_jw_member(&w, "sourceRegion", task->source.region);
    oc_jw_member(&w, "sourceModel", task->source_model_id);
    if (task->source_bytes)
        oc_jw_member_int(&w, "sourceBytes", task->source_bytes);
    oc_jw_member(&w, "sourceUri", task->source_uri);
    oc_jw_member(&w, "manifest", task->manifest);
    oc_jw_object_end(&w);
}

static void read_task(struct reader *r, struct oc_task *ret)
{
    int kind = find_word(task_kinds, 3, required(r, "kind"));

    if (kind < 0)
        r->missing = true;
    else
        ret->kind = (enum oc_task_kind)kind;
    ret->target.account = required(r, "account");
    ret->target.region = required(r, "region");
    ret->model_id = required(r, "model");
    ret->key_id = required(r, "key");
    if (ret->kind == OC_TASK_COPY) {
        ret->job_id = required(r, "job");
        ret->source.account = required(r, "sourceAccount");
        ret->source.region = required(r, "sourceRegion");
        ret->source_model_id = required(r, "sourceModel");
        ret->principal = optional(r, "principal");
        ret->source_bytes = number(r, "sourceBytes");
        ret->manifest = optional(r, "manifest");
    } else if (ret->kind == OC_TASK_IMPORT) {
        ret->source_uri = required(r, "sourceUri");
    } else {
        ret->manifest = required(r, "manifest");
    }
}

int oc_task_decode(struct oc_slice record, struct oc_arena *arena, struct oc_task *ret,
                   struct oc_err *err)
{
    struct oc_task task = {0};
    struct reader r;
    int rc = reader_start(&r, record, arena, "task", err);

    if (rc < 0)
        return rc;
    read_task(&r, &task);
    rc = reader_end(&r, "task", err);
    if (rc < 0)
        return rc;
    *ret = task;
    return OC_OK;
}

/* -- keys ----------------------------------------------------------------------------------- */

static bool put_key_part(struct oc_buf *buf, struct oc_slice part)
{
    uint8_t digest[OC_SHA256_LEN];
    char hex[OC_SHA256_HEX_LEN];
    struct oc_err err = {0};

    if (part.len <= OC_KEY_PART_MAX) {
        oc_buf_put_slice(buf, part);
        return true;
    }
    if (oc_sha256(part, digest, &err) < 0)
        return false;
    oc_hex_encode(digest, sizeof(digest), hex);
    oc_buf_put_char(buf, '\1');
    oc_buf_put(buf, hex, sizeof(hex));
    return true;
}

struct oc_slice oc_key_join(struct oc_arena *arena, const struct oc_slice *parts, size_t count)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    bool ok = true;

    oc_buf_init(&buf, count * (OC_KEY_PART_MAX + 1) + 1);
    for (size_t i = 0; i < count; i++) {
        if (i)
            oc_buf_put_char(&buf, '\0');
        ok = ok && put_key_part(&buf, parts[i]);
    }
    if (!ok || buf.failed)
        return (struct oc_slice){0};
    return oc_arena_copy(arena, oc_buf_slice(&buf));
}

struct oc_slice oc_key_model(struct oc_arena *arena, struct oc_partition partition,
                             struct oc_slice id)
{
    return oc_key_join(arena, (struct oc_slice[]){partition.account, partition.region, id}, 3);
}

struct oc_slice oc_key_model_name(struct oc_arena *arena, struct oc_partition partition,
                                  struct oc_slice name)
{
    return oc_key_join(arena, (struct oc_slice[]){partition.account, partition.region, name}, 3);
}

struct oc_slice oc_key_model_order(struct oc_arena *arena, struct oc_partition partition,
                                   int64_t creation_ms, struct oc_slice id)
{
    char tail[8 + OC_ID_LEN];
    size_t id_len = id.len < OC_ID_LEN ? id.len : OC_ID_LEN;

    oc_put_be64((uint8_t *)tail, (uint64_t)creation_ms);
    memcpy(tail + 8, id.ptr, id_len);
    return oc_key_join(
        arena, (struct oc_slice[]){partition.account, partition.region, {tail, 8 + id_len}}, 3);
}

struct oc_slice oc_key_token(struct oc_arena *arena, struct oc_slice hex)
{
    uint8_t key[1 + OC_TOKEN_DIGEST_LEN] = {2};

    if (!oc_hex_decode(hex, key + 1, OC_TOKEN_DIGEST_LEN))
        return (struct oc_slice){0};
    return oc_arena_copy(arena, (struct oc_slice){(char *)key, sizeof(key)});
}

struct oc_slice oc_key_task(struct oc_arena *arena, struct oc_partition target,
                            struct oc_slice model_id)
{
    return oc_key_join(arena, (struct oc_slice[]){target.region, target.account, model_id}, 3);
}
