/* The server's settings: cli/config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/config.h"

struct fixture {
    struct oc_arena arena;
    struct oc_config config;
    struct oc_err err;
    char path[64];
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    oc_arena_init(&f->arena, 4 << 20);
    oc_config_init(&f->config);
}

/* Load a file with this text; its name is `f->path`. */
static int load(struct fixture *f, const char *text)
{
    begin(f);
    (void)snprintf(f->path, sizeof(f->path), "/tmp/outcrop-config-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    int rc = oc_config_load(&f->config, f->path, &f->arena, &f->err);
    assert_int_equal(unlink(f->path), 0);
    return rc;
}

static void end(struct fixture *f)
{
    oc_arena_clear(&f->arena);
}

#define assert_text(slice, text) assert_true(oc_slice_eq_str(slice, text))

/* The file is refused, and the text names the file and `want`. */
static void assert_refused(const char *text, const char *want)
{
    struct fixture f;

    int rc = load(&f, text);
    if (rc >= 0)
        fail_msg("taken: %s", text);
    assert_int_equal(rc, OC_EINVAL);
    if (!strstr(f.err.text, want) || strncmp(f.err.text, f.path, strlen(f.path)) != 0)
        fail_msg("want '%s' in: %s", want, f.err.text);
    end(&f);
}

/* -- what stands without a file --------------------------------------------------------------- */

static void defaults_are_those_of_the_header(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.config.data = OC_STR("/data");
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_OK);
    assert_text(f.config.address, "127.0.0.1");
    assert_int_equal(f.config.port, 7430);
    assert_text(f.config.account, "000000000000");
    assert_int_equal(f.config.region_count, 3);
    assert_text(f.config.regions[0], "us-east-1");
    assert_text(f.config.regions[1], "us-west-2");
    assert_text(f.config.regions[2], "eu-west-1");
    assert_text(f.config.default_region, "us-east-1");
    assert_false(f.config.lenient);
    assert_false(f.config.log_json);
    assert_int_equal(f.config.log_level, OC_LOG_INFO);
    assert_int_equal(f.config.throttle_rate, OC_CONFIG_THROTTLE_RATE);
    assert_int_equal(f.config.bucket_count, 0);
    end(&f);
}

static void data_folder_is_required(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_EINVAL);
    assert_non_null(strstr(f.err.text, "--data"));
    end(&f);
}

static void default_region_is_the_first_one_unless_named(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(load(&f, "[server]\ndata = d\nregions = eu-west-1 eu-west-2\n"), OC_OK);
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_OK);
    assert_text(f.config.default_region, "eu-west-1");
    end(&f);
    assert_int_equal(
        load(&f, "[server]\ndata = d\nregions = eu-west-1\ndefault-region = us-east-1\n"), OC_OK);
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_EINVAL);
    assert_non_null(strstr(f.err.text, "us-east-1"));
    end(&f);
}

static void certificate_and_key_go_together(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(load(&f, "[server]\ndata = d\ntls-key = k\n"), OC_OK);
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_EINVAL);
    assert_non_null(strstr(f.err.text, "tls-certificate is missing"));
    end(&f);
}

/* -- every setting ---------------------------------------------------------------------------- */

static const char every_setting[] = "[server]\n"
                                    "listen = [::1]:8000\n"
                                    "data = /var/lib/outcrop\n"
                                    "regions = us-west-2   eu-central-1\n"
                                    "default-region = eu-central-1\n"
                                    "account = 123456789012\n"
                                    "validation = lenient\n"
                                    "log = json\n"
                                    "log-level = debug\n"
                                    "tls-certificate = /etc/cert.pem\n"
                                    "tls-key = /etc/key.pem\n"
                                    "[http]\n"
                                    "workers = 3\n"
                                    "max-connections = 100\n"
                                    "head-timeout = 4\n"
                                    "body-timeout = 5\n"
                                    "idle-timeout = 6\n"
                                    "upload-memory = 100M\n"
                                    "[throttle]\n"
                                    "rate = 7\n"
                                    "burst = 8\n"
                                    "[store]\n"
                                    "batch = 9\n"
                                    "[copy]\n"
                                    "workers = 10\n"
                                    "jobs = 11\n"
                                    "account-jobs = 6\n"
                                    "streams = 4\n"
                                    "bandwidth = 200M\n"
                                    "upload-keep = 3d\n"
                                    "hours = 22-06\n"
                                    "[bucket models]\n"
                                    "path = /srv/models\n"
                                    "accounts = 111122223333  444455556666\n"
                                    "[bucket more]\n"
                                    "path = /srv/more models\n";

