/* Pull: fetch the parts a few at a time, prove the files, move them to their names. */
#include "client/pull_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"

#define FETCHES_MAX 3 /* of one part that arrives damaged */

static void report(struct oc_pull *pull)
{
    if (pull->options->on_progress)
        pull->options->on_progress(&pull->progress, pull->options->ctx);
}

/* -- the manifest ------------------------------------------------------------------------------ */

static int check_paths(const struct oc_pull *pull, struct oc_err *err)
{
    for (size_t i = 0; i < pull->manifest.file_count; i++) {
        struct oc_slice path = pull->manifest.files[i].path;

        if (!oc_manifest_path_is_safe(path) || oc_slice_has_prefix(path, OC_STR(OC_PULL_PARTIAL)))
            return oc_fail(err, OC_EINVAL, "the model has a file '%.*s', which cannot be written",
                           OC_FMT(path));
    }
    return OC_OK;
}

static int fetch_manifest(struct oc_pull *pull, struct oc_err *err)
{
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    int rc;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/models/", pull->options->model_arn);
    oc_buf_put_str(&path, "/manifest");
    if (path.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {.method = "GET",
                                 .path = oc_buf_slice(&path),
                                 .region = pull->options->region,
                                 .max_response = OC_MANIFEST_MAX};
    rc = oc_client_call(pull->client, &request, &response, err);
    if (rc < 0)
        return rc;
    rc = oc_manifest_decode(oc_buf_slice(&response.body), &pull->manifest, err);
    if (rc < 0)
        return rc;
    pull->progress.bytes_total = pull->manifest.size;
    pull->progress.parts_total = pull->manifest.part_count;
    return check_paths(pull, err);
}

static int make_tables(struct oc_pull *pull, struct oc_err *err)
{
    const struct oc_manifest *m = &pull->manifest;

    pull->in_place = oc_alloc((m->file_count + 1) * sizeof(*pull->in_place));
    pull->first_files = oc_alloc((m->part_count + 1) * sizeof(*pull->first_files));
    if (!pull->in_place || !pull->first_files)
        return oc_fail_nomem(err);
    memset(pull->in_place, 0, m->file_count * sizeof(*pull->in_place));
    /* From the end, so that the first file of a part is the one that stays. */
    for (size_t i = m->file_count; i > 0; i--) {
        const struct oc_manifest_file *file = &m->files[i - 1];

        for (uint32_t p = 0; p < oc_manifest_file_parts(file); p++)
            pull->first_files[file->first_part + p] = (uint32_t)(i - 1);
    }
    return OC_OK;
}

static int open_folders(struct oc_pull *pull, struct oc_err *err)
{
    int rc;

    rc = oc_file_mkdirs(pull->options->dest, 0777, err);
    if (rc < 0)
        return rc;
    pull->dest = open(pull->options->dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (pull->dest < 0)
        return oc_fail_errno(err, "cannot open '%s'", pull->options->dest);
    if (mkdirat(pull->dest, OC_PULL_PARTIAL, 0700) < 0) {
        if (errno != EEXIST)
            return oc_pull_fail_write(err, pull, "make a folder");
        pull->resumes = true;
    }
    pull->partial =
        openat(pull->dest, OC_PULL_PARTIAL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (pull->partial < 0)
        return oc_fail_errno(err, "cannot open '%s/%s'", pull->options->dest, OC_PULL_PARTIAL);
    if (flock(pull->partial, LOCK_EX | LOCK_NB) < 0)
        return oc_fail(err, OC_ECONFLICT, "another pull is writing to '%s'", pull->options->dest);
    return OC_OK;
}

/* -- parts ------------------------------------------------------------------------------------- */

typedef int (*piece_fn)(int fd, char *bytes, size_t len, int64_t offset, struct oc_err *err);

/*
 * Call `fn` for each piece of a file in `part` that is still wanted; `bytes` is the part's
 * plaintext. *ret_wanted counts the bytes.
 */
static int each_piece(const struct oc_pull *pull, size_t part, char *bytes, piece_fn fn,
                      uint64_t *ret_wanted, struct oc_err *err)
{
    const struct oc_manifest *m = &pull->manifest;

    *ret_wanted = 0;
    for (size_t i = pull->first_files[part]; i < m->file_count; i++) {
        const struct oc_manifest_file *file = &m->files[i];
        uint64_t skip = (uint64_t)(part - file->first_part) * OC_PART_SIZE; /* in the file */
        OC_AUTO(oc_autoclose) int fd = -1;
        size_t len;
        int rc;

        if (file->size == 0)
            continue;
        if (file->first_part > part)
            break;
        if (pull->in_place[i])
            continue;
        len = file->size - skip < OC_PART_SIZE ? (size_t)(file->size - skip) : OC_PART_SIZE;
        *ret_wanted += len;
        if (!fn)
            continue;
        fd = oc_pull_open_file(pull, i, O_RDWR, err);
        if (fd < 0)
            return fd;
        rc = fn(fd, bytes + file->offset, len, (int64_t)skip, err);
        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int read_piece(int fd, char *bytes, size_t len, int64_t offset, struct oc_err *err)
{
    return oc_file_pread(fd, bytes, len, offset, err);
}

static int write_piece(int fd, char *bytes, size_t len, int64_t offset, struct oc_err *err)
{
    if (lseek(fd, offset, SEEK_SET) < 0)
        return oc_fail_errno(err, "cannot write a part");
    return oc_file_write(fd, bytes, len, err);
}

static int matches(const struct oc_manifest_part *part, struct oc_slice bytes, bool *ret,
                   struct oc_err *err)
{
    uint8_t digest[OC_SHA256_LEN];
    int rc;

    *ret = false;
    if (bytes.len != part->size)
        return OC_OK;
    rc = oc_sha256(bytes, digest, err);
    if (rc == OC_OK)
        *ret = memcmp(digest, part->sha256, sizeof(digest)) == 0;
    return rc;
}

/* Whether the partial files hold this part already. A part that shares its bytes with files that
 * are in place cannot be told, and is fetched. */
static int is_on_disk(struct oc_pull *pull, size_t index, struct oc_buf *buffer, bool *ret,
                      struct oc_err *err)
{
    const struct oc_manifest_part *part = &pull->manifest.parts[index];
    uint64_t wanted;
    char *bytes;
    int rc;

    *ret = false;
    if (!pull->resumes)
        return OC_OK;
    oc_buf_reset(buffer);
    buffer->max = OC_PART_SIZE;
    bytes = oc_buf_extend(buffer, part->size);
    if (!bytes)
        return oc_fail_nomem(err);
    memset(bytes, 0, part->size);
    rc = each_piece(pull, index, bytes, read_piece, &wanted, err);
    return rc < 0 ? rc : matches(part, oc_buf_slice(buffer), ret, err);
}

static int fetch(struct oc_pull *pull, size_t index, struct oc_buf *buffer, struct oc_err *err)
{
    const struct oc_manifest_part *part = &pull->manifest.parts[index];
    struct oc_response response = {.body = *buffer};
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    char hex[OC_SHA256_HEX_LEN + 1] = "";
    bool good = false;
    int rc = OC_OK;

    oc_hex_encode(part->sha256, OC_SHA256_LEN, hex);
    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/models/", pull->options->model_arn);
    oc_path_put_label(&path, "/parts/", oc_slice_of(hex));
    if (path.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {.method = "GET",
                                 .path = oc_buf_slice(&path),
                                 .region = pull->options->region,
                                 .max_response = OC_PART_SIZE,
                                 .max_attempts = OC_REQUEST_PATIENT};
    for (int i = 0; rc == OC_OK && !good && i < FETCHES_MAX; i++) {
        rc = oc_client_call(pull->client, &request, &response, err);
        if (rc == OC_OK)
            rc = matches(part, oc_buf_slice(&response.body), &good, err);
    }
    *buffer = response.body; /* the memory is used again for the next part */
    if (rc < 0 || good)
        return rc;
    return oc_fail(err, OC_ECORRUPT,
                   "part %s arrived damaged %d times; run `outcrop check --deep` on the server",
                   hex, FETCHES_MAX);
}

static int store(struct oc_pull *pull, size_t index, struct oc_buf *buffer, struct oc_err *err)
{
    struct oc_err why = {0};
    uint64_t wanted;
    int rc;

    rc = each_piece(pull, index, buffer->ptr, write_piece, &wanted, &why);
    if (rc == OC_EFULL) {
        errno = ENOSPC;
        return oc_pull_fail_write(err, pull, "write");
    }
    return rc < 0 ? oc_fail(err, rc, "cannot write in '%s': %s", pull->options->dest, why.text)
                  : rc;
}

static void note_part(struct oc_pull *pull, size_t index, bool skipped)
{
    size_t bytes = pull->manifest.parts[index].size;

    (void)pthread_mutex_lock(&pull->lock);
    pull->progress.parts_done++;
    pull->progress.bytes_done += bytes;
    pull->progress.bytes_skipped += skipped ? bytes : 0;
    report(pull);
    (void)pthread_mutex_unlock(&pull->lock);
}

static int pull_part(size_t index, unsigned worker, void *ctx, struct oc_err *err)
{
    struct oc_pull *pull = ctx;
    struct oc_buf *buffer = &pull->buffers[worker];
    uint64_t wanted;
    bool skip;
    int rc;

    rc = each_piece(pull, index, NULL, NULL, &wanted, err);
    if (rc < 0)
        return rc;
    skip = wanted == 0;
    if (!skip)
        rc = is_on_disk(pull, index, buffer, &skip, err);
    if (rc == OC_OK && !skip)
        rc = fetch(pull, index, buffer, err);
    if (rc == OC_OK && !skip)
        rc = store(pull, index, buffer, err);
    if (rc == OC_OK)
        note_part(pull, index, skip);
    return rc;
}

/* -- all --------------------------------------------------------------------------------------- */

static unsigned thread_count(const struct oc_pull *pull)
{
    unsigned threads = pull->options->threads;

    if (threads == 0)
        return OC_TRANSFER_THREADS_DEFAULT;
    return threads < OC_TRANSFER_THREADS_MAX ? threads : OC_TRANSFER_THREADS_MAX;
}

static int move_bytes(struct oc_pull *pull, struct oc_err *err)
{
    unsigned threads = thread_count(pull);
    size_t files = pull->manifest.file_count;
    int rc;

    report(pull);
    rc = oc_transfer_each(files, threads, oc_pull_look_at_file, pull, err);
    if (rc == OC_OK)
        rc = oc_transfer_each(files, threads, oc_pull_size_file, pull, err);
    pull->progress.phase = OC_TRANSFER_MOVE;
    if (rc == OC_OK)
        rc = oc_transfer_each(pull->manifest.part_count, threads, pull_part, pull, err);
    if (rc < 0)
        return rc;
    pull->progress.phase = OC_TRANSFER_VERIFY;
    report(pull);
    rc = oc_transfer_each(files, threads, oc_pull_seal_file, pull, err);
    if (rc == OC_OK)
        rc = oc_pull_place_files(pull, err);
    if (rc < 0)
        return rc;
    oc_pull_remove_partial(pull);
    /* One call makes all new names durable, whatever folders they are in. */
    return syncfs(pull->dest) == 0 ? OC_OK : oc_pull_fail_write(err, pull, "finish the folder");
}

static int run(struct oc_pull *pull, struct oc_err *err)
{
    unsigned threads = thread_count(pull);
    int rc;

    rc = fetch_manifest(pull, err);
    if (rc < 0)
        return rc;
    rc = make_tables(pull, err);
    if (rc < 0)
        return rc;
    pull->buffers = oc_alloc(threads * sizeof(*pull->buffers));
    if (!pull->buffers)
        return oc_fail_nomem(err);
    for (unsigned i = 0; i < threads; i++)
        oc_buf_init(&pull->buffers[i], OC_PART_SIZE);
    rc = open_folders(pull, err);
    if (rc == OC_OK)
        rc = move_bytes(pull, err);
    for (unsigned i = 0; i < threads; i++)
        oc_buf_clear(&pull->buffers[i]);
    if (rc < 0)
        return rc;
    pull->progress.phase = OC_TRANSFER_DONE;
    report(pull);
    return OC_OK;
}

int oc_client_pull(struct oc_client *client, const struct oc_pull_options *options,
                   struct oc_pull_result *ret, struct oc_err *err)
{
    struct oc_pull pull = {.client = client, .options = options, .dest = -1, .partial = -1};
    int rc;

    if (pthread_mutex_init(&pull.lock, NULL) != 0)
        return oc_fail_nomem(err);
    oc_manifest_init(&pull.manifest);
    rc = run(&pull, err);
    if (rc == OC_OK)
        *ret = (struct oc_pull_result){pull.progress.bytes_total, pull.progress.bytes_skipped,
                                       pull.manifest.file_count};
    free(pull.in_place);
    free(pull.first_files);
    free(pull.buffers);
    oc_autoclose(&pull.partial);
    oc_autoclose(&pull.dest);
    oc_manifest_clear(&pull.manifest);
    (void)pthread_mutex_destroy(&pull.lock);
    return rc;
}
