/* One query under way: shared by query.c (plan and walk) and block.c (intersection). */
#ifndef OC_STORE_LMDB_QUERY_IMPL_H
#define OC_STORE_LMDB_QUERY_IMPL_H

#include "store/lmdb/impl.h"

#define TERMS_MAX     2
#define GRAMS_MAX     8 /* of a long needle, spread over it */
#define GRAM_ARRAYS   3 /* arrays beyond these cost more to search than names to verify */
#define SETS_MAX      (TERMS_MAX + GRAMS_MAX)
#define FEW           64 /* jobs of a segment that are verified rather than filtered more */
#define NAMES_AHEAD   32 /* names to verify that are fetched at one time */
#define BATCH         256
#define SCRATCH_WORDS 1024

/* -- sets that are known to be empty (absent.c) ----------------------------------------------- */

#define OC_ABSENT_SEGMENTS 16 /* neighbours of one level */

struct oc_absent_set {
    uint32_t code; /* a term or a gram */
    bool is_gram;
};
/** Which segments of a level lack the set for certain. @param group  the number of the first / 16
 */
uint32_t oc_absent_get(struct oc_read *read, uint32_t pid, unsigned level, uint64_t group,
                       struct oc_absent_set set);
/** Remember that a segment lacks it. @param segment  its number in its level */
void oc_absent_add(struct oc_read *read, uint32_t pid, unsigned level, uint64_t segment,
                   struct oc_absent_set set);

/* -- the query -------------------------------------------------------------------------------- */

struct query {
    struct oc_read *read;
    const struct oc_part *part;
    const struct oc_job_query *ask;
    uint64_t from, to; /* what is left of the range, [from, to) */
    uint32_t want;     /* matches to find: limit + 1 */
    uint32_t found;
    uint64_t *seqs;
    uint32_t terms[TERMS_MAX];
    unsigned term_count;
    uint32_t grams[GRAMS_MAX];
    unsigned gram_count;
    bool verify;              /* grams may match where the needle does not */
    struct oc_status *status; /* NULL: any */
    struct oc_group_walk groups;
    struct { /* which of 16 segments lack a set of the query: of the group that was met last */
        uint64_t group;
        unsigned level;
        uint32_t segments;
        bool is_known;
    } lack;
    uint64_t *scratch; /* SCRATCH_WORDS; from its first use on all zero between uses */
    bool has_scratch;
};

static inline bool is_full(const struct query *q)
{
    return q->found == q->want;
}

/* A block of a segment and what the filters select in it. */
struct block {
    const struct oc_seg *seg;
    uint64_t base;      /* sequence number of its first job */
    uint32_t offset;    /* the same as a position in the segment */
    uint32_t low, high; /* part of the block that is asked for */
    struct {
        const uint16_t *items;
        uint32_t count;
    } arrays[SETS_MAX];
    unsigned array_count;
    struct oc_bits_op bits[SETS_MAX + 2];
    unsigned bits_count;
    uint32_t candidates[NAMES_AHEAD]; /* to be verified */
    uint32_t pending;
};

/** Add the jobs of the block that are in all of its sets to the matches, in the asked order. */
int oc_block_run(struct query *q, struct block *b, struct oc_err *err);
/** The same, of those that have the asked status. */
int oc_block_run_with_status(struct query *q, const struct block *whole, struct oc_err *err);

#endif
