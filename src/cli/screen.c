/* The whole screen of a terminal. */
#include "cli/screen.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"

#define OPEN       "\033[?1049h\033[?25l"
#define CLOSE      "\033[?25h\033[?1049l"
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"
#define FRAME_MAX  (1024UL * 1024)

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
#define END_COUNT (sizeof(ends) / sizeof(ends[0]))

/* What the handler prints. It runs on the drawing thread or beside it, so signals are blocked while
 * this changes. */
static struct oc_buf last;

static void write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);

        if (n <= 0)
            return; /* the terminal is gone */
        bytes += n;
        len -= (size_t)n;
    }
}

/* Calls only what a signal handler may. */
static void give_back(void)
{
    write_all(CLOSE, sizeof(CLOSE) - 1);
    if (last.len > 0)
        write_all(last.ptr, last.len);
}

static void on_end(int signal_number)
{
    give_back();
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void block(bool on)
{
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < END_COUNT; i++)
        (void)sigaddset(&set, ends[i]);
    (void)pthread_sigmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void oc_screen_open(void)
{
    oc_buf_init(&last, FRAME_MAX);
    for (size_t i = 0; i < END_COUNT; i++)
        (void)signal(ends[i], on_end);
    write_all(OPEN, sizeof(OPEN) - 1);
}

int oc_screen_draw(const struct oc_buf *frame, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf out = {0};
    struct oc_slice rest = oc_buf_slice(frame);

    if (frame->failed)
        return oc_fail_nomem(err);
    oc_buf_init(&out, 2 * FRAME_MAX);
    oc_buf_put_str(&out, HOME);
    while (rest.len > 0) {
        oc_buf_put_str(&out,
                       CLEAR_LINE); /* before the text: behind a full line it takes a letter */
        oc_buf_put_slice(&out, oc_slice_cut(&rest, '\n'));
        oc_buf_put_char(&out, '\n');
    }
    oc_buf_put_str(&out, CLEAR_REST);
    block(true);
    oc_buf_reset(&last);
    oc_buf_put_slice(&last, oc_buf_slice(frame));
    block(false);
    return oc_output_write(&out, err);
}

void oc_screen_close(void)
{
    for (size_t i = 0; i < END_COUNT; i++)
        (void)signal(ends[i], SIG_DFL);
    give_back();
    oc_buf_clear(&last);
}
