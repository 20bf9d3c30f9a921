/* Signing and verifying against published vectors: 38 of AWS and 5 of this API, made by botocore.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "auth/sigv4_impl.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/json.h"

#define NOW_MS      1440938160000 /* 2015-08-30T12:36:00Z */
#define SECRET      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HEADERS_MAX 16

struct fixture {
    struct oc_arena arena;
    struct oc_err err;
    struct oc_buf text;
    struct oc_json *cases;
    struct oc_sigv4_header headers[HEADERS_MAX];
    struct oc_sigv4_request request;
    struct oc_sigv4_signer signer;
    char body_hash[OC_SHA256_HEX_LEN];
};

static void assert_slice(struct oc_slice got, struct oc_slice want, const char *what)
{
    if (!oc_slice_eq(got, want))
        fail_msg("%s: got\n%.*s\nwant\n%.*s", what, OC_FMT(got), OC_FMT(want));
}

static void load(struct fixture *f, const char *path)
{
    memset(f, 0, sizeof(*f));
    oc_arena_init(&f->arena, 1 << 22);
    assert_int_equal(oc_file_read(path, 1 << 20, &f->text, &f->err), OC_OK);
    assert_int_equal(oc_json_parse(oc_buf_slice(&f->text), &f->cases, &f->err), OC_OK);
}

static void unload(struct fixture *f)
{
    oc_json_free(f->cases);
    oc_buf_clear(&f->text);
    oc_arena_clear(&f->arena);
}

/* The request and the signer of one case. */
static void prepare(struct fixture *f, const struct oc_json *c, const char *region,
                    const char *service)
{
    const struct oc_json *headers = oc_json_get(c, "headers");
    size_t count = oc_json_size(headers);

    for (size_t i = 0; i < count; i++) {
        f->headers[i].name = oc_json_string(oc_json_at(oc_json_at(headers, i), 0));
        f->headers[i].value = oc_json_string(oc_json_at(oc_json_at(headers, i), 1));
    }
    f->request = (struct oc_sigv4_request){.method = oc_json_string(oc_json_get(c, "method")),
                                           .path = oc_json_string(oc_json_get(c, "path")),
                                           .query = oc_json_string(oc_json_get(c, "query")),
                                           .headers = f->headers,
                                           .header_count = count,
                                           .body = oc_json_string(oc_json_get(c, "body"))};
    f->signer = (struct oc_sigv4_signer){.access_key_id = OC_STR("AKIDEXAMPLE"),
                                         .secret = OC_STR(SECRET),
                                         .session_token = oc_json_string(oc_json_get(c, "token")),
                                         .region = oc_slice_of(region),
                                         .service = oc_slice_of(service),
                                         .now_ms = NOW_MS,
                                         .path = oc_json_bool(oc_json_get(c, "normalize"), true)
                                                     ? OC_SIGV4_PATH_NORMALIZED
                                                     : OC_SIGV4_PATH_ENCODED,
                                         .expires_s = 3600};
    if (oc_json_bool(oc_json_get(c, "token_unsigned"), false))
        f->signer.session_token = (struct oc_slice){0};
    if (oc_json_bool(oc_json_get(c, "sign_body"), false)) {
        assert_int_equal(oc_sigv4_body_hash(&f->request, f->body_hash, &f->err), OC_OK);
    }
}

/* The header form also sends the body's hash where the case asks for it. */
static void add_body_hash(struct fixture *f, const struct oc_json *c)
{
    if (oc_json_bool(oc_json_get(c, "sign_body"), false))
        f->headers[f->request.header_count++] = (struct oc_sigv4_header){
            OC_STR("x-amz-content-sha256"), {f->body_hash, sizeof(f->body_hash)}};
}

