/* Threads that take numbers until there are none left. */
#include "copy/together.h"

#include <pthread.h>

#define AT_ONCE_MAX 16
#define STACK_BYTES (256UL * 1024)

struct together {
    oc_together_fn *fn;
    void *ctx;
    pthread_mutex_t lock; /* guards what follows */
    size_t next, end;
    struct oc_err err; /* of the first that failed */
};

/* Note how one ended, and take the next. @return false: there is none */
static bool take(struct together *t, const struct oc_err *failure, size_t *ret)
{
    bool more;

    (void)pthread_mutex_lock(&t->lock);
    if (failure->rc < 0 && t->err.rc == OC_OK)
        t->err = *failure;
    more = t->err.rc == OC_OK && t->next < t->end;
    if (more)
        *ret = t->next++;
    (void)pthread_mutex_unlock(&t->lock);
    return more;
}

static void *work(void *arg)
{
    struct together *t = arg;
    struct oc_err err = {0};
    size_t number;

    while (take(t, &err, &number))
        if (t->fn(number, t->ctx, &err) == OC_OK)
            err.rc = OC_OK; /* it may be that of a try before the last one */
    return NULL;
}

int oc_together(size_t from, size_t to, unsigned at_once, oc_together_fn *fn, void *ctx,
                struct oc_err *err)
{
    struct together t = {.fn = fn, .ctx = ctx, .next = from, .end = to};
    pthread_t threads[AT_ONCE_MAX];
    pthread_attr_t attr;
    unsigned count = 0;

    (void)pthread_mutex_init(&t.lock, NULL); /* cannot fail with default attributes */
    (void)pthread_attr_init(&attr);          /* cannot fail on Linux */
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    while (count + 1 < at_once && count < AT_ONCE_MAX && count + 1 < to - from &&
           pthread_create(&threads[count], &attr, work, &t) == 0)
        count++;
    (void)pthread_attr_destroy(&attr);
    (void)work(&t);
    for (unsigned i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL); /* fails only on a bug */
    (void)pthread_mutex_destroy(&t.lock);
    if (t.err.rc < 0)
        *err = t.err;
    return (int)t.err.rc;
}
