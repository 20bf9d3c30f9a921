/*
 * TLS for the HTTP server. See tls.h.
 *
 * OpenSSL reaches the socket through a BIO of our own, for three reasons: sending raises no
 * SIGPIPE; MSG_MORE joins the records of a large answer into full segments; and a recv that came
 * back short tells that the socket is empty, which saves the recv that would only say EAGAIN.
 * OpenSSL reads ahead, so that a record costs one recv and not two.
 */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"

#define RECORD_MAX SSL3_RT_MAX_PLAIN_LENGTH

struct oc_http_tls_keys {
    char *certificate; /* paths */
    char *key;
    BIO_METHOD *method;
    pthread_mutex_t lock; /* of: */
    SSL_CTX *context;
};

struct oc_http_tls {
    SSL *ssl;
    int fd;
    bool is_drained;  /* since the last event, a recv has found the socket's end */
    bool has_more;    /* the record that is being written is not the last */
    bool wants_write; /* the last call has met a full socket */
    bool is_established;
    bool has_failed;
    bool has_input; /* the first byte has come */
    bool is_plain;  /* and it cannot begin TLS */
};

/* -- the socket ------------------------------------------------------------------------------- */

static int read_socket(BIO *bio, char *to, int len)
{
    struct oc_http_tls *tls = BIO_get_data(bio);
    ssize_t got;

    BIO_clear_retry_flags(bio);
    if (oc_fault(OC_FAULT_READ))
        return -1;
    got = recv(tls->fd, to, (size_t)len, 0);
    tls->is_drained = got < len;
    if (got < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    if (got > 0 && !tls->has_input) {
        tls->has_input = true;
        /* A method's letter. TLS begins with 22. Stop before OpenSSL answers with an alert. */
        tls->is_plain = to[0] >= 'A' && to[0] <= 'Z';
    }
    return tls->is_plain ? -1 : (int)got;
}

static int write_socket(BIO *bio, const char *bytes, int len)
{
    struct oc_http_tls *tls = BIO_get_data(bio);
    ssize_t sent;

    BIO_clear_retry_flags(bio);
    if (oc_fault(OC_FAULT_SEND))
        return -1;
    sent = send(tls->fd, bytes, (size_t)len, MSG_NOSIGNAL | (tls->has_more ? MSG_MORE : 0));
    if (sent < 0 && errno == EAGAIN)
        BIO_set_retry_write(bio);
    return (int)sent;
}

static long control_socket(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* nothing is held back; the rest is not for sockets */
}

static BIO_METHOD *new_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "outcrop socket");

    if (method != NULL && BIO_meth_set_read(method, read_socket) &&
        BIO_meth_set_write(method, write_socket) && BIO_meth_set_ctrl(method, control_socket))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* -- certificate and key ---------------------------------------------------------------------- */

/* The oldest error is the cause; what came after are its consequences. */
static const char *ssl_reason(const char *otherwise)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());

    return reason != NULL ? reason : otherwise;
}

/* OpenSSL would ask the terminal. */
static int refuse_passphrase(char *to, int size, int writing, void *ctx)
{
    bool *asked = ctx;

    (void)to;
    (void)size;
    (void)writing;
    *asked = true;
    return -1;
}

static int select_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                           const unsigned char *offered, unsigned len, void *ctx)
{
    static const unsigned char ours[] = "\x08http/1.1";

    (void)ssl;
    (void)ctx;
    return SSL_select_next_proto((unsigned char **)ret, ret_len, ours, sizeof(ours) - 1, offered,
                                 len) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The system's words for a file that cannot be read are better than OpenSSL's. */
static int check_file(const char *what, const char *path, bool is_secret, struct oc_err *err)
{
    OC_AUTO(oc_autoclose) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return oc_fail_errno(err, "%s '%s'", what, path);
    if (is_secret && (status.st_mode & S_IROTH) != 0)
        oc_log(OC_LOG_WARN, "http_key_is_public", "file", path, "reason",
               "every user can read the private key: chmod o-r", NULL);
    return OC_OK;
}

static void warn_of_dates(const SSL_CTX *context, const char *path)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    const char *reason = NULL;

    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        reason = "the certificate has expired";
    else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        reason = "the certificate is not valid yet";
    if (reason != NULL)
        oc_log(OC_LOG_WARN, "http_certificate_dates", "file", path, "reason", reason, NULL);
}

