/* Import: one thread reads, some digest and send. */
#include "client/import.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/listing.h"
#include "model/manifest.h"

#define CONFIG_JSON_MAX (1024 * 1024)
#define POLL_FIRST_MS   100 /* between two looks at a model that is being verified; grows */
#define POLL_MAX_MS     2000
#define SLOTS_MAX       (OC_TRANSFER_THREADS_MAX + 2)

struct digest {
    uint8_t bytes[OC_SHA256_LEN];
};

/* A part in memory. */
struct slot {
    char *bytes;
    size_t len;
    size_t part;
    struct slot *next;
};

struct import {
    struct oc_client *client;
    const struct oc_import_options *options;
    struct oc_listing listing;
    struct oc_manifest manifest;
    struct oc_buf upload_id;
    struct digest *held; /* parts that the server has, sorted */
    size_t held_count, held_cap;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct slot *empty, *filled; /* `filled` in no order that matters */
    bool end;                    /* the reader puts in no more */
    int rc;                      /* first failure, OC_OK while there is none */
    struct oc_err *err;
    struct oc_transfer_progress progress;
};

static void report(struct import *im)
{
    if (im->options->on_progress)
        im->options->on_progress(&im->progress, im->options->ctx);
}

/* -- the manifest
 * ---------------------------------------------------------------------------------- */

static int full_path(const struct import *im, struct oc_slice path, struct oc_buf *buf,
                     const char **ret, struct oc_err *err)
{
    oc_buf_init(buf, 64 * 1024);
    oc_buf_printf(buf, "%s/%.*s", im->options->dir, OC_FMT(path));
    *ret = oc_buf_cstr(buf);
    return *ret ? OC_OK : oc_fail_nomem(err);
}

static int read_config(struct import *im, struct oc_slice path, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf name = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf content = {0};
    const char *file;
    int rc;

    rc = full_path(im, path, &name, &file, err);
    if (rc < 0)
        return rc;
    rc = oc_file_read(file, CONFIG_JSON_MAX, &content, err);
    if (rc < 0)
        return rc;
    return oc_manifest_read_config(&im->manifest, oc_buf_slice(&content), err);
}

static int lay_out(struct import *im, struct oc_err *err)
{
    int rc;

    rc = oc_listing_read(im->options->dir, &im->listing, err);
    for (size_t i = 0; rc == OC_OK && i < im->listing.count; i++) {
        const struct oc_listed_file *file = &im->listing.files[i];

        rc = oc_manifest_add(&im->manifest, file->path, file->size, file->executable, err);
        if (rc == OC_OK && oc_slice_eq_str(file->path, "config.json") &&
            file->size <= CONFIG_JSON_MAX)
            rc = read_config(im, file->path, err);
    }
    if (rc < 0)
        return rc;
    im->progress.bytes_total = im->manifest.size;
    im->progress.parts_total = im->manifest.part_count;
    return OC_OK;
}

/* -- the upload
 * ------------------------------------------------------------------------------------- */

/* A token that is the same for the same files and request: hexadecimal digest of all that matters.
 */
static int make_token(const struct import *im, char ret[OC_SHA256_HEX_LEN], struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf text = {0};
    uint8_t digest[OC_SHA256_LEN];
    int rc;

    oc_buf_init(&text, OC_RESPONSE_MAX);
    oc_buf_put_slice(&text, im->options->name);
    oc_buf_printf(&text, "\n%.*s\n", OC_FMT(im->options->kms_key));
    for (size_t i = 0; i < im->options->tags.count; i++)
        oc_buf_printf(&text, "%.*s\n%.*s\n", OC_FMT(im->options->tags.items[i].key),
                      OC_FMT(im->options->tags.items[i].value));
    for (size_t i = 0; i < im->listing.count; i++) {
        const struct oc_listed_file *file = &im->listing.files[i];

        oc_buf_printf(&text, "%.*s\n%llu %lld.%09ld\n", OC_FMT(file->path),
                      (unsigned long long)file->size, (long long)file->changed.tv_sec,
                      file->changed.tv_nsec);
    }
    if (text.failed)
        return oc_fail_nomem(err);
    rc = oc_sha256(oc_buf_slice(&text), digest, err);
    if (rc < 0)
        return rc;
    oc_hex_encode(digest, sizeof(digest), ret);
    return OC_OK;
}

