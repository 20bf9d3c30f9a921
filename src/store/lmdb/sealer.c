/*
 * The background thread that turns new jobs into segments.
 *
 * It reads a snapshot, builds a finished value, and hands that to the writer, which puts it and
 * removes what it replaces in one commit. Only this thread makes segments, so what it decided from
 * the snapshot still holds when the writer runs. In order of urgency: the tail's jobs into a
 * segment of level 0 (or 1, when the tail is long), segments into one of the next level, old rows
 * into text segments, status bits that can no longer change into planes.
 */
#include "store/lmdb/impl.h"

#include <stdlib.h>
#include <time.h>

#define PENDING_MAX   256
#define RETRY_MS      1000
#define TEXT_OPEN     42  /* a text segment may leave 1/42 of its jobs behind as rows, */
#define TEXT_PATIENCE 256 /* or any number once this many text segments could follow it */
#define TEXTS_MAX     8   /* text segments put in one commit, so that a backlog goes quickly */
#define BLOB_MAX      (1UL << 31)

struct oc_sealer {
    pthread_t thread;
    bool started, busy, paused, scan_all;
    _Atomic bool stop;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    uint32_t pids[PENDING_MAX], count;
    int rc; /* of the last failure since oc_store_settle began */
    struct oc_err err;
};

/* -- segments
 * --------------------------------------------------------------------------------------- */

static int remove_children(struct oc_tx *tx, const struct oc_part *part, unsigned level,
                           uint64_t first, uint64_t end, struct oc_err *err)
{
    int rc = OC_OK;

    for (unsigned child = 0; child < level; child++) {
        uint64_t size = tx->store->shape.level[child];
        uint64_t from = part->end[child + 1] > first ? part->end[child + 1] : first;
        uint64_t to = part->end[child] < end ? part->end[child] : end;
        for (uint64_t at = from; rc == OC_OK && at < to; at += size) {
            struct oc_key key =
                oc_key_index(OC_INDEX_SEGMENT, part->pid, oc_segment_number(child, at));
            rc = oc_tx_unset(tx, tx->store->index, oc_key_slice(&key), err);
        }
    }
    return rc;
}

static int remove_tail(struct oc_tx *tx, const struct oc_part *part, uint64_t end,
                       const struct oc_cols *cols, struct oc_err *err)
{
    int rc = OC_OK;

    for (uint64_t seq = part->end[0]; rc == OC_OK && seq < end; seq++) {
        struct oc_key key = oc_key_index(OC_INDEX_ID, part->pid, cols->id[seq - cols->first]);
        rc = oc_tx_unset(tx, tx->store->index, oc_key_slice(&key), err);
        if (rc == OC_OK && seq % OC_GROUP == 0) {
            key = oc_key_index(OC_INDEX_GROUP, part->pid, seq / OC_GROUP);
            rc = oc_tx_unset(tx, tx->store->index, oc_key_slice(&key), err);
        }
    }
    return rc;
}

int oc_segment_put(struct oc_tx *tx, uint32_t pid, unsigned level, uint64_t first,
                   struct oc_slice segment, const struct oc_cols *cols, struct oc_err *err)
{
    struct oc_key key = oc_key_index(OC_INDEX_SEGMENT, pid, oc_segment_number(level, first));
    uint64_t end = first + tx->store->shape.level[level];
    struct oc_wpart *wpart;

    int rc = oc_part_touch_pid(tx, pid, &wpart, err);
    if (rc == OC_OK)
        rc = remove_children(tx, &wpart->part, level, first, end, err);
    if (rc == OC_OK)
        rc = remove_tail(tx, &wpart->part, end, cols, err);
    if (rc == OC_OK)
        rc = oc_tx_put_seal(tx, tx->store->index, &key, segment, err);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i <= level; i++) {
        if (wpart->part.end[i] < end)
            wpart->part.end[i] = end;
    }
    wpart->dirty = true;
    return OC_OK;
}

