/* Any text as an answer of an S3 server: each element's path and text stay within their limits. */
#include <stdlib.h>

#include "s3/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(struct oc_slice path, struct oc_slice text, void *ctx, struct oc_err *err)
{
    size_t *left = ctx;

    if (path.len == 0 || path.len > OC_XML_PATH_MAX || text.len > OC_XML_TEXT_MAX)
        abort();
    if (!*left)
        return oc_fail(err, OC_ECANCELED, "enough");
    (*left)--;
    return OC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_err err = {0};
    size_t left = size ? data[0] : 0;
    int rc;

    if (size == 0)
        return 0;
    rc = oc_xml_read((struct oc_slice){(const char *)data + 1, size - 1}, visit, &left, &err);
    if (rc != OC_OK && rc != OC_EINVAL && rc != OC_ENOMEM && rc != OC_ECANCELED)
        abort();
    return 0;
}
