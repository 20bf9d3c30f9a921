/*
 * Importing a model from a folder. The layout follows from the sizes of the files, so the manifest
 * is laid out first; then the job's thread reads the files once, in order, into part buffers and
 * hashes the files, while the workers hash the parts, encrypt and store them.
 */
#include <string.h>

#include "base/file.h"
#include "copy/copy_impl.h"

#define CONFIG_MAX (1024 * 1024) /* a larger config.json is not looked into */

struct import {
    struct oc_copy_job *job;
    struct oc_walk walk;
    size_t file;     /* the one being read */
    uint64_t offset; /* how far */
    int fd;          /* -1: not open */
    struct oc_sha256_stream *stream;
};

static void import_clear(struct import *import)
{
    oc_sha256_stream_free(import->stream);
    oc_autoclose(&import->fd);
    oc_walk_clear(&import->walk);
}

/* -- where from ----------------------------------------------------------------------------- */

static int find_folder(struct oc_copy_job *job, const char **ret_folder,
                       struct oc_slice *ret_prefix, struct oc_err *err)
{
    const struct oc_copy_options *options = &job->engine->options;
    struct oc_slice rest = job->task.source_uri, bucket;

    if (!oc_slice_has_prefix(rest, OC_STR("s3://")))
        return oc_fail(err, OC_EINVAL, "'%.*s' is not an s3:// URI", OC_FMT(rest));
    rest = oc_slice_sub(rest, 5, rest.len);
    bucket = oc_slice_cut(&rest, '/');
    while (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (rest.len && !oc_manifest_path_is_safe(rest))
        return oc_fail(err, OC_EINVAL, "the prefix of '%.*s' is not a plain path",
                       OC_FMT(job->task.source_uri));
    for (size_t i = 0; i < options->bucket_count; i++)
        if (oc_slice_eq(options->buckets[i].name, bucket)) {
            *ret_folder = options->buckets[i].folder;
            *ret_prefix = rest.ptr ? rest : OC_STR("");
            return OC_OK;
        }
    return oc_fail(err, OC_EINVAL,
                   "bucket '%.*s' is not known to this server; map it to a folder in the "
                   "configuration",
                   OC_FMT(bucket));
}

static int plan(struct import *import, struct oc_err *err)
{
    struct oc_copy_job *job = import->job;
    const char *folder = NULL;
    struct oc_slice prefix = {0};
    int rc = find_folder(job, &folder, &prefix, err);

    if (rc < 0)
        return rc;
    rc = oc_walk_folder(folder, prefix, &import->walk, err);
    if (rc < 0)
        return rc;
    if (import->walk.count == 0)
        return oc_fail(err, OC_EINVAL, "the folder has no files");
    for (size_t i = 0; i < import->walk.count; i++) {
        const struct oc_walk_file *file = &import->walk.files[i];

        rc = oc_manifest_add(&job->manifest, oc_slice_of(file->path), file->size, file->executable,
                             err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* -- reading -------------------------------------------------------------------------------- */

static int end_file(struct import *import, struct oc_err *err)
{
    struct oc_manifest_file *file = &import->job->manifest.files[import->file];
    int rc = oc_walk_check(&import->walk, import->file, import->fd, err);

    if (rc < 0)
        return rc;
    oc_autoclose(&import->fd);
    import->file++;
    import->offset = 0;
    return oc_sha256_stream_end(import->stream, file->sha256, err);
}

/* A read that fails because the file was cut short is the fault of whoever cut it. */
static int read_piece(struct import *import, uint8_t *to, size_t len, struct oc_err *err)
{
    const char *path = import->walk.files[import->file].path;
    struct oc_err cause = {0};
    unsigned tries = 0;
    int rc;

    do
        rc = oc_file_pread(import->fd, to, len, (int64_t)import->offset, &cause);
    while (rc < 0 && oc_walk_check(&import->walk, import->file, import->fd, err) == OC_OK &&
           oc_flight_retry(import->job, rc, &tries));
    if (rc < 0 && oc_walk_check(&import->walk, import->file, import->fd, err) == OC_ECONFLICT)
        return OC_ECONFLICT;
    if (rc < 0)
        return oc_fail(err, rc, "file '%s' could not be read: %s", path, cause.text);
    return OC_OK;
}

static bool is_config(const struct oc_manifest_file *file)
{
    return oc_slice_eq_str(file->path, "config.json") && file->size <= CONFIG_MAX;
}

/* Read what of the current file belongs into a part that has `room` left. */
static int read_file(struct import *import, uint8_t *to, size_t room, size_t *ret_len,
                     struct oc_err *err)
{
    struct oc_copy_job *job = import->job;
    const struct oc_manifest_file *file = &job->manifest.files[import->file];
    uint64_t left = file->size - import->offset;
    struct oc_slice bytes = {(char *)to, left < room ? (size_t)left : room};
    int rc = OC_OK;

    if (import->fd < 0)
        rc = oc_walk_open(&import->walk, import->file, &import->fd, err);
    if (rc == OC_OK)
        rc = read_piece(import, to, bytes.len, err);
    if (rc == OC_OK)
        rc = oc_sha256_stream_add(import->stream, bytes, err);
    if (rc == OC_OK && is_config(file))
        rc = oc_manifest_read_config(&job->manifest, bytes, err);
    if (rc < 0)
        return rc;
    import->offset += bytes.len;
    *ret_len = bytes.len;
    return import->offset == file->size ? end_file(import, err) : OC_OK;
}

/* Fill the buffer with part `index`: the files up to the first that begins later. */
static int fill_part(struct import *import, struct oc_ticket *ticket, uint32_t index,
                     struct oc_err *err)
{
    const struct oc_manifest *manifest = &import->job->manifest;
    uint32_t size = index < manifest->part_count ? manifest->parts[index].size : 0;

    while (import->file < manifest->file_count) {
        const struct oc_manifest_file *file = &manifest->files[import->file];
        size_t len = 0;
        int rc;

        if (file->size && ticket->len == size)
            break;
        rc = read_file(import, ticket->bytes + ticket->len, size - ticket->len, &len, err);
        if (rc < 0)
            return rc;
        ticket->len += len;
    }
    return OC_OK;
}

/* -- storing -------------------------------------------------------------------------------- */

static void store_part(struct oc_ticket *ticket)
{
    struct oc_copy_job *job = ticket->owner;
    struct oc_slice bytes = {(char *)ticket->bytes, ticket->len};
    struct oc_err cause = {0}, err = {0};
    char part[300];
    bool moved = false;
    unsigned tries = 0;
    int rc = oc_sha256(bytes, job->manifest.parts[ticket->index].sha256, &cause);

    while (rc == OC_OK && (rc = oc_flight_store(job, ticket, &moved, &cause)) < 0 &&
           oc_flight_retry(job, rc, &tries))
        rc = OC_OK;
    if (rc < 0) {
        oc_flight_describe(job, ticket->index, part, sizeof(part));
        (void)oc_fail(&err, rc, "%s could not be stored: %s", part, cause.text); /* rc is kept */
    }
    oc_flight_land(ticket, rc, &err, moved, false);
}

/* One more round than there are parts: for the empty files behind the last. */
static int read_parts(struct import *import, struct oc_err *err)
{
    struct oc_copy_job *job = import->job;

    for (uint32_t i = 0; i <= job->manifest.part_count; i++) {
        struct oc_ticket *ticket = NULL;
        int rc = oc_copy_still_wanted(job, err);

        if (rc == OC_OK)
            rc = oc_flight_ticket(job, i, &ticket, err);
        if (rc < 0)
            return rc;
        rc = fill_part(import, ticket, i, err);
        if (rc < 0 || i == job->manifest.part_count) {
            oc_pool_return(job->engine->pool, ticket);
            return rc;
        }
        oc_flight_submit(job, ticket, store_part);
    }
    return OC_OK;
}

int oc_copy_import(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(import_clear) struct import import = {.job = job, .fd = -1, .walk.fd = -1};
    struct oc_err ignored = {0};
    int rc = plan(&import, err);

    if (rc < 0)
        return rc;
    import.stream = oc_sha256_stream_new(err);
    if (!import.stream)
        return OC_ENOMEM;
    rc = oc_flight_begin(job, err);
    if (rc < 0)
        return rc;
    rc = read_parts(&import, err);
    if (rc < 0) {
        (void)oc_flight_wait(job, &ignored); /* the first failure is the one that is told */
        return rc;
    }
    return oc_flight_wait(job, err);
}
