/* Ranges of one resource: how they are laid out, and what a server may answer to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_server.h"
#include "net/transport.h"

#define MIB (1024UL * 1024)

static struct oc_err err;

/* -- the plan --------------------------------------------------------------------------------- */

static void ranges_cover_all_and_none_is_tiny(void **state)
{
    static const size_t lengths[] = {
        1, OC_RANGE_MIN, 2 * OC_RANGE_MIN - 1, 3 * MIB, 3 * MIB + 1, 8 * MIB - 1, 8 * MIB};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (unsigned count = 1; count <= OC_STREAMS_MAX; count++) {
            struct oc_ranges ranges = {.len = lengths[i]};
            size_t at = 0;

            oc_ranges_lay_out(&ranges, count);
            assert_true(ranges.count >= 1 && ranges.count <= count);
            for (unsigned n = 0; n < ranges.count; n++) {
                assert_int_equal(ranges.items[n].at, at);
                assert_true(ranges.items[n].len > 0);
                assert_true(ranges.items[n].len >= OC_RANGE_MIN || n + 1 == ranges.count);
                at += ranges.items[n].len;
            }
            assert_int_equal(at, lengths[i]);
            assert_false(oc_ranges_is_done(&ranges));
        }
}

static void a_whole_resource_in_one_stream_needs_no_header(void **state)
{
    struct oc_ranges ranges = {.len = 4 * MIB, .is_all = true};
    char text[OC_RANGE_TEXT_MAX];

    (void)state;
    oc_ranges_lay_out(&ranges, 1);
    assert_false(oc_ranges_put_header(&ranges, 0, text));
    ranges.items[0].got = 100; /* it broke off there */
    assert_true(oc_ranges_put_header(&ranges, 0, text));
    assert_string_equal(text, "bytes=100-4194303");
    ranges = (struct oc_ranges){.from = 10, .len = 5};
    oc_ranges_lay_out(&ranges, 1);
    assert_true(oc_ranges_put_header(&ranges, 0, text));
    assert_string_equal(text, "bytes=10-14");
}

static void other_bytes_than_were_asked_for_are_refused(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } table[] = {
        {"bytes 100-199/1000", true},
        {"bytes 100-150/1000", true},
        {"bytes 100-150/151", true},
        {"bytes 99-199/1000", false},
        {"bytes 101-199/1000", false},
        {"bytes 100-200/1000", false},
        {"bytes 100-199/199", false},
        {"bytes 199-100/1000", false},
        {"bytes 100-199/*", false},
        {"bytes */1000", false},
        {"bytes 100-199/1000x", false},
        {"octets 100-199/1000", false},
        {"", false},
        {"bytes -1-199/1000", false},
        {"bytes 100-199", false},
        {"bytes 100-199/99999999999999999999999", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct oc_ranges ranges = {.from = 100, .len = 100};

        oc_ranges_lay_out(&ranges, 1);
        if (oc_ranges_accept(&ranges, 0, oc_slice_of(table[i].text)) != table[i].ok)
            fail_msg("'%s'", table[i].text);
    }
}

static void two_answers_about_two_resources_do_not_fit(void **state)
{
    struct oc_ranges ranges = {.len = 2 * MIB};

    (void)state;
    oc_ranges_lay_out(&ranges, 2);
    assert_true(oc_ranges_accept(&ranges, 0, OC_STR("bytes 0-1048575/2097152")));
    assert_false(oc_ranges_accept(&ranges, 1, OC_STR("bytes 1048576-2097151/2097153")));
}

static void what_lies_behind_the_end_is_not_missing(void **state)
{
    struct oc_ranges ranges = {.from = 1000, .len = 4 * MIB};

    (void)state;
    oc_ranges_lay_out(&ranges, 4);
    ranges.items[0].got = MIB;
    ranges.items[1].got = 7;
    oc_ranges_end_at(&ranges, 1000 + MIB + 7);
    assert_true(oc_ranges_is_done(&ranges));
    assert_int_equal(oc_ranges_len(&ranges), MIB + 7);
}

/* -- with a server ---------------------------------------------------------------------------- */

struct fixture {
    struct fake_server server;
    struct oc_transport *transport;
    struct oc_ranges ranges;
    struct oc_transport_head head;
    struct oc_buf body;
    uint8_t *to;
    char *content;
    size_t size;
};

/* The server has `size` bytes. */
static void begin(struct fixture *f, size_t size)
{
    memset(f, 0, sizeof(*f));
    f->size = size;
    f->content = malloc(size);
    f->to = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        f->content[i] = (char)(i * 7 + i / 1000);
    oc_buf_init(&f->body, 1000);
}

