/* Listings: ListObjectsV2, page after page. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "s3/s3_impl.h"
#include "s3/xml.h"

/*
 * Brent's way to see a circle: what comes is compared with a mark of before, and the mark moves on
 * after 1, 2, 4, 8, … pages.
 */
bool oc_s3_is_circle(struct oc_s3_walk *walk, const char *next)
{
    if (walk->pages > 0 && strcmp(walk->mark, next) == 0)
        return true;
    walk->pages++;
    if ((walk->pages & (walk->pages - 1)) == 0)
        memcpy(walk->mark, next, strlen(next) + 1);
    return false;
}

void oc_s3_page_init(struct oc_s3_page *page)
{
    *page = (struct oc_s3_page){0};
    oc_arena_init(&page->arena, OC_S3_ANSWER_MAX * 4);
}

void oc_s3_page_clear(struct oc_s3_page *page)
{
    free(page->objects);
    oc_arena_clear(&page->arena);
}

static int take_number(struct oc_slice text, uint64_t *ret, struct oc_err *err)
{
    int64_t number;

    if (!oc_slice_to_int64(text, &number) || number < 0)
        return oc_fail(err, OC_EINVAL, "a size in it is not a number");
    *ret = (uint64_t)number;
    return OC_OK;
}

static int take_etag(struct oc_s3_page *page, struct oc_slice text, struct oc_err *err)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        text = oc_slice_sub(text, 1, text.len - 2);
    if (text.len > OC_S3_ETAG_MAX)
        return oc_fail(err, OC_EINVAL, "an ETag in it has %zu characters", text.len);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '"')
            return oc_fail(err, OC_EINVAL, "an ETag in it cannot be sent in a header");
    memcpy(page->next.etag, text.ptr, text.len);
    page->next.etag[text.len] = '\0';
    return OC_OK;
}

static int take_key(struct oc_s3_page *page, struct oc_slice text, struct oc_err *err)
{
    page->next.key = oc_arena_copy(&page->arena, text);
    return page->next.key.ptr ? OC_OK : oc_fail_nomem(err);
}

static int take_object(struct oc_s3_page *page, struct oc_err *err)
{
    struct oc_s3_object *grown;

    if (!page->next.key.len)
        return oc_fail(err, OC_EINVAL, "an object in it has no key");
    grown = oc_grow(page->objects, &page->cap, page->count + 1, sizeof(*grown));
    if (!grown)
        return oc_fail_nomem(err);
    page->objects = grown;
    page->objects[page->count++] = page->next;
    page->next = (struct oc_s3_object){0};
    return OC_OK;
}

static int read_element(struct oc_slice path, struct oc_slice text, void *ctx, struct oc_err *err)
{
    struct oc_s3_page *page = ctx;
    struct oc_slice rest = path;

    if (!oc_slice_eq_str(oc_slice_cut(&rest, '/'), "ListBucketResult"))
        return oc_fail(err, OC_EINVAL, "it is no list of objects");
    if (!rest.ptr)
        return OC_OK;
    if (oc_slice_eq_str(rest, "IsTruncated"))
        page->truncated = oc_slice_eq_str(text, "true");
    else if (oc_slice_eq_str(rest, "EncodingType"))
        page->encoded = oc_slice_eq_str(text, "url");
    else if (oc_slice_eq_str(rest, "NextContinuationToken")) {
        if (text.len > OC_S3_TOKEN_MAX)
            return oc_fail(err, OC_EINVAL, "the mark of its next page is too long");
        memcpy(page->token, text.ptr, text.len);
        page->token[text.len] = '\0';
    } else if (oc_slice_eq_str(rest, "Contents/Key"))
        return take_key(page, text, err);
    else if (oc_slice_eq_str(rest, "Contents/Size"))
        return take_number(text, &page->next.size, err);
    else if (oc_slice_eq_str(rest, "Contents/ETag"))
        return take_etag(page, text, err);
    else if (oc_slice_eq_str(rest, "Contents"))
        return take_object(page, err);
    return OC_OK;
}

