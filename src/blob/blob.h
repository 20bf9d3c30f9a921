/*
 * The content store of one Region: parts of models and manifests, found by the digest of their
 * plaintext and the key they are encrypted under, encrypted at rest.
 *
 * What is stored under a name is whole, durable and has that digest: a blob is visible only after
 * its bytes are synced. Two writers of one blob are fine: the same bytes win.
 *
 * A blob is sealed and opened in the caller's buffer, which therefore has to be a little larger
 * than the plaintext: OC_BLOB_ROOM says how much. So a part in memory is there once.
 *
 * blob.c is what all stores have in common: digests, keys, sealing. Where sealed bytes are kept is
 * the affair of a backend (backend.h); fs/ is files.
 *
 * Threads: any. Calls block on the disk: never call them on an HTTP worker.
 */
#ifndef OC_BLOB_BLOB_H
#define OC_BLOB_BLOB_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/limits.h"
#include "keys/keys.h"
#include "s3/s3.h"

struct oc_blob_store;

#define OC_BLOB_MAX             OC_MANIFEST_MAX /* plaintext bytes of one blob */
#define OC_BLOB_KEY_ID_MAX      36
#define OC_BLOB_SEGMENT_LEN_MIN (1UL << 16) /* encrypted segments are no shorter */
#define OC_BLOB_SEGMENT_LEN_MAX (1UL << 20) /* and no longer */
#define OC_BLOB_ALIGN           4096UL      /* of buffers that a disk can write from directly */

/**
 * Bytes that a buffer needs to hold a blob of `plain_len` bytes, sealed or not: 128 + 40 bytes of
 * headers, 16 for each segment, rounded up to OC_BLOB_ALIGN.
 */
#define OC_BLOB_ROOM(plain_len)                                                                    \
    (((plain_len) + 168UL + 16UL * ((plain_len) / (OC_BLOB_SEGMENT_LEN_MIN - 16UL) + 2UL) +        \
      OC_BLOB_ALIGN - 1UL) &                                                                       \
     ~(OC_BLOB_ALIGN - 1UL))

/** Bytes that a buffer needs to hold `len` bytes out of a blob, with what is sealed together. */
#define OC_BLOB_RANGE_ROOM(len) OC_BLOB_ROOM((len) + 2 * OC_BLOB_SEGMENT_LEN_MAX)

/** Which blob: the digest of the plaintext, and the key that wraps its data key. */
struct oc_blob_name {
    uint8_t sha256[OC_SHA256_LEN];
    struct oc_slice key_id; /* as in keys.h: OC_KEYS_SERVICE or a KMS key id (36 characters) */
};

/**
 * Open or create the content store of `region` under `folder`.
 * @param keys  must outlive the store
 * Errors: OC_EIO, OC_EDENIED, OC_ENOMEM, OC_EINVAL (made by a newer version).
 */
int oc_blob_fs_open(const char *folder, struct oc_slice region, struct oc_keys *keys,
                    struct oc_blob_store **ret, struct oc_err *err);
void oc_blob_close(struct oc_blob_store *store);

#define OC_BLOB_PREFIX_MAX 512 /* bytes */

/**
 * The same in a bucket of an S3-compatible store. Asks the server for the store's version and
 * owner; calls fail until it has told them.
 * @param prefix       goes before all keys, with a `/` between; empty: nothing does
 * @param may_be_away  a server that does not answer is asked again by the calls: oc_blob_state
 *                     tells, and a thread asks when no call has for five seconds
 * Errors: as oc_s3_open and what its calls say; OC_EINVAL (made by a newer version, or by a
 *         server with another master key).
 */
int oc_blob_s3_open(const struct oc_s3_options *options, struct oc_slice prefix,
                    struct oc_slice region, bool may_be_away, struct oc_keys *keys,
                    struct oc_blob_store **ret, struct oc_err *err);

