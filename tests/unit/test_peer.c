/* The client side of another Region against a server that misbehaves: what each answer means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_server.h"
#include "peer/peer.h"

#define ARN "arn:aws:bedrock:us-east-1:111111111111:custom-model/imported/abcdefghij12"
#define DESCRIBED                                                                                  \
    "{\"modelArn\":\"" ARN "\",\"modelName\":\"mine\",\"baseModelArn\":"                           \
    "\"arn:aws:bedrock:us-east-1::foundation-model/imported.bert\",\"modelStatus\":\"Active\","    \
    "\"manifestSha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","     \
    "\"sizeBytes\":12,\"tags\":[{\"key\":\"a\",\"value\":\"b\"}],\"policyAllows\":true}"

static struct oc_err err;

static struct oc_peer *make_peer(const char *url)
{
    struct oc_peer_options options = {.region = OC_STR("us-east-1"),
                                      .url = oc_slice_of(url),
                                      .access_key_id = OC_STR("AKIA0000000000000000"),
                                      .secret = OC_STR("secret"),
                                      .stall_timeout_ms = 1000};
    struct oc_peer *peer = NULL;

    err = (struct oc_err){0};
    assert_int_equal(oc_peer_new(&options, &peer, &err), OC_OK);
    return peer;
}

static struct oc_peer_question question(int64_t patience_ms)
{
    return (struct oc_peer_question){.model_arn = OC_STR(ARN),
                                     .account = OC_STR("222222222222"),
                                     .principal = OC_STR("arn:aws:iam::222222222222:user/bob"),
                                     .region = OC_STR("us-west-2"),
                                     .patience_ms = patience_ms};
}

static int ask(struct oc_peer *peer, struct oc_arena *arena, struct oc_peer_model *ret,
               int64_t patience_ms)
{
    struct oc_peer_question q = question(patience_ms);

    err = (struct oc_err){0};
    return oc_peer_get_model(peer, &q, arena, ret, &err);
}

static void urls_are_checked(void **state)
{
    static const struct {
        const char *url;
        int rc;
    } table[] = {
        {"https://copy.example.org", OC_OK},
        {"https://copy.example.org:7430/", OC_OK},
        {"https://[2001:db8::1]:7430", OC_OK},
        {"http://127.0.0.1:7430", OC_OK},
        {"http://[::1]:7430", OC_OK},
        {"http://localhost", OC_OK},
        {"http://copy.example.org", OC_EINVAL},
        {"http://127.example.org", OC_EINVAL},
        {"http://localhost.example.org", OC_EINVAL},
        {"http://[2001:db8::1]", OC_EINVAL},
        {"https://", OC_EINVAL},
        {"https://host:0", OC_EINVAL},
        {"https://host:65536", OC_EINVAL},
        {"https://host:x", OC_EINVAL},
        {"https://host/path", OC_EINVAL},
        {"https://user@host", OC_EINVAL},
        {"https://[::1", OC_EINVAL},
        {"https://[::1]x", OC_EINVAL},
        {"ftp://host", OC_EINVAL},
        {"", OC_EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct oc_peer_options options = {.region = OC_STR("us-east-1"),
                                          .url = oc_slice_of(table[i].url),
                                          .access_key_id = OC_STR("AKIA0000000000000000"),
                                          .secret = OC_STR("secret")};
        struct oc_peer *peer = NULL;

        if (oc_peer_new(&options, &peer, &err) != table[i].rc)
            fail_msg("'%s': %s", table[i].url, err.text);
        oc_peer_free(peer);
    }
}

static void a_model_is_read_and_asked_for_by_a_signed_post(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "POST /-/peer/models/arn%3Aaws%3Abedrock%3Aus-east-1%3A111111111111%3A"
                  "custom-model%2Fimported%2Fabcdefghij12 HTTP/1.1",
         .status = 200,
         .body = {DESCRIBED, sizeof(DESCRIBED) - 1}},
        {0}};
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_peer_model model;
    struct fake_server server;
    struct oc_peer *peer;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    assert_int_equal(ask(peer, &arena, &model, 0), OC_OK);
    assert_true(oc_slice_eq_str(model.name, "mine"));
    assert_true(oc_slice_eq_str(model.status, "Active"));
    assert_int_equal(model.size_bytes, 12);
    assert_int_equal(model.tags.count, 1);
    assert_true(model.policy_allows);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "Authorization: AWS4-HMAC-SHA256 Credential="
                                             "AKIA0000000000000000/"));
    assert_non_null(strstr(server.last_head, "/us-east-1/bedrock/aws4_request"));
    oc_peer_free(peer);
}

static void answers_become_codes(void **state)
{
    static const struct {
        int status;
        const char *type, *body;
        int rc;
        const char *text;
    } table[] = {
        {404, "ResourceNotFoundException", "{\"message\":\"gone\"}", OC_ENOTFOUND, "gone"},
        {403, "AccessDeniedException", "{\"message\":\"no\"}", OC_EDENIED, "no"},
        {403, "UnrecognizedClientException", "{\"message\":\"x\"}", OC_EBUSY,
         "refuses our peer key"},
        {403, "InvalidSignatureException", "{}", OC_EBUSY, "refuses our peer key"},
        {400, "ValidationException", "{\"message\":\"key\"}", OC_EINVAL, "key"},
        {400, "ConflictException", "{\"message\":\"rot\"}", OC_ECORRUPT, "rot"},
        {404, "UnknownOperationException", "{}", OC_EBUSY, "does not know what is asked"},
        {500, "InternalServerException", "{}", OC_EBUSY, "status 500"},
        {429, "ThrottlingException", "", OC_EBUSY, "status 429"},
        {302, "", "<html>", OC_EBUSY, "status 302"},
        {200, "", "not json", OC_EBUSY, "gives an answer that"},
        {200, "", "{}", OC_EBUSY, "gives an answer that"},
        {200, "", "{\"modelName\":7}", OC_EBUSY, "gives an answer that"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
        OC_AUTO(oc_buf_clear) struct oc_buf headers = {0};
        struct fake_server server;
        struct oc_peer_model model;
        struct oc_peer *peer;

        oc_arena_init(&arena, 1 << 20);
        oc_buf_init(&headers, 1024);
        oc_buf_printf(&headers, "x-amzn-ErrorType: %s\r\n", table[i].type);
        const struct fake_rule rules[] = {
            {.match = "POST",
             .status = table[i].status,
             .headers = table[i].type[0] ? oc_buf_cstr(&headers) : NULL,
             .body = oc_slice_of(table[i].body)},
            {0}};
        fake_server_start(&server, rules);
        peer = make_peer(server.endpoint);
        if (ask(peer, &arena, &model, 0) != table[i].rc || !strstr(err.text, table[i].text))
            fail_msg("%d %s: %d %s", table[i].status, table[i].type, err.rc, err.text);
        if (table[i].rc == OC_EBUSY)
            assert_non_null(strstr(err.text, "Region us-east-1 (http://127.0.0.1:"));
        oc_peer_free(peer);
        fake_server_stop(&server);
    }
}

static void clocks_that_are_apart_are_told_as_such(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST",
                                              .status = 403,
                                              .headers =
                                                  "x-amzn-ErrorType: InvalidSignatureException\r\n"
                                                  "Date: Sun, 23 Nov 2036 10:48:20 GMT\r\n"},
                                             {0}};
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_peer_model model;
    struct fake_server server;
    struct oc_peer *peer;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    oc_clock_set(2111050100000 - 301000);
    assert_int_equal(ask(peer, &arena, &model, 0), OC_EBUSY);
    assert_non_null(strstr(err.text, "its clock and ours are 301 seconds apart; set the one"));
    oc_clock_set(2111050100000 + 299000);
    assert_int_equal(ask(peer, &arena, &model, 0), OC_EBUSY);
    assert_non_null(strstr(err.text, "outcrop key add"));
    oc_clock_set(-1);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

static void a_peer_that_is_away_is_not_asked_again_at_once(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST", .status = 503}, {0}};
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_peer_model model;
    struct fake_server server;
    struct oc_peer *peer;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask(peer, &arena, &model, 5000), OC_EBUSY);
    assert_non_null(strstr(err.text, "status 503"));
    assert_int_equal(server.requests, 1);
    assert_int_equal(ask(peer, &arena, &model, 0), OC_EBUSY); /* who is patient does ask */
    assert_int_equal(server.requests, 2);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

