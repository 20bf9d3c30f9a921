/*
 * `outcrop check`: the records are the truth, so every segment, group, id and plane is made again
 * from them and compared, byte by byte where the format is deterministic. Findings do not stop the
 * check; failures to read at all do.
 */
#include "store/lmdb/impl.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOB_MAX (1UL << 31)
#define FINDING  (OC_ERR_TEXT_MAX + 256)

struct check {
    struct oc_read *read;
    oc_check_fn *fn;
    void *ctx;
    uint64_t findings;
    struct oc_part part;
    struct oc_cols cols;
    struct oc_buf blob;
    uint8_t *status; /* of the jobs in `cols` */
};

__attribute__((format(printf, 2, 3))) static void find(struct check *c, const char *fmt, ...)
{
    char text[FINDING];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->findings++;
    c->fn(text, c->ctx);
}

/* Damage is a finding; anything else ends the check. */
static int judge(struct check *c, int rc, const struct oc_err *err)
{
    if (rc != OC_ECORRUPT && rc != OC_EINVAL && rc != OC_ENOTFOUND)
        return rc;
    find(c, "%s", err->text);
    return OC_OK;
}

/* -- records read back as columns ---------------------------------------------------------------
 */

static int find_term(void *ctx, enum oc_term_kind kind, struct oc_slice text, uint32_t *ret,
                     struct oc_err *err)
{
    struct check *c = ctx;

    int rc = oc_term_find(c->read, c->part.pid, kind, text, ret, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECORRUPT, "partition %u has no number for '%.*s'", c->part.pid,
                       OC_FMT(text));
    return rc;
}

static int load_columns(struct check *c, uint64_t first, uint32_t count, struct oc_err *err)
{
    oc_cols_clear(&c->cols);
    int rc = oc_cols_init(&c->cols, first, count, err);
    return rc < 0 ? rc
                  : oc_columns_from_records(c->read, &c->part, first, count, find_term, c, &c->cols,
                                            c->status, err);
}

/* -- what is compared
 * --------------------------------------------------------------------------------- */

static int compare_segment(struct check *c, unsigned level, uint64_t first, struct oc_err *err)
{
    uint32_t count = c->read->store->shape.level[level];
    struct oc_key key =
        oc_key_index(OC_INDEX_SEGMENT, c->part.pid, oc_segment_number(level, first));
    struct oc_slice stored = {0};

    int rc = load_columns(c, first, count, err);
    if (rc == OC_OK)
        rc = oc_seg_build(&c->read->store->shape, c->part.pid, level, &c->cols, &c->blob, err);
    if (rc == OC_OK)
        rc = oc_env_get(c->read, c->read->store->index, oc_key_slice(&key), &stored, err);
    if (rc == OC_ENOTFOUND)
        rc = oc_fail(err, OC_ECORRUPT, "the segment of partition %u at job %llu is missing",
                     c->part.pid, (unsigned long long)first);
    if (rc == OC_OK && !oc_slice_eq(stored, oc_buf_slice(&c->blob)))
        find(c, "the segment of partition %u at job %llu, level %u, differs from its records",
             c->part.pid, (unsigned long long)first, level);
    return judge(c, rc, err);
}

static bool group_agrees(const struct check *c, const struct oc_group *group, uint64_t first,
                         uint32_t count)
{
    uint32_t at = (uint32_t)(first - c->cols.first);

    if (group->count != count ||
        memcmp(group->ms, c->cols.ms + at, count * sizeof *group->ms) != 0 ||
        memcmp(group->id, c->cols.id + at, count * sizeof *group->id) != 0 ||
        memcmp(group->account, c->cols.account + at, count * sizeof *group->account) != 0 ||
        memcmp(group->model, c->cols.model + at, count * sizeof *group->model) != 0)
        return false;
    uint32_t from = c->cols.name_at[at], len = c->cols.name_at[at + count] - from;
    return group->name_at[count] == len && memcmp(group->names, c->cols.names.ptr + from, len) == 0;
}

static int compare_group(struct check *c, uint64_t first, uint32_t count, struct oc_err *err)
{
    struct oc_group group;
    uint64_t seq;

    int rc = load_columns(c, first, count, err);
    if (rc == OC_OK)
        rc = oc_group_load(c->read, c->part.pid, first / OC_GROUP, &group, err);
    if (rc == OC_OK && !group_agrees(c, &group, first, count))
        find(c, "group %llu of partition %u differs from its records",
             (unsigned long long)(first / OC_GROUP), c->part.pid);
    for (uint32_t i = 0; rc == OC_OK && i < count; i++) {
        rc = oc_id_find(c->read, &c->part, c->cols.id[i], &seq, err);
        if (rc == OC_ENOTFOUND || (rc == OC_OK && seq != first + i)) {
            rc = OC_OK;
            find(c, "job %llu of partition %u is not found by its id",
                 (unsigned long long)(first + i), c->part.pid);
        }
    }
    return judge(c, rc, err);
}

