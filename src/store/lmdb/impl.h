/*
 * What the files of the embedded store share. Nothing outside this folder and its tests includes
 * it. docs/formats.md ("Store") says what stands on disk, docs/list-engine.md why.
 *
 * Databases of the one LMDB environment:
 *   records  kind, key                  → checked value
 *   parts    partition                  → number; number → state
 *   rows     partition number, sequence → one job, as the JSON that is sent      } the truth
 *   texts    partition number, first    → many old jobs, JSON joined             }
 *   index    everything that can be made again from the two above
 *
 * Threads: the writer's thread owns every struct oc_tx and struct oc_wpart. A struct oc_read
 * belongs to one thread at a time. The caches in struct oc_seal_cache are shared and lock-free.
 */
#ifndef OC_STORE_LMDB_IMPL_H
#define OC_STORE_LMDB_IMPL_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/crypto.h"
#include "base/fault.h"
#include "base/limits.h"
#include "store/store.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored columns are little-endian");

#define OC_STORE_FORMAT   2 /* of the whole environment; every value carries its own as well */
#define OC_LEVELS         3
#define OC_GROUP          64    /* jobs in one value of the tail */
#define OC_SEG_BLOCKS_MAX 8     /* blocks in one segment */
#define OC_BLOCK_MAX      65536 /* jobs in a block or a chunk */
#define OC_ACCOUNT_MAX    12
#define OC_REGION_MAX     32
#define OC_NONE           UINT32_MAX

/**
 * How many jobs the pieces of the index hold. Kept in the store itself, so that it can be opened
 * only as it was made; tests make stores of a small shape to cross every border quickly.
 * All are powers of two, at least 512, each level a multiple of the one before.
 */
struct oc_shape {
    uint32_t level[OC_LEVELS]; /* jobs in a segment */
    uint32_t block;            /* jobs that one posting array or bitmap spans; at most 65,536 */
    uint32_t text;             /* jobs in a text segment */
    uint32_t chunk;            /* jobs in one value of status bits */
    uint32_t super;            /* jobs in one sealed plane of failures */
};
extern const struct oc_shape oc_shape_default;

/** Like oc_store_open, but a new store gets `shape`. For tests. */
int oc_store_open_shaped(const struct oc_store_options *options, const struct oc_shape *shape,
                         struct oc_store **ret, struct oc_err *err);

/* -- little-endian fields at any alignment --------------------------------------------------- */

static inline uint16_t oc_ld16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint32_t oc_ld32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint64_t oc_ld64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void oc_st32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline void oc_st64(void *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
}

/* -- the environment (env.c) ------------------------------------------------------------------ */

#define OC_KNOWN_TERMS 1024U
#define OC_KNOWN_WORDS 20 /* 152 bytes of text: more than an ARN of a model has */

/** An account or a model and its number; see known_terms.c. */
struct oc_known_term {
    _Atomic uint32_t version, term;
    _Atomic uint64_t words[OC_KNOWN_WORDS];
};

/** Counted, lock-free memory of what was verified or found already; see seal.c. */
struct oc_seal_cache {
    _Atomic uint64_t *units;  /* a bit for each page of the map: its unit's checksum was right */
    uint64_t unit_mask;       /* number of bits - 1 */
    _Atomic uint64_t *places; /* where an immutable value was found */
    _Atomic uint64_t *smalls; /* small values whose checksum was right */
    _Atomic uint64_t *absent; /* OC_ABSENT_ENTRIES: sets that were looked for in vain; absent.c */
    struct oc_known_term *known; /* OC_KNOWN_TERMS */
};

#define OC_ABSENT_ENTRIES 65536U

struct oc_sealer;
struct oc_writer;

struct oc_store {
    MDB_env *env;
    MDB_dbi records, parts, rows, texts, index;
    struct oc_shape shape;
    bool read_only;
    int lock_fd;
    pthread_mutex_t read_lock;
    struct oc_read *idle; /* finished snapshots, ready for another use */
    uint32_t reads, reads_max;
    uint32_t batch; /* most writes in one commit */
    struct oc_seal_cache seals;
    struct oc_mapping mapping; /* of the file; all zero: not known */
    struct oc_hot *hot;
    struct oc_writer *writer;
    struct oc_sealer *sealer;
    _Atomic uint64_t commits, writes;
};

