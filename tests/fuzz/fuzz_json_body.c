/*
 * Any request as input of any operation: the first byte chooses the operation and the mode, then
 * come a label, a query string and the body, divided by NUL bytes.
 */
#include "api/decode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: compiling the patterns costs far more than one decoding. */
static struct oc_decoder *decoder_of(bool lenient)
{
    static struct oc_decoder *decoders[2];
    struct oc_err err = {0};

    if (!decoders[lenient] && oc_decoder_new(lenient, &decoders[lenient], &err) < 0)
        abort();
    return decoders[lenient];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_slice rest;
    struct oc_op_labels labels = {.count = 2};
    struct oc_decode_from from = {.labels = &labels};
    struct oc_arena arena;
    struct oc_err err = {0};
    void *in = NULL;
    int rc;

    if (size == 0)
        return 0;
    rest = (struct oc_slice){(const char *)data + 1, size - 1};
    from.op = &oc_ops[(data[0] >> 1) % OC_OP_COUNT];
    labels.raw[0] = labels.raw[1] = oc_slice_cut(&rest, '\0');
    if (rest.ptr)
        from.raw_query = oc_slice_cut(&rest, '\0');
    from.body = rest;
    in = malloc(from.op->input_size);
    if (!in)
        return 0;
    oc_arena_init(&arena, 64UL << 20);
    rc = oc_decode_input(decoder_of(data[0] & 1), &from, &arena, in, &err);
    /* A refusal has a public name and a text that fits; a success leaves no error. */
    if (rc < 0 ? (rc == OC_EINVAL && !err.name) || strlen(err.text) >= OC_ERR_TEXT_MAX
               : err.rc != OC_OK)
        abort();
    oc_arena_clear(&arena);
    free(in);
    return 0;
}
