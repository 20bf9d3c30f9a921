/*
 * Partitions, terms and job ids.
 *
 * A partition is an (account, Region) with a number. Its state stands in `parts` and is all that a
 * query needs to know before it looks at the index. Source accounts and source models are terms:
 * each gets a number in its partition, so that segments hold numbers instead of ARNs.
 */
#include "store/lmdb/impl.h"

#define STATE_VERSION 2
#define STATE_HEAD    72 /* fixed part of the state; account and Region follow */
#define STATE_HEAD_1  64 /* of version 1, which did not know the greatest id */

/* -- names and states -------------------------------------------------------------------------- */

static bool name_key(struct oc_partition name, struct oc_key *key, uint8_t *bytes)
{
    if (name.account.len == 0 || name.account.len > OC_ACCOUNT_MAX || name.region.len == 0 ||
        name.region.len > OC_REGION_MAX)
        return false;
    bytes[0] = 'N';
    memcpy(bytes + 1, name.account.ptr, name.account.len);
    bytes[1 + name.account.len] = 0;
    memcpy(bytes + 2 + name.account.len, name.region.ptr, name.region.len);
    key->len = 2 + name.account.len + name.region.len;
    return true;
}

static struct oc_key state_key(uint32_t pid)
{
    struct oc_key key = {.bytes = {'P'}, .len = 5};

    oc_put_be32(key.bytes + 1, pid);
    return key;
}

static size_t encode_state(const struct oc_part *part, uint8_t *to)
{
    size_t len = STATE_HEAD + part->account_len + part->region_len;

    memset(to, 0, STATE_HEAD);
    to[4] = STATE_VERSION;
    to[5] = part->account_len;
    to[6] = part->region_len;
    oc_st32(to + 8, part->next_term);
    oc_st32(to + 12, part->young);
    oc_st64(to + 16, part->next_seq);
    oc_st64(to + 24, (uint64_t)part->last_ms);
    for (int i = 0; i < OC_LEVELS; i++)
        oc_st64(to + 32 + 8 * i, part->end[i]);
    oc_st64(to + 56, part->text_next);
    oc_st64(to + 64, part->max_id);
    memcpy(to + STATE_HEAD, part->account, part->account_len);
    memcpy(to + STATE_HEAD + part->account_len, part->region, part->region_len);
    oc_st32(to, oc_crc32c(oc_small_seed('P', part->pid, 0), to + 4, len - 4));
    return len;
}

static int decode_state(struct oc_read *read, uint32_t pid, struct oc_slice value,
                        struct oc_part *ret, struct oc_err *err)
{
    const uint8_t *p = (const uint8_t *)value.ptr;

    if (value.len >= STATE_HEAD_1 && p[4] > STATE_VERSION)
        return oc_fail(err, OC_EINVAL, "partition %u was written by a newer version", pid);
    size_t head = value.len >= STATE_HEAD_1 && p[4] == 1 ? STATE_HEAD_1 : STATE_HEAD;
    if (value.len < head || p[5] > OC_ACCOUNT_MAX || p[6] > OC_REGION_MAX ||
        value.len != head + p[5] + p[6] || !oc_small_ok(read, 'P', pid, 0, value))
        return oc_fail(err, OC_ECORRUPT, "the state of partition %u does not match its checksum",
                       pid);
    *ret = (struct oc_part){.pid = pid,
                            .next_term = oc_ld32(p + 8),
                            .young = oc_ld32(p + 12),
                            .next_seq = oc_ld64(p + 16),
                            .last_ms = (int64_t)oc_ld64(p + 24),
                            .text_next = oc_ld64(p + 56),
                            .max_id = head == STATE_HEAD ? oc_ld64(p + 64) : UINT64_MAX,
                            .account_len = p[5],
                            .region_len = p[6]};
    for (int i = 0; i < OC_LEVELS; i++)
        ret->end[i] = oc_ld64(p + 32 + 8 * i);
    memcpy(ret->account, p + head, p[5]);
    memcpy(ret->region, p + head + p[5], p[6]);
    return OC_OK;
}

int oc_part_load(struct oc_read *read, uint32_t pid, struct oc_part *ret, struct oc_err *err)
{
    struct oc_key key = state_key(pid);
    struct oc_slice value;

    int rc = oc_env_get(read, read->store->parts, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ECORRUPT, "partition %u has no state", pid);
    return rc < 0 ? rc : decode_state(read, pid, value, ret, err);
}

