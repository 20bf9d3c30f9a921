/* The terminal that a person looks at. */
#include "cli/terminal.h"

#include <stdio.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT    24
#define COLUMNS_MIN     20 /* below that a terminal has not said its size */
#define ANSWER_MAX      64

struct oc_terminal_size oc_terminal_size(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < COLUMNS_MIN || size.ws_row < 2)
        return (struct oc_terminal_size){COLUMNS_DEFAULT, ROWS_DEFAULT};
    return (struct oc_terminal_size){size.ws_col, size.ws_row};
}

bool oc_terminal_confirm(const char *question)
{
    char answer[ANSWER_MAX];

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return true;
    (void)fprintf(stderr, "%s [y/N] ", question);
    (void)fflush(stderr);
    if (!fgets(answer, sizeof(answer), stdin)) {
        (void)fprintf(stderr, "\n");
        return false;
    }
    return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0;
}
