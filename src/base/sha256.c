/*
 * SHA-256 by the processor's own instructions: small messages, and two messages at a time.
 *
 * A request is signed over some hundred bytes. OpenSSL takes as long to get ready for so few as to
 * hash them; here nothing is got ready. Large messages are OpenSSL's.
 *
 * Two at a time: the processor's SHA instructions wait for each other: a round needs the result of
 * the one before, and one message keeps the unit busy less than half of the time. The rounds of a
 * second message fit into the gaps, so that two take hardly longer than one. Without the
 * instructions there is nothing to gain, and OpenSSL does it all.
 *
 * The state is kept as the instructions want it (words a b e f and c d g h); m[i % 4] holds the
 * four words of the message schedule for the rounds 4i to 4i + 3.
 */
#include <pthread.h>
#include <string.h>

#include "base/crypto.h"

static int hash_in_turn(const struct oc_slice data[2], uint8_t *const ret[2], struct oc_err *err)
{
    int rc = oc_sha256(data[0], ret[0], err);

    return rc < 0 ? rc : oc_sha256(data[1], ret[1], err);
}

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define BLOCK_LEN 64
#define TARGET    __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE    static inline __attribute__((always_inline)) TARGET

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool has_instructions;

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One message: its state, and the block at work. */
struct lane {
    __m128i abef, cdgh, m[4];
};

static void look_for_instructions(void)
{
    unsigned a, b, c, d;

    has_instructions = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) &&
                       __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

INLINE void start(struct lane *lane)
{
    lane->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
    lane->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
}

INLINE void load_block(struct lane *lane, const uint8_t *block)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);

    for (int i = 0; i < 4; i++)
        lane->m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)block + i), order);
}

/* Rounds 4i to 4i + 3, and the words of the schedule that come four groups later. */
INLINE void four_rounds(struct lane *lane, int i)
{
    const __m128i k = _mm_load_si128((const __m128i *)(const void *)round_constants + i);
    const __m128i wk = _mm_add_epi32(lane->m[i % 4], k);

    lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, wk);
    lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(wk, 0x0E));
    if (i < 12) {
        const __m128i *m = lane->m;
        const __m128i seven_back = _mm_alignr_epi8(m[(i + 3) % 4], m[(i + 2) % 4], 4);
        const __m128i sum =
            _mm_add_epi32(_mm_sha256msg1_epu32(m[i % 4], m[(i + 1) % 4]), seven_back);

        lane->m[i % 4] = _mm_sha256msg2_epu32(sum, m[(i + 3) % 4]);
    }
}

TARGET static void hash_blocks(struct lane *lane, const uint8_t *at, size_t blocks)
{
    for (; blocks > 0; blocks--, at += BLOCK_LEN) {
        const __m128i abef = lane->abef, cdgh = lane->cdgh;

        load_block(lane, at);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            four_rounds(lane, i);
        lane->abef = _mm_add_epi32(lane->abef, abef);
        lane->cdgh = _mm_add_epi32(lane->cdgh, cdgh);
    }
}

TARGET static void hash_two(struct lane lanes[2], const uint8_t *a, const uint8_t *b, size_t blocks)
{
    struct lane x = {lanes[0].abef, lanes[0].cdgh}, y = {lanes[1].abef, lanes[1].cdgh};

    for (; blocks > 0; blocks--, a += BLOCK_LEN, b += BLOCK_LEN) {
        const __m128i x_abef = x.abef, x_cdgh = x.cdgh, y_abef = y.abef, y_cdgh = y.cdgh;

        load_block(&x, a);
        load_block(&y, b);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            four_rounds(&x, i);
            four_rounds(&y, i);
        }
        x.abef = _mm_add_epi32(x.abef, x_abef);
        x.cdgh = _mm_add_epi32(x.cdgh, x_cdgh);
        y.abef = _mm_add_epi32(y.abef, y_abef);
        y.cdgh = _mm_add_epi32(y.cdgh, y_cdgh);
    }
    lanes[0].abef = x.abef;
    lanes[0].cdgh = x.cdgh;
    lanes[1].abef = y.abef;
    lanes[1].cdgh = y.cdgh;
}

