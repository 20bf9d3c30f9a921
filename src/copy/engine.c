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
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "copy/copy_impl.h"

#define WORKERS_DEFAULT 4
#define WORKERS_MAX     64
#define JOBS_DEFAULT    16
#define JOBS_MAX        256
#define SMALL_BYTES     (1LL << 30)
/* Buffers beyond one for each worker: they are filled while the workers work. With the default
 * workers, 6 x 8 MiB; the rest of 64 MiB is for stacks, manifests and buffers of segments. */
#define SPARE_TICKETS  2
#define PUT_OFF_US     1000000LL
#define PUT_OFF_MAX_US 60000000LL
#define STACK_BYTES    (512UL * 1024)
#define NICE           10 /* of the threads that run copies; see setpriority(2) */

/* -- Regions -------------------------------------------------------------------------------- */

struct oc_copy_region *oc_copy_find_region(struct oc_copy_engine *engine, struct oc_slice name)
{
    for (size_t i = 0; i < engine->region_count; i++)
        if (oc_slice_eq(engine->regions[i].region.name, name))
            return &engine->regions[i];
    return NULL;
}

const struct oc_region *oc_copy_engine_region(struct oc_copy_engine *engine, struct oc_slice name)
{
    struct oc_copy_region *region = oc_copy_find_region(engine, name);

    return region ? &region->region : NULL;
}

int oc_copy_engine_pin(struct oc_copy_engine *engine, struct oc_slice region,
                       const uint8_t sha256[OC_SHA256_LEN], struct oc_err *err)
{
    struct oc_copy_region *found = oc_copy_find_region(engine, region);

    if (!found)
        return oc_fail(err, OC_ENOTFOUND, "Region %.*s is not served here", OC_FMT(region));
    return oc_pins_add(&found->pins, sha256, err);
}

void oc_copy_engine_unpin(struct oc_copy_engine *engine, struct oc_slice region,
                          const uint8_t sha256[OC_SHA256_LEN])
{
    oc_pins_remove(&oc_copy_find_region(engine, region)->pins, sha256);
}

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

static struct oc_copy_entry *find_entry(const struct oc_copy_engine *engine, struct oc_slice key)
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

    if (engine->entry_count == engine->entry_cap) {
        size_t cap = engine->entry_cap ? engine->entry_cap * 2 : 64;
        struct oc_copy_entry **grown = oc_realloc(engine->entries, cap * sizeof(*grown));

        if (!grown)
            return oc_fail_nomem(err);
        engine->entries = grown;
        engine->entry_cap = cap;
    }
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

static void remove_entry(struct oc_copy_engine *engine, struct oc_copy_entry *entry)
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
    entry = find_entry(scan->engine, key);
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
static void scan_tasks(struct oc_copy_engine *engine)
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
        engine->next_scan_us = now + PUT_OFF_US;
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
static struct oc_copy_entry *choose(struct oc_copy_engine *engine, int64_t now,
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

/* -- runners -------------------------------------------------------------------------------- */

/* Lock held on entry and exit. */
static void run_entry(struct oc_copy_engine *engine, struct oc_copy_entry *entry)
{
    enum oc_copy_end end;
    uint32_t at = 0;

    entry->running = true;
    engine->running[engine->running_count++] = entry;
    memcpy(engine->last_account, entry->account, OC_ACCOUNT_LEN);
    (void)pthread_mutex_unlock(&engine->lock);
    end = oc_copy_job_run(engine, entry);
    (void)pthread_mutex_lock(&engine->lock);
    while (engine->running[at] != entry)
        at++;
    engine->running[at] = engine->running[--engine->running_count];
    entry->running = false;
    if (end == OC_COPY_DONE) {
        remove_entry(engine, entry);
    } else if (end == OC_COPY_LATER) {
        int64_t pause = PUT_OFF_US << (entry->tries < 6 ? entry->tries : 6);

        entry->tries++;
        entry->not_before_us =
            oc_clock_mono_us() + (pause < PUT_OFF_MAX_US ? pause : PUT_OFF_MAX_US);
    }
    (void)pthread_cond_broadcast(&engine->changed); /* caps have room again */
}

/* A sweep that somebody wants, unless one is under way. Lock held on entry and exit. */
static bool sweep_one(struct oc_copy_engine *engine)
{
    for (size_t i = 0; !engine->sweeping && i < engine->region_count; i++) {
        struct oc_copy_region *region = &engine->regions[i];
        struct oc_err err = {0};
        uint64_t removed = 0;
        int rc;

        if (!region->sweep_wanted)
            continue;
        region->sweep_wanted = false;
        engine->sweeping = true;
        (void)pthread_mutex_unlock(&engine->lock);
        rc = oc_copy_sweep_region(engine, region, &removed, &err);
        if (rc < 0 && rc != OC_ECANCELED)
            oc_log(OC_LOG_ERROR, "copy.sweep_failed", "reason", err.text, (char *)NULL);
        (void)pthread_mutex_lock(&engine->lock);
        engine->sweeping = false;
        (void)pthread_cond_broadcast(&engine->changed);
        return true;
    }
    return false;
}

/* Wait for a change, at most until `until_us`. Lock held. */
static void wait_until(struct oc_copy_engine *engine, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};

    if (until_us == INT64_MAX)
        (void)pthread_cond_wait(&engine->changed, &engine->lock);
    else
        (void)pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
}

