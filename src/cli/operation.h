/*
 * Every operation under its name in the AWS CLI: `outcrop list-model-copy-jobs --max-items 10`.
 *
 * A command with its options is made from the operation's table (api/operation.h); nothing is
 * written for a single operation. Answers are printed as the AWS CLI prints JSON.
 */
#ifndef OC_CLI_OPERATION_H
#define OC_CLI_OPERATION_H

#include "api/operation.h"
#include "base/arena.h"
#include "cli/session.h"

#define OC_OPERATION_OPTIONS_MAX 40
#define OC_OPERATION_WORDS_MAX   8192 /* of one command line, lists spread out */

/** A command made from an operation. */
struct oc_operation_command {
    struct oc_arena arena;
    struct oc_command command;
    struct oc_option options[OC_OPERATION_OPTIONS_MAX];
};

/** The operation called `name` ("list-model-copy-jobs"), or NULL. */
const struct oc_op *oc_operation_find(const char *name);

/** Whether the operation has a name in the AWS CLI: those of Bedrock have. */
bool oc_operation_is_public(const struct oc_op *op);

/** Append a name in the AWS CLI's form: `resourceARN` as `resource-arn`. */
void oc_operation_put_name(struct oc_buf *buf, const char *name);

/** Whether its answers come in pages, which the command joins. */
bool oc_operation_is_paged(const struct oc_op *op);

/**
 * Make the command of an operation.
 * @param complete  members may come from elsewhere (--cli-input-json): no option is required
 * @param ret       zeroed; clear `ret->arena` at the end, on failure too
 * Errors: OC_ENOMEM.
 */
int oc_operation_command(const struct oc_op *op, bool complete, struct oc_operation_command *ret,
                         struct oc_err *err);

/**
 * Spread the options that take several words: `--tag-keys a b` becomes `--tag-keys a --tag-keys b`.
 * @param[out] ret  OC_OPERATION_WORDS_MAX words and a NULL
 * @return how many, or -1 when they are too many
 */
int oc_operation_spread(const struct oc_command *command, int argc, char **argv, char **ret);

/* -- input ------------------------------------------------------------------------------------- */

/** A request as the command line gives it; owns its buffers. */
struct oc_operation_request {
    struct oc_buf path, query, body;
    bool has_body;
};

/**
 * Make the request of the command line's operation.
 * @param ret  zeroed; clear with oc_operation_request_clear, on failure too
 * Errors: OC_EINVAL, UsageError — an option's text is no value of its type, or a file:// cannot be
 *         read; OC_ENOMEM.
 */
int oc_operation_request(const struct oc_args *args, struct oc_operation_request *ret,
                         struct oc_err *err);
void oc_operation_request_clear(struct oc_operation_request *request);

/**
 * A time as the AWS CLI takes it (ISO-8601, a date, seconds since 1970; UTC when no zone is given)
 * as ISO-8601 in UTC. @return false when it is none of them
 */
bool oc_operation_put_time(struct oc_buf *buf, struct oc_slice text);

/* -- pages ------------------------------------------------------------------------------------- */

/** Where a list goes on: a page, and how many of its items were shown already. */
struct oc_operation_token {
    struct oc_buf page; /* the server's token; empty: the first page */
    int64_t skip;
};

/** Read --starting-token. `ret->page` is cleared by the caller. Errors: OC_EINVAL, UsageError. */
int oc_operation_token_read(struct oc_slice text, struct oc_operation_token *ret,
                            struct oc_err *err);

/** Append the AWS CLI's `NextToken`. */
void oc_operation_token_put(struct oc_buf *buf, struct oc_slice page, int64_t skip);

/** Run the operation of a parsed command line: the `run` of its command. */
int oc_operation_run(const struct oc_args *args);

#endif
