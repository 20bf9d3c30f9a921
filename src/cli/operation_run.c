/* An operation is called, its answer printed as the AWS CLI prints it; pages are joined. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/operation.h"

#define INDENT 4 /* of the AWS CLI's JSON */

/* -- NextToken --------------------------------------------------------------------------------- */

/* The AWS CLI's base64 has another alphabet for two characters, and padding. */
static void swap_alphabet(char *text, size_t len, const char *from, const char *to)
{
    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == from[0] ? to[0] : text[i] == from[1] ? to[1] : text[i];
}

void oc_operation_token_put(struct oc_buf *buf, struct oc_slice page, int64_t skip)
{
    OC_AUTO(oc_buf_clear) struct oc_buf json = {0};
    size_t start = buf->len;

    oc_buf_init(&json, 2 * OC_HTTP_TARGET_MAX);
    oc_buf_put_str(&json, "{\"nextToken\": ");
    if (page.len > 0)
        oc_json_put_string(&json, page);
    else
        oc_buf_put_str(&json, "null");
    if (skip > 0)
        oc_buf_printf(&json, ", \"boto_truncate_amount\": %lld", (long long)skip);
    oc_buf_put_char(&json, '}');
    oc_base64url_put(buf, (const uint8_t *)json.ptr, json.len);
    buf->failed = buf->failed || json.failed;
    if (buf->failed)
        return;
    swap_alphabet(buf->ptr + start, buf->len - start, "-_", "+/");
    while ((buf->len - start) % 4)
        oc_buf_put_char(buf, '=');
}

int oc_operation_token_read(struct oc_slice text, struct oc_operation_token *ret,
                            struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err cause = {0};
    uint8_t bytes[2 * OC_HTTP_TARGET_MAX];
    char copy[2 * OC_HTTP_TARGET_MAX];
    size_t len = text.len;

    oc_buf_init(&ret->page, OC_HTTP_TARGET_MAX);
    ret->skip = 0;
    while (len > 0 && text.ptr[len - 1] == '=')
        len--;
    if (len > 0 && len <= sizeof(copy)) {
        memcpy(copy, text.ptr, len);
        swap_alphabet(copy, len, "+/", "-_");
        if (oc_base64url_decode((struct oc_slice){copy, len}, bytes, sizeof(bytes), &len))
            (void)oc_json_parse((struct oc_slice){(const char *)bytes, len}, &json, &cause);
    }
    if (!json || oc_json_type(json) != OC_JSON_OBJECT)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--starting-token': want the NextToken of an earlier call");
    oc_buf_put_slice(&ret->page, oc_json_string(oc_json_get(json, "nextToken")));
    ret->skip = oc_json_int64(oc_json_get(json, "boto_truncate_amount"), 0);
    return ret->page.failed ? oc_fail_nomem(err) : OC_OK;
}

/* -- one request ------------------------------------------------------------------------------- */

static int call(struct oc_session *session, const struct oc_operation_request *request,
                struct oc_slice query, struct oc_json **ret, struct oc_err *err)
{
    struct oc_request of_client = {
        .method = session->args->command->op->method,
        .path = oc_buf_slice(&request->path),
        .query = query,
    };

    if (request->has_body)
        of_client.body = oc_buf_slice(&request->body);
    return oc_client_call_json(session->client, &of_client, ret, err);
}

/* Like the AWS CLI, nothing is printed for an empty answer. */
static int call_once(struct oc_session *session, const struct oc_operation_request *request,
                     struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};
    int rc;

    rc = call(session, request, oc_buf_slice(&request->query), &answer, err);
    if (rc < 0 || oc_json_size(answer) == 0)
        return rc;
    oc_buf_init(&out, OC_RESPONSE_MAX);
    oc_output_put_json(&out, answer, INDENT);
    oc_buf_put_char(&out, '\n');
    return oc_output_write(&out, err);
}

/* -- pages ------------------------------------------------------------------------------------- */

struct pages {
    struct oc_session *session;
    const struct oc_operation_request *request;
    int64_t max_items;               /* -1: all */
    int64_t page_size;               /* 0: as the server likes */
    struct oc_operation_token token; /* where the next page begins */
    int64_t count;                   /* items printed */
    bool open;                       /* the list's `[` is printed */
    bool done;
};

/* The items of an answer: its only array. */
static const struct oc_json *find_items(const struct oc_json *answer, struct oc_slice *ret_name)
{
    for (void *i = oc_json_iter(answer, NULL); i; i = oc_json_iter(answer, i)) {
        if (oc_json_type(oc_json_iter_value(i)) == OC_JSON_ARRAY) {
            *ret_name = oc_json_iter_key(i);
            return oc_json_iter_value(i);
        }
    }
    return NULL;
}

static void put_items(struct pages *p, struct oc_buf *out, const struct oc_json *items, size_t from,
                      size_t end)
{
    for (size_t i = from; i < end; i++) {
        oc_buf_printf(out, "%s\n%*s", p->count++ ? "," : "", 2 * INDENT, "");
        oc_output_put_json_at(out, oc_json_at(items, i), INDENT, 2);
    }
}

