/*
 * One page of jobs: from filters to sequence numbers.
 *
 * The time range, the position and the order become a range of sequence numbers and a direction.
 * The walk goes through segments (and the tail's groups) in that direction. In a segment each
 * filter is a set; block by block the sets are intersected: by the smallest array when there is
 * one, else line by line of 512 bits. Names are verified when the needle is longer than a gram.
 * The walk ends with one match more than the page holds, which tells that there is more.
 */
#include "store/lmdb/query_impl.h"

/* -- the plan -------------------------------------------------------------------------------------
 */

static int add_term(struct query *q, enum oc_term_kind kind, struct oc_slice text,
                    struct oc_err *err)
{
    if (!text.ptr)
        return OC_OK;
    int rc = oc_term_find(q->read, q->part->pid, kind, text, &q->terms[q->term_count], err);
    if (rc == OC_OK)
        q->term_count++;
    return rc;
}

/* @return false when no name can contain the needle */
static bool add_grams(struct query *q, struct oc_slice needle)
{
    uint32_t codes[OC_NAME_MAX];

    if (!needle.ptr || needle.len == 0)
        return true;
    if (needle.len > OC_NAME_MAX)
        return false;
    for (size_t i = 0; i < needle.len; i++) {
        codes[i] = oc_gram_code(needle.ptr[i]);
        if (codes[i] == 255)
            return false;
    }
    if (needle.len == 1) {
        q->grams[q->gram_count++] = OC_GRAM1 + codes[0];
    } else if (needle.len == 2) {
        q->grams[q->gram_count++] = OC_GRAM2 + (codes[0] << 6 | codes[1]);
    } else {
        size_t places = needle.len - 2;
        size_t used = places < GRAMS_MAX ? places : GRAMS_MAX;
        for (size_t k = 0; k < used; k++) {
            size_t i = used == 1 ? 0 : k * (places - 1) / (used - 1);
            q->grams[q->gram_count++] =
                OC_GRAM3 + (codes[i] << 12 | codes[i + 1] << 6 | codes[i + 2]);
        }
        q->verify = needle.len > 3;
    }
    return true;
}

/* Which level holds `seq`; OC_LEVELS for the tail. */
static unsigned level_of(const struct oc_part *part, uint64_t seq)
{
    for (unsigned level = OC_LEVELS; level-- > 0;) {
        if (seq < part->end[level])
            return level;
    }
    return OC_LEVELS;
}

/* How many jobs were created before `ms`: they are the first ones. */
static int jobs_before(struct query *q, int64_t ms, uint64_t *ret, struct oc_err *err)
{
    const struct oc_part *part = q->part;
    uint64_t low = 0, high = part->next_seq;

    if (high && ms > part->last_ms)
        low = high;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, first, count;
        unsigned level = level_of(part, middle);
        uint32_t before = 0;
        if (level == OC_LEVELS) {
            struct oc_group group;
            int rc = oc_group_load(q->read, part->pid, middle / OC_GROUP, &group, err);
            if (rc < 0)
                return rc;
            first = middle / OC_GROUP * OC_GROUP;
            count = group.count;
            while (before < count && group.ms[before] < ms)
                before++;
        } else {
            struct oc_seg seg;
            count = q->read->store->shape.level[level];
            first = middle / count * count;
            int rc = oc_seg_open(q->read, part->pid, level, first, &seg, err);
            if (rc == OC_OK)
                rc = oc_seg_before(&seg, ms, &before, err);
            if (rc < 0)
                return rc;
        }
        if (before == 0)
            high = first;
        else if (before == count)
            low = first + count;
        else
            low = high = first + before;
    }
    *ret = low;
    return OC_OK;
}

static int find_range(struct query *q, struct oc_err *err)
{
    const struct oc_job_query *ask = q->ask;
    int rc = OC_OK;

    q->from = 0;
    q->to = q->part->next_seq;
    if (ask->has_after) {
        if (ask->after_ms == INT64_MAX)
            q->from = q->to;
        else
            rc = jobs_before(q, ask->after_ms + 1, &q->from, err);
    }
    if (rc == OC_OK && ask->has_before)
        rc = jobs_before(q, ask->before_ms, &q->to, err);
    if (rc < 0 || !ask->has_position)
        return rc;
    if (ask->ascending && ask->position >= q->from)
        q->from = ask->position == UINT64_MAX ? UINT64_MAX : ask->position + 1;
    else if (!ask->ascending && ask->position < q->to)
        q->to = ask->position;
    return OC_OK;
}

