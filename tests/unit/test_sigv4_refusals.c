/*
 * What a verifier must refuse: the texts and the order of AWS's checks, and the holes that other
 * servers had, each under its own name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "auth/sigv4.h"

#define NOW_MS      1440938160000 /* 2015-08-30T12:36:00Z */
#define MINUTE      60000
#define SECRET      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HEADERS_MAX 24

#define INCOMPLETE "IncompleteSignatureException"
#define INVALID    "InvalidSignatureException"
#define MISMATCH   "The request signature we calculated does not match"

/* A good request, which each test then spoils. */
struct fixture {
    struct oc_arena arena;
    struct oc_err err;
    struct oc_sigv4_header headers[HEADERS_MAX];
    struct oc_sigv4_request request;
    struct oc_sigv4_signer signer;
    int64_t now_ms;
};

static void init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    oc_arena_init(&f->arena, 1 << 22);
    f->headers[0] = (struct oc_sigv4_header){OC_STR("Host"), OC_STR("bedrock.us-east-1.test")};
    f->request = (struct oc_sigv4_request){.method = OC_STR("POST"),
                                           .path = OC_STR("/model-copy-jobs"),
                                           .headers = f->headers,
                                           .header_count = 1,
                                           .body = OC_STR("{}")};
    f->signer = (struct oc_sigv4_signer){.access_key_id = OC_STR("AKIDEXAMPLE"),
                                         .secret = OC_STR(SECRET),
                                         .region = OC_STR("us-east-1"),
                                         .service = OC_STR("bedrock"),
                                         .now_ms = NOW_MS,
                                         .expires_s = 3600};
    f->now_ms = NOW_MS;
}

static void add(struct fixture *f, const char *name, const char *value)
{
    f->headers[f->request.header_count++] =
        (struct oc_sigv4_header){oc_slice_of(name), oc_slice_of(value)};
}

static void sign(struct fixture *f)
{
    struct oc_sigv4_signed made;

    assert_int_equal(oc_sigv4_sign(&f->signer, &f->request, &f->arena, &made, &f->err), OC_OK);
    for (size_t i = 0; i < made.header_count; i++)
        f->headers[f->request.header_count++] = made.headers[i];
}

static void presign(struct fixture *f)
{
    assert_int_equal(
        oc_sigv4_presign(&f->signer, &f->request, &f->arena, &f->request.query, &f->err), OC_OK);
}

static struct oc_slice *header_value(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->request.header_count; i++) {
        if (oc_slice_eq_nocase(f->headers[i].name, oc_slice_of(name)))
            return &f->headers[i].value;
    }
    fail_msg("no header %s", name);
    return NULL;
}

/* `text` with the first `from` replaced by `to`. */
static struct oc_slice replace(struct fixture *f, struct oc_slice text, const char *from,
                               const char *to)
{
    ptrdiff_t at = oc_slice_find_slice(text, oc_slice_of(from));

    if (at < 0)
        fail_msg("'%s' is not in '%.*s'", from, OC_FMT(text));
    return oc_arena_printf(&f->arena, "%.*s%s%.*s", (int)at, text.ptr, to,
                           OC_FMT(oc_slice_sub(text, (size_t)at + strlen(from), SIZE_MAX)));
}

static void edit(struct fixture *f, const char *from, const char *to)
{
    struct oc_slice *value = header_value(f, "authorization");

    *value = replace(f, *value, from, to);
}

static int check(struct fixture *f)
{
    static const struct oc_slice regions[] = {{"us-east-1", 9}, {"eu-west-1", 9}};
    const struct oc_sigv4_expected expected = {
        .service = OC_STR("bedrock"), .regions = regions, .region_count = 2, .now_ms = f->now_ms};
    struct oc_sigv4_claim claim;
    uint8_t key[OC_SHA256_LEN];

    int rc = oc_sigv4_parse(&f->request, &expected, &f->arena, &claim, &f->err);
    if (rc < 0)
        return rc;
    const struct oc_sigv4_scope scope = {.access_key_id = claim.access_key_id,
                                         .secret = OC_STR(SECRET),
                                         .date = claim.date,
                                         .region = claim.region,
                                         .service = claim.service};
    assert_int_equal(oc_sigv4_signing_key(&scope, key, &f->err), OC_OK);
    return oc_sigv4_verify(&claim, &f->request, key, &f->arena, &f->err);
}

