/* Credentials that are fetched: programs, STS, containers, the metadata service; their renewal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "client/client.h"
#include "fake_server.h"
#include "folder_fixture.h"

#define BODY(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
#define JSON_KEYS                                                                                  \
    "{\"AccessKeyId\":\"ASIAFETCHED\",\"SecretAccessKey\":\"fetched\",\"Token\":\"session\","      \
    "\"Expiration\":\"2030-01-01T00:00:00Z\"}"
#define XML_KEYS                                                                                   \
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>"       \
    "<SecretAccessKey>role</SecretAccessKey><SessionToken>role-session</SessionToken>"             \
    "<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"               \
    "</AssumeRoleResponse>"

static int setup(void **state)
{
    int rc = folder_setup(state);

    (void)clearenv();
    (void)setenv("PATH", "/usr/bin:/bin", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", folder_path(*state, "credentials"), 1);
    (void)setenv("AWS_CONFIG_FILE", folder_path(*state, "config"), 1);
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    (void)setenv("AWS_REGION", "eu-west-1", 1);
    return rc;
}

static int find(struct oc_credentials *ret, struct oc_err *err)
{
    struct oc_profile profile;
    int rc;

    ok_(oc_profile_load(NULL, &profile, err), err, __FILE__, __LINE__);
    rc = oc_credentials_load(NULL, &profile, false, ret, err);
    oc_profile_clear(&profile);
    return rc;
}

static void assert_found(const char *id, const char *session, bool expires)
{
    struct oc_credentials c;
    struct oc_err err = {0};

    ok(find(&c, &err));
    assert_true(oc_slice_eq_str(oc_buf_slice(&c.access_key_id), id));
    assert_true(oc_slice_eq_str(oc_buf_slice(&c.session_token), session));
    assert_int_equal(c.expires_ms, expires ? 1893456000000 : 0);
    oc_credentials_clear(&c);
}

static void assert_fails(const char *name, const char *text)
{
    struct oc_credentials c;
    struct oc_err err = {0};

    assert_true(find(&c, &err) < 0);
    assert_string_equal(err.name, name);
    if (!strstr(err.text, text))
        fail_msg("'%s' is not in '%s'", text, err.text);
}

/* -- programs ---------------------------------------------------------------------------------- */

static void a_program_gives_credentials(void **state)
{
    folder_write_text(*state, "config",
                      "[default]\ncredential_process = printf '{\"Version\": 1, \"AccessKeyId\": "
                      "\"AKIAPROGRAM\", \"SecretAccessKey\": \"%s\"}' secret\n");
    assert_found("AKIAPROGRAM", "", false);
}

static void a_program_that_fails_ends_the_search(void **state)
{
    static const struct {
        const char *command, *text;
    } cases[] = {{"false", "credential_process failed"},
                 {"echo hello", "not JSON"},
                 {"echo '{}'", "\"Version\": 1"},
                 {"echo '{\"Version\": 1}'", "not a set of credentials"}};
    char text[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(text, sizeof(text), "[default]\ncredential_process = %s\n",
                       cases[i].command);
        folder_write_text(*state, "config", text);
        assert_fails("CredentialRetrievalError", cases[i].text);
    }
}

/* -- containers and machines ------------------------------------------------------------------- */

static void a_container_endpoint_gives_credentials(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /creds", .status = 200, .body = BODY(JSON_KEYS)}, {0}};
    struct fake_server server;
    char url[96];

    folder_write_text(*state, "token", "Bearer abc\n");
    fake_server_start(&server, rules);
    (void)snprintf(url, sizeof(url), "%s/creds", server.endpoint);
    (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder_path(*state, "token"), 1);
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1); /* is not asked */
    assert_found("ASIAFETCHED", "session", true);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "Authorization: Bearer abc\r\n"));
}

static void a_container_endpoint_elsewhere_is_refused(void **state)
{
    static const char *const urls[] = {"http://example.com/c", "http://127.0.0.1.example.com/",
                                       "http://localhost@example.com/", "ftp://localhost/"};

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", urls[i], 1);
        assert_fails("CredentialRetrievalError", "neither https nor this machine");
    }
}

