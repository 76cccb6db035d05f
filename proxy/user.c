#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int user_become(const char *name)
{
    if (*name == '\0' || geteuid() != 0)
        return 0;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user) {
        fprintf(
            stderr,
            "tsig-proxy: there is no user '%s' on this host; create it or set user in [proxy]\n",
            name);
        return -1;
    }
    if (initgroups(name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
        setuid(user->pw_uid) < 0) {
        fprintf(stderr, "tsig-proxy: cannot become user '%s': %s\n", name, strerror(errno));
        return -1;
    }
    return 0;
}
