/* The content store, on files: blob/ and blob/fs. */
#include "blob_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"
#include "blob/blob_impl.h"

#define REGION OC_STR("us-west-2")
#define PLAIN  (OC_BLOB_SEGMENT_LEN - OC_GCM_TAG_LEN) /* plaintext of a segment but the first */
#define FIRST  (PLAIN - OC_BLOB_STREAM_HEADER_LEN)
#define STREAM (OC_BLOB_HEADER_LEN) /* where the stream begins */

static struct oc_err err;

struct site {
    struct oc_keys *keys;
    struct oc_blob_store *store;
};

static struct site open_site(const struct folder *f)
{
    struct oc_secret master = test_master();
    struct site site;

    ok(oc_keys_open(folder_path(f, "keyring.json"), &master, &site.keys, &err));
    ok(oc_blob_fs_open(folder_path(f, "blobs"), REGION, site.keys, &site.store, &err));
    return site;
}

static void close_site(struct site *site)
{
    oc_blob_close(site->store);
    oc_keys_close(site->keys);
}

static int put(struct site *site, const struct sample *s)
{
    return oc_blob_put(site->store, &s->name, (struct oc_slice){(char *)s->bytes, s->size}, false,
                       &err);
}

static int get(struct site *site, const struct sample *s)
{
    size_t room = OC_BLOB_ROOM(s->size), len = 0;
    uint8_t *to = malloc(room);
    int rc = oc_blob_get(site->store, &s->name, to, room, &len, &err);

    if (rc == OC_OK) {
        assert_int_equal(len, s->size);
        assert_memory_equal(to, s->bytes, s->size);
    }
    free(to);
    return rc;
}

static bool has(struct site *site, const struct sample *s)
{
    bool there;

    ok(oc_blob_has(site->store, &s->name, &there, &err));
    return there;
}

static const char *file_of(const struct folder *f, const struct sample *s)
{
    return blob_file(f, "us-west-2", &s->name);
}

static void blobs_of_every_size_come_back(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   FIRST - 1,
                                   FIRST,
                                   FIRST + 1,
                                   FIRST + PLAIN - 1,
                                   FIRST + PLAIN,
                                   FIRST + PLAIN + 1,
                                   3000000,
                                   OC_PART_SIZE};
    struct site site = open_site(*state);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sample s = make_sample(sizes[i], i);
        uint64_t size;

        assert_false(has(&site, &s));
        assert_int_equal(get(&site, &s), OC_ENOTFOUND);
        assert_int_equal(oc_blob_size(site.store, &s.name, &size, &err), OC_ENOTFOUND);
        ok(put(&site, &s));
        assert_true(has(&site, &s));
        ok(get(&site, &s));
        ok(oc_blob_size(site.store, &s.name, &size, &err));
        assert_int_equal(size, sizes[i]);
        free(s.bytes);
    }
    close_site(&site);
    site = open_site(*state);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sample s = make_sample(sizes[i], i);

        assert_true(has(&site, &s));
        ok(get(&site, &s));
        free(s.bytes);
    }
    close_site(&site);
}

/* For the caller's own buffer: sealed once, stored as often as it takes. */
static void a_sealed_blob_is_stored_again_after_a_failure(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(FIRST + PLAIN + 10, 1);
    uint8_t *bytes = aligned_alloc(OC_BLOB_ALIGN, OC_BLOB_ROOM(s.size));
    size_t len = 0;

    memcpy(bytes, s.bytes, s.size);
    ok(oc_blob_seal(site.store, &s.name, bytes, s.size, &len, &err));
    assert_int_equal(len,
                     OC_BLOB_HEADER_LEN + OC_BLOB_STREAM_HEADER_LEN + s.size + 3 * OC_GCM_TAG_LEN);
    oc_fault_arm(OC_FAULT_WRITE, 1, OC_FAULT_ONCE);
    assert_int_equal(oc_blob_put_sealed(site.store, &s.name, bytes, len, &err), OC_EFULL);
    oc_fault_arm(OC_FAULT_WRITE, 0, OC_FAULT_ONCE);
    assert_false(has(&site, &s));
    ok(oc_blob_put_sealed(site.store, &s.name, bytes, len, &err));
    ok(get(&site, &s));
    assert_int_equal(oc_blob_seal(site.store, &s.name, bytes, OC_BLOB_MAX + 1, &len, &err),
                     OC_EINVAL);
    free(bytes);
    free(s.bytes);
    close_site(&site);
}

