/* How far a long command has come. */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/format.h"
#include "cli/terminal.h"

#define DRAW_EVERY_US 100000
#define BAR_MIN       4
#define BAR_MAX       30
#define STEP_WIDTH    11 /* "downloading" */
#define FIGURES_WIDTH                                                                              \
    54 /* "100%  999 MiB of 999 MiB  999 MiB/s  99:59:59 left" and the bar's ends */
#define RATE_AFTER_US 500000 /* before that a rate says nothing */

void oc_progress_begin(struct oc_progress *progress)
{
    *progress = (struct oc_progress){
        .terminal = isatty(STDERR_FILENO),
        .start_us = oc_clock_mono_us(),
        .shown_tenth = -1,
    };
}

static void put_bar(struct oc_buf *buf, const struct oc_progress_state *s, size_t cells)
{
    size_t full = (size_t)((double)s->bytes_done / (double)s->bytes_total * (double)cells);

    oc_buf_put_char(buf, '[');
    for (size_t i = 0; i < cells; i++)
        oc_buf_put_char(buf, i < full ? '#' : '.');
    oc_buf_put_str(buf, "] ");
}

static unsigned percent(const struct oc_progress_state *s)
{
    if (s->bytes_total == 0)
        return 0;
    if (s->bytes_done >= s->bytes_total)
        return 100;
    return (unsigned)((double)s->bytes_done / (double)s->bytes_total * 100);
}

/* Parts of a line, the most important first: a narrow terminal gets the first ones. */
enum part { PART_PERCENT, PART_BYTES, PART_TIME, PART_RATE, PART_BAR };

static void put_bytes(struct oc_buf *buf, const struct oc_progress_state *s)
{
    oc_buf_put_str(buf, "  ");
    oc_format_size(buf, s->bytes_done);
    oc_buf_put_str(buf, " of ");
    oc_format_size(buf, s->bytes_total);
}

static void put_parts(struct oc_buf *buf, const struct oc_progress_state *s, size_t width,
                      enum part last)
{
    const size_t bar = width - STEP_WIDTH - FIGURES_WIDTH;

    oc_buf_printf(buf, "%-*s ", width ? STEP_WIDTH : 0, s->step);
    if (last >= PART_BAR && width > 0)
        put_bar(buf, s, bar < BAR_MAX ? bar : BAR_MAX);
    oc_buf_printf(buf, "%3u%%", percent(s));
    if (last >= PART_BYTES)
        put_bytes(buf, s);
    if (last >= PART_RATE && s->bytes_per_second > 0) {
        oc_buf_put_str(buf, "  ");
        oc_format_rate(buf, (uint64_t)s->bytes_per_second);
    }
    if (last >= PART_TIME && s->seconds_left > 0) {
        oc_buf_put_str(buf, "  ");
        oc_format_duration(buf, (uint64_t)s->seconds_left);
        oc_buf_put_str(buf, " left");
    }
}

/* A note is plain ASCII as servers write it; what is not may be cut a little early. */
static void put_note(struct oc_buf *buf, const struct oc_progress_state *s, size_t width)
{
    const size_t room = width > STEP_WIDTH + 1 ? width - STEP_WIDTH - 1 : SIZE_MAX;

    oc_buf_printf(buf, "%-*s ", width ? STEP_WIDTH : 0, s->step);
    oc_buf_put_slice(buf, oc_slice_sub(oc_slice_of(s->note), 0, room));
}

void oc_progress_put(struct oc_buf *buf, const struct oc_progress_state *state, size_t width)
{
    const size_t start = buf->len;
    enum part last = PART_BAR;

    if (state->note) {
        put_note(buf, state, width);
        return;
    }
    if (state->bytes_total == 0) { /* it waits, or what is to be done is not known yet */
        oc_buf_put_str(buf, state->step);
        return;
    }

    /* What the figures may need is kept free, so that the bar does not change its length. */
    if (width > 0 && width < BAR_MIN + STEP_WIDTH + FIGURES_WIDTH)
        last = PART_RATE;
    put_parts(buf, state, width, last);
    while (width > 0 && buf->len - start > width && last > PART_PERCENT) {
        buf->len = start;
        put_parts(buf, state, width, --last);
    }
}

