/*
 * What happens to a blob that is not what it should be.
 *
 * First it is found out who needs it: what no model needs is left to the sweep. Then its plaintext
 * is looked for under every other key and in every other Region of this process, and last on other
 * machines (far.c); whatever is found there was verified by its digest, so it is the same bytes,
 * and is sealed and stored in the place of the damaged blob. The blob is pinned meanwhile
 * (copy/pins.h), so that a sweep does not remove what was just mended.
 */
#include "scrub/scrub_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/arn.h"

#define READ_TRIES 3       /* of a blob whose reading fails */
#define PAUSE_US   25000LL /* before the second is four times this, before the third sixteen */
#define RECORD_MAX (64 * 1024)

void oc_scrub_buffer_clear(struct oc_scrub_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct oc_scrub_buffer){0};
}

int oc_scrub_make_room(struct oc_scrub_buffer *buffer, uint64_t plain_len, struct oc_err *err)
{
    size_t want = OC_BLOB_ROOM(plain_len < OC_PART_SIZE ? OC_PART_SIZE : plain_len);

    if (buffer->cap >= want)
        return OC_OK;
    oc_scrub_buffer_clear(buffer);
    buffer->bytes = oc_alloc_aligned(OC_BLOB_ALIGN, want);
    if (!buffer->bytes)
        return oc_fail_nomem(err);
    buffer->cap = want;
    return OC_OK;
}

int oc_scrub_read(struct oc_blob_store *blobs, const struct oc_blob_name *name,
                  struct oc_scrub_buffer *buffer, struct oc_err *err)
{
    uint64_t size = 0;
    int rc = oc_blob_size(blobs, name, &size, err);

    if (rc == OC_OK)
        rc = oc_scrub_make_room(buffer, size, err);
    return rc < 0 ? rc : oc_blob_reread(blobs, name, buffer->bytes, buffer->cap, &buffer->len, err);
}

/* -- mending -------------------------------------------------------------------------------- */

/* The blob's bytes from anywhere else here: into `buffer`. @return false: they are nowhere */
static bool find_near_copy(const struct oc_scrub_needs *needs, struct oc_scrub_buffer *buffer)
{
    for (size_t i = 0; i < needs->place_count; i++) {
        const struct oc_scrub_place *place = &needs->places[i];
        const struct oc_region *region =
            oc_scrub_region(needs->scrubber, oc_slice_of(place->region));
        struct oc_blob_name name = *needs->name;
        struct oc_err ignored = {0};

        name.key_id = oc_slice_of(place->key_id);
        if (!region || (oc_slice_eq(region->name, needs->region) &&
                        oc_slice_eq(name.key_id, needs->name->key_id)))
            continue;
        if (oc_scrub_read(region->blobs, &name, buffer, &ignored) == OC_OK)
            return true;
    }
    return false;
}

/* -- findings ------------------------------------------------------------------------------- */

/* What becomes of a blob's finding, and whom it is told. */
struct change {
    struct oc_write write;
    struct oc_events *events;
    struct oc_slice key;
    enum oc_scrub_state state; /* OC_SCRUB_DAMAGED: there is one; else there is none any more */
    const struct oc_finding *finding;
};

/* Tell the owners of the models that the finding names. */
static int put_events(const struct change *change, struct oc_tx *tx, struct oc_err *err)
{
    const struct oc_finding *finding = change->finding;
    char hex[OC_SHA256_HEX_LEN];
    int rc = OC_OK;

    oc_hex_encode(finding->name.sha256, OC_SHA256_LEN, hex);
    for (size_t i = 0; rc == OC_OK && i < finding->model_count; i++) {
        OC_AUTO(oc_buf_clear) struct oc_buf detail = {0};
        struct oc_event event = {.type = OC_EVENT_INTEGRITY,
                                 .status = change->state == OC_SCRUB_DAMAGED
                                               ? OC_INTEGRITY_DAMAGED
                                               : OC_INTEGRITY_REPAIRED,
                                 .time_ms = finding->last_ms};
        struct oc_arn arn;
        struct oc_jw w;

        if (!oc_arn_parse(finding->models[i], &arn))
            continue;
        oc_buf_init(&detail, RECORD_MAX);
        oc_jw_init(&w, &detail);
        oc_jw_object(&w);
        oc_jw_member(&w, "modelArn", finding->models[i]);
        oc_jw_member(&w, "sha256", (struct oc_slice){hex, sizeof(hex)});
        oc_jw_member(&w, "problem", finding->problem);
        oc_jw_object_end(&w);
        event.partition = (struct oc_partition){arn.account, arn.region};
        event.subject = oc_buf_slice(&detail);
        rc = detail.failed ? oc_fail_nomem(err) : oc_events_put(change->events, tx, &event, err);
    }
    return rc;
}

