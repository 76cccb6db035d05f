/* The TCP socket of a listener.
 *
 * Happy path: each client's connection is handed over as a descriptor, until acceptor_close.
 * on_closed is the last call: release there.
 *
 * Failure: a connection that the system does not give is lost and reported; the next one is
 * taken. */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "net/engine.h"

/* Connections taken before others have their turn. */
#define ACCEPTOR_BURST 16

struct acceptor_events {
    void (*on_connection)(void *owner, int fd); /* non-blocking; the owner's */
    void (*on_closed)(void *owner);
};

struct acceptor {
    struct engine *engine;
    uv_poll_t poll;
    int fd;
    const struct acceptor_events *events;
    void *owner;
};

/* With events and owner set; `fd`, which listens, stays its owner's. Negative: libuv's error, and
 * nothing is to be closed then. */
int acceptor_open(struct acceptor *a, struct engine *engine, int fd);
void acceptor_close(struct acceptor *a);

#endif
