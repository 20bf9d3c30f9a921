/*
 * SigV4 on any bytes: no crash; a request that was not signed with our key is never accepted; and
 * what we sign ourselves is always accepted, whatever the path, query, header and body are.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/sigv4.h"

#define NOW_MS      1440938160000 /* 2015-08-30T12:36:00Z */
#define HEADERS_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Lines: method, path, query, then `name:value` headers, an empty one, and the body. */
static void read_request(struct oc_slice rest, struct oc_sigv4_header *headers,
                         struct oc_sigv4_request *request)
{
    *request = (struct oc_sigv4_request){.headers = headers};
    request->method = oc_slice_cut(&rest, '\n');
    request->path = oc_slice_cut(&rest, '\n');
    request->query = oc_slice_cut(&rest, '\n');
    while (rest.ptr && request->header_count < HEADERS_MAX - 4) {
        struct oc_slice line = oc_slice_cut(&rest, '\n');

        if (line.len == 0)
            break;
        headers[request->header_count].name = oc_slice_cut(&line, ':');
        headers[request->header_count++].value = line;
    }
    request->body = rest;
}

/* The verdict with our key on whatever the request claims. */
static int judge(const struct oc_sigv4_request *request, struct oc_slice secret,
                 struct oc_arena *arena)
{
    const struct oc_sigv4_expected expected = {.service = OC_STR("bedrock"), .now_ms = NOW_MS};
    struct oc_sigv4_claim claim;
    uint8_t key[OC_SHA256_LEN];
    struct oc_err err = {0};

    int rc = oc_sigv4_parse(request, &expected, arena, &claim, &err);
    if (rc >= 0) {
        const struct oc_sigv4_scope scope = {.access_key_id = claim.access_key_id,
                                             .secret = secret,
                                             .date = claim.date,
                                             .region = claim.region,
                                             .service = claim.service};

        require(oc_sigv4_signing_key(&scope, key, &err) == OC_OK);
        rc = oc_sigv4_verify(&claim, request, key, arena, &err);
    }
    require(rc >= 0 || (err.name && err.text[0]));
    return rc;
}

/* Sign a request of these parts; no header of it may be one that verifying reads. */
static void check_own(struct oc_sigv4_request request, struct oc_arena *arena)
{
    static const struct oc_sigv4_signer signer = {.access_key_id = {"AKIDEXAMPLE", 11},
                                                  .secret = {"secret", 6},
                                                  .session_token = {"token", 5},
                                                  .region = {"us-east-1", 9},
                                                  .service = {"bedrock", 7},
                                                  .now_ms = NOW_MS,
                                                  .expires_s = 60};
    struct oc_sigv4_header headers[HEADERS_MAX] = {{OC_STR("Host"), OC_STR("h")}};
    struct oc_sigv4_signed made;
    struct oc_err err = {0};

    headers[1] = (struct oc_sigv4_header){OC_STR("X-Custom"), request.method};
    request.headers = headers;
    request.header_count = 2;
    int rc = oc_sigv4_sign(&signer, &request, arena, &made, &err);
    require(rc == OC_OK);
    memcpy(headers + 2, made.headers, made.header_count * sizeof(made.headers[0]));
    request.header_count += made.header_count;
    /* A query that itself looks like credentials is rightly refused, all others must pass. */
    enum oc_credentials_kind kind;
    struct oc_slice value;
    if (oc_credentials_find(&request, &kind, &value, &err) == OC_OK)
        require(judge(&request, signer.secret, arena) == OC_OK);
    require(judge(&request, OC_STR("another"), arena) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_sigv4_header headers[HEADERS_MAX];
    struct oc_sigv4_request request;
    struct oc_arena arena;

    oc_arena_init(&arena, 64UL << 20);
    read_request((struct oc_slice){(const char *)data, size}, headers, &request);
    require(judge(&request, OC_STR("a secret that no input knows"), &arena) < 0);
    check_own(request, &arena);
    oc_arena_clear(&arena);
    return 0;
}