struct oc_read {
    struct oc_store *store;
    MDB_txn *txn;
    struct oc_tx *tx;        /* set when this is a write transaction seen as a snapshot */
    struct oc_hot_text *hot; /* in use until this is closed, or NULL */
    struct oc_read *next;
};

/** Learn where the store's file is mapped (mapping.c). Can fail: there is none then. */
void oc_mapping_find(struct oc_store *store);

/** Turn an LMDB code into an oc_err: MDB_MAP_FULL and ENOSPC are OC_EFULL, damage OC_ECORRUPT. */
int oc_lmdb_fail(struct oc_err *err, int code, const char *what);

/**
 * Make the store's file in `folder` unless it is there: whole and durable, or not at all (make.c).
 * Errors: OC_EIO, OC_EFULL, OC_EDENIED, OC_ENOMEM.
 */
int oc_env_make(const char *folder, struct oc_err *err);

static inline MDB_val oc_val(const void *ptr, size_t len)
{
    return (MDB_val){.mv_data = (void *)(uintptr_t)ptr, .mv_size = len};
}

/** mdb_get: OC_OK with the value, OC_ENOTFOUND without a text, or a failure. */
int oc_env_get(struct oc_read *read, MDB_dbi dbi, struct oc_slice key, struct oc_slice *ret,
               struct oc_err *err);

/* Keys of `index`, `rows` and `texts`: big-endian, so that key order is number order. */
enum oc_index_kind {
    OC_INDEX_GROUP = 'G',  /* group number → newest jobs, in columns */
    OC_INDEX_ID = 'I',     /* packed job id → sequence number, for jobs in no segment yet */
    OC_INDEX_PLANES = 'P', /* chunk → which jobs have ended, which failed */
    OC_INDEX_COUNTS = 'B', /* super → those bits counted for each of its chunks */
    OC_INDEX_FAILED = 'F', /* super → failures of jobs that have all ended, immutable */
    OC_INDEX_YOUNG = 'Y',  /* 0 → what older versions kept of the newest jobs; to be removed */
    OC_INDEX_LATE = 'L',   /* super → its jobs that had not ended when it was sealed */
    OC_INDEX_SUPERS = 'X', /* 0 → bitmap of the supers that are sealed */
    OC_INDEX_SEGMENT = 'S' /* level << 56 | first sequence number → segment, immutable */
};
struct oc_key {
    uint8_t bytes[32];
    size_t len;
};
struct oc_key oc_key_index(enum oc_index_kind kind, uint32_t pid, uint64_t number);
struct oc_key oc_key_seq(uint32_t pid, uint64_t seq); /* of rows and texts */
#define OC_KEY_SEQ 12                                 /* its length */
static inline struct oc_slice oc_key_slice(const struct oc_key *key)
{
    return (struct oc_slice){(const char *)key->bytes, key->len};
}
static inline uint64_t oc_segment_number(unsigned level, uint64_t first)
{
    return (uint64_t)level << 56 | first;
}

/* -- writing (writer.c) ----------------------------------------------------------------------- */

#define OC_WPARTS     32
#define OC_TERM_CACHE 4096
#define OC_TX_SEALS   16 /* immutable values that one transaction may put */

struct oc_part {
    uint32_t pid;
    uint32_t next_term;
    uint64_t next_seq;
    int64_t last_ms;
    uint64_t end[OC_LEVELS]; /* level 2 covers [0, end[2]), 1 [end[2], end[1]), 0 [end[1], end[0]);
                                the tail covers [end[0], next_seq) */
    uint64_t max_id;         /* no job has a greater id; UINT64_MAX: not known */
    uint64_t text_next;      /* jobs before this are in text segments, but for late ones */
    uint32_t young;          /* not 0: there is a copy of rows that an older version kept */
    uint8_t account_len, region_len;
    char account[OC_ACCOUNT_MAX];
    char region[OC_REGION_MAX];
};

#define OC_GROUP_MAX 8176 /* bytes of a group: two LMDB pages less a page's head */

/** A partition that the writer has touched: written back before the commit. */
struct oc_wpart {
    struct oc_part part;
    bool used, dirty, group_loaded, group_dirty;
    uint8_t group[OC_GROUP_MAX] __attribute__((aligned(16)));
};

