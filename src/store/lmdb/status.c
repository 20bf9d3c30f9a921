/*
 * The status of jobs: the one thing about a listed job that changes, so it stands apart.
 *
 * A chunk (8,192 jobs) has two bit planes, "has ended" and "has failed", in one value; a super
 * (262,144 jobs) has these bits counted for each of its chunks in another, so that chunks without
 * a match are passed over. A job that ends rewrites these two. When all jobs of a super have ended,
 * or all but a few while many newer ones came, it is sealed: the failures go into one immutable
 * plane, the few into a list (status_late.c), and the values are removed.
 *
 * Chunk: 0 CRC-32C, 4 version, 8 ended bits, failed bits. Counts: 0 CRC-32C, 4 version, 8 for each
 * chunk ended u32, failed u32. Absent: no job has ended. Sealed: head, failures of each chunk u32,
 * on a cache line the plane.
 */
#include "store/lmdb/impl.h"

#include <assert.h>

#define VERSION 1
#define HEAD    8
#define YOUNG   4   /* a super stays young until a fourth as many jobs came after it */
#define FEW     128 /* one of so many jobs of a super may be late */

static uint32_t chunks_of(const struct oc_store *store)
{
    return store->shape.super / store->shape.chunk;
}

static size_t plane_offset(const struct oc_store *store)
{
    size_t at = sizeof(struct oc_seal_head) + 4UL * chunks_of(store);

    return at + (64 - (at + 16) % 64) % 64;
}

/* *ret is NULL when the value is absent. */
static int load(struct oc_read *read, enum oc_index_kind kind, uint32_t pid, uint64_t number,
                size_t len, const uint8_t **ret, struct oc_err *err)
{
    struct oc_key key = oc_key_index(kind, pid, number);
    struct oc_slice value;

    *ret = NULL;
    int rc = oc_env_get(read, read->store->index, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0)
        return rc;
    if (value.len != len || value.ptr[4] != VERSION ||
        !oc_small_ok(read, (uint8_t)kind, pid, number, value))
        return oc_fail(err, OC_ECORRUPT,
                       "status bits %c%llu of partition %u do not match their checksum", kind,
                       (unsigned long long)number, pid);
    *ret = (const uint8_t *)value.ptr;
    return OC_OK;
}

static size_t planes_len(const struct oc_store *store)
{
    return HEAD + store->shape.chunk / 4;
}

static size_t counts_len(const struct oc_store *store)
{
    return HEAD + 8UL * chunks_of(store);
}

/* -- asking
 * ----------------------------------------------------------------------------------------- */

static int load_supers(struct oc_read *read, uint32_t pid, struct oc_slice *ret, struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_SUPERS, pid, 0);
    struct oc_slice value;

    *ret = (struct oc_slice){0};
    int rc = oc_env_get(read, read->store->index, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0)
        return rc;
    if (value.len < HEAD || !oc_small_ok(read, OC_INDEX_SUPERS, pid, 0, value))
        return oc_fail(err, OC_ECORRUPT, "the list of sealed planes of partition %u is damaged",
                       pid);
    *ret = (struct oc_slice){value.ptr + HEAD, value.len - HEAD};
    return OC_OK;
}

static bool super_is_sealed(struct oc_slice supers, uint64_t super)
{
    return super / 8 < supers.len && ((uint8_t)supers.ptr[super / 8] >> (super % 8) & 1);
}

int oc_status_begin(struct oc_status *status, struct oc_read *read, uint32_t pid,
                    enum oc_job_status want, struct oc_err *err)
{
    status->read = read;
    status->pid = pid;
    status->want = want;
    status->super = status->chunk = UINT64_MAX;
    return load_supers(read, pid, &status->supers, err);
}

bool oc_status_is_sealed(const struct oc_status *status, uint64_t seq)
{
    return super_is_sealed(status->supers, seq / status->read->store->shape.super);
}

