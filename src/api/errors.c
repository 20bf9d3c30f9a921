#include "api/errors.h"

#include <string.h>

#include "api/operation.h"
#include "base/json.h"
#include "base/limits.h"

/* What a client sees of a failure without a public name: nothing of how the server works. */
struct hidden {
    enum oc_rc rc;
    const char *name;
    const char *text;
};

static const struct hidden hidden[] = {
    {OC_ENOMEM, "ServiceUnavailableException", "The service cannot answer now. Try again."},
    {OC_EFULL, "ServiceUnavailableException",
     "The service has no space left on its disk. Its operator must free some; then try again."},
    {OC_EBUSY, "ServiceUnavailableException",
     "The service, or a store behind it, is busy or away. Try again later."},
    {OC_OK, "InternalServerException", "The service failed. Its log says why."}, /* others */
};

static const struct oc_error_kind *find_kind(const char *name)
{
    if (!name)
        return NULL;
    for (const struct oc_error_kind *kind = oc_error_kinds; kind->name; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

static const struct hidden *find_hidden(enum oc_rc rc)
{
    const struct hidden *entry = hidden;

    while (entry->rc != OC_OK && entry->rc != rc)
        entry++;
    return entry;
}

const char *oc_error_name(const struct oc_err *err)
{
    const struct oc_error_kind *kind = find_kind(err->name);

    return kind ? kind->name : find_hidden(err->rc)->name;
}

int oc_error_status(const struct oc_err *err)
{
    const struct oc_error_kind *kind = find_kind(oc_error_name(err));

    return kind ? kind->status : 500;
}

struct oc_slice oc_error_text(const struct oc_err *err)
{
    return oc_slice_of(find_kind(err->name) ? err->text : find_hidden(err->rc)->text);
}

void oc_error_body(struct oc_buf *buf, const struct oc_err *err)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "message", oc_error_text(err));
    if (strcmp(oc_error_name(err), "TooManyTagsException") == 0)
        oc_jw_member(&w, "resourceName", err->resource);
    oc_jw_object_end(&w);
}

int oc_fail_too_many_tags(struct oc_err *err, struct oc_slice resource, size_t count)
{
    int rc = oc_fail_as(err, OC_ELIMIT, "TooManyTagsException",
                        "A resource may have %d tags; this request would make them %zu",
                        OC_TAGS_MAX, count);

    err->resource = resource; /* last: oc_fail_as forgets what an earlier error was about */
    return rc;
}
