/*
 * Ids of jobs and models: OC_ID_LEN characters of a-z0-9, which are a number to the base 36.
 *
 * An id begins with the time it was made at, so ids that are made together stand together wherever
 * the store keeps them in order: many creations in one commit then share its pages. An id is a
 * name and no secret: who knows one may still do nothing with it.
 */
#ifndef OC_MODEL_ID_H
#define OC_MODEL_ID_H

#include "base/bytes.h"
#include "base/err.h"

#define OC_ID_LEN 12

/**
 * A new id, greater than all that this process has made before: milliseconds since 2020, then 20
 * bits that are random or, where that would not be greater, one more than the id before. Ids of
 * processes that run one after the other differ by their time, or if the clock was set back
 * between them, by chance: who stores one must see that it is free.
 *
 * @param now_ms  milliseconds since 1970
 * Errors: OC_EIO (no random bytes).
 * Threads: any. Cost: some 50 ns.
 */
int oc_id_make(int64_t now_ms, char ret_id[OC_ID_LEN], struct oc_err *err);

/** An id as a number; ids and their numbers have the same order. @return false: not an id */
bool oc_id_pack(struct oc_slice id, uint64_t *ret);

#endif