/* What the claim of a signed request gives, against what the vector says. */
static void assert_derived(struct fixture *f, const struct oc_json *want,
                           const struct oc_sigv4_request *request)
{
    const struct oc_sigv4_expected expected = {.service = f->signer.service, .now_ms = NOW_MS};
    const struct oc_sigv4_scope scope = {.access_key_id = OC_STR("AKIDEXAMPLE"),
                                         .secret = OC_STR(SECRET),
                                         .date = OC_STR("20150830"),
                                         .region = f->signer.region,
                                         .service = f->signer.service};
    char hash[OC_SHA256_HEX_LEN], signature[OC_SHA256_HEX_LEN];
    struct oc_sigv4_claim claim;
    struct oc_slice canonical, text;
    uint8_t key[OC_SHA256_LEN];

    if (oc_sigv4_parse(request, &expected, &f->arena, &claim, &f->err) < 0)
        fail_msg("parse: %s", f->err.text);
    assert_int_equal(oc_sigv4_body_hash(request, hash, &f->err), OC_OK);
    struct oc_sigv4_input in = {.request = request,
                                .signed_headers = claim.signed_headers,
                                .payload_hash = {hash, sizeof(hash)},
                                .path = f->signer.path,
                                .presigned = claim.kind == OC_CREDENTIALS_QUERY,
                                .timestamp = claim.timestamp,
                                .date = claim.date,
                                .region = claim.region,
                                .service = claim.service};
    assert_int_equal(oc_sigv4_canonical(&in, &f->arena, &canonical, &f->err), OC_OK);
    assert_slice(canonical, oc_json_string(oc_json_get(want, "canonical")), "canonical request");
    assert_int_equal(oc_sigv4_string_to_sign(&in, canonical, &f->arena, &text, &f->err), OC_OK);
    assert_slice(text, oc_json_string(oc_json_get(want, "string_to_sign")), "string to sign");
    assert_int_equal(oc_sigv4_signing_key(&scope, key, &f->err), OC_OK);
    assert_int_equal(oc_sigv4_signature(&in, key, &f->arena, signature, &f->err), OC_OK);
    if (oc_json_get(want, "signature"))
        assert_slice((struct oc_slice){signature, sizeof(signature)},
                     oc_json_string(oc_json_get(want, "signature")), "signature");
    assert_slice(claim.signature, (struct oc_slice){signature, sizeof(signature)},
                 "our own signature");
    int rc = oc_sigv4_verify(&claim, request, key, &f->arena, &f->err);
    /* A server normalises always, so it refuses what was signed otherwise. */
    if (f->signer.path == OC_SIGV4_PATH_NORMALIZED)
        assert_int_equal(rc, OC_OK);
}

/* Sign; the request with the headers made. */
static struct oc_sigv4_request sign(struct fixture *f, struct oc_sigv4_signed *made)
{
    struct oc_sigv4_request full = f->request;

    if (oc_sigv4_sign(&f->signer, &f->request, &f->arena, made, &f->err) < 0)
        fail_msg("sign: %s", f->err.text);
    for (size_t i = 0; i < made->header_count; i++)
        f->headers[full.header_count++] = made->headers[i];
    return full;
}

static void every_aws_vector_is_reproduced_and_verified(void **state)
{
    struct fixture f;

    (void)state;
    load(&f, OC_TEST_DATA "/sigv4/aws-c-auth.json");
    assert_int_equal(oc_json_size(f.cases), 38);
    for (size_t i = 0; i < oc_json_size(f.cases); i++) {
        const struct oc_json *c = oc_json_at(f.cases, i);
        struct oc_sigv4_signed made;
        struct oc_slice query;

        print_message("%.*s\n", OC_FMT(oc_json_string(oc_json_get(c, "name"))));
        prepare(&f, c, "us-east-1", "service");
        assert_int_equal(oc_sigv4_presign(&f.signer, &f.request, &f.arena, &query, &f.err), OC_OK);
        struct oc_sigv4_request presigned = f.request;
        presigned.query = query;
        assert_derived(&f, oc_json_get(c, "query_form"), &presigned);
        add_body_hash(&f, c);
        struct oc_sigv4_request full = sign(&f, &made);
        assert_derived(&f, oc_json_get(c, "header_form"), &full);
        oc_arena_clear(&f.arena);
    }
    unload(&f);
}

