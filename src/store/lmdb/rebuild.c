/*
 * `outcrop check --rebuild`: throw the index away and make it again from rows and text segments.
 *
 * It takes one commit for each segment; a mark in `parts` says that it is under way, so that a
 * store whose rebuild was cut short begins it again when it is opened.
 */
#include "store/lmdb/impl.h"

#include <stdlib.h>

#define BLOB_MAX (1UL << 31)

struct rebuild {
    struct oc_write write;
    int (*step)(struct oc_tx *tx, struct rebuild *r, struct oc_err *err);
    struct oc_tx *tx;
    struct oc_wpart *wpart;
    uint32_t pid;
    uint64_t jobs;  /* in the partition */
    unsigned level; /* OC_LEVELS: a group of the tail */
    uint64_t first;
    struct oc_cols cols;
    struct oc_buf blob;
    uint8_t *status;
};

static int apply_step(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct rebuild *r = (struct rebuild *)write; /* its first member */

    r->tx = tx;
    int rc = r->step(tx, r, err);
    if (rc < 0)
        tx->broken = true;
    return rc;
}

static int begin(struct oc_tx *tx, struct rebuild *r, struct oc_err *err)
{
    uint32_t pid = 0;

    (void)r;
    int rc = oc_tx_set(tx, tx->store->parts, OC_STR("R"), OC_STR("rebuild"), err);
    if (rc == OC_OK)
        rc = oc_tx_clear(tx, tx->store->index, err);
    memset(tx->terms, 0, OC_TERM_CACHE * sizeof *tx->terms);
    while (rc == OC_OK && (rc = oc_part_next(&tx->read, pid, &pid, err)) == OC_OK) {
        struct oc_wpart *wpart;
        rc = oc_part_touch_pid(tx, pid, &wpart, err);
        if (rc < 0)
            break;
        memset(wpart->part.end, 0, sizeof wpart->part.end);
        wpart->part.young = 0;
        wpart->part.next_term = 0;
        wpart->dirty = true;
        wpart->group_loaded = wpart->group_dirty = false;
        rc = oc_part_write(tx, wpart, err);
    }
    return rc == OC_ENOTFOUND ? OC_OK : rc;
}

static int finish(struct oc_tx *tx, struct rebuild *r, struct oc_err *err)
{
    (void)r;
    return oc_tx_unset(tx, tx->store->parts, OC_STR("R"), err);
}

static int intern(void *ctx, enum oc_term_kind kind, struct oc_slice text, uint32_t *ret,
                  struct oc_err *err)
{
    struct rebuild *r = ctx;

    return oc_term_intern(r->tx, r->wpart, kind, text, ret, err);
}

/* A full group, or the last one, and the ids of its jobs. */
static int put_group(struct oc_tx *tx, struct rebuild *r, struct oc_err *err)
{
    uint8_t *group = r->wpart->group;
    uint64_t number = r->first / OC_GROUP;
    int rc = OC_OK;

    oc_group_begin(group);
    r->wpart->group_loaded = r->first + r->cols.count == r->wpart->part.next_seq;
    for (uint32_t i = 0; rc == OC_OK && i < r->cols.count; i++) {
        uint32_t from = r->cols.name_at[i];
        struct oc_group_row row = {
            .ms = r->cols.ms[i],
            .id = r->cols.id[i],
            .account = r->cols.account[i],
            .model = r->cols.model[i],
            .name = {r->cols.names.ptr + from, r->cols.name_at[i + 1] - from - 1}};
        oc_group_append(group, &row);
        rc = oc_id_put(tx, r->pid, row.id, r->first + i, err);
    }
    if (rc < 0)
        return rc;
    size_t len = oc_group_finish(group, r->pid, number);
    struct oc_key key = oc_key_index(OC_INDEX_GROUP, r->pid, number);
    return oc_tx_set(tx, tx->store->index, oc_key_slice(&key),
                     (struct oc_slice){(char *)group, len}, err);
}

static int put_statuses(struct oc_tx *tx, struct rebuild *r, struct oc_err *err)
{
    int rc = OC_OK;

    for (uint32_t i = 0; rc == OC_OK && i < r->cols.count; i++) {
        if (r->status[i] != OC_JOB_IN_PROGRESS)
            rc = oc_status_end(tx, r->pid, r->first + i, r->status[i] == OC_JOB_FAILED, err);
    }
    return rc;
}