/* Status bits of [first, first + count), which lie in one chunk, for each of the three statuses. */
static int compare_status(struct check *c, uint64_t first, uint32_t count, struct oc_err *err)
{
    struct oc_status *status = oc_alloc(sizeof *status);
    int rc = status ? OC_OK : oc_fail_nomem(err);

    for (int want = 0; rc == OC_OK && want < OC_JOB_STATUSES; want++) {
        enum oc_status_match match;
        struct oc_bits_op op;
        bool differs = false;
        rc = oc_status_begin(status, c->read, c->part.pid, (enum oc_job_status)want, err);
        if (rc == OC_OK)
            rc = oc_status_bits(status, first, first, first + count, &match, &op, err);
        for (uint32_t i = 0; rc == OC_OK && i < count; i++) {
            bool has = match == OC_STATUS_EVERY_JOB;
            if (match == OC_STATUS_BITS)
                has = (op.words[i / 64 - op.skew] ^ op.invert) >> (i % 64) & 1;
            differs = differs || has != (c->status[i] == want);
        }
        if (differs)
            find(c, "status bits (%.*s) of partition %u at job %llu differ from the records",
                 OC_FMT(oc_job_status_text((enum oc_job_status)want)), c->part.pid,
                 (unsigned long long)first);
    }
    free(status);
    return judge(c, rc, err);
}

/* A query may know from the counts alone; the bits themselves are read here whatever they count. */
static int compare_open(struct check *c, uint64_t first, uint32_t count, struct oc_err *err)
{
    uint32_t stored, open = 0;

    for (uint32_t i = 0; i < count; i++)
        open += c->status[i] == OC_JOB_IN_PROGRESS;
    int rc = oc_status_open_jobs(c->read, c->part.pid, first, first + count, &stored, err);
    if (rc == OC_OK && stored != open + (64 - count % 64) % 64) /* jobs that are not yet are open */
        find(c, "%u jobs of partition %u at job %llu are open, not %u", open, c->part.pid,
             (unsigned long long)first, stored);
    return judge(c, rc, err);
}

static int compare_chunk(struct check *c, uint64_t first, struct oc_err *err)
{
    uint64_t left = c->part.next_seq - first, size = c->read->store->shape.chunk;
    uint32_t count = (uint32_t)(left < size ? left : size);

    int rc = load_columns(c, first, count, err);
    if (rc < 0)
        return judge(c, rc, err);
    rc = compare_status(c, first, count, err);
    return rc == OC_OK ? compare_open(c, first, count, err) : rc;
}

/* -- nothing that should not be there
 * ------------------------------------------------------------------- */

static int count_keys(struct check *c, MDB_dbi dbi, struct oc_slice prefix, uint64_t *ret,
                      struct oc_err *err)
{
    MDB_val k = oc_val(prefix.ptr, prefix.len), v;
    MDB_cursor *cursor;

    *ret = 0;
    int code = mdb_cursor_open(c->read->txn, dbi, &cursor);
    if (code != 0)
        return oc_lmdb_fail(err, code, "read the store");
    for (code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); code == 0;
         code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
        if (!oc_slice_has_prefix((struct oc_slice){k.mv_data, k.mv_size}, prefix))
            break;
        ++*ret;
    }
    mdb_cursor_close(cursor);
    return code == 0 || code == MDB_NOTFOUND ? OC_OK : oc_lmdb_fail(err, code, "read the store");
}

static int compare_count(struct check *c, enum oc_index_kind kind, uint64_t want,
                         struct oc_err *err)
{
    struct oc_key key = oc_key_index(kind, c->part.pid, 0);
    uint64_t have;

    key.len = 5;
    int rc = count_keys(c, c->read->store->index, oc_key_slice(&key), &have, err);
    if (rc == OC_OK && have != want)
        find(c, "partition %u has %llu index values of kind %c, not %llu", c->part.pid,
             (unsigned long long)have, kind, (unsigned long long)want);
    return rc;
}

/* Rows: all jobs past the text segments, and the late ones before. */
static int compare_rows(struct check *c, struct oc_err *err)
{
    uint64_t want = c->part.next_seq - c->part.text_next, have;
    uint32_t size = c->read->store->shape.text;
    struct oc_key key = oc_key_seq(c->part.pid, 0);
    int rc = OC_OK;

    for (uint64_t first = 0; rc == OC_OK && first < c->part.text_next; first += size) {
        struct oc_seal text;
        struct oc_slice json;
        rc = oc_seal_open(c->read, OC_SEAL_TEXT, c->part.pid, 0, first, &text, err);
        if (rc == OC_OK && !oc_seal_at(&text, 0, text.payload, err))
            rc = OC_ECORRUPT;
        for (uint32_t i = 0; rc == OC_OK && i < size; i++) {
            rc = oc_text_json(&text, size, i, &json, err);
            want += rc == OC_OK && json.len == 0;
        }
    }
    if (rc == OC_ENOTFOUND)
        rc = oc_fail(err, OC_ECORRUPT, "a text segment of partition %u is missing", c->part.pid);
    if (rc < 0)
        return judge(c, rc, err);
    key.len = 4;
    rc = count_keys(c, c->read->store->rows, oc_key_slice(&key), &have, err);
    if (rc == OC_OK && have != want)
        find(c, "partition %u has %llu rows, not %llu", c->part.pid, (unsigned long long)have,
             (unsigned long long)want);
    return rc;
}