/* Six parts that break off at the same time are one failure, not six. */
static void failures_at_one_time_do_not_add_up(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST", .status = 503}, {0}};
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_peer_model model;
    struct fake_server server;
    struct oc_peer *peer;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    for (int i = 0; i < 6; i++)
        assert_int_equal(ask(peer, &arena, &model, 0), OC_EBUSY);
    assert_int_equal(server.requests, 6);
    (void)usleep(1200000);
    assert_int_equal(ask(peer, &arena, &model, 5000), OC_EBUSY);
    assert_int_equal(server.requests, 7);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

/* The same of parts, for who can do without: the scrubber. */
static void a_part_is_not_asked_of_a_peer_that_is_away(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST", .status = 503}, {0}};
    struct oc_peer_question q = question(5000);
    uint8_t sha256[OC_SHA256_LEN] = {0}, to[16];
    struct fake_server server;
    struct oc_peer *peer;
    size_t len;

    (void)state;
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    for (int i = 0; i < 5; i++) {
        OC_AUTO(oc_buf_clear) struct oc_buf text = {0};

        oc_buf_init(&text, 1024);
        assert_int_equal(oc_peer_get_part(peer, &q, sha256, to, sizeof(to), &len, &err), OC_EBUSY);
        assert_int_equal(oc_peer_get_manifest(peer, &q, sha256, &text, &err), OC_EBUSY);
    }
    assert_int_equal(server.requests, 1);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

/* One that could not note a copy still answers other questions. */
static void a_copy_is_told(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "imported%2Fabcdefghij12/copies HTTP/1.1",
         .times = 1,
         .status = 200,
         .body = {"{}", 2}},
        {.match = "/copies HTTP/1.1", .status = 500},
        {.match = "POST", .status = 200, .body = {DESCRIBED, sizeof(DESCRIBED) - 1}},
        {0}};
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_peer_question q = question(5000);
    struct oc_slice copy = OC_STR("arn:aws:bedrock:us-west-2:222222222222:custom-model/imported/b");
    struct oc_peer_model model;
    struct fake_server server;
    struct oc_peer *peer;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    assert_int_equal(oc_peer_put_copy(peer, &q, copy, &err), OC_OK);
    assert_int_equal(oc_peer_put_copy(peer, &q, copy, &err), OC_EBUSY);
    assert_int_equal(ask(peer, &arena, &model, 5000), OC_OK);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

static bool yes(void *ctx)
{
    (void)ctx;
    return true;
}

static void a_call_can_be_canceled(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "POST", .status = 200, .body = {"", 0}, .hang_up = true}, {0}};
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_peer_question q = question(0);
    struct oc_peer_model model;
    struct fake_server server;
    struct oc_peer *peer;

    (void)state;
    oc_arena_init(&arena, 1 << 20);
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    q.is_canceled = yes;
    err = (struct oc_err){0};
    assert_int_equal(oc_peer_get_model(peer, &q, &arena, &model, &err), OC_ECANCELED);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

