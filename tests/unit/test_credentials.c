/* Where the client finds its credentials, Region and endpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/credentials.h"
#include "client/endpoint.h"
#include "folder_fixture.h"

/* Each test begins without environment and with two files that it may write. */
static int setup(void **state)
{
    int rc = folder_setup(state);

    (void)clearenv();
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", folder_path(*state, "credentials"), 1);
    (void)setenv("AWS_CONFIG_FILE", folder_path(*state, "config"), 1);
    return rc;
}

/* Load `name` and find the credentials; NULL: as the environment says. */
static int find(const char *name, struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_profile profile;
    int rc;

    rc = oc_profile_load(name, &profile, err);
    if (rc < 0)
        return rc;
    rc = oc_credentials_load(NULL, &profile, name != NULL, ret, err);
    oc_profile_clear(&profile);
    return rc;
}

static void assert_key(const char *profile, const char *id, const char *secret, const char *session)
{
    struct oc_credentials c;
    struct oc_err err = {0};

    ok(find(profile, &c, &err));
    assert_true(oc_slice_eq_str(oc_buf_slice(&c.access_key_id), id));
    assert_int_equal(c.secret.len, strlen(secret));
    assert_memory_equal(c.secret.bytes, secret, c.secret.len);
    assert_true(oc_slice_eq_str(oc_buf_slice(&c.session_token), session));
    assert_int_equal(c.bearer.len, 0);
    oc_credentials_clear(&c);
}

static void assert_fails(const char *profile, int want_rc, const char *name, const char *text)
{
    struct oc_credentials c;
    struct oc_err err = {0};

    assert_int_equal(find(profile, &c, &err), want_rc);
    assert_string_equal(err.name, name);
    assert_non_null(strstr(err.text, text));
}

static void the_chain_goes_from_environment_to_credentials_to_config(void **state)
{
    assert_fails(NULL, OC_EDENIED, "NoCredentialsError", "AWS_ACCESS_KEY_ID");
    folder_write_text(*state, "config",
                      "[default]\n"
                      "aws_access_key_id = C\naws_secret_access_key = cs\n");
    assert_key(NULL, "C", "cs", "");
    folder_write_text(*state, "credentials",
                      "[default]\naws_access_key_id = F\n"
                      "aws_secret_access_key = fs\n"
                      "aws_session_token = ft\n");
    assert_key(NULL, "F", "fs", "ft");
    (void)setenv("AWS_ACCESS_KEY_ID", "E", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "es", 1);
    assert_key(NULL, "E", "es", "");
    (void)setenv("AWS_SESSION_TOKEN", "et", 1);
    assert_key(NULL, "E", "es", "et");
    /* A profile that is named by hand outranks the environment. */
    assert_key("default", "F", "fs", "ft");
}

static void a_bearer_key_outranks_access_keys(void **state)
{
    struct oc_credentials c;
    struct oc_err err = {0};

    (void)state;
    (void)setenv("AWS_ACCESS_KEY_ID", "E", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "es", 1);
    (void)setenv("AWS_BEARER_TOKEN_BEDROCK", "bearer", 1);
    ok(find(NULL, &c, &err));
    assert_true(oc_slice_eq_str(oc_buf_slice(&c.bearer), "bearer"));
    assert_int_equal(c.access_key_id.len, 0);
    oc_credentials_clear(&c);
}

static void explicit_credentials_outrank_all(void **state)
{
    struct oc_static_credentials given = {.access_key_id = OC_STR("G"),
                                          .secret_access_key = OC_STR("gs")};
    struct oc_profile profile;
    struct oc_credentials c;
    struct oc_err err = {0};

    (void)state;
    (void)setenv("AWS_BEARER_TOKEN_BEDROCK", "bearer", 1);
    ok(oc_profile_load(NULL, &profile, &err));
    ok(oc_credentials_load(&given, &profile, false, &c, &err));
    assert_true(oc_slice_eq_str(oc_buf_slice(&c.access_key_id), "G"));
    oc_credentials_clear(&c);
    oc_profile_clear(&profile);
}

static void profiles_are_chosen_by_name_and_environment(void **state)
{
    folder_write_text(*state, "credentials",
                      "[default]\naws_access_key_id = D\n"
                      "aws_secret_access_key = ds\n"
                      "[dev]\naws_access_key_id = V\n"
                      "aws_secret_access_key = vs\n");
    folder_write_text(*state, "config",
                      "[profile \"two words\"]\naws_access_key_id = W\n"
                      "aws_secret_access_key = ws\n"
                      "[dev]\naws_access_key_id = no\n");
    assert_key("dev", "V", "vs", "");
    assert_key("two words", "W", "ws", "");
    (void)setenv("AWS_PROFILE", "dev", 1);
    assert_key(NULL, "V", "vs", "");
    assert_fails("none", OC_ENOTFOUND, "ProfileNotFound", "profile 'none'");
    (void)setenv("AWS_PROFILE", "nowhere", 1);
    assert_fails(NULL, OC_ENOTFOUND, "ProfileNotFound", "profile 'nowhere'");
}

