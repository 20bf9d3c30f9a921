/* Events: their records, order, texts, signatures and deliveries, and each when something fails. */
#include "fake_server.h"
#include "folder_fixture.h"
#include "store_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "events/events_impl.h"

static struct oc_err err;

static const char job_id[] = "abcdefghij12";

static struct oc_event job_event(enum oc_job_status status)
{
    return (struct oc_event){.type = OC_EVENT_JOB,
                             .status = status,
                             .time_ms = oc_clock_now_ms(), /* none is old enough to be removed */
                             .partition = test_partition,
                             .subject = {job_id, OC_ID_LEN}};
}

/* -- records ------------------------------------------------------------------------------------
 */

static void an_event_comes_back_as_it_was(void **state)
{
    static const char key[8] = {0, 0, 0, 0, 0, 0, 1, 2};
    struct oc_event event = job_event(OC_JOB_FAILED), back;
    struct oc_buf record;

    (void)state;
    oc_buf_init(&record, 1024);
    oc_event_encode(&record, &event);
    ok(oc_event_decode((struct oc_slice){key, 8}, oc_buf_slice(&record), &back, &err));
    assert_int_equal(back.number, 258);
    assert_int_equal(back.status, OC_JOB_FAILED);
    assert_int_equal(back.time_ms, event.time_ms);
    assert_true(oc_slice_eq(back.partition.account, event.partition.account));
    assert_true(oc_slice_eq(back.partition.region, event.partition.region));
    assert_true(oc_slice_eq(back.subject, event.subject));
    oc_buf_clear(&record);
}

static void a_bad_record_is_refused(void **state)
{
    static const char key[8] = {0};
    static const struct {
        size_t at;
        char byte;
    } wrong[] = {{0, 2}, {1, 0}, {1, 3}, {2, OC_JOB_STATUSES}, {2, -1}, {3, -1}};
    struct oc_event event = job_event(OC_JOB_COMPLETED), back;
    struct oc_buf record;

    (void)state;
    oc_buf_init(&record, 1024);
    oc_event_encode(&record, &event);
    for (size_t len = 0; len < 12 + OC_ACCOUNT_LEN + test_partition.region.len; len++)
        assert_int_equal(oc_event_decode((struct oc_slice){key, 8},
                                         (struct oc_slice){record.ptr, len}, &back, &err),
                         OC_ECORRUPT);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char was = record.ptr[wrong[i].at];

        record.ptr[wrong[i].at] = wrong[i].byte;
        assert_int_equal(
            oc_event_decode((struct oc_slice){key, 8}, oc_buf_slice(&record), &back, &err),
            OC_ECORRUPT);
        record.ptr[wrong[i].at] = was;
    }
    assert_int_equal(oc_event_decode((struct oc_slice){key, 7}, oc_buf_slice(&record), &back, &err),
                     OC_ECORRUPT);
    oc_buf_clear(&record);
}

/* -- order --------------------------------------------------------------------------------------
 */

struct put {
    struct oc_write write;
    struct oc_events *events;
    struct oc_event event;
};

static int apply_put(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    const struct put *put = (const struct put *)(void *)write;

    return oc_events_put(put->events, tx, &put->event, e);
}

static int put_event(struct oc_events *events, enum oc_job_status status)
{
    struct put put = {.write.apply = apply_put, .events = events, .event = job_event(status)};
    int rc = oc_store_write(events->options.store, &put.write, &err);

    oc_events_wake(events);
    return rc;
}

static uint64_t last_number(struct oc_store *store)
{
    struct oc_read *read = NULL;
    uint64_t first, last;

    ok(oc_store_read(store, &read, &err));
    ok(oc_events_range(read, &first, &last, &err));
    oc_read_closep(&read);
    return last;
}

static int count_in_order(const struct oc_event *event, void *ctx, struct oc_err *e)
{
    uint64_t *seen = ctx;

    (void)e;
    assert_int_equal(event->number, *seen + 1);
    *seen = event->number;
    return 0;
}

