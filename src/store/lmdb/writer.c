/*
 * The one thread that changes the store.
 *
 * It applies queued writes in one LMDB transaction as they come (up to a limit), commits once,
 * durably, and then reports each outcome. A write that refuses without having changed anything
 * does not disturb the others. When something fails half-way, or the commit fails, the whole
 * transaction is dropped and each write is tried again in a transaction of its own.
 */
#include "store/lmdb/impl.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define BATCH       1024
#define SCRATCH_MAX (1UL << 20)
#define WAKES_MAX   64
#define COMPANY_NS  100000  /* how long the next of those who come together may take, */
#define GATHER_NS   1000000 /* and all of them; see next_write */
#define COMPANY     8       /* so many at one time are worth waking up for */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool finished;
    int rc;
    struct oc_err *err;
};

struct oc_writer {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct oc_write *head, *tail; /* waiting */
    uint64_t length, wake_at; /* wake_at: how many waiting writes wake the writer; 0: it is awake */
    bool stop;
    struct oc_tx tx;
};

/* The writes of one commit, in the order they came. */
struct batch {
    struct oc_write *first, *last;
    uint64_t count, company; /* company: those of callers that do not wait in a thread */
    int64_t begun_ns;
};

/* -- the transaction ------------------------------------------------------------------------- */

static int begin(struct oc_tx *tx, struct oc_err *err)
{
    int code = mdb_txn_begin(tx->store->env, NULL, 0, &tx->txn);

    if (code != 0)
        return oc_lmdb_fail(err, code, "begin a write");
    tx->read = (struct oc_read){.store = tx->store, .txn = tx->txn, .tx = tx};
    tx->changes = 0;
    tx->broken = false;
    tx->sealed_count = 0;
    tx->seal_count = 0;
    return OC_OK;
}

/* What the writer remembers may come from the dropped transaction: forget all of it. */
static void drop(struct oc_tx *tx)
{
    mdb_txn_abort(tx->txn);
    for (int i = 0; i < OC_WPARTS; i++)
        tx->parts[i].used = false;
    memset(tx->terms, 0, OC_TERM_CACHE * sizeof *tx->terms);
}

static int commit(struct oc_tx *tx, struct oc_err *err)
{
    int rc = oc_tx_flush(tx, err);

    if (rc < 0 || tx->broken || oc_fault(OC_FAULT_LMDB_COMMIT)) {
        drop(tx);
        return rc < 0 ? rc : oc_lmdb_fail(err, EIO, "commit to the store");
    }
    int code = mdb_txn_commit(tx->txn);
    if (code != 0) {
        tx->txn = NULL; /* a failed commit has freed it */
        drop(tx);
        return oc_lmdb_fail(err, code, "commit to the store");
    }
    atomic_fetch_add_explicit(&tx->store->commits, 1, memory_order_relaxed);
    for (unsigned i = 0; i < tx->seal_count; i++)
        oc_seal_forget(tx->store, tx->seals[i].dbi, oc_key_slice(&tx->seals[i].key));
    for (uint32_t i = 0; i < tx->sealed_count; i++)
        oc_sealer_wake(tx->store, tx->sealed_pids[i]);
    return OC_OK;
}

