/* Figures and tables for people. */
#include "cli/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/utf8.h"

#define TABLE_MEMORY_MAX (256UL << 20)
#define GAP              2  /* spaces between columns */
#define CUT_MIN          20 /* a text is not cut below that while a column can be left out */

void oc_format_size(struct oc_buf *buf, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        oc_buf_printf(buf, "%llu B", (unsigned long long)bytes);
        return;
    }
    /* 999.5 would be printed as 1000. */
    while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    oc_buf_printf(buf, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[unit]);
}

void oc_format_rate(struct oc_buf *buf, uint64_t bytes_per_second)
{
    oc_format_size(buf, bytes_per_second);
    oc_buf_put_str(buf, "/s");
}

void oc_format_duration(struct oc_buf *buf, uint64_t seconds)
{
    unsigned long long hours = seconds / 3600;
    unsigned minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);

    if (hours > 0)
        oc_buf_printf(buf, "%llu:%02u:%02u", hours, minutes, rest);
    else
        oc_buf_printf(buf, "%u:%02u", minutes, rest);
}

void oc_format_time(struct oc_buf *buf, struct oc_slice iso)
{
    if (iso.len < 20 || iso.ptr[10] != 'T' || iso.ptr[iso.len - 1] != 'Z') {
        oc_format_text(buf, iso);
        return;
    }
    oc_format_text(buf, oc_slice_sub(iso, 0, 10));
    oc_buf_put_char(buf, ' ');
    oc_format_text(buf, oc_slice_sub(iso, 11, 8));
    oc_buf_put_char(buf, 'Z');
}

void oc_format_text(struct oc_buf *buf, struct oc_slice text)
{
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = oc_utf8_next(text, &code);

        if (len == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            oc_buf_put_char(buf, '?');
            len = len ? len : 1;
        } else {
            oc_buf_put(buf, text.ptr, len);
        }
        text = oc_slice_sub(text, len, text.len);
    }
}

static size_t width_of(struct oc_slice text)
{
    size_t width = text.len;

    (void)oc_utf8_count(text, &width); /* cells are UTF-8 by construction */
    return width;
}

static const char *colour_of(struct oc_slice state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {
        {"Completed", "\033[32m"},  {"Active", "\033[32m"},   {"Enabled", "\033[32m"},
        {"InProgress", "\033[33m"}, {"Creating", "\033[33m"}, {"Failed", "\033[31m"},
        {"Disabled", "\033[31m"},   {"ok", "\033[32m"},       {"warning", "\033[33m"},
        {"failed", "\033[31m"},
    };

    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
        if (oc_slice_eq_str(state, colours[i].state))
            return colours[i].colour;
    return "";
}

void oc_format_state(struct oc_buf *buf, struct oc_slice state, bool colour)
{
    const char *on = colour ? colour_of(state) : "";

    oc_buf_put_str(buf, on);
    oc_format_text(buf, state);
    oc_buf_put_str(buf, *on ? "\033[0m" : "");
}

