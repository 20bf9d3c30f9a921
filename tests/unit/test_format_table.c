/* Figures, tables, progress lines and JSON as the commands print them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/format.h"
#include "cli/output.h"
#include "cli/progress.h"

static void assert_text(struct oc_buf *buf, const char *want)
{
    assert_string_equal(oc_buf_cstr(buf), want);
    oc_buf_clear(buf);
}

static void sizes_have_three_digits(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *want;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {10229, "9.99 KiB"},
        {10239, "10.0 KiB"},
        {102348, "99.9 KiB"},
        {102399, "100 KiB"},
        {1023487, "999 KiB"},
        {1023999, "0.98 MiB"},
        {90905600, "86.7 MiB"},
        {1UL << 40, "1.00 TiB"},
        {UINT64_MAX, "16.0 EiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_buf buf;

        oc_buf_init(&buf, 64);
        oc_format_size(&buf, cases[i].bytes);
        assert_text(&buf, cases[i].want);
    }
}

static void rates_durations_and_times(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *want;
    } durations[] = {{0, "0:00"}, {7, "0:07"}, {750, "12:30"}, {11109, "3:05:09"}};
    static const struct {
        const char *iso, *want;
    } times[] = {
        {"2024-08-01T12:00:00.123Z", "2024-08-01 12:00:00Z"},
        {"2024-08-01T12:00:00Z", "2024-08-01 12:00:00Z"},
        {"2024-08-01T12:00:00+02:00", "2024-08-01T12:00:00+02:00"},
        {"soon", "soon"},
    };
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 64);
    oc_format_rate(&buf, 1536);
    assert_text(&buf, "1.50 KiB/s");
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        oc_format_duration(&buf, durations[i].seconds);
        assert_text(&buf, durations[i].want);
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        oc_format_time(&buf, oc_slice_of(times[i].iso));
        assert_text(&buf, times[i].want);
    }
}

static void text_is_wrapped_between_words(void **state)
{
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 4096);
    oc_format_wrapped(&buf, OC_STR("one two three four"), 0, 0, 0);
    assert_text(&buf, "one two three four");
    oc_format_wrapped(&buf, OC_STR("one two three four"), 4, 2, 12);
    assert_text(&buf, "one two\n  three four");
    oc_format_wrapped(&buf, OC_STR("a-word-that-is-too-long b\033"), 0, 0, 10);
    assert_text(&buf, "a-word-that-is-too-long\nb?");
    oc_format_wrapped(&buf, (struct oc_slice){0}, 0, 0, 10);
    assert_text(&buf, "");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 64);
    oc_format_text(&buf, OC_STR("a\033[31m\n\x7f\xc2\x9b\xff\xc3\xa9z"));
    assert_text(&buf, "a?[31m????\xc3\xa9z");
}

static void make_table(struct oc_table *table)
{
    static const char *const cells[] = {"first", "Active", "5 B", "\xc3\xa9", "Failed", "86.7 MiB"};

    oc_table_init(table);
    table->columns = 3;
    table->titles[0] = "NAME";
    table->titles[1] = "STATUS";
    table->titles[2] = "SIZE";
    table->status[1] = true;
    table->right[2] = true;
    for (size_t i = 0; i < 6; i++)
        oc_table_add(table, oc_slice_of(cells[i]));
}

static void tables_are_aligned_by_characters(void **state)
{
    struct oc_table table;
    struct oc_buf buf;

    (void)state;
    make_table(&table);
    oc_buf_init(&buf, 4096);
    assert_true(oc_table_put(&table, &buf, false));
    assert_text(&buf, "NAME   STATUS      SIZE\n"
                      "first  Active       5 B\n"
                      "\xc3\xa9      Failed  86.7 MiB\n");
    oc_table_clear(&table);
    make_table(&table);
    assert_true(oc_table_put(&table, &buf, true));
    assert_text(&buf, "\033[1mNAME   STATUS      SIZE\033[0m\n"
                      "first  \033[32mActive  \033[0m     5 B\n"
                      "\xc3\xa9      \033[31mFailed  \033[0m86.7 MiB\n");
    oc_table_clear(&table);
}

static void long_tables_are_put_piece_by_piece(void **state)
{
    struct oc_table table;
    struct oc_buf buf;

    (void)state;
    oc_table_init(&table);
    table.columns = 2;
    table.titles[0] = "A";
    table.titles[1] = "B";
    oc_table_add(&table, OC_STR("long"));
    oc_table_add(&table, OC_STR("1"));
    oc_buf_init(&buf, 4096);
    assert_true(oc_table_put(&table, &buf, false));
    oc_table_add(&table, OC_STR("s"));
    oc_table_add(&table, OC_STR("2"));
    assert_true(oc_table_put(&table, &buf, false));
    oc_table_add(&table, OC_STR("longer"));
    oc_table_add(&table, OC_STR("3"));
    assert_true(oc_table_put(&table, &buf, false));
    assert_text(&buf, "A     B\nlong  1\ns     2\nlonger  3\n");
    oc_table_clear(&table);
}

/* NAME may be cut, STATUS never leaves, the others leave by rank. */
static void put_fitted(struct oc_buf *buf, size_t width)
{
    struct oc_table table;

    oc_table_init(&table);
    table.columns = 4;
    table.width = width;
    table.titles[0] = "STATUS";
    table.titles[1] = "CREATED";
    table.titles[2] = "NAME";
    table.titles[3] = "FROM";
    table.cut[2] = true;
    table.rank[1] = 1;
    table.rank[3] = 2;
    oc_table_add(&table, OC_STR("Completed"));
    oc_table_add(&table, OC_STR("2024-08-01 12:00:00Z"));
    oc_table_add(&table, OC_STR("a-name-\xc3\xa9-of-some-length"));
    oc_table_add(&table, OC_STR("us-east-1"));
    assert_true(oc_table_put(&table, buf, false));
    oc_table_clear(&table);
}

