/*
 * Fault injection: named places where a test can make the program fail or die.
 *
 * Compiled in always (one relaxed load when off). Armed by tests through oc_fault_arm or, for a
 * whole process, by the environment OUTCROP_FAULT=site:nth:mode, read once at start by
 * oc_fault_from_env. Sites: alloc read write sync rename lmdb_put lmdb_commit send.
 */
#ifndef OC_BASE_FAULT_H
#define OC_BASE_FAULT_H

#include <stdbool.h>

enum oc_fault_site {
    OC_FAULT_ALLOC,
    OC_FAULT_READ,
    OC_FAULT_WRITE,
    OC_FAULT_SYNC,
    OC_FAULT_RENAME,
    OC_FAULT_LMDB_PUT,
    OC_FAULT_LMDB_COMMIT,
    OC_FAULT_SEND,
    OC_FAULT_SITES
};

enum oc_fault_mode {
    OC_FAULT_ONCE,   /* only the nth call fails */
    OC_FAULT_ALWAYS, /* the nth and every later call fails */
    OC_FAULT_DIE     /* the nth call ends the process at once, as kill -9 would */
};

/** Make call number `nth` (1-based, counted from now) of `site` fail. nth 0 disarms. */
void oc_fault_arm(enum oc_fault_site site, unsigned nth, enum oc_fault_mode mode);

/** How often an armed fault fired since it was armed. */
unsigned oc_fault_fired(enum oc_fault_site site);

/** Count one call of `site`; true means: fail now. */
bool oc_fault(enum oc_fault_site site);

/** Arm from the environment. @return false when the variable is malformed. */
bool oc_fault_from_env(void);

/** malloc, realloc and aligned_alloc that count as OC_FAULT_ALLOC. Freed with free(). */
void *oc_alloc(unsigned long size);
void *oc_realloc(void *old, unsigned long size);
void *oc_alloc_aligned(unsigned long align, unsigned long size);

/**
 * Room for `want` items of `size` bytes in a growing array: doubled as often as it takes.
 * @param[in,out] items  the array, or NULL while `*cap` is 0
 * @param[in,out] cap    items that it has room for
 * @return the array, with its old content, or NULL: no memory; array and `*cap` are as before then.
 */
void *oc_grow(void *items, unsigned long *cap, unsigned long want, unsigned long size);

#endif
