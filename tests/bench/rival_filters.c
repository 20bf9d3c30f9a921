/*
 * The queries of bench_filters, asked of another database.
 *
 * rival_filters --rival postgres|sqlite --folder DIR --queries FILE --out FILE
 *               [--tsv FILE] [--factor N] [--cap-ms N] [--full N] [--seed N]
 *
 * With --tsv the database in DIR is loaded first. In a first round each query is asked in every
 * way the database knows; the fastest is kept and asked five times more (median), in another
 * order each time, as the engine was: the same queries, once to warm up, as often. Who has not
 * answered after --factor (30) times as long as the engine took, and --cap-ms (2) at least, is cut
 * off and counted with that time, which is a lower bound. Of the queries that were cut off, --full
 * (200) are asked again without haste.
 *
 * Every answer that comes must have as many jobs as the engine's. Writes a line a query:
 * number, µs, 1 when it was cut off, the way that was fastest — tab-separated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rival.h"

#define ROUNDS      5
#define PATIENCE_US 60e6 /* for a query that is asked without haste */

struct options {
    const char *rival, *folder, *queries, *out, *tsv;
    double factor, cap_ms, full, seed;
};

struct result {
    double us[ROUNDS + 1]; /* of the first round, then those that count */
    bool cut;
    int way;
};

void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "rival_filters: %s: %s\n", what, why);
    exit(1);
}

double now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* -- queries ------------------------------------------------------------------------------------
 */

/* The next field of a line; the line goes on behind it. */
static char *field(char **line)
{
    char *text = *line;
    size_t len = strcspn(text, "\t\n");

    *line = text + len + (text[len] != 0);
    text[len] = 0;
    return text;
}

static void text_field(char **line, char *to, size_t cap)
{
    if ((size_t)snprintf(to, cap, "%s", field(line)) >= cap)
        die("queries", "a text is too long");
}

static void read_query(char *line, struct query *q)
{
    q->number = (uint32_t)strtoul(field(&line), NULL, 10);
    text_field(&line, q->status, sizeof q->status);
    text_field(&line, q->account, sizeof q->account);
    text_field(&line, q->model, sizeof q->model);
    text_field(&line, q->name, sizeof q->name);
    char *after = field(&line), *before = field(&line);
    q->has_time = *after && *before;
    q->after_ms = strtoll(after, NULL, 10);
    q->before_ms = strtoll(before, NULL, 10);
    q->ascending = strcmp(field(&line), "asc") == 0;
    char *position = field(&line);
    q->has_position = *position;
    q->position = strtoull(position, NULL, 10);
    q->limit = (uint32_t)strtoul(field(&line), NULL, 10);
    q->engine_us = strtod(field(&line), NULL);
    q->found = (uint32_t)strtoul(field(&line), NULL, 10);
    if (q->limit != 100)
        die("queries", "the rivals' statements are made for pages of 100");
}

static struct query *read_queries(const char *path, uint32_t *ret_count)
{
    FILE *file = fopen(path, "r");
    struct query *queries = NULL;
    uint32_t count = 0, cap = 0;
    char line[1024];

    if (!file)
        die(path, "cannot be read");
    while (fgets(line, sizeof line, file)) {
        if (count == cap) {
            cap = cap ? 2 * cap : 1024;
            queries = realloc(queries, cap * sizeof *queries);
            if (!queries)
                die("queries", "no memory");
        }
        read_query(line, &queries[count++]);
    }
    (void)fclose(file);
    *ret_count = count;
    return queries;
}

/* -- asking -------------------------------------------------------------------------------------
 */

static void verify(const struct rival *rival, const struct query *q, int way, int found)
{
    char why[256];

    if (found < 0 || (uint32_t)(found < 100 ? found : 100) == q->found)
        return;
    (void)snprintf(why, sizeof why, "query %u: %d jobs, and %u from the engine (%s)", q->number,
                   found, q->found, rival->way_names[way]);
    die(rival->name, why);
}

/* @return µs, or a negative RIVAL_… */
static double ask_once(const struct rival *rival, const struct query *q, int way, double cap_us)
{
    double before = now_us();
    int found = rival->ask(q, way, cap_us);
    double us = now_us() - before;

    if (found < 0)
        return found;
    verify(rival, q, way, found);
    return us;
}

/* The fastest way, in a first run that prepares the statement when it is new. */
static struct result find_way(const struct rival *rival, const struct query *q, double cap_us)
{
    struct result best = {.us = {cap_us}, .cut = true};

