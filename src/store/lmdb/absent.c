/*
 * Sets that are known to be empty. A query for a rare account, model or text would look into each
 * segment only to learn that it has none; and what a segment lacks it lacks for ever, since its
 * bytes depend on its jobs alone. So what was once looked for in vain is remembered, in a table of
 * fixed size: an entry tells of one set which of 16 neighbouring segments lack it. The same holds
 * for full groups of the tail, which count as one level more.
 *
 * Nothing is guessed: partition, level, segments and set are packed into 64 bits, which are mixed
 * reversibly. The mixed number's low bits say where the entry stands, its others stand in it, so
 * that no two keys can be taken for each other. What does not fit is not remembered.
 */
#include "store/lmdb/query_impl.h"

#define PLACE_BITS 16
#define MASK_BITS  16 /* a bit for each segment; the mixed key's rest stands above them */
#define CODE_BITS  25
#define PID_BITS   12
#define LEVEL_BITS 2

_Static_assert(OC_ABSENT_ENTRIES == 1U << PLACE_BITS && PLACE_BITS <= MASK_BITS, "the key fits");
_Static_assert(OC_ABSENT_SEGMENTS == MASK_BITS, "a bit for each segment");
_Static_assert(OC_LEVELS < 1U << LEVEL_BITS && OC_GRAMS < 1U << (CODE_BITS - 1), "codes fit");

/* Each step can be undone. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 32) * 0x9E3779B97F4A7C15ULL;
    x = (x ^ x >> 29) * 0xBF58476D1CE4E5B9ULL;
    return x ^ x >> 32;
}

/* @return false when a part is too large */
static bool pack(uint32_t pid, unsigned level, uint64_t group, struct oc_absent_set set,
                 uint64_t *ret)
{
    if (set.code >> (CODE_BITS - 1) || pid >> PID_BITS ||
        group >> (64 - CODE_BITS - PID_BITS - LEVEL_BITS))
        return false;
    *ret = ((group << LEVEL_BITS | level) << PID_BITS | pid) << CODE_BITS |
           (uint64_t)set.code << 1 | set.is_gram;
    *ret = mix(*ret);
    return true;
}

static _Atomic uint64_t *entry_of(const struct oc_store *store, uint64_t mixed)
{
    return &store->seals.absent[mixed % OC_ABSENT_ENTRIES];
}

uint32_t oc_absent_get(struct oc_read *read, uint32_t pid, unsigned level, uint64_t group,
                       struct oc_absent_set set)
{
    uint64_t mixed;

    if (read->tx || !pack(pid, level, group, set, &mixed))
        return 0;
    uint64_t entry = atomic_load_explicit(entry_of(read->store, mixed), memory_order_relaxed);
    return entry >> MASK_BITS == mixed >> PLACE_BITS ? (uint32_t)entry & 0xffff : 0;
}

void oc_absent_add(struct oc_read *read, uint32_t pid, unsigned level, uint64_t segment,
                   struct oc_absent_set set)
{
    uint64_t group = segment / OC_ABSENT_SEGMENTS, mixed;

    if (read->tx || !pack(pid, level, group, set, &mixed))
        return;
    uint64_t mask =
        oc_absent_get(read, pid, level, group, set) | 1U << segment % OC_ABSENT_SEGMENTS;
    atomic_store_explicit(entry_of(read->store, mixed), mixed >> PLACE_BITS << MASK_BITS | mask,
                          memory_order_relaxed);
}
