/* The S3 client against a server that answers and misbehaves as told. */
#include "folder_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fake_server.h"
#include "fault_loop.h"
#include "s3/s3.h"

/* An answer's body. */
#define BODY(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

struct fixture {
    struct fake_server server;
    const struct folder *folder;
    struct oc_s3 *s3;
};

static void write_keys(const struct fixture *f, const char *id)
{
    char text[300];

    (void)snprintf(text, sizeof(text),
                   "[default]\naws_access_key_id = no\naws_secret_access_key = no\n"
                   "[store]\naws_access_key_id = %s\naws_secret_access_key = secret\n"
                   "aws_session_token = token\n",
                   id);
    folder_write_text(f->folder, "keys", text);
}

static struct oc_s3_options options_of(const struct fixture *f)
{
    return (struct oc_s3_options){
        .endpoint = oc_slice_of(f->server.endpoint),
        .bucket = OC_STR("models"),
        .region = OC_STR("eu-west-1"),
        .credentials = oc_slice_of(folder_path(f->folder, "keys")),
        .profile = OC_STR("store"),
        .stall_timeout_ms = 1000,
        .patience_ms = 300,
    };
}

static void begin(struct fixture *f, void **state, const struct fake_rule *rules)
{
    struct oc_s3_options options;
    struct oc_err err = {0};

    f->folder = *state;
    fake_server_start(&f->server, rules);
    write_keys(f, "AKID");
    options = options_of(f);
    ok(oc_s3_open(&options, &f->s3, &err));
}

static void end(struct fixture *f)
{
    oc_s3_free(f->s3);
    fake_server_stop(&f->server);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}

/* -- what is sent --------------------------------------------------------------------------- */

static void put_is_signed_and_carries_checksums(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "PUT /models/a%20b/%C3%A9%2B HTTP", .status = 200}, {0}};
    struct oc_err err = {0};
    struct fixture f;

    begin(&f, state, rules);
    ok(oc_s3_put(f.s3, OC_STR("a b/\xc3\xa9+"), OC_STR("123456789"), &err));
    assert_has(f.server.last_head, "\r\nHost: 127.0.0.1:");
    assert_has(f.server.last_head, "\r\nX-Amz-Security-Token: token\r\n");
    assert_has(f.server.last_head, "Credential=AKID/");
    assert_has(f.server.last_head, "/eu-west-1/s3/aws4_request");
    /* CRC-32C of "123456789" is e3069283, SHA-256 15e2…: published check values. */
    assert_has(f.server.last_head, "\r\nX-Amz-Checksum-Crc32c: 4waSgw==\r\n");
    assert_has(f.server.last_head,
               "\r\nX-Amz-Content-Sha256: "
               "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"
               "\r\n");
    end(&f);
}

static void host_style_puts_the_bucket_before_the_host(void **state)
{
    static const struct fake_rule rules[] = {{.match = "HEAD /k HTTP", .status = 200}, {0}};
    struct oc_s3_object object;
    struct oc_s3_options options;
    struct oc_err err = {0};
    struct oc_s3 *s3 = NULL;
    struct fixture f;
    char endpoint[64];

    begin(&f, state, rules);
    options = options_of(&f);
    options.host_style = true;
    assert_int_equal(oc_s3_open(&options, &s3, &err), OC_EINVAL);
    assert_has(err.text, "is an address");
    (void)snprintf(endpoint, sizeof(endpoint), "http://localhost%s",
                   strrchr(f.server.endpoint, ':'));
    options.endpoint = oc_slice_of(endpoint);
    ok(oc_s3_open(&options, &s3, &err));
    ok(oc_s3_head(s3, OC_STR("k"), &object, &err));
    assert_has(f.server.last_head, "\r\nHost: models.localhost:");
    oc_s3_free(s3);
    end(&f);
}

