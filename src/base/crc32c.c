/*
 * CRC-32C: polynomial 0x1EDC6F41, bits reflected, register inverted before and after.
 *
 * With SSE 4.2 the instruction gives 8 bytes every cycle but each needs three, so three lanes of
 * LANE bytes are computed side by side and joined: appending n zero bytes to a message multiplies
 * its CRC by x^(8n) modulo the polynomial. That product is one carry-less multiplication, whose
 * 64-bit result another crc32 instruction reduces. In reflected order the multiplication adds a
 * factor x and the reduction a factor x^32, hence the constants are x^(8n - 33).
 */
#include "base/crc32c.h"

#include <endian.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/crypto.h"

#define POLY 0x82F63B78U /* reflected */
#define LANE 512         /* bytes of one of the three lanes */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t tables[8][256]; /* [n][b]: the CRC of byte b and n zero bytes */

static uint32_t times_x(uint32_t crc)
{
    return crc >> 1 ^ (crc & 1 ? POLY : 0);
}

static uint64_t load64(const uint8_t *from)
{
    uint64_t v;

    memcpy(&v, from, sizeof(v));
    return le64toh(v);
}

#ifdef __x86_64__

#include <immintrin.h>

static bool has_instructions;
static uint32_t skip_one, skip_two; /* x^(8n - 33) for n of one and of two lanes */

static uint32_t power_of_x(unsigned n)
{
    uint32_t v = 0x80000000U; /* x^0 */

    while (n-- > 0)
        v = times_x(v);
    return v;
}

static void init_instructions(void)
{
    has_instructions = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
    skip_one = power_of_x(8 * LANE - 33);
    skip_two = power_of_x(8 * 2 * LANE - 33);
}

__attribute__((target("sse4.2,pclmul"))) static uint64_t multiply(uint32_t a, uint32_t b)
{
    const __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)a), _mm_cvtsi32_si128((int)b), 0);

    return (uint64_t)_mm_cvtsi128_si64(product);
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t update(uint32_t crc, const uint8_t *p,
                                                                size_t len)
{
    uint64_t a = crc;

    for (; len >= 3 * LANE; p += 3 * LANE, len -= 3 * LANE) {
        uint64_t b = 0, c = 0;

        for (size_t i = 0; i < LANE; i += 8) {
            a = _mm_crc32_u64(a, load64(p + i));
            b = _mm_crc32_u64(b, load64(p + LANE + i));
            c = _mm_crc32_u64(c, load64(p + 2 * LANE + i));
        }
        a = c ^ _mm_crc32_u64(0, multiply((uint32_t)a, skip_two) ^ multiply((uint32_t)b, skip_one));
    }
    for (; len >= 8; p += 8, len -= 8)
        a = _mm_crc32_u64(a, load64(p));
    crc = (uint32_t)a;
    for (; len > 0; p++, len--)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

#endif

static void init(void)
{
    for (unsigned b = 0; b < 256; b++) {
        uint32_t crc = b;

        for (int bit = 0; bit < 8; bit++)
            crc = times_x(crc);
        tables[0][b] = crc;
    }
    for (int n = 1; n < 8; n++) {
        for (unsigned b = 0; b < 256; b++)
            tables[n][b] = tables[n - 1][b] >> 8 ^ tables[0][tables[n - 1][b] & 255];
    }
#ifdef __x86_64__
    init_instructions();
#endif
}

uint32_t oc_crc32c_portable(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;

    (void)pthread_once(&once, init); /* cannot fail with a static once */
    crc = ~crc;
    for (; len >= 8; p += 8, len -= 8) {
        const uint64_t v = load64(p) ^ crc;

        crc = 0;
        for (int i = 0; i < 8; i++)
            crc ^= tables[7 - i][v >> 8 * i & 255];
    }
    for (; len > 0; p++, len--)
        crc = crc >> 8 ^ tables[0][(crc ^ *p) & 255];
    return ~crc;
}

uint32_t oc_crc32c(uint32_t crc, const void *data, size_t len)
{
    (void)pthread_once(&once, init); /* cannot fail with a static once */
#ifdef __x86_64__
    if (has_instructions)
        return ~update(~crc, data, len);
#endif
    return oc_crc32c_portable(crc, data, len);
}
