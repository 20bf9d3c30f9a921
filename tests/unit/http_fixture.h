/*
 * For the tests of the HTTP server: a server with a handler for tests, and a plain client that
 * sends bytes as told and reads answers.
 *
 * The handler goes by path: /echo answers method, path and body; /size?N answers N patterned bytes
 * in pieces; /mapped?N does, most of them from a file; /later is answered by another thread,
 * /later-buf?N too with N patterned bytes in a buffer handed over; /hold waits for
 * http_fixture_release; /bad-header, /silent and /204 as named.
 */
#ifndef OC_HTTP_FIXTURE_H
#define OC_HTTP_FIXTURE_H

#include <pthread.h>

#include "http/server.h"

struct http_fixture {
    struct oc_http_server *server;
    uint16_t port;
    pthread_t answerer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct oc_http_request *waiting; /* linked through req->user */
    struct oc_http_request *held;
    unsigned held_count;
    bool is_ending;
};

struct http_answer {
    unsigned status;
    size_t length; /* Content-Length; -1 without */
    char head[4096];
    char *body; /* malloc'ed, NUL-terminated; freed by the next http_read or http_answer_clear */
    size_t body_len;
};

void http_fixture_start(struct http_fixture *fixture, const struct oc_http_options *options);
/* Answer everything that is held, from the calling thread. */
void http_fixture_release(struct http_fixture *fixture);
void http_fixture_wait_held(struct http_fixture *fixture, unsigned count);
void http_fixture_stop(struct http_fixture *fixture);
struct oc_http_stats http_fixture_stats(struct http_fixture *fixture);

int http_connect(const struct http_fixture *fixture);
void http_send(int fd, const char *bytes, size_t len);
void http_send_text(int fd, const char *text);
/* Read one answer. @return false when the connection ends (or fails) before it is whole. */
bool http_read(int fd, struct http_answer *answer, bool has_body);
/* Send `text`, read one answer, and compare its status. */
void http_ask(int fd, const char *text, struct http_answer *answer, unsigned status);
void http_answer_clear(struct http_answer *answer);
/* The connection is ended by the server, with nothing more to read, within two seconds. */
bool http_is_ended(int fd);
char http_pattern(size_t at);
void http_sleep_ms(unsigned ms);

#endif
