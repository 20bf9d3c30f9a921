/*
 * Records: small documents by kind and key. A value is stored as a CRC-32C, a version byte and the
 * bytes; the checksum covers the key too, so that a value under a wrong key is noticed.
 */
#include "store/lmdb/impl.h"

#define VERSION 1
#define HEAD    5
#define ADD_MAX (512UL * 1024)
#define SMALL   65536 /* bytes of a value that is put together in memory first */

struct record_key {
    uint8_t bytes[1 + OC_RECORD_KEY_MAX];
    size_t len;
};

static bool make_key(enum oc_record_kind kind, struct oc_slice key, struct record_key *ret)
{
    if (key.len > OC_RECORD_KEY_MAX)
        return false;
    ret->bytes[0] = (uint8_t)kind;
    if (key.len)
        memcpy(ret->bytes + 1, key.ptr, key.len);
    ret->len = 1 + key.len;
    return true;
}

static struct oc_slice key_slice(const struct record_key *key)
{
    return (struct oc_slice){(const char *)key->bytes, key->len};
}

static int check_value(struct oc_slice key, struct oc_slice value, struct oc_slice *ret,
                       struct oc_err *err)
{
    if (value.len < HEAD || (uint8_t)value.ptr[4] != VERSION ||
        oc_ld32(value.ptr) !=
            oc_crc32c(oc_crc32c(0, key.ptr, key.len), value.ptr + 4, value.len - 4))
        return oc_fail(err, OC_ECORRUPT, "a record of kind %u does not match its checksum",
                       (uint8_t)key.ptr[0]);
    *ret = (struct oc_slice){value.ptr + HEAD, value.len - HEAD};
    return OC_OK;
}

int oc_read_get(struct oc_read *read, enum oc_record_kind kind, struct oc_slice key,
                struct oc_slice *ret_value, struct oc_err *err)
{
    struct record_key full;
    struct oc_slice value;

    int rc = OC_ENOTFOUND;
    if (make_key(kind, key, &full))
        rc = oc_env_get(read, read->store->records, key_slice(&full), &value, err);
    if (rc == OC_ENOTFOUND)
        return oc_fail(err, OC_ENOTFOUND, "no such record");
    return rc < 0 ? rc : check_value(key_slice(&full), value, ret_value, err);
}

static int check_sizes(struct oc_slice key, struct oc_slice value, struct record_key *ret,
                       enum oc_record_kind kind, struct oc_err *err)
{
    if (!make_key(kind, key, ret))
        return oc_fail(err, OC_EINVAL, "a record's key is longer than %d bytes", OC_RECORD_KEY_MAX);
    if (value.len > OC_RECORD_VALUE_MAX)
        return oc_fail(err, OC_EINVAL, "a record is larger than %lu bytes", OC_RECORD_VALUE_MAX);
    return OC_OK;
}

static void make_head(const struct record_key *key, struct oc_slice value, uint8_t ret_head[HEAD])
{
    ret_head[4] = VERSION;
    uint32_t crc = oc_crc32c(oc_crc32c(0, key->bytes, key->len), ret_head + 4, 1);
    oc_st32(ret_head, oc_crc32c(crc, value.ptr, value.len));
}

/* A small value is copied first: it may be borrowed from a page that the change rewrites. */
static int make_small(struct oc_tx *tx, const struct record_key *key, struct oc_slice value,
                      struct oc_slice *ret, struct oc_err *err)
{
    struct oc_buf *small = &tx->scratch;
    uint8_t head[HEAD];

    make_head(key, value, head);
    oc_buf_reset(small);
    oc_buf_put(small, head, sizeof head);
    oc_buf_put_slice(small, value);
    *ret = oc_buf_slice(small);
    return small->failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_tx_put(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
              struct oc_slice value, struct oc_err *err)
{
    struct record_key full;
    struct oc_slice small;
    void *room;

    int rc = check_sizes(key, value, &full, kind, err);
    if (rc == OC_OK && value.len <= SMALL) {
        rc = make_small(tx, &full, value, &small, err);
        return rc < 0 ? rc : oc_tx_set(tx, tx->store->records, key_slice(&full), small, err);
    }
    if (rc == OC_OK)
        rc = oc_tx_reserve(tx, tx->store->records, key_slice(&full), HEAD + value.len, &room, err);
    if (rc < 0)
        return rc;
    make_head(&full, value, room);
    memcpy((char *)room + HEAD, value.ptr, value.len);
    return OC_OK;
}

int oc_tx_add(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
              struct oc_slice value, struct oc_err *err)
{
    struct record_key full;
    struct oc_slice small;