static void put_upload_body(struct oc_buf *buf, const struct oc_import_options *o,
                            struct oc_slice token)
{
    struct oc_jw w;

    oc_jw_init(&w, buf);
    oc_jw_object(&w);
    oc_jw_member(&w, "modelName", o->name);
    oc_jw_member(&w, "modelKmsKeyId", o->kms_key);
    if (o->tags.count > 0) {
        oc_jw_key(&w, "modelTags");
        oc_jw_array(&w);
        for (size_t i = 0; i < o->tags.count; i++) {
            oc_jw_object(&w);
            oc_jw_member(&w, "key", o->tags.items[i].key);
            oc_jw_member(&w, "value", o->tags.items[i].value);
            oc_jw_object_end(&w);
        }
        oc_jw_array_end(&w);
    }
    oc_jw_member(&w, "clientRequestToken", token);
    oc_jw_object_end(&w);
}

static int create_upload(struct import *im, struct oc_slice token, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct oc_slice id;
    int rc;

    oc_buf_init(&body, OC_HTTP_BODY_MAX);
    put_upload_body(&body, im->options, token);
    if (body.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {
        .method = "POST", .path = OC_STR("/-/uploads"), .body = oc_buf_slice(&body)};
    rc = oc_client_call_json(im->client, &request, &answer, err);
    if (rc < 0)
        return rc;
    id = oc_json_string(oc_json_get(answer, "uploadId"));
    if (!id.len || oc_json_int64(oc_json_get(answer, "partSizeBytes"), 0) != (int64_t)OC_PART_SIZE)
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                          "the server cuts models into parts of another size; use the same version "
                          "of outcrop on both sides");
    oc_buf_reset(&im->upload_id);
    oc_buf_put_slice(&im->upload_id, id);
    return im->upload_id.failed ? oc_fail_nomem(err) : OC_OK;
}

static int note_held(const struct oc_json *item, void *ctx, struct oc_err *err)
{
    struct import *im = ctx;
    struct digest digest;

    if (!oc_hex_decode(oc_json_string(oc_json_get(item, "sha256")), digest.bytes, OC_SHA256_LEN))
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                          "the server lists a part without a digest");
    if (im->held_count == im->held_cap) {
        size_t longer = im->held_cap ? im->held_cap * 2 : 256;
        void *held = oc_realloc(im->held, longer * sizeof(digest));

        if (!held)
            return oc_fail_nomem(err);
        im->held = held;
        im->held_cap = longer;
    }
    im->held[im->held_count++] = digest;
    return OC_OK;
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, OC_SHA256_LEN);
}

static int list_held(struct import *im, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    int rc;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/uploads/", oc_buf_slice(&im->upload_id));
    oc_buf_put_str(&path, "/parts");
    if (path.failed)
        return oc_fail_nomem(err);
    rc = oc_client_walk(im->client, oc_buf_slice(&path), OC_STR("maxResults=1000"), "parts",
                        note_held, im, err);
    if (rc == OC_OK && im->held_count > 0)
        qsort(im->held, im->held_count, sizeof(*im->held), compare_digests);
    return rc;
}

/* Begin the upload, or find the one that an earlier call began. */
static int open_upload(struct import *im, struct oc_err *err)
{
    char token[OC_SHA256_HEX_LEN];
    char fresh[36];
    struct oc_err why = {0};
    int rc;

    rc = make_token(im, token, err);
    if (rc < 0)
        return rc;
    rc = create_upload(im, (struct oc_slice){token, sizeof(token)}, err);
    if (rc < 0)
        return rc;
    rc = list_held(im, &why);
    if (rc != OC_ENOTFOUND) {
        if (rc < 0)
            *err = why;
        return rc;
    }
    /* That upload has ended: the same files are imported once more. */
    rc = oc_random_uuid(fresh, err);
    if (rc < 0)
        return rc;
    return create_upload(im, (struct oc_slice){fresh, sizeof(fresh)}, err);
}

