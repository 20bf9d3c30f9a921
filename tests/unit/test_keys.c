/* The keyring: keys/keyring. */
#include "folder_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "keys/keys.h"

#define ACCOUNT OC_STR("123456789012")
#define REGION  OC_STR("us-west-2")

static struct oc_err err;

static struct oc_keys *open_keys(const struct folder *f)
{
    struct oc_secret master = test_master();
    struct oc_keys *keys = NULL;

    ok(oc_keys_open(folder_path(f, "keyring.json"), &master, &keys, &err));
    return keys;
}

static struct oc_key_info make_key(struct oc_keys *keys, struct oc_arena *arena)
{
    struct oc_key_info info;

    ok(oc_keys_create(keys, ACCOUNT, REGION, OC_STR("for \"tests\""), arena, &info, &err));
    return info;
}

static void the_master_key_is_made_once_and_only_for_its_owner(void **state)
{
    const struct folder *f = *state;
    const char *file = folder_path(f, "master.key");
    struct oc_secret first, second;
    struct stat st;

    ok(oc_keys_master(file, &first, &err));
    ok(oc_keys_master(file, &second, &err));
    assert_int_equal(first.len, 32);
    assert_memory_equal(first.bytes, second.bytes, 32);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(folder_count(f, ""), 1); /* no temporary file is left */
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(oc_keys_master(file, &second, &err), OC_EINVAL);
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_int_equal(chmod(file, 0600), 0);
    folder_write_text(f, "master.key", "short\n");
    assert_int_equal(oc_keys_master(file, &second, &err), OC_EINVAL);
}

static void the_environment_gives_the_master_key_before_the_file(void **state)
{
    const struct folder *f = *state;
    struct oc_secret master;
    uint8_t want[32];

    memset(want, 0xff, sizeof want);
    assert_int_equal(setenv("OUTCROP_MASTER_KEY", "__________________________________________8", 1),
                     0);
    ok(oc_keys_master(folder_path(f, "master.key"), &master, &err));
    assert_memory_equal(master.bytes, want, 32);
    assert_int_equal(folder_count(f, ""), 0);
    assert_int_equal(setenv("OUTCROP_MASTER_KEY", "too-short", 1), 0);
    assert_int_equal(oc_keys_master(folder_path(f, "master.key"), &master, &err), OC_EINVAL);
    assert_null(strstr(err.text, "too-short")); /* never shown */
    assert_int_equal(unsetenv("OUTCROP_MASTER_KEY"), 0);
}

static void data_keys_open_after_a_restart(void **state)
{
    const struct folder *f = *state;
    struct oc_keys *keys = open_keys(f);
    struct oc_arena arena;
    uint8_t service[32], kms[32], back[32];
    uint8_t service_wrapped[OC_KEYS_WRAPPED_LEN], kms_wrapped[OC_KEYS_WRAPPED_LEN];
    struct oc_key_info info;

    oc_arena_init(&arena, 1 << 20);
    info = make_key(keys, &arena);
    ok(oc_keys_data_key(keys, REGION, OC_STR(OC_KEYS_SERVICE), service, service_wrapped, &err));
    ok(oc_keys_data_key(keys, REGION, info.id, kms, kms_wrapped, &err));
    assert_memory_not_equal(service, kms, 32);
    oc_keys_close(keys);
    keys = open_keys(f);
    ok(oc_keys_unwrap(keys, REGION, OC_STR(OC_KEYS_SERVICE), service_wrapped, back, &err));
    assert_memory_equal(back, service, 32);
    ok(oc_keys_unwrap(keys, REGION, info.id, kms_wrapped, back, &err));
    assert_memory_equal(back, kms, 32);
    oc_keys_close(keys);
    oc_arena_clear(&arena);
}

