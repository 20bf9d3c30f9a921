/*
 * The list engine against a plain reference: a linear scan written from the contract, which shares
 * nothing with the engine, not even the JSON writer.
 *
 * Random operations: create, end, query with random filters, order, size and position, walk pages,
 * settle, close and open again, rebuild. Prints its seed and how often each combination of filters
 * was asked, and fails if one never was.
 *
 * test_list_model [--ops N] [--seed N] [--seconds N] [--plain 1]
 * --seconds: go on that long, for soaks; --plain: without the instructions of newer processors
 */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

#define PARTS     2
#define NAMES_MAX 64
#define COMBOS    64 /* status, account, model, name, after, before */

static uint64_t arg_ops = 100000, arg_seed = 20240801, arg_seconds, arg_plain;

/* -- the reference
 * --------------------------------------------------------------------------------- */

struct ref_job {
    char id[OC_ID_LEN + 1], name[NAMES_MAX], account[13], arn[128], failure[64];
    int64_t ms;
    int status, tags; /* tags: -1 none given */
    bool has_source_name;
};
struct ref {
    struct ref_job *jobs;
    uint32_t count, cap;
    const char *account, *region;
};
struct question {
    int status; /* -1: any */
    const char *account, *arn, *name;
    bool has_after, has_before, ascending, has_position;
    int64_t after, before;
    uint32_t limit;
    uint64_t position;
};

static const char *const STATUS[] = {"InProgress", "Completed", "Failed"};

static bool ref_matches(const struct ref_job *job, const struct question *q)
{
    return (q->status < 0 || job->status == q->status) &&
           (!q->account || strcmp(job->account, q->account) == 0) &&
           (!q->arn || strcmp(job->arn, q->arn) == 0) && (!q->name || strstr(job->name, q->name)) &&
           (!q->has_after || job->ms > q->after) && (!q->has_before || job->ms < q->before);
}

