#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#define ALIGN       16
#define FIRST_BLOCK ((size_t)4 * 1024)
#define LAST_BLOCK  ((size_t)1024 * 1024) /* blocks double up to this size */

struct oc_arena_block {
    _Alignas(ALIGN) struct oc_arena_block *next;
    size_t size; /* of `data` */
    size_t used;
    _Alignas(ALIGN) char data[];
};

static struct oc_arena_block *new_block(size_t size)
{
    struct oc_arena_block *block;

    if (size > SIZE_MAX - sizeof(*block))
        return NULL;
    block = oc_alloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->used = 0;
    return block;
}

static void free_blocks(struct oc_arena_block *block)
{
    while (block) {
        struct oc_arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void oc_arena_init(struct oc_arena *arena, size_t limit)
{
    *arena = (struct oc_arena){.limit = limit};
}

void oc_arena_clear(struct oc_arena *arena)
{
    free_blocks(arena->blocks);
    oc_arena_init(arena, arena->limit);
}

#ifdef OC_ARENA_DEBUG

void oc_arena_reset(struct oc_arena *arena)
{
    oc_arena_clear(arena);
}

/* A block of exactly this size, never shared. */
static void *take(struct oc_arena *arena, size_t size)
{
    struct oc_arena_block *block = new_block(size);

    if (!block)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    return block->data;
}

#else

void oc_arena_reset(struct oc_arena *arena)
{
    struct oc_arena_block *head = arena->blocks;

    /* A block made for one huge piece is not worth keeping between requests. */
    if (!head || head->size > LAST_BLOCK) {
        oc_arena_clear(arena);
        return;
    }
    free_blocks(head->next);
    head->next = NULL;
    head->used = 0;
    arena->used = 0;
}

static void *take(struct oc_arena *arena, size_t size)
{
    const size_t rounded = (size + ALIGN - 1) / ALIGN * ALIGN; /* size <= limit: see the caller */
    struct oc_arena_block *head = arena->blocks, *block;
    size_t block_size = FIRST_BLOCK;
    void *piece;

    if (head && rounded <= head->size - head->used) {
        piece = head->data + head->used;
        head->used += rounded;
        return piece;
    }
    if (head)
        block_size = head->size < LAST_BLOCK / 2 ? head->size * 2 : LAST_BLOCK;
    block = new_block(rounded > block_size ? rounded : block_size);
    if (!block)
        return NULL;
    block->used = rounded;
    if (head && rounded > block_size) {
        /* The piece fills its block: the head stays in front, its rest is still of use. */
        block->next = head->next;
        head->next = block;
    } else {
        block->next = head;
        arena->blocks = block;
    }
    return block->data;
}

#endif

void *oc_arena_alloc_unset(struct oc_arena *arena, size_t size)
{
    void *piece;

    if (size == 0)
        size = 1;
    if (size > arena->limit - arena->used || size > PTRDIFF_MAX)
        return NULL;
    piece = take(arena, size);
    if (piece)
        arena->used += size;
    return piece;
}

void *oc_arena_alloc(struct oc_arena *arena, size_t size)
{
    void *piece = oc_arena_alloc_unset(arena, size);

    return piece ? memset(piece, 0, size) : NULL;
}

struct oc_slice oc_arena_copy(struct oc_arena *arena, struct oc_slice s)
{
    char *copy = s.ptr && s.len < SIZE_MAX ? oc_arena_alloc_unset(arena, s.len + 1) : NULL;

    if (!copy)
        return (struct oc_slice){NULL, 0};
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return (struct oc_slice){copy, s.len};
}

struct oc_slice oc_arena_printf(struct oc_arena *arena, const char *fmt, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return (struct oc_slice){NULL, 0};
    text = oc_arena_alloc_unset(arena, (size_t)len + 1);
    if (!text)
        return (struct oc_slice){NULL, 0};
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)len + 1, fmt, args); /* as long as before */
    va_end(args);
    return (struct oc_slice){text, (size_t)len};
}
