/* `outcrop jobs --watch`. */
#include "cli/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "cli/copy_job.h"
#include "cli/rows.h"
#include "cli/screen.h"
#include "cli/terminal.h"
#include "model/timestamp.h"

#define LOOK_EVERY_MS 1000
#define FRAME_MAX     (1024UL * 1024)
#define HEAD_LINES    3 /* the line above the table, its titles, and one that stays free */
#define ENOUGH        1 /* returned by a callback to end a walk */

/* A job as the last look showed it. */
struct seen {
    char arn[OC_ARN_MAX + 1];
    char status[32];
};

struct watch {
    struct oc_session *session;
    const struct oc_cli_list *list;
    struct oc_rows rows;       /* of a pipe */
    struct seen *before, *now; /* of a pipe: OC_WATCH_JOBS_MAX each */
    size_t before_count, now_count;
    struct oc_table table; /* of a terminal */
    struct oc_field fields[OC_TABLE_COLUMNS_MAX];
    size_t rows_left; /* that fit the screen */
    bool no_progress; /* the server knows none */
};

/* -- in a pipe --------------------------------------------------------------------------------- */

static const struct seen *find(const struct watch *w, struct oc_slice arn)
{
    for (size_t i = 0; i < w->before_count; i++)
        if (oc_slice_eq_str(arn, w->before[i].arn))
            return &w->before[i];
    return NULL;
}

/* `2024-08-01 12:00:00Z  Completed   my-copy  us-east-1  abcdefghijkl` */
static int print_change(const struct watch *w, const struct oc_json *job, struct oc_err *err)
{
    static const struct oc_field shown[] = {
        {"", "status", OC_SHOW_TEXT},
        {"", "targetModelName", OC_SHOW_TEXT},
        {"", "sourceModelArn", OC_SHOW_REGION},
        {"", "jobArn", OC_SHOW_TAIL},
    };
    OC_AUTO(oc_buf_clear) struct oc_buf line = {0};
    char now[OC_TIMESTAMP_LEN + 1] = {0};

    (void)w;
    oc_buf_init(&line, FRAME_MAX);
    oc_timestamp_format(oc_clock_now_ms(), now);
    oc_format_time(&line, oc_slice_of(now));
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const size_t start = line.len + 2;

        oc_buf_put_str(&line, "  ");
        oc_output_put_field(&line, job, &shown[i]);
        while (i == 0 && line.len < start + sizeof("InProgress") - 1)
            oc_buf_put_char(&line, ' ');
    }
    oc_buf_put_char(&line, '\n');
    return oc_output_write(&line, err);
}

static int note_change(const struct oc_json *job, void *ctx, struct oc_err *err)
{
    struct watch *w = ctx;
    const struct oc_slice arn = oc_json_string(oc_json_get(job, "jobArn"));
    const struct oc_slice status = oc_json_string(oc_json_get(job, "status"));
    const struct seen *before = find(w, arn);
    struct seen *now;

    if (w->now_count == (size_t)w->list->limit)
        return ENOUGH;
    now = &w->now[w->now_count++];
    (void)snprintf(now->arn, sizeof(now->arn), "%.*s", OC_FMT(arn));
    (void)snprintf(now->status, sizeof(now->status), "%.*s", OC_FMT(status));
    if (before && strcmp(before->status, now->status) == 0)
        return OC_OK;
    if (w->session->output.form == OC_FORM_TABLE)
        return print_change(w, job, err);
    return oc_rows_add(&w->rows, job, err);
}

static int look_for_changes(struct watch *w, struct oc_err *err)
{
    const struct oc_cli_list *l = w->list;
    struct oc_walk walk = {l->path, l->query, l->items, note_change, w};
    struct seen *seen;
    int rc;

    w->now_count = 0;
    rc = oc_client_walk(w->session->client, &walk, err);
    if (rc < 0)
        return rc;
    seen = w->before;
    w->before = w->now;
    w->before_count = w->now_count;
    w->now = seen;
    return OC_OK;
}

/* -- on a terminal ----------------------------------------------------------------------------- */

/* ` 45% 1:15` of a job that runs. */
static void put_progress(struct watch *w, const struct oc_json *job, struct oc_buf *cell)
{
    struct oc_copy_progress p;
    struct oc_err why = {0};
    int rc;

    if (w->no_progress ||
        !oc_slice_eq_str(oc_json_string(oc_json_get(job, "status")), "InProgress"))
        return;
    rc = oc_copy_job_progress(w->session, oc_json_string(oc_json_get(job, "jobArn")), &p, &why);
    w->no_progress =
        rc == OC_ENOTFOUND && why.name && strcmp(why.name, "UnknownOperationException") == 0;
    if (rc < 0 || p.bytes_total == 0)
        return;
    oc_buf_printf(cell, "%3u%%", (unsigned)((double)p.bytes_done / (double)p.bytes_total * 100));
    if (p.seconds_left > 0) {
        oc_buf_put_char(cell, ' ');
        oc_format_duration(cell, (uint64_t)p.seconds_left);
    }
}

static int show_job(const struct oc_json *job, void *ctx, struct oc_err *err)
{
    struct watch *w = ctx;
    OC_AUTO(oc_buf_clear) struct oc_buf cell = {0};
    int rc;

    if (w->rows_left == 0)
        return ENOUGH;
    w->rows_left--;
    rc = oc_rows_put_cells(&w->table, job, w->fields, 1, err);
    if (rc < 0)
        return rc;
    oc_buf_init(&cell, FRAME_MAX);
    put_progress(w, job, &cell);
    oc_table_add(&w->table, oc_buf_slice(&cell));
    return oc_rows_put_cells(&w->table, job, w->fields + 2, w->list->field_count - 1, err);
}

