#include "base/crypto.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/fault.h"
#include "base/sha256.h"

#define SMALL_MAX        4096 /* bytes of a message that OpenSSL would not hash faster */
#define POOL_SIZE        4096 /* random bytes fetched at once for small requests */
#define POOL_REQUEST_MAX 256  /* larger requests go to the system */

/*
 * What one thread reuses.
 */
struct thread_state {
    EVP_MD_CTX *md;
    size_t pool_left; /* unused bytes at the end of `pool` */
    uint8_t pool[POOL_SIZE];
};

static atomic_bool openssl_only;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static bool ready; /* all below was had */
static EVP_MD *sha256;

static void free_state(void *ptr)
{
    struct thread_state *state = ptr;

    EVP_MD_CTX_free(state->md);
    oc_wipe(state->pool, sizeof(state->pool));
    free(state);
}

/* The child of a fork must not hand out what its parent does. Only the forking thread goes on. */
static void drop_pool_after_fork(void)
{
    struct thread_state *state = pthread_getspecific(thread_key);

    if (state)
        state->pool_left = 0;
}

static void fetch_algorithms(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ready = sha256 && pthread_key_create(&thread_key, free_state) == 0 &&
            pthread_atfork(NULL, NULL, drop_pool_after_fork) == 0;
}

static struct thread_state *new_state(void)
{
    struct thread_state *state = oc_alloc(sizeof(*state));

    if (!state)
        return NULL;
    memset(state, 0, sizeof(*state));
    state->md = EVP_MD_CTX_new();
    if (!state->md || pthread_setspecific(thread_key, state) != 0) {
        free_state(state);
        return NULL;
    }
    return state;
}

/* This thread's state, or NULL: no memory, or an OpenSSL without these algorithms. */
static struct thread_state *get_state(void)
{
    struct thread_state *state;

    if (pthread_once(&once, fetch_algorithms) != 0 || !ready)
        return NULL;
    state = pthread_getspecific(thread_key);
    return state ? state : new_state();
}

void oc_crypto_openssl_only(bool only)
{
    atomic_store_explicit(&openssl_only, only, memory_order_relaxed);
}

bool oc_crypto_is_openssl_only(void)
{
    return atomic_load_explicit(&openssl_only, memory_order_relaxed);
}

void oc_secret_clear(struct oc_secret *secret)
{
    oc_wipe(secret, sizeof(*secret));
}

int oc_sha256(struct oc_slice data, uint8_t ret_digest[OC_SHA256_LEN], struct oc_err *err)
{
    if (data.len <= SMALL_MAX && oc_sha256_pieces(&data, 1, ret_digest))
        return OC_OK;
    struct thread_state *state = get_state();
    if (!state || !EVP_DigestInit_ex2(state->md, sha256, NULL) ||
        !EVP_DigestUpdate(state->md, data.ptr, data.len) ||
        !EVP_DigestFinal_ex(state->md, ret_digest, NULL))
        return oc_fail_nomem(err);
    return OC_OK;
}

int oc_sha1(struct oc_slice data, uint8_t ret_digest[OC_SHA1_LEN], struct oc_err *err)
{
    size_t len = 0;

    if (!EVP_Q_digest(NULL, "SHA1", NULL, data.ptr, data.len, ret_digest, &len))
        return oc_fail_nomem(err);
    return OC_OK;
}

struct oc_sha256_stream {
    EVP_MD_CTX *md; /* NULL: by the processor's instructions */
    struct oc_sha256_lane lane;
};

/* Begin a message. */
static bool start_stream(struct oc_sha256_stream *stream)
{
    if (stream->md)
        return EVP_DigestInit_ex2(stream->md, sha256, NULL);
    oc_sha256_lane_start(&stream->lane);
    return true;
}

struct oc_sha256_stream *oc_sha256_stream_new(struct oc_err *err)
{
    struct oc_sha256_stream *stream = get_state() ? oc_alloc(sizeof(*stream)) : NULL;
    const bool has_lanes = oc_sha256_has_lanes();

