#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

#define JUMP_MS    60000   /* more is no drift */
#define BELIEVE_MS 3600000 /* what has lasted for so long was no mistake */

static _Atomic int64_t set_now_ms = -1;

int64_t oc_clock_now_ms(void)
{
    const int64_t set = atomic_load_explicit(&set_now_ms, memory_order_relaxed);
    struct timespec ts;

    if (set >= 0)
        return set;
    (void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail for this clock */
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t oc_clock_mono_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t oc_clock_steady_ms(struct oc_clock_steady *steady)
{
    int64_t mono = oc_clock_mono_us() / 1000, offset = oc_clock_now_ms() - mono;
    bool ahead = steady->known && offset > steady->offset_ms + JUMP_MS;

    if (ahead && !steady->ahead_since_ms)
        steady->ahead_since_ms = mono;
    if (!ahead || mono - steady->ahead_since_ms >= BELIEVE_MS)
        *steady = (struct oc_clock_steady){.offset_ms = offset, .known = true};
    return mono + steady->offset_ms;
}

void oc_clock_set(int64_t now_ms)
{
    atomic_store_explicit(&set_now_ms, now_ms, memory_order_relaxed);
}

void oc_clock_init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr); /* none of these can fail on Linux */
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}