/* -- one segment
 * ------------------------------------------------------------------------------------ */

/* In the order of their size, by insertion. */
static void insert_set(struct oc_set *sets, unsigned count, const struct oc_set *set)
{
    for (; count > 0 && sets[count - 1].total > set->total; count--)
        sets[count] = sets[count - 1];
    sets[count] = *set;
}

/* Whether a segment, the `number`th of its level, or a group of the tail is known to lack one of
 * the sets. Groups have no sets of grams. */
static bool is_known_to_lack(struct query *q, unsigned level, uint64_t number)
{
    uint64_t group = number / OC_ABSENT_SEGMENTS;

    if (!q->lack.is_known || q->lack.level != level || q->lack.group != group) {
        q->lack.is_known = true;
        q->lack.level = level;
        q->lack.group = group;
        q->lack.segments = 0;
        for (unsigned i = 0; i < q->term_count; i++)
            q->lack.segments |= oc_absent_get(q->read, q->part->pid, level, group,
                                              (struct oc_absent_set){q->terms[i], false});
        for (unsigned i = 0; level < OC_LEVELS && i < q->gram_count; i++)
            q->lack.segments |= oc_absent_get(q->read, q->part->pid, level, group,
                                              (struct oc_absent_set){q->grams[i], true});
    }
    return q->lack.segments >> number % OC_ABSENT_SEGMENTS & 1;
}

static int not_there(const struct query *q, const struct oc_seg *seg, struct oc_absent_set set,
                     int rc)
{
    unsigned level = seg->head.seal.level;

    if (rc == OC_ENOTFOUND)
        oc_absent_add(q->read, q->part->pid, level,
                      seg->head.seal.first / q->read->store->shape.level[level], set);
    return rc;
}

/* The sets of all filters in a segment, terms first. OC_ENOTFOUND: one is empty. */
static int find_sets(struct query *q, const struct oc_seg *seg, struct oc_set *sets,
                     unsigned *ret_count, struct oc_err *err)
{
    struct oc_set set, *grams = sets + q->term_count;
    unsigned count = 0;

    for (unsigned i = 0; i < q->term_count; i++)
        oc_seg_fetch_term(seg, q->terms[i]);
    for (unsigned i = 0; i < q->term_count; i++) {
        int rc = oc_seg_term(seg, q->terms[i], &sets[i], err);
        if (rc < 0)
            return not_there(q, seg, (struct oc_absent_set){q->terms[i], false}, rc);
    }
    for (unsigned i = 0; i < q->gram_count; i++)
        oc_seg_fetch_gram(seg, q->grams[i]);
    for (unsigned i = 0; i < q->gram_count && (i == 0 || grams[0].total > FEW); i++) {
        int rc = oc_seg_gram(seg, q->grams[i], &set, err);
        if (rc < 0)
            return not_there(q, seg, (struct oc_absent_set){q->grams[i], true}, rc);
        insert_set(grams, count++, &set);
    }
    *ret_count = q->term_count + count;
    return OC_OK;
}

/* Small sets first, so that a line is given up early. OC_ENOTFOUND: nothing matches. */
static int find_operands(const struct query *q, const struct oc_set *sets, unsigned count,
                         uint32_t k, struct block *b, struct oc_err *err)
{
    const struct oc_seg *seg = b->seg;
    uint32_t sizes[SETS_MAX];
    bool exact = !q->verify;

    for (unsigned i = 0; i < count; i++) {
        uint32_t kind = sets[i].block[k].kind, size = sets[i].block[k].count;
        if (kind == OC_SET_NONE)
            return OC_ENOTFOUND;
        if (kind == OC_SET_ALL)
            continue;
        if (kind == OC_SET_ARRAY) {
            if (!exact && i >= q->term_count + GRAM_ARRAYS)
                continue;
            b->arrays[b->array_count].items = sets[i].block[k].array;
            b->arrays[b->array_count++].count = size;
            continue;
        }
        const uint64_t *words =
            oc_seg_bits(seg, sets[i].block[k].line, (seg->head.block + 511) / 512, err);
        if (!words)
            return OC_ECORRUPT;
        unsigned at = b->bits_count++;
        for (; at > 0 && sizes[at - 1] > size; at--) {
            sizes[at] = sizes[at - 1];
            b->bits[at] = b->bits[at - 1];
        }
        sizes[at] = size;
        b->bits[at] = (struct oc_bits_op){.words = words};
    }
    return OC_OK;
}