static void bad_options_are_named(void **state)
{
    static const struct fake_rule rules[] = {{0}};
    static const struct {
        const char *endpoint, *bucket, *profile, *says;
    } cases[] = {
        {"ftp://h", "models", "store", "endpoint"},
        {"http://h/path", "models", "store", "endpoint"},
        {"http://", "models", "store", "endpoint"},
        {"http://u@h", "models", "store", "endpoint"},
        {"http://h", "Models", "store", "bucket"},
        {"http://h", "m", "store", "bucket"},
        {"http://h", "a/b", "store", "bucket"},
        {"http://h", "models", "other", "no such profile"},
    };
    struct fixture f;

    begin(&f, state, rules);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_s3_options options = options_of(&f);
        struct oc_err err = {0};
        struct oc_s3 *s3 = NULL;

        options.endpoint = oc_slice_of(cases[i].endpoint);
        options.bucket = oc_slice_of(cases[i].bucket);
        options.profile = oc_slice_of(cases[i].profile);
        assert_int_equal(oc_s3_open(&options, &s3, &err), OC_EINVAL);
        assert_has(err.text, cases[i].says);
    }
    end(&f);
}

/* -- reading -------------------------------------------------------------------------------- */

static void range_is_read_only_from_the_object_that_was_meant(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /models/k ",
         .times = 1,
         .status = 206,
         .headers = "Content-Range: bytes 3-6/10\r\n",
         .body = BODY("3456")},
        {.match = "GET /models/k ",
         .times = 1,
         .status = 206,
         .headers = "Content-Range: bytes 3-4/5\r\n",
         .body = BODY("34")},
        {.match = "GET /models/k ",
         .times = 1,
         .status = 206,
         .headers = "Content-Range: bytes 4-7/10\r\n",
         .body = BODY("4567")},
        {.match = "GET /models/k ", .times = 1, .status = 200, .body = BODY("0123")},
        {.match = "GET /models/k ",
         .times = 1,
         .status = 412,
         .body = BODY("<Error><Code>PreconditionFailed</Code></Error>")},
        {.match = "GET /models/k ", .status = 200, .body = BODY("01234567890")},
        {0}};
    const struct oc_s3_range range = {.from = 3, .len = 4, .if_match = "tag-1"};
    const struct oc_s3_range whole = {.len = 4};
    struct oc_err err = {0};
    uint8_t bytes[4];
    uint64_t size;
    size_t len;
    struct fixture f;

    begin(&f, state, rules);
    ok(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, &size, &err));
    assert_has(f.server.last_head, "\r\nRange: bytes=3-6\r\n");
    assert_has(f.server.last_head, "\r\nIf-Match: \"tag-1\"\r\n");
    assert_memory_equal(bytes, "3456", 4);
    assert_int_equal(len, 4);
    assert_int_equal(size, 10);
    ok(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, &size, &err));
    assert_int_equal(len, 2);
    assert_int_equal(size, 5);
    assert_int_equal(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, &size, &err), OC_EIO);
    assert_has(err.text, "other bytes");
    assert_int_equal(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, &size, &err), OC_EIO);
    assert_int_equal(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, &size, &err), OC_ECONFLICT);
    /* A server that sends more than was asked for writes behind nothing. */
    assert_int_equal(oc_s3_get(f.s3, OC_STR("k"), &whole, bytes, &len, &size, &err), OC_ELIMIT);
    end(&f);
}

/* The connection of a server that fails may end before the first byte of the body. */
static void range_without_bytes_is_not_an_empty_object(void **state)
{
    static const struct fake_rule rules[] = {{.match = "GET /models/k ",
                                              .times = 1,
                                              .status = 206,
                                              .headers = "Content-Range: bytes 0-3/10\r\n"},
                                             {.match = "GET /models/k ",
                                              .status = 206,
                                              .headers = "Content-Range: bytes 0-3/10\r\n",
                                              .body = BODY("0123")},
                                             {.match = "GET /models/empty ", .status = 200},
                                             {0}};
    const struct oc_s3_range range = {.len = 4};
    struct oc_err err = {0};
    uint8_t bytes[4];
    uint64_t size = 0;
    size_t len = 0;
    struct fixture f;

    begin(&f, state, rules);
    ok(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, &size, &err));
    assert_int_equal(len, 4);
    assert_int_equal(size, 10);
    assert_int_equal(f.server.requests, 2);
    ok(oc_s3_get(f.s3, OC_STR("empty"), &range, bytes, &len, &size, &err));
    assert_int_equal(len, 0);
    end(&f);
}

