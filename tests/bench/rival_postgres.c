/*
 * PostgreSQL over its unix socket: prepared statements, one for each combination of filters, asked
 * once with a plan made for the values and once with a generic plan that is not made again.
 */
#include "rival.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define CONDITIONS 6 /* status, account, model, name, time, position */

static PGconn *connections[2];
static bool prepared[2][1 << (CONDITIONS + 1)];
static long timeout_ms[2];

static PGresult *run(PGconn *db, const char *sql, ExecStatusType want)
{
    PGresult *result = PQexec(db, sql);

    if (PQresultStatus(result) != want)
        die(sql, PQerrorMessage(db));
    return result;
}

static void execute(PGconn *db, const char *sql)
{
    PQclear(run(db, sql, PGRES_COMMAND_OK));
}

static void copy_in(PGconn *db, const char *tsv)
{
    static char chunk[1 << 20];
    FILE *file = fopen(tsv, "r");
    size_t got;

    if (!file)
        die(tsv, "cannot be read");
    /* A quote that never comes: the JSON's backslashes and quotes stay as they are. */
    PQclear(run(db, "COPY jobs FROM STDIN (FORMAT csv, DELIMITER E'\\t', QUOTE E'\\x01')",
                PGRES_COPY_IN));
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        if (PQputCopyData(db, chunk, (int)got) != 1)
            die("COPY", PQerrorMessage(db));
    if (PQputCopyEnd(db, NULL) != 1)
        die("COPY", PQerrorMessage(db));
    PGresult *result = PQgetResult(db);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die("COPY", PQerrorMessage(db));
    PQclear(result);
    PQclear(PQgetResult(db));
    (void)fclose(file);
}

static void load(PGconn *db, const char *tsv)
{
    static const char *const indexes[] = {
        "CREATE UNIQUE INDEX ON jobs (seq)",
        "CREATE INDEX ON jobs (status, seq)",
        "CREATE INDEX ON jobs (source_account, seq)",
        "CREATE INDEX ON jobs (source_model, seq)",
        "CREATE INDEX ON jobs (creation_ms)",
        "CREATE INDEX ON jobs USING gin (name gin_trgm_ops)",
        "VACUUM ANALYZE jobs",
    };

    execute(db, "CREATE EXTENSION pg_trgm");
    execute(db, "CREATE UNLOGGED TABLE jobs (seq bigint, id text, creation_ms bigint, status text, "
                "source_account text, source_model text, name text, json text)");
    copy_in(db, tsv);
    execute(db, "SET maintenance_work_mem = '1GB'");
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        execute(db, indexes[i]);
}

static void open_postgres(const char *folder, const char *tsv)
{
    static const char *const modes[] = {"SET plan_cache_mode = force_custom_plan",
                                        "SET plan_cache_mode = force_generic_plan"};
    char info[4096];

    (void)snprintf(info, sizeof info, "host='%s' user=bench dbname=postgres", folder);
    for (int i = 0; i < 2; i++) {
        connections[i] = PQconnectdb(info);
        if (PQstatus(connections[i]) != CONNECTION_OK)
            die("connect to PostgreSQL", PQerrorMessage(connections[i]));
        if (i == 0 && tsv)
            load(connections[0], tsv);
        execute(connections[i], modes[i]);
    }
}

static void close_postgres(void)
{
    for (int i = 0; i < 2; i++)
        PQfinish(connections[i]);
}

/* Which conditions a query has; the last bit is the order. */
static unsigned shape_of(const struct query *q)
{
    return (unsigned)(q->status[0] != 0) | (unsigned)(q->account[0] != 0) << 1 |
           (unsigned)(q->model[0] != 0) << 2 | (unsigned)(q->name[0] != 0) << 3 |
           (unsigned)q->has_time << 4 | (unsigned)q->has_position << 5 |
           (unsigned)q->ascending << CONDITIONS;
}

/* Append `text` with the number of the next parameter behind it. */
static void put_condition(char sql[1024], const char *text, int *parameter)
{
    size_t len = strlen(sql);

    (void)snprintf(sql + len, 1024 - len, "%s$%d", text, (*parameter)++);
}