static int run_segment(struct query *q, const struct oc_seg *seg, uint64_t first, uint32_t low,
                       uint32_t high, struct oc_err *err)
{
    uint32_t block = seg->head.block;
    struct oc_set sets[SETS_MAX];
    unsigned count;

    int rc = find_sets(q, seg, sets, &count, err);
    if (rc < 0)
        return rc == OC_ENOTFOUND ? OC_OK : rc;
    while (low < high && !is_full(q)) {
        uint32_t k = (q->ask->ascending ? low : high - 1) / block;
        struct block b = {.seg = seg, .offset = k * block, .base = first + k * block};
        b.low = low > b.offset ? low - b.offset : 0;
        b.high = high - b.offset < block ? high - b.offset : block;
        rc = find_operands(q, sets, count, k, &b, err);
        if (rc == OC_OK)
            rc = q->status ? oc_block_run_with_status(q, &b, err) : oc_block_run(q, &b, err);
        if (rc < 0 && rc != OC_ENOTFOUND)
            return rc;
        if (q->ask->ascending)
            low = b.offset + b.high;
        else
            high = b.offset + b.low;
    }
    return OC_OK;
}

/* -- the tail
 * --------------------------------------------------------------------------------------- */

/* Names of a group stand one after another: search them as one text. */
static uint64_t names_with(const struct oc_group *group, struct oc_slice needle)
{
    struct oc_slice text = {group->names, group->name_at[group->count]};
    uint64_t mask = 0;
    uint32_t i = 0;
    size_t done = 0;

    for (;;) {
        ptrdiff_t at = oc_bits_find(oc_slice_sub(text, done, text.len), needle);
        if (at < 0)
            return mask;
        done += (size_t)at;
        while (group->name_at[i + 1] <= done)
            i++;
        mask |= 1ULL << i;
        done = group->name_at[i + 1];
    }
}

/* The jobs of a group that have an account or a model. */
static uint64_t group_term(const struct query *q, const struct oc_group *group, uint64_t number,
                           uint32_t term)
{
    uint64_t jobs = oc_bits_equal64(term & 1 ? group->model : group->account, term);

    if (!jobs && group->count == OC_GROUP) /* a full group does not change */
        oc_absent_add(q->read, q->part->pid, OC_LEVELS, number,
                      (struct oc_absent_set){term, false});
    return jobs;
}

/* Those of 64 jobs that have the asked status. */
static int group_status(struct query *q, uint64_t base, uint64_t from, uint64_t to, uint64_t *mask,
                        struct oc_err *err)
{
    enum oc_status_match match;
    struct oc_bits_op op;

    int rc = oc_status_bits(q->status, base, from, to, &match, &op, err);
    if (rc < 0)
        return rc;
    if (match == OC_STATUS_NO_JOB)
        *mask = 0;
    if (match == OC_STATUS_BITS)
        *mask &= op.words[0 - op.skew] ^ op.invert;
    return OC_OK;
}

static int run_group(struct query *q, uint64_t number, uint64_t from, uint64_t to,
                     struct oc_err *err)
{
    uint64_t base = number * OC_GROUP;
    uint64_t mask = oc_bits_between((uint32_t)(from - base), (uint32_t)(to - base), 0, UINT64_MAX);
    struct oc_group group;
    int rc = OC_OK;

    if (q->status)
        rc = group_status(q, base, from, to, &mask, err);
    if (rc < 0 || !mask || is_known_to_lack(q, OC_LEVELS, number))
        return rc;
    rc = oc_group_walk(q->read, q->part->pid, number, &q->groups, &group, err);
    if (rc < 0)
        return rc;
    for (unsigned i = q->term_count; mask && i-- > 0;) /* models first: they are rarer */
        mask &= group_term(q, &group, number, q->terms[i]);
    if (mask && q->gram_count)
        mask &= names_with(&group, q->ask->name_contains);
    while (mask && !is_full(q)) {
        int bit = q->ask->ascending ? __builtin_ctzll(mask) : 63 - __builtin_clzll(mask);
        mask &= ~(1ULL << bit);
        q->seqs[q->found++] = base + (uint64_t)bit;
    }
    return OC_OK;
}

