/* The scrubber: its records, and what it says of a damaged blob while something else fails. */
#include "cloud_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/json.h"
#include "scrub/scrub_impl.h"

static struct oc_err err;

static void disarm(void)
{
    for (int site = 0; site < OC_FAULT_SITES; site++)
        oc_fault_arm((enum oc_fault_site)site, 0, OC_FAULT_ONCE);
}

/* -- records ------------------------------------------------------------------------------------
 */

/* Longer than a chunk of an arena, so that memory for it can be missing, too. */
static char long_text[20000];

static struct oc_finding some_finding(void)
{
    struct oc_finding finding = {.region = OC_STR("us-west-2"),
                                 .name = {.key_id = OC_STR("service"), .sha256 = {1, 2, 3}},
                                 .problem = OC_STR("segment 3 is not what was stored"),
                                 .first_ms = 5,
                                 .last_ms = 7,
                                 .models_in_all = 20};

    memset(long_text, 'a', sizeof(long_text) - 1);
    for (finding.model_count = 0; finding.model_count < 3; finding.model_count++)
        finding.models[finding.model_count] = oc_slice_of(long_text);
    return finding;
}

static void a_finding_comes_back_whole_or_not_at_all(void **state)
{
    struct oc_finding finding = some_finding(), back = {0};
    unsigned fired = 1;

    (void)state;
    for (unsigned nth = 1; fired > 0; nth++) {
        struct oc_arena arena, keys;
        struct oc_slice key;
        struct oc_buf record;
        int rc;

        oc_arena_init(&keys, 1UL << 20);
        oc_arena_init(&arena, 1UL << 20);
        oc_buf_init(&record, 1UL << 20);
        key = oc_finding_key(&keys, finding.region, &finding.name);
        oc_finding_encode(&record, &finding);
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_finding_decode(key, oc_buf_slice(&record), &arena, &back, &err);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        disarm();
        assert_int_equal(rc, fired ? OC_ENOMEM : OC_OK);
        if (rc == OC_OK) {
            assert_true(oc_slice_eq(back.region, finding.region));
            assert_true(oc_slice_eq(back.name.key_id, finding.name.key_id));
            assert_memory_equal(back.name.sha256, finding.name.sha256, OC_SHA256_LEN);
            assert_int_equal(back.model_count, 3);
            assert_true(oc_slice_eq(back.models[2], finding.models[2]));
            assert_int_equal(back.models_in_all, 20);
        }
        oc_buf_clear(&record);
        oc_arena_clear(&arena);
        oc_arena_clear(&keys);
    }
}

static void a_verification_comes_back_whole_or_not_at_all(void **state)
{
    struct oc_verification_finding findings[2] = {
        {OC_STR("weights"), 2, OC_STR("missing"), true},
        {OC_STR("weights"), 3, oc_slice_of(long_text), false}};
    struct oc_verification was = {.status = OC_VERIFICATION_DAMAGED,
                                  .start_ms = 1,
                                  .end_ms = 2,
                                  .bytes = 3,
                                  .parts = 4,
                                  .message = OC_STR("why"),
                                  .findings = findings,
                                  .finding_count = 2,
                                  .findings_in_all = 200};
    struct oc_verification back;
    unsigned fired = 1;

    (void)state;
    for (unsigned nth = 1; fired > 0; nth++) {
        struct oc_arena arena;
        struct oc_buf record;
        int rc;

        oc_arena_init(&arena, 1UL << 20);
        oc_buf_init(&record, 1UL << 20);
        oc_verification_encode(&record, &was);
        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_verification_decode(oc_buf_slice(&record), &arena, &back, &err);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        disarm();
        assert_int_equal(rc, fired ? OC_ENOMEM : OC_OK);
        if (rc == OC_OK) {
            assert_int_equal(back.status, OC_VERIFICATION_DAMAGED);
            assert_int_equal(back.finding_count, 2);
            assert_true(oc_slice_eq(back.findings[1].problem, findings[1].problem));
            assert_true(back.findings[0].repaired && !back.findings[1].repaired);
            assert_int_equal(back.findings_in_all, 200);
        }
        oc_buf_clear(&record);
        oc_arena_clear(&arena);
    }
}

