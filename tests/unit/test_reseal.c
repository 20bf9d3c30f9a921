/* Moving blobs from one content store into another: blob/reseal.c. */
#include "blob_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "blob/format.h"
#include "fault_loop.h"

#define PLAIN (OC_BLOB_SEGMENT_LEN - OC_GCM_TAG_LEN) /* plaintext of a segment but the first */
#define FIRST (PLAIN - OC_BLOB_STREAM_HEADER_LEN)

#define ACCOUNT OC_STR("123456789012")

static struct oc_err err;

/* Two Regions of one process. */
struct sites {
    const struct folder *folder;
    struct oc_keys *keys;
    struct oc_blob_store *from, *to;
};

static struct sites open_sites(const struct folder *f)
{
    struct oc_secret master = test_master();
    struct sites sites = {.folder = f};

    ok(oc_keys_open(folder_path(f, "keyring.json"), &master, &sites.keys, &err));
    ok(oc_blob_fs_open(folder_path(f, "blobs"), OC_STR("us-west-2"), sites.keys, &sites.from,
                       &err));
    ok(oc_blob_fs_open(folder_path(f, "blobs"), OC_STR("eu-west-1"), sites.keys, &sites.to, &err));
    return sites;
}

static void close_sites(struct sites *sites)
{
    oc_blob_close(sites->from);
    oc_blob_close(sites->to);
    oc_keys_close(sites->keys);
}

static struct sample stored_sample(struct sites *sites, size_t size, uint64_t seed)
{
    struct sample s = make_sample(size, seed);

    ok(oc_blob_put(sites->from, &s.name, (struct oc_slice){(char *)s.bytes, s.size}, false, &err));
    return s;
}

/* Reseal samples; what moves[i].bytes are is to be freed. */
static void reseal_as(struct sites *sites, const struct sample *samples, bool is_rare,
                      struct oc_blob_move *moves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        moves[i] = (struct oc_blob_move){.name = samples[i].name,
                                         .key_id = OC_STR("service"),
                                         .cap = OC_BLOB_ROOM(samples[i].size),
                                         .is_rare = is_rare};
        moves[i].bytes = aligned_alloc(OC_BLOB_ALIGN, moves[i].cap);
    }
    oc_blob_reseal(sites->from, sites->to, moves, count);
}

static void reseal(struct sites *sites, const struct sample *samples, struct oc_blob_move *moves,
                   size_t count)
{
    reseal_as(sites, samples, false, moves, count);
}

/* What was resealed can be stored in the other Region, and read there. */
static void assert_arrives(struct sites *sites, const struct sample *s, struct oc_blob_move *move)
{
    size_t room = OC_BLOB_ROOM(s->size), len = 0;
    uint8_t *to = malloc(room);

    err = move->err;
    ok(move->rc);
    assert_int_equal(move->len, s->size);
    ok(oc_blob_put_sealed(sites->to, &s->name, move->bytes, move->sealed_len, &err));
    ok(oc_blob_get(sites->to, &s->name, to, room, &len, &err));
    assert_int_equal(len, s->size);
    assert_memory_equal(to, s->bytes, s->size);
    free(to);
}

