/* Published vectors and the rest of base/crypto. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "fault_loop.h"

#include "base/crc32c.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/crypto.h"

/* Bytes written as hexadecimal text; enough for every vector here. */
struct bytes {
    uint8_t at[256];
    size_t len;
};

static struct bytes unhex(const char *hex)
{
    struct bytes b = {.len = strlen(hex) / 2};

    assert_true(b.len <= sizeof(b.at));
    assert_true(oc_hex_decode(oc_slice_of(hex), b.at, b.len));
    return b;
}

static struct oc_slice slice(const struct bytes *b)
{
    return (struct oc_slice){(const char *)b->at, b->len};
}

static void assert_hex(const uint8_t *got, size_t len, const char *want)
{
    const struct bytes b = unhex(want);

    assert_int_equal(len, b.len);
    assert_memory_equal(got, b.at, len);
}

/* FIPS 180 example values; the last one is a million letters a. */
static const char *const sha_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char *const sha_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char *const sha_of_million =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void sha256_gives_the_published_values(void **state)
{
    uint8_t digest[OC_SHA256_LEN];
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_sha256((struct oc_slice){NULL, 0}, digest, &err), OC_OK);
    assert_hex(digest, sizeof(digest), sha_of_nothing);
    assert_int_equal(oc_sha256(OC_STR("abc"), digest, &err), OC_OK);
    assert_hex(digest, sizeof(digest), sha_of_abc);
}

static void sha256_in_pieces_gives_the_same_and_starts_again(void **state)
{
    struct oc_sha256_stream *stream;
    uint8_t digest[OC_SHA256_LEN];
    struct oc_err err = {0};

    (void)state;
    stream = oc_sha256_stream_new(&err);
    assert_non_null(stream);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(oc_sha256_stream_add(stream, OC_STR("aaaaaaaaaa"), &err), OC_OK);
    assert_int_equal(oc_sha256_stream_end(stream, digest, &err), OC_OK);
    assert_hex(digest, sizeof(digest), sha_of_million);
    assert_int_equal(oc_sha256_stream_end(stream, digest, &err), OC_OK);
    assert_hex(digest, sizeof(digest), sha_of_nothing);
    oc_sha256_stream_free(stream);
    oc_sha256_stream_free(NULL);
}

static void hash_by_openssl(struct oc_slice data, uint8_t ret[OC_SHA256_LEN])
{
    unsigned len = OC_SHA256_LEN;

    assert_int_equal(EVP_Digest(data.ptr, data.len, ret, &len, EVP_sha256(), NULL), 1);
}

/* Two messages of these sizes in one buffer, in pieces of up to `piece` bytes, against OpenSSL. */
static void compare_pair(const uint8_t *bytes, size_t a, size_t b, size_t piece)
{
    const struct oc_slice data[2] = {{(const char *)bytes, a}, {(const char *)bytes + a, b}};
    uint8_t want[OC_SHA256_LEN], got[OC_SHA256_LEN];
    struct oc_err err = {0};
    struct oc_sha256_stream *streams[2] = {oc_sha256_stream_new(&err), oc_sha256_stream_new(&err)};

    for (size_t at = 0; at < a || at < b; at += piece) {
        const struct oc_slice pieces[2] = {oc_slice_sub(data[0], at, piece),
                                           oc_slice_sub(data[1], at, piece)};

        assert_int_equal(oc_sha256_streams_add(streams, pieces, &err), OC_OK);
    }
    for (int i = 0; i < 2; i++) {
        hash_by_openssl(data[i], want);
        assert_int_equal(oc_sha256_stream_end(streams[i], got, &err), OC_OK);
        assert_memory_equal(got, want, sizeof(want));
        oc_sha256_stream_free(streams[i]);
    }
}

static void sha256_of_small_messages_is_openssls_at_any_cut(void **state)
{
    uint8_t bytes[300], want[OC_SHA256_LEN], got[OC_SHA256_LEN];
    struct oc_err err = {0};
    uint32_t chance = 20260102;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((chance = chance * 1664525 + 1013904223) >> 24);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        const struct oc_slice data = {(const char *)bytes, len};

        hash_by_openssl(data, want);
        assert_int_equal(oc_sha256(data, got, &err), OC_OK);
        assert_memory_equal(got, want, sizeof(want));
        for (size_t cut = 0; cut <= len; cut++) {
            const size_t second = (len - cut) / 2;
            const struct oc_slice pieces[3] = {
                {data.ptr, cut}, {data.ptr + cut, second}, oc_slice_sub(data, cut + second, len)};

            if (!oc_sha256_pieces(pieces, 3, got))
                skip();
            assert_memory_equal(got, want, sizeof(want));
        }
    }
}

