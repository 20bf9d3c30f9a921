/*
 * How many streams are worth while, against links of which everything is known: each sends so much
 * a stream and so much in all, and loses and changes as told. Time is simulated.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/streams.h"

#define SECOND   1000000LL
#define STEP     2000 /* microseconds */
#define PART     (8.0 * 1024 * 1024)
#define CARRIERS 3
#define YOUNG_US (3 * SECOND)

/* A link, in bytes a second, and what is at its ends. */
struct link {
    double stream, all;  /* most of one stream; of all together */
    double noise;        /* how far a stream's rate is off, either way, anew each second: 0.2 */
    int64_t way_us;      /* there and back: what a fetch costs before its first byte */
    double young;        /* so much faster are streams that began in the last seconds; 0: not */
    double disk;         /* what the target stores, one part at a time; 0: at once */
    int64_t stops_at_us; /* between these nobody asks for anything */
    int64_t goes_on_us;
};

struct carrier {
    struct oc_streams_fetch fetch;
    int64_t ready_us; /* when its bytes begin to come, or its part is stored */
    double left;      /* bytes; 0: none is on its way */
    double rate;      /* bytes a second a stream, at present */
    bool storing;
};

struct world {
    struct oc_streams *streams;
    struct link link;
    struct carrier carriers[CARRIERS];
    int64_t now_us, disk_free_us;
    uint64_t moved;
    unsigned count; /* of streams, since */
    int64_t changed_us;
    uint32_t random;
};

static double chance(struct world *w)
{
    w->random = w->random * 1664525U + 1013904223U;
    return (double)(w->random >> 8) / (1 << 24);
}

static struct world make(unsigned max, struct link link)
{
    struct world w = {.link = link, .now_us = 5 * SECOND, .random = 20261126};
    struct oc_err err = {0};

    assert_int_equal(oc_streams_new(max, &w.streams, &err), OC_OK);
    return w;
}

static void begin_part(struct world *w, struct carrier *c)
{
    if (w->now_us >= w->link.stops_at_us && w->now_us < w->link.goes_on_us)
        return;
    c->fetch = oc_streams_begin(w->streams, w->now_us);
    c->ready_us = w->now_us + w->link.way_us;
    c->left = PART;
    c->rate = w->link.stream;
}

static void end_part(struct world *w, struct carrier *c)
{
    oc_streams_end(w->streams, &c->fetch, c->fetch.count, OC_STREAMS_FINE, w->now_us);
    c->left = 0;
    if (w->link.disk > 0) {
        if (w->disk_free_us < w->now_us)
            w->disk_free_us = w->now_us;
        w->disk_free_us += (int64_t)(PART / w->link.disk * SECOND);
        c->ready_us = w->disk_free_us;
        c->storing = true;
    }
}

/* What a carrier's streams would take if the link had no end. */
static double wish(struct world *w, struct carrier *c)
{
    if (c->left <= 0 || w->now_us < c->ready_us)
        return 0;
    if (w->now_us % SECOND == 0 && w->link.noise > 0)
        c->rate = w->link.stream * (1 + w->link.noise * (2 * chance(w) - 1));
    if (w->link.young > 0 && w->now_us - w->changed_us < YOUNG_US)
        return c->rate * c->fetch.count * w->link.young;
    return c->rate * c->fetch.count;
}

static unsigned count(const struct world *w)
{
    return oc_streams_state(w->streams).count;
}

static void step(struct world *w)
{
    double wishes[CARRIERS], sum = 0, share;

    if (count(w) > w->count)
        w->changed_us = w->now_us;
    w->count = count(w);
    for (int i = 0; i < CARRIERS; i++) {
        struct carrier *c = &w->carriers[i];

        c->storing = c->storing && w->now_us < c->ready_us;
        if (c->left <= 0 && !c->storing)
            begin_part(w, c);
        sum += wishes[i] = wish(w, c);
    }
    share = sum > w->link.all ? w->link.all / sum : 1;
    w->now_us += STEP;
    for (int i = 0; i < CARRIERS; i++) {
        double bytes = wishes[i] * share * STEP / SECOND;

        if (bytes <= 0)
            continue;
        if (bytes > w->carriers[i].left)
            bytes = w->carriers[i].left;
        w->carriers[i].left -= bytes;
        w->moved += (uint64_t)bytes;
        oc_streams_moved(w->streams, w->now_us, (uint64_t)bytes);
        if (w->carriers[i].left <= 0)
            end_part(w, &w->carriers[i]);
    }
}

