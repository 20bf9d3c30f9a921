/*
 * Content stores, whatever they are built on: names, digests, data keys, sealing and opening.
 */
#include "blob/blob.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "blob/backend.h"
#include "blob/format.h"

/* A blob that is known to be damaged. */
struct mark {
    uint8_t sha256[OC_SHA256_LEN];
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
};

struct oc_blob_store {
    const struct oc_blob_backend_ops *ops;
    void *backend;
    struct oc_keys *keys;
    char region[OC_BLOB_REGION_MAX + 1];
    pthread_mutex_t lock; /* of the marks */
    struct mark *marks;   /* few, if any */
    size_t mark_cap;
    _Atomic size_t mark_count; /* read without the lock when it is 0 */
};

/* -- life ----------------------------------------------------------------------------------- */

bool oc_blob_is_plain_name(struct oc_slice s, size_t max)
{
    if (s.len == 0 || s.len > max)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789-", s.ptr[i]))
            return false;
    return true;
}

int oc_blob_store_new(const struct oc_blob_backend_ops *ops, void *backend, struct oc_slice region,
                      struct oc_keys *keys, struct oc_blob_store **ret, struct oc_err *err)
{
    struct oc_blob_store *store = oc_alloc(sizeof(*store));

    if (!store) {
        ops->close(backend);
        return oc_fail_nomem(err);
    }
    *store = (struct oc_blob_store){.ops = ops, .backend = backend, .keys = keys};
    (void)pthread_mutex_init(&store->lock, NULL); /* cannot fail with default attributes */
    memcpy(store->region, region.ptr, region.len);
    *ret = store;
    return OC_OK;
}

void oc_blob_close(struct oc_blob_store *store)
{
    if (!store)
        return;
    store->ops->close(store->backend);
    (void)pthread_mutex_destroy(&store->lock); /* nobody holds it any more */
    free(store->marks);
    free(store);
}

/* -- marks ---------------------------------------------------------------------------------- */

/* The mark of a blob, or NULL. Lock held. */
static struct mark *find_mark(struct oc_blob_store *store, const struct oc_blob_name *name)
{
    for (size_t i = 0; i < store->mark_count; i++)
        if (memcmp(store->marks[i].sha256, name->sha256, OC_SHA256_LEN) == 0 &&
            oc_slice_eq_str(name->key_id, store->marks[i].key_id))
            return &store->marks[i];
    return NULL;
}

static bool is_distrusted(struct oc_blob_store *store, const struct oc_blob_name *name)
{
    bool marked;

    if (store->mark_count == 0)
        return false;
    (void)pthread_mutex_lock(&store->lock);
    marked = find_mark(store, name) != NULL;
    (void)pthread_mutex_unlock(&store->lock);
    return marked;
}

int oc_blob_distrust(struct oc_blob_store *store, const struct oc_blob_name *name,
                     struct oc_err *err)
{
    struct mark *grown = NULL;
    bool marked;