static void hmac_of_pieces_is_that_of_the_whole(void **state)
{
    const struct oc_slice key = OC_STR("a key"), whole = OC_STR("one two three");
    uint8_t want[OC_SHA256_LEN], got[OC_SHA256_LEN];
    char large[10000] = "one ";
    struct oc_err err = {0};
    unsigned len = OC_SHA256_LEN;

    (void)state;
    assert_non_null(HMAC(EVP_sha256(), key.ptr, (int)key.len, (const uint8_t *)whole.ptr, whole.len,
                         want, &len));
    assert_int_equal(
        oc_hmac_sha256_pieces(
            key, (struct oc_slice[3]){OC_STR("one "), OC_STR("two "), OC_STR("three")}, got, &err),
        OC_OK);
    assert_memory_equal(got, want, sizeof(want));
    assert_non_null(HMAC(EVP_sha256(), key.ptr, (int)key.len, (const uint8_t *)large, sizeof(large),
                         want, &len));
    assert_int_equal(
        oc_hmac_sha256_pieces(key, (struct oc_slice[3]){{large, 100}, {0}, {large + 100, 9900}},
                              got, &err),
        OC_OK);
    assert_memory_equal(got, want, sizeof(want));
}

static void compare_pairs(void)
{
    uint8_t *bytes = malloc(300000);
    uint32_t chance = 20260101;

    for (size_t i = 0; i < 300000; i++)
        bytes[i] = (uint8_t)((chance = chance * 1664525 + 1013904223) >> 24);
    for (size_t a = 0; a < 200; a++) /* every place that the padding can have */
        for (size_t b = a % 3; b < 200; b += 3)
            compare_pair(bytes + a, a, b, 200);
    for (size_t piece = 1; piece < 200; piece++) /* and every rest that can wait for more */
        compare_pair(bytes + piece, 333, 270, piece);
    for (int i = 0; i < 300; i++) {
        size_t a = (chance = chance * 1664525 + 1013904223) >> 15;
        size_t b = (chance = chance * 1664525 + 1013904223) >> 15;

        compare_pair(bytes + i, a, b, 1 + ((chance = chance * 1664525 + 1013904223) >> 15));
    }
    free(bytes);
}

static void sha256_of_a_pair_is_that_of_each(void **state)
{
    (void)state;
    compare_pairs();
    oc_crypto_openssl_only(true);
    compare_pairs();
    oc_crypto_openssl_only(false);
}

static void hmac_gives_the_values_of_rfc_4231(void **state)
{
    static const struct {
        const char *key, *data, *mac;
    } cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
         "dcd"
         "cdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };
    char long_key[131];
    uint8_t mac[OC_SHA256_LEN];
    struct oc_err err = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct bytes key = unhex(cases[i].key), data = unhex(cases[i].data);

        assert_int_equal(oc_hmac_sha256(slice(&key), slice(&data), mac, &err), OC_OK);
        assert_hex(mac, sizeof(mac), cases[i].mac);
    }
    memset(long_key, 0xaa, sizeof(long_key));
    assert_int_equal(
        oc_hmac_sha256((struct oc_slice){long_key, sizeof(long_key)},
                       OC_STR("Test Using Larger Than Block-Size Key - Hash Key First"), mac, &err),
        OC_OK);
    assert_hex(mac, sizeof(mac),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* An absent key must be the empty key, not the key of the call before. */
static void hmac_without_a_key_does_not_reuse_the_last_one(void **state)
{
    uint8_t absent[OC_SHA256_LEN], empty[OC_SHA256_LEN];
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_hmac_sha256(OC_STR("a"), OC_STR(""), absent, &err), OC_OK);
    assert_int_equal(oc_hmac_sha256((struct oc_slice){NULL, 0}, OC_STR(""), absent, &err), OC_OK);
    assert_hex(absent, sizeof(absent),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_int_equal(oc_hmac_sha256(OC_STR("b"), OC_STR(""), empty, &err), OC_OK);
    assert_int_equal(oc_hmac_sha256(OC_STR(""), OC_STR(""), empty, &err), OC_OK);
    assert_memory_equal(absent, empty, sizeof(empty));
}

static void hkdf_gives_the_values_of_rfc_5869(void **state)
{
    static const struct {
        const char *key, *salt, *info, *out;
    } cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
         "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    uint8_t out[255 * 32];
    struct oc_err err = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct bytes key = unhex(cases[i].key), salt = unhex(cases[i].salt),
                           info = unhex(cases[i].info);

        assert_int_equal(oc_hkdf_sha256(slice(&key), slice(&salt), slice(&info), out, 42, &err),
                         OC_OK);
        assert_hex(out, 42, cases[i].out);
    }
    assert_int_equal(oc_hkdf_sha256(OC_STR("k"), OC_STR(""), OC_STR(""), out, sizeof(out), &err),
                     OC_OK);
    assert_int_equal(
        oc_hkdf_sha256(OC_STR("k"), OC_STR(""), OC_STR(""), out, sizeof(out) + 1, &err), OC_EINVAL);
}