static int find_pid(struct oc_read *read, struct oc_partition name, uint32_t *ret,
                    struct oc_err *err)
{
    uint8_t bytes[2 + OC_ACCOUNT_MAX + OC_REGION_MAX];
    struct oc_key key;
    struct oc_slice value;

    if (!name_key(name, &key, bytes))
        return OC_ENOTFOUND;
    int rc = oc_env_get(read, read->store->parts, (struct oc_slice){(char *)bytes, key.len}, &value,
                        err);
    if (rc < 0)
        return rc;
    if (value.len != 4)
        return oc_fail(err, OC_ECORRUPT, "the number of a partition is damaged");
    *ret = oc_get_be32((const uint8_t *)value.ptr);
    return OC_OK;
}

static bool is_named(const struct oc_part *part, struct oc_partition name)
{
    return oc_slice_eq(name.account, (struct oc_slice){part->account, part->account_len}) &&
           oc_slice_eq(name.region, (struct oc_slice){part->region, part->region_len});
}

int oc_part_find(struct oc_read *read, struct oc_partition name, struct oc_part *ret,
                 struct oc_err *err)
{
    uint32_t pid = 0;

    int rc = find_pid(read, name, &pid, err);
    if (rc == OC_OK)
        rc = oc_part_load(read, pid, ret, err);
    /* The number carries no checksum of its own: the state it leads to says whose it is. */
    if (rc == OC_OK && !is_named(ret, name))
        return oc_fail(err, OC_ECORRUPT, "the number of a partition is damaged");
    return rc;
}

int oc_part_next(struct oc_read *read, uint32_t pid, uint32_t *ret, struct oc_err *err)
{
    struct oc_key key = state_key(pid + 1);
    MDB_val k = oc_val(key.bytes, key.len), v;
    MDB_cursor *cursor;

    int code = mdb_cursor_open(read->txn, read->store->parts, &cursor);
    if (code != 0)
        return oc_lmdb_fail(err, code, "read the store");
    code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    const uint8_t *p = k.mv_data;
    bool found = code == 0 && k.mv_size == 5 && p[0] == 'P';
    if (found)
        *ret = oc_get_be32(p + 1);
    mdb_cursor_close(cursor);
    if (code != 0 && code != MDB_NOTFOUND)
        return oc_lmdb_fail(err, code, "read the store");
    return found ? OC_OK : OC_ENOTFOUND;
}

/* -- the writer's copies ------------------------------------------------------------------------
 */

int oc_part_write(struct oc_tx *tx, struct oc_wpart *wpart, struct oc_err *err)
{
    uint8_t state[STATE_HEAD + OC_ACCOUNT_MAX + OC_REGION_MAX];
    int rc = OC_OK;

    if (wpart->group_dirty) {
        uint64_t number = (wpart->part.next_seq - 1) / OC_GROUP;
        struct oc_key key = oc_key_index(OC_INDEX_GROUP, wpart->part.pid, number);
        size_t len = oc_group_finish(wpart->group, wpart->part.pid, number);
        rc = oc_tx_set(tx, tx->store->index, oc_key_slice(&key),
                       (struct oc_slice){(char *)wpart->group, len}, err);
        wpart->group_dirty = false;
    }
    if (rc == OC_OK && wpart->dirty) {
        struct oc_key key = state_key(wpart->part.pid);
        size_t len = encode_state(&wpart->part, state);
        rc = oc_tx_set(tx, tx->store->parts, oc_key_slice(&key),
                       (struct oc_slice){(char *)state, len}, err);
        wpart->dirty = false;
    }
    return rc;
}

/* A free place for another partition; all are written back when none is free. */
static int free_slot(struct oc_tx *tx, struct oc_wpart **ret, struct oc_err *err)
{
    for (int i = 0; i < OC_WPARTS; i++) {
        if (!tx->parts[i].used) {
            *ret = &tx->parts[i];
            return OC_OK;
        }
    }
    int rc = oc_tx_flush(tx, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < OC_WPARTS; i++)
        tx->parts[i].used = false;
    *ret = &tx->parts[0];
    return OC_OK;
}

static int adopt(struct oc_tx *tx, const struct oc_part *part, struct oc_wpart **ret,
                 struct oc_err *err)
{
    int rc = free_slot(tx, ret, err);

    if (rc < 0)
        return rc;
    (*ret)->part = *part;
    (*ret)->used = true;
    (*ret)->dirty = (*ret)->group_loaded = (*ret)->group_dirty = false;
    return OC_OK;
}

