/* Derived signing keys: 64 sets of 4, each set under its own lock. */
#include "auth/sigv4.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#define SETS 64
#define WAYS 4

/* What a key was derived from, each part padded with zeros. A scope that does not fit is not kept.
 */
struct name {
    char access_key_id[32];
    char date[8];
    char region[32];
    char service[16];
    char secret[64];
    uint32_t secret_len; /* a secret may end in zero bytes */
    uint32_t used;       /* 1: this entry holds a key */
};

struct entry {
    struct name name;
    uint8_t key[OC_SHA256_LEN];
    uint64_t last_use;
};

struct set {
    pthread_mutex_t lock;
    uint64_t uses;
    struct entry entries[WAYS];
};

struct oc_sigv4_key_cache {
    struct set sets[SETS];
};

int oc_sigv4_key_cache_new(struct oc_sigv4_key_cache **ret, struct oc_err *err)
{
    struct oc_sigv4_key_cache *cache = oc_alloc(sizeof(*cache));

    if (!cache)
        return oc_fail_nomem(err);
    memset(cache, 0, sizeof(*cache));
    for (size_t i = 0; i < SETS; i++)
        pthread_mutex_init(&cache->sets[i].lock, NULL);
    *ret = cache;
    return OC_OK;
}

void oc_sigv4_key_cache_free(struct oc_sigv4_key_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SETS; i++)
        pthread_mutex_destroy(&cache->sets[i].lock);
    oc_wipe(cache, sizeof(*cache));
    free(cache);
}

static bool fill(char *to, size_t cap, struct oc_slice from)
{
    if (from.len > cap)
        return false;
    if (from.len > 0)
        memcpy(to, from.ptr, from.len);
    return true;
}

static bool make_name(const struct oc_sigv4_scope *scope, struct name *name)
{
    memset(name, 0, sizeof(*name));
    name->secret_len = (uint32_t)scope->secret.len;
    name->used = 1;
    return fill(name->access_key_id, sizeof(name->access_key_id), scope->access_key_id) &&
           fill(name->date, sizeof(name->date), scope->date) &&
           fill(name->region, sizeof(name->region), scope->region) &&
           fill(name->service, sizeof(name->service), scope->service) &&
           fill(name->secret, sizeof(name->secret), scope->secret);
}

/* All entries of one access key are in one set: it is found again when the key is to be forgotten.
 */
static struct set *find_set(struct oc_sigv4_key_cache *cache, struct oc_slice access_key_id)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < access_key_id.len; i++)
        hash = (hash ^ (uint8_t)access_key_id.ptr[i]) * 16777619U;
    return &cache->sets[(hash ^ hash >> 16) % SETS];
}

static bool look_up(struct set *set, const struct name *name, uint8_t ret_key[OC_SHA256_LEN])
{
    bool found = false;

    pthread_mutex_lock(&set->lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        if (memcmp(&set->entries[i].name, name, sizeof(*name)) != 0)
            continue;
        memcpy(ret_key, set->entries[i].key, OC_SHA256_LEN);
        set->entries[i].last_use = ++set->uses;
        found = true;
    }
    pthread_mutex_unlock(&set->lock);
    return found;
}

static void remember(struct set *set, const struct name *name, const uint8_t key[OC_SHA256_LEN])
{
    struct entry *oldest = &set->entries[0];

    pthread_mutex_lock(&set->lock);
    for (size_t i = 1; i < WAYS; i++) {
        if (set->entries[i].last_use < oldest->last_use)
            oldest = &set->entries[i];
    }
    oldest->name = *name;
    memcpy(oldest->key, key, OC_SHA256_LEN);
    oldest->last_use = ++set->uses;
    pthread_mutex_unlock(&set->lock);
}

int oc_sigv4_key_cache_get(struct oc_sigv4_key_cache *cache, const struct oc_sigv4_scope *scope,
                           uint8_t ret_key[OC_SHA256_LEN], struct oc_err *err)
{
    struct name name;
    struct set *set;

    if (!cache || !make_name(scope, &name))
        return oc_sigv4_signing_key(scope, ret_key, err);
    set = find_set(cache, scope->access_key_id);
    if (look_up(set, &name, ret_key)) {
        oc_wipe(&name, sizeof(name));
        return OC_OK;
    }
    int rc = oc_sigv4_signing_key(scope, ret_key, err);
    if (rc >= 0)
        remember(set, &name, ret_key);
    oc_wipe(&name, sizeof(name));
    return rc;
}

void oc_sigv4_key_cache_forget(struct oc_sigv4_key_cache *cache, struct oc_slice access_key_id)
{
    struct set *set = find_set(cache, access_key_id);

    pthread_mutex_lock(&set->lock);
    for (size_t i = 0; i < WAYS; i++) {
        struct name *name = &set->entries[i].name;
        size_t len = strnlen(name->access_key_id, sizeof(name->access_key_id));

        if (oc_slice_eq((struct oc_slice){name->access_key_id, len}, access_key_id)) {
            oc_wipe(&set->entries[i], sizeof(set->entries[i]));
        }
    }
    pthread_mutex_unlock(&set->lock);
}