static int enter_super(struct oc_status *status, uint64_t super, struct oc_err *err)
{
    if (status->super == super)
        return OC_OK;
    status->sealed = super_is_sealed(status->supers, super);
    int rc;
    if (status->sealed) {
        rc = oc_seal_open(status->read, OC_SEAL_FAILED, status->pid, 0, super, &status->plane, err);
        if (rc == OC_ENOTFOUND)
            rc =
                oc_fail(err, OC_ECORRUPT, "a sealed plane of partition %u is missing", status->pid);
        if (rc == OC_OK)
            rc = oc_late_load(status->read, status->pid, super, &status->late, err);
    } else {
        rc = load(status->read, OC_INDEX_COUNTS, status->pid, super,
                  counts_len(status->read->store), &status->counts, err);
    }
    if (rc == OC_OK)
        status->super = super;
    return rc;
}

/* How many jobs of [from, to), positions in the super's chunks, had failed when it was sealed. */
static int count_failures(const struct oc_status *status, uint64_t from, uint64_t to, uint32_t *ret,
                          struct oc_err *err)
{
    uint32_t chunk = (uint32_t)(from / status->read->store->shape.chunk);
    uint32_t last = (uint32_t)((to - 1) / status->read->store->shape.chunk);
    const uint32_t *counts = oc_seal_at(&status->plane, sizeof(struct oc_seal_head) + 4UL * chunk,
                                        4UL * (last - chunk + 1), err);

    if (!counts)
        return OC_ECORRUPT;
    *ret = 0;
    for (uint32_t i = 0; i <= last - chunk; i++)
        *ret += counts[i];
    return OC_OK;
}

/*
 * What was not late had ended, so Completed is "not failed" and nothing is in progress. Where late
 * jobs make a difference the bits are copied and put right.
 */
static int sealed_bits(struct oc_status *status, uint64_t base, uint64_t from, uint64_t to,
                       enum oc_status_match *ret_match, struct oc_bits_op *ret_op,
                       struct oc_err *err)
{
    const struct oc_store *store = status->read->store;
    uint64_t first = status->super * store->shape.super, invert = UINT64_MAX;
    struct oc_late late = oc_late_range(&status->late, from - first, to - first);
    bool corrected = oc_late_matters(&late, status->want);
    uint32_t failed = 0;

    int rc = count_failures(status, from - first, to - first, &failed, err);
    *ret_match = status->want == OC_JOB_COMPLETED ? OC_STATUS_EVERY_JOB : OC_STATUS_NO_JOB;
    if (rc < 0 || (!corrected && (failed == 0 || status->want == OC_JOB_IN_PROGRESS)))
        return rc;
    uint64_t line = (from - first) / 512, end = (to - first + 511) / 512;
    const uint64_t *words =
        oc_seal_at(&status->plane, plane_offset(store) + 64 * line, 64 * (end - line), err);
    if (!words)
        return OC_ECORRUPT;
    if (status->want == OC_JOB_FAILED)
        invert = 0;
    if (corrected) {
        assert(end - line <= sizeof status->words / 64);
        status->chunk = UINT64_MAX;
        for (uint64_t i = 0; i < 8 * (end - line); i++)
            status->words[i] = status->want == OC_JOB_IN_PROGRESS ? 0 : words[i] ^ invert;
        oc_late_correct(&late, status->want, 512 * line, status->words);
        words = status->words;
        invert = 0;
    }
    *ret_match = OC_STATUS_BITS;
    *ret_op = (struct oc_bits_op){.words = words,
                                  .skew = ((int64_t)(first + 512 * line) - (int64_t)base) / 64,
                                  .invert = invert};
    return OC_OK;
}

static uint32_t matching(enum oc_job_status want, uint32_t jobs, uint32_t ended, uint32_t failed)
{
    if (want == OC_JOB_IN_PROGRESS)
        return jobs - ended;
    return want == OC_JOB_FAILED ? failed : ended - failed;
}

