/*
 * The HTTP server with TLS, over real sockets: what differs from plain ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/fault.h"
#include "folder_fixture.h"
#include "tls_client.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static struct http_fixture fixture;
static struct http_answer answer;
static struct folder *folder;
static struct tls_identity identity;
static pthread_t main_thread;
static atomic_bool openssl_may_fail;

/* The client may write to a connection that has ended; a worker must not be told by a signal. */
static void judge_sigpipe(int signal)
{
    (void)signal;
    if (!pthread_equal(pthread_self(), main_thread))
        abort();
}

static void start_with(void **state, struct oc_http_options options)
{
    assert_int_equal(folder_setup(state), 0);
    folder = *state;
    tls_make_identity(folder->path, "localhost", 30, &identity);
    options.tls_certificate = identity.certificate;
    options.tls_key = identity.key;
    http_fixture_start(&fixture, &options);
}

static int start(void **state)
{
    start_with(state, (struct oc_http_options){.workers = 2});
    return 0;
}

static int start_small(void **state)
{
    start_with(state, (struct oc_http_options){.workers = 2, .max_connections = 3});
    return 0;
}

/* Long enough for a handshake on a busy machine, under valgrind too. */
static int start_hasty(void **state)
{
    start_with(state, (struct oc_http_options){
                          .workers = 2, .head_timeout_ms = 1000, .idle_timeout_ms = 500});
    return 0;
}

static int stop(void **state)
{
    http_fixture_stop(&fixture);
    http_answer_clear(&answer);
    return folder_teardown(state);
}

static void wait_for_no_connection(void)
{
    for (int i = 0; i < 300 && http_fixture_stats(&fixture).connections_open > 0; i++)
        http_sleep_ms(10);
    assert_int_equal(http_fixture_stats(&fixture).connections_open, 0);
}

static void assert_pattern(const struct http_answer *got, size_t size)
{
    assert_int_equal(got->body_len, size);
    for (size_t i = 0; i < size; i++)
        if (got->body[i] != http_pattern(i))
            fail_msg("byte %zu differs", i);
}

/* -- what is spoken --------------------------------------------------------------------------- */

static void kept_connection_carries_many_requests(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct tls_client client;

        tls_client_init(&client, versions[v]);
        assert_int_equal(tls_client_connect(&client, &fixture), 1);
        assert_int_equal(SSL_version(client.ssl), versions[v]);
        for (int i = 0; i < 20; i++) {
            tls_ask(&client, GET("/echo/a"), &answer, 200);
            assert_string_equal(answer.body, "GET /echo/a ");
            tls_ask(&client, GET("/later"), &answer, 200);
        }
        tls_ask(&client, GET("/close"), &answer, 299);
        assert_true(tls_is_ended_in_order(&client));
        tls_client_close(&client);
    }
}

static void old_versions_and_foreign_protocols_are_refused(void **state)
{
    static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};
    static const unsigned char h2[] = "\x02h2", both[] = "\x02h2\x08http/1.1";
    const unsigned char *chosen;
    struct tls_client client;
    unsigned len;

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        tls_client_init(&client, versions[v]);
        assert_true(tls_client_connect(&client, &fixture) <= 0);
        tls_client_close(&client);
    }
    tls_client_init(&client, 0);
    assert_int_equal(SSL_set_alpn_protos(client.ssl, h2, sizeof(h2) - 1), 0);
    assert_true(tls_client_connect(&client, &fixture) <= 0);
    tls_client_close(&client);
    wait_for_no_connection();
    assert_int_equal(http_fixture_stats(&fixture).refused_tls, 3);

    tls_client_init(&client, 0);
    assert_int_equal(SSL_set_alpn_protos(client.ssl, both, sizeof(both) - 1), 0);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    SSL_get0_alpn_selected(client.ssl, &chosen, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    tls_client_close(&client);
}

