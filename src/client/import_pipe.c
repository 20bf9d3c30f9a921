/*
 * Import: the bytes. One thread reads the files in order and makes the digests of whole files;
 * others take full parts from it, make their digests and send them. Slots go round: empty, being
 * filled, filled, being sent, empty.
 */
#include "client/import_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"

#define SLOTS_MAX (OC_TRANSFER_THREADS_MAX + 2)

/* -- reading ----------------------------------------------------------------------------------- */

/* Where the reader is. */
struct reader {
    struct oc_import *im;
    struct oc_sha256_stream *digest; /* of the file at hand */
    size_t file;
    uint64_t offset; /* in the file */
    int fd;          /* of the file, or -1 */
};

static int fail_changed(const struct reader *r, struct oc_err *err)
{
    return oc_fail(err, OC_ECONFLICT,
                   "'%s/%s' changed while it was read; import again when nothing writes to it",
                   r->im->options->dir, r->im->listing.files[r->file].path.ptr);
}

static int check_same(const struct reader *r, struct oc_err *err)
{
    struct stat st;

    if (fstat(r->fd, &st) < 0)
        return oc_fail_errno(err, "cannot read '%s'", r->im->listing.files[r->file].path.ptr);
    return oc_listing_is_same(&r->im->listing.files[r->file], &st) ? OC_OK : fail_changed(r, err);
}