/* Others may store an object while it is read: its parts must be those of one of the two. */
static void bytes_of_two_objects_are_not_mixed(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /models/k ",
         .times = 1,
         .status = 206,
         .headers = "Content-Range: bytes 0-7/8\r\nETag: \"a\"\r\n",
         .body = BODY("aaaaaaaa"),
         .cut = 4},
        {.match = "GET /models/k ",
         .asks = "Range: bytes=4-7",
         .times = 1,
         .status = 206,
         .headers = "Content-Range: bytes 4-7/8\r\nETag: \"b\"\r\n",
         .body = BODY("bbbb")},
        {.match = "GET /models/k ",
         .status = 206,
         .headers = "Content-Range: bytes 0-7/8\r\nETag: \"b\"\r\n",
         .body = BODY("bbbbbbbb")},
        {0}};
    const struct oc_s3_range range = {.len = 8};
    struct oc_err err = {0};
    uint8_t bytes[8];
    size_t len;
    struct fixture f;

    begin(&f, state, rules);
    ok(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, NULL, &err));
    assert_int_equal(len, 8);
    assert_memory_equal(bytes, "bbbbbbbb", 8);
    assert_int_equal(f.server.requests, 3);
    end(&f);
}

/* One that is never the same is given up. */
static void an_object_that_changes_each_time_is_told(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /models/k ",
         .asks = "Range: bytes=0-7",
         .status = 206,
         .headers = "Content-Range: bytes 0-7/8\r\nETag: \"a\"\r\n",
         .body = BODY("aaaaaaaa"),
         .cut = 4},
        {.match = "GET /models/k ",
         .status = 206,
         .headers = "Content-Range: bytes 4-7/8\r\nETag: \"b\"\r\n",
         .body = BODY("bbbb")},
        {0}};
    const struct oc_s3_range range = {.len = 8};
    struct oc_err err = {0};
    uint8_t bytes[8];
    size_t len;
    struct fixture f;

    begin(&f, state, rules);
    assert_int_equal(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, NULL, &err), OC_EIO);
    assert_has(err.text, "changed");
    end(&f);
}

static void head_gives_size_and_tag(void **state)
{
    static const struct fake_rule rules[] = {{.match = "HEAD /models/k ",
                                              .status = 200,
                                              .headers = "ETag: \"abc-2\"\r\n",
                                              .body = BODY("12345"),
                                              .cut = 5},
                                             {0}};
    struct oc_s3_object object;
    struct oc_err err = {0};
    struct fixture f;

    begin(&f, state, rules);
    ok(oc_s3_head(f.s3, OC_STR("k"), &object, &err));
    assert_int_equal(object.size, 5);
    assert_string_equal(object.etag, "abc-2");
    assert_int_equal(oc_s3_head(f.s3, OC_STR("other"), &object, &err), OC_ENOTFOUND);
    assert_has(err.text, "the server answers 404");
    assert_has(oc_s3_name(f.s3), "bucket 'models' at http://127.0.0.1:");
    end(&f);
}

/* -- errors --------------------------------------------------------------------------------- */

struct answer_case {
    int status;
    const char *code;
    int rc;
    bool again;
};

