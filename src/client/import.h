/*
 * Import: the files of a folder become a model in a Region.
 *
 * The folder is listed and laid out as a manifest; each file is read once, in order, by one
 * thread that also makes the digests of whole files; other threads make the digests of parts and
 * send them. At most `threads` + 2 parts are in memory.
 *
 * An import that was cut off is taken up again by the same call: the upload is found by a token
 * made from the request and the files' names, sizes and times, and parts that it holds are not
 * sent again.
 */
#ifndef OC_CLIENT_IMPORT_H
#define OC_CLIENT_IMPORT_H

#include "client/client.h"
#include "client/transfer.h"
#include "model/tags.h"

struct oc_import_options {
    const char *dir;
    struct oc_slice name;
    struct oc_slice kms_key; /* absent: the Region's service key */
    struct oc_tag_list tags;
    unsigned threads;           /* 0: OC_TRANSFER_THREADS_DEFAULT */
    oc_progress_fn on_progress; /* may be NULL */
    void *ctx;
};

struct oc_import_result {
    struct oc_buf model_arn;
    uint64_t bytes_total;
    uint64_t bytes_skipped; /* the server had them already */
    size_t file_count;
};

/**
 * Import a folder and wait until the model is Active.
 *
 * @param[out] ret  free `model_arn`; set on OC_OK only
 * Errors: those of oc_listing_read and oc_client_call; OC_ECONFLICT — a file changed while it was
 *         read; OC_EIO — a file cannot be read, or the model ended Failed (text says why).
 */
int oc_client_import(struct oc_client *client, const struct oc_import_options *options,
                     struct oc_import_result *ret, struct oc_err *err);

#endif
