/*
 * The terminal that a person looks at: its size, and questions.
 *
 * Threads: one at a time.
 */
#ifndef OC_CLI_TERMINAL_H
#define OC_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct oc_terminal_size {
    size_t columns, rows;
};

/** The size of the terminal at this descriptor; 80 by 24 when it does not say. */
struct oc_terminal_size oc_terminal_size(int fd);

/**
 * Ask a question on standard error and read the answer from standard input.
 * @return whether a person said yes; true without asking when either is no terminal: a script has
 *         nobody to ask
 */
bool oc_terminal_confirm(const char *question);

#endif
