/*
 * The signer and the verifier on standard input and output, for test_sigv4_parity.py.
 *
 * A line in is a JSON object: mode ("sign", "presign" or "verify"), method, path, query, headers (a
 * list of [name, value]), body, id, secret, token, region, service, now (ms), expires (s). The line
 * out is the Authorization value, the query, or "ok"; or "error NAME: TEXT".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/sigv4.h"
#include "base/json.h"

#define HEADERS_MAX 64

struct task {
    struct oc_sigv4_header headers[HEADERS_MAX];
    struct oc_sigv4_request request;
    struct oc_sigv4_signer signer;
    struct oc_slice mode;
};

static struct oc_slice text_of(const struct oc_json *line, const char *name)
{
    return oc_json_string(oc_json_get(line, name));
}

static void read_task(const struct oc_json *line, struct task *task)
{
    const struct oc_json *headers = oc_json_get(line, "headers");
    size_t count = oc_json_size(headers);

    if (count > HEADERS_MAX)
        exit(2);
    for (size_t i = 0; i < count; i++) {
        task->headers[i].name = oc_json_string(oc_json_at(oc_json_at(headers, i), 0));
        task->headers[i].value = oc_json_string(oc_json_at(oc_json_at(headers, i), 1));
    }
    task->mode = text_of(line, "mode");
    task->request = (struct oc_sigv4_request){.method = text_of(line, "method"),
                                              .path = text_of(line, "path"),
                                              .query = text_of(line, "query"),
                                              .headers = task->headers,
                                              .header_count = count,
                                              .body = text_of(line, "body")};
    task->signer =
        (struct oc_sigv4_signer){.access_key_id = text_of(line, "id"),
                                 .secret = text_of(line, "secret"),
                                 .session_token = text_of(line, "token"),
                                 .region = text_of(line, "region"),
                                 .service = text_of(line, "service"),
                                 .now_ms = oc_json_int64(oc_json_get(line, "now"), 0),
                                 .expires_s = oc_json_int64(oc_json_get(line, "expires"), 0)};
}

static int verify(const struct task *task, struct oc_arena *arena, struct oc_slice *ret,
                  struct oc_err *err)
{
    const struct oc_sigv4_expected expected = {.service = task->signer.service,
                                               .regions = &task->signer.region,
                                               .region_count = 1,
                                               .now_ms = task->signer.now_ms};
    struct oc_sigv4_claim claim;
    uint8_t key[OC_SHA256_LEN];

    int rc = oc_sigv4_parse(&task->request, &expected, arena, &claim, err);
    if (rc < 0)
        return rc;
    if (!oc_slice_eq(claim.access_key_id, task->signer.access_key_id) ||
        !oc_slice_eq(claim.session_token, task->signer.session_token))
        return oc_fail_as(err, OC_EDENIED, "OtherCredentials", "id or token were misread");
    const struct oc_sigv4_scope scope = {.access_key_id = claim.access_key_id,
                                         .secret = task->signer.secret,
                                         .date = claim.date,
                                         .region = claim.region,
                                         .service = claim.service};
    rc = oc_sigv4_signing_key(&scope, key, err);
    if (rc >= 0)
        rc = oc_sigv4_verify(&claim, &task->request, key, arena, err);
    *ret = OC_STR("ok");
    return rc;
}

static int run(const struct task *task, struct oc_arena *arena, struct oc_slice *ret,
               struct oc_err *err)
{
    struct oc_sigv4_signed made;

    if (oc_slice_eq_str(task->mode, "verify"))
        return verify(task, arena, ret, err);
    if (oc_slice_eq_str(task->mode, "presign"))
        return oc_sigv4_presign(&task->signer, &task->request, arena, ret, err);
    int rc = oc_sigv4_sign(&task->signer, &task->request, arena, &made, err);
    if (rc >= 0)
        *ret = made.headers[made.header_count - 1].value;
    return rc;
}

int main(void)
{
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    struct oc_arena arena;

    oc_arena_init(&arena, 16UL << 20);
    while ((len = getline(&text, &cap, stdin)) > 0) {
        struct oc_json *line = NULL;
        struct task task;
        struct oc_slice result;
        struct oc_err err = {0};

        if (oc_json_parse((struct oc_slice){text, (size_t)len}, &line, &err) < 0) {
            (void)fprintf(stderr, "sigv4_stdio: %s\n", err.text);
            return 2;
        }
        read_task(line, &task);
        if (run(&task, &arena, &result, &err) < 0)
            (void)printf("error %s: %s\n", err.name ? err.name : "-", err.text);
        else
            (void)printf("%.*s\n", OC_FMT(result));
        oc_json_free(line);
        oc_arena_reset(&arena);
    }
    free(text);
    oc_arena_clear(&arena);
    return 0;
}
