/*
 * The head parser against a table of good and bad heads, each given whole and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/parse.h"

#define H "Host: h\r\n"

static int parse_whole(struct oc_http_parser *parser, struct oc_slice input)
{
    oc_http_parser_init(parser);
    return oc_http_parse(parser, input);
}

/* As from a slow client: the verdict must be the same, and come no later than the last byte. */
static int parse_bytewise(struct oc_http_parser *parser, struct oc_slice input)
{
    int rc = OC_PENDING;

    oc_http_parser_init(parser);
    for (size_t n = 1; n <= input.len && rc == OC_PENDING; n++)
        rc = oc_http_parse(parser, oc_slice_sub(input, 0, n));
    return rc;
}

struct bad_head {
    const char *name;
    unsigned status;
    struct oc_slice head;
};

#define BAD(name, status, text)                                                                    \
    {                                                                                              \
        name, status,                                                                              \
        {                                                                                          \
            text, sizeof(text) - 1                                                                 \
        }                                                                                          \
    }

static const struct bad_head bad_heads[] = {
    BAD("bare LF after the request line", 400, "GET / HTTP/1.1\n" H "\r\n"),
    BAD("bare LF after a header", 400, "GET / HTTP/1.1\r\nHost: h\n\r\n"),
    BAD("bare LF ends the head", 400, "GET / HTTP/1.1\r\n" H "\n"),
    BAD("LF first", 400, "\nGET / HTTP/1.1\r\n" H "\r\n"),
    BAD("bare CR in a value", 400, "GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n"),
    BAD("bare CR hides a header", 400, "GET / HTTP/1.1\r\n" H "A: b\rContent-Length: 5\r\n\r\n"),
    BAD("two CR before the LF", 400, "GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n"),
    BAD("CR in the request line", 400, "GET /\r HTTP/1.1\r\n" H "\r\n"),
    BAD("folded line, space", 400, "GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n"),
    BAD("folded line, tab", 400, "GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n"),
    BAD("space before the first header", 400, "GET / HTTP/1.1\r\n " H "\r\n"),
    BAD("NUL in a value", 400, "GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n"),
    BAD("NUL in a name", 400, "GET / HTTP/1.1\r\n" H "A\0: b\r\n\r\n"),
    BAD("NUL in the target", 400, "GET /\0 HTTP/1.1\r\n" H "\r\n"),
    BAD("control byte in a value", 400, "GET / HTTP/1.1\r\n" H "A: b\x01 long enough\r\n\r\n"),
    BAD("vertical tab as space", 400, "GET / HTTP/1.1\r\n" H "Content-Length:\v5\r\n\r\n"),
    BAD("DEL in a value", 400, "GET / HTTP/1.1\r\n" H "A: 01234567\x7f\r\n\r\n"),
    BAD("control byte after a tab", 400, "GET / HTTP/1.1\r\n" H "A: \tx\t234567\x1f\r\n\r\n"),
    BAD("space before the colon", 400, "GET / HTTP/1.1\r\n" H "A : b\r\n\r\n"),
    BAD("tab before the colon", 400, "GET / HTTP/1.1\r\n" H "A\t: b\r\n\r\n"),
    BAD("empty header name", 400, "GET / HTTP/1.1\r\n" H ": b\r\n\r\n"),
    BAD("no colon", 400, "GET / HTTP/1.1\r\n" H "Abc\r\n\r\n"),
    BAD("name with a slash", 400, "GET / HTTP/1.1\r\n" H "A/b: c\r\n\r\n"),
    BAD("name with a byte above 0x7f", 400, "GET / HTTP/1.1\r\n" H "A\xe9: c\r\n\r\n"),
    BAD("method with a bracket", 400, "G(T / HTTP/1.1\r\n" H "\r\n"),
    BAD("empty method", 400, " / HTTP/1.1\r\n" H "\r\n"),
    BAD("TLS on the plain port", 400, "\x16\x03\x01\x02"),
    BAD("two spaces after the method", 400, "GET  / HTTP/1.1\r\n" H "\r\n"),
    BAD("two spaces before the version", 400, "GET /  HTTP/1.1\r\n" H "\r\n"),
    BAD("tab in the request line", 400, "GET\t/ HTTP/1.1\r\n" H "\r\n"),
    BAD("space after the version", 400, "GET / HTTP/1.1 \r\n" H "\r\n"),
    BAD("no version", 400, "GET /\r\n" H "\r\n"),
    BAD("method only", 400, "GET\r\n" H "\r\n"),
    BAD("version in lower case", 400, "GET / http/1.1\r\n" H "\r\n"),
    BAD("version with two digits", 400, "GET / HTTP/1.10\r\n" H "\r\n"),
    BAD("version with a letter", 400, "GET / HTTP/1.x\r\n" H "\r\n"),
    BAD("HTTP/2.0", 505, "PRI * HTTP/2.0\r\n\r\n"),
    BAD("HTTP/1.2", 505, "GET / HTTP/1.2\r\n" H "\r\n"),
    BAD("HTTP/0.9", 505, "GET / HTTP/0.9\r\n" H "\r\n"),
    BAD("two Content-Length, different", 400,
        "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    BAD("two Content-Length, equal", 400,
        "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 5\r\n\r\n"),
    BAD("Content-Length list", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n"),
    BAD("Content-Length with a sign", 400, "POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n"),
    BAD("Content-Length below zero", 400, "POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n"),
    BAD("Content-Length in hex", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n"),
    BAD("Content-Length with a space", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1 2\r\n\r\n"),
    BAD("Content-Length empty", 400, "POST / HTTP/1.1\r\n" H "Content-Length: \r\n\r\n"),
    BAD("Content-Length overflows by one", 400,
        "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n"),
    BAD("Content-Length overflows by far", 400,
        "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999\r\n\r\n"),
    BAD("both lengths", 400,
        "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    BAD("both lengths, other order", 400,
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
    BAD("both lengths, unknown coding", 400,
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n"),
    BAD("Transfer-Encoding in HTTP/1.0", 400,
        "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
    BAD("Transfer-Encoding", 411, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
    BAD("Transfer-Encoding hidden by a space", 400,
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n"),
    BAD("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
    BAD("two Hosts", 400, "GET / HTTP/1.1\r\n" H H "\r\n"),
    BAD("two Hosts in HTTP/1.0", 400, "GET / HTTP/1.0\r\n" H H "\r\n"),
    BAD("Host list", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    BAD("Host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    BAD("Host with a user", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    BAD("authority is not the Host", 400, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
    BAD("authority has another port", 400, "GET http://a:1/ HTTP/1.1\r\nHost: a:2\r\n\r\n"),
    BAD("empty authority", 400, "GET http:///x HTTP/1.1\r\nHost:\r\n\r\n"),
    BAD("other scheme", 400, "GET ftp://h/ HTTP/1.1\r\n" H "\r\n"),
    BAD("authority form", 400, "CONNECT h:443 HTTP/1.1\r\n" H "\r\n"),
    BAD("asterisk with GET", 400, "GET * HTTP/1.1\r\n" H "\r\n"),
    BAD("target without a slash", 400, "GET x HTTP/1.1\r\n" H "\r\n"),
    BAD("fragment in the target", 400, "GET /a#b HTTP/1.1\r\n" H "\r\n"),
    BAD("raw byte above 0x7e in the target", 400, "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n"),
    BAD("unknown expectation", 417, "POST / HTTP/1.1\r\n" H "Expect: tea\r\n\r\n"),
    BAD("two empty lines first", 400, "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"),
};

static void bad_heads_are_refused_whole_and_bytewise(void **state)
{
    static struct oc_http_parser parser;

    (void)state;
    for (size_t i = 0; i < sizeof(bad_heads) / sizeof(bad_heads[0]); i++) {
        const struct bad_head *bad = &bad_heads[i];

        if (parse_whole(&parser, bad->head) != OC_EINVAL || parser.status != bad->status)
            fail_msg("%s: whole: status %u", bad->name, parser.status);
        if (parse_bytewise(&parser, bad->head) != OC_EINVAL || parser.status != bad->status)
            fail_msg("%s: bytewise: status %u", bad->name, parser.status);
        assert_non_null(parser.reason);
    }
}

static void signed_request_is_taken_apart(void **state)
{
    static struct oc_http_parser parser;
    struct oc_slice input = OC_STR("\r\nPOST /tags%2Fx:y?a=b?c&d HTTP/1.1\r\nhOST:h:80\r\n"
                                   "X-Empty:\r\nX-Blank: \t \r\nX-Text: \t a\tb \xe9 \t\r\n"
                                   "Content-Length: 0012\r\nExpect: 100-Continue\r\n\r\nbody");
    int (*parses[])(struct oc_http_parser *, struct oc_slice) = {parse_whole, parse_bytewise};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct oc_http_head *head = &parser.head;

        assert_int_equal(parses[i](&parser, input), OC_OK);
        assert_true(oc_slice_eq_str(head->method, "POST"));
        assert_true(oc_slice_eq_str(head->target, "/tags%2Fx:y?a=b?c&d"));
        assert_true(oc_slice_eq_str(head->path, "/tags%2Fx:y"));
        assert_true(oc_slice_eq_str(head->query, "a=b?c&d"));
        assert_true(oc_slice_eq_str(head->host, "h:80"));
        assert_int_equal(head->header_count, 6);
        assert_true(oc_slice_eq_str(head->headers[0].name, "hOST"));
        assert_non_null(head->headers[1].value.ptr);
        assert_int_equal(head->headers[1].value.len, 0);
        assert_int_equal(head->headers[2].value.len, 0);
        assert_true(oc_slice_eq_str(head->headers[3].value, "a\tb \xe9"));
        assert_int_equal(head->content_length, 12);
        assert_true(head->has_content_length);
        assert_true(head->expects_continue);
        assert_true(head->keep_alive);
        assert_int_equal(head->size, input.len - 4);
    }
}

static void absent_and_empty_query_differ(void **state)
{
    static struct oc_http_parser parser;

    (void)state;
    assert_int_equal(parse_whole(&parser, OC_STR("GET /a HTTP/1.1\r\n" H "\r\n")), OC_OK);
    assert_null(parser.head.query.ptr);
    assert_int_equal(parse_whole(&parser, OC_STR("GET /a? HTTP/1.1\r\n" H "\r\n")), OC_OK);
    assert_non_null(parser.head.query.ptr);
    assert_int_equal(parser.head.query.len, 0);
}

static void absolute_form_with_the_same_host_gives_its_path(void **state)
{
    static struct oc_http_parser parser;

    (void)state;
    assert_int_equal(
        parse_whole(&parser, OC_STR("GET HTTP://A:1/x?y HTTP/1.1\r\nHost: a:1\r\n\r\n")), OC_OK);
    assert_true(oc_slice_eq_str(parser.head.path, "/x"));
    assert_true(oc_slice_eq_str(parser.head.query, "y"));
    assert_int_equal(parse_whole(&parser, OC_STR("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n")),
                     OC_OK);
    assert_true(oc_slice_eq_str(parser.head.path, "/"));
    assert_null(parser.head.query.ptr);
    assert_int_equal(parse_whole(&parser, OC_STR("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n")),
                     OC_OK);
    assert_true(oc_slice_eq_str(parser.head.path, "/"));
    assert_true(oc_slice_eq_str(parser.head.query, "q"));
    assert_int_equal(parse_whole(&parser, OC_STR("OPTIONS * HTTP/1.1\r\n" H "\r\n")), OC_OK);
    assert_true(oc_slice_eq_str(parser.head.path, "*"));
}

static void connection_and_version_decide_on_keep_alive(void **state)
{
    static const struct {
        const char *head;
        bool keep;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" H "\r\n", true},
        {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: keep-alive , CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: a\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nExpect: tea\r\n\r\n", false},
    };
    static struct oc_http_parser parser;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse_whole(&parser, oc_slice_of(cases[i].head)), OC_OK);
        assert_int_equal(parser.head.keep_alive, cases[i].keep);
        assert_false(parser.head.expects_continue);
    }
}

/* "GET /aaa… HTTP/1.1" with a target of `target` bytes, and `lines` headers of `line` bytes each.
 */
static struct oc_slice make_head(struct oc_buf *buf, size_t target, size_t lines, size_t line)
{
    oc_buf_reset(buf);
    oc_buf_put_str(buf, "GET /");
    for (size_t i = 1; i < target; i++)
        oc_buf_put_char(buf, 'a');
    oc_buf_put_str(buf, " HTTP/1.1\r\n" H);
    for (size_t i = 0; i < lines; i++) {
        oc_buf_put_str(buf, "A:");
        for (size_t n = 4; n < line; n++)
            oc_buf_put_char(buf, 'v');
        oc_buf_put_str(buf, "\r\n");
    }
    oc_buf_put_str(buf, "\r\n");
    return oc_buf_slice(buf);
}

static void limits_hold_to_the_byte(void **state)
{
    static struct oc_http_parser parser;
    struct oc_buf buf;
    struct oc_slice head;

    (void)state;
    oc_buf_init(&buf, 64 * 1024);
    assert_int_equal(parse_whole(&parser, make_head(&buf, OC_HTTP_TARGET_MAX, 0, 0)), OC_OK);
    head = make_head(&buf, OC_HTTP_TARGET_MAX + 1, 0, 0);
    assert_int_equal(parse_whole(&parser, head), OC_EINVAL);
    assert_int_equal(parser.status, 414);
    head = make_head(&buf, 3 * OC_HTTP_TARGET_MAX, 0, 0);
    assert_int_equal(parse_bytewise(&parser, head), OC_EINVAL);
    assert_int_equal(parser.status, 414);

    head = make_head(&buf, 1, OC_HTTP_HEADERS_MAX - 1, 6);
    assert_int_equal(parse_whole(&parser, head), OC_OK);
    assert_int_equal(parser.head.header_count, OC_HTTP_HEADERS_MAX);
    head = make_head(&buf, 1, OC_HTTP_HEADERS_MAX, 6);
    assert_int_equal(parse_whole(&parser, head), OC_EINVAL);
    assert_int_equal(parser.status, 431);

    size_t frame = make_head(&buf, 1, 0, 0).len;

    head = make_head(&buf, 1, 1, OC_HTTP_HEAD_MAX - frame);
    assert_int_equal(head.len, OC_HTTP_HEAD_MAX);
    assert_int_equal(parse_bytewise(&parser, head), OC_OK);
    head = make_head(&buf, 1, 1, OC_HTTP_HEAD_MAX - frame + 1);
    assert_int_equal(parse_whole(&parser, head), OC_EINVAL);
    assert_int_equal(parser.status, 431);
    assert_int_equal(parse_bytewise(&parser, head), OC_EINVAL);
    assert_int_equal(parser.status, 431);
    oc_buf_clear(&buf);
}

static void largest_length_is_read_exactly(void **state)
{
    static struct oc_http_parser parser;

    (void)state;
    assert_int_equal(parse_whole(&parser, OC_STR("PUT / HTTP/1.1\r\n" H
                                                 "Content-Length: 18446744073709551615\r\n\r\n")),
                     OC_OK);
    assert_true(parser.head.content_length == UINT64_MAX);
}

static void unfinished_head_is_pending(void **state)
{
    static struct oc_http_parser parser;
    struct oc_slice head = OC_STR("GET / HTTP/1.1\r\n" H "\r\n");

    (void)state;
    for (size_t n = 1; n < head.len; n++)
        assert_int_equal(parse_whole(&parser, oc_slice_sub(head, 0, n)), OC_PENDING);
    assert_int_equal(parse_whole(&parser, oc_slice_sub(head, 0, head.len)), OC_OK);
}

static void field_text_check_sees_every_byte_at_every_place(void **state)
{
    char text[24];

    (void)state;
    for (size_t at = 0; at < sizeof(text); at++) {
        for (unsigned c = 0; c < 256; c++) {
            bool good = c == '\t' || (c >= 0x20 && c != 0x7f);

            memset(text, 'x', sizeof(text));
            text[at] = (char)c;
            assert_int_equal(oc_http_is_field_text((struct oc_slice){text, sizeof(text)}), good);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_heads_are_refused_whole_and_bytewise),
        cmocka_unit_test(signed_request_is_taken_apart),
        cmocka_unit_test(absent_and_empty_query_differ),
        cmocka_unit_test(absolute_form_with_the_same_host_gives_its_path),
        cmocka_unit_test(connection_and_version_decide_on_keep_alive),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(largest_length_is_read_exactly),
        cmocka_unit_test(unfinished_head_is_pending),
        cmocka_unit_test(field_text_check_sees_every_byte_at_every_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
