/*
 * AES-256-GCM: by Intel's multi-buffer library where there is one and the processor has the
 * instructions it is made for (two to three times as fast as OpenSSL with AVX-512 and VAES, and
 * without OpenSSL's half microsecond to get ready), by OpenSSL everywhere else. Both give the same
 * bytes; test_crypto.c compares them.
 *
 * The multi-buffer library's GCM functions take all their state as arguments, so one manager serves
 * all threads. OpenSSL's context is kept per thread; it holds the last key it worked with until the
 * next use or the end of the thread, when OpenSSL wipes it.
 */
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/crypto.h"

#define UPDATE_MAX ((size_t)1 << 30) /* OpenSSL counts bytes in an int */

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* -- OpenSSL -------------------------------------------------------------------------------- */

static pthread_key_t thread_key; /* of this thread's EVP_CIPHER_CTX */
static EVP_CIPHER *aes_gcm;      /* NULL: OpenSSL does not have it */

static void free_context(void *context)
{
    EVP_CIPHER_CTX_free(context);
}

static void init_openssl(void)
{
    if (pthread_key_create(&thread_key, free_context) == 0)
        aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

/* This thread's context, or NULL: no memory, or an OpenSSL without the algorithm. */
static EVP_CIPHER_CTX *get_context(void)
{
    EVP_CIPHER_CTX *context = aes_gcm ? pthread_getspecific(thread_key) : NULL;

    if (context || !aes_gcm)
        return context;
    context = EVP_CIPHER_CTX_new();
    if (context && pthread_setspecific(thread_key, context) != 0) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

/* Feed `from` to the cipher in pieces whose length an int can hold. `to` NULL: extra data. */
static bool update(EVP_CIPHER_CTX *ctx, uint8_t *to, struct oc_slice from)
{
    for (size_t done = 0; done < from.len;) {
        const size_t piece = from.len - done < UPDATE_MAX ? from.len - done : UPDATE_MAX;
        int written;

        if (!EVP_CipherUpdate(ctx, to ? to + done : NULL, &written,
                              (const unsigned char *)from.ptr + done, (int)piece))
            return false;
        done += piece;
    }
    return true;
}

static int openssl_seal(const uint8_t *key, const uint8_t *nonce, struct oc_slice aad,
                        struct oc_slice plain, uint8_t *out, struct oc_err *err)
{
    EVP_CIPHER_CTX *ctx = get_context();
    uint8_t none[1];
    int written;

    if (!ctx || !EVP_EncryptInit_ex2(ctx, aes_gcm, key, nonce, NULL) || !update(ctx, NULL, aad) ||
        !update(ctx, out, plain) || !EVP_EncryptFinal_ex(ctx, none, &written) ||
        !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, OC_GCM_TAG_LEN, out + plain.len))
        return oc_fail_nomem(err);
    return OC_OK;
}

/* `text` is the ciphertext without its tag. @return 1: opened, 0: another tag; negative: failure */
static int openssl_open(const uint8_t *key, const uint8_t *nonce, struct oc_slice aad,
                        struct oc_slice text, uint8_t tag[OC_GCM_TAG_LEN], uint8_t *out,
                        struct oc_err *err)
{
    EVP_CIPHER_CTX *ctx = get_context();
    uint8_t none[1];
    int written;

    if (!ctx || !EVP_DecryptInit_ex2(ctx, aes_gcm, key, nonce, NULL) ||
        !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, OC_GCM_TAG_LEN, tag) ||
        !update(ctx, NULL, aad) || !update(ctx, out, text))
        return oc_fail_nomem(err);
    return EVP_DecryptFinal_ex(ctx, none, &written) > 0;
}

/* -- the multi-buffer library --------------------------------------------------------------- */

#ifdef OC_HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>

static IMB_MGR *manager; /* NULL: not on this processor. Never freed. */

