#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formatted beside `err` first: a caller may pass the old text as an argument of the new one. */
__attribute__((format(printf, 4, 0))) static void
fill(struct oc_err *err, enum oc_rc rc, const char *name, const char *fmt, va_list args)
{
    char text[OC_ERR_TEXT_MAX];

    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = '\0';
    err->rc = rc;
    err->name = name;
    err->resource = (struct oc_slice){NULL, 0};
    err->hidden[0] = '\0';
    memcpy(err->text, text, strlen(text) + 1);
}

int oc_fail(struct oc_err *err, enum oc_rc rc, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, rc, NULL, fmt, args);
    va_end(args);
    return rc;
}

int oc_fail_as(struct oc_err *err, enum oc_rc rc, const char *name, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, rc, name, fmt, args);
    va_end(args);
    return rc;
}

int oc_fail_for(struct oc_err *err, enum oc_rc rc, const struct oc_err *cause, const char *fmt, ...)
{
    char hidden[OC_ERR_HIDDEN_MAX];
    va_list args;

    memcpy(hidden, cause->hidden, sizeof(hidden));
    va_start(args, fmt);
    fill(err, rc, NULL, fmt, args);
    va_end(args);
    memcpy(err->hidden, hidden, sizeof(hidden));
    return rc;
}

void oc_err_hide(struct oc_err *err, const char *fmt, ...)
{
    char hidden[OC_ERR_HIDDEN_MAX];
    va_list args;

    va_start(args, fmt);
    if (vsnprintf(hidden, sizeof(hidden), fmt, args) < 0)
        hidden[0] = '\0';
    va_end(args);
    memcpy(err->hidden, hidden, strlen(hidden) + 1);
}

static enum oc_rc rc_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return OC_EFULL;
    case ENOMEM:
        return OC_ENOMEM;
    case ENOENT:
        return OC_ENOTFOUND;
    case EACCES:
    case EPERM:
        return OC_EDENIED;
    default:
        return OC_EIO;
    }
}

int oc_fail_errno(struct oc_err *err, const char *fmt, ...)
{
    const int number = errno;
    char reason[128] = "";
    size_t len;
    va_list args;

    va_start(args, fmt);
    fill(err, rc_of_errno(number), NULL, fmt, args);
    va_end(args);
    len = strlen(err->text);
    (void)snprintf(err->text + len, sizeof(err->text) - len, ": %s",
                   strerror_r(number, reason, sizeof(reason))); /* a cut text is still a text */
    return err->rc;
}

int oc_fail_nomem(struct oc_err *err)
{
    return oc_fail(err, OC_ENOMEM, "out of memory");
}
