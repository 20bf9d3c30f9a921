/*
 * The log: one line an event to standard error, as text for people or JSON for programs.
 * Only cli/, http/ and copy/ log; other code returns errors. Threads: any; a line is one write.
 */
#ifndef OC_BASE_LOG_H
#define OC_BASE_LOG_H

#include <stdbool.h>

enum oc_log_level { OC_LOG_ERROR, OC_LOG_WARN, OC_LOG_INFO, OC_LOG_DEBUG };

/** Least severe level that is written, and the form. Call before threads start. */
void oc_log_setup(enum oc_log_level level, bool json);

/** Whether `level` is written: to skip costly preparation. */
bool oc_log_is_on(enum oc_log_level level);

/**
 * Write one event. After `event` come pairs of `const char *` name and value, ended by NULL; a
 * NULL value is left out together with its name. Never pass a secret.
 */
void oc_log(enum oc_log_level level, const char *event, ...) __attribute__((sentinel));

#endif