/* The last bytes, fewer than a block, and the padding that FIPS 180 wants. */
TARGET static void end(struct lane *lane, const uint8_t *tail, uint64_t len,
                       uint8_t ret[OC_SHA256_LEN])
{
    uint8_t last[2 * BLOCK_LEN] = {0};
    size_t rest = len % BLOCK_LEN, blocks = rest + 9 > BLOCK_LEN ? 2 : 1;
    uint32_t words[8];

    if (rest)
        memcpy(last, tail, rest);
    last[rest] = 0x80;
    oc_put_be64(last + blocks * BLOCK_LEN - 8, len * 8);
    hash_blocks(lane, last, blocks);
    _mm_storeu_si128((__m128i *)words, lane->abef);     /* f e b a */
    _mm_storeu_si128((__m128i *)words + 1, lane->cdgh); /* h g d c */
    for (int i = 0; i < 8; i++) {
        static const uint8_t place[8] = {3, 2, 7, 6, 1, 0, 5, 4};

        oc_put_be32(ret + (size_t)i * 4, words[place[i]]);
    }
}

/* Whole blocks are hashed where they lie; what is left of a piece waits in `block`. */
TARGET static void hash_pieces(const struct oc_slice *pieces, size_t count,
                               uint8_t ret[OC_SHA256_LEN])
{
    uint8_t block[BLOCK_LEN];
    struct lane lane;
    size_t waiting = 0;
    uint64_t total = 0;

    start(&lane);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = (const uint8_t *)pieces[i].ptr;
        size_t left = pieces[i].len;

        total += left;
        while (waiting + left >= BLOCK_LEN) {
            size_t blocks = waiting ? 1 : left / BLOCK_LEN, used = blocks * BLOCK_LEN - waiting;

            if (waiting)
                memcpy(block + waiting, at, used);
            hash_blocks(&lane, waiting ? block : at, blocks);
            at += used;
            left -= used;
            waiting = 0;
        }
        if (left)
            memcpy(block + waiting, at, left);
        waiting += left;
    }
    end(&lane, block, total, ret);
    oc_wipe(block, sizeof(block));
    oc_wipe(&lane, sizeof(lane));
}

TARGET static void hash_together(const struct oc_slice data[2], uint8_t *const ret[2])
{
    const size_t blocks[2] = {data[0].len / BLOCK_LEN, data[1].len / BLOCK_LEN};
    const size_t both = blocks[0] < blocks[1] ? blocks[0] : blocks[1];
    const uint8_t *at[2] = {(const uint8_t *)data[0].ptr, (const uint8_t *)data[1].ptr};
    struct lane lanes[2];

    start(&lanes[0]);
    start(&lanes[1]);
    hash_two(lanes, at[0], at[1], both);
    for (int i = 0; i < 2; i++) {
        if (blocks[i] > both)
            hash_blocks(&lanes[i], at[i] + both * BLOCK_LEN, blocks[i] - both);
        end(&lanes[i], blocks[i] ? at[i] + blocks[i] * BLOCK_LEN : at[i], data[i].len, ret[i]);
    }
}

bool oc_sha256_pieces(const struct oc_slice *pieces, size_t count, uint8_t ret[OC_SHA256_LEN])
{
    if (pthread_once(&once, look_for_instructions) != 0 || !has_instructions)
        return false;
    hash_pieces(pieces, count, ret);
    return true;
}

int oc_sha256_pair(const struct oc_slice data[2], uint8_t *const ret[2], struct oc_err *err)
{
    if (pthread_once(&once, look_for_instructions) != 0 || !has_instructions)
        return hash_in_turn(data, ret, err);
    hash_together(data, ret);
    return OC_OK;
}

#else

bool oc_sha256_pieces(const struct oc_slice *pieces, size_t count, uint8_t ret[OC_SHA256_LEN])
{
    (void)pieces;
    (void)count;
    (void)ret;
    return false;
}

int oc_sha256_pair(const struct oc_slice data[2], uint8_t *const ret[2], struct oc_err *err)
{
    return hash_in_turn(data, ret, err);
}

#endif