static void every_setting_is_read(void **state)
{
    struct fixture f;
    const struct oc_config *config = &f.config;

    (void)state;
    assert_int_equal(load(&f, every_setting), OC_OK);
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_OK);
    assert_text(config->address, "::1");
    assert_int_equal(config->port, 8000);
    assert_text(config->data, "/var/lib/outcrop");
    assert_int_equal(config->region_count, 2);
    assert_text(config->regions[0], "us-west-2");
    assert_text(config->regions[1], "eu-central-1");
    assert_text(config->default_region, "eu-central-1");
    assert_text(config->account, "123456789012");
    assert_true(config->lenient);
    assert_true(config->log_json);
    assert_int_equal(config->log_level, OC_LOG_DEBUG);
    assert_text(config->tls_certificate, "/etc/cert.pem");
    assert_text(config->tls_key, "/etc/key.pem");
    assert_int_equal(config->http_workers, 3);
    assert_int_equal(config->http_max_connections, 100);
    assert_int_equal(config->http_upload_memory, 100 << 20);
    assert_int_equal(config->head_timeout_ms, 4000);
    assert_int_equal(config->body_timeout_ms, 5000);
    assert_int_equal(config->idle_timeout_ms, 6000);
    assert_int_equal(config->throttle_rate, 7);
    assert_int_equal(config->throttle_burst, 8);
    assert_int_equal(config->store_batch, 9);
    assert_int_equal(config->copy_workers, 10);
    assert_int_equal(config->copy_jobs, 11);
    assert_int_equal(config->copy_account_jobs, 6);
    assert_int_equal(config->copy_streams, 4);
    assert_int_equal(config->copy_bandwidth, 200 << 20);
    assert_int_equal(config->copy_upload_keep_ms, 3 * 86400000);
    assert_int_equal(config->copy_from_hour, 22);
    assert_int_equal(config->copy_to_hour, 6);
    assert_int_equal(config->bucket_count, 2);
    assert_text(config->buckets[0].name, "models");
    assert_text(config->buckets[0].place.path, "/srv/models");
    assert_int_equal(config->buckets[0].account_count, 2);
    assert_text(config->buckets[0].accounts[1], "444455556666");
    assert_int_equal(config->buckets[1].account_count, 0);
    assert_text(config->buckets[1].name, "more");
    assert_text(config->buckets[1].place.path, "/srv/more models");
    end(&f);
}

static void assert_listens(const char *text, const char *address, uint16_t port)
{
    struct fixture f;

    begin(&f);
    assert_int_equal(oc_config_set_listen(&f.config, oc_slice_of(text), &f.err), OC_OK);
    assert_text(f.config.address, address);
    assert_int_equal(f.config.port, port);
}

static void address_and_port_are_told_apart(void **state)
{
    (void)state;
    assert_listens("0.0.0.0:80", "0.0.0.0", 80);
    assert_listens("localhost:0", "localhost", 0);
    assert_listens("[fe80::1]:65535", "fe80::1", 65535);
    assert_listens("9000", "127.0.0.1", 9000);
}

/* -- what is refused -------------------------------------------------------------------------- */

static void unknown_settings_are_refused_with_their_line(void **state)
{
    (void)state;
    assert_refused("[server]\ndata = d\nlissten = 1\n", "line 3: [server] lissten");
    assert_refused("\n\n[htpp]\nworkers = 1\n", "line 3: [htpp]");
    assert_refused("[throttle]\n[htpp]\n", "line 2: [htpp]");
    assert_refused("[http]\njobs = 1\n", "line 2: [http] jobs");
    assert_refused("[bucket b]\npath = /b\ntype = s3\n", "line 3: [bucket b] type");
    assert_refused("[blob]\npath = /b\n", "line 2: [blob] path");
    assert_refused("[blob]\naccounts = 111122223333\n", "line 2: [blob] accounts");
    assert_refused("[bucket b]\npath = /b\naccounts = 1\n", "line 3: [bucket b] accounts");
    assert_refused("[bucket b]\npath = /b\naccounts =\n", "line 3: [bucket b] accounts");
}