/* A store with one job that has ended, and events without a webhook. */
struct outbox {
    struct fixture store;
    struct oc_events *events;
};

static int open_outbox(void **state)
{
    struct outbox *box = calloc(1, sizeof(*box));
    struct oc_events_options options = {.keep_ms = 3600000};
    struct oc_job job = make_job(job_id, "minilm", 1700000000000);

    oc_log_setup(OC_LOG_ERROR, false);
    fixture_begin(&box->store);
    fixture_open_ok(&box->store);
    ok(create_job(box->store.store, &job, &err));
    options.store = box->store.store;
    ok(oc_events_new(&options, &box->events, &err));
    *state = box;
    return 0;
}

static int close_outbox(void **state)
{
    struct outbox *box = *state;

    for (int site = 0; site < OC_FAULT_SITES; site++)
        oc_fault_arm((enum oc_fault_site)site, 0, OC_FAULT_ONCE);
    oc_events_free(box->events);
    fixture_end(&box->store);
    free(box);
    return 0;
}

/* Whatever fails, what was told to be there is there, what was refused is not, and no number is
 * missing. */
static void put_under(struct outbox *box, enum oc_fault_site site, enum oc_fault_mode mode)
{
    uint64_t expected = last_number(box->store.store), seen = 0;
    struct oc_read *read = NULL;
    unsigned fired = 1;

    for (unsigned nth = 1; fired > 0; nth++) {
        int rc;

        oc_fault_arm(site, nth, mode);
        rc = put_event(box->events, OC_JOB_COMPLETED);
        fired = oc_fault_fired(site);
        oc_fault_arm(site, 0, OC_FAULT_ONCE);
        assert_true(nth < 1000 && (rc == OC_OK || fired > 0));
        assert_true(rc == OC_OK || rc == OC_EIO || (site == OC_FAULT_ALLOC && rc == OC_ENOMEM));
        expected += rc == OC_OK;
        assert_int_equal(last_number(box->store.store), expected);
    }
    ok(oc_store_read(box->store.store, &read, &err));
    ok(oc_events_each(read, 0, count_in_order, &seen, &err));
    oc_read_closep(&read);
    assert_int_equal(seen, expected);
}

static void numbers_have_no_gap_whatever_fails(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC, OC_FAULT_LMDB_PUT,
                                               OC_FAULT_LMDB_COMMIT};

    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        put_under(*state, sites[i], OC_FAULT_ONCE);
        put_under(*state, sites[i], OC_FAULT_ALWAYS);
    }
    assert_int_equal(count_findings(((struct outbox *)*state)->store.store), 0);
}

/* -- texts --------------------------------------------------------------------------------------
 */

static void a_text_is_whole_or_not_there(void **state)
{
    struct outbox *box = *state;
    struct oc_event event = job_event(OC_JOB_COMPLETED);
    struct oc_buf buf;
    unsigned fired = 1;

    for (unsigned nth = 1; fired > 0; nth++) {
        struct oc_read *read = NULL;
        int rc;

        ok(oc_store_read(box->store.store, &read, &err));
        oc_buf_init(&buf, 65536);
        oc_buf_put_str(&buf, "before:");
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ALWAYS);
        rc = oc_event_put_json(read, &event, &buf, &err);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        oc_read_closep(&read);
        /* Another thread may have met the fault. */
        assert_true(rc == OC_OK || (rc == OC_ENOMEM && fired > 0));
        if (rc == OC_OK) {
            assert_non_null(strstr(oc_buf_cstr(&buf), "before:{\"version\":\"0\",\"id\":\""));
            assert_non_null(strstr(oc_buf_cstr(&buf), "\"status\":\"Completed\""));
        } else {
            assert_true(oc_slice_eq_str(oc_buf_slice(&buf), "before:"));
        }
        oc_buf_clear(&buf);
    }
}