static void the_metadata_service_is_asked_with_a_session(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "PUT /latest/api/token", .status = 200, .body = BODY("imds-token")},
        {.match = "GET /latest/meta-data/iam/security-credentials/role-1 ",
         .status = 200,
         .body = BODY(JSON_KEYS)},
        {.match = "GET /latest/meta-data/iam/security-credentials/ ",
         .status = 200,
         .body = BODY("role-1\n")},
        {0}};
    struct fake_server server;

    (void)state;
    fake_server_start(&server, rules);
    (void)unsetenv("AWS_EC2_METADATA_DISABLED");
    (void)setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.endpoint, 1);
    assert_found("ASIAFETCHED", "session", true);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "X-aws-ec2-metadata-token: imds-token\r\n"));
    assert_fails("NoCredentialsError", "no credentials found"); /* the service is gone */
}

/* -- roles ------------------------------------------------------------------------------------- */

static const struct fake_rule sts[] = {{.match = "POST / ", .status = 200, .body = BODY(XML_KEYS)},
                                       {0}};

static void a_role_is_taken_on_with_the_source_profile(void **state)
{
    struct fake_server server;

    folder_write_text(*state, "credentials",
                      "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n");
    folder_write_text(*state, "config",
                      "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\n"
                      "source_profile = base\nexternal_id = e\nrole_session_name = me\n");
    fake_server_start(&server, sts);
    (void)setenv("AWS_ENDPOINT_URL_STS", server.endpoint, 1);
    assert_found("ASIAROLE", "role-session", true);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "Credential=AKIABASE/"));
    assert_non_null(strstr(server.last_head, "/eu-west-1/sts/aws4_request"));
}

