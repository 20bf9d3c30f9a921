/*
 * Blobs as objects of a bucket: PREFIX/REGION/parts/KEY/XX/YYY…, named like the files of fs/, with
 * the same bytes.
 *
 * An object is there whole or not at all, and durable when the server has acknowledged it; so there
 * is nothing here of temporary names and syncs. What a crash can leave are uploads in pieces that
 * were not completed, which only large manifests make.
 *
 * The place is known when the server has told its version and owner. One that was away at the start
 * is asked by the first call that comes through, before anything is read or written there.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "blob/backend.h"
#include "blob/s3/watch.h"
#include "s3/s3.h"

#define STORE_VERSION "outcrop blobs 1\n"
#define EXPECTED_MAX  256 /* bytes of an object that is compared */
#define OWNER_LEN     32  /* digits of what tells servers apart */

/* What a server that may be away gets at the start, where people wait. */
#define START_TIMEOUT_MS 5000

/* The rest of a key behind the prefix: "/REGION/parts/KEY/XX/" and 62 digits. */
#define TAIL_MAX (OC_BLOB_REGION_MAX + OC_BLOB_KEY_ID_MAX + OC_SHA256_HEX_LEN + 16)
#define KEY_MAX  (OC_BLOB_PREFIX_MAX + TAIL_MAX)

_Static_assert(KEY_MAX <= OC_S3_KEY_MAX, "keys fit");

struct blob_s3 {
    struct oc_s3 *s3;
    char root[OC_BLOB_PREFIX_MAX + OC_BLOB_REGION_MAX + 3]; /* "PREFIX/REGION/" */
    char owner[OWNER_LEN + 1];                              /* a line: who we are */
    atomic_bool known;                                      /* version and owner were as expected */

    pthread_mutex_t cleaning; /* one does it at a time, and guards what follows */
    bool clean_later;         /* as soon as the place is known */
    pthread_mutex_t lock;     /* guards what follows */
    struct oc_err away;       /* of the last call; OC_OK: it came through */
    int64_t asked_us;         /* when that was */

    struct oc_blob_watch *watch; /* asks when nobody else does; NULL: nobody */
};

/* Whatever goes into a key. */
struct key {
    char text[KEY_MAX + 1];
    struct oc_slice slice;
};

static void make_key(const struct blob_s3 *blobs, const struct oc_blob_name *name, struct key *ret)
{
    char hex[OC_SHA256_HEX_LEN];

    oc_hex_encode(name->sha256, OC_SHA256_LEN, hex);
    (void)snprintf(ret->text, sizeof(ret->text), "%sparts/%.*s/%.2s/%.62s", blobs->root,
                   OC_FMT(name->key_id), hex, hex + 2);
    ret->slice = oc_slice_of(ret->text);
}

static void s3_describe(void *backend, const struct oc_blob_name *name, char *to, size_t cap)
{
    const struct blob_s3 *blobs = backend;
    struct key key;

    make_key(blobs, name, &key);
    (void)snprintf(to, cap, "%s", key.text);
}

static const char *s3_machine(void *backend)
{
    return oc_s3_name(((const struct blob_s3 *)backend)->s3);
}

/* -- the place ------------------------------------------------------------------------------ */

/* An object beside the parts that must have this content; written by the first to come. */
static int expect_object(const struct blob_s3 *blobs, const char *name, struct oc_slice want,
                         const char *otherwise, struct oc_err *err)
{
    char key[sizeof(blobs->root) + 8], text[EXPECTED_MAX];
    struct oc_s3_range range = {.len = sizeof(text)};
    struct oc_err cause = {0};
    size_t len = 0;
    int rc;

    (void)snprintf(key, sizeof(key), "%s%s", blobs->root, name);
    rc = oc_s3_get(blobs->s3, oc_slice_of(key), &range, (uint8_t *)text, &len, NULL, &cause);
    if (rc == OC_ENOTFOUND)
        rc = oc_s3_put(blobs->s3, oc_slice_of(key), want, &cause);
    else if (rc == OC_OK && !oc_slice_eq((struct oc_slice){text, len}, want))
        rc = oc_fail(&cause, OC_EINVAL, "%s", otherwise);
    return rc < 0 ? oc_fail(err, rc, "'%s' of %s: %s", key, oc_s3_name(blobs->s3), cause.text)
                  : OC_OK;
}