static void errors_are_mapped_and_only_some_tried_again(void **state)
{
    static const struct answer_case cases[] = {
        {404, "NoSuchKey", OC_ENOTFOUND, false},
        {404, "NoSuchBucket", OC_EINVAL, false},
        {403, "AccessDenied", OC_EDENIED, false},
        {403, "SignatureDoesNotMatch", OC_EDENIED, false},
        {400, "ExpiredToken", OC_EDENIED, false},
        {301, "PermanentRedirect", OC_EINVAL, false},
        {400, "InvalidArgument", OC_EINVAL, false},
        {400, "BadDigest", OC_EIO, true},
        {416, "InvalidRange", OC_ECONFLICT, false},
        {503, "SlowDown", OC_EBUSY, true},
        {500, "InternalError", OC_EBUSY, true},
        {502, "", OC_EBUSY, true},
        {507, "", OC_EFULL, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[200];
        struct fake_rule rules[] = {{.match = "PUT ", .status = cases[i].status}, {0}};
        struct oc_err err = {0};
        struct fixture f;

        (void)snprintf(body, sizeof(body),
                       "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code>"
                       "<Message>Its words.</Message></Error>",
                       cases[i].code);
        rules[0].body = oc_slice_of(cases[i].code[0] ? body : "<html>");
        begin(&f, state, rules);
        assert_int_equal(oc_s3_put(f.s3, OC_STR("k"), OC_STR("x"), &err), cases[i].rc);
        assert_has(err.text, cases[i].code);
        if (cases[i].again)
            assert_true(f.server.requests > 1);
        else
            assert_int_equal(f.server.requests, 1);
        end(&f);
    }
}

/* An answer to HEAD has no words. */
static void a_refusal_for_the_time_is_known_by_the_date(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "HEAD", .status = 403, .headers = "Date: Sun, 23 Nov 2036 10:48:20 GMT\r\n"},
        {0}};
    struct oc_s3_object object;
    struct oc_err err = {0};
    struct fixture f;

    begin(&f, state, rules);
    oc_clock_set(2111050100000 - 301000);
    assert_int_equal(oc_s3_head(f.s3, OC_STR("k"), &object, &err), OC_EBUSY);
    assert_has(err.text, "set this machine's clock");
    assert_int_equal(f.server.requests, 1);
    oc_clock_set(2111050100000 - 299000);
    assert_int_equal(oc_s3_head(f.s3, OC_STR("k"), &object, &err), OC_EDENIED);
    oc_clock_set(-1);
    end(&f);
}

static void failures_that_pass_are_overcome(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "PUT ", .times = 1, .hang_up = true},
        {.match = "PUT ", .times = 1, .status = 500},
        /* An error after the status is sent. */
        {.match = "PUT ", .times = 1, .status = 200, .body = BODY("<Error><Code>x</Code></Error>")},
        {.match = "PUT ", .status = 200},
        {.match = "GET ",
         .times = 1,
         .status = 206,
         .headers = "Content-Range: bytes 0-3/4\r\n",
         .body = BODY("abcd"),
         .cut = 2},
        {.match = "GET ",
         .status = 206,
         .headers = "Content-Range: bytes 2-3/4\r\n",
         .body = BODY("cd")},
        {0}};
    const struct oc_s3_range range = {.len = 4};
    struct oc_err err = {0};
    uint8_t bytes[4];
    size_t len;
    struct oc_s3_options options;
    struct fixture f;

    begin(&f, state, rules);
    options = options_of(&f);
    options.patience_ms = 20000;
    oc_s3_free(f.s3);
    ok(oc_s3_open(&options, &f.s3, &err));
    ok(oc_s3_put(f.s3, OC_STR("k"), OC_STR("x"), &err));
    assert_int_equal(f.server.requests, 4);
    ok(oc_s3_get(f.s3, OC_STR("k"), &range, bytes, &len, NULL, &err));
    assert_memory_equal(bytes, "abcd", 4);
    assert_has(f.server.last_head, "\r\nRange: bytes=2-3\r\n"); /* what was missing */
    end(&f);
}

static bool is_in_the_way(void *ctx)
{
    ++*(unsigned *)ctx;
    return true;
}

