/* What one worker hears at one endpoint.
 *
 * Happy path: listener_new, and in the worker's own thread listener_start lets clients in. A
 * request over UDP becomes an answer or a flow, a connection a session. listener_close lets nobody
 * in any more, and flows in motion still answer through the UDP socket. When the endpoint is gone,
 * what has come to it by then is taken first; else it waits for who serves it next.
 *
 * Failure: one that cannot start is to be closed. An answer that the kernel does not take is lost,
 * and the client asks again. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/acceptor.h"
#include "net/datagram.h"
#include "net/endpoint.h"

struct listener {
    struct listener *next; /* in its worker's list, which is the worker's to keep */
    /* By its worker while it is open, by `udp` and `tcp` until libuv has closed them, and by each
     * flow that answers over UDP: it may outlive the configuration that asked for it. */
    unsigned references;
    struct engine *engine;
    struct endpoint *endpoint; /* one reference */
    bool hears;                /* `udp` has been opened */
    struct datagram udp;
    struct acceptor tcp; /* its descriptor is -1 until it is open */
};

/* NULL: no memory. */
struct listener *listener_new(struct engine *engine, struct endpoint *endpoint);
int listener_start(struct listener *l); /* negative errno */

/* Gives up the worker's reference. */
void listener_close(struct listener *l);

#endif