struct oc_term_entry {
    uint8_t key[20]; /* pid, digest */
    uint32_t term;
};

struct oc_tx {
    struct oc_store *store;
    MDB_txn *txn;
    struct oc_read read;
    uint64_t changes;       /* how many so far: tells whether a failed write changed something */
    bool broken;            /* a change failed half-way: the transaction must not commit */
    struct oc_wpart *parts; /* OC_WPARTS; kept between transactions, dropped on abort */
    struct oc_term_entry *terms; /* OC_TERM_CACHE; likewise */
    struct oc_buf scratch;
    uint32_t *sealed_pids; /* partitions for the sealer to look at after the commit */
    uint32_t sealed_count;
    struct { /* immutable values that were put: see oc_seal_forget */
        MDB_dbi dbi;
        struct oc_key key;
    } seals[OC_TX_SEALS];
    unsigned seal_count;
};

int oc_writer_start(struct oc_store *store, uint32_t batch, struct oc_err *err);
void oc_writer_stop(struct oc_store *store);
uint64_t oc_writer_queue(struct oc_store *store);

/** All changes pass here: counted, fault site, `broken` on failure. */
int oc_tx_set(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, struct oc_slice value,
              struct oc_err *err);
/** The same unless the key is there: then OC_ECONFLICT, without a text. */
int oc_tx_set_new(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, struct oc_slice value,
                  struct oc_err *err);
/** Room for a value of `len` bytes, to be filled before the next change. */
int oc_tx_reserve(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, size_t len, void **ret,
                  struct oc_err *err);
/** Remove; fine when absent. */
int oc_tx_unset(struct oc_tx *tx, MDB_dbi dbi, struct oc_slice key, struct oc_err *err);
/** Ask the sealer to look at a partition once this is durable. */
void oc_tx_wake(struct oc_tx *tx, uint32_t pid);
/** Put an immutable value. At most OC_TX_SEALS in one transaction. */
int oc_tx_put_seal(struct oc_tx *tx, MDB_dbi dbi, const struct oc_key *key, struct oc_slice value,
                   struct oc_err *err);
/** Write touched partitions back. */
int oc_tx_flush(struct oc_tx *tx, struct oc_err *err);

/* -- partitions (part.c) ---------------------------------------------------------------------- */

/** State of a partition by name or number. OC_ENOTFOUND without a text when never written. */
int oc_part_find(struct oc_read *read, struct oc_partition name, struct oc_part *ret,
                 struct oc_err *err);
int oc_part_load(struct oc_read *read, uint32_t pid, struct oc_part *ret, struct oc_err *err);
/** Next partition number after `pid`; OC_ENOTFOUND at the end. */
int oc_part_next(struct oc_read *read, uint32_t pid, uint32_t *ret, struct oc_err *err);
/** The writer's copy; `create` makes the partition. Valid until the next call with another name. */
int oc_part_touch(struct oc_tx *tx, struct oc_partition name, bool create, struct oc_wpart **ret,
                  struct oc_err *err);
int oc_part_touch_pid(struct oc_tx *tx, uint32_t pid, struct oc_wpart **ret, struct oc_err *err);
int oc_part_write(struct oc_tx *tx, struct oc_wpart *wpart, struct oc_err *err);

/** Terms: source accounts and source models as numbers, from one counter; the low bit tells which.
 */
enum oc_term_kind { OC_TERM_ACCOUNT = 0, OC_TERM_MODEL = 1 };
int oc_term_find(struct oc_read *read, uint32_t pid, enum oc_term_kind kind, struct oc_slice text,
                 uint32_t *ret, struct oc_err *err);
/** What oc_term_find found lately. @return false when it is not known, or `read` is a transaction
 */
bool oc_known_term_get(struct oc_read *read, uint32_t pid, enum oc_term_kind kind,
                       struct oc_slice text, uint32_t *ret);
void oc_known_term_put(struct oc_read *read, uint32_t pid, enum oc_term_kind kind,
                       struct oc_slice text, uint32_t term);
int oc_term_intern(struct oc_tx *tx, struct oc_wpart *wpart, enum oc_term_kind kind,
                   struct oc_slice text, uint32_t *ret, struct oc_err *err);

