/*
 * Which task runs when.
 *
 * The store's list of tasks is the queue. The engine keeps one small entry for each task at the
 * head of it: of each account and Region the first WINDOW that could run, however many wait
 * behind. An idle runner looks at the list again when somebody said that there is more, or when
 * half of a window is used up (and not so often that looking costs more than a tenth of its time),
 * then takes the next task: that of the account which has fewest running, accounts taking turns,
 * oldest first: ids are in the order of their time. When all runners are busy nobody looks.
 *
 * Outside of the hours of copies these have a window of their own, so that they do not hide the
 * imports and uploads behind them; the list is looked at again when the hours begin or end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "copy/copy_impl.h"

#define SMALL_BYTES (1LL << 30)
#define WINDOW      256 /* waiting tasks of an account and Region that the engine knows */

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

/* Forget entries that the last scan did not meet: their tasks are gone, or far behind. Running
 * ones stay. */
static void drop_unseen(struct oc_copy_engine *engine)
{
    size_t kept = 0;

    for (size_t i = 0; i < engine->entry_count; i++) {
        struct oc_copy_entry *entry = engine->entries[i];

        if (entry->running || (entry->seen == engine->scans && !entry->ended))
            engine->entries[kept++] = entry;
        else
            free(entry);
    }
    engine->entry_count = kept;
}

void oc_copy_queue_remove(struct oc_copy_engine *engine, struct oc_copy_entry *entry)
{
    size_t at = position_of(engine, (struct oc_slice){entry->key, entry->key_len});

    entry->ended = true;
    if (engine->scanning) /* its snapshot may be older than the end of this task */
        return;
    engine->entry_count--;
    memmove(engine->entries + at, engine->entries + at + 1,
            (engine->entry_count - at) * sizeof(*engine->entries));
    free(entry);
}

/* -- looking for tasks ---------------------------------------------------------------------- */

struct scan {
    struct oc_copy_engine *engine;
    struct oc_read *read;
    int64_t now;
    char group[OC_COPY_KEY_MAX + 1]; /* region \0 account \0 of the tasks that are met */
    size_t group_len;
    bool open;        /* copies may run */
    uint32_t waiting; /* of these, how many could run */
    uint32_t closed;  /* and how many copies wait for their hour */
    bool cut;         /* more of them wait behind the windows */
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

/* Size decides the order only: what cannot be read is large. */
static bool is_large(struct oc_read *read, struct oc_arena *arena, const struct oc_task *task)
{
    const bool is_copy = task->kind == OC_TASK_COPY;
    struct oc_model model;

    if (task->kind == OC_TASK_IMPORT)
        return true;
    if (task->source_bytes)
        return task->source_bytes > SMALL_BYTES;
    return get_model(read, arena, is_copy ? task->source : task->target,
                     is_copy ? task->source_model_id : task->model_id, &model) < 0 ||
           model.size_bytes == 0 || model.size_bytes > SMALL_BYTES;
}

/* What the order depends on. */
static void look_up_task(struct oc_read *read, struct oc_slice record, struct oc_copy_entry *entry)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_task task;
    struct oc_err ignored = {0};

    oc_arena_init(&arena, 1024 * 1024);
    entry->large = true;
    if (oc_task_decode(record, &arena, &task, &ignored) < 0)
        return;
    entry->copy = task.kind == OC_TASK_COPY;
    entry->large = is_large(read, &arena, &task);
}

/* Note that a task is still there. Lock held. */
static void see(struct scan *scan, struct oc_copy_entry *entry)
{
    bool waits = !entry->running && !entry->ended && entry->not_before_us <= scan->now;

    entry->seen = scan->engine->scans;
    if (waits && entry->copy && !scan->open) {
        scan->closed++;
        waits = false;
    }
    scan->waiting += waits;
    entry->refill = waits && scan->waiting == WINDOW / 2;
}

static int add_entry(struct scan *scan, struct oc_slice key, struct oc_slice record,
                     struct oc_err *err)
{
    struct oc_copy_entry *entry = oc_alloc(sizeof(*entry));
    int rc;

    if (!entry)
        return oc_fail_nomem(err);
    memset(entry, 0, sizeof(*entry));
    memcpy(entry->key, key.ptr, key.len);
    entry->key_len = key.len;
    memcpy(entry->account, key.ptr + scan->group_len - 1 - OC_ACCOUNT_LEN, OC_ACCOUNT_LEN);
    look_up_task(scan->read, record, entry);
    if (entry->copy && !scan->open && scan->closed == WINDOW) {
        scan->cut = true;
        free(entry);
        return OC_OK;
    }
    (void)pthread_mutex_lock(&scan->engine->lock);
    see(scan, entry);
    rc = insert_entry(scan->engine, entry, err);
    (void)pthread_mutex_unlock(&scan->engine->lock);
    if (rc < 0)
        free(entry);
    return rc;
}

/* Whose task it is; a new window begins with each account and Region. */
static int enter_group(struct scan *scan, struct oc_slice key, struct oc_err *err)
{
    struct oc_slice rest = key, account;

    if (oc_slice_has_prefix(key, (struct oc_slice){scan->group, scan->group_len}) &&
        scan->group_len)
        return OC_OK;
    (void)oc_slice_cut(&rest, '\0');
    account = oc_slice_cut(&rest, '\0');
    if (key.len > OC_COPY_KEY_MAX || account.len != OC_ACCOUNT_LEN || rest.len != OC_ID_LEN)
        return oc_fail(err, OC_ECORRUPT, "the key of a task is malformed");
    scan->group_len = key.len - OC_ID_LEN;
    memcpy(scan->group, key.ptr, scan->group_len);
    scan->waiting = scan->closed = 0;
    return OC_OK;
}