static bool has_no_random_bytes;

/* In place of the system's. */
ssize_t getrandom(void *to, size_t len, unsigned flags)
{
    errno = EIO;
    return has_no_random_bytes ? -1 : (ssize_t)syscall(SYS_getrandom, to, len, flags);
}

/* Who tries again must not take what stands there for sealed, wherever the bytes had run out. */
static void what_could_not_be_sealed_is_not_called_sealed(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(1000, 1);
    uint8_t *bytes = aligned_alloc(OC_BLOB_ALIGN, OC_BLOB_ROOM(s.size)), used[64];
    size_t len;
    int rc;

    for (size_t i = 1; i <= sizeof(used); i++) {
        ok(oc_random(used, i, &err));
        has_no_random_bytes = true;
        do {
            memcpy(bytes, s.bytes, s.size);
            len = 0;
            rc = oc_blob_seal(site.store, &s.name, bytes, s.size, &len, &err);
        } while (rc == OC_OK);
        has_no_random_bytes = false;
        assert_int_equal(rc, OC_EIO);
        assert_int_equal(len, 0);
    }
    free(bytes);
    free(s.bytes);
    close_site(&site);
}

/* The buffer is filled to the last byte that OC_BLOB_ROOM allows, for every size of segment. */
static void the_room_of_a_blob_is_enough(void **state)
{
    static const uint32_t segments[] = {OC_BLOB_SEGMENT_LEN_MIN, OC_BLOB_SEGMENT_LEN_MIN + 1,
                                        OC_BLOB_SEGMENT_LEN, OC_BLOB_SEGMENT_LEN_MAX};
    static const uint64_t sizes[] = {0,
                                     1,
                                     OC_BLOB_SEGMENT_LEN_MIN - 57,
                                     OC_BLOB_SEGMENT_LEN_MIN - 56,
                                     3900,
                                     3928,
                                     3929,
                                     OC_PART_SIZE - 1,
                                     OC_PART_SIZE,
                                     OC_BLOB_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            struct oc_blob_header header = {.segment_len = segments[i], .plain_len = sizes[k]};

            assert_true(oc_blob_sealed_len(&header) <= OC_BLOB_ROOM(sizes[k]));
            assert_int_equal(OC_BLOB_ROOM(sizes[k]) % OC_BLOB_ALIGN, 0);
        }
}

/* Segments that we do not write, but read: the smallest, and what is smaller is refused. */
static void blobs_with_other_segments_are_read(void **state)
{
    static const uint8_t digest[OC_SHA256_LEN] = "digest", key[OC_AES_KEY_LEN] = "key";
    struct oc_blob_header header = {.segment_len = OC_BLOB_SEGMENT_LEN_MIN, .key_id = "service"},
                          read;
    uint8_t *bytes, *plain;

    (void)state;
    header.plain_len = 300000;
    bytes = malloc(OC_BLOB_ROOM(header.plain_len));
    plain = malloc(header.plain_len);
    fill_bytes(plain, header.plain_len, 7);
    memcpy(bytes, plain, header.plain_len);
    ok(oc_blob_seal_bytes(&header, digest, key, bytes, &err));
    ok(oc_blob_header_decode(bytes, &read, &err));
    ok(oc_blob_open_bytes(&read, digest, key, bytes, NULL, &err));
    assert_memory_equal(bytes, plain, header.plain_len);
    header.segment_len--;
    oc_blob_header_encode(&header, bytes);
    assert_int_equal(oc_blob_header_decode(bytes, &read, &err), OC_ECORRUPT);
    free(plain);
    free(bytes);
}

static void bytes_with_another_digest_are_not_stored(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(1000, 1);

    s.bytes[500] ^= 1;
    assert_int_equal(put(&site, &s), OC_EINVAL);
    assert_false(has(&site, &s));
    assert_int_equal(folder_count(*state, "blobs/us-west-2/parts"), 0);
    free(s.bytes);
    close_site(&site);
}

