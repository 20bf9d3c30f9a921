/*
 * liboutcrop: a client for Amazon Bedrock's model-copy API, for Outcrop servers and AWS alike.
 *
 *     struct oc_client *client;
 *     struct oc_error error;
 *
 *     if (oc_client_open(NULL, &client, &error) < 0)
 *         return fail(error.message);
 *     struct oc_list_model_copy_jobs_input input = {.status_equals = "Failed"};
 *     struct oc_list_model_copy_jobs_output output;
 *     if (oc_list_model_copy_jobs(client, &input, &output, &error) == 0) {
 *         ...
 *         oc_result_free(output.result);
 *     }
 *     oc_client_close(client);
 *
 * The operations stand in outcrop/operations.h, which this header includes.
 *
 * Absent values. In every input and output an absent text, structure, list or map is NULL (for
 * lists and maps: `items` is NULL), and an absent number, boolean or time has `set` false. An empty
 * text ("") or an empty list (`items` not NULL, `count` 0) is a value like any other. A zeroed
 * input has no values.
 *
 * Memory. All that an output points to belongs to its `result` and lives until oc_result_free.
 * Inputs are borrowed for the length of the call; nothing of them is kept.
 *
 * Errors. A function that can fail returns 0 or a negative enum oc_error_code, and fills in the
 * struct oc_error unless it is given NULL for it. A failure leaves the output alone.
 *
 * Threads. A client may be used from any number of threads at once, but be opened and closed by
 * one. Everything else belongs to one thread at a time. The library changes no signal handler, no
 * locale and no environment; it reads the environment only in oc_client_open and when credentials
 * are renewed. A program with threads must not change the environment meanwhile.
 *
 * C99 or C++11. Needs no other header. Since 0.1.
 */
#ifndef OUTCROP_OUTCROP_H
#define OUTCROP_OUTCROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- errors ------------------------------------------------------------------------------------ */

/** What kind of failure. The values never change their meaning; new ones may come. */
enum oc_error_code {
    OC_ERROR_NONE = 0,
    OC_ERROR_INVALID = -1,   /* the input, a setting or the request breaks a rule */
    OC_ERROR_NO_MEMORY = -2, /* no memory */
    OC_ERROR_IO = -3,        /* no connection, a time-out, or the server failed (5xx) */
    OC_ERROR_NOT_FOUND = -4, /* no such thing (404), or no such profile */
    OC_ERROR_CONFLICT = -5,  /* contradicts what exists */
    OC_ERROR_DENIED = -6,    /* no credentials, or they do not allow it (401, 403) */
    OC_ERROR_LIMIT = -7,     /* an answer is larger than the library reads */
    OC_ERROR_RESPONSE = -8,  /* the answer is not one of this service */
    OC_ERROR_BUSY = -9,      /* throttled, or a time limit of the caller has passed */
    OC_ERROR_CANCELED = -11, /* by oc_client_cancel or a callback */
    OC_ERROR_FAILED = -12    /* a job that was waited for ended Failed */
};

/** A failure. Needs no initialisation and no cleanup. */
struct oc_error {
    int code;       /* enum oc_error_code, as it was returned */
    int status;     /* HTTP status of the answer; 0 when there was none */
    bool retryable; /* the same call may succeed later */
    /* The service's name of the error ("ValidationException"), the status in digits when an answer
     * had no name ("502"), or botocore's name of what went wrong here ("NoCredentialsError",
     * "ParamValidationError", "EndpointConnectionError", "ResponseParserError"). */
    char name[64];
    char request_id[65]; /* of the answer, "" when it had none */
    char message[2048];  /* one sentence for a person */
};

/* -- absent and present values ----------------------------------------------------------------- */

/** A number that may be absent. */
struct oc_optional_int {
    bool set;
    int64_t value;
};

/** A number with a fraction that may be absent. */
struct oc_optional_real {
    bool set;
    double value;
};

/** A boolean that may be absent. */
struct oc_optional_bool {
    bool set;
    bool value;
};

/** A time that may be absent, in microseconds since 1970-01-01T00:00:00Z. Sent: not before 1970. */
struct oc_optional_time {
    bool set;
    int64_t us;
};

/** One entry of a map. */
struct oc_map_entry {
    const char *key;
    const char *value;
};

/** A map from text to text. Absent: `items` is NULL. */
struct oc_map {
    const struct oc_map_entry *items;
    size_t count;
};

/** A number, a boolean, or a time, that is present. Cannot fail. Threads: any. */
static inline struct oc_optional_int oc_int(int64_t value)
{
    struct oc_optional_int present = {true, value};
    return present;
}
static inline struct oc_optional_bool oc_bool(bool value)
{
    struct oc_optional_bool present = {true, value};
    return present;
}
/** @param seconds  since 1970, as time() counts them: `oc_time(time(NULL) - 86400)` */
static inline struct oc_optional_time oc_time(int64_t seconds)
{
    struct oc_optional_time present = {true, seconds * 1000000};
    return present;
}

