/* Where datagrams are received, many with one call. One engine has one, since they are done with
 * inside one callback, and all its UDP sockets share it.
 *
 * Happy path: burst_receive, then the first `count` of what it has. Failure: nothing has come. */
#ifndef NET_BURST_H
#define NET_BURST_H

#include <sys/socket.h>

#include "dns/message.h"
#include "net/ancillary.h"

/* Enough that calls cost little under load. */
#define BURST_SIZE 32
/* The room of one datagram, which each must have in full: a line of the processor's caches more, or
 * the first lines of all would have the same few places there. */
#define BURST_ROOM (DNS_MESSAGE_MAX + 1 + 320)

struct burst {
    uint8_t (*octets)[BURST_ROOM]; /* owned; BURST_SIZE of them */
    struct mmsghdr messages[BURST_SIZE];
    struct mmsghdr connected[BURST_SIZE]; /* nobody asks who sent them */
    struct iovec parts[BURST_SIZE];
    struct sockaddr_storage from[BURST_SIZE];
    union ancillary control[BURST_SIZE];
    int used; /* of `messages`, by the last call */
};

int burst_init(struct burst *b); /* -ENOMEM */
void burst_fini(struct burst *b);

/* How many have come: messages[i].msg_len octets at octets[i]; of a connected socket likewise in
 * `connected`. Less than BURST_SIZE: that was all. */
int burst_receive(struct burst *b, int fd);
int burst_receive_connected(struct burst *b, int fd);

#endif
