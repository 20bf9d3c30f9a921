/* One HTTP request and its answer, by libcurl. */
#include "net/transport.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "net/exchange.h"

#define IDLE_MAX      64 /* lines, and with them connections, that are kept */
#define TELL_EVERY_US 100000
#define LOOK_EVERY_MS 1000 /* whether the exchange is canceled, when nobody wakes it */

/* What one request at a time uses. */
struct line {
    CURL *easy[OC_STREAMS_MAX]; /* one for each range; made when they are needed */
    CURLM *multi;               /* holds the connections, and can be woken */
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
    for (unsigned i = 0; i < OC_STREAMS_MAX; i++)
        oc_curl.easy_cleanup(line->easy[i]); /* NULL is fine */
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
    *line = (struct line){.multi = oc_curl.multi_init()};
    if (!line->multi) {
        free(line);
        return NULL;
    }
    (void)oc_curl.multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, (long)OC_STREAMS_MAX);
    return line;
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

    for (unsigned i = 0; i < OC_STREAMS_MAX && line->easy[i]; i++)
        oc_curl.easy_reset(line->easy[i]); /* forgets options; connections are the multi handle's */
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

/* One exchange, and what libcurl said of it. */
struct strand {
    struct oc_exchange x;
    CURLcode code;
    bool running;
};

/* A request on its way: as one exchange, or as one for each range. */
struct errand {
    struct line *line;
    const struct oc_transport_request *request;
    struct oc_exchange_group group;
    struct strand strands[OC_STREAMS_MAX];
    unsigned count;
    bool sent; /* a server may have seen it */
    struct silence silence;
    struct oc_streams_fetch fetch; /* when its streams are counted */
    bool is_counted;
    int64_t told_us; /* when the bytes were told that have arrived */
    uint64_t told;
};

/* Whether others should have what a silent request holds. */
static bool must_give_way(struct errand *errand)
{
    const struct oc_transport_request *request = errand->request;
    struct silence *silence = &errand->silence;
    int64_t now = oc_clock_mono_us();
    curl_off_t moved = 0;

    if (!request->is_in_the_way)
        return false;
    for (unsigned i = 0; i < errand->count; i++) {
        curl_off_t down = 0, up = 0;

        (void)oc_curl.easy_getinfo(errand->line->easy[i], CURLINFO_SIZE_DOWNLOAD_T, &down);
        (void)oc_curl.easy_getinfo(errand->line->easy[i], CURLINFO_SIZE_UPLOAD_T, &up);
        moved += down + up;
    }
    if (silence->since_us == 0 || moved != silence->moved)
        *silence = (struct silence){moved, now};
    return now - silence->since_us >= OC_TRANSPORT_SILENCE_MS * 1000LL &&
           request->is_in_the_way(request->ctx);
}

/* Tell what has arrived to those who decide how many streams there are. */
static void tell_moved(struct errand *errand, bool now)
{
    int64_t now_us;
    uint64_t moved = 0;

    if (!errand->is_counted)
        return;
    now_us = oc_clock_mono_us();
    if (!now && now_us - errand->told_us < TELL_EVERY_US)
        return;
    for (unsigned i = 0; i < errand->count; i++)
        moved += errand->strands[i].x.to_len;
    oc_streams_moved(errand->request->ranges->streams, now_us, moved - errand->told);
    errand->told = moved;
    errand->told_us = now_us;
}

/* -- beginning -------------------------------------------------------------------------------- */

static int begin_strand(struct errand *errand, const struct oc_transport_options *options,
                        struct oc_buf *body, unsigned index, struct oc_err *err)
{
    struct line *line = errand->line;
    struct strand *strand = &errand->strands[errand->count];
    CURL **easy = &line->easy[errand->count];

