#include "base/guise.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

static const struct passwd *guise_find(const struct config *config)
{
    const char *name = config->proxy.user;
    return *name ? getpwnam(name) : NULL;
}

uid_t guise_user(const struct config *config)
{
    const struct passwd *user = geteuid() == 0 ? guise_find(config) : NULL;
    return user ? user->pw_uid : geteuid();
}

static bool guise_keep_groups(struct guise *guise)
{
    guise->count = getgroups(0, NULL);
    guise->groups = guise->count >= 0 ? calloc((size_t)guise->count + 1, sizeof(gid_t)) : NULL;
    return guise->groups && getgroups(guise->count, guise->groups) == guise->count;
}

bool guise_put_on(struct guise *guise, const struct config *config)
{
    const struct passwd *user = geteuid() == 0 ? guise_find(config) : NULL;
    *guise = (struct guise){0};
    if (!user || user->pw_uid == 0)
        return false;
    guise->on = guise_keep_groups(guise) && initgroups(user->pw_name, user->pw_gid) == 0;
    if (guise->on) {
        setfsgid(user->pw_gid);
        setfsuid(user->pw_uid);
    } else {
        guise_take_off(guise);
    }
    return guise->on;
}

void guise_take_off(struct guise *guise)
{
    if (guise->on) {
        setfsuid(geteuid());
        setfsgid(getegid());
        /* Whoever was let set them may set them back. */
        (void)!setgroups((size_t)guise->count, guise->groups);
    }
    free(guise->groups);
    *guise = (struct guise){0};
}
