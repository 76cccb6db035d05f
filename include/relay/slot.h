/* Who wants a place among the TCP connections to a primary, used through relay/slots.h. */
#ifndef RELAY_SLOT_H
#define RELAY_SLOT_H

#include "config/address.h"
#include "relay/bell.h"

struct slot;

struct slot_wish {
    unsigned primary;  /* its number */
    unsigned client;   /* of the peer that asks, its number plus 1; 0: no peer */
    const void *user;  /* whose idle connection will do, and who may leave one; NULL: nobody */
    bool fresh;        /* an idle connection will not do */
    struct address to; /* ends of the connection */
    struct address source;
    struct caller caller; /* rung for when its turn has come */
};

#endif
