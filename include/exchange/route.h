/* From a verdict to the legs of an exchange: which addresses, in which order, over what, from
 * where. */
#ifndef EXCHANGE_ROUTE_H
#define EXCHANGE_ROUTE_H

#include "exchange/legs.h"
#include "relay/policy.h"

/* What becomes of a request, since a UDP client that has proven no key causes no TCP connection
 * (P29): its address may be forged. */
enum route_way {
    ROUTE_AS_ASKED,
    ROUTE_SOA,  /* the servers are asked for the SOA in place of the IXFR */
    ROUTE_BACK, /* nobody is asked: the client is told to come back over TCP */
};

enum route_way route_way(const struct policy_verdict *verdict);

/* Fills in `out`: the legs, all IDLE and with `wake` set for those whose turn is now. A NOTIFY goes
 * to all addresses at once; anything else to one after another: where the zone's last NOTIFY came
 * from first, those that refused a connection of late left out (unless all did). */
int route_legs(struct relay *relay, const struct policy_verdict *verdict, struct relay_time now,
               struct legs *out) MUST_CHECK;

#endif
