/*
 * Hot texts: when they are made, that they never say anything old, that they can be done without.
 */
#include "store_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"

#define OFTEN 100 /* more reads than it takes */

static int setup(void **state)
{
    struct fixture *f = malloc(sizeof *f);
    struct oc_err err = {0};

    assert_non_null(f);
    fixture_begin(f);
    fixture_open_ok(f);
    assert_int_equal(create_many(f->store, 0, 300, &err), OC_OK);
    assert_int_equal(end_many(f->store, 0, 250, OC_JOB_COMPLETED, &err), OC_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

/* A page of a snapshot as one text. */
static int read_page(struct oc_read *read, const struct oc_job_query *query, struct oc_buf *ret,
                     struct oc_job_page *ret_page, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena;

    oc_arena_init(&arena, OC_REQUEST_ARENA_MAX);
    int rc = oc_read_jobs(read, query, &arena, ret_page, err);
    oc_buf_reset(ret);
    for (size_t i = 0; rc == OC_OK && i < ret_page->piece_count; i++)
        oc_buf_put_slice(ret, ret_page->pieces[i]);
    ret_page->pieces = NULL;
    return rc;
}

static struct oc_job_query newest(uint32_t limit)
{
    return (struct oc_job_query){.partition = test_partition, .limit = limit};
}

/* The same jobs as pages of three, which are always gathered from rows and text segments. */
static void gather(struct oc_read *read, uint32_t count, struct oc_buf *ret)
{
    struct oc_job_query query = newest(3);
    struct oc_job_page page = {.more = true};
    struct oc_err err = {0};
    struct oc_buf text;

    oc_buf_init(&text, 1 << 20);
    oc_buf_reset(ret);
    for (uint32_t i = 0; page.more && i < count / 3; i++) {
        assert_int_equal(read_page(read, &query, &text, &page, &err), OC_OK);
        if (i)
            oc_buf_put_char(ret, ',');
        oc_buf_put_slice(ret, oc_buf_slice(&text));
        query.has_position = true;
        query.position = page.position;
    }
    oc_buf_clear(&text);
}

static bool is_hot(struct oc_store *store, const struct oc_job_page *page)
{
    return page->mapping.base && page->mapping.base != store->mapping.base;
}

/* Read the newest jobs often. @return whether the last page came from a hot text */
static bool read_often(struct oc_store *store, const struct oc_job_query *query, struct oc_buf *ret)
{
    struct oc_job_page page = {0};
    struct oc_err err = {0};

    for (int i = 0; i < OFTEN; i++)
        if (list_jobs(store, query, ret, &page, &err) < 0)
            fail_msg("list: %s", err.text);
    return is_hot(store, &page);
}

static void jobs_that_are_asked_often_are_one_piece_of_a_file(void **state)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0}, wanted = {0};
    OC_AUTO(oc_arena_clear) struct oc_arena arena;
    struct fixture *f = *state;
    struct oc_job_query query = newest(99);
    struct oc_job_page page;
    struct oc_err err = {0};
    char bytes[128 * 1024];

    oc_buf_init(&text, 1 << 20);
    oc_buf_init(&wanted, 1 << 20);
    oc_arena_init(&arena, OC_REQUEST_ARENA_MAX);
    assert_true(read_often(f->store, &query, &text));
    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    gather(read, 99, &wanted);
    assert_true(text.len > 99 * 100 && oc_slice_eq(oc_buf_slice(&text), oc_buf_slice(&wanted)));
    assert_int_equal(oc_read_jobs(read, &query, &arena, &page, &err), OC_OK);
    assert_int_equal(page.piece_count, 1);
    assert_true(page.pieces[0].len <= sizeof bytes);
    assert_int_equal(
        pread(page.mapping.fd, bytes, page.pieces[0].len, page.pieces[0].ptr - page.mapping.base),
        page.pieces[0].len);
    assert_memory_equal(bytes, wanted.ptr, wanted.len);
}