static void a_role_is_taken_on_with_a_web_identity(void **state)
{
    struct fake_server server;

    folder_write_text(*state, "token", "eyJ.web.token");
    fake_server_start(&server, sts);
    (void)setenv("AWS_ENDPOINT_URL_STS", server.endpoint, 1);
    (void)setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r", 1);
    (void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", folder_path(*state, "token"), 1);
    assert_found("ASIAROLE", "role-session", true);
    fake_server_stop(&server);
    assert_null(strstr(server.last_head, "Authorization:"));
}

static void a_role_that_cannot_be_taken_on_ends_the_search(void **state)
{
    static const struct fake_rule refuses[] = {{.match = "POST", .status = 403}, {0}};
    struct fake_server server;

    folder_write_text(*state, "config",
                      "[default]\nrole_arn = r\nsource_profile = a\n"
                      "[profile a]\nrole_arn = r\nsource_profile = b\n"
                      "[profile b]\nrole_arn = r\nsource_profile = a\n");
    assert_fails("ConfigParseError", "in a circle");
    folder_write_text(*state, "config", "[default]\nrole_arn = r\n");
    assert_fails("NoCredentialsError", "no source_profile");
    folder_write_text(*state, "config",
                      "[default]\nrole_arn = r\nmfa_serial = m\nsource_profile = default\n");
    assert_fails("NoCredentialsError", "mfa_serial");
    folder_write_text(*state, "config",
                      "[default]\nrole_arn = r\ncredential_source = Environment\n");
    assert_fails("PartialCredentialsError", "the environment");
    folder_write_text(*state, "config",
                      "[default]\nrole_arn = r\nsource_profile = default\n"
                      "aws_access_key_id = AKIA\naws_secret_access_key = s\n");
    fake_server_start(&server, refuses);
    (void)setenv("AWS_ENDPOINT_URL_STS", server.endpoint, 1);
    assert_fails("CredentialRetrievalError", "HTTP 403");
    fake_server_stop(&server);
}

/* -- SSO --------------------------------------------------------------------------------------- */

#define SSO_PROFILE                                                                                \
    "[default]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Copy Role\n"    \
    "[sso-session work]\nsso_region = eu-central-1\nsso_start_url = https://x.awsapps.com/start\n"
#define SSO_KEYS                                                                                   \
    "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"s\","                 \
    "\"sessionToken\":\"sso-session\",\"expiration\":1893456000000}}"

/* Write the login of a session or start URL, and make the folder of the test its home. */
static void write_login(const struct folder *folder, const char *key, const char *token,
                        const char *ends)
{
    uint8_t digest[OC_SHA1_LEN];
    char hex[2 * OC_SHA1_LEN], name[128], text[256];
    struct oc_err err = {0};

    ok(oc_sha1(oc_slice_of(key), digest, &err));
    oc_hex_encode(digest, sizeof(digest), hex);
    (void)snprintf(name, sizeof(name), ".aws/sso/cache/%.*s.json", (int)sizeof(hex), hex);
    (void)snprintf(text, sizeof(text), "{\"accessToken\":\"%s\",\"expiresAt\":\"%s\"}", token,
                   ends);
    folder_write_text(folder, name, text);
    (void)setenv("HOME", folder_path(folder, ""), 1);
}

static const struct fake_rule portal[] = {
    {.match = "GET /federation/credentials?role_name=Copy%20Role&account_id=123456789012 ",
     .status = 200,
     .body = BODY(SSO_KEYS)},
    {0}};

static void a_login_by_sso_gives_credentials(void **state)
{
    struct fake_server server;

    folder_write_text(*state, "config", SSO_PROFILE);
    write_login(*state, "work", "tok-1", "2029-01-01T00:00:00Z");
    fake_server_start(&server, portal);
    (void)setenv("AWS_ENDPOINT_URL_SSO", server.endpoint, 1);
    assert_found("ASIASSO", "sso-session", true);
    assert_non_null(strstr(server.last_head, "x-amz-sso_bearer_token: tok-1\r\n"));
    assert_null(strstr(server.last_head, "Authorization:"));
    /* The form without a session: all in the profile, and the token by the start URL. */
    folder_write_text(*state, "config",
                      "[default]\nsso_account_id = 123456789012\nsso_role_name = Copy Role\n"
                      "sso_region = eu-central-1\nsso_start_url = https://y/start\n");
    write_login(*state, "https://y/start", "tok-2", "2029-01-01T00:00:00UTC");
    assert_found("ASIASSO", "sso-session", true);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "x-amz-sso_bearer_token: tok-2\r\n"));
}

static void a_role_may_be_taken_on_from_an_sso_profile(void **state)
{
    static const struct fake_rule both[] = {
        {.match = "GET /federation/credentials", .status = 200, .body = BODY(SSO_KEYS)},
        {.match = "POST / ", .status = 200, .body = BODY(XML_KEYS)},
        {0}};
    struct fake_server server;

    folder_write_text(*state, "config",
                      "[default]\nrole_arn = r\nsource_profile = sso\n"
                      "[profile sso]\nsso_session = work\nsso_account_id = 1\nsso_role_name = r\n"
                      "[sso-session work]\nsso_region = eu-central-1\nsso_start_url = u\n");
    write_login(*state, "work", "tok", "2029-01-01T00:00:00Z");
    fake_server_start(&server, both);
    (void)setenv("AWS_ENDPOINT_URL", server.endpoint, 1);
    assert_found("ASIAROLE", "role-session", true);
    fake_server_stop(&server);
    assert_non_null(strstr(server.last_head, "Credential=ASIASSO/"));
}

