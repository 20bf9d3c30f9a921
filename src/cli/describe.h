/*
 * The commands' tables as JSON, from which tools/gen_cli_docs.py makes the man pages and the
 * completions of shells: `outcrop --describe`. Not an interface for others.
 *
 *     {"version", "exitCodes": ["done", …], "commands": [
 *         {"name", "summary", "details"?, "isOperation", "arguments": [{"name", "help"}],
 *          "options": [{"name", "letter"?, "arg"?, "help", "values"?: […], "repeat", "required",
 *                       "shared"}]}]}
 */
#ifndef OC_CLI_DESCRIBE_H
#define OC_CLI_DESCRIBE_H

#include "cli/command.h"

/** Append the JSON of these commands and of every operation. Errors: OC_ENOMEM. */
int oc_describe(struct oc_buf *buf, const struct oc_command *const *commands, size_t count,
                struct oc_err *err);

#endif