static int load_words(struct oc_status *status, uint64_t chunk, struct oc_err *err)
{
    const struct oc_store *store = status->read->store;
    uint32_t words = store->shape.chunk / 64;
    const uint8_t *value;

    if (status->chunk == chunk)
        return OC_OK;
    int rc =
        load(status->read, OC_INDEX_PLANES, status->pid, chunk, planes_len(store), &value, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < words; i++) {
        uint64_t ended = value ? oc_ld64(value + HEAD + 8UL * i) : 0;
        uint64_t failed = value ? oc_ld64(value + HEAD + 8UL * (words + i)) : 0;
        if (status->want == OC_JOB_IN_PROGRESS)
            status->words[i] = ~ended;
        else
            status->words[i] = status->want == OC_JOB_FAILED ? failed : ended & ~failed;
    }
    status->chunk = chunk;
    return OC_OK;
}

int oc_status_bits(struct oc_status *status, uint64_t base, uint64_t from, uint64_t to,
                   enum oc_status_match *ret_match, struct oc_bits_op *ret_op, struct oc_err *err)
{
    const struct oc_shape *shape = &status->read->store->shape;
    uint64_t chunk = from / shape->chunk;

    int rc = enter_super(status, from / shape->super, err);
    if (rc < 0)
        return rc;
    if (status->sealed)
        return sealed_bits(status, base, from, to, ret_match, ret_op, err);
    uint32_t ended = 0, failed = 0;
    if (status->counts) {
        const uint8_t *entry = status->counts + HEAD + 8 * (chunk % chunks_of(status->read->store));
        ended = oc_ld32(entry);
        failed = oc_ld32(entry + 4);
    }
    uint32_t jobs = matching(status->want, shape->chunk, ended, failed);
    *ret_match = jobs == 0              ? OC_STATUS_NO_JOB
                 : jobs == shape->chunk ? OC_STATUS_EVERY_JOB
                                        : OC_STATUS_BITS;
    if (*ret_match != OC_STATUS_BITS)
        return OC_OK;
    rc = load_words(status, chunk, err);
    *ret_op = (struct oc_bits_op){.words = status->words};
    /* `base` may lie before the chunk or, for a small segment, inside it. */
    ret_op->skew = ((int64_t)(chunk * shape->chunk) - (int64_t)base) / 64;
    return rc;
}

int oc_status_open_jobs(struct oc_read *read, uint32_t pid, uint64_t from, uint64_t to,
                        uint32_t *ret, struct oc_err *err)
{
    uint32_t size = read->store->shape.chunk, open = 0;
    struct oc_slice supers;
    const uint8_t *value;

    int rc = load_supers(read, pid, &supers, err);
    if (rc == OC_OK && super_is_sealed(supers, from / read->store->shape.super))
        return oc_late_open_jobs(read, pid, from, to, ret, err);
    if (rc == OC_OK)
        rc = load(read, OC_INDEX_PLANES, pid, from / size, planes_len(read->store), &value, err);
    if (rc < 0)
        return rc;
    for (uint64_t seq = from; seq < to; seq += 64) {
        uint64_t ended = value ? oc_ld64(value + HEAD + 8 * (seq % size / 64)) : 0;
        open += (uint32_t)__builtin_popcountll(~ended);
    }
    *ret = open;
    return OC_OK;
}

/* -- changing
 * --------------------------------------------------------------------------------------- */

static int copy_out(struct oc_tx *tx, enum oc_index_kind kind, uint32_t pid, uint64_t number,
                    size_t len, struct oc_buf *ret, struct oc_err *err)
{
    const uint8_t *old;

    int rc = load(&tx->read, kind, pid, number, len, &old, err);
    if (rc < 0)
        return rc;
    oc_buf_reset(ret);
    void *copy = oc_buf_extend(ret, len);
    if (!copy)
        return oc_fail_nomem(err);
    if (old) {
        memcpy(copy, old, len);
    } else {
        memset(copy, 0, len);
        ret->ptr[4] = VERSION;
    }
    return OC_OK;
}

static int put_back(struct oc_tx *tx, enum oc_index_kind kind, uint32_t pid, uint64_t number,
                    struct oc_buf *value, struct oc_err *err)
{
    struct oc_key key = oc_key_index(kind, pid, number);

