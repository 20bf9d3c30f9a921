/*
 * A table of counted digests with linear probing. A slot with count 0 but `held` keeps a digest
 * that was unpinned during a sweep.
 */
#include "copy/pins.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

struct oc_pin {
    uint8_t sha256[OC_SHA256_LEN];
    uint32_t count;
    bool held; /* the slot is in use */
};

void oc_pins_init(struct oc_pins *pins)
{
    *pins = (struct oc_pins){0};
    (void)pthread_mutex_init(&pins->lock, NULL); /* cannot fail with default attributes */
}

void oc_pins_clear(struct oc_pins *pins)
{
    free(pins->slots);
    (void)pthread_mutex_destroy(&pins->lock); /* nobody holds it any more */
    *pins = (struct oc_pins){0};
}

static size_t home_of(size_t cap, const uint8_t sha256[OC_SHA256_LEN])
{
    return (size_t)oc_get_be64(sha256) & (cap - 1);
}

/* The slot of a digest, or the empty one where it would go. There is always an empty one. */
static struct oc_pin *slot_of(struct oc_pin *slots, size_t cap, const uint8_t sha256[OC_SHA256_LEN])
{
    size_t at = home_of(cap, sha256);

    while (slots[at].held && memcmp(slots[at].sha256, sha256, OC_SHA256_LEN) != 0)
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

/* Make room for one more; at most half of the slots are used. */
static bool make_room(struct oc_pins *pins)
{
    size_t cap = pins->cap ? pins->cap * 2 : 64;
    struct oc_pin *slots;

    if ((pins->used + 1) * 2 <= pins->cap)
        return true;
    slots = oc_alloc(cap * sizeof(*slots));
    if (!slots)
        return false;
    memset(slots, 0, cap * sizeof(*slots));
    for (size_t i = 0; i < pins->cap; i++)
        if (pins->slots[i].held)
            *slot_of(slots, cap, pins->slots[i].sha256) = pins->slots[i];
    free(pins->slots);
    pins->slots = slots;
    pins->cap = cap;
    return true;
}

/* Empty a slot and move up those behind it that would no longer be found. */
static void empty_slot(struct oc_pins *pins, struct oc_pin *slot)
{
    size_t hole = (size_t)(slot - pins->slots), at = hole, mask = pins->cap - 1;

    for (;;) {
        at = (at + 1) & mask;
        if (!pins->slots[at].held)
            break;
        /* It may move only if its home is not between the hole and itself. */
        if (((at - home_of(pins->cap, pins->slots[at].sha256)) & mask) >= ((at - hole) & mask)) {
            pins->slots[hole] = pins->slots[at];
            hole = at;
        }
    }
    pins->slots[hole].held = false;
    pins->used--;
}

int oc_pins_add(struct oc_pins *pins, const uint8_t sha256[OC_SHA256_LEN], struct oc_err *err)
{
    struct oc_pin *slot;
    int rc = OC_OK;

    (void)pthread_mutex_lock(&pins->lock);
    if (make_room(pins)) {
        slot = slot_of(pins->slots, pins->cap, sha256);
        if (!slot->held) {
            memcpy(slot->sha256, sha256, OC_SHA256_LEN);
            slot->held = true;
            slot->count = 0;
            pins->used++;
        }
        slot->count++;
    } else {
        rc = oc_fail_nomem(err);
    }
    (void)pthread_mutex_unlock(&pins->lock);
    return rc;
}

void oc_pins_remove(struct oc_pins *pins, const uint8_t sha256[OC_SHA256_LEN])
{
    struct oc_pin *slot;

    (void)pthread_mutex_lock(&pins->lock);
    slot = slot_of(pins->slots, pins->cap, sha256);
    if (--slot->count == 0 && !pins->sweeping)
        empty_slot(pins, slot);
    (void)pthread_mutex_unlock(&pins->lock);
}

void oc_pins_begin(struct oc_pins *pins)
{
    (void)pthread_mutex_lock(&pins->lock);
    pins->sweeping = true;
    (void)pthread_mutex_unlock(&pins->lock);
}

/* Emptying a slot can move another one into it, so each place is looked at until it is settled. */
void oc_pins_end(struct oc_pins *pins)
{
    (void)pthread_mutex_lock(&pins->lock);
    pins->sweeping = false;
    for (size_t i = 0; i < pins->cap; i++)
        while (pins->slots[i].held && pins->slots[i].count == 0)
            empty_slot(pins, &pins->slots[i]);
    (void)pthread_mutex_unlock(&pins->lock);
}

int oc_pins_unless(struct oc_pins *pins, const uint8_t sha256[OC_SHA256_LEN],
                   int (*fn)(void *ctx, struct oc_err *err), void *ctx, struct oc_err *err)
{
    int rc = 1;

    (void)pthread_mutex_lock(&pins->lock);
    if (pins->cap == 0 || !slot_of(pins->slots, pins->cap, sha256)->held)
        rc = fn(ctx, err);
    (void)pthread_mutex_unlock(&pins->lock);
    return rc;
}