/**
 * How the last call to another machine went, or the last question whether it answers. Asks nobody.
 * Errors: OC_EBUSY (it was away; text says why).
 */
int oc_blob_state(struct oc_blob_store *store, struct oc_err *err);

/**
 * Have calls that wait for another machine, now and later, end with OC_ECANCELED: before the copies
 * are stopped. Those on files go on.
 */
void oc_blob_stop(struct oc_blob_store *store);

/** As oc_s3_give_way, for calls that wait for another machine; others go on. */
void oc_blob_give_way(struct oc_blob_store *store, bool (*is_in_the_way)(void *ctx), void *ctx);

/** How many ranges of a blob are asked for at once; @return false: it is on no other machine. */
bool oc_blob_streams(const struct oc_blob_store *store, struct oc_streams_state *ret);

/** Whether it is kept on another machine, so that calls may wait for that. */
bool oc_blob_is_remote(const struct oc_blob_store *store);

/** Whether the blob is there (it is then durable, and was whole; its bytes are not re-read). */
int oc_blob_has(struct oc_blob_store *store, const struct oc_blob_name *name, bool *ret,
                struct oc_err *err);

/**
 * Encrypt and store `plain`, durable on return, by way of a buffer of its own. Verifies first that
 * `plain` has the digest in `name` unless `verified` says that the caller has just done so.
 * Errors: OC_EINVAL (digest differs, larger than OC_BLOB_MAX), OC_EFULL, OC_EIO, OC_EDENIED (key
 *         unknown or disabled), OC_ENOMEM.
 */
int oc_blob_put(struct oc_blob_store *store, const struct oc_blob_name *name, struct oc_slice plain,
                bool verified, struct oc_err *err);

/**
 * The same in the caller's buffer, whose `len` bytes are the plaintext; it is gone after that.
 * @param bytes  as for oc_blob_seal
 */
int oc_blob_put_in_place(struct oc_blob_store *store, const struct oc_blob_name *name,
                         uint8_t *bytes, size_t len, bool verified, struct oc_err *err);

/**
 * The same in two steps, and of verified bytes: seal the `len` bytes at `bytes`, which have the
 * digest in `name`, into what oc_blob_put_sealed stores. The plaintext is then gone, also after a
 * failure; the sealed bytes may be stored again and again.
 * @param bytes  room for OC_BLOB_ROOM(len) bytes, at a multiple of OC_BLOB_ALIGN
 * Errors: OC_EINVAL (larger than OC_BLOB_MAX), OC_EDENIED (key unknown or disabled), OC_EIO (the
 *         service key could not be made), OC_ENOMEM.
 */
int oc_blob_seal(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *bytes,
                 size_t len, size_t *ret_sealed_len, struct oc_err *err);

/**
 * Store what oc_blob_seal made for `name`; durable on return. The buffer's bytes behind
 * `sealed_len`, up to the next multiple of OC_BLOB_ALIGN, may change.
 * Errors: OC_EFULL, OC_EIO, OC_EDENIED, OC_ENOMEM.
 */
int oc_blob_put_sealed(struct oc_blob_store *store, const struct oc_blob_name *name,
                       uint8_t *sealed, size_t sealed_len, struct oc_err *err);

/**
 * Read, decrypt and verify a blob.
 * @param to         at a multiple of OC_BLOB_ALIGN is fastest
 * @param cap        room at `to`: OC_BLOB_ROOM of the plaintext
 * @param[out] ret_len  plaintext bytes
 * Errors: OC_ENOTFOUND; OC_ECORRUPT (text names the blob, hidden text the file); OC_ELIMIT (`cap`
 * is less than that); OC_EDENIED (key unknown or disabled); OC_EIO; OC_ENOMEM.
 */
int oc_blob_get(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                size_t cap, size_t *ret_len, struct oc_err *err);

/**
 * The same without computing the digest: that the bytes are those that were stored is proved by the
 * encryption, which is bound to the digest. For bytes whose receiver computes it.
 */
