/*
 * What a person can do about an error of the service, whose own words often do not say.
 */
#ifndef OC_CLI_ADVICE_H
#define OC_CLI_ADVICE_H

#include "base/err.h"

/** A clause for the end of the error's sentence; NULL: there is nothing to add. */
const char *oc_advice_of(const struct oc_err *err);

#endif