    oc_st32(value->ptr,
            oc_crc32c(oc_small_seed((uint8_t)kind, pid, number), value->ptr + 4, value->len - 4));
    return oc_tx_set(tx, tx->store->index, oc_key_slice(&key), oc_buf_slice(value), err);
}

static bool has_bit(const uint8_t *plane, uint64_t bit)
{
    return plane[bit / 8] >> (bit % 8) & 1;
}

static void add_bit(char *plane, uint64_t bit)
{
    plane[bit / 8] = (char)((uint8_t)plane[bit / 8] | 1U << (bit % 8));
}

int oc_status_end(struct oc_tx *tx, uint32_t pid, uint64_t seq, bool failed, struct oc_err *err)
{
    const struct oc_shape *shape = &tx->store->shape;
    uint64_t chunk = seq / shape->chunk, super = seq / shape->super, bit = seq % shape->chunk;
    struct oc_buf *value = &tx->scratch;
    struct oc_slice supers;

    int rc = load_supers(&tx->read, pid, &supers, err);
    if (rc == OC_OK && super_is_sealed(supers, super))
        return oc_late_end(tx, pid, seq, failed, err);
    if (rc == OC_OK)
        rc = copy_out(tx, OC_INDEX_PLANES, pid, chunk, planes_len(tx->store), value, err);
    if (rc < 0)
        return rc;
    add_bit(value->ptr + HEAD, bit);
    if (failed)
        add_bit(value->ptr + HEAD + shape->chunk / 8, bit);
    rc = put_back(tx, OC_INDEX_PLANES, pid, chunk, value, err);
    if (rc == OC_OK)
        rc = copy_out(tx, OC_INDEX_COUNTS, pid, super, counts_len(tx->store), value, err);
    if (rc < 0)
        return rc;
    char *entry = value->ptr + HEAD + 8 * (chunk % chunks_of(tx->store));
    oc_st32(entry, oc_ld32(entry) + 1);
    oc_st32(entry + 4, oc_ld32(entry + 4) + failed);
    return put_back(tx, OC_INDEX_COUNTS, pid, super, value, err);
}

/* -- sealing
 * ---------------------------------------------------------------------------------------- */

/* Few enough jobs of a full super are open. Those of a young super may all end soon. */
static bool may_seal(const struct oc_store *store, const uint8_t *counts, uint64_t younger)
{
    uint32_t size = store->shape.super, open = size;

    for (uint32_t i = 0; counts && i < chunks_of(store); i++)
        open -= oc_ld32(counts + HEAD + 8UL * i);
    return open == 0 || (open <= size / FEW && open <= OC_LATE_MAX && younger >= size / YOUNG);
}

/* The jobs of a chunk that have not ended. */
static void put_open(const uint8_t *ended, uint32_t first, uint32_t jobs, struct oc_buf *late)
{
    for (uint32_t at = 0; at < jobs; at += 64) {
        for (uint64_t open = ~oc_ld64(ended + at / 8); open; open &= open - 1) {
            uint32_t position = first + at + (uint32_t)__builtin_ctzll(open);
            oc_buf_put(late, &position, sizeof position);
        }
    }
}

static int put_planes(struct oc_read *read, uint32_t pid, uint64_t super, struct oc_buf *plane,
                      struct oc_buf *late, struct oc_err *err)
{
    static const uint8_t none[OC_BLOCK_MAX / 4];
    const struct oc_store *store = read->store;
    uint32_t jobs = store->shape.chunk;
    const uint8_t *value;

    for (uint32_t i = 0; i < chunks_of(store); i++) {
        int rc = load(read, OC_INDEX_PLANES, pid, super * chunks_of(store) + i, planes_len(store),
                      &value, err);
        if (rc < 0)
            return rc;
        const uint8_t *ended = value ? value + HEAD : none;
        oc_buf_put(plane, ended + jobs / 8, jobs / 8);
        put_open(ended, i * jobs, jobs, late);
    }
    return OC_OK;
}

int oc_status_seal(struct oc_read *read, const struct oc_part *part, uint64_t super,
                   struct oc_buf *plane, struct oc_buf *late, bool *ret_ready, struct oc_err *err)
{
    struct oc_store *store = read->store;
    uint64_t younger = part->next_seq - (super + 1) * store->shape.super;
    const uint8_t *counts;
    struct oc_slice supers;

