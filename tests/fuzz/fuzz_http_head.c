/*
 * The head parser on any bytes: no crash, and the same verdict whether the bytes come at once or in
 * pieces. What it accepts must have the shape that the rest of the server relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void require_inside(struct oc_slice s, struct oc_slice whole)
{
    require(s.ptr >= whole.ptr && s.ptr + s.len <= whole.ptr + whole.len);
}

static void check_accepted(const struct oc_http_head *head, struct oc_slice input)
{
    struct oc_slice bytes = oc_slice_sub(input, 0, head->size);
    size_t lengths = 0, hosts = 0;

    require(head->size <= input.len && head->size <= OC_HTTP_HEAD_MAX);
    require(oc_slice_has_suffix(bytes, OC_STR("\r\n\r\n")));
    require(oc_slice_find(bytes, '\0') < 0);
    for (size_t i = 0; i < bytes.len; i++)
        require((bytes.ptr[i] == '\n') == (i > 0 && bytes.ptr[i - 1] == '\r'));
    require_inside(head->target, bytes);
    require(head->path.len > 0 && (head->path.ptr[0] == '/' || head->path.len == 1));
    require(head->header_count <= OC_HTTP_HEADERS_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        require_inside(head->headers[i].name, bytes);
        require_inside(head->headers[i].value, bytes);
        require(oc_http_is_token(head->headers[i].name));
        require(oc_http_is_field_text(head->headers[i].value));
        lengths += oc_slice_eq_nocase(head->headers[i].name, OC_STR("Content-Length"));
        hosts += oc_slice_eq_nocase(head->headers[i].name, OC_STR("Host"));
        require(!oc_slice_eq_nocase(head->headers[i].name, OC_STR("Transfer-Encoding")));
    }
    require(lengths == (head->has_content_length ? 1 : 0));
    require(hosts == 1 || (hosts == 0 && head->minor == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct oc_http_parser whole, pieces;
    struct oc_slice input = {(const char *)data, size};
    size_t step = 1 + (size > 0 ? data[size - 1] % 16 : 0);
    int rc_whole, rc_pieces = OC_PENDING;

    if (size == 0)
        return 0;
    oc_http_parser_init(&whole);
    rc_whole = oc_http_parse(&whole, input);
    oc_http_parser_init(&pieces);
    for (size_t n = step; rc_pieces == OC_PENDING; n += step) {
        rc_pieces = oc_http_parse(&pieces, oc_slice_sub(input, 0, n));
        if (n >= size)
            break;
    }
    require(rc_whole == rc_pieces);
    if (rc_whole == OC_OK) {
        require(whole.head.size == pieces.head.size);
        require(whole.head.content_length == pieces.head.content_length);
        check_accepted(&whole.head, input);
    } else if (rc_whole < 0) {
        require(whole.status >= 400 && whole.status <= 505 && whole.reason != NULL);
    }
    return 0;
}