static void what_is_stored_is_not_the_plaintext(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(100000, 1);
    struct oc_buf file = {0};

    memset(s.bytes, 'A', s.size);
    ok(oc_sha256((struct oc_slice){(char *)s.bytes, s.size}, s.name.sha256, &err));
    ok(put(&site, &s));
    ok(oc_file_read(file_of(*state, &s), 1 << 20, &file, &err));
    assert_null(memmem(file.ptr, file.len, "AAAAAAAA", 8));
    oc_buf_clear(&file);
    free(s.bytes);
    close_site(&site);
}

static void a_buffer_that_is_too_small_is_told(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(1000, 1);
    uint8_t to[OC_BLOB_ROOM(1000) - 1];
    size_t len;

    ok(put(&site, &s));
    assert_int_equal(oc_blob_get(site.store, &s.name, to, sizeof to, &len, &err), OC_ELIMIT);
    free(s.bytes);
    close_site(&site);
}

static void names_cannot_lead_out_of_the_store(void **state)
{
    static const char *const bad[] = {
        "", "..", "../x", "a/b", "A", "service:us-west-2", "0c8b0bb6-0d3c-4a4b-9a51-1b0c5f8d2a11x"};
    struct site site = open_site(*state);
    struct oc_blob_store *other;
    struct sample s = make_sample(10, 1);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s.name.key_id = oc_slice_of(bad[i]);
        assert_int_equal(put(&site, &s), OC_ENOTFOUND);
        assert_int_equal(get(&site, &s), OC_ENOTFOUND);
        assert_int_equal(oc_blob_delete(site.store, &s.name, &err), OC_ENOTFOUND);
    }
    assert_int_equal(
        oc_blob_fs_open(folder_path(*state, "x"), OC_STR("../y"), site.keys, &other, &err),
        OC_EINVAL);
    assert_int_equal(oc_blob_fs_open(folder_path(*state, "x"), OC_STR(""), site.keys, &other, &err),
                     OC_EINVAL);
    free(s.bytes);
    close_site(&site);
}

static void a_store_of_another_version_is_refused(void **state)
{
    struct site site = open_site(*state);
    struct oc_blob_store *other;

    folder_write_text(*state, "blobs/us-west-2/version", "outcrop blobs 2\n");
    assert_int_equal(oc_blob_fs_open(folder_path(*state, "blobs"), REGION, site.keys, &other, &err),
                     OC_EINVAL);
    close_site(&site);
}

/* -- some of it ------------------------------------------------------------------------------- */

static int get_range(struct site *site, const struct sample *s, uint64_t from, size_t len)
{
    uint8_t *to = malloc(OC_BLOB_RANGE_ROOM(len));
    int rc = oc_blob_get_range(site->store, &s->name, from, len, to, &err);

    if (rc == OC_OK)
        assert_memory_equal(to, s->bytes + from, len);
    free(to);
    return rc;
}

static void any_range_of_a_blob_comes_out(void **state)
{
    static const size_t sizes[] = {1, FIRST, FIRST + 1, FIRST + 3 * PLAIN, 1000000};
    static const size_t at[] = {0,
                                1,
                                FIRST - 1,
                                FIRST,
                                FIRST + 1,
                                FIRST + PLAIN - 1,
                                FIRST + PLAIN,
                                999999,
                                1000000,
                                FIRST + 3 * PLAIN - 1,
                                FIRST + 3 * PLAIN};
    struct site site = open_site(*state);

    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        struct sample s = make_sample(sizes[n], n);

        ok(put(&site, &s));
        for (size_t i = 0; i < sizeof at / sizeof *at; i++)
            for (size_t j = i + 1; j < sizeof at / sizeof *at; j++)
                assert_int_equal(get_range(&site, &s, at[i], at[j] - at[i]),
                                 at[j] <= s.size ? OC_OK : OC_EINVAL);
        assert_int_equal(get_range(&site, &s, 0, 0), OC_EINVAL);
        assert_int_equal(get_range(&site, &s, UINT64_MAX, 1), OC_EINVAL);
        free(s.bytes);
    }
    close_site(&site);
}

