/* From keys and requests to callers: auth/access_key, auth/identity, auth/access. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "auth/access.h"
#include "auth/access_key.h"
#include "auth/identity.h"
#include "base/fault.h"

#define NOW_MS   1440938160000 /* 2015-08-30T12:36:00Z */
#define ACCOUNT  "111122223333"
#define KEYS_MAX 4

/* -- a store of keys -------------------------------------------------------------------------- */

struct stored {
    char id[32];
    char digest[OC_SHA256_HEX_LEN];
    char record[2048];
    size_t len;
};

struct fixture {
    struct stored keys[KEYS_MAX];
    size_t key_count;
    unsigned lookups;
    int lookup_rc; /* a failure to answer with; OC_OK: look */
    struct oc_authenticator *authenticator;
    struct oc_secret_box box;
    struct oc_arena arena;
    struct oc_err err;
    struct oc_sigv4_header headers[8];
    struct oc_sigv4_request request;
    struct oc_sigv4_signer signer;
    struct oc_new_key made;
    int64_t now_ms;
};

/* Stands for the keyring: the bytes turned over, with the key's id behind. */
static int seal(void *ctx, struct oc_slice aad, struct oc_slice plain, struct oc_buf *ret,
                struct oc_err *err)
{
    (void)ctx;
    (void)err;
    for (size_t i = 0; i < plain.len; i++)
        oc_buf_put_char(ret, (char)(plain.ptr[i] ^ 0x55));
    oc_buf_put_slice(ret, aad);
    return OC_OK;
}

static int open_sealed(void *ctx, struct oc_slice aad, struct oc_slice sealed, struct oc_buf *ret,
                       struct oc_err *err)
{
    (void)ctx;
    if (!oc_slice_has_suffix(sealed, aad))
        return oc_fail(err, OC_ECORRUPT, "sealed for another key");
    for (size_t i = 0; i < sealed.len - aad.len; i++)
        oc_buf_put_char(ret, (char)(sealed.ptr[i] ^ 0x55));
    return OC_OK;
}

static int look_up(enum oc_identity_by by, struct oc_slice key, struct oc_buf *ret,
                   struct oc_err *err, void *ctx)
{
    struct fixture *f = ctx;

    __atomic_fetch_add(&f->lookups, 1, __ATOMIC_RELAXED);
    if (f->lookup_rc < 0)
        return oc_fail(err, (enum oc_rc)f->lookup_rc, "the store is gone");
    for (size_t i = 0; i < f->key_count; i++) {
        struct oc_slice digest = {f->keys[i].digest, OC_SHA256_HEX_LEN};

        if (!oc_slice_eq(key, by == OC_IDENTITY_BY_ID ? oc_slice_of(f->keys[i].id) : digest))
            continue;
        oc_buf_put(ret, f->keys[i].record, f->keys[i].len);
        return OC_OK;
    }
    return oc_fail(err, OC_ENOTFOUND, "no such key");
}

static void store(struct fixture *f, const struct oc_access_key *key, size_t at)
{
    struct oc_buf buf;

    oc_buf_init(&buf, sizeof(f->keys[at].record));
    if (oc_access_key_encode(key, &f->box, &buf, &f->err) < 0)
        fail_msg("encode: %s", f->err.text);
    (void)snprintf(f->keys[at].id, sizeof(f->keys[at].id), "%.*s", OC_FMT(key->id));
    if (key->token_sha256.ptr)
        memcpy(f->keys[at].digest, key->token_sha256.ptr, OC_SHA256_HEX_LEN);
    memcpy(f->keys[at].record, buf.ptr, buf.len);
    f->keys[at].len = buf.len;
    oc_buf_clear(&buf);
}

static struct oc_access_key make_key(struct fixture *f, enum oc_access_key_kind kind)
{
    assert_int_equal(oc_new_key_make(kind, &f->made, &f->err), OC_OK);
    return (struct oc_access_key){
        .kind = kind,
        .id = oc_slice_of(f->made.id),
        .account = OC_STR(ACCOUNT),
        .user = OC_STR("alice"),
        .secret = kind == OC_ACCESS_KEY_BEARER ? (struct oc_slice){0} : oc_slice_of(f->made.secret),
        .token_sha256 = kind == OC_ACCESS_KEY_PERMANENT ? (struct oc_slice){0}
                                                        : oc_slice_of(f->made.token_sha256),
        .policy = OC_STR(OC_POLICY_ADMINISTRATOR),
        .creation_ms = NOW_MS,
    };
}

