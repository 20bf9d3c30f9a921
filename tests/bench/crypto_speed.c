/*
 * crypto_speed: bytes a second of CPU time for AES-256-GCM and SHA-256 of parts, ours and
 * OpenSSL's, in turn. Prints four medians, in bytes per second: GCM ours, OpenSSL; SHA-256 ours,
 * OpenSSL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/limits.h"

#define ROUNDS  9
#define SEGMENT (1UL << 18) /* as blobs have them */

static uint8_t *parts[2];

static double cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int seal_parts(struct oc_err *err)
{
    static const uint8_t key[OC_AES_KEY_LEN] = {1}, nonce[OC_GCM_NONCE_LEN] = {2};
    int rc = OC_OK;

    for (int part = 0; part < 2; part++)
        for (size_t at = 0; rc == OC_OK && at < OC_PART_SIZE; at += SEGMENT)
            rc = oc_gcm_seal(key, nonce, OC_STR(""),
                             (struct oc_slice){(char *)parts[part] + at, SEGMENT - OC_GCM_TAG_LEN},
                             parts[part] + at, err);
    return rc;
}

static int gcm_ours(struct oc_err *err)
{
    oc_crypto_openssl_only(false);
    return seal_parts(err);
}

static int gcm_openssl(struct oc_err *err)
{
    oc_crypto_openssl_only(true);
    return seal_parts(err);
}

static int sha_ours(struct oc_err *err)
{
    static struct oc_sha256_stream *streams[2];
    uint8_t digest[OC_SHA256_LEN];
    int rc = OC_OK;

    oc_crypto_openssl_only(false);
    for (int i = 0; i < 2 && rc == OC_OK; i++) {
        if (!streams[i])
            streams[i] = oc_sha256_stream_new(err);
        rc = streams[i] ? OC_OK : OC_ENOMEM;
    }
    for (size_t at = 0; rc == OC_OK && at < OC_PART_SIZE; at += SEGMENT)
        rc = oc_sha256_streams_add(streams,
                                   (struct oc_slice[2]){{(char *)parts[0] + at, SEGMENT},
                                                        {(char *)parts[1] + at, SEGMENT}},
                                   err);
    for (int i = 0; i < 2 && rc == OC_OK; i++)
        rc = oc_sha256_stream_end(streams[i], digest, err);
    return rc;
}

static int sha_openssl(struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];
    int rc = oc_sha256((struct oc_slice){(char *)parts[0], OC_PART_SIZE}, digest, err);

    return rc < 0 ? rc : oc_sha256((struct oc_slice){(char *)parts[1], OC_PART_SIZE}, digest, err);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int main(void)
{
    static int (*const kernels[4])(struct oc_err *) = {gcm_ours, gcm_openssl, sha_ours,
                                                       sha_openssl};
    double rates[4][ROUNDS];
    struct oc_err err = {0};

    for (int part = 0; part < 2; part++) {
        parts[part] = aligned_alloc(4096, OC_PART_SIZE + 4096);
        if (!parts[part])
            return 1;
        memset(parts[part], part + 1, OC_PART_SIZE + 4096);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < 4; k++) {
            double begin = cpu_now();

            for (int i = 0; i < 8; i++)
                if (kernels[k](&err) < 0) {
                    (void)fprintf(stderr, "crypto_speed: %s\n", err.text);
                    return 1;
                }
            rates[k][round] = 8 * 2.0 * OC_PART_SIZE / (cpu_now() - begin);
        }
    for (int k = 0; k < 4; k++) {
        qsort(rates[k], ROUNDS, sizeof(double), compare_doubles);
        (void)printf("%.0f\n", rates[k][ROUNDS / 2]);
    }
    return 0;
}
