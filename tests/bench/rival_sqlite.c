/*
 * SQLite inside this process: prepared statements, one for each combination of filters. A query by
 * name is asked in two ways: the trigram index leads and streams in the order of the page; or the
 * other indexes lead and each name is looked at. Shorter names than a trigram have the second only.
 */
#include "rival.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define SHAPES (1 << 7)

static sqlite3 *db;
static sqlite3_stmt *statements[2][SHAPES];
static double deadline_us;

static void check(int code, const char *what)
{
    if (code != SQLITE_OK)
        die(what, sqlite3_errmsg(db));
}

static void execute(const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static int is_late(void *ctx)
{
    (void)ctx;
    return now_us() > deadline_us;
}

/* One line of the TSV into the statement's parameters. */
static void bind_line(sqlite3_stmt *insert, char *line)
{
    static const bool is_number[] = {true, false, true, false, false, false, false, false};

    for (int i = 0; i < 8; i++) {
        size_t len = strcspn(line, "\t\n");
        if (is_number[i]) {
            long long value = 0;
            for (size_t k = 0; k < len; k++)
                value = 10 * value + (line[k] - '0');
            check(sqlite3_bind_int64(insert, i + 1, value), "bind");
        } else {
            check(sqlite3_bind_text(insert, i + 1, line, (int)len, SQLITE_STATIC), "bind");
        }
        line += len + 1;
    }
}

static void insert_lines(const char *tsv)
{
    static char line[1 << 17];
    FILE *file = fopen(tsv, "r");
    sqlite3_stmt *insert;

    if (!file)
        die(tsv, "cannot be read");
    check(sqlite3_prepare_v2(db, "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", -1, &insert,
                             NULL),
          "prepare");
    execute("BEGIN");
    while (fgets(line, sizeof line, file)) {
        bind_line(insert, line);
        if (sqlite3_step(insert) != SQLITE_DONE)
            die("insert", sqlite3_errmsg(db));
        (void)sqlite3_reset(insert);
    }
    execute("COMMIT");
    (void)sqlite3_finalize(insert);
    (void)fclose(file);
}

static void load(const char *tsv)
{
    execute(
        "CREATE TABLE jobs (seq INTEGER PRIMARY KEY, id TEXT, creation_ms INTEGER, status TEXT, "
        "source_account TEXT, source_model TEXT, name TEXT, json TEXT)");
    insert_lines(tsv);
    execute("CREATE INDEX jobs_status ON jobs (status, seq);"
            "CREATE INDEX jobs_account ON jobs (source_account, seq);"
            "CREATE INDEX jobs_model ON jobs (source_model, seq);"
            "CREATE INDEX jobs_ms ON jobs (creation_ms);"
            "CREATE VIRTUAL TABLE names USING fts5(name, content='', "
            "tokenize='trigram case_sensitive 1');"
            "INSERT INTO names (rowid, name) SELECT seq, name FROM jobs;"
            "INSERT INTO names (names) VALUES ('optimize');"
            "ANALYZE");
}

static void open_sqlite(const char *folder, const char *tsv)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/jobs.sqlite", folder);
    check(sqlite3_open(path, &db), path);
    execute("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -2000000;"
            "PRAGMA mmap_size = 100000000000; PRAGMA temp_store = memory");
    if (tsv)
        load(tsv);
    sqlite3_progress_handler(db, 200, is_late, NULL);
}

static void close_sqlite(void)
{
    for (int way = 0; way < 2; way++)
        for (int shape = 0; shape < SHAPES; shape++)
            (void)sqlite3_finalize(statements[way][shape]);
    (void)sqlite3_close(db);
}

/* Parameters have fixed numbers, so that those not in the text are simply not there. */
static sqlite3_stmt *prepare(const struct query *q, bool by_trigram)
{
    char sql[1024];
    sqlite3_stmt *statement;

    (void)snprintf(sql, sizeof sql,
                   "SELECT j.seq, j.json FROM %s WHERE 1%s%s%s%s%s%s ORDER BY %s %s LIMIT 101",
                   by_trigram ? "names n CROSS JOIN jobs j ON j.seq = n.rowid" : "jobs j",
                   q->status[0] ? " AND j.status = ?1" : "",
                   q->account[0] ? " AND j.source_account = ?2" : "",
                   q->model[0] ? " AND j.source_model = ?3" : "",
                   !q->name[0]  ? ""
                   : by_trigram ? " AND names MATCH ?4"
                                : " AND instr(j.name, ?4) > 0",
                   q->has_time ? " AND j.creation_ms > ?5 AND j.creation_ms < ?6" : "",
                   !q->has_position ? ""
                   : by_trigram     ? (q->ascending ? " AND n.rowid > ?7" : " AND n.rowid < ?7")
                                    : (q->ascending ? " AND j.seq > ?7" : " AND j.seq < ?7"),
                   by_trigram ? "n.rowid" : "j.seq", q->ascending ? "ASC" : "DESC");
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), sql);
    return statement;
}

static void bind(sqlite3_stmt *statement, const struct query *q, bool by_trigram)
{
    char phrase[80];

    (void)snprintf(phrase, sizeof phrase, by_trigram ? "\"%s\"" : "%s", q->name);
    if (q->status[0])
        check(sqlite3_bind_text(statement, 1, q->status, -1, SQLITE_STATIC), "bind");
    if (q->account[0])
        check(sqlite3_bind_text(statement, 2, q->account, -1, SQLITE_STATIC), "bind");
    if (q->model[0])
        check(sqlite3_bind_text(statement, 3, q->model, -1, SQLITE_STATIC), "bind");
    if (q->name[0])
        check(sqlite3_bind_text(statement, 4, phrase, -1, SQLITE_TRANSIENT), "bind");
    if (q->has_time) {
        check(sqlite3_bind_int64(statement, 5, q->after_ms), "bind");
        check(sqlite3_bind_int64(statement, 6, q->before_ms), "bind");
    }
    if (q->has_position)
        check(sqlite3_bind_int64(statement, 7, (sqlite3_int64)q->position), "bind");
}

static int ask_sqlite(const struct query *q, int way, double cap_us)
{
    bool by_trigram = way == 1;
    unsigned shape = (unsigned)(q->status[0] != 0) | (unsigned)(q->account[0] != 0) << 1 |
                     (unsigned)(q->model[0] != 0) << 2 | (unsigned)(q->name[0] != 0) << 3 |
                     (unsigned)q->has_time << 4 | (unsigned)q->has_position << 5 |
                     (unsigned)q->ascending << 6;
    sqlite3_stmt **statement = &statements[way][shape];
    int rows = 0, code;

    if (by_trigram && strlen(q->name) < 3)
        return RIVAL_NONE;
    deadline_us = now_us() + cap_us;
    if (!*statement)
        *statement = prepare(q, by_trigram);
    bind(*statement, q, by_trigram);
    while ((code = sqlite3_step(*statement)) == SQLITE_ROW) {
        (void)sqlite3_column_text(*statement, 1);
        rows++;
    }
    (void)sqlite3_reset(*statement);
    if (code != SQLITE_DONE && code != SQLITE_INTERRUPT)
        die("query", sqlite3_errmsg(db));
    return code == SQLITE_DONE ? rows : RIVAL_CUT;
}

const struct rival rival_sqlite = {
    .name = "SQLite",
    .ways = 2,
    .way_names = {"indexes lead", "trigrams lead"},
    .open = open_sqlite,
    .ask = ask_sqlite,
    .close = close_sqlite,
};