    if (stream)
        stream->md = has_lanes ? NULL : EVP_MD_CTX_new();
    if (!stream || (!stream->md && !has_lanes) || !start_stream(stream)) {
        oc_sha256_stream_free(stream);
        (void)oc_fail_nomem(err); /* the code is told by NULL */
        return NULL;
    }
    return stream;
}

int oc_sha256_stream_add(struct oc_sha256_stream *stream, struct oc_slice data, struct oc_err *err)
{
    if (stream->md)
        return EVP_DigestUpdate(stream->md, data.ptr, data.len) ? OC_OK : oc_fail_nomem(err);
    oc_sha256_lane_add(&stream->lane, data);
    return OC_OK;
}

int oc_sha256_streams_add(struct oc_sha256_stream *const streams[2], const struct oc_slice data[2],
                          struct oc_err *err)
{
    if (!streams[0]->md && !streams[1]->md) {
        oc_sha256_lanes_add((struct oc_sha256_lane *[2]){&streams[0]->lane, &streams[1]->lane},
                            data);
        return OC_OK;
    }
    int rc = oc_sha256_stream_add(streams[0], data[0], err);

    return rc < 0 ? rc : oc_sha256_stream_add(streams[1], data[1], err);
}

int oc_sha256_stream_end(struct oc_sha256_stream *stream, uint8_t ret_digest[OC_SHA256_LEN],
                         struct oc_err *err)
{
    if (stream->md && !EVP_DigestFinal_ex(stream->md, ret_digest, NULL))
        return oc_fail_nomem(err);
    if (!stream->md)
        oc_sha256_lane_end(&stream->lane, ret_digest);
    return start_stream(stream) ? OC_OK : oc_fail_nomem(err);
}

void oc_sha256_stream_free(struct oc_sha256_stream *stream)
{
    if (!stream)
        return;
    EVP_MD_CTX_free(stream->md);
    free(stream);
}

/* One half of an HMAC: the digest of a padded key and of up to three pieces behind it. */
static bool mac_half(const uint8_t padded[OC_SHA256_BLOCK_LEN], const struct oc_slice pieces[3],
                     uint8_t ret_digest[OC_SHA256_LEN])
{
    const struct oc_slice all[4] = {
        {(const char *)padded, OC_SHA256_BLOCK_LEN}, pieces[0], pieces[1], pieces[2]};
    struct thread_state *state;
    bool ok;

    if (pieces[0].len + pieces[1].len + pieces[2].len <= SMALL_MAX &&
        oc_sha256_pieces(all, 4, ret_digest))
        return true;
    state = get_state();
    ok = state && EVP_DigestInit_ex2(state->md, sha256, NULL);
    for (int i = 0; i < 4 && ok; i++) {
        if (all[i].len)
            ok = EVP_DigestUpdate(state->md, all[i].ptr, all[i].len);
    }
    return ok && EVP_DigestFinal_ex(state->md, ret_digest, NULL);
}

/* Written out after RFC 2104, because OpenSSL's own takes longer to get ready than to compute. */
int oc_hmac_sha256_pieces(struct oc_slice key, const struct oc_slice pieces[3],
                          uint8_t ret_mac[OC_SHA256_LEN], struct oc_err *err)
{
    uint8_t padded[OC_SHA256_BLOCK_LEN] = {0}, inner[OC_SHA256_LEN];
    int rc = OC_OK;

    if (key.len > OC_SHA256_BLOCK_LEN)
        rc = oc_sha256(key, padded, err);
    else if (key.len)
        memcpy(padded, key.ptr, key.len);
    for (size_t i = 0; i < OC_SHA256_BLOCK_LEN; i++)
        padded[i] ^= 0x36;
    bool ok = rc >= 0 && mac_half(padded, pieces, inner);
    for (size_t i = 0; i < OC_SHA256_BLOCK_LEN; i++)
        padded[i] ^= 0x36 ^ 0x5C;
    ok =
        ok && mac_half(padded, (struct oc_slice[3]){{(const char *)inner, sizeof(inner)}}, ret_mac);
    oc_wipe(padded, sizeof(padded));
    oc_wipe(inner, sizeof(inner));
    return ok ? OC_OK : oc_fail_nomem(err);
}