static void tables_are_made_to_fit_the_terminal(void **state)
{
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 4096);
    put_fitted(&buf, 0);
    assert_text(&buf,
                "STATUS     CREATED               NAME                     FROM\n"
                "Completed  2024-08-01 12:00:00Z  a-name-\xc3\xa9-of-some-length  us-east-1\n");
    put_fitted(&buf, 66);
    assert_text(
        &buf,
        "STATUS     CREATED               NAME                    FROM\n"
        "Completed  2024-08-01 12:00:00Z  a-name-\xc3\xa9-of-some-leng\xe2\x80\xa6  us-east-1\n");
    put_fitted(&buf, 60);
    assert_text(&buf, "STATUS     CREATED               NAME\n"
                      "Completed  2024-08-01 12:00:00Z  a-name-\xc3\xa9-of-some-length\n");
    put_fitted(&buf, 50);
    assert_text(&buf, "STATUS     NAME\n"
                      "Completed  a-name-\xc3\xa9-of-some-length\n");
    put_fitted(&buf, 30);
    assert_text(&buf, "STATUS     NAME\n"
                      "Completed  a-name-\xc3\xa9-of-some-l\xe2\x80\xa6\n");
    put_fitted(&buf, 20);
    assert_text(&buf, "STATUS     NAME\n"
                      "Completed  a-name-\xc3\xa9\xe2\x80\xa6\n");
}

static void the_last_column_is_not_padded(void **state)
{
    struct oc_table table;
    struct oc_buf buf;

    (void)state;
    oc_table_init(&table);
    table.columns = 1;
    table.titles[0] = "A LONG TITLE";
    oc_table_add(&table, OC_STR("x"));
    oc_buf_init(&buf, 4096);
    assert_true(oc_table_put(&table, &buf, false));
    assert_text(&buf, "A LONG TITLE\nx\n");
    oc_table_clear(&table);
}

static void progress_lines_fit_the_terminal(void **state)
{
    struct oc_progress_state s = {.step = "copying",
                                  .bytes_done = 512 << 20,
                                  .bytes_total = 1024 << 20,
                                  .bytes_per_second = 100 << 20,
                                  .seconds_left = 75};
    struct oc_buf buf;

    (void)state;
    oc_buf_init(&buf, 4096);
    oc_progress_put(&buf, &s, 79);
    assert_true(buf.len <= 79);
    assert_text(&buf, "copying     [#######.......] "
                      " 50%  512 MiB of 1.00 GiB  100 MiB/s  1:15 left");
    oc_progress_put(&buf, &s, 60);
    assert_text(&buf, "copying      50%  512 MiB of 1.00 GiB  100 MiB/s  1:15 left");
    oc_progress_put(&buf, &s, 50);
    assert_text(&buf, "copying      50%  512 MiB of 1.00 GiB  1:15 left");
    oc_progress_put(&buf, &s, 39);
    assert_text(&buf, "copying      50%  512 MiB of 1.00 GiB");
    oc_progress_put(&buf, &s, 20);
    assert_text(&buf, "copying      50%");
    oc_progress_put(&buf, &s, 0);
    assert_text(&buf, "copying  50%  512 MiB of 1.00 GiB  100 MiB/s  1:15 left");
    s = (struct oc_progress_state){.step = "copying"};
    oc_progress_put(&buf, &s, 0);
    assert_text(&buf, "copying");
    s = (struct oc_progress_state){.step = "x", .bytes_done = 999, .bytes_total = 1000};
    oc_progress_put(&buf, &s, 0);
    assert_text(&buf, "x  99%  999 B of 1000 B");
}