static void a_range_is_verified_and_no_more_is_read(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(FIRST + 3 * PLAIN, 1);
    struct oc_buf file = {0};

    ok(put(&site, &s));
    ok(oc_file_read(file_of(*state, &s), 64 << 20, &file, &err));
    file.ptr[STREAM + 2 * OC_BLOB_SEGMENT_LEN + 5] ^= 1; /* in the third segment of four */
    ok(oc_file_replace(file_of(*state, &s), oc_buf_slice(&file), 0600, &err));
    assert_int_equal(get_range(&site, &s, 0, FIRST + PLAIN), OC_OK);
    assert_int_equal(get_range(&site, &s, FIRST + 2 * PLAIN, PLAIN), OC_OK);
    assert_int_equal(get_range(&site, &s, FIRST + PLAIN, 1), OC_ECORRUPT);
    assert_non_null(strstr(err.text, "segment 3 of 4"));
    assert_int_equal(get_range(&site, &s, FIRST + PLAIN - 1, 2), OC_ECORRUPT);
    file.len--; /* shorter than its header says */
    ok(oc_file_replace(file_of(*state, &s), oc_buf_slice(&file), 0600, &err));
    assert_int_equal(get_range(&site, &s, 0, 1), OC_ECORRUPT);
    oc_buf_clear(&file);
    free(s.bytes);
    close_site(&site);
}

/* What a store reads of a blob that others store anew each time, as writers of the same bytes may.
 */
struct renewed {
    struct site *site;
    const struct sample *s;
    struct oc_blob_backend_ops ops;
    const struct oc_blob_backend_ops *real;
    unsigned left; /* times */
};

static struct renewed renewed;

static int get_and_renew(void *backend, const struct oc_blob_name *name, uint64_t at, uint8_t *to,
                         size_t cap, size_t *ret_len, uint64_t *ret_whole, struct oc_err *e)
{
    int rc = renewed.real->get(backend, name, at, to, cap, ret_len, ret_whole, e);

    if (renewed.left > 0) {
        renewed.left--;
        ok(put(renewed.site, renewed.s));
    }
    return rc;
}

/* Sealed with another key between header and segments: that is no damage. */
static void a_range_of_a_blob_that_is_stored_again_comes_out(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(FIRST + 3 * PLAIN, 1);

    ok(put(&site, &s));
    renewed = (struct renewed){
        .site = &site, .s = &s, .ops = *site.store->ops, .real = site.store->ops, .left = 1};
    renewed.ops.get = get_and_renew;
    site.store->ops = &renewed.ops;
    assert_int_equal(get_range(&site, &s, FIRST, PLAIN), OC_OK);
    assert_int_equal(renewed.left, 0);
    free(s.bytes);
    close_site(&site);
}

/* -- damage ----------------------------------------------------------------------------------- */

/* Replace a blob's file by `len` bytes and expect that this is noticed, by has() or by get(). */
static void assert_refused(struct site *site, const struct folder *f, const struct sample *s,
                           const void *bytes, size_t len)
{
    ok(oc_file_replace(file_of(f, s), (struct oc_slice){bytes, len}, 0600, &err));
    assert_int_equal(get(site, s), OC_ECORRUPT);
    assert_non_null(strstr(err.text, "us-west-2"));
    assert_non_null(strstr(err.hidden, file_of(f, s) + strlen(f->path)));
    assert_null(strstr(err.text, f->path)); /* clients are told the text */
}

static struct oc_buf stored_file(const struct folder *f, const struct sample *s)
{
    struct oc_buf file = {0};

    ok(oc_file_read(file_of(f, s), 64 << 20, &file, &err));
    return file;
}

static void every_changed_byte_is_noticed(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(300, 1);
    struct oc_buf file;

    ok(put(&site, &s));
    file = stored_file(*state, &s);
    assert_int_equal(file.len,
                     OC_BLOB_HEADER_LEN + OC_BLOB_STREAM_HEADER_LEN + 300 + OC_GCM_TAG_LEN);
    for (size_t i = 0; i < file.len; i++) {
        file.ptr[i] ^= 0x40;
        assert_refused(&site, *state, &s, file.ptr, file.len);
        file.ptr[i] ^= 0x40;
    }
    for (size_t len = 0; len < file.len; len++)
        assert_refused(&site, *state, &s, file.ptr, len);
    oc_buf_put_char(&file, 'x');
    assert_refused(&site, *state, &s, file.ptr, file.len);
    oc_buf_clear(&file);
    free(s.bytes);
    close_site(&site);
}

