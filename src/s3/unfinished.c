/*
 * Uploads in pieces that were not completed: page after page, to be counted or aborted. A page is
 * aborted before the next one is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "s3/s3_impl.h"
#include "s3/xml.h"

void oc_s3_uploads_init(struct oc_s3_uploads *page)
{
    memset(page, 0, sizeof(*page));
    oc_arena_init(&page->arena, OC_S3_ANSWER_MAX * 2);
}

void oc_s3_uploads_clear(struct oc_s3_uploads *page)
{
    oc_arena_clear(&page->arena);
}

/* -- one page ------------------------------------------------------------------------------- */

static int keep_next(char *to, size_t max, struct oc_slice text, struct oc_err *err)
{
    if (text.len > max)
        return oc_fail(err, OC_EINVAL, "the mark of its next page is too long");
    memcpy(to, text.ptr, text.len);
    to[text.len] = '\0';
    return OC_OK;
}

/* The upload that has been read. One whose key or id we would never send is none of ours. */
static int take_upload(struct oc_s3_uploads *page, struct oc_err *err)
{
    struct oc_s3_unfinished next = page->next;

    page->next = (struct oc_s3_unfinished){0};
    if (!next.key.len || next.key.len > OC_S3_KEY_MAX || !next.id.len ||
        next.id.len > OC_S3_UPLOAD_ID_MAX)
        return OC_OK;
    if (page->count == OC_S3_UPLOADS_MAX)
        return oc_fail(err, OC_EINVAL, "it has more than %d uploads", OC_S3_UPLOADS_MAX);
    page->uploads[page->count++] = next;
    return OC_OK;
}

static int read_element(struct oc_slice path, struct oc_slice text, void *ctx, struct oc_err *err)
{
    struct oc_s3_uploads *page = ctx;
    struct oc_slice rest = path, *to = NULL;

    if (!oc_slice_eq_str(oc_slice_cut(&rest, '/'), "ListMultipartUploadsResult"))
        return oc_fail(err, OC_EINVAL, "it is no list of uploads");
    if (oc_slice_eq_str(rest, "IsTruncated"))
        page->truncated = oc_slice_eq_str(text, "true");
    else if (oc_slice_eq_str(rest, "NextKeyMarker"))
        return keep_next(page->next_key, OC_S3_KEY_MAX, text, err);
    else if (oc_slice_eq_str(rest, "NextUploadIdMarker"))
        return keep_next(page->next_id, OC_S3_UPLOAD_ID_MAX, text, err);
    else if (oc_slice_eq_str(rest, "Upload"))
        return take_upload(page, err);
    else if (oc_slice_eq_str(rest, "Upload/Key"))
        to = &page->next.key;
    else if (oc_slice_eq_str(rest, "Upload/UploadId"))
        to = &page->next.id;
    if (to)
        *to = oc_arena_copy(&page->arena, text);
    return !to || to->ptr ? OC_OK : oc_fail_nomem(err);
}

int oc_s3_uploads_read(struct oc_s3_uploads *page, struct oc_slice xml, struct oc_err *err)
{
    char mark[sizeof(page->next_key) + sizeof(page->next_id)];
    size_t key_len;
    int rc;

    oc_arena_clear(&page->arena);
    page->count = 0;
    page->truncated = false;
    page->next = (struct oc_s3_unfinished){0};
    page->next_key[0] = page->next_id[0] = '\0';
    rc = oc_xml_read(xml, read_element, page, err);
    if (rc < 0 || !page->truncated)
        return rc;
    if (!page->next_key[0])
        return oc_fail(err, OC_EINVAL, "it does not say where the next page begins");
    key_len = strlen(page->next_key);
    memcpy(mark, page->next_key, key_len);
    memcpy(mark + key_len, page->next_id, strlen(page->next_id) + 1);
    if (oc_s3_is_circle(&page->walk, mark))
        return oc_fail(err, OC_EINVAL, "its next page is one that was there before");
    return OC_OK;
}

/* -- all of them ---------------------------------------------------------------------------- */

static int get_page(struct oc_s3 *s3, struct oc_slice prefix, struct oc_s3_uploads *page,
                    struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct oc_s3_call call = {.method = "GET"};
    struct oc_err cause = {0};
    int rc;

    oc_buf_init(&query, 16384);
    oc_buf_put_str(&query, "uploads=&prefix=");
    oc_percent_encode(&query, prefix, false);
    if (page->next_key[0]) {
        oc_buf_put_str(&query, "&key-marker=");
        oc_percent_encode(&query, oc_slice_of(page->next_key), false);
        oc_buf_put_str(&query, "&upload-id-marker=");
        oc_percent_encode(&query, oc_slice_of(page->next_id), false);
    }
    if (query.failed)
        return oc_fail_nomem(err);
    call.query = oc_buf_slice(&query);
    rc = oc_s3_call(s3, &call, &answer, err);
    if (rc < 0)
        return rc;
    rc = oc_s3_uploads_read(page, oc_buf_slice(&answer.body), &cause);
    return rc < 0 ? oc_s3_fail_answer(s3, &cause, err) : OC_OK;
}

static int each_upload(struct oc_s3 *s3, struct oc_slice prefix, bool abort_them, uint64_t *count,
                       struct oc_err *err)
{
    struct oc_s3_uploads *page = oc_alloc(sizeof(*page));
    int rc;

    if (!page)
        return oc_fail_nomem(err);
    oc_s3_uploads_init(page);
    do {
        rc = get_page(s3, prefix, page, err);
        for (size_t i = 0; rc == OC_OK && i < page->count; i++) {
            const struct oc_s3_unfinished *upload = &page->uploads[i];

            if (!oc_slice_has_prefix(upload->key, prefix))
                continue;
            (*count)++;
            if (abort_them)
                rc = oc_s3_abort_upload(s3, upload->key, upload->id.ptr, err);
        }
    } while (rc == OC_OK && page->truncated);
    oc_s3_uploads_clear(page);
    free(page);
    return rc;
}

int oc_s3_count_uploads(struct oc_s3 *s3, struct oc_slice prefix, uint64_t *ret, struct oc_err *err)
{
    uint64_t count = 0;
    int rc = each_upload(s3, prefix, false, &count, err);

    if (rc == OC_OK)
        *ret = count;
    return rc;
}

int oc_s3_abort_uploads(struct oc_s3 *s3, struct oc_slice prefix, struct oc_err *err)
{
    uint64_t ignored = 0;

    return each_upload(s3, prefix, true, &ignored, err);
}
