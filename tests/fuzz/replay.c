/* Feeds files of a corpus to a fuzz target, in place of libFuzzer:
 *
 *     fuzz-TARGET FILE-OR-FOLDER…
 *
 * A child does the work, so that an input that ends it counts as one failure and the rest go on. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

static char **paths;
static size_t path_count;

static void add_path(const char *path)
{
    paths = realloc(paths, (path_count + 1) * sizeof(*paths));
    FUZZ_CHECK(paths != NULL);
    paths[path_count] = strdup(path);
    FUZZ_CHECK(paths[path_count] != NULL);
    path_count++;
}

/* A file, or all files in a folder. */
static int add(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    char inner[4096];

    if (count < 0) {
        add_path(path);
        return access(path, R_OK);
    }
    for (int i = 0; i < count; i++) {
        snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            add_path(inner);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

static void feed(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    uint8_t *octets;
    size_t len;

    FUZZ_CHECK(file != NULL && fstat(fileno(file), &st) == 0);
    octets = malloc(st.st_size ? (size_t)st.st_size : 1);
    FUZZ_CHECK(octets != NULL);
    len = fread(octets, 1, (size_t)st.st_size, file);
    fclose(file);
    LLVMFuzzerTestOneInput(octets, len);
    free(octets);
}

/* In the child: an octet through the pipe for each file that did no harm. */
static _Noreturn void work(size_t from, int done)
{
    for (size_t i = from; i < path_count; i++) {
        feed(paths[i]);
        FUZZ_CHECK(write(done, "", 1) == 1);
    }
    exit(0); /* where leaks are found */
}

/* Returns how many files from `from` on did no harm; `*harm` says whether the child came to it. */
static size_t run_child(size_t from, bool *harm)
{
    int ends[2], status;
    size_t passed = 0;
    char octet;
    pid_t child;

    FUZZ_CHECK(pipe(ends) == 0);
    child = fork();
    FUZZ_CHECK(child >= 0);
    if (child == 0)
        work(from, ends[1]);
    close(ends[1]);
    while (read(ends[0], &octet, 1) == 1)
        passed++;
    close(ends[0]);
    FUZZ_CHECK(waitpid(child, &status, 0) == child);
    *harm = status != 0;
    return passed;
}

int main(int argc, char **argv)
{
    size_t passed = 0, failed = 0;
    bool harm = true;

    for (int i = 1; i < argc; i++) {
        if (add(argv[i]) != 0) {
            perror(argv[i]);
            return 2;
        }
    }
    while (harm) {
        passed += run_child(passed + failed, &harm);
        if (!harm)
            break;
        printf("FAILED %s\n", passed + failed < path_count ? paths[passed + failed] : "at exit");
        harm = passed + failed++ < path_count;
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 || path_count == 0;
}
