/*
 * Doing many things of one kind several at a time: for what waits for another machine, where one
 * after another would cost a way there and back for each. Not for other folders.
 */
#ifndef OC_COPY_TOGETHER_H
#define OC_COPY_TOGETHER_H

#include <stddef.h>

#include "base/err.h"

/** Do thing `number`. Called on several threads at once, each number once. */
typedef int oc_together_fn(size_t number, void *ctx, struct oc_err *err);

/**
 * Do all of `from` to `to` - 1, in about that order; after a failure nothing more is begun.
 * @param at_once  threads, the caller's among them; where the system gives fewer, those do
 * Errors: that of the first that failed.
 */
int oc_together(size_t from, size_t to, unsigned at_once, oc_together_fn *fn, void *ctx,
                struct oc_err *err);

#endif
