/*
 * Long-lived answers: chunked bodies (RFC 9112, section 7.1) whose pieces are asked for one by one.
 *
 * The worker asks for the next piece when its time has come and the one before has left; so a
 * client that does not read costs one piece, and is cut off by the time-out of writing. An HTTP/1.0
 * client gets the pieces as they are, and the end of the connection as the end.
 */
#include "http/http_impl.h"

#define CHUNK_EXTRA 32 /* a chunk's frame and the last chunk */

bool oc_http_stream_take(struct oc_http_exchange *exchange, const struct oc_http_stream *stream)
{
    struct oc_http_server *server = exchange->conn->worker->server;

    if (atomic_fetch_add(&server->streams, 1) >= server->options.max_streams) {
        atomic_fetch_sub(&server->streams, 1);
        return false;
    }
    exchange->stream = *stream;
    exchange->is_stream = true;
    return true;
}

void oc_http_stream_drop(struct oc_http_exchange *exchange)
{
    if (exchange->is_stream)
        atomic_fetch_sub(&exchange->conn->worker->server->streams, 1);
    exchange->stream = (struct oc_http_stream){0};
    exchange->is_stream = false;
}

static void begin_piece(struct oc_http_exchange *exchange)
{
    oc_buf_clear(&exchange->out_head);
    oc_buf_clear(&exchange->out_body);
    oc_buf_init(&exchange->out_head, OC_HTTP_STREAM_PIECE_MAX + CHUNK_EXTRA);
    exchange->out_sent = 0;
}

static bool is_chunked(const struct oc_http_exchange *exchange)
{
    return exchange->parser.head.minor > 0;
}

bool oc_http_stream_fill(struct oc_http_exchange *exchange)
{
    OC_AUTO(oc_buf_clear) struct oc_buf piece = {0};
    struct oc_buf *out = &exchange->out_head;
    int rc;

    oc_buf_init(&piece, OC_HTTP_STREAM_PIECE_MAX);
    rc = exchange->stream.next(exchange->stream.ctx, &piece);
    if (rc < 0 || piece.failed)
        return false;
    begin_piece(exchange);
    if (is_chunked(exchange) && piece.len > 0) /* an empty chunk would be the last one */
        oc_buf_printf(out, "%zx\r\n", piece.len);
    oc_buf_put_slice(out, oc_buf_slice(&piece));
    if (is_chunked(exchange) && piece.len > 0)
        oc_buf_put_str(out, "\r\n");
    if (rc != OC_PENDING)
        exchange->stream.next = NULL;
    if (rc != OC_PENDING && is_chunked(exchange))
        oc_buf_put_str(out, "0\r\n\r\n");
    return !out->failed;
}

void oc_http_stream_finish(struct oc_http_exchange *exchange)
{
    begin_piece(exchange);
    exchange->stream.next = NULL;
    exchange->keep_alive = false;
    if (is_chunked(exchange))
        oc_buf_put_str(&exchange->out_head, "0\r\n\r\n");
    if (exchange->out_head.failed)
        oc_buf_reset(&exchange->out_head); /* then the end of the connection says it */
}
