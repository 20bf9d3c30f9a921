/* Reading and judging what needs no key. The order of checks is AWS's, as far as it is known. */
#include "auth/sigv4_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "model/timestamp.h"

#define INCOMPLETE "IncompleteSignatureException"
#define INVALID    "InvalidSignatureException"

/* What authentication reads, before it is judged. */
struct parts {
    struct oc_slice credential;
    struct oc_slice signed_headers;
    struct oc_slice signature;
    struct oc_slice date; /* as given */
    struct oc_slice expires;
    struct oc_slice session_token;
};

/* -- the header form -------------------------------------------------------------------------- */

int oc_sigv4_find_header(const struct oc_sigv4_request *request, struct oc_slice name,
                         struct oc_slice *ret, struct oc_err *err)
{
    struct oc_slice found = {0};

    for (size_t i = 0; i < request->header_count; i++) {
        if (!oc_slice_eq_nocase(request->headers[i].name, name))
            continue;
        if (found.ptr)
            return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                              "The header '%.*s' is given more than once.", OC_FMT(name));
        found =
            request->headers[i].value.ptr ? oc_slice_trim(request->headers[i].value) : OC_STR("");
    }
    *ret = found;
    return OC_OK;
}

static int set_parameter(struct parts *parts, struct oc_slice pair, struct oc_slice header,
                         struct oc_err *err)
{
    struct oc_slice value = pair, name = oc_slice_cut(&value, '=');
    struct oc_slice *to = NULL;

    if (!value.ptr)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                          "'%.*s' not a valid key=value pair (missing equal-sign) in Authorization "
                          "header: '" OC_SIGV4_ALGORITHM " %.*s'.",
                          OC_FMT(pair), OC_FMT(header));
    if (oc_slice_eq_str(name, "Credential"))
        to = &parts->credential;
    else if (oc_slice_eq_str(name, "SignedHeaders"))
        to = &parts->signed_headers;
    else if (oc_slice_eq_str(name, "Signature"))
        to = &parts->signature;
    if (!to) /* AWS ignores parameters that it does not know; so do we, nothing reads them */
        return OC_OK;
    if (to->ptr)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                          "Authorization header has the parameter '%.*s' more than once.",
                          OC_FMT(name));
    *to = value;
    return OC_OK;
}

/* `Credential=…, SignedHeaders=…, Signature=…`, separated by commas, spaces or both. */
static int split_authorization(struct oc_slice value, struct parts *parts, struct oc_err *err)
{
    struct oc_slice rest = value;

    while (rest.ptr) {
        struct oc_slice item = oc_slice_cut(&rest, ',');

        item = oc_slice_trim(item);
        while (item.ptr && item.len > 0) {
            struct oc_slice pair = oc_slice_cut(&item, ' ');

            if (item.ptr)
                item = oc_slice_trim(item);
            int rc = set_parameter(parts, pair, value, err);
            if (rc < 0)
                return rc;
        }
    }
    return OC_OK;
}

static int read_header_form(const struct oc_sigv4_request *request, struct oc_slice value,
                            struct parts *parts, struct oc_err *err)
{
    int rc = split_authorization(value, parts, err);

    if (rc >= 0)
        rc = oc_sigv4_find_header(request, OC_STR("x-amz-date"), &parts->date, err);
    if (rc >= 0 && !parts->date.ptr)
        rc = oc_sigv4_find_header(request, OC_STR("date"), &parts->date, err);
    if (rc >= 0)
        rc = oc_sigv4_find_header(request, OC_STR("x-amz-security-token"), &parts->session_token,
                                  err);
    if (rc < 0)
        return rc;
    if (parts->credential.ptr && parts->signed_headers.ptr && parts->signature.ptr &&
        parts->date.ptr)
        return OC_OK;
    return oc_fail_as(
        err, OC_EINVAL, INCOMPLETE, "%s%s%s%sAuthorization=" OC_SIGV4_ALGORITHM,
        parts->credential.ptr ? "" : "Authorization header requires 'Credential' parameter. ",
        parts->signature.ptr ? "" : "Authorization header requires 'Signature' parameter. ",
        parts->signed_headers.ptr ? ""
                                  : "Authorization header requires 'SignedHeaders' parameter. ",
        parts->date.ptr ? ""
                        : "Authorization header requires existence of either a 'X-Amz-Date' or a "
                          "'Date' header. ");
}

