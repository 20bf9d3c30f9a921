/* Secrets and signatures of webhooks, by the Standard Webhooks specification. */
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "events/events_impl.h"

#define PREFIX   "whsec_"
#define FILE_MAX 4096

static int add_secret(struct oc_webhook *webhook, struct oc_slice line, struct oc_err *err)
{
    size_t at = webhook->secret_count, len = 0;

    if (at == OC_WEBHOOK_SECRETS_MAX)
        return oc_fail(err, OC_EINVAL, "more than %d secrets", OC_WEBHOOK_SECRETS_MAX);
    if (!oc_slice_has_prefix(line, OC_STR(PREFIX)) ||
        !oc_base64_decode(oc_slice_sub(line, strlen(PREFIX), SIZE_MAX), webhook->secrets[at].bytes,
                          OC_WEBHOOK_SECRET_MAX, &len) ||
        len < OC_WEBHOOK_SECRET_MIN)
        return oc_fail(err, OC_EINVAL,
                       "a secret is " PREFIX " and then %d to %d bytes in base64: make one with "
                       "`echo " PREFIX "$(openssl rand -base64 32)`",
                       OC_WEBHOOK_SECRET_MIN, OC_WEBHOOK_SECRET_MAX);
    webhook->secrets[at].len = len;
    webhook->secret_count++;
    return OC_OK;
}

int oc_webhook_read_secrets(const char *file, struct oc_webhook *webhook, struct oc_err *err)
{
    struct oc_buf content = {0};
    struct oc_err cause = {0};
    struct oc_slice rest;
    int rc = oc_file_read(file, FILE_MAX, &content, err);

    if (rc < 0)
        return rc;
    webhook->secret_count = 0;
    rest = oc_buf_slice(&content);
    while (rc == OC_OK && rest.ptr) {
        struct oc_slice line = oc_slice_trim(oc_slice_cut(&rest, '\n'));

        if (line.len > 0)
            rc = add_secret(webhook, line, &cause);
    }
    if (rc == OC_OK && webhook->secret_count == 0)
        rc = oc_fail(&cause, OC_EINVAL, "there is no secret in it");
    oc_wipe(content.ptr, content.len);
    oc_buf_clear(&content);
    return rc < 0 ? oc_fail(err, (enum oc_rc)rc, "%s: %s", file, cause.text) : OC_OK;
}

int oc_webhook_sign(const struct oc_webhook *webhook, struct oc_slice id, int64_t time_s,
                    struct oc_slice body, struct oc_buf *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    uint8_t mac[OC_SHA256_LEN];

    oc_buf_init(&text, body.len + 256);
    oc_buf_printf(&text, "%.*s.%lld.", OC_FMT(id), (long long)time_s);
    oc_buf_put_slice(&text, body);
    if (text.failed)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < webhook->secret_count; i++) {
        struct oc_slice secret = {(const char *)webhook->secrets[i].bytes, webhook->secrets[i].len};
        int rc = oc_hmac_sha256(secret, oc_buf_slice(&text), mac, err);

        if (rc < 0)
            return rc;
        oc_buf_put_str(ret, i ? " v1," : "v1,");
        oc_base64_put(ret, mac, sizeof(mac));
    }
    return ret->failed ? oc_fail_nomem(err) : OC_OK;
}