static void blobs_of_every_size_arrive_alone_and_in_pairs(void **state)
{
    static const size_t sizes[] = {0,         1,     FIRST - 1,         FIRST,
                                   FIRST + 1, 65536, FIRST + PLAIN - 1, FIRST + PLAIN,
                                   3000000,   64,    OC_PART_SIZE - 1,  OC_PART_SIZE};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    struct sites sites = open_sites(*state);
    struct sample samples[COUNT];
    struct oc_blob_move moves[2];

    for (size_t i = 0; i < COUNT; i++) {
        samples[i] = stored_sample(&sites, sizes[i], i);
        reseal(&sites, &samples[i], moves, 1);
        assert_arrives(&sites, &samples[i], &moves[0]);
        free(moves[0].bytes);
    }
    for (size_t i = 0; i + 1 < COUNT; i++) {
        reseal(&sites, &samples[i], moves, 2);
        for (size_t k = 0; k < 2; k++) {
            assert_arrives(&sites, &samples[i + k], &moves[k]);
            free(moves[k].bytes);
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        free(samples[i].bytes);
    close_sites(&sites);
}

/* Of two, any may be missing: the other one arrives, and who is missing is named. */
static void two_fail_apart(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample samples[2] = {make_sample(3000000, 1), make_sample(1000000, 2)};

    for (unsigned stored = 0; stored < 4; stored++) { /* a bit for each that is there */
        struct oc_blob_move moves[2];

        for (int i = 0; i < 2; i++)
            if (stored >> i & 1)
                free(stored_sample(&sites, samples[i].size, (uint64_t)i + 1).bytes);
            else
                ok(oc_blob_delete(sites.from, &samples[i].name, &err));
        reseal(&sites, samples, moves, 2);
        for (int i = 0; i < 2; i++) {
            if (stored >> i & 1) {
                assert_arrives(&sites, &samples[i], &moves[i]);
            } else {
                assert_int_equal(moves[i].rc, OC_ENOTFOUND);
                assert_non_null(
                    strstr(moves[i].err.hidden, blob_file(*state, "us-west-2", &samples[i].name)));
            }
            free(moves[i].bytes);
        }
    }
    free(samples[0].bytes);
    free(samples[1].bytes);
    close_sites(&sites);
}

/* Reseal two, of which the second one's file was made into `file`, and expect it to be refused. */
static void assert_refused(struct sites *sites, const struct sample samples[2],
                           struct oc_slice file)
{
    struct oc_blob_move moves[2];

    ok(oc_file_replace(blob_file(sites->folder, "us-west-2", &samples[1].name), file, 0600, &err));
    reseal(sites, samples, moves, 2);
    assert_arrives(sites, &samples[0], &moves[0]);
    assert_int_equal(moves[1].rc, OC_ECORRUPT);
    assert_non_null(strstr(moves[1].err.text, "us-west-2"));
    free(moves[0].bytes);
    free(moves[1].bytes);
}

static void damage_anywhere_is_noticed(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample samples[2] = {stored_sample(&sites, 5000, 1),
                                stored_sample(&sites, FIRST + PLAIN + 500, 2)};
    struct oc_buf file;
    struct oc_slice whole;

    ok(oc_file_read(blob_file(*state, "us-west-2", &samples[1].name), OC_PART_SIZE, &file, &err));
    whole = oc_buf_slice(&file);
    for (size_t at = 0; at < whole.len; at += at < 200 ? 1 : 24989) {
        file.ptr[at] ^= 4;
        assert_refused(&sites, samples, whole);
        file.ptr[at] ^= 4;
    }
    for (size_t len = 0; len < whole.len; len += len < 200 ? 33 : 99991)
        assert_refused(&sites, samples, oc_slice_sub(whole, 0, len));
    assert_refused(&sites, samples, oc_slice_sub(whole, 0, whole.len - 1));
    oc_buf_clear(&file);
    free(samples[0].bytes);
    free(samples[1].bytes);
    close_sites(&sites);
}

/* Rightly encrypted under the name of other bytes: only the digest can tell. */
static void other_bytes_under_a_name_are_noticed(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample s = make_sample(FIRST + 100, 1);
    struct oc_blob_move move;

    s.bytes[FIRST + 50] ^= 1;
    ok(oc_blob_put(sites.from, &s.name, (struct oc_slice){(char *)s.bytes, s.size}, true, &err));
    reseal(&sites, &s, &move, 1);
    assert_int_equal(move.rc, OC_ECORRUPT);
    assert_non_null(strstr(move.err.text, "SHA-256"));
    free(move.bytes);
    free(s.bytes);
    close_sites(&sites);
}

/* Segments that we do not write ourselves: the new blob takes over their length. */
static void other_segments_arrive(void **state)
{
    static const uint32_t lens[] = {OC_BLOB_SEGMENT_LEN_MIN, OC_BLOB_SEGMENT_LEN_MAX};
    struct sites sites = open_sites(*state);
    struct sample s = stored_sample(&sites, 2000000, 1);

    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct oc_blob_header header = {.segment_len = lens[i], .plain_len = s.size};
        uint8_t key[OC_AES_KEY_LEN], *bytes = malloc(OC_BLOB_ROOM(s.size));
        struct oc_blob_move move;

        memcpy(header.key_id, "service", 7);
        memcpy(bytes, s.bytes, s.size);
        ok(oc_keys_data_key(sites.keys, OC_STR("us-west-2"), s.name.key_id, key, header.wrapped,
                            &err));
        ok(oc_blob_seal_bytes(&header, s.name.sha256, key, bytes, &err));
        ok(oc_file_replace(blob_file(*state, "us-west-2", &s.name),
                           (struct oc_slice){(char *)bytes, oc_blob_sealed_len(&header)}, 0600,
                           &err));
        reseal(&sites, &s, &move, 1);
        assert_arrives(&sites, &s, &move);
        free(move.bytes);
        free(bytes);
    }
    free(s.bytes);
    close_sites(&sites);
}

static void a_buffer_that_is_too_small_is_told(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample s = stored_sample(&sites, 100000, 1);
    struct oc_blob_move move = {.name = s.name, .key_id = OC_STR("service")};

    move.cap = OC_BLOB_ROOM(s.size) - OC_BLOB_ALIGN;
    move.bytes = aligned_alloc(OC_BLOB_ALIGN, move.cap);
    oc_blob_reseal(sites.from, sites.to, &move, 1);
    assert_int_equal(move.rc, OC_ELIMIT);
    free(move.bytes);
    free(s.bytes);
    close_sites(&sites);
}

/* Whose key it is decides which Region is named. */
static void disabled_and_unknown_keys_are_told(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample s = make_sample(5000, 1);
    struct oc_blob_move move = {.cap = OC_BLOB_ROOM(s.size)};
    struct oc_key_info from_key, to_key;
    struct oc_arena arena;

    oc_arena_init(&arena, 1 << 20);
    ok(oc_keys_create(sites.keys, ACCOUNT, OC_STR("us-west-2"), OC_STR(""), &arena, &from_key,
                      &err));
    ok(oc_keys_create(sites.keys, ACCOUNT, OC_STR("eu-west-1"), OC_STR(""), &arena, &to_key, &err));
    s.name.key_id = from_key.id;
    ok(oc_blob_put(sites.from, &s.name, (struct oc_slice){(char *)s.bytes, s.size}, false, &err));
    move.name = s.name;
    move.key_id = to_key.id;
    move.bytes = aligned_alloc(OC_BLOB_ALIGN, move.cap);
    oc_blob_reseal(sites.from, sites.to, &move, 1);
    ok(move.rc);
    ok(oc_keys_set_enabled(sites.keys, ACCOUNT, OC_STR("eu-west-1"), to_key.id, false, &err));
    oc_blob_reseal(sites.from, sites.to, &move, 1);
    assert_int_equal(move.rc, OC_EDENIED);
    assert_non_null(strstr(move.err.text, "Region eu-west-1"));
    ok(oc_keys_set_enabled(sites.keys, ACCOUNT, OC_STR("us-west-2"), from_key.id, false, &err));
    oc_blob_reseal(sites.from, sites.to, &move, 1);
    assert_int_equal(move.rc, OC_EDENIED);
    assert_non_null(strstr(move.err.text, "Region us-west-2"));
    move.key_id = OC_STR("../service");
    oc_blob_reseal(sites.from, sites.to, &move, 1);
    assert_int_equal(move.rc, OC_ENOTFOUND);
    free(move.bytes);
    free(s.bytes);
    oc_arena_clear(&arena);
    close_sites(&sites);
}

/* -- faults --------------------------------------------------------------------------------- */

struct attempt {
    struct sites *sites;
    const struct sample *samples;
};

/* @return a failure of two, of which one call's fault can hit one only */
static int reseal_two(void *ctx)
{
    const struct attempt *attempt = ctx;
    struct oc_blob_move moves[2];

    reseal(attempt->sites, attempt->samples, moves, 2);
    free(moves[0].bytes);
    free(moves[1].bytes);
    assert_true(moves[0].rc == OC_OK || moves[1].rc == OC_OK);
    return moves[0].rc < 0 ? moves[0].rc : moves[1].rc;
}

static void no_memory_and_a_failing_disk_are_told(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample samples[2] = {stored_sample(&sites, FIRST + PLAIN + 10, 1),
                                stored_sample(&sites, 70000, 2)};
    struct attempt attempt = {&sites, samples};

    assert_int_equal(reseal_two(&attempt), OC_OK); /* what is made once is there */
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, reseal_two, &attempt, OC_ENOMEM);
    fail_each_call(OC_FAULT_READ, OC_FAULT_ONCE, reseal_two, &attempt, OC_EIO);
    free(samples[0].bytes);
    free(samples[1].bytes);
    close_sites(&sites);
}

