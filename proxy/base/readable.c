#include "base/readable.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guise.h"

/* More of them have one cause. */
#define READABLE_MOST 8

struct readable {
    const struct config *config;
    const char *file;
    struct guise guise;
    char *last; /* owned: what was said to be closed, so that it is not said of each file */
    unsigned said;
};

static bool readable_opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error != EACCES;
}

/* Cuts the path at the first folder that lets nobody through; true: it is one. */
static bool readable_find_closed(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        char *inside;
        bool closed = asprintf(&inside, "%s/.", path) >= 0 && !readable_opens(inside, O_PATH);
        free(inside);
        if (closed)
            return true;
        *slash = '/';
    }
    return false;
}

/* Takes `closed`. */
static void readable_say(struct readable *r, const char *path, char *closed, bool folder)
{
    const char *user = r->config->proxy.user;
    const struct passwd *entry = getpwnam(user);
    const struct group *group = entry ? getgrgid(entry->pw_gid) : NULL;
    const char *name = group ? group->gr_name : user;
    bool again = r->last && strcmp(r->last, closed) == 0;
    if (!again && r->said < READABLE_MOST)
        fprintf(stderr,
                "%s: warning: user '%s' cannot read %s, so that a reload will fail: chgrp %s %s "
                "&& chmod g=%s %s\n",
                r->file, user, path, name, closed, folder ? "rx" : "r", closed);
    r->said += !again;
    free(r->last);
    r->last = closed;
}

/* What a link leads to is looked up by root: it is a folder on that path that may be closed. */
static void readable_blame(struct readable *r, const char *path, bool folder)
{
    guise_take_off(&r->guise);
    char *real = realpath(path, NULL);
    if (!real)
        return;
    if (guise_put_on(&r->guise, r->config) && readable_find_closed(real))
        folder = true;
    readable_say(r, path, real, folder);
}

static void readable_look(struct readable *r, const struct seen_entry *e)
{
    char *copy = e->is_pattern ? strdup(e->path) : NULL;
    const char *path = copy ? dirname(copy) : e->path;
    if (!r->guise.on)
        guise_put_on(&r->guise, r->config);
    if (r->guise.on && e->error == 0 && !readable_opens(path, O_RDONLY))
        readable_blame(r, path, e->is_pattern);
    free(copy);
}

void readable_doubt(const struct config *config, const struct seen *seen, const char *file)
{
    struct readable r = {.config = config, .file = file};
    if (!guise_put_on(&r.guise, config))
        return;
    for (size_t i = 0; i < seen->count; i++)
        readable_look(&r, &seen->entries[i]);
    guise_take_off(&r.guise);
    free(r.last);
}