/* A fixture with one key of this kind, and a request that its owner would sign. */
static struct oc_access_key init(struct fixture *f, enum oc_access_key_kind kind)
{
    struct oc_authenticator_options options = {.lookup = look_up, .lookup_ctx = f};

    memset(f, 0, sizeof(*f));
    oc_arena_init(&f->arena, 1 << 20);
    f->box = (struct oc_secret_box){.seal = seal, .open = open_sealed};
    options.box = f->box;
    assert_int_equal(oc_authenticator_new(&options, &f->authenticator, &f->err), OC_OK);
    struct oc_access_key key = make_key(f, kind);
    store(f, &key, 0);
    f->key_count = 1;
    f->headers[0] = (struct oc_sigv4_header){OC_STR("Host"), OC_STR("bedrock.eu-west-1.test:7430")};
    f->request = (struct oc_sigv4_request){.method = OC_STR("GET"),
                                           .path = OC_STR("/model-copy-jobs"),
                                           .headers = f->headers,
                                           .header_count = 1};
    f->signer = (struct oc_sigv4_signer){.access_key_id = key.id,
                                         .secret = key.secret,
                                         .session_token = kind == OC_ACCESS_KEY_SESSION
                                                              ? oc_slice_of(f->made.token)
                                                              : (struct oc_slice){0},
                                         .region = OC_STR("us-east-1"),
                                         .service = OC_STR("bedrock"),
                                         .now_ms = NOW_MS,
                                         .expires_s = 60};
    f->now_ms = NOW_MS;
    return key;
}

static void clear(struct fixture *f)
{
    oc_authenticator_free(f->authenticator);
    oc_new_key_clear(&f->made);
    oc_arena_clear(&f->arena);
}

static void sign(struct fixture *f)
{
    struct oc_sigv4_signed made;

    f->request.header_count = 1;
    assert_int_equal(oc_sigv4_sign(&f->signer, &f->request, &f->arena, &made, &f->err), OC_OK);
    for (size_t i = 0; i < made.header_count; i++)
        f->headers[f->request.header_count++] = made.headers[i];
}

static void bear(struct fixture *f, const char *token)
{
    f->headers[1].name = OC_STR("authorization");
    f->headers[1].value = oc_arena_printf(&f->arena, "Bearer %s", token);
    f->request.header_count = 2;
}

static int authenticate(struct fixture *f, struct oc_caller *caller)
{
    static const struct oc_slice regions[] = {{"us-east-1", 9}, {"eu-west-1", 9}};
    const struct oc_auth_options options = {.service = OC_STR("bedrock"),
                                            .regions = regions,
                                            .region_count = 2,
                                            .default_region = OC_STR("us-east-1")};

    *caller = (struct oc_caller){0};
    return oc_authenticate(f->authenticator, &f->request, &options, f->now_ms, &f->arena, caller,
                           &f->err);
}

static void assert_accepted(struct fixture *f, const char *region)
{
    struct oc_caller caller;

    if (authenticate(f, &caller) < 0)
        fail_msg("refused: %s", f->err.text);
    assert_true(oc_slice_eq_str(caller.account, ACCOUNT));
    assert_true(oc_slice_eq_str(caller.user_arn, "arn:aws:iam::" ACCOUNT ":user/alice"));
    assert_true(oc_slice_eq_str(caller.access_key_id, f->keys[0].id));
    assert_true(oc_slice_eq_str(caller.region, region));
    assert_non_null(caller.policy);
    oc_caller_clear(&caller);
    assert_null(caller.identity);
    oc_caller_clear(&caller);
}

static void assert_refused(struct fixture *f, const char *name, const char *text)
{
    struct oc_caller caller;

    if (authenticate(f, &caller) != OC_EDENIED || strcmp(f->err.name, name) != 0)
        fail_msg("%s: %s", f->err.name ? f->err.name : "-", f->err.text);
    assert_string_equal(f->err.text, text);
    assert_null(caller.identity);
}

