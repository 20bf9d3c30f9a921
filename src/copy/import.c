/*
 * Importing a model from a folder or a bucket. The layout follows from the sizes of the files, so
 * the manifest is laid out first. Then each part goes through two steps: workers read it and hash
 * it, with the files that lie in it whole; the job's thread takes the parts in order and hashes the
 * files that are longer than a part; workers encrypt and store.
 */
#include <string.h>

#include "copy/copy_impl.h"
#include "copy/together.h"
#include "copy/tree.h"

#define CONFIG_MAX (1024 * 1024) /* a larger config.json is not looked into */

/* Parts that one import has in its first step at most. */
#define WINDOW 8

/* Objects of one part that are asked for at once. Each has a connection, some 100 KiB. */
#define OBJECTS_AT_ONCE 8

struct import {
    struct oc_copy_job *job;
    struct oc_tree tree;
    struct oc_slice prefix; /* in the bucket; in the job's arena */
    struct {
        struct oc_ticket *ticket;
        size_t file;      /* the first with bytes in the part */
    } window[WINDOW];     /* part i is at i % WINDOW */
    uint32_t taken, sent; /* parts behind the window and in it */
    size_t file;          /* the first with bytes in part `sent` */
    struct oc_sha256_stream *stream;
};

static void import_clear(struct import *import)
{
    oc_sha256_stream_free(import->stream);
    oc_tree_clear(&import->tree);
}

/* -- where from ----------------------------------------------------------------------------- */

static bool is_open_to(const struct oc_bucket *bucket, struct oc_slice account)
{
    for (size_t i = 0; i < bucket->account_count; i++)
        if (oc_slice_eq(bucket->accounts[i], account))
            return true;
    return bucket->account_count == 0;
}

static const struct oc_bucket *find_bucket(struct oc_copy_job *job, struct oc_slice *ret_prefix,
                                           struct oc_err *err)
{
    const struct oc_copy_options *options = &job->engine->options;
    struct oc_slice rest = job->task.source_uri, bucket;

