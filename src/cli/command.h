/*
 * Commands: one table a command, from which the parser, `--help`, the man page's check and the
 * completions come.
 *
 * A command is a file cmd_<verb>.c that defines `const struct oc_command oc_command_<verb>` and
 * its function, and a line in the list of main.c:
 *
 *     static const struct oc_option options[] = {
 *         {.name = "data", .arg = "DIR", .help = "folder of the server's data", .required = true},
 *         {.name = "deep", .help = "read and verify every blob too"},
 *         {0},
 *     };
 *     const struct oc_command oc_command_check = {
 *         .name = "check", .summary = "verify a data folder", .options = options, .run =
 * oc_cmd_check,
 *     };
 *     int oc_cmd_check(const struct oc_args *args)
 *     {
 *         const char *data = oc_args_get(args, "data");
 *
 * A `run` function returns an exit code. main.c parses before it calls `run`, so that options and
 * operands are known to be right in name and number.
 */
#ifndef OC_CLI_COMMAND_H
#define OC_CLI_COMMAND_H

#include "base/bytes.h"
#include "base/err.h"

/** Exit codes; documented in --help and outcrop(1). */
enum oc_exit {
    OC_EXIT_OK = 0,
    OC_EXIT_FAILED = 1,      /* it failed: the job ended Failed, not found, refused input, … */
    OC_EXIT_USAGE = 2,       /* wrong command line */
    OC_EXIT_DENIED = 3,      /* no credentials, or not allowed */
    OC_EXIT_UNREACHABLE = 4, /* the server cannot be reached */
};

/** What each exit code means, in its order; NULL at the end. */
extern const char *const oc_exit_meanings[];

/** Public name of the errors that exit with OC_EXIT_USAGE. */
#define OC_USAGE_ERROR "UsageError"

struct oc_option {
    const char *name;          /* long name without dashes; NULL ends the table */
    char letter;               /* one-letter form, or 0 */
    const char *arg;           /* name of the argument in help texts; NULL: takes none */
    const char *help;          /* one line, no full stop */
    const char *const *values; /* the words it takes, NULL at the end; NULL: any text */
    bool repeat;               /* may be given more than once */
    bool required;
};

struct oc_operand {
    const char *name; /* in capitals; NULL ends the table */
    const char *help;
    bool optional; /* may be left out; only the last ones */
};

struct oc_args;
struct oc_op;

struct oc_command {
    const char *name;    /* one word or two: "jobs", "account add" */
    const char *summary; /* one line, no full stop, begins with a verb */
    const char *details; /* more for --help: a paragraph without line feeds; or NULL */
    const struct oc_operand *operands; /* NULL: none */
    const struct oc_option *options;   /* NULL: none of its own */
    bool is_client;                    /* also takes oc_client_option_table */
    bool changes;                      /* changes something: also takes --dry-run */
    bool asks;                         /* cannot be undone: also takes --yes */
    bool is_list;                      /* also prints csv and tsv */
    const struct oc_op *op;            /* of a command made from it (operation.h); or NULL */
    int (*run)(const struct oc_args *args);
};

/** Options that every client command takes: --region, --profile, --endpoint, -o. */
extern const struct oc_option oc_client_option_table[];

/** Options that every command takes: --help. */
extern const struct oc_option oc_common_option_table[];

/** The options of commands that change something, and of those that ask before. */
extern const struct oc_option oc_change_option_table[], oc_ask_option_table[];

/** What `values` of options name more than once: states of jobs, orders of lists. */
extern const char *const oc_values_job_status[], *const oc_values_order[];

/* -- parsed command lines ---------------------------------------------------------------------- */

#define OC_ARGS_MAX 512 /* options and operands of one command line */

struct oc_arg_value {
    const struct oc_option *option;
    const char *value; /* NULL for options without an argument */
};

struct oc_args {
    const struct oc_command *command;
    struct oc_arg_value values[OC_ARGS_MAX];
    size_t value_count;
    const char *operands[OC_ARGS_MAX];
    size_t operand_count;
};

/**
 * Parse a command line by the command's table.
 *
 * @param argv      argv[0] is not looked at; strings are borrowed, the array is reordered
 * @param[out] ret  the parsed line; also set when `--help` is there and the rest is incomplete
 * Errors: OC_EINVAL — one sentence that names the wrong word, with the nearest match if one is
 *         near.
 */
int oc_args_parse(const struct oc_command *command, int argc, char **argv, struct oc_args *ret,
                  struct oc_err *err);

/** The option's argument (the last one if it repeats), or NULL when it was not given. */
const char *oc_args_get(const struct oc_args *args, const char *name);

/** Whether the option was given. */
bool oc_args_has(const struct oc_args *args, const char *name);

/** Argument number `index` of an option that repeats; NULL past the end. */
const char *oc_args_nth(const struct oc_args *args, const char *name, size_t index);

struct oc_range {
    int64_t min, max;
};

/**
 * The option's argument as a whole number.
 * @param[out] ret  left alone when the option was not given: set it to the default before
 * Errors: OC_EINVAL, named OC_USAGE_ERROR — not a number in the range.
 */
int oc_args_int64(const struct oc_args *args, const char *name, struct oc_range range, int64_t *ret,
                  struct oc_err *err);

#define OC_COMMAND_OPTIONS_MAX 64

/** All options of a command, in the order of its help text. @return how many */
size_t oc_command_options(const struct oc_command *command,
                          const struct oc_option *ret[OC_COMMAND_OPTIONS_MAX]);

/** Append the help text of a command. */
void oc_command_put_help(struct oc_buf *buf, const struct oc_command *command);

/** The name in `names` (ends with NULL) that a person most likely meant by `word`, or NULL. */
const char *oc_nearest(const char *word, const char *const *names);

/* -- the commands ------------------------------------------------------------------------------ */

extern const struct oc_command oc_command_import, oc_command_models, oc_command_model,
    oc_command_copy, oc_command_jobs, oc_command_job, oc_command_pull, oc_command_verify,
    oc_command_events, oc_command_rm, oc_command_tag, oc_command_share, oc_command_unshare,
    oc_command_account_add, oc_command_account_list, oc_command_key_add, oc_command_key_list,
    oc_command_key_disable, oc_command_kms_create_key, oc_command_kms_list, oc_command_kms_alias,
    oc_command_kms_disable, oc_command_kms_enable, oc_command_whoami, oc_command_doctor,
    oc_command_health, oc_command_serve, oc_command_check;

#endif