/* Rate and time left of what is really moved. */
static void work_out(const struct oc_progress *progress, struct oc_progress_state *s,
                     int64_t now_us)
{
    int64_t elapsed_us = now_us - progress->start_us;
    uint64_t moved = s->bytes_done - s->bytes_skipped;

    if (s->bytes_per_second < 0)
        s->bytes_per_second =
            elapsed_us >= RATE_AFTER_US ? (int64_t)((double)moved / ((double)elapsed_us / 1e6)) : 0;
    if (s->seconds_left < 0)
        s->seconds_left = s->bytes_per_second > 0 && s->bytes_total > s->bytes_done
                              ? (int64_t)(s->bytes_total - s->bytes_done) / s->bytes_per_second
                              : 0;
}

static void draw(struct oc_progress *progress, const struct oc_progress_state *state)
{
    OC_AUTO(oc_buf_clear) struct oc_buf line = {0};

    oc_buf_init(&line, 1024);
    if (progress->terminal) {
        oc_buf_put_str(&line, "\r\033[K");
        oc_progress_put(&line, state, oc_terminal_size(STDERR_FILENO).columns - 1);
    } else {
        oc_progress_put(&line, state, 0);
        oc_buf_put_char(&line, '\n');
    }
    (void)fprintf(stderr, "%.*s", OC_FMT(line));
    (void)fflush(stderr);
    progress->open = progress->terminal;
}

void oc_progress_show(struct oc_progress *progress, const struct oc_progress_state *state)
{
    struct oc_progress_state s = *state;
    int64_t now_us = oc_clock_mono_us();
    int tenth = (int)percent(&s) / 10;
    bool new_step = progress->shown_step != s.step;

    if (progress->terminal ? !new_step && now_us - progress->drawn_us < DRAW_EVERY_US
                           : !new_step && tenth <= progress->shown_tenth)
        return;
    work_out(progress, &s, now_us);
    draw(progress, &s);
    progress->drawn_us = now_us;
    progress->shown_tenth = tenth;
    progress->shown_step = s.step;
}

void oc_progress_show_transfer(struct oc_progress *progress,
                               const struct oc_transfer_progress *transfer, const char *moving)
{
    const bool moves = transfer->phase == OC_TRANSFER_MOVE;
    struct oc_progress_state state = {
        .step = moves                                    ? moving
                : transfer->phase == OC_TRANSFER_PREPARE ? "preparing"
                                                         : "verifying",
        .bytes_done = transfer->bytes_done,
        .bytes_total = transfer->bytes_total,
        .bytes_skipped = transfer->bytes_skipped,
        .bytes_per_second = moves ? -1 : 0,
        .seconds_left = moves ? -1 : 0,
    };

    if (transfer->phase != OC_TRANSFER_DONE)
        oc_progress_show(progress, &state);
}

void oc_progress_end(struct oc_progress *progress)
{
    if (progress->open)
        (void)fprintf(stderr, "\r\033[K");
    progress->open = false;
}

void oc_progress_put_sum(struct oc_buf *buf, const struct oc_progress *progress, uint64_t bytes,
                         uint64_t skipped)
{
    double seconds = (double)(oc_clock_mono_us() - progress->start_us) / 1e6;

    oc_format_size(buf, bytes);
    oc_buf_printf(buf, " in %.1f s", seconds);
    if (skipped > 0) {
        oc_buf_put_str(buf, ", ");
        oc_format_size(buf, skipped);
        oc_buf_put_str(buf, " of that were there already");
    } else if (seconds > 0 && bytes > 0) {
        oc_buf_put_str(buf, ", ");
        oc_format_rate(buf, (uint64_t)((double)bytes / seconds));
    }
}
