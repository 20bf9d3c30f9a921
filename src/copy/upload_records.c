/* See upload_records.h. Keys are collected before they are deleted: a scan must not change what it
 * walks. */
#include "copy/upload_records.h"

#include <string.h>

#include "base/crypto.h"
#include "base/limits.h"

#define KEYS_MAX   256 /* records deleted by one change */
#define MEMORY_MAX (1024 * 1024)

struct key_list {
    struct oc_arena arena;
    struct oc_slice keys[KEYS_MAX];
    size_t count;
    bool more;
    struct oc_slice region; /* uploads of this one, */
    int64_t before_ms;      /* and older than this */
};

static void list_clear(struct key_list *list)
{
    oc_arena_clear(&list->arena);
}

static int collect(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct key_list *list = ctx;

    (void)value;
    if (list->count == KEYS_MAX) {
        list->more = true;
        return 1;
    }
    list->keys[list->count] = oc_arena_copy(&list->arena, key);
    return list->keys[list->count++].ptr ? 0 : oc_fail_nomem(err);
}

int oc_upload_delete_parts(struct oc_tx *tx, struct oc_slice upload_key, bool *ret_more,
                           struct oc_err *err)
{
    OC_AUTO(list_clear) struct key_list list = {0};
    struct oc_slice prefix;

    oc_arena_init(&list.arena, MEMORY_MAX);
    prefix = oc_key_join(&list.arena, (struct oc_slice[]){upload_key, OC_STR("")}, 2);
    int rc = prefix.ptr
                 ? oc_read_scan(oc_tx_read(tx),
                                &(struct oc_scan){.kind = OC_RECORD_UPLOAD_PART, .prefix = prefix},
                                collect, &list, err)
                 : oc_fail_nomem(err);
    for (size_t i = 0; rc >= 0 && i < list.count; i++)
        rc = oc_tx_delete(tx, OC_RECORD_UPLOAD_PART, list.keys[i], err);
    *ret_more = list.more;
    return rc < 0 ? rc : OC_OK;
}

int oc_upload_delete(struct oc_tx *tx, struct oc_slice upload_key, bool *ret_more,
                     struct oc_err *err)
{
    int rc = oc_upload_delete_parts(tx, upload_key, ret_more, err);

    return rc < 0 ? rc : oc_tx_delete(tx, OC_RECORD_UPLOAD, upload_key, err);
}

int oc_upload_count_part(struct oc_model *upload, size_t bytes, struct oc_err *err)
{
    if (upload->file_count >= OC_UPLOAD_PARTS_MAX ||
        (uint64_t)upload->size_bytes + bytes > OC_MODEL_SIZE_MAX)
        return oc_fail_as(err, OC_ELIMIT, "ServiceQuotaExceededException",
                          "An upload may have %d parts and %lu bytes in all: this one has as many; "
                          "complete it, or abort it.",
                          OC_UPLOAD_PARTS_MAX, OC_MODEL_SIZE_MAX);
    upload->file_count++;
    upload->size_bytes += (int64_t)bytes;
    return OC_OK;
}

/* -- old uploads ---------------------------------------------------------------------------- */

/* A record that cannot be read is left: to tell of it is the checker's. */
static int collect_old(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct key_list *list = ctx;
    struct oc_model model;
    struct oc_err ignored = {0};

    oc_arena_init(&arena, MEMORY_MAX);
    int rc = oc_model_decode(value, &arena, &model, &ignored);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0 || !oc_slice_eq(model.partition.region, list->region) ||
        model.creation_ms >= list->before_ms)
        return 0;
    return collect(key, value, ctx, err);
}

struct deletion {
    struct oc_write write;
    struct oc_slice key;
    bool more;
};

/* The token of the request that began it goes with it. */
static int delete_token(struct oc_tx *tx, struct oc_slice upload_key, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_model model;
    struct oc_slice record, key;

    oc_arena_init(&arena, MEMORY_MAX);
    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_UPLOAD, upload_key, &record, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    rc = oc_model_decode(record, &arena, &model, err);
    if (rc < 0 || !model.token.ptr)
        return rc;
    key = oc_key_token(&arena, model.token);
    return key.ptr ? oc_tx_delete(tx, OC_RECORD_IDEMPOTENCY, key, err) : oc_fail_nomem(err);
}