#define UNRECOGNIZED                                                                               \
    "UnrecognizedClientException", "The security token included in the request is invalid."

/* -- records ---------------------------------------------------------------------------------- */

static void new_keys_have_the_forms_of_aws(void **state)
{
    struct oc_new_key key, other;
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_new_key_make(OC_ACCESS_KEY_PERMANENT, &key, &err), OC_OK);
    assert_int_equal(oc_new_key_make(OC_ACCESS_KEY_PERMANENT, &other, &err), OC_OK);
    assert_memory_equal(key.id, "AKIA", 4);
    assert_int_equal(strspn(key.id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), OC_ACCESS_KEY_ID_LEN);
    assert_int_equal(strlen(key.secret), OC_ACCESS_KEY_SECRET_LEN);
    assert_string_equal(key.token, "");
    assert_string_not_equal(key.id, other.id);
    assert_string_not_equal(key.secret, other.secret);
    assert_int_equal(oc_new_key_make(OC_ACCESS_KEY_SESSION, &key, &err), OC_OK);
    assert_memory_equal(key.id, "ASIA", 4);
    assert_int_equal(strlen(key.token), OC_ACCESS_KEY_TOKEN_LEN);
    assert_int_equal(strlen(key.token_sha256), OC_SHA256_HEX_LEN);
    assert_int_equal(oc_new_key_make(OC_ACCESS_KEY_BEARER, &key, &err), OC_OK);
    assert_memory_equal(key.token, "ABSK", 4);
    assert_string_equal(key.secret, "");
}

static void a_record_holds_neither_secret_nor_token_and_is_read_back(void **state)
{
    struct fixture f;
    struct oc_access_key key = init(&f, OC_ACCESS_KEY_SESSION), got;

    (void)state;
    key.expiration_ms = NOW_MS + 1;
    key.disabled = true;
    store(&f, &key, 0);
    struct oc_slice record = {f.keys[0].record, f.keys[0].len};
    assert_true(oc_slice_find_slice(record, key.secret) < 0);
    assert_true(oc_slice_find_slice(record, oc_slice_of(f.made.token)) < 0);
    assert_int_equal(oc_access_key_decode(record, &f.box, &f.arena, &got, &f.err), OC_OK);
    assert_int_equal(got.kind, key.kind);
    assert_true(oc_slice_eq(got.id, key.id) && oc_slice_eq(got.account, key.account) &&
                oc_slice_eq(got.user, key.user) && oc_slice_eq(got.secret, key.secret) &&
                oc_slice_eq(got.token_sha256, key.token_sha256) &&
                oc_slice_eq(got.policy, key.policy));
    assert_int_equal(got.creation_ms, key.creation_ms);
    assert_int_equal(got.expiration_ms, key.expiration_ms);
    assert_true(got.disabled);
    assert_int_equal(oc_access_key_decode(record, NULL, &f.arena, &got, &f.err), OC_OK);
    assert_null(got.secret.ptr);
    clear(&f);
}

static void keys_that_break_a_rule_are_not_stored(void **state)
{
    struct fixture f;
    const struct oc_access_key good = init(&f, OC_ACCESS_KEY_PERMANENT);
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 4096);
    for (int i = 0; i < 9; i++) {
        struct oc_access_key key = good;

        switch (i) {
        case 0:
            key.id = OC_STR("AKIA/1");
            break;
        case 1:
            key.account = OC_STR("1");
            break;
        case 2:
            key.user = OC_STR("a b");
            break;
        case 3:
            key.secret = (struct oc_slice){0};
            break;
        case 4:
            key.secret = OC_STR("");
            break;
        case 5:
            key.token_sha256 = OC_STR("00");
            break;
        case 6:
            key.kind = OC_ACCESS_KEY_SESSION;
            break;
        case 7:
            key.kind = OC_ACCESS_KEY_BEARER;
            break;
        default:
            key.policy = OC_STR("{}");
            break;
        }
        if (oc_access_key_encode(&key, &f.box, &buf, &f.err) != OC_EINVAL)
            fail_msg("case %d", i);
        oc_buf_reset(&buf);
    }
    oc_buf_clear(&buf);
    clear(&f);
}

