/* What an exchange with a peer means for a copy. */
#include "peer/peer_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/arn.h"

#define CLOCKS_APART_S 300 /* less is no reason: a signature is good for 15 minutes */

#define FAIL(name, err, rc, fmt, ...)                                                              \
    oc_fail(err, rc, "Region %.*s (%.*s) " fmt, OC_FMT((name)->region), OC_FMT((name)->url),       \
            __VA_ARGS__)

int oc_peer_fail_exchange(const struct oc_peer_name *name, const struct oc_err *cause,
                          struct oc_err *err)
{
    if (cause->rc == OC_ENOMEM || cause->rc == OC_ECANCELED) {
        *err = *cause;
        return cause->rc;
    }
    return FAIL(name, err, OC_EBUSY, "cannot be asked: %s", cause->text);
}

/* The API's names of errors that are static, so that they may stand in an error of ours. */
static const char *known_name(const char *type)
{
    static const char *const names[] = {"ResourceNotFoundException", "AccessDeniedException",
                                        "ValidationException", "ConflictException"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(type, names[i]) == 0)
            return names[i];
    return NULL;
}

/* The text of a JSON error; the body is the owner of it. */
static struct oc_slice message_of(const struct oc_json *body)
{
    struct oc_slice text = oc_json_string(oc_json_get(body, "message"));

    return text.len > 0 ? text : OC_STR("it gives no reason");
}

/* A signature is refused: the clock of one of the two may be wrong, or the key is. */
static int fail_refused(const struct oc_peer_name *name, const struct oc_transport_head *head,
                        struct oc_slice text, struct oc_err *err)
{
    int64_t apart_s = head->date_s ? llabs(head->date_s - oc_clock_now_ms() / 1000) : 0;

    if (apart_s > CLOCKS_APART_S)
        return FAIL(name, err, OC_EBUSY,
                    "refuses our signature: its clock and ours are %lld seconds apart; set the one "
                    "that is wrong",
                    (long long)apart_s);
    return FAIL(name, err, OC_EBUSY,
                "refuses our peer key: %.*s; make a new one there with `outcrop key add --peer` "
                "and give it to this server",
                OC_FMT(text));
}

int oc_peer_fail_answer(const struct oc_peer_name *name, const struct oc_transport_head *head,
                        struct oc_slice body, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    const char *type = known_name(head->error_type);
    struct oc_err ignored = {0};
    struct oc_slice text;
    int rc;

    (void)oc_json_parse(body, &json, &ignored); /* without a text it has none */
    text = message_of(json);
    if (head->status == 404 && type)
        return oc_fail_as(err, OC_ENOTFOUND, type, "%.*s", OC_FMT(text));
    if (head->status == 403 && type)
        return oc_fail_as(err, OC_EDENIED, type, "%.*s", OC_FMT(text));
    if (type && strcmp(type, "ConflictException") == 0)
        return FAIL(name, err, OC_ECORRUPT, "answers: %.*s", OC_FMT(text));
    if (head->status == 400 && type)
        return FAIL(name, err, OC_EINVAL, "answers: %.*s", OC_FMT(text));
    if (head->status == 403 || head->status == 401)
        return fail_refused(name, head, text, err);
    if (head->status == 404)
        return FAIL(name, err, OC_EBUSY,
                    "does not know what is asked of it (%.*s): is it an Outcrop server of this "
                    "version?",
                    OC_FMT(text));
    while (text.len > 0 && text.ptr[text.len - 1] == '.') /* more words follow in some places */
        text.len--;
    rc = FAIL(name, err, OC_EBUSY, "answers with status %d: %.*s", head->status, OC_FMT(text));
    if (head->status == 500)
        err->name = "InternalServerException";
    return rc;
}

/* -- a model ------------------------------------------------------------------------------------
 */

static bool copy_text(struct oc_arena *arena, const struct oc_json *from, const char *key,
                      struct oc_slice *ret)
{
    struct oc_slice text = oc_json_string(oc_json_get(from, key));

    *ret = text.ptr ? oc_arena_copy(arena, text) : text;
    return !text.ptr || ret->ptr;
}

/* What goes into our records must be fit for them. */
static bool is_whole(const struct oc_peer_model *model)
{
    uint8_t digest[OC_SHA256_LEN];
    struct oc_arn base;

    return model->name.len > 0 && model->name.len <= OC_NAME_MAX && model->status.ptr &&
           oc_arn_parse(model->base_model_arn, &base) &&
           oc_arn_is(&base, "bedrock", "foundation-model") && model->size_bytes >= 0 &&
           (model->manifest.ptr ? oc_hex_decode(model->manifest, digest, sizeof(digest))
                                : !oc_slice_eq_str(model->status, "Active"));
}

int oc_peer_read_model(const struct oc_peer_name *name, struct oc_slice body,
                       struct oc_arena *arena, struct oc_peer_model *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *json = NULL;
    struct oc_err cause = {0};
    struct oc_peer_model model = {0};

    if (oc_json_parse(body, &json, &cause) < 0)
        return FAIL(name, err, OC_EBUSY, "gives an answer that is none: %s", cause.text);
    if (!copy_text(arena, json, "modelName", &model.name) ||
        !copy_text(arena, json, "baseModelArn", &model.base_model_arn) ||
        !copy_text(arena, json, "modelStatus", &model.status) ||
        !copy_text(arena, json, "manifestSha256", &model.manifest))
        return oc_fail_nomem(err);
    if (oc_tags_from_json(oc_json_get(json, "tags"), arena, &model.tags, &cause) == OC_ENOMEM)
        return oc_fail_nomem(err);
    model.size_bytes = oc_json_int64(oc_json_get(json, "sizeBytes"), 0);
    model.policy_allows = oc_json_bool(oc_json_get(json, "policyAllows"), false);
    if (cause.rc < 0 || !is_whole(&model))
        return FAIL(name, err, OC_EBUSY, "gives an answer that %s", "does not describe a model");
    *ret = model;
    return OC_OK;
}