    if (!*easy)
        *easy = oc_curl.easy_init();
    if (!*easy)
        return oc_fail_nomem(err);
    errand->count++;
    int rc = oc_exchange_begin(&strand->x, *easy, options, errand->request, body,
                               errand->request->ranges ? &errand->group : NULL, index, err);
    if (rc < 0)
        return rc;
    (void)oc_curl.easy_setopt(*easy, CURLOPT_PRIVATE, strand);
    strand->code = CURLE_OUT_OF_MEMORY; /* what else a multi handle fails of */
    if (oc_curl.multi_add_handle(line->multi, *easy) != CURLM_OK)
        return oc_fail_nomem(err);
    strand->running = true;
    return OC_OK;
}

static int begin(struct errand *errand, const struct oc_transport_options *options,
                 struct oc_buf *body, struct oc_err *err)
{
    struct oc_ranges *ranges = errand->request->ranges;
    int rc = OC_OK;

    if (!ranges)
        return begin_strand(errand, options, body, 0, err);
    errand->is_counted = ranges->streams && ranges->len >= 2 * OC_RANGE_MIN;
    errand->fetch.count = 1;
    if (errand->is_counted)
        errand->fetch = oc_streams_begin(ranges->streams, oc_clock_mono_us());
    if (ranges->count == 0)
        oc_ranges_lay_out(ranges, errand->fetch.count);
    for (unsigned i = 0; rc == OC_OK && i < ranges->count; i++)
        if (ranges->items[i].got < ranges->items[i].len)
            rc = begin_strand(errand, options, body, i, err);
    return rc;
}

/* -- on the way ------------------------------------------------------------------------------- */

static void take_ended(struct errand *errand)
{
    CURLMsg *message;
    int left;

    while ((message = oc_curl.multi_info_read(errand->line->multi, &left))) {
        char *strand = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)oc_curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &strand);
        ((struct strand *)(void *)strand)->code = message->data.result;
        ((struct strand *)(void *)strand)->running = false;
    }
}

/* Run all strands to their ends. @return OC_ECANCELED, or OC_OK and libcurl's codes */
static int perform(struct errand *errand, struct oc_err *err)
{
    const struct oc_transport_request *request = errand->request;
    CURLM *multi = errand->line->multi;
    bool canceled = false, given_way = false;
    CURLMcode code = CURLM_OK;
    int running = 1;

    while (code == CURLM_OK && running > 0 && !canceled && !given_way) {
        code = oc_curl.multi_perform(multi, &running);
        tell_moved(errand, running == 0);
        if (code == CURLM_OK && running > 0)
            code = oc_curl.multi_poll(multi, NULL, 0, LOOK_EVERY_MS, NULL);
        canceled = running > 0 && request->is_canceled && request->is_canceled(request->ctx);
        given_way = running > 0 && must_give_way(errand);
    }
    take_ended(errand);
    for (unsigned i = 0; given_way && i < errand->count; i++)
        if (errand->strands[i].running)
            errand->strands[i].code = CURLE_OPERATION_TIMEDOUT;
    return canceled ? oc_exchange_fail_canceled(err) : OC_OK;
}

/* -- the end ---------------------------------------------------------------------------------- */

