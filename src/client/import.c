/* Import: the manifest, the upload, the wait for the model. The bytes are import_pipe.c's. */
#include "client/import_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"

#define CONFIG_JSON_MAX (1024 * 1024)
#define POLL_FIRST_MS   100 /* between two looks at a model that is being verified; grows */
#define POLL_MAX_MS     2000

void oc_import_report(const struct oc_import *im)
{
    if (im->options->on_progress)
        im->options->on_progress(&im->progress, im->options->ctx);
}

int oc_import_path(const struct oc_import *im, struct oc_slice path, struct oc_buf *buf,
                   const char **ret, struct oc_err *err)
{
    oc_buf_init(buf, 64 * 1024);
    oc_buf_printf(buf, "%s/%.*s", im->options->dir, OC_FMT(path));
    *ret = oc_buf_cstr(buf);
    return *ret ? OC_OK : oc_fail_nomem(err);
}

int oc_import_compare(const void *a, const void *b)
{
    return memcmp(a, b, OC_SHA256_LEN);
}

/* -- the manifest ------------------------------------------------------------------------------ */

static int read_config(struct oc_import *im, struct oc_slice path, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf name = {0};
    OC_AUTO(oc_buf_clear) struct oc_buf content = {0};
    const char *file;
    int rc;

    rc = oc_import_path(im, path, &name, &file, err);
    if (rc < 0)
        return rc;
    rc = oc_file_read(file, CONFIG_JSON_MAX, &content, err);
    if (rc < 0)
        return rc;
    return oc_manifest_read_config(&im->manifest, oc_buf_slice(&content), err);
}

static int lay_out(struct oc_import *im, struct oc_err *err)
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

/* -- the upload -------------------------------------------------------------------------------- */

/* A token that is the same for the same files and request: hexadecimal digest of all that matters.
 */
static int make_token(const struct oc_import *im, char ret[OC_SHA256_HEX_LEN], struct oc_err *err)
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

static int create_upload(struct oc_import *im, struct oc_slice token, struct oc_err *err)
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
    struct oc_import *im = ctx;
    struct oc_import_digest digest;

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

static int list_held(struct oc_import *im, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    int rc;

    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/-/uploads/", oc_buf_slice(&im->upload_id));
    oc_buf_put_str(&path, "/parts");
    if (path.failed)
        return oc_fail_nomem(err);
    struct oc_walk walk = {oc_buf_slice(&path), OC_STR("maxResults=1000"), "parts", note_held, im};
    rc = oc_client_walk(im->client, &walk, err);
    if (rc == OC_OK && im->held_count > 0)
        qsort(im->held, im->held_count, sizeof(*im->held), oc_import_compare);
    return rc;
}

/* Begin the upload, or find the one that an earlier call began. */
static int open_upload(struct oc_import *im, struct oc_err *err)
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

/* -- the end ----------------------------------------------------------------------------------- */

static int complete(struct oc_import *im, struct oc_buf *ret_arn, struct oc_err *err)
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
    struct oc_request request = {.method = "POST",
                                 .path = oc_buf_slice(&path),
                                 .body = oc_buf_slice(&body),
                                 .max_attempts = OC_REQUEST_PATIENT};
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
static int look(struct oc_import *im, struct oc_slice path, struct oc_err *err)
{
    OC_AUTO(oc_json_freep) struct oc_json *model = NULL;
    struct oc_request request = {.method = "GET", .path = path, .max_attempts = OC_REQUEST_PATIENT};
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

static int wait_active(struct oc_import *im, struct oc_slice arn, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf path = {0};
    long pause_ms = POLL_FIRST_MS;
    int rc;

    im->progress.phase = OC_TRANSFER_VERIFY;
    oc_import_report(im);
    oc_buf_init(&path, OC_HTTP_TARGET_MAX);
    oc_path_put_label(&path, "/custom-models/", arn);
    if (path.failed)
        return oc_fail_nomem(err);
    while ((rc = look(im, oc_buf_slice(&path), err)) == OC_PENDING) {
        struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

        (void)nanosleep(&pause, NULL); /* a signal shortens the pause, which does no harm */
        pause_ms = pause_ms * 2 < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
        oc_import_report(im);
    }
    return rc;
}

static int run(struct oc_import *im, struct oc_buf *ret_arn, struct oc_err *err)
{
    int rc;

    rc = lay_out(im, err);
    if (rc < 0)
        return rc;
    oc_import_report(im);
    rc = open_upload(im, err);
    if (rc < 0)
        return rc;
    rc = oc_import_send(im, err);
    if (rc < 0)
        return rc;
    rc = complete(im, ret_arn, err);
    if (rc < 0)
        return rc;
    rc = wait_active(im, oc_buf_slice(ret_arn), err);
    if (rc < 0)
        return rc;
    im->progress.phase = OC_TRANSFER_DONE;
    oc_import_report(im);
    return OC_OK;
}

int oc_client_import(struct oc_client *client, const struct oc_import_options *options,
                     struct oc_import_result *ret, struct oc_err *err)
{
    struct oc_import im = {.client = client, .options = options};
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
