/*
 * Opening the environment, snapshots, and what every other file needs of LMDB.
 *
 * Facts about LMDB 0.9.24 that shape this file: MDB_DUPSORT has unfixed bugs (not used); reader
 * slots belong to threads unless MDB_NOTLS is given (it is, so snapshots can be pooled); a page of
 * a value larger than half a page never moves while the value stands (seal.c relies on it).
 */
#include "store/lmdb/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

#define MAP_BYTES_DEFAULT (1ULL << 40)
#define READERS_DEFAULT   256
#define READERS_SPARE     8 /* the writer's, the sealer's, `outcrop check` beside the server */

const struct oc_shape oc_shape_default = {
    .level = {1024, 16384, 262144},
    .block = 65536,
    .text = 1024,
    .chunk = 8192,
    .super = 262144,
};

int oc_lmdb_fail(struct oc_err *err, int code, const char *what)
{
    switch (code) {
    case MDB_MAP_FULL:
        return oc_fail(err, OC_EFULL, "%s: the store has reached its largest size", what);
    case ENOSPC:
    case EDQUOT:
        return oc_fail(err, OC_EFULL, "%s: no space left on the disk", what);
    case ENOMEM:
        return oc_fail_nomem(err);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return oc_fail(err, OC_ECORRUPT, "%s: %s", what, mdb_strerror(code));
    case MDB_READERS_FULL:
        return oc_fail(err, OC_ELIMIT, "%s: too many snapshots at one time", what);
    default:
        return oc_fail(err, OC_EIO, "%s: %s", what, mdb_strerror(code));
    }
}

struct oc_key oc_key_index(enum oc_index_kind kind, uint32_t pid, uint64_t number)
{
    struct oc_key key = {.len = 13};

    key.bytes[0] = (uint8_t)kind;
    oc_put_be32(key.bytes + 1, pid);
    oc_put_be64(key.bytes + 5, number);
    return key;
}

struct oc_key oc_key_seq(uint32_t pid, uint64_t seq)
{
    struct oc_key key; /* not cleared: this is asked for each row of a page */

    key.len = OC_KEY_SEQ;
    oc_put_be32(key.bytes, pid);
    oc_put_be64(key.bytes + 4, seq);
    return key;
}

int oc_env_get(struct oc_read *read, MDB_dbi dbi, struct oc_slice key, struct oc_slice *ret,
               struct oc_err *err)
{
    MDB_val k = oc_val(key.ptr, key.len), v;
    int code = mdb_get(read->txn, dbi, &k, &v);

    if (code == MDB_NOTFOUND)
        return OC_ENOTFOUND;
    if (code != 0)
        return oc_lmdb_fail(err, code, "read the store");
    *ret = (struct oc_slice){v.mv_data, v.mv_size};
    return OC_OK;
}

/* -- the store's own description -------------------------------------------------------------- */

#define INFO_LEN 48

static void encode_info(const struct oc_shape *shape, uint8_t info[INFO_LEN])
{
    memset(info, 0, INFO_LEN);
    oc_st32(info + 4, OC_STORE_FORMAT);
    for (int i = 0; i < OC_LEVELS; i++)
        oc_st32(info + 8 + 4 * i, shape->level[i]);
    oc_st32(info + 20, shape->block);
    oc_st32(info + 24, shape->text);
    oc_st32(info + 28, shape->chunk);
    oc_st32(info + 32, shape->super);
    oc_st32(info, oc_crc32c(0, info + 4, INFO_LEN - 4));
}

static int decode_info(struct oc_slice value, struct oc_shape *ret, uint32_t *ret_format,
                       struct oc_err *err)
{
    const char *p = value.ptr;

    if (value.len < 8)
        return oc_fail(err, OC_ECORRUPT, "the store's description is cut short");
    if (oc_ld32(p + 4) > OC_STORE_FORMAT)
        return oc_fail(err, OC_EINVAL,
                       "the store has format %u, made by a newer version; this one knows up to %u",
                       oc_ld32(p + 4), OC_STORE_FORMAT);
    if (value.len != INFO_LEN || oc_ld32(p) != oc_crc32c(0, p + 4, INFO_LEN - 4))
        return oc_fail(err, OC_ECORRUPT, "the store's description does not match its checksum");
    for (int i = 0; i < OC_LEVELS; i++)
        ret->level[i] = oc_ld32(p + 8 + 4 * i);
    ret->block = oc_ld32(p + 20);
    ret->text = oc_ld32(p + 24);
    ret->chunk = oc_ld32(p + 28);
    ret->super = oc_ld32(p + 32);
    *ret_format = oc_ld32(p + 4);
    return OC_OK;
}

