/*
 * Immutable values and their checksums.
 *
 * A segment of tens of megabytes cannot be hashed on every query, and a flipped bit must not be
 * served. So each value carries a CRC-32C for every 4 KiB of itself (a unit), and a unit is
 * verified when it is first used in this process; a bit per page of the map remembers that.
 *
 * What makes the bit sound: LMDB gives each value larger than half a page whole pages that never
 * move while the value stands; the value begins 16 bytes into its first page, so each unit begins
 * in a page of its own. Pages are used again only after their value was deleted and no snapshot
 * sees it; oc_seal_forget clears the bits when a new value has taken them.
 *
 * The same holds for the place of a value: `places` remembers it under a hash of its name, and a
 * wrong guess is noticed because the value's head says who it is. Callers look up only values that
 * their snapshot's state says exist, so a remembered place cannot be one that was freed.
 *
 * Small values that are rewritten (rows, groups, status bits) are remembered by address and stored
 * checksum together: new content has a new checksum.
 */
#include "store/lmdb/impl.h"

#include <stdlib.h>
#include <sys/mman.h>

#define UNIT        4096U
#define MAGIC       0x4c53434fU /* "OCSL" */
#define VERSION     1
#define PLACES      (1U << 17)
#define SMALLS      (1U << 14)
#define PLACE_SHIFT 36 /* bits of a page number of the address space */

/* Reserved lazily: untouched pages of these tables take no memory. */
static void *reserve(size_t bytes)
{
    if (oc_fault(OC_FAULT_ALLOC))
        return NULL;
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return table == MAP_FAILED ? NULL : table;
}

int oc_seal_cache_init(struct oc_seal_cache *cache, uint64_t map_bytes, struct oc_err *err)
{
    uint64_t bits = 64;

    while (bits < map_bytes / UNIT)
        bits *= 2;
    cache->unit_mask = bits - 1;
    cache->units = reserve(bits / 8);
    cache->places = reserve(PLACES * sizeof *cache->places);
    cache->smalls = reserve(SMALLS * sizeof *cache->smalls);
    cache->absent = reserve(OC_ABSENT_ENTRIES * sizeof *cache->absent);
    cache->known = reserve(OC_KNOWN_TERMS * sizeof *cache->known);
    if (!cache->units || !cache->places || !cache->smalls || !cache->absent || !cache->known)
        return oc_fail_nomem(err);
    return OC_OK;
}

void oc_seal_cache_clear(struct oc_seal_cache *cache)
{
    if (cache->units)
        (void)munmap((void *)cache->units, (cache->unit_mask + 1) / 8);
    if (cache->places)
        (void)munmap((void *)cache->places, PLACES * sizeof *cache->places);
    if (cache->smalls)
        (void)munmap((void *)cache->smalls, SMALLS * sizeof *cache->smalls);
    if (cache->absent)
        (void)munmap((void *)cache->absent, OC_ABSENT_ENTRIES * sizeof *cache->absent);
    if (cache->known)
        (void)munmap(cache->known, OC_KNOWN_TERMS * sizeof *cache->known);
    *cache = (struct oc_seal_cache){0};
}

void oc_seal_cache_reset(struct oc_seal_cache *cache)
{
    (void)madvise((void *)cache->units, (cache->unit_mask + 1) / 8, MADV_DONTNEED);
    (void)madvise((void *)cache->places, PLACES * sizeof *cache->places, MADV_DONTNEED);
    (void)madvise((void *)cache->smalls, SMALLS * sizeof *cache->smalls, MADV_DONTNEED);
    (void)madvise((void *)cache->absent, OC_ABSENT_ENTRIES * sizeof *cache->absent, MADV_DONTNEED);
    (void)madvise(cache->known, OC_KNOWN_TERMS * sizeof *cache->known, MADV_DONTNEED);
}

/* -- building ------------------------------------------------------------------------------------
 */

void oc_seal_begin(struct oc_buf *buf, enum oc_seal_kind kind, uint32_t pid, uint32_t level,
                   uint64_t first)
{
    struct oc_seal_head head = {.magic = MAGIC,
                                .version = VERSION,
                                .kind = (uint16_t)kind,
                                .pid = pid,
                                .level = level,
                                .first = first};

    oc_buf_put(buf, &head, sizeof head);
}

static void put_zeros(struct oc_buf *buf, size_t len)
{
    void *to = oc_buf_extend(buf, len);

    if (to)
        memset(to, 0, len);
}

void oc_seal_align(struct oc_buf *buf)
{
    /* LMDB puts the value 16 bytes after a page's beginning. */
    put_zeros(buf, (64 - (buf->len + 16) % 64) % 64);
}

bool oc_seal_finish(struct oc_buf *buf)
{
    struct oc_seal_head head;

    /* At least one whole unit: a smaller value could stand inside a page and move with it. */
    if (buf->len < UNIT)
        put_zeros(buf, UNIT - buf->len);
    size_t payload = buf->len, units = (payload + UNIT - 1) / UNIT;
    if (buf->failed)
        return false;
    memcpy(&head, buf->ptr, sizeof head);
    head.payload = payload;
    memcpy(buf->ptr, &head, sizeof head);
    for (size_t i = 0; i < units; i++) {
        size_t len = payload - i * UNIT < UNIT ? payload - i * UNIT : UNIT;
        uint32_t crc = oc_crc32c((uint32_t)i, buf->ptr + i * UNIT, len);
        oc_buf_put(buf, &crc, sizeof crc);
        if (buf->failed)
            return false;
    }
    return true;
}

