/*
 * Which task runs when.
 *
 * The store's list of tasks is the queue. The engine keeps one small entry for each task it has
 * seen there; an idle runner looks the list through again when somebody said that there is more
 * (and not so often that looking costs more than a tenth of its time), then takes the next task:
 * that of the account which has fewest running, accounts taking turns, oldest first. When all
 * runners are busy nobody looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "copy/copy_impl.h"

#define SMALL_BYTES (1LL << 30)

/* -- entries -------------------------------------------------------------------------------- */

static int compare_keys(struct oc_slice a, const struct oc_copy_entry *b)
{
    return oc_slice_cmp(a, (struct oc_slice){b->key, b->key_len});
}

/* Position of the first entry whose key is not before `key`. */
static size_t position_of(const struct oc_copy_engine *engine, struct oc_slice key)
{
    size_t low = 0, high = engine->entry_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys(key, engine->entries[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct oc_copy_entry *oc_copy_queue_find(const struct oc_copy_engine *engine, struct oc_slice key)
{
    size_t at = position_of(engine, key);

    if (at == engine->entry_count || compare_keys(key, engine->entries[at]) != 0)
        return NULL;
    return engine->entries[at];
}

static int insert_entry(struct oc_copy_engine *engine, struct oc_copy_entry *entry,
                        struct oc_err *err)
{
    size_t at = position_of(engine, (struct oc_slice){entry->key, entry->key_len});
    struct oc_copy_entry **grown = oc_grow(engine->entries, &engine->entry_cap,
                                           engine->entry_count + 1, sizeof(struct oc_copy_entry *));

    if (!grown)
        return oc_fail_nomem(err);
    engine->entries = grown;
    memmove(engine->entries + at + 1, engine->entries + at,
            (engine->entry_count - at) * sizeof(*engine->entries));
    engine->entries[at] = entry;
    engine->entry_count++;
    return OC_OK;
}

/* Forget entries that the last scan did not meet: their tasks are gone. Running ones stay. */
static void drop_unseen(struct oc_copy_engine *engine)
{
    size_t kept = 0;

    for (size_t i = 0; i < engine->entry_count; i++) {
        struct oc_copy_entry *entry = engine->entries[i];

        if (entry->running || entry->seen == engine->scans)
            engine->entries[kept++] = entry;
        else
            free(entry);
    }
    engine->entry_count = kept;
}

void oc_copy_queue_remove(struct oc_copy_engine *engine, struct oc_copy_entry *entry)
{
    size_t at = position_of(engine, (struct oc_slice){entry->key, entry->key_len});

    engine->entry_count--;
    memmove(engine->entries + at, engine->entries + at + 1,
            (engine->entry_count - at) * sizeof(*engine->entries));
    free(entry);
}

/* -- looking for tasks ---------------------------------------------------------------------- */

struct scan {
    struct oc_copy_engine *engine;
    struct oc_read *read;
};

static int get_model(struct oc_read *read, struct oc_arena *arena, struct oc_partition partition,
                     struct oc_slice id, struct oc_model *ret)
{
    struct oc_slice key = oc_key_model(arena, partition, id), record;
    struct oc_err ignored = {0};

    if (!key.ptr || oc_read_get(read, OC_RECORD_MODEL, key, &record, &ignored) < 0)
        return OC_ENOTFOUND;
    return oc_model_decode(record, arena, ret, &ignored);
}

/* Age and size decide the order only: what cannot be read is old and large. */
static void look_up_order(struct oc_read *read, struct oc_slice record, struct oc_copy_entry *entry)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_model model;
    struct oc_task task;
    struct oc_err ignored = {0};

    oc_arena_init(&arena, 1024 * 1024);
    entry->large = true;
    if (oc_task_decode(record, &arena, &task, &ignored) < 0)
        return;
    if (get_model(read, &arena, task.target, task.model_id, &model) < 0)
        return;
    entry->creation_ms = model.creation_ms;
    if (task.kind == OC_TASK_COPY &&
        get_model(read, &arena, task.source, task.source_model_id, &model) < 0)
        return;
    entry->large =
        task.kind == OC_TASK_IMPORT || model.size_bytes == 0 || model.size_bytes > SMALL_BYTES;
}

static int add_entry(struct scan *scan, struct oc_slice key, struct oc_slice record,
                     struct oc_err *err)
{
    struct oc_slice rest = key, account;
    struct oc_copy_entry *entry;
    int rc;

    (void)oc_slice_cut(&rest, '\0');
    account = oc_slice_cut(&rest, '\0');
    if (key.len > OC_COPY_KEY_MAX || account.len != OC_ACCOUNT_LEN)
        return oc_fail(err, OC_ECORRUPT, "the key of a task is malformed");
    entry = oc_alloc(sizeof(*entry));
    if (!entry)
        return oc_fail_nomem(err);
    memset(entry, 0, sizeof(*entry));
    memcpy(entry->key, key.ptr, key.len);
    entry->key_len = key.len;
    memcpy(entry->account, account.ptr, account.len);
    look_up_order(scan->read, record, entry);
    (void)pthread_mutex_lock(&scan->engine->lock);
    entry->seen = scan->engine->scans;
    rc = insert_entry(scan->engine, entry, err);
    (void)pthread_mutex_unlock(&scan->engine->lock);
    if (rc < 0)
        free(entry);
    return rc;
}

static int meet_task(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct scan *scan = ctx;
    struct oc_copy_entry *entry;

    (void)pthread_mutex_lock(&scan->engine->lock);
    entry = oc_copy_queue_find(scan->engine, key);
    if (entry)
        entry->seen = scan->engine->scans;
    (void)pthread_mutex_unlock(&scan->engine->lock);
    return entry ? OC_OK : add_entry(scan, key, record, err);
}

static int scan_store(struct oc_copy_engine *engine, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct scan scan = {.engine = engine};
    int rc = oc_store_read(engine->options.store, &read, err);

    scan.read = read;
    for (size_t i = 0; rc == OC_OK && i < engine->region_count; i++) {
        struct oc_scan tasks = {.kind = OC_RECORD_TASK};
        char prefix[OC_COPY_KEY_MAX];
        int len = snprintf(prefix, sizeof(prefix), "%.*s", OC_FMT(engine->regions[i].region.name));

        tasks.prefix = (struct oc_slice){prefix, (size_t)len + 1}; /* with the NUL */
        rc = oc_read_scan(read, &tasks, meet_task, &scan, err);
    }
    return rc;
}

/* Lock held on entry and exit. */
void oc_copy_queue_scan(struct oc_copy_engine *engine)
{
    struct oc_err err = {0};
    int64_t start = oc_clock_mono_us(), now;
    int rc;

    engine->scanning = true;
    engine->woken = false;
    engine->scans++;
    (void)pthread_mutex_unlock(&engine->lock);
    rc = scan_store(engine, &err);
    if (rc < 0)
        oc_log(OC_LOG_ERROR, "copy.scan_failed", "reason", err.text, (char *)NULL);
    (void)pthread_mutex_lock(&engine->lock);
    engine->scanning = false;
    now = oc_clock_mono_us();
    engine->next_scan_us = now + 10 * (now - start);
    if (rc < 0) {
        engine->woken = true;
        engine->next_scan_us = now + OC_COPY_PUT_OFF_US;
    } else {
        drop_unseen(engine);
    }
    (void)pthread_cond_broadcast(&engine->changed);
}

/* -- choosing ------------------------------------------------------------------------------- */

static uint32_t running_of(const struct oc_copy_engine *engine, const char *account)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < engine->running_count; i++)
        count += memcmp(engine->running[i]->account, account, OC_ACCOUNT_LEN) == 0;
    return count;
}

