/* How many streams are worth while to one place. See streams.h. */
#include "net/streams.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/fault.h"

#define GAIN        1.10 /* more streams must bring that much */
#define KEEPS       0.95 /* and fewer may cost that much */
#define IDLE_MAX_US 1000000LL

enum phase {
    PAUSING,  /* until `until_us` */
    SETTLING, /* since `since_us`, and until no fetch of another round goes on */
    COUNTING, /* bytes, since `since_us` */
};

/* What is compared with the rate of before. BACK: that rate itself, once more: it may have been
 * that of young connections, which have lost nothing yet and are faster than they remain. */
enum trial { NOTHING, MORE, BACK, FEWER };

struct oc_streams {
    pthread_mutex_t lock; /* guards all below */
    unsigned max, count;  /* of new fetches */
    unsigned settled;     /* the last that was worth while */
    double rate;          /* bytes a microsecond with as many */
    unsigned tried;       /* more than these were, and did not seem to be */
    double tried_rate;
    enum trial trial;
    int64_t pause_us; /* after the next look */
    bool looked;      /* once at least: from then on there is no hurry */
    bool fewer_next;  /* looks go up and down in turns */
    enum phase phase;
    int64_t since_us, until_us, look_us; /* when this look began */
    uint64_t bytes;
    uint32_t round;       /* counts changes of `count` */
    unsigned active, old; /* fetches; of them, those of other rounds */
    int64_t idle_us;      /* since when there is none */
    uint64_t requests;
};

int oc_streams_new(unsigned max, struct oc_streams **ret, struct oc_err *err)
{
    struct oc_streams *streams = oc_alloc(sizeof(*streams));

    if (!streams)
        return oc_fail_nomem(err);
    *streams = (struct oc_streams){
        .max = max ? max : OC_STREAMS_DEFAULT,
        .count = 1,
        .settled = 1,
        .phase = PAUSING,
        .pause_us = OC_STREAMS_FIRST_PAUSE_US,
    };
    (void)pthread_mutex_init(&streams->lock, NULL); /* cannot fail with default attributes */
    *ret = streams;
    return OC_OK;
}

void oc_streams_free(struct oc_streams *streams)
{
    if (!streams)
        return;
    (void)pthread_mutex_destroy(&streams->lock); /* nobody holds it any more */
    free(streams);
}

/* -- changes; all with the lock held ---------------------------------------------------------- */

static void set_count(struct oc_streams *s, unsigned count)
{
    if (count == s->count)
        return;
    s->count = count;
    s->round++;
    s->old = s->active;
}

/* Try another number and see what comes of it. */
static void try_count(struct oc_streams *s, enum trial trial, unsigned count, int64_t now_us)
{
    set_count(s, count);
    s->trial = trial;
    s->phase = SETTLING;
    s->since_us = now_us;
}

static void pause_for(struct oc_streams *s, int64_t us, int64_t now_us)
{
    set_count(s, s->settled);
    s->trial = NOTHING;
    s->looked = true;
    s->phase = PAUSING;
    s->until_us = now_us + us;
}

/* The look is over. One that went down has cost more than one that went up. */
static void rest(struct oc_streams *s, int64_t now_us)
{
    int64_t us = s->trial == FEWER ? (now_us - s->look_us) * OC_STREAMS_PAUSE_FACTOR : 0;

    pause_for(s, us > s->pause_us ? us : s->pause_us, now_us);
    s->pause_us = 2 * s->pause_us < OC_STREAMS_PAUSE_US ? 2 * s->pause_us : OC_STREAMS_PAUSE_US;
}

static void look(struct oc_streams *s, int64_t now_us)
{
    s->look_us = now_us;
    try_count(s, NOTHING, s->settled, now_us);
}

static void settle_for(struct oc_streams *s, unsigned count, double rate)
{
    s->settled = count;
    s->rate = rate;
}

static void try_more(struct oc_streams *s, int64_t now_us)
{
    unsigned more = s->settled * 2 > s->max ? s->max : s->settled * 2;

    if (more == s->settled)
        rest(s, now_us);
    else
        try_count(s, MORE, more, now_us);
}

static void try_fewer(struct oc_streams *s, int64_t now_us)
{
    if (s->settled == 1)
        rest(s, now_us);
    else
        try_count(s, FEWER, s->settled / 2, now_us);
}