static void a_call_that_gets_nowhere_gives_way_to_others(void **state)
{
    static const struct fake_rule cases[2][2] = {{{.match = "HEAD ", .silent = true}, {0}},
                                                 {{.match = "HEAD ", .status = 503}, {0}}};

    for (size_t i = 0; i < 2; i++) {
        unsigned asked = 0;
        struct oc_s3_options options;
        struct oc_s3_object object;
        struct oc_err err = {0};
        struct fixture f;
        int64_t began;

        begin(&f, state, cases[i]);
        options = options_of(&f);
        options.stall_timeout_ms = options.patience_ms = 60000;
        oc_s3_free(f.s3);
        ok(oc_s3_open(&options, &f.s3, &err));
        oc_s3_give_way(f.s3, is_in_the_way, &asked);
        began = oc_clock_mono_us();
        assert_int_equal(oc_s3_head(f.s3, OC_STR("k"), &object, &err), OC_EBUSY);
        assert_true(oc_clock_mono_us() - began < 20000000);
        assert_int_equal(asked, 1);
        if (i == 0)
            assert_int_equal(f.server.requests, 1);
        end(&f);
    }
}

static void refused_keys_are_read_again_from_the_file(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "PUT ", .times = 2, .status = 403}, {.match = "PUT ", .status = 200}, {0}};
    struct oc_err err = {0};
    struct fixture f;

    begin(&f, state, rules);
    assert_int_equal(oc_s3_put(f.s3, OC_STR("k"), OC_STR("x"), &err), OC_EDENIED);
    assert_int_equal(f.server.requests, 1);
    write_keys(&f, "AKID2");
    ok(oc_s3_put(f.s3, OC_STR("k"), OC_STR("x"), &err));
    assert_has(f.server.last_head, "Credential=AKID2/");
    assert_int_equal(f.server.requests, 3);
    end(&f);
}

static void stop_ends_calls_that_wait(void **state)
{
    static const struct fake_rule rules[] = {{.match = "PUT ", .status = 503}, {0}};
    struct oc_s3_options options;
    struct oc_err err = {0};
    struct fixture f;

    begin(&f, state, rules);
    options = options_of(&f);
    options.patience_ms = 60000;
    oc_s3_free(f.s3);
    ok(oc_s3_open(&options, &f.s3, &err));
    oc_s3_stop(f.s3);
    assert_int_equal(oc_s3_put(f.s3, OC_STR("k"), OC_STR("x"), &err), OC_ECANCELED);
    end(&f);
}

/* -- lists ---------------------------------------------------------------------------------- */

static int collect(const struct oc_s3_object *object, void *ctx, struct oc_err *err)
{
    struct oc_buf *to = ctx;

    oc_buf_printf(to, "%.*s:%llu:%s;", OC_FMT(object->key), (unsigned long long)object->size,
                  object->etag);
    return to->failed ? oc_fail_nomem(err) : OC_OK;
}

static void list_goes_through_all_pages(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "continuation-token=n%2B1&encoding-type=url&list-type=2&prefix=a%2F",
         .status = 200,
         .body = BODY("<ListBucketResult><EncodingType>url</EncodingType><Contents>"
                      "<Key>a/z</Key><Size>7</Size></Contents></ListBucketResult>")},
        {.match = "encoding-type=url&list-type=2&prefix=a%2F",
         .status = 200,
         .body = BODY("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                      "<Contents><Key>a/x+y%2B%26</Key><Size>1</Size><ETag>&quot;t&quot;</ETag>"
                      "<Owner><ID>me</ID></Owner></Contents>"
                      "<Contents><Key>b/not-asked-for</Key><Size>1</Size></Contents>"
                      "<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
                      "<NextContinuationToken>n+1</NextContinuationToken></ListBucketResult>")},
        {0}};
    OC_AUTO(oc_buf_clear) struct oc_buf seen = {0};
    struct oc_err err = {0};
    struct fixture f;

    oc_buf_init(&seen, 1000);
    begin(&f, state, rules);
    ok(oc_s3_list(f.s3, OC_STR("a/"), collect, &seen, &err));
    assert_string_equal(oc_buf_cstr(&seen), "a/x y+&:1:t;a/z:7:;");
    end(&f);
}

