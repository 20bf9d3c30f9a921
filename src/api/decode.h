/*
 * From the parts of a request to the typed, validated input of its operation.
 *
 * Order of checks: the bytes are readable (escapes, UTF-8, JSON, types; SerializationException),
 * no query parameter is given twice, then every member's constraints at once; one
 * ValidationException names all members that fail. Lengths count Unicode code points and are
 * checked before patterns.
 */
#ifndef OC_API_DECODE_H
#define OC_API_DECODE_H

#include "api/operation.h"
#include "base/arena.h"
#include "base/err.h"

/** The compiled patterns of all operations and the mode of validation. Immutable once made. */
struct oc_decoder;

/**
 * Compile all patterns.
 * @param lenient  true: a text that begins `arn:` is accepted where the shape is an ARN when it
 *                 is any well-formed ARN of the right service and kind; names stay strict
 * @param[out] ret  free with oc_decoder_free
 * Errors:   OC_ENOMEM; OC_EINVAL — a pattern does not compile (a bug in api/).
 * Threads:  the result may be used by any number of threads at once.
 * Cost:     milliseconds; once per process.
 */
int oc_decoder_new(bool lenient, struct oc_decoder **ret, struct oc_err *err);
void oc_decoder_free(struct oc_decoder *decoder);

/** The parts of a request that carry input. All borrowed for the call only. */
struct oc_decode_from {
    const struct oc_op *op;
    const struct oc_op_labels *labels; /* as oc_op_match gave them */
    struct oc_slice raw_query;         /* after `?`, not decoded; absent or empty: none */
    struct oc_slice body;              /* absent or empty counts as `{}`; ignored for raw_input */
};

/**
 * Decode and validate.
 *
 * Unknown query parameters and unknown JSON members are ignored; a JSON null counts as absent.
 *
 * @param arena    owns all text and lists of the result
 * @param[out] ret_in  the operation's input struct, op->input_size bytes; zeroed on failure
 * Errors:   OC_EINVAL as SerializationException — bad escape, not UTF-8, not JSON, wrong type;
 *           OC_EINVAL as ValidationException — a parameter twice, a constraint broken;
 *           OC_ENOMEM — no memory, or the arena's limit.
 * Threads:  any.
 */
int oc_decode_input(const struct oc_decoder *decoder, const struct oc_decode_from *from,
                    struct oc_arena *arena, void *ret_in, struct oc_err *err);

#endif
