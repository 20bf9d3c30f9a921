/*
 * Loops over bits and short texts: the only code of the store that has versions for a processor.
 * The AVX2 versions are chosen at run time; the portable ones give the same results.
 */
#include "store/lmdb/impl.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_AVX2 1
#define AVX2      __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
static atomic_bool plain_only;
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
           !atomic_load_explicit(&plain_only, memory_order_relaxed);
}
void oc_bits_use_plain(bool plain)
{
    atomic_store_explicit(&plain_only, plain, memory_order_relaxed);
}
#else
#define HAVE_AVX2 0
void oc_bits_use_plain(bool plain)
{
    (void)plain;
}
#endif

#define LINE_WORDS 8
#define AHEAD      12 /* lines */

/* -- intersections ------------------------------------------------------------------------------
 */

/*
 * The operand that emptied a line is likely to empty the next one: it comes second from now on.
 * That is what keeps sets of which many overlap but one shares nothing as cheap as that one.
 */
static void promote(struct oc_bits_op *ops, unsigned k)
{
    struct oc_bits_op op = ops[k];

    for (; k > 1; k--)
        ops[k] = ops[k - 1];
    ops[k] = op;
}

static bool and_line(struct oc_bits_op *ops, unsigned count, uint32_t line, uint64_t out[8])
{
    memset(out, 0xff, 64);
    for (unsigned k = 0; k < count; k++) {
        const uint64_t *words = ops[k].words + ((int64_t)line * LINE_WORDS - ops[k].skew);
        uint64_t any = 0;
        for (int i = 0; i < LINE_WORDS; i++) {
            out[i] &= words[i] ^ ops[k].invert;
            any |= out[i];
        }
        if (!any) {
            if (k > 1)
                promote(ops, k);
            return false;
        }
    }
    return true;
}

static uint32_t walk_plain(struct oc_bits_op *ops, unsigned count, uint32_t line, uint32_t lines,
                           int step, uint64_t out[8])
{
    for (; lines; lines--, line += (uint32_t)step) {
        if (and_line(ops, count, line, out))
            return line;
    }
    return OC_NONE;
}

#if HAVE_AVX2
struct line {
    __m256i low, high;
};

AVX2 static inline struct line load_line(const struct oc_bits_op *op, uint32_t line)
{
    const uint64_t *words = op->words + ((int64_t)line * LINE_WORDS - op->skew);
    __m256i invert = _mm256_set1_epi64x((long long)op->invert);

    return (struct line){
        _mm256_xor_si256(_mm256_loadu_si256((const void *)words), invert),
        _mm256_xor_si256(_mm256_loadu_si256((const void *)(words + 4)), invert),
    };
}

static inline void fetch_line(const struct oc_bits_op *op, uint32_t line)
{
    __builtin_prefetch(op->words + ((int64_t)line * LINE_WORDS - op->skew));
}

AVX2 static inline struct line and_lines(struct line a, struct line b)
{
    return (struct line){_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
}

AVX2 static inline bool is_empty(struct line a)
{
    __m256i both = _mm256_or_si256(a.low, a.high);

    return _mm256_testz_si256(both, both);
}

AVX2 static uint32_t walk_avx2(struct oc_bits_op *ops, unsigned count, uint32_t line,
                               uint32_t lines, int step, uint64_t out[8])
{
    for (; lines; lines--, line += (uint32_t)step) {
        struct line all = load_line(&ops[0], line);
        unsigned k = 1;
        if (lines > AHEAD) {
            fetch_line(&ops[0], line + (uint32_t)(step * AHEAD));
            fetch_line(&ops[count > 1], line + (uint32_t)(step * AHEAD));
        }
        for (; k < count; k++) {
            all = and_lines(all, load_line(&ops[k], line));
            if (is_empty(all))
                break;
        }
        if (k < count) {
            if (k > 1)
                promote(ops, k);
        } else if (count > 1 || !is_empty(all)) {
            _mm256_storeu_si256((void *)out, all.low);
            _mm256_storeu_si256((void *)(out + 4), all.high);
            return line;
        }
    }
    return OC_NONE;
}
#endif

static uint32_t walk(struct oc_bits_op *ops, unsigned count, uint32_t line, uint32_t lines,
                     int step, uint64_t out[8])
{
#if HAVE_AVX2
    if (has_avx2())
        return walk_avx2(ops, count, line, lines, step, out);
#endif
    return walk_plain(ops, count, line, lines, step, out);
}

uint32_t oc_bits_up(struct oc_bits_op *ops, unsigned count, uint32_t line, uint32_t end,
                    uint64_t ret_words[8])
{
    return line < end ? walk(ops, count, line, end - line, 1, ret_words) : OC_NONE;
}

uint32_t oc_bits_down(struct oc_bits_op *ops, unsigned count, uint32_t line, uint32_t end,
                      uint64_t ret_words[8])
{
    return line != OC_NONE && line >= end ? walk(ops, count, line, line - end + 1, -1, ret_words)
                                          : OC_NONE;
}

unsigned oc_bits_filter(const struct oc_bits_op *op, uint16_t *positions, unsigned count)
{
    const uint64_t *words = op->words;
    unsigned kept = 0;

    /* Without branches: what is kept is not predictable. */
    for (unsigned i = 0; i < count; i++) {
        uint16_t p = positions[i];
        uint64_t bit = (words[(p >> 6) - op->skew] ^ op->invert) >> (p & 63) & 1;
        positions[kept] = p;
        kept += (unsigned)bit;
    }
    return kept;
}

static uint64_t equal64_plain(const uint32_t *numbers, uint32_t value)
{
    uint64_t mask = 0;

    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(numbers[i] == value) << i;
    return mask;
}

#if HAVE_AVX2
AVX2 static uint64_t equal64_avx2(const uint32_t *numbers, uint32_t value)
{
    __m256i want = _mm256_set1_epi32((int)value);
    uint64_t mask = 0;

    for (int i = 0; i < 8; i++) {
        __m256i have = _mm256_loadu_si256((const void *)(numbers + 8 * i));
        unsigned bits =
            (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(have, want)));
        mask |= (uint64_t)bits << (8 * i);
    }
    return mask;
}
#endif