int oc_id_put(struct oc_tx *tx, uint32_t pid, uint64_t id, uint64_t seq, struct oc_err *err);
/** Sequence number of a job by its id. OC_ENOTFOUND without a text. */
int oc_id_find(struct oc_read *read, const struct oc_part *part, uint64_t id, uint64_t *ret,
               struct oc_err *err);

/* -- hot texts (hot.c) ------------------------------------------------------------------------ */

#define OC_HOT_NOTES 4096 /* partitions whose changes are noted apart from one another */

/** NULL: no memory. */
struct oc_hot *oc_hot_new(void);
void oc_hot_free(struct oc_hot *hot);
/** A transaction changes what the partition's jobs say; to be called before it commits. */
void oc_hot_changed(struct oc_tx *tx, uint32_t pid);
/**
 * The hot text that has these jobs, made when they have been asked often enough.
 * @param oldest, newest, count  of a page
 * @return its file, good until the snapshot is closed; NULL: there is none, gather
 */
const struct oc_mapping *oc_hot_find(struct oc_read *read, const struct oc_part *part,
                                     uint64_t oldest, uint64_t newest, uint32_t count);
/** The JSON of `count` neighbours in it, the newest first. */
struct oc_slice oc_hot_jobs(const struct oc_hot_text *text, uint64_t newest, uint32_t count);
void oc_hot_release(struct oc_hot_text *text);

/* -- the tail (tail.c) ------------------------------------------------------------------------ */

/** One group of the newest jobs: fixed columns, then names that each end in NUL. */
struct oc_group {
    const uint8_t *bytes;
    size_t len; /* of the stored value; 0 for a view of the writer's copy */
    uint32_t count;
    const int64_t *ms;
    const uint64_t *id;
    const uint32_t *account, *model;
    const uint16_t *name_at; /* count + 1 */
    const char *names;
};
int oc_group_load(struct oc_read *read, uint32_t pid, uint64_t number, struct oc_group *ret,
                  struct oc_err *err);
/** Groups one after another, in either direction: cheaper than each alone. */
struct oc_group_walk {
    MDB_cursor *cursor; /* NULL: not begun */
    uint64_t number;    /* of the group that was loaded last */
};
/** As oc_group_load. The walk is empty at first and to be ended, on failure too. */
int oc_group_walk(struct oc_read *read, uint32_t pid, uint64_t number, struct oc_group_walk *walk,
                  struct oc_group *ret, struct oc_err *err);
void oc_group_walk_end(struct oc_group_walk *walk);
void oc_group_view(const uint8_t *bytes, struct oc_group *ret);

struct oc_group_row {
    int64_t ms;
    uint64_t id;
    uint32_t account, model;
    struct oc_slice name;
};
/** Append a job to the writer's copy of the last group. */
void oc_group_append(uint8_t *group, const struct oc_group_row *row);
/** Checksum and length to store. */
size_t oc_group_finish(uint8_t *group, uint32_t pid, uint64_t number);
/** An empty group. */
void oc_group_begin(uint8_t *group);

/* -- checked values (seal.c) ------------------------------------------------------------------ */

enum oc_seal_kind { OC_SEAL_SEGMENT = 1, OC_SEAL_TEXT = 2, OC_SEAL_FAILED = 3 };

/** First bytes of every immutable value. */
struct oc_seal_head {
    uint32_t magic;
    uint16_t version;
    uint16_t kind;
    uint64_t payload; /* bytes, this head included; after them a CRC-32C for each 4 KiB */
    uint32_t pid;
    uint32_t level;
    uint64_t first;
};

struct oc_seal {
    struct oc_store *store;
    const uint8_t *bytes;
    size_t payload;
    bool cached; /* lies in the map, so that what is verified can be remembered */
    uint8_t kind;
    uint32_t pid;
    uint64_t first;
};

int oc_seal_cache_init(struct oc_seal_cache *cache, uint64_t map_bytes, struct oc_err *err);
void oc_seal_cache_clear(struct oc_seal_cache *cache);
/** Forget places and verified pages: after a rebuild. */
void oc_seal_cache_reset(struct oc_seal_cache *cache);

/** Begin a value in `buf` (empty): head, to be completed by oc_seal_finish. */
void oc_seal_begin(struct oc_buf *buf, enum oc_seal_kind kind, uint32_t pid, uint32_t level,
                   uint64_t first);