    for (int way = 0; way < rival->ways; way++) {
        double us = ask_once(rival, q, way, best.us[0]);
        if (us >= 0 && (best.cut || us < best.us[0]))
            best = (struct result){.us = {us}, .way = way};
    }
    return best;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15ULL;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static void shuffle(uint32_t *order, uint32_t count, uint64_t *random)
{
    for (uint32_t i = count; i-- > 1;) {
        uint32_t j = (uint32_t)((next_random(random) >> 32) * (i + 1) >> 32), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

static void tell(const struct rival *rival, uint32_t done, uint32_t count, double begun,
                 uint32_t cut)
{
    if (done % 5000 == 0)
        (void)fprintf(stderr, "%s: %u of %u questions, %.0f s, %u cut off\n", rival->name, done,
                      count, (now_us() - begun) / 1e6, cut);
}

/* Like the engine: all queries in another random order each round, the first round to warm up. */
static void ask_all(const struct rival *rival, const struct options *o, const struct query *queries,
                    uint32_t count, struct result *results)
{
    uint32_t *order = malloc(count * sizeof *order), cut = 0, done = 0;
    uint64_t random = (uint64_t)o->seed;
    double begun = now_us(), least_us = o->cap_ms * 1e3;

    if (!order)
        die("order", "no memory");
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (int round = 0; round <= ROUNDS; round++) {
        shuffle(order, count, &random);
        for (uint32_t i = 0; i < count;
             i++, tell(rival, ++done, (ROUNDS + 1) * count, begun, cut)) {
            const struct query *q = &queries[order[i]];
            struct result *result = &results[order[i]];
            double cap_us = q->engine_us * o->factor;
            if (cap_us < least_us)
                cap_us = least_us;
            if (round == 0) {
                *result = find_way(rival, q, cap_us);
                cut += result->cut;
            } else if (!result->cut) {
                double us = ask_once(rival, q, result->way, 10 * cap_us);
                result->us[round] = us < 0 ? 10 * cap_us : us;
            }
        }
    }
    free(order);
    /* Spread evenly over those that were cut off, beginning anywhere. */
    uint32_t step = cut / (uint32_t)o->full + 1, at = (uint32_t)o->seed % step;
    for (uint32_t i = 0; i < count; i++) {
        if (results[i].cut && at++ % step == 0) {
            results[i] = find_way(rival, &queries[i], PATIENCE_US);
            for (int round = 1; round <= ROUNDS; round++)
                results[i].us[round] = results[i].us[0];
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(struct result *result)
{
    if (result->cut)
        return result->us[0];
    qsort(result->us + 1, ROUNDS, sizeof *result->us, compare);
    return result->us[1 + ROUNDS / 2];
}

static void write_results(const char *path, const struct query *queries, uint32_t count,
                          struct result *results, const struct rival *rival)
{
    FILE *out = fopen(path, "w");

    if (!out)
        die(path, "cannot be written");
    for (uint32_t i = 0; i < count; i++)
        (void)fprintf(out, "%u\t%.1f\t%d\t%s\n", queries[i].number, median(&results[i]),
                      results[i].cut, results[i].cut ? "-" : rival->way_names[results[i].way]);
    if (fclose(out) != 0)
        die(path, "cannot be written");
}

static struct options parse_options(int argc, char **argv)
{
    struct options o = {.factor = 30, .cap_ms = 2, .full = 200};
    const struct {
        const char *name;
        const char **text;
        double *number;
    } known[] = {{"--rival", &o.rival, NULL},     {"--folder", &o.folder, NULL},
                 {"--queries", &o.queries, NULL}, {"--out", &o.out, NULL},
                 {"--tsv", &o.tsv, NULL},         {"--factor", NULL, &o.factor},
                 {"--cap-ms", NULL, &o.cap_ms},   {"--full", NULL, &o.full},
                 {"--seed", NULL, &o.seed}};

    for (int i = 1; i + 1 < argc; i += 2) {
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(argv[i], known[k].name) != 0)
                continue;
            if (known[k].number)
                *known[k].number = strtod(argv[i + 1], NULL);
            else
                *known[k].text = argv[i + 1];
        }
    }
    if (!o.rival || !o.folder || !o.queries || !o.out || o.full < 1)
        die("usage", "--rival postgres|sqlite --folder DIR --queries FILE --out FILE [--tsv FILE] "
                     "[--factor N] [--cap-ms N] [--full N] [--seed N]");
    return o;
}

int main(int argc, char **argv)
{
    struct options o = parse_options(argc, argv);
    const struct rival *rival = strcmp(o.rival, "sqlite") == 0 ? &rival_sqlite : &rival_postgres;
    double begun = now_us();
    uint32_t count;
    struct query *queries = read_queries(o.queries, &count);
    struct result *results = calloc(count, sizeof *results);

    if (!results)
        die("results", "no memory");
    rival->open(o.folder, o.tsv);
    (void)fprintf(stderr, "%s: ready after %.0f s\n", rival->name, (now_us() - begun) / 1e6);
    ask_all(rival, &o, queries, count, results);
    rival->close();
    write_results(o.out, queries, count, results, rival);
    free(results);
    free(queries);
    return 0;
}
