/* StartModelVerification, GetModelVerification: is a model still what it was? */
#include "api/models.h"

#include "base/clock.h"
#include "base/json.h"
#include "scrub/verification.h"

#define RECORD_MAX 4096 /* of one that begins */

/* The last verification of a model, decoded into the arena. Errors: OC_ENOTFOUND; others. */
static int read_verification(struct oc_call *call, struct oc_read *read, struct oc_slice key,
                             struct oc_verification *ret, struct oc_err *err)
{
    struct oc_slice record;
    int rc = oc_read_get(read, OC_RECORD_VERIFICATION, key, &record, err);

    return rc < 0 ? rc : oc_verification_decode(record, call->arena, ret, err);
}

/* -- Start --------------------------------------------------------------------------------------
 */

static int put_verification(struct oc_tx *tx, struct oc_slice key, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_verification verification = {.status = OC_VERIFICATION_IN_PROGRESS,
                                           .start_ms = oc_clock_now_ms()};

    oc_buf_init(&record, RECORD_MAX);
    oc_verification_encode(&record, &verification);
    if (record.failed)
        return oc_fail_nomem(err);
    return oc_tx_put(tx, OC_RECORD_VERIFICATION, key, oc_buf_slice(&record), err);
}

static int apply_start(struct oc_call *call, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_start_model_verification_in *in = call->in;
    struct oc_verification earlier;
    struct oc_err none = {0};
    struct oc_found_model found;
    int rc = oc_models_find_own(call, oc_tx_read(tx), in->model_identifier, &found, err);

    if (rc < 0)
        return rc;
    if (found.model.status != OC_MODEL_ACTIVE)
        return oc_fail_conflict(
            err, "The model %.*s is %.*s: only an Active model can be verified.", OC_FMT(found.arn),
            OC_FMT(oc_model_status_text(found.model.status)));
    oc_models_answer(call, &found.model);
    rc = read_verification(call, oc_tx_read(tx), found.key, &earlier, &none);
    if (rc == OC_OK && earlier.status == OC_VERIFICATION_IN_PROGRESS)
        return OC_OK;
    return put_verification(tx, found.key, err); /* also over one that cannot be read */
}

int oc_call_start_model_verification(struct oc_call *call, struct oc_err *err)
{
    const struct oc_start_model_verification_in *in = call->in;
    struct oc_found_model found;
    int rc = oc_call_read(call, err);

    if (rc >= 0)
        rc = oc_models_find_own(call, call->read, in->model_identifier, &found, err);
    oc_call_read_done(call);
    call->wakes_scrubber = true;
    return rc < 0 ? rc : oc_call_write(call, apply_start);
}

/* -- Get ----------------------------------------------------------------------------------------
 */

static void put_progress(struct oc_call *call, struct oc_slice key,
                         const struct oc_verification *verification, struct oc_jw *w)
{
    struct oc_scrub_progress progress = {.bytes_done = (uint64_t)verification->bytes,
                                         .bytes_total = (uint64_t)verification->bytes,
                                         .parts_done = (uint64_t)verification->parts,
                                         .parts_total = (uint64_t)verification->parts,
                                         .seconds_left = -1};

    if (verification->status == OC_VERIFICATION_IN_PROGRESS)
        (void)oc_scrubber_progress(call->api->scrubber, key, &progress); /* or it waits */
    oc_jw_member_int(w, "bytesDone", (int64_t)progress.bytes_done);
    oc_jw_member_int(w, "bytesTotal", (int64_t)progress.bytes_total);
    oc_jw_member_int(w, "partsDone", (int64_t)progress.parts_done);
    oc_jw_member_int(w, "partsTotal", (int64_t)progress.parts_total);
    oc_jw_member_int(w, "bytesPerSecond", (int64_t)progress.bytes_per_second);
    if (progress.seconds_left >= 0)
        oc_jw_member_int(w, "secondsLeft", progress.seconds_left);
}

static void put_findings(const struct oc_verification *verification, struct oc_jw *w)
{
    oc_jw_key(w, "findings");
    oc_jw_array(w);
    for (size_t i = 0; i < verification->finding_count; i++) {
        const struct oc_verification_finding *finding = &verification->findings[i];

        oc_jw_object(w);
        oc_jw_member(w, "file", finding->file);
        if (finding->part > 0)
            oc_jw_member_int(w, "part", finding->part);
        oc_jw_member(w, "problem", finding->problem);
        oc_jw_member_bool(w, "repaired", finding->repaired);
        oc_jw_object_end(w);
    }
    oc_jw_array_end(w);
    oc_jw_member_int(w, "findingCount", verification->findings_in_all);
}

int oc_call_get_model_verification(struct oc_call *call, struct oc_err *err)
{
    const struct oc_get_model_verification_in *in = call->in;
    struct oc_verification verification;
    struct oc_found_model found;
    struct oc_jw w;
    int rc = oc_call_read(call, err);

    if (rc >= 0)
        rc = oc_models_find_own(call, call->read, in->model_identifier, &found, err);
    if (rc >= 0)
        rc = read_verification(call, call->read, found.key, &verification, err);
    if (rc == OC_ENOTFOUND && !err->name)
        return oc_fail_not_found(
            err, "The model %.*s was not verified yet: start it with StartModelVerification.",
            OC_FMT(found.arn));
    if (rc < 0)
        return rc;
    oc_jw_init(&w, &call->out);
    oc_jw_object(&w);
    oc_jw_member(&w, "modelArn", found.arn);
    oc_jw_member(&w, "status", oc_verification_status_text(verification.status));
    oc_call_put_time(&w, "startTime", verification.start_ms);
    if (verification.end_ms > 0)
        oc_call_put_time(&w, "endTime", verification.end_ms);
    put_progress(call, found.key, &verification, &w);
    put_findings(&verification, &w);
    if (verification.status == OC_VERIFICATION_FAILED)
        oc_jw_member(&w, "failureMessage", verification.message);
    oc_jw_object_end(&w);
    return OC_OK;
}
