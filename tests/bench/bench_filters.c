/*
 * The list engine over many jobs: loads a seeded, realistic data set through the store's interface
 * and times one page of 100 for every combination of filters × selectivities × order × position.
 *
 * bench_filters --jobs N --dir DIR [--seed N] [--rounds N] [--json FILE] [--tsv FILE]
 *               [--queries FILE] [--slow N] [--account A] [--region R] [--load-only 1] [--every N]
 *
 * --every N asks one in N queries, drawn by the seed.
 * --cpu measures the thread's processor time: for a machine that others use at the same time.
 * DIR must exist; a store that is there already is used as it is (same N and seed).
 * --load-only adds the jobs to the store of DIR, whether there is one or not, and asks nothing:
 * it fills the data folder of a server.
 *
 * For rivals:
 *   --tsv     one line a job: seq, id, creation_ms, status, source_account, source_model_arn,
 *             name, json — tab-separated, in creation order, no header
 *   --queries one line a query: number, status, source_account, source_model_arn, name_contains,
 *             after_ms, before_ms (both exclusive), order (asc|desc), position (seq of the last job
 *             seen), limit, engine_us (median), jobs found — tab-separated, empty: not asked
 *
 * What is realistic: name lengths and parts, Zipf-distributed source models and accounts, bursts in
 * time, 0–50 tags (most jobs few), 1 % Failed with messages. What is planted: values that match
 * about 1e-6, 1e-3, 0.1 and 0.5 of the jobs for each filter, a substring in every name but one,
 * one that never occurs although each of its trigrams does, and an account and a name part that
 * each match half of the jobs and share none. "Selectivity 1" of account and model is "not asked".
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

#define MODELS   20000
#define ACCOUNTS 500
#define BATCH    500  /* jobs of one write */
#define LAG      4000 /* a job ends when that many were created after it */
#define LIMIT    100

struct options {
    uint64_t jobs, seed, rounds, slow, cpu, every;
    uint64_t load_only;
    const char *dir, *json, *tsv, *queries, *account, *region;
};

static void die(const char *what, const struct oc_err *err)
{
    (void)fprintf(stderr, "bench_filters: %s: %s\n", what, err ? err->text : strerror(errno));
    exit(1);
}

/* -- the data set
 * ------------------------------------------------------------------------------------- */

struct rng {
    uint64_t state;
};

static uint64_t next_random(struct rng *rng)
{
    uint64_t z = rng->state += 0x9E3779B97F4A7C15ULL;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static double uniform(struct rng *rng)
{
    return (double)(next_random(rng) >> 11) / (double)(1ULL << 53);
}

static uint32_t below(struct rng *rng, uint32_t n)
{
    return (uint32_t)((next_random(rng) >> 32) * n >> 32);
}

struct data {
    struct rng rng;
    uint64_t jobs;
    int64_t ms;
    uint32_t burst;
    double models[MODELS], accounts[ACCOUNTS]; /* cumulative */
};

struct item {
    uint64_t seq;
    char id[13], name[64], account[13], arn[128], target[128], failure[128];
    int64_t ms;
    enum oc_job_status status;
    struct oc_tag tags[50];
    size_t tag_count;
};

static void zipf(double *cumulative, uint32_t count, double power)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        cumulative[i] = sum += 1 / pow(i + 1, power);
    for (uint32_t i = 0; i < count; i++)
        cumulative[i] /= sum;
}

