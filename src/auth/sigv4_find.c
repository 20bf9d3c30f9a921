/* Which credentials a request carries, and whether it carries them in one place only. */
#include "auth/sigv4_impl.h"

const struct oc_slice oc_sigv4_param_names[OC_SIGV4_PARAMS] = {
    [OC_SIGV4_PARAM_ALGORITHM] = {"X-Amz-Algorithm", 15},
    [OC_SIGV4_PARAM_CREDENTIAL] = {"X-Amz-Credential", 16},
    [OC_SIGV4_PARAM_DATE] = {"X-Amz-Date", 10},
    [OC_SIGV4_PARAM_EXPIRES] = {"X-Amz-Expires", 13},
    [OC_SIGV4_PARAM_SIGNED_HEADERS] = {"X-Amz-SignedHeaders", 19},
    [OC_SIGV4_PARAM_SECURITY_TOKEN] = {"X-Amz-Security-Token", 20},
    [OC_SIGV4_PARAM_SIGNATURE] = {"X-Amz-Signature", 15},
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode a parameter's name as a reader of it might. @return false when it is too long for ours. */
static bool decode_name(struct oc_slice raw, char *text, size_t cap, size_t *ret_len)
{
    size_t len = 0;

    for (size_t i = 0; i < raw.len; i++) {
        int high, low;

        if (len == cap)
            return false;
        text[len] = raw.ptr[i];
        if (raw.ptr[i] == '%' && raw.len - i > 2 && (high = hex_value(raw.ptr[i + 1])) >= 0 &&
            (low = hex_value(raw.ptr[i + 2])) >= 0) {
            text[len] = (char)(high << 4 | low);
            i += 2;
        }
        len++;
    }
    *ret_len = len;
    return true;
}

/* Which of the seven a raw name means when escapes and case are ignored; -1: none. */
static int find_param(struct oc_slice raw)
{
    char text[20];
    size_t len;

    if (raw.len < 10 || (raw.ptr[0] != '%' && (raw.ptr[0] | 0x20) != 'x'))
        return -1;
    if (!decode_name(raw, text, sizeof(text), &len))
        return -1;
    for (int i = 0; i < OC_SIGV4_PARAMS; i++) {
        if (oc_slice_eq_nocase((struct oc_slice){text, len}, oc_sigv4_param_names[i]))
            return i;
    }
    return -1;
}

int oc_sigv4_params(struct oc_slice query, struct oc_slice ret_values[OC_SIGV4_PARAMS],
                    struct oc_err *err)
{
    struct oc_slice values[OC_SIGV4_PARAMS] = {0};

    while (query.ptr) {
        struct oc_slice value = oc_slice_cut(&query, '&');
        struct oc_slice name = oc_slice_cut(&value, '=');
        int which = find_param(name);

        if (which < 0)
            continue;
        if (!oc_slice_eq(name, oc_sigv4_param_names[which]))
            return oc_fail_as(err, OC_EINVAL, "IncompleteSignatureException",
                              "The query parameter '%.*s' must be written '%s'.", OC_FMT(name),
                              oc_sigv4_param_names[which].ptr);
        if (values[which].ptr)
            return oc_fail_as(err, OC_EINVAL, "IncompleteSignatureException",
                              "The query parameter '%s' is given more than once.",
                              oc_sigv4_param_names[which].ptr);
        values[which] = value.ptr ? value : OC_STR("");
    }
    for (size_t i = 0; i < OC_SIGV4_PARAMS; i++)
        ret_values[i] = values[i];
    return OC_OK;
}

/* The scheme of an Authorization value decides the kind; the rest is the value. */
static int read_scheme(struct oc_slice value, enum oc_credentials_kind *ret_kind,
                       struct oc_slice *ret_value, struct oc_err *err)
{
    struct oc_slice rest = oc_slice_trim(value);
    struct oc_slice scheme = oc_slice_cut(&rest, ' ');

    if (oc_slice_eq(scheme, OC_STR(OC_SIGV4_ALGORITHM)))
        *ret_kind = OC_CREDENTIALS_HEADER;
    else if (oc_slice_eq_nocase(scheme, OC_STR("Bearer")))
        *ret_kind = OC_CREDENTIALS_BEARER;
    else
        return oc_fail_as(err, OC_EINVAL, "IncompleteSignatureException",
                          "Unsupported AWS 'algorithm': '%.*s'.", OC_FMT(scheme));
    *ret_value = rest.ptr ? oc_slice_trim(rest) : OC_STR("");
    return OC_OK;
}

int oc_credentials_find(const struct oc_sigv4_request *request, enum oc_credentials_kind *ret_kind,
                        struct oc_slice *ret_value, struct oc_err *err)
{
    struct oc_slice params[OC_SIGV4_PARAMS], authorization = {0};
    bool in_query = false;

    for (size_t i = 0; i < request->header_count; i++) {
        if (!oc_slice_eq_nocase(request->headers[i].name, OC_STR("authorization")))
            continue;
        if (authorization.ptr)
            return oc_fail_as(err, OC_EINVAL, "IncompleteSignatureException",
                              "The header 'Authorization' is given more than once.");
        authorization = request->headers[i].value.ptr ? request->headers[i].value : OC_STR("");
    }
    int rc = oc_sigv4_params(request->query, params, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < OC_SIGV4_PARAMS; i++)
        in_query = in_query || params[i].ptr;
    if (authorization.ptr && in_query)
        return oc_fail_as(err, OC_EINVAL, "IncompleteSignatureException",
                          "Credentials are given twice: give either the 'Authorization' header or "
                          "the X-Amz-… query parameters.");
    if (authorization.ptr)
        return read_scheme(authorization, ret_kind, ret_value, err);
    *ret_kind = in_query ? OC_CREDENTIALS_QUERY : OC_CREDENTIALS_NONE;
    *ret_value = (struct oc_slice){0};
    return OC_OK;
}