static void an_event_whose_job_is_gone_or_subject_is_bad_is_told(void **state)
{
    struct outbox *box = *state;
    struct oc_event event = job_event(OC_JOB_COMPLETED);
    struct oc_read *read = NULL;
    struct oc_buf buf;

    ok(oc_store_read(box->store.store, &read, &err));
    oc_buf_init(&buf, 65536);
    event.subject = OC_STR("zzzzzzzzzz99");
    assert_int_equal(oc_event_put_json(read, &event, &buf, &err), OC_ENOTFOUND);
    event.type = OC_EVENT_INTEGRITY;
    event.status = OC_INTEGRITY_DAMAGED;
    assert_int_equal(oc_event_put_json(read, &event, &buf, &err), OC_ECORRUPT);
    assert_int_equal(buf.len, 0);
    oc_buf_clear(&buf);
    oc_read_closep(&read);
}

/* -- secrets and signatures ---------------------------------------------------------------------
 */

static void a_signature_is_that_of_the_specification(void **state)
{
    struct oc_webhook webhook = {0};
    struct oc_buf text;
    void *folder;

    (void)state;
    assert_int_equal(folder_setup(&folder), 0);
    folder_write_text(folder, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    ok(oc_webhook_read_secrets(folder_path(folder, "secret"), &webhook, &err));
    oc_buf_init(&text, 1024);
    ok(oc_webhook_sign(&webhook, OC_STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                       OC_STR("{\"test\": 2432232314}"), &text, &err));
    assert_string_equal(oc_buf_cstr(&text), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    oc_buf_clear(&text);
    assert_int_equal(folder_teardown(&folder), 0);
}

static void secrets_that_cannot_be_used_are_refused_without_being_told(void **state)
{
    static const char good[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    static const char *const bad[] = {"", "\n\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_c2hvcnQ=", "whsec_!!KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    struct oc_webhook webhook = {0};
    struct oc_buf many;
    void *folder;

    (void)state;
    assert_int_equal(folder_setup(&folder), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        folder_write_text(folder, "secret", bad[i]);
        assert_int_equal(oc_webhook_read_secrets(folder_path(folder, "secret"), &webhook, &err),
                         OC_EINVAL);
        assert_null(strstr(err.text, "KQ9r8GKY"));
    }
    oc_buf_init(&many, 4096);
    for (int i = 0; i <= OC_WEBHOOK_SECRETS_MAX; i++)
        oc_buf_printf(&many, "%s\n", good);
    folder_write_text(folder, "secret", oc_buf_cstr(&many));
    assert_int_equal(oc_webhook_read_secrets(folder_path(folder, "secret"), &webhook, &err),
                     OC_EINVAL);
    oc_buf_clear(&many);
    folder_write_text(folder, "secret", good);
    oc_fault_arm(OC_FAULT_READ, 1, OC_FAULT_ALWAYS);
    assert_int_equal(oc_webhook_read_secrets(folder_path(folder, "secret"), &webhook, &err),
                     OC_EIO);
    oc_fault_arm(OC_FAULT_READ, 0, OC_FAULT_ONCE);
    assert_int_equal(folder_teardown(&folder), 0);
}

/* -- life and deliveries ------------------------------------------------------------------------
 */

static void events_start_or_leave_nothing(void **state)
{
    struct outbox *box = *state;
    struct oc_webhook webhook = {.name = OC_STR("ops"), .url = "http://127.0.0.1:1/"};
    struct oc_events_options options = {.store = box->store.store,
                                        .keep_ms = 1000,
                                        .webhooks = &webhook,
                                        .webhook_count = 1,
                                        .user_agent = "test"};
    unsigned fired = 1;

    for (unsigned nth = 1; nth <= 4; nth++) {
        struct oc_events *events = NULL;
        int rc;

        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_events_new(&options, &events, &err);
        oc_events_stop(events);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
        assert_true(rc == OC_OK || (rc == OC_ENOMEM && fired > 0 && !events));
        oc_events_free(events);
    }
}

static void deliver_to(struct outbox *box, struct fake_server *server, unsigned requests)
{
    struct oc_webhook webhook = {.name = OC_STR("ops"), .url = server->endpoint};
    struct oc_events_options options = {.store = box->store.store,
                                        .keep_ms = 3600000,
                                        .webhooks = &webhook,
                                        .webhook_count = 1,
                                        .user_agent = "test"};
    int64_t until_us = oc_clock_mono_us() + 20000000;
    struct oc_events *events = NULL;

    webhook.secret_count = 1;
    webhook.secrets[0].len = OC_WEBHOOK_SECRET_MIN;
    ok(oc_events_new(&options, &events, &err));
    while (__atomic_load_n(&server->requests, __ATOMIC_ACQUIRE) < requests &&
           oc_clock_mono_us() < until_us)
        (void)usleep(2000);
    oc_events_free(events);
    assert_int_equal(server->requests, requests);
}

/* Where a webhook begins: as if it had been configured before the first event. */
static int apply_cursor(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    static const char zero[8] = {0};

    (void)write;
    return oc_tx_put(tx, OC_RECORD_WEBHOOK, OC_STR("ops"), (struct oc_slice){zero, 8}, e);
}

static void an_event_is_sent_until_it_is_taken_and_then_the_next(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST / ", .times = 1, .status = 500},
                                             {.match = "POST / ", .times = 1, .hang_up = true},
                                             {.match = "POST / ", .status = 204},
                                             {0}};
    struct outbox *box = *state;
    struct oc_write write = {.apply = apply_cursor};
    struct fake_server server;

    ok(oc_store_write(box->store.store, &write, &err));
    ok(put_event(box->events, OC_JOB_IN_PROGRESS));
    ok(put_event(box->events, OC_JOB_COMPLETED));
    fake_server_start(&server, rules);
    deliver_to(box, &server, 4); /* one refused, one cut off, two taken */
    assert_non_null(strstr(server.last_head, "webhook-signature: v1,"));
    deliver_to(box, &server, 4); /* nothing is sent again */
    fake_server_stop(&server);
}

static void a_cursor_that_cannot_be_kept_sends_again_and_loses_nothing(void **state)
{
    static const struct fake_rule rules[] = {{.match = "POST / ", .status = 204}, {0}};
    struct outbox *box = *state;
    struct oc_write write = {.apply = apply_cursor};
    struct fake_server server;

    ok(oc_store_write(box->store.store, &write, &err));
    ok(put_event(box->events, OC_JOB_COMPLETED));
    fake_server_start(&server, rules);
    oc_fault_arm(OC_FAULT_LMDB_COMMIT, 1, OC_FAULT_ALWAYS);
    deliver_to(box, &server, 1);
    assert_true(oc_fault_fired(OC_FAULT_LMDB_COMMIT) > 0);
    oc_fault_arm(OC_FAULT_LMDB_COMMIT, 0, OC_FAULT_ONCE);
    deliver_to(box, &server, 2);
    deliver_to(box, &server, 2);
    fake_server_stop(&server);
}

int main(void)
{
#define WITH_OUTBOX(test) cmocka_unit_test_setup_teardown(test, open_outbox, close_outbox)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_comes_back_as_it_was),
        cmocka_unit_test(a_bad_record_is_refused),
        WITH_OUTBOX(numbers_have_no_gap_whatever_fails),
        WITH_OUTBOX(a_text_is_whole_or_not_there),
        WITH_OUTBOX(an_event_whose_job_is_gone_or_subject_is_bad_is_told),
        cmocka_unit_test(a_signature_is_that_of_the_specification),
        cmocka_unit_test(secrets_that_cannot_be_used_are_refused_without_being_told),
        WITH_OUTBOX(events_start_or_leave_nothing),
        WITH_OUTBOX(an_event_is_sent_until_it_is_taken_and_then_the_next),
        WITH_OUTBOX(a_cursor_that_cannot_be_kept_sends_again_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