static void a_data_key_opens_only_under_its_key_in_its_region(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    struct oc_arena arena;
    uint8_t key[32], wrapped[OC_KEYS_WRAPPED_LEN];
    struct oc_key_info one, other;

    oc_arena_init(&arena, 1 << 20);
    one = make_key(keys, &arena);
    other = make_key(keys, &arena);
    ok(oc_keys_data_key(keys, REGION, one.id, key, wrapped, &err));
    assert_int_equal(oc_keys_unwrap(keys, REGION, other.id, wrapped, key, &err), OC_ECORRUPT);
    assert_int_equal(oc_keys_unwrap(keys, REGION, OC_STR("service"), wrapped, key, &err),
                     OC_ENOTFOUND);
    assert_int_equal(oc_keys_unwrap(keys, OC_STR("us-east-1"), one.id, wrapped, key, &err),
                     OC_ENOTFOUND);
    assert_int_equal(oc_keys_data_key(keys, OC_STR("us-east-1"), one.id, key, wrapped, &err),
                     OC_ENOTFOUND);
    ok(oc_keys_data_key(keys, REGION, OC_STR("service"), key, wrapped, &err));
    ok(oc_keys_data_key(keys, OC_STR("us-east-1"), OC_STR("service"), key, wrapped, &err));
    assert_int_equal(oc_keys_unwrap(keys, REGION, OC_STR("service"), wrapped, key, &err),
                     OC_ECORRUPT);
    for (size_t i = 0; i < sizeof wrapped; i++) {
        wrapped[i] ^= 1;
        assert_int_equal(
            oc_keys_unwrap(keys, OC_STR("us-east-1"), OC_STR("service"), wrapped, key, &err),
            OC_ECORRUPT);
        wrapped[i] ^= 1;
    }
    assert_int_equal(oc_keys_data_key(keys, OC_STR(""), OC_STR("service"), key, wrapped, &err),
                     OC_ENOTFOUND);
    assert_int_equal(oc_keys_data_key(keys, OC_STR("a-region-that-is-far-too-long"),
                                      OC_STR("service"), key, wrapped, &err),
                     OC_ENOTFOUND);
    assert_int_equal(
        oc_keys_data_key(keys, REGION, OC_STR("service:us-west-2"), key, wrapped, &err), OC_OK);
    oc_keys_close(keys);
    oc_arena_clear(&arena);
}

static void a_disabled_key_is_refused_by_name_until_it_is_enabled(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    struct oc_arena arena;
    uint8_t key[32], wrapped[OC_KEYS_WRAPPED_LEN];
    struct oc_key_info info, found;

    oc_arena_init(&arena, 1 << 20);
    info = make_key(keys, &arena);
    ok(oc_keys_data_key(keys, REGION, info.id, key, wrapped, &err));
    ok(oc_keys_set_enabled(keys, ACCOUNT, REGION, info.id, false, &err));
    oc_keys_close(keys);
    keys = open_keys(*state);
    assert_int_equal(oc_keys_unwrap(keys, REGION, info.id, wrapped, key, &err), OC_EDENIED);
    assert_non_null(strstr(err.text, info.id.ptr));
    assert_non_null(strstr(err.text, "outcrop kms enable"));
    assert_int_equal(oc_keys_data_key(keys, REGION, info.id, key, wrapped, &err), OC_EDENIED);
    assert_int_equal(oc_keys_resolve(keys, ACCOUNT, REGION, info.id, &arena, &found, &err),
                     OC_EDENIED);
    ok(oc_keys_set_enabled(keys, ACCOUNT, REGION, info.id, true, &err));
    ok(oc_keys_unwrap(keys, REGION, info.id, wrapped, key, &err));
    assert_int_equal(
        oc_keys_set_enabled(keys, OC_STR("999999999999"), REGION, info.id, false, &err),
        OC_ENOTFOUND);
    assert_int_equal(
        oc_keys_set_enabled(keys, ACCOUNT, REGION, OC_STR("service:us-west-2"), false, &err),
        OC_ENOTFOUND);
    oc_keys_close(keys);
    oc_arena_clear(&arena);
}

