/* One address served: its UDP socket, and its TCP socket that takes connections.
 *
 * Happy path: listener_open binds both, so that an address that cannot be had is known before
 * anything changes; listener_start lets clients in. A request over UDP becomes an answer or a
 * flow, a connection a session. listener_close lets nobody in any more; flows in motion still
 * answer through the UDP socket, which the last of them closes.
 *
 * Failure: what cannot be opened leaves nothing open; one that cannot start is to be closed. An
 * answer that the kernel does not take is lost, and the client asks again. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/acceptor.h"
#include "net/datagram.h"

struct listener {
    struct listener *next; /* in its worker's list, which is the worker's to keep */
    /* By its worker while it is open, by the acceptor until libuv has closed it, and by each flow
     * that answers over UDP: it may outlive the configuration that asked for it. */
    unsigned references;
    struct engine *engine;
    struct address local;
    struct datagram udp;
    struct acceptor tcp;
};

/* Negative errno. */
int listener_open(struct engine *engine, const struct address *local, bool transparent,
                  struct listener **out);
int listener_start(struct listener *l);

/* Gives up the worker's reference. What had come by then is still taken, if it was started. */
void listener_close(struct listener *l);

#endif
