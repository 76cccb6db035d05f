#include "base/user.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USER_KEPT (CAPNG_EFFECTIVE | CAPNG_PERMITTED)

/* Nothing else stays, in any set. */
static void user_choose_capabilities(const struct config *config, bool opening)
{
    bool bind = capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
    bool raw = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);
    bool admin = capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN);
    capng_clear(CAPNG_SELECT_BOTH);
    if (bind)
        capng_update(CAPNG_ADD, USER_KEPT, CAP_NET_BIND_SERVICE);
    if (raw && config->proxy.transparent)
        capng_update(CAPNG_ADD, USER_KEPT, CAP_NET_RAW);
    if (admin && opening)
        capng_update(CAPNG_ADD, USER_KEPT, CAP_NET_ADMIN);
}

static int user_fail(const char *name, int error)
{
    fprintf(stderr, "tsig-proxy: cannot become user '%s': %s\n", name, strerror(error));
    return -1;
}

/* A container may have taken this one away, with the bounding set as small as it can be. */
static bool user_may_bound(void)
{
    return capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
}

static int user_stay(const struct config *config)
{
    capng_select_t sets = user_may_bound() ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
    user_choose_capabilities(config, true);
    return capng_apply(sets) < 0 ? user_fail("of our own", errno) : 0;
}

int user_become(const struct config *config)
{
    const char *name = config->proxy.user;
    capng_get_caps_process();
    if (geteuid() != 0 || !*name)
        return user_stay(config);
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user)
        return user_fail(name, errno ? errno : ENOENT);
    int flags = CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_AMBIENT;
    if (user_may_bound())
        flags |= CAPNG_CLEAR_BOUNDING;
    user_choose_capabilities(config, true);
    int error = capng_change_id((int)user->pw_uid, (int)user->pw_gid, flags);
    return error < 0 ? user_fail(name, errno ? errno : EPERM) : 0;
}

bool user_find(const char *name, uid_t *out)
{
    static struct {
        char *name;
        bool found;
        uid_t number;
    } known;
    if (!known.name || strcmp(known.name, name) != 0) {
        const struct passwd *user = *name ? getpwnam(name) : NULL;
        free(known.name);
        known.name = strdup(name);
        known.found = user;
        known.number = user ? user->pw_uid : 0;
    }
    *out = known.number;
    return known.found;
}

int user_settle(const struct config *config)
{
    capng_get_caps_process();
    user_choose_capabilities(config, false);
    return capng_apply(CAPNG_SELECT_CAPS) < 0 ? user_fail("of our own", errno) : 0;
}
