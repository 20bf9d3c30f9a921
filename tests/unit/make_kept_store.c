/*
 * make_kept_store FOLDER: write a small store and the answers that it gives, FOLDER/data.mdb and
 * FOLDER/pages. Run once for each version of the store's format; then `gzip -9n FOLDER/data.mdb`
 * and commit both. A kept store is never made again: test_store_kept.c opens what that version
 * wrote.
 */
#include "kept_store.h"

#include <stdio.h>

#include "base/file.h"

struct kept_write {
    struct oc_write write;
    uint32_t first, count;
};

static int create_one(struct oc_tx *tx, uint32_t n, struct oc_err *err)
{
    static const char *const words[] = {"falcon", "Quartz", "lynx_9", "m7"};
    struct oc_tag tags[3] = {{OC_STR("team"), OC_STR("search \"1\"")},
                             {OC_STR("stage"), OC_STR("\xc3\xa9t\xc3\xa9")},
                             {OC_STR("empty"), OC_STR("")}};
    char id[OC_ID_LEN], name[64], source[96], account[16];

    make_id(n, id);
    (void)snprintf(name, sizeof name, "%s-%u", words[n % 4], n);
    (void)snprintf(source, sizeof source,
                   "arn:aws:bedrock:eu-west-1:21098765432%u:custom-model/imported/source%06u",
                   n % 3 + 1, n % 7);
    (void)snprintf(account, sizeof account, "21098765432%u", n % 3 + 1);
    struct oc_job job = make_job(id, name, 1700000000000 + 1000 * (int64_t)n);
    job.source_account = oc_slice_of(account);
    job.source_model_arn = oc_slice_of(source);
    if (n % 5 == 0)
        job.source_model_name = OC_STR("origin");
    if (n % 11 == 0)
        job.kms_key_arn = OC_STR("arn:aws:kms:us-east-1:123456789012:key/1");
    job.tags = (struct oc_tag_list){tags, n % 4, n % 4 != 0};
    return oc_tx_job_create(tx, &job, err);
}

static int apply_creates(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct kept_write *w = (struct kept_write *)write;
    int rc = OC_OK;

    for (uint32_t i = 0; rc == OC_OK && i < w->count; i++)
        rc = create_one(tx, w->first + i, err);
    return rc;
}

/* The oldest end all; of the newer a few, and the last forty, stay in progress. */
static int apply_ends(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    struct kept_write *w = (struct kept_write *)write;
    int rc = OC_OK;

    for (uint32_t n = w->first; rc == OC_OK && n < w->first + w->count; n++) {
        char id[OC_ID_LEN];
        bool failed = n % 9 == 0;
        if (n >= KEPT_JOBS - 40 || (n >= 600 && n % 130 == 0))
            continue;
        make_id(n, id);
        rc = oc_tx_job_end(
            tx, test_partition, (struct oc_slice){id, OC_ID_LEN},
            failed ? OC_JOB_FAILED : OC_JOB_COMPLETED,
            failed ? OC_STR("part 3 of \"weights\" is damaged") : (struct oc_slice){0}, err);
    }
    return rc;
}

static int apply_records(struct oc_tx *tx, struct oc_write *write, struct oc_err *err)
{
    int rc = OC_OK;

    (void)write;
    for (uint32_t n = 0; rc == OC_OK && n < KEPT_RECORDS; n++) {
        char key[32], value[64];
        kept_record(n, key, value);
        rc = oc_tx_put(tx, OC_RECORD_META, oc_slice_of(key), oc_slice_of(value), err);
    }
    return rc;
}

static int fill(struct oc_store *store, struct oc_err *err)
{
    struct kept_write records = {.write = {.apply = apply_records}};
    int rc = oc_store_write(store, &records.write, err);

    for (uint32_t first = 0; rc == OC_OK && first < KEPT_JOBS; first += 100) {
        uint32_t count = KEPT_JOBS - first < 100 ? KEPT_JOBS - first : 100;
        struct kept_write creates = {{.apply = apply_creates}, first, count};
        struct kept_write ends = {{.apply = apply_ends}, first, count};
        rc = oc_store_write(store, &creates.write, err);
        if (rc == OC_OK)
            rc = oc_store_write(store, &ends.write, err);
    }
    return rc == OC_OK ? oc_store_settle(store, err) : rc;
}

static int keep(struct oc_store *store, const char *folder, struct oc_err *err)
{
    struct oc_buf pages;
    char path[1024];

    oc_buf_init(&pages, 4UL << 20);
    int rc = fill(store, err);
    if (rc == OC_OK)
        rc = kept_store_pages(store, &pages, err);
    (void)snprintf(path, sizeof path, "%s/pages", folder);
    if (rc == OC_OK)
        rc = oc_file_replace(path, oc_buf_slice(&pages), 0644, err);
    oc_buf_clear(&pages);
    if (rc < 0)
        return rc;
    /* Without the pages that were freed on the way. */
    int code = mdb_env_copy2(store->env, folder, MDB_CP_COMPACT);
    return code ? oc_lmdb_fail(err, code, "copy the store") : OC_OK;
}

int main(int argc, char **argv)
{
    struct fixture f;
    struct oc_err err = {0};

    if (argc != 2) {
        (void)fputs("usage: make_kept_store FOLDER\n", stderr);
        return 2;
    }
    fixture_begin(&f);
    struct oc_store_options options = {.path = f.path, .readers = 8, .map_bytes = f.map_bytes};
    int rc = oc_store_open_shaped(&options, &kept_shape, &f.store, &err);
    if (rc == OC_OK)
        rc = keep(f.store, argv[1], &err);
    fixture_end(&f);
    if (rc < 0)
        (void)fprintf(stderr, "make_kept_store: %s\n", err.text);
    return rc < 0;
}