static uint32_t draw(struct rng *rng, const double *cumulative, uint32_t count)
{
    double u = uniform(rng);
    uint32_t low = 0, high = count - 1;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (cumulative[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A ladder of planted values, then the realistic rest: 0 with 0.5, 1 with 0.1, 2 with 1e-3, 3 with
 * 1e-6 (by number, so that small sets have at least one). */
static uint32_t ladder(struct data *d, uint64_t seq, uint64_t salt)
{
    double u = uniform(&d->rng);

    if ((seq + salt) % 1000000 == 777)
        return 3;
    return u < 0.5 ? 0 : u < 0.6 ? 1 : u < 0.601 ? 2 : 4;
}

static const char *const FAMILIES[] = {"llama-3", "mistral", "gemma-2",   "phi-3",     "qwen2",
                                       "falcon",  "titan",   "nova-lite", "command-r", "starcoder"};
static const char *const SIZES[] = {"1b", "3b", "7b", "8b", "13b", "34b", "70b", "405b"};
static const char *const TASKS[] = {"sft",  "dpo",     "chat",  "summarise", "extract", "rerank",
                                    "code", "support", "legal", "billing",   "fraud",   "search"};

static void make_name(struct data *d, struct item *item, bool prod)
{
    struct rng *rng = &d->rng;
    double u = uniform(rng);
    const char *stage = prod ? "prod" : "test";
    const char *extra = u < 0.1 ? "-tenth" : u < 0.101 ? "-Kilo" : "";

    if (item->seq % 1000000 == 333)
        extra = "-Zq9million";
    (void)snprintf(item->name, sizeof item->name, "%s-%s-%s-%s%s-v%u_%04x", TASKS[below(rng, 12)],
                   FAMILIES[below(rng, 10)], SIZES[below(rng, 8)], stage, extra, below(rng, 40),
                   (unsigned)below(rng, 65536));
    if (item->seq == d->jobs / 3)
        (void)strcpy(item->name, "the.only.name.without");
    for (char *c = item->name; *c; c++)
        *c = *c == '.' ? '0' : *c;
}

static void make_times(struct data *d)
{
    /* Bursts of up to some hundred jobs, milliseconds apart; minutes between them. */
    if (d->burst == 0) {
        d->burst = 1 + below(&d->rng, below(&d->rng, 10) ? 60 : 2000);
        d->ms += 1000 + below(&d->rng, 300000);
    }
    d->burst--;
    d->ms += below(&d->rng, 4) ? 0 : 1 + below(&d->rng, 40);
}

static void make_status(struct data *d, struct item *item)
{
    double u = uniform(&d->rng);

    item->status = u < 0.01 ? OC_JOB_FAILED : OC_JOB_COMPLETED;
    /* One in a million stays in progress, and the newest have not ended yet. */
    if (item->seq % 1000000 == 555 || item->seq + 200 > d->jobs)
        item->status = OC_JOB_IN_PROGRESS;
    item->failure[0] = 0;
    if (item->status == OC_JOB_FAILED)
        (void)snprintf(item->failure, sizeof item->failure,
                       "The copy stopped at part %u: the target's disk is full (free 12 GB).",
                       below(&d->rng, 4000));
}

static const struct oc_tag TAGS[] = {
    {{"team", 4}, {"search", 6}},       {{"env", 3}, {"production", 10}},
    {{"cost-centre", 11}, {"4711", 4}}, {{"owner", 5}, {"ml-platform", 11}},
    {{"stage", 5}, {"canary", 6}},      {{"ticket", 6}, {"MLP-20431", 9}},
};

static void make_tags(struct data *d, struct item *item)
{
    double u = uniform(&d->rng);

    /* Half have none, most of the rest one to three, a few up to 50. */
    item->tag_count = u < 0.5 ? 0 : u < 0.98 ? 1 + below(&d->rng, 3) : 4 + below(&d->rng, 47);
    for (size_t i = 0; i < item->tag_count; i++)
        item->tags[i] = TAGS[i % (sizeof TAGS / sizeof *TAGS)];
}

static void account_name(uint32_t n, char out[13])
{
    (void)snprintf(out, 13, "%012llu", 100000000000ULL + 7919ULL * (n % ACCOUNTS));
}

static void model_arn(uint32_t n, char out[128])
{
    (void)snprintf(out, 128, "arn:aws:bedrock:us-east-1:%012llu:custom-model/imported/src%09u",
                   100000000000ULL + 7919ULL * (n % 97), n);
}

static void make_id(uint64_t n, char *out)
{
    uint64_t x = (n * 2862933555777941757ULL + 12345) % 4738381338321616896ULL;

    for (int i = 11; i >= 0; i--, x /= 36)
        out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[x % 36];
    out[12] = 0;
}

static void next_item(struct data *d, uint64_t seq, struct item *item)
{
    uint32_t account = ladder(d, seq, 0), model = ladder(d, seq, 111111);
    bool half = account == 0;

    item->seq = seq;
    make_times(d);
    item->ms = d->ms;
    if (account == 4)
        account = 4 + draw(&d->rng, d->accounts, ACCOUNTS - 4);
    if (model == 4)
        model = 4 + draw(&d->rng, d->models, MODELS - 4);
    account_name(account, item->account);
    model_arn(model, item->arn);
    make_id(seq, item->id);
    (void)snprintf(item->target, sizeof item->target,
                   "arn:aws:bedrock:us-west-2:123456789012:custom-model/imported/%s", item->id);
    make_name(d, item, !half); /* "-prod-" and the account of half the jobs share none */
    make_status(d, item);
    make_tags(d, item);
}

static struct data *data_new(const struct options *o)
{
    struct data *d = calloc(1, sizeof *d);

    if (!d)
        die("memory", NULL);
    d->rng.state = o->seed;
    d->jobs = o->jobs;
    d->ms = 1700000000000;
    zipf(d->models, MODELS - 4, 1.05);
    zipf(d->accounts, ACCOUNTS - 4, 1.1);
    return d;
}

static struct oc_partition partition = {{"123456789012", 12}, {"us-west-2", 9}};

static struct oc_job as_job(const struct item *item)
{
    return (struct oc_job){
        .partition = partition,
        .id = {item->id, OC_ID_LEN},
        .creation_ms = item->ms,
        .source_account = oc_slice_of(item->account),
        .source_model_arn = oc_slice_of(item->arn),
        .target_model_arn = oc_slice_of(item->target),
        .target_model_name = oc_slice_of(item->name),
        .tags = {item->tags, item->tag_count, item->tag_count > 0},
    };
}

/* -- loading
 * -------------------------------------------------------------------------------------------- */

struct load {
    struct oc_write write;
    struct item *items; /* BATCH to create */
    uint32_t count;
    struct item *old; /* BATCH to end */
    uint32_t old_count;
};

static int apply_load(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct load *load = (struct load *)write;
    int rc = OC_OK;

    for (uint32_t i = 0; rc == OC_OK && i < load->count; i++) {
        struct oc_job job = as_job(&load->items[i]);
        rc = oc_tx_job_create(tx, &job, err);
    }
    for (uint32_t i = 0; rc == OC_OK && i < load->old_count; i++) {
        const struct item *item = &load->old[i];
        if (item->status != OC_JOB_IN_PROGRESS)
            rc = oc_tx_job_end(tx, partition, (struct oc_slice){item->id, OC_ID_LEN}, item->status,
                               item->failure[0] ? oc_slice_of(item->failure) : (struct oc_slice){0},
                               err);
    }
    return rc;
}

static void put_tsv(FILE *tsv, const struct item *item)
{
    struct oc_buf json;
    struct oc_job job = as_job(item);

    oc_buf_init(&json, 1 << 20);
    job.status = item->status;
    if (item->failure[0])
        job.failure_message = oc_slice_of(item->failure);
    oc_job_put_json(&json, &job);
    (void)fprintf(tsv, "%llu\t%s\t%lld\t%.*s\t%s\t%s\t%s\t%.*s\n", (unsigned long long)item->seq,
                  item->id, (long long)item->ms, OC_FMT(oc_job_status_text(item->status)),
                  item->account, item->arn, item->name, OC_FMT(oc_buf_slice(&json)));
    oc_buf_clear(&json);
}

static double load_jobs(struct oc_store *store, const struct options *o)
{
    const uint32_t ring = LAG / BATCH + 1;
    struct data *d = data_new(o);
    struct item *items = calloc((size_t)ring * BATCH, sizeof *items);
    FILE *tsv = o->tsv ? fopen(o->tsv, "w") : NULL;
    int64_t begun = oc_clock_mono_us();
    struct oc_err err = {0};

    if (!items || (o->tsv && !tsv))
        die("load", NULL);
    for (uint64_t done = 0, batch = 0; done < o->jobs + LAG + BATCH; done += BATCH, batch++) {
        struct load load = {.write = {.apply = apply_load},
                            .items = items + (size_t)(batch % ring) * BATCH,
                            .old = items + (size_t)((batch + 1) % ring) * BATCH};
        uint64_t old = done >= LAG ? done - LAG : o->jobs;
        if (done < o->jobs)
            load.count = (uint32_t)(o->jobs - done < BATCH ? o->jobs - done : BATCH);
        if (old < o->jobs)
            load.old_count = (uint32_t)(o->jobs - old < BATCH ? o->jobs - old : BATCH);
        for (uint32_t i = 0; i < load.count; i++) {
            next_item(d, done + i, &load.items[i]);
            if (tsv)
                put_tsv(tsv, &load.items[i]);
        }
        if (oc_store_write(store, &load.write, &err) < 0)
            die("load", &err);
        if (batch % 1000 == 999)
            (void)fprintf(stderr, "%llu jobs, %.0f/s\n", (unsigned long long)done,
                          (double)done * 1e6 / (double)(oc_clock_mono_us() - begun));
    }
    if (tsv)
        (void)fclose(tsv);
    free(items);
    free(d);
    return (double)(oc_clock_mono_us() - begun) / 1e6;
}

/* -- queries
 * -------------------------------------------------------------------------------------------- */

struct ask {
    struct oc_job_query query;
    uint32_t number; /* among all combinations */
    float us[16];
    uint32_t found;
};

struct choice {
    const char *label;
    const char *text;
};

struct space {
    char accounts[5][13], arns[5][128];
    int64_t first_ms, last_ms;
    uint64_t jobs;
};

/* Times that leave the fraction `share` of the jobs, ending at two thirds of them. */
static int64_t ms_of(struct oc_store *store, uint64_t seq)
{
    struct oc_read *read;
    struct oc_arena arena;
    struct oc_err err = {0};
    struct oc_job_page page;
    struct oc_job_query query = {.partition = partition,
                                 .ascending = true,
                                 .limit = 1,
                                 .has_position = seq > 0,
                                 .position = seq - 1};

    oc_arena_init(&arena, 1 << 20);
    if (oc_store_read(store, &read, &err) < 0 ||
        oc_read_jobs(read, &query, &arena, &page, &err) < 0 || page.count != 1)
        die("time of a job", &err);
    ptrdiff_t at = oc_slice_find_slice(page.pieces[0], OC_STR("\"creationTime\":\""));
    struct oc_slice text = oc_slice_sub(page.pieces[0], (size_t)at + 16, 24);
    struct tm tm = {0};
    char copy[25] = {0};
    memcpy(copy, text.ptr, 24);
    const char *rest = strptime(copy, "%Y-%m-%dT%H:%M:%S.", &tm);
    int64_t ms = (int64_t)timegm(&tm) * 1000 + strtol(rest, NULL, 10);
    oc_read_close(read);
    oc_arena_clear(&arena);
    return ms;
}

static const char *const NAMES[] = {
    NULL,    "QQQ",     "prod-llama-7", "Zq9", "Zq9million", "Kilo", "-Kilo-v",
    "tenth", "prod",    "-prod-",       "-v",  "e",          "70",   "llama-3-70b-prod-v1",
    "_00f",  "without",
};
static const double SHARES[] = {-1, 0, 1e-6, 1e-3, 0.1, 0.5, 1};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static size_t make_queries(struct oc_store *store, const struct options *o, struct ask **ret)
{
    static struct space s;
    size_t count = 0, cap = 4 * 6 * 6 * COUNT(NAMES) * COUNT(SHARES) * 6;
    struct ask *asks = calloc(cap, sizeof *asks);
    int64_t after[COUNT(SHARES)], before[COUNT(SHARES)];

    if (!asks)
        die("memory", NULL);
    for (uint32_t i = 0; i < 5; i++) {
        account_name(i, s.accounts[i]);
        model_arn(i, s.arns[i]);
    }
    (void)strcpy(s.accounts[4], "999999999999");
    model_arn(MODELS + 1, s.arns[4]);
    for (size_t t = 1; t < COUNT(SHARES); t++) {
        uint64_t jobs = (uint64_t)(SHARES[t] * (double)o->jobs),
                 end = o->jobs - 1 - (o->jobs - jobs) / 3;
        before[t] = ms_of(store, end) + (SHARES[t] == 1);
        after[t] = SHARES[t] == 0 ? before[t] : ms_of(store, end - jobs + (jobs == o->jobs)) - 1;
    }
    for (size_t i = 0; i < cap; i++) {
        size_t x = i, order, place, status, account, model, name, time;
        order = x % 2, x /= 2, place = x % 3, x /= 3, status = x % 4, x /= 4;
        account = x % 6, x /= 6, model = x % 6, x /= 6;
        name = x % COUNT(NAMES), x /= COUNT(NAMES), time = x;
        asks[count].number = (uint32_t)i;
        struct oc_job_query *q = &asks[count++].query;
        *q = (struct oc_job_query){.partition = partition,
                                   .limit = LIMIT,
                                   .ascending = order,
                                   .has_status = status > 0,
                                   .status = status ? (enum oc_job_status)(status - 1) : 0,
                                   .name_contains = oc_slice_of(NAMES[name]),
                                   .has_position = place > 0,
                                   .position =
                                       place == 1 ? o->jobs / 2 : o->jobs / 50 * (order ? 49 : 1)};
        if (account)
            q->source_account = oc_slice_of(s.accounts[account - 1]);
        if (model)
            q->source_model_arn = oc_slice_of(s.arns[model - 1]);
        if (time) {
            q->has_after = q->has_before = true;
            q->after_ms = after[time];
            q->before_ms = before[time];
        }
    }
    *ret = asks;
    return count;
}

/* Keep one in `every`. @return how many */
static size_t draw_queries(struct ask *asks, size_t count, const struct options *o)
{
    struct rng rng = {o->seed + 1};
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (next_random(&rng) % o->every == 0)
            asks[kept++] = asks[i];
    return kept;
}

static double run_query(struct oc_store *store, struct ask *ask, clockid_t clock,
                        struct oc_arena *arena)
{
    struct timespec a, b;
    struct oc_read *read;
    struct oc_job_page page;
    struct oc_err err;

    err.rc = OC_OK;
    (void)clock_gettime(clock, &a);
    if (oc_store_read(store, &read, &err) < 0 ||
        oc_read_jobs(read, &ask->query, arena, &page, &err) < 0)
        die("query", &err);
    oc_read_close(read);
    oc_arena_reset(arena);
    (void)clock_gettime(clock, &b);
    ask->found = page.count;
    return (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

static void put_query(FILE *out, const struct ask *ask, double us)
{
    const struct oc_job_query *q = &ask->query;
    struct oc_slice status = q->has_status ? oc_job_status_text(q->status) : (struct oc_slice){0};

    (void)fprintf(out, "%u\t%.*s\t%.*s\t%.*s\t%.*s\t", ask->number, OC_FMT(status),
                  OC_FMT(q->source_account), OC_FMT(q->source_model_arn), OC_FMT(q->name_contains));
    if (q->has_after)
        (void)fprintf(out, "%lld", (long long)q->after_ms);
    (void)fputc('\t', out);
    if (q->has_before)
        (void)fprintf(out, "%lld", (long long)q->before_ms);
    (void)fprintf(out, "\t%s\t", q->ascending ? "asc" : "desc");
    if (q->has_position)
        (void)fprintf(out, "%llu", (unsigned long long)q->position);
    (void)fprintf(out, "\t%u\t%.2f\t%u\n", q->limit, us, ask->found);
}

static void time_queries(struct oc_store *store, const struct options *o, struct ask *asks,
                         size_t count)
{
    uint32_t *order = malloc(count * sizeof *order);
    struct rng rng = {o->seed ^ 0x5eed};
    struct oc_arena arena;

    if (!order)
        die("memory", NULL);
    oc_arena_init(&arena, 64UL << 20);
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    /* In another random order each round, so that no query finds its own data in the caches. */
    for (uint64_t round = 0; round < o->rounds + 1; round++) {
        for (size_t i = count; i-- > 1;) {
            size_t j = below(&rng, (uint32_t)(i + 1));
            uint32_t swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        for (size_t i = 0; i < count; i++) {
            double us = run_query(store, &asks[order[i]],
                                  o->cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &arena);
            if (round > 0) /* the first round warms the page tables */
                asks[order[i]].us[round - 1] = (float)us;
        }
    }
    oc_arena_clear(&arena);
    free(order);
}

struct slow {
    float us;
    uint32_t index;
};

static int compare_slow(const void *a, const void *b)
{
    return compare_floats(b, a);
}

static void report(const struct options *o, struct ask *asks, size_t count, double load_s,
                   double bytes)
{
    struct slow *sorted = malloc(count * sizeof *sorted);
    FILE *queries = o->queries ? fopen(o->queries, "w") : NULL;
    FILE *json = o->json ? fopen(o->json, "w") : NULL;

    if (!sorted || (o->queries && !queries) || (o->json && !json))
        die("report", NULL);
    for (uint32_t i = 0; i < count; i++) {
        qsort(asks[i].us, o->rounds, sizeof(float), compare_floats);
        sorted[i] = (struct slow){asks[i].us[o->rounds / 2], i};
        if (queries)
            put_query(queries, &asks[i], sorted[i].us);
    }
    qsort(sorted, count, sizeof *sorted, compare_slow);
    double p50 = sorted[count / 2].us, p99 = sorted[count / 100].us, worst = sorted[0].us;
    printf("%zu queries over %llu jobs, page of %d, medians of %llu rounds\n", count,
           (unsigned long long)o->jobs, LIMIT, (unsigned long long)o->rounds);
    printf("  p50 %.1f us   p99 %.1f us   worst %.1f us   %.0f bytes a job", p50, p99, worst,
           bytes / (double)o->jobs);
    if (load_s > 0)
        printf("   loaded in %.0f s (%.0f/s)", load_s, (double)o->jobs / load_s);
    printf("\nslowest:\n");
    for (size_t i = 0; i < o->slow && i < count; i++)
        put_query(stdout, &asks[sorted[i].index], sorted[i].us);
    if (json)
        (void)fprintf(
            json,
            "{\"filters_jobs\": %llu, \"filters_queries\": %zu, \"filters_p50_us\": %.2f, "
            "\"filters_p99_us\": %.2f, \"filters_worst_us\": %.2f, \"bytes_per_job\": "
            "%.1f, \"load_per_s\": %.0f}\n",
            (unsigned long long)o->jobs, count, p50, p99, worst, bytes / (double)o->jobs,
            load_s > 0 ? (double)o->jobs / load_s : 0);
    if (json)
        (void)fclose(json);
    if (queries)
        (void)fclose(queries);
    free(sorted);
}

static struct options parse_options(int argc, char **argv)
{
    struct options o = {.jobs = 1000000, .seed = 42, .rounds = 5, .slow = 20, .every = 1};

    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        const struct {
            const char *name;
            uint64_t *number;
            const char **text;
        } known[] = {{"--jobs", &o.jobs, NULL},
                     {"--seed", &o.seed, NULL},
                     {"--rounds", &o.rounds, NULL},
                     {"--cpu", &o.cpu, NULL},
                     {"--slow", &o.slow, NULL},
                     {"--every", &o.every, NULL},
                     {"--dir", NULL, &o.dir},
                     {"--json", NULL, &o.json},
                     {"--tsv", NULL, &o.tsv},
                     {"--queries", NULL, &o.queries},
                     {"--account", NULL, &o.account},
                     {"--region", NULL, &o.region},
                     {"--load-only", &o.load_only, NULL}};
        for (size_t k = 0; k < COUNT(known); k++) {
            if (strcmp(name, known[k].name) != 0)
                continue;
            if (known[k].number)
                *known[k].number = strtoull(value, NULL, 10);
            else
                *known[k].text = value;
        }
    }
    if (!o.dir || o.rounds < 1 || o.rounds > 16 || o.jobs < 1000 || o.every < 1) {
        (void)fprintf(stderr, "usage: bench_filters --jobs N --dir DIR [--seed N] [--rounds 1-16] "
                              "[--json FILE] [--tsv FILE] [--queries FILE] [--slow N] "
                              "[--account A] [--region R] [--load-only 1] [--every N]\n");
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    struct options o = parse_options(argc, argv);
    struct oc_store_options options = {.path = o.dir};
    struct oc_store *store;
    struct oc_err err = {0};
    struct ask *asks;
    char path[4096];
    struct stat st;
    double load_s = 0;

    (void)snprintf(path, sizeof path, "%s/data.mdb", o.dir);
    bool there = access(path, F_OK) == 0;
    int64_t begun = oc_clock_mono_us();
    if (oc_store_open(&options, &store, &err) < 0)
        die("open", &err);
    (void)fprintf(stderr, "opened in %.1f ms\n", (double)(oc_clock_mono_us() - begun) / 1e3);
    if (o.account)
        partition.account = oc_slice_of(o.account);
    if (o.region)
        partition.region = oc_slice_of(o.region);
    if (!there || o.load_only)
        load_s = load_jobs(store, &o);
    int64_t loaded = oc_clock_mono_us();
    if (oc_store_settle(store, &err) < 0)
        die("settle", &err);
    (void)fprintf(stderr, "settled in %.1f s\n", (double)(oc_clock_mono_us() - loaded) / 1e6);
    if (o.load_only) {
        oc_store_close(store);
        return 0;
    }
    if (stat(path, &st) < 0)
        die(path, NULL);
    size_t count = make_queries(store, &o, &asks);
    count = draw_queries(asks, count, &o);
    time_queries(store, &o, asks, count);
    report(&o, asks, count, load_s, (double)st.st_size);
    free(asks);
    oc_store_close(store);
    return 0;
}
