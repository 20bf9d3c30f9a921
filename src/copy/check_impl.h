/*
 * Inside of the checker. Not for other folders.
 */
#ifndef OC_COPY_CHECK_IMPL_H
#define OC_COPY_CHECK_IMPL_H

#include "copy/check.h"
#include "copy/copy_impl.h"

#define OC_CHECK_ARENA_MAX (64UL * 1024 * 1024)

/** An Active model whose bytes are to be looked for. */
struct oc_check_active {
    char key[OC_COPY_KEY_MAX];
    size_t key_len;
};

/** Whose jobs to look at. */
struct oc_check_place {
    char account[OC_ACCOUNT_LEN + 1];
    char region[32];
};

/** One run of the checker. */
struct oc_check {
    const struct oc_copy_check_options *options;
    struct oc_read *read;
    struct oc_check_active *actives;
    size_t active_count, active_cap;
    struct oc_check_place *places;
    size_t place_count, place_cap;
    void *sound;     /* check_bytes.c: which bytes were found sound already */
    uint8_t *buffer; /* one part, for `deep` */
    uint64_t findings;
};

/** Tell a finding, and count it. */
void oc_check_find(struct oc_check *check, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** The model's ARN as text, for findings; "?" when out of memory. */
const char *oc_check_model_arn(struct oc_arena *arena, const struct oc_model *model);

/** Look for the bytes of a model, if it still is Active and its Region is served. Errors: as
 * oc_copy_check. */
int oc_check_bytes(struct oc_check *check, const struct oc_check_active *active,
                   struct oc_err *err);

/** Free `sound`. */
void oc_check_forget_bytes(struct oc_check *check);

#endif
