/* The files that the main one includes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/setting.h"
#include "draft.h"

/* What a pattern means beside the main file, in whose path nothing is special. NULL: no memory. */
static char *include_resolve(const char *main, const char *pattern)
{
    const char *slash = strrchr(main, '/');
    if (*pattern == '/' || !slash)
        return strdup(pattern);
    size_t size = strlen(pattern) + 1;
    char *resolved = malloc(2 * (size_t)(slash - main) + 1 + size);
    char *to = resolved;
    for (const char *from = main; resolved && from < slash; from++) {
        if (strchr("*?[\\", *from))
            *to++ = '\\';
        *to++ = *from;
    }
    if (resolved) {
        *to++ = '/';
        memcpy(to, pattern, size);
    }
    return resolved;
}

/* Moves the paths to the list. */
static int include_take(struct text_list *list, char **paths, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count; i++) {
        char **grown = error == 0 ? draft_grow(list->items, list->count, sizeof *grown) : NULL;
        if (grown) {
            list->items = grown;
            list->items[list->count++] = paths[i];
        } else {
            error = DNS_EMEMORY;
            free(paths[i]);
        }
    }
    free(paths);
    return error;
}

/* Adds what fits one pattern. */
static int include_find(const struct draft *draft, const char *pattern, struct text_list *list)
{
    const struct config_files *files = draft->files;
    const struct config_section *proxy = &draft->config->sections[draft->proxy];
    char *resolved = include_resolve(draft->config->files[0], pattern);
    if (!resolved)
        return DNS_EMEMORY;
    char **paths = NULL;
    size_t count = 0;
    int error = files->list ? files->list(files->arg, resolved, &paths, &count) : 0;
    if (error < 0)
        error = place_say(place_of(draft->place, proxy, "include"), CONFIG_ERROR,
                          "cannot look for '%s': %s", resolved, draft_why(draft, resolved, error));
    else
        error = include_take(list, paths, count);
    free(resolved);
    return error;
}

static int include_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and leaves each path in once, the main file's not at all. */
static void include_settle(struct text_list *list, const char *main)
{
    size_t kept = 0;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, include_compare);
    for (size_t i = 0; i < list->count; i++) {
        char *path = list->items[i];
        if (strcmp(path, main) == 0 || (kept > 0 && strcmp(path, list->items[kept - 1]) == 0))
            free(path);
        else
            list->items[kept++] = path;
    }
    list->count = kept;
}

int config_include_list(const struct draft *draft, struct text_list *out)
{
    const struct text_list *patterns = &draft->config->proxy.include;
    int error = 0;
    for (size_t i = 0; i < patterns->count && error != DNS_EMEMORY; i++)
        error = include_find(draft, patterns->items[i], out);
    include_settle(out, draft->config->files[0]);
    return error == DNS_EMEMORY ? error : 0;
}
