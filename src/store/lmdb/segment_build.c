/*
 * Building a segment from columns. The result depends on the columns alone, so that `outcrop check`
 * can build it again from the records and compare bytes.
 *
 * Layout (docs/formats.md): head; creation times; names with 16-bit offsets from a base for each
 * 512; ids sorted, their positions, a Bloom filter; presence lines of grams and a posting for each
 * present gram; a hash table of terms and a posting for each; posting units; bitmaps.
 *
 * A posting: one 16-bit word, low byte: which blocks have jobs, high byte: which of those are
 * bitmaps; for each block with jobs a count (u16) if an array, else line (u32) and count (u32) of
 * its bitmap, line OC_NONE when every job of the block is in it; then the arrays.
 */
#include "store/lmdb/impl.h"

#include <stdlib.h>

#define SEGMENT_MAX (1UL << 31)
#define BLOOM_BITS  12 /* a job */

_Static_assert(sizeof(struct oc_seg_head) == 144, "the head of a segment has no padding");

/* One more than the code, so that 0 stands for what is not in the alphabet. */
static const uint8_t CODES[256] = {
    ['0'] = 1, 2,  3,  4,  5,  6,  7,  8,  9,  10, ['A'] = 11, 12,         13,
    14,        15, 16, 17, 18, 19, 20, 21, 22, 23, 24,         25,         26,
    27,        28, 29, 30, 31, 32, 33, 34, 35, 36, ['a'] = 37, 38,         39,
    40,        41, 42, 43, 44, 45, 46, 47, 48, 49, 50,         51,         52,
    53,        54, 55, 56, 57, 58, 59, 60, 61, 62, ['-'] = 63, ['_'] = 64,
};

uint8_t oc_gram_code(char c)
{
    return (uint8_t)(CODES[(uint8_t)c] - 1);
}

/* -- the build ------------------------------------------------------------------------------------
 */

struct build {
    const struct oc_cols *cols;
    struct oc_buf *out;
    struct oc_seg_head head;
    uint32_t blocks, lines; /* of the segment; lines of a block's bitmap */
    uint32_t *counts;       /* gram × block: jobs, then where the next position goes */
    uint32_t *seen;         /* gram: 1 + the last job that had it */
    struct oc_buf posts;    /* u16 units */
    struct oc_buf gram_at;  /* u32: where a gram's posting begins, in units */
    struct oc_buf term_at;
    uint32_t bit_lines;
    struct oc_buf bitmap_at; /* u32 for each bitmap: the unit of the posting that names its line */
    uint64_t *bits;          /* all bitmaps, once their number is known */
};

typedef void gram_fn(struct build *b, uint32_t job, uint32_t gram);

/* Each distinct gram of each name once. */
static void each_gram(struct build *b, gram_fn *fn)
{
    const struct oc_cols *cols = b->cols;

    memset(b->seen, 0, OC_GRAMS * sizeof *b->seen);
    for (uint32_t job = 0; job < cols->count; job++) {
        const char *name = cols->names.ptr + cols->name_at[job];
        uint32_t len = cols->name_at[job + 1] - cols->name_at[job] - 1, triple = 0;
        for (uint32_t i = 0; i < len; i++) {
            triple = (triple << 6 | (oc_gram_code(name[i]) & 63U)) & 0x3ffff;
            uint32_t grams[3] = {OC_GRAM1 + (triple & 63), OC_GRAM2 + (triple & 0xfff),
                                 OC_GRAM3 + triple};
            for (uint32_t n = 0; n < 3 && n <= i; n++) {
                if (b->seen[grams[n]] == job + 1)
                    continue;
                b->seen[grams[n]] = job + 1;
                fn(b, job, grams[n]);
            }
        }
    }
}

static void count_gram(struct build *b, uint32_t job, uint32_t gram)
{
    b->counts[gram * b->blocks + job / b->head.block]++;
}

#define IS_BITMAP                                                                                  \
    0x80000000U             /* in counts[]: the rest is a bitmap's line, else a place in posts     \
                             */