/* -- the steps
 * --------------------------------------------------------------------------------------- */

enum step { STEP_NONE, STEP_SEGMENT, STEP_TEXT, STEP_STATUS };

struct work {
    struct oc_write write;
    enum step step;
    uint32_t pid;
    unsigned level;
    uint64_t first; /* job, or super */
    struct oc_buf blob, late;
    struct oc_buf texts[TEXTS_MAX];
    unsigned text_count;
    struct oc_cols cols;
};

static int apply_work(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct work *work = (struct work *)write; /* its first member */
    struct oc_slice blob = oc_buf_slice(&work->blob);

    if (work->step == STEP_SEGMENT)
        return oc_segment_put(tx, work->pid, work->level, work->first, blob, &work->cols, err);
    if (work->step == STEP_STATUS)
        return oc_status_put_sealed(tx, work->pid, work->first, blob, oc_buf_slice(&work->late),
                                    err);
    for (unsigned i = 0; i < work->text_count; i++) {
        int rc = oc_text_put(tx, work->pid, work->first + (uint64_t)i * tx->store->shape.text,
                             oc_buf_slice(&work->texts[i]), err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* Which segment can be made now. Level 1 straight from a long tail saves building level 0. */
static bool choose_segment(const struct oc_store *store, const struct oc_part *part,
                           struct work *work)
{
    const uint32_t *size = store->shape.level;
    uint64_t tail = part->next_seq - part->end[0];

    if (tail >= 2UL * size[1] && part->end[0] == part->end[1])
        work->level = 1;
    else if (tail >= size[0])
        work->level = 0;
    else if (part->end[0] - part->end[1] >= size[1])
        work->level = 1;
    else if (part->end[1] - part->end[2] >= size[2])
        work->level = 2;
    else
        return false;
    work->first = part->end[work->level];
    return true;
}

static int load_segment(struct oc_read *read, const struct oc_part *part, struct work *work,
                        struct oc_err *err)
{
    uint32_t count = read->store->shape.level[work->level];

    work->step = STEP_SEGMENT;
    int rc = oc_cols_init(&work->cols, work->first, count, err);
    return rc < 0 ? rc : oc_columns_load(read, part, work->first, count, &work->cols, err);
}

/* Whether the jobs from `first` on may become a text segment. */
static int text_is_ready(struct oc_read *read, const struct oc_part *part, uint64_t first,
                         bool *ret, struct oc_err *err)
{
    uint64_t size = read->store->shape.text;
    uint32_t open = 0;

    *ret = false;
    if (first + size > part->end[0])
        return OC_OK;
    int rc = oc_status_open_jobs(read, part->pid, first, first + size, &open, err);
    *ret =
        rc == OC_OK && (open <= size / TEXT_OPEN || part->end[0] - first >= TEXT_PATIENCE * size);
    return rc;
}

static int try_texts(struct oc_read *read, const struct oc_part *part, struct work *work,
                     struct oc_err *err)
{
    uint64_t size = read->store->shape.text;
    bool ready = true;
    int rc = OC_OK;

    work->first = part->text_next;
    for (unsigned i = 0; i < TEXTS_MAX && ready && rc == OC_OK; i++) {
        uint64_t first = work->first + i * size;
        rc = text_is_ready(read, part, first, &ready, err);
        if (rc < 0 || !ready)
            break;
        rc = oc_text_build(read, part->pid, first, &work->texts[i], err);
        work->text_count = i + 1;
        work->step = STEP_TEXT;
    }
    return rc;
}

static int try_status(struct oc_read *read, const struct oc_part *part, struct work *work,
                      struct oc_err *err)
{
    uint64_t supers = part->next_seq / read->store->shape.super;
    bool ready = false;
    int rc = OC_OK;

    for (uint64_t super = 0; rc == OC_OK && !ready && super < supers; super++) {
        rc = oc_status_seal(read, part, super, &work->blob, &work->late, &ready, err);
        work->first = super;
    }
    if (ready)
        work->step = STEP_STATUS;
    return rc;
}

static int choose_step(struct oc_store *store, struct work *work, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_part part;

    int rc = oc_store_read(store, &read, err);
    if (rc == OC_OK)
        rc = oc_part_load(read, work->pid, &part, err);
    if (rc < 0)
        return rc;
    if (choose_segment(store, &part, work))
        return load_segment(read, &part, work, err);
    rc = try_texts(read, &part, work, err);
    if (rc == OC_OK && work->step == STEP_NONE)
        rc = try_status(read, &part, work, err);
    return rc;
}

static int prepare(struct oc_store *store, struct work *work, struct oc_err *err)
{
    int rc = choose_step(store, work, err);

    /* Building takes longest, and needs the snapshot no more: pages freed meanwhile can be reused.
     */
    if (rc == OC_OK && work->step == STEP_SEGMENT)
        rc = oc_seg_build(&store->shape, work->pid, work->level, &work->cols, &work->blob, err);
    return rc;
}

static int seal_partition(struct oc_store *store, uint32_t pid, struct oc_err *err)
{
    struct work work = {.write = {.apply = apply_work}};
    int rc;

    oc_buf_init(&work.blob, BLOB_MAX);
    oc_buf_init(&work.late, BLOB_MAX);
    for (unsigned i = 0; i < TEXTS_MAX; i++)
        oc_buf_init(&work.texts[i], BLOB_MAX);
    do {
        work.pid = pid;
        work.step = STEP_NONE;
        rc = prepare(store, &work, err);
        if (rc == OC_OK && work.step != STEP_NONE)
            rc = oc_store_write(store, &work.write, err);
        oc_cols_clear(&work.cols);
    } while (rc == OC_OK && work.step != STEP_NONE && !store->sealer->stop);
    oc_buf_clear(&work.blob);
    oc_buf_clear(&work.late);
    for (unsigned i = 0; i < TEXTS_MAX; i++)
        oc_buf_clear(&work.texts[i]);
    return rc;
}

static int seal_all(struct oc_store *store, struct oc_err *err)
{
    uint32_t pid = 0;

    for (;;) {
        struct oc_read *read;
        int rc = oc_store_read(store, &read, err);
        if (rc < 0)
            return rc;
        rc = oc_part_next(read, pid, &pid, err);
        oc_read_close(read);
        if (rc == OC_ENOTFOUND)
            return OC_OK;
        if (rc == OC_OK)
            rc = seal_partition(store, pid, err);
        if (rc < 0 || store->sealer->stop)
            return rc;
    }
}

/* -- the thread
 * --------------------------------------------------------------------------------------- */

static void wait_ms(struct oc_sealer *sealer, long ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&sealer->cond, &sealer->lock, &until);
}

/* @return false: there is no room for one more */
static bool add_pid(uint32_t pids[PENDING_MAX], uint32_t *count, uint32_t pid)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (pids[i] == pid)
            return true;
    }
    if (*count == PENDING_MAX)
        return false;
    pids[(*count)++] = pid;
    return true;
}

