/*
 * The whole screen of the terminal at standard output, for what redraws itself. It is a screen
 * beside the ordinary one, as editors have; what stood on it last is printed on the ordinary screen
 * at the end, also when a signal ends the process.
 *
 * Threads: one at a time. There is one terminal, so there is one screen.
 */
#ifndef OC_CLI_SCREEN_H
#define OC_CLI_SCREEN_H

#include "base/bytes.h"
#include "base/err.h"

/** Take the screen, and let SIGINT, SIGTERM and SIGHUP give it back before they end the process. */
void oc_screen_open(void);

/** Replace what stands on the screen by these lines, none longer than the screen is wide. */
int oc_screen_draw(const struct oc_buf *frame, struct oc_err *err);

/** Give the screen back and print what stood on it last. */
void oc_screen_close(void);

#endif
