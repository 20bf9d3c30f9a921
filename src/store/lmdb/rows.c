/*
 * The records of jobs: rows, and text segments of old jobs.
 *
 * A row: 0 CRC-32C, 4 version, 5 status, 6 u16 length of the JSON's end that comes after the place
 * of failureMessage, 8 `,{…}`. The comma is stored so that neighbours can be sent as they stand.
 *
 * A text segment: head, at OC_TEXT_OFFSETS a table of size + 1 u32 (where in the text each job
 * begins, newest first), then the text: `,{…}` of each job, newest first, as pages ask by default.
 * A job that had not ended when its segment was made keeps its row and has an empty place there.
 *
 * The members that the index is made from are read back from the JSON: they stand before anything
 * a caller chose freely, in a fixed order, so one pass finds them.
 */
#include "store/lmdb/impl.h"

#include "base/json.h"

#define VERSION  1
#define TEXT_MAX (1UL << 30)
#define STATUS   "\",\"status\":\""

/* -- reading JSON of our own making -------------------------------------------------------------
 */

struct reader {
    struct oc_slice rest;
    struct oc_arena *arena;
    bool failed;
};

static void expect(struct reader *r, struct oc_slice literal)
{
    if (!oc_slice_has_prefix(r->rest, literal)) {
        r->failed = true;
        return;
    }
    r->rest = oc_slice_sub(r->rest, literal.len, r->rest.len);
}

/* Text up to the closing quote. Escapes are rare: they go through the real reader. */
static struct oc_slice string(struct reader *r)
{
    bool escaped = false;
    size_t len = 0;

    while (len < r->rest.len && r->rest.ptr[len] != '"') {
        bool escape = r->rest.ptr[len] == '\\';
        escaped = escaped || escape;
        len += escape ? 2 : 1;
    }
    if (len >= r->rest.len) {
        r->failed = true;
        return (struct oc_slice){0};
    }
    struct oc_slice raw = oc_slice_sub(r->rest, 0, len);
    r->rest = oc_slice_sub(r->rest, len + 1, r->rest.len);
    if (!escaped)
        return raw;
    struct oc_err err = {0};
    struct oc_json *json = NULL;
    struct oc_slice text = oc_arena_printf(r->arena, "[\"%.*s\"]", OC_FMT(raw)), copy = {0};
    if (text.ptr && oc_json_parse(text, &json, &err) == OC_OK)
        copy = oc_arena_copy(r->arena, oc_json_string(oc_json_at(json, 0)));
    oc_json_free(json);
    r->failed = r->failed || !copy.ptr;
    return copy;
}

static bool number(struct oc_slice text, size_t at, size_t len, int64_t *ret)
{
    return oc_slice_to_int64(oc_slice_sub(text, at, len), ret);
}

/* `YYYY-MM-DDThh:mm:ss.fffZ`, as oc_timestamp_format writes it. */
static bool parse_time(struct oc_slice text, int64_t *ret)
{
    int64_t year, month, day, hour, minute, second, ms;

    if (text.len != 24 || !number(text, 0, 4, &year) || !number(text, 5, 2, &month) ||
        !number(text, 8, 2, &day) || !number(text, 11, 2, &hour) || !number(text, 14, 2, &minute) ||
        !number(text, 17, 2, &second) || !number(text, 20, 3, &ms))
        return false;
    /* Days since 1970-01-01 in the proleptic Gregorian calendar, years beginning in March. */
    int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
    int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
    *ret = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}

int oc_row_parse(struct oc_slice json, struct oc_arena *arena, struct oc_row *ret,
                 struct oc_err *err)
{
    struct reader r = {.rest = json, .arena = arena};
    struct oc_row row = {.json = json};

