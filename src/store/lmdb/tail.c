/*
 * The tail: the newest jobs of a partition, in groups of 64, in columns, so that a query scans a
 * group in a few tight loops. The last group is rewritten with every commit that adds to it; a
 * value of one or two LMDB pages costs what LMDB copies anyway.
 *
 * A group: 0 CRC-32C, 4 version, 5 count, 8 creation_ms[64] i64, ids[64] u64, accounts[64] u32,
 * models[64] u32, name offsets[65] u16, names that end in NUL each, 64 zero bytes.
 */
#include "store/lmdb/impl.h"

#define VERSION    1
#define AT_MS      8
#define AT_ID      (AT_MS + 8 * OC_GROUP)
#define AT_ACCOUNT (AT_ID + 8 * OC_GROUP)
#define AT_MODEL   (AT_ACCOUNT + 4 * OC_GROUP)
#define AT_NAME    (AT_MODEL + 4 * OC_GROUP)
#define AT_NAMES   (AT_NAME + 2 * (OC_GROUP + 1))
#define PAD        64   /* readable after the last name: see oc_bits_name_has */
#define ONE_PAGE   4080 /* bytes of an LMDB value that fills one page */

_Static_assert(AT_NAMES + OC_GROUP * (OC_NAME_MAX + 1) + PAD <= OC_GROUP_MAX, "a group fits");

void oc_group_view(const uint8_t *bytes, struct oc_group *ret)
{
    *ret = (struct oc_group){
        .bytes = bytes,
        .count = bytes[5],
        .ms = (const int64_t *)(const void *)(bytes + AT_MS),
        .id = (const uint64_t *)(const void *)(bytes + AT_ID),
        .account = (const uint32_t *)(const void *)(bytes + AT_ACCOUNT),
        .model = (const uint32_t *)(const void *)(bytes + AT_MODEL),
        .name_at = (const uint16_t *)(const void *)(bytes + AT_NAME),
        .names = (const char *)bytes + AT_NAMES,
    };
}

static size_t stored_len(const uint8_t *group)
{
    struct oc_group view;

    oc_group_view(group, &view);
    size_t used = AT_NAMES + view.name_at[view.count] + PAD;
    return used <= ONE_PAGE ? ONE_PAGE : OC_GROUP_MAX;
}

/* `value` is what stands under the group's key; absent: nothing does. */
static int read_group(struct oc_read *read, uint32_t pid, uint64_t number, struct oc_slice value,
                      struct oc_group *ret, struct oc_err *err)
{
    if ((value.len != ONE_PAGE && value.len != OC_GROUP_MAX) || (uint8_t)value.ptr[4] != VERSION ||
        (uint8_t)value.ptr[5] > OC_GROUP || !oc_small_ok(read, 'G', pid, number, value))
        return oc_fail(err, OC_ECORRUPT, "group %llu of partition %u does not match its checksum",
                       (unsigned long long)number, pid);
    oc_group_view((const uint8_t *)value.ptr, ret);
    ret->len = value.len;
    return OC_OK;
}

int oc_group_load(struct oc_read *read, uint32_t pid, uint64_t number, struct oc_group *ret,
                  struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_GROUP, pid, number);
    struct oc_slice value = {0};

    int rc = oc_env_get(read, read->store->index, oc_key_slice(&key), &value, err);
    return rc < 0 && rc != OC_ENOTFOUND ? rc : read_group(read, pid, number, value, ret, err);
}

int oc_group_walk(struct oc_read *read, uint32_t pid, uint64_t number, struct oc_group_walk *walk,
                  struct oc_group *ret, struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_GROUP, pid, number);
    MDB_val k = oc_val(key.bytes, key.len), v = {0};
    MDB_cursor_op op = number + 1 == walk->number   ? MDB_PREV
                       : number == walk->number + 1 ? MDB_NEXT
                                                    : MDB_SET_KEY;
    int code = 0;

    if (!walk->cursor) {
        code = mdb_cursor_open(read->txn, read->store->index, &walk->cursor);
        op = MDB_SET_KEY;
    }
    if (code == 0)
        code = mdb_cursor_get(walk->cursor, &k, &v, op);
    if (code != 0 && code != MDB_NOTFOUND)
        return oc_lmdb_fail(err, code, "read the store");
    if (code != 0 || k.mv_size != key.len || memcmp(k.mv_data, key.bytes, key.len) != 0)
        v = (MDB_val){0};
    walk->number = number;
    return read_group(read, pid, number, (struct oc_slice){v.mv_data, v.mv_size}, ret, err);
}

void oc_group_walk_end(struct oc_group_walk *walk)
{
    if (walk->cursor)
        mdb_cursor_close(walk->cursor);
    walk->cursor = NULL;
}

void oc_group_begin(uint8_t *group)
{
    memset(group, 0, OC_GROUP_MAX);
    group[4] = VERSION;
}

void oc_group_append(uint8_t *group, const struct oc_group_row *row)
{
    uint32_t i = group[5];
    uint16_t at = oc_ld16(group + AT_NAME + 2 * i);
    uint16_t end = (uint16_t)(at + row->name.len + 1);

    oc_st64(group + AT_MS + 8 * i, (uint64_t)row->ms);
    oc_st64(group + AT_ID + 8 * i, row->id);
    oc_st32(group + AT_ACCOUNT + 4 * i, row->account);
    oc_st32(group + AT_MODEL + 4 * i, row->model);
    memcpy(group + AT_NAME + 2 * (i + 1), &end, sizeof end);
    memcpy(group + AT_NAMES + at, row->name.ptr, row->name.len);
    group[5]++;
}

size_t oc_group_finish(uint8_t *group, uint32_t pid, uint64_t number)
{
    size_t len = stored_len(group);

    oc_st32(group, oc_crc32c(oc_small_seed('G', pid, number), group + 4, len - 4));
    return len;
}