/* AWS's signer orders the parameters in another way than we do; the server must not care. */
static void every_presigned_aws_query_is_verified(void **state)
{
    struct fixture f;
    size_t verified = 0;

    (void)state;
    load(&f, OC_TEST_DATA "/sigv4/aws-c-auth.json");
    for (size_t i = 0; i < oc_json_size(f.cases); i++) {
        const struct oc_json *c = oc_json_at(f.cases, i), *form = oc_json_get(c, "query_form");

        prepare(&f, c, "us-east-1", "service");
        if (f.signer.path != OC_SIGV4_PATH_NORMALIZED || oc_json_get(c, "token_unsigned"))
            continue;
        f.request.query = oc_json_string(oc_json_get(form, "query"));
        assert_derived(&f, form, &f.request);
        verified++;
    }
    assert_int_equal(verified, 30);
    unload(&f);
}

static void a_session_token_added_after_signing_is_refused(void **state)
{
    struct fixture f;
    struct oc_sigv4_signed made;
    struct oc_sigv4_claim claim;
    const struct oc_sigv4_expected expected = {.service = OC_STR("service"), .now_ms = NOW_MS};
    const struct oc_json *found = NULL;

    (void)state;
    load(&f, OC_TEST_DATA "/sigv4/aws-c-auth.json");
    for (size_t i = 0; i < oc_json_size(f.cases); i++) {
        if (oc_json_bool(oc_json_get(oc_json_at(f.cases, i), "token_unsigned"), false))
            found = oc_json_at(f.cases, i);
    }
    assert_non_null(found);
    prepare(&f, found, "us-east-1", "service");
    struct oc_sigv4_request full = sign(&f, &made);
    f.headers[full.header_count++] = (struct oc_sigv4_header){
        OC_STR("X-Amz-Security-Token"), oc_json_string(oc_json_get(found, "token"))};
    assert_int_equal(oc_sigv4_parse(&full, &expected, &f.arena, &claim, &f.err), OC_EDENIED);
    assert_string_equal(f.err.name, "InvalidSignatureException");
    unload(&f);
}

static void every_bedrock_vector_is_reproduced_and_verified(void **state)
{
    struct fixture f;

    (void)state;
    load(&f, OC_TEST_DATA "/sigv4/bedrock.json");
    assert_int_equal(oc_json_size(f.cases), 5);
    for (size_t i = 0; i < oc_json_size(f.cases); i++) {
        const struct oc_json *c = oc_json_at(f.cases, i);
        struct oc_sigv4_signed made;

        prepare(&f, c, "us-west-2", "bedrock");
        struct oc_sigv4_request full = sign(&f, &made);
        assert_slice(made.headers[made.header_count - 1].value,
                     oc_json_string(oc_json_get(c, "authorization")), "Authorization");
        assert_derived(&f, c, &full);
    }
    unload(&f);
}

/* -- the key cache ---------------------------------------------------------------------------- */

static struct oc_sigv4_scope make_scope(char *id, unsigned number, const char *secret)
{
    (void)snprintf(id, 32, "AKIA%u", number);
    return (struct oc_sigv4_scope){.access_key_id = oc_slice_of(id),
                                   .secret = oc_slice_of(secret),
                                   .date = OC_STR("20150830"),
                                   .region = OC_STR("us-east-1"),
                                   .service = OC_STR("bedrock")};
}

static void assert_cached(struct oc_sigv4_key_cache *cache, const struct oc_sigv4_scope *scope)
{
    uint8_t want[OC_SHA256_LEN], got[OC_SHA256_LEN];
    struct oc_err err = {0};

    assert_int_equal(oc_sigv4_signing_key(scope, want, &err), OC_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(oc_sigv4_key_cache_get(cache, scope, got, &err), OC_OK);
        assert_memory_equal(got, want, sizeof(got));
    }
}

