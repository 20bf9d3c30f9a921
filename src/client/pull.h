/*
 * Pull: the files of a model are written into a folder.
 *
 * Everything is written below DEST/.outcrop-partial and moved to its name only when every part and
 * every file has the digest that the manifest says and is durable. A pull that was cut off goes on
 * where it stood: what lies in .outcrop-partial is checked against the manifest, not believed.
 * Files that stand at their place with the right content are left alone.
 *
 * Nothing is ever written outside of DEST: paths are checked, and no symbolic link below DEST is
 * followed.
 */
#ifndef OC_CLIENT_PULL_H
#define OC_CLIENT_PULL_H

#include "client/client.h"
#include "client/transfer.h"

struct oc_pull_options {
    struct oc_slice model_arn;
    struct oc_slice region;     /* where the model is; absent: the client's Region */
    const char *dest;           /* made when missing */
    bool force;                 /* replace files that differ */
    unsigned threads;           /* 0: OC_TRANSFER_THREADS_DEFAULT */
    oc_progress_fn on_progress; /* may be NULL */
    void *ctx;
};

struct oc_pull_result {
    uint64_t bytes_total;
    uint64_t bytes_skipped; /* were there already */
    size_t file_count;
};

/**
 * Pull a model.
 *
 * @param[out] ret  set on OC_OK only
 * Errors: those of oc_client_call; OC_ECONFLICT — a file with other content is in the way, or
 *         another pull writes to DEST; OC_EFULL — no space left (what has arrived is kept for the
 *         next call); OC_ECORRUPT — bytes do not have their digest; OC_EINVAL — a path of the
 *         model must not be written; OC_EIO, OC_EDENIED, OC_ENOMEM.
 */
int oc_client_pull(struct oc_client *client, const struct oc_pull_options *options,
                   struct oc_pull_result *ret, struct oc_err *err);

#endif
