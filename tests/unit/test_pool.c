/* The workers, their buffers and the pins of parts: copy/pool, copy/pins. */
#include "folder_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "copy/pins.h"
#include "copy/pool.h"

static struct oc_err err;

/* -- buffers ------------------------------------------------------------------------------------
 */

static atomic_uint done;

static void finish(struct oc_ticket *ticket)
{
    done++;
    oc_pool_return(ticket->owner, ticket);
}

static void what_is_submitted_while_stopping_is_still_done(void **state)
{
    struct oc_pool_user user = {.account = OC_STR("a")};
    struct oc_ticket *ticket, *other;
    struct oc_pool *pool;

    (void)state;
    done = 0;
    ok(oc_pool_new(2, 2, &pool, &err));
    oc_pool_join(pool, &user);
    ok(oc_pool_ticket(pool, &user, &ticket, &err));
    ticket->owner = pool;
    oc_pool_stop(pool);
    assert_true(oc_pool_is_stopping(pool));
    (void)usleep(20000); /* idle workers had time to leave, had they been told */
    oc_pool_submit(pool, ticket, finish);
    for (int i = 0; i < 2000 && done == 0; i++)
        (void)usleep(1000);
    assert_int_equal(done, 1);
    assert_int_equal(oc_pool_ticket(pool, &user, &other, &err), OC_ECANCELED);
    assert_int_equal(oc_pool_try_ticket(pool, &user, &other, &err), OC_ECANCELED);
    assert_int_equal(oc_pool_run(pool, false, NULL, NULL, &err), OC_EBUSY);
    assert_false(oc_pool_sleep(pool, 100000));
    oc_pool_leave(pool, &user);
    oc_pool_free(pool);
}

/* Two at a time: the first waits until all are queued, so that the only worker is at it. */
static atomic_bool all_queued;
static struct oc_ticket *fellows[3];

static void take_two(struct oc_ticket *ticket)
{
    struct oc_ticket *fellow;

    while (!all_queued)
        (void)usleep(100);
    fellow = oc_pool_take_fellow(ticket->owner, ticket);
    fellows[ticket->index] = fellow;
    if (fellow)
        finish(fellow);
    finish(ticket);
}

static void a_worker_takes_the_next_part_along_when_no_other_is_free(void **state)
{
    struct oc_pool_user user = {.account = OC_STR("a")};
    struct oc_ticket *tickets[3];
    struct oc_pool *pool;

    (void)state;
    for (int stranger = 0; stranger < 2; stranger++) {
        done = 0;
        all_queued = false;
        memset(fellows, 0, sizeof fellows);
        ok(oc_pool_new(1, 3, &pool, &err));
        oc_pool_join(pool, &user);
        for (uint32_t i = 0; i < 3; i++) {
            ok(oc_pool_ticket(pool, &user, &tickets[i], &err));
            tickets[i]->owner = pool;
            tickets[i]->index = i;
            oc_pool_submit(pool, tickets[i], stranger && i == 1 ? finish : take_two);
        }
        all_queued = true;
        for (int i = 0; i < 2000 && done < 3; i++)
            (void)usleep(1000);
        assert_int_equal(done, 3);
        assert_ptr_equal(fellows[0], stranger ? NULL : tickets[1]);
        assert_null(fellows[2]);
        oc_pool_leave(pool, &user);
        oc_pool_free(pool);
    }
}

struct waiter {
    struct oc_pool *pool;
    struct oc_pool_user user;
    struct oc_ticket *ticket;
    atomic_bool has;
    pthread_t thread;
};

static void *wait_for_ticket(void *arg)
{
    struct waiter *w = arg;
    struct oc_err e = {0};

    if (oc_pool_ticket(w->pool, &w->user, &w->ticket, &e) == OC_OK)
        w->has = true;
    return NULL;
}

static void wait_again(struct waiter *w)
{
    w->ticket = NULL;
    w->has = false;
    assert_int_equal(pthread_create(&w->thread, NULL, wait_for_ticket, w), 0);
    (void)usleep(10000); /* it waits now; who comes first is part of the tests */
}