static int open_file(struct reader *r, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf name = {0};
    const char *path;
    int rc;

    rc = oc_import_path(r->im, r->im->listing.files[r->file].path, &name, &path, err);
    if (rc < 0)
        return rc;
    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (r->fd < 0)
        return oc_fail_errno(err, "cannot open '%s'", path);
    r->offset = 0;
    (void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice only */
    return check_same(r, err);
}

static int close_file(struct reader *r, struct oc_err *err)
{
    int rc;

    rc = check_same(r, err);
    if (rc < 0)
        return rc;
    oc_autoclose(&r->fd);
    rc = oc_sha256_stream_end(r->digest, r->im->manifest.files[r->file].sha256, err);
    r->file++;
    return rc;
}

/* Read up to `room` bytes of the file at hand; closes it at its end. */
static int read_some(struct reader *r, char *to, size_t room, size_t *ret_len, struct oc_err *err)
{
    uint64_t left;
    size_t len;
    int rc = OC_OK;

    if (r->fd < 0)
        rc = open_file(r, err);
    if (rc < 0)
        return rc;
    left = r->im->listing.files[r->file].size - r->offset;
    len = left < room ? (size_t)left : room;
    if (len > 0) {
        ssize_t got = read(r->fd, to, len);

        if (got < 0)
            return oc_fail_errno(err, "cannot read '%s'", r->im->listing.files[r->file].path.ptr);
        if (got == 0)
            return fail_changed(r, err);
        len = (size_t)got;
        rc = oc_sha256_stream_add(r->digest, (struct oc_slice){to, len}, err);
        if (rc < 0)
            return rc;
        r->offset += len;
    }
    *ret_len = len;
    return len == left ? close_file(r, err) : OC_OK;
}

static int fill_part(struct reader *r, size_t part, struct oc_import_slot *slot, struct oc_err *err)
{
    slot->part = part;
    slot->len = 0;
    while (slot->len < r->im->manifest.parts[part].size) {
        size_t got = 0;
        int rc;

        rc = read_some(r, slot->bytes + slot->len, r->im->manifest.parts[part].size - slot->len,
                       &got, err);
        if (rc < 0)
            return rc;
        slot->len += got;
    }
    return OC_OK;
}

/* @return NULL when a sender has failed. */
static struct oc_import_slot *take_empty(struct oc_import *im)
{
    struct oc_import_slot *slot;

    (void)pthread_mutex_lock(&im->lock);
    while (!im->empty && im->rc == OC_OK)
        (void)pthread_cond_wait(&im->changed, &im->lock);
    slot = im->rc == OC_OK ? im->empty : NULL;
    if (slot)
        im->empty = slot->next;
    (void)pthread_mutex_unlock(&im->lock);
    return slot;
}

static void put_slot(struct oc_import *im, struct oc_import_slot **list,
                     struct oc_import_slot *slot)
{
    (void)pthread_mutex_lock(&im->lock);
    slot->next = *list;
    *list = slot;
    (void)pthread_cond_broadcast(&im->changed);
    (void)pthread_mutex_unlock(&im->lock);
}

static int read_all(struct reader *r, struct oc_err *err)
{
    struct oc_import *im = r->im;

    for (size_t part = 0; part < im->manifest.part_count; part++) {
        struct oc_import_slot *slot = take_empty(im);
        int rc;

        if (!slot)
            return OC_OK; /* the sender's failure is the one to report */
        rc = fill_part(r, part, slot, err);
        put_slot(im, rc == OC_OK ? &im->filled : &im->empty, slot);
        if (rc < 0)
            return rc;
    }
    /* Empty files at the end belong to no part. */
    while (r->file < im->listing.count) {
        size_t got = 0;
        int rc = read_some(r, NULL, 0, &got, err);

        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

/* -- sending ----------------------------------------------------------------------------------- */

static int send_part(struct oc_import *im, struct oc_import_slot *slot, bool *ret_skipped,
                     struct oc_err *err)
{
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    struct oc_manifest_part *part = &im->manifest.parts[slot->part];
    struct oc_slice body = {slot->bytes, slot->len};
    char hex[OC_SHA256_HEX_LEN + 1] = "";
    int rc;

    rc = oc_sha256(body, part->sha256, err);
    if (rc < 0)
        return rc;
    *ret_skipped = im->held_count > 0 && bsearch(part->sha256, im->held, im->held_count,
                                                 sizeof(*im->held), oc_import_compare);
    if (*ret_skipped)
        return OC_OK;
    oc_hex_encode(part->sha256, OC_SHA256_LEN, hex);
    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/uploads/", oc_buf_slice(&im->upload_id));
    oc_path_put_label(&path, "/parts/", oc_slice_of(hex));
    if (path.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {.method = "PUT",
                                 .path = oc_buf_slice(&path),
                                 .body = body,
                                 .content_type = "application/octet-stream",
                                 .max_attempts = OC_REQUEST_PATIENT,
                                 .body_sha256 = hex};
    return oc_client_call(im->client, &request, &response, err);
}

static void set_failure(struct oc_import *im, int rc, const struct oc_err *err)
{
    (void)pthread_mutex_lock(&im->lock);
    if (im->rc == OC_OK) {
        im->rc = rc;
        *im->err = *err;
    }
    (void)pthread_cond_broadcast(&im->changed);
    (void)pthread_mutex_unlock(&im->lock);
}

/* @return NULL when there is nothing more to do. */
static struct oc_import_slot *take_filled(struct oc_import *im)
{
    struct oc_import_slot *slot;

    (void)pthread_mutex_lock(&im->lock);
    while (!im->filled && !im->end && im->rc == OC_OK)
        (void)pthread_cond_wait(&im->changed, &im->lock);
    slot = im->rc == OC_OK ? im->filled : NULL;
    if (slot)
        im->filled = slot->next;
    (void)pthread_mutex_unlock(&im->lock);
    return slot;
}

static void note_sent(struct oc_import *im, size_t bytes, bool skipped)
{
    (void)pthread_mutex_lock(&im->lock);
    im->progress.parts_done++;
    im->progress.bytes_done += bytes;
    im->progress.bytes_skipped += skipped ? bytes : 0;
    oc_import_report(im);
    (void)pthread_mutex_unlock(&im->lock);
}

static void *send_loop(void *ctx)
{
    struct oc_import *im = ctx;
    struct oc_import_slot *slot;

    while ((slot = take_filled(im))) {
        struct oc_err err = {0};
        bool skipped = false;
        int rc = send_part(im, slot, &skipped, &err);

        if (rc < 0)
            set_failure(im, rc, &err);
        else
            note_sent(im, slot->len, skipped);
        put_slot(im, &im->empty, slot);
    }
    return NULL;
}

/* -- both together ----------------------------------------------------------------------------- */

static void end_reading(struct oc_import *im)
{
    (void)pthread_mutex_lock(&im->lock);
    im->end = true;
    (void)pthread_cond_broadcast(&im->changed);
    (void)pthread_mutex_unlock(&im->lock);
}

static int run_pipeline(struct oc_import *im, unsigned threads, struct oc_err *err)
{
    struct reader reader = {.im = im, .fd = -1};
    pthread_t senders[OC_TRANSFER_THREADS_MAX];
    unsigned started = 0;
    int rc = OC_OK;

    reader.digest = oc_sha256_stream_new(err);
    if (!reader.digest)
        return OC_ENOMEM;
    while (started < threads && pthread_create(&senders[started], NULL, send_loop, im) == 0)
        started++; /* fewer threads do as well */
    if (started == 0)
        rc = oc_fail_nomem(err);
    if (rc == OC_OK) {
        struct oc_err why = {0};

        rc = read_all(&reader, &why);
        if (rc < 0)
            set_failure(im, rc, &why);
    }
    end_reading(im);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(senders[i], NULL);
    oc_autoclose(&reader.fd);
    oc_sha256_stream_free(reader.digest);
    return im->rc < 0 ? im->rc : rc;
}

int oc_import_send(struct oc_import *im, struct oc_err *err)
{
    struct oc_import_slot slots[SLOTS_MAX] = {0};
    unsigned threads = im->options->threads ? im->options->threads : OC_TRANSFER_THREADS_DEFAULT;
    size_t count;
    int rc = OC_OK;

    if (threads > OC_TRANSFER_THREADS_MAX)
        threads = OC_TRANSFER_THREADS_MAX;
    count = threads + 2;
    if (count > im->manifest.part_count)
        count = im->manifest.part_count + 1; /* a small model needs little memory */
    for (size_t i = 0; i < count && rc == OC_OK; i++) {
        slots[i].bytes = oc_alloc(OC_PART_SIZE);
        rc = slots[i].bytes ? OC_OK : oc_fail_nomem(err);
        put_slot(im, &im->empty, &slots[i]);
    }
    im->err = err;
    im->progress.phase = OC_TRANSFER_MOVE;
    if (rc == OC_OK)
        rc = run_pipeline(im, threads, err);
    for (size_t i = 0; i < count; i++)
        free(slots[i].bytes);
    return rc;
}
