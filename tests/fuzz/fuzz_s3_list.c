/*
 * Any text as a page of an S3 server's listing, of objects or of uploads in pieces, after another
 * page that is good: what is accepted is fit to be sent back and to be laid out, and a refusal says
 * why. The first byte chooses the kind of listing.
 */
#include <stdlib.h>
#include <string.h>

#include "s3/s3_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_refusal(int rc, const struct oc_err *err)
{
    check(rc == err->rc && err->text[0]);
    check(rc == OC_EINVAL || rc == OC_ENOMEM);
}

static void read_objects(struct oc_slice xml)
{
    static const struct oc_slice before =
        OC_STR("<ListBucketResult><Contents><Key>k</Key><ETag>\"e\"</ETag><Size>1</Size></Contents>"
               "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
               "</ListBucketResult>");
    struct oc_err err = {0};
    struct oc_s3_page page;
    int rc;

    oc_s3_page_init(&page);
    check(oc_s3_page_read(&page, before, &err) == OC_OK && page.count == 1 && page.truncated);
    rc = oc_s3_page_read(&page, xml, &err);
    if (rc < 0)
        check_refusal(rc, &err);
    for (size_t i = 0; rc == OC_OK && i < page.count; i++) {
        const struct oc_s3_object *object = &page.objects[i];

        check(object->key.len >= 1 && object->key.len <= OC_S3_KEY_MAX);
        check(object->size <= INT64_MAX && strlen(object->etag) <= OC_S3_ETAG_MAX);
        for (const char *at = object->etag; *at; at++)
            check(*at > ' ' && *at <= '~' && *at != '"');
    }
    if (rc == OC_OK && page.truncated)
        check(page.token[0] && strcmp(page.token, "t") != 0);
    oc_s3_page_clear(&page);
}

static void read_uploads(struct oc_slice xml)
{
    static const struct oc_slice before =
        OC_STR("<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u</UploadId></Upload>"
               "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
               "<NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>");
    static struct oc_s3_uploads page; /* too large for the stack */
    struct oc_err err = {0};
    int rc;

    oc_s3_uploads_init(&page);
    check(oc_s3_uploads_read(&page, before, &err) == OC_OK && page.count == 1 && page.truncated);
    rc = oc_s3_uploads_read(&page, xml, &err);
    if (rc < 0)
        check_refusal(rc, &err);
    for (size_t i = 0; rc == OC_OK && i < page.count; i++) {
        const struct oc_s3_unfinished *upload = &page.uploads[i];

        check(upload->key.len >= 1 && upload->key.len <= OC_S3_KEY_MAX);
        check(upload->id.len >= 1 && strlen(upload->id.ptr) == upload->id.len);
        check(upload->id.len <= OC_S3_UPLOAD_ID_MAX);
    }
    if (rc == OC_OK && page.truncated)
        check(page.next_key[0] && (strcmp(page.next_key, "k") || strcmp(page.next_id, "u")));
    oc_s3_uploads_clear(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_slice xml = {(const char *)data + 1, size - 1};

    if (size == 0)
        return 0;
    if (data[0] & 1)
        read_uploads(xml);
    else
        read_objects(xml);
    return 0;
}
