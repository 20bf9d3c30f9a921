/*
 * One event: what is stored of it, and the text that is sent.
 *
 * What is stored is short, because one is written with every job: whose job, which, and what became
 * of it. The text is made when it is asked for, from that and from the job.
 *
 * Stored (OC_RECORD_EVENT, key: number): version u8 = 1, type u8, status u8, length of the Region
 * u8, time i64 big-endian (ms), account (12), Region, and for a job its id (12), for a finding
 * JSON.
 */
#ifndef OC_EVENTS_EVENT_H
#define OC_EVENTS_EVENT_H

#include "model/job.h"
#include "store/store.h"

enum oc_event_type {
    OC_EVENT_JOB = 1,      /* a copy job has another status */
    OC_EVENT_INTEGRITY = 2 /* stored bytes of a model are damaged, or mended */
};

/** Status of OC_EVENT_INTEGRITY; that of OC_EVENT_JOB is an enum oc_job_status. */
enum oc_integrity { OC_INTEGRITY_DAMAGED = 1, OC_INTEGRITY_REPAIRED = 2 };

#define OC_EVENT_UUID_LEN 36

/** Text is borrowed from where it was decoded. */
struct oc_event {
    uint64_t number; /* their order; from 1 */
    enum oc_event_type type;
    int status;
    int64_t time_ms;
    struct oc_partition partition;
    struct oc_slice subject; /* a job's id, or an object's JSON text: see oc_event_put_json */
};

/** Append the record. Check `buf->failed`. */
void oc_event_encode(struct oc_buf *buf, const struct oc_event *event);

/** Read a record and its key; borrowed from both. Errors: OC_ECORRUPT. */
int oc_event_decode(struct oc_slice key, struct oc_slice record, struct oc_event *ret,
                    struct oc_err *err);

/** The event's id, the same each time: a UUID made from what the event says. Errors: OC_ENOMEM. */
int oc_event_id(const struct oc_event *event, char ret_uuid[OC_EVENT_UUID_LEN], struct oc_err *err);

/**
 * Append the event in EventBridge's envelope, one JSON object without white space.
 * For a job: source `aws.bedrock`, detail-type `Model Copy Job State Change`. For a finding: source
 * `outcrop`, detail-type `Model Integrity State Change`; the subject's members become the detail's.
 * Errors: OC_ENOTFOUND (the job is gone), OC_ECORRUPT, OC_EIO, OC_ENOMEM.
 */
int oc_event_put_json(struct oc_read *read, const struct oc_event *event, struct oc_buf *buf,
                      struct oc_err *err);

#endif
