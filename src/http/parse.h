/*
 * The head of an HTTP/1.x request: bytes in, a checked structure out. No I/O, no memory, no clock.
 *
 * Strict RFC 9112: where that standard lets a server be lenient, this one refuses, because two
 * parties that read the same bytes differently are what request smuggling is made of.
 *
 *   400  bare CR or LF; NUL or another control byte (tab inside a value is allowed); a folded
 *        line; white space before the colon or around the parts of the request line; an empty or
 *        invalid method, header name or version; more than one Content-Length, even when equal;
 *        Content-Length that is not digits only or overflows; Transfer-Encoding with
 *        Content-Length or in HTTP/1.0; no Host in HTTP/1.1, more than one, or one with bytes a
 *        host cannot have; a target with `#`, control bytes or bytes above 0x7e; a target in
 *        absolute form whose authority is not the Host (RFC 9112 lets the target win; a proxy
 *        that looked at Host would then have judged another request); `*` other than for
 *        OPTIONS; the authority form (CONNECT)
 *   411  any other Transfer-Encoding: clients of this API always know the length
 *   414  target longer than OC_HTTP_TARGET_MAX
 *   417  Expect other than 100-continue
 *   431  head longer than OC_HTTP_HEAD_MAX or more than OC_HTTP_HEADERS_MAX lines
 *   505  a well-formed version other than HTTP/1.0 and HTTP/1.1
 *
 * One empty line before the request line is skipped (RFC 9112 section 2.2), no more. In the path
 * and query every other printable ASCII byte passes: it cannot change the framing, and whoever
 * decodes the escapes judges it.
 */
#ifndef OC_HTTP_PARSE_H
#define OC_HTTP_PARSE_H

#include "base/bytes.h"
#include "base/limits.h"
#include "http/server.h"

/** What a request's head says. The slices point into the bytes that were parsed. */
struct oc_http_head {
    struct oc_slice method;
    struct oc_slice target;
    struct oc_slice path;
    struct oc_slice query; /* absent without `?` */
    struct oc_slice host;  /* absent only in HTTP/1.0 */
    struct oc_http_header headers[OC_HTTP_HEADERS_MAX];
    size_t header_count;
    size_t size;             /* bytes of the head, the empty lines included */
    uint64_t content_length; /* 0 when there is none */
    bool has_content_length;
    bool has_transfer_encoding;
    bool expects_continue; /* never in HTTP/1.0 */
    bool keep_alive;       /* HTTP/1.1 without `Connection: close` */
    uint8_t minor;         /* 0 or 1 */
};

/** State between two calls, for input that comes in pieces. */
struct oc_http_parser {
    struct oc_http_head head; /* whole once oc_http_parse has returned OC_OK */
    size_t line;              /* where the line that is being looked for begins */
    size_t searched;          /* no line end before here */
    bool has_request_line;
    unsigned status;    /* of a refusal: 400 … 505 */
    const char *reason; /* of a refusal: one sentence, static */
};

/** Make ready for a head that begins at byte 0 of the input. Cost: O(1), not the whole struct. */
void oc_http_parser_init(struct oc_http_parser *parser);

/**
 * Parse what has come so far.
 *
 * @param input  all bytes from the beginning of the head on; later calls pass the same bytes and
 *               more at the same address (after a move: init again)
 * @return OC_OK — the head is complete, `head.size` bytes of the input belong to it;
 *         OC_PENDING — good so far, more bytes are needed;
 *         OC_EINVAL — refused: `status` and `reason` say why. Do not call again without init.
 * Threads: any, one at a time.   Cost: each byte is looked at once over all calls.
 */
int oc_http_parse(struct oc_http_parser *parser, struct oc_slice input);

/** RFC 9110 token: what a method or header name may be. Not empty. Threads: any. */
bool oc_http_is_token(struct oc_slice s);

/** No control byte but tab: what a header value may be. Threads: any. */
bool oc_http_is_field_text(struct oc_slice s);

#endif
