/* Page tokens. The form is in token.h. */
#include "model/token.h"

#include <string.h>

#define TOKEN_VERSION 1
#define TOKEN_MAC_LEN 16

/* MAC of version, context length, context, position. The length keeps context and position apart.
 */
static int compute_mac(const uint8_t key[OC_SHA256_LEN], struct oc_slice context,
                       struct oc_slice position, uint8_t ret_mac[OC_SHA256_LEN], struct oc_err *err)
{
    uint8_t head[5] = {TOKEN_VERSION};

    oc_put_be32(head + 1, (uint32_t)context.len);
    return oc_hmac_sha256_pieces(
        (struct oc_slice){(const char *)key, OC_SHA256_LEN},
        (struct oc_slice[3]){{(const char *)head, sizeof(head)}, context, position}, ret_mac, err);
}

int oc_token_seal(const uint8_t key[OC_SHA256_LEN], struct oc_slice context,
                  struct oc_slice position, struct oc_buf *buf, struct oc_err *err)
{
    uint8_t raw[1 + OC_TOKEN_POSITION_MAX + TOKEN_MAC_LEN], mac[OC_SHA256_LEN];

    int rc = compute_mac(key, context, position, mac, err);
    if (rc < 0)
        return rc;
    raw[0] = TOKEN_VERSION;
    memcpy(raw + 1, position.ptr, position.len);
    memcpy(raw + 1 + position.len, mac, TOKEN_MAC_LEN);
    oc_base64url_put(buf, raw, 1 + position.len + TOKEN_MAC_LEN);
    return buf->failed ? oc_fail_nomem(err) : OC_OK;
}

static int refuse(struct oc_err *err)
{
    return oc_fail_as(err, OC_EINVAL, "ValidationException",
                      "The nextToken is not valid for this request: use the token of the previous "
                      "answer unchanged, with the same filters, order, account and Region.");
}

int oc_token_open(const uint8_t key[OC_SHA256_LEN], struct oc_slice context, struct oc_slice token,
                  uint8_t ret_position[OC_TOKEN_POSITION_MAX], size_t *ret_len, struct oc_err *err)
{
    uint8_t raw[1 + OC_TOKEN_POSITION_MAX + TOKEN_MAC_LEN], mac[OC_SHA256_LEN];
    size_t len;

    if (!oc_base64url_decode(token, raw, sizeof(raw), &len) || len < 2 + TOKEN_MAC_LEN ||
        raw[0] != TOKEN_VERSION)
        return refuse(err);
    size_t position_len = len - 1 - TOKEN_MAC_LEN;
    struct oc_slice position = {(const char *)raw + 1, position_len};
    int rc = compute_mac(key, context, position, mac, err);
    if (rc < 0)
        return rc;
    if (!oc_crypto_equal(mac, raw + 1 + position_len, TOKEN_MAC_LEN))
        return refuse(err);
    memcpy(ret_position, position.ptr, position_len);
    *ret_len = position_len;
    return OC_OK;
}