#define IS_FULL 0xffffffffU /* every job of the block: nothing is written */

static uint32_t block_jobs(const struct build *b, uint32_t block)
{
    uint32_t left = b->cols->count - block * b->head.block;

    return left < b->head.block ? left : b->head.block;
}

/* A bitmap costs its bits; from 1/64 of the block on it is faster than an array in every use. */
static bool wants_bitmap(uint32_t count, uint32_t jobs)
{
    return count > jobs / 64;
}

static void put16(struct oc_buf *buf, uint32_t v)
{
    uint16_t x = (uint16_t)v;

    oc_buf_put(buf, &x, sizeof x);
}

static void put32(struct oc_buf *buf, uint32_t v)
{
    oc_buf_put(buf, &v, sizeof v);
}

/* Head of a posting and room for its arrays; `counts` become the places where positions go. */
static void lay_posting(struct build *b, uint32_t *counts)
{
    uint32_t word = 0;

    for (uint32_t k = 0; k < b->blocks; k++) {
        if (counts[k])
            word |= 1U << k;
        if (counts[k] && wants_bitmap(counts[k], block_jobs(b, k)))
            word |= 0x100U << k;
    }
    put16(&b->posts, word);
    for (uint32_t k = 0; k < b->blocks; k++) {
        if (word & 0x100U << k) {
            bool full = counts[k] == block_jobs(b, k);
            if (!full)
                put32(&b->bitmap_at, (uint32_t)(b->posts.len / 2));
            put32(&b->posts, full ? OC_NONE : b->bit_lines);
            put32(&b->posts, counts[k]);
            counts[k] = full ? IS_FULL : IS_BITMAP | b->bit_lines;
            b->bit_lines += full ? 0 : b->lines;
        } else if (counts[k]) {
            put16(&b->posts, counts[k]);
        }
    }
    for (uint32_t k = 0; k < b->blocks; k++) {
        if (!(word & 1U << k) || word & 0x100U << k)
            continue;
        uint32_t at = (uint32_t)(b->posts.len / 2);
        (void)oc_buf_extend(&b->posts, 2UL * counts[k]);
        counts[k] = at;
    }
}

static void place(struct build *b, uint32_t *where, uint32_t position)
{
    if (*where == IS_FULL)
        return;
    if (*where & IS_BITMAP) {
        uint64_t *bits = b->bits + (size_t)(*where & ~IS_BITMAP) * 8;
        bits[position / 64] |= 1ULL << (position % 64);
        return;
    }
    uint16_t p = (uint16_t)position;
    memcpy(b->posts.ptr + 2UL * (*where)++, &p, sizeof p);
}

static void place_gram(struct build *b, uint32_t job, uint32_t gram)
{
    place(b, &b->counts[gram * b->blocks + job / b->head.block], job % b->head.block);
}

/* Milliseconds since the first job, in 32 bits when they suffice: they do for 49 days. */
static void put_times(struct build *b)
{
    const int64_t *ms = b->cols->ms;

    b->head.ms_bytes = ms[b->cols->count - 1] - ms[0] <= UINT32_MAX ? 4 : 8;
    oc_seal_align(b->out);
    b->head.at_ms = (uint32_t)b->out->len;
    for (uint32_t i = 0; i < b->cols->count; i++) {
        uint64_t since = (uint64_t)(ms[i] - ms[0]);
        oc_buf_put(b->out, &since, b->head.ms_bytes); /* little-endian: the low bytes first */
    }
}

static void put_names(struct build *b)
{
    const struct oc_cols *cols = b->cols;

    oc_seal_align(b->out);
    b->head.at_name_base = (uint32_t)b->out->len;
    for (uint32_t i = 0; i < cols->count; i += 512)
        put32(b->out, cols->name_at[i]);
    b->head.at_name_at = (uint32_t)b->out->len;
    for (uint32_t i = 0; i < cols->count; i++)
        put16(b->out, cols->name_at[i] - cols->name_at[i / 512 * 512]);
    b->head.at_names = (uint32_t)b->out->len;
    b->head.names_len = (uint32_t)cols->names.len;
    oc_buf_put(b->out, cols->names.ptr, cols->names.len);
    void *pad = oc_buf_extend(b->out, 64); /* a name is read 64 bytes at a time */
    if (pad)
        memset(pad, 0, 64);
}

