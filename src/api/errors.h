/*
 * How a failure looks from outside: its public name, HTTP status and body.
 *
 * An error that carries no public name, or one that the table does not know, is internal: what it
 * says stays in the log, and the client gets a fixed text. OC_ENOMEM, OC_EFULL and OC_EBUSY are
 * seen as ServiceUnavailableException, all others as InternalServerException.
 */
#ifndef OC_API_ERRORS_H
#define OC_API_ERRORS_H

#include "base/bytes.h"
#include "base/err.h"

/** The name for x-amzn-ErrorType. A static string, never NULL. */
const char *oc_error_name(const struct oc_err *err);

/** The HTTP status: 400 to 599. */
int oc_error_status(const struct oc_err *err);

/** What the client may read: the error's own text, or the fixed text of an internal error.
 * Borrowed. */
struct oc_slice oc_error_text(const struct oc_err *err);

/** Append the JSON body: `{"message":…}`, and `resourceName` for TooManyTagsException. */
void oc_error_body(struct oc_buf *buf, const struct oc_err *err);

/**
 * Fail with TooManyTagsException.
 * @param resource  what has too many tags; borrowed as long as `err` is read (request arena)
 * @param count     how many tags it would have
 */
int oc_fail_too_many_tags(struct oc_err *err, struct oc_slice resource, size_t count);

#endif
