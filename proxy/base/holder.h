/* Who has a port that cannot be had, as far as that can be seen: the socket's user always, its
 * process by root, or when it is our own. */
#ifndef BASE_HOLDER_H
#define BASE_HOLDER_H

#include <sys/types.h>

#include "config/config.h"

#define HOLDER_NAME_SIZE 32

enum holder_kind {
    HOLDER_UNSEEN,
    HOLDER_OURS, /* a tsig-proxy of the user that this one is to be: they can share */
    HOLDER_OTHER
};

struct holder {
    struct address at; /* may be a wildcard */
    uid_t user;
    pid_t process;               /* 0: cannot be seen */
    char name[HOLDER_NAME_SIZE]; /* of the process, printable */
};

/* Who keeps us from binding to `wanted`; `out` is filled in for HOLDER_OTHER. NULL for `config`:
 * nobody is HOLDER_OURS. */
enum holder_kind holder_find(const struct config *config, const struct address *wanted, bool tcp,
                             struct holder *out);

#endif
