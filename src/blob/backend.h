/*
 * What a content store is built on: a place that keeps sealed bytes under a blob's name. A backend
 * knows nothing of encryption, digests or Regions' keys; blob.c sees to those.
 *
 * Names that reach a backend are well formed: key ids have only a-z, 0-9 and '-', at most
 * OC_BLOB_KEY_ID_MAX of them. Texts of errors say what failed ("open: no such file"); blob.c puts
 * the Region and the place before them.
 *
 * Threads: any, in every function but `close` and `clean`.
 */
#ifndef OC_BLOB_BACKEND_H
#define OC_BLOB_BACKEND_H

#include "blob/blob.h"

#define OC_BLOB_REGION_MAX 20

struct oc_blob_backend_ops {
    /** It is on another machine: calls may wait for that. */
    bool is_remote;

    /** Free all. */
    void (*close)(void *backend);

    /** As oc_blob_stop and oc_blob_give_way; NULL: calls end soon anyway. */
    void (*stop)(void *backend);
    void (*give_way)(void *backend, bool (*is_in_the_way)(void *ctx), void *ctx);

    /** Where a blob stands, for who runs the server: a path or a key. NUL-terminated, cut to `cap`.
     */
    void (*describe)(void *backend, const struct oc_blob_name *name, char *to, size_t cap);

    /** The other machine, for everybody; NULL: it is none. Borrowed from the backend. */
    const char *(*machine)(void *backend);

    /**
     * Keep `len` bytes under a name, in place of what is there; whole and durable on return, or not
     * at all. `sealed` is at a multiple of OC_BLOB_ALIGN and has room up to the next one; the
     * backend may write behind `len`, up to there.
     * Errors: OC_EFULL, OC_EIO, OC_EDENIED, OC_ENOMEM; OC_EBUSY (try again).
     */
    int (*put)(void *backend, const struct oc_blob_name *name, uint8_t *sealed, size_t len,
               struct oc_err *err);

    /**
     * Read what is there from byte `at` on, at most `cap` bytes of it.
     * @param[out] ret_len    bytes read: all that there are from there on, or `cap`
     * @param[out] ret_whole  bytes there
     * Errors: OC_ENOTFOUND, OC_EIO, OC_EDENIED, OC_ENOMEM; OC_EBUSY (try again).
     */
    int (*get)(void *backend, const struct oc_blob_name *name, uint64_t at, uint8_t *to, size_t cap,
               size_t *ret_len, uint64_t *ret_whole, struct oc_err *err);

    /**
     * The file that a blob is, to be read from and closed; NULL: it is none.
     * Errors: as get.
     */
    int (*open)(void *backend, const struct oc_blob_name *name, int *ret_fd, uint64_t *ret_whole,
                struct oc_err *err);

    /**
     * As get, all of it, from the disk and not from a cache of this machine, and without pushing
     * others out of that; NULL: get does so.
     */
    int (*get_direct)(void *backend, const struct oc_blob_name *name, uint8_t *to, size_t cap,
                      size_t *ret_len, uint64_t *ret_whole, struct oc_err *err);

    /** Whether something is there, durably. Errors: as get, without OC_ENOTFOUND. */
    int (*has)(void *backend, const struct oc_blob_name *name, bool *ret, struct oc_err *err);

    /** As oc_blob_state; NULL: it is never away. */
    int (*state)(void *backend, struct oc_err *err);

    /** As oc_blob_streams; NULL: it has none. */
    struct oc_streams_state (*streams)(void *backend);

    /** As oc_blob_delete, _each, _clean and _leftovers. */
    int (*remove)(void *backend, const struct oc_blob_name *name, struct oc_err *err);
    int (*each)(void *backend, oc_blob_fn *fn, void *ctx, struct oc_err *err);
    int (*clean)(void *backend, struct oc_err *err);
    int (*leftovers)(void *backend, uint64_t *ret, struct oc_err *err);
};

/** Key ids and Regions become names of folders and objects: nothing but a-z0-9- may pass. */
bool oc_blob_is_plain_name(struct oc_slice s, size_t max);

/**
 * A content store over a backend, for the backend's open function to return.
 * @param ops      constant
 * @param backend  the store's from here on, also when this fails
 * @param region   oc_blob_is_plain_name, at most OC_BLOB_REGION_MAX
 * @param keys     must outlive the store
 * Errors: OC_ENOMEM.
 */
int oc_blob_store_new(const struct oc_blob_backend_ops *ops, void *backend, struct oc_slice region,
                      struct oc_keys *keys, struct oc_blob_store **ret, struct oc_err *err);

#endif