/** Pad so that the next byte lies on a cache line once the value is in the store. */
void oc_seal_align(struct oc_buf *buf);
/** Append the checksums. @return false when the buffer has failed. */
bool oc_seal_finish(struct oc_buf *buf);

/** Find an immutable value and verify its head. OC_ENOTFOUND without a text. */
int oc_seal_open(struct oc_read *read, enum oc_seal_kind kind, uint32_t pid, unsigned level,
                 uint64_t first, struct oc_seal *ret, struct oc_err *err);
/** `len` verified bytes at `offset`, or NULL with `err` filled (OC_ECORRUPT). */
const void *oc_seal_at(const struct oc_seal *seal, size_t offset, size_t len, struct oc_err *err);
/** Where a text segment lies if that is known without asking LMDB, unverified: to prefetch. */
const uint8_t *oc_seal_peek(struct oc_read *read, enum oc_seal_kind kind, uint32_t pid,
                            unsigned level, uint64_t first);
/** After a commit that put this value: pages it took may have been verified as another's. */
void oc_seal_forget(struct oc_store *store, MDB_dbi dbi, struct oc_slice key);

/**
 * Whether a small value's checksum is right, remembered by key, place and checksum.
 * @param value  the stored checksum and then what it is of; at least 5 bytes
 */
bool oc_small_ok(struct oc_read *read, uint8_t kind, uint32_t pid, uint64_t number,
                 struct oc_slice value);
/** Seed that ties a small value to its key. */
uint32_t oc_small_seed(uint8_t kind, uint32_t pid, uint64_t number);

/* -- segments (segment_build.c, segment.c) ---------------------------------------------------- */

#define OC_GRAM1      0U    /* 64 single characters */
#define OC_GRAM2      64U   /* 4,096 pairs */
#define OC_GRAM3      4160U /* 262,144 triples */
#define OC_GRAMS      266304U
#define OC_GRAM_LINE  448U /* grams whose presence one cache line tells */
#define OC_GRAM_LINES ((OC_GRAMS + OC_GRAM_LINE - 1) / OC_GRAM_LINE)

/** 0–63 for a character of the model-name alphabet, 255 for others. */
uint8_t oc_gram_code(char c);

/** Jobs as columns: what segments are built from. */
struct oc_cols {
    uint32_t count, cap;
    uint64_t first;
    int64_t *ms;
    uint64_t *id;
    uint32_t *account, *model, *name_at; /* name_at: count + 1 */
    struct oc_buf names;                 /* each ends in NUL */
};
int oc_cols_init(struct oc_cols *cols, uint64_t first, uint32_t cap, struct oc_err *err);
void oc_cols_clear(struct oc_cols *cols);
/** Append one job. Out of memory shows in `names.failed`. */
void oc_cols_add(struct oc_cols *cols, const struct oc_group_row *row);

struct oc_seg_head {
    struct oc_seal_head seal;
    uint32_t count, block;
    int64_t first_ms, last_ms;
    uint32_t at_ms, at_name_base, at_name_at, at_names, names_len;
    uint32_t at_ids, at_positions, at_bloom, bloom_lines;
    uint32_t at_grams, at_gram_posts, gram_count;
    uint32_t at_buckets, bucket_bits, at_terms, at_term_posts, term_count;
    uint32_t at_posts, post_units, at_bits, bit_lines;
    uint32_t ms_bytes; /* of a creation time: 4 or 8, since first_ms */
};

struct oc_seg {
    struct oc_seal seal;
    struct oc_seg_head head;
};

/** Build a segment. Deterministic: equal columns give equal bytes. */
int oc_seg_build(const struct oc_shape *shape, uint32_t pid, unsigned level,
                 const struct oc_cols *cols, struct oc_buf *ret, struct oc_err *err);
int oc_seg_open(struct oc_read *read, uint32_t pid, unsigned level, uint64_t first,
                struct oc_seg *ret, struct oc_err *err);
