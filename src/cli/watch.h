/*
 * `outcrop jobs --watch`: a list of copy jobs that is looked at again and again. On a terminal it
 * redraws itself, with the progress of what runs; in a pipe each change is one line.
 */
#ifndef OC_CLI_WATCH_H
#define OC_CLI_WATCH_H

#include "cli/list.h"

#define OC_WATCH_JOBS_MAX 1000 /* of one look */

/**
 * Watch until a signal ends the process. A server that cannot be reached after the first look is
 * waited for.
 * @param list  of copy jobs; its limit is 1 to OC_WATCH_JOBS_MAX
 * @return only with an error: those of oc_client_walk and oc_output_write.
 */
int oc_watch(struct oc_session *session, const struct oc_cli_list *list, struct oc_err *err);

#endif