/* What is to be done next. @return the partition; 0: all */
static uint32_t take_next(struct oc_sealer *sealer)
{
    if (!sealer->scan_all)
        return sealer->pids[--sealer->count];
    sealer->scan_all = false;
    return 0;
}

/* Called with the lock held, which is given up while a partition is worked on. */
static void run_once(struct oc_store *store, struct oc_sealer *sealer)
{
    struct oc_err err = {0};
    uint32_t pid = take_next(sealer);

    sealer->busy = true;
    pthread_mutex_unlock(&sealer->lock);
    int rc = pid ? seal_partition(store, pid, &err) : seal_all(store, &err);
    pthread_mutex_lock(&sealer->lock);
    sealer->busy = false;
    pthread_cond_broadcast(&sealer->cond);
    if (rc >= 0 || sealer->stop)
        return;
    /* A full disk or the like: jobs stay in the tail, where queries find them; try again later. */
    sealer->rc = rc;
    sealer->err = err;
    sealer->scan_all = true;
    pthread_cond_broadcast(&sealer->cond);
    wait_ms(sealer, RETRY_MS);
}

static void *sealer_main(void *arg)
{
    struct oc_store *store = arg;
    struct oc_sealer *sealer = store->sealer;

    pthread_mutex_lock(&sealer->lock);
    while (!sealer->stop) {
        if (!sealer->paused && (sealer->scan_all || sealer->count)) {
            run_once(store, sealer);
            continue;
        }
        pthread_cond_broadcast(&sealer->cond);
        pthread_cond_wait(&sealer->cond, &sealer->lock);
    }
    pthread_mutex_unlock(&sealer->lock);
    return NULL;
}