/* Damage that is known already is not told again. */
static int put_finding(const struct change *change, struct oc_tx *tx, struct oc_slice earlier,
                       struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_finding was, now = *change->finding;
    struct oc_err bad = {0};
    int rc;

    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    if (earlier.ptr && oc_finding_decode(change->key, earlier, &arena, &was, &bad) == OC_OK)
        now.first_ms = was.first_ms;
    oc_buf_init(&record, RECORD_MAX);
    oc_finding_encode(&record, &now);
    if (record.failed)
        return oc_fail_nomem(err);
    rc = oc_tx_put(tx, OC_RECORD_FINDING, change->key, oc_buf_slice(&record), err);
    return rc < 0 || earlier.ptr ? rc : put_events(change, tx, err);
}

static int apply_change(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    const struct change *change = (const struct change *)(void *)write;
    struct oc_slice value = {0};
    int rc = oc_read_get(oc_tx_read(tx), OC_RECORD_FINDING, change->key, &value, err);

    if (rc < 0 && rc != OC_ENOTFOUND)
        return rc;
    if (change->state == OC_SCRUB_DAMAGED)
        return put_finding(change, tx, value, err);
    rc = oc_tx_delete(tx, OC_RECORD_FINDING, change->key, err);
    return rc < 0 || change->state != OC_SCRUB_MENDED ? rc : put_events(change, tx, err);
}

static bool is_found(const struct oc_scrubber *scrubber, struct oc_slice key)
{
    OC_AUTO(oc_read_closep) struct oc_read *read = NULL;
    struct oc_err ignored = {0};
    struct oc_slice value;

    return key.ptr && oc_store_read(scrubber->options.store, &read, &ignored) == OC_OK &&
           oc_read_get(read, OC_RECORD_FINDING, key, &value, &ignored) == OC_OK;
}

/* Record what became of a blob. What cannot be recorded is logged: the next pass finds it again. */
static void keep_finding(struct oc_scrubber *scrubber, struct oc_arena *arena,
                         const struct oc_finding *finding, enum oc_scrub_state state)
{
    struct change change = {.write.apply = apply_change,
                            .events = scrubber->options.events,
                            .state = state,
                            .finding = finding};
    struct oc_err err = {0};

    change.key = oc_finding_key(arena, finding->region, &finding->name);
    if (!change.key.ptr ||
        (state != OC_SCRUB_DAMAGED && state != OC_SCRUB_MENDED && !is_found(scrubber, change.key)))
        return;
    if (oc_store_write(scrubber->options.store, &change.write, &err) < 0)
        oc_log(OC_LOG_ERROR, "scrub.not_recorded", "reason", err.text, (char *)NULL);
    else
        oc_events_wake(scrubber->options.events);
    oc_scrub_count_findings(scrubber);
}

static void log_blob(enum oc_log_level level, const char *event, const struct oc_finding *finding,
                     const struct oc_err *problem)
{
    char hex[OC_SHA256_HEX_LEN + 1] = "", region[32], model[512];

    oc_hex_encode(finding->name.sha256, OC_SHA256_LEN, hex);
    (void)snprintf(region, sizeof(region), "%.*s", OC_FMT(finding->region));
    (void)snprintf(model, sizeof(model), "%.*s",
                   OC_FMT(finding->model_count ? finding->models[0] : OC_STR("none")));
    oc_log(level, event, "region", region, "part", hex, "model", model, "problem", problem->text,
           "at", problem->hidden[0] ? problem->hidden : NULL, "advice", finding->advice.ptr,
           (char *)NULL);
}

/* -- one blob ------------------------------------------------------------------------------- */

/* Store what was found elsewhere. The blob is pinned. */
static enum oc_scrub_state mend(struct oc_scrubber *scrubber, const struct oc_region *region,
                                struct oc_scrub_needs *needs, struct oc_scrub_buffer *buffer,
                                struct oc_err *problem)
{
    struct oc_finding *finding = needs->finding;
    struct oc_err err = {0};
    int rc = OC_ENOTFOUND;

