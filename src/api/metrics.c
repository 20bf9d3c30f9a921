/*
 * GetMetrics, and what the API knows of itself, its store and its copy engine.
 *
 * The figures are of the whole server, all accounts together: for administrators only.
 */
#include "api/models.h"

static const char *const kinds[OC_TASK_KINDS] = {"copy", "import", "upload"};

/* A family with a value for each kind of task. */
static void put_kinds(struct oc_metrics_writer *w, const char *name, const char *help,
                      const uint64_t values[OC_TASK_KINDS])
{
    oc_metrics_family(w, name, OC_METRIC_COUNTER, help);
    for (size_t i = 0; i < OC_TASK_KINDS; i++)
        oc_metrics_put(w, &(struct oc_metric_label){"kind", oc_slice_of(kinds[i])}, 1, values[i]);
}

/* Started, completed and failed runs, by kind. */
static void put_tasks(struct oc_metrics_writer *w, const struct oc_copy_stats *stats)
{
    const struct {
        const char *state;
        const uint64_t *values;
    } states[] = {
        {"started", stats->started}, {"completed", stats->completed}, {"failed", stats->failed}};

    oc_metrics_family(w, "outcrop_tasks_total", OC_METRIC_COUNTER,
                      "Copies, imports and uploads that were started, completed and failed");
    for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
        for (size_t i = 0; i < OC_TASK_KINDS; i++) {
            struct oc_metric_label labels[] = {{"kind", oc_slice_of(kinds[i])},
                                               {"state", oc_slice_of(states[s].state)}};

            oc_metrics_put(w, labels, 2, states[s].values[i]);
        }
}

static void write_engine(struct oc_copy_engine *engine, struct oc_metrics_writer *w)
{
    struct oc_copy_stats stats;

    oc_copy_engine_stats(engine, &stats);
    put_tasks(w, &stats);
    put_kinds(w, "outcrop_bytes_moved_total",
              "Bytes of models that were read and verified, and stored where need be",
              stats.bytes_moved);
    put_kinds(w, "outcrop_bytes_reused_total",
              "Bytes of models that the target held already and that were not moved again",
              stats.bytes_reused);
    oc_metrics_family(w, "outcrop_parts_total", OC_METRIC_COUNTER,
                      "Parts of models that were moved, or were there already");
    oc_metrics_put(w, &(struct oc_metric_label){"result", OC_STR("moved")}, 1, stats.parts_moved);
    oc_metrics_put(w, &(struct oc_metric_label){"result", OC_STR("reused")}, 1, stats.parts_reused);
    oc_metrics_one(w, "outcrop_retries_total", OC_METRIC_COUNTER,
                   "Reads and writes of parts tried again after a failure that may pass",
                   stats.retries);
    oc_metrics_one(w, "outcrop_tasks_put_off_total", OC_METRIC_COUNTER,
                   "Runs that wait because the store could not be read or written", stats.put_off);
    oc_metrics_one(w, "outcrop_tasks_running", OC_METRIC_GAUGE, "Tasks that run now",
                   stats.running);
    oc_metrics_one(w, "outcrop_tasks_queued", OC_METRIC_GAUGE, "Tasks that wait for their turn",
                   stats.queued);
    oc_metrics_one(w, "outcrop_sweeps_total", OC_METRIC_COUNTER,
                   "Sweeps for blobs that nothing refers to", stats.sweeps);
    oc_metrics_one(w, "outcrop_sweep_failures_total", OC_METRIC_COUNTER, "Sweeps that failed",
                   stats.sweep_failures);
    oc_metrics_one(w, "outcrop_blobs_swept_total", OC_METRIC_COUNTER, "Blobs removed by sweeps",
                   stats.blobs_swept);
}

static void write_store(struct oc_store *store, struct oc_metrics_writer *w)
{
    struct oc_store_stats stats;

    oc_store_stats(store, &stats);
    oc_metrics_one(w, "outcrop_store_commits_total", OC_METRIC_COUNTER, "Commits of the store",
                   stats.commits);
    oc_metrics_one(w, "outcrop_store_writes_total", OC_METRIC_COUNTER,
                   "Changes acknowledged; divided by the commits, the size of a batch",
                   stats.writes);
    oc_metrics_one(w, "outcrop_store_queue_length", OC_METRIC_GAUGE,
                   "Changes that wait for a commit", stats.queue_length);
    oc_metrics_one(w, "outcrop_store_bytes", OC_METRIC_GAUGE, "Size of the store",
                   stats.bytes_used);
}

static void collect(struct oc_metrics_writer *w, void *ctx)
{
    struct oc_api *api = ctx;

    oc_api_counts_write(api->counts, w);
    write_engine(api->engine, w);
    oc_copy_places_metrics(w, api->engine);
    write_store(api->store, w);
    oc_scrubber_metrics(w, api->scrubber);
    oc_events_metrics(w, api->events);
}

void oc_api_add_metrics(struct oc_api *api)
{
    oc_metrics_add(api->metrics, collect, api);
}

int oc_call_get_metrics(struct oc_call *call, struct oc_err *err)
{
    int rc = oc_call_allow_server(call, err);

    if (rc < 0)
        return rc;
    call->content_type = OC_STR(OC_METRICS_CONTENT_TYPE);
    oc_metrics_write(call->api->metrics, &call->out);
    return OC_OK;
}