static void json_is_printed_as_it_came(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5,true,false,null],\"b\":{},\"c\":[],\"d\":\"x\\n\\\"\"}";
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err err = {0};
    struct oc_buf buf;

    (void)state;
    assert_int_equal(oc_json_parse(oc_slice_of(text), &json, &err), OC_OK);
    oc_buf_init(&buf, 4096);
    oc_output_put_json(&buf, json, 0);
    assert_text(&buf, text);
    oc_output_put_json(&buf, json, 2);
    assert_text(&buf, "{\n"
                      "  \"a\": [\n    1,\n    -2.5,\n    true,\n    false,\n    null\n  ],\n"
                      "  \"b\": {},\n"
                      "  \"c\": [],\n"
                      "  \"d\": \"x\\n\\\"\"\n"
                      "}");
}

static void members_are_shown_for_people(void **state)
{
    static const char text[] =
        "{\"arn\":\"arn:aws:bedrock:us-west-2:1:model-copy-job/abc\",\"name\":\"n\\u001b[1m\","
        "\"time\":\"2024-08-01T12:00:00.123Z\",\"tags\":[{\"key\":\"k\",\"value\":\"v\"},"
        "{\"key\":\"l\",\"value\":\"\"}],\"aliases\":[\"a\",\"b\"],\"none\":[],\"count\":7}";
    static const struct {
        struct oc_field field;
        const char *want;
    } cases[] = {
        {{"", "arn", OC_SHOW_TEXT}, "arn:aws:bedrock:us-west-2:1:model-copy-job/abc"},
        {{"", "arn", OC_SHOW_TAIL}, "abc"},
        {{"", "arn", OC_SHOW_REGION}, "us-west-2"},
        {{"", "name", OC_SHOW_TEXT}, "n?[1m"},
        {{"", "name", OC_SHOW_REGION}, "n?[1m"},
        {{"", "time", OC_SHOW_TIME}, "2024-08-01 12:00:00Z"},
        {{"", "tags", OC_SHOW_LIST}, "k=v, l="},
        {{"", "aliases", OC_SHOW_LIST}, "a, b"},
        {{"", "none", OC_SHOW_LIST}, "-"},
        {{"", "count", OC_SHOW_TEXT}, "7"},
        {{"", "absent", OC_SHOW_TEXT}, "-"},
    };
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_json_parse(oc_slice_of(text), &json, &err), OC_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct oc_buf buf;

        oc_buf_init(&buf, 4096);
        oc_output_put_field(&buf, json, &cases[i].field);
        assert_text(&buf, cases[i].want);
    }
}

static void rows_are_quoted_for_csv_and_tabs_never_split_a_row(void **state)
{
    static const char text[] = "{\"a\":\"x, \\\"y\\\"\",\"b\":\"t\\tn\\n\",\"c\":[\"1\",\"2\"]}";
    static const struct oc_field fields[] = {{"A", "a", OC_SHOW_TAIL},
                                             {"B", "b", OC_SHOW_TEXT},
                                             {"C", "c", OC_SHOW_LIST},
                                             {"D", "d", 0}};
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err err = {0};
    struct oc_buf buf;

    (void)state;
    assert_int_equal(oc_json_parse(oc_slice_of(text), &json, &err), OC_OK);
    oc_buf_init(&buf, 4096);
    oc_output_put_row(&buf, OC_FORM_CSV, NULL, fields, 4);
    oc_output_put_row(&buf, OC_FORM_CSV, json, fields, 4);
    assert_text(&buf, "a,b,c,d\n\"x, \"\"y\"\"\",t?n?,\"1, 2\",\n");
    oc_buf_init(&buf, 4096);
    oc_output_put_row(&buf, OC_FORM_TSV, json, fields, 4);
    assert_text(&buf, "x, \"y\"\tt?n?\t1, 2\t\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_three_digits),
        cmocka_unit_test(rates_durations_and_times),
        cmocka_unit_test(text_is_wrapped_between_words),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(tables_are_aligned_by_characters),
        cmocka_unit_test(long_tables_are_put_piece_by_piece),
        cmocka_unit_test(tables_are_made_to_fit_the_terminal),
        cmocka_unit_test(the_last_column_is_not_padded),
        cmocka_unit_test(progress_lines_fit_the_terminal),
        cmocka_unit_test(json_is_printed_as_it_came),
        cmocka_unit_test(members_are_shown_for_people),
        cmocka_unit_test(rows_are_quoted_for_csv_and_tabs_never_split_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
