/* Work spread over a few threads. */
#include "client/transfer.h"

#include <pthread.h>
#include <stdbool.h>

struct each {
    pthread_mutex_t lock; /* guards next, rc, err */
    size_t next;
    int rc;
    struct oc_err *err;
    size_t count; /* this and the two below do not change */
    oc_each_fn fn;
    void *ctx;
};

struct each_worker {
    struct each *each;
    unsigned number;
    pthread_t thread;
};

static bool take(struct each *e, size_t *ret_index)
{
    bool has_more;

    (void)pthread_mutex_lock(&e->lock);
    has_more = e->rc == OC_OK && e->next < e->count;
    if (has_more)
        *ret_index = e->next++;
    (void)pthread_mutex_unlock(&e->lock);
    return has_more;
}

static void *work(void *ctx)
{
    struct each_worker *worker = ctx;
    struct each *e = worker->each;
    size_t index;

    while (take(e, &index)) {
        struct oc_err err = {0};
        int rc = e->fn(index, worker->number, e->ctx, &err);

        if (rc == OC_OK)
            continue;
        (void)pthread_mutex_lock(&e->lock);
        if (e->rc == OC_OK) {
            e->rc = rc;
            *e->err = err;
        }
        (void)pthread_mutex_unlock(&e->lock);
    }
    return NULL;
}

int oc_transfer_each(size_t count, unsigned workers, oc_each_fn fn, void *ctx, struct oc_err *err)
{
    struct each e = {.count = count, .fn = fn, .ctx = ctx, .err = err};
    struct each_worker list[OC_TRANSFER_THREADS_MAX];
    unsigned started = 0;

    if (workers > OC_TRANSFER_THREADS_MAX)
        workers = OC_TRANSFER_THREADS_MAX;
    if (pthread_mutex_init(&e.lock, NULL) != 0)
        return oc_fail_nomem(err);
    for (; started < workers && started < count; started++) {
        list[started] = (struct each_worker){.each = &e, .number = started};
        if (pthread_create(&list[started].thread, NULL, work, &list[started]) != 0)
            break; /* fewer threads do as well */
    }
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(list[i].thread, NULL);
    (void)pthread_mutex_destroy(&e.lock);
    if (started == 0 && count > 0)
        return oc_fail_nomem(err);
    return e.rc;
}