static void broken_lists_are_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "<ListBucketResult>",
        "<Other/>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><ETag>a\nb</ETag></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key></Contents>"
        "</ListBucketResult>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult>&a;</ListBucketResult>",
        "<a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a>",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fake_rule rules[] = {
            {.match = "GET ", .status = 200, .body = oc_slice_of(bodies[i])}, {0}};
        OC_AUTO(oc_buf_clear) struct oc_buf seen = {0};
        struct oc_err err = {0};
        struct fixture f;

        oc_buf_init(&seen, 1000);
        begin(&f, state, rules);
        assert_int_equal(oc_s3_list(f.s3, OC_STR(""), collect, &seen, &err), OC_EIO);
        assert_int_equal(seen.len, 0);
        end(&f);
    }
}

/* Two pages, each of which names the other one as the next. */
static void lists_that_lead_in_a_circle_are_refused(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "continuation-token=b",
         .status = 200,
         .body = BODY("<ListBucketResult><IsTruncated>true</IsTruncated>"
                      "<NextContinuationToken>a</NextContinuationToken></ListBucketResult>")},
        {.match = "GET /models?",
         .status = 200,
         .body = BODY("<ListBucketResult><IsTruncated>true</IsTruncated>"
                      "<NextContinuationToken>b</NextContinuationToken></ListBucketResult>")},
        {0}};
    OC_AUTO(oc_buf_clear) struct oc_buf seen = {0};
    struct oc_err err = {0};
    struct fixture f;

    begin(&f, state, rules);
    assert_int_equal(oc_s3_list(f.s3, OC_STR(""), collect, &seen, &err), OC_EIO);
    assert_has(err.text, "its next page is one that was there before");
    assert_true(f.server.requests <= 6);
    end(&f);
}

static int put_and_list(void *ctx)
{
    struct oc_s3_options options = options_of(ctx);
    OC_AUTO(oc_buf_clear) struct oc_buf seen = {0};
    struct oc_s3 *s3 = NULL;
    struct oc_err err = {0};
    int rc = oc_s3_open(&options, &s3, &err);

    oc_buf_init(&seen, 1000);
    if (rc == OC_OK)
        rc = oc_s3_put(s3, OC_STR("k"), OC_STR("x"), &err);
    if (rc == OC_OK)
        rc = oc_s3_list(s3, OC_STR(""), collect, &seen, &err);
    oc_s3_free(s3);
    return rc;
}

static void memory_may_run_out_anywhere(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "PUT ", .status = 200},
        {.match = "GET ",
         .status = 200,
         .body = BODY("<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>")},
        {0}};
    struct fixture f;

    begin(&f, state, rules);
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, put_and_list, &f, OC_ENOMEM);
    end(&f);
}

/* -- uploads in pieces ---------------------------------------------------------------------- */

#define LARGE (OC_S3_WHOLE_MAX + OC_S3_PIECE / 2)

static void large_object_goes_in_pieces(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "POST /models/k?uploads=",
         .status = 200,
         .body = BODY("<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                      "</InitiateMultipartUploadResult>")},
        {.match = "PUT /models/k?partNumber=2&uploadId=u%2F1", .times = 1, .status = 500},
        {.match = "&uploadId=u%2F1", .status = 200, .headers = "ETag: \"piece\"\r\n"},
        {.match = "POST /models/k?uploadId=u%2F1", .times = 1, .status = 503},
        {.match = "POST /models/k?uploadId=u%2F1",
         .times = 1,
         .status = 404,
         .body = BODY("<Error><Code>NoSuchUpload</Code></Error>")},
        {.match = "HEAD /models/k", .status = 200},
        {.match = "DELETE /models/k?uploadId=u%2F1", .status = 204},
        {0}};
    char *bytes = calloc(1, LARGE);
    struct oc_err err = {0};
    struct fixture f;

    assert_non_null(bytes);
    begin(&f, state, rules);
    /* Completed, the answer lost, and then the object is not what was sent: that is a failure. */
    assert_int_equal(oc_s3_put(f.s3, OC_STR("k"), (struct oc_slice){bytes, LARGE}, &err),
                     OC_ENOTFOUND);
    assert_int_equal(f.server.served[2], 5);
    assert_int_equal(f.server.served[5], 1);
    assert_int_equal(f.server.served[6], 1);
    end(&f);
    free(bytes);
}

