#include "config/config_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config *config_fixture;
struct config_report config_fixture_report;

static struct {
    const char *path;
    const char *text;
    size_t len;
    unsigned mode;
} files[16] = {{"/etc/t/k.key", CONFIG_FIXTURE_SECRET "\n", sizeof(CONFIG_FIXTURE_SECRET), 0640}};
static size_t file_count = 1;
static unsigned owner;
static const char *credentials;
static bool looks;
static char *findings;

static int read_file(void *arg, const char *path, struct config_file *out)
{
    (void)arg;
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        out->text = malloc(files[i].len + 1);
        if (!out->text)
            return -ENOMEM;
        memcpy(out->text, files[i].text, files[i].len);
        out->text[files[i].len] = '\0';
        out->len = files[i].len;
        out->mode = files[i].mode;
        out->uid = owner;
        return 0;
    }
    return -ENOENT;
}

/* From the last to the first, so that who wants them sorted has to sort. */
static int list_files(void *arg, const char *pattern, char ***paths, size_t *count)
{
    (void)arg;
    if (strstr(pattern, "locked"))
        return -EACCES;
    char **found = calloc(file_count, sizeof *found);
    if (!found)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = file_count; i-- > 0;) {
        if (fnmatch(pattern, files[i].path, FNM_PATHNAME | FNM_PERIOD) != 0)
            continue;
        found[n] = strdup(files[i].path);
        if (found[n]) {
            n++;
            continue;
        }
        while (n > 0)
            free(found[--n]);
        free(found);
        return -ENOMEM;
    }
    *paths = found;
    *count = n;
    return 0;
}

/* root, and the user that the proxy will be. */
static bool trusts(void *arg, const char *user, unsigned uid)
{
    (void)arg;
    return uid == 0 || (uid == 953 && user && strcmp(user, "tsig-proxy") == 0);
}

static void add_file(const char *path, const char *text, size_t len, unsigned mode)
{
    cr_assert_lt(file_count, sizeof(files) / sizeof(files[0]));
    files[file_count].path = path;
    files[file_count].text = text;
    files[file_count].len = len;
    files[file_count++].mode = mode;
}

void config_fixture_file(const char *path, const char *text, unsigned mode)
{
    add_file(path, text, strlen(text), mode);
}

void config_fixture_own(unsigned uid)
{
    owner = uid;
}

void config_fixture_credentials(const char *folder, bool only_looks)
{
    credentials = folder;
    looks = only_looks;
}

void config_fixture_forget(void)
{
    file_count--;
}

int config_fixture_parse_octets(const char *text, size_t len)
{
    const struct config_files source = {.read = read_file,
                                        .list = list_files,
                                        .trusts = trusts,
                                        .credentials = credentials,
                                        .only_looks = looks};
    size_t kept = file_count;
    int rc;

    config_fixture_release();
    add_file(CONFIG_FIXTURE_PATH, text, len, 0644);
    rc = config_parse(&source, CONFIG_FIXTURE_PATH, &config_fixture, &config_fixture_report);
    file_count = kept;
    return rc;
}

int config_fixture_parse(const char *text)
{
    return config_fixture_parse_octets(text, strlen(text));
}

const char *config_fixture_findings(void)
{
    size_t size;
    FILE *out;

    free(findings);
    findings = NULL;
    out = open_memstream(&findings, &size);
    for (size_t i = 0; i < config_fixture_report.count; i++) {
        const struct config_finding *f = &config_fixture_report.findings[i];

        if (strcmp(f->file, CONFIG_FIXTURE_PATH) != 0)
            fprintf(out, "%s:", f->file);
        fprintf(out, "%u: %s: %s\n", f->line, f->severity == CONFIG_ERROR ? "error" : "warning",
                f->text);
    }
    fclose(out);
    return findings;
}

void config_fixture_release(void)
{
    config_unref(config_fixture);
    config_fixture = NULL;
    config_report_fini(&config_fixture_report);
    free(findings);
    findings = NULL;
}
