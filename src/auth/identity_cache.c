/* The table of identities: 256 sets of 4, each set under its own lock. */
#include "auth/identity_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "model/arn.h"

#define SETS         256
#define WAYS         4
#define RECORD_MAX   (256 * 1024) /* bytes of one access key's record */
#define IDENTITY_MAX (512 * 1024) /* bytes of the texts of one identity */

struct set {
    pthread_mutex_t lock;
    uint64_t uses;
    struct {
        struct oc_identity *identity; /* NULL: free */
        uint64_t last_use;
    } entries[WAYS];
};

struct oc_identity_cache {
    struct oc_authenticator_options options;
    atomic_uint_fast64_t generation;
    struct set sets[SETS];
};

/* -- identities ------------------------------------------------------------------------------- */

void oc_identity_unref(struct oc_identity *identity)
{
    if (!identity || atomic_fetch_sub_explicit(&identity->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (identity->key.secret.ptr)
        oc_wipe((void *)(uintptr_t)identity->key.secret.ptr, identity->key.secret.len);
    oc_policy_free(identity->policy);
    oc_arena_clear(&identity->arena);
    free(identity);
}

static int fill_identity(const struct oc_authenticator_options *options, struct oc_slice cache_key,
                         struct oc_slice record, struct oc_identity *identity, struct oc_err *err)
{
    struct oc_access_key *key = &identity->key;
    OC_AUTO(oc_buf_clear) struct oc_buf arn = {0};

    oc_buf_init(&arn, 256);
    identity->cache_key = oc_arena_copy(&identity->arena, cache_key);
    if (!identity->cache_key.ptr)
        return oc_fail_nomem(err);
    int rc = oc_access_key_decode(record, &options->box, &identity->arena, key, err);
    if (rc < 0)
        return rc;
    oc_arn_put_user(&arn, key->account, key->user);
    if (!arn.failed)
        identity->user_arn = oc_arena_copy(&identity->arena, oc_buf_slice(&arn));
    if (!identity->user_arn.ptr)
        return oc_fail_nomem(err);
    if (!key->policy.ptr)
        return OC_OK;
    rc = oc_policy_parse(OC_POLICY_IDENTITY, key->policy, &identity->policy, err);
    if (rc != OC_EINVAL)
        return rc;
    struct oc_err cause = *err;
    return oc_fail(err, OC_ECORRUPT, "access key '%.*s': %s", OC_FMT(key->id), cause.text);
}

static int load_identity(struct oc_identity_cache *cache, enum oc_identity_by by,
                         struct oc_slice key, int64_t now_ms, struct oc_identity **ret,
                         struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_identity *identity;
    uint64_t generation = atomic_load(&cache->generation); /* before the record is read */

    oc_buf_init(&record, RECORD_MAX);
    int rc = cache->options.lookup(by, key, &record, err, cache->options.lookup_ctx);
    if (rc < 0)
        return rc;
    identity = record.failed ? NULL : oc_alloc(sizeof(*identity));
    if (!identity)
        return oc_fail_nomem(err);
    *identity = (struct oc_identity){.by = by, .generation = generation, .loaded_at_ms = now_ms};
    atomic_init(&identity->refs, 1);
    oc_arena_init(&identity->arena, IDENTITY_MAX);
    rc = fill_identity(&cache->options, key, oc_buf_slice(&record), identity, err);
    if (rc < 0) {
        oc_identity_unref(identity);
        return rc;
    }
    *ret = identity;
    return OC_OK;
}

/* -- the table -------------------------------------------------------------------------------- */

int oc_identity_cache_new(const struct oc_authenticator_options *options,
                          struct oc_identity_cache **ret, struct oc_err *err)
{
    struct oc_identity_cache *cache = oc_alloc(sizeof(*cache));

    if (!cache)
        return oc_fail_nomem(err);
    memset(cache, 0, sizeof(*cache));
    cache->options = *options;
    for (size_t i = 0; i < SETS; i++)
        pthread_mutex_init(&cache->sets[i].lock, NULL);
    *ret = cache;
    return OC_OK;
}

void oc_identity_cache_free(struct oc_identity_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SETS; i++) {
        for (size_t k = 0; k < WAYS; k++)
            oc_identity_unref(cache->sets[i].entries[k].identity);
        pthread_mutex_destroy(&cache->sets[i].lock);
    }
    free(cache);
}

void oc_identity_cache_forget(struct oc_identity_cache *cache)
{
    atomic_fetch_add(&cache->generation, 1);
}

static struct set *find_set(struct oc_identity_cache *cache, struct oc_slice key)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.ptr[i]) * 16777619U;
    return &cache->sets[(hash ^ hash >> 16) % SETS];
}

static bool is_same(const struct oc_identity *identity, enum oc_identity_by by, struct oc_slice key)
{
    return identity && identity->by == by && oc_slice_eq(identity->cache_key, key);
}

/* A clock that was set back counts as age, too. */
static bool is_fresh(const struct oc_identity_cache *cache, const struct oc_identity *identity,
                     int64_t now_ms)
{
    int64_t age = now_ms - identity->loaded_at_ms;

    if (identity->generation != atomic_load(&cache->generation))
        return false;
    return cache->options.max_age_ms == 0 || (age >= 0 && age <= cache->options.max_age_ms);
}

static struct oc_identity *look_up(struct oc_identity_cache *cache, struct set *set,
                                   enum oc_identity_by by, struct oc_slice key, int64_t now_ms)
{
    struct oc_identity *found = NULL;

    pthread_mutex_lock(&set->lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        struct oc_identity *identity = set->entries[i].identity;

        if (!is_same(identity, by, key) || !is_fresh(cache, identity, now_ms))
            continue;
        found = identity;
        atomic_fetch_add_explicit(&found->refs, 1, memory_order_relaxed);
        set->entries[i].last_use = ++set->uses;
    }
    pthread_mutex_unlock(&set->lock);
    return found;
}

/* Put it in the place of the same key's old identity, else of the one longest unused. */
static void remember(struct set *set, struct oc_identity *identity)
{
    struct oc_identity *old;
    size_t at = 0;

    pthread_mutex_lock(&set->lock);
    for (size_t i = 1; i < WAYS; i++) {
        if (set->entries[i].last_use < set->entries[at].last_use)
            at = i;
    }
    for (size_t i = 0; i < WAYS; i++) {
        if (is_same(set->entries[i].identity, identity->by, identity->cache_key))
            at = i;
    }
    old = set->entries[at].identity;
    atomic_fetch_add_explicit(&identity->refs, 1, memory_order_relaxed);
    set->entries[at].identity = identity;
    set->entries[at].last_use = ++set->uses;
    pthread_mutex_unlock(&set->lock);
    oc_identity_unref(old);
}

int oc_identity_cache_get(struct oc_identity_cache *cache, enum oc_identity_by by,
                          struct oc_slice key, int64_t now_ms, struct oc_identity **ret,
                          struct oc_err *err)
{
    struct set *set = find_set(cache, key);
    struct oc_identity *identity = look_up(cache, set, by, key, now_ms);

    if (!identity) {
        int rc = load_identity(cache, by, key, now_ms, &identity, err);
        if (rc < 0)
            return rc;
        remember(set, identity);
    }
    *ret = identity;
    return OC_OK;
}