/* -- the query form --------------------------------------------------------------------------- */

/* Decode into the arena. A value without escapes is borrowed. */
static int decode_value(struct oc_slice raw, struct oc_arena *arena, struct oc_slice *ret,
                        struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    *ret = raw;
    if (!raw.ptr || oc_slice_find(raw, '%') < 0)
        return OC_OK;
    oc_buf_init(&buf, raw.len);
    if (!oc_percent_decode(&buf, raw) && !buf.failed)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE, "'%.*s' is not a valid percent-encoded text.",
                          OC_FMT(raw));
    *ret = buf.failed ? (struct oc_slice){0} : oc_arena_copy(arena, oc_buf_slice(&buf));
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}

static int require_params(const struct oc_slice params[OC_SIGV4_PARAMS], struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    for (size_t i = 0; i < OC_SIGV4_PARAMS; i++) {
        if (i != OC_SIGV4_PARAM_SECURITY_TOKEN && !params[i].ptr)
            oc_buf_printf(&text, "AWS query-string parameters must include '%s'. ",
                          oc_sigv4_param_names[i].ptr);
    }
    if (text.failed)
        return oc_fail_nomem(err);
    if (text.len > 0)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE, "%.*sRe-examine the query-string parameters.",
                          OC_FMT(oc_buf_slice(&text)));
    return OC_OK;
}

static int read_query_form(const struct oc_sigv4_request *request, struct oc_arena *arena,
                           struct parts *parts, struct oc_err *err)
{
    struct oc_slice raw[OC_SIGV4_PARAMS], value[OC_SIGV4_PARAMS], header;

    int rc = oc_sigv4_params(request->query, raw, err);
    if (rc >= 0)
        rc = require_params(raw, err);
    for (size_t i = 0; rc >= 0 && i < OC_SIGV4_PARAMS; i++)
        rc = decode_value(raw[i], arena, &value[i], err);
    if (rc >= 0)
        rc = oc_sigv4_find_header(request, OC_STR("x-amz-security-token"), &header, err);
    if (rc < 0)
        return rc;
    if (!oc_slice_eq(value[OC_SIGV4_PARAM_ALGORITHM], OC_STR(OC_SIGV4_ALGORITHM)))
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE, "Unsupported AWS 'algorithm': '%.*s'.",
                          OC_FMT(value[OC_SIGV4_PARAM_ALGORITHM]));
    if (header.ptr)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                          "The session token of a presigned request stands in its query, not in "
                          "the header 'x-amz-security-token'.");
    *parts = (struct parts){.credential = value[OC_SIGV4_PARAM_CREDENTIAL],
                            .signed_headers = value[OC_SIGV4_PARAM_SIGNED_HEADERS],
                            .signature = value[OC_SIGV4_PARAM_SIGNATURE],
                            .date = value[OC_SIGV4_PARAM_DATE],
                            .expires = value[OC_SIGV4_PARAM_EXPIRES],
                            .session_token = value[OC_SIGV4_PARAM_SECURITY_TOKEN]};
    return OC_OK;
}

/* -- signed headers --------------------------------------------------------------------------- */

static bool is_present(const struct oc_sigv4_request *request, struct oc_slice name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (oc_slice_eq_nocase(request->headers[i].name, name))
            return true;
    }
    return false;
}

/* Lower case, sorted, each once, each present: so that the list has one reading only. */
static int check_list(const struct oc_sigv4_request *request, struct oc_slice list,
                      struct oc_err *err)
{
    struct oc_slice rest = list, last = {0};

