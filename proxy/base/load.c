#include "base/load.h"

#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* No file is longer: three million zones. */
#define LOAD_FILE_MAX (64u << 20)

static int load_octets(FILE *in, struct config_file *out)
{
    struct stat st;
    if (fstat(fileno(in), &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    size_t size = 4096, len = 0;
    char *text = malloc(size);
    while (text && !feof(in) && !ferror(in)) {
        len += fread(text + len, 1, size - 1 - len, in);
        if (len < size - 1)
            continue;
        char *larger = size < LOAD_FILE_MAX ? malloc(size * 2) : NULL;
        if (larger)
            memcpy(larger, text, len);
        OPENSSL_cleanse(text, size);
        free(text);
        text = larger;
        size *= 2;
    }
    if (!text)
        return size >= LOAD_FILE_MAX ? -EFBIG : -ENOMEM;
    if (ferror(in)) {
        free(text);
        return -EIO;
    }
    text[len] = '\0';
    *out =
        (struct config_file){.text = text, .len = len, .mode = st.st_mode & 0777, .uid = st.st_uid};
    return 0;
}

static int load_file(void *arg, const char *path, struct config_file *out)
{
    (void)arg;
    FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    int error = load_octets(in, out);
    fclose(in);
    return error;
}

static _Thread_local int load_glob_error;

/* A folder that is not there has nothing that fits; any other that cannot be read may. */
static int on_glob_error(const char *path, int error)
{
    (void)path;
    if (error == ENOENT || error == ENOTDIR)
        return 0;
    load_glob_error = error;
    return 1;
}

static int load_copy(const glob_t *found, char ***paths, size_t *count)
{
    char **copy = calloc(found->gl_pathc + 1, sizeof *copy);
    size_t copied = 0;
    while (copy && copied < found->gl_pathc && (copy[copied] = strdup(found->gl_pathv[copied])))
        copied++;
    if (copy && copied == found->gl_pathc) {
        *paths = copy;
        *count = copied;
        return 0;
    }
    for (size_t i = 0; copy && i < copied; i++)
        free(copy[i]);
    free(copy);
    return -ENOMEM;
}

static int load_list(void *arg, const char *pattern, char ***paths, size_t *count)
{
    (void)arg;
    glob_t found = {0};
    load_glob_error = EIO;
    int result = glob(pattern, GLOB_NOSORT, on_glob_error, &found);
    int error = result == GLOB_NOSPACE ? -ENOMEM : result == GLOB_ABORTED ? -load_glob_error : 0;
    if (result == 0)
        error = load_copy(&found, paths, count);
    globfree(&found);
    return error;
}

static bool load_trusts(void *arg, const char *user, unsigned uid)
{
    (void)arg;
    if (uid == 0 || uid == geteuid())
        return true;
    const struct passwd *entry = user && *user ? getpwnam(user) : NULL;
    return entry && entry->pw_uid == uid;
}

static void load_print(const struct config_report *report)
{
    static const char *const severity[] = {"error", "warning"};
    for (size_t i = 0; i < report->count; i++) {
        const struct config_finding *f = &report->findings[i];
        if (f->line)
            fprintf(stderr, "%s:%u: %s: %s\n", f->file, f->line, severity[f->severity], f->text);
        else
            fprintf(stderr, "%s: %s: %s\n", f->file, severity[f->severity], f->text);
    }
}

struct config *load_config(const char *path)
{
    struct config_files files = {.read = load_file, .list = load_list, .trusts = load_trusts};
    struct config_report report = {0};
    struct config *config = NULL;
    int error = config_parse(&files, path, &config, &report);
    load_print(&report);
    if (error < 0 && (report.errors == 0 || report.incomplete))
        fprintf(stderr, "%s: error: out of memory\n", path);
    config_report_fini(&report);
    return error < 0 ? NULL : config;
}
