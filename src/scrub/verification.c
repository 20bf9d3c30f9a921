/* Records of verifications: see verification.h. */
#include "scrub/verification.h"

#include "base/json.h"

#define VERSION 1

static const char *const statuses[OC_VERIFICATION_STATUSES] = {"InProgress", "Sound", "Repaired",
                                                               "Damaged", "Failed"};

struct oc_slice oc_verification_status_text(enum oc_verification_status status)
{
    return oc_slice_of(statuses[status]);
}

static void put_finding(struct oc_jw *w, const struct oc_verification_finding *finding)
{
    oc_jw_object(w);
    oc_jw_member(w, "file", finding->file);
    oc_jw_member_int(w, "part", finding->part);
    oc_jw_member(w, "problem", finding->problem);
    oc_jw_member_bool(w, "repaired", finding->repaired);
    oc_jw_object_end(w);
}

void oc_verification_encode(struct oc_buf *buf, const struct oc_verification *verification)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member_int(&w, "version", VERSION);
    oc_jw_member(&w, "status", oc_verification_status_text(verification->status));
    oc_jw_member_int(&w, "start", verification->start_ms);
    oc_jw_member_int(&w, "end", verification->end_ms);
    oc_jw_member_int(&w, "bytes", verification->bytes);
    oc_jw_member_int(&w, "parts", verification->parts);
    oc_jw_member(&w, "message", verification->message);
    oc_jw_member_int(&w, "findingCount", verification->findings_in_all);
    oc_jw_key(&w, "findings");
    oc_jw_array(&w);
    for (size_t i = 0; i < verification->finding_count; i++)
        put_finding(&w, &verification->findings[i]);
    oc_jw_array_end(&w);
    oc_jw_object_end(&w);
}

static bool parse_status(struct oc_slice text, enum oc_verification_status *ret)
{
    for (int i = 0; i < OC_VERIFICATION_STATUSES; i++)
        if (oc_slice_eq_str(text, statuses[i])) {
            *ret = (enum oc_verification_status)i;
            return true;
        }
    return false;
}

static int read_findings(const struct oc_json *list, struct oc_arena *arena,
                         struct oc_verification *ret, struct oc_err *err)
{
    size_t count = oc_json_size(list);
    struct oc_verification_finding *findings =
        oc_arena_alloc(arena, (count + 1) * sizeof(*findings));

    if (!findings)
        return oc_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct oc_json *item = oc_json_at(list, i);

        findings[i] = (struct oc_verification_finding){
            .file = oc_arena_copy(arena, oc_json_string(oc_json_get(item, "file"))),
            .part = oc_json_int64(oc_json_get(item, "part"), 0),
            .problem = oc_arena_copy(arena, oc_json_string(oc_json_get(item, "problem"))),
            .repaired = oc_json_bool(oc_json_get(item, "repaired"), false),
        };
        if (!oc_json_string(oc_json_get(item, "file")).ptr ||
            !oc_json_string(oc_json_get(item, "problem")).ptr)
            return oc_fail(err, OC_ECORRUPT, "a finding of a verification lacks a text");
        if (!findings[i].file.ptr || !findings[i].problem.ptr)
            return oc_fail_nomem(err);
    }
    ret->findings = findings;
    ret->finding_count = count;
    return OC_OK;
}

int oc_verification_decode(struct oc_slice record, struct oc_arena *arena,
                           struct oc_verification *ret, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *root = NULL;
    struct oc_verification found = {0};
    int rc = oc_json_parse(record, &root, err);

    if (rc == OC_ENOMEM)
        return rc;
    if (rc < 0 || oc_json_int64(oc_json_get(root, "version"), 0) != VERSION ||
        !parse_status(oc_json_string(oc_json_get(root, "status")), &found.status))
        return oc_fail(err, OC_ECORRUPT, "the record of a verification is bad");
    found.start_ms = oc_json_int64(oc_json_get(root, "start"), 0);
    found.end_ms = oc_json_int64(oc_json_get(root, "end"), 0);
    found.bytes = oc_json_int64(oc_json_get(root, "bytes"), 0);
    found.parts = oc_json_int64(oc_json_get(root, "parts"), 0);
    found.findings_in_all = oc_json_int64(oc_json_get(root, "findingCount"), 0);
    if (oc_json_get(root, "message")) {
        found.message = oc_arena_copy(arena, oc_json_string(oc_json_get(root, "message")));
        if (!found.message.ptr)
            return oc_fail_nomem(err);
    }
    rc = read_findings(oc_json_get(root, "findings"), arena, &found, err);
    if (rc == OC_OK)
        *ret = found;
    return rc;
}