static void serve(struct fixture *f, const struct fake_rule *rules)
{
    const struct oc_transport_options options = {
        .user_agent = "test", .connect_timeout_ms = 5000, .stall_timeout_ms = 1000};

    fake_server_start(&f->server, rules);
    err = (struct oc_err){0};
    assert_int_equal(oc_transport_new(&options, &f->transport, &err), OC_OK);
}

/* Ask for all in `count` ranges, or for what is missing. */
static int fetch(struct fixture *f, unsigned count)
{
    struct oc_transport_request request = {.method = "GET",
                                           .url = f->server.endpoint,
                                           .max_response = 1000,
                                           .to = f->to,
                                           .to_cap = f->size,
                                           .ranges = &f->ranges};
    bool sent;

    if (count) {
        memset(f->to, 0, f->size);
        f->ranges = (struct oc_ranges){.len = f->size, .is_all = true};
        oc_ranges_lay_out(&f->ranges, count);
    }
    err = (struct oc_err){0};
    f->head = (struct oc_transport_head){0};
    return oc_transport_send(f->transport, &request, &f->head, &f->body, &sent, &err);
}

static void assert_all_there(const struct fixture *f)
{
    assert_true(oc_ranges_is_done(&f->ranges));
    assert_int_equal(oc_ranges_len(&f->ranges), f->size);
    assert_memory_equal(f->to, f->content, f->size);
}

static void end(struct fixture *f)
{
    oc_transport_free(f->transport);
    fake_server_stop(&f->server);
    oc_buf_clear(&f->body);
    free(f->content);
    free(f->to);
}

static void each_range_lands_in_its_place(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 3 * MIB + 5);
    const struct fake_rule rules[] = {
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, f.size}}, {0}};
    serve(&f, rules);
    for (unsigned count = 1; count <= OC_STREAMS_MAX; count++) {
        unsigned before = f.server.requests;

        assert_int_equal(fetch(&f, count), OC_OK);
        assert_all_there(&f);
        assert_int_equal(f.head.to_len, f.size);
        assert_int_equal(f.server.requests - before, f.ranges.count);
    }
    end(&f);
}

static void a_range_that_breaks_off_goes_on_where_it_was(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 2 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET",
         .asks = "Range: bytes=1048576-",
         .times = 1,
         .status = 200,
         .ranges = true,
         .body = {f.content, f.size},
         .cut = 1000},
        {.match = "GET",
         .asks = "Range: bytes=2096152-2097151",
         .status = 200,
         .ranges = true,
         .body = {f.content, f.size}},
        {.match = "GET", .times = 1, .status = 200, .ranges = true, .body = {f.content, f.size}},
        {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 2), OC_EIO);
    assert_non_null(strstr(err.text, "broke"));
    assert_int_equal(f.ranges.items[0].got, MIB);
    assert_int_equal(f.ranges.items[1].got, MIB - 1000);
    assert_int_equal(fetch(&f, 0), OC_OK); /* a thousand bytes, by one request */
    assert_int_equal(f.server.requests, 3);
    assert_all_there(&f);
    end(&f);
}

/* It announces as little as it sends: nothing breaks. */
static void a_range_that_is_shorter_than_asked_for_is_not_all(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 2 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET",
         .asks = "Range: bytes=1048576-",
         .status = 206,
         .headers = "Content-Range: bytes 1048576-1048579/2097152\r\n",
         .body = {f.content + MIB, 4}},
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, f.size}},
        {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 2), OC_EIO);
    assert_non_null(strstr(err.text, "ended before all"));
    assert_int_equal(f.ranges.items[1].got, 4);
    assert_int_equal(fetch(&f, 0), OC_OK);
    assert_all_there(&f);
    end(&f);
}

static void a_server_that_ignores_ranges_is_heard(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 4 * MIB);
    const struct fake_rule rules[] = {{.match = "GET", .status = 200, .body = {f.content, f.size}},
                                      {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 4), OC_OK);
    assert_all_there(&f);
    assert_int_equal(f.ranges.count, 1);
    assert_int_equal(f.head.status, 200);
    end(&f);
}

static void bytes_of_another_range_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 2 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET",
         .asks = "Range: bytes=1048576-",
         .status = 206,
         .headers = "Content-Range: bytes 0-1048575/2097152\r\n",
         .body = {f.content, MIB}},
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, f.size}},
        {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 2), OC_ECORRUPT);
    assert_non_null(strstr(err.text, "other bytes than were asked for"));
    assert_int_equal(f.ranges.items[1].got, 0);
    end(&f);
}

