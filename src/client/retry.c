/* Retries: quota, pauses, a wrong clock. */
#include "client/retry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"

#define COST                  14
#define COST_AFTER_THROTTLING 5
#define PAUSE_FIRST_MS        100
#define PAUSE_MAX_MS          20000
#define SKEW_MS               (4 * 60 * 1000)

void oc_retry_quota_init(struct oc_retry_quota *quota)
{
    atomic_init(&quota->left, OC_RETRY_QUOTA);
}

int oc_retry_quota_take(struct oc_retry_quota *quota, bool after_throttling)
{
    const int cost = after_throttling ? COST_AFTER_THROTTLING : COST;
    int left = atomic_load(&quota->left);

    do {
        if (left < cost)
            return 0;
    } while (!atomic_compare_exchange_weak(&quota->left, &left, left - cost));
    return cost;
}

void oc_retry_quota_give_back(struct oc_retry_quota *quota, int taken)
{
    const int amount = taken ? taken : 1;
    int left = atomic_load(&quota->left);
    int next;

    do {
        next = left + amount < OC_RETRY_QUOTA ? left + amount : OC_RETRY_QUOTA;
    } while (next != left && !atomic_compare_exchange_weak(&quota->left, &left, next));
}

int64_t oc_retry_jitter(int64_t ms, int64_t spread)
{
    uint64_t number = 0;
    struct oc_err ignored = {0};

    (void)oc_random(&number, sizeof(number), &ignored); /* no jitter is no failure */
    return ms - spread + (int64_t)(number % (uint64_t)(2 * spread + 1));
}

int64_t oc_retry_pause_ms(unsigned attempt, int64_t asked_ms)
{
    int64_t ms = PAUSE_FIRST_MS;

    for (unsigned i = 2; i < attempt && ms < PAUSE_MAX_MS; i++)
        ms *= 2;
    if (ms > PAUSE_MAX_MS)
        ms = PAUSE_MAX_MS;
    ms = oc_retry_jitter(ms * 3 / 4, ms / 4);
    if (asked_ms > ms)
        ms = asked_ms < PAUSE_MAX_MS ? asked_ms : PAUSE_MAX_MS;
    return ms;
}

/* The names under which services say that a request's time is wrong; the signature's errors are
 * among them since a wrong time is one of their causes. */
static bool may_be_skew(const char *name)
{
    static const char *const names[] = {
        "AccessDeniedException", "AuthFailure",        "InvalidSignatureException",
        "RequestExpired",        "RequestInTheFuture", "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

bool oc_retry_is_clock_skew(const struct oc_transport_head *head, const char *error_name,
                            int64_t offset_ms, int64_t *ret_offset)
{
    int64_t offset;

    if (head->date_s <= 0 || !may_be_skew(error_name))
        return false;
    offset = head->date_s * 1000 - oc_clock_now_ms();
    if (llabs(offset - offset_ms) <= SKEW_MS)
        return false;
    *ret_offset = offset;
    return true;
}