static void records_that_are_none_are_corrupt(void **state)
{
    static const struct {
        const char *record;
        int want;
    } cases[] = {
        {"", OC_ECORRUPT},
        {"[]", OC_ECORRUPT},
        {"{\"version\":2}", OC_EINVAL},
        {"{\"version\":1,\"kind\":\"other\"}", OC_ECORRUPT},
        {"{\"version\":1,\"kind\":\"permanent\",\"id\":\"A\",\"account\":\"111122223333\",\"user\":"
         "\"a\"}",
         OC_ECORRUPT},
        {"{\"version\":1,\"kind\":\"permanent\",\"id\":\"A\",\"account\":\"111122223333\",\"user\":"
         "\"a\",\"secret\":\"%\"}",
         OC_ECORRUPT},
        /* sealed for another id */
        {"{\"version\":1,\"kind\":\"permanent\",\"id\":\"A\",\"account\":\"111122223333\",\"user\":"
         "\"a\",\"secret\":\"AAAA\"}",
         OC_ECORRUPT},
    };
    struct fixture f;
    struct oc_access_key got;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (oc_access_key_decode(oc_slice_of(cases[i].record), &f.box, &f.arena, &got, &f.err) !=
            cases[i].want)
            fail_msg("%s: %s", cases[i].record, f.err.text);
    }
    clear(&f);
}

/* -- callers ---------------------------------------------------------------------------------- */

static void every_kind_of_key_is_accepted(void **state)
{
    struct fixture f;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    sign(&f);
    assert_accepted(&f, "us-east-1");
    f.request.header_count = 1;
    assert_int_equal(oc_sigv4_presign(&f.signer, &f.request, &f.arena, &f.request.query, &f.err),
                     OC_OK);
    assert_accepted(&f, "us-east-1");
    assert_int_equal(f.lookups, 1);
    clear(&f);
    (void)init(&f, OC_ACCESS_KEY_SESSION);
    sign(&f);
    assert_accepted(&f, "us-east-1");
    f.request.header_count = 1;
    assert_int_equal(oc_sigv4_presign(&f.signer, &f.request, &f.arena, &f.request.query, &f.err),
                     OC_OK);
    assert_accepted(&f, "us-east-1");
    clear(&f);
    (void)init(&f, OC_ACCESS_KEY_BEARER);
    bear(&f, f.made.token);
    assert_accepted(&f, "eu-west-1");
    clear(&f);
}

static void the_region_of_a_bearer_key_is_that_of_the_host(void **state)
{
    static const struct {
        const char *host, *region;
    } cases[] = {
        {"bedrock.eu-west-1.example.com", "eu-west-1"},
        {"BEDROCK.eu-west-1.x:7430", "eu-west-1"},
        {"bedrock.example.com", "us-east-1"},
        {"localhost:7430", "us-east-1"},
        {"s3.eu-west-1.example.com", "us-east-1"},
        {"bedrock.mars-1.example.com", "us-east-1"},
        {"[::1]:7430", "us-east-1"},
        {"", "us-east-1"},
    };
    struct fixture f;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_BEARER);
    bear(&f, f.made.token);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f.headers[0].value = oc_slice_of(cases[i].host);
        assert_accepted(&f, cases[i].region);
    }
    clear(&f);
}

static void unknown_keys_disabled_keys_and_wrong_tokens_look_the_same(void **state)
{
    struct fixture f;
    struct oc_access_key key;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    f.signer.access_key_id = OC_STR("AKIAUNKNOWN");
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    f.signer.access_key_id = OC_STR("AKIA-not.an.id");
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    f.signer.access_key_id = oc_slice_of(f.made.id);
    f.signer.session_token = OC_STR("unwanted");
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
    (void)init(&f, OC_ACCESS_KEY_SESSION);
    f.signer.session_token = OC_STR("wrong");
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    f.signer.session_token = (struct oc_slice){0};
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
    key = init(&f, OC_ACCESS_KEY_PERMANENT);
    key.disabled = true;
    store(&f, &key, 0);
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
    key = init(&f, OC_ACCESS_KEY_BEARER);
    bear(&f, "ABSKwrong");
    assert_refused(&f, UNRECOGNIZED);
    bear(&f, "");
    assert_refused(&f, UNRECOGNIZED);
    key.disabled = true;
    store(&f, &key, 0);
    bear(&f, f.made.token);
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
}

