/*
 * Moving blobs from one store into another: segment by segment read, opened, hashed and sealed
 * again, while the segment is in the processor's second-level cache. So a part passes through
 * memory once, and its plaintext is never there whole.
 *
 * Both files have the same layout, since the new one takes over the length of the segments: a
 * segment is read, opened and sealed in the place from which it will be written.
 */
#include <sys/mman.h>

#include "base/file.h"
#include "blob/blob_impl.h"

/* One blob under way. */
struct passage {
    struct oc_blob_move *move;
    int fd; /* of the file that it is read from; -1: its bytes are there */
    struct oc_blob_header from, to;
    struct oc_blob_stream in, out;
    struct oc_blob_name name; /* in the store that it goes to */
    struct oc_sha256_stream *digest;
};

static void end_passage(struct passage *passage)
{
    oc_autoclose(&passage->fd);
    oc_blob_stream_clear(&passage->in);
    oc_blob_stream_clear(&passage->out);
    oc_sha256_stream_free(passage->digest);
}

/* -- before the first segment --------------------------------------------------------------- */

/*
 * Whether the file's begin is in the kernel's cache; true if that cannot be told. (A read that must
 * not wait tells it too, but has the kernel read ahead.)
 */
static bool is_cached(int fd)
{
    unsigned char state = 1;
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        return true;
    if (mincore(page, 1, &state) < 0)
        state = 1;
    (void)munmap(page, 1);
    return state & 1;
}

/*
 * Have the headers at move->bytes, or all of it where that cannot be had in pieces, or should not,
 * since they would go through the kernel's cache.
 */
static int read_head(struct oc_blob_store *store, struct passage *passage, size_t *ret_len,
                     uint64_t *ret_whole, struct oc_err *err)
{
    const struct oc_blob_move *move = passage->move;
    int rc;

    if (!store->ops->open)
        return store->ops->get(store->backend, &move->name, 0, move->bytes, move->cap, ret_len,
                               ret_whole, err);
    rc = store->ops->open(store->backend, &move->name, &passage->fd, ret_whole, err);
    if (rc < 0)
        return rc;
    if (move->is_rare && store->ops->get_direct && !is_cached(passage->fd)) {
        oc_autoclose(&passage->fd);
        return store->ops->get_direct(store->backend, &move->name, move->bytes, move->cap, ret_len,
                                      ret_whole, err);
    }
    *ret_len = *ret_whole < OC_BLOB_HEAD_LEN ? (size_t)*ret_whole : OC_BLOB_HEAD_LEN;
    return oc_file_pread(passage->fd, move->bytes, *ret_len, 0, err);
}

/* Get ready to open what is in `store`. */
static int enter(struct oc_blob_store *store, struct passage *passage, struct oc_err *err)
{
    struct oc_blob_move *move = passage->move;
    uint8_t key[OC_AES_KEY_LEN];
    uint64_t whole = 0;
    size_t len = 0;
    int rc = read_head(store, passage, &len, &whole, err);

    if (rc == OC_OK)
        rc = oc_blob_read_header(&move->name, move->bytes, len, whole, &passage->from, err);
    if (rc < 0)
        return rc;
    if (OC_BLOB_ROOM(passage->from.plain_len) > move->cap)
        return oc_fail(err, OC_ELIMIT, "it has %llu bytes, for which there is no room",
                       (unsigned long long)passage->from.plain_len);
    rc = oc_keys_unwrap(store->keys, oc_slice_of(store->region), move->name.key_id,
                        passage->from.wrapped, key, err);
    if (rc < 0)
        return rc;
    rc =
        oc_blob_stream_open(&passage->in, &passage->from, move->name.sha256, key, move->bytes, err);
    oc_wipe(key, sizeof(key));
    if (rc < 0)
        return rc;
    passage->digest = oc_sha256_stream_new(err);
    return passage->digest ? OC_OK : OC_ENOMEM;
}

/* Get ready to seal it for `store`: the new headers take the old ones' place. */
static int prepare_exit(struct oc_blob_store *store, struct passage *passage, struct oc_err *err)
{
    uint8_t key[OC_AES_KEY_LEN];
    int rc =
        oc_blob_make_header(store, &passage->name, passage->from.plain_len, &passage->to, key, err);

    if (rc < 0)
        return rc;
    passage->to.segment_len = passage->from.segment_len;
    rc = oc_blob_stream_begin(&passage->out, &passage->to, passage->name.sha256, key,
                              passage->move->bytes, err);
    oc_wipe(key, sizeof(key));
    return rc;
}

/* `store` is the one at fault, if there is one. */
static void fail(const struct oc_blob_store *store, const struct oc_blob_name *name,
                 struct oc_blob_move *move, int rc, const struct oc_err *cause)
{
    move->rc = oc_blob_name_failure(store, name, rc, cause, &move->err);
}