static int create_part(struct oc_tx *tx, struct oc_partition name, struct oc_part *part,
                       struct oc_err *err)
{
    uint8_t bytes[2 + OC_ACCOUNT_MAX + OC_REGION_MAX], number[4];
    uint32_t last = 0, pid;
    struct oc_key key;
    int rc;

    if (!name_key(name, &key, bytes))
        return oc_fail(err, OC_EINVAL, "'%.*s' and '%.*s' are no account and Region",
                       OC_FMT(name.account), OC_FMT(name.region));
    while ((rc = oc_part_next(&tx->read, last, &pid, err)) == OC_OK)
        last = pid;
    if (rc != OC_ENOTFOUND)
        return rc;
    *part = (struct oc_part){.pid = last + 1,
                             .account_len = (uint8_t)name.account.len,
                             .region_len = (uint8_t)name.region.len,
                             .last_ms = INT64_MIN};
    memcpy(part->account, name.account.ptr, name.account.len);
    memcpy(part->region, name.region.ptr, name.region.len);
    oc_put_be32(number, part->pid);
    rc = oc_tx_set(tx, tx->store->parts, (struct oc_slice){(char *)bytes, key.len},
                   (struct oc_slice){(char *)number, sizeof number}, err);
    return rc;
}

int oc_part_touch(struct oc_tx *tx, struct oc_partition name, bool create, struct oc_wpart **ret,
                  struct oc_err *err)
{
    struct oc_part part;

    for (int i = 0; i < OC_WPARTS; i++) {
        if (tx->parts[i].used && is_named(&tx->parts[i].part, name)) {
            *ret = &tx->parts[i];
            return OC_OK;
        }
    }
    int rc = oc_part_find(&tx->read, name, &part, err);
    if (rc == OC_ENOTFOUND && create) {
        rc = create_part(tx, name, &part, err);
        if (rc == OC_OK)
            rc = adopt(tx, &part, ret, err);
        if (rc == OC_OK) {
            (*ret)->dirty = true;
            /* At once, so that the next new partition finds this one's number taken. */
            rc = oc_part_write(tx, *ret, err);
        }
        return rc;
    }
    return rc < 0 ? rc : adopt(tx, &part, ret, err);
}

int oc_part_touch_pid(struct oc_tx *tx, uint32_t pid, struct oc_wpart **ret, struct oc_err *err)
{
    struct oc_part part;

    for (int i = 0; i < OC_WPARTS; i++) {
        if (tx->parts[i].used && tx->parts[i].part.pid == pid) {
            *ret = &tx->parts[i];
            return OC_OK;
        }
    }
    int rc = oc_part_load(&tx->read, pid, &part, err);
    return rc < 0 ? rc : adopt(tx, &part, ret, err);
}

/* -- terms --------------------------------------------------------------------------------------
 */

#define TERM_HEAD 8 /* checksum, number; the text follows */

struct term_key {
    uint8_t bytes[22];
};

static int make_term_key(uint32_t pid, enum oc_term_kind kind, struct oc_slice text,
                         struct term_key *ret, struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];

    int rc = oc_sha256(text, digest, err);
    if (rc < 0)
        return rc;
    ret->bytes[0] = 'T';
    oc_put_be32(ret->bytes + 1, pid);
    ret->bytes[5] = (uint8_t)kind;
    memcpy(ret->bytes + 6, digest, 16);
    return OC_OK;
}

static int get_term(struct oc_read *read, const struct term_key *key, uint32_t pid,
                    struct oc_slice text, uint32_t *ret, struct oc_err *err)
{
    struct oc_slice value;

    int rc =
        oc_env_get(read, read->store->index,
                   (struct oc_slice){(const char *)key->bytes, sizeof key->bytes}, &value, err);
    if (rc < 0)
        return rc;
    if (value.len != TERM_HEAD + text.len ||
        memcmp(value.ptr + TERM_HEAD, text.ptr, text.len) != 0 ||
        oc_ld32(value.ptr) != oc_crc32c(oc_small_seed('T', pid, 0), value.ptr + 4, value.len - 4))
        return oc_fail(err, OC_ECORRUPT, "a term of partition %u does not match its checksum", pid);
    *ret = oc_ld32(value.ptr + 4);
    return OC_OK;
}

