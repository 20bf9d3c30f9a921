/*
 * What an answer of a rest-json service means: its error, and whether to try again.
 * Threads: any.
 */
#ifndef OC_CLIENT_ANSWER_H
#define OC_CLIENT_ANSWER_H

#include "base/json.h"
#include "client/client.h"
#include "net/transport.h"

/**
 * The error that an answer with a status outside 2xx stands for, in `err`.
 * @param[out] ret_name  as oc_response.error_name; set always
 * @return its code, as client.h lists them
 */
int oc_answer_error(const struct oc_transport_head *head, struct oc_slice body,
                    char ret_name[OC_ERROR_NAME_MAX + 1], struct oc_err *err);

/** Whether a later attempt may succeed. `err` is what oc_answer_error made of the answer. */
bool oc_answer_is_retryable(const struct oc_transport_head *head, const struct oc_err *err);

/** Whether the server refused to begin, so that even what must not run twice may be repeated. */
bool oc_answer_is_throttled(const struct oc_transport_head *head, const struct oc_err *err);

/** How long the server asks to wait (x-amz-retry-after, else Retry-After in seconds), in ms, else
 * 0. */
int64_t oc_answer_retry_after_ms(const struct oc_transport_head *head);

/** Parse a body. Errors: OC_ECORRUPT, named ResponseParserError — no JSON object; OC_ENOMEM. */
int oc_answer_json(struct oc_slice body, struct oc_json **ret, struct oc_err *err);

#endif