static void unfinished_uploads_are_aborted(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /models?uploads=&prefix=r%2F",
         .status = 200,
         .body = BODY("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                      "<Upload><Key>r/k</Key><UploadId>1</UploadId></Upload>"
                      "<Upload><Key>other</Key><UploadId>2</UploadId></Upload>"
                      "</ListMultipartUploadsResult>")},
        {.match = "DELETE /models/r/k?uploadId=1", .status = 204},
        {0}};
    struct oc_err err = {0};
    uint64_t count = 0;
    struct fixture f;

    begin(&f, state, rules);
    ok(oc_s3_count_uploads(f.s3, OC_STR("r/"), &count, &err));
    assert_int_equal(count, 1);
    ok(oc_s3_abort_uploads(f.s3, OC_STR("r/"), &err));
    assert_int_equal(f.server.served[1], 1);
    assert_int_equal(f.server.requests, 3);
    end(&f);
}

/* A page with more uploads than a page may have, with what is no upload, and with half of one. */
static void broken_lists_of_uploads_are_refused(void **state)
{
    static const struct {
        const char *repeated, *then, *why;
    } lists[] = {
        {"<Upload><Key>k</Key><UploadId>1</UploadId></Upload>", "", "more than 1000 uploads"},
        {"<Upload/>", "<IsTruncated>true</IsTruncated>", "where the next page begins"},
        {"<Upload/>", "<Upload><Key>k</Key></Upload><Wrong", "not XML"},
        {"", "<NextKeyMarker>k</NextKeyMarker><IsTruncated>true</IsTruncated>", "there before"},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
        struct fake_rule rules[] = {{.match = "GET ", .status = 200}, {0}};
        struct oc_err err = {0};
        uint64_t count = 7;
        struct fixture f;

        oc_buf_init(&body, 1 << 20);
        oc_buf_put_str(&body, "<ListMultipartUploadsResult>");
        for (int n = 0; n < 1005; n++)
            oc_buf_put_str(&body, lists[i].repeated);
        oc_buf_printf(&body, "%s</ListMultipartUploadsResult>", lists[i].then);
        rules[0].body = oc_buf_slice(&body);
        begin(&f, state, rules);
        assert_int_equal(oc_s3_count_uploads(f.s3, OC_STR(""), &count, &err), OC_EIO);
        assert_has(err.text, lists[i].why);
        assert_int_equal(count, 7);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(put_is_signed_and_carries_checksums, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(host_style_puts_the_bucket_before_the_host, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(bad_options_are_named, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(range_is_read_only_from_the_object_that_was_meant,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(range_without_bytes_is_not_an_empty_object, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(bytes_of_two_objects_are_not_mixed, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(an_object_that_changes_each_time_is_told, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(head_gives_size_and_tag, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(errors_are_mapped_and_only_some_tried_again, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_for_the_time_is_known_by_the_date, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(failures_that_pass_are_overcome, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_call_that_gets_nowhere_gives_way_to_others, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(refused_keys_are_read_again_from_the_file, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(stop_ends_calls_that_wait, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(list_goes_through_all_pages, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(broken_lists_are_refused, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(lists_that_lead_in_a_circle_are_refused, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(broken_lists_of_uploads_are_refused, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(memory_may_run_out_anywhere, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(large_object_goes_in_pieces, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(unfinished_uploads_are_aborted, folder_setup,
                                        folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