/* -- reading
 * ----------------------------------------------------------------------------------------- */

/* Where the reader is. */
struct reader {
    struct import *im;
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

    rc = full_path(r->im, r->im->listing.files[r->file].path, &name, &path, err);
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

static int fill_part(struct reader *r, size_t part, struct slot *slot, struct oc_err *err)
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
static struct slot *take_empty(struct import *im)
{
    struct slot *slot;

    (void)pthread_mutex_lock(&im->lock);
    while (!im->empty && im->rc == OC_OK)
        (void)pthread_cond_wait(&im->changed, &im->lock);
    slot = im->rc == OC_OK ? im->empty : NULL;
    if (slot)
        im->empty = slot->next;
    (void)pthread_mutex_unlock(&im->lock);
    return slot;
}

static void put_slot(struct import *im, struct slot **list, struct slot *slot)
{
    (void)pthread_mutex_lock(&im->lock);
    slot->next = *list;
    *list = slot;
    (void)pthread_cond_broadcast(&im->changed);
    (void)pthread_mutex_unlock(&im->lock);
}

static int read_all(struct reader *r, struct oc_err *err)
{
    struct import *im = r->im;

    for (size_t part = 0; part < im->manifest.part_count; part++) {
        struct slot *slot = take_empty(im);
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

/* -- sending
 * ------------------------------------------------------------------------------------------ */

static int send_part(struct import *im, struct slot *slot, bool *ret_skipped, struct oc_err *err)
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
                                                 sizeof(*im->held), compare_digests);
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
                                 .body_sha256 = hex};
    return oc_client_call(im->client, &request, &response, err);
}

static void set_failure(struct import *im, int rc, const struct oc_err *err)
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
static struct slot *take_filled(struct import *im)
{
    struct slot *slot;

    (void)pthread_mutex_lock(&im->lock);
    while (!im->filled && !im->end && im->rc == OC_OK)
        (void)pthread_cond_wait(&im->changed, &im->lock);
    slot = im->rc == OC_OK ? im->filled : NULL;
    if (slot)
        im->filled = slot->next;
    (void)pthread_mutex_unlock(&im->lock);
    return slot;
}

static void note_sent(struct import *im, size_t bytes, bool skipped)
{
    (void)pthread_mutex_lock(&im->lock);
    im->progress.parts_done++;
    im->progress.bytes_done += bytes;
    im->progress.bytes_skipped += skipped ? bytes : 0;
    report(im);
    (void)pthread_mutex_unlock(&im->lock);
}

