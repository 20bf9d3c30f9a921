/*
 * SHA-256 by the processor's own instructions: small messages, and two messages side by side.
 *
 * A request is signed over some hundred bytes. OpenSSL takes as long to get ready for so few as to
 * hash them; here nothing is got ready.
 *
 * Side by side: the processor's SHA instructions wait for each other: a round needs the result of
 * the one before, and one message keeps the unit busy less than half of the time. The rounds of a
 * second message fit into the gaps, so that two take hardly longer than one. Without the
 * instructions there is nothing to gain, and OpenSSL does it all.
 *
 * The state is kept as the instructions want it (words a b e f and c d g h); m[i % 4] holds the
 * four words of the message schedule for the rounds 4i to 4i + 3.
 */
#include "base/sha256.h"

#include <pthread.h>
#include <string.h>

#define BLOCK_LEN OC_SHA256_BLOCK_LEN

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE static inline __attribute__((always_inline)) TARGET

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

/* One message at work: its state, and the block. */
struct lane {
    __m128i abef, cdgh, m[4];
};

static void look_for_instructions(void)
{
    unsigned a, b, c, d;

    has_instructions = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) &&
                       __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

INLINE struct lane load_state(const struct oc_sha256_lane *lane)
{
    return (struct lane){_mm_loadu_si128((const __m128i *)(const void *)lane->state),
                         _mm_loadu_si128((const __m128i *)(const void *)(lane->state + 4))};
}

INLINE void store_state(struct oc_sha256_lane *to, const struct lane *lane)
{
    _mm_storeu_si128((__m128i *)(void *)to->state, lane->abef);
    _mm_storeu_si128((__m128i *)(void *)(to->state + 4), lane->cdgh);
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

TARGET static void hash_blocks(struct oc_sha256_lane *of, const uint8_t *at, size_t blocks)
{
    struct lane lane = load_state(of);

    for (; blocks > 0; blocks--, at += BLOCK_LEN) {
        const __m128i abef = lane.abef, cdgh = lane.cdgh;

        load_block(&lane, at);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            four_rounds(&lane, i);
        lane.abef = _mm_add_epi32(lane.abef, abef);
        lane.cdgh = _mm_add_epi32(lane.cdgh, cdgh);
    }
    store_state(of, &lane);
}

TARGET static void hash_two(struct oc_sha256_lane *const of[2], const uint8_t *a, const uint8_t *b,
                            size_t blocks)
{
    struct lane x = load_state(of[0]), y = load_state(of[1]);

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
    store_state(of[0], &x);
    store_state(of[1], &y);
}

bool oc_sha256_has_lanes(void)
{
    return pthread_once(&once, look_for_instructions) == 0 && has_instructions &&
           !oc_crypto_is_openssl_only();
}

#else

bool oc_sha256_has_lanes(void)
{
    return false;
}

/* Never called, as there are no lanes. */
static void hash_blocks(struct oc_sha256_lane *of, const uint8_t *at, size_t blocks)
{
    (void)of, (void)at, (void)blocks;
}

static void hash_two(struct oc_sha256_lane *const of[2], const uint8_t *a, const uint8_t *b,
                     size_t blocks)
{
    (void)of, (void)a, (void)b, (void)blocks;
}

#endif

void oc_sha256_lane_start(struct oc_sha256_lane *lane)
{
    /* f e b a, h g d c */
    static const uint32_t initial[8] = {0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667,
                                        0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372};

    memcpy(lane->state, initial, sizeof(initial));
    lane->len = 0;
}

/* Complete the block that waits, if there is enough for it. */
static void fill(struct oc_sha256_lane *lane, struct oc_slice *data)
{
    const size_t waiting = lane->len % BLOCK_LEN, missing = BLOCK_LEN - waiting;

    if (!waiting || data->len < missing)
        return;
    memcpy(lane->rest + waiting, data->ptr, missing);
    hash_blocks(lane, lane->rest, 1);
    lane->len += missing;
    *data = oc_slice_sub(*data, missing, data->len);
}

/* How many blocks of `data` can be hashed where they lie. */
static size_t whole_blocks(const struct oc_sha256_lane *lane, struct oc_slice data)
{
    return lane->len % BLOCK_LEN ? 0 : data.len / BLOCK_LEN;
}

/* The last of `data`, of which `blocks` have been hashed. */
static void keep_rest(struct oc_sha256_lane *lane, struct oc_slice data, size_t blocks)
{
    const size_t waiting = lane->len % BLOCK_LEN, done = blocks * BLOCK_LEN;

    if (data.len > done)
        memcpy(lane->rest + waiting, data.ptr + done, data.len - done);
    lane->len += data.len;
}

void oc_sha256_lane_add(struct oc_sha256_lane *lane, struct oc_slice data)
{
    size_t blocks;

    fill(lane, &data);
    blocks = whole_blocks(lane, data);
    if (blocks)
        hash_blocks(lane, (const uint8_t *)data.ptr, blocks);
    keep_rest(lane, data, blocks);
}

void oc_sha256_lanes_add(struct oc_sha256_lane *const lanes[2], const struct oc_slice data[2])
{
    struct oc_slice left[2] = {data[0], data[1]};
    size_t blocks[2], both;

    for (int i = 0; i < 2; i++) {
        fill(lanes[i], &left[i]);
        blocks[i] = whole_blocks(lanes[i], left[i]);
    }
    both = blocks[0] < blocks[1] ? blocks[0] : blocks[1];
    if (both)
        hash_two(lanes, (const uint8_t *)left[0].ptr, (const uint8_t *)left[1].ptr, both);
    for (int i = 0; i < 2; i++) {
        if (blocks[i] > both)
            hash_blocks(lanes[i], (const uint8_t *)left[i].ptr + both * BLOCK_LEN,
                        blocks[i] - both);
        keep_rest(lanes[i], left[i], blocks[i]);
    }
}

/* The last bytes, fewer than a block, and the padding that FIPS 180 wants. */
void oc_sha256_lane_end(struct oc_sha256_lane *lane, uint8_t ret[OC_SHA256_LEN])
{
    static const uint8_t place[8] = {3, 2, 7, 6, 1, 0, 5, 4};
    const size_t waiting = lane->len % BLOCK_LEN, blocks = waiting + 9 > BLOCK_LEN ? 2 : 1;
    uint8_t last[2 * BLOCK_LEN] = {0};

    memcpy(last, lane->rest, waiting);
    last[waiting] = 0x80;
    oc_put_be64(last + blocks * BLOCK_LEN - 8, lane->len * 8);
    hash_blocks(lane, last, blocks);
    for (int i = 0; i < 8; i++)
        oc_put_be32(ret + (size_t)i * 4, lane->state[place[i]]);
}

bool oc_sha256_pieces(const struct oc_slice *pieces, size_t count, uint8_t ret[OC_SHA256_LEN])
{
    struct oc_sha256_lane lane;

    if (!oc_sha256_has_lanes())
        return false;
    oc_sha256_lane_start(&lane);
    for (size_t i = 0; i < count; i++)
        oc_sha256_lane_add(&lane, pieces[i]);
    oc_sha256_lane_end(&lane, ret);
    oc_wipe(&lane, sizeof(lane));
    return true;
}
