/* Token buckets in a small set-associative table: 64 shards, each 64 sets of 4 buckets. */
#include "api/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#define SHARDS 64
#define SETS   64
#define WAYS   4

struct bucket {
    uint64_t key;   /* 0: unused */
    int64_t tokens; /* in millionths of a call */
    int64_t filled_us;
};

struct shard {
    pthread_mutex_t lock;
    struct bucket buckets[SETS][WAYS];
};

struct oc_throttle {
    int64_t rate;
    int64_t burst;
    struct shard shards[SHARDS];
};

#define CALL 1000000 /* one call, in the unit of `tokens`; `rate` × µs has this unit */

int oc_throttle_new(int64_t rate, int64_t burst, struct oc_throttle **ret, struct oc_err *err)
{
    struct oc_throttle *throttle = oc_alloc(sizeof(*throttle));

    if (!throttle)
        return oc_fail_nomem(err);
    memset(throttle, 0, sizeof(*throttle));
    throttle->rate = rate;
    throttle->burst = burst > 0 ? burst : 2 * rate;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&throttle->shards[i].lock, NULL);
    *ret = throttle;
    return OC_OK;
}

void oc_throttle_free(struct oc_throttle *throttle)
{
    if (!throttle)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&throttle->shards[i].lock);
    free(throttle);
}

/* FNV-1a with a final mix. Collisions only make two callers share a bucket. */
static uint64_t hash_key(struct oc_slice account, unsigned operation)
{
    uint64_t h = 1469598103934665603ULL ^ operation;

    for (size_t i = 0; i < account.len; i++)
        h = (h ^ (uint8_t)account.ptr[i]) * 1099511628211ULL;
    h ^= h >> 32;
    h *= 0x9E3779B97F4A7C15ULL;
    return h ? h : 1;
}

static struct bucket *find_bucket(struct bucket *set, uint64_t key, int64_t full, int64_t now_us)
{
    struct bucket *oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].key == 0 || (oldest->key != 0 && set[i].filled_us < oldest->filled_us))
            oldest = &set[i];
    }
    *oldest = (struct bucket){.key = key, .tokens = full, .filled_us = now_us};
    return oldest;
}

static void fill_bucket(struct bucket *bucket, int64_t rate, int64_t full, int64_t now_us)
{
    int64_t elapsed = now_us - bucket->filled_us, gained;

    if (elapsed <= 0)
        return;
    if (__builtin_mul_overflow(elapsed, rate, &gained) ||
        __builtin_add_overflow(bucket->tokens, gained, &bucket->tokens) || bucket->tokens > full)
        bucket->tokens = full;
    bucket->filled_us = now_us;
}

bool oc_throttle_take(struct oc_throttle *throttle, struct oc_slice account, unsigned operation,
                      int64_t now_us)
{
    if (throttle->rate <= 0)
        return true;
    uint64_t key = hash_key(account, operation);
    struct shard *shard = &throttle->shards[key % SHARDS];
    int64_t full = throttle->burst * CALL;

    pthread_mutex_lock(&shard->lock);
    struct bucket *bucket = find_bucket(shard->buckets[(key / SHARDS) % SETS], key, full, now_us);
    fill_bucket(bucket, throttle->rate, full, now_us);
    bool allowed = bucket->tokens >= CALL;
    if (allowed)
        bucket->tokens -= CALL;
    pthread_mutex_unlock(&shard->lock);
    return allowed;
}
