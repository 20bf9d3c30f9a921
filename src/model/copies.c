/* Records of copies on other machines: see copies.h. */
#include "model/copies.h"

#include <string.h>

#include "base/json.h"
#include "model/arn.h"

#define VERSION 1

/* -- adding ----------------------------------------------------------------------------------- */

static void take_out(struct oc_copies *copies, size_t index)
{
    copies->count--;
    memmove(&copies->items[index], &copies->items[index + 1],
            (copies->count - index) * sizeof(copies->items[0]));
}

static bool is_of(const struct oc_known_copy *copy, struct oc_slice region, struct oc_slice account)
{
    struct oc_arn arn;

    return oc_arn_parse(copy->model_arn, &arn) && oc_slice_eq(arn.region, region) &&
           (!account.ptr || oc_slice_eq(arn.account, account));
}

/* How many there are of a Region and, unless that is absent, an account. */
static size_t count_of(const struct oc_copies *copies, struct oc_slice region,
                       struct oc_slice account, size_t *ret_oldest)
{
    size_t count = 0;

    for (size_t i = 0; i < copies->count; i++)
        if (is_of(&copies->items[i], region, account)) {
            *ret_oldest = i;
            count++;
        }
    return count;
}

/* The oldest copy of the Region that has most of them. */
static size_t find_dispensable(const struct oc_copies *copies)
{
    size_t most = 0, found = copies->count - 1;

    for (size_t i = 0; i < copies->count; i++) {
        size_t oldest = i, count;
        struct oc_arn arn;

        if (!oc_arn_parse(copies->items[i].model_arn, &arn))
            continue;
        count = count_of(copies, arn.region, (struct oc_slice){0}, &oldest);
        if (count > most) {
            most = count;
            found = oldest;
        }
    }
    return found;
}

void oc_copies_add(struct oc_copies *copies, struct oc_slice model_arn, int64_t time_ms)
{
    struct oc_arn arn;
    size_t oldest = 0;

    for (size_t i = 0; i < copies->count; i++)
        if (oc_slice_eq(copies->items[i].model_arn, model_arn)) {
            take_out(copies, i);
            break;
        }
    if (oc_arn_parse(model_arn, &arn) &&
        count_of(copies, arn.region, arn.account, &oldest) >= OC_COPIES_OF_ACCOUNT_MAX)
        take_out(copies, oldest);
    if (copies->count == OC_COPIES_MAX)
        take_out(copies, find_dispensable(copies));
    memmove(&copies->items[1], &copies->items[0], copies->count * sizeof(copies->items[0]));
    copies->items[0] = (struct oc_known_copy){model_arn, time_ms};
    copies->count++;
}

/* -- records ---------------------------------------------------------------------------------- */

void oc_copies_encode(struct oc_buf *buf, const struct oc_copies *copies)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", VERSION);
    oc_jw_key(&w, "copies");
    oc_jw_array(&w);
    for (size_t i = 0; i < copies->count; i++) {
        oc_jw_object(&w);
        oc_jw_member(&w, "model", copies->items[i].model_arn);
        oc_jw_member_int(&w, "time", copies->items[i].time_ms);
        oc_jw_object_end(&w);
    }
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
}

static int read_copy(const struct oc_json *from, struct oc_arena *arena, struct oc_known_copy *ret,
                     struct oc_err *err)
{
    struct oc_slice text = oc_json_string(oc_json_get(from, "model"));
    struct oc_arn arn;

    if (!oc_arn_parse(text, &arn) || !oc_arn_is(&arn, "bedrock", "custom-model"))
        return oc_fail(err, OC_ECORRUPT, "the record of a model's copies names none");
    ret->model_arn = oc_arena_copy(arena, text);
    ret->time_ms = oc_json_int64(oc_json_get(from, "time"), 0);
    return ret->model_arn.ptr ? OC_OK : oc_fail_nomem(err);
}

int oc_copies_decode(struct oc_slice record, struct oc_arena *arena, struct oc_copies *ret,
                     struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct oc_copies copies = {0};
    const struct oc_json *list;
    int rc = oc_json_parse(record, &root, err);

    if (rc == OC_ENOMEM)
        return rc;
    list = oc_json_get(root, "copies");
    if (rc < 0 || oc_json_int64(oc_json_get(root, "version"), 0) != VERSION ||
        oc_json_size(list) > OC_COPIES_MAX)
        return oc_fail(err, OC_ECORRUPT, "the record of a model's copies is bad");
    for (rc = OC_OK; rc == OC_OK && copies.count < oc_json_size(list); copies.count++)
        rc = read_copy(oc_json_at(list, copies.count), arena, &copies.items[copies.count], err);
    if (rc == OC_OK)
        *ret = copies;
    return rc;
}