int oc_tx_flush(struct oc_tx *tx, struct oc_err *err)
{
    for (int i = 0; i < OC_WPARTS; i++) {
        if (!tx->parts[i].used)
            continue;
        int rc = oc_part_write(tx, &tx->parts[i], err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

void oc_tx_wake(struct oc_tx *tx, uint32_t pid)
{
    for (uint32_t i = 0; i < tx->sealed_count; i++) {
        if (tx->sealed_pids[i] == pid)
            return;
    }
    /* Beyond the limit a partition waits for its next write; one batch touching more is rare. */
    if (tx->sealed_count < WAKES_MAX)
        tx->sealed_pids[tx->sealed_count++] = pid;
}

struct oc_read *oc_tx_read(struct oc_tx *tx)
{
    return &tx->read; /* oc_read_jobs and oc_read_job_json write touched partitions back first */
}

static int changed(struct oc_tx *tx, int code, struct oc_err *err)
{
    tx->changes++;
    if (code == 0)
        return OC_OK;
    tx->broken = true;
    return oc_lmdb_fail(err, code, "write the store");
}

int oc_tx_set(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, struct oc_slice value,
              struct oc_err *err)
{
    MDB_val k = oc_val(key.ptr, key.len), v = oc_val(value.ptr, value.len);

    return changed(tx, oc_fault(OC_FAULT_LMDB_PUT) ? EIO : mdb_put(tx->txn, dbi, &k, &v, 0), err);
}

int oc_tx_set_new(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, struct oc_slice value,
                  struct oc_err *err)
{
    MDB_val k = oc_val(key.ptr, key.len), v = oc_val(value.ptr, value.len);
    int code = oc_fault(OC_FAULT_LMDB_PUT) ? EIO : mdb_put(tx->txn, dbi, &k, &v, MDB_NOOVERWRITE);

    return code == MDB_KEYEXIST ? OC_ECONFLICT : changed(tx, code, err);
}

int oc_tx_put_seal(struct oc_tx *tx, MDB_dbi dbi, const struct oc_key *key, struct oc_slice value,
                   struct oc_err *err)
{
    assert(tx->seal_count < OC_TX_SEALS);
    tx->seals[tx->seal_count].dbi = dbi;
    tx->seals[tx->seal_count++].key = *key;
    return oc_tx_set(tx, dbi, oc_key_slice(key), value, err);
}

int oc_tx_reserve(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, size_t len, void **ret,
                  struct oc_err *err)
{
    MDB_val k = oc_val(key.ptr, key.len), v = {.mv_size = len};
    int code = oc_fault(OC_FAULT_LMDB_PUT) ? EIO : mdb_put(tx->txn, dbi, &k, &v, MDB_RESERVE);

    *ret = v.mv_data;
    return changed(tx, code, err);
}

int oc_tx_unset(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, struct oc_err *err)
{
    MDB_val k = oc_val(key.ptr, key.len);
    int code = oc_fault(OC_FAULT_LMDB_PUT) ? EIO : mdb_del(tx->txn, dbi, &k, NULL);

    return changed(tx, code == MDB_NOTFOUND ? 0 : code, err);
}

int oc_tx_clear(struct oc_tx *tx, MDB_dbi dbi, struct oc_err *err)
{
    return changed(tx, oc_fault(OC_FAULT_LMDB_PUT) ? EIO : mdb_drop(tx->txn, dbi, 0), err);
}

/* -- outcomes -------------------------------------------------------------------------------- */

static void wake_waiter(struct oc_write *write, int rc, const struct oc_err *err)
{
    struct waiter *waiter = write->waiter;

    pthread_mutex_lock(&waiter->lock);
    waiter->finished = true;
    waiter->rc = rc;
    if (rc < 0)
        *waiter->err = *err;
    pthread_cond_signal(&waiter->cond);
    pthread_mutex_unlock(&waiter->lock);
}

static void fail_write(struct oc_write *write, int rc, const struct oc_err *err)
{
    write->rc = rc;
    write->failure = oc_alloc(sizeof *write->failure);
    if (write->failure)
        *write->failure = *err;
}

static void finish_write(struct oc_store *store, struct oc_write *write)
{
    struct oc_err *failure = write->failure, plain = {0};

    if (write->rc >= 0)
        atomic_fetch_add_explicit(&store->writes, 1, memory_order_relaxed);
    else if (!failure)
        (void)oc_fail(&plain, (enum oc_rc)write->rc, "the write failed; no memory to say why");
    write->done(write, write->rc, failure ? failure : &plain); /* `write` may be gone after this */
    free(failure);
}

/* @return whether the transaction can go on */
static bool apply(struct oc_tx *tx, struct oc_write *write)
{
    struct oc_err err = {0};
    uint64_t before = tx->changes;

    write->rc = write->apply(tx, write, &err);
    if (tx->broken || (write->rc < 0 && tx->changes != before)) {
        if (write->rc >= 0)
            write->rc = oc_fail(&err, OC_EIO, "a change to the store failed");
        fail_write(write, write->rc, &err);
        return false;
    }
    if (write->rc < 0)
        fail_write(write, write->rc, &err);
    return true;
}

static void reset_write(struct oc_write *write)
{
    free(write->failure);
    write->failure = NULL;
    write->rc = OC_OK;
}

static void run_alone(struct oc_tx *tx, struct oc_write *write)
{
    struct oc_err err = {0};

    reset_write(write);
    int rc = begin(tx, &err);
    if (rc < 0) {
        fail_write(write, rc, &err);
        return;
    }
    if (!apply(tx, write) || write->rc < 0) {
        drop(tx);
        return;
    }
    rc = commit(tx, &err);
    if (rc < 0)
        fail_write(write, rc, &err);
}

/* -- the queue -------------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Wait for `count` writes, at most until `until_ns`; 0: without end. Lock held on entry and exit.
 */
static void wait_for(struct oc_writer *writer, uint64_t count, int64_t until_ns)
{
    struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};

    writer->wake_at = count;
    if (until_ns)
        (void)pthread_cond_timedwait(&writer->cond, &writer->lock, &until);
    else
        (void)pthread_cond_wait(&writer->cond, &writer->lock);
    writer->wake_at = 0;
}

static struct oc_write *pop(struct oc_writer *writer)
{
    struct oc_write *write = writer->head;

    writer->head = write->next;
    if (!writer->head)
        writer->tail = NULL;
    writer->length--;
    write->next = NULL;
    return write;
}

/*
 * The next write of a batch; NULL: commit it. Those whose writes were committed together come back
 * together. Were the first of them committed at once, the others would wait for a commit of one:
 * so wait for as many as `last` time, as long as they follow each other closely. A lone caller
 * never waits. Threads that wait for their write (those that copy, the sealer) do other work
 * before the next one: they are not waited for.
 */
static struct oc_write *next_write(struct oc_store *store, const struct batch *batch, uint64_t last)
{
    struct oc_writer *writer = store->writer;
    struct oc_write *write = NULL;

    pthread_mutex_lock(&writer->lock);
    while (batch->count == 0 && !writer->head && !writer->stop)
        wait_for(writer, 1, 0);
    if (batch->count && !writer->head && !writer->stop && batch->company < last) {
        uint64_t missing = last - batch->company;
        int64_t now = now_ns(), end = batch->begun_ns + GATHER_NS;
        if (now < end)
            wait_for(writer, missing < COMPANY ? missing : COMPANY,
                     now + COMPANY_NS < end ? now + COMPANY_NS : end);
    }
    if (writer->head && batch->count < store->batch)
        write = pop(writer);
    pthread_mutex_unlock(&writer->lock);
    return write;
}

/* -- the thread ------------------------------------------------------------------------------- */

static void join(struct batch *batch, struct oc_write *write)
{
    if (batch->last)
        batch->last->next = write;
    else
        batch->first = write;
    batch->last = write;
    batch->company += write->done != wake_waiter;
    if (batch->count++ == 0)
        batch->begun_ns = now_ns();
}

/*
 * Take the writes of a batch, apply and commit them. @return false: nothing of it is done, and
 * each that was taken is to be tried alone
 */
static bool run_together(struct oc_store *store, struct batch *batch, uint64_t last)
{
    struct oc_tx *tx = &store->writer->tx;
    struct oc_err err = {0};
    struct oc_write *write;
    int rc = OC_OK;

    while ((write = next_write(store, batch, last))) {
        join(batch, write);
        if (batch->count == 1)
            rc = begin(tx, &err);
        if (rc == OC_OK && !apply(tx, write)) {
            drop(tx);
            return batch->count == 1; /* its failure is known */
        }
        if (rc < 0)
            break;
    }
    if (rc == OC_OK && batch->count)
        rc = commit(tx, &err);
    if (rc < 0 && batch->count == 1)
        fail_write(batch->first, rc, &err);
    return rc == OC_OK || batch->count == 1;
}

static void *writer_main(void *arg)
{
    struct oc_store *store = arg;
    uint64_t last = 0; /* company in the commit before */

    pthread_setname_np(pthread_self(), "store-writer");
    for (;;) {
        struct batch batch = {0};
        bool done = run_together(store, &batch, last);
        if (!batch.count)
            return NULL;
        last = batch.company;
        for (struct oc_write *write = batch.first; write && !done; write = write->next)
            run_alone(&store->writer->tx, write);
        while (batch.first) {
            struct oc_write *write = batch.first;
            batch.first = write->next;
            finish_write(store, write);
        }
    }
}

void oc_store_submit(struct oc_store *store, struct oc_write *write)
{
    struct oc_writer *writer = store->writer;

    assert(!store->read_only);
    write->next = NULL;
    write->rc = OC_OK;
    write->failure = NULL;
    pthread_mutex_lock(&writer->lock);
    if (writer->tail)
        writer->tail->next = write;
    else
        writer->head = write;
    writer->tail = write;
    writer->length++;
    bool wake = writer->wake_at && writer->length >= writer->wake_at;
    if (wake)
        writer->wake_at = 0; /* one signal is enough */
    pthread_mutex_unlock(&writer->lock);
    if (wake)
        pthread_cond_signal(&writer->cond);
}

uint64_t oc_writer_queue(struct oc_store *store)
{
    pthread_mutex_lock(&store->writer->lock);
    uint64_t length = store->writer->length;
    pthread_mutex_unlock(&store->writer->lock);
    return length;
}

int oc_store_write(struct oc_store *store, struct oc_write *write, struct oc_err *err)
{
    struct waiter waiter = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .err = err};

    if (store->read_only)
        return oc_fail(err, OC_EINVAL, "the store is open for reading only");
    write->done = wake_waiter;
    write->waiter = &waiter;
    oc_store_submit(store, write);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.finished)
        pthread_cond_wait(&waiter.cond, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.cond);
    pthread_mutex_destroy(&waiter.lock);
    return waiter.rc;
}

