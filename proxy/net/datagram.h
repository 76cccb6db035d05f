/* The UDP socket of a listener.
 *
 * Happy path: datagram_open binds it, datagram_start has requests come in bursts, each handed
 * over with the address it was sent to; an answer leaves from that address, before or after
 * datagram_drain, until datagram_close. on_closed is the last call: release there.
 *
 * Failure: an error on the socket, which any ICMP message may be, ends nothing. What the kernel
 * does not take is lost, as datagrams are. */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include "net/engine.h"
#include "relay/policy.h"

/* Bursts that datagram_drain takes: 32768 datagrams, more than a socket's buffer holds, and an end
 * even where they come faster than they are taken. */
#define DATAGRAM_LAST_BURSTS 2048

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

/* With events and owner set. Negative errno, and nothing is to be closed then. */
int datagram_open(struct datagram *d, struct engine *engine, const struct address *local,
                  bool transparent);
/* Negative: libuv's error; it is to be closed all the same. */
int datagram_start(struct datagram *d);

/* Under this ID instead of the packet's, which no TSIG covers. */
void datagram_send(const struct datagram *d, const struct client *client, uint16_t id,
                   const struct relay_packet *packet);

/* Takes what has come, if it was started, and no more requests after that. */
void datagram_drain(struct datagram *d);
void datagram_close(struct datagram *d);

#endif
