/*
 * The records of uploads, where they end: by their client, or since nobody went on with them.
 *
 * An upload has a record (OC_RECORD_UPLOAD, under account, Region and id) and one for each part
 * that has come (OC_RECORD_UPLOAD_PART, with the part's digest behind that key). The first is what
 * counts: parts whose upload is gone hold nothing.
 */
#ifndef OC_COPY_UPLOAD_RECORDS_H
#define OC_COPY_UPLOAD_RECORDS_H

#include "model/record.h"
#include "store/store.h"

/**
 * Delete an upload, and as many records of its parts as one change takes: the writer serves
 * everyone, so call oc_upload_delete_parts, each time in a change of its own, while `*ret_more`.
 * @param upload_key  of its record; need not exist any more
 * Errors: those of the store; OC_ENOMEM.
 */
int oc_upload_delete(struct oc_tx *tx, struct oc_slice upload_key, bool *ret_more,
                     struct oc_err *err);
int oc_upload_delete_parts(struct oc_tx *tx, struct oc_slice upload_key, bool *ret_more,
                           struct oc_err *err);

/**
 * Count one part more of an upload: it has the numbers that a model has of its files.
 * Errors: OC_ELIMIT, ServiceQuotaExceededException (OC_UPLOAD_PARTS_MAX, OC_MODEL_SIZE_MAX).
 */
int oc_upload_count_part(struct oc_model *upload, size_t bytes, struct oc_err *err);

/**
 * Delete the records of parts whose upload is gone: it was being ended when the server died. Blocks
 * on the store's writer.
 * @param[out] ret_count  how many uploads had left some; also set on failure
 * Errors: those of the store; OC_ENOMEM. Cost: a look at each upload, not at each part.
 */
int oc_uploads_delete_rests(struct oc_store *store, uint64_t *ret_count, struct oc_err *err);

/**
 * Delete the uploads of a Region that began before `before_ms`. Blocks on the store's writer.
 * @param[out] ret_count  how many there were; also set on failure
 * Errors: those of the store; OC_ENOMEM. Cost: reads the records of all uploads.
 */
int oc_uploads_delete_old(struct oc_store *store, struct oc_slice region, int64_t before_ms,
                          uint64_t *ret_count, struct oc_err *err);

#endif
