/*
 * The words of JSON, read where they stand: texts, numbers, and what is not wanted. For
 * wire_decode.c, which reads values of the operations' types with them.
 *
 * A reader stands before what is read next; functions that fail leave it where they failed.
 */
#ifndef OC_CLIENT_WIRE_JSON_H
#define OC_CLIENT_WIRE_JSON_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct oc_wire_reader {
    char *start;
    char *at;
    char *end; /* `*end` is NUL: a look at one byte is always allowed */
    struct oc_arena *arena;
    struct oc_err *err;
};

/** Pass white space. */
static inline void oc_wire_skip_space(struct oc_wire_reader *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
        r->at++;
}

/** Whether the next character is `c`, which is then passed. */
static inline bool oc_wire_pass(struct oc_wire_reader *r, char c)
{
    oc_wire_skip_space(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

/** Fail since `what` stands where the reader is. @return OC_ECORRUPT */
int oc_wire_fail_at(struct oc_wire_reader *r, const char *what);

/** Whether `word` stands here, which is then passed. */
bool oc_wire_pass_word(struct oc_wire_reader *r, const char *word);

/**
 * The rest of a text, behind its opening quote. It is unescaped over itself.
 * @param[out] ret  NUL-terminated, in the reader's memory
 * Errors: OC_ECORRUPT.
 */
int oc_wire_read_text(struct oc_wire_reader *r, struct oc_slice *ret);

/** A number. Errors: OC_ECORRUPT (it is none, or out of range). */
int oc_wire_read_integer(struct oc_wire_reader *r, int64_t *ret);
int oc_wire_read_real(struct oc_wire_reader *r, double *ret);

/** Pass any value, OC_JSON_DEPTH_MAX deep at most. Errors: OC_ECORRUPT. */
int oc_wire_skip_value(struct oc_wire_reader *r);

#endif
