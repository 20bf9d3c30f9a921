/* What an output points to: shared by typed calls (typed.c) and walks (walk.c). */
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

#endif
