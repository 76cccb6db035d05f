/* From a verdict to the legs of an exchange: which addresses, in which order, over what, from
 * where. */
#ifndef EXCHANGE_ROUTE_H
#define EXCHANGE_ROUTE_H

#include "exchange/legs.h"
#include "relay/policy.h"

/* Fills in `out`: the legs, all IDLE and with `wake` set for those whose turn is now. A NOTIFY goes
 * to all addresses at once; anything else to one after another: where the zone's last NOTIFY came
 * from first, those that refused a connection of late left out (unless all did). */
int route_legs(struct relay *relay, const struct policy_verdict *verdict, struct relay_time now,
               struct legs *out) MUST_CHECK;

#endif