static void bad_records_are_corrupt_not_out_of_memory(void **state)
{
    static const char *const findings[] = {"",
                                           "[]",
                                           "{\"version\":2}",
                                           "{\"version\":1}",
                                           "{\"version\":1,\"problem\":3}",
                                           "{\"version\":1,\"problem\":\"x\",\"models\":[7]}"};
    static const char *const verifications[] = {
        "{}", "{\"version\":1,\"status\":\"Odd\"}",
        "{\"version\":1,\"status\":\"Sound\",\"findings\":[{}]}"};
    struct oc_finding finding = some_finding();
    struct oc_verification verification;
    struct oc_arena arena;
    struct oc_slice key;

    (void)state;
    oc_arena_init(&arena, 1UL << 20);
    key = oc_finding_key(&arena, finding.region, &finding.name);
    for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++)
        assert_int_equal(oc_finding_decode(key, oc_slice_of(findings[i]), &arena, &finding, &err),
                         OC_ECORRUPT);
    assert_int_equal(oc_finding_decode(OC_STR("short"),
                                       OC_STR("{\"version\":1,\"problem\":\"x\",\"models\":[]}"),
                                       &arena, &finding, &err),
                     OC_ECORRUPT);
    for (size_t i = 0; i < sizeof(verifications) / sizeof(verifications[0]); i++)
        assert_int_equal(
            oc_verification_decode(oc_slice_of(verifications[i]), &arena, &verification, &err),
            OC_ECORRUPT);
    oc_arena_clear(&arena);
}

/* -- a damaged blob ------------------------------------------------------------------------------
 */

/* A part in the west that is the only one of its model there; the east has the same one. */
struct rot {
    struct cloud *cloud;
    struct oc_scrubber *scrubber;
    struct oc_blob_name name;
    const char *file;
};

static void begin_rot(struct rot *rot, struct cloud *c)
{
    struct oc_scrub_options options = {0};
    struct oc_model model;
    struct oc_manifest m;
    char hex[65] = {0}, path[256];

    folder_write(c->folder, "models/a/weights", 300000, 1);
    cloud_start(c);
    model = cloud_wait(
        c, ALICE, WEST,
        cloud_copy(c, ALICE, WEST, ALICE, EAST, cloud_imported(c, ALICE, EAST, "s3://models/a")));
    cloud_assert_active(&model);
    oc_manifest_init(&m);
    ok(oc_copy_manifest_load(c->regions[WEST].blobs, model.kms_key_id, model.manifest, &m, &err));
    assert_int_equal(m.part_count, 1);
    rot->cloud = c;
    rot->name.key_id = model.kms_key_id;
    memcpy(rot->name.sha256, m.parts[0].sha256, OC_SHA256_LEN);
    oc_hex_encode(m.parts[0].sha256, 32, hex);
    oc_manifest_clear(&m);
    (void)snprintf(path, sizeof path, "blobs/us-west-2/parts/%.*s/%.2s/%s",
                   OC_FMT(model.kms_key_id), hex, hex + 2);
    rot->file = oc_arena_copy(&c->arena, oc_slice_of(folder_path(c->folder, path))).ptr;
    options.store = c->store;
    options.engine = c->engine;
    options.regions = c->regions;
    options.region_count = 2;
    ok(oc_scrubber_new(&options, &rot->scrubber, &err));
}

static void spoil(const char *file)
{
    int fd = open(file, O_RDWR | O_CLOEXEC);
    char byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, 150000), 1);
    byte = (char)(byte ^ 1);
    assert_int_equal(pwrite(fd, &byte, 1, 150000), 1);
    (void)close(fd);
}

static enum oc_scrub_state look(struct rot *rot)
{
    struct oc_scrub_buffer buffer = {0};
    struct oc_err problem = {0};
    enum oc_scrub_state state =
        oc_scrub_look(rot->scrubber, &rot->cloud->regions[WEST], &rot->name, &buffer, &problem);

    oc_scrub_buffer_clear(&buffer);
    return state;
}

/*
 * The nth call of a site fails while a damaged blob is looked at. It must never be taken for sound;
 * the next look, with nothing failing, mends it, and no finding stays.
 */