static void half_a_key_ends_the_search(void **state)
{
    folder_write_text(*state, "credentials", "[default]\naws_access_key_id = D\n");
    folder_write_text(*state, "config",
                      "[default]\naws_access_key_id = C\n"
                      "aws_secret_access_key = cs\n");
    assert_fails(NULL, OC_EINVAL, "PartialCredentialsError", "shared credentials file");
    (void)setenv("AWS_ACCESS_KEY_ID", "E", 1);
    assert_fails(NULL, OC_EINVAL, "PartialCredentialsError", "environment");
}

static void broken_files_are_named(void **state)
{
    folder_write_text(*state, "credentials", "[default]\nnonsense\n");
    assert_fails(NULL, OC_EINVAL, "ConfigParseError", "line 2");
}

/* -- Region and endpoint ----------------------------------------------------------------------- */

static void assert_region(const char *given, const char *want)
{
    struct oc_profile profile;
    char region[OC_REGION_MAX + 1];
    struct oc_err err = {0};

    ok(oc_profile_load(NULL, &profile, &err));
    if (want) {
        ok(oc_endpoint_region(given, &profile, region, &err));
        assert_string_equal(region, want);
    } else {
        assert_int_equal(oc_endpoint_region(given, &profile, region, &err), OC_EINVAL);
    }
    oc_profile_clear(&profile);
}

static void the_region_comes_from_option_environment_profile(void **state)
{
    assert_region(NULL, NULL);
    folder_write_text(*state, "config", "[default]\nregion = eu-west-1\n");
    assert_region(NULL, "eu-west-1");
    (void)setenv("AWS_DEFAULT_REGION", "us-west-2", 1);
    assert_region(NULL, "us-west-2");
    (void)setenv("AWS_REGION", "us-east-1", 1);
    assert_region(NULL, "us-east-1");
    assert_region("ap-south-1", "ap-south-1");
    assert_region("x.evil.example/", NULL);
    assert_region("", NULL);
}

static void assert_endpoint(const char *given, const char *base, const char *host, const char *path)
{
    struct oc_profile profile;
    struct oc_endpoint endpoint;
    struct oc_err err = {0};

    ok(oc_profile_load(NULL, &profile, &err));
    ok(oc_endpoint_configured(given, &profile, &endpoint, &err));
    assert_string_equal(endpoint.base, base);
    assert_string_equal(endpoint.host, host);
    assert_string_equal(endpoint.path, path);
    oc_profile_clear(&profile);
}

static void the_endpoint_comes_from_option_environment_profile(void **state)
{
    assert_endpoint(NULL, "", "", "");
    folder_write_text(*state, "config", "[default]\nendpoint_url = http://profile\n");
    assert_endpoint(NULL, "http://profile", "profile", "");
    folder_write_text(*state, "config",
                      "[default]\nendpoint_url = http://profile\n"
                      "services = local\n[services local]\nbedrock =\n"
                      "  endpoint_url = http://service:1\n");
    assert_endpoint(NULL, "http://service:1", "service:1", "");
    (void)setenv("AWS_ENDPOINT_URL", "https://all:443", 1);
    assert_endpoint(NULL, "https://all:443", "all", "");
    (void)setenv("AWS_ENDPOINT_URL_BEDROCK", "http://bedrock:80/base/", 1);
    assert_endpoint(NULL, "http://bedrock:80", "bedrock", "/base");
    assert_endpoint("http://[::1]:7430", "http://[::1]:7430", "[::1]:7430", "");
    (void)setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    assert_endpoint(NULL, "", "", "");
    assert_endpoint("http://given", "http://given", "given", "");
}

static void wrong_endpoints_are_refused(void **state)
{
    static const char *const wrong[] = {
        "localhost",  "ftp://x",     "http://",    "http:///path", "http://user@host",
        "http://a b", "http://x/?q", "http://:80", "http://x/#f",
    };
    struct oc_profile profile;
    struct oc_endpoint endpoint;
    struct oc_err err = {0};

    (void)state;
    ok(oc_profile_load(NULL, &profile, &err));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(oc_endpoint_configured(wrong[i], &profile, &endpoint, &err), OC_EINVAL);
        assert_string_equal(err.name, "InvalidEndpoint");
    }
    oc_profile_clear(&profile);
}

static void without_endpoint_requests_go_to_aws(void **state)
{
    struct oc_endpoint endpoint;

    (void)state;
    oc_endpoint_of_region(OC_STR("us-west-2"), false, false, &endpoint);
    assert_string_equal(endpoint.base, "https://bedrock.us-west-2.amazonaws.com");
    assert_string_equal(endpoint.host, "bedrock.us-west-2.amazonaws.com");
    oc_endpoint_of_region(OC_STR("cn-north-1"), false, false, &endpoint);
    assert_string_equal(endpoint.host, "bedrock.cn-north-1.amazonaws.com.cn");
}

#define alone(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        alone(the_chain_goes_from_environment_to_credentials_to_config),
        alone(a_bearer_key_outranks_access_keys),
        alone(explicit_credentials_outrank_all),
        alone(profiles_are_chosen_by_name_and_environment),
        alone(half_a_key_ends_the_search),
        alone(broken_files_are_named),
        alone(the_region_comes_from_option_environment_profile),
        alone(the_endpoint_comes_from_option_environment_profile),
        alone(wrong_endpoints_are_refused),
        alone(without_endpoint_requests_go_to_aws),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
