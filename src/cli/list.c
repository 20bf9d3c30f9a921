/* Commands that list. */
#include "cli/list.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/format.h"

#define ENOUGH       1    /* returned by take_item to end the walk */
#define ROWS_AT_ONCE 1000 /* of a table; more are printed piece by piece */

struct walk {
    struct oc_session *session;
    const struct oc_cli_list *list;
    struct oc_table table;
    int64_t count;
    bool more;
};

static int print_rows(struct walk *w, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    if (!oc_table_put(&w->table, &buf, w->session->output.colour))
        return oc_fail_nomem(err);
    return oc_output_write(&buf, err);
}

static int take_row(struct walk *w, const struct oc_json *item, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf cell = {0};

    oc_buf_init(&cell, OC_RESPONSE_MAX);
    for (size_t i = 0; i < w->list->field_count; i++) {
        oc_buf_reset(&cell);
        oc_output_put_field(&cell, item, &w->list->fields[i]);
        if (cell.failed)
            return oc_fail_nomem(err);
        oc_table_add(&w->table, oc_buf_slice(&cell));
    }
    if (w->table.failed)
        return oc_fail_nomem(err);
    return w->table.cell_count < ROWS_AT_ONCE * w->table.columns ? OC_OK : print_rows(w, err);
}

static int take_json(struct walk *w, const struct oc_json *item, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    bool lines = w->session->output.form == OC_FORM_JSONL;

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    if (!lines)
        oc_buf_put_str(&buf, w->count ? ",\n  " : "[\n  ");
    oc_output_put_json(&buf, item, 0);
    if (lines)
        oc_buf_put_char(&buf, '\n');
    return oc_output_write(&buf, err);
}

/* The names stand above the first row, and alone when there is none. */
static int put_row(struct walk *w, const struct oc_json *item, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    enum oc_form form = w->session->output.form;

    oc_buf_init(&buf, OC_RESPONSE_MAX);
    if (w->count == 0)
        oc_output_put_row(&buf, form, NULL, w->list->fields, w->list->field_count);
    if (item)
        oc_output_put_row(&buf, form, item, w->list->fields, w->list->field_count);
    return oc_output_write(&buf, err);
}

static bool is_rows(enum oc_form form)
{
    return form == OC_FORM_CSV || form == OC_FORM_TSV;
}

static int take_item(const struct oc_json *item, void *ctx, struct oc_err *err)
{
    struct walk *w = ctx;
    int rc;

    if (w->list->limit > 0 && w->count == w->list->limit) {
        w->more = true;
        return ENOUGH;
    }
    if (is_rows(w->session->output.form))
        rc = put_row(w, item, err);
    else
        rc = w->session->output.form == OC_FORM_TABLE ? take_row(w, item, err)
                                                      : take_json(w, item, err);
    w->count++;
    return rc;
}

static int finish(struct walk *w, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf buf = {0};
    enum oc_form form = w->session->output.form;
    int rc = OC_OK;

    if (form == OC_FORM_TABLE && w->count == 0)
        (void)fprintf(stderr, "%s\n", w->list->none);
    else if (form == OC_FORM_TABLE)
        rc = print_rows(w, err);
    else if (is_rows(form) && w->count == 0)
        rc = put_row(w, NULL, err);
    if (rc == OC_OK && w->more)
        (void)fprintf(stderr, "There are more; use --limit N or --all.\n");
    if (rc < 0 || form != OC_FORM_JSON)
        return rc;
    oc_buf_init(&buf, 16);
    oc_buf_put_str(&buf, w->count ? "\n]\n" : "[]\n");
    return oc_output_write(&buf, err);
}

int oc_cli_list(struct oc_session *session, const struct oc_cli_list *list, struct oc_err *err)
{
    struct walk w = {.session = session, .list = list};
    struct oc_walk walk = {list->path, list->query, list->items, take_item, &w};
    int rc;

    oc_table_init(&w.table);
    w.table.columns = list->field_count;
    for (size_t i = 0; i < list->field_count; i++) {
        w.table.titles[i] = list->fields[i].title;
        w.table.status[i] = list->fields[i].show == OC_SHOW_STATUS;
    }
    rc = oc_client_walk(session->client, &walk, err);
    if (rc >= 0)
        rc = finish(&w, err);
    oc_table_clear(&w.table);
    return rc;
}

int oc_cli_list_limit(const struct oc_args *args, struct oc_buf *query, int64_t *ret_limit,
                      struct oc_err *err)
{
    int64_t limit = OC_LIST_LIMIT_DEFAULT;
    char size[24];
    int rc;

    rc = oc_args_int64(args, "limit", (struct oc_range){1, INT64_MAX}, &limit, err);
    if (rc < 0)
        return rc;
    if (oc_args_has(args, "all")) {
        if (oc_args_has(args, "limit"))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                              "options '--limit' and '--all' exclude each other");
        limit = 0;
    }
    (void)snprintf(
        size, sizeof(size), "%lld",
        (long long)(limit == 0 || limit > OC_MAX_RESULTS_MAX ? OC_MAX_RESULTS_MAX : limit));
    oc_query_put(query, "maxResults", oc_slice_of(size));
    *ret_limit = limit;
    return OC_OK;
}

int oc_cli_list_times(const struct oc_args *args, struct oc_buf *query, struct oc_err *err)
{
    static const struct {
        const char *option, *parameter;
    } times[] = {{"since", "creationTimeAfter"}, {"until", "creationTimeBefore"}};
    const char *order = oc_args_get(args, "sort");

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const char *text = oc_args_get(args, times[i].option);
        char iso[32];
        int rc;

        if (!text)
            continue;
        rc = oc_session_time(times[i].option, text, iso, err);
        if (rc < 0)
            return rc;
        oc_query_put(query, times[i].parameter, oc_slice_of(iso));
    }
    if (!order)
        return OC_OK;
    if (strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0)
        return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                          "option '--sort': want asc or desc, not '%s'", order);
    oc_query_put(query, "sortOrder",
                 strcmp(order, "asc") == 0 ? OC_STR("Ascending") : OC_STR("Descending"));
    return OC_OK;
}