void oc_format_wrapped(struct oc_buf *buf, struct oc_slice text, size_t at, size_t indent,
                       size_t width)
{
    bool first = true;

    while (text.ptr && text.len > 0) {
        struct oc_slice word = oc_slice_cut(&text, ' ');

        if (!first && width > 0 && at + 1 + width_of(word) > width) {
            oc_buf_printf(buf, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            oc_buf_put_char(buf, ' ');
            at++;
        }
        oc_format_text(buf, word);
        at += width_of(word);
        first = false;
    }
}

/* -- tables ------------------------------------------------------------------------------------ */

void oc_table_init(struct oc_table *table)
{
    *table = (struct oc_table){0};
    oc_arena_init(&table->arena, TABLE_MEMORY_MAX);
}

void oc_table_clear(struct oc_table *table)
{
    free(table->cells);
    oc_arena_clear(&table->arena);
    oc_table_init(table);
}

void oc_table_add(struct oc_table *table, struct oc_slice text)
{
    struct oc_buf clean;

    if (table->cell_count == table->cell_cap) {
        size_t longer = table->cell_cap ? table->cell_cap * 2 : 64;
        void *cells = oc_realloc(table->cells, longer * sizeof(*table->cells));

        table->failed = table->failed || !cells;
        if (!cells)
            return;
        table->cells = cells;
        table->cell_cap = longer;
    }
    oc_buf_init(&clean, TABLE_MEMORY_MAX);
    oc_format_text(&clean, text);
    table->cells[table->cell_count] = oc_arena_copy(&table->arena, oc_buf_slice(&clean));
    if (clean.failed || !table->cells[table->cell_count].ptr)
        table->failed = true;
    else
        table->cell_count++;
    oc_buf_clear(&clean);
}

/* -- making a table fit -- */

/* What the row takes when column c is `widths[c]` wide and those that may be cut at most `cut`. */
static size_t row_width(const struct oc_table *table, size_t cut)
{
    size_t sum = 0, shown = 0;

    for (size_t c = 0; c < table->columns; c++) {
        if (table->hidden[c])
            continue;
        sum += table->cut[c] && table->widths[c] > cut ? cut : table->widths[c];
        shown++;
    }
    return sum + (shown ? GAP * (shown - 1) : 0);
}

/* The column to leave out next: the greatest rank, the last of those; `columns`: none. */
static size_t next_to_hide(const struct oc_table *table)
{
    size_t found = table->columns;

    for (size_t c = 0; c < table->columns; c++)
        if (!table->hidden[c] && table->rank[c] > 0 &&
            (found == table->columns || table->rank[c] >= table->rank[found]))
            found = c;
    return found;
}

/* @return how wide a column that may be cut is at most */
static size_t fit(struct oc_table *table)
{
    size_t cut = CUT_MIN, hide;

    if (table->width == 0)
        return SIZE_MAX;
    while (row_width(table, CUT_MIN) > table->width &&
           (hide = next_to_hide(table)) < table->columns)
        table->hidden[hide] = true;
    while (cut < table->width && row_width(table, cut + 1) <= table->width)
        cut++;
    while (cut > 1 && row_width(table, cut) > table->width)
        cut--;
    return cut;
}

/* The first `width` columns of a text, the last of them `…` when there are more. */
static void put_cut(struct oc_buf *buf, struct oc_slice text, size_t width)
{
    if (width_of(text) <= width) {
        oc_buf_put_slice(buf, text);
        return;
    }
    while (width > 1) {
        uint32_t code;
        size_t len = oc_utf8_next(text, &code);

        oc_buf_put(buf, text.ptr, len);
        text = oc_slice_sub(text, len, text.len);
        width--;
    }
    oc_buf_put_str(buf, "\u2026");
}

/* -- putting it -- */

static bool is_last(const struct oc_table *table, size_t column)
{
    while (++column < table->columns)
        if (!table->hidden[column])
            return false;
    return true;
}

static void put_cell(const struct oc_table *table, struct oc_buf *buf, struct oc_slice text,
                     size_t column, size_t cut)
{
    const size_t natural = table->widths[column];
    const size_t width = table->cut[column] && natural > cut ? cut : natural;
    const size_t own = width_of(text) < width ? width_of(text) : width;
    const bool right = table->right[column], last = is_last(table, column);

    oc_buf_printf(buf, "%*s", right ? (int)(width - own) : 0, "");
    put_cut(buf, text, width);
    if (!last)
        oc_buf_printf(buf, "%*s", (int)(right ? GAP : width - own + GAP), "");
}

static void put_titles(const struct oc_table *table, struct oc_buf *buf, size_t cut, bool colour)
{
    oc_buf_put_str(buf, colour ? "\033[1m" : "");
    for (size_t c = 0; c < table->columns; c++)
        if (!table->hidden[c])
            put_cell(table, buf, oc_slice_of(table->titles[c]), c, cut);
    oc_buf_put_str(buf, colour ? "\033[0m\n" : "\n");
}

static void put_row(const struct oc_table *table, struct oc_buf *buf, const struct oc_slice *cells,
                    size_t cut, bool colour)
{
    for (size_t c = 0; c < table->columns; c++) {
        const char *on = colour && table->status[c] ? colour_of(cells[c]) : "";

        if (table->hidden[c])
            continue;
        oc_buf_put_str(buf, on);
        put_cell(table, buf, cells[c], c, cut);
        oc_buf_put_str(buf, *on ? "\033[0m" : "");
    }
    oc_buf_put_char(buf, '\n');
}

static void widen(size_t *width, struct oc_slice text)
{
    if (width_of(text) > *width)
        *width = width_of(text);
}

bool oc_table_put(struct oc_table *table, struct oc_buf *buf, bool colour)
{
    size_t cut;

    for (size_t c = 0; c < table->columns; c++)
        widen(&table->widths[c], oc_slice_of(table->titles[c]));
    for (size_t i = 0; i < table->cell_count; i++)
        widen(&table->widths[i % table->columns], table->cells[i]);
    cut = fit(table);
    if (!table->titled)
        put_titles(table, buf, cut, colour);
    table->titled = true;
    for (size_t i = 0; i + table->columns <= table->cell_count; i += table->columns)
        put_row(table, buf, table->cells + i, cut, colour);
    table->cell_count = 0;
    oc_arena_reset(&table->arena);
    return !table->failed;
}
