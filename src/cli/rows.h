/*
 * Rows of a list in every form of output: a table, a JSON array, JSON lines, CSV or TSV.
 */
#ifndef OC_CLI_ROWS_H
#define OC_CLI_ROWS_H

#include "cli/format.h"
#include "cli/output.h"

struct oc_rows {
    const struct oc_output *output;
    const struct oc_field *fields;
    size_t field_count;
    const char *none; /* what to say to people when there is none */
    struct oc_table table;
    int64_t count;
};

/** Begin; `fields` and `none` are borrowed. Clear with oc_rows_clear. */
void oc_rows_init(struct oc_rows *rows, const struct oc_output *output,
                  const struct oc_field *fields, size_t field_count, const char *none);
void oc_rows_clear(struct oc_rows *rows);

/** Print an item, or keep it for a table. Memory does not grow with the number of items. */
int oc_rows_add(struct oc_rows *rows, const struct oc_json *item, struct oc_err *err);

/** Print what is kept, and what ends the list. */
int oc_rows_end(struct oc_rows *rows, struct oc_err *err);

/** Make the columns of `table` those of the fields, to fit the terminal of the output. */
void oc_rows_set_columns(struct oc_table *table, const struct oc_output *output,
                         const struct oc_field *fields, size_t field_count);

/** Add an item as a row of `table`. Errors: OC_ENOMEM. */
int oc_rows_put_cells(struct oc_table *table, const struct oc_json *item,
                      const struct oc_field *fields, size_t field_count, struct oc_err *err);

#endif