static int open_databases(struct oc_store *store, MDB_txn *txn, struct oc_err *err)
{
    const struct {
        const char *name;
        MDB_dbi *dbi;
    } databases[] = {
        {"records", &store->records}, {"parts", &store->parts}, {"rows", &store->rows},
        {"texts", &store->texts},     {"index", &store->index},
    };
    unsigned flags = store->read_only ? 0 : MDB_CREATE;

    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        int code = mdb_dbi_open(txn, databases[i].name, flags, databases[i].dbi);
        if (code == MDB_NOTFOUND)
            return oc_fail(err, OC_ECORRUPT, "the store has no database '%s'", databases[i].name);
        if (code != 0)
            return oc_lmdb_fail(err, code, "open the store's databases");
    }
    return OC_OK;
}

static int put_info(struct oc_store *store, MDB_txn *txn, struct oc_err *err)
{
    uint8_t info[INFO_LEN];

    encode_info(&store->shape, info);
    MDB_val k = oc_val("I", 1), v = oc_val(info, sizeof info);
    int code = oc_fault(OC_FAULT_LMDB_PUT) ? EIO : mdb_put(txn, store->parts, &k, &v, 0);
    return code == 0 ? OC_OK : oc_lmdb_fail(err, code, "write the store");
}

/* Databases and description in one transaction: a crash leaves a store that is new or complete. An
 * older store is of the present format from its first opening for writing on. */
static int describe(struct oc_store *store, MDB_txn *txn, const struct oc_shape *shape,
                    bool *ret_changed, struct oc_err *err)
{
    struct oc_read read = {.store = store, .txn = txn};
    struct oc_slice value = {0};
    uint32_t format = 0;

    int rc = open_databases(store, txn, err);
    if (rc < 0)
        return rc;
    store->shape = *shape;
    rc = oc_env_get(&read, store->parts, OC_STR("I"), &value, err);
    if (rc == OC_OK)
        rc = decode_info(value, &store->shape, &format, err);
    else if (rc == OC_ENOTFOUND)
        rc = store->read_only ? oc_fail(err, OC_ECORRUPT, "the store has no description") : OC_OK;
    *ret_changed = rc == OC_OK && format < OC_STORE_FORMAT && !store->read_only;
    return *ret_changed ? put_info(store, txn, err) : rc;
}

static int open_tables(struct oc_store *store, const struct oc_shape *shape, struct oc_err *err)
{
    MDB_txn *txn;
    bool changed = false;

    int code = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);
    if (code != 0)
        return oc_lmdb_fail(err, code, "open the store");
    int rc = describe(store, txn, shape, &changed, err);
    if (rc < 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    if (changed && oc_fault(OC_FAULT_LMDB_COMMIT)) {
        mdb_txn_abort(txn);
        return oc_lmdb_fail(err, EIO, "commit to the store");
    }
    code = mdb_txn_commit(txn); /* of a read-only transaction too: that keeps the handles */
    if (code != 0)
        return oc_lmdb_fail(err, code, "commit to the store");
    return OC_OK;
}

/* -- opening and closing ----------------------------------------------------------------------- */

/* Our own lock, since LMDB lets any number of processes write in turn. It ends with the process. */
static int take_lock(struct oc_store *store, const char *folder, struct oc_err *err)
{
    struct oc_buf path;

    oc_buf_init(&path, 8192);
    oc_buf_printf(&path, "%s/server.lock", folder);
    const char *name = oc_buf_cstr(&path);
    if (name)
        store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = OC_OK;
    if (!name)
        rc = oc_fail_nomem(err);
    else if (store->lock_fd < 0)
        rc = oc_fail_errno(err, "open '%s'", name);
    else if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
        rc = errno == EWOULDBLOCK
                 ? oc_fail(err, OC_EBUSY, "the store in '%s' is open in another process", folder)
                 : oc_fail_errno(err, "lock '%s'", name);
    oc_buf_clear(&path);
    return rc;
}

static int open_env(struct oc_store *store, const struct oc_store_options *options,
                    struct oc_err *err)
{
    uint64_t map = options->map_bytes ? options->map_bytes : MAP_BYTES_DEFAULT;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (store->read_only ? MDB_RDONLY : 0);
    int dead;

    int rc = oc_seal_cache_init(&store->seals, map, err);
    if (rc < 0)
        return rc;
    int code = mdb_env_create(&store->env);
    if (code == 0)
        code = mdb_env_set_mapsize(store->env, map);
    if (code == 0)
        code = mdb_env_set_maxdbs(store->env, 8);
    if (code == 0)
        code = mdb_env_set_maxreaders(store->env, store->reads_max + READERS_SPARE);
    if (code == 0)
        code = mdb_env_open(store->env, options->path, flags, 0600);
    if (code == ENOENT)
        return oc_fail(err, OC_EIO, "open the store in '%s': no such file or folder",
                       options->path);
    if (code != 0)
        return oc_lmdb_fail(err, code, "open the store");
    (void)mdb_reader_check(store->env, &dead); /* slots of processes that died: best effort */
    oc_mapping_find(store);
    return OC_OK;
}

static bool rebuild_is_unfinished(struct oc_store *store, struct oc_err *err)
{
    struct oc_read *read;
    struct oc_slice value;

    if (oc_store_read(store, &read, err) < 0)
        return false;
    bool unfinished = oc_env_get(read, store->parts, OC_STR("R"), &value, err) == OC_OK;
    oc_read_close(read);
    return unfinished;
}

