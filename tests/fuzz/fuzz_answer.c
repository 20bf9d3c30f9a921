/*
 * Any text as the answer of any operation: the first byte chooses the operation. What is accepted
 * is written again, and that text must be read to the same values.
 */
#include <stdlib.h>
#include <string.h>

#include "client/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct oc_wire_op *op_of(uint8_t number)
{
    size_t count = 0;

    while (oc_wire_ops[count])
        count++;
    return oc_wire_ops[number % count];
}

/* Read `len` bytes, in memory of just that size, and write what was read into `out`. */
static bool read_and_write(const struct oc_wire_type *type, const char *bytes, size_t len,
                           struct oc_buf *out)
{
    char *text = malloc(len + 1);
    void *value = calloc(1, type->size);
    struct oc_arena arena;
    struct oc_err err = {0};
    int rc;

    if (!text || !value)
        abort();
    memcpy(text, bytes, len);
    text[len] = '\0';
    oc_arena_init(&arena, 64UL << 20);
    rc = oc_wire_decode(type, text, len, &arena, value, &err);
    if (rc < 0 && (rc != OC_ENOMEM) != (err.name != NULL))
        abort();
    if (rc == OC_OK)
        oc_wire_put_json(out, type, value);
    oc_arena_clear(&arena);
    free(value);
    free(text);
    return rc == OC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct oc_wire_type *type;
    struct oc_buf first, second;

    if (size == 0)
        return 0;
    type = &op_of(data[0])->output;
    oc_buf_init(&first, 64UL << 20);
    oc_buf_init(&second, 64UL << 20);
    if (read_and_write(type, (const char *)data + 1, size - 1, &first) && !first.failed) {
        if (!read_and_write(type, first.ptr, first.len, &second) ||
            !oc_slice_eq(oc_buf_slice(&first), oc_buf_slice(&second)))
            abort();
    }
    oc_buf_clear(&first);
    oc_buf_clear(&second);
    return 0;
}