/* -- verifying -----------------------------------------------------------------------------------
 */

static int damaged(const struct oc_seal *seal, size_t unit, struct oc_err *err)
{
    static const char *const what[] = {"value", "segment", "text segment", "plane of failures"};

    return oc_fail(err, OC_ECORRUPT,
                   "%s of partition %u at job %llu: the checksum of its page %zu does not match",
                   what[seal->kind & 3], seal->pid, (unsigned long long)seal->first, unit);
}

static bool unit_is_right(const struct oc_seal *seal, size_t unit)
{
    size_t at = unit * UNIT, left = seal->payload - at;
    uint32_t crc = oc_crc32c((uint32_t)unit, seal->bytes + at, left < UNIT ? left : UNIT);

    return crc == oc_ld32(seal->bytes + seal->payload + 4 * unit);
}

static int verify_units(const struct oc_seal *seal, size_t from, size_t to, struct oc_err *err)
{
    const struct oc_seal_cache *cache = &seal->store->seals;
    uintptr_t page = (uintptr_t)seal->bytes / UNIT;

    for (size_t unit = from; unit <= to; unit++) {
        uint64_t bit = (page + unit) & cache->unit_mask;
        _Atomic uint64_t *word = &cache->units[bit / 64];
        uint64_t mask = 1ULL << (bit % 64);

        if (seal->cached && (atomic_load_explicit(word, memory_order_relaxed) & mask))
            continue;
        if (!unit_is_right(seal, unit))
            return damaged(seal, unit, err);
        if (seal->cached)
            (void)atomic_fetch_or_explicit(word, mask, memory_order_relaxed);
    }
    return OC_OK;
}

const void *oc_seal_at(const struct oc_seal *seal, size_t offset, size_t len, struct oc_err *err)
{
    if (offset > seal->payload || len > seal->payload - offset) {
        (void)damaged(seal, offset / UNIT, err);
        return NULL;
    }
    if (len && verify_units(seal, offset / UNIT, (offset + len - 1) / UNIT, err) < 0)
        return NULL;
    return seal->bytes + offset;
}

void oc_seal_forget(struct oc_store *store, MDB_dbi dbi, struct oc_slice key)
{
    struct oc_read *read;
    struct oc_slice value;
    struct oc_err err = {0};

    if (oc_store_read(store, &read, &err) < 0) {
        oc_seal_cache_reset(&store->seals);
        return;
    }
    if (oc_env_get(read, dbi, key, &value, &err) == OC_OK) {
        uint64_t page = (uintptr_t)value.ptr / UNIT;
        for (uint64_t i = 0; i <= value.len / UNIT + 1; i++) {
            uint64_t bit = (page + i) & store->seals.unit_mask;
            (void)atomic_fetch_and_explicit(&store->seals.units[bit / 64], ~(1ULL << (bit % 64)),
                                            memory_order_relaxed);
        }
    }
    oc_read_close(read);
}

/* -- finding -------------------------------------------------------------------------------------
 */

static uint64_t place_hash(enum oc_seal_kind kind, uint32_t pid, unsigned level, uint64_t first)
{
    uint64_t h =
        first * 0x9E3779B97F4A7C15ULL + ((uint64_t)pid << 16 ^ (uint64_t)kind << 8 ^ level);

    h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ULL;
    return h ^ (h >> 32);
}

static uint64_t place_tag(uint64_t hash)
{
    return hash >> PLACE_SHIFT << PLACE_SHIFT;
}

const uint8_t *oc_seal_peek(struct oc_read *read, enum oc_seal_kind kind, uint32_t pid,
                            unsigned level, uint64_t first)
{
    uint64_t hash = place_hash(kind, pid, level, first);
    uint64_t place =
        atomic_load_explicit(&read->store->seals.places[hash % PLACES], memory_order_relaxed);

    if (!place || place_tag(place) != place_tag(hash))
        return NULL;
    uintptr_t address = (place & ((1ULL << PLACE_SHIFT) - 1)) * UNIT + 16;
    return (const uint8_t *)address; /* NOLINT: an address of the map that was kept as a number */
}

static bool head_is(const uint8_t *bytes, enum oc_seal_kind kind, uint32_t pid, unsigned level,
                    uint64_t first)
{
    struct oc_seal_head head;

    memcpy(&head, bytes, sizeof head);
    return head.magic == MAGIC && head.kind == kind && head.pid == pid && head.level == level &&
           head.first == first;
}

