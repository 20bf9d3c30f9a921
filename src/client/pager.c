/* Walks through paged lists: one page in memory, whose memory the next page uses again. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "client/result.h"

struct oc_pager {
    struct oc_client *client;
    const struct oc_wire_walk *kind;
    struct oc_wire_request request; /* without the token of the page */
    struct oc_buf query;            /* with it */
    struct oc_buf token;            /* of the page to come; empty: none */
    struct oc_result *result;
    char *output;   /* the page */
    size_t index;   /* of the next element */
    bool has_begun; /* the first page was read */
};

/* Every list has this form. */
struct elements {
    const char *items;
    size_t count;
};

static struct elements elements_of(const struct oc_pager *walk)
{
    struct elements elements;

    memcpy(&elements, walk->output + walk->kind->items->offset, sizeof(elements));
    return elements;
}

static struct oc_slice token_of(const struct oc_pager *walk)
{
    const struct oc_wire_type *output = &walk->kind->op->output;
    const char *token = NULL;

    for (size_t i = 0; i < output->member_count; i++)
        if (oc_slice_eq_str(output->members[i].name, "nextToken"))
            memcpy(&token, walk->output + output->members[i].offset, sizeof(token));
    return oc_slice_of(token);
}

void oc_pager_free(struct oc_pager *walk)
{
    if (!walk)
        return;
    oc_wire_request_clear(&walk->request);
    oc_buf_clear(&walk->query);
    oc_buf_clear(&walk->token);
    oc_result_free(walk->result);
    free(walk->output);
    free(walk);
}

/* A copy of the input without nextToken, which is the walk's own business after the first page:
 * it is written into the query of each page. */
static int write_request(struct oc_pager *walk, const void *input, struct oc_err *err)
{
    const struct oc_wire_type *type = &walk->kind->op->input;
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    const char *token = NULL;
    char *copy;

    oc_arena_init(&arena, type->size);
    copy = oc_arena_alloc(&arena, type->size);
    if (!copy)
        return oc_fail_nomem(err);
    memcpy(copy, input, type->size);
    for (size_t i = 0; i < type->member_count; i++) {
        char *at = copy + type->members[i].offset;

        if (!oc_slice_eq_str(type->members[i].name, "nextToken"))
            continue;
        memcpy(&token, at, sizeof(token));
        memset(at, 0, sizeof(token));
    }
    oc_buf_put_slice(&walk->token, oc_slice_of(token));
    if (walk->token.failed)
        return oc_fail_nomem(err);
    return oc_wire_encode(walk->kind->op, copy, &walk->request, err);
}

static int begin(struct oc_pager *walk, const void *input, struct oc_err *err)
{
    const struct oc_wire_op *op = walk->kind->op;
    OC_AUTO(oc_arena_clear) struct oc_arena none = {0};
    int rc;

    oc_buf_init(&walk->query, OC_HTTP_BODY_MAX);
    oc_buf_init(&walk->token, OC_HTTP_BODY_MAX);
    oc_arena_init(&none, op->input.size);
    walk->result = oc_result_new();
    walk->output = oc_alloc(op->output.size);
    if (!input)
        input = oc_arena_alloc(&none, op->input.size);
    if (!walk->result || !walk->output || !input)
        return oc_fail_nomem(err);
    rc = oc_wire_check(op, input, err);
    return rc < 0 ? rc : write_request(walk, input, err);
}

int oc_wire_walk_begin(struct oc_client *client, const struct oc_wire_walk *kind, const void *input,
                       struct oc_pager **ret, struct oc_error *error)
{
    struct oc_pager *walk = oc_alloc(sizeof(*walk));
    struct oc_err err = {0};
    int rc;

    if (walk) {
        *walk = (struct oc_pager){.client = client, .kind = kind};
        rc = begin(walk, input, &err);
    } else {
        rc = oc_fail_nomem(&err);
    }
    if (rc < 0) {
        oc_pager_free(walk);
        return oc_wire_error(&err, NULL, error);
    }
    *ret = walk;
    return OC_OK;
}

static int read_page(struct oc_pager *walk, struct oc_err *err)
{
    const struct oc_wire_op *op = walk->kind->op;
    struct oc_request request = {.method = op->method, .path = oc_buf_slice(&walk->request.path)};
    struct oc_slice token;
    int rc;

    oc_buf_reset(&walk->query);
    oc_buf_put_slice(&walk->query, oc_buf_slice(&walk->request.query));
    if (walk->token.len > 0)
        oc_query_put(&walk->query, "nextToken", oc_buf_slice(&walk->token));
    if (walk->query.failed)
        return oc_fail_nomem(err);
    request.query = oc_buf_slice(&walk->query);
    /* Nothing of the old page may be seen through a page that failed. */
    walk->index = 0;
    memset(walk->output, 0, op->output.size);
    rc = oc_result_send(walk->client, op, &request, walk->result, walk->output, err);
    if (rc < 0) {
        memset(walk->output, 0, op->output.size);
        return rc;
    }
    token = token_of(walk);
    if (token.len > 0 && oc_slice_eq(token, oc_buf_slice(&walk->token)))
        return oc_fail_as(err, OC_ECORRUPT, "PaginationError",
                          "the server sent the same page token twice");
    oc_buf_reset(&walk->token);
    oc_buf_put_slice(&walk->token, token);
    walk->has_begun = true;
    return walk->token.failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_wire_walk_next(struct oc_pager *walk, const void **ret_item, struct oc_error *error)
{
    while (!walk->has_begun || walk->index == elements_of(walk).count) {
        struct oc_err err = {0};

        if (walk->has_begun && walk->token.len == 0)
            return 0;
        if (read_page(walk, &err) < 0)
            return oc_wire_error(&err, &walk->result->response, error);
    }
    *ret_item = elements_of(walk).items + walk->index++ * walk->kind->items->type->item->size;
    return 1;
}
