/* To speak to this very host from an address that another host has, and to hear the answers.
 *
 * What the host sends to that address and one port, which is drawn here, is led back to the host,
 * by a rule and a route of their own (ip-rule(8)). Nothing else that goes to the address, be it to
 * the other host's own ports, is touched. It takes CAP_NET_ADMIN and the command ip. */
#ifndef TOOLS_STAND_IN_H
#define TOOLS_STAND_IN_H

#include <signal.h>

#include "config/address.h"

struct stand_in {
    struct address as; /* with the port */
    sigset_t before;   /* signals that were blocked; those that would end us wait meanwhile */
};

/* False: it cannot be had here, and nothing has changed. */
bool stand_in_begin(struct stand_in *s, const struct address *as);
void stand_in_end(struct stand_in *s);

#endif