/* The AES-256 test cases 13 to 16 of McGrew and Viega's GCM specification. */
static const struct {
    const char *key, *nonce, *aad, *plain, *sealed;
} gcm_cases[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void gcm_gives_the_published_values_both_ways(void **state)
{
    struct oc_err err = {0};
    uint8_t out[128];

    (void)state;
    for (size_t i = 0; i < sizeof(gcm_cases) / sizeof(gcm_cases[0]); i++) {
        const struct bytes key = unhex(gcm_cases[i].key), nonce = unhex(gcm_cases[i].nonce),
                           aad = unhex(gcm_cases[i].aad), plain = unhex(gcm_cases[i].plain);
        struct oc_slice in_place = {(const char *)out, plain.len};

        assert_int_equal(oc_gcm_seal(key.at, nonce.at, slice(&aad), slice(&plain), out, &err),
                         OC_OK);
        assert_hex(out, plain.len + OC_GCM_TAG_LEN, gcm_cases[i].sealed);
        memcpy(out, plain.at, plain.len);
        assert_int_equal(oc_gcm_seal(key.at, nonce.at, slice(&aad), in_place, out, &err), OC_OK);
        assert_hex(out, plain.len + OC_GCM_TAG_LEN, gcm_cases[i].sealed);
        in_place.len += OC_GCM_TAG_LEN;
        assert_int_equal(oc_gcm_open(key.at, nonce.at, slice(&aad), in_place, out, &err), OC_OK);
        assert_memory_equal(out, plain.at, plain.len);
    }
}

/* Sealed by one, opened by the other. */
static void gcm_is_the_same_whoever_computes_it(void **state)
{
    uint8_t key[OC_AES_KEY_LEN], nonce[OC_GCM_NONCE_LEN], *plain = malloc(70000);
    uint8_t *ours = malloc(70000), *theirs = malloc(70000), size[2];
    struct oc_err err = {0};

    (void)state;
    for (size_t i = 0; i < 70000; i++)
        plain[i] = (uint8_t)(i * i >> 3);
    for (size_t i = 0; i < 600; i++) {
        struct oc_slice text = {(char *)plain, i}, aad = {(char *)plain + 5, i % 40};

        assert_int_equal(oc_random(key, sizeof(key), &err), OC_OK);
        assert_int_equal(oc_random(nonce, sizeof(nonce), &err), OC_OK);
        assert_int_equal(oc_random(size, sizeof(size), &err), OC_OK);
        if (i >= 300)
            text.len = oc_get_be16(size);
        assert_int_equal(oc_gcm_seal(key, nonce, aad, text, ours, &err), OC_OK);
        oc_crypto_openssl_only(true);
        assert_int_equal(oc_gcm_seal(key, nonce, aad, text, theirs, &err), OC_OK);
        oc_crypto_openssl_only(i % 2);
        assert_memory_equal(ours, theirs, text.len + OC_GCM_TAG_LEN);
        text = (struct oc_slice){(char *)ours, text.len + OC_GCM_TAG_LEN};
        assert_int_equal(oc_gcm_open(key, nonce, aad, text, ours, &err), OC_OK);
        assert_memory_equal(ours, plain, text.len - OC_GCM_TAG_LEN);
        theirs[i % text.len] ^= 0x10;
        text.ptr = (char *)theirs;
        assert_int_equal(oc_gcm_open(key, nonce, aad, text, ours, &err), OC_ECORRUPT);
        oc_crypto_openssl_only(false);
    }
    free(plain);
    free(ours);
    free(theirs);
}

static void gcm_refuses_every_changed_bit(void **state)
{
    const struct bytes key = unhex(gcm_cases[3].key), nonce = unhex(gcm_cases[3].nonce),
                       aad = unhex(gcm_cases[3].aad), sealed = unhex(gcm_cases[3].sealed);
    struct oc_err err = {0};
    uint8_t out[128];

    (void)state;
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        struct bytes changed = sealed;

        changed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(oc_gcm_open(key.at, nonce.at, slice(&aad), slice(&changed), out, &err),
                         OC_ECORRUPT);
    }
    assert_int_equal(oc_gcm_open(key.at, nonce.at, OC_STR("other"), slice(&sealed), out, &err),
                     OC_ECORRUPT);
    assert_int_equal(oc_gcm_open(aad.at, nonce.at, slice(&aad), slice(&sealed), out, &err),
                     OC_ECORRUPT);
    assert_int_equal(oc_gcm_open(key.at, key.at, slice(&aad), slice(&sealed), out, &err),
                     OC_ECORRUPT);
    assert_int_equal(oc_gcm_open(key.at, nonce.at, slice(&aad), OC_STR("short"), out, &err),
                     OC_ECORRUPT);
}

