/* Figures of the server's process and disk: see server_metrics.h. */
#include "cli/server_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/version.h"

static uint64_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);          /* read only: nothing to lose */
    return count > 3 ? count - 3 : 0; /* `.`, `..` and the folder itself */
}

static uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    (void)fclose(file); /* read only: nothing to lose */
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Under the names that every Prometheus client uses. */
static void put_process(struct oc_metrics_writer *w)
{
    struct rusage usage = {0};
    struct rlimit files = {0};

    (void)getrusage(RUSAGE_SELF, &usage); /* cannot fail with these arguments */
    (void)getrlimit(RLIMIT_NOFILE, &files);
    oc_metrics_family(w, "process_cpu_seconds_total", OC_METRIC_COUNTER,
                      "Processor time of the server");
    oc_metrics_put_real(w, NULL, 0,
                        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    oc_metrics_one(w, "process_resident_memory_bytes", OC_METRIC_GAUGE,
                   "Memory of the server, with the pages of its store", resident_bytes());
    oc_metrics_one(w, "process_open_fds", OC_METRIC_GAUGE, "Open file descriptors",
                   open_descriptors());
    oc_metrics_one(w, "process_max_fds", OC_METRIC_GAUGE, "Most file descriptors that may be open",
                   files.rlim_cur);
}

static void put_disk(struct oc_metrics_writer *w, const struct oc_config *config)
{
    struct statvfs disk;
    char path[4096];

    (void)snprintf(path, sizeof(path), "%.*s", OC_FMT(config->data));
    if (statvfs(path, &disk) < 0)
        return;
    oc_metrics_one(w, "outcrop_disk_free_bytes", OC_METRIC_GAUGE,
                   "Free space where the data folder is",
                   (uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize);
    oc_metrics_one(w, "outcrop_disk_size_bytes", OC_METRIC_GAUGE,
                   "Size of the file system where the data folder is",
                   (uint64_t)disk.f_blocks * (uint64_t)disk.f_frsize);
}

void oc_server_metrics(struct oc_metrics_writer *w, void *ctx)
{
    struct oc_metric_label version = {"version", OC_STR(OC_VERSION)};

    oc_metrics_family(w, "outcrop_info", OC_METRIC_GAUGE, "Always 1; its label says the version");
    oc_metrics_put(w, &version, 1, 1);
    put_process(w);
    put_disk(w, ctx);
}