    int rc = check_sizes(key, value, &full, kind, err);
    if (rc == OC_OK && value.len > ADD_MAX)
        rc = oc_fail(err, OC_EINVAL, "a record to add is larger than %lu bytes", ADD_MAX);
    if (rc == OC_OK)
        rc = make_small(tx, &full, value, &small, err);
    if (rc == OC_OK)
        rc = oc_tx_set_new(tx, tx->store->records, key_slice(&full), small, err);
    return rc == OC_ECONFLICT ? oc_fail(err, rc, "the record exists") : rc;
}

int oc_tx_delete(struct oc_tx *tx, enum oc_record_kind kind, struct oc_slice key,
                 struct oc_err *err)
{
    struct record_key full;

    if (!make_key(kind, key, &full))
        return OC_OK;
    return oc_tx_unset(tx, tx->store->records, key_slice(&full), err);
}

/* -- scans ----------------------------------------------------------------------------------------
 */

/* The least key above all keys that begin with `key`. @return false: there is none */
static bool successor(struct record_key *key)
{
    while (key->len && key->bytes[key->len - 1] == 0xff)
        key->len--;
    if (key->len == 0)
        return false;
    key->bytes[key->len - 1]++;
    return true;
}

static int seek(MDB_cursor *cursor, const struct record_key *key, MDB_val *k, MDB_val *v)
{
    *k = oc_val(key->bytes, key->len);
    return mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
}

static int first_record(MDB_cursor *cursor, const struct oc_scan *scan, MDB_val *k, MDB_val *v)
{
    struct record_key key;

    if (!make_key(scan->kind, scan->from.ptr ? scan->from : scan->prefix, &key))
        return MDB_NOTFOUND;
    if (!scan->descending) {
        int code = seek(cursor, &key, k, v);
        bool same = code == 0 && scan->from.ptr && k->mv_size == key.len &&
                    memcmp(k->mv_data, key.bytes, key.len) == 0;
        return same ? mdb_cursor_get(cursor, k, v, MDB_NEXT) : code;
    }
    /* Descending: to the first key at or past the end, then one back. */
    bool bounded = scan->from.ptr || successor(&key);
    int code = bounded ? seek(cursor, &key, k, v) : MDB_NOTFOUND;
    return mdb_cursor_get(cursor, k, v, code == 0 ? MDB_PREV : MDB_LAST);
}

static int visit(MDB_cursor *cursor, const struct oc_scan *scan, oc_record_fn *fn, void *ctx,
                 struct oc_err *err)
{
    MDB_val k, v;
    int code = first_record(cursor, scan, &k, &v);

    for (; code == 0;
         code = mdb_cursor_get(cursor, &k, &v, scan->descending ? MDB_PREV : MDB_NEXT)) {
        struct oc_slice key = {k.mv_data, k.mv_size}, value;
        struct oc_slice name = oc_slice_sub(key, 1, key.len);
        if ((uint8_t)key.ptr[0] != scan->kind || !oc_slice_has_prefix(name, scan->prefix))
            return OC_OK;
        int rc = check_value(key, (struct oc_slice){v.mv_data, v.mv_size}, &value, err);
        if (rc == OC_OK)
            rc = fn(name, value, ctx, err);
        if (rc != 0)
            return rc < 0 ? rc : OC_OK;
    }
    return code == MDB_NOTFOUND ? OC_OK : oc_lmdb_fail(err, code, "read the store");
}

int oc_read_scan(struct oc_read *read, const struct oc_scan *scan, oc_record_fn *fn, void *ctx,
                 struct oc_err *err)
{
    MDB_cursor *cursor;
    int code = mdb_cursor_open(read->txn, read->store->records, &cursor);

    if (code != 0)
        return oc_lmdb_fail(err, code, "read the store");
    int rc = visit(cursor, scan, fn, ctx, err);
    mdb_cursor_close(cursor);
    return rc;
}