/* Print what the page adds; see where the list goes on. */
static int take_page(struct pages *p, const struct oc_json *answer, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};
    struct oc_slice name = {0}, next = oc_json_string(oc_json_get(answer, "nextToken"));
    const struct oc_json *items = find_items(answer, &name);
    size_t size = oc_json_size(items);
    size_t from = (uint64_t)p->token.skip < size ? (size_t)p->token.skip : size;
    size_t end = size;

    if (!items)
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError", "the answer has no list");
    if (p->max_items >= 0 && (int64_t)(size - from) > p->max_items - p->count)
        end = from + (size_t)(p->max_items - p->count);
    oc_buf_init(&out, OC_RESPONSE_MAX);
    if (!p->open)
        oc_buf_printf(&out, "{\n%*s\"%.*s\": [", INDENT, "", OC_FMT(name));
    p->open = true;
    put_items(p, &out, items, from, end);
    p->done = end < size || next.len == 0 || p->count == p->max_items;
    if (end < size) {
        p->token.skip = (int64_t)end;
    } else {
        if (oc_slice_eq(next, oc_buf_slice(&p->token.page)) && next.len > 0)
            return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                              "the server sent the same nextToken twice");
        p->token.skip = 0;
        oc_buf_reset(&p->token.page);
        oc_buf_put_slice(&p->token.page, next);
    }
    return oc_output_write(&out, err);
}

static int print_end(struct pages *p, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};

    oc_buf_init(&out, 4 * OC_HTTP_TARGET_MAX);
    if (p->count > 0)
        oc_buf_printf(&out, "\n%*s", INDENT, "");
    oc_buf_put_char(&out, ']');
    if (p->token.page.len > 0 || p->token.skip > 0) {
        oc_buf_printf(&out, ",\n%*s\"NextToken\": \"", INDENT, "");
        oc_operation_token_put(&out, oc_buf_slice(&p->token.page), p->token.skip);
        oc_buf_put_char(&out, '"');
    }
    oc_buf_put_str(&out, "\n}\n");
    return oc_output_write(&out, err);
}

static int call_page(struct pages *p, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf query = {0};
    char size[24];
    int rc;

    oc_buf_init(&query, OC_HTTP_TARGET_MAX);
    oc_buf_put_slice(&query, oc_buf_slice(&p->request->query));
    (void)snprintf(size, sizeof(size), "%lld", (long long)p->page_size);
    if (p->page_size > 0)
        oc_query_put(&query, "maxResults", oc_slice_of(size));
    if (p->token.page.len > 0)
        oc_query_put(&query, "nextToken", oc_buf_slice(&p->token.page));
    if (query.failed)
        return oc_fail_as(err, OC_ELIMIT, OC_USAGE_ERROR, "the input is too long");
    rc = call(p->session, p->request, oc_buf_slice(&query), &answer, err);
    return rc < 0 ? rc : take_page(p, answer, err);
}

static int call_pages(struct oc_session *session, const struct oc_operation_request *request,
                      struct oc_err *err)
{
    struct pages p = {.session = session, .request = request, .max_items = -1};
    const char *token = oc_args_get(session->args, "starting-token");
    int rc;

    oc_buf_init(&p.token.page, OC_HTTP_TARGET_MAX);
    rc = oc_args_int64(session->args, "max-items", (struct oc_range){1, INT64_MAX}, &p.max_items,
                       err);
    if (rc == OC_OK)
        rc = oc_args_int64(session->args, "page-size", (struct oc_range){1, INT64_MAX},
                           &p.page_size, err);
    if (rc == OC_OK && token)
        rc = oc_operation_token_read(oc_slice_of(token), &p.token, err);
    while (rc == OC_OK && !p.done)
        rc = call_page(&p, err);
    if (rc == OC_OK)
        rc = print_end(&p, err);
    oc_buf_clear(&p.token.page);
    return rc;
}

/* -- the command ------------------------------------------------------------------------------- */

/* Who asks for a page by hand gets that page. */
static int choose_paging(const struct oc_args *args, bool *ret, struct oc_err *err)
{
    static const char *const of_paging[] = {"max-items", "page-size", "starting-token"};
    bool by_hand = oc_args_has(args, "max-results") || oc_args_has(args, "next-token") ||
                   oc_args_has(args, "no-paginate");

    for (size_t i = 0; by_hand && i < sizeof(of_paging) / sizeof(of_paging[0]); i++)
        if (oc_args_has(args, of_paging[i]))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                              "option '--%s' excludes --max-results, --next-token and "
                              "--no-paginate",
                              of_paging[i]);
    *ret = !by_hand && oc_operation_is_paged(args->command->op);
    return OC_OK;
}

static int run_operation(struct oc_session *session, struct oc_err *err)
{
    struct oc_operation_request request = {0};
    bool paged = false;
    int rc;

    if (oc_args_has(session->args, "output") && session->output.form != OC_FORM_JSON)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR, "option '--output': want json");
    rc = choose_paging(session->args, &paged, err);
    if (rc == OC_OK)
        rc = oc_operation_request(session->args, &request, err);
    if (rc == OC_OK)
        rc = (paged ? call_pages : call_once)(session, &request, err);
    oc_operation_request_clear(&request);
    return rc;
}

int oc_operation_run(const struct oc_args *args)
{
    return oc_session_run(args, run_operation);
}