/* The line above the table: what is shown, when it was looked at, and what is wrong if it is. */
static void put_head(const struct watch *w, struct oc_buf *frame, size_t columns,
                     const struct oc_err *trouble)
{
    OC_AUTO(oc_buf_clear) struct oc_buf line = {0};
    struct oc_table head;
    char now[OC_TIMESTAMP_LEN + 1] = {0};

    oc_timestamp_format(oc_clock_now_ms(), now);
    oc_buf_init(&line, FRAME_MAX);
    oc_buf_printf(&line, "%.8s  Copy jobs to %.*s", now + sizeof("2024-08-01"),
                  OC_FMT(oc_client_region(w->session->client)));
    if (trouble->rc != OC_OK)
        oc_buf_printf(&line, "  %s", trouble->text);
    oc_table_init(&head);
    head.columns = 1;
    head.width = columns;
    head.cut[0] = true;
    head.titles[0] = oc_buf_cstr(&line) ? oc_buf_cstr(&line) : "";
    (void)oc_table_put(&head, frame,
                       w->session->output.colour); /* a title alone allocates nothing */
    oc_table_clear(&head);
}

static int draw(struct watch *w, const struct oc_err *trouble, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf frame = {0};
    const size_t columns = oc_terminal_size(STDOUT_FILENO).columns;

    oc_buf_init(&frame, FRAME_MAX);
    put_head(w, &frame, columns, trouble);
    if (w->table.cell_count == 0 && trouble->rc == OC_OK)
        oc_buf_printf(&frame, "%s\n", w->list->none);
    else if (w->table.cell_count > 0 && !oc_table_put(&w->table, &frame, w->session->output.colour))
        return oc_fail_nomem(err);
    return oc_screen_draw(&frame, err);
}

static int look_and_draw(struct watch *w, struct oc_err *err)
{
    const struct oc_cli_list *l = w->list;
    const struct oc_terminal_size size = oc_terminal_size(STDOUT_FILENO);
    struct oc_walk walk = {l->path, l->query, l->items, show_job, w};
    const struct oc_err none = {0};
    int rc;

    w->session->output.width = size.columns;
    w->rows_left = size.rows > HEAD_LINES ? size.rows - HEAD_LINES : 1;
    if ((int64_t)w->rows_left > l->limit)
        w->rows_left = (size_t)l->limit;
    oc_table_clear(&w->table);
    oc_rows_set_columns(&w->table, &w->session->output, w->fields, l->field_count + 1);
    rc = oc_client_walk(w->session->client, &walk, err);
    return rc < 0 ? rc : draw(w, &none, err);
}

/* -- both -------------------------------------------------------------------------------------- */

static bool may_pass(const struct oc_err *err)
{
    return oc_client_err_is_unreachable(err) || err->rc == OC_EBUSY;
}

static int complain(struct watch *w, bool terminal, const struct oc_err *trouble,
                    struct oc_err *err)
{
    if (terminal)
        return draw(w, trouble, err);
    (void)fprintf(stderr, "outcrop jobs: %s\n", trouble->text);
    return OC_OK;
}

static int watch(struct watch *w, bool terminal, struct oc_err *err)
{
    struct oc_client *client = w->session->client;
    const unsigned mark = oc_client_mark(client);
    bool has_looked = false, has_complained = false;

    for (;;) {
        struct oc_err trouble = {0};
        int rc = terminal ? look_and_draw(w, &trouble) : look_for_changes(w, &trouble);

        if (rc < 0 && (!has_looked || !may_pass(&trouble))) {
            *err = trouble;
            return rc;
        }
        if (rc < 0 && (terminal || !has_complained)) {
            rc = complain(w, terminal, &trouble, err);
            if (rc < 0)
                return rc;
        }
        has_complained = trouble.rc != OC_OK;
        has_looked = true;
        rc = oc_client_pause(client, LOOK_EVERY_MS, mark, err);
        if (rc < 0)
            return rc;
    }
}

/* The columns of the list, and the progress behind the status. */
static void set_fields(struct watch *w)
{
    w->fields[0] = w->list->fields[0];
    w->fields[1] = (struct oc_field){"DONE", "", OC_SHOW_TEXT, .rank = 1};
    memcpy(w->fields + 2, w->list->fields + 1, (w->list->field_count - 1) * sizeof(*w->fields));
}

int oc_watch(struct oc_session *session, const struct oc_cli_list *list, struct oc_err *err)
{
    struct watch w = {.session = session, .list = list};
    const bool terminal = session->output.form == OC_FORM_TABLE && session->output.width > 0;
    int rc;

    w.before = oc_alloc(OC_WATCH_JOBS_MAX * sizeof(*w.before));
    w.now = oc_alloc(OC_WATCH_JOBS_MAX * sizeof(*w.now));
    oc_table_init(&w.table);
    oc_rows_init(&w.rows, &session->output, list->fields, list->field_count, list->none);
    set_fields(&w);
    if (terminal)
        oc_screen_open();
    rc = w.before && w.now ? watch(&w, terminal, err) : oc_fail_nomem(err);
    if (terminal)
        oc_screen_close();
    oc_rows_clear(&w.rows);
    oc_table_clear(&w.table);
    free(w.before);
    free(w.now);
    return rc;
}
