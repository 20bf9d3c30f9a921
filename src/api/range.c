/* Which bytes of a body a request asks for. See range.h. */
#include "api/range.h"

#include <inttypes.h>

/* The header's value when there is one, and nothing that makes it conditional: bodies that have
 * ranges have no ETag, so a condition is never met. */
static struct oc_slice find_header(const struct oc_api_request *request)
{
    struct oc_slice value = {0};

    for (size_t i = 0; i < request->header_count; i++) {
        const struct oc_sigv4_header *header = &request->headers[i];

        if (oc_slice_eq_nocase(header->name, OC_STR("if-range")))
            return (struct oc_slice){0};
        if (oc_slice_eq_nocase(header->name, OC_STR("range")))
            value = header->value;
    }
    return value;
}

/* Digits alone: no sign, no space. */
static bool parse_position(struct oc_slice text, uint64_t *ret)
{
    int64_t value;

    if (text.len == 0 || text.ptr[0] < '0' || text.ptr[0] > '9' || !oc_slice_to_int64(text, &value))
        return false;
    *ret = (uint64_t)value;
    return true;
}

/* "bytes=0-99", "bytes=100-", "bytes=-100": the last hundred. @return false: none of these
 * @param[out] ret_end  the byte behind the last, perhaps behind the end */
static bool parse(struct oc_slice value, uint64_t size, uint64_t *ret_from, uint64_t *ret_end)
{
    struct oc_slice last = oc_slice_trim(value), unit = oc_slice_cut(&last, '=');
    struct oc_slice first;
    uint64_t number;

    if (!last.ptr || !oc_slice_eq_nocase(unit, OC_STR("bytes")))
        return false;
    first = oc_slice_cut(&last, '-');
    if (!last.ptr)
        return false;
    if (first.len == 0) {
        if (!parse_position(last, &number))
            return false;
        *ret_from = number == 0 ? size : number < size ? size - number : 0;
        *ret_end = size;
        return true;
    }
    if (!parse_position(first, ret_from))
        return false;
    *ret_end = size;
    if (last.len == 0)
        return true;
    if (!parse_position(last, &number) || number < *ret_from)
        return false;
    *ret_end = number < size ? number + 1 : size;
    return true;
}

int oc_range_of(struct oc_call *call, uint64_t size, struct oc_byte_range *ret, struct oc_err *err)
{
    struct oc_slice value = find_header(call->request);
    uint64_t from, end;

    *ret = (struct oc_byte_range){0, (size_t)size};
    if (!value.ptr || !parse(value, size, &from, &end))
        return OC_OK;
    if (from >= size) {
        call->content_range = oc_arena_printf(call->arena, "bytes */%" PRIu64, size);
        return oc_fail_as(err, OC_EINVAL, "RequestedRangeNotSatisfiableException",
                          "The range %.*s begins behind the end: there are %" PRIu64 " bytes.",
                          OC_FMT(value), size);
    }
    *ret = (struct oc_byte_range){from, (size_t)(end - from)};
    call->content_range =
        oc_arena_printf(call->arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, end - 1, size);
    call->status = 206;
    return call->content_range.ptr ? OC_OK : oc_fail_nomem(err);
}