/* Keys as they are: `+` stands for a space, as servers write it. */
static int decode_key(struct oc_s3_page *page, struct oc_s3_object *object, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf spaced = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf plain = {0};

    if (page->encoded) {
        oc_buf_init(&spaced, 4 * OC_XML_TEXT_MAX);
        oc_buf_init(&plain, OC_XML_TEXT_MAX);
        for (size_t i = 0; i < object->key.len; i++)
            oc_buf_put_char(&spaced, object->key.ptr[i] == '+' ? ' ' : object->key.ptr[i]);
        if (spaced.failed)
            return oc_fail_nomem(err);
        if (!oc_percent_decode(&plain, oc_buf_slice(&spaced)) || plain.failed)
            return oc_fail(err, OC_EINVAL, "a key in it is not encoded as it says");
        object->key = oc_arena_copy(&page->arena, oc_buf_slice(&plain));
        if (!object->key.ptr)
            return oc_fail_nomem(err);
    }
    if (object->key.len > OC_S3_KEY_MAX)
        return oc_fail(err, OC_EINVAL, "a key in it has %zu bytes", object->key.len);
    return OC_OK;
}

int oc_s3_page_read(struct oc_s3_page *page, struct oc_slice xml, struct oc_err *err)
{
    int rc;

    oc_arena_clear(&page->arena);
    page->count = 0;
    page->next = (struct oc_s3_object){0};
    page->encoded = page->truncated = false;
    page->token[0] = '\0';
    rc = oc_xml_read(xml, read_element, page, err);
    /* `EncodingType` may follow what it is about. */
    for (size_t i = 0; rc == OC_OK && i < page->count; i++)
        rc = decode_key(page, &page->objects[i], err);
    if (rc == OC_OK && page->truncated && !page->token[0])
        rc = oc_fail(err, OC_EINVAL, "it does not say where the next page begins");
    if (rc == OC_OK && page->truncated && oc_s3_is_circle(&page->walk, page->token))
        rc = oc_fail(err, OC_EINVAL, "its next page is one that was there before");
    return rc;
}

static int get_page(struct oc_s3 *s3, struct oc_slice prefix, struct oc_s3_page *page,
                    struct oc_err *err)
{
    OC_AUTO(oc_s3_answer_clear) struct oc_s3_answer answer = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    struct oc_s3_call call = {.method = "GET"};
    struct oc_err cause = {0};
    int rc;

    oc_buf_init(&query, 4 * (OC_S3_TOKEN_MAX + OC_S3_KEY_MAX));
    if (page->token[0]) {
        oc_buf_put_str(&query, "continuation-token=");
        oc_percent_encode(&query, oc_slice_of(page->token), false);
        oc_buf_put_char(&query, '&');
    }
    oc_buf_put_str(&query, "encoding-type=url&list-type=2&prefix=");
    oc_percent_encode(&query, prefix, false);
    if (query.failed)
        return oc_fail_nomem(err);
    call.query = oc_buf_slice(&query);
    rc = oc_s3_call(s3, &call, &answer, err);
    if (rc < 0)
        return rc;
    rc = oc_s3_page_read(page, oc_buf_slice(&answer.body), &cause);
    return rc < 0 ? oc_s3_fail_answer(s3, &cause, err) : OC_OK;
}

int oc_s3_list(struct oc_s3 *s3, struct oc_slice prefix, oc_s3_object_fn *fn, void *ctx,
               struct oc_err *err)
{
    OC_AUTO(oc_s3_page_clear) struct oc_s3_page page;
    int rc;

    oc_s3_page_init(&page);
    do {
        rc = get_page(s3, prefix, &page, err);
        for (size_t i = 0; rc == OC_OK && i < page.count; i++)
            if (oc_slice_has_prefix(page.objects[i].key, prefix))
                rc = fn(&page.objects[i], ctx, err);
    } while (rc == OC_OK && page.truncated);
    return rc;
}
