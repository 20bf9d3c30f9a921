/* The scrubber: its records, and what it says of a damaged blob while something else fails. */
#include "cloud_fixture.h"
#include "fake_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/json.h"
#include "model/copies.h"
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
                                 .advice = OC_STR("ask another site"),
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
            assert_true(oc_slice_eq(back.advice, finding.advice));
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
                                           "{\"version\":1,\"problem\":\"x\",\"advice\":3}",
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
    struct oc_scrub_batch batch = {0};
    struct oc_err problem = {0};
    enum oc_scrub_state state;

    oc_scrub_batch_begin(&batch, rot->name.sha256, OC_SHA256_LEN, 1);
    state = oc_scrub_look(rot->scrubber, &rot->cloud->regions[WEST], &rot->name, &batch, &buffer,
                          &problem);
    oc_scrub_batch_clear(&batch);
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

/* -- copies on other machines ---------------------------------------------------------------------
 */

#define COPY(region, id) "arn:aws:bedrock:" region ":" BOB ":custom-model/imported/" id

/* A model in the east, its only part spoiled, and the copies of it that others have told of. */
struct lone {
    struct rot rot;
    struct oc_buf part; /* its plaintext */
    struct oc_slice model_id;
};

struct telling {
    struct oc_write write;
    struct oc_slice key;
    const char *const *arns; /* oldest first; NULL ends them */
};

static int apply_telling(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    const struct telling *telling = (const struct telling *)(void *)write;
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    struct oc_copies copies = {0};

    for (const char *const *arn = telling->arns; *arn; arn++)
        oc_copies_add(&copies, oc_slice_of(*arn), 1);
    oc_buf_init(&record, 1UL << 20);
    oc_copies_encode(&record, &copies);
    return oc_tx_put(tx, OC_RECORD_COPIES, telling->key, oc_buf_slice(&record), e);
}

static void read_part(struct lone *lone)
{
    const struct oc_region *region = &lone->rot.cloud->regions[EAST];
    struct oc_scrub_buffer buffer = {0};

    ok(oc_scrub_read(region->blobs, &lone->rot.name, &buffer, &err));
    oc_buf_init(&lone->part, 1UL << 20);
    oc_buf_put(&lone->part, buffer.bytes, buffer.len);
    oc_scrub_buffer_clear(&buffer);
}

static void begin_lone(struct lone *lone, struct cloud *c, const char *const *arns)
{
    struct telling telling = {.write.apply = apply_telling, .arns = arns};
    struct oc_manifest m;
    struct oc_model model;
    char hex[65] = {0}, path[256];

    folder_write(c->folder, "models/a/weights", 300000, 1);
    cloud_start(c);
    model = cloud_model(c, ALICE, EAST, cloud_imported(c, ALICE, EAST, "s3://models/a"));
    oc_manifest_init(&m);
    ok(oc_copy_manifest_load(c->regions[EAST].blobs, model.kms_key_id, model.manifest, &m, &err));
    lone->rot.cloud = c;
    lone->rot.name.key_id = model.kms_key_id;
    memcpy(lone->rot.name.sha256, m.parts[0].sha256, OC_SHA256_LEN);
    oc_hex_encode(m.parts[0].sha256, 32, hex);
    oc_manifest_clear(&m);
    (void)snprintf(path, sizeof path, "blobs/us-east-1/parts/%.*s/%.2s/%s",
                   OC_FMT(model.kms_key_id), hex, hex + 2);
    lone->rot.file = oc_arena_copy(&c->arena, oc_slice_of(folder_path(c->folder, path))).ptr;
    telling.key = oc_key_model(&c->arena, model.partition, model.id);
    lone->model_id = model.id;
    ok(oc_store_write(c->store, &telling.write, &err));
    read_part(lone);
    spoil(lone->rot.file);
}

/* The server of eu-west-1. */
static struct oc_peer *make_peer(const char *url)
{
    struct oc_peer_options options = {.region = OC_STR("eu-west-1"),
                                      .url = oc_slice_of(url),
                                      .access_key_id = OC_STR("AKIA0000000000000000"),
                                      .secret = OC_STR("secret"),
                                      .stall_timeout_ms = 1000};
    struct oc_peer *peer = NULL;

    ok(oc_peer_new(&options, &peer, &err));
    return peer;
}

/* Look at the part, with `url` as that server's; the finding's advice, in the arena. */
static enum oc_scrub_state look_from(struct lone *lone, const char *url, struct oc_slice *advice)
{
    struct cloud *c = lone->rot.cloud;
    struct oc_peer *peer = make_peer(url);
    struct oc_scrub_options options = {.store = c->store,
                                       .engine = c->engine,
                                       .regions = c->regions,
                                       .region_count = 2,
                                       .peers = {&peer, 1}};
    struct oc_scrub_buffer buffer = {0};
    struct oc_scrub_batch batch = {0};
    struct oc_err problem = {0};
    struct oc_finding finding = {0};
    enum oc_scrub_state state;
    struct oc_read *read;
    struct oc_slice record, key;

