#include "base/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/user.h"

static int load_read(void *arg, const char *path, struct config_file *out)
{
    return seen_read(arg, path, out);
}

static int load_list(void *arg, const char *pattern, char ***paths, size_t *count)
{
    return seen_list(arg, pattern, paths, count);
}

static bool load_trusts(void *arg, const char *user, unsigned uid)
{
    (void)arg;
    if (uid == 0 || uid == geteuid())
        return true;
    uid_t number;
    return user && user_find(user, &number) && number == uid;
}

static const char *load_why(void *arg, const char *path, int error)
{
    (void)arg;
    return confine_why(path, false, error);
}

static void load_print(const struct config_report *report, FILE *out)
{
    static const char *const severity[] = {"error", "warning"};
    for (size_t i = 0; i < report->count; i++) {
        const struct config_finding *f = &report->findings[i];
        if (f->line)
            fprintf(out, "%s:%u: %s: %s\n", f->file, f->line, severity[f->severity], f->text);
        else
            fprintf(out, "%s: %s: %s\n", f->file, severity[f->severity], f->text);
    }
}

static struct config *load_for(const char *path, struct seen *seen, bool only_looks, FILE *out)
{
    struct config_files files = {
        .read = load_read,
        .list = load_list,
        .why = load_why,
        .trusts = load_trusts,
        .credentials = getenv("CREDENTIALS_DIRECTORY"),
        .only_looks = only_looks,
        .arg = seen,
    };
    struct config_report report = {0};
    struct config *config = NULL;
    int error = config_parse(&files, path, &config, &report);
    load_print(&report, out);
    if (error < 0 && (report.errors == 0 || report.incomplete))
        fprintf(out, "%s: error: out of memory\n", path);
    config_report_fini(&report);
    return error < 0 ? NULL : config;
}

struct config *load_config_seen(const char *path, struct seen *seen, FILE *out)
{
    return load_for(path, seen, false, out);
}

struct config *load_config_to_look(const char *path, struct seen *seen)
{
    return load_for(path, seen, true, stderr);
}

struct config *load_config(const char *path)
{
    struct seen seen = {0};
    struct config *config = load_config_to_look(path, &seen);
    seen_fini(&seen);
    return config;
}

struct config *load_proxy(const char *path)
{
    struct seen seen = {0};
    const struct config_files files = {.read = load_read, .only_looks = true, .arg = &seen};
    struct config_report report = {0};
    struct config *config = NULL;
    int error = config_parse_proxy(&files, path, &config, &report);
    config_report_fini(&report);
    seen_fini(&seen);
    return error < 0 ? NULL : config;
}