static size_t ref_time(int64_t ms, char *to, size_t size)
{
    time_t seconds = ms / 1000;
    struct tm tm;

    size_t len = strftime(to, size, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    return len + (size_t)snprintf(to + len, size - len, ".%03dZ", (int)(ms % 1000));
}

static void ref_json(const struct ref *ref, const struct ref_job *job, struct oc_buf *out)
{
    char when[40];

    (void)ref_time(job->ms, when, sizeof when);
    oc_buf_printf(out,
                  "{\"jobArn\":\"arn:aws:bedrock:%s:%s:model-copy-job/%s\",\"status\":\"%s\","
                  "\"creationTime\":\"%s\",\"targetModelArn\":\"arn:aws:bedrock:%s:%s:custom-model/"
                  "imported/%s\",\"targetModelName\":\"%s\",\"sourceAccountId\":\"%s\","
                  "\"sourceModelArn\":\"%s\"",
                  ref->region, ref->account, job->id, STATUS[job->status], when, ref->region,
                  ref->account, job->id, job->name, job->account, job->arn);
    for (int i = 0; i < job->tags; i++)
        oc_buf_printf(out, "%s{\"key\":\"k%d\",\"value\":\"status\\\":\\\"Failed %d\"}",
                      i ? "," : ",\"targetModelTags\":[", i, i);
    if (job->tags >= 0)
        oc_buf_put_str(out, job->tags ? "]" : ",\"targetModelTags\":[]");
    if (job->failure[0])
        oc_buf_printf(out, ",\"failureMessage\":\"%s\"", job->failure);
    if (job->has_source_name)
        oc_buf_put_str(out, ",\"sourceModelName\":\"origin\"");
    oc_buf_put_char(out, '}');
}

/* The page, whether there is more, and the number of its last job. */
static uint32_t ref_list(const struct ref *ref, const struct question *q, struct oc_buf *out,
                         bool *ret_more, uint64_t *ret_last)
{
    uint32_t found = 0;

    oc_buf_reset(out);
    *ret_more = false;
    for (uint32_t k = 0; k < ref->count; k++) {
        uint32_t i = q->ascending ? k : ref->count - 1 - k;
        if (q->has_position && (q->ascending ? i <= q->position : i >= q->position))
            continue;
        if (!ref_matches(&ref->jobs[i], q))
            continue;
        if (found == q->limit) {
            *ret_more = true;
            break;
        }
        if (found++)
            oc_buf_put_char(out, ',');
        ref_json(ref, &ref->jobs[i], out);
        *ret_last = i;
    }
    return found;
}

/* -- random jobs
 * -------------------------------------------------------------------------------------- */

static const char *const WORDS[] = {"llama", "qwen", "mistral", "sft",  "dpo", "7b",
                                    "70b",   "v2",   "-",       "_",    "a",   "B",
                                    "z9",    "prod", "eval",    "chat", "x",   "aaaa"};
static const char *const ACCOUNTS[] = {"123456789012", "210987654321", "000000000000",
                                       "999999999999", "555555555555"};

struct world {
    struct fixture f;
    struct rng rng;
    struct ref refs[PARTS];
    uint64_t next_id, coverage[2][COMBOS], queries, creates, ends, reopens;
    int64_t now;
    uint32_t jobs_max;
    struct oc_buf want, have;
};

static void random_name(struct rng *rng, char *name)
{
    size_t len = 0, target = 1 + rng_below(rng, rng_below(rng, 4) ? 30 : 63);

    while (len < target) {
        const char *word = WORDS[rng_below(rng, sizeof WORDS / sizeof *WORDS)];
        char letter[2] = {
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[rng_below(rng, 64)],
            0};
        if (rng_below(rng, 3) == 0)
            word = letter;
        for (; *word && len < target; word++)
            name[len++] = *word;
    }
    name[len] = 0;
}

static uint32_t skewed(struct rng *rng, uint32_t n)
{
    uint32_t a = rng_below(rng, n), b = rng_below(rng, n), c = rng_below(rng, n);

    a = a < b ? a : b;
    return a < c ? a : c;
}

static struct ref_job *new_ref_job(struct world *w, struct ref *ref)
{
    if (ref->count == ref->cap) {
        ref->cap = ref->cap ? 2 * ref->cap : 1024;
        ref->jobs = realloc(ref->jobs, ref->cap * sizeof *ref->jobs);
        assert_non_null(ref->jobs);
    }
    struct ref_job *job = &ref->jobs[ref->count];
    *job = (struct ref_job){.tags = (int)rng_below(&w->rng, 5) - 1,
                            .has_source_name = rng_below(&w->rng, 2)};
    make_id(w->next_id++, job->id);
    random_name(&w->rng, job->name);
    (void)strcpy(job->account, ACCOUNTS[skewed(&w->rng, 5)]);
    (void)snprintf(job->arn, sizeof job->arn,
                   "arn:aws:bedrock:eu-west-1:%s:custom-model/imported/m%u", job->account,
                   skewed(&w->rng, 2000));
    w->now += rng_below(&w->rng, 3) ? 0 : rng_below(&w->rng, 100);
    job->ms = w->now;
    return job;
}

struct batch {
    struct oc_write write;
    struct world *w;
    struct ref *ref;
    uint32_t from, count; /* create these, or */
    uint32_t ends[64], end_count;
};

static int create_in_tx(struct oc_tx *tx, const struct ref *ref, struct ref_job *job,
                        struct oc_err *err)
{
    struct oc_tag tags[4];
    char keys[4][16], values[4][32], target[128];

    for (int i = 0; i < job->tags; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "k%d", i);
        (void)snprintf(values[i], sizeof values[i], "status\":\"Failed %d", i);
        tags[i] = (struct oc_tag){oc_slice_of(keys[i]), oc_slice_of(values[i])};
    }
    (void)snprintf(target, sizeof target, "arn:aws:bedrock:%s:%s:custom-model/imported/%s",
                   ref->region, ref->account, job->id);
    struct oc_job out = {
        .partition = {oc_slice_of(ref->account), oc_slice_of(ref->region)},
        .id = {job->id, OC_ID_LEN},
        .creation_ms = job->ms - (job->ms % 7 == 0 ? 50 : 0), /* clocks go back */
        .source_account = oc_slice_of(job->account),
        .source_model_arn = oc_slice_of(job->arn),
        .source_model_name = job->has_source_name ? OC_STR("origin") : (struct oc_slice){0},
        .target_model_arn = oc_slice_of(target),
        .target_model_name = oc_slice_of(job->name),
        .tags = {tags, job->tags < 0 ? 0 : (size_t)job->tags, job->tags >= 0},
    };
    int rc = oc_tx_job_create(tx, &out, err);
    job->ms = out.creation_ms;
    return rc;
}

