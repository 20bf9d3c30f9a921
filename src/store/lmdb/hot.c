/*
 * Hot texts: the newest jobs of a partition, put together once for all who ask for them.
 *
 * The newest jobs are rows, as their states change; a page of them is gathered row by row. Where
 * such pages are asked again and again while nothing changes, the JSON of the newest jobs is
 * written once into a file in memory, newest first with its commas, as a text segment has it. A
 * page is a piece of that, and is sent from the file without being copied.
 *
 * A hot text is true for every snapshot from that it was made from on until the next commit that
 * changes a job of the partition. The writer notes the number of each such transaction before it
 * commits (oc_hot_changed), so who sees the change sees the note. Notes stand in a table by
 * partition number; two that share a place make each other's texts stale, which costs time only.
 *
 * Files, and a fixed number of them: an old one may lie in sockets' queues still when a new one is
 * made. Nothing of this is kept; without memory there are no hot texts.
 */
#include "store/lmdb/impl.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"

#define TEXTS     32   /* hot texts at one time, about 0.5 MB each */
#define JOBS      1024 /* of one: the largest page and a little */
#define READS_MIN 64   /* of one unchanged state, and it is worth putting together */
#define PAGE_MIN  4    /* jobs of a page; fewer are gathered as fast */

struct oc_hot_text {
    atomic_uint refs;
    uint32_t pid, count;
    uint64_t first; /* jobs [first, first + count) */
    uint64_t txn;   /* the snapshot it was made from */
    struct oc_mapping file;
    uint32_t at[JOBS + 1]; /* where each job begins, newest first */
};

struct place {
    uint32_t pid, reads; /* who was here last, and how often since: */
    uint64_t changed;
    struct oc_hot_text *text; /* NULL: none */
};

struct oc_hot {
    pthread_mutex_t lock; /* of the places; held for some instructions */
    struct place places[TEXTS];
    _Atomic uint64_t changed[OC_HOT_NOTES];
};

struct oc_hot *oc_hot_new(void)
{
    struct oc_hot *hot = oc_alloc(sizeof *hot);

    if (!hot)
        return NULL;
    memset(hot, 0, sizeof *hot);
    pthread_mutex_init(&hot->lock, NULL);
    return hot;
}

void oc_hot_release(struct oc_hot_text *text)
{
    if (!text || atomic_fetch_sub(&text->refs, 1) != 1)
        return;
    if (text->file.base)
        (void)munmap((void *)text->file.base, text->file.len);
    if (text->file.fd >= 0)
        (void)close(text->file.fd);
    free(text);
}

void oc_hot_free(struct oc_hot *hot)
{
    if (!hot)
        return;
    for (size_t i = 0; i < TEXTS; i++)
        oc_hot_release(hot->places[i].text);
    pthread_mutex_destroy(&hot->lock);
    free(hot);
}

void oc_hot_changed(struct oc_tx *tx, uint32_t pid)
{
    atomic_store(&tx->store->hot->changed[pid % OC_HOT_NOTES], mdb_txn_id(tx->txn));
}

/* -- making -------------------------------------------------------------------------------------
 */

/* The text in a file of its own, of which nobody else knows. */
static bool put_in_file(struct oc_hot_text *text, struct oc_slice bytes)
{
    struct oc_err ignored = {0}; /* no memory for a file: no hot text */

    text->file.fd = memfd_create("outcrop-hot-text", MFD_CLOEXEC);
    if (text->file.fd < 0 || oc_file_write(text->file.fd, bytes.ptr, bytes.len, &ignored) < 0)
        return false;
    void *base = mmap(NULL, bytes.len, PROT_READ, MAP_SHARED, text->file.fd, 0);
    if (base == MAP_FAILED)
        return false;
    text->file.base = base;
    text->file.len = bytes.len;
    return true;
}