    while (rest.ptr) {
        struct oc_slice name = oc_slice_cut(&rest, ';');

        for (size_t i = 0; i < name.len; i++) {
            if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
                return oc_fail_as(err, OC_EDENIED, INVALID,
                                  "'%.*s' in 'SignedHeaders' must be in lower case.", OC_FMT(name));
        }
        if (last.ptr && oc_slice_cmp(last, name) >= 0)
            return oc_fail_as(err, OC_EDENIED, INVALID,
                              "'SignedHeaders' must be sorted and name each header once: '%.*s'.",
                              OC_FMT(list));
        if (!is_present(request, name))
            return oc_fail_as(err, OC_EDENIED, INVALID,
                              "The signed header '%.*s' is not in the request.", OC_FMT(name));
        last = name;
    }
    return OC_OK;
}

static int check_signed_headers(const struct oc_sigv4_request *request, struct oc_slice list,
                                struct oc_err *err)
{
    struct oc_slice host;

    int rc = oc_sigv4_find_header(request, OC_STR("host"), &host, err);
    if (rc < 0)
        return rc;
    if (!host.ptr || !oc_sigv4_is_listed(list, OC_STR("host")))
        return oc_fail_as(
            err, OC_EDENIED, INVALID,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    rc = check_list(request, list, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < request->header_count; i++) {
        struct oc_slice name = request->headers[i].name;

        if (oc_slice_eq_nocase(oc_slice_sub(name, 0, 6), OC_STR("x-amz-")) &&
            !oc_sigv4_is_listed(list, name))
            return oc_fail_as(err, OC_EDENIED, INVALID,
                              "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                              OC_FMT(name));
    }
    return OC_OK;
}

/* -- clock ------------------------------------------------------------------------------------ */

/* 20150830T123600Z */
static bool read_basic_date(struct oc_slice text, int64_t *ret_ms)
{
    char iso[] = "0000-00-00T00:00:00Z";
    int64_t us;

    if (text.len != OC_SIGV4_TIMESTAMP_LEN || text.ptr[8] != 'T' || text.ptr[15] != 'Z')
        return false;
    memcpy(iso, text.ptr, 4);
    memcpy(iso + 5, text.ptr + 4, 2);
    memcpy(iso + 8, text.ptr + 6, 2);
    memcpy(iso + 11, text.ptr + 9, 2);
    memcpy(iso + 14, text.ptr + 11, 2);
    memcpy(iso + 17, text.ptr + 13, 2);
    if (!oc_timestamp_parse((struct oc_slice){iso, 20}, &us))
        return false;
    *ret_ms = us / 1000;
    return true;
}

/* Sun, 30 Aug 2015 12:36:00 GMT, or -0000 as botocore writes it, which signs a Date header when
 * a request has one. */
static bool read_http_date(struct oc_slice text, int64_t *ret_ms)
{
    const struct oc_slice months = OC_STR("JanFebMarAprMayJunJulAugSepOctNovDec");
    char iso[] = "0000-00-00T00:00:00Z";
    int64_t us;

    struct oc_slice zone = oc_slice_sub(text, 25, SIZE_MAX);

    if (text.len < 25 || text.ptr[3] != ',')
        return false;
    if (!oc_slice_eq(zone, OC_STR(" GMT")) && !oc_slice_eq(zone, OC_STR(" +0000")) &&
        !oc_slice_eq(zone, OC_STR(" -0000")))
        return false;
    ptrdiff_t month = oc_slice_find_slice(months, oc_slice_sub(text, 8, 3));
    if (month < 0 || month % 3 != 0)
        return false;
    month = month / 3 + 1;
    memcpy(iso, text.ptr + 12, 4);
    iso[5] = (char)('0' + month / 10);
    iso[6] = (char)('0' + month % 10);
    memcpy(iso + 8, text.ptr + 5, 2);
    memcpy(iso + 11, text.ptr + 17, 8);
    if (!oc_timestamp_parse((struct oc_slice){iso, 20}, &us))
        return false;
    *ret_ms = us / 1000;
    return true;
}

void oc_sigv4_timestamp(int64_t ms, char ret[OC_SIGV4_TIMESTAMP_LEN])
{
    char iso[OC_TIMESTAMP_LEN];

    oc_timestamp_format(ms < 0 ? 0 : ms > OC_TIMESTAMP_MAX_MS ? OC_TIMESTAMP_MAX_MS : ms, iso);
    memcpy(ret, iso, 4);
    memcpy(ret + 4, iso + 5, 2);
    memcpy(ret + 6, iso + 8, 3);
    memcpy(ret + 9, iso + 11, 2);
    memcpy(ret + 11, iso + 14, 2);
    memcpy(ret + 13, iso + 17, 2);
    ret[15] = 'Z';
}

static int read_date(struct oc_slice text, struct oc_arena *arena, struct oc_sigv4_claim *claim,
                     struct oc_err *err)
{
    char basic[OC_SIGV4_TIMESTAMP_LEN];

    claim->timestamp = text;
    if (read_basic_date(text, &claim->signed_at_ms))
        return OC_OK;
    if (!read_http_date(text, &claim->signed_at_ms))
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                          "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                          "http://en.wikipedia.org/wiki/ISO_8601",
                          OC_FMT(text));
    oc_sigv4_timestamp(claim->signed_at_ms, basic);
    claim->timestamp = oc_arena_copy(arena, (struct oc_slice){basic, sizeof(basic)});
    return claim->timestamp.ptr ? OC_OK : oc_fail_nomem(err);
}

static int read_expires(struct oc_slice text, int64_t *ret_s, struct oc_err *err)
{
    int64_t value;

    if (!oc_slice_to_int64(text, &value) || value < 1 || value > OC_SIGV4_EXPIRES_MAX_S)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                          "X-Amz-Expires must be a number of seconds from 1 to %ld, not '%.*s'.",
                          OC_SIGV4_EXPIRES_MAX_S, OC_FMT(text));
    *ret_s = value;
    return OC_OK;
}