static void assert_accepted(struct fixture *f)
{
    if (check(f) < 0)
        fail_msg("refused: %s", f->err.text);
    oc_arena_clear(&f->arena);
}

/* The name and how the text begins. */
static void assert_refused(struct fixture *f, int rc, const char *name, const char *text)
{
    int got = check(f);

    if (got != rc || !f->err.name || strcmp(f->err.name, name) != 0 ||
        strncmp(f->err.text, text, strlen(text)) != 0)
        fail_msg("got %d %s: %s", got, f->err.name ? f->err.name : "-", got < 0 ? f->err.text : "");
    oc_arena_clear(&f->arena);
}

/* -- the good ones ---------------------------------------------------------------------------- */

static void a_good_request_is_accepted_in_both_forms(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    assert_accepted(&f);
    init(&f);
    presign(&f);
    assert_accepted(&f);
}

static void a_date_header_in_http_form_is_accepted(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    *header_value(&f, "x-amz-date") = OC_STR("Sun, 30 Aug 2015 12:36:00 GMT");
    f.headers[1].name = OC_STR("date");
    edit(&f, "host;x-amz-date", "date;host");
    /* Parsed, with the right time; the signature is of course another's. */
    assert_refused(&f, OC_EDENIED, INVALID, MISMATCH);
}

/* -- named holes of other servers ------------------------------------------------------------- */

static void a_payload_mode_that_skips_verification_is_refused(void **state) /* CVE-2025-31489 */
{
    static const char *const modes[] = {"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                                        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fixture f;

        init(&f);
        add(&f, "x-amz-content-sha256", modes[i]);
        sign(&f); /* the signature itself is right */
        assert_refused(&f, OC_EDENIED, INVALID,
                       "The provided 'x-amz-content-sha256' header does not match");
    }
}

static void a_body_that_does_not_match_its_hash_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    add(&f, "x-amz-content-sha256",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    sign(&f);
    assert_accepted(&f);
    init(&f);
    add(&f, "x-amz-content-sha256",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    sign(&f);
    f.request.body = OC_STR("{\"a\":1}");
    assert_refused(&f, OC_EDENIED, INVALID,
                   "The provided 'x-amz-content-sha256' header does not match");
}

static void a_changed_body_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    f.request.body = OC_STR("{ }");
    assert_refused(&f, OC_EDENIED, INVALID, MISMATCH);
    init(&f);
    presign(&f);
    f.request.body = OC_STR("{ }");
    assert_refused(&f, OC_EDENIED, INVALID, MISMATCH);
}

static void credentials_in_header_and_query_are_refused(void **state) /* CVE-2026-41145 */
{
    static const char *const queries[] = {"X-Amz-Credential=x", "X-Amz-Algorithm=AWS4-HMAC-SHA256",
                                          "a=b&X-Amz-Signature=00", "X-Amz-Security-Token=t",
                                          "X-Amz-Date=20150830T123600Z"};

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct fixture f;

        init(&f);
        f.request.query = oc_slice_of(queries[i]);
        sign(&f);
        assert_refused(&f, OC_EINVAL, INCOMPLETE, "Credentials are given twice");
    }
}

static void two_authorization_headers_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    add(&f, "authorization", "Bearer x");
    assert_refused(&f, OC_EINVAL, INCOMPLETE,
                   "The header 'Authorization' is given more than once.");
}

static void unsigned_amz_headers_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    add(&f, "X-Amz-Target", "Other.Operation");
    assert_refused(&f, OC_EDENIED, INVALID, "'X-Amz-Target' must be a 'SignedHeader'");
    init(&f);
    presign(&f);
    add(&f, "x-amz-meta-user", "root");
    assert_refused(&f, OC_EDENIED, INVALID, "'x-amz-meta-user' must be a 'SignedHeader'");
    init(&f);
    sign(&f);
    add(&f, "x-amz-security-token", "stolen");
    assert_refused(&f, OC_EDENIED, INVALID, "'x-amz-security-token' must be a 'SignedHeader'");
}

static void duplicate_parameters_are_refused(void **state) /* CVE-2022-2385 */
{
    struct fixture f;

    (void)state;
    init(&f);
    presign(&f);
    f.request.query =
        oc_arena_printf(&f.arena, "%.*s&X-Amz-Credential=other", OC_FMT(f.request.query));
    assert_refused(&f, OC_EINVAL, INCOMPLETE,
                   "The query parameter 'X-Amz-Credential' is given more than once.");
}

