/* Asking whether a store answers. See watch.h. */
#include "blob/s3/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"

#define EVERY_US   5000000LL
#define TIMEOUT_MS 5000 /* of one question: a slow store is not away */

struct oc_blob_watch {
    struct oc_blob_watch_options options;
    char key[OC_S3_KEY_MAX];
    struct oc_s3 *s3; /* of its own: impatient */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    bool stopping;
};

static void ask(struct oc_blob_watch *watch)
{
    struct oc_s3_object object;
    struct oc_err err = {0};
    int rc = oc_s3_head(watch->s3, watch->options.key, &object, &err);

    if (rc != OC_ECANCELED)
        watch->options.tell(rc, &err, watch->options.ctx);
}

/* Wait until a question is due. @return false: it ends */
static bool wait_for_turn(struct oc_blob_watch *watch)
{
    bool stopping;

    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        int64_t due = watch->options.asked_us(watch->options.ctx) + EVERY_US;
        struct timespec until = {due / 1000000, due % 1000000 * 1000};

        if (due <= oc_clock_mono_us())
            break;
        (void)pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
    }
    stopping = watch->stopping;
    (void)pthread_mutex_unlock(&watch->lock);
    return !stopping;
}

static void *run(void *arg)
{
    struct oc_blob_watch *watch = arg;

    (void)pthread_setname_np(pthread_self(), "bucket");
    while (wait_for_turn(watch))
        ask(watch);
    return NULL;
}

int oc_blob_watch_new(const struct oc_blob_watch_options *options, struct oc_blob_watch **ret,
                      struct oc_err *err)
{
    struct oc_s3_options hasty = *options->s3;
    struct oc_blob_watch *watch = oc_alloc(sizeof(*watch));
    int rc;

    if (!watch)
        return oc_fail_nomem(err);
    *watch = (struct oc_blob_watch){.options = *options};
    memcpy(watch->key, options->key.ptr, options->key.len);
    watch->options.key.ptr = watch->key;
    watch->options.s3 = NULL;
    (void)pthread_mutex_init(&watch->lock, NULL); /* cannot fail with default attributes */
    oc_clock_init_cond(&watch->changed);
    hasty.connect_timeout_ms = hasty.stall_timeout_ms = TIMEOUT_MS;
    hasty.patience_ms = 1;
    rc = oc_s3_open(&hasty, &watch->s3, err);
    if (rc == OC_OK) {
        watch->started = pthread_create(&watch->thread, NULL, run, watch) == 0;
        rc = watch->started ? OC_OK : oc_fail(err, OC_ENOMEM, "a thread could not be started");
    }
    if (rc < 0) {
        oc_blob_watch_free(watch);
        return rc;
    }
    *ret = watch;
    return OC_OK;
}

void oc_blob_watch_free(struct oc_blob_watch *watch)
{
    if (!watch)
        return;
    (void)pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    (void)pthread_cond_signal(&watch->changed);
    (void)pthread_mutex_unlock(&watch->lock);
    if (watch->s3)
        oc_s3_stop(watch->s3);
    if (watch->started)
        (void)pthread_join(watch->thread, NULL); /* fails only on a bug */
    oc_s3_free(watch->s3);
    (void)pthread_cond_destroy(&watch->changed);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}