    ok(oc_scrubber_new(&options, &lone->rot.scrubber, &err));
    state = oc_scrub_look(lone->rot.scrubber, &c->regions[EAST], &lone->rot.name, &batch, &buffer,
                          &problem);
    if (state == OC_SCRUB_MENDED)
        assert_true(oc_slice_eq((struct oc_slice){(char *)buffer.bytes, buffer.len},
                                oc_buf_slice(&lone->part)));
    oc_scrub_batch_clear(&batch);
    oc_scrub_buffer_clear(&buffer);
    oc_scrubber_free(lone->rot.scrubber);
    oc_peer_free(peer);
    ok(oc_store_read(c->store, &read, &err));
    key = oc_finding_key(&c->arena, c->regions[EAST].name, &lone->rot.name);
    if (oc_read_get(read, OC_RECORD_FINDING, key, &record, &err) == OC_OK)
        ok(oc_finding_decode(key, record, &c->arena, &finding, &err));
    *advice = finding.advice;
    oc_read_close(read);
    return state;
}

/* The newest copy gives wrong bytes, the next one is gone, the third is the same bytes. */
static void copies_elsewhere_are_asked_until_one_is_right(void **state)
{
    static const char *const arns[] = {COPY("eu-west-1", "right0000000"),
                                       COPY("eu-west-1", "gone00000000"),
                                       COPY("eu-west-1", "wrong0000000"), NULL};
    struct lone lone = {0};
    struct fake_server server;
    struct oc_slice advice;

    begin_lone(&lone, *state, arns);
    const struct fake_rule rules[] = {
        {.match = "wrong0000000/parts/", .status = 200, .body = OC_STR("not these")},
        {.match = "gone00000000/parts/",
         .status = 404,
         .headers = "x-amzn-ErrorType: ResourceNotFoundException\r\n"},
        {.match = "right0000000/parts/", .status = 200, .body = oc_buf_slice(&lone.part)},
        {0}};
    fake_server_start(&server, rules);
    assert_int_equal(look_from(&lone, server.endpoint, &advice), OC_SCRUB_MENDED);
    fake_server_stop(&server);
    assert_true(server.served[0] > 1);
    assert_int_equal(server.served[1], 1);
    assert_int_equal(server.served[2], 1);
    assert_int_equal(cloud_check(lone.rot.cloud), 0);
    oc_buf_clear(&lone.part);
}

static void what_could_be_done_is_said_with_the_finding(void **state)
{
    static const char *const strange[] = {COPY("ap-south-1", "abcdefghij12"), NULL};
    static const char *const both[] = {COPY("ap-south-1", "abcdefghij12"),
                                       COPY("eu-west-1", "abcdefghij12"), NULL};
    static const struct fake_rule away[] = {{.match = "POST", .status = 503}, {0}};
    struct lone lone = {0};
    struct telling telling = {.write.apply = apply_telling, .arns = both};
    struct fake_server server;
    struct oc_slice advice;

    begin_lone(&lone, *state, strange);
    fake_server_start(&server, away);
    assert_int_equal(look_from(&lone, server.endpoint, &advice), OC_SCRUB_DAMAGED);
    assert_true(oc_slice_find_slice(advice, OC_STR("there is a copy in ap-south-1")) >= 0);
    assert_int_equal(server.requests, 0);
    telling.key = oc_key_model(&lone.rot.cloud->arena, cloud_partition(lone.rot.cloud, ALICE, EAST),
                               lone.model_id);
    ok(oc_store_write(lone.rot.cloud->store, &telling.write, &err));
    assert_int_equal(look_from(&lone, server.endpoint, &advice), OC_SCRUB_DAMAGED);
    assert_true(oc_slice_find_slice(advice, OC_STR("could not be asked for it")) >= 0);
    assert_int_equal(server.requests, 1);
    fake_server_stop(&server);
    oc_buf_clear(&lone.part);
}

static void *hang_up_late(void *arg)
{
    int connection = accept(*(int *)arg, NULL, NULL);

    (void)usleep(1100000);
    (void)close(connection);
    return NULL;
}

/* A second in vain is four during which it is not asked: there is no second connection to accept.
 */
