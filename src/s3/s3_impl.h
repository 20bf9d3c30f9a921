/*
 * Inside of the S3 client. Not for other folders.
 *
 * s3.c           opening, where a bucket is
 * credentials.c  the keys that requests are signed with
 * call.c         one call: signing, sending, trying again
 * answer.c       what an answer says: errors and their causes
 * object.c       operations on one object
 * upload.c       uploads in pieces
 * unfinished.c   those that were not completed
 * list.c         listings
 * xml.c          answers in XML
 */
#ifndef OC_S3_S3_IMPL_H
#define OC_S3_S3_IMPL_H

#include <pthread.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "net/transport.h"
#include "s3/s3.h"

#define OC_S3_ANSWER_MAX (16UL * 1024 * 1024) /* bytes of an answer in XML: 1,000 keys and more */
#define OC_S3_ERROR_MAX  (64UL * 1024)        /* bytes of an error's text */
#define OC_S3_TEXT_MAX   255                  /* of what is kept of an answer's header or error */

/** Keys of one reading of the credentials file. */
struct oc_s3_credentials {
    struct oc_arena arena; /* wiped before it is freed */
    struct oc_slice access_key_id;
    struct oc_secret secret;
    struct oc_slice session_token; /* absent: none */
};

struct oc_s3 {
    struct oc_arena arena; /* of the text below */
    struct oc_slice base;  /* scheme://host[:port] that requests go to */
    struct oc_slice host;
    struct oc_slice path; /* "/bucket" or "" */
    struct oc_slice bucket, region;
    const char *credentials_file, *profile, *name;
    bool tls;
    unsigned patience_ms;
    struct oc_transport *transport;
    struct oc_streams *streams;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    bool stopping;
    bool (*is_in_the_way)(void *ctx); /* see oc_s3_give_way; may be NULL */
    void *way;                        /* its argument */
    uint64_t generation;              /* of the credentials: how often they changed */
    struct oc_s3_credentials credentials;
};

/* -- credentials.c -------------------------------------------------------------------------- */

/** Read the keys of the profile. Errors: OC_EINVAL, OC_ENOTFOUND, OC_EDENIED, OC_EIO, OC_ENOMEM. */
int oc_s3_credentials_load(const char *file, const char *profile, struct oc_s3_credentials *ret,
                           struct oc_err *err);
void oc_s3_credentials_clear(struct oc_s3_credentials *credentials);

/** Sign with the present keys, all of which is copied to `arena`. */
int oc_s3_sign(struct oc_s3 *s3, const struct oc_sigv4_request *request, struct oc_arena *arena,
               struct oc_sigv4_signed *ret, uint64_t *ret_generation, struct oc_err *err);

/** After a refusal: read the file again. @return whether there are other keys than `generation`'s.
 */
bool oc_s3_credentials_renew(struct oc_s3 *s3, uint64_t generation);

/* -- call.c --------------------------------------------------------------------------------- */

#define OC_S3_HEADERS_MAX 4

/** What is asked of the server. */
struct oc_s3_call {
    const char *method;
    struct oc_slice key;   /* absent: the bucket itself */
    struct oc_slice query; /* encoded; absent: none */
    struct oc_sigv4_header headers[OC_S3_HEADERS_MAX];
    size_t header_count;
    struct oc_slice body;     /* absent: none */
    uint8_t *to;              /* where the object's bytes go; NULL: this is not a reading */
    struct oc_ranges *ranges; /* which of them; its `len` is the room there */
};

/** What it said. Zero-initialise; clear. */
struct oc_s3_answer {
    int status;
    unsigned tries;                /* how many it took */
    uint64_t length;               /* Content-Length */
    char etag[OC_S3_ETAG_MAX + 1]; /* without quotes; "" when there is none, or too long */
    bool has_changed;              /* another answer about the call's ranges had another etag */
    char request_id[OC_S3_TEXT_MAX + 1];
    int64_t retry_after_ms;
    int64_t date_s;     /* the server's clock; 0: it does not say */
    struct oc_buf body; /* XML; not what went to `to` */
};
void oc_s3_answer_clear(struct oc_s3_answer *answer);

/** Carry a call out. Errors: those in s3.h. */
int oc_s3_call(struct oc_s3 *s3, const struct oc_s3_call *call, struct oc_s3_answer *answer,
               struct oc_err *err);

/* -- answer.c ------------------------------------------------------------------------------- */

