/*
 * The client library at work, for bench_client.py: `client_load calls N` asks N times for a page of
 * 100 jobs, `client_load walk PAGE_SIZE` walks all jobs. Looks at every job that it is given.
 *
 * Prints: jobs seen, a sum over their texts, CPU seconds, wall seconds, most resident KiB, KiB of
 * its own (not of shared libraries) at the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <outcrop/outcrop.h>

struct tally {
    uint64_t jobs;
    uint64_t bytes; /* so that no compiler leaves a look away */
};

static double cpu_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A figure of /proc/self/status; getrusage would count what the parent had before exec. */
static long status_kib(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;

    while (file && kib < 0 && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = atol(line + strlen(name));
    if (file)
        (void)fclose(file);
    return kib;
}

static void look_at(struct tally *tally, const struct oc_model_copy_job_summary *job)
{
    tally->jobs++;
    tally->bytes += strlen(job->job_arn) + strlen(job->status) + (uint64_t)job->creation_time.set;
}

static int call(struct oc_client *client, long count, struct tally *tally, struct oc_error *error)
{
    struct oc_list_model_copy_jobs_input input = {0};

    input.max_results = oc_int(100);
    for (long i = 0; i < count; i++) {
        struct oc_list_model_copy_jobs_output output;
        int rc = oc_list_model_copy_jobs(client, &input, &output, error);

        if (rc < 0)
            return rc;
        for (size_t j = 0; j < output.model_copy_job_summaries.count; j++)
            look_at(tally, &output.model_copy_job_summaries.items[j]);
        oc_result_free(output.result);
    }
    return 0;
}

static int walk(struct oc_client *client, long page, struct tally *tally, struct oc_error *error)
{
    struct oc_list_model_copy_jobs_input input = {0};
    const struct oc_model_copy_job_summary *job;
    struct oc_pager *pager;
    int rc;

    input.max_results = oc_int(page);
    rc = oc_list_model_copy_jobs_begin(client, &input, &pager, error);
    if (rc < 0)
        return rc;
    while ((rc = oc_list_model_copy_jobs_next(pager, &job, error)) > 0)
        look_at(tally, job);
    oc_pager_free(pager);
    return rc;
}

int main(int argc, char **argv)
{
    struct oc_client *client = NULL;
    struct tally tally = {0};
    struct oc_error error = {0};
    double cpu, wall;
    int rc;

    if (argc != 3)
        return 2;
    rc = oc_client_open(NULL, &client, &error);
    if (rc == 0) /* the connection and the first key are no part of the figures */
        rc = call(client, 1, &tally, &error);
    tally = (struct tally){0};
    cpu = cpu_seconds();
    wall = wall_seconds();
    if (rc == 0)
        rc = (strcmp(argv[1], "walk") == 0 ? walk : call)(client, atol(argv[2]), &tally, &error);
    cpu = cpu_seconds() - cpu;
    wall = wall_seconds() - wall;
    oc_client_close(client);
    if (rc < 0) {
        (void)fprintf(stderr, "client_load: %s: %s\n", error.name, error.message);
        return 1;
    }
    (void)printf("%llu %llu %.6f %.6f %ld %ld\n", (unsigned long long)tally.jobs,
                 (unsigned long long)tally.bytes, cpu, wall, status_kib("VmHWM:"),
                 status_kib("RssAnon:"));
    return 0;
}