/** Append all of a segment's jobs. */
int oc_seg_columns(const struct oc_seg *seg, struct oc_cols *cols, struct oc_err *err);
/** How many of the segment's jobs were created before `ms`. */
int oc_seg_before(const struct oc_seg *seg, int64_t ms, uint32_t *ret, struct oc_err *err);
/** Position of a job id in the segment; OC_ENOTFOUND without a text. */
int oc_seg_find_id(const struct oc_seg *seg, uint64_t id, uint32_t *ret, struct oc_err *err);
/** The name of a job: NUL-terminated, at least 64 readable bytes. NULL with `err` filled. */
const char *oc_seg_name(const struct oc_seg *seg, uint32_t position, struct oc_err *err);
/** Bring the place of a name, then the name itself, nearer: to be called some names ahead. */
void oc_seg_fetch_offset(const struct oc_seg *seg, uint32_t position);
int oc_seg_fetch_name(const struct oc_seg *seg, uint32_t position, struct oc_err *err);
static inline uint32_t oc_term_hash(uint32_t term)
{
    return term * 0x9E3779B1U;
}
static inline uint64_t oc_id_hash(uint64_t id)
{
    id = (id ^ (id >> 31)) * 0x9E3779B97F4A7C15ULL;
    return id ^ (id >> 29);
}

enum oc_set_kind { OC_SET_NONE, OC_SET_ALL, OC_SET_ARRAY, OC_SET_BITS };
/** The jobs of one segment that share a gram or a term, block by block. */
struct oc_set {
    uint32_t total;
    struct {
        uint8_t kind; /* enum oc_set_kind */
        uint32_t count;
        const uint16_t *array;
        uint32_t line; /* first line of the bitmap */
    } block[OC_SEG_BLOCKS_MAX];
};
/** Look a set up. @return OC_OK, OC_ENOTFOUND without a text (empty), OC_ECORRUPT. */
int oc_seg_gram(const struct oc_seg *seg, uint32_t gram, struct oc_set *ret, struct oc_err *err);
int oc_seg_term(const struct oc_seg *seg, uint32_t term, struct oc_set *ret, struct oc_err *err);
/** Bring nearer what a look-up reads first: to be called for all sets before any is looked up. */
void oc_seg_fetch_gram(const struct oc_seg *seg, uint32_t gram);
void oc_seg_fetch_term(const struct oc_seg *seg, uint32_t term);
/** The bitmap of a block, verified. */
const uint64_t *oc_seg_bits(const struct oc_seg *seg, uint32_t line, uint32_t lines,
                            struct oc_err *err);

/* -- bits (bits.c) ---------------------------------------------------------------------------- */

/** A bitmap in an intersection. Bit `p` is `words[p / 64 - skew] ^ invert`. */
struct oc_bits_op {
    const uint64_t *words;
    int64_t skew;
    uint64_t invert; /* 0 or all ones */
};

/**
 * Next line of 512 bits in which the intersection is not empty, from `line` towards `end`
 * (ascending: up to end - 1; descending: down to end).
 * @param ops             at least one; reordered so that those that end lines early come first
 * @param[out] ret_words  the eight words of that line
 * @return the line, or OC_NONE
 */
uint32_t oc_bits_up(struct oc_bits_op *ops, unsigned count, uint32_t line, uint32_t end,
                    uint64_t ret_words[8]);
uint32_t oc_bits_down(struct oc_bits_op *ops, unsigned count, uint32_t line, uint32_t end,
                      uint64_t ret_words[8]);
/** Keep the positions whose bit is set. @return how many are left. */
unsigned oc_bits_filter(const struct oc_bits_op *op, uint16_t *positions, unsigned count);
/** `word` holds the bits of positions `at` to `at` + 63: keep those in [low, high). */
static inline uint64_t oc_bits_between(uint32_t low, uint32_t high, uint32_t at, uint64_t word)
{
    if (at < low)
        word = low - at >= 64 ? 0 : word >> (low - at) << (low - at);
    if (at + 64 > high)
        word = at >= high ? 0 : word & UINT64_MAX >> (64 - (high - at));
    return word;
}
/** Which of 64 numbers equal `value`. */
uint64_t oc_bits_equal64(const uint32_t *numbers, uint32_t value);
/** Whether a NUL-terminated name of at most 63 characters, 64 readable bytes, contains `needle`. */
bool oc_bits_name_has(const char *name, struct oc_slice needle);
/** Use only the versions that run on any processor: for tests. */
void oc_bits_use_plain(bool plain);
/** First place in `text` where `needle` stands, or -1. */
ptrdiff_t oc_bits_find(struct oc_slice text, struct oc_slice needle);