static int load_files(const struct oc_http_tls_keys *keys, SSL_CTX *context, struct oc_err *err)
{
    bool asked = false, is_loaded;
    int rc;

    rc = check_file("tls-certificate", keys->certificate, false, err);
    if (rc >= 0)
        rc = check_file("tls-key", keys->key, true, err);
    if (rc < 0)
        return rc;
    SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, keys->certificate) != 1)
        return oc_fail(err, OC_EINVAL, "tls-certificate '%s': no certificate in PEM form: %s",
                       keys->certificate, ssl_reason("unreadable"));
    is_loaded = SSL_CTX_use_PrivateKey_file(context, keys->key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    if (asked)
        return oc_fail(err, OC_EINVAL, "tls-key '%s': has a passphrase; store it without",
                       keys->key);
    if (is_loaded && SSL_CTX_check_private_key(context) == 1)
        return OC_OK;
    /* A foreign key of the certificate's kind is refused when it is loaded, others after. */
    if (is_loaded || ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509)
        return oc_fail(err, OC_EINVAL, "tls-key '%s': does not belong to the certificate in '%s'",
                       keys->key, keys->certificate);
    return oc_fail(err, OC_EINVAL, "tls-key '%s': no private key in PEM form: %s", keys->key,
                   ssl_reason("unreadable"));
}

static bool set_rules(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION);
    /* The rest of an answer may have moved to other memory before it is sent. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets need none */
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context,
                                   "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                   "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                   "ECDHE-ECDSA-CHACHA20-POLY1305:"
                                   "ECDHE-RSA-CHACHA20-POLY1305") == 1 &&
           SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                             "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1;
}

static int new_context(const struct oc_http_tls_keys *keys, SSL_CTX **ret, struct oc_err *err)
{
    SSL_CTX *context;
    int rc;

    ERR_clear_error();
    context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || !set_rules(context)) {
        rc = oc_fail(err, OC_EIO, "http: TLS: %s", ssl_reason("no memory"));
        SSL_CTX_free(context);
        return rc;
    }
    rc = load_files(keys, context, err);
    ERR_clear_error();
    if (rc < 0) {
        SSL_CTX_free(context);
        return rc;
    }
    warn_of_dates(context, keys->certificate);
    *ret = context;
    return OC_OK;
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = oc_alloc(size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

int oc_http_tls_keys_new(const char *certificate, const char *key, struct oc_http_tls_keys **ret,
                         struct oc_err *err)
{
    struct oc_http_tls_keys *keys = oc_alloc(sizeof(*keys));
    int rc;

    if (keys == NULL)
        return oc_fail_nomem(err);
    *keys = (struct oc_http_tls_keys){
        .certificate = copy_text(certificate), .key = copy_text(key), .method = new_method()};
    (void)pthread_mutex_init(&keys->lock, NULL); /* cannot fail on Linux */
    if (keys->certificate == NULL || keys->key == NULL || keys->method == NULL)
        rc = oc_fail_nomem(err);
    else
        rc = new_context(keys, &keys->context, err);
    if (rc < 0) {
        oc_http_tls_keys_free(keys);
        return rc;
    }
    *ret = keys;
    return OC_OK;
}

int oc_http_tls_keys_reload(struct oc_http_tls_keys *keys, struct oc_err *err)
{
    SSL_CTX *context, *old;
    int rc = new_context(keys, &context, err);

    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&keys->lock);
    old = keys->context;
    keys->context = context;
    (void)pthread_mutex_unlock(&keys->lock);
    SSL_CTX_free(old); /* open connections hold references */
    return OC_OK;
}

void oc_http_tls_keys_free(struct oc_http_tls_keys *keys)
{
    if (keys == NULL)
        return;
    SSL_CTX_free(keys->context);
    BIO_meth_free(keys->method);
    (void)pthread_mutex_destroy(&keys->lock);
    free(keys->certificate);
    free(keys->key);
    free(keys);
}

/* -- one connection --------------------------------------------------------------------------- */

struct oc_http_tls *oc_http_tls_new(struct oc_http_tls_keys *keys, int fd)
{
    struct oc_http_tls *tls = oc_alloc(sizeof(*tls));
    BIO *bio;

