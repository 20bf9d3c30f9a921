/*
 * What every client command needs: the connection, the form of the output, models by name or ARN,
 * tags, and the way from an error to a sentence and an exit code.
 */
#ifndef OC_CLI_SESSION_H
#define OC_CLI_SESSION_H

#include "cli/output.h"
#include "client/client.h"
#include "model/tags.h"

struct oc_session {
    const struct oc_args *args;
    struct oc_client *client;
    struct oc_output output;
};

typedef int (*oc_session_fn)(struct oc_session *session, struct oc_err *err);

/**
 * Open a session as the command line says, call `fn`, report what went wrong.
 * @return the command's exit code
 */
int oc_session_run(const struct oc_args *args, oc_session_fn fn);

/** The same for commands that need no credentials. */
int oc_session_run_anonymous(const struct oc_args *args, oc_session_fn fn);

/** The exit code that fits an error. */
enum oc_exit oc_session_exit_of(const struct oc_err *err);

/** The client that the command line asks for; its texts are borrowed. */
struct oc_client_options oc_session_client_options(const struct oc_args *args);

/** Print one sentence about an error to standard error. @return the exit code that fits it */
int oc_session_report(const struct oc_command *command, const struct oc_err *err);

/**
 * The Region to ask about a resource: that of --region, else that of the ARN; absent (the
 * client's) when `name_or_arn` is no ARN.
 */
struct oc_slice oc_session_region_of(const struct oc_session *session, struct oc_slice name_or_arn);

/**
 * GetCustomModel by name or ARN.
 * @param[out] ret  the answer; free with oc_json_free
 */
int oc_session_get_model(struct oc_session *session, struct oc_slice name_or_arn,
                         struct oc_json **ret, struct oc_err *err);

/**
 * Send a request that changes something. With --dry-run it is printed and not sent.
 * @param[out] ret  the answer; free with oc_json_free; set on OC_OK only
 * @return OC_PENDING after a dry run: there is no answer, and nothing more to say
 */
int oc_session_change(struct oc_session *session, const struct oc_request *request,
                      struct oc_json **ret, struct oc_err *err);

/** The same: POST `body`, or nothing, to `path`. `once`: as in struct oc_request. */
int oc_session_post(struct oc_session *session, struct oc_slice path, const struct oc_buf *body,
                    bool once, struct oc_json **ret, struct oc_err *err);

/** The same to another Region. */
int oc_session_post_to(struct oc_session *session, struct oc_slice region, struct oc_slice path,
                       const struct oc_buf *body, struct oc_json **ret, struct oc_err *err);

/**
 * Ask a person whether to go on, unless --yes or --dry-run was given.
 * Errors: OC_ECANCELED — the answer was not yes.
 */
int oc_session_confirm(struct oc_session *session, struct oc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** A change was made: print a sentence for people, or the server's answer for programs. */
int oc_session_done(struct oc_session *session, const struct oc_json *answer, struct oc_err *err,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define OC_SESSION_TAGS_MAX 200 /* AWS's limit of the list; the server's own is lower */

/** The tags of the command line. */
struct oc_session_tags {
    struct oc_tag items[OC_SESSION_TAGS_MAX];
    struct oc_tag_list list;
};

/** Read the option `name` (`--tag k=v`). Errors: OC_EINVAL, UsageError. */
int oc_session_tags(const struct oc_args *args, const char *name, struct oc_session_tags *ret,
                    struct oc_err *err);

/**
 * Read a point in time: `30m`, `2h`, `7d` (that long ago), a date, or ISO-8601.
 * @param option    for the error
 * @param[out] ret  OC_TIMESTAMP_LEN characters and NUL
 * Errors: OC_EINVAL, UsageError.
 */
int oc_session_time(const char *option, const char *text, char ret[32], struct oc_err *err);

#endif
