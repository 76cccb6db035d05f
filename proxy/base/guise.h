/* Looks at files and sockets as the configuration's `user` would, for a moment, by who is root. */
#ifndef BASE_GUISE_H
#define BASE_GUISE_H

#include <sys/types.h>

#include "config/config.h"

/* Zeroed: we are who we are. */
struct guise {
    bool on;
    gid_t *groups; /* owned: our own */
    int count;
};

/* Who the program will be. */
uid_t guise_user(const struct config *config);

/* False: it cannot be put on, or there is no need to. It is about files, and about whose a new
 * socket is; what we may otherwise do stays. */
bool guise_put_on(struct guise *guise, const struct config *config);
void guise_take_off(struct guise *guise);

#endif
