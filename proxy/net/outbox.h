/* The datagrams of one burst leave together, in its end: those of one socket with one call, and
 * those of one length to one server as one large packet that the kernel cuts (UDP_SEGMENT).
 *
 * Happy path: between outbox_open and outbox_shut datagrams are copied and wait; else, or when
 * they are large, they leave at once. Failure: what the kernel does not take is lost, as datagrams
 * are. */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/ancillary.h"

/* So many wait at most; as a burst brings BURST_SIZE requests, each with one copy or answer. */
#define OUTBOX_ITEMS 64
/* Octets of one that waits: more than `udp-size` allows most answers. */
#define OUTBOX_SIZE 2048

struct outbox_item {
    int fd;
    socklen_t name_len; /* 0: the socket is connected */
    size_t control_len; /* 0: as the kernel chooses */
    size_t len;
    struct sockaddr_storage name;
    _Alignas(struct cmsghdr) uint8_t control[sizeof(union ancillary)];
    uint8_t octets[OUTBOX_SIZE];
};

/* Zeroed is empty. */
struct outbox {
    unsigned depth; /* bursts within bursts */
    uint64_t burst; /* which one it is */
    unsigned count;
    bool plain; /* this kernel, or a device, does not cut */
    struct outbox_item items[OUTBOX_ITEMS];
};

void outbox_open(struct outbox *o);
void outbox_shut(struct outbox *o);

/* Name and control of the message are copied as well. */
void outbox_send(struct outbox *o, int fd, const struct msghdr *message);

/* Before the socket is closed. */
void outbox_flush_from(struct outbox *o, int fd);

#endif
