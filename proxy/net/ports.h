/* The sockets of all addresses that a configuration wants served: of each address as many as there
 * are workers, or more when there were more once, since to close one would lose what waits in it.
 * The main thread's. */
#ifndef NET_PORTS_H
#define NET_PORTS_H

#include "config/config.h"
#include "net/endpoint.h"

/* Zeroed: none. */
struct ports {
    struct endpoint **items; /* owned, with a reference each; in the order of the addresses */
    unsigned count;
};

/* Those of `before` that are still wanted, and what is missing. Negative errno, and `*failed` then
 * says which address, if it was one; `*out` is none then. */
int ports_open(struct ports *out, const struct ports *before, const struct config *config,
               unsigned workers, struct address *failed);

/* Of all of one list. What balancers connect to is on no path between others. */
bool ports_are_proxied(const struct config *config, const struct address_list *list);
enum socket_kind ports_kind(const struct config_proxy *proxy, bool proxied);

/* Does the default of 'listen' name a family that this kernel lacks? Then it is left out. */
bool ports_forgive(const struct config *config, const struct address_list *list, int error);

/* Do balancers connect to any of them? */
bool ports_greet(const struct ports *ports);

void ports_close(struct ports *ports);

/* In place of `before`: connections may wait at those that are new, and nobody is to serve those
 * that are missing. Closes `before`. */
void ports_take_over(const struct ports *ports, struct ports *before);

#endif