/* -- status (status.c) ------------------------------------------------------------------------ */

/** Jobs of a sealed super, or of a part of it, that had not ended when it was sealed. */
struct oc_late {
    const uint8_t *entries; /* see status_late.c */
    uint32_t count;
};
#define OC_LATE_MAX 2048 /* of one super */
/** A status as the bits of an entry; the rest of it is the position in the super. */
uint32_t oc_late_status(enum oc_job_status status);
int oc_late_load(struct oc_read *read, uint32_t pid, uint64_t super, struct oc_late *ret,
                 struct oc_err *err);
/** Those of [from, to), positions in the super. */
struct oc_late oc_late_range(const struct oc_late *late, uint64_t from, uint64_t to);
/** Whether any makes a difference to what the sealed plane says of the wanted status. */
bool oc_late_matters(const struct oc_late *late, enum oc_job_status want);
/** Put right the bits of jobs with the wanted status; bit 0 is the position `origin`. */
void oc_late_correct(const struct oc_late *late, enum oc_job_status want, uint64_t origin,
                     uint64_t *words);
/** How many of [from, to), numbers of one sealed super, have not ended. */
int oc_late_open_jobs(struct oc_read *read, uint32_t pid, uint64_t from, uint64_t to, uint32_t *ret,
                      struct oc_err *err);
int oc_late_put(struct oc_tx *tx, uint32_t pid, uint64_t super, struct oc_slice entries,
                struct oc_err *err);
/** Record that a job of a sealed super has ended. */
int oc_late_end(struct oc_tx *tx, uint32_t pid, uint64_t seq, bool failed, struct oc_err *err);

/** Where the status of the jobs of one chunk or super stands. */
enum oc_status_match { OC_STATUS_NO_JOB, OC_STATUS_EVERY_JOB, OC_STATUS_BITS };
struct oc_status {
    struct oc_read *read;
    uint32_t pid;
    enum oc_job_status want;
    struct oc_slice supers; /* bitmap of sealed supers */
    uint64_t super;         /* whose counts or plane are loaded; UINT64_MAX: none */
    bool sealed;
    struct oc_seal plane;
    struct oc_late late;   /* of the sealed super */
    const uint8_t *counts; /* NULL: nothing has ended yet */
    uint64_t chunk;        /* whose bits stand in `words` */
    uint64_t words[OC_BLOCK_MAX / 64];
};
int oc_status_begin(struct oc_status *status, struct oc_read *read, uint32_t pid,
                    enum oc_job_status want, struct oc_err *err);
/**
 * Which jobs of [from, to) have the wanted status. `from` and `to` lie in one chunk, or, when
 * oc_status_is_sealed, in OC_BLOCK_MAX jobs of one super that begin at a multiple of 512.
 * @param[out] ret_op    for OC_STATUS_BITS, relative to `base` (a multiple of 512, at most `from`)
 */
int oc_status_bits(struct oc_status *status, uint64_t base, uint64_t from, uint64_t to,
                   enum oc_status_match *ret_match, struct oc_bits_op *ret_op, struct oc_err *err);
bool oc_status_is_sealed(const struct oc_status *status, uint64_t seq);
/** Record that a job has ended. */
int oc_status_end(struct oc_tx *tx, uint32_t pid, uint64_t seq, bool failed, struct oc_err *err);
/** How many of [from, to) have not ended. Both lie in one chunk. */
int oc_status_open_jobs(struct oc_read *read, uint32_t pid, uint64_t from, uint64_t to,
                        uint32_t *ret, struct oc_err *err);
/**
 * Build the sealed plane of a full super, if its jobs have ended but for a few (else *ret_ready is
 * false).
 * @param[out] late  positions of those few, u32 each
 */
int oc_status_seal(struct oc_read *read, const struct oc_part *part, uint64_t super,
                   struct oc_buf *plane, struct oc_buf *late, bool *ret_ready, struct oc_err *err);
/** Put the sealed plane in place of the values it was made from. Changes `late`. */
int oc_status_put_sealed(struct oc_tx *tx, uint32_t pid, uint64_t super, struct oc_slice plane,
                         struct oc_slice late, struct oc_err *err);

