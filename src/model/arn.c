/* ARNs. The form is in arn.h. */
#include "model/arn.h"

#include "base/limits.h"
#include "model/job.h"

static bool is_digits(struct oc_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return true;
}

/* a-z 0-9 -, at most `max` bytes */
static bool is_label(struct oc_slice s, size_t max)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return s.len <= max;
}

bool oc_account_is_valid(struct oc_slice account)
{
    return account.len == OC_ACCOUNT_LEN && is_digits(account);
}

bool oc_user_name_is_valid(struct oc_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            oc_slice_find(OC_STR("+=,.@_-"), c) < 0)
            return false;
    }
    return name.len > 0 && name.len <= OC_USER_NAME_MAX;
}

bool oc_id_is_valid(struct oc_slice id)
{
    return id.len == OC_ID_LEN && is_label(id, OC_ID_LEN) && oc_slice_find(id, '-') < 0;
}

/* Split at the first and the last `/`. @return false when a part of the path is empty. */
static bool split_resource(struct oc_arn *arn)
{
    struct oc_slice rest = arn->resource;
    size_t slashes = 0, last = 0;

    while (rest.ptr) {
        struct oc_slice part = oc_slice_cut(&rest, '/');

        if (part.len == 0)
            return false;
        if (rest.ptr) {
            slashes++;
            last = (size_t)(rest.ptr - arn->resource.ptr);
        }
        if (rest.ptr && slashes == 1)
            arn->kind = part;
    }
    arn->id = oc_slice_sub(arn->resource, last, SIZE_MAX);
    if (slashes > 1)
        arn->base = oc_slice_sub(arn->resource, arn->kind.len + 1, last - arn->kind.len - 2);
    return true;
}

bool oc_arn_parse(struct oc_slice text, struct oc_arn *ret)
{
    struct oc_arn arn = {0};
    struct oc_slice rest = text;

    if (!text.ptr || text.len > OC_ARN_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    }
    if (!oc_slice_eq(oc_slice_cut(&rest, ':'), OC_STR("arn")))
        return false;
    arn.partition = oc_slice_cut(&rest, ':');
    arn.service = oc_slice_cut(&rest, ':');
    arn.region = oc_slice_cut(&rest, ':');
    arn.account = oc_slice_cut(&rest, ':');
    arn.resource = rest;
    if (!rest.ptr || arn.partition.len == 0 || !is_label(arn.partition, 32) ||
        arn.service.len == 0 || !is_label(arn.service, 64) || !is_label(arn.region, 32))
        return false;
    if (arn.account.len > 0 && !oc_account_is_valid(arn.account))
        return false;
    if (!split_resource(&arn))
        return false;
    *ret = arn;
    return true;
}

bool oc_arn_is(const struct oc_arn *arn, const char *service, const char *kind)
{
    return oc_slice_eq_str(arn->service, service) && oc_slice_eq_str(arn->kind, kind);
}

void oc_arn_put(struct oc_buf *buf, const struct oc_arn *arn)
{
    const struct oc_slice parts[] = {arn->service, arn->region, arn->account};

    oc_buf_put_slice(buf, OC_STR("arn:"));
    oc_buf_put_slice(buf, arn->partition.ptr ? arn->partition : OC_STR("aws"));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        oc_buf_put_char(buf, ':');
        oc_buf_put_slice(buf, parts[i]);
    }
    oc_buf_put_char(buf, ':');
    if (arn->kind.ptr) {
        oc_buf_put_slice(buf, arn->kind);
        oc_buf_put_char(buf, '/');
    }
    if (arn->base.ptr) {
        oc_buf_put_slice(buf, arn->base);
        oc_buf_put_char(buf, '/');
    }
    oc_buf_put_slice(buf, arn->id);
}

void oc_arn_put_custom_model(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                             struct oc_slice base, struct oc_slice id)
{
    oc_arn_put(buf, &(struct oc_arn){.service = OC_STR("bedrock"),
                                     .region = region,
                                     .account = account,
                                     .kind = OC_STR("custom-model"),
                                     .base = base,
                                     .id = id});
}

void oc_arn_put_copy_job(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                         struct oc_slice id)
{
    oc_arn_put(buf, &(struct oc_arn){.service = OC_STR("bedrock"),
                                     .region = region,
                                     .account = account,
                                     .kind = OC_STR("model-copy-job"),
                                     .id = id});
}

void oc_arn_put_foundation_model(struct oc_buf *buf, struct oc_slice region, struct oc_slice id)
{
    oc_arn_put(buf, &(struct oc_arn){.service = OC_STR("bedrock"),
                                     .region = region,
                                     .kind = OC_STR("foundation-model"),
                                     .id = id});
}

struct oc_slice oc_arn_in_region(struct oc_arena *arena, struct oc_slice foundation_model_arn,
                                 struct oc_slice region)
{
    ptrdiff_t at = oc_slice_find_slice(foundation_model_arn, OC_STR("foundation-model/"));

    return oc_arena_printf(
        arena, "arn:aws:bedrock:%.*s::%.*s", OC_FMT(region),
        OC_FMT(oc_slice_sub(foundation_model_arn, at < 0 ? 0 : (size_t)at, SIZE_MAX)));
}

void oc_arn_put_kms_key(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                        struct oc_slice id)
{
    oc_arn_put(buf, &(struct oc_arn){.service = OC_STR("kms"),
                                     .region = region,
                                     .account = account,
                                     .kind = OC_STR("key"),
                                     .id = id});
}

void oc_arn_put_kms_alias(struct oc_buf *buf, struct oc_slice region, struct oc_slice account,
                          struct oc_slice alias)
{
    oc_arn_put(buf,
               &(struct oc_arn){
                   .service = OC_STR("kms"), .region = region, .account = account, .id = alias});
}

void oc_arn_put_user(struct oc_buf *buf, struct oc_slice account, struct oc_slice name)
{
    oc_arn_put(
        buf, &(struct oc_arn){
                 .service = OC_STR("iam"), .account = account, .kind = OC_STR("user"), .id = name});
}