static void run(struct world *w, int64_t seconds)
{
    for (int64_t end = w->now_us + seconds * SECOND; w->now_us < end;)
        step(w);
}

/* Run and say how much of the time there were `streams`. */
static double run_share(struct world *w, int64_t seconds, unsigned streams)
{
    int64_t steps = 0, all = 0;

    for (int64_t end = w->now_us + seconds * SECOND; w->now_us < end; all++) {
        step(w);
        steps += count(w) == streams;
    }
    return (double)steps / (double)all;
}

/* -- links ------------------------------------------------------------------------------------ */

static void a_link_that_windows_bound_gets_more_streams(void **state)
{
    struct world w = make(0, (struct link){.stream = 4e6, .all = 1e9, .way_us = 100000});

    (void)state;
    assert_int_equal(count(&w), 1);
    run(&w, 30);
    assert_int_equal(count(&w), 8);
    oc_streams_free(w.streams);
}

static void they_are_no_more_than_the_link_needs(void **state)
{
    /* Three parts of two streams fill it. */
    struct world w = make(0, (struct link){.stream = 10e6, .all = 60e6, .way_us = 50000});

    (void)state;
    run(&w, 30);
    assert_int_equal(count(&w), 2);
    assert_true(run_share(&w, 600, 2) > 0.8);
    oc_streams_free(w.streams);
}

static void loopback_stays_at_one(void **state)
{
    struct world w = make(0, (struct link){.stream = 1e9, .all = 1e9, .noise = 0.03});

    (void)state;
    assert_true(run_share(&w, 600, 1) > 0.9);
    assert_int_equal(count(&w), 1);
    oc_streams_free(w.streams);
}

static void a_slow_disk_is_no_reason(void **state)
{
    struct world w =
        make(0, (struct link){.stream = 400e6, .all = 4e9, .disk = 200e6, .way_us = 1000});

    (void)state;
    assert_true(run_share(&w, 600, 1) > 0.9);
    oc_streams_free(w.streams);
}

/* Each stream has what its losses leave it, one second more and one less. */
static void a_link_with_losses_gets_more_streams(void **state)
{
    struct world w =
        make(0, (struct link){.stream = 600e3, .all = 1e9, .noise = 0.5, .way_us = 100000});

    (void)state;
    run(&w, 180);
    assert_true(count(&w) >= 4);
    oc_streams_free(w.streams);
}

/* What eight seem to bring less than four did is compared with what four bring by then. */
static void young_connections_do_not_deceive(void **state)
{
    struct world w =
        make(0, (struct link){.stream = 4e6, .all = 150e6, .young = 3, .way_us = 100000});

    (void)state;
    run(&w, 40);
    assert_int_equal(count(&w), 8);
    oc_streams_free(w.streams);
}

static void what_a_link_became_is_seen(void **state)
{
    struct world w = make(0, (struct link){.stream = 50e6, .all = 50e6, .way_us = 10000});

    (void)state;
    run(&w, 60);
    assert_int_equal(count(&w), 1);
    w.link.stream = 4e6; /* it goes another way now */
    w.link.all = 500e6;
    run(&w, 240);
    assert_int_equal(count(&w), 8);
    w.link.stream = w.link.all = 50e6;
    run(&w, 600);
    assert_true(run_share(&w, 300, 1) > 0.8);
    oc_streams_free(w.streams);
}

/* It goes on with what was found, and a pause is not taken for a slow link. */
static void a_pause_of_the_user_changes_nothing(void **state)
{
    struct world w = make(0, (struct link){.stream = 4e6,
                                           .all = 1e9,
                                           .way_us = 100000,
                                           .stops_at_us = 60 * SECOND,
                                           .goes_on_us = 90 * SECOND});

    (void)state;
    run(&w, 120);
    assert_int_equal(count(&w), 8);
    oc_streams_free(w.streams);
}

/* -- limits and trouble ----------------------------------------------------------------------- */

static void the_most_is_kept(void **state)
{
    static const unsigned most[] = {1, 3, 6};

    (void)state;
    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        struct world w = make(most[i], (struct link){.stream = 4e6, .all = 1e9, .way_us = 100000});

        assert_true(run_share(&w, 60, most[i]) > 0.5);
        assert_int_equal(count(&w), most[i]);
        oc_streams_free(w.streams);
    }
}