    expect(&r, OC_STR(",{\"jobArn\":\""));
    struct oc_slice arn = string(&r);
    expect(&r, OC_STR(",\"status\":\""));
    struct oc_slice status = string(&r);
    expect(&r, OC_STR(",\"creationTime\":\""));
    struct oc_slice time = string(&r);
    expect(&r, OC_STR(",\"targetModelArn\":\""));
    (void)string(&r);
    expect(&r, OC_STR(",\"targetModelName\":\""));
    row.name = string(&r);
    expect(&r, OC_STR(",\"sourceAccountId\":\""));
    row.source_account = string(&r);
    expect(&r, OC_STR(",\"sourceModelArn\":\""));
    row.source_model = string(&r);
    if (r.failed || arn.len < OC_ID_LEN || !oc_job_status_parse(status, &row.status) ||
        !parse_time(time, &row.ms))
        return oc_fail(err, OC_ECORRUPT, "a job's record is not what was written");
    row.id = oc_slice_sub(arn, arn.len - OC_ID_LEN, OC_ID_LEN);
    *ret = row;
    return OC_OK;
}

/* -- rows ----------------------------------------------------------------------------------------
 */

static int row_damaged(uint32_t pid, uint64_t seq, struct oc_err *err)
{
    return oc_fail(err, OC_ECORRUPT,
                   "the record of job %llu of partition %u does not match its"
                   " checksum",
                   (unsigned long long)seq, pid);
}

int oc_row_check(struct oc_read *read, uint32_t pid, uint64_t seq, struct oc_slice value,
                 enum oc_job_status *ret_status, struct oc_slice *ret_json, struct oc_err *err)
{
    if (value.len < OC_ROW_HEAD + 3 || (uint8_t)value.ptr[4] != VERSION ||
        (uint8_t)value.ptr[5] >= OC_JOB_STATUSES || !oc_small_ok(read, 'R', pid, seq, value))
        return row_damaged(pid, seq, err);
    *ret_status = (enum oc_job_status)value.ptr[5];
    *ret_json = (struct oc_slice){value.ptr + OC_ROW_HEAD, value.len - OC_ROW_HEAD};
    return OC_OK;
}

static int store_row(struct oc_tx *tx, uint32_t pid, uint64_t seq, struct oc_buf *row,
                     struct oc_err *err)
{
    struct oc_key key = oc_key_seq(pid, seq);

    if (row->failed)
        return oc_fail_nomem(err);
    oc_st32(row->ptr, oc_crc32c(oc_small_seed('R', pid, seq), row->ptr + 4, row->len - 4));
    oc_hot_changed(tx, pid);
    return oc_tx_set(tx, tx->store->rows, oc_key_slice(&key), oc_buf_slice(row), err);
}

static void begin_row(struct oc_buf *row, enum oc_job_status status, uint16_t end_len)
{
    uint8_t head[OC_ROW_HEAD] = {[4] = VERSION, [5] = (uint8_t)status};

    memcpy(head + 6, &end_len, sizeof end_len);
    oc_buf_reset(row);
    oc_buf_put(row, head, sizeof head);
}

int oc_row_put(struct oc_tx *tx, uint32_t pid, uint64_t seq, const struct oc_job *job,
               struct oc_err *err)
{
    struct oc_buf *row = &tx->scratch;

    oc_buf_reset(row);
    if (job->source_model_name.ptr) {
        oc_buf_put_slice(row, OC_STR(",\"sourceModelName\":"));
        oc_json_put_string(row, job->source_model_name);
    }
    oc_buf_put_char(row, '}');
    if (row->failed)
        return oc_fail_nomem(err);
    if (row->len > UINT16_MAX)
        return oc_fail(err, OC_EINVAL, "the source model's name is too long");
    begin_row(row, job->status, (uint16_t)row->len);
    oc_buf_put_char(row, ',');
    oc_job_put_json(row, job);
    return store_row(tx, pid, seq, row, err);
}

/* The JSON again with another status and, for Failed, the message at its place near the end. */
int oc_row_end(struct oc_tx *tx, uint32_t pid, uint64_t seq, enum oc_job_status status,
               struct oc_slice failure, struct oc_err *err)
{
    struct oc_key key = oc_key_seq(pid, seq);
    struct oc_buf *row = &tx->scratch;
    enum oc_job_status old;
    struct oc_slice value, json;

