#include "store_fixture.h"

#include <ftw.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

const struct oc_shape small_shape = {
    .level = {512, 2048, 16384},
    .block = 4096,
    .text = 512,
    .chunk = 2048,
    .super = 8192,
};
const struct oc_partition test_partition = {{"123456789012", 12}, {"us-east-1", 9}};

void fixture_begin(struct fixture *f)
{
    *f = (struct fixture){.map_bytes = 1UL << 30};
    (void)snprintf(f->path, sizeof f->path, "%s/outcrop-store-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(f->path))
        abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void fixture_end(struct fixture *f)
{
    fixture_close(f);
    (void)nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int fixture_open(struct fixture *f, struct oc_err *err)
{
    struct oc_store_options options = {.path = f->path, .readers = 8, .map_bytes = f->map_bytes};

    return oc_store_open_shaped(&options, &small_shape, &f->store, err);
}

void fixture_close(struct fixture *f)
{
    oc_store_close(f->store);
    f->store = NULL;
}

void fixture_open_ok(struct fixture *f)
{
    struct oc_err err = {0};

    if (fixture_open(f, &err) < 0)
        fail_msg("open: %s", err.text);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9E3779B97F4A7C15ULL;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    return (uint32_t)((rng_next(rng) >> 32) * n >> 32);
}

void make_id(uint64_t n, char ret[OC_ID_LEN])
{
    /* Scattered, as real ids are, and different for different n below 36^12. */
    uint64_t space = 4738381338321616896ULL, x = (n * 2862933555777941757ULL) % space;

    for (int i = OC_ID_LEN - 1; i >= 0; i--, x /= 36)
        ret[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[x % 36];
}

struct oc_job make_job(const char id[OC_ID_LEN], const char *name, int64_t ms)
{
    return (struct oc_job){
        .partition = test_partition,
        .id = {id, OC_ID_LEN},
        .creation_ms = ms,
        .source_account = OC_STR("210987654321"),
        .source_model_arn =
            OC_STR("arn:aws:bedrock:eu-west-1:210987654321:custom-model/imported/abcdefghij12"),
        .target_model_arn =
            OC_STR("arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/zbcdefghij12"),
        .target_model_name = oc_slice_of(name),
    };
}

struct job_write {
    struct oc_write write;
    struct oc_job *job; /* create this one, */
    struct oc_partition partition;
    uint64_t from; /* or these, or end these */
    uint32_t count;
    enum oc_job_status status;
    struct oc_slice failure;
    const char *id;
};

static int apply_create(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    return oc_tx_job_create(tx, ((struct job_write *)write)->job, err);
}

int create_job(struct oc_store *store, struct oc_job *job, struct oc_err *err)
{
    struct job_write w = {.write = {.apply = apply_create}, .job = job};

    return oc_store_write(store, &w.write, err);
}

static int apply_end(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct job_write *w = (struct job_write *)write;

    return oc_tx_job_end(tx, w->partition, (struct oc_slice){w->id, OC_ID_LEN}, w->status,
                         w->failure, err);
}

int end_job(struct oc_store *store, struct oc_partition partition, const char id[OC_ID_LEN],
            enum oc_job_status status, const char *failure, struct oc_err *err)
{
    struct job_write w = {.write = {.apply = apply_end},
                          .partition = partition,
                          .status = status,
                          .failure = oc_slice_of(failure),
                          .id = id};

    return oc_store_write(store, &w.write, err);
}

static int apply_many(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct job_write *w = (struct job_write *)write;
    int rc = OC_OK;

    for (uint64_t n = w->from; rc == OC_OK && n < w->from + w->count; n++) {
        char id[OC_ID_LEN], name[32];
        make_id(n, id);
        (void)snprintf(name, sizeof name, "model-%llu", (unsigned long long)n);
        struct oc_job job = make_job(id, name, 1700000000000 + (int64_t)n);
        if (w->status == OC_JOB_IN_PROGRESS)
            rc = oc_tx_job_create(tx, &job, err);
        else
            rc = oc_tx_job_end(
                tx, job.partition, job.id, w->status,
                w->status == OC_JOB_FAILED ? OC_STR("disk on fire") : (struct oc_slice){0}, err);
    }
    return rc;
}

static int run_many(struct oc_store *store, uint64_t from, uint32_t count,
                    enum oc_job_status status, struct oc_err *err)
{
    int rc = OC_OK;

    for (uint32_t done = 0; rc == OC_OK && done < count; done += 500) {
        struct job_write w = {.write = {.apply = apply_many},
                              .from = from + done,
                              .status = status,
                              .count = count - done < 500 ? count - done : 500};
        rc = oc_store_write(store, &w.write, err);
    }
    return rc;
}

int create_many(struct oc_store *store, uint64_t from, uint32_t count, struct oc_err *err)
{
    return run_many(store, from, count, OC_JOB_IN_PROGRESS, err);
}

int end_many(struct oc_store *store, uint64_t from, uint32_t count, enum oc_job_status status,
             struct oc_err *err)
{
    return run_many(store, from, count, status, err);
}

struct oc_read *snapshot;
static struct fixture snapshot_store;

int snapshot_set_up(void **state)
{
    struct oc_err err = {0};

    (void)state;
    fixture_begin(&snapshot_store);
    fixture_open_ok(&snapshot_store);
    return oc_store_read(snapshot_store.store, &snapshot, &err);
}

int snapshot_tear_down(void **state)
{
    (void)state;
    oc_read_close(snapshot);
    fixture_end(&snapshot_store);
    return 0;
}

int list_jobs(struct oc_store *store, const struct oc_job_query *query, struct oc_buf *ret_text,
              struct oc_job_page *ret, struct oc_err *err)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    OC_AUTO(oc_arena_clear) struct oc_arena arena;

    oc_arena_init(&arena, OC_REQUEST_ARENA_MAX);
    oc_buf_reset(ret_text);
    int rc = oc_store_read(store, &read, err);
    if (rc == OC_OK)
        rc = oc_read_jobs(read, query, &arena, ret, err);
    for (size_t i = 0; rc == OC_OK && i < ret->piece_count; i++)
        oc_buf_put_slice(ret_text, ret->pieces[i]);
    ret->pieces = NULL; /* gone with the arena */
    return rc;
}

static void print_finding(const char *finding, void *ctx)
{
    (void)ctx;
    (void)fprintf(stderr, "finding: %s\n", finding);
}

uint64_t count_findings(struct oc_store *store)
{
    struct oc_err err = {0};
    uint64_t findings = 0;

    if (oc_store_check(store, print_finding, NULL, &findings, &err) < 0)
        fail_msg("check: %s", err.text);
    return findings;
}
