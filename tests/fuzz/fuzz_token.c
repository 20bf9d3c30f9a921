/* Page tokens from outside: whatever comes in is refused or was sealed here; what is sealed opens.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[OC_SHA256_LEN] = "a key of thirty-two bytes, fixed";
    struct oc_slice input = {(const char *)data, size}, context = OC_STR("context");
    uint8_t position[OC_TOKEN_POSITION_MAX];
    struct oc_err err = {0};
    struct oc_buf token;
    size_t len = 0;

    /* Without the key no input of the fuzzer can be a token. */
    if (oc_token_open(key, context, input, position, &len, &err) >= 0)
        abort();
    if (size == 0 || size > OC_TOKEN_POSITION_MAX)
        return 0;
    oc_buf_init(&token, OC_TOKEN_MAX);
    if (oc_token_seal(key, context, input, &token, &err) < 0 ||
        oc_token_open(key, context, oc_buf_slice(&token), position, &len, &err) < 0 ||
        len != size || memcmp(position, data, size) != 0)
        abort();
    oc_buf_clear(&token);
    return 0;
}