uint64_t oc_bits_equal64(const uint32_t *numbers, uint32_t value)
{
#if HAVE_AVX2
    if (has_avx2())
        return equal64_avx2(numbers, value);
#endif
    return equal64_plain(numbers, value);
}

/* -- names ------------------------------------------------------------------------------------- */

static bool name_has_plain(const char *name, struct oc_slice needle)
{
    size_t len = strnlen(name, OC_NAME_MAX + 1);

    return len >= needle.len && memmem(name, len, needle.ptr, needle.len) != NULL;
}

#if HAVE_AVX2
AVX2 static uint64_t equal_bytes(__m256i low, __m256i high, char c)
{
    __m256i want = _mm256_set1_epi8(c);

    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, want)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, want)) << 32;
}

/* All places in 64 bytes at once: first and last characters select, memcmp decides. A place that
 * runs past the NUL fails memcmp or the last character, as a needle has no NUL. */
AVX2 static bool name_has_avx2(const char *name, struct oc_slice needle)
{
    __m256i low = _mm256_loadu_si256((const void *)name);
    __m256i high = _mm256_loadu_si256((const void *)(name + 32));
    uint64_t end = equal_bytes(low, high, 0);
    size_t len = end ? (size_t)__builtin_ctzll(end) : 64;

    if (len < needle.len)
        return false;
    uint64_t at = equal_bytes(low, high, needle.ptr[0]) &
                  equal_bytes(low, high, needle.ptr[needle.len - 1]) >> (needle.len - 1);
    at &= UINT64_MAX >> (63 - (len - needle.len));
    for (; at; at &= at - 1) {
        if (memcmp(name + __builtin_ctzll(at), needle.ptr, needle.len) == 0)
            return true;
    }
    return false;
}
#endif

bool oc_bits_name_has(const char *name, struct oc_slice needle)
{
#if HAVE_AVX2
    if (has_avx2())
        return name_has_avx2(name, needle);
#endif
    return name_has_plain(name, needle);
}

#if HAVE_AVX2
AVX2 static ptrdiff_t find_avx2(struct oc_slice text, struct oc_slice needle)
{
    __m256i first = _mm256_set1_epi8(needle.ptr[0]);
    __m256i last = _mm256_set1_epi8(needle.ptr[needle.len - 1]);
    size_t places = text.len - needle.len + 1, i = 0;

    for (; i + 32 <= places; i += 32) {
        __m256i a = _mm256_loadu_si256((const void *)(text.ptr + i));
        __m256i b = _mm256_loadu_si256((const void *)(text.ptr + i + needle.len - 1));
        uint32_t at = (uint32_t)_mm256_movemask_epi8(
            _mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, last)));
        for (; at; at &= at - 1) {
            size_t place = i + (size_t)__builtin_ctz(at);
            if (memcmp(text.ptr + place, needle.ptr, needle.len) == 0)
                return (ptrdiff_t)place;
        }
    }
    const char *found = memmem(text.ptr + i, text.len - i, needle.ptr, needle.len);
    return found ? found - text.ptr : -1;
}
#endif

ptrdiff_t oc_bits_find(struct oc_slice text, struct oc_slice needle)
{
    if (text.len < needle.len)
        return -1;
#if HAVE_AVX2
    if (has_avx2())
        return find_avx2(text, needle);
#endif
    const char *found = memmem(text.ptr, text.len, needle.ptr, needle.len);
    return found ? found - text.ptr : -1;
}