/* Bytes were counted for a while. Each step down is compared with what the look began with, so that
 * small losses do not add up. */
static void judge(struct oc_streams *s, double rate, int64_t now_us)
{
    bool fewer = s->settled > 1 && s->pause_us == OC_STREAMS_PAUSE_US &&
                 (s->fewer_next || s->settled == s->max);

    if (s->trial == NOTHING) {
        s->rate = rate;
        s->fewer_next = !fewer && s->settled > 1;
        (fewer ? try_fewer : try_more)(s, now_us);
    } else if (s->trial == MORE && rate > s->rate * GAIN) {
        settle_for(s, s->count, rate);
        s->fewer_next = true;
        try_more(s, now_us);
    } else if (s->trial == MORE) {
        s->tried = s->count;
        s->tried_rate = rate;
        try_count(s, BACK, s->settled, now_us);
    } else if (s->trial == BACK && s->tried_rate > rate * GAIN) {
        settle_for(s, s->tried, s->tried_rate);
        s->fewer_next = true;
        try_more(s, now_us);
    } else if (s->trial == FEWER && rate >= s->rate * KEEPS) {
        settle_for(s, s->count, s->rate);
        try_fewer(s, now_us);
    } else {
        rest(s, now_us);
    }
}

static void go_on(struct oc_streams *s, int64_t now_us)
{
    const int64_t window_us = s->looked ? OC_STREAMS_LATER_US : OC_STREAMS_WINDOW_US;

    if (s->max == 1)
        return;
    if (s->phase == PAUSING && now_us >= s->until_us)
        look(s, now_us);
    if (s->phase == SETTLING && s->old == 0 && now_us - s->since_us >= OC_STREAMS_SETTLE_US) {
        s->phase = COUNTING;
        s->since_us = now_us;
        s->bytes = 0;
    } else if (s->phase == COUNTING && now_us - s->since_us >= window_us) {
        judge(s, (double)s->bytes / (double)(now_us - s->since_us), now_us);
    }
}

/* -- what the user tells ---------------------------------------------------------------------- */

struct oc_streams_fetch oc_streams_begin(struct oc_streams *s, int64_t now_us)
{
    struct oc_streams_fetch fetch;

    (void)pthread_mutex_lock(&s->lock);
    if (s->active == 0 && s->phase != PAUSING && now_us - s->idle_us > IDLE_MAX_US)
        look(s, now_us); /* what was counted says nothing: for some of the time nobody asked */
    go_on(s, now_us);
    s->active++;
    fetch = (struct oc_streams_fetch){s->count, s->round};
    (void)pthread_mutex_unlock(&s->lock);
    return fetch;
}

void oc_streams_moved(struct oc_streams *s, int64_t now_us, uint64_t bytes)
{
    (void)pthread_mutex_lock(&s->lock);
    s->bytes += bytes;
    go_on(s, now_us);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Several fetches meet the same trouble; one counts. */
static void take_outcome(struct oc_streams *s, const struct oc_streams_fetch *fetch,
                         enum oc_streams_outcome outcome, int64_t now_us)
{
    if (outcome == OC_STREAMS_UNABLE) {
        s->settled = 1;
        pause_for(s, OC_STREAMS_UNABLE_US, now_us);
    } else if (outcome == OC_STREAMS_TROUBLE && fetch->round == s->round) {
        s->settled = fetch->count > 1 ? fetch->count / 2 : 1;
        s->fewer_next = false; /* it may have been for once */
        pause_for(s, OC_STREAMS_PAUSE_US, now_us);
    }
}

void oc_streams_end(struct oc_streams *s, const struct oc_streams_fetch *fetch, unsigned used,
                    enum oc_streams_outcome outcome, int64_t now_us)
{
    (void)pthread_mutex_lock(&s->lock);
    s->active--;
    if (fetch->round != s->round)
        s->old--;
    if (s->active == 0)
        s->idle_us = now_us;
    s->requests += used > 1 ? used : 0;
    take_outcome(s, fetch, outcome, now_us);
    go_on(s, now_us);
    (void)pthread_mutex_unlock(&s->lock);
}

struct oc_streams_state oc_streams_state(struct oc_streams *s)
{
    struct oc_streams_state state;

    (void)pthread_mutex_lock(&s->lock);
    state = (struct oc_streams_state){s->count, s->requests};
    (void)pthread_mutex_unlock(&s->lock);
    return state;
}
