/* What an output points to: shared by typed calls (typed.c, async.c) and walks (pager.c). */
#ifndef OC_CLIENT_RESULT_H
#define OC_CLIENT_RESULT_H

#include "client/wire.h"

struct oc_result {
    struct oc_response response; /* strings of the output stand in its body */
    struct oc_arena arena;       /* its lists and nested structures */
};

/** An empty result, or NULL when out of memory. Free with oc_result_free. */
struct oc_result *oc_result_new(void);

/**
 * Send a request of `op` and read the answer into `output`, which is zeroed; what `result` held
 * before is gone.
 * Errors: as oc_client_call and oc_wire_decode.
 */
int oc_result_send(struct oc_client *client, const struct oc_wire_op *op,
                   const struct oc_request *request, struct oc_result *result, void *output,
                   struct oc_err *err);

/**
 * The request of an input, which is checked.
 * @param wire      zeroed; holds what `ret` points to, but a raw body; clear with
 *                  oc_wire_request_clear, on failure too
 * @param[out] ret  set on OC_OK only
 */
int oc_result_request(const struct oc_wire_op *op, const void *input, struct oc_wire_request *wire,
                      struct oc_request *ret, struct oc_err *err);

/** Read the answer that stands in `result` into `output`, which is zeroed. */
int oc_result_read(const struct oc_wire_op *op, struct oc_result *result, void *output,
                   struct oc_err *err);

#endif