static bool state_is_sound(struct check *c)
{
    const struct oc_shape *shape = &c->read->store->shape;
    const struct oc_part *part = &c->part;
    bool sound = part->end[0] <= part->next_seq && part->text_next <= part->next_seq &&
                 part->young <= part->next_seq - part->text_next &&
                 part->text_next % shape->text == 0;

    for (unsigned i = 0; i < OC_LEVELS; i++) {
        sound = sound && part->end[i] % shape->level[i] == 0;
        sound = sound && (i == 0 || part->end[i] <= part->end[i - 1]);
    }
    if (!sound)
        find(c, "the state of partition %u contradicts itself", part->pid);
    return sound;
}

static int check_partition(struct check *c, struct oc_err *err)
{
    const struct oc_shape *shape = &c->read->store->shape;
    const struct oc_part *part = &c->part;
    uint64_t segments = 0, tail = part->next_seq - part->end[0];
    int rc = OC_OK;

    if (!state_is_sound(c))
        return OC_OK;
    for (unsigned level = 0; level < OC_LEVELS; level++) {
        uint64_t at = level + 1 < OC_LEVELS ? part->end[level + 1] : 0;
        for (; rc == OC_OK && at < part->end[level]; at += shape->level[level], segments++)
            rc = compare_segment(c, level, at, err);
    }
    for (uint64_t at = part->end[0]; rc == OC_OK && at < part->next_seq; at += OC_GROUP) {
        uint64_t left = part->next_seq - at;
        rc = compare_group(c, at, (uint32_t)(left < OC_GROUP ? left : OC_GROUP), err);
    }
    for (uint64_t at = 0; rc == OC_OK && at < part->next_seq; at += shape->chunk)
        rc = compare_chunk(c, at, err);
    if (rc == OC_OK)
        rc = compare_count(c, OC_INDEX_SEGMENT, segments, err);
    if (rc == OC_OK)
        rc = compare_count(c, OC_INDEX_GROUP, (tail + OC_GROUP - 1) / OC_GROUP, err);
    if (rc == OC_OK)
        rc = compare_count(c, OC_INDEX_ID, tail, err);
    if (rc == OC_OK)
        rc = compare_count(c, OC_INDEX_YOUNG, part->young ? 1 : 0, err);
    return rc == OC_OK ? compare_rows(c, err) : rc;
}

static int check_partitions(struct check *c, struct oc_err *err)
{
    uint32_t pid = 0;
    int rc;

    while ((rc = oc_part_next(c->read, pid, &pid, err)) == OC_OK) {
        rc = oc_part_load(c->read, pid, &c->part, err);
        rc = rc == OC_OK ? check_partition(c, err) : judge(c, rc, err);
        if (rc < 0)
            return rc;
    }
    return rc == OC_ENOTFOUND ? OC_OK : rc;
}

/* -- records
 * ---------------------------------------------------------------------------------------------- */

static int see_record(struct oc_slice key, struct oc_slice value, void *ctx, struct oc_err *err)
{
    (void)key, (void)value, (void)ctx, (void)err;
    return 0; /* the scan has verified it */
}

static int check_records(struct check *c, struct oc_err *err)
{
    /* All that a key can say, so that kinds of other versions are verified too. */
    for (int kind = 0; kind <= UINT8_MAX; kind++) {
        struct oc_scan scan = {.kind = (enum oc_record_kind)kind};
        int rc = judge(c, oc_read_scan(c->read, &scan, see_record, NULL, err), err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

int oc_store_check(struct oc_store *store, oc_check_fn *fn, void *ctx, uint64_t *ret_findings,
                   struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct check c = {.fn = fn, .ctx = ctx};
    uint32_t most = store->shape.level[OC_LEVELS - 1];

    most = most > store->shape.chunk ? most : store->shape.chunk;
    int rc = oc_store_read(store, &read, err);
    if (rc < 0)
        return rc;
    c.read = read;
    oc_buf_init(&c.blob, BLOB_MAX);
    c.status = oc_alloc(most);
    if (!c.status)
        rc = oc_fail_nomem(err);
    if (rc == OC_OK)
        rc = check_records(&c, err);
    if (rc == OC_OK)
        rc = check_partitions(&c, err);
    free(c.status);
    oc_cols_clear(&c.cols);
    oc_buf_clear(&c.blob);
    if (rc == OC_OK)
        *ret_findings = c.findings;
    return rc;
}
