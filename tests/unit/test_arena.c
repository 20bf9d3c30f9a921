/* Request memory: base/arena. Sanitizer builds test the debug form, others the blocks. */
#include <string.h>

#include "fault_loop.h"

#include "base/arena.h"

static bool is_zero(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = {1, 15, 16, 17, 0, 100, 5000, 3, 2 << 20, 7, 70000};
    OC_AUTO(oc_arena_clear) struct oc_arena arena;
    char *pieces[100];

    (void)state;
    oc_arena_init(&arena, 1 << 28);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 100; i++) {
            const size_t size = sizes[i % 11];

            pieces[i] = oc_arena_alloc(&arena, size);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            assert_true(is_zero(pieces[i], size));
            memset(pieces[i], (int)i + 1, size);
        }
        for (size_t i = 0; i < 100; i++) {
            const size_t size = sizes[i % 11];

            for (size_t at = 0; at < size; at++)
                assert_true(pieces[i][at] == (char)(i + 1));
        }
        oc_arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
}

static void limit_is_reached_exactly(void **state)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena;

    (void)state;
    oc_arena_init(&arena, 1000);
    assert_null(oc_arena_alloc(&arena, 1001));
    assert_null(oc_arena_alloc(&arena, SIZE_MAX));
    assert_non_null(oc_arena_alloc(&arena, 999));
    assert_null(oc_arena_alloc(&arena, 2));
    assert_non_null(oc_arena_alloc(&arena, 1));
    assert_null(oc_arena_alloc(&arena, 0));
    oc_arena_reset(&arena);
    assert_non_null(oc_arena_alloc(&arena, 1000));
    oc_arena_clear(&arena);
    assert_null(arena.blocks);
    assert_non_null(oc_arena_alloc(&arena, 1000));
}

static void an_arena_without_a_limit_refuses_impossible_sizes(void **state)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena;

    (void)state;
    oc_arena_init(&arena, SIZE_MAX);
    assert_null(oc_arena_alloc(&arena, SIZE_MAX));
    assert_null(oc_arena_alloc(&arena, SIZE_MAX - 8));
    assert_int_equal(arena.used, 0);
}

#ifndef OC_ARENA_DEBUG

static void reset_keeps_a_block_for_the_next_request(void **state)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena;

    (void)state;
    oc_arena_init(&arena, 1 << 28);
    assert_non_null(oc_arena_alloc(&arena, 100));
    oc_arena_reset(&arena);
    oc_fault_arm(OC_FAULT_ALLOC, 1, OC_FAULT_ALWAYS);
    assert_non_null(oc_arena_alloc(&arena, 100));
    assert_int_equal(oc_fault_fired(OC_FAULT_ALLOC), 0);
    oc_fault_arm(OC_FAULT_ALLOC, 0, OC_FAULT_ONCE);
    oc_arena_clear(&arena);
    assert_non_null(oc_arena_alloc(&arena, 2 << 20));
    oc_arena_reset(&arena);
    assert_null(arena.blocks);
}

#endif

static void copies_end_with_a_nul(void **state)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena;
    struct oc_slice s;

    (void)state;
    oc_arena_init(&arena, 100);
    s = oc_arena_copy(&arena, OC_STR("hello"));
    assert_int_equal(s.len, 5);
    assert_string_equal(s.ptr, "hello");
    s = oc_arena_copy(&arena, OC_STR(""));
    assert_string_equal(s.ptr, "");
    assert_null(oc_arena_copy(&arena, (struct oc_slice){NULL, 0}).ptr);
    s = oc_arena_printf(&arena, "%s-%d", "a", 42);
    assert_int_equal(s.len, 4);
    assert_string_equal(s.ptr, "a-42");
    assert_null(oc_arena_printf(&arena, "%200d", 1).ptr);
}

static int use_arena(void *ctx)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena;

    (void)ctx;
    oc_arena_init(&arena, 1 << 20);
    for (int i = 0; i < 20; i++) {
        if (!oc_arena_alloc(&arena, 1000) || !oc_arena_copy(&arena, OC_STR("text")).ptr ||
            !oc_arena_printf(&arena, "%d", i).ptr)
            return OC_ENOMEM;
    }
    return OC_OK;
}

static void arena_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, use_arena, NULL, OC_ENOMEM);
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ALWAYS, use_arena, NULL, OC_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(limit_is_reached_exactly),
        cmocka_unit_test(an_arena_without_a_limit_refuses_impossible_sizes),
#ifndef OC_ARENA_DEBUG
        cmocka_unit_test(reset_keeps_a_block_for_the_next_request),
#endif
        cmocka_unit_test(copies_end_with_a_nul),
        cmocka_unit_test(arena_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