static void *run(void *arg)
{
    struct oc_copy_engine *engine = arg;

    /* Of this thread only. Where processors are scarce, requests go before copies. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    (void)pthread_mutex_lock(&engine->lock);
    while (!engine->stopping) {
        int64_t now = oc_clock_mono_us(), next = INT64_MAX;
        struct oc_copy_entry *entry;

        if (sweep_one(engine))
            continue;
        if (engine->woken && !engine->scanning && now >= engine->next_scan_us) {
            scan_tasks(engine);
            continue;
        }
        entry = choose(engine, now, &next);
        if (entry) {
            run_entry(engine, entry);
            continue;
        }
        if (engine->woken && !engine->scanning && engine->next_scan_us < next)
            next = engine->next_scan_us;
        wait_until(engine, next);
    }
    (void)pthread_mutex_unlock(&engine->lock);
    return NULL;
}

/* -- life ----------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct oc_copy_region *x = a, *y = b;

    return oc_slice_cmp(x->region.name, y->region.name);
}

static void init_changed(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr); /* none of these can fail on Linux */
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

static int start_runners(struct oc_copy_engine *engine, uint32_t jobs, struct oc_err *err)
{
    pthread_attr_t attr;
    int rc = OC_OK;

    (void)pthread_attr_init(&attr); /* cannot fail on Linux */
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    (void)pthread_mutex_lock(&engine->lock); /* caps depend on the number of runners */
    for (; rc == OC_OK && engine->runner_count < jobs; engine->runner_count++)
        if (pthread_create(&engine->runners[engine->runner_count], &attr, run, engine) != 0) {
            rc = oc_fail(err, OC_ENOMEM, "copy engine: a thread could not be started");
            break;
        }
    (void)pthread_mutex_unlock(&engine->lock);
    (void)pthread_attr_destroy(&attr);
    return rc;
}

static int start(struct oc_copy_engine *engine, const struct oc_copy_options *options,
                 struct oc_err *err)
{
    uint32_t workers = options->workers ? options->workers : WORKERS_DEFAULT;
    uint32_t jobs = options->jobs_at_once ? options->jobs_at_once : JOBS_DEFAULT;
    int rc;

    if (workers > WORKERS_MAX || jobs > JOBS_MAX)
        return oc_fail(err, OC_EINVAL, "copy engine: at most %d workers and %d jobs at once",
                       WORKERS_MAX, JOBS_MAX);
    engine->regions = oc_alloc((options->region_count + 1) * sizeof(*engine->regions));
    engine->running = oc_alloc(jobs * sizeof(*engine->running));
    engine->runners = oc_alloc(jobs * sizeof(*engine->runners));
    if (!engine->regions || !engine->running || !engine->runners)
        return oc_fail_nomem(err);
    for (; engine->region_count < options->region_count; engine->region_count++) {
        struct oc_copy_region *region = &engine->regions[engine->region_count];

        *region = (struct oc_copy_region){.region = options->regions[engine->region_count]};
        oc_pins_init(&region->pins);
    }
    qsort(engine->regions, engine->region_count, sizeof(*engine->regions), by_name);
    rc = oc_pool_new(workers, workers + SPARE_TICKETS, &engine->pool, err);
    return rc < 0 ? rc : start_runners(engine, jobs, err);
}

int oc_copy_engine_new(const struct oc_copy_options *options, struct oc_copy_engine **ret,
                       struct oc_err *err)
{
    struct oc_copy_engine *engine = oc_alloc(sizeof(*engine));
    int rc;

    if (!engine)
        return oc_fail_nomem(err);
    memset(engine, 0, sizeof(*engine));
    engine->options = *options;
    engine->woken = true;
    (void)pthread_mutex_init(&engine->lock, NULL); /* cannot fail with default attributes */
    init_changed(&engine->changed);
    rc = start(engine, options, err);
    if (rc < 0) {
        oc_copy_engine_free(engine);
        return rc;
    }
    *ret = engine;
    return OC_OK;
}

void oc_copy_engine_stop(struct oc_copy_engine *engine)
{
    if (!engine)
        return;
    (void)pthread_mutex_lock(&engine->lock);
    engine->stopping = true;
    (void)pthread_cond_broadcast(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
    if (engine->pool)
        oc_pool_stop(engine->pool);
    for (uint32_t i = 0; i < engine->runner_count; i++)
        (void)pthread_join(engine->runners[i], NULL); /* fails only on a bug */
    engine->runner_count = 0;
    oc_pool_free(engine->pool);
    engine->pool = NULL;
}

void oc_copy_engine_free(struct oc_copy_engine *engine)
{
    if (!engine)
        return;
    oc_copy_engine_stop(engine);
    for (size_t i = 0; i < engine->region_count; i++)
        oc_pins_clear(&engine->regions[i].pins);
    for (size_t i = 0; i < engine->entry_count; i++)
        free(engine->entries[i]);
    free(engine->entries);
    free(engine->running);
    free(engine->runners);
    free(engine->regions);
    (void)pthread_cond_destroy(&engine->changed);
    (void)pthread_mutex_destroy(&engine->lock);
    free(engine);
}

/* -- from outside --------------------------------------------------------------------------- */

void oc_copy_engine_wake(struct oc_copy_engine *engine)
{
    (void)pthread_mutex_lock(&engine->lock);
    engine->woken = true;
    (void)pthread_cond_signal(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
}

void oc_copy_engine_sweep(struct oc_copy_engine *engine, struct oc_slice region)
{
    struct oc_copy_region *found = oc_copy_find_region(engine, region);

    if (!found)
        return;
    (void)pthread_mutex_lock(&engine->lock);
    found->sweep_wanted = true;
    (void)pthread_cond_signal(&engine->changed);
    (void)pthread_mutex_unlock(&engine->lock);
}

int oc_copy_engine_run(struct oc_copy_engine *engine, void (*fn)(void *ctx), void *ctx,
                       struct oc_err *err)
{
    return oc_pool_run(engine->pool, fn, ctx, err);
}

static void tell_progress(struct oc_copy_job *job, struct oc_copy_progress *ret)
{
    (void)pthread_mutex_lock(&job->lock);
    *ret = job->progress;
    if (job->sample_count > 1) {
        uint32_t oldest = job->sample_count > OC_COPY_SAMPLES ? job->sample_count : 0;
        int64_t us = oc_clock_mono_us() - job->samples[oldest % OC_COPY_SAMPLES].at_us;
        uint64_t bytes = job->bytes_moved - job->samples[oldest % OC_COPY_SAMPLES].bytes;

        if (us > 0)
            ret->bytes_per_second = (uint64_t)((double)bytes * 1e6 / (double)us);
    }
    if (ret->bytes_per_second)
        ret->seconds_left = (int64_t)((ret->bytes_total - ret->bytes_done) / ret->bytes_per_second);
    (void)pthread_mutex_unlock(&job->lock);
}

bool oc_copy_engine_progress(struct oc_copy_engine *engine, struct oc_partition target,
                             struct oc_slice model_id, struct oc_copy_progress *ret)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_copy_entry *entry = NULL;
    struct oc_slice key;

    oc_arena_init(&arena, 4096);
    key = oc_key_task(&arena, target, model_id);
    (void)pthread_mutex_lock(&engine->lock);
    if (key.ptr)
        entry = find_entry(engine, key);
    if (entry && entry->job)
        tell_progress(entry->job, ret);
    else if (entry)
        *ret = (struct oc_copy_progress){.phase = "queued", .seconds_left = -1};
    (void)pthread_mutex_unlock(&engine->lock);
    return entry != NULL;
}

int oc_copy_manifest_load(struct oc_blob_store *blobs, struct oc_slice key_id, struct oc_slice hex,
                          struct oc_manifest *ret, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    struct oc_blob_name name = {.key_id = key_id};
    struct oc_err cause = {0};
    uint64_t size;
    size_t len;
    uint8_t *to;
    int rc;

    oc_buf_init(&text, OC_MANIFEST_MAX);
    if (!oc_hex_decode(hex, name.sha256, sizeof(name.sha256)))
        return oc_fail(err, OC_ECORRUPT, "'%.*s' is not the digest of a manifest", OC_FMT(hex));
    rc = oc_blob_size(blobs, &name, &size, err);
    if (rc < 0)
        return rc;
    to = oc_buf_extend(&text, size);
    if (!to)
        return oc_fail_nomem(err);
    rc = oc_blob_get(blobs, &name, to, size, &len, err);
    if (rc < 0)
        return rc;
    rc = oc_manifest_decode((struct oc_slice){(char *)to, len}, ret, &cause);
    if (rc < 0 && rc != OC_ENOMEM)
        return oc_fail(err, OC_ECORRUPT, "%s", cause.text);
    return rc < 0 ? oc_fail_nomem(err) : OC_OK;
}