static int start(struct oc_store *store, const struct oc_store_options *options,
                 const struct oc_shape *shape, struct oc_err *err)
{
    int rc = OC_OK;

    if (!store->read_only)
        rc = take_lock(store, options->path, err);
    if (rc == OC_OK && !store->read_only)
        rc = oc_env_make(options->path, err);
    if (rc == OC_OK)
        rc = open_env(store, options, err);
    if (rc == OC_OK)
        rc = open_tables(store, shape, err);
    if (rc < 0 || store->read_only)
        return rc;
    rc = oc_writer_start(store, options->batch, err);
    if (rc == OC_OK && rebuild_is_unfinished(store, err))
        rc = oc_rebuild_run(store, err);
    if (rc == OC_OK)
        rc = oc_sealer_start(store, err);
    return rc;
}

int oc_store_open_shaped(const struct oc_store_options *options, const struct oc_shape *shape,
                         struct oc_store **ret, struct oc_err *err)
{
    struct oc_store *store = oc_alloc(sizeof *store);

    if (!store)
        return oc_fail_nomem(err);
    memset(store, 0, sizeof *store);
    store->lock_fd = -1;
    store->read_only = options->read_only;
    store->reads_max = options->readers ? options->readers : READERS_DEFAULT;
    pthread_mutex_init(&store->read_lock, NULL);
    store->hot = oc_hot_new();
    int rc = store->hot ? start(store, options, shape, err) : oc_fail_nomem(err);
    if (rc < 0) {
        oc_store_close(store);
        return rc;
    }
    *ret = store;
    return OC_OK;
}

int oc_store_open(const struct oc_store_options *options, struct oc_store **ret, struct oc_err *err)
{
    return oc_store_open_shaped(options, &oc_shape_default, ret, err);
}

void oc_store_close(struct oc_store *store)
{
    if (!store)
        return;
    oc_sealer_stop(store);
    oc_writer_stop(store);
    oc_sealer_free(store); /* last: the writer wakes it after each commit */
    while (store->idle) {
        struct oc_read *read = store->idle;
        store->idle = read->next;
        mdb_txn_abort(read->txn);
        free(read);
    }
    if (store->env)
        mdb_env_close(store->env);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    oc_seal_cache_clear(&store->seals);
    oc_hot_free(store->hot);
    pthread_mutex_destroy(&store->read_lock);
    free(store);
}

/* -- snapshots ----------------------------------------------------------------------------------
 */

static int begin_read(struct oc_store *store, struct oc_read **ret, struct oc_err *err)
{
    struct oc_read *read = oc_alloc(sizeof *read);

    if (!read)
        return oc_fail_nomem(err);
    *read = (struct oc_read){.store = store};
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &read->txn);
    if (code != 0) {
        free(read);
        return oc_lmdb_fail(err, code, "begin a snapshot");
    }
    *ret = read;
    return OC_OK;
}

int oc_store_read(struct oc_store *store, struct oc_read **ret, struct oc_err *err)
{
    pthread_mutex_lock(&store->read_lock);
    struct oc_read *read = store->idle;
    bool full = !read && store->reads == store->reads_max + READERS_SPARE / 2;
    if (read)
        store->idle = read->next;
    else if (!full)
        store->reads++;
    pthread_mutex_unlock(&store->read_lock);
    if (full)
        return oc_fail(err, OC_ELIMIT, "more than %u snapshots at one time", store->reads_max);
    int rc = OC_OK;
    if (!read) {
        rc = begin_read(store, &read, err);
    } else {
        int code = mdb_txn_renew(read->txn);
        if (code != 0) {
            mdb_txn_abort(read->txn);
            free(read);
            rc = oc_lmdb_fail(err, code, "begin a snapshot");
        }
    }
    if (rc < 0) {
        pthread_mutex_lock(&store->read_lock);
        store->reads--;
        pthread_mutex_unlock(&store->read_lock);
        return rc;
    }
    *ret = read;
    return OC_OK;
}

void oc_read_close(struct oc_read *read)
{
    if (!read)
        return;
    struct oc_store *store = read->store;
    oc_hot_release(read->hot);
    read->hot = NULL;
    mdb_txn_reset(read->txn);
    pthread_mutex_lock(&store->read_lock);
    read->next = store->idle;
    store->idle = read;
    pthread_mutex_unlock(&store->read_lock);
}

void oc_read_closep(struct oc_read **read)
{
    oc_read_close(*read);
    *read = NULL;
}

void oc_store_stats(struct oc_store *store, struct oc_store_stats *ret)
{
    MDB_envinfo info;
    MDB_stat stat;

    *ret = (struct oc_store_stats){.commits = store->commits, .writes = store->writes};
    if (mdb_env_info(store->env, &info) == 0 && mdb_env_stat(store->env, &stat) == 0)
        ret->bytes_used = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    if (store->writer)
        ret->queue_length = oc_writer_queue(store);
}