static void parameters_in_another_spelling_are_refused(void **state) /* CVE-2022-2385 */
{
    static const char *const spellings[] = {"x-amz-credential=other", "X-AMZ-SIGNATURE=0",
                                            "X%2DAmz%2DExpires=1", "%58-Amz-Date=1",
                                            "X-Amz-Signedheaders=host"};

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        struct fixture f;

        init(&f);
        presign(&f);
        f.request.query =
            oc_arena_printf(&f.arena, "%s&%.*s", spellings[i], OC_FMT(f.request.query));
        assert_refused(&f, OC_EINVAL, INCOMPLETE, "The query parameter '");
    }
}

static void headers_that_are_read_and_come_twice_are_refused(void **state)
{
    static const char *const names[] = {"x-amz-date", "Host", "x-amz-content-sha256"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;

        init(&f);
        if (i == 2)
            add(&f, "x-amz-content-sha256", "x");
        sign(&f);
        add(&f, names[i], "other");
        if (check(&f) != OC_EINVAL)
            fail_msg("%s twice: %s", names[i], f.err.text);
        assert_string_equal(f.err.name, INCOMPLETE);
        oc_arena_clear(&f.arena);
    }
}

static void a_date_outside_the_window_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    f.now_ms = NOW_MS + 15 * MINUTE;
    assert_accepted(&f);
    init(&f);
    sign(&f);
    f.now_ms = NOW_MS + 15 * MINUTE + 1000;
    assert_refused(&f, OC_EDENIED, INVALID,
                   "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
                   "(20150830T125101Z - 15 min.)");
    init(&f);
    sign(&f);
    f.now_ms = NOW_MS - 15 * MINUTE;
    assert_accepted(&f);
    init(&f);
    sign(&f);
    f.now_ms = NOW_MS - 15 * MINUTE - 1000;
    assert_refused(
        &f, OC_EDENIED, INVALID,
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
        "(20150830T122059Z + 15 min.)");
}

static void a_presigned_request_ends_when_it_says(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    presign(&f);
    f.now_ms = NOW_MS + 60 * MINUTE;
    assert_accepted(&f);
    init(&f);
    presign(&f);
    f.now_ms = NOW_MS + 60 * MINUTE + 1;
    assert_refused(&f, OC_EDENIED, INVALID, "Signature expired: ");
    init(&f);
    presign(&f);
    f.now_ms = NOW_MS - 16 * MINUTE;
    assert_refused(&f, OC_EDENIED, INVALID, "Signature not yet current: ");
    static const char *const bad[] = {"604801", "0", "-1", "x", "", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64];

        init(&f);
        presign(&f);
        (void)snprintf(text, sizeof(text), "X-Amz-Expires=%s&", bad[i]);
        f.request.query = replace(&f, f.request.query, "X-Amz-Expires=3600&", text);
        assert_refused(&f, OC_EINVAL, INCOMPLETE,
                       "X-Amz-Expires must be a number of seconds from 1 to 604800");
    }
}

static void a_lengthened_expiry_breaks_the_signature(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    presign(&f);
    f.request.query = replace(&f, f.request.query, "X-Amz-Expires=3600", "X-Amz-Expires=7200");
    assert_refused(&f, OC_EDENIED, INVALID, MISMATCH);
}

/* -- every part is bound by the signature ----------------------------------------------------- */

static void any_change_of_what_is_signed_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++) {
        struct fixture f;

        init(&f);
        add(&f, "content-type", "application/json");
        f.request.query = OC_STR("a=1");
        sign(&f);
        switch (i) {
        case 0:
            f.request.method = OC_STR("GET");
            break;
        case 1:
            f.request.path = OC_STR("/model-copy-jobs2");
            break;
        case 2:
            f.request.query = OC_STR("a=2");
            break;
        case 3:
            f.headers[1].value = OC_STR("text/plain");
            break;
        case 4:
            f.headers[0].value = OC_STR("bedrock.eu-west-1.test");
            break;
        case 5: /* the last digit of the signature */
            f.headers[3].value.len--;
            break;
        default:
            add(&f, "content-type", "second");
            break;
        }
        assert_refused(&f, OC_EDENIED, INVALID, MISMATCH);
    }
}