static void cached_keys_are_the_derived_ones_whatever_was_pushed_out(void **state)
{
    struct oc_sigv4_key_cache *cache;
    struct oc_err err = {0};
    char id[32];

    (void)state;
    assert_int_equal(oc_sigv4_key_cache_new(&cache, &err), OC_OK);
    for (unsigned i = 0; i < 1000; i++) {
        struct oc_sigv4_scope scope = make_scope(id, i % 400, i % 3 ? "one" : "two");

        assert_cached(cache, &scope);
    }
    struct oc_sigv4_scope scope = make_scope(id, 1, "one");
    oc_sigv4_key_cache_forget(cache, scope.access_key_id);
    assert_cached(cache, &scope);
    scope.region = OC_STR("a-region-whose-name-is-too-long-to-be-kept");
    assert_cached(cache, &scope);
    assert_cached(NULL, &scope);
    oc_sigv4_key_cache_free(cache);
    oc_sigv4_key_cache_free(NULL);
}

static void a_secret_too_long_to_derive_from_is_refused(void **state)
{
    char secret[200], id[32];
    uint8_t key[OC_SHA256_LEN];
    struct oc_err err = {0};

    (void)state;
    memset(secret, 'x', sizeof(secret));
    struct oc_sigv4_scope scope = make_scope(id, 1, "");
    scope.secret = (struct oc_slice){secret, sizeof(secret)};
    assert_int_equal(oc_sigv4_signing_key(&scope, key, &err), OC_EINVAL);
}

/* -- signing ---------------------------------------------------------------------------------- */

static struct oc_sigv4_signer plain_signer(void)
{
    return (struct oc_sigv4_signer){.access_key_id = OC_STR("AKIDEXAMPLE"),
                                    .secret = OC_STR(SECRET),
                                    .region = OC_STR("us-east-1"),
                                    .service = OC_STR("bedrock"),
                                    .now_ms = NOW_MS,
                                    .expires_s = 60};
}

static void signing_refuses_what_it_cannot_sign(void **state)
{
    const struct oc_sigv4_header no_host[] = {{OC_STR("accept"), OC_STR("*/*")}};
    const struct oc_sigv4_header dated[] = {{OC_STR("host"), OC_STR("h")},
                                            {OC_STR("X-AMZ-Date"), OC_STR("20150830T123600Z")}};
    struct oc_sigv4_signer signer = plain_signer();
    struct oc_sigv4_request request = {.method = OC_STR("GET"), .path = OC_STR("/")};
    struct oc_sigv4_signed made;
    struct oc_slice query;
    struct oc_arena arena;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    request.headers = no_host;
    request.header_count = 1;
    assert_int_equal(oc_sigv4_sign(&signer, &request, &arena, &made, &err), OC_EINVAL);
    assert_int_equal(oc_sigv4_presign(&signer, &request, &arena, &query, &err), OC_EINVAL);
    request.headers = dated;
    request.header_count = 2;
    assert_int_equal(oc_sigv4_sign(&signer, &request, &arena, &made, &err), OC_EINVAL);
    request.header_count = 1;
    signer.expires_s = 604801;
    assert_int_equal(oc_sigv4_presign(&signer, &request, &arena, &query, &err), OC_EINVAL);
    signer.expires_s = 604800;
    assert_int_equal(oc_sigv4_presign(&signer, &request, &arena, &query, &err), OC_OK);
    oc_arena_clear(&arena);
}

