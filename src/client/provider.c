/* Credentials that are fetched from beside this machine's user: programs, containers, metadata. */
#include "client/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "client/fetch.h"

#define PROCESS_OUTPUT_MAX (64 * 1024)
#define CONTAINER_HOST     "http://169.254.170.2"
#define MACHINE_HOST       "http://169.254.169.254"
#define MACHINE_PATH       "/latest/meta-data/iam/security-credentials/"

static const char *env_value(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/* -- a program --------------------------------------------------------------------------------- */

static int read_program(const char *command, struct oc_buf *output, struct oc_err *err)
{
    char bytes[4096];
    size_t len;
    int status;
    FILE *pipe = popen(command, "re");

    if (!pipe)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR, "cannot run credential_process");
    while ((len = fread(bytes, 1, sizeof(bytes), pipe)) > 0)
        oc_buf_put(output, bytes, len);
    oc_wipe(bytes, sizeof(bytes));
    status = pclose(pipe);
    if (status != 0 || output->failed)
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR,
                          "credential_process %s; run it by hand to see why",
                          status ? "failed" : "wrote more than credentials");
    return OC_OK;
}

int oc_provider_process(const struct oc_profile *profile, struct oc_credentials *ret,
                        struct oc_err *err)
{
    OC_AUTO(oc_fetch_wipe) struct oc_buf output = {0}, command = {0};
    const char *text;
    int rc;

    oc_buf_init(&output, PROCESS_OUTPUT_MAX);
    oc_buf_init(&command, OC_INI_MAX);
    oc_buf_put_slice(&command, oc_profile_value(profile, "credential_process"));
    text = oc_buf_cstr(&command);
    if (!text)
        return oc_fail_nomem(err);
    rc = read_program(text, &output, err);
    if (rc < 0)
        return rc;
    return oc_fetch_read(oc_buf_slice(&output), "credential_process", true, ret, err);
}

/* -- a container ------------------------------------------------------------------------------- */

bool oc_provider_has_container(void)
{
    return env_value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
           env_value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

/* A secret goes out to that host, so it must be this machine or be reached by TLS. */
static bool is_trusted(struct oc_slice url)
{
    static const char *const hosts[] = {"localhost",     "127.0.0.1",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};

    if (oc_slice_has_prefix(url, OC_STR("https://")))
        return true;
    if (!oc_slice_has_prefix(url, OC_STR("http://")))
        return false;
    url = oc_slice_sub(url, 7, url.len);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const size_t len = strlen(hosts[i]);

        if (oc_slice_has_prefix(url, oc_slice_of(hosts[i])) &&
            (url.len == len || url.ptr[len] == '/' || url.ptr[len] == ':'))
            return !memchr(url.ptr, '@', url.len);
    }
    return false;
}

static int read_token(struct oc_buf *ret, struct oc_err *err)
{
    const char *path = env_value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = env_value("AWS_CONTAINER_AUTHORIZATION_TOKEN");

    if (path)
        return oc_file_read(path, OC_SESSION_TOKEN_MAX, ret, err);
    oc_buf_init(ret, OC_SESSION_TOKEN_MAX);
    if (token)
        oc_buf_put_str(ret, token);
    return ret->failed ? oc_fail_nomem(err) : OC_OK;
}

int oc_provider_container(struct oc_credentials *ret, struct oc_err *err)
{
    const char *relative = env_value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = env_value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    OC_AUTO(oc_fetch_wipe) struct oc_buf url = {0}, token = {0}, body = {0};
    struct oc_fetch fetch = {.method = "GET", .source = "the container's credential endpoint"};
    int rc;

    oc_buf_init(&url, OC_FETCH_URL_MAX);
    oc_buf_printf(&url, "%s%s", relative ? CONTAINER_HOST : "", relative ? relative : full);
    if (!is_trusted(oc_buf_slice(&url)))
        return oc_fail_as(err, OC_EDENIED, OC_CREDENTIAL_ERROR,
                          "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor this machine");
    rc = read_token(&token, err);
    if (rc < 0)
        return rc;
    fetch.url = oc_buf_cstr(&url);
    if (!fetch.url)
        return oc_fail_nomem(err);
    if (token.len > 0)
        fetch.header =
            (struct oc_sigv4_header){OC_STR("Authorization"), oc_slice_trim(oc_buf_slice(&token))};
    rc = oc_fetch(&fetch, &body, err);
    if (rc < 0)
        return rc;
    return oc_fetch_read(oc_buf_slice(&body), fetch.source, false, ret, err);
}

/* -- the machine ------------------------------------------------------------------------------- */

static int get(const char *host, const char *path, struct oc_slice name, struct oc_slice token,
               struct oc_buf *body, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf url = {0};
    struct oc_fetch fetch = {.method = "GET", .source = "the machine's metadata service"};

    oc_buf_init(&url, OC_FETCH_URL_MAX);
    oc_buf_printf(&url, "%s%s%.*s", host, path, OC_FMT(name));
    fetch.url = oc_buf_cstr(&url);
    fetch.header = (struct oc_sigv4_header){OC_STR("X-aws-ec2-metadata-token"), token};
    return fetch.url ? oc_fetch(&fetch, body, err) : oc_fail_nomem(err);
}

static int get_session(const char *host, struct oc_buf *token, struct oc_err *err)
{
    OC_AUTO(oc_buf_clear) struct oc_buf url = {0};
    struct oc_fetch fetch = {.method = "PUT", .source = "the machine's metadata service"};

    oc_buf_init(&url, OC_FETCH_URL_MAX);
    oc_buf_printf(&url, "%s/latest/api/token", host);
    fetch.url = oc_buf_cstr(&url);
    fetch.header =
        (struct oc_sigv4_header){OC_STR("X-aws-ec2-metadata-token-ttl-seconds"), OC_STR("21600")};
    return fetch.url ? oc_fetch(&fetch, token, err) : oc_fail_nomem(err);
}

int oc_provider_machine(struct oc_credentials *ret, struct oc_err *err)
{
    const char *host = env_value("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    OC_AUTO(oc_fetch_wipe) struct oc_buf token = {0}, role = {0}, body = {0};
    struct oc_err why = {0};
    struct oc_slice name;
    int rc;

    if (oc_slice_eq_nocase(oc_slice_of(env_value("AWS_EC2_METADATA_DISABLED")), OC_STR("true")))
        return oc_fail(err, OC_ENOTFOUND, "the metadata service is disabled");
    host = host ? host : MACHINE_HOST;
    rc = get_session(host, &token, &why);
    if (rc == OC_OK)
        rc = get(host, MACHINE_PATH, OC_STR(""), oc_buf_slice(&token), &role, &why);
    if (rc == OC_ENOMEM)
        return oc_fail_nomem(err);
    if (rc < 0)
        return oc_fail(err, OC_ENOTFOUND, "no metadata service, or no role: %s", why.text);
    name = oc_buf_slice(&role);
    name = oc_slice_trim(oc_slice_cut(&name, '\n'));
    rc = get(host, MACHINE_PATH, name, oc_buf_slice(&token), &body, err);
    if (rc < 0)
        return rc;
    return oc_fetch_read(oc_buf_slice(&body), "the machine's metadata service", false, ret, err);
}