/* NULL: not to be had; who needs the rows finds out why. */
static struct oc_hot_text *make(struct oc_read *read, const struct oc_part *part)
{
    OC_AUTO(oc_buf_clear) struct oc_buf bytes = {0};
    struct oc_err ignored = {0};
    struct oc_slice json;
    struct oc_hot_text *text = oc_alloc(sizeof *text);

    if (!text)
        return NULL;
    text->pid = part->pid;
    text->txn = mdb_txn_id(read->txn);
    text->count = part->next_seq < JOBS ? (uint32_t)part->next_seq : JOBS;
    text->first = part->next_seq - text->count;
    text->file = (struct oc_mapping){.fd = -1};
    atomic_init(&text->refs, 1);
    oc_buf_init(&bytes, UINT32_MAX);
    int rc = OC_OK;
    for (uint32_t i = 0; rc == OC_OK && i < text->count; i++) {
        text->at[i] = (uint32_t)bytes.len;
        rc = oc_row_json(read, part, part->next_seq - 1 - i, &json, &ignored);
        if (rc == OC_OK)
            oc_buf_put_slice(&bytes, json);
    }
    text->at[text->count] = (uint32_t)bytes.len;
    if (rc == OC_OK && !bytes.failed && put_in_file(text, oc_buf_slice(&bytes)))
        return text;
    oc_hot_release(text);
    return NULL;
}

/* -- finding ------------------------------------------------------------------------------------
 */

/* Nothing has changed between the snapshot and that of the text. */
static bool is_true(const struct oc_hot_text *text, const struct oc_part *part, uint64_t changed,
                    uint64_t txn)
{
    return text && text->pid == part->pid && changed <= text->txn && changed <= txn;
}

/* Is this read of the place the one that makes a text? */
static bool count_read(struct place *place, uint32_t pid, uint64_t changed)
{
    if (place->pid != pid || place->changed != changed) {
        place->pid = pid;
        place->changed = changed;
        place->reads = 0;
    }
    return ++place->reads == READS_MIN;
}

static void replace(struct oc_hot *hot, struct place *place, struct oc_hot_text *text)
{
    atomic_fetch_add(&text->refs, 1); /* the reader's and the place's */
    pthread_mutex_lock(&hot->lock);
    struct oc_hot_text *old = place->text;
    place->text = text;
    pthread_mutex_unlock(&hot->lock);
    oc_hot_release(old);
}

/* One snapshot holds one text: pages that are given out lie in it. */
static const struct oc_mapping *held(const struct oc_read *read, uint32_t pid)
{
    return read->hot && read->hot->pid == pid ? &read->hot->file : NULL;
}

const struct oc_mapping *oc_hot_find(struct oc_read *read, const struct oc_part *part,
                                     uint64_t oldest, uint64_t newest, uint32_t count)
{
    struct oc_hot *hot = read->store->hot;

    if (!hot || read->tx || count < PAGE_MIN || newest < part->text_next ||
        part->next_seq - oldest > JOBS)
        return NULL;
    if (read->hot)
        return held(read, part->pid);
    struct place *place = &hot->places[part->pid % TEXTS];
    uint64_t txn = mdb_txn_id(read->txn);
    bool make_it = false;
    pthread_mutex_lock(&hot->lock);
    uint64_t changed = atomic_load(&hot->changed[part->pid % OC_HOT_NOTES]);
    if (is_true(place->text, part, changed, txn)) {
        read->hot = place->text;
        atomic_fetch_add(&read->hot->refs, 1);
    } else if (changed <= txn) {
        make_it = count_read(place, part->pid, changed);
    }
    pthread_mutex_unlock(&hot->lock);
    if (make_it && (read->hot = make(read, part)) != NULL)
        replace(hot, place, read->hot);
    return held(read, part->pid);
}

struct oc_slice oc_hot_jobs(const struct oc_hot_text *text, uint64_t newest, uint32_t count)
{
    uint64_t i = text->first + text->count - 1 - newest;

    return (struct oc_slice){text->file.base + text->at[i], text->at[i + count] - text->at[i]};
}