static void every_order_and_filter_gives_the_same_jobs_as_before(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf before = {0}, after = {0};
    struct fixture *f = *state;
    struct oc_job_page page;
    struct oc_err err = {0};

    oc_buf_init(&before, 1 << 20);
    oc_buf_init(&after, 1 << 20);
    for (int i = 0; i < 8; i++) {
        struct oc_job_query query = newest(40);
        query.ascending = i & 1;
        query.has_status = i & 2;
        query.status = OC_JOB_COMPLETED;
        query.name_contains = i & 4 ? OC_STR("7") : (struct oc_slice){0};
        query.has_position = true;
        query.position = 120;
        assert_int_equal(list_jobs(f->store, &query, &before, &page, &err), OC_OK);
        (void)read_often(f->store, &query, &after);
        assert_true(before.len && oc_slice_eq(oc_buf_slice(&before), oc_buf_slice(&after)));
    }
}

static void a_change_is_seen_at_once_and_not_before(void **state)
{
    OC_AUTO(oc_read_closep) struct oc_read *old = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf was = {0}, text = {0};
    struct fixture *f = *state;
    struct oc_job_query query = newest(99);
    struct oc_job_page page;
    struct oc_err err = {0};
    char id[OC_ID_LEN];

    oc_buf_init(&was, 1 << 20);
    oc_buf_init(&text, 1 << 20);
    assert_true(read_often(f->store, &query, &was));
    assert_int_equal(oc_store_read(f->store, &old, &err), OC_OK);
    make_id(290, id);
    assert_int_equal(end_job(f->store, test_partition, id, OC_JOB_FAILED, "no disk", &err), OC_OK);
    assert_int_equal(list_jobs(f->store, &query, &text, &page, &err), OC_OK);
    assert_false(is_hot(f->store, &page));
    assert_non_null(memmem(text.ptr, text.len, "no disk", 7));
    assert_true(read_often(f->store, &query, &text));
    assert_non_null(memmem(text.ptr, text.len, "no disk", 7));
    assert_int_equal(read_page(old, &query, &text, &page, &err), OC_OK);
    assert_true(oc_slice_eq(oc_buf_slice(&was), oc_buf_slice(&text)));
    assert_int_equal(create_many(f->store, 300, 1, &err), OC_OK);
    assert_int_equal(list_jobs(f->store, &query, &text, &page, &err), OC_OK);
    assert_non_null(memmem(text.ptr, text.len, "model-300\"", 10));
}

