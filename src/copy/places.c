/*
 * The other machines that copies deal with, for whoever watches: how many streams are in use to
 * each. See net/streams.h.
 */
#include "copy/copy_impl.h"
#include "peer/peer.h"

/* What of the state is put into a family. */
typedef uint64_t value_fn(const struct oc_streams_state *state);

struct family {
    struct oc_metrics_writer *w;
    const char *name, *help;
    enum oc_metric_type type;
    value_fn *value;
    bool announced; /* a family without values would be none */
};

static void put(struct family *family, const char *kind, struct oc_slice name,
                const struct oc_streams_state *state)
{
    const struct oc_metric_label labels[] = {{"kind", oc_slice_of(kind)}, {"name", name}};

    if (!family->announced)
        oc_metrics_family(family->w, family->name, family->type, family->help);
    family->announced = true;
    oc_metrics_put(family->w, labels, 2, family->value(state));
}

static void put_all(const struct oc_copy_options *options, struct family *family)
{
    struct oc_streams_state state;

    for (size_t i = 0; i < options->peers.count; i++) {
        state = oc_peer_streams(options->peers.items[i]);
        put(family, "peer", oc_peer_region(options->peers.items[i]), &state);
    }
    for (size_t i = 0; i < options->bucket_count; i++)
        if (options->buckets[i].s3) {
            state = oc_s3_streams(options->buckets[i].s3);
            put(family, "bucket", options->buckets[i].name, &state);
        }
    for (size_t i = 0; i < options->region_count; i++)
        if (oc_blob_streams(options->regions[i].blobs, &state))
            put(family, "blob", options->regions[i].name, &state);
}

static uint64_t count_of(const struct oc_streams_state *state)
{
    return state->count;
}

static uint64_t requests_of(const struct oc_streams_state *state)
{
    return state->requests;
}

void oc_copy_places_metrics(struct oc_metrics_writer *w, const struct oc_copy_engine *engine)
{
    struct family families[] = {
        {w, "outcrop_copy_streams",
         "Ranges of a part that are asked for at the same time, as many as are worth while",
         OC_METRIC_GAUGE, count_of, false},
        {w, "outcrop_copy_range_requests_total",
         "Ranges that were asked for at the same time as others of their part", OC_METRIC_COUNTER,
         requests_of, false},
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        put_all(&engine->options, &families[i]);
}
