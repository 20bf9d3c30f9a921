/*
 * Records of models as the store keeps them, and the keys under which they stand.
 *
 * JSON with a version member; unknown members are kept out, a newer version is refused.
 */
#ifndef OC_MODEL_RECORD_H
#define OC_MODEL_RECORD_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/job.h"
#include "model/tags.h"

enum oc_model_status { OC_MODEL_CREATING = 0, OC_MODEL_ACTIVE = 1, OC_MODEL_FAILED = 2 };

/** "Creating", "Active", "Failed". */
struct oc_slice oc_model_status_text(enum oc_model_status status);
bool oc_model_status_parse(struct oc_slice text, enum oc_model_status *ret);

/** A custom model. Text borrowed from where it was decoded. */
struct oc_model {
    struct oc_partition partition;
    struct oc_slice id; /* OC_ID_LEN characters */
    struct oc_slice name;
    struct oc_slice base; /* the ARN's part between `custom-model/` and the id: "imported", … */
    struct oc_slice base_model_arn;
    struct oc_slice source_uri; /* s3://… it was imported from; absent for copies and uploads */
    struct oc_slice job_id;     /* the copy job that makes or made it; absent if imported */
    enum oc_model_status status;
    struct oc_slice failure_message;
    int64_t creation_ms;
    struct oc_slice kms_key_id;  /* "service" or a KMS key id */
    struct oc_slice kms_key_arn; /* absent for the service key */
    struct oc_slice manifest; /* SHA-256 of the manifest, hexadecimal; absent until it is known */
    int64_t size_bytes;       /* 0 until known; of an upload: of the parts that have come */
    int64_t file_count;       /* of an upload: how many parts have come */
    struct oc_slice token;    /* of the request that made it, see oc_key_token; or absent */
    struct oc_tag_list tags;
};

/** Append the model's ARN: `arn:aws:bedrock:REGION:ACCOUNT:custom-model/BASE/ID`. */
void oc_model_put_arn(struct oc_buf *buf, const struct oc_model *model);

/** Append the record. Check `buf->failed`. */
void oc_model_encode(struct oc_buf *buf, const struct oc_model *model);

/** Read a record; the text is copied to `arena`. Errors: OC_ECORRUPT, OC_ENOMEM. */
int oc_model_decode(struct oc_slice record, struct oc_arena *arena, struct oc_model *ret,
                    struct oc_err *err);

/** Work that moves bytes. The names are stored. */
enum oc_task_kind {
    OC_TASK_COPY,   /* a model copy job */
    OC_TASK_IMPORT, /* a model made by CreateCustomModel from an s3:// URI */
    OC_TASK_UPLOAD  /* a model whose parts a client has uploaded: to be verified and made Active */
};

/** Unfinished work: all the engine needs to run it, wherever it is taken up again. */
struct oc_task {
    enum oc_task_kind kind;
    struct oc_partition target; /* account and Region of the model to be made */
    struct oc_slice model_id;   /* the model to be made */
    struct oc_slice job_id;     /* OC_TASK_COPY: the copy job; else absent */
    struct oc_slice key_id;     /* "service" or a KMS key id, to encrypt under */
    struct oc_slice
        principal; /* OC_TASK_COPY: ARN of the user who asked; absent in older records */
    struct oc_partition source;      /* OC_TASK_COPY: where the source model is */
    struct oc_slice source_model_id; /* OC_TASK_COPY */
    struct oc_slice source_uri;      /* OC_TASK_IMPORT */
    int64_t source_bytes;            /* OC_TASK_COPY from another machine: size; 0: not known */
    struct oc_slice manifest; /* SHA-256 of the manifest, hexadecimal, when it is stored in the
                               * target's Region: OC_TASK_UPLOAD; OC_TASK_COPY from another
                               * machine, once it was fetched */
};

/** Append the record. Check `buf->failed`. */
void oc_task_encode(struct oc_buf *buf, const struct oc_task *task);

/** Read a task; the text is copied to `arena`. Errors: OC_ECORRUPT, OC_ENOMEM. */
int oc_task_decode(struct oc_slice record, struct oc_arena *arena, struct oc_task *ret,
                   struct oc_err *err);

/** Longest part of a key that stands as it is; a longer one is replaced by its digest. */
#define OC_KEY_PART_MAX 128

/**
 * Keys of records, built in `arena` (absent slice when out of memory). `a \0 b \0 c` forms: see
 * enum oc_record_kind in store/store.h. A part of more than OC_KEY_PART_MAX bytes is replaced by
 * the byte 1 and its SHA-256 in hexadecimal; text from outside never holds a control byte, so no
 * short part reads the same.
 */
struct oc_slice oc_key_join(struct oc_arena *arena, const struct oc_slice *parts, size_t count);
/** An empty `id` gives the prefix of all models of the partition. */
struct oc_slice oc_key_model(struct oc_arena *arena, struct oc_partition partition,
                             struct oc_slice id);
/** For OC_RECORD_MODEL_NAME; the value is the id of the model that holds the name. */
struct oc_slice oc_key_model_name(struct oc_arena *arena, struct oc_partition partition,
                                  struct oc_slice name);
struct oc_slice oc_key_model_order(struct oc_arena *arena, struct oc_partition partition,
                                   int64_t creation_ms, struct oc_slice id);
/** For OC_RECORD_IDEMPOTENCY: the byte 2, with which no account begins, and the digest of what a
 * request with a token is known by, given in hexadecimal. */
struct oc_slice oc_key_token(struct oc_arena *arena, struct oc_slice hex);
#define OC_TOKEN_DIGEST_LEN 16
/** A task stands under its model's id. */
struct oc_slice oc_key_task(struct oc_arena *arena, struct oc_partition target,
                            struct oc_slice model_id);

#endif