static void servers_order_of_ciphers_counts(void **state)
{
    struct tls_client client;

    (void)state;
    tls_client_init(&client, TLS1_2_VERSION);
    SSL_set_cipher_list(client.ssl, "AES128-SHA:ECDHE-ECDSA-CHACHA20-POLY1305:"
                                    "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    assert_string_equal(SSL_get_cipher(client.ssl), "ECDHE-ECDSA-AES128-GCM-SHA256");
    tls_client_close(&client);
}

static void session_is_resumed_by_its_ticket(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct tls_client first, second;

        tls_client_init(&first, versions[v]);
        assert_int_equal(tls_client_connect(&first, &fixture), 1);
        tls_ask(&first, GET("/close"), &answer, 299); /* reads the ticket, too */
        assert_true(tls_is_ended_in_order(&first));
        tls_client_init(&second, versions[v]);
        SSL_set_session(second.ssl, SSL_get0_session(first.ssl));
        assert_int_equal(tls_client_connect(&second, &fixture), 1);
        assert_true(SSL_session_reused(second.ssl));
        tls_ask(&second, GET("/echo"), &answer, 200);
        tls_client_close(&first);
        tls_client_close(&second);
    }
}

static void renegotiation_is_refused(void **state)
{
    struct tls_client client;
    char byte;

    (void)state;
    tls_client_init(&client, TLS1_2_VERSION);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    tls_ask(&client, GET("/echo"), &answer, 200);
    SSL_renegotiate(client.ssl);
    assert_true(SSL_do_handshake(client.ssl) <= 0 || SSL_read(client.ssl, &byte, 1) <= 0);
    tls_client_close(&client);
    wait_for_no_connection();
}

static void change_of_keys_goes_unnoticed(void **state)
{
    struct tls_client client;

    (void)state;
    tls_client_init(&client, TLS1_3_VERSION);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    for (int i = 0; i < 5; i++) {
        tls_ask(&client, GET("/size?100000"), &answer, 200);
        assert_pattern(&answer, 100000);
        assert_int_equal(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    }
    tls_client_close(&client);
}

/* -- bytes ------------------------------------------------------------------------------------ */

static void pipelined_requests_are_answered_in_order(void **state)
{
    enum { COUNT = 500 };
    static const size_t pieces[] = {0, 1, 100};
    char *text = malloc(COUNT * 80), *to = text, want[32];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        to += i % 7 == 3
                  ? sprintf(to, "GET /later/%d HTTP/1.1\r\nHost: h\r\n\r\n", i)
                  : sprintf(to, "PUT /x/%d HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", i);
    for (size_t p = 0; p < 3; p++) {
        struct tls_client client;

        tls_client_init(&client, 0);
        assert_int_equal(tls_client_connect(&client, &fixture), 1);
        tls_send(&client, text, (size_t)(to - text), pieces[p]);
        for (int i = 0; i < COUNT; i++) {
            assert_true(tls_read(&client, &answer));
            sprintf(want, i % 7 == 3 ? "GET /later/%d " : "PUT /x/%d abc", i);
            assert_string_equal(answer.body, want);
        }
        tls_client_close(&client);
    }
    free(text);
}

/* Around a record's length and the sizes where memory changes. */
static void bodies_of_all_sizes_go_both_ways(void **state)
{
    static const size_t sizes[] = {1,     4000,  16000, 16383, 16384,  16385,
                                   32768, 65535, 65537, 99999, 1000000};
    static char body[1000000], head[128];
    struct tls_client client;

    (void)state;
    memset(body, 'b', sizeof(body));
    tls_client_init(&client, 0);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        sprintf(head, "PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", sizes[i]);
        tls_send(&client, head, strlen(head), 0);
        tls_send(&client, body, sizes[i], 0);
        assert_true(tls_read(&client, &answer));
        assert_int_equal(answer.body_len, sizes[i] + 7);
        assert_memory_equal(answer.body + 7, body, sizes[i]);
        sprintf(head, "GET /size?%zu HTTP/1.1\r\nHost: h\r\n\r\n", sizes[i]);
        tls_ask(&client, head, &answer, 200);
        assert_pattern(&answer, sizes[i]);
    }
    tls_client_close(&client);
}

static void count_record(int is_sent, int version, int type, const void *bytes, size_t len,
                         SSL *ssl, void *ctx)
{
    unsigned *count = ctx;

    (void)version;
    (void)len;
    (void)ssl;
    if (!is_sent && type == SSL3_RT_HEADER)
        *count += ((const unsigned char *)bytes)[0] == SSL3_RT_APPLICATION_DATA;
}