/* The header's checksum is no secret: what it cannot catch the encryption must. */
static void a_header_that_was_changed_with_its_checksum_is_noticed(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(300, 1);
    struct oc_buf file;

    ok(put(&site, &s));
    file = stored_file(*state, &s);
    for (size_t i = 0; i < OC_BLOB_HEADER_LEN - 4; i++) {
        if (i >= 8 && i < 12)
            continue; /* another version is refused as such */
        file.ptr[i] ^= 1;
        oc_put_be32((uint8_t *)file.ptr + 124, oc_crc32c(0, file.ptr, 124));
        assert_refused(&site, *state, &s, file.ptr, file.len);
        file.ptr[i] ^= 1;
    }
    file.ptr[11] = 2;
    oc_put_be32((uint8_t *)file.ptr + 124, oc_crc32c(0, file.ptr, 124));
    ok(oc_file_replace(file_of(*state, &s), oc_buf_slice(&file), 0600, &err));
    assert_int_equal(get(&site, &s), OC_EINVAL);
    oc_buf_clear(&file);
    free(s.bytes);
    close_site(&site);
}

static void segments_that_were_moved_doubled_or_dropped_are_noticed(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(FIRST + 3 * PLAIN, 1); /* four full segments */
    struct oc_buf file;
    char *copy, *one, *two, *three;

    ok(put(&site, &s));
    file = stored_file(*state, &s);
    assert_int_equal(file.len, STREAM + 4 * OC_BLOB_SEGMENT_LEN);
    copy = malloc(file.len);
    one = copy + STREAM + OC_BLOB_SEGMENT_LEN;
    two = one + OC_BLOB_SEGMENT_LEN;
    three = two + OC_BLOB_SEGMENT_LEN;
    memcpy(copy, file.ptr, file.len);
    memcpy(one, file.ptr + (two - copy), OC_BLOB_SEGMENT_LEN); /* swapped */
    memcpy(two, file.ptr + (one - copy), OC_BLOB_SEGMENT_LEN);
    assert_refused(&site, *state, &s, copy, file.len);
    memcpy(copy, file.ptr, file.len);
    memcpy(two, one, OC_BLOB_SEGMENT_LEN); /* doubled */
    assert_refused(&site, *state, &s, copy, file.len);
    memcpy(copy, file.ptr, file.len);
    memcpy(three, two, OC_BLOB_SEGMENT_LEN); /* the last one is another */
    assert_refused(&site, *state, &s, copy, file.len);
    /* Dropped, with a header that admits it: only the mark of the last segment can tell. */
    memcpy(copy, file.ptr, file.len);
    oc_put_be64((uint8_t *)copy + 16, FIRST + 2 * PLAIN);
    oc_put_be32((uint8_t *)copy + 124, oc_crc32c(0, copy, 124));
    assert_refused(&site, *state, &s, copy, file.len - OC_BLOB_SEGMENT_LEN);
    free(copy);
    oc_buf_clear(&file);
    free(s.bytes);
    close_site(&site);
}

static void swapped_files_are_noticed(void **state)
{
    struct site site = open_site(*state);
    struct sample a = make_sample(5000, 1), b = make_sample(5000, 2);
    struct oc_buf file_a, file_b;

    ok(put(&site, &a));
    ok(put(&site, &b));
    file_a = stored_file(*state, &a);
    file_b = stored_file(*state, &b);
    assert_refused(&site, *state, &a, file_b.ptr, file_b.len);
    assert_refused(&site, *state, &b, file_a.ptr, file_a.len);
    oc_buf_clear(&file_a);
    oc_buf_clear(&file_b);
    free(a.bytes);
    free(b.bytes);
    close_site(&site);
}

