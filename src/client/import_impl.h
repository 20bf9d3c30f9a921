/* Inside of import: what import.c (manifest, upload, end) and import_pipe.c (bytes) share. */
#ifndef OC_CLIENT_IMPORT_IMPL_H
#define OC_CLIENT_IMPORT_IMPL_H

#include <pthread.h>

#include "client/import.h"
#include "client/listing.h"
#include "model/manifest.h"

struct oc_import_digest {
    uint8_t bytes[OC_SHA256_LEN];
};

/* A part in memory. */
struct oc_import_slot {
    char *bytes;
    size_t len;
    size_t part;
    struct oc_import_slot *next;
};

struct oc_import {
    struct oc_client *client;
    const struct oc_import_options *options;
    struct oc_listing listing;
    struct oc_manifest manifest;
    struct oc_buf upload_id;
    struct oc_import_digest *held; /* parts that the server has, sorted */
    size_t held_count, held_cap;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct oc_import_slot *empty, *filled; /* `filled` in no order that matters */
    bool end;                              /* the reader puts in no more */
    int rc;                                /* first failure, OC_OK while there is none */
    struct oc_err *err;
    struct oc_transfer_progress progress;
};

/** Show the progress. */
void oc_import_report(const struct oc_import *im);

/**
 * The path of a file of the model.
 * @param buf  holds the text; initialised here, cleared by the caller
 */
int oc_import_path(const struct oc_import *im, struct oc_slice path, struct oc_buf *buf,
                   const char **ret, struct oc_err *err);

/** Order of digests, for qsort and bsearch. */
int oc_import_compare(const void *a, const void *b);

/** Read every file once; send the parts that the server lacks; fill in all digests. */
int oc_import_send(struct oc_import *im, struct oc_err *err);

#endif
