/*
 * Which bytes of a body a request asks for (RFC 9110, section 14). Not for other folders.
 *
 * One range is understood. Several, other units and what is no range at all are ignored, as the RFC
 * allows: then the answer is the whole, with status 200.
 */
#ifndef OC_API_RANGE_H
#define OC_API_RANGE_H

#include "api/call.h"

struct oc_byte_range {
    uint64_t from;
    size_t len;
};

/**
 * The range of a body of `size` bytes that is to be sent. The answer is then told to be one.
 * @param[out] ret  the whole when there is no range
 * Errors: OC_EINVAL, RequestedRangeNotSatisfiableException — it begins behind the end; OC_ENOMEM.
 */
int oc_range_of(struct oc_call *call, uint64_t size, struct oc_byte_range *ret, struct oc_err *err);

#endif