static void random_bytes_of_any_size_differ(void **state)
{
    static const size_t sizes[] = {0, 1, 255, 256, 257, 10000};
    static uint8_t a[10000], b[10000];
    struct oc_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(oc_random(a, sizes[i], &err), OC_OK);
        assert_int_equal(oc_random(b, sizes[i], &err), OC_OK);
        if (sizes[i] > 8)
            assert_memory_not_equal(a, b, sizes[i]);
    }
}

static void uuids_have_version_and_variant_and_differ(void **state)
{
    static char ids[1000][36];
    struct oc_err err = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(oc_random_uuid(ids[i], &err), OC_OK);
        for (size_t at = 0; at < 36; at++) {
            if (at == 8 || at == 13 || at == 18 || at == 23)
                assert_int_equal(ids[i][at], '-');
            else
                assert_non_null(memchr("0123456789abcdef", ids[i][at], 16));
        }
        assert_int_equal(ids[i][14], '4');
        assert_non_null(memchr("89ab", ids[i][19], 4));
        for (size_t before = 0; before < i; before++)
            assert_memory_not_equal(ids[before], ids[i], 36);
    }
}

static void random_ids_use_every_letter_about_equally(void **state)
{
    static char id[36000];
    unsigned counts[256] = {0};
    unsigned seen = 0;
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_random_id(id, sizeof(id), &err), OC_OK);
    for (size_t i = 0; i < sizeof(id); i++)
        counts[(unsigned char)id[i]]++;
    for (const char *c = "abcdefghijklmnopqrstuvwxyz0123456789"; *c; c++) {
        /* 1000 expected, standard deviation 31: eight of them */
        assert_in_range(counts[(unsigned char)*c], 750, 1250);
        seen += counts[(unsigned char)*c];
    }
    assert_int_equal(seen, sizeof(id));
}

static void secrets_are_compared_and_wiped(void **state)
{
    struct oc_secret secret = {.bytes = "secret", .len = 6}, empty = {.len = 0};

    (void)state;
    assert_true(oc_crypto_equal("abc", "abc", 3));
    assert_false(oc_crypto_equal("abc", "abd", 3));
    assert_true(oc_crypto_equal("abc", "abd", 2));
    assert_true(oc_crypto_equal("a", "b", 0));
    oc_secret_clear(&secret);
    assert_memory_equal(&secret, &empty, sizeof(secret));
}