    (void)pthread_mutex_lock(&store->lock);
    marked = find_mark(store, name) != NULL;
    if (!marked)
        grown = oc_grow(store->marks, &store->mark_cap, store->mark_count + 1, sizeof(*grown));
    if (grown) {
        struct mark *mark = &grown[store->mark_count];

        store->marks = grown;
        memcpy(mark->sha256, name->sha256, OC_SHA256_LEN);
        (void)snprintf(mark->key_id, sizeof(mark->key_id), "%.*s", OC_FMT(name->key_id));
        store->mark_count++;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return marked || grown ? OC_OK : oc_fail_nomem(err);
}

void oc_blob_trust(struct oc_blob_store *store, const struct oc_blob_name *name)
{
    struct mark *mark;

    if (store->mark_count == 0)
        return;
    (void)pthread_mutex_lock(&store->lock);
    mark = find_mark(store, name);
    if (mark)
        *mark = store->marks[--store->mark_count];
    (void)pthread_mutex_unlock(&store->lock);
}

void oc_blob_stop(struct oc_blob_store *store)
{
    if (store->ops->stop)
        store->ops->stop(store->backend);
}

void oc_blob_give_way(struct oc_blob_store *store, bool (*is_in_the_way)(void *ctx), void *ctx)
{
    if (store->ops->give_way)
        store->ops->give_way(store->backend, is_in_the_way, ctx);
}

int oc_blob_state(struct oc_blob_store *store, struct oc_err *err)
{
    return store->ops->state ? store->ops->state(store->backend, err) : OC_OK;
}

bool oc_blob_is_remote(const struct oc_blob_store *store)
{
    return store->ops->is_remote;
}

/* -- names and failures --------------------------------------------------------------------- */

static int check_name(const struct oc_blob_name *name, struct oc_err *err)
{
    if (!oc_blob_is_plain_name(name->key_id, OC_BLOB_KEY_ID_MAX))
        return oc_fail(err, OC_ENOTFOUND, "'%.*s' is not a key id", OC_FMT(name->key_id));
    return OC_OK;
}

/* Say which blob of which Region failed; keeps the code. */
static int name_failure(const struct oc_blob_store *store, const struct oc_blob_name *name, int rc,
                        const struct oc_err *cause, struct oc_err *err)
{
    char place[512];

    store->ops->describe(store->backend, name, place, sizeof(place));
    return oc_fail(err, rc, "content store of Region %s, '%s': %s", store->region, place,
                   cause->text);
}

static int compare_digest(const struct oc_blob_name *name, const uint8_t digest[OC_SHA256_LEN],
                          struct oc_err *err)
{
    char want[OC_SHA256_HEX_LEN], have[OC_SHA256_HEX_LEN];

    if (memcmp(digest, name->sha256, OC_SHA256_LEN) == 0)
        return OC_OK;
    oc_hex_encode(name->sha256, OC_SHA256_LEN, want);
    oc_hex_encode(digest, OC_SHA256_LEN, have);
    return oc_fail(err, OC_EINVAL, "the bytes have the SHA-256 %.64s, not %.64s", have, want);
}

static int check_digest(const struct oc_blob_name *name, struct oc_slice plain, struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];
    int rc = oc_sha256(plain, digest, err);

    return rc < 0 ? rc : compare_digest(name, digest, err);
}

/* -- storing -------------------------------------------------------------------------------- */

static int seal(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *bytes,
                size_t len, size_t *ret_sealed_len, struct oc_err *err)
{
    struct oc_blob_header header = {.segment_len = OC_BLOB_SEGMENT_LEN, .plain_len = len};
    uint8_t key[OC_AES_KEY_LEN];
    int rc = oc_keys_data_key(store->keys, oc_slice_of(store->region), name->key_id, key,
                              header.wrapped, err);

    if (rc < 0)
        return rc;
    memcpy(header.key_id, name->key_id.ptr, name->key_id.len);
    rc = oc_blob_seal_bytes(&header, name->sha256, key, bytes, err);
    oc_wipe(key, sizeof(key));
    *ret_sealed_len = oc_blob_sealed_len(&header);
    return rc;
}