int oc_hmac_sha256(struct oc_slice key, struct oc_slice data, uint8_t ret_mac[OC_SHA256_LEN],
                   struct oc_err *err)
{
    return oc_hmac_sha256_pieces(key, (struct oc_slice[3]){data}, ret_mac, err);
}

int oc_hkdf_sha256(struct oc_slice key, struct oc_slice salt, struct oc_slice info,
                   uint8_t *ret_out, size_t len, struct oc_err *err)
{
    uint8_t extracted[OC_SHA256_LEN], block[OC_SHA256_LEN];
    const struct oc_slice block_key = {(const char *)extracted, sizeof(extracted)};
    struct oc_slice previous = {NULL, 0};
    char count = 1;
    int rc;

    if (len > (size_t)255 * OC_SHA256_LEN)
        return oc_fail(err, OC_EINVAL, "HKDF: at most %d bytes can be derived",
                       255 * OC_SHA256_LEN);
    rc = oc_hmac_sha256(salt, key, extracted, err);
    for (size_t done = 0; done < len && rc == OC_OK; count++) {
        const size_t piece = len - done < sizeof(block) ? len - done : sizeof(block);

        rc = oc_hmac_sha256_pieces(block_key, (struct oc_slice[3]){previous, info, {&count, 1}},
                                   block, err);
        if (rc < 0)
            break;
        memcpy(ret_out + done, block, piece);
        previous = (struct oc_slice){(const char *)block, sizeof(block)};
        done += piece;
    }
    oc_wipe(extracted, sizeof(extracted));
    oc_wipe(block, sizeof(block));
    return rc;
}

static int system_random(void *ret_bytes, size_t len, struct oc_err *err)
{
    uint8_t *to = ret_bytes;

    while (len > 0) {
        const ssize_t got = getrandom(to, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return oc_fail_errno(err, "read random bytes");
        to += got;
        len -= (size_t)got;
    }
    return OC_OK;
}

int oc_random(void *ret_bytes, size_t len, struct oc_err *err)
{
    struct thread_state *state = len <= POOL_REQUEST_MAX ? get_state() : NULL;
    uint8_t *from;
    int rc;

    if (!state)
        return system_random(ret_bytes, len, err);
    if (state->pool_left < len) {
        rc = system_random(state->pool, sizeof(state->pool), err);
        if (rc < 0)
            return rc;
        state->pool_left = sizeof(state->pool);
    }
    from = state->pool + sizeof(state->pool) - state->pool_left;
    memcpy(ret_bytes, from, len);
    oc_wipe(from, len); /* what was handed out must not be found here later */
    state->pool_left -= len;
    return OC_OK;
}

int oc_random_uuid(char ret_uuid[36], struct oc_err *err)
{
    static const size_t group_bytes[] = {4, 2, 2, 2, 6};
    uint8_t bytes[16];
    const uint8_t *from = bytes;
    char *to = ret_uuid;
    int rc;

    rc = oc_random(bytes, sizeof(bytes), err);
    if (rc < 0)
        return rc;
    bytes[6] = (bytes[6] & 0x0F) | 0x40; /* version 4 */
    bytes[8] = (bytes[8] & 0x3F) | 0x80; /* variant of RFC 9562 */
    for (size_t i = 0; i < 5; i++) {
        if (i > 0)
            *to++ = '-';
        oc_hex_encode(from, group_bytes[i], to);
        from += group_bytes[i];
        to += 2 * group_bytes[i];
    }
    return OC_OK;
}

int oc_random_id(char *ret_id, size_t len, struct oc_err *err)
{
    static const char letters[36] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t done = 0;

    while (done < len) {
        uint8_t bytes[32];
        const int rc = oc_random(bytes, sizeof(bytes), err);

        if (rc < 0)
            return rc;
        /* 252 is the largest multiple of 36 in a byte; above it some letters would be likelier. */
        for (size_t i = 0; i < sizeof(bytes) && done < len; i++) {
            if (bytes[i] < 252)
                ret_id[done++] = letters[bytes[i] % 36];
        }
    }
    return OC_OK;
}

bool oc_crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void oc_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}