static void another_master_key_or_region_does_not_open_a_blob(void **state)
{
    const struct folder *f = *state;
    struct site site = open_site(f), other;
    struct oc_secret master = test_master();
    struct sample s = make_sample(5000, 1), nothing = make_sample(0, 0);
    struct oc_buf file;

    ok(put(&site, &s));
    file = stored_file(f, &s);
    close_site(&site);
    master.bytes[0] ^= 1;
    ok(oc_keys_open(folder_path(f, "other.json"), &master, &other.keys, &err));
    ok(oc_blob_fs_open(folder_path(f, "blobs"), REGION, other.keys, &other.store, &err));
    assert_int_equal(get(&other, &s), OC_ENOTFOUND); /* no service key there yet */
    assert_non_null(strstr(err.text, "key"));
    ok(put(&other, &nothing));
    assert_int_equal(get(&other, &s), OC_ECORRUPT);
    free(nothing.bytes);
    close_site(&other);
    site = open_site(f);
    ok(oc_blob_fs_open(folder_path(f, "blobs"), OC_STR("eu-west-1"), site.keys, &other.store,
                       &err));
    other.keys = site.keys;
    ok(put(&other, &s));
    ok(oc_file_replace(blob_file(f, "eu-west-1", &s.name), oc_buf_slice(&file), 0600, &err));
    assert_int_equal(get(&other, &s), OC_ECORRUPT);
    oc_blob_close(other.store);
    oc_buf_clear(&file);
    free(s.bytes);
    close_site(&site);
}

static void a_disabled_key_neither_stores_nor_reads(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(5000, 1);
    struct oc_arena arena;
    struct oc_key_info info;

    oc_arena_init(&arena, 1 << 20);
    ok(oc_keys_create(site.keys, OC_STR("123456789012"), REGION, OC_STR(""), &arena, &info, &err));
    s.name.key_id = info.id;
    ok(put(&site, &s));
    ok(get(&site, &s));
    ok(oc_keys_set_enabled(site.keys, OC_STR("123456789012"), REGION, info.id, false, &err));
    assert_int_equal(get(&site, &s), OC_EDENIED);
    assert_non_null(strstr(err.text, "outcrop kms enable"));
    ok(oc_blob_delete(site.store, &s.name, &err));
    assert_int_equal(put(&site, &s), OC_EDENIED);
    assert_false(has(&site, &s));
    assert_int_equal(folder_count(*state, "blobs/us-west-2/parts"), 0);
    oc_arena_clear(&arena);
    free(s.bytes);
    close_site(&site);
}

/* -- walking ---------------------------------------------------------------------------------- */

struct seen {
    unsigned count;
    struct oc_blob_store *delete_from;
};

static int see(const struct oc_blob_name *name, void *ctx, struct oc_err *e)
{
    struct seen *seen = ctx;

    seen->count++;
    return seen->delete_from ? oc_blob_delete(seen->delete_from, name, e) : OC_OK;
}

static int refuse_to_see(const struct oc_blob_name *name, void *ctx, struct oc_err *e)
{
    (void)name, (void)ctx;
    return oc_fail(e, OC_ECANCELED, "enough");
}

static void blobs_are_visited_and_leftovers_are_not(void **state)
{
    struct site site = open_site(*state);
    struct seen seen = {0};
    uint64_t leftovers;

    for (uint64_t i = 0; i < 40; i++) {
        struct sample s = make_sample(100, i);

        ok(put(&site, &s));
        free(s.bytes);
    }
    folder_write(*state, "blobs/us-west-2/parts/service/00/.tmp-abc", 10, 0);
    folder_write(*state, "blobs/us-west-2/parts/service/7f/.tmp-def", 10, 0);
    ok(oc_blob_leftovers(site.store, &leftovers, &err));
    assert_int_equal(leftovers, 2);
    ok(oc_blob_each(site.store, see, &seen, &err));
    assert_int_equal(seen.count, 40);
    assert_int_equal(oc_blob_each(site.store, refuse_to_see, NULL, &err), OC_ECANCELED);
    ok(oc_blob_clean(site.store, &err));
    ok(oc_blob_leftovers(site.store, &leftovers, &err));
    assert_int_equal(leftovers, 0);
    assert_int_equal(folder_count(*state, "blobs/us-west-2/parts"), 40);
    seen.delete_from = site.store;
    ok(oc_blob_each(site.store, see, &seen, &err));
    assert_int_equal(seen.count, 80);
    assert_int_equal(folder_count(*state, "blobs/us-west-2/parts"), 0);
    close_site(&site);
}