static int apply_batch(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct batch *b = (struct batch *)write;
    int rc = OC_OK;

    for (uint32_t i = 0; rc == OC_OK && i < b->count; i++)
        rc = create_in_tx(tx, b->ref, &b->ref->jobs[b->from + i], err);
    for (uint32_t i = 0; rc == OC_OK && i < b->end_count; i++) {
        struct ref_job *job = &b->ref->jobs[b->ends[i]];
        rc = oc_tx_job_end(
            tx, (struct oc_partition){oc_slice_of(b->ref->account), oc_slice_of(b->ref->region)},
            (struct oc_slice){job->id, OC_ID_LEN}, (enum oc_job_status)job->status,
            job->failure[0] ? oc_slice_of(job->failure) : (struct oc_slice){0}, err);
    }
    return rc;
}

static void commit_batch(struct world *w, struct batch *b)
{
    struct oc_err err = {0};

    b->write.apply = apply_batch;
    if (oc_store_write(w->f.store, &b->write, &err) < 0)
        fail_msg("write: %s", err.text);
}

static uint32_t random_create(struct world *w)
{
    struct ref *ref = &w->refs[rng_below(&w->rng, 8) == 0];
    uint32_t count = 1 + rng_below(&w->rng, rng_below(&w->rng, 10) ? 4 : 400);
    struct batch b = {.w = w, .ref = ref, .from = ref->count};

    if (ref->count + count > w->jobs_max)
        return 0;
    for (uint32_t i = 0; i < count; i++, ref->count++)
        (void)new_ref_job(w, ref);
    b.count = count;
    commit_batch(w, &b);
    w->creates += count;
    return count;
}

static uint32_t random_end(struct world *w)
{
    struct ref *ref = &w->refs[rng_below(&w->rng, 8) == 0];
    uint32_t count = 1 + rng_below(&w->rng, 64),
             at = ref->count ? rng_below(&w->rng, ref->count) : 0;
    struct batch b = {.w = w, .ref = ref};

    for (; at < ref->count && b.end_count < count; at++) {
        struct ref_job *job = &ref->jobs[at];
        if (job->status != 0 || rng_below(&w->rng, 200) == 0)
            continue; /* some stay behind for long */
        job->status = rng_below(&w->rng, 20) ? 1 : 2;
        if (job->status == 2)
            (void)snprintf(job->failure, sizeof job->failure, "no space at part %u", at);
        b.ends[b.end_count++] = at;
    }
    if (b.end_count)
        commit_batch(w, &b);
    w->ends += b.end_count;
    return b.end_count;
}

/* -- random questions
 * ----------------------------------------------------------------------------------- */

static const struct ref_job *some_job(struct world *w, const struct ref *ref)
{
    return ref->count ? &ref->jobs[rng_below(&w->rng, ref->count)] : NULL;
}

static void random_needle(struct world *w, const struct ref *ref, char *needle)
{
    const struct ref_job *job = some_job(w, ref);

    random_name(&w->rng, needle);
    if (job && rng_below(&w->rng, 8)) {
        size_t len = strlen(job->name), from = rng_below(&w->rng, (uint32_t)len);
        (void)strcpy(needle, job->name + from);
    }
    size_t most = rng_below(&w->rng, 3) ? 1 + rng_below(&w->rng, 4) : 63;
    if (strlen(needle) > most)
        needle[most] = 0;
}

static int64_t random_time(struct world *w, const struct ref *ref)
{
    const struct ref_job *job = some_job(w, ref);

    if (rng_below(&w->rng, 50) == 0)
        return rng_below(&w->rng, 2) ? INT64_MAX : INT64_MIN;
    return (job ? job->ms : w->now) + (int64_t)rng_below(&w->rng, 3) - 1;
}

