/* The log's lines and the clock they read: base/log, base/clock. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault_loop.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* Standard error goes to a file while a test runs; cmocka's own messages must not. */
struct capture {
    FILE *file;
    int saved;
};

static struct capture start_capture(void)
{
    struct capture c = {.file = tmpfile(), .saved = dup(STDERR_FILENO)};

    assert_non_null(c.file);
    assert_true(c.saved >= 0);
    assert_true(dup2(fileno(c.file), STDERR_FILENO) >= 0);
    return c;
}

/* What was written since, NUL-terminated; the caller frees it. */
static char *end_capture(struct capture *c)
{
    char *text;
    long len;

    assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(c->saved), 0);
    assert_int_equal(fseek(c->file, 0, SEEK_END), 0);
    len = ftell(c->file);
    assert_true(len >= 0);
    rewind(c->file);
    text = calloc(1, (size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)len, c->file), len);
    (void)fclose(c->file);
    return text;
}

static int freeze_clock(void **state)
{
    (void)state;
    oc_clock_set(1795488016123); /* 2026-11-24T02:40:16.123Z */
    return 0;
}

static int free_clock(void **state)
{
    (void)state;
    oc_clock_set(-1);
    return 0;
}

static void text_line_quotes_what_needs_it(void **state)
{
    struct capture c = start_capture();
    char *text;

    (void)state;
    oc_log_setup(OC_LOG_INFO, false);
    oc_log(OC_LOG_INFO, "started", "port", "8080", "note", "two words", "empty", "", "q", "a\"b\n",
           "absent", NULL, "last", "x=y", NULL);
    oc_log(OC_LOG_ERROR, "broken", NULL);
    text = end_capture(&c);
    assert_string_equal(text, "2026-11-24T02:40:16.123Z INFO  started port=8080 note=\"two words\" "
                              "empty=\"\" q=\"a\\\"b\\n\" last=\"x=y\"\n"
                              "2026-11-24T02:40:16.123Z ERROR broken\n");
    free(text);
}

static void json_line_is_one_object(void **state)
{
    struct capture c = start_capture();
    char *text;

    (void)state;
    oc_log_setup(OC_LOG_DEBUG, true);
    oc_log(OC_LOG_DEBUG, "started", "port", "8080", "absent", NULL, "q", "a\"b\n\xff", NULL);
    text = end_capture(&c);
    assert_string_equal(text, "{\"time\":\"2026-11-24T02:40:16.123Z\",\"level\":\"debug\","
                              "\"event\":\"started\",\"port\":\"8080\","
                              "\"q\":\"a\\\"b\\n\xef\xbf\xbd\"}\n");
    free(text);
}

static void less_severe_events_are_not_written(void **state)
{
    struct capture c = start_capture();
    char *text;

    (void)state;
    oc_log_setup(OC_LOG_WARN, false);
    assert_true(oc_log_is_on(OC_LOG_ERROR));
    assert_true(oc_log_is_on(OC_LOG_WARN));
    assert_false(oc_log_is_on(OC_LOG_INFO));
    oc_log(OC_LOG_INFO, "hidden", NULL);
    oc_log(OC_LOG_DEBUG, "hidden", NULL);
    oc_log(OC_LOG_WARN, "seen", NULL);
    text = end_capture(&c);
    assert_string_equal(text, "2026-11-24T02:40:16.123Z WARN  seen\n");
    free(text);
}

/* Long values are cut, and every line is still whole JSON of at most 8 KiB. */
static void long_lines_are_cut_and_stay_whole(void **state)
{
    static const char *const fills[] = {"x", "\x01", "\xe2\x82\xac", "\xff"};
    struct capture c = start_capture();
    char *text, *line, *rest;
    int count = 0;

    (void)state;
    oc_log_setup(OC_LOG_INFO, true);
    for (size_t i = 0; i < 4; i++) {
        char value[9001] = "";

        while (strlen(value) + strlen(fills[i]) < sizeof(value))
            strcat(value, fills[i]);
        oc_log(OC_LOG_INFO, "long", "a", value, "b", value, "c", value, "d", "short", NULL);
    }
    text = end_capture(&c);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
        struct oc_err err = {0};

        assert_true(strlen(line) < 8192);
        assert_true(strlen(line) > 4000);
        assert_int_equal(oc_json_parse(oc_slice_of(line), &root, &err), OC_OK);
        assert_true(oc_json_string(oc_json_get(root, "a")).len > 1000);
        count++;
    }
    assert_int_equal(count, 4);
    free(text);
}

static void *log_much(void *ctx)
{
    for (int i = 0; i < 200; i++)
        oc_log(OC_LOG_INFO, "thread", "who", (const char *)ctx, "note", "some words to write",
               NULL);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    struct capture c = start_capture();
    char who[] = "me";
    pthread_t threads[4];
    char *text, *line, *rest;
    int count = 0;

    (void)state;
    oc_log_setup(OC_LOG_INFO, false);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_much, who), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    text = end_capture(&c);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        assert_string_equal(line, "2026-11-24T02:40:16.123Z INFO  thread who=me "
                                  "note=\"some words to write\"");
        count++;
    }
    assert_int_equal(count, 800);
    free(text);
}

static void clocks_go_forward(void **state)
{
    int64_t before_us;

    (void)state;
    oc_clock_set(5);
    assert_int_equal(oc_clock_now_ms(), 5);
    oc_clock_set(-1);
    assert_true(oc_clock_now_ms() > 1700000000000);
    before_us = oc_clock_mono_us();
    assert_int_equal(usleep(2000), 0);
    assert_true(oc_clock_mono_us() - before_us >= 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_line_quotes_what_needs_it, freeze_clock, free_clock),
        cmocka_unit_test_setup_teardown(json_line_is_one_object, freeze_clock, free_clock),
        cmocka_unit_test_setup_teardown(less_severe_events_are_not_written, freeze_clock,
                                        free_clock),
        cmocka_unit_test_setup_teardown(long_lines_are_cut_and_stay_whole, freeze_clock,
                                        free_clock),
        cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix, freeze_clock, free_clock),
        cmocka_unit_test(clocks_go_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