static void bad_values_are_refused_with_their_line(void **state)
{
    static const char *const settings[] = {
        "[server]\nlisten = host:http",
        "[server]\nlisten = :80",
        "[server]\nlisten = h:65536",
        "[server]\nlisten = h:-1",
        "[server]\nlisten = ::1",
        "[server]\nregions = US",
        "[server]\nregions = a_b",
        "[server]\nregions = a a",
        "[server]\nregions =",
        "[server]\naccount = 12345",
        "[server]\nvalidation = loose",
        "[server]\nlog = xml",
        "[server]\nlog-level = trace",
        "[http]\nworkers = 257",
        "[http]\nworkers = -1",
        "[http]\nworkers = 1.5",
        "[http]\nhead-timeout = 0",
        "[http]\nidle-timeout = 3601",
        "[throttle]\nrate = -1",
        "[throttle]\nrate = 1000000001",
        "[throttle]\nburst = many",
        "[store]\nbatch = 1000001",
        "[copy]\nworkers = 65",
        "[copy]\njobs = 257",
        "[copy]\njobs =",
        "[copy]\nbandwidth = fast",
        "[copy]\nbandwidth = -1",
        "[copy]\nhours = 22",
        "[copy]\nhours = 22-",
        "[copy]\nhours = -6",
        "[copy]\nhours = 24-6",
        "[copy]\nhours = 6-25",
        "[copy]\nhours = 6-6",
        "[copy]\nhours = 6-7-8",
        "[copy]\nhours = 022-6",
        "[bucket b]\npath = relative",
        "[bucket b]\npath =",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        assert_refused(settings[i], "line 2: ");
}

static void choices_are_all_named(void **state)
{
    (void)state;
    assert_refused("[server]\nlog-level = trace\n", "error, warn, info, debug");
    assert_refused("[server]\nvalidation = loose\n", "strict, lenient");
}

static void bucket_needs_a_name_and_a_path(void **state)
{
    (void)state;
    assert_refused("[bucket b]\n", "line 1: [bucket b]");
    assert_refused("[bucket]\npath = /b\n", "line 1: [bucket]");
    assert_refused("[bucket b]\npath = /b\n[bucket  b]\npath = /c\n", "line 3: ");
}

/* An indented line under an empty value is another grammar's nesting: nothing here has it. */
static void nested_settings_are_refused(void **state)
{
    (void)state;
    assert_refused("[server]\ndata =\n  listen = 1\n", "line 2: [server] data");
}

static void too_many_regions_are_refused(void **state)
{
    struct fixture f;
    char names[OC_CONFIG_REGIONS_MAX + 1][16];

    (void)state;
    begin(&f);
    for (int i = 0; i <= OC_CONFIG_REGIONS_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "r-%d", i);
        assert_int_equal(oc_config_add_region(&f.config, oc_slice_of(names[i]), &f.err),
                         i < OC_CONFIG_REGIONS_MAX ? OC_OK : OC_ELIMIT);
    }
}

static void missing_file_is_named(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_int_equal(oc_config_load(&f.config, "/nonexistent/outcrop.conf", &f.arena, &f.err),
                     OC_ENOTFOUND);
    assert_non_null(strstr(f.err.text, "/nonexistent/outcrop.conf"));
    end(&f);
}

/* -- places ----------------------------------------------------------------------------------- */

#define IN_S3 "endpoint = https://s3.example.org:9000\ncredentials = /keys\n"

