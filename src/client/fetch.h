/*
 * What the providers of credentials share: one short request, and the JSON form in which
 * credentials come.
 *
 * Threads: any.
 */
#ifndef OC_CLIENT_FETCH_H
#define OC_CLIENT_FETCH_H

#include "client/credentials.h"
#include "net/transport.h"

#define OC_CREDENTIAL_ERROR "CredentialRetrievalError"
#define OC_FETCH_URL_MAX    8192

struct oc_fetch {
    const char *method;
    const char *url;
    struct oc_sigv4_header header;         /* one header; absent name: none */
    const struct oc_sigv4_header *headers; /* further ones */
    size_t header_count;
    struct oc_slice body;
    const char *ca_bundle; /* NULL: the system's */
    bool is_remote;        /* not this machine: through proxies, with longer time-outs */
    const char *source;    /* who is asked, for messages; static text */
    const char *refused;   /* what to say when it answers 401 or 403; NULL: just that */
};

/**
 * Send a request; no second attempt.
 * @param body  receives the answer; initialised here, cleared by the caller with oc_fetch_wipe
 * Errors: OC_EDENIED, named CredentialRetrievalError — no answer, or one that is not 200;
 *         OC_ENOMEM.
 */
int oc_fetch(const struct oc_fetch *fetch, struct oc_buf *body, struct oc_err *err);

/** Wipe and free a buffer that held a secret; for OC_AUTO. */
void oc_fetch_wipe(struct oc_buf *buf);

/**
 * Read credentials: {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}.
 * @param is_process  want {"Version": 1} too
 * Errors: OC_EDENIED, named CredentialRetrievalError.
 */
int oc_fetch_read(struct oc_slice text, const char *source, bool is_process,
                  struct oc_credentials *ret, struct oc_err *err);

/** Credentials from their parts, as they came. `expiration` absent: they do not end. */
int oc_fetch_take(const struct oc_static_credentials *parts, struct oc_slice expiration,
                  const char *source, struct oc_credentials *ret, struct oc_err *err);

#endif
