/*
 * The client: signed calls of a Bedrock-shaped service over HTTP, with retries.
 *
 * One client serves many calls: it finds Region, endpoint and credentials once (profile.h,
 * credentials.h) and keeps connections open. It knows the rest-json protocol (paths, errors,
 * request ids) but no operations; import.h and pull.h build on it.
 *
 * Errors of a call, all functions:
 *   - the server's own answer: `err->name` is the API's name of the error, `err->text` its message;
 *     OC_ENOTFOUND (404), OC_EDENIED (401, 403), OC_ECONFLICT (409, ConflictException), OC_EBUSY
 *     (429, 503), OC_EINVAL (other 4xx), OC_EIO (other 5xx);
 *   - no answer: OC_EIO, named EndpointConnectionError, ConnectTimeoutError or ReadTimeoutError;
 *   - OC_ECANCELED, named Canceled, after oc_client_cancel;
 *   - an answer that is none of this service's: OC_ECORRUPT, named ResponseParserError;
 *   - OC_ENOMEM.
 *
 * Threads: a client may be used from several threads at once; a response belongs to one.
 */
#ifndef OC_CLIENT_CLIENT_H
#define OC_CLIENT_CLIENT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "client/credentials.h"
#include "client/endpoint.h"

struct oc_client;

/** NULL, 0 and absent mean: as the environment and the profile say, or the default. */
struct oc_client_options {
    const char *region;
    const char *profile;
    const char *endpoint; /* http(s)://host[:port][/path] */
    struct oc_static_credentials credentials;
    const char *user_agent;
    enum oc_choice use_fips;
    enum oc_choice use_dualstack;
    unsigned max_attempts;       /* of one call; default AWS_MAX_ATTEMPTS, the profile, 3 */
    unsigned connect_timeout_ms; /* default 5,000 */
    unsigned stall_timeout_ms;   /* longest time without a byte; default 60,000, whole seconds */
    bool anonymous;              /* looks for no credentials and no Region, signs nothing */
};

/**
 * Make a client. Opens no connection.
 *
 * @param[out] ret  free with oc_client_free
 * Errors: those of oc_profile_load and oc_credentials_load; those of oc_endpoint_*.
 */
int oc_client_new(const struct oc_client_options *options, struct oc_client **ret,
                  struct oc_err *err);
void oc_client_free(struct oc_client *client);
void oc_client_freep(struct oc_client **client); /* for OC_AUTO */

/** The Region that requests go to. Empty for an anonymous client without one. */
struct oc_slice oc_client_region(const struct oc_client *client);

/** Append where requests go: scheme://host[:port][/path]. */
void oc_client_put_endpoint(const struct oc_client *client, struct oc_buf *buf);

/** Where the credentials were found, for people; NULL for an anonymous client. */
const char *oc_client_credentials_source(const struct oc_client *client);

struct oc_request {
    const char *method;
    struct oc_slice path;     /* begins with `/`, labels percent-encoded (oc_path_put_label) */
    struct oc_slice query;    /* encoded, without `?` (oc_query_put); absent or empty: none */
    struct oc_slice body;     /* absent: none */
    const char *content_type; /* NULL: application/json when there is a body */
    const char *body_sha256;  /* digest of the body in hexadecimal if the caller knows it */
    struct oc_slice region;   /* absent: the client's */
    size_t max_response;      /* bytes; 0: OC_RESPONSE_MAX */
    unsigned max_attempts;    /* 0: the client's */
    bool once;                /* must not run twice: repeated only if it certainly did not run */
};

/** Attempts of a request that is part of long work: they outlast a restart of the server, 20 s. */
#define OC_REQUEST_PATIENT 9

#define OC_REQUEST_ID_MAX 64
#define OC_ERROR_NAME_MAX 63

struct oc_response {
    int status; /* HTTP status; 0 when no answer came */
    struct oc_buf body;
    char request_id[OC_REQUEST_ID_MAX + 1];
    /* Name of the server's error, known to us or not; the status in digits when an error of the
     * server has none; "" for other failures. */
    char error_name[OC_ERROR_NAME_MAX + 1];
    bool retryable; /* a later attempt may succeed */
    int64_t date_s; /* the server's clock, since 1970; 0: it did not say */
    unsigned attempts;
};

/**
 * Send a request and wait for the answer; repeat it with growing, jittered pauses while that can
 * help (no connection, time-out, 429, 5xx).
 *
 * @param response  zeroed, or used before (its memory is used again); cleared by the caller with
 *                  oc_response_clear. It is filled on failure too.
 * @return OC_OK for a 2xx answer.
 */
int oc_client_call(struct oc_client *client, const struct oc_request *request,
                   struct oc_response *response, struct oc_err *err);

void oc_response_clear(struct oc_response *response);

/** End all calls and pauses of the client that are running. Threads: any. */
void oc_client_cancel(struct oc_client *client);

/** How often oc_client_cancel was called so far; a pause ends when that has changed. */
unsigned oc_client_mark(const struct oc_client *client);

/** Sleep. Errors: OC_ECANCELED — oc_client_cancel was called since oc_client_mark gave `mark`. */
int oc_client_pause(struct oc_client *client, int64_t ms, unsigned mark, struct oc_err *err);

/**
 * oc_client_call, and the answer's body as JSON.
 * @param[out] ret  free with oc_json_free; an empty body gives an empty object
 */
int oc_client_call_json(struct oc_client *client, const struct oc_request *request,
                        struct oc_json **ret, struct oc_err *err);

/**
 * Called with each item of a list.
 * @return OC_OK to go on, another code to stop; it becomes the result of the walk.
 */
typedef int (*oc_item_fn)(const struct oc_json *item, void *ctx, struct oc_err *err);

/** A paged list: where it is, what becomes of its items. */
struct oc_walk {
    struct oc_slice path;
    struct oc_slice query; /* further parameters, encoded, or absent */
    const char *items;     /* member of the answer that holds the items */
    oc_item_fn fn;
    void *ctx;
};

/**
 * Walk a list: GET its pages, hand every item to `fn`, follow `nextToken` to the end. Holds one
 * page in memory.
 *
 * Errors: as oc_client_call, ResponseParserError when the same token comes twice, and what `fn`
 *         returns.
 */
int oc_client_walk(struct oc_client *client, const struct oc_walk *walk, struct oc_err *err);

/** Append `prefix` and then `label` percent-encoded: "/custom-models/" and an ARN. */
void oc_path_put_label(struct oc_buf *buf, const char *prefix, struct oc_slice label);

/** Append `name=value` encoded, with `&` before it if needed; nothing when `value` is absent. */
void oc_query_put(struct oc_buf *buf, const char *name, struct oc_slice value);

/** The Region in an ARN (`arn:aws:bedrock:REGION:…`), absent when `text` is no ARN or has none. */
struct oc_slice oc_arn_region(struct oc_slice text);

/**
 * Whether an error is that the server could not be reached, or that the caller is not allowed in
 * or has no credentials: the difference that exit codes and callers' advice need.
 */
bool oc_client_err_is_unreachable(const struct oc_err *err);
bool oc_client_err_is_denied(const struct oc_err *err);

#endif