static int meet_task(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    struct scan *scan = ctx;
    struct oc_copy_entry *entry;

    int rc = enter_group(scan, key, err);
    if (rc < 0)
        return rc;
    if (scan->waiting == WINDOW)
        return 1;
    (void)pthread_mutex_lock(&scan->engine->lock);
    entry = oc_copy_queue_find(scan->engine, key);
    if (entry)
        see(scan, entry);
    (void)pthread_mutex_unlock(&scan->engine->lock);
    return entry ? OC_OK : add_entry(scan, key, record, err);
}

/* Look at one Region's tasks, passing over what lies behind the windows. */
static int scan_region(struct scan *scan, struct oc_slice region, struct oc_err *err)
{
    char prefix[OC_COPY_KEY_MAX], from[OC_COPY_KEY_MAX + 1];
    int len = snprintf(prefix, sizeof(prefix), "%.*s", OC_FMT(region));
    struct oc_scan tasks = {.kind = OC_RECORD_TASK, .prefix = {prefix, (size_t)len + 1}};
    int rc;

    do { /* the NUL ends the prefix */
        scan->group_len = 0;
        scan->waiting = scan->closed = 0;
        rc = oc_read_scan(scan->read, &tasks, meet_task, scan, err);
        memcpy(from, scan->group, scan->group_len);
        from[scan->group_len] = '\xff'; /* past all ids of the account */
        tasks.from = (struct oc_slice){from, scan->group_len + 1};
        scan->cut = scan->cut || scan->waiting == WINDOW;
    } while (rc == OC_OK && scan->waiting == WINDOW);
    return rc;
}

static int scan_store(struct oc_copy_engine *engine, bool open, bool *ret_cut, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct scan scan = {.engine = engine, .now = oc_clock_mono_us(), .open = open};
    int rc = oc_store_read(engine->options.store, &read, err);

    scan.read = read;
    for (size_t i = 0; rc == OC_OK && i < engine->region_count; i++)
        rc = scan_region(&scan, engine->regions[i].region.name, err);
    *ret_cut = scan.cut;
    return rc;
}

/* Lock held on entry and exit. */
void oc_copy_queue_scan(struct oc_copy_engine *engine)
{
    struct oc_err err = {0};
    int64_t start = oc_clock_mono_us(), now;
    bool open = oc_copy_pace_is_open(engine), cut = false;
    int rc;

    engine->scanning = true;
    engine->woken = false;
    engine->scans++;
    engine->scanned_open = open;
    (void)pthread_mutex_unlock(&engine->lock);
    rc = scan_store(engine, open, &cut, &err);
    if (rc < 0)
        oc_log(OC_LOG_ERROR, "copy.scan_failed", "reason", err.text, (char *)NULL);
    (void)pthread_mutex_lock(&engine->lock);
    engine->scanning = false;
    engine->cut = cut;
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

/* How many of an account's tasks may run at a time. */
static uint32_t account_cap(const struct oc_copy_engine *engine)
{
    uint32_t jobs = engine->runner_count;

    if (engine->options.account_jobs)
        return engine->options.account_jobs;
    return jobs > 1 ? jobs / 2 : 1;
}

bool oc_copy_queue_is_full(const struct oc_copy_engine *engine, const char *account)
{
    return engine->running_count == engine->runner_count ||
           running_of(engine, account) >= account_cap(engine);
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
        return memcmp(a->key + a->key_len - OC_ID_LEN, b->key + b->key_len - OC_ID_LEN, OC_ID_LEN) <
               0;
    a_running = running_of(engine, a->account);
    b_running = running_of(engine, b->account);
    return a_running != b_running ? a_running < b_running
                                  : comes_first(engine, a->account, b->account);
}

/* The end of the entries of the same Region and account as that at `at`. */
static size_t group_end(const struct oc_copy_engine *engine, size_t at)
{
    char past[OC_COPY_KEY_MAX];
    size_t len = engine->entries[at]->key_len - OC_ID_LEN;

    memcpy(past, engine->entries[at]->key, len);
    past[len] = '\xff';
    return position_of(engine, (struct oc_slice){past, len + 1});
}

struct oc_copy_entry *oc_copy_queue_choose(struct oc_copy_engine *engine, int64_t now,
                                           int64_t *ret_next_us)
{
    uint32_t jobs = engine->runner_count;
    uint32_t cap = account_cap(engine);
    bool open = oc_copy_pace_is_open(engine);
    bool large_too = running_large(engine) < jobs - jobs / 4, some_wait = false;
    struct oc_copy_entry *best = NULL;

    for (size_t at = 0, end; at < engine->entry_count; at = end) {
        struct oc_copy_entry *first = NULL;
        end = group_end(engine, at);
        bool capped = running_of(engine, engine->entries[at]->account) >= cap;
        for (; at < end && !first; at++) {
            struct oc_copy_entry *entry = engine->entries[at];
            if (entry->running || entry->ended)
                continue;
            if (entry->not_before_us > now) {
                if (!capped && entry->not_before_us < *ret_next_us)
                    *ret_next_us = entry->not_before_us;
                continue;
            }
            some_wait = true;
            if (entry->copy && !open) {
                int64_t again = oc_copy_pace_look_again_us();
                *ret_next_us = again < *ret_next_us ? again : *ret_next_us;
                continue;
            }
            if (!capped && (large_too || !entry->large))
                first = entry;
        }
        if (first && (!best || is_better(engine, first, best)))
            best = first;
    }
    if ((best && best->refill) || (!some_wait && engine->cut) || open != engine->scanned_open)
        engine->woken = true;
    return best;
}
