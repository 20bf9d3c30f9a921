/*
 * How fast jobs end: all jobs of a new store, each as the copy engine ends it — status, the record
 * of the model it made, the task removed — in commits that several ends share. Prints one JSON
 * object: ends a second, bytes written for each.
 *
 * bench_ends --dir DIR --jobs N --together K
 *
 * K ends are under way at one time, in about the order of creation, as with K runners. DIR must be
 * empty.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/id.h"
#include "store/store.h"

#define BATCH        500 /* jobs of one write when the store is filled */
#define TOGETHER_MAX 1024
#define MODEL_BYTES  450 /* of a model's record, about; a task's is not read */
#define ACCOUNT      "111122223333"
#define REGION       "us-west-2"

static struct {
    struct oc_store *store;
    uint64_t jobs;
    char (*ids)[OC_ID_LEN];
    _Atomic uint64_t next, left;
    pthread_mutex_t lock;
    pthread_cond_t done;
} bench = {.lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static void die(const struct oc_err *err)
{
    (void)fprintf(stderr, "bench_ends: %s\n", err->text);
    exit(1);
}

static struct oc_slice id_of(uint64_t job)
{
    return (struct oc_slice){bench.ids[job], OC_ID_LEN};
}

/* The key of a model's or task's record: as long as a real one, and in the same order. */
static struct oc_slice key_of(uint64_t job, char text[64])
{
    int len = snprintf(text, 64, ACCOUNT ".%s.%.*s", REGION, OC_FMT(id_of(job)));

    return (struct oc_slice){text, (size_t)len};
}

/* -- filling ---------------------------------------------------------------------------------- */

struct fill {
    struct oc_write write;
    uint64_t first, count;
};

static int put_job(struct oc_tx *tx, uint64_t n, struct oc_err *err)
{
    char name[64], arn[160], key[64];
    static const char record[MODEL_BYTES];

    (void)snprintf(name, sizeof(name), "team-%llu-model-%llu", (unsigned long long)n % 97,
                   (unsigned long long)n);
    (void)snprintf(arn, sizeof(arn), "arn:aws:bedrock:%s:%s:custom-model/imported/%.*s", REGION,
                   ACCOUNT, OC_FMT(id_of(n)));
    struct oc_job job = {
        .partition = {OC_STR(ACCOUNT), OC_STR(REGION)},
        .id = id_of(n),
        .creation_ms = oc_clock_now_ms(),
        .source_account = OC_STR(ACCOUNT),
        .source_model_arn =
            OC_STR("arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/abcdefghijkl"),
        .source_model_name = OC_STR("source"),
        .target_model_arn = oc_slice_of(arn),
        .target_model_name = oc_slice_of(name),
    };
    int rc = oc_tx_job_create(tx, &job, err);
    if (rc == OC_OK)
        rc = oc_tx_put(tx, OC_RECORD_MODEL, key_of(n, key),
                       (struct oc_slice){record, sizeof(record)}, err);
    if (rc == OC_OK)
        rc = oc_tx_put(tx, OC_RECORD_TASK, key_of(n, key),
                       (struct oc_slice){record, sizeof(record)}, err);
    return rc;
}

static int apply_fill(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct fill *fill = (struct fill *)write;
    int rc = OC_OK;

    for (uint64_t i = 0; rc == OC_OK && i < fill->count; i++)
        rc = put_job(tx, fill->first + i, err);
    return rc;
}

static void fill_store(void)
{
    struct oc_err err = {0};

    for (uint64_t i = 0; i < bench.jobs; i++)
        if (oc_id_make(oc_clock_now_ms(), bench.ids[i], &err) < 0)
            die(&err);
    for (uint64_t at = 0; at < bench.jobs; at += BATCH) {
        uint64_t left = bench.jobs - at;
        struct fill fill = {
            .write = {.apply = apply_fill}, .first = at, .count = left < BATCH ? left : BATCH};
        if (oc_store_write(bench.store, &fill.write, &err) < 0)
            die(&err);
    }
    if (oc_store_settle(bench.store, &err) < 0)
        die(&err);
}

/* -- ending ----------------------------------------------------------------------------------- */

struct end {
    struct oc_write write;
    uint64_t job;
};

static int apply_end(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    static const char record[MODEL_BYTES + 60]; /* size and manifest are known now */
    struct end *end = (struct end *)write;
    bool failed = end->job % 100 == 0;
    char key[64];

    int rc = oc_tx_job_end(
        tx, (struct oc_partition){OC_STR(ACCOUNT), OC_STR(REGION)}, id_of(end->job),
        failed ? OC_JOB_FAILED : OC_JOB_COMPLETED,
        failed ? OC_STR("The copy failed: no space left on the disk.") : (struct oc_slice){0}, err);
    if (rc == OC_OK)
        rc = oc_tx_put(tx, OC_RECORD_MODEL, key_of(end->job, key),
                       (struct oc_slice){record, sizeof(record)}, err);
    if (rc == OC_OK)
        rc = oc_tx_delete(tx, OC_RECORD_TASK, key_of(end->job, key), err);
    return rc;
}

static void start_next(struct end *end)
{
    end->job = atomic_fetch_add(&bench.next, 1);
    if (end->job < bench.jobs)
        oc_store_submit(bench.store, &end->write);
}

static void end_done(struct oc_write *write, int rc, const struct oc_err *err)
{
    if (rc < 0)
        die(err);
    if (atomic_fetch_sub(&bench.left, 1) == 1) {
        (void)pthread_mutex_lock(&bench.lock);
        (void)pthread_cond_signal(&bench.done);
        (void)pthread_mutex_unlock(&bench.lock);
    }
    start_next((struct end *)write);
}

static uint64_t bytes_written(void)
{
    unsigned long long bytes = 0;
    char line[64];
    FILE *io = fopen("/proc/self/io", "r");

    while (io && fgets(line, sizeof(line), io))
        (void)sscanf(line, "wchar: %llu", &bytes);
    if (io)
        (void)fclose(io);
    return bytes;
}

static void end_all(unsigned together)
{
    static struct end ends[TOGETHER_MAX];
    uint64_t bytes = bytes_written();
    int64_t start = oc_clock_mono_us();

    bench.left = bench.jobs;
    for (unsigned i = 0; i < together; i++) {
        ends[i].write = (struct oc_write){.apply = apply_end, .done = end_done};
        start_next(&ends[i]);
    }
    (void)pthread_mutex_lock(&bench.lock);
    while (bench.left)
        (void)pthread_cond_wait(&bench.done, &bench.lock);
    (void)pthread_mutex_unlock(&bench.lock);
    double seconds = (double)(oc_clock_mono_us() - start) / 1e6;
    printf("{\"ends_per_s\":%.1f,\"bytes_per_end\":%.0f}\n", (double)bench.jobs / seconds,
           (double)(bytes_written() - bytes) / (double)bench.jobs);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"dir", 1, 0, 'd'}, {"jobs", 1, 0, 'j'}, {"together", 1, 0, 't'}, {0, 0, 0, 0}};
    struct oc_store_options options = {0};
    struct oc_err err = {0};
    int c, together = 32;

    bench.jobs = 100000;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'd')
            options.path = optarg;
        else if (c == 'j')
            bench.jobs = strtoull(optarg, NULL, 10);
        else if (c == 't')
            together = atoi(optarg);
        else
            return 2;
    }
    if (!options.path || together < 1 || together > TOGETHER_MAX || bench.jobs < 1) {
        (void)fprintf(stderr, "bench_ends --dir DIR [--jobs N] [--together 1-%d]\n", TOGETHER_MAX);
        return 2;
    }
    bench.ids = calloc(bench.jobs, sizeof(*bench.ids));
    if (!bench.ids || oc_store_open(&options, &bench.store, &err) < 0)
        die(&err);
    fill_store();
    end_all((unsigned)together);
    oc_store_close(bench.store);
    free(bench.ids);
    return 0;
}