    if (!oc_slice_has_prefix(rest, OC_STR("s3://"))) {
        (void)oc_fail(err, OC_EINVAL, "'%.*s' is not an s3:// URI", OC_FMT(rest));
        return NULL;
    }
    rest = oc_slice_sub(rest, 5, rest.len);
    bucket = oc_slice_cut(&rest, '/');
    while (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (rest.len && !oc_manifest_path_is_safe(rest)) {
        (void)oc_fail(err, OC_EINVAL, "the prefix of '%.*s' is not a plain path",
                      OC_FMT(job->task.source_uri));
        return NULL;
    }
    *ret_prefix = rest.ptr ? rest : OC_STR("");
    for (size_t i = 0; i < options->bucket_count; i++)
        if (oc_slice_eq(options->buckets[i].name, bucket) &&
            is_open_to(&options->buckets[i], job->task.target.account))
            return &options->buckets[i];
    (void)oc_fail(err, OC_EINVAL,
                  "bucket '%.*s' is not known to this server; map it to a folder or an endpoint in "
                  "the configuration",
                  OC_FMT(bucket));
    return NULL;
}

/* What the bucket's settings and the URI put before all keys, each with its `/`. */
static int join_prefix(struct import *import, const struct oc_bucket *bucket, struct oc_slice below,
                       struct oc_err *err)
{
    import->prefix =
        oc_arena_printf(&import->job->arena, "%.*s%s%.*s%s", OC_FMT(bucket->prefix),
                        bucket->prefix.len ? "/" : "", OC_FMT(below), below.len ? "/" : "");
    return import->prefix.ptr ? OC_OK : oc_fail_nomem(err);
}

static int list_files(struct import *import, struct oc_err *err)
{
    struct oc_slice below = {0};
    const struct oc_bucket *bucket = find_bucket(import->job, &below, err);
    int rc;

    if (!bucket)
        return err->rc;
    oc_flight_waits_for(import->job, bucket->folder ? NULL : bucket->s3);
    if (bucket->folder)
        return oc_tree_list_folder(bucket->folder, below, &import->tree, err);
    rc = join_prefix(import, bucket, below, err);
    return rc < 0 ? rc : oc_tree_list_bucket(bucket->s3, import->prefix, &import->tree, err);
}

static int plan(struct import *import, struct oc_err *err)
{
    struct oc_copy_job *job = import->job;
    int rc = list_files(import, err);

    if (rc < 0)
        return rc;
    if (import->tree.count == 0)
        return oc_fail(err, OC_EINVAL,
                       import->tree.s3 ? "there are no objects below that prefix"
                                       : "the folder has no files");
    for (size_t i = 0; i < import->tree.count; i++) {
        const struct oc_tree_file *file = &import->tree.files[i];

        rc = oc_manifest_add(&job->manifest, oc_slice_of(file->path), file->size, file->executable,
                             err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* -- the first step: reading ------------------------------------------------------------------ */

/* What part `index` has of a file: from where in the file, and how much. */
static uint64_t piece_of(const struct oc_manifest_file *file, uint32_t index, size_t *ret_len)
{
    uint64_t from = (uint64_t)(index - file->first_part) * OC_PART_SIZE;
    uint64_t left = file->size - from;

    *ret_len = left < OC_PART_SIZE ? (size_t)left : OC_PART_SIZE;
    return from;
}

/* A part that is being read. */
struct filling {
    struct import *import;
    struct oc_ticket *ticket;
};

/* Read what the part has of a file, and hash the file when this is all of it. */
static int read_piece(size_t number, void *ctx, struct oc_err *err)
{
    const struct filling *filling = ctx;
    struct import *import = filling->import;
    struct oc_manifest_file *file = &import->job->manifest.files[number];
    struct oc_slice bytes = {(char *)filling->ticket->bytes + file->offset, 0};
    uint64_t from;
    unsigned tries = 0;
    int rc;

    if (file->size == 0)
        return OC_OK;
    from = piece_of(file, filling->ticket->index, &bytes.len);
    do
        rc = oc_tree_read(&import->tree, number, from, (uint8_t *)bytes.ptr, bytes.len, err);
    while (rc < 0 && oc_flight_retry(import->job, rc, &tries));
    if (rc < 0 || bytes.len < file->size)
        return rc;
    return oc_sha256(bytes, file->sha256, err);
}

/* Whether part `index` ends before file `number`; empty files lie nowhere. */
static bool begins_later(const struct oc_manifest *manifest, size_t number, uint32_t index)
{
    return number == manifest->file_count ||
           (manifest->files[number].size && manifest->files[number].first_part > index);
}

/* Files of a folder are read one after another: a disk is not far away. */
static unsigned at_once(const struct import *import)
{
    return import->tree.s3 ? OBJECTS_AT_ONCE : 1;
}

static int fill_part(struct import *import, struct oc_ticket *ticket, struct oc_err *err)
{
    struct oc_manifest *manifest = &import->job->manifest;
    struct filling filling = {import, ticket};
    size_t first = import->window[ticket->index % WINDOW].file, end = first;
    int rc;

    while (!begins_later(manifest, end, ticket->index))
        end++;
    rc = oc_together(first, end, at_once(import), read_piece, &filling, err);
    if (rc < 0)
        return rc;
    ticket->len = manifest->parts[ticket->index].size;
    return oc_sha256((struct oc_slice){(char *)ticket->bytes, ticket->len},
                     manifest->parts[ticket->index].sha256, err);
}

static void read_part(struct oc_ticket *ticket)
{
    struct oc_copy_job *job = ticket->owner;
    struct oc_err err = {0};

    oc_flight_hold(ticket, fill_part(job->work, ticket, &err), &err);
}

/* -- the second step: storing ----------------------------------------------------------------- */

static void store_part(struct oc_ticket *ticket)
{
    struct oc_copy_job *job = ticket->owner;
    struct oc_err cause = {0}, err = {0};
    char part[300];
    bool moved = false;
    unsigned tries = 0;
    int rc;

    do
        rc = oc_flight_store(job, ticket, &moved, &cause);
    while (rc < 0 && oc_flight_retry(job, rc, &tries));
    if (rc < 0) {
        oc_flight_describe(job, ticket->index, part, sizeof(part));
        (void)oc_fail_for(&err, rc, &cause, "%s could not be stored: %s", part,
                          cause.text); /* rc is kept */
    }
    oc_flight_land(ticket, rc, &err, moved, false);
}

/* -- between them: files ---------------------------------------------------------------------- */

/* A file of several parts has each of them to itself. */
static int hash_piece(struct import *import, const struct oc_ticket *ticket, size_t number,
                      struct oc_err *err)
{
    struct oc_manifest_file *file = &import->job->manifest.files[number];
    uint32_t parts = oc_manifest_file_parts(file);
    int rc;

    if (parts < 2)
        return OC_OK;
    rc = oc_sha256_stream_add(import->stream, (struct oc_slice){(char *)ticket->bytes, ticket->len},
                              err);
    if (rc < 0 || ticket->index + 1 < file->first_part + parts)
        return rc;
    return oc_sha256_stream_end(import->stream, file->sha256, err);
}

static int look_for_config(struct import *import, const struct oc_ticket *ticket, size_t number,
                           struct oc_err *err)
{
    struct oc_manifest *manifest = &import->job->manifest;

    for (; !begins_later(manifest, number, ticket->index); number++) {
        const struct oc_manifest_file *file = &manifest->files[number];
        struct oc_slice bytes = {(char *)ticket->bytes + file->offset, file->size};

        if (oc_slice_eq_str(file->path, "config.json") && file->size && file->size <= CONFIG_MAX)
            return oc_manifest_read_config(manifest, bytes, err);
    }
    return OC_OK;
}

/* Wait for the oldest part of the window and pass it on to the second step, unless all has failed.
 */
static int take_oldest(struct import *import, bool failed, struct oc_err *err)
{
    struct oc_copy_job *job = import->job;
    struct oc_ticket *ticket = import->window[import->taken % WINDOW].ticket;
    size_t file = import->window[import->taken % WINDOW].file;
    int rc = oc_flight_take(job, ticket, err);

    import->taken++;
    if (rc == OC_OK && !failed)
        rc = hash_piece(import, ticket, file, err);
    if (rc == OC_OK && !failed)
        rc = look_for_config(import, ticket, file, err);
    if (rc == OC_OK && !failed)
        oc_flight_submit(job, ticket, store_part);
    else
        oc_pool_return(job->engine->pool, ticket);
    return rc;
}

/* -- the run -------------------------------------------------------------------------------- */

/* The file that part `sent` begins with or goes on with. */
static void find_file(struct import *import)
{
    const struct oc_manifest *manifest = &import->job->manifest;

    for (; import->file < manifest->file_count; import->file++) {
        const struct oc_manifest_file *file = &manifest->files[import->file];

        if (file->size && file->first_part + oc_manifest_file_parts(file) > import->sent)
            return;
    }
}

/* Never waits for a buffer while it holds one: see pool.h. */
static int send_part(struct import *import, struct oc_err *err)
{
    struct oc_copy_job *job = import->job;
    struct oc_ticket *ticket = NULL;
    int rc = OC_OK;

    while (!ticket) {
        if (import->sent == import->taken)
            rc = oc_flight_ticket(job, import->sent, &ticket, err);
        else if (import->sent - import->taken < WINDOW)
            rc = oc_pool_try_ticket(job->engine->pool, &job->user, &ticket, err);
        if (rc == OC_OK && !ticket)
            rc = take_oldest(import, false, err);
        if (rc < 0)
            return rc;
    }
    find_file(import);
    ticket->owner = job;
    ticket->index = import->sent;
    import->window[import->sent % WINDOW].ticket = ticket;
    import->window[import->sent % WINDOW].file = import->file;
    import->sent++;
    oc_flight_submit(job, ticket, read_part);
    return OC_OK;
}

static int move_parts(struct import *import, struct oc_err *err)
{
    struct oc_copy_job *job = import->job;
    int rc = OC_OK;

    while (rc == OC_OK && import->sent < job->manifest.part_count) {
        rc = oc_flight_failure(job, err);
        if (rc == OC_OK)
            rc = oc_copy_still_wanted(job, err);
        if (rc == OC_OK)
            rc = send_part(import, err);
    }
    while (import->taken < import->sent) {
        struct oc_err ignored = {0};
        int taken = take_oldest(import, rc < 0, rc < 0 ? &ignored : err);

        rc = rc < 0 ? rc : taken;
    }
    return rc;
}

static int end_empty_file(size_t number, void *ctx, struct oc_err *err)
{
    struct import *import = ctx;
    struct oc_manifest_file *file = &import->job->manifest.files[number];
    unsigned tries = 0;
    int rc;

    if (file->size)
        return OC_OK;
    do
        rc = oc_tree_read(&import->tree, number, 0, NULL, 0, err);
    while (rc < 0 && oc_flight_retry(import->job, rc, &tries));
    return rc < 0 ? rc : oc_sha256(OC_STR(""), file->sha256, err);
}

int oc_copy_import(struct oc_copy_job *job, struct oc_err *err)
{
    OC_AUTO(import_clear) struct import import = {.job = job};
    struct oc_err ignored = {0};
    int rc = plan(&import, err);

    if (rc < 0)
        return rc;
    import.stream = oc_sha256_stream_new(err);
    if (!import.stream)
        return OC_ENOMEM;
    job->work = &import;
    rc = oc_flight_begin(job, err);
    if (rc < 0)
        return rc;
    rc = move_parts(&import, err);
    if (rc == OC_OK)
        rc = oc_together(0, job->manifest.file_count, at_once(&import), end_empty_file, &import,
                         err); /* they lie in no part */
    if (rc < 0) {
        (void)oc_flight_wait(job, &ignored); /* the first failure is the one that is told */
        return rc;
    }
    return oc_flight_wait(job, err);
}