static void names_resolve_within_their_account_and_region(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    struct oc_arena arena;
    struct oc_key_info info, found;
    struct oc_slice names[4], alias_arn;

    oc_arena_init(&arena, 1 << 20);
    info = make_key(keys, &arena);
    ok(oc_keys_alias(keys, ACCOUNT, REGION, OC_STR("alias/team/ml_1-x"), info.id, &err));
    alias_arn = OC_STR("arn:aws:kms:us-west-2:123456789012:alias/team/ml_1-x");
    names[0] = info.id;
    names[1] = info.arn;
    names[2] = OC_STR("alias/team/ml_1-x");
    names[3] = alias_arn;
    for (int i = 0; i < 4; i++) {
        ok(oc_keys_resolve(keys, ACCOUNT, REGION, names[i], &arena, &found, &err));
        assert_true(oc_slice_eq(found.id, info.id));
        assert_true(oc_slice_eq(found.arn, info.arn));
        assert_int_equal(found.alias_count, 1);
        assert_int_equal(
            oc_keys_resolve(keys, OC_STR("999999999999"), REGION, names[i], &arena, &found, &err),
            OC_ENOTFOUND);
        assert_int_equal(
            oc_keys_resolve(keys, ACCOUNT, OC_STR("us-east-1"), names[i], &arena, &found, &err),
            OC_ENOTFOUND);
    }
    assert_int_equal(
        oc_keys_resolve(keys, ACCOUNT, REGION, OC_STR("alias/none"), &arena, &found, &err),
        OC_ENOTFOUND);
    assert_non_null(strstr(err.text, "alias/none"));
    assert_int_equal(oc_keys_resolve(keys, ACCOUNT, REGION,
                                     OC_STR("arn:aws:kms:us-west-2:123456789012"), &arena, &found,
                                     &err),
                     OC_ENOTFOUND);
    assert_int_equal(
        oc_keys_resolve(keys, ACCOUNT, REGION, OC_STR("service"), &arena, &found, &err),
        OC_ENOTFOUND);
    assert_int_equal(oc_keys_resolve(keys, OC_STR(""), REGION, OC_STR("service:us-west-2"), &arena,
                                     &found, &err),
                     OC_ENOTFOUND);
    oc_keys_close(keys);
    oc_arena_clear(&arena);
}

static void an_alias_is_checked_and_can_be_pointed_elsewhere(void **state)
{
    static const char *const bad[] = {"",          "alias/",  "team",          "alias/a b",
                                      "alias/a.b", "Alias/a", "alias/\xc3\xa9"};
    struct oc_keys *keys = open_keys(*state);
    struct oc_arena arena;
    struct oc_key_info one, other, found;
    char longest[OC_KEYS_ALIAS_MAX + 2];

    oc_arena_init(&arena, 1 << 20);
    one = make_key(keys, &arena);
    other = make_key(keys, &arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(oc_keys_alias(keys, ACCOUNT, REGION, oc_slice_of(bad[i]), one.id, &err),
                         OC_EINVAL);
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "alias/", 6);
    ok(oc_keys_alias(keys, ACCOUNT, REGION, (struct oc_slice){longest, OC_KEYS_ALIAS_MAX}, one.id,
                     &err));
    assert_int_equal(oc_keys_alias(keys, ACCOUNT, REGION,
                                   (struct oc_slice){longest, OC_KEYS_ALIAS_MAX + 1}, one.id, &err),
                     OC_EINVAL);
    ok(oc_keys_alias(keys, ACCOUNT, REGION, OC_STR("alias/a"), one.id, &err));
    ok(oc_keys_alias(keys, ACCOUNT, REGION, OC_STR("alias/a"), other.id, &err));
    assert_int_equal(
        oc_keys_alias(keys, OC_STR("999999999999"), REGION, OC_STR("alias/a"), one.id, &err),
        OC_ENOTFOUND);
    oc_keys_close(keys);
    keys = open_keys(*state);
    ok(oc_keys_resolve(keys, ACCOUNT, REGION, OC_STR("alias/a"), &arena, &found, &err));
    assert_true(oc_slice_eq(found.id, other.id));
    oc_keys_close(keys);
    oc_arena_clear(&arena);
}

static void keys_are_listed_by_age_for_their_owner_only(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    struct oc_arena arena;
    struct oc_key_info *list, made[5];
    uint8_t key[32], wrapped[OC_KEYS_WRAPPED_LEN];
    size_t count;

    oc_arena_init(&arena, 1 << 20);
    for (int i = 0; i < 5; i++) {
        oc_clock_set(1000 + i);
        made[i] = make_key(keys, &arena);
    }
    oc_clock_set(-1);
    ok(oc_keys_data_key(keys, REGION, OC_STR("service"), key, wrapped, &err));
    ok(oc_keys_list(keys, ACCOUNT, REGION, &arena, &list, &count, &err));
    assert_int_equal(count, 5);
    for (int i = 0; i < 5; i++) {
        assert_true(oc_slice_eq(list[i].id, made[i].id));
        assert_int_equal(list[i].creation_ms, 1000 + i);
        assert_true(oc_slice_eq(list[i].description, OC_STR("for \"tests\"")));
        assert_true(list[i].enabled);
    }
    ok(oc_keys_list(keys, ACCOUNT, OC_STR("us-east-1"), &arena, &list, &count, &err));
    assert_int_equal(count, 0);
    ok(oc_keys_list(keys, OC_STR(""), REGION, &arena, &list, &count, &err));
    assert_int_equal(count, 0);
    oc_keys_close(keys);
    oc_arena_clear(&arena);
}

