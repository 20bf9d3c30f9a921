/* Answers in XML, by expat. */
#include "s3/xml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/fault.h"

struct reader {
    XML_Parser parser;
    oc_xml_fn *fn;
    void *ctx;
    char path[OC_XML_PATH_MAX];
    size_t path_len;
    unsigned depth;
    struct oc_buf texts[OC_XML_DEPTH_MAX]; /* of the open elements */
    int rc;
    struct oc_err *err;
};

static void reader_clear(struct reader *reader)
{
    for (unsigned i = 0; i < OC_XML_DEPTH_MAX; i++)
        oc_buf_clear(&reader->texts[i]);
    if (reader->parser)
        XML_ParserFree(reader->parser);
}

/* Only the first failure counts: expat may call once more before it stops. */
static void stop(struct reader *reader, int rc)
{
    if (reader->rc == OC_OK)
        reader->rc = rc;
    (void)XML_StopParser(reader->parser, XML_FALSE); /* fails only when it has stopped already */
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = ctx;
    size_t len = strlen(name);

    (void)attributes;
    if (reader->rc < 0)
        return;
    if (reader->depth == OC_XML_DEPTH_MAX || len >= OC_XML_PATH_MAX - reader->path_len - 1) {
        stop(reader, oc_fail(reader->err, OC_EINVAL, "its elements are nested too deeply"));
        return;
    }
    if (reader->depth > 0)
        reader->path[reader->path_len++] = '/';
    memcpy(reader->path + reader->path_len, name, len);
    reader->path_len += len;
    oc_buf_reset(&reader->texts[reader->depth++]);
}

static void XMLCALL on_text(void *ctx, const XML_Char *bytes, int len)
{
    struct reader *reader = ctx;
    struct oc_buf *text;

    if (reader->rc < 0 || reader->depth == 0)
        return;
    text = &reader->texts[reader->depth - 1];
    if ((size_t)len > text->max - text->len) {
        stop(reader, oc_fail(reader->err, OC_EINVAL, "a text in it has more than %d bytes",
                             OC_XML_TEXT_MAX));
        return;
    }
    oc_buf_put(text, bytes, (size_t)len);
    if (text->failed)
        stop(reader, oc_fail_nomem(reader->err));
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct reader *reader = ctx;
    struct oc_slice path = {reader->path, reader->path_len};
    size_t len = strlen(name);
    int rc;

    if (reader->rc < 0)
        return;
    rc = reader->fn(path, oc_buf_slice(&reader->texts[--reader->depth]), reader->ctx, reader->err);
    if (rc < 0)
        stop(reader, rc);
    reader->path_len -= len + (reader->depth > 0);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    struct reader *reader = ctx;

    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    stop(reader, oc_fail(reader->err, OC_EINVAL, "it has a document type, which S3 never sends"));
}

static int parse(struct reader *reader, struct oc_slice xml, struct oc_err *err)
{
    enum XML_Error code;

    if (XML_Parse(reader->parser, xml.ptr, (int)xml.len, XML_TRUE) == XML_STATUS_OK)
        return reader->rc;
    if (reader->rc < 0)
        return reader->rc;
    code = XML_GetErrorCode(reader->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return oc_fail_nomem(err);
    return oc_fail(err, OC_EINVAL, "it is not XML: %s in line %lu", XML_ErrorString(code),
                   XML_GetCurrentLineNumber(reader->parser));
}

int oc_xml_read(struct oc_slice xml, oc_xml_fn *fn, void *ctx, struct oc_err *err)
{
    static const XML_Memory_Handling_Suite memory = {oc_alloc, oc_realloc, free};
    OC_AUTO(reader_clear) struct reader reader = {.fn = fn, .ctx = ctx, .err = err};

    if (xml.len == 0 || xml.len > INT_MAX)
        return oc_fail(err, OC_EINVAL, "it is %s", xml.len ? "too long" : "empty");
    for (unsigned i = 0; i < OC_XML_DEPTH_MAX; i++)
        oc_buf_init(&reader.texts[i], OC_XML_TEXT_MAX);
    reader.parser = XML_ParserCreate_MM("UTF-8", &memory, NULL);
    if (!reader.parser)
        return oc_fail_nomem(err);
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    return parse(&reader, xml, err);
}
