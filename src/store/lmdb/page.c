/*
 * From sequence numbers to the text that is sent.
 *
 * Neighbours in a text segment stand in the order of the default page with their commas, so they
 * become one borrowed piece. Scattered jobs are copied together: many small pieces cost more in
 * the sending than a copy costs here. Their places are computed, fetched ahead and then used, so
 * that the memory's latency is paid once and not for each job.
 */
#include "store/lmdb/impl.h"

#define PIECES_MAX  16   /* borrowed pieces of one page; above that, or */
#define PIECE_SMALL 4096 /* below this mean size, they are copied together */
#define AHEAD       8

struct piece_list {
    struct oc_slice *items;
    uint32_t count;
    size_t bytes;
    bool has_rows; /* pieces that may change once the snapshot is closed */
};

static void add_piece(struct piece_list *list, struct oc_slice json)
{
    struct oc_slice *last = list->count ? &list->items[list->count - 1] : NULL;

    list->bytes += json.len;
    if (last && last->ptr + last->len == json.ptr)
        last->len += json.len;
    else
        list->items[list->count++] = json;
}

/* -- rows ----------------------------------------------------------------------------------------
 */

/* Rows one after another are read with one cursor. */
struct row_cursor {
    MDB_cursor *cursor; /* NULL: not yet */
    uint64_t seq;       /* of the row it stands at */
};

static int move_cursor(struct oc_read *read, struct row_cursor *rows, uint64_t seq,
                       const struct oc_key *key, struct oc_slice *ret, struct oc_err *err)
{
    MDB_cursor_op op = seq + 1 == rows->seq   ? MDB_PREV
                       : seq == rows->seq + 1 ? MDB_NEXT
                                              : MDB_SET_KEY;
    MDB_val k = oc_val(key->bytes, OC_KEY_SEQ), v;
    int code = 0;

    if (!rows->cursor) {
        code = mdb_cursor_open(read->txn, read->store->rows, &rows->cursor);
        op = MDB_SET_KEY;
    }
    if (code == 0)
        code = mdb_cursor_get(rows->cursor, &k, &v, op);
    if (code == 0 && (k.mv_size != OC_KEY_SEQ || memcmp(k.mv_data, key->bytes, OC_KEY_SEQ) != 0))
        code = MDB_NOTFOUND;
    if (code == MDB_NOTFOUND)
        return oc_fail(err, OC_ECORRUPT, "the record of job %llu of partition %u is missing",
                       (unsigned long long)seq, oc_get_be32(key->bytes));
    if (code != 0)
        return oc_lmdb_fail(err, code, "read the store");
    rows->seq = seq;
    *ret = (struct oc_slice){v.mv_data, v.mv_size};
    return OC_OK;
}

static int row_at(struct oc_read *read, const struct oc_part *part, struct row_cursor *rows,
                  uint64_t seq, struct oc_slice *ret, struct oc_err *err)
{
    struct oc_key key = oc_key_seq(part->pid, seq);
    enum oc_job_status status;
    struct oc_slice value;

    int rc = move_cursor(read, rows, seq, &key, &value, err);
    return rc < 0 ? rc : oc_row_check(read, part->pid, seq, value, &status, ret, err);
}

/* -- texts ---------------------------------------------------------------------------------------
 */

/* A text in which neighbours of a page stand. */
struct text_cursor {
    uint64_t first;
    bool is_open;
    struct oc_seal text;
};

static int text_at(struct oc_read *read, const struct oc_part *part, struct text_cursor *texts,
                   uint64_t seq, struct oc_slice *ret, struct oc_err *err)
{
    uint32_t size = read->store->shape.text;
    uint64_t first = seq / size * size;

    if (!texts->is_open || first != texts->first) {
        int rc = oc_seal_open(read, OC_SEAL_TEXT, part->pid, 0, first, &texts->text, err);
        if (rc == OC_ENOTFOUND)
            return oc_fail(err, OC_ECORRUPT,
                           "the text segment of partition %u at job %llu is missing", part->pid,
                           (unsigned long long)first);
        if (rc < 0)
            return rc;
        texts->first = first;
        texts->is_open = true;
    }
    return oc_text_json(&texts->text, size, (uint32_t)(seq - first), ret, err);
}