/* -- the walk
 * ---------------------------------------------------------------------------------------- */

static int run_next(struct query *q, struct oc_err *err)
{
    bool up = q->ask->ascending;
    uint64_t edge = up ? q->from : q->to - 1;
    unsigned level = level_of(q->part, edge);
    uint64_t size = level == OC_LEVELS ? OC_GROUP : q->read->store->shape.level[level];
    uint64_t first = edge / size * size;
    uint64_t from = first > q->from ? first : q->from;
    uint64_t to = first + size < q->to ? first + size : q->to;
    int rc;

    if (level == OC_LEVELS) {
        rc = run_group(q, first / OC_GROUP, from, to, err);
    } else if (is_known_to_lack(q, level, first / size)) {
        rc = OC_OK;
    } else {
        struct oc_seg seg;
        rc = oc_seg_open(q->read, q->part->pid, level, first, &seg, err);
        if (rc == OC_OK)
            rc = run_segment(q, &seg, first, (uint32_t)(from - first), (uint32_t)(to - first), err);
    }
    if (up)
        q->from = to;
    else
        q->to = from;
    return rc;
}

/* No filter: the range itself is the answer. */
static void take_range(struct query *q)
{
    for (uint32_t i = 0; i < q->want; i++)
        q->seqs[i] = q->ask->ascending ? q->from + i : q->to - 1 - i;
    q->found = q->want;
}

static int find_matches(struct query *q, struct oc_arena *arena, struct oc_err *err)
{
    uint64_t range = q->to - q->from;
    int rc = OC_OK;

    q->want = range < q->want ? (uint32_t)range : q->want;
    q->seqs = oc_arena_alloc_unset(arena, q->want * sizeof *q->seqs);
    if (!q->seqs)
        return oc_fail_nomem(err);
    if (q->term_count + q->gram_count == 0 && !q->ask->has_status) {
        take_range(q);
        return OC_OK;
    }
    if (q->ask->has_status)
        rc = oc_status_begin(q->status, q->read, q->part->pid, q->ask->status, err);
    else
        q->status = NULL;
    while (rc == OC_OK && q->from < q->to && !is_full(q))
        rc = run_next(q, err);
    oc_group_walk_end(&q->groups);
    return rc;
}

/* OC_ENOTFOUND: nothing can match. */
static int plan(struct query *q, struct oc_err *err)
{
    int rc = add_term(q, OC_TERM_ACCOUNT, q->ask->source_account, err);

    if (rc == OC_OK)
        rc = add_term(q, OC_TERM_MODEL, q->ask->source_model_arn, err);
    if (rc == OC_OK && !add_grams(q, q->ask->name_contains))
        rc = OC_ENOTFOUND;
    if (rc == OC_OK)
        rc = find_range(q, err);
    if (rc == OC_OK && q->from >= q->to)
        rc = OC_ENOTFOUND;
    return rc;
}

int oc_read_jobs(struct oc_read *read, const struct oc_job_query *query, struct oc_arena *arena,
                 struct oc_job_page *ret, struct oc_err *err)
{
    struct oc_part part;
    struct oc_status status;         /* this and the scratch: 8 KiB each, which most queries */
    uint64_t scratch[SCRATCH_WORDS]; /* do not touch and none clears in vain */
    struct query q = {.read = read,
                      .part = &part,
                      .ask = query,
                      .want = query->limit + 1,
                      .status = &status,
                      .scratch = scratch};
    struct oc_job_page page = {0};

    int rc = read->tx ? oc_tx_flush(read->tx, err) : OC_OK; /* what the writer holds back */
    if (rc == OC_OK)
        rc = oc_part_find(read, query->partition, &part, err);
    if (rc == OC_OK)
        rc = plan(&q, err);
    if (rc == OC_OK)
        rc = find_matches(&q, arena, err);
    if (rc < 0 && rc != OC_ENOTFOUND)
        return rc;
    page.more = rc == OC_OK && q.found > query->limit;
    if (rc == OC_OK && q.found) {
        rc = oc_page_build(read, &part, q.seqs, page.more ? query->limit : q.found, arena, &page,
                           err);
        if (rc < 0)
            return rc;
    }
    *ret = page;
    return OC_OK;
}