/* -- rows and texts (rows.c) ------------------------------------------------------------------ */

#define OC_ROW_HEAD 8

/** What a stored row says, read from its JSON. */
struct oc_row {
    struct oc_slice json; /* `,{…}`: with the comma that joins it to the one before */
    enum oc_job_status status;
    int64_t ms;
    struct oc_slice id, name, source_account, source_model; /* in `json`, or in the arena */
};
int oc_row_put(struct oc_tx *tx, uint32_t pid, uint64_t seq, const struct oc_job *job,
               struct oc_err *err);
int oc_row_end(struct oc_tx *tx, uint32_t pid, uint64_t seq, enum oc_job_status status,
               struct oc_slice failure, struct oc_err *err);
/** Give the row of a job that is InProgress the name of its source, unless it has one. */
int oc_row_name_source(struct oc_tx *tx, uint32_t pid, uint64_t seq, struct oc_slice name,
                       struct oc_err *err);
/** Check a row as it stands in the store. */
int oc_row_check(struct oc_read *read, uint32_t pid, uint64_t seq, struct oc_slice value,
                 enum oc_job_status *ret_status, struct oc_slice *ret_json, struct oc_err *err);
/** Read the members that the index needs. */
int oc_row_parse(struct oc_slice json, struct oc_arena *arena, struct oc_row *ret,
                 struct oc_err *err);
/** `,{…}` of one job, from its row or its text segment. */
int oc_row_json(struct oc_read *read, const struct oc_part *part, uint64_t seq,
                struct oc_slice *ret, struct oc_err *err);
/** Build the text segment of [first, first + shape.text). */
int oc_text_build(struct oc_read *read, uint32_t pid, uint64_t first, struct oc_buf *ret,
                  struct oc_err *err);
/** Put a text segment and remove the rows that it holds. */
int oc_text_put(struct oc_tx *tx, uint32_t pid, uint64_t first, struct oc_slice text,
                struct oc_err *err);
/** JSON of the job at `index` of a text of `size` jobs; len 0: look at its row. */
int oc_text_json(const struct oc_seal *text, uint32_t size, uint32_t index, struct oc_slice *ret,
                 struct oc_err *err);
#define OC_TEXT_OFFSETS 64 /* where the table of offsets begins */

/** The page of `count` jobs, in the order given. */
int oc_page_build(struct oc_read *read, const struct oc_part *part, const uint64_t *seqs,
                  uint32_t count, struct oc_arena *arena, struct oc_job_page *ret,
                  struct oc_err *err);

/* -- background (sealer.c), upkeep (check.c, rebuild.c) ---------------------------------------- */

int oc_sealer_start(struct oc_store *store, struct oc_err *err);
void oc_sealer_stop(struct oc_store *store); /* end the thread */
void oc_sealer_free(struct oc_store *store);
/** Keep the sealer still; returns when it is. */
void oc_sealer_pause(struct oc_store *store, bool paused);
void oc_sealer_wake(struct oc_store *store, uint32_t pid);
/** Put a segment and remove what it replaces; used by the sealer and by rebuild. */
int oc_segment_put(struct oc_tx *tx, uint32_t pid, unsigned level, uint64_t first,
                   struct oc_slice segment, const struct oc_cols *cols, struct oc_err *err);
/** Columns of [first, first + count), from segments and the tail. */
int oc_columns_load(struct oc_read *read, const struct oc_part *part, uint64_t first,
                    uint32_t count, struct oc_cols *cols, struct oc_err *err);
/** Columns of the same from the records, looking terms up with `term`. */
typedef int oc_term_fn(void *ctx, enum oc_term_kind kind, struct oc_slice text, uint32_t *ret,
                       struct oc_err *err);
int oc_columns_from_records(struct oc_read *read, const struct oc_part *part, uint64_t first,
                            uint32_t count, oc_term_fn *term, void *ctx, struct oc_cols *cols,
                            uint8_t *ret_status, struct oc_err *err);

/** Do the whole rebuild; also at opening, when one was cut short. */
int oc_rebuild_run(struct oc_store *store, struct oc_err *err);
/** Remove everything in a database. */
int oc_tx_clear(struct oc_tx *tx, MDB_dbi dbi, struct oc_err *err);

#endif