    int rc = oc_env_get(&tx->read, tx->store->rows, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND) /* only jobs that have ended leave their row for a text segment */
        return oc_fail(err, OC_ECONFLICT, "the job has ended already");
    if (rc == OC_OK)
        rc = oc_row_check(&tx->read, pid, seq, value, &old, &json, err);
    if (rc < 0)
        return rc;
    if (old != OC_JOB_IN_PROGRESS)
        return oc_fail(err, OC_ECONFLICT, "the job has ended already");
    uint16_t end_len = oc_ld16(value.ptr + 6);
    ptrdiff_t at = oc_slice_find_slice(json, OC_STR(STATUS));
    struct oc_slice was = oc_job_status_text(old);
    size_t from = (size_t)at + sizeof STATUS - 1 + was.len;
    if (at < 0 || from + end_len > json.len)
        return row_damaged(pid, seq, err);
    begin_row(row, status, end_len);
    oc_buf_put_slice(row, oc_slice_sub(json, 0, (size_t)at + sizeof STATUS - 1));
    oc_buf_put_slice(row, oc_job_status_text(status));
    oc_buf_put_slice(row, oc_slice_sub(json, from, json.len - from - end_len));
    if (failure.ptr) {
        oc_buf_put_slice(row, OC_STR(",\"failureMessage\":"));
        oc_json_put_string(row, failure);
    }
    oc_buf_put_slice(row, oc_slice_sub(json, json.len - end_len, end_len));
    return store_row(tx, pid, seq, row, err);
}

int oc_row_name_source(struct oc_tx *tx, uint32_t pid, uint64_t seq, struct oc_slice name,
                       struct oc_err *err)
{
    struct oc_key key = oc_key_seq(pid, seq);
    struct oc_buf *row = &tx->scratch;
    enum oc_job_status status;
    struct oc_slice value, json;

    int rc = oc_env_get(&tx->read, tx->store->rows, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND) /* only jobs that have ended leave their row for a text segment */
        return OC_OK;
    if (rc == OC_OK)
        rc = oc_row_check(&tx->read, pid, seq, value, &status, &json, err);
    if (rc < 0)
        return rc;
    if (status != OC_JOB_IN_PROGRESS || oc_ld16(value.ptr + 6) > 1) /* more than its `}` */
        return OC_OK;
    begin_row(row, status, 0);
    oc_buf_put_slice(row, oc_slice_sub(json, 0, json.len - 1));
    size_t end = row->len;
    oc_buf_put_slice(row, OC_STR(",\"sourceModelName\":"));
    oc_json_put_string(row, name);
    oc_buf_put_char(row, '}');
    if (row->failed)
        return oc_fail_nomem(err);
    if (row->len - end > UINT16_MAX)
        return oc_fail(err, OC_EINVAL, "the source model's name is too long");
    uint16_t end_len = (uint16_t)(row->len - end);
    memcpy(row->ptr + 6, &end_len, sizeof end_len);
    return store_row(tx, pid, seq, row, err);
}

static int row_json(struct oc_read *read, uint32_t pid, uint64_t seq,
                    enum oc_job_status *ret_status, struct oc_slice *ret, struct oc_err *err)
{
    struct oc_key key = oc_key_seq(pid, seq);
    struct oc_slice value;

    int rc = oc_env_get(read, read->store->rows, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECORRUPT, "the record of job %llu of partition %u is missing",
                       (unsigned long long)seq, pid);
    return rc < 0 ? rc : oc_row_check(read, pid, seq, value, ret_status, ret, err);
}

/* -- text segments
 * --------------------------------------------------------------------------------- */

int oc_text_json(const struct oc_seal *text, uint32_t size, uint32_t index, struct oc_slice *ret,
                 struct oc_err *err)
{
    const uint32_t *at = oc_seal_at(text, OC_TEXT_OFFSETS + 4UL * (size - 1 - index), 8, err);

