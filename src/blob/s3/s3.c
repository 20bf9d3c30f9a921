/*
 * Blobs as objects of a bucket: PREFIX/REGION/parts/KEY/XX/YYY…, named like the files of fs/, with
 * the same bytes.
 *
 * An object is there whole or not at all, and durable when the server has acknowledged it; so there
 * is nothing here of temporary names and syncs. What a crash can leave are uploads in pieces that
 * were not completed, which only large manifests make.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "blob/backend.h"
#include "s3/s3.h"

#define STORE_VERSION "outcrop blobs 1\n"
#define EXPECTED_MAX  256 /* bytes of an object that is compared */
#define OWNER_LEN     32  /* digits of what tells servers apart */

/* The rest of a key behind the prefix: "/REGION/parts/KEY/XX/" and 62 digits. */
#define TAIL_MAX (OC_BLOB_REGION_MAX + OC_BLOB_KEY_ID_MAX + OC_SHA256_HEX_LEN + 16)
#define KEY_MAX  (OC_BLOB_PREFIX_MAX + TAIL_MAX)

_Static_assert(KEY_MAX <= OC_S3_KEY_MAX, "keys fit");

struct blob_s3 {
    struct oc_s3 *s3;
    char root[OC_BLOB_PREFIX_MAX + OC_BLOB_REGION_MAX + 3]; /* "PREFIX/REGION/" */
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
    (void)snprintf(to, cap, "%s of %s", key.text, oc_s3_name(blobs->s3));
}

/* -- storing and reading -------------------------------------------------------------------- */

static int s3_put(void *backend, const struct oc_blob_name *name, uint8_t *sealed, size_t len,
                  struct oc_err *err)
{
    const struct blob_s3 *blobs = backend;
    struct key key;

    make_key(blobs, name, &key);
    return oc_s3_put(blobs->s3, key.slice, (struct oc_slice){(char *)sealed, len}, err);
}

static int s3_get(void *backend, const struct oc_blob_name *name, uint8_t *to, size_t cap,
                  size_t *ret_len, uint64_t *ret_whole, struct oc_err *err)
{
    const struct blob_s3 *blobs = backend;
    struct oc_s3_range range = {.len = cap};
    struct oc_err cause = {0};
    struct key key;
    int rc;

    make_key(blobs, name, &key);
    rc = oc_s3_get(blobs->s3, key.slice, &range, to, ret_len, ret_whole, &cause);
    if (rc == OC_ECONFLICT) { /* no range at all: it is empty */
        *ret_len = 0;
        *ret_whole = 0;
        return OC_OK;
    }
    if (rc < 0)
        *err = cause;
    return rc;
}

static int s3_has(void *backend, const struct oc_blob_name *name, bool *ret, struct oc_err *err)
{
    const struct blob_s3 *blobs = backend;
    struct oc_s3_object object;
    struct oc_err cause = {0};
    struct key key;
    int rc;

    make_key(blobs, name, &key);
    rc = oc_s3_head(blobs->s3, key.slice, &object, &cause);
    if (rc < 0 && rc != OC_ENOTFOUND) {
        *err = cause;
        return rc;
    }
    *ret = rc == OC_OK;
    return OC_OK;
}

static int s3_remove(void *backend, const struct oc_blob_name *name, struct oc_err *err)
{
    const struct blob_s3 *blobs = backend;
    struct key key;

    make_key(blobs, name, &key);
    return oc_s3_delete(blobs->s3, key.slice, err);
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
    const struct blob_s3 *blobs = backend;
    struct each each = {blobs, fn, ctx};
    char prefix[sizeof(blobs->root) + 8];

    (void)snprintf(prefix, sizeof(prefix), "%sparts/", blobs->root);
    return oc_s3_list(blobs->s3, oc_slice_of(prefix), visit_object, &each, err);
}

static int s3_clean(void *backend, struct oc_err *err)
{
    const struct blob_s3 *blobs = backend;

    return oc_s3_abort_uploads(blobs->s3, oc_slice_of(blobs->root), err);
}

static int s3_leftovers(void *backend, uint64_t *ret, struct oc_err *err)
{
    const struct blob_s3 *blobs = backend;

    return oc_s3_count_uploads(blobs->s3, oc_slice_of(blobs->root), ret, err);
}

/* -- life ----------------------------------------------------------------------------------- */

static void s3_stop(void *backend)
{
    oc_s3_stop(((const struct blob_s3 *)backend)->s3);
}

static void s3_close(void *backend)
{
    struct blob_s3 *blobs = backend;

    oc_s3_free(blobs->s3);
    free(blobs);
}

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
static int expect_owner(const struct blob_s3 *blobs, struct oc_keys *keys, struct oc_err *err)
{
    uint8_t id[OC_SHA256_LEN];
    char line[OWNER_LEN + 1];
    int rc = oc_keys_derive(keys, "owner of a content store", id, err);

    if (rc < 0)
        return rc;
    oc_hex_encode(id, OWNER_LEN / 2, line);
    line[OWNER_LEN] = '\n';
    return expect_object(blobs, "owner", (struct oc_slice){line, sizeof(line)},
                         "this place belongs to a server with another master key; give each server "
                         "a bucket or prefix of its own, or remove that object to take it over",
                         err);
}

static const struct oc_blob_backend_ops s3_ops = {
    .is_remote = true,
    .close = s3_close,
    .stop = s3_stop,
    .describe = s3_describe,
    .put = s3_put,
    .get = s3_get,
    .has = s3_has,
    .remove = s3_remove,
    .each = s3_each,
    .clean = s3_clean,
    .leftovers = s3_leftovers,
};

static int set_up(struct blob_s3 *blobs, const struct oc_s3_options *options,
                  struct oc_slice prefix, struct oc_slice region, struct oc_keys *keys,
                  struct oc_err *err)
{
    int rc;

    if (!oc_blob_is_plain_name(region, OC_BLOB_REGION_MAX))
        return oc_fail(err, OC_EINVAL, "content store: '%.*s' is not a Region", OC_FMT(region));
    if (prefix.len > OC_BLOB_PREFIX_MAX)
        return oc_fail(err, OC_EINVAL, "prefix: it may have %d bytes", OC_BLOB_PREFIX_MAX);
    (void)snprintf(blobs->root, sizeof(blobs->root), "%.*s%s%.*s/", OC_FMT(prefix),
                   prefix.len ? "/" : "", OC_FMT(region));
    rc = oc_s3_open(options, &blobs->s3, err);
    if (rc == OC_OK)
        rc = expect_object(blobs, "version", OC_STR(STORE_VERSION),
                           "it was made by another version of this program", err);
    return rc < 0 ? rc : expect_owner(blobs, keys, err);
}

int oc_blob_s3_open(const struct oc_s3_options *options, struct oc_slice prefix,
                    struct oc_slice region, struct oc_keys *keys, struct oc_blob_store **ret,
                    struct oc_err *err)
{
    struct blob_s3 *blobs = oc_alloc(sizeof(*blobs));
    struct oc_err cause = {0};
    int rc;

    if (!blobs)
        return oc_fail_nomem(err);
    *blobs = (struct blob_s3){0};
    rc = set_up(blobs, options, prefix, region, keys, &cause);
    if (rc < 0) {
        s3_close(blobs);
        return oc_fail(err, rc, "content store of Region %.*s: %s", OC_FMT(region), cause.text);
    }
    return oc_blob_store_new(&s3_ops, blobs, region, keys, ret, err);
}
