/*
 * Jobs as columns: from the index (segments and the tail's groups), for building the next segment,
 * and from the records, for checking and rebuilding.
 */
#include "store/lmdb/impl.h"

#include <stdlib.h>

#define ARENA_MAX (16UL << 20)

int oc_cols_init(struct oc_cols *cols, uint64_t first, uint32_t cap, struct oc_err *err)
{
    *cols = (struct oc_cols){.cap = cap, .first = first};
    oc_buf_init(&cols->names, (size_t)cap * (OC_NAME_MAX + 1) + 64);
    cols->ms = oc_alloc(cap * sizeof *cols->ms);
    cols->id = oc_alloc(cap * sizeof *cols->id);
    cols->account = oc_alloc(cap * sizeof *cols->account);
    cols->model = oc_alloc(cap * sizeof *cols->model);
    cols->name_at = oc_alloc((cap + 1) * sizeof *cols->name_at);
    if (!cols->ms || !cols->id || !cols->account || !cols->model || !cols->name_at) {
        oc_cols_clear(cols);
        return oc_fail_nomem(err);
    }
    cols->name_at[0] = 0;
    return OC_OK;
}

void oc_cols_clear(struct oc_cols *cols)
{
    free(cols->ms);
    free(cols->id);
    free(cols->account);
    free(cols->model);
    free(cols->name_at);
    oc_buf_clear(&cols->names);
    *cols = (struct oc_cols){0};
}

void oc_cols_add(struct oc_cols *cols, const struct oc_group_row *row)
{
    uint32_t i = cols->count++;

    cols->ms[i] = row->ms;
    cols->id[i] = row->id;
    cols->account[i] = row->account;
    cols->model[i] = row->model;
    oc_buf_put(&cols->names, row->name.ptr, row->name.len);
    oc_buf_put_char(&cols->names, 0);
    cols->name_at[i + 1] = (uint32_t)cols->names.len;
}

static int load_group(struct oc_read *read, const struct oc_part *part, uint64_t seq,
                      struct oc_cols *cols, struct oc_err *err)
{
    struct oc_group group;

    int rc = oc_group_load(read, part->pid, seq / OC_GROUP, &group, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < group.count && cols->count < cols->cap; i++)
        oc_cols_add(cols, &(struct oc_group_row){
                              .ms = group.ms[i],
                              .id = group.id[i],
                              .account = group.account[i],
                              .model = group.model[i],
                              .name = {group.names + group.name_at[i],
                                       (size_t)group.name_at[i + 1] - group.name_at[i] - 1U}});
    return OC_OK;
}

int oc_columns_load(struct oc_read *read, const struct oc_part *part, uint64_t first,
                    uint32_t count, struct oc_cols *cols, struct oc_err *err)
{
    uint64_t seq = first;
    int rc = OC_OK;

    while (rc == OC_OK && seq < first + count) {
        unsigned level = 0;
        if (seq >= part->end[0]) {
            rc = load_group(read, part, seq, cols, err);
            seq += OC_GROUP;
            continue;
        }
        while (level + 1 < OC_LEVELS && seq < part->end[level + 1])
            level++;
        struct oc_seg seg;
        rc = oc_seg_open(read, part->pid, level, seq, &seg, err);
        if (rc == OC_OK)
            rc = oc_seg_columns(&seg, cols, err);
        seq += read->store->shape.level[level];
    }
    if (rc == OC_OK && (cols->names.failed || cols->count != count))
        return oc_fail_nomem(err);
    return rc;
}

int oc_columns_from_records(struct oc_read *read, const struct oc_part *part, uint64_t first,
                            uint32_t count, oc_term_fn *term, void *ctx, struct oc_cols *cols,
                            uint8_t *ret_status, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_slice json;
    struct oc_row row;
    int rc = OC_OK;

    oc_arena_init(&arena, ARENA_MAX);
    for (uint32_t i = 0; rc == OC_OK && i < count; i++) {
        struct oc_group_row out = {0};
        oc_arena_reset(&arena);
        rc = oc_row_json(read, part, first + i, &json, err);
        if (rc == OC_OK)
            rc = oc_row_parse(json, &arena, &row, err);
        if (rc < 0)
            return rc;
        if (!oc_id_pack(row.id, &out.id) || row.name.len > OC_NAME_MAX)
            return oc_fail(err, OC_ECORRUPT, "job %llu of partition %u has no valid id or name",
                           (unsigned long long)(first + i), part->pid);
        out.ms = row.ms;
        out.name = row.name;
        rc = term(ctx, OC_TERM_ACCOUNT, row.source_account, &out.account, err);
        if (rc == OC_OK)
            rc = term(ctx, OC_TERM_MODEL, row.source_model, &out.model, err);
        if (rc == OC_OK)
            oc_cols_add(cols, &out);
        ret_status[i] = (uint8_t)row.status;
    }
    return rc == OC_OK && cols->names.failed ? oc_fail_nomem(err) : rc;
}
