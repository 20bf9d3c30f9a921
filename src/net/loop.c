/*
 * Many HTTP requests at once: libcurl says which sockets and which time it waits for, an epoll
 * descriptor waits for all of them.
 */
#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "net/exchange.h"

#define EVENTS_MAX 64 /* of one look */

struct oc_loop_call {
    struct oc_exchange exchange;
    CURL *easy;
    oc_loop_done_fn done;
    void *ctx;
    struct oc_loop_call *next, **back; /* of all that are on their way */
};

struct oc_loop {
    struct oc_transport_options options;
    CURLM *multi;
    int epoll_fd, timer_fd, wake_fd;
    int64_t curl_at_us, alarm_at_us; /* 0: at no time */
    struct oc_loop_call *calls;
};

/* -- what to wait for -------------------------------------------------------------------------- */

static void set_timer(struct oc_loop *loop)
{
    struct itimerspec when = {0};
    int64_t at_us = loop->curl_at_us;

    if (!at_us || (loop->alarm_at_us && loop->alarm_at_us < at_us))
        at_us = loop->alarm_at_us;
    if (at_us) {
        int64_t left_us = at_us - oc_clock_mono_us();

        left_us = left_us > 0 ? left_us : 1; /* zero would stop the timer */
        when.it_value.tv_sec = (time_t)(left_us / 1000000);
        when.it_value.tv_nsec = (long)(left_us % 1000000) * 1000;
        when.it_value.tv_nsec += when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0;
    }
    (void)timerfd_settime(loop->timer_fd, 0, &when, NULL); /* cannot fail with these values */
}

static int on_time(CURLM *multi, long wait_ms, void *ctx)
{
    struct oc_loop *loop = ctx;

    (void)multi;
    loop->curl_at_us = wait_ms < 0 ? 0 : oc_clock_mono_us() + (int64_t)wait_ms * 1000;
    set_timer(loop);
    return 0;
}

