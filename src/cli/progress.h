/*
 * How far a long command has come, on standard error: a bar that redraws itself on a terminal, a
 * line now and then in a pipe.
 *
 * Threads: one at a time.
 */
#ifndef OC_CLI_PROGRESS_H
#define OC_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "client/transfer.h"

struct oc_progress {
    bool terminal;
    int64_t start_us, drawn_us;
    int shown_tenth; /* last tenth that got a line in a pipe, -1: none */
    const char *shown_step;
    bool open; /* a bar stands on the terminal's last line */
};

/** One look at the work. */
struct oc_progress_state {
    const char *step; /* "uploading": static text */
    const char *note; /* shown instead of figures; NULL: none */
    uint64_t bytes_done, bytes_total;
    uint64_t bytes_skipped;
    int64_t bytes_per_second; /* -1: work it out */
    int64_t seconds_left;     /* -1: work it out */
};

/** Begin to count the time; draws nothing. */
void oc_progress_begin(struct oc_progress *progress);

/** Show a state; draws at most ten times a second. */
void oc_progress_show(struct oc_progress *progress, const struct oc_progress_state *state);

/** Show how far a transfer is; `moving` names what its bytes do: "uploading". Static text. */
void oc_progress_show_transfer(struct oc_progress *progress,
                               const struct oc_transfer_progress *transfer, const char *moving);

/** Take the bar away. Safe to call twice. */
void oc_progress_end(struct oc_progress *progress);

/**
 * Append the line of a state as it is shown on a terminal `width` columns wide: what does not fit
 * is left out, the bar first. 0: a line for a pipe. Without bytes in all it is the step alone.
 */
void oc_progress_put(struct oc_buf *buf, const struct oc_progress_state *state, size_t width);

/** Append `86.7 MiB in 3 s (28.9 MiB/s)`: the sum of a finished transfer. */
void oc_progress_put_sum(struct oc_buf *buf, const struct oc_progress *progress, uint64_t bytes,
                         uint64_t skipped);

#endif