/* SHA-256 of "bytes". */
static void digest_of(const char *text, uint8_t ret[OC_SHA256_LEN])
{
    assert_int_equal(oc_sha256(oc_slice_of(text), ret, &err), OC_OK);
}

static int get_part(struct oc_peer *peer, uint8_t *to, size_t cap, size_t *ret_len)
{
    struct oc_peer_question q = question(0);
    uint8_t digest[OC_SHA256_LEN];

    digest_of("bytes", digest);
    err = (struct oc_err){0};
    return oc_peer_get_part(peer, &q, digest, to, cap, ret_len, &err);
}

static void a_part_is_verified_and_asked_for_again_when_it_is_wrong(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "/parts/", .times = 1, .status = 200, .body = {"bites", 5}},
        {.match = "/parts/", .times = 1, .status = 200, .body = {"more than there is room", 23}},
        {.match = "/parts/", .status = 200, .body = {"bytes", 5}},
        {0}};
    struct fake_server server;
    struct oc_peer *peer;
    uint8_t to[8] = {0};
    size_t len = 0;

    (void)state;
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    assert_int_equal(get_part(peer, to, sizeof(to), &len), OC_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(to, "bytes", 5);
    assert_int_equal(server.requests, 3);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

static void a_part_that_stays_wrong_is_corrupt(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "/parts/", .status = 200, .body = {"bites", 5}}, {0}};
    struct fake_server server;
    struct oc_peer *peer;
    uint8_t to[8];
    size_t len;

    (void)state;
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    assert_int_equal(get_part(peer, to, sizeof(to), &len), OC_ECORRUPT);
    assert_non_null(strstr(err.text, "Region us-east-1"));
    assert_non_null(strstr(err.text, "3 times"));
    assert_int_equal(server.requests, 3);
    fake_server_stop(&server);
    oc_peer_free(peer);
}

