/*
 * Copying a model from its source into a content store: for each part that the target does not
 * hold, take it from the source, verified, and encrypt and store it here.
 */
#include <stdio.h>

#include "copy/copy_impl.h"

static int look_at_target(struct oc_copy_job *job, struct oc_copy_move *move)
{
    struct oc_blob_name name = oc_flight_part_name(job, move->ticket->index, job->task.key_id);

    move->err = (struct oc_err){0};
    return oc_blob_has(job->target->region.blobs, &name, &move->there, &move->err);
}

/* Store what was read. */
static int put_part(struct oc_copy_job *job, struct oc_copy_move *move)
{
    struct oc_ticket *ticket = move->ticket;

    if (ticket->len != job->manifest.parts[ticket->index].size)
        return oc_fail(&move->err, OC_ECORRUPT, "it has %zu bytes, the manifest says %u",
                       ticket->len, job->manifest.parts[ticket->index].size);
    return oc_flight_put(job, ticket, &move->err);
}

/* One try for one part or two. After a failure a part begins anew: its plaintext is gone. */
static void move_parts(struct oc_copy_job *job, struct oc_copy_move *moves, size_t count)
{
    struct oc_copy_move *wanted[2];
    size_t reads = 0;

    for (size_t i = 0; i < count; i++) {
        moves[i].rc = look_at_target(job, &moves[i]);
        moves[i].ticket->sealed_len = 0;
        if (moves[i].rc == OC_OK && !moves[i].there) {
            oc_copy_pace_charge(job->engine, job->manifest.parts[moves[i].ticket->index].size);
            wanted[reads++] = &moves[i];
        }
    }
    if (reads)
        job->source->read_parts(job, wanted, reads);
    for (size_t i = 0; i < reads; i++)
        if (wanted[i]->rc == OC_OK)
            wanted[i]->rc = put_part(job, wanted[i]);
}

/* Why something of the copy failed. What concerns the whole source needs no more words; a source
 * that is away and yet has a name for its failure answered that it failed at this. */
static int fail_at(const char *what, int rc, const struct oc_err *cause, struct oc_err *err)
{
    if ((rc == OC_EBUSY && !cause->name) || rc == OC_ECONFLICT || rc == OC_ECANCELED) {
        *err = *cause;
        return rc;
    }
    return oc_fail_for(err, rc, cause, "%s: %s", what, cause->text);
}

/* Try again as long as it may help, and land. */
static void end_move(struct oc_copy_job *job, struct oc_copy_move *move)
{
    struct oc_err err = {0};
    char part[300], what[340];
    unsigned tries = 0;

    while (move->rc < 0 && oc_flight_retry(job, move->rc, &tries))
        move_parts(job, move, 1);
    if (move->rc < 0) {
        oc_flight_describe(job, move->ticket->index, part, sizeof(part));
        (void)snprintf(what, sizeof(what), "%s could not be copied", part);
        (void)fail_at(what, move->rc, &move->err, &err); /* rc is kept */
    }
    oc_flight_land(move->ticket, move->rc, &err, !move->there, false);
}

/* A part, and the next one too if a worker would not come to it at once anyway. */
static void copy_part(struct oc_ticket *ticket)
{
    struct oc_copy_job *job = ticket->owner;
    struct oc_copy_move moves[2] = {{.ticket = ticket}};
    size_t count = 1;

    if (job->source->in_pairs)
        moves[1].ticket = oc_pool_take_fellow(job->engine->pool, ticket);
    if (moves[1].ticket)
        count = 2;
    move_parts(job, moves, count);
    for (size_t i = 0; i < count; i++)
        end_move(job, &moves[i]);
}

static int copy_parts(struct oc_copy_job *job, struct oc_err *err)
{
    int rc = OC_OK;

    for (uint32_t i = 0; i < job->manifest.part_count; i++) {
        struct oc_ticket *ticket = NULL;

        rc = oc_copy_still_wanted(job, err);
        if (rc == OC_OK)
            rc = oc_copy_pace_wait(job, err);
        if (rc == OC_OK)
            rc = oc_flight_ticket(job, i, &ticket, err);
        if (rc < 0)
            break;
        oc_flight_submit(job, ticket, copy_part);
    }
    if (rc < 0) {
        struct oc_err ignored = {0};

        (void)oc_flight_wait(job, &ignored); /* the first failure is the one that is told */
        return rc;
    }
    return oc_flight_wait(job, err);
}

/* All at once and before the first look at the target: see pins.h. */
static int pin_parts(struct oc_copy_job *job, struct oc_err *err)
{
    for (uint32_t i = 0; i < job->manifest.part_count; i++) {
        int rc = oc_flight_pin(job, i, err);

        if (rc < 0)
            return rc;
    }
    return OC_OK;
}

static int load_manifest(struct oc_copy_job *job, struct oc_err *err)
{
    struct oc_err cause = {0};
    unsigned tries = 0;
    int rc;

    do
        rc = job->source->load_manifest(job, &cause);
    while (rc < 0 && oc_flight_retry(job, rc, &tries));
    return rc < 0 ? fail_at("the manifest of the source model could not be read", rc, &cause, err)
                  : OC_OK;
}

int oc_copy_transfer(struct oc_copy_job *job, struct oc_err *err)
{
    int rc;

    if (!job->source)
        return oc_fail(err, OC_EINVAL,
                       "the source Region %.*s is not served here; add it to the server's Regions, "
                       "or, if it is on another machine, to its peers",
                       OC_FMT(job->task.source.region));
    oc_flight_waits_for(job, job->source->place(job));
    rc = job->source->find(job, err);
    if (rc < 0)
        return rc;
    rc = load_manifest(job, err);
    if (rc == OC_OK)
        rc = oc_flight_begin(job, err);
    if (rc == OC_OK)
        rc = pin_parts(job, err);
    if (rc == OC_OK)
        rc = copy_parts(job, err);
    if (rc == OC_OK && job->source->finish)
        rc = job->source->finish(job, err);
    if (rc == OC_ENOTFOUND) {
        /* Bytes that vanish are the sign of a deleted source: then that is what to say. */
        struct oc_err reason = {0};

        if (job->source->find(job, &reason) < 0) {
            *err = reason;
            return reason.rc;
        }
    }
    return rc;
}
