/*
 * Accounts and models that queries asked for lately, with their numbers. Finding a number costs a
 * digest and a walk down LMDB's tree, half of what a tiny query takes; a term's number never
 * changes. The table has a fixed size; an entry gives way to the next of its place.
 *
 * Entries are read without locks: an odd version says that one is being written, another version
 * after reading than before that it was. All of it is atomic words, so that nothing read meanwhile
 * is undefined; the text is compared whole, so that nothing is guessed.
 */
#include "store/lmdb/impl.h"

#define TEXT_WORDS (OC_KNOWN_WORDS - 1) /* the first word: partition, kind and length */

struct key {
    uint64_t words[OC_KNOWN_WORDS]; /* the text is padded with zeros */
    unsigned used;
    uint64_t hash;
};

/* @return false when the text is too long to be kept */
static bool make_key(uint32_t pid, enum oc_term_kind kind, struct oc_slice text, struct key *ret)
{
    if (text.len > 8UL * TEXT_WORDS)
        return false;
    ret->used = 1 + (unsigned)(text.len + 7) / 8;
    ret->words[ret->used - 1] = 0;
    ret->words[0] = (uint64_t)pid << 32 | (uint64_t)kind << 16 | text.len;
    memcpy(ret->words + 1, text.ptr, text.len);
    ret->hash = 0;
    for (unsigned i = 0; i < ret->used; i++) {
        ret->hash = (ret->hash ^ ret->words[i]) * 0x9E3779B97F4A7C15ULL;
        ret->hash ^= ret->hash >> 32;
    }
    return true;
}

static struct oc_known_term *entry_of(const struct oc_store *store, const struct key *key)
{
    return &store->seals.known[key->hash % OC_KNOWN_TERMS];
}

bool oc_known_term_get(struct oc_read *read, uint32_t pid, enum oc_term_kind kind,
                       struct oc_slice text, uint32_t *ret)
{
    struct key key;

    if (read->tx || !make_key(pid, kind, text, &key))
        return false;
    struct oc_known_term *entry = entry_of(read->store, &key);
    uint32_t version = atomic_load_explicit(&entry->version, memory_order_acquire);
    uint64_t differs = 0;
    for (unsigned i = 0; i < key.used; i++)
        differs |= atomic_load_explicit(&entry->words[i], memory_order_relaxed) ^ key.words[i];
    *ret = atomic_load_explicit(&entry->term, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    return version % 2 == 0 && version != 0 && !differs &&
           atomic_load_explicit(&entry->version, memory_order_relaxed) == version;
}

void oc_known_term_put(struct oc_read *read, uint32_t pid, enum oc_term_kind kind,
                       struct oc_slice text, uint32_t term)
{
    struct key key;

    if (read->tx || !make_key(pid, kind, text, &key))
        return;
    struct oc_known_term *entry = entry_of(read->store, &key);
    uint32_t version = atomic_load_explicit(&entry->version, memory_order_relaxed);
    if (version % 2 ||
        !atomic_compare_exchange_strong_explicit(&entry->version, &version, version + 1,
                                                 memory_order_relaxed, memory_order_relaxed))
        return; /* another thread is at it */
    atomic_thread_fence(memory_order_release);
    for (unsigned i = 0; i < key.used; i++)
        atomic_store_explicit(&entry->words[i], key.words[i], memory_order_relaxed);
    atomic_store_explicit(&entry->term, term, memory_order_relaxed);
    atomic_store_explicit(&entry->version, version + 2, memory_order_release);
}