static void an_answer_that_breaks_off_says_nothing_of_the_part(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "/parts/", .status = 200, .body = {"bytes", 5}, .cut = 2}, {0}};
    struct fake_server server;
    struct oc_peer *peer;
    uint8_t to[8];
    size_t len;

    (void)state;
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    assert_int_equal(get_part(peer, to, sizeof(to), &len), OC_EBUSY);
    assert_non_null(strstr(err.text, "broke"));
    fake_server_stop(&server);
    oc_peer_free(peer);
}

/* Patience is for the whole question, however often it is asked anew. */
static void patience_ends_also_when_each_answer_comes_in_time(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "/parts/", .status = 200, .body = {"wrong", 5}, .delay_ms = 200}, {0}};
    struct oc_peer_question q = question(300);
    uint8_t sha256[OC_SHA256_LEN] = {0}, to[8];
    struct fake_server server;
    struct oc_peer *peer;
    size_t len;

    (void)state;
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    err = (struct oc_err){0};
    assert_int_equal(oc_peer_get_part(peer, &q, sha256, to, sizeof(to), &len, &err), OC_EBUSY);
    assert_non_null(strstr(err.text, "no answer within"));
    fake_server_stop(&server);
    oc_peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(a_model_is_read_and_asked_for_by_a_signed_post),
        cmocka_unit_test(answers_become_codes),
        cmocka_unit_test(clocks_that_are_apart_are_told_as_such),
        cmocka_unit_test(a_peer_that_is_away_is_not_asked_again_at_once),
        cmocka_unit_test(failures_at_one_time_do_not_add_up),
        cmocka_unit_test(a_part_is_not_asked_of_a_peer_that_is_away),
        cmocka_unit_test(a_copy_is_told),
        cmocka_unit_test(a_call_can_be_canceled),
        cmocka_unit_test(a_part_is_verified_and_asked_for_again_when_it_is_wrong),
        cmocka_unit_test(a_part_that_stays_wrong_is_corrupt),
        cmocka_unit_test(an_answer_that_breaks_off_says_nothing_of_the_part),
        cmocka_unit_test(patience_ends_also_when_each_answer_comes_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