int oc_blob_seal(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *bytes,
                 size_t len, size_t *ret_sealed_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    if (len > OC_BLOB_MAX)
        return oc_fail(err, OC_EINVAL, "a blob may have %lu bytes", OC_BLOB_MAX);
    rc = seal(store, name, bytes, len, ret_sealed_len, &cause);
    return rc < 0 ? name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_put_sealed(struct oc_blob_store *store, const struct oc_blob_name *name,
                       uint8_t *sealed, size_t sealed_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->put(store->backend, name, sealed, sealed_len, &cause);
    if (rc == OC_OK)
        oc_blob_trust(store, name);
    return rc < 0 ? name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_put_in_place(struct oc_blob_store *store, const struct oc_blob_name *name,
                         uint8_t *bytes, size_t len, bool verified, struct oc_err *err)
{
    size_t sealed_len;
    int rc = check_name(name, err);

    if (rc == OC_OK && !verified)
        rc = check_digest(name, (struct oc_slice){(char *)bytes, len}, err);
    if (rc == OC_OK)
        rc = oc_blob_seal(store, name, bytes, len, &sealed_len, err);
    return rc < 0 ? rc : oc_blob_put_sealed(store, name, bytes, sealed_len, err);
}

int oc_blob_put(struct oc_blob_store *store, const struct oc_blob_name *name, struct oc_slice plain,
                bool verified, struct oc_err *err)
{
    uint8_t *bytes;
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    if (plain.len > OC_BLOB_MAX)
        return oc_fail(err, OC_EINVAL, "a blob may have %lu bytes", OC_BLOB_MAX);
    rc = verified ? OC_OK : check_digest(name, plain, err);
    if (rc < 0)
        return rc;
    bytes = oc_alloc_aligned(OC_BLOB_ALIGN, OC_BLOB_ROOM(plain.len));
    if (!bytes)
        return oc_fail_nomem(err);
    if (plain.len)
        memcpy(bytes, plain.ptr, plain.len);
    rc = oc_blob_put_in_place(store, name, bytes, plain.len, true, err);
    free(bytes);
    return rc;
}

/* -- reading -------------------------------------------------------------------------------- */

/* The header of a blob of which `len` of `whole` bytes were read; it is then known to fit. */
static int read_header(const struct oc_blob_name *name, const uint8_t *bytes, size_t len,
                       uint64_t whole, struct oc_blob_header *ret, struct oc_err *err)
{
    int rc;

    if (len < OC_BLOB_HEADER_LEN)
        return oc_fail(err, OC_ECORRUPT, "it is shorter than a header");
    rc = oc_blob_header_decode(bytes, ret, err);
    if (rc < 0)
        return rc;
    if (whole != oc_blob_sealed_len(ret))
        return oc_fail(err, OC_ECORRUPT, "it has %llu bytes, its header speaks of %llu",
                       (unsigned long long)whole, (unsigned long long)oc_blob_sealed_len(ret));
    if (!oc_slice_eq_str(name->key_id, ret->key_id))
        return oc_fail(err, OC_ECORRUPT, "its header names another key, '%s'", ret->key_id);
    return OC_OK;
}

/* Read and decrypt; the digest is still to be looked at. */
static int open_blob(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                     size_t cap, size_t *ret_len, struct oc_err *err)
{
    struct oc_blob_header header;
    uint8_t key[OC_AES_KEY_LEN];
    uint64_t whole = 0;
    size_t len = 0;
    int rc = store->ops->get(store->backend, name, to, cap, &len, &whole, err);

    if (rc == OC_OK)
        rc = read_header(name, to, len, whole, &header, err);
    if (rc < 0)
        return rc;
    if (OC_BLOB_ROOM(header.plain_len) > cap)
        return oc_fail(err, OC_ELIMIT, "it has %llu bytes, which need room for %llu; there is %zu",
                       (unsigned long long)header.plain_len,
                       (unsigned long long)OC_BLOB_ROOM(header.plain_len), cap);
    rc = oc_keys_unwrap(store->keys, oc_slice_of(store->region), name->key_id, header.wrapped, key,
                        err);
    if (rc < 0)
        return rc;
    rc = oc_blob_open_bytes(&header, name->sha256, key, to, err);
    oc_wipe(key, sizeof(key));
    *ret_len = header.plain_len;
    return rc;
}

/* Bytes that were stored and have another digest now are damaged. */
static int call_corrupt(int rc, struct oc_err *err)
{
    return rc == OC_EINVAL ? (int)(err->rc = OC_ECORRUPT) : rc;
}

int oc_blob_get(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                size_t cap, size_t *ret_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    rc = open_blob(store, name, to, cap, ret_len, &cause);
    if (rc == OC_OK)
        rc = call_corrupt(check_digest(name, (struct oc_slice){(char *)to, *ret_len}, &cause),
                          &cause);
    return rc < 0 ? name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_get_unhashed(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                         size_t cap, size_t *ret_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    rc = open_blob(store, name, to, cap, ret_len, &cause);
    return rc < 0 ? name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_reread(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                   size_t cap, size_t *ret_len, struct oc_err *err)
{
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    if (store->ops->uncache)
        store->ops->uncache(store->backend, name);
    return oc_blob_get(store, name, to, cap, ret_len, err);
}

/* The digests of what was opened: of both side by side, or of the one that was. */
static void check_digests(struct oc_blob_get gets[2])
{
    const struct oc_slice data[2] = {{(char *)gets[0].to, gets[0].len},
                                     {(char *)gets[1].to, gets[1].len}};
    uint8_t digests[2][OC_SHA256_LEN], *const ret[2] = {digests[0], digests[1]};
    const bool both = gets[0].rc == OC_OK && gets[1].rc == OC_OK;
    struct oc_err err = {0};
    int rc = both ? oc_sha256_pair(data, ret, &err) : OC_OK;

    for (int i = 0; i < 2; i++) {
        struct oc_blob_get *get = &gets[i];

        if (get->rc < 0)
            continue;
        if (rc < 0)
            get->rc = rc, get->err = err;
        else if (both)
            get->rc = call_corrupt(compare_digest(&get->name, digests[i], &get->err), &get->err);
        else
            get->rc = call_corrupt(check_digest(&get->name, data[i], &get->err), &get->err);
    }
}

void oc_blob_get_pair(struct oc_blob_store *store, struct oc_blob_get gets[2])
{
    for (int i = 0; i < 2; i++) {
        struct oc_blob_get *get = &gets[i];

        get->err = (struct oc_err){0};
        get->rc = check_name(&get->name, &get->err);
        if (get->rc == OC_OK)
            get->rc = open_blob(store, &get->name, get->to, get->cap, &get->len, &get->err);
    }
    check_digests(gets);
    for (int i = 0; i < 2; i++) {
        struct oc_err cause = gets[i].err;

        if (gets[i].rc < 0)
            (void)name_failure(store, &gets[i].name, gets[i].rc, &cause, &gets[i].err);
    }
}

int oc_blob_size(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t *ret,
                 struct oc_err *err)
{
    uint8_t bytes[OC_BLOB_HEADER_LEN];
    struct oc_blob_header header;
    struct oc_err cause = {0};
    uint64_t whole = 0;
    size_t len = 0;
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->get(store->backend, name, bytes, sizeof(bytes), &len, &whole, &cause);
    if (rc == OC_OK)
        rc = read_header(name, bytes, len, whole, &header, &cause);
    if (rc < 0)
        return name_failure(store, name, rc, &cause, err);
    *ret = header.plain_len;
    return OC_OK;
}

int oc_blob_has(struct oc_blob_store *store, const struct oc_blob_name *name, bool *ret,
                struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->has(store->backend, name, ret, &cause);
    if (rc == OC_OK && *ret && is_distrusted(store, name))
        *ret = false;
    return rc < 0 ? name_failure(store, name, rc, &cause, err) : OC_OK;
}

/* -- the rest ------------------------------------------------------------------------------- */

int oc_blob_delete(struct oc_blob_store *store, const struct oc_blob_name *name, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->remove(store->backend, name, &cause);
    return rc < 0 ? name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_each(struct oc_blob_store *store, oc_blob_fn *fn, void *ctx, struct oc_err *err)
{
    return store->ops->each(store->backend, fn, ctx, err);
}

int oc_blob_clean(struct oc_blob_store *store, struct oc_err *err)
{
    return store->ops->clean(store->backend, err);
}

int oc_blob_leftovers(struct oc_blob_store *store, uint64_t *ret, struct oc_err *err)
{
    return store->ops->leftovers(store->backend, ret, err);
}