static void source_may_be_a_bucket(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(load(&f,
                          "[bucket b-1]\n" IN_S3 "prefix = x/y/\nstyle = host\nregion = r\n"
                          "profile = p\nca-bundle = /ca\n[bucket other]\n" IN_S3 "bucket = real\n"),
                     OC_OK);
    assert_int_equal(f.config.bucket_count, 2);
    assert_text(f.config.buckets[0].place.s3.bucket, "b-1");
    assert_text(f.config.buckets[0].place.s3.endpoint, "https://s3.example.org:9000");
    assert_text(f.config.buckets[0].place.s3.region, "r");
    assert_text(f.config.buckets[0].place.s3.credentials, "/keys");
    assert_text(f.config.buckets[0].place.s3.profile, "p");
    assert_text(f.config.buckets[0].place.s3.ca_bundle, "/ca");
    assert_text(f.config.buckets[0].place.prefix, "x/y");
    assert_true(f.config.buckets[0].place.s3.host_style);
    assert_text(f.config.buckets[1].place.s3.bucket, "real");
    assert_false(f.config.buckets[1].place.s3.host_style);
    end(&f);
}

static void content_of_one_region_may_be_elsewhere(void **state)
{
    struct oc_place place;
    struct fixture f;

    (void)state;
    assert_int_equal(load(&f, "[blob us-west-2]\nbucket = west\n[blob eu-west-1]\ntype = fs\n"
                              "[blob]\n" IN_S3 "bucket = all\nprefix = p\n"),
                     OC_OK);
    f.config.data = OC_STR("/data");
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_OK);
    place = oc_config_blob(&f.config, OC_STR("us-east-1"));
    assert_true(oc_place_is_s3(&place));
    assert_text(place.s3.bucket, "all");
    place = oc_config_blob(&f.config, OC_STR("us-west-2"));
    assert_true(oc_place_is_s3(&place));
    assert_text(place.s3.bucket, "west");
    assert_text(place.prefix, "p");
    place = oc_config_blob(&f.config, OC_STR("eu-west-1"));
    assert_false(oc_place_is_s3(&place));
    end(&f);
}

static void assert_unfinished(const char *text, const char *want)
{
    struct fixture f;

    assert_int_equal(load(&f, text), OC_OK);
    f.config.data = OC_STR("/data");
    assert_int_equal(oc_config_finish(&f.config, &f.err), OC_EINVAL);
    if (!strstr(f.err.text, want))
        fail_msg("want '%s' in: %s", want, f.err.text);
    end(&f);
}

static void places_must_be_whole(void **state)
{
    (void)state;
    assert_unfinished("[blob]\ntype = s3\n", "us-east-1: endpoint is missing");
    assert_unfinished("[blob]\n" IN_S3, "bucket is missing");
    assert_unfinished("[blob us-west-2]\ntype = s3\nendpoint = http://h\nbucket = b\n",
                      "us-west-2: credentials is missing");
    assert_unfinished("[blob us-est-1]\n" IN_S3 "bucket = b\n", "us-est-1]: that Region");
    assert_refused("[bucket b]\nendpoint = http://h\n", "line 1: [bucket b]: credentials");
    assert_refused("[bucket b]\n" IN_S3 "path = /b\n", "exclude each other");
    assert_refused("[blob]\ntype = nfs\n", "line 2: [blob] type: want fs or s3");
    assert_refused("[blob]\nstyle = dns\n", "want path or host");
    assert_refused("[blob]\nprefix = a//b\n", "want a plain path");
    assert_refused("[blob]\ncredentials = keys\n", "want an absolute path");
    assert_refused("[blob]\nendpoint =\n", "its value is missing");
    assert_refused("[blob a]\ntype = fs\n[blob  a]\ntype = fs\n", "named twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_may_be_a_bucket),
        cmocka_unit_test(content_of_one_region_may_be_elsewhere),
        cmocka_unit_test(places_must_be_whole),
        cmocka_unit_test(defaults_are_those_of_the_header),
        cmocka_unit_test(data_folder_is_required),
        cmocka_unit_test(default_region_is_the_first_one_unless_named),
        cmocka_unit_test(certificate_and_key_go_together),
        cmocka_unit_test(every_setting_is_read),
        cmocka_unit_test(address_and_port_are_told_apart),
        cmocka_unit_test(unknown_settings_are_refused_with_their_line),
        cmocka_unit_test(bad_values_are_refused_with_their_line),
        cmocka_unit_test(choices_are_all_named),
        cmocka_unit_test(bucket_needs_a_name_and_a_path),
        cmocka_unit_test(nested_settings_are_refused),
        cmocka_unit_test(too_many_regions_are_refused),
        cmocka_unit_test(missing_file_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