int oc_blob_get_unhashed(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                         size_t cap, size_t *ret_len, struct oc_err *err);

/**
 * The same for some of its bytes, of which only the segments are read that they lie in.
 * @param from, len  within the blob, `len` at least 1
 * @param to         room for OC_BLOB_RANGE_ROOM(len) bytes; receives `len`
 * Errors: as oc_blob_get, and OC_EINVAL (not within the blob).
 */
int oc_blob_get_range(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t from,
                      size_t len, uint8_t *to, struct oc_err *err);

/**
 * oc_blob_get from the disk, and not from what the kernel remembers of it, nor to be remembered:
 * for those who look for rot. Fastest when `to` is at a multiple of OC_BLOB_ALIGN.
 */
int oc_blob_reread(struct oc_blob_store *store, const struct oc_blob_name *name, uint8_t *to,
                   size_t cap, size_t *ret_len, struct oc_err *err);

/**
 * Remember that what is stored under a name is damaged: oc_blob_has says that it is not there, so
 * that the next one who has the bytes stores them again; that, or oc_blob_trust, forgets it. Kept
 * in memory only. Errors: OC_ENOMEM.
 */
int oc_blob_distrust(struct oc_blob_store *store, const struct oc_blob_name *name,
                     struct oc_err *err);
/** Take the mark away; fine when there is none. */
void oc_blob_trust(struct oc_blob_store *store, const struct oc_blob_name *name);

/** A blob of one store on its way into another. */
struct oc_blob_move {
    struct oc_blob_name name; /* in the store that it is in */
    struct oc_slice key_id;   /* of what it gets sealed under in the other */
    uint8_t *bytes;           /* room for it, at a multiple of OC_BLOB_ALIGN */
    size_t cap;               /* OC_BLOB_ROOM of the plaintext */
    bool is_rare;             /* it will not soon be read again: leave the kernel's cache alone */
    size_t len;               /* set: plaintext bytes */
    size_t sealed_len;        /* set: what stands at `bytes`, for oc_blob_put_sealed */
    int rc;                   /* set: OC_OK, or as oc_blob_get and oc_blob_seal return */
    struct oc_err err;        /* set when rc is negative */
};

/**
 * Read, decrypt and verify blobs of `from` and seal them for `to`, each on its own: what
 * oc_blob_get and oc_blob_seal do, in one pass through the processor's caches, without the
 * plaintext ever being in memory whole.
 * @param count  1 or 2; of two, the digests are computed side by side (oc_sha256_streams_add)
 */
void oc_blob_reseal(struct oc_blob_store *from, struct oc_blob_store *to,
                    struct oc_blob_move *moves, size_t count);

/** Plaintext size without reading the content. Errors: as oc_blob_get. */
int oc_blob_size(struct oc_blob_store *store, const struct oc_blob_name *name, uint64_t *ret,
                 struct oc_err *err);

/**
 * Remove a blob; fine when it is not there. Durability is not waited for: after a crash it may be
 * there again, and whole.
 */
int oc_blob_delete(struct oc_blob_store *store, const struct oc_blob_name *name,
                   struct oc_err *err);

/**
 * Visit every blob, in no order; one that is stored or removed meanwhile may be visited or not.
 * `fn` returns 0 to go on, negative to fail with `err`; it may delete the blob.
 */
typedef int oc_blob_fn(const struct oc_blob_name *name, void *ctx, struct oc_err *err);
int oc_blob_each(struct oc_blob_store *store, oc_blob_fn *fn, void *ctx, struct oc_err *err);

/** Remove what crashed writers left behind. Call when no writer is at work. */
int oc_blob_clean(struct oc_blob_store *store, struct oc_err *err);

/** How many unfinished files crashed writers have left (or writers are at work on). */
int oc_blob_leftovers(struct oc_blob_store *store, uint64_t *ret, struct oc_err *err);

#endif