static void random_question(struct world *w, const struct ref *ref, struct question *q,
                            char *needle)
{
    uint32_t combo = rng_below(&w->rng, COMBOS);
    const struct ref_job *job = some_job(w, ref);

    *q = (struct question){.status = -1, .ascending = rng_below(&w->rng, 2)};
    if (combo & 1)
        q->status = (int)rng_below(&w->rng, 3);
    if (combo & 2)
        q->account = rng_below(&w->rng, 20) ? ACCOUNTS[rng_below(&w->rng, 5)] : "777777777777";
    if (combo & 4)
        q->arn = job && rng_below(&w->rng, 10) ? job->arn : "arn:of:nothing";
    if (combo & 8) {
        random_needle(w, ref, needle);
        q->name = needle;
    }
    if (combo & 16)
        q->has_after = true, q->after = random_time(w, ref);
    if (combo & 32)
        q->has_before = true, q->before = random_time(w, ref);
    q->limit = rng_below(&w->rng, 4) ? 1 + rng_below(&w->rng, 20) : 1 + rng_below(&w->rng, 1000);
    q->has_position = rng_below(&w->rng, 2);
    q->position = rng_below(&w->rng, 30) ? rng_below(&w->rng, ref->count + 1) : UINT64_MAX;
    w->coverage[q->ascending][combo]++;
}

static struct oc_job_query engine_question(const struct ref *ref, const struct question *q)
{
    return (struct oc_job_query){
        .partition = {oc_slice_of(ref->account), oc_slice_of(ref->region)},
        .has_status = q->status >= 0,
        .status = q->status >= 0 ? (enum oc_job_status)q->status : OC_JOB_IN_PROGRESS,
        .source_account = oc_slice_of(q->account),
        .source_model_arn = oc_slice_of(q->arn),
        .name_contains = oc_slice_of(q->name),
        .has_after = q->has_after,
        .has_before = q->has_before,
        .after_ms = q->after,
        .before_ms = q->before,
        .ascending = q->ascending,
        .limit = q->limit,
        .has_position = q->has_position,
        .position = q->position,
    };
}

static void explain(const struct world *w, const struct question *q)
{
    (void)fprintf(stderr,
                  "seed %llu: status %d account %s model %s name %s after %d %lld before %d"
                  " %lld ascending %d limit %u position %d %llu\nwant %.3000s\nhave %.3000s\n",
                  (unsigned long long)arg_seed, q->status, q->account, q->arn, q->name,
                  q->has_after, (long long)q->after, q->has_before, (long long)q->before,
                  q->ascending, q->limit, q->has_position, (unsigned long long)q->position,
                  w->want.ptr ? w->want.ptr : "", w->have.ptr ? w->have.ptr : "");
}

static bool ask(struct world *w, const struct ref *ref, const struct question *q,
                uint64_t *ret_last)
{
    struct oc_job_query query = engine_question(ref, q);
    struct oc_job_page page;
    struct oc_err err = {0};
    uint64_t last = 0;
    bool more;

    uint32_t count = ref_list(ref, q, &w->want, &more, &last);
    if (list_jobs(w->f.store, &query, &w->have, &page, &err) < 0)
        fail_msg("list: %s", err.text);
    w->queries++;
    if (page.count != count || page.more != more || (count && page.position != last) ||
        !oc_slice_eq(oc_buf_slice(&w->want), oc_buf_slice(&w->have))) {
        explain(w, q);
        fail_msg("want %u jobs, more %d, last %llu; have %u, %d, %llu", count, more,
                 (unsigned long long)last, page.count, page.more,
                 (unsigned long long)page.position);
    }
    *ret_last = last;
    return more;
}

static uint32_t random_query(struct world *w)
{
    const struct ref *ref = &w->refs[rng_below(&w->rng, 8) == 0];
    char needle[NAMES_MAX];
    struct question q;
    uint32_t pages = 1;

    random_question(w, ref, &q, needle);
    /* Sometimes go on from there, as a client does; the size may change between pages. */
    while (ask(w, ref, &q, &q.position) && pages < 5 && rng_below(&w->rng, 2)) {
        q.has_position = true;
        q.limit = 1 + rng_below(&w->rng, 100);
        pages++;
    }
    return pages;
}

static uint32_t get_one(struct world *w)
{
    const struct ref *ref = &w->refs[rng_below(&w->rng, 8) == 0];
    const struct ref_job *job = some_job(w, ref);
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err err = {0};
    struct oc_slice json;
    char id[OC_ID_LEN];

    make_id(w->next_id, id);
    assert_int_equal(oc_store_read(w->f.store, &read, &err), OC_OK);
    struct oc_partition partition = {oc_slice_of(ref->account), oc_slice_of(ref->region)};
    assert_int_equal(
        oc_read_job_json(read, partition, (struct oc_slice){id, OC_ID_LEN}, &json, &err),
        OC_ENOTFOUND);
    if (!job)
        return 1;
    if (oc_read_job_json(read, partition, (struct oc_slice){job->id, OC_ID_LEN}, &json, &err) < 0)
        fail_msg("get: %s", err.text);
    oc_buf_reset(&w->want);
    ref_json(ref, job, &w->want);
    assert_true(oc_slice_eq(json, oc_buf_slice(&w->want)));
    return 2;
}

