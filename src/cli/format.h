/*
 * Figures and tables for people. Threads: any.
 */
#ifndef OC_CLI_FORMAT_H
#define OC_CLI_FORMAT_H

#include "base/arena.h"
#include "base/bytes.h"

/** `512 B`, `86.7 MiB`, `1.20 TiB`: three digits. */
void oc_format_size(struct oc_buf *buf, uint64_t bytes);

/** A size and `/s`. */
void oc_format_rate(struct oc_buf *buf, uint64_t bytes_per_second);

/** `0:07`, `12:30`, `3:05:09`. */
void oc_format_duration(struct oc_buf *buf, uint64_t seconds);

/** An API time, `2024-08-01T12:00:00.123Z`, as `2024-08-01 12:00:00Z`; other text as it is. */
void oc_format_time(struct oc_buf *buf, struct oc_slice iso);

/** Append text from elsewhere: control characters become `?`, so that no terminal obeys them. */
void oc_format_text(struct oc_buf *buf, struct oc_slice text);

/**
 * Append text from elsewhere in whole words, on lines of at most `width` columns; 0: on one line.
 * @param at      column where the first line begins
 * @param indent  column where the others begin
 */
void oc_format_wrapped(struct oc_buf *buf, struct oc_slice text, size_t at, size_t indent,
                       size_t width);

/** Append a state ("Completed", "failed") in its colour, if there is to be colour. */
void oc_format_state(struct oc_buf *buf, struct oc_slice state, bool colour);

/* -- tables ------------------------------------------------------------------------------------ */

#define OC_TABLE_COLUMNS_MAX 12

/** Rows of text under titles. */
struct oc_table {
    struct oc_arena arena;
    const char *titles[OC_TABLE_COLUMNS_MAX];
    bool right[OC_TABLE_COLUMNS_MAX];  /* figures stand at the right */
    bool status[OC_TABLE_COLUMNS_MAX]; /* the state is shown in colour */
    bool cut[OC_TABLE_COLUMNS_MAX];    /* its texts may be cut to make the table fit */
    /* Left out to make the table fit: the greatest first, 0 never. */
    unsigned char rank[OC_TABLE_COLUMNS_MAX];
    size_t columns;
    size_t width; /* of the terminal; 0: the table may be as wide as it is */
    struct oc_slice *cells;
    size_t cell_count, cell_cap;
    size_t widths[OC_TABLE_COLUMNS_MAX]; /* of what was put already */
    bool hidden[OC_TABLE_COLUMNS_MAX];   /* left out */
    bool titled;                         /* the titles were put */
    bool failed;                         /* out of memory: oc_table_put says so */
};

/** Empty table; set titles and columns after it. */
void oc_table_init(struct oc_table *table);
void oc_table_clear(struct oc_table *table);

/** Add the next cell, row by row; the text is copied. */
void oc_table_add(struct oc_table *table, struct oc_slice text);

/**
 * Append the rows added since the last call, the first time with the titles above them: columns
 * two spaces apart, no space at line ends. So a long table can be put piece by piece; its columns
 * only become wider. A table with a width is made to fit: columns are left out by rank, long texts
 * end in `…`.
 * @param colour  titles bold, states in green, yellow or red
 * @return false when memory ran out while it was filled.
 */
bool oc_table_put(struct oc_table *table, struct oc_buf *buf, bool colour);

#endif