static void *send_loop(void *ctx)
{
    struct import *im = ctx;
    struct slot *slot;

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

/* -- both together
 * -------------------------------------------------------------------------------------- */

static void end_reading(struct import *im)
{
    (void)pthread_mutex_lock(&im->lock);
    im->end = true;
    (void)pthread_cond_broadcast(&im->changed);
    (void)pthread_mutex_unlock(&im->lock);
}

static int run_pipeline(struct import *im, unsigned threads, struct oc_err *err)
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

static int send_parts(struct import *im, struct oc_err *err)
{
    struct slot slots[SLOTS_MAX] = {0};
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

/* -- the end
 * -----------------------------------------------------------------------------------------------
 */

static int complete(struct import *im, struct oc_buf *ret_arn, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *answer = NULL;
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf body = {0};
    struct oc_slice arn;
    int rc;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/uploads/", oc_buf_slice(&im->upload_id));
    oc_buf_put_str(&path, "/complete");
    oc_buf_init(&body, OC_MANIFEST_MAX);
    oc_manifest_encode(&body, &im->manifest);
    if (path.failed || body.failed)
        return oc_fail_nomem(err);
    struct oc_request request = {
        .method = "POST", .path = oc_buf_slice(&path), .body = oc_buf_slice(&body)};
    rc = oc_client_call_json(im->client, &request, &answer, err);
    if (rc < 0)
        return rc;
    arn = oc_json_string(oc_json_get(answer, "modelArn"));
    if (!arn.len)
        return oc_fail_as(err, OC_ECORRUPT, "ResponseParserError",
                          "the server does not say which model it made");
    oc_buf_put_slice(ret_arn, arn);
    return ret_arn->failed ? oc_fail_nomem(err) : OC_OK;
}

/* One look at the model. @return OC_PENDING while it is Creating. */
static int look(struct import *im, struct oc_slice path, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    struct oc_request request = {.method = "GET", .path = path};
    struct oc_slice status, reason;
    int rc;

    rc = oc_client_call_json(im->client, &request, &model, err);
    if (rc < 0)
        return rc;
    status = oc_json_string(oc_json_get(model, "modelStatus"));
    if (oc_slice_eq_str(status, "Creating"))
        return OC_PENDING;
    if (!oc_slice_eq_str(status, "Failed"))
        return OC_OK;
    reason = oc_json_string(oc_json_get(model, "failureMessage"));
    return oc_fail(err, OC_EIO, "the model ended Failed: %.*s",
                   OC_FMT(reason.len ? reason : OC_STR("the server gives no reason")));
}

static int wait_active(struct import *im, struct oc_slice arn, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    long pause_ms = POLL_FIRST_MS;
    int rc;

    im->progress.phase = OC_TRANSFER_VERIFY;
    report(im);
    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/custom-models/", arn);
    if (path.failed)
        return oc_fail_nomem(err);
    while ((rc = look(im, oc_buf_slice(&path), err)) == OC_PENDING) {
        struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

        (void)nanosleep(&pause, NULL); /* a signal shortens the pause, which does no harm */
        pause_ms = pause_ms * 2 < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
        report(im);
    }
    return rc;
}

static int run(struct import *im, struct oc_buf *ret_arn, struct oc_err *err)
{
    int rc;

    rc = lay_out(im, err);
    if (rc < 0)
        return rc;
    report(im);
    rc = open_upload(im, err);
    if (rc < 0)
        return rc;
    rc = send_parts(im, err);
    if (rc < 0)
        return rc;
    rc = complete(im, ret_arn, err);
    if (rc < 0)
        return rc;
    rc = wait_active(im, oc_buf_slice(ret_arn), err);
    if (rc < 0)
        return rc;
    im->progress.phase = OC_TRANSFER_DONE;
    report(im);
    return OC_OK;
}

int oc_client_import(struct oc_client *client, const struct oc_import_options *options,
                     struct oc_import_result *ret, struct oc_err *err)
{
    struct import im = {.client = client, .options = options};
    struct oc_buf arn;
    int rc;

    if (pthread_mutex_init(&im.lock, NULL) != 0)
        return oc_fail_nomem(err);
    if (pthread_cond_init(&im.changed, NULL) != 0) {
        (void)pthread_mutex_destroy(&im.lock);
        return oc_fail_nomem(err);
    }
    oc_manifest_init(&im.manifest);
    oc_buf_init(&im.upload_id, 256);
    oc_buf_init(&arn, OC_ARN_MAX);
    rc = run(&im, &arn, err);
    if (rc == OC_OK)
        *ret = (struct oc_import_result){arn, im.progress.bytes_total, im.progress.bytes_skipped,
                                         im.listing.count};
    else
        oc_buf_clear(&arn);
    oc_buf_clear(&im.upload_id);
    oc_manifest_clear(&im.manifest);
    oc_listing_clear(&im.listing);
    free(im.held);
    (void)pthread_cond_destroy(&im.changed);
    (void)pthread_mutex_destroy(&im.lock);
    return rc;
}
