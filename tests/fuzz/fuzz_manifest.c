/*
 * Any text as a manifest: what is accepted is safe, whole, and has no other spelling.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Every file lies within its parts, and none overlaps the one before it. */
static void check_layout(const struct oc_manifest *m)
{
    uint64_t size = 0, end = 0;

    for (size_t i = 0; i < m->file_count; i++) {
        const struct oc_manifest_file *file = &m->files[i];
        uint64_t begin = (uint64_t)file->first_part * OC_PART_SIZE + file->offset;

        check(oc_manifest_path_is_safe(file->path));
        check(i == 0 || oc_slice_cmp(m->files[i - 1].path, file->path) < 0);
        size += file->size;
        if (file->size == 0)
            continue;
        check(begin >= end);
        end = begin + file->size;
        check(file->first_part + oc_manifest_file_parts(file) <= m->part_count);
        if (file->size < OC_PART_SIZE)
            check(file->offset + file->size <= m->parts[file->first_part].size);
    }
    check(size == m->size);
    for (size_t i = 0; i < m->part_count; i++)
        check(m->parts[i].size >= 1 && m->parts[i].size <= OC_PART_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_slice text = {(const char *)data, size};
    struct oc_manifest manifest;
    struct oc_err err = {0};
    struct oc_buf again;

    oc_manifest_init(&manifest);
    if (oc_manifest_decode(text, &manifest, &err) == OC_OK) {
        check_layout(&manifest);
        oc_buf_init(&again, OC_MANIFEST_MAX);
        oc_manifest_encode(&again, &manifest);
        check(oc_slice_eq(oc_buf_slice(&again), text));
        oc_buf_clear(&again);
    }
    oc_manifest_clear(&manifest);
    return 0;
}
