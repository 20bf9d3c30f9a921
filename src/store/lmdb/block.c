/*
 * Intersecting the sets of one block of a segment: by the shortest array if there is one, else line
 * by line of 512 bits. docs/list-engine.md says why.
 */
#include "store/lmdb/query_impl.h"

static int flush(struct query *q, struct block *b, struct oc_err *err)
{
    uint32_t count = b->pending;

    b->pending = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (oc_seg_fetch_name(b->seg, b->offset + b->candidates[i], err) < 0)
            return OC_ECORRUPT;
    }
    for (uint32_t i = 0; i < count && !is_full(q); i++) {
        const char *name = oc_seg_name(b->seg, b->offset + b->candidates[i], err);
        if (!name)
            return OC_ECORRUPT;
        if (oc_bits_name_has(name, q->ask->name_contains))
            q->seqs[q->found++] = b->base + b->candidates[i];
    }
    return OC_OK;
}

/* A job that the sets select. Names are verified some at a time, so that the memory's latency is
 * paid once for all of them. */
static int emit(struct query *q, struct block *b, uint32_t position, struct oc_err *err)
{
    if (!q->verify) {
        q->seqs[q->found++] = b->base + position;
        return OC_OK;
    }
    oc_seg_fetch_offset(b->seg, b->offset + position);
    b->candidates[b->pending++] = position;
    return b->pending == NAMES_AHEAD ? flush(q, b, err) : OC_OK;
}

/* Every job of the block is in every set. */
static int take_all(struct query *q, struct block *b, struct oc_err *err)
{
    int rc = OC_OK;

    for (uint32_t i = 0; i < b->high - b->low && rc == OC_OK && !is_full(q); i++)
        rc = emit(q, b, q->ask->ascending ? b->low + i : b->high - 1 - i, err);
    return rc;
}

static int emit_line(struct query *q, struct block *b, uint32_t line, const uint64_t words[8],
                     struct oc_err *err)
{
    bool up = q->ask->ascending;
    int rc = OC_OK;

    for (uint32_t k = 0; k < 8; k++) {
        uint32_t index = up ? k : 7 - k, at = line * 512 + index * 64;
        uint64_t word = oc_bits_between(b->low, b->high, at, words[index]);
        while (word && rc == OC_OK && !is_full(q)) {
            uint32_t bit = (uint32_t)(up ? __builtin_ctzll(word) : 63 - __builtin_clzll(word));
            word &= ~(1ULL << bit);
            rc = emit(q, b, at + bit, err);
        }
    }
    return rc;
}

static int run_bits(struct query *q, struct block *b, struct oc_err *err)
{
    uint32_t first = b->low / 512, end = (b->high + 511) / 512;
    uint64_t words[8];
    int rc = OC_OK;

    if (q->ask->ascending) {
        uint32_t line = first;
        while (rc == OC_OK && !is_full(q) &&
               (line = oc_bits_up(b->bits, b->bits_count, line, end, words)) != OC_NONE)
            rc = emit_line(q, b, line++, words, err);
    } else {
        uint32_t line = end - 1;
        while (rc == OC_OK && !is_full(q) &&
               (line = oc_bits_down(b->bits, b->bits_count, line, first, words)) != OC_NONE)
            rc = emit_line(q, b, line--, words, err);
    }
    return rc;
}

/* First index whose item is at least `value`. Without branches that depend on the items, so that
 * several searches wait for memory at one time. */
static uint32_t lower_bound(const uint16_t *items, uint32_t count, uint32_t value)
{
    const uint16_t *low = items;

    for (; count > 1; count -= count / 2)
        low += (low[count / 2 - 1] < value) * (count / 2);
    return (uint32_t)(low - items) + (count && *low < value);
}

static unsigned filter_by_search(const uint16_t *items, uint32_t count, uint16_t *positions,
                                 unsigned n)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++) {
        uint16_t p = positions[i];
        uint32_t at = lower_bound(items, count, p);
        positions[kept] = p;
        kept += at < count && items[at] == p;
    }
    return kept;
}

static int filter_batch(struct query *q, struct block *b, unsigned driver, uint16_t *positions,
                        unsigned n, struct oc_err *err)
{
    int rc = OC_OK;

    for (unsigned k = 0; n && k < b->array_count; k++) {
        if (k != driver && b->arrays[k].count)
            n = filter_by_search(b->arrays[k].items, b->arrays[k].count, positions, n);
    }
    for (unsigned k = 0; n && k < b->bits_count; k++)
        n = oc_bits_filter(&b->bits[k], positions, n);
    for (unsigned i = 0; rc == OC_OK && i < n && !is_full(q); i++)
        rc = emit(q, b, positions[i], err);
    return rc;
}