    if (!at)
        return OC_ECORRUPT;
    const char *json = at[0] <= at[1] ? oc_seal_at(text, at[0], at[1] - at[0], err) : NULL;
    if (!json)
        return oc_fail(err, OC_ECORRUPT, "the text segment of partition %u at job %llu is damaged",
                       text->pid, (unsigned long long)text->first);
    *ret = (struct oc_slice){json, at[1] - at[0]};
    return OC_OK;
}

int oc_row_json(struct oc_read *read, const struct oc_part *part, uint64_t seq,
                struct oc_slice *ret, struct oc_err *err)
{
    uint32_t size = read->store->shape.text;
    enum oc_job_status status;

    if (seq < part->text_next) {
        struct oc_seal text;
        int rc = oc_seal_open(read, OC_SEAL_TEXT, part->pid, 0, seq / size * size, &text, err);
        if (rc == OC_ENOTFOUND)
            return oc_fail(err, OC_ECORRUPT,
                           "the text segment of partition %u at job %llu is missing", part->pid,
                           (unsigned long long)(seq / size * size));
        if (rc == OC_OK)
            rc = oc_text_json(&text, size, (uint32_t)(seq % size), ret, err);
        if (rc < 0 || ret->len)
            return rc;
    }
    return row_json(read, part->pid, seq, &status, ret, err);
}

int oc_text_build(struct oc_read *read, uint32_t pid, uint64_t first, struct oc_buf *ret,
                  struct oc_err *err)
{
    uint32_t size = read->store->shape.text;
    enum oc_job_status status;
    struct oc_slice json;

    oc_buf_reset(ret);
    oc_seal_begin(ret, OC_SEAL_TEXT, pid, 0, first);
    (void)oc_buf_extend(ret, OC_TEXT_OFFSETS - sizeof(struct oc_seal_head) + 4UL * (size + 1));
    if (ret->failed)
        return oc_fail_nomem(err);
    memset(ret->ptr + sizeof(struct oc_seal_head), 0, ret->len - sizeof(struct oc_seal_head));
    for (uint32_t i = 0; i <= size; i++) {
        if (ret->failed || ret->len > TEXT_MAX)
            return oc_fail_nomem(err);
        oc_st32(ret->ptr + OC_TEXT_OFFSETS + 4UL * i, (uint32_t)ret->len);
        if (i == size)
            break;
        int rc = row_json(read, pid, first + size - 1 - i, &status, &json, err);
        if (rc < 0)
            return rc;
        if (status != OC_JOB_IN_PROGRESS)
            oc_buf_put_slice(ret, json);
    }
    return oc_seal_finish(ret) ? OC_OK : oc_fail_nomem(err);
}

/* A copy of rows that an older version kept; nothing reads it. */
static int drop_young(struct oc_tx *tx, struct oc_wpart *wpart, struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_YOUNG, wpart->part.pid, 0);

    wpart->part.young = 0;
    return oc_tx_unset(tx, tx->store->index, oc_key_slice(&key), err);
}

int oc_text_put(struct oc_tx *tx, uint32_t pid, uint64_t first, struct oc_slice text,
                struct oc_err *err)
{
    uint32_t size = tx->store->shape.text;
    const char *table = text.ptr + OC_TEXT_OFFSETS;
    struct oc_key key = oc_key_seq(pid, first);
    struct oc_wpart *wpart;

    int rc = oc_part_touch_pid(tx, pid, &wpart, err);
    if (rc == OC_OK)
        rc = oc_tx_put_seal(tx, tx->store->texts, &key, text, err);
    for (uint32_t i = 0; rc == OC_OK && i < size; i++) {
        uint32_t d = size - 1 - i;
        if (oc_ld32(table + 4UL * d) == oc_ld32(table + 4UL * (d + 1)))
            continue;
        key = oc_key_seq(pid, first + i);
        rc = oc_tx_unset(tx, tx->store->rows, oc_key_slice(&key), err);
    }
    if (rc == OC_OK) {
        wpart->part.text_next = first + size;
        wpart->dirty = true;
    }
    return rc == OC_OK && wpart->part.young ? drop_young(tx, wpart, err) : rc;
}