/* -- ids ------------------------------------------------------------------------------------------
 */

struct pair {
    uint64_t key;
    uint32_t position;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

static void put_bloom(struct build *b)
{
    uint32_t lines = (b->cols->count * BLOOM_BITS + 511) / 512;

    oc_seal_align(b->out);
    b->head.at_bloom = (uint32_t)b->out->len;
    b->head.bloom_lines = lines;
    uint8_t *bloom = oc_buf_extend(b->out, 64UL * lines);
    if (!bloom)
        return;
    memset(bloom, 0, 64UL * lines);
    for (uint32_t i = 0; i < b->cols->count; i++) {
        uint64_t h = oc_id_hash(b->cols->id[i]);
        uint8_t *line = bloom + 64 * ((h >> 32) * lines >> 32);
        for (int k = 0; k < 3; k++, h >>= 9)
            line[(h & 511) / 8] |= (uint8_t)(1U << (h & 7));
    }
}

static int put_ids(struct build *b, struct oc_err *err)
{
    uint32_t count = b->cols->count;
    struct pair *pairs = oc_alloc(count * sizeof *pairs);

    if (!pairs)
        return oc_fail_nomem(err);
    for (uint32_t i = 0; i < count; i++)
        pairs[i] = (struct pair){b->cols->id[i], i};
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    oc_seal_align(b->out);
    b->head.at_ids = (uint32_t)b->out->len;
    for (uint32_t i = 0; i < count; i++)
        oc_buf_put(b->out, &pairs[i].key, sizeof pairs[i].key);
    b->head.at_positions = (uint32_t)b->out->len;
    for (uint32_t i = 0; i < count; i++)
        put32(b->out, pairs[i].position);
    free(pairs);
    put_bloom(b);
    return OC_OK;
}

/* -- grams and terms
 * -------------------------------------------------------------------------------- */

static void lay_grams(struct build *b)
{
    each_gram(b, count_gram);
    for (uint32_t gram = 0; gram < OC_GRAMS; gram++) {
        uint32_t *counts = &b->counts[gram * b->blocks], any = 0;
        for (uint32_t k = 0; k < b->blocks; k++)
            any |= counts[k];
        if (!any)
            continue;
        put32(&b->gram_at, (uint32_t)(b->posts.len / 2));
        lay_posting(b, counts);
        b->head.gram_count++;
    }
}

/* A line: rank of its first gram, 4 unused bytes, 448 presence bits. */
static void put_gram_lines(struct build *b)
{
    uint32_t rank = 0, gram = 0;

    oc_seal_align(b->out);
    b->head.at_grams = (uint32_t)b->out->len;
    for (uint32_t line = 0; line < OC_GRAM_LINES; line++) {
        uint64_t words[8] = {rank};
        for (uint32_t bit = 0; bit < OC_GRAM_LINE && gram < OC_GRAMS; bit++, gram++) {
            if (!b->seen[gram])
                continue;
            words[1 + bit / 64] |= 1ULL << (bit % 64);
            rank++;
        }
        oc_buf_put(b->out, words, sizeof words);
    }
    b->head.at_gram_posts = (uint32_t)b->out->len;
    oc_buf_put(b->out, b->gram_at.ptr, b->gram_at.len);
}

/* Terms in the order of their hash, two entries a job: its account and its model. */
static struct pair *sort_terms(const struct oc_cols *cols)
{
    struct pair *pairs = oc_alloc(2UL * cols->count * sizeof *pairs);