    *ret_ready = false;
    int rc = load_supers(read, part->pid, &supers, err);
    if (rc < 0 || super_is_sealed(supers, super))
        return rc;
    rc = load(read, OC_INDEX_COUNTS, part->pid, super, counts_len(store), &counts, err);
    if (rc < 0 || !may_seal(store, counts, younger))
        return rc;
    oc_buf_reset(plane);
    oc_buf_reset(late);
    oc_seal_begin(plane, OC_SEAL_FAILED, part->pid, 0, super);
    for (uint32_t i = 0; i < chunks_of(store); i++)
        oc_buf_put(plane, counts + HEAD + 8UL * i + 4, 4);
    oc_seal_align(plane);
    rc = put_planes(read, part->pid, super, plane, late, err);
    if (rc < 0)
        return rc;
    if (!oc_seal_finish(plane) || late->failed)
        return oc_fail_nomem(err);
    *ret_ready = true;
    return OC_OK;
}

static int mark_sealed(struct oc_tx *tx, uint32_t pid, uint64_t super, struct oc_err *err)
{
    struct oc_buf *value = &tx->scratch;
    struct oc_slice supers;

    int rc = load_supers(&tx->read, pid, &supers, err);
    if (rc < 0)
        return rc;
    size_t len = supers.len > super / 8 ? supers.len : super / 8 + 1;
    oc_buf_reset(value);
    char *to = oc_buf_extend(value, HEAD + len);
    if (!to)
        return oc_fail_nomem(err);
    memset(to, 0, HEAD + len);
    if (supers.len)
        memcpy(to + HEAD, supers.ptr, supers.len);
    to[4] = VERSION;
    add_bit(to + HEAD, super);
    return put_back(tx, OC_INDEX_SUPERS, pid, 0, value, err);
}

/* Some of the late jobs may have ended since the snapshot that the plane was made from. */
static int put_late(struct oc_tx *tx, uint32_t pid, uint64_t super, struct oc_slice late,
                    struct oc_err *err)
{
    uint32_t jobs = tx->store->shape.chunk, *entry = (uint32_t *)(uintptr_t)late.ptr;
    const uint8_t *value;

    for (size_t i = 0; i < late.len / 4; i++) {
        /* Without a status that an attempt before this one, since undone, may have put there. */
        uint32_t position = entry[i] & (tx->store->shape.super - 1), bit = position % jobs;
        int rc =
            load(&tx->read, OC_INDEX_PLANES, pid, super * chunks_of(tx->store) + position / jobs,
                 planes_len(tx->store), &value, err);
        if (rc < 0)
            return rc;
        entry[i] = position;
        if (value && has_bit(value + HEAD, bit))
            entry[i] |= oc_late_status(has_bit(value + HEAD + jobs / 8, bit) ? OC_JOB_FAILED
                                                                             : OC_JOB_COMPLETED);
    }
    return oc_late_put(tx, pid, super, late, err);
}

int oc_status_put_sealed(struct oc_tx *tx, uint32_t pid, uint64_t super, struct oc_slice plane,
                         struct oc_slice late, struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_FAILED, pid, super);

    int rc = oc_tx_put_seal(tx, tx->store->index, &key, plane, err);
    if (rc == OC_OK && late.len)
        rc = put_late(tx, pid, super, late, err);
    if (rc == OC_OK)
        rc = mark_sealed(tx, pid, super, err);
    for (uint32_t i = 0; rc == OC_OK && i < chunks_of(tx->store); i++) {
        key = oc_key_index(OC_INDEX_PLANES, pid, super * chunks_of(tx->store) + i);
        rc = oc_tx_unset(tx, tx->store->index, oc_key_slice(&key), err);
    }
    key = oc_key_index(OC_INDEX_COUNTS, pid, super);
    return rc < 0 ? rc : oc_tx_unset(tx, tx->store->index, oc_key_slice(&key), err);
}