/* Head and table entry of a job's text segment, wanted some jobs later. */
static void fetch_table(struct oc_read *read, const struct oc_part *part, uint64_t seq)
{
    uint32_t size = read->store->shape.text;

    if (seq >= part->text_next)
        return;
    const uint8_t *text = oc_seal_peek(read, OC_SEAL_TEXT, part->pid, 0, seq / size * size);
    if (!text)
        return;
    __builtin_prefetch(text);
    __builtin_prefetch(text + OC_TEXT_OFFSETS + 4 * (size - 1 - seq % size));
}

static int collect(struct oc_read *read, const struct oc_part *part, const uint64_t *seqs,
                   uint32_t count, struct piece_list *list, struct oc_err *err)
{
    struct row_cursor rows = {0};
    struct text_cursor texts = {0};
    int rc = OC_OK;

    for (uint32_t i = 0; i < count && i < AHEAD; i++)
        fetch_table(read, part, seqs[i]);
    for (uint32_t i = 0; rc == OC_OK && i < count; i++) {
        struct oc_slice json = {0};
        if (i + AHEAD < count)
            fetch_table(read, part, seqs[i + AHEAD]);
        if (seqs[i] < part->text_next)
            rc = text_at(read, part, &texts, seqs[i], &json, err);
        if (rc == OC_OK && json.len == 0) {
            rc = row_at(read, part, &rows, seqs[i], &json, err);
            list->has_rows = true;
        }
        if (rc == OC_OK) {
            __builtin_prefetch(json.ptr);
            add_piece(list, json);
        }
    }
    if (rows.cursor)
        mdb_cursor_close(rows.cursor);
    return rc;
}

/* All jobs of the page stand in a hot text. */
static void take_hot(const struct oc_read *read, const uint64_t *seqs, uint32_t count,
                     struct piece_list *list)
{
    bool are_neighbours = seqs[0] - seqs[count - 1] == count - 1; /* in the default order */

    if (are_neighbours)
        add_piece(list, oc_hot_jobs(read->hot, seqs[0], count));
    for (uint32_t i = 0; i < count && !are_neighbours; i++)
        add_piece(list, oc_hot_jobs(read->hot, seqs[i], 1));
}

static int gather(struct piece_list *list, struct oc_arena *arena, struct oc_err *err)
{
    char *text = oc_arena_alloc_unset(arena, list->bytes), *to = text;

    if (!text)
        return oc_fail_nomem(err);
    for (uint32_t i = 0; i < list->count; i++) {
        for (size_t ahead = 0; i + 4 < list->count && ahead < 512; ahead += 64)
            __builtin_prefetch(list->items[i + 4].ptr + ahead);
        memcpy(to, list->items[i].ptr, list->items[i].len);
        to += list->items[i].len;
    }
    list->items[0] = (struct oc_slice){text, list->bytes};
    list->count = 1;
    return OC_OK;
}

int oc_page_build(struct oc_read *read, const struct oc_part *part, const uint64_t *seqs,
                  uint32_t count, struct oc_arena *arena, struct oc_job_page *ret,
                  struct oc_err *err)
{
    struct piece_list list = {.items = oc_arena_alloc_unset(arena, count * sizeof *list.items)};

    if (!list.items)
        return oc_fail_nomem(err);
    uint64_t first = seqs[0], last = seqs[count - 1];
    const struct oc_mapping *hot =
        oc_hot_find(read, part, first < last ? first : last, first < last ? last : first, count);
    int rc = OC_OK;
    if (hot)
        take_hot(read, seqs, count, &list);
    else
        rc = collect(read, part, seqs, count, &list, err);
    if (rc == OC_OK && list.count > 1 &&
        (list.count > PIECES_MAX || list.bytes / list.count < PIECE_SMALL))
        rc = gather(&list, arena, err);
    if (rc < 0)
        return rc;
    list.items[0] = oc_slice_sub(list.items[0], 1, list.items[0].len); /* the first comma */
    ret->pieces = list.items;
    ret->piece_count = list.count;
    if (hot)
        ret->mapping = *hot;
    else if (!list.has_rows) /* texts stay where they are and as they are for ever */
        ret->mapping = read->store->mapping;
    ret->count = count;
    ret->position = seqs[count - 1];
    return OC_OK;
}