static void crc32c_gives_the_values_of_rfc_3720(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(oc_crc32c(0, "", 0), 0);
    assert_int_equal(oc_crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(oc_crc32c_portable(0, "123456789", 9), 0xE3069283);
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(oc_crc32c(0, bytes, 32), 0x8A9136AA);
    assert_int_equal(oc_crc32c_portable(0, bytes, 32), 0x8A9136AA);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(oc_crc32c(0, bytes, 32), 0x62A8AB43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(oc_crc32c(0, bytes, 32), 0x46DD794E);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(oc_crc32c(0, bytes, 32), 0x113FDB5C);
}

static void crc32c_is_the_same_by_instruction_by_table_and_in_pieces(void **state)
{
    static uint8_t bytes[8192];
    struct oc_err err = {0};

    (void)state;
    assert_int_equal(oc_random(bytes, sizeof(bytes), &err), OC_OK);
    for (size_t len = 0; len <= sizeof(bytes) - 8; len += len < 64 ? 1 : 61) {
        const uint8_t *from = bytes + len % 8;
        const uint32_t whole = oc_crc32c(0, from, len);

        assert_int_equal(whole, oc_crc32c_portable(0, from, len));
        assert_int_equal(whole,
                         oc_crc32c(oc_crc32c(0, from, len / 3), from + len / 3, len - len / 3));
    }
}

static int use_everything(void *ctx)
{
    struct oc_err err = {0};
    struct oc_sha256_stream *stream;
    uint8_t out[64];
    const uint8_t key[32] = {1};
    int rc;

    (void)ctx;
    stream = oc_sha256_stream_new(&err);
    if (!stream)
        return err.rc;
    oc_sha256_stream_free(stream);
    rc = oc_hkdf_sha256(OC_STR("key"), OC_STR("salt"), OC_STR("info"), out, sizeof(out), &err);
    if (rc == OC_OK)
        rc = oc_sha256(OC_STR("data"), out, &err);
    if (rc == OC_OK)
        rc = oc_gcm_seal(key, key, OC_STR("aad"), OC_STR("plain"), out, &err);
    if (rc == OC_OK)
        rc = oc_random_uuid((char *)out, &err);
    return rc;
}

static void *use_in_thread(void *ctx)
{
    int *rc = ctx;

    *rc = use_everything(NULL);
    return NULL;
}

/* A new thread each time, because a thread allocates its contexts once. */
static int use_in_new_thread(void *ctx)
{
    pthread_t thread;
    int rc = OC_EBUSY;

    (void)ctx;
    assert_int_equal(pthread_create(&thread, NULL, use_in_thread, &rc), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return rc;
}

static void crypto_survives_every_failed_allocation(void **state)
{
    (void)state;
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ONCE, use_in_new_thread, NULL, OC_ENOMEM);
    fail_each_call(OC_FAULT_ALLOC, OC_FAULT_ALWAYS, use_in_new_thread, NULL, OC_ENOMEM);
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[8];
    int rcs[8];

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_in_thread, &rcs[i]), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(rcs[i], OC_OK);
    }
}

static void a_forked_process_has_random_bytes_of_its_own(void **state)
{
    uint8_t mine[16], other[16];
    struct oc_err e = {0};
    int ends[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(oc_random(mine, sizeof(mine), &e), OC_OK); /* the thread has its pool */
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int rc = oc_random(other, sizeof(other), &e);

        _exit(rc == OC_OK && write(ends[1], other, sizeof(other)) == sizeof(other) ? 0 : 1);
    }
    assert_int_equal(oc_random(mine, sizeof(mine), &e), OC_OK);
    assert_int_equal(read(ends[0], other, sizeof(other)), sizeof(other));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_not_equal(mine, other, sizeof(mine));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(sha256_in_pieces_gives_the_same_and_starts_again),
        cmocka_unit_test(sha256_of_a_pair_is_that_of_each),
        cmocka_unit_test(sha256_of_small_messages_is_openssls_at_any_cut),
        cmocka_unit_test(hmac_of_pieces_is_that_of_the_whole),
        cmocka_unit_test(hmac_gives_the_values_of_rfc_4231),
        cmocka_unit_test(hmac_without_a_key_does_not_reuse_the_last_one),
        cmocka_unit_test(hkdf_gives_the_values_of_rfc_5869),
        cmocka_unit_test(gcm_gives_the_published_values_both_ways),
        cmocka_unit_test(gcm_is_the_same_whoever_computes_it),
        cmocka_unit_test(gcm_refuses_every_changed_bit),
        cmocka_unit_test(random_bytes_of_any_size_differ),
        cmocka_unit_test(uuids_have_version_and_variant_and_differ),
        cmocka_unit_test(random_ids_use_every_letter_about_equally),
        cmocka_unit_test(secrets_are_compared_and_wiped),
        cmocka_unit_test(crc32c_gives_the_values_of_rfc_3720),
        cmocka_unit_test(crc32c_is_the_same_by_instruction_by_table_and_in_pieces),
        cmocka_unit_test(crypto_survives_every_failed_allocation),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(a_forked_process_has_random_bytes_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