static void signatures_of_other_lengths_and_cases_are_refused(void **state)
{
    static const char *const signatures[] = {"Signature=", "Signature=00", "Signature=A"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;

        init(&f);
        sign(&f);
        struct oc_slice *value = header_value(&f, "authorization");
        ptrdiff_t at = oc_slice_find_slice(*value, OC_STR("Signature="));
        *value = oc_arena_printf(&f.arena, "%.*s%s", (int)at, value->ptr, signatures[i]);
        assert_refused(&f, OC_EDENIED, INVALID, MISMATCH);
    }
}

/* -- form ------------------------------------------------------------------------------------- */

static void no_credentials_are_missing_ones(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    assert_refused(&f, OC_EDENIED, "MissingAuthenticationTokenException",
                   "Missing Authentication Token");
}

static void a_malformed_authorization_is_named(void **state)
{
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"", "Unsupported AWS 'algorithm': ''."},
        {"Basic dXNlcg==", "Unsupported AWS 'algorithm': 'Basic'."},
        {"AWS4-HMAC-SHA512 Credential=a", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."},
        {"AWS4-HMAC-SHA256", "Authorization header requires 'Credential' parameter. Authorization "
                             "header requires 'Signature' parameter. Authorization header requires "
                             "'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256"},
        {"AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host",
         "Authorization header requires 'Signature' parameter. Authorization="},
        {"AWS4-HMAC-SHA256 Credential=a, Signature",
         "'Signature' not a valid key=value pair (missing "
         "equal-sign) in Authorization header: "
         "'AWS4-HMAC-SHA256 Credential=a, Signature'."},
        {"AWS4-HMAC-SHA256 Credential=a, Credential=b",
         "Authorization header has the parameter 'Credential' more than once."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;

        init(&f);
        sign(&f);
        *header_value(&f, "authorization") = oc_slice_of(cases[i].value);
        assert_refused(&f, OC_EINVAL, INCOMPLETE, cases[i].text);
    }
}

static void a_missing_or_malformed_date_is_named(void **state)
{
    static const char *const dates[] = {
        "20150830", "2015-08-30T12:36:00Z",          "20151330T123600Z",
        "",         "Sun, 31 Feb 2015 12:36:00 GMT", "20150830T123600z"};
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    edit(&f, "host;x-amz-date", "host");
    f.headers[1].name = OC_STR("x");
    assert_refused(
        &f, OC_EINVAL, INCOMPLETE,
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        init(&f);
        sign(&f);
        *header_value(&f, "x-amz-date") = oc_slice_of(dates[i]);
        assert_refused(&f, OC_EINVAL, INCOMPLETE, "Date must be in ISO-8601 'basic format'. Got '");
    }
}