    if (!pairs)
        return NULL;
    for (uint32_t i = 0; i < cols->count; i++) {
        pairs[2 * i] = (struct pair){oc_term_hash(cols->account[i]), i};
        pairs[2 * i + 1] = (struct pair){oc_term_hash(cols->model[i]), i};
    }
    qsort(pairs, 2UL * cols->count, sizeof *pairs, compare_pairs);
    return pairs;
}

/* The hash is a bijection of the term: multiplying by the inverse gives it back. */
static uint32_t term_of(uint64_t hash)
{
    return (uint32_t)hash * 0x0E8B2F51U;
}

static uint32_t put_term_table(struct build *b, const struct pair *pairs, uint32_t *terms)
{
    uint32_t total = 2 * b->cols->count, distinct = 0, bits = 0;

    for (uint32_t i = 0; i < total; i++) {
        if (i == 0 || pairs[i].key != pairs[i - 1].key)
            terms[distinct++] = term_of(pairs[i].key);
    }
    while (bits < 20 && (8U << bits) < distinct)
        bits++;
    oc_seal_align(b->out);
    b->head.at_buckets = (uint32_t)b->out->len;
    b->head.bucket_bits = bits;
    for (uint32_t bucket = 0, i = 0; bucket <= 1U << bits; bucket++) {
        while (i < distinct && ((uint64_t)oc_term_hash(terms[i]) << bits >> 32) < bucket)
            i++;
        put32(b->out, i);
    }
    b->head.at_terms = (uint32_t)b->out->len;
    b->head.term_count = distinct;
    oc_buf_put(b->out, terms, distinct * sizeof *terms);
    return distinct;
}

/* One posting at a time: count, lay, and (once the bitmaps exist) place. */
static void each_term(struct build *b, const struct pair *pairs, uint32_t *where, bool placing)
{
    uint32_t total = 2 * b->cols->count, block = b->head.block;

    for (uint32_t i = 0, t = 0; i < total; t++) {
        uint32_t end = i, *counts = where + (size_t)t * b->blocks;
        while (end < total && pairs[end].key == pairs[i].key)
            end++;
        if (!placing) {
            for (uint32_t k = i; k < end; k++)
                counts[pairs[k].position / block]++;
            put32(&b->term_at, (uint32_t)(b->posts.len / 2));
            lay_posting(b, counts);
        } else {
            for (uint32_t k = i; k < end; k++)
                place(b, &counts[pairs[k].position / block], pairs[k].position % block);
        }
        i = end;
    }
}

/*
 * Grams of one word are often in the same jobs: equal bitmaps are kept once. The first of each
 * moves down to where the next belongs, and postings get its line.
 */
static int share_bitmaps(struct build *b, struct oc_err *err)
{
    uint32_t count = (uint32_t)(b->bitmap_at.len / 4), slots = 16, kept = 0;
    size_t size = 64UL * b->lines;

    while (slots < 2 * count)
        slots *= 2;
    uint32_t *table = oc_alloc(slots * sizeof *table);
    if (!table)
        return oc_fail_nomem(err);
    memset(table, 0xff, slots * sizeof *table);
    for (uint32_t i = 0; i < count; i++) {
        char *bits = (char *)b->bits + i * size;
        uint32_t slot = oc_crc32c(0, bits, size) & (slots - 1);
        while (table[slot] != OC_NONE &&
               memcmp((char *)b->bits + table[slot] * size, bits, size) != 0)
            slot = (slot + 1) & (slots - 1);
        if (table[slot] == OC_NONE) {
            memmove((char *)b->bits + kept * size, bits, size);
            table[slot] = kept++;
        }
        oc_st32(b->posts.ptr + 2UL * oc_ld32(b->bitmap_at.ptr + 4UL * i), table[slot] * b->lines);
    }
    free(table);
    b->bit_lines = kept * b->lines;
    return OC_OK;
}

static void put_posts(struct build *b)
{
    oc_seal_align(b->out);
    b->head.at_posts = (uint32_t)b->out->len;
    b->head.post_units = (uint32_t)(b->posts.len / 2);
    oc_buf_put(b->out, b->posts.ptr, b->posts.len);
    oc_seal_align(b->out);
    b->head.at_bits = (uint32_t)b->out->len;
    b->head.bit_lines = b->bit_lines;
    oc_buf_put(b->out, b->bits, 64UL * b->bit_lines);
}

static int put_sets(struct build *b, struct oc_err *err)
{
    int rc = OC_OK;
    struct pair *pairs = sort_terms(b->cols);
    uint32_t *terms = oc_alloc(2UL * b->cols->count * sizeof *terms), *where = NULL;

    if (!pairs || !terms)
        goto out;
    lay_grams(b);
    put_gram_lines(b);
    uint32_t distinct = put_term_table(b, pairs, terms);
    where = oc_alloc((size_t)distinct * b->blocks * sizeof *where);
    if (!where)
        goto out;
    memset(where, 0, (size_t)distinct * b->blocks * sizeof *where);
    each_term(b, pairs, where, false);
    b->head.at_term_posts = (uint32_t)b->out->len;
    oc_buf_put(b->out, b->term_at.ptr, b->term_at.len);
    b->bits = oc_alloc(64UL * b->bit_lines + 64);
    if (!b->bits || b->posts.failed || b->bitmap_at.failed || b->out->failed)
        goto out;
    memset(b->bits, 0, 64UL * b->bit_lines);
    each_gram(b, place_gram);
    each_term(b, pairs, where, true);
    rc = share_bitmaps(b, err);
    put_posts(b);
out:
    if (!pairs || !terms || !where || !b->bits || b->posts.failed || b->gram_at.failed ||
        b->term_at.failed || b->bitmap_at.failed || b->out->failed)
        rc = oc_fail_nomem(err);
    free(pairs);
    free(terms);
    free(where);
    return rc;
}

static void build_clear(struct build *b)
{
    free(b->counts);
    free(b->seen);
    free(b->bits);
    oc_buf_clear(&b->posts);
    oc_buf_clear(&b->gram_at);
    oc_buf_clear(&b->term_at);
    oc_buf_clear(&b->bitmap_at);
}

static int build_init(struct build *b, const struct oc_shape *shape, const struct oc_cols *cols,
                      struct oc_buf *out, struct oc_err *err)
{
    *b = (struct build){.cols = cols, .out = out};
    b->head.count = cols->count;
    b->head.block = cols->count < shape->block ? cols->count : shape->block;
    b->head.first_ms = cols->ms[0];
    b->head.last_ms = cols->ms[cols->count - 1];
    b->blocks = (cols->count + b->head.block - 1) / b->head.block;
    b->lines = (b->head.block + 511) / 512;
    oc_buf_init(&b->posts, SEGMENT_MAX);
    oc_buf_init(&b->gram_at, SEGMENT_MAX);
    oc_buf_init(&b->term_at, SEGMENT_MAX);
    oc_buf_init(&b->bitmap_at, SEGMENT_MAX);
    b->counts = oc_alloc((size_t)OC_GRAMS * b->blocks * sizeof *b->counts);
    b->seen = oc_alloc(OC_GRAMS * sizeof *b->seen);
    if (!b->counts || !b->seen || cols->names.failed)
        return oc_fail_nomem(err);
    memset(b->counts, 0, (size_t)OC_GRAMS * b->blocks * sizeof *b->counts);
    return OC_OK;
}

int oc_seg_build(const struct oc_shape *shape, uint32_t pid, unsigned level,
                 const struct oc_cols *cols, struct oc_buf *ret, struct oc_err *err)
{
    struct build b;

    oc_buf_reset(ret);
    int rc = build_init(&b, shape, cols, ret, err);
    if (rc == OC_OK) {
        oc_seal_begin(ret, OC_SEAL_SEGMENT, pid, level, cols->first);
        (void)oc_buf_extend(ret, sizeof b.head - sizeof b.head.seal);
        put_times(&b);
        put_names(&b);
        rc = put_ids(&b, err);
    }
    if (rc == OC_OK)
        rc = put_sets(&b, err);
    if (rc == OC_OK) {
        memcpy(&b.head.seal, ret->ptr, sizeof b.head.seal);
        memcpy(ret->ptr, &b.head, sizeof b.head);
        if (!oc_seal_finish(ret))
            rc = oc_fail_nomem(err);
    }
    build_clear(&b);
    return rc;
}