static uint32_t upkeep(struct world *w)
{
    struct oc_err err = {0};
    uint32_t what = rng_below(&w->rng, 12);

    if (what < 6) {
        assert_int_equal(oc_store_settle(w->f.store, &err), OC_OK);
    } else if (what < 11) {
        fixture_close(&w->f);
        fixture_open_ok(&w->f);
        w->reopens++;
    } else if (oc_store_rebuild(w->f.store, &err) < 0) {
        fail_msg("rebuild: %s", err.text);
    }
    return 1;
}

/* -- the run
 * --------------------------------------------------------------------------------------------- */

static uint64_t episode(struct world *w, uint64_t ops)
{
    uint64_t done = 0;

    fixture_begin(&w->f);
    fixture_open_ok(&w->f);
    w->refs[0] = (struct ref){.account = "123456789012", .region = "us-east-1"};
    w->refs[1] = (struct ref){.account = "123456789012", .region = "us-west-2"};
    w->now = 1700000000000;
    /* The large episodes begin with enough jobs to have segments of every level. */
    while (w->refs[0].count + 400 < w->jobs_max / 2)
        (void)random_create(w);
    while (done < ops) {
        uint32_t kind = rng_below(&w->rng, 1000);
        if (kind < 250)
            done += random_create(w);
        else if (kind < 400)
            done += random_end(w);
        else if (kind < 450)
            done += get_one(w);
        else if (kind < 997)
            done += random_query(w);
        else
            done += upkeep(w);
    }
    assert_int_equal(count_findings(w->f.store), 0);
    fixture_end(&w->f);
    for (int i = 0; i < PARTS; i++)
        free(w->refs[i].jobs);
    return done;
}

static void print_coverage(const struct world *w)
{
    static const char *const names[] = {"status", "account", "model", "name", "after", "before"};

    printf("combination of filters: asked descending, ascending\n");
    for (uint32_t combo = 0; combo < COMBOS; combo++) {
        printf("  ");
        for (int i = 0; i < 6; i++)
            printf("%-8s", combo >> i & 1 ? names[i] : "-");
        printf("%8llu %8llu\n", (unsigned long long)w->coverage[0][combo],
               (unsigned long long)w->coverage[1][combo]);
    }
    printf("seed %llu: %llu creates, %llu ends, %llu queries, %llu reopenings\n",
           (unsigned long long)arg_seed, (unsigned long long)w->creates,
           (unsigned long long)w->ends, (unsigned long long)w->queries,
           (unsigned long long)w->reopens);
}

static void engine_answers_as_the_reference(void **state)
{
    static const uint32_t sizes[] = {50, 700, 5000, 40000};
    struct world w = {.rng = {arg_seed}};
    int64_t until = oc_clock_mono_us() + (int64_t)arg_seconds * 1000000;
    uint64_t done = 0;

    (void)state;
    oc_buf_init(&w.want, 64UL << 20);
    oc_buf_init(&w.have, 64UL << 20);
    for (int i = 0; done < arg_ops || oc_clock_mono_us() < until; i++) {
        w.jobs_max = sizes[i % 4];
        oc_bits_use_plain(i % 8 == 5 || arg_plain); /* not all processors have AVX2 */
        done += episode(&w, arg_ops / 4 + 1);
    }
    print_coverage(&w);
    for (uint32_t combo = 0; combo < COMBOS; combo++)
        assert_true(w.coverage[0][combo] > 0 && w.coverage[1][combo] > 0);
    oc_buf_clear(&w.want);
    oc_buf_clear(&w.have);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(engine_answers_as_the_reference)};

    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--ops") == 0)
            arg_ops = value;
        else if (strcmp(argv[i], "--seed") == 0)
            arg_seed = value;
        else if (strcmp(argv[i], "--seconds") == 0)
            arg_seconds = value;
        else if (strcmp(argv[i], "--plain") == 0)
            arg_plain = value;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