/*
 * The smallest array leads, in batches. An array that is not much larger becomes a bitmap in the
 * scratch first: setting its bits is cheaper than searching it for each of the leader's items.
 */
static unsigned spread_second(struct query *q, struct block *b, unsigned driver)
{
    for (unsigned k = 0; k < b->array_count; k++) {
        if (k == driver || b->arrays[k].count > 8 * b->arrays[driver].count)
            continue;
        if (!q->has_scratch)
            memset(q->scratch, 0, SCRATCH_WORDS * sizeof *q->scratch);
        q->has_scratch = true;
        for (uint32_t i = 0; i < b->arrays[k].count; i++)
            q->scratch[b->arrays[k].items[i] / 64] |= 1ULL << (b->arrays[k].items[i] % 64);
        b->bits[b->bits_count++] = (struct oc_bits_op){.words = q->scratch};
        return k;
    }
    return driver;
}

static int run_array(struct query *q, struct block *b, struct oc_err *err)
{
    unsigned driver = 0;
    uint16_t positions[BATCH];
    int rc = OC_OK;

    for (unsigned k = 1; k < b->array_count; k++) {
        if (b->arrays[k].count < b->arrays[driver].count)
            driver = k;
    }
    const uint16_t *items = b->arrays[driver].items;
    uint32_t low = lower_bound(items, b->arrays[driver].count, b->low);
    uint32_t high = lower_bound(items, b->arrays[driver].count, b->high);
    if (low == high)
        return OC_OK;
    unsigned spread = spread_second(q, b, driver);
    uint32_t spread_count = b->arrays[spread].count;
    if (spread != driver)
        b->arrays[spread].count = 0; /* done by the bitmap */
    while (low < high && rc == OC_OK && !is_full(q)) {
        uint32_t n = high - low < BATCH ? high - low : BATCH;
        if (q->ask->ascending) {
            memcpy(positions, items + low, n * sizeof *positions);
            low += n;
        } else {
            for (uint32_t i = 0; i < n; i++)
                positions[i] = items[high - 1 - i];
            high -= n;
        }
        rc = filter_batch(q, b, driver, positions, n, err);
    }
    for (uint32_t i = 0; spread != driver && i < spread_count; i++)
        q->scratch[b->arrays[spread].items[i] / 64] = 0;
    return rc;
}

int oc_block_run(struct query *q, struct block *b, struct oc_err *err)
{
    int rc;

    if (b->array_count)
        rc = run_array(q, b, err);
    else if (b->bits_count)
        rc = run_bits(q, b, err);
    else
        rc = take_all(q, b, err);
    return rc == OC_OK && b->pending ? flush(q, b, err) : rc;
}

/* Few jobs have failed or are in progress: their bits come first, so that most lines end with the
 * operand after them. Most have completed: theirs come last. */
static void add_status(const struct query *q, struct block *b, const struct oc_bits_op *op)
{
    unsigned at = q->ask->status == OC_JOB_COMPLETED ? b->bits_count : 0;

    memmove(&b->bits[at + 1], &b->bits[at], (b->bits_count - at) * sizeof *op);
    b->bits[at] = *op;
    b->bits_count++;
}

/* The block again for each part of it whose status bits stand together. */
int oc_block_run_with_status(struct query *q, const struct block *whole, struct oc_err *err)
{
    const struct oc_shape *shape = &q->read->store->shape;
    uint64_t low = whole->base + whole->low, high = whole->base + whole->high;
    int rc = OC_OK;

    while (low < high && rc == OC_OK && !is_full(q)) {
        uint64_t edge = q->ask->ascending ? low : high - 1;
        uint64_t unit = oc_status_is_sealed(q->status, edge) ? shape->super : shape->chunk;
        uint64_t from = edge / unit * unit, to = from + unit;
        struct block b = *whole;
        enum oc_status_match match;
        struct oc_bits_op op;
        from = from > low ? from : low;
        to = to < high ? to : high;
        rc = oc_status_bits(q->status, b.base, from, to, &match, &op, err);
        if (rc == OC_OK && match == OC_STATUS_BITS)
            add_status(q, &b, &op);
        b.low = (uint32_t)(from - b.base);
        b.high = (uint32_t)(to - b.base);
        if (rc == OC_OK && match != OC_STATUS_NO_JOB)
            rc = oc_block_run(q, &b, err);
        if (q->ask->ascending)
            low = to;
        else
            high = from;
    }
    return rc;
}