static void answer_takes_as_few_records_as_it_can(void **state)
{
    struct tls_client client;
    unsigned count = 0;

    (void)state;
    tls_client_init(&client, TLS1_2_VERSION);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    SSL_set_msg_callback(client.ssl, count_record);
    SSL_set_msg_callback_arg(client.ssl, &count);
    tls_ask(&client, GET("/echo"), &answer, 200); /* a head and five pieces */
    assert_int_equal(count, 1);
    count = 0;
    /* A head and 200 pieces, given to the connection 64 at a time. */
    tls_ask(&client, GET("/size?160000"), &answer, 200);
    assert_in_range(count, 10, 14);
    tls_client_close(&client);
}

static void slow_reader_gets_fifty_megabytes(void **state)
{
    static const char *const requests[] = {GET("/size?50000000"), GET("/later-buf?50000000"),
                                           GET("/buf?50000000")};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tls_client client;

        tls_client_init(&client, i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        assert_int_equal(tls_client_connect(&client, &fixture), 1);
        tls_send(&client, requests[i], strlen(requests[i]), 0);
        http_sleep_ms(200); /* the socket is full long before */
        assert_true(tls_read(&client, &answer));
        assert_pattern(&answer, 50000000);
        tls_ask(&client, GET("/echo"), &answer, 200);
        tls_client_close(&client);
    }
}

/* -- clients that do not behave --------------------------------------------------------------- */

static void stalled_handshake_is_cut(void **state)
{
    static const char begun[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    int64_t begin = oc_clock_mono_us();
    int fds[2] = {http_connect(&fixture), http_connect(&fixture)};

    (void)state;
    http_send(fds[1], begun, sizeof(begun) - 1);
    for (int i = 0; i < 2; i++)
        assert_true(http_is_ended(fds[i]));
    assert_in_range(oc_clock_mono_us() - begin, 900000, 2500000);
    assert_int_equal(http_fixture_stats(&fixture).timeouts_head, 2);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
}

/* The time-out of the first head runs from the connect, and the refusal is encrypted. */
static void slow_first_head_is_answered_408(void **state)
{
    struct tls_client client;

    (void)state;
    tls_client_init(&client, 0);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    tls_send(&client, "GET / HT", 8, 0);
    assert_true(tls_read(&client, &answer));
    assert_int_equal(answer.status, 408);
    assert_true(tls_is_ended_in_order(&client));
    tls_client_close(&client);
}

static void idle_connection_ends_in_order(void **state)
{
    struct tls_client client;

    (void)state;
    tls_client_init(&client, 0);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    tls_ask(&client, GET("/echo"), &answer, 200);
    assert_true(tls_is_ended_in_order(&client));
    assert_int_equal(http_fixture_stats(&fixture).timeouts_idle, 1);
    tls_client_close(&client);
}

static void connection_over_the_cap_is_told_so(void **state)
{
    struct tls_client clients[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        tls_client_init(&clients[i], 0);
        assert_int_equal(tls_client_connect(&clients[i], &fixture), 1);
    }
    assert_true(tls_read(&clients[3], &answer));
    assert_int_equal(answer.status, 503);
    assert_true(tls_is_ended_in_order(&clients[3]));
    for (int i = 0; i < 4; i++)
        tls_client_close(&clients[i]);
}

static void plain_http_is_told_to_use_https(void **state)
{
    static const char *const requests[] = {
        GET("/echo"),
        "DELETE /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd = http_connect(&fixture);

        http_ask(fd, requests[i], &answer, 400);
        assert_non_null(strstr(answer.body, "HTTPS"));
        assert_true(http_is_ended(fd));
        close(fd);
    }
    int fd = http_connect(&fixture); /* closed without a byte: no line in the log */

    close(fd);
    fd = http_connect(&fixture);
    http_send(fd, "\0\0\0\0\0\0\0\0", 8); /* neither */
    while (!http_is_ended(fd))            /* after an alert, perhaps */
        continue;
    close(fd);
    wait_for_no_connection();
    assert_int_equal(http_fixture_stats(&fixture).refused_tls, 4);
}

static void reset_ends_only_its_connection(void **state)
{
    static const char begun[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    struct linger at_once = {.l_onoff = 1};

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct tls_client client;

        tls_client_init(&client, 0);
        if (i % 2 == 0) {
            client.fd = http_connect(&fixture);
            http_send(client.fd, begun, (size_t)i % sizeof(begun));
        } else {
            assert_int_equal(tls_client_connect(&client, &fixture), 1);
            if (i % 4 == 1)
                tls_send(&client, GET("/size?5000000"), sizeof(GET("/size?5000000")) - 1, 0);
        }
        if (i % 8 < 4)
            http_sleep_ms(2);
        setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        tls_client_close(&client);
    }
    wait_for_no_connection();
}

/* -- certificate and key ---------------------------------------------------------------------- */

static void expect_refusal(const char *certificate, const char *key, int want, const char *text)
{
    struct oc_http_options options = {.tls_certificate = certificate, .tls_key = key};
    struct oc_http_server *server = NULL;
    struct oc_err err = {0};

    assert_int_equal(oc_http_server_new(&options, NULL, NULL, &server, &err), want);
    assert_null(server);
    if (strstr(err.text, text) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, text);
}

static void write_locked_key(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
    fclose(file);
    EVP_PKEY_free(key);
}

static void write_rsa_key(const char *path)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    EVP_PKEY_free(key);
}

