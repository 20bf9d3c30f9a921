/* Rows of a list in every form of output. */
#include "cli/rows.h"

#include <stdio.h>

#include "base/limits.h"

#define ROWS_AT_ONCE 1000 /* of a table; more are printed piece by piece */

void oc_rows_set_columns(struct oc_table *table, const struct oc_output *output,
                         const struct oc_field *fields, size_t field_count)
{
    table->columns = field_count;
    table->width = output->width;
    for (size_t i = 0; i < field_count; i++) {
        table->titles[i] = fields[i].title;
        table->status[i] = fields[i].show == OC_SHOW_STATUS;
        table->cut[i] = fields[i].show == OC_SHOW_NAME || fields[i].show == OC_SHOW_LIST;
        table->rank[i] = fields[i].rank;
    }
}

int oc_rows_put_cells(struct oc_table *table, const struct oc_json *item,
                      const struct oc_field *fields, size_t field_count, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf cell = {0};

    oc_buf_init(&cell, OC_RESPONSE_MAX);
    for (size_t i = 0; i < field_count; i++) {
        oc_buf_reset(&cell);
        oc_output_put_field(&cell, item, &fields[i]);
        if (cell.failed)
            return oc_fail_nomem(err);
        oc_table_add(table, oc_buf_slice(&cell));
    }
    return table->failed ? oc_fail_nomem(err) : OC_OK;
}

void oc_rows_init(struct oc_rows *rows, const struct oc_output *output,
                  const struct oc_field *fields, size_t field_count, const char *none)
{
    *rows = (struct oc_rows){
        .output = output, .fields = fields, .field_count = field_count, .none = none};
    oc_table_init(&rows->table);
    oc_rows_set_columns(&rows->table, output, fields, field_count);
}

void oc_rows_clear(struct oc_rows *rows)
{
    oc_table_clear(&rows->table);
}

static int print_table(struct oc_rows *rows, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    if (!oc_table_put(&rows->table, &buf, rows->output->colour))
        return oc_fail_nomem(err);
    return oc_output_write(&buf, err);
}

static int add_cells(struct oc_rows *rows, const struct oc_json *item, struct oc_err *err)
{
    int rc = oc_rows_put_cells(&rows->table, item, rows->fields, rows->field_count, err);

    if (rc < 0 || rows->table.cell_count < ROWS_AT_ONCE * rows->table.columns)
        return rc;
    return print_table(rows, err);
}

static int add_json(struct oc_rows *rows, const struct oc_json *item, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    const bool lines = rows->output->form == OC_FORM_JSONL;

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    if (!lines)
        oc_buf_put_str(&buf, rows->count ? ",\n  " : "[\n  ");
    oc_output_put_json(&buf, item, 0);
    if (lines)
        oc_buf_put_char(&buf, '\n');
    return oc_output_write(&buf, err);
}

/* The names stand above the first row, and alone when there is none. */
static int add_row(struct oc_rows *rows, const struct oc_json *item, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    const enum oc_form form = rows->output->form;

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    if (rows->count == 0)
        oc_output_put_row(&buf, form, NULL, rows->fields, rows->field_count);
    if (item)
        oc_output_put_row(&buf, form, item, rows->fields, rows->field_count);
    return oc_output_write(&buf, err);
}

static bool is_separated(enum oc_form form)
{
    return form == OC_FORM_CSV || form == OC_FORM_TSV;
}

int oc_rows_add(struct oc_rows *rows, const struct oc_json *item, struct oc_err *err)
{
    int rc;

    if (is_separated(rows->output->form))
        rc = add_row(rows, item, err);
    else
        rc = rows->output->form == OC_FORM_TABLE ? add_cells(rows, item, err)
                                                 : add_json(rows, item, err);
    rows->count++;
    return rc;
}

int oc_rows_end(struct oc_rows *rows, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    const enum oc_form form = rows->output->form;

    if (form == OC_FORM_TABLE && rows->count > 0)
        return print_table(rows, err);
    if (form == OC_FORM_TABLE)
        (void)fprintf(stderr, "%s\n", rows->none);
    if (is_separated(form) && rows->count == 0)
        return add_row(rows, NULL, err);
    if (form != OC_FORM_JSON)
        return OC_OK;
    oc_buf_init(&buf, 16);
    oc_buf_put_str(&buf, rows->count ? "\n]\n" : "[]\n");
    return oc_output_write(&buf, err);
}