static void a_login_that_is_no_good_says_how_to_log_in(void **state)
{
    static const struct fake_rule refuses[] = {{.match = "GET", .status = 401}, {0}};
    static const struct fake_rule nonsense[] = {{.match = "GET", .status = 200, .body = BODY("{}")},
                                                {0}};
    static const char login[] = "run: aws sso login --profile default";
    struct fake_server server;

    folder_write_text(*state, "config", SSO_PROFILE);
    (void)setenv("HOME", folder_path(*state, ""), 1);
    assert_fails("SSOTokenLoadError", login);
    write_login(*state, "work", "", "2029-01-01T00:00:00Z");
    assert_fails("SSOTokenLoadError", login);
    write_login(*state, "work", "tok", "soon");
    assert_fails("SSOTokenLoadError", login);
    write_login(*state, "work", "tok", "2020-01-01T00:00:00Z");
    assert_fails("UnauthorizedSSOTokenError", "has expired");
    assert_fails("UnauthorizedSSOTokenError", login);
    write_login(*state, "work", "tok", "2029-01-01T00:00:00Z");
    fake_server_start(&server, refuses);
    (void)setenv("AWS_ENDPOINT_URL_SSO", server.endpoint, 1);
    assert_fails("CredentialRetrievalError", login);
    fake_server_stop(&server);
    fake_server_start(&server, nonsense);
    (void)setenv("AWS_ENDPOINT_URL_SSO", server.endpoint, 1);
    assert_fails("CredentialRetrievalError", "not a set of credentials");
    fake_server_stop(&server);
    assert_fails("CredentialRetrievalError", "no credentials from the SSO portal");
    folder_write_text(*state, "config", "[default]\nsso_session = other\nsso_account_id = 1\n");
    assert_fails("ConfigParseError", "sso_start_url");
}

/* -- renewal ----------------------------------------------------------------------------------- */

static void credentials_are_renewed_before_they_end(void **state)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /creds",
         .times = 1,
         .status = 200,
         .body = BODY("{\"AccessKeyId\":\"ASIAFIRST\",\"SecretAccessKey\":\"a\",\"Token\":\"t\","
                      "\"Expiration\":\"2001-09-09T02:00:00Z\"}")},
        {.match = "GET /creds", .times = 1, .status = 200, .body = BODY(JSON_KEYS)},
        {.match = "GET /x", .status = 200},
        {0}};
    struct oc_request request = {.method = "GET", .path = OC_STR("/x")};
    OC_AUTO(oc_response_clear) struct oc_response response = {0};
    OC_AUTO(oc_client_freep) struct oc_client *client = NULL;
    struct oc_client_options options = {.region = "us-west-2"};
    struct fake_server server;
    struct oc_err err = {0};
    char url[96];

    (void)state;
    fake_server_start(&server, rules);
    (void)snprintf(url, sizeof(url), "%s/creds", server.endpoint);
    (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    options.endpoint = server.endpoint;
    oc_clock_set(1000000000000); /* 2001-09-09T01:46:40Z: 13 minutes are left */
    ok(oc_client_new(&options, &client, &err));
    ok(oc_client_call(client, &request, &response, &err));
    assert_non_null(strstr(server.last_head, "Credential=ASIAFIRST/"));
    oc_clock_set(1000000000000 + 9 * 60 * 1000);
    ok(oc_client_call(client, &request, &response, &err));
    assert_non_null(strstr(server.last_head, "Credential=ASIAFETCHED/"));
    /* Those cannot be renewed: used to their end, and then an error. */
    oc_clock_set(1893456000000 - 1000);
    ok(oc_client_call(client, &request, &response, &err));
    oc_clock_set(1893456000000 + 1000);
    assert_int_equal(oc_client_call(client, &request, &response, &err), OC_EDENIED);
    assert_string_equal(err.name, "CredentialRetrievalError");
    oc_clock_set(-1);
    fake_server_stop(&server);
}

int main(void)
{
#define alone(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        alone(a_program_gives_credentials),
        alone(a_program_that_fails_ends_the_search),
        alone(a_container_endpoint_gives_credentials),
        alone(a_container_endpoint_elsewhere_is_refused),
        alone(the_metadata_service_is_asked_with_a_session),
        alone(a_role_is_taken_on_with_the_source_profile),
        alone(a_role_is_taken_on_with_a_web_identity),
        alone(a_role_that_cannot_be_taken_on_ends_the_search),
        alone(a_login_by_sso_gives_credentials),
        alone(a_role_may_be_taken_on_from_an_sso_profile),
        alone(a_login_that_is_no_good_says_how_to_log_in),
        alone(credentials_are_renewed_before_they_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
