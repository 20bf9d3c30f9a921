/*
 * A tree of the objects of a bucket. An object is known again by its ETag, which the server
 * compares at each reading.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "copy/tree.h"
#include "model/manifest.h"

static char *copy_text(struct oc_slice s)
{
    char *text = oc_alloc(s.len + 1);

    if (!text)
        return NULL;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return text;
}

static int take_object(const struct oc_s3_object *object, void *ctx, struct oc_err *err)
{
    struct oc_tree *tree = ctx;
    struct oc_slice path = oc_slice_sub(object->key, tree->prefix.len, SIZE_MAX);
    struct oc_tree_file file = {.size = object->size};
    int rc;

    if (object->size == 0 && (path.len == 0 || path.ptr[path.len - 1] == '/'))
        return OC_OK;
    if (!oc_manifest_path_is_safe(path))
        return oc_fail(err, OC_EINVAL, "the key of object '%.*s' is not a plain path",
                       OC_FMT(oc_slice_sub(object->key, 0, 400)));
    if (!object->etag[0])
        return oc_fail(err, OC_EINVAL,
                       "the server gives object '%.*s' no ETag, so a change would not be seen",
                       OC_FMT(oc_slice_sub(object->key, 0, 400)));
    file.path = copy_text(path);
    file.etag = copy_text(oc_slice_of(object->etag));
    rc = file.path && file.etag ? oc_tree_add(tree, &file, err) : oc_fail_nomem(err);
    if (rc < 0) {
        free(file.path);
        free(file.etag);
    }
    return rc;
}

static int fail_changed(const struct oc_tree_file *file, struct oc_err *err)
{
    return oc_fail(err, OC_ECONFLICT,
                   "object '%s' changed while it was read; leave the bucket alone and try again",
                   file->path);
}

static int read_object(const struct oc_tree *tree, const struct oc_tree_file *file,
                       struct oc_slice key, uint64_t offset, uint8_t *to, size_t len,
                       struct oc_err *err)
{
    struct oc_s3_range range = {.from = offset, .len = len, .if_match = file->etag};
    struct oc_s3_object object = {.size = file->size};
    struct oc_err cause = {0};
    uint64_t size = 0;
    size_t got = 0;
    int rc;

    if (len == 0) { /* nothing to read, but it must be there and the same */
        rc = oc_s3_head(tree->s3, key, &object, &cause);
        got = strcmp(object.etag, file->etag) != 0;
        size = object.size;
    } else {
        rc = oc_s3_get(tree->s3, key, &range, to, &got, &size, &cause);
    }
    if (rc == OC_OK && (got != len || size != file->size))
        rc = OC_ECONFLICT;
    if (rc == OC_ECONFLICT || rc == OC_ENOTFOUND)
        return fail_changed(file, err);
    return rc < 0 ? oc_fail(err, rc, "object '%s' of %s could not be read: %s", file->path,
                            oc_s3_name(tree->s3), cause.text)
                  : OC_OK;
}

static int read_file(const struct oc_tree *tree, const struct oc_tree_file *file, uint64_t offset,
                     uint8_t *to, size_t len, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf key = {0};

    oc_buf_init(&key, OC_S3_KEY_MAX);
    oc_buf_put_slice(&key, tree->prefix);
    oc_buf_put_str(&key, file->path);
    if (key.failed)
        return oc_fail_nomem(err);
    return read_object(tree, file, oc_buf_slice(&key), offset, to, len, err);
}

static const struct oc_tree_ops bucket_ops = {.read = read_file};

int oc_tree_list_bucket(struct oc_s3 *s3, struct oc_slice prefix, struct oc_tree *ret,
                        struct oc_err *err)
{
    int rc;

    *ret = (struct oc_tree){.ops = &bucket_ops, .s3 = s3, .prefix = prefix};
    rc = oc_s3_list(s3, prefix, take_object, ret, err);
    if (rc == OC_OK)
        oc_tree_sort(ret);
    return rc;
}
