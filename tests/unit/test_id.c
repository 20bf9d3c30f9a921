/* Ids of jobs and models: form, order, uniqueness between threads and when the clock is set back.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/id.h"

#define NOW     1795000000000LL /* in November 2026 */
#define THREADS 4
#define EACH    20000

static struct oc_err err;

static uint64_t make(int64_t now_ms)
{
    char id[OC_ID_LEN];
    uint64_t number;

    assert_int_equal(oc_id_make(now_ms, id, &err), OC_OK);
    assert_true(oc_id_pack((struct oc_slice){id, sizeof(id)}, &number));
    return number;
}

static void later_ids_are_greater(void **state)
{
    uint64_t before = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        uint64_t id = make(NOW + i / 100);
        assert_true(id > before);
        before = id;
    }
    assert_true(make(NOW + 1000) - before > 800ULL << 20); /* the time is in it */
    before = make(NOW + 1000);
    for (int i = 0; i < 1000; i++) { /* the clock was set back; or stands before 2020 */
        uint64_t id = make(i % 2 ? NOW - 5000 : 0);
        assert_true(id > before);
        before = id;
    }
}

static void *make_many(void *arg)
{
    uint64_t *ids = arg;
    char id[OC_ID_LEN];
    struct oc_err ignored;

    for (size_t i = 0; i < EACH; i++)
        if (oc_id_make(NOW, id, &ignored) < 0 ||
            !oc_id_pack((struct oc_slice){id, sizeof(id)}, &ids[i]))
            return arg;
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void threads_never_make_the_same(void **state)
{
    uint64_t *ids = malloc(THREADS * EACH * sizeof(*ids));
    pthread_t threads[THREADS];

    (void)state;
    assert_non_null(ids);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids + i * EACH), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    qsort(ids, THREADS * EACH, sizeof(*ids), compare);
    for (size_t i = 1; i < THREADS * EACH; i++)
        assert_true(ids[i] != ids[i - 1]);
    free(ids);
}

static void numbers_have_the_order_of_the_texts(void **state)
{
    static const char *const texts[] = {"000000000000", "000000000009", "00000000000a",
                                        "00000000000z", "000000000010", "9zzzzzzzzzzz",
                                        "a00000000000", "zzzzzzzzzzzz"};
    static const char *const bad[] = {
        "", "00000000000", "0000000000000", "00000000000A", "00000000000-", "00000000000 "};
    uint64_t before, number;

    (void)state;
    assert_true(oc_id_pack(oc_slice_of(texts[0]), &before));
    assert_int_equal(before, 0);
    for (size_t i = 1; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_true(strcmp(texts[i - 1], texts[i]) < 0);
        assert_true(oc_id_pack(oc_slice_of(texts[i]), &number));
        assert_true(number > before);
        before = number;
    }
    assert_int_equal(before, 4738381338321616895ULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(oc_id_pack(oc_slice_of(bad[i]), &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_ids_are_greater),
        cmocka_unit_test(threads_never_make_the_same),
        cmocka_unit_test(numbers_have_the_order_of_the_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
