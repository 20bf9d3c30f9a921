/* Inside of peer/: url.c, answer.c, peer.c. */
#ifndef OC_PEER_IMPL_H
#define OC_PEER_IMPL_H

#include "net/transport.h"
#include "peer/peer.h"

/** Errors of questions name Region and URL in front of what happened. */
struct oc_peer_name {
    struct oc_slice region, url;
};

/**
 * Check a URL and take it apart.
 * @param[out] ret_base  scheme, host and port, without a slash at the end; borrowed from `url`
 * @param[out] ret_host  host and port: the Host header; borrowed
 * Errors: OC_EINVAL.
 */
int oc_peer_parse_url(struct oc_slice url, struct oc_slice *ret_base, struct oc_slice *ret_host,
                      struct oc_err *err);

/** What an exchange that brought no answer means for the copy; `cause` is the transport's. */
int oc_peer_fail_exchange(const struct oc_peer_name *name, const struct oc_err *cause,
                          struct oc_err *err);

/** What an answer that is not a success means; @return a negative code, see peer.h */
int oc_peer_fail_answer(const struct oc_peer_name *name, const struct oc_transport_head *head,
                        struct oc_slice body, struct oc_err *err);

/** Read the answer to "GetPeerModel". Errors: OC_EBUSY (not such an answer), OC_ENOMEM. */
int oc_peer_read_model(const struct oc_peer_name *name, struct oc_slice body,
                       struct oc_arena *arena, struct oc_peer_model *ret, struct oc_err *err);

#endif