/* -- past the kernel's cache ---------------------------------------------------------------- */

static int open_file_of(const struct folder *folder, const struct sample *s)
{
    int fd = open(blob_file(folder, "us-west-2", &s->name), O_RDONLY);

    assert_true(fd >= 0);
    return fd;
}

/* Take a stored blob out of the cache; it was synced. */
static void drop_from_cache(const struct folder *folder, const struct sample *s)
{
    int fd = open_file_of(folder, s);

    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    (void)close(fd);
}

static bool is_in_cache(const struct folder *folder, const struct sample *s)
{
    int fd = open_file_of(folder, s);
    unsigned char state;
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

    assert_true(page != MAP_FAILED);
    assert_int_equal(mincore(page, 1, &state), 0);
    (void)munmap(page, 1);
    (void)close(fd);
    return state & 1;
}

static void what_is_rare_goes_past_the_cache(void **state)
{
    static const size_t sizes[] = {0, 1, FIRST, 300000, 3000000, OC_PART_SIZE};
    struct sites sites = open_sites(*state);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sample s = stored_sample(&sites, sizes[i], i);
        struct oc_blob_move move;

        drop_from_cache(*state, &s);
        reseal_as(&sites, &s, true, &move, 1);
        assert_arrives(&sites, &s, &move);
        free(move.bytes);
        assert_false(is_in_cache(*state, &s));
        reseal(&sites, &s, &move, 1);
        free(move.bytes);
        assert_true(is_in_cache(*state, &s)); /* and read from there */
        reseal_as(&sites, &s, true, &move, 1);
        assert_arrives(&sites, &s, &move);
        free(move.bytes);
        free(s.bytes);
    }
    close_sites(&sites);
}

