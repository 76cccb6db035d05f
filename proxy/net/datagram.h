/* The UDP socket of a listener.
 *
 * Happy path: requests come in bursts, each handed over with the address it was sent to, until
 * datagram_close; on_closed is the last call. An answer leaves from that address, before and after,
 * as long as the descriptor is open.
 *
 * Failure: an error on the socket, which any ICMP message may be, ends nothing. What the kernel
 * does not take is lost, as datagrams are. */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include "net/engine.h"
#include "relay/policy.h"

/* Bursts that datagram_drain takes: 32768 datagrams, more than a socket's buffer holds, and an end
 * even where they come faster than they are taken. */
#define DATAGRAM_LAST_BURSTS 1024

struct datagram_events {
    void (*on_request)(void *owner, const struct relay_request *request);
    void (*on_closed)(void *owner);
};

struct datagram {
    struct engine *engine;
    struct address local;
    uv_poll_t poll;
    int fd;
    const struct datagram_events *events;
    void *owner;
};

/* With events and owner set; `fd`, bound to `local`, stays its owner's. Negative: libuv's error,
 * and nothing is to be closed then. */
int datagram_open(struct datagram *d, struct engine *engine, const struct address *local, int fd);

/* Under this ID instead of the packet's, which no TSIG covers. */
void datagram_send(const struct datagram *d, const struct client *client, uint16_t id,
                   const struct relay_packet *packet);

/* Takes what has come, and nothing more comes to the socket after that. */
void datagram_drain(struct datagram *d);
/* Takes no more requests: what comes is for somebody else, maybe by another handle of this loop,
 * which libuv would no longer tell of it if this one were closed later. */
void datagram_close(struct datagram *d);

#endif
