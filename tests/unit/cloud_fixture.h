/*
 * A small cloud for the tests of the copy engine: a store, keys, two Regions and a bucket in a
 * folder, and the records that the API would write.
 */
#ifndef OC_TEST_CLOUD_FIXTURE_H
#define OC_TEST_CLOUD_FIXTURE_H

#include "copy/check.h"
#include "copy/engine.h"
#include "folder_fixture.h"

#define EAST  0
#define WEST  1
#define ALICE "111111111111"
#define BOB   "222222222222"

struct cloud {
    struct folder *folder;
    struct oc_store *store;
    struct oc_keys *keys;
    struct oc_region regions[2]; /* us-east-1, us-west-2 */
    struct oc_bucket bucket;     /* s3://models is FOLDER/models */
    struct oc_copy_options options;
    struct oc_copy_engine *engine;
    bool revoked;          /* what the policy says of every share */
    struct oc_arena arena; /* until the end of the test */
    unsigned ids;
};

/** For cmocka: `*state` is a struct cloud, everything open, the engine not started. */
int cloud_setup(void **state);
int cloud_teardown(void **state);

/** Open and close all but the engine, as a process does. */
void cloud_open(struct cloud *c);
void cloud_close(struct cloud *c);

void cloud_start(struct cloud *c);
void cloud_stop(struct cloud *c);

/** A new model id, in the arena. */
struct oc_slice cloud_id(struct cloud *c);
struct oc_partition cloud_partition(const struct cloud *c, const char *account, int region);

/** What the API writes for CreateCustomModel and CreateModelCopyJob; the model's id. */
struct oc_slice cloud_import(struct cloud *c, const char *account, int region, const char *uri);
struct oc_slice cloud_import_as(struct cloud *c, const char *account, int region, const char *uri,
                                struct oc_slice key_id);
struct oc_slice cloud_copy(struct cloud *c, const char *account, int region,
                           const char *from_account, int from_region, struct oc_slice source);
struct oc_slice cloud_copy_as(struct cloud *c, const char *account, int region,
                              const char *from_account, int from_region, struct oc_slice source,
                              struct oc_slice key_id);
/** What the API writes when an upload is complete. */
struct oc_slice cloud_upload(struct cloud *c, const char *account, int region,
                             struct oc_slice manifest);

/** What DeleteCustomModel does to the store. */
void cloud_delete(struct cloud *c, const char *account, int region, struct oc_slice id);

/** The model now; text in the arena. Fails the test when there is none. */
struct oc_model cloud_model(struct cloud *c, const char *account, int region, struct oc_slice id);

/** Wake the engine and wait until the model is no longer Creating. */
struct oc_model cloud_wait(struct cloud *c, const char *account, int region, struct oc_slice id);

/** Wait until `count` blobs are in a Region: sweeps run in the background. */
void cloud_wait_blobs(struct cloud *c, int region, unsigned count);
unsigned cloud_blobs(const struct cloud *c, int region);

/** Import and wait; fails the test unless it becomes Active. */
struct oc_slice cloud_imported(struct cloud *c, const char *account, int region, const char *uri);

/** Fails the test and shows the message unless the model is Active. */
void cloud_assert_active(const struct oc_model *model);
/** The model is Failed, its message and that of its job hold `text`, its name is free. */
void cloud_assert_failed(struct cloud *c, const struct oc_model *model, const char *text);

/** The number of findings of a deep check; shows them. */
uint64_t cloud_check(struct cloud *c);

/** Fails the test unless the model's files are those of `path` in the folder. */
void cloud_assert_content(struct cloud *c, int region, const struct oc_model *model,
                          const char *path);

#endif
