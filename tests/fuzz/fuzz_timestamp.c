/* Any text as a timestamp: what is accepted is in range, and what is written back reads the same.
 */
#include "model/timestamp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oc_slice text = {(const char *)data, size};
    char written[OC_TIMESTAMP_LEN];
    int64_t us = 0, again = 0;

    if (!oc_timestamp_parse(text, &us))
        return 0;
    if (us < 0 || us / 1000 > OC_TIMESTAMP_MAX_MS)
        abort();
    oc_timestamp_format(us / 1000, written);
    if (!oc_timestamp_parse((struct oc_slice){written, OC_TIMESTAMP_LEN}, &again) ||
        again / 1000 != us / 1000)
        abort();
    return 0;
}