static uint32_t running_large(const struct oc_copy_engine *engine)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < engine->running_count; i++)
        count += engine->running[i]->large;
    return count;
}

/* Whether account `a` comes before `b` when turns go round from the last one served. */
static bool comes_first(const struct oc_copy_engine *engine, const char *a, const char *b)
{
    bool a_later = memcmp(a, engine->last_account, OC_ACCOUNT_LEN) > 0;
    bool b_later = memcmp(b, engine->last_account, OC_ACCOUNT_LEN) > 0;

    return a_later != b_later ? a_later : memcmp(a, b, OC_ACCOUNT_LEN) < 0;
}

static bool is_better(const struct oc_copy_engine *engine, const struct oc_copy_entry *a,
                      const struct oc_copy_entry *b)
{
    uint32_t a_running, b_running;

    if (memcmp(a->account, b->account, OC_ACCOUNT_LEN) == 0)
        return a->creation_ms < b->creation_ms;
    a_running = running_of(engine, a->account);
    b_running = running_of(engine, b->account);
    return a_running != b_running ? a_running < b_running
                                  : comes_first(engine, a->account, b->account);
}

/* The entry to run now, or NULL; `*ret_next_us` is when the next one that was put off is due. */
struct oc_copy_entry *oc_copy_queue_choose(struct oc_copy_engine *engine, int64_t now,
                                           int64_t *ret_next_us)
{
    uint32_t jobs = engine->runner_count;
    uint32_t account_cap = jobs > 1 ? jobs / 2 : 1;
    bool large_too = running_large(engine) < jobs - jobs / 4;
    struct oc_copy_entry *best = NULL;

    for (size_t i = 0; i < engine->entry_count; i++) {
        struct oc_copy_entry *entry = engine->entries[i];

        if (entry->running || (entry->large && !large_too) ||
            running_of(engine, entry->account) >= account_cap)
            continue;
        if (entry->not_before_us > now) {
            if (entry->not_before_us < *ret_next_us)
                *ret_next_us = entry->not_before_us;
            continue;
        }
        if (!best || is_better(engine, entry, best))
            best = entry;
    }
    return best;
}
