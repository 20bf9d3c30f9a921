/* ARNs: any bytes are refused, or are parts that put together give the same text again. */
#include <stdlib.h>

#include "base/limits.h"
#include "model/arn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_slice text = {(const char *)data, size};
    struct oc_arn arn;
    struct oc_buf buf;

    if (!oc_arn_parse(text, &arn))
        return 0;
    oc_buf_init(&buf, OC_ARN_MAX);
    oc_arn_put(&buf, &arn);
    if (buf.failed || !oc_slice_eq(oc_buf_slice(&buf), text) || arn.id.len == 0)
        abort();
    oc_buf_clear(&buf);
    return 0;
}
