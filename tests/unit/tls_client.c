#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls_client.h"

static void write_files(const struct tls_identity *identity, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(identity->certificate, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    file = fopen(identity->key, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
}

void tls_make_identity(const char *folder, const char *name, int days, struct tls_identity *ret)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    assert_non_null(key);
    snprintf(ret->certificate, sizeof(ret->certificate), "%s/%s.crt", folder, name);
    snprintf(ret->key, sizeof(ret->key), "%s/%s.key", folder, name);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86400L);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    write_files(ret, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void tls_client_init(struct tls_client *client, int version)
{
    *client = (struct tls_client){.fd = -1, .context = SSL_CTX_new(TLS_client_method())};
    assert_non_null(client->context);
    SSL_CTX_set_security_level(client->context, 0); /* so that old versions can be tried */
    SSL_CTX_set_min_proto_version(client->context, version);
    SSL_CTX_set_max_proto_version(client->context, version);
    client->ssl = SSL_new(client->context);
    assert_non_null(client->ssl);
}

int tls_client_connect(struct tls_client *client, const struct http_fixture *fixture)
{
    client->fd = http_connect(fixture);
    assert_true(client->fd >= 0);
    assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
    return SSL_connect(client->ssl);
}

void tls_client_close(struct tls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    if (client->fd >= 0)
        close(client->fd);
}

void tls_send(struct tls_client *client, const char *bytes, size_t len, size_t piece)
{
    while (len > 0) {
        size_t take = piece != 0 && piece < len ? piece : len, sent;

        if (SSL_write_ex(client->ssl, bytes, take, &sent) != 1)
            return; /* the reader finds out */
        bytes += sent;
        len -= sent;
    }
}

static bool read_whole(struct tls_client *client, char *to, size_t len)
{
    for (size_t got; len > 0; to += got, len -= got)
        if (SSL_read_ex(client->ssl, to, len, &got) != 1)
            return false;
    return true;
}

bool tls_read(struct tls_client *client, struct http_answer *answer)
{
    size_t len = 0;
    const char *length;

    http_answer_clear(answer);
    do {
        if (len == sizeof(answer->head) - 1 || !read_whole(client, answer->head + len, 1))
            return false;
        answer->head[++len] = '\0';
    } while (len < 4 || memcmp(answer->head + len - 4, "\r\n\r\n", 4) != 0);
    if (sscanf(answer->head, "HTTP/1.1 %3u ", &answer->status) != 1)
        return false;
    length = strstr(answer->head, "\r\nContent-Length: ");
    answer->length = length != NULL ? strtoul(length + 18, NULL, 10) : (size_t)-1;
    answer->body_len = length != NULL ? answer->length : 0;
    answer->body = malloc(answer->body_len + 1);
    assert_non_null(answer->body);
    answer->body[answer->body_len] = '\0';
    return read_whole(client, answer->body, answer->body_len);
}

void tls_ask(struct tls_client *client, const char *text, struct http_answer *answer,
             unsigned status)
{
    tls_send(client, text, strlen(text), 0);
    if (!tls_read(client, answer))
        fail_msg("no answer to: %.60s", text);
    if (answer->status != status)
        fail_msg("%u instead of %u for: %.60s", answer->status, status, text);
}

bool tls_is_ended_in_order(struct tls_client *client)
{
    char byte;
    int rc = SSL_read(client->ssl, &byte, 1);

    return rc == 0 && SSL_get_error(client->ssl, rc) == SSL_ERROR_ZERO_RETURN;
}