static void jobs_of_text_segments_are_pieces_of_the_store(void **state)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    OC_AUTO(oc_arena_clear) struct oc_arena arena;
    struct fixture *f = *state;
    struct oc_job_query query = newest(60);
    struct oc_job_page page;
    struct oc_err err = {0};
    char bytes[64 * 1024];

    oc_arena_init(&arena, OC_REQUEST_ARENA_MAX);
    assert_int_equal(end_many(f->store, 250, 50, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(create_many(f->store, 300, 2000, &err), OC_OK);
    assert_int_equal(end_many(f->store, 300, 2000, OC_JOB_COMPLETED, &err), OC_OK);
    assert_int_equal(oc_store_settle(f->store, &err), OC_OK);
    assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
    query.has_position = true;
    query.position = 500;
    assert_int_equal(oc_read_jobs(read, &query, &arena, &page, &err), OC_OK);
    assert_true(page.mapping.base && page.mapping.base == f->store->mapping.base);
    assert_true(page.pieces[0].len <= sizeof bytes);
    assert_int_equal(
        pread(page.mapping.fd, bytes, page.pieces[0].len, page.pieces[0].ptr - page.mapping.base),
        page.pieces[0].len);
    assert_memory_equal(bytes, page.pieces[0].ptr, page.pieces[0].len);
}

/* A row may be rewritten once the snapshot is closed: it must not be sent from the file. */
static void rows_are_never_sent_from_the_file(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct fixture *f = *state;
    struct oc_job_query query = newest(99);
    struct oc_job_page page;
    struct oc_err err = {0};

    oc_buf_init(&text, 1 << 20);
    assert_int_equal(list_jobs(f->store, &query, &text, &page, &err), OC_OK);
    assert_null(page.mapping.base);
}

static void without_memory_the_jobs_are_gathered(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf wanted = {0}, text = {0};
    struct fixture *f = *state;
    struct oc_job_query query = newest(99);
    struct oc_job_page page;
    struct oc_err err = {0};
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC, OC_FAULT_WRITE};

    oc_buf_init(&wanted, 1 << 20);
    oc_buf_init(&text, 1 << 20);
    assert_int_equal(list_jobs(f->store, &query, &wanted, &page, &err), OC_OK);
    for (size_t site = 0; site < 2; site++)
        for (unsigned nth = 1; nth < 12; nth++) {
            assert_int_equal(
                end_many(f->store, 250 + 12 * (uint64_t)site + nth, 1, OC_JOB_COMPLETED, &err),
                OC_OK); /* so that a text has to be made */
            assert_int_equal(list_jobs(f->store, &query, &wanted, &page, &err), OC_OK);
            for (int i = 0; i < OFTEN; i++) {
                oc_fault_arm(sites[site], nth, OC_FAULT_ALWAYS);
                int rc = list_jobs(f->store, &query, &text, &page, &err);
                oc_fault_arm(sites[site], 0, OC_FAULT_ONCE);
                assert_true(rc == OC_OK || rc == OC_ENOMEM);
                if (rc == OC_OK && !text.failed)
                    assert_true(oc_slice_eq(oc_buf_slice(&wanted), oc_buf_slice(&text)));
            }
        }
}

struct writer {
    struct oc_store *store;
    _Atomic bool stop;
};

static void *keep_changing(void *arg)
{
    struct writer *writer = arg;
    struct oc_err err = {0};

    for (uint64_t n = 300; !writer->stop; n++) {
        assert_int_equal(create_many(writer->store, n, 1, &err), OC_OK);
        assert_int_equal(end_many(writer->store, n - 1, 1, OC_JOB_FAILED, &err) == OC_EIO, 0);
        usleep(n % 16 ? 0 : 2000); /* long enough for a text to be made, now and then */
    }
    return NULL;
}

static void readers_and_a_writer_agree(void **state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf wanted = {0}, text = {0};
    struct fixture *f = *state;
    struct writer writer = {.store = f->store};
    struct oc_job_query query = newest(99);
    struct oc_job_page page;
    struct oc_err err = {0};
    pthread_t thread;
    int hot = 0;

    oc_buf_init(&wanted, 1 << 20);
    oc_buf_init(&text, 1 << 20);
    assert_int_equal(pthread_create(&thread, NULL, keep_changing, &writer), 0);
    for (int i = 0; i < 3000 || (hot == 0 && i < 300000); i++) {
        OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
        assert_int_equal(oc_store_read(f->store, &read, &err), OC_OK);
        assert_int_equal(read_page(read, &query, &text, &page, &err), OC_OK);
        hot += is_hot(f->store, &page);
        if (i % 8 && !is_hot(f->store, &page))
            continue;
        gather(read, 99, &wanted);
        assert_true(oc_slice_eq(oc_buf_slice(&wanted), oc_buf_slice(&text)));
    }
    writer.stop = true;
    (void)pthread_join(thread, NULL);
    assert_true(hot > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jobs_that_are_asked_often_are_one_piece_of_a_file),
        TEST(every_order_and_filter_gives_the_same_jobs_as_before),
        TEST(a_change_is_seen_at_once_and_not_before),
        TEST(jobs_of_text_segments_are_pieces_of_the_store),
        TEST(rows_are_never_sent_from_the_file),
        TEST(without_memory_the_jobs_are_gathered),
        TEST(readers_and_a_writer_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