/* A bearer key has no secret; nothing signed with an empty one may pass. */
static void a_bearer_key_cannot_sign(void **state)
{
    struct fixture f;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_BEARER);
    f.signer.secret = OC_STR("");
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
}

static void a_store_that_answers_with_another_key_is_not_believed(void **state)
{
    struct fixture f;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    (void)snprintf(f.keys[0].id, sizeof(f.keys[0].id), "AKIAOTHER");
    f.signer.access_key_id = OC_STR("AKIAOTHER");
    sign(&f);
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
    (void)init(&f, OC_ACCESS_KEY_BEARER);
    assert_int_equal(oc_token_digest(OC_STR("mine"), f.keys[0].digest, &f.err), OC_OK);
    bear(&f, "mine");
    assert_refused(&f, UNRECOGNIZED);
    clear(&f);
}

static void a_wrong_secret_and_a_foreign_region_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    f.signer.secret = OC_STR("wrong");
    sign(&f);
    assert_refused(&f, "InvalidSignatureException",
                   "The request signature we calculated does not match the signature you provided. "
                   "Check your AWS Secret Access Key and signing method. Consult the service "
                   "documentation for details.");
    f.signer.region = OC_STR("mars-1");
    sign(&f);
    assert_refused(&f, "InvalidSignatureException",
                   "Credential should be scoped to a valid region, not 'mars-1'.");
    assert_int_equal(f.lookups, 1);
    f.request.header_count = 1;
    assert_refused(&f, "MissingAuthenticationTokenException", "Missing Authentication Token");
    clear(&f);
}

static void a_key_past_its_end_is_expired(void **state)
{
    struct fixture f;
    struct oc_access_key key = init(&f, OC_ACCESS_KEY_SESSION);

    (void)state;
    key.expiration_ms = NOW_MS + 1000;
    store(&f, &key, 0);
    sign(&f);
    assert_accepted(&f, "us-east-1");
    f.now_ms = NOW_MS + 1000;
    assert_refused(&f, "ExpiredTokenException",
                   "The security token included in the request is expired");
    clear(&f);
}

static void a_disabled_key_stops_at_once(void **state)
{
    struct fixture f;
    struct oc_access_key key = init(&f, OC_ACCESS_KEY_PERMANENT);
    struct oc_caller caller;

    (void)state;
    sign(&f);
    assert_int_equal(authenticate(&f, &caller), OC_OK);
    key.disabled = true;
    store(&f, &key, 0);
    oc_authenticator_forget(f.authenticator, key.id);
    assert_refused(&f, UNRECOGNIZED);
    /* a caller that was handed out before is still whole */
    assert_true(oc_slice_eq_str(caller.user_arn, "arn:aws:iam::" ACCOUNT ":user/alice"));
    oc_caller_clear(&caller);
    clear(&f);
}

static void an_old_identity_is_loaded_anew(void **state)
{
    struct fixture f;
    struct oc_authenticator_options options = {
        .lookup = look_up, .lookup_ctx = &f, .max_age_ms = 1000};

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    oc_authenticator_free(f.authenticator);
    options.box = f.box;
    assert_int_equal(oc_authenticator_new(&options, &f.authenticator, &f.err), OC_OK);
    sign(&f);
    assert_accepted(&f, "us-east-1");
    f.now_ms = NOW_MS + 1000;
    assert_accepted(&f, "us-east-1");
    assert_int_equal(f.lookups, 1);
    f.now_ms = NOW_MS + 1001;
    assert_accepted(&f, "us-east-1");
    assert_int_equal(f.lookups, 2);
    f.now_ms = NOW_MS; /* the clock was set back */
    assert_accepted(&f, "us-east-1");
    assert_int_equal(f.lookups, 3);
    clear(&f);
}