static bool is_trouble(const struct strand *strand)
{
    long status = 0;

    (void)oc_curl.easy_getinfo(strand->x.curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 429 || status == 503 ||
           (strand->code != CURLE_OK && strand->code != CURLE_WRITE_ERROR &&
            strand->code != CURLE_OUT_OF_MEMORY);
}

/* What this request says about the number of streams. */
static enum oc_streams_outcome outcome_of(const struct errand *errand)
{
    bool trouble = false;

    for (unsigned i = 0; i < errand->count; i++) {
        const struct oc_exchange *x = &errand->strands[i].x;

        if (x->wrong_range || (errand->group.whole == x && x->has_range))
            return OC_STREAMS_UNABLE;
        trouble = trouble || is_trouble(&errand->strands[i]);
    }
    return trouble ? OC_STREAMS_TROUBLE : OC_STREAMS_FINE;
}

static void clear(struct errand *errand, bool canceled)
{
    if (errand->is_counted)
        oc_streams_end(errand->request->ranges->streams, &errand->fetch, errand->count,
                       canceled ? OC_STREAMS_FINE : outcome_of(errand), oc_clock_mono_us());
    for (unsigned i = 0; i < errand->count; i++) {
        /* Closes the connection of an exchange that is under way. */
        (void)oc_curl.multi_remove_handle(errand->line->multi, errand->line->easy[i]);
        oc_exchange_clear(&errand->strands[i].x);
    }
}

/* What one strand has come to: a refusal counts more than a failure, a failure more than what went
 * well. */
static void take_result(struct errand *errand, struct strand *strand,
                        struct oc_transport_head *ret_head, bool *refused, struct oc_err *failure)
{
    struct oc_ranges *ranges = errand->request->ranges;
    struct oc_transport_head head;
    struct oc_err cause = {0};
    bool sent;
    int rc = oc_exchange_end(&strand->x, strand->code, &head, &sent, &cause);

    errand->sent = errand->sent || sent;
    if (rc < 0 && failure->rc == OC_OK)
        *failure = cause;
    if (rc < 0)
        return;
    if (oc_exchange_is_refusal(&strand->x, head.status)) {
        if (!*refused || errand->group.refused == &strand->x)
            *ret_head = head;
        *refused = true;
        return;
    }
    if (head.status == 416) /* of a later range: the resource ends before it */
        return;
    if (!*refused)
        *ret_head = head;
    if (ranges && head.status == 200 && !strand->x.landing && oc_ranges_accept_whole(ranges))
        oc_ranges_end_at(ranges, 0); /* it is empty; a range without bytes (206) is a failure */
    else if (errand->group.whole)
        oc_ranges_end_at(ranges, head.to_len);
}

static int fail_short(const struct oc_transport_request *request, struct oc_err *err)
{
    struct oc_slice base = oc_exchange_base(request->url);

    return oc_fail_as(err, OC_EIO, "EndpointConnectionError",
                      "the answer of %.*s ended before all that was asked for had come",
                      OC_FMT(base));
}

static int end(struct errand *errand, struct oc_transport_head *ret_head, struct oc_err *err)
{
    struct oc_ranges *ranges = errand->request->ranges;
    struct oc_err failure = {0};
    bool refused = false;

    if (ranges) /* what needs no answer any more */
        *ret_head = (struct oc_transport_head){.status = 206};
    for (unsigned i = 0; i < errand->count; i++)
        if (!errand->group.whole || errand->group.whole == &errand->strands[i].x)
            take_result(errand, &errand->strands[i], ret_head, &refused, &failure);
    if (ranges && ranges->size)
        oc_ranges_end_at(ranges, ranges->size);
    if (!refused && failure.rc < 0) {
        *err = failure;
        return (int)failure.rc;
    }
    if (!refused && ranges && !oc_ranges_is_done(ranges))
        return fail_short(errand->request, err);
    if (ranges)
        ret_head->to_len = oc_ranges_len(ranges);
    return OC_OK;
}

int oc_transport_send(struct oc_transport *transport, const struct oc_transport_request *request,
                      struct oc_transport_head *ret_head, struct oc_buf *body, bool *ret_sent,
                      struct oc_err *err)
{
    struct errand errand = {.line = take_line(transport), .request = request};
    int rc;

    *ret_sent = false;
    if (!errand.line)
        return oc_fail_nomem(err);
    rc = begin(&errand, &transport->options, body, err);
    if (rc == OC_OK) {
        rc = perform(&errand, err);
        *ret_sent = rc < 0; /* canceled: nobody knows */
        if (rc == OC_OK) {
            rc = end(&errand, ret_head, err);
            *ret_sent = errand.sent;
        }
    }
    clear(&errand, rc == OC_ECANCELED);
    give_back(transport, errand.line);
    return rc;
}
