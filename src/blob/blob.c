/*
 * Content stores, whatever they are built on: names, digests, data keys, sealing and opening.
 */
#include "blob/blob_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

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
static struct oc_blob_mark *find_mark(struct oc_blob_store *store, const struct oc_blob_name *name)
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
    struct oc_blob_mark *grown = NULL;
    bool marked;

    (void)pthread_mutex_lock(&store->lock);
    marked = find_mark(store, name) != NULL;
    if (!marked)
        grown = oc_grow(store->marks, &store->mark_cap, store->mark_count + 1, sizeof(*grown));
    if (grown) {
        struct oc_blob_mark *mark = &grown[store->mark_count];

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
    struct oc_blob_mark *mark;

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

bool oc_blob_streams(const struct oc_blob_store *store, struct oc_streams_state *ret)
{
    if (!store->ops->streams)
        return false;
    *ret = store->ops->streams(store->backend);
    return true;
}

bool oc_blob_is_remote(const struct oc_blob_store *store)
{
    return store->ops->is_remote;
}

/* -- names and failures --------------------------------------------------------------------- */

int oc_blob_check_name(const struct oc_blob_name *name, struct oc_err *err)
{
    if (!oc_blob_is_plain_name(name->key_id, OC_BLOB_KEY_ID_MAX))
        return oc_fail(err, OC_ENOTFOUND, "'%.*s' is not a key id", OC_FMT(name->key_id));
    return OC_OK;
}

int oc_blob_name_failure(const struct oc_blob_store *store, const struct oc_blob_name *name, int rc,
                         const struct oc_err *cause, struct oc_err *err)
{
    const char *machine = store->ops->machine ? store->ops->machine(store->backend) : NULL;
    char hex[OC_SHA256_HEX_LEN], place[OC_ERR_HIDDEN_MAX];

    oc_hex_encode(name->sha256, OC_SHA256_LEN, hex);
    (void)oc_fail_for(err, rc, cause,
                      "content store of Region %s%s%s, blob '%.64s' under key '%.*s': %s",
                      store->region, machine ? ", " : "", machine ? machine : "", hex,
                      OC_FMT(name->key_id), cause->text);
    if (!err->hidden[0]) {
        store->ops->describe(store->backend, name, place, sizeof(place));
        oc_err_hide(err, "%s", place);
    }
    return rc;
}

int oc_blob_compare_digest(const struct oc_blob_name *name, const uint8_t digest[OC_SHA256_LEN],
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

    return rc < 0 ? rc : oc_blob_compare_digest(name, digest, err);
}

/* -- storing -------------------------------------------------------------------------------- */

int oc_blob_make_header(const struct oc_blob_store *store, const struct oc_blob_name *name,
                        size_t len, struct oc_blob_header *ret, uint8_t ret_key[OC_AES_KEY_LEN],
                        struct oc_err *err)
{
    *ret = (struct oc_blob_header){.segment_len = OC_BLOB_SEGMENT_LEN, .plain_len = len};
    memcpy(ret->key_id, name->key_id.ptr, name->key_id.len);
    return oc_keys_data_key(store->keys, oc_slice_of(store->region), name->key_id, ret_key,
                            ret->wrapped, err);
}

static int seal(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *bytes,
                size_t len, size_t *ret_sealed_len, struct oc_err *err)
{
    struct oc_blob_header header;
    uint8_t key[OC_AES_KEY_LEN];
    int rc = oc_blob_make_header(store, name, len, &header, key, err);

    if (rc < 0)
        return rc;
    rc = oc_blob_seal_bytes(&header, name->sha256, key, bytes, err);
    oc_wipe(key, sizeof(key));
    if (rc == OC_OK)
        *ret_sealed_len = oc_blob_sealed_len(&header);
    return rc;
}

int oc_blob_seal(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *bytes,
                 size_t len, size_t *ret_sealed_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    if (len > OC_BLOB_MAX)
        return oc_fail(err, OC_EINVAL, "a blob may have %lu bytes", OC_BLOB_MAX);
    rc = seal(store, name, bytes, len, ret_sealed_len, &cause);
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_put_sealed(struct oc_blob_store *store, const struct oc_blob_name *name,
                       uint8_t *sealed, size_t sealed_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->put(store->backend, name, sealed, sealed_len, &cause);
    if (rc == OC_OK)
        oc_blob_trust(store, name);
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_put_in_place(struct oc_blob_store *store, const struct oc_blob_name *name,
                         uint8_t *bytes, size_t len, bool verified, struct oc_err *err)
{
    size_t sealed_len;
    int rc = oc_blob_check_name(name, err);

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
    int rc = oc_blob_check_name(name, err);

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

int oc_blob_read_header(const struct oc_blob_name *name, const uint8_t *bytes, size_t len,
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

/* How a blob is read. */
struct way {
    bool is_direct;                  /* from the disk, past the caches */
    struct oc_sha256_stream *digest; /* the plaintext is added to it; may be NULL */
};

static int get_sealed(struct oc_blob_store *store, const struct oc_blob_name *name, bool is_direct,
                      uint8_t *to, size_t cap, size_t *ret_len, uint64_t *ret_whole,
                      struct oc_err *err)
{
    if (is_direct && store->ops->get_direct)
        return store->ops->get_direct(store->backend, name, to, cap, ret_len, ret_whole, err);
    return store->ops->get(store->backend, name, 0, to, cap, ret_len, ret_whole, err);
}

/* Read and decrypt. */
static int open_blob(struct oc_blob_store *store, const struct oc_blob_name *name,
                     const struct way *way, uint8_t *to, size_t cap, size_t *ret_len,
                     struct oc_err *err)
{
    struct oc_blob_header header;
    uint8_t key[OC_AES_KEY_LEN];
    uint64_t whole = 0;
    size_t len = 0;
    int rc = get_sealed(store, name, way->is_direct, to, cap, &len, &whole, err);

    if (rc == OC_OK)
        rc = oc_blob_read_header(name, to, len, whole, &header, err);
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
    rc = oc_blob_open_bytes(&header, name->sha256, key, to, way->digest, err);
    oc_wipe(key, sizeof(key));
    *ret_len = header.plain_len;
    return rc;
}

/* The same, verified. Bytes that were stored and have another digest now are damaged. */
static int open_verified(struct oc_blob_store *store, const struct oc_blob_name *name,
                         bool is_direct, uint8_t *to, size_t cap, size_t *ret_len,
                         struct oc_err *err)
{
    const struct way way = {is_direct, oc_sha256_stream_new(err)};
    uint8_t have[OC_SHA256_LEN];
    int rc;

    if (!way.digest)
        return OC_ENOMEM;
    rc = open_blob(store, name, &way, to, cap, ret_len, err);
    if (rc == OC_OK)
        rc = oc_sha256_stream_end(way.digest, have, err);
    if (rc == OC_OK)
        rc = oc_blob_call_corrupt(oc_blob_compare_digest(name, have, err), err);
    oc_sha256_stream_free(way.digest);
    return rc;
}

static int get_verified(struct oc_blob_store *store, const struct oc_blob_name *name,
                        bool is_direct, uint8_t *to, size_t cap, size_t *ret_len,
                        struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = open_verified(store, name, is_direct, to, cap, ret_len, &cause);
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_get(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                size_t cap, size_t *ret_len, struct oc_err *err)
{
    return get_verified(store, name, false, to, cap, ret_len, err);
}

int oc_blob_reread(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                   size_t cap, size_t *ret_len, struct oc_err *err)
{
    return get_verified(store, name, true, to, cap, ret_len, err);
}

int oc_blob_get_unhashed(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                         size_t cap, size_t *ret_len, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = open_blob(store, name, &(struct way){0}, to, cap, ret_len, &cause);
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
}

int oc_blob_size(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t *ret,
                 struct oc_err *err)
{
    uint8_t bytes[OC_BLOB_HEADER_LEN];
    struct oc_blob_header header;
    struct oc_err cause = {0};
    uint64_t whole = 0;
    size_t len = 0;
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->get(store->backend, name, 0, bytes, sizeof(bytes), &len, &whole, &cause);
    if (rc == OC_OK)
        rc = oc_blob_read_header(name, bytes, len, whole, &header, &cause);
    if (rc < 0)
        return oc_blob_name_failure(store, name, rc, &cause, err);
    *ret = header.plain_len;
    return OC_OK;
}

int oc_blob_has(struct oc_blob_store *store, const struct oc_blob_name *name, bool *ret,
                struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->has(store->backend, name, ret, &cause);
    if (rc == OC_OK && *ret && is_distrusted(store, name))
        *ret = false;
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
}

/* -- the rest ------------------------------------------------------------------------------- */

int oc_blob_delete(struct oc_blob_store *store, const struct oc_blob_name *name, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc = oc_blob_check_name(name, err);

    if (rc < 0)
        return rc;
    rc = store->ops->remove(store->backend, name, &cause);
    return rc < 0 ? oc_blob_name_failure(store, name, rc, &cause, err) : OC_OK;
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
