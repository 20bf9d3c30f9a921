/*
 * For the tests of TLS: certificates made when they are needed, and a client that speaks TLS with
 * the server of http_fixture.h.
 */
#ifndef OC_TLS_CLIENT_H
#define OC_TLS_CLIENT_H

#include <openssl/ssl.h>

#include "http_fixture.h"

/* A certificate for localhost that signs itself. */
struct tls_identity {
    char certificate[512]; /* paths */
    char key[512];
};

struct tls_client {
    int fd;
    SSL_CTX *context;
    SSL *ssl;
};

/* Write FOLDER/NAME.crt and FOLDER/NAME.key. `days` from now it ends; negative: it has. */
void tls_make_identity(const char *folder, const char *name, int days, struct tls_identity *ret);

/* A client of one version; 0: any. It trusts nobody and asks for nothing. */
void tls_client_init(struct tls_client *client, int version);
/* Connect and shake hands. @return what SSL_connect does */
int tls_client_connect(struct tls_client *client, const struct http_fixture *fixture);
void tls_client_close(struct tls_client *client);
/* In records of at most `piece` bytes; 0: as large as they come. */
void tls_send(struct tls_client *client, const char *bytes, size_t len, size_t piece);
/* Read one answer. @return false when the connection ends before it is whole. */
bool tls_read(struct tls_client *client, struct http_answer *answer);
/* Send `text`, read one answer, and compare its status. */
void tls_ask(struct tls_client *client, const char *text, struct http_answer *answer,
             unsigned status);
/* The server has said that nothing more comes. */
bool tls_is_ended_in_order(struct tls_client *client);

#endif