static int put_piece(struct oc_tx *tx, struct rebuild *r, struct oc_err *err)
{
    const struct oc_shape *shape = &tx->store->shape;
    uint32_t count = r->level < OC_LEVELS ? shape->level[r->level] : OC_GROUP;

    if (count > r->jobs - r->first)
        count = (uint32_t)(r->jobs - r->first);
    oc_cols_clear(&r->cols);
    int rc = oc_part_touch_pid(tx, r->pid, &r->wpart, err);
    if (rc == OC_OK)
        rc = oc_cols_init(&r->cols, r->first, count, err);
    if (rc == OC_OK)
        rc = oc_columns_from_records(&tx->read, &r->wpart->part, r->first, count, intern, r,
                                     &r->cols, r->status, err);
    if (rc == OC_OK && r->level == OC_LEVELS)
        rc = put_group(tx, r, err);
    if (rc == OC_OK && r->level < OC_LEVELS)
        rc = oc_seg_build(shape, r->pid, r->level, &r->cols, &r->blob, err);
    if (rc == OC_OK && r->level < OC_LEVELS) {
        struct oc_key key =
            oc_key_index(OC_INDEX_SEGMENT, r->pid, oc_segment_number(r->level, r->first));
        rc = oc_tx_set(tx, tx->store->index, oc_key_slice(&key), oc_buf_slice(&r->blob), err);
        for (unsigned i = 0; i <= r->level; i++)
            r->wpart->part.end[i] = r->first + count;
        r->wpart->dirty = true;
    }
    return rc < 0 ? rc : put_statuses(tx, r, err);
}

static int run_step(struct oc_store *store, struct rebuild *r,
                    int (*step)(struct oc_tx *tx, struct rebuild *r, struct oc_err *err),
                    struct oc_err *err)
{
    r->write.apply = apply_step;
    r->step = step;
    return oc_store_write(store, &r->write, err);
}

static int rebuild_partition(struct oc_store *store, struct rebuild *r, struct oc_err *err)
{
    const uint32_t *size = store->shape.level;
    int rc = OC_OK;

    r->first = 0;
    r->level = OC_LEVELS - 1;
    while (rc == OC_OK && r->first < r->jobs) {
        while (r->level < OC_LEVELS && r->jobs - r->first < size[r->level])
            r->level = r->level == 0 ? OC_LEVELS : r->level - 1;
        rc = run_step(store, r, put_piece, err);
        r->first += r->level < OC_LEVELS ? size[r->level] : OC_GROUP;
    }
    return rc;
}

static int next_partition(struct oc_store *store, struct rebuild *r, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_part part;

    int rc = oc_store_read(store, &read, err);
    if (rc == OC_OK)
        rc = oc_part_next(read, r->pid, &r->pid, err);
    if (rc == OC_OK)
        rc = oc_part_load(read, r->pid, &part, err);
    if (rc == OC_OK)
        r->jobs = part.next_seq;
    return rc;
}

int oc_rebuild_run(struct oc_store *store, struct oc_err *err)
{
    struct rebuild r = {0};

    oc_buf_init(&r.blob, BLOB_MAX);
    r.status = oc_alloc(store->shape.level[OC_LEVELS - 1]);
    int rc = r.status ? run_step(store, &r, begin, err) : oc_fail_nomem(err);
    oc_seal_cache_reset(&store->seals);
    while (rc == OC_OK && (rc = next_partition(store, &r, err)) == OC_OK)
        rc = rebuild_partition(store, &r, err);
    if (rc == OC_ENOTFOUND)
        rc = run_step(store, &r, finish, err);
    oc_seal_cache_reset(&store->seals);
    oc_cols_clear(&r.cols);
    oc_buf_clear(&r.blob);
    free(r.status);
    return rc;
}

int oc_store_rebuild(struct oc_store *store, struct oc_err *err)
{
    if (store->read_only)
        return oc_fail(err, OC_EINVAL, "the store is open for reading only");
    oc_sealer_pause(store, true);
    int rc = oc_rebuild_run(store, err);
    oc_sealer_pause(store, false);
    return rc;
}
