/*
 * Reading a segment. Every byte is reached through oc_seal_at, which verifies it on first use;
 * what is verified is trusted to be what segment_build.c wrote.
 */
#include "store/lmdb/impl.h"

int oc_seg_open(struct oc_read *read, uint32_t pid, unsigned level, uint64_t first,
                struct oc_seg *ret, struct oc_err *err)
{
    int rc = oc_seal_open(read, OC_SEAL_SEGMENT, pid, level, first, &ret->seal, err);

    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECORRUPT, "the segment of partition %u at job %llu is missing", pid,
                       (unsigned long long)first);
    if (rc < 0)
        return rc;
    memcpy(&ret->head, ret->seal.bytes, sizeof ret->head);
    return OC_OK;
}

static const void *at(const struct oc_seg *seg, uint64_t base, uint64_t offset, size_t len,
                      struct oc_err *err)
{
    return oc_seal_at(&seg->seal, base + offset, len, err);
}

static int64_t time_at(const struct oc_seg *seg, const void *since)
{
    return seg->head.first_ms +
           (int64_t)(seg->head.ms_bytes == 4 ? oc_ld32(since) : oc_ld64(since));
}

int oc_seg_before(const struct oc_seg *seg, int64_t ms, uint32_t *ret, struct oc_err *err)
{
    uint32_t low = 0, high = seg->head.count;

    if (ms <= seg->head.first_ms)
        high = 0;
    else if (ms > seg->head.last_ms)
        low = high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const void *since = at(seg, seg->head.at_ms, (uint64_t)seg->head.ms_bytes * middle,
                               seg->head.ms_bytes, err);
        if (!since)
            return OC_ECORRUPT;
        if (time_at(seg, since) < ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return OC_OK;
}

static int bloom_has(const struct oc_seg *seg, uint64_t id, bool *ret, struct oc_err *err)
{
    uint64_t h = oc_id_hash(id);
    const uint8_t *line =
        at(seg, seg->head.at_bloom, 64 * ((h >> 32) * seg->head.bloom_lines >> 32), 64, err);

    if (!line)
        return OC_ECORRUPT;
    *ret = true;
    for (int k = 0; k < 3; k++, h >>= 9)
        *ret = *ret && (line[(h & 511) / 8] >> (h & 7) & 1);
    return OC_OK;
}

int oc_seg_find_id(const struct oc_seg *seg, uint64_t id, uint32_t *ret, struct oc_err *err)
{
    uint32_t low = 0, high = seg->head.count;
    bool maybe;

    int rc = bloom_has(seg, id, &maybe, err);
    if (rc < 0)
        return rc;
    while (maybe && low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint64_t *value = at(seg, seg->head.at_ids, 8UL * middle, 8, err);
        if (!value)
            return OC_ECORRUPT;
        if (*value == id) {
            const uint32_t *position = at(seg, seg->head.at_positions, 4UL * middle, 4, err);
            if (!position)
                return OC_ECORRUPT;
            *ret = *position;
            return OC_OK;
        }
        if (*value < id)
            low = middle + 1;
        else
            high = middle;
    }
    return OC_ENOTFOUND;
}

static int name_offset(const struct oc_seg *seg, uint32_t position, uint32_t *ret,
                       struct oc_err *err)
{
    const uint32_t *base = at(seg, seg->head.at_name_base, 4UL * (position / 512), 4, err);
    const uint16_t *offset = at(seg, seg->head.at_name_at, 2UL * position, 2, err);

    if (!base || !offset)
        return OC_ECORRUPT;
    *ret = *base + *offset;
    return OC_OK;
}

void oc_seg_fetch_offset(const struct oc_seg *seg, uint32_t position)
{
    __builtin_prefetch(seg->seal.bytes + seg->head.at_name_at + 2UL * position);
}

int oc_seg_fetch_name(const struct oc_seg *seg, uint32_t position, struct oc_err *err)
{
    uint32_t offset;

    int rc = name_offset(seg, position, &offset, err);
    if (rc < 0)
        return rc;
    const uint8_t *name = seg->seal.bytes + seg->head.at_names + offset;
    __builtin_prefetch(name);
    __builtin_prefetch(name + 63);
    return OC_OK;
}

const char *oc_seg_name(const struct oc_seg *seg, uint32_t position, struct oc_err *err)
{
    uint32_t offset;

    if (name_offset(seg, position, &offset, err) < 0)
        return NULL;
    return at(seg, seg->head.at_names, offset, 64, err);
}

/* -- sets -----------------------------------------------------------------------------------------
 */

static int damaged(const struct oc_seg *seg, struct oc_err *err)
{
    return oc_fail(err, OC_ECORRUPT, "the segment of partition %u at job %llu contradicts itself",
                   seg->seal.pid, (unsigned long long)seg->seal.first);
}

/* The head of a posting, verified as one piece as long as a posting's head can be. */
static const uint16_t *posting_units(const struct oc_seg *seg, uint32_t unit, uint32_t want,
                                     struct oc_err *err)
{
    uint32_t left = unit < seg->head.post_units ? seg->head.post_units - unit : 0;

    if (left < 1) {
        (void)damaged(seg, err);
        return NULL;
    }
    return at(seg, seg->head.at_posts, 2UL * unit, 2UL * (want < left ? want : left), err);
}

static int read_posting(const struct oc_seg *seg, uint32_t unit, struct oc_set *ret,
                        struct oc_err *err)
{
    uint32_t blocks = (seg->head.count + seg->head.block - 1) / seg->head.block;
    const uint16_t *units = posting_units(seg, unit, 1 + 4 * blocks, err), *p = units;

    if (!units)
        return OC_ECORRUPT;
    uint32_t word = *p++, total = 0;
    for (uint32_t k = 0; k < blocks; k++) {
        uint32_t count = 0, line = 0, kind = OC_SET_NONE;
        if (word & 0x100U << k) {
            line = oc_ld32(p);
            count = oc_ld32(p + 2);
            p += 4;
            kind = line == OC_NONE ? OC_SET_ALL : OC_SET_BITS;
        } else if (word & 1U << k) {
            count = *p++;
            kind = OC_SET_ARRAY;
        }
        ret->block[k].kind = (uint8_t)kind;
        ret->block[k].count = count;
        ret->block[k].line = line;
        total += count;
    }
    ret->total = total;
    unit += (uint32_t)(p - units);
    for (uint32_t k = 0; k < blocks; k++) {
        if (ret->block[k].kind != OC_SET_ARRAY)
            continue;
        ret->block[k].array =
            at(seg, seg->head.at_posts, 2UL * unit, 2UL * ret->block[k].count, err);
        if (!ret->block[k].array)
            return OC_ECORRUPT;
        unit += ret->block[k].count;
    }
    return OC_OK;
}

static int posting_at(const struct oc_seg *seg, uint32_t table, uint32_t index, uint32_t count,
                      struct oc_set *ret, struct oc_err *err)
{
    if (index >= count)
        return damaged(seg, err);
    const uint32_t *unit = at(seg, table, 4UL * index, 4, err);
    return unit ? read_posting(seg, *unit, ret, err) : OC_ECORRUPT;
}

static uint32_t bucket_of(const struct oc_seg *seg, uint32_t term)
{
    return (uint32_t)((uint64_t)oc_term_hash(term) << seg->head.bucket_bits >> 32);
}

void oc_seg_fetch_gram(const struct oc_seg *seg, uint32_t gram)
{
    __builtin_prefetch(seg->seal.bytes + seg->head.at_grams + 64UL * (gram / OC_GRAM_LINE));
}

void oc_seg_fetch_term(const struct oc_seg *seg, uint32_t term)
{
    __builtin_prefetch(seg->seal.bytes + seg->head.at_buckets + 4UL * bucket_of(seg, term));
}

int oc_seg_gram(const struct oc_seg *seg, uint32_t gram, struct oc_set *ret, struct oc_err *err)
{
    uint32_t bit = gram % OC_GRAM_LINE;
    const uint64_t *line = at(seg, seg->head.at_grams, 64UL * (gram / OC_GRAM_LINE), 64, err);

    if (!line)
        return OC_ECORRUPT;
    if (!(line[1 + bit / 64] >> (bit % 64) & 1))
        return OC_ENOTFOUND;
    uint32_t rank = (uint32_t)line[0];
    for (uint32_t i = 0; i < bit / 64; i++)
        rank += (uint32_t)__builtin_popcountll(line[1 + i]);
    rank += (uint32_t)__builtin_popcountll(line[1 + bit / 64] & ((1ULL << (bit % 64)) - 1));
    return posting_at(seg, seg->head.at_gram_posts, rank, seg->head.gram_count, ret, err);
}

int oc_seg_term(const struct oc_seg *seg, uint32_t term, struct oc_set *ret, struct oc_err *err)
{
    const uint32_t *range = at(seg, seg->head.at_buckets, 4UL * bucket_of(seg, term), 8, err);

    if (!range)
        return OC_ECORRUPT;
    if (range[0] > range[1] || range[1] > seg->head.term_count)
        return damaged(seg, err);
    const uint32_t *terms =
        at(seg, seg->head.at_terms, 4UL * range[0], 4UL * (range[1] - range[0]), err);
    if (!terms)
        return OC_ECORRUPT;
    for (uint32_t i = 0; i < range[1] - range[0]; i++) {
        if (terms[i] == term)
            return posting_at(seg, seg->head.at_term_posts, range[0] + i, seg->head.term_count, ret,
                              err);
    }
    return OC_ENOTFOUND;
}

const uint64_t *oc_seg_bits(const struct oc_seg *seg, uint32_t line, uint32_t lines,
                            struct oc_err *err)
{
    return at(seg, seg->head.at_bits, 64UL * line, 64UL * lines, err);
}

/* -- back to columns
 * -------------------------------------------------------------------------------- */

/* Each job of a set gets `term` as its account or its model. */
static int spread_term(const struct oc_seg *seg, uint32_t term, const struct oc_set *set,
                       uint32_t *column, struct oc_err *err)
{
    uint32_t block = seg->head.block, blocks = (seg->head.count + block - 1) / block;

    for (uint32_t k = 0; k < blocks; k++) {
        uint32_t *to = column + k * block;
        uint32_t jobs = seg->head.count - k * block < block ? seg->head.count - k * block : block;
        if (set->block[k].kind == OC_SET_ARRAY) {
            for (uint32_t i = 0; i < set->block[k].count; i++) {
                if (set->block[k].array[i] >= jobs)
                    return damaged(seg, err);
                to[set->block[k].array[i]] = term;
            }
        } else if (set->block[k].kind == OC_SET_ALL) {
            for (uint32_t i = 0; i < jobs; i++)
                to[i] = term;
        } else if (set->block[k].kind == OC_SET_BITS) {
            const uint64_t *bits = oc_seg_bits(seg, set->block[k].line, (block + 511) / 512, err);
            if (!bits)
                return OC_ECORRUPT;
            for (uint32_t i = 0; i < jobs; i++) {
                if (bits[i / 64] >> (i % 64) & 1)
                    to[i] = term;
            }
        }
    }
    return OC_OK;
}

static int spread_terms(const struct oc_seg *seg, struct oc_cols *cols, uint32_t base,
                        struct oc_err *err)
{
    const uint32_t *terms = at(seg, seg->head.at_terms, 0, 4UL * seg->head.term_count, err);
    struct oc_set set;

    if (!terms)
        return OC_ECORRUPT;
    for (uint32_t i = 0; i < seg->head.term_count; i++) {
        int rc = posting_at(seg, seg->head.at_term_posts, i, seg->head.term_count, &set, err);
        if (rc == OC_OK)
            rc = spread_term(seg, terms[i], &set,
                             (terms[i] & 1 ? cols->model : cols->account) + base, err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

int oc_seg_columns(const struct oc_seg *seg, struct oc_cols *cols, struct oc_err *err)
{
    uint32_t count = seg->head.count, base = cols->count;
    const char *ms = at(seg, seg->head.at_ms, 0, (size_t)seg->head.ms_bytes * count, err);
    const uint64_t *ids = at(seg, seg->head.at_ids, 0, 8UL * count, err);
    const uint32_t *positions = at(seg, seg->head.at_positions, 0, 4UL * count, err);

    if (!ms || !ids || !positions)
        return OC_ECORRUPT;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = oc_seg_name(seg, i, err);
        if (!name)
            return OC_ECORRUPT;
        oc_cols_add(cols,
                    &(struct oc_group_row){.ms = time_at(seg, ms + (size_t)seg->head.ms_bytes * i),
                                           .name = {name, strnlen(name, OC_NAME_MAX)}});
    }
    for (uint32_t i = 0; i < count; i++) {
        if (positions[i] >= count)
            return damaged(seg, err);
        cols->id[base + positions[i]] = ids[i];
    }
    return spread_terms(seg, cols, base, err);
}
