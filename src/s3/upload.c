/*
 * Uploads in pieces: one upload is begun, pieces are stored, and a last call makes them one object.
 * An upload that is not completed takes up room until it is aborted; what a crash leaves is found
 * by its prefix.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "s3/s3_impl.h"
#include "s3/xml.h"

#define PIECES_MAX 64 /* of one object: more than a manifest needs */

struct piece {
    char etag[OC_S3_ETAG_MAX + 1];
    char crc[OC_S3_CRC_LEN];
};

struct upload {
    struct oc_s3 *s3;
    struct oc_slice key;
    char id[OC_S3_UPLOAD_ID_MAX + 1];
    struct piece pieces[PIECES_MAX];
    unsigned count;
};

static int begin_query(struct oc_buf *query, const char *id)
{
    oc_buf_put_str(query, "uploadId=");
    oc_percent_encode(query, oc_slice_of(id), false);
    return query->failed ? OC_ENOMEM : OC_OK;
}

/* -- making an object ----------------------------------------------------------------------- */

static int read_id(struct oc_slice path, struct oc_slice text, void *ctx, struct oc_err *err)
{
    struct upload *upload = ctx;

    if (!oc_slice_eq_str(path, "InitiateMultipartUploadResult/UploadId"))
        return OC_OK;
    if (text.len == 0 || text.len > OC_S3_UPLOAD_ID_MAX)
        return oc_fail(err, OC_EINVAL, "its upload id has %zu characters", text.len);
    memcpy(upload->id, text.ptr, text.len);
    upload->id[text.len] = '\0';
    return OC_OK;
}

static int begin(struct upload *upload, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    struct oc_s3_call call = {.method = "POST", .key = upload->key, .query = OC_STR("uploads=")};
    struct oc_err cause = {0};
    int rc;

    oc_s3_add_header(&call, "X-Amz-Checksum-Algorithm", OC_STR("CRC32C"));
    rc = oc_s3_call(upload->s3, &call, &answer, err);
    if (rc < 0)
        return rc;
    rc = oc_xml_read(oc_buf_slice(&answer.body), read_id, upload, &cause);
    if (rc == OC_OK && !upload->id[0])
        rc = oc_fail(&cause, OC_EINVAL, "it has no upload id");
    return rc < 0 ? oc_s3_fail_answer(upload->s3, &cause, err) : OC_OK;
}

static int put_piece(struct upload *upload, struct oc_slice bytes, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct piece *piece = &upload->pieces[upload->count];
    struct oc_s3_call call = {.method = "PUT", .key = upload->key, .body = bytes};
    int rc;

    oc_buf_init(&query, 4 * OC_S3_UPLOAD_ID_MAX);
    oc_buf_printf(&query, "partNumber=%u&", upload->count + 1);
    if (begin_query(&query, upload->id) < 0)
        return oc_fail_nomem(err);
    oc_s3_put_crc(bytes, piece->crc);
    oc_s3_add_header(&call, "X-Amz-Checksum-Crc32c",
                     (struct oc_slice){piece->crc, sizeof(piece->crc)});
    call.query = oc_buf_slice(&query);
    rc = oc_s3_call(upload->s3, &call, &answer, err);
    if (rc < 0)
        return rc;
    if (!answer.etag[0])
        return oc_fail(err, OC_EIO, "the answer to a piece has no ETag");
    memcpy(piece->etag, answer.etag, sizeof(piece->etag));
    upload->count++;
    return OC_OK;
}

static void write_pieces(const struct upload *upload, struct oc_buf *xml)
{
    oc_buf_put_str(xml, "<CompleteMultipartUpload "
                        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (unsigned i = 0; i < upload->count; i++)
        oc_buf_printf(xml,
                      "<Part><PartNumber>%u</PartNumber><ETag>\"%s\"</ETag>"
                      "<ChecksumCRC32C>%.*s</ChecksumCRC32C></Part>",
                      i + 1, upload->pieces[i].etag, OC_S3_CRC_LEN, upload->pieces[i].crc);
    oc_buf_put_str(xml, "</CompleteMultipartUpload>");
}

/* An upload that is gone when it is completed again was completed before, if the object is there.
 */
static int see_completed(struct upload *upload, uint64_t size, const struct oc_err *cause,
                         struct oc_err *err)
{
    struct oc_s3_object object;
    struct oc_err ignored = {0};

    if (oc_s3_head(upload->s3, upload->key, &object, &ignored) == OC_OK && object.size == size)
        return OC_OK;
    *err = *cause;
    return cause->rc;
}

static int complete(struct upload *upload, uint64_t size, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf xml = {0};
    struct oc_s3_call call = {.method = "POST", .key = upload->key};
    struct oc_err cause = {0};
    int rc;

    oc_buf_init(&query, 4 * OC_S3_UPLOAD_ID_MAX);
    oc_buf_init(&xml, PIECES_MAX * 512);
    write_pieces(upload, &xml);
    if (begin_query(&query, upload->id) < 0 || xml.failed)
        return oc_fail_nomem(err);
    oc_s3_add_header(&call, "Content-Type", OC_STR("application/xml"));
    call.query = oc_buf_slice(&query);
    call.body = oc_buf_slice(&xml);
    rc = oc_s3_call(upload->s3, &call, &answer, &cause);
    if (rc == OC_ENOTFOUND && answer.tries > 1)
        return see_completed(upload, size, &cause, err);
    if (rc < 0)
        *err = cause;
    return rc;
}

/* -- aborting ------------------------------------------------------------------------------- */

int oc_s3_abort_upload(struct oc_s3 *s3, struct oc_slice key, const char *id, struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct oc_s3_call call = {.method = "DELETE", .key = key};
    struct oc_err cause = {0};
    int rc;

    oc_buf_init(&query, 4 * OC_S3_UPLOAD_ID_MAX);
    if (begin_query(&query, id) < 0)
        return oc_fail_nomem(err);
    call.query = oc_buf_slice(&query);
    rc = oc_s3_call(s3, &call, &answer, &cause);
    if (rc == OC_OK || rc == OC_ENOTFOUND)
        return OC_OK;
    *err = cause;
    return rc;
}

int oc_s3_put_pieces(struct oc_s3 *s3, struct oc_slice key, struct oc_slice bytes,
                     struct oc_err *err)
{
    struct upload *upload;
    int rc;

    if (bytes.len > PIECES_MAX * OC_S3_PIECE)
        return oc_fail(err, OC_EINVAL, "an object may have %lu bytes", PIECES_MAX * OC_S3_PIECE);
    upload = oc_alloc(sizeof(*upload));
    if (!upload)
        return oc_fail_nomem(err);
    upload->s3 = s3;
    upload->key = key;
    upload->id[0] = '\0';
    upload->count = 0;
    rc = begin(upload, err);
    for (size_t at = 0; rc == OC_OK && at < bytes.len; at += OC_S3_PIECE)
        rc = put_piece(upload, oc_slice_sub(bytes, at, OC_S3_PIECE), err);
    if (rc == OC_OK)
        rc = complete(upload, bytes.len, err);
    if (rc < 0 && upload->id[0]) {
        struct oc_err ignored = {0}; /* what stays is found by its prefix */

        (void)oc_s3_abort_upload(s3, key, upload->id, &ignored);
    }
    free(upload);
    return rc;
}