static int find_value(struct oc_read *read, enum oc_seal_kind kind, uint32_t pid, unsigned level,
                      uint64_t first, struct oc_seal *seal, struct oc_err *err)
{
    struct oc_key key;
    MDB_dbi dbi = read->store->index;
    struct oc_slice value;

    if (kind == OC_SEAL_TEXT) {
        key = oc_key_seq(pid, first);
        dbi = read->store->texts;
    } else if (kind == OC_SEAL_SEGMENT) {
        key = oc_key_index(OC_INDEX_SEGMENT, pid, oc_segment_number(level, first));
    } else {
        key = oc_key_index(OC_INDEX_FAILED, pid, first);
    }
    int rc = oc_env_get(read, dbi, oc_key_slice(&key), &value, err);
    if (rc < 0)
        return rc;
    seal->bytes = (const uint8_t *)value.ptr;
    if (value.len < UNIT)
        return damaged(seal, 0, err);
    uint64_t payload = oc_ld64(value.ptr + offsetof(struct oc_seal_head, payload));
    if (payload < UNIT || payload > value.len ||
        payload + (payload + UNIT - 1) / UNIT * 4 != value.len)
        return damaged(seal, 0, err);
    return OC_OK;
}

/*
 * In a write transaction a value may lie in a page that is not in the map yet, which nothing may
 * remember. Almost all are older than the transaction: a snapshot finds and remembers those.
 */
static void find_by_snapshot(struct oc_read *read, enum oc_seal_kind kind, uint32_t pid,
                             unsigned level, uint64_t first)
{
    struct oc_seal seal;
    struct oc_read *snapshot;
    struct oc_err err = {0};

    if (oc_store_read(read->store, &snapshot, &err) < 0)
        return;
    (void)oc_seal_open(snapshot, kind, pid, level, first, &seal, &err); /* the caller looks again */
    oc_read_close(snapshot);
}

int oc_seal_open(struct oc_read *read, enum oc_seal_kind kind, uint32_t pid, unsigned level,
                 uint64_t first, struct oc_seal *ret, struct oc_err *err)
{
    uint64_t hash = place_hash(kind, pid, level, first);
    struct oc_seal seal = {.store = read->store, .kind = (uint8_t)kind, .pid = pid, .first = first};
    const uint8_t *place = oc_seal_peek(read, kind, pid, level, first);

    if (!place && read->tx) {
        find_by_snapshot(read, kind, pid, level, first);
        place = oc_seal_peek(read, kind, pid, level, first);
    }
    bool known = place && head_is(place, kind, pid, level, first);
    seal.cached = known || !read->tx;
    if (known) {
        seal.bytes = place;
    } else {
        int rc = find_value(read, kind, pid, level, first, &seal, err);
        if (rc < 0)
            return rc;
    }
    seal.payload = oc_ld64(seal.bytes + offsetof(struct oc_seal_head, payload));
    int rc = verify_units(&seal, 0, 0, err);
    if (rc < 0)
        return rc;
    if (!known) {
        if (!head_is(seal.bytes, kind, pid, level, first))
            return damaged(&seal, 0, err);
        if (oc_ld16(seal.bytes + offsetof(struct oc_seal_head, version)) > VERSION)
            return oc_fail(err, OC_EINVAL, "a stored value was made by a newer version");
        if (seal.cached && (uintptr_t)seal.bytes % UNIT == 16)
            atomic_store_explicit(&read->store->seals.places[hash % PLACES],
                                  place_tag(hash) | (uintptr_t)seal.bytes / UNIT,
                                  memory_order_relaxed);
    }
    *ret = seal;
    return OC_OK;
}

/* -- small values --------------------------------------------------------------------------------
 */

uint32_t oc_small_seed(uint8_t kind, uint32_t pid, uint64_t number)
{
    uint8_t name[13] = {kind};

    oc_put_be32(name + 1, pid);
    oc_put_be64(name + 5, number);
    return oc_crc32c(0, name, sizeof name);
}

/* Not the seed: that is a checksum itself, and this is asked for each row of a page. */
static uint64_t small_mark(uint8_t kind, uint32_t pid, uint64_t number, struct oc_slice value)
{
    uint64_t mark = (uintptr_t)value.ptr ^ (uint64_t)oc_ld32(value.ptr) << 32;

    mark = (mark ^ mark >> 29) * 0xBF58476D1CE4E5B9ULL;
    mark ^= (number + ((uint64_t)pid << 8 | kind) * 0x9E3779B97F4A7C15ULL) * 0x94D049BB133111EBULL;
    return mark | 1; /* never that of an unused entry */
}

bool oc_small_ok(struct oc_read *read, uint8_t kind, uint32_t pid, uint64_t number,
                 struct oc_slice value)
{
    uint64_t mark = small_mark(kind, pid, number, value);
    uint64_t slot = ((uintptr_t)value.ptr * 0x9E3779B97F4A7C15ULL) >> 50;
    _Atomic uint64_t *entry = &read->store->seals.smalls[slot % SMALLS];

    if (!read->tx && atomic_load_explicit(entry, memory_order_relaxed) == mark)
        return true;
    if (oc_crc32c(oc_small_seed(kind, pid, number), value.ptr + 4, value.len - 4) !=
        oc_ld32(value.ptr))
        return false;
    if (!read->tx)
        atomic_store_explicit(entry, mark, memory_order_relaxed);
    return true;
}