static void a_wrong_master_key_is_told_from_a_damaged_file(void **state)
{
    const struct folder *f = *state;
    struct oc_keys *keys = open_keys(f);
    struct oc_secret other = {.len = 32};
    struct oc_secret master = test_master();
    struct oc_arena arena;
    struct oc_buf file = {0};
    const char *path = folder_path(f, "keyring.json");

    oc_arena_init(&arena, 1 << 20);
    (void)make_key(keys, &arena);
    oc_keys_close(keys);
    assert_int_equal(oc_keys_open(path, &other, &keys, &err), OC_EDENIED);
    assert_non_null(strstr(err.text, "master key"));
    ok(oc_file_read(path, 1 << 20, &file, &err));
    assert_null(memmem(file.ptr, file.len, "plain", 5));
    for (size_t i = 0; i < file.len - 1; i += 7) {
        file.ptr[i] ^= 1;
        ok(oc_file_replace(path, oc_buf_slice(&file), 0600, &err));
        assert_in_range(-oc_keys_open(path, &master, &keys, &err), -OC_EINVAL, -OC_ECORRUPT);
        file.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < file.len - 2; len += 13) {
        ok(oc_file_replace(path, (struct oc_slice){file.ptr, len}, 0600, &err));
        assert_int_equal(oc_keys_open(path, &master, &keys, &err), OC_ECORRUPT);
    }
    folder_write_text(f, "keyring.json", "{\"version\":2}\n");
    assert_int_equal(oc_keys_open(path, &master, &keys, &err), OC_EINVAL);
    oc_buf_clear(&file);
    oc_arena_clear(&arena);
}

static void sealed_secrets_open_in_their_place_only(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    struct oc_buf sealed, plain;
    uint8_t one[32], again[32], other[32];

    oc_buf_init(&sealed, 1000);
    oc_buf_init(&plain, 1000);
    ok(oc_keys_seal(keys, OC_STR("AKIA1"), OC_STR("secret"), &sealed, &err));
    assert_int_equal(sealed.len, 6 + 28);
    ok(oc_keys_open_sealed(keys, OC_STR("AKIA1"), oc_buf_slice(&sealed), &plain, &err));
    assert_string_equal(oc_buf_cstr(&plain), "secret");
    assert_int_equal(
        oc_keys_open_sealed(keys, OC_STR("AKIA2"), oc_buf_slice(&sealed), &plain, &err),
        OC_ECORRUPT);
    assert_int_equal(plain.len, 6);
    sealed.ptr[20] ^= 1;
    assert_int_equal(
        oc_keys_open_sealed(keys, OC_STR("AKIA1"), oc_buf_slice(&sealed), &plain, &err),
        OC_ECORRUPT);
    assert_int_equal(oc_keys_open_sealed(keys, OC_STR("AKIA1"), OC_STR("short"), &plain, &err),
                     OC_ECORRUPT);
    ok(oc_keys_derive(keys, "page token", one, &err));
    ok(oc_keys_derive(keys, "another", other, &err));
    oc_keys_close(keys);
    keys = open_keys(*state);
    ok(oc_keys_derive(keys, "page token", again, &err));
    assert_memory_equal(one, again, 32);
    assert_memory_not_equal(one, other, 32);
    oc_keys_close(keys);
    oc_buf_clear(&sealed);
    oc_buf_clear(&plain);
}

/* Each change with each fault: the change either holds after a restart or was refused and does not.
 */