static void mend_under(struct rot *rot, enum oc_fault_site site, enum oc_fault_mode mode)
{
    unsigned fired = 1;

    for (unsigned nth = 1; fired > 0; nth++) {
        enum oc_scrub_state state;

        assert_true(nth < 1000);
        spoil(rot->file);
        oc_fault_arm(site, nth, mode);
        state = look(rot);
        fired = oc_fault_fired(site);
        disarm();
        assert_true(state == OC_SCRUB_MENDED ||
                    (fired > 0 && (state == OC_SCRUB_DAMAGED || state == OC_SCRUB_SKIPPED)));
        /* Good: it stands in place, and only what came after that failed, such as the sync. */
        if (state != OC_SCRUB_MENDED)
            assert_in_range(look(rot), OC_SCRUB_GOOD, OC_SCRUB_MENDED);
        assert_int_equal(look(rot), OC_SCRUB_GOOD);
        assert_int_equal(rot->scrubber->counts.findings, 0);
    }
    assert_int_equal(cloud_check(rot->cloud), 0);
}

static void a_damaged_blob_is_never_taken_for_sound_whatever_fails(void **state)
{
    static const enum oc_fault_site sites[] = {OC_FAULT_ALLOC,    OC_FAULT_WRITE,
                                               OC_FAULT_SYNC,     OC_FAULT_RENAME,
                                               OC_FAULT_LMDB_PUT, OC_FAULT_LMDB_COMMIT};
    struct rot rot = {0};

    begin_rot(&rot, *state);
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        mend_under(&rot, sites[i], OC_FAULT_ONCE);
        mend_under(&rot, sites[i], OC_FAULT_ALWAYS);
    }
    oc_scrubber_free(rot.scrubber);
}

static void what_has_no_other_copy_is_found_once_and_forgotten_when_it_is_back(void **state)
{
    struct cloud *c = *state;
    struct rot rot = {0};
    struct oc_buf kept = {0};

    begin_rot(&rot, c);
    ok(oc_file_read(rot.file, 1UL << 20, &kept, &err));
    spoil(rot.file);
    oc_fault_arm(OC_FAULT_RENAME, 1, OC_FAULT_ALWAYS); /* the whole copy cannot be put in place */
    assert_int_equal(look(&rot), OC_SCRUB_DAMAGED);
    assert_int_equal(look(&rot), OC_SCRUB_DAMAGED);
    disarm();
    assert_int_equal(rot.scrubber->counts.findings, 1);
    oc_scrubber_free(rot.scrubber);
    ok(oc_file_replace(rot.file, oc_buf_slice(&kept), 0600, &err));
    oc_buf_clear(&kept);
    ok(oc_scrubber_new(
        &(struct oc_scrub_options){
            .store = c->store, .engine = c->engine, .regions = c->regions, .region_count = 2},
        &rot.scrubber, &err));
    assert_int_equal(rot.scrubber->counts.findings, 1); /* remembered over the restart */
    assert_int_equal(look(&rot), OC_SCRUB_GOOD);
    assert_int_equal(rot.scrubber->counts.findings, 0);
    oc_scrubber_free(rot.scrubber);
}

static void a_scrubber_starts_or_leaves_nothing(void **state)
{
    struct cloud *c = *state;
    struct oc_scrub_options options = {.store = c->store, .regions = c->regions, .region_count = 2};
    unsigned fired = 1;

    cloud_start(c);
    options.engine = c->engine;
    for (unsigned nth = 1; fired > 0 && nth < 10; nth++) {
        struct oc_scrubber *scrubber = NULL;
        int rc;

        oc_fault_arm(OC_FAULT_ALLOC, nth, OC_FAULT_ONCE);
        rc = oc_scrubber_new(&options, &scrubber, &err);
        oc_scrubber_stop(scrubber);
        fired = oc_fault_fired(OC_FAULT_ALLOC);
        disarm();
        assert_true(rc == OC_OK || (rc == OC_ENOMEM && fired > 0 && !scrubber));
        oc_scrubber_free(scrubber);
    }
}

int main(void)
{
#define WITH_CLOUD(test) cmocka_unit_test_setup_teardown(test, cloud_setup, cloud_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_comes_back_whole_or_not_at_all),
        cmocka_unit_test(a_verification_comes_back_whole_or_not_at_all),
        cmocka_unit_test(bad_records_are_corrupt_not_out_of_memory),
        WITH_CLOUD(a_damaged_blob_is_never_taken_for_sound_whatever_fails),
        WITH_CLOUD(what_has_no_other_copy_is_found_once_and_forgotten_when_it_is_back),
        WITH_CLOUD(a_scrubber_starts_or_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