static void start_waiter(struct waiter *w, struct oc_pool *pool, const char *account)
{
    *w = (struct waiter){.pool = pool, .user.account = oc_slice_of(account)};
    oc_pool_join(pool, &w->user);
    wait_again(w);
}

static void end_waiter(struct waiter *w)
{
    assert_int_equal(pthread_join(w->thread, NULL), 0);
    if (w->ticket)
        oc_pool_return(w->pool, w->ticket);
    oc_pool_leave(w->pool, &w->user);
}

static void assert_next(struct waiter *expected, const struct waiter *other)
{
    for (int i = 0; i < 2000 && !expected->has && !other->has; i++)
        (void)usleep(1000);
    assert_true(expected->has);
    assert_false(other->has);
}

static void a_buffer_goes_to_the_account_that_holds_fewest(void **state)
{
    struct oc_pool_user greedy = {.account = OC_STR("a")};
    struct oc_ticket *held[3], *none;
    struct waiter same, other;
    struct oc_pool *pool;

    (void)state;
    ok(oc_pool_new(1, 3, &pool, &err));
    oc_pool_join(pool, &greedy);
    for (int i = 0; i < 3; i++)
        ok(oc_pool_ticket(pool, &greedy, &held[i], &err));
    ok(oc_pool_try_ticket(pool, &greedy, &none, &err));
    assert_null(none);
    start_waiter(&same, pool, "a"); /* waits longer, but its account has all */
    start_waiter(&other, pool, "b");
    oc_pool_return(pool, held[0]);
    assert_next(&other, &same);
    ok(oc_pool_try_ticket(pool, &greedy, &none, &err)); /* nor may who has some push in */
    assert_null(none);
    oc_pool_return(pool, held[1]);
    for (int i = 0; i < 2000 && !same.has; i++)
        (void)usleep(1000);
    assert_true(same.has);
    oc_pool_return(pool, held[2]);
    end_waiter(&same);
    end_waiter(&other);
    oc_pool_leave(pool, &greedy);
    oc_pool_free(pool);
}

static void what_waits_for_another_machine_leaves_two_buffers_and_all_workers(void **state)
{
    static const int east, west;
    struct oc_pool_user away = {.account = OC_STR("a"), .places = {&east}};
    struct oc_pool_user here = {.account = OC_STR("a")};
    struct oc_ticket *held[3], *more;
    struct waiter other;
    struct oc_pool *pool;

    (void)state;
    ok(oc_pool_new(1, 5, &pool, &err));
    oc_pool_join(pool, &away);
    oc_pool_join(pool, &here);
    for (int i = 0; i < 3; i++)
        ok(oc_pool_ticket(pool, &away, &held[i], &err));
    ok(oc_pool_try_ticket(pool, &away, &more, &err));
    assert_null(more);
    assert_false(oc_pool_is_wanted(pool, &east));
    start_waiter(&other, pool, "b");
    assert_int_equal(pthread_join(other.thread, NULL), 0);
    assert_true(other.has); /* one of the two */
    oc_pool_return(pool, other.ticket);
    oc_pool_user_waits_for(pool, &other.user, &west, NULL);
    wait_again(&other);
    assert_false(other.has); /* the third of those that wait for another machine */
    assert_true(oc_pool_is_wanted(pool, &east));
    assert_false(oc_pool_is_wanted(pool, &west));
    oc_pool_user_waits_for(pool, &other.user, &west, &east); /* from one to the other */
    assert_false(oc_pool_is_wanted(pool, &east));
    assert_true(oc_pool_waits_for(pool, &other.user, &east));
    assert_true(oc_pool_waits_for(pool, &other.user, &west));
    assert_false(oc_pool_waits_for(pool, &here, &east));
    /* A part that waits, for whatever, is not on the only worker. */
    all_queued = false;
    done = 0;
    held[0]->owner = held[1]->owner = pool;
    held[0]->index = 0;
    oc_pool_submit(pool, held[0], take_two);
    ok(oc_pool_ticket(pool, &here, &more, &err));
    more->owner = pool;
    oc_pool_submit(pool, more, finish);
    for (int i = 0; i < 2000 && done == 0; i++)
        (void)usleep(1000);
    assert_int_equal(done, 1);
    all_queued = true;
    for (int i = 0; i < 2000 && !other.has; i++)
        (void)usleep(1000);
    assert_true(other.has); /* the first came back */
    end_waiter(&other);
    oc_pool_return(pool, held[1]);
    oc_pool_return(pool, held[2]);
    oc_pool_leave(pool, &away);
    oc_pool_leave(pool, &here);
    oc_pool_free(pool);
}

