#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "admin/metrics_parts.h"

static void metrics_process_write(FILE *out, const char *name, const char *type, const char *help,
                                  double value)
{
    fprintf(out, "# HELP process_%s %s\n# TYPE process_%s %s\nprocess_%s %.15g\n", name, help, name,
            type, name, value);
}

static double metrics_process_seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Without the one that looks. Negative: the kernel does not tell. */
static int metrics_process_count_descriptors(void)
{
    /* ThreadSanitizer sees no descriptor of opendir's. */
    int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    int count = -1;
    if (fd >= 0 && !folder)
        close(fd);
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void metrics_process_write_memory(FILE *out)
{
    unsigned long long pages = 0, resident = 0;
    FILE *in = fopen("/proc/self/statm", "re");
    bool told = in && fscanf(in, "%llu %llu", &pages, &resident) == 2;
    double page = (double)sysconf(_SC_PAGESIZE);
    if (in)
        fclose(in);
    if (!told)
        return;
    metrics_process_write(out, "virtual_memory_bytes", "gauge", "Virtual memory.",
                          (double)pages * page);
    metrics_process_write(out, "resident_memory_bytes", "gauge", "Resident memory.",
                          (double)resident * page);
}

void metrics_write_process(int64_t started, FILE *out)
{
    struct rusage usage;
    struct rlimit files;
    int descriptors = metrics_process_count_descriptors();
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metrics_process_write(out, "cpu_seconds_total", "counter", "User and system CPU time.",
                              metrics_process_seconds(usage.ru_utime) +
                                  metrics_process_seconds(usage.ru_stime));
    if (descriptors >= 0)
        metrics_process_write(out, "open_fds", "gauge", "Open file descriptors.", descriptors);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        metrics_process_write(out, "max_fds", "gauge", "File descriptors that may be open.",
                              (double)files.rlim_cur);
    metrics_process_write_memory(out);
    metrics_process_write(out, "start_time_seconds", "gauge", "When the program was started.",
                          (double)started);
}