/* `known` is not NULL for sockets that epoll has. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    static const uint32_t events[] = {[CURL_POLL_IN] = EPOLLIN,
                                      [CURL_POLL_OUT] = EPOLLOUT,
                                      [CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT};
    struct oc_loop *loop = ctx;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* it may be closed already */
        return 0;
    }
    event.events = events[what];
    if (epoll_ctl(loop->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        return -1; /* the exchange fails */
    (void)oc_curl.multi_assign(loop->multi, fd, loop);
    return 0;
}

/* -- life -------------------------------------------------------------------------------------- */

static int watch(struct oc_loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return fd < 0 ? -1 : epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int oc_loop_new(const struct oc_transport_options *options, struct oc_loop **ret,
                struct oc_err *err)
{
    struct oc_loop *loop;
    int rc = oc_curl_load(err);

    if (rc < 0)
        return rc;
    loop = oc_alloc(sizeof(*loop));
    if (!loop)
        return oc_fail_nomem(err);
    *loop =
        (struct oc_loop){.options = *options,
                         .multi = oc_curl.multi_init(),
                         .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                         .timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                         .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!loop->multi || loop->epoll_fd < 0 || watch(loop, loop->timer_fd) < 0 ||
        watch(loop, loop->wake_fd) < 0) {
        (void)oc_fail_errno(err, "cannot make an event loop");
        oc_loop_free(loop);
        return err->rc;
    }
    (void)oc_curl.multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)oc_curl.multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    (void)oc_curl.multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_time);
    (void)oc_curl.multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    *ret = loop;
    return OC_OK;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void oc_loop_free(struct oc_loop *loop)
{
    if (!loop)
        return;
    while (loop->calls)
        oc_loop_cancel(loop, loop->calls);
    (void)oc_curl.multi_cleanup(loop->multi);
    close_fd(loop->timer_fd);
    close_fd(loop->wake_fd);
    close_fd(loop->epoll_fd);
    free(loop);
}

int oc_loop_fd(const struct oc_loop *loop)
{
    return loop->epoll_fd;
}

void oc_loop_set_alarm(struct oc_loop *loop, int64_t at_us)
{
    loop->alarm_at_us = at_us;
    set_timer(loop);
}

void oc_loop_wake(struct oc_loop *loop)
{
    const uint64_t one = 1;

    (void)!write(loop->wake_fd, &one, sizeof(one)); /* full means woken already */
}

/* -- exchanges --------------------------------------------------------------------------------- */

/* Take a call out of the loop and free it. */
static void drop(struct oc_loop *loop, struct oc_loop_call *call)
{
    *call->back = call->next;
    if (call->next)
        call->next->back = call->back;
    (void)oc_curl.multi_remove_handle(loop->multi, call->easy);
    oc_curl.easy_cleanup(call->easy);
    oc_exchange_clear(&call->exchange);
    free(call);
}

void oc_loop_cancel(struct oc_loop *loop, struct oc_loop_call *call)
{
    drop(loop, call);
}

int oc_loop_begin(struct oc_loop *loop, const struct oc_transport_request *request,
                  struct oc_buf *body, oc_loop_done_fn done, void *ctx, struct oc_loop_call **ret,
                  struct oc_err *err)
{
    struct oc_loop_call *call = oc_alloc(sizeof(*call));
    int rc;

    if (!call)
        return oc_fail_nomem(err);
    *call = (struct oc_loop_call){
        .easy = oc_curl.easy_init(), .done = done, .ctx = ctx, .next = loop->calls};
    call->back = &loop->calls;
    if (loop->calls)
        loop->calls->back = &call->next;
    loop->calls = call;
    rc = call->easy ? oc_exchange_begin(&call->exchange, call->easy, &loop->options, request, body,
                                        NULL, 0, err)
                    : oc_fail_nomem(err);
    if (rc == OC_OK) {
        (void)oc_curl.easy_setopt(call->easy, CURLOPT_PRIVATE, call);
        if (oc_curl.multi_add_handle(loop->multi, call->easy) != CURLM_OK)
            rc = oc_fail_nomem(err);
    }
    if (rc < 0) {
        drop(loop, call);
        return rc;
    }
    *ret = call;
    return OC_OK;
}

static void finish(struct oc_loop *loop, struct oc_loop_call *call, CURLcode code)
{
    struct oc_transport_head head = {0};
    struct oc_err err = {0};
    struct oc_loop_outcome outcome = {.head = &head, .err = &err};
    const oc_loop_done_fn done = call->done;
    void *ctx = call->ctx;

    outcome.rc = oc_exchange_end(&call->exchange, code, &head, &outcome.sent, &err);
    drop(loop, call);
    done(&outcome, ctx);
}

static void finish_all(struct oc_loop *loop)
{
    CURLMsg *message;
    int left;

    while ((message = oc_curl.multi_info_read(loop->multi, &left))) {
        char *call = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)oc_curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(loop, (struct oc_loop_call *)call, message->data.result);
    }
}

/* -- running ----------------------------------------------------------------------------------- */

static void take_event(struct oc_loop *loop, const struct epoll_event *event)
{
    uint64_t count;
    int running, mask = 0;

    if (event->data.fd == loop->timer_fd || event->data.fd == loop->wake_fd) {
        (void)!read(event->data.fd, &count, sizeof(count)); /* only makes it unreadable */
        return;
    }
    mask |= event->events & EPOLLIN ? CURL_CSELECT_IN : 0;
    mask |= event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
    mask |= event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
    (void)oc_curl.multi_socket_action(loop->multi, event->data.fd, mask, &running);
}

int oc_loop_run(struct oc_loop *loop, struct oc_err *err)
{
    struct epoll_event events[EVENTS_MAX];
    int running, count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, 0);

    if (count < 0 && errno != EINTR)
        return oc_fail_errno(err, "cannot look for events");
    for (int i = 0; i < count; i++)
        take_event(loop, &events[i]);
    if (loop->curl_at_us && loop->curl_at_us <= oc_clock_mono_us()) {
        loop->curl_at_us = 0;
        (void)oc_curl.multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    finish_all(loop);
    set_timer(loop);
    return OC_OK;
}