/* -- pins ---------------------------------------------------------------------------------------
 */

static void make_digest(uint64_t n, uint8_t ret[32])
{
    memset(ret, 0, 32);
    oc_put_be64(ret, n % 7); /* homes collide on purpose */
    oc_put_be64(ret + 8, n);
}

static int removed(void *ctx, struct oc_err *e)
{
    (void)ctx, (void)e;
    return OC_OK;
}

static bool is_pinned(struct oc_pins *pins, uint64_t n)
{
    uint8_t digest[32];

    make_digest(n, digest);
    return oc_pins_unless(pins, digest, removed, NULL, &err) == 1;
}

static void pin(struct oc_pins *pins, uint64_t n)
{
    uint8_t digest[32];

    make_digest(n, digest);
    ok(oc_pins_add(pins, digest, &err));
}

static void unpin(struct oc_pins *pins, uint64_t n)
{
    uint8_t digest[32];

    make_digest(n, digest);
    oc_pins_remove(pins, digest);
}

static void pins_count_and_outlive_a_sweep_that_has_begun(void **state)
{
    struct oc_pins pins;

    (void)state;
    oc_pins_init(&pins);
    assert_false(is_pinned(&pins, 1));
    pin(&pins, 1);
    pin(&pins, 1);
    unpin(&pins, 1);
    assert_true(is_pinned(&pins, 1));
    unpin(&pins, 1);
    assert_false(is_pinned(&pins, 1));
    pin(&pins, 1);
    oc_pins_begin(&pins);
    unpin(&pins, 1);
    assert_true(is_pinned(&pins, 1)); /* its record may be younger than what the sweep has read */
    pin(&pins, 2);
    unpin(&pins, 2);
    assert_true(is_pinned(&pins, 2));
    oc_pins_end(&pins);
    assert_false(is_pinned(&pins, 1));
    assert_false(is_pinned(&pins, 2));
    oc_pins_clear(&pins);
}

/* Against an array of counts, with sweeps in between. */
static void many_pins_are_what_an_array_says(void **state)
{
    enum { NUMBERS = 300 };
    static unsigned count[NUMBERS];
    static bool kept[NUMBERS];
    struct oc_pins pins;
    uint8_t random[3];
    bool sweeping = false;

    (void)state;
    oc_pins_init(&pins);
    for (int step = 0; step < 40000; step++) {
        unsigned n;

        ok(oc_random(random, sizeof random, &err));
        n = (random[0] * 256u + random[1]) % NUMBERS;
        if (random[2] < 3) {
            sweeping = !sweeping;
            if (sweeping)
                oc_pins_begin(&pins);
            else
                oc_pins_end(&pins);
            memset(kept, 0, sizeof kept);
        } else if (random[2] < 128) {
            pin(&pins, n);
            count[n]++;
        } else if (count[n]) {
            unpin(&pins, n);
            count[n]--;
            kept[n] = kept[n] || sweeping;
        }
        n = random[2] % NUMBERS;
        assert_int_equal(is_pinned(&pins, n), count[n] > 0 || kept[n]);
    }
    oc_pins_clear(&pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_submitted_while_stopping_is_still_done),
        cmocka_unit_test(a_worker_takes_the_next_part_along_when_no_other_is_free),
        cmocka_unit_test(a_buffer_goes_to_the_account_that_holds_fewest),
        cmocka_unit_test(what_waits_for_another_machine_leaves_two_buffers_and_all_workers),
        cmocka_unit_test(pins_count_and_outlive_a_sweep_that_has_begun),
        cmocka_unit_test(many_pins_are_what_an_array_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
