/* One short request for credentials, and their JSON form. */
#include "client/fetch.h"

#include "base/json.h"
#include "model/timestamp.h"

#define HEADERS_MAX    8
#define ANSWER_MAX     (64UL * 1024)
#define LOCAL_WAIT_MS  1000
#define REMOTE_WAIT_MS 5000

void oc_fetch_wipe(struct oc_buf *buf)
{
    if (buf->ptr)
        oc_wipe(buf->ptr, buf->cap);
    oc_buf_clear(buf);
}

static int send_once(const struct oc_fetch *fetch, struct oc_transport *transport,
                     struct oc_buf *body, struct oc_err *err)
{
    struct oc_sigv4_header headers[HEADERS_MAX];
    struct oc_transport_request request = {.method = fetch->method,
                                           .url = fetch->url,
                                           .headers = headers,
                                           .body = fetch->body,
                                           .max_response = ANSWER_MAX};
    struct oc_transport_head head;
    struct oc_err why = {0};
    bool sent;
    int rc;

    if (fetch->header.name.ptr)
        headers[request.header_count++] = fetch->header;
    for (size_t i = 0; i < fetch->header_count && request.header_count < HEADERS_MAX; i++)
        headers[request.header_count++] = fetch->headers[i];
    rc = oc_transport_send(transport, &request, &head, body, &sent, &why);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR, "no credentials from %s: %s",
                          fetch->source, why.text);
    if ((head.status == 401 || head.status == 403) && fetch->refused)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR, "%s", fetch->refused);
    if (head.status != 200)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR,
                          "no credentials from %s: it answered HTTP %d", fetch->source,
                          head.status);
    return OC_OK;
}

int oc_fetch(const struct oc_fetch *fetch, struct oc_buf *body, struct oc_err *err)
{
    const unsigned wait_ms = fetch->is_remote ? REMOTE_WAIT_MS : LOCAL_WAIT_MS;
    const struct oc_transport_options options = {.user_agent = "outcrop",
                                                 .ca_bundle = fetch->ca_bundle,
                                                 .connect_timeout_ms = wait_ms,
                                                 .stall_timeout_ms = wait_ms,
                                                 .no_proxy = !fetch->is_remote};
    struct oc_transport *transport;
    int rc;

    oc_buf_init(body, ANSWER_MAX);
    rc = oc_transport_new(&options, &transport, err);
    if (rc < 0)
        return rc;
    rc = send_once(fetch, transport, body, err);
    oc_transport_free(transport);
    return rc;
}

int oc_fetch_take(const struct oc_static_credentials *parts, struct oc_slice expiration,
                  const char *source, struct oc_credentials *ret, struct oc_err *err)
{
    int64_t expires_us = 0;
    int rc;

    if (!parts->access_key_id.len || !parts->secret_access_key.len ||
        (expiration.ptr && !oc_timestamp_parse(expiration, &expires_us)))
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR,
                          "what %s gives is not a set of credentials", source);
    rc = oc_credentials_take(parts, source, ret, err);
    if (rc == OC_OK)
        ret->expires_ms = expires_us / 1000;
    return rc;
}

int oc_fetch_read(struct oc_slice text, const char *source, bool is_process,
                  struct oc_credentials *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_static_credentials parts = {0};
    struct oc_err why = {0};

    if (oc_json_parse(text, &json, &why) < 0)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR, "what %s gives is not JSON: %s",
                          source, why.text);
    if (is_process && oc_json_int64(oc_json_get(json, "Version"), 0) != 1)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR,
                          "what %s gives has not \"Version\": 1", source);
    parts.access_key_id = oc_json_string(oc_json_get(json, "AccessKeyId"));
    parts.secret_access_key = oc_json_string(oc_json_get(json, "SecretAccessKey"));
    parts.session_token = oc_json_string(oc_json_get(json, is_process ? "SessionToken" : "Token"));
    return oc_fetch_take(&parts, oc_json_string(oc_json_get(json, "Expiration")), source, ret, err);
}
