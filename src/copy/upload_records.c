/* See upload_records.h. Keys are collected before they are deleted: a scan must not change what it
 * walks. */
#include "copy/upload_records.h"

#include "base/limits.h"
#include "model/record.h"

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

static int apply_delete(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct deletion *deletion = (struct deletion *)write; /* its first member */

    return oc_upload_delete(tx, deletion->key, &deletion->more, err);
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