static void headers_that_hops_change_are_not_signed(void **state)
{
    const struct oc_sigv4_header headers[] = {{OC_STR("Host"), OC_STR("h")},
                                              {OC_STR("User-Agent"), OC_STR("x")},
                                              {OC_STR("Connection"), OC_STR("close")},
                                              {OC_STR("X-Amzn-Trace-Id"), OC_STR("t")},
                                              {OC_STR("B"), OC_STR("1")},
                                              {OC_STR("b"), OC_STR("2")}};
    const struct oc_sigv4_request request = {
        .method = OC_STR("GET"), .path = OC_STR("/"), .headers = headers, .header_count = 6};
    const struct oc_sigv4_signer signer = plain_signer();
    struct oc_sigv4_signed made;
    struct oc_arena arena;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    assert_int_equal(oc_sigv4_sign(&signer, &request, &arena, &made, &err), OC_OK);
    assert_int_equal(made.header_count, 2);
    assert_true(
        oc_slice_find_slice(made.headers[1].value, OC_STR("SignedHeaders=b;host;x-amz-date,")) > 0);
    oc_arena_clear(&arena);
}

/* The path as S3 has it: exactly as sent. */
static void the_raw_path_is_left_alone(void **state)
{
    const struct oc_sigv4_request request = {.method = OC_STR("GET"),
                                             .path = OC_STR("/a%20b//../c")};
    const struct oc_sigv4_input in = {.request = &request, .path = OC_SIGV4_PATH_RAW};
    struct oc_slice canonical;
    struct oc_arena arena;
    struct oc_err err = {0};

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    assert_int_equal(oc_sigv4_canonical(&in, &arena, &canonical, &err), OC_OK);
    assert_true(oc_slice_has_prefix(canonical, OC_STR("GET\n/a%20b//../c\n")));
    oc_arena_clear(&arena);
}

static void exhausted_memory_is_an_error_wherever_it_happens(void **state)
{
    const struct oc_sigv4_header headers[] = {{OC_STR("Host"), OC_STR("h")}};
    const struct oc_sigv4_request request = {.method = OC_STR("POST"),
                                             .path = OC_STR("/"),
                                             .query = OC_STR("b=\xc3\xa9&a"),
                                             .headers = headers,
                                             .header_count = 1,
                                             .body = OC_STR("{}")};
    struct oc_sigv4_signer signer = plain_signer();
    size_t limit = 0;
    bool done = false;

    (void)state;
    signer.session_token = OC_STR("token");
    for (limit = 0; !done && limit < 1 << 16; limit += 16) {
        struct oc_sigv4_signed made;
        struct oc_slice query = {0};
        struct oc_arena arena;
        struct oc_err err = {0};
        int rc;

        oc_arena_init(&arena, limit);
        rc = oc_sigv4_sign(&signer, &request, &arena, &made, &err);
        if (rc >= 0)
            rc = oc_sigv4_presign(&signer, &request, &arena, &query, &err);
        done = rc >= 0;
        assert_true(done || rc == OC_ENOMEM);
        oc_arena_clear(&arena);
    }
    assert_true(done && limit > 1024);
    struct oc_sigv4_key_cache *cache;
    struct oc_err err = {0};
    oc_fault_arm(OC_FAULT_ALLOC, 1, OC_FAULT_ONCE);
    assert_int_equal(oc_sigv4_key_cache_new(&cache, &err), OC_ENOMEM);
    oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_aws_vector_is_reproduced_and_verified),
        cmocka_unit_test(every_presigned_aws_query_is_verified),
        cmocka_unit_test(a_session_token_added_after_signing_is_refused),
        cmocka_unit_test(every_bedrock_vector_is_reproduced_and_verified),
        cmocka_unit_test(cached_keys_are_the_derived_ones_whatever_was_pushed_out),
        cmocka_unit_test(a_secret_too_long_to_derive_from_is_refused),
        cmocka_unit_test(signing_refuses_what_it_cannot_sign),
        cmocka_unit_test(headers_that_hops_change_are_not_signed),
        cmocka_unit_test(the_raw_path_is_left_alone),
        cmocka_unit_test(exhausted_memory_is_an_error_wherever_it_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
