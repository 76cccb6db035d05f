/* A UDP and a TCP socket bound to one address; for balancers a TCP socket alone. The main thread
 * opens them, one worker at a time serves them; a reload may hand them from one to another with all
 * that waits in them.
 *
 * Happy path: endpoint_open binds both, so that an address that cannot be had is known before
 * anything changes; endpoint_listen lets connections wait; the last reference closes both. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "net/socket.h"

struct endpoint {
    _Atomic unsigned refs; /* the main thread's, and one of each listener */
    struct address local;
    bool proxied;   /* each connection begins with a PROXY header */
    unsigned place; /* among those of the same address */
    int udp;        /* -1 where connections are proxied */
    int tcp;
    /* Nobody is to serve it any more; set by the main thread before it says so to the worker that
     * does, or by that worker when it drains. */
    bool gone;
};

/* With one reference. Negative errno. */
int endpoint_open(const struct address *local, enum socket_kind kind, bool proxied,
                  struct endpoint **out);
struct endpoint *endpoint_ref(struct endpoint *e);
void endpoint_unref(struct endpoint *e);

/* Negative errno; bound as it is, none that is known. */
int endpoint_listen(const struct endpoint *e);
/* Connections are refused from now on; answers may still leave over UDP. */
void endpoint_refuse(const struct endpoint *e);

#endif