static int fail_clock(struct oc_err *err, const char *what, const struct oc_sigv4_claim *claim,
                      int64_t limit_ms, int64_t now_ms, const char *window)
{
    char limit[OC_SIGV4_TIMESTAMP_LEN], now[OC_SIGV4_TIMESTAMP_LEN];

    oc_sigv4_timestamp(limit_ms, limit);
    oc_sigv4_timestamp(now_ms, now);
    return oc_fail_as(err, OC_EDENIED, INVALID, "Signature %s: %.*s is %s %.*s (%.*s %s)", what,
                      OC_FMT(claim->timestamp),
                      limit_ms < now_ms ? "now earlier than" : "still later than",
                      OC_SIGV4_TIMESTAMP_LEN, limit, OC_SIGV4_TIMESTAMP_LEN, now, window);
}

/* `expires_s` 0: the header form, valid for the window on either side. */
static int check_clock(const struct oc_sigv4_claim *claim, int64_t expires_s, int64_t now_ms,
                       struct oc_err *err)
{
    int64_t oldest = now_ms - (expires_s ? expires_s * 1000 : OC_SIGV4_WINDOW_MS);
    int64_t newest = now_ms + OC_SIGV4_WINDOW_MS;
    char window[32] = "- 15 min.";

    if (expires_s)
        (void)snprintf(window, sizeof(window), "- %lld sec.", (long long)expires_s);
    if (claim->signed_at_ms < oldest)
        return fail_clock(err, "expired", claim, oldest, now_ms, window);
    if (claim->signed_at_ms > newest)
        return fail_clock(err, "not yet current", claim, newest, now_ms, "+ 15 min.");
    return OC_OK;
}

/* -- scope ------------------------------------------------------------------------------------ */

static int split_credential(struct oc_slice text, struct oc_slice ret[5], struct oc_err *err)
{
    struct oc_slice rest = text;
    size_t count = 0;

    while (rest.ptr && count < 5)
        ret[count++] = oc_slice_cut(&rest, '/');
    if (count < 5 || rest.ptr)
        return oc_fail_as(err, OC_EINVAL, INCOMPLETE,
                          "Credential must have exactly 5 slash-delimited elements, e.g. "
                          "keyid/date/region/service/term, got '%.*s'",
                          OC_FMT(text));
    return OC_OK;
}