static void a_copier_that_takes_long_in_vain_is_let_alone(void **state)
{
    static const char *const arns[] = {COPY("eu-west-1", "abcdefghij12"), NULL};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(address);
    struct lone lone = {0};
    struct cloud *c = *state;
    struct oc_peer *peer;
    pthread_t server;
    char url[64];

    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server, NULL, hang_up_late, &listener), 0);
    begin_lone(&lone, c, arns);
    peer = make_peer(url);
    struct oc_scrub_options options = {.store = c->store,
                                       .engine = c->engine,
                                       .regions = c->regions,
                                       .region_count = 2,
                                       .peers = {&peer, 1}};
    ok(oc_scrubber_new(&options, &lone.rot.scrubber, &err));
    for (int i = 0; i < 3; i++) {
        struct oc_scrub_buffer buffer = {0};
        struct oc_scrub_batch batch = {0};
        struct oc_err problem = {0};

        assert_int_equal(oc_scrub_look(lone.rot.scrubber, &c->regions[EAST], &lone.rot.name, &batch,
                                       &buffer, &problem),
                         OC_SCRUB_DAMAGED);
        oc_scrub_batch_clear(&batch);
        oc_scrub_buffer_clear(&buffer);
        assert_true(lone.rot.scrubber->quiet_until_us[0] > oc_clock_mono_us() + 1500000);
    }
    oc_scrubber_free(lone.rot.scrubber);
    oc_peer_free(peer);
    (void)pthread_join(server, NULL);
    (void)close(listener);
    oc_buf_clear(&lone.part);
}

/* The pass is over and the next one far away when the copier answers again. */
static void a_copier_that_was_away_is_asked_again(void **state)
{
    static const char *const arns[] = {COPY("eu-west-1", "abcdefghij12"), NULL};
    struct lone lone = {0};
    struct cloud *c = *state;
    struct fake_server server;
    struct oc_peer *peer;

    begin_lone(&lone, c, arns);
    const struct fake_rule rules[] = {
        {.match = "POST", .times = 1, .status = 503},
        {.match = "/parts/", .status = 200, .body = oc_buf_slice(&lone.part)},
        {0}};
    fake_server_start(&server, rules);
    peer = make_peer(server.endpoint);
    struct oc_scrub_options options = {.store = c->store,
                                       .engine = c->engine,
                                       .regions = c->regions,
                                       .region_count = 2,
                                       .peers = {&peer, 1},
                                       .rate = 1L << 30,
                                       .interval_ms = 3600000,
                                       .again_ms = 20};
    ok(oc_scrubber_new(&options, &lone.rot.scrubber, &err));
    for (int i = 0; i < 1000 && oc_metrics_read(&lone.rot.scrubber->counts.mended) == 0; i++)
        (void)usleep(10000);
    oc_scrubber_stop(lone.rot.scrubber);
    assert_int_equal(lone.rot.scrubber->counts.mended, 1);
    assert_int_equal(lone.rot.scrubber->counts.passes, 1);
    assert_int_equal(lone.rot.scrubber->counts.findings, 0);
    oc_scrubber_free(lone.rot.scrubber);
    oc_peer_free(peer);
    fake_server_stop(&server);
    oc_buf_clear(&lone.part);
}

static void copies_of_a_model_that_is_gone_are_found_by_the_checker(void **state)
{
    static const char *const arns[] = {COPY("eu-west-1", "abcdefghij12"), NULL};
    struct telling telling = {.write.apply = apply_telling, .arns = arns};
    struct cloud *c = *state;

    cloud_start(c);
    telling.key = oc_key_model(&c->arena, cloud_partition(c, ALICE, EAST), OC_STR("abcdefghij12"));
    ok(oc_store_write(c->store, &telling.write, &err));
    assert_int_equal(cloud_check(c), 1);
}

/* -- many at once ---------------------------------------------------------------------------------
 */

/* Which models need a blob, by their number in the finding. */
static uint64_t needed_by(struct oc_scrubber *scrubber, const struct oc_blob_name *name,
                          struct oc_scrub_batch *batch)
{
    OC_AUTO(oc_arena_clear) struct oc_arena arena = {0};
    struct oc_finding finding = {0};
    struct oc_scrub_needs *needs = calloc(1, sizeof(*needs));

    assert_non_null(needs);
    oc_arena_init(&arena, 1UL << 20);
    *needs = (struct oc_scrub_needs){.scrubber = scrubber,
                                     .region = OC_STR("us-east-1"),
                                     .name = name,
                                     .arena = &arena,
                                     .batch = batch,
                                     .finding = &finding};
    ok(oc_scrub_find_needs(needs, &err));
    free(needs);
    return finding.models_in_all;
}

/*
 * Model a has part A twice and part B, b has A; and c, which comes later, has B. A batch tells the
 * same as reading all manifests for each blob.
 */
