/*
 * Late jobs: those that had not ended when their super was sealed (status.c). A job that runs for
 * weeks must not keep a quarter of a million others in small values that are looked at one by one.
 *
 * A super's late jobs stand in one small value, which is rewritten when one of them ends; most
 * supers have none. It stays when all have ended: what it says is what the plane does not know.
 *
 * Value: 0 CRC-32C, 4 version, 3 zero, 8 entries u32, in the order of their positions in the super:
 * position, and in the two highest bits the status (0 InProgress, 1 Completed, 2 Failed).
 */
#include "store/lmdb/impl.h"

#define VERSION  1
#define HEAD     8
#define SHIFT    30
#define POSITION ((1U << SHIFT) - 1)

uint32_t oc_late_status(enum oc_job_status status)
{
    return (uint32_t)status << SHIFT;
}

static enum oc_job_status status_of(uint32_t entry)
{
    return (enum oc_job_status)(entry >> SHIFT);
}

int oc_late_load(struct oc_read *read, uint32_t pid, uint64_t super, struct oc_late *ret,
                 struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_LATE, pid, super);
    struct oc_slice value;

    *ret = (struct oc_late){0};
    int rc = oc_env_get(read, read->store->index, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND)
        return OC_OK;
    if (rc < 0)
        return rc;
    if (value.len < HEAD || value.len % 4 || value.ptr[4] != VERSION ||
        !oc_small_ok(read, OC_INDEX_LATE, pid, super, value))
        return oc_fail(err, OC_ECORRUPT,
                       "the late jobs of partition %u, %llu, do not match their checksum", pid,
                       (unsigned long long)super);
    *ret = (struct oc_late){(const uint8_t *)value.ptr + HEAD, (uint32_t)(value.len - HEAD) / 4};
    return OC_OK;
}

static uint32_t entry_at(const struct oc_late *late, uint32_t index)
{
    return oc_ld32(late->entries + 4UL * index);
}

/* How many late jobs stand before `position`. */
static uint32_t late_before(const struct oc_late *late, uint64_t position)
{
    uint32_t low = 0, high = late->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((entry_at(late, middle) & POSITION) < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct oc_late oc_late_range(const struct oc_late *late, uint64_t from, uint64_t to)
{
    uint32_t first = late_before(late, from);

    if (late->count == 0)
        return *late;
    return (struct oc_late){late->entries + 4UL * first, late_before(late, to) - first};
}

/* The plane takes all late jobs for completed. */
bool oc_late_matters(const struct oc_late *late, enum oc_job_status want)
{
    for (uint32_t i = 0; i < late->count; i++) {
        enum oc_job_status status = status_of(entry_at(late, i));
        if (want == OC_JOB_COMPLETED ? status != want : status == want)
            return true;
    }
    return false;
}

void oc_late_correct(const struct oc_late *late, enum oc_job_status want, uint64_t origin,
                     uint64_t *words)
{
    for (uint32_t i = 0; i < late->count; i++) {
        uint32_t entry = entry_at(late, i);
        uint64_t at = (entry & POSITION) - origin, bit = 1ULL << (at % 64);
        words[at / 64] = status_of(entry) == want ? words[at / 64] | bit : words[at / 64] & ~bit;
    }
}

int oc_late_open_jobs(struct oc_read *read, uint32_t pid, uint64_t from, uint64_t to, uint32_t *ret,
                      struct oc_err *err)
{
    uint64_t size = read->store->shape.super, first = from / size * size;
    struct oc_late late;

    int rc = oc_late_load(read, pid, from / size, &late, err);
    if (rc < 0)
        return rc;
    late = oc_late_range(&late, from - first, to - first);
    *ret = 0;
    for (uint32_t i = 0; i < late.count; i++)
        *ret += status_of(entry_at(&late, i)) == OC_JOB_IN_PROGRESS;
    return OC_OK;
}

int oc_late_put(struct oc_tx *tx, uint32_t pid, uint64_t super, struct oc_slice entries,
                struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_LATE, pid, super);
    const uint8_t head[HEAD] = {[4] = VERSION};
    struct oc_buf *value = &tx->scratch;

    oc_buf_reset(value);
    oc_buf_put(value, head, sizeof head);
    oc_buf_put_slice(value, entries);
    if (value->failed)
        return oc_fail_nomem(err);
    oc_st32(value->ptr,
            oc_crc32c(oc_small_seed(OC_INDEX_LATE, pid, super), value->ptr + 4, value->len - 4));
    return oc_tx_set(tx, tx->store->index, oc_key_slice(&key), oc_buf_slice(value), err);
}

int oc_late_end(struct oc_tx *tx, uint32_t pid, uint64_t seq, bool failed, struct oc_err *err)
{
    uint64_t super = seq / tx->store->shape.super, position = seq % tx->store->shape.super;
    uint32_t entries[OC_LATE_MAX];
    struct oc_late late;

    int rc = oc_late_load(&tx->read, pid, super, &late, err);
    if (rc < 0)
        return rc;
    uint32_t at = late_before(&late, position);
    if (late.count > OC_LATE_MAX || at == late.count ||
        entry_at(&late, at) != (position | oc_late_status(OC_JOB_IN_PROGRESS)))
        return oc_fail(err, OC_ECORRUPT, "job %llu of partition %u ends and is not among the late",
                       (unsigned long long)seq, pid);
    memcpy(entries, late.entries, 4UL * late.count);
    entries[at] |= oc_late_status(failed ? OC_JOB_FAILED : OC_JOB_COMPLETED);
    return oc_late_put(tx, pid, super, (struct oc_slice){(char *)entries, 4UL * late.count}, err);
}