static bool is_served(const struct oc_sigv4_expected *expected, struct oc_slice region)
{
    for (size_t i = 0; i < expected->region_count; i++) {
        if (oc_slice_eq(expected->regions[i], region))
            return true;
    }
    return expected->region_count == 0;
}

/* AWS names all that is wrong with a scope in one text. */
static int check_scope(const struct oc_slice scope[5], const struct oc_sigv4_expected *expected,
                       const struct oc_sigv4_claim *claim, struct oc_err *err)
{
    struct oc_slice day = oc_slice_sub(claim->timestamp, 0, 8);
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

    oc_buf_init(&text, OC_ERR_TEXT_MAX);
    if (!is_served(expected, scope[2]))
        oc_buf_printf(&text, "Credential should be scoped to a valid region, not '%.*s'. ",
                      OC_FMT(oc_slice_sub(scope[2], 0, 64)));
    if (!oc_slice_eq(scope[3], expected->service))
        oc_buf_printf(&text, "Credential should be scoped to correct service: '%.*s'. ",
                      OC_FMT(expected->service));
    if (!oc_slice_eq(scope[4], OC_STR("aws4_request")))
        oc_buf_printf(&text,
                      "Credential should be scoped with a valid terminator: 'aws4_request', not "
                      "'%.*s'. ",
                      OC_FMT(oc_slice_sub(scope[4], 0, 64)));
    if (!oc_slice_eq(scope[1], day))
        oc_buf_printf(&text,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                      "date from HTTP: '%.*s' != '%.*s', from '%.*s'. ",
                      OC_FMT(oc_slice_sub(scope[1], 0, 64)), OC_FMT(day), OC_FMT(claim->timestamp));
    if (text.failed)
        return oc_fail_nomem(err);
    if (text.len > 0)
        return oc_fail_as(err, OC_EDENIED, INVALID, "%.*s",
                          OC_FMT(oc_slice_trim(oc_buf_slice(&text))));
    return OC_OK;
}

/* -- the whole -------------------------------------------------------------------------------- */

static int read_parts(const struct oc_sigv4_request *request, struct oc_arena *arena,
                      enum oc_credentials_kind *kind, struct parts *parts, struct oc_err *err)
{
    struct oc_slice value;

    int rc = oc_credentials_find(request, kind, &value, err);
    if (rc < 0)
        return rc;
    switch (*kind) {
    case OC_CREDENTIALS_HEADER:
        return read_header_form(request, value, parts, err);
    case OC_CREDENTIALS_QUERY:
        return read_query_form(request, arena, parts, err);
    default:
        return oc_fail_as(err, OC_EDENIED, "MissingAuthenticationTokenException",
                          "Missing Authentication Token");
    }
}

int oc_sigv4_parse(const struct oc_sigv4_request *request, const struct oc_sigv4_expected *expected,
                   struct oc_arena *arena, struct oc_sigv4_claim *ret, struct oc_err *err)
{
    struct oc_sigv4_claim claim = {0};
    struct parts parts = {0};
    struct oc_slice scope[5];
    int64_t expires_s = 0;

    int rc = read_parts(request, arena, &claim.kind, &parts, err);
    if (rc >= 0)
        rc = check_signed_headers(request, parts.signed_headers, err);
    if (rc >= 0)
        rc = read_date(parts.date, arena, &claim, err);
    if (rc >= 0 && claim.kind == OC_CREDENTIALS_QUERY)
        rc = read_expires(parts.expires, &expires_s, err);
    if (rc >= 0)
        rc = check_clock(&claim, expires_s, expected->now_ms, err);
    if (rc >= 0)
        rc = split_credential(parts.credential, scope, err);
    if (rc >= 0)
        rc = check_scope(scope, expected, &claim, err);
    if (rc < 0)
        return rc;
    claim.access_key_id = scope[0];
    claim.date = scope[1];
    claim.region = scope[2];
    claim.service = scope[3];
    claim.signed_headers = parts.signed_headers;
    claim.signature = parts.signature;
    claim.session_token = parts.session_token;
    *ret = claim;
    return OC_OK;
}
