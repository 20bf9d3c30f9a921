/* Records of findings: see finding.h. */
#include "scrub/finding.h"

#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "model/record.h"
#include "model/timestamp.h"

#define VERSION 1

void oc_finding_encode(struct oc_buf *buf, const struct oc_finding *finding)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", VERSION);
    oc_jw_member(&w, "problem", finding->problem);
    oc_jw_member(&w, "advice", finding->advice);
    oc_jw_member_int(&w, "first", finding->first_ms);
    oc_jw_member_int(&w, "last", finding->last_ms);
    oc_jw_member_int(&w, "modelCount", (int64_t)finding->models_in_all);
    oc_jw_key(&w, "models");
    oc_jw_array(&w);
    for (size_t i = 0; i < finding->model_count; i++)
        oc_jw_string(&w, finding->models[i]);
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
}

static bool read_key(struct oc_slice key, struct oc_arena *arena, struct oc_finding *ret)
{
    struct oc_slice rest = key;

    ret->region = oc_arena_copy(arena, oc_slice_cut(&rest, '\0'));
    ret->name.key_id = oc_arena_copy(arena, oc_slice_cut(&rest, '\0'));
    return rest.ptr && oc_hex_decode(rest, ret->name.sha256, OC_SHA256_LEN);
}

static int read_text(const struct oc_json *from, struct oc_arena *arena, struct oc_slice *ret,
                     struct oc_err *err)
{
    struct oc_slice text = oc_json_string(from);

    if (!text.ptr)
        return oc_fail(err, OC_ECORRUPT, "the record of a finding lacks a text");
    *ret = oc_arena_copy(arena, text);
    return ret->ptr ? OC_OK : oc_fail_nomem(err);
}

int oc_finding_decode(struct oc_slice key, struct oc_slice record, struct oc_arena *arena,
                      struct oc_finding *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct oc_finding finding = {0};
    const struct oc_json *models;
    int rc = oc_json_parse(record, &root, err);

    if (rc < 0 || oc_json_int64(oc_json_get(root, "version"), 0) != VERSION ||
        !read_key(key, arena, &finding))
        return rc == OC_ENOMEM ? rc : oc_fail(err, OC_ECORRUPT, "the record of a finding is bad");
    finding.first_ms = oc_json_int64(oc_json_get(root, "first"), 0);
    finding.last_ms = oc_json_int64(oc_json_get(root, "last"), 0);
    finding.models_in_all = (uint64_t)oc_json_int64(oc_json_get(root, "modelCount"), 0);
    rc = read_text(oc_json_get(root, "problem"), arena, &finding.problem, err);
    if (rc == OC_OK && oc_json_get(root, "advice"))
        rc = read_text(oc_json_get(root, "advice"), arena, &finding.advice, err);
    models = oc_json_get(root, "models");
    for (size_t i = 0; rc == OC_OK && i < oc_json_size(models) && i < OC_FINDING_MODELS_MAX; i++)
        rc = read_text(oc_json_at(models, i), arena, &finding.models[finding.model_count++], err);
    if (rc < 0)
        return rc;
    if (!finding.region.ptr || !finding.name.key_id.ptr)
        return oc_fail_nomem(err);
    *ret = finding;
    return OC_OK;
}

struct oc_slice oc_finding_key(struct oc_arena *arena, struct oc_slice region,
                               const struct oc_blob_name *name)
{
    char hex[OC_SHA256_HEX_LEN];

    oc_hex_encode(name->sha256, OC_SHA256_LEN, hex);
    return oc_key_join(arena, (struct oc_slice[]){region, name->key_id, {hex, sizeof(hex)}}, 3);
}

struct tell {
    oc_check_fn *fn;
    void *ctx;
    uint64_t count;
};

static int tell_one(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct tell *tell = ctx;
    struct oc_finding finding;
    char text[4096], when[OC_TIMESTAMP_LEN];
    int rc;

    oc_arena_init(&arena, 64 * 1024);
    rc = oc_finding_decode(key, record, &arena, &finding, err);
    if (rc < 0)
        return rc;
    oc_timestamp_format(finding.first_ms, when);
    (void)snprintf(text, sizeof(text),
                   "found by the scrubber since %.*s: %.*s; needed by %.*s%s%s%.*s",
                   (int)sizeof(when), when, OC_FMT(oc_slice_sub(finding.problem, 0, 1200)),
                   OC_FMT(finding.model_count ? oc_slice_sub(finding.models[0], 0, 400)
                                              : OC_STR("no model any more")),
                   finding.models_in_all > 1 ? " and others" : "", finding.advice.ptr ? "; " : "",
                   OC_FMT(oc_slice_sub(finding.advice, 0, 1800)));
    tell->fn(text, tell->ctx);
    tell->count++;
    return OC_OK;
}

int oc_findings_tell(struct oc_read *read, oc_check_fn *fn, void *ctx, uint64_t *ret_count,
                     struct oc_err *err)
{
    struct tell tell = {.fn = fn, .ctx = ctx};
    int rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_FINDING}, tell_one, &tell, err);

    if (rc == OC_OK)
        *ret_count = tell.count;
    return rc;
}