/* Two servers in one place would sweep away each other's parts. */
static int expect_place(const struct blob_s3 *blobs, struct oc_err *err)
{
    int rc = expect_object(blobs, "version", OC_STR(STORE_VERSION),
                           "it was made by another version of this program", err);

    return rc < 0
               ? rc
               : expect_object(blobs, "owner",
                               (struct oc_slice){blobs->owner, sizeof(blobs->owner)},
                               "this place belongs to a server with another master key; give "
                               "each server a bucket or prefix of its own, or remove that object "
                               "to take it over",
                               err);
}

/* Remember how a call went; keeps the code. */
static int note(struct blob_s3 *blobs, int rc, const struct oc_err *cause, struct oc_err *err)
{
    (void)pthread_mutex_lock(&blobs->lock);
    blobs->away.rc = OC_OK;
    blobs->asked_us = oc_clock_mono_us();
    if (rc == OC_EBUSY)
        blobs->away = *cause;
    (void)pthread_mutex_unlock(&blobs->lock);
    if (rc < 0)
        *err = *cause;
    return rc;
}

static int s3_state(void *backend, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    int rc;

    (void)pthread_mutex_lock(&blobs->lock);
    rc = (int)blobs->away.rc;
    if (rc < 0)
        *err = blobs->away;
    (void)pthread_mutex_unlock(&blobs->lock);
    return rc;
}

static int64_t asked_us(void *ctx)
{
    struct blob_s3 *blobs = ctx;
    int64_t us;

    (void)pthread_mutex_lock(&blobs->lock);
    us = blobs->asked_us;
    (void)pthread_mutex_unlock(&blobs->lock);
    return us;
}

/* What the watch has found: only whether the store answers. */
static void be_told(int rc, const struct oc_err *err, void *ctx)
{
    struct oc_err ignored = {0};

    (void)note(ctx, rc, err, &ignored);
}

/* One does what was left for later, before anybody writes. */
static int clean_now(struct blob_s3 *blobs, struct oc_err *err)
{
    int rc = OC_OK;

    (void)pthread_mutex_lock(&blobs->cleaning);
    if (blobs->clean_later)
        rc = oc_s3_abort_uploads(blobs->s3, oc_slice_of(blobs->root), err);
    blobs->clean_later = blobs->clean_later && rc < 0;
    (void)pthread_mutex_unlock(&blobs->cleaning);
    return rc;
}

/* Before every call: see to it that the place is ours. */
static int reach(struct blob_s3 *blobs, struct oc_err *err)
{
    struct oc_err cause = {0};
    int rc;

    if (blobs->known)
        return OC_OK;
    rc = expect_place(blobs, &cause);
    if (rc == OC_OK)
        rc = clean_now(blobs, &cause);
    blobs->known = blobs->known || rc == OC_OK;
    return note(blobs, rc, &cause, err);
}

/* -- storing and reading -------------------------------------------------------------------- */

static int s3_put(void *backend, const struct oc_blob_name *name, uint8_t *sealed, size_t len,
                  struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    struct oc_err cause = {0};
    struct key key;
    int rc = reach(blobs, err);

    if (rc < 0)
        return rc;
    make_key(blobs, name, &key);
    rc = oc_s3_put(blobs->s3, key.slice, (struct oc_slice){(char *)sealed, len}, &cause);
    return note(blobs, rc, &cause, err);
}

static int s3_get(void *backend, const struct oc_blob_name *name, uint64_t at, uint8_t *to,
                  size_t cap, size_t *ret_len, uint64_t *ret_whole, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    struct oc_s3_range range = {.from = at, .len = cap};
    struct oc_err cause = {0};
    struct key key;
    int rc = reach(blobs, err);

    if (rc < 0)
        return rc;
    make_key(blobs, name, &key);
    rc = oc_s3_get(blobs->s3, key.slice, &range, to, ret_len, ret_whole, &cause);
    if (rc == OC_ECONFLICT) { /* no range at all: it ends before */
        *ret_len = 0;
        *ret_whole = 0;
        rc = OC_OK;
    }
    return note(blobs, rc, &cause, err);
}

