/* See id.h. */
#include "model/id.h"

#include <stdatomic.h>

#include "base/crypto.h"

#define EPOCH_MS    1577836800000LL /* 2020-01-01T00:00:00Z */
#define RANDOM_BITS 20
#define IDS         4738381338321616896ULL /* 36 to the power of OC_ID_LEN: enough until 2163 */

int oc_id_make(int64_t now_ms, char ret_id[OC_ID_LEN], struct oc_err *err)
{
    static const char digits[36] = "0123456789abcdefghijklmnopqrstuvwxyz";
    static _Atomic uint64_t latest;
    uint64_t ms = now_ms > EPOCH_MS ? (uint64_t)(now_ms - EPOCH_MS) : 0;
    uint64_t before = atomic_load(&latest), id;
    uint32_t chance;

    int rc = oc_random(&chance, sizeof(chance), err);
    if (rc < 0)
        return rc;
    do {
        id = (ms << RANDOM_BITS | (chance >> (32 - RANDOM_BITS))) % IDS;
        if (id <= before)
            id = (before + 1) % IDS;
    } while (!atomic_compare_exchange_weak(&latest, &before, id));
    for (size_t i = OC_ID_LEN; i-- > 0; id /= 36)
        ret_id[i] = digits[id % 36];
    return OC_OK;
}

bool oc_id_pack(struct oc_slice id, uint64_t *ret)
{
    uint64_t packed = 0;

    if (id.len != OC_ID_LEN)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (c >= '0' && c <= '9')
            packed = packed * 36 + (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'z')
            packed = packed * 36 + (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *ret = packed;
    return true;
}