/* -- clients ----------------------------------------------------------------------------------- */

/** Where requests go, and as whom. Opaque. */
struct oc_client;

/**
 * Settings of a client. Zeroed: all as the environment and the profile say, as for the AWS SDKs.
 * The texts are copied.
 */
struct oc_client_config {
    const char *region;   /* else AWS_REGION, AWS_DEFAULT_REGION, the profile's region */
    const char *profile;  /* else AWS_PROFILE, AWS_DEFAULT_PROFILE, "default" */
    const char *endpoint; /* else AWS_ENDPOINT_URL_BEDROCK, AWS_ENDPOINT_URL, the profile; else
                           * AWS's own endpoint of the Region */
    /* Credentials by hand: a key with its secret and perhaps a session token, or a bearer key. */
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;
    const char *bearer_token;
    const char *user_agent;                /* put in front of the library's own */
    struct oc_optional_bool use_fips;      /* else AWS_USE_FIPS_ENDPOINT, the profile */
    struct oc_optional_bool use_dualstack; /* else AWS_USE_DUALSTACK_ENDPOINT, the profile */
    unsigned max_attempts;                 /* of one call; 0: AWS_MAX_ATTEMPTS, the profile, 3 */
    unsigned connect_timeout_ms;           /* 0: 5,000 */
    unsigned read_timeout_ms; /* longest time without a byte, in whole seconds; 0: 60,000 */
};

/**
 * Make a client.
 *
 * Finds Region, endpoint and credentials. Opens no connection to the service; finding credentials
 * may read files, run the profile's `credential_process` or ask STS, a container's or the
 * machine's metadata service. Credentials that end are renewed before they do.
 *
 * @param config          copied; NULL: all defaults
 * @param[out] ret_client  set on success only; close with oc_client_close
 * @param[out] error      may be NULL
 * Errors: NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, SSOTokenLoadError,
 *         UnauthorizedSSOTokenError, ProfileNotFound, ConfigParseError, NoRegionError,
 *         InvalidRegionError, InvalidEndpoint, EndpointRuleError; OC_ERROR_NO_MEMORY.
 * Threads: any.   Cost: reads two small files; about 100 KiB.
 */
int oc_client_open(const struct oc_client_config *config, struct oc_client **ret_client,
                   struct oc_error *error);

/**
 * Close a client and its connections. NULL is fine. No call of the client may be running on another
 * thread; calls that were started and have not ended end now as canceled.
 */
void oc_client_close(struct oc_client *client);

/**
 * End all calls and waits of the client that are running: they fail at once with OC_ERROR_CANCELED
 * and the name "Canceled", those of another thread's event loop with its next oc_client_dispatch,
 * for which oc_client_fd becomes readable. The server may or may not have carried a canceled
 * request out. Later calls run as usual. Threads: any, that is what it is for; not from a signal
 * handler.   Cost: none.
 */
void oc_client_cancel(struct oc_client *client);

/** The Region of the client's requests. Lives as long as the client. Threads: any. */
const char *oc_client_region_name(const struct oc_client *client);

/* -- results ----------------------------------------------------------------------------------- */

/** Owns what an output points to. Opaque. */
struct oc_result;

/** Free a result and all that its output points to. NULL is fine. */
void oc_result_free(struct oc_result *result);

/** The service's id of the answered request, "" when it sent none. Lives as long as the result. */
const char *oc_result_request_id(const struct oc_result *result);

/** HTTP status of the answer. */
int oc_result_status(const struct oc_result *result);

/** How many attempts the call took, from 1. */
unsigned oc_result_attempts(const struct oc_result *result);

/* -- calls that do not block ------------------------------------------------------------------- */

/*
 * For programs with an event loop of their own. Every operation has a second function, oc_X_start,
 * that begins the call and returns. The client has one descriptor, oc_client_fd, which the program
 * waits for among its own (poll, epoll, GLib, libuv ...); when it is readable, oc_client_dispatch
 * moves all calls on and tells of those that have ended. Any number of calls may be on their way at
 * once, each on a connection. Retries, pauses and errors are those of the blocking calls.
 *
 *     struct oc_list_model_copy_jobs_output output;
 *     struct oc_completion done = {when_done, NULL};
 *     oc_list_model_copy_jobs_start(client, &input, &output, done, NULL, &error);
 *     struct pollfd fds = {.fd = oc_client_fd(client, NULL), .events = POLLIN};
 *     while (oc_client_dispatch(client, NULL) > 0)
 *         poll(&fds, 1, -1);
 *
 * Threads: oc_X_start, oc_client_fd, oc_client_dispatch and oc_call_cancel of one client belong to
 * one thread at a time. Blocking calls of the same client may run on others meanwhile, and
 * oc_client_cancel is for any thread.
 *
 * One thing may block still: renewing credentials that end (a program, STS, a metadata service),
 * inside of oc_X_start or oc_client_dispatch.
 */

