/*
 * Hashing the files of a model from its parts, in order.
 */
#include "copy/verify.h"

#include <string.h>

/* The file that ends here must have its digest. */
static int end_file(struct oc_copy_verify *verify, struct oc_err *err)
{
    const struct oc_manifest_file *file = &verify->manifest->files[verify->file];
    uint8_t digest[OC_SHA256_LEN];
    int rc = oc_sha256_stream_end(verify->stream, digest, err);

    if (rc < 0)
        return rc;
    verify->open = false;
    verify->file++;
    if (memcmp(digest, file->sha256, sizeof(digest)) != 0)
        return oc_fail(err, OC_EINVAL,
                       "file '%.*s' does not have the SHA-256 that its manifest says",
                       OC_FMT(oc_slice_sub(file->path, 0, 400)));
    return OC_OK;
}

static int add_bytes(struct oc_copy_verify *verify, struct oc_slice bytes, struct oc_err *err)
{
    if (!verify->stream) {
        verify->stream = oc_sha256_stream_new(err);
        if (!verify->stream)
            return OC_ENOMEM;
    }
    verify->open = true;
    return oc_sha256_stream_add(verify->stream, bytes, err);
}

/* Add what part `index` has of the current file. @return 1 when the file goes on in the next part.
 */
static int add_file(struct oc_copy_verify *verify, uint32_t index, struct oc_slice bytes,
                    struct oc_err *err)
{
    const struct oc_manifest_file *file = &verify->manifest->files[verify->file];
    uint32_t parts = oc_manifest_file_parts(file);
    int rc = add_bytes(verify,
                       oc_slice_sub(bytes, file->offset, parts > 1 ? bytes.len : file->size), err);

    if (rc < 0)
        return rc;
    if (parts > 1 && index + 1 < file->first_part + parts)
        return 1;
    return end_file(verify, err);
}

int oc_copy_verify_part(struct oc_copy_verify *verify, uint32_t index, struct oc_slice bytes,
                        struct oc_err *err)
{
    const struct oc_manifest *manifest = verify->manifest;

    while (verify->file < manifest->file_count) {
        const struct oc_manifest_file *file = &manifest->files[verify->file];
        int rc;

        if (file->size && file->first_part > index)
            break;
        rc = add_file(verify, index, file->size ? bytes : OC_STR(""), err);
        if (rc != OC_OK)
            return rc < 0 ? rc : OC_OK;
    }
    return OC_OK;
}

int oc_copy_verify_end(struct oc_copy_verify *verify, struct oc_err *err)
{
    return oc_copy_verify_part(verify, (uint32_t)verify->manifest->part_count, OC_STR(""), err);
}

void oc_copy_verify_clear(struct oc_copy_verify *verify)
{
    oc_sha256_stream_free(verify->stream);
    *verify = (struct oc_copy_verify){0};
}