int oc_term_find(struct oc_read *read, uint32_t pid, enum oc_term_kind kind, struct oc_slice text,
                 uint32_t *ret, struct oc_err *err)
{
    struct term_key key;

    if (oc_known_term_get(read, pid, kind, text, ret))
        return OC_OK;
    int rc = make_term_key(pid, kind, text, &key, err);
    if (rc == OC_OK)
        rc = get_term(read, &key, pid, text, ret, err);
    if (rc == OC_OK)
        oc_known_term_put(read, pid, kind, text, *ret);
    return rc;
}

static int add_term(struct oc_tx *tx, struct oc_wpart *wpart, const struct term_key *key,
                    enum oc_term_kind kind, struct oc_slice text, uint32_t *ret, struct oc_err *err)
{
    struct oc_buf *value = &tx->scratch;
    uint32_t pid = wpart->part.pid;

    if (wpart->part.next_term > UINT32_MAX / 2 - 1)
        return oc_fail(err, OC_EFULL, "partition %u has too many source models", pid);
    uint32_t term = wpart->part.next_term << 1 | (uint32_t)kind;
    oc_buf_reset(value);
    char *head = oc_buf_extend(value, TERM_HEAD);
    oc_buf_put_slice(value, text);
    if (value->failed)
        return oc_fail_nomem(err);
    head = value->ptr;
    oc_st32(head + 4, term);
    oc_st32(head, oc_crc32c(oc_small_seed('T', pid, 0), head + 4, value->len - 4));
    int rc = oc_tx_set(tx, tx->store->index,
                       (struct oc_slice){(const char *)key->bytes, sizeof key->bytes},
                       oc_buf_slice(value), err);
    if (rc < 0)
        return rc;
    wpart->part.next_term++;
    wpart->dirty = true;
    *ret = term;
    return OC_OK;
}

int oc_term_intern(struct oc_tx *tx, struct oc_wpart *wpart, enum oc_term_kind kind,
                   struct oc_slice text, uint32_t *ret, struct oc_err *err)
{
    struct term_key key;

    int rc = make_term_key(wpart->part.pid, kind, text, &key, err);
    if (rc < 0)
        return rc;
    struct oc_term_entry *entry = &tx->terms[oc_get_be32(key.bytes + 6) % OC_TERM_CACHE];
    /* An entry holds pid, kind and 15 bytes of digest; an unused one is all zeros: no pid is 0. */
    if (memcmp(entry->key, key.bytes + 1, sizeof entry->key) == 0) {
        *ret = entry->term;
        return OC_OK;
    }
    rc = get_term(&tx->read, &key, wpart->part.pid, text, ret, err);
    if (rc == OC_ENOTFOUND)
        rc = add_term(tx, wpart, &key, kind, text, ret, err);
    if (rc < 0)
        return rc;
    memcpy(entry->key, key.bytes + 1, sizeof entry->key);
    entry->term = *ret;
    return OC_OK;
}

/* -- ids ----------------------------------------------------------------------------------------
 */

/* Segments from the newest to the oldest; each has a Bloom filter before its sorted ids. */
static int find_in_segments(struct oc_read *read, const struct oc_part *part, uint64_t id,
                            uint64_t *ret, struct oc_err *err)
{
    uint64_t floor = 0;
    struct oc_seg seg;
    uint32_t position;

    for (int level = 0; level < OC_LEVELS; level++) {
        uint64_t size = read->store->shape.level[level], at = part->end[level];
        floor = level + 1 < OC_LEVELS ? part->end[level + 1] : 0;
        while (at > floor) {
            at -= size;
            int rc = oc_seg_open(read, part->pid, (unsigned)level, at, &seg, err);
            if (rc == OC_OK)
                rc = oc_seg_find_id(&seg, id, &position, err);
            if (rc == OC_OK)
                *ret = at + position;
            if (rc != OC_ENOTFOUND)
                return rc;
        }
    }
    return OC_ENOTFOUND;
}

int oc_id_find(struct oc_read *read, const struct oc_part *part, uint64_t id, uint64_t *ret,
               struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_ID, part->pid, id);
    struct oc_slice value;

    int rc = oc_env_get(read, read->store->index, oc_key_slice(&key), &value, err);
    if (rc == OC_ENOTFOUND)
        return find_in_segments(read, part, id, ret, err);
    if (rc < 0)
        return rc;
    uint32_t seed = oc_small_seed('I', part->pid, id);
    if (value.len != 12 || oc_ld32(value.ptr) != oc_crc32c(seed, value.ptr + 4, 8))
        return oc_fail(err, OC_ECORRUPT, "the number of a job does not match its checksum");
    *ret = oc_ld64(value.ptr + 4);
    return OC_OK;
}
