/*
 * Commands that list: pages are walked, rows become a table, a JSON array or JSON lines.
 */
#ifndef OC_CLI_LIST_H
#define OC_CLI_LIST_H

#include "cli/session.h"

struct oc_cli_list {
    struct oc_slice path;
    struct oc_slice query; /* encoded, or absent */
    const char *items;     /* member of the answer that holds the items */
    const char *none;      /* what to say to people when there is none */
    const struct oc_field *fields;
    size_t field_count;
    int64_t limit; /* most items; 0: all */
};

/**
 * Walk the list and print it. Says on standard error when more than `limit` items exist.
 * Memory does not grow with the list.
 */
int oc_cli_list(struct oc_session *session, const struct oc_cli_list *list, struct oc_err *err);

/** The options --limit and --all of a list command. */
#define OC_LIST_LIMIT_DEFAULT 100
#define OC_LIST_OPTIONS                                                                            \
    {.name = "limit", .arg = "N", .help = "show at most N (default: 100)"},                        \
    {                                                                                              \
        .name = "all", .help = "show all of them"                                                  \
    }

/** Read --limit and --all, and add maxResults to the query. */
int oc_cli_list_limit(const struct oc_args *args, struct oc_buf *query, int64_t *ret_limit,
                      struct oc_err *err);

/** Read --since, --until and --sort into the query. */
int oc_cli_list_times(const struct oc_args *args, struct oc_buf *query, struct oc_err *err);

#endif
