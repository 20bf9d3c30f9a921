/*
 * Verifying what a client has uploaded: the workers read and decrypt the parts; the job's thread
 * takes them in order and hashes the files.
 */
#include <string.h>

#include "copy/copy_impl.h"

/* Buffers that one verification holds at most, filled or being filled. */
#define WINDOW 8

struct upload {
    struct oc_copy_job *job;
    struct oc_copy_verify verify;
    struct oc_ticket *window[WINDOW]; /* a ring, in the order of the parts */
    uint32_t first, count;
};

/*
 * That they are the bytes which were stored, under the digest that they had then, is proved by
 * their encryption; the digests of the files, into which they all go, are computed from them.
 */
static int get_part(struct oc_copy_job *job, struct oc_ticket *ticket, struct oc_err *err)
{
    struct oc_blob_name name = oc_flight_part_name(job, ticket->index, job->task.key_id);
    int rc = oc_blob_get_unhashed(job->target->region.blobs, &name, ticket->bytes, OC_COPY_ROOM,
                                  &ticket->len, err);

    if (rc < 0)
        return rc;
    if (ticket->len != job->manifest.parts[ticket->index].size)
        return oc_fail(err, OC_EINVAL, "it has %zu bytes, the manifest says %u", ticket->len,
                       job->manifest.parts[ticket->index].size);
    return OC_OK;
}

static void read_part(struct oc_ticket *ticket)
{
    struct oc_copy_job *job = ticket->owner;
    struct oc_err cause = {0}, err = {0};
    char part[300];
    unsigned tries = 0;
    int rc;

    do
        rc = get_part(job, ticket, &cause);
    while (rc < 0 && oc_flight_retry(job, rc, &tries));
    if (rc < 0) {
        oc_flight_describe(job, ticket->index, part, sizeof(part));
        (void)oc_fail_for(&err, rc, &cause, "%s could not be verified: %s", part,
                          cause.text); /* rc is kept */
    }
    oc_flight_land(ticket, rc, &err, true, true);
}

/* Wait for the oldest part of the window, hash it, and let its buffer go. */
static int take_oldest(struct upload *upload, struct oc_err *err)
{
    struct oc_copy_job *job = upload->job;
    struct oc_ticket *ticket = upload->window[upload->first];
    int rc = oc_flight_take(job, ticket, err);

    if (rc == OC_OK)
        rc = oc_copy_verify_part(&upload->verify, ticket->index,
                                 (struct oc_slice){(char *)ticket->bytes, ticket->len}, err);
    upload->first = (upload->first + 1) % WINDOW;
    upload->count--;
    oc_pool_return(job->engine->pool, ticket);
    return rc;
}

/* Never waits for a buffer while it holds one: see pool.h. */
static int send_part(struct upload *upload, uint32_t index, struct oc_err *err)
{
    struct oc_copy_job *job = upload->job;
    struct oc_ticket *ticket = NULL;
    int rc = OC_OK;

    while (!ticket) {
        if (upload->count == 0)
            rc = oc_flight_ticket(job, index, &ticket, err);
        else if (upload->count < WINDOW)
            rc = oc_pool_try_ticket(job->engine->pool, &job->user, &ticket, err);
        if (rc == OC_OK && !ticket)
            rc = take_oldest(upload, err);
        if (rc < 0)
            return rc;
    }
    ticket->owner = job;
    ticket->index = index;
    upload->window[(upload->first + upload->count) % WINDOW] = ticket;
    upload->count++;
    oc_flight_submit(job, ticket, read_part);
    return OC_OK;
}

static int verify_parts(struct upload *upload, struct oc_err *err)
{
    struct oc_copy_job *job = upload->job;
    int rc = OC_OK;

    for (uint32_t i = 0; rc == OC_OK && i < job->manifest.part_count; i++) {
        rc = oc_copy_still_wanted(job, err);
        if (rc == OC_OK)
            rc = send_part(upload, i, err);
    }
    while (upload->count) {
        struct oc_err ignored = {0};
        int taken = take_oldest(upload, rc < 0 ? &ignored : err);

        rc = rc < 0 ? rc : taken;
    }
    return rc < 0 ? rc : oc_copy_verify_end(&upload->verify, err);
}

/* The manifest names the parts; nothing of it may be swept while it is verified. */
static int load_manifest(struct oc_copy_job *job, struct oc_err *err)
{
    struct oc_err cause = {0};
    unsigned tries = 0;
    int rc;

    do
        rc = oc_copy_manifest_load(job->target->region.blobs, job->task.key_id, job->task.manifest,
                                   &job->manifest, &cause);
    while (rc < 0 && oc_flight_retry(job, rc, &tries));
    if (rc < 0)
        return oc_fail_for(err, rc, &cause, "the manifest of the upload could not be read: %s",
                           cause.text);
    rc = oc_flight_begin(job, err);
    for (uint32_t i = 0; rc == OC_OK && i < job->manifest.part_count; i++)
        rc = oc_flight_pin(job, i, err);
    return rc;
}

int oc_copy_upload(struct oc_copy_job *job, struct oc_err *err)
{
    struct upload upload = {.job = job, .verify.manifest = &job->manifest};
    int rc;

    oc_flight_waits_for(job, NULL);
    rc = load_manifest(job, err);
    if (rc < 0)
        return rc;
    rc = verify_parts(&upload, err);
    oc_copy_verify_clear(&upload.verify);
    return rc;
}
