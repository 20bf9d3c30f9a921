/*
 * An HTTP server that misbehaves as told, for tests of the client: it answers by a list of rules,
 * one connection at a time, one request a connection.
 */
#ifndef OC_TEST_FAKE_SERVER_H
#define OC_TEST_FAKE_SERVER_H

#include <pthread.h>

#include "base/bytes.h"

/** What becomes of requests whose first line contains `match`, in the order of the list. */
struct fake_rule {
    const char *match;
    const char *asks; /* what the head must contain as well; NULL: anything */
    unsigned times;   /* how many requests it serves; 0: all that come */
    int status;
    const char *headers; /* further header lines, each with its \r\n; or NULL */
    struct oc_slice body;
    size_t cut;  /* bytes of the body that are promised and not sent */
    bool ranges; /* a request's range of the body is sent, with status 206, or 416 behind its end */
    unsigned delay_ms; /* before the answer */
    bool hang_up;      /* close without an answer */
    bool silent;       /* say nothing until the client goes away */
};

struct fake_server {
    const struct fake_rule *rules; /* ends with a rule without `match` */
    unsigned served[32];           /* by each rule */
    unsigned requests;             /* all */
    char last_head[16384];         /* head of the last request, NUL-terminated */
    char endpoint[64];             /* http://127.0.0.1:PORT */
    int listener;
    pthread_t thread;
};

/** Begin to serve. Requests that no rule fits get 404 without a body. */
void fake_server_start(struct fake_server *server, const struct fake_rule *rules);
void fake_server_stop(struct fake_server *server);

#endif