    if (tls == NULL)
        return NULL;
    (void)pthread_mutex_lock(&keys->lock);
    *tls = (struct oc_http_tls){.fd = fd, .ssl = SSL_new(keys->context)};
    (void)pthread_mutex_unlock(&keys->lock);
    bio = BIO_new(keys->method);
    if (tls->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        oc_http_tls_free(tls);
        return NULL;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void oc_http_tls_free(struct oc_http_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    free(tls);
}

/* What a call that did not succeed means, in the words of recv: 0, or -1 and errno. */
static ssize_t judge(struct oc_http_tls *tls, int rc)
{
    int error = SSL_get_error(tls->ssl, rc);

    tls->wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_ZERO_RETURN)
        return 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    tls->has_failed = true; /* OpenSSL forbids further calls, close_notify included */
    errno = ECONNRESET;
    return -1;
}

int oc_http_tls_handshake(struct oc_http_tls *tls, const char **ret_reason)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(tls->ssl);
    if (rc == 1) {
        tls->is_established = true;
        tls->wants_write = false;
        return OC_OK;
    }
    if (judge(tls, rc) < 0 && errno == EAGAIN)
        return OC_PENDING;
    *ret_reason = tls->has_input ? ssl_reason("the client has gone") : NULL;
    return OC_EIO;
}

bool oc_http_tls_is_plain(const struct oc_http_tls *tls)
{
    return tls->is_plain;
}

ssize_t oc_http_tls_read(struct oc_http_tls *tls, void *to, size_t len, bool *ret_more)
{
    size_t got;
    int rc;

    *ret_more = false;
    ERR_clear_error();
    rc = SSL_read_ex(tls->ssl, to, len, &got);
    if (rc != 1)
        return judge(tls, rc);
    tls->wants_write = false;
    *ret_more = !tls->is_drained || SSL_has_pending(tls->ssl);
    return (ssize_t)got;
}

/* How far slices have been written. */
struct cursor {
    const struct iovec *iov;
    size_t count;  /* from `iov` on */
    size_t offset; /* into the first of them */
};

/* The next bytes, at most a record's: where they lie when they lie together, else copied to
 * `record`. */
static struct oc_slice next_record(struct cursor *at, char record[RECORD_MAX])
{
    struct oc_slice chunk = {record, 0};

    while (at->count > 0 && chunk.len < RECORD_MAX) {
        const char *bytes = (const char *)at->iov->iov_base + at->offset;
        size_t rest = at->iov->iov_len - at->offset, room = RECORD_MAX - chunk.len;
        size_t take = rest < room ? rest : room;

        if (chunk.len == 0 && (take == RECORD_MAX || at->count == 1))
            chunk.ptr = bytes;
        else
            memcpy(record + chunk.len, bytes, take);
        chunk.len += take;
        at->offset += take;
        if (take == rest)
            *at = (struct cursor){at->iov + 1, at->count - 1, 0};
    }
    return chunk;
}

ssize_t oc_http_tls_write(struct oc_http_tls *tls, const struct iovec *iov, size_t count, bool more)
{
    struct cursor at = {iov, count, 0};
    char record[RECORD_MAX];
    size_t total = 0, sent;

    while (at.count > 0) {
        /* What OpenSSL could not send whole must be offered again from its first byte on and not
         * be shorter: a record that is cut only by its greatest length or the end never is. */
        struct oc_slice chunk = next_record(&at, record);
        int rc;

        tls->has_more = more || at.count > 0;
        ERR_clear_error();
        rc = SSL_write_ex(tls->ssl, chunk.ptr, chunk.len, &sent);
        if (rc != 1) {
            ssize_t why = judge(tls, rc);

            /* Without renegotiation nothing that is written waits for input. */
            if (why == 0 || !tls->wants_write)
                errno = ECONNRESET;
            return total > 0 ? (ssize_t)total : -1;
        }
        tls->wants_write = false;
        total += chunk.len; /* without SSL_MODE_ENABLE_PARTIAL_WRITE it is all or nothing */
    }
    return (ssize_t)total;
}

bool oc_http_tls_wants_write(const struct oc_http_tls *tls)
{
    return tls->wants_write;
}

void oc_http_tls_event(struct oc_http_tls *tls)
{
    tls->is_drained = false;
}

void oc_http_tls_end(struct oc_http_tls *tls)
{
    /* After a record that is half sent the alert could not be understood. */
    if (!tls->is_established || tls->has_failed || tls->wants_write)
        return;
    tls->has_more = false;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl); /* the client's part is not waited for */
    tls->is_established = false;  /* once is enough */
}
