/*
 * One bucket of an S3-compatible object store: a small client over net/, signed by auth/.
 *
 * A call is tried again while the server is unreachable, stalls, or answers that it is overloaded
 * or failed (429, 5xx, SlowDown, damage on the way): with growing pauses, a random part in each,
 * until `patience_ms` have passed since the first failure, or others need what the caller holds
 * (oc_s3_give_way). Everything done here may be done twice.
 *
 * What is sent carries a CRC-32C, which the server checks and keeps with the object. Over plain
 * HTTP the SHA-256 of the body is signed as well; over HTTPS the connection protects it.
 *
 * Errors of all calls. Texts tell what the server said; those of calls on one object leave it to
 * the caller to name the object and the bucket (oc_s3_name). OC_ENOTFOUND  no such object
 *   OC_EDENIED    refused: keys unknown, wrong or expired, no permission
 *   OC_EINVAL     the bucket does not exist or is elsewhere, a request that the server does not
 *                 take, no trusted TLS connection, a credentials file that cannot be used
 *   OC_ECONFLICT  the object is not the one that was meant (if_match), or shorter
 *   OC_EFULL      the server has no room, or a quota is used up
 *   OC_EBUSY      it is away: unreachable, failing or overloaded, and was when patience ended, or
 *                 when others had waited long enough
 *   OC_EIO        damage on the way, again and again, or an answer that cannot be read
 *   OC_ELIMIT     an answer that is larger than it may be
 *   OC_ECANCELED  oc_s3_stop was called
 *   OC_ENOMEM
 *
 * Threads: any. Calls block on the network.
 */
#ifndef OC_S3_S3_H
#define OC_S3_S3_H

#include "base/bytes.h"
#include "base/err.h"
#include "net/streams.h"

#define OC_S3_KEY_MAX  1024 /* bytes of a key (AWS) */
#define OC_S3_ETAG_MAX 127  /* characters, without the quotes */

/* Objects larger than this are sent in pieces of OC_S3_PIECE, each tried again on its own. */
#define OC_S3_WHOLE_MAX (64UL * 1024 * 1024)
#define OC_S3_PIECE     (16UL * 1024 * 1024)

struct oc_s3;

/** Where the bucket is. All text is copied. */
struct oc_s3_options {
    struct oc_slice endpoint;    /* http:// or https://, host, optional port; no path */
    struct oc_slice bucket;      /* its name there: 3–63 characters of a-z 0-9 . - */
    struct oc_slice region;      /* absent: us-east-1 */
    bool host_style;             /* bucket.host/key instead of host/bucket/key */
    struct oc_slice credentials; /* file in AWS's form */
    struct oc_slice profile;     /* in that file; absent: default */
    struct oc_slice ca_bundle;   /* file of certificates to trust; absent: the system's */
    unsigned connect_timeout_ms; /* 0: 5 s */
    unsigned stall_timeout_ms;   /* 0: 30 s, at least 1 s */
    unsigned patience_ms;        /* 0: 10 s */
    unsigned streams; /* most ranges at once of what is read (net/streams.h); 0: default */
};

/**
 * Make a client. Reads the credentials file, which is read again when the server refuses its keys;
 * does not talk to the server.
 * Errors: OC_EINVAL (an option; text says which), OC_ENOTFOUND, OC_EDENIED, OC_EIO (the credentials
 *         file), OC_ENOMEM.
 */
int oc_s3_open(const struct oc_s3_options *options, struct oc_s3 **ret, struct oc_err *err);
void oc_s3_free(struct oc_s3 *s3);

/** End all calls, those that come later too, with OC_ECANCELED. */
void oc_s3_stop(struct oc_s3 *s3);

/**
 * From now on ask `is_in_the_way(ctx)` about a call that has been silent, or failing, for two
 * seconds: true ends it with OC_EBUSY, since others need what its caller holds. Asked again every
 * second, with a lock of the client's held: it must call nothing of it. NULL: no more, not even by
 * calls that are under way.
 */
void oc_s3_give_way(struct oc_s3 *s3, bool (*is_in_the_way)(void *ctx), void *ctx);

/** "bucket 'NAME' at ENDPOINT", for messages. Borrowed. */
const char *oc_s3_name(const struct oc_s3 *s3);

/** How many ranges of what is read are asked for at once. */
struct oc_streams_state oc_s3_streams(const struct oc_s3 *s3);

/** What is known of an object. */
struct oc_s3_object {
    struct oc_slice key; /* borrowed; only from oc_s3_list */
    uint64_t size;
    char etag[OC_S3_ETAG_MAX + 1]; /* without quotes */
};

/** Look at an object. */
int oc_s3_head(struct oc_s3 *s3, struct oc_slice key, struct oc_s3_object *ret, struct oc_err *err);

/** Which bytes of an object. */
struct oc_s3_range {
    uint64_t from;
    size_t len;           /* at least 1 */
    const char *if_match; /* the ETag that the object must have; NULL: any */
};

/**
 * Read a range of an object, as several ranges at once where that is worth while. What has arrived
 * is not asked for again after a failure that may pass, unless its ETag shows that the object was
 * stored again meanwhile: then all is, so that bytes of two objects are never mixed.
 * @param to             room for range->len bytes
 * @param[out] ret_len   bytes read; fewer than range->len when the object ends before
 * @param[out] ret_size  bytes of the whole object; may be NULL
 */
int oc_s3_get(struct oc_s3 *s3, struct oc_slice key, const struct oc_s3_range *range, uint8_t *to,
              size_t *ret_len, uint64_t *ret_size, struct oc_err *err);

/** Store an object, whole or not at all; on return the server has said that it holds it. */
int oc_s3_put(struct oc_s3 *s3, struct oc_slice key, struct oc_slice bytes, struct oc_err *err);

/** Remove an object; fine when it is not there. */
int oc_s3_delete(struct oc_s3 *s3, struct oc_slice key, struct oc_err *err);

/** Returns 0 to go on, negative to fail with `err`. */
typedef int oc_s3_object_fn(const struct oc_s3_object *object, void *ctx, struct oc_err *err);

/**
 * Visit all objects whose key begins with `prefix`, in the order of their keys. `fn` may delete
 * objects.
 */
int oc_s3_list(struct oc_s3 *s3, struct oc_slice prefix, oc_s3_object_fn *fn, void *ctx,
               struct oc_err *err);

/** Count the uploads in pieces below `prefix` that are not finished. */
int oc_s3_count_uploads(struct oc_s3 *s3, struct oc_slice prefix, uint64_t *ret,
                        struct oc_err *err);

/** Abort them. */
int oc_s3_abort_uploads(struct oc_s3 *s3, struct oc_slice prefix, struct oc_err *err);

#endif
