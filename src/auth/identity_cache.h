/*
 * Identities that were loaded lately: a bounded table over the look-up callback. For src/auth.
 *
 * An identity is immutable and counted. It is handed out as long as no key was changed since its
 * loading began (`generation`) and it is not too old; otherwise it is loaded anew.
 */
#ifndef OC_AUTH_IDENTITY_CACHE_H
#define OC_AUTH_IDENTITY_CACHE_H

#include <stdatomic.h>

#include "auth/identity.h"

struct oc_identity {
    atomic_uint refs;
    enum oc_identity_by by;
    struct oc_slice cache_key;
    uint64_t generation;
    int64_t loaded_at_ms;
    struct oc_arena arena; /* holds the texts */
    struct oc_access_key key;
    struct oc_slice user_arn;
    struct oc_policy *policy; /* NULL: nothing is allowed */
};

void oc_identity_unref(struct oc_identity *identity);

struct oc_identity_cache;

/** `options` is copied. Errors: OC_ENOMEM. */
int oc_identity_cache_new(const struct oc_authenticator_options *options,
                          struct oc_identity_cache **ret, struct oc_err *err);
void oc_identity_cache_free(struct oc_identity_cache *cache);

/**
 * The identity that `key` belongs to.
 * @param[out] ret  release with oc_identity_unref
 * Errors: OC_ENOTFOUND; OC_ENOMEM; OC_ECORRUPT and others from the look-up and the record.
 */
int oc_identity_cache_get(struct oc_identity_cache *cache, enum oc_identity_by by,
                          struct oc_slice key, int64_t now_ms, struct oc_identity **ret,
                          struct oc_err *err);

/** Load every identity anew from now on. */
void oc_identity_cache_forget(struct oc_identity_cache *cache);

#endif
