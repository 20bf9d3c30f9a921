/*
 * The manifest: what a model is made of.
 *
 * A model is its files laid end to end as one stream that is cut into **parts** of OC_PART_SIZE
 * bytes (8 MiB). A file of at least one part's size begins a new part and the part that holds its
 * end holds nothing else; smaller files, in path order, share parts and never straddle two. So a
 * model of many small files moves as few large parts, and a large file that did not change keeps
 * its parts whatever happens beside it. An empty file lies nowhere: part 0, offset 0.
 *
 * Encoded as JSON (docs/formats.md), one text for one manifest: files in path order, members in a
 * fixed order, no white space, so that equal models have equal manifests and equal digests. The
 * layout is not written down: it follows from the sizes. The reader accepts that one text only.
 *
 * Threads: a manifest is read-only once built.
 */
#ifndef OC_MODEL_MANIFEST_H
#define OC_MODEL_MANIFEST_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"

#define OC_MODEL_TYPE_MAX 63 /* characters of a model type: the longest the ARN's pattern takes */

struct oc_manifest_file {
    struct oc_slice path;          /* relative, `/` between parts, UTF-8; no `.`/`..`/empty parts */
    uint64_t size;                 /* bytes */
    uint8_t sha256[OC_SHA256_LEN]; /* of the whole file */
    uint32_t first_part;           /* index of the part where the file begins */
    uint32_t offset;               /* bytes into that part */
    bool executable;               /* owner's execute permission */
};

struct oc_manifest_part {
    uint8_t sha256[OC_SHA256_LEN]; /* of the part's plaintext */
    uint32_t size;                 /* bytes, 1–OC_PART_SIZE */
};

/** Zero-initialise, then oc_manifest_init. */
struct oc_manifest {
    struct oc_manifest_file *files;
    size_t file_count;
    struct oc_manifest_part *parts;
    size_t part_count;
    uint64_t size;              /* sum of the files' sizes */
    struct oc_slice model_type; /* `model_type` of config.json, lower-cased to a-z0-9-; "unknown" */

    /* Private. */
    size_t file_cap, part_cap;
    bool part_open;       /* the last part may take another small file */
    struct oc_arena text; /* paths and the model type */
};

/** Empty manifest, model type "unknown". Allocates nothing. */
void oc_manifest_init(struct oc_manifest *manifest);
/** Free everything; the manifest is as after oc_manifest_init. */
void oc_manifest_clear(struct oc_manifest *manifest);

/**
 * Add the next file and lay it out; its digest and those of its parts are zero until the caller
 * sets them in `files` and `parts` (both move when more is added).
 *
 * @param path  copied; after every path added before, in byte order
 * Errors: OC_EINVAL (path breaks a rule, is out of order, or is both a file and a folder; text
 *         names it); OC_ELIMIT (too many files, too many bytes, path too long); OC_ENOMEM.
 */
int oc_manifest_add(struct oc_manifest *manifest, struct oc_slice path, uint64_t size,
                    bool executable, struct oc_err *err);

/** The first file with bytes in part `index`, for messages; NULL when there is no such part. */
const struct oc_manifest_file *oc_manifest_part_file(const struct oc_manifest *manifest,
                                                     uint32_t index);

/** How many parts hold bytes of `file`. */
uint32_t oc_manifest_file_parts(const struct oc_manifest_file *file);

/**
 * Whether `path` is fit to stand in a manifest and to be joined to a folder: relative, UTF-8, at
 * most OC_MODEL_PATH_MAX bytes, no control character, no backslash, no empty, `.` or `..` part.
 */
bool oc_manifest_path_is_safe(struct oc_slice path);

/** Set the model type from what config.json says: other characters become `-`. Errors: OC_ENOMEM.
 */
int oc_manifest_set_type(struct oc_manifest *manifest, struct oc_slice model_type,
                         struct oc_err *err);

/**
 * Set the model type from the content of the model's config.json; "unknown" when it is no JSON or
 * says nothing. Errors: OC_ENOMEM.
 */
int oc_manifest_read_config(struct oc_manifest *manifest, struct oc_slice config_json,
                            struct oc_err *err);

/** Append the one text of the manifest. Check `buf->failed` (its maximum: OC_MANIFEST_MAX). */
void oc_manifest_encode(struct oc_buf *buf, const struct oc_manifest *manifest);

/**
 * Read a manifest; nothing is borrowed from `text`.
 * @param ret  initialised; cleared by the caller whatever happens
 * Errors: OC_EINVAL (not the one text of a manifest, a newer version, or a rule is broken; text
 *         says where); OC_ELIMIT; OC_ENOMEM.
 */
int oc_manifest_decode(struct oc_slice text, struct oc_manifest *ret, struct oc_err *err);

#endif