/* -- faults ----------------------------------------------------------------------------------- */

static void a_store_that_fails_leaves_nothing(void **state)
{
    static const struct {
        enum oc_fault_site site;
        int rc;
    } faults[] = {{OC_FAULT_ALLOC, OC_ENOMEM},
                  {OC_FAULT_WRITE, OC_EIO},
                  {OC_FAULT_SYNC, OC_EIO},
                  {OC_FAULT_RENAME, OC_EIO}};
    struct site site = open_site(*state);
    struct sample s = make_sample(FIRST + PLAIN + 10, 1);

    ok(put(&site, &s)); /* folders and keys are there */
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (unsigned nth = 1;; nth++) {
            unsigned fired;
            int rc;

            ok(oc_blob_delete(site.store, &s.name, &err));
            oc_fault_arm(faults[i].site, nth, OC_FAULT_ONCE);
            rc = put(&site, &s);
            fired = oc_fault_fired(faults[i].site);
            oc_fault_arm(faults[i].site, 0, OC_FAULT_ONCE);
            if (fired == 0) {
                assert_int_equal(rc, OC_OK);
                assert_true(nth > 1);
                break;
            }
            assert_true(rc == faults[i].rc || (faults[i].rc == OC_EIO && rc == OC_EFULL));
            /* It may be seen only when all that failed was to make its name durable. */
            if (has(&site, &s)) {
                assert_int_equal(faults[i].site, OC_FAULT_SYNC);
                ok(get(&site, &s));
                ok(oc_blob_delete(site.store, &s.name, &err));
            }
            assert_int_equal(folder_count(*state, "blobs/us-west-2/parts"), 0);
        }
    ok(get(&site, &s));
    free(s.bytes);
    close_site(&site);
}

static void a_blob_is_not_said_to_be_there_before_its_name_is_durable(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(100, 1);
    bool there;

    ok(put(&site, &s));
    ok(oc_blob_delete(site.store, &s.name, &err));
    oc_fault_arm(OC_FAULT_SYNC, 2,
                 OC_FAULT_ALWAYS); /* the file's sync passes, the folder's fails */
    assert_int_equal(put(&site, &s), OC_EIO);
    assert_int_equal(oc_blob_has(site.store, &s.name, &there, &err), OC_EIO);
    oc_fault_arm(OC_FAULT_SYNC, 0, OC_FAULT_ONCE);
    assert_true(has(&site, &s));
    oc_fault_arm(OC_FAULT_SYNC, 1, OC_FAULT_ALWAYS); /* synced now: it is not done again */
    assert_true(has(&site, &s));
    oc_fault_arm(OC_FAULT_SYNC, 0, OC_FAULT_ONCE);
    close_site(&site);
    site = open_site(*state); /* a new process cannot know what the last one has synced */
    oc_fault_arm(OC_FAULT_SYNC, 1, OC_FAULT_ALWAYS);
    assert_int_equal(oc_blob_has(site.store, &s.name, &there, &err), OC_EIO);
    oc_fault_arm(OC_FAULT_SYNC, 0, OC_FAULT_ONCE);
    assert_true(has(&site, &s));
    free(s.bytes);
    close_site(&site);
}

static void a_read_that_fails_is_an_error_of_the_disk(void **state)
{
    struct site site = open_site(*state);
    struct sample s = make_sample(FIRST + PLAIN + 10, 1);

    ok(put(&site, &s));
    for (unsigned nth = 1;; nth++) {
        unsigned fired;
        int rc;

        oc_fault_arm(OC_FAULT_READ, nth, OC_FAULT_ONCE);
        rc = get(&site, &s);
        fired = oc_fault_fired(OC_FAULT_READ);
        oc_fault_arm(OC_FAULT_READ, 0, OC_FAULT_ONCE);
        if (fired == 0) {
            assert_int_equal(rc, OC_OK);
            assert_true(nth > 1);
            break;
        }
        assert_int_equal(rc, OC_EIO);
    }
    free(s.bytes);
    close_site(&site);
}

