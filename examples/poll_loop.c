/*
 * Calls inside of an event loop: how many copy jobs are there of each status? All three questions
 * are asked at once, and the loop is free for other work meanwhile; here that is a clock.
 *
 *     cc -std=c99 poll_loop.c $(pkg-config --cflags --libs outcrop)
 *     ./a.out [SECONDS]     ends the calls after so long; default 30
 */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <outcrop/outcrop.h>

/* One question and its answer. */
struct question {
    const char *status;
    struct oc_list_model_copy_jobs_output output;
    int failures;
};

static void when_done(int code, const struct oc_error *error, void *ctx)
{
    struct question *q = ctx;

    if (code < 0) {
        fprintf(stderr, "%s: %s: %s\n", q->status, error->name, error->message);
        q->failures = 1;
        return;
    }
    printf("%s: %zu%s\n", q->status, q->output.model_copy_job_summaries.count,
           q->output.next_token ? " and more" : "");
    oc_result_free(q->output.result);
}

static int run(struct oc_client *client, struct question *questions, int count, int seconds)
{
    struct pollfd fds = {oc_client_fd(client, NULL), POLLIN, 0};
    time_t ends = time(NULL) + seconds;
    struct oc_error error;
    int left = 0, failures = 0;

    for (int i = 0; i < count; i++) {
        struct oc_list_model_copy_jobs_input input = {.status_equals = questions[i].status,
                                                      .max_results = oc_int(1000)};
        struct oc_completion done = {when_done, &questions[i]};

        if (oc_list_model_copy_jobs_start(client, &input, &questions[i].output, done, NULL,
                                          &error) < 0)
            return fprintf(stderr, "%s\n", error.message), 1;
    }
    while ((left = oc_client_dispatch(client, &error)) > 0) {
        if (time(NULL) >= ends)
            oc_client_cancel(client); /* the functions are told by the next dispatch */
        else
            poll(&fds, 1, 1000);
    }
    for (int i = 0; i < count; i++)
        failures += questions[i].failures;
    return left < 0 || failures > 0;
}

int main(int argc, char **argv)
{
    struct question questions[] = {{.status = OC_MODEL_COPY_JOB_STATUS_IN_PROGRESS},
                                   {.status = OC_MODEL_COPY_JOB_STATUS_COMPLETED},
                                   {.status = OC_MODEL_COPY_JOB_STATUS_FAILED}};
    struct oc_client *client;
    struct oc_error error;
    int failed;

    if (oc_client_open(NULL, &client, &error) < 0)
        return fprintf(stderr, "%s\n", error.message), 1;
    failed = run(client, questions, 3, argc > 1 ? atoi(argv[1]) : 30);
    oc_client_close(client);
    return failed;
}
