/*
 * TLS for the HTTP server, on OpenSSL: certificate and key, and one connection's encryption.
 *
 * A connection reads and writes through its socket without blocking, like recv and sendmsg: -1 with
 * EAGAIN means that the socket has to do something first, and oc_http_tls_wants_write says what.
 *
 * TLS 1.2 with ECDHE and AEAD ciphers, and TLS 1.3; the server's order of ciphers; ALPN "http/1.1"
 * only; tickets, but no session cache; no renegotiation, no compression, no early data, no client
 * certificates.
 *
 * Threads: an oc_http_tls belongs to its connection's worker; oc_http_tls_keys may be used by any.
 */
#ifndef OC_HTTP_TLS_H
#define OC_HTTP_TLS_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

/** Certificate, private key, and the settings that all connections share. */
struct oc_http_tls_keys;

/** One connection. */
struct oc_http_tls;

/**
 * Load certificate and key. Logs a warning when the certificate is not valid now, and when others
 * may read the key's file.
 *
 * @param certificate  PEM file: the server's certificate, then those that lead to its authority;
 *                     this and `key` are copied, for oc_http_tls_keys_reload
 * @param key          PEM file: its private key, without a passphrase
 * @param[out] ret     free with oc_http_tls_keys_free, after all connections
 * Errors: OC_EINVAL — a file does not hold what it should, or the key is another certificate's;
 * OC_ENOTFOUND, OC_EDENIED, OC_EIO — a file cannot be read; OC_ENOMEM. The text names the file.
 */
int oc_http_tls_keys_new(const char *certificate, const char *key, struct oc_http_tls_keys **ret,
                         struct oc_err *err);

/**
 * Load both files again, for new connections; those that are open keep theirs. After an error
 * everything stays as it was. Errors: those of oc_http_tls_keys_new. Threads: any.
 */
int oc_http_tls_keys_reload(struct oc_http_tls_keys *keys, struct oc_err *err);
void oc_http_tls_keys_free(struct oc_http_tls_keys *keys);

/** The server's side of TLS on a connected, non-blocking socket; NULL: no memory. */
struct oc_http_tls *oc_http_tls_new(struct oc_http_tls_keys *keys, int fd);
void oc_http_tls_free(struct oc_http_tls *tls);

/**
 * Go on with the handshake.
 * @param[out] ret_reason  why it has failed, static; NULL: the client left without a byte
 * @return OC_OK: done; OC_PENDING: the socket has to do something first; OC_EIO: failed, and the
 *         client has been told as far as possible
 */
int oc_http_tls_handshake(struct oc_http_tls *tls, const char **ret_reason);

/** After a failed handshake: the client has sent plain HTTP, and nothing was answered. */
bool oc_http_tls_is_plain(const struct oc_http_tls *tls);

/**
 * Like recv: at most one record. 0: the client has ended the connection in order.
 * @param[out] ret_more  more may be read at once, without a further event of the socket
 */
ssize_t oc_http_tls_read(struct oc_http_tls *tls, void *to, size_t len, bool *ret_more);

/**
 * Like sendmsg: records of up to 16 KiB, each filled from as many slices as fit. After EAGAIN or
 * less than the whole, the next call must begin with the same bytes that were not taken.
 * @param more  further bytes follow soon, as with MSG_MORE
 */
ssize_t oc_http_tls_write(struct oc_http_tls *tls, const struct iovec *iov, size_t count,
                          bool more);

/** After EAGAIN or OC_PENDING: what is waited for is that the socket takes bytes. */
bool oc_http_tls_wants_write(const struct oc_http_tls *tls);

/** The socket has had an event: what was known of it is old. */
void oc_http_tls_event(struct oc_http_tls *tls);

/** Tell the client that nothing more comes (close_notify), if it can be told at once. */
void oc_http_tls_end(struct oc_http_tls *tls);

#endif
