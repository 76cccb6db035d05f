/* What leads packets to a transparent proxy: packet rules mark them, for each family a routing rule
 * sends what is marked to a table of its own, and the route in it leads to this host. `show
 * --tproxy` prints the script that loads all this; whether it is there is asked here. */
#ifndef BASE_TPROXY_H
#define BASE_TPROXY_H

#include <limits.h>

#include "config/config.h"

#define TPROXY_MARK   0x5301
#define TPROXY_ROUTES 5301         /* the routing table */
#define TPROXY_TABLE  "tsig_proxy" /* of nftables, family inet */

#define TPROXY_LACK_SIZE 512
#define TPROXY_CURE_SIZE (PATH_MAX + 64)

/* Do these two send each other packets of this family? */
bool tproxy_has_pair(const struct peer *primary, const struct peer *secondary,
                     enum address_family family);

/* Does any primary and its secondary? What no pair needs is neither loaded nor missed. */
bool tproxy_needs(const struct config *config, enum address_family family);

/* Is one of the primaries on this host, so that the rules are those of the sidecar? */
bool tproxy_is_sidecar(const struct config *config);

/* Are the packet rules there? True where this process may not see them. */
bool tproxy_has_table(void);

/* Is there what this configuration needs? Otherwise `lack` says what is not. True also where
 * nothing is needed, and of what this process may not see: the packet rules, without CAP_NET_ADMIN.
 * It takes a few system calls, and anyone may call it. */
bool tproxy_is_there(const struct config *config, char lack[TPROXY_LACK_SIZE]);

/* The command that loads it, for a configuration of this file. */
const char *tproxy_cure(const struct config *config, const char *file, char out[TPROXY_CURE_SIZE]);

#endif