static void a_store_that_fails_fails_the_request(void **state)
{
    struct fixture f;
    struct oc_caller caller;

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    sign(&f);
    f.lookup_rc = OC_EIO;
    assert_int_equal(authenticate(&f, &caller), OC_EIO);
    f.lookup_rc = OC_OK;
    assert_accepted(&f, "us-east-1");
    (void)snprintf(f.keys[0].record, sizeof(f.keys[0].record), "{}");
    f.keys[0].len = 2;
    oc_authenticator_forget(f.authenticator, OC_STR("x"));
    assert_int_equal(authenticate(&f, &caller), OC_ECORRUPT);
    clear(&f);
}

static void exhausted_memory_is_an_error_and_nothing_leaks(void **state)
{
    unsigned fired = 1;

    (void)state;
    for (unsigned nth = 1; fired > 0; nth++) {
        struct fixture f;
        struct oc_caller caller;

        (void)init(&f, OC_ACCESS_KEY_SESSION);
        sign(&f);
        oc_fault_arm(OC_FAULT_ALLOC, nth, nth % 2 ? OC_FAULT_ONCE : OC_FAULT_ALWAYS);
        int rc = authenticate(&f, &caller);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_int_equal(rc, fired ? OC_ENOMEM : OC_OK);
        oc_caller_clear(&caller);
        clear(&f);
        assert_true(nth < 1000);
    }
    for (unsigned nth = 1; nth <= 3; nth++) {
        struct oc_authenticator_options options = {.lookup = look_up};
        struct oc_authenticator *authenticator;
        struct oc_err err = {0};

        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        assert_int_equal(oc_authenticator_new(&options, &authenticator, &err), OC_ENOMEM);
    }
    oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
}

struct worker {
    struct fixture *f;
    unsigned accepted;
};

static void *work(void *ptr)
{
    static const struct oc_slice regions[] = {{"us-east-1", 9}};
    const struct oc_auth_options options = {.service = OC_STR("bedrock"),
                                            .regions = regions,
                                            .region_count = 1,
                                            .default_region = regions[0]};
    struct worker *worker = ptr;
    struct oc_arena arena;

    oc_arena_init(&arena, 1 << 20);
    for (int i = 0; i < 2000; i++) {
        struct oc_caller caller;
        struct oc_err err = {0};

        if (oc_authenticate(worker->f->authenticator, &worker->f->request, &options, NOW_MS, &arena,
                            &caller, &err) == OC_OK) {
            worker->accepted += oc_slice_eq_str(caller.account, ACCOUNT);
            oc_caller_clear(&caller);
        }
        if (i % 50 == 0)
            oc_authenticator_forget(worker->f->authenticator, worker->f->signer.access_key_id);
        oc_arena_reset(&arena);
    }
    oc_arena_clear(&arena);
    return NULL;
}

static void threads_share_an_authenticator(void **state)
{
    struct fixture f;
    struct worker workers[4];
    pthread_t threads[4];

    (void)state;
    (void)init(&f, OC_ACCESS_KEY_PERMANENT);
    sign(&f);
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (struct worker){.f = &f};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].accepted, 2000);
    }
    clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_keys_have_the_forms_of_aws),
        cmocka_unit_test(a_record_holds_neither_secret_nor_token_and_is_read_back),
        cmocka_unit_test(keys_that_break_a_rule_are_not_stored),
        cmocka_unit_test(records_that_are_none_are_corrupt),
        cmocka_unit_test(every_kind_of_key_is_accepted),
        cmocka_unit_test(the_region_of_a_bearer_key_is_that_of_the_host),
        cmocka_unit_test(unknown_keys_disabled_keys_and_wrong_tokens_look_the_same),
        cmocka_unit_test(a_bearer_key_cannot_sign),
        cmocka_unit_test(a_store_that_answers_with_another_key_is_not_believed),
        cmocka_unit_test(a_wrong_secret_and_a_foreign_region_are_refused),
        cmocka_unit_test(a_key_past_its_end_is_expired),
        cmocka_unit_test(a_disabled_key_stops_at_once),
        cmocka_unit_test(an_old_identity_is_loaded_anew),
        cmocka_unit_test(a_store_that_fails_fails_the_request),
        cmocka_unit_test(exhausted_memory_is_an_error_and_nothing_leaks),
        cmocka_unit_test(threads_share_an_authenticator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
