/* The TCP socket of a listener.
 *
 * Happy path: each client's connection is handed over as a descriptor, until acceptor_close.
 * on_closed is the last call: release there.
 *
 * Failure: a connection that the system does not give is lost and reported; the next one is
 * taken. */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "net/places.h"

/* Connections taken before others have their turn. */
#define ACCEPTOR_BURST 16

struct acceptor_events {
    /* Non-blocking; the owner's. False: it has no place for it as yet, and did not take it. */
    bool (*on_connection)(void *owner, int fd);
    void (*on_closed)(void *owner);
};

struct acceptor {
    struct engine *engine;
    uv_poll_t poll;
    int fd;
    int held; /* a connection that waits for a place, and all that come later wait in the kernel;
                 -1: none */
    struct waiter waiter;
    const struct acceptor_events *events;
    void *owner;
};

/* With events and owner set; `fd`, which listens, stays its owner's. Negative: libuv's error, and
 * nothing is to be closed then. */
int acceptor_open(struct acceptor *a, struct engine *engine, int fd);
void acceptor_close(struct acceptor *a);

#endif