void oc_sealer_wake(struct oc_store *store, uint32_t pid)
{
    struct oc_sealer *sealer = store->sealer;

    if (!sealer)
        return;
    pthread_mutex_lock(&sealer->lock);
    if (!add_pid(sealer->pids, &sealer->count, pid))
        sealer->scan_all = true;
    pthread_cond_broadcast(&sealer->cond);
    pthread_mutex_unlock(&sealer->lock);
}

int oc_store_settle(struct oc_store *store, struct oc_err *err)
{
    struct oc_sealer *sealer = store->sealer;

    if (!sealer)
        return OC_OK;
    pthread_mutex_lock(&sealer->lock);
    sealer->scan_all = true;
    sealer->rc = OC_OK;
    pthread_cond_broadcast(&sealer->cond);
    while ((sealer->busy || sealer->scan_all || sealer->count) && sealer->rc == OC_OK)
        pthread_cond_wait(&sealer->cond, &sealer->lock);
    int rc = sealer->rc;
    if (rc < 0)
        *err = sealer->err;
    pthread_mutex_unlock(&sealer->lock);
    return rc;
}

int oc_sealer_start(struct oc_store *store, struct oc_err *err)
{
    struct oc_sealer *sealer = oc_alloc(sizeof *sealer);

    if (!sealer)
        return oc_fail_nomem(err);
    memset(sealer, 0, sizeof *sealer);
    pthread_mutex_init(&sealer->lock, NULL);
    pthread_cond_init(&sealer->cond, NULL);
    sealer->scan_all = true; /* what a crash or an earlier run left unfinished */
    store->sealer = sealer;
    if (pthread_create(&sealer->thread, NULL, sealer_main, store) != 0)
        return oc_fail(err, OC_ENOMEM, "start the sealer's thread");
    sealer->started = true;
    return OC_OK;
}

void oc_sealer_stop(struct oc_store *store)
{
    struct oc_sealer *sealer = store->sealer;

    if (!sealer)
        return;
    pthread_mutex_lock(&sealer->lock);
    sealer->stop = true;
    pthread_cond_broadcast(&sealer->cond);
    pthread_mutex_unlock(&sealer->lock);
    if (sealer->started)
        (void)pthread_join(sealer->thread, NULL);
    sealer->started = false;
}

void oc_sealer_pause(struct oc_store *store, bool paused)
{
    struct oc_sealer *sealer = store->sealer;

    if (!sealer)
        return;
    pthread_mutex_lock(&sealer->lock);
    sealer->paused = paused;
    sealer->scan_all = true;
    pthread_cond_broadcast(&sealer->cond);
    while (paused && sealer->busy)
        pthread_cond_wait(&sealer->cond, &sealer->lock);
    pthread_mutex_unlock(&sealer->lock);
}

void oc_sealer_free(struct oc_store *store)
{
    struct oc_sealer *sealer = store->sealer;

    if (!sealer)
        return;
    store->sealer = NULL;
    pthread_cond_destroy(&sealer->cond);
    pthread_mutex_destroy(&sealer->lock);
    free(sealer);
}
