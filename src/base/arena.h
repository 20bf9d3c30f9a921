/*
 * Request memory: many small allocations that are freed at once.
 *
 * Never free a piece, never keep one past the arena. With OC_ARENA_DEBUG defined (sanitizer
 * builds) each piece is its own malloc, so that the sanitizers see overruns and use after clear.
 */
#ifndef OC_BASE_ARENA_H
#define OC_BASE_ARENA_H

#include "base/bytes.h"

struct oc_arena_block;

struct oc_arena {
    struct oc_arena_block *blocks;
    size_t used;  /* bytes handed out since the last clear */
    size_t limit; /* most bytes that may be handed out */
};

/** Empty arena that hands out at most `limit` bytes. Allocates nothing. */
void oc_arena_init(struct oc_arena *arena, size_t limit);

/** Free everything. The arena can be used again. */
void oc_arena_clear(struct oc_arena *arena);

/** Free all but one block of at most 1 MiB, which the next use takes up again: for request loops.
 */
void oc_arena_reset(struct oc_arena *arena);

/** `size` zeroed bytes aligned to 16, or NULL (no memory, or the limit). */
void *oc_arena_alloc(struct oc_arena *arena, size_t size);

/** The same with whatever bytes were there before: for memory that is written to at once. */
void *oc_arena_alloc_unset(struct oc_arena *arena, size_t size);

/**
 * A copy of `s` that is followed by a NUL byte (not counted). Absent slice when out of memory, and
 * when `s` is absent.
 */
struct oc_slice oc_arena_copy(struct oc_arena *arena, struct oc_slice s);

/** Formatted text in the arena. Absent slice when out of memory. */
struct oc_slice oc_arena_printf(struct oc_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
