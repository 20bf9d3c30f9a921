/*
 * How fast copies go and when: the operator's cap on bytes a second, and the hours of the day.
 *
 * The cap is a debt. A part that is about to be moved is charged, and the next part of any copy is
 * handed out when all charges are paid off at the capped rate; parts that the target has already
 * cost nothing. So the rate holds over any time longer than it takes to move the few parts that may
 * be handed out at once, and a copy that resumes goes over what is done at full speed.
 *
 * Outside of the hours no copy begins, and those that run end their run after the parts in flight;
 * their tasks stay in the queue until the hour comes. Imports and uploads are not held back.
 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "copy/copy_impl.h"

#define LOOK_US 60000000LL /* the wall clock may be set: look again at least that often */
#define NAP_MS  200        /* between two looks whether a copy that waits is still wanted */

/* -- hours ---------------------------------------------------------------------------------- */

bool oc_copy_pace_is_open(const struct oc_copy_engine *engine)
{
    const uint32_t from = engine->options.from_hour, to = engine->options.to_hour;
    time_t now = (time_t)(oc_clock_now_ms() / 1000);
    struct tm local;
    uint32_t hour;

    if (from == to || !localtime_r(&now, &local))
        return true;
    hour = (uint32_t)local.tm_hour;
    return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}

int64_t oc_copy_pace_look_again_us(void)
{
    int64_t into_hour_us = oc_clock_now_ms() % 3600000 * 1000;
    int64_t left = 3600000000LL - into_hour_us;

    return oc_clock_mono_us() + (left < LOOK_US ? left : LOOK_US);
}

void oc_copy_pace_tell(const struct oc_copy_engine *engine, struct oc_copy_progress *progress)
{
    progress->phase = "waiting";
    progress->bytes_per_second = 0;
    progress->seconds_left = -1;
    (void)snprintf(progress->waiting_for, sizeof(progress->waiting_for),
                   "copies run from %02u:00 to %02u:00 o'clock", engine->options.from_hour,
                   engine->options.to_hour % 24);
}

/* -- bandwidth ------------------------------------------------------------------------------ */

void oc_copy_pace_charge(struct oc_copy_engine *engine, uint32_t bytes)
{
    int64_t now = oc_clock_mono_us(), rate = engine->options.bandwidth;

    if (!rate)
        return;
    (void)pthread_mutex_lock(&engine->lock);
    if (engine->paid_us < now)
        engine->paid_us = now;
    engine->paid_us += (int64_t)((double)bytes * 1e6 / (double)rate);
    (void)pthread_mutex_unlock(&engine->lock);
}

static int64_t unpaid_us(struct oc_copy_engine *engine)
{
    int64_t paid_us;

    if (!engine->options.bandwidth)
        return 0;
    (void)pthread_mutex_lock(&engine->lock);
    paid_us = engine->paid_us;
    (void)pthread_mutex_unlock(&engine->lock);
    return paid_us - oc_clock_mono_us();
}

int oc_copy_pace_wait(struct oc_copy_job *job, struct oc_err *err)
{
    struct oc_copy_engine *engine = job->engine;
    int64_t left;
    int rc = OC_OK;

    while (rc == OC_OK && (left = unpaid_us(engine)) > 0) {
        int64_t ms = left / 1000 + 1;

        if (!oc_pool_sleep(engine->pool, ms < NAP_MS ? ms : NAP_MS))
            return oc_fail(err, OC_ECANCELED, "the copy engine is stopping");
        rc = oc_copy_still_wanted(job, err);
        if (rc == OC_OK)
            rc = oc_flight_failure(job, err);
    }
    if (rc == OC_OK && !oc_copy_pace_is_open(engine)) {
        job->closed = true;
        return oc_fail(err, OC_ECANCELED, "the hours in which copies run are over");
    }
    return rc;
}
