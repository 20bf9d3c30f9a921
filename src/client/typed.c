/* Typed calls: from input struct to output struct. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "client/result.h"

/* The public header cannot include ours, so it has codes of its own. */
_Static_assert((int)OC_ERROR_INVALID == (int)OC_EINVAL, "same code");
_Static_assert((int)OC_ERROR_NO_MEMORY == (int)OC_ENOMEM, "same code");
_Static_assert((int)OC_ERROR_IO == (int)OC_EIO, "same code");
_Static_assert((int)OC_ERROR_NOT_FOUND == (int)OC_ENOTFOUND, "same code");
_Static_assert((int)OC_ERROR_CONFLICT == (int)OC_ECONFLICT, "same code");
_Static_assert((int)OC_ERROR_DENIED == (int)OC_EDENIED, "same code");
_Static_assert((int)OC_ERROR_LIMIT == (int)OC_ELIMIT, "same code");
_Static_assert((int)OC_ERROR_RESPONSE == (int)OC_ECORRUPT, "same code");
_Static_assert((int)OC_ERROR_BUSY == (int)OC_EBUSY, "same code");
_Static_assert((int)OC_ERROR_CANCELED == (int)OC_ECANCELED, "same code");

/* -- errors ------------------------------------------------------------------------------------ */

static void copy_text(char *to, size_t size, struct oc_slice text)
{
    const size_t len = text.len < size ? text.len : size - 1;

    if (len > 0)
        memcpy(to, text.ptr, len);
    to[len] = '\0';
}

int oc_wire_error(const struct oc_err *err, const struct oc_response *response,
                  struct oc_error *ret)
{
    if (!ret)
        return err->rc;
    *ret = (struct oc_error){.code = err->rc};
    copy_text(ret->name, sizeof(ret->name), oc_slice_of(err->name));
    copy_text(ret->message, sizeof(ret->message), oc_slice_of(err->text));
    if (!response)
        return err->rc;
    ret->status = response->status;
    ret->retryable = response->retryable;
    copy_text(ret->request_id, sizeof(ret->request_id), oc_slice_of(response->request_id));
    if (response->error_name[0])
        copy_text(ret->name, sizeof(ret->name), oc_slice_of(response->error_name));
    return err->rc;
}

/* -- results ----------------------------------------------------------------------------------- */

struct oc_result *oc_result_new(void)
{
    struct oc_result *result = oc_alloc(sizeof(*result));

    if (!result)
        return NULL;
    *result = (struct oc_result){.response = {.status = 0}};
    oc_arena_init(&result->arena, OC_RESPONSE_MAX);
    return result;
}

void oc_result_free(struct oc_result *result)
{
    if (!result)
        return;
    oc_response_clear(&result->response);
    oc_arena_clear(&result->arena);
    free(result);
}

const char *oc_result_request_id(const struct oc_result *result)
{
    return result->response.request_id;
}

int oc_result_status(const struct oc_result *result)
{
    return result->response.status;
}

unsigned oc_result_attempts(const struct oc_result *result)
{
    return result->response.attempts;
}

/* -- calls ------------------------------------------------------------------------------------- */

int oc_result_read(const struct oc_wire_op *op, struct oc_result *result, void *output,
                   struct oc_err *err)
{
    struct oc_buf *body = &result->response.body;
    int rc;

    if (op->raw_output) {
        struct oc_bytes *bytes = (struct oc_bytes *)((char *)output + op->raw_offset);
        struct oc_slice text = oc_buf_slice(body);

        *bytes = (struct oc_bytes){text.ptr, text.len};
        return OC_OK;
    }
    if (body->len == 0)
        return OC_OK;
    if (!oc_buf_cstr(body)) /* puts the NUL that the reader wants */
        return oc_fail_nomem(err);
    oc_arena_reset(&result->arena);
    rc = oc_wire_decode(&op->output, body->ptr, body->len, &result->arena, output, err);
    result->response.retryable = false;
    return rc;
}

int oc_result_send(struct oc_client *client, const struct oc_wire_op *op,
                   const struct oc_request *request, struct oc_result *result, void *output,
                   struct oc_err *err)
{
    int rc = oc_client_call(client, request, &result->response, err);

    return rc < 0 ? rc : oc_result_read(op, result, output, err);
}

int oc_result_request(const struct oc_wire_op *op, const void *input, struct oc_wire_request *wire,
                      struct oc_request *ret, struct oc_err *err)
{
    struct oc_request request = {.method = op->method, .once = op->once};
    int rc;

    rc = oc_wire_check(op, input, err);
    if (rc < 0)
        return rc;
    rc = oc_wire_encode(op, input, wire, err);
    if (rc < 0)
        return rc;
    request.path = oc_buf_slice(&wire->path);
    request.query = oc_buf_slice(&wire->query);
    if (wire->has_body)
        request.body = oc_buf_slice(&wire->body);
    if (op->raw_input) {
        const struct oc_bytes *bytes =
            (const struct oc_bytes *)((const char *)input + op->raw_offset);

        request.body = (struct oc_slice){bytes->ptr ? bytes->ptr : "", bytes->len};
        request.content_type = "application/octet-stream";
    }
    *ret = request;
    return OC_OK;
}

static int send_input(struct oc_client *client, const struct oc_wire_op *op, const void *input,
                      struct oc_result *result, void *output, struct oc_err *err)
{
    OC_AUTO(oc_wire_request_clear) struct oc_wire_request wire = {.has_body = false};
    struct oc_request request;
    int rc = oc_result_request(op, input, &wire, &request, err);

    return rc < 0 ? rc : oc_result_send(client, op, &request, result, output, err);
}

int oc_wire_call(struct oc_client *client, const struct oc_wire_op *op, const void *input,
                 void *output, struct oc_error *error)
{
    const size_t input_size = op->input.size, output_size = op->output.size;
    struct oc_result *result = oc_result_new();
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_err err = {0};
    void *made;
    int rc;

    oc_arena_init(&arena, input_size + output_size + 64);
    made = oc_arena_alloc(&arena, output_size);
    if (!input)
        input = oc_arena_alloc(&arena, input_size);
    if (!result || !made || !input)
        rc = oc_fail_nomem(&err);
    else
        rc = send_input(client, op, input, result, made, &err);
    if (rc < 0)
        (void)oc_wire_error(&err, result ? &result->response : NULL, error); /* gives back rc */
    if (rc < 0 || !output) {
        oc_result_free(result);
        return rc;
    }
    memcpy(output, made, output_size);
    memcpy(output, &result, sizeof(result)); /* `result` is the first member of every output */
    return OC_OK;
}
