/* One HTTP request and its answer, by libcurl. */
#include "net/transport.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "net/exchange.h"

#define IDLE_MAX      64   /* lines, and with them connections, that are kept */
#define LOOK_EVERY_MS 1000 /* whether the exchange is canceled, when nobody wakes it */

/* What one request at a time uses. */
struct line {
    CURL *easy;
    CURLM *multi; /* holds the connection, and can be woken */
    struct line *next;
};

struct oc_transport {
    struct oc_transport_options options;
    pthread_mutex_t lock; /* guards all below */
    struct line *idle, *busy;
    size_t idle_count;
};

int oc_transport_new(const struct oc_transport_options *options, struct oc_transport **ret,
                     struct oc_err *err)
{
    struct oc_transport *transport;
    int rc = oc_curl_load(err);

    if (rc < 0)
        return rc;
    transport = oc_alloc(sizeof(*transport));
    if (!transport)
        return oc_fail_nomem(err);
    *transport = (struct oc_transport){.options = *options};
    if (pthread_mutex_init(&transport->lock, NULL) != 0) {
        free(transport);
        return oc_fail_nomem(err);
    }
    *ret = transport;
    return OC_OK;
}

static void free_line(struct line *line)
{
    if (!line)
        return;
    oc_curl.easy_cleanup(line->easy);
    (void)oc_curl.multi_cleanup(line->multi);
    free(line);
}

void oc_transport_free(struct oc_transport *transport)
{
    if (!transport)
        return;
    while (transport->idle) {
        struct line *line = transport->idle;

        transport->idle = line->next;
        free_line(line);
    }
    (void)pthread_mutex_destroy(&transport->lock);
    free(transport);
}

static struct line *new_line(void)
{
    struct line *line = oc_alloc(sizeof(*line));

    if (!line)
        return NULL;
    *line = (struct line){.easy = oc_curl.easy_init(), .multi = oc_curl.multi_init()};
    if (line->easy && line->multi)
        return line;
    free_line(line);
    return NULL;
}

/* A line of the pool or a new one; busy from now on. NULL: no memory. */
static struct line *take_line(struct oc_transport *transport)
{
    struct line *line;

    (void)pthread_mutex_lock(&transport->lock);
    line = transport->idle;
    if (line) {
        transport->idle = line->next;
        transport->idle_count--;
    } else {
        line = new_line();
    }
    if (line) {
        line->next = transport->busy;
        transport->busy = line;
    }
    (void)pthread_mutex_unlock(&transport->lock);
    return line;
}

static void give_back(struct oc_transport *transport, struct line *line)
{
    struct line **at = &transport->busy;

    oc_curl.easy_reset(line->easy); /* forgets the options; the connection is the multi handle's */
    (void)pthread_mutex_lock(&transport->lock);
    while (*at != line)
        at = &(*at)->next;
    *at = line->next;
    if (transport->idle_count < IDLE_MAX) {
        line->next = transport->idle;
        transport->idle = line;
        transport->idle_count++;
        line = NULL;
    }
    (void)pthread_mutex_unlock(&transport->lock);
    free_line(line);
}

void oc_transport_wake(struct oc_transport *transport)
{
    (void)pthread_mutex_lock(&transport->lock);
    for (struct line *line = transport->busy; line; line = line->next)
        (void)oc_curl.multi_wakeup(line->multi); /* fails only where it would wake too often */
    (void)pthread_mutex_unlock(&transport->lock);
}

/* -- sending ----------------------------------------------------------------------------------- */

/* Since when an exchange has moved nothing. */
struct silence {
    curl_off_t moved;
    int64_t since_us;
};

/* Whether others should have what a silent exchange holds. */
static bool must_give_way(struct silence *silence, const struct line *line,
                          const struct oc_transport_request *request)
{
    curl_off_t down = 0, up = 0;
    int64_t now = oc_clock_mono_us();

    if (!request->is_in_the_way)
        return false;
    (void)oc_curl.easy_getinfo(line->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    (void)oc_curl.easy_getinfo(line->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    if (silence->since_us == 0 || down + up != silence->moved)
        *silence = (struct silence){down + up, now};
    return now - silence->since_us >= OC_TRANSPORT_SILENCE_MS * 1000LL &&
           request->is_in_the_way(request->ctx);
}

/* Run the handle to the end of its request. @return OC_ECANCELED, or OC_OK and libcurl's code */
static int perform(const struct line *line, const struct oc_transport_request *request,
                   CURLcode *ret, struct oc_err *err)
{
    int running = 1, left;
    CURLMcode code = oc_curl.multi_add_handle(line->multi, line->easy);
    struct silence silence = {0};
    bool canceled = false, given_way = false;

    while (code == CURLM_OK && running > 0 && !canceled && !given_way) {
        code = oc_curl.multi_perform(line->multi, &running);
        if (code == CURLM_OK && running > 0)
            code = oc_curl.multi_poll(line->multi, NULL, 0, LOOK_EVERY_MS, NULL);
        canceled = running > 0 && request->is_canceled && request->is_canceled(request->ctx);
        given_way = running > 0 && must_give_way(&silence, line, request);
    }
    *ret = CURLE_OUT_OF_MEMORY; /* what else a multi handle fails of */
    for (CURLMsg *message;
         code == CURLM_OK && (message = oc_curl.multi_info_read(line->multi, &left));)
        if (message->msg == CURLMSG_DONE)
            *ret = message->data.result;
    if (given_way)
        *ret = CURLE_OPERATION_TIMEDOUT;
    (void)oc_curl.multi_remove_handle(line->multi,
                                      line->easy); /* closes a request that is under way */
    return canceled ? oc_exchange_fail_canceled(err) : OC_OK;
}

int oc_transport_send(struct oc_transport *transport, const struct oc_transport_request *request,
                      struct oc_transport_head *ret_head, struct oc_buf *body, bool *ret_sent,
                      struct oc_err *err)
{
    struct oc_exchange x = {0};
    struct line *line = take_line(transport);
    CURLcode code;
    int rc;

    *ret_sent = false;
    if (!line)
        return oc_fail_nomem(err);
    rc = oc_exchange_begin(&x, line->easy, &transport->options, request, body, err);
    if (rc == OC_OK) {
        rc = perform(line, request, &code, err);
        *ret_sent = rc < 0; /* canceled: nobody knows */
        if (rc == OC_OK)
            rc = oc_exchange_end(&x, code, ret_head, ret_sent, err);
    }
    give_back(transport, line);
    oc_exchange_clear(&x);
    return rc;
}
