/* A bucket of an S3-compatible object store: opening, and where it is. */
#include "s3/s3.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "s3/s3_impl.h"

#define CONNECT_TIMEOUT_MS 5000
#define STALL_TIMEOUT_MS   30000
#define PATIENCE_MS        10000
#define MEMORY_MAX         65536
#define BUCKET_MIN         3
#define BUCKET_MAX         63

static bool has_only(struct oc_slice s, const char *chars)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr(chars, s.ptr[i]))
            return false;
    return s.len > 0;
}

static int check_bucket(struct oc_slice bucket, struct oc_err *err)
{
    if (bucket.len < BUCKET_MIN || bucket.len > BUCKET_MAX ||
        !has_only(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-"))
        return oc_fail(err, OC_EINVAL,
                       "bucket: want %d to %d characters of a-z, 0-9, . and -, not '%.*s'",
                       BUCKET_MIN, BUCKET_MAX, OC_FMT(bucket));
    return OC_OK;
}

/* What is left of the endpoint is its host and port. */
static int check_endpoint(struct oc_s3 *s3, struct oc_slice endpoint, struct oc_slice *ret_host,
                          struct oc_err *err)
{
    struct oc_slice host = {0};

    s3->tls = oc_slice_has_prefix(endpoint, OC_STR("https://"));
    if (s3->tls)
        host = oc_slice_sub(endpoint, 8, SIZE_MAX);
    else if (oc_slice_has_prefix(endpoint, OC_STR("http://")))
        host = oc_slice_sub(endpoint, 7, SIZE_MAX);
    if (host.len && host.ptr[host.len - 1] == '/')
        host.len--;
    if (!has_only(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"))
        return oc_fail(err, OC_EINVAL,
                       "endpoint: want http:// or https://, a host and perhaps a port, such as "
                       "https://s3.example.org:9000, not '%.*s'",
                       OC_FMT(endpoint));
    *ret_host = host;
    return OC_OK;
}

/* An address has no names below it. */
static bool is_address(struct oc_slice host)
{
    return host.ptr[0] == '[' || has_only(host, "0123456789.:");
}

static int copy_text(struct oc_s3 *s3, const struct oc_s3_options *options, struct oc_slice host,
                     struct oc_err *err)
{
    const char *scheme = s3->tls ? "https://" : "http://";
    struct oc_slice name;

    s3->bucket = oc_arena_copy(&s3->arena, options->bucket);
    s3->region =
        oc_arena_copy(&s3->arena, options->region.len ? options->region : OC_STR("us-east-1"));
    s3->credentials_file = oc_arena_copy(&s3->arena, options->credentials).ptr;
    s3->profile =
        oc_arena_copy(&s3->arena, options->profile.len ? options->profile : OC_STR("default")).ptr;
    name = oc_arena_printf(&s3->arena, "bucket '%.*s' at %s%.*s", OC_FMT(options->bucket), scheme,
                           OC_FMT(host));
    s3->name = name.ptr;
    if (options->host_style) {
        s3->host = oc_arena_printf(&s3->arena, "%.*s.%.*s", OC_FMT(options->bucket), OC_FMT(host));
        s3->path = OC_STR("");
    } else {
        s3->host = oc_arena_copy(&s3->arena, host);
        s3->path = oc_arena_printf(&s3->arena, "/%.*s", OC_FMT(options->bucket));
    }
    s3->base = oc_arena_printf(&s3->arena, "%s%.*s", scheme, OC_FMT(s3->host));
    if (!s3->bucket.ptr || !s3->region.ptr || !s3->credentials_file || !s3->profile || !name.ptr ||
        !s3->host.ptr || !s3->path.ptr || !s3->base.ptr)
        return oc_fail_nomem(err);
    return OC_OK;
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value ? value : fallback;
}

static int open_transport(struct oc_s3 *s3, const struct oc_s3_options *options, struct oc_err *err)
{
    struct oc_slice bundle = oc_arena_copy(&s3->arena, options->ca_bundle);
    struct oc_transport_options transport = {
        .user_agent = "outcrop",
        .trust_hint = "name a file of certificates to trust as `ca-bundle` of that store",
        .ca_bundle = bundle.ptr,
        .connect_timeout_ms = or_default(options->connect_timeout_ms, CONNECT_TIMEOUT_MS),
        .stall_timeout_ms = or_default(options->stall_timeout_ms, STALL_TIMEOUT_MS),
    };

    if (options->ca_bundle.len && !bundle.ptr)
        return oc_fail_nomem(err);
    return oc_transport_new(&transport, &s3->transport, err);
}

static int set_up(struct oc_s3 *s3, const struct oc_s3_options *options, struct oc_err *err)
{
    struct oc_slice host = {0};
    int rc = check_bucket(options->bucket, err);

    if (rc == OC_OK)
        rc = check_endpoint(s3, options->endpoint, &host, err);
    if (rc < 0)
        return rc;
    if (options->host_style && is_address(host))
        return oc_fail(err, OC_EINVAL,
                       "style: '%.*s' is an address, below which no bucket has a name; use path",
                       OC_FMT(host));
    if (options->credentials.len == 0)
        return oc_fail(err, OC_EINVAL, "credentials: name the file with the keys");
    rc = copy_text(s3, options, host, err);
    if (rc == OC_OK)
        rc = oc_s3_credentials_load(s3->credentials_file, s3->profile, &s3->credentials, err);
    if (rc == OC_OK)
        rc = oc_streams_new(options->streams, &s3->streams, err);
    return rc < 0 ? rc : open_transport(s3, options, err);
}

int oc_s3_open(const struct oc_s3_options *options, struct oc_s3 **ret, struct oc_err *err)
{
    struct oc_s3 *s3 = oc_alloc(sizeof(*s3));
    pthread_condattr_t attributes;
    int rc;

    if (!s3)
        return oc_fail_nomem(err);
    *s3 = (struct oc_s3){.patience_ms = or_default(options->patience_ms, PATIENCE_MS)};
    oc_arena_init(&s3->arena, MEMORY_MAX);
    /* None of these can fail with these attributes. */
    (void)pthread_mutex_init(&s3->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s3->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    rc = set_up(s3, options, err);
    if (rc < 0) {
        oc_s3_free(s3);
        return rc;
    }
    *ret = s3;
    return OC_OK;
}

void oc_s3_free(struct oc_s3 *s3)
{
    if (!s3)
        return;
    oc_transport_free(s3->transport);
    oc_streams_free(s3->streams);
    oc_s3_credentials_clear(&s3->credentials);
    (void)pthread_cond_destroy(&s3->changed); /* nobody waits any more */
    (void)pthread_mutex_destroy(&s3->lock);
    oc_arena_clear(&s3->arena);
    free(s3);
}

void oc_s3_stop(struct oc_s3 *s3)
{
    (void)pthread_mutex_lock(&s3->lock);
    s3->stopping = true;
    (void)pthread_cond_broadcast(&s3->changed);
    (void)pthread_mutex_unlock(&s3->lock);
}

struct oc_streams_state oc_s3_streams(const struct oc_s3 *s3)
{
    return oc_streams_state(s3->streams);
}

void oc_s3_give_way(struct oc_s3 *s3, bool (*is_in_the_way)(void *ctx), void *ctx)
{
    (void)pthread_mutex_lock(&s3->lock);
    s3->is_in_the_way = is_in_the_way;
    s3->way = ctx;
    (void)pthread_mutex_unlock(&s3->lock);
}

const char *oc_s3_name(const struct oc_s3 *s3)
{
    return s3->name;
}
