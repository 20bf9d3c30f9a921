/*
 * Truth at rest: is what is stored still what was stored?
 *
 * Two threads read and verify stored bytes, from the disk and not from what the kernel remembers:
 *  - the **scrubber** goes over every blob of every Region, again and again, at a capped rate. It
 *    remembers in the store how far it is (OC_RECORD_META, "scrub");
 *  - the **verifier** does what people ask for by StartModelVerification: one model, at full speed
 *    (OC_RECORD_VERIFICATION). A restart begins an unfinished one anew.
 *
 * What is damaged or missing is mended from another copy when there is one: the same part under
 * another key, in another Region of this process, on the machine that a model was copied from
 * (a peer, which decides whether the model may still be copied), or on one that copied it from here
 * (a peer that has told so, see model/copies.h). The mended blob replaces the damaged one in one
 * step. What cannot be mended becomes a finding (finding.h), which every pass tries again; where
 * another machine has a copy and cannot be asked, the scrubber tries again at its start and every
 * ten minutes. The damaged file stays, since a read verifies and never serves it, and is stored
 * anew when a copy, an import or an upload brings the same bytes (oc_blob_distrust).
 *
 * Threads: any. The scrubber owns its threads and logs, as the copy engine does.
 */
#ifndef OC_SCRUB_SCRUB_H
#define OC_SCRUB_SCRUB_H

#include "base/metrics.h"
#include "copy/engine.h"
#include "peer/peer.h"

struct oc_scrubber;

/** Borrowed for the scrubber's life. */
struct oc_scrub_options {
    struct oc_store *store;
    struct oc_events *events;      /* told of damage and repair; NULL: nobody is */
    struct oc_copy_engine *engine; /* knows what is in use; must not be stopped before this */
    const struct oc_region *regions;
    size_t region_count;
    struct oc_peers peers; /* Regions on other machines */
    int64_t rate;          /* bytes a second of the scrubber; 0: it does not run */
    int64_t again_ms;      /* until what is found is tried again; 0: 600,000 */
    int64_t interval_ms;   /* from the start of one pass to that of the next, at least */
};

/**
 * Start the threads, take up unfinished verifications and the pass that was under way.
 * Errors: OC_ENOMEM, and those of the store.
 */
int oc_scrubber_new(const struct oc_scrub_options *options, struct oc_scrubber **ret,
                    struct oc_err *err);

/** End the threads within one blob, and remember how far they are. NULL is fine, and twice. */
void oc_scrubber_stop(struct oc_scrubber *scrubber);

/** Stop if need be and free. NULL is fine. */
void oc_scrubber_free(struct oc_scrubber *scrubber);

/** Say that the store has a new verification InProgress. Never blocks. */
void oc_scrubber_wake(struct oc_scrubber *scrubber);

/** How far a verification is. */
struct oc_scrub_progress {
    uint64_t bytes_done, bytes_total;
    uint64_t parts_done, parts_total;
    uint64_t bytes_per_second; /* since it began */
    int64_t seconds_left;      /* -1: not known */
};

/** @return false: that model is not being verified at the moment (it may wait for its turn). */
bool oc_scrubber_progress(struct oc_scrubber *scrubber, struct oc_slice model_key,
                          struct oc_scrub_progress *ret);

/** oc_metrics_fn; `ctx` is the scrubber. */
void oc_scrubber_metrics(struct oc_metrics_writer *w, void *ctx);

#endif
