/* Can this host give the addresses that are to be listened on? They are bound on trial, so that a
 * proxy that runs is not disturbed: what it holds is no finding. */
#ifndef BASE_TRIAL_H
#define BASE_TRIAL_H

#include "config/config.h"

#define TRIAL_WHY_SIZE 320

#define TRIAL_GIVE(caps, lower)                                                                    \
    "run it as root, or give it " caps " (systemd: AmbientCapabilities=" caps                      \
    "; a container: --cap-add; by hand: on a copy of the program that only a trusted group can "   \
    "run, chown root:GROUP and "                                                                   \
    "chmod 750, then setcap " lower "+ep: whoever can run it has them)"

/* Prints what is to be said of them. An address that is not here is left to absent_allows, the
 * right to transparent sockets to who asks for that. */
bool trial_allows(const struct config *config, const char *file);

/* Why an address cannot be listened on, by whom, and what to do. NULL for `config`: it has been
 * tried, and no proxy of ours shares it; so nobody is asked. */
const char *trial_why(const struct config *config, const struct address *a, int error,
                      char out[TRIAL_WHY_SIZE]);

#endif
