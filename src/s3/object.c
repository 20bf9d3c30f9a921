/* Operations on one object. */
#include <stdio.h>
#include <string.h>

#include "s3/s3_impl.h"

#define READS_MAX 3 /* of an object that others store while it is read */

/* Keys of ours are shorter, and lists give none that is longer. */
static int check_key(struct oc_slice key, struct oc_err *err)
{
    if (key.len == 0 || key.len > OC_S3_KEY_MAX)
        return oc_fail(err, OC_EINVAL, "the key of an object has 1 to %d bytes", OC_S3_KEY_MAX);
    return OC_OK;
}

/* -- checksums ------------------------------------------------------------------------------ */

void oc_s3_put_crc(struct oc_slice bytes, char to[OC_S3_CRC_LEN])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t crc = oc_crc32c(0, bytes.ptr, bytes.len);

    /* 32 bits: five digits of six bits, one of two, and what fills the last group of four. */
    for (unsigned i = 0; i < 5; i++)
        to[i] = digits[crc >> (26 - 6 * i) & 63];
    to[5] = digits[crc << 4 & 63];
    to[6] = to[7] = '=';
}

/* -- reading -------------------------------------------------------------------------------- */

int oc_s3_head(struct oc_s3 *s3, struct oc_slice key, struct oc_s3_object *ret, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    struct oc_s3_call call = {.method = "HEAD", .key = key};
    int rc = check_key(key, err);

    if (rc == OC_OK)
        rc = oc_s3_call(s3, &call, &answer, err);
    if (rc < 0)
        return rc;
    *ret = (struct oc_s3_object){.size = answer.length};
    memcpy(ret->etag, answer.etag, sizeof(ret->etag));
    return OC_OK;
}

int oc_s3_get(struct oc_s3 *s3, struct oc_slice key, const struct oc_s3_range *range, uint8_t *to,
              size_t *ret_len, uint64_t *ret_size, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    struct oc_ranges ranges;
    struct oc_s3_call call = {.method = "GET", .key = key, .to = to, .ranges = &ranges};
    char etag[OC_S3_ETAG_MAX + 3];
    unsigned reads = 0;
    int rc = check_key(key, err);

    if (rc < 0)
        return rc;
    if (range->if_match) {
        (void)snprintf(etag, sizeof(etag), "\"%s\"", range->if_match);
        oc_s3_add_header(&call, "If-Match", oc_slice_of(etag));
    }
    do {
        ranges = (struct oc_ranges){.from = range->from, .len = range->len, .streams = s3->streams};
        answer.has_changed = false;
        answer.etag[0] = '\0';
        rc = oc_s3_call(s3, &call, &answer, err);
    } while (answer.has_changed && (rc == OC_OK || rc == OC_EIO) && ++reads < READS_MAX);
    if (rc == OC_OK && answer.has_changed)
        return oc_fail(err, OC_EIO, "the object was changed each time it was read");
    if (rc < 0)
        return rc;
    *ret_len = oc_ranges_len(&ranges);
    if (ret_size)
        *ret_size = ranges.size;
    return OC_OK;
}

/* -- storing -------------------------------------------------------------------------------- */

static int put_whole(struct oc_s3 *s3, struct oc_slice key, struct oc_slice bytes,
                     struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    struct oc_s3_call call = {.method = "PUT", .key = key, .body = bytes};
    char crc[OC_S3_CRC_LEN];

    oc_s3_put_crc(bytes, crc);
    oc_s3_add_header(&call, "X-Amz-Checksum-Crc32c", (struct oc_slice){crc, sizeof(crc)});
    return oc_s3_call(s3, &call, &answer, err);
}

int oc_s3_put(struct oc_s3 *s3, struct oc_slice key, struct oc_slice bytes, struct oc_err *err)
{
    int rc = check_key(key, err);

    if (rc < 0)
        return rc;
    return bytes.len > OC_S3_WHOLE_MAX ? oc_s3_put_pieces(s3, key, bytes, err)
                                       : put_whole(s3, key, bytes, err);
}

int oc_s3_delete(struct oc_s3 *s3, struct oc_slice key, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    struct oc_s3_call call = {.method = "DELETE", .key = key};
    struct oc_err cause = {0};
    int rc = check_key(key, err);

    if (rc < 0)
        return rc;
    rc = oc_s3_call(s3, &call, &answer, &cause);
    if (rc == OC_OK || rc == OC_ENOTFOUND)
        return OC_OK;
    *err = cause;
    return rc;
}