static void begin(struct oc_blob_store *from, struct oc_blob_store *to, struct passage *passage)
{
    struct oc_blob_move *move = passage->move;
    struct oc_err cause = {0};
    int rc;

    move->err = (struct oc_err){0};
    move->rc = oc_blob_check_name(&move->name, &move->err);
    if (move->rc == OC_OK)
        move->rc = oc_blob_check_name(&passage->name, &move->err);
    if (move->rc < 0)
        return;
    rc = enter(from, passage, &cause);
    if (rc < 0) {
        fail(from, &move->name, move, rc, &cause);
        return;
    }
    rc = prepare_exit(to, passage, &cause);
    if (rc < 0)
        fail(to, &passage->name, move, rc, &cause);
}

/* -- a segment ------------------------------------------------------------------------------ */

static bool is_under_way(const struct passage *passage, uint32_t index)
{
    return passage->move->rc == OC_OK && index < passage->in.count;
}

/* Read and open a segment. @return its plaintext; nothing when there is none, or it failed */
static struct oc_slice open_segment(struct oc_blob_store *store, struct passage *passage,
                                    uint32_t index)
{
    struct oc_blob_move *move = passage->move;
    struct oc_blob_segment segment;
    struct oc_err cause = {0};
    uint8_t *at;
    int rc = OC_OK;

    if (!is_under_way(passage, index))
        return (struct oc_slice){0};
    segment = oc_blob_find_segment(&passage->from, index);
    at = move->bytes + segment.sealed_at;
    if (passage->fd >= 0)
        rc = oc_file_pread(passage->fd, at, segment.len + OC_GCM_TAG_LEN,
                           (int64_t)segment.sealed_at, &cause);
    if (rc == OC_OK)
        rc = oc_blob_open_segment(&passage->in, index, at, segment.len, at, &cause);
    if (rc < 0) {
        fail(store, &move->name, move, rc, &cause);
        return (struct oc_slice){0};
    }
    return (struct oc_slice){(char *)at, segment.len};
}

static void seal_segment(struct oc_blob_store *store, struct passage *passage, uint32_t index,
                         struct oc_slice plain)
{
    struct oc_err cause = {0};
    int rc;

    if (!is_under_way(passage, index))
        return;
    rc = oc_blob_seal_segment(
        &passage->out, index, plain,
        passage->move->bytes + oc_blob_find_segment(&passage->to, index).sealed_at, &cause);
    if (rc < 0)
        fail(store, &passage->name, passage->move, rc, &cause);
}

/* Add plaintext to the digests: of two blobs side by side. What failed has none. */
static void hash_segments(struct passage *passages, size_t count, const struct oc_slice plain[2])
{
    struct oc_err err = {0};
    int rc = OC_OK;

    if (count == 2 && plain[0].len && plain[1].len)
        rc = oc_sha256_streams_add(
            (struct oc_sha256_stream *[2]){passages[0].digest, passages[1].digest}, plain, &err);
    else
        for (size_t i = 0; i < count && rc == OC_OK; i++)
            if (plain[i].len)
                rc = oc_sha256_stream_add(passages[i].digest, plain[i], &err);
    for (size_t i = 0; i < count && rc < 0; i++) {
        passages[i].move->rc = rc;
        passages[i].move->err = err;
    }
}

/* -- after the last ------------------------------------------------------------------------- */

static void finish(struct oc_blob_store *from, struct passage *passage)
{
    struct oc_blob_move *move = passage->move;
    uint8_t digest[OC_SHA256_LEN];
    struct oc_err cause = {0};
    int rc;

    if (move->rc < 0)
        return;
    rc = oc_sha256_stream_end(passage->digest, digest, &cause);
    if (rc == OC_OK)
        rc = oc_blob_call_corrupt(oc_blob_compare_digest(&move->name, digest, &cause), &cause);
    if (rc < 0) {
        fail(from, &move->name, move, rc, &cause);
        return;
    }
    move->len = passage->from.plain_len;
    move->sealed_len = oc_blob_sealed_len(&passage->to);
}

void oc_blob_reseal(struct oc_blob_store *from, struct oc_blob_store *to,
                    struct oc_blob_move *moves, size_t count)
{
    struct passage passages[2];
    uint32_t segments = 0;

    for (size_t i = 0; i < count; i++) {
        passages[i] = (struct passage){.move = &moves[i], .fd = -1, .name = moves[i].name};
        passages[i].name.key_id = moves[i].key_id;
        begin(from, to, &passages[i]);
        if (passages[i].in.count > segments)
            segments = passages[i].in.count;
    }
    for (uint32_t index = 0; index < segments; index++) {
        struct oc_slice plain[2] = {0};

        for (size_t i = 0; i < count; i++)
            plain[i] = open_segment(from, &passages[i], index);
        hash_segments(passages, count, plain);
        for (size_t i = 0; i < count; i++)
            seal_segment(to, &passages[i], index, plain[i]);
    }
    for (size_t i = 0; i < count; i++) {
        finish(from, &passages[i]);
        end_passage(&passages[i]);
    }
}
