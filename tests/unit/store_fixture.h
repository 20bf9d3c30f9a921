/*
 * What the store's tests share: a store in a temporary folder, and jobs that are easy to make.
 * Memory-backed folders are preferred: the tests commit often and check durability elsewhere.
 */
#ifndef OC_TESTS_STORE_FIXTURE_H
#define OC_TESTS_STORE_FIXTURE_H

#include "store/lmdb/impl.h"

/** Crosses every border with some thousand jobs. */
extern const struct oc_shape small_shape;

struct fixture {
    char path[64];
    struct oc_store *store;
    uint64_t map_bytes;
};

/** A new, empty folder; nothing is opened. Aborts the test program when there is none. */
void fixture_begin(struct fixture *f);
/** Close the store and remove the folder. */
void fixture_end(struct fixture *f);
int fixture_open(struct fixture *f, struct oc_err *err);
void fixture_close(struct fixture *f);
/** Open, or fail the test with the reason. */
void fixture_open_ok(struct fixture *f);

/** For cmocka: an empty store and a snapshot of it, for tests of what queries remember. */
extern struct oc_read *snapshot;
int snapshot_set_up(void **state);
int snapshot_tear_down(void **state);

/** A seeded generator (splitmix64): tests print their seed. */
struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/** 0 to n - 1. */
uint32_t rng_below(struct rng *rng, uint32_t n);

/** The id of job number `n` of some series: 12 characters, no NUL. */
void make_id(uint64_t n, char ret[OC_ID_LEN]);

/** A job with all that is needed; text is static or in `id`. */
struct oc_job make_job(const char id[OC_ID_LEN], const char *name, int64_t ms);
extern const struct oc_partition test_partition;

/** Create one job in a commit of its own. */
int create_job(struct oc_store *store, struct oc_job *job, struct oc_err *err);
int end_job(struct oc_store *store, struct oc_partition partition, const char id[OC_ID_LEN],
            enum oc_job_status status, const char *failure, struct oc_err *err);
/** Create `count` jobs numbered from `from` in few commits; names `model-N`. */
int create_many(struct oc_store *store, uint64_t from, uint32_t count, struct oc_err *err);
int end_many(struct oc_store *store, uint64_t from, uint32_t count, enum oc_job_status status,
             struct oc_err *err);

/** One page as one text. */
int list_jobs(struct oc_store *store, const struct oc_job_query *query, struct oc_buf *ret_text,
              struct oc_job_page *ret, struct oc_err *err);
/** Number of findings of oc_store_check; findings go to standard error. */
uint64_t count_findings(struct oc_store *store);

#endif