static void unusable_files_are_refused_by_name(void **state)
{
    struct tls_identity other, expired;
    struct oc_http_server *server = NULL;
    struct oc_err err = {0};

    (void)state;
    tls_make_identity(folder->path, "other", 30, &other);
    tls_make_identity(folder->path, "expired", -1, &expired);
    expect_refusal(identity.certificate, NULL, OC_EINVAL, "go together");
    expect_refusal(NULL, identity.key, OC_EINVAL, "go together");
    expect_refusal(identity.certificate, other.key, OC_EINVAL, "other.key': does not belong");
    expect_refusal("/none.crt", identity.key, OC_ENOTFOUND, "tls-certificate '/none.crt': No such");
    expect_refusal(identity.certificate, "/none.key", OC_ENOTFOUND, "tls-key '/none.key': No such");
    expect_refusal(identity.key, identity.key, OC_EINVAL, "no certificate in PEM form");
    expect_refusal(identity.certificate, identity.certificate, OC_EINVAL,
                   "no private key in PEM form");
    write_rsa_key(other.key);
    expect_refusal(identity.certificate, other.key, OC_EINVAL, "other.key': does not belong");
    write_locked_key(other.key);
    expect_refusal(identity.certificate, other.key, OC_EINVAL, "passphrase");

    /* Old, and for all to read: warnings only. */
    assert_int_equal(chmod(expired.key, 0644), 0);
    assert_int_equal(
        oc_http_server_new(&(struct oc_http_options){.tls_certificate = expired.certificate,
                                                     .tls_key = expired.key},
                           NULL, NULL, &server, &err),
        OC_OK);
    oc_http_server_free(server);
}

/* The common name of the certificate that a new connection is shown. */
static void expect_name(const char *want)
{
    struct tls_client client;
    char name[64] = "";
    X509 *shown;

    tls_client_init(&client, 0);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    shown = SSL_get1_peer_certificate(client.ssl);
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof(name));
    assert_string_equal(name, want);
    X509_free(shown);
    tls_client_close(&client);
}

static void certificate_is_loaded_again(void **state)
{
    struct tls_identity next;
    struct tls_client client;
    struct oc_err err = {0};

    (void)state;
    tls_client_init(&client, 0);
    assert_int_equal(tls_client_connect(&client, &fixture), 1);
    expect_name("localhost");
    tls_make_identity(folder->path, "next", 30, &next);
    assert_int_equal(rename(next.certificate, identity.certificate), 0);
    assert_int_equal(oc_http_server_reload_certificate(fixture.server, &err), OC_EINVAL);
    assert_non_null(strstr(err.text, "does not belong"));
    expect_name("localhost"); /* a half finished change does no harm */
    assert_int_equal(rename(next.key, identity.key), 0);
    assert_int_equal(oc_http_server_reload_certificate(fixture.server, &err), OC_OK);
    expect_name("next");
    tls_ask(&client, GET("/echo"), &answer, 200); /* an open connection goes on */
    tls_client_close(&client);
}

/* -- faults ----------------------------------------------------------------------------------- */

/* The memory of OpenSSL; that of the client, on the main thread, does not fail. */
static bool lacks_memory(void)
{
    return openssl_may_fail && !pthread_equal(pthread_self(), main_thread) &&
           oc_fault(OC_FAULT_ALLOC);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return lacks_memory() ? NULL : malloc(size);
}

