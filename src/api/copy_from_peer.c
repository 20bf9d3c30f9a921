/*
 * CreateModelCopyJob with a source in a Region on another machine: what is asked there before
 * anything is created. The other side is peer.c.
 *
 * The two sites share the decision: the resource policy is evaluated where the model is, the
 * caller's own policy where the caller is. A refusal has the name and text that it has inside one
 * server.
 */
#include "api/models.h"

#define PATIENCE_MS 5000 /* a client waits for this answer */

/* The other server has let the caller in: all that is left to decide is the caller's own policy. */
#define LETS_EVERYONE_IN                                                                           \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","        \
    "\"Action\":\"*\",\"Resource\":\"*\"}]}"

/* Does the caller's own policy allow the copy? `lets_in`: the model's policy does. */
static int allow(struct oc_call *call, const struct oc_arn *arn, struct oc_slice text,
                 const struct oc_tag_list *tags, bool lets_in, struct oc_err *err)
{
    return oc_call_allow(call,
                         &(struct oc_call_resource){.arn = text,
                                                    .account = arn->account,
                                                    .resource_tags = tags,
                                                    .policy = lets_in ? OC_STR(LETS_EVERYONE_IN)
                                                                      : (struct oc_slice){0}},
                         err);
}

int oc_models_find_at_peer(struct oc_call *call, struct oc_peer *peer, struct oc_slice identifier,
                           const struct oc_arn *arn, struct oc_found_model *ret, struct oc_err *err)
{
    bool own = oc_slice_eq(arn->account, call->caller.account);
    struct oc_peer_question question = {
        .model_arn = identifier,
        .account = call->caller.account,
        .principal = call->caller.user_arn,
        .region = call->caller.region,
        .tags = call->request_tags,
        .patience_ms = PATIENCE_MS,
    };
    struct oc_found_model found = {
        .model = {.base = arn->base,
                  .base_model_arn = OC_STR("foundation-model/imported.unknown")}};
    struct oc_peer_model said = {0};
    struct oc_err cause = {0};

    int asked = oc_peer_get_model(peer, &question, call->arena, &said, &cause);
    int rc = allow(call, arn, identifier, asked == OC_OK ? &said.tags : NULL,
                   own ? asked == OC_OK && said.policy_allows : true, err);
    if (rc < 0)
        return rc;
    if (asked == OC_OK && oc_model_status_parse(said.status, &found.model.status)) {
        found.arn = identifier;
        found.model.name = said.name;
        found.model.base_model_arn = said.base_model_arn;
        found.model.size_bytes = said.size_bytes;
    }
    if (asked < 0 && asked != OC_EBUSY) {
        *err = cause;
        return asked;
    }
    *ret = found;
    return OC_OK;
}