    finding->problem = oc_slice_of(problem->text);
    finding->first_ms = finding->last_ms = oc_clock_now_ms();
    if (find_near_copy(needs, buffer) || oc_scrub_find_far(needs, buffer))
        rc = oc_blob_put(region->blobs, needs->name,
                         (struct oc_slice){(char *)buffer->bytes, buffer->len}, true, &err);
    if (rc == OC_OK) {
        oc_metrics_count(&scrubber->counts.mended, 1);
        log_blob(OC_LOG_WARN, "scrub.mended", finding, problem);
        keep_finding(scrubber, needs->arena, finding, OC_SCRUB_MENDED);
        return OC_SCRUB_MENDED;
    }
    if (rc == OC_ENOTFOUND && oc_scrub_is_stopping(scrubber)) {
        (void)oc_fail(problem, OC_ECANCELED, "the server is stopping"); /* not all were asked */
        return OC_SCRUB_SKIPPED;
    }
    if (rc != OC_ENOTFOUND) {
        struct oc_err was = *problem;

        (void)oc_fail_for(problem, was.rc, &was,
                          "%.900s; a whole copy could not be stored in its place: %s", was.text,
                          err.text);
    }
    finding->problem = oc_slice_of(problem->text);
    log_blob(is_found(scrubber, oc_finding_key(needs->arena, finding->region, &finding->name))
                 ? OC_LOG_INFO
                 : OC_LOG_ERROR,
             "scrub.damaged", finding, problem);
    keep_finding(scrubber, needs->arena, finding, OC_SCRUB_DAMAGED);
    return OC_SCRUB_DAMAGED;
}

static enum oc_scrub_state judge(struct oc_scrubber *scrubber, const struct oc_region *region,
                                 struct oc_scrub_needs *needs, struct oc_scrub_buffer *buffer,
                                 struct oc_err *problem)
{
    struct oc_err err = {0};
    enum oc_scrub_state state;

    if (oc_copy_engine_pin(scrubber->options.engine, region->name, needs->name->sha256, &err) < 0)
        return OC_SCRUB_SKIPPED;
    if (oc_scrub_find_needs(needs, &err) < 0) {
        state = OC_SCRUB_SKIPPED;
        *problem = err;
    } else if (needs->finding->models_in_all == 0) {
        keep_finding(scrubber, needs->arena, needs->finding, OC_SCRUB_UNUSED);
        state = OC_SCRUB_UNUSED;
    } else {
        oc_metrics_count(
            problem->rc == OC_ENOTFOUND ? &scrubber->counts.missing : &scrubber->counts.damaged, 1);
        state = mend(scrubber, region, needs, buffer, problem);
    }
    oc_copy_engine_unpin(scrubber->options.engine, region->name, needs->name->sha256);
    return state;
}

/* Read it, more than once when that fails for a reason that may pass. */
static int read_patiently(struct oc_scrubber *scrubber, const struct oc_region *region,
                          const struct oc_blob_name *name, struct oc_scrub_buffer *buffer,
                          struct oc_err *problem)
{
    for (int try = 1;; try++) {
        int rc = oc_scrub_read(region->blobs, name, buffer, problem);

        if ((rc != OC_EIO && rc != OC_EBUSY) || try == READ_TRIES ||
            !oc_scrub_sleep(scrubber, PAUSE_US << (2 * try)))
            return rc;
    }
}

enum oc_scrub_state oc_scrub_look(struct oc_scrubber *scrubber, const struct oc_region *region,
                                  const struct oc_blob_name *name, struct oc_scrub_batch *batch,
                                  struct oc_scrub_buffer *buffer, struct oc_err *problem)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_finding finding = {.region = region->name, .name = *name};
    struct oc_err ignored = {0};
    enum oc_scrub_state state;
    struct oc_scrub_needs *needs;
    int rc = read_patiently(scrubber, region, name, buffer, problem);

    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    if (rc == OC_OK) {
        oc_metrics_count(&scrubber->counts.blobs, 1);
        oc_metrics_count(&scrubber->counts.bytes, buffer->len);
        oc_blob_trust(region->blobs, name);
        if (oc_metrics_read(&scrubber->counts.findings) > 0)
            keep_finding(scrubber, &arena, &finding, OC_SCRUB_GOOD);
        return OC_SCRUB_GOOD;
    }
    if (rc != OC_ECORRUPT && rc != OC_ENOTFOUND && rc != OC_EIO) {
        oc_metrics_count(&scrubber->counts.skipped, 1);
        return OC_SCRUB_SKIPPED;
    }
    needs = oc_alloc(sizeof(*needs));
    if (!needs)
        return OC_SCRUB_SKIPPED;
    *needs = (struct oc_scrub_needs){.scrubber = scrubber,
                                     .region = region->name,
                                     .name = name,
                                     .arena = &arena,
                                     .batch = batch,
                                     .finding = &finding};
    if (rc != OC_ENOTFOUND)
        (void)oc_blob_distrust(region->blobs, name, &ignored); /* then it is not stored anew */
    state = judge(scrubber, region, needs, buffer, problem);
    free(needs);
    return state;
}