int oc_writer_start(struct oc_store *store, uint32_t batch, struct oc_err *err)
{
    struct oc_writer *writer = oc_alloc(sizeof *writer);

    if (!writer)
        return oc_fail_nomem(err);
    memset(writer, 0, sizeof *writer);
    store->writer = writer;
    store->batch = batch ? batch : BATCH;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr); /* none of these can fail on Linux */
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->cond, &attr);
    (void)pthread_condattr_destroy(&attr);
    struct oc_tx *tx = &writer->tx;
    tx->store = store;
    oc_buf_init(&tx->scratch, SCRATCH_MAX);
    tx->parts = oc_alloc(OC_WPARTS * sizeof *tx->parts);
    tx->terms = oc_alloc(OC_TERM_CACHE * sizeof *tx->terms);
    tx->sealed_pids = oc_alloc(WAKES_MAX * sizeof *tx->sealed_pids);
    if (!tx->parts || !tx->terms || !tx->sealed_pids)
        return oc_fail_nomem(err);
    memset(tx->parts, 0, OC_WPARTS * sizeof *tx->parts);
    memset(tx->terms, 0, OC_TERM_CACHE * sizeof *tx->terms);
    if (pthread_create(&writer->thread, NULL, writer_main, store) != 0)
        return oc_fail(err, OC_ENOMEM, "start the writer's thread");
    writer->started = true;
    return OC_OK;
}

void oc_writer_stop(struct oc_store *store)
{
    struct oc_writer *writer = store->writer;

    if (!writer)
        return;
    if (writer->started) {
        pthread_mutex_lock(&writer->lock);
        writer->stop = true;
        pthread_cond_signal(&writer->cond);
        pthread_mutex_unlock(&writer->lock);
        (void)pthread_join(writer->thread, NULL);
    }
    free(writer->tx.parts);
    free(writer->tx.terms);
    free(writer->tx.sealed_pids);
    oc_buf_clear(&writer->tx.scratch);
    pthread_cond_destroy(&writer->cond);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
    store->writer = NULL;
}