static void init_multi_buffer(void)
{
    const uint64_t wanted = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;

    manager = alloc_mb_mgr(0);
    if (!manager)
        return;
    init_mb_mgr_auto(manager, NULL);
    if (imb_get_errno(manager) != 0 || (manager->features & wanted) != wanted) {
        free_mb_mgr(manager);
        manager = NULL;
    }
}

static bool has_multi_buffer(void)
{
    return manager && !oc_crypto_is_openssl_only();
}

static void multi_buffer_seal(const uint8_t *key, const uint8_t *nonce, struct oc_slice aad,
                              struct oc_slice plain, uint8_t *out)
{
    struct gcm_key_data key_data;
    struct gcm_context_data context;

    IMB_AES256_GCM_PRE(manager, key, &key_data);
    IMB_AES256_GCM_ENC(manager, &key_data, &context, out, (const uint8_t *)plain.ptr, plain.len,
                       nonce, (const uint8_t *)aad.ptr, aad.len, out + plain.len, OC_GCM_TAG_LEN);
    oc_wipe(&key_data, sizeof(key_data));
    oc_wipe(&context, sizeof(context));
}

static bool multi_buffer_open(const uint8_t *key, const uint8_t *nonce, struct oc_slice aad,
                              struct oc_slice text, const uint8_t tag[OC_GCM_TAG_LEN], uint8_t *out)
{
    struct gcm_key_data key_data;
    struct gcm_context_data context;
    uint8_t computed[OC_GCM_TAG_LEN];

    IMB_AES256_GCM_PRE(manager, key, &key_data);
    IMB_AES256_GCM_DEC(manager, &key_data, &context, out, (const uint8_t *)text.ptr, text.len,
                       nonce, (const uint8_t *)aad.ptr, aad.len, computed, sizeof(computed));
    oc_wipe(&key_data, sizeof(key_data));
    oc_wipe(&context, sizeof(context));
    return oc_crypto_equal(computed, tag, sizeof(computed));
}

#endif

/* -- both ----------------------------------------------------------------------------------- */

static void init(void)
{
    init_openssl();
#ifdef OC_HAVE_IPSEC_MB
    init_multi_buffer();
#endif
}

int oc_gcm_seal(const uint8_t key[OC_AES_KEY_LEN], const uint8_t nonce[OC_GCM_NONCE_LEN],
                struct oc_slice aad, struct oc_slice plain, uint8_t *out, struct oc_err *err)
{
    if (pthread_once(&once, init) != 0)
        return oc_fail_nomem(err);
#ifdef OC_HAVE_IPSEC_MB
    if (has_multi_buffer()) {
        multi_buffer_seal(key, nonce, aad, plain, out);
        return OC_OK;
    }
#endif
    return openssl_seal(key, nonce, aad, plain, out, err);
}

int oc_gcm_open(const uint8_t key[OC_AES_KEY_LEN], const uint8_t nonce[OC_GCM_NONCE_LEN],
                struct oc_slice aad, struct oc_slice sealed, uint8_t *out, struct oc_err *err)
{
    uint8_t tag[OC_GCM_TAG_LEN];
    struct oc_slice text;
    int opened;

    if (sealed.len < OC_GCM_TAG_LEN)
        return oc_fail(err, OC_ECORRUPT, "sealed data: shorter than its tag");
    text = oc_slice_sub(sealed, 0, sealed.len - OC_GCM_TAG_LEN);
    memcpy(tag, sealed.ptr + text.len, sizeof(tag));
    if (pthread_once(&once, init) != 0)
        return oc_fail_nomem(err);
#ifdef OC_HAVE_IPSEC_MB
    if (has_multi_buffer())
        opened = multi_buffer_open(key, nonce, aad, text, tag, out);
    else
#endif
        opened = openssl_open(key, nonce, aad, text, tag, out, err);
    if (opened == 0)
        return oc_fail(err, OC_ECORRUPT, "sealed data: the tag does not match");
    return opened < 0 ? opened : OC_OK;
}