/** A call on its way. Opaque; it is freed when it has ended. */
struct oc_call;

/**
 * Called once for each call that was started, when it has ended: from oc_client_dispatch, or from
 * oc_client_close.
 * @param code   0: the output is filled in; else a negative enum oc_error_code
 * @param error  never NULL; borrowed for the call
 * @param ctx    of struct oc_completion
 * It may start and cancel calls, but not close the client.
 */
typedef void (*oc_done_fn)(int code, const struct oc_error *error, void *ctx);

/** Whom to tell of a call's end. */
struct oc_completion {
    oc_done_fn fn; /* not NULL */
    void *ctx;     /* may be NULL */
};

/**
 * The descriptor of the client's calls, the same as long as the client lives. It is readable when
 * oc_client_dispatch has something to do. Only wait for it: do not read, write or close it.
 * @param[out] error  may be NULL
 * @return the descriptor, or a negative enum oc_error_code
 * Errors: OC_ERROR_NO_MEMORY; OC_ERROR_IO — the process has no descriptors left.
 * Threads: see above.   Cost: three descriptors at the first use.
 */
int oc_client_fd(struct oc_client *client, struct oc_error *error);

/**
 * Do what there is to do for the calls on their way, without waiting, and tell of those that have
 * ended. Harmless when there is nothing to do.
 * @param[out] error  may be NULL
 * @return how many calls are on their way still, or a negative enum oc_error_code
 * Errors: OC_ERROR_IO — the system refuses to say which sockets are ready.
 * Threads: see above.   Cost: one system call, and what has come.
 */
int oc_client_dispatch(struct oc_client *client, struct oc_error *error);

/**
 * End one call: its connection is closed now, and the next oc_client_dispatch, for which the
 * descriptor becomes readable, tells of its end with OC_ERROR_CANCELED. A call whose end is known
 * already ends as it did.
 * @param call  of oc_X_start; its completion was not called yet
 * Threads: see above.
 */
void oc_call_cancel(struct oc_call *call);

/* -- walks ------------------------------------------------------------------------------------- */

/**
 * A walk through all pages of a list, one element at a time.
 *
 * Begun by oc_list_X_begin, moved by oc_list_X_next, both in outcrop/operations.h. It holds one
 * page at a time, whose memory it uses again for the next one: constant memory for any number of
 * elements.
 */
struct oc_pager;

/** End a walk, at any time. NULL is fine. */
void oc_pager_free(struct oc_pager *walk);

struct oc_get_model_copy_job_output;

#ifdef __cplusplus
}
#endif

#include "outcrop/operations.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- waiting ----------------------------------------------------------------------------------- */

/**
 * Called after each look at the job.
 * @param job  borrowed for the call
 * @return 0 to go on waiting, else the wait ends with OC_ERROR_CANCELED
 */
typedef int (*oc_wait_fn)(const struct oc_get_model_copy_job_output *job, void *ctx);

/** How to wait. Zeroed: the defaults. */
struct oc_wait_options {
    int64_t timeout_ms;    /* 0: no limit */
    unsigned min_pause_ms; /* before the second look; grows by half each time; 0: 500 */
    unsigned max_pause_ms; /* 0: 30,000 */
    oc_wait_fn on_look;    /* may be NULL */
    void *ctx;             /* for `on_look` */
};

/**
 * Wait until a copy job has ended.
 *
 * Looks at the job with GetModelCopyJob, with pauses that grow from `min_pause_ms` to
 * `max_pause_ms` and are jittered by a tenth.
 *
 * @param job_arn      of a job in the client's Region
 * @param options      NULL: the defaults
 * @param[out] output  the Completed job; may be NULL; free `output->result` with oc_result_free
 * @param[out] error   may be NULL
 * @return 0 when the job is Completed.
 * Errors: OC_ERROR_FAILED, ModelCopyJobFailed — the job ended Failed, the message says why;
 *         OC_ERROR_BUSY, WaitTimeout — the time limit has passed, the job goes on;
 *         OC_ERROR_CANCELED, Canceled; and all of oc_get_model_copy_job.
 * Threads: any.   Cost: one call for each look.
 */
int oc_wait_model_copy_job(struct oc_client *client, const char *job_arn,
                           const struct oc_wait_options *options,
                           struct oc_get_model_copy_job_output *output, struct oc_error *error);

#ifdef __cplusplus
}
#endif

#endif