static int s3_has(void *backend, const struct oc_blob_name *name, bool *ret, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    struct oc_s3_object object;
    struct oc_err cause = {0};
    struct key key;
    int rc = reach(blobs, err);

    if (rc < 0)
        return rc;
    make_key(blobs, name, &key);
    rc = oc_s3_head(blobs->s3, key.slice, &object, &cause);
    *ret = rc == OC_OK;
    return note(blobs, rc == OC_ENOTFOUND ? OC_OK : rc, &cause, err);
}

static int s3_remove(void *backend, const struct oc_blob_name *name, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    struct oc_err cause = {0};
    struct key key;
    int rc = reach(blobs, err);

    if (rc < 0)
        return rc;
    make_key(blobs, name, &key);
    rc = oc_s3_delete(blobs->s3, key.slice, &cause);
    return note(blobs, rc, &cause, err);
}

/* -- all of them ---------------------------------------------------------------------------- */

struct each {
    const struct blob_s3 *blobs;
    oc_blob_fn *fn;
    void *ctx;
};

/* Objects that are not named like blobs are somebody else's. */
static int visit_object(const struct oc_s3_object *object, void *ctx, struct oc_err *err)
{
    const struct each *each = ctx;
    size_t root = strlen(each->blobs->root) + strlen("parts/");
    struct oc_slice rest = oc_slice_sub(object->key, root, SIZE_MAX);
    struct oc_blob_name name = {.key_id = oc_slice_cut(&rest, '/')};
    struct oc_slice shard = oc_slice_cut(&rest, '/');

    if (!oc_blob_is_plain_name(name.key_id, OC_BLOB_KEY_ID_MAX) ||
        !oc_hex_decode(shard, name.sha256, 1) ||
        !oc_hex_decode(rest, name.sha256 + 1, OC_SHA256_LEN - 1))
        return OC_OK;
    return each->fn(&name, each->ctx, err);
}

static int s3_each(void *backend, oc_blob_fn *fn, void *ctx, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    struct each each = {blobs, fn, ctx};
    char prefix[sizeof(blobs->root) + 8];
    int rc = reach(blobs, err);

    if (rc < 0)
        return rc;
    (void)snprintf(prefix, sizeof(prefix), "%sparts/", blobs->root);
    return oc_s3_list(blobs->s3, oc_slice_of(prefix), visit_object, &each, err);
}

static int s3_clean(void *backend, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;

    (void)pthread_mutex_lock(&blobs->cleaning);
    blobs->clean_later = true;
    (void)pthread_mutex_unlock(&blobs->cleaning);
    return blobs->known ? clean_now(blobs, err) : OC_OK;
}

static int s3_leftovers(void *backend, uint64_t *ret, struct oc_err *err)
{
    struct blob_s3 *blobs = backend;
    int rc = reach(blobs, err);

    return rc < 0 ? rc : oc_s3_count_uploads(blobs->s3, oc_slice_of(blobs->root), ret, err);
}

/* -- life ----------------------------------------------------------------------------------- */

static void s3_stop(void *backend)
{
    struct blob_s3 *blobs = backend;

    oc_blob_watch_free(blobs->watch);
    blobs->watch = NULL;
    oc_s3_stop(blobs->s3);
}

static void s3_give_way(void *backend, bool (*is_in_the_way)(void *ctx), void *ctx)
{
    oc_s3_give_way(((const struct blob_s3 *)backend)->s3, is_in_the_way, ctx);
}

static struct oc_streams_state s3_streams(void *backend)
{
    return oc_s3_streams(((const struct blob_s3 *)backend)->s3);
}

static void s3_close(void *backend)
{
    struct blob_s3 *blobs = backend;

    oc_blob_watch_free(blobs->watch);
    oc_s3_free(blobs->s3);
    (void)pthread_mutex_destroy(&blobs->cleaning); /* nobody holds them any more */
    (void)pthread_mutex_destroy(&blobs->lock);
    free(blobs);
}