/* A process that dies at any write, sync or rename leaves a whole blob or none. */
static void death_at_any_step_leaves_a_whole_blob_or_none(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_WRITE, OC_FAULT_SYNC, OC_FAULT_RENAME};
    struct sample s = make_sample(FIRST + PLAIN + 10, 1);

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        for (unsigned nth = 1;; nth++) {
            struct site site;
            uint64_t leftovers;
            int status;
            pid_t child = fork();

            assert_true(child >= 0);
            if (child == 0) {
                oc_fault_arm(sites[i], nth, OC_FAULT_DIE);
                site = open_site(*state);
                _exit(put(&site, &s) == OC_OK ? 0 : 1);
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFEXITED(status));
            site = open_site(*state);
            if (has(&site, &s))
                ok(get(&site, &s));
            else
                assert_int_not_equal(WEXITSTATUS(status), 0);
            ok(oc_blob_clean(site.store, &err));
            ok(oc_blob_leftovers(site.store, &leftovers, &err));
            assert_int_equal(leftovers, 0);
            ok(oc_blob_delete(site.store, &s.name, &err));
            close_site(&site);
            if (WEXITSTATUS(status) == 0)
                break;
            assert_int_equal(WEXITSTATUS(status), 137);
        }
    free(s.bytes);
}

/* -- threads ---------------------------------------------------------------------------------- */

static void *work(void *arg)
{
    struct site *site = arg;
    struct oc_err e = {0};

    for (uint64_t i = 0; i < 60; i++) {
        struct sample s = make_sample(1000 + i % 7, i % 20);
        uint8_t to[OC_BLOB_ROOM(2000)];
        size_t len;
        bool there;
        int rc = oc_blob_put(site->store, &s.name, (struct oc_slice){(char *)s.bytes, s.size},
                             false, &e);

        if (rc == OC_OK)
            rc = oc_blob_has(site->store, &s.name, &there, &e);
        if (rc == OC_OK)
            rc = oc_blob_get(site->store, &s.name, to, sizeof to, &len, &e);
        rc =
            rc == OC_OK && there && len == s.size && memcmp(to, s.bytes, len) == 0 ? OC_OK : OC_EIO;
        free(s.bytes);
        if (rc < 0)
            return site;
    }
    return NULL;
}

static void threads_may_store_the_same_blobs(void **state)
{
    struct site site = open_site(*state);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &site), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    close_site(&site);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blobs_of_every_size_come_back),
        TEST(a_sealed_blob_is_stored_again_after_a_failure),
        TEST(what_could_not_be_sealed_is_not_called_sealed),
        TEST(the_room_of_a_blob_is_enough),
        TEST(blobs_with_other_segments_are_read),
        TEST(bytes_with_another_digest_are_not_stored),
        TEST(what_is_stored_is_not_the_plaintext),
        TEST(a_buffer_that_is_too_small_is_told),
        TEST(names_cannot_lead_out_of_the_store),
        TEST(a_store_of_another_version_is_refused),
        TEST(any_range_of_a_blob_comes_out),
        TEST(a_range_is_verified_and_no_more_is_read),
        TEST(a_range_of_a_blob_that_is_stored_again_comes_out),
        TEST(every_changed_byte_is_noticed),
        TEST(a_header_that_was_changed_with_its_checksum_is_noticed),
        TEST(segments_that_were_moved_doubled_or_dropped_are_noticed),
        TEST(swapped_files_are_noticed),
        TEST(another_master_key_or_region_does_not_open_a_blob),
        TEST(a_disabled_key_neither_stores_nor_reads),
        TEST(blobs_are_visited_and_leftovers_are_not),
        TEST(a_store_that_fails_leaves_nothing),
        TEST(a_blob_is_not_said_to_be_there_before_its_name_is_durable),
        TEST(a_read_that_fails_is_an_error_of_the_disk),
        TEST(death_at_any_step_leaves_a_whole_blob_or_none),
        TEST(threads_may_store_the_same_blobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
