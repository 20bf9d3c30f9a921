/*
 * A database that is asked the same questions as the list engine. Tools of the benchmarks only:
 * any failure ends the program with a message.
 */
#ifndef RIVAL_H
#define RIVAL_H

#include <stdbool.h>
#include <stdint.h>

#define RIVAL_CUT  (-1) /* the time was up before the page was there */
#define RIVAL_NONE (-2) /* this way does not apply to this query */

/* One line of bench_filters --queries. Texts that were not asked are empty. */
struct query {
    uint32_t number;
    char status[16], account[16], model[128], name[64];
    bool has_time, has_position, ascending;
    int64_t after_ms, before_ms; /* both exclusive */
    uint64_t position;
    uint32_t limit, found;
    double engine_us;
};

struct rival {
    const char *name;
    int ways; /* in which it can be asked; the fastest counts */
    const char *way_names[3];

    /* Open or make the database in `folder`; with `tsv`, load it and make its indexes. */
    void (*open)(const char *folder, const char *tsv);

    /**
     * Ask for one page and the job after it, and fetch all of their JSON.
     * @param cap_us  give up after that long
     * @return jobs found, at most limit + 1; RIVAL_CUT; RIVAL_NONE
     */
    int (*ask)(const struct query *query, int way, double cap_us);
    void (*close)(void);
};

extern const struct rival rival_postgres, rival_sqlite;

_Noreturn void die(const char *what, const char *why);
double now_us(void);

#endif
