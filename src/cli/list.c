/* Commands that list. */
#include "cli/list.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/rows.h"

#define ENOUGH 1 /* returned by take_item to end the walk */

struct walk {
    struct oc_rows rows;
    int64_t limit;
    bool more;
};

static int take_item(const struct oc_json *item, void *ctx, struct oc_err *err)
{
    struct walk *w = ctx;

    if (w->limit > 0 && w->rows.count == w->limit) {
        w->more = true;
        return ENOUGH;
    }
    return oc_rows_add(&w->rows, item, err);
}

int oc_cli_list(struct oc_session *session, const struct oc_cli_list *list, struct oc_err *err)
{
    struct walk w = {.limit = list->limit};
    struct oc_walk walk = {list->path, list->query, list->items, take_item, &w};
    int rc;

    oc_rows_init(&w.rows, &session->output, list->fields, list->field_count, list->none);
    rc = oc_client_walk(session->client, &walk, err);
    if (rc >= 0)
        rc = oc_rows_end(&w.rows, err);
    if (rc >= 0 && w.more)
        (void)fprintf(stderr, "There are more; use --limit N or --all.\n");
    oc_rows_clear(&w.rows);
    return rc;
}

int oc_cli_list_limit(const struct oc_args *args, struct oc_buf *query, int64_t *ret_limit,
                      struct oc_err *err)
{
    int64_t limit = OC_LIST_LIMIT_DEFAULT;
    char size[24];
    int rc;

    rc = oc_args_int64(args, "limit", (struct oc_range){1, INT64_MAX}, &limit, err);
    if (rc < 0)
        return rc;
    if (oc_args_has(args, "all")) {
        if (oc_args_has(args, "limit"))
            return oc_fail_as(err, OC_EINVAL, OC_USAGE_ERROR,
                              "options '--limit' and '--all' exclude each other");
        limit = 0;
    }
    (void)snprintf(
        size, sizeof(size), "%lld",
        (long long)(limit == 0 || limit > OC_MAX_RESULTS_MAX ? OC_MAX_RESULTS_MAX : limit));
    oc_query_put(query, "maxResults", oc_slice_of(size));
    *ret_limit = limit;
    return OC_OK;
}

int oc_cli_list_times(const struct oc_args *args, struct oc_buf *query, struct oc_err *err)
{
    static const struct {
        const char *option, *parameter;
    } times[] = {{"since", "creationTimeAfter"}, {"until", "creationTimeBefore"}};
    const char *order = oc_args_get(args, "sort");

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const char *text = oc_args_get(args, times[i].option);
        char iso[32];
        int rc;

        if (!text)
            continue;
        rc = oc_session_time(times[i].option, text, iso, err);
        if (rc < 0)
            return rc;
        oc_query_put(query, times[i].parameter, oc_slice_of(iso));
    }
    if (order)
        oc_query_put(query, "sortOrder",
                     strcmp(order, "asc") == 0 ? OC_STR("Ascending") : OC_STR("Descending"));
    return OC_OK;
}