static int reseal_rare(void *ctx)
{
    const struct attempt *attempt = ctx;
    struct oc_blob_move move;

    drop_from_cache(attempt->sites->folder, attempt->samples);
    reseal_as(attempt->sites, attempt->samples, true, &move, 1);
    free(move.bytes);
    return move.rc;
}

static void a_disk_that_fails_is_told(void **state)
{
    struct sites sites = open_sites(*state);
    struct sample s = stored_sample(&sites, FIRST + PLAIN + 10, 1);
    struct attempt attempt = {&sites, &s};

    assert_int_equal(reseal_rare(&attempt), OC_OK); /* what is made once is there */
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, reseal_rare, &attempt, OC_ENOMEM);
    fail_each_call(OC_FAULT_READ, OC_FAULT_ONCE, reseal_rare, &attempt, OC_EIO);
    free(s.bytes);
    close_sites(&sites);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
#define TEST_ON_DISK(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, folder_setup_on_disk, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blobs_of_every_size_arrive_alone_and_in_pairs),
        TEST(two_fail_apart),
        TEST(damage_anywhere_is_noticed),
        TEST(other_bytes_under_a_name_are_noticed),
        TEST(other_segments_arrive),
        TEST(a_buffer_that_is_too_small_is_told),
        TEST(disabled_and_unknown_keys_are_told),
        TEST(no_memory_and_a_failing_disk_are_told),
        TEST_ON_DISK(what_is_rare_goes_past_the_cache),
        TEST_ON_DISK(a_disk_that_fails_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
