/*
 * The error object. It travels with the request, across threads, as the last parameter of every
 * function that can fail; it is never NULL. A function that succeeds leaves it alone.
 */
#ifndef OC_BASE_ERR_H
#define OC_BASE_ERR_H

#include "base/bytes.h"

/** What kind of failure; the text says the rest. */
enum oc_rc {
    OC_OK = 0,
    OC_EINVAL = -1,    /* input breaks a rule */
    OC_ENOMEM = -2,    /* no memory */
    OC_EIO = -3,       /* disk or network failed */
    OC_ENOTFOUND = -4, /* no such thing */
    OC_ECONFLICT = -5, /* contradicts what exists */
    OC_EDENIED = -6,   /* not allowed, or not who they claim to be */
    OC_ELIMIT = -7,    /* a limit or quota is reached */
    OC_ECORRUPT = -8,  /* stored bytes are not what was written */
    OC_EBUSY = -9,     /* try again later */
    OC_EFULL = -10,    /* no space left */
    OC_ECANCELED = -11 /* stopped on request */
};

/** Returned by an operation that will finish later on another thread. Not an error. */
#define OC_PENDING 1

#define OC_ERR_TEXT_MAX   2048 /* a validation error may name many members and long patterns */
#define OC_ERR_HIDDEN_MAX 256

/** Zero-initialise before use: `struct oc_err err = {0};` */
struct oc_err {
    enum oc_rc rc;
    /* The name under which an API client sees this error ("ValidationException"): a static
     * string, or NULL when the failure has no public name yet (it is then internal). */
    const char *name;
    /* One sentence for a person: what failed, the limit, the next step. NUL-terminated. */
    char text[OC_ERR_TEXT_MAX];
    /* What the error is about, where the API sends that apart from the text (resourceName of
     * TooManyTagsException); else absent. Borrowed from the request's arena. */
    struct oc_slice resource;
    /* More for who runs the server, as the path of a file: for the log and for `outcrop check`,
     * never for clients. NUL-terminated, "" when there is nothing. */
    char hidden[OC_ERR_HIDDEN_MAX];
};

/**
 * Fill `err` and return `rc`, so that callers write `return oc_fail(err, OC_EIO, "…");`.
 * The text is cut at OC_ERR_TEXT_MAX - 1 bytes.
 */
int oc_fail(struct oc_err *err, enum oc_rc rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Like oc_fail, with the public name of the error. `name` must be a static string. */
int oc_fail_as(struct oc_err *err, enum oc_rc rc, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Like oc_fail, for what `cause` explains, which may be `err`: its hidden text is kept. */
int oc_fail_for(struct oc_err *err, enum oc_rc rc, const struct oc_err *cause, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Add the hidden text of a failure, cut at OC_ERR_HIDDEN_MAX - 1 bytes. */
void oc_err_hide(struct oc_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * A failed system call: the text gets `: ` and the system's words for errno; the code becomes
 * OC_EFULL for ENOSPC and EDQUOT, OC_ENOMEM for ENOMEM, OC_ENOTFOUND for ENOENT, OC_EDENIED for
 * EACCES and EPERM, else OC_EIO.
 */
int oc_fail_errno(struct oc_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** The standard failure for exhausted memory. */
int oc_fail_nomem(struct oc_err *err);

#endif