static void prepare(int way, unsigned shape, const char *statement)
{
    static const char *const conditions[] = {
        " AND status = ", " AND source_account = ", " AND source_model = ", " AND name LIKE "};
    bool ascending = shape >> CONDITIONS;
    char sql[1024] = "SELECT seq, json FROM jobs WHERE true";
    int parameter = 1;

    for (int i = 0; i < 4; i++)
        if (shape >> i & 1)
            put_condition(sql, conditions[i], &parameter);
    if (shape >> 4 & 1) {
        put_condition(sql, " AND creation_ms > ", &parameter);
        put_condition(sql, " AND creation_ms < ", &parameter);
    }
    if (shape >> 5 & 1)
        put_condition(sql, ascending ? " AND seq > " : " AND seq < ", &parameter);
    (void)snprintf(sql + strlen(sql), sizeof sql - strlen(sql), " ORDER BY seq %s LIMIT 101",
                   ascending ? "ASC" : "DESC");
    PGresult *result = PQprepare(connections[way], statement, sql, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die(sql, PQerrorMessage(connections[way]));
    PQclear(result);
    prepared[way][shape] = true;
}

/* `%name%` with what LIKE would read otherwise escaped. */
static void put_pattern(const char *name, char pattern[2 * 64 + 3])
{
    char *to = pattern;

    *to++ = '%';
    for (; *name; name++) {
        if (*name == '_' || *name == '%' || *name == '\\')
            *to++ = '\\';
        *to++ = *name;
    }
    *to++ = '%';
    *to = 0;
}

struct values {
    const char *list[CONDITIONS + 1];
    int count;
    char numbers[3][24], pattern[2 * 64 + 3];
};

static void fill_values(const struct query *q, struct values *v)
{
    const char *const texts[] = {q->status, q->account, q->model};

    v->count = 0;
    for (int i = 0; i < 3; i++)
        if (texts[i][0])
            v->list[v->count++] = texts[i];
    if (q->name[0]) {
        put_pattern(q->name, v->pattern);
        v->list[v->count++] = v->pattern;
    }
    (void)snprintf(v->numbers[0], sizeof v->numbers[0], "%lld", (long long)q->after_ms);
    (void)snprintf(v->numbers[1], sizeof v->numbers[1], "%lld", (long long)q->before_ms);
    (void)snprintf(v->numbers[2], sizeof v->numbers[2], "%llu", (unsigned long long)q->position);
    for (int i = q->has_time ? 0 : 2; i < (q->has_position ? 3 : 2); i++)
        v->list[v->count++] = v->numbers[i];
}

static bool was_cancelled(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state && strcmp(state, "57014") == 0;
}

/* 0: none */
static void set_timeout(int way, long ms)
{
    char sql[64];
    PGresult *result;

    if (ms == timeout_ms[way])
        return;
    (void)snprintf(sql, sizeof sql, "SET statement_timeout = %ld", ms);
    /* A time-out that came when its query had just ended cancels the next statement. */
    while (result = PQexec(connections[way], sql), was_cancelled(result))
        PQclear(result);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die(sql, PQerrorMessage(connections[way]));
    PQclear(result);
    timeout_ms[way] = ms;
}

/* Preparing and setting the time-out fall into the first run, which is not counted. */
static int ask_postgres(const struct query *q, int way, double cap_us)
{
    unsigned shape = shape_of(q);
    PGconn *db = connections[way];
    struct values values;
    char statement[16];

    (void)snprintf(statement, sizeof statement, "q%u", shape);
    if (!prepared[way][shape]) {
        set_timeout(way, 0);
        prepare(way, shape, statement);
    }
    set_timeout(way, (long)(cap_us / 1e3) + 1);
    fill_values(q, &values);
    PGresult *result = PQexecPrepared(db, statement, values.count, values.list, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        if (!was_cancelled(result)) /* the time was up */
            die("query", PQerrorMessage(db));
        PQclear(result);
        return RIVAL_CUT;
    }
    int rows = PQntuples(result);
    PQclear(result);
    return rows;
}

const struct rival rival_postgres = {
    .name = "PostgreSQL",
    .ways = 2,
    .way_names = {"custom plan", "generic plan"},
    .open = open_postgres,
    .ask = ask_postgres,
    .close = close_postgres,
};
