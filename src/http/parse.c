/*
 * The head parser: finds one line after the other, checks each when it is whole, and checks what
 * the lines say together at the empty line. parse.h lists what is refused.
 */
#include "http/parse.h"

#include <string.h>

#define REQUEST_LINE_MAX (OC_HTTP_TARGET_MAX + 64) /* a target of the limit, method and version */

/* RFC 9110 section 5.6.2: tchar. __extension__ is for the ranges. */
__extension__ static const bool is_tchar[256] = {
    ['!'] = true,         ['#'] = true,         ['$'] = true,         ['%'] = true, ['&'] = true,
    ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true, ['.'] = true,
    ['^'] = true,         ['_'] = true,         ['`'] = true,         ['|'] = true, ['~'] = true,
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

/* RFC 3986 host and port. The comma is left out: it is how a proxy joins two Host lines. */
__extension__ static const bool is_host_char[256] = {
    ['!'] = true,         ['$'] = true, ['%'] = true, ['&'] = true,         ['\''] = true,
    ['('] = true,         [')'] = true, ['*'] = true, ['+'] = true,         ['-'] = true,
    ['.'] = true,         [':'] = true, [';'] = true, ['='] = true,         ['['] = true,
    [']'] = true,         ['_'] = true, ['~'] = true, ['0' ... '9'] = true, ['A' ... 'Z'] = true,
    ['a' ... 'z'] = true,
};

static int refuse(struct oc_http_parser *parser, unsigned status, const char *reason)
{
    parser->status = status;
    parser->reason = reason;
    return OC_EINVAL;
}

static bool is_all(struct oc_slice s, const bool allowed[256])
{
    for (size_t i = 0; i < s.len; i++)
        if (!allowed[(unsigned char)s.ptr[i]])
            return false;
    return true;
}

bool oc_http_is_token(struct oc_slice s)
{
    return s.len > 0 && is_all(s, is_tchar);
}

/* No control byte but tab. Eight bytes at a time: this is where a head's bytes are spent. */
bool oc_http_is_field_text(struct oc_slice s)
{
    const uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    size_t i = 0;

    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;

        memcpy(&word, s.ptr + i, 8);
        uint64_t low = (word - ones * 0x20) & ~word; /* top bit: byte < 0x20 (or borrowed into) */
        uint64_t del = ((word ^ ones * 0x7f) - ones) & ~(word ^ ones * 0x7f);

        if (((low | del) & tops) != 0)
            break; /* perhaps only a tab: the loop below looks closely */
    }
    for (; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static struct oc_slice trim_blanks(struct oc_slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = (struct oc_slice){s.ptr + 1, s.len - 1};
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static int parse_version(struct oc_http_parser *parser, struct oc_slice version)
{
    if (version.len != 8 || memcmp(version.ptr, "HTTP/", 5) != 0 || version.ptr[6] != '.' ||
        version.ptr[5] < '0' || version.ptr[5] > '9' || version.ptr[7] < '0' ||
        version.ptr[7] > '9')
        return refuse(parser, 400, "The request line must end in an HTTP version.");
    if (version.ptr[5] != '1' || version.ptr[7] > '1')
        return refuse(parser, 505, "This server speaks HTTP/1.1 and HTTP/1.0.");
    parser->head.minor = (uint8_t)(version.ptr[7] - '0');
    return OC_OK;
}

/* The path and query of a target, and for the absolute form its authority (else absent). */
static int split_target(struct oc_http_parser *parser, struct oc_slice *ret_authority)
{
    struct oc_http_head *head = &parser->head;
    struct oc_slice rest = head->target;

    *ret_authority = (struct oc_slice){0};
    if (oc_slice_eq(rest, OC_STR("*")) && oc_slice_eq(head->method, OC_STR("OPTIONS"))) {
        head->path = rest;
        head->query = (struct oc_slice){0};
        return OC_OK;
    }
    if (rest.ptr[0] != '/') {
        size_t scheme = oc_slice_eq_nocase(oc_slice_sub(rest, 0, 7), OC_STR("http://"))    ? 7
                        : oc_slice_eq_nocase(oc_slice_sub(rest, 0, 8), OC_STR("https://")) ? 8
                                                                                           : 0;
        if (scheme == 0)
            return refuse(parser, 400, "The request target must begin with a slash.");
        rest = oc_slice_sub(rest, scheme, rest.len);
        size_t end = 0;

        while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
            end++;
        *ret_authority = oc_slice_sub(rest, 0, end);
        rest = oc_slice_sub(rest, end, rest.len);
    }
    head->path = oc_slice_cut(&rest, '?');
    head->query = rest;
    if (head->path.len == 0)
        head->path = OC_STR("/"); /* "http://host" names the root */
    return OC_OK;
}

static int parse_request_line(struct oc_http_parser *parser, struct oc_slice line)
{
    struct oc_http_head *head = &parser->head;
    struct oc_slice rest = line;

    if (line.len > REQUEST_LINE_MAX)
        return refuse(parser, 414, "The request line is too long.");
    head->method = oc_slice_cut(&rest, ' ');
    if (!oc_http_is_token(head->method))
        return refuse(parser, 400, "The method is not a token.");
    if (rest.ptr == NULL)
        return refuse(parser, 400, "The request line must be: method, target, version.");
    head->target = oc_slice_cut(&rest, ' ');
    if (head->target.len > OC_HTTP_TARGET_MAX)
        return refuse(parser, 414, "The request target is too long.");
    if (rest.ptr == NULL || head->target.len == 0)
        return refuse(parser, 400, "The request line must be: method, target, version.");
    for (size_t i = 0; i < head->target.len; i++) {
        unsigned char c = (unsigned char)head->target.ptr[i];

        if (c <= 0x20 || c >= 0x7f || c == '#')
            return refuse(parser, 400, "The request target has a byte that must be escaped.");
    }
    return parse_version(parser, rest);
}

static int parse_content_length(struct oc_http_parser *parser, struct oc_slice value)
{
    struct oc_http_head *head = &parser->head;
    uint64_t length = 0;

    if (head->has_content_length)
        return refuse(parser, 400, "More than one Content-Length.");
    if (value.len == 0)
        return refuse(parser, 400, "Content-Length must be decimal digits.");
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return refuse(parser, 400, "Content-Length must be decimal digits.");
        if (__builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, (uint64_t)(value.ptr[i] - '0'), &length))
            return refuse(parser, 400, "Content-Length is too large.");
    }
    head->has_content_length = true;
    head->content_length = length;
    return OC_OK;
}

static int parse_host(struct oc_http_parser *parser, struct oc_slice value)
{
    if (parser->head.host.ptr != NULL)
        return refuse(parser, 400, "More than one Host.");
    if (!is_all(value, is_host_char))
        return refuse(parser, 400, "Host has a byte that a host cannot have.");
    parser->head.host = value;
    return OC_OK;
}

static void parse_connection(struct oc_http_parser *parser, struct oc_slice value)
{
    while (value.ptr != NULL)
        if (oc_slice_eq_nocase(trim_blanks(oc_slice_cut(&value, ',')), OC_STR("close")))
            parser->head.keep_alive = false;
}

/* Note the headers that bear on the framing or on the connection. */
static int note_header(struct oc_http_parser *parser, const struct oc_http_header *header)
{
    switch (header->name.len) {
    case 4:
        if (oc_slice_eq_nocase(header->name, OC_STR("host")))
            return parse_host(parser, header->value);
        break;
    case 6:
        if (parser->head.minor == 0 || !oc_slice_eq_nocase(header->name, OC_STR("expect")))
            break; /* RFC 9110 section 10.1.1: ignored in HTTP/1.0 */
        if (!oc_slice_eq_nocase(header->value, OC_STR("100-continue")))
            return refuse(parser, 417, "The only expectation known is 100-continue.");
        parser->head.expects_continue = true;
        break;
    case 10:
        if (oc_slice_eq_nocase(header->name, OC_STR("connection")))
            parse_connection(parser, header->value);
        break;
    case 14:
        if (oc_slice_eq_nocase(header->name, OC_STR("content-length")))
            return parse_content_length(parser, header->value);
        break;
    case 17:
        if (oc_slice_eq_nocase(header->name, OC_STR("transfer-encoding")))
            parser->head.has_transfer_encoding = true;
        break;
    default:
        break;
    }
    return OC_OK;
}

static int parse_header(struct oc_http_parser *parser, struct oc_slice line)
{
    struct oc_http_head *head = &parser->head;
    struct oc_http_header header = {.value = line};

    if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return refuse(parser, 400, "Folded header lines are not allowed.");
    header.name = oc_slice_cut(&header.value, ':');
    if (header.value.ptr == NULL)
        return refuse(parser, 400, "A header line has no colon.");
    if (!oc_http_is_token(header.name))
        return refuse(parser, 400, "A header name is not a token.");
    header.value = trim_blanks(header.value);
    if (!oc_http_is_field_text(header.value))
        return refuse(parser, 400, "A header value has a control byte.");
    if (head->header_count == OC_HTTP_HEADERS_MAX)
        return refuse(parser, 431, "Too many header lines.");
    head->headers[head->header_count++] = header;
    return note_header(parser, &header);
}

/* What the lines say together. */
static int finish(struct oc_http_parser *parser)
{
    struct oc_http_head *head = &parser->head;
    struct oc_slice authority;
    int rc;

    if (head->has_transfer_encoding && (head->has_content_length || head->minor == 0))
        return refuse(parser, 400, "Transfer-Encoding is not allowed here.");
    if (head->has_transfer_encoding)
        return refuse(parser, 411, "Send the body with a Content-Length.");
    if (head->host.ptr == NULL && head->minor == 1)
        return refuse(parser, 400, "Host is missing.");
    rc = split_target(parser, &authority);
    if (rc < 0)
        return rc;
    if (authority.ptr != NULL && (authority.len == 0 || !oc_slice_eq_nocase(authority, head->host)))
        return refuse(parser, 400, "The authority of the target is not the Host.");
    if (head->minor == 0)
        head->keep_alive = false;
    return OC_OK;
}

/* One line without its CRLF. `*ret_end` tells that it was the empty line that ends the head. */
static int parse_line(struct oc_http_parser *parser, struct oc_slice line, bool *ret_end)
{
    if (memchr(line.ptr, '\r', line.len) != NULL)
        return refuse(parser, 400, "A CR without its LF.");
    if (parser->has_request_line && line.len > 0)
        return parse_header(parser, line);
    if (parser->has_request_line) {
        *ret_end = true;
        return finish(parser);
    }
    if (line.len == 0 && parser->line == 0)
        return OC_OK; /* the one empty line that may come first */
    parser->has_request_line = true;
    return parse_request_line(parser, line);
}

/* Refuse what can never become good, as soon as that is certain: a client that waits for the
 * verdict on half a line would otherwise meet the time-out. */
static int check_partial(struct oc_http_parser *parser, struct oc_slice input)
{
    size_t have = input.len - parser->line; /* bytes of the unfinished line */

    if (have > 0 && !parser->has_request_line) {
        unsigned char c = (unsigned char)input.ptr[parser->line];

        if (!is_tchar[c] && !(c == '\r' && parser->line == 0))
            return refuse(parser, 400, "The method is not a token.");
        if (have > REQUEST_LINE_MAX + 1) /* its CR may be among them */
            return refuse(parser, 414, "The request line is too long.");
    }
    if (input.len >= OC_HTTP_HEAD_MAX)
        return refuse(parser, 431, "The request's head is too long.");
    return OC_PENDING;
}

void oc_http_parser_init(struct oc_http_parser *parser)
{
    struct oc_http_head *head = &parser->head;

    /* Not one memset: the header table is 2 KiB that header_count makes unreachable. */
    head->host = (struct oc_slice){0};
    head->header_count = 0;
    head->size = 0;
    head->content_length = 0;
    head->has_content_length = false;
    head->has_transfer_encoding = false;
    head->expects_continue = false;
    head->keep_alive = true;
    parser->line = 0;
    parser->searched = 0;
    parser->has_request_line = false;
    parser->status = 0;
    parser->reason = NULL;
}

int oc_http_parse(struct oc_http_parser *parser, struct oc_slice input)
{
    for (;;) {
        const char *lf = parser->searched < input.len ? memchr(input.ptr + parser->searched, '\n',
                                                               input.len - parser->searched)
                                                      : NULL;

        if (lf == NULL) {
            parser->searched = input.len;
            return check_partial(parser, input);
        }
        size_t end = (size_t)(lf - input.ptr);
        bool is_end = false;

        if (end + 1 > OC_HTTP_HEAD_MAX)
            return refuse(parser, 431, "The request's head is too long.");
        if (end == parser->line || input.ptr[end - 1] != '\r')
            return refuse(parser, 400, "An LF without its CR.");
        int rc =
            parse_line(parser, oc_slice_sub(input, parser->line, end - 1 - parser->line), &is_end);

        if (rc < 0)
            return rc;
        parser->line = parser->searched = end + 1;
        if (is_end) {
            parser->head.size = end + 1;
            return OC_OK;
        }
    }
}