static void *openssl_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return lacks_memory() ? NULL : realloc(old, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* One exchange of each kind. Any may fail, but only by an error answer or the end. */
static void try_everything(void)
{
    static const char *const requests[] = {GET("/echo"), GET("/later"), GET("/later-buf?200000"),
                                           GET("/size?3000000"), GET("/close")};

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct tls_client client;

        tls_client_init(&client, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        if (tls_client_connect(&client, &fixture) == 1) {
            tls_send(&client, requests[i], strlen(requests[i]), 0);
            if (tls_read(&client, &answer))
                assert_true(answer.status < 300 || answer.status == 503);
        }
        tls_client_close(&client);
        ERR_clear_error();
    }
}

/* Each `step`th call of a site fails, until none is left; in between all is well. */
static void fail_calls(enum oc_fault_site site, enum oc_fault_mode mode, unsigned step)
{
    unsigned fired = 1;

    for (unsigned nth = 1; fired > 0; nth += step) {
        struct tls_client client;

        oc_fault_arm(site, nth, mode);
        try_everything();
        fired = oc_fault_fired(site);
        oc_fault_arm(site, 0, OC_FAULT_ONCE);
        tls_client_init(&client, 0);
        assert_int_equal(tls_client_connect(&client, &fixture), 1);
        tls_ask(&client, GET("/echo"), &answer, 200);
        tls_client_close(&client);
        assert_true(nth < 100000);
    }
}

static void faults_never_outlive_their_request(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC, OC_FAULT_SEND, OC_FAULT_READ};

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        fail_calls(sites[s], OC_FAULT_ONCE, 1);
        fail_calls(sites[s], OC_FAULT_ALWAYS, 1);
    }
    wait_for_no_connection();
    assert_int_equal(http_fixture_stats(&fixture).requests_pending, 0);
}

static void openssl_without_memory_ends_only_its_connection(void **state)
{
    (void)state;
    openssl_may_fail = true;
    fail_calls(OC_FAULT_ALLOC, OC_FAULT_ONCE, 61); /* of thousands */
    fail_calls(OC_FAULT_ALLOC, OC_FAULT_ALWAYS, 61);
    openssl_may_fail = false;
    wait_for_no_connection();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept_connection_carries_many_requests, start, stop),
        cmocka_unit_test_setup_teardown(old_versions_and_foreign_protocols_are_refused, start,
                                        stop),
        cmocka_unit_test_setup_teardown(servers_order_of_ciphers_counts, start, stop),
        cmocka_unit_test_setup_teardown(session_is_resumed_by_its_ticket, start, stop),
        cmocka_unit_test_setup_teardown(renegotiation_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(change_of_keys_goes_unnoticed, start, stop),
        cmocka_unit_test_setup_teardown(pipelined_requests_are_answered_in_order, start, stop),
        cmocka_unit_test_setup_teardown(bodies_of_all_sizes_go_both_ways, start, stop),
        cmocka_unit_test_setup_teardown(answer_takes_as_few_records_as_it_can, start, stop),
        cmocka_unit_test_setup_teardown(slow_reader_gets_fifty_megabytes, start, stop),
        cmocka_unit_test_setup_teardown(stalled_handshake_is_cut, start_hasty, stop),
        cmocka_unit_test_setup_teardown(slow_first_head_is_answered_408, start_hasty, stop),
        cmocka_unit_test_setup_teardown(idle_connection_ends_in_order, start_hasty, stop),
        cmocka_unit_test_setup_teardown(connection_over_the_cap_is_told_so, start_small, stop),
        cmocka_unit_test_setup_teardown(plain_http_is_told_to_use_https, start, stop),
        cmocka_unit_test_setup_teardown(reset_ends_only_its_connection, start, stop),
        cmocka_unit_test_setup_teardown(unusable_files_are_refused_by_name, start, stop),
        cmocka_unit_test_setup_teardown(certificate_is_loaded_again, start, stop),
        cmocka_unit_test_setup_teardown(faults_never_outlive_their_request, start, stop),
        cmocka_unit_test_setup_teardown(openssl_without_memory_ends_only_its_connection, start,
                                        stop),
    };

    main_thread = pthread_self();
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
        return 1; /* somebody has used OpenSSL before */
    (void)signal(SIGPIPE, judge_sigpipe);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
