/*
 * ListEvents: what happened in the caller's account, from a cursor on.
 *
 * A cursor is the number of an event, sealed for the account: it says nothing of others. Events of
 * other accounts are passed over; an answer may be short, even empty, and still have a cursor that
 * is further on.
 */
#include "api/models.h"
#include "base/json.h"

#define LOOK_MAX 20000 /* events passed over for one answer */

struct listing {
    struct oc_call *call;
    struct oc_jw w;
    uint32_t limit, count, looked;
    uint64_t last; /* the last event that was looked at */
};

static int meet_event(const struct oc_event *event, void *ctx, struct oc_err *err)
{
    struct listing *list = ctx;
    struct oc_call *call = list->call;
    struct oc_buf text;
    int rc = OC_OK;

    if (list->count == list->limit || list->looked++ == LOOK_MAX)
        return 1;
    list->last = event->number;
    if (!oc_slice_eq(event->partition.account, call->caller.account))
        return 0;
    list->count++;
    oc_buf_init(&text, OC_HTTP_BODY_MAX);
    rc = oc_event_put_json(call->read, event, &text, err);
    if (rc == OC_OK)
        oc_jw_raw(&list->w, oc_buf_slice(&text));
    oc_buf_clear(&text);
    return rc;
}

/* Region and action are no part of it: the events of all Regions have one order. */
static void bind_cursor(const struct oc_call *call, struct oc_buf *context)
{
    oc_buf_init(context, 1024);
    oc_context_add(context, OC_STR("events"));
    oc_context_add(context, call->caller.account);
}

static int read_cursor(struct oc_call *call, struct oc_slice context, struct oc_slice token,
                       uint64_t *ret, struct oc_err *err)
{
    uint8_t position[OC_TOKEN_POSITION_MAX];
    size_t len;
    int rc;

    *ret = 0;
    if (!token.ptr)
        return OC_OK;
    rc = oc_token_open(call->api->token_key, context, token, position, &len, err);
    if (rc >= 0 && len != 8)
        rc = oc_fail_invalid(err, "after: it is not the cursor of a ListEvents answer.");
    if (rc < 0)
        return rc;
    *ret = oc_get_be64(position);
    return OC_OK;
}

static int put_cursor(struct listing *list, struct oc_slice context, struct oc_err *err)
{
    struct oc_call *call = list->call;
    uint8_t position[8];
    int rc;

    oc_put_be64(position, list->last);
    oc_jw_array_end(&list->w);
    oc_buf_put_str(&call->out, ",\"cursor\":\"");
    rc =
        oc_token_seal(call->api->token_key, context,
                      (struct oc_slice){(const char *)position, sizeof(position)}, &call->out, err);
    oc_buf_put_char(&call->out, '"');
    return rc;
}

int oc_call_list_events(struct oc_call *call, struct oc_err *err)
{
    const struct oc_list_events_in *in = call->in;
    struct listing list = {.call = call, .limit = oc_call_page_size(in->max_results)};
    OC_AUTO(oc_buf_clear) struct oc_buf context = {0};
    uint64_t after = 0, first = 0, last = 0;

    bind_cursor(call, &context);
    if (context.failed)
        return oc_fail_nomem(err);
    int rc = oc_call_allow(call, &(struct oc_call_resource){.arn = OC_STR("*")}, err);
    if (rc >= 0)
        rc = read_cursor(call, oc_buf_slice(&context), in->after, &after, err);
    if (rc >= 0)
        rc = oc_call_read(call, err);
    if (rc >= 0)
        rc = oc_events_range(call->read, &first, &last, err);
    if (rc < 0)
        return rc;
    list.last = after;
    call->content_type = OC_STR("application/json");
    oc_jw_init(&list.w, &call->out);
    oc_jw_object(&list.w);
    oc_jw_member_bool(&list.w, "gap", in->after.ptr && after + 1 < first);
    oc_jw_key(&list.w, "events");
    oc_jw_array(&list.w);
    rc = oc_events_each(call->read, after, meet_event, &list, err);
    if (rc >= 0)
        rc = put_cursor(&list, oc_buf_slice(&context), err);
    oc_jw_object_end(&list.w);
    return rc;
}