static void missing_query_parameters_are_named(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    f.request.query = OC_STR("X-Amz-Signature=0");
    assert_refused(&f, OC_EINVAL, INCOMPLETE,
                   "AWS query-string parameters must include 'X-Amz-Algorithm'. ");
    init(&f);
    presign(&f);
    f.request.query = replace(&f, f.request.query, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1");
    assert_refused(&f, OC_EINVAL, INCOMPLETE, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.");
    init(&f);
    presign(&f);
    f.request.query = replace(&f, f.request.query, "%2F", "%2X");
    assert_refused(&f, OC_EINVAL, INCOMPLETE, "'AKIDEXAMPLE%2X");
    init(&f);
    add(&f, "x-amz-security-token", "t");
    presign(&f);
    assert_refused(&f, OC_EINVAL, INCOMPLETE,
                   "The session token of a presigned request stands in its query");
}

static void the_list_of_signed_headers_has_one_reading(void **state)
{
    static const struct {
        const char *list, *text;
    } cases[] = {
        {"x-amz-date", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
        {"Host;x-amz-date", "'Host' in 'SignedHeaders' must be in lower case."},
        {"x-amz-date;host", "'SignedHeaders' must be sorted and name each header once:"},
        {"host;host;x-amz-date", "'SignedHeaders' must be sorted and name each header once:"},
        {"accept;host;x-amz-date", "The signed header 'accept' is not in the request."},
        {"host;;x-amz-date", "'SignedHeaders' must be sorted and name each header once:"},
        {"host", "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;

        init(&f);
        sign(&f);
        edit(&f, "host;x-amz-date", cases[i].list);
        assert_refused(&f, OC_EDENIED, INVALID, cases[i].text);
    }
}

/* -- scope ------------------------------------------------------------------------------------ */

static void a_wrong_scope_is_named(void **state)
{
    static const struct {
        const char *scope, *text;
    } cases[] = {
        {"20150830/mars-1/bedrock/aws4_request",
         "Credential should be scoped to a valid region, not 'mars-1'."},
        {"20150830/us-east-1/s3/aws4_request",
         "Credential should be scoped to correct service: 'bedrock'."},
        {"20150830/us-east-1/bedrock/aws5", "Credential should be scoped with a valid terminator: "
                                            "'aws4_request', not 'aws5'."},
        {"20150831/us-east-1/bedrock/aws4_request",
         "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
         "HTTP: "
         "'20150831' != '20150830', from '20150830T123600Z'."},
        {"20150830/mars-1/s3/aws4_request",
         "Credential should be scoped to a valid region, not 'mars-1'. "
         "Credential should be scoped to correct service: 'bedrock'."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;

        init(&f);
        sign(&f);
        edit(&f, "20150830/us-east-1/bedrock/aws4_request", cases[i].scope);
        assert_refused(&f, OC_EDENIED, INVALID, cases[i].text);
    }
}

static void a_credential_without_five_parts_is_named(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    edit(&f, "/aws4_request", "");
    assert_refused(&f, OC_EINVAL, INCOMPLETE,
                   "Credential must have exactly 5 slash-delimited elements, e.g. "
                   "keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/bedrock'");
    init(&f);
    sign(&f);
    edit(&f, "/aws4_request", "/aws4_request/more");
    assert_refused(&f, OC_EINVAL, INCOMPLETE, "Credential must have exactly 5");
}

/* A client with a slow clock learns of its clock, not of its key. */
static void the_clock_is_judged_before_the_scope(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    edit(&f, "us-east-1", "mars-1");
    f.now_ms = NOW_MS + 60 * MINUTE;
    assert_refused(&f, OC_EDENIED, INVALID, "Signature expired: ");
}

/* Other clients separate the parts of the header without a space, or without a comma. */
static void the_parts_may_be_separated_in_other_ways(void **state)
{
    struct fixture f;

    (void)state;
    init(&f);
    sign(&f);
    edit(&f, ", SignedHeaders", ",SignedHeaders");
    edit(&f, ", Signature", ",   Signature");
    assert_accepted(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_is_accepted_in_both_forms),
        cmocka_unit_test(a_date_header_in_http_form_is_accepted),
        cmocka_unit_test(a_payload_mode_that_skips_verification_is_refused),
        cmocka_unit_test(a_body_that_does_not_match_its_hash_is_refused),
        cmocka_unit_test(a_changed_body_is_refused),
        cmocka_unit_test(credentials_in_header_and_query_are_refused),
        cmocka_unit_test(two_authorization_headers_are_refused),
        cmocka_unit_test(unsigned_amz_headers_are_refused),
        cmocka_unit_test(duplicate_parameters_are_refused),
        cmocka_unit_test(parameters_in_another_spelling_are_refused),
        cmocka_unit_test(headers_that_are_read_and_come_twice_are_refused),
        cmocka_unit_test(a_date_outside_the_window_is_refused),
        cmocka_unit_test(a_presigned_request_ends_when_it_says),
        cmocka_unit_test(a_lengthened_expiry_breaks_the_signature),
        cmocka_unit_test(any_change_of_what_is_signed_is_refused),
        cmocka_unit_test(signatures_of_other_lengths_and_cases_are_refused),
        cmocka_unit_test(no_credentials_are_missing_ones),
        cmocka_unit_test(a_malformed_authorization_is_named),
        cmocka_unit_test(a_missing_or_malformed_date_is_named),
        cmocka_unit_test(missing_query_parameters_are_named),
        cmocka_unit_test(the_list_of_signed_headers_has_one_reading),
        cmocka_unit_test(a_wrong_scope_is_named),
        cmocka_unit_test(a_credential_without_five_parts_is_named),
        cmocka_unit_test(the_clock_is_judged_before_the_scope),
        cmocka_unit_test(the_parts_may_be_separated_in_other_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
