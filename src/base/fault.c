#include "base/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"

struct site {
    atomic_uint nth; /* 0: not armed */
    atomic_uint calls;
    atomic_uint fired;
    atomic_int mode;
};

static struct site sites[OC_FAULT_SITES];

static const char *const site_names[OC_FAULT_SITES] = {
    "alloc", "read", "write", "sync", "rename", "lmdb_put", "lmdb_commit", "send",
};

static const char *const mode_names[] = {"once", "always", "die"};

void oc_fault_arm(enum oc_fault_site site, unsigned nth, enum oc_fault_mode mode)
{
    struct site *s = &sites[site];

    atomic_store(&s->nth, 0);
    atomic_store(&s->calls, 0);
    atomic_store(&s->fired, 0);
    atomic_store(&s->mode, mode);
    atomic_store(&s->nth, nth);
}

unsigned oc_fault_fired(enum oc_fault_site site)
{
    return atomic_load(&sites[site].fired);
}

/* Count a call of an armed site; kept apart so that the common case is one load. */
static bool count_call(struct site *s, unsigned nth)
{
    const unsigned call = atomic_fetch_add(&s->calls, 1) + 1;
    const enum oc_fault_mode mode = (enum oc_fault_mode)atomic_load(&s->mode);

    if (call < nth || (call > nth && mode != OC_FAULT_ALWAYS))
        return false;
    if (mode == OC_FAULT_DIE)
        _exit(137); /* what a shell reports for a process ended by SIGKILL */
    (void)atomic_fetch_add(&s->fired, 1);
    return true;
}

bool oc_fault(enum oc_fault_site site)
{
    const unsigned nth = atomic_load_explicit(&sites[site].nth, memory_order_relaxed);

    return nth != 0 && count_call(&sites[site], nth);
}

static int find_name(const char *const *names, int count, struct oc_slice name)
{
    for (int i = 0; i < count; i++) {
        if (oc_slice_eq_str(name, names[i]))
            return i;
    }
    return -1;
}

bool oc_fault_from_env(void)
{
    const char *text = getenv("OUTCROP_FAULT");
    struct oc_slice rest = oc_slice_of(text);
    struct oc_slice name, nth_text;
    int site, mode;
    int64_t nth;

    if (!text)
        return true;
    name = oc_slice_cut(&rest, ':');
    nth_text = oc_slice_cut(&rest, ':');
    site = find_name(site_names, OC_FAULT_SITES, name);
    mode = find_name(mode_names, OC_FAULT_DIE + 1, rest);
    if (site < 0 || mode < 0 || !oc_slice_to_int64(nth_text, &nth) || nth < 1 || nth > INT32_MAX)
        return false;
    oc_fault_arm((enum oc_fault_site)site, (unsigned)nth, (enum oc_fault_mode)mode);
    return true;
}

void *oc_alloc(unsigned long size)
{
    if (oc_fault(OC_FAULT_ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return malloc(size);
}

void *oc_realloc(void *old, unsigned long size)
{
    if (oc_fault(OC_FAULT_ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, size);
}

void *oc_alloc_aligned(unsigned long align, unsigned long size)
{
    if (oc_fault(OC_FAULT_ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return aligned_alloc(align, size);
}

void *oc_grow(void *items, unsigned long *cap, unsigned long want, unsigned long size)
{
    unsigned long room = *cap ? *cap : 16, bytes;
    void *grown;

    if (items && want <= *cap)
        return items;
    while (room < want)
        if (__builtin_mul_overflow(room, 2UL, &room))
            return NULL;
    if (__builtin_mul_overflow(room, size, &bytes))
        return NULL;
    grown = oc_realloc(items, bytes);
    if (grown)
        *cap = room;
    return grown;
}
