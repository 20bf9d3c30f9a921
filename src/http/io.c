/*
 * The bytes of a connection, plain or through TLS, with the fault sites of the tests.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "http/http_impl.h"

static ssize_t read_plain(struct oc_http_conn *conn, void *to, size_t len)
{
    ssize_t got;

    if (oc_fault(OC_FAULT_READ)) {
        errno = ECONNRESET;
        return -1;
    }
    got = recv(conn->fd, to, len, 0);
    /* A short read has emptied the socket (epoll(7)); new bytes make a new event. But an end that
     * epoll has told of already makes none: it must be read to be seen. */
    if (got < (ssize_t)len)
        conn->readable = conn->has_end && got > 0;
    return got;
}

static ssize_t read_tls(struct oc_http_conn *conn, void *to, size_t len)
{
    bool more;
    ssize_t got = oc_http_tls_read(conn->tls, to, len, &more);

    /* The end as above; and records that have left the socket make no event either. */
    conn->readable = got > 0 && (more || conn->has_end);
    return got;
}

ssize_t oc_http_conn_read(struct oc_http_conn *conn, void *to, size_t len)
{
    ssize_t got = conn->tls != NULL ? read_tls(conn, to, len) : read_plain(conn, to, len);

    if (got > 0)
        oc_http_count(conn->worker, OC_COUNT_BYTES_IN, (uint64_t)got);
    return got;
}

static ssize_t write_plain(struct oc_http_conn *conn, struct iovec *iov, size_t count, bool more)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};

    if (oc_fault(OC_FAULT_SEND)) {
        errno = ECONNRESET;
        return -1;
    }
    return sendmsg(conn->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static void count_sent(struct oc_http_conn *conn, ssize_t sent)
{
    if (sent <= 0)
        return;
    oc_http_count(conn->worker, OC_COUNT_BYTES_OUT, (uint64_t)sent);
    conn->moved += (uint64_t)sent;
}

ssize_t oc_http_conn_write(struct oc_http_conn *conn, struct iovec *iov, size_t count, bool more)
{
    ssize_t sent = conn->tls != NULL ? oc_http_tls_write(conn->tls, iov, count, more)
                                     : write_plain(conn, iov, count, more);

    count_sent(conn, sent);
    return sent;
}

bool oc_http_conn_maps(const struct oc_http_conn *conn)
{
    return conn->tls == NULL;
}

ssize_t oc_http_conn_write_mapped(struct oc_http_conn *conn, const struct oc_mapping *mapping,
                                  const char *from, size_t len)
{
    off_t at = from - mapping->base;

    if (oc_fault(OC_FAULT_SEND)) {
        errno = ECONNRESET;
        return -1;
    }
    ssize_t sent = sendfile(conn->fd, mapping->fd, &at, len);

    count_sent(conn, sent);
    return sent;
}

void oc_http_conn_cork(struct oc_http_conn *conn, bool is_corked)
{
    int on = is_corked;

    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_CORK, &on,
                     sizeof(on)); /* no TCP: nothing to hold */
}

void oc_http_conn_end_output(struct oc_http_conn *conn)
{
    if (conn->tls != NULL)
        oc_http_tls_end(conn->tls);
    (void)shutdown(conn->fd, SHUT_WR); /* fails when the client has gone: the reader finds out */
}
