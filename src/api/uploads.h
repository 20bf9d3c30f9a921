/*
 * What the operations on uploads have in common. An upload stands under account, Region and id, its
 * parts below that under their digests; see copy/upload_records.h.
 */
#ifndef OC_API_UPLOADS_H
#define OC_API_UPLOADS_H

#include "api/models.h"

/** Key of an upload of the caller; with an empty id the prefix of all. Absent: out of memory. */
struct oc_slice oc_upload_key(struct oc_call *call, struct oc_slice id);

/** Key of a part, in `arena`; with an empty digest the prefix of all parts. Absent: as above. */
struct oc_slice oc_upload_part_key(struct oc_arena *arena, const struct oc_call *call,
                                   struct oc_slice id, struct oc_slice digest);

/**
 * The upload as the model it will be. Also decides whether the caller may go on with it.
 * Errors: OC_ENOTFOUND, OC_EDENIED with their public names; those of the store; OC_ENOMEM.
 */
int oc_upload_find(struct oc_call *call, struct oc_read *read, struct oc_slice id,
                   struct oc_model *ret, struct oc_err *err);

/** OC_ENOTFOUND, ResourceNotFoundException: there is no such upload. */
int oc_upload_fail_unknown(struct oc_err *err, struct oc_slice id);

/** Store the request's body, which is gone after that, where it lies if there is room.
 * Errors: as oc_blob_put. */
int oc_upload_put_body(struct oc_call *call, const struct oc_region *region,
                       const struct oc_blob_name *name, bool verified, struct oc_err *err);

/** A key that was disabled since the upload began is for its owner to mend. @return `rc` */
int oc_upload_name_key_failure(int rc, struct oc_err *err);

#endif