static int apply_delete(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct deletion *deletion = (struct deletion *)write; /* its first member */
    int rc = delete_token(tx, deletion->key, err);

    return rc < 0 ? rc : oc_upload_delete(tx, deletion->key, &deletion->more, err);
}

static int delete_old(struct oc_store *store, struct oc_slice key, struct oc_err *err)
{
    struct deletion deletion = {.key = key, .more = true};
    int rc = OC_OK;

    while (rc == OC_OK && deletion.more) {
        deletion.write = (struct oc_write){.apply = apply_delete};
        rc = oc_store_write(store, &deletion.write, err);
    }
    return rc;
}

static int find_old(struct oc_store *store, struct key_list *list, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;

    list->count = 0;
    list->more = false;
    oc_arena_clear(&list->arena);
    int rc = oc_store_read(store, &read, err);
    return rc < 0 ? rc
                  : oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_UPLOAD}, collect_old,
                                 list, err);
}

int oc_uploads_delete_old(struct oc_store *store, struct oc_slice region, int64_t before_ms,
                          uint64_t *ret_count, struct oc_err *err)
{
    OC_AUTO(list_clear) struct key_list list = {.region = region, .before_ms = before_ms};
    int rc;

    *ret_count = 0;
    oc_arena_init(&list.arena, MEMORY_MAX);
    do {
        rc = find_old(store, &list, err);
        for (size_t i = 0; rc >= 0 && i < list.count; i++) {
            rc = delete_old(store, list.keys[i], err);
            *ret_count += rc >= 0;
        }
    } while (rc >= 0 && list.more);
    return rc < 0 ? rc : OC_OK;
}

/* -- rests ---------------------------------------------------------------------------------- */

/* The upload of the first part behind a key. */
struct first {
    struct oc_arena *arena;
    struct oc_slice upload_key; /* absent: there is none */
};

static int take_first(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    struct first *first = ctx;

    (void)value;
    if (key.len <= OC_SHA256_HEX_LEN + 1)
        return oc_fail(err, OC_ECORRUPT, "the key of an uploaded part is malformed");
    first->upload_key =
        oc_arena_copy(first->arena, oc_slice_sub(key, 0, key.len - OC_SHA256_HEX_LEN - 1));
    return first->upload_key.ptr ? 1 : oc_fail_nomem(err);
}

/* The next upload that has parts, from `*from` on, and whether it is there itself. */
static int find_next(struct oc_store *store, struct oc_slice *from, struct first *ret,
                     bool *ret_there, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_scan scan = {.kind = OC_RECORD_UPLOAD_PART, .prefix = OC_STR(""), .from = *from};
    struct oc_slice record;
    int rc = oc_store_read(store, &read, err);

    ret->upload_key = (struct oc_slice){0};
    if (rc == OC_OK)
        rc = oc_read_scan(read, &scan, take_first, ret, err);
    if (rc < 0 || !ret->upload_key.ptr)
        return rc < 0 ? rc : OC_OK;
    rc = oc_read_get(read, OC_RECORD_UPLOAD, ret->upload_key, &record, err);
    *ret_there = rc != OC_ENOTFOUND;
    return rc == OC_ENOTFOUND ? OC_OK : rc;
}

int oc_uploads_delete_rests(struct oc_store *store, uint64_t *ret_count, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct first first = {.arena = &arena};
    struct oc_slice from = {0};
    char past[OC_RECORD_KEY_MAX + 1];
    bool there = false;
    int rc;

    *ret_count = 0;
    oc_arena_init(&arena, MEMORY_MAX);
    do {
        oc_arena_reset(&arena);
        rc = find_next(store, &from, &first, &there, err);
        if (rc < 0 || !first.upload_key.ptr)
            break;
        if (!there) {
            rc = delete_old(store, first.upload_key, err);
            *ret_count += rc >= 0;
        }
        memcpy(past, first.upload_key.ptr, first.upload_key.len);
        past[first.upload_key.len] = '\1'; /* behind the NUL before the digests */
        from = (struct oc_slice){past, first.upload_key.len + 1};
    } while (rc >= 0);
    return rc < 0 ? rc : OC_OK;
}