static const struct oc_blob_backend_ops s3_ops = {
    .is_remote = true,
    .close = s3_close,
    .stop = s3_stop,
    .give_way = s3_give_way,
    .describe = s3_describe,
    .machine = s3_machine,
    .put = s3_put,
    .get = s3_get,
    .has = s3_has,
    .remove = s3_remove,
    .each = s3_each,
    .clean = s3_clean,
    .leftovers = s3_leftovers,
    .state = s3_state,
    .streams = s3_streams,
};

/* Ask once and for a moment, with a client of its own: people wait for the start. */
static int look_for_place(struct blob_s3 *blobs, const struct oc_s3_options *options,
                          struct oc_err *err)
{
    struct oc_s3_options hasty = *options;
    struct oc_s3 *patient = blobs->s3;
    struct oc_err cause = {0};
    int rc;

    hasty.connect_timeout_ms = hasty.stall_timeout_ms = START_TIMEOUT_MS;
    hasty.patience_ms = 1;
    rc = oc_s3_open(&hasty, &blobs->s3, &cause);
    if (rc == OC_OK) {
        rc = reach(blobs, &cause);
        oc_s3_free(blobs->s3);
    }
    blobs->s3 = patient;
    if (rc < 0 && rc != OC_EBUSY)
        *err = cause;
    return rc == OC_EBUSY ? OC_OK : rc;
}

static int set_up(struct blob_s3 *blobs, const struct oc_s3_options *options,
                  struct oc_slice prefix, struct oc_slice region, struct oc_keys *keys,
                  struct oc_err *err)
{
    uint8_t id[OC_SHA256_LEN];
    int rc;

    if (!oc_blob_is_plain_name(region, OC_BLOB_REGION_MAX))
        return oc_fail(err, OC_EINVAL, "content store: '%.*s' is not a Region", OC_FMT(region));
    if (prefix.len > OC_BLOB_PREFIX_MAX)
        return oc_fail(err, OC_EINVAL, "prefix: it may have %d bytes", OC_BLOB_PREFIX_MAX);
    (void)snprintf(blobs->root, sizeof(blobs->root), "%.*s%s%.*s/", OC_FMT(prefix),
                   prefix.len ? "/" : "", OC_FMT(region));
    rc = oc_keys_derive(keys, "owner of a content store", id, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(id, OWNER_LEN / 2, blobs->owner);
    blobs->owner[OWNER_LEN] = '\n';
    return oc_s3_open(options, &blobs->s3, err);
}

static int begin_watch(struct blob_s3 *blobs, const struct oc_s3_options *options,
                       struct oc_err *err)
{
    char key[sizeof(blobs->root) + 8];

    (void)snprintf(key, sizeof(key), "%sversion", blobs->root);
    return oc_blob_watch_new(&(struct oc_blob_watch_options){.s3 = options,
                                                             .key = oc_slice_of(key),
                                                             .asked_us = asked_us,
                                                             .tell = be_told,
                                                             .ctx = blobs},
                             &blobs->watch, err);
}

int oc_blob_s3_open(const struct oc_s3_options *options, struct oc_slice prefix,
                    struct oc_slice region, bool may_be_away, struct oc_keys *keys,
                    struct oc_blob_store **ret, struct oc_err *err)
{
    struct blob_s3 *blobs = oc_alloc(sizeof(*blobs));
    struct oc_err cause = {0};
    int rc;

    if (!blobs)
        return oc_fail_nomem(err);
    memset(blobs, 0, sizeof(*blobs));
    (void)pthread_mutex_init(&blobs->cleaning, NULL);
    (void)pthread_mutex_init(&blobs->lock, NULL); /* cannot fail with default attributes */
    rc = set_up(blobs, options, prefix, region, keys, &cause);
    if (rc == OC_OK)
        rc = may_be_away ? look_for_place(blobs, options, &cause) : reach(blobs, &cause);
    if (rc == OC_OK && may_be_away)
        rc = begin_watch(blobs, options, &cause);
    if (rc < 0) {
        s3_close(blobs);
        return oc_fail(err, rc, "content store of Region %.*s: %s", OC_FMT(region), cause.text);
    }
    return oc_blob_store_new(&s3_ops, blobs, region, keys, ret, err);
}