static void a_change_that_fails_leaves_no_trace(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC, OC_FAULT_WRITE, OC_FAULT_SYNC,
                                               OC_FAULT_RENAME};
    struct oc_keys *keys = open_keys(*state);
    struct oc_arena arena, scratch;
    struct oc_key_info info, made, *list;
    size_t before, after;

    oc_arena_init(&arena, 1 << 20);
    oc_arena_init(&scratch, 1 << 20);
    info = make_key(keys, &arena);
    for (size_t s = 0; s < sizeof sites / sizeof *sites; s++)
        for (unsigned nth = 1;; nth++) {
            int rc;

            oc_arena_clear(&scratch);
            ok(oc_keys_list(keys, ACCOUNT, REGION, &scratch, &list, &before, &err));
            oc_fault_arm(sites[s], nth, OC_FAULT_ONCE);
            rc = oc_keys_create(keys, ACCOUNT, REGION, OC_STR(""), &scratch, &made, &err);
            if (rc == OC_OK)
                rc = oc_keys_alias(keys, ACCOUNT, REGION, OC_STR("alias/x"), made.id, &err);
            if (rc == OC_OK)
                rc = oc_keys_set_enabled(keys, ACCOUNT, REGION, info.id, nth % 2, &err);
            if (oc_fault_fired(sites[s]) == 0) {
                oc_fault_arm(sites[s], 0, OC_FAULT_ONCE);
                assert_int_equal(rc, OC_OK);
                assert_true(nth > 1);
                break;
            }
            oc_fault_arm(sites[s], 0, OC_FAULT_ONCE);
            assert_true(rc == OC_ENOMEM || rc == OC_EIO || rc == OC_EFULL);
            ok(oc_keys_list(keys, ACCOUNT, REGION, &scratch, &list, &after, &err));
            assert_in_range(after - before, 0, 1);
            oc_keys_close(keys);
            keys = open_keys(*state); /* the file opens whatever failed */
        }
    oc_keys_close(keys);
    oc_arena_clear(&scratch);
    oc_arena_clear(&arena);
}

static void *make_service_keys(void *keys)
{
    uint8_t key[32], wrapped[OC_KEYS_WRAPPED_LEN], back[32];
    struct oc_err thread_err = {0};

    for (int i = 0; i < 20; i++) {
        char region[24];
        struct oc_slice name = {region, (size_t)snprintf(region, sizeof region, "region-%d", i)};

        if (oc_keys_data_key(keys, name, OC_STR("service"), key, wrapped, &thread_err) < 0 ||
            oc_keys_unwrap(keys, name, OC_STR("service"), wrapped, back, &thread_err) < 0 ||
            memcmp(key, back, 32) != 0)
            return keys;
    }
    return NULL;
}

static void threads_share_one_service_key_a_region(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_service_keys, keys), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    oc_keys_close(keys);
    oc_keys_close(open_keys(*state));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

static void an_account_has_a_quota_of_keys_and_aliases(void **state)
{
    struct oc_keys *keys = open_keys(*state);
    struct oc_key_info info;
    struct oc_arena arena;
    char alias[32];

    oc_arena_init(&arena, 16 << 20);
    for (unsigned i = 0; i < OC_KEYS_ACCOUNT_MAX; i++) {
        info = make_key(keys, &arena);
        (void)snprintf(alias, sizeof alias, "alias/%u", i);
        ok(oc_keys_alias(keys, ACCOUNT, REGION, oc_slice_of(alias), info.id, &err));
    }
    assert_int_equal(
        oc_keys_create(keys, ACCOUNT, OC_STR("eu-west-1"), OC_STR(""), &arena, &info, &err),
        OC_ELIMIT);
    assert_non_null(strstr(err.text, "123456789012 has 1000 KMS keys"));
    assert_int_equal(oc_keys_alias(keys, ACCOUNT, REGION, OC_STR("alias/more"), info.id, &err),
                     OC_ELIMIT);
    ok(oc_keys_alias(keys, ACCOUNT, REGION, OC_STR("alias/0"), info.id, &err)); /* moved */
    ok(oc_keys_create(keys, OC_STR("210987654321"), REGION, OC_STR(""), &arena, &info, &err));
    oc_arena_clear(&arena);
    oc_keys_close(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_master_key_is_made_once_and_only_for_its_owner),
        TEST(the_environment_gives_the_master_key_before_the_file),
        TEST(data_keys_open_after_a_restart),
        TEST(a_data_key_opens_only_under_its_key_in_its_region),
        TEST(a_disabled_key_is_refused_by_name_until_it_is_enabled),
        TEST(names_resolve_within_their_account_and_region),
        TEST(an_alias_is_checked_and_can_be_pointed_elsewhere),
        TEST(keys_are_listed_by_age_for_their_owner_only),
        TEST(an_account_has_a_quota_of_keys_and_aliases),
        TEST(a_wrong_master_key_is_told_from_a_damaged_file),
        TEST(sealed_secrets_open_in_their_place_only),
        TEST(a_change_that_fails_leaves_no_trace),
        TEST(threads_share_one_service_key_a_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
