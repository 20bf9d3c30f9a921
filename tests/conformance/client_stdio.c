/*
 * The client library on standard input and output, for test_client_parity.py.
 *
 * A line in is a JSON object: op, input (the operation's members by name), endpoint, region, id,
 * secret, token, bearer, now (ms; absent: the real time), fips, dualstack, attempts. A line out:
 *   {"output": …}             the answer, read into the C struct and written again
 *   {"error": {name, status, code, message, request_id}}
 * With "host" in place of "op": {"host": …}, where AWS's requests would go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "client/wire.h"

static const char *text_of(const struct oc_json *line, const char *name)
{
    return oc_json_string(oc_json_get(line, name)).ptr;
}

static struct oc_optional_bool switch_of(const struct oc_json *line, const char *name)
{
    const struct oc_json *value = oc_json_get(line, name);
    struct oc_optional_bool absent = {0};

    return value ? oc_bool(oc_json_bool(value, false)) : absent;
}

static int open_client(const struct oc_json *line, struct oc_client **ret, struct oc_error *error)
{
    const struct oc_client_config config = {
        .region = text_of(line, "region"),
        .profile = text_of(line, "profile"),
        .endpoint = text_of(line, "endpoint"),
        .access_key_id = text_of(line, "id"),
        .secret_access_key = text_of(line, "secret"),
        .session_token = text_of(line, "token"),
        .bearer_token = text_of(line, "bearer"),
        .use_fips = switch_of(line, "fips"),
        .use_dualstack = switch_of(line, "dualstack"),
        .max_attempts = (unsigned)oc_json_int64(oc_json_get(line, "attempts"), 1),
        .read_timeout_ms = 2000,
    };

    return oc_client_open(&config, ret, error);
}

static const struct oc_wire_op *find_op(const char *name)
{
    for (size_t i = 0; oc_wire_ops[i]; i++)
        if (strcmp(oc_wire_ops[i]->name, name) == 0)
            return oc_wire_ops[i];
    (void)fprintf(stderr, "client_stdio: no operation %s\n", name);
    exit(2);
}

/* The member `input` of the line, as text that may be changed. It is the last one. */
static char *input_text(char *line)
{
    char *found = strstr(line, "\"input\": ");
    char *end = found ? strrchr(found, '}') : NULL;

    if (!end) {
        (void)fprintf(stderr, "client_stdio: no input\n");
        exit(2);
    }
    *end = '\0';
    return found + strlen("\"input\": ");
}

static int call(struct oc_client *client, const struct oc_wire_op *op, char *input_json,
                struct oc_arena *arena, struct oc_buf *out, struct oc_error *error)
{
    void *input = oc_arena_alloc(arena, op->input.size);
    void *output = oc_arena_alloc(arena, op->output.size);
    struct oc_result *result;
    struct oc_err err = {0};
    int rc;

    rc = oc_wire_decode(&op->input, input_json, strlen(input_json), arena, input, &err);
    if (rc < 0) {
        (void)fprintf(stderr, "client_stdio: %s\n", err.text);
        exit(2);
    }
    rc = oc_wire_call(client, op, input, output, error);
    if (rc < 0)
        return rc;
    oc_buf_put_str(out, "{\"output\": ");
    oc_wire_put_json(out, &op->output, output);
    oc_buf_put_str(out, "}");
    memcpy(&result, output, sizeof(result));
    oc_result_free(result);
    return 0;
}

static void put_error(struct oc_buf *out, const struct oc_error *error)
{
    struct oc_jw w;

    oc_jw_init(&w, out);
    oc_jw_object(&w);
    oc_jw_key(&w, "error");
    oc_jw_object(&w);
    oc_jw_member(&w, "name", oc_slice_of(error->name));
    oc_jw_member_int(&w, "status", error->status);
    oc_jw_member_int(&w, "code", error->code);
    oc_jw_member(&w, "message", oc_slice_of(error->message));
    oc_jw_member(&w, "request_id", oc_slice_of(error->request_id));
    oc_jw_object_end(&w);
    oc_jw_object_end(&w);
}

/* What cannot be sent in a test: AWS's own host for a Region. */
static int put_host(const struct oc_json *line, struct oc_buf *out, struct oc_error *error)
{
    struct oc_endpoint endpoint;
    struct oc_client *client = NULL;
    int rc;

    rc = open_client(line, &client, error);
    if (rc < 0)
        return rc;
    oc_endpoint_of_region(oc_json_string(oc_json_get(line, "region")),
                          oc_json_bool(oc_json_get(line, "fips"), false),
                          oc_json_bool(oc_json_get(line, "dualstack"), false), &endpoint);
    oc_buf_printf(out, "{\"host\": \"%s\"}", endpoint.base);
    oc_client_close(client);
    return 0;
}

static int run(const struct oc_json *line, char *text, struct oc_arena *arena, struct oc_buf *out,
               struct oc_error *error)
{
    struct oc_client *client = NULL;
    int rc;

    oc_clock_set(oc_json_int64(oc_json_get(line, "now"), -1));
    if (oc_json_get(line, "host"))
        return put_host(line, out, error);
    rc = open_client(line, &client, error);
    if (rc == 0)
        rc = call(client, find_op(text_of(line, "op")), input_text(text), arena, out, error);
    oc_client_close(client);
    return rc;
}

int main(void)
{
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    struct oc_arena arena;
    struct oc_buf out;

    oc_arena_init(&arena, 64UL << 20);
    oc_buf_init(&out, OC_RESPONSE_MAX);
    while ((len = getline(&text, &cap, stdin)) > 0) {
        struct oc_json *line = NULL;
        struct oc_error error;
        struct oc_err err = {0};

        if (oc_json_parse((struct oc_slice){text, (size_t)len}, &line, &err) < 0) {
            (void)fprintf(stderr, "client_stdio: %s\n", err.text);
            return 2;
        }
        oc_buf_reset(&out);
        if (run(line, text, &arena, &out, &error) < 0)
            put_error(&out, &error);
        (void)printf("%s\n", oc_buf_cstr(&out));
        (void)fflush(stdout);
        oc_json_free(line);
        oc_arena_reset(&arena);
    }
    free(text);
    oc_buf_clear(&out);
    oc_arena_clear(&arena);
    return 0;
}
