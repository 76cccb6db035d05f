/* UDP requests in flight at one worker (M10). The kernel hands all datagrams from one address and
 * port to the same worker, so no other one sees a copy. */
#ifndef RELAY_FLIGHTS_H
#define RELAY_FLIGHTS_H

#include "config/address.h"
#include "dns/message.h"

#define FLIGHTS_BUCKETS 1024
/* Further IDs under which one request in flight is answered: more than a client tries again. */
#define FLIGHT_IDS 16

/* Embedded in whoever answers it, who owns the octets. */
struct flight {
    struct flight *next;
    struct flight **link; /* what points at this; NULL: not in the table */
    struct address from;
    struct address to;
    const uint8_t *octets;
    size_t len;
    bool verified; /* by a TSIG, which covers all but the ID in the header */
    unsigned id_count;
    uint16_t ids[FLIGHT_IDS]; /* of those that joined it under another one */
};

/* Zeroed is empty. */
struct flights {
    struct flight *buckets[FLIGHTS_BUCKETS];
};

/* Is one in flight with the source, destination and octets of `like`? All but the ID are enough
 * where it verified; the ID is then kept, up to FLIGHT_IDS of them, to be answered as well. */
bool flights_join(struct flights *flights, const struct flight *like);
/* Until flight_land, `flight` must stay where it is. */
void flights_take_off(struct flights *flights, struct flight *flight);
void flight_land(struct flight *flight); /* fine for one that never took off */

#endif
