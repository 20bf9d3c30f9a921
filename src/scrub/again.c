/* Looking again at what was found before: it may be whole, or be mended now. */
#include "scrub/scrub_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

struct found {
    uint8_t sha256[OC_SHA256_LEN];
    char key_id[OC_BLOB_KEY_ID_MAX + 1];
};

/* The findings of a Region: gathered first, since looking at them changes them. */
struct list {
    struct oc_slice region;
    bool advised_only;
    struct found *items;
    size_t count, cap;
};

static int note_finding(struct oc_slice key, struct oc_slice record, void *ctx, struct oc_err *err)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct list *list = ctx;
    struct oc_finding finding;
    struct found *grown;
    int rc;

    oc_arena_init(&arena, OC_SCRUB_ARENA_MAX);
    rc = oc_finding_decode(key, record, &arena, &finding, err);
    if (rc < 0 || !oc_slice_eq(finding.region, list->region) ||
        (list->advised_only && !finding.advice.ptr))
        return rc;
    grown = oc_grow(list->items, &list->cap, list->count + 1, sizeof(*grown));
    if (!grown)
        return oc_fail_nomem(err);
    list->items = grown;
    memcpy(grown[list->count].sha256, finding.name.sha256, OC_SHA256_LEN);
    (void)snprintf(grown[list->count++].key_id, sizeof(grown->key_id), "%.*s",
                   OC_FMT(finding.name.key_id));
    return OC_OK;
}

int oc_scrub_look_again(struct oc_scrubber *scrubber, const struct oc_region *region,
                        bool advised_only, struct oc_scrub_batch *batch,
                        struct oc_scrub_buffer *buffer, struct oc_err *err)
{
    struct list list = {.region = region->name, .advised_only = advised_only};
    struct oc_read *read = NULL;
    int rc = oc_store_read(scrubber->options.store, &read, err);

    if (rc == OC_OK)
        rc = oc_read_scan(read, &(struct oc_scan){.kind = OC_RECORD_FINDING}, note_finding, &list,
                          err);
    oc_read_closep(&read);
    oc_scrub_batch_begin(batch, list.items, sizeof(*list.items), list.count);
    for (size_t i = 0; rc == OC_OK && i < list.count && !oc_scrub_is_stopping(scrubber); i++) {
        struct oc_blob_name name = {.key_id = oc_slice_of(list.items[i].key_id)};
        struct oc_err problem = {0};

        memcpy(name.sha256, list.items[i].sha256, OC_SHA256_LEN);
        (void)oc_scrub_look(scrubber, region, &name, batch, buffer, &problem);
    }
    oc_scrub_batch_end(batch);
    free(list.items);
    return rc;
}