static void a_batch_tells_what_manifests_tell(void **state)
{
    struct cloud *c = *state;
    struct oc_scrub_batch none = {0}, batch = {0};
    struct oc_scrubber *scrubber = NULL;
    struct oc_manifest m;
    struct oc_model model;
    bool holds;

    cloud_start(c);
    folder_write(c->folder, "models/a/1", OC_PART_SIZE, 1);
    folder_write(c->folder, "models/a/2", OC_PART_SIZE, 2);
    folder_write(c->folder, "models/a/3", OC_PART_SIZE, 1);
    folder_write(c->folder, "models/b/1", OC_PART_SIZE, 1);
    folder_write(c->folder, "models/c/1", OC_PART_SIZE, 2);
    model = cloud_model(c, ALICE, EAST, cloud_imported(c, ALICE, EAST, "s3://models/a"));
    (void)cloud_imported(c, BOB, EAST, "s3://models/b");
    ok(oc_scrubber_new(
        &(struct oc_scrub_options){
            .store = c->store, .engine = c->engine, .regions = c->regions, .region_count = 2},
        &scrubber, &err));
    oc_manifest_init(&m);
    ok(oc_copy_manifest_load(c->regions[EAST].blobs, model.kms_key_id, model.manifest, &m, &err));
    assert_int_equal(m.part_count, 3);
    oc_scrub_batch_begin(&batch, m.parts, sizeof(*m.parts), m.part_count);
    for (size_t i = 0; i < m.part_count; i++) {
        struct oc_blob_name name = {.key_id = model.kms_key_id};

        memcpy(name.sha256, m.parts[i].sha256, OC_SHA256_LEN);
        assert_int_equal(needed_by(scrubber, &name, &none), 2);
        assert_int_equal(needed_by(scrubber, &name, &batch), 2);
        assert_true(oc_scrub_batch_tells(&batch, model.manifest, name.sha256, &holds) && holds);
        assert_int_equal(batch.left, 0); /* the first one made all known */
        if (i == 0)
            (void)cloud_imported(c, BOB, EAST, "s3://models/c");
    }
    oc_scrub_batch_end(&batch);
    oc_scrub_batch_clear(&batch);
    oc_manifest_clear(&m);
    oc_scrubber_free(scrubber);
}

/* -- verifications --------------------------------------------------------------------------------
 */

struct verifying {
    struct oc_write write;
    struct oc_slice bad, good; /* keys */
};

static int apply_verifying(struct oc_tx *tx, struct oc_write *write, struct oc_err *e)
{
    const struct verifying *verifying = (const struct verifying *)(void *)write;
    struct oc_verification begun = {.status = OC_VERIFICATION_IN_PROGRESS, .start_ms = 1};
    OC_AUTO(oc_buf_clear) struct oc_buf record = {0};
    int rc = oc_tx_put(tx, OC_RECORD_VERIFICATION, verifying->bad, OC_STR("{}"), e);

    oc_buf_init(&record, 4096);
    oc_verification_encode(&record, &begun);
    return rc < 0
               ? rc
               : oc_tx_put(tx, OC_RECORD_VERIFICATION, verifying->good, oc_buf_slice(&record), e);
}

static void a_bad_record_does_not_keep_other_models_from_being_verified(void **state)
{
    struct verifying verifying = {.write.apply = apply_verifying};
    struct oc_scrubber *scrubber = NULL;
    struct cloud *c = *state;
    struct oc_slice id;

    folder_write(c->folder, "models/a/weights", 3000, 1);
    cloud_start(c);
    id = cloud_imported(c, ALICE, EAST, "s3://models/a");
    verifying.good = oc_key_model(&c->arena, cloud_partition(c, ALICE, EAST), id);
    verifying.bad =
        oc_key_model(&c->arena, cloud_partition(c, ALICE, EAST), OC_STR("000000000000"));
    ok(oc_store_write(c->store, &verifying.write, &err));
    ok(oc_scrubber_new(
        &(struct oc_scrub_options){
            .store = c->store, .engine = c->engine, .regions = c->regions, .region_count = 2},
        &scrubber, &err));
    for (int i = 0; i < 300 && scrubber->counts.verifications[OC_VERIFICATION_SOUND] == 0; i++)
        (void)usleep(10000);
    assert_int_equal(scrubber->counts.verifications[OC_VERIFICATION_SOUND], 1);
    oc_scrubber_free(scrubber);
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
        WITH_CLOUD(copies_elsewhere_are_asked_until_one_is_right),
        WITH_CLOUD(what_could_be_done_is_said_with_the_finding),
        WITH_CLOUD(a_copier_that_takes_long_in_vain_is_let_alone),
        WITH_CLOUD(a_copier_that_was_away_is_asked_again),
        WITH_CLOUD(copies_of_a_model_that_is_gone_are_found_by_the_checker),
        WITH_CLOUD(a_batch_tells_what_manifests_tell),
        WITH_CLOUD(a_bad_record_does_not_keep_other_models_from_being_verified),
        WITH_CLOUD(a_scrubber_starts_or_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