/** How a call failed and what may help. */
struct oc_s3_failure {
    int rc;
    bool again;                       /* it may pass by itself */
    bool refused;                     /* other credentials may help */
    char code[OC_S3_TEXT_MAX + 1];    /* "NoSuchKey"; "" when it gave none */
    char message[OC_S3_TEXT_MAX + 1]; /* printable; "" when it gave none */
};

/** Read an answer other than 2xx, or a 200 whose body is an error. */
void oc_s3_read_failure(const struct oc_s3_answer *answer, struct oc_s3_failure *ret);

/** Whether the body of an answer with status 200 is an error all the same. */
bool oc_s3_is_failure(const struct oc_s3_answer *answer);

/** An answer that cannot be read. Keeps the code of `cause`. */
int oc_s3_fail_answer(const struct oc_s3 *s3, const struct oc_err *cause, struct oc_err *err);

/* -- helpers -------------------------------------------------------------------------------- */

/** Add a header; both texts must outlive the call. */
void oc_s3_add_header(struct oc_s3_call *call, const char *name, struct oc_slice value);

#define OC_S3_CRC_LEN 8 /* characters of a CRC-32C in base64 */

/** The CRC-32C of `bytes` in base64, no NUL. */
void oc_s3_put_crc(struct oc_slice bytes, char to[OC_S3_CRC_LEN]);

/* -- upload.c ------------------------------------------------------------------------------- */

#define OC_S3_UPLOAD_ID_MAX 1024 /* bytes of what a server calls an upload in pieces */

/** Store an object in pieces. */
int oc_s3_put_pieces(struct oc_s3 *s3, struct oc_slice key, struct oc_slice bytes,
                     struct oc_err *err);

/** Forget the pieces of an upload; fine when it is gone. */
int oc_s3_abort_upload(struct oc_s3 *s3, struct oc_slice key, const char *id, struct oc_err *err);

/* -- list.c --------------------------------------------------------------------------------- */

#define OC_S3_TOKEN_MAX 4096 /* bytes of the mark of a next page */

/** Where a walk through pages has been. All zero at the start. */
struct oc_s3_walk {
    uint64_t pages;
    char mark[OC_S3_TOKEN_MAX + 1];
};

/**
 * Whether the walk has been at this mark of a next page before: a server that leads in a circle
 * would be followed for ever. Seen at the latest when the circle was gone round twice.
 * @param next  at most OC_S3_TOKEN_MAX bytes
 */
bool oc_s3_is_circle(struct oc_s3_walk *walk, const char *next);

/**
 * One page of a listing. Objects are kept until all of it is read: who is told of them may take his
 * time, and a page that turns out to be broken must not be half told.
 */
struct oc_s3_page {
    struct oc_arena arena;
    struct oc_s3_object *objects; /* keys in the arena */
    size_t count, cap;
    struct oc_s3_object next; /* the one being read */
    bool encoded;             /* keys are percent-encoded */
    bool truncated;
    char token[OC_S3_TOKEN_MAX + 1]; /* of the next page, when truncated */
    struct oc_s3_walk walk;
};

void oc_s3_page_init(struct oc_s3_page *page);
void oc_s3_page_clear(struct oc_s3_page *page);

/** Read a page in the place of the one before. Errors: OC_EINVAL (it is none), OC_ENOMEM. */
int oc_s3_page_read(struct oc_s3_page *page, struct oc_slice xml, struct oc_err *err);

/* -- unfinished.c --------------------------------------------------------------------------- */

#define OC_S3_UPLOADS_MAX 1000 /* of one page (AWS) */

struct oc_s3_unfinished {
    struct oc_slice key, id; /* neither empty; NUL-terminated in the arena */
};

/** One page of the uploads in pieces that were not completed. */
struct oc_s3_uploads {
    struct oc_arena arena;
    struct oc_s3_unfinished uploads[OC_S3_UPLOADS_MAX];
    size_t count;
    struct oc_s3_unfinished next; /* the one being read */
    bool truncated;
    char next_key[OC_S3_KEY_MAX + 1], next_id[OC_S3_UPLOAD_ID_MAX + 1];
    struct oc_s3_walk walk;
};

void oc_s3_uploads_init(struct oc_s3_uploads *page);
void oc_s3_uploads_clear(struct oc_s3_uploads *page);

/** Read a page in the place of the one before. Errors: OC_EINVAL (it is none), OC_ENOMEM. */
int oc_s3_uploads_read(struct oc_s3_uploads *page, struct oc_slice xml, struct oc_err *err);

#endif
