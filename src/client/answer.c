/* What an answer of a rest-json service means. */
#include "client/answer.h"

#include <stdio.h>
#include <string.h>

/* err->name must be a static string, so known names are listed; others go into the text. */
static const char *known_name(struct oc_slice name)
{
    static const char *const names[] = {
        "AccessDeniedException",
        "ConflictException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InternalFailure",
        "InternalServerException",
        "InvalidSignatureException",
        "MethodNotAllowedException",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "SerializationException",
        "ServiceQuotaExceededException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyTagsException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationException",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (oc_slice_eq_str(name, names[i]))
            return names[i];
    return NULL;
}

/* `aws.protocols#FooException:http://…` is FooException. */
static struct oc_slice bare_name(struct oc_slice name)
{
    ptrdiff_t hash;

    name = oc_slice_cut(&name, ':');
    hash = oc_slice_find(name, '#');
    return oc_slice_trim(hash < 0 ? name : oc_slice_sub(name, (size_t)hash + 1, name.len));
}

static enum oc_rc code_of(int status, struct oc_slice name)
{
    if (status == 404)
        return OC_ENOTFOUND;
    if (status == 401 || status == 403)
        return OC_EDENIED;
    if (status == 429 || status == 503 || oc_slice_eq_str(name, "ThrottlingException"))
        return OC_EBUSY;
    if (status == 409 || oc_slice_eq_str(name, "ConflictException"))
        return OC_ECONFLICT;
    return status >= 500 ? OC_EIO : OC_EINVAL;
}

static int fail_foreign(const struct oc_transport_head *head, struct oc_slice body,
                        struct oc_err *err)
{
    if (oc_slice_find_slice(body, OC_STR("<UnknownOperationException")) >= 0)
        return oc_fail_as(err, OC_ENOTFOUND, "UnknownOperationException",
                          "the server does not know this operation; is the endpoint an Outcrop "
                          "server of this version?");
    if (head->status >= 500 || head->status == 429)
        return oc_fail(err, head->status == 500 ? OC_EIO : OC_EBUSY,
                       "the endpoint answered HTTP %d without saying why; try again later",
                       head->status);
    return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                      "the endpoint answered HTTP %d with something that is not of this service; "
                      "check the endpoint and any proxy",
                      head->status);
}

int oc_answer_error(const struct oc_transport_head *head, struct oc_slice body,
                    char ret_name[OC_ERROR_NAME_MAX + 1], struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err ignored = {0};
    struct oc_slice name, message;
    bool shows_id = head->status >= 500 && head->request_id[0];
    const char *known;

    (void)oc_json_parse(body, &json, &ignored); /* an error without a body is an error still */
    name = oc_slice_of(head->error_type[0] ? head->error_type : NULL);
    if (!name.ptr)
        name = oc_json_string(oc_json_get(json, "__type"));
    if (!name.ptr)
        name = oc_json_string(oc_json_get(json, "code"));
    (void)snprintf(ret_name, OC_ERROR_NAME_MAX + 1, "%d", head->status);
    if (!name.ptr)
        return fail_foreign(head, body, err);
    name = bare_name(name);
    (void)snprintf(ret_name, OC_ERROR_NAME_MAX + 1, "%.*s", OC_FMT(name)); /* cut at the limit */
    known = known_name(name);
    message = oc_json_string(oc_json_get(json, "message"));
    if (!message.ptr)
        message = oc_json_string(oc_json_get(json, "Message"));
    if (!message.len)
        message = OC_STR("the server gives no reason");
    return oc_fail_as(err, code_of(head->status, name), known, "%.*s%s%.*s%s%s%s",
                      OC_FMT(known ? OC_STR("") : name), known ? "" : ": ", OC_FMT(message),
                      shows_id ? " (request id " : "", shows_id ? head->request_id : "",
                      shows_id ? ")" : "");
}

bool oc_answer_is_throttled(const struct oc_transport_head *head, const struct oc_err *err)
{
    return head->status == 429 || head->status == 503 ||
           (err->name && (strcmp(err->name, "ThrottlingException") == 0 ||
                          strcmp(err->name, "TooManyRequestsException") == 0));
}

bool oc_answer_is_retryable(const struct oc_transport_head *head, const struct oc_err *err)
{
    return oc_answer_is_throttled(head, err) || head->status == 500 || head->status == 502 ||
           head->status == 504;
}

int64_t oc_answer_retry_after_ms(const struct oc_transport_head *head)
{
    int64_t ms, seconds;

    if (oc_slice_to_int64(oc_slice_of(head->retry_after_ms), &ms) && ms >= 0 && ms <= 86400000)
        return ms;
    if (!oc_slice_to_int64(oc_slice_of(head->retry_after), &seconds) || seconds < 0 ||
        seconds > 86400)
        return 0;
    return seconds * 1000;
}

int oc_answer_json(struct oc_slice body, struct oc_json **ret, struct oc_err *err)
{
    struct oc_err why = {0};
    struct oc_json *json;
    int rc;

    rc = oc_json_parse(body, &json, &why);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0)
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                          "the server's answer is not JSON: %s", why.text);
    if (oc_json_type(json) != OC_JSON_OBJECT) {
        oc_json_free(json);
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                          "the server's answer is not a JSON object");
    }
    *ret = json;
    return OC_OK;
}