static void a_longer_range_than_asked_for_writes_behind_nothing(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 2 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET",
         .asks = "Range: bytes=0-",
         .status = 206,
         .headers = "Content-Range: bytes 0-1048575/2097152\r\n",
         .body = {f.content, MIB + 1}},
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, f.size}},
        {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 2), OC_ELIMIT);
    assert_memory_equal(f.to + MIB, f.content + MIB, MIB); /* the other's place is as it came */
    end(&f);
}

static void a_refusal_counts_more_than_what_came(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 2 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET",
         .asks = "Range: bytes=1048576-",
         .status = 403,
         .body = {"no, not you", 11}},
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, f.size}},
        {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 2), OC_OK);
    assert_int_equal(f.head.status, 403);
    assert_true(oc_slice_eq_str(oc_buf_slice(&f.body), "no, not you"));
    end(&f);
}

/* More was asked for than there is: a range begins behind the end. */
static void a_resource_may_end_before(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 8 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, 3 * MIB + 1}}, {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 8), OC_OK);
    assert_int_equal(f.head.status, 206); /* and not that of the ranges behind the end */
    assert_true(oc_ranges_is_done(&f.ranges));
    assert_int_equal(oc_ranges_len(&f.ranges), 3 * MIB + 1);
    assert_int_equal(f.ranges.size, 3 * MIB + 1);
    assert_memory_equal(f.to, f.content, 3 * MIB + 1);
    end(&f);
}

/* Only a range behind the end is left to ask for, or none. */
static void a_resource_that_ended_before_is_whole(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 4 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET", .times = 1, .asks = "Range: bytes=2097152-", .hang_up = true},
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, 1000}},
        {0}};
    serve(&f, rules);
    assert_int_equal(fetch(&f, 2), OC_EIO);
    assert_int_equal(fetch(&f, 0), OC_OK);
    assert_int_equal(f.head.status, 206);
    assert_int_equal(f.head.to_len, 1000);
    assert_int_equal(fetch(&f, 0), OC_OK);
    assert_int_equal(f.head.status, 206);
    end(&f);
}

static void what_is_said_of_streams_is_what_happened(void **state)
{
    struct oc_streams *streams;
    struct fixture f;

    (void)state;
    begin(&f, 4 * MIB);
    const struct fake_rule rules[] = {
        {.match = "GET", .status = 200, .ranges = true, .body = {f.content, f.size}}, {0}};
    assert_int_equal(oc_streams_new(0, &streams, &err), OC_OK);
    serve(&f, rules);
    assert_int_equal(fetch(&f, 4), OC_OK);
    f.ranges = (struct oc_ranges){.len = f.size, .is_all = true, .streams = streams};
    assert_int_equal(fetch(&f, 0), OC_OK); /* begins with one */
    assert_all_there(&f);
    assert_int_equal(f.ranges.count, 1);
    assert_int_equal(oc_streams_state(streams).requests, 0);
    f.ranges = (struct oc_ranges){.len = f.size, .is_all = true, .streams = streams};
    oc_ranges_lay_out(&f.ranges, 4);
    assert_int_equal(fetch(&f, 0), OC_OK);
    assert_int_equal(oc_streams_state(streams).requests, 4);
    oc_streams_free(streams);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_cover_all_and_none_is_tiny),
        cmocka_unit_test(a_whole_resource_in_one_stream_needs_no_header),
        cmocka_unit_test(other_bytes_than_were_asked_for_are_refused),
        cmocka_unit_test(two_answers_about_two_resources_do_not_fit),
        cmocka_unit_test(what_lies_behind_the_end_is_not_missing),
        cmocka_unit_test(each_range_lands_in_its_place),
        cmocka_unit_test(a_range_that_breaks_off_goes_on_where_it_was),
        cmocka_unit_test(a_range_that_is_shorter_than_asked_for_is_not_all),
        cmocka_unit_test(a_server_that_ignores_ranges_is_heard),
        cmocka_unit_test(bytes_of_another_range_are_refused),
        cmocka_unit_test(a_longer_range_than_asked_for_writes_behind_nothing),
        cmocka_unit_test(a_refusal_counts_more_than_what_came),
        cmocka_unit_test(a_resource_may_end_before),
        cmocka_unit_test(a_resource_that_ended_before_is_whole),
        cmocka_unit_test(what_is_said_of_streams_is_what_happened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
