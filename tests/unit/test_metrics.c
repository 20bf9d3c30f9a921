/* Counting and the text format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>

#include "base/metrics.h"

static struct oc_buf buf;

static int setup(void **state)
{
    (void)state;
    oc_buf_init(&buf, 64 * 1024);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_buf_clear(&buf);
    return 0;
}

static void a_family_is_announced_and_its_values_follow(void **state)
{
    struct oc_metrics_writer w = {.buf = &buf};
    struct oc_metric_label labels[] = {{"a", OC_STR("x")}, {"b", OC_STR("y")}};

    (void)state;
    oc_metrics_family(&w, "jobs_total", OC_METRIC_COUNTER, "Jobs");
    oc_metrics_put(&w, NULL, 0, UINT64_MAX);
    oc_metrics_put(&w, labels, 2, 7);
    oc_metrics_one(&w, "free", OC_METRIC_GAUGE, "Free", 0);
    assert_string_equal(oc_buf_cstr(&buf), "# HELP jobs_total Jobs.\n"
                                           "# TYPE jobs_total counter\n"
                                           "jobs_total 18446744073709551615\n"
                                           "jobs_total{a=\"x\",b=\"y\"} 7\n"
                                           "# HELP free Free.\n"
                                           "# TYPE free gauge\n"
                                           "free 0\n");
}

static void a_label_may_hold_any_text(void **state)
{
    struct oc_metrics_writer w = {.buf = &buf, .family = "f"};
    struct oc_metric_label label = {"l", OC_STR("a\"b\\c\nd{}")};

    (void)state;
    oc_metrics_put(&w, &label, 1, 1);
    assert_string_equal(oc_buf_cstr(&buf), "f{l=\"a\\\"b\\\\c\\nd{}\"} 1\n");
}

/* Each bucket counts what is at most its bound: a duration on a bound is in that bucket. */
static void buckets_of_a_histogram_add_up(void **state)
{
    struct oc_metrics_writer w = {.buf = &buf, .family = "t"};
    struct oc_histogram h = {0}, sum = {0};
    static const int64_t us[] = {-5, 0, 50, 51, 1000, 10000000, 10000001};

    (void)state;
    for (size_t i = 0; i < sizeof(us) / sizeof(us[0]); i++)
        oc_histogram_add(&h, us[i]);
    oc_histogram_merge(&sum, &h);
    oc_histogram_merge(&sum, &h);
    oc_metrics_put_histogram(&w, NULL, 0, &sum);
    const char *text = oc_buf_cstr(&buf);
    assert_non_null(strstr(text, "t_bucket{le=\"5e-05\"} 6\n"));
    assert_non_null(strstr(text, "t_bucket{le=\"0.0001\"} 8\n"));
    assert_non_null(strstr(text, "t_bucket{le=\"0.001\"} 10\n"));
    assert_non_null(strstr(text, "t_bucket{le=\"10\"} 12\n"));
    assert_non_null(strstr(text, "t_bucket{le=\"+Inf\"} 14\n"));
    assert_non_null(strstr(text, "t_count 14\n"));
    assert_non_null(strstr(text, "t_sum 40.002203"));
}

static void collect(struct oc_metrics_writer *w, void *ctx)
{
    oc_metrics_one(w, ctx, OC_METRIC_GAUGE, "x", 1);
}

static void collectors_write_in_their_order(void **state)
{
    struct oc_metrics metrics = {0};

    (void)state;
    oc_metrics_add(&metrics, collect, (void *)"first");
    oc_metrics_add(&metrics, collect, (void *)"second");
    oc_metrics_write(&metrics, &buf);
    const char *text = oc_buf_cstr(&buf);
    assert_true(strstr(text, "first 1") < strstr(text, "second 1"));
}

#define ADDS 200000

static _Atomic uint64_t counter;

static void *add(void *unused)
{
    (void)unused;
    assert_in_range(oc_metrics_stripe(), 0, OC_METRICS_STRIPES - 1);
    for (int i = 0; i < ADDS; i++)
        oc_metrics_count(&counter, 1);
    return NULL;
}

static void no_count_of_any_thread_is_lost(void **state)
{
    pthread_t threads[8];

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add, NULL), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(oc_metrics_read(&counter), 8 * ADDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_family_is_announced_and_its_values_follow, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_label_may_hold_any_text, setup, teardown),
        cmocka_unit_test_setup_teardown(buckets_of_a_histogram_add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(collectors_write_in_their_order, setup, teardown),
        cmocka_unit_test(no_count_of_any_thread_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