static void trouble_halves_once_and_is_over_in_time(void **state)
{
    struct world w = make(0, (struct link){.stream = 4e6, .all = 1e9, .way_us = 100000});
    struct oc_streams_fetch fetches[3];

    (void)state;
    run(&w, 30);
    assert_int_equal(count(&w), 8);
    for (int i = 0; i < 3; i++)
        fetches[i] = oc_streams_begin(w.streams, w.now_us);
    for (int i = 0; i < 3; i++) /* one event, met by all */
        oc_streams_end(w.streams, &fetches[i], 8, OC_STREAMS_TROUBLE, w.now_us);
    assert_int_equal(count(&w), 4);
    run(&w, 20);
    assert_int_equal(count(&w), 4);
    run(&w, 60);
    assert_int_equal(count(&w), 8);
    oc_streams_free(w.streams);
}

static void a_place_without_ranges_is_left_alone(void **state)
{
    struct world w = make(0, (struct link){.stream = 4e6, .all = 1e9, .way_us = 100000});
    struct oc_streams_fetch fetch;

    (void)state;
    run(&w, 10);
    assert_true(count(&w) > 1);
    fetch = oc_streams_begin(w.streams, w.now_us);
    oc_streams_end(w.streams, &fetch, fetch.count, OC_STREAMS_UNABLE, w.now_us);
    assert_true(run_share(&w, 590, 1) > 0.99);
    run(&w, 60); /* it may have become another program */
    assert_int_equal(count(&w), 8);
    oc_streams_free(w.streams);
}

static void ranges_are_counted_when_there_are_several(void **state)
{
    struct world w = make(0, (struct link){.stream = 4e6, .all = 1e9});
    struct oc_streams_fetch fetch = oc_streams_begin(w.streams, w.now_us);

    (void)state;
    oc_streams_end(w.streams, &fetch, 1, OC_STREAMS_FINE, w.now_us);
    assert_int_equal(oc_streams_state(w.streams).requests, 0);
    fetch = oc_streams_begin(w.streams, w.now_us);
    oc_streams_end(w.streams, &fetch, 4, OC_STREAMS_FINE, w.now_us);
    assert_int_equal(oc_streams_state(w.streams).requests, 4);
    oc_streams_free(w.streams);
}

/* -- threads ---------------------------------------------------------------------------------- */

#define THREADS 4
#define FETCHES 2000

static void *fetch_many(void *ctx)
{
    struct oc_streams *streams = ctx;

    for (int64_t i = 0; i < FETCHES; i++) {
        struct oc_streams_fetch fetch = oc_streams_begin(streams, i * 1000);

        oc_streams_moved(streams, i * 1000 + 500, 1000);
        oc_streams_end(streams, &fetch, 2, i % 500 ? OC_STREAMS_FINE : OC_STREAMS_TROUBLE,
                       i * 1000 + 900);
    }
    return NULL;
}

static void any_thread_may_fetch(void **state)
{
    struct oc_streams *streams;
    pthread_t threads[THREADS];
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_streams_new(0, &streams, &err), OC_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_many, streams), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(oc_streams_state(streams).requests, 2 * THREADS * FETCHES);
    assert_true(oc_streams_state(streams).count <= OC_STREAMS_MAX);
    oc_streams_free(streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_that_windows_bound_gets_more_streams),
        cmocka_unit_test(they_are_no_more_than_the_link_needs),
        cmocka_unit_test(loopback_stays_at_one),
        cmocka_unit_test(a_slow_disk_is_no_reason),
        cmocka_unit_test(a_link_with_losses_gets_more_streams),
        cmocka_unit_test(young_connections_do_not_deceive),
        cmocka_unit_test(what_a_link_became_is_seen),
        cmocka_unit_test(a_pause_of_the_user_changes_nothing),
        cmocka_unit_test(the_most_is_kept),
        cmocka_unit_test(trouble_halves_once_and_is_over_in_time),
        cmocka_unit_test(a_place_without_ranges_is_left_alone),
        cmocka_unit_test(ranges_are_counted_when_there_are_several),
        cmocka_unit_test(any_thread_may_fetch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
